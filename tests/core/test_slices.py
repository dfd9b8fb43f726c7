"""However finely the records are sliced, the lake that comes out is the same."""

from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from dnsinv.collection.engine import Engine, Job
from dnsinv.domain.records import Record
from dnsinv.errors import ProviderUnavailable
from dnsinv.lake import known, slices
from dnsinv.lake.fold import fold_all
from dnsinv.lake.lake import Lake
from dnsinv.lake.readmodel import build_read_model
from dnsinv.lake.schemas import DNS_RECORDS, DOMAINS, ZONES
from dnsinv.store.database import open_store
from tests.core.scripted import Clock, Scripted, a_record, domain

DATASETS = (
    "dns_records",
    "record_snapshots",
    "record_changes",
    "record_history",
    "zones",
    "domains",
)


def after_three_days(
    root: Path, rows: int, monkeypatch: pytest.MonkeyPatch
) -> dict[str, list[object]]:
    """Every dataset after three days of edits, records gone and new, zones gone and new."""
    for each in ("ROWS", "COMPARED_ROWS"):
        monkeypatch.setattr(slices, each, rows)
    lake, clock = Lake(root), Clock()
    store = open_store(f"sqlite:///{root}/store.db", root / "locks")
    zones = {f"{name}.example": records(f"{name}.example", 7) for name in "abcdefgh"}
    provider = Scripted(zones)
    for day in range(3):
        for name in list(zones)[day : day + 3]:
            zones[name] = [
                a_record(name, "www", f"198.51.100.{day}"),
                *zones[name][1:-1],
                a_record(name, f"new-{day}", "192.0.2.9"),
            ]
        if day:
            zones.pop(f"{'cf'[day - 1]}.example")
            zones[f"{'cz'[day - 1]}z.example"] = records(f"{'cz'[day - 1]}z.example", 2)
        Engine(lake, store, clock).collect(Job("godaddy", "gd-1"), provider)
        fold_all(lake, {})
        clock.forward(days=1)
    store.close()
    return {name: lake.query(f"from {name} order by all") for name in DATASETS}  # type: ignore[misc]


def records(zone: str, count: int) -> list[Record]:
    return [
        a_record(zone, label, f"192.0.2.{i}")
        for i, label in enumerate(("www", *map(str, range(count))))
    ]


@pytest.mark.parametrize("rows", [1, 5, 20])
def test_slices_of_any_size_give_the_same_rows(
    rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = after_three_days(tmp_path / "whole", 1_000_000, monkeypatch)
    sliced = after_three_days(tmp_path / "sliced", rows, monkeypatch)

    assert sliced == whole
    assert len(whole["record_changes"]) > 20


def test_files_of_sliced_records_are_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    after_three_days(tmp_path, 5, monkeypatch)
    for path in [
        *tmp_path.rglob("snapshots/records/**/*.parquet"),
        *tmp_path.rglob("lake/*/records.parquet"),
    ]:
        with Lake(tmp_path).open() as con:
            con.execute("set preserve_insertion_order = true")
            names = con.execute(f"select zone, name, type, content from '{path}'").fetchall()
        assert names == sorted(names)


def test_the_read_model_numbers_its_rows_in_the_order_of_the_files_but_the_removed_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    after_three_days(tmp_path, 5, monkeypatch)
    path = build_read_model(Lake(tmp_path))
    for table in (DNS_RECORDS, DOMAINS, ZONES):
        with duckdb.connect(path, read_only=True) as con:
            current_first = ["removed_on is not null"] if table is DOMAINS else []
            order = ", ".join([*current_first, *table.order])
            rows = con.execute(f"select rowid from {table.name} order by {order}").fetchall()
        assert rows == [(pos,) for pos in range(len(rows))]


def test_a_zone_whose_name_changes_under_its_id_keeps_its_last_good_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slices, "COMPARED_ROWS", 1)
    lake, clock = Lake(tmp_path), Clock()
    store = open_store(f"sqlite:///{tmp_path}/store.db", tmp_path / "locks")
    job = Job("cloudflare", "cf-1")
    for name in ("old.example", "a-new.example", "a-new.example"):  # the new one is never read
        known = {name: domain(name, provider_id="z0")}
        known |= {f"{n}.example": domain(f"{n}.example", provider_id=f"z{n}") for n in "klmnp"}
        zones = {
            each: [a_record(each, "www", "192.0.2.1", record_id=f"r-{zone.provider_id}")]
            for each, zone in known.items()
        }
        provider = Scripted(zones, "cloudflare", known)
        provider.faults["a-new.example"] = [ProviderUnavailable("no answer")]
        Engine(lake, store, clock).collect(job, provider)
        clock.forward(hours=1)
    fold_all(lake, {})
    store.close()
    names = [name for (name,) in lake.query("select name from dns_records order by 1")]
    assert names == sorted(["www.old.example", *(f"www.{n}.example" for n in "klmnp")])
    assert lake.query("from record_changes") == []


@pytest.mark.parametrize("stretch", [1, 4, 100])
def test_what_is_known_of_a_zone_is_found_in_any_stretch(
    stretch: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known, "STRETCH", stretch)
    lake, names = Lake(tmp_path), [f"{letter}.example" for letter in "abcdef"]
    # Ids in another order than names.
    domains = [domain(name, provider_id=f"z{9 - place}") for place, name in enumerate(names)]
    zones = {name: records(name, place) for place, name in enumerate(names)}
    store = open_store(f"sqlite:///{tmp_path}/store.db", tmp_path / "locks")
    provider = Scripted(zones, "cloudflare", dict(zip(names, domains, strict=True)))
    Engine(lake, store, Clock()).collect(Job("cloudflare", "cf-1"), provider)
    store.close()

    with closing(known.KnownAccount(lake, "cloudflare", "cf-1")) as account:
        for each in domains:
            found = account.records(each.name, each.provider_id)
            assert sorted(found) == sorted(zones[each.name])
        assert account.records("c.example", "z0") == []
        assert account.records("zz.example", "z0") == []
    with closing(known.KnownAccount(lake, "cloudflare", "never-seen")) as account:
        assert account.records("a.example", "z9") == []


def test_accepting_what_was_held_of_a_zone_under_an_older_name_counts_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slices, "COMPARED_ROWS", 1)
    lake, clock = Lake(tmp_path), Clock()
    store = open_store(f"sqlite:///{tmp_path}/store.db", tmp_path / "locks")
    job, engine = Job("cloudflare", "cf-1"), Engine(lake, store, clock)
    held = ""
    for name, count in (("old.example", 20), ("old.example", 1), ("a-new.example", 20)):
        known = {name: domain(name, provider_id="z0")}
        known |= {f"{n}.example": domain(f"{n}.example", provider_id=f"z{n}") for n in "klmnp"}
        zones = {
            each: [a_record(each, "www", "192.0.2.1", record_id=f"r-{each}")] for each in known
        }
        zones[name] = [
            a_record(name, f"h{i}", "192.0.2.1", record_id=f"r{i}") for i in range(count)
        ]
        provider = Scripted(zones, "cloudflare", known)
        provider.faults["a-new.example"] = [ProviderUnavailable("no answer")]
        collected = engine.collect(job, provider)
        held = collected.id if count == 1 else held
        clock.forward(hours=1)
    engine.accept(held)
    fold_all(lake, {})
    store.close()
    assert lake.query("select name from zones where zone_id = 'z0'") == [("a-new.example",)]
    assert lake.query("select name from dns_records where zone_id = 'z0'") == [("h0.old.example",)]
    changes = lake.query("select change, count(*) from record_changes group by 1")
    assert changes == [("removed", 19)]
