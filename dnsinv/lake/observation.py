"""One observation of one account becomes its snapshots and changes, all together or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from dnsinv.errors import LakeError
from dnsinv.lake.lake import SNAPSHOT_TABLES, Lake, literal, one_file, plain, sql, view
from dnsinv.lake.layout import Kind
from dnsinv.lake.publish import Publication
from dnsinv.lake.schemas import (
    DOMAIN_LOG,
    DOMAIN_SNAPSHOTS,
    RECORD_LOG,
    RECORD_SNAPSHOTS,
    ZONE_SNAPSHOTS,
)
from dnsinv.lake.slices import Slice, slices
from dnsinv.lake.table import Column, Table

LISTING = Table("listing", "", DOMAIN_SNAPSHOTS.columns[:-3], ())
OUTCOMES = Table(
    "outcomes",
    "How the reading of one zone went in this collection.",
    (
        Column("zone_id", "varchar", ""),
        Column("name", "varchar", ""),
        Column("state", "varchar", ""),
        Column("attempted_at", "timestamptz", ""),
        Column("serial", "bigint", ""),
        Column("record_count", "integer", ""),
        Column("digest", "varchar", ""),
        Column("held_digest", "varchar", ""),
        Column("error", "varchar", ""),
    ),
    (),
)
READINGS = Table("readings", "", RECORD_SNAPSHOTS.columns[:-3], ())


Verdict = Literal["", "accepted", "rejected"]


@dataclass(frozen=True, slots=True)
class Observation:
    """What a collection saw: Parquet files with the columns of LISTING, OUTCOMES and READINGS.

    `listing` is None when only zones were read. `listed_at` is when the listing was made (else the
    start of the collection). A zone with a `held_digest` keeps its last good rows. Readings have
    each record of a zone once, by Cloudflare's id or else by value.
    """

    provider: str
    account: str
    day: date
    collection_id: str
    listed_at: datetime
    listing: Path | None
    outcomes: Sequence[Path]
    readings: Sequence[Path]
    verdict: Verdict = ""
    """What a person says of the readings that the guard held back; they alone then count."""


@dataclass(frozen=True, slots=True)
class Published:
    """Rows that stand in the new partitions, and changes that this observation made."""

    domains: int
    zones: int
    records: int
    domain_changes: int
    record_changes: int
    zone_states: Mapping[str, int]
    """Zones of the snapshot by the state of their last reading."""


def stage(lake: Lake, seen: Observation, publication: Publication) -> Published:
    """Write the partitions that follow from an observation into a publication, not yet committed.

    Raises:
        LakeError: the day lies before the account's last snapshot, or the disk refused.
    """
    layout = lake.layout
    days = layout.days("zones", seen.provider, seen.account)
    if days and days[-1] > seen.day:
        raise LakeError(
            f"The account {seen.account} was last observed on {days[-1]}, after {seen.day}: "
            "a past day is never collected again. If the clock is wrong, mend it."
        )
    with lake.open() as con:
        try:
            return _stage(con, lake, seen, publication, is_baseline=not days)
        except duckdb.Error as error:
            raise LakeError(
                f"The snapshot of {seen.account} could not be put together: {error}"
            ) from error


def _stage(
    con: duckdb.DuckDBPyConnection,
    lake: Lake,
    seen: Observation,
    publication: Publication,
    *,
    is_baseline: bool,
) -> Published:
    times = {"listed_at": seen.listed_at}
    for kind in ("domains", "zones", "records"):
        view(con, f"before_{kind}", _last(lake, seen, kind))
    outcomes = plain(OUTCOMES, seen.outcomes)
    view(con, "outcomes", _AFTER[seen.verdict].format(outcomes=outcomes))
    domains = domain_changes = 0
    if seen.listing is not None:
        view(con, "listing", one_file(LISTING, seen.listing))
        view(con, "listed", _LISTED)
        _table(con, "after_domains", sql("assemble_domains"), times)
        domains = publication.write(
            con, "from after_domains", DOMAIN_SNAPSHOTS, _to(lake, seen, "domains")
        )
        if not is_baseline:
            found = {**times, "collection_id": seen.collection_id}
            _table(con, "new_domains", sql("diff_domains"), found)
            domain_changes = _log(con, lake, seen, publication, "domains")
    else:
        view(
            con,
            "listed",
            "select zone_id, name from before_zones union all "
            "select zone_id, name from outcomes anti join before_zones using (zone_id)",
        )
    _table(con, "after_zones", sql("assemble_zones"), {**times, "is_baseline": is_baseline})
    zones = publication.write(con, "from after_zones", ZONE_SNAPSHOTS, _to(lake, seen, "zones"))
    _table(con, "every_use", _ZONE_USES, {})
    _table(con, "every_touched", _TOUCHED, times)
    records = _records(con, lake, seen, publication)
    record_changes = _log(con, lake, seen, publication, "records")
    states = con.execute("select state, count(*) from after_zones group by 1 order by 1").fetchall()
    return Published(domains, zones, records, domain_changes, record_changes, dict(states))


def _records(
    con: duckdb.DuckDBPyConnection, lake: Lake, seen: Observation, publication: Publication
) -> int:
    """Write the records' snapshot and find what changed (new_records), zones by zones."""
    readings, before = plain(READINGS, seen.readings), _last(lake, seen, "records")
    _table(con, "new_records", RECORD_LOG.empty(), {})
    sources = {
        "readings": readings,
        "before_records": before,
        "zone_uses": "from every_use",
        "touched": "from every_touched",
    }
    is_first = not con.execute("select 1 from every_touched where not is_first limit 1").fetchall()
    view(con, "readings", readings)
    is_renamed = con.execute(_RENAMED).fetchall()
    parts = [Slice()] if is_renamed else slices(con, readings, before, are_compared=True)
    changed: list[pa.Table] = []  # rows of `since` until now
    since = parts[0]
    with publication.appending(RECORD_SNAPSHOTS, _to(lake, seen, "records")) as file:
        for each in parts:
            for name, source in sources.items():
                view(con, name, each.of(source))
            compared = con.sql(_COMPARED).to_arrow_table()
            removed = pc.sum(pc.equal(compared["change"], "removed")).as_py() or 0
            after = compared.slice(0, compared.num_rows - removed)
            file.append(after.select(RECORD_SNAPSHOTS.names))
            if is_first:
                continue
            changed.append(compared.filter(pc.not_equal(compared["change"], "")))
            if each is parts[-1] or sum(rows.num_rows for rows in changed) >= _CHANGED_AT_ONCE:
                through = Slice(since.first, each.end)
                for name in ("before_records", "touched"):
                    view(con, name, through.of(sources[name]))
                con.register("changed", pa.concat_tables(changed))
                _table(con, "pairs", sql("pairs_found"), {})
                con.unregister("changed")
                con.execute(_LOG_CHANGES, {"collection_id": seen.collection_id})
                changed, since = [], Slice(each.end)
    return file.rows


HELD_NO_ZONE = "no-zone-here"  # stands for the digest of a held reading that found no zone

_STILL_HELD = """
    ({outcomes}) o
    semi join before_zones b
        on b.zone_id = o.zone_id and b.held_digest = o.held_digest and o.held_digest <> ''
"""

_AFTER: dict[Verdict, str] = {
    "": """
        select * replace (
            case when state in ('failed', 'refused') and held_digest = '' then null else held_digest
            end as held_digest
        )
        from ({outcomes})
    """,
    "accepted": f"""
        select * replace (
            case held_digest when 'no-zone-here' then 'no-zone-here' else 'complete' end as state,
            held_digest as digest,
            '' as error,
            '' as held_digest
        )
        from {_STILL_HELD}
    """,
    "rejected": f"""
        select * replace (error || ' It was rejected.' as error, '' as held_digest)
        from {_STILL_HELD}
    """,
}

# Rows of a zone that had another name when they were read would be in another slice than the zone.
_RENAMED = """
    select 1
    from (select zone_id, zone from before_records union all select zone_id, zone from readings) r
    join (select zone_id, zone from every_use union select zone_id, zone from every_touched) u
        using (zone_id)
    where r.zone <> u.zone
    limit 1
"""

_CHANGED_AT_ONCE = 20_000  # rows: then looking up what they were is quick beside finding them

_LOG_CHANGES = f"""
    insert into new_records select {RECORD_LOG.select()} from ({sql("diff_records")})
"""

# In the order of the file; those that are gone follow behind.
_COMPARED = f"""
    select {RECORD_SNAPSHOTS.select()}, change
    from ({sql("assemble_records")})
    order by change = 'removed', {", ".join(RECORD_SNAPSHOTS.order)}
"""

_LISTED = (
    "select case when provider_id = '' then name else provider_id end as zone_id, name from listing"
)

_ZONE_USES = """
    select z.zone_id, z.name as zone, o.attempted_at as read_at,
        case o.state
            when 'complete' then 'reading'
            when 'unchanged' then 'seen'
            when 'no-zone-here' then 'none'
            else 'kept'
        end as use
    from after_zones z left join outcomes o using (zone_id)
"""

_TOUCHED = """
    select u.zone_id, u.zone, u.use, u.read_at as seen_at,
        coalesce(b.digest, '') <> '' as was_read, b.read_at is null and z.was_baseline as is_first
    from every_use u
    join after_zones z using (zone_id)
    left join before_zones b using (zone_id)
    where u.use in ('reading', 'none')
    union all
    select zone_id, name, 'gone', greatest($listed_at, read_at), digest <> '', false
    from before_zones
    where zone_id not in (select zone_id from after_zones)
"""


def _log(
    con: duckdb.DuckDBPyConnection,
    lake: Lake,
    seen: Observation,
    publication: Publication,
    kind: Kind,
) -> int:
    """Add the changes of new_domains or new_records to their day's partition; how many."""
    table = DOMAIN_LOG if kind == "domains" else RECORD_LOG
    target = lake.layout.changes(kind, seen.provider, seen.account, seen.day)
    new = int(con.execute(f"select count(*) from new_{kind}").fetchall()[0][0])
    if new or target.exists():
        # Its own rows only stand there already when a person has a part of it published later.
        others = "true" if seen.verdict else f"collection_id <> {literal(seen.collection_id)}"
        stood = f"select * from ({one_file(table, target)}) where {others}"
        publication.write(con, f"{stood} union all by name from new_{kind}", table, target)
    return new


def _table(
    con: duckdb.DuckDBPyConnection, name: str, query: str, parameters: dict[str, Any]
) -> None:
    con.execute(f"create or replace temp table {name} as {query}", parameters)


def _last(lake: Lake, seen: Observation, kind: Kind) -> str:
    days = lake.layout.days(kind, seen.provider, seen.account)
    paths = [lake.layout.snapshot(kind, seen.provider, seen.account, days[-1])] if days else []
    return plain(SNAPSHOT_TABLES[kind], paths)


def _to(lake: Lake, seen: Observation, kind: Kind) -> Path:
    return lake.layout.snapshot(kind, seen.provider, seen.account, seen.day)
