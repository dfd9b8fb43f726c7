"""Listings in numbered pages with a total: gathered whole, or not at all."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from itertools import count

from dnsinv.errors import IncompleteListing
from dnsinv.providers.fields import Row


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its rows, its own number, how many rows a full page has, and the total of all."""

    rows: list[Row]
    number: int
    size: int
    total: int


def gather(
    fetch: Callable[[int], Page], identity: Callable[[Row], Hashable], listing: str
) -> list[Row]:
    """All rows of a listing, in its order, proven by its total; `fetch` is asked from page 1 on.

    When the total moves while pages are read, because something was added or removed meanwhile,
    the listing is read once more from the start.

    Raises:
        IncompleteListing: a page that is short, repeated or not the one asked for, an identity
            that comes twice, more rows than the total, or a total that moves again.
    """
    for _ in range(2):
        rows = _walk(fetch, identity, listing)
        if rows is not None:
            return rows
    raise IncompleteListing(f"{listing} changed its total twice while it was read.")


def _walk(
    fetch: Callable[[int], Page], identity: Callable[[Row], Hashable], listing: str
) -> list[Row] | None:
    """All rows, or None when the total moved."""
    gathered: dict[Hashable, Row] = {}
    first = page = fetch(1)
    for number in count(2):
        if page.total != first.total:
            return None
        if page.number != number - 1:
            raise IncompleteListing(f"{listing} gave page {page.number} for page {number - 1}.")
        for row in page.rows:
            if identity(row) in gathered:
                raise IncompleteListing(f"{listing} has {identity(row)!r} twice.")
            gathered[identity(row)] = row
        if len(gathered) == page.total:
            break
        if len(gathered) > page.total or len(page.rows) < max(page.size, 1):
            raise IncompleteListing(
                f"{listing} gave {len(gathered)} rows up to page {page.number}, where its total"
                f" is {page.total} and a full page has {page.size}."
            )
        page = fetch(number)
    return list(gathered.values())
