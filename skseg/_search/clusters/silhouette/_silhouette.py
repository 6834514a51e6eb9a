"""Silhouette widths by the exact or the estimated way, in the order of the input."""

from __future__ import annotations

import numpy as np

from skseg._typing import FloatArray, IntArray

from ._error import standard_error
from ._estimate import EstimatedMeans, estimated_means
from ._exact import euclidean_means, manhattan_means, squared_means
from ._rows import SegmentedRows, sorted_by_segment
from ._widths import widths

# With at most this many rows, exact Euclidean distances take less than about 0.1 s.
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
    """Return the silhouette width of every row: 0 alone in a segment, NaN for noise.

    At least two codes must have rows; negative ones are noise. `method` is "auto",
    "exact" or "estimate"; "auto" estimates Euclidean distances if there are more than
    5,000 rows. The estimate compares all rows with at most `n_references` of each
    segment, drawn by `rng`, of seed 0 if it is None.
    """
    return _widths(X, codes, metric, method, n_references, rng)[0]


def silhouette_widths_and_error(
    X: FloatArray,
    codes: IntArray,
    *,
    metric: str = "euclidean",
    method: str = "auto",
    n_references: int = N_REFERENCES,
    rng: np.random.Generator | None = None,
) -> tuple[FloatArray, float]:
    """Return the widths, and the standard error of their mean; 0 if they are exact."""
    values, rows, estimate = _widths(X, codes, metric, method, n_references, rng)
    return values, 0.0 if estimate is None else standard_error(rows, estimate)


def _widths(
    X: FloatArray,
    codes: IntArray,
    metric: str,
    method: str,
    n_references: int,
    rng: np.random.Generator | None,
) -> tuple[FloatArray, SegmentedRows, EstimatedMeans | None]:
    """Return widths in the order of the input, sorted rows and the estimate, if any."""
    rows = sorted_by_segment(X, codes)
    estimate = None
    is_large = len(rows.X) > MAX_EXACT
    is_estimated = method == "estimate" or (method == "auto" and is_large)
    if metric == "euclidean" and is_estimated:
        rng = np.random.default_rng(0) if rng is None else rng
        estimate = estimated_means(rows, n_references, rng)
    means = _EXACT[metric](rows) if estimate is None else estimate.means
    values = np.full(len(X), np.nan)
    values[rows.order] = widths(means, rows.codes, rows.sizes)
    return values, rows, estimate
