"""What Dagster loads."""

import subprocess
import sys

import dagster as dg

from dnsinv.lake.schemas import DATASETS


def test_everything_loads_and_every_asset_says_what_it_is() -> None:
    from dnsinv_pipelines.definitions import defs

    dg.Definitions.validate_loadable(defs)
    specs = {spec.key.to_user_string(): spec for spec in defs.resolve_all_asset_specs()}
    datasets = {table.name for table in DATASETS} - {"collections", "zone_snapshots"}
    assert set(specs) == datasets | {"read_model", "migration_slices"}
    assert all(spec.description for spec in specs.values())
    assert all("dagster/column_schema" in specs[name].metadata for name in datasets)


def test_jobs_take_what_their_names_say() -> None:
    from dnsinv_pipelines.definitions import defs

    def assets_of(job: str) -> set[str]:
        keys = defs.resolve_job_def(job).asset_layer.executable_asset_keys
        return {key.to_user_string() for key in keys}

    derived = {"domain_history", "record_history", "zones", "dns_records", "domains", "read_model"}
    assert assets_of("collect") - derived == {
        "domain_snapshots",
        "record_snapshots",
        "domain_changes",
        "record_changes",
    }
    assert assets_of("collect_lists") - derived == {"domain_snapshots", "domain_changes"}
    assert assets_of("collect_domain") - derived == {"record_snapshots", "record_changes"}
    assert assets_of("check_freshness") == set()


def test_loading_reads_no_environment_and_imports_nothing_heavy() -> None:
    script = (
        "import sys, dnsinv_pipelines.definitions; "
        "print([name for name in ('duckdb', 'pyarrow', 'httpx', 'dnsinv.actions.collect') if name in sys.modules])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env={"DB_PATH": "/nowhere", "SERVER_PORT": "wrong"},
        check=True,
    )
    assert ended.stdout.strip() == "[]"
    assert ended.stderr == ""
