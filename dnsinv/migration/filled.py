"""Templates made for a sample of items: the usual columns, filled in with the fields there are.

What a field is follows from its name, which must be one that is usual, and from what it holds.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dnsinv.migration import seen as looks
from dnsinv.migration.day_formats import are_ambiguous, day_formats
from dnsinv.migration.paths import path
from dnsinv.migration.seen import Seen, seen, squeezed
from dnsinv.migration.templates import builtin

Fields = Mapping[str, Sequence[str]]  # of each column the names that its field may have

LEAST_SHARE = 0.6  # of what a field holds that must look like its column


@dataclass(frozen=True, slots=True)
class Look:
    """What the values of a column look like."""

    test: Callable[[Any], bool]
    words: str


ANYTHING = Look(looks.is_anything, "")

_NAMES = Look(looks.is_name, "domain names")
_STATUS = Look(looks.is_status, "known status words")
_FLAGS = Look(looks.is_flag, "yes or no")
_NUMBERS = Look(looks.is_seconds, "whole numbers")
_DAYS = Look(lambda value: bool(day_formats([value])), "days")
_LOOKS: Mapping[str, Look] = {
    "name": _NAMES,
    "domain": _NAMES,
    "status": _STATUS,
    "godaddy_status": _STATUS,
    "cloudflare_status": _STATUS,
    "discovered_on": _DAYS,
    "registered_on": _DAYS,
    "expires_on": _DAYS,
    "auto_renew": _FLAGS,
    "locked": _FLAGS,
    "privacy": _FLAGS,
    "type": Look(looks.is_record_type, "record types"),
    "ttl": _NUMBERS,
    "priority": _NUMBERS,
}
_RECORD_FIELDS: Fields = {
    "domain": ("domain", "zone", "zone_name", "domain_name"),
    "name": ("subdomain", "name", "host", "hostname", "record", "record_name", "label"),
    "type": ("type", "record_type", "rtype", "rrtype"),
    "data": ("data", "value", "values", "content", "rdata", "target", "address", "answer"),
    "ttl": ("ttl",),
    "priority": ("priority", "prio", "preference"),
    "owners": ("owners", "owner", "owner_email", "owned_by", "assigned_to"),
}
_OWNER_NAMES = ("username", "user", "login", "name")


@dataclass(frozen=True, slots=True)
class Guess:
    """Which field a column is taken from, how sure that is, and why."""

    column: str
    path: str
    confidence: float
    reason: str


@dataclass(slots=True)
class Filled:
    """The definition of a template for a sample, and what it rests on.

    Attributes:
        guesses: of each column where it is taken from.
        questions: what somebody who knows the file should say.
        sure: how far it can be right, from 0 to 1, if all items fit.
    """

    definition: dict[str, Any]
    reason: str
    guesses: list[Guess] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    sure: float = 0.9


@dataclass(slots=True)
class Columns:
    """Mappings of columns that were filled in."""

    mappings: dict[str, dict[str, Any]] = field(default_factory=dict)
    guesses: list[Guess] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)

    def has(self, path: str) -> bool:
        """Whether a column is taken from a field already."""
        return any(path in mapping["paths"] for mapping in self.mappings.values())


def domains(items: Sequence[Any], *, with_keys: bool = False) -> Filled | None:
    """One domain per item, or per value of a list in the items; with the records below it."""
    for way, values in [("", items), *_lists(items)]:
        found = fill(values, _domain_fields(), needed="name")
        if found is None and with_keys and not way:
            found = _of_keys(values)
        if found is None:
            continue
        rows: dict[str, Any] = {"columns": found.mappings}
        definition: dict[str, Any] = {"domains": {"each": [way], **rows} if way else rows}
        reason = f"Each value of {way} is a domain" if way else "Each item is a domain"
        if below := _records_below(values, way, found.mappings["name"]["paths"][0]):
            definition["records"], found.guesses = [below.definition], found.guesses + below.guesses
            reason += " with its records"
        return Filled(definition, f"{reason}.", found.guesses, found.questions)
    return None


def records(items: Sequence[Any]) -> Filled | None:
    """One record, or record set, per item."""
    found = fill(items, _RECORD_FIELDS, needed="type", of_records=True)
    if found is None or not {"domain", "data"} <= found.mappings.keys():
        return None
    definition = {"records": [{"columns": found.mappings}]}
    return Filled(definition, "Each item is a record.", found.guesses, found.questions)


def fill(
    items: Sequence[Any], fields: Fields, *, needed: str, of_records: bool = False
) -> Columns | None:
    """The columns for which items have a field; None if the needed one is not among them.

    A field is of the column that has its very name among the usual ones, else of the first that
    has it but for case and marks.
    """
    there = seen(items)
    exact = {name: column for column, names in fields.items() for name in names}
    made = Columns()
    for column, names in fields.items():
        wanted = [squeezed(name) for name in names]
        look = look_of(column, of_records=of_records)
        fitting = [
            (-entry.share(look.test) * entry.count, wanted.index(squeezed(entry.path)), entry)
            for entry in there.values()
            if squeezed(entry.path) in wanted
            and exact.get(entry.path, column) == column
            and not made.has(entry.path)
            and entry.share(look.test) >= LEAST_SHARE
        ]
        if column == "owners":
            _fill_owners(there, [entry for *_, entry in fitting], made, len(items))
        elif fitting:
            best = min(fitting, key=lambda each: each[:2])[2]
            _fill_one(column, best, look, made, len(items))
    return made if not needed or needed in made.mappings else None


def look_of(column: str, *, of_records: bool) -> Look:
    """What values of a column look like; the name of a record may be any word."""
    if of_records and column == "name":
        return ANYTHING
    return _LOOKS.get(column, ANYTHING)


def guess(column: str, entry: Seen, total: int, look: Look) -> Guess:
    """That a column is taken from a field, of so many items."""
    share = entry.share(look.test)
    holds = f", and {share:.0%} of what it holds are {look.words}" if look.words else ""
    reason = f"{entry.path} is in {_percent(entry.count, total)} of the items{holds}."
    return Guess(column, entry.path, round(0.5 + share * 0.45, 2), reason)


def owners_of(items: Sequence[Any]) -> Columns:
    """The column of owners, if items have a field for them."""
    made = Columns()
    there = seen(items)
    wanted = {squeezed(name) for name in _RECORD_FIELDS["owners"]}
    fitting = [entry for entry in there.values() if squeezed(entry.path) in wanted]
    _fill_owners(there, fitting, made, len(items))
    return made


def _fill_one(column: str, entry: Seen, look: Look, made: Columns, total: int) -> None:
    mapping: dict[str, Any] = {"paths": [entry.path]}
    if look is _DAYS:
        formats = day_formats(entry.values) or [""]
        if formats[0]:
            mapping["transforms"] = [{"do": "date", "formats": formats[:1]}]
        if are_ambiguous(formats):
            made.questions.append(
                f"Are the days in {entry.path} written day first or month first? They are read"
                f" as {formats[0]}."
            )
    made.mappings[column] = mapping
    made.guesses.append(guess(column, entry, total, look))


def _fill_owners(there: Mapping[str, Seen], fitting: list[Seen], made: Columns, total: int) -> None:
    """Owners from a field of their own, or from an address, else a name, in an object."""
    if not fitting:
        return
    best = max(fitting, key=lambda entry: entry.count)
    within = [entry for entry in there.values() if entry.path.startswith(f"{best.path}.")]
    addresses = [each for each in within if each.share(looks.is_email) >= LEAST_SHARE]
    names = [each for each in within if each.path.removeprefix(f"{best.path}.") in _OWNER_NAMES]
    chosen = (
        sorted(addresses, key=lambda each: -each.count)[:1]
        + sorted(names, key=lambda each: -each.count)[:1]
    )
    paths = [each.path for each in chosen] or [best.path]
    made.mappings["owners"] = {"paths": paths}
    reason = f"{paths[0]} is in {_percent(best.count, total)} of them"
    made.guesses.append(Guess("owners", paths[0], 0.8, f"{reason} and is called like an owner."))


def _of_keys(items: Sequence[Any]) -> Columns:
    made = fill(items, _domain_fields(), needed="") or Columns()
    made.mappings = {"name": {"paths": ["$key"]}, **made.mappings}
    made.guesses.insert(0, Guess("name", "$key", 0.9, "The keys of the objects are domain names."))
    return made


def _records_below(values: Sequence[Any], way: str, name: str) -> Filled | None:
    """The records in a list of each domain."""
    for below, found in _lists(values):
        fields = {**_RECORD_FIELDS, "domain": ()}
        columns = fill(found, fields, needed="type", of_records=True)
        if columns is None or "data" not in columns.mappings:
            continue
        domain = name if name == "$key" and not way else f"$up.{name}"
        columns.mappings["domain"] = {"paths": [f"$item.{domain}" if name == "$key" else domain]}
        definition = {"each": [f"{way}.{below}" if way else below], "columns": columns.mappings}
        guesses = [
            Guess(f"records.{each.column}", f"{below}.{each.path}", each.confidence, each.reason)
            for each in columns.guesses
        ]
        return Filled(definition, "", guesses)
    return None


def _lists(items: Sequence[Any]) -> Iterator[tuple[str, list[Any]]]:
    """The lists of objects in items: the path of their values, and the values."""
    for entry in seen(items).values():
        if entry.share(lambda value: type(value) is list) == 1:
            values = [each for value in entry.values for each in value if type(each) is dict]
            if values and "." not in entry.path:
                yield f"{entry.path}[*]", values[: looks.MOST_ITEMS]


def _domain_fields() -> Fields:
    flexible = next(each for each in builtin() if each.id == "flexible")
    assert flexible.domains is not None
    return {
        column: [text for text in mapping.paths if not path(text).special]
        for column, mapping in flexible.domains.columns.items()
    }


def _percent(count: int, total: int) -> str:
    return f"{count / max(total, 1):.0%}"
