"""RuleSurrogate: any segmenter as rules that are proved to be a partition."""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, ClusterMixin, TransformerMixin, clone
from sklearn.cluster import KMeans
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import _safe_indexing, check_random_state, get_tags
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skseg._core._base import SegmenterMixin
from skseg._core._validation import (
    check_int,
    check_sample_weight,
    is_number,
    read_columns,
)
from skseg._core._wrapped import WrapperMixin, cluster_space
from skseg._typing import BoolArray, FloatArray, IntArray
from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.rules import Columns

from ._fidelity import cost_ratio, sample, surrogate_table
from ._fitted_segments import (
    OWNER,
    Segments,
    check_codes,
    fitted_codes,
    is_complete,
    takes_missing,
)
from ._rule_learner import RuleLearner, held_out_fidelity

# Of the segmenter that stands in for None.
_N_CLUSTERS = 5
_RULES_A_SEGMENT = 2
_MOST_DIGITS = 15
_LARGEST_INT = 2**31 - 1


def _segmenter_predicts(surrogate: Any) -> bool:
    """Tell whether `score` can ask the segmenter about new rows, or raise."""
    segmenter = getattr(surrogate, "estimator_", surrogate.estimator)
    if segmenter is None or hasattr(segmenter, "predict"):
        return True
    raise AttributeError(
        f"score of {OWNER} compares the rules with the segmenter on the rows given, "
        f"and {segmenter!r} has no predict for new rows. Put InductiveSegmenter around "
        "it; fidelity_ needs no predict."
    )


class RuleSurrogate(
    SegmenterMixin, WrapperMixin, ClusterMixin, TransformerMixin, BaseEstimator
):
    """Turn any segmenter into rules that are proved to be a partition.

    The segmenter is fitted, and a small tree learns to tell its segments apart by the
    columns as they are given. So around ``make_pipeline(StandardScaler(), KMeans(5))``
    the rules are in raw units, although distances were measured in scaled ones. What
    predicts is the rules themselves, in Python and in SQL alike.

    Parameters
    ----------
    estimator : estimator, default=None
        A clusterer, a segmenter, or a pipeline or search that ends in one; with or
        without ``predict``. One that is fitted already goes into `FrozenEstimator`.
        None: `KMeans` with 5 clusters on standardised columns.
    max_rules : int, default=None
        Largest number of rules, at least one a segment. A rule is a box: a range or
        list of values of some columns. None: 2 a segment.
    significant_digits : int, default=3
        Significant digits of thresholds, in [1, 15]. Of a column whose values are far
        from zero in terms of their distances, such as years, it is about the digits of
        these distances.
    unknown : str, default="Unknown"
        Segment of the rows that no rule takes: a value is missing, or a text new, in a
        column that decides, and no training row was like that. If the segmenter's own
        last segment has this name, it is this one.
    validation_size : float, default=0.25
        Share of the rows, in (0, 1), that are kept from the rules to measure fidelity.
        The final rules are learned from all rows.
    max_rows : int, default=200_000
        Rows that rules are learned from. Of more, a random sample is taken, about the
        same share of every segment; sizes, recall and precision are those of all rows.
    random_state : int, RandomState instance or None, default=None
        Seed of samples and of ties in the tree, and of the segmenter wherever this has
        a random_state of None.

    Attributes
    ----------
    rules_ : RuleSet
        The segments, proved: mutually exclusive and collectively exhaustive. Noise is
        a segment with a rule and the code -1.
    segments_ : DataFrame
        One row per segment: code, name, rule, n and share (of the rows, by the rules),
        recall (share of the segmenter's rows that the rule takes) and precision (share
        of the rule's rows that the segmenter has there).
    segment_names_ : ndarray of str
        Names; a code is a position here. They are those of the segmenter if it has
        any, else "Segment 0", "Segment 1", ...; then follow `unknown` and noise.
    labels_ : ndarray of int of shape (n_rows,)
        Codes of the training rows, by the rules.
    estimator_ : estimator
        The fitted segmenter.
    fidelity_ : float
        Share of rows held out from the rules for which these agree with the segmenter.
        NaN if the segments are too small to hold out any.
    balanced_fidelity_ : float
        The same as a mean of all segments, in which each counts alike.
    cost_ratio_ : float
        Inertia of the segments of the rules in terms of that of the segmenter's own, in
        the space that it measured distances in: what being explained costs [1]_. It is
        at least about 1 for K-Means. NaN where that space is no finite numbers.
    n_rules_ : int
        Number of rules.
    n_features_in_ : int
        Number of columns seen in ``fit``.
    feature_names_in_ : ndarray of str
        Their names, where `X` has them.

    See Also
    --------
    raw_rules : Rules in the units before the scalers of a pipeline.
    MECERuleSegmenter : Segments by rules that people have written.

    Notes
    -----
    Before anything is learned, numbers are cut into cells at up to 250 thresholds a
    column, which are round already: one in the widest gap of each small quantile. Texts
    have a cell for each level (of more than 30, the rare ones share one with all texts
    that were never seen), and missing values that occur have a cell of their own. A
    tree over the cells is grown with equal weights of all segments, and pruned to the
    best one with at most `max_rules` leaves, each of which has to add 0.1 % to what is
    told right. Each segment keeps a leaf where it has rows that can be told from
    others; a warning names those that have not.

    Rows with missing or infinite values have no part in the fit of a segmenter that
    takes none, which a warning tells. They get their segments by the rules. Impute in
    a pipeline to have them clustered.

    Fidelity says how well rules tell the segments apart, not how good segments are.
    Clusters that are oblique or round take many rules; look at ``segments_`` for those
    that are not met.

    References
    ----------
    .. [1] S. Dasgupta, N. Frost, M. Moshkovitz, C. Rashtchian (2020), Explainable
       k-Means and k-Medians Clustering. Proceedings of the 37th International
       Conference on Machine Learning, PMLR 119, 7055-7065.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.cluster import KMeans
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skseg import RuleSurrogate
    >>> X = pd.DataFrame({"aov": [20, 25, 30, 210, 220, 230], "n": [9, 8, 9, 1, 2, 1]})
    >>> scaled = make_pipeline(StandardScaler(), KMeans(2, random_state=0))
    >>> surrogate = RuleSurrogate(scaled, random_state=0).fit(X)
    >>> print(surrogate.rules_)
    Segment 0: aov > 100
    Segment 1: aov <= 100
    Unknown: everyone else
    >>> surrogate.rules_.verify().is_mece
    True
    """

    def __init__(
        self,
        estimator: Any = None,
        *,
        max_rules: int | None = None,
        significant_digits: int = 3,
        unknown: str = "Unknown",
        validation_size: float = 0.25,
        max_rows: int = 200_000,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.max_rules = max_rules
        self.significant_digits = significant_digits
        self.unknown = unknown
        self.validation_size = validation_size
        self.max_rows = max_rows
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> Self:
        """Fit the segmenter, and learn the rules.

        Parameters
        ----------
        X : frame or array of shape (n_rows, n_columns)
            One row per customer, as the segmenter takes them; columns of an array are
            called ``x0``, ``x1``, ...
        y : array-like of shape (n_rows,), default=None
            For the segmenter alone.
        **fit_params : dict
            For the segmenter's ``fit`` alone.

        Returns
        -------
        RuleSurrogate
            The fitted surrogate.

        Raises
        ------
        ValueError
            If a parameter is wrong, the segmenter gives no codes of the rows, or a
            column holds neither numbers nor text.
        """
        columns = read_columns(self, X, reset=True)
        self._check_parameters()
        rng = check_random_state(self.random_state)
        self.estimator_ = self._new_segmenter(rng)
        known = self._known_rows(columns)
        X, y, params = _taken(known, X, y, self._routed(fit_params))
        found = fitted_codes(self.estimator_, X, y, params)
        codes = check_codes(self.estimator_, found, int(known.sum()))
        segments = Segments.of(self.estimator_, codes, self.unknown)
        self._learn(columns, codes, known, segments, rng)
        self.labels_ = self.rules_.assign(columns)
        self.segments_ = surrogate_table(self.rules_, self.labels_, codes, known)
        self.cost_ratio_ = self._cost_ratio(X, codes, self.labels_[known])
        return self

    def predict(self, X: Any) -> IntArray:
        """Return the segment code of every row, by the rules.

        Parameters
        ----------
        X : frame or array of shape (n_rows, n_columns)
            Columns as in `fit`. Missing and infinite values and new texts are welcome.

        Returns
        -------
        ndarray of int of shape (n_rows,)
            Positions in ``segment_names_``; -1 for noise.

        Raises
        ------
        NotFittedError
            If the surrogate is not fitted.
        ValueError
            If the columns are not those of `fit`.
        """
        check_is_fitted(self)
        return self.rules_.assign(read_columns(self, X, reset=False))

    def transform(self, X: Any) -> FloatArray:
        """Return which segment every row is in, one column a segment.

        Parameters
        ----------
        X : frame or array of shape (n_rows, n_columns)
            Columns as in `fit`.

        Returns
        -------
        ndarray of float of shape (n_rows, n_segments)
            1 in the column of the row's segment, else 0. ``set_output`` gives a frame.

        Raises
        ------
        NotFittedError
            If the surrogate is not fitted.
        ValueError
            As in `predict`.
        """
        # Noise, with the code -1, is the last segment.
        codes = self.predict(X)
        return np.eye(len(self.rules_))[codes]

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """Return the names of the segments.

        Parameters
        ----------
        input_features : Ignored
            Present for the API of scikit-learn.

        Returns
        -------
        ndarray of str
            One name per column of `transform`.
        """
        check_is_fitted(self)
        return self.segment_names_

    @available_if(_segmenter_predicts)  # type: ignore[untyped-decorator]
    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Return for which share of the rows rules and segmenter agree.

        Parameters
        ----------
        X : frame or array of shape (n_rows, n_columns)
            Columns as in `fit`, of rows that the segmenter takes.
        y : Ignored
            Present for the API of scikit-learn.
        sample_weight : array-like of shape (n_rows,), default=None
            Weight 3 counts as the row three times.

        Returns
        -------
        float
            From 0 to 1.

        Raises
        ------
        NotFittedError
            If the surrogate is not fitted.
        ValueError
            As in `predict`, or if the segmenter does not take a row.
        """
        codes = self.predict(X)
        weight = check_sample_weight(sample_weight, len(codes))
        found = check_codes(self.estimator_, self.estimator_.predict(X), len(codes))
        return float(np.average(codes == found, weights=weight))

    def get_metadata_routing(self) -> MetadataRouter:
        """Return what metadata the surrogate and its segmenter ask for.

        Returns
        -------
        MetadataRouter
            As scikit-learn's user guide on metadata routing explains.
        """
        segmenter = _or_default(self.estimator)
        to_fit = MethodMapping().add(caller="fit", callee="fit")
        router = MetadataRouter(owner=type(self).__name__).add_self_request(self)
        return router.add(estimator=segmenter, method_mapping=to_fit)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        if hasattr(self.estimator, "__sklearn_tags__"):
            own = get_tags(self.estimator)
            tags.target_tags.required = own.target_tags.required
            tags.non_deterministic = own.non_deterministic
            if own.estimator_type != "clusterer":
                tags.estimator_type = None
        return tags

    def _check_parameters(self) -> None:
        check_int(OWNER, "significant_digits", self.significant_digits, 1, _MOST_DIGITS)
        check_int(OWNER, "max_rows", self.max_rows, 2, _LARGEST_INT)
        size = self.validation_size
        if not (is_number(size) and 0 < size < 1):
            rule = "a number in (0, 1)"
            raise InvalidParameterError(OWNER, "validation_size", rule, size)
        if not (self.estimator is None or hasattr(self.estimator, "fit")):
            rule = "None or a clusterer or segmenter, such as KMeans(5)"
            raise InvalidParameterError(OWNER, "estimator", rule, self.estimator)

    def _new_segmenter(self, rng: np.random.RandomState) -> Any:
        segmenter = clone(_or_default(self.estimator))
        unseeded = [
            name
            for name, value in sorted(segmenter.get_params().items())
            if name.split("__")[-1] == "random_state" and value is None
        ]
        segmenter.set_params(**{name: rng.randint(_LARGEST_INT) for name in unseeded})
        return segmenter

    def _known_rows(self, columns: Columns) -> BoolArray:
        """Return the rows that the segmenter takes."""
        if takes_missing(self.estimator_):
            return np.ones(columns.n_rows, dtype=bool)
        known = is_complete(columns)
        if not known.any():
            raise InvalidDataError(
                f"Every row of X has a missing or infinite value (NaN, None, inf), and "
                f"{self.estimator_!r} takes none. Impute in a pipeline before it."
            )
        if not known.all():
            warnings.warn(
                f"{int((~known).sum())} of {len(known)} rows have missing or infinite "
                f"values and no part in the fit of {self.estimator_!r}, which takes "
                "none. They get their segments by the rules. Impute in a pipeline "
                "before it to have them segmented.",
                UserWarning,
                stacklevel=3,
            )
        return known

    def _routed(self, fit_params: dict[str, Any]) -> dict[str, Any]:
        if not get_config()["enable_metadata_routing"]:
            return fit_params
        routed = process_routing(self, "fit", **fit_params)
        return dict(routed.estimator.fit)

    def _learn(
        self,
        columns: Columns,
        codes: IntArray,
        known: BoolArray,
        segments: Segments,
        rng: np.random.RandomState,
    ) -> None:
        """Learn the rules from a part of the rows, measure them, and learn from all."""
        chosen = sample(codes, min(1.0, self.max_rows / len(codes)), rng)
        rows, codes = columns.take(np.flatnonzero(known)[chosen]), codes[chosen]
        learner = RuleLearner(
            segments,
            max_rules=self._most_rules(len(np.unique(codes))),
            significant_digits=self.significant_digits,
            seed=rng.randint(_LARGEST_INT),
        )
        part = sample(codes, 1 - self.validation_size, rng)
        self.fidelity_, self.balanced_fidelity_ = held_out_fidelity(
            learner, rows, codes, part
        )
        self.rules_, self.n_rules_, lost = learner.learn(rows, codes)
        if lost:
            warnings.warn(
                f"No rule of {OWNER} tells {', '.join(map(repr, lost))} from other "
                "segments by the columns of X. Give it more columns or max_rules, or "
                "ask the segmenter for fewer segments.",
                UserWarning,
                stacklevel=3,
            )

    def _most_rules(self, n_segments: int) -> int:
        if self.max_rules is None:
            return _RULES_A_SEGMENT * n_segments
        try:
            return check_int(
                OWNER, "max_rules", self.max_rules, n_segments, _LARGEST_INT
            )
        except ValueError as error:
            raise InvalidDataError(
                f"{error} There are {n_segments} segments, which need a rule each."
            ) from None

    def _cost_ratio(self, X: Any, codes: IntArray, labels: IntArray) -> float:
        try:
            rows = cluster_space(OWNER, self.estimator_, X)
        except ValueError:
            return np.nan
        unknown = self.rules_.names.index(self.unknown)
        return cost_ratio(rows, codes, labels, unknown)


def _or_default(given: Any) -> Any:
    if given is not None:
        return given
    return make_pipeline(StandardScaler(), KMeans(_N_CLUSTERS, n_init=10))


def _taken(
    known: BoolArray, X: Any, y: Any, fit_params: dict[str, Any]
) -> tuple[Any, Any, dict[str, Any]]:
    """Return the known rows of what has a value for each row."""
    if known.all():
        return X, y, fit_params
    rows = np.flatnonzero(known)

    def taken(values: Any) -> Any:
        is_by_row = not isinstance(values, str) and hasattr(values, "__len__")
        if is_by_row and len(values) == len(known):
            return _safe_indexing(values, rows)
        return values

    return taken(X), taken(y), {n: taken(value) for n, value in fit_params.items()}
