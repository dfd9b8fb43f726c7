"""Running the collection engine inside a step: its pace, the order to stop, what may be retried.

No RetryPolicy on the step: it would swallow a cancellation. What is transient asks for its retry
here.
"""

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import dagster as dg

from dnsinv_pipelines.facts import spoken

if TYPE_CHECKING:
    from dnsinv.collection.spool import Outcome

T = TypeVar("T")

RETRIES = 2
RETRY_SECONDS = (20.0, 60.0)  # random within: accounts that failed together come back apart
TELL_EVERY_SECONDS = 30.0


class Pace:
    """How fast zones are read; says so in the run's log now and then."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._began = self._told = time.monotonic()
        self._last = self._began
        self._zones = self._read = 0

    def listed(self, domains: int, zones: int) -> None:
        """The listing is complete."""
        self._began = self._told = self._last = time.monotonic()
        self._zones = zones
        self._tell(f"{domains} domains are listed; {zones} zones will be read.")

    def zone(self, outcome: "Outcome", budget: int) -> None:  # noqa: ARG002
        """One more zone was read."""
        self._read += 1
        self._last = time.monotonic()
        if self._last - self._told >= TELL_EVERY_SECONDS:
            self._told = self._last
            left = (self._zones - self._read) / self.zones_per_second
            self._tell(
                f"{self._read} of {self._zones} zones are read, "
                f"{self.zones_per_second:.1f} a second, about {spoken(left)} left; "
                f"{budget} requests are allowed at once."
            )

    @property
    def zones_per_second(self) -> float:
        """In this process: an interruption before does not count. 0 where none was read."""
        return self._read / max(self._last - self._began, 0.001) if self._read else 0.0


def until_told_to_stop(work: Callable[[threading.Event], T]) -> T:
    """The result of `work`, which is given the order to stop when this run is told to end.

    The work runs in a thread, so that the interruption reaches this one at once, and has brought to
    disk what it holds when the interruption goes on upwards.
    """
    stopping = threading.Event()
    with ThreadPoolExecutor(1, thread_name_prefix="collection") as pool:
        future = pool.submit(work, stopping)
        try:
            return future.result()
        except BaseException:
            stopping.set()
            raise


def retry_or_fail(context: dg.AssetExecutionContext, sentence: str) -> Exception:
    """What to raise for a transient failure: a retry after a random while, in the end a failure."""
    if context.retry_number >= RETRIES:
        return dg.Failure(sentence, allow_retries=False)
    wait = random.uniform(*RETRY_SECONDS)  # noqa: S311 - spreads load, guards nothing
    context.log.warning(f"{sentence} The next attempt is in {wait:.0f} s.")
    return dg.RetryRequested(RETRIES, wait)
