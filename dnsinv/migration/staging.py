"""Staging: a file becomes sorted rows in batches and slices, with what becomes of each decided.

The staged files are the durable copy of the rows until the migration has ended; nothing of it is
visible before a slice is committed. Staging once more gives the same.
"""

import contextlib
import gc
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from dnsinv.domain.migrations import OUTCOMES
from dnsinv.errors import LakeError
from dnsinv.lake.fold import version
from dnsinv.lake.imported import IMPORTED_DOMAINS, IMPORTED_RECORDS, MIGRATION_ERRORS
from dnsinv.lake.lake import Lake, literal, view
from dnsinv.lake.publish import ROW_GROUP_SIZE, Appending, Publication, standing_still, sync
from dnsinv.lake.table import Table
from dnsinv.migration.items import open_items
from dnsinv.migration.rows import DOMAIN_ROWS, ERROR_ROWS, RECORD_ROWS, Transformed
from dnsinv.migration.templates import Template
from dnsinv.migration.transform import Transformer
from dnsinv.store.migrations import Batch, Options

CHUNK = 20_000  # items on their way to rows
SELDOM = 200_000  # new objects between two looks of Python's for cycles
WORK = "work"  # folder of what only staging itself reads
MEMORY = "384MB"  # of DuckDB while it sorts; it goes on on disk
KNOWN = ("known_domains", "known_records", "served_zones", "held_domains")
SLICES = ((20_000, 1), (200_000, 3))  # rows up to which so many runs are best; beyond it MOST
MOST_SLICES = 6

Kind = Literal["domains", "records"]
TABLES: Mapping[Kind, Table] = {"domains": IMPORTED_DOMAINS, "records": IMPORTED_RECORDS}

Resolve = Callable[[Sequence[str]], Mapping[str, str]]
"""What names of owners in a file mean: "u1" or "g1" by the number of a user or group; names that
mean nobody are left out."""

Held = Callable[[Sequence[str]], Collection[str]]
"""Which of these names an account holds, as the providers themselves say now."""

Checkpoint = Callable[[int], None]
"""Called between chunks with the items read so far; raises to give up."""


@dataclass(frozen=True, slots=True)
class Job:
    """A file to be staged under a migration's id."""

    id: str
    path: Path
    name: str
    template: Template
    options: Options
    began_at: datetime


@dataclass(frozen=True, slots=True)
class Staged:
    """What staging found: items, those that gave no row, warnings, and the batches to commit.

    `first_error` says what is wrong with the first item that gave no row. `inventory` is the
    version of the lake by which it was decided what is new.
    """

    items: int
    invalid: int
    warnings: int
    first_error: str
    inventory: str
    batches: tuple[Batch, ...]


@cache
def sql(name: str) -> str:
    """The text of dnsinv/migration/sql/<name>.sql."""
    return (files("dnsinv.migration") / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def stage(lake: Lake, job: Job, resolve: Resolve, held: Held, checkpoint: Checkpoint) -> Staged:
    """Read, check, sort and cut a file.

    `held` is asked only where it is to be validated, of names that no account held when last seen.

    Raises:
        FileRefused: the file is refused whole.
        LakeError: the disk refused.
    """
    folder = lake.layout.migration(job.id)
    work = folder / WORK
    discard(lake, job.id)
    try:
        work.mkdir(parents=True)
        with contextlib.ExitStack() as closing:
            raw = _Raw(work, closing)
            items = _read(job, raw, checkpoint)
        batches, inventory, warnings = _decide(lake, job, folder, resolve, held)
        shutil.rmtree(work)
        sync(folder)
    except (OSError, duckdb.Error, pa.ArrowException) as error:
        raise LakeError(f"The rows of {job.name} could not be staged: {error}") from error
    return Staged(
        items, len(raw.refused), raw.warnings + warnings, raw.first_error, inventory, batches
    )


def publish_errors(lake: Lake, migration: str) -> None:
    """Let everybody see what is wrong with the items of a staged file.

    Raises:
        LakeError: the disk refused.
    """
    staged = lake.layout.migration(migration) / "errors.parquet"
    publication = Publication(lake.layout, f"errors-{migration}")
    with lake.open() as con:
        publication.write(
            con,
            f"from read_parquet({literal(staged)})",
            MIGRATION_ERRORS,
            lake.layout.import_errors(migration),
        )
    publication.commit()
    publication.close()


def discard(lake: Lake, migration: str) -> None:
    """Remove what is staged of a migration."""
    shutil.rmtree(lake.layout.migration(migration), ignore_errors=True)


def staged_file(lake: Lake, migration: str, kind: Kind, number: int) -> Path:
    """Where the rows of a slice are staged, with the columns of the published file."""
    return lake.layout.migration(migration) / f"{kind}-{number}.parquet"


def owned_file(lake: Lake, migration: str, number: int) -> Path:
    """Where it says which assets of a slice the file gives owners; may be missing."""
    return lake.layout.migration(migration) / f"owned-{number}.parquet"


class _Raw:
    """The rows as the template made them, on their way to disk."""

    def __init__(self, folder: Path, closing: contextlib.ExitStack) -> None:
        self._files = []
        for name, schema in (
            ("raw_domains", DOMAIN_ROWS),
            ("raw_records", RECORD_ROWS),
            ("raw_errors", ERROR_ROWS),
        ):
            file = Appending(folder / f"{name}.parquet")
            closing.callback(file.close)
            file.append(schema.empty_table())
            self._files.append(file)
        self.refused: set[int] = set()
        self.warnings = 0
        self.first_error = ""

    def add(self, made: Transformed) -> None:
        for file, table in zip(self._files, (made.domains, made.records, made.errors), strict=True):
            if table.num_rows:
                file.append(table)
        if made.errors.num_rows:
            is_warning = made.errors["is_warning"]
            self.warnings += pc.sum(is_warning).as_py() or 0
            errors = made.errors.filter(pc.invert(is_warning))
            self.refused.update(errors["item"].to_pylist())
            if errors.num_rows and not self.first_error:
                first = errors.slice(0, 1).to_pylist()[0]
                line = f", line {first['line']}" if first["line"] else ""
                self.first_error = f"item {first['item']}{line}: {first['reason']}"


def _read(job: Job, raw: _Raw, checkpoint: Checkpoint) -> int:
    transformer = Transformer(job.template)
    items = 0
    with open_items(job.path, name=job.name) as opened, _few_collections():
        for chunk in opened.chunks(CHUNK):
            raw.add(transformer.apply(chunk))
            items += len(chunk.values)
            checkpoint(items)
    return items


@contextlib.contextmanager
def _few_collections() -> Iterator[None]:
    """Let Python look for cycles less often: items have none, and it would walk them all."""
    usual = gc.get_threshold()
    gc.set_threshold(SELDOM, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _decide(
    lake: Lake, job: Job, folder: Path, resolve: Resolve, held: Held
) -> tuple[tuple[Batch, ...], str, int]:
    """Sort, cut and decide; the batches, the inventory's version, and how many warnings more."""
    with standing_still(lake.layout), lake.connect() as con:
        inventory = version(lake)
        for name in KNOWN:
            _copy(con, sql(name), folder / WORK / f"{name}.parquet")
    with lake.open(MEMORY) as con:
        con.execute("set preserve_insertion_order = true")
        for name in ("raw_domains", "raw_records"):
            path = literal(folder / WORK / f"{name}.parquet")
            rows = f"read_parquet({path}, file_row_number = true)"
            view(con, name, f"select * rename (file_row_number as place) from {rows}")
        for name in KNOWN:
            view(con, name, f"from read_parquet({literal(folder / WORK / f'{name}.parquet')})")
        how = {"batch_size": job.options.batch_size, "strategy": job.options.duplicates}
        con.execute(f"create temp table sorted as {sql('sort_rows')}")
        con.execute(f"create temp table decided as {sql('decide')}", how)
        con.execute("drop table sorted")
        batches = _batches(con)
        for number in sorted({batch.slice for batch in batches}):
            _write_slice(con, job, folder, number, batches)
        warnings = _write_owned(con, folder, resolve, batches)
        warnings += _look_for_holders(con, job, held)
        errors = f"from read_parquet({literal(folder / WORK / 'raw_errors.parquet')})"
        _copy(
            con,
            MIGRATION_ERRORS.ordered(
                f"{errors} union all by name from unknown_owners union all by name from not_held"
            ),
            folder / "errors.parquet",
        )
    return batches, inventory, warnings


def _batches(con: duckdb.DuckDBPyConnection) -> tuple[Batch, ...]:
    counts = ", ".join(f"count(*) filter (outcome = '{name}')" for name in OUTCOMES)
    found = con.execute(
        f"select batch, max(key) - min(key) + 1, count(*), {counts} from decided group by batch order by batch"  # noqa: E501
    ).fetchall()
    rows = sum(row[2] for row in found)
    slices = next((number for limit, number in SLICES if rows <= limit), MOST_SLICES)
    slices = min(slices, len(found))
    return tuple(
        Batch(number, place * slices // len(found), keys, *outcomes)
        for place, (number, keys, _, *outcomes) in enumerate(found)
    )


def _write_slice(
    con: duckdb.DuckDBPyConnection, job: Job, folder: Path, number: int, batches: Sequence[Batch]
) -> None:
    mine = [batch.number for batch in batches if batch.slice == number]
    facts = (
        f"{literal(job.options.duplicates)} as strategy, "
        f"{literal(job.began_at.isoformat())}::timestamptz as imported_at"
    )
    names = {"domains": "zone as name", "records": "zone, name"}
    for place, (kind, table) in enumerate(TABLES.items()):
        rows = (
            f"select * exclude (zone, name), {names[kind]}, {facts} from decided "
            f"where kind = {place} and batch between {mine[0]} and {mine[-1]}"
        )
        path = folder / f"{kind}-{number}.parquet"
        if not _copy(con, f"select {table.select()} from ({rows})", path):
            path.unlink()


def _write_owned(
    con: duckdb.DuckDBPyConnection, folder: Path, resolve: Resolve, batches: Sequence[Batch]
) -> int:
    """Write which assets the file gives owners; how many rows name one that nobody knows."""
    names = [
        name
        for (name,) in con.execute(
            "select distinct unnest(owners) from decided where owners is not null order by all"
        ).fetchall()
    ]
    meant = resolve(names) if names else {}
    con.register(
        "meant",
        pa.table(
            [list(meant), list(meant.values())],
            pa.schema([("said", "string"), ("owner", "string")]),
        ),
    )
    con.execute(
        "create temp table owned as "
        "select batch, item, line, kind, zone, name, type, content, said, owner "
        "from (select *, unnest(owners) as said from decided where owners is not null) "
        "left join meant using (said)"
    )
    view(con, "unknown_owners", sql("unknown_owners"))
    for number in sorted({batch.slice for batch in batches}) if names else ():
        mine = [batch.number for batch in batches if batch.slice == number]
        _copy(
            con,
            "select distinct batch, kind, zone, name, type, content, owner from owned "
            f"where owner is not null and batch between {mine[0]} and {mine[-1]} order by all",
            folder / f"owned-{number}.parquet",
        )
    ((warnings,),) = con.execute("select count(*) from unknown_owners").fetchall()
    return int(warnings)


def _look_for_holders(con: duckdb.DuckDBPyConnection, job: Job, held: Held) -> int:
    """Warn of domains that no account holds; of how many."""
    names: list[str] = []
    if job.options.validate:
        query = "select distinct zone from decided where zone not in (from held_domains) order by 1"
        names = [name for (name,) in con.execute(query).fetchall()]
    unheld = sorted(set(names).difference(held(names) if names else ()))
    con.register("unheld", pa.table([unheld], pa.schema([("name", "string")])))
    view(con, "not_held", sql("not_held"))
    return len(unheld)


def _copy(con: duckdb.DuckDBPyConnection, query: str, path: Path) -> int:
    """Write the rows of a query as a Parquet file; how many."""
    options = f"format parquet, compression zstd, row_group_size {ROW_GROUP_SIZE}"
    ((rows,),) = con.execute(f"copy ({query}) to {literal(path)} ({options})").fetchall()
    sync(path)
    return int(rows)
