"""A file staged for a look: what each row would come to, with nothing of it left behind."""

import secrets
import shutil
from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import duckdb

from dnsinv.domain.migrations import OUTCOMES
from dnsinv.errors import LakeError
from dnsinv.lake.lake import Lake, literal
from dnsinv.migration.chunks import Chunk
from dnsinv.migration.preview import MOST_ROWS, Sample, preview
from dnsinv.migration.staging import TABLES, Held, Job, Kind, Resolve, discard, stage
from dnsinv.migration.tallies import KEYS, Tally, came_to

ABANDONED = timedelta(days=1)  # after which what a killed look left behind goes
PREFIX = "trial-"


def trial(
    lake: Lake, job: Job, resolve: Resolve, held: Held, first: Chunk, limit: int
) -> dict[str, Any]:
    """What a file would come to.

    Gives `items`, `invalid`, `warnings`, `rows` by outcome, `tallies` (each a Tally), `samples`
    (as preview gives them of the first items, each row with its `outcome` and where it `existed`)
    and up to `limit` `errors`.

    Args:
        first: the items that samples are made of.

    Raises:
        FileRefused, LakeError: as staging.stage.
    """
    _sweep(lake, job.began_at)
    looked = replace(job, id=f"{PREFIX}{secrets.token_hex(8)}")
    folder = lake.layout.migration(looked.id)
    try:
        staged = stage(lake, looked, resolve, held, lambda _items: None)
        with lake.open() as con:
            path = literal(folder / "errors.parquet")
            errors = con.sql(f"from read_parquet({path}) limit {limit:d}").to_arrow_table()
            samples = preview(job.template, first, limit)
            last = samples[-1]["item"] if samples else 0
            for kind in TABLES:
                _tell_outcomes(con, lake, looked.id, kind, samples, last)
        found: list[Tally] = came_to(lake, looked.id, is_open=True)
    except duckdb.Error as error:
        raise LakeError(f"The rows of {job.name} cannot be looked at: {error}") from error
    finally:
        discard(lake, looked.id)
    return {
        "items": staged.items,
        "invalid": staged.invalid,
        "warnings": staged.warnings,
        "rows": {name: sum(getattr(batch, name) for batch in staged.batches) for name in OUTCOMES},
        "batches": len(staged.batches),
        "tallies": found,
        "samples": samples,
        "errors": errors.to_pylist(),
    }


def _tell_outcomes(
    con: duckdb.DuckDBPyConnection,
    lake: Lake,
    looked: str,
    kind: Kind,
    samples: list[Sample],
    last: int,
) -> None:
    """Put beside each row of the samples what it would come to."""
    folder, pattern = lake.layout.migration(looked), f"{kind}-*.parquet"
    if not any(folder.glob(pattern)):
        return
    keys = ", ".join(KEYS[kind])
    rows = con.execute(
        f"select item, outcome, existed, {keys} from read_parquet({literal(folder / pattern)}) "
        f"where item <= {last:d} order by item limit {MOST_ROWS * max(last, 1):d}"
    ).fetchall()
    known = defaultdict(list)
    for item, outcome, existed, *key in rows:
        known[item, *key].append((outcome, existed))
    names = [("domain" if name == "zone" else name) for name in KEYS[kind]]
    for sample in samples:
        for row in sample[kind]:
            told = known[sample["item"], *map(row.get, names)]
            if told:
                row["outcome"], row["existed"] = told.pop(0)


def _sweep(lake: Lake, at: datetime) -> None:
    """Remove what looks left behind that were killed."""
    for folder in lake.layout.migration("x").parent.glob(f"{PREFIX}*"):
        try:
            is_old = datetime.fromtimestamp(folder.stat().st_mtime, at.tzinfo) < at - ABANDONED
        except FileNotFoundError:
            continue
        if is_old:
            shutil.rmtree(folder, ignore_errors=True)
