"""The training rows: their segments, weights and outcome, and weighted means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

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
            raise no_numbers_error(
                name, parameter, f"It holds {held}.", error.value, error.row
            ) from None

    def size_of(self, rows: BoolArray) -> float:
        """Return the number of rows, or the sum of their weights."""
        size = exact_sum(self.counts[rows])
        return int(size) if self._is_whole else float(size)

    @property
    def names(self) -> Sequence[str]:
        """Names of the columns."""
        return self.columns.names

    @property
    def has_outcome(self) -> bool:
        """Whether the rows have an outcome."""
        return self.outcome is not None

    def outcome_means(self, n_segments: int) -> FloatArray:
        """Return the weighted mean of the outcome of every segment."""
        assert self.outcome is not None
        return self._means(self.outcome, n_segments)

    def column_means(self, name: str, n_segments: int) -> FloatArray:
        """Return the weighted means of a column of the score, or raise if infinite."""
        values = self.numbers(name, "score_weights")
        is_infinite = np.isinf(values) & self.inside
        if is_infinite.any():
            row = int(np.argmax(is_infinite))
            raise infinite_score_error(name, float(values[row]), row)
        return self._means(values, n_segments)

    def _means(self, values: FloatArray, n_segments: int) -> FloatArray:
        """Return the weighted mean of the finite values of every segment."""
        inside = self.inside
        return group_means(
            self.codes[inside], n_segments, values[inside], self.counts[inside]
        )


def no_numbers_error(
    name: str, parameter: str, held: str, value: Any, row: int | None
) -> InvalidDataError:
    """Return the error about a column that a parameter names, and that has no numbers.

    `held` is a sentence about what it has.
    """
    return InvalidDataError(
        f"The {parameter} of {OWNER} names the column {name!r}, which must "
        f"hold numbers. {held}",
        owner=OWNER,
        name=parameter,
        rule="numbers",
        value=value,
        column=name,
        row=row,
        advice=f"Name another column in {parameter}, or turn {name!r} into numbers.",
    )


def infinite_score_error(name: str, value: float, row: int | None) -> InvalidDataError:
    """Return the error about a column of the score that is infinite in the universe."""
    return InvalidDataError(
        f"The column {name!r}, which the score_weights name, must be finite or "
        "missing: infinite values have no mean.",
        owner=OWNER,
        name="score_weights",
        rule="finite or missing",
        value=value,
        column=name,
        row=row,
        advice="Mend the column.",
    )
