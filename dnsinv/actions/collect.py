"""Collecting: one account now, what follows from it, and what the guard held back."""

import threading
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta

from dnsinv.actions.installation import Installation, credential_id, now, usable
from dnsinv.collection.engine import Engine, Job, Progress
from dnsinv.collection.guard import Guard
from dnsinv.domain.names import canonical_name
from dnsinv.http import Rate
from dnsinv.lake.fold import fold_all, publish_collections
from dnsinv.lake.readmodel import build_read_model
from dnsinv.providers.provider import Diagnosis, Provider
from dnsinv.providers.registry import open_provider
from dnsinv.settings import Account
from dnsinv.store import accounts, collections, settings
from dnsinv.store.collections import Collection

Clock = Callable[[], datetime]


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
        BadSetting: no such account, or its credential is missing.
        Busy, Interrupted, LakeError, StoreError: as Engine.collect.
    """
    account = usable(installation.account(account_name))
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
        ended = engine.collect(job, provider)
    finally:
        provider.close()
    record(installation, ended.started_at.date())
    return ended


def derive(installation: Installation) -> dict[str, int]:
    """Make history, current and the read model from what was observed; rows by dataset."""
    with installation.store.begin() as db:
        retired = accounts.retired_accounts(db)
    rows = fold_all(installation.lake, retired)
    build_read_model(installation.lake)
    return rows


def accept(installation: Installation, collection_id: str) -> Collection:
    """Publish what the guard held back in a collection, and derive what follows.

    Raises:
        DnsinvError: nothing of that collection is held.
    """
    accepted = Engine(installation.lake, installation.store, now).accept(collection_id)
    record(installation, accepted.started_at.date())
    derive(installation)
    return accepted


def reject(installation: Installation, collection_id: str) -> None:
    """Forget what the guard held back in a collection.

    Raises:
        DnsinvError: nothing of that collection is held.
    """
    Engine(installation.lake, installation.store, now).reject(collection_id)


def record(installation: Installation, day: date) -> None:
    """Bring the `collections` dataset of one day up to date with the store."""
    start = datetime.combine(day, time.min, UTC)
    with installation.store.begin() as db:
        rows = collections.between(db, start, start + timedelta(days=1))
    publish_collections(installation.lake, day, [asdict(row) for row in rows])


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
