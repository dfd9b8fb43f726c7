"""How collections end: published and recorded, after a crash as well, and what they leave behind.

What is published, and that the collection ended, becomes true in one step: the manifest of the
publication carries the collection's row.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dnsinv.collection.spool import Outcome, Spool
from dnsinv.errors import LakeError
from dnsinv.lake.known import KnownAccount, KnownZone
from dnsinv.lake.lake import Lake
from dnsinv.lake.observation import Observation, Published, Verdict, stage
from dnsinv.lake.publish import Publication, recover
from dnsinv.store import collections
from dnsinv.store.collections import Collection
from dnsinv.store.database import Store

log = logging.getLogger(__name__)

ERRORS_KEPT = 50


class Endings:
    """Ends collections of one lake and store. The account's lock must be held."""

    def __init__(self, lake: Lake, store: Store, clock: Callable[[], datetime]) -> None:
        self._lake = lake
        self._store = store
        self._clock = clock

    def publish(
        self,
        collection: Collection,
        spool: Spool,
        errors: Sequence[str],
        verdict: Verdict = "",
        *,
        is_listing: bool = False,
    ) -> None:
        """Publish what was read; after a person's verdict, what was held of it and still is.

        `is_listing` says that the verdict is on the listing, not on zones.

        The collection is ended by it: its state, counts and errors are set and recorded.

        Raises:
            LakeError: as `stage` and `Publication.commit`.
        """
        layout = self._lake.layout
        publication = Publication(layout, collection.id)
        listing: Path | None = spool.listing_file
        if verdict:
            listing = spool.held_listing_file if is_listing else None
        day = collection.started_at.date()
        if verdict:  # later zones may have been read on a later day
            day = max([day, *layout.days("zones", collection.provider, collection.account)])
        seen = Observation(
            collection.provider,
            collection.account,
            day,
            collection.id,
            collection.started_at,
            listing if listing is not None and listing.exists() else None,
            spool.outcome_files(),
            spool.reading_files(),
            verdict,
        )
        published = stage(self._lake, seen, publication)
        if verdict != "rejected":
            _count(collection, published, spool.outcomes(), accepts_held=verdict == "accepted")
            collection.state = "partial" if _is_partial(collection) else "completed"
            collection.finished_at = self._clock()
            collection.errors = _sentences(errors)
        publication.commit(**_plain(collection))
        self.record(collection)
        publication.close()
        log.info(
            "collection published id=%s state=%s records=%d domain_changes=%d record_changes=%d",
            collection.id,
            collection.state,
            published.records,
            published.domain_changes,
            published.record_changes,
        )

    def end(self, collection: Collection, state: str, errors: Sequence[str]) -> None:
        """End a collection that publishes nothing."""
        collection.state, collection.finished_at = state, self._clock()
        collection.errors = _sentences(errors)
        self.record(collection)

    def record(self, collection: Collection) -> None:
        """Bring the store up to date."""
        with self._store.begin() as db:
            collections.save(db, collection)

    def finish_publications(self, account: str) -> Collection | None:
        """Finish or discard what a crash left half published, and record what that came to.

        Gives the collection that has ended by it, which was not known to have.
        """
        ended = None
        for folder in sorted(self._lake.layout.publications.glob("*")):
            with self._store.begin() as db:
                owner = collections.find(db, folder.name)
            if owner is not None and owner.account == account:
                facts = recover(self._lake.layout, owner.id)
                if facts is not None:
                    finished = Collection(**_revived(facts))
                    self.record(finished)
                    Publication(self._lake.layout, owner.id).close()
                    ended = finished if owner.state == "running" else ended
        return ended

    def sweep(self, account: str) -> None:
        """Remove what ended collections of the account have read and nothing waits for."""
        for folder in sorted(self._lake.layout.spools.glob("*")):
            with self._store.begin() as db:
                owner = collections.find(db, folder.name)
            if owner is not None and owner.account == account and owner.state != "running":
                spool = Spool(folder)
                if not self._is_waited_for(owner, spool):
                    spool.remove()

    def _is_waited_for(self, owner: Collection, spool: Spool) -> bool:
        try:
            return self.holds_listing(owner, spool) or self.holds_zones(owner, spool)
        except LakeError as error:
            log.warning("held readings dropped id=%s error=%s", owner.id, error)
            return False

    def holds_listing(self, collection: Collection, spool: Spool) -> bool:
        """Whether the listing of an ended collection still waits to be settled."""
        with self._store.begin() as db:
            held = collections.open_hold(db, collection.account)
        is_open = held is not None and held.collection_id == collection.id
        return is_open and spool.held_listing_file.exists()

    def holds_zones(self, collection: Collection, spool: Spool) -> bool:
        """Whether a zone's last reading is one that this collection made and the guard held."""
        held = {o.zone_id: o.held_digest for o in spool.outcomes() if o.held_digest}
        if not held:
            return False
        with closing(KnownAccount(self._lake, collection.provider, collection.account)) as known:
            zones = known.zones()
        return any(zones.get(key, KnownZone()).held_digest == held[key] for key in held)


def _count(
    collection: Collection, published: Published, outcomes: Sequence[Outcome], *, accepts_held: bool
) -> None:
    states = [_accepted(outcome) if accepts_held else outcome.state for outcome in outcomes]
    collection.zones_complete = states.count("complete")
    collection.zones_unchanged = states.count("unchanged")
    collection.zones_no_zone_here = states.count("no-zone-here")
    collection.zones_refused = states.count("refused")
    collection.zones_failed = states.count("failed")
    if collection.scope == "full":
        collection.zones_unread = published.zones - len(states)
    collection.records = published.records


def _accepted(outcome: Outcome) -> str:
    if not outcome.held_digest:
        return outcome.state
    return "no-zone-here" if outcome.held_digest == "no-zone-here" else "complete"


def errors_of(outcomes: Iterable[Outcome]) -> list[str]:
    """What went wrong with zones, in sentences."""
    return [f"{outcome.name}: {outcome.error}" for outcome in outcomes if outcome.error]


def _is_partial(collection: Collection) -> bool:
    return collection.zones_refused + collection.zones_failed + collection.zones_unread > 0


def _sentences(errors: Sequence[str]) -> str:
    kept = list(errors[:ERRORS_KEPT])
    if len(errors) > ERRORS_KEPT:
        kept.append(f"... and {len(errors) - ERRORS_KEPT} more; see the zones dataset.")
    return "\n".join(kept)


def _plain(collection: Collection) -> dict[str, Any]:
    return {
        name: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(collection).items()
    }


def _revived(facts: Mapping[str, Any]) -> dict[str, Any]:
    instants = {"started_at", "finished_at"}
    return {
        name: datetime.fromisoformat(value) if name in instants and value else value
        for name, value in facts.items()
    }
