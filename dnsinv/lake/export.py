"""Exports: datasets as CSV, NDJSON or Parquet, streamed by DuckDB, whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

import duckdb

from dnsinv.errors import LakeError, UsageError
from dnsinv.lake.lake import Lake, literal, sql

STDOUT = Path("/dev/stdout")
FILTERS = {  # by what is exported
    "domains": ("search", "provider", "status", "expiring"),
    "dns": ("search", "provider", "domain", "record_type"),
}


class Style(StrEnum):
    """File formats; json is one object a line (NDJSON)."""

    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"

    def copy(self, query: str, target: Path) -> str:
        """The statement that writes the rows of a query to a file."""
        options = {
            Style.CSV: "format csv, header",
            Style.JSON: "format json",
            Style.PARQUET: "format parquet, compression zstd",
        }[self]
        return f"copy ({query}) to {literal(target)} ({options})"


@dataclass(frozen=True, slots=True)
class Filters:
    """What an export is limited to; "" and None leave it open."""

    search: str = ""
    domain: str = ""
    record_type: str = ""
    provider: str = ""
    status: str = ""
    expiring: int | None = None


def export_rows(lake: Lake, what: str, filters: Filters, style: Style, output: Path | None) -> int:
    """Write current domains or dns records to a file, or to stdout without one; the number of rows.

    CSV cells that a spreadsheet would run (= + - @ tab CR) get an apostrophe in front, and so does
    a cell that has apostrophes before one of these: taking one off restores them all. A lone "-",
    which says that a provider does not have the domain, runs nowhere and stays.

    Raises:
        LakeError: the file cannot be written.
        UsageError: a filter does not limit what is exported.
    """
    values = _values(what, filters)
    try:
        with copying(output) as target, lake.connect() as con:
            choose = f"create or replace temp table chosen as {sql(f'export_{what}')}"
            lake.stable(lambda: con.execute(choose, values))
            query = f"select {_safe_cells(con) if style is Style.CSV else '*'} from chosen"
            con.execute(style.copy(query, target))
            return int(con.execute("select count(*) from chosen").fetchall()[0][0])
    except (OSError, duckdb.IOException) as error:
        raise LakeError(f"Cannot write {output or 'to stdout'}: {error}") from error


def _values(what: str, filters: Filters) -> dict[str, Any]:
    names = FILTERS[what]
    for field in fields(filters):
        if field.name not in names and getattr(filters, field.name) != field.default:
            raise UsageError(
                f"{_option(field.name)} does not limit {what}; these do: "
                f"{', '.join(map(_option, names))}."
            )
    return {name: getattr(filters, name) for name in names}


def _option(name: str) -> str:
    return "--" + name.removeprefix("record_")


@contextmanager
def copying(output: Path | None) -> Iterator[Path]:
    """Where to write so that `output` appears whole; without one that is stdout."""
    if output is None:
        yield STDOUT
        return
    part = output.absolute().with_name(output.name + ".part")
    try:
        yield part
        if part.exists():
            os.replace(part, output)  # noqa: PTH105 - Path.replace reads the wrong way round here
    finally:
        part.unlink(missing_ok=True)


def _safe_cells(con: duckdb.DuckDBPyConnection) -> str:
    cells = []
    for name, kind, *_ in con.execute("describe chosen").fetchall():
        column = f'"{name}"' if not kind.endswith("[]") else f"array_to_string(\"{name}\", ' ')"
        cells.append(f'{_safe(column)} as "{name}"' if kind.startswith("VARCHAR") else f'"{name}"')
    return ", ".join(cells)


def _safe(cell: str) -> str:
    is_risky = rf"{cell} <> '-' and regexp_matches({cell}, '^''*[=+\-@\t\r]')"
    return f"case when {is_risky} then '''' || {cell} else {cell} end"
