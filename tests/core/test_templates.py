"""Definitions of templates: what they may say, what they are told when they are not right."""

import contextlib
import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnsinv.domain.names import canonical_name
from dnsinv.errors import BadName
from dnsinv.migration.chunks import Chunk
from dnsinv.migration.columns import are_plain_names
from dnsinv.migration.faults import Unfit
from dnsinv.migration.paths import BadPath, find, path, places, written
from dnsinv.migration.rules import Pattern, Rule
from dnsinv.migration.templates import (
    BadTemplate,
    DomainColumn,
    RecordColumn,
    Records,
    Template,
    builtin,
    template,
)
from dnsinv.migration.transform import Transformer
from dnsinv.migration.transforms import Transform, shaped

NAME = {"name": "domain"}
MIGRATION = Path(__file__).parents[2] / "dnsinv" / "migration"


def by_id(wanted: str) -> Template:
    return next(each for each in builtin() if each.id == wanted)


def of(columns: dict[str, Any], **more: Any) -> Template:
    return template({"id": "t", "name": "T", "domains": {"columns": columns}, **more})


def test_the_built_in_templates_are_these_in_this_order() -> None:
    assert [each.name for each in builtin()] == [
        "GoDaddy domains (legacy)",
        "DNS records (legacy)",
        "Organisation assets",
        ".gov CSV",
        "Flat zones (octoDNS)",
        "Flexible",
    ]


def test_the_legacy_templates_have_the_fields_and_defaults_of_the_old_system() -> None:
    domains, records = by_id("godaddy-domains"), by_id("dns-records")

    assert domains.required == ["domain"]
    assert domains.defaults.model_dump() == {
        "batch_size": 50,
        "duplicates": "merge",
        "validate_domains": True,
    }
    assert records.required == ["domain", "type", "data"]
    assert records.defaults.model_dump() == {
        "batch_size": 100,
        "duplicates": "skip",
        "validate_domains": False,
    }


@pytest.mark.parametrize("each", builtin(), ids=lambda each: each.id)
def test_a_template_that_is_exported_and_imported_is_the_same(each: Any) -> None:
    assert template(each.to_json()) == each
    assert template(each.definition()) == each
    assert template(each.to_json().encode()) == each


def test_a_path_alone_stands_for_a_mapping() -> None:
    assert of({"name": "domain"}) == of({"name": {"paths": ["domain"]}})


@pytest.mark.parametrize(
    ("definition", "told"),
    [
        ("{", "The template is not JSON: Expecting property name"),
        ("[" * 100_000, "The template is not JSON"),
        ("[]", "A template is a JSON object with id, name, and domains or records."),
        ({"id": "t", "name": "T"}, "give domains, records or both; this template makes no row"),
        (
            {"id": "t", "name": "T", "schema_version": 2, "domains": {"columns": NAME}},
            "Template 'T' has schema version '2'; this version of DNS Inventory reads 1.",
        ),
        ({"id": "A b", "name": "T", "domains": {"columns": NAME}}, "at id: "),
        (
            {"id": "t", "name": "T", "domains": {"columns": {"status": "s"}}},
            "at domains.columns: there is no mapping for name",
        ),
        (
            {"id": "t", "name": "T", "records": [{"columns": {"type": "t", "data": "d"}}]},
            "at records.0.columns: there is no mapping for domain",
        ),
        (
            {"id": "t", "name": "T", "domains": {"columns": {**NAME, "colour": "c"}}},
            "at domains.columns.colour.[key]: Input should be 'name', 'status'",
        ),
        (
            {"id": "t", "name": "T", "domains": {"columns": {"name": {"paths": ["a..b"]}}}},
            "at domains.columns.name.paths.0: The path 'a..b' cannot be read from '..b' on; "
            "write it like domain, owner.email, records.A[*] or $key",
        ),
        (
            {"id": "t", "name": "T", "domains": {"columns": {"name": {}}}},
            "at domains.columns.name: give either paths or a constant",
        ),
        (
            {
                "id": "t",
                "name": "T",
                "domains": {"columns": {"name": {"paths": ["a"], "constant": "b"}}},
            },
            "at domains.columns.name: give either paths or a constant",
        ),
        (
            {"id": "t", "name": "T", "domains": {"columns": NAME}, "colour": "red"},
            "at colour: Extra inputs are not permitted",
        ),
        (
            {
                "id": "t",
                "name": "T",
                "domains": {"columns": NAME},
                "defaults": {"batch_size": 5000},
            },
            "at defaults.batch_size: Input should be less than or equal to 1000",
        ),
        (
            {"id": "t", "name": "T", "domains": {"each": "$item.a[*]", "columns": NAME}},
            "at domains.each: $item.a[*] does not begin with a field of the item",
        ),
    ],
    ids=range(15),
)
def test_a_definition_that_is_not_right_is_refused_with_place_and_remedy(
    definition: Any, told: Any
) -> None:
    with pytest.raises(BadTemplate) as refused:
        template(definition)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ({"transforms": [{"do": "explode"}]}, "does not match any of the expected tags"),
        ({"transforms": [{"do": "replace", "old": ""}]}, "at least 1 character"),
        ({"transforms": [{"do": "date", "formats": ["%Y"]}]}, "'%Y' is no format of days"),
        ({"transforms": [{"do": "date", "formats": ["day"]}]}, "write it like %d/%m/%Y"),
        ({"transforms": [{"do": "date", "formats": ["%Q"]}]}, "'%Q' is no format of days"),
        ({"rules": [{"rule": "pattern", "pattern": "a)(b"}]}, "'a)(b' is no pattern"),
        ({"rules": [{"rule": "pattern", "pattern": r"(a)\1"}]}, "is no pattern"),
        ({"rules": [{"rule": "pattern", "pattern": "a" * 501}]}, "at most 500 characters"),
        ({"rules": [{"rule": "length", "min": 5, "max": 2}]}, "max is less than min"),
        ({"rules": [{"rule": "type", "type": "date"}]}, "Input should be 'text', 'number'"),
        ({"rules": [{"rule": "choice", "values": []}]}, "at least 1 item"),
    ],
)
def test_a_transform_or_rule_that_is_not_right_is_refused_with_its_place(
    part: Any, told: Any
) -> None:
    with pytest.raises(BadTemplate) as refused:
        of({"name": {"paths": ["domain"], **part}})
    kind = next(iter(part))
    assert f"at domains.columns.name.{kind}.0" in str(refused.value)
    assert told in str(refused.value)


def test_many_faults_of_a_definition_are_told_together_but_not_endlessly() -> None:
    columns = {**NAME, **{f"c{number}": "x" for number in range(9)}}
    with pytest.raises(BadTemplate, match="; and 4 more"):
        of(columns)


@pytest.mark.parametrize(
    ("text", "value", "found"),
    [
        ("a", {"a": 1}, [1]),
        ("a.b", {"a": {"b": 1}}, [1]),
        ("a.b", {"a": [1]}, []),
        ("a[*]", {"a": [1, 2]}, [1, 2]),
        ("a[*]", {"a": 1}, [1]),
        ("a[*]", {"a": None}, []),
        ("a[*].b", {"a": [{"b": 1}, {}, {"b": 2}]}, [1, 2]),
        ("a.*", {"a": {"x": 1, "y": 2}}, [1, 2]),
        ("a.*[*]", {"a": {"x": [1, 2], "y": 3}}, [1, 2, 3]),
        ("*", {"x": 1}, [1]),
        ('["a.b"]', {"a.b": 1}, [1]),
        ('["a\\"]"].c', {'a"]': {"c": 1}}, [1]),
        ("Domain name", {"Domain name": 1}, [1]),
        ("[*]", [1, 2], [1, 2]),
    ],
)
def test_a_path_leads_to_these_values(text: Any, value: Any, found: Any) -> None:
    assert [each.value for each in find(path(text).steps, value)] == found


@pytest.mark.parametrize("text", ["", " ", "a.", ".a", "a..b", "a[", "a[0]", "a]", "[*", "a*",
                                  "*a", "$foo", "a.$key", "$up.$key", "$item.$index", "a" * 501,
                                  ".".join("a" * 21), '["a]', '[""x]'])  # fmt: skip
def test_what_is_no_path_is_refused(text: Any) -> None:
    with pytest.raises(BadPath, match=r"write it like|more than 20 steps|no JSON string"):
        path(text)


@given(st.text(max_size=20))
def test_any_name_of_a_field_can_be_written_as_a_path(name: Any) -> None:
    steps = path(written(name)).steps
    assert find(steps, {name: 1})[0].value == 1
    assert path(places(steps, {name: 1})[0]).steps == steps


def test_paths_say_by_which_key_and_place_and_through_what_they_went() -> None:
    value = {"a": {"x": [{"b": 1}, {"b": 2}]}}
    found = find(path("a.*[*].b").steps, value)

    assert [(each.value, each.key, each.place) for each in found] == [(1, "x", 0), (2, "x", 1)]
    assert found[1].around == ({"b": 2}, value["a"], value)
    assert places(path("a.*[*].b").steps, value) == ["a.x[0].b", "a.x[1].b"]


@pytest.mark.parametrize(
    ("transforms", "value", "result"),
    [
        ([{"do": "lower"}], "AbC", "abc"),
        ([{"do": "upper"}], "AbC", "ABC"),
        ([{"do": "strip"}], " a ", "a"),
        ([{"do": "strip", "characters": "/"}], "/a/", "a"),
        ([{"do": "remove_prefix", "text": "https://"}], "https://a.b", "a.b"),
        ([{"do": "remove_suffix", "text": ".json"}], "a.json", "a"),
        ([{"do": "replace", "old": "(dot)", "new": "."}], "a(dot)b", "a.b"),
        ([{"do": "split", "by": ","}], "a, b", ["a", "b"]),
        ([{"do": "split", "by": "@", "take": -1}], "a@b", "b"),
        ([{"do": "split", "by": "@", "take": 5}], "a@b", None),
        ([{"do": "blank", "values": ["(blank)", "N/A"]}], "n/a", None),
        ([{"do": "map", "words": {"Live": "active"}}], "LIVE", "active"),
        ([{"do": "map", "words": {"1": True}}], 1, True),
        ([{"do": "map", "words": {"a": "b"}, "otherwise": "blank"}], "c", None),
        ([{"do": "date", "formats": ["%d/%m/%Y"]}], "31/12/2024", "2024-12-31"),
        ([{"do": "date", "formats": ["%d/%m/%Y"]}], "2024-12-31", "2024-12-31"),
        ([{"do": "date", "formats": ["epoch"]}], 1704067200, "2024-01-01"),
        ([{"do": "date", "formats": ["epoch_ms"]}], "1704067200000", "2024-01-01"),
        ([{"do": "default", "value": "x"}], None, "x"),
        ([{"do": "default", "value": "x"}], " ", "x"),
        ([{"do": "default", "value": "x"}], "y", "y"),
        ([{"do": "blank", "values": ["-"]}, {"do": "default", "value": "x"}], "-", "x"),
        ([{"do": "lower"}], ["A", 1], ["a", 1]),
        ([{"do": "lower"}], 7, 7),
    ],
)
def test_a_transform_makes_this_of_a_value(transforms: Any, value: Any, result: Any) -> None:
    mapping = of({"name": {"paths": ["a"], "transforms": transforms}}).domains.columns["name"]
    assert shaped(value, mapping.transforms) == result


def test_a_word_that_a_map_refuses_and_a_day_that_does_not_exist_are_no_values() -> None:
    mapping = of(
        {"name": {"paths": ["a"], "transforms": [
            {"do": "map", "words": {"a": "b"}, "otherwise": "refuse"}]},
         "expires_on": {"paths": ["a"], "transforms": [{"do": "date", "formats": ["%d/%m/%Y"]}]}},
    ).domains.columns  # fmt: skip
    with pytest.raises(Unfit) as refused:
        shaped("c", mapping["name"].transforms)
    assert refused.value.code == "bad_word"
    with pytest.raises(Unfit) as refused:
        shaped("31/02/2024", mapping["expires_on"].transforms)
    assert refused.value.code == "bad_date"


def test_replacing_again_and_again_does_not_fill_the_memory() -> None:
    growing = [{"do": "replace", "old": "a", "new": "a" * 200}] * 20
    mapping = of({"name": {"paths": ["a"], "transforms": growing}}).domains.columns["name"]
    with pytest.raises(Unfit) as refused:
        shaped("a", mapping.transforms)
    assert refused.value.code == "too_long"


def test_a_pattern_that_would_backtrack_for_ever_takes_time_as_long_as_its_text() -> None:
    evil = Pattern(rule="pattern", pattern="(a+)+(b|a*)*c")
    assert list(evil.matches(["a" * 100_000, "aac", None, "x\ud800"])) == [
        False, True, None, False,
    ]  # fmt: skip


def test_a_pattern_must_match_as_a_whole() -> None:
    either = Pattern(rule="pattern", pattern="a|b")
    assert list(either.matches(["a", "b", "ab", "a\n"])) == [True, True, False, False]


names = st.text(alphabet="abcXYZ019-_*./@ \n\x00äß。\ud800", max_size=12) | st.builds(
    lambda labels: ".".join(labels),
    st.lists(st.text(alphabet="ab-_0*", min_size=0, max_size=66), max_size=6),
)


@settings(max_examples=500, deadline=None)
@given(st.lists(names | st.none(), max_size=5))
def test_a_name_that_is_plain_is_what_its_canonical_form_would_be(texts: Any) -> None:
    are_plain = are_plain_names(texts)
    if are_plain is None:
        assert any(text and not text.isascii() for text in texts)
        return
    for text, is_plain in zip(texts, are_plain, strict=True):
        if is_plain:
            assert canonical_name(text) == text
        elif text is not None and text.endswith(".arpa") is False:
            with contextlib.suppress(BadName):
                assert canonical_name(text) != text or text == "."


@pytest.mark.parametrize("length", [253, 254])
def test_a_plain_name_is_no_longer_than_a_name_can_be(length: Any) -> None:
    name = ".".join(["a" * 63] * 3 + ["b" * (length - 192)])
    assert are_plain_names([name]) == [length == 253]


def test_definitions_are_json_whatever_is_in_them() -> None:
    made = of(
        {"name": {"constant": "ä.example"}, "locked": {"constant": True}},
        description="\u2028 <b>",
        keep_others=False,
    )
    assert json.loads(made.to_json())["domains"]["columns"]["locked"] == {"constant": True}
    assert template(made.to_json()) == made


DOCS = (Path(__file__).parents[2] / "docs" / "templates.md").read_text("utf-8")


def test_the_documentation_names_all_that_a_definition_may_contain() -> None:
    fields = {*Template.model_fields, *Records.model_fields} - {"schema_version"}
    words = {
        *(each.id for each in builtin()),
        *fields,
        *get_args(DomainColumn),
        *get_args(RecordColumn),
        *(get_args(part.model_fields["do"].annotation)[0] for part in union(Transform)),
        *(get_args(part.model_fields["rule"].annotation)[0] for part in union(Rule)),
    }
    assert {word for word in words if f"`{word}`" not in DOCS} == set()


def test_the_documentation_names_every_code_that_a_fault_may_have() -> None:
    sources = "".join(
        (MIGRATION / f"{name}.py").read_text("utf-8")
        for name in ("values", "columns", "record_data", "record_rows", "rules", "transforms",
                     "transform", "others", "faults")
    )  # fmt: skip
    codes = set(re.findall(r'"((?:bad|no|not|too|unknown|outside)_[a-z_]+|missing|more)"', sources))
    assert len(codes) > 15
    assert {code for code in codes if f"`{code}`" not in DOCS} == set()


def test_the_example_in_the_documentation_works() -> None:
    [example] = re.findall(r"```json\n(.*?)```", DOCS, re.DOTALL)
    item = {
        "file": "anna.json",
        "owner": {"email": "a@x.example"},
        "records": {"MX": ["b.example"]},
    }
    made = Transformer(template(example)).apply(Chunk(1, [item], [1]))
    assert made.records.select(["name", "content", "priority", "owners"]).to_pylist() == [
        {
            "name": "anna.names.example",
            "content": "b.example",
            "priority": 10,
            "owners": ["a@x.example"],
        }
    ]


def union(annotated: Any) -> tuple[Any, ...]:
    return get_args(get_args(annotated)[0])
