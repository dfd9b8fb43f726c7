"""Migrations over the API: real files through the real gate, and what no client should send."""

import http.client
import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from dnsinv.actions import migrate, migration_request
from dnsinv.actions.groups import create_group
from dnsinv.actions.people import create_user
from dnsinv.actions.templates import find_template
from dnsinv_app.api.migration_events import MOST_STREAMS
from tests.app.api import OPERATOR, Served, error_of, served_from
from tests.app.inventory import Inventory
from tests.app.served import serving

PAGE = (Path(__file__).parents[2] / "docs" / "migration.md").read_text(encoding="utf-8")
LEGACY = (
    b'[{"domain": "example.com", "status": "active", "discovery_date": "2024-01-01", '
    b'"godaddy_status": "active", "cloudflare_status": "active"}]'
)
FORM = {
    "template_id": "GoDaddy domains (legacy)",
    "batch_size": "50",
    "duplicate_strategy": "merge",
    "assign_to_users": "boss, dns-team",
    "validate_domains": "false",
}
DEADLINE = 60.0


@pytest.fixture(scope="module", autouse=True)
def _people(served: Served) -> None:
    create_user(served.installation, OPERATOR, {"name": "boss", "role": "admin"})
    create_group(served.installation, OPERATOR, "dns-team")
    create_user(served.installation, OPERATOR, {"name": "twice", "email": "one@shop.example"})
    create_group(served.installation, OPERATOR, "twice")


def begin(served: Served, content: bytes = LEGACY, name: str = "legacy.json", **more: str) -> str:
    """The id of a migration that waits."""
    reply = served.as_editor.post(
        "/api/migration", files={"file": (name, content)}, data=FORM | more
    )
    assert reply.status_code == 202, reply.text
    return str(reply.json()["job_id"])


def run(served: Served, job_id: str) -> None:
    """Do it as a worker of the services would."""
    migrate.run(served.installation, migrate.number_of(job_id), wait)


def wait(seconds: float) -> None:
    threading.Event().wait(seconds)


def progress(served: Served, job_id: str) -> dict[str, Any]:
    found: dict[str, Any] = served.as_viewer.get(
        "/api/migration/progress", params={"job_id": job_id}
    ).json()
    return found


def uploads(served: Served) -> list[Path]:
    """All that is kept of what was sent."""
    folder = served.installation.lake.layout.uploads
    return sorted(folder.rglob("*")) if folder.exists() else []


def raw(
    served: Served, body: bytes, headers: dict[str, str], path: str = "/api/migration/uploads"
) -> tuple[int, dict[str, Any]]:
    """What a body is answered that no client would make."""
    parts = urlsplit(served.address)
    line = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=DEADLINE)
    told = {"Authorization": f"Bearer {served.tokens['editor']}", **headers}
    try:
        line.request("POST", path, body, told)
        reply = line.getresponse()
        return reply.status, json.loads(reply.read())
    finally:
        line.close()


def part(name: str, content: bytes, *, file: str | None = None) -> bytes:
    more = "" if file is None else f'; filename="{file}"'
    head = f'--x\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return head.encode() + content + b"\r\n"


IS_FORM = {"Content-Type": "multipart/form-data; boundary=x"}


def test_the_legacy_example_comes_in_as_it_stands(served: Served) -> None:
    asked = FORM | {"validate_domains": "true"}
    reply = served.as_editor.post("/api/migration", files={"file": LEGACY}, data=asked)
    assert reply.status_code == 202
    accepted = reply.json()
    job_id = accepted["job_id"]
    assert reply.headers["Location"] == f"/api/migration/progress?job_id={job_id}"
    assert (accepted["state"], accepted["confidence"]) == ("pending", None)
    assert accepted["message"].startswith("Dagster does it in run run-")

    waiting = served.as_viewer.get(reply.headers["Location"]).json()
    assert (waiting["state"], waiting["owners"]) == ("pending", ["user:boss", "group:dns-team"])
    assert (waiting["batch_size"], waiting["validate_domains"]) == (50, True)
    assert waiting["links"]["dagster"].endswith(waiting_run(served))

    run(served, job_id)
    done = progress(served, job_id)
    assert (done["state"], done["percent"], done["kept"]) == ("completed", 100.0, {})
    assert {name: n for name, n in done["committed"].items() if n} == {"new": 1}
    [found] = served.as_viewer.get("/api/domains?search=example.com").json()["items"]
    assert (found["status"], found["discovered_on"]) == ("(active, active)", "2024-01-01")
    assert (found["owners"], found["groups"]) == (["boss"], ["dns-team"])
    [entry] = served.as_admin.get("/api/audit?action=migration.start").json()["items"][:1]
    assert (entry["subject"], entry["door"]) == (job_id, "api")


def waiting_run(served: Served) -> str:
    return f"/runs/run-{len(served.launched.runs)}"


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
def test_the_walk_with_curl_works_as_it_is_written(served: Served, tmp_path: Path) -> None:
    chapter = PAGE.partition("\n## The same over the API\n")[2].partition("\n## ")[0]
    commands = "\n".join(re.findall(r"```sh\n(.*?)```", chapter, re.DOTALL))
    commands = commands.replace("--user admin", "--user the-admin").replace("=admin,", "=boss,")
    (tmp_path / "legacy.json").write_bytes(LEGACY)
    settings = served.installation.settings
    walk = subprocess.run(
        [
            "env",
            f"PATH={Path(sys.executable).parent}:/usr/bin:/bin",
            f"DB_PATH={settings.data_path}",
            "DAGSTER_PORT=1",
            f"DNSINV={served.address}",
            *("bash", "-e", "-o", "pipefail", "-c", commands),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert walk.returncode == 0, walk.stdout + walk.stderr
    assert '"is_sure":true' in walk.stdout
    assert '"state":"paused"' in walk.stdout
    assert "event: end" in walk.stdout
    assert '"is_undone":true' in walk.stdout.splitlines()[-1]
    assert (tmp_path / "errors.csv").read_text().startswith("item,line,field")


def test_a_file_that_was_sent_before_is_analyzed_previewed_and_imported(served: Served) -> None:
    content = b"domain,status\ngood.example,active\nbad_/name,active\n"
    sent = served.as_editor.post("/api/migration/uploads", files={"file": ("a.csv", content)})
    assert sent.status_code == 201
    upload = sent.json()
    assert (upload["name"], upload["bytes"], len(upload["sha256"])) == ("a.csv", len(content), 64)
    named = {"upload_id": upload["upload_id"]}
    analysis = served.as_editor.post("/api/migration/analyze", json=named).json()
    assert (analysis["format"], analysis["items"]) == ("csv", 2)
    assert [field["path"] for field in analysis["fields"]] == ["domain", "status"]
    how = named | {
        "template_id": "godaddy-domains",
        "assign_to_users": ["boss"],
        "validate_domains": False,
    }
    preview = served.as_editor.post("/api/migration/preview", json=how).json()
    assert (preview["rows"]["new"], preview["invalid"], preview["owners"]) == (1, 1, ["user:boss"])
    assert [each["text"] for each in preview["changes"]] == ["1 domains: new."]
    assert preview["samples"][0]["domains"][0]["outcome"] == "new"
    assert served.as_viewer.get("/api/domains?search=good.example").json()["total"] == 0

    job_id = served.as_editor.post("/api/migration", json=how).json()["job_id"]
    run(served, job_id)
    done = progress(served, job_id)
    assert (done["state"], done["invalid"], done["errors"]) == ("completed with errors", 1, 1)
    assert done["last_errors"][0]["value"] == "bad_/name"


def test_a_definition_is_tried_before_it_is_kept(served: Served) -> None:
    definition = {
        "id": "tried",
        "name": "Tried",
        "domains": {"columns": {"name": {"paths": ["fqdn"], "rules": [{"rule": "required"}]}}},
    }
    upload = served.as_editor.post(
        "/api/migration/analyze", files={"file": b'[{"fqdn": "tried.example"}]'}
    ).json()["upload_id"]
    tried = served.as_editor.post(
        "/api/migration/preview", json={"upload_id": upload, "template": definition}
    )
    assert tried.json()["samples"][0]["domains"][0]["name"] == "tried.example"
    both = {"upload_id": upload, "template": definition, "template_id": "flexible"}
    reply = served.as_editor.post("/api/migration/preview", json=both)
    assert error_of(reply)[2] == "Give either template or template_id."


def test_what_a_provider_observes_is_reported_as_kept(served: Served) -> None:
    content = b'[{"domain": "alpha.example", "discovery_date": "2001-01-01"}]'
    job_id = begin(served, content)
    run(served, job_id)
    assert progress(served, job_id)["kept"] == {"godaddy": {"domains": 1}}


def test_rows_of_which_an_earlier_migration_was_meanwhile_are_told(served: Served) -> None:
    content = b'[{"domain": "together.example"}]'
    first, second = begin(served, content), begin(served, content)
    for job_id in (second, first):
        migrate.stage(served.installation, migrate.number_of(job_id), lambda _: None)
    for job_id in (second, first):
        run(served, job_id)
    assert progress(served, first)["overtaken"] == {}
    assert progress(served, second)["overtaken"] == {"domains": 1}


@pytest.mark.parametrize(
    ("wrong", "status", "said"),
    [
        ({"assign_to_users": "nobody-at-all"}, 422, "nobody-at-all"),
        ({"template_id": "no-such"}, 404, "There is no template 'no-such'"),
        ({"batch_size": "9"}, 422, "batch_size"),
        ({"batch_size": "many"}, 422, "batch_size"),
        ({"duplicate_strategy": "overwrite"}, 422, "duplicate_strategy"),
        ({"validate_domains": "perhaps"}, 422, "validate_domains"),
        ({"colour": "blue"}, 422, "There is no field 'colour'"),
        ({"upload_id": "0" * 32}, 422, "Give one file"),
        ({"create_users": "true"}, 403, "manage people"),
    ],
)
def test_a_wrong_option_is_refused_and_nothing_of_the_file_is_left(
    served: Served, wrong: dict[str, str], status: int, said: str
) -> None:
    before, total = uploads(served), served.as_viewer.get("/api/migration/jobs").json()["total"]
    reply = served.as_editor.post("/api/migration", files={"file": LEGACY}, data=FORM | wrong)
    assert error_of(reply)[0] == status
    assert said in error_of(reply)[2]
    assert uploads(served) == before
    assert served.as_viewer.get("/api/migration/jobs").json()["total"] == total


def test_an_owner_that_may_be_two_is_refused_until_it_is_said_which(served: Served) -> None:
    reply = served.as_editor.post(
        "/api/migration", files={"file": LEGACY}, data=FORM | {"assign_to_users": "group:twice"}
    )
    assert reply.status_code == 202
    assert progress(served, reply.json()["job_id"])["owners"] == ["group:twice"]


def test_without_a_file_and_without_a_sure_template_it_is_said_what_to_do(served: Served) -> None:
    assert "Give one file" in error_of(served.as_editor.post("/api/migration", json={}))[2]
    odd = served.as_editor.post("/api/migration", files={"file": b'[{"a": 1}]'})
    assert error_of(odd)[0] == 422
    assert "No template is sure to fit" in error_of(odd)[2]
    gone = served.as_editor.post("/api/migration", json={"upload_id": "../../../etc/passwd"})
    assert error_of(gone)[0] == 404


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is empty"),
        (b'[{"domain": "a.example"', "line 1"),
        (b'[{"domain": NaN}]', "line 1"),
        (b"\xff\xfe\x00\xd8", "UTF-16"),
        (b"PK\x03\x04 a zip", "zip"),
    ],
)
def test_a_file_that_is_none_is_refused_with_its_cause(
    served: Served, content: bytes, said: str
) -> None:
    reply = served.as_editor.post("/api/migration/analyze", files={"file": ("bad", content)})
    assert error_of(reply)[0] == 422
    assert said in error_of(reply)[2]
    job_id = begin(served, content)
    run(served, job_id)
    told = progress(served, job_id)
    assert told["state"] == "failed"
    assert said in told["message"] or "legacy.json" in told["message"]


@pytest.mark.parametrize(
    "name",
    [
        "../../../../etc/passwd",
        "..\\..\\windows\\win.ini",
        "/etc/shadow",
        "a\x00b.json",
        "\x1b[31mred.json",
        "‮gnp.exe",
        "." * 300,
        "𝕹" * 400 + ".json",
        "<script>alert(1)</script>.json",
        "=cmd|'/c calc'!A1.csv",
        "%2e%2e%2f",
        "",
    ],
)
def test_whatever_a_file_is_called_nothing_is_called_by_it(served: Served, name: str) -> None:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    status, told = raw(served, part("file", LEGACY, file=escaped) + b"--x--\r\n", IS_FORM)
    assert status == 201, told
    assert "/" not in told["name"]
    assert "\\" not in told["name"]
    assert 0 < len(told["name"]) <= 200
    assert told["name"].isprintable()
    kept = {path.name for path in uploads(served)}
    assert all(re.fullmatch(r"[0-9a-f]{32}|content|upload\.json", each) for each in kept)


def test_forms_that_no_client_makes_are_refused_and_leave_nothing(served: Served) -> None:
    before = uploads(served)
    file = part("file", LEGACY, file="a.json")
    end = b"--x--\r\n"
    for body, status, said in (
        (file, 400, "breaks off"),
        (file[:-20], 400, "breaks off"),
        (b"", 422, "Give one file"),
        (b"nothing of the kind", 400, "not multipart/form-data"),
        (file + file + end, 422, "twice"),
        (part("a", b"1") + part("a", b"2") + end, 422, "twice"),
        (part("other", LEGACY, file="a.json") + end, 422, "There is no field 'other'"),
        (part("upload_id", b"a" * 70_000) + file + end, 413, "longer than 64 KB"),
        (part("upload_id", b"\xff") + file + end, 400, "not UTF-8"),
        (b"".join(part(f"f{n}", b"1") for n in range(60)) + end, 413, "more than 50"),
        (b"--x\r\nContent-Type: text/plain\r\n\r\nx\r\n--x--\r\n", 400, "no name"),
        (b"--x\r\n" + b"A: b\r\n" * 50 + b"\r\nx\r\n--x--\r\n", 400, "not multipart/form-data"),
        (b"--x\r\nA: " + b"b" * 70_000 + b"\r\n\r\nx\r\n--x--\r\n", 400, "not multipart/form-data"),
    ):
        answered, told = raw(served, body, IS_FORM)
        if body:
            assert (answered, said in told["error"]["message"]) == (status, True), told
        else:
            assert answered in (400, 422), told
        assert uploads(served) == before, body[:200]
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json", ""):
        answered, told = raw(served, LEGACY, {"Content-Type": kind})
        assert (answered, told["error"]["code"]) == (415, "unsupported_media_type")
    for kind in ("multipart/form-data", f"multipart/form-data; boundary={'x' * 500}"):
        answered, told = raw(served, file + end, {"Content-Type": kind})
        assert (answered, told["error"]["code"]) == (400, "malformed")


def test_who_may_not_import_sends_nothing(served: Served) -> None:
    before = uploads(served)
    for path in ("", "/uploads", "/analyze", "/preview"):
        reply = served.as_viewer.post(f"/api/migration{path}", files={"file": LEGACY})
        assert error_of(reply)[:2] == (403, "not_allowed")
    assert uploads(served) == before


def test_a_file_above_the_limit_is_refused_while_it_comes(
    small_original: Inventory, tmp_path: Path
) -> None:
    settings = small_original.settings.model_copy(
        update={"db_path": tmp_path / "data", "migration_limit": "1MB"}
    )
    with served_from(settings) as served:
        reply = served.as_editor.post("/api/migration/uploads", files={"file": bytes(1_000_001)})
        assert error_of(reply)[:2] == (413, "too_large")
        assert "MIGRATION_LIMIT" in error_of(reply)[2]
        assert uploads(served) == []

        begun = part("file", LEGACY, file="a.json")
        status, told = raw(served, begun, IS_FORM | {"Content-Length": str(10**10)})
        assert (status, told["error"]["code"]) == (413, "too_large")
        assert uploads(served) == []
        assert served.as_editor.post(
            "/api/migration/uploads", files={"file": bytes(1_000_000)}
        ).is_success


def test_events_tell_of_every_step_and_end_with_the_report(served: Served) -> None:
    job_id = begin(served)
    with served.as_viewer.stream(
        "GET", "/api/migration/events", params={"job_id": job_id}
    ) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        events = _events(stream)
        assert next(events)[1]["state"] == "pending"
        run(served, job_id)
        told = list(events)
    assert (told[-1][0], told[-1][1]["state"]) == ("end", "completed")
    assert told[-1][1]["kept"] == {}
    assert {kind for kind, _ in told[:-1]} == {"progress"}
    again = served.as_viewer.get("/api/migration/events", params={"job_id": job_id})
    assert [kind for kind, _ in _read(again.text)] == ["progress", "end"]
    gone = served.as_viewer.get("/api/migration/events", params={"job_id": "m000999"})
    assert error_of(gone)[0] == 404


def test_streams_of_events_are_bounded_and_whoever_hangs_up_gives_its_place_back(
    served: Served,
) -> None:
    job_id = begin(served)
    asked = {"job_id": job_id}
    followed = []
    with ExitStack() as streams:
        for _ in range(MOST_STREAMS):
            stream = streams.enter_context(
                served.as_viewer.stream("GET", "/api/migration/events", params=asked)
            )
            followed.append(_events(stream))
            assert next(followed[-1])[1]["job_id"] == job_id
        late = served.as_viewer.get("/api/migration/events", params=asked)
        assert error_of(late)[0] == 503
    served.as_editor.post("/api/migration/control", json={**asked, "action": "cancel"})
    for _ in range(200):
        free = served.as_viewer.get("/api/migration/events", params=asked)
        if free.is_success:
            break
    assert [kind for kind, _ in _read(free.text)] == ["progress", "end"]


def test_whoever_follows_a_migration_does_not_keep_the_server_from_ending(tmp_path: Path) -> None:
    with ExitStack() as streams, serving(tmp_path) as server:
        cookie = {"Cookie": server.cookie("reader")}
        path = tmp_path / "a.json"
        path.write_bytes(LEGACY)
        how = find_template(server.installation, OPERATOR, "flexible").template
        file = migration_request.File(path, "a.json", "test", len(LEGACY))
        made = migration_request.submit(
            server.installation, OPERATOR, file, how, migration_request.Wishes()
        )
        stream = streams.enter_context(
            httpx.stream(
                "GET",
                f"{server.address}/api/migration/events",
                params={"job_id": made.id},
                headers=cookie,
                trust_env=False,
            )
        )
        followed = _events(stream)
        assert next(followed)[1]["state"] == "pending"


def _events(stream: httpx.Response) -> Iterator[tuple[str, dict[str, Any]]]:
    kind = ""
    for line in stream.iter_lines():
        if line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield kind, json.loads(line.removeprefix("data: "))


def _read(text: str) -> list[tuple[str, dict[str, Any]]]:
    return [
        (kind, json.loads(data)) for kind, data in re.findall(r"event: (\w+)\ndata: (.*)\n\n", text)
    ]


def test_a_migration_is_paused_resumed_cancelled_and_undone(served: Served) -> None:
    job_id = begin(served, b'[{"domain": "stopped.example"}]')

    def control(action: str) -> httpx.Response:
        asked = {"job_id": job_id, "action": action}
        return served.as_editor.post("/api/migration/control", json=asked)

    assert control("pause").json()["state"] == "paused"
    assert error_of(control("pause"))[:2] == (409, "conflict")
    assert control("resume").json()["state"] == "pending"
    early = served.as_editor.post("/api/migration/undo", json={"job_id": job_id})
    assert error_of(early)[:2] == (409, "conflict")
    assert control("cancel").json()["state"] == "cancelled"
    assert control("resume").json()["state"] == "pending"
    run(served, job_id)
    assert served.as_viewer.get("/api/domains?search=stopped").json()["total"] == 1
    undone = served.as_editor.post("/api/migration/undo", json={"job_id": job_id}).json()
    assert undone["is_undone"] is True
    assert served.as_viewer.get("/api/domains?search=stopped").json()["total"] == 0
    assert error_of(control("resume"))[0] == 409
    assert error_of(control("explode"))[0] == 422


def test_jobs_are_paged_the_newest_first(served: Served) -> None:
    made = [begin(served) for _ in range(3)]
    first = served.as_viewer.get("/api/migration/jobs?page=1&page_size=2").json()
    assert [job["job_id"] for job in first["items"]] == made[:0:-1]
    assert (first["page"], first["page_size"], first["pages"]) == (
        1,
        2,
        -(-first["total"] // 2),
    )
    second = served.as_viewer.get("/api/migration/jobs?page=2&page_size=2").json()
    assert second["items"][0]["job_id"] == made[0]
    assert error_of(served.as_viewer.get("/api/migration/jobs?page_size=0"))[0] == 422


def test_errors_are_listed_and_downloaded_and_no_cell_runs_in_a_spreadsheet(
    served: Served,
) -> None:
    job_id = begin(served, b"domain,status\n=cmd|calc,active\n+1,active\nok.example,active\n")
    run(served, job_id)
    asked: dict[str, str | int] = {"job_id": job_id, "page_size": 1}
    listed = served.as_viewer.get("/api/migration/errors", params=asked).json()
    assert (listed["total"], listed["pages"], len(listed["items"])) == (2, 2, 1)
    assert listed["items"][0]["line"] == 2
    file = served.as_viewer.get("/api/migration/errors", params={"job_id": job_id, "format": "csv"})
    assert file.headers["Content-Disposition"] == f'attachment; filename="{job_id}-errors.csv"'
    assert "'=cmd|calc" in file.text
    lines = served.as_viewer.get(
        "/api/migration/errors", params={"job_id": job_id, "format": "json"}
    )
    assert [json.loads(line)["value"] for line in lines.text.splitlines()] == ["=cmd|calc", "+1"]


def test_templates_are_made_changed_looked_up_and_removed(served: Served) -> None:
    definition = {
        "id": "ours",
        "name": "Ours",
        "defaults": {"batch_size": 20, "duplicates": "append"},
        "domains": {"columns": {"name": "fqdn"}},
    }
    path = "/api/migration/templates"
    made = served.as_editor.post(path, json=definition)
    assert (made.status_code, made.headers["Location"]) == (201, f"{path}/ours")
    assert (made.json()["version"], made.json()["batch_size"]) == (1, 20)
    assert error_of(served.as_editor.post(path, json=definition))[:2] == (409, "conflict")
    wrong = served.as_editor.post(path, json={"id": "wrong", "name": "Wrong"})
    assert error_of(wrong)[0] == 422
    known = served.as_viewer.get(f"{path}/ours")
    newer = definition | {"description": "Better."}
    tag = {"If-Match": known.headers["ETag"]}
    changed = served.as_editor.put(f"{path}/ours", json=newer, headers=tag)
    assert (changed.json()["version"], changed.json()["description"]) == (2, "Better.")
    assert error_of(served.as_editor.put(f"{path}/ours", json=definition, headers=tag))[0] == 412
    late = served.as_editor.put(f"{path}/ours?version=1", json=definition)
    assert error_of(late)[0] == 409
    again = served.as_viewer.get(f"{path}/ours").json()["definition"]
    assert served.as_editor.put(f"{path}/ours", json=again).json()["version"] == 2
    assert "ours" in [each["id"] for each in served.as_viewer.get(path).json()["items"]]
    assert error_of(served.as_viewer.delete(f"{path}/ours"))[0] == 403
    assert served.as_editor.delete(f"{path}/ours").status_code == 204
    assert error_of(served.as_viewer.get(f"{path}/ours"))[0] == 404
    assert served.as_viewer.get(f"{path}/ours/versions").json()["total"] == 2
    assert error_of(served.as_editor.delete(f"{path}/flexible"))[0] == 409
