from collections.abc import Callable
from typing import Any

import httpx
import pytest

from dnsinv.domain.domains import Domain, Lifecycle
from dnsinv.domain.records import Record
from dnsinv.errors import (
    AccessDenied,
    BadCredential,
    IncompleteListing,
    MalformedReply,
    NotFound,
    ProviderError,
    ProviderUnavailable,
)
from dnsinv.providers.cloudflare import LIFECYCLES, Cloudflare, explain, to_domain, to_record
from tests.core.fakes_http import FakeTime, provider, reply

PREFIX = "/client/v4"
ZONE = Domain("example.com", Lifecycle.ACTIVE, "active", provider_id="z0001")

Body = dict[str, Any]
Spoil = Callable[[int, Body], Any]


def zone_row(number: int, **more: Any) -> Body:
    return {"id": f"z{number:04}", "name": f"zone{number:04}.example", "status": "active", **more}


def record_row(number: int = 0, **more: Any) -> Body:
    return {
        "id": f"r{number:04}",
        "name": f"host{number:04}.example.com",
        "type": "A",
        "content": "192.0.2.1",
        "ttl": 300,
        "proxied": False,
        "comment": None,
        "tags": [],
        **more,
    }


def refusal(code: int, message: str, **more: Any) -> Body:
    error = {"code": code, "message": message, **more}
    return {"success": False, "errors": [error], "messages": [], "result": None}


class FakeCloudflare:
    """Serves rows in pages; `spoil` may change any of them."""

    def __init__(
        self, rows: list[Body], *, max_per_page: int = 50, spoil: Spoil = lambda _, body: body
    ) -> None:
        self.rows = rows
        self.max_per_page = max_per_page
        self.spoil = spoil
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url).partition(PREFIX)[2])
        page = int(request.url.params["page"])
        size = min(int(request.url.params["per_page"]), self.max_per_page)
        rows = self.rows[(page - 1) * size : page * size]
        info = {
            "page": page,
            "per_page": size,
            "count": len(rows),
            "total_count": len(self.rows),
            "total_pages": max(1, -(-len(self.rows) // size)),
        }
        body = {
            "success": True,
            "errors": [],
            "messages": [],
            "result": rows,
            "result_info": info,
        }
        spoilt = self.spoil(page, body)
        return spoilt if isinstance(spoilt, httpx.Response) else reply(spoilt)


def cloudflare(handler: Any, **more: Any) -> Cloudflare:
    opened = provider("cloudflare", handler, **more)
    assert isinstance(opened, Cloudflare)
    return opened


# Zones


@pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 100, 125])
def test_every_zone_is_listed_whatever_their_number(count: int) -> None:
    fake = FakeCloudflare([zone_row(number) for number in reversed(range(count))])

    domains = cloudflare(fake).list_domains()

    assert [domain.provider_id for domain in domains] == [f"z{n:04}" for n in range(count)]
    assert len(fake.asked) == max(1, -(-count // 50))
    assert fake.asked[0] == "/zones?page=1&per_page=50"


def test_a_zone_becomes_a_domain_without_facts_that_cloudflare_does_not_know() -> None:
    zone = zone_row(
        1,
        name="GÍTHUB.example.",
        status="pending",
        name_servers=["Vin.NS.cloudflare.com", "blakely.ns.cloudflare.com."],
        created_on="2025-06-27T16:15:01Z",
        owner={"email": "someone@example.com"},
    )

    assert to_domain(zone) == Domain(
        name="xn--gthub-zsa.example",
        status=Lifecycle.PENDING,
        raw_status="pending",
        provider_id="z0001",
        nameservers=("blakely.ns.cloudflare.com", "vin.ns.cloudflare.com"),
    )


@pytest.mark.parametrize(("word", "meaning"), [*LIFECYCLES.items(), ("odd", Lifecycle.UNKNOWN)])
def test_status_words_are_mapped_and_kept(word: str, meaning: Lifecycle) -> None:
    domain = to_domain(zone_row(1, status=word, name_servers=None))

    assert (domain.status, domain.raw_status, domain.nameservers) == (meaning, word, ())


def test_two_zones_may_share_a_name() -> None:
    fake = FakeCloudflare([zone_row(2, name="twin.example"), zone_row(1, name="twin.example")])

    domains = cloudflare(fake).list_domains()

    assert [(domain.name, domain.provider_id) for domain in domains] == [
        ("twin.example", "z0001"),
        ("twin.example", "z0002"),
    ]


def on(wanted: int, change: Callable[[Body], Any]) -> Spoil:
    """Change one page; `change` edits the body or gives another."""

    def spoil(page: int, body: Body) -> Any:
        return (change(body) or body) if page == wanted else body

    return spoil


def halve(body: Body) -> None:
    del body["result"][10:]


def halve_and_say_so(body: Body) -> None:
    halve(body)
    body["result_info"]["count"] = len(body["result"])


def empty_page(body: Body) -> None:
    body["result"] = []
    body["result_info"]["count"] = 0


def first_page_again(body: Body) -> None:
    body["result"] = [zone_row(number) for number in range(50)]
    body["result_info"]["page"] = 1


def first_rows_under_the_right_number(body: Body) -> None:
    body["result"] = [zone_row(number) for number in range(50)]


def more_than_the_total(body: Body) -> None:
    body["result"] += [zone_row(900 + number) for number in range(60)]
    body["result_info"]["count"] += 60


@pytest.mark.parametrize(
    "change",
    [
        halve,
        halve_and_say_so,
        empty_page,
        first_page_again,
        first_rows_under_the_right_number,
        more_than_the_total,
    ],
)
@pytest.mark.parametrize("page", [2, 3])
def test_pages_that_do_not_add_up_are_no_listing(change: Any, page: int) -> None:
    fake = FakeCloudflare([zone_row(number) for number in range(125)], spoil=on(page, change))

    with pytest.raises(IncompleteListing, match="Cloudflare's"):
        cloudflare(fake).list_domains()


def drop(*keys: str) -> Callable[[Body], None]:
    def change(body: Body) -> None:
        place: Any = body
        for key in keys[:-1]:
            place = place[int(key)] if key.isdigit() else place[key]
        del place[keys[-1]]

    return change


def replace(key: str, value: Any) -> Callable[[Body], None]:
    return lambda body: body.update({key: value})


@pytest.mark.parametrize(
    "change",
    [
        drop("result"),
        drop("result_info"),
        drop("result_info", "total_count"),
        drop("success"),
        drop("result", "0", "id"),
        drop("result", "0", "name"),
        drop("result", "0", "status"),
        replace("result", None),
        replace("result", {"0": "zones"}),
        replace("result", ["zone"]),
        replace("result_info", []),
        replace("success", "true"),
        lambda _body: ["not", "an", "envelope"],
        lambda _body: {"success": False, "errors": [], "result": None},
        lambda _body: httpx.Response(200, content=b""),
    ],
)
def test_a_reply_without_what_we_rely_on_is_malformed(change: Any) -> None:
    fake = FakeCloudflare([zone_row(1), zone_row(2)], spoil=on(1, change))

    with pytest.raises(MalformedReply):
        cloudflare(fake).list_domains()


def test_a_success_that_is_none_is_told_by_its_code() -> None:
    fake = FakeCloudflare([], spoil=lambda *_: refusal(6003, "Invalid request headers"))

    with pytest.raises(BadCredential, match=r"Invalid request headers \(6003\)"):
        cloudflare(fake).list_domains()


def test_optional_page_facts_may_be_missing() -> None:
    def spoil(_page: int, body: Body) -> Body:
        total = body["result_info"]["total_count"]
        return {**body, "result_info": {"total_count": total}}

    fake = FakeCloudflare([zone_row(number) for number in range(120)], spoil=spoil)

    assert len(cloudflare(fake).list_domains()) == 120


def test_a_server_that_gives_fewer_rows_per_page_than_asked_is_followed() -> None:
    fake = FakeCloudflare([zone_row(number) for number in range(23)], max_per_page=5)

    assert len(cloudflare(fake).list_domains()) == 23
    assert len(fake.asked) == 5


def test_a_zone_that_is_added_while_pages_are_read_makes_the_reading_start_again() -> None:
    rows = [zone_row(number) for number in range(60)]

    def spoil(_page: int, body: Body) -> Body:
        if len(rows) == 60:
            rows.insert(0, zone_row(999))
        return body

    fake = FakeCloudflare(rows, spoil=spoil)

    assert len(cloudflare(fake).list_domains()) == 61
    assert len(fake.asked) == 4


def test_a_total_that_never_rests_is_no_listing() -> None:
    rows = [zone_row(number) for number in range(60)]

    def spoil(_page: int, body: Body) -> Body:
        rows.append(zone_row(len(rows)))
        return body

    with pytest.raises(IncompleteListing, match="changed its total twice"):
        cloudflare(FakeCloudflare(rows, spoil=spoil)).list_domains()


# Records


def test_one_request_reads_a_zone() -> None:
    fake = FakeCloudflare([record_row(n) for n in reversed(range(700))], max_per_page=5_000_000)

    records = cloudflare(fake).read_zone(ZONE)

    assert [record.record_id for record in records] == [f"r{n:04}" for n in range(700)]
    assert fake.asked == ["/zones/z0001/dns_records?page=1&per_page=50000"]


def test_more_pages_are_read_where_the_server_gives_less_than_asked() -> None:
    fake = FakeCloudflare([record_row(n) for n in range(250)], max_per_page=100)

    assert len(cloudflare(fake).read_zone(ZONE)) == 250
    assert len(fake.asked) == 3


def test_an_empty_zone_is_empty() -> None:
    assert cloudflare(FakeCloudflare([])).read_zone(ZONE) == []


def test_a_record_keeps_what_cloudflare_says_about_it() -> None:
    row = record_row(
        7,
        name="WWW.Example.com",
        type="CNAME",
        content="Target.Example.NET",
        ttl=1,
        proxied=True,
        comment="edge",
        tags=["team:web", "env:live"],
    )

    assert to_record("example.com", row) == Record(
        zone="example.com",
        name="www.example.com",
        type="CNAME",
        content="target.example.net",
        ttl=1,
        proxied=True,
        record_id="r0007",
        comment="edge",
        tags=("env:live", "team:web"),
    )


@pytest.mark.parametrize(
    ("row", "priority", "content"),
    [
        ({"type": "MX", "content": "mx.example.net", "priority": 10}, 10, "mx.example.net"),
        ({"type": "MX", "content": "mx.example.net", "data": {"priority": 5}}, 5, "mx.example.net"),
        (
            {"type": "SRV", "content": "5 5060 sip.example.net", "priority": 20},
            20,
            "5 5060 sip.example.net",
        ),
        (
            {"type": "SRV", "content": "20 5 5060 sip.example.net.", "data": {"priority": 20}},
            20,
            "5 5060 sip.example.net",
        ),
        (
            {"type": "HTTPS", "content": '1 svc.example.net. alpn="h3,h2"'},
            1,
            'svc.example.net alpn="h3,h2"',
        ),
        (
            {"type": "URI", "content": '1 "https://example.net/"', "priority": 10},
            10,
            '1 "https://example.net/"',
        ),
        ({"type": "TXT", "content": "v=spf1 -all"}, None, '"v=spf1 -all"'),
        ({"type": "TXT", "content": '"v=spf1 " "-all"'}, None, '"v=spf1 -all"'),
        ({"type": "TXT", "content": ""}, None, '""'),
        ({"type": "AAAA", "content": "2001:DB8:0:0::1"}, None, "2001:db8::1"),
        ({"type": "CAA", "content": '0 issue "ca.example"'}, None, '0 issue "ca.example"'),
        ({"type": "SPF", "content": "v=spf1 -all"}, None, "v=spf1 -all"),
        ({"type": "NEWTYPE", "content": "Some Thing."}, None, "Some Thing."),
        ({"type": "LOC", "content": "IN LOC nonsense"}, None, "IN LOC nonsense"),
    ],
)
def test_content_becomes_canonical(row: Body, priority: int | None, content: Any) -> None:
    record = to_record("example.com", record_row(1, **row))

    assert (record.priority, record.content) == (priority, content)


def test_only_an_soa_is_managed() -> None:
    soa = "ns.example.net. root.example.net. 1 2 3 4 5"

    assert to_record("example.com", record_row(type="SOA", content=soa)).managed
    assert not to_record("example.com", record_row(type="NS", content="ns.example.net")).managed


@pytest.mark.parametrize("field", ["id", "type", "name", "content", "ttl"])
@pytest.mark.parametrize("value", ["missing", None, [], True])
def test_a_record_without_what_makes_it_one_is_malformed(field: str, value: Any) -> None:
    row = record_row()
    row[field] = value
    if value == "missing":
        del row[field]

    with pytest.raises(MalformedReply, match=f"record of example.com has no .*'{field}'"):
        to_record("example.com", row)


def test_an_mx_record_without_a_priority_is_malformed() -> None:
    with pytest.raises(MalformedReply, match="'priority'"):
        to_record("example.com", record_row(type="MX", content="mx.example.net"))


def test_a_record_of_another_zone_is_malformed() -> None:
    with pytest.raises(MalformedReply, match=r"www.example.net as a record of example.com"):
        to_record("example.com", record_row(name="www.example.net"))


@pytest.mark.parametrize("change", [halve, halve_and_say_so, empty_page])
def test_a_page_of_records_that_is_cut_short_is_no_zone(change: Any) -> None:
    fake = FakeCloudflare(
        [record_row(n) for n in range(40)], max_per_page=50_000, spoil=on(1, change)
    )

    with pytest.raises(IncompleteListing):
        cloudflare(fake).read_zone(ZONE)


def test_an_id_that_comes_twice_is_no_zone() -> None:
    with pytest.raises(IncompleteListing, match="'r0003' twice"):
        cloudflare(FakeCloudflare([record_row(3), record_row(3)])).read_zone(ZONE)


# Refusals

REFUSALS = [
    (401, refusal(1000, "Invalid API Token"), BadCredential, "1000"),
    (400, refusal(6003, "Invalid request headers"), BadCredential, "6003"),
    (400, refusal(9106, "Authentication failed (status: 400)"), BadCredential, "9106"),
    (403, refusal(9109, "Invalid access token"), BadCredential, "9109"),
    (403, refusal(9109, "Unauthorized to access requested resource"), AccessDenied, "9109"),
    (403, refusal(10000, "Authentication error"), AccessDenied, "10000"),
    (400, refusal(1001, "… does not support account owned tokens."), AccessDenied, "1001"),
    (404, refusal(7003, "Could not route to /zones/z0001"), NotFound, "7003"),
    (400, refusal(7003, "Could not route to /zones/z0001"), NotFound, "7003"),
    (400, refusal(1001, "Invalid zone identifier"), NotFound, "1001"),
    (400, refusal(1234, "Something new"), ProviderError, "1234"),
    (404, "<html>", MalformedReply, ""),
    (401, None, BadCredential, ""),
    (403, {"errors": "no list"}, AccessDenied, ""),
]


@pytest.mark.parametrize(("status", "body", "kind", "code"), REFUSALS)
def test_refusals_are_told_by_code_before_status(
    status: int, body: Any, kind: type[ProviderError], code: str
) -> None:
    error = explain(status, body)

    assert type(error) is kind
    assert error.code == code
    assert "Cloudflare" in str(error)


def test_a_chain_of_errors_is_read_to_its_end() -> None:
    chain = [{"code": 6111, "message": "Invalid format for Authorization header"}]

    error = explain(400, refusal(4711, "Bad request", error_chain=chain))

    assert isinstance(error, BadCredential)
    assert "Invalid format for Authorization header (6111)" in str(error)


def refusing(status: int, body: Any) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _request: reply(body, status)


def test_a_zone_that_is_gone_is_not_found() -> None:
    with pytest.raises(NotFound):
        cloudflare(refusing(404, refusal(7003, "Could not route"))).read_zone(ZONE)


# Second looks


def one_zone(body: Any, status: int = 200) -> Callable[[httpx.Request], httpx.Response]:
    """Answers the question for one zone with `body`, and every listing well."""
    listing = FakeCloudflare([zone_row(5)])

    def handler(request: httpx.Request) -> httpx.Response:
        is_listing = request.url.path == f"{PREFIX}/zones"
        return listing(request) if is_listing else reply(body, status)

    return handler


def envelope(result: Any) -> Body:
    return {"success": True, "errors": [], "result": result}


@pytest.mark.parametrize(
    ("body", "status", "is_listed"),
    [
        (envelope(zone_row(1)), 200, True),
        (envelope(zone_row(1, status="moved")), 200, True),
        (envelope(zone_row(1, status="deleted")), 200, False),
        (refusal(7003, "Could not route"), 404, False),
        (refusal(1001, "Invalid zone identifier"), 400, False),
        (refusal(9109, "Unauthorized to access requested resource"), 403, False),
    ],
)
def test_whether_a_zone_is_still_there_is_asked_by_its_id(
    body: Any, status: int, is_listed: bool
) -> None:
    assert cloudflare(one_zone(body, status)).still_listed(ZONE) is is_listed


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (refusal(9109, "Cannot use the access token from location: 192.0.2.1"), 403, AccessDenied),
        (refusal(9109, "Invalid access token"), 403, BadCredential),
        (refusal(10000, "Authentication error"), 403, AccessDenied),
        (refusal(1000, "Invalid API Token"), 401, BadCredential),
        (refusal(0, "whatever"), 500, ProviderUnavailable),
        ("nothing here", 404, MalformedReply),
        (envelope(zone_row(2)), 200, MalformedReply),
        (envelope(None), 200, MalformedReply),
    ],
)
def test_a_failure_to_ask_is_no_sign_of_absence(body: Any, status: int, error: Any) -> None:
    with pytest.raises(error):
        cloudflare(one_zone(body, status)).still_listed(ZONE)


def test_a_token_that_lost_its_rights_does_not_make_zones_vanish() -> None:
    everything = refusing(403, refusal(9109, "Unauthorized to access requested resource"))

    with pytest.raises(AccessDenied):
        cloudflare(everything).still_listed(ZONE)


def test_records_that_a_first_reading_missed_are_found_by_a_second() -> None:
    rows = [record_row(1), record_row(2)]
    known = [to_record(ZONE.name, row) for row in [*rows, record_row(3)]]

    served = cloudflare(FakeCloudflare(rows)).still_served(ZONE, known)

    assert served == known[:2]


# Diagnosis


def test_a_good_token_is_diagnosed_by_a_real_reading() -> None:
    asked: list[str] = []
    zones, records = FakeCloudflare([zone_row(1), zone_row(2)]), FakeCloudflare([record_row(1)])

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path.removeprefix(PREFIX))
        return records(request) if asked[-1].endswith("dns_records") else zones(request)

    diagnosis = cloudflare(handler).diagnose()

    assert (diagnosis.is_ok, diagnosis.code) == (True, "ok")
    assert "2 zones" in diagnosis.text
    assert asked == ["/zones", "/zones/z0001/dns_records"]


def test_a_token_without_any_zone_is_good_but_said_so() -> None:
    diagnosis = cloudflare(FakeCloudflare([])).diagnose()

    assert diagnosis.is_ok
    assert "no zone at all" in diagnosis.text


@pytest.mark.parametrize(
    ("status", "body", "code", "remedy"),
    [
        (401, refusal(1000, "Invalid API Token"), "bad_key", "Make an API token"),
        (400, refusal(9106, "Authentication failed"), "bad_key", "Make an API token"),
        (403, refusal(10000, "Authentication error"), "missing_scope", "Zone:Read and DNS:Read"),
        (
            403,
            refusal(0, "Actor 'x' requires permission 'com.cloudflare.api.account.zone.list'"),
            "missing_scope",
            "Zone:Read and DNS:Read",
        ),
        (
            403,
            refusal(9109, "Cannot use the access token from location: 192.0.2.1"),
            "ip_filter",
            "client IP address filter",
        ),
        (
            400,
            refusal(1001, "This endpoint does not support account owned tokens."),
            "account_token",
            "token of a user",
        ),
        (429, refusal(10429, "Rate limited"), "rate_limited", "Wait a few minutes"),
        (503, refusal(0, "down"), "unreachable", "base_url"),
        (200, "hello", "malformed", "base_url"),
        (400, refusal(1234, "Something new"), "unknown", "Something new"),
    ],
)
def test_what_is_wrong_with_a_token_is_said_in_words(
    status: int, body: Any, code: str, remedy: str
) -> None:
    time = FakeTime()
    opened = cloudflare(refusing(status, body), time=time)

    diagnosis = opened.diagnose()

    assert (diagnosis.is_ok, diagnosis.code) == (False, code)
    assert remedy in diagnosis.text
    assert opened.requests == 1
    assert time.slept == []


def test_a_token_that_may_list_but_not_read_records_lacks_scope() -> None:
    zones = FakeCloudflare([zone_row(1)])

    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("dns_records"):
            return reply(refusal(10000, "Authentication error"), 403)
        return zones(request)

    assert cloudflare(handler).diagnose().code == "missing_scope"


def test_a_network_that_is_down_is_diagnosed() -> None:
    def handler(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("Name or service not known")

    diagnosis = cloudflare(handler).diagnose()

    assert diagnosis.code == "unreachable"
    assert "Name or service not known" in diagnosis.text
