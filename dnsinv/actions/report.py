"""Telling a running Dagster what was made without it, so that its pages show the truth.

Source: POST /report_asset_materialization/{asset} of dagster-webserver 1.13, checked 2026-11-23.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import httpx

from dnsinv.actions.installation import Installation
from dnsinv.errors import LakeError
from dnsinv.store.collections import Collection

log = logging.getLogger(__name__)

CONNECT_SECONDS = 1.0
REPLY_SECONDS = 5.0  # a webserver that has just started loads its pages' data first
BY_HAND = "Made by the command line."
_PUBLISHED = ("completed", "partial")
_WITH_IMPORTS = (
    "imported_domains", "imported_records", "migration_errors", "domains", "dns_records",
)  # fmt: skip

Event = tuple[str, dict[str, Any]]


def report_materializations(
    installation: Installation, ended: Sequence[Collection], rows: Mapping[str, int]
) -> None:
    """Report what collections published and what was derived from them.

    Does nothing where no Dagster webserver answers within a second: it finds out by itself when it
    starts. Never raises.

    Args:
        rows: rows of the derived datasets, as `derive` gives them.
    """
    _tell(installation, lambda: (*_collected(installation, ended), *_derived(rows)))


def report_import(installation: Installation, migration: str) -> None:
    """Report what a migration brought or took back, and what was made anew with it.

    Where no Dagster webserver answers it does nothing, and it never raises.
    """
    _tell(installation, lambda: _imported(installation, migration))


def _tell(installation: Installation, events: Callable[[], Iterable[Event]]) -> None:
    try:
        with httpx.Client(
            base_url=installation.settings.dagster_address,
            timeout=httpx.Timeout(REPLY_SECONDS, connect=CONNECT_SECONDS),
            trust_env=False,  # a proxy has no business between two programs of one machine
        ) as web:
            if not _is_dagster(web):
                return
            for asset, event in events():
                web.post(f"report_asset_materialization/{asset}", json=event).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL, LakeError) as error:
        log.info("dagster was not told error=%s", error)


def _is_dagster(web: httpx.Client) -> bool:
    reply = web.get("server_info", timeout=CONNECT_SECONDS)
    return reply.status_code == httpx.codes.OK and "dagster_webserver_version" in reply.text


def _collected(installation: Installation, ended: Sequence[Collection]) -> Iterator[Event]:
    for collection in ended:
        if collection.state not in _PUBLISHED:
            continue
        made: dict[str, int] = {}
        if not collection.scope.startswith("zone:"):
            made["domain_snapshots"] = collection.domains
            made["domain_changes"] = _changes(installation, "domain_log", collection)
        if collection.scope != "domains":
            made["record_snapshots"] = collection.records
            made["record_changes"] = _changes(installation, "record_log", collection)
        for asset, count in made.items():
            yield (
                asset,
                {
                    "partition": f"{collection.account}/{collection.started_at.date()}",
                    "description": BY_HAND,
                    "metadata": {
                        "dagster/row_count": count,
                        "account": collection.account,
                        "collection": collection.id,
                        "requests": collection.requests,
                    },
                },
            )


def _derived(rows: Mapping[str, int]) -> Iterator[Event]:
    if not rows:
        return
    whole = {**rows, "read_model": rows.get("domains", 0) + rows.get("dns_records", 0)}
    for asset, count in whole.items():
        yield asset, {"description": BY_HAND, "metadata": {"dagster/row_count": count}}


def _imported(installation: Installation, migration: str) -> Iterator[Event]:
    counts = ", ".join(f"(select count(*) from {name}) as {name}" for name in _WITH_IMPORTS)
    (found,) = installation.lake.query(f"select {counts}")
    for asset, event in _derived(dict(zip(_WITH_IMPORTS, found, strict=True))):
        event["metadata"]["migration"] = migration
        yield asset, event


def _changes(installation: Installation, log_name: str, collection: Collection) -> int:
    found = installation.lake.query(
        f"select count(*) from {log_name} "
        "where provider = $provider and account = $account and day = $day",
        {
            "provider": collection.provider,
            "account": collection.account,
            "day": collection.started_at.date(),
        },
    )
    return int(found[0][0])
