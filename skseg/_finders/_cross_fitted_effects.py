"""Effects and intervals in the rows that were searched, in spite of the search."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import ndtr

from skseg._core._folds import folds_of_customers
from skseg._search.effects.boxes import ScoredBox
from skseg._typing import BoolArray, FloatArray, IntArray

from ._encoding import matched_findings
from ._search import Search

_N_FOLDS = 5
_LEVEL = 0.95


def cross_fitted_effects(
    search: Search,
    boxes: list[ScoredBox],
    find: Callable[[Search], list[ScoredBox]],
) -> FloatArray:
    """Return effects on the outcome in boxes that were found in the same rows.

    In the rows that a box was found in its effect is too large, since it is the largest
    of many. So `find` searches again without each fold of the rows. The effect in a
    fold is that of the box found without it that shares more than half of the rows in
    either; without such a box it is the break-even, as if nothing had been found. The
    mean over the folds is returned.
    """
    effects = np.zeros(len(boxes))
    if not boxes:
        return effects
    members = _members(search, boxes)
    folds = _folds(search)
    for fold in range(_N_FOLDS):
        rows, outside = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        of_fold = _members(search, find(search.take(outside)))
        tested = search.rows.take(rows).evidence(of_fold[rows], 0.95).estimate
        in_fold = np.full(len(boxes), search.rows.break_even)
        for j, i in matched_findings(of_fold, members):
            if not np.isnan(tested.effect[j]):
                in_fold[i] = tested.effect[j]
        effects += in_fold / _N_FOLDS
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
    z = np.abs([box.z for box in boxes]) * (1 - 1e-5)
    return np.asarray((largest[:, np.newaxis] >= z).mean(axis=0))
