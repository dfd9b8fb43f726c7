"""The inbox and files of this machine: what is found, and what leads out."""

import os
import socket
from pathlib import Path

import pytest

from dnsinv.errors import SourceRefused, SourceUnavailable
from dnsinv.lake.layout import Layout
from dnsinv.migration import inbox as inbox_module
from dnsinv.migration.inbox import any_file, find, open_inbox
from dnsinv.migration.sources import bring
from dnsinv.settings import Settings


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    (folder / "legacy" / "2019").mkdir(parents=True)
    (folder / "legacy" / "a.json").write_text("[1]")
    (folder / "legacy" / "b.json").write_text("[1, 2]")
    (folder / "legacy" / "2019" / "c.json").write_text("[3]")
    (folder / "legacy" / "notes.txt").write_text("x")
    (tmp_path / "secret.json").write_text("[secret]")
    return folder


def found(inbox: Path, pattern: str) -> list[str]:
    return [each.name for each in find(inbox, pattern)]


def refused(inbox: Path, name: str) -> str:
    with pytest.raises(SourceRefused) as caught, open_inbox(inbox, name):
        pass
    return str(caught.value)


def test_paths_and_patterns_find_plain_files_in_order(inbox: Path) -> None:
    assert found(inbox, "legacy/*.json") == ["legacy/a.json", "legacy/b.json"]
    assert found(inbox, "legacy/a.json") == ["legacy/a.json"]
    assert found(inbox, "./legacy//a.json") == ["legacy/a.json"]
    assert found(inbox, "**/*.json") == ["legacy/2019/c.json", "legacy/a.json", "legacy/b.json"]
    assert found(inbox, "legacy/[ab].json") == ["legacy/a.json", "legacy/b.json"]
    assert found(inbox, "*") == []
    assert found(inbox, "legacy/*.csv") == []
    assert [each.size for each in find(inbox, "legacy/*.json")] == [3, 6]
    assert found(inbox, "legacy/gone.json") == []
    assert "No such file" in refused(inbox, "legacy/gone.json")


def test_an_inbox_that_is_not_there_has_no_files(tmp_path: Path) -> None:
    assert find(tmp_path / "none", "*.json") == []


@pytest.mark.parametrize(
    "pattern",
    ["../secret.json", "legacy/../../secret.json", "/etc/passwd", "..", "legacy/../../*.json",
     "**/../../*", "", ".", "a\x00b", "a\nb", "a**/b", "//x", "half \ud800"],
)  # fmt: skip
def test_a_pattern_that_leads_out_is_refused(inbox: Path, pattern: str) -> None:
    with pytest.raises(SourceRefused):
        find(inbox, pattern)
    assert "secret" not in refused(inbox, pattern).replace(pattern, "")


def test_links_that_lead_out_are_refused_and_passed_over(inbox: Path, tmp_path: Path) -> None:
    (inbox / "out.json").symlink_to(tmp_path / "secret.json")
    (inbox / "up.json").symlink_to("../secret.json")
    (inbox / "folder").symlink_to(tmp_path)
    (inbox / "root").symlink_to("/")
    (inbox / "loop.json").symlink_to("loop.json")
    (inbox / "dangling.json").symlink_to("nothing")
    for name in ("out.json", "up.json", "folder/secret.json", "root/etc/passwd"):
        assert "leads out of the inbox" in refused(inbox, name), name
    for name in ("loop.json", "dangling.json"):
        assert "cannot be read" in refused(inbox, name), name
    assert found(inbox, "*.json") == []
    assert found(inbox, "*/*.json") == ["legacy/a.json", "legacy/b.json"]
    assert found(inbox, "root/etc/*") == []


def test_links_within_the_inbox_are_followed(inbox: Path) -> None:
    (inbox / "latest.json").symlink_to("legacy/a.json")
    (inbox / "old").symlink_to("legacy/2019")
    assert found(inbox, "latest.json") == ["latest.json"]
    assert found(inbox, "old/*.json") == ["old/c.json"]
    with open_inbox(inbox, "old/c.json") as coming:
        assert b"".join(coming.blocks) == b"[3]"


def test_an_inbox_may_itself_be_a_link(inbox: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(inbox)
    assert found(tmp_path / "link", "legacy/a.json") == ["legacy/a.json"]


def test_what_is_no_plain_file_is_refused_without_being_opened(inbox: Path) -> None:
    os.mkfifo(inbox / "pipe.json")
    (inbox / "folder.json").mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(inbox / "socket.json"))
        assert refused(inbox, "pipe.json") == "'pipe.json' is a named pipe; name a file."
        assert refused(inbox, "folder.json") == "'folder.json' is a folder; name a file."
        assert refused(inbox, "socket.json") == "'socket.json' is a socket; name a file."
        assert found(inbox, "*.json") == []
        with pytest.raises(SourceRefused, match="a named pipe"):
            any_file(inbox / "pipe.json")


def test_a_link_put_there_while_a_file_is_opened_is_not_followed(
    inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who may write to the inbox exchanges a folder between the check and the opening."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.json").write_text("[secret]")
    resolve = Path.resolve

    def resolve_and_exchange(path: Path, strict: bool = False) -> Path:
        whole = resolve(path, strict)
        if path.name == "a.json":
            (inbox / "legacy").rename(inbox / "was")
            (inbox / "legacy").symlink_to(tmp_path / "elsewhere")
        return whole

    monkeypatch.setattr(inbox_module.Path, "resolve", resolve_and_exchange)
    assert "cannot be read in the inbox" in refused(inbox, "legacy/a.json")


def test_names_of_files_under_way_are_passed_over(inbox: Path) -> None:
    (inbox / ".a.json.Xy3").write_text("[")
    (inbox / ".rsync").mkdir()
    (inbox / ".rsync" / "b.json").write_text("[")
    (inbox / "tab\there.json").write_text("[]")
    Path(os.fsdecode(os.fsencode(inbox) + b"/\xff.json")).write_text("[]")
    assert found(inbox, "*") == []
    assert found(inbox, "*.json*") == []
    assert found(inbox, "**/b.json") == ["legacy/b.json"]


def test_strange_names_are_found_and_brought(inbox: Path, tmp_path: Path) -> None:
    settings = Settings(db_path=tmp_path, _env_file=None)
    names = ["[a]*.json", " begins with a space", "日本語 ✓.json", "-rf", "~", "a;b'c\"d.json"]
    for name in names:
        (inbox / name).write_text(name)
    assert found(inbox, "*") == sorted(names)
    for name in names:
        brought = bring(Layout(tmp_path), settings, name)
        assert brought is not None
        assert brought.upload.path.read_text() == name


def test_a_pattern_finds_no_more_files_than_can_be_meant(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_module, "MOST", 2)
    assert len(find(inbox, "legacy/*.json")) == 2
    with pytest.raises(SourceRefused, match="more than 2 files"):
        find(inbox, "**/*.json")


def test_a_file_that_changes_while_it_is_read_is_not_taken(inbox: Path, tmp_path: Path) -> None:
    settings = Settings(db_path=tmp_path, _env_file=None)
    big = inbox / "big.json"
    big.write_bytes(b"x" * 600_000)
    with open_inbox(inbox, "big.json") as coming:
        next(coming.blocks)
        with big.open("ab") as file:
            file.write(b"y")
        with pytest.raises(SourceUnavailable, match="changed in the inbox while it was read"):
            list(coming.blocks)
    assert bring(Layout(tmp_path), settings, "big.json") is not None


def test_a_stamp_changes_also_where_the_time_is_set_back(inbox: Path) -> None:
    (before,) = find(inbox, "legacy/a.json")
    (inbox / "legacy" / "a.json").write_text("[9]")
    os.utime(inbox / "legacy" / "a.json", ns=(before.modified_ns, before.modified_ns))
    (after,) = find(inbox, "legacy/a.json")
    assert (after.size, after.modified_ns) == (before.size, before.modified_ns)
    assert after.stamp != before.stamp


def test_an_operator_names_any_plain_file(
    inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(inbox)
    monkeypatch.setenv("HOME", str(tmp_path))
    (inbox / "link.json").symlink_to(tmp_path / "secret.json")
    secret = tmp_path / "secret.json"
    assert any_file(Path("../secret.json")) == secret
    assert any_file(Path("~/secret.json")) == secret
    assert any_file(Path("link.json")) == secret


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("gone.json", "No such file"),
        ("legacy", "is a folder"),
        ("/dev/zero", "is a device"),
        ("legacy/a.json/b", "Not a directory"),
        ("a\x00b", "null"),
        ("loop", "loop"),
        ("x" * 5_000, "too long"),
    ],
)
def test_what_an_operator_names_wrongly_is_a_sentence(inbox: Path, path: str, reason: str) -> None:
    (inbox / "loop").symlink_to("loop")
    with pytest.raises(SourceRefused, match=reason):
        any_file(inbox / path)
