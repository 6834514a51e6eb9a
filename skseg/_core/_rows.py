"""Rows of whatever container an estimator was given."""

from __future__ import annotations

from typing import Any

from narwhals.dependencies import is_pyarrow_table
from sklearn.utils import _safe_indexing

from skseg._typing import IntArray


def take_rows(data: Any, rows: IntArray) -> Any:
    """Return the given rows of a frame, an array or a list."""
    # scikit-learn 1.6 cannot take rows of a pyarrow table.
    return data.take(rows) if is_pyarrow_table(data) else _safe_indexing(data, rows)
