"""When collections start: an interval, which is a run-time setting, after the last start.

And the end of runs whose process died unnoticed.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import dagster as dg

from dnsinv_pipelines import catalog, reaper, runs
from dnsinv_pipelines.due import Verdict, accounts_in_use, interval, verdicts
from dnsinv_pipelines.jobs import collect, tags_of
from dnsinv_pipelines.partitions import account_days, partition_key
from dnsinv_pipelines.resources import InstallationResource

if TYPE_CHECKING:
    from dnsinv.actions.installation import Installation

TICK_SECONDS = 15


@dg.sensor(minimum_interval_seconds=TICK_SECONDS, default_status=dg.DefaultSensorStatus.RUNNING)
def end_dead_runs(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """End runs whose process is gone for two looks, so that they are retried and hold no slot."""
    suspects = json.loads(context.cursor or "[]")
    gone = reaper.dead(context.instance)
    for run_id in set(gone) & set(suspects):
        run = context.instance.get_run_by_id(run_id)
        if run and run.status in reaper.UNFINISHED:
            reaper.end(context.instance, run, "Its process is gone.")
    return dg.SensorResult(
        skip_reason=f"{len(gone)} runs are without their process.", cursor=json.dumps(gone)
    )


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
        waiting = runs.unfinished(context.instance)
        last = {
            account.name: run
            for account in opened.accounts
            if (run := runs.last_run(context.instance, account.name, at.date()))
        }
        found = verdicts(opened, runs.collecting(waiting), last, at)
        told = catalog.difference(
            opened,
            context.instance,
            at.date(),
            known_version=context.cursor or "",
            in_progress=runs.partitions_of(waiting),
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
