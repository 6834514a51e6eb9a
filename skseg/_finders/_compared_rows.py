"""The rows that are compared, and what they say of segments."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skseg._search.effects._inference import (
    Estimate,
    ipw_score,
    mean_interval,
    newcombe,
    rest_score,
    welch,
)
from skseg._typing import BoolArray, FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class ComparedRows:
    """Outcomes, groups and weights of the rows.

    `score` is doubly robust: its mean over a segment is the effect there, and that of
    `score_of_b` the mean outcome if all were in B. Without them effects are differences
    of mean outcomes.
    """

    y: FloatArray
    in_a: BoolArray | None  # the others are in B; None: a segment is A, the rest B
    weight: FloatArray  # 0 for rows that do not count
    is_binary: bool
    score: FloatArray | None = None
    score_of_b: FloatArray | None = None

    def take(self, rows: Any) -> ComparedRows:
        """Return some of the rows."""
        return replace(
            self,
            y=self.y[rows],
            in_a=None if self.in_a is None else self.in_a[rows],
            weight=self.weight[rows],
            score=None if self.score is None else self.score[rows],
            score_of_b=None if self.score_of_b is None else self.score_of_b[rows],
        )

    @property
    def points(self) -> float:
        """The factor from outcomes to points: per cent of rows, or of the mean."""
        if self.is_binary:
            return 100.0
        mean = abs(float(np.average(self.y, weights=self.weight)))
        return 100.0 / mean if mean > 0 else 100.0

    @property
    def mean_effect(self) -> float:
        """Mean effect of A over B in all rows."""
        everyone = np.ones((len(self.y), 1), dtype=bool)
        return float(self.evidence(everyone, 0.95).estimate.effect[0])

    def search_score(self) -> FloatArray:
        """Return scores of the rows whose mean over a segment estimates the effect."""
        if self.score is not None:
            return self.score
        if self.in_a is None:
            return rest_score(self.y, self.weight)
        score = ipw_score(self.y, self.in_a, self.weight)
        return np.where(self.weight > 0, score, 0.0)

    def evidence(self, members: BoolArray, level: float) -> Evidence:
        """Return sizes, means and effects in segments, with intervals of `level`.

        `members` tells which rows are in which segment: an array of bool of shape
        (n_rows, n_segments).
        """
        inside = members * self.weight[:, np.newaxis]
        if self.in_a is None:
            weight_a, weight_b = inside, ~members * self.weight[:, np.newaxis]
        else:
            weight_a = inside * self.in_a[:, np.newaxis]
            weight_b = inside - weight_a
        n_a, n_b = weight_a.sum(axis=0), weight_b.sum(axis=0)
        total = float(self.weight.sum())
        y_a, y_b = self.y @ weight_a, self.y @ weight_b
        if self.score is not None:
            estimate = self._by_score(inside, level)
        elif self.is_binary:
            estimate = newcombe(y_a, n_a, y_b, n_b, level)
        else:
            # Centred, so that sums of squares keep their digits. Where no row counts,
            # any centre will do.
            centre = self.weight @ self.y / (total or 1.0)
            y = self.y - centre
            sums_a, sums_b = (
                (y @ weight, y**2 @ weight, n)
                for weight, n in ((weight_a, n_a), (weight_b, n_b))
            )
            estimate = welch(*sums_a, *sums_b, level)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean_a, mean_b = y_a / n_a, y_b / n_b
        size = inside.sum(axis=0)
        return Evidence(size, total, n_a, n_b, mean_a, mean_b, estimate)

    def _by_score(self, inside: FloatArray, level: float) -> Estimate:
        assert self.score is not None
        total, squares = self.score @ inside, self.score**2 @ inside
        return mean_interval(total, squares, inside.sum(axis=0), level)


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Sizes, means and effects in each segment, as some of the rows show them."""

    size: FloatArray  # weight of the rows inside
    total: float  # weight of all rows
    n_a: FloatArray  # weight of the rows of A inside
    n_b: FloatArray
    mean_a: FloatArray  # mean outcome of A inside
    mean_b: FloatArray
    estimate: Estimate  # of the effect of A over B

    @property
    def share(self) -> FloatArray:
        """Share of the rows inside; NaN if no row counts."""
        return self.size / (self.total or math.nan)

    @property
    def best_mean(self) -> FloatArray:
        """Mean outcome of the group that does better."""
        return np.where(self.estimate.effect >= 0, self.mean_a, self.mean_b)
