"""What the fields of a sample of items look like: how often they are there, and what they hold."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from dnsinv.domain.names import canonical_name
from dnsinv.domain.rdata import KNOWN_TYPES
from dnsinv.domain.text import is_storable
from dnsinv.errors import BadName
from dnsinv.migration.faults import Doubt, Unfit
from dnsinv.migration.paths import LONGEST_PATH, joined, written
from dnsinv.migration.values import LONGEST_TEXT, day, flag, is_absent, seconds, status

MOST_ITEMS = 2000  # of a sample that are looked at
LONGEST_NAMED = LONGEST_PATH // 2  # characters of a path that is looked at
DEEPEST = 3  # objects within one another
RECORD_TYPES = KNOWN_TYPES | {"ALIAS", "ANAME", "DNAME", "SPF", "URL", "REDIRECT"}

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")
_TOP_LEVEL = re.compile(r"[a-z]{2,63}|xn--[a-z0-9-]{1,59}")


@dataclass(slots=True)
class Seen:
    """A field: its path, in how many items it says something, and what."""

    path: str
    count: int = 0
    values: list[Any] = field(default_factory=list)

    def share(self, test: Callable[[Any], bool]) -> float:
        """How much of what it holds passes a test, from 0 to 1."""
        return sum(map(test, self.values)) / len(self.values) if self.values else 0.0


def seen(items: Iterable[Any]) -> dict[str, Seen]:
    """The fields of items, of objects within them too, by their paths, in the order of the file."""
    found: dict[str, Seen] = {}
    for item in items:
        _see(item, "", found, DEEPEST)
    return found


def squeezed(name: str) -> str:
    """A field's name without what writers of files differ in: Domain Name, domain_name."""
    return re.sub("[^a-z0-9]", "", name.lower())


def is_name(value: Any) -> bool:
    """Whether it is a name of a domain or host as people write it, with a top-level domain."""
    if type(value) is not str or len(value) > LONGEST_TEXT:
        return False
    try:
        labels = canonical_name(value.strip()).split(".")
    except BadName:
        return False
    return len(labels) > 1 and bool(_TOP_LEVEL.fullmatch(labels[-1]))


def is_email(value: Any) -> bool:
    return type(value) is str and bool(_EMAIL.fullmatch(value.strip()))


def is_record_type(value: Any) -> bool:
    return type(value) is str and value.strip().upper() in RECORD_TYPES


def is_status(value: Any) -> bool:
    """Whether it is a word that is known, or two of them."""
    words = re.sub(r"[()]", "", value).split(",") if type(value) is str else [value]
    return all(_reads(status, word) for word in words)


def is_day(value: Any) -> bool:
    return _reads(day, value)


def is_flag(value: Any) -> bool:
    return _reads(flag, value)


def is_seconds(value: Any) -> bool:
    return _reads(seconds, value)


def is_anything(_value: Any) -> bool:
    return True


def _reads(read: Callable[[Any], Any], value: Any) -> bool:
    try:
        return not is_absent(value) and type(read(value)) is not Doubt
    except Unfit:
        return False


def _see(value: dict[str, Any], above: str, found: dict[str, Seen], depth: int) -> None:
    if type(value) is not dict:
        return
    for name, each in value.items():
        path = joined(above, written(name))
        if is_absent(each) or len(path) > LONGEST_NAMED or not is_storable(path):
            continue
        entry = found.setdefault(path, Seen(path))
        entry.count += 1
        entry.values.append(each)
        if depth > 1:
            _see(each, path, found, depth - 1)
