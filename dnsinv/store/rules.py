"""Assignment rules: patterns of names and who owns what they match, in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from dnsinv.domain.people import Owner
from dnsinv.store.tables import assignment_rules as table
from dnsinv.store.tables import groups, users

_IS_CURRENT = table.c.ended_in.is_(None)


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern and its owners. The rules stand in order of `position`, which no two share."""

    id: int
    position: int
    pattern: str
    owners: tuple[Owner, ...]
    created_at: datetime


def all_rules(db: Connection) -> list[Rule]:
    """The rules that hold, in order."""
    query = (
        select(table, users.c.name, groups.c.name.label("group"))
        .outerjoin(users, users.c.id == table.c.user_id)
        .outerjoin(groups, groups.c.id == table.c.group_id)
        .where(_IS_CURRENT)
        .order_by(table.c.position, table.c.id)
    )
    rules: dict[int, Rule] = {}
    for row in db.execute(query):
        owner = (
            Owner("user", row.user_id, row.name)
            if row.user_id is not None
            else Owner("group", row.group_id, row.group)
        )
        known = rules.get(row.position)
        owners = (*known.owners, owner) if known else (owner,)
        rules[row.position] = Rule(
            known.id if known else row.id, row.position, row.pattern, owners, row.created_at
        )
    return list(rules.values())


def add(
    db: Connection,
    pattern: str,
    owners: Sequence[Owner],
    position: int | None,
    at: datetime,
    seq: int,
) -> Rule:
    """Write down a new rule, at a position (what stands there and after moves down) or the end."""
    last = db.execute(select(func.max(table.c.position)).where(_IS_CURRENT)).scalar() or 0
    place = last + 1 if position is None else min(max(position, 1), last + 1)
    db.execute(
        update(table)
        .where(_IS_CURRENT, table.c.position >= place)
        .values(position=table.c.position + 1)
    )
    rows = [
        {
            "position": place,
            "pattern": pattern,
            "user_id": owner.id if owner.kind == "user" else None,
            "group_id": owner.id if owner.kind == "group" else None,
            "created_at": at,
            "created_in": seq,
        }
        for owner in owners
    ]
    db.execute(insert(table), rows)
    return next(rule for rule in all_rules(db) if rule.position == place)


def end(db: Connection, rule: Rule, seq: int) -> None:
    """Take a rule out; those after it move up."""
    db.execute(
        update(table).where(_IS_CURRENT, table.c.position == rule.position).values(ended_in=seq)
    )
    _close_gaps(db)


def of_owner(db: Connection, owner: Owner) -> list[str]:
    """Patterns of the rules that name an owner, in order."""
    return [rule.pattern for rule in all_rules(db) if owner in rule.owners]


def hand_on(db: Connection, before: Owner, after: Owner | None, at: datetime, seq: int) -> None:
    """Put another owner in one's place in every rule, or nobody; a rule without owners ends."""
    mine = table.c.user_id if before.kind == "user" else table.c.group_id
    named = [rule for rule in all_rules(db) if before in rule.owners]
    db.execute(update(table).where(_IS_CURRENT, mine == before.id).values(ended_in=seq))
    rows = [
        {
            "position": rule.position,
            "pattern": rule.pattern,
            "user_id": after.id if after.kind == "user" else None,
            "group_id": after.id if after.kind == "group" else None,
            "created_at": at,
            "created_in": seq,
        }
        for rule in named
        if after is not None and after not in rule.owners
    ]
    if rows:
        db.execute(insert(table), rows)
    _close_gaps(db)


def _close_gaps(db: Connection) -> None:
    query = select(table.c.position).where(_IS_CURRENT).distinct().order_by(table.c.position)
    for place, position in enumerate(db.execute(query).scalars().all(), start=1):
        if place != position:
            db.execute(
                update(table)
                .where(_IS_CURRENT, table.c.position == position)
                .values(position=place)
            )
