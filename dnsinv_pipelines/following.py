"""What is to be done so that Dagster and a migration agree: decided from how both stand.

`step` decides and does nothing; `dnsinv_pipelines.sensors` looks every few seconds and does it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from dagster._core.execution.backfill import BulkActionStatus

from dnsinv.domain.migrations import OPEN, State
from dnsinv_pipelines.backfills import Seen, is_to_resume
from dnsinv_pipelines.importing import is_over

if TYPE_CHECKING:
    from dnsinv.store.migrations import Migration


class RunState(Enum):
    """How the run that stages a migration stands."""

    NONE = "none"  # never started, or died and lost
    ALIVE = "alive"  # or to be retried by Dagster
    CANCELED = "canceled"
    FAILED = "failed"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Standing:
    """How Dagster stands to a migration.

    `run` and `backfill` are those written down in it, `runs` and `backfills` all of it that have
    not ended.
    """

    has_open_slices: bool
    run: RunState = RunState.NONE
    backfill: Seen | None = None
    runs: Sequence[str] = ()
    backfills: Sequence[Seen] = ()
    is_paused_long: bool = False


@dataclass(frozen=True, slots=True)
class Rest:
    """Nothing is to be done now."""

    why: str


@dataclass(frozen=True, slots=True)
class StartRun:
    """Start the run that stages it, or finishes it."""


@dataclass(frozen=True, slots=True)
class StartBackfill:
    """Launch a backfill of the open slices."""


@dataclass(frozen=True, slots=True)
class End:
    """Cancel backfills and end runs in Dagster; looked at again until they have ended."""

    backfills: Sequence[str]
    runs: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Park:
    """Free the slots of a long pause: what works on it is written off, and then ended."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """It was cancelled in Dagster: cancel it here."""


@dataclass(frozen=True, slots=True)
class Fail:
    """It cannot go on by itself."""


@dataclass(frozen=True, slots=True)
class Adopt:
    """Another run or backfill does it now."""

    run: str = ""
    backfill: str = ""


@dataclass(frozen=True, slots=True)
class Resume:
    """A backfill was launched in Dagster to go on with it."""

    backfill: str


@dataclass(frozen=True, slots=True)
class Settle:
    """Publish what it had committed, if a worker left that undone."""


Step = Rest | StartRun | StartBackfill | End | Park | Cancel | Fail | Adopt | Resume | Settle


def step(migration: "Migration", standing: Standing) -> Step:
    """What is to be done next."""
    if migration.state not in OPEN:
        return _ended(migration, standing)
    is_at_work = standing.run is RunState.ALIVE or (
        standing.backfill and standing.backfill.is_active
    )
    if migration.state is State.PAUSED and standing.is_paused_long and is_at_work:
        return Park()
    if migration.staged_at is not None and standing.has_open_slices:
        return _committing(migration, standing)
    return _staging(migration, standing)


def _ended(migration: "Migration", standing: Standing) -> Step:
    if not is_over(migration.state):
        return Rest("it is done")
    for backfill in reversed(standing.backfills):
        if is_to_resume(migration, backfill):
            return Resume(backfill.id)
    return _ended_there(standing) or Settle()


def _staging(migration: "Migration", standing: Standing) -> Step:
    """Of one whose file is to be read, or whose slices are all published."""
    if standing.backfill and standing.backfill.is_active:
        return Rest("its backfill is coming to its end")
    is_paused = migration.state is State.PAUSED
    match standing.run:
        case RunState.ALIVE:
            return Rest("it is being staged")
        case RunState.CANCELED:
            return Cancel()
        case RunState.FAILED:
            return Fail()
        case _ if is_paused:
            return _ended_there(standing) or Rest("it is paused")
        case RunState.NONE if standing.runs:
            return Adopt(run=standing.runs[0])
        case _:
            return StartRun()


def _committing(migration: "Migration", standing: Standing) -> Step:
    mine = standing.backfill
    if mine is None:
        return _without_backfill(migration, standing)
    if mine.is_active and not mine.is_cancelled:
        return Rest("its backfill goes on")
    others = [each for each in standing.backfills if each.id != mine.id and not each.is_cancelled]
    if not mine.is_active and others:
        return Adopt(backfill=others[-1].id)
    if mine.is_cancelled:
        return Cancel()
    if mine.status is BulkActionStatus.COMPLETED_SUCCESS:
        return StartBackfill()
    return Fail()


def _without_backfill(migration: "Migration", standing: Standing) -> Step:
    if standing.run is RunState.ALIVE:
        return Rest("its run is launching the backfill")
    if rest := _ended_there(standing):  # what was cancelled or written off comes first
        return rest
    return Rest("it is paused") if migration.state is State.PAUSED else StartBackfill()


def _ended_there(standing: Standing) -> Step | None:
    """What ends that which still works on it; None where nothing does."""
    if not standing.backfills and not standing.runs:
        return None
    asked = [each.id for each in standing.backfills if not each.is_cancelled]
    if asked or standing.runs:
        return End(asked, standing.runs)
    return Rest("Dagster is ending its backfill")
