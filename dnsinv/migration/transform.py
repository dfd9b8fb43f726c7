"""From the items of a chunk to rows, as a template says."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from dnsinv.migration.chunks import Chunk
from dnsinv.migration.domain_rows import DomainRows
from dnsinv.migration.faults import Faults
from dnsinv.migration.frames import Frame
from dnsinv.migration.others import Others
from dnsinv.migration.record_rows import RecordRows
from dnsinv.migration.rows import DOMAIN_ROWS, RECORD_ROWS, Transformed
from dnsinv.migration.templates import Template
from dnsinv.migration.values import kind


@dataclass(frozen=True, slots=True)
class _Made:
    """Columns of rows, and the place in the chunk of each row's item."""

    origins: Sequence[int]
    columns: dict[str, Any]


class Transformer:
    """A template ready to be applied to any number of chunks, by one thread at a time."""

    def __init__(self, template: Template) -> None:
        self._domains = DomainRows(template.domains) if template.domains else None
        self._records = [RecordRows(records) for records in template.records]
        self._others = Others(template) if template.keep_others else None

    def apply(self, chunk: Chunk) -> Transformed:
        """The rows of the chunk's items, and all that is wrong with them."""
        faults = Faults()
        items = _objects(chunk, faults)
        domains = [self._of_domains(items, faults)] if self._domains else []
        records = [self._of_records(place, items, faults) for place in range(len(self._records))]
        _refuse_without_rows(items, [*domains, *records], faults)
        return Transformed(
            _table(DOMAIN_ROWS, domains, chunk, faults),
            _table(RECORD_ROWS, records, chunk, faults),
            faults.table(chunk.first, chunk.lines),
        )

    def _of_domains(self, items: Frame, faults: Faults) -> _Made:
        assert self._domains is not None
        frame = self._domains.frame(items)
        columns = self._domains.columns(frame, faults)
        if self._others:
            columns["attributes"] = self._others.of_domains(frame, faults)
        return _Made(frame.origins, columns)

    def _of_records(self, place: int, items: Frame, faults: Faults) -> _Made:
        frame = self._records[place].frame(items)
        columns = self._records[place].columns(frame, faults)
        if self._others:
            columns["attributes"] = self._others.of_records(place, frame, faults)
        return _Made(frame.origins, columns)


def _objects(chunk: Chunk, faults: Faults) -> Frame:
    """The items that are objects and not refused already."""
    for place, warning in chunk.warnings.items():
        faults.warn(place, warning.field, warning.value, warning.code, warning.reason)
    for place, trouble in chunk.troubles.items():
        faults.refuse(place, trouble.field, trouble.value, trouble.code, trouble.reason)
    if not faults.bad and set(map(type, chunk.values)) == {dict}:
        return Frame.of_items(chunk.values, range(len(chunk.values)), chunk.keys)
    origins = []
    for place, value in enumerate(chunk.values):
        if type(value) is dict:
            if place not in faults.bad:
                origins.append(place)
        elif place not in faults.bad:
            reason = f"It is {kind(value)}; a template takes objects."
            faults.refuse(place, "", value, "not_an_object", reason)
    keys = None if chunk.keys is None else [chunk.keys[place] for place in origins]
    return Frame.of_items([chunk.values[place] for place in origins], origins, keys)


def _refuse_without_rows(items: Frame, made: Sequence[_Made], faults: Faults) -> None:
    """Say of items that they hold nothing that the template makes a row of."""
    if any(part.origins is items.origins for part in made):
        return
    having = {origin for part in made for origin in part.origins}
    for origin, item in zip(items.origins, items.values, strict=True):
        if origin not in having:
            reason = "It has nothing where the template looks for domains or records."
            faults.refuse(origin, "", item, "no_rows", reason)


def _table(schema: pa.Schema, parts: Sequence[_Made], chunk: Chunk, faults: Faults) -> pa.Table:
    """Rows in the order of the file, without those of items that are refused."""
    lines = np.asarray(chunk.lines, np.int64)
    bad = np.fromiter(faults.bad, np.int64, len(faults.bad))
    tables = []
    for part in parts:
        origins = np.asarray(part.origins, np.int64)
        columns = dict(part.columns, item=origins + chunk.first, line=lines[origins])
        keep = None
        if len(bad) and (isin := np.isin(origins, bad)).any():
            keep = np.flatnonzero(~isin).tolist()
        tables.append(_arrow(schema, columns, len(origins), keep))
    if len(tables) == 1:
        return tables[0]
    together = pa.concat_tables([schema.empty_table(), *tables])
    return together.sort_by("item") if tables else together


def _arrow(
    schema: pa.Schema, columns: dict[str, Any], rows: int, keep: Sequence[int] | None
) -> pa.Table:
    def array(field: pa.Field) -> pa.Array:
        values = columns.get(field.name)
        if values is None:
            return pa.nulls(rows if keep is None else len(keep), field.type)
        if keep is not None:
            values = [values[row] for row in keep]
        return pa.array(values, field.type)

    return pa.table([array(field) for field in schema], schema)
