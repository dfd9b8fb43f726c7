"""The job that begins a migration: its file is staged, and a backfill of its slices launched.

In the UI: Jobs, stage_migration, and in the launchpad

    ops: {stage: {config: {migration: m000001}}}
"""

from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from dnsinv.errors import ServiceError
from dnsinv_pipelines import backfills
from dnsinv_pipelines.importing import Wait, end_as_cancelled, folded, run_engine
from dnsinv_pipelines.jobs import KIND_TAG
from dnsinv_pipelines.resources import InstallationResource

if TYPE_CHECKING:
    from dnsinv.actions.installation import Installation
    from dnsinv.store.migrations import Migration

MIGRATION = "migration"
LAUNCH_SECONDS = 30.0  # what somebody else takes at most to launch the same backfill


class StagingConfig(dg.Config):
    """Which migration."""

    migration: str = Field(description="Its id, such as m000001.")


@dg.op
def stage(
    context: dg.OpExecutionContext, config: StagingConfig, installation: InstallationResource
) -> None:
    """Stage the file of a migration, and launch the backfill of its slices; or finish it."""
    from dnsinv.actions import migrate
    from dnsinv.domain.migrations import SUCCESSFUL, State

    with installation.open() as opened:
        number = migrate.number_of(config.migration)
        before = migrate.find(opened, number)
        migration = run_engine(context, lambda wait: _done(context, opened, number, wait))
        if migration.state is State.CANCELLED:
            end_as_cancelled(context)
        if migration.state is State.FAILED:
            raise dg.Failure(migration.message, allow_retries=False)
        if migration.state in SUCCESSFUL and before.state not in SUCCESSFUL:
            for event in folded(opened, migration.id):
                context.log_event(event)
        context.add_output_metadata(
            {"migration": migration.id, "items": migration.items, "invalid": migration.invalid}
        )


@dg.job(tags={KIND_TAG: MIGRATION})
def stage_migration() -> None:
    """Begin a migration: read, check, sort and cut its file, then commit it as a backfill."""
    stage()


def _done(
    context: dg.OpExecutionContext, opened: "Installation", number: int, wait: Wait
) -> "Migration":
    from dnsinv.actions import migrate
    from dnsinv.domain.migrations import OPEN
    from dnsinv.store.migrations import slice_numbers

    migration = migrate.stage(opened, number, wait)
    if migration.state not in OPEN:
        return migration
    with opened.store.read() as db:
        is_open = bool(slice_numbers(db, number, is_open=True))
    if not is_open:
        return migrate.finish(opened, number)
    try:
        _launch(context.instance, opened, migration)
    except ServiceError as error:
        context.log.warning(f"{error} The sensor migrations_due launches the backfill instead.")
    return migration


def _launch(instance: dg.DagsterInstance, opened: "Installation", migration: "Migration") -> None:
    """Launch the backfill, unless that was done, or is not wanted any more."""
    from dnsinv.actions.migrate import find
    from dnsinv.actions.migration_runs import driving
    from dnsinv.domain.migrations import State

    with driving(opened, migration.id, LAUNCH_SECONDS):
        now = find(opened, migration.number)
        if now.state is State.RUNNING and not now.backfill:
            backfills.launch(opened, instance, now)
