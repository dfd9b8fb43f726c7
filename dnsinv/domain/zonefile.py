"""A zone as a BIND zone file, from which any name server or provider can put it back.

Every name is absolute. What cannot be said in such a file is kept as a comment.
"""

from collections.abc import Iterable, Iterator

from dnsinv.domain.rdata import KNOWN_TYPES, presentation
from dnsinv.domain.records import AUTOMATIC_TTL, Record
from dnsinv.errors import BadRecord

PROXIED = "cf_tags=cf-proxied:{}"  # as Cloudflare's own export and import write it


def bind_zone(zone: str, records: Iterable[Record], told: Iterable[str] = ()) -> str:
    """The text of a zone file, its SOA first; dnspython reads the same records back.

    A record of a type that is not known here is written as it came. A TTL of 1 is Cloudflare's
    "automatic", which its import understands.

    Args:
        told: lines of comment at the top.
    """
    ordered = sorted(records, key=lambda each: (each.type != "SOA", each.name != zone, each))
    lines = [f"; {line}" for line in told]
    if not any(record.type == "SOA" for record in ordered):
        lines.append("; No SOA: the provider writes its own and does not list it.")
    if any(record.ttl == AUTOMATIC_TTL for record in ordered):
        lines.append("; A TTL of 1 is Cloudflare's automatic one.")
    lines += [f"$ORIGIN {absolute(zone)}", *(_line(record) for record in ordered)]
    return "\n".join(lines) + "\n"


def absolute(name: str) -> str:
    """A canonical name with its last dot."""
    return name if name.endswith(".") else f"{name}."


def _line(record: Record) -> str:
    try:
        data = presentation(record.type, record.content, record.priority)
    except BadRecord:
        return _unsayable(record)
    if record.type not in KNOWN_TYPES and not _is_plain(data):
        return _unsayable(record)
    line = f"{absolute(record.name)}\t{record.ttl}\tIN\t{record.type}\t{data}"
    remarks = list(_remarks(record))
    return f"{line}\t; {' '.join(remarks)}" if remarks else line


def _remarks(record: Record) -> Iterator[str]:
    if record.comment:
        yield " ".join(record.comment.split())
    if record.proxied is not None:
        yield PROXIED.format(str(record.proxied).lower())


def _unsayable(record: Record) -> str:
    text = f"{record.name} {record.ttl} {record.type} {record.content}"
    return f"; not valid in a zone file: {' '.join(text.split())}"


def _is_plain(data: str) -> bool:
    return data.isprintable() and not set('();"\\').intersection(data) and bool(data)
