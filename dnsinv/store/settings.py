"""Settings that may change while services run; a value here wins over the environment's."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from dnsinv.store.tables import settings

INTERVAL_MINUTES = "data_collection_interval"
GUARD_SHARE = "guard_share"
GUARD_COUNT = "guard_count"
RULE_MODE = "rule_mode"  # "first" or "all"
RULES_REACHED = "rules_reached"  # up to when each account's new domains were given owners
FOLLOWED_TO = "followed_to"  # up to when each account's changes were followed by assignments
BACKUP_COUNT = "backup_count"
BACKUP_DAYS = "backup_days"


def number(db: Connection, name: str, default: float) -> float:
    """A numeric setting, or the default where nobody changed it."""
    value = known(db, name)
    return default if value is None else float(value)


def known(db: Connection, name: str) -> Any:
    """A setting's value, None where nobody changed it."""
    return db.execute(select(settings.c.value).where(settings.c.name == name)).scalar_one_or_none()


def change(db: Connection, name: str, value: Any, at: datetime) -> None:
    """Set it, from now on for every service."""
    db.execute(delete(settings).where(settings.c.name == name))
    db.execute(insert(settings).values(name=name, value=value, changed_at=at))


def reached(db: Connection, name: str) -> dict[str, datetime]:
    """Up to which observation of each account something was done."""
    return {account: datetime.fromisoformat(at) for account, at in (known(db, name) or {}).items()}


def reach(db: Connection, name: str, now_reached: Mapping[str, datetime], at: datetime) -> None:
    """Write down up to where it is done now; another who was further stays so."""
    before = reached(db, name)
    latest = {
        account: max(each, before.get(account, each)).isoformat()
        for account, each in now_reached.items()
    }
    change(db, name, {**(known(db, name) or {}), **latest}, at)
