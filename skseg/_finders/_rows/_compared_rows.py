"""The rows that are compared, and what they say of segments."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from skseg._search.effects._amounts import mean_differences, permutation_t
from skseg._search.effects._clustered import (
    clustered_means,
    clustered_rates,
    clustered_scores,
)
from skseg._search.effects._inference import (
    Estimate,
    ipw_score,
    ipw_score_of_other_group,
    mean_interval,
    newcombe,
    rest_score,
)
from skseg._search.effects._targeted import AdjustedRows, targeted_effects
from skseg._search.effects.boxes import Exchange
from skseg._typing import BoolArray, FloatArray, IntArray

from ._economics import Economics


class Expected(NamedTuple):
    """What models that have not seen a row expect of it; any numbers at weight 0."""

    propensity: FloatArray  # probability of group A
    mean_a: FloatArray  # outcome in A
    mean_b: FloatArray

    def take(self, rows: Any) -> Expected:
        """Return some of the rows."""
        return Expected(*(values[rows] for values in self))


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
    expected: Expected | None = None  # what the scores are made of
    # The customer of each row, as codes from 0 on; None: every row is one.
    cluster: IntArray | None = None
    economics: Economics | None = None  # None: outcomes are not valued

    def take(self, rows: Any) -> ComparedRows:
        """Return some of the rows."""
        return replace(
            self,
            y=self.y[rows],
            in_a=None if self.in_a is None else self.in_a[rows],
            weight=self.weight[rows],
            score=None if self.score is None else self.score[rows],
            score_of_b=None if self.score_of_b is None else self.score_of_b[rows],
            expected=None if self.expected is None else self.expected.take(rows),
            cluster=None if self.cluster is None else self.cluster[rows],
        )

    @property
    def break_even(self) -> float:
        """The effect that is tested: the one that pays for the treatment, or none."""
        return 0.0 if self.economics is None else self.economics.break_even

    @property
    def profit(self) -> FloatArray:
        """What each row has brought, less the cost of its group."""
        return (self.economics or Economics()).profit(self.y, self.in_a)

    @property
    def mean_effect(self) -> float:
        """Mean effect of A over B in all rows."""
        everyone = np.ones((len(self.y), 1), dtype=bool)
        return float(self.evidence(everyone, 0.95, is_exact=False).estimate.effect[0])

    def search_score(self) -> FloatArray:
        """Return scores of the rows whose mean over a segment estimates the gain."""
        gain = (self.economics or Economics()).gain
        if self.score is not None:
            return gain(self.score)
        if self.in_a is None:
            return gain(rest_score(self.y, self.weight))
        score = ipw_score(self.y, self.in_a, self.weight)
        return np.where(self.weight > 0, gain(score), 0.0)

    def exchange(self) -> Exchange | None:
        """Return what is exchangeable if A has no effect; None: signs of scores.

        Customers with several rows stay together, and so do the equal rows for which a
        weight stands, neither of which can be moved to rows of other weight.
        """
        if self.score is not None or self.cluster is not None:
            return None
        if self.in_a is None:
            is_even = bool((self.weight == self.weight.min(initial=1.0)).all())
            return Exchange() if is_even and self.break_even == 0 else None
        gain = (self.economics or Economics()).gain
        other = ipw_score_of_other_group(
            self.y, self.in_a, self.weight, self.break_even
        )
        return Exchange(self.in_a, gain(other))

    def evidence(
        self, members: BoolArray, level: float, *, is_exact: bool = True
    ) -> Evidence:
        """Return sizes, means and effects in segments, with intervals of `level`.

        `members` tells which rows are in which segment: an array of bool of shape
        (n_rows, n_segments). If not `is_exact`, intervals and p-values of amounts are
        Welch's, for effects that are neither reported nor tested.
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
        effective_n_a, effective_n_b = n_a, n_b
        if self.expected is not None:
            estimate, effective_n_a, effective_n_b = targeted_effects(
                self._adjusted(self.expected), members, level, self.break_even
            )
        elif self.cluster is not None:
            estimate = self._by_customer(self.cluster, weight_a, weight_b, level)
        elif self.score is not None:
            estimate = self._by_score(inside, level)
        elif self.is_binary:
            estimate = newcombe(y_a, n_a, y_b, n_b, level, self.break_even)
        else:
            compare = permutation_t if is_exact else mean_differences
            estimate = compare(self.y, weight_a, weight_b, level, self.break_even)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean_a, mean_b = y_a / n_a, y_b / n_b
        return Evidence(
            size=inside.sum(axis=0),
            total=total,
            n_a=n_a,
            n_b=n_b,
            effective_n_a=effective_n_a,
            effective_n_b=effective_n_b,
            mean_a=mean_a,
            mean_b=mean_b,
            base=self._base(weight_a, weight_b),
            estimate=estimate,
        )

    def _adjusted(self, expected: Expected) -> AdjustedRows:
        assert self.in_a is not None
        return AdjustedRows(
            self.y, self.in_a, self.weight, *expected, self.is_binary, self.cluster
        )

    def _base(self, weight_a: FloatArray, weight_b: FloatArray) -> Base:
        """Return what effects in segments are compared with."""
        is_event, size = self.y != 0, np.abs(self.y)
        n_a, n_b = weight_a.sum(axis=0), weight_b.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            size_a, size_b = size @ weight_a / n_a, size @ weight_b / n_b
            rate = is_event @ (weight_a + weight_b) / (n_a + n_b)
        smallest = np.minimum(size_a, size_b)
        if self.is_binary:
            smallest = np.minimum(smallest, 1 - np.maximum(size_a, size_b))
            rate = np.minimum(rate, 1 - rate)
        return Base(smallest, size_b, np.minimum(n_a, n_b) * rate)

    def _by_customer(
        self,
        cluster: IntArray,
        weight_a: FloatArray,
        weight_b: FloatArray,
        level: float,
    ) -> Estimate:
        """Return effects with errors that allow for several rows of a customer."""
        null = self.break_even
        if self.score is not None:
            return clustered_scores(
                self.score, weight_a, weight_b, cluster, level, null
            )
        compare = clustered_rates if self.is_binary else clustered_means
        return compare(self.y, weight_a, weight_b, cluster, level, null)

    def _by_score(self, inside: FloatArray, level: float) -> Estimate:
        assert self.score is not None
        total, squares = self.score @ inside, self.score**2 @ inside
        n = inside.sum(axis=0)
        return mean_interval(total, squares, n, level, self.break_even)


@dataclass(frozen=True, slots=True, eq=False)
class Base:
    """What effects in segments are compared with; NaN where a group has no rows."""

    smallest_mean: FloatArray  # of the rarer outcome in the group in which it is rarer
    size_b: FloatArray  # mean of the outcomes of B without their signs
    n_events: FloatArray  # events of the smaller group if the groups did not differ


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Sizes, means and effects in each segment, as some of the rows show them."""

    size: FloatArray  # weight of the rows inside
    total: float  # weight of all rows
    n_a: FloatArray  # weight of the rows of A inside
    n_b: FloatArray
    effective_n_a: FloatArray  # rows of equal weight that tell as much of A
    effective_n_b: FloatArray
    mean_a: FloatArray  # mean outcome of A inside
    mean_b: FloatArray
    base: Base
    estimate: Estimate  # of the effect of A over B, tested against the break-even

    @property
    def share(self) -> FloatArray:
        """Share of the rows inside; NaN if no row counts."""
        return self.size / (self.total or math.nan)

    @property
    def n_group(self) -> FloatArray:
        """Effective size of the smaller group inside."""
        return np.minimum(self.effective_n_a, self.effective_n_b)

    @property
    def lift(self) -> FloatArray:
        """Effect in per cent of the mean outcome of B; NaN where that is near 0.

        It is near 0 where values of both signs cancel for the most part: the mean of
        the values without their signs is more than twice as large. It is unknown,
        too, where no float can hold the ratio.
        """
        mean = np.abs(self.mean_b)
        is_known = (mean > 0) & (2 * mean >= self.base.size_b)
        unknown = np.full(len(mean), np.nan)
        # A mean of almost nothing gives a ratio that float64 cannot hold.
        with np.errstate(over="ignore"):
            lift: FloatArray = 100 * np.divide(
                self.estimate.effect, mean, where=is_known, out=unknown
            )
        lift[np.isinf(lift)] = np.nan
        return lift
