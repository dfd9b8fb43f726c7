"""kill -9 at every state of the disk and at any instant of an import, then a resume.

Inventory, imported rows, errors, ledger, counts, assignments and the audit log must be those of an
undisturbed import. Who reads meanwhile sees the inventory before or the one after, and of what was
imported whole batches only.
"""

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
from dnsinv.store import audit
from dnsinv.store.database import open_store
from tests.never.importing import Order, left_in_staging
from tests.never.orders import Server

SEED = 20261125
STRATEGIES = ("merge", "append", "replace", "skip")  # of the first two a share in `make test`
MOMENTS = 200  # instants without regard to steps, in `make verify`
PORTIONS = 20  # of the steps and instants in `make verify`, each a test
NUMBER = 2  # of the migration; the first was done before
HALF = 5  # batches that are committed when it is cancelled

INVENTORY = ("domains", "dns_records", "zones")
IMPORTED = ("imported_domains", "imported_records", "migration_errors")
DECIDED = {
    # what people and machines decided; ids and what is measured in the file system left out
    "migrations": "* exclude (inventory, restore_point)",
    "migration_batches": "*",
    "migration_slices": "*",
    "assignments": "* exclude (id)",
    "users": "* exclude (password_hash)",
    "audit_log": "* exclude (hash)",
}

SOME_STEPS_OR_ALL = pytest.mark.parametrize(
    "portion", [None, *(pytest.param(n, marks=pytest.mark.verify) for n in range(PORTIONS))]
)

Rows = list[tuple[Any, ...]]
State = dict[str, Rows]


@dataclass
class Finished:
    """What an act comes to undisturbed."""

    order: Order
    before: Path
    after: State
    steps: list[str] = field(default_factory=list)
    legal: "Legal | None" = None


@dataclass(frozen=True)
class Legal:
    """What a reader may see at any time."""

    inventories: frozenset[tuple[Any, ...]]
    batches: dict[tuple[Any, ...], set[int]]  # rows of each batch, and of each file's errors


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server("tests.never.importing")
    yield server
    server.close()


@pytest.fixture(scope="module")
def base(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("base") / "data"
    assert server.run(Order(str(base), "base")) == 0
    return base


Finish = Callable[..., Finished]


@pytest.fixture(scope="module")
def finished(server: Server, base: Path, tmp_path_factory: pytest.TempPathFactory) -> Finish:
    """What an act comes to undisturbed with a strategy, found out when asked for."""

    @cache
    def finish(act: str, strategy: str) -> Finished:
        folder = tmp_path_factory.mktemp(f"{act}-{strategy}")
        root, before = folder / "data", folder / "before"
        if act == "run":
            shutil.copytree(base, root)
            run(server, Order(str(root), "submit_one", NUMBER, strategy))
        else:
            shutil.copytree(finish("run", strategy).before, root)
            if act == "undo":
                run(server, Order(str(root), "run", NUMBER))
            else:
                run(server, Order(str(root), "half", NUMBER, batches=HALF))
        shutil.copytree(root, before)
        order = Order(str(root), act, NUMBER, steps=str(folder / "steps.json"))
        seen = inventory(root), batches(root)
        run(server, order)
        steps = json.loads((folder / "steps.json").read_text())
        done = Finished(replace(order, steps=""), before, state(root), steps)
        legal_batches: dict[tuple[Any, ...], set[int]] = {}
        for found in (seen[1], batches(root)):
            for key, count in found.items():
                legal_batches.setdefault(key, {0}).add(count)
        done.legal = Legal(frozenset({seen[0], inventory(root)}), legal_batches)
        return done

    return finish


@pytest.mark.parametrize("strategy", STRATEGIES[:2])
def test_an_import_killed_on_its_way_and_resumed_is_an_undisturbed_one(
    strategy: str, server: Server, finished: Finish, tmp_path: Path
) -> None:
    done, random = finished("run", strategy), Random(f"{SEED} {strategy}")
    assert len(done.after["migration_batches"]) > 2 * HALF
    assert len(done.steps) > 60
    [step] = random.sample(done.steps, 1)
    kill_and_resume(server, done, replace(done.order, step=step), tmp_path)
    moment = replace(done.order, workers=3, after_seconds=random.uniform(0.05, 1.5))
    kill_and_resume(server, done, moment, tmp_path)


@pytest.mark.verify
@pytest.mark.parametrize("portion", range(PORTIONS))
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_an_import_killed_at_any_step_and_resumed_is_an_undisturbed_one(
    strategy: str, portion: int, server: Server, finished: Finish, tmp_path: Path
) -> None:
    done = finished("run", strategy)
    for step in done.steps[portion::PORTIONS]:
        kill_and_resume(server, done, replace(done.order, step=step), tmp_path)


@pytest.mark.verify
@pytest.mark.parametrize("portion", range(PORTIONS))
def test_imports_killed_at_any_instant_and_resumed_are_undisturbed_ones(
    portion: int, server: Server, finished: Finish, tmp_path: Path
) -> None:
    random = Random(f"{SEED} moments {portion}")
    for number in range(MOMENTS // PORTIONS):
        done = finished("run", STRATEGIES[number % len(STRATEGIES)])
        moment = replace(done.order, workers=3, after_seconds=random.uniform(0.01, 1.5))
        kill_and_resume(server, done, moment, tmp_path)


@SOME_STEPS_OR_ALL
def test_an_undo_killed_on_its_way_and_repeated_takes_back_all(
    portion: int | None, server: Server, finished: Finish, tmp_path: Path
) -> None:
    done = finished("undo", "merge")
    before = finished("run", "merge").before
    assert inventory_rows(Path(done.order.root)) == inventory_rows(before)
    for step in some(done.steps, portion):
        root = kill(server, done, replace(done.order, step=step), tmp_path)
        run(server, replace(done.order, root=str(root)))
        found = state(root)
        assert but_audit(found) == but_audit(done.after), step
        assert_is_sound(root)


@SOME_STEPS_OR_ALL
def test_a_cancel_killed_on_its_way_leaves_what_was_committed_and_can_be_resumed(
    portion: int | None, server: Server, finished: Finish, tmp_path: Path
) -> None:
    done, whole = finished("cancel", "merge"), finished("run", "merge")
    ledger = done.after["migration_batches"]
    assert [row[-1] is None for row in ledger if row[0] == NUMBER].count(False) == HALF
    for step in some(done.steps, portion):
        root = kill(server, done, replace(done.order, step=step), tmp_path)
        resumed = tmp_path / "resumed"
        shutil.rmtree(resumed, ignore_errors=True)
        shutil.copytree(root, resumed)
        run(server, replace(done.order, root=str(root)))
        assert but_audit(state(root)) == but_audit(done.after), step
        for each in (root, resumed):  # resumed at once, and after it was settled
            run(server, replace(done.order, root=str(each), act="resume"))
            assert but_audit(state(each)) == but_audit(whole.after), step
            assert_is_sound(each)


# -- one kill -------------------------------------------------------------------------------------


def some(steps: list[str], portion: int | None) -> list[str]:
    """The steps of a portion; of none, two by chance."""
    return Random(SEED).sample(steps, 2) if portion is None else steps[portion::PORTIONS]


def run(server: Server, order: Order) -> None:
    assert server.run(order) == 0, order


def kill(server: Server, done: Finished, order: Order, folder: Path) -> Path:
    """Let a child do it and die on the way, while somebody reads; the folder that is left."""
    root = folder / "data"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(done.before, root)
    server.begin(replace(order, root=str(root)))
    try:
        read_until_over(server, root, done.legal)
    finally:
        code = server.end()
    assert code in (0, -signal.SIGKILL, -signal.SIGALRM), order
    return root


def kill_and_resume(server: Server, done: Finished, order: Order, folder: Path) -> None:
    root = kill(server, done, order, folder)
    run(server, replace(done.order, root=str(root), act="resume"))
    found = state(root)
    for name, rows in done.after.items():
        assert found[name] == rows, f"{name} after {order}"
    assert_is_sound(root)


def assert_is_sound(root: Path) -> None:
    """Nothing is left over, broken, doubled or missing."""
    assert left_in_staging(root) == []
    assert not list(problems(Lake(root)))
    store = open_store(f"sqlite:///{root}/store.db", root / "locks")
    with store.read() as db:
        assert audit.broken_at(db) is None
    store.close()
    owned = state(root)["assignments"]
    assert len(owned) == len(set(owned))


def read_until_over(server: Server, root: Path, legal: Legal | None) -> None:
    """Read everything again and again while the child runs, and once afterwards."""
    assert legal
    is_over = False
    while not is_over:
        is_over = bool(select([server], [], [], 0)[0])
        assert inventory(root) in legal.inventories, "neither the one before nor the one after"
        for key, count in batches(root).items():
            assert count in legal.batches[key], f"{key}: {count} rows"


# -- what is there --------------------------------------------------------------------------------


def inventory(root: Path) -> tuple[Any, ...]:
    """A fingerprint of what people see: the current domains, and those of the read model."""
    told = "select count(*), bit_xor(hash(d)) from domains d"
    current = Lake(root).query(told)[0]
    path = read_model(Lake(root))
    assert path
    with duckdb.connect(path, read_only=True) as con:
        ((rows, most),) = con.execute("select count(*), max(rowid) from domains").fetchall()
        assert rows == most + 1
    return current


def batches(root: Path) -> dict[tuple[Any, ...], int]:
    """How many rows of each batch are published, and how many errors of each file."""
    rows = Lake(root).query(
        "select 'domains', migration, batch, count(*) from imported_domains group by all "
        "union all "
        "select 'records', migration, batch, count(*) from imported_records group by all "
        "union all select 'errors', migration, null, count(*) from migration_errors group by all"
    )
    return {tuple(key): count for *key, count in rows}


def inventory_rows(root: Path) -> State:
    return {name: rows_of(root, name) for name in INVENTORY}


def rows_of(root: Path, name: str) -> Rows:
    return Lake(root).query(f"select * from {name} order by all")


def state(root: Path) -> State:
    """Everything that an import comes to, row for row."""
    found = {name: rows_of(root, name) for name in (*INVENTORY, *IMPORTED)}
    path = read_model(Lake(root))
    assert path
    with duckdb.connect(path, read_only=True) as con:
        for name in ("domains", "dns_records"):
            query = f"select * from {name} order by rowid"
            found[f"read model {name}"] = con.execute(query).fetchall()
    with sqlite3.connect(f"file:{root}/store.db?mode=ro", uri=True) as db:
        db.row_factory = sqlite3.Row
        for name, columns in DECIDED.items():
            left_out = columns.partition("(")[2].rstrip(")").split(", ")
            rows = [
                tuple(row[key] for key in row.keys() if key not in left_out)  # noqa: SIM118
                for row in db.execute(f"select * from {name}")
            ]
            found[name] = sorted(rows, key=repr)
    db.close()
    return found


def but_audit(found: State) -> State:
    """Without the numbers of audit entries, of which there are more where something was repeated."""
    return {name: rows for name, rows in found.items() if name not in ("audit_log", "migrations")}
