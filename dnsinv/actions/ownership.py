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
from dnsinv.store import migrations, owning
from dnsinv.store.database import Store
from dnsinv.store.owning import Columns, Owned, State

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
        "listed.migrations": migrations.listed,
    }
    columns = {name: makers[name](db) for name in sorted(names)}
    return _arrow(columns)


class Ownership:
    """The tables of `people` in one DuckDB, as the store has them at some entry of its log."""

    def __init__(self, database: duckdb.DuckDBPyConnection, store: Store) -> None:
        self._database = database
        self._store = store
        self._lock = threading.Lock()
        self._known: State | None = None

    def catch_up(self, db: Connection) -> State:
        """Bring the tables up to date; which state of the store they have now.

        Args:
            db: a transaction that reads; the tables are then as it sees the store, or newer.
        """
        state = owning.state(db)
        with self._lock:
            known = self._known
            if known is None or state == known:
                return known or self._bring(db, None, state)
            if _is_in(db, known):
                return self._bring(db, known, state)
        # Not within the lock: those who wait for it may hold all other connections.
        with self._store.read() as latest:
            was_restored = not _is_in(latest, known)
        with self._lock:
            if was_restored and self._known == known:
                return self._bring(db, None, state)
            return self._known or known  # it is only this transaction that began earlier

    def _bring(self, db: Connection, known: State | None, state: State) -> State:
        with self._database.cursor() as con:
            con.begin()
            try:
                if known is None:
                    self._load(con, db)
                else:
                    self._add_newer(con, db, known.seq)
                con.commit()
            except BaseException:
                con.rollback()
                raise
        self._known = state
        return state

    def _load(self, con: duckdb.DuckDBPyConnection, db: Connection) -> None:
        for name in TABLES:
            con.execute(f"delete from people.{name}")
        fill_people(con, everything(db))

    def _add_newer(self, con: duckdb.DuckDBPyConnection, db: Connection, known: int) -> None:
        gone = list(owning.ended(db, known))
        newer = _arrow(
            {
                **owning.names(db),
                "owned_domains": owning.owned_domains(db, known),
                "owned_records": owning.owned_records(db, known),
                "annotations": owning.annotated(db, known),
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


def _is_in(db: Connection, state: State) -> bool:
    """Whether the store has that entry of the log; a restored one has another, or none."""
    return owning.mark(db, state.seq) == state.mark


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
