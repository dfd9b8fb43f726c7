"""Faults drawn at random, and the few that no client could see through.

A lie is a reply that proves itself: a page cut short without a sign of it, an empty list with
totals to match, a "not found" for what is there. One lie is always found out, by asking again in
another way. A lie that is told every time, whichever way the question is put, is the truth as far
as anyone outside can tell; exactly those combinations are left out here, each with its reason.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from random import Random

from dnsinv.collection.listing import ASKED_BY_NAME
from dnsinv.sandbox.faults import FIELDS, Fault, FaultKind

_CUT = (FaultKind.EMPTY_PAGE, FaultKind.LYING_EMPTY, FaultKind.TRUNCATED_PAGE)
_LIST_LIES = {
    "godaddy-v1": _CUT,  # bare arrays
    "godaddy-v3": _CUT,  # a cursor without totals
    "cloudflare": (FaultKind.LYING_EMPTY,),
}
_ZONE_LIES = {
    "godaddy-v1": (*_CUT, FaultKind.NOT_FOUND),
    "godaddy-v3": (FaultKind.LYING_EMPTY, FaultKind.NOT_FOUND),
    "cloudflare": (FaultKind.LYING_EMPTY,),
}
_HELD_LIES = {
    "godaddy-v1": (*_CUT, FaultKind.NOT_FOUND),
    "godaddy-v1 with SOA": (FaultKind.NOT_FOUND,),  # a zone without its SOA is not believed
    "godaddy-v3": (FaultKind.NOT_FOUND,),
    "cloudflare": (),  # records are asked for by their ids
}
_CODES = {
    ("cloudflare", FaultKind.UNAUTHORIZED): ("", "1000", "9106", "6003"),
    ("cloudflare", FaultKind.FORBIDDEN): ("", "9109", "10000"),
    ("cloudflare", FaultKind.NOT_FOUND): ("", "1001", "7003"),
    ("godaddy", FaultKind.FORBIDDEN): ("", "ACCESS_DENIED"),
    ("godaddy", FaultKind.NOT_FOUND): ("", "UNKNOWN_DOMAIN"),
}


@dataclass(frozen=True)
class Situation:
    """What a collection finds when it begins."""

    api: str
    names: Sequence[str]
    """What the account lists, and what it listed a moment ago."""
    has_baseline: bool
    unread: Collection[str]
    """Zones of the first listing that have never been read."""
    held: Collection[str]
    """Zones whose last reading waits for another that agrees."""
    lists_soa: bool
    """Whether v1 lists what the provider itself writes."""
    missing: int
    """Domains that were known and are really gone."""
    has_ended: bool
    """Whether a registration that the account lists has ended."""


def draw_faults(random: Random, situation: Situation, before: Sequence[Fault]) -> list[Fault]:
    """A few orders, often one of the last again; what no client could see through is left out."""
    drawn = [_fault(random, situation) for _ in range(random.choice((1, 1, 2, 3)))]
    if before and random.random() < 0.4:
        drawn.insert(0, random.choice(before))
    if any(lie.match == "list" for lie in _lies(drawn, "list", _CUT)) and random.random() < 0.3:
        drawn.append(Fault(FaultKind.NOT_FOUND, "domain", times=random.choice((1, 2, None))))
    kept: list[Fault] = []
    for fault in drawn:
        if not _is_beyond_any_client([*kept, fault], situation):
            kept.append(fault)
    return kept


def _fault(random: Random, situation: Situation) -> Fault:
    lies = (*_CUT, FaultKind.REPEATED_PAGE, FaultKind.NOT_FOUND)
    kind = random.choice(lies if random.random() < 0.5 else list(FaultKind))
    match = random.choice(("records",) * 5 + ("list",) * 3 + ("domain", "any", "any"))
    zone = None
    if match != "list" and random.random() < 0.7 and situation.names:
        zone = random.choice(situation.names)
    provider = situation.api.partition("-")[0]
    values: tuple[str, ...] = _CODES.get((provider, kind), ("",))
    if kind is FaultKind.MISSING_FIELD:
        values = FIELDS
    elif kind is FaultKind.SERVER_ERROR:
        values = ("500", "502", "503", "522")
    elif kind is FaultKind.TOO_MANY:
        values = ("1", "30", "900")
    return Fault(
        kind,
        match,
        zone,
        page=random.choice((None, None, 1, 2, 3)) if match in ("list", "records") else None,
        times=random.choice((1, 1, 2, 3, None, None)),
        value=random.choice(values),
    )


def _is_beyond_any_client(faults: Sequence[Fault], situation: Situation) -> bool:
    api = situation.api
    of_list = _strikes(_lies(faults, "list", _LIST_LIES[api]))

    def of_records(kinds: Collection[FaultKind], zone: str) -> float:
        return _strikes(_lies(faults, "records", kinds, zone))

    # 1. Lies that last through the first listing: nothing is known that could be missed.
    if not situation.has_baseline and of_list > 1:
        return True
    # 2. Lies that last through the first reading of a zone: the same.
    if any(of_records(_ZONE_LIES[api], zone) > 1 for zone in situation.unread):
        return True
    # 3. The same lie in two collections in a row: agreement is what releases a held reading.
    held_lies = _HELD_LIES[f"{api} with SOA" if situation.lists_soa else api]
    if any(of_records(held_lies, zone) > 1 for zone in situation.held):
        return True
    # 4. Lists that leave out a domain again and again, while it is "not found" by name as often,
    #    and it alone.
    denials = _lies(faults, "domain", [FaultKind.NOT_FOUND])
    if of_list > 1 and _strikes([fault for fault in denials if fault.zone]) > 1:
        return True
    # 5. Such lists where the registrar says by name that a registration is over, and it is;
    # 6. or while so many are really gone that only a sample of them is asked for by name.
    return of_list > 1 and (situation.has_ended or situation.missing > ASKED_BY_NAME)


def _lies(
    faults: Sequence[Fault], match: str, kinds: Collection[FaultKind], zone: str = ""
) -> list[Fault]:
    return [
        fault
        for fault in faults
        if fault.kind in kinds
        and fault.match in (match, "any")
        and (not zone or fault.zone in (None, zone))
        and (match != "list" or fault.zone is None)
    ]


def _strikes(lies: Sequence[Fault]) -> float:
    return sum(float("inf") if lie.times is None else lie.times for lie in lies)
