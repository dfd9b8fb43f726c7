"""The commands as a user types them, against the sandbox: output, exit codes, one sentence per error."""

import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from dnsinv.cli.main import COMMANDS, main
from dnsinv.sandbox.faults import parse_fault
from dnsinv.sandbox.rates import Rate
from dnsinv.sandbox.server import Sandbox
from dnsinv.settings import Settings

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run one command in an installation of its own; exit code, stdout and stderr."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DB_PATH", str(tmp_path / "data"))
    monkeypatch.setenv("DAGSTER_PORT", "1")  # nobody listens there
    monkeypatch.setenv("COLUMNS", "200")

    def run_command(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["dnsinv", *arguments])
        code = 0
        try:
            main()
        except SystemExit as done:
            code = int(done.code or 0)
        printed = capfd.readouterr()
        return code, printed.out, printed.err

    return run_command


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> Iterator[Sandbox]:
    with Sandbox("synthetic:12x5", day=date(2026, 3, 2), rate=Rate(5000, 1)) as sandbox:
        sandbox.write_account_file(tmp_path / "accounts.toml")
        monkeypatch.setenv("DNSINV_CONFIG", str(tmp_path / "accounts.toml"))
        yield sandbox


@pytest.mark.parametrize("command", [[], *[[name] for name in COMMANDS]])
def test_every_command_has_help_with_an_example(run: Run, command: list[str]) -> None:
    code, out, err = run(*command, "--help")
    assert (code, err) == (0, "")
    assert "Example:" in out


def test_a_collection_can_be_queried_and_exported(
    run: Run, sandbox: Sandbox, tmp_path: Path
) -> None:
    code, out, _ = run("collect")
    assert code == 0
    assert "godaddy-sandbox" in out
    assert "completed" in out

    code, out, _ = run("sql", "select count(*) as n from domains", "--format", "csv")
    assert (code, out) == (0, "n\n12\n")
    code, out, _ = run("sql", "select count(*) as n from dns_records")
    assert code == 0
    code, out, err = run(
        "export", "domains", "--output", str(tmp_path / "d.parquet"), "--format", "parquet"
    )
    assert (code, out) == (0, "")
    assert "12 rows" in err
    assert run("check", "data")[:2] == (0, "The data are sound.\n")
    assert run("check", "config")[0] == 0
    code, out, _ = run("check", "providers")
    assert code == 0
    assert out.count("accepts") == 2


def test_one_account_one_domain_or_lists_only(run: Run, sandbox: Sandbox) -> None:
    assert run("collect", "--account", "cloudflare-sandbox", "--domains-only")[0] == 0
    assert "cloudflare records" not in sandbox.stats.by_kind
    assert run("collect")[0] == 0
    _, out, _ = run(
        "sql", "select min(name) from zones where provider = 'cloudflare'", "--format", "csv"
    )
    name = out.split()[-1]
    sandbox.reset_stats()
    assert run("collect", "--domain", name)[0] == 0
    assert sandbox.stats.by_kind["cloudflare records"] == 1
    assert sum(sandbox.stats.by_kind.values()) <= 2, "one zone, wherever it is or was listed"
    as_typed = chr(ord(name[0]) + 0xFEE0) + name[1:].upper() + "."  # a full-width first letter
    assert run("collect", "--domain", as_typed)[0] == 0
    assert sandbox.stats.by_kind["cloudflare records"] == 2


def test_a_zone_whose_dns_was_elsewhere_can_be_read_again(run: Run, sandbox: Sandbox) -> None:
    assert run("collect", "--account", "godaddy-sandbox")[0] == 0
    query = "select name from zones where state = 'no-zone-here' limit 1"
    name = run("sql", query, "--format", "csv")[1].split()[-1]
    sandbox.reset_stats()
    assert run("collect", "--account", "godaddy-sandbox", "--domain", name)[0] == 0
    assert run("collect", "--domain", name)[0] == 0
    assert sum(sandbox.stats.by_kind.values()) == 2


def test_a_failed_account_is_exit_code_1_and_holds_no_other_up(run: Run, sandbox: Sandbox) -> None:
    sandbox.order(parse_fault("unauthorized@/v3/"))
    code, out, err = run("collect")
    assert code == 1
    assert "failed" in out
    assert "completed" in out
    assert "godaddy-sandbox: " in err
    assert "Traceback" not in err
    code, out, _ = run("check", "providers")
    assert code == 1


def test_what_the_guard_holds_can_be_listed_accepted_and_is_explained(
    run: Run, sandbox: Sandbox
) -> None:
    assert run("collect", "--account", "godaddy-sandbox")[0] == 0
    sandbox.order(parse_fault("lying_empty@list"), parse_fault("not_found@domain"))
    code, out, err = run("collect", "--account", "godaddy-sandbox")
    assert code == 1
    assert "held" in out
    assert "collection accept" in err
    held = err.split("`dnsinv collection accept ")[1].split("`")[0]
    assert held in run("collection", "list")[1]
    code, out, _ = run("collection", "accept", held)
    assert (code, out) == (0, "Accepted: godaddy-sandbox now has 0 records.\n")
    code, out, err = run("collection", "accept", held)
    assert (code, err.count("\n")) == (1, 1)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["sql", "drop table domains"], 2, "reading statement"),
        (["sql", "select nothing"], 2, "nothing"),
        (["sql", "select 1", "--format", "parquet"], 2, "--output"),
        (["collect"], 2, "No account is configured"),
        (["collect", "--account", "none"], 2, "none"),
        (["collect", "--domain", "a.example", "--domains-only"], 2, "choose one"),
        (["export", "users"], 2, "users"),
        (["frobnicate"], 2, "frobnicate"),
        (["--config", "no.toml", "collect"], 2, "no.toml"),
        (["collection", "accept", "none"], 1, "none"),
        (["account", "retire", "none"], 2, "none"),
        (["domain", "retire", "not a name"], 2, "not a name"),
        (["domain", "retire", "unknown.example"], 2, "No account's last listing"),
        (["domain", "restore", "unknown.example"], 2, "is not retired"),
        (["export", "dns", "--expiring", "30"], 2, "--expiring does not limit dns"),
        (["setting", "set", "guard_share", "7"], 2, "between"),
        (["setting", "set", "colour", "7"], 2, "colour"),
        (["sandbox", "--world", "atlantis"], 2, "atlantis"),
        (["sandbox", "--fault", "flood"], 2, "flood"),
        (["check", "config"], 1, "no_account"),
        (["check", "providers"], 1, ""),
    ],
)
def test_an_error_is_one_clear_sentence_on_stderr(
    run: Run, arguments: list[str], code: int, said: str
) -> None:
    ended, out, err = run(*arguments)
    assert ended == code
    assert said in err
    assert "Traceback" not in err + out


def test_run_time_settings_can_be_changed(run: Run) -> None:
    assert run("setting", "set", "data_collection_interval", "45")[0] == 0
    code, out, _ = run("setting", "list")
    assert code == 0
    assert "data_collection_interval = 45\n" in out


def test_accounts_can_be_retired_and_restored(run: Run, sandbox: Sandbox) -> None:
    assert run("collect")[0] == 0
    assert run("account", "retire", "godaddy-sandbox")[0] == 0
    assert "retired on" in run("account", "list")[1]
    query = ("sql", "select count(*) from domains where godaddy_status <> '-'", "--format", "csv")
    assert run(*query)[1].split()[-1] == "0"
    assert run("account", "restore", "godaddy-sandbox")[0] == 0
    assert run(*query)[1].split()[-1] == "12"


def test_a_retired_account_is_left_alone(run: Run, sandbox: Sandbox) -> None:
    assert run("collect")[0] == 0
    assert run("account", "retire", "godaddy-sandbox")[0] == 0
    sandbox.reset_stats()
    code, out, err = run("collect")
    assert code == 0
    assert "godaddy-sandbox" not in out + err
    assert all(kind.startswith("cloudflare") for kind in sandbox.stats.by_kind)
    code, _, err = run("collect", "--account", "godaddy-sandbox")
    assert code == 1
    assert "is retired; `dnsinv account restore godaddy-sandbox`" in err
    assert run("account", "retire", "cloudflare-sandbox")[0] == 0
    code, _, err = run("collect")
    assert (code, err.count("\n")) == (2, 1)
    assert "retired" in err


def test_a_domain_is_retired_and_restored_from_the_next_collection_on(
    run: Run, sandbox: Sandbox
) -> None:
    assert run("collect")[0] == 0
    query = "select min(name), count(*) from domains where removed_on is null"
    name, count = run("sql", query, "--format", "csv")[1].split()[-1].split(",")

    def listed() -> int:
        return int(run("sql", query, "--format", "csv")[1].split()[-1].split(",")[1])

    code, out, _ = run("domain", "retire", name.upper())
    assert code == 0
    assert "from the next collection on" in out
    assert run("domain", "retire", name)[0] == 0
    assert listed() == int(count)
    assert run("collect")[0] == 0
    assert listed() == int(count) - 1
    assert run("domain", "restore", name)[0] == 0
    assert run("collect")[0] == 0
    assert listed() == int(count)


def test_real_accounts_in_the_folder_of_made_up_ones_are_told(
    run: Run, sandbox: Sandbox, tmp_path: Path
) -> None:
    assert run("collect")[0] == 0
    assert run("check", "config")[0] == 0
    accounts = (tmp_path / "accounts.toml").read_text()
    (tmp_path / "accounts.toml").write_text(
        accounts.replace("godaddy-sandbox", "registrar").replace(
            'provider = "cloudflare"', 'provider = "godaddy"'
        )
    )
    code, _, err = run("check", "config")
    assert code == 1
    assert "mixed_data" in err
    assert "DB_PATH=./data-real" in err
    assert "name_reused: The name cloudflare-sandbox was used for a cloudflare account." in err


def test_a_damaged_file_is_found(run: Run, sandbox: Sandbox, tmp_path: Path) -> None:
    assert run("collect")[0] == 0
    victim = next((tmp_path / "data/lake/snapshots/records").rglob("*.parquet"))
    victim.write_bytes(victim.read_bytes()[:-20])
    code, _, err = run("check", "data")
    assert code == 1
    assert str(victim) in err
    code, _, err = run("sql", "select count(content) from record_snapshots")
    assert code in (1, 2)
    assert "Traceback" not in err
