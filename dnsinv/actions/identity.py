"""Signing in with an identity that a provider (OpenID Connect) vouches for.

A user is known by the provider's subject; the first time, by an e-mail address that the provider
has verified. Nobody is made a user by signing in.
"""

import hashlib
from dataclasses import dataclass

from sqlalchemy import select, update

from dnsinv.actions.acting import Actor, acting, note
from dnsinv.actions.installation import Installation
from dnsinv.actions.sign_in import Opened, SignInRefused, Visitor, open_session
from dnsinv.domain.permission import Right
from dnsinv.store.tables import users

LONGEST_SUBJECT = 255


@dataclass(frozen=True, slots=True)
class Identity:
    """What the provider says of somebody; `email` is "" unless it has verified it."""

    issuer: str
    subject: str
    email: str = ""


def sign_in_as(installation: Installation, identity: Identity, visitor: Visitor) -> Opened:
    """A new session for the user whose identity it is.

    Raises:
        SignInRefused: it is nobody's here, or the user may not sign in.
    """
    user_id = _known(installation, identity) or _recognised(installation, identity, visitor)
    if user_id is None:
        anonymous = Actor("anonymous", "web", None, None, visitor.address, visitor.request_id)
        note(
            installation,
            anonymous,
            "sign_in",
            identity.email,
            "failed",
            through=identity.issuer,
        )
        raise SignInRefused(
            f"{identity.email or 'This identity'} is nobody here; an administrator can add you."
        )
    return open_session(installation, user_id, visitor, through=identity.issuer)


def _known(installation: Installation, identity: Identity) -> int | None:
    with installation.store.read() as db:
        return db.execute(
            select(users.c.id).where(
                users.c.subject == _subject(identity), users.c.ended_in.is_(None)
            )
        ).scalar_one_or_none()


def _recognised(installation: Installation, identity: Identity, visitor: Visitor) -> int | None:
    """The user with that address, known by the subject from now on; an address may change hands."""
    if not identity.email:
        return None
    mine = (
        (users.c.email == identity.email.lower())
        & users.c.subject.is_(None)
        & users.c.is_active
        & users.c.can_sign_in
        & users.c.ended_in.is_(None)
    )
    with installation.store.read() as db:
        row = db.execute(select(users.c.id, users.c.name).where(mine)).one_or_none()
    if row is None:
        return None
    actor = Actor(row.name, "web", row.id, None, visitor.address, visitor.request_id)
    with acting(installation, actor, "user.identity", Right.READ, row.name) as deed:
        deed.details["issuer"] = identity.issuer
        known = deed.db.execute(
            update(users)
            .where(users.c.id == row.id, users.c.subject.is_(None))
            .values(subject=_subject(identity), changed_in=deed.seq)
        )
        if not known.rowcount:
            raise SignInRefused("Somebody else came with that address just now.")
    return int(row.id)


def _subject(identity: Identity) -> str:
    whole = f"{identity.issuer} {identity.subject}"
    if len(whole) <= LONGEST_SUBJECT:
        return whole
    return f"sha256:{hashlib.sha256(whole.encode()).hexdigest()}"
