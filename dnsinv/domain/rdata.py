r"""Record data in the one form in which it is stored, compared and printed.

Every known type is read and printed through dnspython; names go through names.py and TXT through
txt.py. Types that are not known here are kept as they came.
"""

import re
import struct

import dns.exception
import dns.ipv6
import dns.name
import dns.rdata
import dns.rdataclass
import dns.tokenizer

from dnsinv.domain.names import canonical_name
from dnsinv.domain.txt import LONGEST_DATA, canonical_txt, txt, txt_from_provider, zone_file_txt
from dnsinv.errors import BadName, BadRecord

__all__ = [
    "KNOWN_TYPES",
    "PRIORITY_TYPES",
    "canonical",
    "observed",
    "presentation",
    "txt",
    "txt_from_provider",
]

PRIORITY_TYPES = frozenset({"MX", "SRV", "URI", "SVCB", "HTTPS"})

_EXAMPLES = {  # what an error text recommends
    "A": "192.0.2.1",
    "AAAA": "2001:db8::1",
    "CAA": '0 issue "ca.example"',
    "CERT": "PKIX 1 RSASHA256 AQID",
    "CNAME": "www.example.com",
    "DNSKEY": "257 3 8 AwEAAQ==",
    "DS": "12345 8 2 <64 hex digits>",
    "HTTPS": "1 . alpn=h2,h3",
    "LOC": "52 22 23.000 N 4 53 32.000 E 2.00m",
    "MX": "10 mail.example.com",
    "NAPTR": '100 10 "S" "SIP+D2U" "" _sip._udp.example.com',
    "NS": "ns1.example.com",
    "OPENPGPKEY": "AQID",
    "PTR": "host.example.com",
    "SMIMEA": "3 1 1 <64 hex digits>",
    "SOA": "ns1.example.com hostmaster.example.com 1 7200 3600 1209600 300",
    "SRV": "10 5 5060 sip.example.com",
    "SSHFP": "4 2 <64 hex digits>",
    "SVCB": "1 svc.example.com port=8443",
    "TLSA": "3 1 1 <64 hex digits>",
    "TXT": '"v=spf1 -all"',
    "URI": '10 1 "https://example.com/"',
}

KNOWN_TYPES = frozenset(_EXAMPLES)

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}")
_IPV6_CHARACTERS = re.compile(r"[0-9A-Fa-f:.]+")
_MX = re.compile(r"([0-9]{1,5})[ \t]+([^ \t]+)")
_GENERIC = re.compile(r"[ \t]*\\#[ \t]")  # RFC 3597: \# length hex
_CAA_BARE = re.compile(r'([0-9]+[ \t]+[A-Za-z0-9]+)[ \t]+([^" \t][^"]*)')

_STORED = dns.rdata.RdataStyle(omit_final_dot=True, base64_chunk_size=0, hex_chunk_size=0)
_ZONE_FILE = dns.rdata.RdataStyle(base64_chunk_size=0, hex_chunk_size=0)


class _Tokenizer(dns.tokenizer.Tokenizer):
    """Reads host names by our rules: lower case, IDNA 2008, absolute with or without a last dot."""

    def as_name(
        self, token: dns.tokenizer.Token, *_origin: object, **_relativity: object
    ) -> dns.name.Name:
        if not token.is_identifier() or token.value == "@":
            raise ValueError(f"{token.value!r} is not a complete host name")
        try:
            return dns.name.from_text(canonical_name(token.value))
        except BadName:
            if not token.value.isascii():
                raise
            # The DNS carries any octet in a name, written with escapes: john\.doe.example.com.
            return dns.name.from_text(token.value).canonicalize()


def canonical(type: str, text: str, priority: int | None = None) -> tuple[int | None, str]:
    r"""Priority and content, as `Record` stores them, of data in presentation form.

    Host names are absolute with or without a last dot; nothing is relative and "@" is refused.
    Data in the generic form of RFC 3597 (`\# 4 C0000201`) is decoded. Comments are refused, except
    that `;` is data in TXT and in a CAA value without quotes.

    For the types of PRIORITY_TYPES: without `priority` it is the first field of `text`. With
    `priority`, `text` is read as what follows it; only if that is not valid is it read as the whole
    data, and then the two priorities must agree. For every other type the priority is ignored and
    None comes back.

    A type that is not in KNOWN_TYPES gives its text, stripped.

    Raises:
        BadRecord: not valid data of a known type; the text shows what valid data looks like.
    """
    if type not in KNOWN_TYPES:
        return None, text.strip()
    if _GENERIC.match(text):
        text = _parsed(type, text).to_text()
    if type not in PRIORITY_TYPES:
        return None, _content(type, text)
    if priority is None:
        return _with_priority(type, text)
    return _beside_priority(type, text, priority)


def observed(type: str, text: str, priority: int | None = None) -> tuple[int | None, str]:
    """Like `canonical`, but data that is not valid comes back as it is, stripped; never raises."""
    try:
        return canonical(type, text, priority)
    except BadRecord:
        return priority if type in PRIORITY_TYPES else None, text.strip()


def presentation(type: str, content: str, priority: int | None) -> str:
    """The complete data of a stored record as a zone file takes it.

    The priority is back in front, host names end in a dot, TXT is in strings of at most 255 octets.
    `canonical` of the result is (priority, content) again. Content of unknown types is unchanged.

    Raises:
        BadRecord: the content is not canonical but an unreadable value that `observed` kept.
    """
    if type == "TXT":
        return zone_file_txt(content)
    if type not in KNOWN_TYPES:
        return content
    text = content if type not in PRIORITY_TYPES else f"{priority} {content}"
    return _parsed(type, text).to_styled_text(_ZONE_FILE)


def _beside_priority(type: str, text: str, priority: int) -> tuple[int, str]:
    try:
        return _with_priority(type, f"{priority} {text}")
    except BadRecord as not_the_remainder:
        try:
            inner, content = _with_priority(type, text)
        except BadRecord:
            raise not_the_remainder from None
    if inner != priority:
        raise BadRecord(
            f"{type} data {text[:80]!r} says priority {inner} but its record says {priority};"
            " make them agree."
        )
    return inner, content


def _with_priority(type: str, text: str) -> tuple[int, str]:
    if type == "MX" and (simple := _MX.fullmatch(text)) and int(simple[1]) <= 65_535:
        try:
            return int(simple[1]), canonical_name(simple[2])
        except BadName:
            pass  # dnspython reads its escapes or says what is wrong
    priority, _, content = _parsed(type, text).to_styled_text(_STORED).partition(" ")
    return int(priority), content


def _content(type: str, text: str) -> str:
    match type:
        case "A" if _IPV4.fullmatch(text):
            return text
        case "AAAA" if _IPV6_CHARACTERS.fullmatch(text):
            return _ipv6(text)
        case "TXT":
            return canonical_txt(text)
        case "CAA":
            return _caa(text)
        case "CNAME" | "NS" | "PTR":
            try:
                return canonical_name(text)
            except BadName:
                pass  # dnspython reads its escapes or says what is wrong
    return _parsed(type, text).to_styled_text(_STORED)


def _ipv6(text: str) -> str:
    try:
        return dns.ipv6.canonicalize(text)
    except dns.exception.SyntaxError as refused:
        raise _bad("AAAA", text, refused) from refused


def _caa(text: str) -> str:
    if bare := _CAA_BARE.fullmatch(text.strip()):
        text = f'{bare[1]} "{bare[2]}"'
    flags, tag, value = _parsed("CAA", text).to_styled_text(_STORED).split(" ", 2)
    return f"{flags} {tag.lower()} {value}"  # RFC 8659 section 4.1: tags ignore case


def _parsed(type: str, text: str) -> dns.rdata.Rdata:
    try:
        return _read(type, text)
    except (dns.exception.DNSException, ArithmeticError, ValueError, struct.error) as refused:
        cause = refused.__cause__
        # dnspython wraps whatever comes by, even the Ctrl-C that must stop a collection.
        if cause is not None and not isinstance(cause, Exception):
            raise cause from None
        raise _bad(type, text, refused) from refused


def _read(type: str, text: str) -> dns.rdata.Rdata:
    tokens = _Tokenizer(text)
    rdata = dns.rdata.from_text(dns.rdataclass.IN, type, tokens)
    if rdata.rdcomment is not None or not tokens.get().is_eof():
        raise ValueError("there is a comment or a second line behind it")
    # Only wire shows some absurdities: a LOC of not-a-number metres or 90 degrees and 59 minutes.
    wire = rdata.to_wire() or b""
    if len(wire) > LONGEST_DATA:
        raise ValueError(f"{len(wire)} octets do not fit into a record")
    dns.rdata.from_wire(dns.rdataclass.IN, type, wire, 0, len(wire))
    return rdata


def _bad(type: str, text: str, refused: Exception) -> BadRecord:
    reason = str(refused).rstrip(".") or "it does not parse"
    return BadRecord(
        f"{text[:80]!r} is not {type} data ({reason}); it looks like {_EXAMPLES[type]}"
    )
