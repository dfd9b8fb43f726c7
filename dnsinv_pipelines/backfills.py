"""Backfills of migrations as Dagster has them, and starting them.

The only place that reads backfills by Dagster's private names: Dagster is pinned, and tests run the
real thing.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.execution.backfill import (
    BULK_ACTION_TERMINAL_STATUSES,
    BulkActionsFilter,
    BulkActionStatus,
    PartitionBackfill,
)

from dnsinv.domain.migrations import Control
from dnsinv_pipelines.importing import is_over
from dnsinv_pipelines.partitions import slice_key, slices_of_migrations

if TYPE_CHECKING:
    from dnsinv.actions.installation import Installation
    from dnsinv.store.migrations import Migration

ACTIVE = [status for status in BulkActionStatus if status not in BULK_ACTION_TERMINAL_STATUSES]


@dataclass(frozen=True, slots=True)
class Seen:
    """A backfill of Dagster's; `migration` is the id of that which it was launched for, or ""."""

    id: str
    status: BulkActionStatus
    began_at: datetime
    migration: str

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE

    @property
    def is_cancelled(self) -> bool:
        """It is, or is being."""
        return self.status in (BulkActionStatus.CANCELING, BulkActionStatus.CANCELED)


def find(instance: dg.DagsterInstance, backfill_id: str) -> Seen | None:
    """The backfill of that id, if there is one."""
    found = instance.get_backfill(backfill_id) if backfill_id else None
    return _seen(found) if found else None


def active(instance: dg.DagsterInstance) -> "list[Seen]":
    """Those of migrations that have not ended, the oldest first."""
    found = instance.get_backfills(filters=BulkActionsFilter(statuses=ACTIVE))
    seen = [_seen(each) for each in found]
    return sorted((each for each in seen if each.migration), key=lambda each: each.began_at)


def launch(opened: "Installation", instance: dg.DagsterInstance, migration: "Migration") -> str:
    """Launch one for the slices of a migration that are open; its id. The caller drives it.

    Raises:
        ServiceError: the webserver does not answer, or does not take it.
    """
    from dnsinv.actions.migration_runs import start_backfill
    from dnsinv.store.migrations import slice_numbers

    with opened.store.read() as db:
        keys = [
            slice_key(migration.number, number)
            for number in slice_numbers(db, migration.number, is_open=True)
        ]
    instance.add_dynamic_partitions(str(slices_of_migrations.name), keys)
    return start_backfill(opened, migration, keys)


def is_to_resume(migration: "Migration", backfill: Seen) -> bool:
    """Whether somebody launched it, in Dagster, to go on with what was cancelled or has failed."""
    return (
        is_over(migration.state)
        and backfill.id != migration.backfill
        and backfill.is_active
        and not backfill.is_cancelled
        and migration.finished_at is not None
        and backfill.began_at > migration.finished_at
    )


def resume(opened: "Installation", migration: "Migration", backfill_id: str) -> "Migration":
    """Resume a migration because of a backfill, which does it from now on. The caller drives it.

    Raises:
        Conflict: it cannot be resumed.
    """
    from dnsinv.actions.migration_control import control
    from dnsinv.actions.migration_runs import IN_DAGSTER, work_by

    control(opened, IN_DAGSTER, migration.id, Control.RESUME)
    return work_by(opened, migration, backfill=backfill_id)


def why_failed(instance: dg.DagsterInstance, backfill_id: str) -> str:
    """A sentence of the last run of a backfill that failed, or of the backfill itself, or ""."""
    failed = dg.RunsFilter(
        statuses=[dg.DagsterRunStatus.FAILURE], tags={"dagster/backfill": backfill_id}
    )
    for run in instance.get_runs(failed, limit=1):
        if sentence := why_run_failed(instance, run.run_id):
            return f"{run.tags.get('dagster/partition', '')}: {sentence}"
    backfill = instance.get_backfill(backfill_id)
    return _first_line(backfill.error.message) if backfill and backfill.error else ""


def why_run_failed(instance: dg.DagsterInstance, run_id: str) -> str:
    """The sentence with which a run's step failed, or how its process ended, or ""."""
    kinds = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE}
    for entry in instance.all_logs(run_id, of_type=kinds):
        event = entry.dagster_event
        if event is None:
            continue
        if event.is_step_failure:
            data = event.step_failure_data
            if data.user_failure_data and data.user_failure_data.description:
                return _first_line(data.user_failure_data.description)
            if data.error:
                return _first_line(data.error.message)
        elif event.message:
            return _first_line(event.message)
    return ""


def _seen(backfill: PartitionBackfill) -> Seen:
    from dnsinv.actions.migration_runs import MIGRATION_TAG

    return Seen(
        backfill.backfill_id,
        backfill.status,
        datetime.fromtimestamp(backfill.backfill_timestamp, UTC),
        backfill.tags.get(MIGRATION_TAG, ""),
    )


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0][:500] if text.strip() else ""
