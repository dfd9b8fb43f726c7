"""What a reply says about when to come back: pure reading of headers and bodies.

None of it is needed and any of it may come; what cannot be read says nothing.
Sources: RFC 9110 (Retry-After), GoDaddy's error body, Cloudflare's changelog of 2025-09-03
(Ratelimit, Retry-After) and its reference (X-RateLimit-*), collected 2026-11-23.
"""

import json
import math
import re
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import httpx

PASSING_STATUSES = frozenset({408, 409, 429, 500, 502, 503, 504, *range(520, 528)})
"""Statuses that another try may not meet; 409 is GoDaddy's "zone is being processed"."""

_RATELIMIT_ITEM = re.compile(r";\s*r=0(?:\.0*)?\s*(?:;|$)")
_RATELIMIT_TIME = re.compile(r";\s*t=(\d+(?:\.\d+)?)")
_EPOCH_FROM = 1e9  # a larger number is a moment since 1970, a smaller one a duration


def asked_wait(response: httpx.Response, now: float) -> float:
    """Seconds that a read reply asks its client to wait, the longest of all it says; else 0."""
    refused = _after_refusal(response, now) if response.status_code in PASSING_STATUSES else ()
    waits = [*refused, *_when_used_up(response.headers, now)]
    return max((wait for wait in waits if wait > 0 and math.isfinite(wait)), default=0.0)


def _after_refusal(response: httpx.Response, now: float) -> Iterator[float]:
    yield _wait(response.headers.get("retry-after", ""), now)
    try:
        body = json.loads(response.content)
        yield float(body["retryAfterSec"])
    except (ValueError, TypeError, KeyError, RecursionError):
        pass


def _when_used_up(headers: httpx.Headers, now: float) -> Iterator[float]:
    for item in headers.get("ratelimit", "").split(","):
        if _RATELIMIT_ITEM.search(item) and (time := _RATELIMIT_TIME.search(item)):
            yield float(time.group(1))
    for prefix in ("x-ratelimit", "ratelimit"):
        if headers.get(f"{prefix}-remaining", "").strip() == "0":
            yield _wait(headers.get(f"{prefix}-reset", ""), now)


def _wait(text: str, now: float) -> float:
    """Seconds from `now`, of a duration, a moment since 1970 or an HTTP date; else 0."""
    try:
        number = float(text)
    except ValueError:
        pass
    else:
        return number - now if number > _EPOCH_FROM else number
    try:
        return parsedate_to_datetime(text).timestamp() - now
    except (ValueError, OverflowError):
        return 0.0
