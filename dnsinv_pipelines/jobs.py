"""What can be launched, by the sensor or by a person.

In the UI: Jobs, pick one, Materialize, choose the partition `account/today` (or `*/today` for all
accounts, as a backfill with one run each) and, where wanted, say more in the launchpad:

    ops: {snapshots: {config: {domain: example.com}}}            one zone, with collect_domain
    ops: {snapshots: {config: {deadline_minutes: 60}}}           begin no new zone after an hour

Over GraphQL the same is `launchRun` with the job's name, that run config and the tag
`dagster/partition`. Where an account, or another with its credential, is being collected already,
a run tries again a few times and then says so.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

from dnsinv_pipelines.checks import FRESHNESS_CHECKS, freshness_checks

if TYPE_CHECKING:
    from dnsinv.settings import Account

KIND_TAG, ACCOUNT_TAG, CREDENTIAL_TAG = "dnsinv/kind", "dnsinv/account", "dnsinv/credential"
COLLECTION = "collection"

_DERIVED = ("domain_history", "record_history", "zones", "dns_records", "domains", "read_model")
_TAGS = {
    KIND_TAG: COLLECTION,
    "dagster/max_retries": "2",  # of a worker that died; more would hammer the provider
}


def _job(name: str, assets: tuple[str, ...], text: str) -> Any:
    selection = dg.AssetSelection.assets(*assets, *_DERIVED)
    return dg.define_asset_job(
        name,
        selection - dg.AssetSelection.checks(*(check.key for check in FRESHNESS_CHECKS)),
        description=text,
        tags=_TAGS,
    )


collect = _job(
    "collect",
    ("domain_snapshots", "record_snapshots", "domain_changes", "record_changes"),
    "Collect one account now, domains and records, and derive everything that follows.",
)
collect_lists = _job(
    "collect_lists",
    ("domain_snapshots", "domain_changes"),
    "List one account's domains now without reading a zone, and derive everything that follows.",
)
collect_domain = _job(
    "collect_domain",
    ("record_snapshots", "record_changes"),
    "Read the zone of one domain now (name it in the launchpad), and derive what follows.",
)
check_freshness = dg.define_asset_job(
    "check_freshness",
    dg.AssetSelection.checks(freshness_checks),
    description="Ask whether every account and zone was collected in time.",
    tags={KIND_TAG: "check"},
)

# Of its own, because nothing else runs where the collection of an account keeps failing.
check_freshness_hourly = dg.ScheduleDefinition(
    name="check_freshness_hourly",
    job=check_freshness,
    cron_schedule="5 * * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every hour: was every account and zone collected in time?",
)


def tags_of(account: "Account") -> Mapping[str, str]:
    """What a run that collects this account carries; the queue lets one per credential through."""
    from dnsinv.actions.installation import credential_id

    return {**_TAGS, ACCOUNT_TAG: account.name, CREDENTIAL_TAG: credential_id(account)}
