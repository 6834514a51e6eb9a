"""The silhouette: which of the ways to take, and rows in the order of the caller."""

from __future__ import annotations

import numpy as np

from skseg._typing import FloatArray, IntArray

from ._error import standard_error
from ._estimate import estimated_means
from ._exact import euclidean_means, manhattan_means, squared_means
from ._groups import Groups, grouped
from ._widths import widths

# Up to here, exact Euclidean distances take less than about 0.1 s.
MAX_EXACT = 5_000
N_REFERENCES = 256

_EXACT = {
    "euclidean": euclidean_means,
    "manhattan": manhattan_means,
    "sqeuclidean": squared_means,
}
METRICS = tuple(_EXACT)


def silhouette_widths(
    X: FloatArray,
    codes: IntArray,
    *,
    metric: str = "euclidean",
    method: str = "auto",
    n_references: int = N_REFERENCES,
    rng: np.random.Generator | None = None,
) -> FloatArray:
    """Return the silhouette width of every row.

    Parameters
    ----------
    X : ndarray of float64 of shape (n_rows, n_columns)
        Finite.
    codes : ndarray of int of shape (n_rows,)
        Segments from 0 on, at least two of which have rows; negative for noise.
    metric : {"euclidean", "sqeuclidean", "manhattan"}, default="euclidean"
        How far two rows are apart.
    method : {"auto", "exact", "estimate"}, default="auto"
        "estimate" is for Euclidean distances. "auto": it, with more than 5,000 rows.
    n_references : int, default=256
        Most rows of each segment that the estimate compares all rows with.
    rng : Generator, default=None
        For the estimate. None: of seed 0.

    Returns
    -------
    ndarray of float64 of shape (n_rows,)
        In [-1, 1]; NaN for noise; 0 for a segment of one row.
    """
    groups = grouped(X, codes)
    if not _is_estimated(groups, metric, method):
        means = _EXACT[metric](groups)
    else:
        means = estimated_means(groups, n_references, _seeded(rng)).means
    values = widths(means, groups.codes, groups.sizes)
    return _placed(values, groups, len(X))


def silhouette_widths_and_error(
    X: FloatArray,
    codes: IntArray,
    *,
    metric: str = "euclidean",
    method: str = "auto",
    n_references: int = N_REFERENCES,
    rng: np.random.Generator | None = None,
) -> tuple[FloatArray, float]:
    """Return the widths, and the standard error of their mean; 0 if they are exact.

    Parameters are those of `silhouette_widths`.
    """
    groups = grouped(X, codes)
    if not _is_estimated(groups, metric, method):
        values = widths(_EXACT[metric](groups), groups.codes, groups.sizes)
        return _placed(values, groups, len(X)), 0.0
    estimate = estimated_means(groups, n_references, _seeded(rng))
    values = widths(estimate.means, groups.codes, groups.sizes)
    return _placed(values, groups, len(X)), standard_error(groups, estimate)


def _is_estimated(groups: Groups, metric: str, method: str) -> bool:
    if metric != "euclidean" or method == "exact":
        return False
    return method == "estimate" or len(groups.X) > MAX_EXACT


def _seeded(rng: np.random.Generator | None) -> np.random.Generator:
    return np.random.default_rng(0) if rng is None else rng


def _placed(values: FloatArray, groups: Groups, n_rows: int) -> FloatArray:
    """Return the values in the order that the rows came in, NaN for noise."""
    placed = np.full(n_rows, np.nan)
    placed[groups.order] = values
    return placed
