"""Real accounts through the sandbox: the lake shows exactly what the files hold, day after day.

`make test` takes two days in a row and the domains that change between them with a seeded share of
the others; `make verify` takes every day and domain.
"""

from collections.abc import Sequence, Set
from datetime import UTC, date, datetime, time
from itertools import pairwise
from pathlib import Path

import pytest

from tests.truth.files import DOTGOV, MOJ_DNS, DataSet, Difference, Row, needs_data
from tests.truth.files import domain_differences as file_domain_differences
from tests.truth.replay import (
    GODADDY,
    GODADDY_V1,
    SPLIT,
    Extent,
    Replay,
    Setup,
    everything,
    expected,
    host_of,
    replay,
    some_of,
)

pytestmark = needs_data

ROW = "zone, name, type, content, ttl, priority"
SIDE = "zone, name, type, {side}.content, {side}.ttl, {side}.priority"
EVENING = time(23, tzinfo=UTC)

files = pytest.mark.parametrize("files", [DOTGOV, MOJ_DNS], ids=lambda files: files.name)
setups = pytest.mark.parametrize("setup", [GODADDY, SPLIT], ids=lambda setup: setup.name)


@files
@setups
def test_two_days_of_real_zones_are_what_the_files_hold(
    files: DataSet, setup: Setup, tmp_path: Path
) -> None:
    check(some_of(files), setup, tmp_path)


@files
def test_the_first_api_of_godaddy_tells_the_same(files: DataSet, tmp_path: Path) -> None:
    check(some_of(files), GODADDY_V1, tmp_path)


@pytest.mark.verify
@files
@setups
def test_all_days_of_real_zones_are_what_the_files_hold(
    files: DataSet, setup: Setup, tmp_path: Path
) -> None:
    check(everything(files), setup, tmp_path)


@pytest.mark.verify
@files
def test_the_first_api_of_godaddy_tells_the_same_of_all_days(
    files: DataSet, tmp_path: Path
) -> None:
    check(everything(files), GODADDY_V1, tmp_path)


@pytest.mark.verify
def test_the_files_hold_what_the_acceptance_names() -> None:
    last = DOTGOV.day(date(2026, 8, 22))
    assert (len(last.domains), len(last.rows) + last.nowhere) == (16_539, 47_807)
    assert len(MOJ_DNS.day(date(2026, 8, 5)).domains) == 405


def check(extent: Extent, setup: Setup, root: Path) -> None:
    """Collect, then hold every dataset against the files."""
    done = replay(extent, setup, root)
    print(f"collected again because the guard held: {done.second_times}")  # noqa: T201
    check_domains(done, extent, setup)
    check_current_records(done, extent, setup)
    for day in extent.days:
        check_as_of(done, extent, setup, day)
    for pair in pairwise(extent.days):
        check_record_changes(done, extent, setup, pair)
        if extent.files is DOTGOV:
            check_domain_changes(done, extent, pair)
    if setup.accounts == ("godaddy",):
        differences = extent.files.differences()
        for before, after in pairwise(extent.days):
            check_expected_difference(done, extent, (before, after), differences[before, after])


def check_domains(done: Replay, extent: Extent, setup: Setup) -> None:
    """`domains`: the names, who serves each, and how many records; what left has its last day."""
    truth = extent.truth(extent.days[-1])
    counts = dict.fromkeys(truth.domains, 0)
    for rows in expected(truth, setup).values():
        for row in rows:
            counts[row.zone] += 1
    found = done.sql(
        "select name, status, record_count - (select count(*) from dns_records r "
        "where r.domain = d.name and r.type = 'SOA') from domains d where removed_on is null"
    )
    wanted = {
        (name, f"(active, {'active' if host_of(name, setup) == 'cloudflare' else '-'})", count)
        for name, count in counts.items()
    }
    assert not differing(found, wanted)
    ever = frozenset().union(*(extent.truth(day).domains for day in extent.days))
    left = {name for (name,) in done.sql("select name from domains where removed_on is not null")}
    assert left == ever - truth.domains


def check_current_records(done: Replay, extent: Extent, setup: Setup) -> None:
    """`dns_records` is the last day's set."""
    found = done.rows(f"select account, {ROW} from dns_records where type <> 'SOA'")
    for account, rows in expected(extent.truth(extent.days[-1]), setup).items():
        assert not differing(found.get(account, []), rows)


def check_as_of(done: Replay, extent: Extent, setup: Setup, day: date) -> None:
    """`record_snapshots` and `record_history` have that day's set."""
    truth = expected(extent.truth(day), setup)
    evening = datetime.combine(day, EVENING)
    snapshot = done.rows(
        f"select account, {ROW} from record_snapshots where day = ? and type <> 'SOA'", day
    )
    history = done.rows(
        f"select account, {ROW} from record_history where type <> 'SOA' "
        "and valid_from <= $1 and (valid_to is null or valid_to > $1)",
        evening,
    )
    for account, rows in truth.items():
        assert not differing(snapshot.get(account, []), rows), day
        assert not differing(history.get(account, []), rows), day


def check_record_changes(
    done: Replay, extent: Extent, setup: Setup, pair: tuple[date, date]
) -> None:
    """`record_changes`: each value gone and each value new, once, and nothing else."""
    before, after = (expected(extent.truth(day), setup) for day in pair)
    for side, was, is_now in (("before", before, after), ("after", after, before)):
        found = changed_rows(done, pair, side)
        for account, rows in was.items():
            assert not differing(found.get(account, []), rows - is_now[account]), (pair, side)


def changed_rows(done: Replay, pair: tuple[date, date], side: str) -> dict[str, list[Row]]:
    """One side of a period's changes."""
    start, end = (datetime.combine(day, EVENING) for day in pair)
    return done.rows(
        f"select account, {SIDE.format(side=side)} from record_changes "
        f"where observed_at > ? and observed_at <= ? and {side} is not null and type <> 'SOA'",
        start,
        end,
    )


def check_domain_changes(done: Replay, extent: Extent, pair: tuple[date, date]) -> None:
    """`domain_changes` at GoDaddy: added and removed as expected-diff says, modified with the NS."""
    start, end = (datetime.combine(day, EVENING) for day in pair)
    found = done.sql(
        "select change, name from domain_changes where provider = 'godaddy' "
        "and observed_at > ? and observed_at <= ?",
        start,
        end,
    )
    added, removed = file_domain_differences("full-sampled")[pair]
    servers = [name_servers(extent, day) for day in pair]
    stayed = extent.truth(pair[0]).domains & extent.truth(pair[1]).domains
    modified = {name for name in stayed if servers[0].get(name) != servers[1].get(name)}
    assert not differing(
        found,
        {
            *(("added", name) for name in added & extent.names),
            *(("removed", name) for name in removed & extent.names),
            *(("modified", name) for name in modified),
        },
    )


def name_servers(extent: Extent, day: date) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in extent.truth(day).rows:
        if row.type == "NS" and row.name == row.zone:
            found.setdefault(row.zone, set()).add(row.content)
    return found


def check_expected_difference(
    done: Replay, extent: Extent, pair: tuple[date, date], difference: Difference
) -> None:
    """The change rows, by record set, are those of expected-diff.

    Sets added and removed are the same in both. Every set that changed is in the file, and each
    that the file has besides differs in bytes only: its two values are equal in canonical form.
    """
    key = extent.files.key
    gone, come = (
        {key(row) for rows in changed_rows(done, pair, side).values() for row in rows}
        for side in ("before", "after")
    )
    was, is_now = (extent.files.sets(extent.truth(day).rows) for day in pair)
    touched = gone | come
    names = was.keys() | is_now.keys()
    assert {k for k in touched if k not in was} == difference.added & names
    assert {k for k in touched if k not in is_now} == difference.removed & names
    changed = {k for k in touched if k in was and k in is_now}
    in_file = difference.changed.keys() & names
    assert changed <= in_file
    for each in in_file - changed:
        before, after = difference.changed[each]
        assert before == after, each
    for each in changed:
        assert difference.changed[each] == (was[each], is_now[each])


def differing(found: Sequence[tuple[object, ...]], wanted: Set[tuple[object, ...]]) -> str:
    """How the rows differ from that set, each once; "" where they do not."""
    rows = set(found)
    lacking, surplus = wanted - rows, rows - wanted
    doubled = len(found) - len(rows)
    if not (lacking or surplus or doubled):
        return ""
    return (
        f"lacking {len(lacking)}, such as {sorted(map(str, lacking))[:3]}; "
        f"surplus {len(surplus)}, such as {sorted(map(str, surplus))[:3]}; doubled {doubled}"
    )
