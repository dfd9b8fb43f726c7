"""From what is asked to what is looked for: owners by their numbers, names as they are stored.

Lists and exports use the same, so that one filter means one thing at every door.
"""

import unicodedata
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from dnsinv.actions.installation import now
from dnsinv.actions.queries import ChangeQuery, DomainQuery, RecordQuery, asked_name, instant
from dnsinv.errors import NotThere, UsageError
from dnsinv.lake.choices import Choice, choice
from dnsinv.store import groups, owners


def chosen_domains(db: Connection, query: DomainQuery) -> Choice:
    """The domains that a query means.

    Raises:
        UsageError: there is no such sort, owner or group.
    """
    words = [word.strip() for word in query.status.strip("() ").split(",")]
    is_pair = len(words) == 2
    until = now().date() + timedelta(days=query.expiring) if query.expiring is not None else None
    filters = {
        "search": _searched(query.search),
        "pair": f"({', '.join(words)})" if is_pair else "",
        "word": "" if is_pair else words[0],
        "provider": query.provider.strip().lower(),
        "expiring": until,
        "unowned": query.unowned,
        "removed": query.removed,
        "tag": query.tag,
    }
    return choice("domains", filters | _owned_by(db, query), query.sort)


def chosen_records(db: Connection, query: RecordQuery) -> Choice:
    """The same of records."""
    filters = {
        "search": _searched(query.search),
        "domain": _name(query.domain),
        "type": query.type.strip().upper(),
        "provider": query.provider.strip().lower(),
        "unowned": query.unowned,
    }
    return choice("dns_records", filters | _owned_by(db, query), query.sort)


def chosen_changes(query: ChangeQuery) -> Choice:
    """The same of changes."""
    until = instant(query.until, "until")
    if isinstance(until, date) and not isinstance(until, datetime):
        until += timedelta(days=1)
    filters = {
        "since": instant(query.since, "since"),
        "until": until,
        "kind": query.kind,
        "domain": _name(query.domain),
        "name": _name(query.name),
        "type": query.type.strip().upper(),
        "change": query.change,
        "provider": query.provider.strip().lower(),
        "account": query.account.strip(),
    }
    return choice("changes", filters)


def _name(text: str) -> str:
    return asked_name(text) if text.strip() else ""


def _searched(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


def _owned_by(db: Connection, query: DomainQuery | RecordQuery) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if query.owner:
        owner = owners.owner(db, query.owner)
        found[owner.kind] = owner.id
    if query.group:
        group = groups.find_by_name(db, query.group)
        if group is None:
            raise NotThere(f"There is no group {query.group[:60]!a}.")
        if "group" in found and found["group"] != group.id:
            raise UsageError("owner and group name two groups; give one of them.")
        found["group"] = group.id
    return found
