"""Assignments of single records follow the records when these get another content."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import groupby

from dnsinv.actions.acting import acting
from dnsinv.actions.installation import Installation, now
from dnsinv.actions.rules import COLLECTING
from dnsinv.domain.people import Owner
from dnsinv.domain.permission import Right
from dnsinv.domain.records import RecordIdentity
from dnsinv.lake import assets
from dnsinv.lake.assets import Modified
from dnsinv.store import assignments, settings
from dnsinv.store.assignments import Origin, Ownership

Owned = dict[RecordIdentity, dict[Owner, Ownership]]


def follow_changes(installation: Installation) -> int:
    """Let owners of records own what became of these since this was last done; how many records.

    A record that goes and comes under another content is one that was modified, as record_changes
    has it. Owners stay with the old content too where another account still serves it.
    """
    with installation.store.read() as db:
        before = settings.reached(db, settings.FOLLOWED_TO)
    modified, after = assets.modified_records(installation.lake, before)
    if after == before:
        return 0
    with installation.store.read() as db:
        went = sorted(_went(_owned(assignments.of_records(db)), modified))
    if not went:
        with installation.store.begin() as db:
            settings.reach(db, settings.FOLLOWED_TO, after, now())
        return 0
    # What came with the changes is not what stayed: contents may have been exchanged.
    kept = assets.known_records(installation.lake, went).keys() - {each.after for each in modified}
    with acting(installation, COLLECTING, "asset.follow", Right.ASSIGN, "modified records") as deed:
        settings.reach(deed.db, settings.FOLLOWED_TO, after, deed.at)
        owned = _owned(assignments.of_records(deed.db))
        became = _followed(owned, modified)
        for record, owners in became.items():
            for owner, ownership in owners.items():
                origin = Origin(deed.at, deed.seq, ownership.source, ownership.source_id)
                assignments.add(deed.db, [record], owner, origin)
        for record in went:
            for owner in owned.get(record, {}).keys() - became.get(record, {}).keys():
                if record not in kept:
                    assignments.end(deed.db, [record], owner, deed.seq)
        deed.details = {"records": len(became)}
    return len(became)


def _owned(ownerships: Iterable[Ownership]) -> Owned:
    owned: Owned = defaultdict(dict)
    for ownership in ownerships:
        if ownership.record:
            owned[ownership.record][ownership.owner] = ownership
    return owned


def _went(owned: Owned, modified: Sequence[Modified]) -> set[RecordIdentity]:
    """Owned records that have another content now."""
    return set(owned) & {each.before for each in modified}


def _followed(owned: Owned, modified: Sequence[Modified]) -> Owned:
    """What owners of records come to own; contents may be exchanged, or change several times."""
    now_owned: Owned = defaultdict(dict, {record: dict(found) for record, found in owned.items()})
    touched: set[RecordIdentity] = set()
    for _, together in groupby(modified, key=lambda each: each.observed_at):
        steps = [each for each in together if now_owned.get(each.before)]
        taken = [(each, now_owned[each.before]) for each in steps]
        for each in steps:
            now_owned.pop(each.before, None)
        for each, found in taken:
            now_owned[each.after].update(found)
            touched.add(each.after)
    return {record: now_owned[record] for record in touched if now_owned.get(record)}
