"""What a world is: domains and records by day, whoever would host them.

The worlds themselves are in worlds_*.py; worlds.py finds one by its name.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from dnsinv.errors import UsageError

CLOUDFLARE_NAMESERVERS = ("ada.ns.cloudflare.example", "rob.ns.cloudflare.example")
GODADDY_NAMESERVERS = ("ns41.domaincontrol.example", "ns42.domaincontrol.example")


class Status(StrEnum):
    """A registration's state in neutral words; each API has its own for them."""

    ACTIVE = "active"
    PARKED = "parked"
    LOCKED = "locked"
    HELD = "held"
    PENDING = "pending"
    EXPIRED = "expired"
    REDEEMABLE = "redeemable"
    CANCELLED = "cancelled"
    TRANSFERRED = "transferred"


@dataclass(frozen=True, slots=True)
class WorldDomain:
    """A registered domain on one day. `name` is lower-case ASCII without a last dot."""

    name: str
    id: int
    registered_on: date
    expires_on: date
    status: Status = Status.ACTIVE
    auto_renew: bool = True
    locked: bool = True
    privacy: bool = False
    nameservers: tuple[str, ...] = GODADDY_NAMESERVERS
    contact: str = "hostmaster@owner.example"


@dataclass(frozen=True, slots=True)
class WorldRecord:
    """One record value, as raw as its source has it.

    `name` is the full owner name without a last dot, `ttl` None where the provider's default
    applies, `rdata` the presentation form with the priority in it. `key` names the record within
    (zone, name, type) for as long as it exists, whatever its content; "" where the source cannot
    tell. `proxied` and `comment` exist at Cloudflare only.
    """

    name: str
    type: str
    ttl: int | None
    rdata: str
    key: str = ""
    proxied: bool = False
    comment: str = ""


class World(Protocol):
    """What exists on each day.

    The same question always has the same answer. Zones are asked for one by one, so that a large
    world costs little memory.
    """

    def days(self) -> list[date]:
        """The days this world knows, oldest first."""
        ...

    def domains(self, day: date) -> Sequence[WorldDomain]:
        """The domains on one of `days()`, each name once."""
        ...

    def records(self, day: date, domain_name: str) -> Sequence[WorldRecord]:
        """The zone of a domain on one of `days()`; empty for a name that it does not hold."""
        ...


def as_of(world: World, day: date) -> date:
    """The world's latest day that is not after `day`.

    Raises:
        UsageError: the world begins later.
    """
    days = world.days()
    if (place := bisect_right(days, day)) == 0:
        raise UsageError(f"This world begins on {days[0]}; there is nothing to serve on {day}.")
    return days[place - 1]
