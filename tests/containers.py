"""The same values in the containers and types that people have them in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import dask.dataframe as dd
import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

Container = Callable[[Sequence[Any]], Any]


class QuotedName(str):
    """A text that prints as something else, as SQLAlchemy's names do."""

    __slots__ = ()

    def __str__(self) -> str:
        return f'"{super().__str__()}"'


def _arrow(kind: pa.DataType) -> Container:
    return lambda values: pa.array(values, kind)


def _pandas(dtype: Any) -> Container:
    return lambda values: pd.Series(values, dtype=dtype)


# Containers of any values.
ANY: dict[str, Container] = {
    "list": list,
    "tuple": tuple,
    "numpy": np.array,
    "numpy object": lambda values: np.array(values, dtype=object),
    "numpy masked": lambda values: np.ma.array(values, mask=np.zeros(len(values))),
    "pandas": pd.Series,
    "pandas object": _pandas(object),
    "pandas index": pd.Index,
    "pandas array": pd.array,
    "pandas categorical": pd.Categorical,
    "pandas category": lambda values: pd.Series(values).astype("category"),
    "polars": pl.Series,
    "pyarrow": pa.array,
    "pyarrow chunks": lambda values: pa.chunked_array([values[:1], values[1:]]),
    "pyarrow dictionary": lambda values: pa.array(values).dictionary_encode(),
    "pandas pyarrow dictionary": lambda values: pd.Series(
        pd.arrays.ArrowExtensionArray(pa.array(values).dictionary_encode())
    ),
    "narwhals": lambda values: nw.from_native(pl.Series(values), series_only=True),
}

WHOLE_NUMBERS: dict[str, Container] = ANY | {
    "pandas Int64": _pandas("Int64"),
    "pandas int64[pyarrow]": _pandas("int64[pyarrow]"),
    "pandas Sparse": lambda values: pd.Series(pd.arrays.SparseArray(values)),
    "polars Int128": lambda values: pl.Series(values, dtype=pl.Int128),
    "polars Object": lambda values: pl.Series(values, dtype=pl.Object),
    "polars Decimal": lambda values: pl.Series(list(map(Decimal, values))),
    "pyarrow decimal128": lambda values: pa.array(
        list(map(Decimal, values)), pa.decimal128(30, 0)
    ),
    "pyarrow decimal256": lambda values: pa.array(
        list(map(Decimal, values)), pa.decimal256(40, 0)
    ),
    "numpy int64 objects": lambda values: np.array(
        [np.int64(value) for value in values], dtype=object
    ),
}

FLAGS: dict[str, Container] = ANY | {
    "pandas boolean": _pandas("boolean"),
    "pandas bool[pyarrow]": _pandas("bool[pyarrow]"),
    "pandas Sparse": lambda values: pd.Series(pd.arrays.SparseArray(values)),
}

TEXTS: dict[str, Container] = ANY | {
    "pandas string": _pandas("string"),
    "pandas string[pyarrow]": _pandas("string[pyarrow]"),
    "pandas string arrow": _pandas(pd.ArrowDtype(pa.string())),
    "pandas string_view": lambda values: pd.Series(
        pd.arrays.ArrowExtensionArray(pa.array(values, pa.string_view()))
    ),
    "polars Categorical": lambda values: pl.Series(values, dtype=pl.Categorical),
    "polars Enum": lambda values: pl.Series(values, dtype=pl.Enum(sorted(set(values)))),
    "pyarrow string_view": _arrow(pa.string_view()),
    "pyarrow large_string": _arrow(pa.large_string()),
}

# Where None is a missing value.
NULLABLE: dict[str, Container] = {
    name: container
    for name, container in (WHOLE_NUMBERS | FLAGS | TEXTS).items()
    if name
    in {
        "list",
        "numpy object",
        "pandas object",
        "polars",
        "pyarrow",
        "pyarrow dictionary",
        "pandas pyarrow dictionary",
    }
}

TIMES: dict[str, Any] = {
    "datetime64[s]": np.array(["2024-01-01", "NaT"], dtype="datetime64[s]"),
    "datetime64[ns]": np.array(["2024-01-01", "NaT"], dtype="datetime64[ns]"),
    "timedelta64": np.array([1, 2], dtype="timedelta64[D]"),
    "pandas datetime": pd.Series(pd.to_datetime(["2024-01-01", None])),
    "pandas zone": pd.Series(pd.to_datetime(["2024-01-01", None], utc=True)),
    "pandas timedelta": pd.Series(pd.to_timedelta([1, None], unit="D")),
    "pandas period": pd.Series(pd.period_range("2024-01", periods=2, freq="M")),
    "pandas category": pd.Series(pd.to_datetime(["2024-01-01", None])).astype(
        "category"
    ),
    "pandas index": pd.to_datetime(["2024-01-01", None]),
    "datetime objects": [dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 2)],
    "date objects": np.array([dt.date(2024, 1, 1), None], dtype=object),
    "datetime64 objects": np.array([np.datetime64("2024-01-01", "ns")] * 2, object),
    "polars Date": pl.Series([dt.date(2024, 1, 1), None]),
    "polars Datetime": pl.Series([dt.datetime(2024, 1, 1), None]),
    "polars Duration": pl.Series([dt.timedelta(1), None]),
    "polars Time": pl.Series([dt.time(1), None]),
    "pyarrow date32": pa.array([dt.date(2024, 1, 1), None], pa.date32()),
    "pyarrow date64": pa.array([dt.date(2024, 1, 1), None], pa.date64()),
    "pyarrow timestamp": pa.array([dt.datetime(2024, 1, 1), None]),
    "pyarrow duration": pa.array([dt.timedelta(1), None]),
    "pandas timestamp[pyarrow]": pd.Series(
        [pd.Timestamp("2024-01-01"), None], dtype="timestamp[ns][pyarrow]"
    ),
}


def _with_quoted_names(frame: pd.DataFrame) -> pd.DataFrame:
    names = pd.Index([QuotedName(name) for name in frame], dtype=object)
    return frame.set_axis(names, axis=1)


# Frames whose columns have names.
FRAMES: dict[str, Callable[[pd.DataFrame], Any]] = {
    "pandas": lambda frame: frame,
    "pandas nullable": lambda frame: frame.convert_dtypes(),
    "pandas pyarrow": lambda frame: frame.convert_dtypes(dtype_backend="pyarrow"),
    "pandas quoted names": _with_quoted_names,
    "pandas categorical names": lambda frame: frame.set_axis(
        pd.CategoricalIndex(frame.columns), axis=1
    ),
    "polars": pl.from_pandas,
    "pyarrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
    "narwhals": nw.from_native,
}

# Containers with names that are refused, with the call that makes a frame of them.
REFUSED_FRAMES: dict[
    str, tuple[Callable[[pd.DataFrame], Any], Callable[[Any], Any]]
] = {
    "polars LazyFrame": (
        lambda frame: pl.from_pandas(frame).lazy(),
        lambda lazy: lazy.collect(),
    ),
    "pyarrow RecordBatch": (
        lambda frame: pa.RecordBatch.from_pandas(frame, preserve_index=False),
        pa.table,
    ),
    "dask": (lambda frame: dd.from_pandas(frame, npartitions=2), lambda d: d.compute()),
    "duckdb": (duckdb.from_df, lambda relation: relation.df()),
    "numpy records": (lambda frame: frame.to_records(index=False), pd.DataFrame),
    "dict of lists": (lambda frame: frame.to_dict("list"), pd.DataFrame),
    "list of dicts": (lambda frame: frame.to_dict("records"), pd.DataFrame),
}


def can_pandas_hold(value: Any) -> bool:
    """Tell whether a frame may have a value in a cell, as from pandas 3 on.

    Older ones raise where they look for missing values: an int of 400 digits, and a
    signalling NaN.
    """
    cells = np.array([value, None], dtype=object)
    try:
        pd.DataFrame({"x": cells}).isna()
        if isinstance(value, Decimal) and value.is_finite():
            # As a label it is an int.
            pd.Series([int(value), "text"])
    except (InvalidOperation, OverflowError):
        return False
    return True
