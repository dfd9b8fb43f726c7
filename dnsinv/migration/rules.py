"""The rules of a template's fields: what a value must be, after its transforms, to count."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import AfterValidator, Field, PrivateAttr, model_validator

from dnsinv.migration.faults import Unfit
from dnsinv.migration.transforms import Scalar, Strict
from dnsinv.migration.values import kind, name

LONGEST_PATTERN = 500
_CHOICES_SHOWN = 10
_KINDS: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "list": (list,),
    "object": (dict,),
}


class Required(Strict):
    """There must be a value."""

    rule: Literal["required"]


class OfType(Strict):
    """The value must be of this kind in JSON; in a CSV all are texts."""

    rule: Literal["type"]
    type: Literal["text", "number", "boolean", "list", "object"]

    def check(self, value: Any) -> None:
        if type(value) not in _KINDS[self.type]:
            raise Unfit("bad_kind", f"It is {kind(value)}, and must be a {self.type}.")


class Choice(Strict):
    """The value must be one of these, texts in any case."""

    rule: Literal["choice"]
    values: Annotated[list[Scalar], Field(min_length=1, max_length=1000)]
    _choices: frozenset[tuple[type, Any]] = PrivateAttr()

    def model_post_init(self, _context: Any) -> None:
        self._choices = frozenset(map(_folded, self.values))

    def check(self, value: Any) -> None:
        if _folded(value) not in self._choices:
            some = ", ".join(str(each)[:40] for each in self.values[:_CHOICES_SHOWN])
            more = ", ..." if len(self.values) > _CHOICES_SHOWN else ""
            raise Unfit("not_a_choice", f"It must be one of {some}{more}.")


class Length(Strict):
    """A text must have so many characters, a list so many values."""

    rule: Literal["length"]
    min: Annotated[int, Field(ge=0)] = 0
    max: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "Length":
        if self.max is not None and self.max < self.min:
            raise ValueError("max is less than min; no length is between them")
        return self

    def check(self, value: Any) -> None:
        length = len(value) if type(value) in (str, list, dict) else len(str(value))
        if length < self.min or (self.max is not None and length > self.max):
            most = "" if self.max is None else f", at most {self.max}"
            reason = f"Its length is {length}; at least {self.min}{most} is right."
            raise Unfit("bad_length", reason)


class DnsName(Strict):
    """A text must be a DNS name; `labels` is how many labels it has at least."""

    rule: Literal["dns_name"]
    labels: Annotated[int, Field(ge=1, le=127)] = 1

    def check(self, value: Any) -> None:
        if len(name(value).split(".")) < self.labels:
            raise Unfit("bad_name", f"It must have at least {self.labels} labels.")


def _pattern(text: str) -> str:
    try:
        pc.match_substring_regex(pa.array([""]), text)
        pc.match_substring_regex(pa.array([""]), _whole(text))
    except pa.ArrowInvalid as error:
        raise ValueError(f"{text[:60]!r} is no pattern: {str(error)[:200]}") from error
    return text


def _whole(pattern: str) -> str:
    return rf"\A(?:{pattern})\z"


class Pattern(Strict):
    """A text must match as a whole; the syntax is RE2's, whose time is linear in the text."""

    rule: Literal["pattern"]
    pattern: Annotated[
        str, Field(min_length=1, max_length=LONGEST_PATTERN), AfterValidator(_pattern)
    ]

    def matches(self, texts: Sequence[str | None]) -> Sequence[bool | None]:
        """Of each text whether it matches; half a character counts as a question mark."""
        octets = [None if each is None else each.encode("utf-8", "replace") for each in texts]
        found = pa.array(octets, pa.binary()).cast(pa.string())
        matching: list[bool | None] = pc.match_substring_regex(
            found, _whole(self.pattern)
        ).to_pylist()
        return matching


Rule = Annotated[
    Required | OfType | Choice | Length | DnsName | Pattern, Field(discriminator="rule")
]


def _folded(value: Any) -> tuple[type, Any]:
    return (str, value.strip().lower()) if type(value) is str else (type(value), str(value))
