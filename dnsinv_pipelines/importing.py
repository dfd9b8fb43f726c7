"""Running the migration engine inside a step: told to stop, ended as cancelled, tried again.

No RetryPolicy on the step: it would swallow a cancellation. What is transient is tried again here;
a worker that died is replaced by Dagster's run retries.
"""

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NoReturn, TypeVar

import dagster as dg

from dnsinv.domain.migrations import State
from dnsinv.errors import Busy, DnsinvError, LakeError
from dnsinv_pipelines import facts
from dnsinv_pipelines.collecting import until_told_to_stop

if TYPE_CHECKING:
    from dnsinv.actions.installation import Installation

T = TypeVar("T")
Wait = Callable[[float], None]
Context = dg.AssetExecutionContext | dg.OpExecutionContext

TRIES = 5
FIRST_REST_SECONDS = 1.0  # doubled from try to try
BUSY_SECONDS = 1.0  # between looks at what another process is doing
ORDER_SECONDS = 60.0  # within which Dagster's own order to end should come


class Stopped(Exception):
    """Raised in the work of a run that is told to end; nothing is half done."""


def run_engine(context: Context, work: Callable[[Wait], T]) -> T:
    """The result of `work`, which waits, and looks whether it is to go on, by what it is given.

    Raises:
        Cancelled: the migration is cancelled.
        DnsinvError: it could not be done, in several tries where these could help.
    """

    def tried(stopping: threading.Event) -> T:
        def wait(seconds: float) -> None:
            if stopping.wait(seconds):
                raise Stopped

        return _tried(context, work, wait)

    return until_told_to_stop(tried)


def end_as_cancelled(context: Context) -> NoReturn:
    """End this run as cancelled, because its migration is.

    Where a backfill is behind it, Dagster is being told to end that: its order is waited for, as a
    run that ended by itself would turn the backfill's end into a failure.
    """
    context.log.info("The migration is cancelled: what is committed stays, and nothing more comes.")
    if "dagster/backfill" in context.run.tags:
        until_told_to_stop(lambda stopping: stopping.wait(ORDER_SECONDS))
    context.instance.report_run_canceling(context.run, "Its migration is cancelled.")
    raise dg.DagsterExecutionInterruptedError


def folded(opened: "Installation", migration: str) -> Iterator[dg.AssetMaterialization]:
    """What was made anew with the rows of a migration, for Dagster to know of."""
    layout = opened.lake.layout
    domains = facts.row_count(layout.current("domains"))
    records = facts.row_count(layout.current("records"))
    rows = {"domains": domains, "dns_records": records, "read_model": domains + records}
    for name, count in rows.items():
        yield dg.AssetMaterialization(
            name, description=f"Made with {migration}.", metadata={facts.ROWS: count}
        )


def is_over(state: State) -> bool:
    """Whether workers of a migration have nothing to do any more, by a person's or our decision."""
    return state in (State.CANCELLED, State.FAILED)


def _tried(context: Context, work: Callable[[Wait], T], wait: Wait) -> T:
    from dnsinv.store.database import StoreError

    failed = 0
    is_told = False
    while True:
        try:
            return work(wait)
        except Busy as error:
            if not is_told:
                context.log.info(f"{error} Waiting until that has ended.")
            is_told = True
            wait(BUSY_SECONDS)
        except DnsinvError as error:
            failed += 1
            may_help = error.is_transient or isinstance(error, (LakeError, StoreError))
            if failed == TRIES or not may_help:
                raise
            rest = FIRST_REST_SECONDS * 2 ** (failed - 1)
            context.log.warning(f"{error} The next try is in {rest:.0f} s.")
            wait(rest)
