"""The status page as a browser gets it."""

import re
import socket
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from dnsinv.actions.installation import open_with
from dnsinv.settings import Settings
from dnsinv.store import accounts
from dnsinv_app.headers import HEADERS
from tests.app.conftest import ask, get
from tests.app.inventory import TODAY, Inventory, zones_of
from tests.core.scripted import Scripted, a_record

ROOT = Path(__file__).parents[2]
DEADLINE = 30.0


def text_of(page: httpx.Response) -> str:
    """What a reader sees of it, spaces made one."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


def test_the_page_shows_figures_accounts_and_changes(small: Inventory) -> None:
    page = get(small.settings)
    text = text_of(page)
    assert page.status_code == 200
    assert "Domains 3 " in text
    assert "DNS records 30 in 3 zones" in text
    assert "gd-main godaddy completed 28 days ago" in text
    assert "www.beta.example A modified 192.0.2.12 198.51.100.7 28 days ago" in text
    assert 'href="http://127.0.0.1:3000"' in page.text
    assert "Not configured: Cloudflare." in text
    assert "refresh" not in page.headers


def test_holds_failures_progress_and_missing_credentials_are_said(busy: Inventory) -> None:
    page = get(busy.settings)
    text = text_of(page)
    assert (
        "gd-brands-and-defensive-registrations : 11 of 20 domains are missing from the listing, seen 2 h ago"
        in text
    )
    assert re.search(
        r"It is right: dnsinv collection accept \d+T\d+-gd-brands-and-defensive-registrations", text
    )
    assert "gd-main : 1 zone has lost most records at once (payments-turin.example)" in text
    assert "61 of 160 zones read" in text
    assert "not collected" in text
    assert "GODADDY_LAB_TOKEN not set" in text
    assert "payments-bonn.example: GoDaddy did not answer: 503 three times. (and 1 more)" in text
    assert "Retired: old-reseller (2026-03-31)." in text
    assert "secret-token" not in page.text
    assert page.headers["refresh"] == "10"


def test_a_cycle_longer_than_the_interval_is_explained(small: Inventory) -> None:
    small.pace = timedelta(minutes=25)
    small.clock.now = TODAY - timedelta(hours=2)
    names = ["alpha.example", "beta.example", "gamma.example"]
    small.collect("gd-main", Scripted(zones_of(names)))
    text = text_of(get(small.settings))
    assert "cycle 1 h 15 min" in text
    assert (
        "A full cycle takes longer than the interval: the zones read longest ago go first." in text
    )


def test_an_empty_installation_says_what_to_do_first(tmp_path: Path) -> None:
    settings = Settings(db_path=tmp_path / "data", database_url="")
    text = text_of(get(settings))
    assert "Nothing was collected yet Give it an account to read: set GODADDY_API_TOKEN" in text
    assert "make demo" in text

    configured = settings.model_copy(update={"dnsinv_config": tmp_path / "dnsinv.toml"})
    (tmp_path / "dnsinv.toml").write_text(
        '[[accounts]]\nname = "cf"\nprovider = "cloudflare"\nbase_url = "http://localhost:1"\nclear_credential = {token = "t"}\n'
    )
    text = text_of(get(configured))
    assert "1 account configured. The first collection starts by itself" in text
    assert "cf cloudflare not yet" in text


def test_whatever_comes_from_outside_is_escaped(tmp_path: Path) -> None:
    evil = "<script>alert('x')</script>"
    inventory = Inventory(tmp_path)
    inventory.configure("gd-main", "godaddy", f'token_env = "{evil}"')
    zone = [a_record("alpha.example", "www", "192.0.2.1")]
    provider = Scripted({"alpha.example": zone})
    inventory.collect("gd-main", provider)
    inventory.clock.forward(hours=1)
    provider.zones["alpha.example"] = [*zone, a_record("alpha.example", evil, evil)]
    inventory.collect("gd-main", provider)
    inventory.derive()

    page = get(inventory.settings.model_copy(update={"brand_name": evil}), clock=inventory.clock)
    assert "<script" not in page.text
    assert page.text.count("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;") >= 5


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


def test_a_damaged_lake_leaves_the_rest_of_the_page(small: Inventory) -> None:
    for path in (small.root / "data" / "cache").glob("*.duckdb"):
        path.write_bytes(b"no database")
    text = text_of(get(small.settings))
    assert "The read model cannot be read" in text
    assert "gd-main godaddy completed" in text
    assert get(small.settings, "/healthz").status_code == 503


def test_a_wrong_account_file_is_said_on_the_page(small: Inventory) -> None:
    installation = open_with(small.settings)
    (small.root / "dnsinv.toml").write_text("[[accounts]\n")
    text = text_of(ask(installation, "/status"))
    installation.close()
    assert "dnsinv.toml cannot be read" in text


def test_health_is_ok_when_store_and_lake_can_be_read(small: Inventory) -> None:
    health = get(small.settings, "/healthz")
    assert (health.status_code, health.json()) == (200, {"status": "ok"})


def test_an_unknown_path_is_a_small_page(small: Inventory) -> None:
    page = get(small.settings, "/nowhere/<b>")
    assert page.status_code == 404
    assert "Not found There is no page at /nowhere/&lt;b&gt;." in text_of(page)


def test_an_unexpected_fault_is_a_small_page_without_particulars(small: Inventory) -> None:
    def broken() -> None:
        raise RuntimeError("particulars")

    page = get(small.settings, clock=broken)  # type: ignore[arg-type]
    assert page.status_code == 500
    assert "RuntimeError" in text_of(page)
    assert "particulars" not in page.text
    assert page.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    "path", ["/status", "/login", "/healthz", "/nowhere", "/assets/app.css", "/docs/settings"]
)
def test_every_answer_carries_the_security_headers(small: Inventory, path: str) -> None:
    page = get(small.settings, path)
    assert {name: page.headers[name] for name in HEADERS} == HEADERS
    assert page.headers["content-security-policy"].startswith("default-src 'none';")


def test_the_page_needs_nothing_that_its_policy_forbids(busy: Inventory) -> None:
    page = get(busy.settings).text
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=|https?://(?!127\.0\.0\.1:3000)", page)


def test_docs_are_served_and_nothing_beside_them(small: Inventory) -> None:
    assert (
        get(small.settings, "/docs/settings").headers["content-type"] == "text/plain; charset=utf-8"
    )
    assert get(small.settings, "/docs/nothing").status_code == 404
    assert get(small.settings, "/docs/..%2Fpyproject").status_code == 400


def test_a_foreign_name_is_refused_until_it_is_the_public_url(small: Inventory) -> None:
    assert get(small.settings, host="rebound.example").status_code == 421
    assert "alpha.example" not in get(small.settings, host="rebound.example").text
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


def test_the_first_collection_is_said_to_be_under_way(tmp_path: Path) -> None:
    inventory = Inventory(tmp_path)
    inventory.configure("gd-main", "godaddy")
    with inventory.store.begin() as db:
        accounts.note_account(db, "gd-main", "godaddy", inventory.clock.now)
    inventory.leave_running("gd-main", "godaddy", 40, 10)
    text = text_of(get(inventory.settings))
    assert "The first collection is under way." in text
    assert "10 of 40 zones read" in text
