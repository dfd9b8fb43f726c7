"""Checking that what people name is in the inventory: domains and records."""

from collections.abc import Sequence
from dataclasses import replace

from dnsinv.actions.installation import Installation
from dnsinv.domain.names import canonical_name, listed_name, observed_name
from dnsinv.domain.records import RecordIdentity
from dnsinv.errors import NotThere, UsageError
from dnsinv.lake import assets
from dnsinv.store import annotations

MOST_ASSETS = 1_000_000  # at once
_NAMED = 3  # unknown ones that an error names


def existing_domains(installation: Installation, names: Sequence[str]) -> list[str]:
    """The canonical names, each once, in order; all of them in the inventory or entered by people.

    Raises:
        BadName: one is not a DNS name.
        NotThere: some are not in the inventory; the text names a few.
        UsageError: there are too many.
    """
    _refuse_too_many(len(names))
    wanted = sorted({listed_name(name) for name in names})
    known = assets.known_domains(installation.lake, wanted)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        with installation.store.read() as db:
            manual = annotations.manual_names(db)
        unknown = [name for name in unknown if name not in manual]
    if unknown:
        raise NotThere(f"The inventory has no {_some('domain', unknown)}.")
    return wanted


def existing_records(
    installation: Installation, records: Sequence[RecordIdentity]
) -> list[RecordIdentity]:
    """The records, each once, with the domains that they belong to; all of them there now.

    Raises:
        NotThere: some are not in the inventory; the text names a few.
        UsageError: there are too many.
    """
    _refuse_too_many(len(records))
    wanted = sorted({_canonical(record) for record in records})
    known = assets.known_records(installation.lake, wanted)
    unknown = [f"{r.name} {r.type} {r.content[:40]}" for r in wanted if r not in known]
    if unknown:
        raise NotThere(f"The inventory has no {_some('record', unknown)} (in that domain).")
    return sorted(set(known.values()))


def _canonical(record: RecordIdentity) -> RecordIdentity:
    return replace(
        record,
        domain=canonical_name(record.domain),
        name=observed_name(record.name),
        type=record.type.strip().upper(),
        content=record.content.strip(),
    )


def _refuse_too_many(count: int) -> None:
    if count > MOST_ASSETS:
        raise UsageError(f"{count:,} at once are too many; at most {MOST_ASSETS:,} are possible.")


def _some(what: str, unknown: Sequence[str]) -> str:
    shown = ", ".join(ascii(name)[1:-1] for name in unknown[:_NAMED])
    if len(unknown) <= _NAMED:
        return f"{what} {shown}"
    return f"{len(unknown):,} of these {what}s, such as {shown}"
