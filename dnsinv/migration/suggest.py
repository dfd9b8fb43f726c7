"""Which template fits a file, and why: each that may fit is tried on a sample of its items."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dnsinv.migration import filled
from dnsinv.migration.chunks import Chunk
from dnsinv.migration.faults import safe
from dnsinv.migration.filled import Filled, Guess
from dnsinv.migration.paths import find, joined, path
from dnsinv.migration.register import register
from dnsinv.migration.seen import MOST_ITEMS, is_name, seen, squeezed
from dnsinv.migration.templates import LONGEST_NAME, Domains, Records, Template, builtin, template
from dnsinv.migration.transform import Transformer

MOST_TRIED = 500  # items of the sample that candidates are tried on
SUGGESTED = "suggested"  # the id of a template that was made for a file
FLEXIBLE = "flexible"
LEAST_SHOWN = 0.2  # confidence of another template that is offered too
_FITS = 0.4  # what counts that items become rows; the rest is how much of their fields is known
_LAST_RESORT = 0.8  # of a template that takes anything
_IN_VAIN = 0.7  # of a template that is for more than these items have


@dataclass(frozen=True, slots=True)
class Candidate:
    """A template that may fit: how likely, from 0 to 1, and why."""

    template: Template
    confidence: float
    reason: str
    mapping: list[Guess] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The template that fits best.

    Attributes:
        template: one that is built in, or one made for the file (its id is "suggested").
        confidence: from 0, it does not fit, to 1.
        reason: one or two sentences.
        mapping: of each column the field it is taken from, how sure that is, and why.
        questions: what somebody who knows the file should say before it is imported.
        others: the next best ones, the likeliest first.
    """

    template: Template
    confidence: float
    reason: str
    mapping: list[Guess]
    questions: list[str]
    others: list[Candidate]


def suggest(
    items: Sequence[Any], *, keys: Sequence[str] | None = None, file_name: str = ""
) -> Suggestion:
    """The template that fits a sample of items best, the first items of the file or any others.

    Args:
        items: parsed items, of which at most 2,000 are looked at.
        keys: of an object of objects the keys of the items.
        file_name: may tell in which zone names are; "" if there is none.
    """
    kept = [
        (item, key)
        for item, key in zip(items[:MOST_ITEMS], keys or [""] * len(items), strict=False)
        if type(item) is dict
    ]
    sample = Sample([item for item, _ in kept], [key for _, key in kept] if keys else None)
    best, *others = sorted(
        _candidates(sample, file_name),
        key=lambda each: (-each.confidence, not each.confidence and each.template.id != FLEXIBLE),
    )
    return Suggestion(
        best.template,
        best.confidence,
        best.reason,
        best.mapping,
        best.questions,
        [each for each in others if each.confidence >= LEAST_SHOWN],
    )


class Sample:
    """Items to try templates on, and their fields."""

    def __init__(self, items: list[dict[str, Any]], keys: list[str] | None) -> None:
        self.items = items
        self.keys = keys
        self.fields = seen(items)
        count = min(len(items), MOST_TRIED)
        self.chunk = Chunk(
            1, items[:count], list(range(1, count + 1)), None if keys is None else keys[:count]
        )

    def tried(self, template: Template) -> tuple[float, int]:
        """The share of the items of which a template makes rows, and how many records they are."""
        made = Transformer(template).apply(self.chunk)
        rows = pa.concat_arrays(
            [each.column("item").combine_chunks() for each in (made.domains, made.records)]
        )
        return pc.count_distinct(rows).as_py() / max(len(self.chunk), 1), made.records.num_rows

    def covered(self, template: Template) -> float:
        """The share of what the items' fields say that a template knows."""
        known = set(map(squeezed, _known_fields(template)))
        top = [each for each in self.fields.values() if path(each.path).field is not None]
        total = sum(each.count for each in top)
        return sum(each.count for each in top if squeezed(each.path) in known) / max(total, 1)


def _candidates(sample: Sample, file_name: str) -> Iterator[Candidate]:
    for each in builtin():
        yield _of_builtin(each, sample)
    names = sample.keys or []
    with_keys = bool(names) and sum(map(is_name, names)) >= filled.LEAST_SHARE * len(names)
    made = (
        filled.records(sample.items),
        filled.domains(sample.items, with_keys=with_keys),
        register(sample.items, file_name),
    )
    for found in filter(None, made):
        yield _of_filled(found, sample, file_name)


def _of_builtin(template: Template, sample: Sample) -> Candidate:
    share, records = sample.tried(template)
    covered = sample.covered(template)
    confidence = share * (_FITS + (1 - _FITS) * covered)
    if template.id == FLEXIBLE:
        confidence *= _LAST_RESORT
    mapping = list(_guesses(template, sample))
    known = {squeezed(each) for each in template.known_fields}
    is_bare = len(mapping) <= 1 and known.isdisjoint(map(squeezed, sample.fields))
    if template.domains and not records and (template.records or is_bare):
        confidence *= _IN_VAIN
    return Candidate(template, round(confidence, 2), _reason(share, covered, sample), mapping)


def _of_filled(found: Filled, sample: Sample, file_name: str) -> Candidate:
    name = f"Made for {safe(file_name)}"[:LONGEST_NAME] if file_name else "Made for this file"
    made = template(
        {"id": SUGGESTED, "name": name, "description": found.reason, **found.definition}
    )
    share, _ = sample.tried(made)
    covered = sample.covered(made)
    confidence = found.sure * share * (_FITS + (1 - _FITS) * covered)
    reason = f"{found.reason} {_reason(share, covered, sample)}"
    return Candidate(made, round(confidence, 2), reason, found.guesses, found.questions)


def _guesses(template: Template, sample: Sample) -> Iterator[Guess]:
    """Of each column the first field that the sample has."""
    both = template.domains is not None and bool(template.records)
    for part in _parts(template):
        kind = "records" if isinstance(part, Records) else "domains"
        way, values = _first_way(part.each, sample)
        fields = seen(values) if part.each else sample.fields
        for column, mapping in part.columns.items():
            entry = next(filter(None, map(fields.get, mapping.paths)), None)
            if entry is not None:
                name = f"{kind}.{column}" if both else column
                look = filled.look_of(column, of_records=kind == "records")
                found = filled.guess(name, entry, len(values), look)
                yield replace(found, path=joined(way, found.path))


def _first_way(each: Sequence[str], sample: Sample) -> tuple[str, list[Any]]:
    """Of several paths to what makes rows the first that leads anywhere, and what is there."""
    for text in each:
        steps = path(text).steps
        if values := [found.value for item in sample.items for found in find(steps, item)]:
            return text, values[:MOST_ITEMS]
    return "", [] if each else sample.items


def _parts(template: Template) -> list[Domains | Records]:
    return [each for each in (template.domains, *template.records) if each is not None]


def _known_fields(template: Template) -> Iterator[str]:
    """The fields of items that a template takes something from, or knows without."""
    yield from template.known_fields
    for part in _parts(template):
        own = [path(text) for mapping in part.columns.values() for text in mapping.paths]
        ways = [path(text) for text in part.each]
        for way in (*ways, *(each for each in own if each.of_item or not ways)):
            if way.steps:
                yield str(way.steps[0])


def _reason(share: float, covered: float, sample: Sample) -> str:
    if not sample.items:
        return "There is no object among the items."
    count = len(sample.chunk)
    return f"It makes rows of {share:.0%} of {count} items and knows {covered:.0%} of their fields."
