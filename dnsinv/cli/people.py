"""`dnsinv user` and `dnsinv group`: who there is."""

import sys
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from dnsinv.actions import groups as group_actions
from dnsinv.actions import people as actions
from dnsinv.actions.bulk import Outcome, change_users
from dnsinv.actions.explain import explain
from dnsinv.actions.leaving import Left
from dnsinv.actions.workload import workload
from dnsinv.cli.access import password
from dnsinv.cli.operator import at_work
from dnsinv.cli.output import plain_console
from dnsinv.domain.permission import Role
from dnsinv.store.people import UserQuery

ROLES = click.Choice([role.value for role in Role])
EVERYBODY = 1_000_000

_hand_to = click.option("--hand-to", default="", help="Who takes over what is owned.")
_release = click.option("--release", is_flag=True, help="Leave it without them.")


@click.group(epilog="Example: dnsinv user add Ada --email ada@example.com --role editor")
def user() -> None:
    """Users: who may sign in, and who answers for domains (docs/people.md)."""


user.add_command(password, "password")


@user.command(epilog="Example: dnsinv user add Ada --email ada@example.com --role editor")
@click.argument("name")
@click.option("--email", default=None)
@click.option("--department", default="")
@click.option("--role", type=ROLES, default=Role.VIEWER.value, show_default=True)
@click.option("--no-sign-in", is_flag=True, help="May own things, and use tokens, only.")
@click.pass_obj
def add(config: Path | None, /, *, no_sign_in: bool, **fields: Any) -> None:
    """Add the user NAME; `dnsinv user password NAME` lets them in."""
    with at_work(config) as (installation, actor):
        made = actions.create_user(installation, actor, {**fields, "can_sign_in": not no_sign_in})
    click.echo(f"Added {made.name}, {made.role}.")


@user.command("list", epilog="Example: dnsinv user list --group ops")
@click.option("--search", default="", help="Part of a name, address or department.")
@click.option("--role", type=ROLES, default=None)
@click.option("--group", default="", help="Who is in this group.")
@click.pass_obj
def list_users(config: Path | None, search: str, role: str | None, group: str) -> None:
    """Show the users in order of name."""
    with at_work(config) as (installation, actor):
        query = UserQuery(limit=EVERYBODY, search=search, role=role or "", group=group)
        found, _ = actions.users_page(installation, actor, query)
    table = _table("name", "e-mail", "department", "role", "state", "groups")
    for person in found:
        each = person.user
        state = "active" if each.is_active else "disabled"
        table.add_row(
            each.name,
            each.email or "",
            each.department,
            each.role,
            state if each.can_sign_in else f"{state}, no sign-in",
            ", ".join(person.groups),
        )
    plain_console().print(table)


@user.command(epilog="Example: dnsinv user change ada --role admin --department Security")
@click.argument("name")
@click.option("--name", "new_name", default=None, help="Another name.")
@click.option("--email", default=None, help='Another address; "" for none.')
@click.option("--department", default=None)
@click.option("--role", type=ROLES, default=None)
@click.option("--sign-in/--no-sign-in", "can_sign_in", default=None)
@click.pass_obj
def change(config: Path | None, /, name: str, new_name: str | None, **fields: Any) -> None:
    """Change the user NAME (or e-mail address)."""
    said = {field: value for field, value in fields.items() if value is not None}
    if new_name is not None:
        said["name"] = new_name
    with at_work(config) as (installation, actor):
        changed = actions.update_user(installation, actor, name, said)
    click.echo(f"{changed.name} is {changed.role}.")


@user.command(epilog="Example: dnsinv user disable ada")
@click.argument("name")
@click.pass_obj
def disable(config: Path | None, name: str) -> None:
    """Shut the user NAME out at once; what they own stays theirs."""
    with at_work(config) as (installation, actor):
        changed = actions.disable_user(installation, actor, name)
    click.echo(f"{changed.name} is disabled; sessions and tokens are over.")


@user.command(epilog="Example: dnsinv user enable ada")
@click.argument("name")
@click.pass_obj
def enable(config: Path | None, name: str) -> None:
    """Let the disabled user NAME in again."""
    with at_work(config) as (installation, actor):
        changed = actions.update_user(installation, actor, name, {"is_active": True})
    click.echo(f"{changed.name} is active.")


@user.command(epilog="Example: dnsinv user remove ada --hand-to group:ops")
@click.argument("name")
@_hand_to
@_release
@click.pass_obj
def remove(config: Path | None, name: str, hand_to: str, *, release: bool) -> None:
    """Remove the user NAME for good; what they own is handed on or released."""
    with at_work(config) as (installation, actor):
        left = actions.remove_user(installation, actor, name, hand_to=hand_to, release=release)
    click.echo(f"Removed {name}; {_left(left)}.")


@user.command("import", epilog="Example: dnsinv user import staff.csv --dry-run")
@click.argument("file", type=click.File("rb"))
@click.option("--dry-run", is_flag=True, help="Say what would become of each line only.")
@click.pass_obj
def import_users(config: Path | None, file: Any, *, dry_run: bool) -> None:
    """Create, change and disable users as a CSV or JSON FILE says; "-" is standard input.

    Bad lines are told and stop no good one; exit code 1 where there are any.
    """
    with at_work(config) as (installation, actor):
        report = change_users(installation, actor, file.read(), dry_run=dry_run)
    for line in report.lines:
        if line.outcome is not Outcome.UNCHANGED:
            reason = f": {line.reason}" if line.reason else ""
            click.echo(f"{line.number}  {line.outcome}  {line.name}{reason}")
    click.echo(", ".join(f"{count:,} {name}" for name, count in report.counts.items()), err=True)
    if report.counts[Outcome.INVALID]:
        sys.exit(1)


@user.command("explain", epilog="Example: dnsinv user explain ada shop.example")
@click.argument("name")
@click.argument("domain")
@click.pass_obj
def explain_rights(config: Path | None, name: str, domain: str) -> None:
    """Say what the user NAME may do with DOMAIN, and why."""
    with at_work(config) as (installation, actor):
        told = explain(installation, actor, name, domain)
    owners = ", ".join(f"{owner.kind}:{owner.name}" for owner in told.owners)
    click.echo(f"{told.asset} is owned by {owners or 'nobody'}.")
    for grounds in told.grounds:
        click.echo(f"{'yes' if grounds.is_granted else 'no':4} {grounds.right}: {grounds.reason}")


@user.command("workload", epilog="Example: dnsinv user workload")
@click.pass_obj
def show_workload(config: Path | None) -> None:
    """Show for how many domains and records each user and group answers, most first."""
    with at_work(config) as (installation, actor):
        told = workload(installation, actor)
    table = _table("owner", "domains", "records")
    for load in told.owners:
        name = f"{load.owner.kind}:{load.owner.name}"
        table.add_row(name, f"{load.domains:,}", f"{load.records:,}")
    plain_console().print(table)
    click.echo(f"Nobody owns {told.unowned:,} of {told.domains:,} domains.")


@click.group(epilog="Example: dnsinv group add ops --description 'Keeps the lights on'")
def group() -> None:
    """Groups: several people under one name, which can own domains (docs/people.md)."""


@group.command("add", epilog="Example: dnsinv group add ops --description 'Keeps the lights on'")
@click.argument("name")
@click.option("--description", default="")
@click.pass_obj
def add_group(config: Path | None, name: str, description: str) -> None:
    """Add the group NAME."""
    with at_work(config) as (installation, actor):
        made = group_actions.create_group(installation, actor, name, description)
    click.echo(f"Added {made.name}.")


@group.command("list", epilog="Example: dnsinv group list")
@click.pass_obj
def list_groups(config: Path | None) -> None:
    """Show the groups in order of name."""
    with at_work(config) as (installation, actor):
        found, _ = group_actions.groups_page(installation, actor, limit=EVERYBODY)
    table = _table("name", "members", "description")
    for team in found:
        table.add_row(team.group.name, f"{team.size:,}", team.group.description)
    plain_console().print(table)


@group.command("members", epilog="Example: dnsinv group members ops")
@click.argument("name")
@click.pass_obj
def show_members(config: Path | None, name: str) -> None:
    """Show who is in the group NAME."""
    with at_work(config) as (installation, actor):
        for member in group_actions.members_of(installation, actor, name):
            click.echo(member.name)


@group.command("join", epilog="Example: dnsinv group join ops ada grace")
@click.argument("name")
@click.argument("users", nargs=-1, required=True)
@click.pass_obj
def join(config: Path | None, name: str, users: tuple[str, ...]) -> None:
    """Put USERS into the group NAME."""
    with at_work(config) as (installation, actor):
        added = group_actions.add_members(installation, actor, name, users)
    click.echo(f"{added} came into {name}.")


@group.command("leave", epilog="Example: dnsinv group leave ops ada")
@click.argument("name")
@click.argument("users", nargs=-1, required=True)
@click.pass_obj
def leave(config: Path | None, name: str, users: tuple[str, ...]) -> None:
    """Take USERS out of the group NAME."""
    with at_work(config) as (installation, actor):
        removed = group_actions.remove_members(installation, actor, name, users)
    click.echo(f"{removed} left {name}.")


@group.command("remove", epilog="Example: dnsinv group remove ops --hand-to group:platform")
@click.argument("name")
@_hand_to
@_release
@click.pass_obj
def remove_group(config: Path | None, name: str, hand_to: str, *, release: bool) -> None:
    """Remove the group NAME for good; what it owns is handed on or released."""
    with at_work(config) as (installation, actor):
        left = group_actions.remove_group(
            installation, actor, name, hand_to=hand_to, release=release
        )
    click.echo(f"Removed {name}; {_left(left)}.")


def _left(left: Left) -> str:
    what = f"{left.domains:,} domains, {left.records:,} records and {left.rules:,} rules"
    return f"{what} went to {left.heir.name}" if left.heir else f"{what} were released"


def _table(*headings: str) -> Table:
    table = Table(box=None, header_style="bold")
    for heading in headings:
        table.add_column(heading)
    return table
