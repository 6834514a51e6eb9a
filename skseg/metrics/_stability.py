"""Stability: whether other rows lead to the same segments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.metrics import adjusted_rand_score
from sklearn.utils import check_random_state
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import _num_samples

from skseg._core._rows import take_rows
from skseg._core._validation import check_int, is_number
from skseg._search.clusters._agreement import prediction_strength as strength_of_codes
from skseg._typing import IntArray
from skseg.exceptions import InvalidDataError, InvalidParameterError

from ._predictions import check_predicts, predicted_codes

MOST_REPLICATES = 1_000_000


def stability_score(
    estimator: Any,
    X: Any,
    *,
    n_replicates: int = 20,
    sample_size: float = 0.5,
    random_state: Any = None,
    n_jobs: int | None = None,
) -> float:
    """Return how far clones fitted on other rows lead to the same segments.

    Two clones are fitted on two random samples of the rows, and both predict the
    segments of all rows. The score is the adjusted Rand index of the two predictions,
    on average over the replicates: 1 if they always agree, about 0 if they agree as
    often as by chance.

    Parameters
    ----------
    estimator : estimator
        Has `fit` and `predict`. Only clones of it are fitted. A ``random_state`` within
        stays as it is: with a fixed one, the starts do not vary, only the rows do.
    X : frame or array of shape (n_rows, n_columns)
        Rows as `estimator` takes them.
    n_replicates : int, default=20
        Number of pairs of samples; each takes two fits.
    sample_size : float, default=0.5
        Share of the rows in each sample, in (0, 1]. The two samples of a pair overlap
        as little as can be: up to one half they have no row in common.
    random_state : int, RandomState or None, default=None
        For the samples.
    n_jobs : int, default=None
        Number of replicates at once, as joblib counts; it has no part in the result.

    Returns
    -------
    float
        In [-0.5, 1].

    Raises
    ------
    ValueError
        If a parameter is wrong, `estimator` has no `predict`, or samples have fewer
        than 2 rows.

    See Also
    --------
    prediction_strength : The same question for the worst cluster.
    make_segment_scorer : Stability in a search.

    Notes
    -----
    The idea is that of Ben-Hur et al. [1]_; their samples overlap and are compared on
    the rows that both have, as their clusterers had no `predict`. Here samples are
    independent halves.

    Noise counts as one more segment: clones that do not agree on what is noise are not
    stable. One segment of all rows is perfectly stable, and so are fixed rules.

    A stable result is not a right one [2]_. On rows without any structure, K-Means with
    2 clusters is stable where one direction is longer than the others, and with any
    number of clusters given enough rows if the best solution is unique. What a low
    score says is sure: the segments are those of the sample, not of the customers.

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
    ...     print(k, round(stability_score(KMeans(k, n_init=5), X, random_state=0), 1))
    3 1.0
    5 0.7
    """
    owner = "stability_score"
    if not is_number(sample_size) or not 0 < sample_size <= 1:
        rule = "a number in (0, 1]"
        raise InvalidParameterError(owner, "sample_size", rule, sample_size)
    n_sampled = int(sample_size * _num_samples(X))
    if n_sampled < 2:
        raise InvalidDataError(
            f"{owner} needs samples of at least 2 rows. Got {n_sampled}, which are "
            f"{sample_size} of {_num_samples(X)} rows."
        )
    return _mean(
        _agreement, owner, estimator, X, n_sampled, n_replicates, random_state, n_jobs
    )


def prediction_strength(
    estimator: Any,
    X: Any,
    *,
    n_replicates: int = 10,
    random_state: Any = None,
    n_jobs: int | None = None,
) -> float:
    """Return how far clones fitted on other rows find the same worst cluster.

    The rows are halved at random, and a clone is fitted on either half. Of every pair
    of rows that are in one cluster of their own half one asks whether the other half's
    clone predicts them to be in one cluster. The score is the share of such pairs in
    the cluster where it is smallest, on average over both halves and the replicates.

    Parameters
    ----------
    estimator : estimator
        Has `fit` and `predict`. Only clones of it are fitted. A ``random_state`` within
        stays as it is.
    X : frame or array of shape (n_rows, n_columns)
        Rows as `estimator` takes them, at least 4.
    n_replicates : int, default=10
        Number of random halves; each takes two fits.
    random_state : int, RandomState or None, default=None
        For the halves.
    n_jobs : int, default=None
        Number of replicates at once, as joblib counts; it has no part in the result.

    Returns
    -------
    float
        In [0, 1]; 1 where there is one cluster only.

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
    The method is that of Tibshirani and Walther [1]_, who take the largest number of
    clusters with a strength of 0.8 or more. They hold on to it since the strength falls
    with any cluster too many: one that is split at random brings it down alone.

    Rows that are noise in their own half are in no cluster there, and are left out. A
    row that is predicted to be noise is together with no other one.

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
    n_half = _num_samples(X) // 2
    if n_half < 2:
        raise InvalidDataError(
            f"{owner} needs at least 4 rows, 2 in either half. Got {_num_samples(X)}."
        )
    return _mean(
        _strength, owner, estimator, X, n_half, n_replicates, random_state, n_jobs
    )


def strength_of_rows(own: IntArray, predicted: IntArray) -> float:
    """Return the prediction strength of the rows that have an own cluster.

    Parameters
    ----------
    own, predicted : ndarray of int of shape (n_rows,)
        Below 0 is noise.

    Returns
    -------
    float
        In [0, 1].
    """
    inside = own >= 0
    own, predicted = own[inside], predicted[inside].copy()
    is_noise = predicted < 0
    # A code for each row of noise: it is together with no other one.
    first = int(predicted.max(initial=-1)) + 1
    predicted[is_noise] = first + np.arange(is_noise.sum())
    return strength_of_codes(own, predicted)


def _mean(
    replicate: Callable[[str, Any, Any, IntArray, int], float],
    owner: str,
    estimator: Any,
    X: Any,
    n_sampled: int,
    n_replicates: int,
    random_state: Any,
    n_jobs: int | None,
) -> float:
    """Return the mean of what `replicate` gives for rows in random order."""
    check_predicts(owner, estimator)
    check_int(owner, "n_replicates", n_replicates, 1, MOST_REPLICATES)
    seeds = check_random_state(random_state).randint(2**31, size=n_replicates)
    scores = Parallel(n_jobs=n_jobs)(
        delayed(_with_random_order)(replicate, owner, estimator, X, n_sampled, seed)
        for seed in seeds
    )
    return float(np.mean(scores))


def _with_random_order(
    replicate: Callable[[str, Any, Any, IntArray, int], float],
    owner: str,
    estimator: Any,
    X: Any,
    n_sampled: int,
    seed: int,
) -> float:
    order = np.random.default_rng(seed).permutation(_num_samples(X))
    return replicate(owner, estimator, X, order, n_sampled)


def _agreement(
    owner: str, estimator: Any, X: Any, order: IntArray, n_sampled: int
) -> float:
    first, second = (
        predicted_codes(owner, clone(estimator).fit(take_rows(X, rows)), X)
        for rows in (order[:n_sampled], order[len(order) - n_sampled :])
    )
    return float(adjusted_rand_score(first, second))


def _strength(
    owner: str, estimator: Any, X: Any, order: IntArray, n_half: int
) -> float:
    halves = [take_rows(X, rows) for rows in (order[:n_half], order[n_half:])]
    models = [clone(estimator).fit(half) for half in halves]
    strengths = []
    for half, own, other in zip(halves, models, models[::-1], strict=True):
        codes = [predicted_codes(owner, model, half) for model in (own, other)]
        strengths.append(strength_of_rows(*codes))
    return float(np.mean(strengths))
