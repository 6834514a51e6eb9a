"""The training rows: their segments, weights and outcome, and weighted means."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from skseg._core._explained import group_means
from skseg._core._sums import exact_sum
from skseg._typing import BoolArray, FloatArray, IntArray
from skseg.exceptions import InvalidDataError, RuleError
from skseg.rules import Columns

from ._rules import OWNER


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

    @cached_property
    def _is_whole(self) -> bool:
        """Whether every row stands for a whole number of rows, and int64 holds all."""
        if self.weight is None:
            return True
        return bool((self.weight % 1 == 0).all() and self.weight.sum() < 2.0**63)

    def whole(self, sizes: FloatArray | IntArray) -> FloatArray | IntArray:
        """Return sums of weights, as integers where the weights are whole numbers."""
        return sizes.astype(np.int64) if self._is_whole else sizes

    def numbers(self, name: str, parameter: str) -> FloatArray:
        """Return a column that a parameter names as numbers, or raise."""
        try:
            return self.columns.numbers(name)
        except RuleError as error:
            held = f"{error.value}" if error.row is None else f"{error.value!r}"
            raise InvalidDataError(
                f"The {parameter} of {OWNER} names the column {name!r}, which must "
                f"hold numbers. It holds {held}.",
                owner=OWNER,
                name=parameter,
                rule="numbers",
                value=error.value,
                column=name,
                row=error.row,
                advice=f"Name another column in {parameter}, or turn {name!r} into "
                "numbers.",
            ) from None

    def size_of(self, rows: BoolArray) -> float:
        """Return the number of rows, or the sum of their weights."""
        size = exact_sum(self.counts[rows])
        return int(size) if self._is_whole else float(size)

    def means(self, values: FloatArray, n_segments: int) -> FloatArray:
        """Return the weighted mean of the finite values of every segment."""
        inside = self.inside
        return group_means(
            self.codes[inside], n_segments, values[inside], self.counts[inside]
        )
