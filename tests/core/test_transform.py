"""What becomes of the items of a file: rows, faults with their places, and never a crash."""

import csv
import gzip
import ipaddress
import json
import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnsinv.domain.domains import Lifecycle
from dnsinv.domain.names import canonical_name
from dnsinv.domain.rdata import canonical, txt_from_provider
from dnsinv.errors import BadRecord
from dnsinv.migration.chunks import Chunk, Trouble
from dnsinv.migration.faults import LONGEST_VALUE, MOST_OF_AN_ITEM
from dnsinv.migration.preview import preview
from dnsinv.migration.rows import DOMAIN_ROWS, ERROR_ROWS, RECORD_ROWS, Transformed
from dnsinv.migration.templates import Template, builtin, template
from dnsinv.migration.transform import Transformer

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/data is not here")

LEGACY = {
    "domain": "example.com",
    "status": "active",
    "discovery_date": "2024-01-01",
    "godaddy_status": "active",
    "cloudflare_status": "active",
}
IS_A_DEV = template(
    {
        "id": "is-a-dev",
        "name": "is-a.dev",
        "records": [
            {
                "each": ["records.*[*]", "record.*[*]"],
                "mx_priority": 10,
                "columns": {
                    "domain": {"constant": "is-a.dev"},
                    "subdomain": {
                        "paths": ["$item.file"],
                        "transforms": [{"do": "remove_suffix", "text": ".json"}],
                    },
                    "type": "$key",
                    "data": "$value",
                    "owners": {"paths": ["$item.owner.email", "$item.owner.username"]},
                },
            }
        ],
    }
)


def by_id(wanted: str) -> Template:
    return next(each for each in builtin() if each.id == wanted)


def chunk(*items: Any, keys: list[str] | None = None, first: int = 1) -> Chunk:
    lines = [100 + place for place in range(len(items))]
    return Chunk(first, list(items), lines, keys)


def made(wanted: str | Template, *items: Any, keys: list[str] | None = None) -> Transformed:
    chosen = by_id(wanted) if isinstance(wanted, str) else wanted
    return Transformer(chosen).apply(chunk(*items, keys=keys))


def of(columns: dict[str, Any], **more: Any) -> Template:
    return template({"id": "t", "name": "T", "domains": {"columns": columns}, **more})


def rows(table: pa.Table) -> list[dict[str, Any]]:
    """The rows without what is null and without line numbers."""
    return [
        {name: value for name, value in row.items() if value is not None and name != "line"}
        for row in table.to_pylist()
    ]


def told(result: Transformed) -> list[tuple[int, str, str, str]]:
    return [
        (row["item"], row["field"], row["value"], row["code"]) for row in result.errors.to_pylist()
    ]


# -- domains ---------------------------------------------------------------------------------------


def test_the_legacy_example_becomes_a_row_as_it_stands() -> None:
    result = made("godaddy-domains", LEGACY)

    assert rows(result.domains) == [
        {
            "item": 1,
            "name": "example.com",
            "godaddy_status": "active",
            "cloudflare_status": "active",
            "discovered_on": date(2024, 1, 1),
        }
    ]
    assert result.records.num_rows == result.errors.num_rows == 0


def test_tables_have_the_agreed_columns_even_when_they_are_empty() -> None:
    for each in builtin():
        result = Transformer(each).apply(Chunk(1))
        assert result.domains.schema.equals(DOMAIN_ROWS)
        assert result.records.schema.equals(RECORD_ROWS)
        assert result.errors.schema.equals(ERROR_ROWS)


def test_rows_and_errors_carry_the_number_and_the_line_of_their_item() -> None:
    items = Chunk(41, [{"domain": "a.example"}, {"domain": "a b"}], [7, 9])
    result = Transformer(by_id("godaddy-domains")).apply(items)

    assert result.domains.select(["item", "line"]).to_pylist() == [{"item": 41, "line": 7}]
    assert result.errors.select(["item", "line"]).to_pylist() == [{"item": 42, "line": 9}]


@pytest.mark.parametrize(
    ("fields", "godaddy", "cloudflare"),
    [
        ({"status": "active"}, "active", None),
        ({"status": "(active, active)"}, "active", "active"),
        ({"status": "(expired, -)"}, "expired", None),
        ({"status": "(-, active)"}, None, "active"),
        ({"status": "expired", "godaddy_status": "parked"}, "parked", None),
        ({"status": "(expired, active)", "godaddy_status": "parked"}, "parked", "active"),
        ({"cloudflare_status": "moved"}, None, "transferred"),
        ({"status": ""}, None, None),
        ({}, None, None),
    ],
)
def test_status_alone_is_godaddys_and_two_words_are_both(
    fields: dict[str, str], godaddy: str | None, cloudflare: str | None
) -> None:
    result = made("godaddy-domains", {"domain": "a.example", **fields})
    row = result.domains.to_pylist()[0]
    assert (row["godaddy_status"], row["cloudflare_status"]) == (godaddy, cloudflare)
    assert result.errors.num_rows == 0


@pytest.mark.parametrize(
    ("word", "means"),
    [
        *[(word.upper(), word) for word in Lifecycle],
        ("Active", "active"),
        ("pending transfer", "pending"),
        ("PENDING_SETUP", "pending"),
        ("pending-dns", "pending"),
        ("Expired", "expired"),
        ("EXPIRED_REASSIGNED", "expired"),
        ("parked", "parked"),
        ("clientHold", "held"),
        ("client hold", "held"),
        ("CANCELLED_REDEEMABLE", "cancelled"),
        ("canceled", "cancelled"),
        ("deleted", "cancelled"),
        ("transferred_out", "transferred"),
        ("ok", "active"),
        ("registered", "active"),
        ("-", None),
        ("n/a", None),
    ],
)
def test_a_status_word_means_this_in_any_case(word: str, means: str | None) -> None:
    result = made("godaddy-domains", {"domain": "a.example", "godaddy_status": word})
    assert result.domains.column("godaddy_status").to_pylist() == [means]
    assert result.errors.num_rows == 0


def test_a_status_word_that_is_not_known_counts_as_unknown_and_is_told() -> None:
    result = made("godaddy-domains", {"domain": "a.example", "status": "wobbly"})

    assert result.domains.column("godaddy_status").to_pylist() == ["unknown"]
    assert result.errors.column("is_warning").to_pylist() == [True]
    assert told(result) == [(1, "status", "wobbly", "unknown_status")]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-02-29", date(2024, 2, 29)),
        ("2024-02-29T12:00:00Z", date(2024, 2, 29)),
        ("2024-02-29 12:00", date(2024, 2, 29)),
        ("2024-02-29T23:30:00-05:00", date(2024, 3, 1)),
        ("2024-02-29T12:00:00.123456+00:00", date(2024, 2, 29)),
    ],
)
def test_a_day_may_be_written_like_this(text: str, day: date) -> None:
    result = made("godaddy-domains", {"domain": "a.example", "discovery_date": text})
    assert result.domains.column("discovered_on").to_pylist() == [day]


@pytest.mark.parametrize(
    "value", ["2023-02-29", "2024-13-01", "0000-00-00", "yesterday", "2024-1-1", "20240101",
              "2024-W01-1", "0001-01-01T00:00:00+23:00", 20240101, True, ["2024-01-01"], "9" * 500]
)  # fmt: skip
def test_what_is_no_day_is_an_error_of_its_item(value: Any) -> None:
    result = made("godaddy-domains", {"domain": "a.example", "created_at": value}, LEGACY)

    assert result.domains.column("name").to_pylist() == ["example.com"]
    [(item, field, _, code)] = told(result)
    assert (item, field) == (1, "created_at")
    assert code in ("bad_date", "bad_kind", "too_long")


def test_created_at_is_the_discovery_date_where_there_is_no_other() -> None:
    result = made(
        "godaddy-domains",
        {"domain": "a.example", "created_at": "2024-01-01"},
        {"domain": "b.example", "created_at": "2024-01-01", "discovery_date": "2023-01-01"},
        {"domain": "c.example", "created_at": "2024-01-01", "discovery_date": None},
        {"domain": "d.example", "created_at": "2024-01-01", "discovery_date": ""},
    )
    assert [str(each) for each in result.domains.column("discovered_on").to_pylist()] == [
        "2024-01-01",
        "2023-01-01",
        "2024-01-01",
        "2024-01-01",
    ]


@pytest.mark.parametrize(
    ("value", "flag"),
    [(True, True), (False, False), ("true", True), ("Yes", True), ("1", True), (1, True),
     (0, False), ("no", False), ("OFF", False)],
)  # fmt: skip
def test_yes_and_no_may_be_written_like_this(value: Any, flag: bool) -> None:
    result = made("flexible", {"domain": "a.example", "auto_renew": value})
    assert result.domains.column("auto_renew").to_pylist() == [flag]


def test_true_and_1_and_texts_in_one_column_are_kept_apart() -> None:
    mixed = of({"name": "d", "locked": "l", "expires_on": "e"})
    items = [{"d": "a.example", "l": value} for value in (1, True, "1", 1.5, 2, "2")]
    result = made(mixed, *items)

    assert result.domains.column("locked").to_pylist() == [True, True, True]
    assert told(result) == [
        (4, "l", "1.5", "bad_boolean"),
        (5, "l", "2", "bad_boolean"),
        (6, "l", "2", "bad_boolean"),
    ]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("EXAMPLE.com.", "example.com"),
        (" example.com ", "example.com"),
        ("Bücher.de", "xn--bcher-kva.de"),
        ("_dmarc.example.com", "_dmarc.example.com"),
        ("1.0.0.127.in-addr.arpa", "1.0.0.127.in-addr.arpa"),
    ],
)
def test_names_become_canonical(text: str, name: str) -> None:
    assert made("flexible", {"domain": text}).domains.column("name").to_pylist() == [name]


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({"domain": "a b.example"}, "bad_name"),
        ({"domain": "https://a.example/"}, "bad_name"),
        ({"domain": "a..example"}, "bad_name"),
        ({"domain": "\ud800.example"}, "bad_name"),
        ({"domain": "a" * 5_000_000}, "too_long"),
        ({"domain": ""}, "missing"),
        ({"domain": None}, "missing"),
        ({}, "missing"),
        ({"domain": 7}, "bad_kind"),
        ({"domain": ["a.example"]}, "bad_kind"),
        ({"domain": {"a": "b"}}, "bad_kind"),
    ],
)
def test_what_is_no_name_is_an_error_with_field_and_value(item: Any, code: str) -> None:
    result = made("godaddy-domains", item, LEGACY)

    assert result.domains.num_rows == 1
    error = result.errors.to_pylist()[0]
    assert (error["item"], error["field"], error["code"]) == (1, "domain", code)
    assert len(error["value"]) <= LONGEST_VALUE
    assert error["reason"].endswith(".")


@pytest.mark.parametrize("item", [1, "a.example", None, True, 1.5, [], [{"domain": "a.example"}]])
def test_what_is_no_object_is_an_error(item: Any) -> None:
    for each in builtin():
        result = made(each, item, {"domain": "a.example", "type": "A", "data": "192.0.2.1"})
        assert (1, "not_an_object") in [(number, code) for number, _, _, code in told(result)]


def test_all_faults_of_an_item_are_told_and_it_gives_no_row() -> None:
    result = made("godaddy-domains", {"domain": "a b", "status": 1, "created_at": "x"})
    assert [code for *_, code in told(result)] == ["bad_name", "bad_kind", "bad_date"]
    assert result.domains.num_rows == 0


def test_what_the_reader_of_the_file_refused_or_noticed_is_told_with_its_code() -> None:
    items = chunk(LEGACY, {"domain": "b.example"}, 7)
    items.troubles[0] = Trouble("duplicate_key", "Two values.", "domain", "a.example")
    items.troubles[2] = Trouble("too_deep", "Too deep.")
    items.warnings[1] = Trouble("duplicate_key", "Twice the same.", "domain", "b.example")
    result = Transformer(by_id("godaddy-domains")).apply(items)

    assert result.domains.column("name").to_pylist() == ["b.example"]
    assert told(result) == [
        (1, "domain", "a.example", "duplicate_key"),
        (2, "domain", "b.example", "duplicate_key"),
        (3, "", "", "too_deep"),
    ]
    assert result.errors.column("is_warning").to_pylist() == [False, True, False]


def test_owners_are_addresses_or_names_from_texts_lists_and_objects() -> None:
    result = made(
        "flexible",
        {"domain": "a.example", "owners": ["a@x.example", " Bob  B ", "a@x.example", ""]},
        {"domain": "b.example", "owner": "a@x.example, Bob, carol"},
        {"domain": "c.example", "owner": {"name": "Bob", "email": "b@x.example"}},
        {"domain": "d.example", "owner": "(blank)"},
        {"domain": "d2.example", "owner": "not known, ask Bob"},
        {"domain": "e.example", "owners": ["x" * 321]},
        {"domain": "f.example", "owners": [["x"]]},
    )
    assert result.domains.column("owners").to_pylist() == [
        ["a@x.example", "Bob B"],
        ["a@x.example", "Bob", "carol"],
        ["b@x.example"],
        None,
        ["not known, ask Bob"],
    ]
    assert [code for *_, code in told(result)] == ["bad_owner", "bad_kind"]


def test_name_servers_are_canonical_and_sorted() -> None:
    result = made(
        "flexible",
        {"domain": "a.example", "nameservers": ["NS2.example.", "ns1.example", "ns1.example"]},
        {"domain": "b.example", "nameservers": "ns2.example, ns1.example"},
    )
    assert result.domains.column("nameservers").to_pylist() == [["ns1.example", "ns2.example"]] * 2


def test_what_no_path_names_is_kept_in_sorted_json_unless_the_template_says_otherwise() -> None:
    item = {"domain": "a.example", "z": 1, "a": {"c": [1], "b": "ä"}, "n": None, "e": ""}

    [row] = rows(made("godaddy-domains", item).domains)
    assert row["attributes"] == '{"a": {"b": "ä", "c": [1]}, "z": 1}'
    assert "attributes" not in rows(made("godaddy-domains", LEGACY).domains)[0]
    assert (
        "attributes" not in rows(made(of({"name": "domain"}, keep_others=False), item).domains)[0]
    )


def test_of_objects_and_lists_that_are_named_in_part_the_rest_is_kept() -> None:
    partly = of({"name": "domain", "owners": {"paths": ["owners[*].mail"]}, "locked": "x.y"})
    item = {
        "domain": "a.example",
        "owners": [{"mail": "a@x.example", "since": 1}, {"mail": "b@x.example"}],
        "x": {"y": True, "z": 2},
    }
    [row] = rows(made(partly, item).domains)
    assert json.loads(row["attributes"]) == {"owners": [{"since": 1}], "x": {"z": 2}}
    assert row["owners"] == ["a@x.example", "b@x.example"]


def test_attributes_that_are_too_large_or_no_text_do_no_harm() -> None:
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    result = made(
        "godaddy-domains",
        {"domain": "a.example", "x": "y" * 200_000},
        {"domain": "b.example", "x": deep},
        {"domain": "c.example", "x\ud800": "\udfff\x00"},
    )
    assert result.domains.column("attributes").to_pylist() == [
        None,
        None,
        '{"x\ufffd": "\ufffd\\u0000"}',
    ]
    assert [(number, code) for number, *_, code in told(result)] == [
        (1, "too_long"),
        (2, "too_long"),
    ]


def test_an_object_of_objects_has_its_names_as_keys() -> None:
    result = made("flexible", {"status": "active"}, {"status": "x"}, keys=["a.example", "b c"])
    assert result.domains.column("name").to_pylist() == ["a.example"]
    assert (2, "$key", "b c", "bad_name") in told(result)


def test_rules_are_checked_after_transforms() -> None:
    ruled = of(
        {
            "name": {
                "paths": ["d"],
                "transforms": [{"do": "remove_prefix", "text": "www."}],
                "rules": [
                    {"rule": "pattern", "pattern": r"[a-z]+\.example"},
                    {"rule": "length", "max": 12},
                    {"rule": "dns_name", "labels": 2},
                ],
            },
            "registered_on": {"paths": ["r"], "rules": [{"rule": "required"}]},
            "locked": {"paths": ["l"], "rules": [{"rule": "type", "type": "boolean"}]},
            "status": {"paths": ["s"], "rules": [{"rule": "choice", "values": ["a", "Parked"]}]},
        }
    )
    fine = {"d": "www.ab.example", "r": "2024-01-01", "l": True, "s": "parked"}
    result = made(
        ruled, fine, {**fine, "d": "a1.example"}, {**fine, "d": "abcdefgh.example"},
        {**fine, "r": " "}, {**fine, "l": "true"}, {**fine, "s": "held"},
    )  # fmt: skip

    assert rows(result.domains)[0]["name"] == "ab.example"
    assert told(result) == [
        (2, "d", "a1.example", "no_match"),
        (3, "d", "abcdefgh.example", "bad_length"),
        (4, "r", " ", "missing"),
        (5, "l", "true", "bad_kind"),
        (6, "s", "held", "not_a_choice"),
    ]


def test_a_default_fills_in_and_a_constant_is_everywhere() -> None:
    result = made(
        of(
            {
                "name": "d",
                "godaddy_status": {
                    "paths": ["s"],
                    "transforms": [{"do": "default", "value": "parked"}],
                },
                "discovered_on": {"constant": "2020-01-01"},
            }
        ),
        {"d": "a.example"},
        {"d": "b.example", "s": "active"},
    )
    assert result.domains.column("godaddy_status").to_pylist() == ["parked", "active"]
    assert result.domains.column("discovered_on").to_pylist() == [date(2020, 1, 1)] * 2


# -- records ---------------------------------------------------------------------------------------


def record(**fields: Any) -> dict[str, Any]:
    return {"domain": "example.com", "type": "A", "data": "192.0.2.1", **fields}


def test_a_legacy_record_becomes_a_row() -> None:
    result = made("dns-records", record(domain="Example.com", subdomain="WWW", type="a", ttl="300"))
    assert rows(result.records) == [
        {
            "item": 1,
            "domain": "example.com",
            "name": "www.example.com",
            "type": "A",
            "content": "192.0.2.1",
            "ttl": 300,
        }
    ]


@pytest.mark.parametrize(
    ("subdomain", "name"),
    [
        (None, "example.com"),
        ("", "example.com"),
        ("@", "example.com"),
        ("www", "www.example.com"),
        ("a.b", "a.b.example.com"),
        ("*", "*.example.com"),
        ("*.dev", "*.dev.example.com"),
        ("_dmarc", "_dmarc.example.com"),
        ("ü", "xn--tda.example.com"),
        (5, "5.example.com"),
        ("example.com", "example.com"),
        ("www.example.com", "www.example.com"),
        ("www.example.com.", "www.example.com"),
        ("notexample.com", "notexample.com.example.com"),
    ],
)
def test_a_name_is_full_or_within_its_domain(subdomain: Any, name: str) -> None:
    result = made("dns-records", record(subdomain=subdomain))
    assert result.records.column("name").to_pylist() == [name]


def test_an_octodns_name_is_always_within_its_zone() -> None:
    result = made(
        "flat-zones",
        {"zone": "example.com", "name": "example.com", "type": "A", "values": ["192.0.2.1"]},
    )
    assert result.records.column("name").to_pylist() == ["example.com.example.com"]


@pytest.mark.parametrize(
    ("subdomain", "code"),
    [
        ("www.example.org.", "outside_domain"),
        ("a b", "bad_name"),
        ("a.*", "bad_name"),
        ("\ud800", "bad_name"),
        ("a" * 64, "bad_name"),
        ({"a": 1}, "bad_kind"),
        (True, "bad_kind"),
    ],
)
def test_a_name_that_cannot_be_within_its_domain_is_an_error(subdomain: Any, code: str) -> None:
    result = made("dns-records", record(subdomain=subdomain), record())
    assert result.records.column("item").to_pylist() == [2]
    assert [(number, field, what) for number, field, _, what in told(result)] == [
        (1, "subdomain", code)
    ]


@pytest.mark.parametrize(
    ("type", "data", "more", "priority", "content"),
    [
        ("A", " 192.0.2.1 ", {}, None, "192.0.2.1"),
        ("AAAA", "2001:DB8:0::1", {}, None, "2001:db8::1"),
        ("CNAME", "WWW.Example.org.", {}, None, "www.example.org"),
        ("CNAME", "@", {}, None, "example.com"),
        ("MX", "10 Mail.example.org.", {}, 10, "mail.example.org"),
        ("MX", "mail.example.org", {"priority": "20"}, 20, "mail.example.org"),
        ("MX", "@", {"priority": 5}, 5, "example.com"),
        ("MX", {"preference": 0, "exchange": "."}, {}, 0, "."),
        ("MX", {"target": "mx.example.org"}, {"priority": 7}, 7, "mx.example.org"),
        ("SRV", "5 5060 sip.example.org", {"priority": 10}, 10, "5 5060 sip.example.org"),
        ("SRV", {"priority": 1, "weight": 2, "port": 3, "target": "a.b."}, {}, 1, "2 3 a.b"),
        ("TXT", "v=spf1 -all", {}, None, '"v=spf1 -all"'),
        ("TXT", '"a" "b"', {}, None, '"ab"'),
        ("TXT", 'say "x"', {}, None, r'"say \"x\""'),
        ("TXT", "", {}, None, '""'),
        ("TXT", "ü", {}, None, r'"\195\188"'),
        ("TXT", 42, {}, None, '"42"'),
        ("CAA", "0 issue letsencrypt.org", {}, None, '0 issue "letsencrypt.org"'),
        ("CAA", {"tag": "issue", "value": 'a"b'}, {}, None, r'0 issue "a\"b"'),
        ("CAA", {"flags": 128, "tag": "ISSUE", "value": ";"}, {}, None, '128 issue ";"'),
        ("DS", {"key_tag": 1, "algorithm": 8, "digest_type": 2, "digest": "AB" * 32}, {}, None,
         f"1 8 2 {'ab' * 32}"),
        ("TLSA", {"usage": 3, "selector": 1, "matching_type": 1, "certificate": "AB" * 32}, {},
         None, f"3 1 1 {'ab' * 32}"),
        ("A", {"value": "192.0.2.1"}, {}, None, "192.0.2.1"),
        ("A", "192.0.2.1", {"priority": 5}, None, "192.0.2.1"),
        ("URL", " https://example.org/ ", {}, None, "https://example.org/"),
        ("Route53Provider/ALIAS", {"b": 1, "a": "x"}, {}, None, '{"a": "x", "b": 1}'),
    ],
)  # fmt: skip
def test_data_may_be_written_like_this(
    type: str, data: Any, more: dict[str, Any], priority: int | None, content: str
) -> None:
    result = made("dns-records", record(type=type, data=data, **more))
    assert result.errors.num_rows == 0
    row = result.records.to_pylist()[0]
    assert (row["type"], row["priority"], row["content"]) == (type.upper(), priority, content)


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"data": "192.0.2.256"}, "data", "bad_data"),
        ({"data": ""}, "data", "missing"),
        ({"data": None, "type": "TXT"}, "data", "missing"),
        ({"data": True}, "data", "bad_data"),
        ({"data": {"x": 1}}, "data", "bad_data"),
        ({"type": "MX", "data": "mail.example.org"}, "data", "bad_data"),
        ({"type": "MX", "data": "5 a.example", "priority": 6}, "data", "bad_data"),
        ({"type": "TXT", "data": "x" * 70_000}, "data", "bad_data"),
        ({"type": "TXT", "data": "x" * 5_000_000}, "data", "bad_data"),
        ({"type": "X", "data": "\x00"}, "data", "bad_data"),
        ({"type": "X", "data": "\ud800"}, "data", "bad_data"),
        ({"type": "SRV", "data": {"port": 1}}, "data", "bad_data"),
        ({"type": "A B"}, "type", "bad_type"),
        ({"type": ""}, "type", "missing"),
        ({"type": 1}, "type", "bad_kind"),
        ({"ttl": -1}, "ttl", "bad_ttl"),
        ({"ttl": 1.5}, "ttl", "bad_ttl"),
        ({"ttl": True}, "ttl", "bad_ttl"),
        ({"ttl": 2**31}, "ttl", "bad_ttl"),
        ({"ttl": "1h"}, "ttl", "bad_ttl"),
        ({"type": "MX", "data": "a.example", "priority": 65_536}, "priority", "bad_priority"),
    ],
)
def test_a_record_that_is_not_right_is_an_error_of_its_field(
    fields: dict[str, Any], field: str, code: str
) -> None:
    result = made("dns-records", record(**fields), record())
    assert result.records.column("item").to_pylist() == [2]
    assert (1, field, code) in [(number, where, what) for number, where, _, what in told(result)]


@pytest.mark.parametrize(("ttl", "seconds"), [(None, None), ("", None), (300, 300), (300.0, 300),
                                              ("300", 300), ("auto", 1), (0, 0)])  # fmt: skip
def test_a_ttl_may_be_written_like_this(ttl: Any, seconds: int | None) -> None:
    result = made("dns-records", record(ttl=ttl))
    assert result.records.column("ttl").to_pylist() == [seconds]


def test_octodns_escapes_are_undone_and_each_value_is_a_record() -> None:
    result = made(
        "flat-zones",
        {"zone": "example.com", "name": "", "type": "TXT", "values": [r"v=DKIM1\; p=x", "b c"]},
        {"zone": "example.com", "name": "a", "type": "CNAME", "value": "b.example."},
        {"zone": "example.com", "name": "b", "type": "A", "values": []},
        {"zone": "example.com", "name": "c", "type": "A", "values": ["192.0.2.1", "x", None]},
        {"zone": "octodns", "name": "zones", "type": None, "ttl": None, "values": [None]},
    )
    assert [(row["item"], row["content"]) for row in rows(result.records)] == [
        (1, '"v=DKIM1; p=x"'),
        (1, '"b c"'),
        (2, "b.example"),
    ]
    assert [(number, field, code) for number, field, _, code in told(result)] == [
        (3, "", "no_rows"),
        (4, "values[1]", "bad_data"),
        (4, "values[2]", "missing"),
        (5, "type", "missing"),
    ]


def test_records_of_a_register_are_by_type_under_names_that_are_files() -> None:
    result = made(
        IS_A_DEV,
        {
            "file": "@.json",
            "owner": {"username": "u", "twitter": "t"},
            "repo": "r",
            "records": {"A": ["192.0.2.1", "192.0.2.2"], "TXT": "x", "MX": ["a.b", "c.d"]},
        },
        {"file": "a.json", "owner": {"email": "e@x.example"}, "record": {"CNAME": "b.example"}},
        {"file": "b.json", "records": {"A": ["192.0.2.1"], "SRV": [{"port": 1}, {"port": 2}]}},
        {"file": "c.json", "records": {}},
        {"records": {"A": "192.0.2.1"}},
    )
    assert [(row["name"], row["content"], row.get("priority")) for row in rows(result.records)] == [
        ("is-a.dev", "192.0.2.1", None),
        ("is-a.dev", "192.0.2.2", None),
        ("is-a.dev", '"x"', None),
        ("is-a.dev", "a.b", 10),
        ("is-a.dev", "c.d", 11),
        ("a.is-a.dev", "b.example", None),
        ("is-a.dev", "192.0.2.1", None),
    ]
    first = rows(result.records)[0]
    assert json.loads(first["attributes"]) == {"owner": {"twitter": "t"}, "repo": "r"}
    assert first["owners"] == ["u"]
    assert [(number, field, code) for number, field, _, code in told(result)] == [
        (3, "records.SRV[0]", "bad_data"),
        (3, "records.SRV[1]", "bad_data"),
        (4, "", "no_rows"),
    ]


def test_assets_have_domains_with_owners_and_the_records_within_them() -> None:
    result = made(
        "organisation",
        {
            "domain": "example.com",
            "owners": ["a@x.example"],
            "team": "web",
            "expires_on": "2027-01-01",
            "records": [
                {"name": "www", "type": "A", "values": ["192.0.2.1", "192.0.2.2"], "note": "n"},
                {"type": "MX", "data": "10 mx.example.com", "owner": "b@x.example"},
            ],
        },
        {"domain": "example.net"},
        {"domain": "example.org", "records": [{"name": "x y", "type": "A", "data": "192.0.2.1"}]},
    )
    assert [(row["name"], row.get("attributes")) for row in rows(result.domains)] == [
        ("example.com", '{"team": "web"}'),
        ("example.net", None),
    ]
    assert [
        (row["name"], row["content"], row.get("owners"), row.get("attributes"))
        for row in rows(result.records)
    ] == [
        ("www.example.com", "192.0.2.1", None, '{"note": "n"}'),
        ("www.example.com", "192.0.2.2", None, '{"note": "n"}'),
        ("example.com", "mx.example.com", ["b@x.example"], None),
    ]
    assert told(result) == [(3, "records[0].name", "x y", "bad_name")]


def test_domains_within_organisations_and_their_records_are_reached_too() -> None:
    nested = template(
        {
            "id": "n",
            "name": "N",
            "domains": {
                "each": ["domains[*]"],
                "columns": {"name": "domain", "owners": "$item.owner"},
            },
            "records": [
                {
                    "each": "domains[*].records[*]",
                    "columns": {"domain": "$up.domain", "name": "name", "type": "type",
                                "data": "data"},
                }
            ],
        }
    )  # fmt: skip
    result = made(
        nested,
        {
            "owner": "o",
            "domains": [
                {
                    "domain": "a.example",
                    "records": [{"name": "w", "type": "A", "data": "192.0.2.1"}],
                },
                {"domain": "b.example", "records": [{"name": "", "type": "TXT", "data": "t"}]},
            ],
        },
        {"domains": [{"domain": "c.example"}, {"domain": "d e"}]},
        {"domains": []},
    )
    assert [(row["name"], row["owners"]) for row in rows(result.domains)] == [
        ("a.example", ["o"]),
        ("b.example", ["o"]),
    ]
    assert [row["name"] for row in rows(result.records)] == ["w.a.example", "b.example"]
    assert [(number, field, code) for number, field, _, code in told(result)] == [
        (2, "domains[1].domain", "bad_name"),
        (3, "", "no_rows"),
    ]


def test_an_item_with_very_many_faults_tells_some_and_counts_the_others() -> None:
    item = {"zone": "example.com", "type": "A", "values": ["x"] * 5000}
    result = made("flat-zones", item)

    assert result.errors.num_rows == MOST_OF_AN_ITEM + 1
    last = result.errors.to_pylist()[-1]
    assert (last["code"], last["reason"]) == (
        "more",
        f"The item has {5000 - MOST_OF_AN_ITEM} more faults, which are not listed.",
    )


# -- always ----------------------------------------------------------------------------------------

texts = st.text(max_size=12) | st.sampled_from(
    ["a.example", "example.com", "@", "*", "A", "TXT", "MX", "SRV", "2024-01-01", "192.0.2.1",
     "(active, x)", "\ud800", "\x00", "10 mx.example", '"', "\\"]
)  # fmt: skip
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts
fields = st.sampled_from(
    ["domain", "status", "discovery_date", "subdomain", "name", "zone", "type", "data", "ttl",
     "priority", "values", "value", "records", "owners", "owner", "nameservers", "auto_renew",
     "file", "A", "MX"]
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(fields | texts, inner, max_size=5),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.dictionaries(fields, values, max_size=8) | values, max_size=5),
    st.sampled_from([*builtin(), IS_A_DEV]),
)
def test_no_item_whatever_it_is_stops_the_others(items: list[Any], chosen: Template) -> None:
    sound = {**LEGACY, "type": "A", "data": "192.0.2.1", "zone": "example.com", "value": "192.0.2.1",
             "Domain name": "example.com", "file": "a.json", "record": {"A": "192.0.2.1"}}  # fmt: skip
    result = made(chosen, *items, sound)

    refused = {row["item"] for row in result.errors.to_pylist() if not row["is_warning"]}
    kept = {*result.domains.column("item").to_pylist(), *result.records.column("item").to_pylist()}
    assert not refused & kept
    assert refused | kept == set(range(1, len(items) + 2))
    assert len(items) + 1 in kept


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.dictionaries(fields, values, max_size=6), max_size=8),
    st.integers(0, 8),
    st.sampled_from([*builtin(), IS_A_DEV]),
)
def test_how_items_are_cut_into_chunks_makes_no_difference(
    items: list[Any], cut: int, chosen: Template
) -> None:
    transformer = Transformer(chosen)
    whole = transformer.apply(chunk(*items))
    before = transformer.apply(chunk(*items[:cut]))
    after = Transformer(chosen).apply(
        Chunk(1 + len(items[:cut]), items[cut:], [100 + n for n in range(len(items))][cut:])
    )
    for name in ("domains", "records", "errors"):
        parts = pa.concat_tables([getattr(before, name), getattr(after, name)])
        assert parts.equals(getattr(whole, name))


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["A", "AAAA", "CNAME", "NS", "MX", "TXT", "CAA", "SRV", "X"]),
    texts
    | st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){3}", fullmatch=True)
    | st.from_regex(r"[a-zA-Z0-9._-]{1,20}", fullmatch=True)
    | st.from_regex(r"[0-9]{1,5} [a-z.]{1,9}", fullmatch=True),
)
def test_content_is_what_the_records_of_providers_have(type: str, data: str) -> None:
    result = made("dns-records", record(type=type, data=data))
    try:
        text = txt_from_provider(data) if type == "TXT" else data.strip()
        text = "example.com" if text == "@" and type in ("CNAME", "NS", "MX") else text
        wanted = canonical(type, text)
    except BadRecord:
        wanted = None
    found = [(row["priority"], row["content"]) for row in result.records.to_pylist()]
    if type == "X" and ("\x00" in data or "\ud800" in data or not data.strip()):
        wanted = None
    if type == "TXT" and data and not data.strip():
        wanted = None  # says nothing
    assert found == ([wanted] if wanted is not None else [])


@needs_data
def test_naughty_strings_never_crash_and_are_harmless_in_the_report() -> None:
    naughty = json.loads((SHARED / "malformed" / "blns" / "blns.json").read_text("utf-8"))
    items = [
        dict.fromkeys(("domain", "status", "created_at", "subdomain", "type", "data", "ttl", "zone", "name", "value", "owners", "x"), text)
        for text in naughty
    ]  # fmt: skip
    for each in [*builtin(), IS_A_DEV]:
        result = made(each, *items)
        for row in result.errors.to_pylist():
            assert len(row["value"]) <= LONGEST_VALUE
            shown = row["value"] + row["reason"] + row["field"]
            assert not re.search(
                "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\ud800-\udfff]", shown
            )


def test_a_preview_shows_sources_beside_what_becomes_of_them() -> None:
    items = chunk(LEGACY, {"domain": "a b", "status": "wobbly"}, {"domain": "c.example"})
    first, second = preview(by_id("godaddy-domains"), items, limit=2)

    assert json.loads(first["source"]) == LEGACY
    assert first["domains"] == [
        {
            "name": "example.com",
            "godaddy_status": "active",
            "cloudflare_status": "active",
            "discovered_on": "2024-01-01",
        }
    ]
    assert (second["item"], second["line"], second["domain_count"]) == (2, 101, 0)
    assert [each["code"] for each in second["errors"]] == ["bad_name"]
    assert [each["code"] for each in second["warnings"]] == ["unknown_status"]
    json.dumps([first, second])


# -- real files ------------------------------------------------------------------------------------


def load(name: str) -> list[dict[str, Any]]:
    with gzip.open(SHARED / name, "rt", encoding="utf-8") as file:
        found: list[dict[str, Any]] = json.load(file)
    return found


@needs_data
@pytest.mark.parametrize(
    ("name", "field", "items"),
    [
        ("is-a-dev/is-a-dev.2026-08-22.json.gz", "records", 15_167),
        ("is-a-dev-early/is-a-dev-early.2022-01-31.json.gz", "record", 981),
    ],
)
def test_every_record_of_a_register_arrives(name: str, field: str, items: int) -> None:
    entries = load(name)
    wanted: Counter[tuple[str, str]] = Counter()
    addresses = set()
    for entry in entries:
        label = entry["file"].removesuffix(".json").lower()
        full = "is-a.dev" if label == "@" else f"{label}.is-a.dev"
        for type, data in entry[field].items():
            values = data if isinstance(data, list) else [data]
            wanted[full, type] += len(values)
            if type in ("A", "AAAA"):
                addresses |= {(full, ipaddress.ip_address(value)) for value in values}

    result = made(IS_A_DEV, *entries)
    found = result.records.to_pylist()

    assert len(entries) == items
    assert result.errors.num_rows == result.domains.num_rows == 0
    assert Counter((row["name"], row["type"]) for row in found) == wanted
    assert {
        (row["name"], ipaddress.ip_address(row["content"]))
        for row in found
        if row["type"] in ("A", "AAAA")
    } == addresses
    owners = {row["item"]: row["owners"] for row in found}
    assert owners == {
        number: [(entry["owner"].get("email") or entry["owner"]["username"]).strip()]
        for number, entry in enumerate(entries, 1)
    }


@needs_data
def test_every_value_of_a_snapshot_of_octodns_zones_arrives() -> None:
    sets = load("moj-dns/snapshots/moj-recordsets.2026-03-02.json.gz")
    bad = {
        number
        for number, each in enumerate(sets, 1)
        if each["type"] is None
        or re.search(r"[^A-Za-z0-9*_./-]", each["name"])
        or (each["type"] == "CNAME" and ";" in each["values"][0])  # DMARC text in a CNAME
    }
    wanted = Counter(
        (
            number,
            each["zone"].lower(),
            f"{each['name']}.{each['zone']}".lower().removeprefix("."),
            each["type"].upper(),
            each["ttl"],
        )
        for number, each in enumerate(sets, 1)
        if number not in bad
        for _ in each["values"]
    )

    result = made("flat-zones", *sets)

    found = result.records.to_pylist()
    assert (
        Counter((row["item"], row["domain"], row["name"], row["type"], row["ttl"]) for row in found)
        == wanted
    )
    assert {row["item"] for row in result.errors.to_pylist()} == bad
    assert {code for *_, code in told(result)} == {"missing", "bad_name", "bad_data"}
    escaped = [row["content"] for row in found if row["type"] == "TXT" and r"\\;" in row["content"]]
    assert escaped == []


@needs_data
@pytest.mark.parametrize("year", ["2022-01-11", "2023-10-17", "2024-06-03", "2025-12-30"])
def test_every_gov_domain_of_any_year_arrives_with_all_that_is_said_of_it(year: str) -> None:
    path = SHARED / "dotgov" / "header-drift" / f"current-full.{year}.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        header, *lines = csv.reader(file)
    items = [dict(zip(header, line, strict=True)) for line in lines]

    result = made("dotgov-csv", *items)

    assert result.errors.num_rows == result.records.num_rows == 0
    assert result.domains.column("name").to_pylist() == [line[0].lower() for line in lines]
    assert all(canonical_name(name) == name for name in result.domains.column("name").to_pylist())
    for line, text in zip(lines, result.domains.column("attributes").to_pylist(), strict=True):
        assert json.loads(text) == {
            name: value for name, value in zip(header[1:], line[1:], strict=True) if value.strip()
        }
