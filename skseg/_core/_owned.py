"""What a fitted model keeps belongs to it: later changes of the caller stay outside."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.dependencies import is_polars_dataframe, is_polars_series
from scipy.sparse import issparse
from sklearn.base import clone

from ._rows import take_rows

_CONTAINERS = (list, tuple, dict, set, np.ndarray, pd.DataFrame, pd.Series)


def owned(data: Any) -> Any:
    """Return a copy of rows, or of a value for each of them; other objects as they are.

    An estimator inside may keep what it is fitted to, as neighbours do.
    """
    data = nw.to_native(data, pass_through=True)
    if is_polars_dataframe(data) or is_polars_series(data):
        # A copy by polars may go on sharing the memory of an array of numpy.
        return take_rows(data, np.arange(len(data)))
    is_container = isinstance(data, _CONTAINERS) or issparse(data)
    return deepcopy(data) if is_container else data


def owned_values(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments whose values belong to the model that is fitted with them."""
    return {name: owned(value) for name, value in params.items()}


def owned_clone(estimator: Any) -> Any:
    """Return an unfitted clone; one that is frozen, and so not cloned, is copied."""
    return deepcopy(clone(estimator, safe=False))
