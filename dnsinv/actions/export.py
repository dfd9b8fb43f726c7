"""Exports: all rows that a list's filters leave, as a file, written down in the audit log."""

from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

import duckdb
import pyarrow as pa
from sqlalchemy import Connection

from dnsinv.actions.acting import Actor, acting, refusal
from dnsinv.actions.filters import chosen_domains, chosen_records
from dnsinv.actions.installation import Installation
from dnsinv.actions.ownership import everything
from dnsinv.actions.queries import DomainQuery, RecordQuery
from dnsinv.domain.permission import Right
from dnsinv.errors import LakeError
from dnsinv.lake.beside import rows_beside
from dnsinv.lake.choices import Choice
from dnsinv.lake.export import Style, streamed, writing
from dnsinv.lake.lake import Lake, literal, sql
from dnsinv.lake.people import add_people, fill_people, gather_people
from dnsinv.lake.readmodel import build_read_model, read_model
from dnsinv.lake.schemas import DNS_RECORDS, DOMAINS

What = Literal["domains", "dns"]
BATCH = 32_768  # rows on their way at once
MEMORY = "256MB"  # of the DuckDB of one export
PAGING = {"page", "limit"}


@dataclass(frozen=True, slots=True)
class Export:
    """How many rows there are, and the bytes of their file; close `pieces` to end the work."""

    rows: int
    pieces: Generator[bytes, None, None]


def export_stream(
    installation: Installation,
    actor: Actor,
    what: What,
    query: DomainQuery | RecordQuery,
    style: Style,
) -> Generator[bytes, None, None]:
    """The bytes of a file of all rows that a query means; as `open_export`."""
    return open_export(installation, actor, what, query, style).pieces


def open_export(
    installation: Installation,
    actor: Actor,
    what: What,
    query: DomainQuery | RecordQuery,
    style: Style,
) -> Export:
    """All rows that a query means, whatever its page, in its order.

    Permission, filters and the entry in the audit log are settled before this returns.

    Raises:
        NotAllowed: the actor may not export.
        UsageError: there is no such sort, owner or group.
        LakeError: the read model cannot be opened; while iterating, the file broke off.
    """
    with installation.store.read() as db:
        chosen = _chosen(db, query)
        people = {} if refusal(db, actor, Right.EXPORT) else everything(db)
    con = _opened(installation.lake, people)
    try:
        rows = _count(con, chosen)
        with acting(installation, actor, f"export.{what}", Right.EXPORT, what) as deed:
            deed.details = {"rows": rows, "format": style.value, "filters": _told(query)}
    except BaseException:
        con.close()
        raise
    return Export(rows, _pieces(con, chosen, style))


def export_file(
    installation: Installation,
    actor: Actor,
    what: What,
    query: DomainQuery | RecordQuery,
    style: Style,
    output: Path | None,
) -> int:
    """The same into a file that appears whole or not at all, or to stdout; the number of rows.

    Raises:
        LakeError: also where the file cannot be written.
    """
    export = open_export(installation, actor, what, query, style)
    with closing(export.pieces):
        try:
            with writing(output) as file:
                for piece in export.pieces:
                    file.write(piece)
        except BrokenPipeError:
            raise  # whoever read stdout has gone, and wants to hear no more
        except OSError as error:
            raise LakeError(f"Cannot write {output or 'to stdout'}: {error.strerror}.") from error
    return export.rows


def _opened(lake: Lake, people: Mapping[str, pa.Table]) -> duckdb.DuckDBPyConnection:
    """A DuckDB of its own: one that waits for a slow client must not hold up the others."""
    path = read_model(lake) or build_read_model(lake)
    con = lake.open(MEMORY)
    try:
        con.execute("set preserve_insertion_order = true")
        add_people(con)
        fill_people(con, people)
        gather_people(con)
        con.execute(f"attach {literal(path)} as model (read_only)")
        con.execute("use model")
    except duckdb.Error as error:
        con.close()
        raise LakeError(f"The read model {path.name} cannot be opened: {error}") from error
    return con


def _chosen(db: Connection, query: DomainQuery | RecordQuery) -> Choice:
    if isinstance(query, DomainQuery):
        return chosen_domains(db, query)
    return chosen_records(db, query)


def _count(con: duckdb.DuckDBPyConnection, chosen: Choice) -> int:
    query = f"select count(*) from {chosen.table} where {chosen.conditions}"
    return int(con.execute(query, chosen.parameters or None).fetchall()[0][0])


def _told(query: DomainQuery | RecordQuery) -> dict[str, Any]:
    """What was asked for beside what is taken for granted."""
    return {
        each.name: getattr(query, each.name)
        for each in fields(query)
        if each.name not in PAGING and getattr(query, each.name) != each.default
    }


def _pieces(
    con: duckdb.DuckDBPyConnection, chosen: Choice, style: Style
) -> Generator[bytes, None, None]:
    observed = next(each for each in (DOMAINS, DNS_RECORDS) if each.name == chosen.table)
    query = chosen.query(", ".join(f'"{name}"' for name in observed.names))
    with con, con.cursor() as reading, con.cursor() as writing:
        reading.execute("use model")
        observed_rows = reading.sql(query, params=chosen.parameters or None)
        rows = rows_beside(con, chosen.table, observed_rows.to_arrow_reader(BATCH))
        writing.register("exported", rows)
        with closing(streamed(writing, sql(f"export_{chosen.table}"), style)) as pieces:
            yield from pieces
