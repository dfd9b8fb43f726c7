"""Everything that Dagster loads; nothing of the environment is read here."""

import warnings

import dagster as dg

from dnsinv_pipelines import checks, jobs
from dnsinv_pipelines.arriving import arrivals_due, import_arrivals
from dnsinv_pipelines.assets import changes, current, imports, snapshots
from dnsinv_pipelines.migrating import migrations_due
from dnsinv_pipelines.resources import InstallationResource
from dnsinv_pipelines.sensors import collect_when_due, end_dead_runs
from dnsinv_pipelines.staging import stage_migration

# Meant so: a backfill of changes is one run for all its days, one of snapshots a run per account.
warnings.filterwarnings("ignore", message="Asset job .* with varying BackfillPolicies")

defs = dg.Definitions(
    assets=[
        snapshots.snapshots,
        changes.domain_changes,
        changes.record_changes,
        imports.migration_slices,
        *imports.published,
        current.history,
        current.records,
        current.domains,
        current.read_model,
    ],
    asset_checks=[
        checks.snapshot_checks,
        checks.change_checks,
        checks.current_checks,
        checks.freshness_checks,
    ],
    jobs=[
        jobs.collect,
        jobs.collect_lists,
        jobs.collect_domain,
        jobs.check_freshness,
        stage_migration,
        import_arrivals,
    ],
    sensors=[collect_when_due, migrations_due, arrivals_due, end_dead_runs],
    schedules=[jobs.check_freshness_hourly],
    resources={"installation": InstallationResource()},
    executor=dg.in_process_executor,  # another process per step would cost 4 to 7 s each
)
