"""Groups and who is in them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, or_, select, update

from dnsinv.domain.people import Group, User, name_key
from dnsinv.domain.text import is_storable
from dnsinv.store import people
from dnsinv.store.tables import groups, memberships, users

_COLUMNS = tuple(groups.c[name] for name in Group.__slots__)
_IS_CURRENT = groups.c.ended_in.is_(None)


def find(db: Connection, group_id: int) -> Group | None:
    """The group of that id, if not removed."""
    return _one(db, groups.c.id == group_id)


def find_by_name(db: Connection, text: str) -> Group | None:
    """The group of that name, however it is written."""
    if not is_storable(text):
        return None
    return _one(db, groups.c.name_key == name_key(" ".join(text.split())))


def all_groups(db: Connection) -> list[Group]:
    """Every group that was not removed, in order of name."""
    query = select(*_COLUMNS).where(_IS_CURRENT).order_by(groups.c.name_key)
    return [_group(row) for row in db.execute(query)]


def page(db: Connection, number: int, limit: int, search: str) -> tuple[list[Group], int]:
    """Groups of one page in order of name, and how many match in all."""
    wanted: list[ColumnElement[bool]] = [_IS_CURRENT]
    if search:
        key = name_key(search)
        fields = (groups.c.name_key, func.lower(groups.c.description))
        wanted.append(or_(*(field.contains(key, autoescape=True) for field in fields)))
    total = db.execute(select(func.count()).select_from(groups).where(*wanted)).scalar_one()
    rows = db.execute(
        select(*_COLUMNS)
        .where(*wanted)
        .order_by(groups.c.name_key, groups.c.id)
        .limit(limit)
        .offset((number - 1) * limit)
    )
    return [_group(row) for row in rows], int(total)


def add(db: Connection, name: str, description: str, at: datetime, seq: int) -> int:
    """Write down a new group; its id."""
    row = db.execute(
        insert(groups).values(
            name=name,
            name_key=name_key(name),
            description=description,
            created_at=at,
            changed_in=seq,
        )
    )
    assert row.inserted_primary_key is not None
    return int(row.inserted_primary_key[0])


def change(db: Connection, group_id: int, values: Mapping[str, Any], seq: int) -> None:
    """Change fields of a group."""
    row = dict(values)
    if "name" in row:
        row["name_key"] = name_key(row["name"])
    db.execute(update(groups).where(groups.c.id == group_id).values(**row, changed_in=seq))


def end(db: Connection, group_id: int, seq: int) -> None:
    """Remove a group; nobody is in it any more."""
    db.execute(delete(memberships).where(memberships.c.group_id == group_id))
    db.execute(update(groups).where(groups.c.id == group_id).values(ended_in=seq, changed_in=seq))


def add_members(db: Connection, pairs: Iterable[tuple[int, int]], seq: int) -> int:
    """Put users into groups, as (group, user); how many were not there yet."""
    wanted = set(pairs)
    if not wanted:
        return 0
    known = select(memberships.c.group_id, memberships.c.user_id).where(
        memberships.c.group_id.in_({group for group, _ in wanted})
    )
    new = wanted - {(row.group_id, row.user_id) for row in db.execute(known)}
    if new:
        db.execute(
            insert(memberships),
            [{"group_id": g, "user_id": u, "added_in": seq} for g, u in sorted(new)],
        )
    return len(new)


def remove_members(db: Connection, group_id: int, user_ids: Iterable[int]) -> int:
    """Take users out of a group; how many were in it."""
    return db.execute(
        delete(memberships).where(
            memberships.c.group_id == group_id, memberships.c.user_id.in_(sorted(set(user_ids)))
        )
    ).rowcount


def leave_all(db: Connection, user_id: int) -> list[str]:
    """Take a user out of every group; the groups' names."""
    names = [group.name for group in groups_of(db, user_id)]
    db.execute(delete(memberships).where(memberships.c.user_id == user_id))
    return names


def members(db: Connection, group_id: int) -> list[User]:
    """Who is in a group, in order of name."""
    ids = select(memberships.c.user_id).where(memberships.c.group_id == group_id)
    return people.those(db, ids)


def all_members(db: Connection) -> set[tuple[int, int]]:
    """Every membership, as (group, user)."""
    query = select(memberships.c.group_id, memberships.c.user_id)
    return {(row.group_id, row.user_id) for row in db.execute(query)}


def member_counts(db: Connection) -> dict[int, int]:
    """How many are in each group that anybody is in."""
    query = (
        select(memberships.c.group_id, func.count())
        .join(users, users.c.id == memberships.c.user_id)
        .where(users.c.ended_in.is_(None))
        .group_by(memberships.c.group_id)
    )
    return {group: count for group, count in db.execute(query)}  # noqa: C416 - rows are no tuples


def groups_of(db: Connection, user_id: int) -> list[Group]:
    """The groups that a user is in, in order of name."""
    query = (
        select(*_COLUMNS)
        .join(memberships, memberships.c.group_id == groups.c.id)
        .where(memberships.c.user_id == user_id, _IS_CURRENT)
        .order_by(groups.c.name_key)
    )
    return [_group(row) for row in db.execute(query)]


def _one(db: Connection, which: ColumnElement[bool]) -> Group | None:
    row = db.execute(select(*_COLUMNS).where(which, _IS_CURRENT)).one_or_none()
    return None if row is None else _group(row)


def _group(row: Row[Any]) -> Group:
    return Group(**row._mapping)
