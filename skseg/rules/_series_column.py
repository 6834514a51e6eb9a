"""A column of a frame, read with narwhals: pandas, polars, pyarrow and their like.

Importing narwhals takes as long as numpy, so `Columns` imports this module only when it
meets a frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np

from skseg._typing import BoolArray, FloatArray, IntArray
from skseg.exceptions import RuleError

from ._array_column import ArrayColumn, incomparable_error
from ._values import is_missing_value

# Up to this many values, comparing the column with one after the other within its frame
# beats taking every text out of it.
_MAX_COMPARED = 16
# Flags with gaps would come out as slow objects, and numpy has no integers of 128 bits.
_NUMPY_TYPES: dict[Any, Any] = {
    nw.Boolean: nw.Int8,
    nw.Int128: nw.Float64,
    nw.UInt128: nw.Float64,
}


def read_frame(X: Any, owner: str) -> nw.DataFrame[Any] | None:
    """Return `X` as a frame, or None if it is none."""
    try:
        frame = nw.from_native(X, eager_only=True, pass_through=True)
    except nw.exceptions.DuplicateError as error:
        raise RuleError(
            f"{owner} cannot tell columns apart: {error}", owner=owner
        ) from None
    return frame if isinstance(frame, nw.DataFrame) else None


def read_series(values: Any) -> nw.Series[Any] | None:
    """Return `values` as a series, or None if they are none."""
    series = nw.from_native(values, series_only=True, pass_through=True)
    return series if isinstance(series, nw.Series) else None


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
            try:
                return _compared(self.series, values)
            except NotImplementedError:
                pass  # pyarrow cannot compare a string_view
        return self._array(self.series).text_codes(values)

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
        array = values.to_numpy() if isinstance(values, nw.Series) else values
        return ArrayColumn(self.owner, self.name, array)

    def _require_comparable(self, kind: str) -> None:
        dtype = self.series.dtype
        if dtype.is_temporal() or dtype.is_nested():
            raise incomparable_error(
                self.owner, self.name, dtype, kind, temporal=dtype.is_temporal()
            )


def decoded(series: nw.Series[Any]) -> nw.Series[Any]:
    """Return a dictionary-encoded column of polars or pyarrow as a plain one."""
    if series.dtype not in (nw.Categorical, nw.Enum):
        return series
    if series.implementation.is_polars():
        return series.cast(nw.String)
    if series.implementation.is_pyarrow():
        native = series.to_native()
        return nw.from_native(native.cast(native.type.value_type), series_only=True)
    return series


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
