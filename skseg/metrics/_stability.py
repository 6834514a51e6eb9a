"""Stability of segments: whether other rows lead to the same ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.metrics import adjusted_rand_score
from sklearn.utils import check_random_state
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import _num_samples

from skseg._core._rows import native_rows, take_rows
from skseg._core._validation import check_int, is_number
from skseg._search.clusters._agreement import prediction_strength as strength_of_codes
from skseg._typing import IntArray
from skseg.exceptions import InvalidDataError, InvalidParameterError

from ._predictions import check_predicts, predicted_codes

MOST_REPLICATES = 1_000_000


class Rows(NamedTuple):
    """Rows to fit clones to, with their outcome; None for none."""

    X: Any
    y: Any

    def take(self, rows: IntArray) -> Rows:
        """Return some of the rows."""
        y = None if self.y is None else take_rows(self.y, rows)
        return Rows(take_rows(self.X, rows), y)

    def fitted(self, estimator: Any) -> Any:
        """Return a clone of an estimator that is fitted to the rows."""
        outcome = () if self.y is None else (self.y,)
        return clone(estimator).fit(self.X, *outcome)


def stability_score(
    estimator: Any,
    X: Any,
    y: Any = None,
    *,
    n_replicates: int = 20,
    sample_size: float = 0.5,
    random_state: Any = None,
    n_jobs: int | None = None,
) -> float:
    """Return how well clones that are fitted on different rows agree.

    Two clones are fitted on two random samples of the rows, and both predict the
    segments of all rows. The score is the adjusted Rand index of the two predictions,
    averaged over the replicates: 1 if they always agree, about 0 if they agree as often
    as by chance.

    Parameters
    ----------
    estimator : estimator
        An estimator with `predict`. Only clones of it are fitted. Its ``random_state``
        is not changed: if it is fixed, starts do not vary, only the rows do.
    X : frame or array of shape (n_rows, n_columns)
        Rows as `estimator` takes them.
    y : array-like of shape (n_rows,), default=None
        Outcome, for an `estimator` that is fitted to one; a sample has that of its
        rows.
    n_replicates : int, default=20
        Number of pairs of samples, at two fits a pair.
    sample_size : float, default=0.5
        Share of the rows in each sample, in (0, 1]. The two samples of a pair overlap
        as little as possible: up to one half they have no row in common.
    random_state : int, RandomState or None, default=None
        Seed of the samples.
    n_jobs : int, default=None
        Number of replicates at once, as joblib counts. It does not change the result.

    Returns
    -------
    float
        In [-0.5, 1].

    Raises
    ------
    ValueError
        If a parameter is wrong, `estimator` has no `predict`, or the samples have fewer
        than 2 rows.

    See Also
    --------
    prediction_strength : The same question for the worst cluster.
    make_segment_scorer : Stability in a search.

    Notes
    -----
    The idea is that of Ben-Hur et al. [1]_. Their samples overlap and are compared on
    the rows in common, as their clusterers had no `predict`; here the samples are
    disjoint halves.

    Noise counts as one more segment: clones that disagree about noise are not stable.
    One segment of all rows is perfectly stable, and so are fixed rules.

    Stable does not mean right [2]_. On rows without any structure, K-Means with 2
    clusters is stable if one direction is longer than the others, and with any number
    of clusters given enough rows if the best solution is unique. A low score is
    conclusive: the segments are those of the sample, not of the customers.

    References
    ----------
    .. [1] A. Ben-Hur, A. Elisseeff and I. Guyon (2002), A stability based method for
       discovering structure in clustered data. Pacific Symposium on Biocomputing 7,
       6-17.
    .. [2] U. von Luxburg (2010), Clustering Stability: An Overview. Foundations and
       Trends in Machine Learning 2 (3), 235-274.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> from sklearn.datasets import make_blobs
    >>> from skseg.metrics import stability_score
    >>> X, _ = make_blobs(300, centers=[[0, 0], [9, 0], [0, 9]], random_state=0)
    >>> for k in (3, 5):
    ...     clusterer = KMeans(k, n_init=5, random_state=0)
    ...     print(k, round(stability_score(clusterer, X, random_state=0), 1))
    3 1.0
    5 0.7
    """
    owner = "stability_score"
    if not is_number(sample_size) or not 0 < sample_size <= 1:
        rule = "a number in (0, 1]"
        raise InvalidParameterError(owner, "sample_size", rule, sample_size)
    X = native_rows(owner, X)
    n_sampled = int(sample_size * _num_samples(X))
    if n_sampled < 2:
        raise InvalidDataError(
            f"{owner} needs samples of at least 2 rows. Got {n_sampled}, which are "
            f"{sample_size} of {_num_samples(X)} rows.",
            owner=owner,
            name="sample_size",
            rule="large enough for samples of 2 rows",
            value=sample_size,
        )
    return _mean(
        _agreement,
        owner,
        estimator,
        Rows(X, y),
        n_sampled,
        n_replicates,
        random_state,
        n_jobs,
    )


def prediction_strength(
    estimator: Any,
    X: Any,
    y: Any = None,
    *,
    n_replicates: int = 10,
    random_state: Any = None,
    n_jobs: int | None = None,
) -> float:
    """Return how well the least stable cluster is found again in other rows.

    The rows are halved at random, and a clone is fitted on either half. A pair of rows
    in the same cluster of their half is confirmed if the clone of the other half
    predicts the same cluster for both. The score is the share of confirmed pairs in the
    cluster where it is smallest, averaged over both halves and the replicates.

    Parameters
    ----------
    estimator : estimator
        An estimator with `predict`. Only clones of it are fitted. Its ``random_state``
        is not changed.
    X : frame or array of shape (n_rows, n_columns)
        Rows as `estimator` takes them, at least 4.
    y : array-like of shape (n_rows,), default=None
        Outcome, for an `estimator` that is fitted to one; a half has that of its rows.
    n_replicates : int, default=10
        Number of random divisions into halves, at two fits each.
    random_state : int, RandomState or None, default=None
        Seed of the divisions.
    n_jobs : int, default=None
        Number of replicates at once, as joblib counts. It does not change the result.

    Returns
    -------
    float
        In [0, 1]; 1 if there is only one cluster.

    Raises
    ------
    ValueError
        If a parameter is wrong, `estimator` has no `predict`, or there are fewer than 4
        rows.

    See Also
    --------
    stability_score : The same question for all clusters together.
    make_segment_scorer : Prediction strength in a search.

    Notes
    -----
    The method is that of Tibshirani and Walther [1]_, who choose the largest number of
    clusters with a strength of 0.8 or more. The strength falls with every cluster too
    many: a single cluster that is split at random lowers it.

    Rows that are noise in their half belong to no cluster and are left out. A row that
    is predicted to be noise shares its cluster with no other row.

    References
    ----------
    .. [1] R. Tibshirani and G. Walther (2005), Cluster Validation by Prediction
       Strength. Journal of Computational and Graphical Statistics 14 (3), 511-528.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> from sklearn.datasets import make_blobs
    >>> from skseg.metrics import prediction_strength
    >>> X, _ = make_blobs(300, centers=[[0, 0], [9, 0], [0, 9]], random_state=0)
    >>> for k in (3, 5):
    ...     print(k, prediction_strength(KMeans(k, n_init=5), X, random_state=0) > 0.8)
    3 True
    5 False
    """
    owner = "prediction_strength"
    X = native_rows(owner, X)
    n_half = _num_samples(X) // 2
    if n_half < 2:
        raise InvalidDataError(
            f"{owner} needs at least 4 rows, 2 in either half. Got {_num_samples(X)}.",
            owner=owner,
            name="X",
            rule="at least 4 rows",
            value=_num_samples(X),
        )
    return _mean(
        _strength,
        owner,
        estimator,
        Rows(X, y),
        n_half,
        n_replicates,
        random_state,
        n_jobs,
    )


def strength_of_rows(codes: IntArray, predicted: IntArray) -> float:
    """Return the prediction strength of the clusters in `codes`; below 0 is noise."""
    inside = codes >= 0
    codes, predicted = codes[inside], predicted[inside].copy()
    is_noise = predicted < 0
    # Each row of noise gets a code of its own.
    first = int(predicted.max(initial=-1)) + 1
    predicted[is_noise] = first + np.arange(is_noise.sum())
    return strength_of_codes(codes, predicted)


def _mean(
    replicate: Callable[[str, Any, Rows, IntArray, int], float],
    owner: str,
    estimator: Any,
    data: Rows,
    n_sampled: int,
    n_replicates: int,
    random_state: Any,
    n_jobs: int | None,
) -> float:
    """Return the mean of `replicate` over random orders of the rows."""
    check_predicts(owner, estimator)
    check_int(owner, "n_replicates", n_replicates, 1, MOST_REPLICATES)
    seeds = check_random_state(random_state).randint(2**31, size=n_replicates)
    scores = Parallel(n_jobs=n_jobs)(
        delayed(_with_random_order)(replicate, owner, estimator, data, n_sampled, seed)
        for seed in seeds
    )
    return float(np.mean(scores))


def _with_random_order(
    replicate: Callable[[str, Any, Rows, IntArray, int], float],
    owner: str,
    estimator: Any,
    data: Rows,
    n_sampled: int,
    seed: int,
) -> float:
    order = np.random.default_rng(seed).permutation(_num_samples(data.X))
    return replicate(owner, estimator, data, order, n_sampled)


def _agreement(
    owner: str, estimator: Any, data: Rows, order: IntArray, n_sampled: int
) -> float:
    first, second = (
        predicted_codes(owner, data.take(rows).fitted(estimator), data.X)
        for rows in (order[:n_sampled], order[len(order) - n_sampled :])
    )
    return float(adjusted_rand_score(first, second))


def _strength(
    owner: str, estimator: Any, data: Rows, order: IntArray, n_half: int
) -> float:
    halves = [data.take(rows) for rows in (order[:n_half], order[n_half:])]
    models = [half.fitted(estimator) for half in halves]
    strengths = []
    for half, model, counterpart in zip(halves, models, models[::-1], strict=True):
        codes = predicted_codes(owner, model, half.X)
        strengths.append(
            strength_of_rows(codes, predicted_codes(owner, counterpart, half.X))
        )
    return float(np.mean(strengths))
