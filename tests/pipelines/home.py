"""An installation whose accounts are scripted: what the pipelines see of it is real Parquet and SQLite."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dnsinv.actions import collect as actions
from dnsinv.actions.installation import Installation, open_installation
from dnsinv.collection.engine import Engine, Job
from dnsinv.providers.provider import Diagnosis
from dnsinv.settings import Account
from dnsinv.store import accounts, collections, settings
from dnsinv.store.collections import Collection
from dnsinv_pipelines.partitions import account_days, partition_key
from tests.core.scripted import Clock, Scripted, a_record

ACCOUNT = """
[[accounts]]
name = "{name}"
provider = "{provider}"
base_url = "http://127.0.0.1:9"
{credential}
"""
NAMES = ("alpha", "beta", "gamma", "delta", "epsilon")


def today() -> date:
    return datetime.now(UTC).date()


@dataclass
class Ill(Scripted):
    """A scripted account whose diagnosis is written down as well."""

    diagnosis: Diagnosis = Diagnosis(is_ok=True, code="ok", text="fine")

    def diagnose(self) -> Diagnosis:
        return self.diagnosis


class Home:
    """The accounts gd-1 (five zones of three records) and cf-1 (one zone of one)."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.config = root / "accounts.toml"
        self.providers: dict[str, Ill] = {
            "gd-1": Ill({f"{name}.example": three_records(f"{name}.example") for name in NAMES}),
            "cf-1": Ill(
                {"omega.example": [a_record("omega.example", "www", "192.0.2.1")]}, "cloudflare"
            ),
        }
        self.has_accounts({"gd-1": "godaddy", "cf-1": "cloudflare"})
        for name in (
            "GODADDY_API_KEY",
            "GODADDY_API_TOKEN",
            "CLOUDFLARE_API_TOKEN",
            "DATABASE_URL",
        ):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("DB_PATH", str(root / "data"))
        monkeypatch.setenv("DNSINV_CONFIG", str(self.config))
        monkeypatch.setenv("DATA_COLLECTION_INTERVAL", "60")
        monkeypatch.setenv("DAGSTER_URL", "http://127.0.0.1:9")
        monkeypatch.chdir(root)
        monkeypatch.setattr(actions, "provider_of", self._provider_of)
        self.stopping: threading.Event | None = None  # of the collection under way
        self.opened: Installation = open_installation()

    def _provider_of(
        self, _: Installation, account: Account, stopping: threading.Event | None = None
    ) -> Ill:
        self.stopping = stopping
        return self.providers[account.name]

    def close(self) -> None:
        self.opened.close()

    def has_accounts(self, kinds: Mapping[str, str], *, unusable: Sequence[str] = ()) -> None:
        """Write the account file anew."""
        credentials = {
            name: 'token_env = "NOT_SET_ANYWHERE"'
            if name in unusable
            else f'clear_credential = {{token = "{name}"}}'
            for name in kinds
        }
        self.config.write_text(
            "".join(
                ACCOUNT.format(name=name, provider=kind, credential=credentials[name])
                for name, kind in kinds.items()
            )
        )

    def observe(self, account: str = "gd-1", *, ago: timedelta = timedelta()) -> Collection:
        """Collect without Dagster, at a time in the past."""
        clock = Clock()
        clock.now = datetime.now(UTC) - ago
        provider = self.providers[account]
        collection = Engine(self.opened.lake, self.opened.store, clock).collect(
            Job(provider.name, account), provider
        )
        actions.record(self.opened, collection.started_at.date())
        return collection

    def derive(self) -> dict[str, int]:
        return actions.derive(self.opened)

    def note(self, account: str, state: str, *, ago: timedelta, scope: str = "full") -> None:
        """Put a collection into the store that never took place."""
        at = datetime.now(UTC) - ago
        with self.opened.store.begin() as db:
            accounts.note_account(db, account, "godaddy", at)
            collections.save(
                db,
                Collection(f"{at:%Y%m%dT%H%M%S%f}-{account}", "godaddy", account, scope, state, at),
            )

    def set_interval(self, minutes: float) -> None:
        with self.opened.store.begin() as db:
            settings.change(db, settings.INTERVAL_MINUTES, minutes, datetime.now(UTC))

    def snapshot(self, kind: Any, account: str = "gd-1", day: date | None = None) -> Path:
        return self.opened.lake.layout.snapshot(
            kind, self.providers[account].name, account, day or today()
        )

    def changes(self, kind: Any, day: date) -> Path:
        return self.opened.lake.layout.changes(kind, "godaddy", "gd-1", day)


def three_records(zone: str) -> list[Any]:
    return [a_record(zone, label, f"192.0.2.{i}") for i, label in enumerate(("www", "mail", "api"))]


def add_partition(
    instance: dg.DagsterInstance, account: str = "gd-1", day: date | None = None
) -> str:
    key = partition_key(account, day or today())
    instance.add_dynamic_partitions(str(account_days.name), [key])
    return key


def materialize(
    instance: dg.DagsterInstance,
    *assets: str,
    key: str | None = None,
    config: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
) -> dg.ExecuteInProcessResult:
    """Run these assets in this process, as a person picks them in the UI."""
    from dnsinv_pipelines.definitions import defs

    selected = [dg.AssetKey(asset) for asset in assets]
    job = defs.resolve_implicit_global_asset_job_def()
    return job.execute_in_process(
        run_config={"ops": {"snapshots": {"config": dict(config)}}} if config else None,
        instance=instance,
        partition_key=key,
        asset_selection=selected,
        tags=tags,
        raise_on_error=False,
    )


def failure_of(result: dg.ExecuteInProcessResult) -> str:
    """The sentence with which the first failed step ended."""
    for event in result.all_events:
        if event.is_step_failure:
            data = event.step_failure_data
            return str(data.user_failure_data.description if data.user_failure_data else data.error)
    raise AssertionError("no step failed")


def metadata_of(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, Any]:
    """What the materialisation of an asset says, definition metadata left out."""
    for event in result.get_asset_materialization_events():
        if event.asset_key == dg.AssetKey(asset):
            return {name: value.value for name, value in event.materialization.metadata.items()}
    raise AssertionError(f"{asset} was not materialised")


def materialised(result: dg.ExecuteInProcessResult) -> dict[str, str | None]:
    """The partition of everything that was materialised, None where there is no partition."""
    return {
        str(event.asset_key and event.asset_key.to_user_string()): event.partition
        for event in result.get_asset_materialization_events()
    }
