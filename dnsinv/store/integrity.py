"""Whether the store is sound: its file, its references, and what the audit log must know of.

Facts only; in which words they are told is in actions/check.py.
"""

from collections.abc import Iterator
from sqlite3 import SQLITE_CORRUPT, SQLITE_NOTADB

from sqlalchemy import BigInteger, Connection, Table, exists, func, inspect, select, text

from dnsinv.store.database import StoreError
from dnsinv.store.tables import metadata

AUDITED = "_in"  # ending of columns that hold the number of an entry of the audit log


def damages(db: Connection) -> list[str]:
    """What SQLite finds wrong with its file, a hundred lines at most; nothing on Postgres."""
    if db.dialect.name != "sqlite":
        return []
    found = db.execute(text("pragma quick_check")).scalars().all()
    return [str(line) for line in found if line != "ok"]


def is_damage(error: StoreError) -> bool:
    """Whether SQLite says that its file is damaged or none of its own."""
    refused = getattr(error.__cause__, "orig", None)
    return getattr(refused, "sqlite_errorcode", None) in (SQLITE_CORRUPT, SQLITE_NOTADB)


def orphans(db: Connection) -> Iterator[tuple[str, str, int]]:
    """(column, table it refers to, rows whose row there is missing), in order of column."""
    for table in _present(db):
        for column in table.columns:
            for key in column.foreign_keys:
                other = key.column.table.alias()
                is_there = exists().where(other.columns[key.column.name] == column)
                query = (
                    select(func.count()).select_from(table).where(column.is_not(None), ~is_there)
                )
                if count := db.execute(query).scalar_one():
                    yield f"{table.name}.{column.name}", key.column.table.name, count


def beyond(db: Connection, last: int) -> Iterator[tuple[str, int, int]]:
    """(column, rows, highest) where rows name entries of the audit log after its last."""
    for table in _present(db):
        for column in table.columns:
            if column.name.endswith(AUDITED) and isinstance(column.type, BigInteger):
                query = select(func.count(), func.max(column)).where(column > last)
                count, highest = db.execute(query).one()
                if count:
                    yield f"{table.name}.{column.name}", count, highest


def _present(db: Connection) -> list[Table]:
    names = set(inspect(db).get_table_names())
    return [table for name, table in sorted(metadata.tables.items()) if name in names]
