"""The stamps of one credential's latest requests, from which `dnsinv.http.Limiter` computes waits.

Kept in memory, or in a small ring file that all processes using the credential share. Neither a
clock nor waiting in here: times come as arguments, in seconds.
"""

import fcntl
import io
import math
import struct
import threading
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_NEVER = -math.inf
_MAGIC = b"dnsinvR1"
_HEADER = struct.Struct("<8sIId")  # magic, slots, slot that is written next, paused until
_STAMP = struct.Struct("<d")

_File = io.FileIO | io.BytesIO


@dataclass(frozen=True, slots=True)
class Sent:
    """A request that was counted: in which slot, and when it was sent."""

    slot: int
    stamp: float


class Ring:
    """The newest stamps in a file, and until when everything pauses; use it under its lock.

    What is not such a file (torn, foreign, empty) is replaced by an empty ring: at worst one window
    is forgotten, and the provider's own limit says so.
    """

    paused_until: float
    _slots: int
    _next: int

    def __init__(self, file: _File, slots: int) -> None:
        self._file = file
        if not self._load():
            self._make(slots, array("d"), paused_until=_NEVER)
        elif self._slots < slots:
            stamps = self._stamps()
            oldest_first = stamps[self._next :] + stamps[: self._next]
            self._make(slots, oldest_first, paused_until=self.paused_until)

    def nth_newest(self, n: int) -> float:
        """The stamp of the n-th newest request (1 is the newest), -inf when there were fewer."""
        self._file.seek(self._place(self._next - n))
        stamp: float = _STAMP.unpack(self._file.read(_STAMP.size))[0]
        return stamp

    def append(self, stamp: float) -> Sent:
        """Remember a request in the place of the oldest."""
        sent = Sent(self._next, stamp)
        self._write(self._place(sent.slot), _STAMP.pack(stamp))
        self._next = (self._next + 1) % self._slots
        self._write_header()
        return sent

    def amend(self, sent: Sent, stamp: float) -> None:
        """Let a request count as sent at `stamp`; nothing when its slot is no longer its own."""
        place = self._place(sent.slot)
        self._file.seek(place)
        if self._file.read(_STAMP.size) == _STAMP.pack(sent.stamp):
            self._write(place, _STAMP.pack(stamp))

    def pause(self, until: float) -> None:
        """Let nothing be sent before `until`."""
        self.paused_until = until
        self._write_header()

    def count_between(self, start: float, end: float) -> int:
        """How many remembered requests lie after `start`, up to and including `end`."""
        return self._count_after(start) - self._count_after(end)

    def _count_after(self, moment: float) -> int:
        # Stamps follow one another in time, but for a clock that was set back meanwhile.
        return bisect_left(
            range(self._slots), True, key=lambda newer: self.nth_newest(newer + 1) <= moment
        )

    def _load(self) -> bool:
        size = self._file.seek(0, io.SEEK_END)
        self._file.seek(0)
        if size < _HEADER.size:
            return False
        header = _HEADER.unpack(self._file.read(_HEADER.size))
        magic, self._slots, self._next, self.paused_until = header
        is_whole = size == _HEADER.size + self._slots * _STAMP.size
        return bool(magic == _MAGIC) and is_whole and self._next < self._slots

    def _make(self, slots: int, stamps: "array[float]", *, paused_until: float) -> None:
        self._slots, self._next, self.paused_until = slots, len(stamps) % slots, paused_until
        self._file.truncate(0)
        self._write_header()
        empty = array("d", [_NEVER]) * (slots - len(stamps))
        self._write(_HEADER.size, (stamps + empty).tobytes())

    def _stamps(self) -> "array[float]":
        self._file.seek(_HEADER.size)
        return array("d", self._file.read(self._slots * _STAMP.size))

    def _write_header(self) -> None:
        self._write(0, _HEADER.pack(_MAGIC, self._slots, self._next, self.paused_until))

    def _write(self, place: int, octets: bytes) -> None:
        self._file.seek(place)
        self._file.write(octets)

    def _place(self, slot: int) -> int:
        return _HEADER.size + (slot % self._slots) * _STAMP.size


class Window:
    """One ring for all threads, and with a `path` for all processes: one holder at a time."""

    def __init__(self, slots: int, path: Path | None = None) -> None:
        self._slots = slots
        self._path = path
        self._lock = threading.Lock()
        self._memory = io.BytesIO()

    @contextmanager
    def locked(self) -> Iterator[Ring]:
        """The ring as it is now, for the one who holds it.

        Raises:
            OSError: the file cannot be made, read or written.
        """
        with self._lock:
            if self._path is None:
                yield Ring(self._memory, self._slots)
                return
            # Opened anew each time, some 15 µs: survives a deleted file and a fork.
            with _opened(self._path) as file:
                fcntl.flock(file.fileno(), fcntl.LOCK_EX)
                yield Ring(file, self._slots)


def _opened(path: Path) -> io.FileIO:
    try:
        return path.open("r+b", buffering=0)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        return path.open("r+b", buffering=0)
