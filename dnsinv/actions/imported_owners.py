"""Whom a file means by the owners it names; who is missing is made, inactive, where so asked."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from dnsinv.actions.acting import Actor, acting
from dnsinv.actions.installation import Installation
from dnsinv.domain.people import BadPerson, Owner, clean_email, clean_name, name_key
from dnsinv.domain.permission import Right, Role
from dnsinv.errors import UsageError
from dnsinv.migration.staging import Resolve
from dnsinv.store import owners, people
from dnsinv.store.migrations import Migration

FEW = 20  # names that are looked for one by one


def resolver(installation: Installation, migration: Migration) -> Resolve:
    """Finds the users and groups by name or address, for staging."""

    def resolve(names: Sequence[str]) -> Mapping[str, str]:
        found = known(installation, names)
        missing = [name for name in names if name not in found]
        if missing and migration.options.create_users:
            _create(installation, migration, missing)
            found |= known(installation, missing)
        return found

    return resolve


def known(installation: Installation, names: Sequence[str]) -> dict[str, str]:
    """The users and groups that there are of those names or addresses, as staging wants them."""
    found = {}
    with installation.store.read() as db:
        meant = owners.everybody(db) if len(names) > FEW else partial(owners.owner, db)
        for name in names:
            with suppress(UsageError):  # unknown, or it may be two
                found[name] = _code(meant(name))
    return found


def _create(installation: Installation, migration: Migration, names: Sequence[str]) -> None:
    """Make users of those names or addresses, none of whom may sign in or do anything."""
    actor = Actor(migration.created_by, "service")
    with acting(installation, actor, "migration.users", Right.MANAGE_PEOPLE, migration.id) as deed:
        made = {name_key(row["name"]): row for name in names if (row := _row(name)) is not None}
        there = {name_key(user.name) for user in people.all_users(deed.db)}
        rows = [row for key, row in made.items() if key not in there]
        people.add_many(deed.db, rows, deed.at, deed.seq)
        deed.details = {"created": len(rows), "first": [row["name"] for row in rows[:20]]}


def _row(name: str) -> dict[str, Any] | None:
    try:
        email = clean_email(name) if "@" in name else None
        # Not the address itself: a name that is another's address would be taken for that one.
        named = clean_name(name.replace("@", " at "))
    except BadPerson:
        return None
    return {
        "name": named,
        "email": email,
        "department": "",
        "role": Role.VIEWER,
        "is_active": False,
        "can_sign_in": False,
    }


def _code(owner: Owner) -> str:
    return f"{owner.kind}:{owner.id}"
