"""K-Means for every k on one path: each k starts where the one before has ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from sklearn import config_context
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from skseg._search._arrays import FloatArray, IntArray

Generator = np.random.Generator

# Starts are found in so many rows: enough that the best start there is, but for the
# last half per cent of inertia, as good as the best one for all rows.
START_ROWS = 15_000
# Fewer rows need more starts, which they can afford: their optima differ more.
_SMALL, _MANY_STARTS, _FEW_STARTS = 5_000, 6, 2
# scikit-learn's own is 1e-4. On rows without clusters, which have no sharp optimum,
# that takes five times the steps for a tenth of a per cent of inertia.
_LOOSE, _TIGHT = 1e-3, 1e-4
# Distances below are those between a row and the mean of its copies.
_ROUNDING = 1e-24


def start_path(
    rows: FloatArray, k_max: int, rng: Generator, *, n_starts: int = 1
) -> dict[int, KMeans]:
    """Return a fit for every k from 2 to `k_max`, the best of several starts.

    Parameters
    ----------
    rows : ndarray of float64 of shape (n_rows, n_columns)
        Finite.
    k_max : int
        At least 2, and less than the number of rows.
    rng : Generator
        For the starts.
    n_starts : int, default=1
        Starts of each kind: the centres for k - 1 and a row far from them; k-means++.

    Returns
    -------
    dict of int to KMeans
        Fitted, in ascending order of k.

    Raises
    ------
    ValueError
        If there are not as many different rows as clusters.

    Notes
    -----
    A centre is added at a time, as in A. Likas, N. Vlassis and J. J. Verbeek (2003),
    The global k-means clustering algorithm, Pattern Recognition 36 (2), 451-461.
    """
    fits: dict[int, KMeans] = {}
    centers = rows.mean(axis=0, keepdims=True)
    squared = _squared_distances(rows, centers)
    least = _ROUNDING * squared.max()
    for k in range(2, k_max + 1):
        if squared.max() <= least:
            raise ValueError(
                f"k must not be above {k - 1}: there are not more different rows among "
                f"the {len(rows)} in which the starts are searched for."
            )
        starts: list[Any] = [
            np.vstack([centers, row]) for row in _far_rows(rows, squared, rng, n_starts)
        ]
        starts += ["k-means++"] * n_starts
        tried = [fit(rows, k, start, rng) for start in starts]
        fits[k] = min(tried, key=lambda one: float(one.inertia_))
        centers = fits[k].cluster_centers_
        squared = _squared_distances(rows, centers[fits[k].labels_])
    return fits


def improve_downwards(
    fits: dict[int, KMeans], rows: FloatArray, rng: Generator
) -> None:
    """Replace the fits that are worse than one with a cluster more, two of it merged.

    The two are those whose merging costs least.
    """
    for k in sorted(fits)[-2::-1]:
        merged = fit(rows, k, _merged(fits[k + 1]), rng)
        if merged.inertia_ < fits[k].inertia_:
            fits[k] = merged


def full_path(
    rows: FloatArray, ks: Iterable[int], rng: Generator
) -> Iterator[tuple[int, KMeans]]:
    """Yield a fit to all rows for every k, which must be 2 or more.

    One at a time, as each holds the labels of all rows. `rows` are changed on the way
    and restored up to rounding: pass rows of your own.
    """
    ks = sorted(ks)
    some = rows
    if len(rows) > START_ROWS:
        some = rows[np.sort(rng.choice(len(rows), START_ROWS, replace=False))]
    is_small = len(rows) <= _SMALL
    n_starts = _MANY_STARTS if is_small else _FEW_STARTS
    with one_thread():
        starts = start_path(some, ks[-1], rng, n_starts=n_starts)
        improve_downwards(starts, some, rng)
    tolerance = _TIGHT if is_small else _LOOSE
    for k in ks:
        start = starts[k].cluster_centers_
        yield k, fit(rows, k, start, rng, tolerance=tolerance, copy_x=False)


def fit(
    rows: FloatArray,
    k: int,
    start: Any,
    rng: Generator,
    *,
    tolerance: float = _LOOSE,
    copy_x: bool = True,
) -> KMeans:
    """Return K-Means from one start."""
    seed = int(rng.integers(np.iinfo(np.int32).max))
    model = KMeans(
        k, init=start, n_init=1, tol=tolerance, copy_x=copy_x, random_state=seed
    )
    # Thousands of small fits: checks of what has been checked would be half the time.
    with config_context(assume_finite=True, skip_parameter_validation=True):
        return model.fit(rows)


def one_thread() -> threadpool_limits:
    """Return a context for many small fits, which threads slow down."""
    return threadpool_limits(1)


def _squared_distances(rows: FloatArray, others: FloatArray) -> FloatArray:
    difference = rows - others
    squared: FloatArray = np.einsum("ij,ij->i", difference, difference)
    return squared


def _far_rows(
    rows: FloatArray, squared: FloatArray, rng: Generator, n_wanted: int
) -> FloatArray:
    """Return rows that would lower the inertia most as a centre, of a few drawn.

    Drawn in proportion to their squared distance from the nearest centre, as
    k-means++ does.
    """
    drawn = rng.choice(len(rows), 3 * n_wanted, p=squared / squared.sum())
    left = [
        np.minimum(squared, _squared_distances(rows, rows[row])).sum() for row in drawn
    ]
    return rows[drawn[np.argsort(left)[:n_wanted]]]


def _merged(fitted: KMeans) -> FloatArray:
    """Return the centres with those two merged that cost the least inertia."""
    centers: FloatArray = fitted.cluster_centers_
    sizes: IntArray = np.bincount(fitted.labels_, minlength=len(centers))
    squared = ((centers[:, None] - centers) ** 2).sum(axis=-1)
    # Ward's cost; an empty cluster, of identical rows, costs nothing.
    both = np.maximum(sizes[:, None] + sizes, 1)
    cost = squared * (sizes[:, None] * sizes / both)
    np.fill_diagonal(cost, np.inf)
    first, second = np.unravel_index(cost.argmin(), cost.shape)
    pair = [first, second]
    merged = np.average(centers[pair], axis=0, weights=np.maximum(sizes[pair], 1))
    return np.vstack([np.delete(centers, pair, axis=0), merged])
