"""What analysing a file says of its form, fields and problems."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from dnsinv.migration.analyze import Analysis, analyze
from dnsinv.migration.census import MOST_NAMES, MOST_NODES, SAMPLES, Field
from dnsinv.migration.paths import find
from dnsinv.migration.paths import path as understood
from tests.truth.files import DATA, MOJ, needs_data


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "items"


def of(path: Path, content: Any) -> Analysis:
    """The analysis of a text, or of a value as JSON; always fit to be sent as JSON."""
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text, encoding="utf-8")
    found = analyze(path)
    json.dumps(found.as_json(), allow_nan=False).encode()
    return found


def fields(analysis: Analysis) -> dict[str, Field]:
    return {each.path: each for each in analysis.fields}


def test_the_legacy_example_is_understood(path: Path) -> None:
    found = of(
        path,
        '[{"domain": "example.com", "status": "active", "discovery_date": "2024-01-01",'
        ' "godaddy_status": "active", "cloudflare_status": "active"}]',
    )
    assert (found.format, found.encoding, found.compression) == ("json-array", "utf-8", "")
    assert (found.items, found.size) == (1, path.stat().st_size)
    assert [each.path for each in found.fields] == [
        "domain",
        "status",
        "discovery_date",
        "godaddy_status",
        "cloudflare_status",
    ]
    assert fields(found)["domain"] == Field("domain", {"text": 1}, 1, 1.0, ["example.com"], 1)
    assert not found.problems


def test_fields_are_counted_by_type_and_by_how_often_they_hold_something(path: Path) -> None:
    found = fields(
        of(
            path,
            [
                {"domain": "a.example", "ttl": 300, "note": "", "tags": []},
                {"domain": "b.example", "ttl": "300", "note": None, "tags": ["x", "y"]},
                {"domain": "c.example", "ttl": 1.5, "note": "text", "locked": True},
                {"domain": "d.example"},
            ],
        )
    )
    assert found["domain"].fill_rate == 1.0
    assert found["ttl"].types == {"integer": 1, "text": 1, "number": 1}
    assert found["ttl"].fill_rate == 0.75
    assert found["ttl"].samples == [300, "300", 1.5]
    assert (found["note"].fill_rate, found["note"].types) == (0.25, {"text": 2, "null": 1})
    assert (found["tags"].fill_rate, found["tags"].count) == (0.25, 2)
    assert (found["tags[*]"].count, found["tags[*]"].fill_rate) == (2, 1.0)
    assert found["locked"].types == {"boolean": 1}


def test_few_values_are_counted_and_many_are_not(path: Path) -> None:
    found = fields(of(path, [{"n": n, "status": "ab"[n % 2]} for n in range(5000)]))
    assert found["status"].distinct == 2
    assert found["n"].distinct is None
    assert len(found["n"].samples) == SAMPLES


def test_a_sample_that_comes_late_is_shown(path: Path) -> None:
    rows = [{"status": "active" if n < 4000 else "expired"} for n in range(4001)]
    assert fields(of(path, rows))["status"].samples == ["active", "expired"]


def test_the_fill_rate_of_a_field_within_a_list_is_that_of_its_objects(path: Path) -> None:
    company = {
        "organization": "Example",
        "domains": [
            {"domain": "a.example", "records": [{"type": "A", "ttl": 1}, {"type": "MX"}]},
            {"domain": "b.example", "records": [{"type": "A"}, {"type": "A"}]},
        ],
    }
    analysis = of(path, [company, {**company, "domains": []}])
    found = fields(analysis)
    assert found["domains"].fill_rate == 0.5
    assert found["domains[*].records[*].ttl"].fill_rate == 0.25
    assert analysis.records_at == ["domains[*].records[*]"]


@pytest.mark.parametrize(
    ("item", "where"),
    [
        ({"domain": "a.example", "records": {"A": "192.0.2.1", "TXT": ["x"]}}, ["records"]),
        ({"domain": "a.example", "dns": [{"Type": "A", "Data": "x"}]}, ["dns[*]"]),
        ({"domain": "a.example", "type": "A", "data": "192.0.2.1"}, []),
        ({"A": "192.0.2.1", "MX": ["10 a.example"]}, ["$item"]),
        ({"domain": "a.example", "owner": {"name": "Ann"}}, []),
    ],
)
def test_records_within_items_are_found(path: Path, item: Any, where: list[str]) -> None:
    assert of(path, [item, item]).records_at == where


def test_every_path_can_be_used_in_a_template(path: Path) -> None:
    item = {"a.b": {"c d": [1]}, "*": {"$key": 2}, "": 3, 'q"': [[4]], "ü": {"[*]": 5}, "x]": 6}
    for each in of(path, [item, item]).fields:
        assert find(understood(each.path).steps, item), each.path


def test_very_many_names_are_taken_for_keys(path: Path) -> None:
    rows = [
        {"hosts": {f"h{n}": {"type": "A", "ip": f"192.0.2.{n}"}}} for n in range(3 * MOST_NAMES)
    ]
    analysis = of(path, rows)
    found = fields(analysis)
    assert list(found) == ["hosts", "hosts.*", "hosts.*.type", "hosts.*.ip"]
    assert found["hosts.*"].count == len(rows)
    assert found["hosts.*.type"].types == {"text": len(rows)}
    assert found["hosts.*.ip"].fill_rate == 1.0
    assert analysis.records_at == ["hosts.*"]


def test_names_without_bound_are_left_out_and_counted(path: Path) -> None:
    row = {f"a{n}": {f"b{m}": 1 for m in range(90)} for n in range(90)}
    found = of(path, [row, row])
    assert len(found.fields) <= MOST_NODES
    assert found.left_out > 0


def test_a_long_name_is_left_out_and_a_long_text_shortened(path: Path) -> None:
    found = of(path, [{"x" * 5000: 1, "note": "y" * 5000, "n": 10**400}])
    assert found.left_out == 1
    assert len(fields(found)["note"].samples[0]) == 200
    assert len(fields(found)["n"].samples[0]) == 200


def test_keys_of_an_object_of_objects_are_shown(path: Path) -> None:
    found = of(path, {f"{n}.example": {"status": "active"} for n in range(50)})
    assert (found.format, found.items) == ("json-object", 50)
    assert found.keys[:2] == ["0.example", "1.example"]
    assert len(found.keys) == 20


def test_problems_are_counted_and_the_first_are_shown(path: Path) -> None:
    rows = ['{"a": 1, "a": 2}' if n % 2 else '{"a": 1, "a": 1}' for n in range(100)]
    rows[10] = '{"a": "\\ud800"}'
    found = of(path, "[\n" + ",\n".join(rows) + "]")
    repeated, half, same = found.problems
    assert (repeated.code, repeated.is_warning, repeated.count) == ("duplicate_key", False, 50)
    assert (half.code, half.count) == ("lone_surrogate", 1)
    assert (half.examples[0].item, half.examples[0].line) == (11, 12)
    assert (same.code, same.is_warning, same.count) == ("duplicate_key", True, 49)
    assert len(repeated.examples) == 20
    assert (repeated.examples[1].item, repeated.examples[1].line) == (4, 5)
    assert repeated.examples[1].field == "a"


def test_items_in_trouble_do_not_count_in_fields(path: Path) -> None:
    found = of(path, '[{"a": "x"}, {"a": 1e999}, 7, {"b": 1, "b": 2}]')
    assert found.items == 4
    assert [(each.path, each.count) for each in found.fields] == [("a", 1)]


def test_columns_and_ragged_rows_of_a_table_are_told(path: Path) -> None:
    found = of(path, "domain;status\na.example;active\nb.example\n")
    assert (found.format, found.columns) == ("csv", ["domain", "status"])
    [problem] = found.problems
    assert (problem.code, problem.examples[0].line) == ("ragged_row", 3)


@needs_data
def test_a_real_register_is_understood() -> None:
    [path] = (DATA / "is-a-dev").glob("*.json.gz")
    found = analyze(path)
    assert (found.format, found.compression, found.items) == ("json-array", "gzip", 15_167)
    assert found.records_at == ["records"]
    with gzip.open(path, "rt", encoding="utf-8") as file:
        items = json.load(file)
    for name in ("owner.username", "records.A[*]", "records.MX[*]", "records.CNAME"):
        steps = understood(name).steps
        values = [each.value for item in items for each in find(steps, item)]
        lists = sum(isinstance(each, list) for each in values)
        assert fields(found)[name].count <= len(values)
        assert lists == 0 or fields(found)[name].types["list"] == lists


@needs_data
def test_real_record_sets_and_tables_are_understood() -> None:
    sets = analyze(min(MOJ.glob("*.json.gz")))
    assert fields(sets)["values[*]"].count > 1000
    assert fields(sets)["type"].types["text"] > 1000
    assert sets.records_at == []
    table = analyze(min((DATA / "dotgov" / "federal-daily").glob("*.csv*")))
    assert table.columns[:2] == ["Domain name", "Domain type"]
    assert not table.problems
