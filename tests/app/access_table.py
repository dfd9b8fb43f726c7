"""Every address of the web side and who may use it: one line for each route and method.

A route that is not here fails the test. `needs` is PUBLIC, or the lowest role that may. A body is
one that the route understands: what it does not understand it refuses before it asks who may.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from dnsinv_app.shell import PAGES, SERVED

PUBLIC, VIEWER, EDITOR, ADMIN = "public", "viewer", "editor", "admin"
ROLES = (VIEWER, EDITOR, ADMIN)


@dataclass(frozen=True)
class Row:
    """One route and method; `path` as it is declared, `{...}` standing for a part."""

    method: str
    path: str
    needs: str
    body: Any = None  # JSON, or the bytes of a form whose boundary is x
    query: str = ""

    @property
    def address(self) -> str:
        """An address of the route; nothing is there under it."""
        parts = {"{name}": "nothing.example", "{id}": "999999", "{user_id}": "999999"}
        address = self.path
        for part, value in parts.items():
            address = address.replace(part, value)
        return f"{address}?{self.query}" if self.query else address

    @property
    def is_for_programs(self) -> bool:
        return self.path.startswith(("/api", "/export", "/metrics"))

    def is_for(self, role: str) -> bool:
        return self.needs == PUBLIC or ROLES.index(role) >= ROLES.index(self.needs)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


FORM = (
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.json"\r\n\r\n'
    b'[{"domain": "nothing.example"}]\r\n--x--\r\n'
)
TEMPLATE = {
    "id": "nothing",
    "name": "Nothing",
    "domains": {"columns": {"name": "domain"}},
}

TABLE = [
    # the door itself
    Row("GET", "/login", PUBLIC),
    Row("POST", "/login", PUBLIC),
    Row("GET", "/healthz", PUBLIC),
    Row("GET", "/favicon.ico", PUBLIC),
    Row("GET", "/assets/app.css", PUBLIC),
    Row("GET", "/auth/session", VIEWER),
    Row("POST", "/logout", VIEWER),
    # pages and what they need
    *(Row("GET", path, VIEWER) for path in sorted(PAGES)),
    Row("GET", "/docs/{name}", VIEWER),
    Row("GET", "/favicon.png", VIEWER),
    Row("GET", "/_stcore/health", VIEWER),
    Row("GET", "/_stcore/host-config", VIEWER),
    Row("GET", "/_stcore/stream", VIEWER),
    Row("GET", "/_stcore/bidi-components/x/y.js", VIEWER),
    Row("GET", "/component/x/y.js", VIEWER),
    Row("GET", "/media/nothing.png", VIEWER),
    Row("GET", "/static/js/nothing.js", VIEWER),
    # programs
    Row("GET", "/metrics", ADMIN),
    Row("GET", "/api/openapi.json", VIEWER),
    Row("GET", "/api/docs", VIEWER),
    Row("GET", "/api/docs/assets/nothing.js", VIEWER),
    Row("GET", "/api/domains", VIEWER),
    Row("POST", "/api/domains", EDITOR, {"name": "made-by-hand.example"}),
    Row("GET", "/api/domains/{name}", VIEWER),
    Row("PATCH", "/api/domains/{name}", EDITOR, {"note": "x"}),
    Row("DELETE", "/api/domains/{name}", EDITOR),
    Row("GET", "/api/domains/{name}/records", VIEWER),
    Row("GET", "/api/domains/{name}/history", VIEWER),
    Row("GET", "/api/domains/{name}/owners", VIEWER),
    Row("GET", "/api/domains/{name}/zone", VIEWER),
    Row("GET", "/api/dns", VIEWER),
    Row("POST", "/api/assign-domain", EDITOR, {"names": ["nothing.example"], "owners": ["x"]}),
    Row("POST", "/api/assign-dns", EDITOR, {"filter": {"domain": "nothing.example"}, "owners": ["x"]}),
    Row("GET", "/api/users", VIEWER),
    Row("POST", "/api/users", ADMIN, {"name": "somebody"}),
    Row("POST", "/api/users/bulk", ADMIN, []),
    Row("GET", "/api/users/{id}", VIEWER),
    Row("PUT", "/api/users/{id}", ADMIN, {"department": "x"}),
    Row("DELETE", "/api/users/{id}", ADMIN),
    Row("GET", "/api/users/{id}/permission", VIEWER),
    Row("GET", "/api/users/{id}/activity", VIEWER),
    Row("GET", "/api/workload", VIEWER),
    Row("GET", "/api/groups", VIEWER),
    Row("POST", "/api/groups", ADMIN, {"name": "some group"}),
    Row("GET", "/api/groups/{id}", VIEWER),
    Row("PUT", "/api/groups/{id}", ADMIN, {"description": "x"}),
    Row("DELETE", "/api/groups/{id}", ADMIN),
    Row("GET", "/api/groups/{id}/members", VIEWER),
    Row("POST", "/api/groups/{id}/members", ADMIN, {"users": []}),
    Row("PUT", "/api/groups/{id}/members/{user_id}", ADMIN),
    Row("DELETE", "/api/groups/{id}/members/{user_id}", ADMIN),
    Row("GET", "/api/rules", VIEWER),
    Row("POST", "/api/rules", ADMIN, {"pattern": "*.nothing.example", "owners": ["x"]}),
    Row("DELETE", "/api/rules/{id}", ADMIN),
    Row("POST", "/api/rules/apply", ADMIN),
    Row("GET", "/api/rules/mode", VIEWER),
    Row("PUT", "/api/rules/mode", ADMIN, {"mode": "first"}),
    Row("GET", "/api/tokens", VIEWER),
    Row("POST", "/api/tokens", VIEWER, {"name": "x"}),
    Row("DELETE", "/api/tokens/{id}", ADMIN),
    Row("GET", "/api/audit", ADMIN),
    Row("GET", "/api/me", VIEWER),
    Row("GET", "/api/stats", VIEWER),
    Row("GET", "/api/health", VIEWER),
    Row("GET", "/api/changes", VIEWER),
    Row("GET", "/api/collections", VIEWER),
    Row("GET", "/api/collections/{id}", VIEWER),
    Row("POST", "/api/collections/{id}/accept", ADMIN),
    Row("POST", "/api/collections/{id}/reject", ADMIN),
    Row("POST", "/api/collect-domains", EDITOR),
    Row("POST", "/api/collect-dns", EDITOR),
    Row("GET", "/api/settings", VIEWER),
    Row("PUT", "/api/settings", ADMIN, {"guard_count": 3}),
    Row("GET", "/api/backups", ADMIN),
    Row("POST", "/api/backups", ADMIN),
    Row("POST", "/api/migration", EDITOR, {"upload_id": "0" * 32}),
    Row("GET", "/api/migration/progress", VIEWER, query="job_id=m000999"),
    Row("GET", "/api/migration/events", VIEWER, query="job_id=m000999"),
    Row("POST", "/api/migration/control", EDITOR, {"job_id": "m000999", "action": "pause"}),
    Row("GET", "/api/migration/jobs", VIEWER),
    Row("GET", "/api/migration/errors", VIEWER, query="job_id=m000999"),
    Row("POST", "/api/migration/undo", EDITOR, {"job_id": "m000999"}),
    Row("POST", "/api/migration/uploads", EDITOR, FORM),
    Row("POST", "/api/migration/analyze", EDITOR, {"upload_id": "0" * 32}),
    Row("POST", "/api/migration/preview", EDITOR, {"upload_id": "0" * 32}),
    Row("GET", "/api/migration/templates", VIEWER),
    Row("POST", "/api/migration/templates", EDITOR, TEMPLATE),
    Row("GET", "/api/migration/templates/{id}", VIEWER),
    Row("PUT", "/api/migration/templates/{id}", EDITOR, TEMPLATE | {"id": "999999"}),
    Row("DELETE", "/api/migration/templates/{id}", EDITOR),
    Row("GET", "/api/migration/templates/{id}/versions", VIEWER),
    *(Row("GET", f"/export/{what}.{style}", VIEWER) for what in ("domains", "dns") for style in ("csv", "json", "parquet")),
]  # fmt: skip

OF_A_FOLDER = ("/assets/", "/api/docs/assets/", *(path for path in SERVED if path.endswith("/")))


def routes_of(app: ASGIApp) -> set[tuple[str, str]]:
    """Method and path of everything that an app has, as it is declared; a folder ends in a slash."""
    while not isinstance(app, Starlette):
        app = app._app  # type: ignore[attr-defined]
    found = set(_walk(app.routes, ""))
    # Of Streamlit, what our shell lets through; the methods are Streamlit's.
    return found | {("GET", path) for path in PAGES} | {("GET", path) for path in SERVED}


def rows_of(method: str, path: str) -> list[Row]:
    """The lines of the table for a route; of a folder, whatever is in it."""
    is_folder = path in OF_A_FOLDER
    return [
        row
        for row in TABLE
        if row.method == method and (row.path == path or (is_folder and row.path.startswith(path)))
    ]


def _walk(routes: Any, prefix: str) -> Iterator[tuple[str, str]]:
    for route in routes:
        inside = getattr(route, "original_router", None)
        if inside is not None:  # a router that FastAPI includes
            yield from _walk(inside.routes, prefix)
        elif isinstance(route, Route):
            for method in sorted((route.methods or {"GET"}) - {"HEAD"}):
                yield method, prefix + route.path
        elif isinstance(route, Mount) and isinstance(route.app, Starlette):
            yield from _walk(route.app.routes, prefix + route.path)
        elif isinstance(route, Mount) and route.path:
            yield "GET", f"{prefix}{route.path}/"
        elif not isinstance(route, Mount):
            yield type(route).__name__, f"{prefix}{getattr(route, 'path', '?')}"
