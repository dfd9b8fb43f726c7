"""What the lake holds, told to Dagster: its partitions, and materialisations it has not heard of.

The lake is the truth. Days that the command line collected, that a demo replayed, that came with
a backup or were published late after an interruption are there without a Dagster run; here they
become partitions that are materialised. So do past days whose last collection failed after an
earlier one had worked: nobody can mend them. A day that turned out to have no snapshot loses its
partition when it is over: it can never be collected any more.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from dnsinv_pipelines import facts
from dnsinv_pipelines.due import accounts_in_use
from dnsinv_pipelines.partitions import (
    account_and_day,
    account_days,
    in_order,
    is_ours,
    partition_key,
)
from dnsinv_pipelines.runs import FINISHED

if TYPE_CHECKING:
    from dnsinv.actions.installation import Installation
    from dnsinv.lake.layout import Kind

_KINDS: Mapping[str, "Kind"] = {
    "domain_snapshots": "domains",
    "record_snapshots": "records",
    "domain_changes": "domains",
    "record_changes": "records",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """What Dagster must be told to agree with the lake; `version` is what was compared."""

    added: list[str]
    deleted: list[str]
    materialised: list[dg.AssetMaterialization]
    version: str


def difference(
    opened: "Installation",
    instance: dg.DagsterInstance,
    today: date,
    *,
    known_version: str = "",
    in_progress: frozenset[str] = frozenset(),
) -> Difference:
    """Compare the lake with Dagster's partitions and materialisations.

    Args:
        known_version: of the last comparison; materialisations are looked up where it differs.
        in_progress: partitions that a run is busy with; they are left alone.
    """
    observed = _observed(opened)
    current = {partition_key(account.name, today) for account in accounts_in_use(opened)}
    wanted = observed.keys() | current
    there = set(instance.get_dynamic_partitions(str(account_days.name)))
    settled = {key: provider for key, provider in observed.items() if key not in in_progress}
    version = _version(instance, settled)
    return Difference(
        in_order(wanted - there),
        sorted(there - wanted - in_progress),  # what a person added can be anything
        [] if version == known_version else list(_unheard_of(opened, instance, settled, today)),
        version,
    )


def apply(found: Difference, instance: dg.DagsterInstance) -> None:
    """Tell Dagster."""
    if found.added:
        instance.add_dynamic_partitions(str(account_days.name), found.added)
    for key in found.deleted:
        instance.delete_dynamic_partition(str(account_days.name), key)
    for event in found.materialised:
        instance.report_runless_asset_event(event)


def _observed(opened: "Installation") -> dict[str, str]:
    """The provider of every account and day that has a snapshot, by partition key."""
    layout = opened.lake.layout
    return {
        partition_key(account, day): provider
        for provider, account in layout.accounts("zones")
        for day in layout.days("zones", provider, account)
    }


def _version(instance: dg.DagsterInstance, settled: Iterable[str]) -> str:
    """A fingerprint of what the lake holds and of the last run that ended."""
    ended = instance.get_runs(dg.RunsFilter(statuses=FINISHED), limit=1)
    parts = [*(run.run_id for run in ended), *sorted(settled)]
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=8).hexdigest()


def _unheard_of(
    opened: "Installation", instance: dg.DagsterInstance, observed: Mapping[str, str], today: date
) -> Iterator[dg.AssetMaterialization]:
    layout = opened.lake.layout
    for asset, kind in _KINDS.items():
        failed = _failed(instance, asset)
        well_known = {
            key
            for key in instance.get_materialized_partitions(dg.AssetKey(asset))
            if is_ours(key) and (key not in failed or account_and_day(key)[1] >= today)
        }
        for key in in_order(observed.keys() - well_known):
            account, day = account_and_day(key)
            snapshot = layout.snapshot(kind, observed[key], account, day)
            if not snapshot.exists():
                continue
            is_change = asset.endswith("_changes")
            path = layout.changes(kind, observed[key], account, day) if is_change else snapshot
            yield dg.AssetMaterialization(
                asset,
                partition=key,
                description="Found in the lake; no Dagster run made it.",
                metadata={"account": account, **_rows(path)},
            )


def _failed(instance: dg.DagsterInstance, asset: str) -> Set[str]:
    """Partitions whose last run did not materialise them; the question Dagster's own pages ask."""
    storage = instance.event_log_storage
    return storage.get_latest_asset_partition_materialization_attempts_without_materializations(
        dg.AssetKey(asset)
    ).keys()


def _rows(path: Path) -> facts.Metadata:
    import pyarrow as pa

    try:
        return {facts.ROWS: facts.row_count(path)}
    except (OSError, pa.ArrowException):
        return {"problem": f"{path.name} cannot be read; `dnsinv check data` says more."}
