r"""Record data: every spelling of a value is stored the same, and printing it loses nothing."""

import base64
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

import dns.name
import dns.rdata
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnsinv.domain import rdata
from dnsinv.domain.rdata import (
    KNOWN_TYPES,
    PRIORITY_TYPES,
    canonical,
    observed,
    presentation,
    txt,
    txt_from_provider,
)
from dnsinv.errors import BadRecord

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
NAUGHTY = SHARED / "malformed" / "blns" / "blns.json"
MOJ = SHARED / "moj-dns" / "snapshots" / "moj-recordsets.2026-03-02.json.gz"
GOV = SHARED / "dotgov" / "full-and-zone-sampled" / "gov-zone.2026-06-01.txt.gz"

SHA_256 = "0123456789abcdef" * 4
DKIM = "v=DKIM1; k=rsa; p=" + "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A" * 20

a_few = settings(max_examples=150, deadline=None)


@pytest.mark.parametrize(
    ("type", "text", "content"),
    [
        ("A", "192.0.2.1", "192.0.2.1"),
        ("A", " 192.0.2.1 ", "192.0.2.1"),
        ("AAAA", "2001:0DB8:0:0:0:0:0:1", "2001:db8::1"),
        ("AAAA", "::FFFF:192.0.2.1", "::ffff:192.0.2.1"),
        ("CAA", "0 issue letsencrypt.org", '0 issue "letsencrypt.org"'),
        ("CAA", '0 Issue "ca.example; validationmethods=dns-01"', None),
        ("CAA", "0 issue ;", '0 issue ";"'),
        ("CAA", '0 issue ";"', '0 issue ";"'),
        ("CAA", r'0 issue "a\;b"', '0 issue "a;b"'),
        ("CAA", "0 issue ca.example; account=1", '0 issue "ca.example; account=1"'),
        ("CAA", '128 iodef "mailto:sec@example.com"', '128 iodef "mailto:sec@example.com"'),
        ("CAA", '0 issue ""', '0 issue ""'),
        ("CERT", "1 1 8 AQ ID BA==", "PKIX 1 RSASHA256 AQIDBA=="),
        ("CNAME", "WWW.Example.COM.", "www.example.com"),
        ("CNAME", "www.example.com", "www.example.com"),
        ("CNAME", ".", "."),
        ("CNAME", "bücher.example", "xn--bcher-kva.example"),
        ("CNAME", "_f00._domainkey.Example.com", "_f00._domainkey.example.com"),
        ("CNAME", r"A\.B\032c.example.", r"a\.b\032c.example"),
        ("DNSKEY", "257 3 RSASHA256 AwEA AQ==", "257 3 8 AwEAAQ=="),
        ("DNSKEY", f"257 3 8 {'AQID ' * 99}", f"257 3 8 {'AQID' * 99}"),
        ("DS", f"12345 ECDSAP256SHA256 2 {SHA_256.upper()}", f"12345 13 2 {SHA_256}"),
        ("DS", f"12345 13 2 {SHA_256[:30]} {SHA_256[30:]}", f"12345 13 2 {SHA_256}"),
        (
            "LOC",
            "52 22 23 N 4 53 32 E 1.16m 0m 10000m 10m",
            "52 22 23.000 N 4 53 32.000 E 1.16m 0.00m 10000.00m 10.00m",
        ),
        ("LOC", "52 22 23.000 N 4 53 32.000 E -2", "52 22 23.000 N 4 53 32.000 E -2.00m"),
        ("NAPTR", "100 10 S SIP+D2U !^.*$!x! .", '100 10 "S" "SIP+D2U" "!^.*$!x!" .'),
        ("NAPTR", '1 2 "" "" "" _Sip._udp.Example.com.', '1 2 "" "" "" _sip._udp.example.com'),
        ("NS", "NS1.Example.com.", "ns1.example.com"),
        ("OPENPGPKEY", "AQ ID", "AQID"),
        ("PTR", "Host.Example.com", "host.example.com"),
        ("SMIMEA", f"3 1 1 {SHA_256.upper()}", f"3 1 1 {SHA_256}"),
        ("SOA", r"NS.x. John\.Doe.x. 1 2h 1H 2w 5m", r"ns.x john\.doe.x 1 7200 3600 1209600 300"),
        ("SOA", "ns.x h.x ( 1 2\n3 4 5 )", "ns.x h.x 1 2 3 4 5"),
        ("SSHFP", f"4 2 {SHA_256.upper()}", f"4 2 {SHA_256}"),
        ("TLSA", f"3 1 1 {SHA_256[:32]} {SHA_256[32:]}", f"3 1 1 {SHA_256}"),
        ("TXT", '"v=spf1 -all"', '"v=spf1 -all"'),
        ("A", r"\# 4 C0000201", "192.0.2.1"),
        ("TXT", r"\# 8 03 616263 03 646566", '"abcdef"'),
        ("NS", r"\# 5 034E5331 00", "ns1"),
    ],
)
def test_every_spelling_has_one_content(type: str, text: str, content: str | None) -> None:
    assert canonical(type, text) == (None, content or text.lower())


@pytest.mark.parametrize(
    ("type", "text", "priority", "content"),
    [
        ("MX", "10 Mail.Example.com.", 10, "mail.example.com"),
        ("MX", "010\tmail.example.com", 10, "mail.example.com"),
        ("MX", "0 .", 0, "."),
        ("MX", "10 bücher.example", 10, "xn--bcher-kva.example"),
        ("MX", r"10 A\.b.example", 10, r"a\.b.example"),
        ("SRV", "10 5 5060 Sip.Example.com.", 10, "5 5060 sip.example.com"),
        ("SRV", "0 0 0 .", 0, "0 0 ."),
        ("SRV", "1 2 3 bücher.example", 1, "2 3 xn--bcher-kva.example"),
        ("URI", '10 1 "ftp://Ftp.example/Public;x"', 10, '1 "ftp://Ftp.example/Public;x"'),
        ("URI", "10 1 https://example.com/", 10, '1 "https://example.com/"'),
        ("HTTPS", "1 . port=443 alpn=h2,h3", 1, '. alpn="h2,h3" port="443"'),
        ("HTTPS", "0 Svc.Example.com.", 0, "svc.example.com"),
        (
            "SVCB",
            "1 svc.x key667=a ipv6hint=2001:DB8::1",
            1,
            'svc.x ipv6hint="2001:db8::1" key667="a"',
        ),
        ("SVCB", "1 svc.x no-default-alpn alpn=h2", 1, 'svc.x alpn="h2" no-default-alpn'),
        ("MX", r"\# 7 000A 034E5331 00", 10, "ns1"),
    ],
)
def test_the_priority_leaves_the_content(type: str, text: str, priority: int, content: str) -> None:
    assert canonical(type, text) == (priority, content)
    assert canonical(type, text, priority) == (priority, content)
    assert canonical(type, content, priority) == (priority, content)


def test_two_priorities_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(BadRecord, match="says priority 10 but its record says 5"):
        canonical("MX", "10 mail.example.com", 5)


def test_a_numeric_host_beside_a_priority_is_a_host() -> None:
    assert canonical("MX", "25", 10) == (10, "25")


def test_a_type_without_priority_has_none_whatever_comes_along() -> None:
    assert canonical("A", "192.0.2.1", 0) == (None, "192.0.2.1")
    assert observed("A", "nonsense", 0) == (None, "nonsense")
    assert canonical("ALIAS", "x", 0) == (None, "x")


@pytest.mark.parametrize(
    ("type", "text", "reason"),
    [
        ("A", "192.0.2.256", "192.0.2.1"),
        ("A", "192.0.2.01", "is not A data"),
        ("A", "", "is not A data"),
        ("A", "192.0.2.1 ; web", "comment"),
        ("A", "192.0.2.1\n192.0.2.2", "second line"),
        ("A", "192.0.2.1 192.0.2.2", "is not A data"),
        ("A", "١٩٢.0.2.1", "is not A data"),
        ("A", r"\# 4 C00002", "is not A data"),
        ("AAAA", "2001:db8::1::", "looks like 2001:db8::1"),
        ("AAAA", "fe80::1%eth0", "is not AAAA data"),
        ("CAA", "0 issue", "is not CAA data"),
        ("CAA", '256 issue "x"', "is not CAA data"),
        ("CNAME", "@", "not a complete host name"),
        ("CNAME", "a..b", "is not CNAME data"),
        ("CNAME", "a b", "is not CNAME data"),
        ("CNAME", "☃.example", "give its xn-- form"),
        ("CNAME", f"{'a' * 64}.com", "is not CNAME data"),
        ("DS", "1 13 2 abcd", "digest length"),
        ("LOC", "90 59 0 N 0 0 0 E 0m", "bad latitude"),
        ("LOC", "1 0 0 N 0 0 0 E nanm", "is not LOC data"),
        ("LOC", "1 0 0 N 0 0 0 E 1e400m", "is not LOC data"),
        ("LOC", "1 0 0 N 0 0 0 E 50000000m", "is not LOC data"),
        ("MX", "mail.example.com", "10 mail.example.com"),
        ("MX", "65536 mail.example.com", "is not MX data"),
        ("MX", "10 @", "not a complete host name"),
        ("OPENPGPKEY", "A" * 90_000, "do not fit"),
        ("SRV", "1 2 3 @", "not a complete host name"),
        ("SSHFP", "4 2 abc", "is not SSHFP data"),
        ("SVCB", "0 svc.x port=1", "AliasMode"),
        ("TXT", '"open', "open quote"),
        ("TXT", "lone\\", "lone backslash"),
        ("TXT", r'"\256"', r"\256"),
        ("TXT", r'"\12"', r"\1"),
        ("TXT", "a" * 65_500, "65500 octets"),
        ("URI", "10 1 http://x/;y", "comment"),
    ],
)
def test_bad_data_is_refused_with_the_reason(type: str, text: str, reason: str) -> None:
    with pytest.raises(BadRecord, match=re.escape(reason)):
        canonical(type, text)


def test_bad_data_that_a_provider_serves_is_kept_raw() -> None:
    assert observed("MX", " mail example ", 10) == (10, "mail example")
    assert observed("CNAME", "☃.Example") == (None, "☃.Example")
    assert observed("MX", "10 Mail.Example.com", 10) == (10, "mail.example.com")


@pytest.mark.parametrize(
    "type", ["SPF", "ALIAS", "DNAME", "Route53Provider/ALIAS", "TYPE65280", ""]
)
def test_an_unknown_type_is_kept_as_it_came(type: str) -> None:
    assert canonical(type, ' "V=spf1"  @ ; -all ') == (None, '"V=spf1"  @ ; -all')
    assert canonical(type, r"\# 4 C0000201") == (None, r"\# 4 C0000201")
    assert presentation(type, "V=spf1", None) == "V=spf1"


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ('"a" "b"', '"ab"'),
        ('"a""b"', '"ab"'),
        ("a b", '"ab"'),
        ('a"b c"d', '"ab cd"'),
        ('( "a"\n "b" )', '"ab"'),
        ("", '""'),
        ('""', '""'),
        ('"" ""', '""'),
        ('" "', '" "'),
        ("v=DKIM1;p=abc", '"v=DKIM1;p=abc"'),
        (r'"v=DMARC1\; p=none\;"', '"v=DMARC1; p=none;"'),
        (r'"v=DMARC1\; p=none"', '"v=DMARC1; p=none"'),
        (r'"say \"hi\" \\ \065"', r'"say \"hi\" \\ A"'),
        (r"a\ b", '"a b"'),
        ('"é"', r'"\195\169"'),
        (r'"\é\195\169"', r'"\195\169\195\169"'),
        ('"tab\there"', r'"tab\009here"'),
        ('"line\nbreak"', r'"line\010break"'),
        (f'"{DKIM[:255]}" "{DKIM[255:510]}" "{DKIM[510:]}"', f'"{DKIM}"'),
        (f'"{DKIM}"', f'"{DKIM}"'),
    ],
)
def test_txt_is_one_quoted_string_however_it_is_cut_and_escaped(text: str, content: str) -> None:
    assert canonical("TXT", text) == (None, content)


@pytest.mark.parametrize(
    ("raw", "content"),
    [
        ("v=spf1 -all", '"v=spf1 -all"'),
        ("", '""'),
        (" ", '" "'),
        ('foo "bar" baz', r'"foo \"bar\" baz"'),
        (r"back\slash", r'"back\\slash"'),
        (r"octodns\;", r'"octodns\\;"'),
        ('"quoted"', r'"\"quoted\""'),
        ("grüße", r'"gr\195\188\195\159e"'),
        ("\ud800", r'"\237\160\128"'),
        ("\\# 3 616263", r'"\\# 3 616263"'),
    ],
)
def test_raw_txt_is_data_to_the_last_character(raw: str, content: str) -> None:
    assert txt(raw) == content


@pytest.mark.parametrize(
    ("served", "content"),
    [
        ("v=spf1 -all", '"v=spf1 -all"'),
        ('"v=spf1 -all"', '"v=spf1 -all"'),
        ('"a" "b"', '"ab"'),
        (r'"say \"hi\""', r'"say \"hi\""'),
        ('"a" and "b"', r'"\"a\" and \"b\""'),  # starts and ends with a quote, yet is raw
        ('"a"b"', r'"\"a\"b\""'),
        (r'"a\"', r'"\"a\\\""'),
        (r'"\999"', r'"\"\\999\""'),
        ('"', r'"\""'),
        ("", '""'),
        (f'"{DKIM[:255]}" "{DKIM[255:]}"', f'"{DKIM}"'),
    ],
)
def test_txt_that_a_provider_serves_is_quoted_or_raw(served: str, content: str) -> None:
    assert txt_from_provider(served) == content


@pytest.mark.parametrize(
    ("type", "content", "priority", "line"),
    [
        ("A", "192.0.2.1", None, "192.0.2.1"),
        ("CNAME", "www.example.com", None, "www.example.com."),
        ("CNAME", ".", None, "."),
        ("MX", "mail.example.com", 10, "10 mail.example.com."),
        ("MX", ".", 0, "0 ."),
        ("SRV", "5 5060 sip.example.com", 10, "10 5 5060 sip.example.com."),
        ("SOA", "ns.x h.x 1 2 3 4 5", None, "ns.x. h.x. 1 2 3 4 5"),
        ("HTTPS", '. alpn="h2"', 1, '1 . alpn="h2"'),
        ("SVCB", "svc.x", 0, "0 svc.x."),
        ("TXT", '"v=spf1 -all"', None, '"v=spf1 -all"'),
        ("TXT", '""', None, '""'),
        ("TXT", "", None, '""'),
        ("TXT", f'"{DKIM}"', None, f'"{DKIM[:255]}" "{DKIM[255:510]}" "{DKIM[510:]}"'),
        ("TXT", f'"{"a" * 254}{chr(92)}"b"', None, f'"{"a" * 254}{chr(92)}"" "b"'),
        ("OPENPGPKEY", "AQID" * 100, None, "AQID" * 100),
    ],
)
def test_a_zone_file_gets_the_complete_data(
    type: str, content: str, priority: int | None, line: str
) -> None:
    assert presentation(type, content, priority) == line


@pytest.mark.parametrize(
    ("type", "content", "priority"),
    [
        ("MX", "mail example", 10),
        ("MX", "mail.example", None),
        ("TXT", '"open', None),
        ("A", "x", None),
    ],
)
def test_raw_leftovers_never_reach_a_zone_file(
    type: str, content: str, priority: int | None
) -> None:
    with pytest.raises(BadRecord):
        presentation(type, content, priority)


def test_an_interrupt_in_the_middle_of_a_record_is_not_swallowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(_text: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(rdata, "canonical_name", interrupted)

    with pytest.raises(KeyboardInterrupt):
        observed("SRV", "1 2 3 sip.example.com")


u8, u16, u32 = (st.integers(0, 2**bits - 1) for bits in (8, 16, 32))
labels = st.from_regex(r"\A[A-Za-z0-9_-]{1,10}\Z") | st.sampled_from(
    ["*", r"John\.Doe", r"a\032b", r"\000", r"\255", "a/b", "0/25", "a$b", r"\@", r"\;"]
)
hosts = st.one_of(
    st.just("."),
    st.builds(
        lambda parts, dot: ".".join(parts) + dot,
        st.lists(labels, min_size=1, max_size=4),
        st.sampled_from(["", "."]),
    ),
)
octets = st.binary(max_size=300)
some_octets = st.binary(min_size=1, max_size=60)


def in_quotes(data: bytes) -> str:
    """Escape every octet in one of the ways that a zone file allows."""
    return '"' + "".join(f"\\{octet:03d}" if octet % 3 else _octet(octet) for octet in data) + '"'


def _octet(octet: int) -> str:
    if octet in b'"\\':
        return f"\\{octet:c}"
    return f"{octet:c}" if 0x20 <= octet < 0x7F else f"\\{octet:03d}"


quoted = st.binary(max_size=200).map(in_quotes)
hexes = some_octets.map(lambda data: data.hex(" ").upper())
sha_256 = st.binary(min_size=32, max_size=32).map(bytes.hex)
base64s = some_octets.map(lambda data: base64.b64encode(data).decode())


def words(*fields: st.SearchStrategy[object]) -> st.SearchStrategy[str]:
    return st.tuples(*fields).map(lambda values: " ".join(str(value) for value in values))


service_parameters = st.lists(
    st.sampled_from(
        [
            *('alpn="h2,h3"', r'alpn="f\\\\oo\\,bar,h2"', "port=53", "ipv4hint=192.0.2.1"),
            *("ipv6hint=2001:DB8::1", r'key667="he\195llo"', "dohpath=/q{?dns}", "ohttp", "key999"),
        ]
    ),
    unique_by=lambda parameter: parameter.split("=")[0],
).map(" ".join)

metres = st.integers(-10_000_000, 400_000_000).map(lambda centimetres: f"{centimetres / 100:.2f}m")
sizes = words(*[st.integers(0, 9_000).map(lambda metres: f"{metres}m")] * 3)

DATA: dict[str, st.SearchStrategy[str]] = {
    "A": st.ip_addresses(v=4).map(str),
    "AAAA": st.ip_addresses(v=6).map(lambda address: address.exploded.upper()),
    "CAA": words(u8, st.sampled_from(["issue", "issuewild", "iodef", "x1"]), quoted),
    "CERT": words(u16, u16, u8, base64s),
    "CNAME": hosts,
    "DNSKEY": words(u16, u8, u8, base64s),
    "DS": words(u16, u8, st.just(2), sha_256),
    "HTTPS": words(st.integers(1, 65_535), hosts, service_parameters),
    "LOC": words(
        *[st.integers(0, 89), st.integers(0, 59), st.integers(0, 59), st.sampled_from("NS")],
        *[st.integers(0, 179), st.integers(0, 59), st.integers(0, 59), st.sampled_from("EW")],
        *[metres, st.just("") | sizes],
    ),
    "MX": words(u16, hosts),
    "NAPTR": words(u16, u16, quoted, quoted, quoted, hosts),
    "NS": hosts,
    "OPENPGPKEY": base64s,
    "PTR": hosts,
    "SMIMEA": words(u8, u8, st.just(0), hexes),
    "SOA": words(hosts, hosts, u32, u32, u32, u32, u32),
    "SRV": words(u16, u16, u16, hosts),
    "SSHFP": words(u8, st.just(2), sha_256),
    "SVCB": words(st.integers(1, 65_535), hosts, service_parameters),
    "TLSA": words(u8, u8, st.just(1), sha_256),
    "TXT": words(quoted, quoted) | quoted | some_octets.map(lambda data: data.hex()),
    "URI": words(u16, u16, st.binary(min_size=1, max_size=200).map(in_quotes)),
}
records = st.sampled_from(sorted(DATA)).flatmap(lambda type: st.tuples(st.just(type), DATA[type]))


def wire(type: str, text: str) -> bytes:
    """What dnspython alone makes of data, with letter case in names out of the way."""
    made = dns.rdata.from_text("IN", type, text, origin=dns.name.root, relativize=False)
    if type == "TXT":
        return b"".join(made.strings)  # type: ignore[attr-defined]
    return made.to_digestable()


def test_the_property_tests_cover_every_known_type() -> None:
    assert set(DATA) == KNOWN_TYPES
    assert PRIORITY_TYPES < KNOWN_TYPES


@a_few
@given(records)
def test_canonical_content_is_a_fixed_point(record: tuple[str, str]) -> None:
    type, text = record
    priority, content = canonical(type, text)

    assert canonical(type, content, priority) == (priority, content)
    assert observed(type, text, priority) == (priority, content)
    assert (priority is not None) == (type in PRIORITY_TYPES)
    assert content.isascii()
    assert content.isprintable()


@a_few
@given(records)
def test_what_a_zone_file_gets_is_read_as_the_same_value(record: tuple[str, str]) -> None:
    type, text = record
    priority, content = canonical(type, text)

    assert canonical(type, presentation(type, content, priority)) == (priority, content)


@a_few
@given(records)
def test_what_a_zone_file_gets_is_what_came_octet_for_octet(record: tuple[str, str]) -> None:
    type, text = record
    priority, content = canonical(type, text)
    line = presentation(type, content, priority)

    if type in {"SVCB", "HTTPS"}:  # RFC 4034 section 6.2 leaves their names as they are written
        text = re.sub(r"(?<!\S)\S+", lambda word: word.group().lower(), text, count=2)
    assert wire(type, line) == wire(type, text)


@a_few
@given(records)
def test_the_generic_form_is_read_as_the_same_value(record: tuple[str, str]) -> None:
    type, text = record
    if type == "LOC":
        return  # dnspython cuts altitudes and sizes when it writes them to the wire
    expected = canonical(type, text)
    data = dns.rdata.from_text("IN", type, presentation(type, expected[1], expected[0])).to_wire()
    assert data is not None

    assert canonical(type, rf"\# {len(data)} {data.hex()}") == expected


@a_few
@given(octets)
def test_txt_octets_survive_every_way_in_and_out(data: bytes) -> None:
    _, content = canonical("TXT", in_quotes(data))
    line = presentation("TXT", content, None)

    assert wire("TXT", line) == data
    assert txt_from_provider(line) == content
    assert txt_from_provider(content) == content
    if data.isascii():
        assert txt(data.decode()) == content


@a_few
@given(st.text(max_size=60))
def test_raw_txt_is_utf_8_whatever_it_looks_like(text: str) -> None:
    assert wire("TXT", presentation("TXT", txt(text), None)) == text.encode()
    assert canonical("TXT", txt(text)) == (None, txt(text))


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, str]:
    type, text = draw(records)
    place = draw(st.integers(0, len(text)))
    gone = draw(st.integers(0, 3))
    return type, text[:place] + draw(st.text(max_size=3)) + text[place + gone :]


@a_few
@given(
    damaged() | st.tuples(st.sampled_from(sorted(KNOWN_TYPES)), st.text(max_size=40)),
    st.none() | st.integers(-1, 70_000),
)
def test_damaged_data_is_refused_as_bad_record_or_has_a_canonical_form(
    record: tuple[str, str], priority: int | None
) -> None:
    type, text = record
    kept = observed(type, text, priority)
    try:
        found = canonical(type, text, priority)
    except BadRecord:
        assert kept == (priority if type in PRIORITY_TYPES else None, text.strip())
        return
    assert kept == found
    assert canonical(type, presentation(type, found[1], found[0])) == found


@pytest.mark.skipif(not NAUGHTY.exists(), reason="needs shared/data/malformed/blns")
def test_naughty_strings_are_data_in_txt_and_harmless_elsewhere() -> None:
    for text in json.loads(NAUGHTY.read_text(encoding="utf-8")):
        assert wire("TXT", presentation("TXT", txt(text), None)) == text.encode()
        assert canonical("TXT", txt_from_provider(text)) == (None, txt_from_provider(text))
        for type in sorted(KNOWN_TYPES):
            observed(type, text)


@pytest.mark.skipif(not MOJ.exists(), reason="needs shared/data/moj-dns")
def test_every_value_of_405_real_zones_is_canonical_and_comes_back() -> None:
    values = set(_moj_values())

    assert len(values) > 3_000
    for type, text in values:
        priority, content = canonical(type, text)
        assert canonical(type, content, priority) == (priority, content)
        assert wire(type, presentation(type, content, priority)) == wire(type, text)


def _moj_values() -> Iterator[tuple[str, str]]:
    for row in json.loads(gzip.decompress(MOJ.read_bytes())):
        for value in row["values"] or ():
            match row["type"]:
                case "A" | "CNAME" | "NS" | "PTR" if ";" not in value:
                    yield row["type"], value
                case "MX":
                    yield "MX", f"{value['preference']} {value['exchange']}"
                case "SRV":
                    yield (
                        "SRV",
                        " ".join(
                            str(value[key]) for key in ("priority", "weight", "port", "target")
                        ),
                    )
                case "CAA":
                    yield "CAA", f'{value["flags"]} {value["tag"]} "{value["value"]}"'
                case "TXT":  # octoDNS escapes ";" and nothing else
                    yield "TXT", presentation("TXT", txt(value.replace(r"\;", ";")), None)


@pytest.mark.skipif(not GOV.exists(), reason="needs shared/data/dotgov")
def test_a_slice_of_the_gov_zone_is_canonical_and_comes_back() -> None:
    lines = gzip.decompress(GOV.read_bytes()).decode().splitlines()
    records = [line.partition(" ;")[0].split("\t")[3:5] for line in lines if "\tIN\t" in line]

    assert len(records) > 40_000
    for type, text in records[::40]:
        priority, content = canonical(type, text)
        line = presentation(type, content, priority)
        assert canonical(type, line) == (priority, content)
        assert line == text.lower()
