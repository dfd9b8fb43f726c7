"""Rows of records from items, as one of a template's mappings of records says."""

from collections.abc import Mapping as Columns
from collections.abc import Sequence
from typing import Any

from dnsinv.domain.names import is_within
from dnsinv.migration import values
from dnsinv.migration.columns import Column, Convert, Memory, are_plain_names
from dnsinv.migration.faults import Fault, Faults, Unfit
from dnsinv.migration.frames import Frame
from dnsinv.migration.paths import path
from dnsinv.migration.record_data import APEX, content, has_no_priority
from dnsinv.migration.templates import RecordColumn, Records


def _label(value: Any) -> str:
    """A name, full or within its domain; numbers are names in some files."""
    if type(value) is int:
        return str(value)
    if type(value) is not str:
        raise Unfit("bad_kind", f"It is {values.kind(value)}; a name is a text.")
    return value.strip()


def _data(value: Any) -> Any:
    return value


_READ: Columns[RecordColumn, Convert] = {
    "domain": values.name,
    "name": _label,
    "subdomain": _label,
    "type": values.record_type,
    "data": _data,
    "ttl": values.seconds,
    "priority": values.priority,
    "discovered_on": values.day,
    "owners": values.owners,
}


class RecordRows:
    """Makes rows of all that becomes a record."""

    def __init__(self, records: Records) -> None:
        self._ways = [path(text) for text in records.each]
        self._mx_priority = records.mx_priority
        self._columns = {
            # An empty text is data of TXT, so that data that is missing is told by its type.
            name: Column(
                mapping,
                _READ[name],
                is_needed=name in ("domain", "type"),
                is_spread=name == "data",
            )
            for name, mapping in records.columns.items()
        }
        may_be_full = "name" in self._columns
        self._names = Memory(lambda pair: _owner_name(*pair, may_be_full=may_be_full))
        self._contents = Memory(lambda parts: content(*parts, txt_form=records.txt))

    def frame(self, items: Frame) -> Frame:
        """What becomes a record."""
        frame = items.below(self._ways) if self._ways else items
        data = self._columns["data"].gather(frame)
        return frame.spread(data) if any(type(each) is list for each in data) else frame

    def columns(self, frame: Frame, faults: Faults) -> dict[str, Any]:
        """The columns that the mapping fills, one value for each value of the frame."""
        found: dict[str, Any] = {
            name: column.read(frame, faults)
            for name, column in self._columns.items()
            if name != "data"
        }
        labels = found.pop("subdomain", None) or found.get("name")
        found["name"] = self._owner_names(labels, found["domain"], frame, faults)
        contents = self._contents_of(found, frame, faults)
        found["priority"] = [each and each[0] for each in contents]
        found["content"] = [each and each[1] for each in contents]
        return found

    def _owner_names(
        self, labels: Sequence[Any] | None, zones: Sequence[Any], frame: Frame, faults: Faults
    ) -> Sequence[Any]:
        if labels is None:
            return zones
        pairs = list(zip(labels, zones, strict=True))
        likely = [_likely_name(label, zone) for label, zone in pairs]
        are_plain = are_plain_names(likely) or [False] * len(likely)
        names = [
            full if is_plain or pair[1] is None else self._names[pair]
            for full, is_plain, pair in zip(likely, are_plain, pairs, strict=True)
        ]
        if not self._names.is_odd:
            return names
        column = self._columns["name" if "name" in self._columns else "subdomain"]
        return column.told(names, labels, frame, faults)

    def _contents_of(self, found: dict[str, Any], frame: Frame, faults: Faults) -> list[Any]:
        """Priority and content of each row."""
        column = self._columns["data"]
        raw = column.gather(frame) if frame.parts is None else [each for each, _ in frame.parts]
        data = column.values(raw)
        priorities = found.get("priority") or [None] * len(data)
        contents: list[Any] = []
        for row, (type, zone, value, priority) in enumerate(
            zip(found["type"], found["domain"], data, priorities, strict=True)
        ):
            if type is None or zone is None or value.__class__ is Fault:
                contents.append(value if value.__class__ is Fault else None)
            elif value is None and not (type == "TXT" and raw[row] == ""):
                contents.append(column.missing())
            elif priority is None and type == "MX" and self._mx_priority is not None:
                own = self._mx_priority + _place(frame, row) if has_no_priority(value) else None
                contents.append(self._content(type, value, zone, own))
            else:
                contents.append(self._content(type, "" if value is None else value, zone, priority))
        if not (self._contents.is_odd or any(each.__class__ is Fault for each in contents)):
            return contents
        return column.told(contents, raw, frame, faults)

    def _content(self, type: str, value: Any, zone: str, priority: int | None) -> Any:
        if value.__class__ is str and value != APEX:
            return self._contents[value, type, "", priority]
        return self._contents.read((value, type, zone, priority))


def _place(frame: Frame, row: int) -> int:
    """The place of a row's data in the list that it stands in."""
    part = frame.parts[row][1] if frame.parts else None
    slot = frame.slots[row] if frame.slots else None
    return part if part is not None else slot or 0


def _likely_name(label: str | None, zone: str | None) -> str | None:
    """The full name, if it is one that is canonical; else what `_owner_name` must look at."""
    if label is None:
        return zone
    return None if zone is None or label.endswith(zone) else f"{label}.{zone}"


def _owner_name(label: str | None, zone: str, *, may_be_full: bool) -> str:
    if label is None or label == APEX:
        return zone
    if label.endswith("."):
        full = values.name(label)
    else:
        full = values.name(label) if may_be_full else ""
        if not full or not is_within(full, zone):
            full = values.name(f"{label}.{zone}" if zone != "." else label)
    if not is_within(full, zone):
        raise Unfit("outside_domain", f"The name {full} does not lie in the domain {zone}.")
    return full
