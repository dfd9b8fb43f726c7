"""One day of a world as its providers divide it: who hosts which zone, and who lists what."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from functools import cached_property, lru_cache

from dnsinv.sandbox.draws import draw, hex_id
from dnsinv.sandbox.identities import record_ids
from dnsinv.sandbox.world import (
    CLOUDFLARE_NAMESERVERS,
    GODADDY_NAMESERVERS,
    World,
    WorldDomain,
    WorldRecord,
    as_of,
)


class Provider(StrEnum):
    """Which of the two providers the sandbox stands in for."""

    GODADDY = "godaddy"  # registers all domains and hosts all zones
    CLOUDFLARE = "cloudflare"  # hosts all zones
    BOTH = "both"  # GoDaddy registers all domains, Cloudflare hosts a fixed half of the zones


class View:
    """What stands at the providers on one day."""

    def __init__(self, world: World, day: date, provider: Provider) -> None:
        self.day = as_of(world, day)
        self.provider = provider
        self._world = world
        self._domains = world.domains(self.day)
        self.records = lru_cache(maxsize=256)(self._records)
        self.record_ids = lru_cache(maxsize=256)(self._record_ids)

    def domain(self, name: str) -> WorldDomain | None:
        """The registration of that name, in any case."""
        place = self._places.get(name.lower())
        return None if place is None else self._domains[place]

    def is_at_cloudflare(self, name: str) -> bool:
        """Whether Cloudflare hosts the zone; with both providers the name decides for good."""
        if self.provider is Provider.BOTH:
            return is_in_cloudflares_half(name)
        return self.provider is Provider.CLOUDFLARE

    def nameservers(self, domain: WorldDomain) -> tuple[str, ...]:
        """What the registrar says: a zone moved to Cloudflare has left GoDaddy's own servers."""
        if not domain.nameservers or domain.nameservers == GODADDY_NAMESERVERS:
            at_cloudflare = self.is_at_cloudflare(domain.name)
            return CLOUDFLARE_NAMESERVERS if at_cloudflare else GODADDY_NAMESERVERS
        return domain.nameservers

    def registrations(self, start: int, size: int) -> list[WorldDomain]:
        """A stretch of GoDaddy's listing, which is in no alphabetical order."""
        return [self._domains[place] for _, _, place in self._registered[start : start + size]]

    def place_after(self, name: str) -> int:
        """Where GoDaddy's listing goes on after a domain, which may be gone by now."""
        domain = self.domain(name)
        number = domain.id if domain else draw("gone", name) % 10**9
        return bisect_right(self._registered, (number, name.lower(), len(self._domains)))

    @property
    def registered(self) -> int:
        """How many domains GoDaddy lists."""
        return len(self._registered)

    @cached_property
    def zone_names(self) -> list[str]:
        """The zones that Cloudflare lists, sorted."""
        return sorted(name for name in self._places if self.is_at_cloudflare(name))

    def zone_of_id(self, zone_id: str) -> str | None:
        """The name of one of Cloudflare's zones."""
        return self._zone_ids.get(zone_id)

    def _records(self, name: str) -> Sequence[WorldRecord]:
        """A zone's records as the world has them."""
        return self._world.records(self.day, name)

    def _record_ids(self, name: str) -> list[str]:
        """Cloudflare's ids of a zone's records, in the same order."""
        return record_ids(self._world, self.day, name)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {domain.name: place for place, domain in enumerate(self._domains)}

    @cached_property
    def _registered(self) -> list[tuple[int, str, int]]:
        if self.provider is Provider.CLOUDFLARE:
            return []
        return sorted((domain.id, domain.name, at) for at, domain in enumerate(self._domains))

    @cached_property
    def _zone_ids(self) -> dict[str, str]:
        return {zone_id(name): name for name in self.zone_names}


def is_in_cloudflares_half(name: str) -> bool:
    """Whether a zone is Cloudflare's where both providers host: half of all names, for good."""
    return draw("host", name) % 2 == 0


def zone_id(name: str) -> str:
    """Cloudflare's id of a zone: 32 hexadecimal digits, the same on every day."""
    return hex_id("zone", name)
