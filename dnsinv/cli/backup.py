"""`dnsinv backup` and `dnsinv restore`: everything that is kept, in one file and back."""

import threading
from pathlib import Path

import click
from rich.table import Table

from dnsinv.actions import backup as actions
from dnsinv.actions.installation import open_installation
from dnsinv.actions.restore import Restored
from dnsinv.actions.restore import restore as restore_backup
from dnsinv.cli.operator import operator
from dnsinv.cli.output import plain_console
from dnsinv.errors import ServiceError
from dnsinv.services.run_lock import sole_run
from dnsinv.settings import load_settings


class _PathOrCommand(click.Group):
    """`backup list` lists; anything else that follows `backup` is where to write one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        return super().resolve_command(ctx, args if args[0] in self.commands else ["to", *args])


@click.group(
    cls=_PathOrCommand,
    invoke_without_command=True,
    subcommand_metavar="[PATH | list]",
    epilog="Example: dnsinv backup /mnt/backups/before-the-move.tar",
)
@click.pass_context
def backup(ctx: click.Context) -> None:
    """Back up store and lake as they are now, while everything runs.

    PATH is a file, or a folder for one. Without it the backup goes to BACKUP_PATH, and is pruned
    there in time.
    """
    if ctx.invoked_subcommand is None:
        _make(ctx.obj, None)


@backup.command("to", hidden=True, epilog="Example: dnsinv backup /mnt/backups")
@click.argument("path", type=click.Path(path_type=Path))
@click.pass_obj
def to(config: Path | None, path: Path) -> None:
    """Write a backup as the file PATH, or into the folder PATH; nobody but you removes it."""
    _make(config, path)


@backup.command("list", epilog="Example: dnsinv backup list")
@click.pass_obj
def list_backups(config: Path | None) -> None:
    """Show the backups in BACKUP_PATH, newest first."""
    installation = open_installation(config)
    try:
        found = actions.list_backups(installation, operator())
        folder = installation.settings.backups
    finally:
        installation.close()
    if not found:
        click.echo(f"There is no backup in {folder}.")
        return
    table = Table("made (UTC)", "file", "MB", "why", "by", "kept", box=None, pad_edge=False)
    for each in found:
        facts = each.facts
        table.add_row(
            f"{facts.made_at:%Y-%m-%d %H:%M}",
            each.path.name,
            f"{each.size / 1e6:,.1f}",
            facts.why,
            facts.by,
            "until removed" if facts.is_named else "for a time",
        )
    plain_console().print(table)


@click.command(epilog="Example: dnsinv restore /mnt/backups/before-the-move.tar")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--discard-present",
    is_flag=True,
    help="Make no backup of what is there now: it is damaged, or the disk has no room for both.",
)
@click.pass_obj
def restore(config: Path | None, path: Path, *, discard_present: bool) -> None:
    """Put store and lake back as the backup PATH has them; no service may run.

    All of PATH is checked before anything is touched, and what is there now is backed up first.
    """
    settings = load_settings(config)
    lock = settings.data_path / "locks" / "services.lock"
    try:
        with sole_run(lock, threading.Event()):
            done = restore_backup(settings, operator(), path, discards_present=discard_present)
    except ServiceError as error:
        raise ServiceError(
            f"The services of {settings.data_path} are running: stop them and restore then. "
            "Nothing was touched."
        ) from error
    _say(path, done)


def _make(config: Path | None, path: Path | None) -> None:
    installation = open_installation(config)
    try:
        if path is None:
            made = actions.make_backup(installation, operator())
        else:
            made = actions.backup_to(installation, operator(), path)
    finally:
        installation.close()
    click.echo(f"Backed up to {made.path} ({made.size / 1e6:,.1f} MB).")


def _say(path: Path, done: Restored) -> None:
    facts = done.facts
    click.echo(f"Restored {path}: the inventory of {facts.made_at:%Y-%m-%d %H:%M:%S} UTC.")
    if done.before:
        click.echo(f"What was there before is in {done.before.path}.")
    if done.revoked:
        click.echo(f"Tokens revoked since then, which stay so: {done.revoked}.")
    click.echo("Everybody has to sign in again.")
