"""Settings that may change while services run; a value here wins over the environment's."""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from dnsinv.store.tables import settings

INTERVAL_MINUTES = "data_collection_interval"
GUARD_SHARE = "guard_share"
GUARD_COUNT = "guard_count"
BACKUP_COUNT = "backup_count"
BACKUP_DAYS = "backup_days"


def number(db: Connection, name: str, default: float) -> float:
    """A numeric setting, or the default where nobody changed it."""
    value = db.execute(select(settings.c.value).where(settings.c.name == name)).scalar_one_or_none()
    return default if value is None else float(value)


def change(db: Connection, name: str, value: float, at: datetime) -> None:
    """Set it, from now on for every service."""
    db.execute(delete(settings).where(settings.c.name == name))
    db.execute(insert(settings).values(name=name, value=value, changed_at=at))
