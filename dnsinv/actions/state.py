"""What an installation looks like now, for the overview.

Read from the read model and the store. A part that cannot be read is missing, and said in
`problems`; the others are there nevertheless.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from dnsinv.actions.installation import Installation
from dnsinv.actions.overview import (
    AccountState,
    Change,
    Day,
    Expiring,
    Figures,
    Overview,
    Running,
    StatusCount,
    Waiting,
    ZoneCount,
)
from dnsinv.collection.spool import Spool
from dnsinv.errors import DnsinvError
from dnsinv.lake.lake import sql
from dnsinv.lake.readmodel import read_model
from dnsinv.store import accounts, collections, settings
from dnsinv.store.collections import Collection, Hold

PROVIDERS = {"godaddy": "GoDaddy", "cloudflare": "Cloudflare"}
ROWS = 8  # of lists that are only a taste
RECENT = 200  # collections of an account to find the last full one among, single zones included

T = TypeVar("T")


class _Reading:
    """One look at everything; keeps what could not be read."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def part(self, what: str, read: Callable[[], T], missing: T) -> T:
        """What `read` gives; where it fails a problem and what stands for the missing part."""
        try:
            return read()
        except (DnsinvError, duckdb.Error, OSError, pa.ArrowException) as error:
            sentence = (str(error) or type(error).__name__).splitlines()[0]
            self.problems.append(f"{what} cannot be read: {sentence}")
            return missing


@dataclass(frozen=True, slots=True)
class _Known:
    """What the store says of accounts and collections; `recent` newest first."""

    interval: timedelta
    accounts: Sequence[tuple[str, str, datetime | None]]
    recent: dict[str, list[Collection]]
    holds: dict[str, Hold]


def overview(installation: Installation, at: datetime) -> Overview:
    """The state at an instant (aware, UTC); never raises for what cannot be read."""
    reading = _Reading()
    found: dict[str, Any] = {}
    path = read_model(installation.lake)
    if path is not None:
        found = reading.part("The read model", lambda: _lake(path, at.date(), reading), {})
    elif installation.lake.layout.current("domains").exists():
        reading.problems.append("There is no read model; the next collection makes it again.")
    known = reading.part("The store", lambda: _known(installation), None)
    if known is not None:
        states = _accounts(installation, known, found.get("zones", ()), reading)
        found |= {
            "interval": known.interval,
            "accounts": states,
            "waiting": [w for state in states for w in _waiting(installation, known, state)],
            "retired": [(name, kind, gone) for name, kind, gone in known.accounts if gone],
        }
    configured = {account.provider for account in installation.accounts}
    unconfigured = [name for kind, name in PROVIDERS.items() if kind not in configured]
    return Overview(at, **found, unconfigured=unconfigured, problems=reading.problems)


# -- the read model -------------------------------------------------------------------------------


def _lake(path: Path, today: date, reading: _Reading) -> dict[str, Any]:
    with _opened(path) as con:

        def rows(what: str, kind: Callable[..., T], name: str, **values: object) -> list[T]:
            def read() -> list[T]:
                found = con.execute(sql(f"overview_{name}"), values or None).fetchall()
                return [kind(*row) for row in found]

            return reading.part(what, read, [])

        figures = rows("The figures", Figures, "figures", today=today)
        return {
            "figures": figures[0] if figures else None,
            "statuses": rows("The states of domains", StatusCount, "statuses"),
            "expiring": rows("What expires next", Expiring, "expiring", today=today, rows=ROWS),
            "zones": rows("The zones", ZoneCount, "zones"),
            "days": rows("The changes per day", Day, "changes", today=today),
            "latest": rows("The latest changes", Change, "latest", rows=ROWS),
        }


@contextmanager
def _opened(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(path), read_only=True) as con:
        con.execute("set timezone = 'UTC'")
        yield con


# -- the store and the spools ---------------------------------------------------------------------


def _known(installation: Installation) -> _Known | None:
    default = installation.settings.data_collection_interval
    with installation.store.read() as db:
        minutes = settings.number(db, settings.INTERVAL_MINUTES, default)
        known = accounts.known_accounts(db)
        recent = {name: collections.latest(db, name, RECENT) for name, *_ in known}
        holds = {name: hold for name, *_ in known if (hold := collections.open_hold(db, name))}
    return _Known(timedelta(minutes=minutes), known, recent, holds)


def _accounts(
    installation: Installation, known: _Known, zones: Sequence[ZoneCount], reading: _Reading
) -> list[AccountState]:
    """Accounts in use, and those that were collected and are neither configured nor retired."""
    problems = {account.name: account.problem for account in installation.accounts}
    providers = {name: provider for name, provider, _ in known.accounts}
    providers |= {account.name: account.provider for account in installation.accounts}
    retired = {name for name, _, gone in known.accounts if gone}
    states = []
    for name in sorted(providers.keys() - retired):
        recent = known.recent.get(name, [])
        its_zones = [count for count in zones if count.account == name]
        states.append(
            AccountState(
                name,
                providers[name],
                problems.get(name, "no longer configured"),
                next((each for each in recent if each.state in collections.ENDED), None),
                _running(installation, recent, reading),
                its_zones,
                _cycle(recent, sum(count.zones for count in its_zones)),
            )
        )
    return states


def _running(
    installation: Installation, recent: Sequence[Collection], reading: _Reading
) -> Running | None:
    collection = next((each for each in recent if each.state == "running"), None)
    if collection is None:
        return None
    spool = Spool(installation.lake.layout.spools / collection.id)

    def progress() -> Running:
        files = spool.outcome_files()
        if not spool.listing_file.exists():
            return Running(collection)
        newest = max(file.stat().st_mtime for file in (spool.listing_file, *files))
        return Running(
            collection,
            sum(pq.read_metadata(file).num_rows for file in files),
            pq.read_metadata(spool.listing_file).num_rows,
            datetime.fromtimestamp(newest, UTC),
        )

    what = f"The progress of {collection.account}"
    return reading.part(what, progress, Running(collection))


def _cycle(recent: Sequence[Collection], zones: int) -> timedelta | None:
    """How long all zones take at the pace of the last full collection that read any."""
    for each in recent:
        read = each.zones_complete + each.zones_unchanged + each.zones_no_zone_here
        read += each.zones_refused + each.zones_failed
        if each.scope == "full" and each.finished_at and read:
            took = each.finished_at - each.started_at
            return took * (max(zones, read) / read) if took else None
    return None


def _waiting(installation: Installation, known: _Known, state: AccountState) -> Iterator[Waiting]:
    """A held listing, and held zones: their collection keeps them in its spool."""
    hold = known.holds.get(state.name)
    if hold is not None:
        what = f"{hold.missing:,} of {hold.known:,} domains are missing from the listing"
        yield Waiting(state.name, hold.collection_id, hold.held_at, what)
    held = sum(count.held for count in state.zones)
    for each in known.recent.get(state.name, []) if held else ():
        is_kept = (installation.lake.layout.spools / each.id).exists()
        if (
            is_kept
            and each.state in collections.ENDED
            and not (hold and hold.collection_id == each.id)
        ):
            names = [name for count in state.zones for name in count.held_names][:3]
            examples = ", ".join(names) + (", ..." if held > len(names) else "")
            zones = "zone has" if held == 1 else "zones have"
            what = f"{held:,} {zones} lost most records at once ({examples})"
            yield Waiting(state.name, each.id, each.finished_at or each.started_at, what)
            return
