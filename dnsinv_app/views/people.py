"""Whom the pages offer as owners, written as owners are written everywhere."""

from collections.abc import Mapping

from dnsinv.actions.groups import groups_page
from dnsinv.actions.people import users_page
from dnsinv.store.people import UserQuery
from dnsinv_app.current import installation
from dnsinv_app.visitor import Visitor

MOST = 500  # of each kind; others can be typed


def owners(who: Visitor) -> dict[str, str]:
    """Groups, then active users: how each is written (`group:ops`, `user:ada`), and called."""
    teams, _ = groups_page(installation(), who.actor, limit=MOST)
    people, _ = users_page(installation(), who.actor, UserQuery(limit=MOST, active=True))
    return {f"group:{team.group.name}": f"{team.group.name} (group)" for team in teams} | {
        f"user:{person.user.name}": person.user.name for person in people
    }


def owner_filter(who: Visitor) -> Mapping[str, str]:
    """The same for a filter."""
    return {"": "Any owner", **owners(who)}
