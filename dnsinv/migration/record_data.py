r"""Record data as files have it, as text or as an object of its fields, in canonical form."""

import re
from collections.abc import Mapping
from typing import Any

from dnsinv.domain.rdata import KNOWN_TYPES, canonical, txt, txt_from_provider
from dnsinv.domain.text import is_storable
from dnsinv.domain.txt import LONGEST_DATA, canonical_txt
from dnsinv.errors import BadRecord
from dnsinv.migration.faults import Unfit
from dnsinv.migration.values import as_json, is_absent, kind

Content = tuple[int | None, str]  # priority and content, as rows have them

LONGEST_TEXT = 4 * LONGEST_DATA  # each octet may be written as three digits after a backslash
APEX = "@"
HOST_TYPES = frozenset({"ALIAS", "CNAME", "DNAME", "NS", "PTR", "MX"})

_OCTODNS_SEMICOLON = r"\;"
_PRIORITY = ("priority", "preference", "prio", "svcpriority")
_TARGET = ("target", "exchange", "targetname", "host", "server", "value", "data", "content")
# The fields of a type's data in the order of its presentation; of each its names in files.
_FIELDS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "MX": (_PRIORITY, _TARGET),
    "SRV": (_PRIORITY, ("weight",), ("port",), _TARGET),
    "URI": (_PRIORITY, ("weight",), _TARGET),
    "SVCB": (_PRIORITY, _TARGET, ("params", "svcparams")),
    "HTTPS": (_PRIORITY, _TARGET, ("params", "svcparams")),
    "CAA": (("flags", "flag"), ("tag",), ("value", "data")),
    "DS": (("key_tag", "keytag"), ("algorithm",), ("digest_type",), ("digest",)),
    "SSHFP": (("algorithm",), ("fingerprint_type", "type"), ("fingerprint",)),
    "TLSA": (
        ("certificate_usage", "usage"),
        ("selector",),
        ("matching_type",),
        ("certificate_association_data", "certificate", "data"),
    ),
    "NAPTR": (("order",), ("preference",), ("flags",), ("service",), ("regexp",), ("replacement",)),
}
_QUOTED = {"CAA": ("value",), "URI": ("target",), "NAPTR": ("flags", "service", "regexp")}
_OPTIONAL = {"flags": "0", "flag": "0", "params": "", "priority": None}
_ONLY = ("value", "data", "content", "address", "ip", "target", "host", "text")
_SEPARATED = re.compile(r"[ \t]")


def content(
    value: Any, type: str, zone: str, priority: int | None = None, *, txt_form: str = "either"
) -> Content:
    """Priority and canonical content of data of a type; of a type that is not known, as it came.

    A host that is "@" is the zone. `priority` is what stands beside the data, if anything does.

    Raises:
        Unfit: it is no such data.
    """
    text, priority = _as_text(type, value, priority)
    if len(text) > LONGEST_TEXT or (type not in KNOWN_TYPES and not is_storable(text)):
        raise Unfit("bad_data", "It is longer than a record can be, or is no Unicode text.")
    try:
        if type == "TXT":
            return None, _txt(text, txt_form)
        if text == APEX and type in HOST_TYPES:
            text = zone
        if type == "ALIAS":
            return None, canonical("CNAME", text)[1]
        return canonical(type, text, priority)
    except BadRecord as bad:
        raise Unfit("bad_data", str(bad)) from bad


def has_no_priority(value: Any) -> bool:
    """Whether data of MX is a host alone."""
    if isinstance(value, dict):
        return all(is_absent(value.get(each)) for each in _PRIORITY)
    return isinstance(value, str) and not _SEPARATED.search(value.strip())


def _txt(text: str, form: str) -> str:
    match form:
        case "raw":
            found = txt(text)
        case "quoted":
            found = canonical_txt(text)
        case "octodns":
            found = txt(text.replace(_OCTODNS_SEMICOLON, ";"))
        case _:
            found = txt_from_provider(text)
    return canonical_txt(found)  # which refuses what does not fit into a record


def _as_text(type: str, value: Any, priority: int | None) -> tuple[str, int | None]:
    if isinstance(value, str):
        return value if type == "TXT" else value.strip(), priority
    if isinstance(value, dict):
        return _of_object(type, value, priority)
    if isinstance(value, int | float) and not isinstance(value, bool) and type == "TXT":
        return str(value), priority
    raise Unfit("bad_data", f"It is {kind(value)}; data is a text or an object of its fields.")


def _of_object(type: str, fields: dict[str, Any], priority: int | None) -> tuple[str, int | None]:
    lowered = {name.lower().replace("-", "_"): each for name, each in fields.items()}
    parts = _FIELDS.get(type)
    if parts is None:
        alone = next((lowered[name] for name in _ONLY if not is_absent(lowered.get(name))), None)
        if isinstance(alone, str):
            return alone, priority
        if type in KNOWN_TYPES:
            raise Unfit("bad_data", f"The object has no text that is the data of {type}.")
        return as_json(fields), priority
    texts = []
    for names in parts:
        text = _field(type, names, lowered)
        if names is _PRIORITY and text is None and priority is not None:
            text = str(priority)
        if text is None:
            raise Unfit("bad_data", f"The object has no {names[0]!r}, which {type} must have.")
        texts.append(text)
    return " ".join(filter(None, texts)), None


def _field(type: str, names: tuple[str, ...], fields: dict[str, Any]) -> str | None:
    found = next((fields[name] for name in names if fields.get(name) is not None), None)
    if found is None:
        return _OPTIONAL.get(names[0])
    if isinstance(found, dict | list):
        return None
    text = str(found)
    if names[0] in _QUOTED.get(type, ()):
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return text
