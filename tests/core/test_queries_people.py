"""SQL over what people decided: only what a query reads is fetched, and never a secret."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dnsinv.actions.assign import Mode, assign_domains
from dnsinv.actions.groups import create_group
from dnsinv.actions.installation import Installation, open_with
from dnsinv.actions.ownership import listed
from dnsinv.actions.people import create_user
from dnsinv.actions.sql import run_sql
from dnsinv.domain.permission import Scope
from dnsinv.errors import UsageError
from dnsinv.lake.export import Style
from dnsinv.lake.query import Wanted, run_query
from dnsinv.settings import Settings
from dnsinv.store.tables import sessions, tokens, users
from tests.core.observed import Observed
from tests.core.scripted import a_record
from tests.core.stores import ROOT

SECRETS = ("argon2-secret", "token-secret", "session-secret", "subject-secret")


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    root = tmp_path_factory.mktemp("sql")
    opened = open_with(Settings(db_path=root, database_url="", _env_file=None))
    names = [f"{letter}.example" for letter in "abcd"]
    Observed(opened).observe({name: [a_record(name, "www", "192.0.2.1")] for name in names})
    create_user(opened, ROOT, {"name": "Ada", "email": "ada@shop.example"})
    create_group(opened, ROOT, "ops")
    assign_domains(opened, ROOT, names[:3], ["Ada", "ops"])
    assign_domains(opened, ROOT, names[:1], ["ops"], Mode.REMOVE)
    at = Observed(opened).clock.now
    with opened.store.begin() as db:
        db.execute(users.update().values(password_hash=SECRETS[0], subject=SECRETS[3]))
        db.execute(
            tokens.insert().values(
                user_id=1, name="t", token_hash=SECRETS[1], scope=Scope.READ, created_at=at
            )
        )
        db.execute(
            sessions.insert().values(
                id_hash=SECRETS[2], user_id=1, created_at=at, seen_at=at, expires_at=at
            )
        )
    yield opened
    opened.close()


def rows(installation: Installation, tmp_path: Path, query: str) -> list[dict[str, Any]]:
    path = tmp_path / "rows.json"
    run_sql(installation.settings, Wanted(query, Style.JSON, path))
    return [json.loads(line) for line in path.read_text().splitlines()]


def fetched(installation: Installation, tmp_path: Path, query: str) -> set[str]:
    """The tables that the store was asked for."""
    asked: set[str] = set()

    def people(names: set[str]) -> Mapping[str, pa.Table]:
        asked.update(names)
        with installation.store.read() as db:
            return listed(db, names)

    run_query(installation.lake, Wanted(query, Style.CSV, tmp_path / "rows.csv"), people)
    return asked


def test_owners_stand_beside_domains_and_records(
    installation: Installation, tmp_path: Path
) -> None:
    assert rows(installation, tmp_path, "select name, owners, groups, tags, note, entry, base_name from domains order by 1")[:2] == [
        {"name": "a.example", "owners": ["Ada"], "groups": [], "tags": [], "note": "", "entry": 1, "base_name": "a.example"},
        {"name": "b.example", "owners": ["Ada"], "groups": ["ops"], "tags": [], "note": "", "entry": 1, "base_name": "b.example"},
    ]  # fmt: skip
    assert rows(
        installation, tmp_path, "select count(*) as n from dns_records where owners = ['Ada']"
    ) == [{"n": 3}]


def test_people_are_datasets(installation: Installation, tmp_path: Path) -> None:
    (ada,) = rows(installation, tmp_path, "from users")
    assert (ada["name"], ada["email"], ada["role"], ada["groups"]) == (
        "Ada",
        "ada@shop.example",
        "viewer",
        [],
    )
    assert rows(installation, tmp_path, "select name, members from groups") == [
        {"name": "ops", "members": []}
    ]
    found = rows(
        installation, tmp_path,
        "select domain, owner, owner_kind, l.actor, l.action from assignments a join audit_log l on l.seq = a.assigned_in "
        "where a.ended_in is null order by 1, 2 limit 1",
    )  # fmt: skip
    assert found[0] | {"action": ""} == {
        "domain": "a.example", "owner": "Ada", "owner_kind": "user", "actor": "root", "action": "",
    }  # fmt: skip
    assert len(rows(installation, tmp_path, "from assignments where ended_in is not null")) == 1


@pytest.mark.parametrize(
    ("query", "tables"),
    [
        ("select status, count(*) from domains group by 1", set()),
        ("from domain_history", set()),
        ("select name from users", {"listed.users"}),
        ('select name from "USERS"', {"listed.users"}),
        ("with u as (from users) from u", {"listed.users"}),
        ("from query('from us' || 'ers')", {"listed.users"}),
        ("select note from domains", {"users", "groups", "owned_domains", "annotations"}),
        ("select d from domains d", {"users", "groups", "owned_domains", "annotations"}),
        ("select 1 where exists (from audit_log)", {"listed.audit_log"}),
        ("select (select count(*) from assignments) as n", {"listed.assignments"}),
        ("from domains where owners = ['x'] and false", None),
    ],
)
def test_only_what_a_query_reads_is_fetched(
    installation: Installation, tmp_path: Path, query: str, tables: set[str] | None
) -> None:
    found = fetched(installation, tmp_path, query)
    assert tables is None or found == tables


def test_nothing_by_which_anybody_signs_in_can_be_read(
    installation: Installation, tmp_path: Path
) -> None:
    everything = [
        f"from {name}"
        for name in ("users", "groups", "assignments", "audit_log", "domains", "dns_records")
    ]
    everything += ["from people.users", "from duckdb_settings()"]
    for query in everything:
        text = json.dumps(rows(installation, tmp_path, query))
        assert not [secret for secret in SECRETS if secret in text], query
    for query in (
        "from duckdb_secrets()",
        "from sessions",
        "from tokens",
        "select password_hash from users",
        "select subject from users",
        "from people.sessions",
    ):
        with pytest.raises(UsageError):
            rows(installation, tmp_path, query)


@pytest.mark.parametrize(
    "query",
    [
        "select sum(a.i * b.i) from range(10_000_000) a(i), range(10_000_000) b(i)",
        "with recursive r as (select 1 as i union all select i + 1 from r) select max(i) from r",
        "from query('select count(*) from range(100_000_000_000) t(i) where i % 7 = 3')",
    ],
)
def test_a_query_without_end_is_stopped(
    installation: Installation, tmp_path: Path, query: str
) -> None:
    with pytest.raises(UsageError, match=r"stopped after 0\.3 seconds"):
        run_sql(installation.settings, Wanted(query, Style.CSV, tmp_path / "x.csv", seconds=0.3))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "query",
    [
        "select repeat('x', 50_000_000_000) as x",
        "select list(i) as x from range(2_000_000_000) t(i)",
        "select string_agg(repeat('x', 1_000_000), '') as x from range(100_000)",
    ],
)
def test_a_query_that_wants_all_memory_is_refused(
    installation: Installation, tmp_path: Path, query: str
) -> None:
    with pytest.raises(UsageError):
        run_sql(installation.settings, Wanted(query, Style.CSV, tmp_path / "x.csv", seconds=3))
