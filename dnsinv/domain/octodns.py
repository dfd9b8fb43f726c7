r"""A zone as octoDNS's YAML, so that octoDNS can put it back at any provider.

Strings are written as JSON writes them, which YAML reads. What octoDNS has no word for is kept as a
comment. Source: octodns 1.22.0 (record/, provider/yaml.py), read 2026-11-25.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import Any

import dns.rdata
import dns.rdataclass

from dnsinv.domain.rdata import presentation
from dnsinv.domain.records import AUTOMATIC_TTL, Record
from dnsinv.domain.zonefile import absolute
from dnsinv.errors import BadRecord

AUTOMATIC_SECONDS = 300  # what Cloudflare's "automatic" is, and octoDNS wants beside auto-ttl
_LIST_PARAMETERS = frozenset({"alpn", "ipv4hint", "ipv6hint", "mandatory"})

Value = str | Mapping[str, Any]


def octodns_zone(zone: str, records: Iterable[Record], told: Iterable[str] = ()) -> str:
    """The text of ZONE.yaml: names relative to the zone, in the order that octoDNS insists on.

    It has one TTL for all values of a set: the lowest. It manages no SOA.
    """
    lines = [*(f"# {line}" for line in told), "---"]
    kept: list[str] = []
    ordered = sorted(records, key=lambda each: (_natural(_relative(each.name, zone)), each))
    for name, of_name in groupby(ordered, key=lambda each: _relative(each.name, zone)):
        sets = []
        for type, of_type in groupby(of_name, key=lambda each: each.type):
            if type != "SOA":
                record_set, unsayable = _record_set(type, list(of_type))
                sets += record_set
                kept += [f"# not known to octoDNS: {each}" for each in unsayable]
        if sets:
            lines.append(f"{json.dumps(name)}:")
            lines += [
                f"  - {json.dumps(each, ensure_ascii=False, sort_keys=True)}" for each in sets
            ]
    if lines[-1] == "---":
        lines.append("{}")
    return "\n".join([*lines, *kept]) + "\n"


def _record_set(type: str, records: list[Record]) -> tuple[list[dict[str, Any]], list[str]]:
    values: list[Value] = []
    unsayable = []
    for record in records:
        try:
            values.append(_value(record))
        except (BadRecord, KeyError, ValueError):
            text = f"{record.name} {record.ttl} {type} {record.content}"
            unsayable.append(" ".join(text.split()))
    if not values:
        return [], unsayable
    found: dict[str, Any] = {"type": type, "ttl": min(each.ttl for each in records)}
    found |= {"value": values[0]} if len(values) == 1 else {"values": values}
    options: dict[str, Any] = {}
    cloudflare: dict[str, Any] = {}
    if found["ttl"] == AUTOMATIC_TTL:
        found["ttl"] = AUTOMATIC_SECONDS
        cloudflare["auto-ttl"] = True
    if any(each.proxied for each in records):
        cloudflare["proxied"] = True
    if cloudflare:
        options["cloudflare"] = cloudflare
    if type == "TXT" and any(not _is_strict(str(each)) for each in values):
        options["lenient"] = True
    if options:
        found["octodns"] = options
    return [found], unsayable


def _value(record: Record) -> Value:
    text = presentation(record.type, record.content, record.priority)
    if record.type == "ALIAS":
        return absolute(text)
    make = _VALUES[record.type]
    return make(dns.rdata.from_text(dns.rdataclass.IN, record.type, text))


def _txt(data: Any) -> str:
    """The text itself, with its semicolons escaped; quotes around it would be taken off."""
    text = b"".join(data.strings).decode("utf-8").replace(";", "\\;")
    if '" "' in text:
        raise ValueError("octoDNS takes this for the seam of two strings")
    return f'"{text}"' if text.startswith('"') else text


def _is_strict(text: str) -> bool:
    return text.isascii() and "\\\\;" not in text


def _service(data: Any) -> Mapping[str, Any]:
    priority, target, *parameters = data.to_text().split(" ")
    params: dict[str, Any] = {}
    for parameter in parameters:
        key, equals, quoted = parameter.partition("=")
        value = quoted.strip('"')
        params[key] = value.split(",") if key in _LIST_PARAMETERS else value if equals else None
    return {"svcpriority": int(priority), "targetname": target, "svcparams": params}


def _location(data: Any) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for side, parts, letters in (("lat", data.latitude, "NS"), ("long", data.longitude, "EW")):
        degrees, minutes, seconds, thousandths, sign = parts
        found |= {
            f"{side}_degrees": degrees,
            f"{side}_minutes": minutes,
            f"{side}_seconds": seconds + thousandths / 1000,
            f"{side}_direction": letters[sign < 0],
        }
    metres = {
        "altitude": data.altitude,
        "size": data.size,
        "precision_horz": data.horizontal_precision,
        "precision_vert": data.vertical_precision,
    }
    return found | {name: centimetres / 100 for name, centimetres in metres.items()}


_VALUES: Mapping[str, Callable[[Any], Value]] = {
    "A": lambda d: d.address,
    "AAAA": lambda d: d.address,
    "CNAME": lambda d: d.target.to_text(),
    "DNAME": lambda d: d.target.to_text(),
    "NS": lambda d: d.target.to_text(),
    "PTR": lambda d: d.target.to_text(),
    "TXT": _txt,
    "MX": lambda d: {"preference": d.preference, "exchange": d.exchange.to_text()},
    "SRV": lambda d: {
        "priority": d.priority, "weight": d.weight, "port": d.port, "target": d.target.to_text(),
    },
    "CAA": lambda d: {"flags": d.flags, "tag": d.tag.decode(), "value": d.value.decode()},
    "DS": lambda d: {
        "key_tag": d.key_tag, "algorithm": int(d.algorithm), "digest_type": int(d.digest_type),
        "digest": d.digest.hex(),
    },
    "SSHFP": lambda d: {
        "algorithm": d.algorithm, "fingerprint_type": d.fp_type, "fingerprint": d.fingerprint.hex(),
    },
    "TLSA": lambda d: {
        "certificate_usage": d.usage, "selector": d.selector, "matching_type": d.mtype,
        "certificate_association_data": d.cert.hex(),
    },
    "NAPTR": lambda d: {
        "order": d.order, "preference": d.preference, "flags": d.flags.decode(),
        "service": d.service.decode(), "regexp": d.regexp.decode(),
        "replacement": d.replacement.to_text(),
    },
    "LOC": _location,
    "URI": lambda d: {"priority": d.priority, "weight": d.weight, "target": d.target.decode()},
    "OPENPGPKEY": lambda d: d.to_text().replace(" ", ""),
    "SVCB": _service,
    "HTTPS": _service,
}  # fmt: skip


def _relative(name: str, zone: str) -> str:
    return "" if name == zone else name.removesuffix(f".{zone}")


def _natural(name: str) -> list[str | int]:
    """By what names are ordered: numbers in them count as numbers."""
    return [int(each) if each.isdigit() else each for each in re.split(r"([0-9]+)", name)]
