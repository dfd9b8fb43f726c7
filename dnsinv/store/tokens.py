"""API tokens: who may call on whose behalf, how far, until when. Tokens come here as hashes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, insert, select, update

from dnsinv.domain.permission import Role, Scope
from dnsinv.store.tables import tokens, users


@dataclass(frozen=True, slots=True)
class Token:
    """A token without its secret."""

    id: int
    user_id: int
    user_name: str
    name: str
    scope: Scope
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who stands behind a token that was not revoked."""

    token_id: int
    user_id: int
    user_name: str
    role: Role
    scope: Scope
    expires_at: datetime | None
    last_used_at: datetime | None


def add(
    db: Connection,
    token_hash: str,
    user_id: int,
    name: str,
    scope: Scope,
    at: datetime,
    expires_at: datetime | None,
) -> int:
    """Write down a new token; its id."""
    added = db.execute(
        insert(tokens).values(
            user_id=user_id,
            name=name,
            token_hash=token_hash,
            scope=scope.value,
            created_at=at,
            expires_at=expires_at,
        )
    )
    key = added.inserted_primary_key
    assert key is not None
    return int(key[0])


def bearer_of(db: Connection, token_hash: str) -> Bearer | None:
    """Who stands behind a token, if it was not revoked and its user is active."""
    row = db.execute(
        select(
            tokens.c.id,
            tokens.c.user_id,
            users.c.name,
            users.c.role,
            tokens.c.scope,
            tokens.c.expires_at,
            tokens.c.last_used_at,
        )
        .join(users, users.c.id == tokens.c.user_id)
        .where(
            tokens.c.token_hash == token_hash,
            tokens.c.revoked_at.is_(None),
            users.c.ended_in.is_(None),
            users.c.is_active,
        )
    ).one_or_none()
    if row is None:
        return None
    return Bearer(*row[:3], Role(row.role), Scope(row.scope), *row[5:])


def touch(db: Connection, token_id: int, at: datetime) -> None:
    """Note that the token was used."""
    db.execute(update(tokens).where(tokens.c.id == token_id).values(last_used_at=at))


def find(db: Connection, token_id: int) -> Token | None:
    """The token of that id, revoked or not."""
    row = db.execute(_listing().where(tokens.c.id == token_id)).mappings().one_or_none()
    return None if row is None else _token(row)


def of_user(db: Connection, user_id: int | None) -> list[Token]:
    """Tokens in order of id, of one user or of all."""
    query = _listing().order_by(tokens.c.id)
    if user_id is not None:
        query = query.where(tokens.c.user_id == user_id)
    return [_token(row) for row in db.execute(query).mappings()]


def revoke(db: Connection, token_id: int, at: datetime) -> None:
    """Make the token worthless, for good."""
    db.execute(
        update(tokens)
        .where(tokens.c.id == token_id, tokens.c.revoked_at.is_(None))
        .values(revoked_at=at)
    )


def revoke_of_user(db: Connection, user_id: int, at: datetime) -> int:
    """Make every token of a user worthless, as after disabling them; how many there were."""
    revoked = db.execute(
        update(tokens)
        .where(tokens.c.user_id == user_id, tokens.c.revoked_at.is_(None))
        .values(revoked_at=at)
    )
    return revoked.rowcount


def _listing() -> Select[Any]:
    return select(
        tokens.c.id,
        tokens.c.user_id,
        users.c.name.label("user_name"),
        tokens.c.name,
        tokens.c.scope,
        tokens.c.created_at,
        tokens.c.expires_at,
        tokens.c.last_used_at,
        tokens.c.revoked_at,
    ).join(users, users.c.id == tokens.c.user_id)


def _token(row: RowMapping) -> Token:
    return Token(**dict(row) | {"scope": Scope(row["scope"])})
