"""How the collections of each account went, counted: for health and metrics."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, extract, func, select

from dnsinv.store.collections import ENDED
from dnsinv.store.tables import accounts, collections

SUCCEEDED = ("completed", "partial")  # a listing was complete and was published


@dataclass(frozen=True, slots=True)
class Outcomes:
    """One account's collections.

    `seconds` and `requests` are of all that have ended, `last_seconds` of the last. `succeeded_at`
    is when the last one that published ended; `failing_since` when the first after it did that
    failed, None where none did.
    """

    account: str
    provider: str
    retired_at: datetime | None
    ended: Mapping[str, int]
    seconds: float
    requests: int
    last_state: str = ""
    last_at: datetime | None = None
    last_seconds: float = 0
    last_error: str = ""
    succeeded_at: datetime | None = None
    failing_since: datetime | None = None


def outcomes(db: Connection) -> list[Outcomes]:
    """Every account that was ever collected, in order of name."""
    known = db.execute(select(accounts).order_by(accounts.c.name)).mappings().all()
    return [_of(db, row["name"], row["provider"], row["retired_at"]) for row in known]


def _of(db: Connection, account: str, provider: str, retired_at: datetime | None) -> Outcomes:
    c = collections.c
    took = extract("epoch", c.finished_at) - extract("epoch", c.started_at)
    mine = (c.account == account) & c.state.in_(ENDED) & c.finished_at.is_not(None)
    counted = db.execute(
        select(c.state, func.count(), func.sum(took), func.sum(c.requests))
        .where(mine)
        .group_by(c.state)
    ).all()
    newest = select(c.state, c.finished_at, took.label("took"), c.errors).where(mine)
    last = db.execute(newest.order_by(c.finished_at.desc(), c.id.desc()).limit(1)).one_or_none()
    succeeded_at = db.execute(
        select(func.max(c.finished_at)).where(mine, c.state.in_(SUCCEEDED))
    ).scalar_one()
    failed = select(func.min(c.finished_at)).where(mine, c.state == "failed")
    if succeeded_at is not None:
        failed = failed.where(c.finished_at > succeeded_at)
    return Outcomes(
        account,
        provider,
        retired_at,
        {state: count for state, count, _, _ in counted},
        float(sum(seconds for _, _, seconds, _ in counted)),
        int(sum(requests for _, _, _, requests in counted)),
        last.state if last else "",
        last.finished_at if last else None,
        float(last.took) if last else 0.0,
        last.errors.partition("\n")[0] if last else "",
        succeeded_at,
        db.execute(failed).scalar_one(),
    )
