"""One file from the command line: its template, what would become of it, or the import itself."""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

import click

from dnsinv.actions import migration_files, migration_trials
from dnsinv.actions.acting import Actor
from dnsinv.actions.installation import Installation
from dnsinv.actions.migration_request import File, Wishes, submit
from dnsinv.cli import import_tables, migration_run
from dnsinv.migration.templates import Template


def walk(
    installation: Installation,
    actor: Actor,
    file: File,
    *,
    template: str,
    assign: str,
    analyze: bool,
    dry_run: bool,
    as_json: bool,
    **wished: Any,
) -> None:
    """Look at a file, try it, or import it; exits with 1 where the import did not complete."""
    if analyze:
        found = migration_files.analysis(installation, actor, file)
        _print(found, as_json, import_tables.show_analysis)
        return
    how = _template(installation, actor, file, template)
    owners = [each.strip() for each in assign.split(",") if each.strip()]
    wishes = Wishes(assign=owners, **wished)
    if dry_run:
        tried = migration_trials.trial(installation, actor, file, how, wishes)
        _print(tried, as_json, import_tables.show_trial)
        return
    made = submit(installation, actor, file, how, wishes)
    if not migration_run.run_here(installation, actor, made.id):
        sys.exit(1)


def _template(installation: Installation, actor: Actor, file: File, wanted: str) -> Template:
    chosen = migration_files.chosen_template(installation, actor, file, wanted)
    found = chosen.suggestion
    if found is not None:
        click.echo(
            f"Template: {found.template.name} ({found.template.id}), confidence "
            f"{found.confidence:.2f}. {found.reason}",
            err=True,
        )
        for question in found.questions:
            click.echo(f"Please check: {question}", err=True)
    return chosen.template


def _print(found: dict[str, Any], as_json: bool, show: Callable[[Mapping[str, Any]], None]) -> None:
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False, default=str))
    else:
        show(found)
