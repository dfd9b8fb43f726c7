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
LARGE, SMALL = 1_000_000, 10_000

_SQL = Path(__file__).parent / "sql"


def publish(folder: Path) -> Iterator[Line]:
    """1M records against the bare query, then 10K for the growth of the time per record."""
    inputs = folder / "publish-large"
    measured("bench.publishing:prepare", folder=inputs, records=LARGE)
    bare = _best("bench.publishing:bare", inputs)
    large = _best("bench.publishing:ours", inputs, kind="whole")
    yield _line(f"publish + diff + fold of {LARGE:,} records, 1 % changed", large, bare)
    known = _best("bench.publishing:ours", inputs, kind="by_digest")
    yield _line("the same, unchanged zones told by their digest", known, bare)
    shutil.rmtree(inputs)

    inputs = folder / "publish-small"
    measured("bench.publishing:prepare", folder=inputs, records=SMALL)
    small = _best("bench.publishing:ours", inputs, kind="whole")
    growth = large.result / LARGE / (small.result / SMALL)
    yield Line(
        f"time per record, {LARGE:,} against {SMALL:,} records",
        f"{large.result / LARGE * 1e6:.1f} µs",
        f"{small.result / SMALL * 1e6:.1f} µs",
        growth,
        f"at most {GROWTH} x",
        growth <= GROWTH,
        small.peak_mb,
    )


def _line(what: str, ours: Outcome, bare: Outcome) -> Line:
    ratio = ours.result / bare.result
    reference = f"{bare.result:.2f} s, {bare.peak_mb:,.0f} MB"
    floor = f"at most {RATIO} x"
    return Line(what, f"{ours.result:.2f} s", reference, ratio, floor, ratio <= RATIO, ours.peak_mb)


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
    sizes = {"zones": records // RECORDS_PER_ZONE, "per_zone": RECORDS_PER_ZONE}
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")

        def make(name: str, query: str, **values: object) -> None:
            text = (_SQL / f"{query}.sql").read_text(encoding="utf-8").format(**values)
            con.execute(f"copy ({text}) to '{inputs / name}.parquet' (format parquet)")

        make("listing", "listing", **sizes)
        for day, at in enumerate(DAYS, start=1):
            make(f"readings-{day}-whole", "readings", day=day, **sizes)
            readings = f"'{inputs}/readings-{day}-whole.parquet'"
            make(f"outcomes-{day}-whole", "outcomes", readings=readings, at=at)
        before, after = (f"'{inputs}/outcomes-{day}-whole.parquet'" for day in (1, 2))
        make("outcomes-2-by_digest", "outcomes_by_digest", before=before, after=after)
        outcomes = f"'{inputs}/outcomes-2-by_digest.parquet'"
        make("readings-2-by_digest", "readings_by_digest", readings=readings, outcomes=outcomes)
    _collect(Lake(inputs / "day-1"), inputs, 1, "whole")


def ours(inputs: str, kind: str) -> float:
    """Seconds of the product's day 2."""
    lake = Lake(Path(inputs) / "lake", Settings().memory_limit)
    began = perf_counter()
    _collect(lake, Path(inputs), 2, kind)
    return perf_counter() - began


def _collect(lake: Lake, inputs: Path, day: int, kind: str) -> None:
    at = DAYS[day - 1]
    seen = Observation(
        *ACCOUNT,
        day=at.date(),
        collection_id=f"day-{day}",
        listed_at=at,
        listing=inputs / "listing.parquet",
        outcomes=[inputs / f"outcomes-{day}-{kind}.parquet"],
        readings=[inputs / f"readings-{day}-{kind}.parquet"],
    )
    publication = Publication(lake.layout, seen.collection_id)
    stage(lake, seen, publication)
    publication.commit()
    publication.close()
    fold_all(lake, {})


def bare(inputs: str) -> float:
    """Seconds of the bare queries: two days read, compared, and the four record files written."""
    lake = Lake(Path(inputs) / "lake")
    before = lake.layout.snapshot("records", *ACCOUNT, DAYS[0].date())
    made = Path(inputs) / "bare"
    made.mkdir(exist_ok=True)
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": Settings().memory_limit,
        "temp_directory": str(made / "spill"),
        "preserve_insertion_order": False,
    }
    began = perf_counter()
    with duckdb.connect(config=config) as con:
        con.execute("set timezone = 'UTC'")
        con.execute(f"create view before as from '{before}'")
        con.execute(f"create view readings as from '{inputs}/readings-2-whole.parquet'")
        for name, table in (
            ("snapshot", RECORD_SNAPSHOTS),
            ("changes", RECORD_LOG),
            ("history", RECORD_HISTORY),
            ("current", DNS_RECORDS),
        ):
            query = (_SQL / f"bare_{name}.sql").read_text(encoding="utf-8")
            path = made / f"{table.name}.parquet"
            con.execute(
                f"copy ({table.ordered(query)}) to '{path}' "
                f"(format parquet, compression zstd, row_group_size {ROW_GROUP_SIZE})",
                {"now": DAYS[1]},
            )
            con.execute(f"create view {table.name} as from '{path}'")
    return perf_counter() - began
