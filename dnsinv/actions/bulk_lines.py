"""Lines of a CSV or JSON file about users: read one by one, so that a bad one spoils no other."""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dnsinv.errors import UsageError

LARGEST_FILE = 20_000_000  # bytes
MOST_LINES = 100_000
FIELDS = ("name", "email", "department", "role", "active", "can_sign_in", "groups")
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class BadFile(UsageError):
    """Not a file of users: the text says what of it is wrong."""


@dataclass(frozen=True, slots=True)
class Line:
    """What one line says; `trouble` is why it says nothing, "" where it does."""

    number: int
    said: Mapping[str, Any]
    trouble: str = ""


def lines_of(content: bytes | str) -> Iterator[Line]:
    """The lines of a CSV file with a heading, of a JSON array, or of one JSON object per line.

    Numbers are those of lines; in a JSON array, those of its elements, from 1. A CSV cell that is
    empty says nothing. Separators are commas, semicolons or tabs, as in the heading.

    Raises:
        BadFile: it is not UTF-8, too large, or its heading has unknown columns.
    """
    text = _text(content)
    start = text.lstrip()[:1]
    if start == "[":
        yield from _elements(text)
    elif start == "{":
        yield from _objects(text)
    else:
        yield from _rows(text)


def _text(content: bytes | str) -> str:
    if len(content) > LARGEST_FILE:
        raise BadFile(f"The file is larger than {LARGEST_FILE:,} bytes; split it.")
    if isinstance(content, bytes):
        try:
            content = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise BadFile(
                f"The file is not UTF-8 (byte {error.start + 1:,}); save it as CSV UTF-8."
            ) from None
    return content.removeprefix("\ufeff")


def _rows(text: str) -> Iterator[Line]:
    lines = re.split(r"\r\n|\n|\r", text)
    if not lines[0].strip():
        raise BadFile(f"The first line must name the columns: {', '.join(FIELDS)}.")
    separator = max(",;\t", key=lines[0].count)
    names = [name.strip().lower() for name in _cells(lines[0], separator)]
    for name in names:
        if name not in FIELDS or names.count(name) > 1:
            raise BadFile(
                f"The column {name[:30]!a} of the first line is unknown or there twice; "
                f"there are: {', '.join(FIELDS)}."
            )
    _refuse_too_many(len(lines) - 1)
    for number, line in enumerate(lines[1:], start=2):
        if line.strip():
            yield _row(number, line, separator, names)


def _row(number: int, line: str, separator: str, names: list[str]) -> Line:
    try:
        cells = _cells(line, separator)
    except csv.Error:
        return Line(number, {}, "A quote is not closed on its line, or a cell is too large.")
    if len(cells) != len(names):
        return Line(number, {}, f"It has {len(cells)} cells where the heading has {len(names)}.")
    said: dict[str, Any] = {}
    for name, cell in zip(names, cells, strict=True):
        if not (text := cell.strip()):
            continue
        if name in ("active", "can_sign_in"):
            if text.lower() not in _FLAGS:
                return Line(number, {}, f"{name} is yes or no, not {text[:30]!a}.")
            said[name] = _FLAGS[text.lower()]
        elif name == "groups":
            said[name] = [part for part in re.split(r"[;,|]", text) if part.strip()]
        else:
            said[name] = text
    return Line(number, said)


def _cells(line: str, separator: str) -> list[str]:
    return next(csv.reader([line], delimiter=separator, strict=True), [])


def _elements(text: str) -> Iterator[Line]:
    try:
        elements = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadFile(f"The file is not JSON: {error}.") from None
    _refuse_too_many(len(elements))
    for number, element in enumerate(elements, start=1):
        yield _object(number, element)


def _objects(text: str) -> Iterator[Line]:
    lines = text.split("\n")
    _refuse_too_many(len(lines))
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            element = json.loads(line)
        except (ValueError, RecursionError):
            yield Line(number, {}, "It is not JSON; one object stands on each line.")
        else:
            yield _object(number, element)


def _object(number: int, element: Any) -> Line:
    if not isinstance(element, dict):
        return Line(number, {}, "It is not an object with fields such as name and email.")
    for name in element:
        if name not in FIELDS:
            known = ", ".join(FIELDS)
            return Line(number, {}, f"There is no field {name[:30]!a}; there are: {known}.")
    groups = element.get("groups", [])
    if not isinstance(groups, list) or not all(isinstance(group, str) for group in groups):
        return Line(number, {}, "groups is a list of names.")
    return Line(number, {name: value for name, value in element.items() if value is not None})


def _refuse_too_many(count: int) -> None:
    if count > MOST_LINES:
        raise BadFile(f"{count:,} lines are too many; at most {MOST_LINES:,} are possible.")
