"""API tokens: made by their owner (or an administrator for anybody), shown once, revoked."""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, select

from dnsinv.actions.acting import Actor, acting, allow
from dnsinv.actions.installation import Installation, now
from dnsinv.domain.people import clean_name, name_key
from dnsinv.domain.permission import Right, Role, Scope
from dnsinv.errors import NotThere, UsageError
from dnsinv.store import tokens
from dnsinv.store.tables import users
from dnsinv.store.tokens import Token

PREFIX = "dnsinv_"  # by which scanners of leaked secrets know it
MOST_DAYS = 3650
TOUCHED_EVERY = timedelta(minutes=1)

NEEDED_FOR: dict[Scope, frozenset[Role]] = {
    Scope.READ: frozenset(Role),
    Scope.WRITE: frozenset({Role.EDITOR, Role.ADMIN}),
    Scope.ADMIN: frozenset({Role.ADMIN}),
}
"""Which roles may have a token of each scope."""


@dataclass(frozen=True, slots=True)
class Created:
    """A new token with its secret, this once."""

    token: Token
    secret: str = field(repr=False)


def create_token(
    installation: Installation,
    actor: Actor,
    name: str,
    scope: Scope = Scope.READ,
    days: int | None = None,
    owner: str = "",
) -> Created:
    """A token that acts for `owner`, the actor where none is named, until revoked or too old.

    Raises:
        UsageError: the name or the days are wrong, or the owner's role allows no such scope.
        NotThere: there is no such owner.
        NotAllowed: it is somebody else's, and the actor may not manage people.
    """
    name = clean_name(name, "token's name")
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise UsageError(f"A token is good for 1 to {MOST_DAYS} days, not {days}.")
    with installation.store.read() as db:
        who = _owner(db, actor, owner)
    right = Right.MANAGE_OWN_TOKENS if who.id == actor.user_id else Right.MANAGE_PEOPLE
    secret = PREFIX + secrets.token_urlsafe(32)
    with acting(installation, actor, "token.create", right, name) as deed:
        if Role(who.role) not in NEEDED_FOR[scope] or not who.is_active:
            raise UsageError(
                f"{who.name} has the role {who.role}{'' if who.is_active else ' and is not active'}"
                f": that allows no token of the scope {scope}."
            )
        until = None if days is None else deed.at + timedelta(days=days)
        token_id = tokens.add(deed.db, _hash(secret), who.id, name, scope, deed.at, until)
        deed.details |= {"token": token_id, "owner": who.name, "scope": scope.value, "days": days}
        token = tokens.find(deed.db, token_id)
    assert token is not None
    return Created(token, secret)


def list_tokens(
    installation: Installation, actor: Actor, *, everybodys: bool = False
) -> list[Token]:
    """One's own tokens in order of id, revoked ones too; or everybody's.

    Raises:
        NotAllowed: the actor may not.
    """
    everybodys = everybodys or actor.user_id is None
    allow(installation, actor, Right.MANAGE_PEOPLE if everybodys else Right.MANAGE_OWN_TOKENS)
    with installation.store.read() as db:
        return tokens.of_user(db, None if everybodys else actor.user_id)


def revoke_token(installation: Installation, actor: Actor, token_id: int) -> None:
    """Make a token worthless at once, for good.

    Raises:
        NotThere: there is no such token, as far as the actor may know.
        NotAllowed: the actor may manage no tokens.
    """
    with installation.store.read() as db:
        token = tokens.find(db, token_id)
    is_own = token is not None and token.user_id == actor.user_id
    right = Right.MANAGE_OWN_TOKENS if is_own else Right.MANAGE_PEOPLE
    with acting(installation, actor, "token.revoke", right, token.name if token else "") as deed:
        if token is None:
            raise NotThere(f"There is no token {token_id}; `dnsinv token list` shows all.")
        deed.details |= {"token": token.id, "owner": token.user_name}
        tokens.revoke(deed.db, token.id, deed.at)


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a token acts for, and until when."""

    user_id: int
    name: str
    role: Role
    scope: Scope
    expires_at: datetime | None


def holder_of(installation: Installation, secret: str) -> Holder | None:
    """Whom the token acts for; None where it is unknown, revoked, too old or its user not active.

    That it was used is written down once a minute at most.
    """
    if not secret.startswith(PREFIX):
        return None
    at = now()
    with installation.store.read() as db:
        bearer = tokens.bearer_of(db, _hash(secret))
    if bearer is None or (bearer.expires_at is not None and bearer.expires_at <= at):
        return None
    if bearer.last_used_at is None or bearer.last_used_at + TOUCHED_EVERY <= at:
        with installation.store.begin() as db:
            tokens.touch(db, bearer.token_id, at)
    return Holder(bearer.user_id, bearer.user_name, bearer.role, bearer.scope, bearer.expires_at)


def _owner(db: Connection, actor: Actor, name: str) -> Row[int, str, str, bool]:
    if not name and actor.user_id is None:
        raise UsageError("A token belongs to a user: name one with --user.")
    mine = users.c.name_key == name_key(name) if name else users.c.id == actor.user_id
    row = db.execute(
        select(users.c.id, users.c.name, users.c.role, users.c.is_active).where(
            mine, users.c.ended_in.is_(None)
        )
    ).one_or_none()
    if row is None:
        raise NotThere(f"There is no user {name or actor.name!r}; `dnsinv user list` shows all.")
    return row


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
