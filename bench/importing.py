"""Imports of domains from a file to committed and queryable, beside DuckDB's own reading of it."""

import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter, process_time

import duckdb

from bench.child import Outcome, measured
from bench.report import Line
from dnsinv.actions import migrate, migration_request
from dnsinv.actions.acting import Actor
from dnsinv.actions.installation import Installation, open_with
from dnsinv.actions.migration_request import File, Wishes
from dnsinv.domain.migrations import State
from dnsinv.migration.templates import builtin
from dnsinv.settings import Settings

SIZES = (1_000, 10_000, 100_000, 1_000_000)
LARGE, HUGE = 1_000_000, 5_000_000
SEVERAL, OF_EACH = 3, 200_000
BATCH, SMALL_BATCH = 1_000, 100
RATE, SMALL_RATE = 60_000, 20_000  # records a second
RATIO, GROWTH, TOGETHER = 12.0, 1.3, 1.0
MEGABYTES = 700
TIMES = 3  # the best of so many runs counts, here and of the reference
ME = Actor("bench", "cli")


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of one import, by the clock and of both processors, and by what was done."""

    seconds: float
    cpu: float
    parts: dict[str, float]


def importing(folder: Path) -> Iterator[Line]:
    """A table of sizes, then what batches of 100, 5M records and three at once come to."""
    rates: dict[int, float] = {}
    for records in SIZES:
        path = _prepared(folder, records)
        best = _best(_imported(folder, path, BATCH) for _ in range(TIMES))
        bare = _best(_bare(folder, path) for _ in range(TIMES))
        rates[records] = records / _took(best).seconds
        yield from _line(records, best, bare)
        if records == LARGE:
            yield _small_batches(_imported(folder, path, SMALL_BATCH))
        path.unlink()
    path = _prepared(folder, HUGE)
    huge = _imported(folder, path, BATCH)
    growth = rates[LARGE] / (HUGE / _took(huge).seconds)
    yield Line(
        f"time per record, {HUGE:,} against {LARGE:,} records",
        f"{_took(huge).seconds / HUGE * 1e6:.1f} µs{_told(huge)}",
        f"{1e6 / rates[LARGE]:.1f} µs",
        growth,
        f"at most {GROWTH} x",
        growth <= GROWTH,
        huge.peak_mb,
    )
    path.unlink()
    yield together(folder)


def together(folder: Path) -> Line:
    """Three imports at once in processes of their own, beside the same one after another."""
    path = _prepared(folder, OF_EACH)
    took = []
    for workers in (1, SEVERAL):
        root = folder / f"several-{workers}"
        measured("bench.importing:submit", root=root, path=path, count=SEVERAL)
        began = perf_counter()
        with ThreadPoolExecutor(workers) as pool:
            each = [
                pool.submit(measured, "bench.importing:run", root=root, number=number)
                for number in range(1, SEVERAL + 1)
            ]
            peak = sum(done.result().peak_mb for done in each)
        took.append(perf_counter() - began)
        shutil.rmtree(root)
    path.unlink()
    after_another, at_once = took
    return Line(
        f"{SEVERAL} imports of {OF_EACH:,} records at once, against one after another",
        f"{at_once:.1f} s",
        f"{after_another:.1f} s",
        at_once / after_another,
        f"at most {TOGETHER:g} x",
        at_once <= after_another * TOGETHER,
        peak,
    )


def _line(records: int, run: Outcome, bare: Outcome) -> Iterator[Line]:
    took, reference = _took(run), _took(bare)
    rate, ratio = records / took.seconds, took.seconds / reference.seconds
    is_large = records == LARGE
    yield Line(
        f"import of {records:,} domains in batches of {BATCH:,}",
        f"{took.seconds:.2f} s, {rate:,.0f}/s{_told(run)}",
        f"{reference.seconds:.2f} s ({reference.cpu:.1f} s of CPU), {bare.peak_mb:,.0f} MB",
        ratio,
        f"at most {RATIO:g} x" if is_large else "",
        ratio <= RATIO if is_large else None,
        run.peak_mb,
    )
    if is_large:
        is_kept = rate >= RATE and run.peak_mb < MEGABYTES
        floor = f"{RATE:,}/s, below {MEGABYTES} MB"
        yield Line("its rate and memory", f"{rate:,.0f}/s", "", None, floor, is_kept, run.peak_mb)


def _small_batches(run: Outcome) -> Line:
    rate = LARGE / _took(run).seconds
    return Line(
        f"the same in batches of {SMALL_BATCH}",
        f"{_took(run).seconds:.2f} s, {rate:,.0f}/s{_told(run)}",
        "",
        None,
        f"{SMALL_RATE:,}/s",
        rate >= SMALL_RATE,
        run.peak_mb,
    )


def _told(run: Outcome) -> str:
    took = _took(run)
    parts = ", ".join(f"{name} {seconds:.1f}" for name, seconds in took.parts.items())
    return f" ({took.cpu:.1f} s of CPU; {parts})"


def _best(runs: Iterable[Outcome]) -> Outcome:
    return min(runs, key=lambda run: _took(run).seconds)


def _took(run: Outcome) -> Took:
    return Took(**run.result)


def _prepared(folder: Path, records: int) -> Path:
    path = folder / f"{records}.json"
    measured("bench.importing:prepare", path=path, records=records)
    return path


def _imported(folder: Path, path: Path, batch_size: int) -> Outcome:
    root = folder / "importing"
    shutil.rmtree(root, ignore_errors=True)
    try:
        return measured("bench.importing:ours", root=root, path=path, batch_size=batch_size)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _bare(folder: Path, path: Path) -> Outcome:
    return measured("bench.importing:bare", path=path, into=folder / "bare.parquet")


# -- in processes of their own ---------------------------------------------------------------------


def prepare(path: str, records: int) -> None:
    """Write a legacy file: a JSON array of domains, in no order."""
    with duckdb.connect() as con:
        con.execute("set preserve_insertion_order = true; set memory_limit = '1GB'")
        query = (Path(__file__).parent / "sql" / "legacy_domains.sql").read_text(encoding="utf-8")
        con.execute(f"copy ({query.format(records=records)}) to '{path}' (format json, array true)")


def ours(root: str, path: str, batch_size: int) -> dict[str, object]:
    """How long it takes until the domains of a file can be queried."""
    installation = _opened(root)
    began, cpu_began = perf_counter(), process_time()
    number = _submit(installation, Path(path), batch_size)
    parts: dict[str, float] = {}
    migrate.stage(installation, number, _go_on)
    parts["stage"] = perf_counter() - began
    migrate.run(installation, number, _go_on)
    parts["commit and fold"] = perf_counter() - began - parts["stage"]
    _count(installation, number)
    took = Took(perf_counter() - began, process_time() - cpu_began, parts)
    installation.close()
    return asdict(took)


def submit(root: str, path: str, count: int) -> None:
    """Write down several migrations of one file."""
    installation = _opened(root)
    for _ in range(count):
        _submit(installation, Path(path), BATCH)
    installation.close()


def run(root: str, number: int) -> None:
    """Do one of them."""
    installation = _opened(root)
    migrate.run(installation, number, _go_on)
    _count(installation, number)
    installation.close()


def bare(path: str, into: str) -> dict[str, object]:
    """How long DuckDB's own COPY of the same file to Parquet takes, unchecked."""
    began, cpu_began = perf_counter(), process_time()
    with duckdb.connect() as con:
        con.execute("set enable_progress_bar = false")
        con.execute(f"copy (select * from read_json('{path}')) to '{into}' (format parquet)")
    return asdict(Took(perf_counter() - began, process_time() - cpu_began, {}))


def _opened(root: str) -> Installation:
    settings = Settings(db_path=Path(root), database_url="", _env_file=None)  # type: ignore[call-arg]
    return open_with(settings)


def _submit(installation: Installation, path: Path, batch_size: int) -> int:
    legacy = next(each for each in builtin() if each.id == "godaddy-domains")
    file = File(path, path.name, "bench", path.stat().st_size)
    wishes = Wishes(batch_size, "merge", validate=False)
    return migration_request.submit(installation, ME, file, legacy, wishes).number


def _count(installation: Installation, number: int) -> None:
    """See that every item is a domain now."""
    done = migrate.find(installation, number)
    ((rows,),) = installation.lake.query("select count(*) from domains")
    if done.state is not State.COMPLETED or rows < done.items:
        raise AssertionError(f"{done.state}: {rows} domains of {done.items} items. {done.message}")


def _go_on(_: float) -> None:
    """Nobody tells it to end."""
