"""Reading the audit log: who did or was refused what, newest first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from dnsinv.actions.acting import Actor, allow
from dnsinv.actions.installation import Installation
from dnsinv.domain.permission import Right
from dnsinv.store import audit
from dnsinv.store.audit import Entry
from dnsinv.store.tables import audit_log


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """What is looked for; "" and None leave it open. `since` counts, `until` does not.

    `action` is a whole action ("user.create") or the part before the dot ("user").
    """

    page: int = 1
    limit: int = 50
    actor: str = ""
    action: str = ""
    subject: str = ""
    outcome: str = ""
    door: str = ""
    since: datetime | None = None
    until: datetime | None = None


def audit_page(
    installation: Installation, actor: Actor, query: AuditQuery
) -> tuple[list[Entry], int]:
    """One page of entries, and how many there are in all.

    Raises:
        NotAllowed: the actor may not read the audit log.
    """
    allow(installation, actor, Right.READ_AUDIT)
    wanted = list(_conditions(query))
    with installation.store.read() as db:
        total = db.execute(select(func.count()).select_from(audit_log).where(*wanted)).scalar_one()
        rows = db.execute(
            select(audit_log)
            .where(*wanted)
            .order_by(audit_log.c.seq.desc())
            .limit(query.limit)
            .offset((query.page - 1) * query.limit)
        ).mappings()
        items = [audit.to_entry(row) for row in rows]
    return items, total


def _conditions(query: AuditQuery) -> Iterator[ColumnElement[bool]]:
    columns = audit_log.c
    for name in ("actor", "outcome", "door"):
        if wanted := getattr(query, name):
            yield columns[name] == wanted
    if query.action:
        yield (columns.action == query.action) | columns.action.startswith(
            f"{query.action}.", autoescape=True
        )
    if query.subject:
        yield columns.subject.contains(query.subject, autoescape=True)
    if query.since is not None:
        yield columns.at >= query.since
    if query.until is not None:
        yield columns.at < query.until
