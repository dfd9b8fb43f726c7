"""`dnsinv sql` and `dnsinv export`: reading what was collected."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dnsinv.errors import UsageError
from dnsinv.lake.export import Style
from dnsinv.lake.query import SECONDS, Wanted
from dnsinv.settings import load_settings

if TYPE_CHECKING:
    from dnsinv.actions.export import What

STYLES = [style.value for style in Style]
FILTERS = {  # by what is exported
    "domains": (
        "search", "status", "provider", "owner", "group", "tag", "expiring", "unowned", "removed",
        "sort",
    ),
    "dns": ("search", "domain", "type", "provider", "owner", "group", "unowned", "sort"),
}  # fmt: skip


@click.command(
    "sql",
    epilog='Example: dnsinv sql "select zone, count(*) from dns_records group by 1" --format csv',
)
@click.argument("query")
@click.option("--format", "style", type=click.Choice(["table", *STYLES]), default="table")
@click.option("--output", type=click.Path(path_type=Path), help="File to write instead of stdout.")
@click.option(
    "--timeout",
    "seconds",
    type=click.FloatRange(min=0.1),
    default=SECONDS,
    show_default=True,
    help="Seconds after which the query is stopped.",
)
@click.pass_obj
def sql(config: Path | None, query: str, style: str, output: Path | None, seconds: float) -> None:
    """Run one read-only query in DuckDB's SQL over the datasets (docs/datasets.md).

    "-" reads the query from standard input.
    """
    from dnsinv.actions.sql import run_sql

    if style == "parquet" and output is None:
        raise UsageError("Parquet needs a file: add --output PATH.")
    text = sys.stdin.read() if query == "-" else query
    chosen = None if style == "table" else Style(style)
    run_sql(load_settings(config), Wanted(text, chosen, output, seconds))


@click.command(epilog="Example: dnsinv export domains --expiring 30 --format csv --output soon.csv")
@click.argument("what", type=click.Choice(["domains", "dns"]))
@click.option("--format", "style", type=click.Choice(STYLES), default="csv")
@click.option("--output", type=click.Path(path_type=Path), help="File to write instead of stdout.")
@click.option("--search", help="Part of a name (or of a record's content).")
@click.option("--domain", help="dns: records of this domain, or in this zone.")
@click.option("--type", help="dns: records of this type.")
@click.option("--provider", help="godaddy or cloudflare.")
@click.option("--status", help='domains: "(active, -)", or one word for either provider.')
@click.option("--owner", help="A user's name or e-mail address, else a group's name.")
@click.option("--group", help="A group's name.")
@click.option("--tag", help="domains: with this tag.")
@click.option("--unowned", is_flag=True, help="What nobody owns.")
@click.option("--removed", is_flag=True, help="domains: those that are gone.")
@click.option(
    "--expiring", type=click.IntRange(min=0), help="domains: that expire within so many days."
)
@click.option("--sort", help='A column, with "-" in front for descending.')
@click.pass_obj
def export(
    config: Path | None, /, what: "What", style: str, output: Path | None, **chosen: Any
) -> None:
    """Write all domains or DNS records, or those that the filters leave, to a file or stdout.

    In CSV, a cell that a spreadsheet would run as a formula is preceded by an apostrophe.
    """
    from dnsinv.actions.export import export_file
    from dnsinv.actions.queries import DomainQuery, RecordQuery
    from dnsinv.cli.operator import at_work

    given = {name: each for name, each in chosen.items() if each is not None and each is not False}
    for name in given:
        if name not in FILTERS[what]:
            known = ", ".join(f"--{each}" for each in FILTERS[what])
            raise UsageError(f"--{name} does not limit {what}; these do: {known}.")
    query = DomainQuery(**given) if what == "domains" else RecordQuery(**given)
    with at_work(config) as (installation, actor):
        rows = export_file(installation, actor, what, query, Style(style), output)
    if output is not None:
        click.echo(f"Wrote {rows:,} rows to {output}.", err=True)
