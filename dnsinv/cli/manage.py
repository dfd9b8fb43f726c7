"""`dnsinv account`, `domain` and `setting`: what a person decides about the inventory."""

from collections.abc import Callable
from pathlib import Path

import click

from dnsinv.actions import manage
from dnsinv.actions.acting import Actor
from dnsinv.actions.configure import change_settings
from dnsinv.actions.installation import Installation
from dnsinv.cli import annotate
from dnsinv.cli.operator import at_work


@click.group(epilog="Example: dnsinv account list")
def account() -> None:
    """Accounts: list them, take one out of use."""


@account.command("list", epilog="Example: dnsinv account list")
@click.pass_obj
def list_accounts(config: Path | None) -> None:
    """Show configured and formerly collected accounts."""
    with at_work(config) as (installation, _):
        for line in manage.account_lines(installation):
            click.echo(line)


def _pair(
    group: click.Group, what: str, when: str, act: Callable[[Installation, Actor, str, bool], None]
) -> None:
    """Add `retire NAME` and `restore NAME` to a group; `when` says from when on they count."""
    example = "old.example" if what == "domain" else "old-one"

    @group.command(epilog=f"Example: dnsinv {what} retire {example}")
    @click.argument("name")
    @click.pass_obj
    def retire(config: Path | None, name: str) -> None:
        with at_work(config) as (installation, actor):
            act(installation, actor, name, True)
        click.echo(f"Retired {name}, {when}; its history stays.")

    @group.command(epilog=f"Example: dnsinv {what} restore {example}")
    @click.argument("name")
    @click.pass_obj
    def restore(config: Path | None, name: str) -> None:
        with at_work(config) as (installation, actor):
            act(installation, actor, name, False)
        click.echo(f"Took {name} back into use, {when}.")

    retire.help = f"Take the {what} NAME out of the current inventory, {when}; its history stays."
    restore.help = f"Take the retired {what} NAME back into use, {when}."


_pair(account, "account", "at once", manage.retire_account)


@click.group(epilog="Example: dnsinv domain retire old.example")
def domain() -> None:
    """Domains: note and tag them, enter those that no account holds, take one out of use.

    A domain that is retired is left out by the next collection of each account that has it.
    """


for command in (annotate.add, annotate.drop, annotate.note, annotate.tag):
    domain.add_command(command)
_pair(domain, "domain", "from the next collection on", manage.retire_domain)


@click.group(epilog="Example: dnsinv setting set data_collection_interval 45")
def setting() -> None:
    """Settings that services follow without a restart."""


@setting.command("list", epilog="Example: dnsinv setting list")
@click.pass_obj
def list_settings(config: Path | None) -> None:
    """Show the run-time settings and their values."""
    with at_work(config) as (installation, _):
        for name, value in manage.run_time_settings(installation).items():
            click.echo(f"{name} = {value:g}")


@setting.command("set", epilog="Example: dnsinv setting set guard_share 0.2")
@click.argument("name")
@click.argument("value", type=float)
@click.pass_obj
def set_setting(config: Path | None, name: str, value: float) -> None:
    """Change a run-time setting, from now on for every service."""
    with at_work(config) as (installation, actor):
        change_settings(installation, actor, {name: value})
    click.echo(f"{name} = {value:g}")
