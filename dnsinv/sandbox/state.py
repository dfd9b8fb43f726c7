"""What the running sandbox knows: its world and day, what it allows, what was asked of it."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from dnsinv.sandbox.faults import FaultBox
from dnsinv.sandbox.rates import Allowance, Rate, RateLimiter
from dnsinv.sandbox.view import Provider, View
from dnsinv.sandbox.world import World, as_of

VIEWS_KEPT = 2


@dataclass(slots=True)
class Stats:
    """What was asked so far. `by_kind` counts under "cloudflare records" and the like."""

    requests: int = 0
    too_many: int = 0  # replies 429, by rate or by order
    writes: int = 0  # anything but GET
    by_kind: Counter[str] = field(default_factory=Counter)
    most_at_once: int = 0  # requests under way at the same time


class State:
    """Shared by the server's thread and whoever steers it."""

    def __init__(
        self,
        world: World,
        day: date,
        provider: Provider,
        rate: Rate | None,
        latency_seconds: float,
    ) -> None:
        self.world = world
        self.provider = provider
        self.rate = rate
        self.latency_seconds = latency_seconds
        self.faults = FaultBox()
        self.stats = Stats()
        self._under_way = 0
        self._day = as_of(world, day)
        self._limiter = RateLimiter(rate) if rate else None
        self._view_of = lru_cache(maxsize=VIEWS_KEPT)(lambda day: View(world, day, provider))

    @property
    def day(self) -> date:
        """The world's day that is served."""
        return self._day

    @day.setter
    def day(self, day: date) -> None:
        self._day = as_of(self.world, day)

    @property
    def view(self) -> View:
        """The providers on that day."""
        return self._view_of(self._day)

    def take(self, credential: str) -> Allowance | None:
        """Use one request of a credential's allowance; None where there is no limit."""
        return self._limiter.take(credential, time.monotonic()) if self._limiter else None

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Count a request as under way inside."""
        self._under_way += 1
        self.stats.most_at_once = max(self.stats.most_at_once, self._under_way)
        try:
            yield
        finally:
            self._under_way -= 1

    def reset_stats(self) -> None:
        """Count from zero."""
        self.stats = Stats()
        self.faults.struck.clear()

    def as_json(self) -> dict[str, Any]:
        """What GET /sandbox shows."""
        return {
            "day": str(self.day),
            "days": [str(day) for day in self.world.days()],
            "provider": self.provider,
            "rate": {"requests": self.rate.requests, "seconds": self.rate.seconds}
            if self.rate
            else None,
            "latency_ms": self.latency_seconds * 1000,
            "faults": [str(fault) for fault in self.faults.orders],
        }

    def stats_as_json(self) -> dict[str, Any]:
        """What GET /sandbox/stats shows."""
        return {
            "requests": self.stats.requests,
            "too_many": self.stats.too_many,
            "writes": self.stats.writes,
            "by_kind": dict(sorted(self.stats.by_kind.items())),
            "most_at_once": self.stats.most_at_once,
            "faults": dict(sorted(self.faults.struck.items())),
        }
