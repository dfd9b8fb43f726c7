"""What people decided, as DuckDB tables beside the lake: who owns what, notes and tags.

It comes from the store, as Arrow tables, and is never written to the lake.
"""

from collections.abc import Mapping

import duckdb
import pyarrow as pa

from dnsinv.lake.lake import sql

NAMES = pa.schema([("id", pa.int64()), ("name", pa.string())])
OWNED_DOMAINS = pa.schema(
    [("id", pa.int64()), ("domain", pa.string()), ("user_id", pa.int64()), ("group_id", pa.int64())]
)
OWNED_RECORDS = pa.schema(
    [
        *OWNED_DOMAINS,
        ("name", pa.string()),
        ("type", pa.string()),
        ("content", pa.string()),
    ]
)
ANNOTATIONS = pa.schema(
    [("domain", pa.string()), ("note", pa.string()), ("tags", pa.list_(pa.string()))]
)
TABLES: Mapping[str, pa.Schema] = {
    "users": NAMES,
    "groups": NAMES,
    "owned_domains": OWNED_DOMAINS,
    "owned_records": OWNED_RECORDS,
    "annotations": ANNOTATIONS,
}


def add_people(con: duckdb.DuckDBPyConnection) -> None:
    """Attach the schema `people` with its tables, empty."""
    con.execute("attach ':memory:' as people")
    for name, schema in TABLES.items():
        con.register("given", schema.empty_table())
        con.execute(f"create table people.{name} as from given")
    con.unregister("given")


def fill_people(con: duckdb.DuckDBPyConnection, tables: Mapping[str, pa.Table]) -> None:
    """Put rows into tables of the schema `people`."""
    for name, rows in tables.items():
        con.register("given", rows)
        con.execute(f"insert into people.{name} from given")
    con.unregister("given")


def with_owners(table: str, query: str) -> str:
    """The rows of a query over `domains` or `dns_records` with the columns that people add."""
    return f"with {table} as ({query}) {sql(f'{table}_with_owners')}"
