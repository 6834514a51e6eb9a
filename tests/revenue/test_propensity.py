"""PropensityBinner: propensities out of fold, and the segments of them."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from scipy.sparse import csr_array
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.compose import make_column_transformer
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
)
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import (
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
)
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    RepeatedKFold,
    ShuffleSplit,
    cross_val_predict,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

from skseg import MECERuleSegmenter
from skseg._revenue import OptimalRevenueBinner
from skseg._revenue._propensity import PropensityBinner
from skseg.datasets import make_cart_abandoners

COLUMNS = ["days_since_abandon", "aov", "engagement", "cart_value"]


def halves() -> MECERuleSegmenter:
    return MECERuleSegmenter(
        {"High": "propensity > q(0.5)", "Low": "propensity <= q(0.5)"},
        default="Unknown",
    )


def menu() -> OptimalRevenueBinner:
    return OptimalRevenueBinner(
        3, revenue=30, response=[1, 1.5, 1.8], cost=[0, 4, 9], min_size=20
    )


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    X, y = make_classification(
        400, n_features=5, weights=[0.7], flip_y=0.2, random_state=0
    )
    return X, y


@pytest.fixture
def routing() -> Iterator[None]:
    with config_context(enable_metadata_routing=True):
        yield


@parametrize_with_checks([PropensityBinner(Ridge(), halves())])
def test_scikit_learn_check(estimator: BaseEstimator, check: Any) -> None:
    check(estimator)


# The propensities


@pytest.mark.parametrize("cv", [5, 3, None, KFold(4, shuffle=True, random_state=0)])
def test_propensities_are_those_of_cross_val_predict(data: Any, cv: Any) -> None:
    X, y = data
    model = PropensityBinner(LogisticRegression(C=0.1), halves(), cv=cv).fit(X, y)
    expected = cross_val_predict(
        LogisticRegression(C=0.1), X, y, cv=cv, method="predict_proba"
    )
    np.testing.assert_array_equal(model.propensities_, expected[:, 1])


def test_propensities_of_a_regressor_are_its_predictions(data: Any) -> None:
    X, y = data
    counts = y * np.arange(len(y)) % 4
    model = PropensityBinner(PoissonRegressor(), halves(), cv=2).fit(X, counts)
    expected = cross_val_predict(PoissonRegressor(), X, counts, cv=2)
    np.testing.assert_array_equal(model.propensities_, expected)
    np.testing.assert_array_equal(
        model.predict_propensity(X), PoissonRegressor().fit(X, counts).predict(X)
    )


def test_propensity_of_a_classifier_of_counts_is_their_expectation(data: Any) -> None:
    X, y = data
    counts = 3 * y
    counts[np.flatnonzero(y)[::2]] = 2
    model = PropensityBinner(LogisticRegression(), halves()).fit(X, counts)
    proba = cross_val_predict(
        LogisticRegression(), X, counts.astype(float), method="predict_proba"
    )
    np.testing.assert_allclose(model.propensities_, proba @ [0, 2, 3])


class Rates(ClassifierMixin, BaseEstimator):
    """Predicts for everyone the (weighted) frequencies of the classes in training."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Rates:
        self.classes_, codes = np.unique(y, return_inverse=True)
        self.n_rows_ = len(y)
        self.rates_ = np.bincount(codes, sample_weight) / np.sum(
            np.ones(len(y)) if sample_weight is None else sample_weight
        )
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        return np.tile(self.rates_, (len(X), 1))

    def predict(self, X: Any) -> np.ndarray:
        return np.full(len(X), self.classes_[self.rates_.argmax()])


def test_a_row_is_predicted_from_the_weighted_rows_of_the_other_folds() -> None:
    y, weight = [0, 1, 1, 0, 1, 5], [1.0, 2, 3, 4, 5, 0]
    folds = [([2, 3, 4, 5], [0, 1]), ([0, 1, 4, 5], [2, 3]), ([0, 1, 2, 3], [4, 5])]
    model = PropensityBinner(Rates(), halves(), cv=folds)
    # The class 5 is only known to the first two folds, and has no weight in them.
    model.fit(np.zeros((6, 1)), y, sample_weight=weight)
    expected = np.repeat([8 / 12, 7 / 8, 5 / 10], 2)
    np.testing.assert_allclose(model.propensities_, expected)
    np.testing.assert_allclose(model.predict_propensity([[0]]), [10 / 15])


def test_a_class_that_a_fold_lacks_counts_for_nothing_there() -> None:
    y = [0, 0, 0, 7]
    model = PropensityBinner(Rates(), halves(), cv=[([0, 1], [2, 3]), ([2, 3], [0, 1])])
    model.fit(np.zeros((4, 1)), y)
    np.testing.assert_allclose(model.propensities_, [3.5, 3.5, 0, 0])


def test_weights_reach_the_binner(data: Any) -> None:
    X, y = data
    weight = np.where(X[:, 0] > 0, 1.0, 3.0)
    model = PropensityBinner(LogisticRegression(), menu()).fit(X, y, weight)
    assert model.segments_["n"].sum() == weight.sum()
    alone = menu().fit(
        pd.DataFrame({"propensity": model.propensities_}), y, sample_weight=weight
    )
    pd.testing.assert_frame_equal(model.segments_, alone.segments_)


def test_weight_three_is_the_row_three_times_if_folds_keep_copies(data: Any) -> None:
    X, y = data
    weight = np.arange(len(y)) % 4
    fold = np.arange(len(y)) % 3
    folds = [np.nonzero(fold != i) + np.nonzero(fold == i) for i in range(3)]
    times = np.repeat(np.arange(len(y)), weight)
    copies = [
        np.nonzero(fold[times] != i) + np.nonzero(fold[times] == i) for i in range(3)
    ]
    weighted = PropensityBinner(LinearRegression(), menu(), cv=folds)
    repeated = PropensityBinner(LinearRegression(), menu(), cv=copies)
    weighted.fit(X, y, sample_weight=weight)
    repeated.fit(X[times], y[times])
    np.testing.assert_allclose(weighted.propensities_[times], repeated.propensities_)
    np.testing.assert_array_equal(weighted.labels_[times], repeated.labels_)


def test_the_number_of_jobs_changes_nothing(data: Any) -> None:
    X, y = data
    forest = RandomForestClassifier(5, random_state=0)
    serial = PropensityBinner(forest, halves()).fit(X, y)
    with parallel_config("threading"):
        parallel = PropensityBinner(forest, halves(), n_jobs=2).fit(X, y)
    np.testing.assert_array_equal(serial.propensities_, parallel.propensities_)


@pytest.mark.parametrize("n_converted", [2, 4])
def test_folds_are_stratified_quietly_where_conversions_are_rare(
    n_converted: int,
) -> None:
    y = np.zeros(50)
    y[:n_converted] = 1
    model = PropensityBinner(Rates(), halves()).fit(np.zeros((50, 1)), y)
    # Unshuffled plain folds would have all of them in the first one.
    assert model.propensities_.min() > 0


def test_counts_that_are_all_different_have_plain_folds() -> None:
    y = np.arange(20)
    model = PropensityBinner(Rates(), halves()).fit(np.zeros((20, 1)), y)
    expected = [np.setdiff1d(y, y[i : i + 4]).mean() for i in range(0, 20, 4)]
    np.testing.assert_allclose(model.propensities_, np.repeat(expected, 4))


@pytest.mark.parametrize("kind", [bool, int, float, object, list])
def test_outcomes_of_all_kinds_give_the_same(data: Any, kind: Any) -> None:
    X, y = data
    outcome = y.tolist() if kind is list else y.astype(kind)
    model = PropensityBinner(Rates(), halves()).fit(X, outcome)
    expected = PropensityBinner(Rates(), halves()).fit(X, y)
    np.testing.assert_array_equal(model.propensities_, expected.propensities_)


def test_estimator_that_has_probabilities_only_once_fitted(data: Any) -> None:
    X, y = data
    stack = StackingClassifier([("logit", LogisticRegression())], cv=2)
    assert not hasattr(stack, "predict_proba")
    first, last = np.arange(200), np.arange(200, 400)
    model = PropensityBinner(stack, halves(), cv=[(first, last), (last, first)])
    model.fit(X, y)
    expected = stack.fit(X[first], y[first]).predict_proba(X[last])[:, 1]
    np.testing.assert_allclose(model.propensities_[last], expected)


# The promise


def test_out_of_fold_promise_is_near_what_is_realised() -> None:
    customers = make_cart_abandoners(12_000, never_ordered=0, random_state=0)
    X, y = customers[COLUMNS].to_numpy(), customers["converted"].to_numpy()
    X, y, X_new, y_new = X[:2000], y[:2000], X[2000:], y[2000:]
    forest = RandomForestClassifier(40, random_state=0)
    model = PropensityBinner(forest, menu()).fit(X, y)
    in_sample = menu().fit(model.predict_propensity(X)[:, np.newaxis], y)
    new = model.predict_propensity(X_new)[:, np.newaxis]

    # Per customer, beyond what they bring in if nothing is done.
    def promise(binner: Any) -> float:
        return float(binner.segments_["profit"].sum() / len(y) - 30 * y.mean())

    realised = model.score(X_new, y_new) - 30 * y_new.mean()
    realised_in_sample = in_sample.score(new, y_new) - 30 * y_new.mean()
    optimism = promise(in_sample) - realised_in_sample
    assert optimism > 1.5
    assert abs(promise(model) - realised) < optimism / 10
    assert realised > realised_in_sample


# The segments


def test_segments_are_those_of_the_binner_on_the_propensities(data: Any) -> None:
    X, y = data
    model = PropensityBinner(None, menu()).fit(X, y)
    column = pd.DataFrame({"propensity": model.propensities_})
    alone = menu().fit(column, y)
    assert str(model.rules_) == str(alone.rules_)
    assert "propensity" in str(model.rules_)
    assert model.rules_.verify().is_mece
    pd.testing.assert_frame_equal(model.segments_, alone.segments_)
    np.testing.assert_array_equal(model.labels_, alone.predict(column))
    assert model.segment_names_.tolist() == alone.segment_names_.tolist()


def test_fit_predict_is_out_of_fold_and_predict_is_not(data: Any) -> None:
    X, y = data
    model = PropensityBinner(RandomForestClassifier(10, random_state=0), halves())
    codes = model.fit_predict(X, y)
    np.testing.assert_array_equal(codes, model.labels_)
    assert (codes != model.predict(X)).any()
    columns = model.fit_transform(X, y)
    np.testing.assert_array_equal(columns, np.eye(3)[model.labels_])
    np.testing.assert_array_equal(columns.sum(axis=0), model.segments_["n"])
    assert (columns != model.transform(X)).any()


def test_new_rows_are_segmented_by_the_model_of_all_rows(data: Any) -> None:
    X, y = data
    model = PropensityBinner(binner=menu()).fit(X[:300], y[:300])
    expected = LogisticRegression().fit(X[:300], y[:300]).predict_proba(X[300:])[:, 1]
    np.testing.assert_array_equal(model.predict_propensity(X[300:]), expected)
    column = pd.DataFrame({"propensity": expected})
    np.testing.assert_array_equal(model.predict(X[300:]), model.binner_.predict(column))
    assert model.score(X[300:], y[300:]) == model.binner_.score(column, y[300:])
    weight = np.arange(100.0)
    assert model.score(X[300:], y[300:], weight) == model.binner_.score(
        column, y[300:], sample_weight=weight
    )
    realised = model.evaluate(X[300:], y[300:])
    assert realised["n"].sum() == 100


def test_default_binner_makes_revenue_tiers(data: Any) -> None:
    model = PropensityBinner().fit(*data)
    assert isinstance(model.binner_, OptimalRevenueBinner)
    assert isinstance(model.estimator_, LogisticRegression)
    assert model.classes_.tolist() == [0, 1]


def test_binner_without_a_score_has_none(data: Any) -> None:
    class WithoutScore(BaseEstimator):
        """A binner of which nothing is known but its fit."""

        def fit(self, X: Any, y: Any = None) -> Any:
            return self

    assert not hasattr(PropensityBinner(binner=WithoutScore()), "score")
    assert not hasattr(PropensityBinner(binner=halves()), "evaluate")
    assert hasattr(PropensityBinner(), "evaluate")


# Frames, containers, pipelines


def test_frames_and_arrays_give_the_same(
    make_frame: Callable[[Any], Any], data: Any
) -> None:
    X, y = data
    frame = make_frame({f"c{i}": X[:, i].tolist() for i in range(5)})
    model = PropensityBinner(binner=menu()).fit(frame, y)
    expected = PropensityBinner(binner=menu()).fit(X, y)
    # The columns of a frame lie in another order in memory.
    np.testing.assert_allclose(model.propensities_, expected.propensities_, rtol=1e-9)
    np.testing.assert_array_equal(model.predict(frame), expected.predict(X))
    assert model.feature_names_in_.tolist() == [f"c{i}" for i in range(5)]
    assert model.n_features_in_ == expected.n_features_in_ == 5


def test_pyarrow_tables_lists_and_sparse_matrices_are_passed_through(data: Any) -> None:
    pa = pytest.importorskip("pyarrow")
    X, y = data
    expected = PropensityBinner(Rates(), halves()).fit(X, y).propensities_
    for rows in (pa.table({f"c{i}": X[:, i] for i in range(5)}), X.tolist()):
        model = PropensityBinner(Rates(), halves()).fit(rows, y)
        np.testing.assert_array_equal(model.propensities_, expected)
    model = PropensityBinner(binner=halves()).fit(csr_array(X), y)
    expected = PropensityBinner(binner=halves()).fit(X, y)
    np.testing.assert_allclose(model.propensities_, expected.propensities_, atol=1e-3)


def test_columns_that_only_the_estimator_understands() -> None:
    customers = make_cart_abandoners(500, random_state=0)
    estimator = make_pipeline(
        make_column_transformer((OneHotEncoder(), ["category"])), LogisticRegression()
    )
    model = PropensityBinner(estimator, halves())
    model.fit(customers, customers["converted"])
    assert len(np.unique(model.predict_propensity(customers))) == 5


def test_set_output_keeps_the_index_and_names_the_columns(data: Any) -> None:
    X, y = data
    frame = pd.DataFrame(X, index=np.arange(400)[::-1]).add_prefix("c")
    model = PropensityBinner(binner=halves().set_output(transform="polars"))
    out = model.set_output(transform="pandas").fit(frame, y).transform(frame)
    assert out.index.equals(frame.index)
    assert list(out.columns) == ["High", "Low", "Unknown"]
    assert list(model.get_feature_names_out()) == ["High", "Low", "Unknown"]
    names = model.set_output(transform="polars").transform(frame).columns
    assert names == ["High", "Low", "Unknown"]
    plain = model.set_output(transform="default").transform(frame)
    assert isinstance(plain, np.ndarray)


def test_grid_search_over_both_parts(data: Any) -> None:
    search = GridSearchCV(
        PropensityBinner(LogisticRegression(), OptimalRevenueBinner(revenue=30), cv=3),
        {"estimator__C": [0.01, 1.0], "binner__n_bins": [1, 4]},
        cv=2,
    ).fit(*data)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_params_["binner__n_bins"] == 4


def test_pipeline_ends_in_it(data: Any) -> None:
    X, y = data
    model = make_pipeline(StandardScaler(), PropensityBinner(binner=menu())).fit(X, y)
    np.testing.assert_array_equal(
        model.predict(X), model[-1].predict(model[0].transform(X))
    )
    assert np.isfinite(model.score(X, y))


def test_clone_and_pickle(data: Any) -> None:
    X, y = data
    model = PropensityBinner(LogisticRegression(C=2), menu(), cv=3).fit(X, y)
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copy.predict(X), model.predict(X))
    assert not hasattr(clone(model), "estimator_")
    assert not hasattr(model.estimator, "coef_")
    assert not hasattr(model.binner, "rules_")


def test_tags_follow_the_estimator() -> None:
    tags = get_tags(PropensityBinner())
    # scikit-learn 1.6 does not yet say that the latter takes sparse matrices.
    assert tags.input_tags == get_tags(LogisticRegression()).input_tags
    assert not tags.input_tags.allow_nan
    assert tags.target_tags.required
    assert tags.estimator_type is None
    trees = PropensityBinner(HistGradientBoostingClassifier())
    assert get_tags(trees).input_tags.allow_nan
    assert not get_tags(PropensityBinner(SVC(kernel="precomputed"))).input_tags.pairwise


def test_missing_values_are_left_to_the_estimator(data: Any) -> None:
    X, y = data
    X = X.copy()
    X[::7, 0] = np.nan
    forest = RandomForestClassifier(5, random_state=0)
    assert PropensityBinner(forest, halves()).fit(X, y).predict(X).shape == (400,)
    with pytest.raises(ValueError, match="NaN"):
        PropensityBinner(binner=halves()).fit(X, y)


# Metadata routing


def test_routing_brings_each_part_what_it_asks_for(routing: None, data: Any) -> None:
    X, y = data
    weight, groups = np.arange(1.0, 401), np.arange(400) // 4
    pipeline = make_pipeline(
        StandardScaler().set_fit_request(sample_weight=True),
        LogisticRegression().set_fit_request(sample_weight=True),
    )
    binner = menu().set_fit_request(sample_weight=False)
    model = PropensityBinner(pipeline, binner, cv=GroupKFold(4))
    model.fit(X, y, sample_weight=weight, groups=groups)
    expected = cross_val_predict(
        pipeline,
        X,
        y,
        cv=GroupKFold(4),
        method="predict_proba",
        params={"sample_weight": weight, "groups": groups},
    )
    np.testing.assert_array_equal(model.propensities_, expected[:, 1])
    assert model.segments_["n"].sum() == 400


def test_defaults_take_weights_with_routing_as_without(data: Any) -> None:
    X, y = data
    weight = np.arange(1.0, 401)
    without = PropensityBinner().fit(X, y, sample_weight=weight)
    with config_context(enable_metadata_routing=True):
        routed = PropensityBinner().fit(X, y, sample_weight=weight)
        model = PropensityBinner(cv=2).set_fit_request(sample_weight=True)
        model.set_score_request(sample_weight=True)
        search = GridSearchCV(model, {"estimator": [LogisticRegression()]}, cv=2)
        with pytest.raises(ValueError, match="sample_weight"):
            search.fit(X, y, sample_weight=weight)
        search = GridSearchCV(model, {"response_method": ["auto"]}, cv=2)
        assert np.isfinite(search.fit(X, y, sample_weight=weight).best_score_)
    np.testing.assert_array_equal(without.propensities_, routed.propensities_)
    pd.testing.assert_frame_equal(without.segments_, routed.segments_)


# Errors


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"estimator": "logit"},
            (
                "The 'estimator' parameter of PropensityBinner must be a classifier or "
                "regressor. Got 'logit' instead."
            ),
        ),
        (
            {"estimator": LogisticRegression},
            "must be a classifier or regressor. Got <class",
        ),
        (
            {"estimator": LinearSVC()},
            (
                "must be an estimator with predict_proba, which CalibratedClassifierCV "
                "adds to those without. Got LinearSVC() instead."
            ),
        ),
        (
            {"estimator": StandardScaler()},
            "must be an estimator with predict. Got StandardScaler() instead.",
        ),
        (
            {"binner": StandardScaler()},
            (
                "The 'binner' parameter of PropensityBinner must be a segmenter with "
                "rules, such as OptimalRevenueBinner(). Got StandardScaler() instead."
            ),
        ),
        (
            {"response_method": "decision_function"},
            (
                "The 'response_method' parameter of PropensityBinner must be 'auto' or "
                "'predict_proba' or 'predict'. Got 'decision_function' instead."
            ),
        ),
        (
            {"cv": ShuffleSplit(2, test_size=0.25, random_state=0)},
            (
                "The 'cv' parameter of PropensityBinner must put every row in exactly "
                "one test fold. Got ShuffleSplit(n_splits=2, random_state=0, "
            ),
        ),
        (
            {"cv": [(np.arange(300), np.arange(300, 400))]},
            "of 400 rows 300 are in none, and all folds together have 100.",
        ),
        (
            {"cv": RepeatedKFold(n_splits=2, n_repeats=2, random_state=0)},
            "of 400 rows 0 are in none, and all folds together have 800.",
        ),
        ({"cv": []}, "of 400 rows 400 are in none"),
    ],
)
def test_wrong_parameters_are_named(
    data: Any, parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        PropensityBinner(**parameters).fit(*data)


def test_labels_of_more_than_two_classes_are_refused(data: Any) -> None:
    X, y = data
    labels = np.where(y == 1, "yes", "no").astype(object)
    labels[0] = "perhaps"
    with pytest.raises(ValueError, match=r"must be numbers, or labels of two classes"):
        PropensityBinner().fit(X, labels)


def test_outcomes_are_needed_and_known(data: Any) -> None:
    X, y = data
    with pytest.raises(ValueError, match="requires y to be passed"):
        PropensityBinner().fit(X, None)
    with pytest.raises(ValueError, match="y must have one outcome a row of X"):
        PropensityBinner().fit(X, y[:5])
    with pytest.raises(ValueError, match="Got nan at row 0"):
        PropensityBinner().fit(X, np.append(np.nan, y[1:]))


def test_weights_that_a_part_cannot_take_are_refused(data: Any) -> None:
    X, y = data
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    with pytest.raises(ValueError, match=r"'estimator' .* with metadata routing"):
        PropensityBinner(pipeline).fit(X, y, sample_weight=np.ones(400))
    with pytest.raises(ValueError, match="sample_weight must have shape"):
        PropensityBinner().fit(X, y, sample_weight=np.ones(5))


def test_further_metadata_needs_routing(data: Any) -> None:
    X, y = data
    with pytest.raises(ValueError, match="takes 'groups' only with metadata routing"):
        PropensityBinner().fit(X, y, groups=y)


@pytest.mark.parametrize(
    "method", ["predict", "transform", "predict_propensity", "get_feature_names_out"]
)
def test_unfitted_binner_says_so(data: Any, method: str) -> None:
    with pytest.raises(NotFittedError):
        getattr(PropensityBinner(), method)(data[0])
