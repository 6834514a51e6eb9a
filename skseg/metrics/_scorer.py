"""make_segment_scorer: scorers for a search, with bounds on the sizes of segments."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_random_state

from skseg._core._validation import check_int, is_number
from skseg._core._wrapped import cluster_space
from skseg._search.clusters._segment_sizes import segment_sizes
from skseg._typing import FloatArray, IntArray
from skseg.exceptions import InvalidDataError, InvalidParameterError

from ._distances import DISTANCE_SCORES, distance_score, without_noise
from ._predictions import predicted_codes, training_codes
from ._size_bounds import SizeBounds
from ._stability import MOST_REPLICATES, stability_score, strength_of_rows

Metric = Callable[[FloatArray, IntArray], float]

OWNER = "make_segment_scorer"
METRICS = (*DISTANCE_SCORES, "stability", "prediction_strength")


@dataclass(frozen=True, repr=False)
class SegmentScorer:
    """A scorer of segments; see `make_segment_scorer`."""

    metric: str | Metric
    min_size: float | None
    max_size: float | None
    max_noise: float | None
    illegal_score: float
    n_replicates: int
    random_state: Any

    def __call__(self, estimator: Any, X: Any, y: Any = None) -> float:
        """Return the score of a fitted estimator on held-out rows; `y` is ignored."""
        codes = predicted_codes(OWNER, estimator, X)
        if not self._allows(codes, training_codes(estimator)):
            return float(self.illegal_score)
        score = float(self._measure(estimator, X, codes))
        if not math.isfinite(score):
            raise InvalidDataError(
                f"The metric of {self!r} must be finite. Got {score}.",
                owner=OWNER,
                name="metric",
                rule="finite",
                value=score,
            )
        return score

    def _allows(self, codes: IntArray, trained: IntArray) -> bool:
        """Tell whether the segments have distances and meet the bounds."""
        known = segment_sizes(np.concatenate([codes, trained]))
        bounds = SizeBounds(self.min_size, self.max_size, self.max_noise)
        return not bounds.broken_by(segment_sizes(codes), known)

    def _measure(self, estimator: Any, X: Any, codes: IntArray) -> float:
        """Return the metric, larger being better."""
        if self.metric == "stability":
            return stability_score(
                estimator,
                X,
                n_replicates=self.n_replicates,
                random_state=self.random_state,
            )
        if self.metric == "prediction_strength":
            return strength_of_rows(
                predicted_codes(OWNER, clone(estimator).fit(X), X), codes
            )
        rows, inside = without_noise(cluster_space(OWNER, estimator, X), codes)
        if callable(self.metric):
            return self.metric(rows, inside)
        score = distance_score(self.metric, rows, inside, self.random_state)
        return -score if self.metric == "davies_bouldin" else score

    def __repr__(self) -> str:
        name = getattr(self.metric, "__name__", None) or repr(self.metric)
        defaults = signature(make_segment_scorer).parameters
        changed = [
            f", {field}={value!r}"
            for field, value in vars(self).items()
            if field != "metric" and value != defaults[field].default
        ]
        return f"{OWNER}({name}{''.join(changed)})"

    def _accept_sample_weight(self) -> bool:
        # scikit-learn asks each scorer of a dict when fit gets weights.
        return False


def make_segment_scorer(
    metric: str | Metric = "silhouette",
    *,
    min_size: float | None = 0.05,
    max_size: float | None = 0.6,
    max_noise: float | None = 0.3,
    illegal_score: float = -1e100,
    n_replicates: int = 10,
    random_state: Any = None,
) -> SegmentScorer:
    """Make a scorer with which `GridSearchCV` can choose among segmentations.

    Held-out rows get their segments from `predict`. If the sizes are within the bounds,
    the score is the metric, where larger is better; else it is `illegal_score`. Without
    bounds, the silhouette is best where 3 outliers are one segment and all customers
    the other.

    Parameters
    ----------
    metric : str or callable, default="silhouette"
        ``"silhouette"``, ``"calinski_harabasz"``, ``"davies_bouldin"`` (negated, so
        that larger is better), ``"stability"``, ``"prediction_strength"``, or a
        callable ``metric(X, codes) -> float``. It gets the rows as the clusterer sees
        them, without noise.
    min_size : int, float or None, default=0.05
        Smallest size of any segment: a number of held-out rows, or a share of them in
        (0, 0.5], which means the same in folds of any size. None: no bound.
    max_size : int, float or None, default=0.6
        Largest size of any segment: a number of held-out rows, or a share of them in
        (0, 1). None: no bound. Below 1/2 it rules out two segments, unless there is
        noise.
    max_noise : float or None, default=0.3
        Largest share of the held-out rows without a segment (-1), in [0, 1]; None: no
        bound.
    illegal_score : float, default=-1e100
        Finite; the score where a bound is broken or fewer than two segments have rows.
        It must be far below all legal scores, so that a candidate which breaks a bound
        in one fold has a lower mean than any that breaks none. The default is low
        enough for every metric, even for unbounded ones.
    n_replicates : int, default=10
        Number of pairs of samples of ``"stability"``.
    random_state : int, RandomState or None, default=None
        Seed of the samples of ``"stability"`` and of estimated silhouettes. With an
        int, all candidates get the same samples.

    Returns
    -------
    callable
        ``scorer(estimator, X, y=None) -> float``, for `scoring` of scikit-learn's
        searches and `cross_validate`, alone or in a dict. It requests no metadata and
        takes no weights.

    Raises
    ------
    ValueError
        If a parameter is wrong. When scoring: if the estimator has no `predict`, its
        segments are not integer codes, the metric is not finite, or the metric needs
        distances and the clusterer does not see finite numbers.

    See Also
    --------
    skseg.metrics.stability_score : The metric ``"stability"``.
    skseg.metrics.prediction_strength : The metric ``"prediction_strength"``.

    Notes
    -----
    Always pass `scoring` to a search over clusterers. Without it, a search uses the
    `score` of the estimator. That of K-Means is the negative inertia, which improves
    with every further cluster, so that the largest `n_clusters` wins.

    Shuffle the folds, as with ``cv=KFold(5, shuffle=True, random_state=0)``: an int
    means folds in the order of the rows, and if rows are sorted by segment, no fold has
    all segments.

    The final fit of a search, on all rows, is not scored. DBSCAN with the same `eps`
    and `min_samples` finds more dense places among more rows, and may break a bound
    that it broke in no fold: check the sizes of ``best_estimator_``.

    If every candidate breaks a bound, the search still has a ``best_estimator_``. Its
    ``best_score_`` is then below all legal values, and the mean score of a candidate
    shows in how many folds it broke a bound.

    Sizes of segments are counted in the held-out and the training rows (``labels_``)
    together, which are all rows in a `KFold`. A fold alone is too small: in one of 13
    folds of 50 rows, a segment of 11 % falls below 5 %. If an estimator keeps no
    ``labels_``, as `GaussianMixture` does not, only held-out rows count. The share of
    noise is that of the held-out rows, since new customers may be noise more often than
    the training rows. Noise counts among the rows in all shares; distances and callable
    metrics leave it out.

    Distances are measured where the clusterer measured them, behind the scalers of its
    pipeline. So do not search over the steps before the clusterer with a metric of
    distances: measures from two spaces cannot be compared, and a space of few
    dimensions looks best. ``"stability"`` and ``"prediction_strength"`` use no
    distances.

    ``"stability"`` fits clones on samples of the held-out rows. For
    ``"prediction_strength"``, a clone is fitted on the held-out rows, and its clusters
    are compared with the predictions of the fitted estimator.

    Examples
    --------
    At a radius of 10 the outliers are one segment and all other rows another. The
    silhouette alone would choose that; with bounds it chooses the four segments.

    >>> from sklearn.cluster import DBSCAN
    >>> from sklearn.datasets import make_blobs
    >>> from sklearn.model_selection import GridSearchCV, KFold
    >>> from skseg import InductiveSegmenter
    >>> from skseg.metrics import make_segment_scorer
    >>> X, _ = make_blobs(600, centers=4, cluster_std=0.6, random_state=0)
    >>> X[:20] = 3 * X[:20] + 50
    >>> search = GridSearchCV(
    ...     InductiveSegmenter(DBSCAN()),
    ...     {"clusterer__eps": [0.4, 0.5, 10]},
    ...     scoring=make_segment_scorer("silhouette"),
    ...     cv=KFold(3, shuffle=True, random_state=0),
    ... ).fit(X)
    >>> search.best_estimator_.segments_[["name", "n", "share"]]
            name    n     share
    0  Segment 0  139  0.231667
    1  Segment 1  140  0.233333
    2  Segment 2  137  0.228333
    3  Segment 3  136  0.226667
    4      Noise   48  0.080000
    """
    SizeBounds(min_size, max_size, max_noise).check(OWNER)
    if not is_number(illegal_score) or not math.isfinite(illegal_score):
        rule = "a finite number"
        raise InvalidParameterError(OWNER, "illegal_score", rule, illegal_score)
    if not callable(metric) and metric not in METRICS:
        rule = " or ".join(map(repr, METRICS)) + " or a callable metric(X, codes)"
        raise InvalidParameterError(OWNER, "metric", rule, metric)
    check_int(OWNER, "n_replicates", n_replicates, 1, MOST_REPLICATES)
    check_random_state(random_state)
    return SegmentScorer(
        metric,
        min_size=min_size,
        max_size=max_size,
        max_noise=max_noise,
        illegal_score=illegal_score,
        n_replicates=n_replicates,
        random_state=random_state,
    )
