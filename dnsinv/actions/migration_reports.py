"""Reading migrations: how far each is, what came of it, what was wrong with its file."""

from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from dnsinv.actions.acting import Actor, allow
from dnsinv.actions.installation import Installation, now
from dnsinv.actions.migrate import number_of
from dnsinv.dagster_api import backfill_address, run_address
from dnsinv.domain.migrations import ENDED, State
from dnsinv.domain.permission import Right
from dnsinv.errors import NotThere
from dnsinv.lake.export import Style
from dnsinv.migration import tallies
from dnsinv.store import migrations
from dnsinv.store.migrations import Done, Migration

LAST_ERRORS = 5
WINDOW = timedelta(seconds=10)  # over which the pace of what is under way is taken


def progress(installation: Installation, actor: Actor, reference: str) -> dict[str, Any]:
    """How far a migration is, as JSON values; of one that has ended also what came of it.

    Counts of rows are by outcome, `planned` and `committed`. `kept` are rows of what a provider
    observes, which stays as it is observed; `overtaken` those that an earlier migration brought
    meanwhile. Both are None before it has ended.

    Raises:
        NotAllowed: the actor may not read.
        NotThere: there is no such migration.
    """
    told, migration = _told(installation, actor, reference)
    told["last_errors"], told["errors"] = tallies.errors(
        installation.lake, migration.id, LAST_ERRORS, is_last_first=True
    )
    return told | _report(installation, migration)


def glance(installation: Installation, actor: Actor, reference: str) -> dict[str, Any]:
    """The same from the store alone, for whoever looks again and again.

    Raises:
        NotAllowed: the actor may not read.
        NotThere: there is no such migration.
    """
    return _told(installation, actor, reference)[0]


def jobs(
    installation: Installation, actor: Actor, page: int = 1, page_size: int = 50
) -> tuple[list[dict[str, Any]], int]:
    """A page of all migrations, the newest first, and how many there are.

    Raises:
        NotAllowed: the actor may not read.
    """
    allow(installation, actor, Right.READ)
    at = now()
    with installation.store.read() as db:
        total = migrations.count(db)
        found = migrations.latest(db, page_size, (page - 1) * page_size)
        return [_job(installation, db, each, at) for each in found], total


def errors(
    installation: Installation, actor: Actor, reference: str, page: int = 1, page_size: int = 50
) -> tuple[list[dict[str, Any]], int]:
    """A page of what is wrong with a migration's items, warnings too, and how much that is.

    Raises:
        NotAllowed: the actor may not read.
        NotThere: there is no such migration.
    """
    migration = _found(installation, actor, reference)
    return tallies.errors(installation.lake, migration.id, page_size, (page - 1) * page_size)


def error_file(
    installation: Installation, actor: Actor, reference: str, style: Style
) -> Generator[bytes, None, None]:
    """All of it as the bytes of a file; in CSV no cell runs in a spreadsheet. Close it in the end.

    Raises:
        NotAllowed: the actor may not read.
        NotThere: there is no such migration.
    """
    migration = _found(installation, actor, reference)
    return tallies.error_file(installation.lake, migration.id, style)


def _found(installation: Installation, actor: Actor, reference: str) -> Migration:
    allow(installation, actor, Right.READ)
    with installation.store.read() as db:
        return _find(db, reference)


def _find(db: Connection, reference: str) -> Migration:
    found = migrations.find(db, number_of(reference))
    if found is None:
        raise NotThere(f"There is no migration {reference[:40]!r}.")
    return found


def _told(
    installation: Installation, actor: Actor, reference: str
) -> tuple[dict[str, Any], Migration]:
    allow(installation, actor, Right.READ)
    with installation.store.read() as db:
        found = _find(db, reference)
        return _job(installation, db, found, now()), found


def _job(
    installation: Installation, db: Connection, migration: Migration, at: datetime
) -> dict[str, Any]:
    done = migrations.done(db, migration.number)
    pace = _pace(db, migration, done, at)
    left = done.rows - done.committed_rows
    return {
        "job_id": migration.id,
        "name": migration.name,
        "source": migration.source,
        "state": migration.state.value,
        "is_undone": migration.undone_in is not None,
        "message": migration.message,
        "template": migration.template.get("name", ""),
        "template_id": migration.template.get("id", ""),
        "duplicate_strategy": migration.options.duplicates,
        "batch_size": migration.options.batch_size,
        "validate_domains": migration.options.validate,
        "strict": migration.options.strict,
        "create_users": migration.options.create_users,
        "owners": [f"{each['kind']}:{each['name']}" for each in migration.owners],
        "bytes": migration.bytes,
        "items": migration.items,
        "invalid": migration.invalid,
        "warnings": migration.warnings,
        "batches": done.batches,
        "committed_batches": done.committed,
        "slices": done.slices,
        "published_slices": done.published,
        "current_slice": done.current_slice,
        "rows": done.rows,
        "committed_rows": done.committed_rows,
        "planned": done.planned,
        "committed": done.outcomes,
        "percent": _percent(migration, done),
        "rows_per_second": pace,
        "eta_seconds": round(left / pace) if pace and migration.state is State.RUNNING else None,
        "restore_point": migration.restore_point,
        "created_by": migration.created_by,
        "created_at": migration.created_at,
        "started_at": migration.started_at,
        "staged_at": migration.staged_at,
        "finished_at": migration.finished_at,
        "links": _links(installation, migration),
    }


def _percent(migration: Migration, done: Done) -> float:
    if done.rows:
        return round(100 * done.committed_rows / done.rows, 1)
    return 100.0 if migration.state in ENDED and migration.staged_at is not None else 0.0


def _pace(db: Connection, migration: Migration, done: Done, at: datetime) -> float | None:
    """Rows per second: of late where rows are committed now, of all where it has ended."""
    began, ended = migration.started_at, migration.finished_at
    if migration.state in ENDED and began is not None and ended is not None:
        rows, seconds = done.committed_rows, (ended - began).total_seconds()
    elif migration.state is State.RUNNING and migration.staged_at is not None:
        since = max(migration.staged_at, at - WINDOW)
        rows = migrations.committed_since(db, migration.number, since)
        seconds = (at - since).total_seconds()
    else:
        return None
    return round(rows / seconds, 1) if seconds > 0 else None


def _links(installation: Installation, migration: Migration) -> dict[str, str]:
    links = {
        "progress": f"/api/migration/progress?job_id={migration.id}",
        "events": f"/api/migration/events?job_id={migration.id}",
        "errors": f"/api/migration/errors?job_id={migration.id}",
    }
    address = installation.settings.dagster_address
    if migration.backfill:
        links["dagster"] = backfill_address(address, migration.backfill)
    elif migration.run:
        links["dagster"] = run_address(address, migration.run)
    return links


def _report(installation: Installation, migration: Migration) -> dict[str, Any]:
    if migration.state not in ENDED or migration.staged_at is None:
        return {"kept": None, "overtaken": None}
    lake = installation.lake
    with installation.store.read() as db:
        earlier = migrations.meanwhile(db, migration)
    return {
        "kept": tallies.kept(tallies.came_to(lake, migration.id, is_open=False)),
        "overtaken": tallies.overtaken(lake, migration.id, earlier, is_open=False),
    }
