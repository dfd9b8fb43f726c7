"""The engine's rules, on real Parquet and SQLite."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from dnsinv.collection.engine import Engine, Interrupted, Job
from dnsinv.collection.spool import Outcome
from dnsinv.domain.domains import Domain
from dnsinv.domain.records import Record
from dnsinv.errors import AccessDenied, DnsinvError, LakeError, NoZoneHere, ProviderUnavailable
from dnsinv.lake.fold import fold_all
from dnsinv.lake.lake import Lake
from dnsinv.store import accounts
from dnsinv.store.collections import Collection
from dnsinv.store.database import Store, open_store
from tests.core.scripted import Clock, Scripted, a_record, domain

GODADDY = Job("godaddy", "gd-1")


class World:
    """One installation and one scripted account."""

    def __init__(self, root: Path) -> None:
        self.lake = Lake(root)
        self.store: Store = open_store(f"sqlite:///{root}/store.db", root / "locks")
        self.clock = Clock()
        self.provider = Scripted(
            {
                f"{name}.example": [
                    a_record(f"{name}.example", label, f"192.0.2.{i}")
                    for i, label in enumerate(("www", "mail", "api"))
                ]
                for name in ("alpha", "beta", "gamma", "delta", "epsilon")
            }
        )

    @property
    def engine(self) -> Engine:
        return Engine(self.lake, self.store, self.clock)

    def collect(self, job: Job = GODADDY, provider: Scripted | None = None) -> Collection:
        self.clock.forward(hours=1)
        collection = self.engine.collect(job, provider or self.provider)
        with self.store.begin() as db:
            retired = accounts.retired_accounts(db)
        fold_all(self.lake, retired)
        return collection

    def record_changes(self) -> list[tuple[str, str, str]]:
        rows = self.lake.query(
            "select name, change, coalesce(after.content, before.content) from record_changes order by observed_at, name, change"
        )
        return [tuple(row) for row in rows]  # type: ignore[misc]

    def domain_changes(self) -> list[tuple[str, str]]:
        return [
            tuple(row)
            for row in self.lake.query(
                "select name, change from domain_changes order by observed_at, name"
            )
        ]  # type: ignore[misc]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_the_first_complete_observation_is_a_baseline_without_changes(world: World) -> None:
    collection = world.collect()

    assert (
        collection.state,
        collection.domains,
        collection.zones_complete,
        collection.records,
    ) == ("completed", 5, 5, 15)
    assert world.record_changes() == []
    assert world.domain_changes() == []
    assert world.lake.query("select count(*) from dns_records") == [(15,)]
    assert world.lake.query("select distinct status, record_count from domains") == [
        ("(active, -)", 3)
    ]


def test_an_edit_at_godaddy_is_one_modified_value(world: World) -> None:
    world.collect()
    world.provider.zones["beta.example"][0] = a_record("beta.example", "www", "198.51.100.7")
    collection = world.collect()

    assert (collection.zones_complete, collection.zones_unchanged) == (1, 4)
    assert world.record_changes() == [("www.beta.example", "modified", "198.51.100.7")]
    history = world.lake.query(
        "select content, valid_to is null from record_history where name = 'www.beta.example' order by valid_from"
    )
    assert history == [("192.0.2.0", False), ("198.51.100.7", True)]


def test_added_and_removed_values_and_domains_are_changes(world: World) -> None:
    world.collect()
    world.provider.zones["beta.example"].append(a_record("beta.example", "new", "192.0.2.9"))
    world.provider.zones["alpha.example"].pop()
    del world.provider.zones["gamma.example"]
    world.provider.zones["zeta.example"] = [a_record("zeta.example", "www", "192.0.2.1")]
    world.collect()

    assert world.record_changes() == [
        ("api.alpha.example", "removed", "192.0.2.2"),
        ("api.gamma.example", "removed", "192.0.2.2"),
        ("mail.gamma.example", "removed", "192.0.2.1"),
        ("new.beta.example", "added", "192.0.2.9"),
        ("www.gamma.example", "removed", "192.0.2.0"),
        ("www.zeta.example", "added", "192.0.2.1"),
    ]
    assert world.domain_changes() == [("gamma.example", "removed"), ("zeta.example", "added")]
    assert world.lake.query(
        "select status, removed_on::varchar, record_count from domains where name = 'gamma.example'"
    ) == [("(-, -)", "2026-03-02", 0)]


@pytest.mark.parametrize(
    "fault", [ProviderUnavailable("no answer"), AccessDenied("may not read"), []]
)
def test_a_zone_that_could_not_be_read_keeps_its_last_good_records(
    world: World, fault: object
) -> None:
    world.collect()
    world.provider.faults["beta.example"] = [fault, fault]  # type: ignore[list-item]
    collection = world.collect()

    assert collection.state == "partial"
    assert world.record_changes() == []
    ages = world.lake.query(
        "select name, max(hour(observed_at)) from latest group by 1 order by 2, 1".replace(
            "latest", "(select zone as name, last_seen_at as observed_at from dns_records)"
        )
    )
    assert [name for name, hour in ages if hour == 10] == ["beta.example"]


def test_a_reading_that_leaves_out_records_once_removes_nothing(world: World) -> None:
    world.collect()
    world.provider.faults["beta.example"] = [world.provider.zones["beta.example"][:1]]
    collection = world.collect()

    assert (collection.state, collection.zones_failed) == ("partial", 1)
    assert "still there" in collection.errors
    assert world.record_changes() == []


def test_an_emptied_zone_is_held_until_the_next_reading_agrees(world: World) -> None:
    world.collect()
    world.provider.zones["beta.example"] = []
    first = world.collect()
    assert (first.state, world.record_changes()) == ("partial", [])
    assert "Held" in first.errors

    second = world.collect()
    assert second.state == "completed"
    assert [change for _, change, _ in world.record_changes()] == ["removed"] * 3


def test_a_person_may_accept_a_held_zone(world: World) -> None:
    world.collect()
    world.provider.zones["beta.example"] = []
    held = world.collect()

    accepted = world.engine.accept(held.id)
    fold_all(world.lake, {})

    assert accepted.state == "completed"
    assert [change for _, change, _ in world.record_changes()] == ["removed"] * 3
    assert world.collect().zones_unchanged == 5


def test_three_of_five_missing_domains_are_held_until_the_next_listing_agrees(world: World) -> None:
    world.collect()
    world.provider.listed = ["alpha.example", "beta.example"]
    first = world.collect()
    assert first.state == "held"
    assert world.lake.query("select count(*) from domains where removed_on is null") == [(5,)]

    second = world.collect()
    assert second.state == "completed"
    assert [change for _, change in world.domain_changes()] == ["removed"] * 3


def test_a_person_may_accept_a_held_listing(world: World) -> None:
    world.collect()
    world.provider.listed = ["alpha.example", "beta.example"]
    held = world.collect()

    world.engine.accept(held.id)
    fold_all(world.lake, {})

    assert [change for _, change in world.domain_changes()] == ["removed"] * 3
    with pytest.raises(DnsinvError, match="settled"):
        world.engine.accept(held.id)


def test_a_listing_that_recovers_settles_the_hold(world: World) -> None:
    world.collect()
    world.provider.listed = ["alpha.example", "beta.example"]
    held = world.collect()
    world.provider.listed = None
    assert world.collect().state == "completed"
    assert world.domain_changes() == []
    with pytest.raises(DnsinvError, match="settled"):
        world.engine.accept(held.id)


def test_a_rejected_hold_leaves_the_last_good_data(world: World) -> None:
    world.collect()
    world.provider.listed = ["alpha.example", "beta.example"]
    held = world.collect()
    world.engine.reject(held.id)
    assert world.collect().state == "held", "a rejected hold does not count as a first opinion"


def test_a_listing_that_leaves_out_a_domain_the_provider_still_knows_fails(world: World) -> None:
    world.collect()
    world.provider.listed = ["alpha.example", "beta.example", "gamma.example", "delta.example"]
    world.provider.hidden = True
    collection = world.collect()

    assert collection.state == "failed"
    assert "epsilon.example" in collection.errors
    assert world.domain_changes() == []


def test_a_failed_listing_publishes_nothing_and_says_so(world: World) -> None:
    world.collect()
    world.provider.list_error = ProviderUnavailable("503 for ten minutes")
    collection = world.collect()
    assert (collection.state, collection.errors) == ("failed", "503 for ten minutes")
    assert world.lake.query("select count(*) from domains where removed_on is null") == [(5,)]


def test_dns_that_moves_elsewhere_removes_the_records_after_a_second_opinion(world: World) -> None:
    world.collect()
    elsewhere = [NoZoneHere("DNS is elsewhere") for _ in range(4)]
    world.provider.faults["beta.example"] = list(elsewhere)
    assert world.collect().state == "partial"
    collection = world.collect()
    assert (collection.state, collection.zones_no_zone_here) == ("completed", 1)
    assert [change for _, change, _ in world.record_changes()] == ["removed"] * 3


def test_a_zone_first_read_later_than_the_baseline_makes_no_changes(world: World) -> None:
    world.provider.faults["beta.example"] = [ProviderUnavailable("down")]
    world.collect()
    world.collect()
    assert world.record_changes() == []
    assert world.lake.query("select count(*) from dns_records") == [(15,)]


def test_managed_records_that_come_and_go_with_the_api_version_make_no_changes(
    world: World,
) -> None:
    soa = Record(
        "beta.example",
        "beta.example",
        "SOA",
        "ns1.example hostmaster.example 5 1 1 1 1",
        3600,
        managed=True,
    )
    world.collect()
    world.provider.zones["beta.example"].append(soa)
    world.collect()
    world.provider.zones["beta.example"].remove(soa)
    world.collect()
    assert world.record_changes() == []
    assert world.lake.query("select count(*) from dns_records where type = 'SOA'") == [(1,)]


def name_server(number: int) -> Record:
    return Record("beta.example", "beta.example", "NS", f"ns{number}.example", 3600, managed=True)


def soa(serial: int) -> Record:
    return Record(
        "beta.example",
        "beta.example",
        "SOA",
        f"ns1.example hostmaster.example {serial} 1 1 1 1",
        3600,
        managed=True,
    )


def test_name_servers_that_vanish_beside_a_listed_soa_are_gone_and_come_back_as_changes(
    world: World,
) -> None:
    records = world.provider.zones["beta.example"]
    records += [soa(1), name_server(1), name_server(2)]
    world.collect()
    world.provider.zones["beta.example"] = [*records[:3], soa(2)]
    world.collect()
    world.provider.zones["beta.example"] = [*records[:3], soa(3), name_server(3)]
    world.collect()
    changes = [
        change
        for change in world.record_changes()
        if change[2].startswith("ns") and " " not in change[2]
    ]
    assert changes == [
        ("beta.example", "removed", "ns1.example"),
        ("beta.example", "removed", "ns2.example"),
        ("beta.example", "added", "ns3.example"),
    ]


def test_a_reading_that_leaves_out_a_name_server_once_removes_nothing(world: World) -> None:
    records = world.provider.zones["beta.example"]
    records += [name_server(1), name_server(2)]
    world.collect()
    world.provider.faults["beta.example"] = [records[:-1]]
    collection = world.collect()
    assert (collection.state, collection.zones_failed) == ("partial", 1)
    assert world.record_changes() == []


def test_a_zone_of_name_servers_alone_is_not_emptied_by_one_refusal(world: World) -> None:
    world.provider.zones["beta.example"] = [soa(1), name_server(1)]
    world.collect()
    world.provider.faults["beta.example"] = [NoZoneHere("no zone file")]
    assert world.collect().state == "partial"
    assert world.record_changes() == []


def test_a_value_that_is_listed_twice_is_stored_once(world: World) -> None:
    world.provider.zones["beta.example"].append(a_record("beta.example", "www", "192.0.2.0", 60))
    world.collect()
    rows = world.lake.query("select ttl from dns_records where name = 'www.beta.example'")
    assert rows == [(60,)]
    assert world.collect().zones_unchanged == 5


def test_a_first_reading_is_proved_by_all_that_was_listed_doubles_too(world: World) -> None:
    class Counting(Scripted):
        def is_whole(self, domain: Domain, records: Sequence[Record]) -> bool:
            return len(records) == len(self.zones[domain.name])

    double = a_record("alpha.example", "www", "192.0.2.0", 60)
    zone = [a_record("alpha.example", "www", "192.0.2.0"), double]
    ended = world.collect(provider=Counting({"alpha.example": zone}))
    assert (ended.state, ended.zones_failed) == ("completed", 0)
    assert world.lake.query("select ttl from dns_records") == [(60,)]


def test_an_edit_of_all_records_of_a_zone_is_not_held(world: World) -> None:
    world.collect()
    world.provider.zones["beta.example"] = [
        a_record("beta.example", label, "198.51.100.7") for label in ("www", "mail", "api")
    ]
    assert world.collect().state == "completed"
    assert [change for _, change, _ in world.record_changes()] == ["modified"] * 3


def test_a_cloudflare_record_keeps_its_identity_when_its_value_changes(world: World) -> None:
    zone = domain("alpha.example", provider_id="z1")
    before = [
        a_record("alpha.example", "www", f"192.0.2.{i}", record_id=f"r{i}", proxied=True)
        for i in (1, 2)
    ]
    cloudflare = Scripted({"alpha.example": before}, "cloudflare", {"alpha.example": zone})
    job = Job("cloudflare", "cf-1")
    world.collect(job, cloudflare)
    cloudflare.zones["alpha.example"] = [
        a_record("alpha.example", "www", f"198.51.100.{i}", record_id=f"r{i}", proxied=True)
        for i in (1, 2)
    ]
    world.collect(job, cloudflare)

    rows = world.lake.query(
        "select before.content, after.content, change from record_changes order by 1"
    )
    assert rows == [
        ("192.0.2.1", "198.51.100.1", "modified"),
        ("192.0.2.2", "198.51.100.2", "modified"),
    ]


def test_a_domain_that_moves_between_accounts_is_one_change(world: World) -> None:
    other = Scripted({"other.example": [a_record("other.example", "www", "192.0.2.1")]})
    world.collect()
    world.collect(Job("godaddy", "gd-2"), other)
    other.zones["beta.example"] = world.provider.zones.pop("beta.example")
    world.collect()
    world.collect(Job("godaddy", "gd-2"), other)

    rows = world.lake.query("select name, change, moved_from, account from domain_changes")
    assert rows == [("beta.example", "moved", "gd-1", "gd-2")]
    assert world.record_changes() == []


def test_a_retired_account_leaves_the_current_inventory_and_stays_in_history(world: World) -> None:
    world.collect()
    with world.store.begin() as db:
        accounts.retire_account(db, "gd-1", world.clock())
        retired = accounts.retired_accounts(db)
    fold_all(world.lake, retired)
    assert world.lake.query("select count(*) from dns_records") == [(0,)]
    assert world.lake.query("select count(*) from domains where removed_on is not null") == [(5,)]
    assert world.lake.query("select count(*) from record_history where valid_to is not null") == [
        (15,)
    ]


def test_a_retired_domain_neither_trips_the_guard_nor_comes_back(world: World) -> None:
    world.collect()
    with world.store.begin() as db:
        for name in ("alpha", "beta", "gamma"):
            accounts.retire_domain(db, f"{name}.example", world.clock())
    collection = world.collect()
    assert collection.state == "completed"
    assert world.lake.query("select count(*) from domains where removed_on is null") == [(2,)]


def test_zones_read_longest_ago_go_first_and_a_deadline_leaves_the_rest_unread(
    world: World,
) -> None:
    world.collect()
    world.provider.faults["delta.example"] = [ProviderUnavailable("down")]
    world.collect()
    world.provider.reads.clear()
    world.collect()
    assert world.provider.reads[0] == "delta.example"

    late = Job("godaddy", "gd-1", deadline=world.clock())
    collection = world.collect(late)
    assert (collection.state, collection.zones_unread) == ("partial", 5)
    assert world.record_changes() == []


def test_one_domain_can_be_read_alone(world: World) -> None:
    world.collect()
    world.provider.zones["beta.example"][0] = a_record("beta.example", "www", "198.51.100.7")
    world.provider.zones["alpha.example"].pop()
    world.provider.reads.clear()
    collection = world.collect(Job("godaddy", "gd-1", domain="beta.example"))

    assert collection.state == "completed"
    assert set(world.provider.reads) == {"beta.example"}
    assert [name for name, *_ in world.record_changes()] == ["www.beta.example"]


def test_a_collection_of_an_earlier_day_is_refused(world: World) -> None:
    world.collect()
    world.clock.forward(days=-3)
    with pytest.raises(LakeError, match="never collected again"):
        world.collect()


def test_two_collections_of_a_day_replace_the_snapshot_and_keep_both_changes(world: World) -> None:
    world.collect()
    for address in ("198.51.100.1", "198.51.100.2"):
        world.provider.zones["beta.example"][0] = a_record("beta.example", "www", address)
        world.collect()
    assert len(world.lake.query("select distinct day from record_snapshots")) == 1
    assert [value for *_, value in world.record_changes()] == ["198.51.100.1", "198.51.100.2"]


def test_a_collection_told_to_stop_goes_on_where_it_was(world: World) -> None:
    world.collect()
    world.provider.zones["beta.example"][0] = a_record("beta.example", "www", "198.51.100.7")
    stopping = threading.Event()

    class AfterTwo:
        zones = 0

        def listed(self, domains: int, zones: int) -> None:
            pass

        def zone(self, outcome: Outcome, budget: int) -> None:  # noqa: ARG002
            self.zones += 1
            if self.zones == 2:
                stopping.set()

    world.clock.forward(hours=1)
    engine = Engine(world.lake, world.store, world.clock, AfterTwo(), stopping)
    more = {f"d{i:02}.example": [] for i in range(40)} | world.provider.zones
    slow = replace(world.provider, zones=more, reads=[])
    with pytest.raises(Interrupted):
        engine.collect(GODADDY, slow)
    assert world.record_changes() == []
    read = len(slow.reads)
    assert read < 45

    collection = world.collect(provider=slow)

    assert (collection.state, collection.domains) == ("completed", 45)
    assert len(slow.reads) == 86, "each zone once, empty ones twice, and a second look"
    assert world.record_changes() == [("www.beta.example", "modified", "198.51.100.7")]


def test_a_stop_during_the_listing_is_no_failure(world: World) -> None:
    stopping = threading.Event()
    stopping.set()
    world.provider.list_error = ProviderUnavailable("told to stop")
    with pytest.raises(Interrupted):
        Engine(world.lake, world.store, world.clock, None, stopping).collect(
            GODADDY, world.provider
        )
    world.provider.list_error = None
    assert world.collect().state == "completed"


def test_a_held_zone_that_a_later_reading_settles_can_no_longer_be_accepted(world: World) -> None:
    world.collect()
    records = list(world.provider.zones["beta.example"])
    world.provider.zones["beta.example"] = []
    held = world.collect()
    world.provider.zones["beta.example"] = records
    world.collect()

    with pytest.raises(DnsinvError, match="settled"):
        world.engine.accept(held.id)
    assert world.record_changes() == []
