"""History and current: folded from snapshots and changes of all accounts, made again whole."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

import dagster as dg

from dnsinv.lake.schemas import DNS_RECORDS, DOMAIN_HISTORY, DOMAINS, RECORD_HISTORY, ZONES
from dnsinv.lake.table import Table
from dnsinv_pipelines import facts
from dnsinv_pipelines.assets.snapshots import A_DAY_MISSED
from dnsinv_pipelines.resources import InstallationResource

if TYPE_CHECKING:
    from datetime import datetime

    from dnsinv.actions.installation import Installation


def _spec(table: Table, group: str, deps: list[str]) -> dg.AssetSpec:
    return dg.AssetSpec(
        table.name,
        deps=deps,
        description=f"Of all accounts; one row is {table.doc[0].lower()}{table.doc[1:]}",
        group_name=group,
        kinds={"parquet"},
        metadata=facts.columns(table),
        freshness_policy=A_DAY_MISSED,
    )


@dg.multi_asset(
    specs=[
        _spec(DOMAIN_HISTORY, "history", ["domain_snapshots", "domain_changes"]),
        _spec(RECORD_HISTORY, "history", ["record_snapshots", "record_changes"]),
    ],
)
def history(installation: InstallationResource) -> Iterator[dg.MaterializeResult[None]]:
    """Periods in which each domain and record had its values, folded from all changes."""
    from dnsinv.lake.fold import fold_history

    with installation.open() as opened:
        yield from _materialised(fold_history(opened.lake, _retired(opened)))


@dg.multi_asset(
    specs=[
        _spec(ZONES, "current", ["record_snapshots", "domain_history"]),
        _spec(DNS_RECORDS, "current", ["record_snapshots", "domain_history", "imported_records"]),
    ],
)
def records(installation: InstallationResource) -> Iterator[dg.MaterializeResult[None]]:
    """The zones and records of now, from each account's last snapshot."""
    from dnsinv.lake.fold import fold_records

    with installation.open() as opened:
        yield from _materialised(fold_records(opened.lake, _retired(opened)))


@dg.multi_asset(
    specs=[_spec(DOMAINS, "current", ["domain_history", "dns_records", "imported_domains"])]
)
def domains(installation: InstallationResource) -> Iterator[dg.MaterializeResult[None]]:
    """The domains of now and those that went, from history and the records of now."""
    from dnsinv.actions.collect import carry_on, entered
    from dnsinv.lake.fold import fold_domains

    with installation.open() as opened:
        rows = fold_domains(opened.lake, _retired(opened), partial(entered, opened))
        carry_on(opened)
    yield from _materialised(rows)


@dg.asset(
    deps=["domains", "zones", "dns_records"],
    group_name="current",
    kinds={"duckdb"},
    freshness_policy=A_DAY_MISSED,
)
def read_model(installation: InstallationResource) -> dg.MaterializeResult[None]:
    """One DuckDB file from which pages and the API read; a disposable cache of what is current."""
    from dnsinv.lake.readmodel import build_read_model

    with installation.open() as opened:
        path = build_read_model(opened.lake)
        rows = facts.row_count(opened.lake.layout.current("domains"))
        records = facts.row_count(opened.lake.layout.current("records"))
    size = path.stat().st_size
    return dg.MaterializeResult(
        metadata={
            facts.ROWS: rows + records,
            "domains": rows,
            "records": records,
            "bytes": size,
            "version": path.stem.removeprefix("read-"),
        }
    )


def _retired(opened: "Installation") -> "Mapping[str, datetime]":
    from dnsinv.store.accounts import retired_accounts

    with opened.store.begin() as db:
        return retired_accounts(db)


def _materialised(rows: Mapping[str, int]) -> Iterator[dg.MaterializeResult[None]]:
    for name, count in rows.items():
        yield dg.MaterializeResult(asset_key=name, metadata={facts.ROWS: count})
