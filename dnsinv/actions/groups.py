"""Groups: listed, created, changed, removed, and who is in them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection

from dnsinv.actions.acting import Actor, acting, allow, permit
from dnsinv.actions.installation import Installation
from dnsinv.actions.leaving import Left, before_release, leave
from dnsinv.actions.people import existing_user, refuse_changed
from dnsinv.domain.people import BadPerson, Group, Owner, User, clean_name
from dnsinv.domain.permission import Right
from dnsinv.domain.text import clean_line, clean_note
from dnsinv.errors import Conflict, NotThere
from dnsinv.store import groups

LONGEST_DESCRIPTION = 1_000


@dataclass(frozen=True, slots=True)
class Team:
    """A group and how many are in it."""

    group: Group
    size: int


def groups_page(
    installation: Installation, actor: Actor, page: int = 1, limit: int = 50, search: str = ""
) -> tuple[list[Team], int]:
    """One page of groups in order of name, and how many match in all."""
    allow(installation, actor, Right.READ)
    clean_line(search, "search")
    with installation.store.read() as db:
        found, total = groups.page(db, page, limit, search)
        sizes = groups.member_counts(db)
        return [Team(group, sizes.get(group.id, 0)) for group in found], total


def group_of(installation: Installation, actor: Actor, reference: int | str) -> Team:
    """The group of that id or name.

    Raises:
        NotThere: there is none.
    """
    allow(installation, actor, Right.READ)
    with installation.store.read() as db:
        group = existing_group(db, reference)
        return Team(group, groups.member_counts(db).get(group.id, 0))


def members_of(installation: Installation, actor: Actor, reference: int | str) -> list[User]:
    """Who is in a group, in order of name.

    Raises:
        NotThere: there is no such group.
    """
    allow(installation, actor, Right.READ)
    with installation.store.read() as db:
        return groups.members(db, existing_group(db, reference).id)


def create_group(
    installation: Installation, actor: Actor, name: str, description: str = ""
) -> Group:
    """A new group without members.

    Raises:
        NotAllowed: the actor may not manage people.
        BadPerson, BadText: the name or description is wrong.
        Conflict: there is a group of that name.
    """
    with acting(installation, actor, "group.create", Right.MANAGE_PEOPLE) as deed:
        values = _clean({"name": name, "description": description})
        deed.subject = values["name"]
        _refuse_taken(deed.db, values, None)
        group_id = groups.add(deed.db, **values, at=deed.at, seq=deed.seq)
        deed.details = {"group": group_id, "after": values}
        return existing_group(deed.db, group_id)


def update_group(
    installation: Installation,
    actor: Actor,
    reference: int | str,
    fields: Mapping[str, Any],
    expected: int | None = None,
) -> Group:
    """Change name or description; the group as it is then.

    Args:
        expected: `changed_in` of the group as the actor knows it.

    Raises:
        NotAllowed, BadPerson, BadText: as create_group.
        NotThere: there is no such group.
        Conflict: the name is taken, or somebody changed the group meanwhile.
    """
    with acting(installation, actor, "group.update", Right.MANAGE_PEOPLE) as deed:
        group = existing_group(deed.db, reference)
        deed.subject = group.name
        refuse_changed("group", group.name, group.changed_in, expected)
        before = asdict(group)
        values = {k: v for k, v in _clean(fields).items() if before[k] != v}
        _refuse_taken(deed.db, values, group.id)
        deed.details = {
            "group": group.id,
            "before": {name: before[name] for name in values},
            "after": values,
        }
        if values:
            groups.change(deed.db, group.id, values, deed.seq)
        return existing_group(deed.db, group.id)


def remove_group(
    installation: Installation,
    actor: Actor,
    reference: int | str,
    *,
    hand_to: str = "",
    release: bool = False,
) -> Left:
    """Remove a group for good, as remove_user does a user; its members stay users."""
    saved: dict[str, str] = {}
    if release:
        permit(installation, actor, "group.remove", Right.MANAGE_PEOPLE)
        with installation.store.read() as db:
            group = existing_group(db, reference)
        saved = before_release(installation, Owner("group", group.id, group.name))
    with acting(installation, actor, "group.remove", Right.MANAGE_PEOPLE) as deed:
        deed.details |= saved
        group = existing_group(deed.db, reference)
        deed.subject = group.name
        left = leave(deed, Owner("group", group.id, group.name), hand_to, release=release)
        names = [member.name for member in groups.members(deed.db, group.id)]
        deed.details |= {"group": group.id, "members": names}
        groups.end(deed.db, group.id, deed.seq)
        return left


def add_members(
    installation: Installation, actor: Actor, reference: int | str, users: Sequence[int | str]
) -> int:
    """Put users (by id, name or address) into a group; how many were not in it.

    Raises:
        NotAllowed: the actor may not manage people.
        NotThere: there is no such group or user; nobody is put in then.
    """
    with acting(installation, actor, "group.add_members", Right.MANAGE_PEOPLE) as deed:
        group = existing_group(deed.db, reference)
        found = [existing_user(deed.db, each) for each in users]
        added = groups.add_members(deed.db, [(group.id, user.id) for user in found], deed.seq)
        deed.subject = group.name
        deed.details = {"group": group.id, "users": [user.name for user in found], "added": added}
        return added


def remove_members(
    installation: Installation, actor: Actor, reference: int | str, users: Sequence[int | str]
) -> int:
    """Take users out of a group; how many were in it. Raises as add_members."""
    with acting(installation, actor, "group.remove_members", Right.MANAGE_PEOPLE) as deed:
        group = existing_group(deed.db, reference)
        found = [existing_user(deed.db, each) for each in users]
        removed = groups.remove_members(deed.db, group.id, [user.id for user in found])
        deed.subject = group.name
        names = [user.name for user in found]
        deed.details = {"group": group.id, "users": names, "removed": removed}
        return removed


def existing_group(db: Connection, reference: int | str) -> Group:
    """The group of that id or name.

    Raises:
        NotThere: there is none.
    """
    if isinstance(reference, int):
        group = groups.find(db, reference)
    else:
        group = groups.find_by_name(db, reference)
    if group is None:
        shown = reference if isinstance(reference, int) else ascii(reference[:60])
        raise NotThere(f"There is no group {shown}.")
    return group


def _clean(fields: Mapping[str, Any]) -> dict[str, Any]:
    values = {}
    for field, value in fields.items():
        if field not in ("name", "description"):
            raise BadPerson(f"A group has no {field[:60]!a}; there are: name, description.")
        if not isinstance(value, str):
            raise BadPerson(f"The {field} is a text, not {str(value)[:30]!a}.")
        values[field] = (
            clean_name(value, "group's name")
            if field == "name"
            else clean_note(value, "description", LONGEST_DESCRIPTION)
        )
    return values


def _refuse_taken(db: Connection, values: Mapping[str, Any], group_id: int | None) -> None:
    other = groups.find_by_name(db, values["name"]) if "name" in values else None
    if other and other.id != group_id:
        raise Conflict(f"There is a group {other.name} already.")
