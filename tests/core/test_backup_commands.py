"""`dnsinv backup` and `restore` as typed, with services running, and on disks that are full."""

import re
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dnsinv.cli.main import main
from dnsinv.services.run_lock import sole_run
from dnsinv.settings import Settings
from tests.core.filled import act, observe, opened, rows_of
from tests.core.scripted import Clock
from tests.never.small_disk import Machine, Order, can_mount

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run one command in an installation of its own; exit code, stdout and stderr."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DB_PATH", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")

    def run_command(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["dnsinv", *arguments])
        code = 0
        try:
            main()
        except SystemExit as done:
            code = int(done.code or 0)
        printed = capfd.readouterr()
        return code, printed.out, printed.err

    return run_command


def users(root: Path) -> list[str]:
    with opened(root) as installation:
        return [row[1] for row in rows_of(installation.store)["users"]]


def test_a_backup_is_made_listed_and_restored(run: Run, tmp_path: Path) -> None:
    assert run("backup", "list")[:2] == (0, f"There is no backup in {tmp_path}/data/backups.\n")
    with opened(tmp_path / "data") as installation:
        act(installation, "ada")
    code, out, _ = run("backup", "first.tar")
    assert (code, out.startswith(f"Backed up to {tmp_path}/first.tar (")) == (0, True)
    with opened(tmp_path / "data") as installation:
        act(installation, "bob")
    assert run("backup")[0] == 0
    code, out, _ = run("restore", "first.tar")
    assert code == 0
    assert re.search(r"Restored first\.tar: the inventory of .* UTC\.", out)
    assert "-before-a-restore.tar" in out
    assert "sign in again" in out
    assert users(tmp_path / "data") == ["ada"]
    code, out, _ = run("backup", "list")
    assert code == 0
    assert out.count("for a time") == 2
    assert run("check", "data")[:2] == (0, "The data are sound.\n")


def test_what_is_wrong_is_one_sentence(run: Run, tmp_path: Path) -> None:
    (tmp_path / "text.tar").write_text("Dear all\n")
    (tmp_path / "there.tar").write_text("")
    for arguments, code, told in (
        (["restore", "nothing.tar"], 2, "nothing.tar cannot be read"),
        (["restore", "text.tar"], 2, "text.tar is not a sound backup"),
        (["restore"], 2, "Missing argument"),
        (["backup", "there.tar"], 2, "already"),
        (["backup", "there.tar/below.tar"], 1, "cannot be written"),
    ):
        found, out, err = run(*arguments)
        assert (found, out) == (code, "")
        assert told in err
        assert "Traceback" not in err


def test_nothing_is_restored_while_services_run_and_backups_are_made(
    run: Run, tmp_path: Path
) -> None:
    assert run("backup", "first.tar")[0] == 0
    with opened(tmp_path / "data") as installation:
        act(installation, "ada")
    lock = tmp_path / "data/locks/services.lock"
    with sole_run(lock, threading.Event()):
        code, out, err = run("restore", "first.tar")
        assert (code, out) == (1, "")
        assert err == (
            f"Error: The services of {tmp_path}/data are running: stop them and restore then. "
            "Nothing was touched.\n"
        )
        assert run("backup")[0] == 0
    assert users(tmp_path / "data") == ["ada"]


# -- a disk that is full --------------------------------------------------------------------------


ROOM = (0, 4096, 10_000, 20_000, 30_000, 40_000)  # bytes left on the disk


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    if not can_mount():
        pytest.skip("this user may not mount a disk")
    machine = Machine(tmp_path, has_small_disk=True)
    yield machine
    machine.close()


def test_a_full_disk_leaves_neither_half_a_backup_nor_half_a_restore(
    tmp_path: Path, machine: Machine
) -> None:
    """With less and less room, for each of the two; SQLite must be asked from within the machine."""
    root = machine.seen / "data"
    with opened(tmp_path / "made") as installation:
        observe(installation, "192.0.2.1", Clock())
    shutil.copytree(tmp_path / "made", root)

    def typed(*arguments: str) -> tuple[int, str, str]:
        environment = {"DB_PATH": str(machine.disk / "data"), "BACKUP_PATH": ""}
        ended = machine.run(Order(list(arguments), str(tmp_path), environment))
        return ended.code, ended.out, ended.err

    def guard_count() -> str:
        code, out, _ = typed("setting", "list")
        assert code == 0
        return next(line for line in out.splitlines() if line.startswith("guard_count"))

    packed = str(machine.disk / "good.tar")
    assert typed("setting", "set", "guard_count", "5")[0] == 0
    assert typed("backup", packed)[0] == 0
    good = (machine.seen / "good.tar").read_bytes()
    assert typed("setting", "set", "guard_count", "7")[0] == 0
    (root / "lake/current/zones.parquet").unlink()
    for command in (["backup"], ["restore", packed], ["restore", "--discard-present", packed]):
        for free in ROOM:
            machine.fill(free)
            code, _, told = typed(*command)
            machine.empty()
            assert code == 1
            assert told.startswith("Error: ")
            assert "Traceback" not in told
            assert guard_count() == "guard_count = 7"
            assert not (root / "lake/current/zones.parquet").exists()
            assert [path.name for path in machine.seen.rglob("*.tar*")] == ["good.tar"]
            assert (machine.seen / "good.tar").read_bytes() == good
            assert not list(root.glob("store.db.damaged*"))
            assert not (root / "staging/restore").exists()
            assert not (root / "staging/backup").exists()
    assert typed("backup")[0] == typed("restore", packed)[0] == 0
    assert guard_count() == "guard_count = 5"
    assert (root / "lake/current/zones.parquet").exists()
    assert typed("check", "data")[0] == 0
