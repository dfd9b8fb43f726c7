"""Migrations, and the ledger of their batches: a batch that is committed here is committed."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from dnsinv.domain.migrations import OUTCOMES, State, migration_id
from dnsinv.store.tables import migration_batches as batches
from dnsinv.store.tables import migration_slices as slices
from dnsinv.store.tables import migrations as table

RUN, PAUSE, CANCEL = "run", "pause", "cancel"  # what is wanted of the workers

_WANTED = select(table.c.wanted).where(table.c.number == bindparam("of"))
_COMMIT = (
    update(batches)
    .where(
        batches.c.migration == bindparam("of"),
        batches.c.number == bindparam("batch"),
        batches.c.committed_at.is_(None),
        _WANTED.scalar_subquery() == RUN,
    )
    .values(committed_at=bindparam("at"))
)
"""Made once: a file of 10,000 batches executes it as often."""


@dataclass(frozen=True, slots=True)
class Options:
    """How the rows of a file are taken in.

    `validate` looks whether an account holds each domain; `strict` refuses the whole file for one
    bad item; `create_users` makes owners that the file names and nobody knows.
    """

    batch_size: int
    duplicates: str  # a Strategy
    validate: bool = False
    strict: bool = False
    create_users: bool = False


@dataclass(frozen=True, slots=True)
class Migration:
    """One import of a file. Counts of items are known once it is staged."""

    number: int
    name: str
    source: str
    path: str
    bytes: int
    sha256: str
    template: dict[str, Any]
    options: Options
    owners: tuple[dict[str, Any], ...]
    state: State
    wanted: str
    inventory: str
    items: int
    invalid: int
    warnings: int
    message: str
    restore_point: str
    run: str
    backfill: str
    created_by: str
    created_in: int
    created_at: datetime
    started_at: datetime | None
    staged_at: datetime | None
    finished_at: datetime | None
    undone_in: int | None

    @property
    def id(self) -> str:
        return migration_id(self.number)


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch to be committed: keys, and rows by outcome."""

    number: int
    slice: int
    keys: int
    new: int = 0
    skipped: int = 0
    replaced: int = 0
    merged: int = 0
    appended: int = 0

    @property
    def rows(self) -> int:
        return self.new + self.skipped + self.replaced + self.merged + self.appended


@dataclass(frozen=True, slots=True)
class Done:
    """How far a migration is: batches, and rows by outcome, in all and committed."""

    batches: int = 0
    committed: int = 0
    rows: int = 0
    committed_rows: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)  # of the committed ones
    planned: dict[str, int] = field(default_factory=dict)  # of all
    slices: int = 0
    published: int = 0
    current_slice: int | None = None  # where the last batch was committed


def add(db: Connection, **values: Any) -> Migration:
    """Write down a new migration; it gets the next number, `pending`."""
    number = (db.execute(select(func.max(table.c.number))).scalar() or 0) + 1
    options: Options = values.pop("options")
    db.execute(
        insert(table).values(
            number=number, state=State.PENDING.value, wanted=RUN, options=asdict(options), **values
        )
    )
    made = find(db, number)
    assert made is not None
    return made


def find(db: Connection, number: int) -> Migration | None:
    row = db.execute(select(table).where(table.c.number == number)).mappings().one_or_none()
    return _migration(row) if row else None


def latest(db: Connection, limit: int, offset: int = 0) -> list[Migration]:
    """The newest first."""
    query = select(table).order_by(table.c.number.desc()).limit(limit).offset(offset)
    return [_migration(row) for row in db.execute(query).mappings()]


def in_states(db: Connection, states: Sequence[State]) -> list[Migration]:
    """Those in one of the states, the oldest first."""
    query = select(table).where(table.c.state.in_([state.value for state in states]))
    return [_migration(row) for row in db.execute(query.order_by(table.c.number)).mappings()]


def count(db: Connection) -> int:
    return db.execute(select(func.count()).select_from(table)).scalar_one()


def change(db: Connection, number: int, **values: Any) -> None:
    """Set columns of a migration."""
    db.execute(update(table).where(table.c.number == number).values(**values))


def change_state(
    db: Connection, number: int, before: Sequence[State], after: State, **values: Any
) -> bool:
    """Set its state and columns if it is in one of the states before; whether it was."""
    which = table.c.state.in_([state.value for state in before])
    done = db.execute(
        update(table).where(table.c.number == number, which).values(state=after.value, **values)
    )
    return done.rowcount > 0


def plan(db: Connection, number: int, planned: Sequence[Batch]) -> None:
    """Write the ledger of a staged migration: all of its batches and slices, none committed."""
    rows = [{"migration": number, **asdict(batch)} for batch in planned]
    if rows:
        db.execute(insert(batches), rows)
    numbers = sorted({batch.slice for batch in planned})
    if numbers:
        db.execute(insert(slices), [{"migration": number, "number": each} for each in numbers])


def open_batches(db: Connection, number: int, slice_number: int) -> list[int]:
    """Batches of a slice that are not committed yet, in order."""
    return _batches_of_slice(db, number, slice_number, batches.c.committed_at.is_(None))


def committed_batches(db: Connection, number: int, slice_number: int) -> list[int]:
    """Batches of a slice that are committed, in order."""
    return _batches_of_slice(db, number, slice_number, batches.c.committed_at.is_not(None))


def commit(db: Connection, number: int, batch: int, at: datetime) -> bool:
    """Mark a batch as committed; False if it was already, or the workers shall not go on."""
    return db.execute(_COMMIT, {"of": number, "batch": batch, "at": at}).rowcount > 0


def wanted(db: Connection, number: int) -> str:
    """What is wanted of the workers now: run, pause or cancel."""
    return str(db.execute(_WANTED, {"of": number}).scalar_one())


def publish_slice(db: Connection, number: int, slice_number: int, at: datetime) -> None:
    """Mark a slice as published with all of its batches."""
    db.execute(
        update(slices)
        .where(slices.c.migration == number, slices.c.number == slice_number)
        .values(published_at=at)
    )


def slice_numbers(db: Connection, number: int, *, is_open: bool = False) -> list[int]:
    """The slices of a migration, or those that are not published yet, in order."""
    query = select(slices.c.number).where(slices.c.migration == number).order_by(slices.c.number)
    if is_open:
        query = query.where(slices.c.published_at.is_(None))
    return list(db.execute(query).scalars())


def done(db: Connection, number: int) -> Done:
    """How far it is, from the ledger."""
    columns = [getattr(batches.c, outcome) for outcome in OUTCOMES]
    is_committed = batches.c.committed_at.is_not(None)
    query = select(
        func.count(),
        func.count(batches.c.committed_at),
        *(func.coalesce(func.sum(column), 0) for column in columns),
        *(func.coalesce(func.sum(column).filter(is_committed), 0) for column in columns),
    ).where(batches.c.migration == number)
    total, committed, *sums = db.execute(query).one()
    planned = dict(zip(OUTCOMES, map(int, sums[: len(OUTCOMES)]), strict=True))
    outcomes = dict(zip(OUTCOMES, map(int, sums[len(OUTCOMES) :]), strict=True))
    made, published = db.execute(
        select(func.count(), func.count(slices.c.published_at)).where(slices.c.migration == number)
    ).one()
    last = db.execute(
        select(batches.c.slice)
        .where(batches.c.migration == number, is_committed)
        .order_by(batches.c.committed_at.desc(), batches.c.number.desc())
        .limit(1)
    ).scalar()
    return Done(
        total,
        committed,
        sum(planned.values()),
        sum(outcomes.values()),
        outcomes,
        planned,
        made,
        published,
        last,
    )


def committed_in(db: Connection, number: int, slice_number: int) -> dict[str, int]:
    """Batches of a slice that are committed, and their rows by outcome."""
    sums = [func.coalesce(func.sum(getattr(batches.c, name)), 0) for name in OUTCOMES]
    query = select(func.count(), *sums).where(
        batches.c.migration == number,
        batches.c.slice == slice_number,
        batches.c.committed_at.is_not(None),
    )
    return dict(zip(("batches", *OUTCOMES), map(int, db.execute(query).one()), strict=True))


def committed_since(db: Connection, number: int, since: datetime) -> int:
    """How many rows were committed from an instant on."""
    rows = sum((getattr(batches.c, outcome) for outcome in OUTCOMES), start=literal(0))
    query = select(func.coalesce(func.sum(rows), 0)).where(
        batches.c.migration == number, batches.c.committed_at >= since
    )
    return int(db.execute(query).scalar_one())


def meanwhile(db: Connection, migration: Migration) -> list[str]:
    """Ids of those before it that were not done yet when it was decided what is new in it."""
    query = select(table.c.number).where(
        table.c.number < migration.number,
        table.c.staged_at.is_not(None),
        or_(table.c.finished_at.is_(None), table.c.finished_at > migration.started_at),
    )
    return [migration_id(number) for number in db.execute(query.order_by(table.c.number)).scalars()]


def listed(db: Connection) -> dict[str, list[Any]]:
    """Migrations as the dataset has them, column by column."""
    is_committed = batches.c.committed_at.is_not(None)
    rows = sum((getattr(batches.c, outcome) for outcome in OUTCOMES), start=literal(0))
    ledger = select(
        batches.c.migration,
        func.count().label("batches"),
        func.count(batches.c.committed_at).label("committed_batches"),
        func.sum(rows).label("rows"),
        *(
            func.coalesce(func.sum(getattr(batches.c, each)).filter(is_committed), 0).label(each)
            for each in OUTCOMES
        ),
    ).group_by(batches.c.migration)
    sums = {row["migration"]: dict(row) for row in db.execute(ledger).mappings()}
    found = [_listed(each, sums.get(each.number, {})) for each in latest(db, count(db))[::-1]]
    return {name: [row[name] for row in found] for name in (found[0] if found else ("id",))}


def _listed(migration: Migration, sums: Mapping[str, Any]) -> dict[str, Any]:
    options, template = migration.options, migration.template
    names = ("id", "name", "source", "bytes", "sha256", "items", "invalid", "warnings", "message",
             "restore_point", "run", "backfill", "created_by", "created_in", "created_at",
             "started_at", "staged_at", "finished_at", "undone_in")  # fmt: skip
    counts = ("batches", "committed_batches", "rows", *OUTCOMES)
    return {
        **{name: getattr(migration, name) for name in names},
        **{name: int(sums.get(name) or 0) for name in counts},
        "state": migration.state.value,
        "template": template.get("name", ""),
        "template_id": template.get("id", ""),
        "duplicates": options.duplicates,
        "batch_size": options.batch_size,
        "validates": options.validate,
        "is_strict": options.strict,
        "owners": [f"{each['kind']}:{each['name']}" for each in migration.owners],
    }


def _migration(row: Any) -> Migration:
    values = dict(row)
    values["state"] = State(values["state"])
    values["options"] = Options(**values["options"])
    values["owners"] = tuple(values["owners"])
    return Migration(**values)


def _batches_of_slice(
    db: Connection, number: int, slice_number: int, which: ColumnElement[bool]
) -> list[int]:
    query = (
        select(batches.c.number)
        .where(batches.c.migration == number, batches.c.slice == slice_number, which)
        .order_by(batches.c.number)
    )
    return list(db.execute(query).scalars())
