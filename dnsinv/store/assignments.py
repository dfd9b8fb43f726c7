"""Who answers for which domain or record: added and ended in bulk, never changed or deleted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Subquery,
    and_,
    exists,
    func,
    insert,
    literal,
    not_,
    or_,
    select,
    tuple_,
    update,
)

from dnsinv.domain.people import Owner
from dnsinv.domain.records import RecordIdentity
from dnsinv.store.given import given
from dnsinv.store.tables import assignments, groups, memberships, users

_IS_CURRENT = assignments.c.ended_in.is_(None)
_OF_DOMAIN = ""  # the record key of a domain itself

Source = Literal["manual", "rule", "handed-on", "migration"]
Asset = RecordIdentity | str  # a record, or a domain by its name


@dataclass(frozen=True, slots=True)
class Origin:
    """When, in which entry of the audit log, and by what an assignment comes to be."""

    at: datetime
    seq: int
    source: Source = "manual"
    source_id: str = ""


@dataclass(frozen=True, slots=True)
class Ownership:
    """An owner of an asset; `record` is None where it is the domain itself that is owned."""

    owner: Owner
    domain: str
    record: RecordIdentity | None
    source: Source
    source_id: str
    assigned_at: datetime
    assigned_in: int


def add(db: Connection, assets: Sequence[Asset], owner: Owner, origin: Origin) -> int:
    """Make somebody an owner of assets; of how many they were not yet."""
    wanted = _assets(db, assets)
    known = exists().where(
        _owned_by(owner),
        _IS_CURRENT,
        assignments.c.domain == wanted.c.domain,
        assignments.c.record_key == wanted.c.record_key,
    )
    return _insert(db, wanted, _ids(owner), origin, ~known)


def add_each(db: Connection, pairs: Sequence[tuple[Owner, Asset]], origin: Origin) -> int:
    """Make each an owner of the asset beside it; of how many they were not yet."""
    rows = [[*_values(asset), *_ids(owner)] for owner, asset in pairs]
    columns = dict.fromkeys(_ASSET, str) | dict.fromkeys(_IDS, int)
    wanted = given(db, rows, **columns)
    known = exists().where(
        _IS_CURRENT,
        assignments.c.domain == wanted.c.domain,
        assignments.c.record_key == wanted.c.record_key,
        or_(*(assignments.c[name] == wanted.c[name] for name in _IDS)),
    )
    return _insert(db, wanted, [wanted.c[name] for name in _IDS], origin, ~known)


def never_owned(db: Connection, names: Sequence[str], owner: Owner) -> list[str]:
    """Those of the domains that somebody does not own and was never released from, in order."""
    wanted = _assets(db, names)
    query = select(wanted.c.domain).where(~_ever(wanted, owner)).order_by(wanted.c.domain)
    return list(db.execute(query).scalars())


def add_new(db: Connection, names: Sequence[str], owner: Owner, origin: Origin) -> int:
    """Make somebody an owner of those domains; of how many."""
    wanted = _assets(db, names)
    return _insert(db, wanted, _ids(owner), origin, ~_ever(wanted, owner))


def end(db: Connection, assets: Sequence[Asset], owner: Owner, seq: int) -> int:
    """Release somebody from assets; how many they owned."""
    return _end(db, and_(_owned_by(owner), _among(_assets(db, assets))), seq)


def end_all_but(db: Connection, assets: Sequence[Asset], kept: Iterable[Owner], seq: int) -> int:
    """Release everybody else from assets; how many ownerships that ended."""
    others = not_(or_(literal(False), *(_owned_by(owner) for owner in kept)))
    return _end(db, and_(others, _among(_assets(db, assets))), seq)


def end_of_owner(db: Connection, owner: Owner, seq: int) -> int:
    """Release somebody from everything; how much it was."""
    return _end(db, _owned_by(owner), seq)


def end_of_source(db: Connection, source: Source, source_id: str, seq: int) -> int:
    """Release everybody from what one source gave them; how much it was."""
    which = and_(assignments.c.source == source, assignments.c.source_id == source_id)
    return _end(db, which, seq)


def hand_on(db: Connection, before: Owner, after: Owner, origin: Origin) -> int:
    """Give everything that one owns to another; how much it was."""
    mine = (
        select(*(assignments.c[name] for name in _ASSET))
        .where(_owned_by(before), _IS_CURRENT)
        .subquery()
    )
    known = exists().where(
        _owned_by(after),
        _IS_CURRENT,
        assignments.c.domain == mine.c.domain,
        assignments.c.record_key == mine.c.record_key,
    )
    _insert(db, mine, _ids(after), origin, ~known)
    return end_of_owner(db, before, origin.seq)


@dataclass(frozen=True, slots=True)
class Load:
    """How many domains and records an owner answers for."""

    owner: Owner
    domains: int
    records: int


def loads(db: Connection, owner: Owner | None = None) -> list[Load]:
    """What each owner answers for, or one of them, most first; nobody who answers for nothing."""
    domains = func.count().filter(assignments.c.record_key == _OF_DOMAIN)
    records = func.count().filter(assignments.c.record_key != _OF_DOMAIN)
    query = (
        select(*_OWNER, domains.label("domains"), records.label("records"))
        .select_from(_WITH_NAMES)
        .where(_IS_CURRENT)
        .group_by(*_OWNER)
        .order_by(func.count().desc(), users.c.name, groups.c.name)
    )
    if owner:
        query = query.where(_owned_by(owner))
    return [Load(_owner(row), row.domains, row.records) for row in db.execute(query).mappings()]


def of_domain(db: Connection, domain: str) -> list[Ownership]:
    """Who owns a domain and records of it: the domain first, in order of owners' names."""
    return _ownerships(db, assignments.c.domain == domain)


def of_records(db: Connection) -> list[Ownership]:
    """Every record that has owners of its own, with each of them."""
    return _ownerships(db, assignments.c.record_key != _OF_DOMAIN)


def some_of(db: Connection, owner: Owner, limit: int) -> list[str]:
    """A few of the domains that somebody owns, or that have records which they own, in order."""
    query = (
        select(assignments.c.domain)
        .distinct()
        .where(_owned_by(owner), _IS_CURRENT)
        .order_by(assignments.c.domain)
        .limit(limit)
    )
    return list(db.execute(query).scalars())


def owned_domains(db: Connection) -> list[str]:
    """Names of the domains that anybody owns, in no order."""
    query = (
        select(assignments.c.domain)
        .distinct()
        .where(assignments.c.record_key == _OF_DOMAIN, _IS_CURRENT)
    )
    return list(db.execute(query).scalars())


def ways(db: Connection, user_id: int, domain: str, record_key: str = "") -> list[Owner]:
    """As whom a user owns an asset: as the user, or as groups that the user is in.

    A domain's owners are those of each of its records that has none of its own.
    """
    mine = or_(
        assignments.c.user_id == user_id,
        assignments.c.group_id.in_(
            select(memberships.c.group_id).where(memberships.c.user_id == user_id)
        ),
    )
    key = record_key
    if record_key and not _has_owners(db, domain, record_key):
        key = _OF_DOMAIN
    query = (
        select(*_OWNER)
        .select_from(_WITH_NAMES)
        .where(assignments.c.domain == domain, assignments.c.record_key == key, mine, _IS_CURRENT)
        .order_by(assignments.c.group_id.is_not(None), groups.c.name)
    )
    return [_owner(row) for row in db.execute(query).mappings()]


_ASSET = ("domain", "record_key", "record_name", "record_type", "record_content")
_IDS = ("user_id", "group_id")  # of an owner, one of them null
_OWNER = (assignments.c.user_id, assignments.c.group_id, users.c.name, groups.c.name.label("group"))
_WITH_NAMES = assignments.outerjoin(users, users.c.id == assignments.c.user_id).outerjoin(
    groups, groups.c.id == assignments.c.group_id
)


def _assets(db: Connection, assets: Sequence[Asset]) -> Subquery:
    names = [[asset] for asset in assets if isinstance(asset, str)]
    records = [_values(asset) for asset in assets if not isinstance(asset, str)]
    if records and names:
        raise ValueError("domains and records are assigned apart")
    if records:
        return given(db, records, **dict.fromkeys(_ASSET, str))
    rows = given(db, names, domain=str)
    nothing = [literal(None).label(name) for name in _ASSET[2:]]
    return select(rows.c.domain, literal(_OF_DOMAIN).label("record_key"), *nothing).subquery()


def _values(asset: Asset) -> list[str | None]:
    """Of an asset, in the order of _ASSET."""
    if isinstance(asset, str):
        return [asset, _OF_DOMAIN, None, None, None]
    return [asset.domain, asset.key, asset.name, asset.type, asset.content]


def _ids(owner: Owner) -> list[int | None]:
    """Of an owner, in the order of _IDS."""
    return [owner.id, None] if owner.kind == "user" else [None, owner.id]


def _insert(
    db: Connection,
    assets: Any,
    ids: Sequence[ColumnElement[int] | int | None],
    origin: Origin,
    unless: ColumnElement[bool],
) -> int:
    facts = {
        **dict(zip(_IDS, ids, strict=True)),
        "source": origin.source,
        "source_id": origin.source_id,
        "assigned_at": origin.at,
        "assigned_in": origin.seq,
    }
    typed = [
        value if isinstance(value, ColumnElement) else literal(value, assignments.c[name].type)
        for name, value in facts.items()
    ]
    rows = (
        select(*(assets.c[name] for name in _ASSET), *typed)
        .distinct()
        .where(unless)
        .order_by(assets.c.domain, assets.c.record_key)
    )
    made = insert(assignments).from_select([*_ASSET, *facts], rows)
    return db.execute(made, execution_options={"preserve_rowcount": True}).rowcount


def _end(db: Connection, which: ColumnElement[bool], seq: int) -> int:
    return db.execute(update(assignments).where(which, _IS_CURRENT).values(ended_in=seq)).rowcount


def _owned_by(owner: Owner) -> ColumnElement[bool]:
    # Never null, so that it can be denied.
    column = assignments.c.user_id if owner.kind == "user" else assignments.c.group_id
    return and_(column.is_not(None), column == owner.id)


def _among(assets: Subquery) -> ColumnElement[bool]:
    # Not exists: SQLite would read all of the given rows again for each of its own.
    asset = tuple_(assignments.c.domain, assignments.c.record_key)
    return asset.in_(select(assets.c.domain, assets.c.record_key))


def _ever(wanted: Subquery, owner: Owner) -> ColumnElement[bool]:
    return exists().where(
        _owned_by(owner),
        assignments.c.domain == wanted.c.domain,
        assignments.c.record_key == _OF_DOMAIN,
    )


def _has_owners(db: Connection, domain: str, record_key: str) -> bool:
    query = select(assignments.c.id).where(
        assignments.c.domain == domain, assignments.c.record_key == record_key, _IS_CURRENT
    )
    return db.execute(query.limit(1)).first() is not None


def _ownerships(db: Connection, which: ColumnElement[bool]) -> list[Ownership]:
    query = (
        select(assignments, users.c.name, groups.c.name.label("group"))
        .select_from(_WITH_NAMES)
        .where(which, _IS_CURRENT)
        .order_by(
            assignments.c.domain,
            assignments.c.record_key,
            func.coalesce(users.c.name_key, groups.c.name_key),
        )
    )
    return [_ownership(row) for row in db.execute(query).mappings()]


def _ownership(row: Any) -> Ownership:
    record = None
    if row["record_key"]:
        record = RecordIdentity(
            row["domain"], row["record_name"], row["record_type"], row["record_content"]
        )
    return Ownership(
        _owner(row),
        row["domain"],
        record,
        row["source"],
        row["source_id"],
        row["assigned_at"],
        row["assigned_in"],
    )


def _owner(row: Any) -> Owner:
    if row["user_id"] is not None:
        return Owner("user", row["user_id"], row["name"])
    return Owner("group", row["group_id"], row["group"])
