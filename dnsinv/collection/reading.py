"""Reading one zone so that a record is only taken for gone when that was seen twice.

A reading is compared with what was known. Where records are missing, the provider is asked about
them again in another way; what is still there then makes the reading a failed one. What shrinks by
too much is held until the next reading agrees.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from dnsinv.collection.guard import Guard
from dnsinv.collection.spool import Outcome
from dnsinv.domain.domains import Domain
from dnsinv.domain.records import Record
from dnsinv.errors import AccessDenied, BadCredential, MalformedReply, NoZoneHere, ProviderError
from dnsinv.lake.known import KnownZone
from dnsinv.lake.observation import HELD_NO_ZONE
from dnsinv.providers.provider import Provider

_TTL_AND_VALUE = attrgetter("ttl", "content")
LARGEST = 2**31 - 1  # TTL and priority are 32 bits wide at most (RFC 2181, section 8)


@dataclass(frozen=True, slots=True)
class _Doubt:
    """Why a reading cannot be taken as it is; one that is held may be accepted by a person."""

    text: str
    is_held: bool = False
    ends_by_agreement: bool = False


def zone_id(domain: Domain) -> str:
    """The zone's key within its account."""
    return domain.provider_id or domain.name


def read_zone(
    provider: Provider,
    domain: Domain,
    known: KnownZone,
    known_records: Callable[[str, str], Sequence[Record]],
    guard: Guard,
    clock: Callable[[], datetime],
) -> tuple[Outcome, list[Record]]:
    """Read one zone; never raises for what the provider says. Safe in several threads.

    Args:
        known_records: gives the zone's rows in the last snapshot, by name and zone id; asked only
            when the reading differs from it.
    """
    key = zone_id(domain)
    try:
        listed = _checked(domain, provider.read_zone(domain))
        records = _each_once(listed)
        state, digest = "complete", digest_of(records)
    except NoZoneHere:
        listed, records, state, digest = [], [], "no-zone-here", HELD_NO_ZONE
    except (AccessDenied, BadCredential) as error:
        return Outcome(key, domain.name, "refused", clock(), error=str(error)), []
    except ProviderError as error:
        return Outcome(key, domain.name, "failed", clock(), error=str(error)), []
    at = clock()
    if digest == known.digest:
        return Outcome(key, domain.name, "unchanged", at), []
    outcome = Outcome(key, domain.name, state, at, serial_of(records), len(records), digest)
    doubt = None
    try:
        if known.read_at is None:
            doubt = _unproven(provider, domain, listed, state)  # doubles count for what follows
        elif known.digest:  # without a fingerprint there are no rows that could be missing
            was = known_records(domain.name, key)
            doubt = _missing(provider, domain, records, was, guard, state)
    except ProviderError as error:
        return Outcome(key, domain.name, "failed", at, error=f"The second look failed: {error}"), []
    if doubt and not (doubt.ends_by_agreement and digest == known.held_digest):
        held = digest if doubt.is_held else ""
        return Outcome(
            key, domain.name, "failed", at, outcome.serial, len(records), "", held, doubt.text
        ), records if held else []
    if state == "no-zone-here":
        return Outcome(key, domain.name, state, at), []
    return outcome, records


def digest_of(records: Sequence[Record]) -> str:
    """A fingerprint of everything a reading says of a zone, in any order."""
    digest = hashlib.blake2b(digest_size=16)
    for record in sorted(map(repr, records)):
        digest.update(record.encode())
    return digest.hexdigest()


def serial_of(records: Sequence[Record]) -> int | None:
    """The serial of the SOA record, where one is listed."""
    for record in records:
        if record.type == "SOA":
            fields = record.content.split()
            return int(fields[2]) if len(fields) > 2 and fields[2].isdigit() else None
    return None


def _unproven(
    provider: Provider, domain: Domain, listed: Sequence[Record], state: str
) -> _Doubt | None:
    """What speaks against the first reading of a zone."""
    if state == "no-zone-here":
        return _second_opinion(provider, domain)
    if provider.is_whole(domain, listed):
        return None
    return _Doubt(f"A first reading of {domain.name} left out records.")


def _second_opinion(provider: Provider, domain: Domain) -> _Doubt | None:
    """What speaks against a reading that found no zone."""
    try:
        provider.read_zone(domain)
    except NoZoneHere:
        return None
    return _Doubt(f"{domain.name} was said to have no zone here, and then it had one.")


def _missing(
    provider: Provider,
    domain: Domain,
    records: Sequence[Record],
    known: Sequence[Record],
    guard: Guard,
    state: str,
) -> _Doubt | None:
    """What speaks against a reading that leaves out records which are known."""
    is_none_here = state == "no-zone-here"
    ours = known if is_none_here else _replaceable(known, records)
    there = {_identity(record) for record in records}
    gone = [record for record in ours if _identity(record) not in there]
    if not gone:
        return None
    if is_none_here:
        if doubt := _second_opinion(provider, domain):
            return doubt
    elif still := provider.still_served(domain, gone):
        return _Doubt(
            f"A reading left out {len(still)} records that are still there, such as "
            f"{still[0].name} {still[0].type}."
        )
    # A zone has a SOA as long as it exists: a list that leaves it out, and is not one of an API
    # version that leaves out all managed records, is not believed for asking.
    has_lost_soa = _has_soa(known) and not _has_soa(records) and not is_none_here
    if has_lost_soa and (not records or any(record.managed for record in records)):
        return _Doubt(
            f"Held: {len(gone)} of {len(ours)} records are gone at once; even the SOA is not "
            "listed. Accept the collection if that is right.",
            is_held=True,
        )
    before = {_identity(record) for record in known}
    come = sum(_identity(record) not in before and record.type != "SOA" for record in records)
    if not guard.holds_zone(len(ours), len(gone), come):
        return None
    return _Doubt(
        f"Held: {len(gone)} of {len(ours)} records are gone at once; the next reading that agrees "
        "releases it, or accept the collection.",
        is_held=True,
        ends_by_agreement=True,
    )


def _has_soa(records: Sequence[Record]) -> bool:
    return any(record.type == "SOA" for record in records)


def _replaceable(known: Sequence[Record], records: Sequence[Record]) -> list[Record]:
    """The known records that are gone if a reading does not list them.

    Managed records that a reading has none of stay, as some API versions leave them out; but one
    that lists the SOA lists the apex NS too. A SOA with another serial takes the place of the last.
    """
    listed = {record.type for record in records if record.managed}
    return [
        record
        for record in known
        if record.type != "SOA" and (not record.managed or listed & {record.type, "SOA"})
    ]


def _identity(record: Record) -> tuple[str, ...]:
    if record.record_id:
        return (record.record_id,)
    return (record.name, record.type, record.content, str(record.priority))


def _each_once(records: list[Record]) -> list[Record]:
    """The records in order; of those with one identity the one of the least TTL."""
    found = {_identity(record): record for record in records}
    if len(found) == len(records):
        return records
    for record in records:
        found[_identity(record)] = min(found[_identity(record)], record, key=_TTL_AND_VALUE)
    return list(found.values())


def _checked(domain: Domain, records: list[Record]) -> list[Record]:
    for record in records:
        if not 0 <= record.ttl <= LARGEST or not 0 <= (record.priority or 0) <= LARGEST:
            raise MalformedReply(
                f"{record.name} {record.type} of {domain.name} has a TTL or priority out of range."
            )
    return records
