"""Record ids as Cloudflare keeps them: an edit keeps the id, a neighbour's removal moves none."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from dnsinv.sandbox.draws import hex_id
from dnsinv.sandbox.world import World, WorldRecord

_Place = tuple[str, str]  # owner name in lower case and type


def record_ids(world: World, day: date, zone: str) -> list[str]:
    """32 hexadecimal digits for each record of the zone, in the world's order.

    Where the world has no keys, the zone's days are compared one after the other: equal content is
    the same record; of what remains under one name and type, an old value became a new one.
    """
    records = world.records(day, zone)
    if all(record.key for record in records):
        keys = [record.key for record in records]
    else:
        keys = _keys_from_history(world, day, zone)
    return [hex_id(zone, *_place(record), key) for record, key in zip(records, keys, strict=True)]


def _keys_from_history(world: World, day: date, zone: str) -> list[str]:
    keys: list[str] = []
    before: Sequence[WorldRecord] = ()
    counts: dict[_Place, int] = defaultdict(int)
    for each in world.days():
        if each > day:
            break
        records = world.records(each, zone)
        if records != before:
            keys = _carried_over(before, keys, records, counts)
            before = records
    return keys


def _carried_over(
    before: Sequence[WorldRecord],
    keys: list[str],
    records: Sequence[WorldRecord],
    counts: dict[_Place, int],
) -> list[str]:
    by_content: dict[tuple[_Place, str], list[str]] = defaultdict(list)
    for record, key in zip(before, keys, strict=True):
        by_content[_place(record), record.rdata].append(key)
    result = [
        kept.pop(0) if (kept := by_content.get((_place(record), record.rdata))) else ""
        for record in records
    ]
    edited: dict[_Place, list[str]] = defaultdict(list)
    for (place, _rdata), left in by_content.items():
        edited[place] += left
    for position, record in enumerate(records):
        if result[position]:
            continue
        place = _place(record)
        if edited[place]:
            result[position] = edited[place].pop(0)
        else:
            result[position] = str(counts[place])
            counts[place] += 1
    return result


def _place(record: WorldRecord) -> _Place:
    return record.name.lower(), record.type
