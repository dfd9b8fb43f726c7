"""What every answer carries, and whom the server answers at all."""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dnsinv.settings import Settings

POLICY = (
    "default-src 'none'; base-uri 'none'; object-src 'none'; form-action 'none'; "
    "frame-ancestors 'none'; img-src 'self'; style-src 'self'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
LOCAL = ("localhost", "127.0.0.1")


class Guarded:
    """An app behind the headers, answering only under names that are its own.

    There is no sign-in yet: without the check of the name any web page could point a name of its
    own at 127.0.0.1 and read the inventory through its visitor's browser.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        app = self._app if self._is_ours(scope) else _MISDIRECTED
        await app(scope, receive, send_guarded)

    def _is_ours(self, scope: Scope) -> bool:
        host = Headers(scope=scope).get("host", "")
        return urlsplit(f"//{host}").hostname in self._hosts


def own_names(settings: Settings) -> set[str]:
    """Host names under which people reach this installation."""
    return {*LOCAL, urlsplit(settings.address).hostname or ""} - {""}


_MISDIRECTED = PlainTextResponse(
    "This installation is not known under this name. Set PUBLIC_URL to its address.\n", 421
)
