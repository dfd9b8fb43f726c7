"""Opening the store: SQLite in WAL mode, or Postgres by DATABASE_URL; upgraded when opened."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock
from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from dnsinv.errors import BadSetting, DnsinvError

REVISION = "0002"  # the newest file in revisions/versions; a test compares the two
BUSY_TIMEOUT_MS = 10_000


class StoreError(DnsinvError):
    """The store cannot be opened or written."""


class Store:
    """The database of what people and machines decided."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._watching: Any = None
        self._watch_lock = threading.Lock()

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction; on SQLite it takes the write lock at once, so that two writers queue up.

        Raises:
            StoreError: the database refused.
        """
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise StoreError(
                f"The store refused: {getattr(error, 'orig', None) or error}."
            ) from error

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One transaction that only reads: it waits for no writer, and no writer for it.

        Raises:
            StoreError: the database refused.
        """
        try:
            with self._engine.connect().execution_options(only_reads=True) as connection:
                yield connection
        except SQLAlchemyError as error:
            raise StoreError(
                f"The store refused: {getattr(error, 'orig', None) or error}."
            ) from error

    def version(self) -> int | None:
        """A number that is another one after any process has committed anything.

        It costs microseconds on SQLite; None on Postgres, which has no such number.

        Raises:
            StoreError: the database refused.
        """
        if self._engine.dialect.name != "sqlite":
            return None
        try:
            with self._watch_lock:
                if self._watching is None:
                    # A connection of its own: what it commits itself it would not see as a change.
                    self._watching = self._engine.raw_connection()
                return int(self._watching.cursor().execute("pragma data_version").fetchone()[0])
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise StoreError(f"The store refused: {error}.") from error

    def close(self) -> None:
        with self._watch_lock:
            if self._watching is not None:
                self._watching.close()
                self._watching = None
        self._engine.dispose()


def open_store(url: str, locks: Path) -> Store:
    """The store at a SQLAlchemy URL, created or upgraded to this version's tables.

    Raises:
        BadSetting: the URL is not one, or its driver is not installed.
        StoreError: it cannot be opened or is newer than this program.
    """
    engine = _engine(url)
    try:
        if _revision(engine) != REVISION:
            locks.mkdir(parents=True, exist_ok=True)
            with FileLock(locks / "store-upgrade.lock"):
                if _revision(engine) != REVISION:
                    _upgrade(engine)
    except (SQLAlchemyError, OSError) as error:
        engine.dispose()
        place = engine.url.render_as_string(hide_password=True)
        reason = " ".join(str(getattr(error, "orig", None) or error).split()).rstrip(".")
        raise StoreError(f"The store {place} cannot be opened: {reason}.") from error
    return Store(engine)


def _engine(url: str) -> Engine:
    try:
        address = make_url(url)
        if address.get_backend_name() != "sqlite":
            return create_engine(address)
    except ImportError as error:
        raise BadSetting(
            f"DATABASE_URL needs the module {error.name}, which is not installed; for Postgres: "
            "pip install 'psycopg[binary]'."
        ) from None
    except (SQLAlchemyError, ValueError):  # their text may hold the URL with its password
        raise BadSetting(
            "DATABASE_URL is not the URL of a database that is known here; it looks like "
            "postgresql://user:password@host:5432/name (docs/settings.md)."
        ) from None
    if address.database:
        try:
            Path(address.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"The folder of {address.database} cannot be made: {error}."
            ) from error
    engine = create_engine(address)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # BEGIN is ours, see below
        cursor = connection.cursor()
        cursor.execute(f"pragma busy_timeout = {BUSY_TIMEOUT_MS}")
        cursor.execute("pragma journal_mode = wal")
        cursor.execute("pragma synchronous = normal")
        cursor.execute("pragma foreign_keys = on")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        only_reads = connection.get_execution_options().get("only_reads", False)
        connection.exec_driver_sql("begin" if only_reads else "begin immediate")

    return engine


def _revision(engine: Engine) -> str:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return ""
        return str(
            connection.execute(text("select version_num from alembic_version")).scalar_one_or_none()
            or ""
        )


def _upgrade(engine: Engine) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", "dnsinv.store:revisions")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, REVISION)
        except CommandError as error:
            raise StoreError(
                f"The store is of another version than this program: {error}."
            ) from error
