"""The audit log: append-only, each entry's hash made of its fields and the hash before it.

Its numbers order everything that people decided: rows of the store carry the number of the entry
in which they were made or ended.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, text

from dnsinv.store.tables import audit_log

FIRST = "0" * 64  # what stands before the first entry


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that somebody did or was refused; `details` are JSON values, never secrets."""

    seq: int
    at: datetime
    actor: str
    actor_id: int | None
    door: str
    address: str
    request_id: str
    action: str
    subject: str
    outcome: str
    details: Mapping[str, Any]


def next_seq(db: Connection) -> int:
    """The number of the entry that this transaction will append; it holds all other writers up."""
    if db.dialect.name == "postgresql":  # SQLite has the whole database already
        db.execute(text("lock table audit_log in exclusive mode"))
    return last_seq(db) + 1


def last_seq(db: Connection) -> int:
    """The number of the newest entry, 0 where there is none."""
    return int(db.execute(select(func.coalesce(func.max(audit_log.c.seq), 0))).scalar_one())


def append(db: Connection, entry: Entry) -> None:
    """Write an entry whose number next_seq() gave."""
    before = db.execute(
        select(audit_log.c.hash).where(audit_log.c.seq == entry.seq - 1)
    ).scalar_one_or_none()
    values = _values(entry)
    db.execute(insert(audit_log).values(**values, hash=_hash(before or FIRST, values)))


def broken_at(db: Connection) -> int | None:
    """The number of the first entry that is missing or not as it was written; None if all are."""
    before, expected = FIRST, 1
    query = select(audit_log).order_by(audit_log.c.seq)
    for row in db.execution_options(yield_per=5_000).execute(query).mappings():
        values = {name: row[name] for name in row if name != "hash"}
        if row["seq"] != expected or row["hash"] != _hash(before, values):
            return expected
        before, expected = row["hash"], expected + 1
    return None


def entries(db: Connection, after: int = 0) -> Iterator[Entry]:
    """Entries in order, those after a number."""
    query = select(audit_log).where(audit_log.c.seq > after).order_by(audit_log.c.seq)
    for row in db.execute(query).mappings():
        yield to_entry(row)


def to_entry(row: RowMapping) -> Entry:
    """An entry from its row."""
    values = {name: row[name] for name in Entry.__slots__}
    return Entry(**values | {"details": json.loads(row["details"])})


def _values(entry: Entry) -> dict[str, Any]:
    values = {name: getattr(entry, name) for name in Entry.__slots__}
    return values | {"details": json.dumps(entry.details, sort_keys=True, ensure_ascii=False)}


def _hash(before: str, values: Mapping[str, Any]) -> str:
    told = {name: _told(value) for name, value in values.items()}
    text_ = json.dumps([before, told], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text_.encode("utf-8", "surrogatepass")).hexdigest()


def _told(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
