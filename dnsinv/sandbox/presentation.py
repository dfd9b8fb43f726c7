"""Taking record data in presentation form apart, for providers that serve it in fields.

On purpose a second, independent reading beside dnsinv.domain: a mistake there must not cancel
itself out here.
"""

import re

CHUNK = 255  # octets of one character string, RFC 1035 section 3.3.14

_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s"]+')
_ESCAPE = re.compile(rb"\\(\d{3}|.)", re.DOTALL)
_IN_QUOTES = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)


def words(rdata: str) -> list[str]:
    """The fields of the data; quoted ones keep their quotes."""
    return _WORD.findall(rdata)


def unquoted(word: str) -> str:
    """A field without its quotes and escapes."""
    return text_of(word) if word.startswith('"') else word


def text_of(rdata: str) -> str:
    r"""The text of TXT data, its chunks joined; octets that are no UTF-8 stay `\DDD`."""
    octets = b"".join(
        _ESCAPE.sub(_octet, chunk.encode()) for chunk in _IN_QUOTES.findall(rdata) or [rdata]
    )
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return "".join(chr(octet) if octet < 0x80 else f"\\{octet:03}" for octet in octets)


def quoted_text(text: str) -> str:
    """TXT data of plain text: quoted chunks of at most 255 octets, special characters escaped."""
    octets = text.encode()
    chunks = [octets[at : at + CHUNK] for at in range(0, len(octets), CHUNK)] or [b""]
    return " ".join('"' + "".join(map(_escaped, chunk)) + '"' for chunk in chunks)


def without_dot(host: str) -> str:
    """A host name as most fields of the APIs have it; the root stays "."."""
    return host.rstrip(".") or "."


def with_dot(host: str) -> str:
    """A host name with its last dot, as GoDaddy v3 writes some."""
    return host if host.endswith(".") else f"{host}."


def _octet(escape: re.Match[bytes]) -> bytes:
    what = escape[1]
    return bytes([int(what) & 0xFF]) if len(what) == 3 else what


def _escaped(octet: int) -> str:
    if octet in b'"\\':
        return f"\\{octet:c}"
    return chr(octet) if 0x20 <= octet < 0x7F else f"\\{octet:03}"
