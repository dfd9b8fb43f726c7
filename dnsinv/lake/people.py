"""What people decided, as DuckDB tables beside the lake: who owns what, notes and tags.

It comes from the store, as Arrow tables, and is never written to the lake. For ad hoc SQL the
datasets of people stand there as well, each under its own name.
"""

from collections.abc import Mapping

import duckdb
import pyarrow as pa

from dnsinv.lake.lake import literal, sql, view
from dnsinv.lake.people_tables import OF_PEOPLE
from dnsinv.lake.schemas import DNS_RECORDS, DOMAINS

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
GATHERED = {  # what each of these is made of
    "of_domains": {"users", "groups", "owned_domains", "annotations"},
    "of_records": {"users", "groups", "owned_records"},
}
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
    con.execute(
        "create table people.of_domains "
        "(domain varchar, owners varchar[], groups varchar[], tags varchar[], note varchar)"
    )
    con.execute(
        "create table people.of_records "
        "(name varchar, type varchar, content varchar, owners varchar[], groups varchar[])"
    )


def fill_people(con: duckdb.DuckDBPyConnection, tables: Mapping[str, pa.Table]) -> None:
    """Put rows into tables of the schema `people`."""
    for name, rows in tables.items():
        con.register("given", rows)
        con.execute(f"insert into people.{name} by name from given")
    con.unregister("given")


def gather_people(con: duckdb.DuckDBPyConnection) -> None:
    """Put what is said of each domain and record in one row, for `with_owners` to join."""
    con.execute(sql("gather_people"))


def with_owners(table: str, query: str) -> str:
    """The rows of a query over `domains` or `dns_records` with the columns that people add."""
    return f"with {table} as ({query}) {sql(f'{table}_with_owners')}"


def show_people(con: duckdb.DuckDBPyConnection) -> None:
    """Add what people decided to the views of the lake: new columns, and datasets of their own."""
    for table in (DOMAINS, DNS_RECORDS):
        con.execute(f"alter view {table.name} rename to observed_{table.name}")
        view(con, table.name, with_owners(table.name, f"from observed_{table.name}"))
        con.execute(f"comment on view {table.name} is {literal(table.doc)}")
    con.execute("create schema people.listed")
    for table in OF_PEOPLE:
        con.execute(f"create table people.listed.{table.name} as {table.empty()}")
        view(con, table.name, f"from people.listed.{table.name}")
        con.execute(f"comment on view {table.name} is {literal(table.doc)}")
