"""Which account is to be collected now, and why the others are not."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from dnsinv.settings import Account
from dnsinv_pipelines.facts import spoken
from dnsinv_pipelines.locks import is_collecting

if TYPE_CHECKING:
    from dnsinv.actions.installation import Installation

REST = timedelta(minutes=5)  # after a run that failed, so that a lasting fault does not spin
BOOT = timedelta(minutes=1)  # after a start of the services: until Dagster has retried dead runs
RECENT = 200  # collections of an account to find the last full one among, single zones included


@dataclass(frozen=True, slots=True)
class LastRun:
    """The last Dagster run that collected an account."""

    ended_at: datetime
    is_failed: bool = False
    is_canceled: bool = False
    is_to_be_retried: bool = False
    """By Dagster itself, because its process died; not done yet."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an account is due, and a sentence that says why."""

    is_due: bool
    text: str


def interval(opened: "Installation") -> timedelta:
    """The collection interval as it is set now."""
    from dnsinv.store import settings

    with opened.store.begin() as db:
        minutes = settings.number(
            db, settings.INTERVAL_MINUTES, opened.settings.data_collection_interval
        )
    return timedelta(minutes=minutes)


def accounts_in_use(opened: "Installation") -> list[Account]:
    """Accounts that have a credential and are not retired, in order of name."""
    from dnsinv.store.accounts import retired_accounts

    with opened.store.begin() as db:
        retired = retired_accounts(db)
    return [a for a in opened.accounts if not a.problem and a.name not in retired]


def verdicts(
    opened: "Installation",
    busy: Mapping[str, str],
    last_runs: Mapping[str, LastRun],
    at: datetime,
) -> dict[str, Verdict]:
    """For every configured account whether it is due.

    Args:
        busy: accounts that a Dagster run is to collect or collects, and that run's status.
        last_runs: the last ended Dagster run of each account.
    """
    in_use = {account.name for account in accounts_in_use(opened)}
    found = {}
    for account in opened.accounts:
        name = account.name
        if account.problem:
            found[name] = Verdict(False, f"{name} cannot be used: {account.problem}.")
        elif name not in in_use:
            found[name] = Verdict(False, f"{name} is retired.")
        elif name in busy:
            found[name] = Verdict(False, f"{name} has a run already ({busy[name]}).")
        else:
            found[name] = _verdict(opened, name, last_runs.get(name), at)
    return found


def _verdict(opened: "Installation", name: str, last_run: LastRun | None, at: datetime) -> Verdict:
    from dnsinv.store import collections

    every = interval(opened)
    with opened.store.begin() as db:
        running = collections.running(db, name)
        recent = collections.latest(db, name, RECENT)
    if running is not None and is_collecting(opened.lake.layout.locks, name):
        return Verdict(False, f"{name} is being collected since {_clock(running.started_at)}.")
    full = next((each for each in recent if each.scope == "full"), None)
    rest_until = _rest_until(opened, last_run, every) or at
    if full is None:
        due_at, why = rest_until, f"{name} was never collected in full."
    elif running is not None and not (last_run is not None and last_run.is_canceled):
        due_at, why = rest_until, f"The collection of {name} was cut off and goes on."
    else:
        due_at = max(full.started_at + every, rest_until)
        why = (
            f"{name} was collected last at {_clock(full.started_at)}, "
            f"every {spoken(every.total_seconds())}."
        )
    if at >= due_at:
        return Verdict(True, why)
    left = spoken((due_at - at).total_seconds())
    return Verdict(False, f"{name} is collected in {left}: {why}")


def _rest_until(
    opened: "Installation", last_run: LastRun | None, every: timedelta
) -> datetime | None:
    """Until when an account is left alone after a run that failed."""
    if last_run is None or not last_run.is_failed:
        return None
    rested = last_run.ended_at + min(every, REST)
    home = opened.settings.dagster_home / "dagster.yaml"  # put there anew at every start
    if not last_run.is_to_be_retried or not home.exists():
        return rested
    return max(rested, datetime.fromtimestamp(home.stat().st_mtime, UTC) + BOOT)


def _clock(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
