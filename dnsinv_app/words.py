"""Instants, spans, numbers and states as people read them; pure."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

MINUTE, HOUR, DAY = 60, 3600, 86_400

GOOD, BAD, DOUBTFUL, NEUTRAL = "good", "bad", "doubtful", "neutral"

_TONES = {
    "active": GOOD,
    "completed": GOOD,
    "complete": GOOD,
    "unchanged": GOOD,
    "held": DOUBTFUL,
    "locked": DOUBTFUL,
    "partial": DOUBTFUL,
    "pending": DOUBTFUL,
    "unknown": DOUBTFUL,
    "unread": DOUBTFUL,
    "cancelled": BAD,
    "expired": BAD,
    "failed": BAD,
    "refused": BAD,
    "transferred": BAD,
}
_WORST_FIRST = (BAD, DOUBTFUL, NEUTRAL, GOOD)


def tone(*words: str) -> str:
    """The colour of a state, of several the worst; "-" says nothing of its own."""
    tones = {_TONES.get(word, NEUTRAL) for word in words if word != "-"} or {NEUTRAL}
    return next(tone for tone in _WORST_FIRST if tone in tones)


def number(value: int) -> str:
    """1234567 as 1,234,567."""
    return f"{value:,}"


def counted(value: int, one: str, many: str = "") -> str:
    """The number with its noun: 1 zone, 2 zones; `many` where an s is not enough."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def span(time: timedelta) -> str:
    """Its two largest units: "22 s", "3 min 12 s", "4 h 35 min", "2 days 3 h"."""
    seconds = max(round(time.total_seconds()), 0)
    if seconds < MINUTE:
        return f"{seconds} s"
    if seconds < HOUR:
        return _two(seconds, MINUTE, "min", 1, "s")
    if seconds < DAY:
        return _two(seconds, HOUR, "h", MINUTE, "min")
    return _two(seconds, DAY, "day" if seconds < 2 * DAY else "days", HOUR, "h")


def ago(at: datetime, now: datetime) -> str:
    """How long ago, in its largest unit."""
    seconds = max((now - at).total_seconds(), 0)
    if seconds < MINUTE:
        return "just now"
    if seconds < HOUR:
        return f"{int(seconds // MINUTE)} min ago"
    if seconds < 2 * DAY:
        return f"{int(seconds // HOUR)} h ago"
    return f"{int(seconds // DAY)} days ago"


def within(day: date, today: date) -> str:
    """How far off a day is: today, tomorrow, in 12 days, 3 days ago."""
    days = (day - today).days
    far = f"in {days} days" if days > 0 else f"{-days} days ago"
    return {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(days, far)


def instant(at: datetime) -> str:
    """2026-03-31 12:00 UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def listed(words: Sequence[str]) -> str:
    """The words as a list in a sentence: a, b and c."""
    return " and ".join(part for part in (", ".join(words[:-1]), "".join(words[-1:])) if part)


def _two(seconds: int, large: int, large_unit: str, small: int, small_unit: str) -> str:
    rest = seconds % large // small
    whole = f"{seconds // large} {large_unit}"
    return f"{whole} {rest} {small_unit}" if rest else whole
