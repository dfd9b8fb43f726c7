"""What ../shared/data says, read by small parsers of its own and brought into canonical form.

Nothing of the sandbox or the providers is used here: these sets are what they are held against.
"""

import csv
import gzip
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dnsinv.domain.names import observed_name
from dnsinv.domain.rdata import observed, txt

DATA = Path(__file__).parents[3] / "shared" / "data"
FULL = DATA / "dotgov" / "full-and-zone-sampled"
FEDERAL = DATA / "dotgov" / "federal-daily"
MOJ = DATA / "moj-dns" / "snapshots"

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not here")

_COMMENT = re.compile(r'^((?:"(?:[^"\\]|\\.)*"|[^";])*);.*$')

Pair = tuple[date, date]
Value = tuple[Any, ...]  # ttl, priority, content


class Row(NamedTuple):
    """One record value; `ttl` is None where the file leaves it to the provider."""

    zone: str
    name: str
    type: str
    content: str
    ttl: int | None
    priority: int | None


class Key(NamedTuple):
    """One record set as expected-diff names it: dotgov's keys name no zone."""

    zone: str
    name: str
    type: str


@dataclass(frozen=True)
class Day:
    """One day of a data set: its domains, and the record values that lie in their zones."""

    domains: frozenset[str]
    rows: frozenset[Row]
    nowhere: int = 0
    """Records of the file that belong to no domain."""


@dataclass(frozen=True)
class Difference:
    """What expected-diff has for two days; both values of a changed set are canonical."""

    added: frozenset[Key]
    removed: frozenset[Key]
    changed: Mapping[Key, tuple[frozenset[Value], frozenset[Value]]]


@dataclass(frozen=True)
class DataSet:
    """A folder of dated files that the sandbox serves, and what is true of it."""

    name: str
    folder: Path
    day: Callable[[date], Day]
    differences: Callable[[], dict[Pair, Difference]]
    key: Callable[[Row], Key]

    @property
    def days(self) -> list[date]:
        return days_of(self.folder)

    def sets(self, rows: Iterable[Row]) -> dict[Key, frozenset[Value]]:
        """The values of each record set."""
        found: dict[Key, set[Value]] = {}
        for row in rows:
            found.setdefault(self.key(row), set()).add((row.ttl, row.priority, row.content))
        return {key: frozenset(values) for key, values in found.items()}


def days_of(folder: Path) -> list[date]:
    """The dates in the names of a folder's files, oldest first."""
    found = (re.search(r"\d{4}-\d{2}-\d{2}", path.name) for path in folder.iterdir())
    return sorted({date.fromisoformat(match[0]) for match in found if match})


# -- dotgov ----------------------------------------------------------------------------------------


@cache
def dotgov_domains(folder: Path, day: date) -> frozenset[str]:
    """The first column of the day's CSV."""
    with _text(next(folder.glob(f"current-*.{day}.csv*"))) as lines:
        rows = list(csv.reader(lines))
    return frozenset(row[0].strip().lower() for row in rows[1:])


def domain_differences(name: str) -> dict[Pair, tuple[set[str], set[str]]]:
    """Domains added and removed between two CSVs; the columns that changed no provider serves."""
    entries = _json(DATA / "dotgov" / f"expected-diff.{name}.json")
    return {_pair(entry): (set(entry["added"]), set(entry["removed"])) for entry in entries}


@cache
def _dotgov_day(day: date) -> Day:
    """The zone file of a day; a record's domain is the nearest name above it in the CSV."""
    domains = dotgov_domains(FULL, day)
    rows, nowhere = set(), 0
    with _text(FULL / f"gov-zone.{day}.txt.gz") as lines:
        for line in lines:
            if line.startswith(";") or not line.strip():
                continue
            owner, ttl, _class, type_, data = line.rstrip("\n").split("\t", 4)
            name = observed_name(owner)
            if zone := _nearest(name, domains):
                priority, content = observed(type_, _without_comment(data))
                rows.add(Row(zone, name, type_, content, int(ttl), priority))
            else:
                nowhere += 1
    return Day(domains, frozenset(rows), nowhere)


def _dotgov_differences() -> dict[Pair, Difference]:
    """expected-diff.zone-sampled.json; keys are `owner TYPE`, values are `ttl data`."""

    def key(text: str) -> Key:
        owner, type_ = text.split(" ")
        return Key("", observed_name(owner), type_)

    def values(key: Key, texts: list[str]) -> frozenset[Value]:
        pairs = (_without_comment(text).split(" ", 1) for text in texts)
        return frozenset((int(ttl), *observed(key.type, data)) for ttl, data in pairs)

    return _differences(DATA / "dotgov" / "expected-diff.zone-sampled.json", key, values)


def _nearest(name: str, domains: frozenset[str]) -> str:
    while name and name not in domains:
        name = name.partition(".")[2]
    return name


def _without_comment(text: str) -> str:
    comment = _COMMENT.match(text)
    return (comment[1] if comment else text).strip()


DOTGOV = DataSet(
    "dotgov", FULL, _dotgov_day, _dotgov_differences, lambda row: Key("", row.name, row.type)
)

# -- moj-dns ---------------------------------------------------------------------------------------


@cache
def _moj_day(day: date) -> Day:
    """A snapshot without the stray `octodns` rows, whose type is null."""
    sets = [each for each in _json(MOJ / f"moj-recordsets.{day}.json.gz") if each["type"]]
    rows = set()
    for each in sets:
        key = _moj_key(each["zone"], each["name"], each["type"])
        for value in each["values"]:
            priority, content = _moj_value(key.type, value)
            rows.add(Row(*key, content, each["ttl"], priority))
    return Day(frozenset(row.zone for row in rows), frozenset(rows))


def _moj_differences() -> dict[Pair, Difference]:
    """expected-diff.moj.json; keys are `zone name TYPE`, values record sets as in the snapshots."""

    def values(key: Key, sets: list[dict[str, Any]]) -> frozenset[Value]:
        return frozenset(
            (each.get("ttl"), *_moj_value(key.type, value))
            for each in sets
            for value in each["values"]
        )

    path = DATA / "moj-dns" / "expected-diff.moj.json"
    return _differences(path, lambda text: _moj_key(*text.split(" ")), values)


def _moj_key(zone: str, name: str, type_: str) -> Key:
    """Types are stored in capitals: mnemonics ignore case."""
    full = f"{name}.{zone}" if name else zone
    return Key(observed_name(zone), observed_name(full), type_.upper())


def _moj_value(type_: str, value: Any) -> tuple[int | None, str]:
    r"""octoDNS writes `;` as `\;` in texts and splits data into fields."""
    match type_, value:
        case "TXT", str(text):
            return None, txt(text.replace(r"\;", ";"))
        case "MX", dict(fields):
            return observed("MX", f"{fields['preference']} {fields['exchange']}")
        case "SRV", dict(fields):
            order = ("priority", "weight", "port", "target")
            return observed("SRV", " ".join(str(fields[name]) for name in order))
        case "CAA", dict(fields):
            return observed("CAA", f'{fields["flags"]} {fields["tag"]} "{fields["value"]}"')
        case _, dict(fields):
            return None, json.dumps(fields, sort_keys=True)
    return observed(type_, value)


MOJ_DNS = DataSet("moj", MOJ, _moj_day, _moj_differences, lambda row: Key(*row[:3]))

# -- both ------------------------------------------------------------------------------------------


def _differences(
    path: Path,
    key: Callable[[str], Key],
    values: Callable[[Key, Any], frozenset[Value]],
) -> dict[Pair, Difference]:
    return {
        _pair(entry): Difference(
            frozenset(map(key, entry["added"])),
            frozenset(map(key, entry["removed"])),
            {
                key(text): (values(key(text), before), values(key(text), after))
                for text, (before, after) in entry["changed"].items()
            },
        )
        for entry in _json(path)
    }


def _pair(entry: Mapping[str, str]) -> Pair:
    return date.fromisoformat(entry["from"]), date.fromisoformat(entry["to"])


def _json(path: Path) -> Any:
    with _text(path) as file:
        return json.load(file)


def _text(path: Path) -> Any:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")
