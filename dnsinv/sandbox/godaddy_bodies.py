"""Domains and records as GoDaddy writes them, in v1 and in v3: the same state in other words.

Sources: api-recordings (v1, 2021-12); GoDaddy's specification of v3.1.0 (2026); for statuses of v1
the list in its public specification.
"""

from datetime import date, timedelta
from typing import Any
from zlib import crc32

from dnsinv.domain.names import unicode_name
from dnsinv.sandbox.credentials import AUTH_CODE
from dnsinv.sandbox.draws import hex_id
from dnsinv.sandbox.presentation import text_of, unquoted, with_dot, without_dot, words
from dnsinv.sandbox.view import View
from dnsinv.sandbox.world import GODADDY_NAMESERVERS, Status, WorldDomain, WorldRecord

DEFAULT_TTL = 3600

# Neutral word: (v1, v3).
STATUS_WORDS = {
    Status.ACTIVE: ("ACTIVE", "ACTIVE"),
    Status.PARKED: ("PARKED_VERIFICATION_ICANN", "PARKED"),
    Status.LOCKED: ("LOCKED_ABUSE", "LOCKED_REGISTRAR"),
    Status.HELD: ("HELD_REGISTRAR_ADD", "HELD_REGISTRAR"),
    Status.PENDING: ("PENDING_DNS", "PENDING_REGISTRATION"),
    Status.EXPIRED: ("PARKED_EXPIRED", "EXPIRED"),
    Status.REDEEMABLE: ("CANCELLED_REDEEMABLE", "DELETED_REDEEMABLE"),
    Status.CANCELLED: ("CANCELLED", "CANCELLED"),
    Status.TRANSFERRED: ("TRANSFERRED_OUT", "TRANSFERRED"),
}

_HOST_TYPES = ("CNAME", "NS", "PTR", "ALIAS")
_DOTTED_IN_V3 = ("CNAME", "MX")
_RENEWAL_GRACE = timedelta(days=45)
_CONTACT_ROLES = ("contactAdmin", "contactBilling", "contactRegistrant", "contactTech")


def zone_records(view: View, zone: str) -> list[WorldRecord]:
    """A zone as GoDaddy hosts it: with a SOA of its own where the world has none.

    Its serial follows the zone's content, so that it changes exactly when the zone does.
    """
    records = list(view.records(zone))
    if not any(record.type == "SOA" for record in records):
        records.append(_soa(zone, records))
    return records


def is_managed(record: WorldRecord, zone: str) -> bool:
    """Whether GoDaddy writes the record itself: SOA and the zone's own NS."""
    return record.type == "SOA" or (record.type == "NS" and record.name.lower() == zone)


def summary_v1(view: View, domain: WorldDomain, *, with_nameservers: bool) -> dict[str, Any]:
    """A domain in v1's listing."""
    return {
        "authCode": AUTH_CODE,
        "createdAt": _instant(domain.registered_on),
        "domain": domain.name,
        "domainId": domain.id,
        "expirationProtected": False,
        "expires": _instant(domain.expires_on),
        "exposeWhois": False,
        "holdRegistrar": domain.status is Status.HELD,
        "locked": domain.locked,
        "nameServers": list(view.nameservers(domain)) if with_nameservers else None,
        "privacy": domain.privacy,
        "renewAuto": domain.auto_renew,
        "renewDeadline": _instant(domain.expires_on + _RENEWAL_GRACE),
        "renewable": True,
        "redeemable": domain.status is Status.REDEEMABLE,
        "status": STATUS_WORDS[domain.status][0],
        "transferProtected": False,
    }


def detail_v1(view: View, domain: WorldDomain) -> dict[str, Any]:
    """A domain asked for by name: the summary and its contacts."""
    contacts = {role: _contact(domain.contact) for role in _CONTACT_ROLES}
    return {**contacts, **summary_v1(view, domain, with_nameservers=True)}


def domain_v3(view: View, domain: WorldDomain) -> dict[str, Any]:
    """A domain in v3, listed or asked for by name."""
    body: dict[str, Any] = {
        "domain": domain.name,
        "status": STATUS_WORDS[domain.status][1],
        "expiresAt": _instant(domain.expires_on),
        "createdAt": _instant(domain.registered_on),
        "renewBy": _instant(domain.expires_on + _RENEWAL_GRACE),
        "updatedAt": _instant(domain.registered_on),
        "autoRenew": domain.auto_renew,
        "privacy": domain.privacy,
        "transferLock": domain.locked,
        "nameServers": list(view.nameservers(domain)),
        "links": [{"rel": "self", "href": f"/v3/domains/domain-names/{domain.name}"}],
    }
    if "xn--" in domain.name:
        body["idnDomain"] = unicode_name(domain.name)
    return body


def record_v1(record: WorldRecord, zone: str) -> dict[str, Any]:
    """A record in v1: '@' for the zone's name, also as data; hosts without a last dot."""
    body = _record(record, zone)
    if record.type in _HOST_TYPES and body["data"].lower() == zone:
        body["data"] = "@"
    if record.type == "CAA":
        body["data"] = record.rdata
    return body


def record_v3(record: WorldRecord, zone: str) -> dict[str, Any]:
    """A record in v3: an id, the data of CNAME and MX with a last dot, CAA in fields."""
    body = _record(record, zone)
    if record.type in _DOTTED_IN_V3:
        body["data"] = with_dot(body["data"])
    match record.type, words(record.rdata):
        case "CAA", [flag, tag, value]:
            body |= {"flag": int(flag), "tag": tag, "data": unquoted(value)}
    return {"recordId": hex_id(zone, record.name, record.type, record.rdata), **body}


def _record(record: WorldRecord, zone: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "data": record.rdata,
        "name": _relative(record.name, zone),
        "ttl": DEFAULT_TTL if record.ttl is None else record.ttl,
        "type": record.type,
    }
    match record.type, words(record.rdata):
        case (("TXT" | "SPF"), _):
            body["data"] = text_of(record.rdata)
        case kind, [host] if kind in _HOST_TYPES:
            body["data"] = without_dot(host)
        case "MX", [priority, host]:
            body |= {"data": without_dot(host), "priority": int(priority)}
        case "SRV", [priority, weight, port, target]:
            body |= {
                "data": without_dot(target),
                "priority": int(priority),
                "weight": int(weight),
                "port": int(port),
                **_service(body["name"]),
            }
    return body


def _service(name: str) -> dict[str, str]:
    """`_sip._tls.sub` in the three fields of a SRV record; other names stay whole."""
    service, _, rest = name.partition(".")
    protocol, _, owner = rest.partition(".")
    if not (service.startswith("_") and protocol.startswith("_")):
        return {}
    return {"service": service, "protocol": protocol, "name": owner or "@"}


def _relative(name: str, zone: str) -> str:
    return "@" if name.lower() == zone else name[: -len(zone) - 1]


def _soa(zone: str, records: list[WorldRecord]) -> WorldRecord:
    lines = sorted(f"{each.name} {each.ttl} {each.type} {each.rdata}" for each in records)
    serial = 2_026_000_000 + crc32("\n".join(lines).encode()) % 1_000_000
    server = f"{GODADDY_NAMESERVERS[0]}. dns.{GODADDY_NAMESERVERS[0].partition('.')[2]}."
    return WorldRecord(zone, "SOA", DEFAULT_TTL, f"{server} {serial} 28800 7200 604800 600")


def _instant(day: date) -> str:
    return f"{day}T14:26:44.000Z"


def _contact(address: str) -> dict[str, Any]:
    return {
        "addressMailing": {
            "address1": "1 Example Quay",
            "address2": "",
            "city": "Exampleville",
            "country": "DE",
            "postalCode": "00000",
            "state": "EX",
        },
        "email": address,
        "fax": "",
        "nameFirst": "Domain",
        "nameLast": "Office",
        "organization": "Example Org",
        "phone": "+1.5555550100",
    }
