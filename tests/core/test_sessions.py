"""Signing in, what a session is worth, and when it is over."""

from datetime import timedelta
from functools import cache
from typing import Literal

import pytest
from argon2 import Parameters, PasswordHasher, extract_parameters
from sqlalchemy import insert, select, update

from dnsinv.actions.acting import Actor, NotAllowed
from dnsinv.actions.installation import Installation, now
from dnsinv.actions.passwords import BadPassword, first_administrator, hash_password, set_password
from dnsinv.actions.sign_in import (
    MOST_PER_ACCOUNT,
    MOST_PER_ADDRESS,
    SignInRefused,
    TooManyAttempts,
    Visitor,
    session_by_key,
    session_of,
    sign_in,
    sign_out,
)
from dnsinv.domain.people import name_key
from dnsinv.domain.permission import Role
from dnsinv.errors import BadSetting, NotThere
from dnsinv.settings import Settings
from dnsinv.store import audit
from dnsinv.store.tables import failed_sign_ins, sessions, users

CLI = Actor("command line", "cli")
HERE = Visitor("192.0.2.1", "a browser", "request-1")
PASSWORD = "correct horse"


@cache
def kept() -> str:
    """The password's hash, made once: that takes its time by design."""
    return hash_password(PASSWORD)


def make_user(installation: Installation, name: str, role: str = "viewer", **more: object) -> int:
    values = {"email": f"{name.lower()}@example.com", "is_active": True, "can_sign_in": True} | more
    with installation.store.begin() as db:
        added = db.execute(
            insert(users).values(
                name=name,
                name_key=name_key(name),
                role=role,
                password_hash=kept(),
                created_at=now(),
                changed_in=0,
                **values,
            )
        )
    return int(added.inserted_primary_key[0])  # type: ignore[index]


def change(installation: Installation, name: str, **values: object) -> None:
    with installation.store.begin() as db:
        db.execute(update(users).where(users.c.name == name).values(**values))


def log_of(installation: Installation) -> list[tuple[str, str, str, str]]:
    with installation.store.read() as db:
        return [(e.action, e.actor, e.subject, e.outcome) for e in audit.entries(db)]


def test_name_or_address_and_password_open_a_session(installation: Installation) -> None:
    user_id = make_user(installation, "Ada", "editor")
    for name in ("Ada", " ADA ", "ada@example.com", "Ada@Example.com"):
        opened = sign_in(installation, name, PASSWORD, HERE)
        session = session_of(installation, opened.id)
        assert session is not None
        assert (session.user_id, session.name, session.role) == (user_id, "Ada", Role.EDITOR)
    assert log_of(installation)[-1] == ("sign_in", "Ada", "Ada", "done")


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("Ada", "wrong horse"),
        ("Nobody", PASSWORD),
        ("Disabled", PASSWORD),
        ("Service", PASSWORD),
        ("Ada", ""),
        ("", ""),
        ("Ada", PASSWORD + "x" * 2000),
        ("' or 1=1 --", "' or 1=1 --"),
        ("\ud800", "\ud800"),
    ],
)
def test_whatever_does_not_go_together_is_refused_in_the_same_words(
    installation: Installation, name: str, password: str
) -> None:
    make_user(installation, "Ada")
    make_user(installation, "Disabled", is_active=False)
    make_user(installation, "Service", can_sign_in=False)
    with pytest.raises(SignInRefused, match=r"^The name and the password do not go together\.$"):
        sign_in(installation, name, password, HERE)
    action, actor, subject, outcome = log_of(installation)[-1]
    assert (action, actor, outcome) == ("sign_in", "anonymous", "failed")
    assert subject in ("Ada", "Disabled", "Service", "")


class Counting(PasswordHasher):
    """The real one, which writes down with how much memory and how often it compares."""

    def __init__(self) -> None:
        super().__init__()
        self.compared: list[Parameters] = []

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
        self.compared.append(extract_parameters(str(hash)))
        return super().verify(hash, password)


@pytest.mark.parametrize(
    "name", ["Ada", "ada@example.com", "Nobody", "Disabled", "Service", "Passwordless", "", "\x00"]
)
def test_an_attempt_is_as_much_work_whoever_it_is_upon(
    installation: Installation, name: str
) -> None:
    make_user(installation, "Ada")
    make_user(installation, "Disabled", is_active=False)
    make_user(installation, "Service", can_sign_in=False)
    make_user(installation, "Passwordless")
    change(installation, "Passwordless", password_hash=None)
    hasher = Counting()
    with pytest.raises(SignInRefused):
        sign_in(installation, name, "wrong horse", HERE, hasher)
    assert hasher.compared == [extract_parameters(kept())], "one comparison, at the same cost"


def test_no_secret_reaches_the_store_or_the_log(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    make_user(installation, "Ada")
    opened = sign_in(installation, "Ada", PASSWORD, HERE)
    with pytest.raises(SignInRefused):
        sign_in(installation, "my-password-by-mistake", "tried-password", HERE)
    installation.store.close()
    kept = b"".join(
        path.read_bytes() for path in installation.settings.data_path.rglob("*") if path.is_file()
    )
    for secret in (PASSWORD, opened.id, "my-password-by-mistake", "tried-password"):
        assert secret.encode() not in kept
        assert secret not in caplog.text
    assert opened.id not in repr(opened)


def test_a_session_is_over_when_it_is_idle_too_old_or_signed_out(
    installation: Installation,
) -> None:
    user_id = make_user(installation, "Ada")
    first, second, third, fourth = (sign_in(installation, "Ada", PASSWORD, HERE) for _ in range(4))
    with installation.store.begin() as db:
        for opened, values in (
            (first, {"seen_at": now() - timedelta(minutes=60, seconds=1)}),
            (second, {"expires_at": now()}),
        ):
            db.execute(
                update(sessions).where(sessions.c.id_hash == opened.session.key).values(**values)
            )
    sign_out(installation, Actor("Ada", "web", user_id), third.session.key)
    assert [session_of(installation, o.id) is None for o in (first, second, third, fourth)] == [
        True,
        True,
        True,
        False,
    ]
    assert session_of(installation, "made up") is None
    assert log_of(installation)[-1] == ("sign_out", "Ada", "Ada", "done")


def test_use_keeps_a_session_alive_and_looking_at_it_does_not(installation: Installation) -> None:
    make_user(installation, "Ada")
    opened = sign_in(installation, "Ada", PASSWORD, HERE)
    before = now() - timedelta(minutes=50)

    def seen() -> object:
        with installation.store.read() as db:
            return db.execute(select(sessions.c.seen_at)).scalar_one()

    with installation.store.begin() as db:
        db.execute(update(sessions).values(seen_at=before))
    assert session_by_key(installation, opened.session.key)
    assert seen() == before
    assert session_of(installation, opened.id)
    assert seen() > before  # type: ignore[operator]


@pytest.mark.parametrize("values", [{"is_active": False}, {"can_sign_in": False}, {"ended_in": 1}])
def test_a_session_ends_with_its_user(
    installation: Installation, values: dict[str, object]
) -> None:
    make_user(installation, "Ada")
    opened = sign_in(installation, "Ada", PASSWORD, HERE)
    change(installation, "Ada", **values)
    assert session_of(installation, opened.id) is None


def test_another_password_ends_the_sessions(installation: Installation) -> None:
    make_user(installation, "Ada")
    opened = sign_in(installation, "Ada", PASSWORD, HERE)
    set_password(installation, CLI, "ada", "another horse")
    assert session_of(installation, opened.id) is None
    assert sign_in(installation, "Ada", "another horse", HERE)


def test_a_password_is_set_by_administrators_only(installation: Installation) -> None:
    editor = Actor("Ed", "api", make_user(installation, "Ed", "editor"))
    with pytest.raises(NotAllowed):
        set_password(installation, editor, "Ed", "another horse")
    with pytest.raises(NotThere, match="no user 'Bob'"):
        set_password(installation, CLI, "Bob", "another horse")
    for password in ("short", "x" * 1001):
        with pytest.raises(BadPassword):
            set_password(installation, CLI, "Ed", password)


def test_one_password_typed_on_different_keyboards_is_one(installation: Installation) -> None:
    make_user(installation, "Ada")
    set_password(installation, CLI, "Ada", "se\u0301same ouvre")
    assert sign_in(installation, "Ada", "s\u00e9same ouvre", HERE)


@pytest.mark.parametrize("name", ["Ada", "Nobody"])
def test_after_many_failures_not_even_the_right_password_is_tried(
    installation: Installation, name: str
) -> None:
    make_user(installation, "Ada")
    fill_failures(installation, MOST_PER_ACCOUNT, name, "198.51.100.9")
    with pytest.raises(TooManyAttempts, match=r"try again in 15 minutes\.$") as raised:
        sign_in(installation, name, PASSWORD, HERE)
    assert 890 <= raised.value.retry_after <= 900
    with installation.store.begin() as db:
        db.execute(update(failed_sign_ins).values(at=now() - timedelta(minutes=15)))
    if name == "Ada":
        assert sign_in(installation, name, PASSWORD, HERE)


def test_failures_do_not_tell_whose_address_belongs_to_which_name(
    installation: Installation,
) -> None:
    make_user(installation, "Ada")
    for name in ("Ada", "Nobody"):
        fill_failures(installation, MOST_PER_ACCOUNT, name, "198.51.100.9")
        with pytest.raises(TooManyAttempts):
            sign_in(installation, f" {name.upper()} ", "wrong", HERE)
        with pytest.raises(SignInRefused):
            sign_in(installation, f"{name}@example.com", "wrong", HERE)


def test_an_address_that_tries_many_accounts_is_held_up_and_others_are_not(
    installation: Installation,
) -> None:
    make_user(installation, "Ada")
    for number in range(MOST_PER_ADDRESS):
        fill_failures(installation, 1, f"somebody {number}", HERE.address)
    with pytest.raises(TooManyAttempts):
        sign_in(installation, "Ada", PASSWORD, HERE)
    assert sign_in(installation, "Ada", PASSWORD, Visitor("192.0.2.2"))


def test_success_forgives_the_failures_from_there_only(installation: Installation) -> None:
    make_user(installation, "Ada")
    fill_failures(installation, 4, "Ada", HERE.address)
    fill_failures(installation, 3, "Ada", "198.51.100.9")
    sign_in(installation, "Ada", PASSWORD, HERE)
    with installation.store.read() as db:
        left = db.execute(select(failed_sign_ins.c.address)).scalars().all()
    assert left == ["198.51.100.9"] * 3


def fill_failures(installation: Installation, count: int, name: str, address: str) -> None:
    """What so many wrong passwords leave, without the time that checking them takes."""
    from dnsinv.actions.sign_in import _account_key

    key = _account_key(name)
    with installation.store.begin() as db:
        for _ in range(count):
            db.execute(insert(failed_sign_ins).values(account_key=key, address=address, at=now()))


def test_the_first_administrator_is_made_once(installation: Installation) -> None:
    made = first_administrator(installation)
    assert made is not None
    assert (made.name, len(made.password)) == ("admin", 16)
    assert made.password not in repr(made)
    assert sign_in(installation, "admin", made.password, HERE).session.role == Role.ADMIN
    assert first_administrator(installation) is None


def test_the_first_administrators_password_may_be_a_setting(installation: Installation) -> None:
    def given(password: str) -> Installation:
        settings = Settings(admin_password=password)  # type: ignore[arg-type]
        told = installation.settings.model_copy(update={"admin_password": settings.admin_password})
        return Installation(told, (), installation.lake, installation.store)

    with pytest.raises(BadSetting, match="ADMIN_PASSWORD is wrong: A password has 8 to"):
        first_administrator(given("short"))
    made = first_administrator(given("from a setting"))
    assert made is not None
    assert made.password == ""
    assert sign_in(installation, "admin", "from a setting", HERE)
