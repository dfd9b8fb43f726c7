"""The stand-ins for GoDaddy and Cloudflare, seen over the wire by a plain HTTP client."""

import json
import signal
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from dnsinv.errors import ServiceError, UsageError
from dnsinv.sandbox.credentials import (
    AUTH_CODE,
    CLOUDFLARE_ACCOUNT_ID,
    CLOUDFLARE_ACCOUNT_TOKEN,
    CLOUDFLARE_TOKEN,
    GODADDY_KEY,
    GODADDY_SECRET,
    GODADDY_TOKEN,
)
from dnsinv.sandbox.faults import Fault, FaultKind, parse_fault
from dnsinv.sandbox.rates import Rate, RateLimiter, parse_rate
from dnsinv.sandbox.server import Sandbox
from dnsinv.sandbox.view import Provider, View, is_in_cloudflares_half, zone_id
from dnsinv.sandbox.world import Status, WorldDomain, WorldRecord

RECORDINGS = Path(__file__).parents[3] / "shared" / "data" / "api-recordings"
MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)
ZONE = "shop.example"

needs_recordings = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="no API recordings here")

Json = Any


class Workshop:
    """Two days of 30 domains; the zone of one of them holds a record of every shape."""

    def __init__(self) -> None:
        statuses = dict(enumerate(Status, start=1))
        names = [
            ZONE,
            *(f"d{n:02}.example" for n in range(1, 28)),
            "xn--bcher-kva.example",
            "z.example",
        ]
        self._domains = [
            WorldDomain(
                name=name,
                id=(n * 7_919) % 1_000 + 1,
                registered_on=date(2020, 1, 1),
                expires_on=date(2027, 1, 1),
                status=statuses.get(n, Status.ACTIVE),
            )
            for n, name in enumerate(names)
        ]

    def days(self) -> list[date]:
        return [MONDAY, TUESDAY]

    def domains(self, day: date) -> list[WorldDomain]:
        return self._domains[:-1] if day == TUESDAY else self._domains

    def records(self, day: date, domain_name: str) -> list[WorldRecord]:
        if domain_name != ZONE:
            return [WorldRecord(f"www.{domain_name}", "A", None, "192.0.2.7")]
        address = "192.0.2.2" if day == TUESDAY else "192.0.2.1"
        return [
            WorldRecord(ZONE, "NS", 3600, "ns1.host.example."),
            WorldRecord(ZONE, "A", 600, address),
            WorldRecord(f"www.{ZONE}", "CNAME", None, f"{ZONE}."),
            WorldRecord(f"img.{ZONE}", "A", 600, "192.0.2.3", proxied=True, comment="ask retail"),
            WorldRecord(ZONE, "MX", 3600, "10 mail.example."),
            WorldRecord(ZONE, "TXT", 3600, r'"v=spf1 " "a;\"b\" \\ -all"'),
            WorldRecord(f"blank.{ZONE}", "TXT", 3600, '" "'),
            WorldRecord(f"_sip._tls.pbx.{ZONE}", "SRV", 3600, f"1 2 5061 sip.{ZONE}."),
            WorldRecord(ZONE, "CAA", 3600, '0 issue "ca.example; policy=ev"'),
            WorldRecord(f"sub.{ZONE}", "NS", 3600, "ns1.sub.example."),
            WorldRecord(ZONE, "HTTPS", 3600, '1 . alpn="h3,h2"'),
            WorldRecord(ZONE, "Odd/TYPE", 3600, '{"raw": true}'),
            *(WorldRecord(f"host-{n:03}.{ZONE}", "A", 600, "192.0.2.9") for n in range(120)),
        ]


@dataclass(frozen=True)
class Wire:
    """One API: where its pages are, how to get their items, what a credential looks like."""

    name: str
    base: str
    authorization: str
    listing: str
    records: str
    domain: str
    items: str

    def get(self, sandbox: Sandbox, path: str, **query: object) -> httpx.Response:
        return httpx.get(
            f"{sandbox.url}{self.base}{path}",
            params={name: str(value) for name, value in query.items()} or None,
            headers={"authorization": self.authorization},
            verify=False,  # spares the time to load certificates
        )

    def items_of(self, body: Json) -> list[dict[str, Json]]:
        items = body[self.items] if self.items else body
        assert isinstance(items, list)
        return items


V1 = Wire(
    name="godaddy-v1",
    base="/godaddy",
    authorization=f"sso-key {GODADDY_KEY}:{GODADDY_SECRET}",
    listing="/v1/domains?limit=10",
    records=f"/v1/domains/{ZONE}/records?limit=50",
    domain=f"/v1/domains/{ZONE}",
    items="",
)
V3 = Wire(
    name="godaddy-v3",
    base="/godaddy",
    authorization=f"Bearer {GODADDY_TOKEN}",
    listing="/v3/domains/domain-names?pageSize=10",
    records=f"/v3/domains/zones/{ZONE}/dns-records?pageSize=50&totalRequired=true",
    domain=f"/v3/domains/domain-names/{ZONE}",
    items="items",
)
CF = Wire(
    name="cloudflare",
    base="/cloudflare/client/v4",
    authorization=f"Bearer {CLOUDFLARE_TOKEN}",
    listing="/zones?per_page=10",
    records=f"/zones/{zone_id(ZONE)}/dns_records?per_page=50",
    domain=f"/zones/{zone_id(ZONE)}",
    items="result",
)
WIRES = [pytest.param(wire, id=wire.name) for wire in (V1, V3, CF)]


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Sandbox]]:
    with (
        Sandbox(Workshop(), day=MONDAY, provider="godaddy") as godaddy,
        Sandbox(Workshop(), day=MONDAY, provider="cloudflare") as cloudflare,
    ):
        yield {"godaddy-v1": godaddy, "godaddy-v3": godaddy, "cloudflare": cloudflare}


@pytest.fixture
def sandbox_of(servers: dict[str, Sandbox]) -> dict[str, Sandbox]:
    for sandbox in servers.values():
        sandbox.clear_faults()
        sandbox.reset_stats()
        sandbox.day = MONDAY
    return servers


@pytest.fixture
def godaddy(sandbox_of: dict[str, Sandbox]) -> Sandbox:
    return sandbox_of["godaddy-v1"]


@pytest.fixture
def cloudflare(sandbox_of: dict[str, Sandbox]) -> Sandbox:
    return sandbox_of["cloudflare"]


def recorded(file: str, uri_ends: str) -> Json:
    """The first recorded body of that path that is not empty."""
    for exchange in json.loads((RECORDINGS / file).read_text()):
        asked, body = exchange["request"], exchange["response"]["json"]
        items = body.get("result", True) if isinstance(body, dict) else body
        if asked["method"] == "GET" and asked["uri"].endswith(uri_ends) and items:
            return body
    raise LookupError(uri_ends)


# Shapes


@needs_recordings
def test_cloudflares_zones_and_records_have_the_fields_of_the_recordings(
    cloudflare: Sandbox,
) -> None:
    zones = recorded("lexicon-cloudflare.json", "/zones?page=1&per_page=100")
    records = recorded("lexicon-cloudflare.json", "/dns_records?per_page=100")

    ours = CF.get(cloudflare, "/zones").json()
    assert ours.keys() == zones.keys()
    assert ours["result_info"].keys() == zones["result_info"].keys()
    assert ours["result"][0].keys() == zones["result"][0].keys()
    ours = CF.get(cloudflare, CF.records).json()
    assert ours.keys() == records.keys()
    theirs = {record["type"]: record for record in records["result"]}
    for record in ours["result"]:
        if record["type"] in theirs:
            assert record.keys() == theirs[record["type"]].keys()
            assert record["settings"] == theirs[record["type"]]["settings"]


@needs_recordings
def test_a_domain_and_its_records_in_v1_have_the_fields_of_the_recordings(
    godaddy: Sandbox,
) -> None:
    domain = recorded("lexicon-godaddy.json", "/v1/domains/fullm3tal.online")
    records = recorded("lexicon-godaddy.json", "/records")

    ours = V1.get(godaddy, V1.domain).json()
    assert ours.keys() == domain.keys()
    assert ours["contactAdmin"].keys() == domain["contactAdmin"].keys()
    theirs = {record["type"]: record.keys() for record in records}
    for record in V1.get(godaddy, V1.records).json():
        assert record.keys() == theirs.get(record["type"], record.keys())


def test_cloudflare_lists_neither_soa_nor_the_zones_own_ns(cloudflare: Sandbox) -> None:
    records = CF.get(cloudflare, f"{CF.domain}/dns_records", per_page=500).json()["result"]

    assert [r["name"] for r in records if r["type"] in ("NS", "SOA")] == [f"sub.{ZONE}"]
    assert len(records) == 131


def test_cloudflare_writes_each_type_in_its_own_way(cloudflare: Sandbox) -> None:
    records = CF.get(cloudflare, f"{CF.domain}/dns_records", per_page=500).json()["result"]
    by_place = {(record["name"], record["type"]): record for record in records}

    assert by_place[f"www.{ZONE}", "CNAME"]["content"] == ZONE
    assert by_place[f"www.{ZONE}", "CNAME"]["ttl"] == 1
    assert (by_place[ZONE, "MX"]["content"], by_place[ZONE, "MX"]["priority"]) == (
        "mail.example",
        10,
    )
    assert by_place[ZONE, "TXT"]["content"] == r'"v=spf1 " "a;\"b\" \\ -all"'
    srv = by_place[f"_sip._tls.pbx.{ZONE}", "SRV"]
    assert (srv["content"], srv["priority"]) == (f"2 5061 sip.{ZONE}", 1)
    assert srv["data"] == {"priority": 1, "weight": 2, "port": 5061, "target": f"sip.{ZONE}"}
    assert by_place[ZONE, "CAA"]["data"] == {
        "flags": 0,
        "tag": "issue",
        "value": "ca.example; policy=ev",
    }
    assert by_place[ZONE, "Odd/TYPE"]["content"] == '{"raw": true}'
    image = by_place[f"img.{ZONE}", "A"]
    assert (image["proxied"], image["ttl"], image["comment"]) == (True, 1, "ask retail")
    assert "zone_id" not in image


def test_both_versions_of_godaddy_tell_the_same_records_in_their_own_ways(
    godaddy: Sandbox,
) -> None:
    v1 = V1.get(godaddy, f"{V1.domain}/records").json()
    pages = [V3.get(godaddy, V3.records.partition("?")[0], pageSize=100, page=n) for n in (1, 2)]
    v3 = [record for page in pages for record in page.json()["items"]]

    assert len(v1) == len(v3) == 133
    one = {(r["name"], r["type"]): r for r in v1}
    three = {(r["name"], r["type"]): r for r in v3}
    assert one.keys() == three.keys()
    assert one["www", "CNAME"] == {"type": "CNAME", "name": "www", "data": "@", "ttl": 3600}
    assert three["www", "CNAME"]["data"] == f"{ZONE}."
    assert (one["@", "MX"]["data"], three["@", "MX"]["data"]) == ("mail.example", "mail.example.")
    assert one["@", "MX"]["priority"] == three["@", "MX"]["priority"] == 10
    for each in (one, three):
        assert each["@", "TXT"]["data"] == 'v=spf1 a;"b" \\ -all'
        assert each["blank", "TXT"]["data"] == " "
        srv = each["pbx", "SRV"]
        fields = ("service", "protocol", "priority", "weight", "port", "data")
        assert [srv[field] for field in fields] == ["_sip", "_tls", 1, 2, 5061, f"sip.{ZONE}"]
    assert one["@", "CAA"]["data"] == '0 issue "ca.example; policy=ev"'
    caa = three["@", "CAA"]
    assert (caa["flag"], caa["tag"], caa["data"]) == (0, "issue", "ca.example; policy=ev")
    assert one["@", "SOA"]["data"] == three["@", "SOA"]["data"]
    assert all(record["recordId"] for record in v3)


def test_the_soas_serial_changes_when_the_zone_does_and_not_otherwise(godaddy: Sandbox) -> None:
    def soa(zone: str) -> str:
        (record,) = V1.get(godaddy, f"/v1/domains/{zone}/records/SOA/%40").json()
        return str(record["data"])

    monday = soa(ZONE), soa("d01.example")
    godaddy.day = TUESDAY

    assert soa(ZONE) != monday[0]
    assert soa("d01.example") == monday[1]


def test_v1_can_leave_soa_and_own_ns_out_and_count_offsets_from_one() -> None:
    with Sandbox(
        Workshop(), provider="godaddy", v1_lists_managed=False, v1_first_offset=1
    ) as sandbox:
        records = V1.get(sandbox, f"{V1.domain}/records").json()
        second = V1.get(sandbox, f"{V1.domain}/records", offset=2, limit=1).json()

    assert [r["name"] for r in records if r["type"] in ("NS", "SOA")] == ["sub"]
    assert second == records[1:2]


def test_v1_finds_records_by_type_and_name(godaddy: Sandbox) -> None:
    def found(path: str) -> list[str]:
        records = V1.get(godaddy, f"{V1.domain}/records/{path}").json()
        return [f"{record['name']} {record['type']}" for record in records]

    assert found("A/host-007") == ["host-007 A"]
    assert found("mx") == ["@ MX"]
    assert found("SRV/_sip._tls.pbx") == ["pbx SRV"]
    assert found("Odd%2FTYPE/%40") == ["@ Odd/TYPE"]
    assert found("A/nobody") == []


def test_each_api_has_its_own_word_for_a_status(sandbox_of: dict[str, Sandbox]) -> None:
    v1 = V1.get(sandbox_of["godaddy-v1"], "/v1/domains").json()
    v3 = V3.get(sandbox_of["godaddy-v3"], "/v3/domains/domain-names").json()["items"]
    cf = CF.get(sandbox_of["cloudflare"], "/zones", per_page=50).json()["result"]

    words = {d["domain"]: {d["status"]} for d in v1}
    for domain in v3:
        words[domain["domain"]].add(domain["status"])
    assert {"PENDING_DNS", "PENDING_REGISTRATION"} in words.values()
    assert {"CANCELLED_REDEEMABLE", "DELETED_REDEEMABLE"} in words.values()
    assert {"PARKED_EXPIRED", "EXPIRED"} in words.values()
    assert {zone["status"] for zone in cf} == {"active", "pending", "moved"}


def test_international_names_are_ascii_at_godaddy_and_unicode_at_cloudflare(
    sandbox_of: dict[str, Sandbox],
) -> None:
    v3 = V3.get(sandbox_of["godaddy-v3"], "/v3/domains/domain-names/xn--bcher-kva.example").json()
    zones = CF.get(sandbox_of["cloudflare"], "/zones", per_page=50).json()["result"]
    (zone,) = [zone for zone in zones if zone["name"] == "bücher.example"]
    records = CF.get(sandbox_of["cloudflare"], f"/zones/{zone['id']}/dns_records").json()["result"]

    assert (v3["domain"], v3["idnDomain"]) == ("xn--bcher-kva.example", "bücher.example")
    assert records[0]["name"] == "www.xn--bcher-kva.example"


def test_the_transfer_secret_is_in_every_domain_of_v1_and_nowhere_else(godaddy: Sandbox) -> None:
    assert all(domain["authCode"] == AUTH_CODE for domain in V1.get(godaddy, V1.listing).json())
    assert V1.get(godaddy, V1.domain).json()["authCode"] == AUTH_CODE
    assert AUTH_CODE not in V1.get(godaddy, V1.records).text
    assert AUTH_CODE not in V3.get(godaddy, V3.listing).text


def test_v1_names_the_servers_of_a_domain_only_when_asked(godaddy: Sandbox) -> None:
    plain = V1.get(godaddy, "/v1/domains", limit=1).json()
    asked = V1.get(godaddy, "/v1/domains", limit=1, includes="nameServers").json()

    assert plain[0]["nameServers"] is None
    assert len(asked[0]["nameServers"]) == 2


# Paging


def test_cloudflare_pages_add_up_and_the_page_after_the_last_is_empty(cloudflare: Sandbox) -> None:
    pages = [CF.get(cloudflare, "/zones", per_page=12, page=n).json() for n in (1, 2, 3, 4)]

    names = [zone["id"] for page in pages for zone in page["result"]]
    assert len(names) == len(set(names)) == 30
    assert [page["result_info"] for page in pages] == [
        {"page": n, "per_page": 12, "total_pages": 3, "count": count, "total_count": 30}
        for n, count in ((1, 12), (2, 12), (3, 6), (4, 0))
    ]


def test_cloudflare_cuts_page_sizes_and_has_defaults(cloudflare: Sandbox) -> None:
    def info(path: str, **query: object) -> dict[str, int]:
        found = CF.get(cloudflare, path, **query).json()["result_info"]
        assert isinstance(found, dict)
        return found

    records = f"{CF.domain}/dns_records"
    assert info("/zones")["per_page"] == 20
    assert info("/zones", per_page=1000)["per_page"] == 50
    assert info(records) == {
        "page": 1,
        "per_page": 100,
        "total_pages": 2,
        "count": 100,
        "total_count": 131,
    }
    assert info(records, per_page=5_000_001)["per_page"] == 5_000_000
    empty = info(records, type="LOC")
    assert (empty["total_pages"], empty["count"], empty["total_count"]) == (1, 0, 0)
    assert CF.get(cloudflare, "/zones", page=0).status_code == 400


def test_v1_listing_follows_an_exclusive_marker_in_no_alphabetical_order(godaddy: Sandbox) -> None:
    names: list[str] = []
    while page := V1.get(godaddy, "/v1/domains", limit=7, marker=names[-1] if names else "").json():
        names += [domain["domain"] for domain in page]

    assert len(names) == len(set(names)) == 30
    assert names != sorted(names)


def test_v1_refuses_pages_that_are_too_large(godaddy: Sandbox) -> None:
    assert V1.get(godaddy, "/v1/domains", limit=1000).status_code == 200
    for path, limit in (("/v1/domains", 1001), (f"{V1.domain}/records", 501)):
        refused = V1.get(godaddy, path, limit=limit)
        assert refused.status_code == 422
        assert refused.json()["fields"][0]["path"] == "limit"


def test_v1_records_come_by_offset_and_the_short_page_is_the_last(godaddy: Sandbox) -> None:
    pages = [
        V1.get(godaddy, f"{V1.domain}/records", limit=60, offset=n).json() for n in (0, 60, 120)
    ]

    assert [len(page) for page in pages] == [60, 60, 13]
    assert [*pages[0], *pages[1], *pages[2]] == V1.get(godaddy, f"{V1.domain}/records").json()


def test_v3_listings_follow_their_links_to_the_end(godaddy: Sandbox) -> None:
    def followed(path: str) -> list[Json]:
        items: list[Json] = []
        link: str | None = path
        while link:
            body = V3.get(godaddy, link).json()
            items += body["items"]
            link = next((each["href"] for each in body["links"] if each["rel"] == "next"), None)
        return items

    assert len({domain["domain"] for domain in followed(V3.listing)}) == 30
    assert len({record["recordId"] for record in followed(V3.records)}) == 133


def test_v3_states_totals_only_when_asked_and_there_is_something(godaddy: Sandbox) -> None:
    path = V3.records.partition("?")[0]
    asked = V3.get(godaddy, path, pageSize=100, totalRequired="true").json()
    empty = V3.get(godaddy, path, type="LOC", totalRequired="true").json()

    assert (asked["totalItems"], asked["totalPages"]) == (133, 2)
    assert "totalItems" not in V3.get(godaddy, path).json()
    assert len(V3.get(godaddy, path).json()["items"]) == 25
    assert "totalItems" not in empty
    assert V3.get(godaddy, path, pageSize=101).status_code == 400
    assert V3.get(godaddy, "/v3/domains/domain-names", pageSize=201).status_code == 400
    assert V3.get(godaddy, "/v3/domains/domain-names", pageToken="?").status_code == 400


# Who hosts what


def test_with_both_providers_godaddy_registers_all_and_each_zone_has_one_host() -> None:
    with Sandbox(Workshop(), day=MONDAY) as sandbox:
        domains = [domain["domain"] for domain in V1.get(sandbox, "/v1/domains").json()]
        zones = CF.get(sandbox, "/zones", per_page=50).json()["result"]
        at_cloudflare = {zone["id"] for zone in zones}
        for name in domains:
            v1 = V1.get(sandbox, f"/v1/domains/{name}/records")
            v3 = V3.get(sandbox, f"/v3/domains/zones/{name}/dns-records")
            if is_in_cloudflares_half(name):
                assert zone_id(name) in at_cloudflare
                assert (v1.status_code, v1.json()["code"]) == (404, "UNKNOWN_DOMAIN")
                assert (v3.status_code, v3.json()["name"]) == (404, "UNKNOWN_DOMAIN")
            else:
                assert zone_id(name) not in at_cloudflare
                assert v1.status_code == v3.status_code == 200

    assert len(domains) == 30
    assert 8 <= len(zones) <= 22


def test_a_name_that_the_account_does_not_hold_is_not_found(sandbox_of: dict[str, Sandbox]) -> None:
    godaddy, cloudflare = sandbox_of["godaddy-v1"], sandbox_of["cloudflare"]

    domain = V1.get(godaddy, "/v1/domains/other.example")
    assert (domain.status_code, domain.json()["code"]) == (404, "NOT_FOUND")
    records = V1.get(godaddy, "/v1/domains/other.example/records")
    assert (records.status_code, records.json()["code"]) == (404, "UNKNOWN_DOMAIN")
    assert V3.get(godaddy, "/v3/domains/domain-names/other.example").status_code == 404
    zone = CF.get(cloudflare, f"/zones/{'0' * 32}")
    assert (zone.status_code, zone.json()["errors"][0]["code"]) == (404, 1001)
    assert CF.get(cloudflare, "/zones/x").json()["errors"][0]["code"] == 7003


def test_an_edit_keeps_cloudflares_record_id_and_a_dropped_domain_is_gone(
    sandbox_of: dict[str, Sandbox],
) -> None:
    cloudflare, godaddy = sandbox_of["cloudflare"], sandbox_of["godaddy-v1"]

    def apex(sandbox: Sandbox) -> tuple[str, str]:
        (record,) = CF.get(sandbox, f"{CF.domain}/dns_records", type="A", name=ZONE).json()[
            "result"
        ]
        return record["id"], record["content"]

    monday = apex(cloudflare)
    cloudflare.day = godaddy.day = TUESDAY
    tuesday = apex(cloudflare)

    assert tuesday[0] == monday[0]
    assert (monday[1], tuesday[1]) == ("192.0.2.1", "192.0.2.2")
    assert V1.get(godaddy, "/v1/domains/z.example").status_code == 404
    assert CF.get(cloudflare, "/zones").json()["result_info"]["total_count"] == 29
    one = CF.get(cloudflare, f"{CF.domain}/dns_records/{monday[0]}").json()["result"]
    assert one["content"] == "192.0.2.2"


def test_a_listing_goes_on_after_a_marker_that_was_dropped_meanwhile(godaddy: Sandbox) -> None:
    godaddy.day = TUESDAY

    page = V1.get(godaddy, "/v1/domains", marker="z.example")

    assert page.status_code == 200


# Credentials


@pytest.mark.parametrize(
    ("path", "authorization", "status", "code"),
    [
        ("/godaddy/v1/domains", "", 401, "MISSING_CREDENTIALS"),
        ("/godaddy/v1/domains", "sso-key a:b", 401, "UNABLE_TO_AUTHENTICATE"),
        ("/godaddy/v3/domains/domain-names", "Bearer no", 401, "UNAUTHORIZED"),
        ("/godaddy/v3/domains/domain-names", V1.authorization, 401, "UNAUTHORIZED"),
        ("/cloudflare/client/v4/zones", "", 400, 6003),
        ("/cloudflare/client/v4/zones", "Bearer no", 403, 9109),
        ("/cloudflare/client/v4/zones/x/dns_records", "Bearer no", 400, 9106),
        ("/cloudflare/client/v4/user/tokens/verify", "Bearer no", 401, 1000),
    ],
)
def test_a_wrong_credential_is_refused_in_the_providers_words(
    sandbox_of: dict[str, Sandbox], path: str, authorization: str, status: int, code: str | int
) -> None:
    sandbox = sandbox_of["cloudflare" if "cloudflare" in path else "godaddy-v1"]

    refused = httpx.get(f"{sandbox.url}{path}", headers={"authorization": authorization})

    body = refused.json()
    assert refused.status_code == status
    assert code in (
        body.get("code"),
        body.get("name"),
        *(e["code"] for e in body.get("errors", [])),
    )


def test_a_personal_access_token_opens_v1_too(godaddy: Sandbox) -> None:
    headers = {"authorization": V3.authorization}

    assert httpx.get(f"{godaddy.godaddy_url}/v1/domains", headers=headers).status_code == 200


def test_a_token_of_an_account_reads_but_verifies_only_at_its_account(cloudflare: Sandbox) -> None:
    def status(path: str, token: str) -> int:
        headers = {"authorization": f"Bearer {token}"}
        return httpx.get(f"{cloudflare.cloudflare_url}{path}", headers=headers).status_code

    of_account = f"/accounts/{CLOUDFLARE_ACCOUNT_ID}/tokens/verify"
    assert status("/user/tokens/verify", CLOUDFLARE_TOKEN) == 200
    assert status("/user/tokens/verify", CLOUDFLARE_ACCOUNT_TOKEN) == 401
    assert status(of_account, CLOUDFLARE_ACCOUNT_TOKEN) == 200
    assert status("/zones", CLOUDFLARE_ACCOUNT_TOKEN) == 200


# Allowance


def test_an_allowance_is_a_sliding_window_in_which_refusals_do_not_count() -> None:
    limiter = RateLimiter(Rate(2, 10))

    spent = [limiter.take("k", now).is_spent for now in (0.0, 4.0, 5.0, 9.9, 10.0, 13.9, 14.0)]

    assert spent == [False, False, True, True, False, True, False]
    assert not limiter.take("another", 5.0).is_spent


@pytest.mark.parametrize("wire", WIRES)
def test_too_many_requests_meet_429_with_the_providers_hint(wire: Wire) -> None:
    with Sandbox(Workshop(), rate=parse_rate("2/600")) as sandbox:
        first, _, third = (wire.get(sandbox, wire.listing) for _ in range(3))
        other = {V1.name: CF, V3.name: CF, CF.name: V3}[wire.name]
        assert other.get(sandbox, other.listing).status_code == 200
        assert sandbox.stats.too_many == 1

    assert (first.status_code, third.status_code) == (200, 429)
    match wire.name:
        case "godaddy-v1":
            assert third.json()["code"] == "TOO_MANY_REQUESTS"
            assert third.json()["retryAfterSec"] == 600
            assert "retry-after" not in third.headers
        case "godaddy-v3":
            assert first.headers["ratelimit-remaining"] == "1"
            assert third.headers["ratelimit-reset"] == "600"
            assert third.json()["retryAfterSec"] == 600
        case _:
            assert first.headers["ratelimit"] == '"default";r=1;t=600'
            assert first.headers["ratelimit-policy"] == '"default";q=2;w=600'
            assert third.headers["retry-after"] == "600"


@pytest.mark.parametrize("text", ["", "5", "0/1", "5/0", "a/b", "5/-1"])
def test_a_rate_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="REQUESTS/SECONDS"):
        parse_rate(text)


# Faults


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ("unauthorized", 401),
        ("forbidden", 403),
        ("not_found", 404),
        ("conflict", 409),
        ("server_error", 500),
        ("server_error=503", 503),
        ("too_many=7", 429),
        ("too_many_silent", 429),
    ],
)
def test_an_ordered_refusal_comes_once_and_in_the_providers_form(
    sandbox_of: dict[str, Sandbox], wire: Wire, fault: str, status: int
) -> None:
    sandbox = sandbox_of[wire.name]
    sandbox.order(parse_fault(f"{fault}@records*1"))

    untouched, refused, after = (
        wire.get(sandbox, path) for path in (wire.listing, wire.records, wire.records)
    )

    assert (untouched.status_code, refused.status_code, after.status_code) == (200, status, 200)
    body = refused.json()
    assert {"godaddy-v1": "code", "godaddy-v3": "name", "cloudflare": "errors"}[wire.name] in body
    hints = refused.text + str(refused.headers)
    assert ("7" in hints and "etry" in hints) or fault != "too_many=7"
    if fault == "too_many_silent":
        assert not any(word in hints.lower() for word in ("retry", "reset"))
    assert sandbox.struck == {fault.partition("=")[0]: 1}
    assert sandbox.faults == []


def test_the_code_of_an_ordered_refusal_can_be_chosen(sandbox_of: dict[str, Sandbox]) -> None:
    godaddy, cloudflare = sandbox_of["godaddy-v1"], sandbox_of["cloudflare"]
    godaddy.order(Fault(FaultKind.NOT_FOUND, value="UNKNOWN_DOMAIN"))
    cloudflare.order(Fault(FaultKind.FORBIDDEN, value="9109"))

    assert V1.get(godaddy, V1.records).json()["code"] == "UNKNOWN_DOMAIN"
    error = CF.get(cloudflare, CF.listing).json()["errors"][0]
    assert error["code"] == 9109
    assert error["message"].startswith("Cannot use the access token from location")


@pytest.mark.parametrize("wire", WIRES)
def test_a_truncated_and_an_empty_page_keep_the_metadata(
    sandbox_of: dict[str, Sandbox], wire: Wire
) -> None:
    sandbox = sandbox_of[wire.name]
    sound = wire.get(sandbox, wire.records).json()
    for fault, expected in (("truncated_page*1", 25), ("empty_page*1", 0)):
        sandbox.order(parse_fault(fault))
        spoilt = wire.get(sandbox, wire.records).json()
        assert wire.items_of(spoilt) == wire.items_of(sound)[:expected]
        if wire.items:
            assert {**spoilt, wire.items: None} == {**sound, wire.items: None}


@pytest.mark.parametrize("wire", WIRES)
def test_a_lying_empty_page_says_that_nothing_is_there(
    sandbox_of: dict[str, Sandbox], wire: Wire
) -> None:
    sandbox = sandbox_of[wire.name]
    sandbox.order(Fault(FaultKind.LYING_EMPTY, match="list"))

    body = wire.get(sandbox, wire.listing).json()

    assert wire.items_of(body) == []
    if wire is CF:
        info = body["result_info"]
        assert (info["count"], info["total_count"], info["total_pages"]) == (0, 0, 1)
    if wire is V3:
        assert [link["rel"] for link in body["links"]] == ["self"]


@pytest.mark.parametrize("wire", WIRES)
def test_a_repeated_page_is_the_one_before(sandbox_of: dict[str, Sandbox], wire: Wire) -> None:
    sandbox = sandbox_of[wire.name]
    paging = {V1.name: {"offset": 50}, V3.name: {"page": 2}, CF.name: {"page": 2}}[wire.name]
    path, _, query = wire.records.partition("?")
    size = dict(pair.split("=") for pair in query.split("&"))
    first = wire.get(sandbox, path, **size)
    sandbox.order(Fault(FaultKind.REPEATED_PAGE))

    assert wire.get(sandbox, path, **size).json() == first.json()
    assert sandbox.struck == {}
    assert wire.get(sandbox, path, **size, **paging).json() == first.json()
    assert sandbox.struck == {"repeated_page": 1}


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("field", ["id", "name", "type", "content", "ttl", "result_info"])
def test_a_missing_field_is_gone_from_the_first_item_or_from_the_metadata(
    sandbox_of: dict[str, Sandbox], wire: Wire, field: str
) -> None:
    sandbox = sandbox_of[wire.name]
    own_name = {
        ("godaddy-v1", "content"): "data",
        ("godaddy-v3", "content"): "data",
        ("godaddy-v3", "id"): "recordId",
        ("godaddy-v3", "result_info"): "totalItems",
    }.get((wire.name, field), field)
    sound = wire.get(sandbox, wire.records).json()
    sandbox.order(Fault(FaultKind.MISSING_FIELD, match="records", value=field))

    spoilt = wire.get(sandbox, wire.records).json()

    if wire is V1 and field in ("id", "result_info"):  # v1 has neither
        assert spoilt == sound
        return
    before, after = (
        (sound, spoilt)
        if field == "result_info"
        else (wire.items_of(sound)[0], wire.items_of(spoilt)[0])
    )
    assert own_name in before
    assert own_name not in after
    assert wire.items_of(spoilt)[1:] == wire.items_of(sound)[1:]


@pytest.mark.parametrize("wire", WIRES)
def test_a_single_domain_can_lack_a_field_too(sandbox_of: dict[str, Sandbox], wire: Wire) -> None:
    sandbox = sandbox_of[wire.name]
    sandbox.order(Fault(FaultKind.MISSING_FIELD, match="domain", value="status"))

    body = wire.get(sandbox, wire.domain).json()

    assert "status" not in (body if wire is not CF else body["result"])


@pytest.mark.parametrize("wire", WIRES)
def test_a_reset_breaks_the_connection_midway(sandbox_of: dict[str, Sandbox], wire: Wire) -> None:
    sandbox = sandbox_of[wire.name]
    sandbox.order(Fault(FaultKind.RESET, times=1))

    with pytest.raises(httpx.RemoteProtocolError):
        wire.get(sandbox, wire.records)
    assert wire.get(sandbox, wire.records).status_code == 200


def test_a_hanging_request_never_answers_and_ends_with_the_sandbox() -> None:
    with Sandbox(Workshop(), provider="cloudflare") as sandbox:
        sandbox.order(Fault(FaultKind.HANG))
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(
                f"{sandbox.cloudflare_url}/zones",
                headers={"authorization": CF.authorization},
                timeout=0.2,
            )
        waiting = socket.create_connection(("127.0.0.1", sandbox.port), timeout=0.2)
        request = (
            f"GET {CF.base}/zones HTTP/1.1\r\nHost: a\r\nAuthorization: {CF.authorization}\r\n\r\n"
        )
        waiting.sendall(request.encode())
        with pytest.raises(TimeoutError):
            waiting.recv(1)
        waiting.settimeout(None)
    with waiting:
        reply = waiting.makefile("rb").read()
    # The server had to end it, and it did so without a complete reply.
    head, _, body = reply.partition(b"\r\n\r\n")
    length = int(head.lower().rpartition(b"content-length: ")[2].split(b"\r\n")[0])
    assert len(body) < length


def test_orders_can_be_for_one_zone_one_page_and_some_times(godaddy: Sandbox) -> None:
    godaddy.order(parse_fault(f"server_error@records:{ZONE}#2*2"))
    path = f"{V1.domain}/records"

    def status(path: str, offset: int) -> int:
        return V1.get(godaddy, path, limit=50, offset=offset).status_code

    assert status("/v1/domains/d01.example/records", 50) == 200
    assert [status(path, offset) for offset in (0, 50, 50, 50)] == [200, 500, 500, 200]


def test_an_order_can_match_path_and_query_and_the_first_order_wins(cloudflare: Sandbox) -> None:
    cloudflare.order(
        Fault(FaultKind.SERVER_ERROR, match=r"per_page=11\b"), Fault(FaultKind.CONFLICT)
    )

    assert CF.get(cloudflare, "/zones", per_page=11).status_code == 500
    assert CF.get(cloudflare, "/zones", per_page=12).status_code == 409


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("hang", Fault(FaultKind.HANG)),
        ("too_many=3@list*2", Fault(FaultKind.TOO_MANY, match="list", times=2, value="3")),
        (
            "missing_field=id@records:a.example#2*1",
            Fault(FaultKind.MISSING_FIELD, "records", "a.example", page=2, times=1, value="id"),
        ),
        ("reset:a.example", Fault(FaultKind.RESET, zone="a.example")),
        ("conflict@/v1/.*records#3", Fault(FaultKind.CONFLICT, match="/v1/.*records", page=3)),
    ],
)
def test_a_fault_is_written_as_it_is_read(text: str, fault: Fault) -> None:
    assert parse_fault(text) == fault
    assert parse_fault(str(fault)) == fault


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("explode", "KIND is one of unauthorized, forbidden"),
        ("", "is no fault"),
        ("hang*0", "from 1"),
        ("hang#0", "from 1"),
        ("hang=5", "takes no value"),
        ("too_many=soon", "needs a number"),
        ("missing_field=soul", "choose one of id, name"),
        ("hang@(", "no regular expression"),
    ],
)
def test_a_text_that_is_no_fault_is_refused_in_one_sentence(text: str, trouble: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_fault(text)
    assert trouble in str(refused.value)
    assert "\n" not in str(refused.value)


# Steering and statistics


def test_the_sandbox_counts_what_was_asked_and_refuses_to_be_written_to(godaddy: Sandbox) -> None:
    V1.get(godaddy, V1.listing)
    V1.get(godaddy, V1.records)
    V3.get(godaddy, V3.records)
    written = httpx.put(f"{godaddy.godaddy_url}{V1.records}", json=[])

    assert written.status_code == 405
    assert (godaddy.stats.requests, godaddy.stats.writes) == (4, 1)
    assert godaddy.stats.by_kind == {
        "godaddy-v1 list": 1,
        "godaddy-v1 records": 1,
        "godaddy-v3 records": 1,
    }


def test_a_sandbox_in_another_process_is_steered_over_http(godaddy: Sandbox) -> None:
    control = f"{godaddy.url}/sandbox"

    assert httpx.get(control).json()["day"] == "2026-03-02"
    assert httpx.put(f"{control}/day", json={"day": "2026-03-09"}).json()["day"] == "2026-03-03"
    assert httpx.put(f"{control}/day", json={"day": "2020-01-01"}).status_code == 422
    orders = ["server_error@list*1", "hang:never.example"]
    assert httpx.put(f"{control}/faults", json={"faults": orders}).json()["faults"] == orders
    assert httpx.put(f"{control}/faults", json={"faults": ["explode"]}).status_code == 422
    assert V1.get(godaddy, V1.listing).status_code == 500
    stats = httpx.get(f"{control}/stats").json()
    assert (stats["requests"], stats["faults"]) == (1, {"server_error": 1})
    assert httpx.delete(f"{control}/stats").json()["requests"] == 0
    assert httpx.get(f"{control}/elsewhere").status_code == 404


def test_latency_holds_every_reply_of_the_providers_and_no_steering() -> None:
    with Sandbox(Workshop(), latency_ms=60_000) as sandbox:
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(f"{sandbox.godaddy_url}/v1/domains", timeout=0.1)
        assert httpx.get(f"{sandbox.url}/sandbox").json()["latency_ms"] == 60_000


def test_a_provider_that_is_not_asked_for_is_not_there(sandbox_of: dict[str, Sandbox]) -> None:
    assert CF.get(sandbox_of["godaddy-v1"], CF.listing).status_code == 404
    assert V1.get(sandbox_of["cloudflare"], V1.listing).status_code == 404
    assert V1.get(sandbox_of["godaddy-v1"], "/v2/elsewhere").status_code == 404


def test_an_unknown_provider_and_a_taken_port_are_refused() -> None:
    with pytest.raises(UsageError, match="no provider of the sandbox"):
        Sandbox(Workshop(), provider="route53")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ServiceError, match=f"Port {port}"):
            Sandbox(Workshop(), port=port).start()


def test_a_domain_whose_zone_moved_has_left_godaddys_servers() -> None:
    view = View(Workshop(), MONDAY, Provider.BOTH)
    hosts = {
        is_in_cloudflares_half(name): view.nameservers(domain)
        for name in ("d01.example", "d02.example", "d03.example", "d04.example", ZONE)
        if (domain := view.domain(name))
    }

    assert all("cloudflare" in host for host in hosts[True])
    assert all("domaincontrol" in host for host in hosts[False])


# The account file and the command


def test_the_account_file_points_at_the_sandbox_with_marked_credentials(tmp_path: Path) -> None:
    path = tmp_path / "dnsinv.toml"
    with Sandbox(Workshop(), rate=Rate(40, 0.5)) as sandbox:
        sandbox.write_account_file(path)
        token_file = path.read_text()
        sandbox.write_account_file(path, godaddy_version=1)
        godaddy, cloudflare = tomllib.loads(token_file)["accounts"]

        assert godaddy == {
            "name": "godaddy-sandbox",
            "provider": "godaddy",
            "base_url": sandbox.godaddy_url,
            "rate": {"requests": 40, "seconds": 0.5},
            "clear_credential": {"token": GODADDY_TOKEN},
        }
        assert cloudflare["base_url"] == sandbox.cloudflare_url
        assert cloudflare["clear_credential"] == {"token": CLOUDFLARE_TOKEN}
        assert token_file.count("# sandbox credential") == 2
        by_key = tomllib.loads(path.read_text())["accounts"][0]["clear_credential"]
        assert by_key == {"key": GODADDY_KEY, "secret": GODADDY_SECRET}


def test_an_account_file_has_only_the_providers_that_are_there(tmp_path: Path) -> None:
    path = tmp_path / "dnsinv.toml"
    with Sandbox(Workshop(), provider="cloudflare") as sandbox:
        sandbox.write_account_file(path)

    (account,) = tomllib.loads(path.read_text())["accounts"]
    assert account["name"] == "cloudflare-sandbox"
    assert "rate" not in account


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_told_to_stop(tmp_path: Path, stop: signal.Signals) -> None:
    config = tmp_path / "dnsinv.toml"
    code = (
        "import datetime, pathlib, sys\n"
        "from dnsinv.sandbox.server import serve\n"
        "serve('synthetic:30x5', datetime.date(2026, 3, 2), '100/1', 0, ['conflict@list*1'],"
        " 'cloudflare', pathlib.Path(sys.argv[1]), 0, echo=lambda text: print(text, flush=True))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(config)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        url = process.stdout.readline().strip().rpartition(" ")[2]
        process.stdout.readline()
        (account,) = tomllib.loads(config.read_text())["accounts"]
        headers = {"authorization": f"Bearer {account['clear_credential']['token']}"}
        replies = [
            httpx.get(f"{account['base_url']}/zones", headers=headers).status_code for _ in range(2)
        ]
        state = httpx.get(f"{url}/sandbox").json()
        process.send_signal(stop)
        rest = process.stdout.read()

    assert replies == [409, 200]
    assert (state["day"], state["rate"]) == ("2026-03-02", {"requests": 100, "seconds": 1.0})
    assert "stopped" in rest
    assert process.returncode == 0
