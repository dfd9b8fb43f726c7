"""The server: what it answers outside of Streamlit's pages, and how it starts and stops."""

import asyncio
import re
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from dnsinv.actions.installation import open_with
from dnsinv.actions.reading import Reader
from dnsinv_app.door import make_door
from dnsinv_app.headers import HEADERS
from dnsinv_app.pages import Pages
from dnsinv_app.server import create_app, inner_app
from tests.app.conftest import ask, get
from tests.app.inventory import Inventory

ROOT = Path(__file__).parents[2]
DEADLINE = 30.0


def text_of(page: httpx.Response) -> str:
    """What a reader sees of it, spaces made one."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


def test_a_server_on_a_damaged_store_says_so_and_does_not_start(
    small: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.store.close()
    for path in (small.root / "data").glob("store.db*"):
        path.unlink()
    (small.root / "data" / "store.db").write_bytes(b"this is no database" * 100)
    monkeypatch.setenv("DB_PATH", str(small.root / "data"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    command = [sys.executable, "-m", "dnsinv_app.server"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "file is not a database" in done.stderr
    assert "Traceback" not in done.stderr


def test_health_is_ok_when_store_and_lake_can_be_read(small: Inventory) -> None:
    health = get(small.settings, "/healthz")
    assert (health.status_code, health.json()) == (200, {"status": "ok"})


def test_health_waits_for_nobody_who_writes(small: Inventory) -> None:
    installation = open_with(small.settings)
    transport = httpx.ASGITransport(create_app(installation))

    async def health() -> int:
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return (await client.get("/healthz")).status_code

    try:
        with small.store.begin():
            assert asyncio.run(health()) == 200
    finally:
        installation.close()


def test_health_says_that_the_lake_cannot_be_read(small: Inventory) -> None:
    for path in (small.root / "data" / "cache").glob("*.duckdb"):
        path.write_bytes(b"no database")
    assert get(small.settings, "/healthz").status_code == 503


def test_an_unknown_path_is_a_small_page(small: Inventory) -> None:
    page = get(small.settings, "/nowhere/<b>")
    assert page.status_code == 404
    assert "Not found There is no page at /nowhere/&lt;b&gt;." in text_of(page)


def test_an_unexpected_fault_is_a_small_page_without_particulars(small: Inventory) -> None:
    def broken(_: Request) -> Response:
        raise RuntimeError("particulars")

    installation = open_with(small.settings)
    routes: list[BaseRoute] = [Route("/broken", broken)]
    reader, pages = Reader(installation), Pages(small.settings)
    inside = inner_app(installation, reader, pages, routes, has_shell=False)
    page = ask(installation, "/broken", app=make_door(installation).guard(inside))
    reader.close()
    installation.close()
    assert page.status_code == 500
    assert "RuntimeError" in text_of(page)
    assert "particulars" not in page.text
    assert page.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    "path", ["/login", "/healthz", "/nowhere", "/assets/app.css", "/docs/settings"]
)
def test_every_answer_carries_the_security_headers(small: Inventory, path: str) -> None:
    page = get(small.settings, path)
    assert {name: page.headers[name] for name in HEADERS} == HEADERS
    assert page.headers["content-security-policy"].startswith("default-src 'none';")


def test_docs_are_served_and_nothing_beside_them(small: Inventory) -> None:
    assert (
        get(small.settings, "/docs/settings").headers["content-type"] == "text/plain; charset=utf-8"
    )
    assert get(small.settings, "/docs/nothing").status_code == 404
    assert get(small.settings, "/docs/..%2Fpyproject").status_code == 400


def test_a_foreign_name_is_refused_until_it_is_the_public_url(small: Inventory) -> None:
    assert get(small.settings, host="rebound.example").status_code == 421
    public = small.settings.model_copy(update={"public_url": "https://dns.company.example"})
    assert get(public, host="dns.company.example").status_code == 200
    assert get(public, host="127.0.0.1:8080").status_code == 200


def test_the_app_never_imports_dagster() -> None:
    code = "import sys, dnsinv_app.server; print(sorted({name.partition('.')[0] for name in sys.modules} & {'dagster', 'dnsinv_pipelines'}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_server_answers_on_this_machine_only_and_stops_on_sigterm(
    small: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("SERVER_PORT", str(port))
    monkeypatch.setenv("DB_PATH", str(small.root / "data"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    command = [sys.executable, "-m", "dnsinv_app.server"]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as server:
        pause, deadline = threading.Event(), time.monotonic() + DEADLINE
        while server.poll() is None and time.monotonic() < deadline:
            try:
                answer = httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False)
                break
            except httpx.ConnectError:
                pause.wait(0.05)
        assert answer.json() == {"status": "ok"}
        with pytest.raises(OSError, match=r"refused|assign"):
            # Another address of this machine answers where a server is bound to all of them.
            socket.create_connection(("127.0.0.2", port), timeout=5)
        server.terminate()
        assert server.wait(DEADLINE) in (0, -15)


def test_a_wrong_setting_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVER_PORT", "many")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    command = [sys.executable, "-m", "dnsinv_app.server"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "SERVER_PORT" in done.stderr
    assert "Traceback" not in done.stderr
