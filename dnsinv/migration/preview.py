"""What a template would make of a few items, beside the items themselves; for people to look at."""

from collections import defaultdict
from typing import Any

import pyarrow as pa

from dnsinv.migration.chunks import Chunk
from dnsinv.migration.faults import shown
from dnsinv.migration.templates import Template
from dnsinv.migration.transform import Transformer

MOST_ITEMS = 1000
MOST_ROWS = 20  # of an item that are shown
LONGEST_SOURCE = 2000  # characters of an item that are shown

Sample = dict[str, Any]


def preview(template: Template, items: Chunk, limit: int = 20) -> list[Sample]:
    """Of the first items each: number, line, source, domains, records, errors, warnings; as JSON.

    The source is the item's JSON, shortened. Of many rows of an item the first are shown; how many
    there are is in `domain_count` and `record_count`.
    """
    count = min(limit, MOST_ITEMS, len(items.values))
    chunk = Chunk(
        items.first,
        items.values[:count],
        items.lines[:count],
        None if items.keys is None else items.keys[:count],
        {place: each for place, each in items.troubles.items() if place < count},
        {place: each for place, each in items.warnings.items() if place < count},
    )
    made = Transformer(template).apply(chunk)
    domains, records = _by_item(made.domains), _by_item(made.records)
    faults = _by_item(made.errors)
    return [
        {
            "item": number,
            "line": chunk.lines[place],
            "source": shown(chunk.values[place], LONGEST_SOURCE),
            "domains": domains[number][:MOST_ROWS],
            "domain_count": len(domains[number]),
            "records": records[number][:MOST_ROWS],
            "record_count": len(records[number]),
            "errors": [each for each in faults[number] if not each["is_warning"]],
            "warnings": [each for each in faults[number] if each["is_warning"]],
        }
        for place, number in enumerate(range(chunk.first, chunk.first + count))
    ]


def _by_item(table: pa.Table) -> defaultdict[int, list[dict[str, Any]]]:
    found: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in table.to_pylist():
        item = row.pop("item")
        del row["line"]
        found[item].append(
            {name: _plain(value) for name, value in row.items() if value is not None}
        )
    return found


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
