"""The columns that people add, put beside rows batch by batch, in the order in which they come.

DuckDB's joins keep no order, and a file of a million rows is not to be sorted once more.
"""

from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from dnsinv.lake.people_tables import BESIDE

SEAM = "\0"  # between the parts of a record's key; no name or type has it


def rows_beside(
    con: duckdb.DuckDBPyConnection, table: str, rows: pa.RecordBatchReader
) -> pa.RecordBatchReader:
    """Rows of `domains` or `dns_records` with the columns of BESIDE that the store fills.

    Lists and notes are null where nothing is said. `con` has the gathered tables of people.py.
    """
    of_domains = _said(con, "select domain as key, * exclude (domain) from people.of_domains")
    of_records = _said(
        con,
        "select concat_ws(chr(0), name, type, content) as key, owners, groups, "
        "[]::varchar[] as tags, '' as note from people.of_records",
    )
    everything = pa.concat_tables([of_domains, of_records.cast(of_domains.schema)]).combine_chunks()
    names = [each.name for each in BESIDE[table] if each.name in everything.column_names]
    fields = [everything.schema.field(name).remove_metadata() for name in names]
    schema = pa.schema([*rows.schema, *fields])

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in rows:
            places = pc.index_in(batch.column(_NAME[table]), of_domains["key"])
            if table == "dns_records" and of_records.num_rows:
                parts = [batch.column(name) for name in ("name", "type", "content")]
                keys = pc.binary_join_element_wise(*parts, SEAM)
                of_its_own = pc.index_in(keys, of_records["key"])
                places = pc.coalesce(pc.add(of_its_own, of_domains.num_rows), places)
            found = [everything[name].combine_chunks().take(places) for name in names]
            yield pa.record_batch([*batch.columns, *found], schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _said(con: duckdb.DuckDBPyConnection, query: str) -> pa.Table:
    with con.cursor() as cursor:
        return cursor.sql(query).to_arrow_table()


_NAME = {"domains": "name", "dns_records": "domain"}
