"""What no path of a template names: kept beside the rows, so that nothing of a file is lost."""

from collections.abc import Iterable, Iterator
from typing import Any, Literal

from dnsinv.migration.faults import Faults
from dnsinv.migration.frames import Frame
from dnsinv.migration.paths import EACH, MEMBERS, VALUE, Path, Step, path
from dnsinv.migration.templates import Mapping, Template
from dnsinv.migration.values import as_json, is_absent

LONGEST_ATTRIBUTES = 100_000  # characters of one row's JSON

Tree = dict[Step, Any] | None  # of each step what is named below it; None: all of it


class Others:
    """What the rows of a template have in `attributes`.

    A domain's row has what is not named of its item. A record's row has what is not named of the
    value that it is made of and, if the template makes no rows of domains, of the item around it.
    """

    def __init__(self, template: Template) -> None:
        self._has_domains = template.domain is not None
        of_items = list(_paths((template.domain or {}).values()))
        self._of_values: list[Tree | Literal[False]] = []
        for records in template.records:
            ways, own = (
                [path(text) for text in records.each],
                list(_paths(records.columns.values())),
            )
            of_items += [*ways, *(way for way in own if way.of_item)] if ways else own
            self._of_values.append(named(way for way in own if not way.of_item) if ways else False)
        self._of_items = named(of_items)

    def of_domains(self, items: Frame, faults: Faults) -> list[str | None] | None:
        """The attributes of each item's row; None where no item has any."""
        tree = self._of_items
        if tree is None or all(name in tree and tree[name] is None for name in items.names):
            return None
        return [
            _text(_others(item, tree), origin, faults)
            for item, origin in zip(items.values, items.origins, strict=True)
        ]

    def of_records(self, place: int, frame: Frame, faults: Faults) -> list[str | None] | None:
        """The attributes of each record's row, of the template's mapping at a place."""
        tree = self._of_values[place]
        if tree is False:
            return None if self._has_domains else self.of_domains(frame, faults)
        around: dict[int, Any] = {}
        texts = []
        for value, item, origin in zip(frame.values, frame.items, frame.origins, strict=True):
            if origin not in around:
                around[origin] = None if self._has_domains else _others(item, self._of_items)
            own = _others(value, tree) if type(value) is dict else None
            both = [each for each in (around[origin], own) if each is not None]
            texts.append(_text({**both[0], **both[-1]} if both else None, origin, faults))
        return texts


def named(ways: Iterable[Path]) -> Tree:
    """What paths name, as a tree of their steps; None if one of them names the whole."""
    tree: dict[Step, Any] = {}
    for way in ways:
        if way.special == VALUE:
            return None
        branch = tree
        for step in way.steps[:-1]:
            branch = branch.setdefault(step, {})
            if branch is None:
                break
        else:
            if way.steps:
                branch[way.steps[-1]] = None
    return tree


def _paths(mappings: Iterable[Mapping]) -> Iterator[Path]:
    for mapping in mappings:
        yield from map(path, mapping.paths)


def _others(value: Any, tree: Tree) -> Any:
    """What of a value the tree does not name, without what says nothing."""
    if tree is None or is_absent(value):
        return None
    if EACH in tree:
        if type(value) is not list:
            return _others(value, tree[EACH])
        parts = (_others(each, tree[EACH]) for each in value)
        return [part for part in parts if part is not None] or None
    if type(value) is not dict:
        return value
    fields = {}
    for name, each in value.items():
        part = _others(each, tree.get(name, tree.get(MEMBERS, {})))
        if part is not None:
            fields[name] = part
    return fields or None


def _text(fields: Any, origin: int, faults: Faults) -> str | None:
    if fields is None:
        return None
    text = as_json(fields)
    if len(text) > LONGEST_ATTRIBUTES:
        reason = f"Its other fields have {len(text)} characters and are left out."
        faults.warn(origin, "", None, "too_long", reason)
        return None
    return text
