"""In which zone the names of a register's entries are, told from what the entries say."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from dnsinv.migration.seen import squeezed

_LONGEST = 2000  # characters of a text that are searched
_SHORTEST_LABEL = 3
_ZONE = r"((?:[a-z0-9-]{1,63}\.){1,5}[a-z]{2,20})(?![a-z0-9.-]*[a-z0-9-])"
_CLEAR_LEAD = 2  # times as often as the next one


@dataclass(frozen=True, slots=True)
class ZoneGuess:
    zone: str
    confidence: float
    reason: str


def guess_zone(entries: Sequence[tuple[str, Any]], file_name: str) -> ZoneGuess | None:
    """The zone of entries, each with its name within it.

    An entry may mention its own full name, as in "the site of phenax.is-a.dev"; the file may be
    named like the zone. Hosts that only serve entries, github.io for one, are named far more often,
    so a name in the records counts only where the file is named like its zone.
    """
    in_records: Counter[str] = Counter()
    elsewhere: Counter[str] = Counter()
    for label, entry in entries:
        if len(label) >= _SHORTEST_LABEL:
            for is_record, zones in _mentioned(label.lower(), entry):
                (in_records if is_record else elsewhere).update(zones)
    like_file = _like(file_name, in_records + elsewhere)
    if like_file:
        reason = f"Entries mention their names in {like_file}, and the file is named like it."
        return ZoneGuess(like_file, 0.9, reason)
    found = elsewhere.most_common(2)
    if not found or found[0][1] < _CLEAR_LEAD:
        return None
    if len(found) > 1 and found[0][1] < _CLEAR_LEAD * found[1][1]:
        return None
    zone, times = found[0]
    return ZoneGuess(zone, 0.6, f"{times} entries mention their own name in {zone}.")


def _mentioned(label: str, entry: Any) -> Iterator[tuple[bool, set[str]]]:
    pattern = re.compile(rf"(?:^|[\s(,;\"'<]|://){re.escape(label)}\.{_ZONE}")
    for is_record, text in _texts(entry):
        if label in (lowered := text[:_LONGEST].lower()):
            yield is_record, set(pattern.findall(lowered))


def _texts(value: Any, *, is_record: bool = False) -> Iterator[tuple[bool, str]]:
    if type(value) is str:
        yield is_record, value
    elif type(value) is dict:
        for name, each in value.items():
            yield from _texts(each, is_record=is_record or name in ("record", "records"))
    elif type(value) is list:
        for each in value:
            yield from _texts(each, is_record=is_record)


def _like(file_name: str, zones: Iterable[str]) -> str:
    """The longest zone that a file is named like: is-a.dev for is-a-dev.2026-08-22.json."""
    name = squeezed(file_name)
    return max((zone for zone in zones if squeezed(zone) in name), key=len, default="")
