"""DNS names in the one form in which they are stored and compared: lower-case ASCII, no last dot.

Names are made canonical once, where they enter. Everything that exists in the DNS of real companies
is welcome: `_` labels, wildcards, reverse zones, A-labels that no current IDNA rule would register.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

import idna

from dnsinv.errors import BadName

LONGEST_NAME = 253  # RFC 1035 section 2.3.4, written without the last dot
LONGEST_LABEL = 63

_NAME = re.compile(r"(?:\*|[a-z0-9_-]{1,63})(?:\.[a-z0-9_-]{1,63})*")
# RFC 2317 puts "/" into reverse names; elsewhere a "/" is a pasted URL or network.
_REVERSE_NAME = re.compile(
    r"(?:\*|[a-z0-9_/-]{1,63})(?:\.[a-z0-9_/-]{1,63})*\.(?:in-addr|ip6)\.arpa"
)
_NO_LABEL_CHARACTER = re.compile(r"[^a-z0-9_-]")
_DOTS = ".\u3002\uff0e\uff61"  # UTS #46 reads all of them as dots
_SHOWN_CHARACTERS = 80  # of a name that an error text quotes


def canonical_name(text: str) -> str:
    """The name as it is stored: lower case, A-labels, no last dot; the root is ".".

    Labels that are not ASCII are mapped by UTS #46 and encoded by IDNA 2008. ASCII labels are taken
    as they are, `xn--` that does not decode and hyphens anywhere included: they exist.

    Raises:
        BadName: not a name; the text says which label and why.

    Sources: RFC 1035, RFC 2317, RFC 5891, UTS #46.
    """
    if _NAME.fullmatch(text) and len(text) <= LONGEST_NAME:
        return text
    name = text.lower() if text.isascii() else _with_a_labels(text)
    if name == ".":
        return name
    name = name.removesuffix(".")
    if len(name) <= LONGEST_NAME and (_NAME.fullmatch(name) or _REVERSE_NAME.fullmatch(name)):
        return name
    raise BadName(f"{_shown(text)} is not a DNS name: {_trouble(name)}.")


def unicode_name(name: str) -> str:
    """A canonical name for people to read; a label that has no faithful Unicode form stays ASCII.

    `canonical_name` of the result is `name` again.
    """
    if "xn--" not in name:
        return name
    return ".".join(_readable_label(label) for label in name.split("."))


def observed_name(text: str) -> str:
    """A name that a provider serves: canonical where possible, else lower-cased without last dots.

    It never fails, and the result is observed as itself.
    """
    bare = text.rstrip(_DOTS)
    try:
        return canonical_name(bare or text)
    except BadName:
        return bare.lower()


def listed_name(text: str) -> str:
    """A domain as the inventory lists it: canonical, an appended copy with its ending (~2).

    Raises:
        BadName: it is not a DNS name, or none with such an ending.
    """
    base, _, entry = text.strip().rpartition("~")
    if re.fullmatch("[1-9][0-9]{0,8}", entry) and base and int(entry) > 1:
        return f"{canonical_name(base)}~{entry}"
    return canonical_name(text)


def ancestors(name: str) -> Iterator[str]:
    """The parents of a canonical name, nearest first, without itself and without the root."""
    _, dot, parent = name.partition(".")
    while dot and parent:
        yield parent
        _, dot, parent = parent.partition(".")


def is_within(name: str, zone: str) -> bool:
    """Whether a canonical name is the zone's own or below it; everything is within the root."""
    return name == zone or zone == "." or name.endswith(f".{zone}")


@lru_cache(maxsize=16_384)
def _with_a_labels(text: str) -> str:
    try:
        # Not std3_rules: they would refuse the "_" and "*" of neighbouring ASCII labels.
        mapped = idna.uts46_remap(text, std3_rules=False)
        return ".".join(
            label if label.isascii() else idna.alabel(label).decode("ascii")
            for label in mapped.split(".")
        )
    except idna.IDNAError as refused:
        raise BadName(
            f"{_shown(text)} is not a DNS name under IDNA 2008: {str(refused).rstrip('.')};"
            " if it exists nevertheless, give its xn-- form."
        ) from refused


@lru_cache(maxsize=16_384)
def _readable_label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return idna.ulabel(label)  # refuses what would not encode to this very label
    except idna.IDNAError:
        return label


def _trouble(name: str) -> str:
    if not name:
        return "it is empty; the root is written as a single dot"
    if len(name) > LONGEST_NAME:
        return f"it has {len(name)} characters in ASCII form, at most {LONGEST_NAME} are possible"
    troubles = (
        _label_trouble(label, is_leftmost=place == 0) for place, label in enumerate(name.split("."))
    )
    return next(filter(None, troubles))


def _label_trouble(label: str, *, is_leftmost: bool) -> str:
    if not label:
        return "a label is empty; remove the leading or doubled dot"
    if len(label) > LONGEST_LABEL:
        return (
            f"label {_shown(label)} has {len(label)} characters in ASCII form,"
            f" at most {LONGEST_LABEL} are possible"
        )
    if label == "*":
        return "" if is_leftmost else "'*' must be the first label"
    if bad := _NO_LABEL_CHARACTER.search(label):
        return (
            f"label {_shown(label)} contains {bad.group()!r};"
            " use letters, digits, hyphens and underscores"
        )
    return ""


def _shown(text: str) -> str:
    short = text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
    return repr(short)
