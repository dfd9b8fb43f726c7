"""Templates of imports: those that are built in and those that people make, change and remove.

A migration keeps its template as it was when it began, whatever becomes of it here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from dnsinv.actions.acting import Actor, Deed, acting, allow
from dnsinv.actions.installation import Installation
from dnsinv.domain.permission import Right
from dnsinv.errors import Conflict, NotThere, UsageError
from dnsinv.migration.templates import BadTemplate, Template, builtin, template
from dnsinv.store import templates as stored
from dnsinv.store.templates import StoredTemplate

MOST_TEMPLATES = 200
_SHOWN = 60  # characters of an id that an error quotes

Definition = str | bytes | dict[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """A template that can be used: version 0, made at no time, if it is built in."""

    template: Template
    version: int = 0
    created_at: datetime | None = None

    @property
    def is_builtin(self) -> bool:
        return self.version == 0


def all_templates(installation: Installation, actor: Actor) -> list[Known]:
    """The templates, those that are built in first.

    Raises:
        NotAllowed: the actor may not read.
    """
    allow(installation, actor, Right.READ)
    with installation.store.read() as db:
        return _all(db)


def find_template(installation: Installation, actor: Actor, wanted: str) -> Known:
    """The template of an id, or of a name in any case.

    Raises:
        NotAllowed: the actor may not read.
        NotThere: there is none; the text says which there are.
    """
    known = all_templates(installation, actor)
    found = [each for each in known if each.template.id == wanted] or [
        each for each in known if each.template.name.casefold() == wanted.strip().casefold()
    ]
    if not found:
        there = ", ".join(each.template.id for each in known)
        raise NotThere(f"There is no template {wanted[:_SHOWN]!a}; there are: {there}.")
    return found[0]


def template_versions(installation: Installation, actor: Actor, template_id: str) -> list[Known]:
    """All versions of a template that somebody made, the newest first, removed ones too.

    Raises:
        NotAllowed: the actor may not read.
        NotThere: there never was one.
    """
    allow(installation, actor, Right.READ)
    with installation.store.read() as db:
        found = stored.versions(db, template_id)
    if not found:
        raise NotThere(f"Nobody ever made a template {template_id[:_SHOWN]!a}.")
    return [_known(each) for each in found]


def create_template(installation: Installation, actor: Actor, definition: Definition) -> Known:
    """A new template from its definition: parsed JSON, or its text.

    Raises:
        NotAllowed: the actor may not import.
        BadTemplate: the definition is not right.
        Conflict: its id or name is taken.
        UsageError: there are too many.
    """
    made = template(definition)
    with acting(installation, actor, "template.create", Right.IMPORT, made.id) as deed:
        known = _all(deed.db)
        if any(each.template.id == made.id for each in known):
            raise Conflict(
                f"There is a template {made.id} already; choose another id, or change that one."
            )
        if len(known) >= MOST_TEMPLATES:
            raise UsageError(f"There are {MOST_TEMPLATES} templates already; remove some first.")
        return _written(deed, made, known)


def change_template(
    installation: Installation,
    actor: Actor,
    template_id: str,
    definition: Definition,
    version: int | None = None,
) -> Known:
    """A new version of a template that somebody made; the one before it stays to be looked up.

    Args:
        version: the version that the change was made to, if that matters.

    Raises:
        NotAllowed: the actor may not import.
        BadTemplate: the definition is not right, or has another id.
        NotThere: there is no such template.
        Conflict: it is built in, its name is taken, or it has changed since that version.
    """
    made = template(definition)
    if made.id != template_id:
        raise BadTemplate(
            f"The definition has the id {made.id}, but {template_id[:_SHOWN]!a} is changed."
        )
    with acting(installation, actor, "template.change", Right.IMPORT, made.id) as deed:
        known = _all(deed.db)
        before = _own(known, template_id)
        if version is not None and version != before.version:
            raise Conflict(
                f"Template {template_id} is at version {before.version}, no longer at {version};"
                " look at it again and then change it."
            )
        if made == before.template:
            deed.details = {"version": before.version, "unchanged": True}
            return before
        return _written(deed, made, known)


def remove_template(installation: Installation, actor: Actor, template_id: str) -> Known:
    """Take a template away that somebody made; its versions stay to be looked up.

    Raises:
        NotAllowed: the actor may not import.
        NotThere: there is no such template.
        Conflict: it is built in.
    """
    with acting(installation, actor, "template.remove", Right.IMPORT, template_id[:_SHOWN]) as deed:
        gone = _own(_all(deed.db), template_id)
        deed.details = {"name": gone.template.name, "version": gone.version}
        stored.end(deed.db, template_id, deed.seq)
        return gone


def _all(db: Connection) -> list[Known]:
    return [*map(Known, builtin()), *map(_known, stored.current(db))]


def _known(found: StoredTemplate) -> Known:
    return Known(template(found.definition), found.version, found.created_at)


def _own(known: Sequence[Known], template_id: str) -> Known:
    """The template of an id, which somebody made."""
    found = next((each for each in known if each.template.id == template_id), None)
    if found is None:
        raise NotThere(f"There is no template {template_id[:_SHOWN]!a}.")
    if found.is_builtin:
        raise Conflict(f"Template {template_id} is built in; copy its definition under another id.")
    return found


def _written(deed: Deed, made: Template, known: Sequence[Known]) -> Known:
    name = made.name.casefold()
    if any(each.template.name.casefold() == name for each in known if each.template.id != made.id):
        raise Conflict(f"There is a template called {made.name!a} already; choose another name.")
    found = stored.add(deed.db, made.id, made.definition(), deed.at, deed.seq)
    deed.details = {"name": made.name, "version": found.version}
    return _known(found)
