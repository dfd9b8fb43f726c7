"""Owners by how people write them: user names or e-mail addresses, then names of groups."""

from collections.abc import Callable, Iterable
from functools import partial

from sqlalchemy import Connection

from dnsinv.domain.people import Group, Owner, User, name_key
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
    return _meant(reference, partial(people.find_by_name, db), partial(groups.find_by_name, db))


def everybody(db: Connection) -> Callable[[str], Owner]:
    """The same of many references: users and groups are read once."""
    users = people.all_users(db)
    by_email = {user.email: user for user in users if user.email}
    by_name = {name_key(user.name): user for user in users}
    groups_by_name = {name_key(group.name): group for group in groups.all_groups(db)}

    def user(text: str) -> User | None:
        wanted = " ".join(text.split())
        return by_email.get(wanted.lower()) if "@" in wanted else by_name.get(name_key(wanted))

    def group(text: str) -> Group | None:
        return groups_by_name.get(name_key(" ".join(text.split())))

    return lambda reference: _meant(reference, user, group)


def _meant(
    reference: str,
    find_user: Callable[[str], User | None],
    find_group: Callable[[str], Group | None],
) -> Owner:
    kind, colon, name = reference.partition(":")
    kind = kind.strip().lower()
    if colon and kind not in ("user", "group"):
        raise UsageError(
            f"An owner is written NAME, user:NAME or group:NAME, not {reference[:60]!a}."
        )
    name = name if colon else reference
    user = find_user(name) if kind != "group" or not colon else None
    group = find_group(name) if kind != "user" or not colon else None
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
