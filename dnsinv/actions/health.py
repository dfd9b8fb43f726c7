"""Whether the inventory is well, part by part, each in a sentence.

Providers are judged by the last collections and never called: who asks for health may ask often.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TypeVar

import duckdb
import httpx

from dnsinv.actions.installation import Installation
from dnsinv.errors import DnsinvError
from dnsinv.lake.freeze import has_files
from dnsinv.lake.lake import Lake, literal, one_file
from dnsinv.lake.readmodel import read_model
from dnsinv.lake.schemas import DOMAINS
from dnsinv.store import settings
from dnsinv.store.database import Store
from dnsinv.store.outcomes import Outcomes, outcomes

PATIENCE_SECONDS = 2.0  # with Dagster
STALE_AFTER = 3  # intervals without a collection that succeeded
PROVIDERS = {"cloudflare": "Cloudflare", "godaddy": "GoDaddy"}

T = TypeVar("T")


class State(StrEnum):
    """How a part is, from good to bad."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Part:
    """One part: store, lake, dagster, account:NAME, or provider:NAME where it has no account."""

    name: str
    state: State
    text: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """All parts at one instant, store and lake first."""

    at: datetime
    parts: Sequence[Part]

    @property
    def is_readable(self) -> bool:
        """Whether there are answers at all: 200 over HTTP, else 503."""
        return not any(p.state is State.DOWN for p in self.parts if p.name in ("store", "lake"))

    @property
    def state(self) -> State:
        if not self.is_readable:
            return State.DOWN
        is_well = all(part.state is State.OK for part in self.parts)
        return State.OK if is_well else State.DEGRADED

    @property
    def http_status(self) -> int:
        return 200 if self.is_readable else 503


def health(installation: Installation, at: datetime) -> Health:
    """How the parts are at an instant (aware, UTC); never raises for what cannot be read."""
    store, known = _store(installation)
    lake = _lake(installation.lake, at)
    interval, found = known or (None, [])
    return Health(
        at,
        [
            store,
            lake,
            _dagster(installation.settings.dagster_address),
            *(_accounts(installation, found, interval, at) if interval else ()),
            *_unconfigured(installation),
        ],
    )


def readable(installation: Installation, at: datetime) -> Health:
    """Store and lake alone, in milliseconds: for whoever asks every few seconds."""
    return Health(at, [_store(installation)[0], _lake(installation.lake, at)])


# -- the parts ------------------------------------------------------------------------------------


def _store(
    installation: Installation,
) -> tuple[Part, tuple[timedelta, list[Outcomes]] | None]:
    default = installation.settings.data_collection_interval

    def read(store: Store) -> tuple[timedelta, list[Outcomes]]:
        with store.read() as db:
            minutes = settings.number(db, settings.INTERVAL_MINUTES, default)
            return timedelta(minutes=minutes), outcomes(db)

    known, problem = _tried(lambda: read(installation.store))
    if known is None:
        return Part("store", State.DOWN, f"The store cannot be read: {problem}"), None
    return Part("store", State.OK, "The store answers."), known


def _lake(lake: Lake, at: datetime) -> Part:
    path = read_model(lake)

    def read() -> bool:
        with lake.open() as con:
            if path is not None:
                con.execute(f"attach {literal(path)} as made (read_only)")
                con.execute("select 1 from made.domains limit 1").fetchall()
            else:
                current = one_file(DOMAINS, lake.layout.current("domains"))
                con.execute(f"select 1 from ({current}) limit 1").fetchall()
        return has_files(lake.layout)

    has_any, problem = _tried(read)
    if has_any is None:
        return Part("lake", State.DOWN, f"The lake cannot be read: {problem}")
    if not has_any:
        return Part("lake", State.OK, "Nothing was collected yet.")
    if path is None:
        text = "There is no read model; the next collection makes it again."
        return Part("lake", State.DEGRADED, text)
    published_at = published(lake)
    told = f" {_ago(at - published_at)} ago" if published_at else ""
    return Part("lake", State.OK, f"The last publication was{told}.", published_at)


def published(lake: Lake) -> datetime | None:
    """When anything was last published, None where nothing was."""
    path = lake.layout.published
    return datetime.fromtimestamp(path.stat().st_mtime, UTC) if path.exists() else None


def _dagster(address: str) -> Part:
    try:
        reply = httpx.get(
            f"{address.rstrip('/')}/server_info",
            timeout=PATIENCE_SECONDS,
            trust_env=False,  # a proxy has no business between two programs of one machine
        )
        told = reply.json()
        is_there = reply.is_success and isinstance(told, dict) and "dagster_version" in told
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        is_there = False
    if is_there:
        return Part("dagster", State.OK, "Dagster answers.")
    return Part(
        "dagster",
        State.DOWN,
        f"Dagster does not answer at {address}: nothing is collected by itself until `dnsinv up` "
        "runs it, or DAGSTER_URL says where it is.",
    )


def _accounts(
    installation: Installation, found: Sequence[Outcomes], interval: timedelta, at: datetime
) -> Iterator[Part]:
    """Accounts in use, and those that were collected and are neither configured nor retired."""
    by_name = {each.account: each for each in found if each.retired_at is None}
    retired = {each.account for each in found if each.retired_at is not None}
    problems = {account.name: account.problem for account in installation.accounts}
    for name in sorted((problems.keys() | by_name.keys()) - retired):
        problem = problems.get(name, "it is no longer configured")
        yield _account(name, problem, by_name.get(name), interval, at)


def _account(
    name: str, problem: str, its: Outcomes | None, interval: timedelta, at: datetime
) -> Part:
    part = f"account:{name}"
    if problem:
        text = f"{name} cannot be collected: {problem}."
        return Part(part, State.DEGRADED, text, its.succeeded_at if its else None)
    if its is None or not its.last_state:
        return Part(part, State.DEGRADED, f"{name} was never collected to an end.")
    last = f"the last success was {_ago(at - its.succeeded_at)} ago" if its.succeeded_at else ""
    last = last or "it never succeeded"
    if its.last_state == "failed":
        since = its.failing_since or its.last_at
        text = f"{name} fails since {_minute(since)} UTC; {last}. {its.last_error}".rstrip()
        return Part(part, State.DEGRADED, text, since)
    if its.last_state == "held":
        text = f"{name} is held back by the guard until a person decides; {last}."
        return Part(part, State.DEGRADED, text, its.last_at)
    if its.succeeded_at is not None and at - its.succeeded_at > STALE_AFTER * interval:
        text = f"{name} is not being collected: {last}, and the interval is {_ago(interval)}."
        return Part(part, State.DEGRADED, text, its.succeeded_at)
    return Part(part, State.OK, f"{name}: {last}.", its.succeeded_at)


def _unconfigured(installation: Installation) -> Iterator[Part]:
    """Kinds of provider without an account: somebody may want only one."""
    configured = {account.provider for account in installation.accounts}
    for kind, name in PROVIDERS.items():
        if kind not in configured:
            yield Part(f"provider:{kind}", State.OK, f"{name} is not configured.")


# -- words ----------------------------------------------------------------------------------------


def _tried(read: Callable[[], T]) -> tuple[T | None, str]:
    try:
        return read(), ""
    except (DnsinvError, duckdb.Error, OSError) as error:
        return None, (str(error) or type(error).__name__).splitlines()[0]


def _minute(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else "an unknown time"


def _ago(span: timedelta) -> str:
    minutes = max(0, int(span.total_seconds() // 60))
    if minutes < 1:
        return "less than a minute"
    for size, unit in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= 2 * size or unit == "minute":
            count = minutes // size
            break
    return f"{count} {unit}" + ("" if count == 1 else "s")
