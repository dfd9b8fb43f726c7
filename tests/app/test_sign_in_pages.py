"""The form, its cookie and where it leads; as bytes, without a browser."""

import asyncio
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.datastructures import Headers

from dnsinv.actions.installation import Installation, open_with
from dnsinv.settings import Settings
from dnsinv.store.tables import users
from dnsinv_app.cookies import SECRET_FILE, Cookies, session_secret
from dnsinv_app.origins import Origins
from dnsinv_app.server import create_app
from dnsinv_app.shell import policy_for, start_page
from dnsinv_app.sign_in_pages import destination
from tests.app.conftest import make_user, signed_in
from tests.core.test_sessions import PASSWORD, fill_failures, kept

PUBLIC = "https://dns.company.example"


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    yield from opened(tmp_path)


def opened(folder: Path, **settings: Any) -> Iterator[Installation]:
    made = open_with(Settings(db_path=folder / "data", database_url="", **settings))
    make_user(made, "ada", "editor")
    with made.store.begin() as db:
        db.execute(users.update().values(password_hash=kept()))
    yield made
    made.close()


def send(installation: Installation, method: str, path: str, **more: Any) -> httpx.Response:
    async def answered() -> httpx.Response:
        app = create_app(installation)
        transport = httpx.ASGITransport(app, client=("192.0.2.7", 1), raise_app_exceptions=False)
        base = installation.settings.address
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            return await client.request(method, path, **more)

    return asyncio.run(answered())


def sign_in(installation: Installation, **fields: str) -> httpx.Response:
    data = {"name": "ada", "password": PASSWORD} | fields
    return send(installation, "POST", "/login", data=data)


def test_the_right_password_gives_a_cookie_and_leads_on(installation: Installation) -> None:
    answer = sign_in(installation, next="/domains?search=shop")
    assert (answer.status_code, answer.headers["location"]) == (303, "/domains?search=shop")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("dnsinv=")
    assert cookie.endswith("; HttpOnly; Max-Age=43200; Path=/; SameSite=lax")
    cookie = cookie.partition(";")[0]
    assert send(installation, "GET", "/auth/session", headers={"Cookie": cookie}).status_code == 204
    again = send(installation, "GET", "/login?next=/domains", headers={"Cookie": cookie})
    assert (again.status_code, again.headers["location"]) == (303, "/domains")


def test_over_tls_the_cookie_is_for_this_host_alone(tmp_path: Path) -> None:
    for installation in opened(tmp_path, public_url=f"{PUBLIC}/"):
        answer = sign_in(installation)
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-dnsinv=")
        assert cookie.endswith("; HttpOnly; Max-Age=43200; Path=/; SameSite=lax; Secure")
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        told = {"Cookie": cookie.partition(";")[0], "Origin": PUBLIC}
        assert send(installation, "POST", "/logout", headers=told).status_code == 403
        token = send(installation, "GET", "/api/me", headers=told).json()["csrf_token"]
        out = send(installation, "POST", "/logout", headers=told | {"X-CSRF-Token": token})
        assert out.headers["location"] == "/login"
        foreign = told | {"X-CSRF-Token": token, "Origin": "http://localhost:8080"}
        assert send(installation, "POST", "/logout", headers=foreign).status_code == 401


def test_a_wrong_password_and_a_wrong_name_look_the_same(installation: Installation) -> None:
    wrong = [sign_in(installation, password="x"), sign_in(installation, name="nobody")]
    assert [answer.status_code for answer in wrong] == [401, 401]
    texts = [
        answer.text.replace('value="ada"', "").replace('value="nobody"', "") for answer in wrong
    ]
    assert texts[0] == texts[1]
    assert [answer.headers.keys() for answer in wrong] == [wrong[0].headers.keys()] * 2
    assert "set-cookie" not in wrong[0].headers
    assert PASSWORD not in wrong[1].text


def test_what_was_typed_is_escaped_and_the_password_is_not_repeated(
    installation: Installation,
) -> None:
    evil = "\"><script>alert('x')</script>"
    answer = sign_in(installation, name=evil, password="typed-secret", next=evil)
    assert "<script" not in answer.text
    assert "typed-secret" not in answer.text


@pytest.mark.parametrize("name", ["ada", "nobody"])
def test_too_many_failures_are_told_with_how_long_to_wait(
    installation: Installation, name: str
) -> None:
    fill_failures(installation, 10, name, "198.51.100.1")
    answer = sign_in(installation, name=name)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 900
    assert "Too many attempts failed; try again in 15 minutes." in answer.text


def test_a_form_of_another_site_signs_nobody_in(installation: Installation) -> None:
    for origin in ("https://evil.example", "null", "http://localhost:1"):
        answer = send(
            installation,
            "POST",
            "/login",
            data={"name": "ada", "password": PASSWORD},
            headers={"Origin": origin},
        )
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"name=" + b"x" * 20_000, 413),
        (b"\xff\xfe", 400),
        (b"&".join(b"a=1" for _ in range(50)), 400),
        (b"", 401),
        (b"name=%ff%00&password=%ed%a0%80", 401),
    ],
)
def test_a_form_that_makes_no_sense_is_refused(
    installation: Installation, content: bytes, status: int
) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = send(installation, "POST", "/login", content=content, headers=headers)
    assert answer.status_code == status


@pytest.mark.parametrize(
    "asked",
    ["", "//evil.example", "https://evil.example", "/\\evil.example", "/%0d%0a", "/a\r\nb", "javascript:x",
     "/login", "/logout", "/login?next=/x", "domains", "/x/../y", "/\u202e", "///x", "/\t/evil.example"],
)  # fmt: skip
def test_it_leads_to_pages_of_ours_only(asked: str) -> None:
    assert destination(asked) in ("/", "/%0d%0a")


def test_the_secret_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings(db_path=tmp_path)
    first = session_secret(settings)
    assert session_secret(settings) == first
    assert len(first) == 43
    assert stat.S_IMODE((tmp_path / SECRET_FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [SECRET_FILE]
    given = Settings(db_path=tmp_path, session_secret="s" * 32)  # type: ignore[arg-type]
    assert session_secret(given) == "s" * 32


def test_a_cookie_of_another_secret_is_none(installation: Installation) -> None:
    cookie = signed_in(installation, "ada")
    settings = installation.settings.model_copy(
        update={"session_secret": Settings(session_secret="s" * 32).session_secret}  # type: ignore[arg-type]
    )
    headers = Headers({"cookie": cookie})
    assert Cookies(installation.settings).session_id(headers)
    assert Cookies(settings).session_id(headers) is None


@pytest.mark.parametrize(
    ("peer", "told", "client"),
    [
        ("192.0.2.7", ["203.0.113.9"], "192.0.2.7"),
        ("10.1.2.3", ["203.0.113.9"], "203.0.113.9"),
        ("10.1.2.3", ["198.51.100.1, 203.0.113.9, 10.9.9.9"], "203.0.113.9"),
        ("10.1.2.3", ["198.51.100.1", "203.0.113.9"], "203.0.113.9"),
        ("10.1.2.3", [], "10.1.2.3"),
        ("10.1.2.3", ["<script>"], ""),
        ("::1", ["2001:db8::7"], "2001:db8::7"),
    ],
)
def test_only_trusted_proxies_say_where_a_request_comes_from(
    peer: str, told: list[str], client: str
) -> None:
    origins = Origins(Settings(trusted_proxies="10.0.0.0/8, ::1"))
    headers = [(b"x-forwarded-for", value.encode()) for value in told]
    assert origins.client({"type": "http", "client": (peer, 1), "headers": headers}) == client


def test_the_start_page_names_its_inline_scripts_and_asks_no_other_host() -> None:
    page = start_page("<b>Brand</b>")
    policy = policy_for(page)
    assert page.count("<script>") == policy.count("'sha256-")
    assert "unsafe-eval" not in policy
    assert "script-src 'self' blob: 'sha256-" in policy
    assert "<title>&lt;b&gt;Brand&lt;/b&gt;</title>" in page
    assert "http:" not in page
    assert "https:" not in page
    assert "agent" not in page


def test_a_store_that_does_not_answer_is_no_news_for_strangers(installation: Installation) -> None:
    cookie = signed_in(installation, "ada", "editor")
    with installation.store.begin() as db:
        db.exec_driver_sql("alter table sessions rename to away")
    shown = send(installation, "GET", "/login", headers={"cookie": cookie})
    assert shown.status_code == 503
    assert "sessions" not in shown.text
