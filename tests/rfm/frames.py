"""Order lines in every kind of frame, and small helpers about `rfm_table`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa

from skseg import RFMTableReport, rfm_table

NAMES = {"customer_id": "customer", "date": "date", "amount": "amount"}
AS_OF = dt.date(2024, 12, 31)
DAY = dt.date(2024, 3, 1)

# pyarrow alone would hand out missing integers to pandas as floats.
NULLABLE = {
    pa.int64(): pd.Int64Dtype(),
    pa.float64(): pd.Float64Dtype(),
    pa.string(): pd.StringDtype(),
}
# From one typed table, so that every kind holds the same values.
KINDS: dict[str, Callable[[pa.Table], Any]] = {
    "pandas": lambda table: table.to_pandas(),
    "pandas-object": lambda table: table.to_pandas().astype(object),
    "pandas-nullable": lambda table: table.to_pandas(types_mapper=NULLABLE.get),
    "pandas-pyarrow": lambda table: table.to_pandas(types_mapper=pd.ArrowDtype),
    "polars": pl.from_arrow,
    "pyarrow": lambda table: table,
}


def arrow_table(**columns: Any) -> pa.Table:
    """Return lines of one customer each, in March, with columns of one's own."""
    n = len(next(iter(columns.values())))
    usual = {"customer": list(range(n)), "date": [DAY] * n, "amount": [1.0] * n}
    return pa.table({**usual, **columns})


def values_of(table: Any, column: str) -> list[Any]:
    return nw.from_native(table)[column].to_list()


def run(frame: Any, **options: Any) -> tuple[Any, RFMTableReport]:
    """Return the table and its report."""
    return rfm_table(frame, return_report=True, **{"as_of": AS_OF, **NAMES, **options})


def monetary(amounts: Sequence[Any] | Any, **options: Any) -> list[float]:
    """Return the sum of each amount alone."""
    n = len(amounts)
    lines = {"customer": range(n), "date": [DAY] * n, "amount": amounts}
    return values_of(run(pd.DataFrame(lines), **options)[0], "monetary")
