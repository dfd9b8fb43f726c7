"""Ad hoc SQL that cannot do harm, and exports that a spreadsheet cannot run."""

import csv
import json
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from dnsinv.domain.records import Record
from dnsinv.errors import LakeError, UsageError
from dnsinv.lake.export import Filters, Style, export_rows
from dnsinv.lake.query import checked, run_query
from dnsinv.lake.readmodel import build_read_model, read_model
from tests.core.scripted import a_record
from tests.core.test_collection import World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(tmp_path_factory.mktemp("lake"))
    nasty = a_record("beta.example", "odd", "192.0.2.66", comment="=cmd|' /C calc'!A0")
    world.provider.zones["beta.example"].append(nasty)
    for number, comment in enumerate(
        ("+1", "-1", "-", "@a", "\tb", "'=c", "''+d", "'plain", "plain")
    ):
        record = Record(
            "beta.example",
            f"n{number}.beta.example",
            "A",
            "192.0.2.1",
            60,
            comment=comment,
            tags=("=t", "u"),
        )
        world.provider.zones["beta.example"].append(record)
    world.collect()
    return world


@pytest.mark.parametrize(
    "query",
    [
        "copy (select 1) to 'x.csv'",
        "create table x as select 1",
        "select 1; select 2",
        "set enable_external_access = true",
        "install httpfs",
        "explain analyze copy (select 1) to 'x'",
        "attach 'x.db'",
        "pragma version",
        "",
        "selec 1",
    ],
)
def test_only_one_reading_statement_is_let_through(query: str) -> None:
    with pytest.raises(UsageError):
        checked(query)


@pytest.mark.parametrize(
    "query",
    [
        "select 1;",
        "from domains",
        "with a as (select 1) from a",
        "describe domains",
        "show tables",
        "values (1)",
        "select 1 -- why",
    ],
)
def test_reading_statements_are_let_through(query: str, world: World, tmp_path: Path) -> None:
    run_query(world.lake, query, Style.CSV, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text()


@pytest.mark.parametrize(
    "query",
    [
        "from read_text('/etc/hostname')",
        "from read_csv('/etc/passwd')",
        "from glob('/etc/*')",
        "from read_blob('{root}/store.db')",
        "from 'https://192.0.2.1/x.parquet'",
    ],
)
def test_nothing_outside_the_lake_can_be_read(query: str, world: World) -> None:
    text = query.format(root=world.lake.layout.root)
    with pytest.raises((UsageError, LakeError)):
        run_query(world.lake, text, Style.CSV, None)


def test_the_lakes_own_files_can_be_read_by_path(world: World, tmp_path: Path) -> None:
    query = f"select count(*) as n from read_parquet('{world.lake.layout.lake}/snapshots/records/*/*/*/*.parquet')"
    run_query(world.lake, query, Style.JSON, tmp_path / "out.json")
    assert json.loads((tmp_path / "out.json").read_text()) == {"n": 25}


def test_a_failed_query_leaves_no_file(world: World, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        run_query(world.lake, "select error('no')", Style.CSV, tmp_path / "out.csv")
    assert list(tmp_path.iterdir()) == []


def test_no_cell_of_an_export_runs_and_each_can_be_restored(world: World, tmp_path: Path) -> None:
    rows = export_rows(
        world.lake, "dns", Filters(domain="beta.example"), Style.CSV, tmp_path / "dns.csv"
    )
    export_rows(
        world.lake, "dns", Filters(domain="beta.example"), Style.PARQUET, tmp_path / "dns.parquet"
    )
    with (tmp_path / "dns.csv").open(newline="") as file:
        cells = list(csv.DictReader(file))
    assert rows == len(cells) == 13
    for row in cells:
        risky = {cell for cell in row.values() if cell.startswith(tuple("=+-@\t\r"))}
        assert risky <= {"-"}, "alone it runs nowhere, and means something"
    restored = [
        row["comment"].removeprefix("'")
        if row["comment"].lstrip("'")[:1] in "=+-@\t" and row["comment"][:1] == "'"
        else row["comment"]
        for row in cells
    ]
    assert restored == pq.read_table(tmp_path / "dns.parquet").column("comment").to_pylist()


def test_filters_leave_what_they_say(world: World, tmp_path: Path) -> None:
    def count(what: str, **chosen: object) -> int:
        return export_rows(world.lake, what, Filters(**chosen), Style.JSON, tmp_path / "out.json")  # type: ignore[arg-type]

    assert count("domains") == 5
    assert count("domains", search="ALPHA") == 1
    assert count("domains", provider="cloudflare") == 0
    assert count("domains", status="active") == 5
    assert count("domains", expiring=30) == 0
    assert count("dns", record_type="a", domain="Alpha.example") == 3
    assert count("dns", search="' or 1=1 --") == 0


def test_the_mark_of_what_a_provider_does_not_have_stays_as_it_is(
    world: World, tmp_path: Path
) -> None:
    export_rows(world.lake, "domains", Filters(), Style.CSV, tmp_path / "domains.csv")
    with (tmp_path / "domains.csv").open(newline="") as file:
        assert {row["cloudflare_status"] for row in csv.DictReader(file)} == {"-"}


@pytest.mark.parametrize(
    ("what", "chosen", "option"),
    [
        ("domains", {"domain": "alpha.example"}, "--domain"),
        ("domains", {"record_type": "A"}, "--type"),
        ("dns", {"status": "active"}, "--status"),
        ("dns", {"expiring": 0}, "--expiring"),
    ],
)
def test_a_filter_that_would_limit_nothing_is_refused(
    world: World, tmp_path: Path, what: str, chosen: dict[str, Any], option: str
) -> None:
    with pytest.raises(UsageError, match=f"{option} does not limit {what}"):
        export_rows(world.lake, what, Filters(**chosen), Style.CSV, tmp_path / "out.csv")
    assert list(tmp_path.iterdir()) == []


def test_the_read_model_holds_what_was_published_and_is_made_once(world: World) -> None:
    path = build_read_model(world.lake)
    made = path.stat().st_mtime_ns
    assert build_read_model(world.lake) == path == read_model(world.lake)
    assert path.stat().st_mtime_ns == made
    with duckdb.connect(str(path), read_only=True) as con:
        rows = con.execute("select pos, name from domains order by pos").fetchall()
        counts = con.execute(
            "select (select count(*) from dns_records), (select count(*) from zones)"
        ).fetchall()
    assert rows == [
        (i, f"{name}.example")
        for i, name in enumerate(("alpha", "beta", "delta", "epsilon", "gamma"))
    ]
    assert counts == [(25, 5)]
