"""What the UI shows of a materialisation: rows, columns, and how the collection behind it went."""

import math
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from dnsinv.lake.table import Table

if TYPE_CHECKING:
    from dnsinv.store.collections import Collection
    from dnsinv_pipelines.collecting import Pace

Metadata = dict[str, Any]

ROWS = "dagster/row_count"


def columns(table: Table) -> Metadata:
    """A dataset's columns, each with its type and sentence."""
    schema = dg.TableSchema(
        columns=[dg.TableColumn(c.name, c.type, c.doc) for c in table.columns],
    )
    return {"dagster/column_schema": schema, "dagster/table_name": table.name}


def row_count(path: Path) -> int:
    """Rows of one Parquet file, from its footer; 0 where there is no file."""
    import pyarrow.parquet as pq

    return int(pq.read_metadata(path).num_rows) if path.exists() else 0


def of_collection(collection: "Collection", pace: "Pace", address: str) -> Metadata:
    """Facts of an ended collection; the numbers are plotted."""
    zones = zones_by_state(collection)
    facts: Metadata = {
        "summary": dg.MetadataValue.text(summary(collection)),
        "account": collection.account,
        "collection": collection.id,
        "scope": collection.scope,
        **{f"zones_{state}": count for state, count in zones.items()},
        "requests": collection.requests,
        "seconds": _seconds(collection),
        "inventory": dg.MetadataValue.url(address),
    }
    if pace.zones_per_second:
        total = sum(zones.values())
        facts["zones_per_second"] = round(pace.zones_per_second, 2)
        facts["full_cycle_minutes"] = round(total / pace.zones_per_second / 60, 2)
        facts["full_cycle"] = dg.MetadataValue.text(
            f"All {total} zones take {spoken(total / pace.zones_per_second)} "
            "at the pace of this collection."
        )
    return facts


def zones_by_state(collection: "Collection") -> Mapping[str, int]:
    return {
        "complete": collection.zones_complete,
        "unchanged": collection.zones_unchanged,
        "no_zone_here": collection.zones_no_zone_here,
        "refused": collection.zones_refused,
        "failed": collection.zones_failed,
        "unread": collection.zones_unread,
    }


def summary(collection: "Collection") -> str:
    """One sentence on how a collection ended."""
    zones = ", ".join(
        f"{count} {state.replace('_', ' ')}"
        for state, count in zones_by_state(collection).items()
        if count
    )
    seconds = spoken(_seconds(collection))
    return (
        f"The collection of {collection.account} ended {collection.state} after {seconds} and "
        f"{collection.requests} requests; zones: {zones or 'none read'}."
    )


def spoken(seconds: float) -> str:
    """A span of time in the largest fitting units: '40 s', '12 min', '3 h 5 min'."""
    if seconds < 120:
        return f"{math.ceil(seconds)} s"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def _seconds(collection: "Collection") -> float:
    ended = collection.finished_at or collection.started_at
    return round((ended - collection.started_at) / timedelta(seconds=1), 1)
