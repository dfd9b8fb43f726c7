"""Histories that are easily told wrong: moves, returns, first readings, holds that fail in between."""

from pathlib import Path

import pytest

from dnsinv.collection.engine import Job
from dnsinv.domain.records import Record
from dnsinv.errors import ProviderUnavailable
from dnsinv.lake.fold import fold_all
from dnsinv.lake.rebuilding import rebuild_changes
from tests.core.scripted import Scripted, a_record, domain
from tests.core.test_collection import World

OTHER = Job("godaddy", "gd-2")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def other() -> Scripted:
    return Scripted({f"other-{n}.example": [] for n in range(6)})


def changes(world: World) -> list[tuple[object, ...]]:
    query = (
        "select name, change, moved_from, account from domain_changes order by observed_at, name"
    )
    return world.lake.query(query)


def test_a_domain_that_moves_and_is_then_deleted_is_moved_and_removed(world: World) -> None:
    second = other()
    world.collect()
    world.collect(OTHER, second)
    second.zones["beta.example"] = world.provider.zones.pop("beta.example")
    world.collect()
    world.collect(OTHER, second)
    del second.zones["beta.example"]
    world.collect(OTHER, second)

    assert changes(world) == [
        ("beta.example", "moved", "gd-1", "gd-2"),
        ("beta.example", "removed", None, "gd-2"),
    ]
    gone = [name for name, change, _ in world.record_changes() if change == "removed"]
    assert gone == ["api.beta.example", "mail.beta.example", "www.beta.example"]


def test_a_name_in_two_accounts_all_along_does_not_move_back(world: World) -> None:
    second = other()
    second.zones["beta.example"] = list(world.provider.zones["beta.example"])
    world.collect()
    world.collect(OTHER, second)
    world.collect()
    del world.provider.zones["beta.example"]
    world.collect()
    del second.zones["beta.example"]
    world.collect(OTHER, second)
    assert [row[1] for row in changes(world)] == ["removed", "removed"]
    assert len(world.record_changes()) == 6


def test_edits_around_a_move_are_changes_of_their_own(world: World) -> None:
    second = other()
    note = Record("beta.example", "beta.example", "TXT", '"verify=1"', 60)
    world.provider.zones["beta.example"].append(note)
    world.collect()
    world.collect(OTHER, second)
    world.provider.zones["beta.example"].remove(note)
    world.collect()
    second.zones["beta.example"] = world.provider.zones.pop("beta.example")
    world.collect()
    world.collect(OTHER, second)
    second.zones["beta.example"].append(note)
    world.collect(OTHER, second)

    rows = world.lake.query(
        "select account, change, coalesce(before.content, after.content) from record_changes order by observed_at"
    )
    assert rows == [("gd-1", "removed", '"verify=1"'), ("gd-2", "added", '"verify=1"')]


def test_a_record_that_is_altered_by_the_move_itself_is_a_change(world: World) -> None:
    def cloudflare(zone_id: str) -> Scripted:
        return Scripted(
            {}, "cloudflare", {"beta.example": domain("beta.example", provider_id=zone_id)}
        )

    first, second = cloudflare("z1"), cloudflare("z2")
    first.zones = {
        "beta.example": [
            a_record("beta.example", "www", "192.0.2.1", record_id="r1", proxied=True),
            a_record("beta.example", "api", "192.0.2.2", record_id="r2", proxied=True),
        ],
        **{f"stays-{n}.example": [] for n in range(6)},
    }
    second.zones = {"other.example": []}
    jobs = Job("cloudflare", "cf-1"), Job("cloudflare", "cf-2")
    world.collect(jobs[0], first)
    world.collect(jobs[1], second)
    del first.zones["beta.example"]
    second.zones["beta.example"] = [
        a_record("beta.example", "www", "192.0.2.1", record_id="s1", proxied=False),
        a_record("beta.example", "api", "192.0.2.2", record_id="s2", proxied=True),
    ]
    world.collect(jobs[0], first)
    world.collect(jobs[1], second)
    assert [(row[0], row[1]) for row in changes(world)] == [("beta.example", "moved")]
    assert world.record_changes() == [
        ("www.beta.example", "removed", "192.0.2.1"),
        ("www.beta.example", "added", "192.0.2.1"),
    ]


def test_a_subdomain_zone_is_a_domain_again_when_the_name_above_it_is_gone(world: World) -> None:
    cloudflare = Scripted(
        {"top.example": [], "sub.top.example": []},
        "cloudflare",
        {name: domain(name, provider_id=name) for name in ("top.example", "sub.top.example")},
    )
    job = Job("cloudflare", "cf-1")
    world.collect(job, cloudflare)
    assert world.lake.query("select name from domains") == [("top.example",)]
    del cloudflare.zones["top.example"]
    for _ in range(2):  # half of the account is gone: held once
        world.collect(job, cloudflare)
    rows = world.lake.query("select name, removed_on is null from domains order by name")
    assert rows == [("sub.top.example", True), ("top.example", False)]


def test_a_removed_domain_shows_what_was_known_last_whoever_held_it(world: World) -> None:
    second = other()
    world.provider.domains["beta.example"] = domain("beta.example", auto_renew=False)
    world.collect()
    world.collect(OTHER, second)
    second.zones["beta.example"] = world.provider.zones.pop("beta.example")
    second.domains["beta.example"] = domain("beta.example", auto_renew=True)
    world.collect()
    world.collect(OTHER, second)
    del second.zones["beta.example"]
    world.collect(OTHER, second)
    row = world.lake.query(
        "select auto_renew, removed_on is null from domains where name = 'beta.example'"
    )
    assert row == [(True, False)]


def test_managed_records_of_a_zone_that_was_empty_make_no_changes(world: World) -> None:
    world.provider.zones["beta.example"] = []
    world.collect()
    world.provider.zones["beta.example"] = [
        Record("beta.example", "beta.example", "NS", "ns1.example", 3600, managed=True)
    ]
    world.collect()
    assert world.record_changes() == []


def test_a_held_zone_is_not_forgotten_because_a_reading_fails(world: World) -> None:
    world.collect()
    world.provider.zones["beta.example"] = []
    held = world.collect()
    world.provider.faults["beta.example"] = [ProviderUnavailable("down")]
    world.collect()
    accepted = world.engine.accept(held.id)
    fold_all(world.lake, {})
    assert accepted.state == "completed"
    assert [change for _, change, _ in world.record_changes()] == ["removed"] * 3


def test_a_held_zone_is_released_by_the_next_reading_that_agrees_after_a_failed_one(
    world: World,
) -> None:
    world.collect()
    world.provider.zones["beta.example"] = []
    world.collect()
    world.provider.faults["beta.example"] = [ProviderUnavailable("down")]
    world.collect()
    assert world.collect().state == "completed"
    assert [change for _, change, _ in world.record_changes()] == ["removed"] * 3


def test_an_accepted_listing_never_ends_a_period_before_it_began(world: World) -> None:
    world.collect()
    world.provider.listed = ["alpha.example", "beta.example"]
    held = world.collect()
    world.provider.zones["gamma.example"][0] = a_record("gamma.example", "www", "198.51.100.1")
    world.collect(Job("godaddy", "gd-1", domain="gamma.example"))
    world.engine.accept(held.id)
    fold_all(world.lake, {})
    assert world.lake.query("select count(*) from record_history where valid_to < valid_from") == [
        (0,)
    ]


def test_deriving_a_day_again_keeps_what_the_snapshots_cannot_show(world: World) -> None:
    soa = [
        Record(
            "alpha.example",
            "alpha.example",
            "SOA",
            f"ns1.example h.example {n} 1 1 1 1",
            60,
            managed=True,
        )
        for n in (1, 2)
    ]
    world.provider.faults["beta.example"] = [ProviderUnavailable("down")]
    world.collect()
    world.clock.forward(days=1)
    world.provider.zones["alpha.example"].append(soa[0])
    world.collect()
    world.provider.zones["beta.example"][0] = a_record("beta.example", "www", "198.51.100.7")
    world.provider.zones["alpha.example"][-1] = soa[1]
    world.provider.zones["gamma.example"].pop()
    world.collect()
    before = world.record_changes()
    assert len(before) == 3

    day = world.clock().date()
    assert rebuild_changes(world.lake, "records", "godaddy", "gd-1", day) == 3
    assert world.record_changes() == before

    path = world.lake.layout.changes("records", "godaddy", "gd-1", day)
    path.unlink()
    assert rebuild_changes(world.lake, "records", "godaddy", "gd-1", day) == 1
    assert world.record_changes() == [("api.gamma.example", "removed", "192.0.2.2")]


def test_a_damaged_spool_ends_its_collection_and_not_the_account(world: World) -> None:
    world.collect()
    world.provider.faults["beta.example"] = [KeyboardInterrupt()]  # type: ignore[list-item]
    with pytest.raises(BaseException):  # noqa: B017, PT011
        world.collect()
    spool = next(world.lake.layout.spools.iterdir())
    for path in spool.glob("*.parquet"):
        path.write_bytes(b"torn")
    (spool / "outcomes-00001.parquet").write_bytes(b"")
    world.clock.forward(days=1)

    assert world.collect().state == "completed"
    assert world.record_changes() == []


class Dies:
    """A count of requests that ends the process, as it were, when it is added up."""

    def __add__(self, number: int) -> "Dies":
        return self

    def __radd__(self, number: int) -> int:
        raise KeyboardInterrupt


@pytest.mark.parametrize("verdict", ["accept", "reject"])
def test_a_listing_that_died_before_it_was_held_is_no_part_of_a_verdict_on_zones(
    world: World, verdict: str
) -> None:
    world.collect()
    world.provider.listed = ["alpha.example", "beta.example"]
    world.provider.requests = Dies()  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        world.collect()
    world.provider.listed, world.provider.requests = None, 0
    world.provider.zones["beta.example"] = []
    held = world.collect()
    assert (held.state, held.zones_failed) == ("partial", 1)

    getattr(world.engine, verdict)(held.id)
    fold_all(world.lake, {})

    assert changes(world) == []
    assert len(world.record_changes()) == (3 if verdict == "accept" else 0)
