"""What a template makes of a file's items: rows of domains, of records, and of what is wrong.

`item` is the item's number in the file, from 1; `line` the line it begins on, from 1, 0 where the
file has no lines to speak of. Names are canonical, instants do not occur, days are dates. Fields
that an item does not have are null, lists then empty or null.
"""

from dataclasses import dataclass

import pyarrow as pa

_WHERE = [
    pa.field("item", pa.int64(), nullable=False),
    pa.field("line", pa.int64(), nullable=False),
]
_BESIDE = [
    pa.field("attributes", pa.string()),  # what no column has, as a JSON object with sorted keys
    pa.field("owners", pa.list_(pa.string())),  # as the file names them: e-mail addresses or names
]

DOMAIN_ROWS = pa.schema(
    [
        *_WHERE,
        pa.field("name", pa.string(), nullable=False),
        pa.field("godaddy_status", pa.string()),  # a word of Lifecycle
        pa.field("cloudflare_status", pa.string()),
        pa.field("discovered_on", pa.date32()),
        pa.field("registered_on", pa.date32()),
        pa.field("expires_on", pa.date32()),
        pa.field("auto_renew", pa.bool_()),
        pa.field("locked", pa.bool_()),
        pa.field("privacy", pa.bool_()),
        pa.field("nameservers", pa.list_(pa.string())),  # sorted, as in the lake
        *_BESIDE,
    ]
)

RECORD_ROWS = pa.schema(
    [
        *_WHERE,
        pa.field("domain", pa.string(), nullable=False),  # the zone it belongs to
        pa.field("name", pa.string(), nullable=False),  # full owner name
        pa.field("type", pa.string(), nullable=False),
        pa.field("content", pa.string(), nullable=False),  # canonical, as Record.content
        pa.field("ttl", pa.int32()),  # null: the file does not say
        pa.field("priority", pa.int32()),
        pa.field("discovered_on", pa.date32()),
        *_BESIDE,
    ]
)

ERROR_ROWS = pa.schema(
    [
        *_WHERE,
        pa.field("field", pa.string(), nullable=False),  # of the file, as its path; '' = the item
        pa.field("value", pa.string(), nullable=False),  # as the file has it, shortened
        pa.field("code", pa.string(), nullable=False),  # such as bad_name, missing, duplicate_key
        pa.field("reason", pa.string(), nullable=False),  # one sentence
        pa.field("is_warning", pa.bool_(), nullable=False),  # the row counts nevertheless
    ]
)


@dataclass(frozen=True, slots=True)
class Transformed:
    """What became of some items, each table in the order of the file; an item may give many rows.

    An item with an error that is no warning gives no row at all.
    """

    domains: pa.Table
    records: pa.Table
    errors: pa.Table
