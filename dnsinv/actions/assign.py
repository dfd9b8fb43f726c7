"""Who owns which domains and records: assigned and released, any number in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from dnsinv.actions.acting import Actor, Deed, acting, allow, permit
from dnsinv.actions.assets import existing_domains, existing_records
from dnsinv.actions.backup import restore_point_before
from dnsinv.actions.installation import Installation
from dnsinv.domain.names import listed_name
from dnsinv.domain.people import Owner
from dnsinv.domain.permission import Right
from dnsinv.domain.records import RecordIdentity
from dnsinv.errors import UsageError
from dnsinv.store import assignments, owners
from dnsinv.store.assignments import Asset, Origin, Ownership

_LISTED = 20  # assets that an entry of the audit log lists


class Mode(StrEnum):
    """What becomes of the owners that assets have."""

    ADD = "add"  # they stay, these come to them
    REPLACE = "replace"  # they go, these come in their place
    REMOVE = "remove"  # these go


@dataclass(frozen=True, slots=True)
class Assigned:
    """What an assignment changed: `unchanged` were so already."""

    assets: int
    added: int
    ended: int
    unchanged: int


def assign_domains(
    installation: Installation,
    actor: Actor,
    domains: Sequence[str],
    references: Sequence[str],
    mode: Mode = Mode.ADD,
) -> Assigned:
    """Make users and groups the owners of domains, or release them; all or nothing.

    A domain's owners are those of its records that have none of their own.

    Args:
        references: user names or e-mail addresses, then groups; `group:NAME` forces a group. None
            at all with `replace` leaves the domains without owners.

    Raises:
        NotAllowed: the actor may not assign.
        UsageError: an owner is unknown or may be two, or none is named.
        BadName, NotThere: a domain is not one, or not in the inventory.
    """
    wanted: list[str] | UsageError
    try:  # before the transaction, which holds others up; told in it, to those who may
        if mode is Mode.REMOVE:
            wanted = sorted({listed_name(name) for name in domains})
        else:
            wanted = existing_domains(installation, domains)
    except UsageError as wrong:
        wanted = wrong
    return _assign(installation, actor, "domains", wanted, references, mode)


def assign_records(
    installation: Installation,
    actor: Actor,
    records: Sequence[RecordIdentity],
    references: Sequence[str],
    mode: Mode = Mode.ADD,
) -> Assigned:
    """The same for single records: from then on they have owners of their own."""
    wanted: list[RecordIdentity] | UsageError
    try:
        wanted = existing_records(installation, records)
    except UsageError as wrong:
        wanted = wrong
    return _assign(installation, actor, "records", wanted, references, mode)


def owners_of(installation: Installation, actor: Actor, domain: str) -> list[Ownership]:
    """Who owns a domain and records of it, since when and by what; the domain's first.

    Raises:
        NotAllowed: the actor may not read.
        BadName: it is not a DNS name.
    """
    allow(installation, actor, Right.READ)
    with installation.store.read() as db:
        return assignments.of_domain(db, listed_name(domain))


def _assign(
    installation: Installation,
    actor: Actor,
    what: str,
    wanted: Sequence[Asset] | UsageError,
    references: Sequence[str],
    mode: Mode,
) -> Assigned:
    action = "asset.release" if mode is Mode.REMOVE else "asset.assign"
    saved: dict[str, str] = {}
    if mode is not Mode.ADD and not isinstance(wanted, UsageError):
        permit(installation, actor, action, Right.ASSIGN)
        why = f"before owners of {len(wanted)} {what} end"
        saved = restore_point_before(installation, why, len(wanted))
    with acting(installation, actor, action, Right.ASSIGN) as deed:
        if isinstance(wanted, UsageError):
            raise wanted
        named = owners.owners(deed.db, references)
        if not named and mode is not Mode.REPLACE:
            raise UsageError("Name at least one owner.")
        assigned = change_owners(deed, wanted, named, mode)
        listed = [asset if isinstance(asset, str) else _told(asset) for asset in wanted[:_LISTED]]
        deed.subject = listed[0] if len(wanted) == 1 else f"{len(wanted)} {what}"
        deed.details = {
            "mode": mode.value,
            "owners": [f"{owner.kind}:{owner.name}" for owner in named],
            "count": len(wanted),
            what: listed,
            "added": assigned.added,
            "ended": assigned.ended,
            **saved,
        }
        return assigned


def change_owners(
    deed: Deed, assets: Sequence[Asset], named: Sequence[Owner], mode: Mode
) -> Assigned:
    """Add or end assignments of assets that are all domains, or all records."""
    origin = Origin(deed.at, deed.seq)
    pairs = len(assets) * len(named)
    if mode is Mode.REMOVE:
        ended = sum(assignments.end(deed.db, assets, owner, deed.seq) for owner in named)
        return Assigned(len(assets), 0, ended, pairs - ended)
    ended = 0
    if mode is Mode.REPLACE:
        ended = assignments.end_all_but(deed.db, assets, named, deed.seq)
    added = sum(assignments.add(deed.db, assets, owner, origin) for owner in named)
    return Assigned(len(assets), added, ended, pairs - added)


def _told(record: RecordIdentity) -> str:
    return f"{record.domain}: {record.name} {record.type} {record.content}"[:300]
