"""Small bar charts as numbers for SVG: the page needs no script and no inline style."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 300.0, 56.0
GAP = 0.28  # share of a column that stays empty
LEAST = 2.0  # one change must be seen beside a thousand


@dataclass(frozen=True, slots=True)
class Stack:
    """What one column is made of: (kind, count) from the bottom up, and what it says."""

    title: str
    parts: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Bar:
    """One rectangle of a column; `kind` gives its colour."""

    y: float
    height: float
    kind: str


@dataclass(frozen=True, slots=True)
class Column:
    """The rectangles of one column, upon one another."""

    x: float
    width: float
    title: str
    bars: Sequence[Bar]


def columns(stacks: Sequence[Stack]) -> list[Column]:
    """Columns over the whole width of the chart, the highest as high as the chart."""
    highest = max((_total(stack) for stack in stacks), default=0) or 1
    step = WIDTH / max(len(stacks), 1)
    return [
        Column(
            round(place * step, 2), round(step * (1 - GAP), 2), stack.title, _bars(stack, highest)
        )
        for place, stack in enumerate(stacks)
    ]


def share(part: int, whole: int) -> float:
    """Percent of the whole, to one decimal; 0 of nothing."""
    return round(100 * part / whole, 1) if whole else 0.0


def _bars(stack: Stack, highest: int) -> list[Bar]:
    bars, top = [], HEIGHT
    for kind, count in stack.parts:
        if count:
            height = min(max(count / highest * HEIGHT, LEAST), top)
            top -= height
            bars.append(Bar(round(top, 2), round(height, 2), kind))
    return bars


def _total(stack: Stack) -> int:
    return sum(count for _, count in stack.parts)
