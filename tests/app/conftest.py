"""The inventories that the tests of the web side look at, and a client of the app."""

import asyncio
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import httpx
import pytest

from dnsinv.settings import Settings
from dnsinv_app.server import create_app
from tests.app import inventory
from tests.app.inventory import TODAY, Inventory
from tests.core.scripted import Clock

Get = Callable[..., httpx.Response]


@pytest.fixture(autouse=True)
def _no_settings_from_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Inventory:
    """Not to be changed: it takes seconds to make."""
    return inventory.busy(tmp_path_factory.mktemp("busy"))


@pytest.fixture(scope="session")
def small_original(tmp_path_factory: pytest.TempPathFactory) -> Inventory:
    return inventory.small(tmp_path_factory.mktemp("small"))


@pytest.fixture
def small(small_original: Inventory, tmp_path: Path) -> Inventory:
    """One's own to change."""
    shutil.copytree(small_original.root, tmp_path, dirs_exist_ok=True)
    return Inventory(tmp_path, clock=Clock(2026, 3, 31, 12))


def get(
    settings: Settings,
    path: str = "/",
    host: str = "localhost",
    clock: Callable[[], datetime] = lambda: TODAY,
) -> httpx.Response:
    """What the app answers."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(settings, clock), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
            return await client.get(path)

    return asyncio.run(ask())
