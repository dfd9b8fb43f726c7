"""What rows are made of: the items of a chunk, or the values in them that become records."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
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
        ways: the steps that led from the item to each value.
    """

    values: list[Any]
    items: list[Any]
    origins: Sequence[int]
    keys: Sequence[str | None] | None
    item_keys: Sequence[str | None] | None
    slots: Sequence[int | None] | None = None
    ways: Sequence[tuple[Step, ...]] | None = None

    @classmethod
    def of_items(
        cls, items: list[Any], origins: Sequence[int], keys: Sequence[str | None] | None
    ) -> "Frame":
        """One row for each item."""
        return cls(items, items, origins, keys, keys)

    def below(self, ways: Sequence[Path]) -> "Frame":
        """One row for all that the items hold where paths lead: the first that leads anywhere."""
        rows: list[tuple[Any, Any, int, str | None, str | None, int | None, tuple[Step, ...]]] = []
        for place, item in enumerate(self.values):
            for way in ways:
                if found := find(way.steps, item):
                    key = self.keys[place] if self.keys else None
                    origin = self.origins[place]
                    rows += [
                        (value, item, origin, own_key, key, slot, way.steps)
                        for value, own_key, slot in found
                    ]
                    break
        columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(7)]
        return Frame(*columns)

    @cached_property
    def names(self) -> set[str]:
        """The fields that at least one of the values has."""
        found: set[str] = set()
        for value in self.values:
            if type(value) is dict:
                found.update(value)
        return found

    def gather(self, wanted: Path, getter: Callable[[Any], Any]) -> Sequence[Any] | None:
        """What a path leads to from each row; None where no row has anything."""
        if wanted.special == KEY:
            return self.item_keys if wanted.of_item else self.keys
        if wanted.special == INDEX:
            return self.slots
        start = self.items if wanted.of_item else self.values
        if wanted.special == VALUE:
            return start
        if start is self.values and wanted.field is not None and wanted.field not in self.names:
            return None
        return list(map(getter, start))

    def where(self, row: int, wanted: Path) -> str:
        """The path that leads from the item to one row's value of a path."""
        base = "" if wanted.of_item else self.base(row)
        if wanted.special:
            return base if wanted.special == VALUE else joined(base, wanted.text)
        found = places(wanted.steps, (self.items if wanted.of_item else self.values)[row])
        return joined(base, found[0] if len(found) == 1 else wanted.text.removeprefix("$item."))

    def base(self, row: int) -> str:
        """The path that leads from the item to a row's value."""
        if self.ways is None:
            return ""
        first = row
        while first and self.origins[first - 1] == self.origins[row]:
            first -= 1
        return places(self.ways[row], self.items[row])[row - first]
