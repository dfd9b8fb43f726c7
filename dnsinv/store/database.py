"""Opening the store: SQLite in WAL mode, or Postgres by DATABASE_URL; upgraded when opened."""

import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock
from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from dnsinv.errors import BadSetting, DnsinvError

if TYPE_CHECKING:  # importing it takes longer than opening a store that needs no upgrade
    from alembic.config import Config
    from alembic.script import ScriptDirectory

REVISION = "0003"  # the newest file in revisions/versions; a test compares the two
BUSY_TIMEOUT_MS = 10_000
PRIVATE = 0o600  # it holds password hashes


class StoreError(DnsinvError):
    """The store cannot be opened or written."""


class Store:
    """The database of what people and machines decided."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._watching: Any = None
        self._watch_lock = threading.Lock()

    @property
    def is_file(self) -> bool:
        """Whether it is read in this process, and not asked of a server."""
        return self._engine.dialect.name == "sqlite"

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

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """The store of this moment, however long it is read; others go on writing meanwhile.

        Raises:
            StoreError: the database refused.
        """
        try:
            with self._engine.connect() as connection:
                connection = connection.execution_options(only_reads=True)
                if connection.dialect.name == "postgresql":
                    connection = connection.execution_options(isolation_level="REPEATABLE READ")
                revision_of(connection)  # the first reading is what fixes the moment
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
        if not self.is_file:
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


def open_store(
    url: str, locks: Path, before_upgrade: Callable[[Store, str], None] | None = None
) -> Store:
    """The store at a SQLAlchemy URL, created or upgraded to this version's tables.

    Args:
        before_upgrade: called with a store that holds anything and its revision, before it is
            upgraded; what it raises keeps the store as it is.

    Raises:
        BadSetting: the URL is not one, or its driver is not installed.
        StoreError: it cannot be opened or is newer than this program.
    """
    engine = _engine(url)
    try:
        if _revision(engine) != REVISION:
            locks.mkdir(parents=True, exist_ok=True)
            with FileLock(locks / "store-upgrade.lock"):
                revision = _revision(engine)
                if revision != REVISION:
                    _check_known(revision)
                    if revision and before_upgrade:
                        before_upgrade(Store(engine), revision)
                    with engine.begin() as connection:
                        upgrade(connection)
    except (SQLAlchemyError, OSError) as error:
        engine.dispose()
        raise _cannot_open(engine, error) from error
    except DnsinvError:
        engine.dispose()
        raise
    return Store(engine)


def open_as_it_is(url: str) -> tuple[Store, str]:
    """A store and its revision, neither created nor upgraded: "" where there is none yet.

    Raises:
        BadSetting: the URL is not one, or its driver is not installed.
        StoreError: it cannot be opened.
    """
    engine = _engine(url)
    try:
        return Store(engine), _revision(engine)
    except (SQLAlchemyError, OSError) as error:
        engine.dispose()
        raise _cannot_open(engine, error) from error


@contextmanager
def copied(url: str) -> Iterator[Store]:
    """A copy of a SQLite store, to read from where its disk takes no writes: SQLite needs some.

    Raises:
        StoreError: it is no SQLite store, or cannot be copied.
    """
    source = make_url(url).database if make_url(url).get_backend_name() == "sqlite" else None
    if source is None:
        raise StoreError("The store is not a file that could be copied.")
    with tempfile.TemporaryDirectory(prefix="dnsinv-store-") as folder:
        try:
            for name in (source, f"{source}-wal"):  # what was committed last is in the second
                if Path(name).exists():
                    shutil.copy(name, folder)
        except OSError as error:
            raise StoreError(f"The store {source} cannot be copied: {error}.") from error
        store, _ = open_as_it_is(f"sqlite:///{folder}/{Path(source).name}")
        try:
            yield store
        finally:
            store.close()


def is_known(revision: str) -> bool:
    """Whether this program has the revision, or can upgrade from it."""
    return any(each.revision == revision for each in _scripts().walk_revisions())


def revision_of(connection: Connection) -> str:
    """The revision of the tables, "" where there are none."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    query = text("select version_num from alembic_version")
    return str(connection.execute(query).scalar_one_or_none() or "")


def upgrade(connection: Connection, revision: str = REVISION) -> None:
    """Bring the tables to a revision, within the connection's transaction.

    Raises:
        StoreError: they are of a revision that this program does not know.
    """
    from alembic import command
    from alembic.util import CommandError

    config = _configuration()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, revision)
    except CommandError as error:
        raise StoreError(f"The store is of another version than this program: {error}.") from error


def _configuration() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "dnsinv.store:revisions")
    return config


def _scripts() -> "ScriptDirectory":
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_configuration())


def _check_known(revision: str) -> None:
    if revision and not is_known(revision):
        raise StoreError(
            f"The store has the revision {revision}, which is newer than this program "
            f"({REVISION}): use the newer program, or restore the backup that it made before "
            "it upgraded the store."
        )


def _cannot_open(engine: Engine, error: Exception) -> StoreError:
    place = engine.url.render_as_string(hide_password=True)
    reason = " ".join(str(getattr(error, "orig", None) or error).split()).rstrip(".")
    return StoreError(f"The store {place} cannot be opened: {reason}.")


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
        with suppress(OSError):  # connecting says better why
            # What SQLite puts beside it is as private.
            Path(address.database).touch(PRIVATE, exist_ok=False)
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
        return revision_of(connection)
