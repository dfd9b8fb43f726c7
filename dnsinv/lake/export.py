"""Exports: rows as CSV, NDJSON or Parquet, written by DuckDB itself and streamed from a pipe.

Nothing is held but what is on its way. CSV is made so that no spreadsheet runs a cell, and so that
csv_reader.py gives back every value.
"""

import os
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

import duckdb

from dnsinv.errors import LakeError
from dnsinv.lake.lake import literal

STDOUT = Path("/dev/stdout")
PIECE = 256 * 1024  # bytes handed on at once, at most
ROW_GROUP = 20_480  # rows of a Parquet file that are held before they are written


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
            Style.PARQUET: f"format parquet, compression zstd, row_group_size {ROW_GROUP}",
        }[self]
        return f"copy ({query}) to {literal(target)} ({options})"


def streamed(
    con: duckdb.DuckDBPyConnection, query: str, style: Style
) -> Generator[bytes, None, None]:
    """The bytes of a file of the rows of a query, as fast as they are taken.

    Closing the iterator stops DuckDB; the connection is not to be used meanwhile.

    Raises:
        LakeError: DuckDB failed; what was given until then is not a whole file.
    """
    rows = safe_cells(con, query) if style is Style.CSV else query
    failures: list[duckdb.Error] = []
    reading, writing = os.pipe()
    statement = style.copy(rows, Path(f"/dev/fd/{writing}"))

    def write() -> None:
        try:
            con.execute(statement)
        except duckdb.Error as error:
            failures.append(error)
        finally:
            os.close(writing)

    writer = threading.Thread(target=write, name="export", daemon=True)
    writer.start()
    try:
        with open(reading, "rb", buffering=0) as pipe:  # noqa: PTH123 - a descriptor
            while piece := pipe.read(PIECE):
                yield piece
    finally:
        con.interrupt()
        writer.join()
    if failures:
        raise LakeError(f"The export broke off: {failures[0]}") from failures[0]


@contextmanager
def writing(output: Path | None) -> Iterator[BinaryIO]:
    """The file to write, open: what is written to `output` appears whole or not at all."""
    if output is None:
        with open(1, "wb", closefd=False) as file:
            yield file
        return
    with copying(output) as part, part.open("wb") as file:
        yield file


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


def safe_cells(con: duckdb.DuckDBPyConnection, query: str) -> str:
    """The same rows with their texts as CSV has them.

    Cells that a spreadsheet would run (= + - @ tab CR) get an apostrophe in front, and so does a
    cell that has apostrophes before one of these: taking one off restores them all. A lone "-",
    which says that a provider does not have the domain, runs nowhere and stays. A list's values
    stand with commas between them, each in quotes where it needs them.
    """
    cells = []
    for name, kind, *_ in con.execute(f"describe {query}").fetchall():
        column = f'"{name}"'
        if kind.endswith("[]"):
            cells.append(f"{_safe(_joined(column))} as {column}")
        else:
            cells.append(f"{_safe(column)} as {column}" if kind == "VARCHAR" else column)
    return f"select {', '.join(cells)} from ({query})"


def _joined(column: str) -> str:
    needs_quotes = r"""regexp_matches(v, '[",]|^\s|\s$|^$')"""
    quoted = """'"' || replace(v, '"', '""') || '"'"""
    value = f"case when {needs_quotes} then {quoted} else v end"
    return f"array_to_string(list_transform({column}, lambda v: {value}), ', ')"


def _safe(cell: str) -> str:
    is_risky = rf"{cell} <> '-' and regexp_matches({cell}, '^''*[=+\-@\t\r]')"
    return f"case when {is_risky} then '''' || {cell} else {cell} end"
