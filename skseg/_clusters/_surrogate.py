"""RuleSurrogate: rules that stand in for any segmenter, proved to be a partition."""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn import get_config
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.cluster import KMeans
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.metaestimators import available_if

from skseg._core._base import SegmenterMixin
from skseg._core._caller import caller_level
from skseg._core._column_errors import column_errors_as_data_errors
from skseg._core._cross_fitting import cross_fitted_codes
from skseg._core._encoding import SegmentEncoderMixin, SegmentEncoding
from skseg._core._fitted_state import reads_state
from skseg._core._foreign import params_of, predict_params, tags_of
from skseg._core._outcome import read_optional_outcome
from skseg._core._owned import owned, owned_clone, owned_values
from skseg._core._strategy import StrategyMixin
from skseg._core._validation import (
    check_int,
    check_sample_weight,
    is_number,
    positional_names,
    read_columns,
    read_rows,
)
from skseg._core._wrapped import WrapperMixin, cluster_space, unwrapped
from skseg._typing import IntArray
from skseg.engines import Table, open_table
from skseg.exceptions import InvalidParameterError
from skseg.rules import Columns, RuleSet

from ._accepted_rows import accepted_rows, take_accepted
from ._fidelity import cost_ratio, kappa, stratified_sample, surrogate_table
from ._fitted_segments import (
    OWNER,
    FittedSegments,
    check_codes,
    columns_of_text_named,
    fitted_codes,
)
from ._rule_learner import RuleLearner
from ._table_agreement import Agreement, table_agreement

# Clusters of the K-Means that `estimator=None` stands for.
_N_CLUSTERS = 5
_RULES_A_SEGMENT = 2
_MOST_DIGITS = 15
_LARGEST_INT = 2**31 - 1


def _estimator_predicts(surrogate: Any) -> bool:
    """Tell whether `score` can ask the estimator about new rows, or raise."""
    estimator = getattr(surrogate, "estimator_", surrogate.estimator)
    if estimator is None or hasattr(estimator, "predict"):
        return True
    raise AttributeError(
        f"score of {OWNER} compares the rules with the estimator on the rows given, "
        f"and {estimator!r} has no predict for new rows. Put InductiveSegmenter around "
        "it; fidelity_ needs no predict."
    )


def _learns_from_outcome(estimator: Any) -> bool:
    """Tell whether the segments of a fitted estimator depend on the outcome.

    Clusterers do not look at it. Of segmenters, those depend on it that cross-fit their
    own training rows. What is frozen was fitted before, to whatever outcome.
    """
    *layers, last = unwrapped(estimator)
    if any(isinstance(layer, FrozenEstimator) for layer in layers):
        return False
    if getattr(last, "merge_report_", "none") is None:
        # Written rules that were not merged by the outcome.
        return False
    if isinstance(last, SegmentEncoderMixin):
        return type(last)._training_codes is not SegmentEncoderMixin._training_codes
    return bool(tags_of(last).target_tags.required)


class RuleSurrogate(
    StrategyMixin,
    SegmenterMixin,
    SegmentEncoderMixin,
    WrapperMixin,
    ClusterMixin,
    BaseEstimator,
):
    """Turn any segmenter into rules that are proved to be a partition.

    The estimator is fitted, and a small tree learns to tell its segments apart by the
    columns of `X`. So around ``make_pipeline(StandardScaler(), KMeans(5))`` the rules
    are in raw units, although distances were measured in scaled ones. Predictions come
    from the rules alone, in Python as in SQL.

    Parameters
    ----------
    estimator : estimator, default=None
        A clusterer, of whatever library, a segmenter, or a pipeline or search that ends
        in one; with or without ``predict``. Put a fitted one into `FrozenEstimator`.
        None: `KMeans` with 5 clusters on standardised columns.
    max_rules : int, default=None
        Largest number of rules, at least one a segment. A rule is a box: a range or a
        list of values in each of several columns. None: 2 a segment.
    significant_digits : int, default=3
        Significant digits of thresholds, in [1, 15]. In a column whose values are far
        from zero compared with their spread, such as years, the digits are about those
        of the spread.
    unknown : str, default="Unknown"
        Segment of the rows that no rule takes, as a column that decides has a missing
        value or a new text, which no training row had. If the last segment of the
        estimator has this name, it is the same segment.
    validation_size : float, default=0.25
        Share of the rows, in (0, 1), held out to measure fidelity. The final rules are
        learned from all rows.
    max_rows : int, default=200_000
        Most rows that rules are learned from, in [2, inf). If there are more, a random
        sample is taken, about the same share of every segment. Sizes, recall and
        precision are those of all rows.
    encode : {"onehot", "ordinal"}, default="onehot"
        What `transform` gives.

        - ``"onehot"``: one column per segment that rows can be in, 1 for that of the
          row and 0 elsewhere; noise is one of them.
        - ``"ordinal"``: one column of codes; with ``set_output`` one of categories, the
          names of the segments.
    random_state : int, RandomState instance or None, default=None
        Seed of samples, of ties in the tree, and of every random_state within the
        estimator that is None.

    Attributes
    ----------
    rules_ : RuleSet
        The segments, proved to be mutually exclusive and collectively exhaustive. Noise
        is a segment with a rule and the code -1.
    segments_ : DataFrame
        One row per segment: code, name, rule, n and share (rows by the rules), recall
        (share of the estimator's rows that the rule takes) and precision (share of the
        rule's rows that the estimator has in the segment).
    segment_names_ : ndarray of str
        Names by code: those of the estimator if it has any, else "Segment 0",
        "Segment 1", ...; then `unknown` and noise.
    labels_ : ndarray of int of shape (n_rows,)
        Codes of the training rows, by the rules.
    estimator_ : estimator
        The fitted estimator.
    fidelity_ : float
        Share of held-out rows on which rules and estimator agree. NaN if the segments
        are too small to hold out any. It is 1 for a single segment, so `score`, which
        searches compare, is corrected for chance.
    balanced_fidelity_ : float
        The same as a mean over the segments, each with equal weight.
    cost_ratio_ : float
        Inertia of the segments by the rules over that of the segments by the estimator,
        in the space where the estimator measured distances: the price of being
        explainable [1]_. For K-Means it is hardly ever below 1. NaN where that space is
        not made of finite numbers.
    n_rules_ : int
        Number of rules.
    n_features_in_ : int
        Number of columns seen in ``fit``.
    feature_names_in_ : ndarray of str
        Their names, where `X` has them.

    See Also
    --------
    raw_rules : Rules in the units before the scalers of a pipeline.
    MECERuleSegmenter : Segments by rules that people write.

    Notes
    -----
    Before anything is learned, each numeric column is cut into cells at up to 250
    thresholds that are round already: one in the widest gap of each small quantile.
    Each text has a cell of its own (beyond 30 of them, rare texts share a cell with all
    unseen ones), and so have missing values if they occur. A tree over the cells is
    grown with equal weight for every segment, and pruned to the best tree with at most
    `max_rules` leaves, each of which must raise balanced accuracy by 0.1 %. Each
    segment keeps a leaf if it has rows that can be told from others; a warning names
    the segments that do not.

    If the estimator takes no missing or infinite values, rows that have some take no
    part in its fit, with a warning. They get their segments by the rules. Impute in a
    pipeline to have them clustered.

    Fidelity measures how well rules reproduce the segments, not how good the segments
    are. Oblique or round clusters need many rules; recall and precision in
    ``segments_`` show which segments the rules miss.

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
        encode: str = "onehot",
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.max_rules = max_rules
        self.significant_digits = significant_digits
        self.unknown = unknown
        self.validation_size = validation_size
        self.max_rows = max_rows
        self.encode = encode
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> Self:
        """Fit the estimator, and learn the rules.

        Parameters
        ----------
        X : frame or array of shape (n_rows, n_columns)
            One row per customer, as the estimator takes them; columns of an array are
            called ``x0``, ``x1``, ...
        y : array-like of shape (n_rows,), default=None
            Passed to the estimator.
        **fit_params : dict
            Passed to the estimator's ``fit``; to its ``predict`` as well if it takes an
            argument of the same name that has not one value a row, such as the
            ``categorical`` of `KPrototypes`.

        Returns
        -------
        RuleSurrogate
            The fitted surrogate.

        Raises
        ------
        ValueError
            If a parameter is wrong, the estimator gives no codes of the rows, or a
            column holds neither numbers nor text.
        """
        columns = read_columns(self, X, reset=True)
        self._check_parameters()
        rng = check_random_state(self.random_state)
        estimator = self._seeded_estimator(rng)
        with column_errors_as_data_errors():
            accepted = accepted_rows(OWNER, estimator, columns)
        X = take_accepted(owned(read_rows(self, X, reset=True)), accepted)
        y = take_accepted(owned(y), accepted)
        params = {
            name: take_accepted(value, accepted)
            for name, value in owned_values(self._routed(fit_params)).items()
        }
        rows = columns if accepted.all() else columns.take(np.flatnonzero(accepted))
        n_rows = rows.n_rows
        check_sample_weight(params.get("sample_weight"), n_rows, OWNER)
        is_array = isinstance(X, np.ndarray)
        with columns_of_text_named(estimator, columns, is_array=is_array):
            codes = fitted_codes(estimator, X, y, params, n_rows)
        codes = check_codes(estimator, codes, n_rows)
        segments = FittedSegments.of(estimator, codes, self.unknown)
        with column_errors_as_data_errors():
            rules, n_rules, fidelity = self._learned(rows, codes, segments, rng)
        labels = rules.assign(columns)
        self.cost_ratio_ = self._cost_ratio(
            estimator, X, codes, labels[accepted], rules
        )
        self.segments_ = surrogate_table(rules, labels, codes, accepted)
        self.fidelity_, self.balanced_fidelity_ = fidelity
        self.n_rules_ = n_rules
        self.rules_ = rules
        self.labels_ = labels
        self._encoding = SegmentEncoding.of_rules(
            self.encode, rules, rules.verify().unreachable or ()
        )
        self._predict_params = predict_params(estimator, params, n_rows)
        self.estimator_ = estimator
        return self

    @reads_state
    def predict(self, X: Any) -> IntArray:
        """Return the segment code of every row, by the rules.

        Parameters
        ----------
        X : frame or array of shape (n_rows, n_columns)
            Columns as in `fit`. Missing and infinite values and new texts are allowed.

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
        return self.rules_.assign(read_columns(self, X, reset=False))

    @available_if(_estimator_predicts)  # type: ignore[untyped-decorator]
    @reads_state
    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Return how far rules and estimator agree beyond chance: Cohen's kappa.

        The share of the rows on which they agree rises as segments become fewer, and is
        1 for a single segment. Kappa is 0 there, and 1 only where rules reproduce two
        segments or more, so that a search over clusterers does not choose those that
        find nothing. It says how well segments can be described, not whether they are
        any good: for that name a scorer, such as one of `make_segment_scorer`.

        Parameters
        ----------
        X : frame, array of shape (n_rows, n_columns), or table that is not in memory
            Columns as in `fit`; rows that the estimator takes. Of a table see
            `agreement`.
        y : Ignored
            Present for the API of scikit-learn.
        sample_weight : array-like of shape (n_rows,), default=None
            Weight 3 counts as the row three times. Not for tables.

        Returns
        -------
        float
            At most 1. 0 is as much agreement as by chance; also if all rows are in the
            same segment by both.

        Raises
        ------
        NotFittedError
            If the surrogate is not fitted.
        ValueError
            As in `predict`, or if the estimator does not take a row.
        """
        table = open_table(X)
        if table is not None:
            if sample_weight is not None:
                rule = "None for a table that is not in memory"
                raise InvalidParameterError(OWNER, "sample_weight", rule, sample_weight)
            counts = self._table_agreement(table)
            n = counts.n.astype(np.float64)
            return kappa(counts.codes, counts.labels, n)
        codes, labels = self._codes_and_labels(X)
        weight = check_sample_weight(sample_weight, len(labels))
        return kappa(codes, labels, weight)

    @available_if(_estimator_predicts)  # type: ignore[untyped-decorator]
    @reads_state
    def agreement(self, X: Any) -> pd.DataFrame:
        """Count the rows by the segment of the estimator and by that of the rules.

        Parameters
        ----------
        X : frame, array of shape (n_rows, n_columns), or table that is not in memory
            Columns as in `fit`; rows that the estimator takes. Of a table that is not
            in memory, such as a relation of DuckDB or the path of Parquet files, the
            engine finds the nearest centre of every row in one scan. The estimator
            must be `KMeans` or `MiniBatchKMeans` then, alone or behind scalers of
            scikit-learn, and rows with a missing or an infinite value are left out.

        Returns
        -------
        DataFrame
            One row per pair of segments that occurs: code and name (the estimator's),
            code_by_rules and name_by_rules, and n. The share of the rows where both
            codes are the same is the fidelity on these rows.

        Raises
        ------
        NotFittedError
            If the surrogate is not fitted.
        InvalidParameterError
            If X is a table and the estimator is of another kind.
        MissingColumnError
            If the table lacks a column.

        Notes
        -----
        An engine adds squared differences up, where scikit-learn expands the square. A
        row that is as far from two centres, up to the last digits, may be nearest to
        either.

        Examples
        --------
        >>> import pandas as pd
        >>> from sklearn.cluster import KMeans
        >>> from skseg import RuleSurrogate
        >>> X = pd.DataFrame({"aov": [20, 25, 30, 210, 220, 230]})
        >>> surrogate = RuleSurrogate(KMeans(2, random_state=0), random_state=0).fit(X)
        >>> surrogate.agreement(X)
           code       name  code_by_rules name_by_rules  n
        0     0  Segment 0              0     Segment 0  3
        1     1  Segment 1              1     Segment 1  3
        """
        table = open_table(X)
        if table is not None:
            counts = self._table_agreement(table)
        else:
            pairs, n = np.unique(
                np.stack(self._codes_and_labels(X)), axis=1, return_counts=True
            )
            counts = Agreement(pairs[0], pairs[1], n)
        names = self.segment_names_
        return pd.DataFrame(
            {
                "code": counts.codes,
                "name": names[counts.codes],
                "code_by_rules": counts.labels,
                "name_by_rules": names[counts.labels],
                "n": counts.n,
            }
        )

    def _codes_and_labels(self, X: Any) -> tuple[IntArray, IntArray]:
        """Return the codes of rows by the estimator and by the rules."""
        labels = self.predict(X)
        rows = read_rows(self, X, reset=False)
        codes = self.estimator_.predict(rows, **self._predict_params)
        return check_codes(self.estimator_, codes, len(labels)), labels

    def _table_agreement(self, table: Table) -> Agreement:
        names = getattr(self, "feature_names_in_", None)
        if names is None:
            names = positional_names(self.n_features_in_)
        return table_agreement(table, self.estimator_, list(names), self.rules_)

    def get_metadata_routing(self) -> MetadataRouter:
        """Return what metadata the surrogate and its estimator ask for.

        Returns
        -------
        MetadataRouter
            As scikit-learn's user guide on metadata routing explains.
        """
        to_fit = MethodMapping().add(caller="fit", callee="fit")
        router = MetadataRouter(owner=type(self).__name__).add_self_request(self)
        return router.add(estimator=self._unfitted_estimator(), method_mapping=to_fit)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        if hasattr(self.estimator, "__sklearn_tags__"):
            inner = tags_of(self.estimator)
            tags.target_tags.required = inner.target_tags.required
            tags.non_deterministic = inner.non_deterministic
            if inner.estimator_type != "clusterer":
                tags.estimator_type = None
        return tags

    def _training_codes(
        self, X: Any, y: Any, fit_params: dict[str, Any]
    ) -> IntArray | None:
        if y is None or not _learns_from_outcome(self.estimator_):
            return None
        outcome, _ = read_optional_outcome(OWNER, y, len(self.labels_))
        if outcome is None:
            # Labels of more classes than two are numbered, for folds of all classes.
            _, classes = np.unique(np.asarray(y).astype(str), return_inverse=True)
            outcome = classes.astype(np.float64)
        return cross_fitted_codes(self, X, y, outcome, fit_params)

    def _check_parameters(self) -> None:
        self._check_encode()
        check_int(OWNER, "significant_digits", self.significant_digits, 1, _MOST_DIGITS)
        check_int(OWNER, "max_rows", self.max_rows, 2, _LARGEST_INT)
        size = self.validation_size
        if not (is_number(size) and 0 < size < 1):
            rule = "a number in (0, 1)"
            raise InvalidParameterError(OWNER, "validation_size", rule, size)
        if not (self.estimator is None or hasattr(self.estimator, "fit")):
            rule = "None or a clusterer or segmenter, such as KMeans(5)"
            raise InvalidParameterError(OWNER, "estimator", rule, self.estimator)

    def _unfitted_estimator(self) -> Any:
        if self.estimator is not None:
            return self.estimator
        return make_pipeline(StandardScaler(), KMeans(_N_CLUSTERS, n_init=10))

    def _seeded_estimator(self, rng: np.random.RandomState) -> Any:
        """Return a clone of the estimator, seeded where it has no seed."""
        estimator = owned_clone(self._unfitted_estimator())
        unseeded = [
            name
            for name, value in sorted(params_of(estimator).items())
            if name.split("__")[-1] == "random_state" and value is None
        ]
        if unseeded:
            seeds = {name: rng.randint(_LARGEST_INT) for name in unseeded}
            estimator.set_params(**seeds)
        return estimator

    def _routed(self, fit_params: dict[str, Any]) -> dict[str, Any]:
        if not get_config()["enable_metadata_routing"]:
            return fit_params
        return dict(process_routing(self, "fit", **fit_params).estimator.fit)

    def _learned(
        self,
        rows: Columns,
        codes: IntArray,
        segments: FittedSegments,
        rng: np.random.RandomState,
    ) -> tuple[RuleSet, int, tuple[float, float]]:
        """Return the rules, their number, and both fidelities."""
        sample = stratified_sample(codes, min(1.0, self.max_rows / len(codes)), rng)
        rows, codes = rows.take(sample), codes[sample]
        learner = RuleLearner(
            segments,
            max_rules=self._most_rules(len(np.unique(codes))),
            significant_digits=self.significant_digits,
            seed=rng.randint(_LARGEST_INT),
        )
        training = stratified_sample(codes, 1 - self.validation_size, rng)
        fidelity = learner.held_out_fidelity(rows, codes, training)
        rules, n_rules, lost = learner.learn(rows, codes)
        if lost:
            warnings.warn(
                f"No rule of {OWNER} tells {', '.join(map(repr, lost))} from other "
                "segments by the columns of X. Give it more columns or max_rules, or "
                "ask the estimator for fewer segments.",
                UserWarning,
                stacklevel=caller_level(),
            )
        return rules, n_rules, fidelity

    def _most_rules(self, n_segments: int) -> int:
        if self.max_rules is None:
            return _RULES_A_SEGMENT * n_segments
        try:
            return check_int(
                OWNER, "max_rules", self.max_rules, n_segments, _LARGEST_INT
            )
        except InvalidParameterError as error:
            raise InvalidParameterError(
                OWNER,
                "max_rules",
                str(error.rule),
                self.max_rules,
                advice=f"There are {n_segments} segments, which need a rule each.",
            ) from None

    def _cost_ratio(
        self, estimator: Any, X: Any, codes: IntArray, labels: IntArray, rules: RuleSet
    ) -> float:
        try:
            rows = cluster_space(OWNER, estimator, X)
        except ValueError:
            return np.nan
        return cost_ratio(rows, codes, labels, rules.names.index(self.unknown))
