from collections.abc import Callable
from datetime import date
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
    NoZoneHere,
    ProviderError,
    ProviderUnavailable,
)
from dnsinv.providers.godaddy import explain, lifecycle, to_record
from dnsinv.providers.godaddy_v1 import GoDaddyV1, to_domain
from tests.core.fakes_http import FakeTime, provider, reply

ZONE = Domain("example.com", Lifecycle.ACTIVE, "ACTIVE")

Row = dict[str, Any]
Spoil = Callable[[int, list[Row]], Any]


def domain_row(name: str, **more: Any) -> Row:
    return {"domain": name, "domainId": hash(name), "status": "ACTIVE", **more}


def record_row(name: str = "@", **more: Any) -> Row:
    return {"type": "A", "name": name, "data": "192.0.2.1", "ttl": 3600, **more}


def refusal(code: str, message: str = "no") -> Row:
    return {"code": code, "message": message}


class FakeGoDaddy:
    """Serves one account; `offsets` is the reading of `offset` and `spoil` may change a page."""

    def __init__(
        self,
        domains: list[Row] = (),  # type: ignore[assignment]
        records: list[Row] = (),  # type: ignore[assignment]
        *,
        offsets: str = "from 0",
        spoil: Spoil = lambda _, page: page,
    ) -> None:
        self.domains = list(domains)
        self.records = list(records)
        self.offsets = offsets
        self.spoil = spoil
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.raw_path.decode())
        params = request.url.params
        limit = int(params["limit"])
        if request.url.path == "/v1/domains":
            names = [row["domain"] for row in self.domains]
            start = names.index(params["marker"]) + 1 if "marker" in params else 0
            page = self.domains[start : start + limit]
        else:
            start = self._start(params.get("offset"), limit)
            page = self._of_one_set(request.url.path)[start : start + limit]
        spoilt = self.spoil(len(self.asked), page)
        return spoilt if isinstance(spoilt, httpx.Response) else reply(spoilt)

    def _start(self, offset: str | None, limit: int) -> int:
        if offset is None:
            return 0
        readings = {"from 0": int(offset), "from 1": int(offset) - 1}
        return readings.get(self.offsets, (int(offset) - 1) * limit)

    def _of_one_set(self, path: str) -> list[Row]:
        place = path.split("/")[5:]
        if not place:
            return self.records
        return [row for row in self.records if [row["type"], row["name"]] == place]


def godaddy(handler: Any, **more: Any) -> GoDaddyV1:
    opened = provider("godaddy_v1", handler, **more)
    assert isinstance(opened, GoDaddyV1)
    return opened


def refusing(status: int, body: Any) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _request: reply(body, status)


def on(request_number: int, page: Any) -> Spoil:
    return lambda number, whole: page(whole) if number == request_number else whole


# Domains


@pytest.mark.parametrize("count", [0, 1, 999, 1000, 1001, 2500])
def test_every_domain_is_listed_whatever_their_number(count: int) -> None:
    names = [f"d{number:05}.example" for number in range(count)]
    fake = FakeGoDaddy([domain_row(name) for name in reversed(names)])

    assert [domain.name for domain in godaddy(fake).list_domains()] == names


def test_after_the_last_page_one_more_is_asked_for_and_must_be_empty() -> None:
    fake = FakeGoDaddy([domain_row("b.example"), domain_row("a.example")])

    godaddy(fake).list_domains()

    assert fake.asked == [
        "/v1/domains?limit=1000&includes=nameServers",
        "/v1/domains?limit=1000&includes=nameServers&marker=a.example",
    ]


@pytest.mark.parametrize("page", [1, 2])
def test_a_page_that_is_cut_short_loses_nothing(page: int) -> None:
    names = [f"d{number:05}.example" for number in range(1500)]
    fake = FakeGoDaddy(
        [domain_row(name) for name in names], spoil=on(page, lambda whole: whole[: len(whole) // 2])
    )

    assert [domain.name for domain in godaddy(fake).list_domains()] == names


@pytest.mark.parametrize("page", [1, 2])
def test_an_empty_page_that_nothing_announces_is_asked_for_twice(page: int) -> None:
    names = [f"d{number:05}.example" for number in range(1500)]
    fake = FakeGoDaddy([domain_row(name) for name in names], spoil=on(page, lambda _: []))

    assert [domain.name for domain in godaddy(fake).list_domains()] == names


def test_a_page_that_is_repeated_is_no_listing() -> None:
    names = [f"d{number:05}.example" for number in range(1500)]
    fake = FakeGoDaddy([domain_row(name) for name in names])
    fake.spoil = on(2, lambda _: fake.domains[:1000])

    with pytest.raises(IncompleteListing, match=r"d00000.example twice"):
        godaddy(fake).list_domains()


def test_a_marker_that_does_not_advance_is_no_listing() -> None:
    fake = FakeGoDaddy([domain_row("a.example")], spoil=lambda *_: [domain_row("a.example")])

    with pytest.raises(IncompleteListing):
        godaddy(fake).list_domains()
    assert len(fake.asked) == 2


def test_a_domain_keeps_the_registrar_s_facts_and_drops_secrets_and_people() -> None:
    row = domain_row(
        "Example.COM",
        status="PENDING_TRANSFER_OUT",
        createdAt="2018-02-02T14:26:44.000Z",
        expires="2027-01-01T00:30:00+02:00",
        renewAuto=True,
        locked=False,
        privacy=True,
        nameServers=["NS10.domaincontrol.com.", "ns09.domaincontrol.com"],
        authCode="transfer-secret",
        contactAdmin={"email": "owner@example.com"},
    )

    assert to_domain(row) == Domain(
        name="example.com",
        status=Lifecycle.PENDING,
        raw_status="PENDING_TRANSFER_OUT",
        expires_on=date(2026, 12, 31),
        registered_on=date(2018, 2, 2),
        auto_renew=True,
        locked=False,
        privacy=True,
        nameservers=("ns09.domaincontrol.com", "ns10.domaincontrol.com"),
    )


@pytest.mark.parametrize(
    "expires", [None, "", "soon", 20270101, "0000-00-00T00:00:00Z", "0001-01-01T00:00:00+23:00"]
)
def test_facts_that_are_missing_or_unreadable_are_left_open(expires: Any) -> None:
    domain = to_domain(domain_row("example.com", expires=expires, nameServers=None))

    assert (domain.expires_on, domain.auto_renew, domain.nameservers) == (None, None, ())


@pytest.mark.parametrize("field", ["domain", "status"])
def test_a_domain_without_name_or_status_is_malformed_and_its_row_stays_unsaid(field: str) -> None:
    row = domain_row("example.com", authCode="transfer-secret")
    del row[field]

    with pytest.raises(MalformedReply, match=f"no '{field}'") as malformed:
        to_domain(row)
    assert "transfer-secret" not in str(malformed.value)


@pytest.mark.parametrize("body", [None, {}, {"domains": []}, ["a.example"], "x"])
def test_a_list_that_is_no_array_of_objects_is_malformed(body: Any) -> None:
    with pytest.raises(MalformedReply):
        godaddy(refusing(200, body)).list_domains()


WORDS = {
    "ACTIVE": Lifecycle.ACTIVE,
    "AWAITING_VERIFICATION_ICANN": Lifecycle.PENDING,
    "CANCELLED": Lifecycle.CANCELLED,
    "CANCELLED_REDEEMABLE": Lifecycle.CANCELLED,
    "CONFISCATED": Lifecycle.TRANSFERRED,
    "EXPIRED_REASSIGNED": Lifecycle.EXPIRED,
    "HELD_COURT_ORDERED": Lifecycle.HELD,
    "HELD_EXPIRED_REDEMPTION_MOCK": Lifecycle.EXPIRED,
    "LOCKED_REGISTRY": Lifecycle.LOCKED,
    "PARKED_AND_HELD": Lifecycle.HELD,
    "PARKED_VERIFICATION_ICANN": Lifecycle.PARKED,
    "PENDING_DNS_ACTIVE": Lifecycle.PENDING,
    "SUSPENDED_VERIFICATION_ICANN": Lifecycle.HELD,
    "TRANSFERRED_OUT": Lifecycle.TRANSFERRED,
    "UNLOCKED_ABUSE": Lifecycle.ACTIVE,
    "UPDATED_OWNERSHIP": Lifecycle.TRANSFERRED,
    "UPDATED_OWNERSHIP_HELD": Lifecycle.HELD,
    "active": Lifecycle.ACTIVE,
    "REVERTED": Lifecycle.UNKNOWN,
    "FAILED_SETUP": Lifecycle.UNKNOWN,
    "BRAND_NEW_WORD": Lifecycle.UNKNOWN,
}


@pytest.mark.parametrize(("word", "meaning"), WORDS.items())
def test_status_words_have_one_meaning(word: str, meaning: Lifecycle) -> None:
    assert lifecycle(word) is meaning


# Records


@pytest.mark.parametrize("offsets", ["from 0", "from 1", "pages"])
@pytest.mark.parametrize("count", [0, 1, 499, 500, 501, 999, 1000, 1001, 1499, 1500, 1501, 2100])
def test_every_record_is_read_whatever_offset_means(offsets: str, count: int) -> None:
    rows = [record_row(f"h{number:04}") for number in range(count)]
    fake = FakeGoDaddy(records=rows, offsets=offsets)

    records = godaddy(fake).read_zone(ZONE)

    assert [record.name for record in records] == [f"h{n:04}.example.com" for n in range(count)]


def test_a_small_zone_takes_one_request() -> None:
    fake = FakeGoDaddy(records=[record_row(f"h{number}") for number in range(499)])

    godaddy(fake).read_zone(ZONE)

    assert fake.asked == ["/v1/domains/example.com/records?limit=500"]


@pytest.mark.parametrize("offsets", ["from 0", "from 1", "pages"])
@pytest.mark.parametrize("page", [2, 3, 4])
def test_a_page_of_records_that_is_repeated_is_no_zone(offsets: str, page: int) -> None:
    fake = FakeGoDaddy(
        records=[record_row(f"h{number:04}") for number in range(2100)], offsets=offsets
    )
    fake.spoil = on(page, lambda _: fake.records[:500])

    with pytest.raises(IncompleteListing, match="records twice"):
        godaddy(fake).read_zone(ZONE)


def test_an_empty_page_amid_a_large_zone_is_no_zone() -> None:
    fake = FakeGoDaddy(records=[record_row(f"h{number:04}") for number in range(1200)])
    fake.spoil = on(2, lambda _: [])

    with pytest.raises(IncompleteListing, match="records twice"):
        godaddy(fake).read_zone(ZONE)


def test_names_are_written_in_full_and_apex_ns_and_soa_are_managed() -> None:
    soa = "ns09.domaincontrol.com dns.jomax.net 2021122900 28800 7200 604800 600"
    fake = FakeGoDaddy(
        records=[
            record_row("@", type="NS", data="NS09.domaincontrol.com"),
            record_row("sub", type="NS", data="ns.example.net"),
            record_row("@", type="SOA", data=soa),
            record_row("*.Dev", data="192.0.2.7"),
            record_row("www", type="CNAME", data="@"),
        ]
    )

    records = godaddy(fake).read_zone(ZONE)

    assert [(r.name, r.type, r.content, r.managed) for r in records] == [
        ("*.dev.example.com", "A", "192.0.2.7", False),
        ("example.com", "NS", "ns09.domaincontrol.com", True),
        ("example.com", "SOA", soa, True),
        ("sub.example.com", "NS", "ns.example.net", False),
        ("www.example.com", "CNAME", "example.com", False),
    ]


def srv(name: str, **more: Any) -> Row:
    return record_row(
        name,
        **{
            "type": "SRV",
            "data": "sip.example.net",
            "service": "_sip",
            "protocol": "_tls",
            "port": 443,
            "weight": 1,
            "priority": 100,
            **more,
        },
    )


@pytest.mark.parametrize(
    ("row", "name"),
    [
        (srv("@"), "_sip._tls.example.com"),
        (srv("sub"), "_sip._tls.sub.example.com"),
        (srv("_sip._tls"), "_sip._tls.example.com"),
        (srv("_SIP._TLS.sub"), "_sip._tls.sub.example.com"),
        (srv("@", service="sip", protocol="TLS"), "_sip._tls.example.com"),
        (srv("_sip._tls", service=None, protocol=None), "_sip._tls.example.com"),
    ],
)
def test_an_srv_record_is_owned_by_its_service_and_protocol(row: Row, name: str) -> None:
    assert to_record("example.com", row) == Record(
        zone="example.com",
        name=name,
        type="SRV",
        content="1 443 sip.example.net",
        ttl=3600,
        priority=100,
    )


@pytest.mark.parametrize(
    ("row", "priority", "content"),
    [
        ({"type": "MX", "data": "Mail.example.net", "priority": 0}, 0, "mail.example.net"),
        ({"type": "MX", "data": "@", "priority": 5}, 5, "example.com"),
        ({"type": "TXT", "data": " "}, None, '" "'),
        ({"type": "TXT", "data": 'say "hi"'}, None, r'"say \"hi\""'),
        ({"type": "TXT", "data": "v=spf1 -all", "priority": 0}, None, '"v=spf1 -all"'),
        ({"type": "A", "data": "192.0.2.9", "priority": 0}, None, "192.0.2.9"),
        ({"type": "CAA", "data": '0 issue "ca.example"'}, None, '0 issue "ca.example"'),
        (
            {"type": "CAA", "data": "ca.example", "flag": 128, "tag": "issue"},
            None,
            '128 issue "ca.example"',
        ),
        ({"type": "CAA", "data": "ca.example"}, None, "ca.example"),
        ({"type": "ALIAS", "data": "Apex.example.net."}, None, "apex.example.net"),
        ({"type": "ODD", "data": "Whatever."}, None, "Whatever."),
        ({"type": "A", "data": "Parked"}, None, "Parked"),
        (
            {"type": "SRV", "data": "100 1 443 sip.example.net", "priority": 100},
            100,
            "1 443 sip.example.net",
        ),
    ],
)
def test_data_becomes_canonical(row: Row, priority: int | None, content: Any) -> None:
    record = to_record("example.com", record_row("_s._tcp", **row))

    assert (record.priority, record.content) == (priority, content)


@pytest.mark.parametrize(
    ("row", "field"),
    [
        *[(record_row(), field) for field in ("type", "name", "data", "ttl")],
        (record_row(type="MX", data="mx.example.net", priority=1), "priority"),
        *[(srv("@"), field) for field in ("priority", "weight", "port")],
    ],
)
def test_a_record_without_what_makes_it_one_is_malformed(row: Row, field: str) -> None:
    del row[field]

    with pytest.raises(MalformedReply, match=f"record of example.com.* has no .*'{field}'"):
        to_record("example.com", row)


# Refusals

UNKNOWN = "The given domain is not registered, or does not have a zone file"


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (401, refusal("UNABLE_TO_AUTHENTICATE"), BadCredential, "UNABLE_TO_AUTHENTICATE"),
        (401, None, BadCredential, ""),
        (403, refusal("ACCESS_DENIED"), AccessDenied, "ACCESS_DENIED"),
        (404, refusal("UNKNOWN_DOMAIN", UNKNOWN), NoZoneHere, "UNKNOWN_DOMAIN"),
        (404, refusal("NOT_FOUND"), NotFound, "NOT_FOUND"),
        (404, {"name": "NOT_FOUND", "correlationId": "x"}, NotFound, "NOT_FOUND"),
        (404, None, MalformedReply, ""),
        (404, ["what"], MalformedReply, ""),
        (422, refusal("INVALID_VALUE"), ProviderError, "INVALID_VALUE"),
    ],
)
def test_refusals_are_told_by_status_and_code(
    status: int, body: Any, kind: type[ProviderError], code: str
) -> None:
    error = explain(status, body)

    assert type(error) is kind
    assert error.code == code
    assert "GoDaddy" in str(error)


def test_a_zone_that_is_processed_is_waited_for() -> None:
    answers = iter([reply(refusal("DUPLICATE_REQUEST"), 409), reply([record_row()])])

    assert len(godaddy(lambda _request: next(answers)).read_zone(ZONE)) == 1


def test_a_domain_hosted_elsewhere_is_a_state() -> None:
    with pytest.raises(NoZoneHere, match="does not have a zone file"):
        godaddy(refusing(404, refusal("UNKNOWN_DOMAIN", UNKNOWN))).read_zone(ZONE)


# Second looks


@pytest.mark.parametrize(
    ("status", "body", "is_listed"),
    [
        (200, domain_row("example.com"), True),
        (200, domain_row("example.com", status="EXPIRED"), True),
        (200, domain_row("example.com", status="TRANSFERRED_OUT"), False),
        (200, domain_row("example.com", status="CANCELLED_REDEEMABLE"), False),
        (404, refusal("NOT_FOUND"), False),
        (404, refusal("UNKNOWN_DOMAIN"), False),
    ],
)
def test_whether_a_domain_is_still_there_is_asked_by_its_name(
    status: int, body: Any, is_listed: bool
) -> None:
    assert godaddy(refusing(status, body)).still_listed(ZONE) is is_listed


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, refusal("UNABLE_TO_AUTHENTICATE"), BadCredential),
        (403, refusal("ACCESS_DENIED"), AccessDenied),
        (404, "<html>", MalformedReply),
        (500, refusal("ERROR_INTERNAL"), ProviderUnavailable),
        (200, domain_row("other.example"), MalformedReply),
        (200, [], MalformedReply),
    ],
)
def test_a_failure_to_ask_is_no_sign_of_absence(status: int, body: Any, error: Any) -> None:
    with pytest.raises(error):
        godaddy(refusing(status, body)).still_listed(ZONE)


def test_records_that_a_reading_missed_are_asked_for_set_by_set() -> None:
    rows = [
        record_row("@"),
        record_row("@", data="192.0.2.2"),
        record_row("www", type="TXT", data="here"),
        srv("@"),
    ]
    known = [to_record("example.com", row) for row in rows]
    gone = [
        to_record("example.com", record_row("@", data="192.0.2.3")),
        to_record("example.com", record_row("ftp")),
    ]
    changed_ttl = to_record("example.com", record_row("@", ttl=60))
    fake = FakeGoDaddy(records=rows)

    served = godaddy(fake).still_served(ZONE, [*gone, *known, changed_ttl])

    assert served == [*known, changed_ttl]
    assert fake.asked == [
        "/v1/domains/example.com/records/A/%40?limit=500",
        "/v1/domains/example.com/records/A/ftp?limit=500",
        "/v1/domains/example.com/records/SRV/%40?limit=500",
        "/v1/domains/example.com/records/SRV/_sip._tls?limit=500",
        "/v1/domains/example.com/records/TXT/www?limit=500",
    ]


# Limits and diagnosis


def test_each_endpoint_has_the_published_limit_of_its_own() -> None:
    time = FakeTime()
    opened = godaddy(FakeGoDaddy([domain_row("example.com")], [record_row()]), time=time, rate=None)

    for _ in range(60):
        opened.read_zone(ZONE)
    opened.list_domains()
    assert time.slept == []

    opened.read_zone(ZONE)
    assert sum(time.slept) == pytest.approx(61)


def test_a_good_key_is_diagnosed_by_a_real_reading() -> None:
    fake = FakeGoDaddy([domain_row("example.com")])

    diagnosis = godaddy(fake).diagnose()

    assert (diagnosis.is_ok, diagnosis.code) == (True, "ok")
    assert fake.asked == ["/v1/domains?limit=1"]


@pytest.mark.parametrize(
    ("status", "body", "code", "remedy"),
    [
        (401, refusal("UNABLE_TO_AUTHENTICATE"), "bad_key", "Check the key and its secret"),
        (403, refusal("ACCESS_DENIED"), "too_few_domains", "fewer than 10 domains"),
        (403, refusal("SOMETHING_ELSE"), "unknown", "own words"),
        (429, refusal("TOO_MANY_REQUESTS"), "rate_limited", "Wait a few minutes"),
        (502, "bad gateway", "unreachable", "base_url"),
        (200, {}, "malformed", "base_url"),
    ],
)
def test_what_is_wrong_with_a_key_is_said_in_words(
    status: int, body: Any, code: str, remedy: str
) -> None:
    diagnosis = godaddy(refusing(status, body)).diagnose()

    assert (diagnosis.is_ok, diagnosis.code) == (False, code)
    assert remedy in diagnosis.text
