"""A column of a frame, read with narwhals: pandas, polars, pyarrow and their like.

Importing narwhals takes as long as numpy, so `Columns` imports this module only when it
meets a frame.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np

from skseg._typing import BoolArray, FloatArray, IntArray

from ._array_column import (
    ArrayColumn,
    date_advice,
    duration_advice,
    incomparable_error,
)
from ._date_column import DateArray, no_dates_error, zone_advice
from ._values import is_missing_value

# Up to this many values, comparing the column with one after the other within its frame
# beats taking every text out of it.
_MAX_COMPARED = 16
# numpy has no integers of 128 bits.
_WIDE = (nw.Int128, nw.UInt128)
# Types whose distinct values not every library computes.
_WITHOUT_UNIQUE = (*_WIDE, nw.Object)
# Flags with gaps would come out as slow objects.
_NUMPY_TYPES: dict[Any, Any] = {nw.Boolean: nw.Int8} | dict.fromkeys(_WIDE, nw.Float64)


@dataclass(frozen=True)
class SeriesColumn:
    """One column as a series; see `Columns` for what its methods return.

    `owner` is the subject of error messages.
    """

    owner: str
    name: str
    series: nw.Series[Any]

    def numbers(self) -> FloatArray:
        """Return the column as float64, missing values as NaN."""
        self._require_comparable("numbers")
        dtype = _NUMPY_TYPES.get(type(self.series.dtype))
        return self._array(self.series.cast(dtype) if dtype else self.series).numbers()

    def text_codes(self, values: Sequence[str]) -> IntArray:
        """Return each row's position in `values`, then "other" and "missing"."""
        self._require_comparable("text")
        if len(values) <= _MAX_COMPARED and _compares_as_text(self.series):
            return _compared(self.series, values)
        return self._array(self.series).text_codes(values)

    def boolean_codes(self) -> IntArray:
        """Return 0 for false, 1 for true and 2 for a missing value."""
        self._require_comparable("booleans")
        if self.series.dtype == nw.Boolean or self.series.dtype.is_numeric():
            return self._array(self.numbers()).boolean_codes()
        return self._array(self.series).boolean_codes()

    def dates(self) -> DateArray:
        """Return the column as datetime64 in microseconds, missing values as NaT."""
        dtype = self.series.dtype
        if isinstance(dtype, nw.Datetime) and dtype.time_zone is not None:
            library = self.series.implementation.value
            advice = zone_advice(self.name, library)
            raise no_dates_error(self.owner, self.name, dtype, advice)
        if dtype.is_nested() or isinstance(dtype, nw.Time):
            advice = "Make a column of dates of it first."
            raise no_dates_error(self.owner, self.name, dtype, advice)
        return self._array(self.series).dates()

    def is_text(self) -> bool:
        """Tell whether the column holds text."""
        dtype = self.series.dtype
        if dtype == nw.Object:
            return self._array(self.series).is_text()
        if dtype in (nw.Categorical, nw.Enum):
            return _has_text_categories(self.series)
        return dtype == nw.String

    def levels(self) -> list[str]:
        """Return the different texts of the column, sorted."""
        self._require_comparable("text")
        if self.series.dtype in _WITHOUT_UNIQUE:
            return self._array(self.series).levels()
        levels = self.series.drop_nulls().unique().to_numpy()
        if not all(isinstance(v, str) or is_missing_value(v) for v in levels):
            # The whole column, so that the error names the row.
            return self._array(self.series).levels()
        return self._array(levels).levels()

    def missing(self) -> BoolArray:
        """Return which rows are missing."""
        if self.series.dtype == nw.Object:
            return self._array(self.series).missing()
        null = np.array(self.series.is_null().to_numpy(), dtype=bool)
        if self.series.dtype.is_float():
            return null | np.isnan(self.series.to_numpy())
        return null

    def _array(self, values: Any) -> ArrayColumn:
        if not isinstance(values, nw.Series):
            array = values
        elif values.dtype in _WIDE:
            array = np.array(values.to_list(), dtype=object)
        else:
            array = values.to_numpy()
        return ArrayColumn(self.owner, self.name, array)

    def _require_comparable(self, kind: str) -> None:
        dtype = self.series.dtype
        if dtype.is_temporal() or dtype.is_nested():
            advice = None
            if isinstance(dtype, nw.Date | nw.Datetime):
                advice = date_advice(self.name)
            elif isinstance(dtype, nw.Duration):
                advice = duration_advice(self.name)
            raise incomparable_error(self.owner, self.name, dtype, kind, advice)


def decoded(series: nw.Series[Any]) -> nw.Series[Any]:
    """Return a column without the encodings that its library computes little with.

    Dictionaries of polars and Arrow become plain columns, views of text become text.
    """
    if series.implementation.is_polars():
        is_encoded = series.dtype in (nw.Categorical, nw.Enum)
        return series.cast(nw.String) if is_encoded else series
    native = series.to_native()
    is_arrow = series.implementation.is_pyarrow()
    arrow_type = native.type if is_arrow else _arrow_type_of(native)
    plain_type = None if arrow_type is None else _decoded_type(arrow_type)
    if plain_type is None:
        return series
    if not is_arrow:
        # pandas converts no views of text, and Arrow does.
        native = native.array.__arrow_array__()
    try:
        plain = native.cast(plain_type)
    except NotImplementedError:
        # Older versions of Arrow cast no views of text.
        plain = sys.modules["pyarrow"].array(native.to_pylist(), plain_type)
        plain = sys.modules["pyarrow"].chunked_array([plain])
    return nw.from_native(plain, series_only=True)


def _arrow_type_of(native: Any) -> Any:
    """Return the Arrow type of a series of pandas, None if it has none."""
    return getattr(native.dtype, "pyarrow_dtype", None)


def _decoded_type(arrow_type: Any) -> Any:
    """Return the plain type of an encoded one of Arrow, None for any other."""
    # Told by name, as pyarrow need not be installed.
    if type(arrow_type).__name__ == "DictionaryType":
        value_type = arrow_type.value_type
        return _decoded_type(value_type) or value_type
    return "string" if str(arrow_type) == "string_view" else None


def _has_text_categories(series: nw.Series[Any]) -> bool:
    """Tell whether a category is text; those of pandas may be numbers."""
    if not series.implementation.is_pandas_like():
        return True
    categories = series.to_native().dtype.categories
    return any(isinstance(category, str) for category in categories)


def _compares_as_text(series: nw.Series[Any]) -> bool:
    """Tell whether a column holds nothing but text, and compares with it fast."""
    if not series.implementation.is_pandas_like():
        return series.dtype == nw.String
    native = series.to_native()
    categories = getattr(native.dtype, "categories", None)
    if categories is not None:
        return all(isinstance(category, str) for category in categories)
    storage = getattr(native.dtype, "storage", repr(native.dtype))
    return series.dtype == nw.String and "pyarrow" in storage


def _compared(series: nw.Series[Any], values: Sequence[str]) -> IntArray:
    codes = np.full(len(series), len(values), dtype=np.intp)
    for code, value in enumerate(values):
        codes[(series == value).fill_null(False).to_numpy()] = code
    codes[series.is_null().to_numpy()] = len(values) + 1
    return codes
