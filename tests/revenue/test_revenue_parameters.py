"""OptimalRevenueBinner: its parameters, response models, and life in scikit-learn."""

from __future__ import annotations

import math
import pickle
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy.optimize import minimize
from sklearn import config_context
from sklearn.base import clone, is_classifier, is_clusterer, is_regressor
from sklearn.isotonic import IsotonicRegression
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    cross_val_predict,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from skseg import OptimalRevenueBinner
from skseg._core import _searches
from skseg._revenue._menu import Menu, check_money
from skseg.exceptions import (
    InvalidDataError,
    InvalidParameterError,
    MissingColumnError,
)
from tests.revenue.test_revenue_binner import (
    MENU,
    NAN,
    X_MISSING,
    Y_MISSING,
    X,
    Y,
    column,
    result,
    three,
)


def error_of(binner: OptimalRevenueBinner, *args: Any, **kwargs: Any) -> str:
    """Return what `fit` says; it must be a ValueError."""
    with pytest.raises(ValueError, match=r".") as caught:
        binner.fit(*args, **kwargs)
    return str(caught.value)


def customers(seed: int = 0, n: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Return scores with ties, and outcomes that follow them loosely."""
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 60, n) / 60
    return scores.reshape(-1, 1), (rng.random(n) < scores**1.5).astype(float)


# Parameters


A_SIZE = "None, an int in [1, inf) or a float in (0, 1)"
A_MENU = "a number, an array of 3 numbers (one a tier), or a function"
NAMES = "None or 3 different names, none of them 'No score'"

WRONG: dict[str, tuple[str, list[Any]]] = {
    "n_bins": ("an int in [1, 1000]", [0, -1, 1001, 2.0, "3", True]),
    "revenue": (A_MENU, [None, "a", True, NAN, math.inf, [1, 2], [[1, 2, 3]], {1: 2}]),
    "cost": (A_MENU, ["a", False, [1, 2, NAN], [1, 2, 3, 4], lambda i: None]),
    "response": (A_MENU, ["a", True, [1, 2, -math.inf], [], lambda i: [i, i]]),
    "fixed_cost": (A_MENU, [None, "a", True, NAN, [0, 0], ["a", "b", "c"]]),
    "mode": ("'subset' or 'prefix' or 'exact'", ["all", None, 0, "Subset"]),
    "min_size": (A_SIZE, [0, -1, 0.0, 1.0, 1.5, "3", True, NAN]),
    "max_size": (A_SIZE, [0, -1, 0.0, 1.0, 1.5, "3", False, math.inf]),
    "budget": ("None or a number", ["3", NAN, True, [1]]),
    "budget_per_customer": ("None or a number", ["3", NAN, False, [1]]),
    "monotonic": ("'ascending' or 'descending'", ["auto", True, 1, False]),
    "min_rate_diff": ("a number in [0, 1]", [-0.1, 1.1, NAN, None, "0", True]),
    "response_model": ("'observed' or 'score'", ["platt", None, 1]),
    "score_column": ("an int in [-1, 0]", [1, -2, 0.0, True, [0]]),
    "encode": ("'ordinal' or 'onehot'", ["target", None, 1]),
    "segment_names": (NAMES, ["abc", ["a", "b"], ["a", "a", "b"], ["a", "b", 3]]),
    "missing_tier": ("an int in [0, 2]", [3, -1, 0.0, None, True, "Tier 0"]),
    "compute_path": ("", [None, "no", 2]),
}


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, (_, values) in WRONG.items() for value in values],
)
def test_a_wrong_parameter_is_named_with_its_rule_and_value(
    name: str, value: Any
) -> None:
    message = error_of(three(**{name: value}), X, Y)
    start = f"The {name!r} parameter of OptimalRevenueBinner must be {WRONG[name][0]}"
    assert message.startswith(start)
    got = [value(i) for i in range(3)] if callable(value) else value
    assert message.endswith(f"Got {got!r} instead.")


def test_every_parameter_is_checked() -> None:
    # Folds are checked where they are used, labels where outcomes are.
    elsewhere = {"cv", "pos_label"}
    assert {*WRONG} | elsewhere == {*OptimalRevenueBinner().get_params()}


@pytest.mark.parametrize(
    "names", [["", "b", "c"], ["a", " ", "c"], ["No score", *"ab"]]
)
def test_names_of_nothing_or_of_the_segment_without_scores_are_refused(
    names: list[str],
) -> None:
    assert NAMES in error_of(three(segment_names=names), X, Y)


def test_menus_written_as_text_are_refused() -> None:
    assert "'revenue'" in error_of(three(revenue=["1", "2", "3"]), X, Y)
    assert "'cost'" in error_of(three(cost=[False, True, True]), X, Y)


def test_a_response_below_zero_is_refused() -> None:
    message = error_of(three(response=[1, -0.5, 2]), X, Y)
    assert message.startswith("The 'response' parameter of OptimalRevenueBinner must ")
    assert "0 or more" in message
    assert three(response=[0, 1, 2]).fit(X, Y).menu_["response"].tolist() == [0, 1, 2]


def test_a_scalar_of_numpy_is_a_number() -> None:
    for revenue in (np.float32(10), np.int64(10), np.array(10.0)):
        assert three(revenue=revenue).fit(X, Y).value_ == 61


def test_a_missing_score_column_is_named() -> None:
    frame = pd.DataFrame({"age": X[:, 0], "score": X[:, 0]})
    message = error_of(three(score_column="scor"), frame, Y)
    assert "'scor'" in message
    assert "Did you mean 'score'?" in message
    assert "score_column" in message
    assert "[-2, 1]" in error_of(three(score_column=2), frame, Y)


def test_scores_that_are_no_numbers_are_refused() -> None:
    frame = pd.DataFrame({"score": list("abcdefgh")})
    assert "'score'" in error_of(three(), frame, Y)


@pytest.mark.parametrize(
    ("y", "says"),
    [
        (None, "requires y to be passed"),
        (Y[:-1], "7 outcomes and 8 rows"),
        ([*Y[:-1], NAN], "known and finite. Got nan at row 7"),
        ([*Y[:-1], math.inf], "known and finite. Got inf at row 7"),
        (list("yynnyynm"), "must be numbers, or labels of two classes. Got 3 classes"),
    ],
)
def test_a_wrong_outcome_says_what_is_wrong(y: Any, says: str) -> None:
    assert says in error_of(three(), X, y)


@pytest.mark.parametrize(
    ("weight", "says"),
    [
        (np.zeros(8), "not be zero for every row"),
        (-np.ones(8), "finite and not negative"),
        ([*np.ones(7), NAN], "finite and not negative. Got nan"),
        (np.ones(7), "shape (8,)"),
        (2.0, "must be one-dimensional. Got shape ()"),
    ],
)
def test_wrong_weights_say_what_is_wrong(weight: Any, says: str) -> None:
    assert says in error_of(three(), X, Y, sample_weight=weight)


def test_nothing_is_checked_before_fit() -> None:
    binner = OptimalRevenueBinner(-3, mode="nonsense", cost="abc", segment_names=7)
    assert binner.get_params()["mode"] == "nonsense"
    assert "n_bins" in repr(binner)


def test_an_encoding_takes_a_fit() -> None:
    binner = three().fit(X, Y)
    codes, names = binner.transform(X), binner.get_feature_names_out()
    for encode in ("onehot", "woe", "target"):
        binner.set_params(encode=encode)
        np.testing.assert_array_equal(binner.transform(X), codes)
        assert binner.get_feature_names_out().tolist() == names.tolist()
        np.testing.assert_array_equal(
            binner.inverse_transform(codes), three().fit(X, Y).inverse_transform(codes)
        )
    with pytest.raises(ValueError, match="'encode' parameter"):
        binner.fit(X, Y)
    assert binner.set_params(encode="onehot").fit(X, Y).transform(X).shape[1] == len(
        binner.rules_
    )


@pytest.mark.parametrize("values", [list("abcdefgh"), [*range(7), "x"]], ids=str)
def test_a_score_of_text_is_no_matter_of_rules(values: Any) -> None:
    frame = pd.DataFrame({"plan": values, "score": np.arange(8.0)})
    with pytest.raises(InvalidDataError) as caught:
        three(score_column="plan").fit(frame, Y)
    error = caught.value
    assert "rule" not in str(error)
    assert str(error).endswith("The parameter 'score_column' names the column.")
    assert (error.name, error.column) == ("score_column", "plan")
    three(score_column="score").fit(frame, Y)


COSTS: dict[str, Any] = {
    "list": [0, 1, 4],
    "tuple": (0.0, 1, 4),
    "Decimal": [Decimal(0), Decimal(1), Decimal(4)],
    "int8": np.array([0, 1, 4], dtype="int8"),
    "float32": np.array([0, 1, 4], dtype="float32"),
    "object": np.array([0, 1, 4], dtype=object),
    "Series": pd.Series([0, 1, 4], index=list("abc")),
    "Int64": pd.Series([0, 1, 4], dtype="Int64"),
    "arrow in pandas": pd.Series([0, 1, 4], dtype="double[pyarrow]"),
    "category": pd.Series([0, 1, 4]).astype("category"),
    "Index": pd.Index([0, 1, 4]),
    "polars": pl.Series([0, 1, 4]),
    "arrow": pa.array([0, 1, 4]),
    "dictionary": pa.array([0, 1, 4]).dictionary_encode(),
    "function": lambda tier: [0, 1, 4][tier],
}
WRONG_COSTS: dict[str, Any] = {
    "text": ["0", "1", "4"],
    "one text": "4",
    "flags": [False, True, True],
    "flag": True,
    "missing": pd.Series([0, 1, None], dtype="Int64"),
    "null": pl.Series([0, None, 4]),
    "dates": np.array(["2024-01-01"] * 3, dtype="M8[D]"),
    "durations": np.array([0, 1, 4], dtype="m8[D]"),
    "infinity": [0, 1, np.inf],
    "2-D": [[0], [1], [4]],
    "frame": pd.DataFrame({"cost": [0, 1, 4]}),
    "too few": [0, 1],
    "ragged": [0, [1], 4],
    "dict": {0: 0, 1: 1, 2: 4},
    "set": {0, 1, 4},
}


@pytest.mark.parametrize("cost", COSTS.values(), ids=COSTS)
def test_costs_are_read_from_every_container(cost: Any) -> None:
    assert result(three(cost=cost).fit(X, Y)) == result(three(cost=[0, 1, 4]).fit(X, Y))


@pytest.mark.parametrize("cost", WRONG_COSTS.values(), ids=WRONG_COSTS)
@pytest.mark.parametrize("name", ["revenue", "cost", "response", "fixed_cost"])
def test_wrong_costs_name_their_parameter(name: str, cost: Any) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        three(**{name: cost}).fit(X, Y)
    assert caught.value.name == name


@pytest.mark.parametrize("budget", [-1, -1e-9, -math.inf])
def test_a_negative_budget_is_a_wrong_parameter(budget: float) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        three(budget=budget, cost=[0, 1, 2]).fit(X, Y)
    assert (caught.value.name, caught.value.value) == ("budget", budget)
    assert "None or a number of 0 or more" in str(caught.value)
    three(budget=0, cost=[0, 1, 2]).fit(X, Y)
    three(budget=None, cost=[0, 1, 2]).fit(X, Y)


def test_a_negative_budget_may_be_met_where_tiers_pay() -> None:
    binner = three(budget=-4, cost=[-2, 1, 2]).fit(X, Y)
    assert binner.segments_["spend"].sum() <= -4


# Response models


def test_the_score_model_takes_scores_for_conversions() -> None:
    X, y = customers()
    menu: dict[str, Any] = {"revenue": 9, "response": [1, 1.5], "cost": [0, 2]}
    binner = OptimalRevenueBinner(2, response_model="score", **menu).fit(X, y)
    plain = OptimalRevenueBinner(2, **menu).fit(X, X[:, 0])
    alone = OptimalRevenueBinner(2, response_model="score", **menu).fit(X)
    assert result(binner) == result(plain) == result(alone)
    # Tier 1 pays where 4.5 times the score is above 2.
    assert 2 / 4.5 - 1 / 60 < binner.cut_points_[0] < 2 / 4.5 + 1 / 60
    assert "observed_rate" not in alone.segments_
    seen = [y[binner.labels_ == code].mean() for code in (0, 1)]
    assert binner.segments_["observed_rate"].tolist()[:2] == pytest.approx(seen)
    assert np.isnan(binner.segments_["observed_rate"].iloc[2])


def test_the_score_model_may_have_expected_sales_of_any_size() -> None:
    binner = three(response_model="score").fit(column(0, 12.5, 100))
    assert binner.segments_["conversions"].sum() == 112.5


@pytest.mark.parametrize("score", [-0.1, math.inf, -math.inf])
def test_the_score_model_refuses_scores_that_are_no_expectations(score: float) -> None:
    message = error_of(three(response_model="score"), column(0.5, score), [0, 1])
    assert message.startswith("response_model='score' of OptimalRevenueBinner")
    assert f"Got {score}." in message


def test_without_outcomes_every_customer_needs_a_score() -> None:
    binner = three(response_model="score")
    assert "Got NaN at row 1" in error_of(binner, column(1, NAN))
    # An outcome tells it.
    binner.fit(column(1, NAN), [0, 1])
    assert binner.segments_["conversions"].tolist()[-1] == 1


@pytest.mark.parametrize("weighted", [False, True])
def test_the_isotonic_model_is_that_of_scikit_learn(weighted: bool) -> None:
    X, y = customers(1)
    weight = np.random.default_rng(2).integers(1, 5, len(y)) if weighted else None
    expected = IsotonicRegression().fit(X[:, 0], y, weight).predict(X[:, 0])
    binner = three(response_model="isotonic").fit(X, y, sample_weight=weight)
    other = three().fit(X, expected, sample_weight=weight)
    assert binner.labels_.tolist() == other.labels_.tolist()
    assert binner.value_ == pytest.approx(other.value_)
    columns = ["n", "conversions", "rate", "profit"]
    pd.testing.assert_frame_equal(binner.segments_[columns], other.segments_[columns])
    assert binner.segments_["rate"].iloc[:-1].is_monotonic_increasing
    # Cuts are where the fitted rate passes what a tier pays from.
    below = [expected[X[:, 0] < cut].max() for cut in binner.cut_points_]
    above = [expected[X[:, 0] > cut].min() for cut in binner.cut_points_]
    for low, pays, high in zip(below, (0.2, 0.6), above, strict=True):
        assert low <= pays + 1e-9
        assert high >= pays - 1e-9


def test_the_isotonic_model_takes_counts_and_any_scores() -> None:
    scores = column(-math.inf, -1, 0, 1, math.inf, NAN)
    binner = three(response_model="isotonic").fit(scores, [0, 3, 1, 4, -2, 7])
    # 3, 1, 4 and -2 are pooled; who has no score keeps the outcome.
    assert binner.segments_["conversions"].sum() == pytest.approx(13)
    assert binner.segments_["observed_rate"].iloc[-1] == 7


def platt(scores: np.ndarray, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return Platt's calibrated probabilities, by a general optimiser."""
    positive, negative = weight @ y, weight @ (1 - y)
    high, low = (positive + 1) / (positive + 2), 1 / (negative + 2)
    target = np.where(y == 1, high, low)

    def loss(coefficients: np.ndarray) -> float:
        z = coefficients[0] + coefficients[1] * scores
        return float(weight @ (np.logaddexp(0, z) - target * z))

    at = minimize(loss, [0.0, 0.0], method="BFGS", options={"gtol": 1e-8}).x
    return np.asarray(1 / (1 + np.exp(-(at[0] + at[1] * scores))))


@pytest.mark.filterwarnings("ignore:Desired error")
@pytest.mark.parametrize("seed", range(4))
def test_the_logistic_model_is_that_of_platt(seed: int) -> None:
    X, y = customers(seed)
    weight = np.ones(len(y))
    if seed % 2:
        weight = np.random.default_rng(seed).integers(1, 4, len(y)).astype(float)
    # Far from 0, and of a small spread, a plain optimiser of the raw score would fail.
    X_shifted = X / 1000 + 50 if seed > 1 else X
    expected = platt(X[:, 0], y, weight)
    binner = three(response_model="logistic")
    binner.fit(X_shifted, y, sample_weight=weight)
    other = three().fit(X, expected, sample_weight=weight)
    assert binner.value_ == pytest.approx(other.value_, rel=1e-5)
    labels = binner.labels_
    for code, conversions in enumerate(binner.segments_["conversions"].iloc[:-1]):
        of = labels == code
        assert conversions == pytest.approx(weight[of] @ expected[of], rel=1e-5)


@pytest.mark.parametrize("y", [[0, 0, 0, 0], [1, 1, 1, 1], [0, 0, 1, 1], [0, 1, 1, 0]])
@pytest.mark.parametrize("scores", [[1, 2, 3, 4], [2, 2, 2, 2], [0, 1e-300, 1, 1e300]])
def test_the_logistic_model_has_a_solution_for_any_outcomes(
    y: list[int], scores: list[float]
) -> None:
    binner = three(response_model="logistic").fit(column(*scores), y)
    rates = binner.segments_["rate"].to_numpy()[:-1]
    assert ((rates > 0) & (rates < 1)).all()
    # Platt's targets are pulled to the middle by one customer of either kind.
    pulled = (sum(y) * (sum(y) + 1) / (sum(y) + 2)) + (4 - sum(y)) / (6 - sum(y))
    assert binner.segments_["conversions"].sum() == pytest.approx(pulled, rel=1e-4)


def test_the_logistic_model_knows_one_row() -> None:
    binner = three(response_model="logistic").fit(column(0.3), [1])
    assert binner.segments_["rate"].iloc[0] == pytest.approx(2 / 3)


@pytest.mark.parametrize("model", ["score", "isotonic", "logistic"])
def test_rows_without_weight_decide_nothing_in_any_model(model: str) -> None:
    X, y = customers(5, 60)
    more = np.vstack([X, [[0.5], [0.991]]])
    weight = np.append(np.ones(60), [0, 0])
    binner = three(response_model=model)
    with_rows = result(binner.fit(more, [*y, 1, 0], sample_weight=weight))
    without_rows = result(binner.fit(X, y))
    assert with_rows[:2] == without_rows[:2]
    assert with_rows[2] == pytest.approx(without_rows[2])


@pytest.mark.parametrize("model", ["score", "isotonic", "logistic"])
def test_weights_are_repetitions_in_any_model(model: str) -> None:
    X, y = customers(6, 60)
    weight = np.random.default_rng(1).integers(0, 4, 60)
    binner = three(response_model=model)
    weighted = result(binner.fit(X, y, sample_weight=weight))
    expanded = result(binner.fit(X.repeat(weight, axis=0), y.repeat(weight)))
    assert weighted[:2] == expanded[:2]
    assert weighted[2] == pytest.approx(expanded[2])


def test_the_logistic_model_refuses_data_that_it_cannot_fit() -> None:
    binner = three(response_model="logistic")
    message = error_of(binner, column(1, math.inf), [0, 1])
    assert message.startswith("response_model='logistic' of OptimalRevenueBinner")
    assert "finite scores. Got inf" in message
    for outcome in ([0, 2], [-1, 1]):
        message = error_of(binner, column(1, 2), outcome)
        assert "needs outcomes in [0, 1]" in message


def test_the_logistic_model_looks_at_every_outcome() -> None:
    # The mean of 2 and 0 is a rate; they are none.
    message = error_of(three(response_model="logistic"), column(1, 1, 2), [2, 0, 1])
    assert "needs outcomes in [0, 1]" in message


@pytest.mark.parametrize("model", ["isotonic", "logistic"])
def test_models_leave_out_those_without_a_score(model: str) -> None:
    binner = three(response_model=model).fit(X_MISSING, Y_MISSING)
    other = three(response_model=model).fit(X, Y)
    assert binner.cut_points_.tolist() == other.cut_points_.tolist()
    assert binner.value_ == pytest.approx(other.value_ + 10)
    assert binner.segments_["conversions"].iloc[-1] == 1


def test_evaluate_is_of_outcomes_whatever_the_model() -> None:
    for model in ("score", "isotonic", "logistic"):
        scores = X / 8
        binner = three(response_model=model).fit(scores, Y)
        table = binner.evaluate(scores, Y)
        assert table["conversions"].sum() == 4
        observed = binner.segments_["observed_rate"]
        np.testing.assert_allclose(table["rate"], observed)


# Life in scikit-learn


def test_clone_and_set_params_keep_every_parameter() -> None:
    settings = {
        "n_bins": 3,
        "revenue": [1, 2, 3],
        "cost": np.array([0, 1, 2]),
        "response": (1, 2, 3),
        "fixed_cost": 2,
        "mode": "prefix",
        "min_size": 2,
        "max_size": 0.9,
        "budget": 50,
        "monotonic": "ascending",
        "min_rate_diff": 0.01,
        "response_model": "isotonic",
        "score_column": 0,
        "encode": "rate",
        "segment_names": ("a", "b", "c"),
        "missing_tier": 1,
        "compute_path": False,
        "cv": 3,
        "pos_label": 1,
        "budget_per_customer": None,
    }
    binner = OptimalRevenueBinner(**settings)
    assert set(settings) == set(binner.get_params())
    copy = clone(binner)
    for name, value in settings.items():
        np.testing.assert_array_equal(getattr(copy, name), value)
    again = OptimalRevenueBinner().set_params(**settings)
    assert repr(again) == repr(binner)
    assert result(copy.fit(X, Y)) == result(binner.fit(X, Y))


def test_only_the_number_of_bins_may_be_given_by_position() -> None:
    assert OptimalRevenueBinner(3).n_bins == 3
    with pytest.raises(TypeError, match="positional"):
        OptimalRevenueBinner(3, 10)  # type: ignore[misc]


def test_an_unfitted_binner_can_be_pickled() -> None:
    copy = pickle.loads(pickle.dumps(three()))
    assert result(copy.fit(X, Y)) == result(three().fit(X, Y))


def test_it_is_no_classifier_regressor_or_clusterer() -> None:
    kinds = (is_classifier, is_regressor, is_clusterer)
    assert not any(is_kind(OptimalRevenueBinner()) for is_kind in kinds)


def test_fitting_again_forgets_the_first_fit() -> None:
    frame = pd.DataFrame({"a": X[:, 0], "score": X[:, 0]})
    binner = three(score_column=1).fit(frame, Y)
    binner.set_params(score_column=None)
    binner.fit(column(1, 2), [0, 0])
    assert result(binner) == result(three().fit(column(1, 2), [0, 0]))
    assert binner.n_features_in_ == 1
    assert not hasattr(binner, "feature_names_in_")


def test_new_rows_need_the_column_of_the_score_alone() -> None:
    frame = pd.DataFrame({"age": X[::-1, 0], "score": X[:, 0]})
    binner = three(score_column="score").fit(frame, Y)
    for other in (frame[["score", "age"]], frame[["score"]], frame.assign(more=1)):
        assert binner.predict(other).tolist() == binner.labels_.tolist()
    with pytest.raises(MissingColumnError, match="needs the column 'score'"):
        binner.predict(frame[["age"]])
    with pytest.raises(ValueError, match="2 features"):
        three().fit(frame.to_numpy(), Y).predict(X)


def test_a_pipeline_ends_in_it_or_goes_through_it() -> None:
    X, y = customers()
    pipeline = make_pipeline(FunctionTransformer(lambda X: -X), three()).fit(X, -y + 1)
    assert pipeline.predict(X).tolist() == pipeline[-1].labels_.tolist()
    assert pipeline.score(X, -y + 1) == pytest.approx(pipeline[-1].value_ / len(y))
    through = make_pipeline(three(), OneHotEncoder(sparse_output=False)).fit(X, y)
    assert (
        through.transform(X).argmax(axis=1).tolist()
        == three().fit_predict(X, y).tolist()
    )
    named = make_pipeline(three(encode="onehot", segment_names=["a", "b", "c"]))
    named.set_output(transform="pandas")
    assert list(named.fit_transform(X, y)) == ["a", "b", "c", "No score"]


def fold_scores(
    binner: OptimalRevenueBinner,
    X: np.ndarray,
    y: np.ndarray,
    fit_weight: np.ndarray | None = None,
    score_weight: np.ndarray | None = None,
) -> list[float]:
    """Return the profit per customer of every third, counted by hand."""
    profits = []
    for train, test in KFold(3).split(X):
        weight = None if fit_weight is None else fit_weight[train]
        binner = clone(binner).fit(X[train], y[train], sample_weight=weight)
        counted = np.ones(len(test)) if score_weight is None else score_weight[test]
        tier = binner.tiers_[binner.predict(X[test])]
        revenue, cost = np.array([10, 15, 20]), np.array([0, 1, 4])
        made = counted @ (revenue[tier] * y[test] - cost[tier])
        profits.append(made / counted.sum())
    return profits


def test_cross_val_score_is_profit_per_customer_of_the_other_folds() -> None:
    X, y = customers()
    scores = cross_val_score(three(), X, y, cv=KFold(3))
    assert scores.tolist() == pytest.approx(fold_scores(three(), X, y))
    codes = cross_val_predict(three(), X, y, cv=KFold(3))
    assert set(codes.tolist()) <= {0, 1, 2}


def test_grid_search_chooses_among_sizes_models_and_menus(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_searches, "_warned", set())
    X, y = customers()
    grid = {
        "min_size": [None, 0.2, 30],
        "response_model": ["observed", "isotonic", "logistic"],
    }
    with pytest.warns(UserWarning, match=r"min_size=30 .* such as min_size=0\.15"):
        search = GridSearchCV(three(), grid, cv=KFold(3)).fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    for params, score in zip(
        search.cv_results_["params"],
        search.cv_results_["mean_test_score"],
        strict=True,
    ):
        by_hand = fold_scores(three(**params), X, y)
        assert score == pytest.approx(np.mean(by_hand))
    assert search.best_estimator_.value_ > 0
    menus = {"response": [[1, 1.5, 2], np.array([1, 2, 3]), (1, 1.1, 1.2)]}
    best = GridSearchCV(three(), menus, cv=KFold(3)).fit(X, y)
    assert best.best_params_["response"][1] == 2


def test_grid_search_chooses_the_number_of_tiers_of_a_menu_by_function() -> None:
    X, y = customers()
    menu: dict[str, Any] = {"response": lambda i: 1 + i / 2, "cost": lambda i: i**2}
    binner = OptimalRevenueBinner(revenue=10, **menu)
    search = GridSearchCV(binner, {"n_bins": [1, 2, 3]}, cv=KFold(3)).fit(X, y)
    scores = search.cv_results_["mean_test_score"]
    assert scores[0] == pytest.approx(np.mean(10 * y))
    assert scores[1] > scores[0]


@pytest.mark.filterwarnings("ignore:.*does not support sample_weight")
def test_grid_search_fits_with_weights() -> None:
    X, y = customers()
    weight = np.random.default_rng(3).integers(1, 9, len(y)).astype(float)
    grid = {"min_size": [None, 0.3]}
    # Whether weights go to the scorer too depends on the version of scikit-learn.
    search = GridSearchCV(
        three(), grid, cv=KFold(3), scoring=lambda binner, X, y: binner.score(X, y)
    )
    search.fit(X, y, sample_weight=weight)
    by_hand = fold_scores(three(), X, y, fit_weight=weight)
    assert search.cv_results_["mean_test_score"][0] == pytest.approx(np.mean(by_hand))
    best = three(**search.best_params_).fit(X, y, sample_weight=weight)
    assert result(search.best_estimator_) == result(best)


def test_weights_are_routed_to_fit_and_score() -> None:
    X, y = customers()
    weight = np.random.default_rng(4).integers(1, 9, len(y)).astype(float)
    with config_context(enable_metadata_routing=True):
        binner = three().set_fit_request(sample_weight=True)
        binner.set_score_request(sample_weight=True)
        search = GridSearchCV(binner, {"min_size": [None]}, cv=KFold(3))
        search.fit(X, y, sample_weight=weight)
        score = search.cv_results_["mean_test_score"][0]
        pipeline = make_pipeline(binner).fit(X, y, sample_weight=weight)
        assert result(pipeline[-1]) == result(three().fit(X, y, sample_weight=weight))
        total = pipeline.score(X, y, sample_weight=weight) * weight.sum()
        assert total == pytest.approx(pipeline[-1].value_)
    by_hand = fold_scores(three(), X, y, fit_weight=weight, score_weight=weight)
    assert score == pytest.approx(np.mean(by_hand))


def test_tags_say_that_outcomes_are_needed_but_for_the_score_model() -> None:
    needed = OptimalRevenueBinner(**MENU).__sklearn_tags__()
    assert needed.target_tags.required
    assert needed.input_tags.allow_nan
    free = OptimalRevenueBinner(response_model="score").__sklearn_tags__()
    assert not free.target_tags.required


@pytest.mark.parametrize(
    ("name", "value", "n", "y"),
    [
        ("revenue", 1e306, 1, 100),
        ("revenue", -1e306, 1, 100),
        ("cost", 1e306, 100, 1),
        ("cost", -1e306, 100, 1),
        ("fixed_cost", 1e308, 1, 1),
        ("revenue", 5e307, 1, 1),
    ],
)
def test_money_whose_sums_may_overflow_is_refused_by_the_name_of_its_largest_part(
    name: str, value: float, n: float, y: float
) -> None:
    parts = {key: np.ones(2) for key in ("revenue", "response", "cost", "fixed_cost")}
    check_money(Menu(**parts), n, y)
    with pytest.raises(InvalidDataError, match=f"Got a {name} of up to") as caught:
        check_money(Menu(**{**parts, name: np.array([1.0, value])}), n, y)
    assert caught.value.name == name
    # Another unit helps.
    check_money(Menu(**{**parts, name: np.array([1.0, value / 1e6])}), n, y)
