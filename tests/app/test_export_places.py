"""Exports at the same time: a few, each for as long as its client takes what is made."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.types import ASGIApp, Message

from dnsinv.actions.export import Export
from dnsinv.actions.installation import open_with
from dnsinv.actions.reading import Reader
from dnsinv_app.api.streams import MOST_AT_ONCE, Streamed
from dnsinv_app.export import create_export
from tests.app.api import OPERATOR
from tests.app.inventory import Inventory


class Client:
    """Asks for the domains; takes the beginning, and the rest when it is let."""

    def __init__(self) -> None:
        self.has_begun, self.may_go_on = asyncio.Event(), asyncio.Event()
        self.status, self.body = 0, b""
        self.headers: dict[bytes, bytes] = {}

    async def ask(self, app: ASGIApp, path: str = "/domains.csv") -> "Client":
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [(b"host", b"localhost")],
            "state": {"actor": OPERATOR},
        }
        await app(scope, self._receive, self._send)
        return self

    async def _receive(self) -> Message:
        await asyncio.Event().wait()
        raise AssertionError("nothing is sent, and nobody hangs up")

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
            self.has_begun.set()
        else:
            await self.may_go_on.wait()
            self.body += message["body"]

    @classmethod
    async def hasty(cls, app: ASGIApp, path: str = "/domains.csv") -> "Client":
        client = cls()
        client.may_go_on.set()
        return await client.ask(app, path)


@pytest.fixture
def app(small: Inventory) -> Iterator[ASGIApp]:
    installation = open_with(small.settings)
    reader = Reader(installation)
    yield create_export(installation, reader)
    reader.close()
    installation.close()


def test_one_more_than_may_be_made_at_once_is_told_to_come_later(app: ASGIApp) -> None:
    async def asked() -> None:
        clients = [Client() for _ in range(MOST_AT_ONCE)]
        asking = [asyncio.create_task(client.ask(app)) for client in clients]
        for client in clients:
            await client.has_begun.wait()
        late = await Client.hasty(app)
        assert (late.status, late.headers[b"retry-after"]) == (503, b"10")
        assert b"too_many_exports" in late.body
        assert b"4 exports are being made, the most at once; try again a little later." in late.body

        clients[0].may_go_on.set()
        await asking[0]
        assert (await Client.hasty(app)).status == 200, "a place is free again"
        for client in clients:
            client.may_go_on.set()
        await asyncio.gather(*asking)
        assert {client.status for client in clients} == {200}
        assert len({client.body for client in clients}) == 1

    asyncio.run(asked())


def test_what_is_refused_takes_no_place(app: ASGIApp) -> None:
    async def asked() -> None:
        for _ in range(MOST_AT_ONCE + 1):
            assert (await Client.hasty(app, "/domains.xls")).status == 404
        assert (await Client.hasty(app)).status == 200

    asyncio.run(asked())


def test_who_takes_nothing_loses_the_place() -> None:
    ended = []

    async def asked() -> None:
        export = Export(1, (piece for piece in [b"name\r\n"]))
        app = Streamed(export.pieces, lambda: ended.append(export), {}, "text/csv", patience=0)
        client = Client()
        await client.ask(app)
        assert (client.status, client.body) == (200, b"")
        assert next(export.pieces, None) is None, "nothing is made any more"

    asyncio.run(asked())
    assert len(ended) == 1
