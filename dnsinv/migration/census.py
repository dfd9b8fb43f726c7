"""Counts what stands in the fields of many items: types, how often filled, samples.

Works on columns, not on items: the values of one field of a whole chunk are counted together.
Bounded whatever the file holds: fields of one object beyond a number become `*` (they are keys, not
names), paths beyond a number are left out and counted.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from dnsinv.migration.paths import joined, written

MOST_NAMES = 100  # of one object's fields; with more they are taken for keys
MOST_NODES = 2_000  # places that are told apart in a file
MOST_DISTINCT = 100  # values of a field that are told apart
SAMPLES = 5
_LONGEST = 200  # characters of a sample, and of a field's name
_STRIDE = 1_000

_TYPES: Final = {
    str: "text",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
    dict: "object",
    list: "list",
}


_SCALARS: Final[tuple[type, ...]] = (str, int, float, bool)


@dataclass(frozen=True, slots=True)
class Field:
    """What stands at one path; only items without trouble count.

    Attributes:
        path: as templates write it: domain, owner.email, records.A[*], records.*.
        types: text, integer, number, boolean, null, object or list -> how many values.
        count: values there.
        fill_rate: share of the objects around it (or of the list's elements) where it holds
            something: not null, "", [] or {}.
        samples: first values that differ, texts shortened.
        distinct: how many values differ; None: more than were told apart, or objects and lists.
    """

    path: str
    types: dict[str, int]
    count: int
    fill_rate: float
    samples: list[Any]
    distinct: int | None


class Census:
    """Takes items, and says what they hold."""

    def __init__(self) -> None:
        self._room = _Room(MOST_NODES)
        self._root = _Node(self._room)

    @property
    def left_out(self) -> int:
        """Values in fields that there was no room for."""
        return self._room.left_out

    def take(self, items: list[Any]) -> None:
        self._root.take(items)

    def fields(self) -> list[Field]:
        """Outer before inner, in the order in which the file first has them."""
        return [node.field(path, chances) for path, node, chances in self._root.walk("", 0) if path]

    def objects(self) -> list[tuple[str, dict[str, int], int]]:
        """Where objects stand: the path, how often each field is there, how many objects."""
        return [
            (path, {name: each.count for name, each in node.names.items()}, node.objects)
            for path, node, _ in self._root.walk("", 0)
            if node.names
        ]


@dataclass(slots=True)
class _Room:
    """How many more places may be told apart in the whole file."""

    nodes: int
    left_out: int = 0


class _Node:
    """What is known of one place: the fields of objects there, the elements of lists there."""

    def __init__(self, room: _Room) -> None:
        self.names: dict[str, _Node] = {}
        self._members: _Node | None = None  # of objects with too many names
        self._elements: _Node | None = None
        self._room = room
        self._types: Counter[type] = Counter()
        self._filled = 0
        self._samples: list[Any] = []
        self._distinct: set[int] = set()

    def take(self, values: list[Any]) -> None:
        types = Counter(map(type, values))
        self._types.update(types)
        self._filled += len(values) - types[type(None)]
        for container, empty in ((str, ""), (list, []), (dict, {})):
            if types[container]:
                self._filled -= values.count(empty)
        if types[dict]:
            self._take_objects(_only(dict, values, types))
        if types[list]:
            elements = list(chain.from_iterable(_only(list, values, types)))
            if elements and (self._elements or self._has_room(len(elements))):
                self._elements = self._elements or _Node(self._room)
                self._elements.take(elements)
        if len(types) > sum(types[container] > 0 for container in (dict, list, type(None))):
            self._take_scalars([value for value in values if isinstance(value, _SCALARS)])

    def walk(self, path: str, chances: int) -> Iterator[tuple[str, "_Node", int]]:
        """The place and those within it, each with how often something could have been there."""
        yield path, self, chances
        for name, node in self.names.items():
            yield from node.walk(joined(path, written(name)), self.objects)
        for step, each in ((".*", self._members), ("[*]", self._elements)):
            if each:
                below = f"{path}{step}" if path else step.removeprefix(".")
                yield from each.walk(below, each.count)

    @property
    def count(self) -> int:
        return self._types.total()

    @property
    def objects(self) -> int:
        return self._types[dict]

    def field(self, path: str, chances: int) -> Field:
        has_scalars = bool(self._types.keys() & set(_SCALARS))
        return Field(
            path=path,
            types={_TYPES[kind]: count for kind, count in self._types.most_common()},
            count=self.count,
            fill_rate=round(self._filled / chances, 4) if chances else 0.0,
            samples=list(self._samples),
            distinct=len(self._distinct)
            if has_scalars and len(self._distinct) <= MOST_DISTINCT
            else None,
        )

    def _take_objects(self, objects: list[dict[str, Any]]) -> None:
        if self._members:
            return self._members.take(list(chain.from_iterable(each.values() for each in objects)))
        columns: dict[str, list[Any]] = {}
        for each in objects:
            for name, value in each.items():
                if name in columns:
                    columns[name].append(value)
                else:
                    columns[name] = [value]
        if len(self.names.keys() | columns.keys()) > MOST_NAMES:
            self._take_names_for_keys()
            return self._take_objects(objects)
        for name, column in columns.items():
            if name not in self.names:
                if len(name) > _LONGEST:
                    self._room.left_out += len(column)
                    continue
                if not self._has_room(len(column)):
                    continue
                self.names[name] = _Node(self._room)
            self.names[name].take(column)
        return None

    def _take_names_for_keys(self) -> None:
        self._members = _Node(self._room)
        for node in self.names.values():
            self._members.absorb(node)
        self.names.clear()

    def absorb(self, other: "_Node") -> None:
        """Know what another place knew, as if it had been this one."""
        self._types.update(other._types)
        self._filled += other._filled
        self._samples = list(dict.fromkeys([*self._samples, *other._samples]))[:SAMPLES]
        if len(self._distinct) <= MOST_DISTINCT:
            self._distinct |= other._distinct
        for name, node in other.names.items():
            self.names.setdefault(name, _Node(self._room)).absorb(node)
        for kind in ("_members", "_elements"):
            theirs = getattr(other, kind)
            if theirs:
                mine = getattr(self, kind) or _Node(self._room)
                mine.absorb(theirs)
                setattr(self, kind, mine)

    def _take_scalars(self, values: list[Any]) -> None:
        if len(self._samples) < SAMPLES:
            self._add_samples(values)
        for start in range(0, len(values), _STRIDE):
            if len(self._distinct) > MOST_DISTINCT:
                break
            self._distinct.update(map(hash, values[start : start + _STRIDE]))

    def _add_samples(self, values: list[Any]) -> None:
        for value in dict.fromkeys(values):
            sample = shortened(value)
            if sample != "" and not _has(self._samples, sample):
                self._samples.append(sample)
                if len(self._samples) == SAMPLES:
                    return

    def _has_room(self, values: int) -> bool:
        self._room.nodes -= 1
        if self._room.nodes < 0:
            self._room.left_out += values
            return False
        return True


def shortened(value: Any) -> Any:
    """A text of a length that may be shown, a whole number too; else the value itself."""
    if isinstance(value, str) and len(value) > _LONGEST:
        return value[: _LONGEST - 1] + "…"
    if isinstance(value, int) and value.bit_length() > 64:
        return shortened(str(value))
    return value


def _only(kind: type, values: list[Any], types: Counter[type]) -> list[Any]:
    if types[kind] == len(values):
        return values
    return [value for value in values if type(value) is kind]


def _has(samples: list[Any], sample: Any) -> bool:
    return any(type(each) is type(sample) and each == sample for each in samples)
