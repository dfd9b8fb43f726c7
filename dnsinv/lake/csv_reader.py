"""Reading back a CSV export: every value as it was before it was made safe for spreadsheets."""

import csv
import re
from pathlib import Path

import duckdb
import pyarrow as pa

from dnsinv.errors import LakeError
from dnsinv.lake.lake import literal
from dnsinv.lake.people_tables import BESIDE
from dnsinv.lake.schemas import DNS_RECORDS, DOMAINS

TABLES = {table.name: (*table.columns, *BESIDE[table.name]) for table in (DOMAINS, DNS_RECORDS)}
_MADE_SAFE = r"'^''+[=+\-@\t\r]'"
_ITEM = re.compile(r'"((?:[^"]|"")*)"|([^",]+)')
_FORMAT = (
    "header = true, auto_detect = false, delim = ',', quote = '\"', escape = '\"', "
    "nullstr = '', allow_quoted_nulls = false, max_line_size = 16777216"
)


def read_exported_csv(path: Path) -> pa.Table:
    """The rows of an exported file of domains or DNS records, with the types of their columns.

    Raises:
        LakeError: it cannot be read, or its columns are not those of an export.
    """
    try:
        kinds = _kinds(path)
        columns = ", ".join(f"{literal(name)}: 'varchar'" for name in kinds)
        with duckdb.connect() as con:
            con.execute("set timezone = 'UTC'; set enable_progress_bar = false")
            rows = con.sql(
                f"select {', '.join(_restored(*each) for each in kinds.items())} "
                f"from read_csv({literal(path)}, {_FORMAT}, columns = {{{columns}}})"
            ).to_arrow_table()
    except (OSError, duckdb.Error) as error:
        raise LakeError(f"{path} cannot be read as an export: {error}") from error
    for place, (name, kind) in enumerate(kinds.items()):
        if kind.endswith("[]"):
            rows = rows.set_column(place, name, _lists(rows.column(name)))
    return rows


def listed_values(cell: str) -> list[str]:
    """The values of a list from its one cell, where they stand with commas between them."""
    values, place = [], 0
    while item := _ITEM.match(cell, place):
        quoted, bare = item.groups()
        values.append(bare if quoted is None else quoted.replace('""', '"'))
        place = item.end() + len(", ")
    return values


def _lists(cells: pa.ChunkedArray) -> pa.Array:
    coded = cells.combine_chunks().dictionary_encode()
    lists = [None if each is None else listed_values(each) for each in coded.dictionary.to_pylist()]
    return pa.array(lists, pa.list_(pa.string())).take(coded.indices)


def _restored(name: str, kind: str) -> str:
    """A column as it was; of a list its one text."""
    cell = f'"{name}"'
    if kind == "varchar" or kind.endswith("[]"):
        was_made_safe = f"regexp_matches({cell}, {_MADE_SAFE})"
        return f"case when {was_made_safe} then {cell}[2:] else {cell} end as {cell}"
    return f"{cell}::{kind} as {cell}"


def _kinds(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8", newline="") as file:
        names = tuple(next(csv.reader(file), []))
    for columns in TABLES.values():
        if tuple(each.name for each in columns) == names:
            return {each.name: each.type for each in columns}
    raise LakeError(f"{path} has not the columns of an export: {', '.join(names)[:200]}.")
