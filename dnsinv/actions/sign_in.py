"""Signing in and out: who it is, the session that says so from then on, and its end.

A session is known by an opaque id that only the browser has; the store has its hash. That it is
over (ended, idle, too old, its user gone or disabled) is judged anew each time it is asked for.
"""

import hashlib
import logging
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from sqlalchemy import Connection, RowMapping, or_, select, update

from dnsinv.actions.acting import Actor, acting, note
from dnsinv.actions.installation import Installation, now
from dnsinv.actions.passwords import HASHER, matches, renewed
from dnsinv.domain.people import name_key
from dnsinv.domain.permission import Right, Role
from dnsinv.errors import DnsinvError
from dnsinv.store import sessions
from dnsinv.store.sessions import SessionRow
from dnsinv.store.tables import users

WINDOW = timedelta(minutes=15)  # in which failures are counted
MOST_PER_ACCOUNT = 10
MOST_PER_ADDRESS = 50  # people behind one proxy or network share an address
LONGEST_LOGIN = 254  # an e-mail address
TOUCHED_EVERY = timedelta(minutes=1)
KEPT_AFTER_END = timedelta(days=30)

NOT_HERE = "This user may not sign in here."

_log = logging.getLogger(__name__)


class SignInRefused(DnsinvError):
    """Not a user and password that go together; never says which of the two is wrong."""


class TooManyAttempts(DnsinvError):
    """So many failures that not even the right password is tried now."""

    is_transient = True

    def __init__(self, retry_after: int) -> None:
        minutes = -(-retry_after // 60)
        super().__init__(
            f"Too many attempts failed; try again in {minutes} "
            f"{'minute' if minutes == 1 else 'minutes'}."
        )
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in; `key` is how the store knows the session, and no secret."""

    key: str
    user_id: int
    name: str
    role: Role
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where an attempt comes from."""

    address: str = ""
    agent: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session with the id that its browser gets, this once."""

    session: Session
    id: str = field(repr=False)


def sign_in(
    installation: Installation,
    name: str,
    password: str,
    visitor: Visitor,
    hasher: PasswordHasher = HASHER,
) -> Opened:
    """A new session for whoever knows the name (or e-mail address) and the password of a user.

    Raises:
        SignInRefused: they do not go together, or the user may not sign in.
        TooManyAttempts: too many failures upon the account or from the address.
    """
    with installation.store.begin() as db:
        user = _user_named(db, name)
        account = _account_key(name)
        # It counts as failed until it has succeeded: of a hundred attempts at once, few are tried.
        _reserve(db, account, visitor.address, now())
    known = user["password_hash"] if user and user["can_sign_in"] and user["is_active"] else None
    if not matches(known, password, hasher) or user is None:
        anonymous = Actor("anonymous", "web", None, None, visitor.address, visitor.request_id)
        # The name tried is not written down where it is nobody's: it may be a password.
        note(installation, anonymous, "sign_in", user["name"] if user else "", "failed")
        _log.warning("sign-in failed address=%s", visitor.address)
        raise SignInRefused("The name and the password do not go together.")
    better = renewed(user["password_hash"], password)
    return _open(installation, user, visitor, account=account, better_hash=better)


def open_session(installation: Installation, user_id: int, visitor: Visitor, **how: str) -> Opened:
    """A new session for a user whose identity somebody else vouched for; `how` goes to the log.

    Raises:
        SignInRefused: the user may not sign in.
    """
    with installation.store.read() as db:
        user = _user(db, users.c.id == user_id)
    if user is None:
        raise SignInRefused(NOT_HERE)
    return _open(installation, user, visitor, **how)


def session_of(
    installation: Installation, session_id: str, *, is_used: bool = True
) -> Session | None:
    """The session with that id, None where there is none or it is over.

    Args:
        is_used: whether asking counts as use, which keeps it from ending as idle.
    """
    return session_by_key(installation, key_of(session_id), is_used=is_used)


def session_by_key(
    installation: Installation, key: str, *, is_used: bool = False
) -> Session | None:
    """The same by the session's key."""
    at = now()
    with installation.store.read() as db:
        row = sessions.find(db, key)
    idle = timedelta(minutes=installation.settings.session_idle_minutes)
    if row is None or row.expires_at <= at or row.seen_at + idle <= at:
        return None
    if is_used and row.seen_at + min(TOUCHED_EVERY, idle / 4) <= at:
        with installation.store.begin() as db:
            sessions.touch(db, key, at)
    return _session(row)


def sign_out(installation: Installation, actor: Actor, key: str) -> None:
    """End a session of one's own."""
    with acting(installation, actor, "sign_out", Right.READ, actor.name) as deed:
        sessions.end(deed.db, key, deed.at)


def key_of(session_id: str) -> str:
    """How the store knows a session, by its id."""
    return hashlib.sha256(session_id.encode()).hexdigest()


def _open(
    installation: Installation,
    user: RowMapping,
    visitor: Visitor,
    *,
    account: str = "",
    better_hash: str | None = None,
    **how: str,
) -> Opened:
    actor = Actor(user["name"], "web", user["id"], None, visitor.address, visitor.request_id)
    session_id = secrets.token_urlsafe(32)
    hours = timedelta(hours=installation.settings.session_hours)
    if not (user["is_active"] and user["can_sign_in"]):
        note(installation, actor, "sign_in", user["name"], "refused", **how)
        raise SignInRefused(NOT_HERE)
    with acting(installation, actor, "sign_in", Right.READ, user["name"]) as deed:
        latest = _user(deed.db, users.c.id == user["id"])
        if (
            latest is None
            or not (latest["is_active"] and latest["can_sign_in"])
            or latest["password_hash"] != user["password_hash"]
        ):
            raise SignInRefused(NOT_HERE)
        deed.details |= how
        sessions.prune(deed.db, deed.at - KEPT_AFTER_END)
        if account:
            sessions.forgive(deed.db, account, visitor.address)
        if better_hash:
            deed.db.execute(
                update(users).where(users.c.id == user["id"]).values(password_hash=better_hash)
            )
        key = key_of(session_id)
        sessions.add(
            deed.db, key, user["id"], deed.at, deed.at + hours, visitor.address, visitor.agent
        )
        row = sessions.find(deed.db, key)
    assert row is not None
    return Opened(_session(row), session_id)


def _reserve(db: Connection, account: str, address: str, at: datetime) -> None:
    since = at - WINDOW
    sessions.prune_failures(db, at, WINDOW)
    for failures, most in (
        (sessions.failures_of(db, since, account_key=account), MOST_PER_ACCOUNT),
        (sessions.failures_of(db, since, address=address), MOST_PER_ADDRESS),
    ):
        if failures.count >= most and failures.oldest is not None:
            wait = failures.oldest + WINDOW - at
            raise TooManyAttempts(max(1, round(wait.total_seconds())))
    sessions.add_failure(db, account, address, at)


def _user_named(db: Connection, name: str) -> RowMapping | None:
    text = name.strip()
    if len(text) > LONGEST_LOGIN or not text.isprintable():  # databases refuse some such text
        return None
    return _user(db, or_(users.c.name_key == name_key(text), users.c.email == text.lower()))


def _user(db: Connection, condition: object) -> RowMapping | None:
    return (
        db.execute(
            select(
                users.c.id,
                users.c.name,
                users.c.is_active,
                users.c.can_sign_in,
                users.c.password_hash,
            ).where(condition, users.c.ended_in.is_(None))  # type: ignore[arg-type]
        )
        .mappings()
        .one_or_none()
    )


def _account_key(name: str) -> str:
    """One key for all ways to write what was typed.

    A user's name and address have two: were they one, failures upon the one that hold up the other
    would tell anybody that both belong to a user.
    """
    return hashlib.sha256(name_key(name.strip()).encode("utf-8", "surrogatepass")).hexdigest()


def _session(row: SessionRow) -> Session:
    return Session(
        row.id_hash, row.user_id, row.user_name, row.role, row.created_at, row.expires_at
    )
