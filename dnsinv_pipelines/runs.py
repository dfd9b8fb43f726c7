"""Dagster's runs that collect, launched by the sensor, a job or a person who picked assets."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from dnsinv_pipelines.due import LastRun
from dnsinv_pipelines.jobs import COLLECTION, KIND_TAG
from dnsinv_pipelines.partitions import account_and_day, is_ours, partition_key

_PARTITION_TAG = "dagster/partition"
_SNAPSHOTS = {dg.AssetKey("domain_snapshots"), dg.AssetKey("record_snapshots")}
UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
FINISHED = [
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
]
_LOOKED_AT = 50  # of one account and two days


def unfinished(instance: dg.DagsterInstance) -> Sequence[dg.DagsterRun]:
    """Every run that waits or goes on."""
    return instance.get_runs(dg.RunsFilter(statuses=UNFINISHED))


def partitions_of(runs: Sequence[dg.DagsterRun]) -> frozenset[str]:
    return frozenset(key for run in runs if (key := run.tags.get(_PARTITION_TAG)))


def collecting(runs: Sequence[dg.DagsterRun]) -> dict[str, str]:
    """The accounts that these runs collect, and the status of the run."""
    return {
        account_and_day(run.tags[_PARTITION_TAG])[0]: run.status.value.lower()
        for run in runs
        if _collects(run)
    }


def last_run(instance: dg.DagsterInstance, account: str, today: date) -> LastRun | None:
    """How the account's last collection under Dagster ended, if there was one since yesterday."""
    keys = [partition_key(account, day) for day in (today, today - timedelta(days=1))]
    wanted = dg.RunsFilter(statuses=FINISHED, tags={_PARTITION_TAG: keys})
    for record in instance.get_run_records(wanted, limit=_LOOKED_AT):
        run = record.dagster_run
        if _collects(run):
            return LastRun(
                datetime.fromtimestamp(record.end_time, UTC)
                if record.end_time
                else record.update_timestamp.astimezone(UTC),
                is_failed=run.status == dg.DagsterRunStatus.FAILURE,
                is_canceled=run.status == dg.DagsterRunStatus.CANCELED,
                is_to_be_retried=run.tags.get("dagster/will_retry") == "true"
                and "dagster/auto_retry_run_id" not in run.tags,
            )
    return None


def _collects(run: dg.DagsterRun) -> bool:
    is_collection = run.tags.get(KIND_TAG) == COLLECTION
    is_picked = bool((run.asset_selection or set()) & _SNAPSHOTS)
    return is_ours(run.tags.get(_PARTITION_TAG, "")) and (is_collection or is_picked)
