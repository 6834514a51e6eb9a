"""select_eps: eps and min_samples of DBSCAN, or why no choice gives segments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import silhouette_score as pairwise_silhouette_score
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import check_random_state

from skseg._core._numeric_rows import numeric_rows
from skseg._core._validation import check_int, is_number
from skseg._search.clusters._segment_sizes import segment_sizes
from skseg._typing import FloatArray, IntArray
from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.metrics import silhouette_score
from skseg.metrics._distances import without_noise
from skseg.metrics._size_bounds import SizeBounds

from ._dbscan_grid import dbscan_grid
from ._eps_selection import EpsSelection

OWNER = "select_eps"
# Candidates reach from the knee divided by this factor to the knee times it.
_AROUND_KNEE = 2.0
# Most segments with a silhouette in an illegal cell: those of more segments take long,
# and say little about tiny clusters.
_MANY = 50
# Metrics whose silhouettes take time linear in the rows.
_FAST_SILHOUETTES = {
    "euclidean": "euclidean",
    "l2": "euclidean",
    "sqeuclidean": "sqeuclidean",
    "manhattan": "manhattan",
    "cityblock": "manhattan",
    "l1": "manhattan",
}
# What another tool may say of the same rows, and why.
_NO_TEST = (
    "Whether a population without clusters would have such dense groups as well is not "
    "tested; select_n_segments does."
)
_NO_DISTANCE = (
    "Groups that are apart in a few of many columns hardly differ in distances over "
    "all of them; select_n_segments looks at each column too."
)


def select_eps(
    X: Any,
    *,
    min_samples: int | Iterable[int] = (5, 10, 20),
    eps: float | Iterable[float] | None = None,
    n_eps: int = 5,
    min_size: float | None = 0.05,
    max_size: float | None = 0.6,
    max_noise: float | None = 0.3,
    metric: str = "euclidean",
    random_state: Any = None,
    n_jobs: int | None = None,
) -> EpsSelection:
    """Choose eps and min_samples of DBSCAN from a grid, at the cost of a few fits.

    Parameters
    ----------
    X : frame or array of shape (n_rows, n_columns)
        Finite numbers on comparable scales: standardise them first.
    min_samples : int or iterable of int, default=(5, 10, 20)
        Number of rows within eps, the row itself included, that makes it a core row;
        in [2, n_rows].
    eps : float or iterable of float, default=None
        Radii to try, above 0. None: `n_eps` radii around the knee of each
        `min_samples`.
    n_eps : int, default=5
        Number of radii if `eps` is None, in [1, 50]: from half the knee to twice the
        knee, evenly on a logarithmic scale, rounded to 3 significant digits.
    min_size : int, float or None, default=0.05
        Smallest size that a segment may have: a number of rows, or a share of all rows
        in (0, 0.5]. None: no bound.
    max_size : int, float or None, default=0.6
        Largest size that a segment may have: a number of rows, or a share of all rows
        in (0, 1). None: no bound.
    max_noise : float or None, default=0.3
        Largest share of rows that may be noise, in [0, 1]. None: no bound.
    metric : str, default="euclidean"
        A metric that `DBSCAN` knows by name, except "precomputed". Silhouettes take
        time quadratic in the rows, except for (squared) Euclidean and Manhattan
        distances.
    random_state : int, RandomState or None, default=None
        Seed of estimated silhouettes.
    n_jobs : int, default=None
        Number of jobs in the neighbour search, as joblib counts.

    Returns
    -------
    EpsSelection
        The best cell, if there is one, the table of all cells and their labels.

    Raises
    ------
    ValueError
        If a parameter is wrong, `X` has missing or infinite values, there is no knee
        above 0, or the pairs of rows within the largest eps do not fit into memory.

    See Also
    --------
    skseg.metrics.make_segment_scorer : The same bounds in a search of scikit-learn.

    Notes
    -----
    The distance of a row to its `min_samples`-th nearest row, itself included, is the
    smallest eps that makes it a core row. In ascending order, these distances [1]_ rise
    slowly within clusters and steeply where noise begins. The knee in between is the
    point, among distances above 0, that is farthest below the straight line from the
    first to the last distance [2]_. It is a rule of thumb: a few rows far from all
    others move it upwards, and clusters of different density have a knee each. So the
    grid covers both sides of it.

    Every cell has exactly the labels of scikit-learn's DBSCAN: clusters are numbered in
    the order of their first core rows, and a border row between clusters belongs to
    the first of them. The one exception are distances of exactly eps in more than 15
    columns or fewer than 12 rows: without a tree, rounding may make row j a neighbour
    of row i for scikit-learn, but not row i a neighbour of row j.

    All cells come from one neighbour search within the largest eps, which takes about
    twice the memory of one fit there. Equal rows are searched once.

    The silhouette is highest for round clusters of similar density, which DBSCAN does
    not assume. It says little about two moons; there the bounds select the cells. On
    its own, the silhouette is highest where a few outliers are one segment and all
    other rows another, or where all rows but those in the middle of segments are noise;
    `max_noise` limits how many rows may be given up for that. That no cell is legal is
    an answer as well: without gaps of low density, DBSCAN finds one segment of nearly
    all rows, or tiny clusters and noise.

    The verdict may differ from that of `select_n_segments`, which asks another
    question: whether rows cluster more than populations without clusters. A few rows in
    a thin region may part DBSCAN's groups at one radius by chance, and dense groups of
    any shape are no K-Means clusters. In turn, a valley in one of many columns vanishes
    in distances over all of them.

    References
    ----------
    .. [1] M. Ester, H.-P. Kriegel, J. Sander and X. Xu (1996), A density-based
       algorithm for discovering clusters in large spatial databases with noise.
       KDD-96, 226-231.
    .. [2] V. Satopaa, J. Albrecht, D. Irwin and B. Raghavan (2011), Finding a "kneedle"
       in a haystack: detecting knee points in system behavior. 31st International
       Conference on Distributed Computing Systems Workshops, 166-171.

    Examples
    --------
    >>> from sklearn.datasets import make_blobs
    >>> from skseg.model_selection import select_eps
    >>> X, _ = make_blobs(400, centers=3, cluster_std=0.6, random_state=0)
    >>> selection = select_eps(X, min_samples=10, eps=[0.3, 0.5, 1.5])
    >>> selection.eps
    0.5
    >>> selection.table[["eps", "n_segments", "noise_share", "is_legal"]]
       eps  n_segments  noise_share  is_legal
    0  0.3           3       0.3550     False
    1  0.5           3       0.0425      True
    2  1.5           1       0.0000     False
    """
    bounds = SizeBounds(min_size, max_size, max_noise)
    bounds.check(OWNER)
    X = numeric_rows(OWNER, X, ensure_min_samples=2, input_name="X")
    numbers = _check_min_samples(min_samples, len(X))
    radii = None if eps is None else _check_eps(eps)
    check_int(OWNER, "n_eps", n_eps, 1, 50)
    if not isinstance(metric, str) or metric == "precomputed":
        rule = "the name of a distance, and not 'precomputed'"
        raise InvalidParameterError(OWNER, "metric", rule, metric)
    curves = k_distances(X, numbers, metric, n_jobs)
    knees = {number: knee(curve) for number, curve in curves.items()}
    cells = {
        number: candidates(number, knees[number], n_eps) if radii is None else radii
        for number in numbers
    }
    codes = dbscan_grid(OWNER, X, cells, metric=metric, n_jobs=n_jobs)
    # One seed, so that equal segments have equal silhouettes.
    seed = int(check_random_state(random_state).randint(np.iinfo(np.int32).max))
    table = pd.DataFrame(
        [
            {"min_samples": cell[0], "eps": cell[1]}
            | _measures(X, labels.astype(np.intp), bounds, metric, seed)
            for cell, labels in codes.items()
        ]
    )
    legal = table[table["is_legal"]]
    best = None if legal.empty else int(legal["silhouette"].argmax())
    return EpsSelection(
        eps=None if best is None else float(legal["eps"].iloc[best]),
        min_samples=None if best is None else int(legal["min_samples"].iloc[best]),
        reason=_reason_for_none(table)
        if best is None
        else _reason(legal, best, len(table)),
        table=table,
        k_distances=curves,
        knees=knees,
        metric=metric,
        codes=codes,
    )


def _check_min_samples(min_samples: Any, n_rows: int) -> list[int]:
    """Return the numbers in ascending order, each once, or raise."""
    numbers = min_samples if isinstance(min_samples, Iterable) else [min_samples]
    numbers = {check_int(OWNER, "min_samples", number, 2, n_rows) for number in numbers}
    if not numbers:
        rule = "an int or several of them"
        raise InvalidParameterError(OWNER, "min_samples", rule, min_samples)
    return sorted(numbers)


def _check_eps(eps: Any) -> list[float]:
    """Return the radii in ascending order, each once, or raise."""
    radii = list(eps) if isinstance(eps, Iterable) else [eps]
    if not radii or not all(is_number(r) and 0 < r < np.inf for r in radii):
        rule = "None, a number in (0, inf) or several of them"
        raise InvalidParameterError(OWNER, "eps", rule, eps)
    return sorted({float(radius) for radius in radii})


def k_distances(
    X: FloatArray, numbers: Sequence[int], metric: str, n_jobs: int | None
) -> dict[int, FloatArray]:
    """Return the ascending distances of all rows to their k-th nearest row, by k."""
    search = NearestNeighbors(n_neighbors=max(numbers), metric=metric, n_jobs=n_jobs)
    distances = search.fit(X).kneighbors(X)[0]
    return {number: np.sort(distances[:, number - 1]) for number in numbers}


def knee(curve: FloatArray) -> float:
    """Return the positive value of an ascending curve farthest below its chord.

    NaN if no value is positive.
    """
    start = int(np.searchsorted(curve, 0, side="right"))
    if start == len(curve):
        return np.nan
    rise = curve[-1] - curve[0]
    height = (curve - curve[0]) / rise if rise else np.zeros(len(curve))
    below = np.linspace(0, 1, len(curve)) - height
    return float(curve[start + np.argmax(below[start:])])


def candidates(min_samples: int, knee: float, n_eps: int) -> list[float]:
    """Return radii around the knee, or raise if there is none."""
    if np.isnan(knee):
        raise InvalidDataError(
            f"There is no eps to begin with: every row has at least {min_samples - 1} "
            "others at a distance of 0.",
            owner=OWNER,
            name="X",
            rule=f"rows with fewer than {min_samples - 1} copies",
            advice="Pass eps, or a larger min_samples.",
        )
    end = 1.0 if n_eps > 1 else 0.0
    radii = knee * _AROUND_KNEE ** np.linspace(-end, end, n_eps)
    return sorted({float(f"{radius:.3g}") for radius in radii})


def _measures(
    X: FloatArray, codes: IntArray, bounds: SizeBounds, metric: str, seed: int
) -> dict[str, Any]:
    """Return the measures of a cell, as columns of the table."""
    sizes = segment_sizes(codes)
    broken = bounds.broken_by(sizes, sizes)
    has_score = sizes.has_distances and (not broken or sizes.n_segments <= _MANY)
    return {
        "n_segments": sizes.n_segments,
        "noise_share": sizes.noise_share,
        "smallest_share": sizes.smallest_share,
        "largest_share": sizes.largest_share,
        "silhouette": _silhouette(X, codes, metric, seed) if has_score else np.nan,
        "is_legal": not broken,
        "broken_bound": broken,
    }


def _silhouette(X: FloatArray, codes: IntArray, metric: str, seed: int) -> float:
    """Return the silhouette of the rows in segments."""
    X, codes = without_noise(X, codes)
    if metric in _FAST_SILHOUETTES:
        name = _FAST_SILHOUETTES[metric]
        return silhouette_score(X, codes, metric=name, random_state=seed)
    return float(pairwise_silhouette_score(X, codes, metric=metric))


def _reason(legal: pd.DataFrame, best: int, n_cells: int) -> str:
    """Return the reason for choosing the best of the legal cells."""
    cell = legal.iloc[best]
    return (
        f"eps={cell['eps']:g} with min_samples={cell['min_samples']} gives "
        f"{cell['n_segments']} segments and {cell['noise_share']:.1%} noise. Its "
        f"silhouette, {cell['silhouette']:.3f}, is the largest of the legal cells, "
        f"which are {len(legal)} of {n_cells}. {_NO_TEST}"
    )


def _reason_for_none(table: pd.DataFrame) -> str:
    """Return the bounds that the cells break, the most frequent one first."""
    counts = table["broken_bound"].value_counts(sort=True)
    parts = ", ".join(f"{count} with {bound}" for bound, count in counts.items())
    return f"No cell of {len(table)} is legal: {parts}. {_NO_DISTANCE}"
