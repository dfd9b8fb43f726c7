"""Rows that a statement is given as one JSON parameter, and reads like a table.

So that 100,000 of them cost one statement, on SQLite as on Postgres, and no temporary table.
"""

import json
from collections.abc import Sequence

from sqlalchemy import (
    JSON,
    Connection,
    Integer,
    String,
    Subquery,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    select,
    text,
)

MANY = 1_000


def given(db: Connection, rows: Sequence[Sequence[str | int | None]], **columns: type) -> Subquery:
    """A subquery of these rows; `columns` names their values in order, each with str or int."""
    if db.dialect.name == "postgresql" and len(rows) > MANY:
        # Postgres takes such rows for a hundred, and would compare each of its own with all of
        # them; without nested loops it hashes them. Until the end of the transaction.
        db.execute(text("set local enable_nestloop = off"))
    parameter = bindparam(None, json.dumps(rows, ensure_ascii=False), String)
    if db.dialect.name == "postgresql":
        elements = func.json_array_elements(cast(parameter, JSON))
        each = elements.table_valued(column("value", JSON)).render_derived(name="each")
    else:
        each = func.json_each(parameter).table_valued(column("value", JSON))
    values = [
        cast(
            each.c.value.op("->>")(literal_column(str(place))),
            Integer if kind is int else String,
        ).label(name)
        for place, (name, kind) in enumerate(columns.items())
    ]
    return select(*values).subquery("given")
