"""Asking for a migration: of which file, as which template says, and how."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from dnsinv.actions.acting import Actor, Deed, acting
from dnsinv.actions.installation import Installation
from dnsinv.domain.migrations import Strategy
from dnsinv.domain.permission import Right
from dnsinv.errors import UsageError
from dnsinv.migration.templates import Template
from dnsinv.store import migrations, owners
from dnsinv.store.migrations import Migration, Options

SMALLEST_BATCH, LARGEST_BATCH = 10, 1000


@dataclass(frozen=True, slots=True)
class File:
    """A file to import: where it lies, and what it and its source are called."""

    path: Path
    name: str
    source: str
    bytes: int
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Wishes:
    """How to import; None where the template's default counts."""

    batch_size: int | None = None
    duplicates: str | None = None
    validate: bool | None = None
    strict: bool = False
    assign: Sequence[str] = ()
    create_users: bool = False


def submit(
    installation: Installation,
    actor: Actor,
    file: File,
    how: Template,
    wishes: Wishes,
    claim: Callable[[Deed, int], None] | None = None,
) -> Migration:
    """Write down a migration to be done; nothing of the file is read yet.

    Args:
        claim: writes down in the same transaction that the file is imported by that number.

    Raises:
        NotAllowed: the actor may not import, or not create users.
        UsageError: an option is not one, or an owner is unknown or may be two.
        whatever `claim` raises: there is no migration then.
    """
    options = options_of(how, wishes)
    needs = Right.MANAGE_PEOPLE if options.create_users else Right.IMPORT
    with acting(installation, actor, "migration.start", needs, file.name) as deed:
        named = owners.owners(deed.db, wishes.assign)
        made = migrations.add(
            deed.db,
            name=file.name,
            source=file.source,
            path=str(file.path),
            bytes=file.bytes,
            sha256=file.sha256,
            template=how.definition(),
            options=options,
            owners=[asdict(owner) for owner in named],
            created_by=actor.name,
            created_in=deed.seq,
            created_at=deed.at,
        )
        if claim:
            claim(deed, made.number)
        deed.subject = made.id
        deed.details = {
            "file": file.name,
            "source": file.source,
            "template": how.id,
            **asdict(options),
            "owners": [f"{owner.kind}:{owner.name}" for owner in named],
        }
    return made


def options_of(how: Template, wishes: Wishes) -> Options:
    """What is wished for, with the template's defaults.

    Raises:
        UsageError: a batch size or a strategy is none.
    """
    size = how.defaults.batch_size if wishes.batch_size is None else wishes.batch_size
    if not SMALLEST_BATCH <= size <= LARGEST_BATCH:
        raise UsageError(f"A batch has {SMALLEST_BATCH} to {LARGEST_BATCH} keys, not {size}.")
    strategy = how.defaults.duplicates if wishes.duplicates is None else wishes.duplicates
    if strategy not in list(Strategy):
        raise UsageError(
            f"{strategy[:40]!r} is no way to treat duplicates; there are: {', '.join(Strategy)}."
        )
    validate = how.defaults.validate_domains if wishes.validate is None else wishes.validate
    return Options(size, strategy, validate, wishes.strict, wishes.create_users)
