"""The worlds that the sandbox serves: the company, files of other people, synthetic ones."""

import gzip
import json
import re
from datetime import date, timedelta
from ipaddress import ip_address, ip_network
from itertools import pairwise
from pathlib import Path

import pytest

from dnsinv.domain.names import canonical_name, unicode_name
from dnsinv.domain.rdata import canonical
from dnsinv.errors import UsageError
from dnsinv.sandbox.identities import record_ids
from dnsinv.sandbox.presentation import quoted_text, text_of, words
from dnsinv.sandbox.world import Status, World, WorldDomain, WorldRecord, as_of
from dnsinv.sandbox.worlds import load_world

DATA = Path(__file__).parents[3] / "shared" / "data"
LAST_DAY = date(2026, 8, 22)
SAFE_NETWORKS = [
    ip_network(text)
    for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
]

needs_dotgov = pytest.mark.skipif(not (DATA / "dotgov").is_dir(), reason="no dotgov data here")
needs_moj = pytest.mark.skipif(not (DATA / "moj-dns").is_dir(), reason="no moj-dns data here")


def everything(world: World, day: date) -> dict[str, list[WorldRecord]]:
    return {domain.name: list(world.records(day, domain.name)) for domain in world.domains(day)}


# The company


@pytest.fixture(scope="module")
def company() -> World:
    return load_world("company", LAST_DAY)


def test_the_company_has_300_domains_and_about_3000_records(company: World) -> None:
    zones = everything(company, LAST_DAY)

    assert len(zones) == 300
    assert 2_700 <= sum(map(len, zones.values())) <= 3_500
    assert len(company.days()) >= 35
    assert company.days()[-1] == LAST_DAY


def test_everything_in_the_company_is_reserved_for_documentation(company: World) -> None:
    for name, records in everything(company, LAST_DAY).items():
        assert name.endswith(".example")
        for record in records:
            for number in re.findall(r"(?<![\w.])\d+\.\d+\.\d+\.\d+(?![\w.])", record.rdata):
                assert any(ip_address(number) in network for network in SAFE_NETWORKS), record
            if record.type == "AAAA":
                assert any(ip_address(record.rdata) in network for network in SAFE_NETWORKS)
            for host in re.findall(r"[a-z0-9-]+\.([a-z]{3,})\.? ?$", record.rdata):
                assert host == "example", record


def test_every_record_of_the_company_is_valid_and_has_a_key_of_its_own(company: World) -> None:
    for day in company.days()[::13]:
        for name, records in everything(company, day).items():
            keys = [(record.name, record.type, record.key) for record in records]
            assert len(set(keys)) == len(keys), name
            for record in records:
                assert record.key
                assert canonical_name(record.name).endswith(name)
                canonical(record.type, record.rdata)


def test_the_company_is_as_varied_as_real_ones(company: World) -> None:
    domains = company.domains(LAST_DAY)
    records = [record for zone in everything(company, LAST_DAY).values() for record in zone]

    assert {domain.status for domain in domains} >= {
        *(Status.ACTIVE, Status.PENDING, Status.EXPIRED, Status.LOCKED, Status.PARKED),
    }
    soon = [d for d in domains if LAST_DAY <= d.expires_on < LAST_DAY + timedelta(days=30)]
    assert len(soon) >= 5
    assert sum(domain.expires_on < LAST_DAY for domain in domains) >= 3
    assert 30 <= sum(not domain.auto_renew for domain in domains) <= 200
    assert any(unicode_name(domain.name) != domain.name for domain in domains)
    assert {record.type for record in records} >= {
        *("A", "AAAA", "CNAME", "MX", "TXT", "NS", "CAA", "SRV", "DS", "DNSKEY", "HTTPS", "TLSA"),
    }
    texts = [record.rdata for record in records if record.type == "TXT"]
    for beginning in ("v=spf1", "v=DKIM1", "v=DMARC1"):
        assert any(beginning in text for text in texts)
    assert any(len(words(text)) > 1 for text in texts)
    assert any(record.name.startswith("*.") for record in records)
    assert any(record.ttl is None for record in records)
    assert any(record.proxied for record in records)


def test_the_company_changes_by_a_handful_a_day(company: World) -> None:
    bought = dropped = renewed = expired = 0
    days = company.days()
    for before, after in pairwise(days):
        old = {domain.name: domain for domain in company.domains(before)}
        new = {domain.name: domain for domain in company.domains(after)}
        bought += len(new.keys() - old.keys())
        dropped += len(old.keys() - new.keys())
        for name in old.keys() & new.keys():
            renewed += new[name].expires_on > old[name].expires_on
            expired += (old[name].status, new[name].status) == (Status.ACTIVE, Status.EXPIRED)
    for earlier, later in pairwise([everything(company, day) for day in days[-12:]]):
        changed = [name for name in earlier.keys() & later.keys() if earlier[name] != later[name]]
        assert 1 <= len(changed) <= 25
    assert min(bought, dropped, renewed, expired) >= 2


def test_the_company_is_the_same_in_whatever_order_it_is_asked(company: World) -> None:
    again = load_world("company", LAST_DAY)
    days = company.days()[::10]

    backwards = {day: everything(again, day) for day in reversed(days)}

    assert {day: everything(company, day) for day in days} == backwards


def test_companies_that_end_on_different_days_agree_on_those_they_share(company: World) -> None:
    later = load_world("company", LAST_DAY + timedelta(days=9))

    assert list(later.domains(LAST_DAY)) == list(company.domains(LAST_DAY))
    assert everything(later, LAST_DAY) == everything(company, LAST_DAY)


# Synthetic worlds


def test_a_synthetic_world_has_the_size_that_its_name_says() -> None:
    world = load_world("synthetic:100000x10", LAST_DAY)
    domains = world.domains(LAST_DAY)

    assert len(domains) == 100_000
    assert domains[99_999].name == "zone-099999.example"
    assert [domain.name for domain in domains[:2]] == ["zone-000000.example", "zone-000001.example"]
    records = world.records(LAST_DAY, "zone-054321.example")
    assert len(set(records)) == 10
    for record in records:
        canonical(record.type, record.rdata)
    assert not world.records(LAST_DAY, "zone-100000.example")


def test_seeds_give_different_synthetic_worlds_and_churn_moves_some_records_a_day() -> None:
    one, two = (load_world(f"synthetic:50x10:{seed}", LAST_DAY) for seed in (1, 2))
    moving = load_world("synthetic:50x10:churn=2", LAST_DAY)

    assert everything(one, LAST_DAY) != everything(two, LAST_DAY)
    assert everything(one, LAST_DAY) == everything(one, LAST_DAY - timedelta(days=5))
    before = {r for zone in everything(moving, LAST_DAY - timedelta(days=1)).values() for r in zone}
    after = {r for zone in everything(moving, LAST_DAY).values() for r in zone}
    assert len(after - before) == 10


@pytest.mark.parametrize("spec", ["synthetic:10", "synthetic:axb", "nowhere", "synthetic:1x1:2:3"])
def test_a_text_that_names_no_world_is_refused_in_one_sentence(spec: str) -> None:
    with pytest.raises(UsageError, match="is no world"):
        load_world(spec, LAST_DAY)


def test_a_made_world_needs_its_last_day() -> None:
    with pytest.raises(UsageError, match="the day on which it ends"):
        load_world("company")


def test_a_day_between_two_is_the_earlier_one_and_a_day_before_all_is_refused(
    company: World,
) -> None:
    first, *_, last = company.days()

    assert as_of(company, last + timedelta(days=400)) == last
    with pytest.raises(UsageError, match=f"begins on {first}"):
        as_of(company, first - timedelta(days=1))


# Files


@pytest.fixture
def dotgov(tmp_path: Path) -> Path:
    rows = "Domain name,Domain type,City\nCITY.gov,City,One\nempty.gov,County,Two\n"
    lines = [
        ";; a comment",
        "gov.\t3600\tIN\tSOA\ta.ns.gov. dns.gov. 1 3600 900 604800 300",
        "",
        "city.gov.\t86400\tIN\tNS\tns1.City.gov.",
        "ns1.city.gov.\t3600\tIN\tA\t192.0.2.1 ; cf_tags=cf-proxied:false",
        "city.gov.\t3600\tIN\tDS\t1 13 2 " + "AB" * 32,
        "stranger.gov.\t86400\tIN\tNS\tns.example.",
    ]
    (tmp_path / "current-full.2026-01-02.csv.gz").write_bytes(gzip.compress(rows.encode()))
    (tmp_path / "gov-zone.2026-01-02.txt.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    (tmp_path / "current-full.2026-01-09.csv").write_text(rows)
    return tmp_path


def test_a_dotgov_zone_is_what_stands_at_or_below_a_row_of_the_csv(dotgov: Path) -> None:
    world = load_world(str(dotgov))
    day = date(2026, 1, 2)

    assert world.days() == [day, date(2026, 1, 9)]
    city, empty = world.domains(day)
    assert (city.name, city.nameservers) == ("city.gov", ("ns1.City.gov",))
    assert (empty.name, list(world.records(day, "empty.gov"))) == ("empty.gov", [])
    assert list(world.records(day, "city.gov")) == [
        WorldRecord("city.gov", "NS", 86_400, "ns1.City.gov."),
        WorldRecord("ns1.city.gov", "A", 3600, "192.0.2.1"),
        WorldRecord("city.gov", "DS", 3600, "1 13 2 " + "AB" * 32),
    ]
    assert not world.records(day, "gov")
    assert not world.records(day, "stranger.gov")


def test_a_day_without_a_zone_file_has_domains_without_records(dotgov: Path) -> None:
    world = load_world(str(dotgov))

    zones = everything(world, date(2026, 1, 9))

    assert zones == {"city.gov": [], "empty.gov": []}


@needs_dotgov
def test_dotgov_of_2026_08_22_has_every_domain_and_all_records_but_six() -> None:
    world = load_world(str(DATA / "dotgov" / "full-and-zone-sampled"))
    day = world.days()[-1]

    zones = everything(world, day)

    assert (day, len(zones)) == (date(2026, 8, 22), 16_539)
    # 47,807 lines less five of gov itself and one of _dmarc.gov, which no row of the CSV owns.
    assert sum(map(len, zones.values())) == 47_801
    assert sum(not records for records in zones.values()) == 3


@needs_dotgov
def test_federal_daily_and_old_headers_are_read_as_domains_alone() -> None:
    daily = load_world(str(DATA / "dotgov" / "federal-daily"))
    drifted = load_world(str(DATA / "dotgov" / "header-drift"))

    assert len(daily.days()) == 42
    assert [len(daily.domains(day)) for day in (daily.days()[0], daily.days()[-1])] == [1342, 1321]
    for day in drifted.days():
        names = [domain.name for domain in drifted.domains(day)]
        assert len(names) > 6_000
        assert all(name == canonical_name(name) for name in names)


def moj_file(directory: Path, day: str, *record_sets: tuple[str, str, str | None, object]) -> None:
    rows = [
        {"zone": zone, "name": name, "type": kind, "ttl": None, "values": values}
        for zone, name, kind, values in record_sets
    ]
    path = directory / f"moj-recordsets.{day}.json.gz"
    path.write_bytes(gzip.compress(json.dumps(rows).encode()))


def test_octodns_values_become_presentation_form(tmp_path: Path) -> None:
    alias = {"name": "d1.cdn.example.", "type": "A"}
    moj_file(
        tmp_path,
        "2026-03-02",
        ("court.example", "", "TXT", ["v=DMARC1\\; p=none", 'two""parts']),
        ("court.example", "", "MX", [{"preference": 0, "exchange": "."}]),
        (
            "court.example",
            "_sip._tls",
            "SRV",
            [{"port": 443, "priority": 1, "weight": 2, "target": "s"}],
        ),
        ("court.example", "", "CAA", [{"flags": 0, "tag": "issue", "value": ";"}]),
        ("court.example", "", "Route53Provider/ALIAS", [alias]),
        ("court.example", "www", "CNAME", ["Court.example"]),
        ("octodns", "providers", None, [None]),
    )
    world = load_world(str(tmp_path))
    (day,) = world.days()

    assert [domain.name for domain in world.domains(day)] == ["court.example"]
    assert [(r.name, r.type, r.rdata) for r in world.records(day, "court.example")] == [
        ("court.example", "TXT", '"v=DMARC1; p=none"'),
        ("court.example", "TXT", r'"two\"\"parts"'),
        ("court.example", "MX", "0 ."),
        ("_sip._tls.court.example", "SRV", "1 2 443 s"),
        ("court.example", "CAA", '0 issue ";"'),
        ("court.example", "Route53Provider/ALIAS", json.dumps(alias, sort_keys=True)),
        ("www.court.example", "CNAME", "Court.example"),
    ]


@needs_moj
def test_moj_has_405_zones_and_every_value_but_the_two_stray_ones() -> None:
    world = load_world(str(DATA / "moj-dns" / "snapshots"))

    zones = everything(world, world.days()[-1])

    assert len(world.days()) == 38
    assert len(zones) == 405
    assert sum(map(len, zones.values())) == 6_549


# What worlds are made of


@pytest.mark.parametrize("text", ["", " ", 'a "b" \\c', "x" * 600, "ünd 北", "a;b"])
def test_a_text_survives_quotes_chunks_and_escapes(text: str) -> None:
    assert text_of(quoted_text(text)) == text
    assert all(len(chunk) <= 2 + 4 * 255 for chunk in words(quoted_text(text)))


class Diary:
    """A world of one zone, given day by day as (type, data)."""

    def __init__(self, *days: list[tuple[str, str]]) -> None:
        self._zones = {date(2026, 1, n + 1): zone for n, zone in enumerate(days)}

    def days(self) -> list[date]:
        return list(self._zones)

    def domains(self, _day: date) -> list[WorldDomain]:
        return [WorldDomain("a.example", 1, date(2020, 1, 1), date(2027, 1, 1))]

    def records(self, day: date, domain_name: str) -> list[WorldRecord]:
        return [WorldRecord(domain_name, kind, 300, rdata) for kind, rdata in self._zones[day]]

    def ids(self) -> list[dict[tuple[str, str], str]]:
        return [
            dict(zip(zone, record_ids(self, day, "a.example"), strict=True))
            for day, zone in self._zones.items()
        ]


def test_an_edit_keeps_the_id_and_another_type_never_takes_it() -> None:
    first, second = Diary([("A", "192.0.2.1"), ("MX", "1 a.")], [("A", "192.0.2.2")]).ids()

    assert second["A", "192.0.2.2"] == first["A", "192.0.2.1"] != first["MX", "1 a."]


def test_a_removed_neighbour_moves_no_id_and_a_new_value_never_gets_an_old_one() -> None:
    diary = Diary(
        [("NS", "a."), ("NS", "b."), ("NS", "c.")],
        [("NS", "c."), ("NS", "b.")],
        [("NS", "b."), ("NS", "c."), ("NS", "d.")],
    )
    first, second, third = diary.ids()

    assert second == {key: first[key] for key in second}
    assert {key: third[key] for key in second} == second
    assert third["NS", "d."] not in first.values()
    assert all(re.fullmatch("[0-9a-f]{32}", identifier) for identifier in third.values())
