"""docs/api.md as it is written: its commands run, and its table names every code there is."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dnsinv_app.api.errors import STATUSES
from tests.app.api import Served

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
COMMANDS = "\n".join(re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL))


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
def test_the_walk_with_curl_works_as_it_is_written(served: Served, tmp_path: Path) -> None:
    settings = served.installation.settings
    programs = Path(sys.executable).parent
    commands = COMMANDS.replace("--user admin", "--user the-admin")
    run = subprocess.run(
        [
            "env",
            f"PATH={programs}:/usr/bin:/bin",
            f"DB_PATH={settings.data_path}",
            f"DNSINV={served.address}",
            *("bash", "-e", "-o", "pipefail", "-c", commands),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert '{"assets":3,"added":3,"ended":0,"unchanged":0}' in run.stdout
    assert run.stdout.splitlines()[-1] == "304"
    lines = (tmp_path / "walkers.csv").read_text().splitlines()
    assert [line.partition(",")[0] for line in lines] == [
        "name",
        "alpha.example",
        "beta.example",
        "gamma.example",
    ]
    assert (tmp_path / "domains.parquet").read_bytes()[:4] == b"PAR1"


def test_every_code_of_an_error_is_in_the_table() -> None:
    told = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"^\| \d+ \|(.*?)\|", PAGE, re.M))))
    assert {code for _, code in STATUSES.values()} - {"failed", "provider_failed"} <= told


def test_every_area_of_the_api_is_in_the_page(served: Served) -> None:
    for path in served.as_admin.get("/api/openapi.json").json()["paths"]:
        first = "/".join(path.split("/")[:3])
        assert first in PAGE or first.rpartition(".")[2] in ("json", "parquet"), path
