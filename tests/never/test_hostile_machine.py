"""A machine that does not play along: no room, no right to write, a wrong clock, a dead peer.

Each gives a clear sentence, leaves the last good data as they are, and is no longer in the way of
the next run once it is mended.
"""

import hashlib
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from dnsinv.actions import collect as actions
from dnsinv.actions.installation import now, open_installation
from dnsinv.cli.main import main
from dnsinv.domain.domains import Domain
from dnsinv.domain.records import Record
from dnsinv.errors import LakeError
from dnsinv.http import Patience
from dnsinv.lake.integrity import problems
from dnsinv.lake.lake import Lake
from dnsinv.providers.registry import open_provider
from dnsinv.sandbox.faults import parse_fault
from dnsinv.sandbox.rates import Rate
from dnsinv.sandbox.server import Sandbox
from dnsinv.settings import Settings
from tests.core.scripted import Scripted
from tests.never.account import Account, an_account
from tests.never.small_disk import Ended, Machine, Order, can_mount

SEED = 20261123
SHARE = 2  # levels of `make test`
FREE = range(0, 256 << 10, 4 << 10)  # bytes left on the disk, of the 400 kB that a collection needs
LARGEST = range(1 << 10, 48 << 10, 1 << 10)  # bytes that a file may have
LOGGED = 40 << 10
WORLD = "synthetic:8x12"
DAY = date(2026, 3, 2)
IMPATIENT = Patience(
    attempts=2, backoff_seconds=0.01, connect_seconds=2, read_seconds=0.2, attempt_seconds=0.4
)
needs_mount = pytest.mark.skipif(not can_mount(), reason="only root may mount a small disk")

State = dict[str, list[tuple[Any, ...]]]


def state_of(root: Path) -> State:
    """What stands in the lake, less the instants."""
    lake = Lake(root)
    return {
        "snapshots": lake.query(
            "select zone, name, type, content from record_snapshots "
            "qualify rank() over (partition by provider, account order by day desc) = 1 "
            "order by all"
        ),
        "log": lake.query("select zone, name, change from record_log order by all"),
        "current": lake.query("select zone, name, type, content from dns_records order by all"),
    }


def fingerprints(root: Path) -> dict[str, str]:
    """Of every file of observed and derived data; the list of collections may grow."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((root / "lake").rglob("*.parquet"))
        if "collections" not in path.parts
    }


def assert_is_told(ended: Ended) -> None:
    """One sentence or a few, and nothing of the program's inside."""
    assert ended.code == 1, ended
    assert ended.err.strip(), ended
    assert "Traceback" not in ended.err, ended.err
    assert "--- Logging error" not in ended.err, ended.err


# -- no room --------------------------------------------------------------------------------------


@dataclass
class Place:
    """An installation on a machine, with its account at the sandbox."""

    machine: Machine
    sandbox: Sandbox
    folder: Path
    base: Path
    before: State
    after: State

    @property
    def root(self) -> Path:
        return self.machine.seen / "data"

    def run(self, *arguments: str, largest_file: int = -1) -> Ended:
        environment = {
            "DB_PATH": str(self.machine.disk / "data"),
            "DNSINV_CONFIG": str(self.folder / "accounts.toml"),
            "DAGSTER_PORT": "1",  # nobody listens there
            "LOG_LEVEL": "INFO",
        }
        return self.machine.run(Order(list(arguments), str(self.folder), environment, largest_file))

    def restore(self) -> None:
        """As it was after the first collection."""
        self.machine.empty()
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(self.base, self.root)

    def assert_is_legal(self) -> None:
        """Every part is the one before or the one after."""
        found = state_of(self.root)
        for name, rows in found.items():
            assert rows in (self.before[name], self.after[name]), name
        codes = {problem.code for problem in problems(Lake(self.root))}
        assert codes <= {"unfinished_publication"}

    def assert_goes_on(self) -> None:
        ended = self.run("collect")
        assert (ended.code, ended.err) == (0, "")
        assert state_of(self.root) == self.after
        assert not list(problems(Lake(self.root)))


def place_on(folder: Path, *, has_small_disk: bool) -> Iterator[Place]:
    machine = Machine(folder, has_small_disk=has_small_disk)
    world = f"{WORLD}:churn=20"
    with Sandbox(world, day=DAY, provider="godaddy", rate=Rate(5000, 1)) as sandbox:
        sandbox.write_account_file(folder / "accounts.toml")
        place = Place(machine, sandbox, folder, folder / "base", {}, {})
        sandbox.day = sandbox.world.days()[-2]
        ended = place.run("collect")
        assert (ended.code, ended.err) == (0, "")
        log = place.root / "logs" / "dns-inventory.log"
        log.write_text("." * LOGGED)  # the next line needs another block
        shutil.copytree(place.root, place.base)
        place.before = state_of(place.root)
        sandbox.day = DAY
        assert place.run("collect").code == 0
        place.after = state_of(place.root)
        assert len(place.after["log"]) > 3
        yield place
    machine.close()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    yield from place_on(tmp_path_factory.mktemp("small"), has_small_disk=True)


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    yield from place_on(tmp_path_factory.mktemp("limited"), has_small_disk=False)


@needs_mount
@pytest.mark.parametrize(
    "free",
    [
        *Random(SEED).sample(FREE, SHARE),
        *[pytest.param(each, marks=pytest.mark.verify) for each in FREE],
    ],
)
def test_a_full_disk_is_told_and_no_longer_in_the_way_when_there_is_room(
    free: int, small: Place
) -> None:
    small.restore()
    small.machine.fill(free)
    assert_is_told(small.run("collect"))
    small.assert_is_legal()
    assert_is_told(small.run("collect"))
    small.assert_is_legal()

    small.machine.empty()
    small.assert_goes_on()


@pytest.mark.parametrize(
    "largest",
    [
        *Random(SEED).sample(LARGEST, SHARE),
        *[pytest.param(each, marks=pytest.mark.verify) for each in LARGEST],
    ],
)
def test_files_that_may_not_grow_are_told_and_do_no_harm(largest: int, limited: Place) -> None:
    """What a quota does, wherever there is no right to mount."""
    limited.restore()
    assert_is_told(limited.run("collect", largest_file=largest))
    limited.assert_is_legal()
    limited.assert_goes_on()


# -- no right to write ----------------------------------------------------------------------------


def test_a_file_in_the_place_of_db_path_is_told(limited: Place, tmp_path: Path) -> None:
    limited.restore()
    limited.root.rename(tmp_path / "data")
    limited.root.write_text("no folder")
    for command in ("collect", "sql from\tdns_records", "export dns", "check data", "account list"):
        ended = limited.run(*command.split(" "))
        assert_is_told(ended)
        assert "DB_PATH" in ended.err
        assert ended.err.count("\n") == 1

    limited.root.unlink()
    (tmp_path / "data").rename(limited.root)
    limited.assert_goes_on()


@pytest.mark.parametrize(
    "part",
    [
        "locks",
        "staging",
        *[pytest.param(each, marks=pytest.mark.verify) for each in ("cache", "logs", "store.db")],
    ],
)
def test_something_else_in_the_place_of_a_part_of_db_path_is_told(
    part: str, limited: Place, tmp_path: Path
) -> None:
    limited.restore()
    before = fingerprints(limited.root)
    place = limited.root / part
    is_folder = place.is_dir()
    place.rename(tmp_path / part)
    place.write_text("no folder") if is_folder else place.mkdir()
    assert_is_told(limited.run("collect"))
    assert part == "cache" or fingerprints(limited.root) == before

    place.unlink() if is_folder else place.rmdir()
    (tmp_path / part).rename(place)
    limited.assert_is_legal()
    limited.assert_goes_on()


@needs_mount
def test_a_disk_that_is_read_only_is_told_and_can_still_be_read(small: Place) -> None:
    small.restore()
    before = fingerprints(small.root)
    small.machine.remount("ro")
    try:
        assert_is_told(small.run("collect"))
        assert_is_told(small.run("account", "list"))
        ended = small.run("sql", "select count(*) as n from dns_records", "--format", "csv")
        assert (ended.code, ended.out) == (0, f"n\n{len(small.before['current'])}\n")
    finally:
        small.machine.remount("rw")
    assert fingerprints(small.root) == before
    small.assert_goes_on()


# -- a wrong clock --------------------------------------------------------------------------------


@dataclass
class Late(Scripted):
    """Lets the clock go past midnight while it is read."""

    pass_midnight: Callable[[], None] = lambda: None

    def read_zone(self, domain: Domain) -> list[Record]:
        if not self.reads:
            self.pass_midnight()
        return super().read_zone(domain)


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    with an_account(tmp_path) as account:
        yield account


def test_a_collection_that_goes_past_midnight_is_one_of_the_day_it_began(account: Account) -> None:
    layout = account.lake.layout
    account.clock.now = datetime(2026, 3, 2, 22, 59, tzinfo=UTC)
    account.provider = Late(account.provider.zones)
    account.provider.pass_midnight = lambda: account.clock.forward(hours=3)

    first = account.collect()

    assert account.clock.now.date() == date(2026, 3, 3)
    assert (first.state, first.started_at.date()) == ("completed", date(2026, 3, 2))
    for kind in ("domains", "zones", "records"):
        assert layout.days(kind, "godaddy", "gd-1") == [date(2026, 3, 2)]

    account.provider.reads.clear()
    account.provider.pass_midnight = lambda: None
    account.provider.zones["beta.example"].pop()
    assert account.collect().state == "completed"
    assert layout.days("records", "godaddy", "gd-1") == [date(2026, 3, 2), date(2026, 3, 3)]
    assert account.changes() == [("h2.beta.example", "removed")]
    assert not list(problems(account.lake))


def test_a_clock_that_jumps_back_a_day_is_told_and_nothing_of_the_past_is_rewritten(
    account: Account,
) -> None:
    account.collect()
    account.changes()
    before, right = fingerprints(account.root), account.clock.now
    account.provider.zones["beta.example"].pop()

    account.clock.forward(days=-1)
    with pytest.raises(LakeError, match="If the clock is wrong, mend it"):
        account.collect()
    assert account.changes() == []
    assert fingerprints(account.root) == before

    account.clock.now = right
    assert account.collect().state == "completed"
    assert account.changes() == [("h2.beta.example", "removed")]
    assert not list(problems(account.lake))


# -- the command line, in this process ------------------------------------------------------------

Run = Callable[..., Ended]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DB_PATH", str(tmp_path / "data"))
    monkeypatch.setenv("DNSINV_CONFIG", str(tmp_path / "accounts.toml"))
    monkeypatch.setenv("DAGSTER_PORT", "1")  # nobody listens there
    monkeypatch.setattr(actions, "open_provider", partial(open_provider, patience=IMPATIENT))

    def run_command(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["dnsinv", *arguments])
        code = 0
        try:
            main()
        except SystemExit as done:
            code = int(done.code or 0)
        return Ended(code, *capfd.readouterr())

    return run_command


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(WORLD, day=DAY, provider="godaddy", rate=Rate(5000, 1)) as sandbox:
        sandbox.write_account_file(tmp_path / "accounts.toml")
        yield sandbox


def test_a_clock_that_jumped_back_is_told_on_the_command_line(
    run: Run, sandbox: Sandbox, tmp_path: Path
) -> None:
    def collect_in(days: int) -> str:
        installation = open_installation()
        try:
            later = now() + timedelta(days=days)
            ended = actions.collect(installation, "godaddy-sandbox", clock=lambda: later)
            actions.derive(installation)
        finally:
            installation.close()
        return ended.state

    assert collect_in(days=2) == "completed"
    before = fingerprints(tmp_path / "data")

    ended = run("collect")

    assert_is_told(ended)
    assert "If the clock is wrong, mend it" in ended.err
    observed = {name for name in before if "history" not in name and "current" not in name}
    after = fingerprints(tmp_path / "data")
    assert {name: after[name] for name in observed} == {name: before[name] for name in observed}
    assert collect_in(days=2) == "completed"
    assert run("sql", "select count(*) as n from record_log", "--format", "csv").out == "n\n0\n"


# -- a dead peer ----------------------------------------------------------------------------------


def test_a_provider_that_hangs_is_told_and_costs_no_data(
    run: Run, sandbox: Sandbox, tmp_path: Path
) -> None:
    root = tmp_path / "data"
    assert run("collect").code == 0
    before, state = fingerprints(root), state_of(root)
    observed = {name for name in before if "/snapshots/" in name or "/changes/" in name}

    sandbox.order(parse_fault("hang@list"))
    ended = run("collect")
    assert_is_told(ended)
    assert "failed" in ended.out
    assert {name: fingerprints(root)[name] for name in observed} == {
        name: before[name] for name in observed
    }

    sandbox.clear_faults()
    zone = sandbox.world.domains(DAY)[3].name
    sandbox.order(parse_fault(f"hang@records:{zone}"))
    ended = run("collect")
    assert (ended.code, "partial" in ended.out) == (0, True)
    assert f"{zone}: " in ended.err
    assert "Traceback" not in ended.err
    assert state_of(root) == state

    sandbox.clear_faults()
    ended = run("collect")
    assert (ended.code, ended.err, "completed" in ended.out) == (0, "", True)
    assert state_of(root) == state
    assert not list(problems(Lake(root)))
