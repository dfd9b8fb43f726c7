"""The store's tables. Instants are UTC without zone in the database, aware in Python."""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime, the same on SQLite and Postgres."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else value.replace(tzinfo=UTC)


metadata = MetaData()

accounts = Table(
    "accounts",
    metadata,
    Column("name", String(60), primary_key=True),
    Column("provider", String(20), nullable=False),
    Column("first_collected_at", Instant, nullable=False),
    Column("retired_at", Instant),
)

retired_domains = Table(
    "retired_domains",
    metadata,
    Column("name", String(253), primary_key=True),
    Column("retired_at", Instant, nullable=False),
)

collections = Table(
    "collections",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("provider", String(20), nullable=False),
    Column("account", String(60), nullable=False, index=True),
    Column("scope", String(300), nullable=False),
    Column("state", String(10), nullable=False),
    Column("started_at", Instant, nullable=False, index=True),
    Column("finished_at", Instant),
    Column("domains", Integer, nullable=False, default=0),
    Column("zones_complete", Integer, nullable=False, default=0),
    Column("zones_unchanged", Integer, nullable=False, default=0),
    Column("zones_no_zone_here", Integer, nullable=False, default=0),
    Column("zones_refused", Integer, nullable=False, default=0),
    Column("zones_failed", Integer, nullable=False, default=0),
    Column("zones_unread", Integer, nullable=False, default=0),
    Column("records", Integer, nullable=False, default=0),
    Column("requests", Integer, nullable=False, default=0),
    Column("errors", Text, nullable=False, default=""),
)

holds = Table(
    "holds",
    metadata,
    Column("collection_id", String(100), ForeignKey("collections.id"), primary_key=True),
    Column("account", String(60), nullable=False),
    Column("state", String(10), nullable=False),  # open, agreed, accepted, rejected or superseded
    Column("known", Integer, nullable=False),
    Column("missing", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("held_at", Instant, nullable=False),
    Column("settled_at", Instant),
    Index("holds_account_state", "account", "state"),
)

settings = Table(
    "settings",
    metadata,
    Column("name", String(60), primary_key=True),
    Column("value", JSON, nullable=False),
    Column("changed_at", Instant, nullable=False),
)
