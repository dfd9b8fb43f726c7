"""Collections: one row from start to end, and the listings that the guard holds back."""

from dataclasses import asdict, dataclass, field
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from dnsinv.store.tables import collections, holds

ENDED = ("completed", "partial", "held", "failed")


@dataclass(slots=True)
class Collection:
    """One collection of one account; the counts are of zones unless named otherwise."""

    id: str
    provider: str
    account: str
    scope: str
    state: str
    started_at: datetime
    finished_at: datetime | None = None
    domains: int = 0
    zones_complete: int = 0
    zones_unchanged: int = 0
    zones_no_zone_here: int = 0
    zones_refused: int = 0
    zones_failed: int = 0
    zones_unread: int = 0
    records: int = 0
    requests: int = 0
    errors: str = ""


@dataclass(slots=True)
class Hold:
    """A listing that shrank too much, waiting for a second one that agrees or for a person."""

    collection_id: str
    account: str
    known: int
    missing: int
    digest: str
    held_at: datetime
    state: str = "open"
    settled_at: datetime | None = field(default=None)


def save(db: Connection, collection: Collection) -> None:
    """Insert the collection, or bring its row up to date."""
    values = asdict(collection)
    if (
        db.execute(
            update(collections).where(collections.c.id == collection.id).values(values)
        ).rowcount
        == 0
    ):
        db.execute(insert(collections).values(values))


def find(db: Connection, collection_id: str) -> Collection | None:
    row = (
        db.execute(select(collections).where(collections.c.id == collection_id)).mappings().first()
    )
    return None if row is None else Collection(**row)


def running(db: Connection, account: str) -> Collection | None:
    """The account's collection that has not ended: under way, or cut off."""
    query = (
        select(collections)
        .where(collections.c.account == account, collections.c.state == "running")
        .order_by(collections.c.started_at.desc())
    )
    row = db.execute(query).mappings().first()
    return None if row is None else Collection(**row)


def latest(db: Connection, account: str | None = None, limit: int = 50) -> list[Collection]:
    """Newest first."""
    query = (
        select(collections).order_by(collections.c.started_at.desc(), collections.c.id).limit(limit)
    )
    if account is not None:
        query = query.where(collections.c.account == account)
    return [Collection(**row) for row in db.execute(query).mappings()]


def between(db: Connection, start: datetime, end: datetime) -> list[Collection]:
    """Collections that started in [start, end), in order of start and id."""
    query = (
        select(collections)
        .where(collections.c.started_at >= start, collections.c.started_at < end)
        .order_by(collections.c.started_at, collections.c.id)
    )
    return [Collection(**row) for row in db.execute(query).mappings()]


def hold(db: Connection, held: Hold) -> None:
    """Hold a listing back; an older open hold of the account gives way to it."""
    settle(db, held.account, "superseded", held.held_at)
    db.execute(insert(holds).values(asdict(held)))


def open_hold(db: Connection, account: str) -> Hold | None:
    row = (
        db.execute(select(holds).where(holds.c.account == account, holds.c.state == "open"))
        .mappings()
        .first()
    )
    return None if row is None else Hold(**row)


def hold_of(db: Connection, collection_id: str) -> Hold | None:
    row = db.execute(select(holds).where(holds.c.collection_id == collection_id)).mappings().first()
    return None if row is None else Hold(**row)


def settle(db: Connection, account: str, state: str, at: datetime) -> None:
    """Close the account's open hold, if there is one: agreed, accepted, rejected or superseded."""
    db.execute(
        update(holds)
        .where(holds.c.account == account, holds.c.state == "open")
        .values(state=state, settled_at=at)
    )
