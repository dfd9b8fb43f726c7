"""What people say of domains: notes, tags, and names that no account holds."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, insert, select, update

from dnsinv.domain.domains import ManualDomain
from dnsinv.store.tables import annotations, manual_domains

_STATUS = "active"  # of a domain that a person entered


@dataclass(frozen=True, slots=True)
class Annotation:
    """Note and tags of a domain; `changed_in` is 0 where nobody said anything yet."""

    domain: str
    note: str = ""
    tags: tuple[str, ...] = ()
    changed_in: int = 0


def find(db: Connection, domain: str) -> Annotation:
    """What is said of a domain."""
    row = db.execute(select(annotations).where(annotations.c.domain == domain)).one_or_none()
    if row is None:
        return Annotation(domain)
    return Annotation(domain, row.note, tuple(row.tags), row.changed_in)


def save(db: Connection, annotation: Annotation, at: datetime) -> None:
    """Write it down, over what was said before."""
    values = {
        "note": annotation.note,
        "tags": list(annotation.tags),
        "changed_at": at,
        "changed_in": annotation.changed_in,
    }
    known = update(annotations).where(annotations.c.domain == annotation.domain).values(**values)
    if db.execute(known).rowcount == 0:
        db.execute(insert(annotations).values(domain=annotation.domain, **values))


def all_manual(db: Connection) -> list[ManualDomain]:
    """The domains that people entered, in order of name."""
    query = (
        select(manual_domains)
        .where(manual_domains.c.ended_in.is_(None))
        .order_by(manual_domains.c.name)
    )
    return [
        ManualDomain(row.name, row.created_at, _day(row.registered_on), _day(row.expires_on))
        for row in db.execute(query)
    ]


def manual_names(db: Connection) -> set[str]:
    """Names of the domains that people entered."""
    query = select(manual_domains.c.name).where(manual_domains.c.ended_in.is_(None))
    return set(db.execute(query).scalars())


def add_manual(db: Connection, domain: ManualDomain, seq: int) -> None:
    """Write down a domain that nobody entered, or that was taken out again."""
    values = {
        "status": _STATUS,
        "registered_on": domain.registered_on and domain.registered_on.isoformat(),
        "expires_on": domain.expires_on and domain.expires_on.isoformat(),
        "created_at": domain.since,
        "changed_in": seq,
        "ended_in": None,
    }
    known = update(manual_domains).where(manual_domains.c.name == domain.name).values(**values)
    if db.execute(known).rowcount == 0:
        db.execute(insert(manual_domains).values(name=domain.name, **values))


def end_manual(db: Connection, name: str, seq: int) -> None:
    """Take a domain that a person entered out again."""
    db.execute(
        update(manual_domains)
        .where(manual_domains.c.name == name)
        .values(ended_in=seq, changed_in=seq)
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
