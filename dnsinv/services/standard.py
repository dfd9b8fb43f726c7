"""Which services an installation has, in the order in which they start."""

import sys
from pathlib import Path

from pydantic import SecretStr

from dnsinv.services.service import HOST, Service
from dnsinv.settings import Settings

WORKSPACE = Path(__file__).parents[2] / "workspace.yaml"


def standard_services(settings: Settings) -> list[Service]:
    """What `dnsinv up` runs.

    Storage comes first, as processes that start together race to create it; dead runs are cleared
    away when the code server can retry them and before the daemon counts them as running.
    """
    environment = environment_of(settings)

    def step(name: str) -> Service:
        return Service(name, _module(f"dnsinv_pipelines.{name}"), environment, is_step=True)

    return [
        step("prepare"),
        Service(
            "code-server",
            _module("dagster", "api", "grpc", "-m", "dnsinv_pipelines.definitions",
                    "-h", HOST, "-p", str(settings.dagster_code_port)),
            environment,
            settings.dagster_code_port,
            "DAGSTER_CODE_PORT",
            reloads=True,
            stop_within=30,  # collections under way write down how far they got
        ),
        step("reaper"),
        Service(
            "daemon",
            _module("dnsinv_pipelines.daemon", "-w", str(WORKSPACE)),
            environment,
            is_awaited=False,
        ),
        Service(
            "webserver",
            _module("dagster_webserver", "-h", HOST, "-p", str(settings.dagster_port),
                    "-w", str(WORKSPACE)),
            environment,
            settings.dagster_port,
            "DAGSTER_PORT",
            "/server_info",
            is_awaited=False,
        ),
        Service(
            "app",
            _module("dnsinv_app.server"),
            environment,
            settings.server_port,
            "SERVER_PORT",
            "/healthz",
            is_awaited=False,
            reloads=True,
        ),
    ]  # fmt: skip


def environment_of(settings: Settings) -> dict[str, str]:
    """The variables by which services read exactly these settings, and Dagster's own.

    Secrets are left out: services read them where this process did. Backfills survive a tick while
    the code server boots, and run retries do not wait, as Dagster 1.13 does by default.
    """
    told = {
        name.upper(): str(value)
        for name, value in settings
        if not isinstance(value, SecretStr) and value not in (None, "")
    }
    if settings.dnsinv_config is not None:
        told["DNSINV_CONFIG"] = str(settings.dnsinv_config.resolve())
    return told | {
        "DB_PATH": str(settings.data_path),
        "BACKUP_PATH": str(settings.backups),
        "DATABASE_URL": settings.store_url,
        "PUBLIC_URL": settings.address,
        "DAGSTER_URL": settings.dagster_address,
        "DAGSTER_HOME": str(settings.dagster_home),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        "DAGSTER_BACKFILL_RETRY_DEFINITION_CHANGED_ERROR": "1",
        "DAGSTER_EVENT_LOG_CONSUMER_DAEMON_INTERVAL_SECONDS": "1",
        "PYTHONUNBUFFERED": "1",
    }


def _module(name: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", name, *arguments)
