"""Ends dead runs: `python -m dnsinv_pipelines.reaper`, after the code server, before the daemon.

After a power cut runs stay STARTED or STARTING, hold their slots, and nothing moves. A run marked
failed is retried by Dagster, and a backfill goes on with it; one that was being cancelled is marked
cancelled and is not. It must run before the daemon (which may start runs that have no process yet)
and when the code server answers (or the run loses its retry for good).

Later on the sensor end_dead_runs does the same for those that died with the code server: that tells
of the death of its runs, but not of its own.
"""

import os
import re
import sys
import time
from pathlib import Path

import dagster as dg

from dnsinv.errors import DnsinvError
from dnsinv.settings import load_settings

UNFINISHED = [
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
PROC = Path("/proc")
_WORKER = re.compile(r"Started process for run \(pid: (\d+)\)")
_CLOCK_SLACK_SECONDS = 5


def reap(instance: dg.DagsterInstance) -> list[str]:
    """End every run whose process is gone; their ids.

    A run without a recorded process counts as dead: at this time nothing is being started.
    """
    ended = []
    for run in instance.get_runs(dg.RunsFilter(statuses=UNFINISHED)):
        if not _is_alive(instance, run.run_id):
            end(instance, run, "Its process was gone when the services started.")
            ended.append(run.run_id)
    return ended


def dead(instance: dg.DagsterInstance) -> list[str]:
    """Runs whose process was recorded and is gone; those that are just ending may be among them."""
    return [
        run.run_id
        for run in instance.get_runs(dg.RunsFilter(statuses=UNFINISHED))
        if _is_alive(instance, run.run_id) is False
    ]


def end(instance: dg.DagsterInstance, run: dg.DagsterRun, why: str) -> None:
    """Mark a dead run as what it was to become."""
    if run.status == dg.DagsterRunStatus.CANCELING:
        instance.report_run_canceled(run, why)
    else:
        instance.report_run_failed(run, why)


def _is_alive(instance: dg.DagsterInstance, run_id: str) -> bool | None:
    """Whether the run's process is there, and not another one that was given its number since.

    None where no process was recorded.
    """
    events = instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)
    for entry in reversed(events):
        message = entry.dagster_event.message if entry.dagster_event else entry.user_message
        found = _WORKER.search(message or "")
        if found:
            since = _running_since(int(found[1]))
            return since is not None and since <= entry.timestamp + _CLOCK_SLACK_SECONDS
    return None


def _running_since(pid: int) -> float | None:
    """When a process started, in epoch seconds (0 if that is unknown); None if it is gone."""
    if not PROC.joinpath("uptime").exists():
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return None
        except PermissionError:
            pass
        return 0
    try:
        # proc(5): after the name in parentheses come the state and, as the 22nd field, the start.
        fields = PROC.joinpath(str(pid), "stat").read_text("utf-8").rpartition(")")[2].split()
        up = float(PROC.joinpath("uptime").read_text("utf-8").split()[0])
    except OSError:
        return None
    if fields[0] in "ZX":
        return None
    return time.time() - up + int(fields[19]) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    try:
        home = load_settings().dagster_home
    except DnsinvError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    with dg.DagsterInstance.from_config(str(home)) as instance:
        for run_id in reap(instance):
            print(f"ended the dead run {run_id}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
