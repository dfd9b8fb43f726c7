"""Decodes many items by one call, where they stand in the text with the same signs between them.

One call for a block takes a third of the time of one call for each item. Two things have to be
proved afterwards, or the block is left to those who go item by item: that no key was repeated, and
where each item begins, without which no line could be named.

Flat items (objects that hold no other): when the text has as many opening braces as there are
items, each brace begins one. Keys are written with a colon each, so there cannot have been more of
them than colons: when the items have as many keys as the text has colons, none was lost.

Flat items under keys are taken so where each has a line of its own, or none has.

Other items: a number that nobody can guess is put between them. When every second decoded value is
that number, each place where the signs were found lies between two items and not within one.
"""

import re
import secrets
from collections.abc import Callable
from functools import cached_property
from itertools import accumulate
from typing import Any

from dnsinv.migration.strict import Decoder, surrogates

_MISSES = 3  # blocks in a row that could not be read one way before it is given up
_BRACE = re.compile("{")
_SPACED_COLONS = (" :", "\n:", "\t:", "\r:")


Reading = Callable[[str, int, int], "Block | None"]


class Block:
    """Items that stand one after another from `start` to `end`; the next begins at `after`."""

    def __init__(
        self,
        values: list[Any],
        text: str,
        start: int,
        end: int,
        glue: str,
        *,
        is_flat: bool,
        keys: list[str] | None = None,
    ) -> None:
        self.values, self.keys = values, keys
        self.start, self.end, self.after = start, end, end + len(glue) - 2
        self.is_flat = is_flat
        self._text, self._glue = text, glue

    @cached_property
    def is_one_per_line(self) -> bool:
        """Each item has a line of its own, and there is no other line."""
        newlines = self._text.count("\n", self.start, self.end)
        if newlines != len(self.values) - 1 or self._glue.count("\n") != 1:
            return False
        return not self.is_flat or newlines == self._text.count(self._glue, self.start, self.end)

    def starts(self) -> list[int]:
        """Where each item begins."""
        if self.is_flat:
            return [brace.start() for brace in _BRACE.finditer(self._text, self.start, self.end)]
        parts = self._text[self.start : self.end].split(self._glue)
        lengths = (len(part) + len(self._glue) for part in parts[:-1])
        # Each part but the first has lost its opening brace to the signs before it.
        return [self.start, *(self.start + behind - 1 for behind in accumulate(lengths))]


class Blocks:
    """Tries to take whole blocks; `learn` tells it what stands between two items.

    `is_keyed`: each item has a key before it, the text is that of an object.
    """

    def __init__(self, decoder: Decoder, *, is_keyed: bool = False) -> None:
        self._decoder = decoder
        self._begins_with = '"' if is_keyed else "{"
        self._readings: list[Reading] = (
            [self._keyed_block] if is_keyed else [self._flat_block, self._block]
        )
        self._misses = [0] * len(self._readings)
        self._secret = secrets.randbits(60)
        self._glue = ""

    def learn(self, glue: str) -> None:
        """Take `glue` for what stands between items, if it says where one ends and one begins."""
        if glue.startswith("}") and glue.endswith(self._begins_with):
            self._glue = glue

    def take(self, text: str, at: int) -> Block | None:
        """All items from `at` to the last signs between items; None where that is not certain."""
        end = text.rfind(self._glue, at) + 1 if self._glue else 0
        if not end:
            return None
        for place, reading in enumerate(self._readings):
            if self._misses[place] == _MISSES:
                continue
            if block := reading(text, at, end):
                self._misses[place] = 0
                return block
            self._misses[place] += 1
        return None

    def _flat_block(self, text: str, at: int, end: int) -> Block | None:
        body, glue = text[at:end], self._glue
        has_commas = "," in glue
        listed = body if has_commas else body.replace(glue, "},{")
        values = self._decoder.decode_unproved(f"[{listed}]")
        if not values or not _are_flat(body, values):
            return None
        if not has_commas and body.count(glue) != len(values) - 1:
            return None  # some items had commas between them
        if not _has_no_more_keys(body, sum(map(len, values))):
            return None
        return Block(values, text, at, end, glue, is_flat=True)

    def _keyed_block(self, text: str, at: int, end: int) -> Block | None:
        body = text[at:end]
        members = self._decoder.decode_unproved(f"{{{body}}}")
        values = list(members.values()) if members else []
        if not members or not _are_flat(body, values) or surrogates(body, 0, len(body)):
            return None
        if not _has_no_more_keys(body, len(values) + sum(map(len, values))):
            return None
        block = Block(values, text, at, end, self._glue, is_flat=True, keys=list(members))
        return block if block.is_one_per_line or "\n" not in body else None

    def _block(self, text: str, at: int, end: int) -> Block | None:
        body, glue = text[at:end], self._glue
        places = body.count(glue)
        marked = body.replace(glue, f"}},{self._secret},{{")
        values = self._decoder.decode_all(f"[{marked}]")
        if values is None or len(values) != 2 * places + 1:
            return None
        if values[1::2].count(self._secret) != places:
            return None
        return Block(values[::2], text, at, end, glue, is_flat=False)


def _are_flat(body: str, values: list[Any]) -> bool:
    return set(map(type, values)) == {dict} and body.count("{") == len(values)


def _has_no_more_keys(body: str, keys: int) -> bool:
    if body.count(":") == keys:
        return True
    # Texts hold colons too; but few stand behind a quotation mark, as those of keys do.
    if any(spaced in body for spaced in _SPACED_COLONS):
        return False
    return body.count('":') == keys
