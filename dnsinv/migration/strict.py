"""One JSON value at a time at C speed, as RFC 8259 has it and not as Python's json is lenient.

Python takes NaN and Infinity, keeps the last of repeated keys, makes inf of 1e999 and lets lone
surrogates through. The first is a fault of the text; the others are troubles of the one value.
"""

import json
import math
import re
from collections.abc import Callable
from typing import Any

from dnsinv.migration.chunks import Trouble

_SHOWN = 200  # characters of a value in a message
_DIGITS = 4300  # of a whole number; Python refuses to convert more, as it takes quadratic time
_LONGEST_CUT = 16  # characters from a fault to the end of text that was cut: "\ud800\udc00
_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|NaN|-?Infinity', re.DOTALL)
_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")

_CAUSES = {
    "Expecting value": "a value is expected here",
    "Expecting property name enclosed in double quotes": "a key in double quotes is expected here",
    "Expecting ':' delimiter": "a colon is expected here",
    "Expecting ',' delimiter": "a comma or the end of the object or list is expected here",
    "Illegal trailing comma before end of object": "there is a comma before the end of the object",
    "Illegal trailing comma before end of array": "there is a comma before the end of the list",
    "Invalid control character at": "a control character stands in a string without an escape",
    "Invalid \\escape": "a backslash is followed by a character that it cannot escape",
    "Invalid \\uXXXX escape": "\\u is not followed by four hexadecimal digits",
    "Unterminated string starting at": "a string begins here and never ends",
}


class Fault(Exception):
    """The text is no JSON value. `at` is where, `is_cut` that more text might mend it."""

    def __init__(self, at: int, cause: str, *, is_cut: bool) -> None:
        super().__init__(cause)
        self.at, self.cause, self.is_cut = at, cause, is_cut


class Decoder:
    """Decodes one value after another.

    Attributes:
        odd: what was odd about the values decoded since it was last emptied, as (is a warning,
            trouble): repeated keys and numbers that cannot be kept; one of each kind at most.
    """

    def __init__(self, *, depth: int) -> None:
        self.depth = depth
        self.odd: dict[bool, Trouble] = {}
        odd = self.odd

        def pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
            found = dict(pairs)
            if len(found) != len(pairs):
                _note_repeats(odd, pairs)
            return found

        def real(digits: str) -> float:
            number = float(digits)
            if math.isinf(number):
                _note_number(odd, digits)
            return number

        def whole(digits: str) -> int:
            if len(digits) > _DIGITS:
                _note_number(odd, digits)
                return 0
            return int(digits)

        self._decode = json.JSONDecoder(
            object_pairs_hook=pairs, parse_constant=_refuse_constant, parse_float=real
        ).raw_decode
        self._decode_unproved = json.JSONDecoder(
            parse_constant=_refuse_constant, parse_float=real
        ).raw_decode
        self._decode_any_number = json.JSONDecoder(
            object_pairs_hook=pairs,
            parse_constant=_refuse_constant,
            parse_float=real,
            parse_int=whole,
        ).raw_decode

    def decode(self, text: str, at: int) -> tuple[Any, int]:
        """The value that begins at `at`, and where it ends.

        Raises:
            Fault: there is no value, or no whole one.
        """
        try:
            try:
                return self._decode(text, at)
            except ValueError as error:
                if isinstance(error, json.JSONDecodeError):
                    raise
                # A whole number of very many digits: it is noted instead of converted.
                self.odd.clear()
                return self._decode_any_number(text, at)
        except json.JSONDecodeError as error:
            raise _fault(text, error) from error
        except _Constant as error:
            raise self._constant_fault(text, at) from error
        except RecursionError as error:
            raise self.depth_fault(text, at) from error

    def decode_all(self, text: str) -> Any:
        """The value that the whole text is, if it is sound and has nothing odd in it, else None."""
        return self._decode_whole(self._decode, text)

    def decode_unproved(self, text: str) -> Any:
        """As `decode_all`, in half the time; of repeated keys the last is taken without a word."""
        return self._decode_whole(self._decode_unproved, text)

    def _decode_whole(self, decode: Callable[[str, int], tuple[Any, int]], text: str) -> Any:
        try:
            value, end = decode(text, 0)
        except (ValueError, RecursionError, _Constant):
            value, end = None, len(text)
        is_odd = bool(self.odd)
        self.odd.clear()
        return None if is_odd or end != len(text) else value

    def is_deep(self, value: Any) -> bool:
        """More than `depth` objects and lists lie within one another."""
        level, depth = [value], 0
        while level := [each for each in level if isinstance(each, dict | list)]:
            depth += 1
            if depth > self.depth:
                return True
            level = [
                child
                for each in level
                for child in (each.values() if isinstance(each, dict) else each)
            ]
        return False

    def depth_fault(self, text: str, at: int) -> Fault:
        """Where a value that is too deep becomes so."""
        depth = 0
        for word in _BRACKET.finditer(text, at):
            if word[0] in "[{":
                depth += 1
            elif word[0] in "]}":
                depth -= 1
            if depth > self.depth:
                break
        cause = f"more than {self.depth} objects and lists lie within one another"
        return Fault(word.start(), cause, is_cut=False)

    def _constant_fault(self, text: str, at: int) -> Fault:
        words = _WORD.finditer(text, at)
        word = next(word for word in words if not word[0].startswith('"'))
        return Fault(word.start(), f"{word[0]} is no number of JSON", is_cut=False)


def surrogate_trouble(value: Any) -> Trouble | None:
    """Why a value cannot be written as Unicode: it has half of a character, the escape ud800."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        code = ord(error.object[error.start])
        return Trouble(
            "lone_surrogate",
            f"the escape \\u{code:04x} is half of a character; the other half is missing",
        )
    return None


def surrogates(text: str, start: int, end: int) -> list[int]:
    """Where escapes of halves of characters stand: most are pairs, and in order."""
    if text.find("\\", start, end) < 0:
        return []
    return [found.start() for found in _SURROGATE.finditer(text, start, end)]


def shown(value: Any) -> str:
    """A value as a message shows it: as JSON, shortened."""
    text = value if isinstance(value, str) else json.dumps(value)
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


class _Constant(Exception):
    """NaN or Infinity was met."""


def _refuse_constant(_word: str) -> None:
    raise _Constant


def _note_repeats(odd: dict[bool, Trouble], pairs: list[tuple[str, Any]]) -> None:
    first: dict[str, Any] = {}
    for key, value in pairs:
        if key not in first:
            first[key] = value
            continue
        is_same = json.dumps(first[key], sort_keys=True) == json.dumps(value, sort_keys=True)
        if is_same in odd:
            continue
        name = shown(key)
        reason = (
            f'the key "{name}" is repeated with the same value'
            if is_same
            else f'the key "{name}" is repeated with different values: '
            f"{shown(first[key])} and {shown(value)}"
        )
        odd[is_same] = Trouble("duplicate_key", reason, field=name, value=shown(value))


def _note_number(odd: dict[bool, Trouble], digits: str) -> None:
    reason = f"the number {shown(digits)} is too large to be kept"
    odd.setdefault(False, Trouble("number_out_of_range", reason, value=shown(digits)))


def _fault(text: str, error: json.JSONDecodeError) -> Fault:
    cause = _CAUSES.get(error.msg, error.msg)
    at = min(error.pos, len(text))
    if at < len(text) and not error.msg.startswith(("Unterminated", "Invalid")):
        cause += f", not {shown(ascii(text[at]))}"
    is_cut = error.msg.startswith("Unterminated") or error.pos + _LONGEST_CUT > len(text)
    return Fault(at, cause, is_cut=is_cut)
