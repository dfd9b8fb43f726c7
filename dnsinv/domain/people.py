"""People and groups as values: how their names and addresses are written and compared."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dnsinv.domain.permission import Role
from dnsinv.domain.text import BadText, clean_line
from dnsinv.errors import UsageError

LONGEST_NAME = 100
_ADDRESS = re.compile(r"[^\s@\x00-\x1f<>\"(),:;\[\]\\]+@[^\s@]+\.[^\s@.]+")


class BadPerson(UsageError):
    """Not a name, e-mail address, role or department that a person or group can have."""


@dataclass(frozen=True, slots=True)
class User:
    """A person; `id` is the store's, `changed_in` the audit entry of its last change."""

    id: int
    name: str
    email: str | None
    department: str
    role: Role
    is_active: bool
    can_sign_in: bool
    created_at: datetime
    changed_in: int


@dataclass(frozen=True, slots=True)
class Group:
    """Several people under one name."""

    id: int
    name: str
    description: str
    created_at: datetime
    changed_in: int


@dataclass(frozen=True, slots=True)
class Owner:
    """A user or a group that answers for an asset."""

    kind: Literal["user", "group"]
    id: int
    name: str


def clean_name(text: str, what: str = "name") -> str:
    """A name in normal form (NFC, single spaces).

    Raises:
        BadPerson: it is empty, too long, or has characters that do not show.
    """
    try:
        name = clean_line(text, what, LONGEST_NAME)
    except BadText as bad:
        raise BadPerson(str(bad)) from None
    if not name:
        raise BadPerson(f"The {what} is empty.")
    # As names are compared: a wide ＠ would make of a name what is somebody's address.
    if any(character in unicodedata.normalize("NFKC", name) for character in ":,@"):
        raise BadPerson(f"The {what} {name!r} has one of : , @ in it, which lists of owners need.")
    return name


def name_key(name: str) -> str:
    """By what names are compared: 'Ada' and 'ADA' are one person."""
    return unicodedata.normalize("NFKC", name).casefold()[:LONGEST_NAME]


def clean_email(text: str) -> str:
    """An address in lower case.

    Raises:
        BadPerson: it does not look like user@host.example.
    """
    email = text.strip().lower()
    if len(email) > 254 or not email.isascii() or not _ADDRESS.fullmatch(email):
        raise BadPerson(f"The e-mail address {text[:60]!r} does not look like user@host.example.")
    return email


def clean_role(text: str) -> Role:
    """The role of that name, in any case.

    Raises:
        BadPerson: there is none.
    """
    try:
        return Role(text.strip().lower())
    except ValueError:
        raise BadPerson(f"There is no role {text[:30]!r}; there are: {', '.join(Role)}.") from None
