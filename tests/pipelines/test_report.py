"""What the command line made is told to a real Dagster webserver."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest
import uvicorn

from dnsinv.actions.installation import open_installation
from dnsinv.actions.report import report_materializations
from dnsinv.cli.main import main as cli
from dnsinv_pipelines.partitions import partition_key
from dnsinv_pipelines.prepare import main as prepare
from tests.core.scripted import a_record
from tests.pipelines.home import Home, today


@contextmanager
def webserver(instance: dg.DagsterInstance) -> Iterator[str]:
    """A Dagster webserver without definitions, in a thread; its address."""
    from dagster._core.workspace.context import WorkspaceProcessContext
    from dagster._core.workspace.load_target import EmptyWorkspaceTarget
    from dagster_webserver.app import create_app_from_workspace_process_context

    with WorkspaceProcessContext(instance, EmptyWorkspaceTarget()) as context:
        app = create_app_from_workspace_process_context(context)
        started = threading.Event()

        class Server(uvicorn.Server):
            async def startup(self, *args: object, **kwargs: object) -> None:
                await super().startup(*args, **kwargs)  # type: ignore[arg-type]
                started.set()

        server = Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", ws="none"))
        thread = threading.Thread(target=server.run)
        thread.start()
        assert started.wait(30)
        try:
            yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def rows_told(instance: dg.DagsterInstance) -> dict[tuple[str, str | None], object]:
    names = (
        "domain_snapshots",
        "record_snapshots",
        "domain_changes",
        "record_changes",
        "domains",
        "dns_records",
        "read_model",
        "imported_domains",
    )
    return {
        (name, record.partition_key): record.asset_materialization.metadata[
            "dagster/row_count"
        ].value
        for name in names
        for record in reversed(instance.fetch_materializations(dg.AssetKey(name), limit=10).records)
        if record.asset_materialization
    }


def test_dagster_is_told_what_the_command_line_made(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.observe(ago=timedelta(days=1))
    home.providers["gd-1"].zones["beta.example"].append(
        a_record("beta.example", "new", "192.0.2.9")
    )
    full = home.observe()
    rows = home.derive()
    prepare()
    with (
        dg.DagsterInstance.from_config(str(home.opened.settings.dagster_home)) as instance,
        webserver(instance) as address,
    ):
        instance.wipe_assets(
            [
                dg.AssetKey(name)
                for name in (
                    "domain_snapshots",
                    "record_snapshots",
                    "domain_changes",
                    "record_changes",
                )
            ]
        )
        monkeypatch.setenv("DAGSTER_URL", address)
        opened = open_installation()
        report_materializations(opened, [full], rows)
        opened.close()

        key = partition_key("gd-1", today())
        assert rows_told(instance) == {
            ("domain_snapshots", key): 5, ("record_snapshots", key): 16, ("domain_changes", key): 0, ("record_changes", key): 1,
            ("domains", None): 5, ("dns_records", None): 16, ("read_model", None): 21,
        }  # fmt: skip


def test_dagster_is_told_what_an_import_at_the_command_line_made(
    home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    home.observe()
    home.derive()
    prepare()
    (tmp_path / "old.json").write_text('[{"domain": "old.example"}, {"domain": "alpha.example"}]')
    with (
        dg.DagsterInstance.from_config(str(home.opened.settings.dagster_home)) as instance,
        webserver(instance) as address,
    ):
        monkeypatch.setenv("DAGSTER_URL", address)

        def run(*arguments: str) -> None:
            monkeypatch.setattr(sys, "argv", ["dnsinv", *arguments])
            cli()

        run("import", str(tmp_path / "old.json"), "--template", "flexible")
        whole = rows_told(instance)
        assert whole["imported_domains", None] == 2
        assert whole["domains", None] == 6
        assert whole["read_model", None] == 21
        run("migration", "undo", "m000001")
        assert rows_told(instance)["domains", None] == 5


@pytest.mark.parametrize(
    ("scope", "assets"),
    [
        ("domains", {"domain_snapshots", "domain_changes"}),
        ("zone:beta.example", {"record_snapshots", "record_changes"}),
    ],
)
def test_only_what_was_observed_is_told(home: Home, scope: str, assets: set[str]) -> None:
    from dnsinv.actions.report import _collected

    collection = home.observe()
    collection.scope = scope
    assert {asset for asset, _ in _collected(home.opened, [collection])} == assets
    collection.state = "held"
    assert list(_collected(home.opened, [collection])) == []


def test_nothing_happens_where_no_dagster_answers(home: Home) -> None:
    report_materializations(home.opened, [home.observe()], {"domains": 5})
