"""PropensityBinner: revenue tiers on out-of-fold propensities."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn import get_config
from sklearn.base import (
    BaseEstimator,
    MetaEstimatorMixin,
)
from sklearn.linear_model import LogisticRegression
from sklearn.utils import ClassifierTags, indexable
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import (
    _check_n_features,
    _num_samples,
    has_fit_parameter,
)

from skseg._core._base import SegmenterMixin
from skseg._core._encoding import SegmentEncoderMixin, SegmentEncoding
from skseg._core._fitted_state import reads_state
from skseg._core._folds import fold_splits
from skseg._core._foreign import is_classifier, tags_of
from skseg._core._magnitudes import check_finite_squares
from skseg._core._outcome import read_outcome
from skseg._core._owned import owned, owned_clone, owned_values
from skseg._core._strategy import StrategyMixin
from skseg._core._validation import check_choice, check_sample_weight, read_rows
from skseg._typing import FloatArray, IntArray
from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.rules import RuleSet, missing

from ._binner import OptimalRevenueBinner
from ._cross_fitting import (
    OWNER,
    check_classes,
    expected_outcome,
    out_of_fold,
)
from ._labels import outcome_classes

COLUMN = "propensity"
RESPONSE_METHODS = ("auto", "predict_proba", "predict")
# The encoding of columns that `binner` makes, and which do not follow from codes.
BY_BINNER = "binner"


def _binner_has(name: str) -> Any:
    """Return the check of `available_if` that the binner has this method."""
    return lambda self: hasattr(getattr(self, "binner_", self._parts()[1]), name)


def _estimator_has(name: str) -> Any:
    """Return the check of `available_if` that this method of the classifier is used.

    Its probabilities, or its decisions, are of no use if propensities are predictions.
    """

    def check(self: PropensityBinner) -> bool:
        # Parameters count until there is a fit, and no longer.
        if hasattr(self, "_response"):
            estimator, method = self.estimator_, self._response
        else:
            estimator = self._parts()[0]
            method = self._response_of(estimator)
        return method == "predict_proba" and hasattr(estimator, name)

    return check


class PropensityBinner(
    StrategyMixin,
    SegmenterMixin,
    SegmentEncoderMixin,
    MetaEstimatorMixin,
    BaseEstimator,
):
    """Revenue tiers on out-of-fold propensities of a model.

    A model is overconfident about the rows that it was fitted on, and cut points fitted
    to its scores promise profits that new rows do not make. Here the propensity of
    every training row comes from a model that has not seen this row, and `binner` is
    fitted on these propensities. New rows get their propensity from a model that is
    fitted on all training rows.

    It is also a step of a pipeline: ``fit_transform`` returns the training rows out of
    fold, so that what follows does not learn from tiers that know the outcome.

    Parameters
    ----------
    estimator : estimator, default=None
        Classifier or regressor of the outcome. None: `LogisticRegression`.
    binner : segmenter, default=None
        Segmenter that is fitted on the propensities, a single column called
        "propensity", such as `OptimalRevenueBinner` or `MECERuleSegmenter`. None:
        `OptimalRevenueBinner`.
    cv : int, splitter or iterable of (train, test), default=5
        The folds; test folds have to be a partition of the rows. An int is the number
        of folds in [2, n_rows], which are not shuffled and, for a classifier with
        large enough classes, stratified: two conversions are in different folds.
    response_method : {"auto", "predict_proba", "predict"}, default="auto"
        Method that the propensity comes from. ``"auto"``: ``predict_proba`` for
        classifiers, ``predict`` for all others.
    encode : {"onehot", "ordinal", "scores"}, default=None
        Columns that `transform` returns. ``"onehot"``: an indicator of each segment
        that a row with a propensity can be in. ``"ordinal"``: the code, as a column of
        segment names under ``set_output``. ``"scores"``: the propensity itself. None:
        what `binner` returns for the propensities.
    pos_label : int, float, bool or str, default=None
        Outcome that counts as 1, the other one as 0. None: numbers are taken as such,
        and of two labels the second one in sorted order counts as 1, as it does for
        scikit-learn's classifiers. `StackingClassifier`, which numbers the labels
        before it fits its estimators, passes on 0 and 1.
    n_jobs : int, default=None
        Number of folds to fit at once, as joblib counts. It does not change the result.

    Attributes
    ----------
    propensities_ : ndarray of float of shape (n_rows,)
        Out-of-fold propensities of the training rows, in conversions per row.
    estimator_ : estimator
        The model fitted on all training rows, with labels as 0 and 1.
    classes_ : ndarray of shape (n_classes,)
        Labels of the columns of `predict_proba`, sorted. Only where propensities are
        probabilities of a classifier, or outcomes are labels.
    binner_ : segmenter
        The binner fitted on ``propensities_``.
    rules_ : RuleSet
        The segments, as rules about the column "propensity".
    segments_ : DataFrame
        The segment table of ``binner_``: code, name, rule, n, share, and more.
    segment_names_ : ndarray of str
        Names; a code is a position here.
    labels_ : ndarray of int of shape (n_rows,)
        Segment codes of the training rows by their out-of-fold propensity, which
        ``segments_`` counts and `fit_predict` and `fit_transform` return.
    n_features_in_ : int
        Number of columns seen in ``fit``.
    feature_names_in_ : ndarray of str
        Their names, where `X` has them.

    See Also
    --------
    OptimalRevenueBinner : Where a column already holds honest propensities.
    sklearn.calibration.CalibratedClassifierCV : Makes probabilities of scores; it may
        be the `estimator`.

    Notes
    -----
    The propensity is the expected outcome. For a classifier it is the sum of its
    classes, which are numbers, times their probabilities: for the outcomes 0 and 1, the
    probability of 1.

    This is cross-fitting [1]_. `fit_predict` and `fit_transform` return the training
    rows by their out-of-fold propensity, as scikit-learn's `TargetEncoder` and
    `StackingClassifier` do; `predict` and `transform` treat all rows as new ones. On
    training rows the two differ, so ``fit(X, y).transform(X)`` leaks the outcome to
    what is fitted to it. Encodings of `binner` that are functions of the outcome, such
    as conversion rates, are cross-fitted by `binner` on top of that.

    Outside `predict`, which returns segments, the fitted binner is a classifier to
    scikit-learn where its propensities are probabilities: scorers such as "roc_auc",
    `CalibratedClassifierCV`, `CalibrationDisplay` and `StackingClassifier` read
    `predict_proba`, `decision_function` and ``classes_``.

    Rows with weight 3 count three times, both in the models and in the segments. This
    equals three copies of the row only if the folds keep copies together; folds made
    from an int do not.

    The model of a fold has seen fewer rows than ``estimator_`` and is a little less
    accurate, less so with a larger `cv`. The remaining optimism is that of the few cut
    points, which are fitted to the outcomes of the same rows.

    With metadata routing, `estimator`, `binner` and `cv` get the metadata that they
    request, such as ``groups``. Without it, `estimator` and `binner` both get
    `sample_weight`.

    References
    ----------
    .. [1] V. Chernozhukov, D. Chetverikov, M. Demirer, E. Duflo, C. Hansen, W. Newey
       and J. Robins (2018), Double/debiased machine learning for treatment and
       structural parameters. The Econometrics Journal 21 (1), C1-C68.

    Examples
    --------
    >>> from skseg import OptimalRevenueBinner, PropensityBinner
    >>> from skseg.datasets import make_cart_abandoners
    >>> customers = make_cart_abandoners(6000, never_ordered=0, random_state=0)
    >>> X = customers[["days_since_abandon", "engagement"]]
    >>> y = customers["converted"]
    >>> menu = OptimalRevenueBinner(
    ...     3, revenue=30, response=[1, 1.5, 1.8], cost=[0, 2, 4],
    ...     segment_names=["Nothing", "E-mail", "Call"],
    ... )
    >>> model = PropensityBinner(binner=menu).fit(X[:3000], y[:3000])
    >>> model.segment_names_.tolist()
    ['Nothing', 'E-mail', 'Call', 'No score']
    >>> model.propensities_.shape
    (3000,)
    >>> without_menu = 30 * y[3000:].mean()
    >>> bool(model.score(X[3000:], y[3000:]) > without_menu)
    True
    """

    _encodings = ("onehot", "ordinal", "scores")

    def __init__(
        self,
        estimator: Any = None,
        binner: Any = None,
        *,
        cv: Any = 5,
        response_method: str = "auto",
        encode: str | None = None,
        pos_label: Any = None,
        n_jobs: int | None = None,
    ) -> None:
        self.estimator = estimator
        self.binner = binner
        self.cv = cv
        self.response_method = response_method
        self.encode = encode  # type: ignore[assignment]  # None: that of the binner
        self.pos_label = pos_label
        self.n_jobs = n_jobs

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        revenue: Any = None,
        **fit_params: Any,
    ) -> Self:
        """Fit the models of the folds, the segments, and the model of all rows.

        Parameters
        ----------
        X : frame, array or sparse matrix of shape (n_rows, n_columns)
            One row per customer, passed on to `estimator` as it is.
        y : array-like of shape (n_rows,)
            Outcomes, in conversions: 0 / 1, counts or other numbers, or two labels,
            such as "yes" and "no", of which `pos_label` counts as 1.
        sample_weight : array-like of shape (n_rows,), default=None
            Weight 3 counts as the row three times, save for the folds.
        revenue : array-like of shape (n_rows,), default=None
            Revenue of each customer per conversion, for `binner` alone: propensities
            are those to convert, whatever that brings.
        **fit_params : dict
            Metadata for `estimator`, `binner` and `cv`, with metadata routing only.

        Returns
        -------
        PropensityBinner
            The fitted binner.

        Raises
        ------
        ValueError
            If a parameter is wrong, outcomes are neither numbers nor two labels or, for
            a classifier, no classes, one fold has all rows of a class, the test folds
            are no partition, or weights are given that `estimator` or `binner` cannot
            take.
        """
        estimator, binner, response = self._checked_parts()
        (X,) = indexable(read_rows(self, X, reset=True))
        n_rows = _num_samples(X)
        outcome, coding = read_outcome(OWNER, y, n_rows, self.pos_label)
        weight = check_sample_weight(sample_weight, len(outcome), OWNER)
        if weight is not None:
            check_finite_squares(OWNER, "sample_weight", weight)
        check_finite_squares(OWNER, "y", outcome, weight)
        routed = self._routed(weight, revenue, fit_params)
        params = routed["estimator"]["fit"]
        to_split = routed["splitter"]["split"]
        check_classes(estimator, outcome)
        splits = fold_splits(
            OWNER, self.cv, X, outcome, to_split, stratify=is_classifier(estimator)
        )
        self.propensities_ = out_of_fold(
            estimator, X, outcome, splits, params, response, self.n_jobs
        )
        self.binner_ = owned_clone(binner)
        column = pd.DataFrame({COLUMN: self.propensities_})
        self.binner_.fit(column, outcome, **routed["binner"]["fit"])
        self.estimator_ = owned_clone(estimator).fit(
            owned(X), outcome, **owned_values(params)
        )
        self.rules_ = self.binner_.rules_
        self.segments_ = self.binner_.segments_
        self.labels_ = self.binner_.labels_.copy()
        if response == "predict_proba" or coding.classes is not None:
            self._classes = outcome_classes(OWNER, y, outcome, coding)
            self.classes_ = self._classes.classes.copy()
        self._coding, self._response = coding, response
        self._encoding = self._encoding_of(self.binner_, self.propensities_)
        return self

    def fit_predict(self, X: Any, y: Any = None, **fit_params: Any) -> IntArray:
        """Fit, and return the segment codes by out-of-fold propensity.

        These are ``labels_``, which ``segments_`` counts. `predict` of the same rows
        may differ, as it treats them as new ones.

        Parameters
        ----------
        X : frame, array or sparse matrix of shape (n_rows, n_columns)
            Training rows, as in `fit`.
        y : array-like of shape (n_rows,)
            Outcomes, as in `fit`.
        **fit_params : dict
            Further arguments of `fit`.

        Returns
        -------
        ndarray of int of shape (n_rows,)
            Positions in ``segment_names_``.
        """
        return super().fit_predict(X, y, **fit_params)

    @reads_state
    def predict_propensity(self, X: Any) -> FloatArray:
        """Return the propensity of new rows.

        Parameters
        ----------
        X : frame, array or sparse matrix of shape (n_rows, n_columns)
            Columns as in `fit`.

        Returns
        -------
        ndarray of float of shape (n_rows,)
            Expected outcomes by ``estimator_``, in conversions per row. For training
            rows they are overconfident; ``propensities_`` are not.

        Raises
        ------
        NotFittedError
            If the binner is not fitted.
        """
        rows = self._rows(X)
        if rows is None:
            return np.empty(0)
        return expected_outcome(self.estimator_, rows, self._response)

    @available_if(_estimator_has("predict_proba"))  # type: ignore[untyped-decorator]
    @reads_state
    def predict_proba(self, X: Any) -> FloatArray:
        """Return the probabilities of the outcomes of new rows.

        Parameters
        ----------
        X : frame, array or sparse matrix of shape (n_rows, n_columns)
            Columns as in `fit`.

        Returns
        -------
        ndarray of float of shape (n_rows, n_classes)
            Those of ``estimator_``, in the order of ``classes_``. For training rows
            they are overconfident; ``propensities_`` are not.

        Raises
        ------
        NotFittedError
            If the binner is not fitted.
        """
        rows = self._rows(X)
        if rows is None:
            return np.empty((0, len(self.classes_)))
        return self._classes.probabilities(
            np.asarray(self.estimator_.predict_proba(rows))
        )

    @available_if(_estimator_has("decision_function"))  # type: ignore[untyped-decorator]
    @reads_state
    def decision_function(self, X: Any) -> FloatArray:
        """Return the decision function of the outcomes of new rows.

        Parameters
        ----------
        X : frame, array or sparse matrix of shape (n_rows, n_columns)
            Columns as in `fit`.

        Returns
        -------
        ndarray of float of shape (n_rows,) or (n_rows, n_classes)
            That of ``estimator_``; of two classes it is that of ``classes_[1]``.

        Raises
        ------
        NotFittedError
            If the binner is not fitted.
        """
        rows = self._rows(X)
        if rows is None:
            n_classes = len(self.classes_)
            return np.empty(0) if n_classes == 2 else np.empty((0, n_classes))
        return self._classes.decisions(
            np.asarray(self.estimator_.decision_function(rows))
        )

    @reads_state
    def predict(self, X: Any) -> IntArray:
        """Return the segment code of every row, by its propensity as a new row.

        Parameters
        ----------
        X : frame, array or sparse matrix of shape (n_rows, n_columns)
            Columns as in `fit`.

        Returns
        -------
        ndarray of int of shape (n_rows,)
            Positions in ``segment_names_``.

        Raises
        ------
        NotFittedError
            If the binner is not fitted.
        """
        column = self._column(X)
        codes: IntArray = self.binner_.predict(column)
        return codes

    @available_if(_binner_has("evaluate"))  # type: ignore[untyped-decorator]
    @reads_state
    def evaluate(
        self, X: Any, y: Any, sample_weight: Any = None, revenue: Any = None
    ) -> pd.DataFrame:
        """Return the segment table of new rows and their outcomes.

        Parameters
        ----------
        X : frame, array or sparse matrix of shape (n_rows, n_columns)
            Columns as in `fit`.
        y : array-like of shape (n_rows,)
            Outcomes, as in `fit`.
        sample_weight : array-like of shape (n_rows,), default=None
            Weight 3 counts as the row three times.
        revenue : array-like of shape (n_rows,), default=None
            Revenue of each customer, given if and only if it was in `fit`.

        Returns
        -------
        DataFrame
            Result of ``evaluate`` of ``binner_``, to compare with ``segments_``.

        Raises
        ------
        NotFittedError
            If the binner is not fitted.
        """
        table: pd.DataFrame = self._by_binner("evaluate", X, y, sample_weight, revenue)
        return table

    @available_if(_binner_has("spend"))  # type: ignore[untyped-decorator]
    @reads_state
    def spend(self, X: Any, sample_weight: Any = None) -> pd.DataFrame:
        """Return what the tiers cost for new rows, whose outcome is not known.

        Parameters
        ----------
        X : frame, array or sparse matrix of shape (n_rows, n_columns)
            Columns as in `fit`.
        sample_weight : array-like of shape (n_rows,), default=None
            Weight 3 counts as the row three times.

        Returns
        -------
        DataFrame
            Result of ``spend`` of ``binner_``, to compare with a budget.

        Raises
        ------
        NotFittedError
            If the binner is not fitted.
        """
        table: pd.DataFrame = self.binner_.spend(self._column(X), sample_weight)
        return table

    @available_if(_binner_has("score"))  # type: ignore[untyped-decorator]
    @reads_state
    def score(
        self, X: Any, y: Any, sample_weight: Any = None, revenue: Any = None
    ) -> float:
        """Return the score of ``binner_`` on the propensities of new rows.

        Parameters
        ----------
        X : frame, array or sparse matrix of shape (n_rows, n_columns)
            Columns as in `fit`.
        y : array-like of shape (n_rows,)
            Outcomes, as in `fit`.
        sample_weight : array-like of shape (n_rows,), default=None
            Weight 3 counts as the row three times.
        revenue : array-like of shape (n_rows,), default=None
            Revenue of each customer, given if and only if it was in `fit`.

        Returns
        -------
        float
            For an `OptimalRevenueBinner`, the profit per row. It is too good on
            training rows; `GridSearchCV` maximises it on others.

        Raises
        ------
        NotFittedError
            If the binner is not fitted.
        """
        return float(self._by_binner("score", X, y, sample_weight, revenue))

    def get_metadata_routing(self) -> MetadataRouter:
        """Return which metadata goes to which part.

        Returns
        -------
        MetadataRouter
            Router from `fit` to ``fit`` of estimator and binner and ``split`` of `cv`.
        """
        estimator, binner = self._parts()
        to_fit = MethodMapping().add(caller="fit", callee="fit")
        to_split = MethodMapping().add(caller="fit", callee="split")
        # scikit-learn 1.6 prints the owner unchanged, so it is given by name.
        router = MetadataRouter(owner=type(self).__name__).add_self_request(self)
        router.add(estimator=estimator, method_mapping=to_fit)
        router.add(binner=binner, method_mapping=to_fit)
        return router.add(splitter=self.cv, method_mapping=to_split)

    def __sklearn_tags__(self) -> Any:
        estimator, binner = self._parts()
        inner, tags = tags_of(estimator), super().__sklearn_tags__()
        tags.input_tags = inner.input_tags
        # Folds are subsets of rows, not of rows and columns of a kernel matrix.
        tags.input_tags.pairwise = False
        tags.non_deterministic = inner.non_deterministic
        tags.target_tags.required = True
        tags.target_tags.positive_only = tags_of(binner).target_tags.positive_only
        if self._response_of(estimator) == "predict_proba":
            tags.classifier_tags = ClassifierTags()
        if getattr(self, "_response", None) == "predict_proba":
            # Scorers and calibration read probabilities of classifiers alone. Before a
            # fit there are no classes, and `predict` never returns them.
            tags.estimator_type = "classifier"
            tags.classifier_tags = ClassifierTags()
        return tags

    def _parts(self) -> tuple[Any, Any]:
        """Return estimator and binner, the default ones for None."""
        estimator = _or_default(self.estimator, LogisticRegression)
        return estimator, _or_default(self.binner, OptimalRevenueBinner)

    def _response_of(self, estimator: Any) -> str:
        """Return the method of an estimator that gives propensities."""
        if self.response_method != "auto":
            return self.response_method
        return "predict_proba" if is_classifier(estimator) else "predict"

    def _checked_parts(self) -> tuple[Any, Any, str]:
        """Return estimator, binner and the method that gives propensities, or raise."""
        estimator, binner = self._parts()
        if isinstance(estimator, type) or not hasattr(estimator, "fit"):
            rule = "a classifier or regressor"
            raise InvalidParameterError(OWNER, "estimator", rule, estimator)
        if not isinstance(binner, SegmenterMixin):
            rule = "a segmenter with rules, such as OptimalRevenueBinner()"
            raise InvalidParameterError(OWNER, "binner", rule, binner)
        check_choice(OWNER, "response_method", self.response_method, RESPONSE_METHODS)
        if self.encode is not None:
            self._check_encode()
        return estimator, binner, self._response_of(estimator)

    def _routed(
        self, weight: FloatArray | None, revenue: Any, fit_params: dict[str, Any]
    ) -> Any:
        """Return the metadata of estimator, binner and splitter."""
        revenues = {} if revenue is None else {"revenue": revenue}
        if get_config()["enable_metadata_routing"]:
            return process_routing(
                self, "fit", sample_weight=weight, **revenues, **fit_params
            )
        if fit_params:
            raise InvalidDataError(
                f"fit of {OWNER} takes {', '.join(map(repr, fit_params))} only with "
                "metadata routing: sklearn.set_config(enable_metadata_routing=True).",
                owner=OWNER,
                name=next(iter(fit_params)),
                rule="passed with metadata routing",
            )
        weights = {} if weight is None else {"sample_weight": weight}
        for name, part in zip(("estimator", "binner"), self._parts(), strict=True):
            if weights and not has_fit_parameter(part, "sample_weight"):
                rule = (
                    "one whose fit takes sample_weight, as weights are given (a "
                    "pipeline passes them on with metadata routing)"
                )
                raise InvalidParameterError(OWNER, name, rule, part)
        if revenues and not has_fit_parameter(self._parts()[1], "revenue"):
            rule = "one whose fit takes revenue, such as OptimalRevenueBinner()"
            raise InvalidParameterError(OWNER, "binner", rule, self._parts()[1])
        return {
            "estimator": {"fit": weights},
            "binner": {"fit": weights | revenues},
            "splitter": {"split": {}},
        }

    def _space_columns(self) -> None:
        """Return None: rules are about propensities, which new rows do not have."""

    def _encoding_of(self, binner: Any, propensities: FloatArray) -> SegmentEncoding:
        """Return how the segments of a fitted binner become columns."""
        if self.encode is None:
            encoding: SegmentEncoding | None = getattr(binner, "_encoding", None)
            if encoding is not None and encoding.is_of_codes:
                return encoding
            return SegmentEncoding.of_rules(BY_BINNER, binner.rules_)
        names = () if np.isnan(propensities).any() else _names_without_a_score(binner)
        return SegmentEncoding.of_rules(self.encode, binner.rules_, names)

    def _training_codes(self, X: Any, y: Any, fit_params: dict[str, Any]) -> IntArray:
        return self.labels_

    def _training_features(
        self, X: Any, y: Any, fit_params: dict[str, Any]
    ) -> FloatArray:
        column = pd.DataFrame({COLUMN: self.propensities_})
        if self._encoding.encode != BY_BINNER:
            return column.to_numpy()
        n_rows, params = len(column), dict(fit_params)
        weight = check_sample_weight(params.pop("sample_weight", None), n_rows, OWNER)
        revenue = params.pop("revenue", None)
        params = self._routed(weight, revenue, params)["binner"]["fit"]
        outcome = self._coding.numbers(OWNER, y, n_rows)
        # It is fitted once more, as the columns may be functions of the outcome.
        binner = owned_clone(self._parts()[1])
        return np.asarray(binner.fit_transform(column, outcome, **params))

    def _features(self, X: Any) -> FloatArray:
        column = self._column(X)
        if self._encoding.encode != BY_BINNER:
            return column.to_numpy()
        # The set_output of this estimator decides on the container, not the binner's.
        return np.asarray(self.binner_.transform(column))

    def _feature_names(self) -> list[str]:
        if self._encoding.encode != BY_BINNER:
            return [COLUMN]
        return [*self.binner_.get_feature_names_out()]

    def _rows(self, X: Any) -> Any:
        """Return new rows for the estimator, None if there are none.

        Most estimators refuse to predict no rows.
        """
        rows = read_rows(self, X, reset=False)
        if _num_samples(rows) > 0:
            return rows
        _check_n_features(self, rows, reset=False)
        return None

    def _column(self, X: Any) -> pd.DataFrame:
        return pd.DataFrame({COLUMN: self.predict_propensity(X)})

    def _by_binner(
        self, method: str, X: Any, y: Any, sample_weight: Any, revenue: Any
    ) -> Any:
        by_row = {"sample_weight": sample_weight, "revenue": revenue}
        by_row = {name: value for name, value in by_row.items() if value is not None}
        column = self._column(X)
        outcome = y if y is None else self._coding.numbers(OWNER, y, len(column))
        return getattr(self.binner_, method)(column, outcome, **by_row)


def _names_without_a_score(binner: Any) -> tuple[str, ...]:
    """Return the segments of a fitted binner that no row with a propensity is in."""
    rules = binner.rules_
    names = {name: rules[name] for name in rules.names if name != rules.default}
    universe = rules.universe
    has_score = ~missing(COLUMN)
    universe = has_score if universe is None else universe & has_score
    with_score = RuleSet(names, default=rules.default, universe=universe)
    return with_score.verify().unreachable or ()


def _or_default(part: Any, default: type) -> Any:
    if part is not None:
        return part
    part = default()
    if get_config()["enable_metadata_routing"]:
        # Users can set the requests only of parts that they pass.
        requests = {"sample_weight": True}
        if has_fit_parameter(part, "revenue"):
            requests["revenue"] = True
        part.set_fit_request(**requests)
    return part
