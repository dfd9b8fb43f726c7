"""`dnsinv token` and `dnsinv user password` as they are typed."""

import io
import subprocess
import sys
from pathlib import Path

import pytest

from dnsinv.actions.installation import Installation, open_with
from dnsinv.actions.sign_in import Visitor, sign_in
from dnsinv.actions.tokens import holder_of
from dnsinv.settings import Settings
from tests.core.test_cli import Run, run
from tests.core.test_sessions import make_user

__all__ = ["run"]  # the fixture


@pytest.fixture
def installation(tmp_path: Path, run: Run) -> Installation:
    return open_with(Settings(db_path=tmp_path / "data", database_url=""))


def test_a_token_is_printed_alone_on_the_last_line_once(
    run: Run, installation: Installation
) -> None:
    make_user(installation, "ada", "editor")
    code, out, err = run("token", "create", "--user", "ada", "--name", "nightly", "--days", "90")
    assert code == 0
    secret = out.splitlines()[-1]
    assert out == f"{secret}\n"
    assert err.startswith("Token 1 of ada, read, until 2")
    assert holder_of(installation, secret) is not None

    code, out, _ = run("token", "list")
    assert code == 0
    assert "nightly" in out
    assert secret not in out

    assert run("token", "revoke", "1") == (0, "Token 1 is revoked.\n", "")
    assert holder_of(installation, secret) is None


def test_what_is_wrong_with_a_token_is_one_sentence(run: Run, installation: Installation) -> None:
    make_user(installation, "ada", "viewer")
    assert run("token", "revoke", "7") == (
        2,
        "",
        "Error: There is no token 7; `dnsinv token list` shows all.\n",
    )
    code, _, err = run("token", "create", "--user", "bob", "--name", "x")
    assert (code, err) == (2, "Error: There is no user 'bob'; `dnsinv user list` shows all.\n")
    code, _, err = run("token", "create", "--user", "ada", "--name", "x", "--scope", "admin")
    assert code == 2
    assert "has the role viewer: that allows no token of the scope admin" in err


def test_a_password_is_set_from_standard_input_or_made(
    run: Run, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_user(installation, "ada", "viewer")
    monkeypatch.setattr(sys, "stdin", io.StringIO("a new password\n"))
    code, out, err = run("user", "password", "ada", "--stdin")
    assert (code, out) == (0, "")
    assert err == "ada has another password; open sessions are over.\n"
    assert sign_in(installation, "ada", "a new password", Visitor())

    code, out, _ = run("user", "password", "ada", "--generate")
    assert code == 0
    assert sign_in(installation, "ada", out.strip(), Visitor())

    code, _, err = run("user", "password", "bob", "--generate")
    assert (code, err) == (2, "Error: There is no user 'bob'; `dnsinv user list` shows all.\n")


def test_a_short_password_is_refused(
    run: Run, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_user(installation, "ada", "viewer")
    monkeypatch.setattr(sys, "stdin", io.StringIO("short\n"))
    code, _, err = run("user", "password", "ada", "--stdin")
    assert (code, err) == (2, "Error: A password has 8 to 1000 characters.\n")


def test_a_password_is_not_asked_for_where_there_is_no_terminal(installation: Installation) -> None:
    make_user(installation, "ada", "editor")
    done = subprocess.run(
        [Path(sys.executable).with_name("dnsinv"), "user", "password", "ada"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,  # nor one of the process that runs the tests
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "Error: There is no terminal to ask for the password on: pipe it in" in done.stderr
    assert "Warning" not in done.stderr
