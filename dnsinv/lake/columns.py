"""Columns that several datasets have in common."""

from dnsinv.lake.table import Column

INSTANT = "timestamptz"

SEEN = (
    Column("first_seen_at", INSTANT, "When it was first observed in this account (UTC)."),
    Column("valid_from", INSTANT, "Since when it has had exactly these values (UTC)."),
    Column(
        "observed_at",
        INSTANT,
        "When it was last observed (UTC); older where a later reading failed.",
    ),
)

DOMAIN_VALUES = (
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

RECORD_VALUES = (
    Column("content", "varchar", "Canonical RDATA without its priority; host names without trailing dot, TXT as one quoted string."),
    Column("ttl", "integer", "Seconds; 1 = automatic (Cloudflare)."),
    Column("priority", "integer", "Priority or preference of MX, SRV, URI, SVCB and HTTPS, else null."),
    Column("proxied", "boolean", "Whether Cloudflare proxies it; null elsewhere."),
    Column("managed", "boolean", "Written by the provider itself: SOA, apex NS."),
    Column("record_id", "varchar", "Cloudflare's record id, '' elsewhere."),
    Column("comment", "varchar", "The provider's comment on the record."),
    Column("tags", "varchar[]", "The provider's tags of the record, sorted."),
)  # fmt: skip

RECORD_KEY = (
    Column(
        "zone_id", "varchar", "The zone's key: Cloudflare's zone id, elsewhere the zone's name."
    ),
    Column("zone", "varchar", "Zone the record is in, ASCII."),
    Column("name", "varchar", "Full owner name, ASCII, lower case, without trailing dot."),
    Column("type", "varchar", "Record type."),
)

CHANGE = (
    Column("change", "varchar", "added, removed or modified."),
    Column(
        "collection_id",
        "varchar",
        "Collection that found it; 'rebuilt' where derived from snapshots.",
    ),
)

WHERE = (
    Column(
        "provider",
        "varchar",
        "Kind of API: godaddy or cloudflare; import where a migration says it.",
    ),
    Column("account", "varchar", "Account at that provider, or the migration's id."),
)

PERIOD = (
    Column("first_seen_at", INSTANT, "When it was first observed in this account (UTC)."),
    Column("valid_from", INSTANT, "From when it had these values (UTC)."),
    Column("valid_to", INSTANT, "Until when; null = still."),
)

DAY = Column(
    "day", "date", "UTC day (of the snapshot, or of the collection that found the change)."
)

PARTITION = (*WHERE, DAY)
