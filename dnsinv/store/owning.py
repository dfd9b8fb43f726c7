"""Who owns what, as lists of the inventory read it: a page's at a time, or all, or what is newer.

Columns of plain values through the driver itself: there may be a million of them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection, func, select

from dnsinv.store.tables import annotations, assignments, audit_log, groups, users

Columns = Mapping[str, Sequence[Any]]
K = TypeVar("K")


@dataclass(slots=True)
class Owned:
    """What people say of one asset; names sorted."""

    owners: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    note: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """What people decided up to an entry of the audit log: its number, and its hash as a mark.

    The hash is another one where a restored store went on from an earlier entry.
    """

    seq: int
    mark: str


_OWNERS = """
    select a.domain, a.record_name, a.record_type, a.record_content, u.name, g.name
    from assignments a
    left join users u on u.id = a.user_id
    left join groups g on g.id = a.group_id
    where a.domain in ({}) and a.ended_in is null
"""
_OF_DOMAINS = f"{_OWNERS} and a.record_key = ''"
_OF_RECORDS = f"{_OWNERS} and (a.record_key = '' or a.record_name in ({{}}))"
_ANNOTATED = "select domain, note, tags from annotations where domain in ({})"
_NEWEST = select(
    *(
        func.coalesce(select(func.max(column)).where(column.is_not(None)).scalar_subquery(), 0)
        for column in (
            assignments.c.assigned_in,
            assignments.c.ended_in,
            annotations.c.changed_in,
            users.c.changed_in,
            groups.c.changed_in,
        )
    )
)


def of_domains(db: Connection, domains: Sequence[str]) -> dict[str, Owned]:
    """What people say of these domains, those of whom they say anything."""
    found: dict[str, Owned] = {}
    for domain, _, _, _, user, group in _among(db, _OF_DOMAINS, domains):
        _add(found.setdefault(domain, Owned()), user, group)
    for domain, note, tags in _among(db, _ANNOTATED, domains):
        owned = found.setdefault(domain, Owned())
        owned.note, owned.tags = note, _tags(tags)
    return _sorted(found)


Record = tuple[str, str, str]
"""A record by name, type and content."""


def of_records(
    db: Connection, domains: Sequence[str], names: Sequence[str]
) -> tuple[dict[str, Owned], dict[Record, Owned]]:
    """Owners of these domains, and of the records of these names that have their own."""
    of_domain: dict[str, Owned] = {}
    of_record: dict[Record, Owned] = {}
    for domain, name, kind, content, user, group in _among(db, _OF_RECORDS, domains, names):
        if name is None:
            _add(of_domain.setdefault(domain, Owned()), user, group)
        else:
            _add(of_record.setdefault((name, kind, content), Owned()), user, group)
    return _sorted(of_domain), _sorted(of_record)


def newest(db: Connection) -> int:
    """The number of the entry that last changed who owns what, what they are called, or notes."""
    return int(max(db.execute(_NEWEST).one()))


def state(db: Connection) -> State:
    """The same with its mark."""
    seq = newest(db)
    return State(seq, mark(db, seq))


def mark(db: Connection, seq: int) -> str:
    """The hash of an entry; "" if there is none."""
    query = select(audit_log.c.hash).where(audit_log.c.seq == seq)
    return db.execute(query).scalar_one_or_none() or ""


def names(db: Connection) -> dict[str, Columns]:
    """Id and name of all users and groups, former ones included."""
    return {
        table.name: _columns(db, f"select id, name from {table.name}", ("id", "name"))
        for table in (users, groups)
    }


def owned_domains(db: Connection, after: int = 0) -> Columns:
    """Assignments of domains that hold, those made after an entry."""
    columns = ("id", "domain", "user_id", "group_id")
    return _columns(db, f"select {', '.join(columns)} {_held(after)} and record_key = ''", columns)


def owned_records(db: Connection, after: int = 0) -> Columns:
    """Assignments of records that hold, those made after an entry."""
    columns = ("id", "domain", "user_id", "group_id", "name", "type", "content")
    query = f"""
        select id, domain, user_id, group_id, record_name, record_type, record_content
        {_held(after)} and record_key <> ''
    """
    return _columns(db, query, columns)


def ended(db: Connection, after: int) -> Sequence[int]:
    """Assignments that were ended after an entry."""
    return _columns(db, f"select id from assignments where ended_in > {int(after)}", ("id",))["id"]


def annotated(db: Connection, after: int = 0) -> Columns:
    """Notes and tags that were changed after an entry."""
    query = f"select domain, note, tags from annotations where changed_in > {int(after)}"
    columns = dict(_columns(db, query, ("domain", "note", "tags")))
    columns["tags"] = [_tags(each) for each in columns["tags"]]
    return columns


def listed_users(db: Connection) -> Columns:
    """Users as the dataset has them; nothing by which anybody signs in."""
    names = ("id", "name", "email", "department", "role", "is_active", "can_sign_in", "created_at")
    columns = _columns(db, f"select {', '.join(names)} from users {_NOT_REMOVED}", names)
    return {**columns, "groups": _named(db, columns["id"], _GROUPS_OF)}


def listed_groups(db: Connection) -> Columns:
    """Groups as the dataset has them."""
    names = ("id", "name", "description", "created_at")
    columns = _columns(db, f"select {', '.join(names)} from groups {_NOT_REMOVED}", names)
    return {**columns, "members": _named(db, columns["id"], _MEMBERS_OF)}


def listed_assignments(db: Connection) -> Columns:
    """Assignments as the dataset has them, those that were ended included."""
    names = ("id", "domain", "record_name", "record_type", "record_content", "owner", "owner_kind",
             "source", "assigned_at", "assigned_in", "ended_in")  # fmt: skip
    query = """
        select a.id, a.domain, a.record_name, a.record_type, a.record_content,
            coalesce(u.name, g.name), case when a.user_id is null then 'group' else 'user' end,
            a.source, a.assigned_at, a.assigned_in, a.ended_in
        from assignments a
        left join users u on u.id = a.user_id
        left join groups g on g.id = a.group_id
        order by a.id
    """
    return _columns(db, query, names)


def listed_audit_log(db: Connection) -> Columns:
    """The audit log as the dataset has it."""
    names = tuple(column.name for column in audit_log.columns)
    return _columns(db, f"select {', '.join(names)} from audit_log order by seq", names)


_NOT_REMOVED = "where ended_in is null order by id"
_GROUPS_OF = "select user_id, name from memberships join groups on id = group_id order by name"
_MEMBERS_OF = "select group_id, name from memberships join users on id = user_id order by name"


def _named(db: Connection, ids: Sequence[int], query: str) -> list[list[str]]:
    """For each id the names that a query of (id, name) gives."""
    found: dict[int, list[str]] = {}
    for key, name in db.exec_driver_sql(query):
        found.setdefault(key, []).append(name)
    return [found.get(each, []) for each in ids]


def _held(after: int) -> str:
    if after:
        return f"from assignments where ended_in is null and assigned_in > {int(after)}"
    # Of all that there are nearly all hold: in their own order they are read faster than by index.
    return "from assignments where coalesce(ended_in, 0) = 0"


def _columns(db: Connection, query: str, names: Sequence[str]) -> Columns:
    rows = db.exec_driver_sql(query).cursor.fetchall()
    values = list(zip(*rows, strict=True)) or [()] * len(names)
    return dict(zip(names, values, strict=True))


def _among(db: Connection, query: str, *values: Sequence[str]) -> Sequence[Any]:
    """Rows of a query with a list of values in each of its places, by the text the driver keeps."""
    mark = "?" if db.dialect.paramstyle == "qmark" else "%s"
    places = (", ".join([mark] * len(each)) or "null" for each in values)
    given = tuple(value for each in values for value in each)
    return db.exec_driver_sql(query.format(*places), given).cursor.fetchall()


def _tags(found: Any) -> list[str]:
    """Tags as the driver gives them: SQLite has them as text."""
    return json.loads(found) if isinstance(found, str) else list(found)


def _add(owned: Owned, user: str | None, group: str | None) -> None:
    if user is not None:
        owned.owners.append(user)
    if group is not None:
        owned.groups.append(group)


def _sorted(found: dict[K, Owned]) -> dict[K, Owned]:
    for owned in found.values():
        owned.owners.sort()
        owned.groups.sort()
    return found
