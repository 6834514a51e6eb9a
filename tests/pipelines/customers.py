"""The customers of the contract, in every container that people have them in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

COLUMNS = ["recency", "frequency", "monetary"]

# Few, as every cell of the contract fits several models to them.
N_ROWS = 72
N_NEW = 18

CONTAINERS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "pandas": lambda frame: frame,
    "pandas-nullable": lambda frame: frame.convert_dtypes(),
    "pandas-pyarrow": lambda frame: frame.convert_dtypes(dtype_backend="pyarrow"),
    "polars": pl.from_pandas,
    "pyarrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
    "numpy": lambda frame: frame.to_numpy(np.float64),
}


@dataclass(frozen=True)
class Customers:
    """Training rows with their outcome as text, and rows that are new."""

    container: str
    X: Any
    y: Any
    X_new: Any

    @property
    def columns(self) -> list[Any]:
        """Names of the columns, positions in an array."""
        return [0, 1, 2] if self.container == "numpy" else COLUMNS


@cache
def customers(container: str) -> Customers:
    """Return the same customers in a container."""
    frame, outcome = rows(N_ROWS, seed=0)
    frame_new, _ = rows(N_NEW, seed=1)
    convert = CONTAINERS[container]
    return Customers(container, convert(frame), outcome, convert(frame_new))


def rows(n_rows: int, seed: int) -> tuple[pd.DataFrame, Any]:
    """Return customers of three kinds, and whether they bought again: "yes" or "no"."""
    rng = np.random.default_rng(seed)
    kind = np.arange(n_rows) % 3
    center = np.array([[20, 12, 400.0], [150, 4, 80.0], [90, 7, 900.0]])[kind]
    frame = pd.DataFrame(
        {
            "recency": (center[:, 0] + rng.integers(0, 40, n_rows)).astype(np.int64),
            "frequency": (center[:, 1] + rng.integers(0, 4, n_rows)).astype(np.int64),
            "monetary": np.round(center[:, 2] + rng.normal(0, 30, n_rows), 2),
        }
    )
    chance = np.array([0.5, 0.1, 0.9])[kind]
    return frame, np.where(rng.random(n_rows) < chance, "yes", "no")
