"""The columns of what migrations say, and of what is wrong with their items.

The migration's id is no column of a file but in its path.
"""

from dnsinv.lake.columns import INSTANT, RECORD_KEY
from dnsinv.lake.table import Column, Table

_IMPORTED = (
    Column("attributes", "varchar", "What no other column holds, as a JSON object with sorted keys."),
    Column("strategy", "varchar", "What the migration does with what is there already: skip, replace, merge or append."),
    Column("outcome", "varchar", "What that came to: new, skipped, replaced, merged or appended."),
    Column("existed", "varchar", "Where it was when the migration began: a provider, manual, import, or file (an earlier row of this file); null = nowhere."),
    Column("batch", "integer", "Batch of the migration."),
    Column("item", "bigint", "Item of the file, from 1."),
    Column("line", "bigint", "Line that the item begins on; 0 where it has none."),
    Column("place", "bigint", "Place among the rows of the file, from 0: what one item says twice has an order too."),
    Column("imported_at", INSTANT, "When the migration began (UTC)."),
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
        *RECORD_KEY[1:],
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
