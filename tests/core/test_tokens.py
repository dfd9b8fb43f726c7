"""API tokens: who may make them, how far they go, and when they are worth nothing."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from dnsinv.actions.acting import Actor, NotAllowed
from dnsinv.actions.installation import Installation, now
from dnsinv.actions.tokens import create_token, holder_of, list_tokens, revoke_token
from dnsinv.domain.permission import Role, Scope
from dnsinv.errors import NotThere, UsageError
from dnsinv.store import audit
from dnsinv.store.tables import tokens, users
from tests.core.test_sessions import change, make_user

CLI = Actor("command line", "cli")


def actor(installation: Installation, name: str, role: str, scope: Scope | None = None) -> Actor:
    return Actor(name, "api", make_user(installation, name, role), scope)


def test_a_token_acts_for_its_owner_within_its_scope(installation: Installation) -> None:
    ada = actor(installation, "Ada", "editor")
    made = create_token(installation, ada, " nightly  export ", Scope.WRITE, days=30)
    assert made.secret.startswith("dnsinv_")
    assert len(made.secret) == 50
    holder = holder_of(installation, made.secret)
    assert holder is not None
    assert (holder.name, holder.role, holder.scope) == ("Ada", Role.EDITOR, Scope.WRITE)
    assert made.token.name == "nightly export"
    assert made.token.expires_at is not None
    assert timedelta(days=29) < made.token.expires_at - now() <= timedelta(days=30)


@pytest.mark.parametrize(
    ("role", "scope", "is_allowed"),
    [
        ("viewer", Scope.READ, True),
        ("viewer", Scope.WRITE, False),
        ("viewer", Scope.ADMIN, False),
        ("editor", Scope.WRITE, True),
        ("editor", Scope.ADMIN, False),
        ("admin", Scope.ADMIN, True),
    ],
)
def test_no_token_goes_further_than_its_owners_role(
    installation: Installation, role: str, scope: Scope, is_allowed: bool
) -> None:
    somebody = actor(installation, "Ada", role)
    for acting in (somebody, CLI):
        if is_allowed:
            assert create_token(installation, acting, "one", scope, owner="Ada")
        else:
            with pytest.raises(UsageError, match=f"allows no token of the scope {scope}"):
                create_token(installation, acting, "one", scope, owner="Ada")


def test_only_administrators_make_and_see_tokens_of_others(installation: Installation) -> None:
    ada, bob = actor(installation, "Ada", "editor"), actor(installation, "Bob", "viewer")
    eve = actor(installation, "Eve", "admin")
    with pytest.raises(NotAllowed):
        create_token(installation, ada, "stolen", owner="Bob")
    of_bob = create_token(installation, eve, "given", owner="bob").token
    own = create_token(installation, ada, "own").token
    assert [token.id for token in list_tokens(installation, bob)] == [of_bob.id]
    assert [token.id for token in list_tokens(installation, eve, everybodys=True)] == [
        of_bob.id,
        own.id,
    ]
    with pytest.raises(NotAllowed):
        list_tokens(installation, ada, everybodys=True)
    with pytest.raises(NotAllowed):
        revoke_token(installation, ada, of_bob.id)
    with pytest.raises(NotAllowed):
        revoke_token(installation, ada, 999)
    with pytest.raises(NotThere, match="no token 999"):
        revoke_token(installation, eve, 999)
    with pytest.raises(NotThere, match="no user 'Carl'"):
        create_token(installation, eve, "x", owner="Carl")


def test_a_token_cannot_make_another_unless_it_is_an_administrators(
    installation: Installation,
) -> None:
    user_id = make_user(installation, "Eve", "admin")
    for scope in (Scope.READ, Scope.WRITE):
        with pytest.raises(NotAllowed, match="scope"):
            create_token(installation, Actor("Eve", "api", user_id, scope), "child", Scope.READ)
    assert create_token(installation, Actor("Eve", "api", user_id, Scope.ADMIN), "child")


def test_revoked_old_and_made_up_tokens_are_worth_nothing(installation: Installation) -> None:
    ada = actor(installation, "Ada", "editor")
    revoked, old, good = (create_token(installation, ada, "x", days=1) for _ in range(3))
    revoke_token(installation, ada, revoked.token.id)
    with installation.store.begin() as db:
        db.execute(update(tokens).where(tokens.c.id == old.token.id).values(expires_at=now()))
    assert holder_of(installation, revoked.secret) is None
    assert holder_of(installation, old.secret) is None
    assert holder_of(installation, good.secret)
    for made_up in (
        "",
        "dnsinv_",
        good.secret[:-1],
        good.secret + "x",
        good.secret.upper(),
        "\ud800",
    ):
        assert holder_of(installation, made_up) is None


@pytest.mark.parametrize("values", [{"is_active": False}, {"ended_in": 1}])
def test_a_token_dies_with_its_user(installation: Installation, values: dict[str, object]) -> None:
    made = create_token(installation, actor(installation, "Ada", "editor"), "x")
    change(installation, "Ada", **values)
    assert holder_of(installation, made.secret) is None
    with pytest.raises((UsageError, NotThere)):
        create_token(installation, CLI, "y", owner="Ada")


def test_use_is_written_down_once_a_minute(installation: Installation) -> None:
    made = create_token(installation, actor(installation, "Ada", "editor"), "x")

    def used() -> object:
        with installation.store.read() as db:
            return db.execute(select(tokens.c.last_used_at)).scalar_one()

    assert used() is None
    holder_of(installation, made.secret)
    first = used()
    holder_of(installation, made.secret)
    assert used() == first
    with installation.store.begin() as db:
        db.execute(update(tokens).values(last_used_at=now() - timedelta(minutes=1)))
    holder_of(installation, made.secret)
    assert used() > first  # type: ignore[operator]


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "a\u200bb"])
def test_a_wrong_name_is_one_sentence(installation: Installation, name: str) -> None:
    with pytest.raises(UsageError, match="token's name"):
        create_token(installation, actor(installation, "Ada", "editor"), name)


@pytest.mark.parametrize("days", [0, -1, 3651])
def test_a_wrong_span_is_one_sentence(installation: Installation, days: int) -> None:
    with pytest.raises(UsageError, match=f"1 to 3650 days, not {days}"):
        create_token(installation, actor(installation, "Ada", "editor"), "x", days=days)


def test_what_happens_to_tokens_is_audited_without_them(installation: Installation) -> None:
    made = create_token(installation, actor(installation, "Ada", "editor"), "nightly")
    revoke_token(installation, CLI, made.token.id)
    with installation.store.read() as db:
        entries = [(e.action, e.actor, e.subject, dict(e.details)) for e in audit.entries(db)]
        kept = db.execute(select(tokens)).one()
        owner = db.execute(select(users.c.name)).scalar_one()
    details = {"token": 1, "owner": owner}
    assert entries == [
        ("token.create", "Ada", "nightly", details | {"scope": "read", "days": None}),
        ("token.revoke", "command line", "nightly", details),
    ]
    assert made.secret not in repr((entries, kept, made))
