"""Domains as an account lists them, and the one small lifecycle all providers' words map to.

No I/O here; the providers' own words are mapped in their modules.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Lifecycle(StrEnum):
    """What a domain's state means, whatever the provider calls it; ordered best to worst."""

    ACTIVE = "active"
    PARKED = "parked"
    LOCKED = "locked"
    PENDING = "pending"
    UNKNOWN = "unknown"
    HELD = "held"
    EXPIRED = "expired"
    TRANSFERRED = "transferred"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain (GoDaddy) or zone (Cloudflare) in one account's listing.

    `name` is canonical ASCII; `raw_status` is the provider's own word, kept as it came.
    `provider_id` is the id by which the provider's other calls know it (Cloudflare's zone id),
    "" where the name itself is the key. Fields a provider does not supply are None or empty.
    """

    name: str
    status: Lifecycle
    raw_status: str
    provider_id: str = ""
    expires_on: date | None = None
    registered_on: date | None = None
    auto_renew: bool | None = None
    locked: bool | None = None
    privacy: bool | None = None
    nameservers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ManualDomain:
    """A domain that a person entered, at the instant `since`; a provider that holds it wins."""

    name: str
    since: datetime
    registered_on: date | None = None
    expires_on: date | None = None
