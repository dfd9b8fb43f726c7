"""Restoring a backup: everything is checked before anything is touched, then swapped as one.

From the command line only, while no service runs. What is there now is backed up first.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout
from sqlalchemy import Connection, inspect, select, update
from sqlalchemy.engine import make_url

from dnsinv.actions import backup_folder
from dnsinv.actions.acting import Actor
from dnsinv.actions.backup_file import STORE, Backup, Contents, Facts, contents
from dnsinv.actions.installation import now
from dnsinv.actions.restoring import ACTION, Bench, settle
from dnsinv.errors import Busy, DnsinvError, LakeError
from dnsinv.lake.archive import BadArchive, check_room, unpack
from dnsinv.lake.freeze import has_files, make_places
from dnsinv.lake.lake import Lake
from dnsinv.settings import Settings, load_accounts
from dnsinv.store import audit
from dnsinv.store.audit import Entry
from dnsinv.store.database import REVISION, Store, StoreError, is_known, open_as_it_is
from dnsinv.store.dump import check, is_empty, load
from dnsinv.store.integrity import damages, is_damage
from dnsinv.store.tables import tokens


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored, and the backup of what was there before (None if there was nothing).

    `revoked` tokens were valid in the backup and have been revoked since: they stay so.
    """

    facts: Facts
    before: Backup | None
    revoked: int


def restore(
    settings: Settings, actor: Actor, path: Path, *, discards_present: bool = False
) -> Restored:
    """Put store and lake back as a backup has them; the audit log goes on with who did that.

    The caller holds the services' lock. Sessions end, revoked tokens stay revoked.

    Args:
        discards_present: whether to go on without a backup of what is there now, because that is
            damaged; a store in SQLite that cannot be opened is set aside.

    Raises:
        NotThere, BadArchive: there is no such backup, or it is not sound; nothing was touched.
        Busy: something is being collected or restored.
        LakeError, StoreError: disk or database refused, or the backup is of a newer program;
            everything is as it was, or will be completed when the inventory is opened next.
    """
    lake = Lake(settings.data_path, settings.memory_limit)
    bench = Bench(lake.layout)
    try:
        with _alone(settings, bench):
            store = _opened(settings, discards_present=discards_present)
            try:
                settle(bench, lake, store)
                whole = contents(path)
                try:
                    _lay_out(bench, path, whole)
                    before = None if discards_present else _back_up(settings, lake, store, path)
                    return _swap(bench, lake, store, actor, path, whole, before)
                finally:
                    if not bench.journal.exists():
                        shutil.rmtree(bench.folder, ignore_errors=True)
            finally:
                store.close()
    except OSError as error:
        raise LakeError(
            f"{path} cannot be restored into {settings.data_path}: {error.strerror or error}."
        ) from error


@contextmanager
def _alone(settings: Settings, bench: Bench) -> Iterator[None]:
    """Nobody collects, derives, backs up or restores meanwhile."""
    locks = bench.layout.locks
    locks.mkdir(parents=True, exist_ok=True)
    names = {path.stem for path in locks.glob("account-*.lock")}
    names |= {f"account-{account.name}" for account in load_accounts(settings)}
    with ExitStack() as stack:
        try:
            stack.enter_context(bench.lock())
            for name in [*sorted(names), "collections", "fold", "carry-on"]:
                stack.enter_context(FileLock(locks / f"{name}.lock", timeout=0))
        except Timeout:
            raise Busy(
                f"The inventory in {settings.data_path} is being collected or restored by another "
                "process: wait for it, or stop it. Nothing was restored."
            ) from None
        yield


def _opened(settings: Settings, *, discards_present: bool) -> Store:
    """The store as it is, of whatever revision; a damaged SQLite file that is not wanted, anew."""
    try:
        store, _ = open_as_it_is(settings.store_url)
        with store.read() as db:
            damage = damages(db) if discards_present else []
        if not damage:
            return store
        store.close()
    except StoreError as error:
        if not is_damage(error):  # a full disk is none
            raise
        if not discards_present:
            raise StoreError(
                f"{error} To restore without a backup of it, add --discard-present."
            ) from error
    file = make_url(settings.store_url).database or ""
    for name in (file, f"{file}-wal", f"{file}-shm"):
        with suppress(FileNotFoundError):
            Path(name).rename(f"{name}.damaged-{now():%Y%m%dT%H%M%SZ}")
    return open_as_it_is(settings.store_url)[0]


def _lay_out(bench: Bench, path: Path, whole: Contents) -> None:
    """Unpack all of it under staging, checked to the last byte, on the disk for good."""
    revision = whole.facts.revision
    if not is_known(revision):
        raise StoreError(
            f"The backup {path} is of a newer program ({whole.facts.program}, revision {revision}; "
            f"this one has {REVISION}): restore it with that program. Nothing was touched."
        )
    bench.new.mkdir(parents=True)
    check_room(bench.new, {member.name: member.size for member in whole.members})
    make_places(bench.layout, bench.new)
    try:
        with path.open("rb") as file:
            for member in whole.members:
                unpack(file, member, whole.packed[member.name], bench.new / member.name)
        check(bench.new / STORE, whole.dumped)
    except (BadArchive, StoreError) as error:
        raise BadArchive(f"The backup {path} is not sound: {error} Nothing was touched.") from error
    os.sync()


def _back_up(settings: Settings, lake: Lake, store: Store, path: Path) -> Backup | None:
    with store.read() as db:
        is_new = is_empty(db)
    if is_new and not has_files(lake.layout):
        return None
    try:
        return backup_folder.add(settings, lake, store, "before a restore", "dnsinv", now())
    except DnsinvError as error:
        raise LakeError(
            f"{error} {path} was not restored, as what is there now cannot be backed up; "
            "--discard-present restores nevertheless."
        ) from error


def _swap(
    bench: Bench,
    lake: Lake,
    store: Store,
    actor: Actor,
    path: Path,
    whole: Contents,
    before: Backup | None,
) -> Restored:
    attempt, at = uuid4().hex, now()
    bench.begin(attempt)
    try:
        with store.begin() as db:
            gone = _revoked(db)
            load(db, bench.new / STORE, whole.dumped)
            revoked = _revoke(db, gone)
            details = {
                "backup_of": whole.facts.made_at.isoformat(),
                "why": whole.facts.why,
                "before": before.path.name if before else "",
                "tokens_revoked": revoked,
            }
            entry = _entry(db, actor, attempt, at, path, details)
            audit.append(db, entry)
    finally:
        settle(bench, lake, store)
    return Restored(whole.facts, before, revoked)


def _entry(
    db: Connection, actor: Actor, attempt: str, at: datetime, path: Path, details: dict[str, object]
) -> Entry:
    return Entry(
        audit.next_seq(db),
        at,
        actor.name,
        None,
        actor.door,
        actor.address,
        attempt,
        ACTION,
        str(path),
        "done",
        details,
    )


def _revoked(db: Connection) -> dict[str, datetime]:
    """By hash, when each token was revoked that is so now."""
    if not inspect(db).has_table(tokens.name):
        return {}
    query = select(tokens.c.token_hash, tokens.c.revoked_at).where(tokens.c.revoked_at.is_not(None))
    return {token_hash: at for token_hash, at in db.execute(query)}  # noqa: C416


def _revoke(db: Connection, gone: dict[str, datetime]) -> int:
    """A token that had leaked must not come back to life."""
    return sum(
        db.execute(
            update(tokens)
            .where(tokens.c.token_hash == token_hash, tokens.c.revoked_at.is_(None))
            .values(revoked_at=at)
        ).rowcount
        for token_hash, at in gone.items()
    )
