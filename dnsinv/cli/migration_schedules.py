"""`dnsinv migration schedules`: what is imported by itself, from where and when."""

import json
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from dnsinv.actions import arriving
from dnsinv.actions import migration_schedules as actions
from dnsinv.cli.operator import at_work
from dnsinv.cli.output import plain_console
from dnsinv.domain.migrations import Strategy

NUMBER = click.argument("number", type=int)


@click.group(epilog="Example: dnsinv migration schedules list")
def schedules() -> None:
    """Schedules: add, list, pause, resume and remove them, and look for files now.

    A schedule imports every new file of a source once. The services look every 30 seconds.
    """


@schedules.command("list", epilog="Example: dnsinv migration schedules list")
@click.pass_obj
def list_schedules(config: Path | None) -> None:
    """Show the schedules: their sources, when they are looked at next, and what went wrong."""
    with at_work(config) as (installation, actor):
        found = actions.all_schedules(installation, actor)
    table = Table(box=None, header_style="bold")
    for heading in ("number", "source", "cron", "template", "next look", "imported", "trouble"):
        table.add_column(heading)
    for each in found:
        schedule = each.schedule
        waits = "paused" if schedule.is_paused else "always"
        table.add_row(
            str(schedule.id),
            escape(each.source),
            schedule.cron,
            escape(schedule.template),
            f"{each.next_at:%Y-%m-%d %H:%M} UTC" if each.next_at else waits,
            str(each.imported),
            escape(schedule.trouble),
        )
    plain_console().print(table)


@schedules.command(
    epilog="Example: dnsinv migration schedules add 'legacy/*.json' --template godaddy-domains"
)
@click.argument("source")
@click.option("--cron", default="", help="When to look (UTC), such as '0 3 * * *'.")
@click.option("--template", default="", help="Id or name; left out, it is suggested by the file.")
@click.option("--duplicates", type=click.Choice(list(Strategy)), help="What there is already.")
@click.option("--batch-size", type=int, help="Keys in a batch, 10 to 1000.")
@click.option("--assign", default="", metavar="OWNER[,OWNER]", help="Who owns what it brings.")
@click.option("--validate/--no-validate", default=None, help="Whether an account holds it.")
@click.option("--strict", is_flag=True, help="All items of a file or none.")
@click.option("--create-users", is_flag=True, help="Make owners that nobody knows, inactive.")
@click.pass_obj
def add(config: Path | None, /, source: str, cron: str, template: str, **wishes: Any) -> None:
    """Import from SOURCE by itself: a path or pattern in the inbox, or an address."""
    owners = [each.strip() for each in wishes.pop("assign").split(",") if each.strip()]
    options = {name: value for name, value in wishes.items() if value not in (None, False)}
    if wishes["validate"] is False:
        options["validate"] = False
    if owners:
        options["assign"] = owners
    with at_work(config) as (installation, actor):
        arriving.wishes_of(options)
        made = actions.add_schedule(
            installation, actor, source, cron=cron, template=template, options=options
        )
    click.echo(f"Schedule {made.id} imports from {made.source}: {json.dumps(options)}")


@schedules.command(epilog="Example: dnsinv migration schedules remove 1")
@NUMBER
@click.pass_obj
def remove(config: Path | None, number: int) -> None:
    """Import by the schedule NUMBER no more; migrations that it began go on."""
    with at_work(config) as (installation, actor):
        actions.remove_schedule(installation, actor, number)
    click.echo(f"Schedule {number} is removed.")


@schedules.command(epilog="Example: dnsinv migration schedules pause 1")
@NUMBER
@click.pass_obj
def pause(config: Path | None, number: int) -> None:
    """Let the schedule NUMBER rest."""
    with at_work(config) as (installation, actor):
        actions.pause_schedule(installation, actor, number, is_paused=True)
    click.echo(f"Schedule {number} rests.")


@schedules.command(epilog="Example: dnsinv migration schedules resume 1")
@NUMBER
@click.pass_obj
def resume(config: Path | None, number: int) -> None:
    """Let the schedule NUMBER go on; what it missed is made up for once."""
    with at_work(config) as (installation, actor):
        actions.pause_schedule(installation, actor, number, is_paused=False)
    click.echo(f"Schedule {number} goes on.")


@schedules.command(epilog="Example: dnsinv migration schedules look")
@click.pass_obj
def look(config: Path | None) -> None:
    """Look for files now, and begin their migrations; the services, or `resume --here`, do them."""
    with at_work(config) as (installation, _):
        begun = arriving.begin_arrivals(installation)
    for migration in begun:
        click.echo(f"{migration.id}: {migration.name}, {migration.state}. {migration.message}")
    if not begun:
        click.echo("Nothing new has come.")
