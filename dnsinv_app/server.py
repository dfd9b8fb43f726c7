"""The web side: one ASGI app on SERVER_PORT. For now a status page, for this machine only."""

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from dnsinv.actions.installation import now, open_with
from dnsinv.actions.overview import Overview
from dnsinv.actions.state import overview, problems_of
from dnsinv.errors import DnsinvError
from dnsinv.settings import Settings, load_settings
from dnsinv_app.headers import Guarded, own_names
from dnsinv_app.pages import Pages

HOST = "127.0.0.1"  # there is no sign-in yet
STATIC = Path(__file__).parent / "static"
DOCS = Path(__file__).parents[1] / "docs"
REFRESH_SECONDS = 10  # while a collection runs

Clock = Callable[[], datetime]


def create_app(settings: Settings, clock: Clock = now) -> ASGIApp:
    """The whole web side of one installation.

    Lake, store and account file are opened anew for each page: a page is rare, and what was mended
    in the meantime is seen without a restart.
    """
    docs = {path.stem: path for path in sorted(DOCS.glob("*.md"))}
    pages = Pages(settings, list(docs))

    def status(_: Request) -> Response:
        state = _look(settings, clock())
        headers = {"Refresh": str(REFRESH_SECONDS)} if state.is_collecting else {}
        return pages.status(state, headers)

    def health(_: Request) -> Response:
        problems = _problems(settings)
        state = {"status": "unreadable", "problems": problems} if problems else {"status": "ok"}
        return JSONResponse(state, 503 if problems else 200)

    def document(request: Request) -> Response:
        path = docs.get(request.path_params["name"])
        if path is None:
            raise HTTPException(404)
        return PlainTextResponse(path.read_text(encoding="utf-8"))

    def missing(request: Request, _: Exception) -> Response:
        return pages.message(404, "Not found", f"There is no page at {request.url.path}.")

    def failed(_: Request, error: Exception) -> Response:
        text = f"The page failed with {type(error).__name__}; the log of the app says more."
        return pages.message(500, "Something broke", text)

    app = Starlette(
        routes=[
            Route("/", status),
            Route("/healthz", health),
            Route("/docs/{name}", document),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        exception_handlers={404: missing, 500: failed},
    )
    return Guarded(app, own_names(settings))


def main() -> int:
    """Serve the installation of the environment until stopped; exit code."""
    try:
        settings = load_settings()
    except DnsinvError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    uvicorn.run(
        create_app(settings),
        host=HOST,
        port=settings.server_port,
        log_level=settings.log_level.lower(),
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )
    return 0


def _look(settings: Settings, at: datetime) -> Overview:
    try:
        installation = open_with(settings)
    except DnsinvError as error:
        return Overview(at, problems=[str(error)])
    try:
        return overview(installation, at)
    finally:
        installation.close()


def _problems(settings: Settings) -> list[str]:
    try:
        installation = open_with(settings)
    except DnsinvError as error:
        return [str(error)]
    try:
        return problems_of(installation)
    finally:
        installation.close()


if __name__ == "__main__":
    sys.exit(main())
