"""Gathering a column of values from many rows at once, and reading it; faults are told by row.

Each different text is read once, as most columns hold few.
"""

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dnsinv.domain.names import LONGEST_NAME
from dnsinv.migration.faults import Doubt, Fault, Faults, Unfit
from dnsinv.migration.frames import Frame
from dnsinv.migration.paths import joined, path
from dnsinv.migration.rules import Pattern, Required
from dnsinv.migration.templates import Mapping
from dnsinv.migration.transforms import shaped
from dnsinv.migration.values import is_absent, name

Convert = Callable[[Any], Any]

MOST_REMEMBERED = 20_000  # different texts of a column
LONGEST_REMEMBERED = 300  # characters of one
# What names.canonical_name gives back as it is, if it is not too long.
_PLAIN_NAME = r"\A(?:\*|[a-z0-9_-]{1,63})(?:\.[a-z0-9_-]{1,63})*\z"


class Memory(dict[Any, Any]):
    """What each text, or tuple that begins with one, is read as; one that is not fit is a Fault.

    `is_odd` says whether there was a Fault or a Doubt among all that was read.
    """

    def __init__(self, convert: Convert) -> None:
        super().__init__()
        self._convert = convert
        self.is_odd = False

    def __missing__(self, key: Any) -> Any:
        found = self.read(key)
        text = key if type(key) is str else key[0]
        if text is None or len(text) <= LONGEST_REMEMBERED:
            if len(self) >= MOST_REMEMBERED:
                self.clear()
            self[key] = found
        return found

    def read(self, value: Any) -> Any:
        """Read a value of any kind, without keeping what it is read as."""
        if type(value) is Fault:
            return value
        try:
            found = self._convert(value)
        except Unfit as unfit:
            found = Fault(unfit.code, unfit.reason)
        if type(found) in (Fault, Doubt):
            self.is_odd = True
        return found

    def all(self, values: Sequence[Any]) -> list[Any]:
        """Read many; nothing is read as nothing."""
        if set(map(type, values)) == {str}:
            return list(map(self.__getitem__, values))
        return [
            self[value] if type(value) is str else None if value is None else self._other(value)
            for value in values
        ]

    def _other(self, value: Any) -> Any:
        if type(value) is not list or set(map(type, value)) != {str}:
            return self.read(value)
        key = tuple(value)
        found = self.get(key)
        if found is None:
            found = self.read(value)
            if sum(map(len, key)) <= LONGEST_REMEMBERED and len(self) < MOST_REMEMBERED:
                self[key] = found
        return found


class Column:
    """How one column is gathered and read.

    Args:
        mapping: where its values come from.
        convert: gives a value that is there as the rows have it, or raises Unfit.
        is_needed: whether every row must have it.
        is_spread: whether the values of a list in it make rows of their own.
    """

    def __init__(
        self,
        mapping: Mapping,
        convert: Convert,
        *,
        is_needed: bool = False,
        is_spread: bool = False,
    ) -> None:
        self._is_spread = is_spread
        self._paths = [(path(text), path(text).getter()) for text in mapping.paths]
        self._constant = mapping.constant
        self._is_needed = is_needed or mapping.is_required
        self._patterns = [rule for rule in mapping.rules if isinstance(rule, Pattern)]
        self._transforms = mapping.transforms
        checks = [rule for rule in mapping.rules if not isinstance(rule, Pattern | Required)]

        def checked(value: Any) -> Any:
            if is_absent(value):
                return None
            for check in checks:
                check.check(value)
            return convert(value)

        self._shape = Memory(lambda value: shaped(value, mapping.transforms))
        self._convert = Memory(checked)
        self._holds_names = convert is name and not checks

    def read(self, frame: Frame, faults: Faults) -> Sequence[Any]:
        """The column, None where there is nothing; rows that are not fit are noted in `faults`."""
        raw = self.gather(frame)
        values = self.values(raw)
        is_odd = self._convert.is_odd or self._shape.is_odd or bool(self._patterns)
        if self._is_needed and None in values:
            is_odd, missing = True, self.missing()
            values = [missing if value is None else value for value in values]
        return self.told(values, raw, frame, faults) if is_odd else values

    def gather(self, frame: Frame) -> Sequence[Any]:
        """The values as the file has them."""
        if not self._paths:
            return [self._constant] * len(frame.values)
        found: Sequence[Any] | None = None
        for wanted, getter in self._paths:
            if (more := frame.gather(wanted, getter)) is None:
                continue
            if found is None:
                found = more
            elif any(map(is_absent, found)):
                found = [b if is_absent(a) else a for a, b in zip(found, more, strict=True)]
            else:
                break
        return [None] * len(frame.values) if found is None else found

    def values(self, raw: Sequence[Any]) -> Sequence[Any]:
        """The values as the rows have them; Fault where one is not fit, Doubt where it is odd."""
        values = raw
        if self._transforms:
            nothing = self._shape.read(None)
            values = [nothing if value is None else value for value in self._shape.all(raw)]
        for pattern in self._patterns:
            values = _matching(pattern, values)
        return self._names(values) if self._holds_names else self._convert.all(values)

    def told(
        self, values: Sequence[Any], raw: Sequence[Any], frame: Frame, faults: Faults
    ) -> list[Any]:
        """The values without what is not fit, which is noted, as are doubts."""
        fit = list(values)
        for row, value in enumerate(values):
            if type(value) is Fault:
                self.refuse(row, raw[row], value, frame, faults)
                fit[row] = None
            elif type(value) is Doubt:
                where = self.field(frame, row)
                faults.warn(frame.origins[row], where, raw[row], value.code, value.reason)
                fit[row] = value.value
        return fit

    def refuse(self, row: int, raw: Any, fault: Fault, frame: Frame, faults: Faults) -> None:
        """Note why a row's value is not fit."""
        origin = frame.origins[row]
        if not faults.is_full(origin):
            faults.refuse(origin, self.field(frame, row), raw, fault.code, fault.reason)

    def missing(self) -> Fault:
        """What is wrong where a row has no value in this column and must have one."""
        what = self._paths[0][0].text if self._paths else "value"
        return Fault("missing", f"There is no {what}, and every row must have it.")

    def field(self, frame: Frame, row: int) -> str:
        """The path of a row's value in its item: of the first path that leads to anything."""
        if not self._paths:
            return ""
        found = next(
            (
                wanted
                for wanted, getter in self._paths
                if wanted.special or not is_absent(getter(frame.start(row, wanted)))
            ),
            self._paths[0][0],
        )
        part = frame.parts[row][1] if self._is_spread and frame.parts else None
        return joined(frame.where(row, found), "" if part is None else f"[{part}]")

    def _names(self, values: Sequence[Any]) -> Sequence[Any]:
        are_plain = are_plain_names(values)
        if are_plain is None:
            return self._convert.all(values)
        if all(are_plain):
            return values
        return [
            value if plain else self._convert[value] if value is not None else None
            for value, plain in zip(values, are_plain, strict=True)
        ]


def are_plain_names(values: Sequence[Any]) -> Sequence[bool] | None:
    """Of each text whether it is a name in canonical form already, of null that it is not.

    None if there is anything else than texts and null.
    """
    try:
        texts = pa.array(values, pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
        return None
    match = pc.match_substring_regex(texts, _PLAIN_NAME)
    fits = pc.less_equal(pc.binary_length(texts), LONGEST_NAME)
    plain: list[bool] = pc.fill_null(pc.and_(match, fits), False).to_pylist()
    return plain


def _matching(pattern: Pattern, values: Sequence[Any]) -> list[Any]:
    """The values, a Fault in place of each text that does not match."""
    texts = [value if type(value) is str else None for value in values]
    fault = Fault("no_match", f"It does not match the pattern {pattern.pattern[:100]}.")
    return [
        fault if text is not None and not matches else value
        for value, text, matches in zip(values, texts, pattern.matches(texts), strict=True)
    ]
