"""Imports files in processes that are killed at a step of one's choice, or at any instant.

    python -m tests.never.importing      a server, as tests.never.killing

The clock of a child stands still, so that what two of them come to can be compared whole.
"""

import json
import signal
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from random import Random
from typing import Any, Self

from dnsinv.actions import installation as entry
from dnsinv.actions import migrate, migration_control, migration_request
from dnsinv.actions.acting import Actor
from dnsinv.actions.annotate import add_domain
from dnsinv.actions.collect import derive
from dnsinv.actions.groups import create_group
from dnsinv.actions.installation import Installation, open_with
from dnsinv.actions.migration_request import File, Wishes
from dnsinv.actions.people import create_user
from dnsinv.actions.templates import find_template
from dnsinv.collection.engine import Engine
from dnsinv.domain.migrations import Control, State
from dnsinv.domain.records import Record
from dnsinv.lake.publish import MANIFEST
from dnsinv.migration import staging
from dnsinv.settings import Settings
from tests.core.scripted import Scripted, a_record, domain
from tests.never.account import GODADDY, some_records
from tests.never.killing import PRODUCT, Steps
from tests.never.orders import serve

ME = Actor("root", "cli")
TRACED = tuple(
    str(PRODUCT / part)
    for part in (
        "lake/",
        "store/",
        "migration/staging.py",
        "migration/slices.py",
        "actions/migrate.py",
        "actions/migration_control.py",
        "actions/migration_runs.py",
        "actions/imported_owners.py",
        "actions/acting.py",
        "actions/collect.py",
        "actions/backup",
    )
)
ROWS_OF_A_SLICE = 40  # or else files of a size for tests would have one slice
BATCH_SIZE = migration_request.SMALLEST_BATCH

OBSERVED = ["alpha.example", "beta.example", "delta.example", "epsilon.example"]
ENTERED = "entered.example"
LEGACY = [f"legacy{number}.example" for number in range(6)]
FRESH = [f"new{number}.example" for number in range(16)]
GOING, COMING = OBSERVED[0], FRESH[-1]  # which the account has not any more, and has, later
NAMES = [GOING, *OBSERVED[1:3], ENTERED, *LEGACY, *FRESH]


@dataclass(frozen=True)
class Order:
    """What a child shall do, and where it shall die."""

    root: str
    act: str
    number: int = 0  # of the migration
    strategy: str = ""
    batches: int = 0  # after which it breaks off
    workers: int = 1
    step: str = ""
    after_seconds: float = 0
    steps: str = ""
    at: str = "2026-03-03T09:00:00+00:00"


class Stopped(Exception):
    """As a worker ends that is told to."""


# -- what is imported -----------------------------------------------------------------------------


def items_of(seed: str, names: list[str] = NAMES, count: int = 60) -> list[Any]:
    """Items of a legacy file: equal keys, owners known and unknown, and some that are wrong."""
    random = Random(seed)
    bad: list[Any] = [
        17,
        {"domain": "not a name!", "owners": ["Ada"]},
        {"status": "active"},
        {"domain": "legacy1.example", "discovery_date": "yesterday"},
        {"domain": "new3.example", "records": [{"type": "A", "data": "999.1.1.1"}]},
    ]
    items = [_item(random, random.choice(names)) for _ in range(count)]
    for each in bad:
        items.insert(random.randrange(len(items)), each)
    return items


def _item(random: Random, name: str) -> dict[str, Any]:
    item: dict[str, Any] = {"domain": name}
    may_have = {
        "godaddy_status": random.choice(["active", "expired", "pending"]),
        "cloudflare_status": random.choice(["active", "inactive"]),
        "discovery_date": f"20{random.randrange(10, 24)}-0{random.randrange(1, 10)}-11",
        "expires_on": f"2027-0{random.randrange(1, 10)}-01",
        "auto_renew": random.random() < 0.5,
        "nameservers": random.sample(["ns1.host.example", "ns2.host.example"], 1),
        "owners": random.sample(["Ada", "dns-team", "bo@owners.example", "cy@owners.example"], 2),
        "records": [_record(random) for _ in range(random.randrange(4))],
    }
    return item | {key: value for key, value in may_have.items() if random.random() < 0.6}


def _record(random: Random) -> dict[str, Any]:
    label = random.choice(["@", "www", "mail"])
    if random.random() < 0.3:
        return {"subdomain": label, "type": "MX", "data": f"{random.choice([10, 20])} mx.example."}
    address = f"192.0.2.{random.randrange(4)}"
    return {"subdomain": label, "type": "A", "data": address, "ttl": random.choice([300, 3600])}


# -- what happens in a child ----------------------------------------------------------------------


def child(order: Order) -> None:
    """Do what is ordered, or die on the way."""
    entry.datetime = _standing_at(datetime.fromisoformat(order.at))  # type: ignore[attr-defined]
    staging.SLICES = ((ROWS_OF_A_SLICE, 1),)  # type: ignore[assignment]
    staging.MOST_SLICES = 3
    steps = Steps(order.root, order.step, TRACED)
    if order.after_seconds:
        signal.setitimer(signal.ITIMER_REAL, order.after_seconds)  # SIGALRM ends the process
    settings = Settings(db_path=Path(order.root), backup_path=None, _env_file=None)
    installation = open_with(settings)
    act = globals()[f"_{order.act}"]
    if order.step or order.steps:
        with steps.watched():
            act(installation, order)
    else:
        act(installation, order)
    installation.close()
    if order.steps:
        Path(order.steps).write_text(json.dumps(steps.telling))


def _base(installation: Installation, _: Order) -> None:
    """An account, people, a domain that one of them entered, and an import of before."""
    account = Scripted({name: some_records(name, 2) for name in OBSERVED})
    _observe(installation, account)
    create_user(installation, ME, {"name": "Ada", "email": "ada@owners.example"})
    create_group(installation, ME, "dns-team")
    add_domain(installation, ME, ENTERED)
    number = _submit(installation, "before", "merge", [GOING, *LEGACY])
    migrate.run(installation, number, _go_on)


def _observe(installation: Installation, account: Scripted) -> None:
    Engine(installation.lake, installation.store, entry.now).collect(GODADDY, account)
    derive(installation)


def _collect(installation: Installation, _: Order) -> None:
    """The account later: a record more, a domain less, one that came, one that imports have too."""
    zones: dict[str, list[Record]] = {name: some_records(name, 2) for name in OBSERVED}
    del zones[GOING]
    zones[OBSERVED[1]] = [*zones[OBSERVED[1]], a_record(OBSERVED[1], "new", "192.0.2.77")]
    zones[COMING] = some_records(COMING, 3)
    zones["zeta.example"] = some_records("zeta.example", 1)
    renewing = domain(COMING, auto_renew=True)
    _observe(installation, Scripted(zones, domains={COMING: renewing}))


def _submit_one(installation: Installation, order: Order) -> None:
    """What skips or appends heeds what was there when it began: no name that comes or goes."""
    names = NAMES if order.strategy in ("merge", "replace") else NAMES[1:-1]
    _submit(installation, f"{order.strategy} {order.number}", order.strategy, names)


def _submit(installation: Installation, seed: str, strategy: str, names: list[str] = NAMES) -> int:
    path = installation.settings.data_path / f"{seed.replace(' ', '-')}.json"
    path.write_text(json.dumps(items_of(seed, names)))
    file = File(path, path.name, "a test", path.stat().st_size)
    how = find_template(installation, ME, "organisation").template
    wishes = Wishes(
        BATCH_SIZE, strategy, validate=False, assign=["Ada", "group:dns-team"], create_users=True
    )
    return migration_request.submit(installation, ME, file, how, wishes).number


def _run(installation: Installation, order: Order) -> None:
    migrate.run(installation, order.number, _go_on, order.workers)


def _resume(installation: Installation, order: Order) -> None:
    """As `dnsinv migration resume ID --here`, whatever became of it."""
    found = migrate.find(installation, order.number)
    if found.state in (State.CANCELLED, State.FAILED, State.PAUSED):
        migration_control.control(installation, ME, found.id, Control.RESUME)
    migrate.run(installation, order.number, _go_on)


def _half(installation: Installation, order: Order) -> None:
    """Break off when some batches are committed."""
    left = order.batches + 2  # one look before each of them, one while staging, one at the end

    def wait(_: float) -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            raise Stopped

    try:
        migrate.run(installation, order.number, wait, workers=1)
    except Stopped:
        return
    raise AssertionError("it did not break off")


def _cancel(installation: Installation, order: Order) -> None:
    """Cancel; where that was done before, let the services settle what is left."""
    found = migrate.find(installation, order.number)
    if found.state is State.CANCELLED:
        migration_control.settle(installation, order.number)
    else:
        migration_control.control(installation, ME, found.id, Control.CANCEL)


def _undo(installation: Installation, order: Order) -> None:
    migration_control.undo(installation, ME, migrate.find(installation, order.number).id)


def _go_on(_: float) -> None:
    """No worker is told to end."""


def _standing_at(at: datetime) -> type[datetime]:
    class Standing(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            assert tz is UTC
            return at  # type: ignore[return-value]

    return Standing


def left_in_staging(root: Path) -> list[str]:
    """What still waits there, of migrations and of publications."""
    folders = ("migrations", "publications")
    return sorted(
        str(path.relative_to(root / "staging"))
        for name in folders
        for path in (root / "staging" / name).rglob("*")
        if path.is_file() or path.name == MANIFEST
    )


if __name__ == "__main__":
    serve(Order, child)
