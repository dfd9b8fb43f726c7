"""Owners by how people write them: user names or e-mail addresses, then names of groups."""

from collections.abc import Iterable

from sqlalchemy import Connection

from dnsinv.domain.people import Owner
from dnsinv.errors import UsageError
from dnsinv.store import groups, people

MOST_OWNERS = 100  # in one request


def owners(db: Connection, references: Iterable[str]) -> list[Owner]:
    """The users and groups meant, each once, in the order in which they were named.

    Raises:
        UsageError: one is unknown or may be two, or there are too many; the text names it.
    """
    found = list(dict.fromkeys(owner(db, reference) for reference in references))
    if len(found) > MOST_OWNERS:
        raise UsageError(f"{len(found)} owners at once are too many; at most {MOST_OWNERS}.")
    return found


def owner(db: Connection, reference: str) -> Owner:
    """The user or group meant; `user:NAME` and `group:NAME` force one kind.

    Raises:
        UsageError: it is unknown or may be two.
    """
    kind, colon, name = reference.partition(":")
    kind = kind.strip().lower()
    if colon and kind not in ("user", "group"):
        raise UsageError(
            f"An owner is written NAME, user:NAME or group:NAME, not {reference[:60]!a}."
        )
    name = name if colon else reference
    user = people.find_by_name(db, name) if kind != "group" or not colon else None
    group = groups.find_by_name(db, name) if kind != "user" or not colon else None
    if user and group:
        raise UsageError(
            f"{user.name!r} is the name of a user and of a group; "
            f"write user:{user.name} or group:{group.name}."
        )
    if user:
        return Owner("user", user.id, user.name)
    if group:
        return Owner("group", group.id, group.name)
    raise UsageError(f"There is no {kind if colon else 'user or group'} {name.strip()[:60]!a}.")
