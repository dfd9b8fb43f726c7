"""The allowance of a credential: so many requests in any window of so many seconds."""

import math
import re
from collections import defaultdict, deque
from dataclasses import dataclass

from dnsinv.errors import UsageError

_RATE = re.compile(r"(\d+)/(\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class Rate:
    """`requests` in any window of `seconds`."""

    requests: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a credential has left; `wait_seconds` until there is more."""

    rate: Rate
    is_spent: bool
    remaining: int
    wait_seconds: float

    @property
    def whole_seconds(self) -> int:
        """The wait as headers state it."""
        return max(1, math.ceil(self.wait_seconds))


def parse_rate(text: str) -> Rate:
    """A rate written as REQUESTS/SECONDS, for example 1200/300.

    Raises:
        UsageError: not of this form, or nothing allowed.
    """
    found = _RATE.fullmatch(text)
    if not found or not int(found[1]) or not float(found[2]):
        raise UsageError(f"Rate {text!r} is not REQUESTS/SECONDS, for example 1200/300.")
    return Rate(int(found[1]), float(found[2]))


class RateLimiter:
    """A sliding window per credential; refused requests do not count."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._served: dict[str, deque[float]] = defaultdict(deque)

    def take(self, credential: str, now: float) -> Allowance:
        """Use one request of the credential's allowance, if there is one, at `now` in seconds."""
        served = self._served[credential]
        while served and served[0] <= now - self._rate.seconds:
            served.popleft()
        is_spent = len(served) >= self._rate.requests
        if not is_spent:
            served.append(now)
        return Allowance(
            rate=self._rate,
            is_spent=is_spent,
            remaining=self._rate.requests - len(served),
            wait_seconds=served[0] + self._rate.seconds - now,
        )
