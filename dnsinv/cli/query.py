"""`dnsinv sql` and `dnsinv export`: reading what was collected."""

import sys
from pathlib import Path

import click

from dnsinv.errors import UsageError
from dnsinv.lake.export import Filters, Style, export_rows
from dnsinv.lake.lake import Lake
from dnsinv.lake.query import run_query
from dnsinv.settings import load_settings

STYLES = [style.value for style in Style]


@click.command(
    "sql",
    epilog='Example: dnsinv sql "select zone, count(*) from dns_records group by 1" --format csv',
)
@click.argument("query")
@click.option("--format", "style", type=click.Choice(["table", *STYLES]), default="table")
@click.option("--output", type=click.Path(path_type=Path), help="File to write instead of stdout.")
@click.pass_obj
def sql(config: Path | None, query: str, style: str, output: Path | None) -> None:
    """Run one read-only query in DuckDB's SQL over the datasets (docs/datasets.md).

    "-" reads the query from standard input.
    """
    if style == "parquet" and output is None:
        raise UsageError("Parquet needs a file: add --output PATH.")
    text = sys.stdin.read() if query == "-" else query
    settings = load_settings(config)
    lake = Lake(settings.data_path, settings.memory_limit)
    run_query(lake, text, None if style == "table" else Style(style), output)


@click.command(epilog="Example: dnsinv export domains --expiring 30 --format csv --output soon.csv")
@click.argument("what", type=click.Choice(["domains", "dns"]))
@click.option("--format", "style", type=click.Choice(STYLES), default="csv")
@click.option("--output", type=click.Path(path_type=Path), help="File to write instead of stdout.")
@click.option("--search", default="", help="Part of a name (or of a record's content).")
@click.option("--domain", default="", help="dns: records of this domain only.")
@click.option("--type", "record_type", default="", help="dns: records of this type only.")
@click.option("--provider", default="", help="godaddy or cloudflare.")
@click.option("--status", default="", help="domains: of this lifecycle at either provider.")
@click.option(
    "--expiring", type=click.IntRange(min=0), help="domains: that expire within so many days."
)
@click.pass_obj
def export(
    config: Path | None, /, what: str, style: str, output: Path | None, **chosen: object
) -> None:
    """Write all domains or DNS records, or those that the filters leave, to a file or stdout.

    In CSV, a cell that a spreadsheet would run as a formula is preceded by an apostrophe.
    """
    settings = load_settings(config)
    lake = Lake(settings.data_path, settings.memory_limit)
    filters = Filters(**chosen)  # type: ignore[arg-type]
    rows = export_rows(lake, what, filters, Style(style), output)
    if output is not None:
        click.echo(f"Wrote {rows:,} rows to {output}.", err=True)
