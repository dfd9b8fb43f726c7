"""What becomes of assets and rules when the user or group that owns them is removed."""

from dataclasses import dataclass

from dnsinv.actions.acting import Deed
from dnsinv.actions.backup import restore_point_before
from dnsinv.actions.installation import Installation
from dnsinv.domain.people import Owner
from dnsinv.errors import Conflict, UsageError
from dnsinv.store import assignments, owners, rules
from dnsinv.store.assignments import Load, Origin

_NAMED = 3  # domains that a refusal names


@dataclass(frozen=True, slots=True)
class Left:
    """What somebody owned when they were removed, and who has it now; None: it was released."""

    domains: int
    records: int
    rules: int
    heir: Owner | None


def before_release(installation: Installation, owner: Owner) -> dict[str, str]:
    """Make a restore point where releasing what somebody owns ends very many assignments.

    Gives what there is to say of it in the audit log.
    """
    with installation.store.read() as db:
        load = next(iter(assignments.loads(db, owner)), Load(owner, 0, 0))
    count = load.domains + load.records
    return restore_point_before(installation, f"before {owner.name} releases {count} assets", count)


def leave(deed: Deed, owner: Owner, hand_to: str, *, release: bool) -> Left:
    """Hand on or release what an owner who is removed owns; told in the deed as well.

    Raises:
        Conflict: there is something, and neither is said.
        UsageError: both are said, or the heir is unknown or the owner.
    """
    if hand_to and release:
        raise UsageError("Hand it on or release it; both at once is not possible.")
    heir = owners.owner(deed.db, hand_to) if hand_to else None
    if heir == owner:
        raise UsageError(f"{owner.name} cannot take over from {owner.name}.")
    load = next(iter(assignments.loads(deed.db, owner)), Load(owner, 0, 0))
    patterns = rules.of_owner(deed.db, owner)
    if (load.domains or load.records or patterns) and not (heir or release):
        raise Conflict(_owns_still(deed, load, patterns))
    if heir:
        origin = Origin(deed.at, deed.seq, "handed-on", f"{owner.kind}:{owner.id}")
        assignments.hand_on(deed.db, owner, heir, origin)
    else:
        assignments.end_of_owner(deed.db, owner, deed.seq)
    rules.hand_on(deed.db, owner, heir, deed.at, deed.seq)
    left = Left(load.domains, load.records, len(patterns), heir)
    deed.details |= {
        "domains": left.domains,
        "records": left.records,
        "rules": patterns,
        "handed_to": heir and f"{heir.kind}:{heir.name}",
    }
    return left


def _owns_still(deed: Deed, load: Load, patterns: list[str]) -> str:
    some = assignments.some_of(deed.db, load.owner, _NAMED)
    such_as = f" (such as {', '.join(some)})" if some else ""
    return (
        f"{load.owner.name} owns {load.domains:,} domains and {load.records:,} records{such_as} "
        f"and stands in {len(patterns):,} assignment rules: name who takes them over (hand_to), "
        "or say that they are to be released (release)."
    )
