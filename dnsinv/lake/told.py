"""Rows as JSON tells them: days and instants in ISO 8601, instants in UTC with a "Z".

Made by DuckDB, which is what reads them from the lake anyway; the columns come from the schemas.
"""

from collections.abc import Iterable

from dnsinv.lake.schemas import DOMAIN_CHANGES, DOMAIN_STATE, RECORD_CHANGES, RECORD_STATE
from dnsinv.lake.table import Column, Table

CHANGES = Table(
    "changes",
    "A change of a domain or a record.",
    (
        Column("observed_at", "timestamptz", "When the new state was observed (UTC)."),
        Column("kind", "varchar", "domain or record."),
        *(each for each in DOMAIN_CHANGES.columns if each.name in ("provider", "account")),
        Column("moved_from", "varchar", "Account it came from when change is moved, else null."),
        Column("zone", "varchar", "Zone of the record, or the domain."),
        Column("name", "varchar", "Name of the record, or the domain."),
        Column("type", "varchar", "Record type; null for a domain."),
        Column("change", "varchar", "added, removed, modified or moved."),
        Column("before", "json", "Values before; null when added."),
        Column("after", "json", "Values after; null when removed or moved."),
    ),
    ("observed_at", "zone", "name", "type", "kind", "change", "account"),
)


def told_rows(table: Table) -> str:
    """The list of one value: the row as the text of a JSON array, with a line end."""
    return f"json_array({', '.join(_told(each) for each in table.columns)})::varchar || chr(10)"


def told_object(columns: Iterable[Column], of: str = "") -> str:
    """Columns, or fields of the struct `of`, as one JSON object."""
    told = ", ".join(f"'{each.name}', {_told(each, of)}" for each in columns)
    return f"json_object({told})"


def told_changes() -> str:
    """A query over both kinds of changes with the columns of CHANGES."""
    return " union all ".join(
        (
            _changes(DOMAIN_CHANGES, "domain", "moved_from", DOMAIN_STATE),
            _changes(RECORD_CHANGES, "record", "null::varchar", RECORD_STATE),
        )
    )


def _changes(table: Table, kind: str, moved_from: str, state: tuple[Column, ...]) -> str:
    values = {"kind": f"'{kind}'", "moved_from": moved_from, "type": "type::varchar"}
    for side in ("before", "after"):
        values[side] = f"case when {side} is not null then {told_object(state, f'{side}.')} end"
    columns = (f"{values.get(name, name)} as {name}" for name in CHANGES.names)
    return f"select {', '.join(columns)} from {table.name}"


def _told(column: Column, of: str = "") -> str:
    name = f'{of}"{column.name}"'
    if column.name == "attributes":
        return f"{name}::json"
    if column.type != "timestamptz":
        return f"{name}::varchar" if column.type == "date" else name
    # Without a zone, whose calendar would take twice the time of all the rest of a row.
    instant = f"make_timestamp(epoch_us({name}))"
    return f"replace(strftime({instant}, '%Y-%m-%dT%H:%M:%S.%fZ'), '.000000Z', 'Z')"
