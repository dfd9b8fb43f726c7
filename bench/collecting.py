"""Collecting through the sandbox, which runs in a process of its own as `dnsinv sandbox`."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.request import urlopen

import httpx

from bench.child import COMPILED, measured
from bench.report import Line
from dnsinv.actions.collect import collect, derive
from dnsinv.actions.installation import open_with
from dnsinv.collection.engine import CONNECTIONS
from dnsinv.settings import load_accounts, load_settings

ZONES = 400
RECORDS_PER_ZONE = 16
LATENCY_MS = 100
RATE = 40  # requests in a second
SHARE = 1.1  # of the least requests and seconds
LARGE = (100_000, 10)  # zones and records in each
MEMORY_MB = 600
SAMPLE = 5_000  # zones that the bare client reads


def cloudflare(folder: Path) -> Iterator[Line]:
    """400 zones: 8 pages of 50 zones, and 400 of records."""
    yield from _paced(folder, "cloudflare", "cloudflare", [8 + ZONES])


def godaddy(folder: Path) -> Iterator[Line]:
    """The same at GoDaddy, where v3 lists 200 domains a page and v1 all.

    v1 states no totals, so that what is read of a zone for the first time is proven by one more
    request; afterwards one is enough.
    """
    yield from _paced(folder, "godaddy v3", "godaddy", [2 + ZONES], "--godaddy", "3")
    least = [1 + 2 * ZONES, 1 + ZONES]
    yield from _paced(folder, "godaddy v1", "godaddy", least, "--godaddy", "1")


def large(folder: Path) -> Iterator[Line]:
    """100K zones without latency or limit, beside a client that parses and drops the replies."""
    zones, records = LARGE
    world = f"synthetic:{zones}x{records}"
    with _sandbox(folder, world, "--provider", "cloudflare", "--rate", "100000/1") as config:
        root = folder / "large"
        first = measured("bench.collecting:run", config=config, root=root)
        again = measured("bench.collecting:run", config=config, root=root)
        fold = measured("bench.collecting:fold", config=config, root=root)
        bare = measured("bench.collecting:bare", config=config, zones=SAMPLE)
    bare_speed = SAMPLE / bare.result
    for what, done in ((f"{zones:,} zones of {records} records", first), ("once more", again)):
        (run,) = done.result
        speed = zones / run["seconds"]
        yield Line(
            f"{what} collected",
            f"{run['seconds']:,.0f} s, {speed:,.0f} zones/s",
            f"{bare_speed:,.0f} zones/s",
            bare_speed / speed,
            f"at most {MEMORY_MB} MB",
            run["state"] == "completed" and done.peak_mb <= MEMORY_MB,
            done.peak_mb,
        )
    yield Line(
        "their history, current tables and read model",
        f"{fold.result:,.0f} s",
        "",
        None,
        f"at most {MEMORY_MB} MB",
        fold.peak_mb <= MEMORY_MB,
        fold.peak_mb,
    )


def _paced(
    folder: Path, what: str, provider: str, least: Sequence[int], *more: str
) -> Iterator[Line]:
    """One account of 400 zones collected as often as `least` has numbers of requests."""
    limits = ("--latency", str(LATENCY_MS), "--rate", f"{RATE}/1")
    world = f"synthetic:{ZONES}x{RECORDS_PER_ZONE}"
    with _sandbox(folder, world, "--provider", provider, *limits, *more) as config:
        root = folder / f"paced-{what.replace(' ', '-')}"
        done = measured("bench.collecting:run", config=config, root=root, times=len(least))
        refused = _stats(config)["too_many"]
    for run, fewest, again in zip(done.result, least, ("", " once more"), strict=False):
        seconds, requests, floor = run["seconds"], run["requests"], fewest / RATE
        is_near = seconds <= SHARE * floor and requests <= SHARE * fewest
        yield Line(
            f"{what}: {ZONES} zones at {LATENCY_MS} ms, {RATE} requests/s{again}",
            f"{seconds:.2f} s, {requests} requests, {refused} x 429",
            f"{floor:.2f} s, {fewest} requests",
            seconds / floor,
            f"at most {SHARE} x, no 429",
            run["state"] == "completed" and is_near and not refused,
            done.peak_mb,
        )


@contextmanager
def _sandbox(folder: Path, world: str, *options: str) -> Iterator[Path]:
    """The path of an account file whose accounts answer."""
    config = folder / "sandbox.toml"
    script = str(Path(sys.executable).parent / "dnsinv")
    command = [*COMPILED, script, "sandbox", "--world", world, "--config", str(config), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if "DNSINV_CONFIG" in line:
                    break
            yield config
        finally:
            process.terminate()


def _stats(config: Path) -> dict[str, Any]:
    url = next(each for each in load_accounts(load_settings(config))).base_url
    origin = "/".join(url.split("/")[:3])
    with urlopen(f"{origin}/sandbox/stats") as reply:
        found: dict[str, Any] = json.load(reply)
    return found


# -- in processes of their own ---------------------------------------------------------------------


def run(config: str, root: str, times: int = 1) -> list[dict[str, Any]]:
    """Collect the one account of the file, so many times."""
    runs = []
    with closing(open_with(load_settings(Path(config), db_path=root))) as installation:
        for _ in range(times):
            began = perf_counter()
            ended = collect(installation, installation.accounts[0].name)
            seconds = perf_counter() - began
            runs.append({"state": ended.state, "seconds": seconds, "requests": ended.requests})
    return runs


def fold(config: str, root: str) -> float:
    """Seconds in which history, current tables and the read model are made."""
    with closing(open_with(load_settings(Path(config), db_path=root))) as installation:
        began = perf_counter()
        derive(installation)
        return perf_counter() - began


def bare(config: str, zones: int) -> float:
    """Seconds in which httpx alone, on as many connections, gets and parses that many zones."""
    (account,) = load_accounts(load_settings(Path(config)))
    token = account.token.get_secret_value()
    with httpx.Client(
        base_url=account.base_url, headers={"Authorization": f"Bearer {token}"}
    ) as client:
        pages = range(1, zones // 50 + 1)

        def page(number: int) -> list[str]:
            reply = client.get("/zones", params={"page": number, "per_page": 50}).json()
            return [zone["id"] for zone in reply["result"]]

        def zone(identifier: str) -> int:
            path = f"/zones/{identifier}/dns_records"
            return len(client.get(path, params={"page": 1, "per_page": 50_000}).json()["result"])

        began = perf_counter()
        identifiers = [identifier for number in pages for identifier in page(number)]
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            sum(pool.map(zone, identifiers))
        return perf_counter() - began
