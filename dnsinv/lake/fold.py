"""Folding: history and current, derived whole from snapshots and logs and published together."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from filelock import FileLock

from dnsinv.domain.domains import Lifecycle, ManualDomain
from dnsinv.domain.names import unicode_name
from dnsinv.errors import LakeError
from dnsinv.lake.imported import IMPORTED_DOMAINS, IMPORTED_RECORDS
from dnsinv.lake.lake import (
    SNAPSHOT_TABLES,
    Lake,
    every_migration,
    every_partition,
    one_file,
    partitions,
    sql,
    view,
)
from dnsinv.lake.layout import Kind
from dnsinv.lake.publish import Publication, recover, standing_still
from dnsinv.lake.schemas import (
    COLLECTIONS,
    DNS_RECORDS,
    DOMAIN_HISTORY,
    DOMAINS,
    RECORD_HISTORY,
    RECORD_LOG,
    ZONES,
)
from dnsinv.lake.slices import Slice, slices
from dnsinv.lake.table import Table

KEY = "fold"

Manual = Callable[[], Sequence[ManualDomain]]

_MANUAL = pa.schema(
    {
        "name": pa.string(),
        "registered_on": pa.date32(),
        "expires_on": pa.date32(),
        "since": pa.timestamp("us", tz="UTC"),
    }
)


def fold_all(lake: Lake, retired: Mapping[str, datetime], manual: Manual = list) -> dict[str, int]:
    """Make history and current anew and publish them together; rows by dataset.

    Args:
        retired: accounts out of use, and since when.
        manual: gives the domains that a person entered; a provider that holds the name wins. It is
            asked while nobody else folds, or a fold that had waited would undo the one before.

    Raises:
        LakeError: the disk refused or a file is damaged.
    """
    with _folding(lake), _published(lake) as publication, lake.connect() as con:
        _prepare(con, lake, retired)
        records = _Records(con, lake)
        return {
            "domain_history": _domain_history(con, lake, publication),
            "record_history": _record_history(records, publication),
            "zones": _zones(con, lake, publication),
            "dns_records": _dns_records(records, publication),
            "domains": _domains(con, lake, publication, manual()),
        }


def fold_history(lake: Lake, retired: Mapping[str, datetime]) -> dict[str, int]:
    """Make both histories anew; rows by dataset."""
    with _folding(lake), _published(lake) as publication, lake.connect() as con:
        _prepare(con, lake, retired)
        return {
            "domain_history": _domain_history(con, lake, publication),
            "record_history": _record_history(_Records(con, lake), publication),
        }


def fold_records(lake: Lake, retired: Mapping[str, datetime]) -> dict[str, int]:
    """Make the current zones and records anew from the last snapshots and the published history."""
    with _folding(lake), _published(lake) as publication, lake.connect() as con:
        _prepare(con, lake, retired)
        _name_domains(con)
        return {
            "zones": _zones(con, lake, publication),
            "dns_records": _dns_records(_Records(con, lake), publication),
        }


def fold_domains(
    lake: Lake, retired: Mapping[str, datetime], manual: Manual = list
) -> dict[str, int]:
    """Make the current domains anew from the published history and records."""
    with _folding(lake), _published(lake) as publication, lake.connect() as con:
        _prepare(con, lake, retired)
        _name_domains(con)
        return {"domains": _domains(con, lake, publication, manual())}


def fold_current(
    lake: Lake, retired: Mapping[str, datetime], manual: Manual = list
) -> dict[str, int]:
    """Make the current zones, records and domains anew, together, from the published history."""
    with _folding(lake), _published(lake) as publication, lake.connect() as con:
        _prepare(con, lake, retired)
        _name_domains(con)
        return {
            "zones": _zones(con, lake, publication),
            "dns_records": _dns_records(_Records(con, lake), publication),
            "domains": _domains(con, lake, publication, manual()),
        }


def publish_collections(lake: Lake, day: date, rows: Sequence[Mapping[str, Any]]) -> None:
    """Replace the `collections` partition of one day by these rows."""
    table = pa.Table.from_pylist([{name: row[name] for name in COLLECTIONS.names} for row in rows])
    with _folding(lake), lake.connect() as con:
        publication = Publication(lake.layout, f"collections-{day}")
        con.register("collected", table)
        publication.write(con, "from collected", COLLECTIONS, lake.layout.collections(day))
        publication.commit()
        publication.close()


def version(lake: Lake) -> str:
    """A fingerprint of the published current tables: it changes when any of them does."""
    digest = hashlib.blake2b(digest_size=8)
    for kind in ("domains", "zones", "records"):
        path = lake.layout.current(kind)
        state = path.stat() if path.exists() else None
        digest.update(
            f"{kind} {state.st_size} {state.st_mtime_ns} {state.st_ino}".encode() if state else b"-"
        )
    return digest.hexdigest()


@contextmanager
def _folding(lake: Lake) -> Iterator[None]:
    """One fold at a time; what a crashed one had committed is finished first."""
    lake.layout.locks.mkdir(parents=True, exist_ok=True)
    with FileLock(lake.layout.locks / "fold.lock"):
        recover(lake.layout, KEY)
        Publication(lake.layout, KEY).close()
        yield


@contextmanager
def _published(lake: Lake) -> Iterator[Publication]:
    """What is written meanwhile is of one moment of the lake, and published in the end."""
    publication = Publication(lake.layout, KEY)
    try:
        with standing_still(lake.layout):
            yield publication
    except duckdb.Error as error:
        raise LakeError(f"History and current could not be made: {error}") from error
    publication.commit()
    publication.close()


def _prepare(con: duckdb.DuckDBPyConnection, lake: Lake, retired: Mapping[str, datetime]) -> None:
    con.execute("create temp table retired (account varchar, retired_at timestamptz)")
    if retired:
        con.executemany(
            "insert into retired values (?, ?)",
            [[name, at] for name, at in sorted(retired.items())],
        )
    words = [[word.value, badness] for badness, word in enumerate(Lifecycle, start=1)]
    con.execute("create temp table lifecycle (word varchar, badness integer)")
    con.executemany("insert into lifecycle values (?, ?)", words)
    for kind in ("domains", "zones", "records"):
        view(con, f"latest_{kind}", _latest(lake, kind))


def _latest(lake: Lake, kind: Kind) -> str:
    return partitions(SNAPSHOT_TABLES[kind], lake.latest(kind))


def _name_domains(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(f"create or replace temp table zone_domains as {sql('zone_domains')}")


def _domain_history(con: duckdb.DuckDBPyConnection, lake: Lake, publication: Publication) -> int:
    rows = _write(
        con, lake, publication, "fold_domain_history", DOMAIN_HISTORY, "history", "domains"
    )
    _name_domains(con)
    return rows


def _record_history(records: "_Records", publication: Publication) -> int:
    final = records.lake.layout.history("records")
    return records.write(publication, "fold_record_history", RECORD_HISTORY, final)


def _zones(con: duckdb.DuckDBPyConnection, lake: Lake, publication: Publication) -> int:
    return _write(con, lake, publication, "fold_zones", ZONES, "current", "zones")


def _dns_records(records: "_Records", publication: Publication) -> int:
    view(records.con, "settled_records", sql("settle_records"))
    final = records.lake.layout.current("records")
    return records.write(publication, "fold_dns_records", DNS_RECORDS, final)


def _domains(
    con: duckdb.DuckDBPyConnection,
    lake: Lake,
    publication: Publication,
    manual: Sequence[ManualDomain],
) -> int:
    rows = [(each.name, each.registered_on, each.expires_on, each.since) for each in manual]
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in _MANUAL]
    con.register("entered_domains", pa.table(columns, schema=_MANUAL))
    con.create_function("unicode_name", unicode_name, ["varchar"], "varchar")
    con.execute(
        "create temp table record_counts as "
        "select domain, count(*) as record_count from dns_records group by domain"
    )
    con.execute(f"create temp table every_named_domain as {sql('named_domains')}")
    sources = {
        "domain_history": one_file(DOMAIN_HISTORY, _newest(lake, publication)),
        "imported_domains": every_migration(IMPORTED_DOMAINS, lake.layout.imports("domains")),
        "manual_domains": "from entered_domains",
        "named_domains": "from every_named_domain",
    }
    final = lake.layout.current("domains")
    with publication.appending(DOMAINS, final) as file:
        for each in _of_names(con, sources):
            for name, source in sources.items():
                view(con, name, each.of(source))
            con.execute(f"create or replace temp table settled_domains as {sql('settle_domains')}")
            file.append(con.sql(DOMAINS.ordered(sql("fold_domains"))).to_arrow_table())
    return file.rows


def _of_names(con: duckdb.DuckDBPyConnection, sources: Mapping[str, str]) -> list[Slice]:
    """Ranges of names to go through."""
    copies = f"select 1 from ({sources['imported_domains']}) where strategy = 'append' limit 1"
    if con.execute(copies).fetchall():
        return [Slice()]  # a copy, name~2, may stand behind names of the next range
    return slices(con, *sources.values(), column="name")


def _newest(lake: Lake, publication: Publication) -> Path:
    """The history of domains that this fold has just made, or else the published one."""
    final = lake.layout.history("domains")
    try:
        return publication.staged(final)
    except StopIteration:
        return final


def _write(
    con: duckdb.DuckDBPyConnection,
    lake: Lake,
    publication: Publication,
    query: str,
    table: Table,
    place: str,
    kind: Kind,
) -> int:
    """Write one derived file; what follows in this fold reads it from staging."""
    final = lake.layout.history(kind) if place == "history" else lake.layout.current(kind)
    rows = publication.write(con, sql(query), table, final)
    view(con, table.name, one_file(table, publication.staged(final)))
    return rows


class _Records:
    """What is made of all records, zones by zones."""

    def __init__(self, con: duckdb.DuckDBPyConnection, lake: Lake) -> None:
        self.con, self.lake = con, lake
        changes = lake.layout.lake / "changes" / "records"
        self._sources = {
            "latest_records": _latest(lake, "records"),
            "record_log": every_partition(RECORD_LOG, changes),
            "imported_records": every_migration(IMPORTED_RECORDS, lake.layout.imports("records")),
        }
        self._parts = slices(con, *self._sources.values())

    def write(self, publication: Publication, query: str, table: Table, final: Path) -> int:
        """Write one derived file; what follows in this fold reads it from staging."""
        with publication.appending(table, final) as file:
            for each in self._parts:
                for name, source in self._sources.items():
                    view(self.con, name, each.of(source))
                file.append(self.con.sql(table.ordered(sql(query))).to_arrow_table())
        view(self.con, table.name, one_file(table, publication.staged(final)))
        return file.rows
