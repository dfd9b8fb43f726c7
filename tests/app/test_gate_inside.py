"""What the gate lets through, as the app inside sees it; spoofed identities never get there."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from dnsinv.actions.installation import Installation, open_with
from dnsinv.settings import Settings
from dnsinv_app.door import make_door
from dnsinv_app.request_log import HEADER
from tests.app.conftest import signed_in

SPOOFED = {
    "x-dnsinv-user": "admin",
    "X-DNSINV-ROLE": "admin",
    "x_dnsinv_uid": "1",
    "x-dnsinv-invented": "1",
    "x-request-id": "mine",
}
HOST = {"host": "localhost:8080", "origin": "http://localhost:8080"}


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    opened = open_with(Settings(db_path=tmp_path / "data", database_url=""))
    yield opened
    opened.close()


def told_inside(scope: Scope) -> dict[str, Any]:
    headers = [
        [name.decode(), value.decode()]
        for name, value in scope["headers"]
        if b"dnsinv-" in name.replace(b"_", b"-") or name == b"x-request-id"
    ]
    actor = scope["state"]["actor"]
    return {"headers": headers, "actor": [actor.name, actor.door, actor.address, actor.request_id]}


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Say what arrived."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": json.dumps(told_inside(scope))})
        await send({"type": "websocket.close"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps(told_inside(scope)).encode()})


def expected(told: dict[str, Any], path_door: str = "web") -> None:
    names = [name for name, _ in told["headers"]]
    assert sorted(names) == sorted(f"x-dnsinv-{n}" for n in ("user", "role", "sid", "uid", "csrf", "address"))  # fmt: skip
    values = dict(told["headers"])
    assert (values["x-dnsinv-user"], values["x-dnsinv-role"]) == ("%C3%89va%20%C3%85", "editor")
    name, door, address, request_id = told["actor"]
    assert (name, door, address) == ("Éva Å", path_door, "192.0.2.7")
    assert len(request_id) == 16


@pytest.mark.parametrize(("path", "door"), [("/x", "web"), ("/api/x", "api")])
def test_a_request_says_who_it_is_and_nothing_that_was_made_up(
    installation: Installation, path: str, door: str
) -> None:
    cookie = signed_in(installation, "Éva Å", "editor")

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(
            make_door(installation).guard(echo), client=("192.0.2.7", 1)
        )
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost:8080"
        ) as client:
            return await client.get(path, headers=SPOOFED | {"cookie": cookie})

    answer = asyncio.run(ask())
    expected(answer.json(), door)
    assert answer.headers[HEADER] == answer.json()["actor"][3]


def test_a_socket_says_who_it_is_and_nothing_that_was_made_up(installation: Installation) -> None:
    cookie = signed_in(installation, "Éva Å", "editor")
    said: list[Message] = []
    scope = {
        "type": "websocket",
        "path": "/_stcore/stream",
        "query_string": b"",
        "client": ("192.0.2.7", 1),
        "headers": [
            (name.lower().encode(), value.encode())
            for name, value in (SPOOFED | HOST | {"cookie": cookie}).items()
        ],
    }

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        said.append(message)

    asyncio.run(make_door(installation).guard(echo)(scope, receive, send))
    expected(json.loads(said[1]["text"]))


def test_a_failure_inside_is_a_sentence_with_an_id_and_its_trace_is_logged(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    cookie = signed_in(installation, "ada", "editor")

    async def broken(*_: object) -> None:
        raise RuntimeError("particulars")

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(make_door(installation).guard(broken))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost:8080"
        ) as client:
            return await client.get("/x", headers={"cookie": cookie})

    answer = asyncio.run(ask())
    assert answer.status_code == 500
    assert answer.json()["error"]["details"] == {"request_id": answer.headers[HEADER]}
    assert "particulars" not in answer.text
    assert "RuntimeError: particulars" in caplog.text
    assert answer.headers["x-frame-options"] == "DENY"


def test_a_store_that_does_not_answer_lets_nobody_in(installation: Installation) -> None:
    cookie = signed_in(installation, "ada", "editor")
    door = make_door(installation)
    with installation.store.begin() as db:
        db.exec_driver_sql("drop table sessions")

    async def ask(**headers: str) -> httpx.Response:
        transport = httpx.ASGITransport(door.guard(echo))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost:8080"
        ) as client:
            return await client.get("/api/x", headers=headers)

    answer = asyncio.run(ask(cookie=cookie))
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "store_unavailable")
    assert "sessions" not in answer.text
