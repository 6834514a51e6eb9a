"""Columns of a frame in the types that `rfm_table` computes with."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

# Types of Arrow that it computes little with -> one that holds the same values.
_PLAIN_TYPES = {"string_view": "string", "date64[ms]": "date32[day]"}


def plain_series(frame: nw.DataFrame[Any], name: str) -> nw.Series[Any]:
    """Return a column without the encodings of its library that hinder computing."""
    series = frame.get_column(name)
    native: Any = series.to_native()
    is_pandas = isinstance(native, pd.Series)
    if is_pandas and isinstance(native.dtype, pd.SparseDtype):
        return _series_of(native.sparse.to_dense(), name)
    arrow_type = getattr(native.dtype if is_pandas else native, "pyarrow_dtype", None)
    if series.implementation.is_pyarrow():
        arrow_type = native.type
    kind = str(arrow_type)
    if kind not in _PLAIN_TYPES and not kind.startswith("decimal256"):
        return series
    # pandas converts few of these types, and Arrow does.
    array = native.array.__arrow_array__() if is_pandas else native
    if kind not in _PLAIN_TYPES:
        return _series_of(pd.Series(array.to_pylist(), dtype=object), name)
    array = _cast(array, _PLAIN_TYPES[kind])
    if is_pandas:
        array = pd.Series(array, dtype=pd.ArrowDtype(array.type))
    return _series_of(array, name)


def _cast(array: Any, kind: str) -> Any:
    """Return an array of Arrow as another type, also where Arrow has no cast for it."""
    try:
        return array.cast(kind)
    except NotImplementedError:
        import pyarrow as pa

        return pa.chunked_array([pa.array(array.to_pylist(), kind)])


def is_float(series: nw.Series[Any]) -> bool:
    """Tell whether a column holds floats; narwhals may not know those of 16 bits."""
    if series.dtype == nw.Unknown:
        return bool(series.to_numpy().dtype.kind == "f")
    return series.dtype.is_float()


def _series_of(native: Any, name: str) -> nw.Series[Any]:
    series: nw.Series[Any] = nw.from_native(native, series_only=True)
    return series.alias(name)


def to_array(series: nw.Series[Any]) -> NDArray[Any]:
    """Return the values, integers of more than 64 bits as those of Python."""
    if series.dtype in (nw.Int128, nw.UInt128):
        return np.array(series.to_list(), dtype=object)
    array: NDArray[Any] = series.to_numpy()
    return array
