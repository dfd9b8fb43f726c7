"""Health and metrics of real installations, with a Dagster that answers, does not, or is none."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from dnsinv.actions.acting import Actor, NotAllowed
from dnsinv.actions.backup import make_backup
from dnsinv.actions.health import Health, State, health, readable
from dnsinv.actions.installation import Installation
from dnsinv.actions.manage import retire_account
from dnsinv.actions.metrics import Metrics
from dnsinv.domain.permission import Scope
from dnsinv.lake.readmodel import read_model
from dnsinv.store import accounts, collections
from dnsinv.store.collections import Collection
from tests.core.filled import AT, ROOT, act, add_user, observe, opened
from tests.core.scripted import Clock

ACCOUNTS = (
    '[[accounts]]\nname = "shop"\nprovider = "godaddy"\nbase_url = "http://127.0.0.1:9"\n'
    'clear_credential = {token = "hush"}\n'
    '[[accounts]]\nname = "bare"\nprovider = "godaddy"\ntoken_env = "NOT_SET_ANYWHERE"\n'
)


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    (tmp_path / "accounts.toml").write_text(ACCOUNTS)
    config = tmp_path / "accounts.toml"
    with opened(tmp_path / "data", dnsinv_config=config, dagster_port=1) as installation:
        yield installation


@contextmanager
def answering(body: bytes) -> Iterator[str]:
    """Something on a free port that says this to everybody."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def states(found: Health) -> dict[str, str]:
    return {part.name: part.state.value for part in found.parts}


def text_of(found: Health, name: str) -> str:
    return next(part.text for part in found.parts if part.name == name)


def collected(
    installation: Installation, number: int, state: str, hours: float, **more: object
) -> None:
    """A collection of the account shop that ended so many hours after AT, after ten minutes."""
    ended = AT + timedelta(hours=hours)
    started = ended - timedelta(minutes=10)
    row = Collection(f"c{number}", "godaddy", "shop", "full", state, started, ended, **more)  # type: ignore[arg-type]
    with installation.store.begin() as db:
        accounts.note_account(db, "shop", "godaddy", started)
        collections.save(db, row)


# -- health ---------------------------------------------------------------------------------------


def test_a_new_inventory_is_there_and_says_what_is_missing(installation: Installation) -> None:
    found = health(installation, AT)
    assert states(found) == {
        "store": "ok",
        "lake": "ok",
        "dagster": "down",
        "account:bare": "degraded",
        "account:shop": "degraded",
        "provider:cloudflare": "ok",
    }
    assert (found.state, found.http_status) == (State.DEGRADED, 200)
    assert "NOT_SET_ANYWHERE" in text_of(found, "account:bare")
    assert "never collected" in text_of(found, "account:shop")
    assert "Cloudflare is not configured" in text_of(found, "provider:cloudflare")


@pytest.mark.parametrize(
    ("body", "state"),
    [
        (b'{"dagster_version": "1.13.27"}', "ok"),
        (b"hello", "down"),
        (b"[]", "down"),
        (b"5", "down"),
    ],
)
def test_dagster_is_asked_whether_it_is_there(tmp_path: Path, body: bytes, state: str) -> None:
    with answering(body) as address, opened(tmp_path, dagster_url=address) as installation:
        found = health(installation, AT)
        assert states(found)["dagster"] == state
        assert found.state == {"ok": State.OK, "down": State.DEGRADED}[state]


@pytest.mark.parametrize(
    ("ends", "state", "told"),
    [
        (["completed"], "ok", "the last success was 2 hours ago"),
        (["partial"], "ok", "the last success was 2 hours ago"),
        (["completed", "failed", "failed"], "degraded", "fails since 2026-03-02 09:30 UTC"),
        (["failed"], "degraded", "it never succeeded. The key is not accepted."),
        (["failed", "completed"], "ok", "the last success"),
        (["completed", "held"], "degraded", "held back by the guard"),
    ],
)
def test_an_account_is_judged_by_its_last_collections(
    installation: Installation, ends: list[str], state: str, told: str
) -> None:
    for number, end in enumerate(ends):
        error = "The key is not accepted.\nMore." if end == "failed" else ""
        collected(installation, number, end, number, errors=error)
    found = health(installation, AT + timedelta(hours=len(ends) + 1))
    assert states(found)["account:shop"] == state
    assert told in text_of(found, "account:shop")


def test_an_account_that_nobody_collects_any_more_is_told(installation: Installation) -> None:
    collected(installation, 1, "completed", 0)
    assert states(health(installation, AT + timedelta(hours=3)))["account:shop"] == "ok"
    late = health(installation, AT + timedelta(hours=3, minutes=1))
    assert states(late)["account:shop"] == "degraded"
    assert "is not being collected" in text_of(late, "account:shop")


def test_a_retired_account_is_nobodys_worry(installation: Installation) -> None:
    collected(installation, 1, "failed", 0)
    retire_account(installation, ROOT, "shop", True)
    assert "account:shop" not in states(health(installation, AT))


def test_a_store_that_cannot_be_read_is_503(installation: Installation, tmp_path: Path) -> None:
    installation.close()
    (tmp_path / "data/store.db").write_bytes(b"\xa5" * 8192)
    for name in ("store.db-wal", "store.db-shm"):
        (tmp_path / "data" / name).unlink(missing_ok=True)
    for found in (health(installation, AT), readable(installation, AT)):
        assert (states(found)["store"], states(found)["lake"]) == ("down", "ok")
        assert (found.state, found.http_status) == (State.DOWN, 503)
    assert "account:shop" not in states(health(installation, AT))


@pytest.mark.parametrize("is_there", [True, False], ids=["read model", "no read model"])
def test_a_lake_that_cannot_be_read_is_503(installation: Installation, is_there: bool) -> None:
    observe(installation, "192.0.2.1", Clock())
    good = health(installation, AT)
    assert "The last publication was" in text_of(good, "lake")
    model = read_model(installation.lake)
    assert model is not None
    if is_there:
        model.write_bytes(b"\xa5" * 8192)
    else:
        model.unlink()
        assert states(health(installation, AT))["lake"] == "degraded"
        installation.lake.layout.current("domains").write_bytes(b"torn")
    found = health(installation, AT)
    assert states(found)["lake"] == "down"
    assert found.http_status == 503


# -- metrics --------------------------------------------------------------------------------------


def samples(metrics: Metrics, actor: Actor = ROOT) -> dict[str, float]:
    """Every sample as Prometheus reads it, by name and labels."""
    found = {}
    for family in text_string_to_metric_families(metrics.text(actor).decode()):
        for sample in family.samples:
            labels = ",".join(f"{k}={v}" for k, v in sorted(sample.labels.items()))
            key = f"{sample.name}{{{labels}}}"
            assert key not in found
            found[key] = sample.value
    return found


def check_metrics(installation: Installation) -> None:
    clock = Clock(2026, 3, 2, 9)
    observe(installation, "192.0.2.1", clock)
    at = clock() + timedelta(hours=2)
    collected(installation, 1, "failed", 30, requests=7)
    act(installation, "ada")
    made = make_backup(installation, ROOT)
    found = samples(Metrics(installation, lambda: at))

    shop = "account=shop,provider=godaddy"
    assert found["dnsinv_domains{cloudflare=-,godaddy=active}"] == 3
    assert found[f"dnsinv_records{{{shop}}}"] == 3
    assert found["dnsinv_zones{account=shop,provider=godaddy,state=complete}"] == 3
    assert found[f"dnsinv_zones_read_within{{{shop},within_seconds=3600}}"] == 0
    assert found[f"dnsinv_zones_read_within{{{shop},within_seconds=21600}}"] == 3
    assert found[f"dnsinv_zones_read_within{{{shop},within_seconds=+Inf}}"] == 3
    assert found[f"dnsinv_collections_total{{{shop},state=completed}}"] == 1
    assert found[f"dnsinv_collections_total{{{shop},state=failed}}"] == 1
    assert found[f"dnsinv_collection_seconds_count{{{shop}}}"] == 2
    assert found[f"dnsinv_collection_last_seconds{{{shop}}}"] == 600
    assert found[f"dnsinv_collection_failing{{{shop}}}"] == 1
    assert found[f"dnsinv_provider_requests_total{{{shop}}}"] == 11
    ended = found[f"dnsinv_collection_ended_timestamp_seconds{{{shop}}}"]
    assert ended == (AT + timedelta(hours=30)).timestamp()
    assert found[f"dnsinv_collection_succeeded_timestamp_seconds{{{shop}}}"] < ended
    assert found["dnsinv_users{}"] == 1
    assert found["dnsinv_audit_entries_total{}"] == 2
    assert found["dnsinv_backups{}"] == 1
    assert found["dnsinv_backups_bytes{}"] == made.size
    assert found["dnsinv_backup_last_timestamp_seconds{}"] == made.facts.made_at.timestamp()
    assert found["process_resident_memory_bytes{}"] > 1e6
    assert all(found[f"dnsinv_up{{part={part}}}"] == 1 for part in ("store", "lake", "backups"))
    assert any(name.startswith("dnsinv_build_info{") for name in found)


def test_the_inventory_in_numbers(installation: Installation) -> None:
    check_metrics(installation)


def test_every_metric_is_documented(installation: Installation) -> None:
    observe(installation, "192.0.2.1", Clock())
    collected(installation, 1, "failed", 30)
    make_backup(installation, ROOT)
    told = (Path(__file__).parents[2] / "docs/operations.md").read_text(encoding="utf-8")
    metrics = Metrics(installation)
    metrics.request("GET", "/", 200, 0.1)
    for family in text_string_to_metric_families(metrics.text(ROOT).decode()):
        name = family.name.removesuffix("_created")
        assert name in told or name.startswith("process_"), name


def test_the_same_numbers_from_postgres(tmp_path: Path, postgres: str) -> None:
    with opened(tmp_path, postgres) as installation:
        check_metrics(installation)


def test_requests_are_counted_by_route_and_nothing_asked_for_makes_a_series(
    installation: Installation,
) -> None:
    metrics = Metrics(installation)
    for _ in range(3):
        metrics.request("GET", "/api/domains/{name}", 200, 0.004)
    metrics.request("BREW", "", 404, 0.2)
    found = samples(metrics)
    assert found["dnsinv_http_requests_total{method=GET,route=/api/domains/{name},status=200}"] == 3
    assert found["dnsinv_http_requests_total{method=other,route=none,status=404}"] == 1
    assert found["dnsinv_http_request_seconds_bucket{le=0.005,route=/api/domains/{name}}"] == 3
    assert found["dnsinv_http_request_seconds_count{route=none}"] == 1
    other = samples(Metrics(installation))
    assert not any(name.startswith("dnsinv_http_requests_total") for name in other)


def test_what_cannot_be_read_is_left_out_and_said(installation: Installation) -> None:
    observe(installation, "192.0.2.1", Clock())
    model = read_model(installation.lake)
    assert model is not None
    model.write_bytes(b"\xa5" * 8192)
    found = samples(Metrics(installation))
    assert found["dnsinv_up{part=lake}"] == 0
    assert found["dnsinv_up{part=store}"] == 1
    assert not any(name.startswith("dnsinv_domains") for name in found)


def test_a_token_or_an_administrator_may_read_them(installation: Installation) -> None:
    with installation.store.begin() as db:
        ids = {role: add_user(db, role, 0, role) for role in ("admin", "editor")}
    metrics = Metrics(installation)
    assert samples(metrics, Actor("admin", "web", ids["admin"]))
    assert samples(metrics, Actor("editor", "api", ids["editor"], Scope.READ))
    with pytest.raises(NotAllowed):
        metrics.text(Actor("editor", "web", ids["editor"]))
    with pytest.raises(NotAllowed):
        metrics.text(Actor("gone", "api", 99, Scope.READ))
