"""Schedules of imports: who sets them up, and what they find to be imported.

    for arrival in arrivals(installation):          # one file at a time, copied here
        with acting(...) as deed:                   # the migration begins
            number = ...
            claim(deed, number, arrival)            # and the file counts as imported, together

So a file is imported once, whoever looks, however often, and wherever it is killed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dnsinv.actions.acting import Actor, Deed, acting, allow
from dnsinv.actions.installation import Installation, now
from dnsinv.domain.permission import Right
from dnsinv.domain.text import clean_line
from dnsinv.errors import Conflict, DnsinvError, LakeError, NotThere, UsageError
from dnsinv.migration import schedules as rules
from dnsinv.migration.inbox import find
from dnsinv.migration.line import Reach
from dnsinv.migration.schedules import RETRY, SETTLE, check_cron
from dnsinv.migration.sources import Brought, bring, check_source, scheme_of, shown_source
from dnsinv.migration.uploads import Upload, forget
from dnsinv.store import migration_sources as stored
from dnsinv.store.migration_sources import Mark, Schedule

SCHEDULED = Actor("schedule", "service")
MOST_SCHEDULES = 200


@dataclass(frozen=True, slots=True)
class Listed:
    """A schedule as people see it: its source without secrets, and when it is looked at next.

    `next_at` is None where it is paused, or looked at whenever there is time; `imported` counts the
    migrations that it began.
    """

    schedule: Schedule
    source: str
    next_at: datetime | None
    imported: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that a schedule has found, and that is to be imported now."""

    schedule: Schedule
    upload: Upload
    name: str  # by which the schedule knows it
    stamp: str


def all_schedules(installation: Installation, actor: Actor) -> list[Listed]:
    """All schedules in order of id.

    Raises:
        NotAllowed: the actor may not read.
    """
    allow(installation, actor, Right.READ)
    with installation.store.read() as db:
        found = [(each, stored.imported(db, each.id)) for each in stored.all_schedules(db)]
    return [
        Listed(
            each,
            shown_source(each.source, installation.settings),
            None if each.is_paused else rules.next_look(each),
            imported,
        )
        for each, imported in found
    ]


def add_schedule(
    installation: Installation,
    actor: Actor,
    source: str,
    *,
    cron: str = "",
    template: str = "",
    options: Mapping[str, Any] | None = None,
) -> Schedule:
    """Import from a source by itself from now on.

    Args:
        source: a path or pattern in the inbox, or an https://, s3:// or gs:// address.
        cron: when it is looked at (UTC); may be left out for the inbox, which is then always
            looked at.
        template: by its name; "" suggests one for each file.
        options: of the migrations it begins.

    Raises:
        NotAllowed: the actor may not manage schedules.
        UsageError: source or cron expression are none, or there are too many schedules.
        Conflict: there is a schedule of that source.
    """
    with acting(installation, actor, "schedule.create", Right.MANAGE_SCHEDULES) as deed:
        plain = check_source(source.strip(), installation.settings)
        deed.subject = shown_source(plain, installation.settings)
        if scheme_of(plain) and not cron.strip():
            raise UsageError(f"Say with a cron expression when {deed.subject} is looked at.")
        there = stored.all_schedules(deed.db)
        if any(each.source == plain for each in there):
            raise Conflict(f"There is a schedule of {deed.subject}; remove it first.")
        if len(there) >= MOST_SCHEDULES:
            raise UsageError(f"There are {MOST_SCHEDULES} schedules already; remove some first.")
        made = stored.add(
            deed.db,
            source=plain,
            cron=check_cron(cron) if cron.strip() else "",
            template=clean_line(template, "template's name"),
            options=options or {},
            by=actor.name,
            at=deed.at,
            seq=deed.seq,
        )
        deed.details = _told(made)
        return made


def remove_schedule(installation: Installation, actor: Actor, schedule_id: int) -> Schedule:
    """Import from a source no more; migrations that it began go on.

    Raises:
        NotAllowed: the actor may not manage schedules.
        NotThere: there is no such schedule.
    """
    with acting(installation, actor, "schedule.remove", Right.MANAGE_SCHEDULES) as deed:
        found = _named(installation, deed, schedule_id)
        stored.end(deed.db, schedule_id, deed.seq)
        return found


def pause_schedule(
    installation: Installation, actor: Actor, schedule_id: int, *, is_paused: bool
) -> None:
    """Let a schedule rest, or go on; what it missed meanwhile is made up for once.

    Raises:
        NotAllowed: the actor may not manage schedules.
        NotThere: there is no such schedule.
    """
    action = "schedule.pause" if is_paused else "schedule.resume"
    with acting(installation, actor, action, Right.MANAGE_SCHEDULES) as deed:
        _named(installation, deed, schedule_id)
        stored.pause(deed.db, schedule_id, is_paused=is_paused)


def arrivals(
    installation: Installation,
    at: datetime | None = None,
    *,
    settle: timedelta = SETTLE,
    reach: Reach | None = None,
) -> Iterator[Arrival]:
    """Every file that is to be imported now, copied here when it is asked for.

    The caller claims each, or it comes again the next time. A source that fails stops no other: it
    says so in its schedule, and is tried again after RETRY if that can help.
    """
    at = at or now()
    with installation.store.read() as db:
        due = rules.due(stored.all_schedules(db), at)
    for schedule in due:
        found = _Finding(installation, schedule, at, settle, reach)
        yield from found.files()
        found.write_down()


def has_arrivals(
    installation: Installation, at: datetime | None = None, *, settle: timedelta = SETTLE
) -> bool:
    """Whether `arrivals` may have something, told without fetching anything."""
    at = at or now()
    with installation.store.read() as db:
        due = rules.due(stored.all_schedules(db), at)
        known = {each.id: stored.marks(db, each.id) for each in due}
    return any(
        scheme_of(each.source) or _waits(installation, each, known[each.id], at, settle)
        for each in due
    )


def _waits(
    installation: Installation,
    schedule: Schedule,
    known: Mapping[str, Mark],
    at: datetime,
    settle: timedelta,
) -> bool:
    try:
        found = find(installation.settings.inbox, schedule.source)
    except DnsinvError:
        return True  # whoever looks writes it down
    return bool(rules.ready(found, known, at, settle))


def claim(deed: Deed, migration: int, arrival: Arrival) -> None:
    """Write down that a file is imported by a migration, in the transaction that begins it.

    Raises:
        Conflict: somebody else was faster, or the schedule was removed; begin no migration.
    """
    schedule, upload = arrival.schedule, arrival.upload
    if stored.find(deed.db, schedule.id) is None:
        raise Conflict(f"The schedule {schedule.id} was removed meanwhile.")
    if not rules.is_news(stored.marks(deed.db, schedule.id), arrival.name, upload.sha256):
        raise Conflict(f"{upload.name!r} was imported meanwhile.")
    mark = Mark(arrival.name, upload.bytes, arrival.stamp, upload.sha256, migration, deed.at)
    stored.remember(deed.db, schedule.id, mark)


class _Finding:
    """One look at the source of one schedule."""

    def __init__(
        self,
        installation: Installation,
        schedule: Schedule,
        at: datetime,
        settle: timedelta,
        reach: Reach | None,
    ) -> None:
        self._installation = installation
        self._schedule = schedule
        self._at = at
        self._settle = settle
        self._reach = reach
        self._troubles: list[DnsinvError] = []

    def files(self) -> Iterator[Arrival]:
        known = self._marks()
        for name in self._names(known):
            stamp = known[name].stamp if name in known else ""
            brought = self._brought(name, stamp)
            if brought is None:
                continue
            if rules.is_news(self._marks(), name, brought.upload.sha256):
                yield Arrival(self._schedule, brought.upload, name, brought.stamp)
            else:
                self._know(name, brought)

    def write_down(self) -> None:
        """How it went; of an inbox that is looked at always, only what is new."""
        schedule, trouble = self._schedule, " ".join(str(each) for each in self._troubles[:3])
        is_full = any(isinstance(each, LakeError) for each in self._troubles)
        may_help = schedule.cron and any(each.is_transient for each in self._troubles)
        again_at = self._at + RETRY if is_full or may_help else None
        if schedule.cron or (trouble, again_at) != (schedule.trouble, schedule.again_at):
            with self._installation.store.begin() as db:
                stored.looked(db, schedule.id, self._at, trouble, again_at)

    def _names(self, known: Mapping[str, Mark]) -> list[str]:
        """The files of the source that may be news: an address is one file, and its own name."""
        source = self._schedule.source
        if scheme_of(source):
            return [source]
        try:
            found = find(self._installation.settings.inbox, source)
        except DnsinvError as error:
            self._troubles.append(error)
            return []
        return [each.name for each in rules.ready(found, known, self._at, self._settle)]

    def _brought(self, name: str, stamp: str) -> Brought | None:
        it = self._installation
        try:
            return bring(it.lake.layout, it.settings, name, unless=stamp, reach=self._reach)
        except DnsinvError as error:
            self._troubles.append(error)
            return None

    def _know(self, name: str, brought: Brought) -> None:
        """Remember a file that has been imported already by what it is known by now."""
        upload = brought.upload
        forget(self._installation.lake.layout, upload.id)
        with self._installation.store.begin() as db:
            known = stored.marks(db, self._schedule.id)
            same = next((mark for mark in known.values() if mark.sha256 == upload.sha256), None)
            if same is None:  # somebody was faster with yet another content
                return
            mark = Mark(name, upload.bytes, brought.stamp, upload.sha256, same.migration, self._at)
            if name in known:
                stored.refresh(db, self._schedule.id, mark)
            else:
                stored.remember(db, self._schedule.id, mark)

    def _marks(self) -> dict[str, Mark]:
        with self._installation.store.read() as db:
            return stored.marks(db, self._schedule.id)


def _named(installation: Installation, deed: Deed, schedule_id: int) -> Schedule:
    found = stored.find(deed.db, schedule_id)
    if found is None:
        raise NotThere(f"There is no schedule {schedule_id} (any more).")
    deed.subject, deed.details = shown_source(found.source, installation.settings), _told(found)
    return found


def _told(schedule: Schedule) -> dict[str, Any]:
    return {
        "schedule": schedule.id,
        "cron": schedule.cron,
        "template": schedule.template,
        "options": dict(schedule.options),
    }
