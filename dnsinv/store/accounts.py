"""Accounts that were collected at least once, and what a person retired."""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from dnsinv.errors import BadSetting
from dnsinv.store.tables import accounts, retired_domains


def note_account(db: Connection, name: str, provider: str, at: datetime) -> None:
    """Remember an account at its first collection; later calls change nothing.

    Raises:
        BadSetting: the name was another provider's.
    """
    if not is_known_account(db, name, provider):
        db.execute(insert(accounts).values(name=name, provider=provider, first_collected_at=at))


def is_known_account(db: Connection, name: str, provider: str) -> bool:
    """Whether the account was collected before.

    Raises:
        BadSetting: the name was another provider's; what the two held would become one.
    """
    known = db.execute(select(accounts.c.provider).where(accounts.c.name == name)).scalar()
    if known is not None and known != provider:
        raise BadSetting(
            f"The name {name} was used for a {known} account; choose another name in dnsinv.toml."
        )
    return known is not None


def retired_accounts(db: Connection) -> dict[str, datetime]:
    """When each retired account was retired."""
    rows = db.execute(
        select(accounts.c.name, accounts.c.retired_at).where(accounts.c.retired_at.is_not(None))
    )
    return {name: at for name, at in rows}  # noqa: C416 - rows are not tuples to mypy


def retire_account(db: Connection, name: str, at: datetime | None) -> bool:
    """Retire an account, or with None take it back into use; False where it is unknown."""
    return (
        db.execute(update(accounts).where(accounts.c.name == name).values(retired_at=at)).rowcount
        == 1
    )


def known_accounts(db: Connection) -> list[tuple[str, str, datetime | None]]:
    """(name, provider, retired_at) in order of name."""
    query = select(accounts.c.name, accounts.c.provider, accounts.c.retired_at).order_by(
        accounts.c.name
    )
    return [(name, provider, at) for name, provider, at in db.execute(query)]


def known_domains_retired(db: Connection) -> set[str]:
    """Names of domains that a person retired."""
    return set(db.execute(select(retired_domains.c.name)).scalars())


def retire_domain(db: Connection, name: str, at: datetime | None) -> None:
    """Retire a domain, or with None take it back."""
    db.execute(delete(retired_domains).where(retired_domains.c.name == name))
    if at is not None:
        db.execute(insert(retired_domains).values(name=name, retired_at=at))
