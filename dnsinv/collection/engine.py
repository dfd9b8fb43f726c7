"""One account's collection from start to end; the same code under Dagster and the command line.

    lock -> finish what was interrupted -> list -> guard -> read zones -> publish -> record

The listing and every zone read go to a spool first, so that a collection that is cut off goes on
where it was. What is published, and that the collection ended, becomes true in one step.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from filelock import FileLock, Timeout

from dnsinv.collection.endings import Endings, errors_of
from dnsinv.collection.guard import Guard, digest_of
from dnsinv.collection.listing import list_account, missing_from
from dnsinv.collection.reading import read_zone, zone_id
from dnsinv.collection.spool import Outcome, Spool
from dnsinv.domain.domains import Domain
from dnsinv.domain.records import Record
from dnsinv.errors import Busy, DnsinvError, LakeError, NotFound, ProviderError
from dnsinv.lake.known import KnownAccount, KnownZone
from dnsinv.lake.lake import Lake
from dnsinv.lake.observation import Verdict
from dnsinv.lake.publish import Publication
from dnsinv.providers.provider import Provider
from dnsinv.store import accounts, collections
from dnsinv.store.collections import Collection, Hold
from dnsinv.store.database import Store

log = logging.getLogger(__name__)

CONNECTIONS = 8
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
        self._endings = Endings(lake, store, clock)

    def collect(self, job: Job, provider: Provider) -> Collection:
        """Observe one account now and publish what was seen.

        Gives the ended collection: completed, partial (some zones were not read), held (the guard
        stopped the listing) or failed (there is no complete listing); in the last two nothing is
        published. One of the same day and scope that was cut off goes on, and one that had been
        cut off behind its publication is given as it is. Does not fold.

        Raises:
            Busy: the account or its credential is being collected already.
            Interrupted: `stopping` was set.
            LakeError: the disk or the clock does not allow it.
        """
        with self._locked(job):
            finished = self._endings.finish_publications(job.account)
            self._endings.sweep(job.account)
            if finished and self._is_the_same(finished, job):
                return finished
            collection, spool = self._finish_interrupted(job) or self._start(job)
            try:
                self._run(job, provider, collection, spool)
            except Interrupted:
                collection.requests += provider.requests
                self._endings.record(collection)
                raise
            except (LakeError, ProviderError) as error:
                if self._stopping.is_set() and isinstance(error, ProviderError):
                    raise Interrupted(
                        f"The collection of {job.account} was stopped; the next one goes on."
                    ) from error
                if Publication(self._lake.layout, collection.id).is_committed:
                    raise  # it will be finished by the next collection
                collection.requests = max(collection.requests, provider.requests)
                self._endings.end(collection, "failed", [str(error)])
                spool.remove()
                if isinstance(error, LakeError):
                    raise
                log.warning("collection failed account=%s error=%s", job.account, error)
            self._endings.sweep(job.account)
            return collection

    def accept(self, collection_id: str, lock_names: Sequence[str] = ()) -> Collection:
        """Publish what the guard held back in a collection: a person says it is right.

        Raises:
            DnsinvError: no such collection, nothing of it is held, or a newer one has settled it.
            Busy, LakeError: as `collect`.
        """
        return self._settle_by_person(collection_id, "accepted", lock_names)

    def reject(self, collection_id: str, lock_names: Sequence[str] = ()) -> None:
        """Forget what the guard held back in a collection; the last good data stay.

        Raises:
            DnsinvError: no such collection, nothing of it is held, or a newer one has settled it.
            Busy, LakeError: as `collect`.
        """
        self._settle_by_person(collection_id, "rejected", lock_names)

    # -- one collection ---------------------------------------------------------------------------

    def _run(self, job: Job, provider: Provider, collection: Collection, spool: Spool) -> None:
        errors = self._observe(job, provider, collection, spool)
        if errors is not None:
            collection.requests += provider.requests
            self._endings.publish(collection, spool, errors)

    def _observe(
        self, job: Job, provider: Provider, collection: Collection, spool: Spool
    ) -> list[str] | None:
        """List and read; what went wrong, in sentences. None if the listing is held.

        The domains of a large account take 100 MB: they are forgotten before publishing needs it.
        """
        with closing(KnownAccount(self._lake, job.provider, job.account)) as known:
            domains = self._listed(job, provider, collection, spool, known)
            if domains is None:
                return None
            return [] if job.lists_only else self._read_zones(job, provider, spool, known, domains)

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
        with self._store.begin() as db:
            retired = accounts.known_domains_retired(db)
            held = collections.open_hold(db, job.account)
        expected = [domain for domain in known.domains() if domain.name not in retired]
        has_passed = spool.listing_file.exists()
        listing = spool.listing() if has_passed else list_account(provider, expected)[0]
        listing = [domain for domain in listing if domain.name not in retired]
        collection.domains = len(listing)
        missing = missing_from(listing, expected)
        digest = digest_of(f"{domain.name} {domain.provider_id}" for domain in missing)
        is_shrunk = bool(expected) and job.guard.holds_listing(len(expected), len(missing))
        is_agreed = held is not None and held.digest == digest
        if not has_passed:
            spool.write_listing(listing, is_held=is_shrunk and not is_agreed)
            if is_shrunk and not is_agreed:
                collection.requests += provider.requests
                self._hold(collection, len(expected), missing, digest)
                return None
        with self._store.begin() as db:
            state = "agreed" if is_shrunk else "superseded"
            collections.settle(db, job.account, state, self._clock())
        return listing

    def _hold(
        self, collection: Collection, known: int, missing: Sequence[Domain], digest: str
    ) -> None:
        examples = ", ".join(domain.name for domain in missing[:3])
        more = ", ..." if len(missing) > 3 else ""
        collection.errors = (
            f"Held: {len(missing)} of {known} domains are missing at once ({examples}{more}); the "
            f"next listing that agrees releases it, or `dnsinv collection accept {collection.id}`."
        )
        collection.state, collection.finished_at = "held", self._clock()
        held = Hold(
            collection.id, collection.account, known, len(missing), digest, collection.finished_at
        )
        with self._store.begin() as db:
            collections.hold(db, held)
            collections.save(db, collection)
        log.warning(
            "collection held account=%s missing=%d known=%d",
            collection.account,
            len(missing),
            known,
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

        errors = errors_of(outcomes)
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

        One of the same day and scope goes on. Of any other, what was read counts: it is published
        for its own day.
        """
        with self._store.begin() as db:
            collection = collections.running(db, job.account)
        if collection is None:
            return None
        spool = Spool(self._lake.layout.spools / collection.id)
        try:
            return self._go_on(job, collection, spool)
        except LakeError as error:
            self._endings.end(collection, "failed", [f"It was interrupted. {error}"])
            spool.remove()
            return None

    def _go_on(
        self, job: Job, collection: Collection, spool: Spool
    ) -> tuple[Collection, Spool] | None:
        day, today = collection.started_at.date(), self._clock().date()
        read = spool.outcomes()
        if self._is_the_same(collection, job):
            log.info("collection goes on id=%s zones=%d", collection.id, len(read))
            return collection, spool
        if day <= today and spool.listing_file.exists() and spool.outcome_files():
            self._endings.publish(
                collection,
                spool,
                ["The collection was interrupted; what it had read was published."],
            )
        else:
            reason = (
                "The collection was interrupted before it had read anything."
                if day <= today
                else f"The clock was wrong: it was interrupted on {day}, which is yet to come."
            )
            self._endings.end(collection, "failed", [reason])
        spool.remove()
        return None

    def _is_the_same(self, collection: Collection, job: Job) -> bool:
        """Whether a collection that was cut off is what the job asks for."""
        is_todays = collection.started_at.date() == self._clock().date()
        return is_todays and collection.scope == job.scope

    def _settle_by_person(
        self, collection_id: str, verdict: Verdict, lock_names: Sequence[str]
    ) -> Collection:
        with self._store.begin() as db:
            found = collections.find(db, collection_id)
        if found is None:
            raise DnsinvError(
                f"There is no collection {collection_id}; `dnsinv collection list` shows them."
            )
        with self._locked(Job(found.provider, found.account, lock_names=tuple(lock_names))):
            self._endings.finish_publications(found.account)
            spool = Spool(self._lake.layout.spools / collection_id)
            with self._store.begin() as db:
                if collections.running(db, found.account):
                    raise Busy(
                        f"A collection of {found.account} was interrupted; let it end first: "
                        f"`dnsinv collect --account {found.account}`."
                    )
            is_listing = self._endings.holds_listing(found, spool)
            if not is_listing and not self._endings.holds_zones(found, spool):
                spool.remove()  # a crash may have come between settling it and this
                raise DnsinvError(
                    f"Nothing of the collection {collection_id} is held: it was settled already."
                )
            if verdict == "accepted" or not is_listing:
                others = [outcome for outcome in spool.outcomes() if not outcome.held_digest]
                self._endings.publish(
                    found, spool, errors_of(others), verdict, is_listing=is_listing
                )
            with self._store.begin() as db:
                if is_listing:
                    collections.settle(db, found.account, verdict, self._clock())
            spool.remove()
            log.info("collection %s id=%s", verdict, collection_id)
            return found
