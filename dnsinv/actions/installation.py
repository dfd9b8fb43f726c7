"""One installation: its settings, accounts, lake and store, opened once at each entry."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dnsinv.actions import backup_folder
from dnsinv.actions.restoring import complete
from dnsinv.errors import BadSetting, DnsinvError, LakeError
from dnsinv.lake.lake import Lake
from dnsinv.settings import Account, Settings, load_accounts, load_settings
from dnsinv.store.database import REVISION, Store, open_store
from dnsinv.store.dump import is_empty


@dataclass(frozen=True, slots=True)
class Installation:
    """What every action needs; close it when done."""

    settings: Settings
    accounts: tuple[Account, ...]
    lake: Lake
    store: Store

    def account(self, name: str) -> Account:
        """The configured account of that name.

        Raises:
            BadSetting: there is none.
        """
        for account in self.accounts:
            if account.name == name:
                return account
        known = ", ".join(account.name for account in self.accounts) or "none"
        raise BadSetting(f"There is no account {name!r}; configured are: {known}.")

    def close(self) -> None:
        self.store.close()


def open_installation(config: Path | None = None) -> Installation:
    """Read the settings and open lake and store, made on first use.

    Raises:
        BadSetting: a setting or account is wrong.
        LakeError: DB_PATH is not writable.
        StoreError: the store cannot be opened.
    """
    return open_with(load_settings(config))


def open_with(settings: Settings) -> Installation:
    """The same from settings read before; a store of an older program is backed up and upgraded.

    Raises:
        Busy: it is being restored.
    """
    root = settings.data_path
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LakeError(
            f"DB_PATH {root} cannot be made: {error.strerror}; mend it or set another."
        ) from error
    lake = Lake(root, settings.memory_limit)

    def back_up(old: Store, revision: str) -> None:
        complete(lake, old)
        with old.read() as db:
            if is_empty(db):
                return
        why = f"before the upgrade from {revision} to {REVISION}"
        backup_folder.add(settings, lake, old, why, "dnsinv", now())

    store = open_store(settings.store_url, lake.layout.locks, back_up)
    try:
        complete(lake, store)
    except DnsinvError:
        store.close()
        raise
    return Installation(settings, tuple(load_accounts(settings)), lake, store)


def now() -> datetime:
    """The real clock, in UTC; everything below the entries gets its time handed in."""
    return datetime.now(UTC)


def credential_id(account: Account) -> str:
    """A short fingerprint of an account's credential: the same for two accounts that share it."""
    secret = account.token.get_secret_value() or account.key.get_secret_value()
    return hashlib.blake2b(f"{account.provider} {secret}".encode(), digest_size=8).hexdigest()


def configured_providers(accounts: tuple[Account, ...]) -> set[str]:
    """Kinds of API that at least one usable account has."""
    return {account.provider for account in accounts if not account.problem}


def usable(account: Account) -> Account:
    """The account itself.

    Raises:
        BadSetting: its credential is not there.
    """
    if account.problem:
        raise BadSetting(
            f"The account {account.name} cannot be used: {account.problem}; "
            "set it in the environment or .env."
        )
    return account
