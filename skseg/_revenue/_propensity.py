"""PropensityBinner: revenue tiers on out-of-fold propensities."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn import get_config
from sklearn.base import (
    BaseEstimator,
    MetaEstimatorMixin,
    TransformerMixin,
)
from sklearn.linear_model import LogisticRegression
from sklearn.utils import indexable
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _num_samples, has_fit_parameter

from skseg._core._base import SegmenterMixin
from skseg._core._fitted_state import reads_state
from skseg._core._folds import fold_splits
from skseg._core._foreign import is_classifier, tags_of
from skseg._core._magnitudes import check_finite_squares
from skseg._core._owned import owned, owned_clone, owned_values
from skseg._core._validation import (
    check_choice,
    check_outcome,
    check_sample_weight,
    read_rows,
)
from skseg._typing import FloatArray, IntArray
from skseg.exceptions import InvalidDataError, InvalidParameterError

from ._binner import OptimalRevenueBinner
from ._cross_fitting import (
    OWNER,
    check_classes,
    expected_outcome,
    out_of_fold,
)

COLUMN = "propensity"
RESPONSE_METHODS = ("auto", "predict_proba", "predict")


def _binner_has(name: str) -> Any:
    """Return the check of `available_if` that the binner has this method."""
    return lambda self: hasattr(getattr(self, "binner_", self._parts()[1]), name)


class PropensityBinner(
    SegmenterMixin, MetaEstimatorMixin, TransformerMixin, BaseEstimator
):
    """Revenue tiers on out-of-fold propensities of a model.

    A model is overconfident about the rows that it was fitted on, and cut points fitted
    to its scores promise profits that new rows do not make. Here the propensity of
    every training row comes from a model that has not seen this row, and `binner` is
    fitted on these propensities. New rows get their propensity from a model that is
    fitted on all training rows.

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
    n_jobs : int, default=None
        Number of folds to fit at once, as joblib counts. It does not change the result.

    Attributes
    ----------
    propensities_ : ndarray of float of shape (n_rows,)
        Out-of-fold propensities of the training rows, in conversions per row.
    estimator_ : estimator
        The model fitted on all training rows.
    binner_ : segmenter
        The binner fitted on ``propensities_``.
    rules_ : RuleSet
        The segments, as rules about the column "propensity".
    segments_ : DataFrame
        The segment table of ``binner_``: code, name, rule, n, share, and more.
    segment_names_ : ndarray of str
        Names; a code is a position here.
    labels_ : ndarray of int of shape (n_rows,)
        Segment codes of the training rows by their out-of-fold propensity.
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

    This is cross-fitting [1]_. It cannot be a transformer before a binner: its
    ``fit_transform`` would have to return out-of-fold values, but ``fit`` and
    ``transform`` of the same rows in-sample ones, and a pipeline does not tell whether
    rows are training rows. So ``labels_``, which `fit_predict` returns, belong to
    ``propensities_``, while `predict`, `transform` and ``fit_transform`` treat all rows
    as new ones; on training rows the two differ.

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

    def __init__(
        self,
        estimator: Any = None,
        binner: Any = None,
        *,
        cv: Any = 5,
        response_method: str = "auto",
        n_jobs: int | None = None,
    ) -> None:
        self.estimator = estimator
        self.binner = binner
        self.cv = cv
        self.response_method = response_method
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **fit_params: Any) -> Self:
        """Fit the models of the folds, the segments, and the model of all rows.

        Parameters
        ----------
        X : frame, array or sparse matrix of shape (n_rows, n_columns)
            One row per customer, passed on to `estimator` as it is.
        y : array-like of shape (n_rows,)
            Outcomes, in conversions: 0 / 1, bool, counts or other numbers.
        sample_weight : array-like of shape (n_rows,), default=None
            Weight 3 counts as the row three times, save for the folds.
        **fit_params : dict
            Metadata for `estimator`, `binner` and `cv`, with metadata routing only.

        Returns
        -------
        PropensityBinner
            The fitted binner.

        Raises
        ------
        ValueError
            If a parameter is wrong, outcomes are no numbers or, for a classifier, no
            classes, one fold has all rows of a class, the test folds are no partition,
            or weights are given that `estimator` or `binner` cannot take.
        """
        estimator, binner, self._response = self._checked_parts()
        (X,) = indexable(read_rows(self, X, reset=True))
        outcome = check_outcome(OWNER, y, _num_samples(X))
        weight = check_sample_weight(sample_weight, len(outcome), OWNER)
        if weight is not None:
            check_finite_squares(OWNER, "sample_weight", weight)
        check_finite_squares(OWNER, "y", outcome, weight)
        routed = self._routed(weight, fit_params)
        params = routed["estimator"]["fit"]
        to_split = routed["splitter"]["split"]
        check_classes(estimator, outcome)
        splits = fold_splits(
            OWNER, self.cv, X, outcome, to_split, stratify=is_classifier(estimator)
        )
        self.propensities_ = out_of_fold(
            estimator, X, outcome, splits, params, self._response, self.n_jobs
        )
        self.binner_ = owned_clone(binner)
        column = pd.DataFrame({COLUMN: self.propensities_})
        self.binner_.fit(column, outcome, **routed["binner"]["fit"])
        self.estimator_ = owned_clone(estimator).fit(
            owned(X), outcome, **owned_values(params)
        )
        self.rules_ = self.binner_.rules_
        self.segments_ = self.binner_.segments_.copy()
        self.labels_ = self.binner_.labels_.copy()
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
        X = read_rows(self, X, reset=False)
        return expected_outcome(self.estimator_, X, self._response)

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

    @reads_state
    def transform(self, X: Any) -> Any:
        """Return what ``binner_`` gives for the segment of every row.

        Parameters
        ----------
        X : frame, array or sparse matrix of shape (n_rows, n_columns)
            Columns as in `fit`. Training rows are treated as new ones.

        Returns
        -------
        ndarray of shape (n_rows, n_columns_out)
            Result of ``transform`` of ``binner_``; ``set_output`` gives a frame.

        Raises
        ------
        NotFittedError
            If the binner is not fitted.
        """
        column = self._column(X)
        # The set_output of this estimator decides on the container, not the binner's.
        return np.asarray(self.binner_.transform(column))

    @reads_state
    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """Return the names of the columns of `transform`.

        Parameters
        ----------
        input_features : Ignored
            Present for the API of scikit-learn.

        Returns
        -------
        ndarray of str
            Names from ``binner_``.
        """
        return self.binner_.get_feature_names_out()

    @available_if(_binner_has("evaluate"))  # type: ignore[untyped-decorator]
    @reads_state
    def evaluate(self, X: Any, y: Any, sample_weight: Any = None) -> pd.DataFrame:
        """Return the segment table of new rows and their outcomes.

        Parameters
        ----------
        X : frame, array or sparse matrix of shape (n_rows, n_columns)
            Columns as in `fit`.
        y : array-like of shape (n_rows,)
            Outcomes, as in `fit`.
        sample_weight : array-like of shape (n_rows,), default=None
            Weight 3 counts as the row three times.

        Returns
        -------
        DataFrame
            Result of ``evaluate`` of ``binner_``, to compare with ``segments_``.

        Raises
        ------
        NotFittedError
            If the binner is not fitted.
        """
        table: pd.DataFrame = self._by_binner("evaluate", X, y, sample_weight)
        return table

    @available_if(_binner_has("score"))  # type: ignore[untyped-decorator]
    @reads_state
    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the score of ``binner_`` on the propensities of new rows.

        Parameters
        ----------
        X : frame, array or sparse matrix of shape (n_rows, n_columns)
            Columns as in `fit`.
        y : array-like of shape (n_rows,)
            Outcomes, as in `fit`.
        sample_weight : array-like of shape (n_rows,), default=None
            Weight 3 counts as the row three times.

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
        return float(self._by_binner("score", X, y, sample_weight))

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
        return tags

    def _parts(self) -> tuple[Any, Any]:
        """Return estimator and binner, the default ones for None."""
        estimator = _or_default(self.estimator, LogisticRegression)
        return estimator, _or_default(self.binner, OptimalRevenueBinner)

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
        method = self.response_method
        if method == "auto":
            method = "predict_proba" if is_classifier(estimator) else "predict"
        return estimator, binner, method

    def _routed(self, weight: FloatArray | None, fit_params: dict[str, Any]) -> Any:
        """Return the metadata of estimator, binner and splitter."""
        if get_config()["enable_metadata_routing"]:
            return process_routing(self, "fit", sample_weight=weight, **fit_params)
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
        to_fit = {"fit": weights}
        return {"estimator": to_fit, "binner": to_fit, "splitter": {"split": {}}}

    def _space_columns(self) -> None:
        """Return None: rules are about propensities, which new rows do not have."""

    def _column(self, X: Any) -> pd.DataFrame:
        return pd.DataFrame({COLUMN: self.predict_propensity(X)})

    def _by_binner(self, method: str, X: Any, y: Any, sample_weight: Any) -> Any:
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        column = self._column(X)
        return getattr(self.binner_, method)(column, y, **weights)


def _or_default(part: Any, default: type) -> Any:
    if part is not None:
        return part
    part = default()
    if get_config()["enable_metadata_routing"]:
        # Users can set the requests only of parts that they pass.
        part.set_fit_request(sample_weight=True)
    return part
