"""Reading the inventory's lists: pages of domains, records and changes with their totals.

A page is a slice of the positions of all that was chosen. Rows come from the read model, what
people say of them from the store, both as they are at that moment.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from dnsinv.actions.acting import Actor, NotAllowed, refusal
from dnsinv.actions.installation import Installation, now
from dnsinv.actions.ownership import Ownership
from dnsinv.actions.queries import (
    ChangeQuery,
    DomainQuery,
    Page,
    RecordQuery,
    asked_name,
    instant,
)
from dnsinv.domain.permission import Right
from dnsinv.domain.records import RecordIdentity
from dnsinv.errors import NotThere, UsageError
from dnsinv.lake.choices import Choice, choice
from dnsinv.lake.model import Model, Models
from dnsinv.lake.positions import KeptPositions, Positions
from dnsinv.lake.readmodel import LISTS
from dnsinv.store import groups, owners, owning
from dnsinv.store.owning import Owned

COLUMNS = {table.name: table.names for table in LISTS}


class Reader:
    """Answers for any number of threads at once; holds the newest read model open."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._models = Models(installation.lake)
        self._ownership = Ownership(self._models.database)
        self._kept = KeptPositions()

    def close(self) -> None:
        self._models.close()

    def version(self) -> str:
        """What changes whenever an answer may: the read model's version and the people's."""
        with self._models.newest() as model, self._installation.store.read() as db:
            return f"{model.version}-{owning.newest(db)}"

    def domains(self, actor: Actor, query: DomainQuery) -> Page:
        """A page of domains.

        Raises:
            UsageError: there is no such sort, owner or group.
        """
        with self._reading(actor) as (model, db):
            chosen = choice("domains", domain_filters(db, query), query.sort)
            rows, total = self._page(model, db, chosen, query.page, query.limit)
            items = _with_owners(db, rows)
        return Page(items, query.page, query.limit, total)

    def records(self, actor: Actor, query: RecordQuery) -> Page:
        """A page of DNS records.

        Raises:
            UsageError: there is no such sort, owner or group.
        """
        with self._reading(actor) as (model, db):
            chosen = choice("dns_records", record_filters(db, query), query.sort)
            rows, total = self._page(model, db, chosen, query.page, query.limit)
            items = _records_with_owners(db, rows)
        return Page(items, query.page, query.limit, total)

    def changes(self, actor: Actor, query: ChangeQuery) -> Page:
        """A page of changes of domains and records, the latest first."""
        with self._reading(actor) as (model, db):
            chosen = choice("changes", change_filters(query))
            rows, total = self._page(model, db, chosen, query.page, query.limit)
        return Page(rows, query.page, query.limit, total)

    def domain(self, actor: Actor, name: str) -> dict[str, Any] | None:
        """One domain, current or removed, as in the list; None where there is none."""
        with self._reading(actor) as (model, db):
            found = self._row_of(model, asked_name(name))
            return _with_owners(db, [found])[0] if found else None

    def names_of(self, actor: Actor, query: DomainQuery) -> list[str]:
        """The names of all domains that a query chooses, whatever its page, in their order."""
        with self._reading(actor) as (model, db):
            chosen = choice("domains", domain_filters(db, query), query.sort)
            return [name for (name,) in self._all(model, db, chosen, "name")]

    def record_keys_of(self, actor: Actor, query: RecordQuery) -> list[RecordIdentity]:
        """All records that a query chooses, whatever its page, each once."""
        with self._reading(actor) as (model, db):
            chosen = choice("dns_records", record_filters(db, query))
            found = self._all(model, db, chosen, "domain, name, type, content")
            return [RecordIdentity(*row) for row in dict.fromkeys(found)]

    # -- within -----------------------------------------------------------------------------------

    @contextmanager
    def _reading(self, actor: Actor) -> Iterator[tuple[Model, Connection]]:
        with self._models.newest() as model, self._installation.store.read() as db:
            if reason := refusal(db, actor, Right.READ):
                raise NotAllowed(reason)
            yield model, db

    def _page(
        self, model: Model, db: Connection, chosen: Choice, page: int, limit: int
    ) -> tuple[list[dict[str, Any]], int]:
        first = (page - 1) * limit
        positions: Sequence[int] | Positions
        if not chosen.values and not chosen.sort:
            positions = range(model.sizes[chosen.table])
        else:
            positions = self._positions(model, db, chosen)
        wanted = [int(each) for each in positions[first : first + limit]]
        rows = model.rows[chosen.table].rows(wanted)
        names = COLUMNS[chosen.table]
        return [dict(zip(names, row, strict=True)) for row in rows], len(positions)

    def _positions(self, model: Model, db: Connection, chosen: Choice) -> Positions:
        people = self._ownership.catch_up(db) if chosen.is_about_people else 0
        return self._kept.get((model.version, people, chosen), lambda: model.positions(chosen))

    def _all(
        self, model: Model, db: Connection, chosen: Choice, columns: str
    ) -> list[tuple[Any, ...]]:
        if chosen.is_about_people:
            self._ownership.catch_up(db)
        return model.values(chosen, columns)

    def _row_of(self, model: Model, name: str) -> dict[str, Any] | None:
        position = model.position_of(name)
        if position is None:
            return None
        (row,) = model.rows["domains"].rows([position])
        return dict(zip(COLUMNS["domains"], row, strict=True))


def domain_filters(db: Connection, query: DomainQuery) -> dict[str, Any]:
    """The values of lake/choices.py that a query of domains stands for.

    Raises:
        UsageError: there is no such owner or group.
    """
    words = [word.strip() for word in query.status.strip("() ").split(",")]
    is_pair = len(words) == 2
    until = now().date() + timedelta(days=query.expiring) if query.expiring is not None else None
    return {
        "search": _searched(query.search),
        "pair": f"({', '.join(words)})" if is_pair else "",
        "word": "" if is_pair else words[0],
        "provider": query.provider.strip().lower(),
        "expiring": until,
        "unowned": query.unowned,
        "removed": query.removed,
        "tag": query.tag,
        **_owned_by(db, query),
    }


def record_filters(db: Connection, query: RecordQuery) -> dict[str, Any]:
    """The same of records."""
    return {
        "search": _searched(query.search),
        "domain": asked_name(query.domain) if query.domain.strip() else "",
        "type": query.type.strip().upper(),
        "provider": query.provider.strip().lower(),
        "unowned": query.unowned,
        **_owned_by(db, query),
    }


def change_filters(query: ChangeQuery) -> dict[str, Any]:
    """The same of changes."""
    until = instant(query.until, "until")
    if isinstance(until, date) and not isinstance(until, datetime):
        until += timedelta(days=1)
    return {
        "since": instant(query.since, "since"),
        "until": until,
        "kind": query.kind,
        "domain": asked_name(query.domain) if query.domain.strip() else "",
        "name": asked_name(query.name) if query.name.strip() else "",
        "type": query.type.strip().upper(),
        "change": query.change,
        "provider": query.provider.strip().lower(),
        "account": query.account.strip(),
    }


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


def _with_owners(db: Connection, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    owned = owning.of_domains(db, [row["name"] for row in rows])
    for row in rows:
        of = owned.get(row["name"], NOBODY)
        base, _, entry = row["name"].partition("~")
        row |= {
            "owners": of.owners,
            "groups": of.groups,
            "tags": of.tags,
            "note": of.note,
            "entry": int(entry or 1),
            "base_name": base,
        }
    return rows


def _records_with_owners(db: Connection, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    domains = list({row["domain"] for row in rows} | {row["zone"] for row in rows})
    of_domain, of_record = owning.of_records(db, domains, list({row["name"] for row in rows}))
    for row in rows:
        inherited = of_domain.get(row["domain"], NOBODY)
        of = of_record.get((row["name"], row["type"], row["content"]), inherited)
        row |= {"owners": of.owners, "groups": of.groups}
    return rows


NOBODY = Owned()
