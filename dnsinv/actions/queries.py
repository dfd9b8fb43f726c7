"""What may be asked of the inventory's lists, and the page that is the answer.

Doors make these from what they were given and hand them to the Reader or to an export; what is
wrong with them is said here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import Any

from dnsinv.domain.domains import Lifecycle
from dnsinv.domain.names import observed_name
from dnsinv.errors import UsageError

MOST_ROWS = 500  # of one page
LONGEST_TEXT = 1_000  # characters of a filter
FURTHEST_PAGE = 10**9
CHANGES = ("added", "removed", "modified", "moved")


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a list, JSON-ready, and how many there are altogether."""

    items: Sequence[dict[str, Any]]
    page: int
    limit: int
    total: int

    @property
    def pages(self) -> int:
        return -(-self.total // self.limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainQuery:
    """Current domains; "" and None leave a filter open.

    Args:
        search: part of the name, in either form and any case.
        status: "(active, -)" for a pair, or one lifecycle word for either provider.
        provider: held there.
        owner: a user's name or e-mail address, else a group's name; `group:NAME` forces a group.
        group: a group's name.
        tag: one of its tags.
        expiring: expires within so many days, or has expired already.
        unowned: nobody owns it.
        removed: those that are gone instead of the current ones.
        sort: one of DOMAIN_SORTS, with "-" in front for descending; equal ones in order of name.
    """

    page: int = 1
    limit: int = 50
    search: str = ""
    status: str = ""
    provider: str = ""
    owner: str = ""
    group: str = ""
    tag: str = ""
    expiring: int | None = None
    unowned: bool = False
    removed: bool = False
    sort: str = "name"

    def __post_init__(self) -> None:
        _check(self)
        words = (
            [word.strip() for word in self.status.strip("() ").split(",")] if self.status else []
        )
        known = {*Lifecycle, "-"} if len(words) == 2 else set(Lifecycle)
        if len(words) > 2 or not known.issuperset(words):
            raise UsageError(
                f"There is no status {self.status!r}; there are: {', '.join(Lifecycle)}, "
                'and pairs of them such as "(active, -)".'
            )
        if self.expiring is not None and not 0 <= self.expiring <= 100_000:
            raise UsageError(f"{self.expiring} is no number of days to expire within.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordQuery:
    """Current DNS records; "" leaves a filter open.

    Args:
        search: part of the name or the content, in any case.
        domain: of this domain, or in this zone.
        type: record type.
        owner, group, unowned: as for domains; a record without owners has its domain's.
        sort: one of RECORD_SORTS, with "-" in front for descending; equal ones in the order of
            zone, name, type and content.
    """

    page: int = 1
    limit: int = 50
    search: str = ""
    domain: str = ""
    type: str = ""
    provider: str = ""
    owner: str = ""
    group: str = ""
    unowned: bool = False
    sort: str = "name"

    def __post_init__(self) -> None:
        _check(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeQuery:
    """Changes of domains and records, the latest first; "" and None leave a filter open.

    Args:
        since, until: observed at this instant or later, and before this one; dates are UTC days,
            the last one included.
        kind: "domain" or "record".
        domain: in this domain or zone, or below it.
        name: of exactly this name.
        type: record type.
        change: added, removed, modified or moved.
    """

    page: int = 1
    limit: int = 50
    since: datetime | date | str | None = None
    until: datetime | date | str | None = None
    kind: str = ""
    domain: str = ""
    name: str = ""
    type: str = ""
    change: str = ""
    provider: str = ""
    account: str = ""

    def __post_init__(self) -> None:
        _check(self)
        if self.kind not in ("", "domain", "record"):
            raise UsageError(
                f"There is no kind of change {self.kind!r}; there are: domain, record."
            )
        if self.change and self.change not in CHANGES:
            raise UsageError(
                f"There is no change {self.change!r}; there are: {', '.join(CHANGES)}."
            )
        instant(self.since, "since")
        instant(self.until, "until")


Query = DomainQuery | RecordQuery | ChangeQuery


def instant(value: datetime | date | str | None, what: str) -> datetime | date | None:
    """A day or an aware instant of what a door was given; without zone it is UTC.

    Raises:
        UsageError: it is neither.
    """
    if isinstance(value, str):
        text = value.strip()
        try:
            value = date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
        except ValueError:
            raise UsageError(
                f"{what} {text[:40]!r} is neither a day (2026-03-02) nor an instant "
                "(2026-03-02T10:00:00Z)."
            ) from None
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value


def asked_name(text: str) -> str:
    """A name to look for as it is stored, if it is a name at all."""
    return observed_name(text.strip())


def _check(query: Query) -> None:
    if not 1 <= query.limit <= MOST_ROWS:
        raise UsageError(f"limit {query.limit} is not between 1 and {MOST_ROWS}.")
    if not 1 <= query.page <= FURTHEST_PAGE:
        raise UsageError(f"There is no page {query.page}; the first is 1.")
    for field in fields(query):
        value = getattr(query, field.name)
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            raise UsageError(f"{field.name} is longer than {LONGEST_TEXT} characters.")
