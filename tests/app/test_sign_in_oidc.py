"""Signing in through an identity provider, against one of our own on this machine."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import RSAKey
from sqlalchemy import Engine, event, make_url, select, update

from dnsinv.actions.installation import Installation, open_with
from dnsinv.settings import Settings
from dnsinv.store import audit
from dnsinv.store.tables import users
from dnsinv_app.server import create_app
from tests.app.api import serving
from tests.app.conftest import make_user
from tests.app.identity_provider import CLIENT, SECRET, IdentityProvider

ADA = {"sub": "ada-1", "email": "Ada@Example.com", "email_verified": True}


@dataclass
class Company:
    """An installation and its identity provider."""

    provider: IdentityProvider
    installation: Installation

    def sign_in(self, start: str = "/login/oidc") -> httpx.Response:
        """What a browser sees in the end that follows every redirect."""
        return asyncio.run(self._browse(start))[-1]

    async def _browse(self, start: str, *, forget: bool = False) -> list[httpx.Response]:
        transport = httpx.ASGITransport(create_app(self.installation), raise_app_exceptions=False)
        base = self.installation.settings.address
        async with (
            httpx.AsyncClient(transport=transport, base_url=base) as ours,
            httpx.AsyncClient(trust_env=False) as theirs,
        ):
            answers = [await ours.get(start)]
            if "location" not in answers[-1].headers:
                return answers
            answers.append(await theirs.get(answers[-1].headers["location"]))
            if forget:
                ours.cookies.clear()
            answers.append(await ours.get(answers[-1].headers["location"]))
            if answers[-1].status_code == 303:
                answers.append(await ours.get("/api/me"))
                answers[-1].headers["x-went-to"] = answers[-2].headers["location"]
            return answers


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    provider = IdentityProvider()
    provider.person = dict(ADA)
    with serving(provider.app) as address:
        provider.issuer = address
        settings = Settings(
            db_path=tmp_path / "data",
            database_url="",
            oidc_issuer=address,
            oidc_client_id=CLIENT,
            oidc_client_secret=SECRET,  # type: ignore[arg-type]
        )
        installation = open_with(settings)
        yield Company(provider, installation)
        installation.close()


def subject_of(company: Company, name: str) -> Any:
    with company.installation.store.read() as db:
        return db.execute(select(users.c.subject).where(users.c.name == name)).scalar_one()


def test_a_person_is_known_by_a_verified_address_first_and_by_subject_then(
    company: Company,
) -> None:
    make_user(company.installation, "Ada", "editor", email="ada@example.com")
    seen = company.sign_in("/login/oidc?next=/domains%3Fsearch=x")
    assert (seen.json()["name"], seen.json()["role"]) == ("Ada", "editor")
    assert seen.headers["x-went-to"] == "/domains?search=x"
    assert subject_of(company, "Ada") == f"{company.provider.issuer} ada-1"
    assert {"code_challenge", "nonce", "state"} <= company.provider.asked.keys()
    assert company.provider.asked["code_challenge_method"] == "S256"

    company.provider.person |= {"email": "married@example.com", "email_verified": False}
    assert company.sign_in().json()["name"] == "Ada"
    with company.installation.store.read() as db:
        told = [(entry.action, entry.actor, entry.outcome) for entry in audit.entries(db)]
    assert told == [
        ("user.identity", "Ada", "done"),
        ("sign_in", "Ada", "done"),
        ("sign_in", "Ada", "done"),
    ]


@pytest.mark.parametrize(
    "person",
    [
        {"sub": "eve-1", "email": "eve@example.com", "email_verified": True},
        {"sub": "eve-1", "email": "ada@example.com", "email_verified": False},
        {"sub": "eve-1", "email": "ada@example.com", "email_verified": "true"},
        {"sub": "eve-1", "email": "ada@example.com"},
        {"sub": "eve-1"},
        {"sub": "eve-1", "email": ["ada@example.com"], "email_verified": True},
    ],
)
def test_who_is_nobody_here_is_told_so_and_not_let_in(
    company: Company, person: dict[str, Any]
) -> None:
    make_user(company.installation, "Ada", "editor", email="ada@example.com")
    company.provider.person = person
    seen = company.sign_in()
    assert seen.status_code == 403
    assert "is nobody here; an administrator can add you." in seen.text
    assert "set-cookie" not in seen.headers or "dnsinv=" not in seen.headers["set-cookie"]
    with company.installation.store.read() as db:
        *_, last = audit.entries(db)
    assert (last.action, last.actor, last.outcome) == ("sign_in", "anonymous", "failed")


@pytest.mark.parametrize("values", [{"is_active": False}, {"can_sign_in": False}, {"ended_in": 1}])
def test_who_may_not_sign_in_any_more_is_not_let_in(
    company: Company, values: dict[str, Any]
) -> None:
    make_user(company.installation, "Ada", "editor", email="ada@example.com")
    assert company.sign_in().status_code == 200
    with company.installation.store.begin() as db:
        db.execute(update(users).values(**values))
    assert company.sign_in().status_code == 403


def test_an_address_that_changed_hands_opens_nothing(company: Company) -> None:
    make_user(company.installation, "Ada", "editor", email="ada@example.com")
    assert company.sign_in().status_code == 200
    company.provider.person["sub"] = "the next owner of the address"
    assert company.sign_in().status_code == 403


def test_of_two_who_come_with_one_address_at_once_one_gets_in(company: Company) -> None:
    make_user(company.installation, "Ada", "editor", email="ada@example.com")
    file = make_url(company.installation.settings.store_url).database

    def be_faster(_: object, __: object, statement: str, *___: object) -> None:
        if statement == "begin immediate":
            with closing(sqlite3.connect(file)) as other:
                other.execute("update users set subject = 'the other' where subject is null")
                other.commit()

    event.listen(Engine, "before_cursor_execute", be_faster)
    try:
        assert company.sign_in().status_code == 403
    finally:
        event.remove(Engine, "before_cursor_execute", be_faster)
    assert subject_of(company, "Ada") == "the other"


@pytest.mark.parametrize(
    "lies",
    [
        {"iss": "https://evil.example"},
        {"aud": "another client"},
        {"aud": "another client", "azp": CLIENT},
        {"exp": 1},
        {"nonce": "of another attempt"},
        {"nonce": None},
        {"sub": None},
    ],
    ids=str,
)
def test_a_token_that_is_not_for_us_now_is_refused(company: Company, lies: dict[str, Any]) -> None:
    make_user(company.installation, "Ada", "editor", email="ada@example.com")
    company.provider.lies = lies
    seen = company.sign_in()
    assert seen.status_code == 502
    assert "Signing in through the identity provider failed; try again." in seen.text
    assert subject_of(company, "Ada") is None


def test_a_token_that_somebody_else_signed_is_refused(company: Company) -> None:
    make_user(company.installation, "Ada", "editor", email="ada@example.com")
    company.provider.signing_key = RSAKey.generate_key(2048, {"kid": "one"})
    assert company.sign_in().status_code == 502


def test_an_answer_that_this_browser_did_not_ask_for_is_refused(company: Company) -> None:
    make_user(company.installation, "Ada", "editor", email="ada@example.com")
    answers = asyncio.run(company._browse("/login/oidc", forget=True))
    assert answers[-1].status_code == 502
    assert company.sign_in("/login/oidc/callback?code=x&state=y").status_code == 502
    assert company.sign_in("/login/oidc/callback?error=access_denied").status_code == 502


@pytest.mark.parametrize(
    "where", ["//evil.example", "https://evil.example", "/\\evil.example", "/login", "%0d%0aX: y"]
)
def test_it_leads_to_no_other_place_than_a_page_of_ours(company: Company, where: str) -> None:
    make_user(company.installation, "Ada", "editor", email="ada@example.com")
    seen = company.sign_in(f"/login/oidc?next={where}")
    assert seen.headers["x-went-to"] == "/"


def test_a_provider_that_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    settings = Settings(
        db_path=tmp_path / "data",
        database_url="",
        oidc_issuer="http://127.0.0.1:9",
        oidc_client_id="x",
    )
    installation = open_with(settings)
    seen = Company(IdentityProvider(), installation).sign_in()
    assert seen.status_code == 502
    assert "failed; try again." in seen.text
    installation.close()


def test_without_a_provider_there_is_no_such_page(tmp_path: Path) -> None:
    installation = open_with(Settings(db_path=tmp_path / "data", database_url=""))
    assert Company(IdentityProvider(), installation).sign_in().status_code == 404
    installation.close()
