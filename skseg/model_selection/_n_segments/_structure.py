"""The test of cluster structure: a comparison with populations without clusters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed
from scipy.spatial.distance import cdist

from skseg._search.clusters._gap import rank_p_value
from skseg._search.clusters._valley import MIN_SIDE
from skseg._search.clusters.silhouette._widths import widths
from skseg._typing import FloatArray, IntArray

from ._path import start_path
from ._references import UNIFORM, Draw, references

# Level of the test: the share of data sets without clusters in which it finds some.
LEVEL = 0.05


class Structure(NamedTuple):
    """Result of the test on a sample of rows."""

    p_values: dict[str, float]  # per population without clusters
    log_inertia: FloatArray  # of the rows, of shape (n_k,)
    uniform_log_inertia: FloatArray  # of shape (n_references, n_k)

    @property
    def p_value(self) -> float:
        return max(self.p_values.values())

    @property
    def closest(self) -> str:
        """The population from which the rows differ least."""
        return max(self.p_values, key=self.p_values.__getitem__)


class _Trace(NamedTuple):
    """What is kept of a path through k."""

    log_inertia: FloatArray
    silhouette: float  # the largest one; -1 if no clustering divides the rows


def structure(
    rows: FloatArray,
    ks: Sequence[int],
    *,
    n_references: int,
    rng: np.random.Generator,
    n_jobs: int | None,
    verbose: bool,
) -> Structure:
    """Compare the rows with data sets from each population without clusters.

    At least one column is not constant. `ks` are the numbers of clusters in ascending
    order, 1 included; `n_references` counts the data sets per population.
    """
    rows = rows[:, np.ptp(rows, axis=0) > 0]
    observed = _trace(rows, ks, rng)
    populations = references(rows)
    draws = [draw for draw in populations.values() for _ in range(n_references)]
    traces = Parallel(n_jobs=n_jobs, verbose=verbose)(
        delayed(_drawn_trace)(draw, ks, child)
        for draw, child in zip(draws, rng.spawn(len(draws)), strict=True)
    )
    by_population = {
        name: traces[i * n_references : (i + 1) * n_references]
        for i, name in enumerate(populations)
    }
    return Structure(
        {
            name: rank_p_value(
                observed.silhouette, np.array([trace.silhouette for trace in drawn])
            )
            for name, drawn in by_population.items()
        },
        observed.log_inertia,
        np.array([trace.log_inertia for trace in by_population[UNIFORM]]),
    )


def _drawn_trace(draw: Draw, ks: Sequence[int], rng: np.random.Generator) -> _Trace:
    return _trace(draw(rng), ks, rng)


def _trace(rows: FloatArray, ks: Sequence[int], rng: np.random.Generator) -> _Trace:
    fits = start_path(rows, ks[-1], rng)
    total = float(((rows - rows.mean(axis=0)) ** 2).sum())
    inertia = [total if k == 1 else fits[k].inertia_ for k in ks]
    labelings = [fits[k].labels_ for k in ks if k > 1]
    divides = [_divides(labels) for labels in labelings]
    best = mean_silhouettes(rows, labelings).max(initial=-1.0, where=divides)
    with np.errstate(divide="ignore"):
        return _Trace(np.log(inertia), float(best))


def _divides(labels: IntArray) -> bool:
    """Return whether two clusters are large enough: a few outliers are no segment.

    In heavy tails, the largest silhouettes are those of one outlier and all other rows.
    """
    second_largest = np.sort(np.bincount(labels, minlength=2))[-2]
    return bool(second_largest >= MIN_SIDE * len(labels))


def mean_silhouettes(rows: FloatArray, labelings: Sequence[IntArray]) -> FloatArray:
    """Return the mean silhouette of each labelling, with one matrix of distances."""
    distances = cdist(rows, rows)
    members = [
        (labels[:, None] == np.arange(labels.max() + 1)).astype(np.float64)
        for labels in labelings
    ]
    ends = np.cumsum([member.shape[1] for member in members])[:-1]
    totals = np.split(distances @ np.hstack(members), ends, axis=1)
    return np.array(
        [
            _mean_silhouette(total, labels, member.sum(axis=0))
            for total, labels, member in zip(totals, labelings, members, strict=True)
        ]
    )


def _mean_silhouette(total: FloatArray, labels: IntArray, sizes: FloatArray) -> float:
    """Return the mean silhouette, given the sums of distances to each cluster."""
    # A cluster without rows is never the nearest.
    means = np.where(sizes > 0, total / np.maximum(sizes, 1), np.inf)
    return float(widths(means.T, labels, sizes.astype(np.intp)).mean())
