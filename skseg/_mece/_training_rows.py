"""The training rows: their segments, weights and outcome, and weighted means."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

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


def group_means(
    codes: IntArray, n_groups: int, values: FloatArray, weight: FloatArray
) -> FloatArray:
    """Return the weighted mean of the finite values of every group, NaN for none."""
    known = np.isfinite(values)
    codes, weight, values = codes[known], weight[known], values[known]
    # Scaling by a power of two rounds nothing, and keeps the sums from overflowing.
    scale = 2.0 ** np.frexp(np.abs(values).max(initial=1.0) / 2)[1]
    total = np.bincount(codes, weight, minlength=n_groups)
    sums = np.bincount(codes, weight * (values / scale), minlength=n_groups)
    means = np.full(n_groups, np.nan)
    np.divide(sums, total, out=means, where=total > 0)
    return np.asarray(means * scale)
