"""Users: listed, created, changed, disabled, removed.

An administrator who can sign in is always left. Whoever is removed hands on what they own.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection

from dnsinv.actions.acting import Actor, Deed, acting, allow, permit
from dnsinv.actions.installation import Installation
from dnsinv.actions.leaving import Left, before_release, leave
from dnsinv.domain.people import BadPerson, Owner, User, clean_email, clean_name, clean_role
from dnsinv.domain.permission import Right, Role
from dnsinv.domain.text import clean_line
from dnsinv.errors import Conflict, NotThere
from dnsinv.store import groups, people, sessions, tokens
from dnsinv.store.people import UserQuery

FIELDS: dict[str, Any] = {
    "name": "",
    "email": None,
    "department": "",
    "role": Role.VIEWER,
    "is_active": True,
    "can_sign_in": True,
}
"""What may be said of a user, and what a new one is where it is not said."""


@dataclass(frozen=True, slots=True)
class Person:
    """A user and the names of the groups they are in."""

    user: User
    groups: tuple[str, ...]


def users_page(
    installation: Installation, actor: Actor, query: UserQuery
) -> tuple[list[Person], int]:
    """One page of users in order of name, and how many match in all.

    Raises:
        NotAllowed: the actor may not read.
        NotThere: there is no such group.
    """
    allow(installation, actor, Right.READ)
    with installation.store.read() as db:
        group_id = None
        if query.group:
            group = groups.find_by_name(db, query.group)
            if group is None:
                raise NotThere(f"There is no group {query.group[:60]!a}.")
            group_id = group.id
        if query.search:
            clean_line(query.search, "search")
        found, total = people.page(db, query, group_id)
        return [_person(db, user) for user in found], total


def user_of(installation: Installation, actor: Actor, reference: int | str) -> Person:
    """The user of that id, name or e-mail address.

    Raises:
        NotThere: there is none.
    """
    allow(installation, actor, Right.READ)
    with installation.store.read() as db:
        return _person(db, existing_user(db, reference))


def create_user(installation: Installation, actor: Actor, fields: Mapping[str, Any]) -> User:
    """A new user of these FIELDS.

    Raises:
        NotAllowed: the actor may not manage people.
        BadPerson, BadText: a field is wrong.
        Conflict: a user has that name or address already.
    """
    with acting(installation, actor, "user.create", Right.MANAGE_PEOPLE) as deed:
        values = FIELDS | clean_fields({"name": "", **fields})
        deed.subject = values["name"]
        _refuse_taken(deed.db, values, None)
        user_id = people.add(deed.db, values, deed.at, deed.seq)
        deed.details = {"user": user_id, "after": values}
        return existing_user(deed.db, user_id)


def update_user(
    installation: Installation,
    actor: Actor,
    reference: int | str,
    fields: Mapping[str, Any],
    expected: int | None = None,
) -> User:
    """Change some of the FIELDS; the user as they are then.

    Who is no longer active loses sessions and tokens, who has another role or may not sign in any
    more loses sessions.

    Args:
        expected: `changed_in` of the user as the actor knows them.

    Raises:
        NotAllowed, BadPerson, BadText: as create_user.
        NotThere: there is no such user.
        Conflict: the name or address is taken, somebody changed the user meanwhile, or no
            administrator would be left.
    """
    with acting(installation, actor, "user.update", Right.MANAGE_PEOPLE) as deed:
        user = existing_user(deed.db, reference)
        deed.subject = user.name
        refuse_changed("user", user.name, user.changed_in, expected)
        values = changes_of(user, clean_fields(fields))
        _refuse_taken(deed.db, values, user.id)
        refuse_no_administrator(deed.db, user, values)
        before = asdict(user)
        deed.details = {
            "user": user.id,
            "before": {name: before[name] for name in values},
            "after": values,
        }
        if values:
            people.change(deed.db, user.id, values, deed.seq)
            deed.details |= shut_out(deed, user, values)
        return existing_user(deed.db, user.id)


def disable_user(installation: Installation, actor: Actor, reference: int | str) -> User:
    """Shut a user out at once; what they own stays theirs. As update_user."""
    return update_user(installation, actor, reference, {"is_active": False})


def remove_user(
    installation: Installation,
    actor: Actor,
    reference: int | str,
    *,
    hand_to: str = "",
    release: bool = False,
    expected: int | None = None,
) -> Left:
    """Remove a user for good; what became of what they own.

    Args:
        hand_to: the user or group who takes over what they own and stands in their place in rules.
        release: leave it without them; it may then be without any owner.

    Raises:
        NotAllowed, NotThere: as update_user.
        Conflict: they own something and neither is said; somebody changed the user meanwhile; or
            no administrator would be left.
        UsageError: who takes over is unknown, or they themselves.
    """
    saved: dict[str, str] = {}
    if release:
        permit(installation, actor, "user.remove", Right.MANAGE_PEOPLE)
        with installation.store.read() as db:
            user = existing_user(db, reference)
        saved = before_release(installation, Owner("user", user.id, user.name))
    with acting(installation, actor, "user.remove", Right.MANAGE_PEOPLE) as deed:
        deed.details |= saved
        user = existing_user(deed.db, reference)
        deed.subject = user.name
        refuse_changed("user", user.name, user.changed_in, expected)
        refuse_no_administrator(deed.db, user, {"is_active": False})
        left = leave(deed, Owner("user", user.id, user.name), hand_to, release=release)
        deed.details |= {"user": user.id, "groups": groups.leave_all(deed.db, user.id)}
        deed.details |= shut_out(deed, user, {"is_active": False})
        people.end(deed.db, user.id, deed.seq)
        return left


def existing_user(db: Connection, reference: int | str) -> User:
    """The user of that id, name or e-mail address.

    Raises:
        NotThere: there is none.
    """
    if isinstance(reference, int):
        user = people.find(db, reference)
    else:
        user = people.find_by_name(db, reference)
    if user is None:
        shown = reference if isinstance(reference, int) else ascii(reference[:60])
        raise NotThere(f"There is no user {shown}.")
    return user


def clean_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields in the form in which they are stored.

    Raises:
        BadPerson, BadText: there is no such field, or its value is none for it.
    """
    values: dict[str, Any] = {}
    for field, value in fields.items():
        if field not in FIELDS:
            raise BadPerson(f"A user has no {field[:60]!a}; there are: {', '.join(FIELDS)}.")
        values[field] = _clean(field, value)
    return values


def changes_of(user: User, values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the clean values that differ from what the user has."""
    return {name: value for name, value in values.items() if getattr(user, name) != value}


def refuse_changed(what: str, name: str, changed_in: int, expected: int | None) -> None:
    """Let pass what is still as the actor knows it.

    Raises:
        Conflict: somebody changed it meanwhile.
    """
    if expected is not None and expected != changed_in:
        raise Conflict(
            f"The {what} {name} was changed since you read it (entry {changed_in} of the audit "
            "log); read it again and decide whether to change it still."
        )


def refuse_no_administrator(db: Connection, user: User, values: Mapping[str, Any]) -> None:
    """Let pass a change after which an active administrator who can sign in is left.

    Raises:
        Conflict: none would be.
    """
    after = {**asdict(user), **values}
    if administers(after) or not administers(asdict(user)):
        return
    if people.administrators(db) <= {user.id}:
        raise Conflict(
            f"{user.name} is the last active administrator who can sign in; "
            "make somebody else one first."
        )


def administers(values: Mapping[str, Any]) -> bool:
    """Whether somebody of these fields can sign in as an administrator."""
    return bool(values["role"] == Role.ADMIN and values["is_active"] and values["can_sign_in"])


def shut_out(deed: Deed, user: User, values: Mapping[str, Any]) -> dict[str, int]:
    """End what a change leaves no right to; how many sessions and tokens that was."""
    ended = {}
    is_disabled = values.get("is_active") is False
    if is_disabled or values.get("can_sign_in") is False or "role" in values:
        ended["sessions_ended"] = sessions.end_of_user(deed.db, user.id, deed.at)
    if is_disabled:
        ended["tokens_revoked"] = tokens.revoke_of_user(deed.db, user.id, deed.at)
    return ended


def _clean(field: str, value: Any) -> Any:
    if field in ("is_active", "can_sign_in"):
        if not isinstance(value, bool):
            raise BadPerson(f"{field} is true or false, not {str(value)[:30]!a}.")
        return value
    if field == "email" and (value is None or value == ""):
        return None
    if not isinstance(value, str):
        raise BadPerson(f"The {field} is a text, not {str(value)[:30]!a}.")
    if field == "name":
        return clean_name(value)
    if field == "email":
        return clean_email(value)
    if field == "role":
        return clean_role(value)
    return clean_line(value, field)


def _refuse_taken(db: Connection, values: Mapping[str, Any], user_id: int | None) -> None:
    for field in ("name", "email"):
        other = people.find_by_name(db, values[field]) if values.get(field) else None
        if other and other.id != user_id:
            raise Conflict(f"The {field} {values[field]} is that of the user {other.name} already.")


def _person(db: Connection, user: User) -> Person:
    return Person(user, tuple(group.name for group in groups.groups_of(db, user.id)))
