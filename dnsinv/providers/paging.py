"""Listings in numbered pages with a total: gathered whole, or not at all."""

from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from dnsinv.errors import IncompleteListing
from dnsinv.providers.fields import Row

_PAGES_AT_ONCE = 8

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its rows, its own number, how many rows a full page has, and the total of all."""

    rows: list[Row]
    number: int
    size: int
    total: int


def gather(
    fetch: Callable[[int], Page],
    identity: Callable[[Row], Hashable],
    convert: Callable[[Row], Item],
    listing: str,
) -> list[Item]:
    """All rows of a listing, in its order, proven by the total that every page states.

    `fetch` is asked for page 1 and then, several at once, for those that it tells of. When the
    total moves meanwhile, because something was added or removed, all is read once more. Rows are
    converted page by page: 100,000 zones as Cloudflare sends them would fill 500 MB.

    Raises:
        IncompleteListing: a page that is short, repeated or not the one asked for, an identity
            that comes twice, more rows than the total, or a total that moves again.
    """
    for _ in range(2):
        items = _walk(fetch, identity, convert, listing)
        if items is not None:
            return items
    raise IncompleteListing(f"{listing} changed its total twice while it was read.")


def _walk(
    fetch: Callable[[int], Page],
    identity: Callable[[Row], Hashable],
    convert: Callable[[Row], Item],
    listing: str,
) -> list[Item] | None:
    """All rows converted, or None when the total moved."""
    first = fetch(1)
    last = -(-first.total // max(first.size, 1))
    gathered: dict[Hashable, Item] = {}
    for number, page in enumerate(_pages(fetch, first, last), 1):
        if page.total != first.total:
            return None
        if page.number != number:
            raise IncompleteListing(f"{listing} gave page {page.number} for page {number}.")
        for row in page.rows:
            key = identity(row)
            if key in gathered:
                raise IncompleteListing(f"{listing} has {key!r} twice.")
            gathered[key] = convert(row)
        if number < last and len(page.rows) < first.size:
            break
    if len(gathered) != first.total:
        raise IncompleteListing(
            f"{listing} gave {len(gathered)} rows up to page {number} of {last},"
            f" where its total is {first.total}."
        )
    return list(gathered.values())


def _pages(fetch: Callable[[int], Page], first: Page, last: int) -> Iterator[Page]:
    yield first
    if last < 2:
        return
    with ThreadPoolExecutor(_PAGES_AT_ONCE) as pool:
        for start in range(2, last + 1, _PAGES_AT_ONCE):
            # In portions: a total may be a lie, and the first short page then ends it.
            yield from pool.map(fetch, range(start, min(start + _PAGES_AT_ONCE, last + 1)))
