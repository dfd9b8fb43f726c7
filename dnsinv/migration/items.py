"""Opens a file of items: finds out what it is by its content, and hands its items over in chunks.

JSON array, lines of JSON, object of objects, one single object, CSV; each plain or in gzip.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from dnsinv.errors import FileRefused
from dnsinv.migration.chunks import Chunk, Piece, Trouble, regroup
from dnsinv.migration.csvs import CsvReader
from dnsinv.migration.jsons import Reader
from dnsinv.migration.shape import is_scalar, object_format
from dnsinv.migration.texts import LIMITS, Limits, Text

__all__ = ["Chunk", "FileRefused", "Items", "Limits", "Trouble", "open_items"]


class Items:
    """An open file of items; a context manager.

    Attributes:
        name: what messages call it.
        size: bytes of the file as it lies there.
        format: json-array, ndjson, json-object (of objects, by key), json-single or csv.
        encoding: utf-8, utf-16-le or utf-16-be; `has_mark`: with a byte order mark.
        compression: gzip or "".
        fields: the columns of a CSV file, else empty.
    """

    def __init__(self, text: Text) -> None:
        self._text = text
        self.name, self.size = text.name, text.size
        self.encoding, self.has_mark = text.encoding, text.has_mark
        self.compression = text.compression
        self.fields: list[str] = []
        self.format, self._pieces = self._recognise()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._text.close()

    def chunks(self, size: int = 20_000) -> Iterator[Chunk]:
        """All items once, `size` at a time, fewer where they are large.

        Raises:
            FileRefused: at the first fault of the file; what came out before counts no longer.
        """
        yield from regroup(self._pieces(), size=size, text=self._text.limits.chunk)

    def _recognise(self) -> tuple[str, Callable[[], Iterator[Piece]]]:
        text = self._text
        begin = text.text.lstrip(" \t\n\r")[:1]
        while not begin and not text.ended:
            text.more(len(text.text))
            begin = text.text.lstrip(" \t\n\r")[:1]
        if not begin:
            raise FileRefused(text.name, "it is empty")
        if begin == "[":
            return "json-array", Reader(text).array
        if begin == "{":
            form = object_format(text)
            reader = Reader(text)
            return form, reader.object if form == "json-object" else reader.lines
        if is_scalar(text):
            raise FileRefused(text.name, "it is one JSON value, not a list of objects")
        table = CsvReader(text)
        self.fields = table.fields
        return "csv", table.rows


def open_items(path: Path, *, name: str = "", limits: Limits = LIMITS) -> Items:
    """Open a file of items.

    Args:
        name: what messages call the file, where its path is none of the reader's business.

    Raises:
        FileRefused: it is no file, not text, or neither JSON nor CSV.
    """
    text = Text(path, name=name, limits=limits)
    try:
        return Items(text)
    except BaseException:
        text.close()
        raise
