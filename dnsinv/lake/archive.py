"""One file of many members, with a digest for each: the container of a backup.

A plain tar (ustar), so that `tar` can look into it, of regular files only: what is packed is
compressed already. Headers are read here and not by tarfile's reader, which obeys links, devices,
sparse files and names of any length; whatever is not a regular file is refused.
"""

import hashlib
import os
import shutil
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from dnsinv.errors import UsageError
from dnsinv.lake.publish import sync

BLOCK = tarfile.BLOCKSIZE
CHUNK = 1 << 20
PRIVATE = 0o600  # a backup holds password hashes
_END = bytes(2 * BLOCK)
_LONGEST_PART = 255


class BadArchive(UsageError):
    """The file is no backup, or not as it was written."""


@dataclass(frozen=True, slots=True)
class Member:
    """One packed file: where its content begins, and how long it is."""

    name: str
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Packed:
    """What a member must be when it is unpacked."""

    size: int
    sha256: str


class Packing:
    """An archive being written; `packed` says what is in it so far."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.packed: dict[str, Packed] = {}

    def add(self, name: str, source: Path) -> None:
        """Append a file that does not change meanwhile."""
        with source.open("rb") as content:
            state = os.fstat(content.fileno())
            size = state.st_size
            self._file.write(_header(name, size, int(state.st_mtime)))
            digest = hashlib.sha256()
            while chunk := content.read(CHUNK):
                digest.update(chunk)
                self._file.write(chunk)
        self._pad(size)
        self.packed[name] = Packed(size, digest.hexdigest())

    def add_bytes(self, name: str, content: bytes) -> None:
        """Append what is in memory."""
        self._file.write(_header(name, len(content)))
        self._file.write(content)
        self._pad(len(content))
        self.packed[name] = Packed(len(content), hashlib.sha256(content).hexdigest())

    def _pad(self, size: int) -> None:
        self._file.write(bytes(-size % BLOCK))


@contextmanager
def packing(path: Path) -> Iterator[Packing]:
    """Write an archive that is there whole in the end, or not at all; only its owner may read it.

    Raises:
        OSError: the disk refused; nothing is left of it.
        BadArchive: a name that cannot be packed.
    """
    part = path.with_name(path.name + ".part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
    try:
        with os.fdopen(handle, "wb") as file:
            yield Packing(file)
            file.write(_END)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync(path.parent)


def members(file: BinaryIO) -> Iterator[Member]:
    """What an archive holds, in its order, by its headers alone.

    Raises:
        BadArchive: it is none or is cut off, or a member has a name or kind that may harm.
    """
    end = os.fstat(file.fileno()).st_size
    offset, seen = 0, set()
    while True:
        file.seek(offset)
        header = file.read(BLOCK)
        if header == _END[:BLOCK]:
            return
        member = _member(header, offset + BLOCK)
        if member.offset + member.size > end:
            raise BadArchive(f"It is cut off within {member.name}.")
        if member.name in seen:
            raise BadArchive(f"It holds {member.name} twice.")
        seen.add(member.name)
        yield member
        offset = member.offset + member.size + -member.size % BLOCK


def content(file: BinaryIO, member: Member) -> bytes:
    """A small member."""
    file.seek(member.offset)
    return file.read(member.size)


def unpack(file: BinaryIO, member: Member, expected: Packed, to: Path) -> None:
    """Write a member as the new file `to`.

    Raises:
        BadArchive: it is not what was packed.
        OSError: the disk refused.
    """
    to.parent.mkdir(parents=True, exist_ok=True)
    digest, left = hashlib.sha256(), member.size
    file.seek(member.offset)
    with to.open("xb") as target:
        while left and (chunk := file.read(min(CHUNK, left))):
            digest.update(chunk)
            target.write(chunk)
            left -= len(chunk)
    if left or digest.hexdigest() != expected.sha256:
        raise BadArchive(f"{member.name} in it is damaged.")


def check_room(folder: Path, sizes: Mapping[str, int]) -> None:
    """Refuse what the disk has no room for, before it is full.

    Raises:
        OSError: there is not enough room.
    """
    needed, free = sum(sizes.values()), shutil.disk_usage(folder).free
    if needed > free:
        raise OSError(f"{folder} has {free:,} bytes left and {needed:,} are needed")


def _header(name: str, size: int, changed_at: int = 0) -> bytes:
    _check_name(name)
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, PRIVATE, changed_at
    try:
        return info.tobuf(tarfile.USTAR_FORMAT, "utf-8", "strict")
    except ValueError as error:
        raise BadArchive(f"{name} cannot be packed: {error}.") from error


def _member(header: bytes, offset: int) -> Member:
    try:
        info = tarfile.TarInfo.frombuf(header, "utf-8", "strict")
    except (tarfile.HeaderError, UnicodeDecodeError) as error:
        raise BadArchive(f"It is not a backup or is damaged at byte {offset - BLOCK:,}.") from error
    if info.type != tarfile.REGTYPE or info.size < 0:
        raise BadArchive(f"It holds {info.name!a}, which is not a plain file.")
    _check_name(info.name)
    return Member(info.name, offset, info.size)


def _check_name(name: str) -> None:
    parts = name.split("/")
    is_harmless = (
        not PurePosixPath(name).is_absolute()
        and all(part not in ("", ".", "..") and len(part) <= _LONGEST_PART for part in parts)
        and name.isprintable()
        and "\\" not in name
    )
    if not is_harmless:
        raise BadArchive(f"It holds a file by the name of {name[:100]!a}, which may do harm.")
