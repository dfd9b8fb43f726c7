"""Custom templates of imports and all their versions; by their ids, which stand in `name`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from dnsinv.store.tables import migration_templates as table


@dataclass(frozen=True, slots=True)
class StoredTemplate:
    """One version of a template; of each id the newest one is current until it is removed."""

    id: str
    version: int
    definition: dict[str, Any]
    created_at: datetime
    is_current: bool


def current(db: Connection) -> list[StoredTemplate]:
    """The templates that there are, by their ids."""
    query = select(table).where(table.c.ended_in.is_(None)).order_by(table.c.name)
    return [_stored(row) for row in db.execute(query).mappings()]


def versions(db: Connection, template_id: str) -> list[StoredTemplate]:
    """All that a template ever was, the newest first; empty if there never was one."""
    query = select(table).where(table.c.name == template_id).order_by(table.c.version.desc())
    return [_stored(row) for row in db.execute(query).mappings()]


def add(
    db: Connection, template_id: str, definition: dict[str, Any], at: datetime, seq: int
) -> StoredTemplate:
    """Write down a new version, which becomes the current one."""
    end(db, template_id, seq)
    newest = select(func.coalesce(func.max(table.c.version), 0)).where(table.c.name == template_id)
    version = int(db.execute(newest).scalar_one()) + 1
    db.execute(
        insert(table).values(
            name=template_id, version=version, definition=definition, created_at=at, created_in=seq
        )
    )
    return StoredTemplate(template_id, version, definition, at, is_current=True)


def end(db: Connection, template_id: str, seq: int) -> None:
    """Let a template's current version be the current one no longer."""
    db.execute(
        update(table)
        .where(table.c.name == template_id, table.c.ended_in.is_(None))
        .values(ended_in=seq)
    )


def _stored(row: RowMapping) -> StoredTemplate:
    return StoredTemplate(
        row["name"], row["version"], row["definition"], row["created_at"], row["ended_in"] is None
    )
