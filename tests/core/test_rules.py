"""Assignment rules: what patterns match, which rule counts, and what applying them leaves alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnsinv.actions.assign import Mode, assign_domains, owners_of
from dnsinv.actions.collect import carry_on, derive
from dnsinv.actions.groups import create_group
from dnsinv.actions.installation import Installation
from dnsinv.actions.people import create_user
from dnsinv.actions.rules import (
    all_rules,
    apply_rules,
    create_rule,
    preview_rules,
    remove_rule,
    set_rule_mode,
)
from dnsinv.domain.patterns import BadPattern, Patterns, clean_pattern, matches
from dnsinv.errors import NotThere, UsageError
from dnsinv.lake.fold import fold_history
from dnsinv.store import audit
from tests.core.observed import Observed
from tests.core.stores import ROOT


@pytest.mark.parametrize(
    ("pattern", "matched", "not_matched"),
    [
        ("shop.example", ["shop.example"], ["a.shop.example", "shop.example.org", "xshop.example"]),
        (
            "*.shop.example",
            ["a.shop.example", "b.a.shop.example"],
            ["shop.example", "xshop.example"],
        ),
        ("*bank*", ["bank", "mybank.example", "bank.example", "x.bankers.org"], ["ban.k"]),
        ("*", ["a.example", "example"], []),
        ("shop*", ["shop.example", "shopping.org"], ["my.shop.example"]),
        ("a*b*a", ["aba", "a.b.a"], ["ab", "aa", "aab"]),
        ("*.example", ["shop.example"], ["example"]),
    ],
)
def test_patterns_match_what_the_docs_say(
    pattern: str, matched: list[str], not_matched: list[str]
) -> None:
    for name in matched + not_matched:
        assert matches(pattern, name) == (name in matched), name
        assert Patterns.of(["none.example", pattern]).places(name) == [1] * (name in matched)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        (" *.Shop.EXAMPLE. ", "*.shop.example"),
        ("**.example", "*.example"),
        ("*.münchen.example", "*.xn--mnchen-3ya.example"),
    ],
)
def test_patterns_are_stored_in_one_form(text: str, stored: str) -> None:
    assert clean_pattern(text) == stored


@pytest.mark.parametrize(
    "text", ["", " . ", "a..b", "a b", "*bänk*", "x" * 300, "ex?mple", "[a-z].example", "\x00"]
)
def test_what_can_match_no_name_is_refused(text: str) -> None:
    with pytest.raises(BadPattern):
        clean_pattern(text)


@given(st.text("ab.*", min_size=1, max_size=12), st.text("ab.", max_size=12))
def test_many_patterns_at_once_match_as_each_alone(pattern: str, name: str) -> None:
    try:
        clean = clean_pattern(pattern)
    except BadPattern:
        return
    assert clean_pattern(clean) == clean
    assert bool(Patterns.of([clean]).places(name)) == matches(clean, name)


def test_a_pattern_made_to_be_slow_is_not() -> None:
    assert not matches("*a" * 60 + "*b", "a" * 253)


@pytest.fixture
def world(installation: Installation) -> Observed:
    for name in ("ada", "grace"):
        create_user(installation, ROOT, {"name": name})
    create_group(installation, ROOT, "ops")
    return Observed(installation)


def owners(world: Observed, domain: str) -> list[str]:
    return [each.owner.name for each in owners_of(world.installation, ROOT, domain)]


def test_new_domains_get_owners_and_nobody_gets_back_what_was_taken(world: Observed) -> None:
    it = world.installation
    world.observe_names("old.shop.example")
    create_rule(it, ROOT, "*.shop.example", ["ops", "ada"])
    world.observe_names("old.shop.example", "new.shop.example", "other.example")
    assert owners(world, "old.shop.example") == []  # was there before the rule
    assert owners(world, "new.shop.example") == ["ada", "ops"]
    assert {each.source for each in owners_of(it, ROOT, "new.shop.example")} == {"rule"}

    assign_domains(it, ROOT, ["new.shop.example"], ["ada"], Mode.REMOVE)
    # The second account is no news of a domain that is known.
    world.observe_names("new.shop.example", "old.shop.example", account="gd-2")
    apply_rules(it, ROOT)
    assert owners(world, "new.shop.example") == ["ops"]
    assert owners(world, "old.shop.example") == ["ada", "ops"]
    with it.store.read() as db:
        before = audit.last_seq(db)
    world.observe_names("new.shop.example", "old.shop.example", account="gd-2")
    with it.store.read() as db:
        assert audit.last_seq(db) == before


def test_a_dry_run_says_what_applying_does(world: Observed) -> None:
    it = world.installation
    world.observe_names("a.example", "b.example", "c.test")
    create_rule(it, ROOT, "*.example", ["ada"])
    create_rule(it, ROOT, "a.*", ["ops"])
    plan = preview_rules(it, ROOT)
    assert (plan.domains, plan.matched, dict(plan.added)) == (3, 2, {"user:ada": 2})
    assert list(plan.sample) == [("a.example", "user:ada"), ("b.example", "user:ada")]
    assert owners(world, "a.example") == []
    assert apply_rules(it, ROOT) == plan
    assert apply_rules(it, ROOT).added == {}
    assert owners(world, "a.example") == ["ada"]

    set_rule_mode(it, ROOT, "all")
    assert apply_rules(it, ROOT).added == {"group:ops": 1}
    assert owners(world, "a.example") == ["ada", "ops"]
    with pytest.raises(UsageError, match="first, all"):
        set_rule_mode(it, ROOT, "some")


def test_rules_keep_their_order(world: Observed) -> None:
    it = world.installation
    for pattern, position in (("c*", None), ("a*", 1), ("b*", 2), ("d*", 99)):
        create_rule(it, ROOT, pattern, ["ada", "ops"], position)

    def order() -> list[tuple[int, str]]:
        return [(rule.position, rule.pattern) for rule in all_rules(it, ROOT)]

    assert order() == [(1, "a*"), (2, "b*"), (3, "c*"), (4, "d*")]
    remove_rule(it, ROOT, next(rule.id for rule in all_rules(it, ROOT) if rule.pattern == "b*"))
    assert order() == [(1, "a*"), (2, "c*"), (3, "d*")]
    with pytest.raises(NotThere):
        remove_rule(it, ROOT, 1_000)


def test_a_domain_whose_history_was_published_before_the_domains_gets_its_owner(
    installation: Installation,
) -> None:
    create_group(installation, ROOT, "ops")
    create_rule(installation, ROOT, "*.example", ["ops"])
    world = Observed(installation)
    world.observe_names("a.example")
    world.see({name: [] for name in ("a.example", "late.example")})
    fold_history(installation.lake, {})
    carry_on(installation)  # as somebody else does who derives meanwhile
    assert owners_of(installation, ROOT, "late.example") == []

    derive(installation)

    (owned,) = owners_of(installation, ROOT, "late.example")
    assert (owned.owner.name, owned.source) == ("ops", "rule")
