"""Templates that people make: every version is kept, every act is audited, nobody loses another's."""

import json
from typing import Any

import pytest

from dnsinv.actions.acting import Actor, NotAllowed
from dnsinv.actions.auditing import AuditQuery, audit_page
from dnsinv.actions.installation import Installation
from dnsinv.actions.people import create_user
from dnsinv.actions.templates import (
    MOST_TEMPLATES,
    all_templates,
    change_template,
    create_template,
    find_template,
    remove_template,
    template_versions,
)
from dnsinv.errors import Conflict, NotThere, UsageError
from dnsinv.migration.suggest import suggest
from dnsinv.migration.templates import BadTemplate, builtin
from tests.core.stores import ROOT


def definition(name: str = "ours", **more: Any) -> dict[str, Any]:
    return {"id": name, "name": f"Of {name}", "domains": {"columns": {"name": "host"}}, **more}


def test_what_is_built_in_comes_first_and_what_people_made_after_it(
    installation: Installation,
) -> None:
    made = create_template(installation, ROOT, definition())
    known = all_templates(installation, ROOT)

    assert [each.template for each in known] == [*builtin(), made.template]
    assert [each.is_builtin for each in known] == [True] * len(builtin()) + [False]
    assert find_template(installation, ROOT, "ours") == made
    assert find_template(installation, ROOT, " of OURS ") == made
    assert find_template(installation, ROOT, "GoDaddy domains (legacy)").template == builtin()[0]


def test_a_change_is_a_new_version_and_the_old_ones_stay(installation: Installation) -> None:
    create_template(installation, ROOT, json.dumps(definition()))
    changed = change_template(installation, ROOT, "ours", definition(description="better"), 1)

    assert changed.version == 2
    assert find_template(installation, ROOT, "ours") == changed
    assert [
        (each.version, each.template.description)
        for each in template_versions(installation, ROOT, "ours")
    ] == [(2, "better"), (1, "")]
    same = change_template(installation, ROOT, "ours", definition(description="better"))
    assert same.version == 2


def test_of_two_who_change_the_same_version_the_second_is_told(
    installation: Installation,
) -> None:
    create_template(installation, ROOT, definition())
    change_template(installation, ROOT, "ours", definition(description="first"), 1)
    with pytest.raises(Conflict, match="is at version 2, no longer at 1"):
        change_template(installation, ROOT, "ours", definition(description="second"), 1)
    assert find_template(installation, ROOT, "ours").template.description == "first"


def test_a_removed_template_is_gone_and_its_versions_count_on(installation: Installation) -> None:
    create_template(installation, ROOT, definition())
    assert remove_template(installation, ROOT, "ours").version == 1
    with pytest.raises(NotThere, match="There is no template 'ours'; there are: godaddy-domains"):
        find_template(installation, ROOT, "ours")
    with pytest.raises(NotThere):
        remove_template(installation, ROOT, "ours")
    with pytest.raises(NotThere):
        change_template(installation, ROOT, "ours", definition())

    assert create_template(installation, ROOT, definition()).version == 2
    assert len(template_versions(installation, ROOT, "ours")) == 2
    with pytest.raises(NotThere, match="Nobody ever made"):
        template_versions(installation, ROOT, "flexible")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (definition(), "There is a template ours already"),
        (definition("flexible"), "There is a template flexible already"),
        ({**definition("x"), "name": "OF OURS"}, "There is a template called 'OF OURS' already"),
        ({**definition("x"), "name": "gODaddy domains (legacy)"}, "There is a template called"),
    ],
)
def test_an_id_or_a_name_that_is_taken_is_refused(
    installation: Installation, given: dict[str, Any], told: str
) -> None:
    create_template(installation, ROOT, definition())
    with pytest.raises(Conflict, match=told):
        create_template(installation, ROOT, given)
    assert len(all_templates(installation, ROOT)) == len(builtin()) + 1


def test_what_is_built_in_is_not_changed_or_removed(installation: Installation) -> None:
    with pytest.raises(Conflict, match="is built in; copy its definition under another id"):
        change_template(installation, ROOT, "flexible", definition("flexible"))
    with pytest.raises(Conflict, match="is built in"):
        remove_template(installation, ROOT, "flexible")


def test_a_definition_that_is_not_right_changes_nothing(installation: Installation) -> None:
    with pytest.raises(BadTemplate, match="no mapping for name"):
        create_template(installation, ROOT, definition(domains={"columns": {}}))
    create_template(installation, ROOT, definition())
    with pytest.raises(BadTemplate, match="has the id theirs, but 'ours' is changed"):
        change_template(installation, ROOT, "ours", definition("theirs"))
    assert len(all_templates(installation, ROOT)) == len(builtin()) + 1


def test_there_are_not_more_templates_than_people_can_look_through(
    installation: Installation,
) -> None:
    for number in range(MOST_TEMPLATES - len(builtin())):
        create_template(installation, ROOT, definition(f"t{number}"))
    with pytest.raises(UsageError, match="remove some first"):
        create_template(installation, ROOT, definition())


def test_a_suggested_template_can_be_kept_and_exported(installation: Installation) -> None:
    found = suggest([{"Domain Name": "a.example", "Expiry": "31/12/2027"}])
    kept = create_template(
        installation, ROOT, {**found.template.definition(), "id": "registrar-x", "name": "X"}
    )
    assert find_template(installation, ROOT, "registrar-x").template.to_json() == (
        kept.template.to_json()
    )


def test_who_may_import_makes_templates_and_all_of_it_is_written_down(
    installation: Installation,
) -> None:
    viewer = create_user(installation, ROOT, {"name": "vera", "role": "viewer"})
    editor = create_user(installation, ROOT, {"name": "ed", "role": "editor"})
    vera, ed = Actor("vera", "api", viewer.id), Actor("ed", "api", editor.id)

    create_template(installation, ed, definition())
    assert find_template(installation, vera, "ours").version == 1
    with pytest.raises(NotAllowed):
        create_template(installation, vera, definition("hers"))
    with pytest.raises(NotAllowed):
        remove_template(installation, vera, "ours")
    change_template(installation, ed, "ours", definition(description="x"))
    remove_template(installation, ed, "ours")

    entries, _ = audit_page(installation, ROOT, AuditQuery(action="template"))
    assert [(each.actor, each.action, each.outcome, each.subject) for each in entries] == [
        ("ed", "template.remove", "done", "ours"),
        ("ed", "template.change", "done", "ours"),
        ("vera", "template.remove", "refused", "ours"),
        ("vera", "template.create", "refused", "hers"),
        ("ed", "template.create", "done", "ours"),
    ]
    assert entries[1].details == {"name": "Of ours", "version": 2}
