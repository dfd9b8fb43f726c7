"""What the guard holds back: nothing is lost, doubled or undone when it is settled."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dnsinv.collection.engine import Job
from dnsinv.domain.records import Record
from dnsinv.errors import DnsinvError, ProviderUnavailable
from dnsinv.store import collections
from tests.core.scripted import a_record
from tests.never.account import ALL, ZONE, Account, an_account, some_records

ALPHA = "alpha.example"


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    with an_account(tmp_path) as account:
        account.collect()
        yield account


def other_address(zone: str, number: int = 1) -> list[Record]:
    records = some_records(zone, 2)
    records[number - 1] = a_record(zone, f"h{number}", "198.51.100.7")
    return records


def test_accepting_a_zone_loses_no_other_change_of_the_same_collection(account: Account) -> None:
    account.provider.zones[ZONE] = []
    account.provider.zones[ALPHA] = other_address(ALPHA)
    held = account.collect()

    account.engine.accept(held.id)

    assert account.changes() == [
        (f"h1.{ALPHA}", "modified"),
        (f"h1.{ZONE}", "removed"),
        (f"h2.{ZONE}", "removed"),
    ]


def test_accepting_a_zone_undoes_nothing_that_was_read_since(account: Account) -> None:
    account.provider.zones[ZONE] = []
    account.provider.zones[ALPHA] = other_address(ALPHA, 1)
    held = account.collect()
    account.provider.zones[ALPHA] = other_address(ALPHA, 2)
    account.collect(Job("godaddy", "gd-1", domain=ALPHA))

    account.engine.accept(held.id)

    assert account.addresses(ALPHA) == ["192.0.2.1", "198.51.100.7"]
    assert account.addresses() == []
    assert len(account.changes()) == 5


def test_accepting_a_zone_on_a_later_day_is_no_collection_of_a_past_day(account: Account) -> None:
    account.provider.zones[ZONE] = []
    held = account.collect()
    account.clock.forward(days=1)
    account.collect(Job("godaddy", "gd-1", domain=ALPHA))

    account.engine.accept(held.id)

    assert account.addresses() == []
    assert len(account.addresses(ALPHA)) == 2


def test_accepting_a_zone_keeps_the_other_errors(account: Account) -> None:
    account.provider.zones[ZONE] = []
    account.provider.faults[ALPHA] = [ProviderUnavailable("no answer")]
    held = account.collect()

    accepted = account.engine.accept(held.id)

    assert (accepted.state, accepted.errors) == ("partial", f"{ALPHA}: no answer")
    assert (accepted.zones_failed, accepted.zones_complete) == (1, 1)


def test_a_zone_that_was_read_well_since_can_no_longer_be_accepted(account: Account) -> None:
    account.provider.zones[ZONE] = []
    held = account.collect()
    account.provider.zones[ZONE] = some_records(ZONE, 2)
    account.collect(Job("godaddy", "gd-1", domain=ZONE))

    with pytest.raises(DnsinvError, match="settled"):
        account.engine.accept(held.id)
    assert account.changes() == []


def test_a_rejected_zone_is_no_first_opinion(account: Account) -> None:
    account.provider.zones[ZONE] = []
    account.engine.reject(account.collect().id)

    assert account.collect().state == "partial"
    assert account.changes() == []
    assert account.collect().state == "completed"
    assert account.changes() == [(f"h1.{ZONE}", "removed"), (f"h2.{ZONE}", "removed")]


def test_a_collection_that_dies_before_it_can_hold_a_listing_holds_it_when_it_goes_on(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.provider.listed = ALL[3:]
    with monkeypatch.context() as patch:
        patch.setattr(collections, "hold", _die)
        with pytest.raises(Died):
            account.collect()

    assert account.collect().state == "held"
    assert account.changes() == []


def test_a_released_listing_goes_on_after_a_crash(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.provider.listed = ALL[3:]
    account.collect()
    with monkeypatch.context() as patch:
        patch.setattr("dnsinv.collection.endings.stage", _die)
        with pytest.raises(Died):
            account.collect()

    assert account.collect().state == "completed"
    assert [change for change in account.changes() if change[0] in ALL] == [
        (name, "removed") for name in ALL[:3]
    ]
    with account.store.begin() as db:
        assert collections.open_hold(db, "gd-1") is None


class Died(BaseException):
    """The process ended here."""


def _die(*_: object, **__: object) -> None:
    raise Died
