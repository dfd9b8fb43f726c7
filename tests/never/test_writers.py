"""Several who write to the store at once, or die while they do: nothing is lost, doubled or half."""

import random
import subprocess
import sys
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest
from sqlalchemy import func, select

from dnsinv.actions.annotate import add_domain, annotation_of
from dnsinv.actions.installation import Installation, open_with
from dnsinv.settings import Settings
from dnsinv.store import audit
from dnsinv.store.tables import assignments, users
from tests.core.stores import ROOT
from tests.core.stores import database_url as database_url
from tests.core.stores import installation as installation
from tests.core.stores import postgres_server as postgres_server
from tests.never.writing import COUNTER, NAMES

WRITERS = 4


@pytest.fixture
def store(installation: Installation) -> Installation:
    for name in (COUNTER, *NAMES):
        add_domain(installation, ROOT, name)
    return installation


def start(root: Path, url: str, seed: int, writes: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.never.writing", str(root), url, str(seed), str(writes)],
        cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def is_sound(installation: Installation) -> bool:
    """The chain is whole, and every row says an entry that exists."""
    with installation.store.read() as db:
        last = audit.last_seq(db)
        newest = [
            db.execute(select(func.coalesce(func.max(column), 0))).scalar_one()
            for column in (users.c.changed_in, assignments.c.assigned_in, assignments.c.ended_in)
        ]
        owned_twice = db.execute(
            select(assignments.c.user_id)
            .where(assignments.c.ended_in.is_(None))
            .group_by(assignments.c.user_id, assignments.c.domain)
            .having(func.count() > 1)
        ).first()
        return audit.broken_at(db) is None and max(newest) <= last and owned_twice is None


@pytest.mark.parametrize(
    "writes", [40, pytest.param(2_500, marks=pytest.mark.verify)], ids=["some", "ten thousand"]
)
def test_writers_at_once_lose_nothing_and_see_no_error(
    tmp_path: Path, store: Installation, database_url: str, writes: int
) -> None:
    with store.store.read() as db:
        before = audit.last_seq(db)
    running = [start(tmp_path, database_url, seed, writes) for seed in range(WRITERS)]
    ended = [writer.communicate() for writer in running]

    assert [
        (writer.returncode, told) for writer, (_, told) in zip(running, ended, strict=True)
    ] == [(0, "")] * WRITERS
    kinds = Counter(line for printed, _ in ended for line in printed.splitlines())
    assert kinds.total() == WRITERS * writes
    with store.store.read() as db:
        assert audit.last_seq(db) == before + WRITERS + kinds.total()
        made = db.execute(select(func.count()).where(users.c.name.like("U%"))).scalar_one()
    assert made == kinds["user"]
    assert annotation_of(store, ROOT, COUNTER).note == str(kinds["count"])
    assert is_sound(store)


@pytest.mark.parametrize(
    "kills", [2, pytest.param(60, marks=pytest.mark.verify)], ids=["some", "many"]
)
def test_a_writer_killed_at_any_moment_leaves_the_store_sound(
    tmp_path: Path, store: Installation, database_url: str, kills: int
) -> None:
    chance = random.Random(20261125)
    counted = 0
    for seed in range(kills):
        writer = start(tmp_path, database_url, seed, 1_000)
        assert writer.stdout is not None
        lines = list(islice(writer.stdout, chance.randrange(1, 40)))
        writer.kill()
        rest, told = writer.communicate()
        assert told == ""
        counted += (*lines, *rest.splitlines(keepends=True)).count("count\n")
        reopened = open_with(Settings(db_path=tmp_path, database_url=database_url, _env_file=None))
        assert is_sound(reopened)
        # The last write may have happened without its line.
        assert 0 <= int(annotation_of(reopened, ROOT, COUNTER).note or 0) - counted <= 1
        counted = int(annotation_of(reopened, ROOT, COUNTER).note or 0)
        reopened.close()
