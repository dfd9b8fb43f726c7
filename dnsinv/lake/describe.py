"""The datasets in words: docs/datasets.md is made from the schemas, and a test holds it to them."""

import sys
from pathlib import Path

from dnsinv.lake.columns import PARTITION
from dnsinv.lake.people_tables import BESIDE, OF_PEOPLE
from dnsinv.lake.schemas import DATASETS
from dnsinv.lake.table import Table

PARTITIONED = {"domain_snapshots", "zone_snapshots", "record_snapshots"}
BEGIN, END = "<!-- datasets -->\n", "<!-- /datasets -->"


def datasets_page() -> str:
    """The Markdown between the markers of docs/datasets.md: one section per dataset."""
    return "\n".join(_section(table) for table in (*DATASETS, *OF_PEOPLE))


def _section(table: Table) -> str:
    beside = BESIDE.get(table.name, ())
    columns = (*table.columns, *beside, *(PARTITION if table.name in PARTITIONED else ()))
    rows = [f"| {c.name} | {_type(c.type)} | {c.doc} |" for c in columns]
    return "\n".join(
        (f"### {table.name}", "", f"One row: {table.doc[0].lower()}{table.doc[1:]}", "",
         "| column | type | |", "|---|---|---|", *rows, "")
    )  # fmt: skip


def _type(name: str) -> str:
    return "struct" if name.startswith("struct") else name


def with_datasets(page: str) -> str:
    """A page with the sections between its markers made anew."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{datasets_page()}\n{END}{tail}"


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.write_text(with_datasets(target.read_text(encoding="utf-8")), encoding="utf-8")
