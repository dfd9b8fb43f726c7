"""Snapshots: what one account showed on one day. The only assets that talk to a provider."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from dnsinv.errors import BadSetting, DnsinvError
from dnsinv.lake.columns import PARTITION
from dnsinv.lake.schemas import DOMAIN_SNAPSHOTS, RECORD_SNAPSHOTS
from dnsinv.lake.table import Table
from dnsinv_pipelines import facts
from dnsinv_pipelines.collecting import Pace, retry_or_fail, until_told_to_stop
from dnsinv_pipelines.partitions import account_and_day, account_days, partition_key
from dnsinv_pipelines.resources import InstallationResource

if TYPE_CHECKING:
    from dnsinv.actions.installation import Installation
    from dnsinv.store.collections import Collection

DOMAINS, RECORDS = "domain_snapshots", "record_snapshots"

# Fixed when the code loads, while the interval may change at any time: so these only say that
# a day was missed. Whether accounts keep to the interval is a check (accounts_are_fresh).
A_DAY_MISSED = dg.FreshnessPolicy.time_window(
    fail_window=timedelta(hours=50), warn_window=timedelta(hours=26)
)


class CollectionConfig(dg.Config):
    """What may be said in the launchpad about one collection."""

    domain: str = Field(
        default="",
        description=(
            "Read only the zone of this domain; record_snapshots is then selected without "
            "domain_snapshots, as the job collect_domain has it."
        ),
    )
    deadline_minutes: float = Field(
        default=0,
        ge=0,
        description=(
            "Begin no new zone after so many minutes; the rest goes first next time. 0 = none."
        ),
    )


def _spec(table: Table, text: str, deps: list[str]) -> dg.AssetSpec:
    return dg.AssetSpec(
        table.name,
        deps=deps,
        description=text,
        group_name="snapshots",
        kinds={"parquet"},
        metadata=facts.columns(
            Table(table.name, table.doc, (*PARTITION, *table.columns), table.order)
        ),
        freshness_policy=A_DAY_MISSED,
        skippable=True,
    )


@dg.multi_asset(
    partitions_def=account_days,
    can_subset=True,
    specs=[
        _spec(
            DOMAIN_SNAPSHOTS,
            "Every domain (GoDaddy) or zone (Cloudflare) in one account's listing "
            "as seen on one day; a rerun that day replaces it.",
            [],
        ),
        _spec(
            RECORD_SNAPSHOTS,
            "Every record of one account as seen on one day; "
            "a zone that could not be read keeps its last good rows.",
            [DOMAINS],
        ),
    ],
)
def snapshots(
    context: dg.AssetExecutionContext, config: CollectionConfig, installation: InstallationResource
) -> Iterator[dg.MaterializeResult[None]]:
    """Collect one account now: list it, read its zones (those read longest ago first), publish.

    With domain_snapshots alone only the listing is made. An observation is of now, so the partition
    must be today's (UTC): a run that waited in the queue past midnight is refused rather than filed
    under a day it did not see, and the next one for the new day starts by itself.
    """
    account, day = account_and_day(context.partition_key)
    asked = {key.to_user_string() for key in context.selected_asset_keys}
    with installation.open() as opened:
        _refuse_other_days(account, day)
        if config.domain and DOMAINS in asked:
            raise BadSetting(
                f"Reading the one zone {config.domain} lists nothing: "
                "select record_snapshots without domain_snapshots."
            )
        pace = Pace(context.log.info)
        collection = _collect(context, config, opened, pace, lists_only=RECORDS not in asked)
        _refuse_unpublished(context, opened, collection, pace)
        if collection.state == "partial":
            context.log.warning(f"{facts.summary(collection)}\n{collection.errors}")
        yield from _materialised(context, opened, collection, pace, asked)


def _refuse_other_days(account: str, day: date) -> None:
    from dnsinv.actions.installation import now

    today = now().date()
    if day != today:
        raise BadSetting(
            f"{day} is not today ({today}, UTC): a collection sees what is there now, "
            f"so another day is never collected. Collect {partition_key(account, today)} instead."
        )


def _collect(
    context: dg.AssetExecutionContext,
    config: CollectionConfig,
    opened: "Installation",
    pace: Pace,
    *,
    lists_only: bool,
) -> "Collection":
    from dnsinv.actions.collect import collect
    from dnsinv.actions.installation import now

    account, _ = account_and_day(context.partition_key)
    minutes = config.deadline_minutes
    try:
        return until_told_to_stop(
            lambda stopping: collect(
                opened,
                account,
                lists_only=lists_only,
                domain=config.domain,
                deadline=now() + timedelta(minutes=minutes) if minutes else None,
                progress=pace,
                stopping=stopping,
            )
        )
    except DnsinvError as error:
        if error.is_transient:
            raise retry_or_fail(context, str(error)) from error
        raise


def _refuse_unpublished(
    context: dg.AssetExecutionContext, opened: "Installation", collection: "Collection", pace: Pace
) -> None:
    """End the step where nothing was published; only an outage is tried again."""
    if collection.state not in ("held", "failed"):
        return
    metadata = facts.of_collection(collection, pace, opened.settings.address)
    sentence = collection.errors
    if collection.state == "failed":
        from dnsinv.actions.collect import diagnose

        diagnosis = diagnose(opened, opened.account(collection.account))
        if diagnosis.code in ("unreachable", "rate_limited"):
            raise retry_or_fail(context, sentence)
        metadata["diagnosis"] = dg.MetadataValue.text(diagnosis.text)
        if not diagnosis.is_ok:
            sentence = f"{sentence} {diagnosis.text}"
    raise dg.Failure(sentence, metadata, allow_retries=False)


def _materialised(
    context: dg.AssetExecutionContext,
    opened: "Installation",
    collection: "Collection",
    pace: Pace,
    asked: set[str],
) -> Iterator[dg.MaterializeResult[None]]:
    layout = opened.lake.layout
    metadata = facts.of_collection(collection, pace, opened.settings.address)
    seen = (collection.provider, collection.account, collection.started_at.date())
    paths = {
        DOMAINS: layout.snapshot("domains", *seen),
        RECORDS: layout.snapshot("records", *seen),
    }
    if collection.scope == "full" and DOMAINS not in asked:
        # The zones could not be read without a listing, and it was published with them.
        context.log_event(
            dg.AssetMaterialization(
                DOMAINS,
                partition=context.partition_key,
                metadata={facts.ROWS: facts.row_count(paths[DOMAINS]), **metadata},
            )
        )
    for name in sorted(asked):
        yield dg.MaterializeResult(
            asset_key=name, metadata={facts.ROWS: facts.row_count(paths[name]), **metadata}
        )
