"""When a schedule's source is looked at, and which of its files are to be imported: rules only.

A file is known by its name. While size and stamp are those that it had when it was imported, it is
not even read; otherwise its content decides. A known name is imported again when its content is
another than the last time; a new name when no known file has its content now (else it is a copy).
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from cronsim import CronSim, CronSimError

from dnsinv.domain.text import clean_line
from dnsinv.errors import UsageError
from dnsinv.migration.inbox import Found
from dnsinv.store.migration_sources import Mark, Schedule

SETTLE = timedelta(seconds=10)
"""How long a file of the inbox must have been left alone before it is taken."""

RETRY = timedelta(minutes=10)
"""When a source that could not be reached is tried again, whatever cron says."""

_FIELDS = 5
_NEVER = datetime.max.replace(tzinfo=UTC)


def check_cron(text: str) -> str:
    """A cron expression of five fields (minute, hour, day, month, weekday; UTC) in plain form.

    Raises:
        UsageError: it is none, or never comes.
    """
    clean = clean_line(text, "cron expression").upper()
    try:
        if len(clean.split()) != _FIELDS:
            raise CronSimError(f"It has not {_FIELDS} fields")
        next(CronSim(clean, datetime(2000, 1, 1, tzinfo=UTC)))
    except (CronSimError, StopIteration) as error:
        raise UsageError(
            f"The cron expression {clean[:50]!r} cannot be used: {str(error) or 'It never comes'}; "
            'write minute, hour, day, month and weekday, such as "15 3 * * *" for 03:15 UTC.'
        ) from None
    return clean


def next_look(schedule: Schedule) -> datetime | None:
    """When its source is looked at next; None at the next opportunity."""
    if not schedule.cron:
        return schedule.again_at
    after = schedule.looked_at or schedule.created_at
    at = next(CronSim(schedule.cron, after.astimezone(UTC)), _NEVER)
    return min(at, schedule.again_at) if schedule.again_at else at


def due(schedules: Iterable[Schedule], at: datetime) -> list[Schedule]:
    """Those whose source is to be looked at now. What was missed is made up for once."""
    return [
        each
        for each in schedules
        if not each.is_paused and ((look := next_look(each)) is None or look <= at)
    ]


def ready(
    found: Iterable[Found], known: Mapping[str, Mark], at: datetime, settle: timedelta = SETTLE
) -> list[Found]:
    """Files that are not as they were imported, and that nobody has touched for a while."""
    latest_ns = int((at - settle).timestamp() * 1e9)
    return [
        each
        for each in found
        if each.changed_ns <= latest_ns and not _is_unchanged(each, known.get(each.name))
    ]


def is_news(known: Mapping[str, Mark], name: str, sha256: str) -> bool:
    """Whether a file's content is to be imported."""
    if name in known:
        return known[name].sha256 != sha256
    return all(mark.sha256 != sha256 for mark in known.values())


def _is_unchanged(found: Found, mark: Mark | None) -> bool:
    return mark is not None and (mark.size, mark.stamp) == (found.size, found.stamp)
