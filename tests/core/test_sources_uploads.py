"""Receiving files: whole or not at all, by names that lead nowhere, and what a sweep takes away."""

import asyncio
import hashlib
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dnsinv.domain.text import LONGEST_FILE_NAME, file_name
from dnsinv.errors import LakeError, NotThere, SourceRefused
from dnsinv.lake.layout import Layout
from dnsinv.migration.uploads import find_upload, forget, receive, receive_async, sweep
from dnsinv.settings import Settings

ROOT = Path(__file__).parents[2]
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
MUCH_LATER = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(db_path=tmp_path, migration_limit="1KB", _env_file=None)


def names(layout: Layout) -> list[str]:
    return sorted(path.name for path in layout.uploads.glob("*"))


def test_an_upload_has_its_size_digest_and_name_and_is_found_by_its_id(
    layout: Layout, settings: Settings
) -> None:
    upload = receive(layout, settings, "domains.json", [b"[", b"", b"1]"])
    assert (upload.name, upload.bytes) == ("domains.json", 3)
    assert upload.sha256 == hashlib.sha256(b"[1]").hexdigest()
    assert upload.path.read_bytes() == b"[1]"
    assert find_upload(layout, upload.id) == upload
    assert stat.S_IMODE(upload.path.parent.stat().st_mode) == 0o700

    forget(layout, upload.id)
    forget(layout, upload.id)
    assert names(layout) == []
    with pytest.raises(NotThere, match="send the file again"):
        find_upload(layout, upload.id)


@pytest.mark.parametrize(
    "wrong",
    ["", ".", "..", "../uploads", "/etc", "a" * 31, "A" * 32, "a" * 32 + "\n", "a" * 32 + ".part"],
)
def test_an_id_is_never_a_path(layout: Layout, settings: Settings, wrong: str) -> None:
    kept = receive(layout, settings, "x", [b"1"])
    with pytest.raises(NotThere):
        find_upload(layout, wrong)
    forget(layout, wrong)
    assert names(layout) == [kept.id]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\legacy\\a.json", "a.json"),
        ("/", "file"),
        ("", "file"),
        ("..", "file"),
        ("a\x00\r\nb\x1b[31m.json", "a b[31m.json"),
        ("\u202egnosj.exe", "gnosj.exe"),
        ("half \ud800 of it", "half of it"),
        ("Ä" * 2 + ".json", "ÄÄ.json"),
        ("日本語.csv", "日本語.csv"),
        ("'; drop table x; --.json", "'; drop table x; --.json"),
    ],
)
def test_the_name_is_text_and_harmless(
    layout: Layout, settings: Settings, given: str, shown: str
) -> None:
    upload = receive(layout, settings, given, [b"1"])
    assert (upload.name, find_upload(layout, upload.id).name) == (shown, shown)
    assert sorted(path.name for path in upload.path.parent.iterdir()) == ["content", "upload.json"]


def test_a_long_name_is_cut_in_the_middle() -> None:
    cut = file_name("x" * 100_000 + ".json.gz")
    assert (len(cut), cut[-8:]) == (LONGEST_FILE_NAME, ".json.gz")


def test_what_is_larger_than_the_limit_is_refused_as_soon_as_it_is(
    layout: Layout, settings: Settings
) -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield b"x" * 100

    with pytest.raises(SourceRefused, match=r"'big\.json' has more bytes than the 1,000 that"):
        receive(layout, settings, "big.json", endless())
    assert (taken, names(layout)) == (11, [])
    assert receive(layout, settings, "fits", [b"x" * 1_000]).bytes == 1_000


def test_an_upload_that_breaks_off_leaves_nothing(layout: Layout, settings: Settings) -> None:
    def broken() -> Iterator[bytes]:
        yield b"some"
        assert [name.rpartition(".")[2] for name in names(layout)] == ["part"]
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        receive(layout, settings, "a", broken())
    assert names(layout) == []


def test_a_server_receives_without_holding_up_its_loop(layout: Layout, settings: Settings) -> None:
    async def blocks(end: Exception | None) -> AsyncIterator[bytes]:
        for number in range(5):
            yield f"{number}".encode()
        if end:
            raise end

    upload = asyncio.run(receive_async(layout, settings, "a.json", blocks(None)))
    assert upload.path.read_bytes() == b"01234"
    forget(layout, upload.id)
    with pytest.raises(TimeoutError):
        asyncio.run(receive_async(layout, settings, "a.json", blocks(TimeoutError())))
    assert names(layout) == []


def test_a_request_that_is_cancelled_leaves_nothing(layout: Layout, settings: Settings) -> None:
    async def cancelled() -> None:
        begun = asyncio.Event()

        async def blocks() -> AsyncIterator[bytes]:
            yield b"some"
            begun.set()
            await asyncio.Event().wait()

        task = asyncio.create_task(receive_async(layout, settings, "a.json", blocks()))
        await begun.wait()
        assert len(names(layout)) == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert names(layout) == []


def test_several_at_once_do_not_meet(layout: Layout, settings: Settings) -> None:
    with ThreadPoolExecutor(6) as pool:
        uploads = list(
            pool.map(
                lambda n: receive(layout, settings, "same.json", [f"{n}".encode()] * 9), range(30)
            )
        )
    assert [each.path.read_bytes() for each in uploads] == [f"{n}".encode() * 9 for n in range(30)]


def test_a_sweep_takes_what_is_old_and_not_needed(layout: Layout, settings: Settings) -> None:
    first, second = (receive(layout, settings, name, [b"1"]) for name in "ab")
    assert sweep(layout, LONG_AGO) == 0
    assert sweep(layout, MUCH_LATER, keep=[first.id]) == 1
    assert names(layout) == [first.id]
    assert find_upload(layout, first.id) == first
    with pytest.raises(NotThere):
        find_upload(layout, second.id)


def test_a_sweep_leaves_what_is_under_way(layout: Layout, settings: Settings) -> None:
    swept = []

    def blocks() -> Iterator[bytes]:
        yield b"1"
        sweeping = threading.Thread(target=lambda: swept.append(sweep(layout, MUCH_LATER)))
        sweeping.start()
        sweeping.join()
        yield b"2"

    assert receive(layout, settings, "a", blocks()).path.read_bytes() == b"12"
    assert swept == [0]


@pytest.mark.parametrize("how", ["sweep", "receive"])
def test_what_a_killed_process_left_is_taken_away(
    layout: Layout, settings: Settings, how: str
) -> None:
    program = """
import sys
from pathlib import Path
from dnsinv.lake.layout import Layout
from dnsinv.migration.uploads import receive
from dnsinv.settings import Settings
def blocks():
    yield b"some"
    print("begun", flush=True)
    sys.stdin.read()
receive(Layout(Path(sys.argv[1])), Settings(_env_file=None), "a", blocks())
"""
    with subprocess.Popen(
        [sys.executable, "-c", program, str(layout.root)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout
        assert process.stdout.readline() == b"begun\n"
        assert sweep(layout, LONG_AGO) == 0
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert len(names(layout)) == 1
    if how == "sweep":
        assert sweep(layout, LONG_AGO) == 1
        assert names(layout) == []
    else:
        kept = receive(layout, settings, "b", [b"2"])
        assert names(layout) == [kept.id]


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    """In a process whose files may not grow beyond 64 KB, as a full disk would have it."""
    program = """
import resource, signal, sys
from pathlib import Path
from dnsinv.errors import LakeError
from dnsinv.lake.layout import Layout
from dnsinv.migration.uploads import receive
from dnsinv.settings import Settings
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
for sizes in ([1 << 20] * 9, [70_000]):
    try:
        receive(Layout(Path(sys.argv[1])), Settings(_env_file=None), "a", (b"x" * n for n in sizes))
    except LakeError as error:
        print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    sentence = f"The file cannot be kept in {tmp_path}/staging/uploads: File too large; nothing of it is left there."
    assert done.stdout.splitlines() == [sentence, sentence]
    assert done.stderr == ""
    assert names(Layout(tmp_path)) == []


@pytest.mark.skipif(
    not os.access("/dev/shm", os.W_OK) or os.geteuid() != 0, reason="needs to mount a small disk"
)
def test_a_disk_without_room_is_one_sentence(tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
from dnsinv.errors import LakeError
from dnsinv.lake.layout import Layout
from dnsinv.migration.uploads import receive
from dnsinv.settings import Settings
layout = Layout(Path(sys.argv[1]))
try:
    receive(layout, Settings(_env_file=None), "a", (b"x" * 99_999 for _ in range(999)))
except LakeError as error:
    print(error, list(layout.uploads.iterdir()))
"""
    mount = f"mount -t tmpfs -o size=2m tmpfs '{tmp_path}' && exec \"$@\""
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", mount, "sh", sys.executable, "-c", program, tmp_path],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        pytest.skip("mounting is not allowed here")
    assert done.stdout.endswith("No space left on device; nothing of it is left there. []\n")


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "staging").write_text("a file in the folder's place")
    with pytest.raises(LakeError, match="cannot be kept in"):
        receive(Layout(tmp_path), settings, "a", [b"1"])


def test_the_time_of_an_upload_is_when_it_was_whole(layout: Layout, settings: Settings) -> None:
    upload = receive(layout, settings, "a", [b"1"])
    made_at = datetime.fromtimestamp(upload.path.parent.stat().st_mtime, UTC)
    assert sweep(layout, made_at) == 0
    assert sweep(layout, made_at + timedelta(seconds=1)) == 1
