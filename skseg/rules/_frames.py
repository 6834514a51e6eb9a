"""Containers of columns: which are frames, which are series, and what names they have.

Importing narwhals takes as long as numpy, so this module is imported where a container
turns out to be no plain array, list or mapping.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

import narwhals as nw

from skseg.engines import is_table
from skseg.exceptions import InvalidDataError, RuleError

from ._column_names import text_names

# How the frames of each library are computed, by the library's name.
_COMPUTING_METHODS = {
    "dask": "compute()",
    "duckdb": "df()",
    "ibis": "to_pandas()",
    "narwhals": "collect()",
    "polars": "collect()",
    "pyspark": "toPandas()",
    "sqlframe": "toPandas()",
}
# Traits of a container whose columns have names.
_TRAITS_OF_FRAMES = ("columns", "column_names", "__dataframe__", "__arrow_c_stream__")


def read_frame(X: Any, owner: str, name: str = "X") -> nw.DataFrame[Any] | None:
    """Return `X` as a frame whose columns have different texts as names.

    A name that is no text, such as the number 0, is known by its text, "0". What has no
    named columns, such as an array, gives None. Frames that are not in memory, and
    those that narwhals does not read, are refused: read as an array, their columns
    would be told apart by their position alone.
    """
    if is_table(X) or (_library(X) == "dask" and _has_named_columns(X)):
        raise _lazy_error(X, owner, name)
    try:
        frame = nw.from_native(X, allow_series=True, pass_through=True)
    except nw.exceptions.DuplicateError as error:
        raise RuleError(
            f"{owner} cannot tell columns apart: {error}",
            owner=owner,
            value=X,
            advice="Rename all of them but one.",
        ) from None
    if isinstance(frame, nw.LazyFrame):
        raise _lazy_error(frame.to_native(), owner, name)
    if isinstance(frame, nw.DataFrame):
        return _with_text_names(frame, owner)
    if isinstance(frame, nw.Series) or not _has_named_columns(X):
        return None
    is_arrow = hasattr(X, "__arrow_c_stream__") or hasattr(X, "__arrow_c_array__")
    conversion = "pyarrow.table" if is_arrow else "pandas.DataFrame"
    if isinstance(X, Mapping) and not any(map(_has_length, X.values())):
        # One value a key makes no frame.
        conversion = "pandas.Series"
    raise InvalidDataError(
        f"{name} of {_in_sentence(owner)} must be a frame of pandas, polars or "
        f"pyarrow, or an array. Got a {_type_name(X)}, whose columns are not read by "
        "name.",
        owner=owner,
        name=name,
        rule="a frame of pandas, polars or pyarrow, or an array",
        value=X,
        advice=f"Convert it, by {conversion}({name}).",
    )


def read_series(values: Any, owner: str, name: str) -> nw.Series[Any] | None:
    """Return one-dimensional values as a series, or None if they are plain.

    `name` is the subject of error messages.
    """
    if _library(values) == "dask" and hasattr(values, "compute"):
        raise _lazy_error(values, owner, name)
    series = nw.from_native(values, allow_series=True, pass_through=True)
    if isinstance(series, nw.LazyFrame):
        raise _lazy_error(values, owner, name)
    if isinstance(series, nw.Series):
        return series
    library = _library(values)
    if library == "pandas" and not hasattr(values, "columns"):
        # An index, a categorical or another array of pandas, which is loaded therefore.
        native = sys.modules["pandas"].Series(values)
    elif library == "pyarrow" and not hasattr(values, "column_names"):
        native = sys.modules["pyarrow"].chunked_array([values])
    else:
        return None
    wrapped: nw.Series[Any] = nw.from_native(native, series_only=True)
    return wrapped


def _with_text_names(frame: nw.DataFrame[Any], owner: str) -> nw.DataFrame[Any]:
    """Return a frame whose names are texts; nothing is copied but the names."""
    names = list(frame.columns)
    texts = text_names(names, owner)
    if all(type(name) is str for name in names):
        return frame
    renamed = frame.to_native().copy(deep=False)
    renamed.columns = texts
    return nw.from_native(renamed, eager_only=True)


def _has_named_columns(X: Any) -> bool:
    """Tell whether a container has names for its columns, though it is not known."""
    first = X[0] if isinstance(X, list | tuple) and X else X
    # A sparse matrix of scipy may be a dict of positions; it has a shape.
    if isinstance(first, Mapping) and not hasattr(first, "shape"):
        return True
    is_record_array = getattr(getattr(X, "dtype", None), "names", None) is not None
    return is_record_array or any(hasattr(X, trait) for trait in _TRAITS_OF_FRAMES)


def _has_length(value: Any) -> bool:
    return hasattr(value, "__len__") and not isinstance(value, str)


def _lazy_error(X: Any, owner: str, name: str) -> InvalidDataError:
    """Return the error for values that have yet to be computed."""
    library = _library(X)
    method = _COMPUTING_METHODS.get(library)
    advice = f"Pass {name}.{method}." if method else "Read its rows into a frame first."
    if is_table(X) and name == "X":
        reading = "Read it, or a sample of it by skseg.sample_rows,"
        read = reading if method is None else f"Pass X.{method}"
        advice = f"{read} if it fits into memory. Rule sets and fitted segmenters tell "
        advice += "the segments of its rows where they are, by label(X)."
    return InvalidDataError(
        f"{name} of {_in_sentence(owner)} must be in memory. Got a "
        f"{_type_name(X)}, which is still to be computed.",
        owner=owner,
        name=name,
        rule="in memory",
        value=X,
        advice=advice,
    )


def _in_sentence(owner: str) -> str:
    """Return the subject of a sentence as the words that it is within one."""
    return f"the {owner[4:]}" if owner.startswith("The ") else owner


def _library(X: Any) -> str:
    """Return the name of the library that a container is from."""
    return type(X).__module__.partition(".")[0]


def _type_name(X: Any) -> str:
    if isinstance(X, str | os.PathLike):
        return f"path, {os.fspath(X)!r}"
    return f"{_library(X)} {type(X).__name__}"
