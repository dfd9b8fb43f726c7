"""Asset checks: questions to the lake whose answer should be "none", each one SQL file.

A SQL file gives one row: `problems` (0 = passed), up to five `examples`, and figures. Checks of
snapshots and changes look at one partition, the others at everything current.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import dagster as dg

from dnsinv.errors import BadSetting
from dnsinv_pipelines import previews
from dnsinv_pipelines.partitions import account_and_day, account_days
from dnsinv_pipelines.resources import InstallationResource

if TYPE_CHECKING:
    from dnsinv.actions.installation import Installation

LATE_INTERVALS = 2  # what is older than so many collection intervals is not fresh
_PARAMETER = re.compile(r"\$(\w+)")
ERROR, WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN


@dataclass(frozen=True, slots=True)
class Check:
    """One question to the lake; ERROR where it finds damage, WARN where somebody should look."""

    asset: str
    name: str
    text: str
    severity: dg.AssetCheckSeverity
    sql: str

    @property
    def key(self) -> dg.AssetCheckKey:
        return dg.AssetCheckKey(dg.AssetKey(self.asset), self.name)

    def spec(self, partitions: dg.PartitionsDefinition[str] | None = None) -> dg.AssetCheckSpec:
        # Without partitions the last account to be collected would hide what is wrong with others.
        with previews.accepted():
            return dg.AssetCheckSpec(
                self.name, asset=self.asset, description=self.text, partitions_def=partitions
            )

    def result(self, opened: "Installation", parameters: dict[str, Any]) -> dg.AssetCheckResult:
        query = _sql(self.sql).replace("{dataset}", self.asset)
        named = set(_PARAMETER.findall(query))
        used = {name: value for name, value in parameters.items() if name in named}
        with opened.lake.connect() as con:
            row = con.execute(query, used).fetchall()[0]
            found = dict(zip([column[0] for column in con.description or ()], row, strict=True))
        problems, examples = found.pop("problems"), found.pop("examples")
        return dg.AssetCheckResult(
            asset_key=self.asset,
            check_name=self.name,
            passed=problems == 0,
            severity=self.severity,
            metadata={
                "problems": problems,
                **{name: value for name, value in found.items() if value is not None},
                **({"examples": "\n".join(examples)} if examples else {}),
            },
        )


SNAPSHOT_CHECKS = (
    Check(
        "domain_snapshots",
        "has_rows",
        "The account lists at least one domain.",
        ERROR,
        "snapshot_has_rows",
    ),
    Check(
        "record_snapshots",
        "has_rows",
        "The account has at least one record.",
        WARN,
        "snapshot_has_rows",
    ),
    Check(
        "domain_snapshots",
        "has_not_dropped",
        "No more domains are gone since the day before than the guard's share.",
        WARN,
        "snapshot_has_not_dropped",
    ),
    Check(
        "record_snapshots",
        "has_not_dropped",
        "No more records are gone since the day before than the guard's share.",
        WARN,
        "snapshot_has_not_dropped",
    ),
    Check(
        "domain_snapshots",
        "no_duplicates",
        "Every domain stands in the snapshot once.",
        ERROR,
        "domain_snapshots_no_duplicates",
    ),
    Check(
        "record_snapshots",
        "no_duplicates",
        "Every record stands in the snapshot once.",
        ERROR,
        "record_snapshots_no_duplicates",
    ),
    Check(
        "record_snapshots",
        "no_orphans",
        "Every record has its zone, and every zone its domain.",
        ERROR,
        "record_snapshots_no_orphans",
    ),
)
CHANGE_CHECKS = (
    Check(
        "domain_changes",
        "add_up",
        "What the day's changes put there is there, and what they took is gone.",
        ERROR,
        "domain_changes_add_up",
    ),
    Check(
        "record_changes",
        "add_up",
        "What the day's changes put there is there, and what they took is gone.",
        ERROR,
        "record_changes_add_up",
    ),
)
CURRENT_CHECKS = (
    Check(
        "domains",
        "no_duplicates",
        "Every domain stands in the inventory once.",
        ERROR,
        "domains_no_duplicates",
    ),
    Check(
        "dns_records",
        "no_orphans",
        "Every current record has its zone, and every zone its domain.",
        ERROR,
        "dns_records_no_orphans",
    ),
)
FRESHNESS_CHECKS = (
    Check(
        "zones",
        "zones_are_fresh",
        "Every zone was read within two collection intervals.",
        WARN,
        "zones_are_fresh",
    ),
    Check(
        "domains",
        "accounts_are_fresh",
        "Every account in use was listed within two collection intervals.",
        WARN,
        "accounts_are_fresh",
    ),
)


@dg.multi_asset_check(
    specs=[check.spec(account_days) for check in SNAPSHOT_CHECKS], can_subset=True
)
def snapshot_checks(
    context: dg.AssetCheckExecutionContext, installation: InstallationResource
) -> Iterator[dg.AssetCheckResult]:
    """Whether one account's snapshot of one day is whole."""
    yield from _of_partitions(context, installation, SNAPSHOT_CHECKS)


@dg.multi_asset_check(specs=[check.spec(account_days) for check in CHANGE_CHECKS], can_subset=True)
def change_checks(
    context: dg.AssetCheckExecutionContext, installation: InstallationResource
) -> Iterator[dg.AssetCheckResult]:
    """Whether one account's changes of one day agree with its snapshot."""
    yield from _of_partitions(context, installation, CHANGE_CHECKS)


@dg.multi_asset_check(specs=[check.spec() for check in CURRENT_CHECKS], can_subset=True)
def current_checks(
    context: dg.AssetCheckExecutionContext, installation: InstallationResource
) -> Iterator[dg.AssetCheckResult]:
    """Whether what is current is whole."""
    yield from _of_now(context, installation, CURRENT_CHECKS)


@dg.multi_asset_check(specs=[check.spec() for check in FRESHNESS_CHECKS], can_subset=True)
def freshness_checks(
    context: dg.AssetCheckExecutionContext, installation: InstallationResource
) -> Iterator[dg.AssetCheckResult]:
    """Whether what is current is fresh, by the collection interval as it is set now."""
    yield from _of_now(context, installation, FRESHNESS_CHECKS)


def _of_partitions(
    context: dg.AssetCheckExecutionContext,
    installation: InstallationResource,
    checks: tuple[Check, ...],
) -> Iterator[dg.AssetCheckResult]:
    op = context.op_execution_context
    with installation.open() as opened:
        for key in op.partition_keys:
            for result in _answers(context, opened, checks, _about(opened, key)):
                if op.has_partition_key:
                    yield result
                else:  # a run over a range: a result would be recorded without its partition
                    op.log_event(_evaluation(result, key))  # type: ignore[arg-type] # its body takes it


def _about(opened: "Installation", key: str) -> dict[str, Any]:
    from dnsinv.actions.collect import guard_of

    account, day = account_and_day(key)
    providers = {name: provider for provider, name in opened.lake.layout.accounts("zones")}
    if account not in providers:
        raise BadSetting(f"The account {account} was never observed: nothing can be checked.")
    return {
        "provider": providers[account],
        "account": account,
        "day": day,
        "share": guard_of(opened).share,
    }


def _evaluation(result: dg.AssetCheckResult, key: str) -> dg.AssetCheckEvaluation:
    assert result.asset_key
    assert result.check_name
    return dg.AssetCheckEvaluation(
        asset_key=result.asset_key,
        check_name=result.check_name,
        passed=result.passed,
        metadata=result.metadata,
        severity=result.severity,
        partition=key,
    )


def _of_now(
    context: dg.AssetCheckExecutionContext,
    installation: InstallationResource,
    checks: tuple[Check, ...],
) -> Iterator[dg.AssetCheckResult]:
    from dnsinv.actions.installation import now
    from dnsinv_pipelines.due import accounts_in_use, interval

    with installation.open() as opened:
        parameters = {
            "accounts": [account.name for account in accounts_in_use(opened)],
            "before": now() - LATE_INTERVALS * max(interval(opened), timedelta(minutes=5)),
        }
        yield from _answers(context, opened, checks, parameters)


def _answers(
    context: dg.AssetCheckExecutionContext,
    opened: "Installation",
    checks: tuple[Check, ...],
    parameters: dict[str, Any],
) -> Iterator[dg.AssetCheckResult]:
    for check in checks:
        if check.key in context.selected_asset_check_keys:
            yield check.result(opened, parameters)


@cache
def _sql(name: str) -> str:
    return (files("dnsinv_pipelines") / "sql" / f"{name}.sql").read_text(encoding="utf-8")
