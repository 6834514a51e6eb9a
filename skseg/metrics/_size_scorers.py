"""Sizes of segments as scorers, to be seen beside the score of a search."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from skseg._search.clusters._segment_sizes import SegmentSizes, segment_sizes
from skseg._typing import IntArray

from ._predictions import predicted_codes, training_codes

Scorer = TypeVar("Scorer", bound=Callable[..., Any])


def known_codes(estimator: Any, codes: IntArray) -> IntArray:
    """Return the codes of held-out rows and of the training rows together."""
    return np.concatenate([codes, training_codes(estimator)])


def _without_weights(scorer: Scorer) -> Scorer:
    """Mark a function as a scorer that takes no weights.

    scikit-learn asks each scorer of a dict when fit gets weights.
    """
    scorer._accept_sample_weight = _returns_false  # type: ignore[attr-defined]
    return scorer


def _returns_false() -> bool:
    return False


@_without_weights
def n_segments(estimator: Any, X: Any, y: Any = None) -> int:
    """Return the number of segments that have held-out rows, as a scorer.

    For `scoring` of scikit-learn's searches and `cross_validate`, beside the score that
    chooses.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator with `predict`.
    X : frame or array of shape (n_rows, n_columns)
        Held-out rows.
    y : Ignored
        Present for the API of scikit-learn.

    Returns
    -------
    int
        Number of segments, without noise.

    Raises
    ------
    ValueError
        If `estimator` has no `predict` or gives no codes, or there are no rows.

    See Also
    --------
    make_segment_scorer : The score that chooses, with bounds on sizes.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> from sklearn.model_selection import cross_validate
    >>> from skseg.metrics import make_segment_scorer, n_segments, smallest_share
    >>> X = [[i % 2 * 9.0 + i / 40] for i in range(40)]
    >>> scoring = {
    ...     "silhouette": make_segment_scorer(),
    ...     "n_segments": n_segments,
    ...     "smallest_share": smallest_share,
    ... }
    >>> results = cross_validate(KMeans(2, random_state=0), X, cv=2, scoring=scoring)
    >>> results["test_n_segments"], results["test_smallest_share"]
    (array([2, 2]), array([0.5, 0.5]))
    """
    return _held_out_sizes(estimator, X).n_segments


@_without_weights
def smallest_share(estimator: Any, X: Any, y: Any = None) -> float:
    """Return the share of the rows in the smallest segment, as a scorer.

    Rows are counted as `make_segment_scorer` counts them for its bounds: the held-out
    and the training rows together, noise among them.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator with `predict`.
    X : frame or array of shape (n_rows, n_columns)
        Held-out rows.
    y : Ignored
        Present for the API of scikit-learn.

    Returns
    -------
    float
        Share in (0, 1]; NaN if no row is in a segment.

    Raises
    ------
    ValueError
        If `estimator` has no `predict` or gives no codes, or there are no rows.

    See Also
    --------
    n_segments : An example of a search with it.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> from skseg.metrics import smallest_share
    >>> X = [[0.0]] * 6 + [[9.0]] * 2
    >>> smallest_share(KMeans(2, random_state=0).fit(X), X)
    0.25
    """
    return _known_sizes(estimator, X).smallest_share


@_without_weights
def largest_share(estimator: Any, X: Any, y: Any = None) -> float:
    """Return the share of the rows in the largest segment, as a scorer.

    Rows are counted as `make_segment_scorer` counts them for its bounds: the held-out
    and the training rows together, noise among them.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator with `predict`.
    X : frame or array of shape (n_rows, n_columns)
        Held-out rows.
    y : Ignored
        Present for the API of scikit-learn.

    Returns
    -------
    float
        Share in (0, 1]; NaN if no row is in a segment.

    Raises
    ------
    ValueError
        If `estimator` has no `predict` or gives no codes, or there are no rows.

    See Also
    --------
    n_segments : An example of a search with it.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> from skseg.metrics import largest_share
    >>> X = [[0.0]] * 6 + [[9.0]] * 2
    >>> largest_share(KMeans(2, random_state=0).fit(X), X)
    0.75
    """
    return _known_sizes(estimator, X).largest_share


@_without_weights
def noise_share(estimator: Any, X: Any, y: Any = None) -> float:
    """Return the share of the held-out rows without a segment, as a scorer.

    Only held-out rows count, as new customers may be noise more often than those of
    ``fit``.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator with `predict`.
    X : frame or array of shape (n_rows, n_columns)
        Held-out rows.
    y : Ignored
        Present for the API of scikit-learn.

    Returns
    -------
    float
        Share in [0, 1].

    Raises
    ------
    ValueError
        If `estimator` has no `predict` or gives no codes, or there are no rows.

    See Also
    --------
    n_segments : An example of a search with it.

    Examples
    --------
    >>> from sklearn.cluster import DBSCAN
    >>> from skseg import InductiveSegmenter
    >>> from skseg.metrics import noise_share
    >>> X = [[0.0]] * 6 + [[1.0]] * 6
    >>> segmenter = InductiveSegmenter(DBSCAN(eps=0.2)).fit(X)
    >>> noise_share(segmenter, [[0.1], [0.9], [0.5], [1.1]])
    0.25
    """
    return _held_out_sizes(estimator, X).noise_share


def _held_out_sizes(estimator: Any, X: Any) -> SegmentSizes:
    return segment_sizes(predicted_codes("skseg.metrics", estimator, X))


def _known_sizes(estimator: Any, X: Any) -> SegmentSizes:
    codes = predicted_codes("skseg.metrics", estimator, X)
    return segment_sizes(known_codes(estimator, codes))
