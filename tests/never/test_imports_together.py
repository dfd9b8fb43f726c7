"""A collection and three migrations of the same names at once, each in a process of its own.

Nothing is lost, readers never fail, and the inventory is the one of the migrations done one after
the other in order of their ids, whichever of them was faster.
"""

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from itertools import permutations
from pathlib import Path
from random import Random
from select import select
from typing import Any

import pytest

from dnsinv.lake.integrity import problems
from dnsinv.lake.lake import Lake
from dnsinv.store import audit
from dnsinv.store.database import open_store
from tests.never.importing import Order, left_in_staging
from tests.never.orders import Server
from tests.never.test_import_killed import Rows, State, batches, inventory, inventory_rows, run

SEED = 20261126
NUMBERS = (2, 3, 4)  # of the migrations; the first was done before
COLLECT = 0  # stands for the collection among them
STRATEGIES = [
    *permutations(("append", "merge", "replace")),
    ("skip", "merge", "append"),
    ("append", "skip", "replace"),
    ("merge", "append", "skip"),
]
"""By id; of the first `make test`."""


@pytest.fixture(scope="module")
def servers() -> Iterator[list[Server]]:
    servers = [Server("tests.never.importing") for _ in range(1 + len(NUMBERS))]
    yield servers
    for server in servers:
        server.close()


@pytest.fixture(scope="module")
def base(servers: list[Server], tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("base") / "data"
    run(servers[0], Order(str(base), "base"))
    return base


@pytest.mark.parametrize(
    "strategies",
    [STRATEGIES[0], *(pytest.param(each, marks=pytest.mark.verify) for each in STRATEGIES[1:])],
    ids=" ".join,
)
def test_a_collection_and_three_migrations_at_once_lose_nothing_and_readers_never_fail(
    strategies: tuple[str, ...], servers: list[Server], base: Path, tmp_path: Path
) -> None:
    random = Random(f"{SEED} {strategies}")
    before = tmp_path / "before"
    shutil.copytree(base, before)
    for each, strategy in zip(NUMBERS, strategies, strict=True):
        run(servers[0], Order(str(before), "submit_one", each, strategy))

    expected = one_after_another(servers[0], before, tmp_path, [COLLECT, *NUMBERS])
    assert {row[3] for row in expected["ledger"]} == {True}
    assert len(expected["ledger"]) > 20

    assert at_once(servers, before, tmp_path) == expected
    for order in ([*reversed(NUMBERS), COLLECT], random.sample([COLLECT, *NUMBERS], k=4)):
        assert one_after_another(servers[0], before, tmp_path, order) == expected, order


def one_after_another(
    server: Server, before: Path, folder: Path, order: Sequence[int]
) -> dict[str, Rows]:
    root = copied(before, folder)
    for number in order:
        run(server, order_of(root, number))
    return outcome(root)


def at_once(servers: list[Server], before: Path, folder: Path) -> dict[str, Rows]:
    root = copied(before, folder)
    for server, number in zip(servers, (COLLECT, *NUMBERS), strict=True):
        server.begin(order_of(root, number))
    seen: dict[tuple[Any, ...], set[int]] = {}
    running = set(servers)
    while running:
        running -= set(select(running, [], [], 0)[0])
        assert inventory(root)[0] > 0
        for key, count in batches(root).items():
            seen.setdefault(key, set()).add(count)
    assert [server.end() for server in servers] == [0] * len(servers)
    assert [key for key, counts in seen.items() if len(counts) > 1] == [], "a part of a batch"
    return outcome(root)


def copied(before: Path, folder: Path) -> Path:
    root = folder / "data"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(before, root)
    return root


def order_of(root: Path, number: int) -> Order:
    act = "run" if number else "collect"
    return Order(str(root), act, number, workers=3, at="2026-03-04T09:00:00+00:00")


def outcome(root: Path) -> State:
    """What does not depend on who was faster; and that all is sound."""
    assert left_in_staging(root) == []
    assert not list(problems(Lake(root)))
    store = open_store(f"sqlite:///{root}/store.db", root / "locks")
    with store.read() as db:
        assert audit.broken_at(db) is None
    store.close()
    found = inventory_rows(root)
    for name in ("imported_domains", "imported_records"):
        query = f"select * exclude (outcome, existed) from {name} order by all"
        found[name] = Lake(root).query(query)
    found["migration_errors"] = Lake(root).query("select * from migration_errors order by all")
    return found | decided(root)


def decided(root: Path) -> State:
    """The ledger, and who owns what; which of two migrations gave it is chance."""
    queries = {
        "ledger": (
            "select migration, number, keys, committed_at is not null, "
            "new + skipped + replaced + merged + appended from migration_batches order by 1, 2"
        ),
        "states": "select number, state, items, invalid, warnings from migrations order by 1",
        "owned": (
            "select domain, record_name, record_type, record_content, u.name, g.name, a.ended_in "
            "from assignments a left join users u on u.id = user_id "
            "left join groups g on g.id = group_id order by 1, 2, 3, 4, 5, 6"
        ),
        "people": "select name, email, is_active from users order by 1",
    }
    with sqlite3.connect(f"file:{root}/store.db?mode=ro", uri=True) as db:
        found = {name: db.execute(query).fetchall() for name, query in queries.items()}
    db.close()
    return found
