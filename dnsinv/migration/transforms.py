"""The small transforms of a template's fields: what is done to a value before it is read.

They apply in order. Each changes what it takes, mostly texts, and leaves everything else as it is;
of a list it changes each value.
"""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, StringConstraints

from dnsinv.migration.faults import Unfit
from dnsinv.migration.values import day, day_format, is_absent

LONGEST_TEXT = 300_000  # characters of what replacing makes of a value

Word = Annotated[str, StringConstraints(max_length=500)]
Words = Annotated[list[Word], Field(min_length=1, max_length=1000)]
Scalar = Annotated[str, StringConstraints(max_length=10_000)] | bool | int | float


class Strict(BaseModel):
    """A part of a template; what is not known in it is refused, so that no typing error is lost."""

    takes: ClassVar[tuple[type, ...]] = (str,)

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Lower(Strict):
    """Small letters."""

    do: Literal["lower"]

    def apply(self, value: str) -> Any:
        return value.lower()


class Upper(Strict):
    """Capitals."""

    do: Literal["upper"]

    def apply(self, value: str) -> Any:
        return value.upper()


class Strip(Strict):
    """No space around the text, nor any other of the characters."""

    do: Literal["strip"]
    characters: Word = ""

    def apply(self, value: str) -> Any:
        return value.strip(self.characters or None)


class RemovePrefix(Strict):
    """The text without what it begins with."""

    do: Literal["remove_prefix"]
    text: Word

    def apply(self, value: str) -> Any:
        return value.removeprefix(self.text)


class RemoveSuffix(Strict):
    """The text without what it ends with."""

    do: Literal["remove_suffix"]
    text: Word

    def apply(self, value: str) -> Any:
        return value.removesuffix(self.text)


class Replace(Strict):
    """Each occurrence of a text replaced; it is no pattern."""

    do: Literal["replace"]
    old: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    new: Annotated[str, StringConstraints(max_length=200)] = ""

    def apply(self, value: str) -> Any:
        if len(value) + value.count(self.old) * len(self.new) > LONGEST_TEXT:
            raise Unfit(
                "too_long", f"With all replaced it has more than {LONGEST_TEXT} characters."
            )
        return value.replace(self.old, self.new)


class Split(Strict):
    """The parts of a text as a list, or the one part at a place: 0 is the first, -1 the last."""

    do: Literal["split"]
    by: Annotated[str, StringConstraints(min_length=1, max_length=20)]
    take: int | None = None

    def apply(self, value: str) -> Any:
        parts = [part.strip() for part in value.split(self.by)]
        if self.take is None:
            return parts
        return parts[self.take] if -len(parts) <= self.take < len(parts) else None


class Blank(Strict):
    """Nothing where the text is one of these, in any case: "(blank)", "n/a"."""

    do: Literal["blank"]
    values: Words
    _words: frozenset[str] = PrivateAttr()

    def model_post_init(self, _context: Any) -> None:
        self._words = frozenset(each.lower() for each in self.values)

    def apply(self, value: str) -> Any:
        return None if value.strip().lower() in self._words else value


class Map(Strict):
    """What words stand for, in any case; other words stay, count as nothing or are refused."""

    takes: ClassVar = (str, bool, int)
    do: Literal["map"]
    words: Annotated[dict[Word, Scalar | None], Field(min_length=1, max_length=5000)]
    otherwise: Literal["keep", "blank", "refuse"] = "keep"
    _meanings: dict[str, Scalar | None] = PrivateAttr()

    def model_post_init(self, _context: Any) -> None:
        self._meanings = {word.lower(): meaning for word, meaning in self.words.items()}

    def apply(self, value: Any) -> Any:
        word = str(value).strip().lower()
        if word in self._meanings:
            return self._meanings[word]
        if self.otherwise == "refuse":
            raise Unfit("bad_word", "It is none of the words that the template maps.")
        return value if self.otherwise == "keep" else None


class Date(Strict):
    """A day in one of these formats, such as %d/%m/%Y, epoch (seconds) or epoch_ms, or ISO 8601."""

    takes: ClassVar = (str, int, float)
    do: Literal["date"]
    formats: Annotated[
        list[Annotated[str, AfterValidator(day_format)]], Field(min_length=1, max_length=20)
    ]

    def apply(self, value: Any) -> Any:
        return day(value, self.formats).isoformat()


class Default(Strict):
    """What counts where there is nothing."""

    takes: ClassVar = (type(None),)
    do: Literal["default"]
    value: Scalar

    def apply(self, _nothing: Any) -> Any:
        return self.value


Transform = Annotated[
    Lower
    | Upper
    | Strip
    | RemovePrefix
    | RemoveSuffix
    | Replace
    | Split
    | Blank
    | Map
    | Date
    | Default,
    Field(discriminator="do"),
]


def shaped(value: Any, transforms: Sequence[Transform]) -> Any:
    """A value after all transforms; None where nothing is left of it.

    Raises:
        Unfit: a word or a day that a transform does not take.
    """
    for transform in transforms:
        value = _applied(transform, None if is_absent(value) else value)
    return None if is_absent(value) else value


def _applied(transform: Transform, value: Any) -> Any:
    if type(value) is list:
        return [_applied(transform, each) for each in value]
    return transform.apply(value) if type(value) in transform.takes else value
