"""What no client should send: it is refused in one shape, breaks nothing and reaches nothing."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.app.api import Served, error_of, served_from
from tests.app.inventory import Inventory

MALFORMED = Path(__file__).parents[3] / "shared" / "data" / "malformed"
"""Strings and JSON documents that break programs; not part of the repository."""

INJECTIONS = (
    "' or 1=1 --", "'; drop table users; --", "name; select 1", "name) from domains; --", "../../../etc/passwd", "%00", "\\", '"',
    "${jndi:ldap://127.0.0.1/a}", "{{7*7}}", "<script>alert(1)</script>", "read_csv('/etc/passwd')", "name desc, (select 1)",
    "name union select password_hash from users", "-", "--name", "*", "name\x1b[0m",
)  # fmt: skip
LISTS = {
    "/api/domains": ("search", "status", "provider", "owner", "group", "tag", "sort"),
    "/api/dns": ("search", "domain", "type", "provider", "owner", "group", "sort"),
    "/api/changes": ("domain", "name", "type", "provider", "account", "since", "until"),
    "/api/audit": ("actor", "action", "subject"),
    "/api/collections": ("account",),
    "/api/migration/progress": ("job_id",),
    "/api/migration/events": ("job_id",),
    "/api/migration/errors": ("job_id", "format"),
    "/export/domains.csv": ("search", "sort"),
    "/export/dns.csv": ("search", "sort"),
}
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/api/users"): {"name": "x", "email": "x@shop.example", "department": "x"},
    ("POST", "/api/groups"): {"name": "x", "description": "x"},
    ("POST", "/api/tokens"): {"name": "x", "user": "the-viewer"},
    ("POST", "/api/rules"): {"pattern": "x", "owners": ["x"]},
    ("POST", "/api/domains"): {"name": "x"},
    ("PATCH", "/api/domains/alpha.example"): {"note": "x", "tags": ["x"]},
    ("POST", "/api/assign-domain"): {"names": ["x"], "owners": ["x"], "mode": "add"},
    ("POST", "/api/collect-dns"): {"domain": "x", "account": "x"},
    ("POST", "/api/backups"): {"name": "x"},
    ("POST", "/api/migration"): {
        "upload_id": "x",
        "template_id": "x",
        "assign_to_users": ["x"],
        "name": "x",
    },
    ("POST", "/api/migration/preview"): {"upload_id": "x", "template_id": "x"},
    ("POST", "/api/migration/control"): {"job_id": "x", "action": "pause"},
    ("POST", "/api/migration/undo"): {"job_id": "x"},
}


def naughty_strings() -> list[str]:
    path = MALFORMED / "blns" / "blns.json"
    if not path.exists():
        return []
    found: list[str] = json.loads(path.read_text(encoding="utf-8"))
    return found


def is_sound(reply: httpx.Response) -> bool:
    """An answer below 500 that is JSON, a problem where it is a refusal."""
    assert reply.status_code < 500, f"{reply.request.method} {reply.request.url}: {reply.text}"
    if reply.status_code >= 400:
        error_of(reply)
    return True


def variants(body: dict[str, Any], text: str) -> Iterator[dict[str, Any]]:
    for name, value in body.items():
        yield body | {name: [text] if isinstance(value, list) else text}


@pytest.mark.parametrize(("path", "name"), [(p, n) for p, names in LISTS.items() for n in names])
def test_filters_and_sorting_take_text_for_text(served: Served, path: str, name: str) -> None:
    total = served.as_admin.get("/api/domains").json()["total"]
    for text in (*INJECTIONS, *naughty_strings()[::20]):
        reply = served.as_admin.get(path, params={name: text})
        assert is_sound(reply)
        assert "root:" not in reply.text
    assert served.as_admin.get("/api/domains").json()["total"] == total


@pytest.mark.parametrize("step", [pytest.param(1, marks=pytest.mark.verify), 15])
@pytest.mark.parametrize(("method", "path"), BODIES)
def test_naughty_strings_in_every_field_are_kept_as_they_are_or_refused(
    served: Served, method: str, path: str, step: int
) -> None:
    if not naughty_strings():
        pytest.skip("the list of naughty strings is not on this machine")
    for text in naughty_strings()[::step]:
        for body in variants(BODIES[method, path], text):
            assert is_sound(served.as_admin.request(method, path, json=body))


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "\ud800", "a\udfffb"])
@pytest.mark.parametrize(("method", "path"), BODIES)
def test_half_characters_and_nul_are_refused(
    served: Served, method: str, path: str, text: str
) -> None:
    for body in variants(BODIES[method, path], text):
        reply = served.as_admin.request(
            method,
            path,
            content=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        assert error_of(reply)[0] in (404, 422), body


@pytest.mark.parametrize(("method", "path"), BODIES)
def test_an_unknown_field_is_refused_and_the_known_ones_are_named(
    served: Served, method: str, path: str
) -> None:
    body = BODIES[method, path]
    status, code, message = error_of(
        served.as_admin.request(method, path, json=body | {"colour": 1})
    )
    assert (status, code) == (422, "wrong_input")
    assert "'colour'" in message
    assert all(name in message for name in body)


@pytest.mark.parametrize(("method", "path"), BODIES)
@pytest.mark.parametrize("body", [None, [], [[]], 1, "x", True, {"name": 7}, {"name": {}}])
def test_a_body_of_another_shape_is_refused(
    served: Served, method: str, path: str, body: object
) -> None:
    reply = served.as_admin.request(
        method,
        path,
        content=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    assert is_sound(reply)
    assert body is None or error_of(reply)[0] == 422


def test_documents_that_are_not_json_are_malformed(served: Served) -> None:
    folder = MALFORMED / "JSONTestSuite"
    if not folder.exists():
        pytest.skip("JSONTestSuite is not on this machine")
    # Python's json takes these three words, which are refused as values further on.
    lenient = {"n_number_NaN.json", "n_number_infinity.json", "n_number_minus_infinity.json"}
    for path in sorted(folder.glob("*.json")):
        reply = served.as_admin.post(
            "/api/groups", content=path.read_bytes(), headers={"Content-Type": "application/json"}
        )
        status, _, _ = error_of(reply)
        if path.name.startswith("n_") and path.stat().st_size and path.name not in lenient:
            assert status == 400, path.name
        assert status in (400, 422), path.name


def test_lists_of_ten_thousand_are_taken_where_there_is_bulk_and_said_where_not(
    served: Served,
) -> None:
    names = [f"d{number}.example" for number in range(10_000)]
    body = {"names": names, "owners": ["the-viewer"], "mode": "add"}
    assert is_sound(served.as_admin.post("/api/assign-domain", json=body))
    tagged = served.as_admin.patch("/api/domains/alpha.example", json={"tags": names})
    assert error_of(tagged)[0] == 422


def test_a_body_of_another_kind_is_refused_by_name(served: Served) -> None:
    for kind in ("text/plain", "application/xml", "multipart/form-data; boundary=x", ""):
        reply = served.as_admin.post("/api/groups", content=b"{}", headers={"Content-Type": kind})
        assert error_of(reply)[:2] == (415, "unsupported_media_type")


def test_a_body_beyond_the_limit_is_refused_whether_announced_or_not(served: Served) -> None:
    headers = {"Content-Type": "application/json"}
    announced = served.as_admin.post("/api/groups", content=b" " * 17_000_000, headers=headers)
    assert error_of(announced)[:2] == (413, "too_large")

    def pieces() -> Iterator[bytes]:
        for _ in range(17):
            yield b" " * 1_000_000

    chunked = served.as_admin.post("/api/groups", content=pieces(), headers=headers)
    assert error_of(chunked)[:2] == (413, "too_large")


def test_an_unknown_parameter_is_refused_and_the_known_ones_are_named(served: Served) -> None:
    status, _, message = error_of(served.as_admin.get("/api/domains?colour=1"))
    assert status == 422
    assert "'colour'" in message
    assert "expiring" in message
    assert error_of(served.as_admin.post("/api/groups?colour=1", json={"name": "x"}))[0] == 422


def test_a_query_that_is_not_text_is_refused(served: Served) -> None:
    assert error_of(served.as_admin.get("/api/domains?search=%ff"))[0] == 400
    assert error_of(served.as_admin.get("/api/domains?search=%00"))[0] == 422


def test_an_address_that_is_not_there_and_a_method_that_is_not_taken(served: Served) -> None:
    assert error_of(served.as_admin.get("/api/nothing"))[:2] == (404, "not_there")
    assert error_of(served.as_admin.get("/api/domains/"))[0] == 404
    assert error_of(served.as_admin.get("/export/users.csv"))[0] == 404
    refused = served.as_admin.delete("/api/domains")
    assert error_of(refused)[:2] == (405, "method_not_allowed")
    assert refused.headers["Allow"]


def test_numbers_beyond_reason_are_refused(served: Served) -> None:
    for path in ("/api/users/0", "/api/users/-1", f"/api/users/{2**63}", "/api/users/x"):
        assert error_of(served.as_admin.delete(path))[0] == 422
    for query in ("page=0", "limit=0", "limit=501", f"page={2**70}", "expiring=-1", "page=1e3"):
        assert error_of(served.as_admin.get(f"/api/domains?{query}"))[0] == 422
    for since in ("0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-14:00"):
        assert error_of(served.as_admin.get(f"/api/audit?since={since}"))[0] == 422
    group = served.as_admin.post("/api/groups", json={"name": "numbers"}).json()["id"]
    for number in (0, -1, 2**31, 2**63):
        asked = served.as_admin.post(f"/api/groups/{group}/members", json={"users": [number]})
        assert error_of(asked)[0] == 422


def test_only_administrators_are_told_which_files_cannot_be_read(small: Inventory) -> None:
    for path in (small.root / "data" / "cache").glob("*.duckdb"):
        path.write_bytes(b"no database")
    with served_from(small.settings) as served:
        for client in (served.as_viewer, served.as_editor):
            status, code, message = error_of(client.get("/api/domains"))
            assert (status, code) == (503, "lake_unavailable")
            assert message == (
                "The inventory cannot be read now; the log tells an administrator more."
            )
        assert str(small.root) in error_of(served.as_admin.get("/api/domains"))[2]
