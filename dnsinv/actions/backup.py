"""Backups: made by a person, or before something that cannot be undone, and listed.

They lie in BACKUP_PATH and hold what people would miss, password hashes too: only the owner of the
files may read them. Restoring is in restore.py.
"""

import re
from pathlib import Path

from dnsinv.actions import backup_folder as folder
from dnsinv.actions.acting import Actor, NotAllowed, allow, note
from dnsinv.actions.backup_file import Backup, Facts, write
from dnsinv.actions.installation import Installation, now
from dnsinv.domain.permission import Right
from dnsinv.errors import Conflict, DnsinvError, UsageError

BULK = 1_000  # assignments that end at once

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def list_backups(installation: Installation, actor: Actor) -> list[Backup]:
    """Every backup in BACKUP_PATH, newest first.

    Raises:
        NotAllowed: the actor may not make backups.
    """
    _permit(installation, actor, "backup.list")
    found = folder.kept(installation.settings.backups)
    note(installation, actor, "backup.list", backups=len(found))
    return found


def make_backup(installation: Installation, actor: Actor, name: str | None = None) -> Backup:
    """Back up store and lake into BACKUP_PATH, while everything runs.

    Args:
        name: of the file, without its ending; a backup that has one is kept until somebody
            removes it.

    Raises:
        NotAllowed: the actor may not make backups.
        UsageError: the name cannot be a file's. Conflict: there is one of that name.
        LakeError: the disk refused; nothing is left of the backup.
    """
    if name is None:
        return _made(installation, actor, None)
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"A backup cannot be called {name[:100]!a}: letters, digits and . _ - will do, "
            "100 at most, the first a letter or digit."
        )
    file = f"{name.removesuffix(folder.SUFFIX)}{folder.SUFFIX}"
    return _made(installation, actor, installation.settings.backups / file)


def backup_to(installation: Installation, actor: Actor, path: Path) -> Backup:
    """Back up store and lake as the file `path`, or under a name of its own in the folder `path`.

    Raises:
        NotAllowed, Conflict, LakeError: as make_backup.
    """
    if path.is_dir():
        path = folder.unused(path, "by hand", now())
    return _made(installation, actor, path.absolute())


def restore_point(installation: Installation, why: str) -> Path:
    """Make a backup before something that cannot be undone; its file.

    Call it before the transaction that does it, and put the file's name into its audit entry.

    Args:
        why: what comes, such as "before 5,000 assignments end"; part of the file's name.

    Raises:
        LakeError, StoreError: it could not be made; then do not go on.
    """
    return folder.add(
        installation.settings, installation.lake, installation.store, why, "dnsinv", now()
    ).path


def restore_point_before(installation: Installation, why: str, count: int) -> dict[str, str]:
    """The same where so much ends that nobody could do it again by hand; for the audit entry.

    Args:
        count: how many assignments may end; below BULK there is no backup.
    """
    if count < BULK:
        return {}
    return {"restore_point": restore_point(installation, why).name}


def _made(installation: Installation, actor: Actor, path: Path | None) -> Backup:
    action, why = "backup.make", "by hand"
    subject = str(path or installation.settings.backups)
    _permit(installation, actor, action, subject)
    settings, lake, store = installation.settings, installation.lake, installation.store
    if path is not None and path.exists():
        raise Conflict(f"There is a file {path} already; choose another name.")
    try:
        if path is None:
            made = folder.add(settings, lake, store, why, actor.name, now())
        else:
            made = write(lake, store, path, Facts(now(), why, actor.name, is_named=True))
    except DnsinvError as error:
        note(installation, actor, action, subject, "failed", error=str(error))
        raise
    note(installation, actor, action, str(made.path), bytes=made.size)
    return made


def _permit(installation: Installation, actor: Actor, action: str, subject: str = "") -> None:
    """Let pass, or write down the refusal; no transaction stays open, for backups take a while."""
    try:
        allow(installation, actor, Right.BACK_UP)
    except NotAllowed:
        note(installation, actor, action, subject, "refused", needs=Right.BACK_UP.value)
        raise
