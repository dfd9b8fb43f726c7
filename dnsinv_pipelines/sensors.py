"""When collections start: an interval, which is a run-time setting, after the last start."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg

from dnsinv_pipelines import catalog
from dnsinv_pipelines.due import LastRun, Verdict, accounts_in_use, interval, verdicts
from dnsinv_pipelines.jobs import ACCOUNT_TAG, COLLECTION, KIND_TAG, collect, tags_of
from dnsinv_pipelines.partitions import account_and_day, account_days, partition_key
from dnsinv_pipelines.resources import InstallationResource

if TYPE_CHECKING:
    from dnsinv.actions.installation import Installation

TICK_SECONDS = 15
UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
ENDED = [
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
]
_SNAPSHOTS = {dg.AssetKey("domain_snapshots"), dg.AssetKey("record_snapshots")}


@dg.sensor(
    job=collect,
    minimum_interval_seconds=TICK_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def collect_when_due(
    context: dg.SensorEvaluationContext, installation: InstallationResource
) -> dg.SensorResult:
    """Start a collection of every account whose last one began an interval ago; one run each.

    A collection gets the interval as its deadline: where a full cycle takes longer, it is cut there
    and published, and the zones read longest ago go first the next time. Also keeps Dagster's
    partitions in step with the lake.
    """
    from dnsinv.actions.installation import now

    at = now()
    with installation.open() as opened:
        runs = context.instance.get_runs(dg.RunsFilter(statuses=UNFINISHED))
        busy = dict(_collecting(runs))
        last = {a.name: run for a in opened.accounts if (run := _last(context.instance, a.name))}
        found = verdicts(opened, busy, last, at)
        told = catalog.difference(
            opened,
            context.instance,
            at.date(),
            known_version=context.cursor or "",
            in_progress=frozenset(key for run in runs if (key := run.tags.get(_PARTITION))),
        )
        requests = list(_requests(opened, found, at))
    return dg.SensorResult(
        run_requests=requests,
        skip_reason=None if requests else _reason(found),
        cursor=told.version,
        dynamic_partitions_requests=[
            *([account_days.build_add_request(told.added)] if told.added else []),
            *([account_days.build_delete_request(told.deleted)] if told.deleted else []),
        ],
        asset_events=told.materialised,
    )


_PARTITION = "dagster/partition"


def _requests(
    opened: "Installation", found: dict[str, Verdict], at: datetime
) -> Iterator[dg.RunRequest]:
    minutes = interval(opened).total_seconds() / 60
    for account in accounts_in_use(opened):
        if found[account.name].is_due:
            yield dg.RunRequest(
                run_key=f"{account.name} {at:%Y-%m-%dT%H:%M:%S.%f}",
                partition_key=partition_key(account.name, at.date()),
                tags=dict(tags_of(account)),
                run_config=dg.RunConfig(
                    ops={"snapshots": {"config": {"deadline_minutes": minutes}}}
                ),
            )


def _reason(found: dict[str, Verdict]) -> str:
    if not found:
        return (
            "No account is configured: set CLOUDFLARE_API_TOKEN or GODADDY_API_TOKEN, "
            "or write a dnsinv.toml."
        )
    return " ".join(verdict.text for verdict in found.values())


def _collecting(runs: Sequence[dg.DagsterRun]) -> Iterator[tuple[str, str]]:
    """Accounts that unfinished runs are to collect, whoever launched them; the run's status."""
    for run in runs:
        selected = run.asset_selection or set()
        if run.tags.get(KIND_TAG) == COLLECTION or selected & _SNAPSHOTS:
            key = run.tags.get(_PARTITION)
            account = account_and_day(key)[0] if key else run.tags.get(ACCOUNT_TAG)
            if account:
                yield account, run.status.value.lower()


def _last(instance: dg.DagsterInstance, account: str) -> LastRun | None:
    wanted = dg.RunsFilter(statuses=ENDED, tags={ACCOUNT_TAG: account, KIND_TAG: COLLECTION})
    records = instance.get_run_records(wanted, limit=1)
    if not records:
        return None
    record = records[0]
    ended = (
        datetime.fromtimestamp(record.end_time, UTC)
        if record.end_time
        else record.update_timestamp.astimezone(UTC)
    )
    status, tags = record.dagster_run.status, record.dagster_run.tags
    return LastRun(
        ended,
        is_failed=status == dg.DagsterRunStatus.FAILURE,
        is_canceled=status == dg.DagsterRunStatus.CANCELED,
        is_to_be_retried=tags.get("dagster/will_retry") == "true"
        and "dagster/auto_retry_run_id" not in tags,
    )
