"""What is done so that Dagster and a migration agree, for every way in which they can stand."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest
from dagster._core.execution.backfill import BulkActionStatus

from dnsinv.actions import migrate, migration_request
from dnsinv.actions.acting import Actor
from dnsinv.actions.migration_request import File, Wishes
from dnsinv.actions.migration_runs import driving, work_by
from dnsinv.domain.migrations import State
from dnsinv.migration.templates import builtin
from dnsinv.store import migrations
from dnsinv.store.migrations import Migration, Options
from dnsinv_pipelines.backfills import Seen
from dnsinv_pipelines.following import (
    Adopt,
    Cancel,
    End,
    Fail,
    Park,
    Rest,
    Resume,
    RunState,
    Settle,
    Standing,
    StartBackfill,
    StartRun,
    Step,
    step,
)
from dnsinv_pipelines.migrating import KEPT, Memory, migrations_due
from dnsinv_pipelines.partitions import slices_of_migrations
from dnsinv_pipelines.resources import InstallationResource
from dnsinv_pipelines.sensors import end_dead_runs
from tests.pipelines.home import Home
from tests.pipelines.test_services import a_dead_process, a_run, status_of

AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
GOES_ON, CANCELING = BulkActionStatus.REQUESTED, BulkActionStatus.CANCELING
CANCELED, SUCCESS = BulkActionStatus.CANCELED, BulkActionStatus.COMPLETED_SUCCESS
FAILED = BulkActionStatus.COMPLETED_FAILED
REST = Rest("any reason")


def a_migration(state: State, *, is_staged: bool = True, **changes: Any) -> Migration:
    """Its backfill is called mine; it ended, if it did, at AT."""
    facts: dict[str, Any] = {
        "number": 1,
        "template": {},
        "options": Options(100, "skip"),
        "owners": (),
        "state": state,
        "created_at": AT,
        "started_at": AT,
        "staged_at": AT if is_staged else None,
        "finished_at": AT if state in (State.CANCELLED, State.FAILED) else None,
        "undone_in": None,
        "backfill": "mine",
        **dict.fromkeys(("bytes", "items", "invalid", "warnings", "created_in"), 0),
        **dict.fromkeys(("name", "source", "path", "sha256", "wanted", "inventory", "message"), ""),
        **dict.fromkeys(("restore_point", "run", "created_by"), ""),
    }
    return Migration(**(facts | changes))


def a_backfill(status: BulkActionStatus, name: str = "mine", minutes: float = -1) -> Seen:
    return Seen(name, status, AT + timedelta(minutes=minutes), "m000001")


def done(
    state: State,
    backfill: BulkActionStatus | None = None,
    *,
    others: Sequence[Seen] = (),
    is_staged: bool = True,
    has_open_slices: bool = True,
    **standing: Any,
) -> Step:
    """What is done next, whatever the reason where that is nothing."""
    mine = a_backfill(backfill) if backfill else None
    active = [each for each in (mine, *others) if each and each.is_active]
    found = step(
        a_migration(state, is_staged=is_staged),
        Standing(has_open_slices, backfill=mine, backfills=active, **standing),
    )
    return REST if isinstance(found, Rest) else found


RUNNING, PAUSED, CANCELLED = State.RUNNING, State.PAUSED, State.CANCELLED


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (RunState.NONE, StartRun()),
        (RunState.ALIVE, REST),
        (RunState.CANCELED, Cancel()),
        (RunState.FAILED, Fail()),
    ],
)
@pytest.mark.parametrize("state", [State.PENDING, State.STAGING])
def test_one_that_is_not_staged_has_a_run_to_do_it(
    state: State, run: RunState, expected: Step
) -> None:
    assert done(state, run=run, is_staged=False, has_open_slices=False) == expected


def test_a_run_that_a_person_started_for_it_is_taken_for_its_own() -> None:
    found = done(State.PENDING, is_staged=False, has_open_slices=False, runs=["by hand"])
    assert found == Adopt(run="by hand")


@pytest.mark.parametrize(
    ("backfill", "expected"),
    [
        (None, StartBackfill()),
        (GOES_ON, REST),
        (CANCELING, Cancel()),
        (CANCELED, Cancel()),
        (FAILED, Fail()),
        (BulkActionStatus.FAILED, Fail()),
        (SUCCESS, StartBackfill()),  # of an older state of the store: what is open is still open
    ],
)
def test_one_that_is_staged_has_a_backfill_to_do_it(
    backfill: BulkActionStatus | None, expected: Step
) -> None:
    assert done(RUNNING, backfill) == expected


def test_the_run_that_staged_it_launches_the_backfill_and_nobody_else_meanwhile() -> None:
    assert done(RUNNING, run=RunState.ALIVE) == REST
    assert done(RUNNING, run=RunState.DONE) == StartBackfill()


def test_when_all_is_committed_and_nobody_finished_it_a_run_does() -> None:
    assert done(RUNNING, GOES_ON, has_open_slices=False) == REST
    assert done(RUNNING, SUCCESS, run=RunState.DONE, has_open_slices=False) == StartRun()


def test_a_resumed_one_waits_until_what_worked_on_it_before_has_ended() -> None:
    before = a_backfill(GOES_ON, "before")
    assert done(RUNNING, others=[before]) == End(["before"])
    assert done(RUNNING, others=[a_backfill(CANCELING, "before")]) == REST
    assert done(RUNNING) == StartBackfill()


def test_a_backfill_that_was_reexecuted_does_it_from_then_on() -> None:
    again = a_backfill(GOES_ON, "again", minutes=1)
    assert done(RUNNING, FAILED, others=[again]) == Adopt(backfill="again")
    assert done(CANCELLED, CANCELED, others=[again]) == Resume("again")
    assert done(State.FAILED, FAILED, others=[again]) == Resume("again")
    assert done(CANCELLED, CANCELED, others=[a_backfill(CANCELING, "again", 1)]) == REST


def test_a_cancel_is_repeated_until_dagster_has_ended_it_and_then_settled() -> None:
    assert done(CANCELLED, GOES_ON) == End(["mine"])
    assert done(CANCELLED, CANCELING) == REST
    assert done(CANCELLED, CANCELED) == Settle()
    assert done(CANCELLED, runs=["staging"], is_staged=False) == End([], ["staging"])


def test_a_pause_holds_what_works_on_it_until_it_is_long() -> None:
    assert done(PAUSED, GOES_ON) == REST
    assert done(PAUSED, GOES_ON, is_paused_long=True) == Park()
    parked = a_backfill(GOES_ON, "parked")
    assert done(PAUSED, others=[parked], is_paused_long=True) == End(["parked"])
    assert done(PAUSED, is_paused_long=True) == REST
    assert done(PAUSED, CANCELED) == Cancel()


def test_a_completed_one_is_left_alone() -> None:
    assert done(State.COMPLETED, GOES_ON) == REST


def wished_for(home: Home) -> Migration:
    path = home.root / "file.json"
    path.write_text("[]")
    how = next(each for each in builtin() if each.id == "godaddy-domains")
    file = File(path, path.name, "a test", 2)
    return migration_request.submit(home.opened, Actor("person", "cli"), file, how, Wishes())


def tick(instance: dg.DagsterInstance, memory: Memory) -> dg.SensorResult:
    context = dg.build_sensor_context(
        instance=instance,
        cursor=memory.cursor(),
        resources={"installation": InstallationResource()},
    )
    found = migrations_due(context)
    assert isinstance(found, dg.SensorResult)
    return found


def said(result: dg.SensorResult) -> str:
    assert result.skip_reason
    return str(result.skip_reason.skip_message)


def test_while_dagster_is_down_the_tick_says_so_and_the_migration_waits(
    home: Home, instance: dg.DagsterInstance
) -> None:
    wished = wished_for(home)
    assert "m000001: Dagster does not answer at" in said(tick(instance, Memory()))
    assert migrate.find(home.opened, wished.number).state is State.PENDING


def test_what_a_process_of_its_own_imports_is_left_to_it(
    home: Home, instance: dg.DagsterInstance
) -> None:
    wished = wished_for(home)
    with driving(home.opened, wished.id):
        assert "by another process" in said(tick(instance, Memory()))


def test_a_staging_whose_process_died_for_good_fails_and_one_that_was_cancelled_is_cancelled(
    home: Home, instance: dg.DagsterInstance
) -> None:
    from dnsinv_pipelines.definitions import defs

    def ended(status: dg.DagsterRunStatus) -> Migration:
        wished = wished_for(home)
        job = defs.resolve_job_def("stage_migration")
        config = {"ops": {"stage": {"config": {"migration": wished.id}}}}
        run = instance.create_run_for_job(job, run_config=config, status=status)
        work_by(home.opened, wished, run=run.run_id)
        return wished

    failed, cancelled = ended(dg.DagsterRunStatus.FAILURE), ended(dg.DagsterRunStatus.CANCELED)
    tick(instance, Memory())
    assert migrate.find(home.opened, failed.number).state is State.FAILED
    assert "Dagster could not do it" in migrate.find(home.opened, failed.number).message
    assert migrate.find(home.opened, cancelled.number).state is State.CANCELLED


def test_partitions_go_when_their_migration_ended_long_ago(
    home: Home, instance: dg.DagsterInstance
) -> None:
    old, young = wished_for(home), wished_for(home)
    now = datetime.now(UTC)
    with home.opened.store.begin() as db:
        for each, at in ((old, now - 2 * KEPT), (young, now)):
            migrations.change(db, each.number, state=State.COMPLETED.value, finished_at=at)
    keys = [f"{old.id}:0", f"{young.id}:0", "m000099:0", "anything"]
    instance.add_dynamic_partitions(str(slices_of_migrations.name), keys)

    first = tick(instance, Memory())
    [request] = first.dynamic_partitions_requests or []
    assert set(request.partition_keys) == {keys[0], keys[2], keys[3]}
    second = tick(instance, Memory.of(first.cursor))
    assert not second.dynamic_partitions_requests, "once a day"


def test_a_cursor_of_another_version_is_begun_anew() -> None:
    assert Memory.of('{"else": 1}') == Memory.of("no JSON") == Memory.of(None) == Memory()


def test_a_run_whose_process_is_gone_for_two_looks_is_ended(instance: dg.DagsterInstance) -> None:
    dead = a_run(instance, dg.DagsterRunStatus.STARTED, a_dead_process())
    waiting = a_run(instance, dg.DagsterRunStatus.STARTING, None)

    first = end_dead_runs(dg.build_sensor_context(instance=instance))
    assert isinstance(first, dg.SensorResult)
    assert json.loads(first.cursor or "") == [dead]
    assert status_of(instance, dead) == "STARTED"

    end_dead_runs(dg.build_sensor_context(instance=instance, cursor=first.cursor))
    assert (status_of(instance, dead), status_of(instance, waiting)) == ("FAILURE", "STARTING")
