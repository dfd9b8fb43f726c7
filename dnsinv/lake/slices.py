"""Going through rows a range of zones, or of names, at a time: memory does not grow with the lake.

The files are sorted by them, so that a range is read without the rest. A sort or join of 1M whole
records takes DuckDB half a gigabyte, and below that it may give up; a range takes a tenth of it.
"""

from dataclasses import dataclass
from itertools import pairwise

import duckdb

from dnsinv.lake.lake import literal

ROWS = 250_000  # about two row groups
COMPARED_ROWS = 180_000  # of each side of a comparison, which takes more memory by row
SAMPLE = 16  # one of so many values is enough to count where each has few rows


@dataclass(frozen=True, slots=True)
class Slice:
    """Values of a column from `first` up to, but not including, `end`; None is open."""

    first: str | None = None
    end: str | None = None
    column: str = "zone"

    def of(self, query: str) -> str:
        """The rows of a query with that column that lie in here."""
        if self.first is None and self.end is None:
            return query
        above = "true" if self.first is None else f"{self.column} >= {literal(self.first)}"
        below = "true" if self.end is None else f"{self.column} < {literal(self.end)}"
        return f"select * from ({query}) where {above} and {below}"


def slices(
    con: duckdb.DuckDBPyConnection,
    *queries: str,
    rows: int = 0,
    column: str = "zone",
    are_compared: bool = False,
) -> list[Slice]:
    """Ranges that hold every row of the queries, in order; about `rows` (or ROWS) in each.

    Names have a row or two each, and are counted by a sample; a zone may have any number. Where
    the rows of two queries are compared, the one with more of a zone counts (COMPARED_ROWS).
    """
    sample = 1 if column == "zone" else SAMPLE
    values = " union all ".join(
        f"select {column} as value, {number} as source from ({query})"
        for number, query in enumerate(queries)
    )
    query = _STARTS.format(
        values=values,
        rows=rows or (COMPARED_ROWS if are_compared else ROWS),
        sample=sample,
        total="max" if are_compared else "sum",
    )
    starts = con.execute(query).fetchall()
    bounds = [None, *(value for (value,) in starts[1:]), None]
    return [Slice(first, end, column) for first, end in pairwise(bounds)]


_STARTS = """
    with
        counted as (
            select value, source, count(*) * {sample} as n
            from ({values})
            where hash(value) % {sample} = 0
            group by value, source
        ),
        weighed as (select value, {total}(n) as n from counted group by value),
        placed as (select value, (sum(n) over (order by value) - 1) // {rows} as place from weighed)
    select min(value) from placed group by place order by place
"""
