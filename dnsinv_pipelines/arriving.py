"""Importing by schedule: the sensor looks whether a file may have come, a run fetches it."""

import dagster as dg

from dnsinv_pipelines.jobs import KIND_TAG
from dnsinv_pipelines.resources import InstallationResource
from dnsinv_pipelines.runs import UNFINISHED

TICK_SECONDS = 30
ARRIVAL = "arrival"


@dg.op
def begin(context: dg.OpExecutionContext, installation: InstallationResource) -> None:
    """Copy here what has come, and begin its migrations; `migrations_due` does the rest."""
    from dnsinv.actions.arriving import begin_arrivals

    with installation.open() as opened:
        for migration in begin_arrivals(opened):
            context.log.info(f"{migration.id} of {migration.name}: {migration.state}")


@dg.job(tags={KIND_TAG: ARRIVAL})
def import_arrivals() -> None:
    """Begin the migration of every file that the schedules of imports have found."""
    begin()


@dg.sensor(
    job_name=import_arrivals.name,
    minimum_interval_seconds=TICK_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def arrivals_due(
    context: dg.SensorEvaluationContext, installation: InstallationResource
) -> dg.SensorResult:
    """Start `import_arrivals` where a schedule has something, one run at a time.

    Each file is imported once: what was imported is written down with the migration it began.
    """
    from dnsinv.actions.migration_schedules import has_arrivals

    filters = dg.RunsFilter(job_name=import_arrivals.name, statuses=list(UNFINISHED))
    if context.instance.get_runs(filters, limit=1):
        return dg.SensorResult(skip_reason="A run fetches what has come already.")
    with installation.open() as opened:
        if not has_arrivals(opened):
            return dg.SensorResult(skip_reason="No schedule has anything to import.")
    return dg.SensorResult(run_requests=[dg.RunRequest()])
