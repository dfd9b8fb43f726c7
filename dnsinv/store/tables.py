"""The store's tables. Instants are UTC without zone in the database, aware in Python."""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
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
    text,
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

# A number that grows by one with each row; SQLite has such columns as plain INTEGER only.
Number = BigInteger().with_variant(Integer, "sqlite")

CURRENT = text("ended_in is null")
ENDED = text("ended_in is not null")
NAMED = 100  # characters of a person's, group's or token's name

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

# -- people ---------------------------------------------------------------------------------------
#
# What a person decided is ended, never deleted: `ended_in` is the entry of the audit log that ended
# it, null while it holds. So the audit log says who did it and when, and readers that know all up
# to an entry find what came later.

users = Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(NAMED), nullable=False),
    Column("name_key", String(NAMED), nullable=False),  # as names are compared
    Column("email", String(254)),  # in lower case
    Column("department", String(NAMED), nullable=False, default=""),
    Column("role", String(10), nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("can_sign_in", Boolean, nullable=False),
    Column("password_hash", String(200)),
    Column("subject", String(255)),  # of the identity provider, issuer included
    Column("created_at", Instant, nullable=False),
    Column("changed_in", Number, nullable=False),
    Column("ended_in", Number),
    Index("users_name", "name_key", unique=True, sqlite_where=CURRENT, postgresql_where=CURRENT),
    Index("users_email", "email", unique=True, sqlite_where=CURRENT, postgresql_where=CURRENT),
    Index("users_subject", "subject", unique=True, sqlite_where=CURRENT, postgresql_where=CURRENT),
    sqlite_autoincrement=True,
)

groups = Table(
    "groups",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(NAMED), nullable=False),
    Column("name_key", String(NAMED), nullable=False),
    Column("description", Text, nullable=False, default=""),
    Column("created_at", Instant, nullable=False),
    Column("changed_in", Number, nullable=False),
    Column("ended_in", Number),
    Index("groups_name", "name_key", unique=True, sqlite_where=CURRENT, postgresql_where=CURRENT),
    sqlite_autoincrement=True,
)

memberships = Table(
    "memberships",
    metadata,
    Column("group_id", Integer, ForeignKey("groups.id"), primary_key=True),
    Column("user_id", Integer, ForeignKey("users.id"), primary_key=True, index=True),
    Column("added_in", Number, nullable=False),
)

assignments = Table(
    "assignments",
    metadata,
    Column("id", Number, primary_key=True),
    Column("domain", String(253), nullable=False),
    Column("record_key", String(32), nullable=False, default=""),  # '' = the domain itself
    Column("record_name", String(253)),
    Column("record_type", String(20)),
    Column("record_content", Text),
    Column("user_id", Integer, ForeignKey("users.id")),
    Column("group_id", Integer, ForeignKey("groups.id")),
    Column("source", String(20), nullable=False),  # manual, rule, handed-on or migration
    Column("source_id", String(100), nullable=False, default=""),
    Column("assigned_at", Instant, nullable=False),
    Column("assigned_in", Number, nullable=False, index=True),
    Column("ended_in", Number),
    CheckConstraint("(user_id is null) <> (group_id is null)", name="assignments_one_owner"),
    Index(
        "assignments_of_user", "user_id", "domain", "record_key", unique=True,
        sqlite_where=CURRENT, postgresql_where=CURRENT,
    ),
    Index(
        "assignments_of_group", "group_id", "domain", "record_key", unique=True,
        sqlite_where=CURRENT, postgresql_where=CURRENT,
    ),
    Index("assignments_of_asset", "domain", "record_key"),
    # Of those that hold it would be no help, and SQLite would look there first.
    Index("assignments_ended", "ended_in", sqlite_where=ENDED, postgresql_where=ENDED),
    sqlite_autoincrement=True,
)  # fmt: skip

assignment_rules = Table(
    "assignment_rules",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("pattern", String(300), nullable=False),
    Column("user_id", Integer, ForeignKey("users.id")),
    Column("group_id", Integer, ForeignKey("groups.id")),
    Column("created_at", Instant, nullable=False),
    Column("created_in", Number, nullable=False),
    Column("ended_in", Number),
    CheckConstraint("(user_id is null) <> (group_id is null)", name="rules_one_owner"),
    sqlite_autoincrement=True,
)

annotations = Table(
    "annotations",  # what people say of a domain beside its owners
    metadata,
    Column("domain", String(253), primary_key=True),
    Column("note", Text, nullable=False, default=""),
    Column("tags", JSON, nullable=False),  # sorted
    Column("changed_at", Instant, nullable=False),
    Column("changed_in", Number, nullable=False, index=True),
)

manual_domains = Table(
    "manual_domains",  # entered by a person; a provider that holds the name wins
    metadata,
    Column("name", String(253), primary_key=True),
    Column("status", String(20), nullable=False),
    Column("registered_on", String(10)),
    Column("expires_on", String(10)),
    Column("created_at", Instant, nullable=False),
    Column("changed_in", Number, nullable=False),
    Column("ended_in", Number),
)

# -- doors ----------------------------------------------------------------------------------------

sessions = Table(
    "sessions",
    metadata,
    Column("id_hash", String(64), primary_key=True),  # SHA-256 of the opaque id in the cookie
    Column("user_id", Integer, ForeignKey("users.id"), nullable=False, index=True),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),  # absolute; idleness ends it earlier
    Column("address", String(50), nullable=False, default=""),
    Column("agent", String(300), nullable=False, default=""),
    Column("ended_at", Instant),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", Integer, ForeignKey("users.id"), nullable=False, index=True),
    Column("name", String(NAMED), nullable=False),
    Column("token_hash", String(64), nullable=False, unique=True),  # SHA-256
    Column("scope", String(10), nullable=False),  # read, write or admin
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("last_used_at", Instant),
    Column("revoked_at", Instant),
    sqlite_autoincrement=True,
)

failed_sign_ins = Table(
    "failed_sign_ins",
    metadata,
    Column("id", Number, primary_key=True),
    Column("account_key", String(64), nullable=False, index=True),  # SHA-256 of the name tried
    Column("address", String(50), nullable=False, index=True),
    Column("at", Instant, nullable=False, index=True),
    sqlite_autoincrement=True,
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("seq", Number, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False, index=True),
    Column("actor", String(NAMED), nullable=False, index=True),
    Column("actor_id", Integer),  # a user's; null for the command line and the services
    Column("door", String(20), nullable=False),  # web, api, cli or service
    Column("address", String(50), nullable=False),
    Column("request_id", String(40), nullable=False),
    Column("action", String(40), nullable=False, index=True),
    Column("subject", Text, nullable=False),
    Column("outcome", String(10), nullable=False),  # done, refused or failed
    Column("details", Text, nullable=False),  # JSON
    Column("hash", String(64), nullable=False),  # of this entry and the one before
)

# -- migrations ---------------------------------------------------------------------------------

migrations = Table(
    "migrations",
    metadata,
    Column("number", Integer, primary_key=True),  # the id that others see is m000001 and so on
    Column("name", Text, nullable=False),  # of the file, as it came
    Column("source", Text, nullable=False),  # where it came from, in words
    Column("path", Text, nullable=False),  # where it lies; "" once it is not needed any more
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False, default=""),
    Column("template", JSON, nullable=False),  # as it was when the migration began
    Column("options", JSON, nullable=False),
    Column("owners", JSON, nullable=False),  # of all rows: [{"kind", "id", "name"}]
    Column("state", String(30), nullable=False, index=True),
    Column("wanted", String(10), nullable=False),  # run, pause or cancel
    Column("inventory", String(40), nullable=False, default=""),  # version that outcomes go by
    Column("items", Integer, nullable=False, default=0),
    Column("invalid", Integer, nullable=False, default=0),  # items that gave no row
    Column("warnings", Integer, nullable=False, default=0),
    Column("message", Text, nullable=False, default=""),
    Column("restore_point", Text, nullable=False, default=""),  # backup from before
    Column("run", String(40), nullable=False, default=""),  # Dagster's, that stages it
    Column("backfill", String(40), nullable=False, default=""),  # Dagster's, of its slices
    Column("created_by", String(NAMED), nullable=False),
    Column("created_in", Number, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("staged_at", Instant),
    Column("finished_at", Instant),
    Column("undone_in", Number),
    sqlite_autoincrement=True,
)

migration_slices = Table(
    "migration_slices",
    metadata,
    Column("migration", Integer, ForeignKey("migrations.number"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("published_at", Instant),  # with all of its batches
)

migration_batches = Table(
    "migration_batches",  # the ledger: what is committed, once and for all
    metadata,
    Column("migration", Integer, ForeignKey("migrations.number"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("slice", Integer, nullable=False),
    Column("keys", Integer, nullable=False),
    Column("new", Integer, nullable=False),  # rows by outcome
    Column("skipped", Integer, nullable=False),
    Column("replaced", Integer, nullable=False),
    Column("merged", Integer, nullable=False),
    Column("appended", Integer, nullable=False),
    Column("committed_at", Instant),
    Index("migration_batches_of_slice", "migration", "slice"),
)

migration_templates = Table(
    "migration_templates",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(NAMED), nullable=False),
    Column("version", Integer, nullable=False),  # of this name, from 1
    Column("definition", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_in", Number, nullable=False),
    Column("ended_in", Number),
    Index(
        "migration_templates_name", "name", "version", unique=True,
    ),
    sqlite_autoincrement=True,
)  # fmt: skip

migration_sources = Table(
    "migration_sources",  # schedules: where files to import come from by themselves
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", Text, nullable=False),
    Column("cron", String(NAMED), nullable=False),  # in UTC; '' = whenever there is a file
    Column("template", String(NAMED), nullable=False),
    Column("options", JSON, nullable=False),
    Column("is_paused", Boolean, nullable=False),
    Column("created_by", String(NAMED), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_in", Number, nullable=False),
    Column("ended_in", Number),
    Column("looked_at", Instant),
    Column("again_at", Instant),  # when to look again, whatever cron says
    Column("trouble", Text, nullable=False, default=""),  # what went wrong the last time
    sqlite_autoincrement=True,
)

migration_seen = Table(
    "migration_seen",  # which files schedules have imported, so that each is imported once
    metadata,
    Column("schedule", Integer, ForeignKey("migration_sources.id"), primary_key=True),
    Column("number", Integer, primary_key=True),  # two who import at once would both take the next
    Column("name", Text, nullable=False),  # of several with one name the last counts
    Column("size", BigInteger, nullable=False),
    Column("stamp", Text, nullable=False),  # what the source says of its state: ETag, times
    Column("sha256", String(64), nullable=False),
    Column("migration", Integer, ForeignKey("migrations.number"), nullable=False),
    Column("at", Instant, nullable=False),
)
