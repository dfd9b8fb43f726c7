"""Several at once: collections of one account and of two, folds and readers among them."""

import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dnsinv.collection.engine import Engine, Job
from dnsinv.domain.domains import Domain
from dnsinv.errors import Busy
from dnsinv.lake import publish
from dnsinv.lake.fold import fold_all
from dnsinv.lake.integrity import problems
from dnsinv.lake.readmodel import build_read_model
from tests.core.scripted import Scripted, a_record
from tests.never.account import ALL, GODADDY, ZONE, Account, an_account, some_records

FOLDS = 8


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    with an_account(tmp_path) as account:
        account.collect()
        yield account


@dataclass
class Slow(Scripted):
    """Lists nothing before it is told to."""

    is_asked: threading.Event = field(default_factory=threading.Event)
    may_go_on: threading.Event = field(default_factory=threading.Event)

    def list_domains(self) -> list[Domain]:
        self.is_asked.set()
        assert self.may_go_on.wait(30)
        return super().list_domains()


@pytest.mark.parametrize(
    "second",
    [GODADDY, Job("godaddy", "gd-2", lock_names=("credential-1",))],
    ids=["account", "credential"],
)
def test_of_two_collections_at_once_one_is_told_that_it_is_busy(
    account: Account, second: Job
) -> None:
    slow = Slow({**account.provider.zones, ZONE: []})
    first = Job("godaddy", "gd-1", lock_names=("credential-1",))
    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(account.collect, first, slow)
        assert slow.is_asked.wait(30)
        with pytest.raises(Busy, match="being collected already"):
            account.engine.collect(second, account.provider)
        slow.may_go_on.set()
        ended = under_way.result()

    assert (ended.state, ended.zones_failed) == ("partial", 1), "the emptied zone is held"
    assert account.changes() == []
    assert account.collect().state == "completed"
    assert not list(problems(account.lake))


def test_a_fold_sees_all_or_nothing_of_a_publication_that_broke_off(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.provider.zones[ZONE] = some_records(ZONE, 1)
    account.provider.zones["alpha.example"].append(a_record("alpha.example", "new", "192.0.2.9"))
    del account.provider.zones["gamma.example"]
    renames = itertools.count()

    def dies_after_two(path: Path, target: Path) -> Path:
        if target.suffix == ".parquet" and "snapshots" in target.parts and next(renames) == 2:
            raise KeyboardInterrupt
        return replace(path, target)

    replace = Path.replace
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", dies_after_two)
        with pytest.raises(KeyboardInterrupt):
            account.collect()

    fold_all(account.lake, {})

    domains = account.lake.query("select count(*) from domains where removed_on is null")
    assert domains == [(4,)]
    assert account.lake.query("select count(*) from dns_records") == [(8,)]
    changes = account.changes()
    assert account.collect().state == "completed"
    assert account.changes() == changes
    assert not list(problems(account.lake))


def test_folds_between_the_collections_of_two_accounts_are_sound(account: Account) -> None:
    """Every fold is of one moment: what history calls current is what is current."""
    is_over = threading.Event()
    torn: list[int] = []

    def collect(job: Job, provider: Scripted) -> int:
        engine = Engine(account.lake, account.store, account.clock)
        for number in itertools.count():
            if is_over.is_set():
                return number
            label, address = f"n{number % 7}", f"198.51.100.{number % 250}"
            provider.zones[ZONE] = [*some_records(ZONE, 3), a_record(ZONE, label, address)]
            engine.collect(job, provider)
        return 0

    with ThreadPoolExecutor(2) as pool:
        under_way = [
            pool.submit(collect, Job("godaddy", name), Scripted({each: [] for each in ALL}))
            for name in ("gd-2", "gd-3")
        ]
        try:
            for _ in range(FOLDS):
                fold_all(account.lake, {})
                path = build_read_model(account.lake)
                assert path.exists()
                rows = account.lake.query(
                    "select count(*) from ("
                    "(select account, name, content from dns_records except all "
                    "select account, name, content from record_history where valid_to is null) "
                    "union all "
                    "(select account, name, content from record_history where valid_to is null "
                    "except all select account, name, content from dns_records))"
                )
                torn.append(rows[0][0])
        finally:
            is_over.set()
        assert all(future.result() > 1 for future in under_way)
    assert torn == [0] * FOLDS
    assert not list(problems(account.lake))
    assert publish.MANIFEST not in {path.name for path in account.root.rglob("*.json")}
