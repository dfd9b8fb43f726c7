"""The worlds of dotgov-data's dated files: registered domains as CSV, their zone as a BIND file.

Domains are the rows of `current-full.DATE.csv[.gz]` or `current-federal.DATE.csv[.gz]`. A domain's
zone is what `gov-zone.DATE.txt[.gz]` of that day, if there is one, holds at or below its name: NS,
DS and glue. The records of the parent zone itself and of names that the CSV lacks belong to nobody.
"""

import csv
import gzip
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import TextIO

from dnsinv.errors import UsageError
from dnsinv.sandbox.draws import draw
from dnsinv.sandbox.world import WorldDomain, WorldRecord

_CSV_NAME = re.compile(r"current-(?:full|federal)\.(\d{4}-\d{2}-\d{2})\.csv(?:\.gz)?")
_COMMENT = re.compile(r'^((?:"(?:[^"\\]|\\.)*"|[^";])*?)\s*;.*$')


# Lines of the BIND file by domain, in the order of the CSV.
_Zones = dict[str, list[str]]


class DotgovWorld:
    """The files of one directory; a day is read when it is first asked for, and kept."""

    def __init__(self, directory: Path) -> None:
        self._csv_files = {
            date.fromisoformat(found[1]): path
            for path in sorted(directory.iterdir())
            if (found := _CSV_NAME.fullmatch(path.name))
        }
        if not self._csv_files:
            raise UsageError(
                f"{directory} holds no current-full.DATE.csv or current-federal.DATE.csv."
            )
        self._days: dict[date, _Zones] = {}
        self._lines: dict[str, str] = {}  # each text once: most lines are the same on every day

    def days(self) -> list[date]:
        """The dates in the file names."""
        return sorted(self._csv_files)

    def domains(self, day: date) -> list[WorldDomain]:
        """The rows of the CSV, active and never expiring: the files say nothing about either.

        Dates and ids are made from the name, so that they stay the same on every day.
        """
        return [_domain(name, lines) for name, lines in self._day(day).items()]

    def records(self, day: date, domain_name: str) -> list[WorldRecord]:
        """The lines at or below the domain, comments left out."""
        return [_record(line) for line in self._day(day).get(domain_name, ())]

    def _day(self, day: date) -> _Zones:
        if day not in self._days:
            self._days[day] = self._read(day)
        return self._days[day]

    def _read(self, day: date) -> _Zones:
        csv_file = self._csv_files[day]
        with _open(csv_file) as rows:
            names = [row[0].strip().lower() for row in csv.reader(rows) if row][1:]
        zones: _Zones = {name: [] for name in names}
        zone_file = self._zone_file(csv_file.parent, day)
        if zone_file:
            with _open(zone_file) as lines:
                for line in _record_lines(lines):
                    if domain := _owner(line, zones):
                        zones[domain].append(self._lines.setdefault(line, line))
        return zones

    def _zone_file(self, directory: Path, day: date) -> Path | None:
        names = (f"gov-zone.{day}.txt.gz", f"gov-zone.{day}.txt")
        return next((path for name in names if (path := directory / name).exists()), None)


def _open(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def _record_lines(lines: TextIO) -> Iterator[str]:
    for line in lines:
        text = line.rstrip()
        if ";" in text and (comment := _COMMENT.match(text)):
            text = comment[1]
        if text:
            yield text


def _owner(line: str, zones: _Zones) -> str:
    name = line.partition("\t")[0].rstrip(".").lower()
    while name and name not in zones:
        name = name.partition(".")[2]
    return name


def _domain(name: str, lines: list[str]) -> WorldDomain:
    fields = (line.split("\t", 4) for line in lines)
    drawn = draw("dotgov", name)
    return WorldDomain(
        name=name,
        id=drawn % 10**9,
        registered_on=date(2005, 1, 1) + timedelta(days=drawn % 7_000),
        expires_on=date(2027, 1, 1) + timedelta(days=drawn % 1_000),
        nameservers=tuple(
            rdata.rstrip(".")
            for owner, _ttl, _class, kind, rdata in fields
            if kind == "NS" and owner.rstrip(".").lower() == name
        ),
    )


def _record(line: str) -> WorldRecord:
    owner, ttl, _class, kind, rdata = line.split("\t", 4)
    return WorldRecord(name=owner.rstrip("."), type=kind, ttl=int(ttl), rdata=rdata)
