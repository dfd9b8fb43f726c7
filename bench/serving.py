"""The REST API over HTTP: the server as it runs, with the gate and a token, and a client apart.

Beside it a bare uvicorn with Starlette that answers as many bytes and knows nothing, and the bare
DuckDB queries of bench/reading.py.
"""

import json
import random
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import urlencode

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.child import COMPILED, measured
from bench.inventory import opened
from bench.reading import ASKED, CLIENTS, DOMAINS, OWNED, PAGES, PER_DOMAIN, of_one_client
from bench.report import Line
from bench.requests import Reply, ask
from dnsinv.actions.acting import Actor
from dnsinv.actions.people import create_user
from dnsinv.actions.tokens import create_token
from dnsinv.domain.permission import Scope

ANEW_PER_SECOND, KNOWN_PER_SECOND, MEMORY_MB = 200, 1_000, 600
MANY, MANY_SECONDS = "shop-", 5.0  # in an eighth of all names, which one request assigns
TIMES = 4_000  # requests of many clients
PATIENCE_SECONDS = 120
ME = Actor("bench", "cli")


def serving(folder: Path) -> Iterator[Line]:
    """One client, many clients, depth, an assignment of many and memory."""
    root = folder / "serving"
    sizes = {"domains": DOMAINS, "per_domain": PER_DOMAIN, "owned": OWNED}
    measured("bench.inventory:prepare", folder=root, **sizes)
    yield from served(root)
    shutil.rmtree(root)


def served(root: Path) -> Iterator[Line]:
    """The lines of an installation that is there."""
    secret = measured("bench.serving:token", folder=root).result
    queries = measured("bench.reading:bare", folder=root).result
    with _process(["-m", "dnsinv_app.server"], root) as (port, pid):
        one = measured("bench.serving:one_client", port=port, secret=secret).result
        with _process(["-c", f"from bench.serving import bare; bare({one['bytes']})"], root) as (
            constant,
            _,
        ):
            bare = measured("bench.serving:constant", port=constant).result
        yield from _of_one(one, bare, queries)
        many = measured("bench.serving:many_clients", port=port, secret=secret).result
        yield from _of_many(many, bare)
        body = {"filter": {"search": MANY}, "owners": ["user1"]}
        seconds, count = measured(
            "bench.serving:assign", port=port, secret=secret, body=body
        ).result
        plain = measured("bench.serving:insert", folder=root, count=count).result
        yield Line(
            f"api-assign: {count:,} assignments in one request by filter",
            f"{seconds:.2f} s",
            f"{plain:.2f} s",
            seconds / plain,
            f"below {MANY_SECONDS:g} s for 100,000",
            seconds / count * 100_000 < MANY_SECONDS and count >= 100_000,
        )
        most = _peak_mb(pid)
    yield Line(
        "api-memory: of the whole web process",
        f"{most:,.0f} MB",
        "",
        None,
        f"below {MEMORY_MB} MB",
        most < MEMORY_MB,
        most,
    )


def _of_one(
    one: dict[str, Any], bare: dict[str, float], queries: dict[str, float]
) -> Iterator[Line]:
    yield from of_one_client("api-domains, one client", one, queries)
    first, _ = one["depth"]
    yield Line(
        "api-domains: a page beside a constant of its size, median",
        f"{first:.2f} ms",
        f"{bare['ms']:.2f} ms",
        first / bare["ms"],
        "",
        None,
    )


def _of_many(many: dict[str, float], bare: dict[str, float]) -> Iterator[Line]:
    for what, floor in (
        ("pages, each rendered anew", ANEW_PER_SECOND),
        ("the same page", KNOWN_PER_SECOND),
        ("304 where the client has it", KNOWN_PER_SECOND),
    ):
        speed, reference = many[what], bare["304" if "304" in what else "200"]
        yield Line(
            f"api-domains: {what}, {CLIENTS} clients",
            f"{speed:,.0f}/s",
            f"{reference:,.0f}/s",
            reference / speed,
            f"at least {floor:,}/s",
            speed >= floor,
        )


@contextmanager
def _process(arguments: Sequence[str], root: Path) -> Iterator[tuple[int, int]]:
    """Port and process id of a server that answers."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port: int = free.getsockname()[1]
    given = (f"DB_PATH={root}", f"SERVER_PORT={port}", "DATABASE_URL=")
    command = [*COMPILED, *given, sys.executable, *arguments]
    with (root / "server.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until = perf_counter() + PATIENCE_SECONDS
        while not _answers(port):
            if process.poll() is not None or perf_counter() > until:
                told = (root / "server.log").read_text(encoding="utf-8")
                raise RuntimeError(f"The server did not start:\n{told}")
            time.sleep(0.1)  # noqa: TID251 - a program of its own has no other way to wait
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def _peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    line = next(each for each in status.splitlines() if each.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


# -- in processes of their own ---------------------------------------------------------------------


def bare(size: int) -> None:
    """Serve a constant of that size on SERVER_PORT, and 304 to who has it."""
    from dnsinv.settings import load_settings

    body = b"x" * size

    async def constant(request: Request) -> Response:
        if request.headers.get("if-none-match"):
            return Response(status_code=304, headers={"ETag": '"1"'})
        return Response(body, media_type="application/json", headers={"ETag": '"1"'})

    app = Starlette(routes=[Route("/{rest:path}", constant)])
    uvicorn.run(app, port=load_settings().server_port, access_log=False, log_level="error")


def token(folder: str) -> str:
    """A token of somebody who may assign."""
    with closing(opened(Path(folder))) as installation:
        create_user(installation, ME, {"name": "bench", "role": "editor"})
        return create_token(installation, ME, "bench", Scope.WRITE, owner="bench").secret


def one_client(port: int, secret: str) -> dict[str, Any]:
    """p50 and p95 in ms by what is asked, medians of the first and the last page, and its size."""
    draw = random.Random(1)

    def times(paths: Sequence[str]) -> list[float]:
        return sorted(reply.took_ms for reply in ask(port, paths, headers=_bearer(secret))[0])

    asked = {}
    for what, (make, count) in ASKED.items():
        times([_path(make(draw))])  # what is kept per order and per store
        found = times([_path(make(draw)) for _ in range(count)])
        asked[what] = (statistics.median(found), found[int(count * 0.95)])
    near, far = (  # each page once: what was asked before is kept as it was answered
        statistics.median(times([_path({"page": page}) for page in pages]))
        for pages in (range(1, 201), range(PAGES - 199, PAGES + 1))
    )
    (reply,), _ = ask(port, [_path({})], headers=_bearer(secret))
    return {"asked": asked, "depth": (near, far), "bytes": len(reply.body)}


def many_clients(port: int, secret: str) -> dict[str, float]:
    """Requests a second: pages drawn anew, one page again and again, and 304."""
    draw, headers = random.Random(2), _bearer(secret)
    orders = ("name", "-expires_on")
    pages = [_path({"page": n, "sort": orders[n % 2]}) for n in draw.sample(range(1, PAGES), TIMES)]
    for order in orders:
        ask(port, [_path({"sort": order})], headers=headers)
    known = _path({"page": 3})
    (reply,), _ = ask(port, [known], headers=headers)
    has_it = f"{headers}If-None-Match: {reply.header('etag')}\r\n"
    return {
        "pages, each rendered anew": _speed(port, pages, headers),
        "the same page": _speed(port, [known] * TIMES, headers),
        "304 where the client has it": _speed(port, [known] * TIMES, has_it, 304),
    }


def constant(port: int) -> dict[str, float]:
    """The same of the bare server."""
    replies, _ = ask(port, ["/"] * 500)
    return {
        "ms": statistics.median(reply.took_ms for reply in replies),
        "200": _speed(port, ["/"] * TIMES, ""),
        "304": _speed(port, ["/"] * TIMES, 'If-None-Match: "1"\r\n', 304),
    }


def assign(port: int, secret: str, body: dict[str, Any]) -> tuple[float, int]:
    """Seconds of one request, and how many assignments it made."""
    sent = json.dumps(body).encode()
    (reply,), seconds = ask(port, ["/api/assign-domain"], headers=_bearer(secret), body=sent)
    return seconds, json.loads(reply.body)["added"]


def insert(folder: str, count: int) -> float:
    """Seconds of SQLite's own insert of so many rows like assignments, with two indexes."""
    path = Path(folder) / "bare.db"
    rows = [(f"shop-{n:07}.example", n % 20, "manual", "2026-01-01", 1) for n in range(count)]
    with closing(sqlite3.connect(path)) as db:
        db.execute("pragma journal_mode = wal")
        db.execute("create table made (domain, user_id, source, assigned_at, assigned_in)")
        db.execute("create index by_domain on made (domain)")
        db.execute("create index by_user on made (user_id, domain)")
        began = perf_counter()
        with db:
            db.executemany("insert into made values (?, ?, ?, ?, ?)", rows)
        seconds = perf_counter() - began
    path.unlink()
    return seconds


def _speed(port: int, paths: Sequence[str], headers: str, status: int = 200) -> float:
    replies, seconds = ask(port, paths, CLIENTS, headers)
    if wrong := [reply for reply in replies if reply.status != status]:
        raise RuntimeError(f"{len(wrong)} replies were not {status}, such as {_told(wrong[0])}")
    return len(paths) / seconds


def _told(reply: Reply) -> str:
    return reply.head.partition("\r\n")[0]


def _path(asked: dict[str, Any]) -> str:
    given = {name: str(value).lower() if value is True else value for name, value in asked.items()}
    return f"/api/domains?{urlencode(given)}"


def _bearer(secret: str) -> str:
    return f"Authorization: Bearer {secret}\r\n"
