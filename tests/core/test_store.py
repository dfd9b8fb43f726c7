"""The store on real SQLite, and on Postgres where it is: opened, upgraded, written by several."""

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from dnsinv.errors import BadSetting
from dnsinv.store import accounts, collections, settings
from dnsinv.store.collections import Collection, Hold
from dnsinv.store.database import REVISION, Store, StoreError, open_store
from dnsinv.store.tables import metadata
from tests.core.scripted import Clock

HOUR = timedelta(hours=1)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(f"sqlite:///{tmp_path}/store.db", tmp_path / "locks")


def test_the_newest_revision_is_the_one_that_opening_upgrades_to() -> None:
    folder = Path(__file__).parents[2] / "dnsinv" / "store" / "revisions"
    assert ScriptDirectory(str(folder)).get_current_head() == REVISION


def test_the_revisions_make_the_tables_as_the_code_has_them(tmp_path: Path, store: Store) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/store.db")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()
    store.close()


def test_several_who_open_a_new_store_at_once_upgrade_it_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new.db"
    with ThreadPoolExecutor(6) as pool:
        stores = list(pool.map(lambda _: open_store(url, tmp_path / "locks"), range(6)))
    for store in stores:
        with store.begin() as db:
            assert collections.latest(db) == []
        store.close()


def test_writers_at_once_lose_nothing(tmp_path: Path, store: Store) -> None:
    at = Clock()()

    def write(number: int) -> None:
        with store.begin() as db:
            count = settings.number(db, "count", 0)
            settings.change(db, "count", count + 1, at)
            collections.save(db, Collection(f"c{number}", "godaddy", "a", "full", "running", at))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(100)))
    with store.begin() as db:
        assert settings.number(db, "count", 0) == 100
        assert len(collections.latest(db, limit=200)) == 100


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}", tmp_path / "locks")
    with store.begin() as db:
        settings.change(db, "x", 1, Clock(2026, 3, 2, 9).now)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob("store.db*")}
    store.close()
    assert modes == dict.fromkeys(("store.db", "store.db-shm", "store.db-wal"), 0o600)


def test_a_hold_gives_way_to_a_newer_one(store: Store) -> None:
    clock = Clock()
    with store.begin() as db:
        for number in (1, 2):
            collections.save(db, Collection(f"c{number}", "godaddy", "a", "full", "held", clock()))
            collections.hold(db, Hold(f"c{number}", "a", 10, 5, "digest", clock()))
        held = collections.open_hold(db, "a")
        first = collections.hold_of(db, "c1")
    assert held is not None
    assert held.collection_id == "c2"
    assert first is not None
    assert first.state == "superseded"


def test_a_url_that_is_none_and_a_folder_that_cannot_be_are_told(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="DATABASE_URL"):
        open_store("not a url", tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot"):
        open_store(f"sqlite:///{tmp_path}/file/store.db", tmp_path)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://inventory:hush@127.0.0.1:port/inventory",
        "atlantis://inventory:hush@127.0.0.1/inventory",
        "postgresql+hush://inventory:hush@127.0.0.1/inventory",
        "mysql+oursql://inventory:hush@127.0.0.1/inventory",
    ],
)
def test_a_wrong_url_is_told_without_its_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(BadSetting, match="DATABASE_URL") as told:
        open_store(url, tmp_path)
    assert "hush" not in str(told.value)
    assert "\n" not in str(told.value)


def test_a_driver_that_is_not_installed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(BadSetting, match=r"psycopg.*psycopg\[binary\]") as told:
        open_store("postgresql+psycopg://inventory:hush@127.0.0.1/inventory", tmp_path)
    assert "hush" not in str(told.value)


def test_a_database_that_does_not_answer_is_told_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened") as told:
        open_store("postgresql://inventory:hush@127.0.0.1:9/inventory", tmp_path)
    assert "hush" not in str(told.value)
    assert "\n" not in str(told.value)


def test_postgres_keeps_what_sqlite_keeps(tmp_path: Path, postgres: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(lambda _: open_store(postgres, tmp_path / "locks"), range(4)))
    store, *others = stores
    for other in others:
        other.close()
    at = Clock()()
    collection = Collection("c1", "godaddy", "a", "full", "held", at, errors="ü")
    with store.begin() as db:
        assert compare_metadata(MigrationContext.configure(db), metadata) == []
        accounts.note_account(db, "a", "godaddy", at)
        assert accounts.retire_account(db, "a", at)
        accounts.retire_domain(db, "old.example", at)
        collections.save(db, replace(collection, errors=""))
        collections.save(db, collection)
        collections.hold(db, Hold("c1", "a", 10, 5, "digest", at))
        settings.change(db, settings.GUARD_SHARE, 0.2, at)
    with store.begin() as db:
        assert accounts.known_accounts(db) == [("a", "godaddy", at)]
        assert accounts.known_domains_retired(db) == {"old.example"}
        assert collections.latest(db, "a") == collections.between(db, at, at + HOUR) == [collection]
        assert collections.open_hold(db, "a") == Hold("c1", "a", 10, 5, "digest", at)
        assert settings.number(db, settings.GUARD_SHARE, 0.3) == 0.2
    store.close()
