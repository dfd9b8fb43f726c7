"""Who does a migration: the services' runs and backfills, or one process that does all of it here.

Dagster's sensor looks after every migration that nobody drives; what is written down here is how it
knows. Nothing of Dagster is imported.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from filelock import FileLock, Timeout

from dnsinv.actions.acting import Actor
from dnsinv.actions.installation import Installation
from dnsinv.dagster_api import (
    Backfill,
    Launch,
    cancel_backfill,
    launch,
    launch_backfill,
    terminate_run,
)
from dnsinv.domain.migrations import OPEN
from dnsinv.errors import Busy, ServiceError
from dnsinv.store import migrations
from dnsinv.store.migrations import Migration

log = logging.getLogger(__name__)

JOB, ASSET, KIND = "stage_migration", "migration_slices", "migration"
KIND_TAG, MIGRATION_TAG = "dnsinv/kind", "dnsinv/migration"
IN_DAGSTER = Actor("dagster", "service")
"""Who acts where somebody cancels or re-executes in Dagster's own pages, which know no users."""


@contextmanager
def driving(
    installation: Installation, migration: str, patience_seconds: float = 0
) -> Iterator[None]:
    """Keep others from starting what does this migration, or from doing it, meanwhile.

    Raises:
        Busy: somebody drives it, for longer than one's patience.
    """
    folder = installation.lake.layout.locks
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f"drive-{migration}.lock")
    try:
        lock.acquire(timeout=patience_seconds)
    except Timeout:
        raise Busy(f"{migration} is being imported by another process.") from None
    try:
        yield
    finally:
        lock.release()


def launch_migration(installation: Installation, migration: Migration) -> str:
    """Let the services do a migration now; the id of the run that stages it.

    "" where Dagster does not answer, or somebody has begun already: its sensor begins what nobody
    has, as soon as it runs.
    """
    try:
        with driving(installation, migration.id):
            with installation.store.read() as db:
                found = migrations.find(db, migration.number)
            if found is None or found.state not in OPEN or found.run:
                return ""
            return start_run(installation, found)
    except (ServiceError, Busy) as error:
        log.info("migration waits for dagster's sensor migration=%s error=%s", migration.id, error)
        return ""


def start_run(installation: Installation, migration: Migration) -> str:
    """Start the run that stages a migration, or finishes it where all is committed; its id.

    The caller drives it.

    Raises:
        ServiceError: Dagster does not answer, or does not take it.
    """
    config = {"ops": {"stage": {"config": {"migration": migration.id}}}}
    wanted = Launch(JOB, config=config, tags=tags_of(migration))
    run = launch(installation.settings.dagster_address, wanted)
    work_by(installation, migration, run=run)
    return run


def start_backfill(installation: Installation, migration: Migration, keys: Sequence[str]) -> str:
    """Start the backfill of slices that are to be committed, which Dagster knows by these keys.

    The caller drives it.

    Raises:
        ServiceError: Dagster does not answer, or does not take it.
    """
    template = migration.template.get("id") or migration.template.get("name") or "own template"
    title = f"Import {migration.id}: {migration.name} ({template})"
    wanted = Backfill(ASSET, keys, title, tags_of(migration))
    backfill = launch_backfill(installation.settings.dagster_address, wanted)
    work_by(installation, migration, backfill=backfill)
    return backfill


def work_by(installation: Installation, migration: Migration, **ids: str) -> Migration:
    """Write down which `run` or `backfill` of Dagster's does a migration, "" for none; it anew."""
    with installation.store.begin() as db:
        migrations.change(db, migration.number, **ids)
        found = migrations.find(db, migration.number)
    assert found is not None
    return found


def end_work(installation: Installation, migration: Migration) -> None:
    """Ask Dagster to end what works on a migration."""
    is_staged = migration.staged_at is not None
    runs = [migration.run] if migration.run and not is_staged else []
    end_in_dagster(installation, runs, [migration.backfill] if migration.backfill else [])


def end_in_dagster(
    installation: Installation, runs: Sequence[str], backfills: Sequence[str]
) -> None:
    """Ask Dagster to end these; where it does not listen, its sensor asks again."""
    address = installation.settings.dagster_address
    try:
        for backfill in backfills:
            cancel_backfill(address, backfill)
        for run in runs:
            terminate_run(address, run)
    except ServiceError as error:
        log.info("dagster was not told to end runs=%s backfills=%s: %s", runs, backfills, error)


def tags_of(migration: Migration) -> dict[str, str]:
    """What runs and backfills of a migration carry; the queue lets three of the kind through."""
    return {
        KIND_TAG: KIND,
        MIGRATION_TAG: migration.id,
        "dnsinv/started_by": migration.created_by,
    }
