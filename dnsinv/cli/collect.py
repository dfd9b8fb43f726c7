"""`dnsinv collect`: one collection now, with progress."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from dnsinv.actions.acting import note
from dnsinv.actions.collect import accounts_in_use, derive
from dnsinv.actions.collect import collect as collect_one
from dnsinv.actions.installation import Installation, open_installation
from dnsinv.actions.report import report_materializations
from dnsinv.cli.main import log_to_file
from dnsinv.cli.operator import operator
from dnsinv.cli.output import plain_console
from dnsinv.collection.spool import Outcome
from dnsinv.domain.names import canonical_name
from dnsinv.errors import BadSetting, DnsinvError
from dnsinv.services.signals import stop_on_signals
from dnsinv.settings import Account
from dnsinv.store.collections import Collection

FAILED = {"failed", "held"}


@click.command(epilog="Example: dnsinv collect --account godaddy --domains-only")
@click.option("--account", "account_name", default="", help="This account only.")
@click.option("--domain", default="", help="Read this domain's zone only.")
@click.option("--domains-only", is_flag=True, help="List the accounts, read no zones.")
@click.pass_obj
def collect(config: Path | None, account_name: str, domain: str, *, domains_only: bool) -> None:
    """Observe the accounts now: list their domains, read their zones, publish what was seen.

    Accounts are read side by side; one that fails holds no other up. Exit code 1 when an account
    failed or was held back by the guard. Ctrl-C stops; the next run goes on where this one was.
    """
    if domain and domains_only:
        raise click.UsageError("--domain reads a zone and --domains-only reads none; choose one.")
    installation = open_installation(config)
    try:
        log_to_file(installation.settings.data_path / "logs", installation.settings.log_level)
        chosen = _chosen(installation, account_name, domain)
        note(
            installation,
            operator(),
            "collection.start",
            domain or ", ".join(account.name for account in chosen),
            job="collect_lists" if domains_only else "collect",
        )
        ended = _collect_all(installation, chosen, domain=domain, lists_only=domains_only)
        rows = derive(installation)
        report_materializations(installation, ended, rows)
    finally:
        installation.close()
    _summary(ended)
    if len(ended) < len(chosen) or any(collection.state in FAILED for collection in ended):
        sys.exit(1)


def _chosen(installation: Installation, name: str, domain: str) -> list[Account]:
    if name:
        return [installation.account(name)]
    accounts = accounts_in_use(installation)
    if not accounts and not all(account.problem for account in installation.accounts):
        raise BadSetting("Every account is retired; `dnsinv account restore NAME` takes one back.")
    if not accounts:
        raise BadSetting(
            "No account is configured: set CLOUDFLARE_API_TOKEN or GODADDY_API_TOKEN, "
            "or write a dnsinv.toml (docs/settings.md)."
        )
    if domain:
        holders = {  # also where its DNS was elsewhere: it may have come
            row[0]
            for row in installation.lake.query(
                "select distinct account from zones where name = $name",
                {"name": canonical_name(domain)},
            )
        }
        accounts = [account for account in accounts if account.name in holders]
        if not accounts:
            raise BadSetting(f"No account is known to hold {domain}; collect the accounts first.")
    return accounts


def _collect_all(
    installation: Installation, accounts: list[Account], *, domain: str, lists_only: bool
) -> list[Collection]:
    """Collect side by side; a fault of one is told and leaves the others alone."""
    console = Console(stderr=True)
    with (
        stop_on_signals() as stopping,
        Progress(
            TextColumn("{task.description:32}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[speed]}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[budget]}"),
            console=console,
            disable=not console.is_terminal,
        ) as bars,
        ThreadPoolExecutor(len(accounts)) as pool,
    ):
        futures = [
            pool.submit(
                collect_one,
                installation,
                account.name,
                lists_only=lists_only,
                domain=domain,
                progress=_Bar(bars, account.name),
                stopping=stopping,
            )
            for account in accounts
        ]
    ended = []
    for account, future in zip(accounts, futures, strict=True):
        try:
            ended.append(future.result())
        except DnsinvError as error:
            click.echo(f"{account.name}: {error}", err=True)
    return ended


class _Bar:
    """One account's line."""

    def __init__(self, bars: Progress, name: str) -> None:
        self._bars = bars
        self._task: TaskID = bars.add_task(f"{name} listing", total=None, speed="", budget="")
        self._name = name

    def listed(self, domains: int, zones: int) -> None:
        self._bars.update(
            self._task, description=f"{self._name} {domains:,} domains", total=zones, completed=0
        )

    def zone(self, outcome: Outcome, budget: int) -> None:  # noqa: ARG002
        speed = next(task.speed for task in self._bars.tasks if task.id == self._task)
        self._bars.update(
            self._task,
            advance=1,
            speed=f"{speed:,.1f} zones/s" if speed else "",
            budget=f"{budget:,} requests left",
        )


def _summary(ended: list[Collection]) -> None:
    table = Table(box=None, header_style="bold")
    for heading in (
        "account",
        "state",
        "domains",
        "zones read",
        "unchanged",
        "elsewhere",
        "failed",
        "records",
        "requests",
    ):
        table.add_column(heading, justify="left" if heading in ("account", "state") else "right")
    for each in ended:
        figures = (
            each.domains,
            each.zones_complete + each.zones_unchanged,
            each.zones_unchanged,
            each.zones_no_zone_here,
            each.zones_failed + each.zones_refused,
            each.records,
            each.requests,
        )
        table.add_row(each.account, each.state, *(f"{figure:,}" for figure in figures))
    plain_console().print(table)
    for each in ended:
        for line in each.errors.splitlines()[:5]:
            click.echo(f"{each.account}: {line}", err=True)
