"""`dnsinv`: the command line, thin over actions. Each command's module is imported when it runs."""

import importlib
import logging
import logging.handlers
import sys
from pathlib import Path

import click

from dnsinv.errors import DnsinvError, LakeError, UsageError

COMMANDS = {
    "up": "dnsinv.cli.run:up",
    "demo": "dnsinv.cli.run:demo",
    "sandbox": "dnsinv.cli.run:sandbox",
    "collect": "dnsinv.cli.collect:collect",
    "collection": "dnsinv.cli.collection:collection",
    "import": "dnsinv.cli.importing:import_",
    "migration": "dnsinv.cli.migration:migration",
    "account": "dnsinv.cli.manage:account",
    "domain": "dnsinv.cli.manage:domain",
    "setting": "dnsinv.cli.manage:setting",
    "user": "dnsinv.cli.people:user",
    "group": "dnsinv.cli.people:group",
    "token": "dnsinv.cli.access:token",
    "assign": "dnsinv.cli.assign:assign",
    "unassign": "dnsinv.cli.assign:unassign",
    "rule": "dnsinv.cli.assign:rule",
    "sql": "dnsinv.cli.query:sql",
    "export": "dnsinv.cli.query:export",
    "backup": "dnsinv.cli.backup:backup",
    "restore": "dnsinv.cli.backup:restore",
    "check": "dnsinv.cli.check:check",
}


class Commands(click.Group):
    """Imports a command's module only when it is asked for: `dnsinv sql` must start at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="Account file (dnsinv.toml), over DNSINV_CONFIG.",
)
@click.version_option(package_name="dnsinv")
@click.pass_context
def cli(ctx: click.Context, config: Path | None) -> None:
    """Every domain and DNS record you own, whoever hosts it, and how it changed.

    Example: dnsinv sql "select status, count(*) from domains group by 1"
    """
    ctx.obj = config


def main() -> None:
    """Run one command; 0 ok, 1 failed, 2 wrong usage, errors as one sentence on stderr."""
    logging.basicConfig(
        level=logging.WARNING, format="%(levelname)s %(message)s", stream=sys.stderr
    )
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.Abort:
        _fail("Stopped.", 1)
    except click.ClickException as error:
        error.show()
        sys.exit(2 if isinstance(error, click.UsageError) else 1)
    except UsageError as error:
        _fail(str(error), 2)
    except DnsinvError as error:
        _fail(str(error), 1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:  # DB_PATH, more often than not
        _fail(f"The system refuses: {error}.", 1)


def log_to_file(folder: Path, level: str) -> None:
    """Log events to DB_PATH/logs/dns-inventory.log as well, in files of 10 MB.

    Raises:
        LakeError: the file cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = _LogFile(
            folder / "dns-inventory.log", maxBytes=10_000_000, backupCount=5, encoding="utf-8"
        )
    except OSError as error:
        raise LakeError(f"No log can be written in {folder}: {error.strerror}.") from error
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger("dnsinv")
    root.addHandler(handler)
    root.setLevel(level)
    root.propagate = False


class _LogFile(logging.handlers.RotatingFileHandler):
    """Loses what a full disk has no room for: the command itself tells that the disk is full."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Say nothing: logging would print a traceback."""


def _fail(text: str, code: int) -> None:
    click.echo(f"Error: {text}", err=True)
    sys.exit(code)
