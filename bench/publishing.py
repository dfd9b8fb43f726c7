"""Publishing, diffing and folding one day's readings, beside the bare DuckDB query for the same.

Day 1 is published beforehand. On day 2 every zone has been read, 1 % of the records have changed.
"""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import duckdb

from bench.child import Outcome, measured
from bench.report import Line
from dnsinv.lake.fold import fold_all
from dnsinv.lake.lake import Lake
from dnsinv.lake.observation import Observation, stage
from dnsinv.lake.publish import ROW_GROUP_SIZE, Publication
from dnsinv.lake.schemas import DNS_RECORDS, RECORD_HISTORY, RECORD_LOG, RECORD_SNAPSHOTS
from dnsinv.settings import Settings

RECORDS_PER_ZONE = 10
TIMES = 3  # the best of so many runs counts
RATIO = 2.0
GROWTH = 1.3
DAYS = (datetime(2026, 1, 1, 9, tzinfo=UTC), datetime(2026, 1, 2, 9, tzinfo=UTC))
ACCOUNT = ("godaddy", "bench")


def publish(folder: Path) -> Iterator[Line]:
    """1M records against the bare query, then 10K for the growth of the time per record."""
    best: dict[int, float] = {}
    for records in (1_000_000, 10_000):
        inputs = folder / f"publish-{records}"
        measured("bench.publishing:prepare", folder=inputs, records=records)
        ours = _best("bench.publishing:ours", inputs)
        bare = _best("bench.publishing:bare", inputs)
        best[records] = ours.result
        ratio = ours.result / bare.result
        yield Line(
            f"publish + diff + fold of {records:,} records, 1 % changed",
            f"{ours.result:.2f} s",
            f"{bare.result:.2f} s, {bare.peak_mb:,.0f} MB",
            ratio,
            f"at most {RATIO} x" if records == 1_000_000 else "",
            ratio <= RATIO if records == 1_000_000 else None,
            ours.peak_mb,
        )
        if records == 1_000_000:
            known = _best("bench.publishing:ours", inputs, name="digests")
            yield Line(
                "the same where unchanged zones are told by their digest",
                f"{known.result:.2f} s",
                f"{bare.result:.2f} s",
                known.result / bare.result,
                "",
                None,
                known.peak_mb,
            )
        shutil.rmtree(inputs)
    large, small = (best[records] / records * 1e6 for records in (1_000_000, 10_000))
    yield Line(
        "time per record, 1M against 10K records",
        f"{large:.1f} µs",
        f"{small:.1f} µs",
        large / small,
        f"at most {GROWTH} x",
        large / small <= GROWTH,
    )


def _best(function: str, inputs: Path, **arguments: str) -> Outcome:
    runs = []
    for _ in range(TIMES):
        lake = inputs / "lake"
        shutil.copytree(inputs / "day-1", lake)
        runs.append(measured(function, inputs=inputs, **arguments))
        shutil.rmtree(lake)
    return min(runs, key=lambda run: run.result)


# -- in processes of their own ---------------------------------------------------------------------


def prepare(folder: str, records: int) -> None:
    """Make the listing, outcomes and readings of two days, and publish the first."""
    inputs = Path(folder)
    inputs.mkdir()
    zones = records // RECORDS_PER_ZONE
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        con.execute(_LISTING.format(zones=zones, inputs=inputs))
        for number, at in enumerate(DAYS, start=1):
            sizes = {"zones": zones, "inputs": inputs, "day": number, "per_zone": RECORDS_PER_ZONE}
            con.execute(_READINGS.format(**sizes))
            con.execute(_OUTCOMES.format(**sizes, at=at))
        con.execute(_DIGESTS.format(inputs=inputs))
    _collect(Lake(inputs / "day-1"), inputs, 1, "outcomes", "readings")


def ours(inputs: str, name: str = "") -> float:
    """Seconds of the product's day 2."""
    lake = Lake(Path(inputs) / "lake", Settings().memory_limit)
    start = perf_counter()
    _collect(lake, Path(inputs), 2, f"{name}outcomes", f"{name}readings")
    return perf_counter() - start


def _collect(lake: Lake, inputs: Path, day: int, outcomes: str, readings: str) -> None:
    at = DAYS[day - 1]
    seen = Observation(
        *ACCOUNT,
        day=at.date(),
        collection_id=f"day-{day}",
        listed_at=at,
        listing=inputs / "listing.parquet",
        outcomes=[inputs / f"{outcomes}-{day}.parquet"],
        readings=[inputs / f"{readings}-{day}.parquet"],
    )
    publication = Publication(lake.layout, seen.collection_id)
    stage(lake, seen, publication)
    publication.commit()
    publication.close()
    fold_all(lake, {})


def bare(inputs: str) -> float:
    """Seconds of the bare query: two days read, compared, and the four record files written."""
    lake = Lake(Path(inputs) / "lake")
    before = lake.layout.snapshot("records", *ACCOUNT, DAYS[0].date())
    made = Path(inputs) / "bare"
    made.mkdir(exist_ok=True)
    start = perf_counter()
    with duckdb.connect(
        config={
            "memory_limit": Settings().memory_limit,
            "temp_directory": str(made / "spill"),
            "preserve_insertion_order": False,
        }
    ) as con:
        con.execute("set timezone = 'UTC'")
        con.execute(f"create view before as from '{before}'")
        con.execute(f"create view readings as from '{inputs}/readings-2.parquet'")
        for query, table in (
            (_SNAPSHOT, RECORD_SNAPSHOTS),
            (_CHANGES, RECORD_LOG),
            (_HISTORY, RECORD_HISTORY),
            (_CURRENT, DNS_RECORDS),
        ):
            order = ", ".join(table.order)
            path = made / f"{table.name}.parquet"
            con.execute(
                f"copy (select {table.select()} from ({query}) order by {order}) to '{path}' "
                f"(format parquet, compression zstd, row_group_size {ROW_GROUP_SIZE})"
            )
            con.execute(f"create view {table.name} as from '{path}'")
    return perf_counter() - start


_LISTING = """
    copy (
        select 'zone-' || lpad(i::varchar, 6, '0') || '.example' as name, name as unicode_name, '' as provider_id,
            'active' as status, 'ACTIVE' as raw_status, date '2027-01-01' as expires_on,
            date '2020-01-01' as registered_on, true as auto_renew, true as locked, false as privacy,
            ['ns1.example', 'ns2.example'] as nameservers
        from range({zones}) zones(i)
    ) to '{inputs}/listing.parquet'
"""

_READINGS = """
    copy (
        with places as (
            select i, j, i * {per_zone} + j as n, 'zone-' || lpad(i::varchar, 6, '0') || '.example' as zone
            from range({zones}) zones(i), range({per_zone}) records(j)
        )
        select zone as zone_id, zone, 'host-' || j || '.' || zone as name,
            case j % 4 when 2 then 'TXT' when 3 then 'MX' else 'A' end as type,
            case j % 4
                when 2 then '"token=' || md5((n + if(n % 100 = 0, {day}, 0))::varchar) || '"'
                when 3 then 'mx-' || (i % 100 + if(n % 100 = 0, {day}, 0)) || '.' || zone
                else '198.51.' || ((i + if(n % 100 = 0, {day}, 0)) % 250) || '.' || (j % 250)
            end as content,
            3600::integer as ttl, case j % 4 when 3 then 10 end::integer as priority,
            null::boolean as proxied, false as managed, '' as record_id, '' as comment,
            []::varchar[] as tags
        from places order by i // 16, hash(i), j
    ) to '{inputs}/readings-{day}.parquet'
"""

_OUTCOMES = """
    copy (
        select zone as zone_id, zone as name, 'complete' as state, timestamptz '{at}' as attempted_at,
            null::bigint as serial, count(*)::integer as record_count,
            md5(string_agg(content, ',' order by name)) as digest, '' as held_digest, '' as error
        from '{inputs}/readings-{day}.parquet' group by zone
    ) to '{inputs}/outcomes-{day}.parquet'
"""

# What the engine hands over where the zones that did not change were told by their digest.
_DIGESTS = """
    copy (
        select b.* replace (if(b.digest = a.digest, 'unchanged', b.state) as state)
        from '{inputs}/outcomes-2.parquet' b join '{inputs}/outcomes-1.parquet' a using (zone_id)
    ) to '{inputs}/digestsoutcomes-2.parquet';
    copy (
        from '{inputs}/readings-2.parquet' semi join (
            from '{inputs}/digestsoutcomes-2.parquet' where state = 'complete'
        ) using (zone_id)
    ) to '{inputs}/digestsreadings-2.parquet'
"""

_SAME_KEY = (
    "a.zone_id = b.zone_id and a.name = b.name and a.type = b.type and a.content = b.content"
)
_SAME_KEY += " and a.priority is not distinct from b.priority"
_NOW = f"timestamptz '{DAYS[1]}'"

_SNAPSHOT = f"""
    select a.*, coalesce(b.first_seen_at, {_NOW}) as first_seen_at,
        case when (a.ttl, a.proxied, a.comment, a.tags) is not distinct from (b.ttl, b.proxied, b.comment, b.tags)
            then b.valid_from else {_NOW} end as valid_from,
        {_NOW} as observed_at
    from readings a left join before b on {_SAME_KEY}
"""

_CHANGES = f"""
    select {_NOW} as observed_at, coalesce(a.zone_id, b.zone_id) as zone_id, coalesce(a.zone, b.zone) as zone,
        coalesce(a.name, b.name) as name, coalesce(a.type, b.type) as type,
        case when b.zone_id is null then 'added' when a.zone_id is null then 'removed' else 'modified' end as change,
        'bare' as collection_id,
        case when b.zone_id is not null then b end as before, case when a.zone_id is not null then a end as after
    from record_snapshots a full join before b on {_SAME_KEY}
    where (a.zone_id, a.ttl, a.proxied, a.comment, a.tags)
        is distinct from (b.zone_id, b.ttl, b.proxied, b.comment, b.tags)
"""

_HISTORY = """
    select 'godaddy' as provider, 'bench' as account, zone_id, zone, name, type, before.content, before.ttl,
        before.priority, before.proxied, before.managed, before.record_id, before.comment, before.tags,
        before.first_seen_at, before.valid_from, observed_at as valid_to, before.observed_at as observed_at
    from record_log where before is not null
    union all by name
    select 'godaddy' as provider, 'bench' as account, *, null as valid_to from record_snapshots
"""

_CURRENT = """
    select *, zone as domain, 'godaddy' as provider, 'bench' as account, observed_at as last_seen_at
    from record_snapshots
"""
