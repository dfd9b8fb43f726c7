"""The one door: whoever has no right to an address gets nothing from it, however it is asked for."""

import asyncio
import http.client
import shutil
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
import pytest
import websockets
from sqlalchemy import update

from dnsinv.actions.installation import Installation, now, open_with
from dnsinv.actions.tokens import create_token, revoke_token
from dnsinv.domain.permission import Scope
from dnsinv.settings import Settings
from dnsinv.store.tables import sessions, tokens, users
from dnsinv_app.cookies import Cookies
from dnsinv_app.server import create_app
from tests.app.access_table import ADMIN, PUBLIC, ROLES, TABLE, VIEWER, Row, routes_of, rows_of
from tests.app.conftest import make_user
from tests.app.inventory import Inventory
from tests.app.served import OPERATOR, Served, serving

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SPOOFED = {
    "X-Dnsinv-User": "admin",
    "x-dnsinv-role": "admin",
    "X_DNSINV_UID": "1",
    "x-dnsinv-sid": "x",
    "X-Request-Id": "mine",
    "X-Forwarded-User": "admin",
}


@dataclass
class People:
    """Credentials, good and bad, of a running server."""

    served: Served
    cookies: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    bad: dict[str, dict[str, str]] = field(default_factory=dict)

    def headers(self, role: str) -> dict[str, str]:
        """What a page of ours sends for somebody of that role."""
        cookie = self.cookies[role]
        return {
            "Cookie": cookie,
            "Origin": self.served.address,
            "X-CSRF-Token": csrf_token(self.served.installation, cookie),
        }


def csrf_token(installation: Installation, cookie: str) -> str:
    from dnsinv.actions.sign_in import key_of

    session_id = cookie.partition("=")[2].partition(".")[0]
    return Cookies(installation.settings).csrf_token(key_of(session_id))


@pytest.fixture(scope="module")
def people(small_original: Inventory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    folder = tmp_path_factory.mktemp("gate")
    shutil.copytree(small_original.root, folder, dirs_exist_ok=True)
    with serving(folder) as served:
        made = People(served)
        for role in ROLES:
            made.cookies[role] = served.cookie(f"the {role}", role)
            made.tokens[role] = create_token(
                served.installation, OPERATOR, "x", _widest(role), owner=f"the {role}"
            ).secret
        made.bad = _bad_credentials(served)
        yield made


def _widest(role: str) -> Scope:
    return {"viewer": Scope.READ, "editor": Scope.WRITE, "admin": Scope.ADMIN}[role]


def _bad_credentials(served: Served) -> dict[str, dict[str, str]]:
    """Each was, or looks like, an administrator's."""
    installation = served.installation
    cookies = {
        name: served.cookie(name.replace("_", " "), "admin")
        for name in ("ended", "expired", "idle", "disabled", "no_sign_in", "removed")
    }
    with installation.store.begin() as db:
        for name, values in (
            ("ended", {"ended_at": now()}),
            ("expired", {"expires_at": now() - timedelta(seconds=1)}),
            ("idle", {"seen_at": now() - timedelta(hours=2)}),
        ):
            owner = users.select().where(users.c.name == name)
            row = db.execute(owner).one()
            db.execute(update(sessions).where(sessions.c.user_id == row.id).values(**values))
        for name, changed in (
            ("disabled", {"is_active": False}),
            ("no sign in", {"can_sign_in": False}),
            ("removed", {"ended_in": 1}),
        ):
            db.execute(update(users).where(users.c.name == name).values(**changed))
    good = served.cookie("the admin", "admin")
    name, _, value = good.partition("=")
    cookies["no signature"] = f"{name}={value.partition('.')[0]}"
    cookies["wrong signature"] = f"{good[:-4]}AAAA"
    cookies["of another secret"] = f"{name}={_signed_elsewhere(served, value)}"
    cookies["twice"] = f"{good}; {good}"
    cookies["other name"] = f"__Host-{good}"
    found = {f"cookie {key}": {"Cookie": cookie} for key, cookie in cookies.items()}
    return {"nothing": {}} | found | _bad_tokens(installation)


def _signed_elsewhere(served: Served, value: str) -> str:
    told = served.installation.settings.model_dump() | {"session_secret": "x" * 40}
    return Cookies(Settings(**told)).value(value.partition(".")[0])


def _bad_tokens(installation: Installation) -> dict[str, dict[str, str]]:
    make_user(installation, "token owner", "admin")
    make_user(installation, "gone owner", "admin")
    secrets = {}
    for name, owner in (
        ("revoked", "token owner"),
        ("old", "token owner"),
        ("orphan", "gone owner"),
    ):
        made = create_token(installation, OPERATOR, name, Scope.ADMIN, days=1, owner=owner)
        secrets[name] = made.secret
        if name == "revoked":
            revoke_token(installation, OPERATOR, made.token.id)
        elif name == "old":
            with installation.store.begin() as db:
                past = now() - timedelta(seconds=1)
                db.execute(
                    update(tokens).where(tokens.c.id == made.token.id).values(expires_at=past)
                )
    with installation.store.begin() as db:
        db.execute(update(users).where(users.c.name == "gone owner").values(is_active=False))
    headers = {f"token {name}": {"Authorization": f"Bearer {s}"} for name, s in secrets.items()}
    headers["token empty"] = {"Authorization": "Bearer"}
    headers["token made up"] = {"Authorization": "Bearer dnsinv_" + "A" * 43}
    headers["basic"] = {"Authorization": "Basic YWRtaW46YWRtaW4="}
    return headers


def ask(
    people: People, row: Row, headers: dict[str, str], address: str | None = None
) -> tuple[int, dict[str, str], str]:
    """What is answered, byte for byte what was asked: a client would tidy the address up."""
    parts = urlsplit(people.served.address)
    told = dict(headers)
    body = None
    if isinstance(row.body, bytes):
        body = row.body
        told["Content-Type"] = "multipart/form-data; boundary=x"
    elif row.body is not None:
        body = httpx.Request("POST", "http://x", json=row.body).content
        told["Content-Type"] = "application/json"
    elif row.method != "GET":
        body, told = b"", told | FORM if not row.is_for_programs else told
    with closing(http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)) as line:
        line.request(row.method, address or row.address, body, told)
        reply = line.getresponse()
        return reply.status, dict(reply.getheaders()), reply.read().decode(errors="replace")


def is_refused(status: int, headers: dict[str, str]) -> bool:
    to_sign_in = status == 303 and headers["location"].startswith("/login")
    return to_sign_in or status in (400, 401, 403, 404, 405)


def is_withheld(status: int, row: Row) -> bool:
    """Whether a role got nothing; that nothing has the number, readers of the list may know."""
    return status == 403 or (status == 404 and "999999" in row.address)


def test_every_route_is_in_the_table(tmp_path: Path) -> None:
    installation = open_with(Settings(db_path=tmp_path / "data", database_url=""))
    found = routes_of(create_app(installation, has_shell=True))
    installation.close()
    missing = sorted(route for route in found if not rows_of(*route))
    assert missing == [], "add a line for each to tests/app/access_table.py"
    meant = {str(row) for route in found for row in rows_of(*route)}
    assert [str(row) for row in TABLE if str(row) not in meant] == [], "there is no such route"
    assert len({str(row) for row in TABLE}) == len(TABLE)


CLOSED = [row for row in TABLE if row.needs != PUBLIC]


@pytest.mark.parametrize("row", CLOSED, ids=str)
def test_nobody_gets_in_without_a_credential_that_is_good(people: People, row: Row) -> None:
    for name, headers in people.bad.items():
        for more in ({}, {"Accept": "text/html"}, SPOOFED, {"Origin": people.served.address}):
            status, answered, text = ask(people, row, headers | more)
            wants_page = more.get("Accept") and row.method == "GET"
            is_page = not row.path.startswith(
                (
                    "/api",
                    "/export",
                    "/metrics",
                    "/auth",
                    "/static",
                    "/media",
                    "/component",
                    "/_stcore",
                )
            )
            assert status == (303 if wants_page and is_page else 401), f"{name}: {text}"
            assert answered["x-request-id"] != "mine"
            assert "set-cookie" not in answered


# Not /logout, which ends the session: see below.
@pytest.mark.parametrize("row", [row for row in CLOSED if row.path != "/logout"], ids=str)
@pytest.mark.parametrize("role", ROLES)
def test_each_role_gets_what_is_its_own(people: People, row: Row, role: str) -> None:
    status, _, text = ask(people, row, people.headers(role) | SPOOFED)
    if row.is_for(role):
        assert status not in (401, 403), text
        assert status < 500 or row.path.startswith(("/api/collect-", "/api/health")), text
    else:
        assert is_withheld(status, row), text


@pytest.mark.parametrize("row", CLOSED, ids=str)
@pytest.mark.parametrize("role", ROLES)
def test_a_token_opens_what_is_for_programs_and_its_role_only(
    people: People, row: Row, role: str
) -> None:
    headers = {"Authorization": f"Bearer {people.tokens[role]}"}
    status, _, text = ask(people, row, headers)
    if not row.is_for_programs:
        assert status == 401, text
    elif row.path == "/metrics":
        assert status == 200, text  # any token
    elif row.is_for(role) and (row.path != "/api/tokens" or role == ADMIN):
        assert status not in (401, 403), text
    else:
        assert is_withheld(status, row), text


WRITES = [row for row in CLOSED if row.method != "GET"]


@pytest.mark.parametrize("row", WRITES, ids=str)
def test_a_write_with_a_cookie_needs_our_page_and_its_proof(people: People, row: Row) -> None:
    good = people.headers("admin")
    wrong = [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": people.served.address.replace("http:", "https:")},
        {"Origin": f"{people.served.address}.evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": ""},
    ]
    of_another = people.headers("viewer")["X-CSRF-Token"]
    wrong += [{"X-CSRF-Token": token} for token in ("", "x", of_another)]
    for change in wrong:
        status, _, text = ask(people, row, good | change)
        assert status == 403, f"{change}: {text}"
    status, _, _ = ask(people, row, {"Cookie": people.cookies["admin"]})
    assert status == 403


def tricks(path: str) -> Iterator[str]:
    """Other ways to write an address that a careless comparison takes for another one."""
    yield f"/{path}"
    yield f"//evil.example{path}"
    yield f"/login/..{path}"
    yield f"/assets/..{path}"
    yield f"/assets/%2e%2e{path}"
    yield f"/assets/..%2f{path.lstrip('/')}"
    yield f"/assets%2f..{path}"
    yield f"/assets/%5c..%5c{path.lstrip('/')}"
    yield f"/healthz{path}"
    yield f"/healthz%3f{path}"
    yield f"/healthz;{path}"
    yield f"/login%00{path}"
    yield f"/LOGIN/..{path}"
    yield f"/.{path}"
    yield f"{path}/"
    yield f"{path}/."
    yield f"{path}%20"
    yield f"{path}%2f"
    yield f"{path};/login"
    yield f"{path}?next=/login"
    yield f"{path}#/login"
    yield path.upper()
    yield quote(path, safe="").replace("%2F", "/", 1)
    yield "/" + "".join(f"%{ord(character):02x}" for character in path[1:])
    yield f"http://localhost{path}"


@pytest.mark.parametrize("row", CLOSED, ids=str)
def test_no_way_to_write_an_address_gets_around_the_gate(people: People, row: Row) -> None:
    for headers in ({}, {"Accept": "text/html", **SPOOFED}, {"Authorization": "Bearer x"}):
        for address in tricks(row.address):
            if " " in address:
                continue
            status, answered, _ = ask(people, row, headers, address)
            assert is_refused(status, answered), address
    if not row.is_for_programs:
        token = {"Authorization": f"Bearer {people.tokens['admin']}"}
        for address in (f"/api/..{row.address}", f"/api%2f..{row.address}", f"/API/..{row.address}",
                        f"/export/%2e%2e{row.address}", f"/api//..{row.address}"):  # fmt: skip
            status, answered, _ = ask(people, row, token, address)
            assert is_refused(status, answered), address


def test_unknown_addresses_are_not_found_for_whoever_is_signed_in(people: People) -> None:
    for address in ("/nowhere", "/api/nowhere", "/export/nowhere.csv", "/_stcore/metrics",
                    "/_stcore/agent/mcp", "/auth/login", "/oauth2callback", "/index.html",
                    "/component", "/manifest.json"):  # fmt: skip
        status, _, text = ask(people, Row("GET", address, VIEWER), people.headers("admin"))
        assert status == 404, f"{address}: {text[:200]}"


def test_streamlits_uploads_are_closed(people: People) -> None:
    for method in ("PUT", "DELETE"):
        row = Row(method, "/_stcore/upload_file/session/file", VIEWER)
        assert ask(people, row, people.headers("admin"))[0] == 404


def test_a_foreign_host_is_refused_whoever_asks(people: People) -> None:
    for row in TABLE:
        headers = people.headers("admin") | {"Host": "rebound.example"}
        status, _, text = ask(people, row, headers)
        assert (status, "rebound" in text) == (421, False), row


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": None},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Cookie": None},
        {"Cookie": "dnsinv=AAAA.BBBB"},
        {"Cookie": None, "X-Dnsinv-User": "admin", "X-Dnsinv-Role": "admin", "X-Dnsinv-Uid": "1"},
        {"Cookie": None, "Authorization": "token"},
        {"Host": "rebound.example"},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "path", ["/_stcore/stream", "//_stcore/stream", "/_STCORE/stream", "/login"]
)
def test_a_socket_is_refused_before_it_opens(
    people: People, headers: dict[str, str | None], path: str
) -> None:
    told = {"Cookie": people.cookies["admin"], "Origin": people.served.address} | headers
    if told.get("Authorization"):
        told["Authorization"] = f"Bearer {people.tokens['admin']}"
    assert asyncio.run(_handshake(people.served, path, told)) in (400, 401, 403)


def test_a_socket_opens_for_whoever_is_signed_in(people: People) -> None:
    told = {"Cookie": people.cookies["viewer"], "Origin": people.served.address}
    assert asyncio.run(_handshake(people.served, "/_stcore/stream", told)) == 101


async def _handshake(served: Served, path: str, headers: dict[str, str | None]) -> int:
    given = {name: value for name, value in headers.items() if value is not None}
    host = given.pop("Host", None)
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(served.address).port)
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host or urlsplit(served.address).netloc}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        *(f"{name}: {value}" for name, value in given.items()),
    ]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    status = int((await reader.readline()).split()[1])
    writer.close()
    await writer.wait_closed()
    return status


def test_signing_out_closes_the_session_and_its_sockets_with_4401(people: People) -> None:
    served = people.served
    cookie = served.cookie("leaver", "admin")
    other = served.cookie("leaver", "admin")

    async def leave() -> tuple[int, str]:
        address = served.address.replace("http:", "ws:") + "/_stcore/stream"
        sent = {"Cookie": cookie}
        async with websockets.connect(
            address,
            additional_headers=sent,
            origin=served.address,  # type: ignore[arg-type]
        ) as socket:
            async with httpx.AsyncClient(trust_env=False) as client:
                answer = await client.post(
                    f"{served.address}/logout",
                    headers={"Cookie": cookie, "Origin": served.address},
                    data={"csrf_token": csrf_token(served.installation, cookie)},
                )
            assert (answer.status_code, answer.headers["location"]) == (303, "/login")
            assert "Max-Age=0" in answer.headers["set-cookie"]
            with suppress(websockets.ConnectionClosed):
                async for _ in socket:
                    pass
        return socket.close_code or 0, socket.close_reason or ""

    assert asyncio.run(leave()) == (4401, "The session is over.")
    row = Row("GET", "/auth/session", VIEWER)
    assert ask(people, row, {"Cookie": cookie})[0] == 401
    assert ask(people, row, {"Cookie": other})[0] == 204


def test_a_revoked_token_is_worth_nothing_at_the_next_request(people: People) -> None:
    installation = people.served.installation
    made = create_token(installation, OPERATOR, "x", Scope.READ, owner="the viewer")
    row = Row("GET", "/api/me", VIEWER)
    headers = {"Authorization": f"Bearer {made.secret}"}
    assert [ask(people, row, headers)[0] for _ in range(3)] == [200] * 3
    revoke_token(installation, OPERATOR, made.token.id)
    assert ask(people, row, headers)[0] == 401


def test_a_scope_limits_a_role(people: People) -> None:
    installation = people.served.installation
    read = create_token(installation, OPERATOR, "x", Scope.READ, owner="the admin").secret
    headers = {"Authorization": f"Bearer {read}"}
    assert ask(people, Row("GET", "/api/domains", VIEWER), headers)[0] == 200
    for row in TABLE:
        if row.is_for_programs and row.method != "GET":
            assert is_withheld(ask(people, row, headers)[0], row), row


def test_a_proxy_may_ask_whether_somebody_may(people: People) -> None:
    def asked(role: str, needed: str) -> int:
        row = Row("GET", f"/auth/session?role={needed}", VIEWER)
        return ask(people, row, {"Cookie": people.cookies[role]})[0]

    assert [asked(role, "admin") for role in ROLES] == [403, 403, 204]
    assert [asked(role, "editor") for role in ROLES] == [403, 204, 204]
    assert asked("admin", "king") == 422


def test_what_reaches_the_inside_says_who_it_is_and_nothing_else_does(people: People) -> None:
    cookie = people.headers("editor")
    status, _, text = ask(people, Row("GET", "/api/me", VIEWER), cookie | SPOOFED)
    assert status == 200
    me = httpx.Response(200, text=text).json()
    assert (me["name"], me["role"], me["scope"]) == ("the editor", "editor", None)
    assert me["csrf_token"] == cookie["X-CSRF-Token"]


def test_no_secret_is_in_the_log(people: People) -> None:
    served = people.served
    ask(people, Row("GET", "/api/me?token=in-a-query", VIEWER), people.headers("admin"))
    log = served.log.read_text()
    secrets = [*people.tokens.values(), "in-a-query", "dGhlIHNhbXBsZSBub25jZQ"]
    secrets += [cookie.partition("=")[2] for cookie in people.cookies.values()]
    secrets += [people.headers(role)["X-CSRF-Token"] for role in ROLES]
    assert [secret for secret in secrets if secret in log] == []
    assert "Traceback" not in log
