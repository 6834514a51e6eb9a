"""Scores of the RFM dimensions, and rules over scores in the units of the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from skseg._core._sums import group_sums
from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError
from skseg.rules import Rule, col, parse
from skseg.rules._language._conditions import (
    And,
    Not,
    Or,
    conjunction,
    disjunction,
    leaves,
    negation_normal,
)
from skseg.rules._quantile import inverted_cdf

OWNER = "RFMSegmenter"

Closed = Literal["right", "left"]

_ALWAYS = parse("True")
_NEVER = parse("False")

# Dimension -> name of its score.
SCORES = {"recency": "R", "frequency": "F", "monetary": "M"}


def quantile_cut_points(
    column: str,
    values: FloatArray,
    n_scores: int,
    weight: FloatArray | None,
    closed: Closed,
) -> FloatArray:
    """Return the ``n_scores - 1`` quantiles that cut `values` into equal shares.

    Bins that are closed on the left get the same values: each begins with the value
    that follows the quantile.
    """
    cut_points = inverted_cdf(values, cut_levels(n_scores), weight)
    check_learned(column, cut_points)
    if closed == "right":
        return cut_points
    counted = ~np.isnan(values) if weight is None else weight > 0
    observed = np.unique(values[counted & ~np.isnan(values)])
    following = np.append(observed, np.nextafter(observed[-1], np.inf))
    return following[np.searchsorted(observed, cut_points, side="right")]


def cut_levels(n_scores: int) -> list[Fraction]:
    """Return the levels of the quantiles that cut values into equal shares."""
    return [Fraction(k, n_scores) for k in range(1, n_scores)]


def check_learned(column: str, cut_points: FloatArray) -> None:
    """Raise if a column has no value that quantiles could be."""
    if np.isnan(cut_points).any():
        raise InvalidDataError(
            f"Column {column!r} holds no value to learn scores from: every row is "
            "missing or has no weight.",
            owner=OWNER,
            name="X",
            rule="with a known value in every dimension",
            column=column,
            advice="Give cut points with cut_points={...}.",
        )


@dataclass(frozen=True)
class Dimension:
    """One of recency, frequency, monetary: its column, score and cut points.

    The cut points separate bins ``(cut point, next cut point]``, or ``[cut point, next
    cut point)`` if they are closed on the left. Bin b has score b + 1, except that
    recency counts from the other end: few days since the last purchase are best. A bin
    between two equal cut points is *collapsed*: no value lies in it.
    """

    name: str
    column: str
    cut_points: FloatArray
    closed: Closed = "right"

    @property
    def score(self) -> str:
        """Name of the score."""
        return SCORES[self.name]

    @property
    def n_scores(self) -> int:
        """Number of scores."""
        return len(self.cut_points) + 1

    def _score_of(self, bins: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return self.n_scores - bins if self.name == "recency" else bins + 1

    def scores(self, values: FloatArray) -> FloatArray:
        """Return the score of every value, NaN for NaN."""
        bins = np.zeros(len(values), dtype=np.int8)
        for cut_point in self.cut_points:
            bins += (
                values > cut_point if self.closed == "right" else values >= cut_point
            )
        return np.where(np.isnan(values), np.nan, self._score_of(bins))

    def _open_bins(self) -> list[int]:
        """Return the bins that are not collapsed."""
        edges = [-np.inf, *self.cut_points, np.inf]
        # The outermost bin on the closed side holds an infinite value at least.
        closed_end = 0 if self.closed == "right" else self.n_scores - 1
        return [
            b
            for b in range(self.n_scores)
            if b == closed_end or edges[b] < edges[b + 1]
        ]

    def scores_with_values(self) -> list[int]:
        """Return the scores that are not collapsed, best first."""
        scores = self._score_of(np.array(self._open_bins()))
        return sorted(scores.tolist(), reverse=True)

    def rule(self, wanted_scores: Sequence[int]) -> Rule:
        """Return the rule, in the units of the column, that the score is wanted."""
        bins = self._open_bins()
        is_wanted = [self._score_of(np.array(b)) in wanted_scores for b in bins]
        if all(is_wanted):
            return _ALWAYS
        runs = []
        for i, b in enumerate(bins):
            is_last_bin = i + 1 == len(bins)
            starts_run = is_wanted[i] and (i == 0 or not is_wanted[i - 1])
            ends_run = is_wanted[i] and (is_last_bin or not is_wanted[i + 1])
            if starts_run:
                low = _ALWAYS if i == 0 else self._is_above(self.cut_points[b - 1])
            if ends_run:
                high = _ALWAYS if is_last_bin else self._is_below(self.cut_points[b])
                runs.append(low & high)
        return disjunction(runs)

    def _is_above(self, cut_point: float) -> Rule:
        """Return the rule that a value lies in the bin above a cut point, or higher."""
        value = col(self.column)
        return value > cut_point if self.closed == "right" else value >= cut_point

    def _is_below(self, cut_point: float) -> Rule:
        """Return the rule that a value lies in the bin below a cut point, or lower."""
        value = col(self.column)
        return value <= cut_point if self.closed == "right" else value < cut_point

    def sizes(self, values: FloatArray, weight: FloatArray | None) -> Any:
        """Return the numbers of values, or their weights, in each bin."""
        scores = self.scores(values)
        known = ~np.isnan(scores)
        n = group_sums(
            scores[known].astype(np.intp),
            None if weight is None else weight[known],
            self.n_scores + 1,
        )
        return n[self._score_of(np.arange(self.n_scores))]

    def is_in_bin_or_lower(self, place: int) -> Rule:
        """Return the rule that a value lies in a bin but the last one, or lower."""
        return self._is_below(self.cut_points[place])

    def table(self, n: npt.NDArray[Any]) -> pd.DataFrame:
        """Return one row per score, best first: interval, size, whether collapsed.

        `n` are the sizes of the bins.
        """
        bins = np.arange(self.n_scores)
        edges = np.array([-np.inf, *self.cut_points, np.inf])
        score_of_bin = self._score_of(bins)
        table = pd.DataFrame(
            {
                "dimension": self.name,
                "score": score_of_bin,
                "low": edges[:-1],
                "high": edges[1:],
                "closed": self.closed,
                "n": n,
                "share": n / n.sum(),
                "collapsed": ~np.isin(bins, self._open_bins()),
            }
        )
        return table.sort_values("score", ascending=False)


@dataclass(frozen=True)
class Rescaling:
    """A score in place of another one with the same name and more or fewer values.

    The new score k, from 1 on, stands for the old score ``old_scores[k - 1]``.
    """

    score: str
    old_scores: tuple[int, ...]

    @property
    def n_scores(self) -> int:
        """Number of old scores."""
        return max(self.old_scores)

    def rule(self, wanted_scores: Sequence[int]) -> Rule:
        """Return the rule, over the new score, that the old one is wanted."""
        new = [k for k, old in enumerate(self.old_scores, 1) if old in wanted_scores]
        if len(new) == len(self.old_scores):
            return _ALWAYS
        starts = [k for k in new if k - 1 not in new]
        ends = [k for k in new if k + 1 not in new]
        return disjunction(
            _between(self.score, start, end, len(self.old_scores))
            for start, end in zip(starts, ends, strict=True)
        )


def _between(score: str, start: int, end: int, largest: int) -> Rule:
    if start == end:
        return col(score) == start
    at_least, at_most = col(score) >= start, col(score) <= end
    if start == 1:
        return at_most
    return at_least if end == largest else at_least & at_most


def translated(rule: Rule, scales: Mapping[str, Dimension | Rescaling]) -> Rule:
    """Return a rule over scores as a rule over what the scores come from.

    `scales` has one for each score to translate; conditions on other columns stay. The
    result never asks whether a column of theirs is missing, so rules that exclude each
    other over the scores still do where a value is missing.
    """
    return _translated(negation_normal(rule), scales)


def _translated(rule: Rule, scales: Mapping[str, Dimension | Rescaling]) -> Rule:
    if isinstance(rule, And):
        parts = [_translated(part, scales) for part in rule.parts]
        return _NEVER if _NEVER in parts else conjunction(parts)
    if isinstance(rule, Or):
        parts = [_translated(part, scales) for part in rule.parts]
        return _ALWAYS if _ALWAYS in parts else disjunction(parts)
    leaf = rule.part if isinstance(rule, Not) else rule
    (column,) = {part.column for part in leaves(leaf)}
    scale = scales.get(column)
    if scale is None:
        return rule
    scores = np.arange(1, scale.n_scores + 1)
    return scale.rule(scores[rule.evaluate({column: scores})].tolist())
