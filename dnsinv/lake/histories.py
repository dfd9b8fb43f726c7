"""One name through time: the periods of its values, and its zone as it was on a day.

Read from the published files, whose order by zone lets most of each be passed over.
"""

import json
from collections.abc import Sequence
from dataclasses import fields
from datetime import date
from typing import Any

import duckdb

from dnsinv.domain.names import ancestors
from dnsinv.domain.records import Record
from dnsinv.lake.lake import Lake, one_file, partitions, sql, view
from dnsinv.lake.schemas import (
    DOMAIN_HISTORY,
    DOMAIN_STATE,
    RECORD_HISTORY,
    RECORD_SNAPSHOTS,
    RECORD_STATE,
)
from dnsinv.lake.told import told_object

PERIOD = ("kind", "provider", "account", "zone", "name", "type", "valid_from", "valid_to", "values")
RECORD = ", ".join(each.name for each in fields(Record))


def periods(
    lake: Lake, name: str, zones: Sequence[str], first: int, limit: int
) -> tuple[list[dict[str, Any]], int]:
    """Periods of a domain and of the records in these zones or of this name, the latest first.

    Gives some of them, and how many there are.
    """
    near = [name, *ancestors(name), *zones]
    values = {"name": name, "zones": list(zones), "near": near, "first": first, "rows": limit}

    def read() -> list[tuple[Any, ...]]:
        with lake.open() as con:
            view(con, "domain_history", one_file(DOMAIN_HISTORY, lake.layout.history("domains")))
            view(con, "record_history", one_file(RECORD_HISTORY, lake.layout.history("records")))
            states = {
                "domain_values": told_object(DOMAIN_STATE[:-3]),
                "record_values": told_object(RECORD_STATE[:-3]),
            }
            return con.execute(sql("periods").format(**states), values).fetchall()

    rows = lake.stable(read)
    total = rows[0][-1] if rows else 0
    told = [dict(zip(PERIOD, row[:-1], strict=True)) for row in rows]
    return [each | {"values": json.loads(each["values"])} for each in told], total


def zone_on(lake: Lake, zone: str, day: date) -> dict[tuple[str, str], list[Record]]:
    """The records of a zone as seen on a day, by provider and account."""
    accounts = [
        (provider, account)
        for provider, account in lake.layout.accounts("records")
        if lake.layout.snapshot("records", provider, account, day).exists()
    ]
    paths = [lake.layout.snapshot("records", *where, day) for where in accounts]

    def read() -> list[tuple[Any, ...]]:
        with lake.open() as con:
            view(con, "record_snapshots", partitions(RECORD_SNAPSHOTS, paths))
            query = f"select provider, account, {RECORD} from record_snapshots where zone = $zone"
            return con.execute(query, {"zone": zone}).fetchall()

    return by_account(lake.stable(read))


def zone_now(con: duckdb.DuckDBPyConnection, zone: str) -> dict[tuple[str, str], list[Record]]:
    """The current records of a zone in a read model, by provider and account."""
    query = f"select provider, account, {RECORD} from dns_records where zone = $zone"
    return by_account(con.execute(query, {"zone": zone}).fetchall())


def by_account(rows: Sequence[tuple[Any, ...]]) -> dict[tuple[str, str], list[Record]]:
    """Records by the provider and account in the first two columns; the others are RECORD."""
    found: dict[tuple[str, str], list[Record]] = {}
    for row in rows:
        record = Record(*(*row[2:-1], tuple(row[-1])))
        found.setdefault((row[0], row[1]), []).append(record)
    return found
