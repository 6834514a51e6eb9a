"""Silhouette widths by the exact or the estimated way, in the order of the input."""

from __future__ import annotations

import numpy as np

from skseg._typing import FloatArray, IntArray

from ._error import standard_error
from ._estimate import estimated_means
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
    rows = sorted_by_segment(X, codes)
    if not _is_estimated(rows, metric, method):
        means = _EXACT[metric](rows)
    else:
        means = estimated_means(rows, n_references, _seeded(rng)).means
    return _in_input_order(widths(means, rows.codes, rows.sizes), rows, len(X))


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
    rows = sorted_by_segment(X, codes)
    if not _is_estimated(rows, metric, method):
        values = widths(_EXACT[metric](rows), rows.codes, rows.sizes)
        return _in_input_order(values, rows, len(X)), 0.0
    estimate = estimated_means(rows, n_references, _seeded(rng))
    values = widths(estimate.means, rows.codes, rows.sizes)
    return _in_input_order(values, rows, len(X)), standard_error(rows, estimate)


def _is_estimated(rows: SegmentedRows, metric: str, method: str) -> bool:
    if metric != "euclidean" or method == "exact":
        return False
    return method == "estimate" or len(rows.X) > MAX_EXACT


def _seeded(rng: np.random.Generator | None) -> np.random.Generator:
    return np.random.default_rng(0) if rng is None else rng


def _in_input_order(values: FloatArray, rows: SegmentedRows, n_rows: int) -> FloatArray:
    """Return the values in the order of the input, NaN for noise."""
    ordered = np.full(n_rows, np.nan)
    ordered[rows.order] = values
    return ordered
