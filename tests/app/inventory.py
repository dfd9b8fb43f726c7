"""Installations with something to show, made by the real engine from scripted providers."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from dnsinv.collection.engine import Engine, Job
from dnsinv.collection.spool import Outcome, Spool
from dnsinv.domain.domains import Domain, Lifecycle
from dnsinv.errors import ProviderUnavailable
from dnsinv.lake.fold import fold_all
from dnsinv.lake.lake import Lake
from dnsinv.lake.readmodel import build_read_model
from dnsinv.settings import Settings
from dnsinv.store import accounts, collections
from dnsinv.store.collections import Collection
from dnsinv.store.database import open_store
from tests.core.scripted import Clock, Scripted, a_record

TODAY = datetime(2026, 3, 31, 12, tzinfo=UTC)

TEAMS = (
    "payments",
    "shop",
    "press",
    "investors",
    "careers",
    "support",
    "cloud",
    "events",
    "lab",
    "archive",
)
TOWNS = ("oslo", "porto", "riga", "turin", "ghent", "malmo", "lyon", "bonn", "graz", "vigo")


@dataclass
class Inventory:
    """A DB_PATH and a clock; `pace` is how long reading one zone takes on that clock."""

    root: Path
    pace: timedelta = timedelta(0)
    clock: Clock = field(default_factory=lambda: Clock(2026, 3, 2, 9))
    configured: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lake = Lake(self.root / "data")
        self.store = open_store(self.settings.store_url, self.lake.layout.locks)

    @property
    def settings(self) -> Settings:
        return Settings(
            db_path=self.root / "data", dnsinv_config=self.root / "dnsinv.toml", database_url=""
        )

    def configure(
        self,
        name: str,
        provider: str,
        credential: str = 'clear_credential = { token = "secret-token" }',
    ) -> None:
        """Add the account to dnsinv.toml."""
        self.configured.append(
            f'[[accounts]]\nname = "{name}"\nprovider = "{provider}"\nbase_url = "http://127.0.0.1:9"\n{credential}\n'
        )
        (self.root / "dnsinv.toml").write_text("\n".join(self.configured))

    def collect(self, account: str, provider: Scripted) -> Collection:
        """One collection that takes as long as its zones do."""
        started = self.clock.now
        collection = Engine(self.lake, self.store, self.clock).collect(
            Job(provider.name, account), provider
        )
        self.clock.now = started + self.pace * len(provider.zones)
        if collection.finished_at:
            collection.finished_at = self.clock.now
            with self.store.begin() as db:
                collections.save(db, collection)
        return collection

    def derive(self) -> None:
        with self.store.begin() as db:
            retired = accounts.retired_accounts(db)
        fold_all(self.lake, retired)
        build_read_model(self.lake)

    def leave_running(self, account: str, provider: str, zones: int, read: int) -> Collection:
        """A collection in the middle of its zones."""
        at = self.clock.now
        collection = Collection(
            f"{at:%Y%m%dT%H%M%S}-{account}", provider, account, "full", "running", at
        )
        with self.store.begin() as db:
            collections.save(db, collection)
        spool = Spool(self.lake.layout.spools / collection.id)
        names = [f"zone-{number}.example" for number in range(zones)]
        spool.write_listing([Domain(name, Lifecycle.ACTIVE, "ACTIVE") for name in names])
        for name in names[:read]:
            spool.add(Outcome(name, name, "complete", at))
        spool.flush()
        return collection


def zones_of(names: list[str]) -> dict[str, list]:  # type: ignore[type-arg]
    """Ten records or so for each name."""
    return {
        name: [
            a_record(name, label, f"192.0.2.{(len(name) + i) % 250}")
            for i, label in enumerate(
                ("www", "mail", "api", "shop", "vpn", "cdn", "blog", "git", "ns1", "ns2")
            )
        ]
        for name in names
    }


def small(root: Path) -> Inventory:
    """One account of three domains, collected twice with one change."""
    inventory = Inventory(root)
    inventory.configure("gd-main", "godaddy")
    provider = Scripted(zones_of(["alpha.example", "beta.example", "gamma.example"]))
    inventory.collect("gd-main", provider)
    inventory.clock.forward(days=1)
    provider.zones["beta.example"][0] = a_record("beta.example", "www", "198.51.100.7")
    inventory.collect("gd-main", provider)
    inventory.clock.now = TODAY
    inventory.derive()
    return inventory


def busy(root: Path, days: int = 2) -> Inventory:
    """Some 260 domains in four accounts: changes, a held listing, a held zone, a failed one, one account running, one
    without credential, one retired."""
    inventory = Inventory(root, pace=timedelta(seconds=1.1))
    names = [f"{team}-{town}.example" for team in TEAMS for town in TOWNS]
    names += [
        f"{team}{number}.{town}.example" for number in (1, 2) for team in TEAMS for town in TOWNS
    ]
    names[5] = "xn--bcher-kva.example"
    facts = {name: _facts(name, number) for number, name in enumerate(names)}
    half = zones_of(names[100:260])
    providers = {
        "gd-main": Scripted(zones_of(names[:180]), "godaddy", {n: facts[n] for n in names[:180]}),
        "gd-brands-and-defensive-registrations": Scripted(
            zones_of(names[180:200]), "godaddy", {n: facts[n] for n in names[180:200]}
        ),
        "cf-main": Scripted(
            half,
            "cloudflare",
            {
                n: Domain(
                    n,
                    Lifecycle.ACTIVE if i % 9 else Lifecycle.PENDING,
                    "active",
                    provider_id=f"z{i:04}",
                )
                for i, n in enumerate(half)
            },
        ),
        "old-reseller": Scripted(zones_of(["legacy.example"])),
    }
    for name, provider in providers.items():
        if name != "old-reseller":
            inventory.configure(name, provider.name)
    inventory.configure("gd-lab", "godaddy", 'token_env = "GODADDY_LAB_TOKEN"')
    for day in range(days):
        inventory.clock.now = datetime(2026, 3, 31, 6, tzinfo=UTC) - timedelta(days=days - day)
        _drift(providers, names, day)
        for name, provider in providers.items():
            inventory.collect(name, provider)
    _trouble(inventory, providers, names)
    inventory.derive()
    inventory.leave_running("cf-main", "cloudflare", 160, 61)
    inventory.clock.now = TODAY
    return inventory


def _facts(name: str, number: int) -> Domain:
    words = [Lifecycle.ACTIVE] * 11 + [Lifecycle.EXPIRED, Lifecycle.LOCKED, Lifecycle.PENDING]
    expires = date(2026, 3, 20) + timedelta(days=(number * 37) % 700)
    return Domain(
        name, words[number % len(words)], "ACTIVE", expires_on=expires, auto_renew=number % 3 != 0
    )


def _drift(providers: dict[str, Scripted], names: list[str], day: int) -> None:
    for number in range(day % 7 * 2):
        zone = names[(day * 13 + number * 7) % 180]
        if zone in providers["gd-main"].zones:
            providers["gd-main"].zones[zone][number % 10] = a_record(
                zone, f"host-{day}-{number}", f"203.0.113.{day}"
            )
    if day % 5 == 1:
        providers["gd-main"].zones.pop(names[day], None)
        providers["cf-main"].zones[f"campaign-{day}.example"] = zones_of(
            [f"campaign-{day}.example"]
        )[f"campaign-{day}.example"][:4]


def _trouble(inventory: Inventory, providers: dict[str, Scripted], names: list[str]) -> None:
    inventory.clock.now = TODAY - timedelta(hours=3)
    main = providers["gd-main"]
    main.zones[names[3]] = []
    main.faults[names[7]] = [ProviderUnavailable("GoDaddy did not answer: 503 three times.")] * 3
    inventory.collect("gd-main", main)
    brands = providers["gd-brands-and-defensive-registrations"]
    brands.listed = sorted(brands.zones)[:9]
    inventory.collect("gd-brands-and-defensive-registrations", brands)
    with inventory.store.begin() as db:
        accounts.retire_account(db, "old-reseller", inventory.clock.now)
    inventory.clock.now = TODAY - timedelta(minutes=5)
