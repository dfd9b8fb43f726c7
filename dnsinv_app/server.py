"""The web side: one ASGI process on SERVER_PORT of this machine, with one door to all of it.

From the outside in: an id and a log line for each request, the headers, the gate, our own routes,
and Streamlit for its pages.
"""

import gc
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from dnsinv.actions.installation import Installation, now, open_with
from dnsinv.actions.overview import Overview
from dnsinv.actions.passwords import matches
from dnsinv.actions.state import overview, problems_of
from dnsinv.errors import DnsinvError, UsageError
from dnsinv.settings import Settings, load_settings
from dnsinv_app.current import serve
from dnsinv_app.door import make_door
from dnsinv_app.pages import Pages
from dnsinv_app.request_log import log_to_stderr
from dnsinv_app.shell import Shell, streamlit_app
from dnsinv_app.sign_in_pages import SignInPages

HOST = "127.0.0.1"  # a reverse proxy with TLS stands in front of it where others are to reach it
STATIC = Path(__file__).parent / "static"
DOCS = Path(__file__).parents[1] / "docs"
REFRESH_SECONDS = 10  # while a collection runs

Clock = Callable[[], datetime]


def create_app(
    installation: Installation, clock: Clock = now, *, has_shell: bool = False
) -> ASGIApp:
    """The whole web side of one installation.

    Args:
        has_shell: with Streamlit's pages, which one app of a process can have.
    """
    settings = installation.settings
    door = make_door(installation)
    docs = {path.stem: path for path in sorted(DOCS.glob("*.md"))}
    pages = Pages(settings, list(docs))
    sign_in = SignInPages(door, pages)
    inside = inner_app(
        installation,
        pages,
        [*sign_in.routes(), *_own_routes(settings, pages, docs, clock)],
        has_shell=has_shell,
    )
    return door.guard(inside)


def inner_app(
    installation: Installation, pages: Pages, routes: list[BaseRoute], *, has_shell: bool
) -> Starlette:
    """What is behind the gate: our routes, then Streamlit's pages, then 404."""
    shell = streamlit_app() if has_shell else None

    def missing(request: Request, _: Exception) -> Response:
        return pages.message(404, "Not found", f"There is no page at {request.url.path}.")

    def failed(_: Request, error: Exception) -> Response:
        text = f"The page failed with {type(error).__name__}; the log of the app says more."
        return pages.message(500, "Something broke", text)

    async def nowhere(*_: object) -> None:
        raise HTTPException(404)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        serve(installation)
        matches(None, "")  # the first sign-in must not take longer than the others
        if shell is None:
            yield
            return
        async with shell.lifespan()(app):
            gc.collect()
            gc.freeze()  # Streamlit collects after each rerun: what is here now stays anyway
            yield

    if shell is not None:
        routes = [*routes, Mount("/", Shell(shell, nowhere, installation.settings))]
    return Starlette(
        routes=routes, exception_handlers={404: missing, 500: failed}, lifespan=lifespan
    )


def main() -> int:
    """Serve the installation of the environment until stopped; exit code."""
    try:
        settings = load_settings()
        log_to_stderr(settings.log_level)
        installation = open_with(settings)
    except DnsinvError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2 if isinstance(error, UsageError) else 1
    try:
        uvicorn.run(
            create_app(installation, has_shell=True),
            host=HOST,
            port=settings.server_port,
            log_config=None,  # ours, which names the request
            access_log=False,
            server_header=False,
            proxy_headers=False,
        )
    finally:
        installation.close()
    return 0


def _own_routes(
    settings: Settings, pages: Pages, docs: dict[str, Path], clock: Clock
) -> list[BaseRoute]:
    """The status page, the docs and what belongs to all pages.

    Lake, store and account file are opened anew for each status page: a page is rare, and what was
    mended in the meantime is seen without a restart.
    """

    def status(_: Request) -> Response:
        state = _look(settings, clock())
        headers = {"Refresh": str(REFRESH_SECONDS)} if state.is_collecting else {}
        return pages.status(state, headers)

    def health(_: Request) -> Response:
        problems = _problems(settings)
        return JSONResponse(
            {"status": "unreadable" if problems else "ok"}, 503 if problems else 200
        )

    def document(request: Request) -> Response:
        path = docs.get(request.path_params["name"])
        if path is None:
            raise HTTPException(404)
        return PlainTextResponse(path.read_text(encoding="utf-8"))

    def icon(_: Request) -> Response:
        return FileResponse(STATIC / "favicon.svg", media_type="image/svg+xml")

    return [
        Route("/status", status),
        Route("/healthz", health),
        Route("/docs/{name}", document),
        Route("/favicon.ico", icon),
        Mount("/assets", StaticFiles(directory=STATIC)),
    ]


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
