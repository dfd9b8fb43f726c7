"""The API's description: one OpenAPI document for /api and /export, and the page that shows it.

Everything that the page needs is served from here; no request leaves the machine.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

from dnsinv_app.api.answers import REVALIDATE, tagged

SWAGGER = Path(__file__).parents[1] / "static" / "swagger"
TITLE = "DNS Inventory"
TEXT = """
Every domain and DNS record, who owns it, how it changed.

Sign in with the session cookie of the pages (writes then need the header `X-CSRF-Token`, see
`/api/me`) or with `Authorization: Bearer TOKEN`. Lists answer `items`, `page`, `limit`, `total` and
`pages`, and carry an `ETag`; what goes wrong answers `{"error": {"code", "message", "details"}}`.
"""
POLICY = (
    "default-src 'none'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; "
    "form-action 'none'; connect-src 'self'; img-src 'self' data:; script-src 'self'; "
    "style-src 'self' 'unsafe-inline'"
)
"""Of the page: Swagger UI sets styles on elements, and runs no code but its own files."""

_PROBLEM = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_OF_BODIES = {
    "413": {"description": "The body is too large", "content": _PROBLEM},
    "415": {"description": "The body is of another kind than those taken", "content": _PROBLEM},
}
_SECURITY = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "`dnsinv token create` makes one.",
    },
}


def described(parts: Mapping[str, FastAPI]) -> dict[str, Any]:
    """The whole description.

    Args:
        parts: the apps by where they are mounted, such as {"/api": api}.
    """
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    first: dict[str, Any] = {}
    for place, app in parts.items():
        part = app.openapi()
        first = first or part
        paths |= {place + path: told for path, told in part["paths"].items()}
        schemas |= part.get("components", {}).get("schemas", {})
    return {
        **{name: first[name] for name in ("openapi", "info")},
        "servers": [{"url": "/", "description": "This installation"}],
        "security": [{"token": []}, {}],
        "paths": paths,
        "components": {"schemas": dict(sorted(schemas.items())), "securitySchemes": _SECURITY},
    }


def describe(app: FastAPI) -> None:
    """Have an app describe itself, with problems as the only other answers than those of routes."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(
                title=TITLE, version=app.version, description=TEXT, routes=app.routes
            )
            schemas = made.get("components", {}).get("schemas", {})
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            for told in (told for path in made["paths"].values() for told in path.values()):
                told["summary"] = told["description"].partition(".")[0]
                if "requestBody" in told:
                    told["responses"] |= _OF_BODIES
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def add_page(app: FastAPI, parts: Mapping[str, FastAPI]) -> None:
    """Serve /docs and /openapi.json."""

    def openapi(request: Request) -> Response:
        return tagged(request, described(parts))

    def page(_: Request) -> Response:
        return FileResponse(
            SWAGGER / "index.html", headers={**REVALIDATE, "Content-Security-Policy": POLICY}
        )

    app.add_route("/openapi.json", openapi, include_in_schema=False)
    app.add_route("/docs", page, include_in_schema=False)
    app.mount("/docs/assets", StaticFiles(directory=SWAGGER))
