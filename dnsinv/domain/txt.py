r"""The text of TXT records: quotes, escapes and character strings of at most 255 octets.

Canonical content is one quoted string whatever the chunks were: `"` and `\` gain a backslash,
octets outside printable ASCII are three decimal digits after one (RFC 1035 section 5.1).
"""

import re

from dnsinv.errors import BadRecord

LONGEST_CHUNK = 255  # octets of one character string on the wire
LONGEST_DATA = 65_535  # octets of any record's data on the wire, the length of each chunk included

_PLAIN = re.compile(r"[ !#-\[\]-~]*")
_CANONICAL = re.compile(rf'"{_PLAIN.pattern}"')
_SPECIAL = re.compile(r"[^ !#-\[\]-~]")
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_QUOTED_STRINGS = re.compile(rf"{_QUOTED}(?:[ \t]*{_QUOTED})*", re.DOTALL)
_STRING = re.compile(rf'{_QUOTED}|(?:[^"\\ \t\r\n]|\\.)+', re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-9]{3}|.)", re.DOTALL)
_SPACE = " \t\r\n"


def txt(text: str) -> str:
    """Canonical TXT content of raw text: every character is data, quotes and backslashes too.

    What is not ASCII is taken as UTF-8. GoDaddy serves TXT this way.
    """
    if _PLAIN.fullmatch(text):
        return f'"{text}"'
    return _quoted(_octets(text))


def txt_from_provider(text: str) -> str:
    """Canonical TXT content of text that may be raw or quoted, as Cloudflare serves both.

    Text that is wholly a sequence of quoted strings is read as such, all other text is raw.
    """
    if _QUOTED_STRINGS.fullmatch(text):
        try:
            return canonical_txt(text)
        except BadRecord:
            pass  # quotes around an impossible escape: data, then
    return txt(text)


def canonical_txt(text: str) -> str:
    r"""Canonical TXT content of presentation data: the character strings joined, as in a zone file.

    Unquoted words are strings of their own (`a b` is `"ab"`). A `;` is data and not a comment,
    because providers serve it bare; no text at all is one empty string. One pair of parentheses
    around everything is dropped.

    Raises:
        BadRecord: an open quote, an impossible escape such as `\999`, or over 65,535 octets.
    """
    if len(text) < LONGEST_CHUNK and _CANONICAL.fullmatch(text):
        return text
    data = _joined_octets(text)
    if len(data) + len(data) // LONGEST_CHUNK + 1 > LONGEST_DATA:
        raise BadRecord(f"TXT data of {len(data)} octets does not fit into a record; shorten it.")
    return _quoted(data)


def zone_file_txt(content: str) -> str:
    """Canonical content as a zone file takes it: quoted strings of at most 255 octets.

    Raises:
        BadRecord: the content is not canonical but an unreadable value kept raw.
    """
    if len(content) < LONGEST_CHUNK and _CANONICAL.fullmatch(content):
        return content
    data = _joined_octets(content)
    starts = range(0, len(data) or 1, LONGEST_CHUNK)
    return " ".join(_quoted(data[start : start + LONGEST_CHUNK]) for start in starts)


def _joined_octets(text: str) -> bytes:
    rest = text.strip(_SPACE)
    if rest.startswith("(") and rest.endswith(")"):
        rest = rest[1:-1].strip(_SPACE)
    strings = []
    position = 0
    while position < len(rest):
        string = _STRING.match(rest, position)
        if string is None:
            raise BadRecord(
                f"TXT data {rest[:80]!r} has an open quote or a lone backslash at its end;"
                " close the quote or double the backslash."
            )
        strings.append(_unescaped(string.group()))
        position = string.end()
        while position < len(rest) and rest[position] in _SPACE:
            position += 1
    return b"".join(strings)


def _unescaped(string: str) -> bytes:
    inner = string[1:-1] if string.startswith('"') else string
    return _ESCAPE.sub(_escaped_octet, _octets(inner))


def _escaped_octet(escape: re.Match[bytes]) -> bytes:
    escaped = escape.group(1)
    if not escaped.isdigit():
        return escaped
    if len(escaped) == 3 and int(escaped) <= 255:
        return bytes([int(escaped)])
    raise BadRecord(
        rf"TXT data has the escape \{escaped.decode()}; a backslash takes one character"
        " or three digits from 000 to 255."
    )


def _octets(text: str) -> bytes:
    # A lone surrogate can stand in a provider's JSON; it must not stop a collection.
    return text.encode("utf-8", "surrogatepass")


def _quoted(data: bytes) -> str:
    return f'"{_SPECIAL.sub(_escaped, data.decode("latin-1"))}"'


def _escaped(special: re.Match[str]) -> str:
    character = special.group()
    return f"\\{character}" if character in '"\\' else f"\\{ord(character):03d}"
