"""One account's collection from start to end; the same code under Dagster and the command line.

    lock -> finish what was interrupted -> list -> guard -> read zones -> publish -> record

The listing and every zone read go to a spool first, so that a collection that is cut off goes on
where it was. What is published, and that the collection ended, becomes true in one step.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from filelock import FileLock, Timeout

from dnsinv.collection.guard import Guard, digest_of
from dnsinv.collection.listing import list_account
from dnsinv.collection.reading import read_zone, zone_id
from dnsinv.collection.spool import Outcome, Spool
from dnsinv.domain.domains import Domain
from dnsinv.domain.records import Record
from dnsinv.errors import Busy, DnsinvError, LakeError, NotFound, ProviderError
from dnsinv.lake.known import KnownAccount, KnownZone
from dnsinv.lake.lake import Lake
from dnsinv.lake.observation import Observation, Published, stage
from dnsinv.lake.publish import Publication, recover
from dnsinv.providers.provider import Provider
from dnsinv.store import accounts, collections
from dnsinv.store.collections import Collection, Hold
from dnsinv.store.database import Store

log = logging.getLogger(__name__)

CONNECTIONS = 8
ERRORS_KEPT = 50
HELD_LOOKED_FOR = 100  # collections back; what an older one held was settled long ago
FLUSH_EVERY = timedelta(seconds=5)
_NEVER = datetime.min.replace(tzinfo=UTC)


class Interrupted(DnsinvError):
    """The collection was told to stop; the next one of this account goes on where it was."""

    is_transient = True


class Progress(Protocol):
    """Who wants to know how a collection gets on."""

    def listed(self, domains: int, zones: int) -> None:
        """The listing is complete; so many zones will be read."""

    def zone(self, outcome: Outcome, budget: int) -> None:
        """One more zone was read; so many requests are left in the provider's window."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to collect, and how; `domain` reads one zone only, `lists_only` no zone at all.

    `deadline` ends the reading of zones (the rest stays as it was and comes first next time).
    """

    provider: str
    account: str
    guard: Guard = field(default_factory=Guard)
    lists_only: bool = False
    domain: str = ""
    deadline: datetime | None = None
    lock_names: tuple[str, ...] = ()

    @property
    def scope(self) -> str:
        if self.domain:
            return f"zone:{self.domain}"
        return "domains" if self.lists_only else "full"


class Engine:
    """Collects accounts into one lake and store. `clock` gives aware UTC instants."""

    def __init__(
        self,
        lake: Lake,
        store: Store,
        clock: Callable[[], datetime],
        progress: Progress | None = None,
        stopping: threading.Event | None = None,
    ) -> None:
        self._lake = lake
        self._store = store
        self._clock = clock
        self._progress = progress
        self._stopping = stopping or threading.Event()

    def collect(self, job: Job, provider: Provider) -> Collection:
        """Observe one account now and publish what was seen.

        Gives the ended collection: completed, partial (some zones were not read), held (the guard
        stopped the listing) or failed (there is no complete listing); in the last two nothing is
        published. Does not fold.

        Raises:
            Busy: the account or its credential is being collected already.
            Interrupted: `stopping` was set.
            LakeError: the disk or the clock does not allow it.
        """
        with self._locked(job):
            spool_of = self._finish_interrupted(job)
            collection, spool = spool_of or self._start(job)
            try:
                return self._run(job, provider, collection, spool)
            except Interrupted:
                collection.requests += provider.requests
                self._record(collection)
                raise
            except (LakeError, ProviderError) as error:
                if self._stopping.is_set() and isinstance(error, ProviderError):
                    raise Interrupted(
                        f"The collection of {job.account} was stopped; the next one goes on."
                    ) from error
                self._end(collection, "failed", [str(error)])
                spool.remove()
                if isinstance(error, LakeError):
                    raise
                log.warning("collection failed account=%s error=%s", job.account, error)
                return collection

    def accept(self, collection_id: str, lock_names: Sequence[str] = ()) -> Collection:
        """Publish what the guard held back in a collection: a person says it is right.

        Raises:
            DnsinvError: no such collection, nothing of it is held, or a newer one has settled it.
        """
        with self._store.begin() as db:
            found = collections.find(db, collection_id)
        if found is None:
            raise DnsinvError(
                f"There is no collection {collection_id}; `dnsinv collection list` shows them."
            )
        spool = Spool(self._lake.layout.spools / collection_id)
        with self._locked(Job(found.provider, found.account, lock_names=tuple(lock_names))):
            if not spool.folder.exists():
                raise DnsinvError(
                    f"Nothing of the collection {collection_id} is held: it was settled already."
                )
            with self._store.begin() as db:
                collections.settle(db, found.account, "accepted", self._clock())
            self._publish(found, spool, [], accepts_held=True)
            spool.remove()
            log.info("collection accepted id=%s", collection_id)
            return found

    def reject(self, collection_id: str) -> None:
        """Forget what the guard held back in a collection; the last good data stay.

        Raises:
            DnsinvError: nothing of that collection is held.
        """
        spool = Spool(self._lake.layout.spools / collection_id)
        with self._store.begin() as db:
            found = collections.find(db, collection_id)
            if found is None or not spool.folder.exists():
                raise DnsinvError(f"Nothing of the collection {collection_id} is held.")
            collections.settle(db, found.account, "rejected", self._clock())
        spool.remove()

    # -- one collection ---------------------------------------------------------------------------

    def _run(
        self, job: Job, provider: Provider, collection: Collection, spool: Spool
    ) -> Collection:
        known = KnownAccount(self._lake, job.provider, job.account)
        domains = self._listed(job, provider, collection, spool, known)
        if domains is None:
            return collection
        errors = [] if job.lists_only else self._read_zones(job, provider, spool, known, domains)
        collection.requests += provider.requests
        self._publish(collection, spool, errors)
        if collection.scope == "full":
            self._forget_held(collection)
        if not any(outcome.held_digest for outcome in spool.outcomes()):
            spool.remove()
        return collection

    def _forget_held(self, collection: Collection) -> None:
        """Remove older held readings of the account: this one has looked at every zone again."""
        with self._store.begin() as db:
            older = collections.latest(db, collection.account, HELD_LOOKED_FOR)
        for other in older:
            if other.id != collection.id:
                Spool(self._lake.layout.spools / other.id).remove()

    def _listed(
        self,
        job: Job,
        provider: Provider,
        collection: Collection,
        spool: Spool,
        known: KnownAccount,
    ) -> list[Domain] | None:
        """The domains to go by, listed now or before an interruption; None if they are held."""
        if job.domain:
            domains = [domain for domain in known.domains() if domain.name == job.domain]
            if not domains:
                raise NotFound(
                    f"The account {job.account} has no domain {job.domain} as far as known; "
                    "collect the account (--domains-only suffices) first."
                )
            return domains
        if spool.listing_file.exists():
            listing = spool.listing()
            collection.domains = len(listing)
            return listing
        with self._store.begin() as db:
            retired = accounts.known_domains_retired(db)
        expected = [domain for domain in known.domains() if domain.name not in retired]
        listing, missing = list_account(provider, expected)
        listing = [domain for domain in listing if domain.name not in retired]
        spool.write_listing(listing)
        collection.domains = len(listing)
        if expected and job.guard.holds_listing(len(expected), len(missing)):
            digest = digest_of(f"{d.name} {d.provider_id}" for d in missing)
            if not self._agrees(job, digest):
                self._hold(job, provider, collection, len(expected), missing, digest)
                return None
        else:
            self._settle(job, "superseded")
        return listing

    def _agrees(self, job: Job, digest: str) -> bool:
        with self._store.begin() as db:
            held = collections.open_hold(db, job.account)
            if held is None or held.digest != digest:
                return False
        self._settle(job, "agreed")
        return True

    def _settle(self, job: Job, state: str) -> None:
        with self._store.begin() as db:
            held = collections.open_hold(db, job.account)
            if held is not None:
                collections.settle(db, job.account, state, self._clock())
                Spool(self._lake.layout.spools / held.collection_id).remove()

    def _hold(
        self,
        job: Job,
        provider: Provider,
        collection: Collection,
        known: int,
        missing: Sequence[Domain],
        digest: str,
    ) -> None:
        self._settle(job, "superseded")
        examples = ", ".join(domain.name for domain in missing[:3])
        collection.requests += provider.requests
        more = ", ..." if len(missing) > 3 else ""
        text = (
            f"Held: {len(missing)} of {known} domains are missing at once ({examples}{more}); the "
            f"next listing that agrees releases it, or `dnsinv collection accept {collection.id}`."
        )
        with self._store.begin() as db:
            collections.hold(
                db, Hold(collection.id, job.account, known, len(missing), digest, self._clock())
            )
        self._end(collection, "held", [text])
        log.warning(
            "collection held account=%s missing=%d known=%d", job.account, len(missing), known
        )

    def _read_zones(
        self,
        job: Job,
        provider: Provider,
        spool: Spool,
        known: KnownAccount,
        domains: Sequence[Domain],
    ) -> list[str]:
        """Read the zones, those read longest ago first; what went wrong, in sentences."""
        before = known.zones()
        outcomes = spool.outcomes()
        done = {outcome.zone_id for outcome in outcomes}
        queue = [domain for domain in domains if zone_id(domain) not in done]
        queue.sort(
            key=lambda domain: (
                before.get(zone_id(domain), KnownZone()).read_at or _NEVER,
                domain.name,
            )
        )
        if self._progress:
            self._progress.listed(len(domains), len(queue))

        def read(domain: Domain) -> tuple[Outcome, list[Record]]:
            zone = before.get(zone_id(domain), KnownZone())
            return read_zone(provider, domain, zone, known.records, job.guard, self._clock)

        errors = [f"{o.name}: {o.error}" for o in outcomes if o.error]
        flushed = self._clock()
        for outcome, records in self._in_parallel(read, queue, job.deadline):
            spool.add(outcome, records)
            if outcome.error:
                errors.append(f"{outcome.name}: {outcome.error}")
            if self._progress:
                self._progress.zone(outcome, provider.remaining())
            if self._clock() - flushed >= FLUSH_EVERY:
                spool.flush()
                flushed = self._clock()
        spool.flush()
        if self._stopping.is_set():
            raise Interrupted(
                f"The collection of {job.account} was stopped after {len(spool.outcomes())} of "
                f"{len(domains)} zones; the next one goes on from there."
            )
        return errors

    def _in_parallel(
        self,
        read: Callable[[Domain], tuple[Outcome, list[Record]]],
        queue: Sequence[Domain],
        deadline: datetime | None,
    ) -> Iterator[tuple[Outcome, list[Record]]]:
        """Outcomes as they come; new readings begin until the deadline or the order to stop."""
        waiting = iter(queue)
        with ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="zone") as pool:
            under_way: set[Future[tuple[Outcome, list[Record]]]] = set()
            while True:
                while len(under_way) < 2 * CONNECTIONS and not self._is_over(deadline):
                    domain = next(waiting, None)
                    if domain is None:
                        break
                    under_way.add(pool.submit(read, domain))
                if not under_way:
                    return
                ended, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                for future in ended:
                    outcome, records = future.result()
                    if not (self._stopping.is_set() and outcome.state == "failed"):
                        yield outcome, records

    def _is_over(self, deadline: datetime | None) -> bool:
        return self._stopping.is_set() or (deadline is not None and self._clock() >= deadline)

    # -- beginnings and ends ----------------------------------------------------------------------

    @contextmanager
    def _locked(self, job: Job) -> Iterator[None]:
        folder = self._lake.layout.locks
        with ExitStack() as stack:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                for name in (f"account-{job.account}", *sorted(job.lock_names)):
                    stack.enter_context(FileLock(folder / f"{name}.lock", timeout=0))
            except Timeout:
                raise Busy(
                    f"The account {job.account} is being collected already; wait for it to end."
                ) from None
            except OSError as error:
                raise LakeError(f"{folder} is not writable: {error}; check DB_PATH.") from error
            yield

    def _start(self, job: Job) -> tuple[Collection, Spool]:
        now = self._clock()
        name = f"{now:%Y%m%dT%H%M%S}-{job.account}"
        with self._store.begin() as db:
            accounts.note_account(db, job.account, job.provider, now)
            number, unique = 1, name
            while collections.find(db, unique) is not None:
                number += 1
                unique = f"{name}-{number}"
            collection = Collection(unique, job.provider, job.account, job.scope, "running", now)
            collections.save(db, collection)
        spool = Spool(self._lake.layout.spools / unique)
        spool.remove()
        log.info("collection started id=%s scope=%s", unique, job.scope)
        return collection, spool

    def _finish_interrupted(self, job: Job) -> tuple[Collection, Spool] | None:
        """Settle the collection that a crash or stop left behind; gives it when it should go on.

        One that had been published is only recorded as ended. One of the same day and scope goes
        on. Of any other, what was read counts: it is published for its own day.
        """
        with self._store.begin() as db:
            collection = collections.running(db, job.account)
        if collection is None:
            return None
        spool = Spool(self._lake.layout.spools / collection.id)
        facts = recover(self._lake.layout, collection.id)
        if facts is not None:
            self._record(Collection(**_revived(facts)))
            Publication(self._lake.layout, collection.id).close()
            spool.remove()
            return None
        is_todays = collection.started_at.date() == self._clock().date()
        if is_todays and collection.scope == job.scope:
            log.info("collection goes on id=%s zones=%d", collection.id, len(spool.outcomes()))
            return collection, spool
        if spool.listing_file.exists() and spool.outcome_files():
            self._publish(
                collection,
                spool,
                ["The collection was interrupted; what it had read was published."],
            )
        else:
            self._end(
                collection,
                "failed",
                ["The collection was interrupted before it had read anything."],
            )
        spool.remove()
        return None

    def _publish(
        self,
        collection: Collection,
        spool: Spool,
        errors: Sequence[str],
        *,
        accepts_held: bool = False,
    ) -> None:
        publication = Publication(self._lake.layout, collection.id)
        has_listing = spool.listing_file.exists()
        seen = Observation(
            collection.provider,
            collection.account,
            collection.started_at.date(),
            collection.id,
            collection.started_at,
            spool.listing_file if has_listing else None,
            spool.outcome_files(),
            spool.reading_files(),
            accepts_held,
        )
        published = stage(self._lake, seen, publication)
        _count(collection, published, spool.outcomes(), accepts_held=accepts_held)
        collection.state = "partial" if _is_partial(collection) else "completed"
        collection.finished_at = self._clock()
        collection.errors = _sentences(errors)
        publication.commit(**_plain(collection))
        self._record(collection)
        publication.close()
        log.info(
            "collection published id=%s state=%s records=%d domain_changes=%d record_changes=%d",
            collection.id,
            collection.state,
            published.records,
            published.domain_changes,
            published.record_changes,
        )

    def _end(self, collection: Collection, state: str, errors: Sequence[str]) -> None:
        collection.state, collection.finished_at = state, self._clock()
        collection.errors = _sentences(errors)
        self._record(collection)

    def _record(self, collection: Collection) -> None:
        with self._store.begin() as db:
            collections.save(db, collection)


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
