"""One id for each request: in the log's lines and in the answer, never taken from outside.

The log has paths without their queries; cookies, tokens and bodies never get there.
"""

import json
import logging
import secrets
import sys
from contextvars import ContextVar
from time import monotonic
from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dnsinv_app.headers import HEADERS

HEADER = "X-Request-Id"
FORMAT = "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"
QUIET = ("/healthz", "/static/", "/assets/", "/_stcore/health", "/_stcore/host-config")

_current: ContextVar[str] = ContextVar("request_id", default="-")
_log = logging.getLogger(__name__)


class Logged:
    """An app whose every request has an id and a line in the log; no exception gets past it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request_id, began, status = secrets.token_hex(8), monotonic(), 0
        _forget_foreign(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        token = _current.set(request_id)

        async def send_named(message: Message) -> None:
            nonlocal status
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = request_id
            elif message["type"] == "websocket.accept":
                status = 101
            await send(message)

        try:
            await self._app(scope, receive, send_named)
        except Exception:  # noqa: BLE001 - whatever it is, its trace is for the log alone
            _log.exception("failed %s", _told(scope))
            if not status and scope["type"] == "http":
                await _broken(request_id)(scope, receive, send_named)
        finally:
            level = logging.DEBUG if scope["path"].startswith(QUIET) else logging.INFO
            took = round((monotonic() - began) * 1000)
            _log.log(level, "answered %s status=%s ms=%s", _told(scope), status or 403, took)
            _current.reset(token)


def log_to_stderr(level: str) -> None:
    """Have every line of this process say to which request it belongs."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(FORMAT))
    handler.addFilter(_name_request)
    # Of libraries, warnings only: some write down whole addresses, with what they carry.
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in ("dnsinv", "dnsinv_app", "uvicorn"):
        logging.getLogger(name).setLevel(level)


def _name_request(record: logging.LogRecord) -> bool:
    record.request_id = _current.get()
    return True


def _forget_foreign(scope: Scope) -> None:
    name = HEADER.lower().encode()
    scope["headers"] = [header for header in scope["headers"] if header[0].lower() != name]


def _told(scope: Scope) -> str:
    actor = scope["state"].get("actor")
    who = json.dumps(actor.name, ensure_ascii=False) if actor else "-"
    method = scope.get("method", "SOCKET")
    return f"{method} {quote(scope['path'])[:500]} user={who}"


def _broken(request_id: str) -> Response:
    message = "Something broke on the server; its log tells more under this request's id."
    error = {"code": "broken", "message": message, "details": {"request_id": request_id}}
    return Response(json.dumps({"error": error}), 500, HEADERS, "application/json")
