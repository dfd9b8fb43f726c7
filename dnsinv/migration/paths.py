r"""Paths into the items of a file: what a template writes where a value is to be found.

    domain              the field of that name
    owner.email         a field of an object in a field
    records[*]          each value of a list; of a single value that is no list, the value itself
    records.*           each value of an object, whatever its key
    records.*[*]        both, one after the other
    ["a.b"].c           a name with characters that mean something here, as a JSON string

    $key                the key that the last `.*` went through; of an item its key in the file
    $value              the value itself
    $index              its place in its list, from 0
    $up.domain          a path that begins at the object around the value; $up.$up at the next one
    $item.owner.email   a path that begins at the item
    $item.$key          the key of the item

All but the last four begin where rows are made: at the item, or at a value within it.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from dnsinv.errors import UsageError

LONGEST_PATH = 500
MOST_STEPS = 20

EACH: Final = 0
MEMBERS: Final = 1
Step = str | int  # a field's name, EACH or MEMBERS

KEY, VALUE, INDEX = "$key", "$value", "$index"
_ITEM, _UP = "$item", "$up"
_EXAMPLE = "write it like domain, owner.email, records.A[*] or $key"
_STEP = re.compile(r'\[\*\]|\[("(?:[^"\\]|\\.)*")\]|(\.?)(\*|[^.*\[\]"$][^.*\[\]"]*)')


class BadPath(UsageError):
    """Not a path into the items of a file."""


class Found(NamedTuple):
    """One value that a path leads to, and by which key and place in a list it was reached.

    `key` is None where no object of unknown keys was passed, `place` where no list was. `around`
    are the objects that were passed, the nearest first.
    """

    value: Any
    key: str | None = None
    place: int | None = None
    around: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Path:
    """A path that has been understood; `text` is as it was written.

    `special` is $key, $value or $index, and then there are no steps. It begins at the item, or so
    many objects above the value.
    """

    text: str
    steps: tuple[Step, ...]
    special: str = ""
    of_item: bool = False
    ups: int = 0

    @property
    def is_many(self) -> bool:
        """Whether it may lead to several values."""
        return EACH in self.steps or MEMBERS in self.steps

    @property
    def field(self) -> str | None:
        """The name of a field that the path is no more than, else None."""
        step = self.steps[0] if len(self.steps) == 1 else None
        return step if isinstance(step, str) else None

    def getter(self) -> Callable[[Any], Any]:
        """What finds the path's value in an object, None where there is none; a list of many."""
        if self.is_many:
            return lambda value: [each.value for each in find(self.steps, value)] or None
        names = self.steps
        if self.field is not None:
            name = self.field
            return lambda value: value.get(name) if type(value) is dict else None
        return lambda value: _walked(names, value)


def path(text: str) -> Path:
    """Understand a path.

    Raises:
        BadPath: it cannot be understood; the text says where and what paths look like.
    """
    if not text.strip() or len(text) > LONGEST_PATH:
        raise BadPath(f"A path has 1 to {LONGEST_PATH} characters; {_EXAMPLE}.")
    rest, ups, of_item = text, 0, False
    while _begins_with(_UP, rest):
        rest, ups = rest.removeprefix(_UP).removeprefix("."), ups + 1
    if not ups and _begins_with(_ITEM, rest):
        rest, of_item = rest.removeprefix(_ITEM).removeprefix("."), True
    if not rest or rest in (KEY, VALUE, INDEX):
        if rest in (KEY, INDEX) and (ups or (of_item and rest == INDEX)):
            raise BadPath(f"The path {text[:60]!r} asks for what is not known there; {_EXAMPLE}.")
        return Path(text, (), rest or VALUE, of_item, ups)
    steps = tuple(_steps(text, rest))
    if len(steps) > MOST_STEPS:
        raise BadPath(f"The path {text[:60]!r} has more than {MOST_STEPS} steps.")
    return Path(text, steps, "", of_item, ups)


def find(steps: tuple[Step, ...], value: Any) -> list[Found]:
    """All that steps lead to, in the order of the file."""
    level = [Found(value)]
    for step in steps:
        level = [each for found in level for each, _ in _step(found, step)]
    return level


def places(steps: tuple[Step, ...], value: Any) -> list[str]:
    """Where all that `find` gives stands, as paths: records.A[0], records.A[1]."""
    level = [(Found(value), "")]
    for step in steps:
        level = [
            (each, joined(where, below))
            for found, where in level
            for each, below in _step(found, step)
        ]
    return [where for _, where in level]


def joined(where: str, below: str) -> str:
    """The text of a path that goes on with another one."""
    if not where or not below:
        return where or below
    return f"{where}{below}" if below.startswith("[") else f"{where}.{below}"


def written(name: str) -> str:
    """The name of a field as a path has it."""
    plain = _STEP.fullmatch(name)
    is_bare = plain and plain[3] and not plain[2] and name != "*" and name == name.strip()
    return name if is_bare else f"[{json.dumps(name)}]"


def _step(found: Found, step: Step) -> Iterator[tuple[Found, str]]:
    value, key, _, around = found
    if step == EACH:
        if type(value) is list:
            for place, each in enumerate(value):
                yield Found(each, key, place, around), f"[{place}]"
        elif value is not None:
            yield found, ""
    elif type(value) is dict:
        if step == MEMBERS:
            for name, each in value.items():
                yield Found(each, name, found.place, (value, *around)), written(name)
        elif step in value:
            name = str(step)
            yield Found(value[name], key, found.place, (value, *around)), written(name)


def _walked(names: tuple[Step, ...], value: Any) -> Any:
    for name in names:
        if type(value) is not dict:
            return None
        value = value.get(name)
    return value


def _begins_with(origin: str, text: str) -> bool:
    return text == origin or text.startswith((f"{origin}.", f"{origin}["))


def _steps(text: str, rest: str) -> Iterator[Step]:
    at = 0
    while at < len(rest):
        step = _STEP.match(rest, at)
        if step is None or (step[3] and (step[2] == ".") != (at > 0)):
            raise BadPath(
                f"The path {text[:60]!r} cannot be read from {rest[at : at + 20]!r} on; {_EXAMPLE}."
            )
        at = step.end()
        if step[1]:
            yield _quoted(text, step[1])
        elif step[3]:
            yield MEMBERS if step[3] == "*" else step[3]
        else:
            yield EACH


def _quoted(text: str, quoted: str) -> str:
    try:
        return str(json.loads(quoted))
    except ValueError as error:
        raise BadPath(f"The path {text[:60]!r} has a name that is no JSON string.") from error
