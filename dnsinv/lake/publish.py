"""Publishing: files become visible whole or not at all, several together or none.

A publication writes its files under staging, checks them, and then writes a manifest: from that
moment it will happen, if need be by `recover` after a crash. Applying a manifest is a series of
atomic renames that may be repeated. Readers see every single file before or after, never half.
"""

import json
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock

from dnsinv.errors import LakeError
from dnsinv.lake.layout import Layout
from dnsinv.lake.table import Table

ROW_GROUP_SIZE = 122_880  # DuckDB's own vector-friendly default, measured best for pages and scans
MANIFEST = "manifest.json"


class Appending:
    """A Parquet file that grows by row groups, written while the caller computes the next rows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: pq.ParquetWriter | None = None
        self._thread = ThreadPoolExecutor(1, "parquet")
        self._writing: Future[None] | None = None
        self.rows = 0

    def append(self, rows: pa.Table) -> None:
        """Add rows in even row groups; the first call says the columns.

        What goes wrong with them is raised by the next call or by `close`.
        """
        self._wait()
        if self._writer is None:
            self._writer = pq.ParquetWriter(
                self._path,
                rows.schema,
                compression="zstd",
                store_schema=False,
                # Names hardly repeat: a dictionary of them takes a fifth of the time for nothing.
                # What is within lists and structs goes without one too: it is little.
                use_dictionary=[column for column in rows.schema.names if column != "name"],
            )
        if groups := -(-rows.num_rows // ROW_GROUP_SIZE):
            size = -(-rows.num_rows // groups)
            self._writing = self._thread.submit(self._writer.write_table, rows, row_group_size=size)
            self.rows += rows.num_rows

    def close(self) -> None:
        """End the file; it is whole afterwards unless this raises."""
        try:
            self._wait()
        finally:
            self._thread.shutdown()
            if self._writer is not None:
                self._writer.close()

    def _wait(self) -> None:
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.result()


class Publication:
    """A set of files that will be published together, under a key that names the attempt."""

    def __init__(self, layout: Layout, key: str) -> None:
        self._layout = layout
        self.key = key
        self.folder = layout.publications / key
        self._moves: list[tuple[str, str]] = []

    def write(self, con: duckdb.DuckDBPyConnection, query: str, table: Table, to: Path) -> int:
        """Write the rows of `query` as one Parquet file with the columns of `table`; its row count.

        Raises:
            LakeError: the file could not be written or does not hold what was asked for.
        """
        with self.appending(table, to) as file:
            rows = con.sql(table.ordered(query)).to_arrow_reader(ROW_GROUP_SIZE)
            file.append(rows.schema.empty_table())
            for batch in rows:
                file.append(pa.Table.from_batches([batch]))
        return file.rows

    def copy(self, source: Path, table: Table, to: Path) -> int:
        """Take a Parquet file as it is, with the columns and order of `table`; its row count.

        Raises:
            LakeError: as `write`.
        """
        staged = self.folder / f"{len(self._moves):03}.parquet"
        try:
            staged.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, staged)
            sync(staged)
            rows: int = pq.read_metadata(source).num_rows
            _check(staged, table, rows)
        except (OSError, pa.ArrowException) as error:
            raise LakeError(f"Cannot write {to}: {error}") from error
        self._moves.append((staged.name, str(to.relative_to(self._layout.root))))
        return rows

    @contextmanager
    def appending(self, table: Table, to: Path) -> Iterator["Appending"]:
        """The same part by part, each in the table's order and after the one before.

        Raises:
            LakeError: as `write`.
        """
        staged = self.folder / f"{len(self._moves):03}.parquet"
        file = Appending(staged)
        try:
            staged.parent.mkdir(parents=True, exist_ok=True)
            try:
                yield file
            finally:
                file.close()
            sync(staged)
            _check(staged, table, file.rows)
        except (OSError, duckdb.Error, pa.ArrowException) as error:
            raise LakeError(f"Cannot write {to}: {error}") from error
        self._moves.append((staged.name, str(to.relative_to(self._layout.root))))

    def staged(self, final: Path) -> Path:
        """Where the file that will be published as `final` lies until then."""
        relative = str(final.relative_to(self._layout.root))
        return next(self.folder / name for name, to in self._moves if to == relative)

    def commit(self, **facts: Any) -> None:
        """Make it happen; from here on it survives a crash. `facts` go into the manifest.

        Raises:
            LakeError: the disk refused.
        """
        text = json.dumps({"key": self.key, "moves": self._moves, "facts": facts}, sort_keys=True)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            replace_text(self.folder / MANIFEST, text)
            with publishing(self._layout):
                if self.is_committed:  # else whoever held the lock has finished it already
                    _apply(self._layout, self.folder)
        except OSError as error:
            raise LakeError(f"Cannot publish {self.key}: {error}") from error

    @property
    def is_committed(self) -> bool:
        """Whether it will happen, if it has not yet: an error after that moment undoes nothing."""
        return (self.folder / MANIFEST).exists()

    def close(self) -> None:
        """Forget the publication: committed and applied, or given up."""
        with publishing(self._layout):
            _remove(self.folder)

    def _begin(self) -> None:
        """Start in an empty folder, once what an earlier attempt had committed is finished."""
        with publishing(self._layout):
            if self.is_committed:
                _apply(self._layout, self.folder)
            _remove(self.folder)


def replace_text(path: Path, text: str) -> None:
    """Write a small file so that it is there whole, or as it was before, even after a power cut."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    sync(part)
    part.replace(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """See to it that a file, or the names in a folder, survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def publishing(layout: Layout) -> Iterator[None]:
    """The lock under which manifests are applied; a thread that has it may take it again."""
    layout.locks.mkdir(parents=True, exist_ok=True)
    with FileLock(layout.locks / "publish.lock", is_singleton=True):
        yield


@contextmanager
def standing_still(layout: Layout) -> Iterator[None]:
    """The lake of one moment: what was committed is there to the last file, and nothing follows.

    For what reads several files that belong together. Publications wait meanwhile, so not for
    what waits itself.
    """
    with publishing(layout):
        for manifest in sorted(layout.publications.glob(f"*/{MANIFEST}")):
            if not _apply(layout, manifest.parent):
                _remove(manifest.parent)  # nobody waits for its facts
        yield


def recover(layout: Layout, key: str) -> dict[str, Any] | None:
    """Finish what a crash interrupted under `key`: apply it if it was committed, else discard it.

    Gives the facts of a committed publication; the caller closes it once it has recorded them.
    """
    publication = Publication(layout, key)
    manifest = publication.folder / MANIFEST
    if not manifest.exists():
        publication.close()
        return None
    with publishing(layout):
        facts: dict[str, Any] = _apply(layout, publication.folder)
    return facts


def _apply(layout: Layout, folder: Path) -> dict[str, Any]:
    document = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    for staged, final in document["moves"]:
        source, target = folder / staged, layout.root / final
        if not source.exists():
            continue  # moved before the crash
        _make_folder(target.parent)
        source.replace(target)
        layout.published.touch()  # after it: who began to read before then knows to read again
        sync(target.parent)
    facts: dict[str, Any] = document["facts"]
    return facts


def _remove(folder: Path) -> None:
    """Remove a publication; the manifest goes first, for without it the rest means nothing."""
    (folder / MANIFEST).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def _make_folder(folder: Path) -> None:
    """Create it and see to it that its name survives a power cut."""
    if folder.exists():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync(folder.parent)


def _check(staged: Path, table: Table, rows: int) -> None:
    metadata = pq.read_metadata(staged)
    names = tuple(metadata.schema.to_arrow_schema().names)
    if names != table.names or metadata.num_rows != rows:
        raise LakeError(
            f"{staged} has {metadata.num_rows} rows of {names}, "
            f"not {rows} with the columns of {table.name}."
        )
