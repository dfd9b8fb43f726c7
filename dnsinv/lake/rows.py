"""Files of whole rows, fetched by number: what a page shows, wherever its rows stand.

Fifty rows from all over a million take DuckDB 260 ms, because it stores columns in compressed
segments; here each is in a small block of its own and takes microseconds. A row is the text of a
JSON array, a block is ROWS of them, each with a line end, compressed by what unpacks so little the
fastest; the places of the blocks and a trailer come last.
"""

import json
import os
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from dnsinv.errors import LakeError

ROWS = 16  # of a block: half the size of the file against one row each, nearly as fast
CODEC = pa.Codec("lz4_raw")  # 1 us a block; zstd takes 17 us, for a file two thirds the size
_SIZE = struct.Struct("<I")  # before each block: its size unpacked
_TRAILER = struct.Struct("<QQ8s")  # rows, where the places begin, mark
_MARK = b"dnsinv-2"


def write_rows(batches: Iterable[pa.RecordBatch], path: Path) -> None:
    """Write the texts in the first column, each with a line end, in their order."""
    places, rest = [0], pa.array([], pa.string())
    with path.open("wb") as file:

        def block(text: pa.Buffer) -> None:
            packed = CODEC.compress(text, asbytes=True)
            file.write(_SIZE.pack(text.size) + packed)
            places.append(places[-1] + _SIZE.size + len(packed))

        rows = 0
        for batch in batches:
            rows += batch.num_rows
            texts = pa.concat_arrays([rest, batch.column(0)])
            _, offsets, data = texts.buffers()
            ends = np.frombuffer(offsets, np.int32)[texts.offset :]
            whole = len(texts) // ROWS * ROWS
            for first in range(0, whole, ROWS):
                block(data[int(ends[first]) : int(ends[first + ROWS])])
            rest = texts.slice(whole)
        if len(rest):
            block(pa.py_buffer("".join(rest.to_pylist()).encode()))
        file.write(np.array(places, np.uint64).tobytes())
        file.write(_TRAILER.pack(rows, places[-1], _MARK))
        file.flush()
        os.fsync(file.fileno())


class RowFile:
    """An open file of rows; any number of threads may read it at once."""

    def __init__(self, path: Path) -> None:
        """Open it.

        Raises:
            LakeError: it is not such a file, or cut off.
        """
        self._file = path.open("rb")
        size = path.stat().st_size
        trailer = os.pread(self._file.fileno(), _TRAILER.size, max(size - _TRAILER.size, 0))
        if len(trailer) != _TRAILER.size or not trailer.endswith(_MARK):
            self._file.close()
            raise LakeError(f"{path} is no file of rows, or cut off; remove it, it is made again.")
        self.count, begin, _ = _TRAILER.unpack(trailer)
        places = os.pread(self._file.fileno(), size - _TRAILER.size - begin, begin)
        self._places = np.frombuffer(places, np.uint64)

    def rows(self, positions: Iterable[int]) -> list[list[Any]]:
        """The rows at these positions, in this order."""
        blocks: dict[int, Sequence[bytes]] = {}
        texts = []
        for position in positions:
            number, place = divmod(position, ROWS)
            if number not in blocks:
                blocks[number] = self._block(number)
            texts.append(blocks[number][place])
        rows: list[list[Any]] = json.loads(b"[" + b",".join(texts) + b"]")
        return rows

    def close(self) -> None:
        self._file.close()

    def _block(self, number: int) -> list[bytes]:
        begin, end = int(self._places[number]), int(self._places[number + 1])
        packed = os.pread(self._file.fileno(), end - begin, begin)
        (size,) = _SIZE.unpack_from(packed)
        text: bytes = CODEC.decompress(memoryview(packed)[_SIZE.size :], size, asbytes=True)
        return text.split(b"\n")
