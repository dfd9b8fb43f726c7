"""The columns of every file and view, each with its DuckDB type and a sentence.

docs/datasets.md, the comments in DuckDB and the check after each write are made from here.
Partition columns (provider, account, day) are never inside a file.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, DuckDB type and what it holds."""

    name: str
    type: str
    doc: str


@dataclass(frozen=True, slots=True)
class Table:
    """One dataset: what a row is, its columns in order, and the order of its rows in a file."""

    name: str
    doc: str
    columns: tuple[Column, ...]
    order: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def select(self) -> str:
        """The select list that gives exactly these columns with these types."""
        return ", ".join(f'"{c.name}"::{c.type} as "{c.name}"' for c in self.columns)

    def ordered(self, query: str) -> str:
        """Exactly these columns of a query, in the order of the file."""
        order = ", ".join(f'"{column}"' for column in self.order)
        return f"select {self.select()} from ({query}) order by {order}"

    def empty(self) -> str:
        """A query of no rows with these columns."""
        return (
            "select "
            + ", ".join(f'null::{c.type} as "{c.name}"' for c in self.columns)
            + " limit 0"
        )


def _struct(columns: tuple[Column, ...]) -> str:
    return "struct(" + ", ".join(f'"{c.name}" {c.type}' for c in columns) + ")"


_INSTANT = "timestamptz"

_SEEN = (
    Column("first_seen_at", _INSTANT, "When it was first observed in this account (UTC)."),
    Column("valid_from", _INSTANT, "Since when it has had exactly these values (UTC)."),
    Column(
        "observed_at",
        _INSTANT,
        "When it was last observed (UTC); older where a later reading failed.",
    ),
)

_DOMAIN_VALUES = (
    Column("unicode_name", "varchar", "The name for display."),
    Column("provider_id", "varchar", "The provider's id (Cloudflare's zone id), '' where the name is the key."),
    Column("status", "varchar", "Lifecycle: active, parked, locked, pending, unknown, held, expired, transferred or cancelled."),
    Column("raw_status", "varchar", "The provider's own status word, as it came."),
    Column("expires_on", "date", "Day the registration expires."),
    Column("registered_on", "date", "Day of registration as the registrar has it; null at Cloudflare."),
    Column("auto_renew", "boolean", "Whether the registrar renews it by itself."),
    Column("locked", "boolean", "Whether transfers are locked."),
    Column("privacy", "boolean", "Whether contact data are hidden."),
    Column("nameservers", "varchar[]", "Name servers, sorted, without trailing dots."),
)  # fmt: skip

_RECORD_VALUES = (
    Column("content", "varchar", "Canonical RDATA without its priority; host names without trailing dot, TXT as one quoted string."),
    Column("ttl", "integer", "Seconds; 1 = automatic (Cloudflare)."),
    Column("priority", "integer", "Priority or preference of MX, SRV, URI, SVCB and HTTPS, else null."),
    Column("proxied", "boolean", "Whether Cloudflare proxies it; null elsewhere."),
    Column("managed", "boolean", "Written by the provider itself: SOA, apex NS."),
    Column("record_id", "varchar", "Cloudflare's record id, '' elsewhere."),
    Column("comment", "varchar", "The provider's comment on the record."),
    Column("tags", "varchar[]", "The provider's tags of the record, sorted."),
)  # fmt: skip

_RECORD_KEY = (
    Column(
        "zone_id", "varchar", "The zone's key: Cloudflare's zone id, elsewhere the zone's name."
    ),
    Column("zone", "varchar", "Zone the record is in, ASCII."),
    Column("name", "varchar", "Full owner name, ASCII, lower case, without trailing dot."),
    Column("type", "varchar", "Record type."),
)

_CHANGE = (
    Column("change", "varchar", "added, removed or modified."),
    Column(
        "collection_id",
        "varchar",
        "Collection that found it; 'rebuilt' where derived from snapshots.",
    ),
)

DOMAIN_SNAPSHOTS = Table(
    "domain_snapshots",
    "A domain (GoDaddy) or zone (Cloudflare) in one account's listing as seen on a day.",
    (
        Column("name", "varchar", "Domain, ASCII, lower case, without trailing dot."),
        *_DOMAIN_VALUES,
        *_SEEN,
    ),
    ("name", "provider_id"),
)

ZONE_SNAPSHOTS = Table(
    "zone_snapshots",
    "A zone of one account and how its last reading went, as of a day.",
    (
        Column("zone_id", "varchar", "The zone's key: Cloudflare's zone id, elsewhere the zone's name."),
        Column("name", "varchar", "Zone, ASCII."),
        Column("state", "varchar", "Last reading: complete, unchanged, no-zone-here, refused, failed, or unread."),
        Column("read_at", _INSTANT, "When it was last read completely; null if never."),
        Column("attempted_at", _INSTANT, "When it was last tried; null if never."),
        Column("serial", "bigint", "SOA serial where the provider lists the SOA."),
        Column("record_count", "integer", "Records at its last complete reading."),
        Column("digest", "varchar", "Fingerprint of that reading, to tell an unchanged one."),
        Column("held_digest", "varchar", "Fingerprint of a reading that the guard holds back; '' if none."),
        Column("error", "varchar", "Why the last reading failed or was refused, '' otherwise."),
        Column("first_seen_at", _INSTANT, "When it was first listed."),
        Column("was_baseline", "boolean", "Listed by the account's first complete listing."),
    ),
    ("name", "zone_id"),
)  # fmt: skip

RECORD_SNAPSHOTS = Table(
    "record_snapshots",
    "A record value in one account as seen on a day.",
    (*_RECORD_KEY, *_RECORD_VALUES, *_SEEN),
    ("zone", "name", "type", "content", "priority", "zone_id", "record_id"),
)

DOMAIN_STATE = (*_DOMAIN_VALUES, *_SEEN)
RECORD_STATE = (*_RECORD_VALUES, *_SEEN)
_DOMAIN_STATE = _struct(DOMAIN_STATE)
_RECORD_STATE = _struct(RECORD_STATE)

DOMAIN_LOG = Table(
    "domain_log",
    "A difference between two observations of an account's listing, before moves are paired.",
    (
        Column("observed_at", _INSTANT, "When the new state was observed (UTC)."),
        Column("name", "varchar", "Domain, ASCII."),
        *_CHANGE,
        Column("before", _DOMAIN_STATE, "Values before; null when added."),
        Column("after", _DOMAIN_STATE, "Values after; null when removed."),
    ),
    ("observed_at", "name", "change", "before", "after"),
)

RECORD_LOG = Table(
    "record_log",
    "A difference between two readings of a zone, before moves are paired.",
    (
        Column("observed_at", _INSTANT, "When the new state was observed (UTC)."),
        *_RECORD_KEY,
        *_CHANGE,
        Column("before", _RECORD_STATE, "Values before; null when added."),
        Column("after", _RECORD_STATE, "Values after; null when removed."),
    ),
    ("observed_at", "zone", "name", "type", "change", "before", "after"),
)

_WHERE = (
    Column(
        "provider",
        "varchar",
        "Kind of API: godaddy or cloudflare; import where a migration says it.",
    ),
    Column("account", "varchar", "Account at that provider, or the migration's id."),
)

_PERIOD = (
    Column("first_seen_at", _INSTANT, "When it was first observed in this account (UTC)."),
    Column("valid_from", _INSTANT, "From when it had these values (UTC)."),
    Column("valid_to", _INSTANT, "Until when; null = still."),
)

DOMAIN_HISTORY = Table(
    "domain_history",
    "A period in which a domain was in an account with these values.",
    (*_WHERE, Column("name", "varchar", "Domain, ASCII."), *_DOMAIN_VALUES, *_PERIOD,
     Column("observed_at", _INSTANT, "When these values were last observed (UTC).")),
    ("name", "provider", "account", "valid_from", "provider_id"),
)  # fmt: skip

RECORD_HISTORY = Table(
    "record_history",
    "A period in which a record had this value.",
    (*_WHERE, *_RECORD_KEY, *_RECORD_VALUES, *_PERIOD,
     Column("observed_at", _INSTANT, "When this value was last observed (UTC).")),
    ("zone", "name", "type", "content", "provider", "account", "valid_from", "record_id"),
)  # fmt: skip

DOMAINS = Table(
    "domains",
    "A domain, current or removed, whoever holds it.",
    (
        Column("name", "varchar", "Domain, ASCII, lower case, without trailing dot."),
        Column("unicode_name", "varchar", "The same for display."),
        Column("status", "varchar", "'(GoDaddy, Cloudflare)' in lifecycle words; '-' where a provider does not hold it."),
        Column("godaddy_status", "varchar", "Lifecycle at GoDaddy, the worst of several accounts; '-' if not there."),
        Column("cloudflare_status", "varchar", "Lifecycle at Cloudflare, the worst of several accounts; '-' if not there."),
        Column("expires_on", "date", "Day the registration expires."),
        Column("registered_on", "date", "Day of registration as the registrar has it."),
        Column("auto_renew", "boolean", "Whether the registrar renews it by itself."),
        Column("locked", "boolean", "Whether transfers are locked."),
        Column("privacy", "boolean", "Whether contact data are hidden."),
        Column("nameservers", "varchar[]", "Name servers, sorted; the registrar's where it gives them."),
        Column("discovered_on", "date", "Earliest day any account was known to hold it, or a person entered it."),
        Column("first_seen_at", _INSTANT, "When it was first observed, or entered (UTC)."),
        Column("last_seen_at", _INSTANT, "When it was last observed (UTC); where no account has it, when it was entered."),
        Column("removed_on", "date", "Day it was found gone from every account; null = still there."),
        Column("record_count", "integer", "Its current DNS records, those of subdomain zones included."),
        Column("sources", "varchar[]", "Accounts that hold it (or held it last), as provider/account; 'manual' where a person entered it and none holds it; 'import/m000001' and so on where a migration says something of it."),
        Column("attributes", "varchar", "What imports say beside, as a JSON object; null if nothing."),
    ),
    ("name",),
)  # fmt: skip

DNS_RECORDS = Table(
    "dns_records",
    "A current record value.",
    (
        *_RECORD_KEY[1:],
        *_RECORD_VALUES[:5],
        Column("domain", "varchar", "Domain that the zone belongs to."),
        *_WHERE,
        Column("zone_id", "varchar", "The zone's key at the provider."),
        Column("record_id", "varchar", "Cloudflare's record id, '' elsewhere."),
        Column("comment", "varchar", "The provider's comment on the record."),
        Column("tags", "varchar[]", "The provider's tags of the record, sorted."),
        Column("first_seen_at", _INSTANT, "When it was first observed, or imported (UTC)."),
        Column("last_seen_at", _INSTANT, "When it was last observed, or imported (UTC)."),
        Column("entry", "integer", "1; 2, 3 and so on for copies that an import appended."),
        Column("attributes", "varchar", "What an import says beside, as a JSON object; null if nothing."),
    ),
    ("zone", "name", "type", "content", "priority", "provider", "account", "zone_id", "record_id", "entry"),
)  # fmt: skip

ZONES = Table(
    "zones",
    "A zone at a provider and how its last reading went.",
    (
        *_WHERE,
        *ZONE_SNAPSHOTS.columns,
        Column("domain", "varchar", "Domain that the zone belongs to."),
    ),
    ("name", "provider", "account", "zone_id"),
)

COLLECTIONS = Table(
    "collections",
    "One collection of one account.",
    (
        Column("id", "varchar", "Start time and account."),
        *_WHERE,
        Column("scope", "varchar", "full, domains (listing only) or zone:NAME."),
        Column("state", "varchar", "running, completed, partial, held or failed."),
        Column("started_at", _INSTANT, "UTC; its day is the snapshot's day."),
        Column("finished_at", _INSTANT, "UTC; null while it runs."),
        Column("domains", "integer", "Domains listed."),
        Column("zones_complete", "integer", "Zones read and found changed or new."),
        Column("zones_unchanged", "integer", "Zones read and found as they were."),
        Column("zones_no_zone_here", "integer", "Domains whose DNS is hosted elsewhere."),
        Column("zones_refused", "integer", "Zones the credential may not read."),
        Column("zones_failed", "integer", "Zones that could not be read or are held."),
        Column("zones_unread", "integer", "Zones not tried this time."),
        Column("records", "integer", "Records in the snapshot afterwards."),
        Column("requests", "integer", "HTTP requests sent, retries included."),
        Column("errors", "varchar", "What went wrong, one sentence a line."),
    ),
    ("started_at", "id"),
)

_DAY = Column(
    "day", "date", "UTC day (of the snapshot, or of the collection that found the change)."
)

_MOVABLE = (
    Column("observed_at", _INSTANT, "When the new state was observed (UTC)."),
    *_WHERE,
)

DOMAIN_CHANGES = Table(
    "domain_changes",
    "A difference between two complete observations of the accounts' listings.",
    (
        *_MOVABLE,
        Column("moved_from", "varchar", "Account it came from when change is moved, else null."),
        Column("zone", "varchar", "The domain."),
        Column("name", "varchar", "The domain."),
        Column("type", "varchar", "Always null; in common with record_changes."),
        Column(
            "change",
            "varchar",
            "added, removed, modified or moved (between accounts of one provider).",
        ),
        Column("before", _DOMAIN_STATE, "Values before; null when added."),
        Column("after", _DOMAIN_STATE, "Values after; null when removed or moved."),
        Column(
            "collection_id",
            "varchar",
            "Collection that found it; 'rebuilt' where derived from snapshots.",
        ),
        _DAY,
    ),
    ("observed_at", "name", "provider", "account"),
)

RECORD_CHANGES = Table(
    "record_changes",
    "A difference between two complete readings of a zone.",
    (
        *_MOVABLE,
        *_RECORD_KEY[1:],
        Column("change", "varchar", "added, removed or modified."),
        Column("before", _RECORD_STATE, "Values before; null when added."),
        Column("after", _RECORD_STATE, "Values after; null when removed."),
        Column(
            "collection_id",
            "varchar",
            "Collection that found it; 'rebuilt' where derived from snapshots.",
        ),
        Column("zone_id", "varchar", "The zone's key at the provider."),
        _DAY,
    ),
    ("observed_at", "zone", "name", "type"),
)

_IMPORTED = (
    Column("attributes", "varchar", "What no other column holds, as a JSON object with sorted keys."),
    Column("strategy", "varchar", "What the migration does with what is there already: skip, replace, merge or append."),
    Column("outcome", "varchar", "What that came to: new, skipped, replaced, merged or appended."),
    Column("existed", "varchar", "Where it was when the migration began: a provider, manual, import, or file (an earlier row of this file); null = nowhere."),
    Column("batch", "integer", "Batch of the migration."),
    Column("item", "bigint", "Item of the file, from 1."),
    Column("line", "bigint", "Line that the item begins on; 0 where it has none."),
    Column("place", "bigint", "Place among the rows of the file, from 0: what one item says twice has an order too."),
    Column("imported_at", _INSTANT, "When the migration began (UTC)."),
)  # fmt: skip

IMPORTED_DOMAINS = Table(
    "imported_domains",
    "What an item of an imported file says of a domain.",
    (
        Column("name", "varchar", "Domain, ASCII, lower case, without trailing dot."),
        Column("godaddy_status", "varchar", "Lifecycle at GoDaddy as the file has it; null if it does not say."),
        Column("cloudflare_status", "varchar", "The same at Cloudflare."),
        Column("discovered_on", "date", "Day since which it was known."),
        Column("registered_on", "date", "Day of registration."),
        Column("expires_on", "date", "Day the registration expires."),
        Column("auto_renew", "boolean", "Whether the registrar renews it by itself."),
        Column("locked", "boolean", "Whether transfers are locked."),
        Column("privacy", "boolean", "Whether contact data are hidden."),
        Column("nameservers", "varchar[]", "Name servers, sorted, without trailing dots."),
        *_IMPORTED,
    ),
    ("batch", "name", "place"),
)  # fmt: skip

IMPORTED_RECORDS = Table(
    "imported_records",
    "What an item of an imported file says of a record.",
    (
        *_RECORD_KEY[1:],
        Column("content", "varchar", "Canonical RDATA without its priority."),
        Column("priority", "integer", "Priority or preference of MX, SRV, URI, SVCB and HTTPS, else null."),
        Column("ttl", "integer", "Seconds; null if the file does not say."),
        Column("discovered_on", "date", "Day since which it was known."),
        *_IMPORTED,
    ),
    ("batch", "zone", "name", "type", "content", "priority", "place"),
)  # fmt: skip

MIGRATION_ERRORS = Table(
    "migration_errors",
    "What is wrong with an item of an imported file.",
    (
        Column("item", "bigint", "Item of the file, from 1."),
        Column("line", "bigint", "Line that the item begins on; 0 where it has none."),
        Column("field", "varchar", "Field of the file; '' = the item as a whole."),
        Column("value", "varchar", "What stands there, shortened."),
        Column("code", "varchar", "Kind of error, such as bad_name."),
        Column("reason", "varchar", "What is wrong, in a sentence."),
        Column("is_warning", "boolean", "Whether the row counts nevertheless."),
    ),
    ("item", "line", "field", "code"),
)

MIGRATION = Column("migration", "varchar", "The migration's id.")
PARTITION = (*_WHERE, _DAY)
DATASETS = (
    DOMAINS,
    ZONES,
    DNS_RECORDS,
    DOMAIN_SNAPSHOTS,
    ZONE_SNAPSHOTS,
    RECORD_SNAPSHOTS,
    DOMAIN_CHANGES,
    RECORD_CHANGES,
    DOMAIN_HISTORY,
    RECORD_HISTORY,
    COLLECTIONS,
    IMPORTED_DOMAINS,
    IMPORTED_RECORDS,
    MIGRATION_ERRORS,
)

# -- what people decided: from the store, at the moment of reading; in no file of the lake ---------

_OWNERS = (
    Column("owners", "varchar[]", "Users that own it, by name."),
    Column("groups", "varchar[]", "Groups that own it."),
)

BESIDE: dict[str, tuple[Column, ...]] = {
    "domains": (
        *_OWNERS,
        Column("tags", "varchar[]", "What people tagged it with, sorted."),
        Column("note", "varchar", "What people noted, '' if nothing."),
        Column("entry", "integer", "1; 2, 3 and so on for appended copies, whose name ends in ~2, ~3."),
        Column("base_name", "varchar", "The name without that ending."),
    ),
    "dns_records": (
        Column("owners", "varchar[]", "Users that own it, else those that own its domain."),
        Column("groups", "varchar[]", "Groups that own it, else those that own its domain."),
    ),
}  # fmt: skip

USERS = Table(
    "users",
    "A person who was not removed.",
    (
        Column("id", "bigint", "Number."),
        Column("name", "varchar", "Name by which owners are written."),
        Column("email", "varchar", "Address in lower case; null if none."),
        Column("department", "varchar", "Department, '' if none."),
        Column("role", "varchar", "viewer, editor or admin."),
        Column("is_active", "boolean", "Whether the person may do anything at all."),
        Column("can_sign_in", "boolean", "Whether the person may sign in."),
        Column("groups", "varchar[]", "Names of the groups the person is in."),
        Column("created_at", _INSTANT, "When it was entered (UTC)."),
    ),
    ("id",),
)

GROUPS = Table(
    "groups",
    "A group that was not removed.",
    (
        Column("id", "bigint", "Number."),
        Column("name", "varchar", "Name by which owners are written."),
        Column("description", "varchar", "What it is for, '' if nobody said."),
        Column("members", "varchar[]", "Names of the users in it."),
        Column("created_at", _INSTANT, "When it was entered (UTC)."),
    ),
    ("id",),
)

ASSIGNMENTS = Table(
    "assignments",
    "An owner of a domain or record, former ones included.",
    (
        Column("id", "bigint", "Number."),
        Column("domain", "varchar", "The domain, or that of the record."),
        Column("record_name", "varchar", "Name of the record; null for a domain."),
        Column("record_type", "varchar", "Type of the record; null for a domain."),
        Column("record_content", "varchar", "Content of the record; null for a domain."),
        Column("owner", "varchar", "Name of the user or group."),
        Column("owner_kind", "varchar", "user or group."),
        Column("source", "varchar", "manual, rule, handed-on or migration."),
        Column("assigned_at", _INSTANT, "When (UTC)."),
        Column("assigned_in", "bigint", "The entry of audit_log that says who did it."),
        Column("ended_in", "bigint", "The entry that ended it; null = it holds."),
    ),
    ("id",),
)

AUDIT_LOG = Table(
    "audit_log",
    "Something that somebody did or was refused.",
    (
        Column("seq", "bigint", "Number, without gaps."),
        Column("at", _INSTANT, "When (UTC)."),
        Column("actor", "varchar", "Who, by name at that time."),
        Column("actor_id", "bigint", "The user; null for the command line and the services."),
        Column("door", "varchar", "web, api, cli or service."),
        Column("address", "varchar", "Network address it came from, '' if none."),
        Column("request_id", "varchar", "The request in the log, '' if none."),
        Column("action", "varchar", "What, such as user.create."),
        Column("subject", "varchar", "To what."),
        Column("outcome", "varchar", "done, refused or failed."),
        Column("details", "json", "More, as a JSON object; never secrets."),
        Column("hash", "varchar", "Of this entry and the one before."),
    ),
    ("seq",),
)

MIGRATIONS = Table(
    "migrations",
    "One import of a file; imported_domains, imported_records and migration_errors have its rows.",
    (
        Column("id", "varchar", "m000001 and so on; `migration` in the datasets of its rows."),
        Column("name", "varchar", "What the file was called."),
        Column("source", "varchar", "Where it came from; of an address without its query."),
        Column("state", "varchar", "pending, staging, running, paused, completed, completed with errors, failed or cancelled."),
        Column("template", "varchar", "Name of the template, as it was when it began."),
        Column("template_id", "varchar", "Its id."),
        Column("duplicates", "varchar", "What became of what was there: skip, replace, merge or append."),
        Column("batch_size", "integer", "Keys of a batch."),
        Column("validates", "boolean", "Whether it was looked whether an account holds each domain."),
        Column("is_strict", "boolean", "Whether one bad item refuses the whole file."),
        Column("owners", "varchar[]", "Owners of all rows: user:NAME or group:NAME."),
        Column("bytes", "bigint", "Of the file as it came."),
        Column("sha256", "varchar", "Of the file as it came; '' where it was read where it lay."),
        Column("items", "bigint", "Items of the file."),
        Column("invalid", "bigint", "Items that gave no row."),
        Column("warnings", "bigint", "Warnings about items."),
        Column("batches", "bigint", "Batches it was cut into."),
        Column("committed_batches", "bigint", "Batches that are committed."),
        Column("rows", "bigint", "Rows of all batches."),
        Column("new", "bigint", "Committed rows of what was nowhere."),
        Column("skipped", "bigint", "Committed rows that change nothing."),
        Column("replaced", "bigint", "Committed rows that replace what was there."),
        Column("merged", "bigint", "Committed rows that fill in what was there."),
        Column("appended", "bigint", "Committed rows that stand beside what was there."),
        Column("message", "varchar", "Why it failed, '' if it did not."),
        Column("restore_point", "varchar", "Name of the backup made before, '' if none."),
        Column("run", "varchar", "Dagster's run that stages it, '' if none."),
        Column("backfill", "varchar", "Dagster's backfill of its slices, '' if none."),
        Column("created_by", "varchar", "Who asked for it, by name at that time."),
        Column("created_in", "bigint", "The entry of audit_log that says so."),
        Column("created_at", _INSTANT, "When it was asked for (UTC)."),
        Column("started_at", _INSTANT, "When it began (UTC)."),
        Column("staged_at", _INSTANT, "When its file was read and cut (UTC)."),
        Column("finished_at", _INSTANT, "When it ended (UTC); null while it is under way."),
        Column("undone_in", "bigint", "The entry of audit_log that took it back; null = it holds."),
    ),
    ("id",),
)  # fmt: skip

OF_PEOPLE = (USERS, GROUPS, ASSIGNMENTS, AUDIT_LOG, MIGRATIONS)
