"""The read model: everything pages ask for, consistent across its tables.

One DuckDB file to search, count and sort in, and beside it a file of rows for each list, to show
what was found. A cache: made from the published files, versioned by name, found through a pointer,
disposable. A row's number in the default order, from 0, is its rowid in a table and its place in a
file of rows: pages are fetched by it, without OFFSET.
"""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
from filelock import FileLock

from dnsinv.errors import LakeError
from dnsinv.lake.fold import version
from dnsinv.lake.lake import Lake, literal, sql, view
from dnsinv.lake.publish import replace_text, standing_still
from dnsinv.lake.rows import write_rows
from dnsinv.lake.schemas import DNS_RECORDS, DOMAINS
from dnsinv.lake.table import Table
from dnsinv.lake.told import CHANGES, told_changes, told_rows

PUBLISHED = {DOMAINS: "listed_domains", DNS_RECORDS: "dns_records"}  # in the order of their lists
LISTS = (*PUBLISHED, CHANGES)  # of which there are files of rows
MEMORY = "256MB"  # of DuckDB meanwhile: twice that makes it hardly faster
BATCH = 65_536  # rows on their way into such a file

SHAPE = 5  # another number once what is in the files, or how, is another
KEPT = 2  # a reader may still be on the version before
POINTER = "read.pointer"
PREFIX = f"read-{SHAPE}-"


def build_read_model(lake: Lake) -> Path:
    """Make the read model of what is published now, unless it is there already; its path.

    Raises:
        LakeError: it could not be written.
    """
    folder = lake.layout.cache
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lake.layout.locks.mkdir(parents=True, exist_ok=True)
        with FileLock(lake.layout.locks / "readmodel.lock"), standing_still(lake.layout):
            name = f"{PREFIX}{version(lake)}.duckdb"
            path = folder / name
            if not path.exists():
                _build(lake, path)
            replace_text(folder / POINTER, name)
            _prune(folder, name)
    except (OSError, duckdb.Error) as error:
        raise LakeError(f"The read model could not be made in {folder}: {error}") from error
    return path


def read_model(lake: Lake) -> Path | None:
    """The newest read model of this shape, None where there is none yet."""
    with contextlib.suppress(OSError):
        path = lake.layout.cache / (lake.layout.cache / POINTER).read_text(encoding="utf-8")
        return path if path.name.startswith(PREFIX) and path.exists() else None
    return None


def rows_path(model: Path, name: str) -> Path:
    """The file of rows of one list, beside the DuckDB file of its read model."""
    return model.with_suffix(f".{name}.rows")


def _build(lake: Lake, path: Path) -> None:
    part = path.with_suffix(".tmp")
    for leftover in path.parent.glob("*.tmp*"):
        leftover.unlink()
    with lake.connect() as con:
        con.execute(f"set preserve_insertion_order = true; set memory_limit = '{MEMORY}'")
        con.execute(f"attach {literal(part)} as made")
        view(con, "told_changes", told_changes())
        view(con, "listed_domains", sql("listed_domains"))
        with ThreadPoolExecutor(1) as beside:
            writing = [
                beside.submit(_write_rows, con.cursor(), table, source, path)
                for table, source in PUBLISHED.items()
            ]
            con.execute(sql("read_model"))
            for each in writing:
                each.result()
        _write_rows(con.cursor(), CHANGES, "made.changes", path)
        con.execute("detach made")
    part.replace(path)


def _write_rows(con: duckdb.DuckDBPyConnection, table: Table, source: str, path: Path) -> None:
    with con:
        rows = con.sql(f"select {told_rows(table)} from {source}")
        write_rows(rows.to_arrow_reader(BATCH), rows_path(path, table.name))


def _prune(folder: Path, current: str) -> None:
    files = sorted(
        folder.glob("read-*.duckdb"), key=lambda path: path.stat().st_mtime_ns, reverse=True
    )
    kept = {current, *[path.name for path in files if path.name != current][: KEPT - 1]}
    stems = {Path(name).stem for name in kept}
    for path in folder.glob("read-*"):
        if path.name.partition(".")[0] not in stems:
            path.unlink(missing_ok=True)
