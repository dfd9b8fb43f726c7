"""Items of files in every form, however the text is cut into blocks; what is no such file."""

import codecs
import gzip
import json
import os
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnsinv.migration.items import FileRefused, Limits, open_items
from dnsinv.migration.texts import LIMITS

ROWS = [
    {"domain": "example.com", "status": "active", "discovery_date": "2024-01-01"},
    {"domain": "example.net", "status": "expired", "discovery_date": "2024-01-02"},
    {"domain": "bücher.example", "status": "active", "discovery_date": "2024-01-03"},
]
TINY = Limits(block=1, peek=1)


class Read:
    """All that came out of a file."""

    def __init__(self, path: Path, *, limits: Limits = LIMITS, size: int = 20_000) -> None:
        with open_items(path, limits=limits) as items:
            self.chunks = list(items.chunks(size))
            self.format, self.encoding = items.format, items.encoding
            self.compression, self.fields = items.compression, items.fields

    @property
    def values(self) -> list[Any]:
        return [each for chunk in self.chunks for each in chunk.values]

    @property
    def lines(self) -> list[int]:
        return [each for chunk in self.chunks for each in chunk.lines]

    @property
    def keys(self) -> list[str]:
        return [each for chunk in self.chunks for each in chunk.keys or []]

    def troubles(self) -> dict[int, str]:
        """Number of the item -> code."""
        return {
            chunk.first + index: each.code
            for chunk in self.chunks
            for index, each in chunk.troubles.items()
        }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "items"


def read(path: Path, content: bytes | str, **more: Any) -> Read:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return Read(path, **more)


def refused(path: Path, content: bytes | str, **more: Any) -> FileRefused:
    with pytest.raises(FileRefused) as raised:
        read(path, content, **more)
    return raised.value


def as_csv(delimiter: str) -> str:
    lines = [list(ROWS[0]), *(list(row.values()) for row in ROWS)]
    return "".join(delimiter.join(line) + "\r\n" for line in lines)


FORMS = {
    "json-array": json.dumps(ROWS, ensure_ascii=False),
    "json-array, indented": json.dumps(ROWS, indent=2, ensure_ascii=False),
    "ndjson": "".join(json.dumps(row) + "\n" for row in ROWS),
    "json-object": json.dumps({row["domain"]: row for row in ROWS}, ensure_ascii=False),
    "csv": as_csv(","),
    "csv, semicolons": as_csv(";"),
    "csv, tabs": as_csv("\t"),
    "csv, bars": as_csv("|"),
}


# -- what a file is ---------------------------------------------------------------------------------


@pytest.mark.parametrize("is_packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ],
)
@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_known_by_its_content(
    path: Path, form: str, mark: bytes, encoding: str, is_packed: bool
) -> None:
    content = mark + FORMS[form].encode(encoding)
    found = read(path, gzip.compress(content) if is_packed else content)
    assert found.values == ROWS
    assert found.format == form.partition(",")[0]
    assert found.encoding == encoding
    assert found.compression == ("gzip" if is_packed else "")
    assert found.keys == ([row["domain"] for row in ROWS] if form == "json-object" else [])
    assert found.fields == (list(ROWS[0]) if form.startswith("csv") else [])


@pytest.mark.parametrize("form", FORMS)
def test_lines_may_end_in_crlf(path: Path, form: str) -> None:
    text = FORMS[form].replace("\r\n", "\n").replace("\n", "\r\n")
    assert read(path, text).values == ROWS


def test_an_object_that_is_no_list_of_objects_is_one_item(path: Path) -> None:
    company = {"organization": "Example", "domains": [{"domain": "example.com", "records": []}]}
    register = {"owner": {"name": "Ann"}, "records": {"A": "192.0.2.1"}}
    for item in (company, register):
        found = read(path, json.dumps(item, indent=1))
        assert (found.format, found.values) == ("json-single", [item])


def test_a_name_that_is_there_twice_gives_two_items(path: Path) -> None:
    found = read(path, '{"a.example": {"n": 1}, "b.example": {},\n"a.example": {"n": 2}}')
    assert found.keys == ["a.example", "b.example", "a.example"]
    assert found.values == [{"n": 1}, {}, {"n": 2}]
    assert found.lines == [1, 1, 2]


def test_what_stands_under_a_name_but_is_no_object_is_a_trouble(path: Path) -> None:
    found = read(path, '{"a.example": {}, "b.example": "gone", "c.example": {}}')
    assert found.troubles() == {2: "not_an_object"}


def test_a_zip_archive_is_told_from_gzip(path: Path) -> None:
    assert "zip archive" in str(refused(path, b"PK\x03\x04" + bytes(100)))
    assert "Parquet" in str(refused(path, b"PAR1" + bytes(100)))


@pytest.mark.parametrize("content", ["", " \r\n\t", codecs.BOM_UTF8, gzip.compress(b"", mtime=0)])
def test_an_empty_file_is_called_empty(path: Path, content: bytes | str) -> None:
    assert str(refused(path, content)) == "items: it is empty."


@pytest.mark.parametrize("content", ["[]", " [ \n] ", "domain,status\r\n", "domain\n\n \n"])
def test_a_file_without_items_says_so(path: Path, content: str) -> None:
    assert "it holds no items" in str(refused(path, content))


@pytest.mark.parametrize(
    "content", ["<html>", "---\ndomain: a.example\n", "$TTL 300\n@ IN NS a.\n", "%!PS"]
)
def test_other_kinds_of_text_are_neither_json_nor_csv(path: Path, content: str) -> None:
    assert "neither JSON nor CSV" in str(refused(path, content))


# -- what is refused as a file ----------------------------------------------------------------------


def test_a_link_a_directory_a_device_and_a_pipe_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "file.json"
    file.write_text(json.dumps(ROWS), encoding="utf-8")
    (tmp_path / "link").symlink_to(file)
    os.mkfifo(tmp_path / "pipe")
    said = {}
    for each in (tmp_path / "link", tmp_path, tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(FileRefused) as raised:
            open_items(each)
        said[each.name] = raised.value.cause
    assert "symbolic link" in said["link"]
    assert "directory" in said[tmp_path.name]
    assert "pipe" in said["pipe"]
    assert "device" in said["zero"]


@pytest.mark.parametrize("name", ["absent", "absent\0", "a" * 5000, "absent/../../../x"])
def test_what_is_not_there_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileRefused):
        open_items(tmp_path / name)


def test_a_name_cannot_steer_a_terminal(tmp_path: Path) -> None:
    path = tmp_path / "a\n\x1b[31mred\u202e.json"
    text = str(refused(path, "["))
    assert text.isprintable()


def test_messages_use_the_name_that_was_given(path: Path) -> None:
    path.write_text("[", encoding="utf-8")
    with (
        pytest.raises(FileRefused, match=r"^upload\.json, line 1"),
        open_items(path, name="upload.json") as items,
    ):
        list(items.chunks())


@pytest.mark.parametrize(
    ("content", "line", "column", "byte", "cause"),
    [
        ('[{"a": 1},\n {"a": NaN}]', 2, 8, 18, "NaN is no number"),
        ('[{"a": "NaN"},\n {"a": -Infinity}]', 2, 8, 22, "-Infinity is no number"),
        ('[{"a": 1},\n {"ä": 1,}]', 2, 10, 21, "a key in double quotes"),
        ('[{"a": 1},]', 1, 11, 10, "a value is expected"),
        ('[{"a": 1} {"a": 2}]', 1, 11, 10, 'a comma or "]"'),
        ('[{"a": 1}\n', 2, 1, 10, "but the file ends"),
        ('[{"a": 1},\n{"a": "x', 2, 7, 17, "never ends"),
        ('[{"a": 1}] x', 1, 12, 11, "something follows"),
        ('[{"a": 1}]\n[{"a": 1}]', 2, 1, 11, "something follows"),
        ('[{"a": "\t"}]', 1, 9, 8, "control character"),
        ('[{"a": "\\x"}]', 1, 9, 8, "backslash"),
        ("[{'a': 1}]", 1, 3, 2, "double quotes"),
        ("[{}, // no\n{}]", 1, 6, 5, "a value is expected"),
        ('{"a": 1}\n{"a": 2,}\n{"a": 3}\n', 2, 9, 17, "double quotes"),
        ('{"a": 1}\n{"a": 2\n{"a": 3}\n', 2, 8, 16, "does not end on its line"),
        ('{"a": 1}\n{"a":\n2}', 2, 6, 14, "does not end on its line"),
        ('{"a": 1}\n{"a": 2} {"a": 3}', 2, 9, 17, "something follows the item"),
        ('{"a": 1}\n{"a": 2},\n{"a": 3}', 2, 9, 17, "something follows the item"),
        ('{"a":\n1}\n{"a":\n2}', 3, 1, 9, "each has its own line"),
        ('{"a.example": {},\n"b.example": {}', 2, 16, 33, "but the file ends"),
        ('{"a.example": {},\n"b.example" {}}', 2, 13, 30, "a colon"),
        ('{"a.example": {},\nb: {}}', 2, 1, 18, "a key in double quotes"),
        ('a,b\n1,2\n"3,4\n', 3, 1, 8, "no CSV"),
        ('a,b\n1,2\n"3"4,5\n', 3, 1, 8, "no CSV"),
        ("a,b\n1,2\n3,\0\n", 3, 3, 10, "null character"),
    ],
)
@pytest.mark.parametrize("block", [1, 3, 1 << 20])
def test_a_fault_is_named_with_its_place(
    path: Path, content: str, line: int, column: int, byte: int, cause: str, block: int
) -> None:
    error = refused(path, content, limits=replace(LIMITS, block=block))
    assert cause in str(error)
    assert (error.line, error.column, error.byte) == (line, column, byte)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("block", [1, 2, 1 << 20])
def test_bytes_are_counted_in_the_files_own_encoding(path: Path, encoding: str, block: int) -> None:
    text = '\ufeff[{"ä😀": 1},\n{"a": ?}]'
    error = refused(path, text.encode(encoding), limits=replace(LIMITS, block=block))
    assert (error.line, error.column) == (2, 7)
    assert error.byte == len(text[: text.index("?")].encode(encoding))


@pytest.mark.parametrize("block", [1, 2, 5, 1 << 20])
def test_bytes_that_are_no_text_are_refused_where_they_stand(path: Path, block: int) -> None:
    content = '[{"a": "ä"},\n{"a": "'.encode() + b"\xc3\x28" + b'"}]'
    error = refused(path, content, limits=replace(LIMITS, block=block, peek=1))
    assert (error.line, error.column, error.byte) == (2, 8, 21)
    assert "UTF-8" in error.cause


def test_half_a_character_at_the_end_is_refused(path: Path) -> None:
    assert "UTF-8" in refused(path, b'[{"a": "\xf0\x9f').cause
    assert "UTF-16" in refused(path, codecs.BOM_UTF16_LE + b"[\0]\0 ").cause
    assert "save it as UTF-8" in refused(path, "[{}]".encode("utf-16-le")).cause
    assert "UTF-32" in refused(path, "[{}]".encode("utf-32")).cause


def test_broken_gzip_is_refused(path: Path) -> None:
    packed = gzip.compress(json.dumps(ROWS * 1000).encode())
    wrong = bytearray(packed)
    wrong[-8] ^= 1
    for content in (packed[:-100], packed[:100], bytes(wrong), packed + b"more"):
        assert "gzip compression is broken" in str(refused(path, content))
    assert read(path, gzip.compress(b"[{}") + gzip.compress(b"]")).values == [{}]


# -- what is wrong with one item --------------------------------------------------------------------


def test_a_repeated_key_is_a_warning_or_a_trouble(path: Path) -> None:
    rows = [
        '{"a": 1, "b": 2}',
        '{"a": 1, "a": 1}',
        '{"a": 1, "a": 2}',
        '{"a": [{"b": {"c": "x", "c": "y"}}]}',
        '{"a": {"b": [1, 2]}, "a": {"b": [1, 2]}}',
        '{"a": 1, "a": true}',
        '{"a": "1", "a" : 1}',
    ]
    for text in (f"[{', '.join(rows)}]", "\n".join(rows), "[\n" + ",\n".join(rows * 50) + "]"):
        found = read(path, text)
        chunk = found.chunks[0]
        assert {
            each: chunk.troubles[each].code for each in sorted(chunk.troubles)[:4]
        } == dict.fromkeys([2, 3, 5, 6], "duplicate_key")
        assert sorted(chunk.warnings)[:2] == [1, 4]
    assert chunk.troubles[3].field == "c"
    assert chunk.troubles[3].reason == ('the key "c" is repeated with different values: x and y')


def test_a_repeated_key_is_found_deep_in_a_large_file(path: Path) -> None:
    rows = [f'{{"domain": "{n}.example", "time": "10:{n % 60}"}}' for n in range(50_000)]
    rows[40_000] = '{"domain": "a.example", "domain": "b.example", "time": "::"}'
    for text in (f"[{','.join(rows)}]", "\n".join(rows), "[" + ",\n".join(rows) + "]"):
        assert read(path, text).troubles() == {40_001: "duplicate_key"}


def test_half_a_character_in_an_escape_is_a_trouble_of_its_item(path: Path) -> None:
    rows = [
        r'{"a": "\ud83d\ude00 \u00e4 \\ud800"}',
        r'{"a": "\ud800"}',
        r'{"\uDFFF": 1}',
        r'{"a": {"b": ["\ud800x"]}}',
        r'{"a": 1}',
    ]
    for text in (f"[{', '.join(rows)}]", "\n".join(rows), "[" + ",\n".join(rows * 9) + "]"):
        found = read(path, text)
        assert list(found.troubles().items())[:3] == [
            (2, "lone_surrogate"),
            (3, "lone_surrogate"),
            (4, "lone_surrogate"),
        ]
    keyed = read(path, r'{"a.example": {}, "\ud800.example": {}}')
    assert keyed.troubles() == {2: "lone_surrogate"}


def test_numbers_of_any_size_are_read_or_named(path: Path) -> None:
    rows = [
        '{"n": 123456789012345678901234567890}',
        '{"n": 1e999}',
        '{"n": -1e999}',
        f'{{"n": {"9" * 5000}}}',
        '{"n": 1e-999}',
        f'{{"n": {"9" * 4300}}}',
    ]
    found = read(path, f"[{', '.join(rows)}]")
    assert found.troubles() == dict.fromkeys([2, 3, 4], "number_out_of_range")
    assert found.values[0] == {"n": 123456789012345678901234567890}


def test_items_that_are_no_objects_are_troubles(path: Path) -> None:
    found = read(path, '[1, "a", null, true, [], {}, [{}]]')
    assert found.troubles() == dict.fromkeys([1, 2, 3, 4, 5, 7], "not_an_object")


def test_a_ragged_row_is_a_trouble_of_that_row(path: Path) -> None:
    found = read(
        path,
        'domain,status\r\na.example,active\r\nb.example\r\nc.example,x,y\r\n\r\n,\r\n"d\nd",x\r\ne,z',
    )
    assert found.troubles() == {2: "ragged_row", 3: "ragged_row"}
    assert found.lines == [2, 3, 4, 7, 9]
    assert found.values[3] == {"domain": "d\nd", "status": "x"}


def test_columns_without_a_name_or_with_the_same_are_told_apart(path: Path) -> None:
    found = read(path, "domain,,status,status\na,b,c,d\n")
    assert found.values == [{"domain": "a", "column 2": "b", "status": "c", "status (2)": "d"}]


def test_quotes_hide_delimiters_and_ends_of_lines(path: Path) -> None:
    found = read(path, 'domain;note\n"a;b";"say ""x"",\n\ny"\n')
    assert found.values == [{"domain": "a;b", "note": 'say "x",\n\ny'}]


def test_a_list_of_names_is_a_table_of_one_column(path: Path) -> None:
    found = read(path, "domain\na.example\nb.example\n")
    assert found.values == [{"domain": "a.example"}, {"domain": "b.example"}]


# -- chunks -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_chunks_number_their_items_on(path: Path, form: str, size: int) -> None:
    rows = [{**ROWS[n % 3], "domain": f"{n}.example"} for n in range(100)]
    path.write_bytes(written(rows, form))
    chunks = Read(path, limits=replace(LIMITS, block=500), size=size).chunks
    first = 1
    for chunk in chunks:
        assert chunk.first == first
        assert 1 <= len(chunk) <= size
        assert len(chunk.lines) == len(chunk.values)
        assert chunk.values == rows[first - 1 : first - 1 + len(chunk)]
        first += len(chunk)
    assert first == 101
    assert all(len(chunk) == size for chunk in chunks[:-1])


def test_chunks_of_large_items_are_smaller(path: Path) -> None:
    rows = [{"note": "x" * 1000} for _ in range(100)]
    found = read(path, json.dumps(rows), limits=Limits(block=1000, peek=1000, chunk=5000))
    assert max(len(chunk) for chunk in found.chunks) <= 6
    assert found.values == rows


def test_troubles_stay_with_their_items_when_chunks_are_cut(path: Path) -> None:
    text = "[" + ",".join('{"a": 1, "a": 2}' if n % 7 == 3 else "{}" for n in range(200)) + "]"
    for size in (1, 3, 10, 64):
        found = read(path, text, limits=replace(LIMITS, block=100), size=size)
        assert list(found.troubles()) == [n + 1 for n in range(200) if n % 7 == 3]


def written(rows: list[Any], form: str) -> bytes:
    match form.partition(","):
        case "ndjson", _, _:
            return "".join(json.dumps(row) + "\n" for row in rows).encode()
        case "json-object", _, _:
            return json.dumps({f"{n}.example": row for n, row in enumerate(rows)}).encode()
        case "csv", _, _:
            lines = [list(rows[0]), *(list(row.values()) for row in rows)]
            return "\n".join(",".join(line) for line in lines).encode()
        case _, _, how:
            return json.dumps(rows, indent=2 if how else None).encode()


# -- any text, cut anywhere -------------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
VALUES = st.recursive(
    SCALARS,
    lambda each: st.lists(each, max_size=3) | st.dictionaries(TEXTS, each, max_size=3),
    max_leaves=8,
)
FLAT = st.dictionaries(st.sampled_from(["domain", "status", "a:b", "{", "}, {"]), TEXTS, max_size=4)
ITEMS = st.lists(FLAT | st.dictionaries(TEXTS, VALUES, max_size=4), min_size=1, max_size=12)
WAYS = st.sampled_from(
    [
        {"indent": None},
        {"separators": (",", ":")},
        {"indent": 1},
        {"indent": 2, "ensure_ascii": False},
        {"separators": (" ,\r\n\t", " : ")},
    ]
)
SIZES = st.integers(1, 40)

a_few = settings(max_examples=150, deadline=None, print_blob=True)


@a_few
@given(ITEMS, WAYS, SIZES, SIZES)
def test_an_array_reads_as_json_has_it_wherever_it_is_cut(
    tmp_path_factory: pytest.TempPathFactory,
    items: list[Any],
    way: dict[str, Any],
    block: int,
    size: int,
) -> None:
    text = json.dumps(items, **way)
    found = read(scratch(tmp_path_factory), text, limits=Limits(block=block, peek=1), size=size)
    assert found.values == json.loads(text)
    assert not found.troubles()
    assert found.lines == lines_of(text)


@a_few
@given(ITEMS, st.sampled_from(["\n", "\r\n", "\n\n", " \n\t"]), SIZES, SIZES)
def test_lines_read_as_json_has_them_wherever_they_are_cut(
    tmp_path_factory: pytest.TempPathFactory, items: list[Any], end: str, block: int, size: int
) -> None:
    text = "".join(json.dumps(each) + end for each in items)
    limits = Limits(block=block)
    path = scratch(tmp_path_factory)
    if len(items) == 1 and all(isinstance(each, dict) for each in items[0].values()):
        return  # one object of objects is not lines of them
    found = read(path, text, limits=limits, size=size)
    assert found.values == items
    newlines = end.count("\n")
    assert found.lines == [1 + newlines * index for index in range(len(items))]


@a_few
@given(
    st.lists(st.tuples(TEXTS, st.dictionaries(TEXTS, VALUES, max_size=3)), min_size=1, max_size=9),
    SIZES,
    SIZES,
)
def test_objects_under_names_read_as_json_has_them_wherever_they_are_cut(
    tmp_path_factory: pytest.TempPathFactory,
    members: list[tuple[str, Any]],
    block: int,
    size: int,
) -> None:
    pairs = [(f"a{key}.example", value) for key, value in members]
    text = "{" + ", ".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in pairs) + "}"
    found = read(scratch(tmp_path_factory), text, limits=Limits(block=block), size=size)
    assert list(zip(found.keys, found.values, strict=True)) == pairs


@a_few
@given(ITEMS, WAYS, st.integers(0, 10**6), st.sampled_from('{}[]",:\\ \n\t0-.eEtNx\x00ä'), SIZES)
def test_a_damaged_array_is_read_or_refused_as_json_has_it(
    tmp_path_factory: pytest.TempPathFactory,
    items: list[Any],
    way: dict[str, Any],
    place: int,
    sign: str,
    block: int,
) -> None:
    text = json.dumps(items, **way)
    place %= len(text)
    for damaged in (
        text[:place] + sign + text[place:],
        text[:place] + sign + text[place + 1 :],
        text[:place],
    ):
        expected = strictly(damaged)
        path = scratch(tmp_path_factory)
        if isinstance(expected, list) and expected:
            assert read(path, damaged, limits=Limits(block=block)).values == expected
        else:
            refused(path, damaged, limits=Limits(block=block))


@pytest.mark.parametrize("seed", range(6))
def test_blocks_and_single_items_say_the_same(path: Path, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(10):
        rows = [a_row(chance) for _ in range(chance.randrange(30, 200))]
        glue = chance.choice([", ", ",", ",\n", ",\n  ", " ,\r\n", "\n"])
        inner = glue.join(rows)
        text = inner if glue == "\n" else f"[{inner}]"
        one_by_one = read(path, text, limits=Limits(block=1 << 20))  # no block is ever whole
        for block in (200, 1000, 3000):
            by_blocks = read(path, text, limits=Limits(block=block, peek=block))
            assert by_blocks.values == one_by_one.values
            assert by_blocks.lines == one_by_one.lines
            assert by_blocks.troubles() == one_by_one.troubles()


@pytest.mark.parametrize("seed", range(6))
def test_blocks_and_single_items_under_keys_say_the_same(path: Path, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(10):
        keys = [f"{chance.randrange(10**6)}.example" for _ in range(chance.randrange(30, 200))]
        if chance.random() < 0.3:
            keys[-1] = keys[0]
        space, glue = chance.choice([": ", ":", " : "]), chance.choice([", ", ",\n", ",\n\n"])
        rows = (f'"{key}"{space}{a_row(chance)}' for key in keys)
        text = f"{{{glue.join(rows)}}}"
        one_by_one = read(path, text, limits=Limits(block=1 << 20))
        for block in (200, 1000, 3000):
            by_blocks = read(path, text, limits=Limits(block=block, peek=block))
            assert by_blocks.keys == one_by_one.keys == keys
            assert by_blocks.values == one_by_one.values
            assert by_blocks.lines == one_by_one.lines
            assert by_blocks.troubles() == one_by_one.troubles()


def a_row(chance: random.Random) -> str:
    """Mostly flat and plain, now and then with something that the quick way must not miss."""
    odd = [
        '"a": 1, "a": 2',
        '"a" : 1, "b":"x:y"',
        '"a": {"b": 1}',
        '"a": [{"b": 1}, {"c": 2}]',
        '"a": "}, {"',
        '"a": "{"',
        '"a":"\\":"',
        r'"a": "\ud800"',
        '"a": 1e999',
        '"a": [[[]]]',
    ]
    more = f", {chance.choice(odd)}" if chance.random() < 0.03 else ""
    return f'{{"domain": "{chance.random()}.example", "status": "active"{more}}}'


def scratch(factory: pytest.TempPathFactory) -> Path:
    return factory.getbasetemp() / "cut"


def lines_of(text: str) -> list[int]:
    """Line of each member of an array, by a decoder that looks at one after another."""
    decoder, lines, at = json.JSONDecoder(), list[int](), text.index("[") + 1
    while True:
        while text[at] in " \t\r\n,":
            at += 1
        if text[at] == "]":
            return lines
        lines.append(text.count("\n", 0, at) + 1)
        at = decoder.raw_decode(text, at)[1]


def strictly(text: str) -> Any:
    """What the text holds; None for what RFC 8259 does not allow."""

    def refuse(word: str) -> None:
        raise ValueError(word)

    try:
        return json.loads(text, parse_constant=refuse)
    except ValueError:
        return None
