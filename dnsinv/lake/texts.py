"""Searching in the texts of a list's rows without DuckDB: a tenth of the processor's time.

The texts stand in memory one after another; a row is found by where its text begins.
"""

import duckdb
import numpy as np
import pyarrow as pa

from dnsinv.lake.positions import Positions

SHORTEST = 3  # bytes; shorter ones are nearly everywhere, and DuckDB finds those faster
STRETCH = 4 * 1024 * 1024  # bytes searched at once, so that other threads get their turn


class Texts:
    """The `search` column of a table of the read model, in their order."""

    def __init__(self, con: duckdb.DuckDBPyConnection, table: str) -> None:
        rows: pa.Table = con.sql(f"select search || chr(10) as t from {table}").to_arrow_table()
        texts = rows.column("t").combine_chunks()
        _, offsets, data = texts.buffers()
        self._ends = np.frombuffer(offsets, np.int32)[1 : len(texts) + 1].copy()
        self._text: bytes = data[: int(self._ends[-1])].to_pybytes() if len(texts) else b""

        del rows, texts, offsets, data
        pa.default_memory_pool().release_unused()  # Arrow would keep as much again

    def find(self, needle: bytes) -> Positions:
        """Where texts have the needle in them, which has no line end."""
        found = []
        for begin in range(0, len(self._text), STRETCH):
            end = begin + STRETCH + len(needle) - 1
            place = self._text.find(needle, begin, end)
            while place >= 0:
                found.append(place)
                place = self._text.find(needle, place + 1, end)
        places = np.searchsorted(self._ends, np.array(found, np.int64), side="right")
        return np.unique(places).astype(np.int32)
