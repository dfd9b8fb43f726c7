"""Beginning a migration from a file that was sent: its template, its ledger, and who does it."""

from dataclasses import dataclass, replace

from dnsinv.actions.acting import Actor
from dnsinv.actions.installation import Installation
from dnsinv.actions.migrate import find
from dnsinv.actions.migration_files import Chosen, chosen_template
from dnsinv.actions.migration_request import File, Wishes, submit
from dnsinv.actions.migration_runs import launch_migration
from dnsinv.store.migrations import Migration


@dataclass(frozen=True, slots=True)
class Begun:
    """A migration to be done; `run` is Dagster's, "" while it waits for a service to take it up."""

    migration: Migration
    chosen: Chosen
    run: str


def begin(
    installation: Installation,
    actor: Actor,
    file: File,
    wishes: Wishes,
    template: str = "",
    name: str = "",
) -> Begun:
    """Write down a migration, and let the services do it.

    Args:
        template: its id or name; "" takes what fits the file.
        name: what to call the file, where its own name says little.

    Raises:
        NotAllowed: the actor may not import, or not create users.
        NotThere: there is no such template.
        FileRefused: the file's beginning is not what it should be.
        UsageError: no template is known to fit, an option is not one, or an owner is unknown or
            may be two.
    """
    chosen = chosen_template(installation, actor, file, template)
    named = replace(file, name=name or file.name)
    made = submit(installation, actor, named, chosen.template, wishes)
    run = launch_migration(installation, made)
    return Begun(find(installation, made.number), chosen, run)
