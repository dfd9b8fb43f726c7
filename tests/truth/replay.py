"""Collecting a data set day after day: sandbox, real clients and engine, the lake read by SQL."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from dnsinv.collection.engine import Engine, Job
from dnsinv.http import Rate
from dnsinv.lake.fold import fold_all
from dnsinv.lake.lake import Lake
from dnsinv.providers.provider import Provider
from dnsinv.providers.registry import open_provider
from dnsinv.sandbox.credentials import CLOUDFLARE_TOKEN, GODADDY_KEY, GODADDY_SECRET, GODADDY_TOKEN
from dnsinv.sandbox.server import Sandbox
from dnsinv.sandbox.view import is_in_cloudflares_half
from dnsinv.sandbox.world import World, WorldDomain, WorldRecord
from dnsinv.sandbox.worlds import load_world
from dnsinv.store.collections import Collection
from dnsinv.store.database import open_store
from tests.truth.files import DataSet, Day, Row

SEED = 20260822
SHARES = {"dotgov": 0.04, "moj": 1.0}  # of the domains that do not change, where not all are taken
AT = time(9, tzinfo=UTC)
UNHURRIED = Rate(100_000, 1)  # more than the sandbox can answer

# What each provider makes of a TTL that the files leave to it.
DEFAULT_TTL = {"godaddy": 3600, "cloudflare": 1}


@dataclass(frozen=True)
class Setup:
    """How a world is divided: one GoDaddy account (v1 or v3), or GoDaddy and Cloudflare."""

    name: str
    accounts: tuple[str, ...]
    has_key: bool = False

    @property
    def sandbox_provider(self) -> str:
        return "both" if len(self.accounts) == 2 else self.accounts[0]


GODADDY = Setup("godaddy", ("godaddy",))
GODADDY_V1 = Setup("godaddy-v1", ("godaddy",), has_key=True)
SPLIT = Setup("split", ("godaddy", "cloudflare"))


class Share:
    """Some domains and days of a world."""

    def __init__(self, world: World, days: Sequence[date], names: frozenset[str]) -> None:
        self._world = world
        self._days = list(days)
        self._names = names

    def days(self) -> list[date]:
        return self._days

    def domains(self, day: date) -> list[WorldDomain]:
        return [domain for domain in self._world.domains(day) if domain.name in self._names]

    def records(self, day: date, domain_name: str) -> Sequence[WorldRecord]:
        return self._world.records(day, domain_name) if domain_name in self._names else ()


@dataclass(frozen=True)
class Extent:
    """Which days and domains of a data set are taken."""

    files: DataSet
    days: list[date]
    names: frozenset[str]

    @property
    def world(self) -> World:
        return Share(load_world(str(self.files.folder)), self.days, self.names)

    def truth(self, day: date) -> Day:
        whole = self.files.day(day)
        return Day(
            whole.domains & self.names,
            frozenset(row for row in whole.rows if row.zone in self.names),
        )


def everything(files: DataSet) -> Extent:
    """All days and domains."""
    names = frozenset().union(*(files.day(day).domains for day in files.days))
    return Extent(files, files.days, names)


def some_of(files: DataSet) -> Extent:
    """Two days in a row: every domain that changes between them, and a share of the others."""
    draw = random.Random(f"{SEED} {files.name}")
    place = draw.randrange(len(files.days) - 1)
    days = files.days[place : place + 2]
    before, after = (files.day(day) for day in days)
    changed = {row.zone for row in before.rows ^ after.rows} | (before.domains ^ after.domains)
    rest = sorted((before.domains | after.domains) - changed)
    names = frozenset(changed).union(draw.sample(rest, round(SHARES[files.name] * len(rest))))
    print(f"{files.name}: seed {SEED}, {days[0]} and {days[1]}, {len(names)} domains")  # noqa: T201
    return Extent(files, days, names)


def expected(day: Day, setup: Setup) -> dict[str, frozenset[Row]]:
    """What each account's records are, the SOA left out: Cloudflare lists no apex NS either."""
    rows: dict[str, set[Row]] = {account: set() for account in setup.accounts}
    for row in day.rows:
        account = host_of(row.zone, setup)
        is_listed = account == "godaddy" or (row.type, row.name) != ("NS", row.zone)
        if row.type != "SOA" and is_listed:
            ttl = DEFAULT_TTL[account] if row.ttl is None else row.ttl
            rows[account].add(row._replace(ttl=ttl))
    return {account: frozenset(found) for account, found in rows.items()}


def host_of(zone: str, setup: Setup) -> str:
    """The account that hosts a zone."""
    return "cloudflare" if setup is SPLIT and is_in_cloudflares_half(zone) else "godaddy"


@dataclass
class Replay:
    """A lake that was collected day after day."""

    lake: Lake
    collections: list[Collection] = field(default_factory=list)

    @property
    def second_times(self) -> list[str]:
        """Collections that the guard made necessary, by id."""
        return [each.id for each in self.collections if each.started_at.hour != AT.hour]

    def sql(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of a query over the datasets."""
        return self.lake.query(query, parameters)

    def rows(self, query: str, *parameters: Any) -> dict[str, list[Row]]:
        """Record values by account; the query gives account and the fields of Row."""
        found: dict[str, list[Row]] = {}
        for account, *fields in self.sql(query, *parameters):
            found.setdefault(account, []).append(Row(*fields))
        return found


def replay(extent: Extent, setup: Setup, root: Path, *, lists_only: bool = False) -> Replay:
    """Collect every account on every day, then fold.

    What the guard holds back is confirmed as in production: by the next collection, an hour later.
    """
    lake = Lake(root)
    store = open_store(f"sqlite:///{root}/store.db", root / "locks")
    done = Replay(lake)
    with _providers(extent.world, setup) as (sandbox, providers):
        for day in extent.days:
            sandbox.day = day
            for account, provider in providers.items():
                for hours in range(3):
                    at = datetime.combine(day, AT) + timedelta(hours=hours)
                    engine = Engine(lake, store, _standing(at))
                    job = Job(provider.name, account, lists_only=lists_only)
                    ended = engine.collect(job, provider)
                    done.collections.append(ended)
                    if not _is_held(ended):
                        break
                assert ended.state == "completed", ended.errors
    fold_all(lake, {})
    store.close()
    return done


def _is_held(ended: Collection) -> bool:
    return ended.state in ("held", "partial") and all(
        "Held:" in line for line in ended.errors.splitlines()
    )


def _standing(at: datetime) -> Callable[[], datetime]:
    return lambda: at


@contextmanager
def _providers(world: World, setup: Setup) -> Iterator[tuple[Sandbox, dict[str, Provider]]]:
    with ExitStack() as stack:
        sandbox = stack.enter_context(Sandbox(world, provider=setup.sandbox_provider))
        providers: dict[str, Provider] = {}
        for account in setup.accounts:
            is_godaddy = account == "godaddy"
            token = GODADDY_TOKEN if is_godaddy else CLOUDFLARE_TOKEN
            providers[account] = open_provider(
                provider=account,
                base_url=sandbox.godaddy_url if is_godaddy else sandbox.cloudflare_url,
                key=GODADDY_KEY if setup.has_key else "",
                secret=GODADDY_SECRET if setup.has_key else "",
                token="" if setup.has_key else token,
                rate=UNHURRIED,
            )
            stack.callback(providers[account].close)
        yield sandbox, providers
