"""The stores that tests run on: SQLite, and a real Postgres that is started for the session."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
import pytest

from dnsinv.actions.acting import Actor
from dnsinv.actions.installation import Installation, open_with
from dnsinv.settings import Settings
from dnsinv.store.database import open_store

ROOT = Actor("root", "cli")
BACKENDS = ("sqlite", "postgres")


@dataclass
class PostgresServer:
    """A server that listens on a socket in a folder only; databases of it by number."""

    folder: str
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    prepared: str = ""

    def url(self, database: str) -> str:
        return f"postgresql://inventory@/{database}?host={self.folder}"

    def empty(self) -> str:
        """The URL of a new database."""
        return self._new("template1")

    def with_tables(self) -> str:
        """The URL of a new store without a row; the tables are made once and copied."""
        if not self.prepared:
            name = f"tables_{next(self.numbers)}"
            self._execute(f"create database {name}")
            open_store(self.url(name), Path(self.folder) / "locks").close()
            self.prepared = name
        return self._new(self.prepared)

    def _new(self, template: str) -> str:
        name = f"test_{next(self.numbers)}"
        self._execute(f"create database {name} template {template}")
        return self.url(name)

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    found = [*sorted(Path("/usr/lib/postgresql").glob("*/bin")), Path("/usr/local/bin")]
    programs = next((folder for folder in found if (folder / "initdb").exists()), None)
    if programs is None:
        _cannot("Postgres is not installed")
    is_root = os.geteuid() == 0
    if is_root and "postgres" not in {user.pw_name for user in pwd.getpwall()}:
        _cannot("Postgres refuses to run as root, and there is no user postgres")
    user = "postgres" if is_root else None
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # a socket's path must be short
        if is_root:
            shutil.chown(folder, "postgres")
            Path(folder).chmod(0o755)

        def run(program: str, *arguments: str) -> None:
            subprocess.run(
                [programs / program, "-D", f"{folder}/data", *arguments],
                user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL,
            )  # fmt: skip

        run("initdb", "-U", "inventory", "-A", "trust", "-N", "-E", "UTF8", "--locale", "C")
        run("pg_ctl", "-w", "-l", f"{folder}/log", "-o", f"-k {folder} -h '' -F", "start")
        try:
            yield PostgresServer(folder)
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")


@pytest.fixture
def postgres(postgres_server: PostgresServer) -> str:
    """The URL of an empty database of a real Postgres."""
    return postgres_server.empty()


@pytest.fixture(params=BACKENDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store: a test that asks for it runs on SQLite and on Postgres."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/inventory.db"
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.with_tables()


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Iterator[Installation]:
    """An installation without accounts, on SQLite and on Postgres."""
    opened = open_with(Settings(db_path=tmp_path, database_url=database_url, _env_file=None))
    yield opened
    opened.close()


def _cannot(reason: str) -> None:
    if "CI" in os.environ:  # noqa: TID251 - CI has Postgres, or nobody would notice
        pytest.fail(reason)
    pytest.skip(reason)
