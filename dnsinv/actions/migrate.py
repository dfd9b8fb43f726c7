"""Migrations from their file to their end: staged once, committed slice by slice, folded.

Services call `stage`, `commit` and `finish` in runs of their own; `run` does all three here.
"""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from dnsinv.actions.acting import Actor, Deed, acting
from dnsinv.actions.backup import restore_point
from dnsinv.actions.collect import derive_current
from dnsinv.actions.holders import held
from dnsinv.actions.imported_owners import resolver
from dnsinv.actions.installation import Installation, now
from dnsinv.actions.migration_runs import driving
from dnsinv.actions.uploads_kept import sweep_uploads
from dnsinv.domain.migrations import ENDED, OPEN, State, Strategy, migration_id, migration_number
from dnsinv.domain.permission import Right
from dnsinv.errors import Busy, DnsinvError, FileRefused, NotThere
from dnsinv.migration.slices import Cancelled, Wait, commit_slice
from dnsinv.migration.staging import Job, discard, publish_errors
from dnsinv.migration.staging import stage as stage_file
from dnsinv.migration.templates import template
from dnsinv.store import migrations
from dnsinv.store.migrations import CANCEL, PAUSE, RUN, Migration

log = logging.getLogger(__name__)

WORKERS = 3  # slices at a time
TAKE_OVER_SECONDS = 5.0  # for the services to have started what they are starting


class _HasEnded(Exception):
    """Somebody else has brought the migration to its end meanwhile."""


def stage(installation: Installation, number: int, wait: Wait) -> Migration:
    """Read, check, sort and cut the file of a migration; it is `running` afterwards, or `failed`.

    A staging that was cut off begins anew; one that is done is left as it is.

    Raises:
        Busy: it is being staged already.
        whatever `wait` raises: it can be staged again.
    """
    with _alone(installation, number):
        migration = _begun(installation, number)
        if migration.staged_at is not None or migration.state in ENDED:
            return migration
        try:
            _stage(installation, migration, wait)
        except Cancelled:
            discard(installation.lake, migration.id)
        except (FileRefused, DnsinvError) as error:
            if isinstance(error, Busy):
                raise
            discard(installation.lake, migration.id)
            _fail(installation, migration, str(error))
        return find(installation, number)


def commit(installation: Installation, number: int, slice_number: int, wait: Wait) -> int:
    """Commit what is open of one slice, and finish the migration with the last of them.

    Gives how many batches were committed now. Pauses while that is wanted.

    Raises:
        Cancelled: the migration is cancelled; what was committed stays.
        Busy, LakeError, StoreError: another try goes on from there.
    """
    migration = find(installation, number)
    lake, store = installation.lake, installation.store
    if migration.state is State.CANCELLED:
        raise Cancelled
    with store.read() as db:
        is_open = slice_number in migrations.slice_numbers(db, number, is_open=True)
    done = 0
    if is_open:  # else a worker died when it had published it, and was started again
        try:
            done = commit_slice(lake, store, migration, slice_number, now, wait)
        except Cancelled:
            derive_current(installation)
            raise
    finish(installation, number)
    return done


def finish(installation: Installation, number: int) -> Migration:
    """Fold a migration whose slices are all published and end it; else leave it as it is."""
    with installation.store.read() as db:
        is_open = bool(migrations.slice_numbers(db, number, is_open=True))
    found = find(installation, number)
    if is_open or found.staged_at is None or found.state not in (State.RUNNING, State.PAUSED):
        return found
    derive_current(installation)
    discard(installation.lake, found.id)  # before the end: nobody comes back to what has ended
    end = State.COMPLETED_WITH_ERRORS if found.invalid else State.COMPLETED
    with _ending(installation, found, "migration.complete", end, wanted=RUN) as deed:
        done = migrations.done(deed.db, number)
        deed.details = {**done.outcomes, "items": found.items, "invalid": found.invalid}
    sweep_uploads(installation)
    return find(installation, number)


def run(installation: Installation, number: int, wait: Wait, workers: int = WORKERS) -> Migration:
    """Stage, commit and finish here, without any service; also what an earlier run left undone.

    Raises:
        Busy: it is being imported elsewhere.
        whatever `wait` raises, LakeError, StoreError: another try goes on from there.
    """
    with driving(installation, migration_id(number), TAKE_OVER_SECONDS):
        migration = stage(installation, number, wait)
        if migration.state in OPEN:
            with installation.store.read() as db:
                left = migrations.slice_numbers(db, number, is_open=True)
            with ThreadPoolExecutor(workers, "slice") as pool:
                tasks = [pool.submit(commit, installation, number, each, wait) for each in left]
            for task in tasks:
                error = task.exception()
                if error is not None and not isinstance(error, Cancelled):
                    raise error
            finish(installation, number)
    return find(installation, number)


def fail(installation: Installation, number: int, why: str) -> None:
    """End a migration that cannot go on by itself; it can be resumed."""
    _fail(installation, find(installation, number), why)


def find(installation: Installation, number: int) -> Migration:
    """The migration as it stands.

    Raises:
        NotThere: there is none.
    """
    with installation.store.read() as db:
        found = migrations.find(db, number)
    if found is None:
        raise NotThere(f"There is no migration {number}.")
    return found


def number_of(reference: str) -> int:
    """The number in an id.

    Raises:
        NotThere: it is no id of a migration.
    """
    number = migration_number(reference)
    if number is None:
        raise NotThere(f"There is no migration {reference[:40]!r}; ids are written m000001.")
    return number


def _begun(installation: Installation, number: int) -> Migration:
    found = find(installation, number)
    saved = found.restore_point
    if found.state is State.PENDING and found.options.duplicates == Strategy.REPLACE and not saved:
        saved = restore_point(installation, f"before {found.id} replaces").name
    with installation.store.begin() as db:
        migrations.change_state(
            db,
            number,
            [State.PENDING],
            State.STAGING,
            started_at=found.started_at or now(),
            restore_point=saved,
        )
    return find(installation, number)


def _stage(installation: Installation, migration: Migration, wait: Wait) -> None:
    began = migration.started_at or migration.created_at
    how = template(migration.template)
    job = Job(migration.id, Path(migration.path), migration.name, how, migration.options, began)

    def checkpoint(items: int) -> None:
        with installation.store.begin() as db:
            migrations.change(db, migration.number, items=items)
        _heed(installation, migration.number, wait)

    resolve = resolver(installation, migration)
    staged = stage_file(installation.lake, job, resolve, partial(held, installation), checkpoint)
    publish_errors(installation.lake, migration.id)
    facts = {"items": staged.items, "invalid": staged.invalid, "warnings": staged.warnings}
    if staged.invalid and migration.options.strict:
        with installation.store.begin() as db:
            migrations.change(db, migration.number, **facts)
        raise FileRefused(migration.name, f"{staged.first_error} Strict takes all items or none")
    with installation.store.begin() as db:
        migrations.plan(db, migration.number, staged.batches)
        migrations.change(
            db, migration.number, staged_at=now(), inventory=staged.inventory, **facts
        )
        migrations.change_state(db, migration.number, [State.STAGING], State.RUNNING)


def _heed(installation: Installation, number: int, wait: Wait) -> None:
    """Wait while a pause is wanted.

    Raises:
        Cancelled: that is wanted.
        whatever `wait` raises: it can be staged again.
    """
    while True:
        wait(0)
        with installation.store.read() as db:
            wanted = migrations.wanted(db, number)
        if wanted == CANCEL:
            raise Cancelled
        if wanted != PAUSE:
            return
        wait(0.2)


def _fail(installation: Installation, migration: Migration, why: str) -> None:
    with _ending(installation, migration, "migration.fail", State.FAILED, message=why) as deed:
        deed.outcome, deed.details = "failed", {"error": why}


@contextmanager
def _ending(
    installation: Installation, migration: Migration, action: str, end: State, **values: Any
) -> Iterator[Deed]:
    """Bring a migration to its end and write that down; neither where it has ended already."""
    before = list(OPEN) if end is State.FAILED else [State.RUNNING, State.PAUSED]
    who = Actor(migration.created_by, "service")
    with suppress(_HasEnded), acting(installation, who, action, Right.IMPORT, migration.id) as deed:
        yield deed
        values["finished_at"] = deed.at
        if not migrations.change_state(deed.db, migration.number, before, end, **values):
            raise _HasEnded


@contextmanager
def _alone(installation: Installation, number: int) -> Iterator[None]:
    folder = installation.lake.layout.locks
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f"stage-{number}.lock", timeout=0)
    try:
        with lock:
            yield
    except Timeout:
        raise Busy(f"Migration {number} is being staged already.") from None
