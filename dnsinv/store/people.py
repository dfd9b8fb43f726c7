"""Users: what is known of each, and which of them may administer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    func,
    insert,
    or_,
    select,
    union,
    update,
)

from dnsinv.domain.people import User, name_key
from dnsinv.domain.permission import Role
from dnsinv.domain.text import is_storable
from dnsinv.store.tables import memberships, sessions, tokens, users

_COLUMNS = tuple(users.c[name] for name in User.__slots__)
_IS_CURRENT = users.c.ended_in.is_(None)
_ADMINISTERS = and_(
    _IS_CURRENT,
    users.c.role == Role.ADMIN.value,
    users.c.is_active.is_(True),
    users.c.can_sign_in.is_(True),
    or_(users.c.password_hash.is_not(None), users.c.subject.is_not(None)),  # to prove who they are
)


@dataclass(frozen=True, slots=True)
class UserQuery:
    """Which users; "" and None leave it open. `search` is part of a name, address or department."""

    page: int = 1
    limit: int = 50
    search: str = ""
    role: str = ""
    group: str = ""
    active: bool | None = None


def find(db: Connection, user_id: int) -> User | None:
    """The user of that id, if not removed."""
    return _one(db, users.c.id == user_id)


def find_by_name(db: Connection, text: str) -> User | None:
    """The user whose name or e-mail address that is, however it is written."""
    wanted = " ".join(text.split())
    if not is_storable(wanted):
        return None
    if "@" in wanted:
        return _one(db, users.c.email == wanted.lower())
    return _one(db, users.c.name_key == name_key(wanted))


def all_users(db: Connection) -> list[User]:
    """Everybody who was not removed, in order of id."""
    query = select(*_COLUMNS).where(_IS_CURRENT).order_by(users.c.id)
    return [_user(row) for row in db.execute(query)]


def those(db: Connection, ids: Select[tuple[int]]) -> list[User]:
    """Users by a query of their ids, in order of name."""
    query = select(*_COLUMNS).where(users.c.id.in_(ids), _IS_CURRENT)
    return [_user(row) for row in db.execute(query.order_by(users.c.name_key, users.c.id))]


def page(db: Connection, query: UserQuery, group_id: int | None) -> tuple[list[User], int]:
    """Users of one page in order of name, and how many match in all."""
    wanted = [_IS_CURRENT, *_conditions(query, group_id)]
    total = db.execute(select(func.count()).select_from(users).where(*wanted)).scalar_one()
    rows = db.execute(
        select(*_COLUMNS)
        .where(*wanted)
        .order_by(users.c.name_key, users.c.id)
        .limit(query.limit)
        .offset((query.page - 1) * query.limit)
    )
    return [_user(row) for row in rows], int(total)


def add(db: Connection, values: Mapping[str, Any], at: datetime, seq: int) -> int:
    """Write down a new user; its id."""
    row = db.execute(insert(users).values(**_row(values), created_at=at, changed_in=seq))
    assert row.inserted_primary_key is not None
    return int(row.inserted_primary_key[0])


def add_many(db: Connection, rows: Iterable[Mapping[str, Any]], at: datetime, seq: int) -> None:
    """Write down new users; each with every field."""
    values = [_row(row) | {"created_at": at, "changed_in": seq} for row in rows]
    if values:
        db.execute(insert(users), values)


def change(db: Connection, user_id: int, values: Mapping[str, Any], seq: int) -> None:
    """Change fields of a user."""
    db.execute(update(users).where(users.c.id == user_id).values(**_row(values), changed_in=seq))


def change_many(db: Connection, changes: Iterable[tuple[int, Mapping[str, Any]]], seq: int) -> None:
    """Change fields of many users; those that change the same fields go together."""
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for user_id, values in changes:
        row = _row(values)
        alike.setdefault(tuple(row), []).append({"of": user_id, **row})
    for rows in alike.values():
        fields: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name != "of"}
        one = update(users).where(users.c.id == bindparam("of")).values(**fields, changed_in=seq)
        db.execute(one, rows)


def with_access(db: Connection) -> set[int]:
    """Ids of users who have a session or token that was not ended."""
    query = union(
        select(sessions.c.user_id).where(sessions.c.ended_at.is_(None)),
        select(tokens.c.user_id).where(tokens.c.revoked_at.is_(None)),
    )
    return set(db.execute(query).scalars())


def end(db: Connection, user_id: int, seq: int) -> None:
    """Remove a user; what was done stays theirs, and their password is forgotten."""
    db.execute(
        update(users)
        .where(users.c.id == user_id)
        .values(ended_in=seq, changed_in=seq, is_active=False, password_hash=None)
    )


def administrators(db: Connection) -> set[int]:
    """Ids of the active administrators who can sign in: with a password, or as they did before."""
    return set(db.execute(select(users.c.id).where(_ADMINISTERS)).scalars())


def names_of(db: Connection, ids: Iterable[int]) -> dict[int, str]:
    """Names by id, those of removed users too."""
    query = select(users.c.id, users.c.name).where(users.c.id.in_(sorted(set(ids))))
    return {row.id: row.name for row in db.execute(query)}


def _conditions(query: UserQuery, group_id: int | None) -> Iterable[ColumnElement[bool]]:
    if query.search:
        key = name_key(query.search)
        fields = (users.c.name_key, users.c.email, func.lower(users.c.department))
        yield or_(
            *(field.contains(key, autoescape=True) for field in fields),
            users.c.department.contains(query.search, autoescape=True),
        )
    if query.role:
        yield users.c.role == query.role
    if query.active is not None:
        yield users.c.is_active.is_(query.active)
    if group_id is not None:
        members = select(memberships.c.user_id).where(memberships.c.group_id == group_id)
        yield users.c.id.in_(members)


def _row(values: Mapping[str, Any]) -> dict[str, Any]:
    row = dict(values)
    if "name" in row:
        row["name_key"] = name_key(row["name"])
    if "role" in row:
        row["role"] = Role(row["role"]).value
    return row


def _one(db: Connection, which: ColumnElement[bool]) -> User | None:
    row = db.execute(select(*_COLUMNS).where(which, _IS_CURRENT)).one_or_none()
    return None if row is None else _user(row)


def _user(row: Row[Any]) -> User:
    return User(**{**row._mapping, "role": Role(row.role)})
