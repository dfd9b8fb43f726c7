"""What runs before and around Dagster's own processes."""

import logging
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest
import yaml

from dnsinv_pipelines import daemon, reaper
from dnsinv_pipelines.partitions import account_days
from dnsinv_pipelines.prepare import main as prepare
from tests.pipelines.home import Home, today

WORKER = "Started process for run (pid: {pid})."
Status = dg.DagsterRunStatus


def stored(home: Home) -> dg.DagsterInstance:
    return dg.DagsterInstance.from_config(str(home.opened.settings.dagster_home))


def a_run(instance: dg.DagsterInstance, status: dg.DagsterRunStatus, pid: int | None) -> str:
    from dnsinv_pipelines.definitions import defs

    run = instance.create_run_for_job(defs.resolve_job_def("collect"), status=status)
    if pid is not None:
        instance.report_engine_event(WORKER.format(pid=pid), run)
    return run.run_id


def status_of(instance: dg.DagsterInstance, run_id: str) -> str:
    run = instance.get_run_by_id(run_id)
    assert run
    return run.status.value


def a_dead_process() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_preparing_makes_the_storage_and_tells_it_what_the_lake_holds(home: Home) -> None:
    home.observe(ago=timedelta(days=1))
    assert prepare() == 0
    assert prepare() == 0, "it can be done again at every start"

    with stored(home) as instance:
        keys = instance.get_dynamic_partitions(str(account_days.name))
        assert keys == [f"gd-1/{today() - timedelta(days=1)}", f"cf-1/{today()}", f"gd-1/{today()}"]
        assert instance.get_materialized_partitions(dg.AssetKey("record_snapshots")) == {keys[0]}
        found = instance.fetch_materializations(dg.AssetKey("record_snapshots"), limit=10).records
        assert len(found) == 1
        assert not instance.telemetry_enabled
        assert instance.run_retries_max_retries == 10
        limits = instance.get_concurrency_config().run_queue_config
        assert limits is not None
        assert {
            "key": "dnsinv/credential",
            "value": {"applyLimitPerUniqueValue": True},
            "limit": 1,
        } in limits.tag_concurrency_limits


def test_preparing_says_in_one_sentence_what_is_wrong(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home.config.write_text("accounts = 1")

    assert prepare() == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_the_code_server_is_looked_for_on_this_machine_only() -> None:
    root = Path(daemon.__file__).parent.parent
    server = yaml.safe_load((root / "workspace.yaml").read_text())["load_from"][0]["grpc_server"]
    assert (server["host"], server["port"]) == ("127.0.0.1", {"env": "DAGSTER_CODE_PORT"})


@pytest.mark.parametrize(
    ("status", "ended"),
    [(Status.STARTED, "FAILURE"), (Status.STARTING, "FAILURE"), (Status.CANCELING, "CANCELED")],
)
def test_a_run_whose_process_is_gone_is_ended(
    instance: dg.DagsterInstance, status: dg.DagsterRunStatus, ended: str
) -> None:
    dead = a_run(instance, status, a_dead_process())
    never_started = a_run(instance, status, None)

    assert set(reaper.reap(instance)) == {dead, never_started}
    assert (status_of(instance, dead), status_of(instance, never_started)) == (ended, ended)


def test_a_run_whose_process_lives_is_left_alone(instance: dg.DagsterInstance) -> None:
    alive = a_run(instance, Status.STARTED, os.getpid())
    ended = a_run(instance, Status.SUCCESS, a_dead_process())

    assert reaper.reap(instance) == []
    assert (status_of(instance, alive), status_of(instance, ended)) == ("STARTED", "SUCCESS")


def test_another_process_that_was_given_the_number_later_does_not_count(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = a_run(instance, Status.STARTED, os.getpid())
    monkeypatch.setattr(reaper, "_CLOCK_SLACK_SECONDS", -1e6)

    assert reaper.reap(instance) == [run]


def test_where_the_system_does_not_tell_when_a_process_started_its_number_counts(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(reaper, "PROC", tmp_path)
    a_run(instance, Status.STARTED, os.getpid())
    dead = a_run(instance, Status.STARTED, a_dead_process())

    assert reaper.reap(instance) == [dead]


def test_the_reaper_looks_into_the_storage_of_the_installation(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare()
    with stored(home) as instance:
        run = a_run(instance, Status.STARTED, a_dead_process())

    assert reaper.main() == 0
    assert capsys.readouterr().out == f"ended the dead run {run}\n"


def test_dagster_still_has_the_constant_that_the_daemon_shortens() -> None:
    from dagster._daemon import backfill, controller

    assert controller.DEFAULT_DAEMON_INTERVAL_SECONDS == 30
    assert daemon.CONSTANT in Path(backfill.__file__).read_text(), "the backfill loop reads it"


def test_the_loop_is_shortened_where_the_constant_is_there(
    caplog: pytest.LogCaptureFixture,
) -> None:
    known = SimpleNamespace(DEFAULT_DAEMON_INTERVAL_SECONDS=30)
    assert daemon.quicken(known)
    assert known.DEFAULT_DAEMON_INTERVAL_SECONDS == daemon.LOOP_SECONDS

    other: Any = SimpleNamespace()
    with caplog.at_level(logging.WARNING):
        assert not daemon.quicken(other)
    assert "at its own pace" in caplog.text
    assert vars(other) == {}
