"""What rows are made of: the items of a chunk, or values within them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from operator import itemgetter
from typing import Any

from dnsinv.migration.paths import INDEX, KEY, VALUE, Path, Step, find, joined, places


@dataclass
class Frame:
    """Rows to be: one entry of each list for each.

    Attributes:
        values: where paths begin.
        items: the item of each; the same list where the values are the items.
        origins: the place of each row's item in its chunk.
        keys: the key by which each value was reached.
        item_keys: the key of each item in its file.
        slots: the place of each value in its list.
        around: the objects around each value, the nearest first.
        ways: the steps that led from the item to each value.
        nths: how many values the same steps led to before it, within the item.
        parts: what of a list of data each row is for, and its place in it.
    """

    values: list[Any]
    items: list[Any]
    origins: Sequence[int]
    keys: Sequence[str | None] | None
    item_keys: Sequence[str | None] | None
    slots: Sequence[int | None] | None = None
    around: Sequence[tuple[Any, ...]] | None = None
    ways: Sequence[tuple[Step, ...]] | None = None
    nths: Sequence[int] | None = None
    parts: Sequence[tuple[Any, int | None]] | None = None

    @classmethod
    def of_items(
        cls, items: list[Any], origins: Sequence[int], keys: Sequence[str | None] | None
    ) -> "Frame":
        """One row for each item."""
        return cls(items, items, origins, keys, keys)

    def below(self, ways: Sequence[Path]) -> "Frame":
        """One row for all that the items hold where paths lead: the first that leads anywhere."""
        rows: list[tuple[Any, ...]] = []
        for place, item in enumerate(self.values):
            found, steps = next(
                ((found, way.steps) for way in ways if (found := find(way.steps, item))), ([], ())
            )
            item_key = self.keys[place] if self.keys else None
            rows += [
                (value, item, self.origins[place], key, item_key, slot, around, steps, nth)
                for nth, (value, key, slot, around) in enumerate(found)
            ]
        columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(9)]
        return Frame(*columns)

    def spread(self, lists: Sequence[Any]) -> "Frame":
        """For each row as many as its list has values; one where it is no list."""
        rows: list[int] = []
        parts: list[tuple[Any, int | None]] = []
        for row, each in enumerate(lists):
            if type(each) is list:
                parts += ((value, part) for part, value in enumerate(each))
                rows += [row] * len(each)
            else:
                parts.append((each, None))
                rows.append(row)

        def spread(column: Any) -> Any:
            return None if column is None else [column[row] for row in rows]

        items = spread(self.items)
        return Frame(
            items if self.values is self.items else spread(self.values),
            items,
            spread(self.origins),
            spread(self.keys),
            spread(self.item_keys),
            spread(self.slots),
            spread(self.around),
            spread(self.ways),
            spread(self.nths),
            parts,
        )

    @cached_property
    def names(self) -> set[str]:
        """The fields that at least one of the values has."""
        if set(map(type, self.values)) == {dict}:
            return set(chain.from_iterable(self.values))
        return set(chain.from_iterable(each for each in self.values if type(each) is dict))

    def start(self, row: int, wanted: Path) -> Any:
        """Where a path begins, of one row."""
        if wanted.of_item:
            return self.items[row]
        if wanted.ups:
            around = self.around[row] if self.around else ()
            return around[wanted.ups - 1] if len(around) >= wanted.ups else None
        return self.values[row]

    def gather(self, wanted: Path, getter: Callable[[Any], Any]) -> Sequence[Any] | None:
        """What a path leads to from each row; None where no row has anything."""
        if wanted.special == KEY:
            return self.item_keys if wanted.of_item else self.keys
        if wanted.special == INDEX:
            return self.slots
        start: Sequence[Any] = self.items if wanted.of_item else self.values
        if wanted.ups:
            start = [self.start(row, wanted) for row in range(len(self.values))]
        if wanted.special == VALUE:
            return start
        name = wanted.field
        if name is None:
            return list(map(getter, start))
        try:
            return list(map(itemgetter(name), start))
        except (KeyError, TypeError):  # some lack it, or are no objects
            if start is self.values and name not in self.names:
                return None
            return [value.get(name) if type(value) is dict else None for value in start]

    def where(self, row: int, wanted: Path) -> str:
        """The path that leads from the item to one row's value of a path."""
        if wanted.ups:
            return wanted.text
        base = "" if wanted.of_item else self._base(row)
        if wanted.special:
            found = [""] if wanted.special == VALUE else [wanted.text]
        else:
            found = places(wanted.steps, self.start(row, wanted))
        below = found[0] if len(found) == 1 else wanted.text.removeprefix("$item.")
        return joined(base, below)

    def _base(self, row: int) -> str:
        """The path that leads from the item to a row's value."""
        if self.ways is None or self.nths is None:
            return ""
        return places(self.ways[row], self.items[row])[self.nths[row]]
