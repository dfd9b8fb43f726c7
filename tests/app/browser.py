"""A real Chromium for the tests that need one."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
RAN = "[data-testid=stApp][data-test-script-state=notRunning]"


@dataclass
class Browser:
    """A browser's page on one address, signed in by a cookie; what it complained of, and asked elsewhere."""

    page: Any
    address: str
    troubles: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def open(self, path: str) -> Any:
        """Go there and wait until the page is made."""
        self.page.goto(f"{self.address}{path}")
        self.settle()
        return self.page

    def settle(self) -> None:
        """Wait until the script is not running."""
        self.page.wait_for_selector(RAN)

    @property
    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        script = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        return int(self.page.evaluate(script))


@contextmanager
def browsing(address: str, cookie: str, folder: Path, **options: Any) -> Iterator[Browser]:
    """A browser of somebody who has that cookie."""
    from playwright.sync_api import sync_playwright

    name, _, value = cookie.partition("=")
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            folder / "profile", executable_path=CHROMIUM, args=FLAGS, **options
        )
        context.add_cookies([{"name": name, "value": value, "url": address}])
        browser = Browser(context.new_page(), address)
        browser.page.on("console", lambda message: _note(browser, message))
        browser.page.on("pageerror", lambda error: browser.troubles.append(str(error)))
        browser.page.on("request", lambda request: _watch(browser, request.url))
        yield browser
        context.close()


def _note(browser: Browser, message: Any) -> None:
    """Keep what it says, but that Streamlit looks for itself below the page's address first."""
    if "/domains/_stcore/" not in message.location.get("url", ""):
        browser.troubles.append(message.text)


def _watch(browser: Browser, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme in ("http", "https", "ws", "wss") and not url.startswith(browser.address):
        browser.foreign.append(url)
