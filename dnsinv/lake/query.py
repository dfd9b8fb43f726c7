"""Ad hoc SQL: read-only, over the datasets and nothing else."""

import shutil
from pathlib import Path

import duckdb

from dnsinv.errors import LakeError, UsageError
from dnsinv.lake.export import STDOUT, Style, copying
from dnsinv.lake.lake import Lake

ROWS_SHOWN = 100


def run_query(lake: Lake, query: str, style: Style | None, output: Path | None) -> None:
    """Run one reading statement and print its rows as a table, or write them in a format.

    Raises:
        UsageError: it is not one reading statement, or DuckDB refuses it.
        LakeError: a file cannot be read or written.
    """
    text = checked(query)
    try:
        if style is None:
            lake.stable(lambda: _show(lake, text))
        elif output is None:
            _copy(lake, style.copy(f"from (\n{text}\n)", STDOUT), STDOUT)
        else:
            with copying(output) as target:
                lake.stable(lambda: _copy(lake, style.copy(f"from (\n{text}\n)", target), target))
    except duckdb.IOException as error:
        raise LakeError(f"A file cannot be read or written: {error}") from error
    except duckdb.Error as error:
        raise UsageError(f"DuckDB refuses the query: {error}") from None


def checked(query: str) -> str:
    """The query without its semicolon, if it is exactly one statement that only reads.

    DuckDB's allowed folders may be written to as well as read, so the kind of statement is checked.

    Raises:
        UsageError: it is not.
    """
    try:
        statements = duckdb.extract_statements(query)
    except duckdb.Error as error:
        raise UsageError(f"DuckDB does not understand the query: {error}") from None
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise UsageError(
            "Only one reading statement at a time: select, from, with, describe, show."
        )
    return statements[0].query.strip().rstrip(";")


def _show(lake: Lake, text: str) -> None:
    with lake.connect_read_only() as con:
        width = shutil.get_terminal_size((160, 40)).columns
        con.sql(text).show(max_width=width, max_rows=ROWS_SHOWN)


def _copy(lake: Lake, statement: str, target: Path) -> None:
    with lake.connect_read_only(target) as con:
        con.execute(statement)
