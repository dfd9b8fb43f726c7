"""`dnsinv user password` and `dnsinv token`: what people and programs get in with."""

import secrets
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from getpass import GetPassWarning
from pathlib import Path

import click
from rich.table import Table

from dnsinv.actions import tokens as actions
from dnsinv.actions.installation import Installation, open_installation
from dnsinv.actions.passwords import set_password
from dnsinv.cli.operator import operator
from dnsinv.cli.output import plain_console
from dnsinv.domain.permission import Scope


@click.command(epilog="Example: dnsinv user password ada")
@click.argument("name")
@click.option("--stdin", is_flag=True, help="Read it from the first line of standard input.")
@click.option("--generate", is_flag=True, help="Make one, and print it alone on the last line.")
@click.pass_obj
def password(config: Path | None, name: str, *, stdin: bool, generate: bool) -> None:
    """Give the user NAME another password (8 characters or more); it ends the user's sessions.

    It is asked for, twice, so that it stands in no shell's history.
    """
    if stdin and generate:
        raise click.UsageError("--stdin and --generate exclude one another.")
    if generate:
        chosen = secrets.token_urlsafe(12)
    elif stdin:
        chosen = sys.stdin.readline().rstrip("\r\n")
    else:
        chosen = _asked()
    with _installation(config) as installation:
        set_password(installation, operator(), name, chosen)
    click.echo(f"{name} has another password; open sessions are over.", err=True)
    if generate:
        click.echo(chosen)


def _asked() -> str:
    try:
        with warnings.catch_warnings(action="error", category=GetPassWarning):
            return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    except GetPassWarning:
        raise click.UsageError(
            "There is no terminal to ask for the password on: pipe it in with --stdin, or have one "
            "made with --generate."
        ) from None


@click.group(epilog="Example: dnsinv token create --user ada --name nightly --scope read --days 90")
def token() -> None:
    """Tokens by which programs use the REST API and the exports (docs/security.md)."""


@token.command(epilog="Example: dnsinv token create --user ada --name nightly --days 90")
@click.option("--user", "owner", required=True, help="Whom it acts for.")
@click.option("--name", required=True, help="What it is for.")
@click.option(
    "--scope",
    type=click.Choice([scope.value for scope in Scope]),
    default=Scope.READ.value,
    show_default=True,
    help="What it may be used for at most; the user's role limits it further.",
)
@click.option("--days", type=int, help="Good for so many days; for ever where left out.")
@click.pass_obj
def create(config: Path | None, owner: str, name: str, scope: str, days: int | None) -> None:
    """Make a token and print it alone on the last line; it cannot be shown again."""
    with _installation(config) as installation:
        made = actions.create_token(installation, operator(), name, Scope(scope), days, owner)
    until = made.token.expires_at
    when = f"until {until:%Y-%m-%d}" if until else "until it is revoked"
    click.echo(f"Token {made.token.id} of {made.token.user_name}, {scope}, {when}.", err=True)
    click.echo(made.secret)


@token.command("list", epilog="Example: dnsinv token list")
@click.pass_obj
def list_tokens(config: Path | None) -> None:
    """Show every token, without its secret."""
    with _installation(config) as installation:
        found = actions.list_tokens(installation, operator(), everybodys=True)
    table = Table("id", "user", "name", "scope", "expires", "last used", "revoked")
    for each in found:
        instants = (each.expires_at, each.last_used_at, each.revoked_at)
        told = [f"{at:%Y-%m-%d %H:%M}" if at else "-" for at in instants]
        table.add_row(str(each.id), each.user_name, each.name, each.scope.value, *told)
    plain_console().print(table)


@token.command(epilog="Example: dnsinv token revoke 12")
@click.argument("token_id", metavar="ID", type=int)
@click.pass_obj
def revoke(config: Path | None, token_id: int) -> None:
    """Make the token with that id worthless, at once and for good."""
    with _installation(config) as installation:
        actions.revoke_token(installation, operator(), token_id)
    click.echo(f"Token {token_id} is revoked.")


@contextmanager
def _installation(config: Path | None) -> Iterator[Installation]:
    installation = open_installation(config)
    try:
        yield installation
    finally:
        installation.close()
