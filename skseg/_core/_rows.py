"""Rows of whatever container an estimator was given."""

from __future__ import annotations

from typing import Any

from narwhals.dependencies import is_pyarrow_chunked_array, is_pyarrow_table
from sklearn.utils import _safe_indexing

from skseg._typing import IntArray
from skseg.rules._frames import read_frame


def native_rows(owner: str, X: Any) -> Any:
    """Return the frame of pandas, polars or pyarrow that holds the rows, or raise.

    What is no frame comes back as it is.
    """
    frame = read_frame(X, owner)
    return X if frame is None else frame.to_native()


def take_rows(data: Any, rows: IntArray) -> Any:
    """Return the given rows of a frame, an array or a list."""
    # scikit-learn 1.6 takes no rows of a pyarrow table, and scalars of a column.
    is_arrow = is_pyarrow_table(data) or is_pyarrow_chunked_array(data)
    return data.take(rows) if is_arrow else _safe_indexing(data, rows)
