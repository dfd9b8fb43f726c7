"""A file's text in blocks: what kind of file it is, unpacked, decoded, with every place known.

Nothing here knows JSON or CSV. Memory is bounded by a block and what a reader has not yet used.
"""

import codecs
import gzip
import os
import stat
import zlib
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from dnsinv.errors import FileRefused


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may ask of us; sizes in characters or bytes."""

    block: int = 1 << 20  # read at a time
    peek: int = 1 << 20  # looked at to tell what the file is
    item: int = 8 << 20  # one item, and the space before it
    objects: int = 250_000  # objects and lists within one item
    depth: int = 64  # objects and lists within one another
    chunk: int = 4 << 20  # text of the items handed over at a time
    unpacked: int = 64 << 30  # of a compressed file
    ratio: int = 500  # of unpacked to packed bytes, beyond the first 8 MiB


LIMITS = Limits()

_FREE_OF_RATIO = 8 << 20
_MARKS = (  # longest first where one begins another
    (codecs.BOM_UTF32_LE, ""),
    (codecs.BOM_UTF32_BE, ""),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_OTHER_KINDS = (
    (b"PK\x03\x04", "is a zip archive (or an Excel workbook); unpack it, or save it as CSV"),
    (b"\x28\xb5\x2f\xfd", "is compressed with zstd; unpack it or use gzip"),
    (b"BZh", "is compressed with bzip2; unpack it or use gzip"),
    (b"\xfd7zXZ\x00", "is compressed with xz; unpack it or use gzip"),
    (b"7z\xbc\xaf\x27\x1c", "is a 7-Zip archive; unpack it"),
    (b"PAR1", "is a Parquet file; export it as JSON or CSV"),
    (b"SQLite format 3\x00", "is an SQLite database; export its table as JSON or CSV"),
    (b"%PDF-", "is a PDF document"),
)


class Text:
    """An open file as text. `text` is what was read and not yet dropped; it starts after a BOM.

    Attributes:
        compression: "gzip" or "".
        encoding: "utf-8", "utf-16-le" or "utf-16-be".
        has_mark: it began with a byte order mark.
        text: the characters at hand; `ended` says that no more will come.
        line, column: place of the first character of `text`, from 1.
    """

    def __init__(self, path: Path, *, name: str = "", limits: Limits = LIMITS) -> None:
        self.name = printable(name or path.name)
        self.limits = limits
        self.text = ""
        self.ended = False
        self.line = self.column = 1
        self._file = _open(path, self.name)
        self.size = os.fstat(self._file.fileno()).st_size
        self._source: IO[bytes] | gzip.GzipFile = self._file
        self._bytes = 0  # read from _source, mark and all
        self.compression = ""
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    def more(self, keep_from: int) -> None:
        """Drop what stands before `keep_from` and read on, at least as much as is kept.

        Raises:
            FileRefused: what is kept is more than an item may be, the bytes are no text in this
                encoding, or the compressed file is broken or unpacks to too much.
        """
        self.drop(keep_from)
        if len(self.text) > self.limits.item:
            raise self.refused(0, f"one item is larger than {_size(self.limits.item)}")
        room = self.limits.item - len(self.text)
        self._read(max(self.limits.block, min(len(self.text), room)))

    def drop(self, before: int) -> None:
        """Forget the first `before` characters."""
        newlines = self.text.count("\n", 0, before)
        if newlines:
            self.line += newlines
            self.column = before - self.text.rfind("\n", 0, before)
        else:
            self.column += before
        self.text = self.text[before:]

    def refused(self, at: int, cause: str) -> FileRefused:
        """The error that says what is wrong at a character of `text`."""
        newlines = self.text.count("\n", 0, at)
        column = at - self.text.rfind("\n", 0, at) if newlines else self.column + at
        behind = len(self.text[at:].encode(self.encoding)) + len(self._decoder.getstate()[0])
        return FileRefused(
            self.name,
            cause,
            line=self.line + newlines,
            column=column,
            byte=self._bytes - behind,
        )

    def refused_line(self, line: int, cause: str) -> FileRefused:
        """The error that says what is wrong with a line, from 1; it begins in `text` or before."""
        at = 0
        for _ in range(line - self.line):
            at = self.text.find("\n", at) + 1
        return self.refused(at, cause)

    def _begin(self) -> None:
        head = self._file.read(16)
        self._file.seek(0)
        for mark, cause in _OTHER_KINDS:
            if head.startswith(mark):
                raise FileRefused(self.name, f"it {cause}")
        if head.startswith(b"\x1f\x8b"):
            self.compression = "gzip"
            self._source = gzip.GzipFile(fileobj=self._file)
        head = self._unpack(16)
        self.encoding, self.has_mark = self._encoding_of(head)
        self._decoder = codecs.getincrementaldecoder(self.encoding)()
        skipped = 0 if not self.has_mark else 3 if self.encoding == "utf-8" else 2
        self._decode(head[skipped:])
        while not self.ended and len(self.text) < self.limits.peek:
            self._read(self.limits.block)

    def _encoding_of(self, head: bytes) -> tuple[str, bool]:
        for mark, encoding in _MARKS:
            if head.startswith(mark):
                if not encoding:
                    raise FileRefused(self.name, "it is UTF-32; save it as UTF-8")
                return encoding, True
        if (
            len(head) >= 4
            and head[:4].count(0) == 2
            and 0 in (head[0] + head[2], head[1] + head[3])
        ):
            raise FileRefused(
                self.name, "it looks like UTF-16 without a byte order mark; save it as UTF-8"
            )
        return "utf-8", False

    def _read(self, size: int) -> None:
        wanted = len(self.text) + 1
        while not self.ended and len(self.text) < wanted:
            self._decode(self._unpack(size))

    def _decode(self, data: bytes) -> None:
        self.ended = not data
        try:
            self.text += self._decoder.decode(data, final=self.ended)
        except UnicodeDecodeError as error:
            # What the decoder held back comes first in what it names.
            whole = bytes(error.object)
            self.text += whole[: error.start].decode(self.encoding)
            self._bytes -= len(whole) - error.start
            self._decoder.reset()
            raise self.refused(len(self.text), self._not_text(whole, error)) from error

    def _not_text(self, data: bytes, error: UnicodeDecodeError) -> str:
        bad = data[error.start : error.start + 4].hex(" ")
        if self.encoding != "utf-8":
            return f"the bytes {bad} are no character of UTF-16"
        return f"the bytes {bad} are no character of UTF-8 ({error.reason}); save the file as UTF-8"

    def _unpack(self, size: int) -> bytes:
        try:
            data = self._source.read(size)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise FileRefused(
                self.name, f"its gzip compression is broken after {self._bytes} bytes: {error}"
            ) from error
        self._bytes += len(data)
        if self.compression:
            self._guard_unpacked()
        return data

    def _guard_unpacked(self) -> None:
        if self._bytes > self.limits.unpacked:
            raise FileRefused(self.name, f"it unpacks to more than {_size(self.limits.unpacked)}")
        if self._bytes > _FREE_OF_RATIO and self._bytes > self.limits.ratio * self._file.tell():
            raise FileRefused(
                self.name,
                f"it unpacks to more than {self.limits.ratio} times its size, "
                "as no list of domains does",
            )


def printable(text: str) -> str:
    """A name as it may stand in a message: on one line, nothing that steers a terminal."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def _open(path: Path, name: str) -> IO[bytes]:
    """Open a regular file, never anything that could hang, nor what a link points at."""
    try:
        _must_be_file(name, os.lstat(path).st_mode)
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise FileRefused(name, "there is no such file") from error
    except OSError as error:
        raise FileRefused(name, f"it cannot be opened ({error.strerror})") from error
    except ValueError as error:
        raise FileRefused(name, "no file can have such a name") from error
    file = os.fdopen(descriptor, "rb")
    try:
        _must_be_file(name, os.fstat(descriptor).st_mode)  # it may have been changed meanwhile
    except FileRefused:
        file.close()
        raise
    return file


def _must_be_file(name: str, mode: int) -> None:
    if stat.S_ISLNK(mode):
        raise FileRefused(name, "it is a symbolic link; name the file itself")
    if stat.S_ISDIR(mode):
        raise FileRefused(name, "it is a directory, not a file")
    if not stat.S_ISREG(mode):
        raise FileRefused(name, "it is a device, a pipe or a socket, not a file")


def _size(count: int) -> str:
    for unit, factor in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= factor:
            return f"{count // factor} {unit}"
    return f"{count} bytes"
