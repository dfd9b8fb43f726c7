"""Backups on real SQLite and Postgres: one moment of store and lake, whoever writes meanwhile."""

import json
import stat
import tarfile
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, insert, select, text

from dnsinv.actions.acting import Actor, NotAllowed
from dnsinv.actions.backup import backup_to, list_backups, make_backup, restore_point
from dnsinv.actions.backup_file import Backup, Facts, contents, read, write
from dnsinv.actions.backup_folder import outlived
from dnsinv.actions.configure import change_settings
from dnsinv.actions.installation import Installation
from dnsinv.actions.restore import restore
from dnsinv.errors import Conflict, LakeError, UsageError
from dnsinv.lake.lake import Lake
from dnsinv.store import audit, collections
from dnsinv.store.collections import Collection
from dnsinv.store.database import REVISION, StoreError, open_as_it_is, open_store, upgrade
from dnsinv.store.dump import LEFT_OUT
from dnsinv.store.tables import accounts, users
from tests.core.filled import (
    AT,
    ROOT,
    act,
    add_user,
    files_of,
    fill,
    observe,
    opened,
    records_of,
    rows_of,
    settings_of,
)
from tests.core.scripted import Clock

NOW = datetime(2026, 3, 2, tzinfo=UTC)
SHORT_LIVED = LEFT_OUT - {"alembic_version"}


def entries(installation: Installation) -> list[tuple[str, str, str, str]]:
    with installation.store.read() as db:
        assert audit.broken_at(db) is None
        return [(e.actor, e.action, e.subject, e.outcome) for e in audit.entries(db)]


def person(installation: Installation, name: str, role: str) -> Actor:
    with installation.store.begin() as db:
        return Actor(name, "api", add_user(db, name, 0, role), address="192.0.2.1")


# -- what is in it --------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["sqlite to sqlite", "sqlite to postgres", "postgres to sqlite"])
def test_all_comes_back_as_it_was_in_whichever_database(
    tmp_path: Path, request: pytest.FixtureRequest, way: str
) -> None:
    before, _, after = way.partition(" to ")
    url = {"sqlite": ""} | (
        {"postgres": request.getfixturevalue("postgres")} if "postgres" in way else {}
    )
    with opened(tmp_path / "one", url[before]) as one:
        act(one, "Zoë")
        fill(one.store)
        observe(one, "192.0.2.1", Clock())
        backup = make_backup(one, ROOT, "all")
        rows, records, files = rows_of(one.store), records_of(one), files_of(one)
    there = settings_of(tmp_path / "two", url[after])

    restore(there, ROOT, backup.path)

    with opened(tmp_path / "two", url[after]) as two:
        restored = rows_of(two.store)
        assert {name for name, kept in restored.items() if not kept} == SHORT_LIVED
        entry = restored["audit_log"].pop()
        rows["audit_log"] = rows["audit_log"][: len(restored["audit_log"])]
        assert restored == rows | {name: [] for name in SHORT_LIVED}
        assert (entry[2], entry[7], entry[9]) == ("root", "backup.restore", "done")
        assert records_of(two) == records
        assert files_of(two) == files
        assert entries(two)[-1][1] == "backup.restore"


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_no_number_is_given_out_twice_after_a_restore(
    tmp_path: Path, request: pytest.FixtureRequest, database: str
) -> None:
    url = request.getfixturevalue("postgres") if database == "postgres" else ""
    with opened(tmp_path, url) as installation:
        last = [act(installation, name) for name in ("ada", "bob", "eve")][-1]
        with installation.store.begin() as db:
            db.execute(users.delete().where(users.c.id == last))
        backup = make_backup(installation, ROOT, "numbers")
    restore(settings_of(tmp_path, url), ROOT, backup.path)
    with opened(tmp_path, url) as installation:
        assert act(installation, "kay") == last + 1


def test_a_backup_is_of_one_moment_though_all_is_being_written(tmp_path: Path) -> None:
    """The store counts up, pairs of files are published, and a backup holds no half of either."""
    with opened(tmp_path / "data") as installation:
        clock = Clock()
        observe(installation, "192.0.2.0", clock)
        stopping = threading.Event()

        def count() -> None:
            number = 0
            while not stopping.is_set():
                number += 1
                act(installation, f"user {number}")

        def collect() -> None:
            number = 0
            while not stopping.is_set():
                number += 1
                clock.forward(minutes=10)
                observe(installation, f"192.0.2.{number}", clock)

        writers = [threading.Thread(target=count), threading.Thread(target=collect)]
        for writer in writers:
            writer.start()
        try:
            backups = [make_backup(installation, ROOT, f"b{number}") for number in range(4)]
        finally:
            stopping.set()
            for writer in writers:
                writer.join()

    counted = []
    for backup in backups:
        restore(settings_of(tmp_path / "there"), ROOT, backup.path)
        with opened(tmp_path / "there") as there:
            rows = rows_of(there.store)
            people = len(rows["users"])
            assert len([e for e in entries(there) if e[1] == "user.create"]) == people
            published = there.lake.query("select distinct observed_at from record_changes")
            ended = [row for row in rows["collections"] if row[4] == "completed"]
            # One may have published and not yet recorded it: the next collection does.
            assert len(ended) - len(published) in (0, 1)
            counted.append(people)
    assert counted == sorted(counted)


def test_writers_go_on_while_the_store_is_dumped(tmp_path: Path) -> None:
    with opened(tmp_path) as installation, installation.store.snapshot() as frozen:
        act(installation, "ada")
        assert frozen.execute(select(users.c.name)).all() == []
    with opened(tmp_path) as installation:
        assert [row[1] for row in rows_of(installation.store)["users"]] == ["ada"]


def test_a_publication_whose_outcome_the_store_does_not_know_yet_is_recorded_after_a_restore(
    tmp_path: Path,
) -> None:
    """The backup came between the files of a collection and its row."""
    clock = Clock()
    with opened(tmp_path / "one") as one:
        observe(one, "192.0.2.1", clock)
        running = Collection("c2", "godaddy", "shop", "full", "running", clock())
        folder = one.lake.layout.publications / "c2"
        folder.mkdir(parents=True)
        facts = {"state": "completed", "finished_at": clock().isoformat()}
        row = {name: getattr(running, name) for name in Collection.__slots__}
        row |= {"started_at": running.started_at.isoformat()} | facts
        (folder / "manifest.json").write_text(json.dumps({"key": "c2", "moves": [], "facts": row}))
        with one.store.begin() as db:
            collections.save(db, running)
        backup = make_backup(one, ROOT, "between")
    restore(settings_of(tmp_path / "two"), ROOT, backup.path)
    with opened(tmp_path / "two") as two:
        clock.forward(hours=1)
        observe(two, "192.0.2.1", clock)
        with two.store.read() as db:
            found = collections.find(db, "c2")
        assert found is not None
        assert found.state == "completed"


def test_what_was_read_by_a_collection_that_waits_comes_along(tmp_path: Path) -> None:
    with opened(tmp_path / "one") as one:
        spool = one.lake.layout.spools / "held"
        spool.mkdir(parents=True)
        for name in ("listing", "records-00001", "outcomes-00001"):
            (spool / f"{name}.parquet").write_bytes(name.encode())
        (spool / "records-00002.part").write_bytes(b"half")
        backup = make_backup(one, ROOT, "held")
    restore(settings_of(tmp_path / "two"), ROOT, backup.path)
    kept = sorted(path.name for path in (tmp_path / "two/staging/collections/held").iterdir())
    assert kept == ["listing.parquet", "outcomes-00001.parquet", "records-00001.parquet"]


def test_a_file_system_without_hard_links_is_copied_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    with opened(tmp_path / "one") as one:
        observe(one, "192.0.2.1", Clock())
        with monkeypatch.context() as patch:
            patch.setattr(Path, "hardlink_to", refuse)
            backup = make_backup(one, ROOT, "copied")
        files = files_of(one)
    restore(settings_of(tmp_path / "two"), ROOT, backup.path)
    with opened(tmp_path / "two") as two:
        assert files_of(two) == files


def test_only_the_owner_may_read_a_backup_and_tar_may_look_into_it(tmp_path: Path) -> None:
    with opened(tmp_path) as installation:
        observe(installation, "192.0.2.1", Clock())
        backup = make_backup(installation, ROOT)
    assert stat.S_IMODE(backup.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(backup.path.parent.stat().st_mode) == 0o700
    with tarfile.open(backup.path) as tar:
        names = tar.getnames()
    assert (names[0], names[-1]) == ("backup.json", "manifest.json")
    assert "lake/current/records.parquet" in names
    assert not any("secret" in name or "session" in name for name in names)


# -- who makes one, and what is written down -------------------------------------------------------


def test_an_administrator_makes_and_lists_backups_and_others_do_not(tmp_path: Path) -> None:
    with opened(tmp_path) as installation:
        ada, eve = person(installation, "ada", "admin"), person(installation, "eve", "editor")
        made = make_backup(installation, ada, "before-the-move")
        assert list_backups(installation, ada) == [made]
        assert (made.facts.by, made.facts.is_named) == ("ada", True)
        for refused in (
            lambda: make_backup(installation, eve),
            lambda: list_backups(installation, eve),
        ):
            with pytest.raises(NotAllowed, match="role editor"):
                refused()
        folder = str(installation.settings.backups)
        assert entries(installation) == [
            ("ada", "backup.make", f"{folder}/before-the-move.tar", "done"),
            ("ada", "backup.list", "", "done"),
            ("eve", "backup.make", folder, "refused"),
            ("eve", "backup.list", "", "refused"),
        ]
        assert list(installation.settings.backups.iterdir()) == [made.path]


@pytest.mark.parametrize("name", ["", "../up", "a/b", "/etc/x", ".hidden", "a\0b", "ü", "x" * 101])
def test_a_name_that_is_no_file_name_is_refused(tmp_path: Path, name: str) -> None:
    with opened(tmp_path) as installation, pytest.raises(UsageError, match="cannot be called"):
        make_backup(installation, ROOT, name)


def test_a_backup_never_replaces_a_file(tmp_path: Path) -> None:
    with opened(tmp_path / "data") as installation:
        first = backup_to(installation, ROOT, tmp_path / "kept.tar").path.read_bytes()
        with pytest.raises(Conflict, match=r"kept\.tar"):
            backup_to(installation, ROOT, tmp_path / "kept.tar")
        assert (tmp_path / "kept.tar").read_bytes() == first
        assert backup_to(installation, ROOT, tmp_path).path.parent == tmp_path


@pytest.mark.parametrize("place", ["file/backups", "file"])
def test_a_place_that_cannot_be_written_is_told_and_written_down(
    tmp_path: Path, place: str
) -> None:
    (tmp_path / "file").write_text("in the way")
    with opened(tmp_path / "data", backup_path=tmp_path / place) as installation:
        for make in (
            lambda: make_backup(installation, ROOT),
            lambda: restore_point(installation, "before it"),
        ):
            with pytest.raises(LakeError, match="cannot be written"):
                make()
        assert [entry[3] for entry in entries(installation)] == ["failed"]
        assert not (installation.lake.layout.staging / "backup").exists()


# -- what is kept ---------------------------------------------------------------------------------


def a_backup(days_ago: float, *, is_named: bool = False) -> Backup:
    made_at = NOW - timedelta(days=days_ago)
    return Backup(Path(f"{days_ago}"), 1, Facts(made_at, "why", "who", is_named))


def test_nameless_backups_go_by_number_and_age_but_never_the_newest() -> None:
    backups = [a_backup(40), a_backup(41, is_named=True), a_backup(42)]
    month = timedelta(days=30)
    assert [str(b.path) for b in outlived(backups, 10, month, NOW)] == ["42"]
    recent = [a_backup(days) for days in (1, 2, 3, 4)]
    assert [str(b.path) for b in outlived(recent, 2, month, NOW)] == ["3", "4"]
    assert outlived(recent[:1], 1, timedelta(0), NOW) == []


def test_restore_points_are_pruned_as_the_run_time_setting_says(tmp_path: Path) -> None:
    with opened(tmp_path) as installation:
        named = make_backup(installation, ROOT, "named").path
        foreign = named.with_name("foreign.tar")
        foreign.write_bytes(b"not ours")
        change_settings(installation, ROOT, {"backup_count": 2})
        points = [restore_point(installation, f"before step {n}, ünsafe/../name") for n in range(4)]
        left = {path for path in named.parent.iterdir() if path.is_file()}
        assert left == {named, foreign, *points[-2:]}
        assert all("before-step" in path.name for path in points)
        assert [read(path).facts.why for path in points[-1:]] == ["before step 3, ünsafe/../name"]


def test_what_a_killed_backup_left_is_cleared_by_the_next(tmp_path: Path) -> None:
    with opened(tmp_path) as installation:
        part = installation.settings.backups / "killed.tar.part"
        part.parent.mkdir()
        part.write_bytes(b"half")
        work = installation.lake.layout.staging / "backup" / "lake"
        work.mkdir(parents=True)
        (work / "left.parquet").write_bytes(b"half")
        made = make_backup(installation, ROOT, "next")
        assert list(part.parent.iterdir()) == [made.path]
        assert not any("left" in member.name for member in contents(made.path).members)
        assert not work.parent.exists()


# -- upgrades -------------------------------------------------------------------------------------


def an_old_store(url: str, *, is_filled: bool = True) -> None:
    engine = create_engine(url)
    with engine.begin() as db:
        upgrade(db, "0001")
        if is_filled:
            row = {"name": "shop", "provider": "godaddy", "first_collected_at": AT}
            db.execute(insert(accounts), [row])
    engine.dispose()


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_an_older_store_is_backed_up_and_upgraded_and_the_backup_leads_back_to_it(
    tmp_path: Path, request: pytest.FixtureRequest, database: str
) -> None:
    url = request.getfixturevalue("postgres") if database == "postgres" else ""
    settings = settings_of(tmp_path, url)
    an_old_store(settings.store_url)
    with opened(tmp_path, url) as installation:
        assert [row[0] for row in rows_of(installation.store)["accounts"]] == ["shop"]
        made = list_backups(installation, ROOT)[0]
        assert made.facts.why == f"before the upgrade from 0001 to {REVISION}"
        assert made.facts.revision == "0001"
        with installation.store.begin() as db:
            db.execute(accounts.delete())
    with opened(tmp_path, url) as installation:
        assert len(list_backups(installation, ROOT)) == 1

    restore(settings, ROOT, made.path)

    with opened(tmp_path, url) as installation:
        assert [row[0] for row in rows_of(installation.store)["accounts"]] == ["shop"]
        assert [entry[1] for entry in entries(installation)] == ["backup.restore"]


def test_a_new_store_and_one_without_rows_need_no_backup(tmp_path: Path) -> None:
    an_old_store(settings_of(tmp_path).store_url, is_filled=False)
    with opened(tmp_path) as installation:
        assert not installation.settings.backups.exists()


def test_a_store_that_cannot_be_backed_up_is_not_upgraded(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "data", backup_path=tmp_path / "file")
    (tmp_path / "file").write_text("in the way")
    an_old_store_at = settings.store_url
    (tmp_path / "data").mkdir()
    an_old_store(an_old_store_at)
    with (
        pytest.raises(LakeError, match="cannot be written"),
        opened(tmp_path / "data", backup_path=tmp_path / "file"),
    ):
        pytest.fail("upgraded without a backup")
    store, revision = open_as_it_is(an_old_store_at)
    store.close()
    assert revision == "0001"


def test_a_store_of_a_newer_program_is_left_alone_and_a_backup_leads_back(tmp_path: Path) -> None:
    """The way back from an upgrade that went wrong."""
    with opened(tmp_path) as installation:
        act(installation, "ada")
        backup = make_backup(installation, ROOT, "before")
        with installation.store.begin() as db:
            db.execute(text("update alembic_version set version_num = '9999'"))
            db.execute(
                text(
                    "create table of_the_future (id integer primary key, user_id integer references users)"
                )
            )
            db.execute(text("insert into of_the_future values (1, 1)"))
    with pytest.raises(StoreError, match=r"revision 9999.*newer"), opened(tmp_path):
        pytest.fail("opened")
    assert len(list(backup.path.parent.iterdir())) == 1

    done = restore(settings_of(tmp_path), ROOT, backup.path)

    assert done.before is not None
    assert done.before.facts.revision == "9999"
    assert "of_the_future" in contents(done.before.path).dumped.rows
    with opened(tmp_path) as installation:
        assert [row[1] for row in rows_of(installation.store)["users"]] == ["ada"]
        with installation.store.read() as db:
            tables = db.execute(text("select name from sqlite_master")).scalars().all()
        assert "of_the_future" not in tables


def test_a_store_can_be_backed_up_without_an_installation(tmp_path: Path) -> None:
    lake, store = Lake(tmp_path), open_store(f"sqlite:///{tmp_path}/store.db", tmp_path / "locks")
    made = write(lake, store, tmp_path / "b.tar", Facts(AT, "why", "who", is_named=True))
    store.close()
    assert read(tmp_path / "b.tar") == made
