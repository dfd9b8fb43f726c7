"""Which template is suggested for a file, which fields it takes, and what is said about that."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnsinv.migration.chunks import Chunk
from dnsinv.migration.day_formats import are_ambiguous, day_formats
from dnsinv.migration.items import open_items
from dnsinv.migration.suggest import SUGGESTED, Suggestion, suggest
from dnsinv.migration.templates import template
from dnsinv.migration.transform import Transformer
from dnsinv.migration.zone_guess import guess_zone

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/data is not here")


def of_file(name: str) -> tuple[Suggestion, Chunk]:
    """The suggestion for a file, from its first 1,000 items, and all its items."""
    with open_items(SHARED / name) as items:
        [chunk] = items.chunks(100_000)
    keys = chunk.keys and chunk.keys[:1000]
    return suggest(chunk.values[:1000], keys=keys, file_name=Path(name).name), chunk


def taken(found: Suggestion) -> dict[str, str]:
    return {guess.column: guess.path for guess in found.mapping}


@needs_data
@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("is-a-dev/is-a-dev.2026-08-22.json.gz", "records"),
        ("is-a-dev-early/is-a-dev-early.2022-01-01.json.gz", "record"),
        ("is-a-dev-early/is-a-dev-early.2022-01-31.json.gz", "record"),
    ],
)
def test_a_register_is_understood_with_its_zone_and_imports_without_an_error(
    name: str, field: str
) -> None:
    found, chunk = of_file(name)
    data = [each for item in chunk.values for each in item[field].values()]
    records = sum(len(each) if isinstance(each, list) else 1 for each in data)

    assert found.template.id == SUGGESTED
    assert 0.6 < found.confidence < 1
    assert taken(found) == {
        "subdomain": "file",
        "domain": "",
        "type": f"{field}.*",
        "data": f"{field}.*[*]",
        "owners": "owner.email",
    }
    result = Transformer(found.template).apply(chunk)
    assert result.errors.num_rows == 0
    assert result.records.num_rows == records
    assert set(result.records.column("domain").to_pylist()) == {"is-a.dev"}
    assert any("MX" in question for question in found.questions)


@needs_data
def test_a_snapshot_of_octodns_zones_is_known() -> None:
    found, _ = of_file("moj-dns/snapshots/moj-recordsets.2026-03-02.json.gz")

    assert found.template.id == "flat-zones"
    assert found.confidence > 0.9
    assert taken(found) == {
        "domain": "zone",
        "subdomain": "name",
        "type": "type",
        "data": "values",
        "ttl": "ttl",
    }


@needs_data
@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("header-drift/current-full.2022-01-11.csv.gz", "Domain Name"),
        ("header-drift/current-full.2023-10-17.csv.gz", "Domain Name"),
        ("header-drift/current-full.2024-06-03.csv.gz", "Domain name"),
        ("header-drift/current-full.2025-12-30.csv.gz", "Domain name"),
        ("federal-daily/current-federal.2026-08-18.csv", "Domain name"),
        ("full-and-zone-sampled/current-full.2026-08-22.csv.gz", "Domain name"),
    ],
)
def test_the_gov_list_is_known_whatever_the_year(name: str, field: str) -> None:
    found, _ = of_file(f"dotgov/{name}")

    assert found.template.id == "dotgov-csv"
    assert found.confidence > 0.9
    assert taken(found) == {"name": field}


LEGACY_DOMAIN = {
    "domain": "example.com",
    "status": "active",
    "discovery_date": "2024-01-01",
    "godaddy_status": "active",
    "cloudflare_status": "active",
}
LEGACY_RECORD = {
    "domain": "example.com",
    "subdomain": "www",
    "type": "A",
    "data": "192.0.2.1",
    "ttl": 3600,
}
ASSET = {
    "domain": "example.com",
    "owners": ["a@x.example"],
    "records": [{"name": "www", "type": "A", "data": "192.0.2.1"}],
}


@pytest.mark.parametrize(
    ("item", "wanted"),
    [
        (LEGACY_DOMAIN, "godaddy-domains"),
        ({"domain": "example.com", "status": "(active, active)"}, "godaddy-domains"),
        (LEGACY_RECORD, "dns-records"),
        ({**LEGACY_RECORD, "type": "MX", "data": "mx.example", "priority": 1}, "dns-records"),
        (ASSET, "organisation"),
        ({"zone": "example.com", "name": "", "type": "A", "value": "192.0.2.1"}, "flat-zones"),
    ],
)
def test_one_item_is_enough_to_know_a_built_in_template(item: dict[str, Any], wanted: str) -> None:
    found = suggest([item])
    assert found.template.id == wanted
    assert found.confidence >= 0.9
    assert found.reason.startswith("It makes rows of 100% of 1 items")
    assert [each.confidence for each in found.others] == sorted(
        (each.confidence for each in found.others), reverse=True
    )


def test_each_column_says_how_sure_it_is_and_why() -> None:
    found = suggest([LEGACY_DOMAIN, {"domain": "example.net", "status": "wobbly"}])
    by_column = {guess.column: guess for guess in found.mapping}

    assert by_column["name"].reason == (
        "domain is in 100% of the items, and 100% of what it holds are domain names."
    )
    assert by_column["name"].confidence > by_column["status"].confidence
    assert by_column["godaddy_status"].reason.startswith("godaddy_status is in 50% of the items")


def test_fields_are_recognised_by_name_and_by_what_they_hold() -> None:
    found = suggest(
        [
            {
                "Domain Name": f"a{number}.example.com",
                "Expiry Date": f"{number}/12/2027",
                "Registrar Status": "x",
                "autoRenew": "yes",
                "Owner": {"name": "Bob", "mail": "b@x.example", "phone": "1"},
            }
            for number in (1, 31)
        ]
    )
    assert found.template.id == SUGGESTED
    assert taken(found) == {
        "name": "Domain Name",
        "expires_on": "Expiry Date",
        "auto_renew": "autoRenew",
        "owners": "Owner.mail",
    }
    assert found.template.domains is not None
    assert found.template.domains.columns["expires_on"].transforms[0].formats == ["%d/%m/%Y"]
    assert template(found.template.to_json()) == found.template


def test_days_that_may_be_months_are_asked_about() -> None:
    found = suggest([{"domain": "a.example", "expires": "01/02/2027"}])
    assert found.questions == [
        "Are the days in expires written day first or month first? They are read as %d/%m/%Y."
    ]


@pytest.mark.parametrize(
    ("days", "formats"),
    [
        (["2024-01-31", "2024-01-31T00:00:00Z"], [""]),
        (["31/01/2024", "01/02/2024"], ["%d/%m/%Y"]),
        (["01/31/2024"], ["%m/%d/%Y"]),
        (["01/02/2024"], ["%d/%m/%Y", "%m/%d/%Y"]),
        (["31.01.2024"], ["%d.%m.%Y"]),
        (["Jan 31, 2024"], ["%b %d, %Y"]),
        (["20240131"], ["%Y%m%d"]),
        ([1704067200, "1704067200"], ["epoch"]),
        (["1704067200000"], ["epoch_ms"]),
        (["yesterday"], []),
        (["31/02/2024"], []),
        ([], []),
    ],
)
def test_the_format_of_days_is_told_from_days(days: list[Any], formats: list[str]) -> None:
    assert day_formats(days) == formats
    assert are_ambiguous(formats) == (len(formats) == 2)


def test_an_object_of_objects_whose_keys_are_names_is_a_list_of_domains() -> None:
    found = suggest([{"status": "active"}, {"status": "parked"}], keys=["a.example", "b.example"])
    assert taken(found) == {"name": "$key", "status": "status"}


def test_domains_within_organisations_are_found_with_their_records() -> None:
    found = suggest([{"org": "ACME", "domains": [ASSET, {"domain": "example.net"}]}])
    result = Transformer(found.template).apply(
        Chunk(1, [{"org": "ACME", "domains": [ASSET, {"domain": "example.net"}]}], [1])
    )
    assert result.domains.column("name").to_pylist() == ["example.com", "example.net"]
    assert result.domains.column("owners").to_pylist() == [["a@x.example"], None]
    assert result.records.column("name").to_pylist() == ["www.example.com"]
    assert result.errors.num_rows == 0


def test_records_with_other_field_names_are_recognised() -> None:
    found = suggest([{"host": "www", "zone": "example.com", "rtype": "A", "value": "192.0.2.1"}])
    assert taken(found) == {"domain": "zone", "name": "host", "type": "rtype", "data": "value"}


def test_a_register_whose_zone_nobody_says_asks_for_it() -> None:
    entries = [
        {"file": f"{name}.json", "records": {"A": ["192.0.2.1"]}} for name in ("anna", "bob", "eve")
    ]
    found = suggest(entries)
    assert found.confidence < 0.2
    asked = [each for each in [found, *found.others] if each.questions]
    assert not asked or "In which zone are the names?" in asked[0].questions[0]

    with_zone = suggest([{**entry, "zone": "example.com"} for entry in entries])
    result = Transformer(with_zone.template).apply(Chunk(1, [{**entries[0], "zone": "a.b"}], [1]))
    assert result.records.column("name").to_pylist() == ["anna.a.b"]


def test_a_zone_is_guessed_from_what_entries_say_of_themselves() -> None:
    def entry(label: str, text: str, target: str = "x.example") -> tuple[str, Any]:
        return label, {"about": text, "records": {"CNAME": target}}

    said = [
        entry("anna", "the site of anna.names.example", "anna.pages.example"),
        entry("bobby", "see https://bobby.names.example/", "bobby.pages.example"),
        entry("carl", "mail me: me@carl.other.example, github.com/carl.third.example"),
        entry("dora", "", "dora.pages.example"),
    ]
    found = guess_zone(said, "export.json")
    assert (found and (found.zone, found.confidence)) == ("names.example", 0.6)
    named = guess_zone(said, "pages-example.2024.json")
    assert (named and (named.zone, named.confidence)) == ("pages.example", 0.9)
    assert guess_zone(said[2:], "export.json") is None


@pytest.mark.parametrize("items", [[], [1, 2], ["a"], [{}], [{"foo": 1}], [[{"domain": "a.b"}]]])
def test_for_what_nobody_understands_the_flexible_template_is_offered_without_hope(
    items: list[Any],
) -> None:
    found = suggest(items)
    assert (found.template.id, found.confidence) == ("flexible", 0)


names = st.sampled_from(
    ["domain", "name", "zone", "type", "data", "records", "owner", "owners", "file", "expires",
     "a.b", "$key", "", " ", "[*]", "x" * 600]
)  # fmt: skip
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["a.example", "A", "192.0.2.1", "2024-01-01", "x.json", "\ud800", "u@x.y"])
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=5),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(names, values, max_size=7) | values, max_size=4), st.booleans())
def test_whatever_the_items_are_a_suggestion_is_a_template_that_works(
    items: list[Any], has_keys: bool
) -> None:
    keys = [f"k{place}.example" for place in range(len(items))] if has_keys else None
    found = suggest(items, keys=keys, file_name="\ud800 file")

    assert 0 <= found.confidence <= 1
    assert template(json.loads(found.template.to_json())) == found.template
    Transformer(found.template).apply(Chunk(1, items, [1] * len(items), keys))
