"""Pages of a large inventory, beside the bare DuckDB queries for the same page and its total."""

import random
import shutil
import statistics
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter
from typing import Any

import duckdb

from bench.child import measured
from bench.inventory import OWNERS, opened
from bench.report import Line
from dnsinv.actions.acting import Actor
from dnsinv.actions.queries import DomainQuery
from dnsinv.actions.reading import Reader
from dnsinv.lake.readmodel import read_model

DOMAINS, PER_DOMAIN, OWNED = 1_000_000, 10, 100_000
PAGES = DOMAINS * 98 // 100 // 50
P95_MS, DEPTH, PER_SECOND, MEMORY_MB = 50, 1.5, 400, 600
CLIENTS = 16
ME = Actor("bench", "cli")

Make = Callable[[random.Random], dict[str, Any]]
ASKED: dict[str, tuple[Make, int]] = {  # how it is asked, and how often
    "any page": (lambda r: {"page": r.randint(1, PAGES)}, 300),
    "any page, latest expiry first": (
        lambda r: {"page": r.randint(1, PAGES), "sort": "-expires_on"},
        300,
    ),
    "search, each new": (lambda r: {"search": f"{r.randrange(100_000):05}"}, 60),
    "search of one provider, each new": (
        lambda r: {"search": f"{r.randrange(100_000):05}", "provider": "godaddy"},
        60,
    ),
    "a status, any page": (
        lambda r: {"status": "(active, active)", "page": r.randint(1, 1000)},
        100,
    ),
    "expiring, each new": (lambda r: {"expiring": r.randrange(700)}, 60),
    "of one owner": (lambda r: {"owner": f"user{r.randint(1, OWNERS)}"}, 60),
    "unowned, any page": (lambda r: {"unowned": True, "page": r.randint(1, 1000)}, 60),
}
BARE = {
    "any page": "true order by name limit 50 offset {offset}",
    "any page, latest expiry first": "true order by expires_on desc, name limit 50 offset {offset}",
    "search, each new": "contains(search, '{needle}') order by name limit 50",
    "search of one provider, each new": (
        "contains(search, '{needle}') and contains(providers, ' godaddy ') order by name limit 50"
    ),
    "a status, any page": "status = '(active, active)' order by name limit 50 offset {shallow}",
    "expiring, each new": "expires_on <= current_date + {days} order by name limit 50",
}  # fmt: skip


def reading(folder: Path) -> Iterator[Line]:
    """One client, many clients, depth and memory."""
    root = folder / "reading"
    sizes = {"domains": DOMAINS, "per_domain": PER_DOMAIN, "owned": OWNED}
    measured("bench.inventory:prepare", folder=root, **sizes)
    bare = measured("bench.reading:bare", folder=root).result
    one = measured("bench.reading:one_client", folder=root).result
    yield from of_one_client(f"{DOMAINS:,} domains with total", one, bare)
    many = measured("bench.reading:many_clients", folder=root)
    yield Line(
        f"pages a second, {CLIENTS} clients",
        f"{many.result:,.0f}",
        "",
        None,
        f"at least {PER_SECOND}",
        many.result >= PER_SECOND,
    )
    yield Line(
        "memory of the reader",
        f"{many.peak_mb:,.0f} MB",
        "",
        None,
        f"below {MEMORY_MB} MB",
        many.peak_mb < MEMORY_MB,
        many.peak_mb,
    )
    shutil.rmtree(root)


def of_one_client(named: str, one: dict[str, Any], bare: dict[str, float]) -> Iterator[Line]:
    """The lines of everything in ASKED, beside the bare queries, and of depth."""
    for what, (p50, p95) in one["asked"].items():
        reference = bare.get(what)
        yield Line(
            f"{named}: {what}, p95",
            f"{p95:.1f} ms",
            f"{reference:.1f} ms" if reference else "",
            p50 / reference if reference else None,
            f"below {P95_MS} ms",
            p95 < P95_MS,
        )
    first, last = one["depth"]
    yield Line(
        f"{named}: page {PAGES:,} against page 1",
        f"{last:.2f} ms",
        f"{first:.2f} ms",
        last / first,
        f"at most {DEPTH} x",
        last / first <= DEPTH,
    )


# -- in processes of their own ---------------------------------------------------------------------


def one_client(folder: str) -> dict[str, Any]:
    """p50 and p95 in ms by what is asked, and medians of the first and the last page."""
    reader, draw = Reader(opened(Path(folder))), random.Random(1)

    def times(make: Callable[[], dict[str, Any]], count: int) -> list[float]:
        found = []
        for query in [DomainQuery(**make()) for _ in range(count)]:
            began = perf_counter()
            reader.domains(ME, query)
            found.append((perf_counter() - began) * 1e3)
        return sorted(found)

    asked = {}
    for what, (make, count) in ASKED.items():
        reader.domains(ME, DomainQuery(**make(draw)))  # what is kept per order and per store
        found = times(lambda make=make: make(draw), count)  # type: ignore[misc]
        asked[what] = (statistics.median(found), found[int(count * 0.95)])
    depth = [statistics.median(times(lambda p=p: {"page": p}, 200)) for p in (1, PAGES)]  # type: ignore[misc]
    reader.close()
    return {"asked": asked, "depth": depth}


def many_clients(folder: str) -> float:
    """Pages a second that so many threads get, in two kept orders."""
    reader, draw = Reader(opened(Path(folder))), random.Random(2)
    queries = [
        DomainQuery(page=draw.randint(1, PAGES), sort=draw.choice(("name", "-expires_on")))
        for _ in range(4_000)
    ]
    for query in queries[:100]:
        reader.domains(ME, query)
    for text in range(50):
        reader.domains(ME, DomainQuery(search=f"{text:05}", provider="cloudflare"))
    with ThreadPoolExecutor(CLIENTS) as pool:
        began = perf_counter()
        sum(pool.map(lambda query: reader.domains(ME, query).total, queries))
        seconds = perf_counter() - began
    reader.close()
    return len(queries) / seconds


def bare(folder: str) -> dict[str, float]:
    """Medians in ms of DuckDB's own page and count on the same file."""
    installation, draw = opened(Path(folder)), random.Random(3)
    path = read_model(installation.lake)
    found = {}
    with duckdb.connect(str(path), read_only=True) as con:
        for what, query in BARE.items():
            times = []
            for _ in range(8):
                text = query.format(
                    offset=draw.randrange(DOMAINS // 2),
                    shallow=draw.randrange(50_000),
                    needle=f"{draw.randrange(100_000):05}",
                    days=draw.randrange(700),
                )
                where = text.partition(" order by ")[0]
                began = perf_counter()
                con.execute(f"select * from domains where removed_on is null and {text}").fetchall()
                con.execute(
                    f"select count(*) from domains where removed_on is null and {where}"
                ).fetchall()
                times.append((perf_counter() - began) * 1e3)
            found[what] = statistics.median(times)
    installation.close()
    return found
