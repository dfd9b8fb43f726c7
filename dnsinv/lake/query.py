"""Ad hoc SQL: read-only, over the datasets and nothing else, within bounds of time and memory."""

import json
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from dnsinv.errors import LakeError, UsageError
from dnsinv.lake.export import STDOUT, Style, copying
from dnsinv.lake.lake import Lake, literal
from dnsinv.lake.people import GATHERED, add_people, fill_people, gather_people, show_people

ROWS_SHOWN = 100
SECONDS = 300  # a query may take
SPILL = "20GB"  # of temporary files it may write

People = Callable[[set[str]], Mapping[str, pa.Table]]
"""Gives the tables of `people` of these names, "listed.users" and the like among them."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One query and what becomes of its rows: a table to look at where there is no style."""

    query: str
    style: Style | None = None
    output: Path | None = None
    seconds: float = SECONDS


def run_query(lake: Lake, wanted: Wanted, people: People) -> None:
    """Run one reading statement and print its rows as a table, or write them in a format.

    Raises:
        UsageError: it is not one reading statement, DuckDB refuses it, or it takes too long.
        LakeError: a file cannot be read or written.
    """
    text = checked(wanted.query)
    try:
        if wanted.style is None:
            lake.stable(lambda: _show(lake, wanted, text, people))
        elif wanted.output is None:
            _copy(lake, wanted, text, people, STDOUT)
        else:
            with copying(wanted.output) as target:
                lake.stable(lambda: _copy(lake, wanted, text, people, target))
    except duckdb.InterruptException:
        raise UsageError(
            f"The query was stopped after {wanted.seconds:g} seconds; limit it, or allow more."
        ) from None
    except duckdb.OutOfMemoryException as error:
        raise UsageError(
            f"The query needs more memory than it may have: {_first_line(error)}"
        ) from error
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


def _show(lake: Lake, wanted: Wanted, text: str, people: People) -> None:
    with _opened(lake, wanted, text, people, None) as con:
        width = shutil.get_terminal_size((160, 40)).columns
        con.sql(text).show(max_width=width, max_rows=ROWS_SHOWN)


def _copy(lake: Lake, wanted: Wanted, text: str, people: People, target: Path) -> None:
    assert wanted.style is not None
    with _opened(lake, wanted, text, people, target) as con:
        con.execute(wanted.style.copy(f"from (\n{text}\n)", target))


@contextmanager
def _opened(
    lake: Lake, wanted: Wanted, text: str, people: People, output: Path | None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reaches the lake's files, one output and nothing else.

    It cannot be reconfigured, sees no variable of this program, and is interrupted in time.
    """
    with lake.connect() as con:
        add_people(con)
        show_people(con)
        con.execute(f"set allowed_directories = [{literal(lake.layout.lake)}]")
        con.execute(f"set allowed_paths = [{literal(output) if output else ''}]")
        con.execute(f"set max_temp_directory_size = '{SPILL}'")
        con.execute("set python_enable_replacements = false")
        con.execute("set enable_external_access = false")
        alarm = threading.Timer(wanted.seconds, con.interrupt)
        alarm.daemon = True
        alarm.start()
        try:
            if names := _scanned(con, text):
                fill_people(con, people(names))
                gather_people(con)
            con.execute("set lock_configuration = true")
            # A select may insert and delete in a `with` of its own.
            con.execute("begin transaction read only")
            yield con
        finally:
            alarm.cancel()


def _scanned(con: duckdb.DuckDBPyConnection, text: str) -> set[str]:
    """The tables of `people` that a query reads, by DuckDB's own plan: what the store is asked for.

    They are empty as yet, which must not make the plan leave any out.
    """
    con.execute("set disabled_optimizers = 'statistics_propagation,empty_result_pullup'")
    try:
        rows = con.execute(f"explain (format json) {text}").fetchall()
        scanned = {name for row in rows for plan in json.loads(row[1]) for name in _tables(plan)}
        return {each for name in scanned for each in GATHERED.get(name, {name})}
    except duckdb.Error:
        return set()  # the query itself will say what is wrong with it
    finally:
        con.execute("reset disabled_optimizers")


def _tables(plan: Mapping[str, Any]) -> Iterator[str]:
    scanned = str(plan.get("extra_info", {}).get("Table", "")).replace('"', "")
    database, _, name = scanned.partition(".")
    if database == "people":
        yield name.removeprefix("main.")
    for child in plan.get("children", ()):
        yield from _tables(child)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
