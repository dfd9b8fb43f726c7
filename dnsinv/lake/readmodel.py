"""The read model: one DuckDB file with everything pages ask for, consistent across its tables.

A cache: made from the published files, versioned by name, found through a pointer, disposable.
`pos` is a row's number in the default order, by which pages are fetched without OFFSET.
"""

import contextlib
from pathlib import Path

import duckdb
from filelock import FileLock

from dnsinv.errors import LakeError
from dnsinv.lake.fold import version
from dnsinv.lake.lake import Lake, literal, sql
from dnsinv.lake.publish import replace_text, standing_still

KEPT = 2  # a reader may still be on the version before
POINTER = "read.pointer"


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
            name = f"read-{version(lake)}.duckdb"
            path = folder / name
            if not path.exists():
                _build(lake, path)
            replace_text(folder / POINTER, name)
            _prune(folder, name)
    except (OSError, duckdb.Error) as error:
        raise LakeError(f"The read model could not be made in {folder}: {error}") from error
    return path


def read_model(lake: Lake) -> Path | None:
    """The newest read model, None where there is none yet."""
    with contextlib.suppress(OSError):
        path = lake.layout.cache / (lake.layout.cache / POINTER).read_text(encoding="utf-8")
        return path if path.exists() else None
    return None


def _build(lake: Lake, path: Path) -> None:
    part = path.with_suffix(".tmp")
    for leftover in path.parent.glob("*.tmp*"):
        leftover.unlink()
    with lake.connect() as con:
        con.execute("set preserve_insertion_order = true")
        con.execute(f"attach {literal(part)} as made")
        con.execute(sql("read_model"))
        con.execute("detach made")
    part.replace(path)


def _prune(folder: Path, current: str) -> None:
    files = sorted(
        folder.glob("read-*.duckdb"), key=lambda path: path.stat().st_mtime_ns, reverse=True
    )
    for path in [path for path in files if path.name != current][KEPT - 1 :]:
        path.unlink(missing_ok=True)
