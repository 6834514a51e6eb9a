"""Effects and intervals in the rows that were searched, in spite of the search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from skseg._core._folds import folds_of_customers
from skseg._search.effects.boxes import ScoredBox
from skseg._typing import BoolArray, FloatArray, IntArray

from ._encoding import matched_findings
from ._search import Search

_N_FOLDS = 5
_LEVEL = 0.95


class Refit(NamedTuple):
    """What a search finds without a fold of the rows that it was given."""

    rows: IntArray  # the rows of the fold
    others: Search  # of the other rows, which are coded as before
    boxes: list[ScoredBox]
    members: BoolArray  # which of all rows are in which box
    p_adj: FloatArray  # of the boxes, in the other rows

    @property
    def outside(self) -> IntArray:
        """The rows of the other folds."""
        is_inside = np.zeros(len(self.members), dtype=bool)
        is_inside[self.rows] = True
        return np.flatnonzero(~is_inside)


def refits_without_folds(
    search: Search, find: Callable[[Search], list[ScoredBox]], largest: FloatArray
) -> list[Refit]:
    """Return what `find` finds without each fold of the rows that has any.

    p-values are adjusted by `largest`, the values of `max_t`.
    """
    folds, refits = _folds(search), []
    for fold in range(_N_FOLDS):
        is_inside = folds == fold
        if is_inside.all() or not is_inside.any():
            continue
        others = search.take(np.flatnonzero(~is_inside))
        boxes = find(others)
        refits.append(
            Refit(
                np.flatnonzero(is_inside),
                others,
                boxes,
                _members(search, boxes),
                p_of_largest(boxes, largest),
            )
        )
    return refits


def cross_fitted_effects(
    search: Search, boxes: list[ScoredBox], refits: Sequence[Refit]
) -> FloatArray:
    """Return effects on the outcome in boxes that were found in the same rows.

    In the rows that a box was found in its effect is too large, since it is the largest
    of many. So the effect in a fold is that of the box found without it that shares
    more than half of the rows in either; without such a box it is the break-even, as if
    nothing had been found. The mean over the folds is returned.
    """
    effects = np.zeros(len(boxes))
    if not boxes:
        return effects
    members = _members(search, boxes)
    for refit in refits:
        fold_rows = search.rows.take(refit.rows)
        tested = fold_rows.evidence(refit.members[refit.rows], 0.95).estimate
        in_fold = np.full(len(boxes), search.rows.break_even)
        for j, i in matched_findings(refit.members, members):
            if not np.isnan(tested.effect[j]):
                in_fold[i] = tested.effect[j]
        effects += in_fold / len(refits)
    return effects


def _members(search: Search, boxes: list[ScoredBox]) -> BoolArray:
    """Return which rows of the search are in which box."""
    members = [box.contains(search.codes) for box in boxes]
    return np.array(members, dtype=bool).reshape(len(boxes), len(search.score)).T


def _folds(search: Search) -> IntArray:
    """Return the fold of each row; groups are alike, and customers stay together."""
    rows, random = search.rows, np.random.RandomState(search.random_state)
    customers = np.arange(len(rows.y)) if rows.cluster is None else rows.cluster
    strata = np.zeros(len(rows.y)) if rows.in_a is None else rows.in_a
    return folds_of_customers(strata.astype(np.intp), customers, _N_FOLDS, random)


def simultaneous_level(largest: FloatArray) -> float:
    """Return the level of an interval of one box that makes those of all boxes hold.

    `largest` are values of z as by `max_t`. In 95 % of them no box is further from the
    truth than their quantile.
    """
    quantile = np.quantile(largest[1:], _LEVEL, method="higher")
    return float(2 * ndtr(quantile) - 1)


def p_of_largest(boxes: list[ScoredBox], largest: FloatArray) -> FloatArray:
    """Return in which share of the values of `max_t` some box does as well as each."""
    # max_t computes in single precision, and its first replicate, the rows as they are,
    # must not fall below the boxes that were found in them.
    z = np.abs(np.array([box.z for box in boxes], dtype=np.float64)) * (1 - 1e-5)
    return np.asarray((largest[:, np.newaxis] >= z).mean(axis=0))
