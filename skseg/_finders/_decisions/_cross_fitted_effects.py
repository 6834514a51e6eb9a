"""Effects and intervals in the rows that were searched, in spite of the search."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from skseg._finders._encoding import matched_findings
from skseg._finders._policy._folds import cell_hashes, policy_folds
from skseg._finders._rows._compared_rows import ComparedRows
from skseg._finders._search import Codes, Search
from skseg._search.effects.boxes import ScoredBox
from skseg._typing import BoolArray, FloatArray, IntArray

_N_FOLDS = 5
_LEVEL = 0.95


class Refit(NamedTuple):
    """What a search finds without a fold of the rows that it was given."""

    weight: FloatArray  # of all rows in the fold
    others: Search  # of the other rows, which are coded as before
    outside: IntArray  # the positions of these among all rows
    boxes: list[ScoredBox]
    members: BoolArray  # which of all rows are in which box
    p_adj: FloatArray  # of the boxes, in the other rows

    @property
    def rows(self) -> IntArray:
        """The positions of the rows in the fold."""
        return np.flatnonzero(self.weight)


def refits_without_folds(
    search: Search, find: Callable[[Search], list[ScoredBox]], largest: FloatArray
) -> list[Refit]:
    """Return what `find` finds without each fold of the rows that has any.

    p-values are adjusted by `largest`, the values of `max_t`.
    """
    refits = []
    for weight in weights_in_folds(search, search.codes, search.rows):
        outside = search.rows.weight - weight
        others = search.weighted(outside)
        boxes = find(others)
        refits.append(
            Refit(
                weight,
                others,
                np.flatnonzero(outside),
                boxes,
                _members(search, boxes),
                p_of_largest(boxes, largest),
            )
        )
    return refits


def weights_in_folds(
    search: Search, codes: Codes, rows: ComparedRows
) -> Iterator[FloatArray]:
    """Yield the weights of rows, coded as those of a search, in each fold of some."""
    if not len(rows.y):
        return
    names = [column.name for column in search.coding.columns]
    hashes = cell_hashes(codes, names, rows, search.random_state)
    for weight in policy_folds(hashes, rows, _N_FOLDS):
        if 0 < weight.sum() < rows.weight.sum():
            yield weight


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
        fold_rows = replace(search.rows, weight=refit.weight).take(refit.rows)
        inside = refit.members[refit.rows]
        tested = fold_rows.evidence(inside, 0.95, is_exact=False).estimate
        in_fold = np.full(len(boxes), search.rows.break_even)
        for j, i in matched_findings(refit.members, members, search.rows.weight):
            if not np.isnan(tested.effect[j]):
                in_fold[i] = tested.effect[j]
        effects += in_fold / len(refits)
    return effects


def _members(search: Search, boxes: list[ScoredBox]) -> BoolArray:
    """Return which rows of the search are in which box."""
    members = [box.contains(search.codes) for box in boxes]
    return np.array(members, dtype=bool).reshape(len(boxes), len(search.score)).T


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
