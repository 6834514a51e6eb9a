"""Upper bounds on the keys of boxes, so that a search computes few of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from skseg._typing import BoolArray, FloatArray, IntArray

from ._sets import CodedAxis, set_matrix

Floats = npt.NDArray[np.float32]

_EPSILON = float(np.finfo(np.float32).eps)
_SMALLEST = np.finfo(np.float32).tiny
# Bounds are compared with about 1. Below this, underflow might matter.
_LEAST_LIMIT = 1e-24
# With fewer cells, the bound of `_may_reach` costs as much as the keys of all boxes.
_MIN_CELLS = 12


def promising_sets(
    total: FloatArray,
    size: FloatArray,
    axis: CodedAxis,
    last: CodedAxis | None,
    min_key: float,
) -> tuple[IntArray, IntArray]:
    """Return which sets of a column may be part of a box with a key of `min_key`.

    `total` and `size` are sums of scores and of weights, of shape (n_blocks, n_cells,
    n_rest), over the cells of `axis` and those of the remaining columns; if these are a
    single one, it is `last`. The result has the block and the set of each promising
    combination, in order.

    Within a block and a set, a box is a subset of the `n_rest` remaining cells. By
    Cauchy's inequality, its key is at most the sum of the keys of those cells whose
    effect has its sign. On noise this discards more than nine sets in ten.
    """
    n_rest, n_sets = total.shape[2], len(set_matrix(axis))
    largest = size.max(initial=0.0)
    limit = _limit(total, size, min_key)
    if limit < _LEAST_LIMIT or largest == 0:
        return _divided(np.arange(len(total) * n_sets), n_sets)
    unit = np.sqrt(min_key * largest)
    sums = set_matrix(axis) @ (total / unit).astype(np.float32)
    sizes = set_matrix(axis) @ (size / largest).astype(np.float32)
    sums, sizes = sums.reshape(-1, n_rest), sizes.reshape(-1, n_rest)
    # Where no row is, the sum is 0, and so is the key.
    np.maximum(sizes, _SMALLEST, out=sizes)
    keys = np.abs(sums)
    keys /= sizes
    keys *= sums
    ones = np.ones(n_rest, dtype=np.float32)
    difference = keys @ ones
    both_signs = np.abs(keys, out=keys) @ ones
    above = np.flatnonzero(both_signs + difference >= 2 * limit)
    below = np.flatnonzero(both_signs - difference >= 2 * limit)
    rows = np.concatenate([above, below])
    if last is not None and len(rows) and _has_few_pieces(last):
        signed_sums = sums.take(rows, axis=0)
        signed_sums[len(above) :] *= -1
        bounds = _bounds(signed_sums.T, sizes.take(rows, axis=0).T, last)
        rows = rows[bounds >= limit]
    is_promising = np.zeros(len(sums), dtype=bool)
    is_promising[rows] = True
    return _divided(np.flatnonzero(is_promising), n_sets)


def _divided(rows: IntArray, n_sets: int) -> tuple[IntArray, IntArray]:
    blocks, sets = np.divmod(rows, n_sets)
    return blocks, sets


def _limit(total: FloatArray, size: FloatArray, min_key: float) -> float:
    """Return what a bound must reach, in units of `min_key`.

    It is 1 less the rounding errors of single precision, which takes half of the time.

    The root of a bound is the norm of one entry per piece of a box: the sum of the
    scores over the root of the size. The sums are wrong by at most epsilon times the
    number of additions times the sum of the absolute values that are added, and the
    norm by at most the sum of all of these over the root of the smallest size. All
    other errors are relative ones.
    """
    _, n_cells, n_rest = total.shape
    error = (n_cells + n_rest + 8) * _EPSILON
    least = size.min(initial=np.inf, where=size > 0)
    # The quotient is infinite where `min_key` is tiny: then nothing is discarded.
    with np.errstate(over="ignore"):
        spread = np.abs(total).sum() / np.sqrt(min_key * least)
    return float(max(1 - error - error * spread, 0.0) ** 2)


def _has_few_pieces(axis: CodedAxis) -> bool:
    return not axis.nominal and axis.n_known >= _MIN_CELLS


def _bounds(sums: Floats, sizes: Floats, axis: CodedAxis) -> Floats:
    """Bound the keys of boxes with a positive effect by the conditions on a column.

    `sums` and `sizes` have one row per cell of the column `axis`. A condition on it is
    an interval of cells, with or without missing values.

    Cells are divided into groups of neighbours. An interval consists of the end of a
    group, a run of whole groups, and the beginning of a group, or lies within a group.
    By Cauchy's inequality its key is at most the sum of the keys of such pieces: the
    best ending, the run, the best beginning. There are far fewer of them than
    intervals, and the bound is hardly larger than the best key.
    """
    pieces = _pieces(axis)
    keys = pieces.members @ sums
    np.maximum(keys, 0.0, out=keys)
    sizes = pieces.members @ sizes
    np.maximum(sizes, _SMALLEST, out=sizes)
    sizes = np.divide(keys, sizes, out=sizes)
    keys *= sizes
    n_edges = 3 * pieces.n_groups * pieces.n_in_group
    edges = keys[:n_edges].reshape(3, pieces.n_groups, pieces.n_in_group, -1)
    ending, beginning = edges[0].max(axis=1), edges[1].max(axis=1)
    bounds = keys[n_edges:-1]
    bounds += ending[pieces.first_group]
    bounds += beginning[pieces.last_group]
    within_group = edges[2].sum(axis=1).max(axis=0)
    largest = np.maximum(bounds.max(axis=0), within_group)
    return np.asarray(largest + keys[-1])


@dataclass(frozen=True, slots=True, eq=False)
class _Pieces:
    """Sets of cells that intervals are made of."""

    # One row per piece: the endings, the beginnings and the single cells of all groups,
    # then the runs of groups, and the missing values.
    members: Floats
    n_groups: int
    n_in_group: int
    # The groups around each run: one before it, one behind it.
    first_group: IntArray
    last_group: IntArray


@lru_cache(maxsize=256)
def _pieces(axis: CodedAxis) -> _Pieces:
    # As many groups as make about as many runs as there are cells.
    n_in_group = max(round(np.sqrt(axis.n_known / 2)), 2)
    n_groups = -(-axis.n_known // n_in_group)
    cells = np.arange(axis.n_cells)
    group, place = np.divmod(cells, n_in_group)
    group[axis.n_known :] = -1
    is_in_group = group == np.repeat(np.arange(n_groups), n_in_group)[:, np.newaxis]
    edge = np.tile(np.arange(n_in_group), n_groups)[:, np.newaxis]
    first_group, last_group = np.triu_indices(n_groups, 1)
    runs = (group > first_group[:, np.newaxis]) & (group < last_group[:, np.newaxis])
    is_missing = cells[np.newaxis] == (-1 if axis.missing is None else axis.missing)
    sets: BoolArray = np.concatenate(
        [
            is_in_group & (place >= edge),
            is_in_group & (place <= edge),
            is_in_group & (place == edge),
            runs,
            is_missing,
        ]
    )
    members = sets.astype(np.float32)
    return _Pieces(members, n_groups, n_in_group, first_group, last_group)
