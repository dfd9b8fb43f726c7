"""The rate limit of one credential; part of `dnsinv.http`, which names it to the others."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dnsinv.errors import BadSetting, ProviderUnavailable
from dnsinv.http_window import Ring, Sent, Window

_LONGEST_PAUSE = 3600.0  # seconds; a pause that claims more comes from a clock that jumped
_CLOCK_STEP = 1.0  # seconds a stamp may lie in the future before it is taken for a clock jump
_LATEST = 1.0  # seconds a request is believed to have been under way longer than others
_SHORTEST_WAIT = 0.001  # seconds; so that rounding cannot make a loop of empty waits

Sleep = Callable[[float], None]
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `requests` in any `seconds`."""

    requests: int
    seconds: float

    def __post_init__(self) -> None:
        if self.requests < 1 or not 0 < self.seconds < math.inf:
            raise BadSetting(f"A rate of {self.requests} requests per {self.seconds} s is none.")


class Limiter:
    """Keeps one credential within its rate: a sliding window over the log of its requests.

    Bursts up to the limit pass at once. With `state` all processes share the window. Threads may
    use one limiter together.

    The server counts arrivals, and a request that is under way for longer than others arrives
    later than it was sent, so that the window it falls into ends later too. `answered` tells.

    Raises (every method):
        ProviderUnavailable: the state file cannot be read or written.
    """

    def __init__(
        self,
        rate: Rate,
        state: Path | None = None,
        clock: Clock = time.time,
        sleep: Sleep = time.sleep,  # noqa: TID251  # this file is a part of dnsinv.http
    ) -> None:
        self.rate = rate
        # For the little that the time of an answer does not tell about the arrival.
        self._seconds = rate.seconds + min(0.02 * rate.seconds, 1.0)
        self._latest = min(rate.seconds / 4, _LATEST)
        self._quickest = math.inf  # seconds from request to answer
        self._state = state
        self._window = Window(rate.requests, state)
        self._clock = clock
        self._sleep = sleep

    def acquire(self, patience: float = math.inf) -> Sent:
        """Return when a request may be sent, and count it.

        Raises:
            ProviderUnavailable: the provider asked for a pause longer than `patience` seconds.
        """
        while not isinstance(taken := self.take(), Sent):
            if (paused := self.paused()) > patience:
                raise ProviderUnavailable(
                    f"It asked for no more requests in the next {paused:.0f} s.", code="429"
                )
            self._sleep(max(taken, _SHORTEST_WAIT))
        return taken

    def take(self) -> Sent | float:
        """Count a request that is sent now, or give the seconds until one may be."""
        with self._locked() as ring:
            now = self._clock()
            wait = max(self._window_left(ring, now), self._pause_left(ring, now))
            return wait if wait > 0 else ring.append(now)

    def answered(self, sent: Sent, at: float) -> None:
        """Tell that the answer to `sent` began to come `at` that moment of the clock."""
        taken = at - sent.stamp
        if taken < 0:
            return  # the clock was set back
        self._quickest = min(self._quickest, taken)
        if (late := min(taken - self._quickest, self._latest)) > 0:
            with self._locked() as ring:
                ring.amend(sent, sent.stamp + late)

    def pause(self, seconds: float) -> None:
        """Send nothing for `seconds`, as the provider asked; a longer pause already set stays."""
        with self._locked() as ring:
            now = self._clock()
            seconds = min(seconds, _LONGEST_PAUSE)
            if seconds > self._pause_left(ring, now):
                ring.pause(now + seconds)

    def paused(self) -> float:
        """Seconds of a pause that are left."""
        with self._locked() as ring:
            return self._pause_left(ring, self._clock())

    def remaining(self) -> int:
        """How many requests could be sent right now without waiting."""
        with self._locked() as ring:
            now = self._clock()
            if self._pause_left(ring, now):
                return 0
            spent = ring.count_between(now - self._seconds, now + _CLOCK_STEP)
            return max(self.rate.requests - spent, 0)

    def _window_left(self, ring: Ring, now: float) -> float:
        oldest = ring.nth_newest(self.rate.requests)
        is_credible = oldest <= now + _CLOCK_STEP
        return max(oldest + self._seconds - now, 0.0) if is_credible else 0.0

    @staticmethod
    def _pause_left(ring: Ring, now: float) -> float:
        left = ring.paused_until - now
        return left if 0 < left <= _LONGEST_PAUSE else 0.0

    @contextmanager
    def _locked(self) -> Iterator[Ring]:
        try:
            with self._window.locked() as ring:
                yield ring
        except OSError as trouble:
            raise ProviderUnavailable(
                f"The rate limit cannot be kept in {self._state}: {trouble.strerror}."
            ) from trouble
