"""The swap of a restore: cut off anywhere, it leads to the old state or to the new one.

What is restored is laid out under staging first. Then a journal names the attempt; then one
transaction replaces what the store holds and writes the attempt's entry into the audit log. With
that entry the restore has happened: files follow, now or when the inventory is opened next. Without
it, nothing has, and what was laid out is removed.
"""

import json
import logging
import shutil
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import inspect, select

from dnsinv.errors import Busy, LakeError
from dnsinv.lake.freeze import has_files, replace_files
from dnsinv.lake.lake import Lake
from dnsinv.lake.layout import Layout
from dnsinv.lake.publish import publishing, replace_text
from dnsinv.lake.readmodel import build_read_model
from dnsinv.store.database import Store
from dnsinv.store.tables import audit_log

ACTION = "backup.restore"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Bench:
    """Where a restore lays things out; one at a time."""

    layout: Layout

    @property
    def folder(self) -> Path:
        return self.layout.staging / "restore"

    @property
    def new(self) -> Path:
        """What will be put in place, by its path below DB_PATH; the store's rows beside it."""
        return self.folder / "new"

    @property
    def old(self) -> Path:
        """Files that were replaced."""
        return self.folder / "old"

    @property
    def journal(self) -> Path:
        return self.folder / "journal.json"

    def lock(self) -> FileLock:
        """Held by whoever restores, or completes a restore."""
        self.layout.locks.mkdir(parents=True, exist_ok=True)
        return FileLock(self.layout.locks / "restore.lock", timeout=0)

    def begin(self, attempt: str) -> None:
        """From here on a crash has something to be completed."""
        replace_text(self.journal, json.dumps({"attempt": attempt}))


def complete(lake: Lake, store: Store) -> None:
    """Bring a restore that was interrupted to its end, forward or back; nothing where none was.

    Raises:
        Busy: a restore is going on.
        LakeError: the disk refused; it can be tried again.
    """
    bench = Bench(lake.layout)
    if not bench.folder.exists():
        return
    try:
        with bench.lock():
            settle(bench, lake, store)
    except Timeout:
        if bench.journal.exists():
            raise Busy("The inventory is being restored at this moment: wait for it.") from None
    except OSError as error:
        raise LakeError(
            f"A restore was interrupted, and {bench.folder} cannot be put in place: {error}."
        ) from error


def settle(bench: Bench, lake: Lake, store: Store) -> None:
    """The same for who holds the lock.

    Raises:
        OSError: the disk refused.
    """
    if bench.journal.exists():
        attempt = json.loads(bench.journal.read_text(encoding="utf-8"))["attempt"]
        if _has_happened(store, attempt):
            with publishing(bench.layout):
                replace_files(bench.layout, bench.new, bench.old)
            _make_read_model(lake)
        bench.journal.unlink()
    shutil.rmtree(bench.folder, ignore_errors=True)


def _make_read_model(lake: Lake) -> None:
    """Make it; files that were damaged when they were backed up must lock nobody out."""
    if has_files(lake.layout):
        try:
            build_read_model(lake)
        except LakeError as error:
            log.warning("read model not made after a restore error=%s", error)


def _has_happened(store: Store, attempt: str) -> bool:
    entry = select(audit_log.c.seq).where(
        audit_log.c.action == ACTION, audit_log.c.request_id == attempt
    )
    with store.read() as db:
        if not inspect(db).has_table(audit_log.name):
            return False  # of a revision before there was one
        return db.execute(entry).first() is not None
