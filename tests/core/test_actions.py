"""What actions keep in step around the engine, on scripted accounts."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from dnsinv.actions import collect as actions
from dnsinv.actions.installation import Installation, now, open_with
from dnsinv.collection.engine import Engine
from dnsinv.errors import BadSetting, LakeError
from dnsinv.settings import Settings
from dnsinv.store import accounts, collections
from dnsinv.store.collections import Collection
from tests.core.scripted import Clock, Scripted, a_record
from tests.core.stores import ROOT

ACCOUNT = (
    '[[accounts]]\nname = "shop"\nprovider = "{kind}"\nbase_url = "http://127.0.0.1:9"\n'
    'clear_credential = {{token = "x"}}\n'
)


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    names = [f"{name}.example" for name in ("alpha", "beta", "gamma", "delta")]
    scripted = Scripted({name: [a_record(name, "www", "192.0.2.1")] for name in names})
    monkeypatch.setattr(actions, "provider_of", lambda *_: scripted)
    return scripted


@pytest.fixture
def opened(tmp_path: Path, provider: Scripted) -> Iterator[Installation]:
    config = tmp_path / "accounts.toml"
    config.write_text(ACCOUNT.format(kind="godaddy"))
    made = open_with(Settings(db_path=tmp_path / "data", dnsinv_config=config))
    yield made
    made.close()


def recorded(opened: Installation) -> list[tuple[str, str]]:
    """Day and state of every row of the `collections` dataset."""
    query = "select strftime(started_at at time zone 'UTC', '%Y-%m-%d'), state from collections order by 1"
    return [(str(day), str(state)) for day, state in opened.lake.query(query)]


def cut_off(opened: Installation, clock: Clock) -> None:
    """A collection that was killed before it had read anything."""
    with opened.store.begin() as db:
        accounts.note_account(db, "shop", "godaddy", clock())
        collections.save(db, Collection("cut-off", "godaddy", "shop", "full", "running", clock()))
    actions.record(opened, clock().date())


def test_a_collection_that_is_settled_on_another_day_is_recorded_in_its_own(
    opened: Installation,
) -> None:
    clock = Clock(2026, 3, 2, 23)
    cut_off(opened, clock)
    assert recorded(opened) == [("2026-03-02", "running")]
    clock.forward(hours=2)
    actions.collect(opened, "shop", clock=clock)

    assert recorded(opened) == [("2026-03-02", "failed"), ("2026-03-03", "completed")]


def test_a_collection_that_the_lake_refuses_is_recorded_as_failed(
    opened: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise LakeError("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(Engine, "_read_zones", refuse)
        with pytest.raises(LakeError, match="disk is full"):
            actions.collect(opened, "shop", clock=Clock())

    assert recorded(opened) == [("2026-03-02", "failed")]


def test_what_went_wrong_first_is_told_when_recording_fails_as_well(
    opened: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(reason: str) -> object:
        def refusing(*_: object) -> None:
            raise LakeError(reason)

        return refusing

    monkeypatch.setattr(Engine, "_read_zones", refuse("first"))
    monkeypatch.setattr(actions, "publish_collections", refuse("second"))
    with pytest.raises(LakeError, match="first"):
        actions.collect(opened, "shop", clock=Clock())


def test_the_end_that_a_crash_left_unrecorded_is_recorded_by_the_next_collection(
    opened: Installation,
) -> None:
    clock = Clock()
    cut_off(opened, clock)
    with opened.store.begin() as db:
        collections.save(db, Collection("cut-off", "godaddy", "shop", "full", "failed", clock()))
    clock.forward(days=1)
    actions.collect(opened, "shop", clock=clock)

    assert [state for _, state in recorded(opened)] == ["failed", "completed"]


@pytest.mark.parametrize("verdict", ["accept", "reject"])
def test_settling_what_is_held_records_and_derives(
    opened: Installation, provider: Scripted, verdict: str
) -> None:
    clock = Clock()
    clock.now = now() - timedelta(hours=2)
    actions.collect(opened, "shop", clock=clock)
    provider.listed = ["alpha.example"]
    clock.forward(hours=1)
    held = actions.collect(opened, "shop", clock=clock)
    with opened.store.begin() as db:  # as if it had not been recorded
        collections.save(db, replace(held, errors="seen since"))
    getattr(actions, verdict)(opened, ROOT, held.id)

    errors = opened.lake.query("select errors from collections where id = $id", {"id": held.id})
    assert errors == ([("",)] if verdict == "accept" else [("seen since",)])
    assert opened.lake.query("select count(*) from domains where removed_on is null") == [
        (1 if verdict == "accept" else 4,)
    ]


def test_a_retired_account_is_not_collected_until_it_is_restored(opened: Installation) -> None:
    actions.collect(opened, "shop", clock=Clock())
    with opened.store.begin() as db:
        accounts.retire_account(db, "shop", now())
    with pytest.raises(BadSetting, match="is retired; `dnsinv account restore shop`"):
        actions.collect(opened, "shop", clock=Clock())
    assert actions.accounts_in_use(opened) == []


def test_an_account_name_stays_with_its_provider(
    opened: Installation, provider: Scripted, tmp_path: Path
) -> None:
    actions.collect(opened, "shop", clock=Clock())
    (tmp_path / "accounts.toml").write_text(ACCOUNT.format(kind="cloudflare"))
    again = open_with(opened.settings)
    try:
        with pytest.raises(BadSetting, match="used for a godaddy account; choose another name"):
            actions.collect(again, "shop", clock=Clock())
    finally:
        again.close()
    with (
        opened.store.begin() as db,
        pytest.raises(BadSetting, match="used for a godaddy account"),
    ):
        accounts.note_account(db, "shop", "cloudflare", now())
