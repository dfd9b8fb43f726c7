"""Pages of lists: filters, orders, totals and owners, checked against plain SQL, on both stores."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from dnsinv.actions.acting import Actor, NotAllowed
from dnsinv.actions.annotate import annotate
from dnsinv.actions.assign import Mode, assign_domains, assign_records
from dnsinv.actions.backup import make_backup
from dnsinv.actions.groups import create_group
from dnsinv.actions.installation import Installation
from dnsinv.actions.ownership import Ownership
from dnsinv.actions.people import create_user, update_user
from dnsinv.actions.queries import ChangeQuery, DomainQuery, RecordQuery
from dnsinv.actions.reading import NotAtHand, Reader
from dnsinv.actions.restore import restore
from dnsinv.domain.records import Record, RecordIdentity
from dnsinv.errors import LakeError, NotThere, UsageError
from dnsinv.lake.people_tables import BESIDE
from dnsinv.lake.schemas import DNS_RECORDS, DOMAINS
from dnsinv.store import audit, owning
from tests.core.observed import Observed
from tests.core.scripted import a_record
from tests.core.stores import ROOT

NAMES = [f"{word}-{number}.example" for word in ("shop", "mail", "lab") for number in range(30)]


def zones(names: list[str]) -> dict[str, list[Record]]:
    return {
        name: [
            a_record(name, "www", f"192.0.2.{place % 7}"),
            a_record(name, "mail", "192.0.2.9"),
            Record(name, name, "MX", f"mx.{name}", 300, priority=10),
        ]
        for place, name in enumerate(names)
    }


@pytest.fixture
def observed(installation: Installation) -> Observed:
    seen = Observed(installation)
    seen.observe(zones([*NAMES, "xn--bcher-kva.example"]))
    seen.observe(zones(["lab-1.example", "cdn.example"]), "cf-1", "cloudflare")
    return seen


@pytest.fixture
def reader(installation: Installation, observed: Observed) -> Iterator[Reader]:
    opened = Reader(installation)
    yield opened
    opened.close()


def names(reader: Reader, **asked: object) -> list[str]:
    page = reader.domains(ROOT, DomainQuery(limit=500, **asked))  # type: ignore[arg-type]
    assert page.total == len(page.items)
    return [each["name"] for each in page.items]


def records(reader: Reader, **asked: object) -> list[tuple[str, str, str]]:
    page = reader.records(ROOT, RecordQuery(limit=500, **asked))  # type: ignore[arg-type]
    assert page.total == len(page.items)
    return [(each["name"], each["type"], each["content"]) for each in page.items]


def test_pages_together_are_all_rows_once_in_order(reader: Reader) -> None:
    first = reader.domains(ROOT, DomainQuery(limit=7))
    pages = [reader.domains(ROOT, DomainQuery(limit=7, page=1 + n)) for n in range(first.pages)]
    found = [each["name"] for page in pages for each in page.items]
    assert found == sorted([*NAMES, "cdn.example", "xn--bcher-kva.example"])
    assert {page.total for page in pages} == {92}
    assert first.pages == 14
    assert reader.domains(ROOT, DomainQuery(limit=7, page=15)).items == []


@pytest.mark.parametrize(
    "sort", ["-name", "status", "-expires_on", "record_count", "-first_seen_at"]
)
def test_any_order_is_total_and_its_pages_are_slices_of_it(reader: Reader, sort: str) -> None:
    whole = names(reader, sort=sort)
    pages = [reader.domains(ROOT, DomainQuery(limit=10, page=n, sort=sort)) for n in range(1, 11)]
    assert [each["name"] for page in pages for each in page.items] == whole
    assert sorted(whole) == names(reader)


def test_what_a_page_says_is_what_the_datasets_say(
    reader: Reader, installation: Installation
) -> None:
    items = reader.domains(ROOT, DomainQuery(limit=500)).items
    assert set(items[0]) == {*DOMAINS.names, *(each.name for each in BESIDE["domains"])}
    rows = installation.lake.query(
        "select name, status, record_count, sources from domains order by 1"
    )
    told = [(e["name"], e["status"], e["record_count"], e["sources"]) for e in items]
    assert told == rows
    item = reader.records(ROOT, RecordQuery(limit=1)).items[0]
    assert set(item) == {*DNS_RECORDS.names, *(each.name for each in BESIDE["dns_records"])}
    assert item["first_seen_at"].endswith("Z")


def test_search_finds_parts_of_names_in_either_form_and_any_case(reader: Reader) -> None:
    assert names(reader, search="SHOP-1") == sorted(n for n in NAMES if n.startswith("shop-1"))
    assert names(reader, search="Bücher") == ["xn--bcher-kva.example"]
    assert names(reader, search="bu\u0308cher") == ["xn--bcher-kva.example"], "NFD"
    assert names(reader, search="xn--b") == ["xn--bcher-kva.example"]
    assert names(reader, search="-29.") == ["lab-29.example", "mail-29.example", "shop-29.example"]
    for odd in ("%", "_", "' or 1=1 --", "\\", '"', "a\nb", ")", "e.example s"):
        assert names(reader, search=odd) == [], odd


def test_search_together_with_other_filters_and_orders(reader: Reader) -> None:
    assert names(reader, search="lab-1", provider="cloudflare") == ["lab-1.example"]
    assert names(reader, search="lab-1", status="active", sort="-name") == sorted(
        (n for n in NAMES if n.startswith("lab-1")), reverse=True
    )


def test_filters_of_domains(reader: Reader) -> None:
    assert names(reader, provider="cloudflare") == ["cdn.example", "lab-1.example"]
    assert names(reader, status="(active, active)") == ["lab-1.example"]
    assert names(reader, status="(-, active)") == ["cdn.example"]
    assert len(names(reader, status="active")) == 92
    assert names(reader, status="expired") == []
    assert names(reader, expiring=0) == []


def test_filters_of_records(reader: Reader) -> None:
    assert len(records(reader, type="mx")) == 93
    assert len(records(reader, domain="Lab-1.example.")) == 6
    assert len(records(reader, domain="lab-1.example", provider="cloudflare")) == 3
    assert records(reader, search="mx.cdn") == [("cdn.example", "MX", "mx.cdn.example")]
    assert records(reader, domain="not a name") == []


@pytest.mark.parametrize(
    "asked",
    [
        lambda: DomainQuery(limit=0),
        lambda: DomainQuery(limit=501),
        lambda: DomainQuery(page=0),
        lambda: DomainQuery(status="fine"),
        lambda: DomainQuery(status="(active, active, active)"),
        lambda: DomainQuery(expiring=-1),
        lambda: DomainQuery(search="x" * 2_000),
        lambda: ChangeQuery(since="yesterday"),
        lambda: ChangeQuery(change="gone"),
        lambda: ChangeQuery(kind="zone"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(asked: object) -> None:
    with pytest.raises(UsageError):
        asked()  # type: ignore[operator]


@pytest.mark.parametrize("sort", ["pos", "name; drop table domains", "--name", "", "owners"])
def test_unknown_orders_are_refused(reader: Reader, sort: str) -> None:
    with pytest.raises(UsageError, match="There is no sort"):
        reader.domains(ROOT, DomainQuery(sort=sort))


def test_the_version_is_at_hand_until_somebody_commits_anything(
    reader: Reader, installation: Installation
) -> None:
    assert reader.version_at_hand() is None
    version = reader.version()
    has_number = installation.store.version() is not None  # Postgres has none to tell it by
    assert reader.version_at_hand() == (version if has_number else None)
    create_group(installation, ROOT, "ops")
    assert reader.version_at_hand() is None
    assert reader.version() != version


def test_owners_are_shown_and_filtered_by_as_soon_as_they_are_assigned(
    reader: Reader, installation: Installation
) -> None:
    create_user(installation, ROOT, {"name": "Ada", "email": "ada@shop.example"})
    create_group(installation, ROOT, "ops")
    assert len(names(reader, unowned=True)) == 92
    before = reader.version()

    assign_domains(installation, ROOT, ["lab-1.example", "lab-2.example"], ["Ada", "group:ops"])

    assert reader.version() != before
    for asked in (
        {"owner": "ada@shop.example"},
        {"owner": "ADA"},
        {"group": "ops"},
        {"owner": "group:ops"},
    ):
        assert names(reader, **asked) == ["lab-1.example", "lab-2.example"]
    assert len(names(reader, unowned=True)) == 90
    found = reader.domain(ROOT, "lab-1.example")
    assert found is not None
    assert (found["owners"], found["groups"]) == (["Ada"], ["ops"])

    assign_domains(installation, ROOT, ["lab-1.example"], ["Ada"], Mode.REMOVE)

    assert names(reader, owner="Ada") == ["lab-2.example"]
    update_user(installation, ROOT, "Ada", {"name": "Ada L"})
    assert names(reader, owner="Ada L") == ["lab-2.example"]
    with pytest.raises(UsageError):
        names(reader, owner="Ada")
    with pytest.raises(NotThere):
        names(reader, group="press")


def test_who_began_to_read_before_a_change_takes_nobody_back_behind_it(
    reader: Reader, installation: Installation
) -> None:
    people = Ownership(reader._models.database, installation.store)

    def owned() -> set[str]:
        with reader._models.database.cursor() as con:
            rows = con.execute("select domain from people.owned_domains").fetchall()
        return {name for (name,) in rows}

    create_group(installation, ROOT, "ops")
    with installation.store.snapshot() as earlier:
        before = owning.state(earlier)
        assign_domains(installation, ROOT, ["lab-1.example"], ["group:ops"])
        with installation.store.read() as later:
            after = people.catch_up(later)
        assert people.catch_up(earlier) == after != before
    assert owned() == {"lab-1.example"}


def last_entry(installation: Installation) -> int:
    with installation.store.read() as db:
        return audit.last_seq(db)


def test_a_store_that_went_another_way_from_an_earlier_entry_is_another_version(
    reader: Reader, installation: Installation
) -> None:
    create_group(installation, ROOT, "ops")
    before = make_backup(installation, ROOT)
    assign_domains(installation, ROOT, ["lab-1.example"], ["group:ops"])
    one_way, found, seq = reader.version(), names(reader, group="ops"), last_entry(installation)
    restore(installation.settings, ROOT, before.path, discards_present=True)
    assign_domains(installation, ROOT, ["lab-2.example"], ["group:ops"])
    assert last_entry(installation) == seq
    assert found == ["lab-1.example"]
    assert names(reader, group="ops") == ["lab-2.example"]
    assert reader.version() != one_way


def test_a_record_has_its_domains_owners_unless_it_has_its_own(
    reader: Reader, installation: Installation
) -> None:
    for name in ("Ada", "Bob"):
        create_user(installation, ROOT, {"name": name})
    assign_domains(installation, ROOT, ["lab-1.example"], ["Ada"])
    www = RecordIdentity(
        "lab-1.example",
        "www.lab-1.example",
        "A",
        records(reader, domain="lab-1.example", provider="godaddy", search="www")[0][2],
    )
    assign_records(installation, ROOT, [www], ["Bob"])

    owned = {
        (each["name"], each["type"]): each["owners"]
        for each in reader.records(
            ROOT, RecordQuery(domain="lab-1.example", provider="godaddy")
        ).items
    }
    assert owned == {
        ("lab-1.example", "MX"): ["Ada"],
        ("mail.lab-1.example", "A"): ["Ada"],
        ("www.lab-1.example", "A"): ["Bob"],
    }
    assert {name for name, *_ in records(reader, owner="Bob")} == {"www.lab-1.example"}
    assert {name for name, *_ in records(reader, owner="Ada")} == {
        "lab-1.example",
        "mail.lab-1.example",
        "www.lab-1.example",
    } - ({"www.lab-1.example"} if len(records(reader, owner="Bob")) == 2 else set())
    assert len(records(reader, unowned=True)) + len(records(reader, owner="Ada")) + len(
        records(reader, owner="Bob")
    ) == len(records(reader))


def test_notes_and_tags_are_shown_and_tags_filter(
    reader: Reader, installation: Installation
) -> None:
    annotate(installation, ROOT, "lab-1.example", note="Ask Ada first.", tags=["core", "2026"])
    found = reader.domain(ROOT, "LAB-1.example")
    assert found is not None
    assert (found["note"], found["tags"]) == ("Ask Ada first.", ["2026", "core"])
    assert names(reader, tag="core") == ["lab-1.example"]
    annotate(installation, ROOT, "lab-1.example", tags=[])
    assert names(reader, tag="core") == []


def test_names_and_records_for_bulk_changes_are_all_that_match(reader: Reader) -> None:
    query = DomainQuery(search="shop", limit=1, page=3)
    assert reader.names_of(ROOT, query) == sorted(n for n in NAMES if n.startswith("shop"))
    found = reader.record_keys_of(ROOT, RecordQuery(domain="cdn.example", limit=1))
    assert {each.type for each in found} == {"A", "MX"}
    assert len(found) == 3


def test_who_may_not_read_is_refused_everywhere(reader: Reader, installation: Installation) -> None:
    create_user(installation, ROOT, {"name": "Ada"})
    ada = Actor("Ada", "api", user_id=1)
    assert reader.domains(ada, DomainQuery()).total == 92
    update_user(installation, ROOT, "Ada", {"is_active": False})
    for read in (
        lambda: reader.domains(ada, DomainQuery()),
        lambda: reader.records(ada, RecordQuery()),
        lambda: reader.changes(ada, ChangeQuery()),
        lambda: reader.domain(ada, "lab-1.example"),
        lambda: reader.names_of(ada, DomainQuery()),
        lambda: reader.stats(ada),
        lambda: reader.history(ada, "lab-1.example"),
        lambda: reader.zone(ada, "lab-1.example"),
    ):
        with pytest.raises(NotAllowed):
            read()


def test_a_new_read_model_is_switched_to_while_others_read(
    reader: Reader, observed: Observed
) -> None:
    stop = threading.Event()

    def read() -> set[int]:
        totals = set()
        while not stop.is_set():
            totals.add(reader.domains(ROOT, DomainQuery(sort="-name", search="e")).total)
            totals.add(reader.domains(ROOT, DomainQuery(page=2)).total)
        return totals

    before = reader.version()
    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read) for _ in range(4)]
        try:
            for day in range(3):
                new = [f"new-{number}.example" for number in range(day + 1)]
                observed.observe(zones([*NAMES, "xn--bcher-kva.example", *new]))
                assert reader.version() != before
        finally:
            stop.set()
        assert set().union(*(each.result() for each in readers)) <= {92, 93, 94, 95}
    assert reader.domains(ROOT, DomainQuery()).total == 95


def test_changes_are_found_by_time_place_and_kind(reader: Reader, observed: Observed) -> None:
    assert reader.changes(ROOT, ChangeQuery()).total == 0, "a baseline makes no changes"
    after = zones([*NAMES[1:], "xn--bcher-kva.example"])
    after["lab-1.example"][0] = replace(after["lab-1.example"][0], ttl=60)
    observed.observe(after)
    found = reader.changes(ROOT, ChangeQuery(domain="lab-1.example")).items
    assert [(e["kind"], e["change"], e["before"]["ttl"], e["after"]["ttl"]) for e in found] == [
        ("record", "modified", 3600, 60)
    ]
    gone = reader.changes(ROOT, ChangeQuery(kind="domain", change="removed"))
    assert [each["name"] for each in gone.items] == ["shop-0.example"]
    at = found[0]["observed_at"]
    assert (
        reader.changes(ROOT, ChangeQuery(since=at)).total
        == reader.changes(ROOT, ChangeQuery()).total
    )
    assert reader.changes(ROOT, ChangeQuery(until=at)).total == 0
    assert reader.changes(ROOT, ChangeQuery(until=at[:10])).total > 0, "the whole day"
    removed = reader.domains(ROOT, DomainQuery(removed=True))
    assert [each["name"] for each in removed.items] == ["shop-0.example"]
    assert reader.domain(ROOT, "shop-0.example") is not None


def test_history_is_of_the_domain_and_its_records(reader: Reader, observed: Observed) -> None:
    assert reader.history(ROOT, "lab-2.example").total == 4
    after = zones([*NAMES, "xn--bcher-kva.example"])
    after["lab-2.example"][0] = replace(after["lab-2.example"][0], ttl=60)
    observed.observe(after)
    periods = reader.history(ROOT, "www.lab-2.example").items
    assert [(e["values"]["ttl"], e["valid_to"] is None) for e in periods] == [
        (60, True),
        (3600, False),
    ]
    assert reader.history(ROOT, "lab-2.example", page=2, limit=4).total == 5
    assert reader.history(ROOT, "nowhere.example").items == []


def test_stats_count_what_there_is(reader: Reader, installation: Installation) -> None:
    create_group(installation, ROOT, "ops")
    assign_domains(installation, ROOT, ["lab-1.example"], ["ops"])
    stats = reader.stats(ROOT)
    assert (stats["domains"], stats["records"], stats["unowned"]) == (92, 279, 91)
    assert {each["provider"]: each["domains"] for each in stats["providers"]} == {
        "cloudflare": 2,
        "godaddy": 91,
    }
    assert sum(each["domains"] for each in stats["statuses"]) == 92
    assert len(stats["changes"]) == 30


def test_an_inventory_without_a_collection_is_empty_and_says_no_more(
    installation: Installation,
) -> None:
    reader = Reader(installation)
    try:
        assert reader.domains(ROOT, DomainQuery()).total == 0
    finally:
        reader.close()


def test_a_lost_read_model_is_told_in_a_sentence(
    installation: Installation, observed: Observed
) -> None:
    for path in installation.lake.layout.cache.iterdir():
        path.unlink()
    reader = Reader(installation)
    try:
        with pytest.raises(LakeError, match="read model"):
            reader.domains(ROOT, DomainQuery())
    finally:
        reader.close()


def test_what_takes_a_while_is_not_at_hand_until_somebody_took_it(reader: Reader) -> None:
    assert reader.at_hand().domains(ROOT, DomainQuery()) == reader.domains(ROOT, DomainQuery())
    for query in (DomainQuery(search="lab-7"), DomainQuery(sort="-expires_on")):
        with pytest.raises(NotAtHand):
            reader.at_hand().domains(ROOT, query)
        found = reader.domains(ROOT, query)
        assert reader.at_hand().domains(ROOT, query) == found
    with pytest.raises(NotAtHand):
        reader.at_hand().domains(ROOT, DomainQuery(unowned=True))
    with pytest.raises(NotAtHand):
        reader.at_hand().stats(ROOT)
