"""Signing in and out in a real browser, on Streamlit's real pages, sockets and policy."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from dnsinv.actions.installation import now
from dnsinv.store import sessions
from dnsinv.store.tables import sessions as session_table
from dnsinv.store.tables import users
from tests.app.browser import CHROMIUM, FLAGS
from tests.app.served import PASSWORD, Served, serving

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served")) as running:
        running.user("Ada Lovelace", "editor")
        yield running


@pytest.fixture
def page(served: Served, tmp_path: Path) -> Iterator[Any]:
    """A new browser's page; nothing may be refused by our policy, nothing asked elsewhere."""
    with new_page(tmp_path) as (page, troubles):
        page.goto(served.address)
        yield page
        outside = [text for text in troubles if "Content Security Policy" in text]
        assert outside == []


@contextmanager
def new_page(folder: Path) -> Iterator[tuple[Any, list[str]]]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch_persistent_context(
            folder / "profile", executable_path=CHROMIUM, args=FLAGS
        )
        page = browser.new_page()
        troubles: list[str] = []
        page.on("console", lambda message: troubles.append(message.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        yield page, troubles
        browser.close()


def sign_in(page: Any, name: str = "Ada Lovelace", password: str = PASSWORD) -> None:
    page.get_by_label("User name or e-mail").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def sees_the_page(page: Any) -> None:
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.get_by_label("Signed in as Ada Lovelace (editor)").wait_for()


def sees_the_form(page: Any) -> None:
    page.get_by_label("User name or e-mail").wait_for()


def test_a_person_signs_in_sees_the_page_and_signs_out(page: Any, served: Served) -> None:
    assert page.url == f"{served.address}/login"
    sign_in(page, password="wrong horse")
    assert page.get_by_role("alert").inner_text() == (
        "The name and the password do not go together."
    )
    assert page.get_by_label("User name or e-mail").input_value() == "Ada Lovelace"
    sign_in(page)
    sees_the_page(page)
    page.get_by_role("button", name="Sign out").click()
    sees_the_form(page)
    page.goto(served.address)
    sees_the_form(page)


def test_a_deep_link_survives_signing_in(page: Any, served: Served) -> None:
    page.goto(f"{served.address}/domains?status=expired&sort=-expires_on")
    assert (
        page.url == f"{served.address}/login?next=/domains%3Fstatus%3Dexpired%26sort%3D-expires_on"
    )
    sign_in(page)
    page.get_by_role("heading", name="Domains").wait_for()
    assert page.url == f"{served.address}/domains?status=expired&sort=-expires_on"


@pytest.mark.parametrize("how", ["ended", "expired", "disabled", "role", "signed out elsewhere"])
def test_a_page_goes_back_to_the_form_when_its_session_is_over(
    page: Any, served: Served, how: str
) -> None:
    """Whatever another process does to it is seen by the live socket."""
    sign_in(page)
    sees_the_page(page)
    with served.installation.store.begin() as db:
        if how == "ended":
            user = db.execute(users.select().where(users.c.name == "Ada Lovelace")).one()
            sessions.end_of_user(db, user.id, now())
        elif how == "expired":
            db.execute(update(session_table).values(expires_at=now()))
        elif how == "disabled":
            db.execute(update(users).values(is_active=False))
        elif how == "role":
            db.execute(update(users).values(role="viewer"))
        else:
            db.execute(update(session_table).values(ended_at=now()))
    if how == "role":
        page.get_by_label("Signed in as Ada Lovelace (viewer)").wait_for()
    else:
        sees_the_form(page)
        assert page.url == f"{served.address}/login"
    with served.installation.store.begin() as db:
        db.execute(update(users).values(is_active=True, role="editor"))


def test_the_form_fits_desk_and_phone(page: Any) -> None:
    for width in (1440, 390, 320):
        page.set_viewport_size({"width": width, "height": 800})
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow == 0
