"""`dnsinv migration`: what was imported, how far it is, and what a person asks of it."""

import json
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from dnsinv.actions import migration_control, migration_reports
from dnsinv.actions.report import report_import
from dnsinv.cli import import_tables, migration_run
from dnsinv.cli.migration_schedules import schedules
from dnsinv.cli.migration_templates import templates
from dnsinv.cli.operator import at_work
from dnsinv.domain.migrations import CONTROLS, Control, State
from dnsinv.errors import LakeError
from dnsinv.lake.export import Style, writing

ID = click.argument("reference", metavar="ID")
_PRINTED = 100  # errors of a table


@click.group(epilog="Example: dnsinv migration list")
def migration() -> None:
    """Migrations: list them, look at one, pause, resume, cancel or undo it, see its errors.

    An id is written m000001. `dnsinv import` begins one.
    """


migration.add_command(templates)
migration.add_command(schedules)


@migration.command("list", epilog="Example: dnsinv migration list --limit 50")
@click.option("--page", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="All that is known of each, as JSON.")
@click.pass_obj
def list_migrations(config: Path | None, page: int, limit: int, *, as_json: bool) -> None:
    """Show migrations, the newest first."""
    with at_work(config) as (installation, actor):
        found, total = migration_reports.jobs(installation, actor, page, limit)
    if as_json:
        click.echo(_json(found))
        return
    import_tables.show_jobs(found)
    if total > len(found):
        click.echo(f"{total:,} in all; --page {page + 1} shows more.", err=True)


@migration.command(epilog="Example: dnsinv migration show m000001")
@ID
@click.option("--json", "as_json", is_flag=True, help="All that is known, as JSON.")
@click.pass_obj
def show(config: Path | None, reference: str, *, as_json: bool) -> None:
    """Show how far the migration ID is, or what came of it."""
    with at_work(config) as (installation, actor):
        told = migration_reports.progress(installation, actor, reference)
    if as_json:
        click.echo(_json(told))
    else:
        import_tables.show_progress(told)


@migration.command(epilog="Example: dnsinv migration pause m000001")
@ID
@click.pass_obj
def pause(config: Path | None, reference: str) -> None:
    """Let the migration ID rest before its next batch; whoever works on it waits."""
    with at_work(config) as (installation, actor):
        migration_control.control(installation, actor, reference, Control.PAUSE)
    click.echo(f"{reference} is paused; `dnsinv migration resume {reference}` lets it go on.")


@migration.command(epilog="Example: dnsinv migration resume m000001 --here")
@ID
@click.option("--here", is_flag=True, help="Do what is left in this process, without a service.")
@click.pass_obj
def resume(config: Path | None, reference: str, *, here: bool) -> None:
    """Let the migration ID go on where it is: paused, failed, cancelled or cut off.

    Batches that are committed stay committed, and none is committed twice. Where no service runs,
    --here does the rest in this process; exit code 1 when it did not complete.
    """
    with at_work(config) as (installation, actor):
        state = State(migration_reports.glance(installation, actor, reference)["state"])
        if not here or state in CONTROLS[Control.RESUME]:
            migration_control.control(installation, actor, reference, Control.RESUME)
        if here and not migration_run.run_here(installation, actor, reference):
            sys.exit(1)
    if not here:
        click.echo(
            f"{reference} goes on where a service or another terminal works on it; "
            f"`dnsinv migration resume {reference} --here` does the rest here."
        )


@migration.command(epilog="Example: dnsinv migration cancel m000001")
@ID
@click.pass_obj
def cancel(config: Path | None, reference: str) -> None:
    """End the migration ID before its next batch; what is committed stays."""
    with at_work(config) as (installation, actor):
        migration_control.control(installation, actor, reference, Control.CANCEL)
        told = migration_reports.glance(installation, actor, reference)
    click.echo(
        f"{reference} is cancelled; {told['committed_batches']:,} of {told['batches']:,} batches "
        f"({told['committed_rows']:,} rows) stay. `dnsinv migration undo {reference}` takes them "
        f"back, `dnsinv migration resume {reference}` goes on."
    )


@migration.command(epilog="Example: dnsinv migration undo m000001")
@ID
@click.pass_obj
def undo(config: Path | None, reference: str) -> None:
    """Take back the rows and assignments that the migration ID brought.

    A backup is made before. Users that it made stay, inactive.
    """
    with at_work(config) as (installation, actor):
        migration_control.undo(installation, actor, reference)
        report_import(installation, reference)
    click.echo(f"{reference} is undone: its rows and assignments are gone.")


@migration.command(epilog="Example: dnsinv migration errors m000001 --format csv --output bad.csv")
@ID
@click.option("--format", "style", type=click.Choice(["table", "csv", "json"]), default="table")
@click.option("--output", type=click.Path(path_type=Path), help="File to write instead of stdout.")
@click.pass_obj
def errors(config: Path | None, reference: str, style: str, output: Path | None) -> None:
    """Show what is wrong with the items of the migration ID, and what was warned of.

    json is one object a line. In CSV, a cell that a spreadsheet would run as a formula is preceded
    by an apostrophe.
    """
    if style == "table" and output is not None:
        raise click.UsageError("--output needs --format csv or json.")
    with at_work(config) as (installation, actor):
        if style == "table":
            found, total = migration_reports.errors(installation, actor, reference, 1, _PRINTED)
            import_tables.show_errors(found)
            if total > len(found):
                click.echo(f"{total:,} in all; --format csv or json gives all.", err=True)
            return
        pieces = migration_reports.error_file(installation, actor, reference, Style(style))
        try:
            with closing(pieces), writing(output) as file:
                for piece in pieces:
                    file.write(piece)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise LakeError(f"Cannot write {output or 'to stdout'}: {error.strerror}.") from error


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
