"""Committing: a slice's batches one after the other, each in one transaction, then its file.

A batch is committed when the ledger says so, and never twice. A slice's file holds exactly its
committed batches, whenever it is published; it can always be made again from what is staged.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pyarrow.parquet as pq
from filelock import FileLock, Timeout
from sqlalchemy import Connection

from dnsinv.domain.people import Owner
from dnsinv.domain.records import RecordIdentity
from dnsinv.errors import Busy, LakeError
from dnsinv.lake.lake import Lake, literal
from dnsinv.lake.publish import Publication, recover
from dnsinv.migration.staging import TABLES, owned_file, staged_file
from dnsinv.store import assignments, migrations
from dnsinv.store.assignments import Asset, Origin
from dnsinv.store.database import Store
from dnsinv.store.migrations import CANCEL, PAUSE, Migration

POLL_SECONDS = 0.2  # between looks at the store while paused
PATIENCE_SECONDS = 30.0  # with a worker that was told to end and is still publishing

Clock = Callable[[], datetime]
Wait = Callable[[float], None]
"""Waits so many seconds; raises when the worker is told to end."""
Given = list[tuple[Owner, Asset]]


class Cancelled(Exception):
    """The migration was cancelled; what was committed stays, and is published."""


def commit_slice(
    lake: Lake, store: Store, migration: Migration, number: int, clock: Clock, wait: Wait
) -> int:
    """Commit what is open of a slice and publish it; how many batches were committed now.

    Pauses at the next batch while that is wanted.

    Raises:
        Cancelled: that is wanted; the committed batches are published.
        Busy: another worker has the slice.
        LakeError, StoreError: the disk or the database refused; another try goes on from there.
        whatever `wait` raises: before a batch, with nothing half done.
    """
    with _alone(lake, migration, number):
        with store.read() as db:
            left = migrations.open_batches(db, migration.number, number)
        _refuse_unstaged(lake, store, migration, number)
        given = _Given(lake, migration, number)
        done = 0
        for batch in left:
            if not _commit(store, migration, batch, given, clock, wait):
                _publish(lake, store, migration, number, clock)
                raise Cancelled
            done += 1
        _publish(lake, store, migration, number, clock)
    return done


def is_staged(lake: Lake, migration: Migration, number: int) -> bool:
    """Whether the rows of a slice are there to be published."""
    return any(staged_file(lake, migration.id, kind, number).exists() for kind in TABLES)


def settle_slice(lake: Lake, store: Store, migration: Migration, number: int, clock: Clock) -> None:
    """Publish what is committed of a slice that nobody works on any more.

    Raises:
        Busy: somebody does.
    """
    with _alone(lake, migration, number):
        _publish(lake, store, migration, number, clock)


def withdraw(lake: Lake, store: Store, migration: Migration) -> None:
    """Empty every published file of a migration, all at once; nothing of it counts any more.

    It is written down that it is undone: workers that were told to end publish nothing more.

    Raises:
        Busy: one of them does not end.
    """
    publication = Publication(lake.layout, f"undo-{migration.id}")
    with store.read() as db:
        numbers = migrations.slice_numbers(db, migration.number)
    for number in numbers:
        # Whoever began to publish before that was written down ends, or died and is finished.
        with _alone(lake, migration, number, PATIENCE_SECONDS):
            _begun(lake, migration, number)
    with lake.open() as con:
        for kind, table in TABLES.items():
            for number in numbers:
                final = lake.layout.imported(kind, migration.id, number)
                if final.exists():
                    publication.write(con, table.empty(), table, final)
    publication.commit()
    publication.close()


def _commit(
    store: Store, migration: Migration, batch: int, given: "_Given", clock: Clock, wait: Wait
) -> bool:
    """One batch in one transaction; False where it is cancelled instead."""
    while True:
        wait(0)  # raises where the worker is to end
        with store.begin() as db:
            at = clock()
            if migrations.commit(db, migration.number, batch, at):
                _assign(db, migration, given.of(batch), at)
                return True
            wanted = migrations.wanted(db, migration.number)
        if wanted != PAUSE:
            return wanted != CANCEL  # else it was committed already
        wait(POLL_SECONDS)


def _assign(db: Connection, migration: Migration, given: Given, at: datetime) -> None:
    origin = Origin(at, migration.created_in, "migration", migration.id)
    if given:
        assignments.add_each(db, given, origin)


def _publish(lake: Lake, store: Store, migration: Migration, number: int, clock: Clock) -> None:
    """Publish the committed batches of a slice, and note it where these are all.

    Nothing of a migration that was undone meanwhile.
    """
    with store.read() as db:
        found = migrations.find(db, migration.number)
        if found is None or found.undone_in is not None:
            return
        committed = migrations.committed_batches(db, migration.number, number)
        is_whole = not migrations.open_batches(db, migration.number, number)
    if committed:
        _refuse_unstaged(lake, store, migration, number)
    publication = _begun(lake, migration, number)
    for kind, table in TABLES.items():
        staged = staged_file(lake, migration.id, kind, number)
        if not committed or not staged.exists():
            continue
        final = lake.layout.imported(kind, migration.id, number)
        if is_whole:
            publication.copy(staged, table, final)
            continue
        with lake.open() as con:
            part = f"batch between {committed[0]:d} and {committed[-1]:d}"
            publication.write(
                con, f"from read_parquet({literal(staged)}) where {part}", table, final
            )
    publication.commit()
    publication.close()
    if is_whole:
        with store.begin() as db:
            migrations.publish_slice(db, migration.number, number, clock())


def _refuse_unstaged(lake: Lake, store: Store, migration: Migration, number: int) -> None:
    """Nothing of a slice may count as imported whose rows are not there to be published."""
    if is_staged(lake, migration, number):
        return
    with store.read() as db:
        is_open = number in migrations.slice_numbers(db, migration.number, is_open=True)
    if is_open:
        raise LakeError(
            f"What was staged of slice {number} of {migration.id} is gone: "
            f"cancel {migration.id} and import its file again."
        )


def _begun(lake: Lake, migration: Migration, number: int) -> Publication:
    """An empty publication of a slice; what a crashed one had committed is finished before."""
    key = f"import-{migration.id}-{number}"
    recover(lake.layout, key)
    publication = Publication(lake.layout, key)
    publication.close()
    return publication


@contextmanager
def _alone(
    lake: Lake, migration: Migration, number: int, patience_seconds: float = 0
) -> Iterator[None]:
    folder = lake.layout.locks
    lock = FileLock(folder / f"import-{migration.id}-{number}.lock", timeout=patience_seconds)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with lock:
            yield
    except Timeout:
        raise Busy(f"Another worker commits slice {number} of {migration.id}.") from None


class _Given:
    """Whom the assets of each batch are given to: owners of all rows, and those of the file."""

    def __init__(self, lake: Lake, migration: Migration, number: int) -> None:
        self._owners = [Owner(each["kind"], each["id"], each["name"]) for each in migration.owners]
        self._assets: dict[int, list[Asset]] = {}
        self._owned: dict[int, Given] = {}
        if self._owners:
            self._read_assets(lake, migration, number)
        path = owned_file(lake, migration.id, number)
        if path.exists():
            self._read_owned(path)

    def of(self, batch: int) -> Given:
        """Each asset with each of its owners."""
        assets = self._assets.get(batch, [])
        of_all = [(owner, asset) for owner in self._owners for asset in assets]
        return of_all + self._owned.get(batch, [])

    def _read_assets(self, lake: Lake, migration: Migration, number: int) -> None:
        """Domains where the file has some; else the records."""
        path = staged_file(lake, migration.id, "domains", number)
        if path.exists():
            for row in pq.read_table(path, columns=["batch", "name"]).to_pylist():
                self._assets.setdefault(row["batch"], []).append(row["name"])
            return
        path = staged_file(lake, migration.id, "records", number)
        columns = ["batch", "zone", "name", "type", "content"]
        for row in pq.read_table(path, columns=columns).to_pylist():
            self._assets.setdefault(row["batch"], []).append(_record(row))

    def _read_owned(self, path: Path) -> None:
        for row in pq.read_table(path).to_pylist():
            kind, _, number = row["owner"].partition(":")
            owner = Owner("user" if kind == "user" else "group", int(number), "")
            asset: Asset = _record(row) if row["kind"] else row["zone"]
            self._owned.setdefault(row["batch"], []).append((owner, asset))


def _record(row: dict[str, str]) -> RecordIdentity:
    return RecordIdentity(row["zone"], row["name"], row["type"], row["content"])
