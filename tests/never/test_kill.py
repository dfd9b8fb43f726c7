"""kill -9 at every step of a collection, its publication and what is derived, then a rerun.

The lake must be the one of an undisturbed run, byte for byte, and so must the store and the read
model, row for row. Who reads meanwhile sees the state before or the one after, table by table.
"""

import hashlib
import json
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from random import Random
from select import select
from typing import Any

import duckdb
import pytest

from dnsinv.lake.integrity import problems
from dnsinv.lake.lake import Lake
from dnsinv.lake.readmodel import read_model
from tests.never.killing import Order
from tests.never.orders import Server

SEED = 20261123
KILLS = {"drift": 4}  # in `make test`; of the other acts one each
MOMENTS = 40  # instants without regard to steps, of each act in `make verify`
ACTS = {
    # what is killed: what was done before, and how the collection ends
    "drift": ("", "partial"),
    "hold": ("", "held"),
    "agree": ("hold", "completed"),
    "away": ("", "partial"),
    "accept": ("drift", "partial"),
}
DOES = {"agree": "hold"}
TABLES = ("domains", "zones", "dns_records", "domain_changes", "record_changes", "collections")
GLOBS = ("snapshots/domains", "snapshots/zones", "snapshots/records", "changes/records")

Rows = list[tuple[Any, ...]]


@dataclass
class Finished:
    """What an undisturbed run comes to."""

    order: Order
    before: Path
    after: Path
    steps: list[str]
    files: dict[str, str]
    rows: dict[str, Rows]
    legal: dict[str, set[int]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server("tests.never.killing")
    yield server
    server.close()


Finish = Callable[[str], Finished]


@pytest.fixture(scope="module")
def finished(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Finish:
    """What an act comes to undisturbed, found out when asked for."""
    base = tmp_path_factory.mktemp("base") / "lake"
    assert server.run(Order(str(base), "base")) == 0
    return cache(lambda act: finish(act, base, server, tmp_path_factory.mktemp(act)))


def finish(act: str, base: Path, server: Server, folder: Path) -> Finished:
    root, before = folder / "run", folder / "before"
    shutil.copytree(base, root)
    earlier, state = ACTS[act]
    if earlier:
        assert server.run(Order(str(root), earlier, "2026-03-03T08:00:00+00:00")) == 0
    shutil.copytree(root, before)
    legal = {name: {count} for name, count in counts(root).items()}
    order = Order(str(root), DOES.get(act, act), steps=str(folder / "steps.json"))
    assert server.run(order) == 0
    steps = json.loads((folder / "steps.json").read_text())
    for name, count in counts(root).items():
        legal.setdefault(name, {0}).add(count)
    run = Finished(replace(order, steps=""), before, root, steps, files(root), rows(root), legal)
    assert run.rows["last"] == [(state,)]
    assert len(steps) > 50
    return run


@pytest.mark.parametrize("act", ACTS)
def test_after_a_kill_the_rerun_gives_what_an_undisturbed_run_gives(
    act: str, server: Server, finished: Finish, tmp_path: Path
) -> None:
    run, random = finished(act), Random(f"{SEED} {act}")
    for step in random.sample(run.steps, KILLS.get(act, 1)):
        kill_and_rerun(server, run, replace(run.order, step=step), tmp_path)


@pytest.mark.verify
@pytest.mark.parametrize("portion", range(8))
@pytest.mark.parametrize("act", ACTS)
def test_after_a_kill_at_any_step_the_rerun_gives_what_an_undisturbed_run_gives(
    act: str, portion: int, server: Server, finished: Finish, tmp_path: Path
) -> None:
    run, random = finished(act), Random(f"{SEED} {act} {portion}")
    for step in run.steps[portion::8]:
        kill_and_rerun(server, run, replace(run.order, step=step), tmp_path)
    for _ in range(MOMENTS // 8):
        moment = replace(run.order, after_seconds=random.uniform(0.005, 0.6))
        kill_and_rerun(server, run, moment, tmp_path)


@pytest.mark.parametrize("share", [0.02, pytest.param(1, marks=pytest.mark.verify)])
def test_after_a_kill_collections_of_later_days_lose_and_double_no_change(
    share: float, server: Server, finished: Finish, tmp_path: Path
) -> None:
    run, root = finished("drift"), tmp_path / "lake"

    def later_days() -> Rows:
        for day in (4, 5):
            assert server.run(Order(str(root), "again", f"2026-03-{day:02}T09:00:00+00:00")) == 0
        return changes(root)

    shutil.copytree(run.before, root)
    assert server.run(replace(run.order, root=str(root))) == 0
    expected = later_days()
    assert len(expected) > 12

    for step in Random(SEED).sample(run.steps, round(share * len(run.steps))):
        shutil.rmtree(root)
        shutil.copytree(run.before, root)
        server.run(replace(run.order, root=str(root), step=step))
        assert later_days() == expected, step
        assert not list(problems(Lake(root))), step


# -- one kill -------------------------------------------------------------------------------------


def kill_and_rerun(server: Server, run: Finished, order: Order, folder: Path) -> None:
    root = folder / "lake"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(run.before, root)
    order = replace(order, root=str(root))
    server.begin(order)
    try:
        read_until_over(server, root, run.legal)
    finally:
        code = server.end()
    assert code in (0, -signal.SIGKILL, -signal.SIGALRM), order
    assert server.run(replace(order, step="", after_seconds=0)) == 0, order
    assert not list(problems(Lake(root))), order
    assert files(root) == run.files, order
    assert rows(root) == run.rows, order
    assert staged(root) == staged(run.after), order


def read_until_over(server: Server, root: Path, legal: dict[str, set[int]]) -> None:
    """Read everything again and again while the child runs."""
    while not select([server], [], [], 0)[0]:
        for name, count in counts(root).items():
            assert count in legal[name], f"{name}: {count} rows, which is neither before nor after"


def counts(root: Path) -> dict[str, int]:
    """How many rows everyone sees: through plain globs, the datasets and the read model."""
    found = {}
    for path in (root / "lake").rglob("*.parquet"):
        found[str(path.relative_to(root))] = count_of(root, str(path))
    for name in GLOBS:
        if any((root / "lake" / name).rglob("*.parquet")):
            found[name] = count_of(root, f"{root}/lake/{name}/**/*.parquet")
    lake = Lake(root)
    sizes = ", ".join(f"(select count(*) from {table})" for table in TABLES)
    found |= zip(TABLES, lake.query(f"select {sizes}")[0], strict=True)
    if model := read_model(lake):
        with duckdb.connect(model, read_only=True) as con:
            for table in TABLES:
                rows = con.execute(f"select count(*), max(rowid) from {table}").fetchall()
                assert rows[0][1] in (None, rows[0][0] - 1)
                found[f"read model {table}"] = rows[0][0]
    return found


def count_of(root: Path, pattern: str) -> int:
    """What a plain read of files that may be replaced meanwhile counts."""
    with duckdb.connect() as con:
        query = f"select count(*) from read_parquet('{pattern}', union_by_name = true)"
        return int(Lake(root).stable(lambda: con.execute(query).fetchall())[0][0])


def files(root: Path) -> dict[str, str]:
    """A fingerprint of every file of the lake; of collections, which count requests, none."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((root / "lake").rglob("*.parquet"))
        if "collections" not in path.parts
    }


def rows(root: Path) -> dict[str, Rows]:
    """Everything in the store, the collections dataset and the read model, less the requests."""
    found: dict[str, Rows] = {}
    with sqlite3.connect(f"file:{root}/store.db?mode=ro", uri=True) as db:
        found["accounts"] = db.execute("select * from accounts order by name").fetchall()
        found["holds"] = db.execute("select * from holds order by 1").fetchall()
        columns = [row[1] for row in db.execute("pragma table_info(collections)")]
        kept = ", ".join(column for column in columns if column not in ("requests", "errors"))
        found["ended"] = db.execute(f"select {kept} from collections order by id").fetchall()
        found["errors"] = [
            (key, *sorted(errors.split("\n")))
            for key, errors in db.execute("select id, errors from collections order by id")
        ]
        last = "select state from collections order by started_at desc, id desc limit 1"
        found["last"] = db.execute(last).fetchall()
    db.close()
    datasets = Lake(root).query("select * exclude (requests, errors) from collections order by id")
    found["collections"] = datasets
    path = read_model(Lake(root))
    assert path
    with duckdb.connect(path, read_only=True) as con:
        for table in TABLES:
            less = "exclude (requests, errors)" if table == "collections" else ""
            found[f"read model {table}"] = con.execute(
                f"select * {less} from {table} order by rowid"
            ).fetchall()
    return found


def staged(root: Path) -> list[str]:
    """What waits in staging: publications, and readings that the guard holds."""
    folders = ("publications", "collections")
    return sorted(path.name for name in folders for path in (root / "staging" / name).glob("*"))


def changes(root: Path) -> Rows:
    """What changed, whenever it was found."""
    return Lake(root).query(
        "select name, type, change, before.content, after.content from record_changes "
        "union all select name, null, change, before.status, after.status from domain_changes "
        "order by all"
    )
