"""Many users at once, from a file: created, changed or disabled, with a report of every line.

A line is about the user with its address, else about the one with its name, else about a new one.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection

from dnsinv.actions.acting import Actor, Deed, acting, allow
from dnsinv.actions.bulk_lines import BadFile, Line, lines_of
from dnsinv.actions.installation import Installation
from dnsinv.actions.people import FIELDS, administers, changes_of, clean_fields, shut_out
from dnsinv.domain.people import User, name_key
from dnsinv.domain.permission import Right
from dnsinv.errors import UsageError
from dnsinv.store import groups, people

_LISTED = 100  # names of those disabled or given another role that the audit log's entry lists


class Outcome(StrEnum):
    """What became of a line."""

    CREATED = "created"
    UPDATED = "updated"
    DISABLED = "disabled"
    UNCHANGED = "unchanged"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Told:
    """The report on a line; `reason` says what is wrong with an invalid one, else what changed."""

    number: int
    name: str
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """The report on a file: every line in order, and how many there are of each outcome."""

    lines: tuple[Told, ...]
    counts: Mapping[str, int]
    is_dry_run: bool


def change_users(
    installation: Installation, actor: Actor, content: bytes | str, *, dry_run: bool = False
) -> Report:
    """Create, change and disable users as a file says, in one transaction; bad lines are left out.

    Args:
        content: CSV or JSON, as actions/bulk_lines.py reads it.
        dry_run: say what would become of each line, and do nothing.

    Raises:
        NotAllowed: the actor may not manage people.
        BadFile: nothing of it can be read.
    """
    if dry_run:
        allow(installation, actor, Right.MANAGE_PEOPLE)
        with installation.store.read() as db:
            return _report(_judged(db, content)[0], is_dry_run=True)
    with acting(installation, actor, "user.bulk", Right.MANAGE_PEOPLE) as deed:
        told, changes = _judged(deed.db, content)
        _write(deed, changes)
        report = _report(told, is_dry_run=False)
        deed.subject = f"{len(told)} lines"
        deed.details |= {"counts": dict(report.counts)}
        return report


@dataclass(slots=True)
class _Changes:
    """What a file changes."""

    new: list[dict[str, Any]] = field(default_factory=list)
    changed: list[tuple[User, dict[str, Any]]] = field(default_factory=list)
    memberships: list[tuple[int, str]] = field(default_factory=list)  # group, key of the name


class _Known:
    """The users as they are and as the lines so far make them."""

    def __init__(self, db: Connection) -> None:
        everybody = people.all_users(db)
        self.by_name = {name_key(user.name): user for user in everybody}
        self.by_email = {user.email: user for user in everybody if user.email}
        self.names = {key: user.id for key, user in self.by_name.items()}
        self.emails = {email: user.id for email, user in self.by_email.items()}
        self.groups = {name_key(group.name): group.id for group in groups.all_groups(db)}
        self.members = groups.all_members(db)
        self.administrators = people.administrators(db)
        self.lines: dict[int, int] = {}  # which line is about a user


def _judged(db: Connection, content: bytes | str) -> tuple[list[Told], _Changes]:
    known, changes, told = _Known(db), _Changes(), []
    for line in lines_of(content):
        name = str(line.said.get("name") or line.said.get("email") or "")[:100]
        try:
            if line.trouble:
                raise BadFile(line.trouble)
            told.append(_line(known, changes, line))
        except UsageError as wrong:
            told.append(Told(line.number, name, Outcome.INVALID, str(wrong)))
    return told, changes


def _line(known: _Known, changes: _Changes, line: Line) -> Told:
    said = {"is_active" if name == "active" else name: value for name, value in line.said.items()}
    wanted = said.pop("groups", [])
    values = clean_fields(said)
    in_groups = _groups(known, wanted)
    user = _user(known, values)
    place = user.id if user else -line.number
    if place in known.lines:
        raise BadFile(f"Line {known.lines[place]} is about the same user.")
    _refuse_taken(known, values, place)
    if user is None:
        return _new(known, changes, line, values, in_groups)
    different = changes_of(user, values)
    _refuse_no_administrator(known, user, different)
    _reserve(known, {**asdict(user), **values}, place, line.number)
    joined = [group for group in in_groups if (group, user.id) not in known.members]
    changes.memberships += [(group, name_key(values.get("name", user.name))) for group in joined]
    if different:
        changes.changed.append((user, different))
    if different.get("is_active") is False:
        outcome = Outcome.DISABLED
    else:
        outcome = Outcome.UPDATED if different or joined else Outcome.UNCHANGED
    reason = ", ".join([*sorted(different), *(["groups"] if joined else [])])
    return Told(line.number, values.get("name", user.name), outcome, reason)


def _new(
    known: _Known, changes: _Changes, line: Line, values: dict[str, Any], in_groups: list[int]
) -> Told:
    if "name" not in values:
        raise BadFile(f"There is no user with the address {values.get('email')}, and no name here.")
    row = FIELDS | values
    _reserve(known, row, -line.number, line.number)
    changes.new.append(row)
    changes.memberships += [(group, name_key(row["name"])) for group in in_groups]
    return Told(line.number, row["name"], Outcome.CREATED)


def _user(known: _Known, values: Mapping[str, Any]) -> User | None:
    if not values.get("name") and not values.get("email"):
        raise BadFile("Neither a name nor an address says which user it is about.")
    by_email = known.by_email.get(values.get("email") or "")
    by_name = known.by_name.get(name_key(values["name"])) if "name" in values else None
    return by_email or by_name


def _groups(known: _Known, names: list[str]) -> list[int]:
    found = []
    for name in names:
        group = known.groups.get(name_key(" ".join(name.split())))
        if group is None:
            raise BadFile(f"There is no group {name.strip()[:60]!a}; create it first.")
        found.append(group)
    return list(dict.fromkeys(found))


def _refuse_taken(known: _Known, values: Mapping[str, Any], place: int) -> None:
    keys = {
        "name": (known.names, name_key(values.get("name") or "")),
        "email": (known.emails, values.get("email") or ""),
    }
    for what, (taken, key) in keys.items():
        holder = taken.get(key, place) if key else place
        if holder != place:
            of = f"line {known.lines[holder]}" if holder in known.lines else "another user"
            raise BadFile(f"The {what} {values[what]} is that of {of}.")


def _refuse_no_administrator(known: _Known, user: User, values: Mapping[str, Any]) -> None:
    if not administers(asdict(user)) or administers({**asdict(user), **values}):
        return
    if known.administrators <= {user.id}:
        raise BadFile(f"{user.name} is the last active administrator who can sign in.")
    known.administrators.discard(user.id)


def _reserve(known: _Known, values: Mapping[str, Any], place: int, number: int) -> None:
    """Let no later line take the name or address; what this one gives up stays taken as well."""
    known.lines[place] = number
    known.names[name_key(values["name"])] = place
    if values["email"]:
        known.emails[values["email"]] = place


def _write(deed: Deed, changes: _Changes) -> None:
    people.add_many(deed.db, changes.new, deed.at, deed.seq)
    shut: list[str] = []
    changed = [(user.id, values) for user, values in changes.changed]
    people.change_many(deed.db, changed, deed.seq)
    inside = people.with_access(deed.db)
    for user, values in changes.changed:
        if user.id in inside and shut_out(deed, user, values):
            shut.append(user.name)
    if changes.memberships:
        ids = {name_key(user.name): user.id for user in people.all_users(deed.db)}
        pairs = [(group, ids[key]) for group, key in changes.memberships]
        groups.add_members(deed.db, pairs, deed.seq)
    deed.details = {"shut_out": shut[:_LISTED], "memberships": len(changes.memberships)}


def _report(told: list[Told], *, is_dry_run: bool) -> Report:
    counts = Counter(each.outcome.value for each in told)
    return Report(
        tuple(told), {outcome.value: counts[outcome.value] for outcome in Outcome}, is_dry_run
    )
