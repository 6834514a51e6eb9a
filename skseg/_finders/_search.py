"""The coded rows that a finder searches, and how conditions become boxes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from skseg._core._coding import Coding
from skseg._search.effects.boxes import CodedAxis, ScoredBox
from skseg._typing import BoolArray, FloatArray

from ._rows._compared_rows import ComparedRows

Codes = npt.NDArray[np.uint8]
Cells = tuple[bool, ...]
# Number of a column -> one flag per cell, for the columns with a condition.
Conditions = dict[int, Cells]

# An effect of fewer standard errors is hardly worth a test.
_MIN_Z = 2.0


@dataclass(frozen=True, eq=False)
class Search:
    """The rows to search, as cells."""

    coding: Coding  # the meaning of the cells
    codes: Codes  # the cell of each row, of shape (n_columns, n_rows)
    axes: Sequence[CodedAxis]  # the cells of each column
    rows: ComparedRows  # outcomes, groups and weights, which are above 0
    score: FloatArray  # its mean over a segment estimates the effect there
    spread: float  # root of the mean squared score
    max_features: int
    max_findings: int
    min_size: float  # least weight of a segment
    random_state: int

    def weighted(self, weight: FloatArray) -> Search:
        """Return the search of the rows that have a weight, coded as before."""
        rows = np.flatnonzero(weight)
        part = replace(self.rows.take(rows), weight=weight[rows])
        score = self.score[rows]
        share = float(part.weight.sum() / self.rows.weight.sum())
        return replace(
            self,
            codes=self.codes[:, rows],
            rows=part,
            score=score,
            spread=float(np.sqrt(np.average(score**2, weights=part.weight))),
            min_size=max(share * self.min_size, 1.0),
        )

    @property
    def weight(self) -> FloatArray | None:
        """Weights of the rows; None if all are 1, which is searched faster."""
        weight = self.rows.weight
        return None if (weight == 1).all() else weight

    @cached_property
    def max_size(self) -> float:
        """Most weight of a segment: what it leaves out has the least size, too."""
        return float(self.rows.weight.sum()) - self.min_size

    @cached_property
    def _weighted_score(self) -> FloatArray:
        return self.score * self.rows.weight

    def box(self, conditions: Conditions) -> ScoredBox | None:
        """Return the box of the conditions; None if it is too small, or too large.

        A condition that holds for nearly all rows tells nobody from the others.
        """
        cells = tuple(
            (column, conditions[column])
            for column in sorted(conditions)
            if not all(conditions[column])
        )
        if not cells or len(cells) > self.max_features:
            return None
        inside = ScoredBox(cells, 0.0, 0.0, 0.0).contains(self.codes)
        n, total = self._sums(inside)
        if n < self.min_size or n <= 0 or n > self.max_size:
            return None
        return ScoredBox(cells, n, total, self._z(n, total))

    def best(self, candidates: Iterable[Conditions]) -> list[ScoredBox]:
        """Return the boxes of the largest effects in standard errors.

        A box is left out if its rows that are in no better box show no effect of the
        same sign.
        """
        distinct = {tuple(sorted(c.items())): c for c in candidates}
        boxes = [box for c in distinct.values() if (box := self.box(c))]
        boxes = [box for box in boxes if abs(box.z) >= _MIN_Z]
        # Rounded, since sums in another order differ in their last digits.
        boxes.sort(key=lambda box: (-round(abs(box.z), 6), len(box.cells), box.cells))
        chosen: list[ScoredBox] = []
        is_free = np.ones(len(self.score), dtype=bool)
        for box in boxes:
            inside = box.contains(self.codes)
            if self._z(*self._sums(is_free & inside)) * np.sign(box.z) >= _MIN_Z:
                chosen.append(box)
                is_free &= ~inside
            if len(chosen) == self.max_findings:
                break
        return chosen

    def _sums(self, rows: BoolArray) -> tuple[float, float]:
        """Return the sums of weights and of weighted scores."""
        n, total = self.rows.weight[rows].sum(), self._weighted_score[rows].sum()
        return float(n), float(total)

    def _z(self, n: float, total: float) -> float:
        """Return a sum of scores in standard errors; 0 for no rows."""
        error = self.spread * math.sqrt(n)
        return total / error if error > 0 else 0.0
