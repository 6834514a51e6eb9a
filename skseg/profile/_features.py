"""Columns of any container as the features of a profile: numbers, or levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from skseg._core._column_errors import column_errors_as_data_errors
from skseg._core._vector import is_time_value
from skseg._typing import FloatArray, IntArray, ObjectArray
from skseg.exceptions import InvalidDataError
from skseg.rules import Columns
from skseg.rules._array_column import ArrayColumn
from skseg.rules._series_column import SeriesColumn

from ._segmentation import OWNER

FLAGS = ("False", "True")


@dataclass(frozen=True)
class Feature:
    """The values of one column.

    A number has `values`, in which NaN is missing; `is_infinite` tells which rows had
    an infinite one, which counts as missing. Levels have the place of each row in
    `levels`, sorted texts, as `places`; -1 is missing.
    """

    name: str
    values: FloatArray | None = None
    places: IntArray | None = None
    levels: tuple[str, ...] = ()
    is_infinite: Any = None  # rows, None if there are none

    @property
    def kind(self) -> str:
        """Return "number" or "level"."""
        return "number" if self.places is None else "level"

    @property
    def numbers(self) -> FloatArray:
        """Return numbers, or the places of levels as such; NaN is missing."""
        if self.values is not None:
            return self.values
        assert self.places is not None
        return np.where(self.places < 0, np.nan, self.places)


def read_feature(columns: Columns, name: str) -> Feature:
    """Return one column, or raise for values that are neither numbers nor levels.

    Numbers are numbers, but for categories; booleans, text and categories are levels.
    """
    with column_errors_as_data_errors():
        column = columns._column(name)
        _check_times(name, column)
        if _is_of_numbers(column):
            return number_feature(name, column.numbers())
        if _is_of_flags(column):
            codes = column.boolean_codes()
            return Feature(name, None, np.where(codes > 1, -1, codes), FLAGS)
        return _levels(name, column)


def number_feature(name: str, values: FloatArray) -> Feature:
    """Return a column of numbers."""
    is_infinite = np.isinf(values)
    if not is_infinite.any():
        return Feature(name, values)
    return Feature(name, np.where(is_infinite, np.nan, values), None, (), is_infinite)


def _check_times(name: str, column: ArrayColumn | SeriesColumn) -> None:
    if isinstance(column, SeriesColumn):
        dtype = column.series.dtype
        if dtype.is_nested():
            raise unreadable(name, str(dtype), "Make columns of its parts first")
        is_time = dtype.is_temporal()
    else:
        dtype = column.values.dtype
        is_time = dtype.kind in "mM"
    if not is_time and _is_object(column):
        is_time = any(is_time_value(value) for value in _objects(column))
    if is_time:
        is_duration = "duration" in str(dtype).lower() or "timedelta" in str(dtype)
        number = (
            f"X[{name!r}] / pandas.Timedelta(days=1)"
            if is_duration
            else f"(pandas.Timestamp('2024-12-31') - pandas.to_datetime(X[{name!r}]))"
            ".dt.days"
        )
        raise unreadable(name, str(dtype), f"Make it a number of days, {number}")


def unreadable(name: str, dtype: str, remedy: str) -> InvalidDataError:
    """Return the error of a column that holds neither numbers nor levels."""
    rule = "numbers, booleans, text or categories"
    return InvalidDataError(
        f"Column {name!r} of X must hold {rule}. Got {dtype} values.",
        owner=OWNER,
        name="X",
        rule=rule,
        value=dtype,
        column=name,
        advice=f"{remedy}, or leave it out by listing the others as features=.",
    )


def _is_object(column: ArrayColumn | SeriesColumn) -> bool:
    if isinstance(column, ArrayColumn):
        return bool(column.values.dtype.kind == "O")
    return bool(column.series.dtype == nw.Object)


def _objects(column: ArrayColumn | SeriesColumn) -> Any:
    if isinstance(column, ArrayColumn):
        return column.values
    return column.series.to_list()


def _is_categorical(column: ArrayColumn | SeriesColumn) -> bool:
    if isinstance(column, ArrayColumn):
        return False
    return column.series.dtype in (nw.Categorical, nw.Enum)


def _is_of_flags(column: ArrayColumn | SeriesColumn) -> bool:
    if _is_object(column):
        known = [v for v in _objects(column) if isinstance(v, bool | np.bool_)]
        return bool(known) and not column.is_text()
    if isinstance(column, ArrayColumn):
        return bool(column.values.dtype.kind == "b")
    return bool(column.series.dtype == nw.Boolean)


def _is_of_numbers(column: ArrayColumn | SeriesColumn) -> bool:
    if _is_categorical(column) or column.is_text():
        return False
    return not _is_of_flags(column)


def _levels(name: str, column: ArrayColumn | SeriesColumn) -> Feature:
    values: Any = (
        column.values
        if isinstance(column, ArrayColumn)
        else column.series.to_native()
        if column.series.implementation.is_pandas_like()
        else column.series.to_numpy()
    )
    if isinstance(values, np.ndarray):
        values = np.asarray(values, dtype=object)
    places, uniques = pd.factorize(values)
    distinct = list(uniques)
    if not _is_categorical(column):
        wrong = next((v for v in distinct if not isinstance(v, str)), None)
        if wrong is not None:
            row = int(np.argmax(places == distinct.index(wrong)))
            raise InvalidDataError(
                f"Column {name!r} of X must hold text alone, or no text. Got {wrong!r} "
                f"at row {row}, beside text.",
                owner=OWNER,
                name="X",
                rule="text alone, or no text",
                value=wrong,
                column=name,
                row=row,
                advice=f"Make it text, X[{name!r}].astype(str), or leave it out by "
                "listing the others as features=.",
            )
    texts = [str(value) for value in distinct]
    levels = sorted({*texts}) if any(isinstance(v, str) for v in distinct) else texts
    if levels is texts:
        # Categories that are numbers or flags, in their own order.
        levels = [str(value) for value in sorted(distinct)]
    rank = {text: place for place, text in enumerate(levels)}
    order = np.array([*(rank[text] for text in texts), -1], dtype=np.intp)
    return Feature(name, None, order[places], tuple(levels))


def text_feature(name: str, values: ObjectArray) -> Feature:
    """Return a column of texts, or None, as levels."""
    places, levels = pd.factorize(values, sort=True)
    return Feature(name, None, places, tuple(levels))
