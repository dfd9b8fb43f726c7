"""When collections start."""

from datetime import timedelta
from typing import Any

import dagster as dg
import pytest

from dnsinv.store import accounts
from dnsinv_pipelines.due import LastRun, verdicts
from dnsinv_pipelines.locks import without_collection
from dnsinv_pipelines.partitions import account_days
from dnsinv_pipelines.resources import InstallationResource
from tests.pipelines.home import Home, materialize, today

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
FAILURE, CANCELED = dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED


def tick(instance: dg.DagsterInstance, cursor: str | None = None) -> dg.SensorResult:
    """One evaluation of the sensor, its requests for partitions carried out."""
    from dnsinv_pipelines.sensors import collect_when_due

    context = dg.build_sensor_context(instance=instance, cursor=cursor)
    result = collect_when_due(context, installation=InstallationResource())
    assert isinstance(result, dg.SensorResult)
    for request in result.dynamic_partitions_requests or ():
        if isinstance(request, dg.AddDynamicPartitionsRequest):
            instance.add_dynamic_partitions(
                request.partitions_def_name, list(request.partition_keys)
            )
        else:
            for key in request.partition_keys:
                instance.delete_dynamic_partition(request.partitions_def_name, key)
    for event in result.asset_events:
        instance.report_runless_asset_event(event)
    return result


def due(instance: dg.DagsterInstance) -> list[str]:
    return [request.tags["dnsinv/account"] for request in tick(instance).run_requests or ()]


def reason(instance: dg.DagsterInstance) -> str:
    found = tick(instance).skip_reason
    assert found
    return str(found.skip_message)


def keys(instance: dg.DagsterInstance) -> list[str]:
    return list(instance.get_dynamic_partitions(str(account_days.name)))


def a_run(
    instance: dg.DagsterInstance, account: str, status: dg.DagsterRunStatus, **more: Any
) -> dg.DagsterRun:
    from dnsinv_pipelines.definitions import defs

    tags = {
        "dnsinv/kind": "collection",
        "dnsinv/account": account,
        "dagster/partition": f"{account}/{today()}",
    }
    return instance.create_run_for_job(
        defs.resolve_job_def("collect"), status=status, tags=tags | more.pop("tags", {}), **more
    )


def test_every_usable_account_that_was_never_collected_is_due_at_once(
    home: Home, instance: dg.DagsterInstance
) -> None:
    home.has_accounts(
        {"gd-1": "godaddy", "cf-1": "cloudflare", "gd-2": "godaddy"}, unusable=["gd-2"]
    )
    requests = tick(instance).run_requests or []

    assert [request.partition_key for request in requests] == [f"cf-1/{today()}", f"gd-1/{today()}"]
    assert keys(instance) == [f"cf-1/{today()}", f"gd-1/{today()}"]
    assert len({request.run_key for request in requests}) == 2
    assert len({request.tags["dnsinv/credential"] for request in requests}) == 2
    assert all(request.tags["dnsinv/kind"] == "collection" for request in requests)


def test_the_deadline_of_a_collection_is_the_interval(
    home: Home, instance: dg.DagsterInstance
) -> None:
    home.set_interval(45)
    request = (tick(instance).run_requests or [])[0]

    assert request.run_config["ops"] == {"snapshots": {"config": {"deadline_minutes": 45}}}


def test_an_account_is_due_again_an_interval_after_its_last_start(
    home: Home, instance: dg.DagsterInstance
) -> None:
    home.note("gd-1", "completed", ago=61 * MINUTE)
    home.note("cf-1", "completed", ago=59 * MINUTE)

    assert due(instance) == ["gd-1"]
    home.set_interval(58)
    assert due(instance) == ["cf-1", "gd-1"]
    home.set_interval(120)
    assert "cf-1 is collected in 61 min" in reason(instance)


def test_reading_a_single_zone_or_the_list_does_not_put_the_next_collection_off(
    home: Home, instance: dg.DagsterInstance
) -> None:
    home.note("cf-1", "completed", ago=MINUTE)
    home.note("gd-1", "completed", ago=2 * HOUR)
    home.note("gd-1", "completed", ago=MINUTE, scope="zone:alpha.example")
    home.note("gd-1", "completed", ago=MINUTE, scope="domains")

    assert due(instance) == ["gd-1"]


def test_a_failing_account_does_not_hold_the_other_up(
    home: Home, instance: dg.DagsterInstance
) -> None:
    home.note("gd-1", "failed", ago=MINUTE)

    assert due(instance) == ["cf-1"]


@pytest.mark.usefixtures("home")
def test_an_account_with_an_unfinished_run_is_left_alone(instance: dg.DagsterInstance) -> None:
    a_run(instance, "gd-1", dg.DagsterRunStatus.NOT_STARTED)
    a_run(instance, "cf-1", dg.DagsterRunStatus.STARTED)

    assert (
        reason(instance)
        == "cf-1 has a run already (started). gd-1 has a run already (not_started)."
    )


@pytest.mark.usefixtures("home")
def test_a_run_that_somebody_picked_by_hand_counts_too(instance: dg.DagsterInstance) -> None:
    from dnsinv_pipelines.definitions import defs

    instance.create_run_for_job(
        defs.resolve_implicit_global_asset_job_def(),
        status=dg.DagsterRunStatus.STARTED,
        tags={"dagster/partition": f"gd-1/{today()}"},
        asset_selection=frozenset({dg.AssetKey("record_snapshots")}),
    )
    assert due(instance) == ["cf-1"]


def test_an_account_that_the_command_line_collects_is_left_alone(
    home: Home, instance: dg.DagsterInstance
) -> None:
    home.note("gd-1", "running", ago=2 * HOUR)
    home.note("cf-1", "completed", ago=MINUTE)
    with without_collection(home.opened.lake.layout.locks, "gd-1"):
        assert "gd-1 is being collected since" in reason(instance)


def test_a_collection_that_was_cut_off_goes_on_without_waiting_for_the_interval(
    home: Home, instance: dg.DagsterInstance
) -> None:
    home.note("gd-1", "running", ago=10 * MINUTE)
    home.note("cf-1", "completed", ago=MINUTE)

    assert due(instance) == ["gd-1"]


@pytest.mark.parametrize("tag", ["dnsinv/kind", "launched/by"])
def test_a_collection_that_a_person_cancelled_waits_for_the_interval(
    home: Home, instance: dg.DagsterInstance, tag: str
) -> None:
    home.note("gd-1", "running", ago=10 * MINUTE)
    home.note("cf-1", "completed", ago=MINUTE)
    a_run(
        instance,
        "gd-1",
        CANCELED,
        tags={"dnsinv/kind": "", tag: "collection"},
        asset_selection=frozenset({dg.AssetKey("record_snapshots")}),
    )

    assert "gd-1 is collected in 50 min" in reason(instance)


def test_a_run_that_failed_before_it_collected_is_not_repeated_at_every_tick(
    home: Home, instance: dg.DagsterInstance
) -> None:
    home.note("cf-1", "completed", ago=MINUTE)
    a_run(instance, "gd-1", FAILURE)

    assert "gd-1 is collected in 5 min" in reason(instance)


@pytest.mark.parametrize(("is_to_be_retried", "is_due"), [(True, False), (False, True)])
def test_after_a_start_dagsters_own_retry_of_a_dead_run_goes_first(
    home: Home, is_to_be_retried: bool, is_due: bool
) -> None:
    home.note("gd-1", "running", ago=3 * HOUR)
    started = home.opened.settings.dagster_home / "dagster.yaml"
    started.parent.mkdir(parents=True)
    started.touch()
    at = home.observe("cf-1").started_at
    run = LastRun(at - 2 * HOUR, is_failed=True, is_to_be_retried=is_to_be_retried)

    assert verdicts(home.opened, {}, {"gd-1": run}, at)["gd-1"].is_due == is_due
    assert verdicts(home.opened, {}, {"gd-1": run}, at + 2 * MINUTE)["gd-1"].is_due


def test_a_retired_account_is_left_alone(home: Home, instance: dg.DagsterInstance) -> None:
    home.note("gd-1", "completed", ago=2 * HOUR)
    at = home.observe("cf-1").started_at
    with home.opened.store.begin() as db:
        accounts.retire_account(db, "gd-1", at)

    assert "gd-1 is retired." in reason(instance)
    assert keys(instance) == [f"cf-1/{today()}"]


def test_without_accounts_the_sensor_says_what_to_do(
    home: Home, instance: dg.DagsterInstance
) -> None:
    home.has_accounts({})

    assert "No account is configured" in reason(instance)


def test_days_that_the_lake_holds_become_partitions_that_are_materialised(
    home: Home, instance: dg.DagsterInstance
) -> None:
    home.observe(ago=timedelta(days=2))
    home.observe("cf-1", ago=timedelta(days=1))
    result = tick(instance)

    first, second = f"gd-1/{today() - timedelta(days=2)}", f"cf-1/{today() - timedelta(days=1)}"
    assert keys(instance) == [first, second, f"cf-1/{today()}", f"gd-1/{today()}"]
    told = {
        (event.asset_key.to_user_string(), event.partition): event.metadata[
            "dagster/row_count"
        ].value
        for event in result.asset_events
        if isinstance(event, dg.AssetMaterialization)
    }
    assert told[("record_snapshots", first)] == 15
    assert told[("domain_snapshots", second)] == 1
    assert told[("record_changes", first)] == 0
    assert len(told) == 8
    assert tick(instance, result.cursor).asset_events == []


@pytest.mark.usefixtures("home")
def test_a_day_that_ended_without_a_snapshot_loses_its_partition(
    instance: dg.DagsterInstance,
) -> None:
    yesterday = today() - timedelta(days=1)
    instance.add_dynamic_partitions(
        str(account_days.name), [f"gd-1/{yesterday}", f"cf-1/{yesterday}"]
    )
    a_run(
        instance,
        "cf-1",
        dg.DagsterRunStatus.STARTED,
        tags={"dagster/partition": f"cf-1/{yesterday}"},
    )
    tick(instance)

    assert keys(instance) == [f"cf-1/{yesterday}", f"cf-1/{today()}", f"gd-1/{today()}"]


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("key", ["foo", "gd-1/", "gd-1/yesterday", "gd-1/20260302", "/"])
def test_a_partition_that_a_person_made_up_goes_and_stops_nothing(
    instance: dg.DagsterInstance, key: str
) -> None:
    instance.add_dynamic_partitions(str(account_days.name), [key])
    run = a_run(instance, "cf-1", dg.DagsterRunStatus.STARTED, tags={"dagster/partition": key})

    assert due(instance) == ["cf-1", "gd-1"]
    assert key in keys(instance)  # its run goes on
    instance.report_run_canceled(run)
    instance.report_runless_asset_event(dg.AssetMaterialization("record_snapshots", partition=key))
    tick(instance)
    assert keys(instance) == [f"cf-1/{today()}", f"gd-1/{today()}"]


def test_a_past_day_with_a_snapshot_does_not_look_failed_because_its_last_collection_was(
    home: Home, instance: dg.DagsterInstance
) -> None:
    home.observe(ago=timedelta(days=1))
    home.observe()
    yesterday, this_day = (f"gd-1/{today() - timedelta(days=ago)}" for ago in (1, 0))
    cursor = tick(instance).cursor
    for key in (yesterday, this_day):
        home.providers["gd-1"].listed = ["alpha.example"]  # held today, refused yesterday
        assert not materialize(instance, "domain_snapshots", key=key).success
    result = tick(instance, cursor)

    told = [(event.asset_key.to_user_string(), event.partition) for event in result.asset_events]
    assert told == [("domain_snapshots", yesterday)]
