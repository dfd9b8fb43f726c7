"""One scripted account with its lake, store and clock, for the small forms of what must not be."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dnsinv.collection.engine import Engine, Job
from dnsinv.domain.records import Record
from dnsinv.lake.fold import fold_all
from dnsinv.lake.lake import Lake
from dnsinv.store.collections import Collection
from dnsinv.store.database import Store, open_store
from tests.core.scripted import Clock, Scripted, a_record

GODADDY = Job("godaddy", "gd-1")
ZONE = "beta.example"
ALL = ["alpha.example", "beta.example", "delta.example", "epsilon.example", "gamma.example"]


class Account:
    """Five domains with a few records each."""

    def __init__(self, root: Path, records: int = 2) -> None:
        self.root = root
        self.lake = Lake(root)
        self.store: Store = open_store(f"sqlite:///{root}/store.db", root / "locks")
        self.clock = Clock()
        self.provider = Scripted({name: some_records(name, records) for name in ALL})

    @property
    def engine(self) -> Engine:
        return Engine(self.lake, self.store, self.clock)

    def collect(self, job: Job = GODADDY, provider: Scripted | None = None) -> Collection:
        self.clock.forward(hours=1)
        return self.engine.collect(job, provider or self.provider)

    def query(self, text: str) -> list[tuple[Any, ...]]:
        fold_all(self.lake, {})
        return self.lake.query(text)

    def changes(self) -> list[tuple[Any, ...]]:
        """Name and kind of every change, domains and records together."""
        return self.query(
            "select name, change from (select observed_at, name, change from record_changes "
            "union all select observed_at, name, change from domain_changes) order by all"
        )

    def addresses(self, zone: str = ZONE) -> list[str]:
        rows = self.query(f"select content from dns_records where zone = '{zone}' order by 1")
        return [content for (content,) in rows]


def some_records(zone: str, count: int) -> list[Record]:
    return [a_record(zone, f"h{number}", f"192.0.2.{number}") for number in range(1, count + 1)]


@contextmanager
def an_account(root: Path, records: int = 2) -> Iterator[Account]:
    account = Account(root, records)
    try:
        yield account
    finally:
        account.store.close()
