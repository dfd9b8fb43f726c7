"""The built-in company: Nordhafen, a made-up retailer with 300 domains and about 3,000 records.

Every name is under .example and every address from the documentation ranges (RFC 2606, 5737,
3849). Nothing is stored: a domain's life and a zone's content are functions of the slot it fills
and of the calendar, so that two worlds that end on different days agree on the days they share.
The zones' content is in company_zones.py, the names are in company_names.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from dnsinv.sandbox.company_names import (
    CAMPAIGN_SLOTS,
    OWN_NAMES,
    SLOTS,
    campaign_name,
    standing_name,
    team_of,
)
from dnsinv.sandbox.company_zones import zone_records
from dnsinv.sandbox.draws import chance, draw
from dnsinv.sandbox.world import Status, WorldDomain, WorldRecord

DAYS = 40

# A campaign's domain is bought for a year, left to expire, and dropped; then its slot is free for
# the next one.
CAMPAIGN_YEAR = 365
CAMPAIGN_EXPIRED = 25
CAMPAIGN_REDEEMABLE = 10
CAMPAIGN_CYCLE = CAMPAIGN_YEAR + CAMPAIGN_EXPIRED + CAMPAIGN_REDEEMABLE

_STANDING_STATUS = {31: Status.LOCKED, 77: Status.LOCKED, 123: Status.HELD, 159: Status.PENDING}


@dataclass(frozen=True, slots=True)
class CompanyWorld:
    """Forty days of the company, the last of them `last_day`."""

    last_day: date

    def days(self) -> list[date]:
        """Forty consecutive days."""
        return [self.last_day - timedelta(days=ago) for ago in reversed(range(DAYS))]

    def domains(self, day: date) -> list[WorldDomain]:
        """300 domains: 200 standing ones and 100 that come and go."""
        return list(_slots(day).values())

    def records(self, day: date, domain_name: str) -> Sequence[WorldRecord]:
        """The zone of one domain."""
        domain = _slots(day).get(domain_name)
        return zone_records(domain, day) if domain else ()


@lru_cache(maxsize=64)
def _slots(day: date) -> dict[str, WorldDomain]:
    domains = [
        _campaign(slot, day) if slot >= SLOTS - CAMPAIGN_SLOTS else _standing(slot, day)
        for slot in range(SLOTS)
    ]
    return {domain.name: domain for domain in domains}


def _standing(slot: int, day: date) -> WorldDomain:
    name = standing_name(slot)
    drawn = draw("standing", name)
    registered_on = date(2004, 1, 1) + timedelta(days=drawn % 7_300)
    auto_renew = not chance(20, "manual", name)
    # Automatic renewals are paid up to three weeks early, the others up to four weeks late.
    lead_days = drawn % 20 if auto_renew else -(drawn % 28) - 1
    expires_on = _next_expiry(registered_on, day + timedelta(days=lead_days))
    status = _STANDING_STATUS.get(slot, Status.ACTIVE)
    if status is Status.ACTIVE and slot >= OWN_NAMES and chance(9, "parked", name):
        status = Status.PARKED
    return WorldDomain(
        name=name,
        id=100_000_000 + drawn % 400_000_000,
        registered_on=registered_on,
        expires_on=expires_on,
        status=Status.EXPIRED if expires_on < day else status,
        auto_renew=auto_renew,
        locked=not chance(6, "unlocked", name),
        privacy=chance(15, "private", name),
        contact=team_of(name).address,
    )


def _next_expiry(registered_on: date, paid_until: date) -> date:
    year = paid_until.year
    while (expiry := _anniversary(registered_on, year)) <= paid_until:
        year += 1
    return expiry


def _anniversary(registered_on: date, year: int) -> date:
    if (registered_on.month, registered_on.day) == (2, 29):
        return date(year, 3, 1)
    return registered_on.replace(year=year)


def _campaign(slot: int, day: date) -> WorldDomain:
    phase = (day.toordinal() + draw("campaign", slot) % CAMPAIGN_CYCLE) % CAMPAIGN_CYCLE
    bought_on = day - timedelta(days=phase)
    name = campaign_name(slot, bought_on)
    return WorldDomain(
        name=name,
        id=500_000_000 + draw("campaign", name) % 400_000_000,
        registered_on=bought_on,
        expires_on=bought_on + timedelta(days=CAMPAIGN_YEAR),
        status=_campaign_status(phase),
        auto_renew=False,
        locked=phase > 0,
        contact=team_of(name).address,
    )


def _campaign_status(phase: int) -> Status:
    if phase == 0:
        return Status.PENDING
    if phase <= CAMPAIGN_YEAR:
        return Status.ACTIVE
    return Status.EXPIRED if phase <= CAMPAIGN_YEAR + CAMPAIGN_EXPIRED else Status.REDEEMABLE
