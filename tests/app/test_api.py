"""The REST API as a client uses it: the gate, real tokens, HTTP on this machine."""

import re

import pytest

from dnsinv_app.api.answers import Kept
from tests.app.api import Served, error_of

TAGGED = ("/api/domains?expiring=30", "/api/dns", "/api/changes", "/api/stats", "/api/users", "/api/groups", "/api/domains/alpha.example")  # fmt: skip


@pytest.mark.parametrize("path", TAGGED)
def test_what_has_not_changed_is_not_sent_again(served: Served, path: str) -> None:
    first = served.as_viewer.get(path)
    again = served.as_viewer.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    other = served.as_viewer.get(path, headers={"If-None-Match": '"something else"'})
    assert other.status_code == 200


def test_a_list_of_domains_is_new_once_somebody_owns_one(served: Served) -> None:
    before = served.as_viewer.get("/api/domains").headers["ETag"]
    done = served.as_editor.post(
        "/api/assign-domain", json={"names": ["alpha.example"], "owners": ["the-viewer"]}
    )
    assert done.json() == {"assets": 1, "added": 1, "ended": 0, "unchanged": 0}
    after = served.as_viewer.get("/api/domains", headers={"If-None-Match": before})
    assert after.status_code == 200
    assert after.json()["items"][0]["owners"] == ["the-viewer"]
    [owned] = served.as_viewer.get("/api/domains/alpha.example/owners").json()["items"]
    assert (owned["owner"]["name"], owned["source"]) == ("the-viewer", "manual")


def test_single_records_are_assigned_by_name_or_by_filter(served: Served) -> None:
    record = served.as_viewer.get("/api/dns?domain=beta.example&limit=1").json()["items"][0]
    named = {name: record[name] for name in ("domain", "name", "type", "content")}
    one = {"records": [named], "owners": ["the-editor"]}
    assert served.as_editor.post("/api/assign-dns", json=one).json()["added"] == 1
    several = {"filter": {"domain": "beta.example"}, "owners": ["the-editor"]}
    assert served.as_editor.post("/api/assign-dns", json=several).json()["unchanged"] == 1
    gone = {"filter": {"owner": "the-editor"}, "owners": ["the-editor"], "mode": "remove"}
    assert served.as_editor.post("/api/assign-dns", json=gone).json()["ended"] == 10


def test_an_assignment_names_assets_or_filters_them_but_not_both(served: Served) -> None:
    for body in ({}, {"names": ["alpha.example"], "filter": {}}):
        reply = served.as_editor.post("/api/assign-domain", json={"owners": ["the-viewer"], **body})
        assert "Give either names or filter." in error_of(reply)[2]


def test_who_was_slower_is_told_so(served: Served) -> None:
    made = served.as_admin.post("/api/groups", json={"name": "slow"}).json()
    path = f"/api/groups/{made['id']}"
    tag = served.as_admin.get(path).headers["ETag"]
    first = served.as_admin.put(path, json={"name": "quick"}, headers={"If-Match": tag})
    assert first.json()["name"] == "quick"
    second = served.as_admin.put(path, json={"name": "late"}, headers={"If-Match": tag})
    assert error_of(second)[:2] == (412, "changed_meanwhile")
    third = served.as_admin.put(path, json={"name": "late", "changed_in": made["changed_in"]})
    assert error_of(third)[:2] == (409, "conflict")
    renewed = {"If-Match": first.headers["ETag"]}
    assert served.as_admin.put(path, json={"name": "late"}, headers=renewed).status_code == 200


def test_note_and_tags_are_kept_and_guarded_by_if_match(served: Served) -> None:
    path = "/api/domains/gamma.example"
    tag = served.as_editor.get(path).headers["ETag"]
    change = {"note": "Ask legal.", "tags": ["Brand", "keep"]}
    said = served.as_editor.patch(path, json=change, headers={"If-Match": tag}).json()
    assert (said["note"], said["tags"]) == ("Ask legal.", ["brand", "keep"])
    found = served.as_viewer.get(path).json()
    assert (found["note"], found["tags"]) == ("Ask legal.", ["brand", "keep"])
    late = served.as_editor.patch(path, json={"note": ""}, headers={"If-Match": tag})
    assert error_of(late)[0] == 412


def test_a_collection_starts_under_dagster_and_says_where_to_look(served: Served) -> None:
    served.launched.runs.clear()
    reply = served.as_editor.post("/api/collect-domains", json={"account": "gd-main"})
    assert reply.status_code == 202
    assert reply.headers["Location"] == "/api/collections?account=gd-main"
    [run] = reply.json()["runs"]
    assert (run["account"], run["run_id"]) == ("gd-main", "run-1")
    assert run["url"].endswith("/runs/run-1")
    assert served.as_viewer.get(reply.headers["Location"]).json()["total"] == 2
    assert served.as_editor.post("/api/collect-dns", json={"domain": "beta.example"}).is_success
    jobs = [run["selector"]["jobName"] for run in served.launched.runs]
    assert jobs == ["collect_lists", "collect_domain"]


def test_people_come_as_a_file_with_a_report_on_each_line(served: Served) -> None:
    served.as_admin.post("/api/groups", json={"name": "crew"})
    table = "name,email,groups\nida,ida@shop.example,crew\n,,\nibo,not an address,\n"
    headers = {"Content-Type": "text/csv"}
    tried = served.as_admin.post("/api/users/bulk?dry_run=true", content=table, headers=headers)
    assert tried.json()["counts"]["created"] == 1
    assert served.as_admin.get("/api/users?search=ida").json()["total"] == 0
    done = served.as_admin.post("/api/users/bulk", content=table, headers=headers).json()
    assert [line["outcome"] for line in done["lines"]].count("created") == 1
    [ida] = served.as_admin.get("/api/users?group=crew").json()["items"]
    assert (ida["name"], ida["groups"]) == ("ida", ["crew"])


def test_a_rule_can_be_tried_before_it_is_made(served: Served) -> None:
    body = {"pattern": "gamma.*", "owners": ["the-editor"]}
    tried = served.as_admin.post("/api/rules?dry_run=true", json=body)
    assert (tried.status_code, tried.json()["added"]) == (200, {"user:the-editor": 1})
    assert served.as_admin.get("/api/rules").json()["total"] == 0
    made = served.as_admin.post("/api/rules", json=body)
    assert made.status_code == 201
    assert served.as_admin.delete(f"/api/rules/{made.json()['id']}").status_code == 204


def test_permission_is_explained_by_sentences(served: Served) -> None:
    viewer = served.as_admin.get("/api/users?search=the-viewer").json()["items"][0]
    found = served.as_admin.get(
        f"/api/users/{viewer['id']}/permission", params={"domain": "BETA.example."}
    ).json()
    reasons = {each["right"]: (each["is_granted"], each["reason"]) for each in found["rights"]}
    assert reasons["read"] == (True, "the-viewer has the role viewer.")
    assert reasons["assign"][0] is False


def test_a_token_is_told_once_and_worthless_once_it_is_revoked(served: Served) -> None:
    made = served.as_admin.post("/api/tokens", json={"name": "night", "scope": "read"}).json()
    assert made["token"] not in served.as_admin.get("/api/tokens").text
    with served.client(made["token"]) as other:
        assert other.get("/api/me").json()["scope"] == "read"
        assert error_of(other.post("/api/groups", json={"name": "x"}))[0] == 403
        served.as_admin.delete(f"/api/tokens/{made['id']}")
        assert error_of(other.get("/api/me"))[0] == 401


def test_the_audit_log_is_filtered_and_for_administrators(served: Served) -> None:
    served.as_admin.post("/api/groups", json={"name": "audited"})
    found = served.as_admin.get("/api/audit?action=group&subject=audited").json()
    [entry] = found["items"]
    assert (entry["action"], entry["actor"], entry["door"]) == ("group.create", "the-admin", "api")
    assert re.fullmatch(r"[0-9a-f]{16}", entry["request_id"])
    assert error_of(served.as_viewer.get("/api/audit"))[:2] == (403, "not_allowed")
    assert served.as_admin.get("/api/audit?outcome=refused").json()["total"] >= 0


def test_a_zone_and_the_past_of_a_name_are_told(served: Served) -> None:
    zone = served.as_viewer.get("/api/domains/beta.example/zone")
    assert zone.headers["Content-Type"].startswith("text/plain")
    assert "$ORIGIN beta.example." in zone.text
    octodns = served.as_viewer.get("/api/domains/beta.example/zone?format=octodns&day=2026-03-02")
    assert "192.0.2.12" in octodns.text
    past = served.as_viewer.get("/api/domains/beta.example/history").json()
    assert past["total"] >= 11


def test_settings_are_changed_together_or_not_at_all(served: Served) -> None:
    wrong = {"guard_share": 0.2, "data_collection_interval": 0}
    assert error_of(served.as_admin.put("/api/settings", json=wrong))[0] == 422
    assert served.as_viewer.get("/api/settings").json()["guard_share"] == 0.3
    assert (
        served.as_admin.put("/api/settings", json={"guard_share": 0.2}).json()["guard_share"] == 0.2
    )


def test_health_says_part_by_part_how_things_are(served: Served) -> None:
    found = served.as_viewer.get("/api/health")
    assert found.status_code == 200
    assert {"store", "lake", "dagster"} <= {part["name"] for part in found.json()["parts"]}


def test_a_hundred_thousand_names_fit_into_one_request(served: Served) -> None:
    names = [f"name-{number}.of-nobody.example" for number in range(100_000)]
    reply = served.as_editor.post(
        "/api/assign-domain", json={"names": names, "owners": ["the-viewer"], "mode": "remove"}
    )
    assert reply.json()["assets"] == 100_000


def test_a_list_kept_as_it_was_answered_is_made_anew_for_another_actor_and_after_any_change(
    served: Served,
) -> None:
    path = "/api/domains?search=gamma"
    kept = served.as_viewer.get(path)
    assert served.as_viewer.get(path).content == kept.content
    assert served.as_admin.get(path).content == kept.content
    assert served.as_nobody.get(path).status_code == 401
    served.as_editor.patch("/api/domains/gamma.example", json={"note": "Ask legal first."})
    for client in (served.as_viewer, served.as_admin):
        found = client.get(path)
        assert found.headers["ETag"] != kept.headers["ETag"]
        assert found.json()["items"][0]["note"] == "Ask legal first."


def test_no_more_answers_are_kept_than_there_is_room_for_and_the_last_ones_stay() -> None:
    kept = Kept(room=10)
    kept.keep("first", b"1234")
    kept.keep("second", b"1234")
    assert kept.get("first") == b"1234"
    kept.keep("third", b"1234")
    assert kept.get("second") is None
    assert kept.get("first") == kept.get("third") == b"1234"
    kept.keep("third", b"12345678")
    assert (kept.get("first"), kept.get("third")) == (None, b"12345678")
    kept.keep("large", bytes(11))
    assert kept.get("large") is None
