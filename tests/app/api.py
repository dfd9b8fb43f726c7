"""The API behind the real gate on a real port, with people whose tokens open it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as HttpScope

from dnsinv.actions.acting import Actor
from dnsinv.actions.installation import Installation, open_with
from dnsinv.actions.people import create_user
from dnsinv.actions.reading import Reader
from dnsinv.actions.tokens import create_token
from dnsinv.domain.permission import Role, Scope
from dnsinv.settings import Settings
from dnsinv_app.api.app import create_api
from dnsinv_app.door import make_door
from dnsinv_app.export import create_export
from dnsinv_app.heads import LimitedHeads

OPERATOR = Actor("operator", "cli")
DEADLINE = 30.0


@dataclass
class Served:
    """An installation whose API answers at `address`, and clients of each role."""

    installation: Installation
    address: str
    tokens: dict[str, str]
    launched: "Launched"

    def __post_init__(self) -> None:
        self.as_admin = self.client(self.tokens["admin"])
        self.as_editor = self.client(self.tokens["editor"])
        self.as_viewer = self.client(self.tokens["viewer"])
        self.as_nobody = self.client(None)

    def client(self, token: str | None) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.address, headers=headers, timeout=60)

    def close(self) -> None:
        for client in (self.as_admin, self.as_editor, self.as_viewer, self.as_nobody):
            client.close()


def gated(installation: Installation, reader: Reader) -> ASGIApp:
    """Everything that the server has in front of /api and /export, without the pages."""
    export = create_export(installation, reader)
    api = create_api(installation, reader, export)
    inside = Starlette(routes=[Mount("/api", api), Mount("/export", export)])
    return make_door(installation).guard(inside)


class Launched:
    """Stands in for Dagster's webserver, which takes seconds to start: it takes every run and keeps it."""

    def __init__(self) -> None:
        self.runs: list[dict[str, Any]] = []

    async def __call__(self, scope: HttpScope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        asked = (await request.json())["variables"]
        done: dict[str, Any] = {"__typename": "AddDynamicPartitionSuccess"}
        if isinstance(asked.get("run"), str):
            done = {"__typename": "TerminateRunSuccess"}
        elif "run" in asked:
            self.runs.append(asked["run"])
            run = {"runId": f"run-{len(self.runs)}"}
            done = {"__typename": "LaunchRunSuccess", "run": run}
        await JSONResponse({"data": {"done": done}})(scope, receive, send)


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """The app on a free port of this machine; its address."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, http=LimitedHeads, log_level="error", lifespan="off"
    )
    server = uvicorn.Server(config)
    running = threading.Thread(target=server.run)
    running.start()
    pause, deadline = threading.Event(), time.monotonic() + DEADLINE
    while not server.started:
        assert time.monotonic() < deadline
        pause.wait(0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        running.join()


@contextmanager
def served_from(settings: Settings) -> Iterator[Served]:
    """The API of an installation, with one user of each role and a stand-in for Dagster."""
    launched = Launched()
    with serving(launched) as dagster:
        installation = open_with(settings.model_copy(update={"dagster_url": dagster}))
        reader = Reader(installation)
        tokens = {role.value: token_of(installation, role) for role in Role}
        with serving(gated(installation, reader)) as address:
            made = Served(installation, address, tokens, launched)
            yield made
            made.close()
        reader.close()
        installation.close()


def token_of(installation: Installation, role: Role, name: str = "") -> str:
    """A token of a new user with that role, of the widest scope that it may have."""
    name = name or f"the-{role.value}"
    create_user(installation, OPERATOR, {"name": name, "role": role.value})
    scopes = {Role.VIEWER: Scope.READ, Role.EDITOR: Scope.WRITE, Role.ADMIN: Scope.ADMIN}
    return create_token(installation, OPERATOR, "test", scopes[role], owner=name).secret


def error_of(reply: httpx.Response) -> tuple[int, str, str]:
    """Status, code and message of a problem."""
    body: dict[str, Any] = reply.json()
    assert body.keys() == {"error"}
    error = body["error"]
    assert error.keys() == {"code", "message", "details"}
    assert error["message"].endswith("."), error["message"]
    return reply.status_code, error["code"], error["message"]
