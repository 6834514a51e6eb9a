"""Exhaustive search for the boxes of cells in which a score differs from zero."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from skseg._typing import FloatArray

from ._best import Best
from ._search import Triples, look_at_all, search
from ._sets import Axis, Box, Codes, Limits, Side
from ._tables import sample


def scan(
    codes: Codes,
    axes: Sequence[Axis],
    score: FloatArray,
    weight: FloatArray | None = None,
    *,
    max_columns: int = 3,
    min_size: float = 1.0,
    max_size: float = np.inf,
    n_best: int = 10,
    side: Side = "both",
    one_each: bool = False,
    triples: Triples = "grown",
) -> list[Box]:
    """Find the boxes with the largest effects in terms of their standard errors.

    Parameters
    ----------
    codes : ndarray of uint8 of shape (n_columns, n_rows)
        The cells of the rows.
    axes : sequence of Axis
        The columns.
    score : ndarray of float64 of shape (n_rows,)
        The mean over the rows of a box estimates the effect there.
    weight : ndarray of float64 of shape (n_rows,), default=None
        A weight of w is w equal rows. None: all weights are one.
    max_columns : {1, 2, 3}, default=3
        The most columns with a condition. Boxes of one and two columns are compared
        exhaustively, those of three as `triples` says.
    min_size, max_size : float
        Bounds of the weights in a box, both legal themselves.
    n_best : int, default=10
        The most boxes to return.
    side : {"both", "positive", "negative"}, default="both"
        Which effects to look for.
    one_each : bool, default=False
        Whether to return only the best box of each combination of columns.
    triples : {"grown", "all"}, default="grown"
        Where boxes of three columns begin: the best ones of two columns with a third
        condition, or the best ones of all triples of columns on coarse cells, which
        takes longer and also finds what does not show in pairs. From there the
        conditions are improved two at a time until that is no longer possible.

    Returns
    -------
    list of Box
        The largest absolute z first; among equals the fewest columns, then the largest
        size, then the first columns and cells. A condition that all cells meet is none.

    Notes
    -----
    The square of z is twice the logarithm of the likelihood ratio of "the mean is
    shifted inside of the box, zero outside" to "the mean is zero everywhere": the
    larger of two boxes with the same effect wins, and so does the purer of two boxes
    with the same sum.

    Examples
    --------
    >>> codes = np.array([[0, 0, 1, 1, 2, 2], [0, 1, 0, 1, 0, 1]], dtype=np.uint8)
    >>> score = np.array([0.0, 0.0, 0.0, 3.0, 0.0, 3.0])
    >>> [box] = scan(codes, [Axis(3), Axis(2)], score, n_best=1)
    >>> box.cells
    ((0, (False, True, True)), (1, (False, True)))
    >>> box.n, box.total
    (2.0, 6.0)
    """
    rows = sample(codes, axes, score, weight)
    limits = Limits(min_size, max_size, side)
    best = Best(n_best, one_each)
    search(rows, limits, [best] * max_columns, triples)
    return [found.box(axes, rows.variance) for found in best.found]


def all_triples(
    codes: Codes,
    axes: Sequence[Axis],
    score: FloatArray,
    weight: FloatArray | None = None,
    *,
    min_size: float = 1.0,
    max_size: float = np.inf,
    n_best: int = 10,
    side: Side = "both",
    one_each: bool = False,
) -> list[Box]:
    """Find the best boxes of three columns exhaustively; meant for up to eight cells.

    See `scan` for the parameters and the order of the boxes.
    """
    rows = sample(codes, axes, score, weight)
    best = Best(n_best, one_each)
    look_at_all(rows, 3, Limits(min_size, max_size, side), [best])
    return [found.box(axes, rows.variance) for found in best.found]
