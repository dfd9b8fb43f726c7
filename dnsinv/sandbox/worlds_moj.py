r"""The world of the moj-dns snapshots: octoDNS zones flattened to one JSON array a day.

What octoDNS writes in its own way is undone here: `\;` in texts is `;`, values that are objects
become presentation form, and the name '' is the zone's own. Two things stay as raw as they are.
`Route53Provider/ALIAS` keeps its type and its ttl of 942942942 and has its object as JSON: no
provider here knows it, and unknown types must survive. Host names keep or lack their last dot.
Zone `octodns`, a stray file of settings without types, is no zone.
"""

import gzip
import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TypedDict

from dnsinv.errors import UsageError
from dnsinv.sandbox.draws import draw
from dnsinv.sandbox.presentation import quoted_text
from dnsinv.sandbox.world import WorldDomain, WorldRecord

_FILE_NAME = re.compile(r"moj-recordsets\.(\d{4}-\d{2}-\d{2})\.json\.gz")

_Value = str | Mapping[str, object]


class _RecordSet(TypedDict):
    zone: str
    name: str
    type: str | None
    ttl: int | None
    values: list[_Value]


class MojWorld:
    """The snapshots of one directory; each is read when it is first asked for, and kept."""

    def __init__(self, directory: Path) -> None:
        self._files = {
            date.fromisoformat(found[1]): path
            for path in sorted(directory.iterdir())
            if (found := _FILE_NAME.fullmatch(path.name))
        }
        if not self._files:
            raise UsageError(f"{directory} holds no moj-recordsets.DATE.json.gz.")
        self._zones: dict[date, dict[str, list[WorldRecord]]] = {}
        self._known: dict[WorldRecord, WorldRecord] = {}  # one object for all the days it stays

    def days(self) -> list[date]:
        """The dates in the file names."""
        return sorted(self._files)

    def domains(self, day: date) -> list[WorldDomain]:
        """The zones, active and never expiring; dates and ids are made from the name."""
        return [_domain(name, records) for name, records in self._day(day).items()]

    def records(self, day: date, domain_name: str) -> Sequence[WorldRecord]:
        """The values of the zone's record sets."""
        return self._day(day).get(domain_name, ())

    def _day(self, day: date) -> dict[str, list[WorldRecord]]:
        if day not in self._zones:
            with gzip.open(self._files[day], "rt", encoding="utf-8") as text:
                record_sets: list[_RecordSet] = json.load(text)
            zones: dict[str, list[WorldRecord]] = defaultdict(list)
            for record_set in record_sets:
                if record_set["type"] is None:
                    continue
                for record in _records(record_set, record_set["type"]):
                    zones[record_set["zone"].lower()].append(self._known.setdefault(record, record))
            self._zones[day] = dict(zones)
        return self._zones[day]


def _records(record_set: _RecordSet, kind: str) -> list[WorldRecord]:
    name, zone = record_set["name"], record_set["zone"]
    return [
        WorldRecord(
            name=f"{name}.{zone}" if name else zone,
            type=kind,
            ttl=record_set["ttl"],
            rdata=_rdata(kind, value),
        )
        for value in record_set["values"]
    ]


def _rdata(kind: str, value: _Value) -> str:
    match kind, value:
        case (("TXT" | "SPF"), str(text)):
            return quoted_text(text.replace("\\;", ";"))
        case _, str(text):
            return text
        case "MX", {"preference": preference, "exchange": exchange}:
            return f"{preference} {exchange}"
        case "SRV", {"priority": priority, "weight": weight, "port": port, "target": target}:
            return f"{priority} {weight} {port} {target}"
        case "CAA", {"flags": flags, "tag": tag, "value": text}:
            return f'{flags} {tag} "{text}"'
        case _:
            return json.dumps(value, sort_keys=True)


def _domain(name: str, records: list[WorldRecord]) -> WorldDomain:
    drawn = draw("moj", name)
    return WorldDomain(
        name=name,
        id=drawn % 10**9,
        registered_on=date(2005, 1, 1) + timedelta(days=drawn % 7_000),
        expires_on=date(2027, 1, 1) + timedelta(days=drawn % 1_000),
        nameservers=tuple(
            record.rdata.rstrip(".")
            for record in records
            if record.type == "NS" and record.name.lower() == name
        ),
    )
