"""Changes can be derived again over any range of days."""

from datetime import timedelta

import dagster as dg
import pytest

from dnsinv_pipelines import collecting
from dnsinv_pipelines.assets import changes
from dnsinv_pipelines.locks import without_collection
from tests.core.scripted import a_record
from tests.pipelines.home import Home, add_partition, failure_of, materialize, today

DAYS = [today() - timedelta(days=ago) for ago in (3, 2, 1)]


@pytest.fixture
def three_days(home: Home) -> Home:
    """Three days before today; on the second and third one address changes and one domain comes."""
    for number, day in enumerate(DAYS):
        account = home.providers["gd-1"]
        account.zones["beta.example"][0] = a_record("beta.example", "www", f"198.51.100.{number}")
        account.zones[f"new{number}.example"] = [
            a_record(f"new{number}.example", "www", "192.0.2.1")
        ]
        home.observe(ago=timedelta(days=(today() - day).days))
    return home


def test_a_range_of_days_is_derived_again_in_one_run(
    three_days: Home, instance: dg.DagsterInstance
) -> None:
    keys = [add_partition(instance, day=day) for day in DAYS]
    before = three_days.opened.lake.query(
        "select name, change, day from record_changes order by all"
    )
    three_days.changes("records", DAYS[1]).unlink()
    three_days.changes("records", DAYS[2]).unlink()
    three_days.changes("domains", DAYS[2]).unlink()
    span = {
        "dagster/asset_partition_range_start": keys[0],
        "dagster/asset_partition_range_end": keys[-1],
    }
    result = materialize(instance, "record_changes", "domain_changes", tags=span)

    assert result.success
    assert (
        three_days.opened.lake.query("select name, change, day from record_changes order by all")
        == before
    )
    rows = {
        (
            event.asset_key and event.asset_key.to_user_string(),
            event.partition,
        ): event.materialization.metadata["dagster/row_count"].value
        for event in result.get_asset_materialization_events()
    }
    assert rows == {
        ("record_changes", keys[0]): 0, ("record_changes", keys[1]): 2, ("record_changes", keys[2]): 2,
        ("domain_changes", keys[0]): 0, ("domain_changes", keys[1]): 1, ("domain_changes", keys[2]): 1,
    }  # fmt: skip
    checks = {
        (check.asset_key.to_user_string(), check.partition): check.passed
        for check in result.get_asset_check_evaluations()
    }
    assert checks == dict.fromkeys(rows, True)


def test_a_day_on_which_only_single_zones_were_read_has_no_domain_changes(
    three_days: Home, instance: dg.DagsterInstance
) -> None:
    materialize(
        instance, "record_snapshots", key=add_partition(instance), config={"domain": "beta.example"}
    )
    result = materialize(instance, "domain_changes", key=add_partition(instance))

    assert result.success
    assert not three_days.snapshot("domains").exists()


@pytest.mark.usefixtures("three_days")
def test_a_day_without_a_snapshot_is_refused_in_one_sentence(instance: dg.DagsterInstance) -> None:
    key = add_partition(instance, day=DAYS[0] - timedelta(days=1))

    assert "was not observed on" in failure_of(materialize(instance, "record_changes", key=key))


def test_the_last_day_is_not_touched_while_a_collection_may_write_it(
    three_days: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "WAIT_FOR_COLLECTION_SECONDS", 0)
    monkeypatch.setattr(collecting, "RETRY_SECONDS", (0.0, 0.0))
    with without_collection(three_days.opened.lake.layout.locks, "gd-1"):
        last = materialize(instance, "record_changes", key=add_partition(instance, day=DAYS[2]))
        earlier = materialize(instance, "record_changes", key=add_partition(instance, day=DAYS[1]))

    assert "is being collected" in failure_of(last)
    assert earlier.success
