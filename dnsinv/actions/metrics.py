"""The inventory in Prometheus's text format: a registry of its own for each process that serves it.

What pages and API do is counted where it happens (`request`); everything else is read when asked
for, and what cannot be read is left out: `dnsinv_up` says so.
"""

import platform
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from importlib.metadata import version

import duckdb
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.registry import Collector
from sqlalchemy import Connection, func, select

from dnsinv.actions import backup_folder
from dnsinv.actions.acting import Actor, allow
from dnsinv.actions.health import PROVIDERS, published
from dnsinv.actions.installation import Installation, now
from dnsinv.domain.permission import Right
from dnsinv.errors import DnsinvError
from dnsinv.lake.lake import literal, sql
from dnsinv.lake.readmodel import read_model
from dnsinv.store import audit
from dnsinv.store.outcomes import outcomes
from dnsinv.store.tables import assignments, groups, users

CONTENT_TYPE = CONTENT_TYPE_LATEST
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metrics:
    """One process's metrics; the web side holds one. Safe to use from many threads."""

    def __init__(self, installation: Installation, clock: Callable[[], datetime] = now) -> None:
        self._installation = installation
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "dnsinv_http_requests",
            "Requests answered, by route (as declared, never the path asked for).",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "dnsinv_http_request_seconds",
            "Seconds until the answer was sent.",
            ("route",),
            buckets=SECONDS,
            registry=self._registry,
        )
        ProcessCollector(registry=self._registry)
        self._registry.register(_Inventory(installation, clock))

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request.

        Args:
            route: as it was declared ("/api/domains/{name}"), or "" for none: what people ask for
                must not make series without end.
        """
        known = method if method in METHODS else "other"
        self._requests.labels(known, route or "none", str(status)).inc()
        self._seconds.labels(route or "none").observe(seconds)

    def text(self, actor: Actor) -> bytes:
        """Everything, as CONTENT_TYPE says; for a token of any scope, or an administrator.

        Raises:
            NotAllowed: the actor is neither.
        """
        needs = Right.CHANGE_SETTINGS if actor.scope is None else Right.READ
        allow(self._installation, actor, needs)
        return generate_latest(self._registry)


class _Inventory(Collector):
    """Store, lake and backups as they are when Prometheus asks."""

    def __init__(self, installation: Installation, clock: Callable[[], datetime]) -> None:
        self._installation = installation
        self._clock = clock

    def describe(self) -> Iterable[Metric]:
        return ()  # or registering would read everything

    def collect(self) -> Iterator[Metric]:
        yield _build()
        up = GaugeMetricFamily("dnsinv_up", "1 where the part could be read.", labels=["part"])
        parts: dict[str, Callable[[], list[Metric]]] = {
            "store": lambda: list(self._store()),
            "lake": lambda: list(self._lake()),
            "backups": lambda: list(self._backups()),
        }
        for part, read in parts.items():
            try:
                found = read()
            except (DnsinvError, duckdb.Error, OSError):
                up.add_metric([part], 0)
            else:
                up.add_metric([part], 1)
                yield from found
        yield up

    def _store(self) -> Iterator[Metric]:
        with self._installation.store.read() as db:
            yield from _collections(db)
            yield from _people(db)

    def _lake(self) -> Iterator[Metric]:
        at = published(self._installation.lake)
        if at is not None:
            yield _instant("dnsinv_published", "Last publication of any file of the lake.", at)
        path = read_model(self._installation.lake)
        if path is not None:
            with self._installation.lake.open() as con:
                con.execute(f"attach {literal(path)} as made (read_only)")
                con.execute("use made")
                yield from _sizes(con, self._clock())

    def _backups(self) -> Iterator[Metric]:
        found = backup_folder.kept(self._installation.settings.backups)
        yield GaugeMetricFamily("dnsinv_backups", "Backups in BACKUP_PATH.", len(found))
        size = sum(backup.size for backup in found)
        yield GaugeMetricFamily("dnsinv_backups_bytes", "Their size together.", size)
        if found:
            at = found[0].facts.made_at
            yield _instant("dnsinv_backup_last", "When the newest backup was made.", at)


# -- families -------------------------------------------------------------------------------------


def _build() -> Metric:
    told = {
        "version": version("dnsinv"),
        "python": platform.python_version(),
        "duckdb": version("duckdb"),
        "sqlite": sqlite3.sqlite_version,
    }
    return InfoMetricFamily("dnsinv_build", "What runs.", told)


def _instant(name: str, what: str, at: datetime) -> Metric:
    return GaugeMetricFamily(f"{name}_timestamp_seconds", what, at.timestamp())


def _collections(db: Connection) -> Iterator[Metric]:
    labels = ["provider", "account"]
    ended = CounterMetricFamily(
        "dnsinv_collections", "Collections that ended, by how.", labels=[*labels, "state"]
    )
    took = SummaryMetricFamily(
        "dnsinv_collection_seconds", "Seconds that collections took.", labels=labels
    )
    last = GaugeMetricFamily(
        "dnsinv_collection_last_seconds", "Seconds that the last one took.", labels=labels
    )
    asked = CounterMetricFamily(
        "dnsinv_provider_requests", "Requests that providers were asked.", labels=labels
    )
    ended_at = GaugeMetricFamily(
        "dnsinv_collection_ended_timestamp_seconds", "When the last one ended.", labels=labels
    )
    succeeded = GaugeMetricFamily(
        "dnsinv_collection_succeeded_timestamp_seconds",
        "When the last one that published ended.",
        labels=labels,
    )
    failing = GaugeMetricFamily(
        "dnsinv_collection_failing", "1 where the last one failed.", labels=labels
    )
    for each in outcomes(db):
        if each.retired_at is not None:
            continue
        whose = [each.provider, each.account]
        for state, count in sorted(each.ended.items()):
            ended.add_metric([*whose, state], count)
        took.add_metric(whose, sum(each.ended.values()), each.seconds)
        asked.add_metric(whose, each.requests)
        if each.last_at is not None:
            last.add_metric(whose, each.last_seconds)
            ended_at.add_metric(whose, each.last_at.timestamp())
            failing.add_metric(whose, each.last_state == "failed")
        if each.succeeded_at is not None:
            succeeded.add_metric(whose, each.succeeded_at.timestamp())
    yield from (ended, took, last, asked, ended_at, succeeded, failing)


def _people(db: Connection) -> Iterator[Metric]:
    yield CounterMetricFamily(
        "dnsinv_audit_entries", "Entries of the audit log.", audit.last_seq(db)
    )
    for table, what in ((users, "Users."), (groups, "Groups."), (assignments, "Assignments.")):
        query = select(func.count()).select_from(table).where(table.c.ended_in.is_(None))
        yield GaugeMetricFamily(f"dnsinv_{table.name}", what, db.execute(query).scalar_one())


def _sizes(con: duckdb.DuckDBPyConnection, at: datetime) -> Iterator[Metric]:
    """From the read model: it is counted in milliseconds, as DuckDB keeps columns apart."""
    statuses = GaugeMetricFamily(
        "dnsinv_domains", "Current domains by state at each provider.", labels=[*sorted(PROVIDERS)]
    )
    for godaddy, cloudflare, count in con.execute(sql("overview_statuses")).fetchall():
        statuses.add_metric([cloudflare, godaddy], count)
    yield statuses
    records = GaugeMetricFamily(
        "dnsinv_records", "Current records.", labels=["provider", "account"]
    )
    query = "select provider, account, count(*) from dns_records group by all order by all"
    for provider, account, count in con.execute(query).fetchall():
        records.add_metric([provider, account], count)
    yield records
    yield from _zones(con, at)


def _zones(con: duckdb.DuckDBPyConnection, at: datetime) -> Iterator[Metric]:
    labels = ["provider", "account"]
    states = GaugeMetricFamily(
        "dnsinv_zones", "Zones by the state of their last reading.", labels=[*labels, "state"]
    )
    for provider, account, state, zones, *_ in con.execute(sql("overview_zones")).fetchall():
        states.add_metric([provider, account, state], zones)
    yield states
    ages = GaugeMetricFamily(
        "dnsinv_zones_read_within",
        "Zones that were completely read within so many seconds; all zones at +Inf.",
        labels=[*labels, "within_seconds"],
    )
    for provider, account, *counts, total in con.execute(sql("zone_ages"), {"at": at}).fetchall():
        for seconds, count in zip(("3600", "21600", "86400", "604800"), counts, strict=True):
            ages.add_metric([provider, account, seconds], count)
        ages.add_metric([provider, account, "+Inf"], total)
    yield ages
