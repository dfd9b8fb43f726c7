"""Collecting: one account now, what follows from it, and what the guard held back."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from filelock import FileLock

from dnsinv.actions.acting import Actor, note, permit
from dnsinv.actions.follow import follow_changes
from dnsinv.actions.installation import Installation, credential_id, now, usable
from dnsinv.actions.rules import apply_to_new
from dnsinv.collection.engine import Engine, Job, Progress
from dnsinv.collection.guard import Guard
from dnsinv.domain.domains import ManualDomain
from dnsinv.domain.names import canonical_name
from dnsinv.domain.permission import Right
from dnsinv.errors import BadSetting, Busy, DnsinvError
from dnsinv.http import Rate
from dnsinv.lake.fold import fold_all, fold_current, fold_domains, publish_collections
from dnsinv.lake.readmodel import build_read_model
from dnsinv.providers.provider import Diagnosis, Provider
from dnsinv.providers.registry import open_provider
from dnsinv.settings import Account
from dnsinv.store import accounts, annotations, collections, settings
from dnsinv.store.collections import Collection

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
_LOOKED_AT = 100  # collections of an account; what is older has long ended


def collect(
    installation: Installation,
    account_name: str,
    *,
    lists_only: bool = False,
    domain: str = "",
    deadline: datetime | None = None,
    clock: Clock = now,
    progress: Progress | None = None,
    stopping: threading.Event | None = None,
) -> Collection:
    """Observe one account now and publish what was seen; `derive` makes history and current of it.

    Gives the ended collection. A collection that was cut off goes on where it was.

    Raises:
        BadSetting: no such account, it is retired, its credential is missing, or its name was
            another provider's.
        Busy, Interrupted, LakeError, StoreError: as Engine.collect.
    """
    account = usable(installation.account(account_name))
    _refuse_unwanted(installation, account)
    job = Job(
        account.provider,
        account.name,
        guard_of(installation),
        lists_only,
        canonical_name(domain) if domain else "",
        deadline,
        lock_names(account),
    )
    provider = provider_of(installation, account, stopping)
    try:
        engine = Engine(installation.lake, installation.store, clock, progress, stopping)
        with _recorded(installation, account.name):
            return engine.collect(job, provider)
    finally:
        provider.close()


def accounts_in_use(installation: Installation) -> list[Account]:
    """Accounts that have a credential and are not retired, in order of name."""
    with installation.store.begin() as db:
        retired = accounts.retired_accounts(db)
    return [
        account
        for account in installation.accounts
        if not account.problem and account.name not in retired
    ]


def derive(installation: Installation) -> dict[str, int]:
    """Make history, current and the read model from what was observed; rows by dataset."""
    rows = fold_all(installation.lake, _retired(installation), partial(entered, installation))
    carry_on(installation)
    build_read_model(installation.lake)
    return rows


def derive_domains(installation: Installation) -> None:
    """Make only the current domains and the read model: what people entered or took out shows."""
    fold_domains(installation.lake, _retired(installation), partial(entered, installation))
    carry_on(installation)
    build_read_model(installation.lake)


def derive_current(installation: Installation) -> dict[str, int]:
    """Make current domains and records and the read model: what was imported shows."""
    rows = fold_current(installation.lake, _retired(installation), partial(entered, installation))
    carry_on(installation)
    build_read_model(installation.lake)
    return rows


def entered(installation: Installation) -> list[ManualDomain]:
    """The domains that people entered."""
    with installation.store.read() as db:
        return annotations.all_manual(db)


def _retired(installation: Installation) -> Mapping[str, datetime]:
    with installation.store.read() as db:
        return accounts.retired_accounts(db)


def carry_on(installation: Installation) -> None:
    """Carry what people decided over to what was observed since, once it is folded.

    One process after another: two that follow the same changes at once would follow them twice,
    and give owners of contents that were exchanged back to each other.
    """
    locks = installation.lake.layout.locks
    locks.mkdir(parents=True, exist_ok=True)
    with FileLock(locks / "carry-on.lock"):
        apply_to_new(installation)
        follow_changes(installation)


def accept(installation: Installation, actor: Actor, collection_id: str) -> Collection:
    """Publish what the guard held back in a collection, and derive what follows.

    Raises:
        NotAllowed: the actor may not settle holds.
        DnsinvError: nothing of that collection is held.
    """
    with _settled(installation, actor, "collection.accept", collection_id) as engine:
        accepted = engine.accept(collection_id)
    derive(installation)
    return accepted


def reject(installation: Installation, actor: Actor, collection_id: str) -> None:
    """Forget what the guard held back in a collection, and derive what follows.

    Raises:
        NotAllowed: the actor may not settle holds.
        DnsinvError: nothing of that collection is held.
    """
    with _settled(installation, actor, "collection.reject", collection_id) as engine:
        engine.reject(collection_id)
    derive(installation)


@contextmanager
def _settled(
    installation: Installation, actor: Actor, action: str, collection_id: str
) -> Iterator[Engine]:
    """What a person says of a hold, in the audit log however it ends.

    Not in one transaction: publishing takes long, and is its own.
    """
    permit(installation, actor, action, Right.SETTLE_HOLDS, collection_id)
    with installation.store.read() as db:
        found = collections.find(db, collection_id)
    try:
        with _recorded(installation, found.account if found else "", found):
            yield Engine(installation.lake, installation.store, now)
    except DnsinvError as error:
        note(installation, actor, action, collection_id, "failed", why=str(error))
        raise
    note(installation, actor, action, collection_id, account=found.account if found else "")


def record(installation: Installation, day: date) -> None:
    """Bring the `collections` dataset of one day up to date with the store."""
    start = datetime.combine(day, time.min, UTC)
    locks = installation.lake.layout.locks
    locks.mkdir(parents=True, exist_ok=True)
    with FileLock(locks / "collections.lock"):  # or rows read earlier could be published later
        with installation.store.begin() as db:
            rows = collections.between(db, start, start + timedelta(days=1))
        publish_collections(installation.lake, day, [asdict(row) for row in rows])


@contextmanager
def _recorded(
    installation: Installation, account: str, settled: Collection | None = None
) -> Iterator[None]:
    """Record every day whose collections of an account change meanwhile, however that ends.

    A run also ends what an earlier one left behind, which may have begun on another day. The last
    collection before is recorded in any case: a crash may have come between its end and this. So is
    `settled`, however long ago it was.
    """
    before = ([settled] if settled else []) + _latest(installation, account)
    try:
        yield
    except Busy:  # nothing was done
        raise
    except BaseException:
        try:
            _record_changed(installation, account, before)
        except (DnsinvError, OSError) as error:  # what went wrong first says more
            log.warning("collections not recorded account=%s error=%s", account, error)
        raise
    _record_changed(installation, account, before)


def _record_changed(installation: Installation, account: str, before: list[Collection]) -> None:
    changed = [row for row in _latest(installation, account) if row not in before] + before[:1]
    for day in sorted({row.started_at.date() for row in changed}):
        record(installation, day)


def _latest(installation: Installation, account: str) -> list[Collection]:
    with installation.store.begin() as db:
        return collections.latest(db, account, _LOOKED_AT)


def _refuse_unwanted(installation: Installation, account: Account) -> None:
    with installation.store.begin() as db:
        accounts.is_known_account(db, account.name, account.provider)
        retired = accounts.retired_accounts(db).get(account.name)
    if retired is not None:
        raise BadSetting(
            f"The account {account.name} is retired; "
            f"`dnsinv account restore {account.name}` takes it back into use."
        )


def guard_of(installation: Installation) -> Guard:
    """The guard as the run-time settings have it."""
    with installation.store.begin() as db:
        share = settings.number(db, settings.GUARD_SHARE, installation.settings.guard_share)
        count = settings.number(db, settings.GUARD_COUNT, installation.settings.guard_count)
    return Guard(share, int(count))


def provider_of(
    installation: Installation, account: Account, stopping: threading.Event | None = None
) -> Provider:
    """An account's API, ready to be read; close it when done."""
    return open_provider(
        provider=account.provider,
        base_url=account.base_url,
        key=account.key.get_secret_value(),
        secret=account.secret.get_secret_value(),
        token=account.token.get_secret_value(),
        rate=Rate(*account.rate) if account.rate else None,
        state_dir=installation.lake.layout.locks / "limits",
        stopping=stopping,
    )


def lock_names(account: Account) -> tuple[str, ...]:
    """Locks besides the account's own: one collection at a time per credential."""
    return (f"credential-{credential_id(account)}",)


def diagnose(installation: Installation, account: Account) -> Diagnosis:
    """Whether an account's credential works, in words."""
    if account.problem:
        return Diagnosis(is_ok=False, code="bad_key", text=f"Not configured: {account.problem}.")
    provider = provider_of(installation, account)
    try:
        return provider.diagnose()
    finally:
        provider.close()
