"""The page in a real browser: it fits, and nothing of it is refused by its own policy."""

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
import uvicorn

from dnsinv.actions.installation import Installation, open_with
from dnsinv_app.server import create_app
from tests.app.conftest import signed_in
from tests.app.inventory import TODAY, Inventory

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


@pytest.fixture
def installation(busy: Inventory) -> Iterator[Installation]:
    opened = open_with(busy.settings)
    yield opened
    opened.close()


@pytest.fixture
def address(installation: Installation) -> Iterator[str]:
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(installation, lambda: TODAY), host="127.0.0.1", port=0, log_level="error"
        )
    )
    running = threading.Thread(target=server.run)
    running.start()
    pause, deadline = threading.Event(), time.monotonic() + 30
    while not server.started:
        assert time.monotonic() < deadline
        pause.wait(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    running.join()


def test_the_page_fits_desk_tablet_and_phone_and_obeys_its_policy(
    address: str, installation: Installation, tmp_path: Path
) -> None:
    from playwright.sync_api import sync_playwright

    name, _, value = signed_in(installation, "reader").partition("=")

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch_persistent_context(
            tmp_path / "profile", executable_path=CHROMIUM, args=FLAGS
        )
        browser.add_cookies([{"name": name, "value": value, "url": address}])
        page = browser.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
        for scheme in schemes:
            page.emulate_media(color_scheme=scheme)
            for width in (1440, 820, 390):
                page.set_viewport_size({"width": width, "height": 900})
                page.goto(f"{address}/status")
                overflow = page.evaluate(
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                )
                assert overflow == 0, f"{width} px, {scheme}: {overflow} px too wide"
        assert page.get_by_role("heading", name="Waiting for a decision").is_visible()
        assert page.get_by_role("table", name="Accounts").get_by_role("row").count() == 5
        assert said == []
        browser.close()
