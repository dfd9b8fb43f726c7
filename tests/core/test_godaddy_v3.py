from collections.abc import Callable
from typing import Any

import httpx
import pytest

from dnsinv.domain.domains import Domain, Lifecycle
from dnsinv.errors import (
    AccessDenied,
    IncompleteListing,
    MalformedReply,
    NotFound,
    NoZoneHere,
    ProviderUnavailable,
)
from dnsinv.providers.godaddy import to_record
from dnsinv.providers.godaddy_v1 import to_domain as to_domain_of_v1
from dnsinv.providers.godaddy_v3 import GoDaddyV3, to_domain
from tests.core.fakes_http import provider, reply

ZONE = Domain("example.com", Lifecycle.ACTIVE, "ACTIVE")

Row = dict[str, Any]
Spoil = Callable[[int, Row], Any]


def domain_row(name: str, **more: Any) -> Row:
    return {"domain": name, "status": "ACTIVE", **more}


def record_row(name: str = "@", **more: Any) -> Row:
    return {"type": "A", "name": name, "data": "192.0.2.1", "ttl": 3600, **more}


def refusal(name: str) -> Row:
    return {"name": name, "correlationId": "c0ffee", "message": "no", "details": []}


class FakeGoDaddy:
    """Serves one account; record ids differ in every reply.

    `spoil` may change a page of records by its number, a list by that of the request.
    """

    def __init__(
        self,
        domains: list[Row] = (),  # type: ignore[assignment]
        records: list[Row] = (),  # type: ignore[assignment]
        *,
        next_href: str = "/v3/domains/domain-names?pageSize=200&pageToken={token}",
        spoil: Spoil = lambda _, body: body,
    ) -> None:
        self.domains = list(domains)
        self.records = list(records)
        self.next_href = next_href
        self.spoil = spoil
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.raw_path.decode())
        is_list = request.url.path == "/v3/domains/domain-names"
        body = self._domains(request) if is_list else self._records(request)
        number = len(self.asked) if is_list else int(request.url.params["page"])
        spoilt = self.spoil(number, body)
        return spoilt if isinstance(spoilt, httpx.Response) else reply(spoilt)

    def _domains(self, request: httpx.Request) -> Row:
        size = int(request.url.params["pageSize"])
        start = int(request.url.params.get("pageToken", "0"))
        links = [{"rel": "self", "href": str(request.url)}]
        if start + size < len(self.domains):
            links.append({"rel": "next", "href": self.next_href.format(token=start + size)})
        return {"items": self.domains[start : start + size], "links": links}

    def _records(self, request: httpx.Request) -> Row:
        assert request.url.params["totalRequired"] == "true"
        size, page = int(request.url.params["pageSize"]), int(request.url.params["page"])
        rows = self.records[(page - 1) * size : page * size]
        items = [{"recordId": f"{len(self.asked)}-{n}", **row} for n, row in enumerate(rows)]
        body: Row = {"items": items, "links": []}
        if items:
            body |= {"totalItems": len(self.records), "totalPages": -(-len(self.records) // size)}
        return body


def godaddy(handler: Any, **more: Any) -> GoDaddyV3:
    opened = provider("godaddy_v3", handler, **more)
    assert isinstance(opened, GoDaddyV3)
    return opened


def refusing(status: int, body: Any) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _request: reply(body, status)


def on(request_number: int, **fields: Any) -> Spoil:
    """Replace fields of one reply; a function makes the new value from the old."""

    def spoil(number: int, body: Row) -> Row:
        if number != request_number:
            return body
        return body | {
            key: value(body.get(key)) if callable(value) else value for key, value in fields.items()
        }

    return spoil


def account(count: int) -> list[Row]:
    return [domain_row(f"d{number:04}.example") for number in range(count)]


# Domains


@pytest.mark.parametrize("count", [0, 1, 199, 200, 201, 400, 555])
@pytest.mark.parametrize(
    "next_href",
    [
        "/v3/domains/domain-names?pageSize=200&pageToken={token}",
        "?pageSize=200&pageToken={token}",
        "https://api.godaddy.com/v3/domains/domain-names?pageSize=200&pageToken={token}",
    ],
)
def test_every_domain_is_listed_whatever_their_number(count: int, next_href: str) -> None:
    fake = FakeGoDaddy(account(count)[::-1], next_href=next_href)

    names = [domain.name for domain in godaddy(fake).list_domains()]

    assert names == [row["domain"] for row in account(count)]


def half(items: list[Row]) -> list[Row]:
    return items[: len(items) // 2]


NEXT = {"rel": "next", "href": "/v3/domains/domain-names?pageSize=200&pageToken=200"}


@pytest.mark.parametrize(
    "spoil",
    [
        on(1, items=half),
        on(2, items=half),
        on(2, items=[]),
        on(2, items=[], links=[]),
        on(2, items=account(200)),
        on(2, items=account(1)),
        on(3, links=[]),
        on(2, links=[NEXT]),
    ],
)
def test_pages_that_do_not_agree_are_no_listing(spoil: Spoil) -> None:
    fake = FakeGoDaddy(account(500), spoil=spoil)
    if spoil(3, {"links": None}) == {"links": []}:  # the last page, read twice, says two things
        fake.spoil = on(4, items=half)

    with pytest.raises(IncompleteListing):
        godaddy(fake).list_domains()


def test_a_cursor_that_leads_in_a_circle_is_no_listing() -> None:
    fake = FakeGoDaddy(account(500))

    def spoil(number: int, body: Row) -> Row:
        token = {1: 200, 2: 400}.get(number, 200)
        rows = [domain_row(f"n{number}-{n}.example") for n in range(200)]
        link = {"rel": "next", "href": fake.next_href.format(token=token)}
        return body | {"items": rows, "links": [link]}

    fake.spoil = spoil

    with pytest.raises(IncompleteListing, match="does not come to an end"):
        godaddy(fake).list_domains()


@pytest.mark.parametrize(
    "fields",
    [
        {"items": None},
        {"items": ["a.example"]},
        {"links": None},
        {"links": "none"},
        {"links": [{"rel": "next"}]},
        {"links": [{"rel": "next", "href": ""}]},
        {"links": [{"rel": "next", "href": 7}]},
        {"links": [{"rel": "next", "href": "https://[broken"}]},
        {"links": [{"rel": "next", "href": "https://elsewhere.example.net/v3"}]},
        {"items": [{"status": "ACTIVE"}]},
        {"items": [{"domain": "a.example"}]},
    ],
)
def test_a_page_or_next_link_that_cannot_be_read_is_an_error_and_not_an_end(fields: Row) -> None:
    with pytest.raises(MalformedReply):
        godaddy(FakeGoDaddy(account(3), spoil=on(1, **fields))).list_domains()


# Records


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
def test_every_record_is_read_whatever_their_number(count: int) -> None:
    rows = [record_row(f"h{number:03}") for number in range(count)]
    fake = FakeGoDaddy(records=rows)

    records = godaddy(fake).read_zone(ZONE)

    assert [record.name for record in records] == [f"h{n:03}.example.com" for n in range(count)]
    assert {record.record_id for record in records} <= {""}
    assert len(fake.asked) == max(1, -(-count // 100))


@pytest.mark.parametrize(
    "spoil",
    [
        on(1, items=half),
        on(2, items=half),
        on(1, items=[]),
        on(2, items=[record_row(f"h{number:03}") for number in range(100)]),
        on(3, items=lambda items: items * 2),
        on(3, items=lambda items: [*items, record_row("more")]),
    ],
)
def test_records_that_do_not_add_up_are_no_zone(spoil: Spoil) -> None:
    rows = [record_row(f"h{number:03}") for number in range(250)]

    with pytest.raises(IncompleteListing):
        godaddy(FakeGoDaddy(records=rows, spoil=spoil)).read_zone(ZONE)


@pytest.mark.parametrize("fields", [{"totalItems": None}, {"items": None}, {"items": [{}]}])
def test_a_page_of_records_without_what_we_rely_on_is_malformed(fields: Row) -> None:
    fake = FakeGoDaddy(records=[record_row()], spoil=on(1, **fields))

    with pytest.raises(MalformedReply):
        godaddy(fake).read_zone(ZONE)


def test_a_record_that_is_added_while_pages_are_read_makes_the_reading_start_again() -> None:
    rows = [record_row(f"h{number:03}") for number in range(150)]
    fake = FakeGoDaddy(records=rows)

    def spoil(_page: int, body: Row) -> Row:
        if len(fake.records) == 150:
            fake.records.insert(0, record_row("new"))
        return body

    fake.spoil = spoil

    assert len(godaddy(fake).read_zone(ZONE)) == 151
    assert len(fake.asked) == 4


def split(
    zone: tuple[int, Any], domain: tuple[int, Any]
) -> Callable[[httpx.Request], httpx.Response]:
    """One answer for the zone, another for the domain."""

    def handler(request: httpx.Request) -> httpx.Response:
        status, body = zone if "/zones/" in request.url.path else domain
        return reply(body, status)

    return handler


def test_a_zone_that_is_not_found_is_elsewhere_if_the_account_has_the_domain() -> None:
    no_zone = (404, refusal("NOT_FOUND"))

    with pytest.raises(NoZoneHere):
        godaddy(split(no_zone, (200, domain_row("example.com")))).read_zone(ZONE)
    with pytest.raises(NotFound):
        godaddy(split(no_zone, (404, refusal("NOT_FOUND")))).read_zone(ZONE)
    with pytest.raises(ProviderUnavailable):
        godaddy(split(no_zone, (500, {}))).read_zone(ZONE)


def test_a_zone_that_is_said_to_be_elsewhere_needs_no_second_question() -> None:
    opened = godaddy(refusing(404, refusal("UNKNOWN_DOMAIN")))

    with pytest.raises(NoZoneHere):
        opened.read_zone(ZONE)
    assert opened.requests == 1


# Second looks


@pytest.mark.parametrize(
    ("status", "body", "is_listed"),
    [
        (200, domain_row("example.com"), True),
        (200, domain_row("example.com", status="SUSPENDED"), True),
        (200, domain_row("example.com", status="TRANSFERRED"), False),
        (200, domain_row("example.com", status="OWNERSHIP_CHANGED"), False),
        (200, domain_row("example.com", status="DELETED_REDEEMABLE"), False),
        (404, refusal("NOT_FOUND"), False),
    ],
)
def test_whether_a_domain_is_still_there_is_asked_by_its_name(
    status: int, body: Any, is_listed: bool
) -> None:
    assert godaddy(refusing(status, body)).still_listed(ZONE) is is_listed


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (403, refusal("FORBIDDEN"), AccessDenied),
        (404, "<html>", MalformedReply),
        (503, {}, ProviderUnavailable),
        (200, domain_row("other.example"), MalformedReply),
    ],
)
def test_a_failure_to_ask_is_no_sign_of_absence(status: int, body: Any, error: Any) -> None:
    with pytest.raises(error):
        godaddy(refusing(status, body)).still_listed(ZONE)


def test_records_that_a_first_reading_missed_are_found_by_a_second() -> None:
    rows = [record_row("a"), record_row("b")]
    known = [to_record("example.com", row) for row in [*rows, record_row("c")]]

    assert godaddy(FakeGoDaddy(records=rows)).still_served(ZONE, known) == known[:2]


@pytest.mark.parametrize(
    ("status", "body", "code", "remedy"),
    [
        (200, {"items": [], "links": []}, "ok", "no domain"),
        (401, refusal("UNAUTHORIZED"), "bad_key", "new personal access token"),
        (403, refusal("FORBIDDEN"), "missing_scope", "domains.domain:read"),
        (429, refusal("TOO_MANY_REQUESTS"), "rate_limited", "Wait a few minutes"),
        (200, [], "malformed", "base_url"),
    ],
)
def test_what_is_wrong_with_a_token_is_said_in_words(
    status: int, body: Any, code: str, remedy: str
) -> None:
    diagnosis = godaddy(refusing(status, body)).diagnose()

    assert (diagnosis.is_ok, diagnosis.code) == (code == "ok", code)
    assert remedy in diagnosis.text


# The step from v1 to v3

SOA = "ns01.domaincontrol.com. dns.jomax.net. 2026010101 28800 7200 604800 600"

# One record as v1 serves it, and what v3 serves differently.
CONTENTS: dict[str, tuple[Row, Row]] = {
    "A": (record_row("@"), {}),
    "AAAA": (record_row("www", type="AAAA", data="2001:DB8::1"), {"data": "2001:db8:0::1"}),
    "CNAME": (record_row("ftp", type="CNAME", data="@"), {"data": "example.com."}),
    "CNAME elsewhere": (
        record_row("docs", type="CNAME", data="docs.example.net"),
        {"data": "docs.example.net."},
    ),
    "CNAME that is no host name": (
        record_row("_dmarc", type="CNAME", data="v=DMARC1; p=none"),
        {"data": "v=DMARC1; p=none."},
    ),
    "MX": (
        record_row("@", type="MX", data="mail.example.net", priority=10),
        {"data": "mail.example.net."},
    ),
    "NS at the apex": (
        record_row("@", type="NS", data="ns01.domaincontrol.com"),
        {"data": "ns01.domaincontrol.com."},
    ),
    "NS below": (record_row("sub", type="NS", data="ns.example.net"), {"data": "ns.example.net."}),
    "SOA": (record_row("@", type="SOA", data=SOA.replace(". ", " ")), {"data": SOA}),
    "TXT": (record_row("@", type="TXT", data="v=spf1 include:x -all"), {}),
    "TXT with quotes": (record_row("q", type="TXT", data='a "b" \\ ;c'), {}),
    "TXT of one space": (record_row("s", type="TXT", data=" "), {}),
    "TXT of many": (record_row("l", type="TXT", data="x" * 600), {}),
    "CAA": (
        record_row("@", type="CAA", data='0 issue "ca.example"'),
        {"data": "ca.example", "flag": 0, "tag": "issue"},
    ),
    "SRV": (
        record_row(
            "_sip._tls.sub",
            type="SRV",
            data="sip.example.net",
            priority=1,
            weight=2,
            port=443,
            service="_sip",
            protocol="_tls",
        ),
        {"name": "sub", "data": "sip.example.net."},
    ),
    "wildcard": (record_row("*.Dev"), {"name": "*.dev"}),
}


@pytest.mark.parametrize(("of_v1", "differently"), CONTENTS.values(), ids=CONTENTS)
def test_a_record_is_the_same_through_v1_and_v3(of_v1: Row, differently: Row) -> None:
    of_v3 = of_v1 | {"recordId": "opaque"} | differently

    assert to_record("example.com", of_v3) == to_record("example.com", of_v1)


def test_a_zone_is_the_same_through_v1_and_v3() -> None:
    rows_of_v1 = [row for row, _ in CONTENTS.values()]
    rows_of_v3 = [row | differently for row, differently in CONTENTS.values()]
    v1 = provider("godaddy_v1", refusing(200, rows_of_v1))
    v3 = godaddy(FakeGoDaddy(records=rows_of_v3[::-1]))

    assert v3.read_zone(ZONE) == v1.read_zone(ZONE)
    assert len(v3.read_zone(ZONE)) == len(CONTENTS)


STATES = [
    ("ACTIVE", "ACTIVE"),
    ("CANCELLED", "CANCELLED"),
    ("CANCELLED_REDEEMABLE", "DELETED_REDEEMABLE"),
    ("CONFISCATED", "REPOSSESSED"),
    ("EXPIRED", "EXPIRED"),
    ("FAILED_REGISTRATION", "FAILED"),
    ("HELD_REGISTRAR_ADD", "HELD_REGISTRAR"),
    ("LOCKED_ABUSE", "LOCKED_REGISTRAR"),
    ("PARKED_VERIFICATION_ICANN", "PARKED"),
    ("PENDING_SETUP", "PENDING_REGISTRATION"),
    ("PENDING_TRANSFER_OUT", "PENDING_TRANSFER"),
    ("SUSPENDED_VERIFICATION_ICANN", "SUSPENDED"),
    ("TRANSFERRED_OUT", "TRANSFERRED"),
    ("UPDATED_OWNERSHIP", "OWNERSHIP_CHANGED"),
]


@pytest.mark.parametrize(("word_of_v1", "word_of_v3"), STATES)
def test_a_domain_is_the_same_through_v1_and_v3_but_for_the_raw_word(
    word_of_v1: str, word_of_v3: str
) -> None:
    created, expires = "2018-02-02T14:26:44.000Z", "2027-02-02T14:26:44Z"
    of_v1 = {
        "domain": "example.com",
        "status": word_of_v1,
        "createdAt": created,
        "expires": expires,
        "renewAuto": False,
        "locked": True,
        "privacy": False,
        "nameServers": ["ns02.domaincontrol.com", "ns01.domaincontrol.com"],
    }
    of_v3 = {
        "domain": "example.com",
        "status": word_of_v3,
        "createdAt": created,
        "expiresAt": expires,
        "autoRenew": False,
        "transferLock": True,
        "privacy": False,
        "nameServers": ["NS01.DOMAINCONTROL.COM", "ns02.domaincontrol.com."],
    }

    v1, v3 = to_domain_of_v1(of_v1), to_domain(of_v3)

    assert (v1.raw_status, v3.raw_status) == (word_of_v1, word_of_v3)
    facts = [
        *("name", "status", "provider_id", "expires_on", "registered_on", "auto_renew", "locked"),
        *("privacy", "nameservers"),
    ]
    assert [getattr(v1, fact) for fact in facts] == [getattr(v3, fact) for fact in facts]
    assert v1.expires_on is not None
