"""Checks find what was planted."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dnsinv_pipelines.checks import CHANGE_CHECKS, CURRENT_CHECKS, FRESHNESS_CHECKS, SNAPSHOT_CHECKS
from tests.core.scripted import a_record
from tests.pipelines.home import Home, add_partition, materialize, today

EVERY = {
    f"{check.asset}.{check.name}": check
    for check in (*SNAPSHOT_CHECKS, *CHANGE_CHECKS, *CURRENT_CHECKS, *FRESHNESS_CHECKS)
}


def ask(home: Home, name: str, **parameters: Any) -> dg.AssetCheckResult:
    usual = {
        "provider": "godaddy", "account": "gd-1", "day": today(), "share": 0.3,
        "accounts": ["gd-1", "cf-1"], "before": datetime.now(UTC) - timedelta(hours=2),
    }  # fmt: skip
    return EVERY[name].result(home.opened, usual | parameters)


def figures(result: dg.AssetCheckResult) -> dict[str, Any]:
    return {
        name: value.value if isinstance(value, dg.MetadataValue) else value
        for name, value in result.metadata.items()
    }


def rewrite(path: Path, change: Any) -> None:
    """Damage a Parquet file in place."""
    table = change(pq.read_table(path, partitioning=None))
    pq.write_table(table, path)


def doubled(table: pa.Table) -> pa.Table:
    return pa.concat_tables([table, table.slice(0, 2)])


def in_a_foreign_zone(table: pa.Table) -> pa.Table:
    column = table.schema.get_field_index("zone_id")
    return table.set_column(
        column, "zone_id", pa.array(["nowhere.example", *table["zone_id"].to_pylist()[1:]])
    )


def test_a_sound_lake_passes_every_check(home: Home) -> None:
    home.observe(ago=timedelta(days=1))
    home.providers["gd-1"].zones["beta.example"][0] = a_record(
        "beta.example", "www", "198.51.100.7"
    )
    home.providers["gd-1"].zones["zeta.example"] = [a_record("zeta.example", "www", "192.0.2.1")]
    home.observe()
    home.observe("cf-1")
    home.derive()

    assert {name: result.metadata for name in EVERY if not (result := ask(home, name)).passed} == {}
    assert figures(ask(home, "record_changes.add_up"))["changes"] == 2


@pytest.mark.parametrize("kind", ["domains", "records"])
def test_duplicates_in_a_snapshot_are_found(home: Home, kind: Any) -> None:
    home.observe()
    rewrite(home.snapshot(kind), doubled)
    result = ask(home, f"{kind.removesuffix('s')}_snapshots.no_duplicates")

    assert (result.passed, result.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert figures(result)["problems"] == 2
    assert (
        figures(result)["examples"]
        .splitlines()[0]
        .startswith("alpha.example" if kind == "domains" else "api.alpha.example A")
    )


def test_duplicates_in_the_inventory_are_found(home: Home) -> None:
    home.observe()
    home.derive()
    rewrite(home.opened.lake.layout.current("domains"), doubled)

    assert figures(ask(home, "domains.no_duplicates"))["examples"] == "alpha.example\nbeta.example"


def test_records_without_their_zone_are_found(home: Home) -> None:
    home.observe()
    rewrite(home.snapshot("records"), in_a_foreign_zone)
    home.derive()

    for name in ("record_snapshots.no_orphans", "dns_records.no_orphans"):
        found = figures(ask(home, name))
        assert (
            found["problems"],
            found["records_without_zone"],
            found["zones_without_domain"],
        ) == (1, 1, 0)
        assert found["examples"] == "api.alpha.example A"


def test_zones_that_are_not_in_the_listing_are_found(home: Home) -> None:
    home.observe()
    rewrite(home.snapshot("domains"), lambda table: table.slice(2))

    found = figures(ask(home, "record_snapshots.no_orphans"))
    assert (found["zones_without_domain"], found["examples"]) == (2, "alpha.example\nbeta.example")


def test_a_snapshot_that_lost_more_than_the_guards_share_is_found(home: Home) -> None:
    home.observe(ago=timedelta(days=2))
    home.observe()
    rewrite(home.snapshot("domains"), lambda table: table.slice(2))

    found = ask(home, "domain_snapshots.has_not_dropped")
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert (
        figures(found)["rows"],
        figures(found)["rows_before"],
        figures(found)["drop_share"],
    ) == (3, 5, 0.4)
    assert ask(home, "domain_snapshots.has_not_dropped", share=0.4).passed


def test_an_empty_snapshot_is_found(home: Home) -> None:
    home.observe()
    rewrite(home.snapshot("domains"), lambda table: table.slice(0, 0))

    assert not ask(home, "domain_snapshots.has_rows").passed
    assert ask(home, "record_snapshots.has_rows").passed


@pytest.mark.parametrize("kind", ["domains", "records"])
def test_changes_that_the_snapshot_contradicts_are_found(home: Home, kind: Any) -> None:
    home.observe(ago=timedelta(days=1))
    del home.providers["gd-1"].zones["gamma.example"]
    home.providers["gd-1"].zones["zeta.example"] = [a_record("zeta.example", "www", "192.0.2.1")]
    home.observe()
    rewrite(
        home.snapshot(kind),
        lambda table: table.filter(pa.compute.not_equal(table["name"], "zeta.example")).filter(
            pa.compute.not_equal(
                table.filter(pa.compute.not_equal(table["name"], "zeta.example"))["name"],
                "www.zeta.example",
            )
        ),
    )
    found = figures(ask(home, f"{kind.removesuffix('s')}_changes.add_up"))

    assert found["problems"] == 1
    assert "zeta.example" in found["examples"]


def test_zones_and_accounts_that_were_not_collected_in_time_are_found(home: Home) -> None:
    home.observe(ago=timedelta(hours=3))
    home.derive()

    zones = figures(ask(home, "zones.zones_are_fresh"))
    assert (zones["problems"], zones["zones"], zones["examples"].splitlines()[0]) == (
        5,
        5,
        "godaddy/gd-1 alpha.example",
    )
    late = figures(ask(home, "domains.accounts_are_fresh"))
    assert (late["problems"], late["accounts"]) == (2, 2)
    assert late["examples"].splitlines()[0] == "cf-1: never collected"
    assert late["examples"].splitlines()[1].startswith("gd-1: last collected ")


def test_a_check_that_fails_is_recorded_and_stops_nothing(
    home: Home, instance: dg.DagsterInstance
) -> None:
    home.observe(ago=timedelta(days=1))
    rewrite(home.snapshot("domains", day=today() - timedelta(days=1)), doubled)
    key = add_partition(instance)
    result = materialize(instance, "domain_snapshots", "domain_changes", key=key)

    assert result.success
    failed = [check for check in result.get_asset_check_evaluations() if not check.passed]
    assert [(check.check_name, check.partition, check.severity) for check in failed] == [
        ("no_duplicates", key, dg.AssetCheckSeverity.ERROR)
    ]


def test_freshness_is_asked_by_the_interval_as_it_is_set_now(
    home: Home, instance: dg.DagsterInstance
) -> None:
    from dnsinv_pipelines.definitions import defs

    for account in ("gd-1", "cf-1"):
        home.observe(account, ago=timedelta(hours=3))
    home.derive()
    job = defs.resolve_job_def("check_freshness")
    for minutes, passed in ((60, False), (120, True)):
        home.set_interval(minutes)
        result = job.execute_in_process(instance=instance)
        assert [check.passed for check in result.get_asset_check_evaluations()] == [passed, passed]
