"""`dnsinv import`: a file into the inventory, here and now, without any service."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dnsinv.errors import SourceRefused

if TYPE_CHECKING:
    from dnsinv.actions.acting import Actor
    from dnsinv.actions.installation import Installation
    from dnsinv.actions.migration_request import File

STRATEGIES = ("skip", "replace", "merge", "append")


@click.command(
    "import",
    epilog="Example: dnsinv import legacy.json --template godaddy-domains --duplicates merge "
    "--assign admin,dns-team",
)
@click.argument("file")
@click.option("--template", default="", help="Id or name; without one the file decides.")
@click.option("--duplicates", type=click.Choice(STRATEGIES), help="What becomes of what is there.")
@click.option("--batch-size", type=int, help="Keys of a batch, 10 to 1000.")
@click.option("--assign", default="", help="Owners of all rows: users, then groups; group:NAME.")
@click.option(
    "--validate/--no-validate", default=None, help="Whether an account holds each domain."
)
@click.option("--strict", is_flag=True, help="Take all items or none.")
@click.option("--create-users", is_flag=True, help="Make owners that the file names, inactive.")
@click.option("--name", default="", help="What to call the file, instead of its own name.")
@click.option("--analyze", is_flag=True, help="Say what the file holds and which template fits.")
@click.option("--dry-run", is_flag=True, help="Say what would become of it; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Of --analyze and --dry-run all, as JSON.")
@click.pass_obj
def import_(config: Path | None, /, file: str, name: str, **chosen: Any) -> None:
    """Import FILE: JSON, lines of JSON, objects by key or CSV, plain or in gzip.

    FILE is a path, an https://, s3:// or gs:// address, or a path or pattern in the inbox folder
    (docs/migration.md). Batches are committed one by one: Ctrl-C stops before the next one, and
    `dnsinv migration resume ID --here` goes on from there. Exit code 1 when it did not complete.
    """
    from dnsinv.cli import import_walk
    from dnsinv.cli.operator import at_work

    with at_work(config) as (installation, actor):
        for found in _files(installation, actor, file, name):
            import_walk.walk(installation, actor, found, **chosen)


def _files(
    installation: "Installation", actor: "Actor", wanted: str, name: str
) -> "Iterator[File]":
    """The files that are meant, each fetched when its turn comes."""
    from dataclasses import replace

    from dnsinv.actions import migration_files as files
    from dnsinv.migration.sources import scheme_of

    if scheme_of(wanted):
        found = iter([files.fetched_file(installation, actor, wanted)])
    elif Path(wanted).expanduser().exists():
        found = iter([files.local_file(Path(wanted))])
    else:
        names = files.inbox_files(installation, wanted) if not Path(wanted).is_absolute() else []
        if not names:
            inbox = installation.settings.inbox
            raise SourceRefused(f"There is no file {wanted!r}, neither here nor in {inbox}.")
        found = (files.fetched_file(installation, actor, each) for each in names)
    for each in found:
        yield replace(each, name=name or each.name)
