"""What a file that begins with { is: an object of objects, a single object, or lines of objects."""

import re

from dnsinv.migration.strict import Decoder, Fault
from dnsinv.migration.texts import Text

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
            source.more(_begin(source.text, 0))
            continue
        if _begin(source.text, end) < len(source.text) or not source.ended:
            return "ndjson"
        return "json-object" if _is_keyed(source.text, decoder) else "json-single"


def _is_whole(source: Text, decoder: Decoder) -> bool:
    try:
        decoder.decode(source.text, _begin(source.text, 0))
    except Fault:
        return False
    return True


def _is_keyed(text: str, decoder: Decoder) -> bool:
    """All members in sight are objects, or most keys look like domain names."""
    objects = others = dotted = 0
    opening = _OPEN.match(text)
    at = opening.end() if opening else len(text)
    try:
        while text.startswith('"', at):
            key, end = decoder.decode(text, at)
            colon = _COLON.match(text, end)
            if not colon or colon.end() == len(text):
                break
            is_object = text[colon.end()] == "{"
            objects, others = objects + is_object, others + (not is_object)
            dotted += "." in key
            _value, end = decoder.decode(text, colon.end())
            comma = _COMMA.match(text, end)
            if not comma:
                break
            at = comma.end()
    except Fault:
        pass
    return objects > 0 and (others == 0 or dotted * 2 > objects + others)


def _begin(text: str, at: int) -> int:
    match = _BEGIN.match(text, at)
    assert match
    return match.end()
