"""What an import would come to, before anything is written."""

from functools import partial
from typing import Any

from dnsinv.actions.acting import Actor, permit
from dnsinv.actions.holders import held
from dnsinv.actions.imported_owners import known
from dnsinv.actions.installation import Installation, now
from dnsinv.actions.migration_files import beginning, chosen_template
from dnsinv.actions.migration_request import File, Wishes, options_of
from dnsinv.domain.permission import Right
from dnsinv.errors import UsageError
from dnsinv.migration.staging import Job
from dnsinv.migration.tallies import Tally, kept
from dnsinv.migration.templates import Template
from dnsinv.migration.templates import template as parsed
from dnsinv.migration.trial import trial as try_out
from dnsinv.store import owners

SAMPLES = 20

_BESIDE = {
    "merged": "; what it does not supply is filled in",
    "replaced": "; what it does not supply is replaced",
    "appended": "; with new entries beside it",
}


def trial(
    installation: Installation,
    actor: Actor,
    file: File,
    how: Template,
    wishes: Wishes,
    limit: int = SAMPLES,
) -> dict[str, Any]:
    """What importing a file would come to, as JSON values.

    Gives the counts of migration.trial, `changes` (rows by kind, outcome and where they were, each
    with a sentence), `kept` by provider, the first `limit` items beside what would become of them,
    as many errors, the owners, and the template and options that count.

    Raises:
        NotAllowed: the actor may not import.
        FileRefused: it is refused whole.
        UsageError: an option is not one, or an owner is unknown or may be two.
    """
    permit(installation, actor, "migration.preview", Right.IMPORT, file.name)
    options = options_of(how, wishes)
    with installation.store.read() as db:
        named = owners.owners(db, wishes.assign)
    job = Job("", file.path, file.name, how, options, now())
    resolve = partial(known, installation)
    first = beginning(file, max(limit, 1))
    found = try_out(installation.lake, job, resolve, partial(held, installation), first, limit)
    tallies: list[Tally] = found.pop("tallies")
    return {
        "name": file.name,
        "template": how.definition(),
        "options": {
            "batch_size": options.batch_size,
            "duplicates": options.duplicates,
            "validate": options.validate,
            "strict": options.strict,
        },
        "owners": [f"{owner.kind}:{owner.name}" for owner in named],
        **found,
        "changes": [_change(each) for each in tallies],
        "kept": kept(tallies),
    }


def preview(
    installation: Installation,
    actor: Actor,
    file: File,
    wishes: Wishes,
    *,
    template: str = "",
    definition: Any = None,
    limit: int = SAMPLES,
) -> dict[str, Any]:
    """The same by a template's id or name, by a definition that is not kept, or by what fits.

    Raises:
        NotAllowed, FileRefused, UsageError: as trial.
        NotThere: there is no such template.
        BadTemplate: the definition is not right.
    """
    if definition is not None and template:
        raise UsageError("Give either template or template_id.")
    if definition is not None:
        how = parsed(definition)
    else:
        how = chosen_template(installation, actor, file, template).template
    return trial(installation, actor, file, how, wishes, limit)


def _change(found: Tally) -> dict[str, Any]:
    return {
        "kind": found.kind,
        "outcome": found.outcome,
        "existed": found.existed,
        "rows": found.rows,
        "text": f"{found.rows:,} {found.kind}: {_sentence(found)}.",
    }


def _sentence(found: Tally) -> str:
    if found.is_kept:
        return f"kept: observed at {found.existed}{_BESIDE.get(found.outcome, '')}"
    if found.outcome == "new":
        return "new"
    where = {
        "manual": "that a person entered",
        "import": "that an earlier import brought",
        "file": "that an earlier row of this file has",
    }[found.existed]
    what = {
        "skipped": "stay as they are",
        "replaced": "are replaced",
        "merged": "are filled in where they say nothing",
        "appended": "stay, with new entries beside them",
    }[found.outcome]
    return f"{where} {what}"
