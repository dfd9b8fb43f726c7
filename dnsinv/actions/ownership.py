"""What people say of domains and records: of a page's rows, or of all, to choose rows by.

For choosing it is kept in DuckDB beside the read model, and brought up to date by what is newer.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Any

import duckdb
import pyarrow as pa
from sqlalchemy import Connection

from dnsinv.lake.people import TABLES, fill_people
from dnsinv.store import owning
from dnsinv.store.owning import Columns, Owned

NOBODY = Owned()


def everything(db: Connection) -> dict[str, pa.Table]:
    """All that holds, for the tables of lake/people.py."""
    return _arrow(
        {
            **owning.names(db),
            "owned_domains": owning.owned_domains(db),
            "owned_records": owning.owned_records(db),
            "annotations": owning.annotated(db),
        }
    )


def listed(db: Connection, names: set[str]) -> dict[str, pa.Table]:
    """The tables of these names for ad hoc SQL, "listed.users" and the like among them."""
    makers: Mapping[str, Callable[[Connection], Columns]] = {
        "users": lambda db: owning.names(db)["users"],
        "groups": lambda db: owning.names(db)["groups"],
        "owned_domains": owning.owned_domains,
        "owned_records": owning.owned_records,
        "annotations": owning.annotated,
        "listed.users": owning.listed_users,
        "listed.groups": owning.listed_groups,
        "listed.assignments": owning.listed_assignments,
        "listed.audit_log": owning.listed_audit_log,
    }
    columns = {name: makers[name](db) for name in sorted(names)}
    return _arrow(columns)


class Ownership:
    """The tables of `people` in one DuckDB, as the store has them at some entry of its log."""

    def __init__(self, database: duckdb.DuckDBPyConnection) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._known = 0
        self._mark: str | None = None

    def catch_up(self, db: Connection) -> int:
        """Bring the tables up to date; the entry that last changed anything in them.

        Args:
            db: a transaction that reads; the tables are then as it sees the store, or newer.
        """
        newest = owning.newest(db)
        with self._lock:
            if newest <= self._known and self._mark is not None and self._is_the_same(db):
                return self._known
            with self._database.cursor() as con:
                con.begin()
                try:
                    if self._mark is not None and self._is_the_same(db):
                        self._add_newer(con, db)
                    else:
                        self._load(con, db)
                    con.commit()
                except BaseException:
                    con.rollback()
                    raise
            self._known, self._mark = newest, owning.mark(db, newest)
            return newest

    def _is_the_same(self, db: Connection) -> bool:
        """Whether the store still has the entry up to which it is known; a restored one may not."""
        return owning.mark(db, self._known) == self._mark

    def _load(self, con: duckdb.DuckDBPyConnection, db: Connection) -> None:
        for name in TABLES:
            con.execute(f"delete from people.{name}")
        fill_people(con, everything(db))

    def _add_newer(self, con: duckdb.DuckDBPyConnection, db: Connection) -> None:
        gone = list(owning.ended(db, self._known))
        newer = _arrow(
            {
                **owning.names(db),
                "owned_domains": owning.owned_domains(db, self._known),
                "owned_records": owning.owned_records(db, self._known),
                "annotations": owning.annotated(db, self._known),
            }
        )
        for name in ("owned_domains", "owned_records"):
            if gone:
                con.execute(
                    f"delete from people.{name} where id in (from unnest($gone))", {"gone": gone}
                )
        for name in ("users", "groups"):
            con.execute(f"delete from people.{name}")
        changed = newer["annotations"].column("domain").to_pylist()
        if changed:
            con.execute(
                "delete from people.annotations where domain in (from unnest($changed))",
                {"changed": changed},
            )
        fill_people(con, newer)


def domains_with_owners(db: Connection, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same rows with what people say of each domain, as the store has it now."""
    owned = owning.of_domains(db, [row["name"] for row in rows])
    for row in rows:
        of = owned.get(row["name"], NOBODY)
        base, _, entry = row["name"].partition("~")
        row |= {
            "owners": of.owners,
            "groups": of.groups,
            "tags": of.tags,
            "note": of.note,
            "entry": int(entry or 1),
            "base_name": base,
        }
    return rows


def records_with_owners(db: Connection, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same rows with each record's owners: its own, else its domain's."""
    domains = list({row["domain"] for row in rows} | {row["zone"] for row in rows})
    of_domain, of_record = owning.of_records(db, domains, list({row["name"] for row in rows}))
    for row in rows:
        inherited = of_domain.get(row["domain"], NOBODY)
        of = of_record.get((row["name"], row["type"], row["content"]), inherited)
        row |= {"owners": of.owners, "groups": of.groups}
    return rows


def _arrow(columns: Mapping[str, Columns]) -> dict[str, pa.Table]:
    return {name: _table(TABLES.get(name), values) for name, values in columns.items()}


def _table(schema: pa.Schema | None, values: Columns) -> pa.Table:
    if schema is None:  # DuckDB makes of them what its table has
        return pa.table({name: pa.array(each) for name, each in values.items()})
    return pa.table([pa.array(values[each.name], each.type) for each in schema], schema=schema)
