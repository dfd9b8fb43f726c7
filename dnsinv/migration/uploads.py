"""Files on their way into a migration: sent or fetched, kept under staging/uploads until used.

A file comes block by block into a folder of its own, whose name ends in `.part` until all of it is
on the disk for good; renaming the folder makes it an upload. Whoever writes holds a lock on the
part, so that what an interruption left behind can be told from what is under way, without a clock.
The name that the sender gave is text: nothing on the disk is called by it.
"""

import asyncio
import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import AsyncIterable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock

from dnsinv.domain.text import file_name
from dnsinv.errors import LakeError, NotThere, SourceTooLarge
from dnsinv.lake.layout import Layout
from dnsinv.lake.publish import sync
from dnsinv.settings import Settings

CONTENT, FACTS, PART = "content", "upload.json", ".part"
_ID = re.compile(r"[0-9a-f]{32}")  # 128 random bits
_PRIVATE = 0o700
_BUFFER = 1 << 20  # bytes that are written at once


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that is there whole. `name` is for people to read, never a path."""

    id: str
    name: str
    bytes: int
    sha256: str
    path: Path


def receive(layout: Layout, settings: Settings, name: str, blocks: Iterable[bytes]) -> Upload:
    """Keep a file that comes in blocks; of one that does not come whole nothing is left.

    Raises:
        SourceTooLarge: it is larger than MIGRATION_LIMIT.
        LakeError: the disk is full, or not writable.
        (whatever `blocks` raises)
    """
    with _receiving(layout, settings.largest_file, name) as part:
        for block in blocks:
            part.add(block)
        return part.finish()


async def receive_async(
    layout: Layout, settings: Settings, name: str, blocks: AsyncIterable[bytes]
) -> Upload:
    """The same for a server's event loop, which the disk does not hold up."""
    with _receiving(layout, settings.largest_file, name) as part:
        waiting = bytearray()
        async for block in blocks:
            waiting += block
            if len(waiting) >= _BUFFER:
                await asyncio.to_thread(part.add, bytes(waiting))
                waiting.clear()
        part.add(bytes(waiting))
        return await asyncio.to_thread(part.finish)


def find_upload(layout: Layout, upload_id: str) -> Upload:
    """The upload of that id.

    Raises:
        NotThere: there is none, or not any more.
    """
    if _ID.fullmatch(upload_id):
        folder = layout.uploads / upload_id
        with suppress(FileNotFoundError):
            facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
            return Upload(
                upload_id, facts["name"], facts["bytes"], facts["sha256"], folder / CONTENT
            )
    raise NotThere(f"There is no upload {upload_id[:32]!a} (any more); send the file again.")


def forget(layout: Layout, upload_id: str) -> None:
    """Remove an upload, if it is there."""
    if _ID.fullmatch(upload_id):
        _remove(layout.uploads / upload_id)


def sweep(layout: Layout, before: datetime, keep: Collection[str] = ()) -> int:
    """Remove what interruptions left behind, and uploads from before an instant; how many.

    What interruptions left also goes whenever another file comes.

    Args:
        keep: ids of uploads that are still needed, however old.
    """
    with _arranging(layout):
        swept = _sweep_parts(layout)
        for folder in list(layout.uploads.iterdir()):
            if not folder.name.endswith(PART) and _is_old(folder, before, keep):
                _remove(folder)
                swept += 1
    return swept


def _sweep_parts(layout: Layout) -> int:
    abandoned = [each for each in layout.uploads.glob(f"*{PART}") if _is_abandoned(each)]
    for folder in abandoned:
        _remove(folder)
    return len(abandoned)


class _Part:
    """A file that is coming."""

    def __init__(self, folder: Path, file: BinaryIO, limit: int, name: str) -> None:
        self._folder = folder
        self._file = file
        self._limit = limit
        self._name = file_name(name)
        self._digest = hashlib.sha256()
        self._bytes = 0

    def add(self, block: bytes) -> None:
        self._bytes += len(block)
        if self._bytes > self._limit:
            raise SourceTooLarge(too_large(self._name, self._limit))
        self._digest.update(block)
        with _on_disk(self._folder):
            self._file.write(block)

    def finish(self) -> Upload:
        with _on_disk(self._folder):
            return self._finish()

    def _finish(self) -> Upload:
        self._file.flush()
        os.fsync(self._file.fileno())
        whole = self._folder.with_suffix("")
        sha256 = self._digest.hexdigest()
        facts = {"name": self._name, "bytes": self._bytes, "sha256": sha256}
        (self._folder / FACTS).write_text(json.dumps(facts), encoding="utf-8")
        sync(self._folder / FACTS)
        sync(self._folder)
        self._folder.rename(whole)
        sync(whole.parent)
        return Upload(whole.name, self._name, self._bytes, sha256, whole / CONTENT)


def too_large(name: str, limit: int, size: int | None = None) -> str:
    """The sentence that a file has more bytes than may be."""
    has = "more bytes than" if size is None else f"{size:,} bytes, more than"
    return (
        f"The file {name!r} has {has} the {limit:,} that MIGRATION_LIMIT allows; "
        "split it, or raise the limit (docs/settings.md)."
    )


@contextmanager
def _receiving(layout: Layout, limit: int, name: str) -> Iterator[_Part]:
    folder = layout.uploads / f"{secrets.token_hex(16)}{PART}"
    try:
        with _on_disk(folder), _arranging(layout):
            _sweep_parts(layout)
            folder.mkdir(mode=_PRIVATE)
            file = (folder / CONTENT).open("xb", buffering=_BUFFER)
            fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield _Part(folder, file, limit, name)
        finally:
            with suppress(OSError):  # a full disk refuses what is still in the buffer
                file.close()
    finally:
        _remove(folder)  # it has another name when it came whole


@contextmanager
def _on_disk(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LakeError(
            f"The file cannot be kept in {folder.parent}: {error.strerror or error}; nothing of it "
            "is left there."
        ) from error


@contextmanager
def _arranging(layout: Layout) -> Iterator[None]:
    """Between making a part and locking it nobody sweeps."""
    layout.locks.mkdir(parents=True, exist_ok=True)
    layout.uploads.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    with FileLock(layout.locks / "uploads.lock"):
        yield


def _is_abandoned(folder: Path) -> bool:
    """Whether a part has nobody who writes it."""
    try:
        with (folder / CONTENT).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except FileNotFoundError:
        return folder.exists()  # else it has come whole meanwhile
    return True


def _is_old(folder: Path, before: datetime, keep: Collection[str]) -> bool:
    try:
        made_at = datetime.fromtimestamp(folder.stat().st_mtime, UTC)
    except FileNotFoundError:  # forgotten meanwhile
        return False
    return made_at < before and folder.name not in keep


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
