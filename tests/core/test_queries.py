"""Ad hoc SQL that cannot do harm, and the read model."""

import json
from pathlib import Path

import duckdb
import pytest

from dnsinv.errors import LakeError, UsageError
from dnsinv.lake.export import Style
from dnsinv.lake.query import Wanted, checked, run_query
from dnsinv.lake.readmodel import build_read_model, read_model
from tests.core.test_collection import World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(tmp_path_factory.mktemp("lake"))
    world.collect()
    return world


def run(world: World, query: str, style: Style | None = None, output: Path | None = None) -> None:
    """A query that needs nothing of the store."""
    run_query(world.lake, Wanted(query, style, output), lambda _: {})


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
    run(world, query, Style.CSV, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text()


@pytest.mark.parametrize(
    "query",
    [
        "from read_text('/etc/hostname')",
        "from read_csv('/etc/passwd')",
        "from glob('/etc/*')",
        "from read_blob('{root}/store.db')",
        "from 'https://192.0.2.1/x.parquet'",
        "from read_text('{root}/lake/../store.db')",
        "from read_text('{root}/lake/current/../../store.db')",
        "from glob('{root}/*')",
        "from glob('{root}/lake/../*')",
        "from '{root}/store.db'",
        "from read_csv(['{root}/lake/current/domains.parquet', '/etc/passwd'])",
        "from sqlite_scan('{root}/store.db', 'users')",
        "from read_duckdb('{root}/cache/x.duckdb')",
        "from parquet_metadata('/etc/passwd')",
        "from sniff_csv('/etc/passwd')",
        "from query('from read_text(''/etc/hostname'')')",
        "select getenv('HOME')",
        "from enable_logging('QueryLog', storage := 'file', storage_path := '{root}/log')",
        "from enable_profiling()",
        "from postgres_scan('host=127.0.0.1', 'public', 'users')",
        "select * from world",
        "select * from text",
        "select current_setting('home_directory') from read_text('~/.bashrc')",
        "from 's3://bucket/x.parquet'",
        "select write_log('x', level := 'error') from read_text('/etc/hostname')",
    ],
)
def test_nothing_outside_the_lake_can_be_read(query: str, world: World) -> None:
    text = query.format(root=world.lake.layout.root)
    with pytest.raises((UsageError, LakeError)):
        run(world, text, Style.CSV, None)


@pytest.mark.parametrize("table", ["people.users", "people.listed.audit_log"])
def test_a_select_that_writes_on_the_side_is_refused(table: str, world: World) -> None:
    with pytest.raises(UsageError, match="read-only"):
        run(world, f"with gone as (delete from {table} returning *) from gone")


def test_the_lakes_own_files_can_be_read_by_path(world: World, tmp_path: Path) -> None:
    query = f"select count(*) as n from read_parquet('{world.lake.layout.lake}/snapshots/records/*/*/*/*.parquet')"
    run(world, query, Style.JSON, tmp_path / "out.json")
    assert json.loads((tmp_path / "out.json").read_text()) == {"n": 15}


def test_a_failed_query_leaves_no_file(world: World, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        run(world, "select error('no')", Style.CSV, tmp_path / "out.csv")
    assert list(tmp_path.iterdir()) == []


def test_the_read_model_holds_what_was_published_and_is_made_once(world: World) -> None:
    path = build_read_model(world.lake)
    made = path.stat().st_mtime_ns
    assert build_read_model(world.lake) == path == read_model(world.lake)
    assert path.stat().st_mtime_ns == made
    with duckdb.connect(str(path), read_only=True) as con:
        rows = con.execute("select rowid, name from domains order by rowid").fetchall()
        counts = con.execute(
            "select (select count(*) from dns_records), (select count(*) from zones)"
        ).fetchall()
    assert rows == [
        (i, f"{name}.example")
        for i, name in enumerate(("alpha", "beta", "delta", "epsilon", "gamma"))
    ]
    assert counts == [(15, 5)]
