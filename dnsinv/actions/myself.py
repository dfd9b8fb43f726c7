"""Who the actor is, as the store has it now, and what it may do."""

from dataclasses import dataclass

from sqlalchemy import bindparam, select

from dnsinv.actions.acting import Actor
from dnsinv.actions.installation import Installation
from dnsinv.domain.permission import Right, Role, Scope, rights_of
from dnsinv.store.tables import users

_USER = select(users).where(users.c.id == bindparam("user"), users.c.ended_in.is_(None))


@dataclass(frozen=True, slots=True)
class Myself:
    """An actor's user and rights; the command line and the services have no user and every right.

    `rights` are in the order of Right.
    """

    name: str
    user_id: int | None
    email: str | None
    department: str
    role: Role | None
    scope: Scope | None
    rights: tuple[Right, ...]


def myself(installation: Installation, actor: Actor) -> Myself:
    """The actor; a user who is gone or not active has no rights left."""
    if actor.user_id is None:
        return Myself(actor.name, None, None, "", None, actor.scope, tuple(Right))
    with installation.store.read() as db:
        row = db.execute(_USER, {"user": actor.user_id}).one_or_none()
    if row is None or not row.is_active:
        return Myself(actor.name, actor.user_id, None, "", None, actor.scope, ())
    allowed = rights_of(Role(row.role), actor.scope)
    rights = tuple(right for right in Right if right in allowed)
    return Myself(row.name, row.id, row.email, row.department, Role(row.role), actor.scope, rights)
