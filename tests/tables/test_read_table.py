"""The reader of data files: what it returns, and what it refuses in words."""

from __future__ import annotations

import codecs
import csv
import itertools
import pickle
import shlex
from concurrent.futures import ThreadPoolExecutor
from encodings.aliases import aliases
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pytest

from skseg.exceptions import InvalidDataError, InvalidParameterError, MissingColumnError
from skseg.tables import _unicode_text, read_table
from tests.cli.cli_tools import DAY, FAST, LOW, skseg_command, write

NO_ENCODINGS = [
    *("hex", "HEX", "hex_codec", "rot13", "rot_13", "base64", "base-64", "zip", "zlib"),
    *("bz2", "uu", "quopri", "punycode", "idna", "undefined", "unicode_escape"),
    *("unicode-escape", "raw_unicode_escape", "mbcs", "oem", "", " ", "klingon"),
    *("\xe9", "x" * 10_000, "../utf_8", "encodings", "aliases"),
]


def read(path: Path, content: str | bytes, **options: Any) -> pd.DataFrame:
    """Write a file, and read it."""
    data = content if isinstance(content, bytes) else content.encode()
    path.write_bytes(data)
    return read_table(path, **options)


def cells(table: pd.DataFrame) -> list[list[Any]]:
    return table.astype(object).where(table.notna(), None).to_numpy().tolist()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "d.csv"


@pytest.mark.parametrize(
    "encoding", [*NO_ENCODINGS, "a\0b", 5, b"utf-8", ["utf-8"], True], ids=repr
)
def test_what_is_no_encoding_of_text_is_refused_in_words(
    encoding: Any, path: Path, tmp_path: Path
) -> None:
    with pytest.raises(InvalidParameterError, match="name of an encoding of text") as e:
        read(path, "aov\n1\n", encoding=encoding)
    assert (e.value.owner, e.value.name) == ("read_table", "encoding")
    if isinstance(encoding, str) and "\0" not in encoding:
        rules = write(tmp_path / "r.yaml", LOW)
        result = skseg_command("rules", "apply", rules, path, "--encoding", encoding)
        assert result.exit_code == 2
        assert "--encoding must be the name of an encoding of text" in result.stderr


@pytest.mark.parametrize(
    ("misspelt", "meant"),
    [
        ("utf8-sig", "utf-8-sig"),
        ("utf-9", "utf-8"),
        ("cp-1252", "cp1252"),
        ("windows1252", "windows-1252"),
        ("lattin-1", "latin-1"),
    ],
)
def test_a_misspelt_encoding_is_answered_with_the_one_that_is_meant(
    misspelt: str, meant: str, path: Path
) -> None:
    with pytest.raises(InvalidParameterError, match=f"Did you mean '{meant}'"):
        read(path, "a,b\n1,2\n", encoding=misspelt)
    assert cells(read(path, "a,b\n1,2\n", encoding=meant)) == [["1", "2"]]


@pytest.mark.parametrize("encoding", sorted(set(aliases.values())))
def test_every_encoding_of_python_is_read_or_refused(encoding: str, path: Path) -> None:
    text = "id,x\n007,NA\n"
    try:
        content = text.encode(encoding)
    except LookupError:
        content = text.encode()
        with pytest.raises(InvalidParameterError):
            read(path, content, encoding=encoding)
    else:
        assert cells(read(path, content, encoding=encoding)) == [["007", "NA"]]


@pytest.mark.parametrize("width", [16, 32])
@pytest.mark.parametrize("order", ["le", "be"])
@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize("encoding", ["", "{0}", "{0}-{1}"])
def test_unicode_of_any_width_is_read_with_and_without_a_mark(
    width: int, order: str, marked: bool, encoding: str, path: Path
) -> None:
    codec = f"utf-{width}-{order}"
    mark = "\ufeff" if marked else ""
    content = f"{mark}id,Stra\xdfe\n\u0416,\U0001f600\n".encode(codec)
    options = {"encoding": encoding.format(f"utf-{width}", order)} if encoding else {}
    if encoding or marked:
        table = read(path, content, **options)
        assert list(table) == ["id", "Stra\xdfe"]
        assert cells(table) == [["\u0416", "\U0001f600"]]
        return
    with pytest.raises(InvalidDataError, match=f"give encoding='{codec}'"):
        read(path, content)


@pytest.mark.parametrize(
    ("content", "encoding", "message"),
    [
        (b"\xef\xbb\xbfa,b\n1,2\n", "cp1252", "byte order mark of utf-8"),
        (b"\xff\xfea\0,\0b\0", "utf-8", "byte order mark of utf-16-le"),
        ("\u4e00\u4e01".encode("utf-16-be"), "utf-16", "its byte order cannot be told"),
        (
            b"a,b\n1,\xff\n",
            None,
            r"d\.csv, line 2: This cannot be .* is no text in utf-8",
        ),
        (b"a,b\n1,2\n3,\xe4", None, "line 3: .* give encoding='cp1252'"),
        (b"a,b\n1,\x81\n", "cp1252", "line 2: .* byte 0x81 is no text in cp1252"),
        (b"a,b\n1,\xed\xa0\x80\n", None, "line 2: This cannot be read"),
        (b"a,b\r\n1,2\r\n3,\0\r\n", None, "line 3 it holds bytes of zero.*Remove them"),
        (b"+2AA-,b\n", "utf-7", "cannot be read as CSV"),
        ("a,b\n1,2\n".encode("utf-16-le")[:-1], "utf-16-le", "truncated data"),
    ],
    ids=range(10),
)
def test_bytes_that_are_no_text_are_refused_with_their_line(
    content: bytes, encoding: str | None, message: str, path: Path
) -> None:
    with pytest.raises(InvalidDataError, match=message):
        read(path, content, encoding=encoding)


@pytest.mark.parametrize(
    "sep", ["", "||", "::", ", ", '"', "\n", "\r", "\0", "\ud800", 5, b",", r"\s+"]
)
def test_what_cannot_separate_fields_is_refused_in_words(sep: Any, path: Path) -> None:
    with pytest.raises(InvalidParameterError, match="single character") as error:
        read(path, "a,b\n1,2\n", sep=sep)
    assert error.value.name == "sep"


@pytest.mark.parametrize(
    "sep", [*",;\t|^~: \\'#", "\x1f", "\xa7", "\u2502", "\U0001f600"]
)
def test_any_single_character_separates_fields(sep: str, path: Path) -> None:
    text = f'a{sep}b\n1{sep}"x{sep}""y"\n2{sep}\n'
    expected = [["1", f'x{sep}"y'], ["2", None]]
    assert cells(read(path, text, sep=sep)) == expected
    if sep != "\n":
        assert cells(read(path, f"sep={sep}\n{text}")) == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2,3\n", "line 2: The row has 3 fields, the header 2. A field that"),
        ("a,b\n1,2\n3,4,\n", "line 3: .*end the header in as many, too"),
        ("a,b\n1,2\n\n3\n", "line 4: The row has 1 field, the header 2. Fill it up"),
        ('a,b\n1,"x\ny"\n3\n', "line 4: The row has 1 field"),
        ('a,b\n1,2\n""\n', "line 3: The row has 1 field"),
        ("a,b\n1,2\n\x1a", "line 3: The row has 1 field"),
        ('a,b\n1,"2\n3,4\n', "line 2: .*the quote of a field .* is never closed"),
        ('a,b\n1,2\n"3', "line 3: .* is never closed"),
        ('a,b\n1,"2"x\n', "line 2: .*text follows the closing quote"),
        ('a,b\n1,"2" \n', "line 2: .*text follows the closing quote"),
        ('a,b\n1,"2\n\n"x\n', "line 4: .*text follows the closing quote"),
        ('a,b\n1,"6\\" pipe"\n', "line 2: .*text follows the closing quote"),
        ('"a,b\n1,2\n', "line 1: .* is never closed"),
        ('sep="\na"b\n', "line 1: .*a quote cannot separate fields"),
        ("", "is empty: it has no header"),
        ("\n  \n", "is empty: it has no header"),
        ("a,b\n", "holds no rows"),
        ("a,b\n\n  \n", "holds no rows"),
        ("x,x\n1,2\n", "has several columns 'x'"),
        ("\ufeffx,x\n1,2\n", "has several columns 'x'"),
        ("\ufeff\ufeffx,x\n1,2\n", "has several columns 'x'"),
        ('\ufeff"x",x\n1,2\n', "has several columns 'x'"),
        ("a,,\n1,2,3\n", "has several columns without a name. Name them, or give"),
        ("a;b,c\n1;2,3\n", "several ways: .* Give sep=',' or sep=';'"),
    ],
)
@pytest.mark.parametrize("block", [3, _unicode_text.BLOCK])
def test_what_is_no_table_is_refused_with_its_line(
    content: str, message: str, block: int, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_unicode_text, "BLOCK", block)
    with pytest.raises(InvalidDataError, match=message):
        read(path, content)


@pytest.mark.parametrize(
    ("content", "header", "rows"),
    [
        ("a,b,\n1,2,\n3,4,\n", ["a", "b", ""], [["1", "2", None], ["3", "4", None]]),
        ('a,b\n1,6" pipe\n', ["a", "b"], [["1", '6" pipe']]),
        ('a,b\n1, "x"\n', ["a", "b"], [["1", ' "x"']]),
        ('a,b\n1,"x""y"\n', ["a", "b"], [["1", 'x"y']]),
        ('a,b\n"",""""\n', ["a", "b"], [[None, '"']]),
        (",b\n1,2\n", ["", "b"], [["1", "2"]]),
        (" a,b \n 1,2 \n", [" a", "b "], [[" 1", "2 "]]),
        ("a,b\n,\n", ["a", "b"], [[None, None]]),
        ("\n\na,b\n\n1,2\n \t\n3,4\n\n", ["a", "b"], [["1", "2"], ["3", "4"]]),
        ("a\tb\n\t\n1\t2\n", ["a", "b"], [[None, None], ["1", "2"]]),
        ("a\n1\n\n 2\n  \n", ["a"], [["1"], [None], [" 2"], [None]]),
        ("a,b\n\ufeff1,2\n", ["a", "b"], [["\ufeff1", "2"]]),
        ("x.1,Unnamed: 1\n1,2\n", ["x.1", "Unnamed: 1"], [["1", "2"]]),
        ("a,b\n#1,\\N\n", ["a", "b"], [["#1", "\\N"]]),
        ("a,b\nNA,null\nnan,NaN\n", ["a", "b"], [["NA", "null"], ["nan", "NaN"]]),
        ("sep=;\r\na;b\r\n1;2", ["a", "b"], [["1", "2"]]),
        ('"sep=|"\na|b\n1|2', ["a", "b"], [["1", "2"]]),
        ("SEP=\t\na\tb\n1\t2", ["a", "b"], [["1", "2"]]),
        ('"a, b";c\n1;2\n', ["a, b", "c"], [["1", "2"]]),
        ("a,b\n1\x0b,2\u2028\x85\n", ["a", "b"], [["1\x0b", "2\u2028\x85"]]),
        (
            "a,b\n1,2\r3,4\r\n5,6\n\r\n",
            ["a", "b"],
            [["1", "2"], ["3", "4"], ["5", "6"]],
        ),
        ('a,b\r1,"x\r\ny"\r', ["a", "b"], [["1", "x\r\ny"]]),
    ],
)
@pytest.mark.parametrize("block", [3, _unicode_text.BLOCK])
def test_odd_but_regular_files_are_read_as_they_are(
    content: str,
    header: list[str],
    rows: list[list[str | None]],
    block: int,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_unicode_text, "BLOCK", block)
    table = read(path, content)
    assert list(table) == header
    assert cells(table) == rows


def rows_by_hand(text: str) -> list[list[str]] | None:
    """Return the records of a text separated by commas, None if it is no such text.

    Character by character after the grammar of RFC 4180, with all line ends, and blank
    lines left out.
    """
    rows: list[list[str]] = []
    row, cell, state = list[str](), "", "start"
    text = text.replace("\r\n", "\n") if '"' not in text else text
    for character in [*text, ""]:
        if state == "quoted" and character == "":
            return None
        if state == "quoted":
            state = "closed" if character == '"' else state
            cell += character if character != '"' else ""
        elif state == "closed" and character == '"':
            cell, state = cell + '"', "quoted"
        elif character in (",", "\n", "\r", ""):
            is_blank = not row and state != "closed" and not cell.strip()
            row, cell, state = [*row, cell], "", "start"
            if character != ",":
                rows += [] if is_blank else [row]
                row = []
        elif state == "closed":
            return None
        elif character == '"' and state == "start":
            state = "quoted"
        else:
            cell, state = cell + character, "bare"
    return rows


def random_texts() -> list[str]:
    alphabet = ["a", '"', ",", "\n", " "]
    short = [
        "".join(c) for n in range(4) for c in itertools.product(alphabet, repeat=n)
    ]
    random = Random(0)
    # Most are regular, so that both the fast and the slow way are taken.
    pieces = ["1,2\n", '"x","y"\n', '"p,q","r\n"\n', '1,"a""b"\n', "\n", *alphabet]
    weights = [6, 6, 6, 6, 1, *[0.3] * len(alphabet)]
    long = ["".join(random.choices(pieces, weights, k=8)) for _ in range(500)]
    return short + long


def test_the_fast_and_the_slow_way_agree_with_a_parser_by_hand(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_read = 0
    for number, text in enumerate(random_texts()):
        monkeypatch.setattr(_unicode_text, "BLOCK", [4, 13, 1 << 20][number % 3])
        rows = rows_by_hand(text)
        is_table = bool(rows) and all(len(row) == 2 for row in rows or [])
        try:
            table = read(path, f"k,l\n{text}", sep=",")
        except InvalidDataError:
            assert not is_table, text
        else:
            n_read += 1
            assert is_table, text
            assert cells(table) == [[c or None for c in row] for row in rows or []]
    assert n_read > 200


def test_cells_and_names_may_be_of_any_length(path: Path) -> None:
    limit = csv.field_size_limit()
    name, cell = "n" * 1_500_000, "c\n" * 200_000
    table = read(path, f'{name},b\n1,"{cell}"\n{cell[:1] * 9_000_000},2\n')
    assert list(table) == [name, "b"]
    assert table["b"].to_list() == [cell, "2"]
    assert csv.field_size_limit() == limit


def test_threads_do_not_take_the_length_of_cells_from_each_other(
    tmp_path: Path,
) -> None:
    limit = csv.field_size_limit()

    def work(number: int) -> int:
        rows = f'"{"x" * 200_000}",{number}\n' + f'{number},6" pipe\n' * 50
        text = f"a,b\n{rows}"
        return len(read(tmp_path / f"{number}.csv", text)["a"].iloc[0])

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(work, range(40))) == {200_000}
    assert csv.field_size_limit() == limit


@pytest.mark.parametrize("quoted", [True, False])
def test_lines_are_those_of_an_editor_in_blocks_of_every_kind(
    quoted: bool, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_unicode_text, "BLOCK", 200)
    random = Random(1)
    lines, rows = ["id,x"], []
    for number in range(400):
        if random.random() < 0.05:
            lines.append("")
        rows.append(len(lines) + 1)
        cell = str(number)
        if quoted and random.random() < 0.2:
            cell = f'"{number}\n"'
        lines += f"k{number},{cell}".split("\n")
    for row in (0, 1, 57, 200, 399):
        text = "\n".join(lines).replace(f"k{row},", f"k{row},z", 1).replace('z"', '"z')
        with pytest.raises(InvalidDataError, match=f"line {rows[row]}: ") as error:
            read(path, text + "\n", columns={"x": "number"})
        assert error.value.row == row


def test_kinds_say_what_columns_are_read_as(path: Path) -> None:
    text = "id,n,b,d,t\n7,1.5,TRUE,2024-02-29,01\n8,,,,\n9,$2,0,2024-03-01 10:30,NA\n"
    kinds = {"t": "text", "id": "id", "n": "number", "b": "boolean", "d": "date"}
    table = read(path, text, columns=kinds)
    assert list(table) == list(kinds)
    assert cells(table[["t"]]) == [["01"], [None], ["NA"]]
    assert table["id"].dtype == np.int64
    np.testing.assert_array_equal(table["n"], [1.5, np.nan, 2])
    assert table["b"].dtype == "boolean"
    assert table["b"].to_list() == [True, pd.NA, False]
    assert table["d"].dtype == "datetime64[us]"
    assert table["d"].to_list()[::2] == [
        pd.Timestamp(2024, 2, 29),
        pd.Timestamp(2024, 3, 1, 10, 30),
    ]
    assert list(read_table(path, columns=["t", "id"])) == ["t", "id"]
    assert list(read_table(str(path), columns=(n for n in ("b", "b")))) == ["b"]
    assert cells(read_table(path, columns=["id"])) == [["7"], ["8"], ["9"]]


@pytest.mark.parametrize(
    ("options", "name", "message"),
    [
        ({"columns": "id"}, "columns", r"Give a list: \['id'\]"),
        ({"columns": []}, "columns", "names of columns"),
        ({"columns": [1]}, "columns", "names of columns"),
        ({"columns": 5}, "columns", "names of columns"),
        ({"columns": {"id": "numbers"}}, "columns", "Did you mean 'number'?"),
        ({"columns": {"id": ["text"]}}, "columns", "a mapping to 'id', 'text'"),
        ({"decimal": ";"}, "decimal", "'.' or ','"),
        ({"decimal": ",", "thousands": ","}, "thousands", "None or one of"),
        ({"thousands": 5}, "thousands", "None or one of"),
        ({"date_format": "%d.%m"}, "date_format", "with day, month and year"),
        ({"date_format": 5}, "date_format", "with day, month and year"),
        ({"sheet": 1}, "sheet", "number from 1, as text"),
    ],
)
def test_wrong_parameters_are_refused_under_their_name(
    options: dict[str, Any], name: str, message: str, path: Path
) -> None:
    with pytest.raises(InvalidParameterError, match=message) as error:
        read(path, "id,x\n1,2\n", **options)
    assert (error.value.owner, error.value.name) == ("read_table", name)


@pytest.mark.parametrize("wrong", [None, 5, "", b"d.csv", "a\0b", "\ud800"], ids=ascii)
def test_what_is_no_path_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidParameterError, match="must be the path of a file"):
        read_table(wrong)


def test_paths_without_a_file_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(InvalidDataError, match="There is no file "):
        read_table(tmp_path / "none.csv")
    with pytest.raises(InvalidDataError, match="is a folder, no file"):
        read_table(tmp_path)
    with pytest.raises(InvalidDataError, match=r"cannot be read as CSV: .*too long"):
        read_table("x" * 5000)


def test_advice_speaks_of_parameters_and_survives_a_pickle(path: Path) -> None:
    with pytest.raises(MissingColumnError) as error:
        read(path, "a/b\n1/2\n", columns=["customer"])
    assert str(error.value).endswith("Is the separator another one? Give it as sep.")
    copy = pickle.loads(pickle.dumps(error.value))
    assert str(copy) == str(error.value)
    assert copy.advice.parts == error.value.advice.parts


TITLES = ["Report of 2024\n\n", "Report, of 2024\n,\n", '"Orders;\nof the year"\n\n']


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("sep", [",", ";"])
def test_a_title_above_the_header_is_named_and_not_the_separator(
    title: str, sep: str, path: Path
) -> None:
    line = title.count("\n") + 1
    text = f"{title}id{sep}aov\n1{sep}2\n"
    with pytest.raises(MissingColumnError) as error:
        read(path, text, columns=["aov"])
    advice = f"The header seems to be line {line}: delete everything above it."
    assert str(error.value).endswith(advice)
    below = "".join(text.splitlines(keepends=True)[line - 1 :])
    assert cells(read(path, below, columns=["aov"])) == [["2"]]


def test_separators_at_the_ends_of_lines_are_read_as_the_error_says(path: Path) -> None:
    rows = "1,2,\n3,4,\n"
    with pytest.raises(InvalidDataError, match="end the header in as many, too"):
        read(path, f"a,b\n{rows}", columns=["b"])
    assert cells(read(path, f"a,b,\n{rows}", columns=["b"])) == [["2"], ["4"]]


def test_all_that_a_german_file_needs_is_advised_at_once(tmp_path: Path) -> None:
    path = write(tmp_path / "d.csv", "aov;when\n1.234,50;31.12.2024\n20;1.2.2024\n")
    text = "rules: {A: \"aov > 100 and when > date('2024-06-30')\"}\ndefault: B\n"
    rules, out = write(tmp_path / "r.yaml", text), tmp_path / "out"
    arguments = ["rules", "apply", rules, path, "--out", out, *FAST]
    error = skseg_command(*arguments).stderr
    assert error.count("d.csv, line 2: The column ") == 2
    options = [
        word
        for line in error.splitlines()
        for word in shlex.split(line.partition("Give ")[2].partition(", which")[0])
    ]
    assert "--decimal" in options
    assert "--date-format" in options
    result = skseg_command(*arguments, *options)
    assert result.exit_code == 0, result.output
    assert read_table(out / "rows.csv")["segment"].to_list() == ["A", "B"]


def test_the_same_for_the_orders_of_a_german_file(tmp_path: Path) -> None:
    lines = ["id;when;paid", "a;31.12.2024;1.234,50", "b;30.11.2024;20,00"]
    path = write(tmp_path / "d.csv", "\n".join(lines) + "\n")
    columns = ["--customer", "id", "--date", "when", "--amount", "paid"]
    command = ["rfm", path, *columns, "--as-of", DAY, "--out", tmp_path / "out", *FAST]
    error = skseg_command(*command).stderr
    options = [
        word
        for line in error.splitlines()
        for word in shlex.split(line.partition("Give ")[2].partition(", which")[0])
    ]
    assert skseg_command(*command, *options).exit_code == 0, error
    written = read_table(tmp_path / "out" / "customers.csv", columns=["monetary"])
    assert cells(written) == [["1234.5"], ["20.0"]]


def test_a_mark_in_front_is_no_part_of_the_text(path: Path) -> None:
    for mark, codec in [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
    ]:
        content = mark + "sep=;\nid;x\n1;2".encode(codec)
        assert cells(read(path, content, columns=["id"])) == [["1"]]
