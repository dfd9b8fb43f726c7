"""Collecting through the sandbox, which runs in a process of its own as `dnsinv sandbox`."""

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.request import urlopen

import httpx

from bench.child import COMPILED, measured, peak_mb
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
    yield _paced(folder, "cloudflare", "cloudflare", 8 + ZONES)


def godaddy(folder: Path) -> Iterator[Line]:
    """The same at GoDaddy: v3 lists 200 domains a page, v1 all; v1's end is an empty page more."""
    yield _paced(folder, "godaddy v3", "godaddy", 2 + ZONES, "--godaddy", "3")
    yield _paced(folder, "godaddy v1", "godaddy", 1 + ZONES, "--godaddy", "1")


def large(folder: Path) -> Iterator[Line]:
    """100K zones without latency or limit, beside a bare client that parses and drops the replies."""
    zones, records = LARGE
    world = f"synthetic:{zones}x{records}"
    with _sandbox(folder, world, "--provider", "cloudflare", "--rate", "100000/1") as config:
        done = measured("bench.collecting:run", config=config, root=folder / "large")
        bare = measured("bench.collecting:bare", config=config, zones=SAMPLE)
    seconds = done.result["seconds"]
    speed, bare_speed = zones / seconds, SAMPLE / bare.result
    yield Line(
        f"{zones:,} zones, {zones * records:,} records collected",
        f"{seconds:,.0f} s, {speed:,.0f} zones/s",
        f"{bare_speed:,.0f} zones/s",
        bare_speed / speed,
        f"at most {MEMORY_MB} MB",
        done.result["state"] == "completed" and done.result["collected_mb"] <= MEMORY_MB,
        done.result["collected_mb"],
    )
    yield Line(
        "folded in the same process",
        f"{done.result['fold_seconds']:,.0f} s",
        "",
        None,
        f"at most {MEMORY_MB} MB",
        done.peak_mb <= MEMORY_MB,
        done.peak_mb,
    )


def _paced(folder: Path, what: str, provider: str, least: int, *more: str) -> Line:
    """One account of 400 zones, held to the least number of requests and seconds."""
    limits = ("--latency", str(LATENCY_MS), "--rate", f"{RATE}/1")
    world = f"synthetic:{ZONES}x{RECORDS_PER_ZONE}"
    with _sandbox(folder, world, "--provider", provider, *limits, *more) as config:
        root = folder / f"paced-{what.replace(' ', '-')}"
        done = measured("bench.collecting:run", config=config, root=root)
        stats = _stats(config)
    seconds, floor = done.result["seconds"], least / RATE
    requests, refused = stats["requests"], stats["too_many"]
    is_kept = (
        done.result["state"] == "completed"
        and seconds <= SHARE * floor
        and requests <= SHARE * least
        and refused == 0
    )
    return Line(
        f"{what}: {ZONES} zones at {LATENCY_MS} ms and {RATE} requests/s",
        f"{seconds:.2f} s, {requests} requests, {refused} x 429",
        f"{floor:.2f} s, {least} requests",
        seconds / floor,
        f"at most {SHARE} x, no 429",
        is_kept,
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


def run(config: str, root: str) -> dict[str, Any]:
    """Collect the one account of the file, then fold."""
    installation = open_with(load_settings(Path(config), db_path=root))
    try:
        began = perf_counter()
        ended = collect(installation, installation.accounts[0].name)
        collected = perf_counter()
        collected_mb = peak_mb()
        derive(installation)
        return {
            "state": ended.state,
            "seconds": collected - began,
            "collected_mb": collected_mb,
            "fold_seconds": perf_counter() - collected,
        }
    finally:
        installation.close()


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
