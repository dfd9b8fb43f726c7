"""What every place that files come from hands over: one file, opened, block by block."""

from collections.abc import Iterator
from dataclasses import dataclass

BLOCK = 1 << 18  # bytes read at once


@dataclass(frozen=True, slots=True)
class Coming:
    """A file at its source, open for as long as its blocks are read.

    `stamp` is what the source says of its state (an ETag, a time of change), "" where it says
    nothing; while it is the same, so is the file. `size` is None where it shows at the end only.
    """

    name: str
    stamp: str
    size: int | None
    blocks: Iterator[bytes]
