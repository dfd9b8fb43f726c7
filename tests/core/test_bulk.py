"""Users from files: each line judged for itself, all written in one transaction."""

import json

import pytest

from dnsinv.actions.acting import Actor, NotAllowed
from dnsinv.actions.bulk import Outcome, change_users
from dnsinv.actions.bulk_lines import BadFile
from dnsinv.actions.groups import create_group, members_of
from dnsinv.actions.installation import Installation
from dnsinv.actions.people import create_user, user_of
from dnsinv.domain.permission import Role
from dnsinv.store import audit
from tests.core.stores import ROOT

GOOD_AND_BAD = "\r\n".join(
    [
        "\ufeffname,email,department,role,active,groups",
        "Ada,ada@example.com,Ops,editor,yes,ops",
        "Grace,,Security,,,ops;admins",
        '"Never closed,x@example.com,,,,',
        "Ada,other@example.com,,,,",
        "Lin,not an address,,,,",
        "Root,root@example.com,,viewer,,",
        "Eve,eve@example.com,,,no,",
        "Too,few",
        "Mallory,,,emperor,,",
        "Bob,,,,,unknown group",
        "",
    ]
)


@pytest.fixture
def root(installation: Installation) -> Installation:
    create_user(installation, ROOT, {"name": "Root", "email": "root@example.com", "role": "admin"})
    create_user(installation, ROOT, {"name": "Eve", "email": "eve@example.com"})
    for name in ("ops", "admins"):
        create_group(installation, ROOT, name)
    return installation


def test_bad_lines_are_told_and_stop_no_good_one(root: Installation) -> None:
    report = change_users(root, ROOT, GOOD_AND_BAD.encode())

    told = [(line.number, line.name, line.outcome.value) for line in report.lines]
    assert told == [
        (2, "Ada", "created"),
        (3, "Grace", "created"),
        (4, "", "invalid"),
        (5, "Ada", "invalid"),
        (6, "Lin", "invalid"),
        (7, "Root", "invalid"),
        (8, "Eve", "disabled"),
        (9, "", "invalid"),
        (10, "Mallory", "invalid"),
        (11, "Bob", "invalid"),
    ]
    reasons = {line.number: line.reason for line in report.lines}
    assert "line 2" in reasons[5]
    assert "last active administrator" in reasons[7]
    assert all(reasons[line.number] for line in report.lines if line.outcome is Outcome.INVALID)
    ada = user_of(root, ROOT, "ada@example.com")
    assert (ada.user.role, ada.user.department, ada.groups) == (Role.EDITOR, "Ops", ("ops",))
    assert [member.name for member in members_of(root, ROOT, "ops")] == ["Ada", "Grace"]


def test_the_same_file_again_changes_nothing(root: Installation) -> None:
    change_users(root, ROOT, GOOD_AND_BAD)
    again = change_users(root, ROOT, GOOD_AND_BAD)
    assert {"created", "updated", "disabled"} & {
        k for k, count in again.counts.items() if count
    } == set()
    assert again.counts["unchanged"] == 3


def test_a_dry_run_tells_the_same_and_does_nothing(root: Installation) -> None:
    with root.store.read() as db:
        before = audit.last_seq(db)
    dry = change_users(root, ROOT, GOOD_AND_BAD, dry_run=True)
    with root.store.read() as db:
        assert audit.last_seq(db) == before
    assert dry.lines == change_users(root, ROOT, GOOD_AND_BAD).lines


def test_json_and_one_object_a_line_are_read_alike(root: Installation) -> None:
    rows: list[object] = [
        {"name": "Ada", "active": False, "groups": ["ops"]},
        {"name": "Grace", "surprise": 1},
        ["no object"],
        {"name": 7},
        {"email": "eve@example.com", "name": "Eve Adams"},
    ]
    outcomes = ["created", "invalid", "invalid", "invalid", "updated"]
    dry = change_users(root, ROOT, json.dumps(rows), dry_run=True)
    assert [line.outcome.value for line in dry.lines] == outcomes
    lines = "\n".join(map(json.dumps, rows))
    assert lines.startswith("{")
    done = change_users(root, ROOT, lines)
    assert [line.outcome.value for line in done.lines] == outcomes
    assert not user_of(root, ROOT, "Ada").user.is_active
    assert user_of(root, ROOT, "eve@example.com").user.name == "Eve Adams"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"name\n\xff\xfe", "UTF-8"),
        (b"nom,email\nAda,", "'nom'"),
        (b"name,name\nAda,Ada", "twice"),
        (b"", "first line"),
        (b"[{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"name\n" + b"x\n" * 100_001, "too many"),
    ],
)
def test_a_file_of_which_nothing_can_be_read_is_refused(
    root: Installation, content: bytes, says: str
) -> None:
    with pytest.raises(BadFile, match=says):
        change_users(root, ROOT, content)


def test_ten_thousand_lines_are_one_entry_of_the_log(root: Installation) -> None:
    lines = "name;email;role\n" + "".join(
        f"User {n};user{n}@example.com;editor\n" for n in range(10_000)
    )
    assert change_users(root, ROOT, lines).counts["created"] == 10_000
    changed = change_users(root, ROOT, lines.replace("editor", "viewer"))
    assert changed.counts["updated"] == 10_000
    with root.store.read() as db:
        assert [entry.action for entry in audit.entries(db)][-2:] == ["user.bulk", "user.bulk"]
        assert audit.broken_at(db) is None


def test_who_may_not_manage_people_may_not_even_try(root: Installation) -> None:
    eve = user_of(root, ROOT, "Eve").user
    with pytest.raises(NotAllowed):
        change_users(root, Actor("Eve", "api", eve.id), "name\nAda", dry_run=True)
