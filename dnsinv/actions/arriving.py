"""Beginning the migrations of files that schedules have found."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from dnsinv.actions.installation import Installation
from dnsinv.actions.migrate import fail, find
from dnsinv.actions.migration_files import chosen_template
from dnsinv.actions.migration_request import File, Wishes, submit
from dnsinv.actions.migration_schedules import SCHEDULED, Arrival, arrivals, claim
from dnsinv.errors import Conflict, UsageError
from dnsinv.migration.schedules import SETTLE
from dnsinv.migration.templates import builtin
from dnsinv.migration.uploads import forget
from dnsinv.store.migrations import Migration

log = logging.getLogger(__name__)

OPTIONS = ("batch_size", "duplicates", "validate", "strict", "assign", "create_users")
"""What the options of a schedule may say of the migrations that it begins."""


def begin_arrivals(
    installation: Installation, at: datetime | None = None, *, settle: timedelta = SETTLE
) -> list[Migration]:
    """Begin a migration of every file that has come; those begun, `pending`.

    One that cannot be begun, such as a file that no template fits, is there as well, `failed`: so
    people see why, and the file is not looked at again before it changes.
    """
    begun = []
    for arrival in arrivals(installation, at, settle=settle):
        try:
            begun.append(_begin(installation, arrival))
        except Conflict as faster:
            forget(installation.lake.layout, arrival.upload.id)
            log.info("arrival left schedule=%d why=%s", arrival.schedule.id, faster)
    return begun


def wishes_of(options: Mapping[str, Any]) -> Wishes:
    """The options of a schedule as wishes.

    Raises:
        UsageError: there is no such option.
    """
    if unknown := sorted(set(options) - set(OPTIONS)):
        raise UsageError(
            f"A schedule has no option {unknown[0][:40]!r}; there are: {', '.join(OPTIONS)}."
        )
    return Wishes(**options)


def _begin(installation: Installation, arrival: Arrival) -> Migration:
    upload, schedule = arrival.upload, arrival.schedule
    source = f"schedule {schedule.id}"
    file = File(upload.path, upload.name, source, upload.bytes, upload.sha256)
    mark = partial(claim, arrival=arrival)
    try:
        how = chosen_template(installation, SCHEDULED, file, schedule.template).template
        return submit(installation, SCHEDULED, file, how, wishes_of(schedule.options), mark)
    except Conflict:
        raise
    except UsageError as why:
        failed = submit(installation, SCHEDULED, file, builtin()[-1], Wishes(), mark)
        forget(installation.lake.layout, upload.id)
        fail(installation, failed.number, str(why))
        return find(installation, failed.number)
