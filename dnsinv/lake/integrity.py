"""Whether the lake is sound: every file whole and of its schema, nothing doubled."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from dnsinv.lake.lake import IMPORT_TABLES, LOG_TABLES, SNAPSHOT_TABLES, Lake, literal
from dnsinv.lake.layout import Kind
from dnsinv.lake.publish import MANIFEST
from dnsinv.lake.schemas import (
    COLLECTIONS,
    DNS_RECORDS,
    DOMAIN_HISTORY,
    DOMAINS,
    RECORD_HISTORY,
    ZONES,
)
from dnsinv.lake.table import Table

_KEYS: dict[Kind, str] = {
    "domains": "name, provider_id",
    "zones": "zone_id",
    "records": "zone_id, name, type, record_id, content, priority",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong: a code for programs, a sentence for people and how to mend it."""

    code: str
    text: str
    mend: str


def problems(lake: Lake) -> Iterator[Problem]:
    """Everything wrong with the lake's files, in order of path; none when it is sound."""
    with lake.open() as con:
        for path, table in _files(lake):
            yield from _file_problems(lake, con, path, table)
        for kind in ("domains", "zones", "records"):
            for provider, account in lake.layout.accounts(kind):
                for day in lake.layout.days(kind, provider, account):
                    path = lake.layout.snapshot(kind, provider, account, day)
                    yield from _doubled(con, path, kind)
    for manifest in sorted(lake.layout.publications.glob(f"*/{MANIFEST}")):
        yield Problem(
            "unfinished_publication",
            f"The publication {manifest.parent.name} was committed but not finished.",
            "The next collection or fold finishes it; run `dnsinv collect`.",
        )


def _files(lake: Lake) -> Iterator[tuple[Path, Table]]:
    layout = lake.layout
    for folder, tables in (("snapshots", SNAPSHOT_TABLES), ("changes", LOG_TABLES)):
        for kind, table in tables.items():
            for path in sorted((layout.lake / folder / kind).rglob("*.parquet")):
                yield path, table
    for table, kind_of_import in IMPORT_TABLES.items():
        for path in sorted(layout.imports(kind_of_import).rglob("*.parquet")):
            yield path, table
    for path, table in (
        (layout.history("domains"), DOMAIN_HISTORY),
        (layout.history("records"), RECORD_HISTORY),
        (layout.current("domains"), DOMAINS),
        (layout.current("zones"), ZONES),
        (layout.current("records"), DNS_RECORDS),
    ):
        if path.exists():
            yield path, table
    for path in sorted((layout.lake / "collections").glob("day=*/part-0.parquet")):
        yield path, COLLECTIONS


def _file_problems(
    lake: Lake, con: duckdb.DuckDBPyConnection, path: Path, table: Table
) -> Iterator[Problem]:
    try:
        names = tuple(pq.read_schema(path).names)
        if names != table.names:
            yield Problem(
                "foreign_schema",
                f"{path} has not the columns of {table.name}.",
                "Restore the file, or remove it and collect or derive again.",
            )
            return
        query = f"select bit_xor(hash(f)) from {_rows(path)} f"
        lake.stable(lambda: con.execute(query).fetchall())
    except (OSError, pa.ArrowException, duckdb.Error) as error:
        first = str(error).splitlines()[0]
        yield Problem(
            "damaged_file",
            f"{path} cannot be read: {first}.",
            "Restore it from a backup; history and current files may be removed and derived again.",
        )


def _doubled(con: duckdb.DuckDBPyConnection, path: Path, kind: Kind) -> Iterator[Problem]:
    key = _KEYS[kind]
    doubled = f"select 1 from {_rows(path)} group by {key} having count(*) > 1"
    query = f"select count(*) from ({doubled})"
    try:
        count = con.execute(query).fetchall()[0][0]
    except duckdb.Error:
        return  # told as damaged already
    if count:
        yield Problem(
            "doubled_rows",
            f"{path} holds {count} rows twice.",
            "Collect the account again; the partition of a past day needs a backup.",
        )


def _rows(path: Path) -> str:
    return f"read_parquet({literal(path)}, hive_partitioning = false)"
