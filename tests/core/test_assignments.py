"""Who owns what, on SQLite and Postgres: in bulk, inherited, following what becomes of records."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from dnsinv.actions.acting import Actor, NotAllowed
from dnsinv.actions.assign import Assigned, Mode, assign_domains, assign_records, owners_of
from dnsinv.actions.backup import BULK, list_backups
from dnsinv.actions.collect import carry_on
from dnsinv.actions.explain import activity, explain
from dnsinv.actions.groups import add_members, create_group
from dnsinv.actions.installation import Installation
from dnsinv.actions.people import create_user, remove_user
from dnsinv.actions.workload import workload
from dnsinv.domain.permission import Right
from dnsinv.domain.records import RecordIdentity
from dnsinv.errors import BadName, NotThere, UsageError
from dnsinv.lake.fold import fold_all
from dnsinv.store import assignments, audit
from dnsinv.store.assignments import Origin
from dnsinv.store.owners import owner
from tests.core.observed import Observed
from tests.core.scripted import a_record
from tests.core.stores import ROOT


@pytest.fixture
def observed(installation: Installation) -> Observed:
    """Three domains, the users ada and grace, the group ops with grace in it."""
    for name in ("ada", "grace"):
        create_user(installation, ROOT, {"name": name, "email": f"{name}@example.com"})
    create_group(installation, ROOT, "ops")
    add_members(installation, ROOT, "ops", ["grace"])
    world = Observed(installation)
    world.observe_names("a.example", "b.example", "c.example")
    return world


def owners(installation: Installation, domain: str) -> list[str]:
    return [
        f"{each.record.content if each.record else ''} {each.owner.name}".strip()
        for each in owners_of(installation, ROOT, domain)
    ]


def www(domain: str, address: str) -> RecordIdentity:
    return RecordIdentity(domain, f"www.{domain}", "A", address)


def test_owners_are_added_replaced_and_removed(observed: Observed) -> None:
    it = observed.installation
    both = ["A.Example.", "b.example", "a.example"]
    assert assign_domains(it, ROOT, both, ["ada", "group:ops"]) == Assigned(2, 4, 0, 0)
    assert assign_domains(it, ROOT, both, ["Ada@Example.com"]) == Assigned(2, 0, 0, 2)
    assert owners(it, "a.example") == ["ada", "ops"]
    replaced = assign_domains(it, ROOT, ["a.example"], ["grace", "ops"], Mode.REPLACE)
    assert replaced == Assigned(1, 1, 1, 1)
    assert owners(it, "a.example") == ["grace", "ops"]
    removed = assign_domains(it, ROOT, both, ["grace", "ada"], Mode.REMOVE)
    assert removed == Assigned(2, 0, 2, 2)
    assert assign_domains(it, ROOT, ["b.example"], [], Mode.REPLACE) == Assigned(1, 0, 1, 0)
    assert (owners(it, "a.example"), owners(it, "b.example")) == (["ops"], [])


@pytest.mark.parametrize(
    ("domains", "references", "error", "says"),
    [
        (["a.example", "nowhere.example"], ["ada"], NotThere, "nowhere.example"),
        (["a b"], ["ada"], BadName, "not a DNS name"),
        (["a.example"], ["nobody"], UsageError, "no user or group 'nobody'"),
        (["a.example"], ["group:ada"], UsageError, "no group 'ada'"),
        (["a.example"], ["twin"], UsageError, "user:twin or group:twin"),
        (["a.example"], ["team:ops"], UsageError, "group:NAME"),
        (["a.example"], ["\ud800\x00"], UsageError, "no user or group"),
        (["a.example"], [], UsageError, "at least one owner"),
    ],
)
def test_what_cannot_be_assigned_is_told_and_nothing_is_done(
    observed: Observed, domains: list[str], references: list[str], error: type[Exception], says: str
) -> None:
    it = observed.installation
    create_user(it, ROOT, {"name": "twin"})
    create_group(it, ROOT, "twin")
    with pytest.raises(error, match=says):
        assign_domains(it, ROOT, domains, references)
    assert owners(it, "a.example") == []
    assign_domains(it, ROOT, ["a.example"], ["user:twin", "group:twin"])


def test_who_assigned_what_and_when_is_known(observed: Observed) -> None:
    it = observed.installation
    editor = create_user(it, ROOT, {"name": "Ed", "role": "editor"})
    actor = Actor("Ed", "api", editor.id)
    assign_domains(it, actor, ["a.example"], ["ada"])
    [owned] = owners_of(it, ROOT, "a.example")
    with it.store.read() as db:
        [entry] = [each for each in audit.entries(db) if each.seq == owned.assigned_in]
    assert (entry.actor, entry.action, entry.subject, entry.at) == (
        "Ed", "asset.assign", "a.example", owned.assigned_at
    )  # fmt: skip
    assert [each.action for each in activity(it, actor, editor.id)] == ["asset.assign"]
    assert owned.source == "manual"


def test_a_viewer_may_not_assign_not_even_what_they_own(observed: Observed) -> None:
    it = observed.installation
    viewer = create_user(it, ROOT, {"name": "Vi"})
    assign_domains(it, ROOT, ["a.example"], ["Vi"])
    with pytest.raises(NotAllowed, match="viewer does not allow Vi to assign"):
        assign_domains(it, Actor("Vi", "api", viewer.id), ["a.example", "nowhere.example"], ["Vi"])


def test_records_have_the_owners_of_their_domain_unless_they_have_their_own(
    observed: Observed,
) -> None:
    it = observed.installation
    record = www("a.example", "192.0.2.1")
    assign_domains(it, ROOT, ["a.example"], ["group:ops"])
    inherited = explain(it, ROOT, "grace", "a.example", record)
    assert ([owner.name for owner in inherited.owners], inherited.is_inherited) == (["ops"], True)
    annotate = {grounds.right: grounds for grounds in inherited.grounds}[Right.ANNOTATE]
    assert annotate.is_granted
    assert annotate.reason == "grace owns it through the group ops, which owns a.example."

    assert assign_records(it, ROOT, [record], ["ada"]) == Assigned(1, 1, 0, 0)
    own = explain(it, ROOT, "grace", "a.example", record)
    assert ([owner.name for owner in own.owners], own.is_inherited) == (["ada"], False)
    assert not {grounds.right: grounds for grounds in own.grounds}[Right.ANNOTATE].is_granted
    assert owners(it, "a.example") == ["ops", "192.0.2.1 ada"]
    with pytest.raises(NotThere, match=r"www\.a\.example A 192\.0\.2\.9"):
        assign_records(it, ROOT, [www("a.example", "192.0.2.9")], ["ada"])


def test_owners_follow_a_record_to_its_new_content(observed: Observed) -> None:
    it = observed.installation
    assign_records(it, ROOT, [www("a.example", "192.0.2.1")], ["ada", "ops"])
    zones = {
        name: [a_record(name, "www", "192.0.2.1")]
        for name in ("a.example", "b.example", "c.example")
    }
    for address in ("192.0.2.2", "192.0.2.3"):
        zones["a.example"] = [a_record("a.example", "www", address)]
        observed.observe(zones)
    assert owners(it, "a.example") == ["192.0.2.3 ada", "192.0.2.3 ops"]
    with it.store.read() as db:
        before = audit.last_seq(db)
    observed.observe(zones)
    with it.store.read() as db:
        assert audit.last_seq(db) == before  # nothing was to follow
    # What a person decides afterwards stands, although the lake tells of the change for ever.
    assign_records(it, ROOT, [www("a.example", "192.0.2.3")], ["ada"], Mode.REMOVE)
    observed.observe(zones)
    assert owners(it, "a.example") == ["192.0.2.3 ops"]


def test_owners_of_contents_that_are_exchanged_are_exchanged(installation: Installation) -> None:
    for name in ("ada", "grace"):
        create_user(installation, ROOT, {"name": name})
    world = Observed(installation)

    def cloud(first: str, second: str) -> dict[str, Any]:
        records = [("r1", first), ("r2", second)]
        return {"x.example": [a_record("x.example", "www", c, record_id=i) for i, c in records]}

    world.observe(cloud("192.0.2.1", "192.0.2.2"), "cf-1", "cloudflare")
    assign_records(installation, ROOT, [www("x.example", "192.0.2.1")], ["ada"])
    assign_records(installation, ROOT, [www("x.example", "192.0.2.2")], ["grace"])
    world.observe(cloud("192.0.2.2", "192.0.2.1"), "cf-1", "cloudflare")
    assert sorted(owners(installation, "x.example")) == ["192.0.2.1 grace", "192.0.2.2 ada"]


def test_two_who_derive_at_once_do_not_follow_the_same_changes_twice(
    installation: Installation,
) -> None:
    for name in ("ada", "grace"):
        create_user(installation, ROOT, {"name": name})
    world = Observed(installation)
    names = [f"x{number}.example" for number in range(5)]

    def clouds(*contents: str) -> dict[str, Any]:
        return {
            name: [a_record(name, "www", c, record_id=f"{n}") for n, c in enumerate(contents)]
            for name in names
        }

    world.observe(clouds("192.0.2.1", "192.0.2.2"), "cf-1", "cloudflare")
    assign_records(installation, ROOT, [www(name, "192.0.2.1") for name in names], ["ada"])
    assign_records(installation, ROOT, [www(name, "192.0.2.2") for name in names], ["grace"])
    world.see(clouds("192.0.2.2", "192.0.2.1"), "cf-1", "cloudflare")
    fold_all(installation.lake, {})
    together = threading.Barrier(2)

    def derive() -> None:
        together.wait()
        carry_on(installation)

    with ThreadPoolExecutor(2) as pool:
        for each in [pool.submit(derive) for _ in range(2)]:
            each.result()
    for name in names:
        assert sorted(owners(installation, name)) == ["192.0.2.1 grace", "192.0.2.2 ada"]


def test_owners_stay_where_another_account_still_serves_the_record(observed: Observed) -> None:
    it = observed.installation
    observed.observe(
        {"a.example": [a_record("a.example", "www", "192.0.2.1")]}, "cf-1", "cloudflare"
    )
    assign_records(it, ROOT, [www("a.example", "192.0.2.1")], ["ada"])
    observed.observe(
        {"a.example": [a_record("a.example", "www", "192.0.2.7")]}, "cf-1", "cloudflare"
    )
    assert sorted(owners(it, "a.example")) == ["192.0.2.1 ada", "192.0.2.7 ada"]


def test_the_workload_counts_everybody_and_what_nobody_owns(observed: Observed) -> None:
    it = observed.installation
    assign_domains(it, ROOT, ["a.example", "b.example"], ["ops", "ada"])
    assign_records(it, ROOT, [www("c.example", "192.0.2.1")], ["ops"])
    told = workload(it, ROOT)
    assert [(load.owner.name, load.domains, load.records) for load in told.owners] == [
        ("ops", 2, 1),
        ("ada", 2, 0),
    ]
    assert (told.domains, told.unowned) == (3, 1)


@pytest.mark.parametrize("way", ["released", "replaced", "owner removed"])
def test_what_ends_in_bulk_can_be_restored(observed: Observed, way: str) -> None:
    it = observed.installation
    names = [f"d{number}.example" for number in range(BULK)]
    observed.observe_names(*names, account="gd-2")
    assign_domains(it, ROOT, names, ["ada"])
    assign_domains(it, ROOT, names[:2], ["ada"], Mode.REMOVE)
    assign_domains(it, ROOT, names, ["ada"])
    assert list_backups(it, ROOT) == []

    match way:
        case "released":
            assign_domains(it, ROOT, names, ["ada"], Mode.REMOVE)
        case "replaced":
            assign_domains(it, ROOT, names, ["grace"], Mode.REPLACE)
        case "owner removed":
            remove_user(it, ROOT, "ada", release=True)
    (made,) = list_backups(it, ROOT)
    with it.store.read() as db:
        told = [entry.details.get("restore_point") for entry in audit.entries(db)]
    assert made.path.name in told
    assert "1000" in made.facts.why


def test_who_may_not_release_in_bulk_makes_no_backup_either(observed: Observed) -> None:
    it = observed.installation
    viewer = create_user(it, ROOT, {"name": "viewer"})
    actor = Actor("viewer", "api", viewer.id)
    names = [f"d{number}.example" for number in range(BULK)]
    with pytest.raises(NotAllowed):
        assign_domains(it, actor, names, ["ada"], Mode.REMOVE)
    assert list_backups(it, ROOT) == []


def test_a_hundred_thousand_domains_are_one_transaction(observed: Observed) -> None:
    it = observed.installation
    names = [f"domain-{number:06}.example" for number in range(100_000)]
    with it.store.begin() as db:
        ada = owner(db, "ada")
        at = observed.clock()
        assert assignments.add(db, names, ada, Origin(at, 1)) == 100_000
        assert assignments.add(db, names, ada, Origin(at, 2)) == 0
        assert assignments.end(db, names[:50_000], ada, 3) == 50_000
        assert assignments.end_all_but(db, names, [ada], 4) == 0
        assert assignments.end_all_but(db, names, [], 5) == 50_000
