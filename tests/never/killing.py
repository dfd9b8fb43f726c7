"""Runs the product in processes that are killed at a step of one's choice.

    python -m tests.never.killing      a server: one JSON order a line in, one answer a line out

It imports the product once, uses none of it, and forks a child for every order. A step is the n-th
time that a line of the lake, the engine or the store is reached, or that a file is opened for
writing, renamed, removed. No hook is in the product. What a kill leaves is what is on disk, so that
of steps between which nothing on disk changes the first stands for all.
"""

import hashlib
import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import dnsinv
from dnsinv.actions.collect import derive, record
from dnsinv.actions.installation import Installation
from dnsinv.collection.endings import Endings
from dnsinv.collection.engine import Engine, Job
from dnsinv.errors import DnsinvError, NoZoneHere, ProviderUnavailable
from dnsinv.lake.lake import Lake
from dnsinv.settings import load_settings
from dnsinv.store import collections
from dnsinv.store.database import open_store
from tests.core.scripted import Scripted, a_record
from tests.never.account import ALL, GODADDY, some_records
from tests.never.orders import serve

PRODUCT = Path(dnsinv.__file__ or "").parent
TRACED = tuple(str(PRODUCT / part) + os.sep for part in ("lake", "collection", "store"))
AUDITED = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree", "os.utime")
FOLLOWED = ("MainThread", "slice")
TICK_NS = 50_000_000
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT

ALPHA, BETA, DELTA, EPSILON, GAMMA = ALL
NEW = "zeta.example"


@dataclass(frozen=True)
class Order:
    """What a child shall do, and where it shall die.

    `steps` is where it writes, in order, those it passed at which the disk was another than before.
    """

    root: str
    act: str
    at: str = "2026-03-03T09:00:00+00:00"
    step: str = ""
    after_seconds: float = 0
    steps: str = ""


# -- what happens in a child ----------------------------------------------------------------------


def account(later: bool) -> Scripted:
    """The account at first, or what became of it: a change of every kind, and troubles."""
    zones = {name: some_records(name, 3) for name in ALL}
    if not later:
        return Scripted(zones)
    zones[NEW] = some_records(NEW, 2)
    del zones[GAMMA]
    zones[ALPHA] = [
        a_record(ALPHA, "h1", "198.51.100.1"),
        *zones[ALPHA][1:2],
        a_record(ALPHA, "new", "192.0.2.9"),
    ]
    zones[BETA] = []  # held by the guard
    faults: dict[str, Any] = {DELTA: [ProviderUnavailable("no answer")]}
    return Scripted(zones, faults=faults)


def shrunken() -> Scripted:
    """The account after most of its domains have gone."""
    provider = account(later=False)
    provider.listed = [ALPHA, BETA]
    return provider


def moved_away() -> Scripted:
    """The account after the DNS of one domain has moved elsewhere."""
    provider = account(later=False)
    provider.faults[ALPHA] = [NoZoneHere("elsewhere") for _ in range(4)]
    return provider


class Child:
    """One installation in a child process, at one instant."""

    def __init__(self, order: Order) -> None:
        root = Path(order.root)
        settings = load_settings(db_path=root)
        store = open_store(f"sqlite:///{root}/store.db", root / "locks")
        self._installation = Installation(settings, (), Lake(root), store)
        self._now = datetime.fromisoformat(order.at)

    def act(self, name: str) -> None:
        getattr(self, f"_{name}")()

    def _base(self) -> None:
        """Two collections of an earlier day, all derived."""
        self._now = datetime(2026, 3, 2, 8, tzinfo=UTC)
        self._collect(account(later=False))
        self._now = datetime(2026, 3, 2, 9, tzinfo=UTC)
        edited = account(later=False)
        edited.zones[GAMMA] = some_records(GAMMA, 2)
        self._collect(edited)
        self._derive()

    def _drift(self) -> None:
        self._once(account(later=True))

    def _hold(self) -> None:
        self._once(shrunken())

    def _away(self) -> None:
        self._once(moved_away())

    def _accept(self) -> None:
        """A person accepts what the last collection holds."""
        with self._installation.store.begin() as db:
            last = collections.latest(db, limit=1)[0]
        with suppress(DnsinvError):
            self._engine().accept(last.id)
        record(self._installation, last.started_at.date())
        self._derive()

    def _again(self) -> None:
        """Collect whatever was collected before."""
        self._collect(account(later=True))
        self._derive()

    def _once(self, provider: Scripted) -> None:
        """Collect, unless this was done before the crash, and derive."""
        with self._installation.store.begin() as db:
            last = collections.latest(db, limit=1)
        if not last or last[0].started_at < self._now or last[0].state == "running":
            self._collect(provider)
        else:
            record(self._installation, self._now.date())
            self._tidy()
        self._derive()

    def _tidy(self) -> None:
        """Close what is published and remove what waits for nobody, as a collection begins."""
        installation = self._installation
        endings = Endings(installation.lake, installation.store, lambda: self._now)
        endings.finish_publications(GODADDY.account)
        endings.sweep(GODADDY.account)

    def _engine(self) -> Engine:
        return Engine(self._installation.lake, self._installation.store, lambda: self._now)

    def _collect(self, provider: Scripted, job: Job = GODADDY) -> None:
        ended = self._engine().collect(job, provider)
        record(self._installation, ended.started_at.date())

    def _derive(self) -> None:
        derive(self._installation)


class Steps:
    """Counts what a process passes, and ends it at the step it was told."""

    def __init__(self, root: str, last: str, traced: tuple[str, ...] = TRACED) -> None:
        self._root = root
        self._last = last
        self._traced = traced
        self._is_on = False
        self.passed: Counter[str] = Counter()
        self._disk = Disk(root)
        self.telling: list[str] = []

    @contextmanager
    def watched(self) -> Iterator[None]:
        sys.addaudithook(self._on_audit)
        self._is_on = True
        threading.settrace(self._on_call)
        sys.settrace(self._on_call)
        try:
            yield
        finally:
            sys.settrace(None)
            threading.settrace(None)  # type: ignore[arg-type]
            self._is_on = False

    def _pass(self, name: str) -> None:
        self.passed[name] += 1
        step = f"{name}#{self.passed[name]}"
        if step == self._last:
            os.kill(os.getpid(), signal.SIGKILL)
        if not self._last and self._disk.has_changed():
            self.telling.append(step)

    def _on_call(self, frame: FrameType, _event: str, _arg: Any) -> Callable[..., Any] | None:
        is_traced = frame.f_code.co_filename.startswith(self._traced) and _is_followed()
        return self._on_line if is_traced else None

    def _on_line(self, frame: FrameType, event: str, _arg: Any) -> Callable[..., Any]:
        if event == "line" and self._is_on:
            file = Path(frame.f_code.co_filename).relative_to(PRODUCT)
            self._pass(f"{file}:{frame.f_lineno}")
        return self._on_line

    def _on_audit(self, event: str, args: tuple[Any, ...]) -> None:
        if not self._is_on or event not in AUDITED:
            return
        if not _is_followed():
            return
        path = str(args[0])
        if path.startswith(self._root) and (event != "open" or args[2] & WRITES):
            self._is_on = False  # what follows here opens nothing
            self._pass(f"{event} {Path(path).name}")
            self._is_on = True


def _is_followed() -> bool:
    """Whether this thread's steps are told: the main one's, and those that commit a slice."""
    return threading.current_thread().name.startswith(FOLLOWED)


class Disk:
    """Tells whether any file below a folder is another than when it was last asked."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._known: dict[str, tuple[tuple[int, int, int], bytes]] = {}

    def has_changed(self) -> bool:
        """Since the last time; true the first time."""
        found: dict[str, tuple[tuple[int, int, int], bytes]] = {}
        folders = [self._root]
        while folders:
            for entry in os.scandir(folders.pop()):
                if entry.is_dir():
                    found[entry.path] = (0, 0, 0), b""
                    folders.append(entry.path)
                else:
                    with suppress(FileNotFoundError):
                        found[entry.path] = self._told(entry)
        before, self._known = self._known, found
        return {path: octets for path, (_, octets) in before.items()} != {
            path: octets for path, (_, octets) in found.items()
        }

    def _told(self, entry: os.DirEntry[str]) -> tuple[tuple[int, int, int], bytes]:
        state = entry.stat()
        stamp = state.st_ino, state.st_size, state.st_mtime_ns
        known = self._known.get(entry.path)
        # Two writes within a tick of the file system's clock have one stamp.
        if known and known[0] == stamp and time.time_ns() - state.st_mtime_ns > TICK_NS:
            return known
        return stamp, hashlib.blake2b(Path(entry.path).read_bytes()).digest()


def child(order: Order) -> None:
    """Do what is ordered, or die on the way."""
    steps = Steps(order.root, order.step)
    if order.after_seconds:
        signal.setitimer(signal.ITIMER_REAL, order.after_seconds)  # SIGALRM ends the process
    if order.step or order.steps:
        with steps.watched():
            Child(order).act(order.act)
    else:
        Child(order).act(order.act)
    if order.steps:
        Path(order.steps).write_text(json.dumps(steps.telling))


if __name__ == "__main__":
    serve(Order, child)
