"""What is wrong with an item of a file, and the rows of a report that say so."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from dnsinv.migration.rows import ERROR_ROWS

LONGEST_VALUE = 200  # characters of a value that a report shows
LONGEST_REASON = 500
MOST_OF_AN_ITEM = 20  # faults of one item that a report lists

# Control characters, those that turn the direction of a line, and halves of characters.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


class Unfit(Exception):
    """A value that cannot be taken as what it is meant to be."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Fault:
    """In place of a value that is not fit."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """A value that counts although something about it is to be told."""

    value: Any
    code: str
    reason: str


class Faults:
    """The faults of a chunk's items, by their places in it, until they become rows."""

    def __init__(self) -> None:
        self.bad: set[int] = set()
        self._rows: dict[int, list[tuple[str, str, str, str, bool]]] = {}
        self._more: dict[int, int] = {}

    def is_full(self, place: int) -> bool:
        """Whether an item has so many faults that one more is counted only; then it is counted."""
        if len(self._rows.get(place, ())) < MOST_OF_AN_ITEM:
            return False
        self.bad.add(place)
        self._more[place] = self._more.get(place, 0) + 1
        return True

    def refuse(self, place: int, field: str, value: Any, code: str, reason: str) -> None:
        """Note why an item gives no row."""
        self.bad.add(place)
        self._note(place, field, value, code, reason, is_warning=False)

    def warn(self, place: int, field: str, value: Any, code: str, reason: str) -> None:
        """Note what is odd about an item that counts nevertheless."""
        if len(self._rows.get(place, ())) < MOST_OF_AN_ITEM:
            self._note(place, field, value, code, reason, is_warning=True)

    def table(self, first: int, lines: Sequence[int]) -> pa.Table:
        """ERROR_ROWS in the order of the file."""
        rows = [
            (first + place, lines[place], *row)
            for place in sorted(self._rows)
            for row in self._of_item(place)
        ]
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(ERROR_ROWS)
        arrays = [
            pa.array(column, field.type) for column, field in zip(columns, ERROR_ROWS, strict=True)
        ]
        return pa.table(arrays, ERROR_ROWS)

    def _note(
        self, place: int, field: str, value: Any, code: str, reason: str, *, is_warning: bool
    ) -> None:
        row = (safe(field), shown(value), code, safe(reason, LONGEST_REASON), is_warning)
        self._rows.setdefault(place, []).append(row)

    def _of_item(self, place: int) -> list[tuple[str, str, str, str, bool]]:
        rows = sorted(self._rows[place], key=lambda row: row[4])  # what refuses it comes first
        if more := self._more.get(place):
            reason = f"The item has {more} more faults, which are not listed."
            rows.append(("", "", "more", reason, False))
        return rows


def shown(value: Any, longest: int = LONGEST_VALUE) -> str:
    """A value of a file as a report shows it: short, and harmless wherever it is printed."""
    if value is None:
        return ""
    if isinstance(value, str):
        return safe(value, longest)
    try:
        return safe(json.dumps(value, ensure_ascii=False), longest)
    except (RecursionError, ValueError):  # deeper or longer than can be printed
        return f"({type(value).__name__})"


def safe(text: str, longest: int = LONGEST_VALUE) -> str:
    """Text of at most so many characters; those that do not show are written as escapes."""
    short = text if len(text) <= longest else f"{text[: longest - 1]}…"
    escaped = _UNSAFE.sub(lambda each: each[0].encode("unicode_escape").decode(), short)
    return escaped if len(escaped) <= longest else f"{escaped[: longest - 1]}…"
