"""What the lake holds, told to Dagster: its partitions, and materialisations it has not heard of.

The lake is the truth. Days that the command line collected, that a demo replayed, that came with
a backup or were published late after an interruption are there without a Dagster run; here they
become partitions that are materialised. A day that turned out to have no snapshot loses its
partition when it is over: it can never be collected any more.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from dnsinv_pipelines import facts
from dnsinv_pipelines.due import accounts_in_use
from dnsinv_pipelines.partitions import account_and_day, account_days, in_order, partition_key

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
    """What Dagster must be told to agree with the lake; `version` is the state of the lake."""

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
        known_version: of the last comparison; where the lake still has it, materialisations are
            not looked up.
        in_progress: partitions that a run is busy with; they are left alone.
    """
    observed = _observed(opened)
    current = {partition_key(account.name, today) for account in accounts_in_use(opened)}
    wanted = observed.keys() | current
    there = set(instance.get_dynamic_partitions(str(account_days.name)))
    settled = {key: provider for key, provider in observed.items() if key not in in_progress}
    version = hashlib.blake2b("\n".join(sorted(settled)).encode(), digest_size=8).hexdigest()
    return Difference(
        in_order(wanted - there),
        in_order(there - wanted - in_progress),
        [] if version == known_version else list(_unheard_of(opened, instance, settled)),
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


def _unheard_of(
    opened: "Installation", instance: dg.DagsterInstance, observed: Mapping[str, str]
) -> Iterator[dg.AssetMaterialization]:
    layout = opened.lake.layout
    for asset, kind in _KINDS.items():
        heard_of = instance.get_materialized_partitions(dg.AssetKey(asset))
        for key in in_order(observed.keys() - heard_of):
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


def _rows(path: Path) -> facts.Metadata:
    import pyarrow as pa

    try:
        return {facts.ROWS: facts.row_count(path)}
    except (OSError, pa.ArrowException):
        return {"problem": f"{path.name} cannot be read; `dnsinv check data` says more."}
