"""One scenario: an account is collected through faults while its truth drifts, and then in peace.

After every collection the lake is compared with the truth and with what it held before: nothing
may be gone that is there, nothing may be there that is not, and the logs must tell exactly the
difference. The real engine and clients, the real lake and store, the sandbox over real sockets.
"""

import json
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pyarrow.parquet as pq
import pytest

from dnsinv.collection.engine import Engine, Job
from dnsinv.http import Patience, Rate
from dnsinv.lake.fold import fold_all
from dnsinv.lake.integrity import problems
from dnsinv.lake.lake import Lake
from dnsinv.providers import cloudflare, godaddy_v1, godaddy_v3
from dnsinv.providers.provider import Provider
from dnsinv.providers.registry import open_provider
from dnsinv.sandbox.credentials import (
    AUTH_CODE,
    CLOUDFLARE_TOKEN,
    GODADDY_KEY,
    GODADDY_SECRET,
    GODADDY_TOKEN,
)
from dnsinv.sandbox.faults import Fault
from dnsinv.sandbox.server import Sandbox
from dnsinv.store.collections import Collection, find
from dnsinv.store.database import Store, open_store
from tests.never.faulty import Situation, draw_faults
from tests.never.truth import GONE, DomainRow, Drift, Eye, Row, Stage, State

PLENTY = Rate(10**6, 1)
HASTY = Patience(attempts=2, backoff_seconds=1, connect_seconds=5, read_seconds=0.2)
CALM = Patience(attempts=3, backoff_seconds=1, connect_seconds=10, read_seconds=20)
SECRETS = [AUTH_CODE, CLOUDFLARE_TOKEN, GODADDY_KEY, GODADDY_SECRET, GODADDY_TOKEN]
LIES = {"truncated_page", "empty_page", "lying_empty", "repeated_page", "not_found"}
READ = ("complete", "unchanged", "no-zone-here")
NEVER = "a thing that must never happen"

Step = tuple[object, ...]


@dataclass(frozen=True)
class Setting:
    """What kind of account, and how large its pages are."""

    eye: Eye
    provider: str
    """What the sandbox stands in for: godaddy, cloudflare or both."""
    first_offset: int
    domains_per_page: int
    records_per_page: int
    domains: range
    records: range
    lists_only: bool = False


def draw_setting(random: Random) -> Setting:
    """Mostly a small account with small pages; now and then pages of the real size."""
    api = random.choice(("godaddy-v1", "godaddy-v3", "cloudflare"))
    is_split = random.random() < 0.25
    kind = api.partition("-")[0]
    eye = Eye(api, is_split, lists_managed=random.random() < 0.5)
    provider, first_offset = "both" if is_split else kind, random.choice((0, 1))
    family = random.random()
    if family < 0.05:
        pages, most = {
            "godaddy-v1": ((1000, 500), range(1080, 1130)),
            "godaddy-v3": ((200, 100), range(230, 460)),
            "cloudflare": ((50, 50_000), range(60, 160)),
        }[api]
        return Setting(eye, provider, first_offset, *pages, most, range(1), lists_only=True)
    if family < 0.1:
        (pages, most) = {
            "godaddy-v1": ((1000, 500), range(450, 1100)),
            "godaddy-v3": ((200, 100), range(90, 310)),
            "cloudflare": ((50, 100), range(90, 310)),
        }[api]
        return Setting(eye, provider, first_offset, *pages, range(2, 5), most)
    pages = (random.choice((3, 5, 8, 50)), random.choice((4, 7, 16, 100)))
    return Setting(eye, provider, first_offset, *pages, range(10, 36), range(2, 25))


@dataclass
class Seen:
    """What the lake holds of the account."""

    domains: dict[str, DomainRow] = field(default_factory=dict)
    zones: dict[str, dict[str, Any]] = field(default_factory=dict)
    rows: dict[str, frozenset[Row]] = field(default_factory=dict)
    domain_log: list[dict[str, Any]] = field(default_factory=list)
    record_log: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, tuple[int, int]] = field(default_factory=dict)


class Sandboxes:
    """Running sandboxes, one of each kind, and how often faults struck in all of them."""

    def __init__(self) -> None:
        self._running: dict[tuple[object, ...], tuple[Sandbox, Stage]] = {}
        self._stack = ExitStack()
        self.struck: Counter[str] = Counter()
        self.log = Log()

    def of(self, setting: Setting) -> tuple[Sandbox, Stage]:
        key = (setting.provider, setting.eye.lists_managed, setting.first_offset)
        if key not in self._running:
            stage = Stage()
            sandbox = Sandbox(
                stage,
                provider=setting.provider,
                v1_lists_managed=setting.eye.lists_managed,
                v1_first_offset=setting.first_offset,
            )
            self._running[key] = (self._stack.enter_context(sandbox), stage)
        return self._running[key]

    def close(self) -> None:
        self._stack.close()


class Log(logging.Handler):
    """Everything that the product and its HTTP libraries log."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage() + str(record.exc_info or ""))


class VirtualTime:
    """Waits that cost nothing: who sleeps moves the clock."""

    def __init__(self) -> None:
        self._now = 1_800_000_000.0
        self._lock = threading.Lock()

    def clock(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._now += seconds


class Midway:
    """Lets the truth move on when the listing has been made and zones are about to be read."""

    def __init__(self, sandbox: Sandbox, day: date) -> None:
        self._sandbox = sandbox
        self._day = day
        self.has_moved = False

    def listed(self, _domains: int, _zones: int) -> None:
        self._sandbox.day = self._day
        self.has_moved = True

    def zone(self, _outcome: object, _budget: int) -> None:
        pass


class Scenario:
    """Everything that follows from one seed."""

    def __init__(self, seed: int, root: Path, sandboxes: Sandboxes) -> None:
        self.seed = seed
        self._random = random = Random(seed)
        self.setting = draw_setting(random)
        self._eye = self.setting.eye
        self._sandboxes = sandboxes
        self._sandbox, self._stage = sandboxes.of(self.setting)
        self._drift = Drift(random, self.setting.domains, self.setting.records)
        self._root = root
        self._lake = Lake(root)
        self._store: Store = open_store(f"sqlite:///{root}/store.db", root / "locks")
        self._now = datetime(2026, 3, 2, random.randrange(24), tzinfo=UTC)
        self._seen = Seen()
        self._orders: list[Fault] = []
        self._story: list[str] = [f"scenario {seed}: {self.setting}"]
        self._errors: list[str] = []

    def run(self) -> None:
        """Faulty collections, then calm ones until all is read; AssertionError tells the story."""
        try:
            with small_pages(self.setting), logged(self._sandboxes.log):
                for _ in range(self._random.choice((2, 3, 3, 4))):
                    self._faulty()
                self._calm()
                self._conclude()
        except AssertionError as error:
            raise AssertionError("\n".join([*self._story, str(error)])) from error
        finally:
            self._sandbox.clear_faults()
            self._store.close()

    # -- steps ------------------------------------------------------------------------------------

    def _faulty(self) -> None:
        truth = self._drift.step() if self._seen.files else self._drift.state
        self._orders = draw_faults(self._random, self._situation(truth), self._orders)
        self._sandbox.clear_faults()
        self._sandbox.order(*self._orders)
        self._collect(self._draw_job(truth), HASTY, is_moving=self._random.random() < 0.15)

    def _calm(self) -> None:
        self._sandbox.clear_faults()
        self._drift.step()
        states: list[str] = []
        while "completed" not in states:
            assert len(states) < 3, f"calm collections end {states}"
            states.append(self._collect(self._job(), CALM).state)
        truth = self._drift.state
        names = self._eye.names(truth)
        assert set(self._seen.domains) == names
        if not self.setting.lists_only:
            for name in sorted(names):
                assert self._seen.rows.get(name, frozenset()) == self._eye.rows(truth, name), name

    def _job(self, **more: Any) -> Job:
        provider = self._eye.api.partition("-")[0]
        return Job(provider, "acc-1", **{"lists_only": self.setting.lists_only, **more})

    def _draw_job(self, truth: State) -> Job:
        chance = self._random.random()
        names = sorted(self._eye.names(truth) & set(self._seen.domains))
        if chance < 0.07:
            return self._job(lists_only=True)
        if chance < 0.14 and names and not self.setting.lists_only:
            return self._job(domain=self._random.choice(names))
        return self._job()

    def _situation(self, truth: State) -> Situation:
        names, known = self._eye.names(truth), set(self._seen.domains)
        zones = self._seen.zones.values()
        is_read = {zone["name"] for zone in zones if zone["read_at"] or not zone["was_baseline"]}
        return Situation(
            self._eye.api,
            sorted(names | known),
            has_baseline=bool(self._seen.files),
            unread=names - is_read,
            held={zone["name"] for zone in zones if zone["held_digest"]},
            lists_soa=self._eye.api == "godaddy-v1" and self._eye.lists_managed,
            missing=len(known - names),
            has_ended=any(truth.domains[name].status in GONE for name in names),
        )

    def _collect(self, job: Job, patience: Patience, *, is_moving: bool = False) -> Collection:
        truths = [self._drift.state]
        self._sandbox.day = self._stage.put(truths[0])
        midway = None
        if is_moving and not job.lists_only:
            truths.append(self._drift.step())
            midway = Midway(self._sandbox, self._stage.put(truths[1]))
        orders = [str(fault) for fault in self._sandbox.faults]
        self._sandbox.reset_stats()
        self._now += timedelta(minutes=self._random.randrange(20, 1500))
        provider = self._open(patience)
        try:
            engine = Engine(self._lake, self._store, lambda: self._now, midway)
            collection = engine.collect(job, provider)
        finally:
            provider.close()
        struck = dict(self._sandbox.struck)
        self._sandboxes.struck.update(struck)
        self._errors.append(collection.errors)
        self._story.append(
            f"{self._now:%d %H:%M} {job.scope}{' moving' if midway else ''} {orders} {struck}"
            f" -> {collection.state}: {collection.errors[:300]}"
        )
        before, self._seen = self._seen, self._look()
        if midway and not midway.has_moved:
            del truths[1:]
        Judgement(self._eye, job, collection, truths, before, self._seen).pass_or_fail()
        if not struck and not midway and "gives no answer" not in collection.errors:
            self._expect_undisturbed(job, collection)
        with self._store.begin() as db:
            assert find(db, collection.id) == collection
        if "Held" in collection.errors and not set(struck) & LIES and self._random.random() < 0.4:
            self._accept(job, collection, truths)
        return collection

    def _accept(self, job: Job, held: Collection, truths: list[State]) -> None:
        """A person says that what the guard held back is right; it is, as nothing lied."""
        self._now += timedelta(minutes=self._random.randrange(1, 10))
        accepted = Engine(self._lake, self._store, lambda: self._now).accept(held.id)
        self._story.append(f"{self._now:%d %H:%M} accept -> {accepted.state}: {accepted.errors}")
        before, self._seen = self._seen, self._look()
        Judgement(self._eye, job, accepted, truths, before, self._seen).pass_or_fail()

    def _expect_undisturbed(self, job: Job, collection: Collection) -> None:
        """Without a fault nothing may go wrong but what the guard holds."""
        assert collection.state in ("completed", "partial", "held"), collection
        if job.scope == "full" and collection.state == "partial":
            assert all(
                error.partition(": ")[2].startswith("Held")
                for error in collection.errors.split("\n")
            ), collection

    def _open(self, patience: Patience) -> Provider:
        time = VirtualTime()
        is_cloudflare = self._eye.api == "cloudflare"
        token = {"cloudflare": CLOUDFLARE_TOKEN, "godaddy-v3": GODADDY_TOKEN}.get(self._eye.api, "")
        return open_provider(
            provider=self._eye.api.partition("-")[0],
            base_url=self._sandbox.cloudflare_url if is_cloudflare else self._sandbox.godaddy_url,
            key=GODADDY_KEY if self._eye.api == "godaddy-v1" else "",
            secret=GODADDY_SECRET if self._eye.api == "godaddy-v1" else "",
            token=token,
            rate=PLENTY,
            patience=patience,
            sleep=time.sleep,
            clock=time.clock,
        )

    # -- what the lake holds ----------------------------------------------------------------------

    def _look(self) -> Seen:
        lake, provider = self._lake.layout, self._eye.api.partition("-")[0]
        files = {
            str(path): (path.stat().st_mtime_ns, path.stat().st_ino)
            for path in lake.lake.rglob("*.parquet")
        }
        if not files:
            return Seen(files=files)
        domains, zones, records = (
            pq.read_table(
                lake.snapshot(kind, provider, "acc-1", lake.days(kind, provider, "acc-1")[-1])
            ).to_pylist()
            for kind in ("domains", "zones", "records")
        )
        rows: dict[str, list[Row]] = {}
        for record in records:
            rows.setdefault(record["zone"], []).append(row_of(record))
        for name, listed in rows.items():
            assert len(listed) == len(set(listed)), f"{NEVER}: {name} has doubled records"
        assert len(domains) == len({domain["name"] for domain in domains}), f"{NEVER}: doubled"
        logs = {
            kind: [
                row
                for path in sorted(lake.lake.glob(f"changes/{kind}/*/*/*/part-0.parquet"))
                for row in pq.read_table(path).to_pylist()
            ]
            for kind in ("domains", "records")
        }
        return Seen(
            {domain["name"]: domain_row_of(domain) for domain in domains},
            {zone["name"]: zone for zone in zones},
            {name: frozenset(listed) for name, listed in rows.items()},
            logs["domains"],
            logs["records"],
            files,
        )

    def _conclude(self) -> None:
        """What is derived says the same, and no secret is anywhere."""
        fold_all(self._lake, {})
        with self._lake.connect() as con:
            self._compare_derived(lambda text: con.execute(text).fetchall())
        assert not list(problems(self._lake))
        self._expect_no_secrets()

    def _compare_derived(self, query: Callable[[str], list[Any]]) -> None:
        seen = self._seen
        current = query(f"select zone, {COLUMNS} from dns_records")
        assert Counter(current) == Counter(
            (n, *row) for n, rows in seen.rows.items() for row in rows
        )
        domains = query("select name from domains where removed_on is null")
        zones = query("select name from zones")
        assert {name for (name,) in zones} == set(seen.domains)
        assert {name for (name,) in domains} <= set(seen.domains)
        open_rows = query(f"select zone, {COLUMNS} from record_history where valid_to is null")
        assert Counter(open_rows) == Counter(current)
        closed = query("select count(*) from record_history where valid_to is not null")
        assert closed == [(sum(row["before"] is not None for row in seen.record_log),)]
        for dataset, log in (
            ("record_changes", seen.record_log),
            ("domain_changes", seen.domain_log),
        ):
            counted = query(f"select change, count(*) from {dataset} group by 1")
            assert dict(counted) == Counter(row["change"] for row in log)

    def _expect_no_secrets(self) -> None:
        texts = ["\n".join(self._errors), "\n".join(self._sandboxes.log.lines)]
        self._sandboxes.log.lines.clear()
        for path in self._root.rglob("*"):
            if path.suffix == ".parquet":
                texts.append(json.dumps(pq.read_table(path).to_pylist(), default=str))
            elif path.is_file():
                texts.append(path.read_bytes().decode("latin-1"))
        for secret in SECRETS:
            for text in texts:
                assert secret not in text, f"{NEVER}: a secret is kept"


@dataclass(frozen=True)
class Judgement:
    """Whether a collection took the lake from one state to another that the truth allows.

    `truths` are one state, or two where the truth moved between the listing and the zones.
    """

    eye: Eye
    job: Job
    collection: Collection
    truths: list[State]
    before: Seen
    after: Seen

    def pass_or_fail(self) -> None:
        assert self.collection.state in ("completed", "partial", "held", "failed")
        if self.collection.state in ("held", "failed"):
            assert self.collection.errors
            assert self.after.files == self.before.files, f"{NEVER}: a failed one was published"
            return
        self._domains()
        for name in sorted(self.after.domains):
            self._zone(name)
        self._logs()

    def _domains(self) -> None:
        before, after = self.before.domains, self.after.domains
        if self.job.domain:
            assert after == before
            return
        names = self.eye.names(self.truths[0])
        assert set(before) & names <= set(after), (
            f"{NEVER}: {sorted(set(before) & names - set(after))} were removed and are there"
        )
        assert set(after) <= names, f"{NEVER}: {sorted(set(after) - names)} are not there"
        if not self.before.files:
            assert set(after) == names, (
                f"{NEVER}: the first listing lacks {sorted(names - set(after))}"
            )
        for name, row in after.items():
            assert row == self.eye.domain(self.truths[0], name)

    def _zone(self, name: str) -> None:
        zone, was = self.after.zones[name], self.before.zones.get(name, {})
        before = self.before.rows.get(name, frozenset())
        after = self.after.rows.get(name, frozenset())
        truths = [self.eye.rows(truth, name) for truth in self.truths]
        surely, perhaps = frozenset.intersection(*truths), frozenset.union(*truths)
        assert before & surely <= after, (
            f"{NEVER}: removed from {name} and there: {sorted(map(str, before & surely - after))}"
        )
        assert after <= before | perhaps, (
            f"{NEVER}: not in {name}: {sorted(map(str, after - before - perhaps))}"
        )
        if self._is_first_reading(name):
            assert after in truths, (
                f"{NEVER}: the first reading of {name} is not the truth: it lacks "
                f"{sorted(map(str, truths[0] - after))}"
            )
        if zone["state"] in ("failed", "refused", "unread"):
            assert after == before
            assert zone["read_at"] == was.get("read_at")
            assert bool(zone["error"]) == (zone["state"] != "unread")
        else:
            assert zone["state"] in READ
            assert not zone["error"]

    def _is_first_reading(self, name: str) -> bool:
        zone, was = self.after.zones[name], self.before.zones.get(name, {})
        return bool(zone["was_baseline"] and zone["read_at"] and not was.get("read_at"))

    def _logs(self) -> None:
        before, after = self.before, self.after
        of_domains = new_rows(before.domain_log, after.domain_log, self.collection.id)
        of_records = new_rows(before.record_log, after.record_log, self.collection.id)
        gone = Counter(
            (name, row) for name, row in before.domains.items() if after.domains.get(name) != row
        )
        come = Counter(
            (name, row)
            for name, row in after.domains.items()
            if before.files and before.domains.get(name) != row
        )
        assert steps(of_domains, "before", domain_step) == gone, "domain changes: before"
        assert steps(of_domains, "after", domain_step) == come, "domain changes: after"
        gone, come = Counter(), Counter()
        for name in {*before.rows, *after.rows}:
            if name in after.zones and self._is_first_reading(name):
                continue
            was = before.rows.get(name, frozenset())
            now = after.rows.get(name, frozenset())
            gone.update((name, row) for row in was - now)
            come.update((name, row) for row in now - was)
        assert steps(of_records, "before", record_step) == gone, "record changes: before"
        assert steps(of_records, "after", record_step) == come, "record changes: after"


COLUMNS = "name, type, content, ttl, priority, proxied, comment, record_id"


def row_of(record: dict[str, Any]) -> Row:
    return tuple(record[column] for column in COLUMNS.split(", "))


def domain_row_of(domain: dict[str, Any]) -> DomainRow:
    facts = ("status", "expires_on", "registered_on", "auto_renew", "locked", "privacy")
    return (*(domain[fact] for fact in facts), tuple(domain["nameservers"]))


def domain_step(row: dict[str, Any], values: dict[str, Any]) -> Step:
    return (row["name"], domain_row_of(values))


def record_step(row: dict[str, Any], values: dict[str, Any]) -> Step:
    return (row["zone"], row_of({**values, "name": row["name"], "type": row["type"]}))


def steps(rows: list[dict[str, Any]], side: str, step: Any) -> Counter[Step]:
    return Counter(step(row, row[side]) for row in rows if row[side] is not None)


def new_rows(
    before: list[dict[str, Any]], after: list[dict[str, Any]], collection: str
) -> list[dict[str, Any]]:
    """The rows that a collection has added; all others must stand as they stood."""
    stood = Counter(map(repr, before))
    new = [row for row in after if not stood[repr(row)] or stood.subtract([repr(row)])]
    assert not +stood, f"{NEVER}: change rows were lost: {list(+stood)[:3]}"
    for row in new:
        assert row["collection_id"].startswith(collection), f"{NEVER}: a change row was doubled"
        word = (
            "added" if row["before"] is None else "removed" if row["after"] is None else "modified"
        )
        assert row["change"] == word
    return new


@contextmanager
def small_pages(setting: Setting) -> Iterator[None]:
    """The clients ask for pages of the setting's sizes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cloudflare, "ZONES_PER_PAGE", setting.domains_per_page)
        patch.setattr(cloudflare, "RECORDS_PER_PAGE", setting.records_per_page)
        for version in (godaddy_v1, godaddy_v3):
            patch.setattr(version, "DOMAINS_PER_PAGE", setting.domains_per_page)
            patch.setattr(version, "RECORDS_PER_PAGE", setting.records_per_page)
        yield


@contextmanager
def logged(handler: logging.Handler) -> Iterator[None]:
    """Everything logged at any level goes to the handler."""
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
