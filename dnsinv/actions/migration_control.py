"""Pausing, resuming, cancelling and undoing migrations."""

import logging
from typing import Any

from dnsinv.actions.acting import Actor, acting, permit
from dnsinv.actions.backup import restore_point
from dnsinv.actions.collect import derive_current
from dnsinv.actions.installation import Installation, now
from dnsinv.actions.migrate import find, number_of
from dnsinv.actions.migration_runs import IN_DAGSTER, end_work
from dnsinv.domain.migrations import CONTROLS, ENDED, Control, State
from dnsinv.domain.permission import Right
from dnsinv.errors import Busy, Conflict, NotThere
from dnsinv.migration.slices import is_staged, settle_slice, withdraw
from dnsinv.migration.staging import discard
from dnsinv.store import assignments, migrations
from dnsinv.store.migrations import CANCEL, PAUSE, RUN, Migration

log = logging.getLogger(__name__)


def control(installation: Installation, actor: Actor, reference: str, asked: Control) -> Migration:
    """Pause, resume or cancel; workers heed it before their next batch.

    What is committed stays; a migration that failed or was cancelled can be resumed.

    Raises:
        NotAllowed: the actor may not import.
        NotThere: there is no such migration.
        Conflict: it cannot be asked for in its state.
    """
    number = number_of(reference)
    with acting(installation, actor, f"migration.{asked}", Right.IMPORT, reference) as deed:
        found = migrations.find(deed.db, number)
        if found is None:
            raise NotThere(f"There is no migration {reference[:40]!r}.")
        if found.state not in CONTROLS[asked] or found.undone_in is not None:
            state = "undone" if found.undone_in is not None else found.state.value
            raise Conflict(f"Migration {found.id} is {state}: there is nothing to {asked}.")
        after = _after(found, asked)
        changes: dict[str, Any] = {"finished_at": deed.at if asked is Control.CANCEL else None}
        if found.state in ENDED:  # what worked on it then has ended, or is being ended
            changes |= {"run": "", "backfill": ""}
        wanted = {Control.PAUSE: PAUSE, Control.RESUME: RUN, Control.CANCEL: CANCEL}[asked]
        migrations.change(deed.db, number, state=after.value, wanted=wanted, message="", **changes)
        done = migrations.done(deed.db, number)
        deed.details = {"committed_batches": done.committed, "batches": done.batches}
    if asked is Control.CANCEL:
        if actor != IN_DAGSTER:
            end_work(installation, found)
        settle(installation, number)
    return find(installation, number)


def settle(installation: Installation, number: int) -> bool:
    """Publish what a cancelled migration had committed where no worker is left to do it.

    Whether there was something to publish.
    """
    migration = find(installation, number)
    if migration.undone_in is not None:
        return False
    with installation.store.read() as db:
        left = migrations.slice_numbers(db, number, is_open=True)
        left = [each for each in left if migrations.committed_batches(db, number, each)]
    left = [each for each in left if is_staged(installation.lake, migration, each)]
    settled = False
    for each in left:
        try:
            settle_slice(installation.lake, installation.store, migration, each, now)
            settled = True
        except Busy:
            log.info("slice left to its worker migration=%s slice=%d", migration.id, each)
    if settled:
        derive_current(installation)
    return settled


def undo(installation: Installation, actor: Actor, reference: str) -> Migration:
    """Take back what a migration brought: its rows and its assignments; users it made stay.

    A backup is made before. Asked again, it finishes what a crash cut off.

    Raises:
        NotAllowed: the actor may not import.
        NotThere: there is no such migration.
        Conflict: it has not ended.
    """
    permit(installation, actor, "migration.undo", Right.IMPORT, reference)
    number = number_of(reference)
    found = find(installation, number)
    if found.state not in ENDED:
        raise Conflict(f"Migration {found.id} is {found.state}: cancel it first.")
    saved = ""
    if found.undone_in is None:
        saved = restore_point(installation, f"before {found.id} is undone").name
    with acting(installation, actor, "migration.undo", Right.IMPORT, found.id) as deed:
        ended = assignments.end_of_source(deed.db, "migration", found.id, deed.seq)
        migrations.change(deed.db, number, undone_in=found.undone_in or deed.seq)
        deed.details = {"assignments_ended": ended, "restore_point": saved}
    withdraw(installation.lake, installation.store, found)
    derive_current(installation)
    discard(installation.lake, found.id)
    return find(installation, number)


def _after(migration: Migration, asked: Control) -> State:
    if asked is Control.PAUSE:
        return State.PAUSED
    if asked is Control.CANCEL:
        return State.CANCELLED
    if migration.staged_at is not None:
        return State.RUNNING
    return State.STAGING if migration.started_at is not None else State.PENDING
