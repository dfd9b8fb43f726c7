"""A large installation without a collection: current files, read model, people and assignments."""

from datetime import UTC, datetime
from pathlib import Path

import duckdb
from sqlalchemy import insert

from dnsinv.actions.installation import Installation, open_with
from dnsinv.lake.readmodel import build_read_model
from dnsinv.lake.schemas import DNS_RECORDS, DOMAINS, ZONES
from dnsinv.lake.table import Table
from dnsinv.settings import Settings
from dnsinv.store.tables import assignments, groups, users

OWNERS = 20  # users, and as many groups
AT = datetime(2026, 1, 1, tzinfo=UTC)

_SQL = Path(__file__).parent / "sql"


def opened(folder: Path) -> Installation:
    """The installation in a folder."""
    return open_with(Settings(db_path=folder, database_url="", _env_file=None))  # type: ignore[call-arg]


def prepare(folder: str, domains: int, per_domain: int, owned: int) -> None:
    """Make one of so many domains, so many of them owned."""
    root = Path(folder)
    installation = opened(root)
    current = installation.lake.layout.current("domains").parent
    current.mkdir(parents=True)
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'; set memory_limit = '4GB'")
        con.execute(f"set temp_directory = '{root}/spill'")

        def text(name: str) -> str:
            path = _SQL / f"inventory_{name}.sql"
            return path.read_text(encoding="utf-8").format(domains=domains, per_domain=per_domain)

        def write(table: Table, query: str, file: str) -> None:
            con.execute(
                f"copy ({table.ordered(query)}) to '{current}/{file}.parquet' "
                "(format parquet, compression zstd, row_group_size 122880)"
            )

        con.execute(f"create table names as {text('names')}")
        write(DOMAINS, text("domains"), "domains")
        write(DNS_RECORDS, text("records"), "records")
        write(ZONES, ZONES.empty(), "zones")
        names = con.execute("select name from names order by hash(i) limit $n", {"n": owned})
        _assign(installation, [name for (name,) in names.fetchall()])
    build_read_model(installation.lake)
    installation.close()


def _assign(installation: Installation, names: list[str]) -> None:
    entered = {"created_at": AT, "changed_in": 1}
    numbers = range(1, OWNERS + 1)
    with installation.store.begin() as db:
        db.execute(
            insert(users),
            [
                {"name": f"user{n}", "name_key": f"user{n}", "role": "viewer", "is_active": True,
                 "can_sign_in": False, **entered}
                for n in numbers
            ],
        )  # fmt: skip
        db.execute(
            insert(groups),
            [{"name": f"group{n}", "name_key": f"group{n}", **entered} for n in numbers],
        )
        db.execute(
            insert(assignments),
            [
                {
                    "domain": name,
                    "user_id": 1 + place % OWNERS if place % 3 else None,
                    "group_id": None if place % 3 else 1 + place % OWNERS,
                    "source": "manual",
                    "assigned_at": AT,
                    "assigned_in": 1,
                }
                for place, name in enumerate(names)
            ],
        )
