"""Real listings, domains only, day after day: what came and went is what the CSV files say."""

import random
from datetime import UTC, date, datetime, time
from itertools import pairwise
from pathlib import Path

import pytest

from tests.truth.files import (
    FEDERAL,
    DataSet,
    Day,
    Key,
    domain_differences,
    dotgov_domains,
    needs_data,
)
from tests.truth.replay import GODADDY, GODADDY_V1, SEED, Extent, Setup, everything, replay

pytestmark = needs_data

EVENING = time(23, tzinfo=UTC)
FEDERAL_DAILY = DataSet(
    "federal",
    FEDERAL,
    lambda day: Day(dotgov_domains(FEDERAL, day), frozenset()),
    dict,
    lambda row: Key(*row[:3]),
)

setups = pytest.mark.parametrize("setup", [GODADDY, GODADDY_V1], ids=lambda setup: setup.name)


@setups
def test_two_days_of_listings_differ_as_the_files_do(setup: Setup, tmp_path: Path) -> None:
    differing = [pair for pair, sides in differences().items() if any(sides)]
    pair = random.Random(SEED).choice(sorted(differing))
    print(f"seed {SEED}, {pair[0]} and {pair[1]}")  # noqa: T201
    check(Extent(FEDERAL_DAILY, list(pair), everything(FEDERAL_DAILY).names), setup, tmp_path)


@pytest.mark.verify
@setups
def test_all_days_of_listings_differ_as_the_files_do(setup: Setup, tmp_path: Path) -> None:
    check(everything(FEDERAL_DAILY), setup, tmp_path)


def differences() -> dict[tuple[date, date], tuple[set[str], set[str]]]:
    return domain_differences("federal-daily")


def check(extent: Extent, setup: Setup, root: Path) -> None:
    """`domain_changes` are those of expected-diff; `domain_history` has each day's domains."""
    done = replay(extent, setup, root, lists_only=True)
    for day in extent.days:
        evening = datetime.combine(day, EVENING)
        names = done.sql(
            "select name from domain_history "
            "where valid_from <= $1 and (valid_to is null or valid_to > $1)",
            evening,
        )
        assert sorted(name for (name,) in names) == sorted(extent.truth(day).domains)
    for before, after in pairwise(extent.days):
        found = done.sql(
            "select change, name from domain_changes where observed_at > ? and observed_at <= ?",
            datetime.combine(before, EVENING),
            datetime.combine(after, EVENING),
        )
        added, removed = differences()[before, after]
        wanted = [("added", name) for name in added] + [("removed", name) for name in removed]
        assert sorted(found) == sorted(wanted), (before, after)
