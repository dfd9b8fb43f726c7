"""What the random scenarios found, each in its smallest form: one lie is always found out."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from dnsinv.domain.domains import Domain, Lifecycle
from dnsinv.domain.records import Record
from dnsinv.errors import IncompleteListing, NoZoneHere
from tests.core.fakes_http import provider, reply
from tests.core.scripted import Scripted, a_record, domain
from tests.never.account import ALL, ZONE, Account, an_account


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    with an_account(tmp_path) as account:
        yield account


@pytest.mark.parametrize("lie", [[], NoZoneHere("no zone file")])
def test_a_lie_at_the_first_reading_of_a_zone_makes_no_changes_later(
    account: Account, lie: Any
) -> None:
    account.provider.faults[ZONE] = [lie]
    assert account.collect().state == "partial"
    assert account.collect().state == "completed"
    assert account.changes() == []
    assert account.lake.query("select count(*) from dns_records") == [(10,)]


def test_a_domain_whose_dns_is_elsewhere_is_asked_twice_at_first_and_then_once(
    account: Account,
) -> None:
    account.provider.faults[ZONE] = [NoZoneHere("elsewhere") for _ in range(3)]
    assert account.collect().zones_no_zone_here == 1
    account.provider.reads.clear()
    assert account.collect().zones_no_zone_here == 1
    assert account.provider.reads.count(ZONE) == 1


Pages = Callable[[int], list[dict[str, Any]]]
RECORDS = [
    {"type": "A", "name": f"h{number}", "data": f"192.0.2.{number}", "ttl": 600}
    for number in range(1, 8)
]


@pytest.mark.parametrize(
    "behind",
    [
        pytest.param(lambda offset: RECORDS[offset:], id="offsets from 0"),
        pytest.param(lambda offset: RECORDS[offset - 1 :] if offset else RECORDS, id="from 1"),
        pytest.param(lambda offset: RECORDS if offset in (0, 1) else [], id="pages"),
        pytest.param(lambda _offset: RECORDS, id="ignored"),
    ],
)
def test_a_first_reading_of_v1_is_whole_however_offsets_are_counted(behind: Pages) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return reply(behind(int(request.url.params.get("offset", 0))))

    zone = domain(ZONE)
    account = provider("godaddy_v1", answer)
    assert account.is_whole(zone, account.read_zone(zone))


def test_a_first_reading_of_v1_that_is_cut_short_is_not_whole() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        behind = RECORDS[int(request.url.params.get("offset", 0)) :]
        return reply(behind[: max(1, len(behind) // 2)])

    zone = domain(ZONE)
    account = provider("godaddy_v1", answer)
    records = account.read_zone(zone)
    assert len(records) == 3
    assert not account.is_whole(zone, records)


@pytest.mark.parametrize("kind", ["cloudflare", "godaddy_v1", "godaddy_v3"])
def test_a_first_reading_that_is_empty_is_made_again(kind: str) -> None:
    row = {"id": "r1", **RECORDS[0], "content": "192.0.2.1", "name": f"h1.{ZONE}"}
    bodies: dict[str, Callable[[list[Any]], Any]] = {
        "cloudflare": lambda rows: {
            "success": True,
            "result": rows,
            "result_info": {
                "page": 1,
                "per_page": 50_000,
                "count": len(rows),
                "total_count": len(rows),
            },
        },
        "godaddy_v1": lambda rows: rows,
        "godaddy_v3": lambda rows: {"items": rows, "totalItems": len(rows)},
    }
    rows: list[dict[str, Any]] = []
    account = provider(kind, lambda _request: reply(bodies[kind](rows)))
    zone = Domain(ZONE, Lifecycle.ACTIVE, "ACTIVE", "z1")
    assert account.is_whole(zone, account.read_zone(zone))
    rows.append(row)
    assert not account.is_whole(zone, [])


class Lying(Scripted):
    """Tells lies about the list (which then has these names only) and denies names, in order."""

    lists: list[list[str]]
    denials: list[str]

    def list_domains(self) -> list[Domain]:
        self.listed = self.lists.pop(0) if self.lists else None
        return super().list_domains()

    def still_listed(self, domain: Domain) -> bool:
        self.requests += 1
        if domain.name in self.denials:
            self.denials.remove(domain.name)
            return False
        return domain.name in self.zones


@pytest.fixture
def liar(account: Account) -> Lying:
    account.collect()
    liar = Lying(account.provider.zones)
    liar.lists, liar.denials = [], []
    account.provider = liar
    return liar


def test_a_list_that_lies_once_removes_nothing_even_if_the_name_is_denied_for_good(
    account: Account, liar: Lying
) -> None:
    liar.lists, liar.denials = [ALL[1:]], ["alpha.example"] * 9
    assert account.collect().state == "completed"
    assert account.changes() == []


def test_a_name_that_is_denied_once_is_not_removed_even_if_lists_leave_it_out_for_good(
    account: Account, liar: Lying
) -> None:
    liar.lists, liar.denials = [ALL[1:]] * 9, ["alpha.example"]
    assert account.collect().state == "failed"
    assert account.changes() == []


def test_where_names_are_denied_that_are_listed_no_denial_counts(
    account: Account, liar: Lying
) -> None:
    liar.lists, liar.denials = [ALL[1:]] * 9, ALL * 9
    collection = account.collect()
    assert collection.state == "failed"
    assert "beta.example" in collection.errors
    assert account.changes() == []


def test_an_empty_first_list_is_asked_for_again(account: Account) -> None:
    liar = Lying(account.provider.zones)
    liar.lists, liar.denials = [[]], []
    account.provider = liar
    assert account.collect().domains == 5


def test_a_domain_that_goes_while_the_account_is_listed_again_is_missing_as_well(
    account: Account, liar: Lying
) -> None:
    liar.lists, liar.denials = [ALL[1:], ALL[2:], ALL[2:]], ALL[:2] * 3
    collection = account.collect()
    assert collection.state == "held"
    assert "2 of 5 domains are missing at once (alpha.example, beta.example)" in collection.errors


def test_an_emptied_zone_without_its_soa_is_released_by_a_person_only(account: Account) -> None:
    soa = Record(ZONE, ZONE, "SOA", "ns1.example dns.example 5 1 1 1 1", 3600, managed=True)
    records = account.provider.zones[ZONE]
    account.provider.zones[ZONE] = [*records, soa]
    account.collect()
    account.provider.zones[ZONE] = []
    assert [account.collect().state for _ in range(3)] == ["partial"] * 3
    assert account.changes() == []

    account.engine.accept(account.collect().id)
    assert [change for _, change in account.changes()] == ["removed"] * 2


def test_a_zone_listed_with_its_name_servers_and_without_the_soa_it_had_is_held(
    account: Account,
) -> None:
    soa = Record(ZONE, ZONE, "SOA", "ns1.example dns.example 5 1 1 1 1", 3600, managed=True)
    servers = [Record(ZONE, ZONE, "NS", f"ns{n}.example", 3600, managed=True) for n in (1, 2)]
    account.provider.zones[ZONE] += [*servers, soa]
    account.collect()
    account.provider.zones[ZONE] = [*account.provider.zones[ZONE][:1], servers[0]]
    assert [account.collect().state for _ in range(3)] == ["partial"] * 3
    assert account.changes() == []


def test_v1_whose_every_answer_is_cut_to_its_half_is_found_out_by_a_set_of_one() -> None:
    rows = [
        {"type": "A", "name": "a", "data": "192.0.2.1", "ttl": 600},
        {"type": "A", "name": "a", "data": "192.0.2.2", "ttl": 600},
        *RECORDS[1:7],
    ]

    def answer(request: httpx.Request) -> httpx.Response:
        *_, kind, label = request.url.path.split("/")
        found = [row for row in rows if (row["type"], row["name"]) == (kind, label)]
        whole = rows if label == "records" else found
        return reply(whole[: len(whole) // 2])

    account = provider("godaddy_v1", answer)
    with pytest.raises(IncompleteListing, match="does not list"):
        account.still_served(domain(ZONE), [a_record(ZONE, "h6", "192.0.2.6")])


def test_v1_asked_for_record_sets_must_give_those_that_it_lists() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        is_whole_zone = request.url.path.endswith("/records")
        return reply(RECORDS[:3] if is_whole_zone else [])

    zone = domain(ZONE)
    account = provider("godaddy_v1", answer)
    gone = a_record(ZONE, "h7", "192.0.2.7")
    with pytest.raises(IncompleteListing, match="does not list"):
        account.still_served(zone, [gone])


def test_v1_says_gone_what_neither_its_set_nor_a_second_reading_has() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        *_, kind, label = request.url.path.split("/")
        sets = [row for row in RECORDS[:3] if (row["type"], row["name"]) == (kind, label)]
        return reply(RECORDS[:3] if label == "records" else sets)

    zone = domain(ZONE)
    records = [a_record(ZONE, f"h{number}", f"192.0.2.{number}") for number in (2, 7)]
    assert provider("godaddy_v1", answer).still_served(zone, records) == records[:1]
    assert provider("godaddy_v1", answer).still_served(zone, records[1:]) == []


def test_cloudflare_is_asked_for_single_records_where_its_list_is_empty() -> None:
    there = {"id": "r1", "name": f"h1.{ZONE}", "type": "A", "content": "192.0.2.1", "ttl": 1}
    info = {"page": 1, "per_page": 50_000, "count": 0, "total_count": 0}

    def answer(request: httpx.Request) -> httpx.Response:
        *_, last = request.url.path.split("/")
        if last == "dns_records":
            return reply({"success": True, "result": [], "result_info": info})
        if last == "r1":
            return reply({"success": True, "result": there})
        error = {"code": 81044, "message": "Record does not exist."}
        return reply({"success": False, "result": None, "errors": [error]}, 404)

    zone = Domain(ZONE, Lifecycle.ACTIVE, "active", "z1")
    records = [a_record(ZONE, "h", "192.0.2.1", record_id=f"r{number}") for number in (2, 1)]
    account = provider("cloudflare", answer)
    assert account.still_served(zone, records) == records[1:]
    assert account.still_served(zone, records[:1]) == []
