"""The order in which readings leave a provider, so that equal readings are equal lists."""

from collections.abc import Iterable

from dnsinv.domain.domains import Domain
from dnsinv.domain.records import Record


def domains_in_order(domains: Iterable[Domain]) -> list[Domain]:
    """By name, then by the provider's id."""
    return sorted(domains, key=lambda domain: (domain.name, domain.provider_id))


def records_in_order(records: Iterable[Record]) -> list[Record]:
    """By name, type and value, equal ones once."""
    return sorted(set(records), key=_place)


def _place(record: Record) -> tuple[str, str, str, int, int, str]:
    priority = -1 if record.priority is None else record.priority
    return record.name, record.type, record.content, priority, record.ttl, record.record_id
