"""What no path of a template names: kept beside the rows, so that nothing of a file is lost."""

from collections.abc import Iterable, Iterator
from typing import Any

from dnsinv.migration.faults import Faults
from dnsinv.migration.frames import Frame
from dnsinv.migration.paths import EACH, MEMBERS, VALUE, Path, Step, path
from dnsinv.migration.templates import Domains, Records, Template
from dnsinv.migration.values import as_json, is_absent

LONGEST_ATTRIBUTES = 100_000  # characters of one row's JSON

Tree = dict[Step, Any] | None  # of each step what is named below it; None: all of it


class Others:
    """What the rows of a template have in `attributes`.

    A domain's row has what is not named of its item. A record's row has what is not named of the
    value that it is made of and, if the template makes no rows of domains, of the item around it.
    """

    def __init__(self, template: Template) -> None:
        parts = [each for each in (template.domains, *template.records) if each is not None]
        self._has_domains = template.domains is not None
        self._of_items = named(way for part in parts for way in _of_items(part))
        self._of_values = [
            named(way for way in _own(part) if not (way.of_item or way.ups)) if part.each else None
            for part in parts
        ]

    def of_domains(self, frame: Frame, faults: Faults) -> list[str | None] | None:
        """The attributes of each domain's row; None where no row has any."""
        return self._texts(0, frame, faults, with_items=True)

    def of_records(self, place: int, frame: Frame, faults: Faults) -> list[str | None] | None:
        """The attributes of each record's row, of the template's mapping at a place."""
        part = place + self._has_domains
        return self._texts(part, frame, faults, with_items=not self._has_domains)

    def _texts(
        self, part: int, frame: Frame, faults: Faults, *, with_items: bool
    ) -> list[str | None] | None:
        tree = self._of_items
        if frame.values is frame.items:
            if not with_items or _names_all(tree, frame.names):
                return None
            return [
                _text(_others(item, tree), origin, faults)
                for item, origin in zip(frame.values, frame.origins, strict=True)
            ]
        has_own = not _names_all(self._of_values[part], frame.names)
        if not (has_own or with_items):
            return None
        around: dict[int, Any] = {}
        texts = []
        for value, item, origin in zip(frame.values, frame.items, frame.origins, strict=True):
            if origin not in around:
                around[origin] = _others(item, tree) if with_items else None
            has = has_own and type(value) is dict
            own = _others(value, self._of_values[part]) if has else None
            both = [each for each in (around[origin], own) if each is not None]
            texts.append(_text({**both[0], **both[-1]} if both else None, origin, faults))
        return texts


def _of_items(part: Domains | Records) -> Iterator[Path]:
    """The paths of a mapping that begin at the item."""
    ways = [path(text) for text in part.each]
    yield from ways
    yield from (way for way in _own(part) if way.of_item or not ways)


def _own(part: Domains | Records) -> Iterator[Path]:
    for mapping in part.columns.values():
        yield from map(path, mapping.paths)


def _names_all(tree: Tree, names: Iterable[str]) -> bool:
    return tree is None or all(name in tree and tree[name] is None for name in names)


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


def _others(value: Any, tree: Tree) -> Any:
    """What of a value the tree does not name, without what says nothing."""
    if tree is None or is_absent(value):
        return None
    if not tree:
        return value
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
    try:
        text = as_json(fields)
        size = f"have {len(text)} characters" if len(text) > LONGEST_ATTRIBUTES else ""
    except (RecursionError, ValueError):  # deeper, or numbers longer, than can be written
        text, size = "", "are nested too deeply"
    if size:
        reason = f"Its other fields {size} and are left out."
        faults.warn(origin, "", None, "too_long", reason)
        return None
    return text
