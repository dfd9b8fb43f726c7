"""Exports: the lists' rows as files that no spreadsheet runs and our own reader restores."""

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnsinv.actions.acting import Actor, NotAllowed
from dnsinv.actions.annotate import annotate
from dnsinv.actions.assign import assign_domains
from dnsinv.actions.export import export_file, export_stream, open_export
from dnsinv.actions.installation import Installation, open_with
from dnsinv.actions.people import create_user, update_user
from dnsinv.actions.queries import DomainQuery, RecordQuery
from dnsinv.actions.reading import Reader
from dnsinv.domain.records import Record
from dnsinv.errors import LakeError, UsageError
from dnsinv.lake.csv_reader import read_exported_csv
from dnsinv.lake.export import Style, streamed
from dnsinv.lake.lake import Lake
from dnsinv.lake.people_tables import BESIDE
from dnsinv.lake.schemas import DNS_RECORDS
from dnsinv.settings import Settings
from dnsinv.store import audit
from tests.core.observed import Observed
from tests.core.scripted import a_record
from tests.core.stores import ROOT

NASTY = (
    "=1+1",
    "+1",
    "-1",
    "-",
    "@a",
    "\tb",
    "\rc",
    "'=c",
    "''+d",
    "'-",
    "'plain",
    "",
    'say "x"',
    "a, b",
    "a\nb",
    "ü",
)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    root = tmp_path_factory.mktemp("exports")
    opened = open_with(Settings(db_path=root, database_url="", _env_file=None))
    zones = {
        f"zone-{n:02}.example": [a_record(f"zone-{n:02}.example", "www", "192.0.2.1")]
        for n in range(40)
    }
    zones["zone-07.example"] += [
        Record(
            "zone-07.example",
            f"n{place}.zone-07.example",
            "A",
            "192.0.2.2",
            60,
            comment=text,
            tags=("=t", text or "u"),
        )
        for place, text in enumerate(NASTY)
    ]
    Observed(opened).observe(zones)
    create_user(opened, ROOT, {"name": "Ada"})
    assign_domains(opened, ROOT, [f"zone-{n:02}.example" for n in range(0, 40, 3)], ["Ada"])
    annotate(opened, ROOT, "zone-07.example", note="=HYPERLINK(1)", tags=["core"])
    yield opened
    opened.close()


def exported(
    installation: Installation, tmp_path: Path, query: DomainQuery | RecordQuery, style: Style
) -> Path:
    path = tmp_path / f"rows.{style}"
    what = "domains" if isinstance(query, DomainQuery) else "dns"
    export_file(installation, ROOT, what, query, style, path)
    return path


@pytest.mark.parametrize("query", [DomainQuery(), RecordQuery()])
def test_csv_read_back_is_the_same_as_parquet(
    installation: Installation, tmp_path: Path, query: DomainQuery | RecordQuery
) -> None:
    restored = read_exported_csv(exported(installation, tmp_path, query, Style.CSV))
    plain = pq.read_table(exported(installation, tmp_path, query, Style.PARQUET))
    assert restored.column_names == plain.column_names
    assert restored.to_pylist() == plain.cast(restored.schema).to_pylist()


def test_no_cell_of_a_csv_runs_in_a_spreadsheet(installation: Installation, tmp_path: Path) -> None:
    for query in (DomainQuery(), RecordQuery(search="zone-07")):
        with exported(installation, tmp_path, query, Style.CSV).open(newline="") as file:
            cells = {cell for row in csv.reader(file) for cell in row}
        assert not {cell for cell in cells if cell.startswith(("=", "+", "@", "\t", "\r"))}
        assert {cell for cell in cells if cell.startswith("-")} <= {"-"}, "alone it means something"


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
CELL = TEXT | st.sampled_from(NASTY)


@given(
    st.lists(
        st.tuples(st.none() | CELL, st.none() | st.lists(CELL, max_size=3)), min_size=1, max_size=5
    )
)
@settings(deadline=None, max_examples=150)
def test_whatever_is_in_a_cell_comes_back_exactly(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str | None, list[str] | None]]
) -> None:
    columns = (*DNS_RECORDS.columns, *BESIDE["dns_records"])
    path = tmp_path_factory.mktemp("cells") / "rows.csv"
    with duckdb.connect() as con:
        con.register(
            "cells",
            pa.table(
                {
                    "comment": pa.array([a for a, _ in rows], pa.string()),
                    "tags": pa.array([b for _, b in rows], pa.list_(pa.string())),
                }
            ),
        )
        chosen = ", ".join(
            f'"{c.name}"' if c.name in ("comment", "tags") else f'null::{c.type} as "{c.name}"'
            for c in columns
        )
        path.write_bytes(b"".join(streamed(con, f"select {chosen} from cells", Style.CSV)))
    restored = read_exported_csv(path)
    assert (
        list(zip(restored["comment"].to_pylist(), restored["tags"].to_pylist(), strict=True))
        == rows
    )


@pytest.mark.parametrize(
    "asked",
    [
        DomainQuery(search="zone-1", sort="-name"),
        DomainQuery(owner="Ada", page=2, limit=3),
        DomainQuery(unowned=True),
        DomainQuery(tag="core"),
    ],
)
def test_an_export_has_the_rows_of_the_list_in_its_order(
    installation: Installation, tmp_path: Path, asked: DomainQuery
) -> None:
    reader = Reader(installation)
    wanted = reader.domains(ROOT, replace(asked, page=1, limit=500)).items
    reader.close()
    lines = exported(installation, tmp_path, asked, Style.JSON).read_text().splitlines()
    found = [json.loads(line) for line in lines]
    for name in ("name", "owners", "groups", "tags", "note", "entry", "base_name", "sources"):
        assert [each[name] for each in found] == [each[name] for each in wanted], name


def test_an_export_is_written_down_with_its_filters(installation: Installation) -> None:
    b"".join(export_stream(installation, ROOT, "dns", RecordQuery(search="zone-01"), Style.CSV))
    with installation.store.read() as db:
        entry = list(audit.entries(db))[-1]
    assert (entry.action, entry.outcome) == ("export.dns", "done")
    assert entry.details == {"rows": 1, "format": "csv", "filters": {"search": "zone-01"}}


def test_who_may_not_export_gets_nothing_and_that_is_written_down(
    installation: Installation,
) -> None:
    create_user(installation, ROOT, {"name": "Eve"})
    update_user(installation, ROOT, "Eve", {"is_active": False})
    with pytest.raises(NotAllowed):
        export_stream(
            installation, Actor("Eve", "api", user_id=2), "domains", DomainQuery(), Style.CSV
        )
    with installation.store.read() as db:
        entry = list(audit.entries(db))[-1]
    assert (entry.actor, entry.action, entry.outcome) == ("Eve", "export.domains", "refused")


def test_wrong_filters_are_refused_before_anything_is_sent(installation: Installation) -> None:
    with pytest.raises(UsageError):
        export_stream(installation, ROOT, "domains", DomainQuery(owner="Nobody"), Style.CSV)
    with pytest.raises(UsageError):
        export_stream(installation, ROOT, "domains", DomainQuery(sort="secret"), Style.CSV)


def test_an_export_that_nobody_wants_any_more_ends_at_once(tmp_path: Path) -> None:
    with Lake(tmp_path).open() as con:
        pieces = streamed(
            con, "select i, repeat('x', 1000) as t from range(100_000_000) t(i)", Style.CSV
        )
        assert next(pieces)
        pieces.close()
        assert con.execute("select 1").fetchall() == [(1,)]


def test_an_export_that_fails_half_way_says_so(tmp_path: Path) -> None:
    with Lake(tmp_path).open() as con:
        query = "select case when i = 900_000 then error('torn') else i end as i from range(1_000_000) t(i)"
        with pytest.raises(LakeError, match="torn"):
            list(streamed(con, query, Style.CSV))


def test_a_file_appears_whole_or_not_at_all(installation: Installation, tmp_path: Path) -> None:
    with pytest.raises(LakeError):
        export_file(
            installation, ROOT, "domains", DomainQuery(), Style.CSV, tmp_path / "no" / "x.csv"
        )
    assert list(tmp_path.iterdir()) == []


def test_an_empty_export_has_its_columns(installation: Installation, tmp_path: Path) -> None:
    export = open_export(installation, ROOT, "domains", DomainQuery(search="nothing"), Style.CSV)
    assert export.rows == 0
    (tmp_path / "empty.csv").write_bytes(b"".join(export.pieces))
    assert read_exported_csv(tmp_path / "empty.csv").num_rows == 0


def test_a_file_of_other_columns_is_no_export(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(LakeError, match="columns of an export"):
        read_exported_csv(tmp_path / "x.csv")
