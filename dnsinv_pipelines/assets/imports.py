"""Imports: what migrations bring, committed slice by slice."""

from typing import TYPE_CHECKING

import dagster as dg

from dnsinv.errors import Conflict
from dnsinv.lake.imported import IMPORTED_DOMAINS, IMPORTED_RECORDS, MIGRATION_ERRORS
from dnsinv_pipelines import backfills, facts
from dnsinv_pipelines.importing import end_as_cancelled, folded, is_over, run_engine
from dnsinv_pipelines.partitions import migration_and_slice, slices_of_migrations
from dnsinv_pipelines.resources import InstallationResource

if TYPE_CHECKING:
    from dnsinv.actions.installation import Installation
    from dnsinv.store.migrations import Migration

LAUNCH_SECONDS = 30.0  # what another run takes at most to resume the same migration


@dg.asset(partitions_def=slices_of_migrations, group_name="imports", kinds={"parquet"})
def migration_slices(
    context: dg.AssetExecutionContext, installation: InstallationResource
) -> dg.MaterializeResult[None]:
    """The rows of one slice of a migration: committed batch by batch, then published.

    A batch is committed once, however often this runs. While the migration is paused this waits at
    the next batch; with its last slice the migration is finished and what is current is made anew.
    """
    from dnsinv.actions.migrate import commit, find
    from dnsinv.domain.migrations import SUCCESSFUL
    from dnsinv.migration.slices import Cancelled

    number, slice_number = migration_and_slice(context.partition_key)
    with installation.open() as opened:
        migration = run_engine(context, lambda _wait: _in_force(context, opened, number))
        try:
            batches = run_engine(context, lambda wait: commit(opened, number, slice_number, wait))
        except Cancelled:
            end_as_cancelled(context)
        if migration.state not in SUCCESSFUL and find(opened, number).state in SUCCESSFUL:
            for event in folded(opened, migration.id):
                context.log_event(event)
        return dg.MaterializeResult(metadata=_metadata(opened, migration, slice_number, batches))


published = [
    dg.AssetSpec(
        table.name,
        deps=[migration_slices],
        description=f"Of all migrations; one row is {table.doc[0].lower()}{table.doc[1:]}",
        group_name="imports",
        kinds={"parquet"},
        metadata=facts.columns(table),
    )
    for table in (IMPORTED_DOMAINS, IMPORTED_RECORDS, MIGRATION_ERRORS)
]
"""What the slices' files are read as."""


def _in_force(
    context: dg.AssetExecutionContext, opened: "Installation", number: int
) -> "Migration":
    """The migration, resumed where this run belongs to a backfill that was launched to do so."""
    from dnsinv.actions.migrate import find
    from dnsinv.actions.migration_runs import driving

    migration = find(opened, number)
    backfill = backfills.find(context.instance, context.run.tags.get("dagster/backfill", ""))
    if not is_over(migration.state):
        return migration
    with driving(opened, migration.id, LAUNCH_SECONDS):
        migration = find(opened, number)
        if backfill and backfills.is_to_resume(migration, backfill):
            migration = backfills.resume(opened, migration, backfill.id)
    if migration.state.value == "failed":
        raise Conflict(
            f"{migration.id} has failed ({migration.message.rstrip('.')}): "
            f"resume it, or re-execute its backfill."
        )
    return migration


def _metadata(
    opened: "Installation", migration: "Migration", slice_number: int, batches: int
) -> facts.Metadata:
    from dnsinv.store.migrations import committed_in

    with opened.store.read() as db:
        committed = committed_in(db, migration.number, slice_number)
    outcomes = {name: count for name, count in committed.items() if name != "batches"}
    return {
        facts.ROWS: sum(outcomes.values()),
        **outcomes,
        "batches": committed["batches"],
        "batches_of_this_run": batches,
        "migration": migration.id,
        "file": migration.name,
    }
