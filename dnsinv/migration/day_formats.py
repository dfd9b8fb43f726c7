"""In which format the days of a field are written, as far as they tell."""

from collections.abc import Sequence
from typing import Any

from dnsinv.migration.faults import Unfit
from dnsinv.migration.values import day

_FORMATS = (
    "%Y/%m/%d", "%d.%m.%Y", "%d-%m-%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y%m%d", "%d %b %Y", "%d-%b-%Y",
    "%b %d, %Y", "%B %d, %Y", "%d %B %Y", "epoch", "epoch_ms",
)  # fmt: skip
_EITHER = {"%d/%m/%Y", "%m/%d/%Y"}  # days up to the 12th fit both
_YEARS = range(1985, 2100)  # the first .com was registered in 1985
_LEAST_SHARE = 0.9


def day_formats(values: Sequence[Any]) -> list[str]:
    """The formats that fit most of the values, the likeliest first; "" is ISO 8601.

    None at all if they are no days.
    """
    if _share("", values) >= _LEAST_SHARE:
        return [""]
    shares = {each: _share(each, values) for each in _FORMATS}
    best = max(*shares.values(), _LEAST_SHARE)
    return [each for each, share in shares.items() if share == best]


def are_ambiguous(formats: Sequence[str]) -> bool:
    """Whether a day may be taken for a month."""
    return set(formats) >= _EITHER


def _share(written: str, values: Sequence[Any]) -> float:
    return sum(_fits(written, value) for value in values) / max(len(values), 1)


def _fits(written: str, value: Any) -> bool:
    try:
        return day(value, [written] if written else []).year in _YEARS
    except Unfit:
        return False
