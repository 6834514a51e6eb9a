"""Outcomes of two groups, compared inside segments."""

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
class Comparison:
    """What is known of the rows that are compared.

    Attributes
    ----------
    y : ndarray of float64 of shape (n_rows,)
        Outcome.
    in_a : ndarray of bool of shape (n_rows,), or None
        Which rows belong to group A, the others to B. None: a segment is A, the rest B.
    weight : ndarray of float64 of shape (n_rows,)
        What every row counts.
    is_binary : bool
        Whether outcomes are 0 and 1.
    score : ndarray of float64 of shape (n_rows,), or None
        An additive score that effects and intervals are taken from; None: from the
        outcomes.
    score_of_b : ndarray of float64 of shape (n_rows,), or None
        What each row adds to the mean outcome if all were in B; beside `score`.
    """

    y: FloatArray
    in_a: BoolArray | None
    weight: FloatArray
    is_binary: bool
    score: FloatArray | None = None
    score_of_b: FloatArray | None = None

    def take(self, rows: Any) -> Comparison:
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
        """What outcomes are multiplied by: per cent of rows, or of the mean outcome."""
        if self.is_binary:
            return 100.0
        mean = abs(float(np.average(self.y, weights=self.weight)))
        return 100.0 / mean if mean > 0 else 100.0

    @property
    def mean_effect(self) -> float:
        """Mean effect of A over B."""
        everyone = np.ones((len(self.y), 1), dtype=bool)
        return float(self.evidence(everyone, 0.95).estimate.effect[0])

    def search_score(self) -> FloatArray:
        """Return what each row adds to the effect in a segment."""
        if self.score is not None:
            return self.score
        if self.in_a is None:
            return rest_score(self.y, self.weight)
        score = ipw_score(self.y, self.in_a, self.weight)
        return np.where(self.weight > 0, score, 0.0)

    def evidence(self, members: BoolArray, level: float) -> Evidence:
        """Return what the rows say of segments.

        Parameters
        ----------
        members : ndarray of bool of shape (n_rows, n_segments)
            Which rows are in which segment.
        level : float
            Confidence level of the intervals.
        """
        inside = members * self.weight[:, np.newaxis]
        if self.in_a is None:
            of_a, of_b = inside, ~members * self.weight[:, np.newaxis]
        else:
            of_a = inside * self.in_a[:, np.newaxis]
            of_b = inside - of_a
        n_a, n_b = of_a.sum(axis=0), of_b.sum(axis=0)
        total = float(self.weight.sum())
        y_a, y_b = self.y @ of_a, self.y @ of_b
        if self.score is not None:
            estimate = self._by_score(inside, level)
        elif self.is_binary:
            estimate = newcombe(y_a, n_a, y_b, n_b, level)
        else:
            # Any number will do as a centre, where no row counts.
            centre = self.weight @ self.y / (total or 1.0)
            y = self.y - centre
            parts = (y @ of_a, y**2 @ of_a, n_a, y @ of_b, y**2 @ of_b, n_b)
            estimate = welch(*parts, level)
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
    """What some rows say of segments, one entry each.

    Attributes
    ----------
    size : ndarray of shape (n_segments,)
        Weight of the rows inside.
    total : float
        Weight of all rows.
    n_a, n_b, mean_a, mean_b : ndarray of shape (n_segments,)
        Sizes and mean outcomes of the groups inside.
    estimate : Estimate
        The effect of A over B, its interval and its p-value.
    """

    size: FloatArray
    total: float
    n_a: FloatArray
    n_b: FloatArray
    mean_a: FloatArray
    mean_b: FloatArray
    estimate: Estimate

    @property
    def share(self) -> FloatArray:
        """Share of the rows inside; NaN if no row counts."""
        return self.size / (self.total or math.nan)

    @property
    def best_mean(self) -> FloatArray:
        """Mean outcome of the group that does better."""
        return np.where(self.estimate.effect >= 0, self.mean_a, self.mean_b)
