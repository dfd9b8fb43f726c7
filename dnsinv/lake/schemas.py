"""The columns of every file and view of what is observed, each with its DuckDB type and a sentence.

What migrations say is in imported.py, what people decide in people_tables.py. docs/datasets.md,
the comments in DuckDB and the check after each write are made from them. Partition columns
(provider, account, day) are never inside a file.
"""

from dnsinv.lake.columns import (
    CHANGE,
    DAY,
    DOMAIN_VALUES,
    INSTANT,
    PERIOD,
    RECORD_KEY,
    RECORD_VALUES,
    SEEN,
    WHERE,
)
from dnsinv.lake.imported import IMPORTED_DOMAINS, IMPORTED_RECORDS, MIGRATION_ERRORS
from dnsinv.lake.table import Column, Table, struct

DOMAIN_SNAPSHOTS = Table(
    "domain_snapshots",
    "A domain (GoDaddy) or zone (Cloudflare) in one account's listing as seen on a day.",
    (
        Column("name", "varchar", "Domain, ASCII, lower case, without trailing dot."),
        *DOMAIN_VALUES,
        *SEEN,
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
        Column("read_at", INSTANT, "When it was last read completely; null if never."),
        Column("attempted_at", INSTANT, "When it was last tried; null if never."),
        Column("serial", "bigint", "SOA serial where the provider lists the SOA."),
        Column("record_count", "integer", "Records at its last complete reading."),
        Column("digest", "varchar", "Fingerprint of that reading, to tell an unchanged one."),
        Column("held_digest", "varchar", "Fingerprint of a reading that the guard holds back; '' if none."),
        Column("error", "varchar", "Why the last reading failed or was refused, '' otherwise."),
        Column("first_seen_at", INSTANT, "When it was first listed."),
        Column("was_baseline", "boolean", "Listed by the account's first complete listing."),
    ),
    ("name", "zone_id"),
)  # fmt: skip

RECORD_SNAPSHOTS = Table(
    "record_snapshots",
    "A record value in one account as seen on a day.",
    (*RECORD_KEY, *RECORD_VALUES, *SEEN),
    ("zone", "name", "type", "content", "priority", "zone_id", "record_id"),
)

DOMAIN_STATE = (*DOMAIN_VALUES, *SEEN)
RECORD_STATE = (*RECORD_VALUES, *SEEN)
_DOMAIN_STATE = struct(DOMAIN_STATE)
_RECORD_STATE = struct(RECORD_STATE)

DOMAIN_LOG = Table(
    "domain_log",
    "A difference between two observations of an account's listing, before moves are paired.",
    (
        Column("observed_at", INSTANT, "When the new state was observed (UTC)."),
        Column("name", "varchar", "Domain, ASCII."),
        *CHANGE,
        Column("before", _DOMAIN_STATE, "Values before; null when added."),
        Column("after", _DOMAIN_STATE, "Values after; null when removed."),
    ),
    ("observed_at", "name", "change", "before", "after"),
)

RECORD_LOG = Table(
    "record_log",
    "A difference between two readings of a zone, before moves are paired.",
    (
        Column("observed_at", INSTANT, "When the new state was observed (UTC)."),
        *RECORD_KEY,
        *CHANGE,
        Column("before", _RECORD_STATE, "Values before; null when added."),
        Column("after", _RECORD_STATE, "Values after; null when removed."),
    ),
    ("observed_at", "zone", "name", "type", "change", "before", "after"),
)

DOMAIN_HISTORY = Table(
    "domain_history",
    "A period in which a domain was in an account with these values.",
    (*WHERE, Column("name", "varchar", "Domain, ASCII."), *DOMAIN_VALUES, *PERIOD,
     Column("observed_at", INSTANT, "When these values were last observed (UTC).")),
    ("name", "provider", "account", "valid_from", "provider_id"),
)  # fmt: skip

RECORD_HISTORY = Table(
    "record_history",
    "A period in which a record had this value.",
    (*WHERE, *RECORD_KEY, *RECORD_VALUES, *PERIOD,
     Column("observed_at", INSTANT, "When this value was last observed (UTC).")),
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
        Column("first_seen_at", INSTANT, "When it was first observed, or entered (UTC)."),
        Column("last_seen_at", INSTANT, "When it was last observed (UTC); where no account has it, when it was entered."),
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
        *RECORD_KEY[1:],
        *RECORD_VALUES[:5],
        Column("domain", "varchar", "Domain that the zone belongs to."),
        *WHERE,
        Column("zone_id", "varchar", "The zone's key at the provider."),
        Column("record_id", "varchar", "Cloudflare's record id, '' elsewhere."),
        Column("comment", "varchar", "The provider's comment on the record."),
        Column("tags", "varchar[]", "The provider's tags of the record, sorted."),
        Column("first_seen_at", INSTANT, "When it was first observed, or imported (UTC)."),
        Column("last_seen_at", INSTANT, "When it was last observed, or imported (UTC)."),
        Column("entry", "integer", "1; 2, 3 and so on for copies that an import appended."),
        Column("attributes", "varchar", "What an import says beside, as a JSON object; null if nothing."),
    ),
    ("zone", "name", "type", "content", "priority", "provider", "account", "zone_id", "record_id", "entry"),
)  # fmt: skip

ZONES = Table(
    "zones",
    "A zone at a provider and how its last reading went.",
    (
        *WHERE,
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
        *WHERE,
        Column("scope", "varchar", "full, domains (listing only) or zone:NAME."),
        Column("state", "varchar", "running, completed, partial, held or failed."),
        Column("started_at", INSTANT, "UTC; its day is the snapshot's day."),
        Column("finished_at", INSTANT, "UTC; null while it runs."),
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

_MOVABLE = (
    Column("observed_at", INSTANT, "When the new state was observed (UTC)."),
    *WHERE,
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
        DAY,
    ),
    ("observed_at", "name", "provider", "account"),
)

RECORD_CHANGES = Table(
    "record_changes",
    "A difference between two complete readings of a zone.",
    (
        *_MOVABLE,
        *RECORD_KEY[1:],
        Column("change", "varchar", "added, removed or modified."),
        Column("before", _RECORD_STATE, "Values before; null when added."),
        Column("after", _RECORD_STATE, "Values after; null when removed."),
        Column(
            "collection_id",
            "varchar",
            "Collection that found it; 'rebuilt' where derived from snapshots.",
        ),
        Column("zone_id", "varchar", "The zone's key at the provider."),
        DAY,
    ),
    ("observed_at", "zone", "name", "type"),
)

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
