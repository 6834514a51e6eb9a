"""Columns of a result, and the frame of customers that they become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skseg._typing import IntArray

from ._ids import BLOCK


class Texts(NamedTuple):
    """A column of texts, as positions among them; -1 for none."""

    positions: IntArray
    texts: Sequence[str]


Column = NDArray[Any] | Texts


def with_ids(
    ids: nw.Series[Any], customer: IntArray, values: Mapping[str, Column]
) -> Any:
    """Return a frame of the ids, in the type of the input, and the values."""
    row = np.empty(int(customer.max()) + 1, dtype=np.intp)
    for start in range(0, len(customer), BLOCK):
        part = customer[start : start + BLOCK]
        row[part] = np.arange(start, start + len(part))
    table = nw.maybe_reset_index(ids[row].to_frame())
    backend = nw.get_native_namespace(table)
    series = [_series(name, column, backend) for name, column in values.items()]
    return table.with_columns(*series).to_native()


def _series(name: str, column: Column, backend: Any) -> nw.Series[Any]:
    if not isinstance(column, Texts):
        return nw.new_series(name, column, backend=backend)
    # The last text is for the position -1.
    texts = np.array([*column.texts, None], dtype=object)[column.positions]
    if backend is pd:
        # The type of texts of this version of pandas, also where all are missing.
        native = pd.Series(texts, dtype=pd.Series(["text"]).dtype)
        return nw.from_native(native, series_only=True).alias(name)
    return nw.new_series(name, texts.tolist(), dtype=nw.String, backend=backend)
