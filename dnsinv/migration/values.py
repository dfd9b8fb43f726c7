"""Reading single values of a file: names, status words, days, yes and no, lists, numbers.

Each function takes a value as the file has it, never None and never an empty text, and gives it as
the rows have it; None stands for "says nothing".
"""

import json
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from dnsinv.domain.domains import Lifecycle
from dnsinv.domain.names import canonical_name
from dnsinv.domain.text import is_storable
from dnsinv.errors import BadName
from dnsinv.migration.faults import Doubt, Unfit
from dnsinv.providers.cloudflare import LIFECYCLES
from dnsinv.providers.godaddy import lifecycle

LONGEST_TEXT = 1000  # characters of a name, word or day that are looked at
LONGEST_DAY = 100
LONGEST_OWNER = 320  # RFC 3696: an address of 64 @ 255
MOST_OF_A_LIST = 1000
LONGEST_LIST = 100_000  # characters of a list that is written as one text
LARGEST_NUMBER = 2_147_483_647  # of a TTL: RFC 2181 section 8

EPOCH_SECONDS, EPOCH_MILLISECONDS = "epoch", "epoch_ms"
LONGEST_FORMAT = 50
_PROBES = (
    datetime(2023, 11, 30, 22, 45, 50, tzinfo=UTC),
    datetime(1999, 2, 1, 3, 4, 5, tzinfo=UTC),
)

_SAYS_NOTHING = frozenset({"-", "--", "none", "null", "n/a", "na", "nil", "(blank)"})
_LEGACY_WORDS = {
    "canceled": Lifecycle.CANCELLED,
    "deleted": Lifecycle.CANCELLED,
    "removed": Lifecycle.CANCELLED,
    "client hold": Lifecycle.HELD,
    "clienthold": Lifecycle.HELD,
    "server hold": Lifecycle.HELD,
    "serverhold": Lifecycle.HELD,
    "on hold": Lifecycle.HELD,
    "inactive": Lifecycle.HELD,
    "paused": Lifecycle.HELD,
    "grace": Lifecycle.EXPIRED,
    "redemption": Lifecycle.EXPIRED,
    "enabled": Lifecycle.ACTIVE,
    "live": Lifecycle.ACTIVE,
    "ok": Lifecycle.ACTIVE,
    "registered": Lifecycle.ACTIVE,
    "initialising": Lifecycle.PENDING,
    "in progress": Lifecycle.PENDING,
    "new": Lifecycle.PENDING,
    "clienttransferprohibited": Lifecycle.LOCKED,
}
_WORDS: dict[str, Lifecycle] = {**LIFECYCLES, **_LEGACY_WORDS, **{word: word for word in Lifecycle}}

_DUAL = re.compile(r"\(([^(),]*),([^(),]*)\)")
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d.*)?", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,10}(?:\.0+)?", re.ASCII)
_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9/_-]{0,63}", re.ASCII)
_LIST_MARKS = re.compile(r"[,;\s]+")
_OWNER_MARKS = re.compile(r"[;\r\n]+")
_OWNER_FIELDS = ("email", "mail", "e-mail", "username", "user", "login", "name", "id")
_NAME_FIELDS = ("name", "host", "hostname", "value")
_SORTED = json.JSONEncoder(ensure_ascii=False, sort_keys=True)
_HALVES = re.compile("[\ud800-\udfff]")  # of characters; no database takes them
_YES = frozenset({"true", "yes", "y", "1", "on", "enabled"})
_NO = frozenset({"false", "no", "n", "0", "off", "disabled"})


def name(value: Any) -> str:
    """A canonical DNS name; spaces around it do not count."""
    text = _text(value, "a DNS name").strip()
    try:
        return canonical_name(text)
    except BadName as bad:
        raise Unfit("bad_name", str(bad)) from bad


def status(value: Any) -> Any:
    """A word of Lifecycle; a word that is not known counts as "unknown" and is told."""
    text = _text(value, "a status").strip().lower()
    word = " ".join(text.replace("_", " ").replace("-", " ").split())
    if not word or text in _SAYS_NOTHING:
        return None
    if known := _WORDS.get(word):
        return str(known)
    found = lifecycle(word.replace(" ", "_"))
    if found is not Lifecycle.UNKNOWN:
        return str(found)
    reason = f"The status {text[:40]!r} is not known and counts as 'unknown'; map it to one of "
    return Doubt("unknown", "unknown_status", f"{reason}{', '.join(Lifecycle)}.")


def statuses(value: Any) -> Any:
    """GoDaddy's and Cloudflare's words of "(active, active)"; one word alone is GoDaddy's."""
    text = _text(value, "a status").strip()
    if pair := _DUAL.fullmatch(text):
        both = [status(each) if each.strip() else None for each in pair.groups()]
        doubt = next((each for each in both if isinstance(each, Doubt)), None)
        words = tuple(each.value if isinstance(each, Doubt) else each for each in both)
        return Doubt(words, doubt.code, doubt.reason) if doubt else words
    word = status(text)
    if isinstance(word, Doubt):
        return Doubt((word.value, None), word.code, word.reason)
    return word, None


def day(value: Any, formats: Iterable[str] = ()) -> date:
    """A day: ISO 8601 with or without a time, of an instant its UTC day; or one of the formats."""
    text = str(value) if type(value) in (int, float) else _text(value, "a day", LONGEST_DAY).strip()
    for each in formats:
        try:
            return _day_of(text, each)
        except (ValueError, OverflowError, OSError):
            continue
    try:
        if _ISO.fullmatch(text):
            return _utc_day(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        pass
    wanted = ", ".join(formats) or "2024-01-31 or 2024-01-31T12:00:00Z"
    raise Unfit("bad_date", f"{text[:40]!r} is no day that exists; it must look like {wanted}.")


def day_format(written: str) -> str:
    """A format of days that can be read; checked by writing days in it and reading them back.

    Raises:
        ValueError: it cannot be read, or does not say year, month and day.
    """
    if written in (EPOCH_SECONDS, EPOCH_MILLISECONDS):
        return written
    try:
        is_whole = len(written) <= LONGEST_FORMAT and all(
            _day_of(probe.strftime(written), written) == probe.date() for probe in _PROBES
        )
    except (ValueError, re.error):
        is_whole = False
    if not is_whole:
        raise ValueError(
            f"{written[:LONGEST_FORMAT]!r} is no format of days; write it like %d/%m/%Y, %b %d, %Y,"
            f" {EPOCH_SECONDS} or {EPOCH_MILLISECONDS}"
        )
    return written


def flag(value: Any) -> bool:
    """Yes or no: true, "true", "yes", "on", 1 and their opposites."""
    if type(value) is bool:
        return value
    text = str(value).strip().lower() if type(value) in (str, int) else ""
    if text in _YES or text in _NO:
        return text in _YES
    raise Unfit("bad_boolean", "It must be true or false.")


def hosts(value: Any) -> list[str] | None:
    """Host names, canonical and sorted, of a list or of one text with commas or spaces."""
    texts = _listed(value, _LIST_MARKS, _NAME_FIELDS, "a host name")
    return sorted({name(each) for each in texts}) or None


def owners(value: Any) -> list[str] | None:
    """Owners as the file names them, each once; an object is known by its address or its name.

    A text has one or many, with semicolons between them, or commas if none has a space in it.
    """
    found: dict[str, None] = {}
    for text in _listed(value, _OWNER_MARKS, _OWNER_FIELDS, "an owner"):
        parts = [" ".join(part.split()) for part in text.split(",")]
        are_words = type(value) is str and not any(" " in part for part in parts)
        found |= dict.fromkeys(filter(None, parts) if are_words else [" ".join(text.split())])
    if any(len(owner) > LONGEST_OWNER or not is_storable(owner) for owner in found):
        raise Unfit("bad_owner", "An owner is an address or a name of up to 320 characters.")
    return [owner for owner in found if owner.lower() not in _SAYS_NOTHING] or None


def seconds(value: Any) -> int | None:
    """A TTL; Cloudflare's "automatic" is 1."""
    if isinstance(value, str) and value.strip().lower() in ("auto", "automatic"):
        return 1
    return _whole(value, "bad_ttl", "A TTL", LARGEST_NUMBER)


def priority(value: Any) -> int | None:
    return _whole(value, "bad_priority", "A priority", 65_535)


def record_type(value: Any) -> str:
    """A type's mnemonic in capitals."""
    text = _text(value, "a record type").strip()
    if not _TYPE.fullmatch(text):
        raise Unfit("bad_type", "A record type is a word such as A, CNAME or TXT.")
    return text.upper()


def is_absent(value: Any) -> bool:
    """Whether a value says nothing: null, or a text without a character that shows."""
    return value is None or (type(value) is str and not value.strip())


def as_json(value: Any) -> str:
    """JSON with sorted keys that every database takes."""
    text = _SORTED.encode(value)
    return text if text.isascii() else _HALVES.sub("\ufffd", text)


def _text(value: Any, what: str, longest: int = LONGEST_TEXT) -> str:
    if type(value) is not str:
        raise Unfit("bad_kind", f"It is {kind(value)}; {what} is a text.")
    if len(value) > longest:
        raise Unfit("too_long", f"It has {len(value)} characters, too many for {what}.")
    return value


def kind(value: Any) -> str:
    """What a JSON value is, in words."""
    words = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
    return words.get(type(value), "null" if value is None else "a number")


def _listed(value: Any, marks: re.Pattern[str], fields: tuple[str, ...], what: str) -> list[str]:
    if type(value) is str:
        text = _text(value, f"a list of texts, each {what}", LONGEST_LIST)
        return [each for each in marks.split(text) if each.strip()]
    values = value if type(value) is list else [value]
    if len(values) > MOST_OF_A_LIST:
        raise Unfit("too_long", f"It has {len(values)} values, more than {MOST_OF_A_LIST}.")
    texts = []
    for each in values:
        found = each
        if type(each) is dict:
            found = next((each[key] for key in fields if not is_absent(each.get(key))), None)
        if type(found) is list:
            raise Unfit("bad_kind", f"There is a list in a list where {what} belongs.")
        if not is_absent(found):
            texts.append(_text(found, what))
    return texts


def _whole(value: Any, code: str, what: str, largest: int) -> int | None:
    number = value
    if type(value) is str:
        text = value.strip()
        if text.lower() in _SAYS_NOTHING:
            return None
        number = int(float(text)) if _NUMBER.fullmatch(text) else None
    elif type(value) is float and value.is_integer():
        number = int(value)
    if type(number) is int and 0 <= number <= largest:
        return number
    raise Unfit(code, f"{what} is a whole number from 0 to {largest}.")


def _day_of(text: str, written: str) -> date:
    if written in (EPOCH_SECONDS, EPOCH_MILLISECONDS):
        moment = float(text) / (1000 if written == EPOCH_MILLISECONDS else 1)
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=moment)).date()
    return _utc_day(datetime.strptime(text, written))  # noqa: DTZ007 - a day, mostly without a zone


def _utc_day(moment: datetime) -> date:
    return moment.astimezone(UTC).date() if moment.tzinfo else moment.date()
