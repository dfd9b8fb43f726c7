"""A file before it is imported: where it lies, what it holds, which template fits it."""

import asyncio
from collections.abc import AsyncIterable
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from dnsinv.actions.acting import Actor, note, permit
from dnsinv.actions.installation import Installation
from dnsinv.actions.migration_request import File
from dnsinv.actions.templates import find_template
from dnsinv.actions.uploads_kept import sweep_uploads
from dnsinv.domain.permission import Right
from dnsinv.domain.text import file_name
from dnsinv.errors import UsageError
from dnsinv.migration import inbox, uploads
from dnsinv.migration.analyze import analyze
from dnsinv.migration.chunks import Chunk
from dnsinv.migration.items import open_items
from dnsinv.migration.seen import MOST_ITEMS
from dnsinv.migration.sources import bring, shown_source
from dnsinv.migration.suggest import Suggestion, suggest
from dnsinv.migration.templates import Template
from dnsinv.migration.uploads import Upload

LEAST_CONFIDENCE = 0.5
"""Of a suggestion: below it nobody should import without having looked."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The template for a file; what was suggested, where nobody named one."""

    template: Template
    suggestion: Suggestion | None = None


def local_file(path: Path) -> File:
    """Any file of this machine, which is read where it lies: for the command line alone.

    Raises:
        SourceRefused: it is no plain file that can be read.
    """
    whole = inbox.any_file(path)
    return File(whole, file_name(whole.name), str(whole), whole.stat().st_size)


def inbox_files(installation: Installation, pattern: str) -> list[str]:
    """The files that a path or pattern names in the inbox now.

    Raises:
        SourceRefused: it leads out of the inbox.
    """
    return [each.name for each in inbox.find(installation.settings.inbox, pattern)]


def fetched_file(installation: Installation, actor: Actor, source: str) -> File:
    """A file of the inbox or of an address, copied here.

    Raises:
        NotAllowed: the actor may not import.
        SourceRefused, SourceUnavailable, LakeError: as sources.bring.
    """
    settings = installation.settings
    permit(installation, actor, "migration.fetch", Right.IMPORT, shown_source(source, settings))
    brought = bring(installation.lake.layout, settings, source)
    assert brought is not None  # only where it was brought before
    return _uploaded(brought.upload, shown_source(source, settings))


async def may_send(installation: Installation, actor: Actor) -> None:
    """Let pass whoever may send a file, before anything of it is read.

    Raises:
        NotAllowed: the actor may not import.
    """
    await asyncio.to_thread(permit, installation, actor, "migration.upload", Right.IMPORT)


async def receive(
    installation: Installation, actor: Actor, name: str, blocks: AsyncIterable[bytes]
) -> Upload:
    """Keep a file that is sent block by block, whole or not at all.

    Raises:
        NotAllowed: the actor may not import.
        SourceRefused: it is too large.
        LakeError: the disk is full, or not writable.
    """
    await may_send(installation, actor)
    layout, settings = installation.lake.layout, installation.settings
    await asyncio.to_thread(sweep_uploads, installation)
    upload = await uploads.receive_async(layout, settings, name, blocks)
    told: dict[str, Any] = {"bytes": upload.bytes, "sha256": upload.sha256, "upload": upload.id}
    await asyncio.to_thread(note, installation, actor, "migration.upload", upload.name, **told)
    return upload


def forget_upload(installation: Installation, upload_id: str) -> None:
    """Remove a file that was sent and is not needed."""
    uploads.forget(installation.lake.layout, upload_id)


def sent_file(installation: Installation, *upload_ids: str | None) -> File:
    """The one file that was sent, of several places where its id may stand.

    Raises:
        UsageError: there is none, or there are two.
        NotThere: there is no such upload (any more).
    """
    given = [each for each in upload_ids if each is not None]
    if len(given) != 1:
        raise UsageError("Give one file: either file, in a form, or upload_id of one sent before.")
    [upload_id] = given
    return _uploaded(uploads.find_upload(installation.lake.layout, upload_id), "upload")


def chosen_template(
    installation: Installation, actor: Actor, file: File, wanted: str = ""
) -> Chosen:
    """The template of that id or name; where none is named, the one that fits the file.

    Raises:
        NotAllowed: the actor may not read.
        NotThere: there is no such template.
        FileRefused: the file's beginning is not what it should be.
        UsageError: no template is known to fit.
    """
    if wanted:
        return Chosen(find_template(installation, actor, wanted).template)
    found = suggestion(file)
    if found.confidence < LEAST_CONFIDENCE:
        raise UsageError(
            f"No template is sure to fit {file.name}: {found.template.name!r} comes nearest with a "
            f"confidence of {found.confidence:.2f}. {found.reason} Name the template, or make one "
            "from an analysis of the file."
        )
    return Chosen(found.template, found)


def suggestion(file: File) -> Suggestion:
    """The template that fits a file best, by its first items.

    Raises:
        FileRefused: its beginning is not what it should be.
    """
    first = beginning(file, MOST_ITEMS)
    return suggest(first.values, keys=first.keys, file_name=file.name)


def analysis(installation: Installation, actor: Actor, file: File) -> dict[str, Any]:
    """What a file holds, and `suggestion`: which template fits it and why; as JSON values.

    Raises:
        NotAllowed: the actor may not import.
        FileRefused: it is refused whole.
    """
    permit(installation, actor, "migration.analyze", Right.IMPORT, file.name)
    found = analyze(file.path, name=file.name).as_json()
    return found | {"suggestion": suggestion_told(suggestion(file))}


def suggestion_told(found: Suggestion) -> dict[str, Any]:
    """A suggestion as JSON values; its template as a definition."""
    others = [
        {
            "template": each.template.definition(),
            "confidence": each.confidence,
            "reason": each.reason,
        }
        for each in found.others
    ]
    return {
        "template": found.template.definition(),
        "confidence": found.confidence,
        "is_sure": found.confidence >= LEAST_CONFIDENCE,
        "reason": found.reason,
        "mapping": [asdict(each) for each in found.mapping],
        "questions": found.questions,
        "others": others,
    }


def beginning(file: File, count: int) -> Chunk:
    """The first items of a file.

    Raises:
        FileRefused: this far it is not what it should be.
    """
    with open_items(file.path, name=file.name) as items:
        return next(islice(items.chunks(count), 1), Chunk(1, [], [], None))


def _uploaded(upload: Upload, source: str) -> File:
    return File(upload.path, upload.name, source, upload.bytes, upload.sha256)
