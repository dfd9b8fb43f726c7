"""`dnsinv check data` over the store: its file, its references, its audit log."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, text

from dnsinv.actions.check import data_problems
from dnsinv.actions.installation import Installation
from tests.core.filled import act, fill, observe, opened
from tests.core.scripted import Clock


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with opened(tmp_path) as installation:
        for name in ("ada", "bob", "eve"):
            act(installation, name)
        yield installation


def codes(installation: Installation) -> list[str]:
    return [problem.code for problem in data_problems(installation)]


def tamper(installation: Installation, *statements: str) -> None:
    """Write as somebody does who has the file: past triggers and references."""
    engine = create_engine(installation.settings.store_url)
    with engine.begin() as db:
        _disarm(db)
        for statement in statements:
            db.execute(text(statement))
    engine.dispose()


def _disarm(db: Connection) -> None:
    if db.dialect.name == "postgresql":
        db.execute(text("set session_replication_role = replica"))
        return
    triggers = "select name from sqlite_master where type = 'trigger'"
    for name in db.execute(text(triggers)).scalars().all():
        db.execute(text(f"drop trigger {name}"))


def test_a_sound_inventory_has_no_problem(installation: Installation) -> None:
    observe(installation, "192.0.2.1", Clock())
    assert codes(installation) == []


@pytest.mark.parametrize(
    ("statement", "code", "entry"),
    [
        ("update audit_log set actor = 'nobody' where seq = 2", "audit_broken", "entry 2"),
        ("update audit_log set details = '{\"a\": 1}' where seq = 3", "audit_broken", "entry 3"),
        ("delete from audit_log where seq = 1", "audit_broken", "entry 1"),
        ("delete from audit_log where seq = 2", "audit_broken", "entry 2"),
        ("delete from audit_log where seq = 3", "audit_truncated", "entry 2"),
        ("delete from audit_log", "audit_truncated", "entry 0"),
    ],
)
def test_every_touch_of_the_audit_log_is_found(
    installation: Installation, statement: str, code: str, entry: str
) -> None:
    tamper(installation, statement)
    (problem,) = data_problems(installation)
    assert problem.code == code
    assert entry in problem.text
    assert "restore" in problem.mend


def test_rows_without_what_they_refer_to_are_found(installation: Installation) -> None:
    member = "insert into memberships (group_id, user_id, added_in) values (77, 1, 1)"
    tamper(installation, member)
    (problem,) = data_problems(installation)
    assert problem.code == "orphans"
    assert "memberships.group_id" in problem.text


def test_a_damaged_file_is_found_and_nothing_else_is_asked(
    installation: Installation, tmp_path: Path
) -> None:
    with installation.store.read() as db:
        place = "select rootpage from sqlite_master where name = 'users_name'"
        page = int(db.execute(text(place)).scalar_one())
    installation.close()
    file = tmp_path / "store.db"
    content = bytearray(file.read_bytes())
    content[(page - 1) * 4096 : page * 4096] = b"\xa5" * 4096
    file.write_bytes(content)
    with opened(tmp_path) as damaged:
        assert set(codes(damaged)) == {"damaged_store"}


def test_writers_go_on_while_the_store_is_checked(installation: Installation) -> None:
    tamper(installation, "delete from audit_log where seq = 3")
    found = data_problems(installation)
    assert next(found).code == "audit_truncated"
    act(installation, "zoe")
    assert list(found) == []


def test_the_same_is_found_on_postgres(tmp_path: Path, postgres: str) -> None:
    with opened(tmp_path, postgres) as installation:
        fill(installation.store)
        assert set(codes(installation)) == {"audit_truncated"}  # it has no entry 11
        tamper(installation, "delete from users where id = 11")
        assert "orphans" in codes(installation)
