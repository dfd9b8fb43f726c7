"""What collections did, newest first, and a person's word on what the guard held back."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, func, select

from dnsinv.actions import collect
from dnsinv.actions.acting import Actor, allow, permit
from dnsinv.actions.installation import Installation
from dnsinv.domain.permission import Right
from dnsinv.errors import Conflict, DnsinvError, NotThere
from dnsinv.store import collections
from dnsinv.store.collections import Hold
from dnsinv.store.tables import collections as table


@dataclass(frozen=True, slots=True)
class CollectionQuery:
    """Which collections; "" leaves it open."""

    page: int = 1
    limit: int = 50
    account: str = ""
    provider: str = ""
    state: str = ""


def collections_page(
    installation: Installation, actor: Actor, query: CollectionQuery
) -> tuple[list[dict[str, Any]], int]:
    """One page of collections, and how many there are in all.

    Each has `hold`: what the guard held back in it, or None.
    """
    allow(installation, actor, Right.READ)
    wanted = list(_conditions(query))
    with installation.store.read() as db:
        total = db.execute(select(func.count()).select_from(table).where(*wanted)).scalar_one()
        rows = db.execute(
            select(table)
            .where(*wanted)
            .order_by(table.c.started_at.desc(), table.c.id)
            .limit(query.limit)
            .offset((query.page - 1) * query.limit)
        ).mappings()
        found = [dict(row) for row in rows]
        items = [_told(row, collections.hold_of(db, row["id"])) for row in found]
    return items, total


def collection(installation: Installation, actor: Actor, collection_id: str) -> dict[str, Any]:
    """One collection with its hold.

    Raises:
        NotThere: there is none of that id.
    """
    allow(installation, actor, Right.READ)
    with installation.store.read() as db:
        found = collections.find(db, collection_id)
        if found is None:
            raise NotThere(f"There is no collection {collection_id[:100]!r}.")
        return _told(asdict(found), collections.hold_of(db, collection_id))


def settle(
    installation: Installation,
    actor: Actor,
    collection_id: str,
    verdict: Literal["accept", "reject"],
) -> dict[str, Any]:
    """Publish what the guard held back in a collection, or leave the last good data; derive.

    Gives the collection as it is then.

    Raises:
        NotAllowed: the actor may not settle holds.
        NotThere: there is no such collection.
        Conflict: nothing of it is held (any more).
        Busy, LakeError: as Engine.accept.
    """
    permit(installation, actor, f"collection.{verdict}", Right.SETTLE_HOLDS, collection_id)
    collection(installation, actor, collection_id)
    act = collect.accept if verdict == "accept" else collect.reject
    try:
        act(installation, actor, collection_id)
    except DnsinvError as error:
        if type(error) is DnsinvError:  # what the engine says where nothing is held
            raise Conflict(str(error)) from error
        raise
    return collection(installation, actor, collection_id)


def _conditions(query: CollectionQuery) -> Iterator[ColumnElement[bool]]:
    for name in ("account", "provider", "state"):
        if wanted := getattr(query, name):
            yield table.c[name] == wanted


def _told(row: dict[str, Any], hold: Hold | None) -> dict[str, Any]:
    held = hold and {
        "state": hold.state,
        "known": hold.known,
        "missing": hold.missing,
        "held_at": hold.held_at,
        "settled_at": hold.settled_at,
    }
    return {**row, "hold": held}
