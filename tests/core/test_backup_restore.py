"""Restoring: what is not sound is refused before anything is touched, and the rest is careful."""

import gzip
import io
import json
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest
from filelock import FileLock
from sqlalchemy import insert, update

from dnsinv.actions.backup import make_backup
from dnsinv.actions.backup_file import Backup, contents
from dnsinv.actions.check import data_problems
from dnsinv.actions.installation import Installation
from dnsinv.actions.restore import restore
from dnsinv.errors import Busy, DnsinvError, LakeError, NotThere
from dnsinv.lake.archive import BadArchive, members
from dnsinv.store import audit
from dnsinv.store.database import StoreError
from dnsinv.store.tables import tokens
from tests.core.filled import (
    AT,
    ROOT,
    act,
    files_of,
    observe,
    opened,
    records_of,
    rows_of,
    settings_of,
)
from tests.core.scripted import Clock

SEED = 20260302


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> Backup:
    """Of an installation with one user and three records."""
    with opened(tmp_path_factory.mktemp("made")) as installation:
        act(installation, "ada")
        observe(installation, "192.0.2.1", Clock())
        return make_backup(installation, ROOT, "good")


@contextmanager
def untouched(root: Path) -> Iterator[None]:
    """An installation that is the same afterwards, and has nothing lying about."""

    def state(installation: Installation) -> object:
        return rows_of(installation.store), files_of(installation)

    with opened(root) as installation:
        act(installation, "present")
        observe(installation, "198.51.100.1", Clock())
        before = state(installation)
    yield
    assert not (root / "staging" / "restore").exists()
    assert not (root / "backups").exists()
    with opened(root) as installation:
        assert state(installation) == before


def rebuilt(backup: Backup, to: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The backup with other members, and a manifest that fits them where `change` left it alone."""
    with backup.path.open("rb") as file:
        held = {}
        for member in members(file):
            file.seek(member.offset)
            held[member.name] = file.read(member.size)
    manifest = json.loads(held.pop("manifest.json"))
    held["manifest"] = json.dumps(manifest).encode()
    change(held)
    manifest = json.loads(held.pop("manifest"))
    manifest["members"] = {name: [len(b), sha256(b).hexdigest()] for name, b in held.items()}
    held["manifest.json"] = json.dumps(manifest).encode()
    with tarfile.open(to, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in held.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return to


def manifest_of(held: dict[str, bytes]) -> dict[str, dict[str, int]]:
    document: dict[str, dict[str, int]] = json.loads(held["manifest"])
    return document


# -- what is refused ------------------------------------------------------------------------------


def test_no_flipped_bit_and_no_cut_gets_through(tmp_path: Path, backup: Backup) -> None:
    random = Random(SEED)
    good, bad = backup.path.read_bytes(), tmp_path / "bad.tar"
    with backup.path.open("rb") as file:
        spans = [(each.offset, each.size) for each in members(file)]
    meaningful = [offset + random.randrange(size) for offset, size in spans]
    with untouched(tmp_path / "data"):
        for place in meaningful:
            spoilt = bytearray(good)
            spoilt[place] ^= 1 << random.randrange(8)
            bad.write_bytes(spoilt)
            with pytest.raises((BadArchive, StoreError)):
                restore(settings_of(tmp_path / "data"), ROOT, bad)
        for length in [0, 1, 511, 512, *(random.randrange(len(good) - 2000) for _ in range(12))]:
            bad.write_bytes(good[:length])
            with pytest.raises(BadArchive):
                restore(settings_of(tmp_path / "data"), ROOT, bad)


def hostile(
    kind: bytes, name: str, link: str = "", **more: object
) -> Callable[[tarfile.TarFile], None]:
    def add(tar: tarfile.TarFile) -> None:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, link
        for attribute, value in more.items():
            setattr(info, attribute, value)
        tar.addfile(info)

    return add


HOSTILE = {
    "link": hostile(tarfile.SYMTYPE, "lake/link", "/etc/passwd"),
    "hard link": hostile(tarfile.LNKTYPE, "lake/link", "backup.json"),
    "folder": hostile(tarfile.DIRTYPE, "lake/folder"),
    "zero": hostile(tarfile.CHRTYPE, "lake/zero", devmajor=1, devminor=5),
    "disk": hostile(tarfile.BLKTYPE, "lake/disk", devmajor=8, devminor=0),
    "pipe": hostile(tarfile.FIFOTYPE, "lake/pipe"),
    "contiguous": hostile(tarfile.CONTTYPE, "lake/contiguous"),
    "sparse": hostile(tarfile.GNUTYPE_SPARSE, "lake/sparse"),
    "pax": hostile(tarfile.REGTYPE, "lake/pax", pax_headers={"path": "/tmp/escaped"}),
    "endless": hostile(tarfile.REGTYPE, "lake/endless", size=1 << 40),
}


@pytest.mark.parametrize("kind", sorted(HOSTILE))
def test_what_may_harm_is_refused(tmp_path: Path, backup: Backup, kind: str) -> None:
    bad = tmp_path / "bad.tar"
    with tarfile.open(backup.path) as good, tarfile.open(bad, "w") as tar:
        infos = good.getmembers()
        for info in infos[:-1]:
            tar.addfile(info, good.extractfile(info))
        HOSTILE[kind](tar)
        tar.addfile(infos[-1], good.extractfile(infos[-1]))
    with untouched(tmp_path / "data"), pytest.raises(BadArchive) as told:
        restore(settings_of(tmp_path / "data"), ROOT, bad)
    assert "manifest" not in str(told.value), "it was not the member that was refused"


@pytest.mark.parametrize(
    "name",
    [
        "../../escaped",
        "/tmp/escaped",
        "lake/../../escaped",
        "lake//escaped",
        "lake/./escaped",
        "lake\\..\\escaped",
        "lake/\nescaped",
        "lake/escaped/",
        "locks/escaped",
        "escaped",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused_though_the_manifest_has_it(
    tmp_path: Path, backup: Backup, name: str
) -> None:
    def add(held: dict[str, bytes]) -> None:
        held[name] = b"x"

    bad = rebuilt(backup, tmp_path / "bad.tar", add)
    with untouched(tmp_path / "data"), pytest.raises(BadArchive):
        restore(settings_of(tmp_path / "data"), ROOT, bad)
    assert not list(tmp_path.rglob("escaped"))
    assert not Path("/tmp/escaped").exists()


def bomb(held: dict[str, bytes]) -> None:
    """Megabytes of spaces, with the size that a small table would have."""
    held["store/users.jsonl.gz"] = gzip.compress(b" " * (64 << 20), 9)


def one_row_more(held: dict[str, bytes]) -> None:
    manifest = manifest_of(held)
    manifest["rows"]["users"] += 1
    held["manifest"] = json.dumps(manifest).encode()


def a_row_that_does_not_fit(held: dict[str, bytes]) -> None:
    lines = gzip.decompress(held["store/users.jsonl.gz"]).splitlines()
    _replace_table(held, "users", [lines[0], b"[1]"])


def other_columns(held: dict[str, bytes]) -> None:
    _replace_table(held, "users", [b'["id","of_old"]', b"[1,2]"])


def deep_nesting(held: dict[str, bytes]) -> None:
    _replace_table(held, "users", [b'["id"]', b"[" * 100_000])


def no_list(held: dict[str, bytes]) -> None:
    _replace_table(held, "users", [b'["id"]', b'{"id": 1}'])


def unknown_table(held: dict[str, bytes]) -> None:
    _replace_table(held, "strangers", [b'["id"]', b"[1]"])


def unheard_of_table(held: dict[str, bytes]) -> None:
    held["store/strangers.jsonl.gz"] = b""


def negative(held: dict[str, bytes]) -> None:
    manifest = manifest_of(held)
    manifest["rows"]["users"] = -1
    held["manifest"] = json.dumps(manifest).encode()


def no_manifest(held: dict[str, bytes]) -> None:
    held["manifest"] = b'{"rows": 1}'


def newer_format(held: dict[str, bytes]) -> None:
    _fact(held, "format", 2)


def newer_revision(held: dict[str, bytes]) -> None:
    _fact(held, "revision", "9999")


def no_time(held: dict[str, bytes]) -> None:
    _fact(held, "made_at", "2026-03-02T10:00:00")


def orphan(held: dict[str, bytes]) -> None:
    columns = b'["group_id","user_id","added_in"]'
    _replace_table(held, "memberships", [columns, b"[77,78,1]"])


def _fact(held: dict[str, bytes], name: str, value: object) -> None:
    held["backup.json"] = json.dumps(json.loads(held["backup.json"]) | {name: value}).encode()


def _replace_table(held: dict[str, bytes], table: str, lines: list[bytes]) -> None:
    text = b"".join(line + b"\n" for line in lines)
    held[f"store/{table}.jsonl.gz"] = gzip.compress(text)
    manifest = manifest_of(held)
    manifest["rows"][table], manifest["sizes"][table] = len(lines) - 1, len(text)
    held["manifest"] = json.dumps(manifest).encode()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (bomb, "users is longer"),
        (one_row_more, "1 rows, not 2"),
        (no_list, "no row"),
        (deep_nesting, "damaged"),
        (unheard_of_table, "tables"),
        (negative, "tables"),
        (no_manifest, "manifest"),
        (newer_format, "format is 2"),
        (newer_revision, "newer program"),
        (no_time, "facts are damaged"),
    ],
)
def test_a_backup_that_contradicts_itself_is_refused(
    tmp_path: Path, backup: Backup, change: Callable[[dict[str, bytes]], None], told: str
) -> None:
    bad = rebuilt(backup, tmp_path / "bad.tar", change)
    with untouched(tmp_path / "data"), pytest.raises(DnsinvError, match=told) as error:
        restore(settings_of(tmp_path / "data"), ROOT, bad)
    assert str(bad) in str(error.value)


@pytest.mark.parametrize("change", [a_row_that_does_not_fit, other_columns, unknown_table, orphan])
def test_rows_that_the_database_does_not_take_leave_all_as_it_was(
    tmp_path: Path, backup: Backup, change: Callable[[dict[str, bytes]], None]
) -> None:
    bad = rebuilt(backup, tmp_path / "bad.tar", change)
    with opened(tmp_path / "data") as installation:
        act(installation, "present")
        before = rows_of(installation.store)
    with pytest.raises(StoreError):
        restore(settings_of(tmp_path / "data"), ROOT, bad)
    assert not (tmp_path / "data/staging/restore").exists()
    with opened(tmp_path / "data") as installation:
        assert rows_of(installation.store) == before


def test_a_rebuilt_backup_is_otherwise_a_good_one(tmp_path: Path, backup: Backup) -> None:
    same = rebuilt(backup, tmp_path / "same.tar", lambda _: None)
    restore(settings_of(tmp_path / "data"), ROOT, same)
    with opened(tmp_path / "data") as installation:
        assert [row[1] for row in rows_of(installation.store)["users"]] == ["ada"]


def test_a_file_that_is_not_there_or_no_backup_is_told(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "data")
    with pytest.raises(NotThere, match=r"nothing\.tar"):
        restore(settings, ROOT, tmp_path / "nothing.tar")
    with pytest.raises(NotThere, match="directory"):
        restore(settings, ROOT, tmp_path)
    (tmp_path / "text.tar").write_text("Dear all,\n" * 200)
    with pytest.raises(BadArchive, match="not a backup"):
        restore(settings, ROOT, tmp_path / "text.tar")


# -- what it leaves and keeps ---------------------------------------------------------------------


def test_what_was_there_can_be_had_back_by_restoring_the_backup_of_it(
    tmp_path: Path, backup: Backup
) -> None:
    settings = settings_of(tmp_path / "data")
    with opened(tmp_path / "data") as installation:
        act(installation, "present")
        observe(installation, "198.51.100.1", Clock())
        rows, records = rows_of(installation.store), records_of(installation)
    done = restore(settings, ROOT, backup.path)
    assert done.before is not None
    with opened(tmp_path / "data") as installation:
        assert records_of(installation) != records
        assert list(data_problems(installation)) == []
        (entry,) = [e for e in _entries(installation) if e.action == "backup.restore"]
        assert entry.seq == 2
        assert entry.details["before"] == done.before.path.name
        assert entry.subject == str(backup.path)
    restore(settings, ROOT, done.before.path)
    with opened(tmp_path / "data") as installation:
        again = rows_of(installation.store)
        assert again["users"] == rows["users"]
        assert again["audit_log"][:1] == rows["audit_log"]
        assert records_of(installation) == records
        assert list(data_problems(installation)) == []


def _entries(installation: Installation) -> list[audit.Entry]:
    with installation.store.read() as db:
        return list(audit.entries(db))


def test_the_read_model_is_made_of_what_was_restored(tmp_path: Path, backup: Backup) -> None:
    with opened(tmp_path / "data") as installation:
        observe(installation, "198.51.100.1", Clock())
    cache = tmp_path / "data/cache"
    before = {path.name for path in cache.glob("*.duckdb")}
    restore(settings_of(tmp_path / "data"), ROOT, backup.path)
    after = {path.name for path in cache.glob("*.duckdb")}
    assert len(after) == 1
    assert not after & before


def test_a_new_machine_has_nothing_to_back_up_before(tmp_path: Path, backup: Backup) -> None:
    done = restore(settings_of(tmp_path / "data"), ROOT, backup.path)
    assert done.before is None
    with opened(tmp_path / "data") as installation:
        assert [row[1] for row in rows_of(installation.store)["users"]] == ["ada"]
        assert len(records_of(installation)) == 3


def test_a_token_revoked_since_the_backup_stays_revoked(tmp_path: Path) -> None:
    with opened(tmp_path) as installation:
        user = act(installation, "ada")
        with installation.store.begin() as db:
            for name in ("leaked", "good"):
                row = {
                    "user_id": user,
                    "name": name,
                    "token_hash": name,
                    "scope": "admin",
                    "created_at": AT,
                }
                db.execute(insert(tokens).values(row))
        backup = make_backup(installation, ROOT, "before")
        with installation.store.begin() as db:
            db.execute(update(tokens).where(tokens.c.name == "leaked").values(revoked_at=AT))
    assert restore(settings_of(tmp_path), ROOT, backup.path).revoked == 1
    with opened(tmp_path) as installation:
        revoked = {row[2]: row[-1] for row in rows_of(installation.store)["tokens"]}
    assert revoked == {"leaked": AT, "good": None}


@pytest.mark.parametrize("lock", ["account-shop", "fold", "restore"])
def test_a_restore_waits_for_nobody_and_disturbs_nobody(
    tmp_path: Path, backup: Backup, lock: str
) -> None:
    root = tmp_path / "data"
    with (
        untouched(root),
        FileLock(root / f"locks/{lock}.lock"),
        pytest.raises(Busy, match="another process"),
    ):
        restore(settings_of(root), ROOT, backup.path)


# -- damage ---------------------------------------------------------------------------------------


def spoil_store(root: Path, *, whole: bool) -> None:
    file = root / "store.db"
    content = bytearray(file.read_bytes())
    start = 0 if whole else 4096
    content[start : start + 4096 * 8] = b"\xa5" * len(content[start : start + 4096 * 8])
    file.write_bytes(content)


@pytest.mark.parametrize("whole", [True, False])
def test_a_damaged_store_is_set_aside_when_told_to(
    tmp_path: Path, backup: Backup, whole: bool
) -> None:
    root = tmp_path / "data"
    with opened(root) as installation:
        for number in range(200):
            act(installation, f"user {number}")
    spoil_store(root, whole=whole)
    settings = settings_of(root)
    with pytest.raises(DnsinvError, match="--discard-present"):
        restore(settings, ROOT, backup.path)

    done = restore(settings, ROOT, backup.path, discards_present=True)

    assert done.before is None
    assert len(list(root.glob("store.db.damaged-*"))) == 1
    with opened(root) as installation:
        assert [row[1] for row in rows_of(installation.store)["users"]] == ["ada"]
        assert list(data_problems(installation)) == []


def test_without_room_for_a_backup_nothing_is_restored(tmp_path: Path, backup: Backup) -> None:
    (tmp_path / "file").write_text("in the way")
    root = tmp_path / "data"
    with untouched(root), pytest.raises(LakeError, match="--discard-present"):
        restore(settings_of(root, backup_path=tmp_path / "file"), ROOT, backup.path)
    with opened(root) as installation:
        assert contents(make_backup(installation, ROOT).path).dumped.rows["users"] == 1


def test_a_lake_that_was_damaged_when_it_was_backed_up_does_not_stand_in_the_way(
    tmp_path: Path, backup: Backup
) -> None:
    """It is restored as it was, `check data` says what is wrong, and another can be restored."""
    root = tmp_path / "data"
    with opened(root) as installation:
        observe(installation, "198.51.100.1", Clock())
        installation.lake.layout.current("records").write_bytes(b"torn")
        damaged = make_backup(installation, ROOT, "damaged")
    restore(settings_of(root), ROOT, damaged.path)
    with opened(root) as installation:
        assert {problem.code for problem in data_problems(installation)} == {"damaged_file"}
    restore(settings_of(root), ROOT, backup.path)
    with opened(root) as installation:
        assert list(data_problems(installation)) == []
        assert len(records_of(installation)) == 3
