"""What there is to say about an installation at one instant; how it is found is in state.py."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from dnsinv.store.collections import Collection


@dataclass(frozen=True, slots=True)
class Figures:
    """The inventory in numbers; `expiring` within 30 days, `expired` and still listed."""

    domains: int
    on_both: int
    expiring: int
    expired: int
    records: int
    observed_at: datetime | None


@dataclass(frozen=True, slots=True)
class StatusCount:
    """Current domains with one pair of states; '-' where a provider does not hold them."""

    godaddy: str
    cloudflare: str
    domains: int


@dataclass(frozen=True, slots=True)
class Expiring:
    """A domain that expires soon."""

    name: str
    expires_on: date
    auto_renew: bool | None
    status: str


@dataclass(frozen=True, slots=True)
class ZoneCount:
    """Zones of one account whose last reading went alike.

    `oldest_read_at` is the complete reading longest ago, None where one was never read.
    """

    provider: str
    account: str
    state: str
    zones: int
    oldest_read_at: datetime | None
    held: int
    held_names: Sequence[str]


@dataclass(frozen=True, slots=True)
class Day:
    """What changed on a day, in domains and in records."""

    day: date
    added: int = 0
    removed: int = 0
    modified: int = 0
    moved: int = 0
    records_added: int = 0
    records_removed: int = 0
    records_modified: int = 0

    @property
    def domains(self) -> int:
        return self.added + self.removed + self.modified + self.moved

    @property
    def records(self) -> int:
        return self.records_added + self.records_removed + self.records_modified


@dataclass(frozen=True, slots=True)
class Change:
    """One of the latest changes; `type` is "" for a domain."""

    observed_at: datetime
    account: str
    name: str
    type: str
    change: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Running:
    """A collection that has not ended; `zones_read` of `zones`, None before the listing stands.

    `sign_at` is when it last wrote something down: long ago means that it was cut off.
    """

    collection: Collection
    zones_read: int = 0
    zones: int | None = None
    sign_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AccountState:
    """One account that is configured, or was collected before and not retired.

    `problem` says why it cannot be collected, "" when it can. `cycle` is how long reading all of
    its zones takes at the pace of its last full collection, None where that is not known.
    """

    name: str
    provider: str
    problem: str
    last: Collection | None
    running: Running | None
    zones: Sequence[ZoneCount]
    cycle: timedelta | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the guard holds back until a person, or the next observation, decides."""

    account: str
    collection_id: str
    held_at: datetime
    what: str

    def command(self, verb: Literal["accept", "reject"]) -> str:
        """The command that decides."""
        return f"dnsinv collection {verb} {self.collection_id}"


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything at one instant. Without `figures` nothing was collected yet, or see `problems`."""

    at: datetime
    interval: timedelta | None = None
    figures: Figures | None = None
    statuses: Sequence[StatusCount] = ()
    expiring: Sequence[Expiring] = ()
    zones: Sequence[ZoneCount] = ()
    days: Sequence[Day] = ()
    latest: Sequence[Change] = ()
    accounts: Sequence[AccountState] = ()
    waiting: Sequence[Waiting] = ()
    retired: Sequence[tuple[str, str, datetime]] = ()
    unconfigured: Sequence[str] = ()
    problems: Sequence[str] = ()

    @property
    def is_new(self) -> bool:
        """Whether nothing was ever collected."""
        return (
            not self.problems
            and not self.has_figures
            and not any(account.last or account.running for account in self.accounts)
        )

    @property
    def has_figures(self) -> bool:
        """Whether there is something to count: an inventory in which nothing was seen has none."""
        return self.figures is not None and self.figures.observed_at is not None

    @property
    def is_collecting(self) -> bool:
        return any(account.running for account in self.accounts)

    def total(self, days: int) -> Day:
        """The changes of the last so many days together; its `day` is the first of them."""
        last = self.days[-days:]
        names = [name for name in Day.__slots__ if name != "day"]
        sums = {name: sum(getattr(day, name) for day in last) for name in names}
        return Day(last[0].day if last else self.at.date(), **sums)
