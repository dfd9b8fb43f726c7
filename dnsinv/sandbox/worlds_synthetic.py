"""Worlds of any size for benchmarks: nothing is kept, every zone is made when it is asked for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import overload

from dnsinv.errors import UsageError
from dnsinv.sandbox.draws import draw
from dnsinv.sandbox.world import World, WorldDomain, WorldRecord

DAYS = 30

_SIZE = re.compile(
    r"(?P<zones>\d+)x(?P<records>\d+)(?::(?P<seed>\d+))?(?::churn=(?P<churn>[\d.]+))?"
)
_NAME = re.compile(r"zone-(\d+)\.example")
_TTLS = (300, 600, 3600, 86_400)


def synthetic_world(size: str, last_day: date) -> World:
    """The world of a size like `400x16`, `400x16:7` (seed 7) or `400x16:churn=2`.

    `churn` is the share of the records, in percent, whose content changes each day.

    Raises:
        UsageError: not such a size.
    """
    if not (found := _SIZE.fullmatch(size)):
        raise UsageError(
            f"synthetic:{size} is no world: write synthetic:ZONESxRECORDS[:SEED][:churn=PERCENT],"
            " for example synthetic:400x16."
        )
    churn = float(found["churn"] or 0)
    return SyntheticWorld(
        last_day=last_day,
        zones=int(found["zones"]),
        records_per_zone=int(found["records"]),
        seed=int(found["seed"] or 0),
        days_between_edits=max(1, round(100 / churn)) if churn else 0,
    )


@dataclass(frozen=True, slots=True)
class SyntheticWorld:
    """`zones` zones of `records_per_zone` records: addresses, texts and mail servers in turn."""

    last_day: date
    zones: int
    records_per_zone: int
    seed: int = 0
    days_between_edits: int = 0  # 0: nothing ever changes

    def days(self) -> list[date]:
        """Thirty days."""
        return [self.last_day - timedelta(days=ago) for ago in reversed(range(DAYS))]

    def domains(self, _day: date) -> Sequence[WorldDomain]:
        """The same on every day; each is made when it is looked at."""
        return _Domains(self)

    def records(self, day: date, domain_name: str) -> list[WorldRecord]:
        """The zone, from its name and the day alone."""
        found = _NAME.fullmatch(domain_name)
        if not found or int(found[1]) >= self.zones:
            return []
        first = int(found[1]) * self.records_per_zone
        return [
            self._record(domain_name, first + place, place, day)
            for place in range(self.records_per_zone)
        ]

    def domain(self, place: int) -> WorldDomain:
        """The domain of one place in the list."""
        drawn = draw(self.seed, place)
        return WorldDomain(
            name=f"zone-{place:06}.example",
            id=drawn % 10**9,
            registered_on=date(2015, 1, 1) + timedelta(days=drawn % 3_650),
            expires_on=self.last_day + timedelta(days=30 + drawn % 700),
            auto_renew=drawn % 10 > 0,
        )

    def _record(self, zone: str, number: int, place: int, day: date) -> WorldRecord:
        value = (number * 2_654_435_761 + self.seed) & 0xFFFF_FFFF
        if self.days_between_edits:
            value += (day.toordinal() + number) // self.days_between_edits
        ttl = _TTLS[number % 4]
        match place % 4:
            case 0 | 1:
                rdata = (
                    f"198.51.100.{value % 254 + 1}" if place % 4 else f"192.0.2.{value % 254 + 1}"
                )
                return WorldRecord(f"host-{place}.{zone}", "A", ttl, rdata, key="0")
            case 2:
                return WorldRecord(
                    f"text-{place}.{zone}", "TXT", ttl, f'"token={value:010}"', key="0"
                )
            case _:
                rdata = f"{value % 5 * 10} mx-{value % 100}.{zone}."
                return WorldRecord(f"mail-{place}.{zone}", "MX", ttl, rdata, key="0")


class _Domains(Sequence[WorldDomain]):
    """The list of all domains without the list."""

    def __init__(self, world: SyntheticWorld) -> None:
        self._world = world

    def __len__(self) -> int:
        return self._world.zones

    @overload
    def __getitem__(self, place: int) -> WorldDomain: ...
    @overload
    def __getitem__(self, place: slice) -> list[WorldDomain]: ...
    def __getitem__(self, place: int | slice) -> WorldDomain | list[WorldDomain]:
        places = range(len(self))[place]
        if isinstance(places, range):
            return [self._world.domain(each) for each in places]
        return self._world.domain(places)
