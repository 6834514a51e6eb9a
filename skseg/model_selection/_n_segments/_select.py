"""select_n_segments: several criteria, and a test of cluster structure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state
from threadpoolctl import threadpool_limits

from skseg._core._numeric_rows import numeric_rows
from skseg._core._validation import check_choice, check_int
from skseg._search.clusters._gap import gap_statistic
from skseg._search.clusters._valley import spread_ties
from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.metrics._distances import DISTANCE_SCORES
from skseg.rules._frames import read_frame

from ._criteria import CHOICES, chosen, elbow, label_score
from ._path import full_path
from ._reason import verdict_in_words
from ._result import NSegmentsSelection
from ._strength import strengths
from ._structure import LEVEL, structure
from ._valleys import find_valleys

_OWNER = "select_n_segments"
# Fewer could not reach the level, however clear the clusters are.
_FEWEST_REFERENCES = round(1 / LEVEL) - 1


def select_n_segments(
    X: Any,
    *,
    n_segments: Iterable[int] = range(2, 11),
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
    max_rows: int = 1000,
    random_state: Any = None,
    n_jobs: int | None = None,
    verbose: bool = False,
) -> NSegmentsSelection:
    """Choose the number of segments of K-Means, or find that there are no clusters.

    Parameters
    ----------
    X : frame or array of shape (n_rows, n_columns)
        Finite numbers on comparable scales: standardise them first, and take logarithms
        of skewed columns, such as money. Names of the columns are read from a frame.
    n_segments : iterable of int, default=range(2, 11)
        Numbers of segments to compare, at least one of them 2 or more, up to half of
        the rows and of `max_rows`. 1 is always added where a criterion can judge it.
    criteria : sequence of str, default=all of them
        Which criteria to compute: ``"elbow"``, ``"silhouette"``,
        ``"calinski_harabasz"``, ``"davies_bouldin"``, ``"gap"``,
        ``"prediction_strength"``.
    decide_by : str, default="silhouette"
        Which of the `criteria` chooses the number, if there is structure.
    n_references : int, default=20
        Data sets drawn from each population without clusters, in [19, 10000].
    max_rows : int, default=1000
        Most rows that the test of structure, the gap and the prediction strength look
        at, in [20, 20000]; they are drawn at random. More rows show finer structure,
        which is not always useful.
    random_state : int, RandomState or None, default=None
        Seed of starts, samples, references and splits.
    n_jobs : int, default=None
        Number of references clustered at once, as joblib counts.
    verbose : bool, default=False
        Whether joblib reports on the references.

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
    *Is there any structure?* Two tests ask. There is structure if either says so.

    The first looks at all columns together. The largest silhouette over `n_segments`,
    of those with two clusters of 5 % of the rows or more, is compared with that of data
    sets that have no clusters but otherwise look like `X`: uniform in the box along the
    principal axes, uniform in the box along the columns, elliptical with the covariance
    of `X` and as heavy tails (normal if `X` is), and normal with columns bent to the
    same skewness (power transformation of Yeo and Johnson). Each data set has the size
    of the sample and is clustered in the same way. Equal values, as of counts and
    scales, are spread evenly between their neighbours first, since they would look like
    clusters to continuous populations. The p-value for a population is the share of
    data sets, `X` included, with a silhouette at least as large as that of `X`. All
    four must be at most 0.05: with 20 data sets, `X` must surpass every one. So at most
    5 % of the data sets from such populations are taken for clustered.

    The second looks for a valley in each column and along each principal axis, as the
    silhouette of all columns hides groups that are apart in few of them. A valley is a
    band that parts two groups of 5 % of the rows or more, is at least 8 % as wide as
    the range of the middle 90 % of the rows, and holds less than a tenth of the rows it
    would hold if it were as dense as the sparser side. Its p-value is that of one mode:
    a binomial tail [4]_, times the number of bands, columns and axes, to be at most
    0.001. Two normal groups of similar size have a valley if they are six standard
    deviations apart, and mostly none at five. Nobody between 0 and the smallest amount
    is a valley if that amount is large; amounts that begin right above 0 have none, but
    may get one on a logarithmic scale, where zeros stand apart. So do codes such as 999
    for "never": read `valleys` before you believe in groups. A column with fewer than
    ten different values is a scale or a category: it takes part along the axes alone.

    Both find structure in some populations without clusters, such as a uniform
    triangle, whose corners look like clusters. They find none in clusters that overlap
    so much that one of the populations looks alike, and may find none in skewed data
    whose clusters only show on a logarithmic scale. `select_eps` may find dense groups
    where they see none, and none where a few of many columns have a valley.

    *What each criterion can see.* All assume round clusters of similar width, as
    K-Means finds them.

    - ``"elbow"``: the number at which the inertia is farthest below the chord of its
      curve, as in kneedle. It depends on the range of `n_segments`, never chooses an
      end of it, and always finds an elbow.
    - ``"silhouette"``: how much nearer rows are to their own cluster than to the next
      one [1]_; largest is best. It prefers few clusters far apart and cannot choose 1.
      With more than 5,000 rows it is estimated, with more than 100,000 on a sample.
    - ``"calinski_harabasz"``: variance between clusters over variance within, per
      degree of freedom; largest is best. Prefers clusters of similar size; cannot
      choose 1.
    - ``"davies_bouldin"``: width of clusters relative to their distance, for the worst
      neighbour; smallest is best. Prefers small far clusters, such as a few outliers;
      cannot choose 1.
    - ``"gap"``: how far the logarithm of the inertia is below that of uniform data
      [2]_; the first number whose gap is within a standard error of the next one. Can
      choose 1. Where the rows are normal or skewed, their middle is denser than the
      uniform box, and it may still find several clusters.
    - ``"prediction_strength"``: whether pairs of rows stay together when the clusters
      of one half are applied to the other half [3]_; the largest number with 0.8 or
      more, on average over five splits. Can choose 1. It asks whether clusters are
      found again, not whether they are apart: an elongated population can be halved
      reliably.

    *How the K-Means are found.* One path through `n_segments`, on a weighted sample of
    10,000 rows if there are more: each K-Means starts from the centres of the one
    before and a far row, from those of the next one with two merged, and from
    k-means++; all rows continue from the best. In the benchmark, inertia in ten columns
    was within 0.5 % of that of ten independent starts; in two columns, with more
    segments than clusters, it was up to 2 % above.

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
    .. [4] L. Dümbgen and G. Walther (2008), Multiscale inference about a density.
       Annals of Statistics 36 (4), 1758-1785.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import make_blobs
    >>> from skseg.model_selection import select_n_segments
    >>> X, _ = make_blobs(600, centers=4, cluster_std=0.7, random_state=6)
    >>> options = {"n_segments": range(2, 6), "max_rows": 100, "random_state": 0}
    >>> selection = select_n_segments(X, **options)
    >>> selection.n_segments, round(selection.p_value, 3)
    (4, 0.048)

    One cloud has no clusters, whatever the silhouette would choose:

    >>> cloud = np.random.default_rng(0).normal(size=(600, 2))
    >>> selection = select_n_segments(cloud, **options)
    >>> selection.n_segments, selection.choices["silhouette"]
    (1, 3)
    """
    rows, column_names = _read(X)
    check_int(_OWNER, "max_rows", max_rows, 20, 20_000)
    check_int(_OWNER, "n_references", n_references, _FEWEST_REFERENCES, 10_000)
    ks = _check_n_segments(n_segments, min(len(rows), max_rows) // 2)
    names = _check_criteria(criteria, decide_by)
    seed = int(check_random_state(random_state).randint(np.iinfo(np.int32).max))
    rng = np.random.default_rng(seed)
    drawn = np.arange(len(rows))
    if len(rows) > max_rows:
        drawn = np.sort(rng.choice(len(rows), max_rows, replace=False))
    # A generator of its own: how many values are tied changes nothing else.
    ties = np.random.default_rng([seed, 1])
    search = find_valleys(rows, drawn, column_names, ties)
    sample = _spread(rows[drawn], ties)
    # The gap and the prediction strength compare with one segment, requested or not.
    with_one = sorted({1, *ks})
    table, centers = _scan_all_rows(rows, with_one, names, rng)
    with threadpool_limits(1):  # more slow down many small fits
        test = structure(
            sample,
            with_one,
            n_references=n_references,
            rng=rng,
            n_jobs=n_jobs,
            verbose=verbose,
        )
        if "prediction_strength" in names:
            table["prediction_strength"] = strengths(sample, with_one, rng)
    if "gap" in names:
        table["gap"], table["gap_se"] = gap_statistic(
            test.log_inertia, test.uniform_log_inertia
        )
    if "elbow" in names:
        is_requested = table["n_segments"].isin(ks)
        curve = table.loc[is_requested, ["n_segments", "inertia"]].to_numpy(np.float64)
        table.loc[is_requested, "elbow"] = elbow(*curve.T)
    choices = {name: chosen(table, name) for name in names}
    valleys = search.table
    p_value = test.p_value
    if p_value > LEVEL and not valleys.empty:
        p_value = float(valleys["p_value"].min())
    has_structure = p_value <= LEVEL
    return NSegmentsSelection(
        n_segments=choices[decide_by] if has_structure else 1,
        has_structure=has_structure,
        reason=verdict_in_words(test, search, choices, decide_by, n_references),
        p_value=p_value,
        p_values=test.p_values,
        valleys=valleys,
        choices=choices,
        table=table[_columns(names)],
        centers=centers,
    )


def _read(X: Any) -> tuple[FloatArray, list[str]]:
    """Return a copy of the rows as an array, and the names of the columns, or raise."""
    frame = read_frame(X, _OWNER)
    rows = numeric_rows(_OWNER, X, copy=True, ensure_min_samples=4, input_name="X")
    if not np.ptp(rows, axis=0).any():
        raise InvalidDataError(
            f"{_OWNER} needs rows that differ. All rows of X are equal.",
            owner=_OWNER,
            name="X",
        )
    if frame is None:
        return rows, [f"x{number}" for number in range(rows.shape[1])]
    return rows, list(frame.columns)


def _spread(sample: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return the rows with ties spread: populations without clusters have none."""
    return np.column_stack([spread_ties(column, rng) for column in sample.T])


def _check_n_segments(n_segments: Any, most: int) -> list[int]:
    """Return the numbers in ascending order, each once, or raise."""
    if not isinstance(n_segments, Iterable) or isinstance(n_segments, str):
        raise InvalidParameterError(_OWNER, "n_segments", "several ints", n_segments)
    numbers = list(n_segments)
    checked = {check_int(_OWNER, "n_segments", k, 1, most) for k in numbers}
    if checked <= {1}:
        rule = "ints with one above 1"
        raise InvalidParameterError(_OWNER, "n_segments", rule, numbers)
    return sorted(checked)


def _check_criteria(criteria: Any, decide_by: Any) -> list[str]:
    """Return the criteria in their order, or raise."""
    if isinstance(criteria, str) or not isinstance(criteria, Iterable):
        raise InvalidParameterError(_OWNER, "criteria", "a sequence of names", criteria)
    names = list(criteria)
    for name in names:
        check_choice(_OWNER, "criteria", name, list(CHOICES))
    check_choice(_OWNER, "decide_by", decide_by, names)
    return [name for name in CHOICES if name in names]


def _scan_all_rows(
    rows: FloatArray, ks: Sequence[int], names: Sequence[str], rng: np.random.Generator
) -> tuple[pd.DataFrame, dict[int, FloatArray]]:
    """Return the table of inertia and scores of labels, and the centres.

    The first of `ks` is 1.
    """
    center = rows.mean(axis=0, keepdims=True)
    # Squared distances lose digits far from the origin.
    rows -= center
    centers = {1: center}
    lines: list[dict[str, float]] = [
        {"n_segments": 1, "inertia": np.einsum("ij,ij", rows, rows)}
    ]
    # One seed, so that equal segments have equal silhouettes.
    seed = int(rng.integers(np.iinfo(np.int32).max))
    for k, fitted in full_path(rows, ks[1:], rng):
        labels = fitted.labels_.astype(np.intp)
        scores = {
            name: label_score(name, rows, labels, seed)
            for name in names
            if name in DISTANCE_SCORES
        }
        lines.append({"n_segments": k, "inertia": float(fitted.inertia_), **scores})
        centers[k] = fitted.cluster_centers_ + center
    table = pd.DataFrame(lines).astype({"n_segments": np.int64})
    return table, centers


def _columns(names: Sequence[str]) -> list[str]:
    columns = ["n_segments", "inertia"]
    for name in names:
        columns += ["gap", "gap_se"] if name == "gap" else [name]
    return columns
