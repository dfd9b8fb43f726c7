"""What the rows of one migration came to, counted: kept at a provider, overtaken, refused.

Rows are those that are staged for as long as it is under way, and then those it committed.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from dnsinv.errors import LakeError
from dnsinv.lake.export import Style, streamed
from dnsinv.lake.imported import MIGRATION_ERRORS
from dnsinv.lake.lake import Lake, literal
from dnsinv.migration.staging import TABLES, Kind

KEYS: dict[Kind, tuple[str, ...]] = {
    "domains": ("name",),
    "records": ("zone", "name", "type", "content", "priority"),
}
NOT_A_PROVIDER = ("", "manual", "import", "file")
MEMORY = "256MB"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Tally:
    """Rows of one kind with the same outcome that were at the same place before.

    `existed` is a provider, manual, import or file (an earlier row of this file); "" = nowhere.
    """

    kind: Kind
    outcome: str
    existed: str
    rows: int

    @property
    def is_kept(self) -> bool:
        return self.existed not in NOT_A_PROVIDER


def came_to(lake: Lake, migration: str, *, is_open: bool) -> list[Tally]:
    """How many rows came to what, and where they were, the most frequent first."""

    def count() -> list[Tally]:
        found = []
        with lake.open(MEMORY) as con:
            for kind in TABLES:
                if rows := _rows(lake, migration, kind, is_open=is_open):
                    counted = con.execute(
                        "select outcome, coalesce(existed, ''), count(*) "
                        f"from ({rows}) group by all order by 3 desc, 1, 2"
                    )
                    found += [Tally(kind, *each) for each in counted.fetchall()]
        return found

    return _read(lake, count)


def kept(found: Sequence[Tally]) -> dict[str, dict[str, int]]:
    """Rows of what a provider observes, which stays as it is observed: {provider: {kind: rows}}."""
    sums: dict[str, dict[str, int]] = {}
    for each in found:
        if each.is_kept:
            of = sums.setdefault(each.existed, {})
            of[each.kind] = of.get(each.kind, 0) + each.rows
    return sums


def overtaken(
    lake: Lake, migration: str, earlier: Sequence[str], *, is_open: bool
) -> dict[str, int]:
    """Rows that were new when it began, and that a migration before it brought meanwhile, by kind.

    The order of migrations counts, so these follow the strategy as if they had been there.

    Args:
        earlier: ids of the migrations before it that were under way at the same time.
    """

    def count() -> dict[str, int]:
        found: dict[str, int] = {}
        with lake.open(MEMORY) as con:
            for kind, keys in KEYS.items():
                theirs = [
                    path
                    for each in earlier
                    for path in lake.layout.imported(kind, each, 0).parent.glob("*.parquet")
                ]
                mine = _rows(lake, migration, kind, is_open=is_open)
                if not theirs or not mine:
                    continue
                same = " and ".join(f"m.{key} is not distinct from t.{key}" for key in keys)
                files = ", ".join(map(literal, theirs))
                ((number,),) = con.execute(
                    f"select count(*) from ({mine}) m where m.outcome = 'new' and exists "
                    f"(select 1 from read_parquet([{files}]) t where {same})"
                ).fetchall()
                if number:
                    found[kind] = int(number)
        return found

    return _read(lake, count)


def errors(
    lake: Lake, migration: str, limit: int, offset: int = 0, *, is_last_first: bool = False
) -> tuple[list[dict[str, Any]], int]:
    """What is wrong with its items, a page in order of items, and how much that is in all."""
    path = lake.layout.import_errors(migration)
    order = "order by item desc, line, field, code" if is_last_first else ""

    def page() -> tuple[list[dict[str, Any]], int]:
        if not path.exists():
            return [], 0
        with lake.open(MEMORY) as con:
            con.execute("set preserve_insertion_order = true")
            file = _one_file(path)
            ((total,),) = con.execute(f"select count(*) from {file}").fetchall()
            query = f"from {file} {order} limit {limit:d} offset {offset:d}"
            return con.sql(query).to_arrow_table().to_pylist(), int(total)

    return _read(lake, page)


def error_file(lake: Lake, migration: str, style: Style) -> Generator[bytes, None, None]:
    """All that is wrong with its items as the bytes of a file; close it to end the work."""
    path = lake.layout.import_errors(migration)
    con = lake.open(MEMORY)
    con.execute("set preserve_insertion_order = true")
    query = f"from {_one_file(path)}" if path.exists() else MIGRATION_ERRORS.empty()
    with con, closing(streamed(con, query, style)) as pieces:
        yield from pieces


def _one_file(path: Path) -> str:
    return f"read_parquet({literal(path)}, hive_partitioning = false)"


def _rows(lake: Lake, migration: str, kind: Kind, *, is_open: bool) -> str:
    staged = lake.layout.migration(migration)
    published = lake.layout.imported(kind, migration, 0).parent
    for folder, pattern, counts in (
        (staged, f"{kind}-*.parquet", is_open),
        (published, "slice=*.parquet", True),
    ):
        if counts and any(folder.glob(pattern)):
            columns = ", ".join((*KEYS[kind], "outcome", "existed"))
            files = literal(folder / pattern)
            return f"select {columns} from read_parquet({files}, hive_partitioning = false)"
    return ""


def _read(lake: Lake, read: Callable[[], T]) -> T:
    try:
        return lake.stable(read)
    except duckdb.Error as error:
        raise LakeError(f"The rows of the migration cannot be read: {error}") from error
