"""Acting: permission, then the act, then its entry in the audit log, in one transaction.

Every door makes an Actor and hands it to an action; every action that changes something does it
inside `acting`. What is refused is written down too.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from dnsinv.actions.installation import Installation, now
from dnsinv.domain.permission import OWNER_RIGHTS, Right, Role, Scope, rights_of
from dnsinv.errors import DnsinvError
from dnsinv.store import audit
from dnsinv.store.audit import Entry
from dnsinv.store.tables import users

_ALLOWED = select(users.c.role, users.c.is_active).where(
    users.c.id == bindparam("user"), users.c.ended_in.is_(None)
)


class NotAllowed(DnsinvError):
    """The actor may not do this; the text says what would be needed."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and through which door (web, api, cli or service).

    `user_id` is None for the command line and the services: whoever runs them may write the files
    themselves. `scope` is a token's.
    """

    name: str
    door: str
    user_id: int | None = None
    scope: Scope | None = None
    address: str = ""
    request_id: str = ""


@dataclass(slots=True)
class Deed:
    """An action under way: its transaction, its entry's number, and what the entry will say."""

    db: Connection
    seq: int
    at: datetime
    subject: str
    details: dict[str, Any] = field(default_factory=dict)
    outcome: str = "done"


@contextmanager
def acting(
    installation: Installation,
    actor: Actor,
    action: str,
    needs: Right,
    subject: str = "",
    *,
    owns: bool = False,
) -> Iterator[Deed]:
    """One transaction in which the actor does something; its entry is written when it ends well.

    Args:
        action: its name in the audit log, such as "user.create".
        subject: what is acted upon; may be set later on the deed.
        owns: whether the actor owns the asset acted upon, which grants some rights.

    Raises:
        NotAllowed: the actor lacks the right; that is written down as refused.
        StoreError: the database refused, and nothing was changed.
    """
    with installation.store.begin() as db:
        seq, at = audit.next_seq(db), now()
        reason = refusal(db, actor, needs, owns=owns)
        deed = Deed(db, seq, at, subject)
        if reason:
            deed.details = {"needs": needs.value}
            audit.append(db, _entry(deed, actor, action, "refused"))
        else:
            yield deed
            audit.append(db, _entry(deed, actor, action, deed.outcome))
    if reason:
        raise NotAllowed(reason)


def note(
    installation: Installation,
    actor: Actor,
    action: str,
    subject: str = "",
    outcome: str = "done",
    **details: Any,
) -> None:
    """Write down something that changed nothing in the store: a sign-in, an export, a refusal."""
    with installation.store.begin() as db:
        deed = Deed(db, audit.next_seq(db), now(), subject, details)
        audit.append(db, _entry(deed, actor, action, outcome))


def allow(installation: Installation, actor: Actor, needs: Right) -> None:
    """Let pass whoever may do this.

    Raises:
        NotAllowed: the actor lacks the right.
    """
    with installation.store.read() as db:
        reason = refusal(db, actor, needs)
    if reason:
        raise NotAllowed(reason)


def permit(
    installation: Installation, actor: Actor, action: str, needs: Right, subject: str = ""
) -> None:
    """The same before something that is not one transaction; a refusal is written down.

    Raises:
        NotAllowed: the actor lacks the right.
    """
    try:
        allow(installation, actor, needs)
    except NotAllowed:
        note(installation, actor, action, subject, "refused", needs=needs.value)
        raise


def refusal(db: Connection, actor: Actor, needs: Right, *, owns: bool = False) -> str:
    """Why the actor may not, as the store has it now; "" where it may."""
    if actor.user_id is None:
        return ""
    row = db.execute(_ALLOWED, {"user": actor.user_id}).one_or_none()
    if row is None or not row.is_active:
        return f"{actor.name} is not an active user."
    if needs in rights_of(Role(row.role), actor.scope):
        return ""
    if owns and needs in OWNER_RIGHTS and actor.scope is not Scope.READ:
        return ""
    if actor.scope is not None and needs in rights_of(Role(row.role)):
        return f"The token's scope {actor.scope} does not allow it to {needs}."
    return f"The role {row.role} does not allow {actor.name} to {needs}."


def _entry(deed: Deed, actor: Actor, action: str, outcome: str) -> Entry:
    return Entry(
        deed.seq,
        deed.at,
        actor.name,
        actor.user_id,
        actor.door,
        actor.address,
        actor.request_id,
        action,
        deed.subject,
        outcome,
        deed.details,
    )
