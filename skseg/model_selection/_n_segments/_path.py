"""K-Means for every k on one path: each fit starts from that of the k before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from sklearn import config_context
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError

Generator = np.random.Generator

# Size of the sample in which starts are searched: its best start is within half a per
# cent of the best inertia of all rows.
START_ROWS = 10_000
# Starts of each kind: as many as all rows can afford, or as a large sample can.
_MANY_STARTS, _FEW_STARTS = 6, 1
# Number of refining sweeps over the path, and of rows tried as a new centre in each.
_SWEEPS, _NEW_CENTERS = 2, 2
# scikit-learn's default is 1e-4. On rows without clusters, which have no sharp optimum,
# that takes five times the steps for a tenth of a per cent of inertia.
_LOOSE, _TIGHT = 1e-3, 1e-4
# Squared distances of this share of the largest one are rounding errors.
_ROUNDING = 1e-24


def start_path(
    rows: FloatArray,
    k_max: int,
    rng: Generator,
    *,
    weight: FloatArray | None = None,
    n_starts: int = 1,
) -> dict[int, KMeans]:
    """Return a fit for every k from 2 to `k_max`, the best of several starts.

    There are `n_starts` starts of each kind: the centres for k - 1 plus a far row, and
    k-means++. Raises if there are fewer distinct rows than clusters.
    One centre is added at a time, as in A. Likas, N. Vlassis and J. J. Verbeek (2003),
    The global k-means clustering algorithm, Pattern Recognition 36 (2), 451-461.
    """
    fits: dict[int, KMeans] = {}
    weight = np.ones(len(rows)) if weight is None else weight
    centers = np.average(rows, axis=0, weights=weight)[None]
    squared = _squared_distances(rows, centers)
    least = _ROUNDING * squared.max()
    for k in range(2, k_max + 1):
        if squared.max() <= least:
            raise InvalidDataError(
                f"n_segments must not be above {k - 1}: there are no more distinct "
                f"rows among the {len(rows)} in which starts are searched.",
                name="n_segments",
                rule=f"at most {k - 1}",
                value=k,
            )
        start_centers: list[Any] = [
            np.vstack([centers, row])
            for row in _far_rows(rows, squared, weight, rng, n_starts)
        ]
        start_centers += ["k-means++"] * n_starts
        candidates = [
            fit(rows, k, start, rng, weight=weight) for start in start_centers
        ]
        fits[k] = min(candidates, key=lambda model: float(model.inertia_))
        centers = fits[k].cluster_centers_
        squared = _squared_distances(rows, centers[fits[k].labels_])
    return fits


def refine(
    fits: dict[int, KMeans], rows: FloatArray, weight: FloatArray, rng: Generator
) -> None:
    """Replace each fit by a better one that starts from a neighbour on the path.

    Going down, the two clusters of k + 1 are merged whose merger costs least. Going up,
    a row far from the centres of k - 1 becomes a centre.
    """
    ks = sorted(fits)
    for k in ks[-2::-1]:
        start = _merged(fits[k + 1], weight)
        _replace_if_worse(fits, fit(rows, k, start, rng, weight=weight))
    for k in ks[1:]:
        centers = fits[k - 1].cluster_centers_
        squared = _squared_distances(rows, centers[fits[k - 1].labels_])
        for row in _far_rows(rows, squared, weight, rng, _NEW_CENTERS):
            start = np.vstack([centers, row])
            _replace_if_worse(fits, fit(rows, k, start, rng, weight=weight))


def _replace_if_worse(fits: dict[int, KMeans], candidate: KMeans) -> None:
    if candidate.inertia_ < fits[candidate.n_clusters].inertia_:
        fits[candidate.n_clusters] = candidate


def full_path(
    rows: FloatArray, ks: Iterable[int], rng: Generator, start_rows: int = START_ROWS
) -> Iterator[tuple[int, KMeans]]:
    """Yield a fit to all rows for every k, which must be 2 or more.

    Fits come one at a time, as each holds the labels of all rows. K-Means changes
    `rows` in place and restores them up to rounding: pass a copy.
    """
    ks = sorted(ks)
    sample, weight = rows, np.ones(len(rows))
    n_starts, tolerance = _MANY_STARTS, _TIGHT
    if len(rows) > start_rows:
        n_starts, tolerance = _FEW_STARTS, _LOOSE
        sample, weight = lightweight_coreset(rows, start_rows, rng)
    with threadpool_limits(1):  # more slow down many small fits
        fits = start_path(sample, ks[-1], rng, weight=weight, n_starts=n_starts)
        for _ in range(_SWEEPS):
            refine(fits, sample, weight, rng)
    for k in ks:
        start = fits[k].cluster_centers_
        yield k, fit(rows, k, start, rng, tolerance=tolerance, copy_x=False)


def lightweight_coreset(
    rows: FloatArray, size: int, rng: Generator
) -> tuple[FloatArray, FloatArray]:
    """Return a sample of the rows, and the weight of each.

    Rows far from the mean are drawn more often: in skewed data, few of them make up
    much of the inertia. See O. Bachem, M. Lucic and A. Krause (2018), Scalable k-means
    clustering via lightweight coresets, KDD, 1119-1127.
    """
    n_rows = len(rows)
    squared = _squared_distances(rows, rows.mean(axis=0))
    chance = 0.5 / n_rows + 0.5 * squared / squared.sum()
    drawn = rng.choice(n_rows, size, p=chance / chance.sum())
    return rows[drawn], 1 / (size * chance[drawn])


def fit(
    rows: FloatArray,
    k: int,
    start: Any,
    rng: Generator,
    *,
    weight: FloatArray | None = None,
    tolerance: float = _LOOSE,
    copy_x: bool = True,
) -> KMeans:
    """Return K-Means from one start."""
    seed = int(rng.integers(np.iinfo(np.int32).max))
    model = KMeans(
        k, init=start, n_init=1, tol=tolerance, copy_x=copy_x, random_state=seed
    )
    # Among thousands of small fits, repeated validation would take half the time.
    with config_context(assume_finite=True, skip_parameter_validation=True):
        return model.fit(rows, sample_weight=weight)


def _squared_distances(rows: FloatArray, centers: FloatArray) -> FloatArray:
    difference = rows - centers
    squared: FloatArray = np.einsum("ij,ij->i", difference, difference)
    return squared


def _far_rows(
    rows: FloatArray,
    squared: FloatArray,
    weight: FloatArray,
    rng: Generator,
    n_rows: int,
) -> FloatArray:
    """Return the rows which lower the inertia most as a new centre, among a few drawn.

    The chance of a row is its part of the inertia, as in k-means++.
    """
    part = squared * weight
    drawn = rng.choice(len(rows), 3 * n_rows, p=part / part.sum())
    inertia = [
        weight @ np.minimum(squared, _squared_distances(rows, rows[row]))
        for row in drawn
    ]
    return rows[drawn[np.argsort(inertia)[:n_rows]]]


def _merged(fitted: KMeans, weight: FloatArray) -> FloatArray:
    """Return the centres after the merger of two that costs the least inertia."""
    centers: FloatArray = fitted.cluster_centers_
    sizes = np.bincount(fitted.labels_, weights=weight, minlength=len(centers))
    squared = ((centers[:, None] - centers) ** 2).sum(axis=-1)
    # Ward's criterion. Clusters without rows, as where rows are equal, cost nothing.
    total = sizes[:, None] + sizes
    cost = squared * (sizes[:, None] * sizes / np.where(total, total, 1))
    np.fill_diagonal(cost, np.inf)
    pair = list(np.unravel_index(cost.argmin(), cost.shape))
    shares = sizes[pair] if sizes[pair].any() else None
    merged = np.average(centers[pair], axis=0, weights=shares)
    return np.vstack([np.delete(centers, pair, axis=0), merged])
