"""`dnsinv collection`: what was collected, and what the guard held back."""

from pathlib import Path

import click
from rich.table import Table

from dnsinv.actions import collect as actions
from dnsinv.cli.operator import at_work
from dnsinv.cli.output import plain_console
from dnsinv.store import collections


@click.group(epilog="Example: dnsinv collection list")
def collection() -> None:
    """Collections: list them, accept or reject what the guard held back."""


@collection.command("list", epilog="Example: dnsinv collection list --account godaddy")
@click.option("--account", default=None, help="Of this account only.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True)
@click.pass_obj
def show(config: Path | None, account: str | None, limit: int) -> None:
    """Show the latest collections, newest first."""
    with at_work(config) as (installation, _), installation.store.read() as db:
        rows = collections.latest(db, account, limit)
    table = Table(box=None, header_style="bold")
    for heading in (
        "id",
        "scope",
        "state",
        "domains",
        "records",
        "requests",
        "took",
        "first error",
    ):
        table.add_column(heading, no_wrap=heading == "id")
    for row in rows:
        took = (
            f"{(row.finished_at - row.started_at).total_seconds():.0f} s"
            if row.finished_at
            else "..."
        )
        first = row.errors.partition("\n")[0]
        table.add_row(
            row.id,
            row.scope,
            row.state,
            f"{row.domains:,}",
            f"{row.records:,}",
            f"{row.requests:,}",
            took,
            first,
        )
    plain_console().print(table)


@collection.command(epilog="Example: dnsinv collection accept 20260302T090000-godaddy")
@click.argument("collection_id", metavar="ID")
@click.pass_obj
def accept(config: Path | None, collection_id: str) -> None:
    """Publish what the guard held back: it is right that so much is gone."""
    with at_work(config) as (installation, actor):
        accepted = actions.accept(installation, actor, collection_id)
    click.echo(f"Accepted: {accepted.account} now has {accepted.records:,} records.")


@collection.command(epilog="Example: dnsinv collection reject 20260302T090000-godaddy")
@click.argument("collection_id", metavar="ID")
@click.pass_obj
def reject(config: Path | None, collection_id: str) -> None:
    """Forget what the guard held back: the last good data stay."""
    with at_work(config) as (installation, actor):
        actions.reject(installation, actor, collection_id)
    click.echo("Rejected; the last good data stay.")
