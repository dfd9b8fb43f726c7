"""Publishing: files become visible whole or not at all, several together or none.

A publication writes its files under staging, checks them, and then writes a manifest: from that
moment it will happen, if need be by `recover` after a crash. Applying a manifest is a series of
atomic renames that may be repeated. Readers see every single file before or after, never half.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
from filelock import FileLock

from dnsinv.errors import LakeError
from dnsinv.lake.lake import literal
from dnsinv.lake.layout import Layout
from dnsinv.lake.schemas import Table

ROW_GROUP_SIZE = 122_880  # DuckDB's own vector-friendly default, measured best for pages and scans
MANIFEST = "manifest.json"


class Publication:
    """A set of files that will be published together, under a key that names the attempt."""

    def __init__(self, layout: Layout, key: str) -> None:
        self._layout = layout
        self.key = key
        self.folder = layout.publications / key
        self._moves: list[tuple[str, str]] = []

    def write(
        self, con: duckdb.DuckDBPyConnection, query: str, table: Table, to: Path, **kv: str
    ) -> int:
        """Write the rows of `query` as one Parquet file with the columns of `table`; its row count.

        Raises:
            LakeError: the file could not be written or does not hold what was asked for.
        """
        staged = self.folder / f"{len(self._moves):03}.parquet"
        meta = ", ".join(f"{name}: {literal(value)}" for name, value in kv.items())
        order = ", ".join(f'"{column}"' for column in table.order)
        try:
            staged.parent.mkdir(parents=True, exist_ok=True)
            con.execute(
                f"copy (select {table.select()} from ({query}) order by {order}) "
                f"to {literal(staged)} "
                f"(format parquet, compression zstd, row_group_size {ROW_GROUP_SIZE}"
                + (f", kv_metadata {{{meta}}})" if meta else ")")
            )
            _sync(staged)
            rows = _checked(staged, table)
        except (OSError, duckdb.Error) as error:
            raise LakeError(f"Cannot write {to}: {error}") from error
        self._moves.append((staged.name, str(to.relative_to(self._layout.root))))
        return rows

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
                _apply(self._layout, self.folder)
        except OSError as error:
            raise LakeError(f"Cannot publish {self.key}: {error}") from error

    @property
    def is_committed(self) -> bool:
        """Whether it will happen, if it has not yet: an error after that moment undoes nothing."""
        return (self.folder / MANIFEST).exists()

    def close(self) -> None:
        """Forget the publication: committed and applied, or given up."""
        shutil.rmtree(self.folder, ignore_errors=True)


def replace_text(path: Path, text: str) -> None:
    """Write a small file so that it is there whole, or as it was before, even after a power cut."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    _sync(part)
    part.replace(path)
    _sync(path.parent)


@contextmanager
def publishing(layout: Layout) -> Iterator[None]:
    """The lock under which manifests are applied."""
    layout.locks.mkdir(parents=True, exist_ok=True)
    with FileLock(layout.locks / "publish.lock"):
        yield


@contextmanager
def standing_still(layout: Layout) -> Iterator[None]:
    """The lake of one moment: what was committed is there to the last file, and nothing follows.

    For what reads several files that belong together. Publications wait meanwhile, so not for
    what waits itself.
    """
    with publishing(layout):
        for manifest in sorted(layout.publications.glob(f"*/{MANIFEST}")):
            _apply(layout, manifest.parent)
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
    layout.published.touch()
    for staged, final in document["moves"]:
        source, target = folder / staged, layout.root / final
        if not source.exists():
            continue  # moved before the crash
        _make_folder(target.parent)
        source.replace(target)
        _sync(target.parent)
    facts: dict[str, Any] = document["facts"]
    return facts


def _make_folder(folder: Path) -> None:
    """Create it and see to it that its name survives a power cut."""
    if folder.exists():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync(folder.parent)


def _checked(staged: Path, table: Table) -> int:
    metadata = pq.read_metadata(staged)
    names = tuple(metadata.schema.to_arrow_schema().names)
    if names != table.names:
        raise LakeError(f"{staged} has the columns {names}, not those of {table.name}.")
    return int(metadata.num_rows)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
