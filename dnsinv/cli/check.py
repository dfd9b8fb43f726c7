"""`dnsinv check`: exit 0 when sound, else what is wrong and how to mend it."""

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from dnsinv.actions import check as actions
from dnsinv.actions.installation import open_installation
from dnsinv.lake.integrity import Problem


@click.group(epilog="Example: dnsinv check providers")
def check() -> None:
    """Look for what is wrong: exit 0 when sound, 1 with a sentence for each fault."""


@check.command(epilog="Example: dnsinv check config")
@click.pass_obj
def config(path: Path | None) -> None:
    """Settings and accounts."""
    installation = open_installation(path)
    try:
        _report("The configuration", actions.config_problems(installation))
    finally:
        installation.close()


@check.command(epilog="Example: dnsinv check data")
@click.pass_obj
def data(path: Path | None) -> None:
    """The store, its audit log and every file of the lake."""
    installation = open_installation(path)
    try:
        _report("The data", actions.data_problems(installation))
    finally:
        installation.close()


@check.command(epilog="Example: dnsinv check providers")
@click.pass_obj
def providers(path: Path | None) -> None:
    """Every account's credential, with a real read."""
    installation = open_installation(path)
    try:
        tried = actions.diagnoses(installation)
    finally:
        installation.close()
    for account, diagnosis in tried:
        click.echo(f"{account.name}: {diagnosis.text}")
    if not tried:
        click.echo("No account is configured.")
    if not tried or not all(diagnosis.is_ok for _, diagnosis in tried):
        sys.exit(1)


def _report(what: str, found: Iterable[Problem]) -> None:
    count = 0
    for problem in found:
        count += 1
        click.echo(f"{problem.code}: {problem.text} {problem.mend}", err=True)
    if count:
        sys.exit(1)
    click.echo(f"{what} is sound." if what.endswith("ion") else f"{what} are sound.")
