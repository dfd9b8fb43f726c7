"""How much each user and group answers for, and how many domains nobody does."""

from dataclasses import dataclass

from dnsinv.actions.acting import Actor, allow
from dnsinv.actions.installation import Installation
from dnsinv.domain.permission import Right
from dnsinv.lake import assets
from dnsinv.store import assignments
from dnsinv.store.assignments import Load


@dataclass(frozen=True, slots=True)
class Workload:
    """Owners with what they answer for, most first; `unowned` is of the domains that are there."""

    owners: tuple[Load, ...]
    domains: int
    unowned: int


def workload(installation: Installation, actor: Actor) -> Workload:
    """Of everybody.

    Raises:
        NotAllowed: the actor may not read.
    """
    allow(installation, actor, Right.READ)
    with installation.store.read() as db:
        loads = assignments.loads(db)
        owned = assignments.owned_domains(db)
    domains, unowned = assets.count_unowned(installation.lake, owned)
    return Workload(tuple(loads), domains, unowned)
