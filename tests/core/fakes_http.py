"""Time that passes only when somebody sleeps, and replies that come from a function."""

import json
import threading
from collections.abc import Callable
from typing import Any

import httpx

from dnsinv.http import Patience, Rate
from dnsinv.providers.provider import Provider
from dnsinv.providers.registry import open_provider

START = 1_800_000_000.0
PLENTY = Rate(100_000, 1)
CREDENTIALS: dict[str, dict[str, Any]] = {
    "cloudflare": {"provider": "cloudflare", "token": "cf-token-of-the-tests"},
    "godaddy_v1": {"provider": "godaddy", "key": "gd-key-of-tests", "secret": "gd-secret-of-tests"},
    "godaddy_v3": {"provider": "godaddy", "token": "gd-token-of-the-tests"},
}

Handler = Callable[[httpx.Request], httpx.Response]


class FakeTime:
    """A clock that stands still but for `sleep`, which remembers what it was asked."""

    def __init__(self, now: float = START) -> None:
        self.now = now
        self.slept: list[float] = []
        self._lock = threading.Lock()

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self.now += seconds


def reply(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> httpx.Response:
    return httpx.Response(status, content=json.dumps(body), headers=headers)


def provider(kind: str, handler: Handler, time: FakeTime | None = None, **more: Any) -> Provider:
    """A provider of `kind` whose requests are answered by `handler`; nothing waits for real."""
    time = time or FakeTime()
    options = {
        "rate": PLENTY,
        "sleep": time.sleep,
        "clock": time.clock,
        "patience": Patience(attempts=3),
        **more,
    }
    return open_provider(**CREDENTIALS[kind], wire=httpx.MockTransport(handler), **options)
