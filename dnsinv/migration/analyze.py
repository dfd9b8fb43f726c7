"""What a file is and what its items hold, before anybody decides what to make of it.

Reads the whole file once, in bounded memory; nothing is written.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dnsinv.domain.rdata import KNOWN_TYPES
from dnsinv.migration.census import Census, Field
from dnsinv.migration.chunks import Chunk, Trouble
from dnsinv.migration.items import open_items
from dnsinv.migration.texts import LIMITS, Limits

EXAMPLES = 20  # of each problem
_TYPE_FIELDS = frozenset({"type", "rtype", "rrtype", "record_type", "recordtype"})


@dataclass(frozen=True, slots=True)
class Example:
    """Where a problem occurs."""

    item: int
    line: int
    field: str
    value: str
    reason: str


@dataclass(slots=True)
class Problem:
    """What is wrong with some items; `is_warning`: they count nevertheless."""

    code: str
    is_warning: bool
    count: int = 0
    examples: list[Example] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Analysis:
    """What analysing a file gives.

    Attributes:
        size: bytes of the file as it lies there.
        format: json-array, ndjson, json-object (objects by key), json-single or csv.
        encoding: utf-8, utf-16-le or utf-16-be; `has_mark`: with a byte order mark.
        compression: gzip or "".
        items: how many it holds.
        columns: of a CSV file, in order.
        keys: first keys of an object of objects.
        fields: what stands at each path, in the order of the file.
        left_out: values that were not looked at: their fields are too many or too long of name.
        records_at: paths of objects within the items that look like DNS records
            (records[*], domains[*].records[*]), or that hold them by type (records; $item).
        problems: found with single items.
    """

    name: str
    size: int
    format: str
    encoding: str
    has_mark: bool
    compression: str
    items: int
    columns: list[str]
    keys: list[str]
    fields: list[Field]
    left_out: int
    records_at: list[str]
    problems: list[Problem]

    def as_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return asdict(self)


def analyze(path: Path, *, name: str = "", limits: Limits = LIMITS) -> Analysis:
    """Read a file and say what it holds.

    Raises:
        FileRefused: it is refused whole; the text says where and why.
    """
    census, problems = Census(), dict[tuple[str, bool], Problem]()
    items, keys = 0, list[str]()
    with open_items(path, name=name, limits=limits) as opened:
        for chunk in opened.chunks():
            items += len(chunk)
            keys += (chunk.keys or [])[: EXAMPLES - len(keys)]
            census.take(_sound(chunk))
            for place, trouble, is_warning in _troubles(chunk):
                code = trouble.code, is_warning
                _count(problems.setdefault(code, Problem(*code)), chunk, place, trouble)
        return Analysis(
            name=opened.name,
            size=opened.size,
            format=opened.format,
            encoding=opened.encoding,
            has_mark=opened.has_mark,
            compression=opened.compression,
            items=items,
            columns=opened.fields,
            keys=keys,
            fields=census.fields(),
            left_out=census.left_out,
            records_at=list(_records_at(census)),
            problems=sorted(problems.values(), key=lambda each: (each.is_warning, each.code)),
        )


def _sound(chunk: Chunk) -> list[Any]:
    if not chunk.troubles:
        return chunk.values
    return [value for place, value in enumerate(chunk.values) if place not in chunk.troubles]


def _troubles(chunk: Chunk) -> Iterator[tuple[int, Trouble, bool]]:
    for found, is_warning in ((chunk.troubles, False), (chunk.warnings, True)):
        for place in sorted(found):
            yield place, found[place], is_warning


def _count(problem: Problem, chunk: Chunk, place: int, trouble: Trouble) -> None:
    problem.count += 1
    if len(problem.examples) < EXAMPLES:
        problem.examples.append(
            Example(
                chunk.first + place,
                chunk.lines[place],
                trouble.field,
                trouble.value,
                trouble.reason,
            )
        )


def _records_at(census: Census) -> Iterator[str]:
    """Objects within items most of which say their type, or whose fields are mostly types."""
    for path, fields, objects in census.objects():
        typed = sum(count for name, count in fields.items() if name.lower() in _TYPE_FIELDS)
        by_type = sum(count for name, count in fields.items() if name.upper() in KNOWN_TYPES)
        if path and typed * 2 > objects:
            yield path
        elif by_type * 2 > sum(fields.values()):
            yield path or "$item"
