"""The web side: one ASGI process on SERVER_PORT of this machine, with one door to all of it.

From the outside in: an id and a log line for each request, the headers, the gate, our own routes,
and Streamlit for its pages.
"""

import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from dnsinv.actions.health import readable
from dnsinv.actions.installation import Installation, now, open_with
from dnsinv.actions.metrics import Metrics
from dnsinv.actions.passwords import matches
from dnsinv.actions.reading import Reader
from dnsinv.errors import DnsinvError, UsageError
from dnsinv.settings import load_settings
from dnsinv_app.current import serve
from dnsinv_app.documents import documents
from dnsinv_app.door import make_door
from dnsinv_app.heads import LimitedHeads
from dnsinv_app.oidc import OidcPages
from dnsinv_app.pages import Pages
from dnsinv_app.programs import Counted, program_routes
from dnsinv_app.request_log import log_to_stderr
from dnsinv_app.shell import Shell, streamlit_app
from dnsinv_app.sign_in_pages import SignInPages

HOST = "127.0.0.1"  # a reverse proxy with TLS stands in front of it where others are to reach it
GRACE_SECONDS = 5  # for what is under way when it is to end; some streams would go on for minutes
STATIC = Path(__file__).parent / "static"


def create_app(installation: Installation, *, has_shell: bool = False) -> ASGIApp:
    """The whole web side of one installation.

    Args:
        has_shell: with Streamlit's pages, which one app of a process can have.
    """
    settings = installation.settings
    door, pages = make_door(installation), Pages(settings)
    reader, metrics = Reader(installation), Metrics(installation)
    sign_in = SignInPages(door, pages)
    routes = [
        *program_routes(installation, reader, metrics),
        *sign_in.routes(),
        *OidcPages(door, pages, sign_in).routes(),
        *_own_routes(installation),
    ]
    inside = inner_app(installation, reader, pages, routes, has_shell=has_shell)
    return door.guard(Counted(inside, metrics))


def inner_app(
    installation: Installation,
    reader: Reader,
    pages: Pages,
    routes: list[BaseRoute],
    *,
    has_shell: bool,
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
        serve(installation, reader)
        matches(None, "")  # the first sign-in must not take longer than the others
        try:
            async with shell.lifespan()(app) if shell is not None else nullcontext():
                gc.collect()
                gc.freeze()  # Streamlit collects after each rerun: what is here now stays anyway
                yield
        finally:
            reader.close()

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
            http=LimitedHeads,
            log_config=None,  # ours, which names the request
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    finally:
        installation.close()
    return 0


def _own_routes(installation: Installation) -> list[BaseRoute]:
    """The docs and what belongs to all pages."""
    docs = documents()

    def health(_: Request) -> Response:
        found = readable(installation, now())
        return JSONResponse(
            {"status": "ok" if found.is_readable else "unreadable"}, found.http_status
        )

    def document(request: Request) -> Response:
        path = docs.get(request.path_params["name"])
        if path is None:
            raise HTTPException(404)
        return PlainTextResponse(path.read_text(encoding="utf-8"))

    def icon(_: Request) -> Response:
        return FileResponse(STATIC / "favicon.svg", media_type="image/svg+xml")

    return [
        Route("/healthz", health),
        Route("/docs/{name}", document),
        Route("/favicon.ico", icon),
        Route("/favicon.png", icon),  # what Streamlit asks for
        Mount("/assets", StaticFiles(directory=STATIC)),
    ]


if __name__ == "__main__":
    sys.exit(main())
