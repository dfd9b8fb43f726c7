"""The sandbox as an ASGI application: routing, credentials, allowance, faults.

    /godaddy/v1/..., /godaddy/v3/...   GoDaddy; also without /godaddy, where links of v3 lead
    /cloudflare/client/v4/...          Cloudflare
    /sandbox/...                       steering, for whoever is on this machine

No framework: benchmarks send it thousands of small requests a second.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from typing import Any

from dnsinv.sandbox.cloudflare import Cloudflare
from dnsinv.sandbox.control import NOTHING_HERE, steer
from dnsinv.sandbox.faults import Fault, FaultKind
from dnsinv.sandbox.godaddy_v1 import GoDaddyV1
from dnsinv.sandbox.godaddy_v3 import GoDaddyV3
from dnsinv.sandbox.replies import Answer, Api, Reply, Request
from dnsinv.sandbox.state import State
from dnsinv.sandbox.view import Provider

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

CLOUDFLARE_BASE = "/cloudflare/client/v4"
GODADDY_BASE = "/godaddy"
CONTROL_BASE = "/sandbox"

_ONLY_READS = Reply.json(405, {"error": "The sandbox only answers GET."})
_ERRORS = (
    FaultKind.UNAUTHORIZED,
    FaultKind.FORBIDDEN,
    FaultKind.NOT_FOUND,
    FaultKind.CONFLICT,
    FaultKind.SERVER_ERROR,
)


class App:
    """Callable as ASGI asks; `stopping` lets hanging requests go when the server stops."""

    def __init__(self, state: State, v1: GoDaddyV1) -> None:
        self._state = state
        self._apis: dict[str, Api] = {}
        if state.provider is not Provider.CLOUDFLARE:
            self._apis |= {"/v1": v1, "/v3": GoDaddyV3()}
        if state.provider is not Provider.GODADDY:
            self._apis[CLOUDFLARE_BASE] = Cloudflare()
        self.stopping = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path = scope["raw_path"].decode("ascii", "replace")
        if path == CONTROL_BASE or path.startswith(f"{CONTROL_BASE}/"):
            order = path.removeprefix(CONTROL_BASE)
            reply = steer(self._state, scope["method"], order, await _body(receive))
            await _send(reply, send, {})
            return
        if (api := self._api(path)) is None:
            await _send(NOTHING_HERE, send, {})
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        request = Request.parse(
            scope["method"],
            path.removeprefix(GODADDY_BASE).removeprefix(CLOUDFLARE_BASE),
            scope["query_string"].decode("ascii", "replace"),
            headers.get(b"authorization", b"").decode("latin-1"),
        )
        with self._state.under_way():
            await self._answer(api, request, receive, send)

    def _api(self, path: str) -> Api | None:
        path = path.removeprefix(GODADDY_BASE)
        for base, api in self._apis.items():
            if path.startswith(f"{base}/"):
                return api
        return None

    async def _answer(self, api: Api, request: Request, receive: Receive, send: Send) -> None:
        state = self._state
        state.stats.requests += 1
        allowance = state.take(request.authorization)
        if state.latency_seconds:
            await self._wait(state.latency_seconds)
        fault = None
        if request.method != "GET":
            state.stats.writes += 1
            reply = _ONLY_READS
        elif allowance and allowance.is_spent:
            reply = api.too_many(allowance.whole_seconds)
        elif refusal := api.refuse(request):
            reply = refusal
        else:
            answer = api.answer(state.view, request)
            state.stats.by_kind[f"{api.name} {answer.kind}"] += 1
            reply, fault = self._with_faults(api, answer, request)
        state.stats.too_many += reply.status == 429
        if fault and fault.kind is FaultKind.HANG:
            await self._hang(receive)
            await _break_off(reply, send)
        elif fault and fault.kind is FaultKind.RESET:
            await _break_off(reply, send)
        else:
            await _send(reply, send, api.rate_headers(allowance) if allowance else {})

    def _with_faults(
        self, api: Api, answer: Answer, request: Request
    ) -> tuple[Reply, Fault | None]:
        """The reply, and the order that made it so; the first that can strike does."""
        faults = self._state.faults
        for fault in faults.candidates(answer.kind, answer.zone, answer.page, request.target):
            reply = _struck(api, answer, fault)
            if reply and faults.strike(fault):
                return reply, fault
        return answer.sound(), None

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), seconds)

    async def _hang(self, receive: Receive) -> None:
        stopped = asyncio.ensure_future(self.stopping.wait())
        given_up = asyncio.ensure_future(_disconnected(receive))
        await asyncio.wait({stopped, given_up}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        given_up.cancel()


def _struck(api: Api, answer: Answer, fault: Fault) -> Reply | None:
    match fault.kind:
        case FaultKind.TOO_MANY:
            return api.too_many(int(fault.value or 1))
        case FaultKind.TOO_MANY_SILENT:
            return api.too_many(None)
        case FaultKind.HANG | FaultKind.RESET:
            return answer.sound()
        case kind if kind in _ERRORS:
            return api.failure(fault)
        case _:
            return answer.spoilt(fault)


async def _send(reply: Reply, send: Send, extra: Mapping[str, str]) -> None:
    await send(_start(reply, extra))
    await send({"type": "http.response.body", "body": reply.body})


async def _break_off(reply: Reply, send: Send) -> None:
    """Promise the whole body, send half of it and return: the server then cuts the connection."""
    await send(_start(reply, {}))
    half = reply.body[: len(reply.body) // 2]
    await send({"type": "http.response.body", "body": half, "more_body": True})


def _start(reply: Reply, extra: Mapping[str, str]) -> MutableMapping[str, Any]:
    headers = {
        "content-type": "application/json",
        "content-length": str(len(reply.body)),
        **extra,
        **reply.headers,
    }
    return {
        "type": "http.response.start",
        "status": reply.status,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)
