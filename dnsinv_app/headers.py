"""What every answer carries, and whom the server answers at all."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dnsinv_app.origins import Origins

POLICY = (
    "default-src 'none'; base-uri 'none'; object-src 'none'; form-action 'self'; "
    "frame-ancestors 'none'; img-src 'self'; style-src 'self'"
)
"""For everything but the pages with scripts, which bring a policy of their own."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # no-referrer would have forms sent with "Origin: null"
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
SECURE = {"Strict-Transport-Security": "max-age=31536000"}


class Guarded:
    """An app behind the headers, answering only under names that are its own.

    Without the check of the name any web page could point a name of its own at 127.0.0.1 and try
    its visitor's browser on us.
    """

    def __init__(self, app: ASGIApp, origins: Origins) -> None:
        self._app = app
        self._origins = origins
        self._headers = HEADERS | (SECURE if origins.is_secure else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        if self._origins.is_ours(Headers(scope=scope)):
            await self._app(scope, receive, send_guarded)
        elif scope["type"] == "http":
            await _MISDIRECTED(scope, receive, send_guarded)
        else:
            await send({"type": "websocket.close", "code": 1008})


_MISDIRECTED = PlainTextResponse(
    "This installation is not known under this name. Set PUBLIC_URL to its address.\n", 421
)
