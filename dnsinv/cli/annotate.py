"""`dnsinv domain add|drop|note|tag`: what people say of domains."""

from datetime import datetime
from pathlib import Path

import click

from dnsinv.actions import annotate as actions
from dnsinv.actions.collect import derive
from dnsinv.cli.operator import at_work

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command(epilog="Example: dnsinv domain add parked.example --expires 2027-05-01")
@click.argument("name")
@click.option("--registered", type=_DAY, default=None, help="Day of registration.")
@click.option("--expires", type=_DAY, default=None, help="Day on which the registration ends.")
@click.pass_obj
def add(
    config: Path | None, name: str, registered: datetime | None, expires: datetime | None
) -> None:
    """Enter the domain NAME, which no account holds; an account that comes to hold it wins."""
    with at_work(config) as (installation, actor):
        added = actions.add_domain(
            installation,
            actor,
            name,
            registered_on=registered and registered.date(),
            expires_on=expires and expires.date(),
        )
        derive(installation)
    click.echo(f"Added {added.name}.")


@click.command(epilog="Example: dnsinv domain drop parked.example")
@click.argument("name")
@click.pass_obj
def drop(config: Path | None, name: str) -> None:
    """Take the domain NAME, which a person entered, out again."""
    with at_work(config) as (installation, actor):
        actions.remove_domain(installation, actor, name)
        derive(installation)
    click.echo(f"Dropped {name}.")


@click.command(epilog="Example: dnsinv domain note shop.example 'Renew before the sale'")
@click.argument("name")
@click.argument("text")
@click.pass_obj
def note(config: Path | None, name: str, text: str) -> None:
    """Write TEXT as the note of the domain NAME; "" empties it."""
    with at_work(config) as (installation, actor):
        said = actions.annotate(installation, actor, name, note=text)
    click.echo(f"{said.domain} has {'a note' if said.note else 'no note'}.")


@click.command(epilog="Example: dnsinv domain tag shop.example retail critical")
@click.argument("name")
@click.argument("tags", nargs=-1)
@click.pass_obj
def tag(config: Path | None, name: str, tags: tuple[str, ...]) -> None:
    """Let TAGS be the tags of the domain NAME; none takes all away."""
    with at_work(config) as (installation, actor):
        said = actions.annotate(installation, actor, name, tags=tags)
    click.echo(f"{said.domain} has the tags: {', '.join(said.tags) or 'none'}.")
