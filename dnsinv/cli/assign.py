"""`dnsinv assign`, `unassign` and `rule`: who owns what, one by one, by the list, or by names."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from dnsinv.actions import rules as actions
from dnsinv.actions.acting import Actor
from dnsinv.actions.assign import Assigned, Mode, assign_domains
from dnsinv.actions.installation import Installation
from dnsinv.actions.queries import DomainQuery
from dnsinv.actions.reading import Reader
from dnsinv.cli.operator import at_work
from dnsinv.cli.output import plain_console
from dnsinv.errors import UsageError

_FILTERS = (
    click.option("--search", default="", help="Every domain with this in its name."),
    click.option("--provider", default="", help="Every domain that is there."),
    click.option("--owned-by", default="", help="Every domain of this owner."),
    click.option("--unowned", is_flag=True, help="Every domain that nobody owns."),
    click.option("--all", "everything", is_flag=True, help="Every domain."),
    click.option("--file", type=click.File("r", encoding="utf-8-sig"), help="A name on each line."),
    click.option("--owner", "owners", multiple=True, help="User or group:NAME; may be repeated."),
)


def _choosing(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_FILTERS):
        command = option(command)
    return click.argument("domains", nargs=-1)(command)


@click.command(epilog="Example: dnsinv assign shop.example shop.test --owner group:ops")
@_choosing
@click.option("--replace", is_flag=True, help="Nobody else owns them afterwards.")
@click.pass_obj
def assign(
    config: Path | None, /, owners: tuple[str, ...], *, replace: bool, **chosen: Any
) -> None:
    """Make users and groups the owners of DOMAINS, of those in a file, or of those of a filter."""
    mode = Mode.REPLACE if replace else Mode.ADD
    with at_work(config) as (installation, actor):
        done = assign_domains(
            installation, actor, _names(installation, actor, **chosen), _named(owners), mode
        )
    click.echo(_told(done))


@click.command(epilog="Example: dnsinv unassign shop.example --owner ada")
@_choosing
@click.pass_obj
def unassign(config: Path | None, /, owners: tuple[str, ...], **chosen: Any) -> None:
    """Release users and groups from DOMAINS; without --owner, release everybody."""
    mode = Mode.REMOVE if owners else Mode.REPLACE
    with at_work(config) as (installation, actor):
        done = assign_domains(
            installation, actor, _names(installation, actor, **chosen), _named(owners), mode
        )
    click.echo(_told(done))


@click.group(epilog="Example: dnsinv rule add '*.shop.example' --owner group:ops")
def rule() -> None:
    """Assignment rules: who owns domains by their names (docs/people.md)."""


@rule.command(epilog="Example: dnsinv rule add '*.shop.example' --owner group:ops")
@click.argument("pattern")
@click.option("--owner", "owners", multiple=True, required=True, help="May be repeated.")
@click.option("--position", type=click.IntRange(min=1), default=None, help="1 is the first.")
@click.pass_obj
def add(config: Path | None, pattern: str, owners: tuple[str, ...], position: int | None) -> None:
    """Give every new domain whose name PATTERN matches to owners; * stands for anything.

    `dnsinv rule apply` does it for the domains that are there.
    """
    with at_work(config) as (installation, actor):
        made = actions.create_rule(installation, actor, pattern, _named(owners), position)
    click.echo(f"Added rule {made.id} at position {made.position}.")


@rule.command("list", epilog="Example: dnsinv rule list")
@click.pass_obj
def list_rules(config: Path | None) -> None:
    """Show the rules in order, and whether the first match counts or all do."""
    with at_work(config) as (installation, actor):
        found = actions.all_rules(installation, actor)
        mode = actions.rule_mode(installation, actor)
    table = Table(box=None, header_style="bold")
    for heading in ("position", "id", "pattern", "owners"):
        table.add_column(heading)
    for each in found:
        owners = ", ".join(f"{owner.kind}:{owner.name}" for owner in each.owners)
        table.add_row(str(each.position), str(each.id), each.pattern, owners)
    plain_console().print(table)
    click.echo("The first rule that matches counts." if mode == "first" else "All rules count.")


@rule.command(epilog="Example: dnsinv rule remove 3")
@click.argument("rule_id", metavar="ID", type=int)
@click.pass_obj
def remove(config: Path | None, rule_id: int) -> None:
    """Take the rule ID out; what it assigned stays assigned."""
    with at_work(config) as (installation, actor):
        gone = actions.remove_rule(installation, actor, rule_id)
    click.echo(f"Removed the rule for {gone.pattern}.")


@rule.command(epilog="Example: dnsinv rule mode all")
@click.argument("mode", type=click.Choice([mode.value for mode in actions.RuleMode]))
@click.pass_obj
def mode(config: Path | None, mode: str) -> None:
    """Let the first matching rule count, or all of them."""
    with at_work(config) as (installation, actor):
        actions.set_rule_mode(installation, actor, mode)
    click.echo(f"rule_mode = {mode}")


@rule.command(epilog="Example: dnsinv rule apply --dry-run")
@click.option("--dry-run", is_flag=True, help="Say what it would do only.")
@click.pass_obj
def apply(config: Path | None, *, dry_run: bool) -> None:
    """Apply the rules to all domains now; nobody gets back what they were released from."""
    act = actions.preview_rules if dry_run else actions.apply_rules
    with at_work(config) as (installation, actor):
        plan = act(installation, actor)
    for name, owner in plan.sample:
        click.echo(f"{name}  {owner}")
    for owner, count in plan.added.items():
        click.echo(f"{owner} {'would get' if dry_run else 'got'} {count:,} domains.")
    click.echo(f"{plan.matched:,} of {plan.domains:,} domains match.")


def _names(
    installation: Installation,
    actor: Actor,
    domains: Sequence[str],
    file: Any,
    **chosen: Any,
) -> Sequence[str]:
    is_filtered = any(chosen.values())
    if sum((bool(domains), file is not None, is_filtered)) != 1:
        raise UsageError("Name domains, or give --file, or a filter; one of the three.")
    if file is not None:
        return [line.strip() for line in file if line.strip()]
    if domains:
        return domains
    query = DomainQuery(
        search=chosen["search"],
        provider=chosen["provider"],
        owner=chosen["owned_by"],
        unowned=chosen["unowned"],
    )
    reader = Reader(installation)
    try:
        return reader.names_of(actor, query)
    finally:
        reader.close()


def _named(owners: Sequence[str]) -> list[str]:
    return [name.strip() for each in owners for name in each.split(",") if name.strip()]


def _told(done: Assigned) -> str:
    return (
        f"{done.assets:,} domains: {done.added:,} assignments added, {done.ended:,} ended, "
        f"{done.unchanged:,} unchanged."
    )
