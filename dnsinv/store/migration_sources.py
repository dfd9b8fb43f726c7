"""Schedules of imports, and which files each has imported."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from dnsinv.store.tables import migration_seen as seen
from dnsinv.store.tables import migration_sources as table


@dataclass(frozen=True, slots=True)
class Schedule:
    """A source that is imported from by itself.

    `cron` is in UTC; "" looks whenever there is time, for an inbox. `options` are those of the
    migrations it begins. What is done by looking: `looked_at`, `trouble` ("" when all was well) and
    `again_at`, when to look again sooner than cron says.
    """

    id: int
    source: str
    cron: str
    template: str
    options: Mapping[str, Any]
    is_paused: bool
    created_by: str
    created_at: datetime
    looked_at: datetime | None
    again_at: datetime | None
    trouble: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A file that a schedule has imported, as it was then."""

    name: str
    size: int
    stamp: str
    sha256: str
    migration: int
    at: datetime


def all_schedules(db: Connection) -> list[Schedule]:
    """Those that hold, paused ones too, in order of id."""
    query = select(table).where(table.c.ended_in.is_(None)).order_by(table.c.id)
    return [
        Schedule(**{name: row[name] for name in Schedule.__slots__})
        for row in db.execute(query).mappings()
    ]


def find(db: Connection, schedule_id: int) -> Schedule | None:
    return next((each for each in all_schedules(db) if each.id == schedule_id), None)


def add(
    db: Connection,
    *,
    source: str,
    cron: str,
    template: str,
    options: Mapping[str, Any],
    by: str,
    at: datetime,
    seq: int,
) -> Schedule:
    """Write down a new schedule."""
    values = {
        "source": source,
        "cron": cron,
        "template": template,
        "options": dict(options),
        "is_paused": False,
        "created_by": by,
        "created_at": at,
        "created_in": seq,
    }
    key = db.execute(insert(table).values(values)).inserted_primary_key
    assert key
    made = find(db, key[0])
    assert made
    return made


def end(db: Connection, schedule_id: int, seq: int) -> None:
    """Take a schedule out; what it has seen stays written."""
    db.execute(update(table).where(table.c.id == schedule_id).values(ended_in=seq))


def pause(db: Connection, schedule_id: int, *, is_paused: bool) -> None:
    db.execute(update(table).where(table.c.id == schedule_id).values(is_paused=is_paused))


def looked(
    db: Connection, schedule_id: int, at: datetime, trouble: str, again_at: datetime | None
) -> None:
    """Write down that a schedule's source was looked at, and how it went."""
    db.execute(
        update(table)
        .where(table.c.id == schedule_id)
        .values(looked_at=at, trouble=trouble, again_at=again_at)
    )


def marks(db: Connection, schedule_id: int) -> dict[str, Mark]:
    """The files that a schedule has imported, by name; of each as it was the last time."""
    query = select(seen).where(seen.c.schedule == schedule_id).order_by(seen.c.number)
    return {
        row["name"]: Mark(**{name: row[name] for name in Mark.__slots__})
        for row in db.execute(query).mappings()
    }


def imported(db: Connection, schedule_id: int) -> int:
    """How many migrations a schedule has begun."""
    query = select(func.count(func.distinct(seen.c.migration))).where(
        seen.c.schedule == schedule_id
    )
    return int(db.execute(query).scalar_one())


def remember(db: Connection, schedule_id: int, mark: Mark) -> None:
    """Write down that a file was imported, or that it is one that was."""
    mine = seen.c.schedule == schedule_id
    last = db.execute(select(func.max(seen.c.number)).where(mine)).scalar() or 0
    values = {name: getattr(mark, name) for name in Mark.__slots__}
    db.execute(insert(seen).values(schedule=schedule_id, number=last + 1, **values))


def refresh(db: Connection, schedule_id: int, mark: Mark) -> None:
    """Write down that a file that was imported has another stamp, and the same content."""
    mine = (seen.c.schedule == schedule_id) & (seen.c.name == mark.name)
    last = select(func.max(seen.c.number)).where(mine).scalar_subquery()
    db.execute(
        update(seen)
        .where(seen.c.schedule == schedule_id, seen.c.number == last)
        .values(size=mark.size, stamp=mark.stamp)
    )
