"""The training rows: their segments, weights and outcome, and weighted means."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from skseg._core._explained import group_means
from skseg._typing import BoolArray, FloatArray, IntArray
from skseg.rules import Columns


@dataclass(frozen=True)
class TrainingRows:
    """The rows of ``fit`` with their segment codes, weights and outcome.

    The code is -1 outside of the universe. Without weights each row counts once.
    """

    columns: Columns
    codes: IntArray
    weight: FloatArray | None
    outcome: FloatArray | None

    @cached_property
    def counts(self) -> FloatArray:
        """Weight of each row, 1 where none were passed."""
        return np.ones(len(self.codes)) if self.weight is None else self.weight

    @cached_property
    def inside(self) -> BoolArray:
        """Which rows are in the universe."""
        return self.codes >= 0

    def size_of(self, rows: BoolArray) -> float:
        """Return the number of rows, or the sum of their weights."""
        if self.weight is None:
            return int(rows.sum())
        return float(self.weight[rows].sum())

    def means(self, values: FloatArray, n_segments: int) -> FloatArray:
        """Return the weighted mean of the finite values of every segment."""
        inside = self.inside
        return group_means(
            self.codes[inside], n_segments, values[inside], self.counts[inside]
        )
