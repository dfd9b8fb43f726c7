"""A DNS record: one value, not an RRset, in the form in which records are stored and compared.

Making `content` canonical is in rdata.py, names are in names.py.
"""

import hashlib
from dataclasses import dataclass

AUTOMATIC_TTL = 1  # Cloudflare's "automatic"; kept as it is, it is no number of seconds


@dataclass(frozen=True, slots=True, order=True)
class Record:
    """One record value as a provider serves it, canonical.

    `name` is the full ASCII owner name, `zone` the zone's. `content` is the RDATA in presentation
    form without its leading priority; the priority or preference of MX, SRV, URI, SVCB and HTTPS is
    in `priority` (None for every other type). Host names in content are lower case without a
    trailing dot. `managed` marks what the provider writes itself (SOA, apex NS at GoDaddy).
    `record_id` is set only where it is the record's identity (Cloudflare), else "".
    """

    zone: str
    name: str
    type: str
    content: str
    ttl: int
    priority: int | None = None
    proxied: bool | None = None
    managed: bool = False
    record_id: str = ""
    comment: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class RecordIdentity:
    """By what a record is known to those who own it: whichever TTL it has, whoever serves it.

    `domain` is the domain that its zone belongs to (or the zone, where a person names the record).
    """

    domain: str
    name: str
    type: str
    content: str

    @property
    def key(self) -> str:
        return record_key(self.name, self.type, self.content)


def record_key(name: str, type: str, content: str) -> str:
    """Of 32 hexadecimal digits; within a domain no two records share it."""
    text = "\0".join((name, type, content))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
