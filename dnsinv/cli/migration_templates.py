"""`dnsinv migration templates`: what becomes of the items of a file, as definitions in JSON."""

import json
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from dnsinv.actions import migration_files
from dnsinv.actions import templates as actions
from dnsinv.cli.operator import at_work
from dnsinv.cli.output import plain_console
from dnsinv.errors import LakeError
from dnsinv.migration.templates import Domains, Records, template

TEMPLATE = click.argument("wanted", metavar="TEMPLATE")


@click.group(epilog="Example: dnsinv migration templates list")
def templates() -> None:
    """Templates: list and show them, export and import their JSON, make one from a file.

    TEMPLATE is an id or a name. What a definition may contain: docs/migration.md.
    """


@templates.command("list", epilog="Example: dnsinv migration templates list")
@click.pass_obj
def list_templates(config: Path | None) -> None:
    """Show the templates, those that are built in first."""
    with at_work(config) as (installation, actor):
        found = actions.all_templates(installation, actor)
    table = Table(box=None, header_style="bold")
    for heading in ("id", "name", "version", "batch", "duplicates", "required"):
        table.add_column(heading, no_wrap=heading == "id")
    for each in found:
        how = each.template
        table.add_row(
            how.id,
            escape(how.name),
            "built in" if each.is_builtin else str(each.version),
            str(how.defaults.batch_size),
            how.defaults.duplicates,
            escape(", ".join(how.required)),
        )
    plain_console().print(table)


@templates.command(epilog="Example: dnsinv migration templates show godaddy-domains")
@TEMPLATE
@click.pass_obj
def show(config: Path | None, wanted: str) -> None:
    """Show what TEMPLATE is for, and from which fields it takes which columns."""
    with at_work(config) as (installation, actor):
        found = actions.find_template(installation, actor, wanted)
    how = found.template
    version = "built in" if found.is_builtin else f"version {found.version}"
    click.echo(f"{how.name} ({how.id}, {version})")
    if how.description:
        click.echo(how.description)
    defaults = how.defaults
    click.echo(
        f"Batches of {defaults.batch_size}, duplicates: {defaults.duplicates}, "
        f"{'validates' if defaults.validate_domains else 'does not validate'} domains."
    )
    parts: list[Domains | Records] = [how.domains] if how.domains else []
    for rows in [*parts, *how.records]:
        kind = "domains" if isinstance(rows, Domains) else "records"
        click.echo(f"{kind}{f' of each {rows.each[0]}' if rows.each else ''}:")
        for column, mapping in rows.columns.items():
            taken = " or ".join(mapping.paths) or f"always {mapping.constant!r}"
            click.echo(f"  {column} <- {taken}{' (required)' if mapping.is_required else ''}")


@templates.command(epilog="Example: dnsinv migration templates export organisation")
@TEMPLATE
@click.option("--output", type=click.Path(path_type=Path), help="File to write instead of stdout.")
@click.pass_obj
def export(config: Path | None, wanted: str, output: Path | None) -> None:
    """Write the definition of TEMPLATE as JSON, to be kept, changed or imported elsewhere."""
    with at_work(config) as (installation, actor):
        text = actions.find_template(installation, actor, wanted).template.to_json()
    _write(text, output)


@templates.command("import", epilog="Example: dnsinv migration templates import zones.json")
@click.argument("file", type=click.File("rb"))
@click.option("--replace", is_flag=True, help="Make a new version of the one that has the id.")
@click.pass_obj
def import_template(config: Path | None, file: Any, *, replace: bool) -> None:
    """Take in the definition in FILE; "-" reads it from standard input."""
    definition = file.read()
    with at_work(config) as (installation, actor):
        if replace:
            template_id = template(definition).id
            made = actions.change_template(installation, actor, template_id, definition)
        else:
            made = actions.create_template(installation, actor, definition)
    click.echo(f"Template {made.template.id}, version {made.version}.")


@templates.command(epilog="Example: dnsinv migration templates make old.json --id our-zones")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--id", "template_id", required=True, help="Of the new template.")
@click.option("--name", default="", help="Of the new template; its id where left out.")
@click.option("--print", "only_print", is_flag=True, help="Print it instead of keeping it.")
@click.pass_obj
def make(config: Path | None, file: Path, template_id: str, name: str, *, only_print: bool) -> None:
    """Make a template of what is suggested for FILE; change its JSON where that is not right."""
    with at_work(config) as (installation, actor):
        found = migration_files.suggestion(migration_files.local_file(file))
        own = {"id": template_id, "name": name or template_id}
        definition = found.template.definition() | own
        if only_print:
            click.echo(json.dumps(definition, indent=2, ensure_ascii=False))
            return
        made = actions.create_template(installation, actor, definition)
    click.echo(f"Template {made.template.id}, confidence {found.confidence:.2f}. {found.reason}")
    for question in found.questions:
        click.echo(f"Please check: {question}", err=True)


@templates.command(epilog="Example: dnsinv migration templates remove our-zones")
@TEMPLATE
@click.pass_obj
def remove(config: Path | None, wanted: str) -> None:
    """Take TEMPLATE away; migrations that used it keep theirs."""
    with at_work(config) as (installation, actor):
        found = actions.find_template(installation, actor, wanted)
        actions.remove_template(installation, actor, found.template.id)
    click.echo(f"Removed {found.template.id}.")


def _write(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise LakeError(f"Cannot write {output}: {error.strerror}.") from error
