"""Sessions of people who signed in, and the attempts that failed. Secrets come here as hashes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from dnsinv.domain.permission import Role
from dnsinv.store.tables import failed_sign_ins, sessions, users

LONGEST_AGENT = 300
LONGEST_ADDRESS = 50


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session that was not ended, with its user as the store has it now."""

    id_hash: str
    user_id: int
    user_name: str
    role: Role
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


def add(
    db: Connection,
    id_hash: str,
    user_id: int,
    at: datetime,
    expires_at: datetime,
    address: str,
    agent: str,
) -> None:
    """Write down a new session."""
    db.execute(
        insert(sessions).values(
            id_hash=id_hash,
            user_id=user_id,
            created_at=at,
            seen_at=at,
            expires_at=expires_at,
            address=address[:LONGEST_ADDRESS],
            agent=agent[:LONGEST_AGENT],
        )
    )


def find(db: Connection, id_hash: str) -> SessionRow | None:
    """The session, if it was not ended and its user may still sign in; its times are not judged."""
    row = db.execute(
        select(
            sessions.c.id_hash,
            sessions.c.user_id,
            users.c.name,
            users.c.role,
            sessions.c.created_at,
            sessions.c.seen_at,
            sessions.c.expires_at,
        )
        .join(users, users.c.id == sessions.c.user_id)
        .where(
            sessions.c.id_hash == id_hash,
            sessions.c.ended_at.is_(None),
            users.c.ended_in.is_(None),
            users.c.is_active,
            users.c.can_sign_in,
        )
    ).one_or_none()
    return None if row is None else SessionRow(*row[:3], Role(row.role), *row[4:])


def touch(db: Connection, id_hash: str, at: datetime) -> None:
    """Note that the session was used."""
    db.execute(
        update(sessions)
        .where(sessions.c.id_hash == id_hash, sessions.c.seen_at < at)
        .values(seen_at=at)
    )


def end(db: Connection, id_hash: str, at: datetime) -> bool:
    """End one session; whether it was open."""
    ended = db.execute(
        update(sessions)
        .where(sessions.c.id_hash == id_hash, sessions.c.ended_at.is_(None))
        .values(ended_at=at)
    )
    return ended.rowcount > 0


def end_of_user(db: Connection, user_id: int, at: datetime) -> int:
    """End every session of a user, as after a change of role or password; how many there were."""
    ended = db.execute(
        update(sessions)
        .where(sessions.c.user_id == user_id, sessions.c.ended_at.is_(None))
        .values(ended_at=at)
    )
    return ended.rowcount


def prune(db: Connection, before: datetime) -> None:
    """Forget sessions that are over since then; the audit log keeps who signed in when."""
    db.execute(
        delete(sessions).where(or_(sessions.c.ended_at < before, sessions.c.expires_at < before))
    )


# -- attempts that failed -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Failures:
    """How often it failed lately, and when the oldest of these was."""

    count: int
    oldest: datetime | None


def failures_of(
    db: Connection, since: datetime, *, account_key: str = "", address: str = ""
) -> Failures:
    """Failed attempts since then upon an account, or from an address."""
    mine = (
        failed_sign_ins.c.account_key == account_key
        if account_key
        else failed_sign_ins.c.address == address
    )
    count, oldest = db.execute(
        select(func.count(), func.min(failed_sign_ins.c.at)).where(
            mine, failed_sign_ins.c.at > since
        )
    ).one()
    return Failures(count, oldest)


def add_failure(db: Connection, account_key: str, address: str, at: datetime) -> int:
    """Write down an attempt as failed; its number, by which it is taken back if it succeeds."""
    added = db.execute(
        insert(failed_sign_ins).values(
            account_key=account_key, address=address[:LONGEST_ADDRESS], at=at
        )
    )
    key = added.inserted_primary_key
    assert key is not None
    return int(key[0])


def forgive(db: Connection, account_key: str, address: str) -> None:
    """Forget the failures upon an account from an address, as somebody got in from there."""
    db.execute(
        delete(failed_sign_ins).where(
            failed_sign_ins.c.account_key == account_key,
            failed_sign_ins.c.address == address[:LONGEST_ADDRESS],
        )
    )


def prune_failures(db: Connection, at: datetime, kept: timedelta) -> None:
    """Forget failures older than that."""
    db.execute(delete(failed_sign_ins).where(failed_sign_ins.c.at < at - kept))
