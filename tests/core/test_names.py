"""Names: one stored form for every spelling, and clear words for what is no name."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnsinv.domain.names import ancestors, canonical_name, is_within, observed_name, unicode_name
from dnsinv.errors import BadName

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
NAUGHTY = SHARED / "malformed" / "blns" / "blns.json"
SUFFIX_TESTS = [SHARED / "names" / "test_psl.txt", SHARED / "names" / "tests.txt"]

a_few = settings(max_examples=150, deadline=None)

ascii_labels = st.from_regex(r"\A[A-Za-z0-9_-]{1,12}\Z")
foreign_labels = st.text("äöüßçñøλжш中国食狮日本אבعر१ー", min_size=1, max_size=8)
likely_names = st.lists(st.one_of(ascii_labels, foreign_labels), min_size=1, max_size=5).map(
    ".".join
)
any_text = st.one_of(
    st.text(max_size=40),
    st.text("aZ09-_*./\\ \t\n。\uff0eⅷﬁẞİ\u017f\u0301\u200d\ud800xn", max_size=20),
    likely_names,
)


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("example.com", "example.com"),
        ("WwW.Example.COM.", "www.example.com"),
        (".", "."),
        ("com", "com"),
        ("_DMARC.example.com", "_dmarc.example.com"),
        ("*.example.com", "*.example.com"),
        ("*", "*"),
        ("4.3.2.1.in-addr.arpa.", "4.3.2.1.in-addr.arpa"),
        ("0/25.2.0.192.in-addr.arpa", "0/25.2.0.192.in-addr.arpa"),
        ("1.0/25.2.0.192.IN-ADDR.ARPA", "1.0/25.2.0.192.in-addr.arpa"),
        ("b.a.9.8.ip6.arpa", "b.a.9.8.ip6.arpa"),
        ("123.456", "123.456"),
        ("-hyphens-.ex--ample.com", "-hyphens-.ex--ample.com"),
        ("xn--i-7iq.ws", "xn--i-7iq.ws"),  # an emoji, registered long before IDNA 2008 refused it
        ("XN--0.example", "xn--0.example"),  # does not decode
        ("xn--.example", "xn--.example"),
        ("Bücher.example", "xn--bcher-kva.example"),
        ("_dmarc.BÜCHER.example.", "_dmarc.xn--bcher-kva.example"),
        ("*.bücher.example", "*.xn--bcher-kva.example"),
        ("bu\u0308cher.example", "xn--bcher-kva.example"),  # decomposed
        ("straße.example", "xn--strae-oqa.example"),  # IDNA 2003 made it strasse
        ("食狮。公司\uff0ecn", "xn--85x722f.xn--55qx5d.cn"),  # ideographic and full-width dots
        ("\uff25xample\uff0ecom", "example.com"),  # full width
        ("faß.xn--bcher-kva.example", "xn--fa-hia.xn--bcher-kva.example"),
    ],
)
def test_a_name_has_one_stored_form(written: str, stored: str) -> None:
    assert canonical_name(written) == stored


@pytest.mark.parametrize(
    ("written", "trouble"),
    [
        ("", "empty; the root is written as a single dot"),
        ("..", "leading or doubled dot"),
        (".example.com", "leading or doubled dot"),
        ("a..b", "leading or doubled dot"),
        ("example.com..", "leading or doubled dot"),
        (" example.com", "label ' example' contains ' '"),
        ("example.com\n", r"label 'com\n' contains '\n'"),
        ("exa mple.com", "label 'exa mple' contains ' '"),
        ("https://example.com", "contains ':'"),
        ("example.com/path", "label 'com/path' contains '/'"),
        ("a@example.com", "contains '@'"),
        (r"a\.b.example.com", r"contains '\\'"),
        ("a.*.example.com", "'*' must be the first label"),
        ("*a.example.com", "label '*a' contains '*'"),
        (f"{'a' * 64}.com", "has 64 characters in ASCII form, at most 63"),
        (".".join(["a" * 63] * 4), "has 255 characters in ASCII form, at most 253"),
        ("☃.example", "Codepoint U+2603"),
        (f"{'ü' * 60}.example", "Label too long"),
        ("_bücher.example", "Codepoint U+005F"),
        ("a\ud800.example", "U+D800"),
        ("\u0661example.com", "IDNA 2008"),
    ],
)
def test_what_is_no_name_is_refused_with_the_reason(written: str, trouble: str) -> None:
    with pytest.raises(BadName, match=re.escape(trouble)):
        canonical_name(written)


def test_the_longest_possible_name_is_a_name() -> None:
    longest = ".".join(["a" * 63] * 3 + ["b" * 61])

    assert canonical_name(f"{longest}.") == longest
    with pytest.raises(BadName):
        canonical_name(f"{longest}b.")


def test_an_error_text_quotes_only_the_beginning_of_endless_input() -> None:
    with pytest.raises(BadName) as refused:
        canonical_name("a " * 100_000)

    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("xn--bcher-kva.example", "bücher.example"),
        ("_dmarc.xn--bcher-kva.example", "_dmarc.bücher.example"),
        ("xn--85x722f.xn--55qx5d.cn", "食狮.公司.cn"),
        ("xn--0.example", "xn--0.example"),
        ("xn--.example", "xn--.example"),
        ("xn--i-7iq.ws", "xn--i-7iq.ws"),
        ("a-xn--b.example", "a-xn--b.example"),
        ("xn--bcher-kva.xn--0", "bücher.xn--0"),
        ("example.com", "example.com"),
        (".", "."),
    ],
)
def test_people_read_unicode_where_it_says_the_same(stored: str, shown: str) -> None:
    assert unicode_name(stored) == shown


@pytest.mark.parametrize(
    ("served", "stored"),
    [
        ("WWW.Example.com.", "www.example.com"),
        ("#CivilMediation.justice.gov.uk", "#civilmediation.justice.gov.uk"),
        ("☃.Example.", "☃.example"),
        ("Ä..", "xn--4ca"),
        ("..", ""),
        (".", "."),
        ("A b..", "a b"),
        ("", ""),
    ],
)
def test_what_a_provider_serves_is_kept_even_if_it_is_no_name(served: str, stored: str) -> None:
    assert observed_name(served) == stored


def test_ancestors_are_the_parents_nearest_first() -> None:
    assert list(ancestors("a.b.example.com")) == ["b.example.com", "example.com", "com"]
    assert list(ancestors("com")) == []
    assert list(ancestors(".")) == []


@pytest.mark.parametrize(
    ("name", "zone", "answer"),
    [
        ("example.com", "example.com", True),
        ("a.b.example.com", "example.com", True),
        ("*.example.com", "example.com", True),
        ("badexample.com", "example.com", False),
        ("com", "example.com", False),
        ("example.com", ".", True),
        (".", ".", True),
        (".", "com", False),
    ],
)
def test_a_name_is_within_its_zone_and_nothing_else(name: str, zone: str, answer: bool) -> None:
    assert is_within(name, zone) is answer


@a_few
@given(likely_names)
def test_a_name_is_within_each_of_its_ancestors(name: str) -> None:
    stored = observed_name(name)

    assert all(is_within(stored, ancestor) for ancestor in ancestors(stored))
    assert len(list(ancestors(stored))) == stored.count(".")


@a_few
@given(any_text)
def test_a_stored_name_is_stored_as_it_is(text: str) -> None:
    try:
        stored = canonical_name(text)
    except BadName:
        return
    assert canonical_name(stored) == stored
    assert canonical_name(f"{stored}." if stored != "." else ".") == stored
    assert canonical_name(stored.upper()) == stored
    assert stored.isascii()
    assert len(stored) <= 253


@a_few
@given(any_text)
def test_the_readable_form_leads_back_to_the_stored_one(text: str) -> None:
    try:
        stored = canonical_name(text)
    except BadName:
        return
    assert canonical_name(unicode_name(stored)) == stored


@a_few
@given(st.from_regex(r"\Axn--[a-z0-9-]{0,20}\Z"))
def test_any_a_label_can_be_shown_and_leads_back(label: str) -> None:
    assert canonical_name(unicode_name(canonical_name(label))) == label


@a_few
@given(any_text)
def test_an_observed_name_never_fails_and_is_stable(text: str) -> None:
    stored = observed_name(text)

    assert observed_name(stored) == stored


@pytest.mark.skipif(not NAUGHTY.exists(), reason="needs shared/data/malformed/blns")
def test_naughty_strings_are_names_or_refused_in_one_sentence() -> None:
    for text in json.loads(NAUGHTY.read_text(encoding="utf-8")):
        stored = observed_name(text)
        assert observed_name(stored) == stored
        try:
            stored = canonical_name(text)
        except BadName as refused:
            sentence = str(refused)
        else:
            sentence = "."
            assert canonical_name(unicode_name(stored)) == stored
        assert sentence.endswith(".")
        assert "\n" not in sentence


@pytest.mark.parametrize("path", SUFFIX_TESTS, ids=lambda path: path.name)
def test_the_suffix_list_tests_give_the_same_name_in_both_scripts(path: Path) -> None:
    if not path.exists():
        pytest.skip("needs shared/data/names")
    cases = [
        re.findall(r"[^\s(),';]+", line.removeprefix("checkPublicSuffix"))[0]
        for line in path.read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("//")
    ]
    plain = {name for name in cases if name.isascii()}
    foreign = {name for name in cases if not name.isascii()}

    stored = {canonical_name(name) for name in foreign}

    assert len(stored) == len(foreign) >= 9
    assert stored <= plain
    assert {unicode_name(name) for name in stored} == foreign
    for name in plain:
        if name.startswith("."):
            with pytest.raises(BadName):
                canonical_name(name)
        else:
            assert canonical_name(name) == name.lower()
