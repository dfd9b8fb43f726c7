"""docs/migration.md as it is written, and real files from the command line, without any service."""

import csv
import gzip
import json
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dnsinv.cli.main import main
from dnsinv.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "migration.md").read_text(encoding="utf-8")
SHARED = Path(__file__).parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/data is not here")


class Printed(NamedTuple):
    """What a command wrote."""

    stdout: str
    stderr: str


Run = Callable[..., Printed]


def commands_of(heading: str) -> str:
    """The commands of one chapter."""
    chapter = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return "\n".join(re.findall(r"```sh\n(.*?)```", chapter, re.DOTALL))


def environment(folder: Path) -> list[str]:
    names = (name.upper() for name in Settings.model_fields)
    return [
        "env",
        *(f"--unset={name}" for name in names),
        f"DB_PATH={folder / 'data'}",
        "DAGSTER_PORT=1",
        f"PATH={Path(sys.executable).parent}:/usr/bin:/bin",
    ]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run one command of `dnsinv` in an installation of its own; what it printed."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DB_PATH", str(tmp_path / "data"))
    monkeypatch.setenv("DAGSTER_PORT", "1")  # nobody listens there

    def run_command(*arguments: str, code: int = 0) -> Printed:
        monkeypatch.setattr(sys, "argv", ["dnsinv", *arguments])
        ended = 0
        try:
            main()
        except SystemExit as done:
            ended = int(done.code or 0)
        printed = Printed(*capfd.readouterr())
        assert ended == code, printed
        return printed

    return run_command


def rows(run: Run, query: str) -> list[dict[str, Any]]:
    """What `dnsinv sql` gives."""
    return [json.loads(line) for line in run("sql", query, "--format", "json").stdout.splitlines()]


def test_the_walk_at_the_command_line_works_as_it_is_written(run: Run, tmp_path: Path) -> None:
    walk = subprocess.run(
        [
            *environment(tmp_path),
            *("bash", "-e", "-o", "pipefail", "-c", commands_of("A walk at the command line")),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert walk.returncode == 0, walk.stdout + walk.stderr

    [legacy] = rows(run, "select * from domains where name = 'example.com'")
    assert legacy["status"] == "(active, active)"
    assert legacy["discovered_on"] == "2024-01-01"
    assert (legacy["owners"], legacy["groups"]) == (["admin"], ["dns-team"])
    first, many, mixed = rows(run, "from migrations")
    assert (first["state"], first["duplicates"], first["validates"]) == ("completed", "merge", True)
    assert first["owners"] == ["user:admin", "group:dns-team"]
    assert (many["state"], many["batches"], many["new"]) == ("completed", 2_000, 20_000)
    assert (many["committed_batches"], many["undone_in"] is None) == (2_000, False)
    assert (mixed["state"], mixed["invalid"], mixed["new"]) == ("completed with errors", 1, 1)
    assert [row["name"] for row in rows(run, "select name from domains order by 1")] == [
        "example.com",
        "good.example",
    ]
    lines = csv.DictReader((tmp_path / "bad.csv").read_text().splitlines())
    [bad] = [line for line in lines if line["is_warning"] == "false"]
    assert (bad["item"], bad["line"], bad["value"]) == ("2", "3", "bad_/name")


def test_an_interrupted_import_says_how_to_go_on_and_then_does(run: Run, tmp_path: Path) -> None:
    many = "".join(f'{{"domain": "old-{number}.example"}}\n' for number in range(30_000))
    (tmp_path / "many.ndjson").write_text(many)
    command = ["dnsinv", "import", "many.ndjson", "--template", "flexible", "--batch-size", "10"]
    with subprocess.Popen(
        [*environment(tmp_path), *command], stderr=subprocess.PIPE, text=True, cwd=tmp_path
    ) as started:
        assert started.stderr is not None
        assert "m000001" in started.stderr.readline()
        with closing(sqlite3.connect(tmp_path / "data" / "store.db", isolation_level=None)) as db:
            db.execute("begin immediate")  # it cannot end meanwhile
            started.send_signal(signal.SIGINT)
            db.execute("rollback")
        told = started.stderr.read()
        code = started.wait()
    assert code != 0
    assert "`dnsinv migration resume m000001 --here` goes on from there." in told
    run("migration", "resume", "m000001", "--here")
    [done] = rows(run, "select state, committed_batches, new from migrations")
    assert done == {"state": "completed", "committed_batches": 3_000, "new": 30_000}
    assert rows(run, "select count(*) as n from domains") == [{"n": 30_000}]


def test_without_a_template_that_is_sure_to_fit_one_is_asked_for(run: Run, tmp_path: Path) -> None:
    (tmp_path / "odd.json").write_text('[{"a": 1, "b": 2}]')
    told = run("import", "odd.json", code=2).stderr
    assert "No template is sure to fit odd.json" in told
    assert rows(run, "from migrations") == []


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ('[{"domain": "a.example"}, {"domain": ]', "line 1"),
        ('[{"domain": NaN}]', "NaN"),
        ("", "empty"),
    ],
)
def test_a_file_that_is_no_json_is_refused_whole(
    run: Run, tmp_path: Path, content: str, cause: str
) -> None:
    (tmp_path / "broken.json").write_text(content)
    done = run("import", "broken.json", "--template", "godaddy-domains", code=1)
    assert "failed" in done.stdout
    assert cause in done.stdout
    assert rows(run, "from imported_domains") == []


def test_what_is_named_and_is_not_there_is_said_in_a_sentence(run: Run, tmp_path: Path) -> None:
    assert "There is no file 'nothing.json'" in run("import", "nothing.json", code=2).stderr
    (tmp_path / "a.json").write_text('[{"domain": "a.example"}]')
    told = run("import", "a.json", "--template", "nothing", code=2).stderr
    assert "There is no template 'nothing'; there are: godaddy-domains" in told
    assert "nobody" in run("import", "a.json", "--assign", "nobody", code=2).stderr
    for action in ("show", "pause", "resume", "cancel", "undo", "errors"):
        assert "There is no migration" in run("migration", action, "m000009", code=2).stderr
    assert rows(run, "from migrations") == []


def test_files_of_the_inbox_are_found_by_a_pattern(run: Run, tmp_path: Path) -> None:
    inbox = tmp_path / "data" / "inbox"
    inbox.mkdir(parents=True)
    for name in ("a", "b"):
        (inbox / f"{name}.json").write_text(f'[{{"domain": "{name}.example"}}]')
    run("import", "*.json", "--template", "godaddy-domains")
    found = rows(run, "select name, source, length(sha256) as digits from migrations")
    assert [(each["name"], each["source"], each["digits"]) for each in found] == [
        ("a.json", "a.json", 64),
        ("b.json", "b.json", 64),
    ]


def test_a_dry_run_counts_and_writes_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"domain": "a.example"}, {"domain": "b_/"}, {"x": 1}]')
    run("import", "a.json", "--template", "godaddy-domains")
    (tmp_path / "b.json").write_text('[{"domain": "a.example"}, {"domain": "c.example"}]')
    done = run("import", "b.json", "--template", "godaddy-domains", "--dry-run", "--json")
    told = json.loads(done.stdout)
    assert {name: count for name, count in told["rows"].items() if count} == {"new": 1, "merged": 1}
    assert [each["text"] for each in told["changes"]] == [
        "1 domains: that an earlier import brought are filled in where they say nothing.",
        "1 domains: new.",
    ]
    assert [sample["domains"][0]["outcome"] for sample in told["samples"]] == ["merged", "new"]
    assert len(rows(run, "from migrations")) == 1
    assert list((tmp_path / "data" / "staging" / "migrations").iterdir()) == []


@needs_data
def test_a_register_comes_in_with_its_owners_as_suggested(run: Run) -> None:
    path = SHARED / "is-a-dev" / "is-a-dev.2026-08-22.json.gz"
    items = json.loads(gzip.decompress(path.read_bytes()))
    data = [each for item in items for each in item["records"].values()]
    records = sum(len(each) if isinstance(each, list) else 1 for each in data)

    told = run("import", str(path), "--create-users").stderr
    assert "confidence 0." in told
    [done] = rows(run, "select state, items, invalid, rows, new, skipped from migrations")
    assert (done["state"], done["items"], done["invalid"]) == ("completed", len(items), 0)
    assert done["rows"] == records
    emails = {item["owner"]["email"].lower() for item in items if "email" in item["owner"]}
    [users] = rows(run, "select count(*) as n, count(*) filter (is_active) as active from users")
    assert (users["active"], users["n"] > 0.9 * len(emails)) == (0, True)


@needs_data
@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("is-a-dev-early", "is-a-dev-early.2022-01-31.json.gz"),
        ("moj-dns", "snapshots/moj-recordsets.2026-03-02.json.gz"),
        ("dotgov", "full-and-zone-sampled/current-full.2026-06-01.csv.gz"),
    ],
)
def test_real_files_come_in_with_the_templates_that_are_suggested(
    run: Run, folder: str, name: str
) -> None:
    path = SHARED / folder / name
    run("import", str(path))
    [done] = rows(run, "select * from migrations")
    assert done["state"] in ("completed", "completed with errors")
    assert done["items"] > 500
    assert done["invalid"] <= done["items"] * 0.001
    table = "imported_domains" if folder == "dotgov" else "imported_records"
    [counted] = rows(run, f"select count(*) as n, count(distinct item) as items from {table}")
    assert counted["n"] == done["rows"]
    assert counted["items"] == done["items"] - done["invalid"]
