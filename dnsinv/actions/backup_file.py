"""The file of one backup: written while services run, and what it says of itself.

Holds the store's rows and the lake's files of one moment, first `backup.json` (which backup this
is), last `manifest.json` (size and digest of every member, rows of every table). Who may make one,
and what is kept, is in backup.py.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from filelock import FileLock

from dnsinv.errors import LakeError, NotThere
from dnsinv.lake.archive import BadArchive, Member, Packed, check_room, content, members, packing
from dnsinv.lake.freeze import freeze
from dnsinv.lake.lake import Lake
from dnsinv.lake.publish import standing_still
from dnsinv.store.database import Store
from dnsinv.store.dump import SUFFIX, Dump, dump

FACTS, MANIFEST, STORE = "backup.json", "manifest.json", "store"
FORMAT = 1
_LONGEST_FACTS = 64 << 10
_LONGEST_MANIFEST = 256 << 20  # a million files


@dataclass(frozen=True, slots=True)
class Facts:
    """Which backup this is; one that a person gave a name `is_named` and is never pruned."""

    made_at: datetime
    why: str
    by: str
    is_named: bool
    program: str = ""
    revision: str = ""


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup on disk."""

    path: Path
    size: int
    facts: Facts


@dataclass(frozen=True, slots=True)
class Contents:
    """All that a backup says is in it, and where."""

    facts: Facts
    members: Sequence[Member]
    packed: Mapping[str, Packed]
    dumped: Dump


def write(lake: Lake, store: Store, path: Path, facts: Facts) -> Backup:
    """Back up store and lake as they are together at one moment; nobody has to stop for it.

    Raises:
        LakeError: the disk refused; nothing is left of the backup.
        StoreError: the store cannot be read.
    """
    layout = lake.layout
    work = layout.staging / "backup"
    try:
        layout.locks.mkdir(parents=True, exist_ok=True)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(layout.locks / "backup.lock"):
            try:
                _clear(work, path.parent)
                return _write(lake, store, path, facts, work)
            finally:
                shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        raise LakeError(
            f"The backup {path} cannot be written: {error.strerror or error}. Nothing is left of "
            "it, and earlier backups are as they were; make room or choose another BACKUP_PATH."
        ) from error


def read(path: Path) -> Backup:
    """What a backup says of itself first; the rest is neither read nor checked.

    Raises:
        NotThere: there is no such file, or it cannot be read.
        BadArchive: it is no backup.
    """
    try:
        with path.open("rb") as file:
            first = next(iter(members(file)), None)
            if first is None or first.name != FACTS or first.size > _LONGEST_FACTS:
                raise BadArchive("It is not a backup of this program.")
            return Backup(path, path.stat().st_size, _facts(json.loads(content(file, first))))
    except OSError as error:
        raise NotThere(f"The backup {path} cannot be read: {error.strerror}.") from error
    except BadArchive as error:
        raise BadArchive(f"The file {path} is not a sound backup: {error}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadArchive(
            f"The file {path} is not a sound backup: its facts are damaged."
        ) from error


def contents(path: Path) -> Contents:
    """What is in a backup, as far as names and sizes show; digests are checked when unpacked.

    Raises:
        NotThere: there is no such file, or it cannot be read.
        BadArchive: it is no backup, is cut off, or holds what was not packed.
    """
    facts = read(path).facts
    try:
        with path.open("rb") as file:
            found = list(members(file))
            last = found[-1]
            if last.name != MANIFEST or last.size > _LONGEST_MANIFEST:
                raise BadArchive("It has no manifest in the end.")
            document = json.loads(content(file, last))
        packed = {name: Packed(size, sha) for name, (size, sha) in document["members"].items()}
        dumped = Dump(facts.revision, document["rows"], document["sizes"], document["numbers"])
        whole = Contents(facts, found[:-1], packed, dumped)
        _check(whole)
    except OSError as error:
        raise NotThere(f"The backup {path} cannot be read: {error.strerror}.") from error
    except BadArchive as error:
        raise BadArchive(f"The backup {path} is not sound: {error}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadArchive(f"The backup {path} is not sound: its manifest is damaged.") from error
    return whole


# -- writing --------------------------------------------------------------------------------------


def _write(lake: Lake, store: Store, path: Path, facts: Facts, work: Path) -> Backup:
    with ExitStack() as stack:
        with standing_still(lake.layout):
            db = stack.enter_context(store.snapshot())
            freeze(lake.layout, work)
        dumped = dump(db, work / STORE)
    names = sorted(str(file.relative_to(work)) for file in work.rglob("*") if file.is_file())
    check_room(path.parent, {name: (work / name).stat().st_size for name in names})
    whole = replace(facts, program=version("dnsinv"), revision=dumped.revision)
    with packing(path) as archive:
        archive.add_bytes(FACTS, _json({"format": FORMAT} | asdict(whole)))
        for name in names:
            archive.add(name, work / name)
        manifest = {
            "members": {name: [each.size, each.sha256] for name, each in archive.packed.items()},
            "rows": dumped.rows,
            "sizes": dumped.sizes,
            "numbers": dumped.numbers,
        }
        archive.add_bytes(MANIFEST, _json(manifest))
    return Backup(path, path.stat().st_size, whole)


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, indent=1, default=str).encode()


def _clear(work: Path, folder: Path) -> None:
    """Remove what a backup left that was killed."""
    shutil.rmtree(work, ignore_errors=True)
    for part in folder.glob("*.tar.part"):
        part.unlink(missing_ok=True)


# -- reading --------------------------------------------------------------------------------------


def _facts(document: Mapping[str, Any]) -> Facts:
    if document["format"] != FORMAT:
        raise BadArchive(
            f"Its format is {document['format']!r} and this program reads {FORMAT} only: use the "
            "program that made it."
        )
    values = {name: document[name] for name in Facts.__slots__}
    made_at = datetime.fromisoformat(values["made_at"])
    if made_at.tzinfo is None or not all(isinstance(values[name], str) for name in _TEXTS):
        raise ValueError("not as it was written")
    return Facts(**values | {"made_at": made_at, "is_named": bool(values["is_named"])})


_TEXTS = ("why", "by", "program", "revision")


def _check(whole: Contents) -> None:
    sizes = {member.name: member.size for member in whole.members}
    packed = {name: each.size for name, each in whole.packed.items()}
    if sizes != packed:
        differing = sorted(sizes.items() ^ packed.items())[0][0]
        raise BadArchive(f"{differing} is not as the manifest has it.")
    for name in sizes.keys() - {FACTS}:
        if name.split("/")[0] not in (STORE, "lake", "staging"):
            raise BadArchive(f"It holds {name}, which no backup has.")
    files = {name.removeprefix(f"{STORE}/") for name in sizes if name.startswith(f"{STORE}/")}
    dumped = whole.dumped
    counts = [*dumped.rows.values(), *dumped.sizes.values(), *dumped.numbers.values()]
    if (
        files != {f"{name}{SUFFIX}" for name in dumped.rows}
        or dumped.rows.keys() != dumped.sizes.keys()
        or not all(isinstance(count, int) and count >= 0 for count in counts)
    ):
        raise BadArchive("Its tables are not as the manifest has them.")
