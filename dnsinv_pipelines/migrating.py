"""The sensor that keeps Dagster and the migrations in step, whoever acted in either."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg

from dnsinv.domain.migrations import OPEN, Control, State, migration_number
from dnsinv.errors import BadSetting, Busy, DnsinvError
from dnsinv_pipelines import backfills, following
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
)
from dnsinv_pipelines.importing import folded
from dnsinv_pipelines.partitions import migration_and_slice, slices_of_migrations
from dnsinv_pipelines.resources import InstallationResource
from dnsinv_pipelines.runs import UNFINISHED
from dnsinv_pipelines.staging import stage_migration

if TYPE_CHECKING:
    from dnsinv.actions.installation import Installation
    from dnsinv.store.migrations import Migration

TICK_SECONDS = 5  # Dagster looks no more often
LONG_PAUSE = timedelta(minutes=1)  # workers that wait hold slots that other migrations need
LOST = timedelta(minutes=1)  # a retry of a dead run that has not come by then never will
KEPT = timedelta(days=30)  # partitions of ended migrations


@dataclass
class Memory:
    """What the sensor has to know from tick to tick."""

    paused: dict[str, str] = field(default_factory=dict)  # since when, by id
    ending: list[str] = field(default_factory=list)  # cancelled here, and not yet in Dagster
    pruned_on: str = ""

    @classmethod
    def of(cls, cursor: str | None) -> "Memory":
        try:
            return cls(**json.loads(cursor or "{}"))
        except (ValueError, TypeError):  # of another version
            return cls()

    def cursor(self) -> str:
        return json.dumps(vars(self), sort_keys=True)


@dg.sensor(
    minimum_interval_seconds=TICK_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def migrations_due(
    context: dg.SensorEvaluationContext, installation: InstallationResource
) -> dg.SensorResult:
    """Begin migrations that nobody has begun, and keep their backfills in step with them.

    A cancel here cancels the backfill, until Dagster confirms it; a cancel of the backfill cancels
    the migration; what failed or was cancelled and is resumed here gets a new backfill; a backfill
    that is re-executed in Dagster resumes its migration. A long pause frees its slots.
    """
    from dnsinv.actions.installation import now

    memory = Memory.of(context.cursor)
    with installation.open() as opened:
        look = _Look(opened, context.instance, memory, now())
        said = list(look.around())
        deleted = look.outdated_partitions()
    return dg.SensorResult(
        skip_reason=" ".join(said) or "No migration is open.",
        cursor=memory.cursor(),
        dynamic_partitions_requests=(
            [slices_of_migrations.build_delete_request(deleted)] if deleted else []
        ),
        asset_events=look.events,
    )


class _Look:
    """One look at every migration that is open, or that Dagster still works on."""

    def __init__(
        self,
        opened: "Installation",
        instance: dg.DagsterInstance,
        memory: Memory,
        at: datetime,
    ) -> None:
        self._opened, self._instance, self._memory, self._at = opened, instance, memory, at
        self.events: list[dg.AssetMaterialization] = []
        self._backfills: Sequence[Seen] = ()
        self._runs: Mapping[str, list[str]] = {}

    def around(self) -> Iterator[str]:
        """Do what is to be done; a sentence for each migration."""
        from dnsinv.actions.migration_runs import driving
        from dnsinv.store import migrations

        with self._opened.store.read() as db:
            numbers = {each.number for each in migrations.in_states(db, list(OPEN))}
        self._look_at_dagster()
        busy = {each.migration for each in self._backfills} | self._runs.keys()
        for reference in (*busy, *self._memory.ending):
            number = migration_number(reference)
            if number is not None:
                numbers.add(number)
        for number in sorted(numbers):
            with self._opened.store.read() as db:
                migration = migrations.find(db, number)
            if migration is None:
                continue  # a backup from before it was restored
            try:
                with driving(self._opened, migration.id):
                    yield self._one(number)
            except Busy:
                yield f"{migration.id}: it is imported, or begun, by another process."
            except DnsinvError as error:
                yield f"{migration.id}: {error}"

    def outdated_partitions(self) -> list[str]:
        """Keys of migrations that ended long ago or are not there; asked for once a day."""
        from dnsinv.store import migrations

        today = str(self._at.date())
        if self._memory.pruned_on == today:
            return []
        self._memory.pruned_on = today
        with self._opened.store.read() as db:
            latest = migrations.latest(db, migrations.count(db))
        kept = {
            each.number
            for each in latest
            if each.finished_at is None or each.finished_at > self._at - KEPT
        }
        keys = self._instance.get_dynamic_partitions(str(slices_of_migrations.name))
        return [key for key in keys if _migration_of(key) not in kept]

    def _look_at_dagster(self) -> None:
        from dnsinv.actions.migration_runs import MIGRATION_TAG

        self._backfills = backfills.active(self._instance)
        unfinished = dg.RunsFilter(job_name=stage_migration.name, statuses=UNFINISHED)
        runs: dict[str, list[str]] = {}
        for run in self._instance.get_runs(unfinished):
            if run.status is not dg.DagsterRunStatus.CANCELING:
                runs.setdefault(run.tags.get(MIGRATION_TAG, ""), []).append(run.run_id)
        self._runs = runs

    def _one(self, number: int) -> str:
        from dnsinv.actions.migrate import find

        self._look_at_dagster()  # anew, as nobody else acts from here on
        migration = find(self._opened, number)
        step = following.step(migration, self._standing(migration))
        self._do(migration, step)
        self._remember(migration, step)
        said = step.why if isinstance(step, Rest) else type(step).__name__
        return f"{migration.id} ({migration.state}): {said}."

    def _standing(self, migration: "Migration") -> Standing:
        from dnsinv.store.migrations import slice_numbers

        with self._opened.store.read() as db:
            is_open = bool(slice_numbers(db, migration.number, is_open=True))
        since = self._memory.paused.get(migration.id)
        return Standing(
            has_open_slices=is_open,
            run=self._run_state(migration.run),
            backfill=backfills.find(self._instance, migration.backfill),
            runs=self._runs.get(migration.id, []),
            backfills=[each for each in self._backfills if each.migration == migration.id],
            is_paused_long=since is not None
            and self._at - datetime.fromisoformat(since) >= LONG_PAUSE,
        )

    def _run_state(self, run_id: str) -> RunState:
        """How a run stands, or the last of those by which Dagster replaced it when it died."""
        record = self._instance.get_run_record_by_id(run_id) if run_id else None
        if record is None:
            return RunState.NONE
        run = record.dagster_run
        if retried := run.tags.get("dagster/auto_retry_run_id"):
            return self._run_state(retried)
        match run.status:
            case dg.DagsterRunStatus.SUCCESS:
                return RunState.DONE
            case dg.DagsterRunStatus.CANCELED:
                return RunState.CANCELED
            case dg.DagsterRunStatus.FAILURE if run.tags.get("dagster/will_retry") == "true":
                ended = datetime.fromtimestamp(record.end_time or 0, UTC)
                return RunState.ALIVE if self._at - ended < LOST else RunState.NONE
            case dg.DagsterRunStatus.FAILURE:
                return RunState.FAILED
            case _:
                return RunState.ALIVE

    def _remember(self, migration: "Migration", step: following.Step) -> None:
        memory = self._memory
        if migration.state is State.PAUSED:
            memory.paused.setdefault(migration.id, self._at.isoformat())
        else:
            memory.paused.pop(migration.id, None)
        is_ending = isinstance(step, Cancel) or (
            migration.state is State.CANCELLED and isinstance(step, (End, Rest))
        )
        if is_ending and migration.id not in memory.ending:
            memory.ending.append(migration.id)
        if not is_ending and migration.id in memory.ending:
            memory.ending.remove(migration.id)

    def _do(self, migration: "Migration", step: following.Step) -> None:
        from dnsinv.actions.migration_runs import end_in_dagster, start_run, work_by

        opened = self._opened
        match step:
            case StartRun():
                start_run(opened, migration)
            case StartBackfill():
                backfills.launch(opened, self._instance, migration)
            case End():
                end_in_dagster(opened, step.runs, step.backfills)
            case Park():
                work_by(opened, migration, run="", backfill="")
            case Adopt():
                one = {"run": step.run} if step.run else {"backfill": step.backfill}
                work_by(opened, migration, **one)
            case _:
                self._follow(migration, step)

    def _follow(self, migration: "Migration", step: following.Step) -> None:
        """Do here what was done in Dagster."""
        from dnsinv.actions import migrate, migration_control
        from dnsinv.actions.migration_runs import IN_DAGSTER

        match step:
            case Cancel():
                migration_control.control(self._opened, IN_DAGSTER, migration.id, Control.CANCEL)
            case Fail():
                migrate.fail(self._opened, migration.number, self._why(migration))
            case Resume():
                backfills.resume(self._opened, migration, step.backfill)
            case Settle():
                if migration_control.settle(self._opened, migration.number):
                    self.events += folded(self._opened, migration.id)

    def _why(self, migration: "Migration") -> str:
        if migration.backfill:
            why = backfills.why_failed(self._instance, migration.backfill)
        else:
            why = backfills.why_run_failed(self._instance, migration.run)
        return f"Dagster could not do it: {why or 'its runs ended without saying why.'}"


def _migration_of(key: str) -> int | None:
    try:
        return migration_and_slice(key)[0]
    except BadSetting:  # what a person added can be anything
        return None
