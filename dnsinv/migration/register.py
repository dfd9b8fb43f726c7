"""Templates for registers: items that hold records by their type, {"A": [...], "TXT": "..."}."""

from collections.abc import Sequence
from typing import Any

from dnsinv.migration import seen as looks
from dnsinv.migration.filled import Filled, Guess, owners_of
from dnsinv.migration.record_data import has_no_priority
from dnsinv.migration.seen import Seen, seen, squeezed
from dnsinv.migration.zone_guess import guess_zone

FIRST_MX_PRIORITY = 10
_LEAST_ALIKE = 0.9  # of the items that must have the same form
_NAMES = ("file", "filename", "filepath", "subdomain", "name", "host", "label", "domain", "fqdn")
_ZONES = ("zone", "parent", "parentdomain", "domain")
_CERTAIN = 0.8  # confidence from which nobody is asked
_ENDINGS = (".json", ".yaml", ".yml")


def register(items: Sequence[Any], file_name: str = "") -> Filled | None:
    """One name per item, with an object of its records by type."""
    there = seen(items)
    by_type = max(
        (each for each in there.values() if each.share(_is_by_type) >= _LEAST_ALIKE),
        key=lambda each: each.count,
        default=None,
    )
    names = [
        each
        for name in _NAMES
        for each in there.values()
        if squeezed(each.path) == name and each.share(lambda value: type(value) is str) == 1
    ]
    if by_type is None or by_type.count < _LEAST_ALIKE * len(items) or not names:
        return None
    made = Filled({}, f"Each item is a name with its records by type in {by_type.path}.")
    columns: dict[str, Any] = {"type": {"paths": ["$key"]}, "data": {"paths": ["$value"]}}
    columns |= _named(items, names[0], there, file_name, made)
    owners = owners_of(items)
    for column, mapping in owners.mappings.items():
        columns[column] = {"paths": [f"$item.{text}" for text in mapping["paths"]]}
    made.guesses += [
        Guess("type", f"{by_type.path}.*", 0.95, "The keys of the object are record types."),
        Guess("data", f"{by_type.path}.*[*]", 0.9, "Its values are the data of these types."),
        *owners.guesses,
    ]
    rows: dict[str, Any] = {"each": [f"{by_type.path}.*[*]"], "columns": columns}
    if any(_has_bare_mx(value) for value in by_type.values):
        rows["mx_priority"] = FIRST_MX_PRIORITY
        made.questions.append(
            f"Which priority have MX records without one? They get {FIRST_MX_PRIORITY},"
            f" {FIRST_MX_PRIORITY + 1} and so on in the order of the file."
        )
    made.definition = {"records": [rows]}
    return made


def _named(
    items: Sequence[Any], entry: Seen, there: dict[str, Seen], file_name: str, made: Filled
) -> dict[str, Any]:
    """The columns of the name and of the domain that it is in."""
    name: dict[str, Any] = {"paths": [f"$item.{entry.path}"]}
    ending = next((each for each in _ENDINGS if entry.share(_ends_in(each)) >= _LEAST_ALIKE), "")
    if ending:
        name["transforms"] = [{"do": "remove_suffix", "text": ending}]
    elif entry.share(looks.is_name) >= _LEAST_ALIKE:
        reason = "It holds full domain names."
        made.guesses.append(Guess("domain", entry.path, 0.9, reason))
        return {"domain": name}
    share = f"{entry.count / len(items):.0%}"
    reason = f"{entry.path} is in {share} of the items and names them."
    made.guesses.append(Guess("subdomain", entry.path, 0.9, reason))
    zone = next(
        (each for each in there.values() if squeezed(each.path) in _ZONES and each is not entry),
        None,
    )
    if zone and zone.share(looks.is_name) >= _LEAST_ALIKE:
        made.guesses.append(Guess("domain", zone.path, 0.9, f"{zone.path} holds domain names."))
        return {"domain": {"paths": [f"$item.{zone.path}"]}, "subdomain": name}
    return {"domain": _zone(items, entry.path, ending, file_name, made), "subdomain": name}


def _zone(
    items: Sequence[Any], path: str, ending: str, file_name: str, made: Filled
) -> dict[str, Any]:
    entries = [
        (str(item[path]).removesuffix(ending), {**item, path: None})
        for item in items
        if path in item
    ]
    if found := guess_zone(entries, file_name):
        made.guesses.append(Guess("domain", "", found.confidence, found.reason))
        made.sure = found.confidence
        if found.confidence < _CERTAIN:
            made.questions.append(f"Are the names in the zone {found.zone}?")
        return {"constant": found.zone}
    made.questions.append(
        "In which zone are the names? Nothing in the file says so: give it as the constant of"
        " records.0.columns.domain."
    )
    made.sure = 0.5
    return {"paths": ["$item.zone"]}


def _is_by_type(value: Any) -> bool:
    return type(value) is dict and bool(value) and all(map(looks.is_record_type, value))


def _has_bare_mx(by_type: Any) -> bool:
    found = by_type.get("MX") if type(by_type) is dict else None
    return any(
        has_no_priority(each) for each in (found if type(found) is list else [found]) if each
    )


def _ends_in(ending: str) -> Any:
    return lambda value: type(value) is str and value.lower().endswith(ending)
