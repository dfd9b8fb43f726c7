"""The made-up company's people own domains by its rules, and are entered once."""

from dnsinv.actions.demo_people import people_of_the_company
from dnsinv.actions.groups import groups_page, remove_group
from dnsinv.actions.installation import Installation
from dnsinv.actions.queries import DomainQuery
from dnsinv.actions.reading import Reader
from dnsinv.sandbox.company_names import HOME, MAIL_HOME
from tests.core.observed import Observed
from tests.core.stores import ROOT

NOBODYS = "jobs-kiel.example"


def test_the_company_has_people_whose_teams_own_most_of_its_domains(
    installation: Installation,
) -> None:
    names = (HOME, MAIL_HOME, "shop-kiel.example", "opening-kiel-2026.example", NOBODYS)
    Observed(installation).observe_names(*names)

    assert people_of_the_company(installation)

    reader = Reader(installation)
    try:
        found = {item["name"]: item for item in reader.domains(ROOT, DomainQuery()).items}
    finally:
        reader.close()
    assert {name: item["groups"] for name, item in found.items()} == {
        HOME: ["Domains", "Platform"],
        MAIL_HOME: ["Mail"],
        "shop-kiel.example": ["Retail"],
        "opening-kiel-2026.example": ["Marketing"],
        NOBODYS: [],
    }
    assert found[HOME]["owners"] == ["Femke Janssen"]
    assert found[HOME]["tags"] == ["brand", "critical"]


def test_what_a_visitor_took_away_does_not_come_back(installation: Installation) -> None:
    people_of_the_company(installation)
    remove_group(installation, ROOT, "Mail", release=True)
    assert not people_of_the_company(installation)
    found, _ = groups_page(installation, ROOT)
    assert "Mail" not in {team.group.name for team in found}
