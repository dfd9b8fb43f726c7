"""What programs ask for: /api, /export and /metrics, and the count of all requests."""

from time import monotonic

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dnsinv.actions.acting import NotAllowed
from dnsinv.actions.installation import Installation
from dnsinv.actions.metrics import CONTENT_TYPE, Metrics
from dnsinv.actions.reading import Reader
from dnsinv_app.api.app import create_api
from dnsinv_app.export import create_export
from dnsinv_app.gate import METRICS


def program_routes(installation: Installation, reader: Reader, metrics: Metrics) -> list[BaseRoute]:
    """The routes that tokens open."""
    export = create_export(installation, reader)

    def show(request: Request) -> Response:
        try:
            text = metrics.text(request.state.actor)
        except NotAllowed as error:
            raise HTTPException(403) from error
        return Response(text, headers={"Content-Type": CONTENT_TYPE})

    return [
        Mount("/api", create_api(installation, reader, export)),
        Mount("/export", export),
        Route(METRICS, show),
    ]


class Counted:
    """An app whose answers are counted by route, as it is declared."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = monotonic(), 500

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        finally:
            took = monotonic() - began
            self._metrics.request(scope["method"], _route(scope), status, took)


def _route(scope: Scope) -> str:
    path = getattr(scope.get("route"), "path", "")
    return f"{scope.get('root_path', '')}{path}" if path else ""
