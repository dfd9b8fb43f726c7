"""The audit log on real SQLite: what was done and refused, in a chain that shows every touch."""

from pathlib import Path

import pytest
from sqlalchemy import insert, select, text, update

from dnsinv.actions.acting import Actor, NotAllowed, acting, note
from dnsinv.actions.installation import Installation, open_with
from dnsinv.domain.permission import Right
from dnsinv.settings import Settings
from dnsinv.store import audit
from dnsinv.store.database import StoreError
from dnsinv.store.tables import users

LOCAL = Actor("root", "cli")


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return open_with(Settings(db_path=tmp_path, _env_file=None))


def make_user(installation: Installation, role: str) -> Actor:
    with acting(installation, LOCAL, "user.create", Right.MANAGE_PEOPLE, role) as deed:
        values = {
            "name": role,
            "name_key": role,
            "role": role,
            "is_active": True,
            "can_sign_in": True,
            "created_at": deed.at,
            "changed_in": deed.seq,
        }
        user_id = deed.db.execute(insert(users).values(values)).inserted_primary_key[0]
    return Actor(role, "api", user_id, address="192.0.2.1", request_id="r-1")


def test_what_was_done_and_what_was_refused_stand_in_the_log(installation: Installation) -> None:
    viewer = make_user(installation, "viewer")
    with (
        pytest.raises(NotAllowed, match="role viewer does not allow viewer to assign"),
        acting(installation, viewer, "asset.assign", Right.ASSIGN, "shop.example"),
    ):
        pytest.fail("a viewer got in")
    note(installation, viewer, "export.domains", rows=3)

    with installation.store.begin() as db:
        found = [(e.seq, e.actor, e.action, e.subject, e.outcome) for e in audit.entries(db)]
        assert audit.broken_at(db) is None
    assert found == [
        (1, "root", "user.create", "viewer", "done"),
        (2, "viewer", "asset.assign", "shop.example", "refused"),
        (3, "viewer", "export.domains", "", "done"),
    ]


def test_what_fails_midway_leaves_neither_the_act_nor_its_entry(installation: Installation) -> None:
    def rename_and_fail() -> None:
        with acting(installation, LOCAL, "user.create", Right.MANAGE_PEOPLE) as deed:
            deed.db.execute(update(users).values(name="x"))
            raise ZeroDivisionError

    make_user(installation, "viewer")
    with pytest.raises(ZeroDivisionError):
        rename_and_fail()
    with installation.store.begin() as db:
        assert audit.last_seq(db) == 1
        assert db.execute(select(users.c.name)).scalars().all() == ["viewer"]


@pytest.mark.parametrize("statement", ["update audit_log set actor = 'x'", "delete from audit_log"])
def test_entries_can_be_neither_changed_nor_removed(
    installation: Installation, statement: str
) -> None:
    note(installation, LOCAL, "sign-in")
    with (
        pytest.raises(StoreError, match="append-only"),
        installation.store.begin() as db,
    ):
        db.execute(text(statement))


@pytest.mark.parametrize(
    "touch",
    [
        "update audit_log set actor = 'someone else' where seq = 2",
        "update audit_log set details = '{\"rows\": 4}' where seq = 2",
        "delete from audit_log where seq = 2",
    ],
)
def test_a_touched_entry_is_found_even_without_the_triggers(
    installation: Installation, touch: str
) -> None:
    for number in range(3):
        note(installation, LOCAL, "sign-in", rows=number)
    with installation.store.begin() as db:
        db.execute(text("drop trigger audit_log_no_update"))
        db.execute(text("drop trigger audit_log_no_delete"))
        db.execute(text(touch))
        assert audit.broken_at(db) == 2
