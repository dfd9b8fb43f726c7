"""Collections launched through Dagster's webserver, the real one, by an action that imports no Dagster."""

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta

import dagster as dg
import pytest

from dnsinv.actions.acting import Actor, NotAllowed
from dnsinv.actions.installation import Installation
from dnsinv.actions.launch import collect_lists, collect_records
from dnsinv.errors import BadName, NotThere, ServiceError
from dnsinv.services.standard import environment_of, standard_services
from dnsinv.store import audit
from dnsinv_pipelines.jobs import tags_of
from dnsinv_pipelines.partitions import partition_key
from dnsinv_pipelines.prepare import prepare
from tests.pipelines.home import Home, today

OPERATOR = Actor("operator", "cli")


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def service(installation: Installation, name: str, sign: str) -> Iterator[None]:
    """One of the standard services, once it has said that it is there."""
    settings = installation.settings
    command = next(each.command for each in standard_services(settings) if each.name == name)
    process = subprocess.Popen(
        command,
        env={**os.environ, **environment_of(settings)},  # noqa: TID251
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    drain = threading.Thread(target=process.stdout.read)  # it would stop at a full pipe
    patience = threading.Timer(120, process.kill)  # ends the wait below, with what was said
    patience.start()
    try:
        said = []
        for line in process.stdout:
            said.append(line)
            if sign in line:
                break
        else:
            raise AssertionError("".join(said))
        patience.cancel()
        drain.start()
        yield
    finally:
        patience.cancel()
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if drain.is_alive():
            drain.join()
        process.stdout.close()


@pytest.fixture
def launched(home: Home) -> Iterator[Installation]:
    """The code server and the webserver, without the daemon that would run what is launched."""
    changed = home.opened.settings.model_copy(
        update={"dagster_url": "", "dagster_port": free_port(), "dagster_code_port": free_port()}
    )
    installation = replace(home.opened, settings=changed)
    prepare(installation)
    with ExitStack() as services:
        services.enter_context(service(installation, "code-server", "Started Dagster code server"))
        services.enter_context(service(installation, "webserver", "Serving dagster-webserver"))
        yield installation


def test_every_collection_job_is_launched_as_the_sensor_would(
    home: Home, launched: Installation
) -> None:
    home.observe(ago=timedelta(days=1))
    home.derive()
    lists = collect_lists(launched, OPERATOR)
    [zones] = collect_records(launched, OPERATOR, account="cf-1")
    [zone] = collect_records(launched, OPERATOR, domain="BETA.example.")

    assert [run.account for run in lists] == ["cf-1", "gd-1"]
    with dg.DagsterInstance.from_config(str(launched.settings.dagster_home)) as instance:
        runs = {run.run_id: run for run in instance.get_runs()}
    assert {run.run_id for run in (*lists, zones, zone)} == runs.keys()
    account = launched.account("gd-1")
    run = runs[zone.run_id]
    assert run.job_name == "collect_domain"
    assert run.run_config == {"ops": {"snapshots": {"config": {"domain": "beta.example"}}}}
    assert tags_of(account).items() <= run.tags.items()
    assert run.tags["dagster/partition"] == partition_key("gd-1", today())
    assert run.tags["dnsinv/started_by"] == "operator"
    assert runs[zones.run_id].job_name == "collect"
    assert {runs[each.run_id].job_name for each in lists} == {"collect_lists"}
    assert zone.address == f"{launched.settings.dagster_address}/runs/{zone.run_id}"
    with launched.store.begin() as db:
        entries = list(audit.entries(db))
    assert [entry.action for entry in entries] == ["collection.start"] * 3
    assert entries[2].details["runs"] == {"gd-1": zone.run_id}


def test_without_dagster_one_sentence_says_so(home: Home) -> None:
    with pytest.raises(ServiceError, match=r"Dagster does not answer at http://127\.0\.0\.1:9"):
        collect_lists(home.opened, OPERATOR)
    with home.opened.store.begin() as db:
        [entry] = audit.entries(db)
    assert entry.outcome == "failed"


def test_what_cannot_be_collected_is_refused_before_dagster_is_asked(home: Home) -> None:
    with pytest.raises(NotThere, match="no account 'nowhere'"):
        collect_lists(home.opened, OPERATOR, account="nowhere")
    with pytest.raises(NotThere, match=r"known to hold unknown\.example"):
        collect_records(home.opened, OPERATOR, domain="unknown.example")
    with pytest.raises(BadName):
        collect_records(home.opened, OPERATOR, domain="not a name")
    with pytest.raises(NotAllowed):
        collect_lists(home.opened, Actor("nobody", "api", user_id=404))
