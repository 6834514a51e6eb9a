"""What a finder searches in, and how conditions become boxes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from skseg._core._coding import Coding
from skseg._search.effects.boxes import CodedAxis, ScoredBox
from skseg._typing import FloatArray

from ._comparison import Comparison

Codes = npt.NDArray[np.uint8]
Cells = tuple[bool, ...]
# Column -> its cells, of the columns with a condition.
Conditions = dict[int, Cells]

# What is below is hardly worth a test.
_LEAST_Z = 2.0


@dataclass(frozen=True, eq=False)
class Search:
    """The rows to search in, as cells.

    Attributes
    ----------
    coding : Coding
        What the cells mean.
    codes : ndarray of uint8 of shape (n_columns, n_rows)
        The cells.
    axes : sequence of CodedAxis
        The columns.
    rows : Comparison
        Outcome, group and weight, which is above 0.
    score : ndarray of float64 of shape (n_rows,)
        The mean over a segment estimates the effect there.
    spread : float
        Root of the mean squared score.
    max_features, max_findings : int
        Most conditions of a segment, and most segments.
    min_size : float
        Least weight of a segment.
    random_state : int
        Seed.
    """

    coding: Coding
    codes: Codes
    axes: Sequence[CodedAxis]
    rows: Comparison
    score: FloatArray
    spread: float
    max_features: int
    max_findings: int
    min_size: float
    random_state: int

    @property
    def weight(self) -> FloatArray | None:
        """Weights of the rows; None if all are 1, which is searched faster."""
        weight = self.rows.weight
        return None if (weight == 1).all() else weight

    @cached_property
    def _weighted(self) -> FloatArray:
        return self.score * self.rows.weight

    def box(self, conditions: Conditions) -> ScoredBox | None:
        """Return the box of some conditions; None if it is too small, or everything."""
        cells = tuple(
            (column, conditions[column])
            for column in sorted(conditions)
            if not all(conditions[column])
        )
        if not cells or len(cells) > self.max_features:
            return None
        empty = ScoredBox(cells, 0.0, 0.0, 0.0)
        inside = empty.contains(self.codes)
        n = float(self.rows.weight[inside].sum())
        if n < self.min_size or n <= 0:
            return None
        total = float(self._weighted[inside].sum())
        return ScoredBox(cells, n, total, self._z(n, total))

    def best(self, candidates: Iterable[Conditions]) -> list[ScoredBox]:
        """Return the boxes of largest effect in terms of its error.

        A box is left out if nothing speaks for an effect in those of its rows that are
        in no better box.
        """
        distinct = {tuple(sorted(one.items())): one for one in candidates}
        boxes = [box for one in distinct.values() if (box := self.box(one))]
        boxes = [box for box in boxes if abs(box.z) >= _LEAST_Z]
        # Rounded, for effects that only the order of adding up tells apart.
        boxes.sort(key=lambda box: (-round(abs(box.z), 6), len(box.cells), box.cells))
        chosen: list[ScoredBox] = []
        is_left = np.ones(len(self.score), dtype=bool)
        for box in boxes:
            inside = box.contains(self.codes)
            new = is_left & inside
            n = float(self.rows.weight[new].sum())
            z = self._z(n, float(self._weighted[new].sum())) if n > 0 else 0.0
            if z * np.sign(box.z) >= _LEAST_Z:
                chosen.append(box)
                is_left &= ~inside
            if len(chosen) == self.max_findings:
                break
        return chosen

    def _z(self, n: float, total: float) -> float:
        """Return a sum of scores in terms of its standard error."""
        return total / (self.spread * math.sqrt(n)) if self.spread > 0 else 0.0
