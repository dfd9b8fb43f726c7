"""The folder of backups: what lies there, what is added by itself, what is pruned.

Backups that nobody gave a name are pruned by number and age, but never the newest; named ones are
for people to remove.
"""

import logging
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from dnsinv.actions.backup_file import Backup, Facts, read, write
from dnsinv.errors import UsageError
from dnsinv.lake.lake import Lake
from dnsinv.settings import Settings
from dnsinv.store import settings as run_time
from dnsinv.store.database import Store

SUFFIX = ".tar"

log = logging.getLogger(__name__)


def kept(folder: Path) -> list[Backup]:
    """Every backup in a folder, newest first; other files are passed over."""
    found = []
    for path in folder.glob(f"*{SUFFIX}"):
        with suppress(UsageError):
            found.append(read(path))
    return sorted(found, key=lambda backup: (backup.facts.made_at, backup.path), reverse=True)


def add(settings: Settings, lake: Lake, store: Store, why: str, by: str, at: datetime) -> Backup:
    """Make a backup that will be pruned in time, and prune earlier ones now.

    Raises:
        LakeError: the disk refused; nothing was pruned.
        StoreError: the store cannot be read.
    """
    path = unused(settings.backups, why, at)
    made = write(lake, store, path, Facts(at, why, by, is_named=False))
    log.info("backup made path=%s why=%s bytes=%d", path, why, made.size)
    with store.read() as db:
        count = run_time.number(db, run_time.BACKUP_COUNT, settings.backup_count)
        days = run_time.number(db, run_time.BACKUP_DAYS, settings.backup_days)
    for backup in outlived(kept(settings.backups), int(count), timedelta(days=days), at):
        backup.path.unlink(missing_ok=True)
        log.info("backup pruned path=%s", backup.path)
    return made


def outlived(backups: Sequence[Backup], count: int, age: timedelta, at: datetime) -> list[Backup]:
    """Which of them (newest first) are to go: nameless ones beyond a number or an age."""
    nameless = [backup for backup in backups if not backup.facts.is_named]
    return [
        backup
        for place, backup in enumerate(nameless)
        if place and (place >= count or at - backup.facts.made_at > age)
    ]


def unused(folder: Path, why: str, at: datetime) -> Path:
    """A name for a backup that tells when and why, and that no other has."""
    slug = re.sub(r"[^a-z0-9]+", "-", why.lower())[:60].strip("-")
    stem = f"{at:%Y%m%dT%H%M%SZ}-{slug}"
    path, number = folder / f"{stem}{SUFFIX}", 1
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}{SUFFIX}"
    return path
