"""Notes, tags and domains that people enter; and any text at all in every field of text."""

import json
import unicodedata
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnsinv.actions.acting import Actor, NotAllowed
from dnsinv.actions.annotate import add_domain, annotate, annotation_of, remove_domain
from dnsinv.actions.assign import assign_domains, owners_of
from dnsinv.actions.collect import derive
from dnsinv.actions.groups import create_group, group_of
from dnsinv.actions.installation import Installation
from dnsinv.actions.people import create_user, user_of
from dnsinv.actions.rules import create_rule
from dnsinv.domain.patterns import clean_pattern
from dnsinv.domain.people import clean_email, clean_name
from dnsinv.domain.text import BadText, clean_note, clean_tags, is_storable
from dnsinv.errors import Conflict, NotThere, UsageError
from tests.core.observed import Observed
from tests.core.stores import ROOT

STRINGS = Path(__file__).parents[3] / "shared" / "data" / "malformed" / "blns" / "blns.json"


def test_notes_and_tags_are_kept_in_one_form(installation: Installation) -> None:
    add_domain(installation, ROOT, "a.example")
    said = annotate(
        installation, ROOT, "A.Example.", note=" Renew\r\nit ", tags=["Retail", "b", "retail", ""]
    )
    assert (said.note, said.tags) == ("Renew\nit", ("b", "retail"))
    assert annotate(installation, ROOT, "a.example", tags=[]).note == "Renew\nit"
    with pytest.raises(Conflict, match="changed since"):
        annotate(installation, ROOT, "a.example", note="mine", expected=said.changed_in)
    with pytest.raises(NotThere):
        annotate(installation, ROOT, "b.example", note="x")
    for tags in (["x" * 51], ["a,b"], [f"t{n}" for n in range(51)], ["\x00"]):
        with pytest.raises(BadText):
            annotate(installation, ROOT, "a.example", tags=tags)


def test_an_owner_may_annotate_what_is_theirs_whatever_their_role(
    installation: Installation,
) -> None:
    viewer = create_user(installation, ROOT, {"name": "Vi"})
    actor = Actor("Vi", "api", viewer.id)
    for name in ("a.example", "b.example"):
        add_domain(installation, ROOT, name)
    assign_domains(installation, ROOT, ["a.example"], ["Vi"])
    annotate(installation, actor, "a.example", note="mine")
    with pytest.raises(NotAllowed):
        annotate(installation, actor, "b.example", note="not mine")
    assert annotation_of(installation, actor, "b.example").note == ""


def test_a_manual_domain_is_in_the_list_until_an_account_holds_it(
    installation: Installation,
) -> None:
    world = Observed(installation)
    create_group(installation, ROOT, "ops")
    create_rule(installation, ROOT, "*.example", ["ops"])
    add_domain(installation, ROOT, "M.Example", expires_on=date(2027, 5, 1))
    derive(installation)

    def row() -> list[tuple[object, ...]]:
        query = "select status, sources, expires_on, discovered_on, removed_on, record_count from domains"
        return installation.lake.query(query)

    today = row()[0][3]
    assert row() == [("(-, -)", ["manual"], date(2027, 5, 1), today, None, 0)]
    assert [each.owner.name for each in owners_of(installation, ROOT, "m.example")] == ["ops"]
    with pytest.raises(Conflict, match="already"):
        add_domain(installation, ROOT, "m.example")

    world.observe_names("m.example")
    [(status, sources, _, discovered_on, removed_on, records)] = row()
    assert (status, sources, removed_on, records) == ("(active, -)", ["godaddy/gd-1"], None, 1)
    assert discovered_on == min(today, world.clock.now.date())  # type: ignore[type-var]

    remove_domain(installation, ROOT, "m.example")
    with pytest.raises(NotThere, match="domain retire"):
        remove_domain(installation, ROOT, "m.example")


@pytest.mark.parametrize("name", ["*.example", "localhost", ".", "a b.example"])
def test_what_cannot_be_registered_is_not_entered(installation: Installation, name: str) -> None:
    with pytest.raises(UsageError):
        add_domain(installation, ROOT, name)


def naughty_strings() -> list[str]:
    if not STRINGS.exists():
        pytest.skip("../shared/data is not here")
    texts: list[str] = json.loads(STRINGS.read_text(encoding="utf-8"))
    assert len(texts) > 400
    return [*texts, "\x00", "\ud800", "e\u0301", "\u202eevil", "a\u2028b", "x" * 20_000]


def clean_tag(text: str) -> str:
    return next(iter(clean_tags([text])), "")


@pytest.mark.parametrize("clean", [clean_note, clean_tag, clean_name, clean_email, clean_pattern])
def test_what_is_in_normal_form_stays_as_it_is(clean: Callable[[str], str]) -> None:
    for text in naughty_strings():
        try:
            kept = clean(text)
        except UsageError as refused:
            assert "\n" not in str(refused)  # noqa: PT017 - most texts are not refused
        else:
            assert clean(kept) == kept == unicodedata.normalize("NFC", kept)
            assert is_storable(kept)


@given(st.text())
def test_so_does_any_other_text(text: str) -> None:
    for clean in (clean_note, clean_tag, clean_name):
        try:
            kept = clean(text)
        except UsageError:
            continue
        assert clean(kept) == kept == unicodedata.normalize("NFC", kept)
        assert is_storable(kept)


def test_any_text_is_kept_in_normal_form_or_refused_in_a_sentence(
    installation: Installation,
) -> None:
    add_domain(installation, ROOT, "a.example")

    def note(text: str) -> None:
        kept = annotate(installation, ROOT, "a.example", note=text)
        assert kept.note == unicodedata.normalize("NFC", kept.note)
        assert annotation_of(installation, ROOT, "a.example") == kept

    def tag(text: str) -> None:
        kept = annotate(installation, ROOT, "a.example", tags=[text])
        assert annotation_of(installation, ROOT, "a.example") == kept

    def user(text: str) -> None:
        made = create_user(installation, ROOT, {"name": f"{text} u", "department": text})
        assert user_of(installation, ROOT, made.name).user == made

    def group(text: str) -> None:
        made = create_group(installation, ROOT, f"{text} g", text)
        assert group_of(installation, ROOT, made.name).group == made

    def rule(text: str) -> None:
        assert create_rule(installation, ROOT, text, [text]).pattern

    refusals = []
    for text in naughty_strings()[::12]:
        for write in (note, tag, user, group, rule):
            try:
                write(text)
            except UsageError as refused:
                refusals.append(str(refused))
    assert all(told.endswith(".") and "\n" not in told for told in refusals)
