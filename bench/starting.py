"""How long `dnsinv sql` takes from the shell's point of view, compiled modules on disk."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter

from bench.child import COMPILED, measured
from bench.report import Line

TIMES = 5  # the best of so many starts counts, after one that compiles
SECONDS = 1.0
QUERY = "select status, count(*) from domains group by 1"


def start(folder: Path) -> Iterator[Line]:
    """Against a bare Python that imports DuckDB and runs the same query on the same file."""
    measured("bench.publishing:prepare", folder=folder / "start", records=10_000)
    root = folder / "start" / "day-1"
    bare = (
        'import duckdb; duckdb.sql("select status, count(*) from '
        f"'{root}/lake/current/domains.parquet' group by 1\").show()"
    )
    ours = _best([str(Path(sys.executable).parent / "dnsinv"), "sql", QUERY], root)
    reference = _best([sys.executable, "-c", bare], root)
    yield Line(
        "dnsinv sql, the whole process",
        f"{ours:.2f} s",
        f"{reference:.2f} s",
        ours / reference,
        f"below {SECONDS:.0f} s",
        ours < SECONDS,
    )


def _best(command: Sequence[str], root: Path) -> float:
    runs = []
    for _ in range(1 + TIMES):
        began = perf_counter()
        subprocess.run([*COMPILED, f"DB_PATH={root}", *command], check=True, capture_output=True)
        runs.append(perf_counter() - began)
    return min(runs[1:])
