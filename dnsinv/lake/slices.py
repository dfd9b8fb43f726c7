"""Going through the records a range of zones at a time: memory does not grow with the lake.

The files are sorted by zone, so that a range is read without the rest. A sort or join of 1M whole
records takes DuckDB half a gigabyte, and below that it may give up; a range takes a tenth of it.
"""

from dataclasses import dataclass
from itertools import pairwise

import duckdb

from dnsinv.lake.lake import literal

ROWS = 250_000  # about two row groups


@dataclass(frozen=True, slots=True)
class Slice:
    """The zones from `first` up to, but not including, `end`; None is open."""

    first: str | None = None
    end: str | None = None

    def of(self, query: str) -> str:
        """The rows of a query with a column `zone` that lie in here."""
        if self.first is None and self.end is None:
            return query
        above = "true" if self.first is None else f"zone >= {literal(self.first)}"
        below = "true" if self.end is None else f"zone < {literal(self.end)}"
        return f"select * from ({query}) where {above} and {below}"


def slices(con: duckdb.DuckDBPyConnection, *queries: str, rows: int = 0) -> list[Slice]:
    """Ranges that hold every row of the queries, in order; about `rows` (or ROWS) in each."""
    zones = " union all ".join(f"select zone from ({query})" for query in queries)
    starts = con.execute(_STARTS.format(zones=zones, rows=rows or ROWS)).fetchall()
    bounds = [None, *(zone for (zone,) in starts[1:]), None]
    return [Slice(first, end) for first, end in pairwise(bounds)]


_STARTS = """
    with
        counted as (select zone, count(*) as n from ({zones}) group by zone),
        placed as (select zone, (sum(n) over (order by zone) - 1) // {rows} as place from counted)
    select min(zone) from placed group by place order by place
"""
