"""Reading the fields of a provider's JSON: what must be there, what may be missing.

Error texts name the thing and the field, and never hold a whole row: a domain's row carries its
transfer code and its owner's address.
"""

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from dnsinv.domain.names import observed_name
from dnsinv.errors import MalformedReply

Row = dict[str, Any]


def rows(value: object, what: str) -> list[Row]:
    """A list of objects.

    Raises:
        MalformedReply: it is something else.
    """
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise MalformedReply(f"{what} is not a list of objects.")
    return value


def row(value: object, what: str) -> Row:
    """An object.

    Raises:
        MalformedReply: it is something else.
    """
    if not isinstance(value, dict):
        raise MalformedReply(f"{what} is not an object.")
    return value


def text(row: Row, key: str, what: str, *, may_be_empty: bool = False) -> str:
    """A field that must be there and be text.

    Raises:
        MalformedReply: it is missing, null, no text, or empty although it must not be.
    """
    value = row.get(key)
    if not isinstance(value, str) or not (value or may_be_empty):
        raise MalformedReply(f"{what} has no {key!r}.")
    return value


def number(row: Row, key: str, what: str) -> int:
    """A field that must be there and be a whole number, 0 or more, or the text of one.

    Raises:
        MalformedReply: it is missing, null or no such number.
    """
    value = row.get(key)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    raise MalformedReply(f"{what} has no number {key!r}.")


def flag(row: Row, key: str) -> bool | None:
    """A yes or no that may be missing."""
    value = row.get(key)
    return value if isinstance(value, bool) else None


def day(row: Row, key: str) -> date | None:
    """The UTC day of a moment that may be missing; what is not ISO 8601 counts as missing."""
    value = row.get(key)
    try:
        moment = datetime.fromisoformat(value if isinstance(value, str) else "")
        return moment.astimezone(UTC).date() if moment.tzinfo else moment.date()
    except (ValueError, OverflowError):
        return None


def hosts(row: Row, key: str) -> tuple[str, ...]:
    """Host names that may be missing, canonical and sorted."""
    value = row.get(key)
    names = value if isinstance(value, list) else []
    return _in_order(tuple(name for name in names if isinstance(name, str) and name))


@lru_cache(maxsize=4096)
def _in_order(names: tuple[str, ...]) -> tuple[str, ...]:
    """One object for all the domains of an account that share their name servers."""
    return tuple(sorted({observed_name(name) for name in names}))
