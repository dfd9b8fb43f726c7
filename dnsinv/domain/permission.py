"""Who may do what: roles, the rights that each has, and what a token or an ownership changes.

Rules only. Who somebody is comes from the store, and every action asks here before it acts.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person is to the inventory; each may do what the one before it may."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"


class Scope(StrEnum):
    """What a token may be used for, at most; its owner's role limits it further."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


class Right(StrEnum):
    """One kind of thing to do."""

    READ = "read"
    EXPORT = "export"
    MANAGE_OWN_TOKENS = "manage own tokens"
    ANNOTATE = "annotate"
    ASSIGN = "assign"
    ADD_DOMAINS = "add domains"
    COLLECT = "collect"
    IMPORT = "import"
    MANAGE_PEOPLE = "manage people"
    MANAGE_RULES = "manage rules"
    MANAGE_SCHEDULES = "manage schedules of imports"
    SETTLE_HOLDS = "settle holds"
    RETIRE = "retire"
    CHANGE_SETTINGS = "change settings"
    READ_AUDIT = "read the audit log"
    BACK_UP = "back up"


_VIEWER = frozenset({Right.READ, Right.EXPORT, Right.MANAGE_OWN_TOKENS})
_EDITOR = _VIEWER | {Right.ANNOTATE, Right.ASSIGN, Right.ADD_DOMAINS, Right.COLLECT, Right.IMPORT}
RIGHTS: dict[Role, frozenset[Right]] = {
    Role.VIEWER: _VIEWER,
    Role.EDITOR: _EDITOR,
    Role.ADMIN: frozenset(Right),
}
"""What each role may do everywhere."""

OWNER_RIGHTS = frozenset({Right.ANNOTATE})
"""What owning an asset adds on that asset."""

_SCOPES: dict[Scope, frozenset[Right]] = {
    Scope.READ: frozenset({Right.READ, Right.EXPORT}),
    Scope.WRITE: _EDITOR - {Right.MANAGE_OWN_TOKENS},
    Scope.ADMIN: frozenset(Right),
}


@dataclass(frozen=True, slots=True)
class Grounds:
    """Whether a right is there, and the sentence that says why."""

    right: Right
    is_granted: bool
    reason: str


def rights_of(role: Role, scope: Scope | None = None) -> frozenset[Right]:
    """What a role may do everywhere, through a token no more than its scope."""
    return RIGHTS[role] if scope is None else RIGHTS[role] & _SCOPES[scope]


def explain(
    name: str, role: Role, is_active: bool, owned_through: Iterable[str]
) -> Iterator[Grounds]:
    """Every right of a person on one asset with its reason, in the order of Right.

    Args:
        owned_through: by what the person owns the asset, such as "the group ops, which owns
            shop.example".
    """
    ways = list(owned_through)
    for right in Right:
        if not is_active:
            yield Grounds(right, False, f"{name} is not active.")
        elif right in RIGHTS[role]:
            yield Grounds(right, True, f"{name} has the role {role}.")
        elif right in OWNER_RIGHTS and ways:
            yield Grounds(right, True, f"{name} owns it through {ways[0]}.")
        else:
            yield Grounds(right, False, f"The role {role} does not allow it{_or_owning(right)}.")


def _or_owning(right: Right) -> str:
    return ", and it is owned by others" if right in OWNER_RIGHTS else ""
