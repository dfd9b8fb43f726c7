"""What people say of domains: a note, tags, and names that no account holds."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import Connection

from dnsinv.actions.acting import Actor, acting, allow
from dnsinv.actions.assets import existing_domains
from dnsinv.actions.installation import Installation
from dnsinv.actions.people import refuse_changed
from dnsinv.actions.rules import apply_to_one
from dnsinv.domain.domains import ManualDomain
from dnsinv.domain.names import canonical_name, listed_name
from dnsinv.domain.permission import Right
from dnsinv.domain.text import clean_note, clean_tags
from dnsinv.errors import BadName, Conflict, NotThere, UsageError
from dnsinv.lake import assets
from dnsinv.store import annotations, assignments
from dnsinv.store.annotations import Annotation


def annotation_of(installation: Installation, actor: Actor, domain: str) -> Annotation:
    """Note and tags of a domain; `changed_in` is 0 where nobody said anything yet."""
    allow(installation, actor, Right.READ)
    with installation.store.read() as db:
        return annotations.find(db, listed_name(domain))


def annotate(
    installation: Installation,
    actor: Actor,
    domain: str,
    *,
    note: str | None = None,
    tags: Sequence[str] | None = None,
    expected: int | None = None,
) -> Annotation:
    """Set note, tags or both of a domain; None leaves one as it is, "" or [] empties it.

    Who owns the domain may, whatever their role.

    Args:
        expected: `changed_in` of the annotation as the actor knows it.

    Raises:
        NotAllowed: the actor may not annotate this domain.
        BadName, NotThere: it is not a domain of the inventory.
        BadText: the note or a tag is too long or has characters that do not show.
        Conflict: somebody changed it meanwhile.
    """
    wrong: UsageError | None = None
    name = listed_name(domain)
    try:
        existing_domains(installation, [name])
    except UsageError as unknown:
        wrong = unknown
    with installation.store.read() as db:
        owns = _owns(db, actor, name)
    with acting(installation, actor, "domain.annotate", Right.ANNOTATE, name, owns=owns) as deed:
        if wrong:
            raise wrong
        before = annotations.find(deed.db, name)
        refuse_changed("annotation of", name, before.changed_in, expected)
        after = replace(
            before,
            note=before.note if note is None else clean_note(note),
            tags=before.tags if tags is None else tuple(clean_tags(list(tags))),
        )
        if after == before:
            return before
        after = replace(after, changed_in=deed.seq)
        annotations.save(deed.db, after, deed.at)
        deed.details = {
            "before": {"note": before.note, "tags": before.tags},
            "after": {"note": after.note, "tags": after.tags},
        }
        return after


def add_domain(
    installation: Installation,
    actor: Actor,
    name: str,
    *,
    registered_on: date | None = None,
    expires_on: date | None = None,
) -> ManualDomain:
    """Enter a domain that no account holds; assignment rules count for it at once.

    It is in the dataset `domains` from the next fold on: doors make one (`derive`) or ask for one
    (`Relisting`). An account that comes to hold it wins.

    Raises:
        NotAllowed: the actor may not add domains.
        BadName: it is not the name of a domain.
        Conflict: the inventory has it already.
        UsageError: it expires before it is registered.
    """
    domain = canonical_name(name)
    is_held = domain in assets.known_domains(installation.lake, [domain])
    with acting(installation, actor, "domain.add", Right.ADD_DOMAINS, domain) as deed:
        if domain == "." or "." not in domain or domain.startswith("*"):
            raise BadName(f"{domain!r} is not a name that can be registered.")
        if registered_on and expires_on and expires_on < registered_on:
            raise UsageError(f"{domain} cannot expire before it is registered.")
        if is_held or domain in annotations.manual_names(deed.db):
            raise Conflict(f"The inventory has {domain} already.")
        manual = ManualDomain(domain, deed.at, registered_on, expires_on)
        annotations.add_manual(deed.db, manual, deed.seq)
        deed.details = {
            "registered_on": registered_on and registered_on.isoformat(),
            "expires_on": expires_on and expires_on.isoformat(),
        }
        apply_to_one(deed, domain)
        return manual


def remove_domain(installation: Installation, actor: Actor, name: str) -> None:
    """Take a domain that a person entered out again, from the next fold on; its owners stay noted.

    Raises:
        NotAllowed: the actor may not add domains.
        NotThere: nobody entered it; what accounts hold is retired, not removed.
    """
    domain = canonical_name(name)
    with acting(installation, actor, "domain.remove", Right.ADD_DOMAINS, domain) as deed:
        if domain not in annotations.manual_names(deed.db):
            raise NotThere(
                f"Nobody entered {domain}; what an account holds is taken out of use by "
                "`dnsinv domain retire`."
            )
        annotations.end_manual(deed.db, domain, deed.seq)


def _owns(db: Connection, actor: Actor, domain: str) -> bool:
    return actor.user_id is not None and bool(assignments.ways(db, actor.user_id, domain))
