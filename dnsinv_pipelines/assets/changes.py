"""Changes: derived from snapshots, so any range of days can be derived again."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import date
from typing import TYPE_CHECKING

import dagster as dg

from dnsinv.errors import BadSetting, Busy
from dnsinv.lake.schemas import DOMAIN_CHANGES, RECORD_CHANGES
from dnsinv.lake.table import Table
from dnsinv_pipelines import facts, previews
from dnsinv_pipelines.collecting import retry_or_fail
from dnsinv_pipelines.locks import without_collection
from dnsinv_pipelines.partitions import account_and_day, account_days
from dnsinv_pipelines.resources import InstallationResource

if TYPE_CHECKING:
    from dnsinv.actions.installation import Installation
    from dnsinv.lake.layout import Kind

WAIT_FOR_COLLECTION_SECONDS = 60


def _asset(table: Table, snapshot: str) -> Callable[[Callable[..., None]], dg.AssetsDefinition]:
    with previews.accepted():  # one run for a whole range of days
        return dg.asset(
            partitions_def=account_days,
            deps=[snapshot],
            group_name="changes",
            kinds={"parquet"},
            metadata=facts.columns(table),
            backfill_policy=dg.BackfillPolicy.single_run(),
        )


@_asset(DOMAIN_CHANGES, "domain_snapshots")
def domain_changes(context: dg.AssetExecutionContext, installation: InstallationResource) -> None:
    """How one account's listing changed on one day: domains added, removed, modified, moved.

    A collection writes them as it finds them. Here they are proven against the snapshots of the day
    and the one before, and derived anew where they do not add up.
    """
    with installation.open() as opened:
        _derive(context, opened, "domains")


@_asset(RECORD_CHANGES, "record_snapshots")
def record_changes(context: dg.AssetExecutionContext, installation: InstallationResource) -> None:
    """How one account's records changed on one day: values added, removed, modified.

    A collection writes them as it finds them. Here they are proven against the snapshots of the day
    and the one before, and derived anew where they do not add up.
    """
    with installation.open() as opened:
        _derive(context, opened, "records")


def _derive(context: dg.AssetExecutionContext, opened: "Installation", kind: "Kind") -> None:
    for key in context.partition_keys:
        account, day = account_and_day(key)
        try:
            rows = _rebuild(opened, kind, account, day)
        except Busy as error:
            raise retry_or_fail(context, str(error)) from error
        context.add_asset_metadata({facts.ROWS: rows, "account": account}, partition_key=key)


def _rebuild(opened: "Installation", kind: "Kind", account: str, day: date) -> int:
    from dnsinv.lake.rebuilding import rebuild_changes

    layout = opened.lake.layout
    providers = {name: provider for provider, name in layout.accounts("zones")}
    days = layout.days("zones", providers[account], account) if account in providers else []
    if day not in days:
        raise BadSetting(
            f"The account {account} was not observed on {day}; nothing can be derived."
        )
    if day not in layout.days(kind, providers[account], account):
        return 0  # single zones were read that day, and no listing made
    guarded = (
        without_collection(layout.locks, account, WAIT_FOR_COLLECTION_SECONDS)
        if day == days[-1]  # the only day that a collection may be writing
        else nullcontext()
    )
    with guarded:
        return rebuild_changes(opened.lake, kind, providers[account], account, day)
