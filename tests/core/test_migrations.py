"""Migrations from file to inventory: what becomes of each row, whoever came first, and undone."""

import json
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest

from dnsinv.actions import migrate, migration_control, migration_request
from dnsinv.actions.annotate import annotate, annotation_of
from dnsinv.actions.assign import assign_domains, owners_of
from dnsinv.actions.backup import list_backups
from dnsinv.actions.collect import derive
from dnsinv.actions.groups import create_group
from dnsinv.actions.installation import Installation
from dnsinv.actions.people import create_user
from dnsinv.domain.migrations import Control, State
from dnsinv.errors import BadName, Conflict, NotThere, UsageError
from dnsinv.lake.integrity import problems
from dnsinv.migration.slices import Cancelled
from dnsinv.migration.templates import builtin, template
from dnsinv.store import migrations
from dnsinv.store.migrations import Migration
from tests.core.observed import Observed
from tests.core.stores import ROOT

Items = Sequence[Mapping[str, Any]]
DOMAINS = next(each for each in builtin() if each.id == "godaddy-domains")
RECORDS = next(each for each in builtin() if each.id == "dns-records")
ASSETS = next(each for each in builtin() if each.id == "organisation")
wait = threading.Event().wait


def imported(it: Installation, items: Items | str, how: Any = DOMAINS, **wishes: Any) -> Migration:
    """The migration of a file with these items, run to its end."""
    return migrate.run(it, submitted(it, items, how, **wishes).number, wait)


def submitted(it: Installation, items: Items | str, how: Any = DOMAINS, **wishes: Any) -> Migration:
    text = items if isinstance(items, str) else json.dumps(items)
    with it.store.read() as db:
        path = it.settings.data_path / f"file-{migrations.count(db)}.json"
    path.write_text(text)
    file = migration_request.File(path, path.name, "a test", len(text))
    return migration_request.submit(it, ROOT, file, how, migration_request.Wishes(**wishes))


def outcomes(it: Installation, migration: Migration) -> dict[str, int]:
    with it.store.read() as db:
        done = migrations.done(db, migration.number)
    assert done.committed == done.batches
    return {name: count for name, count in done.outcomes.items() if count}


def domains(it: Installation, columns: str = "name") -> list[tuple[Any, ...]]:
    return it.lake.query(f"select {columns} from domains order by name")


def test_the_legacy_example_imports_as_it_stands(installation: Installation) -> None:
    create_user(installation, ROOT, {"name": "admin"})
    create_group(installation, ROOT, "dns-team")
    example = [
        {
            "domain": "example.com",
            "status": "active",
            "discovery_date": "2024-01-01",
            "godaddy_status": "active",
            "cloudflare_status": "active",
        }
    ]

    done = imported(
        installation, example, duplicates="merge", assign=["admin", "dns-team"], validate=True
    )

    assert (done.state, outcomes(installation, done)) == (State.COMPLETED, {"new": 1})
    columns = "name, status, discovered_on::varchar, removed_on, sources"
    assert domains(installation, columns) == [
        ("example.com", "(active, active)", "2024-01-01", None, [f"import/{done.id}"])
    ]
    owned = owners_of(installation, ROOT, "example.com")
    assert [(each.owner.name, each.source, each.source_id) for each in owned] == [
        ("admin", "migration", done.id),
        ("dns-team", "migration", done.id),
    ]


OLD = {"domain": "a.example", "godaddy_status": "active", "discovery_date": "2024-03-01"}
NEW = {"domain": "A.example.", "cloudflare_status": "parked", "discovery_date": "2024-01-01"}


@pytest.mark.parametrize(
    ("strategy", "outcome", "expected"),
    [
        ("skip", "skipped", [("a.example", "(active, -)", "2024-03-01")]),
        ("replace", "replaced", [("a.example", "(-, parked)", "2024-01-01")]),
        ("merge", "merged", [("a.example", "(active, parked)", "2024-01-01")]),
        (
            "append",
            "appended",
            [
                ("a.example", "(active, -)", "2024-03-01"),
                ("a.example~2", "(-, parked)", "2024-01-01"),
            ],
        ),
    ],
)
def test_a_strategy_does_the_same_within_a_file_and_across_files(
    installation: Installation, strategy: str, outcome: str, expected: list[tuple[Any, ...]]
) -> None:
    columns = "name, status, discovered_on::varchar"
    together = imported(installation, [OLD, NEW], duplicates=strategy)

    assert outcomes(installation, together) == {"new": 1, outcome: 1}
    assert domains(installation, columns) == expected

    migration_control.undo(installation, ROOT, together.id)
    assert domains(installation) == []
    imported(installation, [OLD])
    later = imported(installation, [NEW], duplicates=strategy)

    assert outcomes(installation, later) == {outcome: 1}
    assert domains(installation, columns) == expected


def test_copies_are_numbered_and_no_record_or_query_by_base_name_takes_them_for_names(
    installation: Installation,
) -> None:
    imported(installation, [OLD, NEW, NEW], duplicates="append")

    rows = installation.lake.query("select name, unicode_name from domains order by name")
    assert [name for name, _ in rows] == ["a.example", "a.example~2", "a.example~3"]


def test_a_copy_has_owners_and_a_note_of_its_own(installation: Installation) -> None:
    imported(installation, [OLD, NEW], duplicates="append")
    create_group(installation, ROOT, "ops")

    assign_domains(installation, ROOT, ["A.Example~2"], ["ops"])
    annotate(installation, ROOT, "a.example~2", note="a copy")

    assert [each.owner.name for each in owners_of(installation, ROOT, "a.example~2")] == ["ops"]
    assert owners_of(installation, ROOT, "a.example") == []
    assert annotation_of(installation, ROOT, "a.example").note == ""
    for wrong in ("a.example~1", "a.example~02", "~2", "a.example~2~3", "a.example~b"):
        with pytest.raises(BadName):
            assign_domains(installation, ROOT, [wrong], ["ops"])
    with pytest.raises(NotThere):
        assign_domains(installation, ROOT, ["a.example~3"], ["ops"])


def test_migrations_with_the_same_keys_settle_in_the_order_of_their_ids(
    installation: Installation,
) -> None:
    first = submitted(installation, [OLD | {"expiration_date": "2030-01-01"}], duplicates="skip")
    second = submitted(installation, [NEW], duplicates="skip")

    migrate.run(installation, second.number, wait)
    migrate.run(installation, first.number, wait)

    assert domains(installation, "name, godaddy_status") == [("a.example", "active")]
    migration_control.undo(installation, ROOT, first.id)
    assert domains(installation, "name, cloudflare_status") == [("a.example", "parked")]


def test_a_copy_is_beside_what_came_before_it_whatever_was_there_when_it_began(
    installation: Installation,
) -> None:
    first = submitted(installation, [OLD], duplicates="append")
    second = submitted(installation, [NEW], duplicates="merge")

    migrate.run(installation, second.number, wait)
    last = migrate.run(installation, first.number, wait)

    assert outcomes(installation, last) == {"appended": 1}
    assert domains(installation, "name, status") == [("a.example", "(active, parked)")]


@pytest.mark.parametrize(("strategy", "ttl"), [("merge", 3600), ("replace", 300), ("skip", 3600)])
def test_what_one_item_says_twice_follows_the_strategy_in_its_order(
    installation: Installation, strategy: str, ttl: int
) -> None:
    www = {"subdomain": "www", "type": "A", "data": "192.0.2.1"}
    records = [www | {"ttl": 3600}, www | {"ttl": 60}, www | {"ttl": 300}]

    imported(
        installation, [{"domain": "a.example", "records": records}], ASSETS, duplicates=strategy
    )

    assert installation.lake.query("select ttl from dns_records") == [(ttl,)]


def test_a_damaged_file_of_an_import_is_told(installation: Installation) -> None:
    done = imported(installation, [OLD])
    assert not list(problems(installation.lake))

    path = installation.lake.layout.imported("domains", done.id, 0)
    path.write_bytes(path.read_bytes()[:-9])

    (problem,) = problems(installation.lake)
    assert problem.code == "damaged_file"
    assert str(path) in problem.text


def test_what_a_provider_observes_stays_and_a_file_fills_in_the_rest(
    installation: Installation,
) -> None:
    world = Observed(installation)
    world.observe_names("a.example")
    before = domains(installation, "status, auto_renew, first_seen_at")

    item = {
        "domain": "a.example",
        "godaddy_status": "expired",
        "discovery_date": "2019-05-05",
        "team": "web",
    }
    done = imported(installation, [item], duplicates="replace")

    assert outcomes(installation, done) == {"replaced": 1}
    assert domains(installation, "status, auto_renew, first_seen_at") == before
    assert domains(installation, "discovered_on::varchar, attributes->>'team'") == [
        ("2019-05-05", "web")
    ]
    (sources,) = domains(installation, "sources")
    assert sources[0][-1] == f"import/{done.id}"
    existed = installation.lake.query("select existed, outcome from imported_domains")
    assert existed == [("godaddy", "replaced")]
    assert done.restore_point
    assert [each.path.name for each in list_backups(installation, ROOT)] == [done.restore_point]


def test_a_domain_that_its_provider_lost_stays_removed_whatever_a_file_says(
    installation: Installation,
) -> None:
    world = Observed(installation)
    world.observe_names("a.example", "b.example", "c.example", "d.example")
    world.observe_names("b.example", "c.example", "d.example")
    ((removed,),) = installation.lake.query(
        "select removed_on from domains where name = 'a.example'"
    )
    assert removed is not None

    imported(installation, [OLD])

    assert installation.lake.query(
        "select removed_on, status from domains where name = 'a.example'"
    ) == [(removed, "(-, -)")]


def test_records_of_a_zone_that_a_provider_serves_are_known_to_the_last(
    installation: Installation,
) -> None:
    world = Observed(installation)
    world.observe_names("a.example")
    before = installation.lake.query("from dns_records order by all")
    rows = [
        {"domain": "a.example", "subdomain": "stale", "type": "A", "data": "192.0.2.77"},
        {"domain": "b.example", "subdomain": "www", "type": "A", "data": "192.0.2.1", "ttl": 60},
        {"domain": "b.example", "subdomain": "@", "type": "MX", "data": "10 mail.b.example."},
    ]

    done = imported(installation, rows, RECORDS)

    assert outcomes(installation, done) == {"new": 2, "skipped": 1}
    found = installation.lake.query(
        "select name, type, content, ttl, priority, provider, account, domain "
        "from dns_records where zone = 'b.example' order by name"
    )
    assert found == [
        ("b.example", "MX", "mail.b.example", None, 10, "import", done.id, "b.example"),
        ("www.b.example", "A", "192.0.2.1", 60, None, "import", done.id, "b.example"),
    ]
    kept = "from dns_records where zone = 'a.example' order by all"
    assert installation.lake.query(kept) == before
    ((count, sources),) = installation.lake.query(
        "select record_count, sources from domains where name = 'b.example'"
    )
    assert (count, sources) == (2, [f"import/{done.id}"])


def test_a_collection_keeps_what_was_imported(installation: Installation) -> None:
    imported(installation, [OLD, {"domain": "c.example", "status": "active"}])
    world = Observed(installation)
    world.observe_names("a.example")
    derive(installation)

    names = [name for (name,) in domains(installation)]
    assert names == ["a.example", "c.example"]
    assert domains(installation, "discovered_on::varchar")[0] == ("2024-03-01",)


def test_bad_items_are_told_and_never_stop_good_ones(installation: Installation) -> None:
    items = [OLD, {"domain": "not a name"}, {"status": "active"}, {"domain": "z.example"}]

    done = imported(installation, items)

    assert (done.state, done.items, done.invalid) == (State.COMPLETED_WITH_ERRORS, 4, 2)
    assert [name for (name,) in domains(installation)] == ["a.example", "z.example"]
    errors = installation.lake.query(
        "select migration, item, field, code from migration_errors where not is_warning order by item"
    )
    assert errors == [(done.id, 2, "domain", "bad_name"), (done.id, 3, "domain", "missing")]


def test_strict_takes_all_items_or_none(installation: Installation) -> None:
    done = imported(installation, [OLD, {"domain": "not a name"}], strict=True)

    assert (done.state, domains(installation)) == (State.FAILED, [])
    assert "item 2" in done.message
    assert installation.lake.query("select item from migration_errors where not is_warning") == [
        (2,)
    ]


def test_a_file_that_is_broken_is_refused_whole(installation: Installation) -> None:
    done = imported(installation, '[{"domain": "a.example"},\n {"domain": ]')

    assert (done.state, domains(installation)) == (State.FAILED, [])
    assert "line 2" in done.message
    assert "file-0.json" in done.message
    assert not list(installation.lake.layout.migration(done.id).glob("*"))


def test_a_pause_holds_before_the_next_batch_and_a_resume_goes_on(
    installation: Installation,
) -> None:
    items = [{"domain": f"d{number:03}.example", "status": "active"} for number in range(100)]
    number = submitted(installation, items, batch_size=10).number
    seen: list[tuple[str, int]] = []

    def look(seconds: float) -> None:
        """Called with more than 0 while it is paused: resume it at the second look."""
        if not seconds:
            return
        found = migrate.find(installation, number)
        with installation.store.read() as db:
            seen.append((found.state, migrations.done(db, number).committed))
        if len(seen) == 2:
            migration_control.control(installation, ROOT, found.id, Control.RESUME)

    migrate.stage(installation, number, look)
    migration_control.control(
        installation, ROOT, migrate.find(installation, number).id, Control.PAUSE
    )
    done = migrate.run(installation, number, look)

    assert seen == [(State.PAUSED, 0)] * 2
    assert done.state is State.COMPLETED
    assert len(domains(installation)) == 100


def test_a_cancel_keeps_what_was_committed_and_a_resume_finishes(
    installation: Installation,
) -> None:
    items = [{"domain": f"d{number:03}.example", "status": "active"} for number in range(100)]
    made = submitted(installation, items, batch_size=10)
    migrate.stage(installation, made.number, wait)
    with installation.store.begin() as db:
        for batch in (1, 2, 3):
            migrations.commit(db, made.number, batch, made.created_at)

    cancelled = migration_control.control(installation, ROOT, made.id, Control.CANCEL)

    assert cancelled.state is State.CANCELLED
    assert len(domains(installation)) == 30
    migration_control.control(installation, ROOT, made.id, Control.RESUME)
    assert migrate.run(installation, made.number, wait).state is State.COMPLETED
    assert len(domains(installation)) == 100


def test_undo_takes_back_rows_and_assignments_and_says_so(installation: Installation) -> None:
    create_user(installation, ROOT, {"name": "ada"})
    keep = imported(installation, [{"domain": "keep.example", "status": "active"}])
    gone = imported(installation, [OLD], assign=["ada"])

    undone = migration_control.undo(installation, ROOT, gone.id)

    assert undone.undone_in is not None
    assert domains(installation, "name, sources") == [("keep.example", [f"import/{keep.id}"])]
    assert owners_of(installation, ROOT, "a.example") == []
    assert list_backups(installation, ROOT)
    again = migration_control.undo(installation, ROOT, gone.id)
    assert again.undone_in == undone.undone_in
    with pytest.raises(Conflict, match="undone"):
        migration_control.control(installation, ROOT, gone.id, Control.RESUME)


def test_an_undo_waits_for_a_worker_that_was_told_to_end_so_that_nothing_comes_back(
    installation: Installation,
) -> None:
    migration = submitted(
        installation, [{"domain": f"d{n}.example"} for n in range(30)], batch_size=10
    )
    migrate.stage(installation, migration.number, wait)
    looks, is_there, may_go_on = count(), threading.Event(), threading.Event()

    def stop_at_the_second(seconds: float) -> None:
        if next(looks) == 1:
            is_there.set()
            assert may_go_on.wait(30)

    with ThreadPoolExecutor(2) as pool:
        worker = pool.submit(migrate.commit, installation, migration.number, 0, stop_at_the_second)
        assert is_there.wait(30)
        migration_control.control(installation, ROOT, migration.id, Control.CANCEL)
        undoing = pool.submit(migration_control.undo, installation, ROOT, migration.id)
        may_go_on.set()
        undone = undoing.result()
        assert isinstance(worker.exception(), Cancelled)

    assert undone.undone_in is not None
    assert domains(installation) == []
    assert installation.lake.query("from imported_domains") == []


def test_owners_come_from_a_field_and_are_made_where_asked(installation: Installation) -> None:
    create_user(installation, ROOT, {"name": "ada", "email": "ada@example.com"})
    how = template(
        {
            "id": "owned",
            "name": "Owned",
            "domains": {"columns": {"name": "domain", "owners": "contact"}},
        }
    )
    items = [
        {"domain": "a.example", "contact": "ada@example.com"},
        {"domain": "b.example", "contact": "new@example.com"},
    ]

    warned = imported(installation, items, how)

    assert (warned.state, warned.warnings) == (State.COMPLETED, 1)
    assert [each.owner.name for each in owners_of(installation, ROOT, "a.example")] == ["ada"]
    assert owners_of(installation, ROOT, "b.example") == []
    made = imported(installation, items, how, duplicates="merge", create_users=True)
    assert made.warnings == 0
    (owned,) = owners_of(installation, ROOT, "b.example")
    assert (owned.owner.name, owned.source_id) == ("new at example.com", made.id)


def test_domains_that_no_account_holds_are_told_where_that_is_asked(
    installation: Installation,
) -> None:
    world = Observed(installation)
    world.observe_names("a.example")
    items = [OLD, OLD, {"domain": "mine.example"}, {"domain": "mine.example"}]

    asked = imported(installation, items, validate=True)

    assert (asked.state, asked.invalid, asked.warnings) == (State.COMPLETED, 0, 1)
    told = "select item, code, value, is_warning from migration_errors"
    assert installation.lake.query(told) == [(3, "not_held", "mine.example", True)]


@pytest.mark.parametrize(
    ("wishes", "says"),
    [
        ({"batch_size": 9}, "10 to 1000"),
        ({"batch_size": 1001}, "10 to 1000"),
        ({"duplicates": "overwrite"}, "skip, replace, merge, append"),
        ({"assign": ["nobody"]}, "no user or group 'nobody'"),
    ],
)
def test_a_wish_that_is_none_is_refused_before_anything_is_written(
    installation: Installation, wishes: dict[str, Any], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        submitted(installation, [OLD], **wishes)
    with installation.store.read() as db:
        assert migrations.count(db) == 0


def test_a_migration_that_is_not_there_is_told(installation: Installation) -> None:
    for reference in ("m000001", "1", "m1", "m000001 ", "../m000001", ""):
        with pytest.raises(NotThere):
            migration_control.control(installation, ROOT, reference, Control.PAUSE)
