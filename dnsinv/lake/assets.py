"""Domains and records by name, as actions that assign and annotate ask for them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from typing import TypeVar

import duckdb
import pyarrow as pa

from dnsinv.domain.records import RecordIdentity
from dnsinv.errors import LakeError
from dnsinv.lake.lake import Lake, one_file, partitions, sql, view
from dnsinv.lake.schemas import DNS_RECORDS, DOMAIN_HISTORY, DOMAINS, RECORD_LOG, ZONES

T = TypeVar("T")

Reached = dict[str, datetime]
"""Up to which observation of each account (as provider/account) something was done."""


@dataclass(frozen=True, slots=True)
class Modified:
    """A record that had another content from an observation on."""

    observed_at: datetime
    before: RecordIdentity
    after: RecordIdentity


def known_domains(lake: Lake, names: Collection[str]) -> set[str]:
    """Those of the names that are domains, current or removed."""
    given = pa.table({"name": pa.array(names, pa.string())})
    query = "select name from domains semi join given using (name)"
    return {name for (name,) in _asked(lake, _domains, query, given)}


def domain_names(lake: Lake) -> list[str]:
    """Every domain that was not removed, in order."""
    query = "select name from domains where removed_on is null order by name"
    return [name for (name,) in _asked(lake, _domains, query)]


def count_unowned(lake: Lake, owned: Sequence[str]) -> tuple[int, int]:
    """How many domains there are (without removed ones), and how many of them nobody owns."""
    given = pa.table({"name": pa.array(owned, pa.string())})
    [(total, unowned)] = _asked(lake, _domains, sql("count_unowned"), given)
    return int(total), int(unowned)


def known_records(
    lake: Lake, records: Sequence[RecordIdentity]
) -> dict[RecordIdentity, RecordIdentity]:
    """Those of the records that are there now, each with the domain that its zone belongs to."""
    found = _asked(lake, _records, sql("known_records"), _table(records))
    return {RecordIdentity(*row[:4]): RecordIdentity(row[4], *row[1:4]) for row in found}


def new_domains(lake: Lake, reached: Reached) -> tuple[list[str], Reached]:
    """Domains that no account held up to what was reached, in order; and what is reached now."""
    accounts = _reached(reached)
    now_reached = _asked(lake, _history, sql("new_domains_reached"), accounts)
    after = {account: at.astimezone(UTC) for account, at in now_reached}
    if all(account in reached and reached[account] >= at for account, at in after.items()):
        return [], reached
    names = [name for (name,) in _asked(lake, _history, sql("new_domains"), accounts)]
    return names, {**reached, **after}


def modified_records(lake: Lake, reached: Reached) -> tuple[list[Modified], Reached]:
    """What got another content since what was reached, oldest first; and what is reached now."""

    def logs(con: duckdb.DuckDBPyConnection, lake: Lake) -> None:
        folder = lake.layout.lake / "changes" / "records"
        paths = [
            path
            for path in sorted(folder.glob("provider=*/account=*/day=*/part-0.parquet"))
            if not _is_before(path.parent.name, reached.get(_account(path.parts)))
        ]
        view(con, "record_log", partitions(RECORD_LOG, paths))
        view(con, "zones", one_file(ZONES, lake.layout.current("zones")))

    rows = _asked(lake, logs, sql("modified_records"), _reached(reached))
    after = dict(reached)
    modified = []
    for account, observed_at, domain, name, type, before, content in rows:
        at = observed_at.astimezone(UTC)
        after[account] = max(at, after.get(account, at))
        if before is not None:
            identity = RecordIdentity(domain, name, type, before)
            modified.append(Modified(at, identity, RecordIdentity(domain, name, type, content)))
    return modified, after


def _domains(con: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    view(con, "domains", one_file(DOMAINS, lake.layout.current("domains")))


def _records(con: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    view(con, "dns_records", one_file(DNS_RECORDS, lake.layout.current("records")))


def _history(con: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    _domains(con, lake)
    view(con, "domain_history", one_file(DOMAIN_HISTORY, lake.layout.history("domains")))


def _asked(
    lake: Lake,
    prepare: Callable[[duckdb.DuckDBPyConnection, Lake], None],
    query: str,
    given: pa.Table | None = None,
) -> list[tuple]:  # type: ignore[type-arg]
    """Rows of a query over the views that it needs alone: making them all takes longer."""

    def ask() -> list[tuple]:  # type: ignore[type-arg]
        with lake.open() as con:
            prepare(con, lake)
            if given is not None:
                con.register("given", given)
            return con.execute(query).fetchall()

    try:
        return lake.stable(ask)
    except duckdb.Error as error:
        raise LakeError(f"The lake cannot be read: {error}") from error


def _table(records: Sequence[RecordIdentity]) -> pa.Table:
    columns = list(zip(*map(astuple, records), strict=True)) or [()] * 4
    return pa.table(
        {
            name: pa.array(column, pa.string())
            for name, column in zip(RecordIdentity.__slots__, columns, strict=True)
        }
    )


def _reached(reached: Mapping[str, datetime]) -> pa.Table:
    return pa.table(
        {
            "account": pa.array(reached.keys(), pa.string()),
            "reached_at": pa.array(reached.values(), pa.timestamp("us", tz="UTC")),
        }
    )


def _account(parts: tuple[str, ...]) -> str:
    provider, account = parts[-4].removeprefix("provider="), parts[-3].removeprefix("account=")
    return f"{provider}/{account}"


def _is_before(day: str, reached_at: datetime | None) -> bool:
    return reached_at is not None and day.removeprefix("day=") < reached_at.date().isoformat()
