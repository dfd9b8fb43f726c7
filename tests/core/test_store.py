"""The store on real SQLite: opened, upgraded, written by several at once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from dnsinv.errors import BadSetting
from dnsinv.store import collections, settings
from dnsinv.store.collections import Collection, Hold
from dnsinv.store.database import REVISION, Store, StoreError, open_store
from dnsinv.store.tables import metadata
from tests.core.scripted import Clock


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
