"""The code of the nearest of many rows, by a tree that is searched on all cores."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from joblib import effective_n_jobs
from scipy.spatial import cKDTree
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import gen_batches

from skseg._typing import BoolArray, FloatArray, IntArray

# Orders of the Minkowski distances that scipy and scikit-learn compute from sums, roots
# and maxima alone. Powers of other orders lose digits, or overflow, early.
_ORDERS = {
    "euclidean": 2.0,
    "l2": 2.0,
    "manhattan": 1.0,
    "cityblock": 1.0,
    "l1": 1.0,
    "chebyshev": np.inf,
    "infinity": np.inf,
}
# The two libraries sum in different orders: for thousands of columns, distances still
# differ by factors far closer to 1 than this one.
_TOLERANCE = 1e-9
# The squares of distances in this range neither underflow nor overflow.
_SMALLEST, _LARGEST = 1e-140, 1e140
_BATCH = 1 << 20
_LEAF_SIZE = 24
# An approximate search stops at a row that is up to three times as far as the nearest
# one. That saves two thirds of the time, and settles nearly as many rows as less does.
_APPROXIMATION = 2.0

UNSETTLED = -1


def nearest_tree(
    search: NearestNeighbors, rows: Any, row_codes: IntArray, reach: FloatArray
) -> NearestTree | None:
    """Return a tree that measures as a fitted search does, None if there is none.

    Searches by brute force have other rounding errors, larger than those of trees.
    """
    name, p = search.metric, search.p
    order: Any = p if name in ("minkowski", "p") else _ORDERS.get(str(name))
    if order not in (1, 2, np.inf) or search.metric_params:
        return None
    if search._fit_method not in ("kd_tree", "ball_tree"):
        return None
    rows = np.asarray(rows, dtype=np.float64)
    positive = reach[(reach > 0) & np.isfinite(reach)]
    if positive.min(initial=1.0) < _SMALLEST or positive.max(initial=0.0) > _LARGEST:
        return None
    if np.abs(rows).max(initial=0.0) > _LARGEST:
        return None
    return NearestTree(rows, row_codes, reach, float(order), search.n_jobs)


class NearestTree:
    """Gives new rows the code of the nearest row, if it is within the code's reach.

    Rows are left unsettled where rounding may decide, as scipy rounds distances in
    another way than scikit-learn: those as near to one code as to another, and those
    that are just within or beyond the reach.

    Many rows at once are first searched for any near row. By the triangle inequality
    its code is that of the nearest row if every row of another code is more than twice
    as far from it.

    Parameters
    ----------
    rows : ndarray of float of shape (n_rows, n_columns)
    row_codes : ndarray of int of shape (n_rows,)
    reach : ndarray of float of shape (n_codes,)
        Largest distance by code. The last code is noise, which rows beyond reach get.
    order : {1.0, 2.0, inf}
        Of the Minkowski distance.
    n_jobs : int or None
        Number of threads; None for all cores.
    """

    def __init__(
        self,
        rows: FloatArray,
        row_codes: IntArray,
        reach: FloatArray,
        order: float,
        n_jobs: int | None,
    ) -> None:
        self.rows = rows
        self.row_codes = row_codes
        self.reach = reach
        self.order = order
        self.n_jobs = n_jobs

    def __getstate__(self) -> dict[str, Any]:
        """Return the state without what is computed again on first use."""
        names = ("rows", "row_codes", "reach", "order", "n_jobs")
        return {name: getattr(self, name) for name in names}

    @cached_property
    def _tree(self) -> Any:
        return cKDTree(self.rows, leafsize=_LEAF_SIZE)

    @cached_property
    def _gaps(self) -> FloatArray:
        """The distance of each row to the nearest one of another code, up to a limit.

        Two codes differ in some binary digit. So this takes one search for each digit,
        among the rows whose code has the other digit.
        """
        gaps = np.full(len(self.rows), 2 * self._farthest)
        for place in range(self._noise.bit_length()):
            is_one = (self.row_codes >> place) & 1 == 1
            for is_digit in (is_one, ~is_one):
                if is_digit.any() and not is_digit.all():
                    tree = cKDTree(self.rows[~is_digit], leafsize=_LEAF_SIZE)
                    distance = self._query(
                        tree, self.rows[is_digit], 1, farthest=2 * self._farthest
                    )[0]
                    gaps[is_digit] = np.minimum(gaps[is_digit], distance)
        return gaps

    @property
    def _farthest(self) -> float:
        """The largest reach, and as much more as rounding may add."""
        return float(self.reach[:-1].max() * (1 + 2 * _TOLERANCE) + _SMALLEST)

    @property
    def _noise(self) -> int:
        return len(self.reach) - 1

    def codes(self, X: FloatArray) -> IntArray:
        """Return the code of every row, or UNSETTLED."""
        if not (len(self.rows) and self._noise):
            return np.full(len(X), self._noise)
        batches = gen_batches(len(X), _BATCH)
        return np.concatenate([self._settled(X[batch]) for batch in batches])

    def _settled(self, X: FloatArray) -> IntArray:
        if len(X) < len(self.rows):
            return self._by_nearest(X)
        distance, near = self._query(self._tree, X, 1, approximation=_APPROXIMATION)
        codes = self._within_reach(distance, near)
        # A row beyond reach of this one may be within reach of a nearer one.
        is_open = codes != np.append(self.row_codes, UNSETTLED)[near]
        gaps = np.append(self._gaps, 0.0)[near]
        is_open |= distance > gaps * (0.5 - _TOLERANCE) - _SMALLEST
        rows = np.flatnonzero(is_open)
        codes[rows] = self._by_nearest(X[rows])
        return codes

    def _by_nearest(self, X: FloatArray) -> IntArray:
        distance, near = self._query(self._tree, X, 2)
        first = distance[:, 0]
        codes = self._within_reach(first, near[:, 0])
        tied = np.flatnonzero(_is_tied(distance[:, 1], first))
        codes[tied] = self._among_ties(X[tied])
        return codes

    def _among_ties(self, X: FloatArray) -> IntArray:
        """Return the codes of rows that have several nearest ones."""
        codes = np.full(len(X), UNSETTLED)
        open_rows, n_neighbors = np.arange(len(X)), 4
        while len(open_rows):
            distance, near = self._query(self._tree, X[open_rows], n_neighbors)
            first = distance[:, :1]
            is_tied = _is_tied(distance, first)
            candidates = self._within_reach(np.where(is_tied, first, np.inf), near)
            is_same = (candidates == candidates[:, :1]) | ~is_tied
            has_one_code = is_same.all(axis=1)
            # While all neighbours are equally near, further ones may be as near.
            goes_on = is_tied[:, -1] & has_one_code
            settled = has_one_code & ~goes_on
            codes[open_rows[settled]] = candidates[settled, 0]
            open_rows, n_neighbors = open_rows[goes_on], 2 * n_neighbors
        return codes

    def _query(
        self,
        tree: Any,
        X: FloatArray,
        n_neighbors: int,
        *,
        farthest: float | None = None,
        approximation: float = 0.0,
    ) -> tuple[FloatArray, IntArray]:
        """Return distances and rows of neighbours, by default within any reach."""
        distance, near = tree.query(
            X,
            n_neighbors,
            eps=approximation,
            p=self.order,
            distance_upper_bound=self._farthest if farthest is None else farthest,
            workers=effective_n_jobs(-1 if self.n_jobs is None else self.n_jobs),
        )
        return distance, near

    def _within_reach(self, distance: FloatArray, near: IntArray) -> IntArray:
        """Return the code of each neighbour, noise beyond its reach, or UNSETTLED."""
        # Neighbours that are missing have the number of a row after the last one.
        codes = np.append(self.row_codes, self._noise)[near]
        reach = self.reach[codes]
        is_within = distance <= reach * (1 - _TOLERANCE)
        is_beyond = distance > reach * (1 + _TOLERANCE) + _SMALLEST
        codes = np.where(is_within, codes, UNSETTLED)
        codes[is_beyond] = self._noise
        if np.isinf(self._farthest):
            # Distances beyond float64 are as good as none to the tree.
            codes[np.isinf(distance)] = UNSETTLED
        return codes


def _is_tied(distance: FloatArray, nearest: FloatArray) -> BoolArray:
    """Tell which distances may be as small as the smallest; missing ones are not."""
    is_tied: BoolArray = distance <= nearest * (1 + _TOLERANCE) + _SMALLEST
    return is_tied & np.isfinite(distance)
