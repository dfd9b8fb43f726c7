"""Reads CSV with a header: which delimiter, which columns, rows as dicts of column -> text."""

import csv
import io
import re
from collections.abc import Iterator

from dnsinv.errors import FileRefused
from dnsinv.migration.chunks import Chunk, Piece, Trouble
from dnsinv.migration.texts import Text

_DELIMITERS = ",;\t|"
_SAMPLE = 50  # lines that tell the delimiter
_ROW = 1 << 20  # characters of a row, more or less
_COLUMNS = 1_000
_NAME = re.compile(r"[^\W\d][^\x00-\x1f{}\[\]\"<>]{0,199}")
_ODD = re.compile(r"[{}\[\]\"<>]")  # what no list of names has
_NEITHER = "it is neither JSON nor CSV with a header that names its columns"
_PLAIN = re.compile(r"[^\W\d][\w .-]{0,99}")


class CsvReader:
    """Reads one text as CSV.

    Attributes:
        fields: the columns' names; one without a name is called "column 3", a second one of the
            same name "name (2)".
    """

    def __init__(self, source: Text) -> None:
        self.source = source
        self._given = 0  # characters that were handed to the reader
        self._line = 1  # where the row that is being read begins
        delimiter = self._delimiter()
        self._reader = csv.reader(self._lines(), delimiter=delimiter, strict=True)
        self.fields = self._header()

    def rows(self) -> Iterator[Piece]:
        """The rows below the header; those that are blank are no rows."""
        fields, width = self.fields, len(self.fields)
        chunk, given = Chunk(1), self._given
        for line, row in self._rows():
            if not any(map(str.strip, row)):
                continue
            if width == 1 and _ODD.search("".join(row)):
                raise self.source.refused_line(line, _NEITHER)
            if len(row) != width:
                chunk.troubles[len(chunk)] = _ragged(row, width)
            chunk.values.append(dict(zip(fields, row, strict=False)))
            chunk.lines.append(line)
            if self._given != given:
                yield Piece(chunk, self._given - given)
                chunk, given = Chunk(chunk.first + len(chunk)), self._given
        if chunk.values:
            yield Piece(chunk, 0)
        elif chunk.first == 1:
            raise FileRefused(
                self.source.name, "it holds no items: nothing stands below the header"
            )

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        reader = self._reader
        try:
            for row in reader:
                yield self._line, row
                self._line = reader.line_num + 1
        except csv.Error as error:
            cause = f"the row that begins here is no CSV ({error})"
            raise self.source.refused_line(self._line, cause) from error

    def _header(self) -> list[str]:
        try:
            row = next((row for row in self._reader if any(map(str.strip, row))), [])
        except csv.Error as error:
            raise self.source.refused(0, _NEITHER) from error
        self._line = self._reader.line_num + 1
        if len(row) > _COLUMNS:
            raise self.source.refused(0, f"it has more than {_COLUMNS} columns")
        names: list[str] = []
        for number, cell in enumerate(row, 1):
            name = base = cell.strip() or f"column {number}"
            copy = 1
            while name in names:
                copy += 1
                name = f"{base} ({copy})"
            names.append(name)
        pattern = _NAME if len(names) > 1 else _PLAIN
        if not names or not all(pattern.fullmatch(name) for name in names):
            raise self.source.refused(0, _NEITHER)
        return names

    def _delimiter(self) -> str:
        lines = io.StringIO(self.source.text[: 1 << 16], newline="").readlines()[:_SAMPLE]
        return max(_DELIMITERS, key=lambda each: _fit(lines, each))

    def _lines(self) -> Iterator[str]:
        """Physical lines with their ends."""
        source, line, same = self.source, 0, 0
        while True:
            end = len(source.text) if source.ended else source.text.rfind("\n") + 1
            same = same + end if self._line == line else 0
            line = self._line
            if "\0" in source.text:
                raise source.refused(source.text.index("\0"), "a null character is no text")
            if max(same, len(source.text) - end) > _ROW:
                raise source.refused(0, f"one row is longer than {_ROW >> 20} MiB")
            self._given += end
            yield from io.StringIO(source.text[:end], newline="")
            if source.ended:
                return
            source.more(end)


def _fit(lines: list[str], delimiter: str) -> tuple[float, int]:
    """How well a delimiter explains the lines: the share with as many columns as the header."""
    try:
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if any(row)]
    except csv.Error:
        return 0.0, 0
    width = len(rows[0]) if rows else 0
    if width < 2:
        return 0.0, 0
    return sum(len(row) == width for row in rows) / len(rows), width


def _ragged(row: list[str], width: int) -> Trouble:
    return Trouble(
        "ragged_row", f"the row has {len(row)} columns, the header has {width}", value=row[0][:200]
    )
