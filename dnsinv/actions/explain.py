"""What a person may do with an asset and why, and what they did last."""

from dataclasses import dataclass

from sqlalchemy import select

from dnsinv.actions.acting import Actor, allow
from dnsinv.actions.installation import Installation
from dnsinv.actions.people import existing_user
from dnsinv.domain.names import listed_name
from dnsinv.domain.people import Owner, User
from dnsinv.domain.permission import Grounds, Right
from dnsinv.domain.permission import explain as explained
from dnsinv.domain.records import RecordIdentity
from dnsinv.store import assignments, audit
from dnsinv.store.audit import Entry
from dnsinv.store.tables import audit_log

MOST_ACTIONS = 500


@dataclass(frozen=True, slots=True)
class Explanation:
    """Every right of a person on an asset with its reason, and who owns the asset."""

    user: User
    asset: str
    owners: tuple[Owner, ...]
    is_inherited: bool  # the owners are the domain's, as the record has none of its own
    grounds: tuple[Grounds, ...]


def explain(
    installation: Installation,
    actor: Actor,
    user: int | str,
    domain: str,
    record: RecordIdentity | None = None,
) -> Explanation:
    """What a person may do with a domain, or with a record of it.

    Raises:
        NotAllowed: the actor may not read.
        NotThere: there is no such user.
        BadName: it is not a DNS name.
    """
    allow(installation, actor, Right.READ)
    name = listed_name(domain)
    with installation.store.read() as db:
        person = existing_user(db, user)
        key = record.key if record else ""
        found = assignments.of_domain(db, name)
        own = [each.owner for each in found if (each.record.key if each.record else "") == key]
        of_domain = [each.owner for each in found if each.record is None]
        is_inherited = record is not None and not own
        what = name if record is None or is_inherited else f"{record.name} {record.type}"
        ways = [_way(way, what) for way in assignments.ways(db, person.id, name, key)]
    grounds = explained(person.name, person.role, person.is_active, ways)
    asset = f"{record.name} {record.type} {record.content}" if record else name
    owners = tuple(of_domain if is_inherited else own)
    return Explanation(person, asset, owners, is_inherited, tuple(grounds))


def activity(
    installation: Installation, actor: Actor, user: int | str, limit: int = 50
) -> list[Entry]:
    """What a person did or was refused, newest first.

    Raises:
        NotAllowed: it is somebody else's, and the actor may not read the audit log.
        NotThere: there is no such user.
    """
    allow(installation, actor, Right.READ)
    with installation.store.read() as db:
        person = existing_user(db, user)
    if person.id != actor.user_id:
        allow(installation, actor, Right.READ_AUDIT)
    query = (
        select(audit_log)
        .where(audit_log.c.actor_id == person.id)
        .order_by(audit_log.c.seq.desc())
        .limit(min(limit, MOST_ACTIONS))
    )
    with installation.store.read() as db:
        return [audit.to_entry(row) for row in db.execute(query).mappings()]


def _way(owner: Owner, what: str) -> str:
    if owner.kind == "group":
        return f"the group {owner.name}, which owns {what}"
    return f"an assignment of {what}"
