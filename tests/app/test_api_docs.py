"""The page that documents the API, in a real browser: it obeys its policy and asks nobody else."""

from pathlib import Path

import pytest

from tests.app.api import Served
from tests.app.browser import CHROMIUM, FLAGS

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


def test_the_documentation_shows_every_area_and_breaks_no_policy(
    served: Served, tmp_path: Path
) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch_persistent_context(
            tmp_path / "profile",
            executable_path=CHROMIUM,
            args=FLAGS,
            extra_http_headers={"Authorization": f"Bearer {served.tokens['viewer']}"},
        )
        page = browser.new_page()
        said: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{served.address}/api/docs")
        page.get_by_text("/api/collect-dns", exact=True).wait_for()
        page.get_by_text("/export/domains.parquet", exact=True).click()
        page.get_by_role("button", name="Try it out").first.wait_for()
        browser.close()
    assert said == []
    assert all(url.startswith((served.address, "data:", "blob:")) for url in asked)
