"""A zone as text: read back by dnspython it is the same, and octoDNS's YAML follows its rules."""

import json
from datetime import date
from typing import Any

import dns.rdatatype
import dns.zone
import pytest
import yaml

from dnsinv.actions.installation import Installation
from dnsinv.actions.reading import Reader
from dnsinv.domain.octodns import octodns_zone
from dnsinv.domain.rdata import canonical
from dnsinv.domain.records import Record
from dnsinv.domain.zonefile import bind_zone
from dnsinv.errors import NotThere, UsageError
from tests.core.observed import Observed
from tests.core.scripted import a_record
from tests.core.stores import ROOT

ZONE = "shop.example"


def record(name: str, type: str, text: str, ttl: int = 3600, **more: Any) -> Record:
    priority, content = canonical(type, text)
    return Record(ZONE, f"{name}.{ZONE}" if name else ZONE, type, content, ttl, priority, **more)


RECORDS = [
    record("", "SOA", "ns1.shop.example hostmaster.shop.example 7 7200 3600 1209600 300", managed=True),
    record("", "NS", "ns1.shop.example"),
    record("", "NS", "ns2.other.example"),
    record("", "MX", "10 mx.shop.example"),
    record("", "MX", "20 mx2.shop.example"),
    record("", "TXT", '"v=spf1 include:_spf.example -all"'),
    record("", "TXT", '"a;b; c=\\"d\\" \\\\ e"'),
    record("key._domainkey", "TXT", f'"v=DKIM1; k=rsa; p={"A" * 400}"'),
    record("", "CAA", '0 issue "ca.example; policy=ev"'),
    record("www", "A", "192.0.2.1", 1, proxied=True),
    record("www", "AAAA", "2001:db8::1", 60, comment="behind; the proxy\nof us"),
    record("*", "CNAME", "www.shop.example"),
    record("_sip._tcp", "SRV", "10 5 5060 sip.shop.example"),
    record("_443._tcp", "TLSA", "3 1 1 " + "ab" * 32),
    record("_dns", "SVCB", "1 svc.example alpn=h2,h3 port=8443 ipv4hint=192.0.2.7"),
    record("web", "HTTPS", "1 . alpn=h2"),
    record("ssh", "SSHFP", "4 2 " + "cd" * 32),
    record("loc", "LOC", "52 22 23.000 N 4 53 32.000 E 2.00m"),
    record("num", "NAPTR", '100 10 "S" "SIP+D2U" "!^.*$!sip:info@example.com!" _sip._udp.example.com'),
    record("_ftp._tcp", "URI", '10 1 "https://shop.example/a;b"'),
    record("sub", "DS", "12345 8 2 " + "ef" * 32),
]  # fmt: skip


def told(records: list[Record]) -> set[tuple[str, str, str, int | None, int]]:
    return {(each.name, each.type, each.content, each.priority, each.ttl) for each in records}


def read_back(text: str) -> list[Record]:
    zone = dns.zone.from_text(text, relativize=False, check_origin=False)
    found = []
    for name, ttl, data in zone.iterate_rdatas():
        type = dns.rdatatype.to_text(data.rdtype)
        priority, content = canonical(type, data.to_text())
        found.append(Record(ZONE, name.to_text(omit_final_dot=True), type, content, ttl, priority))
    return found


def test_a_zone_file_read_back_is_the_same_records() -> None:
    assert told(read_back(bind_zone(ZONE, RECORDS))) == told(RECORDS)


def test_a_zone_without_soa_is_said_to_be_so_and_reads_back() -> None:
    text = bind_zone(ZONE, RECORDS[1:], ["who; when"])
    assert text.startswith("; who; when\n; No SOA")
    assert told(read_back(text)) == told(RECORDS[1:])


def test_what_is_no_valid_data_stays_as_a_comment() -> None:
    odd = Record(ZONE, f"odd.{ZONE}", "A", "not an address\nwww 1 IN A 192.0.2.6", 60)
    strange = Record(ZONE, ZONE, "SPECIAL", "x\n$INCLUDE /etc/passwd", 60)
    text = bind_zone(ZONE, [odd, strange])
    assert [line for line in text.splitlines() if not line.startswith(";")] == [f"$ORIGIN {ZONE}."]


def test_octodns_yaml_says_every_record_by_octodns_rules() -> None:
    document = yaml.safe_load(octodns_zone(ZONE, RECORDS, ["who: when"]))
    apex = {each["type"]: each for each in document[""]}
    assert "SOA" not in apex
    assert apex["NS"]["values"] == ["ns1.shop.example.", "ns2.other.example."]
    assert apex["MX"]["values"][0] == {"preference": 10, "exchange": "mx.shop.example."}
    assert "v=spf1 include:_spf.example -all" in apex["TXT"]["values"]
    assert 'a\\;b\\; c="d" \\ e' in apex["TXT"]["values"]
    assert apex["CAA"]["value"] == {"flags": 0, "tag": "issue", "value": "ca.example; policy=ev"}
    assert document["key._domainkey"][0]["value"] == f"v=DKIM1\\; k=rsa\\; p={'A' * 400}"
    www = {each["type"]: each for each in document["www"]}
    assert www["A"]["ttl"] == 300
    assert www["A"]["octodns"] == {"cloudflare": {"auto-ttl": True, "proxied": True}}
    assert document["*"] == [{"ttl": 3600, "type": "CNAME", "value": "www.shop.example."}]
    assert document["_dns"][0]["value"]["svcparams"] == {
        "alpn": ["h2", "h3"], "port": "8443", "ipv4hint": ["192.0.2.7"],
    }  # fmt: skip
    assert document["loc"][0]["value"]["lat_direction"] == "N"


def test_what_octodns_has_no_word_for_stays_as_a_comment() -> None:
    text = octodns_zone(ZONE, [record("odd", "CERT", "PKIX 1 RSASHA256 AQID")])
    assert yaml.safe_load(text) == {}
    assert "# not known to octoDNS: odd.shop.example 3600 CERT" in text


def test_names_and_fields_stand_in_the_order_that_octodns_insists_on() -> None:
    hosts = [record(name, "A", "192.0.2.9") for name in ("a10", "a2", "b", "", "10", "9")]
    document = yaml.safe_load(octodns_zone(ZONE, [*hosts, RECORDS[12]]))
    assert list(document) == ["", "9", "10", "_sip._tcp", "a2", "a10", "b"]
    assert list(document["_sip._tcp"][0]["value"]) == ["port", "priority", "target", "weight"]


def test_names_that_yaml_would_take_for_something_else_stay_names() -> None:
    odd = [
        record(name, "TXT", json.dumps(name)) for name in ("no", "1", "null", "2026-01-01", "~")[:4]
    ]
    assert set(yaml.safe_load(octodns_zone(ZONE, odd))) == {"no", "1", "null", "2026-01-01"}


def test_a_zone_of_a_day_and_of_now(installation: Installation) -> None:
    observed = Observed(installation)
    observed.observe({ZONE: [a_record(ZONE, "www", "192.0.2.1")]})
    day = observed.clock.now.date()
    observed.clock.forward(days=1)
    observed.observe({ZONE: [a_record(ZONE, "www", "192.0.2.2")]})
    reader = Reader(installation)
    try:
        assert "192.0.2.1" in reader.zone(ROOT, ZONE, day)
        assert "192.0.2.2" in reader.zone(ROOT, "SHOP.example.")
        assert "192.0.2.2" in reader.zone(ROOT, ZONE, form="octodns")
        for wrong in (("nowhere.example", None), (ZONE, date(2020, 1, 1))):
            with pytest.raises(NotThere):
                reader.zone(ROOT, *wrong)
        with pytest.raises(UsageError, match="form"):
            reader.zone(ROOT, ZONE, form="djbdns")
        observed.observe({ZONE: [a_record(ZONE, "www", "192.0.2.3")]}, "cf-1", "cloudflare")
        with pytest.raises(UsageError, match=r"cf-1.*gd-1"):
            reader.zone(ROOT, ZONE)
        assert "192.0.2.3" in reader.zone(ROOT, ZONE, account="cf-1")
    finally:
        reader.close()
