"""make_segment_scorer: scorers for a search, with bounds on the sizes of segments."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from typing import Any

from sklearn.utils import check_random_state

from skseg._core._validation import check_int, is_number
from skseg._core._wrapped import cluster_space
from skseg._typing import IntArray
from skseg.exceptions import InvalidDataError, InvalidParameterError

from ._bound_scorers import BOUNDS, BoundScorer
from ._bounds_report import BoundsReport, bounds_report
from ._distances import DISTANCE_SCORES, distance_score, without_noise
from ._explained_variance import adjusted_explained_variance, read_varying_outcome
from ._metric_arguments import outcome_score, takes_outcome
from ._predictions import names_by_code, predicted_codes
from ._size_bounds import BrokenBound, SizeBounds
from ._size_scorers import known_codes
from ._stability import MOST_REPLICATES, Rows, stability_score, strength_of_rows

Metric = Callable[..., float]

OWNER = "make_segment_scorer"
METRICS = (
    *DISTANCE_SCORES,
    "stability",
    "prediction_strength",
    "explained_variance",
)


@dataclass(frozen=True, repr=False)
class SegmentScorer:
    """A scorer of segments; see `make_segment_scorer`."""

    metric: str | Metric
    min_size: float | None
    max_size: float | None
    max_noise: float | None
    illegal: float
    n_replicates: int
    random_state: Any

    def __call__(self, estimator: Any, X: Any, y: Any = None) -> float:
        """Return the score of a fitted estimator on held-out rows, and their outcome.

        Metrics that do not use `y` ignore it.
        """
        codes = predicted_codes(OWNER, estimator, X)
        if self._broken(codes, known_codes(estimator, codes)):
            return float(self.illegal)
        score = float(self._measure(estimator, X, codes, y))
        if not math.isfinite(score):
            raise InvalidDataError(
                f"The metric of {self!r} must be finite. Got {score}.",
                owner=OWNER,
                name="metric",
                rule="finite",
                value=score,
            )
        return score

    def explain(self, estimator: Any, X: Any, y: Any = None) -> BoundsReport:
        """Return which segments of held-out rows break which bound, and by how much.

        The arguments are those of the scorer; `y` is ignored.
        """
        codes = predicted_codes(OWNER, estimator, X)
        known = known_codes(estimator, codes)
        return bounds_report(
            self._broken(codes, known),
            self._bounds._asdict(),
            names_by_code(estimator),
            len(known),
            len(codes),
        )

    def bound_scorers(self) -> dict[str, BoundScorer]:
        """Return a scorer per bound, to see in a search which one candidates break.

        Each is the number of whole rows, or segments, that are too many or too few in
        the segment that is furthest from the bound; 0 where it is met.
        """
        return {bound: BoundScorer(self, bound) for bound in BOUNDS}

    def _broken(self, codes: IntArray, known: IntArray) -> list[BrokenBound]:
        # One segment explains a share of 0, and has neither distances nor another
        # segment to be confused with.
        needs_two = self.metric != "explained_variance"
        return self._bounds.all_broken(codes, known, needs_two=needs_two)

    @property
    def _bounds(self) -> SizeBounds:
        return SizeBounds(self.min_size, self.max_size, self.max_noise)

    def _measure(self, estimator: Any, X: Any, codes: IntArray, y: Any) -> float:
        """Return the metric, larger being better."""
        if self.metric == "stability":
            return stability_score(
                estimator,
                X,
                y,
                n_replicates=self.n_replicates,
                random_state=self.random_state,
            )
        if self.metric == "prediction_strength":
            clusters = predicted_codes(OWNER, Rows(X, y).fitted(estimator), X)
            return strength_of_rows(clusters, codes)
        if self.metric == "explained_variance":
            outcome = read_varying_outcome(OWNER, self._required(y), len(codes))
            return adjusted_explained_variance(OWNER, codes, outcome)
        if callable(self.metric) and takes_outcome(self.metric):
            return outcome_score(OWNER, self.metric, X, codes, self._required(y))
        rows, inside = without_noise(cluster_space(OWNER, estimator, X), codes)
        if callable(self.metric):
            return self.metric(rows, inside)
        score = distance_score(self.metric, rows, inside, self.random_state)
        return -score if self.metric == "davies_bouldin" else score

    def _required(self, y: Any) -> Any:
        """Return the outcome, or raise if there is none."""
        if y is None:
            raise InvalidDataError(
                f"{self!r} needs the outcome y of the held-out rows.",
                owner=OWNER,
                name="y",
                rule="given",
                advice="Pass it to fit of the search: search.fit(X, y).",
            )
        return y

    def __repr__(self) -> str:
        name = getattr(self.metric, "__name__", None) or repr(self.metric)
        defaults = signature(make_segment_scorer).parameters
        changed = [
            f", {field}={value!r}"
            for field, value in vars(self).items()
            if field != "metric" and value != defaults[field].default
        ]
        return f"{OWNER}({name}{''.join(changed)})"

    def __reduce__(self) -> Any:
        # Made anew, so that illegal=nan equals itself in another process too.
        return _remade, (vars(self),)

    def _accept_sample_weight(self) -> bool:
        # scikit-learn asks each scorer of a dict when fit gets weights.
        return False


def _remade(parameters: dict[str, Any]) -> SegmentScorer:
    return make_segment_scorer(**parameters)


def make_segment_scorer(
    metric: str | Metric = "silhouette",
    *,
    min_size: float | None = 0.05,
    max_size: float | None = 0.6,
    max_noise: float | None = 0.3,
    illegal: float = -1e100,
    n_replicates: int = 10,
    random_state: Any = None,
) -> SegmentScorer:
    """Make a scorer with which `GridSearchCV` can choose among segmentations.

    Held-out rows get their segments from `predict`. If the sizes are within the bounds,
    the score is the metric, where larger is better; else it is `illegal`. Without
    bounds, the silhouette is best where 3 outliers are one segment and all customers
    the other.

    Parameters
    ----------
    metric : str or callable, default="silhouette"
        One of

        - ``"silhouette"``, ``"calinski_harabasz"``, ``"davies_bouldin"`` (negated, so
          that larger is better): distances;
        - ``"stability"``, ``"prediction_strength"``: other rows lead to the same
          segments;
        - ``"explained_variance"``: the share of the variance of the outcome `y` that
          lies between segments, adjusted for their number: about 0 for segments that
          have nothing to do with it;
        - a callable ``metric(X, codes) -> float``, which gets the rows as the clusterer
          sees them, or ``metric(X, codes, y) -> float``, which gets the rows as they
          are passed to the scorer, so that it finds amounts by name, and the outcome.
          Both get no noise. A callable takes `y` if it needs three arguments or one of
          them is called ``y``.
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
    illegal : float, default=-1e100
        The score where a bound is broken or fewer than two segments have rows (one is
        enough for ``"explained_variance"``, which then is 0), as `error_score` of
        scikit-learn's searches is that of a fit that fails. Finite or NaN. A finite one
        must be far below all legal scores, so that a candidate which breaks a bound in
        one fold has a lower mean than any that breaks none; the default is low enough
        for every metric, even for unbounded ones. With NaN the means of such candidates
        are NaN as well: searches rank them last, and warn.
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
        takes no weights. Its method ``explain(estimator, X)`` returns a `BoundsReport`:
        which segment breaks which bound, and by how much. Its method
        ``bound_scorers()`` returns a dict of scorers, one per bound, for a search.

    Raises
    ------
    ValueError
        If a parameter is wrong. When scoring: if the estimator has no `predict`, its
        segments are not integer codes, the metric is not finite, the metric needs the
        outcome and there is none, or it is the same in all held-out rows; or the metric
        needs distances and a column is not of finite numbers, which the error names.

    See Also
    --------
    skseg.metrics.stability_score : The metric ``"stability"``.
    skseg.metrics.prediction_strength : The metric ``"prediction_strength"``.
    skseg.metrics.n_segments : One of the sizes to see beside the score.
    skseg.metrics.make_profit_scorer : Segments by the profit that a menu makes of them.

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
    shows in how many folds it broke a bound. ``scorer.explain(best_estimator_, X)``
    says which one. With ``scoring={"score": scorer, **scorer.bound_scorers()}`` and
    ``refit="score"``, ``cv_results_`` says it of all candidates:
    ``mean_test_min_size`` is the number of rows that the smallest segment lacks.
    `n_segments`, `smallest_share`, `largest_share` and `noise_share` beside the scorer
    show how near others came.

    Sizes of segments are counted in the held-out and the training rows (``labels_``)
    together, which are all rows in a `KFold`. A fold alone is too small: in one of 13
    folds of 50 rows, a segment of 11 % falls below 5 %. If an estimator keeps no
    ``labels_``, as `GaussianMixture` does not, only held-out rows count. The share of
    noise is that of the held-out rows, since new customers may be noise more often than
    the training rows. Noise counts among the rows in all shares; distances and callable
    metrics leave it out.

    Distances are measured where the clusterer measured them, behind the scalers of its
    pipeline; for segments by rules, in the columns that the rules use, and for
    `RFMSegmenter` in recency, frequency and monetary value, whatever else the rows
    hold. So do not search over the steps before the clusterer with a metric of
    distances: measures from two spaces cannot be compared, and a space of few
    dimensions looks best, be it of scaled columns or of those of a rule.
    ``"stability"``, ``"prediction_strength"`` and ``"explained_variance"`` use no
    distances: with them one search compares segmenters of any kind.

    ``"explained_variance"`` is R squared of the held-out outcome by the segments of the
    same rows, adjusted for the number of segments as in a linear regression on them
    [1]_. Plain R squared would rise with every further segment. Noise counts as one
    more segment, so that all candidates are compared on the same rows. Labels of two
    classes count as 0 and 1; which is which makes no difference. Unlike ``score`` of
    `RFMSegmenter` and others it needs no outcome in ``fit``, and so is defined for any
    clusterer.

    ``"stability"`` fits clones on samples of the held-out rows. For
    ``"prediction_strength"``, a clone is fitted on the held-out rows, and its clusters
    are compared with the predictions of the fitted estimator.

    References
    ----------
    .. [1] T. L. Kelley (1935), An unbiased correlation ratio measure. Proceedings of
       the National Academy of Sciences 21 (9), 554-559.

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
    if not is_number(illegal) or math.isinf(illegal):
        rule = "a finite number or nan"
        raise InvalidParameterError(OWNER, "illegal", rule, illegal)
    is_known = (
        takes_outcome(metric) is not None if callable(metric) else metric in METRICS
    )
    if not is_known:
        rule = " or ".join(map(repr, METRICS))
        rule += " or a callable metric(X, codes) or metric(X, codes, y)"
        raise InvalidParameterError(OWNER, "metric", rule, metric)
    check_int(OWNER, "n_replicates", n_replicates, 1, MOST_REPLICATES)
    check_random_state(random_state)
    return SegmentScorer(
        metric,
        min_size=min_size,
        max_size=max_size,
        max_noise=max_noise,
        illegal=math.nan if math.isnan(illegal) else illegal,
        n_replicates=n_replicates,
        random_state=random_state,
    )
