"""The lake as DuckDB sees it: a connection whose views are the datasets."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, TypeVar

import duckdb

from dnsinv.errors import LakeError
from dnsinv.lake.columns import PARTITION
from dnsinv.lake.imported import IMPORTED_DOMAINS, IMPORTED_RECORDS, MIGRATION, MIGRATION_ERRORS
from dnsinv.lake.layout import Kind, Layout
from dnsinv.lake.schemas import (
    COLLECTIONS,
    DATASETS,
    DNS_RECORDS,
    DOMAIN_HISTORY,
    DOMAIN_LOG,
    DOMAIN_SNAPSHOTS,
    DOMAINS,
    RECORD_HISTORY,
    RECORD_LOG,
    RECORD_SNAPSHOTS,
    ZONE_SNAPSHOTS,
    ZONES,
)
from dnsinv.lake.table import Table

SNAPSHOT_TABLES: dict[Kind, Table] = {
    "domains": DOMAIN_SNAPSHOTS,
    "zones": ZONE_SNAPSHOTS,
    "records": RECORD_SNAPSHOTS,
}
IMPORT_TABLES: dict[Table, Literal["domains", "records", "errors"]] = {
    IMPORTED_DOMAINS: "domains",
    IMPORTED_RECORDS: "records",
    MIGRATION_ERRORS: "errors",
}
LOG_TABLES: dict[Kind, Table] = {"domains": DOMAIN_LOG, "records": RECORD_LOG}

ATTEMPTS = 5  # of a reading under which files are replaced

T = TypeVar("T")

_HIVE = "hive_partitioning = true, hive_types = {provider: varchar, account: varchar, day: date}"


@cache
def sql(name: str) -> str:
    """The text of dnsinv/lake/sql/<name>.sql."""
    return (files("dnsinv.lake") / "sql" / f"{name}.sql").read_text(encoding="utf-8")


class Lake:
    """Everything observed, under one folder; opening it costs nothing."""

    def __init__(self, root: Path, memory_limit: str = "1GB") -> None:
        self.layout = Layout(root)
        self._memory_limit = memory_limit

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A private in-memory DuckDB with one view per dataset, for engines that write.

        Sessions are in UTC. Views of datasets that have no file yet are empty.
        """
        con = self.open()
        self._create_views(con)
        return con

    def query(
        self, query: str, parameters: Sequence[Any] | dict[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        """Rows of one query over the datasets.

        Raises:
            LakeError: DuckDB refused the query.
        """
        try:
            return self.stable(lambda: self._rows(query, parameters))
        except duckdb.Error as error:
            raise LakeError(str(error)) from error

    def stable(self, read: Callable[[], T]) -> T:
        """What a reading gives; one that fails while files are replaced under it is made again.

        DuckDB opens a file twice, for its schema and for its rows. A file that is replaced in
        between is another one the second time: the query fails (it never gives wrong rows).

        Raises:
            duckdb.Error: it failed and nothing was published meanwhile, or once too often.
        """
        for _ in range(ATTEMPTS - 1):
            before = self._last_published()
            try:
                return read()
            except duckdb.Error:
                if self._last_published() == before:
                    raise
        return read()

    def _rows(
        self, query: str, parameters: Sequence[Any] | dict[str, Any] | None
    ) -> list[tuple[Any, ...]]:
        with self.connect() as con:
            return con.execute(query, parameters).fetchall()

    def _last_published(self) -> int:
        path = self.layout.published
        return path.stat().st_mtime_ns if path.exists() else 0

    def latest(self, kind: Kind) -> list[Path]:
        """The last snapshot file of every account, in order of provider and account."""
        found = []
        for provider, account in self.layout.accounts(kind):
            days = self.layout.days(kind, provider, account)
            if days:
                found.append(self.layout.snapshot(kind, provider, account, days[-1]))
        return found

    def open(self, memory_limit: str = "") -> duckdb.DuckDBPyConnection:
        """A private in-memory DuckDB with the lake's settings and no views."""
        try:
            self.layout.spill.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LakeError(
                f"DB_PATH {self.layout.root} is not writable: {error.strerror}; "
                "mend it or set another."
            ) from error
        con = duckdb.connect(
            config={
                "memory_limit": memory_limit or self._memory_limit,
                "temp_directory": str(self.layout.spill),
                "preserve_insertion_order": False,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        )
        con.execute("set timezone = 'UTC'; set enable_progress_bar = false")
        return con

    def _create_views(self, con: duckdb.DuckDBPyConnection) -> None:
        layout = self.layout
        for kind, table in SNAPSHOT_TABLES.items():
            view(con, table.name, every_partition(table, layout.lake / "snapshots" / kind))
        for kind, table in LOG_TABLES.items():
            view(con, table.name, every_partition(table, layout.lake / "changes" / kind))
        for table, path in (
            (DOMAIN_HISTORY, layout.history("domains")),
            (RECORD_HISTORY, layout.history("records")),
            (DOMAINS, layout.current("domains")),
            (DNS_RECORDS, layout.current("records")),
            (ZONES, layout.current("zones")),
        ):
            view(con, table.name, one_file(table, path))
        days = sorted((layout.lake / "collections").glob("day=*/part-0.parquet"))
        view(con, "collections", plain(COLLECTIONS, days))
        for table, folder in IMPORT_TABLES.items():
            view(con, table.name, every_migration(table, layout.imports(folder)))
        for name in ("moves", "domain_changes", "record_changes"):
            view(con, name, sql(name))
        for table in DATASETS:
            con.execute(f"comment on view {table.name} is {literal(table.doc)}")


def view(con: duckdb.DuckDBPyConnection, name: str, query: str) -> None:
    """Create or replace a temporary-to-the-connection view."""
    con.execute(f"create or replace view {name} as {query}")


def every_partition(table: Table, folder: Path) -> str:
    """A query over all partitions below a folder, those that come later included."""
    pattern = "provider=*/account=*/day=*/part-0.parquet"
    return partitions(table, [folder / pattern] if any(folder.glob(pattern)) else [])


def every_migration(table: Table, folder: Path) -> str:
    """A query over what all migrations committed, with the migration's id."""
    pattern = "migration=*/*.parquet"
    if not any(folder.glob(pattern)):
        return Table(table.name, "", (*table.columns, MIGRATION), ()).empty()
    columns = ", ".join((*table.names, MIGRATION.name))
    files = literal(folder / pattern)
    hive = "hive_partitioning = true, hive_types = {migration: varchar}"
    return f"select {columns} from read_parquet({files}, {hive})"


def partitions(table: Table, paths: Iterable[Path]) -> str:
    """A query over partition files, with their partition columns; no rows without a file."""
    listed = list(paths)
    if not listed:
        return Table(table.name, "", (*table.columns, *PARTITION), ()).empty()
    columns = ", ".join((*table.names, *(column.name for column in PARTITION)))
    return f"select {columns} from read_parquet([{', '.join(map(literal, listed))}], {_HIVE})"


def one_file(table: Table, path: Path) -> str:
    """A query over one file, or no rows where it is not there yet."""
    return plain(table, [path] if path.exists() else [])


def plain(table: Table, paths: Sequence[Path]) -> str:
    """A query over files without partition columns."""
    if not paths:
        return table.empty()
    listed = ", ".join(map(literal, paths))
    return (
        f"select {', '.join(table.names)} from read_parquet([{listed}], hive_partitioning = false)"
    )


def literal(value: object) -> str:
    """A SQL string literal."""
    return "'" + str(value).replace("'", "''") + "'"
