"""One GoDaddy account read through v1, then v3, then v1: other words, the same inventory.

The world stands still meanwhile, so whatever is logged as a change would be a false one. `make test`
reads a part of the company, in which every state of a domain occurs; `make verify` all of it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from dnsinv.collection.engine import Engine
from dnsinv.http import Rate
from dnsinv.lake.fold import fold_all
from dnsinv.lake.integrity import problems
from dnsinv.lake.lake import Lake
from dnsinv.providers.registry import open_provider
from dnsinv.sandbox.credentials import GODADDY_KEY, GODADDY_SECRET, GODADDY_TOKEN
from dnsinv.sandbox.server import Sandbox
from dnsinv.sandbox.world import GODADDY_NAMESERVERS, Status, World, WorldDomain, WorldRecord
from dnsinv.sandbox.worlds import load_world
from dnsinv.store.collections import Collection
from dnsinv.store.database import Store, open_store
from tests.never.account import GODADDY

DAY = date(2026, 3, 2)
SMALL = 12
BARE = "bare.example"  # nothing but SOA and NS
PLENTY = Rate(10**6, 1)
CREDENTIALS: dict[str, dict[str, Any]] = {
    "v1": {"key": GODADDY_KEY, "secret": GODADDY_SECRET},
    "v3": {"token": GODADDY_TOKEN},
}


@dataclass(frozen=True)
class Unchanging:
    """The company on one day for ever, and a domain whose zone holds what GoDaddy wrote itself.

    Of the company's active domains only every `step`th.
    """

    company: World
    step: int = 1

    def days(self) -> list[date]:
        return [DAY]

    def domains(self, day: date) -> list[WorldDomain]:
        bare = WorldDomain(BARE, 7, date(2020, 1, 1), date(2027, 1, 1))
        some = [
            domain
            for number, domain in enumerate(self.company.domains(day))
            if number % self.step == 0 or domain.status not in (Status.ACTIVE, Status.PARKED)
        ]
        return [*some, bare]

    def records(self, day: date, domain_name: str) -> Sequence[WorldRecord]:
        if domain_name == BARE:
            return [WorldRecord(BARE, "NS", 3600, f"{host}.") for host in GODADDY_NAMESERVERS]
        return self.company.records(day, domain_name)


class Switching:
    """One lake, and one account that is read through either version."""

    def __init__(self, root: Path, sandbox: Sandbox) -> None:
        self.lake = Lake(root)
        self.store: Store = open_store(f"sqlite:///{root}/store.db", root / "locks")
        self.sandbox = sandbox
        self._day = DAY

    def collect(self, version: str) -> Collection:
        """The account as it is on the next day."""
        self._day = date.fromordinal(self._day.toordinal() + 1)
        now = datetime(self._day.year, self._day.month, self._day.day, 9, tzinfo=UTC)
        self.sandbox.reset_stats()
        provider = open_provider(
            provider="godaddy",
            base_url=self.sandbox.godaddy_url,
            rate=PLENTY,
            **CREDENTIALS[version],
        )
        try:
            ended = Engine(self.lake, self.store, lambda: now).collect(GODADDY, provider)
        finally:
            provider.close()
        fold_all(self.lake, {})
        return ended

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.lake.query(query)

    def domains(self) -> list[tuple[Any, ...]]:
        """Everything an account says of its domains, but for the provider's own word."""
        return self.rows(
            "select name, status, expires_on, registered_on, auto_renew, locked, privacy, "
            "nameservers from domain_snapshots qualify rank() over (order by day desc) = 1 "
            "order by name"
        )

    def records(self, *, managed: bool = False) -> list[tuple[Any, ...]]:
        """The current records that people wrote, or with those that GoDaddy writes."""
        return self.rows(
            "select zone, name, type, content, ttl, priority from dns_records "
            f"where {managed} or not managed order by all"
        )

    def raw_words(self) -> set[str]:
        query = (
            "select distinct raw_status from domain_snapshots "
            "qualify rank() over (order by day desc) = 1"
        )
        return {word for (word,) in self.rows(query)}

    def asked(self) -> list[str]:
        """What the last collection asked for, by API and kind."""
        return sorted(self.sandbox.stats.by_kind)

    def changes(self) -> list[tuple[Any, ...]]:
        return self.rows(
            "select name, change from domain_changes "
            "union all select name, change from record_changes"
        )


@contextmanager
def switching(root: Path, step: int, *, lists_managed: bool) -> Iterator[Switching]:
    world = Unchanging(load_world("company", DAY), step)
    with Sandbox(world, provider="godaddy", v1_lists_managed=lists_managed) as sandbox:
        account = Switching(root, sandbox)
        try:
            yield account
        finally:
            account.store.close()


@pytest.mark.parametrize("step", [SMALL, pytest.param(1, marks=pytest.mark.verify)])
@pytest.mark.parametrize("lists_managed", [True, False])
@pytest.mark.parametrize("versions", [("v1", "v3", "v1"), ("v3", "v1", "v3")], ids="-".join)
def test_an_account_that_changes_its_api_version_has_not_changed(
    versions: tuple[str, ...], lists_managed: bool, step: int, tmp_path: Path
) -> None:
    with switching(tmp_path, step, lists_managed=lists_managed) as account:
        before = account.collect(versions[0])
        domains, records = account.domains(), account.records()
        seen, words = set(account.records(managed=True)), [account.raw_words()]
        assert (before.state, before.domains) == ("completed", len(domains))
        assert len({status for _, status, *_ in domains}) > 5
        assert len({type_ for _, _, type_, *_ in records}) > 5

        for version in versions[1:]:
            ended = account.collect(version)
            assert all(each.startswith(f"godaddy-{version}") for each in account.asked())
            assert (ended.state, ended.errors) == ("completed", "")
            assert account.domains() == domains
            assert account.records() == records
            assert seen <= set(account.records(managed=True)), "what was listed once stays"
            assert account.changes() == []
            seen |= set(account.records(managed=True))
            words.append(account.raw_words())

        assert words[0] == words[2] != words[1]
        assert not list(problems(account.lake))


def test_a_zone_that_v1_reads_as_empty_gains_no_record_when_v3_lists_its_soa(
    tmp_path: Path,
) -> None:
    types = f"select type from dns_records where zone = '{BARE}' order by all"
    states = f"select state, error from zones where name = '{BARE}'"

    with switching(tmp_path, 1000, lists_managed=False) as account:
        account.collect("v1")
        assert (account.rows(types), account.rows(states)) == ([], [("complete", "")])
        for version in ("v3", "v1", "v1", "v3"):
            ended = account.collect(version)
            assert (ended.state, ended.errors) == ("completed", "")
            assert account.rows(types) == [("NS",), ("NS",), ("SOA",)]
            assert account.changes() == []
