"""kill -9 at every step of a restore: the old state or the new, never some of each.

Opening the inventory completes what was cut off; the next restore leads to the new state.
"""

import json
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest

from dnsinv.actions.backup import list_backups, make_backup
from dnsinv.actions.check import data_problems
from dnsinv.actions.installation import Installation
from dnsinv.lake.readmodel import read_model
from tests.core.filled import ROOT, act, files_of, observe, opened, records_of, rows_of
from tests.core.killed_restore import Order
from tests.core.scripted import Clock
from tests.core.stores import postgres as postgres
from tests.never.orders import Server

SEED = 20260302
PORTIONS = 8  # of all kills: a test of a minute each
KILLS = 8  # in `make test`, besides those around the swap
SWAP = ("actions/restoring.py", "lake/freeze.py", "os.rename", "shutil.rmtree")

State = tuple[Any, ...]


@dataclass(frozen=True)
class Scene:
    """An installation before the restore, the backup, what either state looks like, the steps.

    Of steps between which nothing on the disk changes, `steps` has the first: it stands for all.
    `passed` has how often each name was passed.
    """

    server: Server
    before: Path
    backup: Path
    old: State
    new: State
    passed: dict[str, int]
    steps: list[str]

    def last(self, start: str) -> list[str]:
        """The last step of each name that starts so."""
        return [f"{name}#{n}" for name, n in self.passed.items() if name.startswith(start)]


def state_of(installation: Installation) -> State:
    """What people see: the store without the entry of the restore, and the lake."""
    rows = rows_of(installation.store)
    audit = [row for row in rows.pop("audit_log") if row[7] != "backup.restore"]
    return rows, audit, files_of(installation)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("restores")
    before, backup = folder / "before", folder / "backup.tar"
    with opened(folder / "made") as made:
        act(made, "ada")
        observe(made, "192.0.2.1", Clock())
        new = state_of(made)
        make_backup(made, ROOT, "b").path.rename(backup)
    with opened(before) as present:
        act(present, "bob")
        act(present, "eve")
        observe(present, "198.51.100.1", Clock())
        observe(present, "198.51.100.2", Clock(2026, 3, 3))
        old = state_of(present)
    server = Server("tests.core.killed_restore")
    whole = folder / "whole"
    shutil.copytree(before, whole)
    assert server.run(Order(str(whole), str(backup), steps=str(folder / "steps"))) == 0
    passed, steps = json.loads((folder / "steps").read_text())
    yield Scene(server, before, backup, old, new, passed, steps)
    server.close()


def die(scene: Scene, step: str, folder: Path) -> bool:
    """Kill a restore at a step; whether what is found afterwards is the new state."""
    root = folder / "run"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(scene.before, root)
    code = scene.server.run(Order(str(root), str(scene.backup), step=step))
    assert code == -signal.SIGKILL, step
    with opened(root) as installation:
        state = state_of(installation)
        assert state in (scene.old, scene.new), step
        is_new = state == scene.new
        assert list(data_problems(installation)) == [], step
        assert not (root / "staging/restore").exists(), step
        assert read_model(installation.lake) is not None, step
        restored = [
            row for row in rows_of(installation.store)["audit_log"] if row[7] == "backup.restore"
        ]
        assert len(restored) == is_new, step
        for each in list_backups(installation, ROOT):
            assert each.facts.why == "before a restore"
    return is_new


def test_killed_at_any_step_of_the_swap_a_restore_has_happened_or_has_not(
    tmp_path: Path, scene: Scene
) -> None:
    steps = [step for step in scene.steps if step.startswith(SWAP)]
    chosen = Random(SEED).sample(steps, KILLS)
    assert {die(scene, step, tmp_path) for step in chosen} == {True, False}


def test_killed_at_any_other_step_it_can_be_run_again(tmp_path: Path, scene: Scene) -> None:
    others = [step for step in scene.steps if not step.startswith(SWAP)]
    for step in Random(SEED).sample(others, KILLS // 2):
        die(scene, step, tmp_path)
        assert scene.server.run(Order(str(tmp_path / "run"), str(scene.backup))) == 0
        with opened(tmp_path / "run") as installation:
            assert state_of(installation)[2] == scene.new[2], step
            assert state_of(installation)[0] == scene.new[0], step


@pytest.mark.verify
@pytest.mark.parametrize("portion", range(PORTIONS))
def test_killed_at_every_step(tmp_path: Path, scene: Scene, portion: int) -> None:
    ended = [die(scene, step, tmp_path) for step in scene.steps[portion::PORTIONS]]
    assert ended == sorted(ended), "once it has happened, no later kill undoes it"
    assert set(ended) == {True, False}


def test_killed_when_the_store_is_new_and_the_files_are_old_it_is_completed(
    tmp_path: Path, scene: Scene
) -> None:
    """The moment that matters most: each renaming of a folder of files comes after the commit."""
    behind = scene.last("os.rename lake")
    assert behind
    for step in behind:
        assert die(scene, step, tmp_path)
        with opened(tmp_path / "run") as installation:
            assert ("www.a.example", "192.0.2.1") in records_of(installation)


@pytest.mark.parametrize("place", ["store/dump.py", "os.rename lake"])
def test_it_is_the_same_on_postgres(
    tmp_path: Path, scene: Scene, postgres: str, place: str
) -> None:
    root = tmp_path / "run"
    shutil.copytree(scene.before, root)
    with opened(root, postgres) as installation:
        act(installation, "bob")
        old = state_of(installation)
    step = scene.last(place)[-1]
    order = Order(str(root), str(scene.backup), postgres, step)
    assert scene.server.run(order) == -signal.SIGKILL
    with opened(root, postgres) as installation:
        found = state_of(installation)
        assert found == (old if place == "store/dump.py" else scene.new)
        assert list(data_problems(installation)) == []
