"""Outcomes: numbers stay numbers, and two labels become 0 and 1 in any container."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from skseg._core._outcome import OutcomeCoding, read_optional_outcome, read_outcome
from skseg.exceptions import InvalidDataError, InvalidParameterError

OWNER = "Segmenter"
CONTAINERS: dict[str, Callable[[list[Any]], Any]] = {
    "list": lambda values: values,
    "object array": lambda values: np.array(values, dtype=object),
    "pandas": pd.Series,
    "pandas categories": lambda values: pd.Series(values).astype("category"),
    "pandas nullable": lambda values: pd.Series(values).convert_dtypes(),
    "pandas pyarrow": lambda values: pd.Series(values).convert_dtypes(
        dtype_backend="pyarrow"
    ),
    "polars": pl.Series,
    "polars categories": lambda values: (
        pl.Series(values).cast(pl.Categorical)
        if isinstance(values[0], str)
        else pl.Series(values)
    ),
    "pyarrow": lambda values: pa.chunked_array([values]),
}
every_container = pytest.mark.parametrize("name", CONTAINERS)


@every_container
def test_the_second_of_two_texts_counts_as_1(name: str) -> None:
    y = CONTAINERS[name](["yes", "no", "yes"])
    values, coding = read_outcome(OWNER, y, 3)
    assert values.tolist() == [1, 0, 1]
    assert coding.classes is not None
    assert coding.classes.tolist() == ["no", "yes"]
    assert coding.numbers(OWNER, CONTAINERS[name](["no"]), 1).tolist() == [0]


@every_container
def test_pos_label_says_what_counts_as_1(name: str) -> None:
    y = CONTAINERS[name](["bought", "lost", "lost"])
    values, coding = read_outcome(OWNER, y, 3, "bought")
    assert values.tolist() == [1, 0, 0]
    assert coding.numbers(OWNER, y, 3).tolist() == [1, 0, 0]


@every_container
@pytest.mark.parametrize("pos_label", [None, True, False])
def test_flags_are_labels(name: str, pos_label: bool | None) -> None:
    y = CONTAINERS[name]([True, False, True])
    values, coding = read_outcome(OWNER, y, 3, pos_label)
    assert values.tolist() == ([0, 1, 0] if pos_label is False else [1, 0, 1])
    assert coding.classes is not None
    assert coding.classes.tolist() == [False, True]
    assert coding.numbers(OWNER, y, 3).tolist() == values.tolist()


@pytest.mark.parametrize("flag", [True, False])
def test_flags_of_one_kind_are_known(flag: bool) -> None:
    assert read_outcome(OWNER, [flag, flag], 2)[0].tolist() == [flag, flag]


@pytest.mark.parametrize("name", sorted({*CONTAINERS} - {"pandas categories"}))
def test_numbers_stay_numbers(name: str) -> None:
    values, coding = read_outcome(OWNER, CONTAINERS[name]([1, 2, 5]), 3)
    assert values.tolist() == [1, 2, 5]
    assert coding == OutcomeCoding()


CATEGORIES: dict[str, Callable[[list[Any]], Any]] = {
    "Categorical": pd.Categorical,
    "ordered": lambda values: pd.Categorical(values, ordered=True),
    "Series": lambda values: pd.Series(pd.Categorical(values)),
    "frame": lambda values: pd.DataFrame({"y": pd.Categorical(values)}),
    "pyarrow": lambda values: pa.array(values).dictionary_encode(),
}
every_category = pytest.mark.parametrize("name", CATEGORIES)
of_a_frame = pytest.mark.filterwarnings("ignore:A column-vector")


@of_a_frame
@every_category
@pytest.mark.parametrize(
    "labels", [(1, 2), (-1, 1), (0.5, 1.5), (False, True)], ids=str
)
def test_categories_of_numbers_are_labels(name: str, labels: tuple[Any, Any]) -> None:
    low, high = labels
    y = CATEGORIES[name]([high, low, high])
    values, coding = read_outcome(OWNER, y, 3)
    assert values.tolist() == [1, 0, 1]
    assert coding.classes is not None
    assert coding.classes.tolist() == [low, high]
    assert coding.numbers(OWNER, y, 3).tolist() == [1, 0, 1]
    assert coding.numbers(OWNER, [low, high], 2).tolist() == [0, 1]


@of_a_frame
@every_category
def test_categories_0_and_1_are_numbers(name: str) -> None:
    for y in ([0, 1, 0], [0, 0, 0], [1.0, 1.0, 0.0]):
        values, coding = read_outcome(OWNER, CATEGORIES[name](y), 3)
        assert (values.tolist(), coding) == (y, OutcomeCoding())


@of_a_frame
@every_category
def test_categories_of_more_than_two_numbers_are_no_amounts(name: str) -> None:
    y = CATEGORIES[name]([1, 2, 3])
    with pytest.raises(InvalidDataError, match="Got 3 classes: 1, 2, 3"):
        read_outcome(OWNER, y, 3)
    assert read_optional_outcome(OWNER, y, 3) == (None, OutcomeCoding())
    # As the message advises.
    values, _ = read_outcome(OWNER, np.ravel(np.asarray(y) == 1), 3)
    assert values.tolist() == [1, 0, 0]


def test_pos_label_of_two_numbers() -> None:
    values, coding = read_outcome(OWNER, np.array([1, 2, 2]), 3, 1)
    assert values.tolist() == [1, 0, 0]
    assert coding.numbers(OWNER, np.array([2]), 1).tolist() == [0]


@every_container
@pytest.mark.parametrize("digits", [["1", "2", "3"], ["low", "mid", "high"]])
def test_more_than_two_texts_are_refused(name: str, digits: list[str]) -> None:
    with pytest.raises(InvalidDataError, match="labels of two classes") as error:
        read_outcome(OWNER, CONTAINERS[name](digits), 3)
    assert "Got 3 classes" in str(error.value)
    # What the message advises: y == the first label.
    advised = np.array(digits, dtype=object) == min(digits)
    assert read_outcome(OWNER, advised, 3)[0].sum() == 1


@every_container
def test_one_text_asks_for_pos_label(name: str) -> None:
    y = CONTAINERS[name](["yes", "yes"])
    with pytest.raises(InvalidDataError, match="pos_label='yes'"):
        read_outcome(OWNER, y, 2)
    assert read_outcome(OWNER, y, 2, "yes")[0].tolist() == [1, 1]


def test_pos_label_is_one_of_the_labels() -> None:
    with pytest.raises(InvalidParameterError, match=r"'pos_label'.*'no', 'yes'"):
        read_outcome(OWNER, ["yes", "no"], 2, "oui")


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_a_missing_label_is_refused_where_it_is_needed(missing: Any) -> None:
    y = np.array(["yes", missing, "no"], dtype=object)
    with pytest.raises(InvalidDataError, match="at row 1") as error:
        read_outcome(OWNER, y, 3)
    assert error.value.row == 1
    needed = np.array([True, False, True])
    values, _ = read_outcome(OWNER, y, needed)
    np.testing.assert_array_equal(values, [1, np.nan, 0])


def test_labels_that_fit_has_not_seen_are_refused() -> None:
    _, coding = read_outcome(OWNER, ["yes", "no"], 2)
    with pytest.raises(InvalidDataError, match=r"labels of fit.*'maybe'"):
        coding.numbers(OWNER, ["yes", "maybe"], 2)


@pytest.mark.parametrize(
    "y", [None, ["a", "b", "c"], ["a", "a", "a"], [[0, 1], [1, 0], [1, 1]]]
)
def test_what_is_no_number_a_row_has_no_effect_where_it_is_optional(y: Any) -> None:
    array = None if y is None else np.array(y)
    assert read_optional_outcome(OWNER, array, 3) == (None, OutcomeCoding())


def test_an_optional_outcome_may_be_text() -> None:
    values, _ = read_optional_outcome(OWNER, ["no", "yes"], 2)
    assert values is not None
    assert values.tolist() == [0, 1]


def test_an_outcome_is_as_long_as_the_rows() -> None:
    with pytest.raises(InvalidDataError, match="one outcome a row"):
        read_outcome(OWNER, ["yes", "no"], 3)
