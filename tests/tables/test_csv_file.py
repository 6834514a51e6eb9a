"""CSV files: compressed, long, with ids, numbers and lines as people write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from skseg.datasets import make_orders
from skseg.tables import _csv_file
from skseg.tables._data_file import read_data_file
from skseg.tables._ids import as_integers_if_lossless
from tests.cli.cli_tools import write_csv


@pytest.mark.parametrize("suffix", ["", ".gz", ".bz2", ".xz", ".zip"])
def test_compressed_files_are_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"orders.csv{suffix}"
    orders = make_orders(150, as_of="2025-01-01", messy=True, random_state=1)
    orders.to_csv(tmp_path / "plain.csv", index=False)
    orders.to_csv(path, index=False)
    columns = ["customer_id", "date", "amount"]
    expected = read_data_file(tmp_path / "plain.csv", columns).frame
    assert len(expected) == len(orders)
    with path.open("rb") as file:
        texts = read_data_file(path, columns, file=file).frame
    pd.testing.assert_frame_equal(texts, expected)


@pytest.mark.parametrize("above", ["\n", "\r\n", "\r", "  \n", "\xa0\n", " "])
@pytest.mark.parametrize("n_above", [1, 3, 100])
def test_the_header_may_follow_more_blanks_than_are_read_at_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, above: str, n_above: int
) -> None:
    monkeypatch.setattr(_csv_file, "HEAD", 8)
    path = tmp_path / "orders.csv"
    path.write_bytes(f"{above * n_above}\nid,x\n1,2\n".encode())
    data = read_data_file(path, ["id", "x"])
    assert data.frame.to_numpy().tolist() == [["1", "2"]]
    n_lines = len(path.read_text(encoding="utf-8").splitlines())
    assert data.place(0) == f"line {n_lines}"


@pytest.mark.parametrize(
    ("texts", "expected", "dtype"),
    [
        (["1", "23", "1"], [1, 23, 1], "int64"),
        (["-5", "0"], [-5, 0], "int64"),
        (["1", None], [1, pd.NA], "Int64"),
        (["01", "1"], ["01", "1"], None),
        (["+1"], ["+1"], None),
        (["-0"], ["-0"], None),
        (["1_0"], ["1_0"], None),
        ([" 1"], [" 1"], None),
        (["1.0"], ["1.0"], None),
        (["١"], ["١"], None),
        (["9223372036854775807"], [2**63 - 1], "int64"),
        (["9223372036854775808"], ["9223372036854775808"], None),
        ([None, None], [None, None], None),
    ],
)
def test_ids_become_integers_only_without_loss(
    texts: list[str | None], expected: list[Any], dtype: str | None
) -> None:
    ids = pd.Series(texts, dtype=str, name="id")
    integers = as_integers_if_lossless(ids)
    if dtype is None:
        pd.testing.assert_series_equal(integers, ids)
    else:
        assert integers.dtype == dtype
        assert integers.to_list() == expected


def test_long_files_are_read_in_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skseg.tables._unicode_text.BLOCK", 9)
    lines = ["id,when,paid", "1,a,b", "2,c,", "03,,d", "4,e,f", "5,g,h"]
    path = write_csv(tmp_path / "o.csv", lines)
    data = read_data_file(path, ["id", "when", "paid"])
    orders = data.columns({"id": "id", "when": None, "paid": None})
    assert orders["id"].to_list() == ["1", "2", "03", "4", "5"]
    assert list(orders.index) == [0, 1, 2, 3, 4]
    assert orders.isna().to_numpy().sum() == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", 1.0),
        (" -2.50 ", -2.5),
        ("+.5e-1", 0.05),
        ("7.", 7.0),
        ("-inf", -np.inf),
        ("", np.nan),
        ("1_000", None),
        ("nan", None),
        ("NA", None),
        ("0x1F", None),
        ("True", 1.0),
        ("FALSE", 0.0),
        ("١", None),
        ("1 000", None),
    ],
)
def test_numbers_are_what_databases_take_for_numbers(
    tmp_path: Path, text: str, expected: float | None
) -> None:
    data = read_data_file(write_csv(tmp_path / "d.csv", ["a,b", f"{text},1"]), ["a"])
    if expected is None:
        with pytest.raises(ValueError, match="line 2: The column 'a' must hold"):
            data.read("a", "number")
    else:
        np.testing.assert_equal(data.read("a", "number"), [expected])


def test_lines_are_counted_as_in_an_editor(tmp_path: Path) -> None:
    lines = ["aov", "", "1", "   ", '""', '"2', ' "', "x"]
    data = read_data_file(write_csv(tmp_path / "d.csv", lines), ["aov"])
    with pytest.raises(ValueError, match=r"d\.csv, line 8: The column 'aov' must hold"):
        data.read("aov", "number")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("id,x\n{long},1\nb,foo\n", 3),
        ("{long},x\nb,foo\n", 2),
        ('"my\nid",x\nb,1\nc,foo\n', 4),
        ("id,x\r1,3\r2,foo\r", 3),
        ("sep=,\n\nid,x\n\n1,3\n2,foo\n", 6),
        ("id\ttext, and x\tx\na\tb,c\tfoo\n", 2),
    ],
)
def test_lines_are_right_whatever_stands_before_them(
    tmp_path: Path, text: str, line: int
) -> None:
    path = tmp_path / "d.csv"
    # The csv module alone would refuse a field of this length.
    path.write_bytes(text.replace("{long}", "a" * 200_000).encode())
    data = read_data_file(path, ["x"])
    with pytest.raises(ValueError, match=rf"d\.csv, line {line}: The column 'x' must"):
        data.read("x", "number")


def test_names_are_those_of_the_header_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_bytes("x,x,,x.1\n1,2,3,4\n".encode("utf-8-sig"))
    assert read_data_file(path, ["x.1"]).read("x.1", "number").tolist() == [4]
    with pytest.raises(ValueError, match="several columns 'x'"):
        read_data_file(path, ["x"])
    with pytest.raises(ValueError, match="needs the column 'Unnamed: 2'"):
        read_data_file(path, ["Unnamed: 2"])


def test_a_separator_may_be_any_character(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("id\xa7x\nb\xa71,5\nc\xa7foo\n", encoding="utf-8")
    data = read_data_file(path, ["x"], sep="\xa7", decimal=",")
    assert data.frame["x"].to_list() == ["1,5", "foo"]
    with pytest.raises(ValueError, match=r"d\.csv, line 3: The column 'x' must"):
        data.read("x", "number")


def test_a_field_with_the_separator_is_read_once_it_is_in_quotes(
    tmp_path: Path,
) -> None:
    path = write_csv(tmp_path / "d.csv", ["id,x", "a,1,234.50"])
    with pytest.raises(ValueError, match=r"must be in quotes\.$"):
        read_data_file(path, ["x"])
    write_csv(path, ["id,x", 'a,"1,234.50"'])
    data = read_data_file(path, ["x"], thousands=",")
    assert data.read("x", "number").tolist() == [1234.5]
