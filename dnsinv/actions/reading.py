"""Reading the inventory's lists: pages of domains, records and changes with their totals.

A page is a slice of the positions of all that was chosen. Rows come from the read model, what
people say of them from the store, both as they are at that moment.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from datetime import date
from typing import Any

from sqlalchemy import Connection

from dnsinv.actions.acting import Actor, NotAllowed, refusal
from dnsinv.actions.filters import chosen_changes, chosen_domains, chosen_records
from dnsinv.actions.installation import Installation, now
from dnsinv.actions.ownership import Ownership, domains_with_owners, records_with_owners
from dnsinv.actions.queries import ChangeQuery, DomainQuery, Page, RecordQuery, asked_name
from dnsinv.domain.octodns import octodns_zone
from dnsinv.domain.permission import Right
from dnsinv.domain.records import Record, RecordIdentity
from dnsinv.domain.zonefile import bind_zone
from dnsinv.errors import NotThere, UsageError
from dnsinv.lake.choices import Choice
from dnsinv.lake.histories import periods, zone_now, zone_on
from dnsinv.lake.model import Model, Models
from dnsinv.lake.positions import KeptPositions, Positions, among
from dnsinv.lake.readmodel import LISTS
from dnsinv.store import owning
from dnsinv.store.owning import State

FORMS = {"bind": bind_zone, "octodns": octodns_zone}
COLUMNS = {table.name: table.names for table in LISTS}
ASKING = 8  # threads that wait for a store on a server


class NotAtHand(Exception):
    """It takes a while to find out which rows are meant."""


class Reader:
    """Answers for any number of threads at once; holds the newest read model open."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._models = Models(installation.lake)
        self._ownership = Ownership(self._models.database, installation.store)
        self._kept = KeptPositions()
        self._told: tuple[tuple[Any, ...], str] = (None,), ""
        self._is_patient = True

    @property
    def pages_at_once(self) -> int:
        """How many threads are to make pages that are at hand.

        That is the interpreter's own work, for which several only vie: they double its time.
        """
        return 1 if self._installation.store.is_file else ASKING

    def at_hand(self) -> "Reader":
        """The same without patience: it raises NotAtHand instead of taking a while."""
        quick = copy(self)
        quick._is_patient = False
        return quick

    def close(self) -> None:
        self._models.close()

    def version(self) -> str:
        """What changes whenever an answer may: the read model's version and the people's."""
        seen = self._seen()
        with self._models.newest() as model, self._installation.store.read() as db:
            people = owning.state(db)
            told = f"{model.version}-{people.seq}-{people.mark[:16]}"
        self._told = seen, told
        return told

    def version_at_hand(self) -> str | None:
        """The same without waiting for anything; None where it has to be asked for.

        It is at hand while nothing was published, nor committed to the store, since it was told.
        """
        seen, told = self._told
        return told if None not in seen and seen == self._seen() else None

    def domains(self, actor: Actor, query: DomainQuery) -> Page:
        """A page of domains.

        Raises:
            UsageError: there is no such sort, owner or group.
        """
        with self._reading(actor) as (model, db):
            chosen = chosen_domains(db, query)
            rows, total = self._page(model, db, chosen, query.page, query.limit)
            items = domains_with_owners(db, rows)
        return Page(items, query.page, query.limit, total)

    def records(self, actor: Actor, query: RecordQuery) -> Page:
        """A page of DNS records.

        Raises:
            UsageError: there is no such sort, owner or group.
        """
        with self._reading(actor) as (model, db):
            chosen = chosen_records(db, query)
            rows, total = self._page(model, db, chosen, query.page, query.limit)
            items = records_with_owners(db, rows)
        return Page(items, query.page, query.limit, total)

    def changes(self, actor: Actor, query: ChangeQuery) -> Page:
        """A page of changes of domains and records, the latest first."""
        with self._reading(actor) as (model, db):
            chosen = chosen_changes(query)
            rows, total = self._page(model, db, chosen, query.page, query.limit)
        return Page(rows, query.page, query.limit, total)

    def domain(self, actor: Actor, name: str) -> dict[str, Any] | None:
        """One domain, current or removed, as in the list; None where there is none."""
        with self._reading(actor) as (model, db):
            found = self._row_of(model, asked_name(name))
            return domains_with_owners(db, [found])[0] if found else None

    def names_of(self, actor: Actor, query: DomainQuery) -> list[str]:
        """The names of all domains that a query chooses, whatever its page, in their order."""
        with self._reading(actor) as (model, db):
            chosen = chosen_domains(db, query)
            return [name for (name,) in self._all(model, db, chosen, "name")]

    def record_keys_of(self, actor: Actor, query: RecordQuery) -> list[RecordIdentity]:
        """All records that a query chooses, whatever its page, each once."""
        with self._reading(actor) as (model, db):
            chosen = chosen_records(db, query)
            found = self._all(model, db, chosen, "domain, name, type, content")
            return [RecordIdentity(*row) for row in dict.fromkeys(found)]

    def history(self, actor: Actor, name: str, page: int = 1, limit: int = 50) -> Page:
        """A page of the periods in which a domain, its records or those of a name had their values.

        Each has kind (domain or record), provider, account, zone, name, type, valid_from, valid_to
        (None where it still holds) and values; the latest come first.
        """
        asked = ChangeQuery(page=page, limit=limit)
        wanted = asked_name(name)
        with self._reading(actor) as (model, _):
            self._take_time()
            zones = model.zones_of(wanted)
        first = (asked.page - 1) * asked.limit
        items, total = periods(self._installation.lake, wanted, zones, first, asked.limit)
        return Page(items, page, limit, total)

    def stats(self, actor: Actor) -> dict[str, Any]:
        """The inventory in numbers.

        domains, removed, records, zones, expiring, expired, unowned, observed_at, statuses (pairs
        with their counts), providers, and changes of each of the last 30 days.
        """
        today = now().date()
        with self._reading(actor) as (model, db):
            self._people(db)
            (figures,) = model.told("stats", today=today)
            return figures | {
                "statuses": model.told("overview_statuses"),
                "providers": model.told("stats_providers"),
                "changes": [
                    each | {"day": each["day"].isoformat()}
                    for each in model.told("overview_changes", today=today)
                ],
            }

    def zone(
        self,
        actor: Actor,
        name: str,
        day: date | None = None,
        form: str = "bind",
        account: str = "",
    ) -> str:
        """The text of a zone as a BIND zone file or octoDNS YAML, as it is or was on a day.

        Raises:
            NotThere: no account had it (or not that account, or not on that day).
            UsageError: several accounts have it and none is named; or there is no such form.
        """
        if form not in FORMS:
            raise UsageError(f"There is no form {form[:40]!r}; there are: {', '.join(FORMS)}.")
        zone = asked_name(name)
        with self._reading(actor) as (model, _):
            if day is None:
                with model.cursor() as con:
                    found = zone_now(con, zone)
            else:
                found = zone_on(self._installation.lake, zone, day)
        (provider, served_by), records = _one_account(found, zone, day, account)
        when = f"on {day}" if day else f"as last read, written {now():%Y-%m-%d %H:%M}Z"
        return FORMS[form](zone, records, [f"{zone} at {provider}/{served_by}, {when}"])

    # -- within -----------------------------------------------------------------------------------

    def _seen(self) -> tuple[Any, ...]:
        return self._models.look(), self._installation.store.version()

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
        positions = self._positions(model, db, chosen)
        wanted = [int(each) for each in positions[first : first + limit]]
        rows = model.rows[chosen.table].rows(wanted)
        names = COLUMNS[chosen.table]
        return [dict(zip(names, row, strict=True)) for row in rows], len(positions)

    def _positions(self, model: Model, db: Connection, chosen: Choice) -> Positions | range:
        if not chosen.values and not chosen.sort:
            return range(model.sizes[chosen.table])
        people = self._people(db) if chosen.is_about_people else None

        key = (model.version, people, chosen)
        if not self._is_patient:
            if (known := self._kept.find(key)) is None:
                raise NotAtHand
            return known

        def compute() -> Positions:
            found = model.searched(chosen.search) if chosen.is_of_domain_names else None
            if found is None:
                return model.positions(chosen)
            others = self._positions(model, db, chosen.without_search())
            return among(found, others)

        return self._kept.get(key, compute)

    def _people(self, db: Connection) -> State:
        self._take_time()
        return self._ownership.catch_up(db)

    def _take_time(self) -> None:
        if not self._is_patient:
            raise NotAtHand

    def _all(
        self, model: Model, db: Connection, chosen: Choice, columns: str
    ) -> list[tuple[Any, ...]]:
        if chosen.is_about_people:
            self._people(db)
        return model.values(chosen, columns)

    def _row_of(self, model: Model, name: str) -> dict[str, Any] | None:
        position = model.position_of(name)
        if position is None:
            return None
        (row,) = model.rows["domains"].rows([position])
        return dict(zip(COLUMNS["domains"], row, strict=True))


def _one_account(
    found: Mapping[tuple[str, str], list[Record]], zone: str, day: date | None, account: str
) -> tuple[tuple[str, str], list[Record]]:
    chosen = {where: rows for where, rows in found.items() if account in ("", where[1])}
    if len(chosen) > 1:
        names = ", ".join(name for _, name in sorted(chosen))
        raise UsageError(f"The zone {zone} is in several accounts; name one of them: {names}.")
    for one in chosen.items():
        return one
    whose = f" in the account {account[:60]!r}" if account else ""
    raise NotThere(
        f"There is no zone {zone[:80]!r}{whose}" + (f" in the snapshots of {day}." if day else ".")
    )
