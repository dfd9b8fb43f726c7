"""Users and groups on SQLite and Postgres: who is left, who is shut out, what is handed on."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from dnsinv.actions.acting import Actor, NotAllowed
from dnsinv.actions.annotate import add_domain
from dnsinv.actions.assign import assign_domains, owners_of
from dnsinv.actions.groups import (
    add_members,
    create_group,
    groups_page,
    members_of,
    remove_group,
    remove_members,
    update_group,
)
from dnsinv.actions.installation import Installation, now
from dnsinv.actions.passwords import set_password
from dnsinv.actions.people import (
    create_user,
    disable_user,
    remove_user,
    update_user,
    user_of,
    users_page,
)
from dnsinv.actions.rules import all_rules, create_rule
from dnsinv.domain.people import BadPerson, User
from dnsinv.domain.text import BadText
from dnsinv.errors import Conflict, NotThere, UsageError
from dnsinv.store import audit
from dnsinv.store.people import UserQuery
from dnsinv.store.tables import sessions, tokens
from tests.core.stores import ROOT


def make(installation: Installation, name: str, **fields: Any) -> User:
    return create_user(installation, ROOT, {"name": name, **fields})


def open_doors(installation: Installation, user: User) -> None:
    """Give a user a session and a token."""
    at = now()
    with installation.store.begin() as db:
        db.execute(
            insert(sessions).values(
                id_hash=f"s{user.id}",
                user_id=user.id,
                created_at=at,
                seen_at=at,
                expires_at=at + timedelta(days=1),
            )
        )
        db.execute(
            insert(tokens).values(
                user_id=user.id, name="t", token_hash=f"t{user.id}", scope="read", created_at=at
            )
        )


def open_ones(installation: Installation, user: User) -> tuple[bool, bool]:
    """Whether the session and the token of a user are good still."""
    with installation.store.read() as db:
        ended = db.execute(
            select(sessions.c.ended_at).where(sessions.c.user_id == user.id)
        ).scalar_one()
        revoked = db.execute(
            select(tokens.c.revoked_at).where(tokens.c.user_id == user.id)
        ).scalar_one()
    return ended is None, revoked is None


def test_a_user_is_kept_as_given_and_found_by_name_and_address(installation: Installation) -> None:
    made = make(
        installation,
        "  Zoë   Ångström ",
        email=" Zoe@Example.COM ",
        department="R&D, Umeå",
        role="Editor",
    )
    assert (made.name, made.email, made.department, made.role) == (
        "Zoë Ångström", "zoe@example.com", "R&D, Umeå", "editor"
    )  # fmt: skip
    for reference in (made.id, "ZOË ÅNGSTRÖM", "zoe@EXAMPLE.com"):
        assert user_of(installation, ROOT, reference).user == made


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"name": ""}, BadPerson),
        ({"name": "a:b"}, BadPerson),
        ({"name": "x" * 101}, BadPerson),
        ({"name": 7}, BadPerson),
        ({"name": "ada\uff20example.com"}, BadPerson),  # compared, that is an e-mail address
        ({"name": "ok", "email": "nowhere"}, BadPerson),
        ({"name": "ok", "role": "emperor"}, BadPerson),
        ({"name": "ok", "department": "\u202edrow"}, BadText),
        ({"name": "ok", "is_active": "yes"}, BadPerson),
        ({"name": "ok", "password_hash": "x"}, BadPerson),
    ],
)
def test_what_no_user_can_be_is_refused(
    installation: Installation, fields: Any, error: type[Exception]
) -> None:
    with pytest.raises(error):
        create_user(installation, ROOT, fields)
    with installation.store.read() as db:
        assert audit.last_seq(db) == 0


def test_no_two_users_share_a_name_or_address(installation: Installation) -> None:
    make(installation, "Ada", email="ada@example.com")
    for fields in ({"name": "ADA"}, {"name": "Other", "email": "ADA@example.com"}):
        with pytest.raises(Conflict, match="Ada"):
            create_user(installation, ROOT, fields)
    bob = make(installation, "Bob")
    with pytest.raises(Conflict, match="Ada"):
        update_user(installation, ROOT, bob.id, {"name": "ada"})


def test_a_change_of_what_was_changed_meanwhile_is_refused(installation: Installation) -> None:
    ada = make(installation, "Ada")
    first = update_user(installation, ROOT, ada.id, {"department": "Ops"}, ada.changed_in)
    with pytest.raises(Conflict, match="changed since"):
        update_user(installation, ROOT, ada.id, {"department": "Sales"}, ada.changed_in)
    assert user_of(installation, ROOT, ada.id).user == first
    assert first.department == "Ops"


@pytest.mark.parametrize(
    "change", [{"is_active": False}, {"role": "editor"}, {"can_sign_in": False}, None]
)
def test_the_last_administrator_who_can_sign_in_stays(
    installation: Installation, change: Any
) -> None:
    ada = make(installation, "Ada", role="admin")
    set_password(installation, ROOT, "Ada", "correct horse")
    make(installation, "Ghost", role="admin")  # without a password
    make(installation, "Robot", role="admin", can_sign_in=False)
    make(installation, "Gone", role="admin", is_active=False)

    def act(name: str) -> None:
        if change is None:
            remove_user(installation, ROOT, name)
        else:
            update_user(installation, ROOT, name, change)

    with pytest.raises(Conflict, match="Ada is the last active administrator"):
        act("Ada")
    make(installation, "Grace", role="admin")
    set_password(installation, ROOT, "Grace", "correct horse")
    act("Ada")
    with pytest.raises(Conflict, match="Grace is the last"):
        act("Grace")
    with installation.store.read() as db:
        assert audit.broken_at(db) is None
    assert ada.role == "admin"


@pytest.mark.parametrize(
    ("change", "left_open"),
    [
        ({"department": "Ops"}, (True, True)),
        ({"role": "viewer"}, (False, True)),
        ({"can_sign_in": False}, (False, True)),
        ({"is_active": False}, (False, False)),
    ],
)
def test_a_change_ends_what_it_leaves_no_right_to(
    installation: Installation, change: Any, left_open: tuple[bool, bool]
) -> None:
    ada = make(installation, "Ada", role="editor")
    open_doors(installation, ada)
    update_user(installation, ROOT, ada.id, change)
    assert open_ones(installation, ada) == left_open


def test_who_owns_something_is_removed_only_with_an_heir_or_release(
    installation: Installation,
) -> None:
    ada, grace = make(installation, "Ada"), make(installation, "Grace")
    create_group(installation, ROOT, "ops")
    add_members(installation, ROOT, "ops", [ada.id])
    for name in ("a.example", "b.example"):
        add_domain(installation, ROOT, name)
    assign_domains(installation, ROOT, ["a.example", "b.example"], ["Ada"])
    assign_domains(installation, ROOT, ["b.example"], ["Grace"])
    create_rule(installation, ROOT, "*.example", ["Ada", "group:ops"])
    open_doors(installation, ada)

    with pytest.raises(
        Conflict, match=r"Ada owns 2 domains .*a\.example, b\.example.* 1 assignment rules"
    ):
        remove_user(installation, ROOT, "Ada")
    with pytest.raises(UsageError, match="cannot take over"):
        remove_user(installation, ROOT, "Ada", hand_to="ada")
    left = remove_user(installation, ROOT, "Ada", hand_to="Grace")

    assert (left.domains, left.records, left.rules) == (2, 0, 1)
    for name in ("a.example", "b.example"):
        [owned] = owners_of(installation, ROOT, name)
        assert owned.owner.id == grace.id
    [rule] = all_rules(installation, ROOT)
    assert sorted(owner.name for owner in rule.owners) == ["Grace", "ops"]
    assert open_ones(installation, ada) == (False, False)
    assert members_of(installation, ROOT, "ops") == []
    with pytest.raises(NotThere):
        user_of(installation, ROOT, "Ada")
    assert make(installation, "Ada").id != ada.id  # the name is free, the person another

    remove_user(installation, ROOT, "Grace", release=True)
    assert owners_of(installation, ROOT, "a.example") == []
    assert [owner.name for rule in all_rules(installation, ROOT) for owner in rule.owners] == [
        "ops"
    ]


def test_a_disabled_user_owns_what_they_owned(installation: Installation) -> None:
    make(installation, "Ada")
    add_domain(installation, ROOT, "a.example")
    assign_domains(installation, ROOT, ["a.example"], ["Ada"])
    assert not disable_user(installation, ROOT, "Ada").is_active
    assert [each.owner.name for each in owners_of(installation, ROOT, "a.example")] == ["Ada"]


def test_groups_are_joined_left_renamed_and_removed(installation: Installation) -> None:
    for name in ("Ada", "Grace"):
        make(installation, name)
    group = create_group(installation, ROOT, "ops", "Keeps the lights on.\r\nAlways.")
    assert group.description == "Keeps the lights on.\nAlways."
    assert add_members(installation, ROOT, "ops", ["Ada", "grace"]) == 2
    assert add_members(installation, ROOT, "ops", ["Ada"]) == 0
    with pytest.raises(NotThere, match="Nobody"):
        add_members(installation, ROOT, "ops", ["Nobody"])
    assert remove_members(installation, ROOT, "ops", ["Ada"]) == 1
    renamed = update_group(installation, ROOT, group.id, {"name": "Operations"}, group.changed_in)
    with pytest.raises(Conflict):
        create_group(installation, ROOT, "OPERATIONS")
    with pytest.raises(Conflict, match="changed since"):
        update_group(installation, ROOT, group.id, {"name": "x"}, group.changed_in)
    [team], total = groups_page(installation, ROOT)
    assert (team.group, team.size, total) == (renamed, 1, 1)
    remove_group(installation, ROOT, "operations")
    assert groups_page(installation, ROOT) == ([], 0)


def test_pages_of_users_are_searched_and_filtered(installation: Installation) -> None:
    for number in range(25):
        make(installation, f"User {number:02}", role="editor" if number % 2 else "viewer")
    make(installation, "100% real_one", department="Ölwerk")
    create_group(installation, ROOT, "ops")
    add_members(installation, ROOT, "ops", ["User 03"])

    def names(**query: Any) -> list[str]:
        return [
            person.user.name for person in users_page(installation, ROOT, UserQuery(**query))[0]
        ]

    assert names(page=3, limit=10) == [f"User {n:02}" for n in (19, 20, 21, 22, 23, 24)]
    assert names(search="user 1", role="editor", limit=3) == ["User 11", "User 13", "User 15"]
    assert names(group="OPS") == ["User 03"]
    for search in ("0% R", "Ölw", "l_o"):
        assert names(search=search) == ["100% real_one"]
    assert names(search="l%o") == []


@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_only_administrators_manage_people_and_refusals_are_written_down(
    installation: Installation, role: str
) -> None:
    me = make(installation, "Me", role=role)
    actor = Actor("Me", "api", me.id)
    group = create_group(installation, ROOT, "ops")
    for attempt in (
        lambda: create_user(installation, actor, {"name": "Friend"}),
        lambda: update_user(installation, actor, me.id, {"role": "admin"}),
        lambda: remove_user(installation, actor, me.id),
        lambda: create_group(installation, actor, "club"),
        lambda: add_members(installation, actor, group.id, [me.id]),
        lambda: remove_group(installation, actor, group.id),
        lambda: create_rule(installation, actor, "*", ["Me"]),
    ):
        with pytest.raises(NotAllowed):
            attempt()
    with installation.store.read() as db:
        refused = [entry.action for entry in audit.entries(db) if entry.outcome == "refused"]
    assert refused == [
        "user.create", "user.update", "user.remove", "group.create", "group.add_members",
        "group.remove", "rule.create",
    ]  # fmt: skip
