"""The store's rows as files that belong to no database: what SQLite held, Postgres can hold.

A file per table: lines of JSON in gzip, first the columns' names and then each row's values. Tables
are read as the database has them, so a store of any revision can be dumped, by an older and by a
newer program. What lives for hours only (sessions, failed sign-ins) is left out.
"""

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Date,
    DateTime,
    MetaData,
    Table,
    insert,
    select,
    text,
)

from dnsinv.store import tables
from dnsinv.store.database import StoreError, is_known, revision_of, upgrade

LEFT_OUT = frozenset({"alembic_version", "sessions", "failed_sign_ins"})
FUNCTIONS = ("audit_log_refuse()",)  # that revisions make in Postgres, beside tables
LINE_LIMIT = 64 << 20  # bytes of one row; nothing in the store comes near
ROWS_AT_ONCE = 2_000
SUFFIX = ".jsonl.gz"


@dataclass(frozen=True, slots=True)
class Dump:
    """What was dumped: the revision of the tables, and of each its rows and bytes of JSON.

    `numbers` are the last numbers given out, which must not be given out again.
    """

    revision: str
    rows: Mapping[str, int]
    sizes: Mapping[str, int]
    numbers: Mapping[str, int]


def dump(db: Connection, folder: Path) -> Dump:
    """Write every table of a snapshot into `folder`.

    Raises:
        OSError: the disk refused.
        SQLAlchemyError: the database refused.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = _tables(db)
    rows, sizes = {}, {}
    for name, table in sorted(found.items()):
        if name not in LEFT_OUT:
            rows[name], sizes[name] = _dump_table(db, table, folder / f"{name}{SUFFIX}")
    return Dump(revision_of(db), rows, sizes, _numbers(db, found))


def check(folder: Path, dumped: Dump) -> None:
    """Read every file to its end.

    Raises:
        StoreError: one is damaged, or has other rows than it should.
    """
    for name in dumped.rows:
        for _ in _lines(folder, name, dumped):
            pass


def load(db: Connection, folder: Path, dumped: Dump) -> None:
    """Put what was dumped in the place of all that the store has, at this program's revision.

    All of it happens in the connection's transaction, on Postgres as on SQLite.

    Raises:
        StoreError: the revision is unknown here, or a file does not fit its table.
        SQLAlchemyError: the database refused.
    """
    _drop_all(db)
    upgrade(db, dumped.revision)
    made = _tables(db)
    strange = sorted(dumped.rows.keys() - made.keys())
    if strange:
        raise StoreError(f"The revision {dumped.revision} has no table {strange[0]}.")
    for name in _in_order(made):
        if name in dumped.rows:
            _load_table(db, made[name], _lines(folder, name, dumped))
    _give_on_from(db, made, dumped.numbers)
    upgrade(db)


def is_empty(db: Connection) -> bool:
    """Whether the store holds nothing that anybody would miss."""
    return not any(
        db.execute(select(table).limit(1)).first()
        for name, table in _tables(db).items()
        if name not in LEFT_OUT
    )


# -- tables as the database has them --------------------------------------------------------------


def _tables(db: Connection) -> dict[str, Table]:
    """Ours: every table of a SQLite file; in Postgres there may be others beside them."""
    metadata = MetaData()
    if db.dialect.name == "sqlite":
        metadata.reflect(db)
    else:
        ours = {*tables.metadata.tables, "alembic_version"}
        metadata.reflect(db, only=lambda name, _: name in ours)
    for table in metadata.tables.values():
        for column in table.columns:
            if isinstance(column.type, JSON):  # None is no value, not JSON's null
                column.type = JSON(none_as_null=bool(column.nullable))
    return dict(metadata.tables)


def _in_order(found: Mapping[str, Table]) -> list[str]:
    """Names, those that others refer to first."""
    metadata = next(iter(found.values())).metadata
    return [table.name for table in metadata.sorted_tables]


def _drop_all(db: Connection) -> None:
    found = _tables(db)
    if not found:
        return
    revision = revision_of(db)
    if db.dialect.name != "sqlite" and revision and not is_known(revision):
        raise StoreError(
            f"The database holds tables of a newer program (revision {revision}); restore with "
            "that program, or into an empty database."
        )
    for name in reversed(_in_order(found)):
        found[name].drop(db)
    if db.dialect.name != "sqlite":
        for function in FUNCTIONS:
            db.execute(text(f"drop function if exists {function}"))


def _numbers(db: Connection, found: Mapping[str, Table]) -> dict[str, int]:
    if db.dialect.name == "sqlite":
        if not db.execute(text("select 1 from sqlite_master where name = 'sqlite_sequence'")).all():
            return {}
        rows = db.execute(text("select name, seq from sqlite_sequence")).all()
        return {name: int(seq) for name, seq in rows if name not in LEFT_OUT}
    numbers = {}
    for name, sequence in _sequences(db, found).items():
        last, is_used = db.execute(text(f"select last_value, is_called from {sequence}")).one()
        if is_used and name not in LEFT_OUT:
            numbers[name] = int(last)
    return numbers


def _give_on_from(db: Connection, made: Mapping[str, Table], numbers: Mapping[str, int]) -> None:
    """Let new rows get numbers that no row had before."""
    if db.dialect.name == "sqlite":
        for name, last in numbers.items():
            values = {"name": name, "last": last}
            db.execute(text("delete from sqlite_sequence where name = :name"), values)
            db.execute(text("insert into sqlite_sequence values (:name, :last)"), values)
        return
    for name, sequence in _sequences(db, made).items():
        key = next(iter(made[name].primary_key.columns))
        highest = db.execute(select(key).order_by(key.desc()).limit(1)).scalar() or 0
        last = max(numbers.get(name, 0), highest)
        if last:
            db.execute(
                text("select setval(:sequence, :last)"), {"sequence": sequence, "last": last}
            )


def _sequences(db: Connection, found: Mapping[str, Table]) -> dict[str, str]:
    """Postgres's sequence of each table that has one."""
    query = text("select pg_get_serial_sequence(:name, :key)")
    sequences = {}
    for name, table in found.items():
        for key in table.primary_key.columns:
            values = {"name": table.fullname, "key": key.name}
            if sequence := db.execute(query, values).scalar():
                sequences[name] = str(sequence)
    return sequences


# -- one table ------------------------------------------------------------------------------------


def _dump_table(db: Connection, table: Table, path: Path) -> tuple[int, int]:
    """Rows and bytes of JSON written."""
    query = select(table).order_by(*table.primary_key.columns)
    size = count = 0
    with gzip.open(path, "wb", compresslevel=3) as file:
        size += file.write(_line([column.name for column in table.columns]))
        found = db.execute(query, execution_options={"yield_per": ROWS_AT_ONCE})
        for part in found.partitions():
            size += file.write(b"".join(_line(row) for row in part))
            count += len(part)
    return count, size


def _line(values: Sequence[Any]) -> bytes:
    return json.dumps(list(values), default=_plain, separators=(",", ":")).encode() + b"\n"


def _plain(value: object) -> str:
    if isinstance(value, date):  # a datetime is one
        return value.isoformat()
    raise TypeError(f"A value of the kind {type(value).__name__} cannot be dumped.")


def _load_table(db: Connection, table: Table, lines: Iterator[list[Any]]) -> None:
    names = next(lines)
    try:
        columns = [table.columns[name] for name in names]
    except (KeyError, TypeError):
        raise StoreError(f"The file of {table.name} has other columns than its table.") from None
    statement = insert(table)
    part: list[dict[str, Any]] = []
    for values in lines:
        part.append(_row(table, columns, values))
        if len(part) == ROWS_AT_ONCE:
            db.execute(statement, part)
            part = []
    if part:
        db.execute(statement, part)


def _row(table: Table, columns: Sequence[Column[Any]], values: Sequence[Any]) -> dict[str, Any]:
    try:
        pairs = zip(columns, values, strict=True)
        return {column.name: _revived(column, value) for column, value in pairs}
    except (ValueError, TypeError) as error:
        raise StoreError(
            f"The file of {table.name} has a row that does not fit: {error}."
        ) from error


def _revived(column: Column[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, DateTime):
        return datetime.fromisoformat(value)
    if isinstance(column.type, Date):
        return date.fromisoformat(value)
    return value


def _lines(folder: Path, name: str, dumped: Dump) -> Iterator[list[Any]]:
    """The columns' names, then each row's values; complains where they are not as dumped."""
    left, count = dumped.sizes[name], -1
    try:
        with gzip.open(folder / f"{name}{SUFFIX}", "rb") as file:
            while line := file.readline(min(left, LINE_LIMIT) + 1):
                left -= len(line)
                if left < 0 or not line.endswith(b"\n"):
                    raise StoreError(f"The file of {name} is longer than it should be.")
                values = json.loads(line)
                if not isinstance(values, list):
                    raise StoreError(f"The file of {name} has a line that is no row.")
                count += 1
                yield values
    except (OSError, EOFError, ValueError, RecursionError) as error:  # gzip's and JSON's own
        raise StoreError(f"The file of {name} is damaged: {error}.") from error
    if left or count != dumped.rows[name]:
        raise StoreError(f"The file of {name} has {count} rows, not {dumped.rows[name]}.")
