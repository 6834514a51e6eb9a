"""The number of segments by several criteria, with a test whether there are any."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_array, check_random_state

from skseg._core._validation import check_choice, check_int
from skseg._search.clusters._gap import gap_statistic
from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError, InvalidParameterError

from ._criteria import CHOICES, OF_LABELS, chosen, elbow
from ._path import full_path, one_thread
from ._result import NSegmentsSelection
from ._strength import strengths
from ._structure import LEVEL, Structure, structure

_OWNER = "select_n_segments"
# Fewer could not reach the level, however clear the clusters are.
_FEWEST_REFERENCES = round(1 / LEVEL) - 1


def select_n_segments(
    X: Any,
    *,
    k: Iterable[int] = range(2, 11),
    criteria: Sequence[str] = (
        "elbow",
        "silhouette",
        "calinski_harabasz",
        "davies_bouldin",
        "gap",
        "prediction_strength",
    ),
    decide_by: str = "silhouette",
    n_references: int = 20,
    sample_size: int = 1000,
    random_state: Any = None,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> NSegmentsSelection:
    """Choose the number of segments of K-Means, or find that there are no clusters.

    Parameters
    ----------
    X : frame or array of shape (n_rows, n_columns)
        Finite numbers in the units that distances shall be measured in: scale them
        before, and take logarithms of what is skewed, such as money.
    k : iterable of int, default=range(2, 11)
        Numbers of segments to compare, at least one of them 2 or more, up to half of
        the rows and of `sample_size`. 1 is always compared where a criterion can.
    criteria : sequence of str, default=all of them
        Which criteria to compute: ``"elbow"``, ``"silhouette"``,
        ``"calinski_harabasz"``, ``"davies_bouldin"``, ``"gap"``,
        ``"prediction_strength"``.
    decide_by : str, default="silhouette"
        Which of the `criteria` chooses the number, if there is structure.
    n_references : int, default=20
        Data sets drawn from each population without clusters, in [19, 10000].
    sample_size : int, default=1000
        Most rows, drawn at random, that the test of structure, the gap and the
        prediction strength look at, in [20, 20000]. More rows see finer structure,
        which need not be of use.
    random_state : int, RandomState or None, default=None
        For starts, samples, references and halves.
    n_jobs : int, default=None
        For the references, as joblib counts.
    verbose : int, default=0
        Whether the work on the references is reported, as joblib does.

    Returns
    -------
    NSegmentsSelection
        The verdict, the choice of each criterion, the table and the centres.

    Raises
    ------
    ValueError
        If a parameter is wrong, `X` has missing or infinite values, or there are fewer
        different rows than segments.

    See Also
    --------
    select_eps : The settings of DBSCAN, for clusters of any shape.
    compare_segmenters : K-Means against other algorithms.

    Notes
    -----
    *Is there any structure?* The largest silhouette over `k` is compared with that of
    data sets that have no clusters and look like `X` otherwise: uniform in the box
    along the principal axes, uniform in the box along the columns, normal with the same
    covariance, and normal with columns bent to the same skewness (power transformation
    of Yeo and Johnson). Each data set has the size of the sample and is clustered in
    the same way. `X` has structure if for each of the four populations p is at most
    0.05, which is the share of its data sets, `X` among them, whose silhouette is as
    large: of 20, the rows must surpass every one. So no more than 5 % of the data sets
    from such populations are taken for clustered ones.

    The test knows these populations alone. It finds structure also in others without
    clusters, for example in a uniform triangle, whose corners look like clusters. It
    finds none in clusters that overlap so far that one population looks alike, and may
    find none in skewed data whose clusters show on a logarithmic scale only.

    *What each criterion can see.* All are about round clusters of similar width, as
    K-Means finds them.

    - ``"elbow"``: where the inertia is farthest below the chord of its curve, as in
      kneedle. It moves with the range of `k`, of which it takes neither end, and
      always finds one.
    - ``"silhouette"``: how much nearer rows are to their own cluster than to the next
      one [1]_; largest is best. It prefers few clusters far apart and cannot choose 1.
      Of more than 5,000 rows it is an estimate, and of a sample of 100,000.
    - ``"calinski_harabasz"``: variance between clusters by variance within, per degree
      of freedom; largest is best. Prefers clusters of similar size; cannot choose 1.
    - ``"davies_bouldin"``: how wide clusters are by how far apart, for the worst
      neighbour; smallest is best. Prefers small far clusters, such as a few outliers;
      cannot choose 1.
    - ``"gap"``: how far the logarithm of the inertia is below that of uniform data
      [2]_; the first k whose gap is within a standard error of the next one. Can choose
      1. Where the rows are normal or skewed, and not uniform, their middle is denser
      than the box, and it may still find several clusters.
    - ``"prediction_strength"``: whether pairs of rows stay together when the clusters
      of one half are those of the other half [3]_; the largest k with 0.8 or more, mean
      of five splits. Can choose 1. Clusters must be found again, not be apart: an
      elongated population can be halved reliably.

    *How the K-Means are found.* One path through `k`, on a weighted sample of 10,000
    rows if there are more: each k starts from the centres of k - 1 and a far row, from
    those of k + 1 with two merged, and from k-means++; all rows continue from the best.
    In ten columns inertia was within 0.5 % of ten independent starts in the benchmark;
    in two, with more segments than clusters, it was up to 2 % above.

    References
    ----------
    .. [1] P. J. Rousseeuw (1987), Silhouettes: a graphical aid to the interpretation
       and validation of cluster analysis. Journal of Computational and Applied
       Mathematics 20, 53-65.
    .. [2] R. Tibshirani, G. Walther and T. Hastie (2001), Estimating the number of
       clusters in a data set via the gap statistic. Journal of the Royal Statistical
       Society B 63 (2), 411-423.
    .. [3] R. Tibshirani and G. Walther (2005), Cluster validation by prediction
       strength. Journal of Computational and Graphical Statistics 14 (3), 511-528.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import make_blobs
    >>> from skseg.model_selection import select_n_segments
    >>> X, _ = make_blobs(600, centers=4, cluster_std=0.7, random_state=6)
    >>> found = select_n_segments(X, k=range(2, 7), sample_size=300, random_state=0)
    >>> found.n_segments, round(found.p_value, 3)
    (4, 0.048)

    One cloud has no clusters, whatever the silhouette would choose:

    >>> cloud = np.random.default_rng(0).normal(size=(600, 2))
    >>> found = select_n_segments(cloud, k=range(2, 7), sample_size=300, random_state=0)
    >>> found.n_segments, found.choices["silhouette"]
    (1, 3)
    """
    rows = _read(X)
    check_int(_OWNER, "sample_size", sample_size, 20, 20_000)
    check_int(_OWNER, "n_references", n_references, _FEWEST_REFERENCES, 10_000)
    ks = _check_k(k, min(len(rows), sample_size) // 2)
    names = _check_criteria(criteria, decide_by)
    rng = np.random.default_rng(
        check_random_state(random_state).randint(np.iinfo(np.int32).max)
    )
    some = rows
    if len(rows) > sample_size:
        some = rows[np.sort(rng.choice(len(rows), sample_size, replace=False))]
    # What some criteria compare with, asked for or not.
    with_one = sorted({1, *ks})
    table, centers = _of_all_rows(rows, with_one, names, rng)
    with one_thread():
        found = structure(
            some,
            with_one,
            n_references=n_references,
            rng=rng,
            n_jobs=n_jobs,
            verbose=verbose,
        )
        if "prediction_strength" in names:
            table["prediction_strength"] = strengths(some, with_one, rng)
    if "gap" in names:
        table["gap"], table["gap_se"] = gap_statistic(
            found.log_inertia, found.uniform_log_inertia
        )
    if "elbow" in names:
        asked = table["k"].isin(ks)
        curve = table.loc[asked, ["k", "inertia"]].to_numpy(np.float64)
        table.loc[asked, "elbow"] = elbow(*curve.T)
    choices = {name: chosen(table, name) for name in names}
    has_structure = found.p_value <= LEVEL
    return NSegmentsSelection(
        n_segments=choices[decide_by] if has_structure else 1,
        has_structure=has_structure,
        reason=_reason(found, choices, decide_by, n_references),
        p_value=found.p_value,
        p_values=found.p_values,
        choices=choices,
        table=table[_columns(names)],
        centers=centers,
    )


def _read(X: Any) -> FloatArray:
    """Return the rows as an array of our own, or raise."""
    rows = check_array(
        X,
        dtype=np.float64,
        copy=True,
        ensure_min_samples=4,
        estimator=_OWNER,
        input_name="X",
    )
    if not np.ptp(rows, axis=0).any():
        raise InvalidDataError(
            f"{_OWNER} needs rows that differ. All rows of X are equal."
        )
    return np.asarray(rows)


def _check_k(k: Any, most: int) -> list[int]:
    """Return the numbers in ascending order, each once, or raise."""
    if not isinstance(k, Iterable) or isinstance(k, str):
        raise InvalidParameterError(_OWNER, "k", "several ints", k)
    given = list(k)
    numbers = {check_int(_OWNER, "k", one, 1, most) for one in given}
    if numbers <= {1}:
        raise InvalidParameterError(_OWNER, "k", "ints with one above 1", given)
    return sorted(numbers)


def _check_criteria(criteria: Any, decide_by: Any) -> list[str]:
    """Return the criteria in their order, or raise."""
    if isinstance(criteria, str) or not isinstance(criteria, Iterable):
        raise InvalidParameterError(_OWNER, "criteria", "a sequence of names", criteria)
    names = list(criteria)
    for name in names:
        check_choice(_OWNER, "criteria", name, list(CHOICES))
    check_choice(_OWNER, "decide_by", decide_by, names)
    return [name for name in CHOICES if name in names]


def _of_all_rows(
    rows: FloatArray, ks: Sequence[int], names: Sequence[str], rng: np.random.Generator
) -> tuple[pd.DataFrame, dict[int, FloatArray]]:
    """Return inertia and the criteria of all rows, and the centres; `ks` has 1."""
    center = rows.mean(axis=0, keepdims=True)
    # Around its mean: what squared distances lose far from the origin is not lost.
    rows -= center
    centers = {1: center}
    lines: list[dict[str, float]] = [
        {"k": 1, "inertia": np.einsum("ij,ij", rows, rows)}
    ]
    # One seed for all, so that the same segments have the same silhouette.
    seed = int(rng.integers(np.iinfo(np.int32).max))
    for k, fitted in full_path(rows, ks[1:], rng):
        labels = fitted.labels_.astype(np.intp)
        scores = {
            name: measure(rows, labels, seed)
            for name, measure in OF_LABELS.items()
            if name in names
        }
        lines.append({"k": k, "inertia": float(fitted.inertia_), **scores})
        centers[k] = fitted.cluster_centers_ + center
    table = pd.DataFrame(lines).astype({"k": np.int64})
    return table, centers


def _columns(names: Sequence[str]) -> list[str]:
    columns = ["k", "inertia"]
    for name in names:
        columns += ["gap", "gap_se"] if name == "gap" else [name]
    return columns


def _reason(
    found: Structure, choices: dict[str, int], decide_by: str, n_references: int
) -> str:
    compared = f"(p = {found.p_value:.3g}, {n_references} data sets of each kind)"
    name = decide_by.replace("_", " ")
    if found.p_value > LEVEL:
        return (
            "No cluster structure: the best silhouette is not above that of data sets "
            f"drawn from a population without clusters: {found.closest} {compared}. "
            f"The {name} alone would choose {choices[decide_by]}."
        )
    verdict = (
        f"{choices[decide_by]} segments by the {name}"
        if choices[decide_by] > 1
        else f"One segment, as the {name} does not divide the rows"
    )
    return (
        f"{verdict}. The rows have cluster structure: their best silhouette is above "
        f"that of data sets from all populations without clusters {compared}."
    )
