"""Patterns of domain names, as assignment rules have them.

`*` stands for any characters, dots included, also for none; everything else stands for itself:

    shop.example      that name alone
    *.shop.example    every name below it, at any depth, and not shop.example itself
    *bank*            every name that has "bank" in it
    *                 every name
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dnsinv.domain.names import ancestors, canonical_name
from dnsinv.errors import BadName, UsageError

LONGEST_PATTERN = 253
_PART = re.compile(r"[a-z0-9_./*-]*")
_SHOWN = 60  # characters of a pattern that an error quotes


class BadPattern(UsageError):
    """Not a pattern of domain names."""


def clean_pattern(text: str) -> str:
    """A pattern as it is stored: lower case, A-labels, no last dot, no `*` twice in a row.

    Raises:
        BadPattern: it is empty, too long, or can match no name.
    """
    shown = repr(text[:_SHOWN])
    pattern = ".".join(_label(label, shown) for label in text.strip().rstrip(".").split("."))
    pattern = re.sub(r"\*+", "*", pattern)
    if not pattern.strip("."):
        raise BadPattern("The pattern is empty; write one such as *.shop.example.")
    if len(pattern) > LONGEST_PATTERN:
        raise BadPattern(f"The pattern {shown} is longer than {LONGEST_PATTERN} characters.")
    if not _PART.fullmatch(pattern) or ".." in pattern or pattern.startswith("."):
        raise BadPattern(
            f"The pattern {shown} can match no domain name; it looks like *.shop.example."
        )
    return pattern


def matches(pattern: str, name: str) -> bool:
    """Whether a clean pattern matches a canonical name; the time it takes is linear."""
    first, *others = pattern.split("*")
    if not others:
        return pattern == name
    *middle, last = others
    if len(name) < len(first) + len(last) or not name.startswith(first) or not name.endswith(last):
        return False
    if pattern.startswith("*.") and "*" not in last and not middle:
        return len(name) > len(last)
    at, end = len(first), len(name) - len(last)
    for part in middle:
        found = name.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


@dataclass(frozen=True, slots=True)
class Patterns:
    """Many patterns, ready to be asked for many names."""

    exact: dict[str, list[int]]
    below: dict[str, list[int]]
    others: list[tuple[int, str]]

    @classmethod
    def of(cls, patterns: Iterable[str]) -> "Patterns":
        """Of clean patterns in order."""
        made = cls({}, {}, [])
        for place, pattern in enumerate(patterns):
            if "*" not in pattern:
                made.exact.setdefault(pattern, []).append(place)
            elif pattern.startswith("*.") and "*" not in pattern[1:]:
                made.below.setdefault(pattern[2:], []).append(place)
            else:
                made.others.append((place, pattern))
        return made

    def places(self, name: str) -> list[int]:
        """Which of the patterns match a name, by their places, in order."""
        return sorted(self._places(name))

    def _places(self, name: str) -> Iterator[int]:
        yield from self.exact.get(name, ())
        if self.below:
            for parent in ancestors(name):
                yield from self.below.get(parent, ())
        for place, pattern in self.others:
            if matches(pattern, name):
                yield place


def _label(label: str, shown: str) -> str:
    if label.isascii():
        return label.lower()
    if "*" in label:
        raise BadPattern(
            f"The pattern {shown} has * beside letters that are not ASCII; names are compared in "
            "their ASCII form (xn--...), so write whole labels or ASCII."
        )
    try:
        return canonical_name(label)
    except BadName as bad:
        raise BadPattern(f"The pattern {shown} can match no domain name: {bad}") from bad
