"""The figures of an installation, from real Parquet, read model and SQLite."""

from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from dnsinv.actions.installation import open_with
from dnsinv.actions.overview import Overview
from dnsinv.actions.state import overview
from dnsinv.lake.readmodel import read_model
from dnsinv.settings import Settings
from dnsinv.store import accounts
from tests.app.inventory import TODAY, Inventory


def look(settings: Settings) -> Overview:
    installation = open_with(settings)
    try:
        return overview(installation, TODAY)
    finally:
        installation.close()


@pytest.fixture(scope="module")
def state(busy: Inventory) -> Overview:
    return look(busy.settings)


def test_an_empty_installation_is_new_and_names_what_is_not_configured(tmp_path: Path) -> None:
    state = look(Settings(db_path=tmp_path / "data", database_url=""))
    assert state.is_new
    assert (state.figures, list(state.accounts), list(state.problems)) == (None, [], [])
    assert state.unconfigured == ["GoDaddy", "Cloudflare"]


def test_the_inventory_is_counted(busy: Inventory, state: Overview) -> None:
    assert state.problems == []
    assert state.figures
    current = "from domains where removed_on is null"
    assert [(state.figures.domains, state.figures.records)] == busy.lake.query(
        f"select count(*), (select count(*) from dns_records) {current}"
    )
    assert [(state.figures.expiring,)] == busy.lake.query(
        f"select count(*) {current} and expires_on between '2026-03-31' and '2026-04-30'"
    )
    assert [(state.figures.expired,)] == busy.lake.query(
        f"select count(*) {current} and expires_on < '2026-03-31'"
    )
    assert sum(status.domains for status in state.statuses) == state.figures.domains
    both = sum(
        status.domains
        for status in state.statuses
        if (status.godaddy, status.cloudflare) == ("active", "active")
    )
    assert both == state.figures.on_both > 0
    assert [domain.expires_on for domain in state.expiring] == sorted(
        domain.expires_on for domain in state.expiring
    )
    assert state.expiring[0].expires_on >= TODAY.date()


def test_every_account_in_use_has_its_last_collection_zones_and_expected_cycle(
    state: Overview,
) -> None:
    by_name = {account.name: account for account in state.accounts}
    assert list(by_name) == [
        "cf-main",
        "gd-brands-and-defensive-registrations",
        "gd-lab",
        "gd-main",
    ]
    main = by_name["gd-main"]
    assert main.last
    assert main.last.state == "partial"
    assert {count.state: count.zones for count in main.zones} == {"failed": 2, "unchanged": 177}
    assert main.cycle == timedelta(seconds=1.1) * 179
    assert (by_name["gd-lab"].problem, by_name["gd-lab"].last) == (
        "GODADDY_LAB_TOKEN not set",
        None,
    )
    assert by_name["gd-brands-and-defensive-registrations"].cycle == timedelta(seconds=22), (
        "from the last collection that read zones"
    )


def test_a_running_collection_tells_how_far_it_is(state: Overview) -> None:
    running = state.accounts[0].running
    assert running
    assert (running.zones_read, running.zones) == (61, 160)
    assert running.sign_at
    assert state.is_collecting


def test_a_collection_that_is_still_listing_has_read_nothing(small: Inventory) -> None:
    collection = small.leave_running("gd-main", "godaddy", 0, 0)
    small.lake.layout.spools.joinpath(collection.id, "listing.parquet").unlink()
    running = look(small.settings).accounts[0].running
    assert running
    assert (running.zones_read, running.zones, running.sign_at) == (0, None, None)


def test_what_the_guard_holds_is_listed_with_the_commands_that_decide(state: Overview) -> None:
    listing, zone = state.waiting
    assert (listing.account, listing.what) == (
        "gd-brands-and-defensive-registrations",
        "11 of 20 domains are missing from the listing",
    )
    assert listing.command("accept") == f"dnsinv collection accept {listing.collection_id}"
    assert (zone.account, zone.what) == (
        "gd-main",
        "1 zone has lost most records at once (payments-turin.example)",
    )


def test_changes_are_counted_for_each_of_thirty_days(busy: Inventory, state: Overview) -> None:
    assert len(state.days) == 30
    assert state.days[-1].day == TODAY.date()
    month = state.total(30)
    assert [(month.records_added, month.records_removed)] == busy.lake.query(
        "select count(*) filter (change = 'added'), count(*) filter (change = 'removed') from record_changes"
    )
    assert (month.added, month.removed, month.domains) == (1, 1, 2)
    assert state.total(1).domains == 0
    assert len(state.latest) == 8


def test_retired_accounts_are_listed_apart(state: Overview) -> None:
    assert [(name, provider) for name, provider, _ in state.retired] == [
        ("old-reseller", "godaddy")
    ]


def test_an_account_that_is_configured_no_more_is_said_to_be_so(small: Inventory) -> None:
    (small.root / "dnsinv.toml").write_text("")
    assert look(small.settings).accounts[0].problem == "no longer configured"


def test_the_interval_is_the_one_set_at_run_time(small: Inventory) -> None:
    from dnsinv.store import settings

    with small.store.begin() as db:
        settings.change(db, settings.INTERVAL_MINUTES, 45, TODAY)
    assert look(small.settings).interval == timedelta(minutes=45)


def test_one_figure_that_cannot_be_read_leaves_the_others(small: Inventory) -> None:
    path = read_model(small.lake)
    assert path
    with duckdb.connect(str(path)) as con:
        con.execute("drop table zones")
    state = look(small.settings)
    assert state.figures
    assert [problem.partition(":")[0] for problem in state.problems] == ["The zones cannot be read"]
    assert state.accounts[0].last


def test_a_damaged_read_model_leaves_what_the_store_knows(small: Inventory) -> None:
    path = read_model(small.lake)
    assert path
    path.write_bytes(b"no database")
    state = look(small.settings)
    assert state.problems[0].startswith("The read model cannot be read: ")
    assert state.figures is None
    assert not state.is_new
    assert state.accounts[0].last


def test_a_missing_read_model_is_said(small: Inventory) -> None:
    (small.lake.layout.cache / "read.pointer").unlink()
    assert look(small.settings).problems == [
        "There is no read model; the next collection makes it again."
    ]


def test_an_account_retired_later_leaves_the_list(small: Inventory) -> None:
    with small.store.begin() as db:
        accounts.retire_account(db, "gd-main", TODAY)
    state = look(small.settings)
    assert (list(state.accounts), state.retired) == ([], [("gd-main", "godaddy", TODAY)])
