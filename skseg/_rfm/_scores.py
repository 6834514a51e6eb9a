"""Scores of one RFM dimension, and rules over scores put into the units of the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

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

_ALWAYS = parse("True")
_NEVER = parse("False")


def learn_cuts(
    column: str, values: FloatArray, n_scores: int, weight: FloatArray | None
) -> FloatArray:
    """Return the ``n_scores - 1`` quantiles that cut `values` into equal shares."""
    levels = [Fraction(k, n_scores) for k in range(1, n_scores)]
    cuts = inverted_cdf(values, levels, weight)
    if np.isnan(cuts).any():
        raise InvalidDataError(
            f"Column {column!r} holds no value to learn scores from: every row is "
            "missing or has no weight. Give cut points with cut_points={...}."
        )
    return cuts


@dataclass(frozen=True)
class Dimension:
    """One of recency, frequency, monetary: its column, score and cut points.

    The cut points make bins ``(cut, next cut]``. Bin b has score b + 1, except that
    recency counts from the other end: few days since the last purchase are best.
    """

    name: str
    score: str
    column: str
    cuts: FloatArray

    @property
    def n_scores(self) -> int:
        """Number of scores."""
        return len(self.cuts) + 1

    def _score_of(self, bins: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return self.n_scores - bins if self.name == "recency" else bins + 1

    def scores(self, values: FloatArray) -> FloatArray:
        """Return the score of every value, NaN for NaN."""
        bins = np.zeros(len(values), dtype=np.int8)
        for cut in self.cuts:
            bins += values > cut
        return np.where(np.isnan(values), np.nan, self._score_of(bins))

    def _live_bins(self) -> list[int]:
        """Return the bins that are not empty between two equal cut points."""
        upper = [*self.cuts, np.inf]
        return [b for b in range(self.n_scores) if b == 0 or upper[b - 1] < upper[b]]

    def rule(self, kept: Sequence[int]) -> Rule:
        """Return the rule, in the units of the column, that the score is in `kept`."""
        live = self._live_bins()
        wanted = [self._score_of(np.array(b)) in kept for b in live]
        if all(wanted):
            return _ALWAYS
        runs = []
        for i, b in enumerate(live):
            starts = wanted[i] and (i == 0 or not wanted[i - 1])
            ends = wanted[i] and (i + 1 == len(live) or not wanted[i + 1])
            if starts:
                low = _ALWAYS if i == 0 else col(self.column) > self.cuts[b - 1]
            if ends:
                last = i + 1 == len(live)
                high = _ALWAYS if last else col(self.column) <= self.cuts[b]
                runs.append(low & high)
        return disjunction(runs)

    def table(self, values: FloatArray, weight: FloatArray | None) -> pd.DataFrame:
        """Return one row per score, best first: interval, size, whether collapsed."""
        bins = np.arange(self.n_scores)
        edges = np.array([-np.inf, *self.cuts, np.inf])
        score = self._score_of(bins)
        given = self.scores(values)
        present = ~np.isnan(given)
        size = np.bincount(
            given[present].astype(np.intp),
            None if weight is None else weight[present],
            minlength=self.n_scores + 1,
        )[score]
        frame = pd.DataFrame(
            {
                "dimension": self.name,
                "score": score,
                "above": edges[:-1],
                "up_to": edges[1:],
                "n": size,
                "share": size / size.sum(),
                "collapsed": ~np.isin(bins, self._live_bins()),
            }
        )
        return frame.sort_values("score", ascending=False, ignore_index=True)


def rule_in_raw_units(rule: Rule, dimensions: Sequence[Dimension]) -> Rule:
    """Return `rule` over scores as a rule over the columns that the scores come from.

    The result asks for nothing but present values on the scored columns, so rules that
    exclude each other over the scores still do where a value is missing.
    """
    by_score = {dimension.score: dimension for dimension in dimensions}
    return _translated(negation_normal(rule), by_score)


def _translated(rule: Rule, by_score: dict[str, Dimension]) -> Rule:
    if isinstance(rule, And):
        parts = [_translated(part, by_score) for part in rule.parts]
        return _NEVER if _NEVER in parts else conjunction(parts)
    if isinstance(rule, Or):
        parts = [_translated(part, by_score) for part in rule.parts]
        return _ALWAYS if _ALWAYS in parts else disjunction(parts)
    leaf = rule.part if isinstance(rule, Not) else rule
    (column,) = {part.column for part in leaves(leaf)}
    dimension = by_score.get(column)
    if dimension is None:
        return rule
    scores = np.arange(1, dimension.n_scores + 1)
    return dimension.rule(scores[rule.evaluate({column: scores})].tolist())
