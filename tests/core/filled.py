"""An installation with something in every table and, where wanted, in the lake."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Boolean, Connection, Integer, Table, insert, select

from dnsinv.actions.acting import Actor, acting
from dnsinv.actions.collect import derive
from dnsinv.actions.installation import Installation, open_with
from dnsinv.collection.engine import Engine, Job
from dnsinv.domain.permission import Right
from dnsinv.settings import Settings
from dnsinv.store.database import Store
from dnsinv.store.tables import Instant, audit_log, metadata, users
from tests.core.scripted import Clock, Scripted, a_record

ROOT = Actor("root", "cli")
AT = datetime(2026, 3, 2, 8, 30, 15, 123456, tzinfo=UTC)
TEXT = "Zoë 😀 \"quoted\" 'single'\n\ttab \\ end"
# Who owns something is a user or a group.
ONE_OWNER: dict[str, Any] = {"group_id": None}

Rows = dict[str, list[tuple[Any, ...]]]


@contextmanager
def opened(root: Path, url: str = "", **settings: Any) -> Iterator[Installation]:
    installation = open_with(settings_of(root, url, **settings))
    try:
        yield installation
    finally:
        installation.close()


def settings_of(root: Path, url: str = "", **settings: Any) -> Settings:
    """Of a folder alone: no environment, no account."""
    return Settings(db_path=root, database_url=url, _env_file=None, **settings)


def fill(store: Store) -> None:
    """Two rows in every table there is, whatever tables there will be."""
    with store.begin() as db:
        for table in metadata.sorted_tables:
            if table is not audit_log:
                db.execute(insert(table), [_row(table, number) for number in (11, 12)])


def act(installation: Installation, subject: str) -> int:
    """Make a user by an action; its id."""
    with acting(installation, ROOT, "user.create", Right.MANAGE_PEOPLE, subject) as deed:
        return add_user(deed.db, subject, deed.seq, at=deed.at)


def add_user(db: Connection, name: str, seq: int, role: str = "admin", at: datetime = AT) -> int:
    values = {
        "name": name,
        "name_key": name.casefold(),
        "role": role,
        "is_active": True,
        "can_sign_in": True,
        "created_at": at,
        "changed_in": seq,
    }
    return int(db.execute(insert(users).values(values)).inserted_primary_key[0])


def observe(installation: Installation, address: str, clock: Clock) -> None:
    """Collect an account of three domains, whose first has a record with this address."""
    zones = {name: [a_record(name, "www", address)] for name in ("a.example", "b.example")}
    zones["c.example"] = [a_record("c.example", "www", "192.0.2.3")]
    engine = Engine(installation.lake, installation.store, clock)
    ended = engine.collect(Job("godaddy", "shop"), Scripted(zones))
    assert ended.state == "completed"
    derive(installation)


def rows_of(store: Store) -> Rows:
    """Everything in the store, as Python has it."""
    with store.read() as db:
        return {
            table.name: [
                tuple(row) for row in db.execute(select(table).order_by(*table.primary_key.columns))
            ]
            for table in metadata.sorted_tables
        }


def records_of(installation: Installation) -> list[tuple[Any, ...]]:
    return installation.lake.query("select name, content from dns_records order by all")


def files_of(installation: Installation) -> dict[str, bytes]:
    """Every file of the lake."""
    lake = installation.lake.layout.lake
    return {str(p.relative_to(lake)): p.read_bytes() for p in lake.rglob("*") if p.is_file()}


def _row(table: Table, number: int) -> dict[str, Any]:
    values = {column.name: _value(column, number) for column in table.columns}
    names = {constraint.name for constraint in table.constraints}
    return values | ONE_OWNER if names & {"assignments_one_owner", "rules_one_owner"} else values


def _value(column: Any, number: int) -> Any:
    if column.foreign_keys:
        key = next(iter(column.foreign_keys)).column
        return _value(key, number)
    if isinstance(column.type, Instant):
        return AT + timedelta(hours=number)
    if isinstance(column.type, Boolean):
        return number == 11
    if isinstance(column.type, Integer):
        return None if column.name == "ended_in" else number
    if isinstance(column.type, JSON):
        return [number, None, {"a": [TEXT, 0.25, True]}]
    if column.name.endswith("_on"):
        return f"2026-03-{number}"
    length = getattr(column.type, "length", None)
    return f"{column.name} {number}"[:length] if length else f"{number} {TEXT}"
