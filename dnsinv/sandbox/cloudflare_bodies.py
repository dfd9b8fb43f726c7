"""Zones and records as Cloudflare writes them.

Sources: recordings of 2025-08 for the fields of zones and of A, CNAME and TXT; octodns-cloudflare's
fixtures and Cloudflare's documentation for `data` and the content of the other types.
"""

from typing import Any
from zlib import crc32

from dnsinv.domain.names import unicode_name
from dnsinv.sandbox.credentials import CLOUDFLARE_ACCOUNT_ID
from dnsinv.sandbox.presentation import unquoted, without_dot, words
from dnsinv.sandbox.view import View, zone_id
from dnsinv.sandbox.world import CLOUDFLARE_NAMESERVERS, Status, WorldRecord

AUTOMATIC_TTL = 1

_HOST_TYPES = ("CNAME", "NS", "PTR")
_PROXIABLE_TYPES = ("A", "AAAA", "CNAME")
_MOVED = (Status.EXPIRED, Status.REDEEMABLE, Status.CANCELLED, Status.TRANSFERRED)
# Names of the words of the content in `data`; numbers are those whose words are digits.
_DATA_FIELDS = {
    "CAA": ("flags", "tag", "value"),
    "DNSKEY": ("flags", "protocol", "algorithm", "public_key"),
    "DS": ("key_tag", "algorithm", "digest_type", "digest"),
    "NAPTR": ("order", "preference", "flags", "service", "regex", "replacement"),
    "SRV": ("priority", "weight", "port", "target"),
    "SSHFP": ("algorithm", "type", "fingerprint"),
    "TLSA": ("usage", "selector", "matching_type", "certificate"),
    "URI": ("priority", "weight", "target"),
}
_NUMBERS = {
    *("flags", "protocol", "algorithm", "key_tag", "digest_type", "order", "preference"),
    *("priority", "weight", "port", "type", "usage", "selector", "matching_type"),
}
_PLAN = {
    "id": "0feeeeeeeeeeeeeeeeeeeeeeeeeeeeee",
    "name": "Free Website",
    "price": 0,
    "currency": "USD",
    "frequency": "",
    "is_subscribed": False,
    "can_subscribe": False,
    "legacy_id": "free",
    "legacy_discount": False,
    "externally_managed": False,
}
_META = {
    "step": 4,
    "custom_certificate_quota": 0,
    "page_rule_quota": 3,
    "phishing_detected": False,
}
_PERMISSIONS = ["#dns_records:read", "#zone:read"]


def zone_body(view: View, name: str) -> dict[str, Any]:
    """A zone; the name of an international one arrives in Unicode."""
    domain = view.domain(name)
    if domain is None:
        raise LookupError(f"{name} is no zone of this day")
    status = "pending" if domain.status is Status.PENDING else "active"
    created = f"{domain.registered_on}T09:30:01.206882Z"
    return {
        "id": zone_id(name),
        "name": unicode_name(name),
        "status": "moved" if domain.status in _MOVED else status,
        "paused": False,
        "type": "full",
        "development_mode": 0,
        "name_servers": list(CLOUDFLARE_NAMESERVERS),
        "original_name_servers": None,
        "original_registrar": None,
        "original_dnshost": None,
        "modified_on": created,
        "created_on": created,
        "activated_on": None if status == "pending" else created,
        "vanity_name_servers": [],
        "vanity_name_servers_ips": None,
        "meta": _META,
        "owner": {"id": None, "type": "user", "email": None},
        "account": {"id": CLOUDFLARE_ACCOUNT_ID, "name": "Sandbox"},
        "tenant": {"id": None, "name": None},
        "tenant_unit": {"id": None},
        "permissions": _PERMISSIONS,
        "plan": _PLAN,
    }


def record_body(record: WorldRecord, identifier: str) -> dict[str, Any]:
    """A record: full name, hosts without a last dot, texts in quotes, priorities beside."""
    content, extra = _content(record)
    seconds = crc32(record.rdata.encode()) % 86_400
    is_proxiable = record.type in _PROXIABLE_TYPES
    is_proxied = record.proxied and is_proxiable
    return {
        "id": identifier,
        "name": record.name,
        "type": record.type,
        "content": content,
        **extra,
        "proxiable": is_proxiable,
        "proxied": is_proxied,
        "ttl": AUTOMATIC_TTL if is_proxied or record.ttl is None else record.ttl,
        "settings": {"flatten_cname": False} if record.type == "CNAME" else {},
        "meta": {},
        "comment": record.comment or None,
        "tags": [],
        "created_on": "2025-03-01T08:00:00.634961Z",
        "modified_on": f"2025-03-02T{seconds // 3600:02}:{seconds // 60 % 60:02}"
        f":{seconds % 60:02}.634961Z",
    }


def _content(record: WorldRecord) -> tuple[str, dict[str, Any]]:
    kind, rdata = record.type, record.rdata
    if kind in _HOST_TYPES:
        return without_dot(rdata), {}
    fields = words(rdata)
    match kind, fields:
        case "MX", [priority, host]:
            return without_dot(host), {"priority": int(priority)}
        case "SRV", [priority, weight, port, target]:
            content = f"{weight} {port} {without_dot(target)}"
            return content, {"priority": int(priority), "data": _data(kind, fields)}
        case "URI", [priority, weight, target]:
            return f"{weight} {target}", {"priority": int(priority), "data": _data(kind, fields)}
        case (("HTTPS" | "SVCB"), [priority, target, *values]):
            value = " ".join(values)
            return rdata, {"data": {"priority": int(priority), "target": target, "value": value}}
        case _ if len(fields) == len(_DATA_FIELDS.get(kind, ())):
            return rdata, {"data": _data(kind, fields)}
    return rdata, {}


def _data(kind: str, fields: list[str]) -> dict[str, Any]:
    named = zip(_DATA_FIELDS[kind], map(unquoted, fields), strict=True)
    data: dict[str, Any] = {
        name: int(text) if name in _NUMBERS and text.isdecimal() else text for name, text in named
    }
    if kind == "SRV":
        data["target"] = without_dot(data["target"])
    return data
