"""What people read of instants, spans, states and columns."""

from datetime import date, timedelta

import pytest

from dnsinv_app.chart import HEIGHT, WIDTH, Stack, columns, share
from dnsinv_app.words import ago, counted, listed, span, tone, within
from tests.app.inventory import TODAY


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (192, "3 min 12 s"),
        (3600, "1 h"),
        (16_500, "4 h 35 min"),
        (86_400, "1 day"),
        (183_600, "2 days 3 h"),
    ],
)
def test_a_span_is_said_in_its_two_largest_units(seconds: int, said: str) -> None:
    assert span(timedelta(seconds=seconds)) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "just now"),
        (59, "just now"),
        (60, "1 min ago"),
        (7199, "1 h ago"),
        (172_799, "47 h ago"),
        (172_800, "2 days ago"),
    ],
)
def test_an_instant_is_said_by_its_age(seconds: int, said: str) -> None:
    assert ago(TODAY - timedelta(seconds=seconds), TODAY) == said


def test_a_day_is_said_by_its_distance() -> None:
    assert [within(date(2026, 3, day), date(2026, 3, 1)) for day in (1, 2, 13)] == [
        "today",
        "tomorrow",
        "in 12 days",
    ]


def test_numbers_agree_with_their_nouns_and_lists_end_in_and() -> None:
    assert [counted(1, "zone"), counted(1234, "zone"), counted(2, "other", "others")] == [
        "1 zone",
        "1,234 zones",
        "2 others",
    ]
    assert [listed(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


def test_the_tone_of_a_pair_is_that_of_its_worst_state() -> None:
    assert tone("active", "active") == tone("-", "active") == "good"
    assert tone("active", "expired") == "bad"
    assert tone("locked", "active") == "doubtful"
    assert tone("-", "-") == "neutral"


def test_columns_are_stacked_and_the_highest_is_as_high_as_the_chart() -> None:
    low, high, none = columns(
        [
            Stack("low", [("added", 1)]),
            Stack("high", [("added", 300), ("removed", 100)]),
            Stack("none", [("added", 0)]),
        ]
    )
    assert [bar.kind for bar in high.bars] == ["added", "removed"]
    assert sum(bar.height for bar in high.bars) == HEIGHT
    assert high.bars[1].y == 0
    assert low.bars[0].height >= 2, "one change beside hundreds can be seen"
    assert none.bars == []
    assert none.x + none.width < WIDTH


def test_a_share_of_nothing_is_nothing() -> None:
    assert (share(1, 3), share(0, 0)) == (33.3, 0.0)
