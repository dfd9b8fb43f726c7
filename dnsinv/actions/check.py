"""What is not as it should be: configuration, data and credentials, each in words."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Connection

from dnsinv.actions.collect import diagnose
from dnsinv.actions.installation import Installation
from dnsinv.lake.integrity import Problem, problems
from dnsinv.providers.provider import Diagnosis
from dnsinv.settings import Account
from dnsinv.store import audit, integrity
from dnsinv.store.accounts import known_accounts
from dnsinv.store.database import StoreError

SANDBOX_SUFFIX = "-sandbox"  # as the sandbox names the accounts in the file that it writes


def config_problems(installation: Installation) -> Iterator[Problem]:
    """Settings and accounts that cannot work as they are."""
    if not installation.accounts:
        yield Problem(
            "no_account",
            "No account is configured, so nothing can be collected.",
            "Set CLOUDFLARE_API_TOKEN or GODADDY_API_TOKEN, or write a dnsinv.toml "
            "(docs/settings.md).",
        )
    for account in installation.accounts:
        if account.problem:
            yield Problem(
                "no_credential",
                f"The account {account.name} has no credential: {account.problem}.",
                "Set it in the environment or in .env.",
            )
        if (
            account.provider == "godaddy"
            and account.token.get_secret_value()
            and account.key.get_secret_value()
        ):
            yield Problem(
                "two_credentials",
                f"The account {account.name} has a token and a key; the token is used.",
                "Unset the key; GoDaddy retires them.",
            )
    yield from _clashes(installation)
    ports = {
        "SERVER_PORT": installation.settings.server_port,
        "DAGSTER_PORT": installation.settings.dagster_port,
        "DAGSTER_CODE_PORT": installation.settings.dagster_code_port,
    }
    for name, port in ports.items():
        same = sorted(other for other in ports if ports[other] == port and other > name)
        if same:
            yield Problem(
                "same_port", f"{name} and {same[0]} are both {port}.", "Give each its own port."
            )


def _clashes(installation: Installation) -> Iterator[Problem]:
    """Accounts that must not go with what this folder holds already."""
    with installation.store.begin() as db:
        known = {name: provider for name, provider, _ in known_accounts(db)}
    made_up = [name for name in known if name.endswith(SANDBOX_SUFFIX)]
    real = [a.name for a in installation.accounts if not a.name.endswith(SANDBOX_SUFFIX)]
    if made_up and real:
        yield Problem(
            "mixed_data",
            f"DB_PATH {installation.settings.data_path} holds the sandbox's account {made_up[0]}; "
            f"{real[0]} would be mixed with made-up data.",
            "Choose another folder, such as DB_PATH=./data-real in .env.",
        )
    for account in installation.accounts:
        if known.get(account.name, account.provider) != account.provider:
            yield Problem(
                "name_reused",
                f"The name {account.name} was used for a {known[account.name]} account.",
                "Choose another name in dnsinv.toml.",
            )


def data_problems(installation: Installation) -> Iterator[Problem]:
    """Damage in the store, the audit log and the lake."""
    yield from _store_problems(installation)
    yield from problems(installation.lake)


def _store_problems(installation: Installation) -> Iterator[Problem]:
    mend = "Restore the last sound backup: `dnsinv backup list`, `dnsinv restore PATH`."
    try:
        with installation.store.snapshot() as db:  # others go on writing meanwhile
            damage = integrity.damages(db)
            for line in damage:
                yield Problem("damaged_store", f"The store's file is damaged: {line}.", mend)
            if damage:
                return  # what follows would read what cannot be read
            for column, other, count in integrity.orphans(db):
                text = f"{count} rows name in {column} a row of {other} that is not there."
                yield Problem("orphans", text, mend)
            yield from _audit_problems(db, mend)
    except StoreError as error:
        yield Problem("unreadable_store", str(error), mend)


def _audit_problems(db: Connection, mend: str) -> Iterator[Problem]:
    broken, last = audit.broken_at(db), audit.last_seq(db)
    if broken is not None:
        yield Problem(
            "audit_broken",
            f"The audit log is not as it was written: entry {broken} was changed or removed.",
            f"Find out who can write to the database; compare with a backup. {mend}",
        )
    for column, count, highest in integrity.beyond(db, last):
        yield Problem(
            "audit_truncated",
            f"The audit log ends at entry {last}, but {count} rows name later ones in {column}, "
            f"the last {highest}: its end was removed.",
            f"Find out who can write to the database; compare with a backup. {mend}",
        )


def diagnoses(installation: Installation) -> list[tuple[Account, Diagnosis]]:
    """Every account's credential, tried out side by side; in order of account."""
    if not installation.accounts:
        return []
    with ThreadPoolExecutor(len(installation.accounts)) as pool:
        tried = pool.map(lambda account: diagnose(installation, account), installation.accounts)
        return list(zip(installation.accounts, tried, strict=True))
