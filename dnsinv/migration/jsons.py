"""Reads JSON arrays, objects of objects and lines of JSON (NDJSON) piece by piece.

A piece is what the text at hand holds of whole items; a cut one waits for more text. Strict: the
first fault of the text refuses the file. What is odd about one item is a trouble of that item.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import accumulate, pairwise
from typing import Any

from dnsinv.errors import FileRefused
from dnsinv.migration.blocks import Block, Blocks
from dnsinv.migration.chunks import Chunk, Piece, Trouble
from dnsinv.migration.strict import Decoder, Fault, shown, surrogate_trouble, surrogates
from dnsinv.migration.texts import Text

_SPACE = re.compile(r"[ \t\n\r]*")
_COMMA = re.compile(r"[ \t\n\r]*,[ \t\n\r]*")
_COLON = re.compile(r"[ \t\n\r]*:[ \t\n\r]*")
_END_OF_LINE = re.compile(r"[ \t\r]*(?:\n[ \t\n\r]*|\Z)")

_MOST = 20_000  # items that are taken one by one before they are handed over

Step = Callable[["Run", int], int]


class Run:
    """Whole items that the text at hand holds, taken one by one."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.keys: list[str] = []
        self.odd: dict[int, dict[bool, Trouble]] = {}
        self.end = 0
        self._starts: list[int] = []

    @property
    def start(self) -> int:
        return self._starts[0]

    def starts(self) -> list[int]:
        """Where each item begins."""
        return self._starts

    def add(self, value: Any, start: int, end: int) -> None:
        self.values.append(value)
        self._starts.append(start)
        self.end = end


class Reader:
    """Reads one text in one of three ways."""

    def __init__(self, source: Text) -> None:
        self.source = source
        self.decoder = Decoder(depth=source.limits.depth)
        self._first = 1  # number of the next item
        self._closed = 0  # where the list or object has ended
        self._is_lines = False
        self._blocks = Blocks(self.decoder)

    def array(self) -> Iterator[Piece]:
        """The members of a list."""
        at = self._skip_space(self._skip_space(0) + 1)
        if self.source.text.startswith("]", at):
            self._expect_end(at + 1)
            raise FileRefused(self.source.name, "it holds no items: its list is empty")
        yield from self._pieces(at, self._take_member)
        self._expect_end(self._closed)

    def object(self) -> Iterator[Piece]:
        """The members of an object, each with its key; a repeated key is one more item."""
        self._blocks = Blocks(self.decoder, is_keyed=True)
        at = self._skip_space(self._skip_space(0) + 1)
        yield from self._pieces(at, self._take_keyed)
        self._expect_end(self._closed)

    def lines(self) -> Iterator[Piece]:
        """One value on each line; a single one may take several."""
        self._is_lines = True
        yield from self._pieces(self._skip_space(0), self._take_line)

    # -- one item ---------------------------------------------------------------------------------

    def _take_member(self, run: Run, at: int) -> int:
        value, end = self._decode(at)
        after = self._separator(end, "]")
        self._add(run, value, at, end, after)
        return after

    def _take_keyed(self, run: Run, at: int) -> int:
        text = self.source.text
        if not text.startswith('"', at):
            raise Fault(at, "a key in double quotes is expected here", is_cut=at == len(text))
        key, end = self._decode(at)
        colon = _COLON.match(text, end)
        if not colon:
            end = self._space(end)
            raise Fault(end, "a colon is expected here", is_cut=end == len(text))
        value, end = self._decode(colon.end())
        after = self._separator(end, "}")
        run.keys.append(key)
        self._add(run, value, at, end, after)
        return after

    def _take_line(self, run: Run, at: int) -> int:
        text = self.source.text
        try:
            value, end = self._decode(at)
        except Fault as fault:
            raise self._blame_line(fault, run, at) from fault
        match = _END_OF_LINE.match(text, end)
        if match is None:
            raise Fault(end, "something follows the item on its line", is_cut=False)
        is_last = match.end() == len(text)
        if is_last and not self.source.ended:
            raise Fault(end, "", is_cut=True)
        newline = text.find("\n", at, end)
        if newline >= 0 and not self._is_first(run):
            raise Fault(newline, "the item does not end on its line", is_cut=False)
        if newline >= 0 and not is_last:
            cause = "something follows the object; where a file has several, each has its own line"
            raise Fault(match.end(), cause, is_cut=False)
        after = -1 if is_last else match.end()
        self._add(run, value, at, end, after)
        return after

    def _is_first(self, run: Run) -> bool:
        return self._first == 1 and not run.values

    def _blame_line(self, fault: Fault, run: Run, at: int) -> Fault:
        """Where each item has its own line, a fault on the next one is that the line was cut."""
        newline = self.source.text.find("\n", at, fault.at)
        if newline < 0 or self._is_first(run):
            return fault
        return Fault(newline, "the item does not end on its line", is_cut=False)

    def _decode(self, at: int) -> tuple[Any, int]:
        value, end = self.decoder.decode(self.source.text, at)
        if end - at > self.source.limits.item:
            raise Fault(at, "the item that begins here is too large", is_cut=False)
        return value, end

    def _separator(self, end: int, close: str) -> int:
        """Where the next item begins; -1 where the list or object ends."""
        text = self.source.text
        match = _COMMA.match(text, end)
        if match and match.end() < len(text):
            return match.end()
        after = self._space(end)
        if text.startswith(close, after):
            self._closed = after + 1
            return -1
        if match:
            raise Fault(len(text), "an item is expected here", is_cut=True)
        raise Fault(after, f'a comma or "{close}" is expected here', is_cut=after == len(text))

    def _add(self, run: Run, value: Any, at: int, end: int, after: int) -> None:
        if self.decoder.odd:
            run.odd[len(run.values)] = self.decoder.odd.copy()
            self.decoder.odd.clear()
        run.add(value, at, end)
        if after > 0:
            self._blocks.learn(self.source.text[end - 1 : after + 1])

    # -- many items --------------------------------------------------------------------------------

    def _pieces(self, at: int, take: Step) -> Iterator[Piece]:
        while at >= 0:
            if block := self._take_block(at):
                yield self._piece(block)
                at = block.after
            run, is_cut = Run(), False
            try:
                while at >= 0 and len(run.values) < _MOST:
                    at = take(run, at)
            except Fault as fault:
                if self.source.ended or not fault.is_cut:
                    raise self._refused(fault) from fault
                is_cut = True
            if run.values:
                yield self._piece(run)
            if is_cut:
                self._more(at)
                at = 0

    def _more(self, at: int) -> None:
        """Read on behind a cut item that begins at `at`, unless it is too much already."""
        self.decoder.odd.clear()
        text, limits = self.source.text, self.source.limits
        if len(text) - at > limits.objects:
            objects = text.count("[", at) + text.count("{", at)
            if objects > limits.objects:
                cause = f"one item holds more than {limits.objects} objects and lists"
                raise self.source.refused(at, cause)
        self.source.more(at)

    def _take_block(self, at: int) -> Block | None:
        """A block that the steps for single items would have read without a fault."""
        text = self.source.text
        if len(text) - at > self.source.limits.item:
            return None
        block = self._blocks.take(text, at)
        if block and self._is_lines and not block.is_one_per_line:
            return None
        return block

    def _piece(self, run: Run | Block) -> Piece:
        chunk = Chunk(self._first, run.values, self._lines(run))
        self._first += len(run.values)
        self._refuse_depth(run)
        self._find_surrogates(run, chunk)
        chunk.keys = run.keys or None
        if isinstance(run, Run):
            for index, odd in run.odd.items():
                if True in odd:
                    chunk.warnings[index] = odd[True]
                if False in odd:
                    chunk.troubles.setdefault(index, odd[False])
        if set(map(type, run.values)) != {dict}:
            chunk.troubles |= {
                index: Trouble("not_an_object", "the item is no object", value=shown(value))
                for index, value in enumerate(run.values)
                if not isinstance(value, dict)
            }
        return Piece(chunk, run.end - run.start)

    def _lines(self, run: Run | Block) -> list[int]:
        text = self.source.text
        line = self.source.line + text.count("\n", 0, run.start)
        if text.find("\n", run.start, run.end) < 0:
            return [line] * len(run.values)
        if isinstance(run, Block) and run.is_one_per_line:
            return list(range(line, line + len(run.values)))
        steps = (text.count("\n", before, start) for before, start in pairwise(run.starts()))
        return list(accumulate(steps, initial=line))

    def _refuse_depth(self, run: Run | Block) -> None:
        text = self.source.text
        # Looking for a sign that is nowhere is ten times faster than counting it.
        is_there = text.find("[", run.start, run.end) >= 0
        brackets = text.count("[", run.start, run.end) if is_there else 0
        if isinstance(run, Block) and run.is_flat and brackets < self.decoder.depth:
            return
        brackets += text.count("{", run.start, run.end)
        others = len(run.values) - 1 if set(map(type, run.values)) == {dict} else 0
        if brackets - others <= self.decoder.depth:
            return  # even if one item had all of them but the first of each other object
        for index, value in enumerate(run.values):
            if self.decoder.is_deep(value):
                raise self._refused(self.decoder.depth_fault(text, run.starts()[index]))

    def _find_surrogates(self, run: Run | Block, chunk: Chunk) -> None:
        places = surrogates(self.source.text, run.start, run.end)
        starts = run.starts() if places else []
        for index in {bisect_right(starts, place) - 1 for place in places}:
            value = run.values[index]
            if isinstance(run, Run) and run.keys:
                value = [run.keys[index], value]
            if trouble := surrogate_trouble(value):
                chunk.troubles[index] = trouble

    # -- around them ------------------------------------------------------------------------------

    def _space(self, at: int) -> int:
        match = _SPACE.match(self.source.text, at)
        assert match
        return match.end()

    def _skip_space(self, at: int) -> int:
        """Where the next thing begins; the end of the text only where the file ends."""
        while True:
            at = self._space(at)
            if at < len(self.source.text) or self.source.ended:
                return at
            self.source.more(at)
            at = 0

    def _expect_end(self, at: int) -> None:
        at = self._skip_space(at)
        if at < len(self.source.text):
            raise self.source.refused(at, "something follows after the end of the JSON text")

    def _refused(self, fault: Fault) -> FileRefused:
        ends = ", but the file ends" if fault.at >= len(self.source.text) else ""
        return self.source.refused(fault.at, fault.cause + ends)
