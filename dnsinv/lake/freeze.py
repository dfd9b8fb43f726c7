"""The files that make a lake, taken as of one moment, and put back in the place of others.

Published files are never changed, only replaced: a hard link keeps one as it was, at no cost.
Besides the lake itself these are the publications whose outcome the store may not know yet, and
what was read by collections that are under way, interrupted or held. DuckDB's spill, the read
model, locks and logs are not part of it.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

from dnsinv.lake.layout import Layout
from dnsinv.lake.publish import MANIFEST, sync

OUTCOMES = "outcomes-*.parquet"  # each counts its record file, which was there before it


def freeze(layout: Layout, folder: Path) -> None:
    """Link everything under `folder`, by its path below DB_PATH; while the lake stands still.

    Raises:
        OSError: the disk refused.
    """
    for path in _files(layout):
        target = folder / path.relative_to(layout.root)
        target.parent.mkdir(parents=True, exist_ok=True)
        _link(path, target)
    for spool in sorted(layout.spools.glob("*")):
        _freeze_spool(spool, folder / spool.relative_to(layout.root))


def replace_files(layout: Layout, new: Path, old: Path) -> None:
    """Put what lies in `new` in the place of what is there, which goes to `old`.

    It may be cut off at any moment and called again: it goes on. Publications must wait meanwhile.

    Raises:
        OSError: the disk refused.
    """
    old.mkdir(parents=True, exist_ok=True)
    for place in (layout.publications, layout.spools, layout.lake):
        source = new / place.relative_to(layout.root)
        if not source.exists():
            continue  # moved before it was cut off
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            place.rename(old / f"{place.name}-{sum(1 for _ in old.iterdir())}")
        source.rename(place)
        sync(place.parent)
    layout.locks.mkdir(parents=True, exist_ok=True)
    layout.published.touch()
    shutil.rmtree(layout.cache, ignore_errors=True)  # of other files


def make_places(layout: Layout, new: Path) -> None:
    """Have every folder that will be put in place, though nothing was packed for it."""
    for place in (layout.publications, layout.spools, layout.lake):
        (new / place.relative_to(layout.root)).mkdir(parents=True, exist_ok=True)


def has_files(layout: Layout) -> bool:
    """Whether anything was ever observed."""
    return next(_files(layout), None) is not None


def _files(layout: Layout) -> Iterator[Path]:
    yield from sorted(layout.lake.rglob("*.parquet"))
    yield from sorted(layout.publications.glob(f"*/{MANIFEST}"))


def _freeze_spool(spool: Path, target: Path) -> None:
    """Link one collection's folder, to which others may be adding; or nothing, if it goes."""
    outcomes = set(spool.glob(OUTCOMES))
    others = {path for path in spool.glob("*.parquet") if not path.match(OUTCOMES)}
    try:
        target.mkdir(parents=True, exist_ok=True)
        for path in sorted(outcomes | others):
            _link(path, target / path.name)
    except FileNotFoundError:  # settled by a person at this moment
        shutil.rmtree(target, ignore_errors=True)


def _link(path: Path, target: Path) -> None:
    try:
        target.hardlink_to(path)
    except FileNotFoundError:
        raise
    except OSError:  # a file system without hard links
        shutil.copyfile(path, target)
