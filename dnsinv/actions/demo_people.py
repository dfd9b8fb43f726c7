"""The made-up company's people: teams that own domains by rules, and what nobody owns yet."""

from sqlalchemy import func, select

from dnsinv.actions.acting import Actor
from dnsinv.actions.annotate import annotate
from dnsinv.actions.assign import assign_domains
from dnsinv.actions.groups import add_members, create_group
from dnsinv.actions.installation import Installation
from dnsinv.actions.people import create_user
from dnsinv.actions.rules import apply_rules, create_rule
from dnsinv.domain.permission import Role
from dnsinv.errors import NotThere
from dnsinv.sandbox.company_names import (
    DOMAINS,
    HOME,
    MAIL,
    MAIL_HOME,
    MARKETING,
    PLATFORM,
    RETAIL,
    SECURITY,
    TEAMS,
    Team,
)
from dnsinv.store.tables import assignment_rules, groups, users

DEMO = Actor("demonstration", "service")

_PEOPLE = (
    ("Wiebke Claasen", DOMAINS, Role.ADMIN),
    ("Jonas Petersen", DOMAINS, Role.EDITOR),
    ("Femke Janssen", PLATFORM, Role.ADMIN),
    ("Tarik Yildiz", PLATFORM, Role.EDITOR),
    ("Piet de Vries", MAIL, Role.EDITOR),
    ("Mira Lorenz", SECURITY, Role.EDITOR),
    ("Svea Lindqvist", RETAIL, Role.EDITOR),
    ("Ole Hansen", RETAIL, Role.VIEWER),
    ("Inken Thomsen", MARKETING, Role.EDITOR),
    ("Lasse Brodersen", MARKETING, Role.VIEWER),
)
# In order: the first that matches counts. What none matches has no owner, as everywhere.
_RULES = (
    (MAIL_HOME, (MAIL,)),
    ("nordhafen-security*", (SECURITY,)),
    ("nordhafen*", (PLATFORM, DOMAINS)),
    ("*-20*.example", (MARKETING,)),
    *((f"{trade}-*", (MARKETING,)) for trade in ("club", "events")),
    *((f"{trade}-*", (RETAIL,)) for trade in ("shop", "outlet", "service", "delivery", "rent")),
)
_NOTED = (
    (HOME, "The company's own name: ask Domains before any change.", ("critical", "brand")),
    ("nordhafen-pay.example", "Callbacks of the payment provider arrive here.", ("critical",)),
)


def people_of_the_company(installation: Installation) -> bool:
    """Enter them, once, where nobody entered anybody; whether that was now.

    They have no passwords: an administrator gives one to whom is to be tried out.
    """
    if _is_peopled(installation):
        return False
    for team in TEAMS:
        create_group(installation, DEMO, team.name, f"Reached at {team.address}.")
    for name, team, role in _PEOPLE:
        fields = {"email": _address(name), "department": team.name, "role": role.value}
        create_user(installation, DEMO, {"name": name, **fields})
        add_members(installation, DEMO, team.name, [name])
    for pattern, owners in _RULES:
        create_rule(installation, DEMO, pattern, [_reference(team) for team in owners])
    apply_rules(installation, DEMO)
    for domain, note, tags in _NOTED:
        try:
            assign_domains(installation, DEMO, [domain], ["Femke Janssen"])
            annotate(installation, DEMO, domain, note=note, tags=tags)
        except NotThere:
            continue  # it went in this month
    return True


def _is_peopled(installation: Installation) -> bool:
    """Whether anybody or anything was ever entered beside the first administrator."""
    with installation.store.read() as db:
        counts = [
            db.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (users, groups, assignment_rules)
        ]
    return counts[0] > 1 or any(counts[1:])


def _reference(team: Team) -> str:
    return f"group:{team.name}"


def _address(name: str) -> str:
    return f"{name.lower().replace(' ', '.')}@{HOME}"
