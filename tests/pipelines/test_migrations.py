"""Migrations through Dagster: the real code server, daemon and webserver, and what they leave."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import httpx
import pytest

from dnsinv.actions.migration_runs import IN_DAGSTER, launch_migration
from dnsinv.dagster_api import backfill_status, cancel_backfill
from dnsinv.domain.migrations import Control, State
from dnsinv.store import audit
from dnsinv.store.migrations import Migration
from tests.pipelines.running import Running, kill

SLICES = dg.AssetKey("migration_slices")
PAUSE, RESUME, CANCEL = Control.PAUSE, Control.RESUME, Control.CANCEL
SLOW = 60_000  # records in batches of 10, three slices: long enough to do something meanwhile
REEXECUTE = """
mutation Again($again: ReexecutionParams) {
  reexecutePartitionBackfill(reexecutionParams: $again) {
    ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message }
  }
}
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    made = Running(tmp_path_factory.mktemp("running"))
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def first(running: Running) -> Migration:
    """A migration that was wished for before the services ran, and ended."""
    wished = running.submit(1_000)
    assert launch_migration(running.installation, wished) == ""
    running.start()
    return running.until_ended(wished)


@pytest.fixture
def up(running: Running, first: Migration) -> Running:
    return running


def everything_is_there_once(running: Running, migration: Migration, records: int) -> None:
    done = running.done(migration)
    assert running.find(migration).state is State.COMPLETED
    assert (done.committed, done.published) == (done.batches, done.slices)
    assert done.outcomes["new"] == done.rows == records
    counted = running.installation.lake.query(
        "select count(*), count(distinct name) from imported_domains where migration = $id",
        {"id": migration.id},
    )
    assert counted == [(records, records)]
    shown = running.installation.lake.query(
        "select count(*) from domains where list_contains(sources, $source)",
        {"source": f"import/{migration.id}"},
    )
    assert shown == [(records,)]


def slowly(up: Running) -> Migration:
    """A migration under way, paused in the middle of its slices."""
    wished = up.submit(SLOW, batch_size=10)
    launch_migration(up.installation, wished)
    up.until_batches(wished, 1)
    up.control(wished, PAUSE)
    return up.find(wished)


def test_what_was_wished_for_while_dagster_was_down_is_imported_when_it_runs(
    up: Running, first: Migration
) -> None:
    everything_is_there_once(up, first, 1_000)
    with up.dagster() as instance:
        backfill = instance.get_backfill(first.backfill)
        assert backfill
        assert backfill.status.value == "COMPLETED_SUCCESS"
        assert backfill.title == f"Import {first.id}: {first.name} (godaddy-domains)"[:51] + "…"
        keys = instance.get_dynamic_partitions("migration_slices")
        assert keys == [f"{first.id}:0"]
        [slice_event] = instance.fetch_materializations(SLICES, limit=5).records
        assert slice_event.partition_key == keys[0]
        assert slice_event.asset_materialization
        told = {k: v.value for k, v in slice_event.asset_materialization.metadata.items()}
        assert (told["dagster/row_count"], told["new"], told["batches"]) == (1_000, 1_000, 20)
        for asset in ("domains", "dns_records", "read_model"):
            [event] = instance.fetch_materializations(dg.AssetKey(asset), limit=5).records
            assert event.asset_materialization
            assert event.asset_materialization.description == f"Made with {first.id}."


def test_a_cancel_here_ends_the_backfill_and_a_resume_goes_on_with_what_is_open(
    up: Running,
) -> None:
    paused = slowly(up)
    before = up.done(paused).committed
    up.control(paused, CANCEL)
    cancelled = up.until_backfill(paused, lambda seen: not seen.is_active)
    assert cancelled.status.value == "CANCELED"
    assert up.find(paused).state is State.CANCELLED
    assert before <= up.done(paused).committed < up.done(paused).batches

    up.control(paused, RESUME)
    ended = up.until_ended(paused)
    assert ended.backfill != cancelled.id
    everything_is_there_once(up, paused, SLOW)


@pytest.mark.verify
def test_a_cancel_in_dagster_cancels_and_a_reexecution_there_resumes(up: Running) -> None:
    address = up.settings.dagster_address
    paused = slowly(up)
    cancel_backfill(address, paused.backfill)
    up.until_state(paused, State.CANCELLED)
    up.until_backfill(paused, lambda seen: not seen.is_active)
    assert backfill_status(address, paused.backfill) == "CANCELED"
    assert up.done(paused).committed < up.done(paused).batches

    asked = {"parentRunId": paused.backfill, "strategy": "FROM_FAILURE"}
    reply = httpx.post(
        f"{address}/graphql", json={"query": REEXECUTE, "variables": {"again": asked}}, timeout=30
    )
    again = reply.json()["data"]["reexecutePartitionBackfill"]["backfillId"]
    up.until_state(paused, State.COMPLETED)
    assert up.until_ended(paused).backfill == again
    everything_is_there_once(up, paused, SLOW)
    with up.installation.store.read() as db:
        told = [each for each in audit.entries(db) if each.subject == paused.id]
    acts = [(each.action, each.door) for each in told if each.actor == IN_DAGSTER.name]
    assert sorted(acts) == [("migration.cancel", "service"), ("migration.resume", "service")]


@pytest.mark.verify
def test_a_pause_holds_the_workers_and_a_resume_lets_the_same_backfill_finish(up: Running) -> None:
    paused = slowly(up)
    assert up.backfill(paused)
    up.control(paused, RESUME)
    assert up.until_ended(paused).backfill == paused.backfill
    everything_is_there_once(up, paused, SLOW)


@pytest.mark.verify
def test_a_killed_worker_is_replaced_and_every_batch_is_committed_once(up: Running) -> None:
    paused = slowly(up)
    [victim, *_] = up.workers(paused)
    up.control(paused, RESUME)
    kill(victim)
    assert up.until_ended(paused).backfill == paused.backfill
    everything_is_there_once(up, paused, SLOW)


@pytest.mark.verify
def test_a_killed_code_server_takes_its_workers_with_it_and_the_import_goes_on(up: Running) -> None:
    paused = slowly(up)
    up.control(paused, RESUME)
    for pid in up.processes():
        command = Path(f"/proc/{pid}/cmdline")
        if command.exists() and b"grpc" in command.read_bytes():
            kill(pid)
    up.until_ended(paused)
    everything_is_there_once(up, paused, SLOW)


@pytest.mark.verify
def test_after_a_power_cut_everything_goes_on_where_it_was(up: Running) -> None:
    paused = slowly(up)
    up.control(paused, RESUME)
    up.kill_all()
    up.start()
    assert up.until_ended(paused).backfill == paused.backfill
    everything_is_there_once(up, paused, SLOW)


@pytest.mark.verify
def test_after_a_stop_of_the_services_in_its_middle_an_import_goes_on(up: Running) -> None:
    paused = slowly(up)
    up.control(paused, RESUME)
    up.stop()
    up.start()
    up.until_ended(paused)
    everything_is_there_once(up, paused, SLOW)


@pytest.mark.verify
def test_a_long_pause_frees_its_slots(up: Running) -> None:
    paused = slowly(up)
    others = [up.submit(1_000) for _ in range(2)]
    for each in others:
        launch_migration(up.installation, each)
    for each in others:
        up.until_ended(each)
    assert up.find(paused).state is State.PAUSED
    up.control(paused, RESUME)
    assert up.until_ended(paused).backfill != paused.backfill
    everything_is_there_once(up, paused, SLOW)


@pytest.mark.verify
def test_one_that_cannot_go_on_fails_with_a_sentence_and_can_be_resumed(up: Running) -> None:
    paused = slowly(up)
    staged = up.installation.lake.layout.migration(paused.id)
    moved = staged.rename(staged.with_name("elsewhere"))
    up.control(paused, RESUME)
    failed = up.until_ended(paused)
    assert failed.state is State.FAILED
    assert "Dagster could not do it" in failed.message

    moved.rename(staged)
    up.control(paused, RESUME)
    up.until_ended(paused)
    everything_is_there_once(up, paused, SLOW)
