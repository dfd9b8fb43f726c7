"""The inventories that the tests of the web side look at, and a client of the app."""

import asyncio
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import insert, select
from starlette.types import ASGIApp

from dnsinv.actions.installation import Installation, now, open_with
from dnsinv.actions.sign_in import Visitor, open_session
from dnsinv.domain.people import name_key
from dnsinv.settings import Settings
from dnsinv.store.tables import users
from dnsinv_app.cookies import Cookies
from dnsinv_app.server import create_app
from tests.app import inventory
from tests.app.api import Served, served_from
from tests.app.inventory import Inventory
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


@pytest.fixture(scope="module")
def served(small_original: Inventory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The API of a small inventory that a module may change."""
    root = tmp_path_factory.mktemp("served")
    shutil.copytree(small_original.root, root, dirs_exist_ok=True)
    with served_from(Inventory(root).settings) as made:
        yield made


def get(
    settings: Settings,
    path: str = "/docs/settings",
    host: str = "localhost",
) -> httpx.Response:
    """What the app answers to somebody who is signed in and may read."""
    installation = open_with(settings)
    try:
        return ask(installation, path, host)
    finally:
        installation.close()


def ask(
    installation: Installation,
    path: str,
    host: str = "localhost",
    app: ASGIApp | None = None,
) -> httpx.Response:
    """The same of an installation that is open, or what another app answers."""
    cookie = signed_in(installation, "reader")

    async def answered() -> httpx.Response:
        served = app or create_app(installation)
        transport = httpx.ASGITransport(served, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
            return await client.get(path, headers={"cookie": cookie})

    return asyncio.run(answered())


def make_user(installation: Installation, name: str, role: str = "viewer", **more: object) -> int:
    """The id of the user of that name, made where there is none."""
    with installation.store.begin() as db:
        known = db.execute(
            select(users.c.id).where(users.c.name == name, users.c.ended_in.is_(None))
        ).scalar_one_or_none()
        if known is not None:
            return int(known)
        values = {"is_active": True, "can_sign_in": True} | more
        key = db.execute(
            insert(users).values(
                name=name,
                name_key=name_key(name),
                role=role,
                created_at=now(),
                changed_in=0,
                **values,
            )
        ).inserted_primary_key
    assert key is not None
    return int(key[0])


def signed_in(installation: Installation, name: str, role: str = "viewer") -> str:
    """The Cookie header of a new session of that user."""
    opened = open_session(installation, make_user(installation, name, role), Visitor())
    cookies = Cookies(installation.settings)
    return f"{cookies.name}={cookies.value(opened.id)}"
