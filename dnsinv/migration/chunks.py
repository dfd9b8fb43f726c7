"""Items handed over together, with the line of each and what is wrong with some of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with one item, or worth a warning; the others are not concerned."""

    code: str  # such as duplicate_key, lone_surrogate, ragged_row
    reason: str  # one sentence
    field: str = ""  # of the file; "" = the item
    value: str = ""  # as the file has it, shortened


@dataclass(slots=True)
class Chunk:
    """Consecutive items of a file.

    Attributes:
        first: number of the first item in the file, from 1.
        values: parsed JSON values; of a CSV file dicts of column name -> text.
        lines: the line each begins on, from 1.
        keys: of an object of objects the key of each, else None.
        troubles: index in `values` -> why this one item is refused.
        warnings: index in `values` -> what its reader should know.
    """

    first: int
    values: list[Any] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    keys: list[str] | None = None
    troubles: dict[int, Trouble] = field(default_factory=dict)
    warnings: dict[int, Trouble] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.values)

    def extend(self, other: "Chunk") -> None:
        """Put the items of the chunk that follows behind these."""
        here = len(self.values)
        self.values += other.values
        self.lines += other.lines
        if other.keys is not None:
            self.keys = (self.keys or []) + other.keys
        self.troubles |= {here + index: each for index, each in other.troubles.items()}
        self.warnings |= {here + index: each for index, each in other.warnings.items()}

    def split(self, size: int) -> "Chunk":
        """Keep the first `size` items; the others come out."""

        def beyond(found: dict[int, Trouble]) -> dict[int, Trouble]:
            return {index - size: found.pop(index) for index in list(found) if index >= size}

        rest = Chunk(
            self.first + size,
            self.values[size:],
            self.lines[size:],
            None if self.keys is None else self.keys[size:],
            beyond(self.troubles),
            beyond(self.warnings),
        )
        del self.values[size:], self.lines[size:]
        if self.keys is not None:
            del self.keys[size:]
        return rest


@dataclass(frozen=True, slots=True)
class Piece:
    """What a reader made of the text at hand: its items and how much text they were."""

    chunk: Chunk
    text: int


def regroup(pieces: Iterator[Piece], *, size: int, text: int) -> Iterator[Chunk]:
    """The same items in chunks of `size`, smaller ones where they reach `text` characters."""
    held: Chunk | None = None
    held_text = 0
    for piece in pieces:
        if held is not None and held_text + piece.text > text:
            yield held
            held, held_text = None, 0
        if held is None:
            held = piece.chunk
        else:
            held.extend(piece.chunk)
        held_text += piece.text
        while len(held) > size:
            rest = held.split(size)
            yield held
            held, held_text = rest, piece.text
        if len(held) == size:
            yield held
            held, held_text = None, 0
    if held is not None:
        yield held
