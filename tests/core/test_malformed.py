"""Broken files: refused whole with place and cause, or the one item that is wrong is named."""

import contextlib
import gzip
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest

from dnsinv.migration.analyze import analyze
from dnsinv.migration.items import Chunk, FileRefused, open_items
from tests.truth.files import DATA

SUITE = DATA / "malformed" / "JSONTestSuite"
LEGACY = DATA / "malformed" / "real-legacy-json" / "is-a-dev"
BLNS = DATA / "malformed" / "blns" / "blns.json"
INJECTIONS = DATA / "malformed" / "csv-injection" / "README.payloadbox.md"

ROOT = Path(__file__).parents[2]
PLACE = re.compile(r", line [1-9]\d*, column [1-9]\d* \(byte \d+\): \S.*\.", re.DOTALL)
BROKEN_BEHIND_MARK = {"unexpected-utf-8-bom-decode-using-utf-8.6d3b5d2d70.json"}
NO_PLACE = ("it is empty", "it holds no items", "it looks like UTF-16", "it is one JSON value")


def files(folder: Path, pattern: str) -> list[Any]:
    """Each file under its name; one that is skipped where ../shared/data is not here."""
    found = [pytest.param(path, id=path.name) for path in sorted(folder.glob(pattern))]
    absent = pytest.mark.skip(reason="../shared/data is not here")
    return found or [pytest.param(folder, id="absent", marks=absent)]


def read(path: Path) -> list[Chunk]:
    with open_items(path) as items:
        return list(items.chunks())


def refusal(path: Path) -> FileRefused:
    with pytest.raises(FileRefused) as raised:
        read(path)
    return raised.value


def names_place_and_cause(path: Path) -> bool:
    """Where there is nothing, there is no place to name."""
    text = str(refusal(path))
    assert text.startswith(path.name)
    rest = text.removeprefix(path.name)
    return bool(PLACE.fullmatch(rest)) or rest.removeprefix(": ").startswith(NO_PLACE)


@pytest.mark.parametrize("path", files(SUITE, "n_*.json"))
def test_what_is_no_json_is_refused_with_place_and_cause(path: Path) -> None:
    assert names_place_and_cause(path)


@pytest.mark.parametrize("path", files(SUITE, "y_*.json"))
def test_sound_json_is_refused_only_for_holding_no_rows(path: Path) -> None:
    value = json.loads(path.read_bytes())
    if value == [] or not isinstance(value, list | dict):
        assert refusal(path).cause.startswith(("it holds no items", "it is one JSON value"))
        return
    chunks = read(path)
    values = [each for chunk in chunks for each in chunk.values]
    assert values == (value if isinstance(value, list) else [value])
    for chunk in chunks:
        for index, each in enumerate(chunk.values):
            assert isinstance(each, dict) or chunk.troubles[index].code == "not_an_object"


@pytest.mark.parametrize("path", files(SUITE, "i_*.json"))
def test_what_json_leaves_open_never_crashes(path: Path) -> None:
    with contextlib.suppress(FileRefused):
        json.dumps(analyze(path).as_json(), allow_nan=False).encode()


@pytest.mark.parametrize("path", files(LEGACY, "[!M]*.json"))
def test_a_broken_real_file_is_refused_or_its_repeated_key_is_named(path: Path) -> None:
    manifest = json.loads((LEGACY / "MANIFEST.json").read_text(encoding="utf-8"))
    error = next(each["error"] for each in manifest["files"] if each["file"] == path.name)
    if "DUP" in error:
        [chunk] = read(path)
        found = chunk.troubles | chunk.warnings
        assert {each.code for each in found.values()} == {"duplicate_key"}
    elif "BOM" in error and path.name not in BROKEN_BEHIND_MARK:
        [chunk] = read(path)  # Python's reader stumbles on the mark; the JSON is sound
        assert chunk.values == [json.loads(path.read_text(encoding="utf-8-sig"))]
    else:
        assert names_place_and_cause(path)


@pytest.mark.skipif(not BLNS.exists(), reason="../shared/data is not here")
def test_naughty_strings_come_out_as_they_went_in(tmp_path: Path) -> None:
    strings = json.loads(BLNS.read_text(encoding="utf-8"))
    for escaped in (True, False):
        path = tmp_path / "strings.json"
        rows = [{"domain": text, text: [text]} for text in strings]
        path.write_text(json.dumps(rows, ensure_ascii=escaped), encoding="utf-8")
        [chunk] = read(path)
        assert chunk.values == rows
        assert not chunk.troubles
        json.dumps(analyze(path).as_json(), allow_nan=False).encode()


@pytest.mark.skipif(not INJECTIONS.exists(), reason="../shared/data is not here")
def test_formulas_in_a_csv_are_texts_like_any_other(tmp_path: Path) -> None:
    lines = INJECTIONS.read_text(encoding="utf-8").splitlines()
    formulas = [line for line in lines if line.startswith(("=", "+", "-", "@", "DDE"))]
    assert formulas
    path = tmp_path / "formulas.csv"
    rows = [f'"{each.replace(chr(34), chr(34) * 2)}",active' for each in formulas]
    path.write_text("\n".join(["domain,status", *rows]), encoding="utf-8")
    [chunk] = read(path)
    assert [each["domain"] for each in chunk.values] == formulas


# -- files made to hurt -----------------------------------------------------------------------------

MEMORY = 200  # MB that a file of any size may take
MEASURED = """
import sys
from pathlib import Path
from dnsinv.errors import FileRefused
from dnsinv.migration.analyze import analyze
from dnsinv.migration.items import open_items
try:
    if sys.argv[1] == "analyze":
        print(analyze(Path(sys.argv[2])).items)
    else:
        with open_items(Path(sys.argv[2])) as items:
            print(sum(len(chunk) for chunk in items.chunks()))
except FileRefused as refused:
    print(refused)
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
"""


def measured(path: Path, how: str) -> str:
    """What a process of its own says of a file; it may not have taken more memory than allowed."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, how, str(path)],
        check=True,
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
    )
    *said, peak = done.stdout.splitlines()
    assert int(peak) < MEMORY << 10
    return "\n".join(said)


def many_lists(file: IO[bytes]) -> None:
    file.write(b"[" + b"[]," * 300_000 + b"[]]")


def empty_objects_in_one_item(file: IO[bytes]) -> None:
    file.write(b'[{"a": [' + b"{}," * 8_000_000 + b"{}]}]")


def one_long_line(file: IO[bytes]) -> None:
    file.write(b'{"a": "')
    file.truncate(2 << 30)  # the rest are zeros, which take no room on a disk


def one_long_text(file: IO[bytes]) -> None:
    file.write(b'[{"a": "' + b"x" * (64 << 20))


def one_long_row(file: IO[bytes]) -> None:
    file.write(b"domain,status\n" + b"x" * (64 << 20))


def an_open_quote(file: IO[bytes]) -> None:
    file.write(b'domain,status\n"a,b\n' + b"c,d\n" * 5_000_000)


def a_row_without_end(file: IO[bytes]) -> None:
    file.write(b"domain,status\n" + b'"a\n",' * 10_000_000)


def columns_without_end(file: IO[bytes]) -> None:
    file.write(b"ab," * 300_000 + b"\n")


def deep_lists(file: IO[bytes]) -> None:
    file.write(b"[" * 20_000_000)


def deep_objects(file: IO[bytes]) -> None:
    file.write(b'{"a":' * 5_000_000)


def keys_without_end(file: IO[bytes]) -> None:
    file.write(b"{" + b",".join(b'"%d": 1' % n for n in range(900_000)) + b"}")


def the_same_key_again_and_again(file: IO[bytes]) -> None:
    file.write(b'[{"a": 1' + b', "a": 1' * 8_000_000 + b"}]")


def a_number_without_end(file: IO[bytes]) -> None:
    file.write(b'[{"a": ' + b"9" * (64 << 20) + b"}]")


def zeros(file: IO[bytes]) -> None:
    file.truncate(2 << 30)


def packed(content: bytes, times: int) -> Callable[[IO[bytes]], None]:
    def write(file: IO[bytes]) -> None:
        with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=9, mtime=0) as gzipped:
            for _ in range(times):
                gzipped.write(content)

    return write


MEGABYTE = 1 << 20
BOMBS = {
    "lists without number": (many_lists, "300001"),
    "one item of objects": (
        empty_objects_in_one_item,
        "one item holds more than 250000 objects and lists",
    ),
    "a line of 2 GB": (one_long_line, "control character"),
    "a text of 64 MB": (one_long_text, "one item is larger than 8 MiB"),
    "a row of 64 MB": (one_long_row, "one row is longer than 1 MiB"),
    "a row without end": (a_row_without_end, "one row is longer than 1 MiB"),
    "columns without end": (columns_without_end, "it has more than 1000 columns"),
    "an open quote": (an_open_quote, "the row that begins here is no CSV"),
    "deep lists": (deep_lists, "more than 64 objects and lists"),
    "deep objects": (deep_objects, "more than 64 objects and lists"),
    "keys without end": (keys_without_end, "too large to be one item"),
    "one key again and again": (the_same_key_again_and_again, "one item is larger than 8 MiB"),
    "a number without end": (a_number_without_end, "one item is larger than 8 MiB"),
    "2 GB of zeros": (zeros, "a null character is no text"),
    "gzip of spaces": (packed(b" " * MEGABYTE, 200), "it unpacks to more than 500 times its size"),
    "gzip of one text": (packed(b"x" * MEGABYTE, 64), "one row is longer than 1 MiB"),
    "gzip of lines": (packed(b"domain,status" + b"\n" * MEGABYTE, 200), "500 times its size"),
    "gzip of lists": (packed(b"[" * MEGABYTE, 200), "more than 64 objects and lists"),
}


@pytest.mark.parametrize("how", ["analyze", "read"])
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_in_bounded_memory(tmp_path: Path, bomb: str, how: str) -> None:
    write, said = BOMBS[bomb]
    path = tmp_path / "bomb"
    with path.open("wb") as file:
        write(file)
    assert said in measured(path, how)


def test_gzip_within_gzip_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "items.json.gz"
    path.write_bytes(gzip.compress(gzip.compress(b"[{}]")))
    assert refusal(path).cause


@pytest.mark.parametrize("how", ["analyze", "read"])
@pytest.mark.parametrize(
    "megabytes", [16, pytest.param(1024, marks=pytest.mark.verify)], ids=lambda size: f"{size}MB"
)
@pytest.mark.parametrize("form", ["array", "lines", "keyed", "csv", "nested"])
def test_a_large_file_is_read_in_bounded_memory(
    tmp_path: Path, form: str, megabytes: int, how: str
) -> None:
    path = tmp_path / "large"
    count = write_large(path, form, megabytes << 20)
    assert measured(path, how) == str(count)


def write_large(path: Path, form: str, size: int) -> int:
    """Items of different names until the file has this size; how many they are."""
    row = '"domain": "example%d.com", "status": "active", "discovery_date": "2024-01-01"'
    record = '{"type": "A", "data": "192.0.2.1", "name": "www%d"}'
    before, item, between, after = {
        "array": ("[", f"{{{row}}}", ", ", "]"),
        "lines": ("", f"{{{row}}}", "\n", "\n"),
        "keyed": ("{", f'"k%d.example": {{{row}}}', ",\n", "}"),
        "csv": ("domain,status\n", "example%d.com,active", "\n", "\n"),
        "nested": ("[", f'{{{row}, "records": [{", ".join([record] * 5)}]}}', ",", "]"),
    }[form]
    numbers = item.count("%d")
    count = 0
    with path.open("w", encoding="utf-8") as file:
        file.write(before)
        while count % 1000 or file.tell() < size:
            file.write((between if count else "") + item % ((count,) * numbers))
            count += 1
        file.write(after)
    return count
