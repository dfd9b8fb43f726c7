"""What a file that is no list is: an object of objects, a single object, lines of objects."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from dnsinv.migration.strict import Decoder, Fault
from dnsinv.migration.texts import Text

_TOO_LARGE = (
    "the object that begins here is too large to be one item; "
    "if it holds a list of items, save that list as a file of its own"
)
_SPACE = r"[ \t\n\r]*"
_BEGIN = re.compile(_SPACE)
_OPEN = re.compile(rf"{_SPACE}{{{_SPACE}")
_COLON = re.compile(rf"{_SPACE}:{_SPACE}")
_COMMA = re.compile(rf"{_SPACE},{_SPACE}")


def object_format(source: Text) -> str:
    """json-object, json-single or ndjson. Faults are left to the reader, which says where."""
    decoder = Decoder(depth=source.limits.depth)
    if not _is_whole(source, decoder) and _is_keyed(source.text, decoder):
        return "json-object"
    while True:
        try:
            _value, end = decoder.decode(source.text, _begin(source.text, 0))
        except Fault as fault:
            if source.ended or not fault.is_cut:
                return "ndjson" if "\n" in source.text[: fault.at].strip() else "json-single"
            if len(source.text) > source.limits.item:
                raise source.refused(0, _TOO_LARGE) from fault
            source.more(_begin(source.text, 0))
            continue
        if _begin(source.text, end) < len(source.text) or not source.ended:
            return "ndjson"
        return "json-object" if _is_keyed(source.text, decoder) else "json-single"


def is_scalar(source: Text) -> bool:
    """The whole file is one text, number or word of JSON."""
    if not source.ended:
        return False
    try:
        _value, end = Decoder(depth=0).decode(source.text, _begin(source.text, 0))
    except Fault:
        return False
    return _begin(source.text, end) == len(source.text)


def _is_whole(source: Text, decoder: Decoder) -> bool:
    try:
        decoder.decode(source.text, _begin(source.text, 0))
    except Fault:
        return False
    return True


def _is_keyed(text: str, decoder: Decoder) -> bool:
    """Most keys look like domain names, or all members in sight are objects of one kind.

    One object with an owner and its records has two objects as well, but they share no field.
    """
    members = list(_members(text, decoder))
    objects = [value for _, value in members if isinstance(value, dict)]
    if not objects:
        return False
    dotted = sum("." in key.strip(".") for key, _ in members)
    if dotted * 2 > len(members):
        return True
    fields = Counter(field for each in objects for field in each)
    shared = max(fields.values(), default=len(objects))
    return len(objects) == len(members) and shared * 2 > len(objects)


def _members(text: str, decoder: Decoder) -> Iterator[tuple[str, Any]]:
    """The members of the object that the text begins with; {} or None for one that is cut."""
    opening = _OPEN.match(text)
    at = opening.end() if opening else len(text)
    try:
        while text.startswith('"', at):
            key, end = decoder.decode(text, at)
            colon = _COLON.match(text, end)
            if not colon or colon.end() == len(text):
                return
            cut: dict[str, Any] | None = {} if text[colon.end()] == "{" else None
            try:
                value, end = decoder.decode(text, colon.end())
            except Fault:
                yield key, cut
                return
            yield key, value
            comma = _COMMA.match(text, end)
            if not comma:
                return
            at = comma.end()
    except Fault:
        return


def _begin(text: str, at: int) -> int:
    match = _BEGIN.match(text, at)
    assert match
    return match.end()
