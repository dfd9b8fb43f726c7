"""Schemathesis over the whole description: no answer of 500 and above, none that is not described."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.app.api import Served

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance,negative_data_rejection,unsupported_method,allow_header_conformance"
)
SEED = "20261125"


def fuzz(served: Served, folder: Path, *options: str) -> None:
    run = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "schemathesis.cli",
                "run",
                f"{served.address}/api/openapi.json",
            ),
            *("--header", f"Authorization: Bearer {served.tokens['admin']}"),
            *("--checks", CHECKS, "--seed", SEED, "--no-color", "--warnings", "off"),
            *("--generation-database", "none", "--suppress-health-check", "all", *options),
        ],
        capture_output=True,
        text=True,
        cwd=folder,
    )
    told = [line[:300] for line in run.stdout.splitlines()]
    assert run.returncode == 0, "\n".join(told[-300:]) + run.stderr[-2_000:]


def test_a_short_run_finds_nothing(served: Served, tmp_path: Path) -> None:
    fuzz(served, tmp_path, "--phases", "examples,fuzzing", "--max-examples", "5")


@pytest.mark.verify
def test_every_edge_of_every_field_finds_nothing(served: Served, tmp_path: Path) -> None:
    fuzz(served, tmp_path, "--phases", "coverage")


@pytest.mark.verify
def test_half_an_hour_of_sequences_finds_nothing(served: Served, tmp_path: Path) -> None:
    fuzz(served, tmp_path, "--max-time", "1800", "--max-examples", "100")
