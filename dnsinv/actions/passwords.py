"""Passwords: setting and checking them, and the first administrator.

Checking takes as much memory and time as it should, so callers bound how many run at once.
"""

import secrets
import unicodedata
from dataclasses import dataclass, field
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import insert, select, update

from dnsinv.actions.acting import Actor, Deed, acting
from dnsinv.actions.installation import Installation
from dnsinv.domain.people import name_key
from dnsinv.domain.permission import Right, Role
from dnsinv.errors import BadSetting, Conflict, NotThere, UsageError
from dnsinv.store import people, sessions
from dnsinv.store.tables import users

LEAST, MOST = 8, 1000  # characters
FIRST_NAME = "admin"
STARTING = Actor("first start", "service")

HASHER = PasswordHasher()  # RFC 9106, low memory: 64 MiB, three passes


class BadPassword(UsageError):
    """Too short or too long for a password."""


@dataclass(frozen=True, slots=True)
class FirstSignIn:
    """Who was made at the first start; `password` is "" where ADMIN_PASSWORD gave it."""

    name: str
    password: str = field(repr=False)


def hash_password(password: str) -> str:
    """What is kept of a password.

    Raises:
        BadPassword: it is shorter than 8 characters or absurdly long.
    """
    if not LEAST <= len(password) <= MOST:
        raise BadPassword(f"A password has {LEAST} to {MOST} characters.")
    return HASHER.hash(_normal(password))


def matches(password_hash: str | None, password: str, hasher: PasswordHasher = HASHER) -> bool:
    """Whether it is the password; as much work where there is none to compare with."""
    try:
        hasher.verify(password_hash or _nobodys(), _normal(password[:MOST]))
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None and len(password) <= MOST


def renewed(password_hash: str, password: str) -> str | None:
    """The hash of that password anew, where the old one is weaker than today's; else None."""
    if not HASHER.check_needs_rehash(password_hash):
        return None
    return HASHER.hash(_normal(password))


def set_password(installation: Installation, actor: Actor, name: str, password: str) -> None:
    """Give a user another password, or a first one, and end the sessions of the user.

    Raises:
        BadPassword: too short or too long.
        NotThere: there is no such user.
        NotAllowed: the actor may not manage people.
    """
    kept = hash_password(password)
    with acting(installation, actor, "user.password", Right.MANAGE_PEOPLE, name) as deed:
        row = deed.db.execute(
            select(users.c.id, users.c.name).where(
                users.c.name_key == name_key(name), users.c.ended_in.is_(None)
            )
        ).one_or_none()
        if row is None:
            raise NotThere(f"There is no user {name!r}; `dnsinv user list` shows all.")
        deed.subject = row.name
        deed.db.execute(
            update(users)
            .where(users.c.id == row.id)
            .values(password_hash=kept, changed_in=deed.seq)
        )
        deed.details["sessions_ended"] = sessions.end_of_user(deed.db, row.id, deed.at)


def first_administrator(installation: Installation) -> FirstSignIn | None:
    """Make the user `admin` where no administrator can sign in yet; None where one can.

    Its password is ADMIN_PASSWORD, or a new one that nobody can ask for again.

    Raises:
        BadSetting: ADMIN_PASSWORD is too short.
        Conflict: `admin` is somebody who may not sign in.
    """
    with installation.store.read() as db:
        if people.administrators(db):
            return None
    given = installation.settings.admin_password.get_secret_value()
    password = given or secrets.token_urlsafe(12)
    try:
        kept = hash_password(password)
    except BadPassword as error:
        raise BadSetting(f"ADMIN_PASSWORD is wrong: {error}") from None
    with acting(installation, STARTING, "user.first_administrator", Right.MANAGE_PEOPLE) as deed:
        is_needed = not people.administrators(deed.db)  # another process may have been faster
        if is_needed:
            _make_first(deed, kept)
        deed.details["made"] = is_needed
    return FirstSignIn(FIRST_NAME, "" if given else password) if is_needed else None


def _make_first(deed: Deed, password_hash: str) -> None:
    deed.subject = FIRST_NAME
    there = deed.db.execute(
        select(users.c.id, users.c.role, users.c.is_active).where(
            users.c.name_key == FIRST_NAME, users.c.ended_in.is_(None)
        )
    ).one_or_none()
    values = {"password_hash": password_hash, "can_sign_in": True, "changed_in": deed.seq}
    if there is None:
        deed.db.execute(
            insert(users).values(
                name=FIRST_NAME,
                name_key=FIRST_NAME,
                role=Role.ADMIN.value,
                is_active=True,
                created_at=deed.at,
                **values,
            )
        )
    elif there.role == Role.ADMIN and there.is_active:
        deed.db.execute(update(users).where(users.c.id == there.id).values(**values))
    else:
        raise Conflict(
            f"No administrator can sign in, and {FIRST_NAME!r} is somebody else; give one a "
            "password: dnsinv user password NAME"
        )


def _normal(password: str) -> bytes:
    """The same for all keyboards and systems."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


@cache
def _nobodys() -> str:
    return HASHER.hash(secrets.token_bytes(16))
