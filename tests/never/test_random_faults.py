"""Faults of every kind, at random: not one false removal, not one doubled or lost change.

pytest tests/never -m verify                          all scenarios
NEVER_SEED=4711 NEVER_COUNT=1 pytest tests/never -m "not verify" -k random   one of them again
"""

from collections.abc import Iterator
from os import environ  # noqa: TID251 - which scenarios to play is no setting of the product
from pathlib import Path

import pytest

from tests.never.scenario import Sandboxes, Scenario

SEED = int(environ.get("NEVER_SEED", "20261123"))
SHARE = int(environ.get("NEVER_COUNT", "12"))  # scenarios of `make test`
ALL = 1_200  # and of `make verify`
PORTION = 20


@pytest.fixture(scope="module")
def sandboxes() -> Iterator[Sandboxes]:
    sandboxes = Sandboxes()
    yield sandboxes
    sandboxes.close()


def play(first: int, count: int, root: Path, sandboxes: Sandboxes) -> None:
    for seed in range(first, first + count):
        Scenario(seed, root / str(seed), sandboxes).run()


@pytest.mark.parametrize("seed", range(SEED, SEED + SHARE))
def test_random_faults_remove_nothing_and_double_nothing(
    seed: int, tmp_path: Path, sandboxes: Sandboxes
) -> None:
    play(seed, 1, tmp_path, sandboxes)


@pytest.mark.verify
@pytest.mark.parametrize("first", range(SEED, SEED + ALL, PORTION))
def test_all_random_faults_remove_nothing_and_double_nothing(
    first: int, tmp_path: Path, sandboxes: Sandboxes
) -> None:
    play(first, PORTION, tmp_path, sandboxes)
