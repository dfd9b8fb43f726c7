"""A provider whose answers a test writes down: the engine's rules without HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from dnsinv.domain.domains import Domain, Lifecycle
from dnsinv.domain.records import Record
from dnsinv.errors import ProviderError
from dnsinv.providers.provider import Diagnosis


def domain(name: str, **facts: object) -> Domain:
    return Domain(name=name, status=Lifecycle.ACTIVE, raw_status="ACTIVE", **facts)  # type: ignore[arg-type]


def a_record(zone: str, label: str, address: str, ttl: int = 3600, **facts: object) -> Record:
    return Record(zone, f"{label}.{zone}", "A", address, ttl, **facts)  # type: ignore[arg-type]


@dataclass
class Scripted:
    """Serves `zones` (records by domain); `listings` and `faults` overrule it for one account."""

    zones: dict[str, list[Record]]
    name: str = "godaddy"
    domains: dict[str, Domain] = field(default_factory=dict)
    listed: list[str] | None = None
    hidden: bool = False  # whether names left out of `listed` still exist
    faults: dict[str, list[ProviderError | list[Record]]] = field(default_factory=dict)
    list_error: ProviderError | None = None
    reads: list[str] = field(default_factory=list)
    requests: int = 0

    def list_domains(self) -> list[Domain]:
        self.requests += 1
        if self.list_error:
            raise self.list_error
        names = sorted(self.zones) if self.listed is None else sorted(self.listed)
        return [self.domains.get(name) or domain(name) for name in names]

    def read_zone(self, domain: Domain) -> list[Record]:
        self.requests += 1
        self.reads.append(domain.name)
        script = self.faults.get(domain.name)
        if script:
            answer = script.pop(0)
            if isinstance(answer, ProviderError):
                raise answer
            return sorted(answer)
        return sorted(self.zones[domain.name])

    def is_whole(self, domain: Domain, records: Sequence[Record]) -> bool:
        return bool(records) or not self.read_zone(domain)

    def still_listed(self, domain: Domain) -> bool:
        self.requests += 1
        names = self.zones if self.hidden or self.listed is None else self.listed
        return domain.name in names

    def still_served(self, domain: Domain, records: Sequence[Record]) -> list[Record]:
        again = self.read_zone(domain)
        return [record for record in records if record in again]

    def diagnose(self) -> Diagnosis:
        return Diagnosis(is_ok=True, code="ok", text="fine")

    def remaining(self) -> int:
        return 1000 - self.requests

    def close(self) -> None:
        pass


class Clock:
    """Stands still until it is moved."""

    def __init__(self, *at: int) -> None:
        self.now = datetime(*(at or (2026, 3, 2, 9)), tzinfo=UTC)  # type: ignore[arg-type]

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)
