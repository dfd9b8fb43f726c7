"""The export of a large inventory, beside DuckDB's own COPY of the same rows."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import duckdb

from bench.child import measured
from bench.inventory import opened
from bench.report import Line
from dnsinv.actions.acting import Actor
from dnsinv.actions.export import export_stream
from dnsinv.actions.queries import DomainQuery
from dnsinv.lake.export import Style
from dnsinv.lake.readmodel import read_model

DOMAINS, FEW, OWNED = 1_000_000, 100_000, 100_000
TIMES = 3  # the best of so many runs counts
FIRST_SECONDS, RATIO, GROWTH = 1.0, 8.0, 1.5


def exporting(folder: Path) -> Iterator[Line]:
    """CSV in time, its first byte and its memory; the other formats for information."""
    root = folder / "exporting"
    measured("bench.inventory:prepare", folder=root, domains=DOMAINS, per_domain=1, owned=OWNED)
    bare = min(measured("bench.exporting:bare", folder=root).result for _ in range(TIMES))
    for style in Style:
        runs = [
            measured("bench.exporting:ours", folder=root, style=style.value) for _ in range(TIMES)
        ]
        best = min(runs, key=lambda run: run.result[1])
        first, seconds = best.result
        is_csv = style is Style.CSV
        yield Line(
            f"{style} of {DOMAINS:,} domains, whole",
            f"{seconds:.2f} s",
            f"{bare:.2f} s",
            seconds / bare,
            f"at most {RATIO:g} x" if is_csv else "",
            seconds / bare <= RATIO if is_csv else None,
            best.peak_mb,
        )
        if is_csv:
            yield Line(
                "its first byte",
                f"{first:.2f} s",
                "",
                None,
                f"below {FIRST_SECONDS:g} s",
                first < FIRST_SECONDS,
            )
            most = best.peak_mb
    few = folder / "exporting-few"
    measured("bench.inventory:prepare", folder=few, domains=FEW, per_domain=1, owned=FEW)
    small = measured("bench.exporting:ours", folder=few, style="csv").peak_mb
    yield Line(
        f"memory, {DOMAINS:,} against {FEW:,} rows with as many owners",
        f"{most:,.0f} MB",
        f"{small:,.0f} MB",
        most / small,
        f"at most {GROWTH} x",
        most / small <= GROWTH,
    )
    shutil.rmtree(root)
    shutil.rmtree(few)


# -- in processes of their own ---------------------------------------------------------------------


def ours(folder: str, style: str) -> tuple[float, float]:
    """Seconds until the first byte, and until the last."""
    installation, actor = opened(Path(folder)), Actor("bench", "cli")
    nothing = DomainQuery(search="nowhere")  # what a server has imported long before
    list(export_stream(installation, actor, "domains", nothing, Style(style)))
    began = perf_counter()
    pieces = export_stream(installation, actor, "domains", DomainQuery(), Style(style))
    next(pieces)
    first = perf_counter() - began
    for _ in pieces:
        pass
    installation.close()
    return first, perf_counter() - began


def bare(folder: str) -> float:
    """Seconds of DuckDB's COPY of the same table to a CSV file."""
    path = read_model(opened(Path(folder)).lake)
    target = Path(folder) / "bare.csv"
    with duckdb.connect(str(path), read_only=True) as con:
        columns = "* exclude (search, providers)"
        began = perf_counter()
        con.execute(
            f"copy (select {columns} from domains where removed_on is null) "
            f"to '{target}' (format csv, header)"
        )
        seconds = perf_counter() - began
    target.unlink()
    return seconds
