"""What GoDaddy's two APIs, v1 and v3, have in common: words, record fields and refusals.

Whatever is read through one must equal what is read through the other, so that an account can
change from the one to the other without a change in the inventory.

Sources: GoDaddy's specification v3.1.0 (godaddy/cli), its v1 SDKs, recorded exchanges of
2021-12-29 and issue threads, collected 2026-11-23; nothing was checked against the live API.
"""

from typing import Any
from urllib.parse import quote

from dnsinv.domain.domains import Lifecycle
from dnsinv.domain.names import observed_name
from dnsinv.domain.rdata import canonical, observed, txt
from dnsinv.domain.records import Record
from dnsinv.errors import (
    AccessDenied,
    BadCredential,
    BadRecord,
    MalformedReply,
    NotFound,
    NoZoneHere,
    ProviderError,
)
from dnsinv.providers.fields import Row, number, text

APEX = "@"
GONE = frozenset({Lifecycle.TRANSFERRED, Lifecycle.CANCELLED})

_WORDS = {
    "ACTIVE": Lifecycle.ACTIVE,
    "CANCELLED": Lifecycle.CANCELLED,
    "CONFISCATED": Lifecycle.TRANSFERRED,  # v3 says REPOSSESSED: somebody else's now
    "DELETED_REDEEMABLE": Lifecycle.CANCELLED,  # v1 says CANCELLED_REDEEMABLE
    "HELD_EXPIRED_REDEMPTION_MOCK": Lifecycle.EXPIRED,
    "OWNERSHIP_CHANGED": Lifecycle.TRANSFERRED,  # v1 says UPDATED_OWNERSHIP
    "PARKED_AND_HELD": Lifecycle.HELD,
    "PARKED_EXPIRED": Lifecycle.EXPIRED,
    "REPOSSESSED": Lifecycle.TRANSFERRED,
    "UNPARKED_AND_UNHELD": Lifecycle.ACTIVE,
    "UPDATED_OWNERSHIP_HELD": Lifecycle.HELD,
}
_FIRST_WORDS = {
    "AWAITING": Lifecycle.PENDING,
    "CANCELLED": Lifecycle.CANCELLED,
    "DISABLED": Lifecycle.HELD,
    "EXPIRED": Lifecycle.EXPIRED,
    "HELD": Lifecycle.HELD,
    "LOCKED": Lifecycle.LOCKED,
    "PARKED": Lifecycle.PARKED,
    "PENDING": Lifecycle.PENDING,
    "SUSPENDED": Lifecycle.HELD,
    "TRANSFERRED": Lifecycle.TRANSFERRED,
    "UNLOCKED": Lifecycle.ACTIVE,
    "UPDATED": Lifecycle.TRANSFERRED,
}

_HOST_TYPES = frozenset({"ALIAS", "CNAME", "DNAME", "MX", "NS", "PTR", "SRV"})
_SERVICE_TYPES = frozenset({"SRV", "TLSA"})


def lifecycle(word: str) -> Lifecycle:
    """What one of the more than 100 status words of v1 or the 14 of v3 means."""
    word = word.upper()
    return _WORDS.get(word) or _FIRST_WORDS.get(word.split("_")[0], Lifecycle.UNKNOWN)


def to_record(zone: str, found: Row) -> Record:
    """A record as either API serves it.

    Raises:
        MalformedReply: type, name, data, ttl, the priority of MX or SRV, or the weight or port of
            SRV is missing.
    """
    what = f"GoDaddy's record of {zone}"
    type_ = text(found, "type", what).upper()
    name = _owner(zone, type_, text(found, "name", what), found)
    data = text(found, "data", what, may_be_empty=True)
    priority, content = _content(zone, type_, data, found, f"{what}, {type_} {name},")
    return Record(
        zone=zone,
        name=name,
        type=type_,
        content=content,
        ttl=number(found, "ttl", what),
        priority=priority,
        managed=type_ == "SOA" or (type_ == "NS" and name == zone),
    )


def value_of(record: Record) -> tuple[str, str, str, int | None]:
    """What makes a record the same one at GoDaddy, where records have no lasting ids."""
    return record.name, record.type, record.content, record.priority


def segment(name: str) -> str:
    """A name as a segment of a path."""
    return quote(name, safe="")


def explain(status: int, body: Any) -> ProviderError:
    """The error that a refusal by v1 (`code`) or v3 (`name`) means."""
    fields = body if isinstance(body, dict) else {}
    code = str(fields.get("code") or fields.get("name") or "")
    if not code and status not in (401, 403):
        return MalformedReply(f"GoDaddy answers with status {status} and without a reason.")
    said = str(fields.get("message") or "no reason given")
    return _kind(status, code)(f"GoDaddy says: {said} ({code or status}).", code=code)


def _kind(status: int, code: str) -> type[ProviderError]:
    if status == 404:
        return NoZoneHere if code.upper() == "UNKNOWN_DOMAIN" else NotFound
    return {401: BadCredential, 403: AccessDenied}.get(status, ProviderError)


def _owner(zone: str, type_: str, label: str, found: Row) -> str:
    labels = [] if label == APEX else [label]
    service = _service(type_, found) if type_ in _SERVICE_TYPES else ""
    if service and not f"{label}.".lower().startswith(f"{service}."):
        labels = [service, *labels]
    return observed_name(".".join([*labels, zone]))


def _service(type_: str, found: Row) -> str:
    """`_service._protocol`, which both APIs may keep beside the name; "" where they do not.

    A TLSA record without a service is one of a port.
    """
    port = found.get("port") if type_ == "TLSA" else None
    service = str(found.get("service") or port or "").lower().lstrip("_")
    protocol = str(found.get("protocol") or "").lower().lstrip("_")
    return f"_{service}._{protocol}" if service and protocol else ""


def _content(zone: str, type_: str, data: str, found: Row, what: str) -> tuple[int | None, str]:
    if type_ in _HOST_TYPES:
        # v3 adds a dot, even to what is no host name and therefore kept as it came.
        data = zone if data == APEX else data.removesuffix(".") or data
    match type_:
        case "TXT":
            return None, txt(data)
        case "CAA":
            return None, _caa(data, found)
        case "ALIAS":  # GoDaddy's own type; v3 ends its host in a dot
            return observed("CNAME", data)
        case "MX":
            return observed(type_, data, number(found, "priority", what))
        case "SRV":
            if " " not in data:
                data = f"{number(found, 'weight', what)} {number(found, 'port', what)} {data}"
            return observed(type_, data, number(found, "priority", what))
    priority = found.get("priority")
    return observed(type_, data, priority if isinstance(priority, int) else None)


def _caa(data: str, found: Row) -> str:
    """CAA data that may be whole, or only a value beside `flag` and `tag`."""
    try:
        return canonical("CAA", data)[1]
    except BadRecord:
        if not (tag := found.get("tag")):
            return observed("CAA", data)[1]
        value = data.replace("\\", "\\\\").replace('"', '\\"')
        return observed("CAA", f'{found.get("flag") or 0} {tag} "{value}"')[1]
