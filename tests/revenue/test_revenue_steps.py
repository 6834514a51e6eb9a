"""OptimalRevenueBinner as a step: encodings, cross-fitting, columns and storage."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold

from skseg import OptimalRevenueBinner
from skseg.exceptions import InvalidParameterError
from tests.revenue.test_revenue_binner import NAN, X_MISSING, Y_MISSING, X, Y, three

MENU: dict[str, Any] = {
    "revenue": 30,
    "response": [1, 1.5, 1.8],
    "cost": [0, 4, 9],
    "compute_path": False,
}
ENCODINGS = ["ordinal", "onehot", "scores", "rate", "woe", "value"]


def customers(n: int = 400, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    score = rng.random((n, 1))
    return score, (rng.random(n) < 0.1 + 0.5 * score[:, 0]).astype(float)


# Cross-fitting


@pytest.mark.parametrize("encode", ["ordinal", "onehot", "rate", "woe", "value"])
@pytest.mark.parametrize("kind", ["array", "pandas", "polars", "pyarrow", "list"])
def test_training_rows_are_those_of_models_without_their_fold(
    encode: str, kind: str
) -> None:
    X, y = customers()
    folds = KFold(4, shuffle=True, random_state=1)
    binner = OptimalRevenueBinner(**MENU, encode=encode, cv=folds)
    rows: Any = {
        "array": lambda: X,
        "list": X.tolist,
        "pandas": lambda: pd.DataFrame({"s": X[:, 0]}, index=np.arange(400)[::-1]),
        "polars": lambda: pl.DataFrame({"s": X[:, 0]}),
        "pyarrow": lambda: pa.table({"s": X[:, 0]}),
    }[kind]()
    columns = binner.fit_transform(rows, y)
    for train, test in folds.split(X):
        # An argument of a fold has no effect on menus that are complete.
        model = OptimalRevenueBinner(**MENU, encode=encode).fit(X[train], y[train])
        np.testing.assert_allclose(columns[test], model.transform(X[test]))
    assert (columns != binner.transform(rows)).any()
    np.testing.assert_array_equal(binner.labels_, binner.predict(rows))


@pytest.mark.parametrize("encode", ["rate", "woe", "value", "onehot"])
def test_a_row_has_no_part_in_its_own_columns(encode: str) -> None:
    X, y = customers(100)
    folds = [*KFold(5).split(X)]
    binner = OptimalRevenueBinner(**MENU, encode=encode, cv=folds)
    columns = binner.fit_transform(X, y)
    for row in (3, 42, 99):
        other = y.copy()
        other[row] = 1 - y[row]
        np.testing.assert_array_equal(binner.fit_transform(X, other)[row], columns[row])


def test_a_fold_has_its_share_of_budget_and_fixed_costs() -> None:
    X, y = customers(300)
    rows, y = np.tile(X, (5, 1)), np.tile(y, 5)
    folds = [
        (np.delete(np.arange(1500), part), part)
        for part in np.array_split(np.arange(1500), 5)
    ]
    # Five copies of the same customers: every fold has the optimum of them all.
    menu = {**MENU, "budget": 1000.0, "fixed_cost": [0, 100, 300], "min_size": 150}
    binner = OptimalRevenueBinner(**menu, cv=folds)
    columns = binner.fit_transform(rows, y)
    assert 2 <= len(binner.tiers_) - 1
    np.testing.assert_array_equal(columns[:, 0], binner.labels_)


def test_costs_for_illustration_are_those_of_all_rows_in_every_fold() -> None:
    X, y = customers(200)
    folds = [*KFold(4).split(X)]
    binner = OptimalRevenueBinner(3, cv=folds, encode="value")
    columns = binner.fit_transform(X, y)
    menu = binner.menu_
    model = OptimalRevenueBinner(
        revenue=menu["revenue"],
        response=menu["response"],
        cost=menu["cost"],
        encode="value",
    )
    for train, test in folds:
        model.fit(X[train], y[train])
        np.testing.assert_allclose(columns[test], model.transform(X[test]))


def test_without_an_outcome_there_is_nothing_to_cross_fit() -> None:
    X, y = customers()
    for encode in ENCODINGS[:4]:
        binner = OptimalRevenueBinner(**MENU, response_model="score", encode=encode)
        columns = binner.fit_transform(X)
        np.testing.assert_array_equal(columns, binner.transform(X))
    binner = OptimalRevenueBinner(**MENU, encode="scores")
    np.testing.assert_array_equal(binner.fit_transform(X, y), X)


@pytest.mark.parametrize("encode", ENCODINGS)
def test_few_rows_are_treated_as_new_ones(encode: str) -> None:
    binner = three(encode=encode)
    at_once = binner.fit_transform(X_MISSING, Y_MISSING)
    again = three(encode=encode).fit(X_MISSING, Y_MISSING)
    np.testing.assert_array_equal(at_once, again.transform(X_MISSING))


def test_wrong_folds_are_named() -> None:
    X, y = customers()
    for cv in (0, 1, "5", 1.5, True):
        with pytest.raises(InvalidParameterError, match="'cv' parameter of Optimal"):
            OptimalRevenueBinner(**MENU, cv=cv).fit_transform(X, y)


@pytest.mark.parametrize("encode", ["onehot", "rate", "woe", "value"])
def test_weights_and_missing_scores_are_cross_fitted_too(encode: str) -> None:
    X, y = customers()
    X = X.copy()
    X[::9] = NAN
    weight = 1.0 + np.arange(len(y)) % 3
    folds = [*KFold(4, shuffle=True, random_state=0).split(X)]
    binner = OptimalRevenueBinner(**MENU, encode=encode, cv=folds)
    columns = binner.fit_transform(X, y, sample_weight=weight)
    for train, test in folds:
        model = OptimalRevenueBinner(**MENU, encode=encode)
        model.fit(X[train], y[train], sample_weight=weight[train])
        np.testing.assert_allclose(columns[test], model.transform(X[test]))


# Encodings


@pytest.mark.parametrize("container", ["default", "pandas", "polars"])
@pytest.mark.parametrize("encode", ENCODINGS)
def test_inverse_transform_takes_what_transform_gives(
    encode: str, container: str
) -> None:
    binner = three(encode=encode).fit(X, Y).set_output(transform=container)
    rows = np.array([[0.0], [3], [7], [NAN]])
    out = binner.transform(rows)
    back = binner.inverse_transform(out)
    if encode == "scores":
        np.testing.assert_array_equal(back, rows)
        return
    middles = np.array([[1.25], [3.5], [5.75], [NAN]])
    if encode in ("rate", "woe"):
        # Customers without a score have the rate of the second tier.
        middles[3] = 3.5
    np.testing.assert_allclose(back, middles)


def test_names_of_no_segment_cannot_be_inverted() -> None:
    binner = three().fit(X, Y)
    frame = pd.DataFrame({"segment": ["Tier 0", "Tier 9"]})
    with pytest.raises(ValueError, match=r"Row 1, .* stands for no segment"):
        binner.inverse_transform(frame)


def test_ordinal_columns_are_categories_of_segment_names() -> None:
    binner = three(segment_names=["a", "b", "c"]).fit(X, Y)
    out = binner.set_output(transform="pandas").transform(np.array([[0.0], [NAN]]))
    assert out["segment"].tolist() == ["a", "No score"]
    assert out["segment"].cat.categories.tolist() == ["a", "b", "c", "No score"]
    polars = binner.set_output(transform="polars").transform(np.array([[0.0], [NAN]]))
    assert polars["segment"].to_list() == ["a", "No score"]


@pytest.mark.parametrize("encode", ENCODINGS)
def test_no_rows_have_no_columns_of_values(encode: str) -> None:
    binner = three(encode=encode).fit(X, Y)
    none = np.empty((0, 1))
    assert binner.predict(none).shape == (0,)
    n_columns = len(binner.get_feature_names_out())
    assert binner.transform(none).shape == (0, n_columns)
    assert binner.inverse_transform(binner.transform(none)).shape == (0, 1)
    assert binner.evaluate(none, [])["profit"].tolist() == [0, 0, 0, 0]
    with pytest.raises(ValueError, match="there are none"):
        binner.score(none, [])


# Columns


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
@pytest.mark.parametrize(
    "columns",
    [
        {"age": [1.0, 2, 3, 4], "score": [0.1, 0.2, 0.3, 0.4]},
        {"score": [0.1, 0.2, 0.3, 0.4], "who": ["a", "b", "c", "d"]},
        {"p0": [0.9, 0.8, 0.7, 0.5], "p1": [0.1, 0.2, 0.3, 0.4], "p3": [0.0] * 4},
        {"no": [0.9, 0.8, 0.7, 0.5], "yes": [0.1, 0.2, 0.3, 0.4]},
        {"loss": [2.0, 3, 4, 5], "gain": [-1.0, -2, -3, -4]},
        {"a": [0.2, 0.3, 0.4, 0.5], "b": [0.2] * 4, "c": [0.6, 0.5, 0.4, 0.3]},
        {"a": [None] * 4, "b": [None] * 4},
    ],
    ids=[
        "age",
        "text",
        "gap",
        "not quite 1",
        "negative",
        "three that sum to 1",
        "null",
    ],
)
def test_a_frame_of_several_named_columns_asks_for_the_score(
    columns: dict[str, Any], make: Any
) -> None:
    frame, y = make(columns), [0, 0, 1, 1]
    last = [*columns][-1]
    with pytest.raises(InvalidParameterError) as caught:
        three().fit(frame, y)
    assert caught.value.name == "score_column"
    assert f"Pass score_column={last!r}" in str(caught.value)
    if "score" in columns:
        binner = three(score_column="score").fit(frame, y)
        assert binner.rules_.columns == ("score",)


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_two_probabilities_go_on_with_the_last(make: Any, kind: Any) -> None:
    score = np.array([0.1, 0.2, 0.31, 0.7], dtype=kind)
    frame = make({"no": 1 - score, "yes": score})
    assert three().fit(frame, [0, 0, 1, 1]).rules_.columns == ("yes",)


def test_two_probabilities_may_be_missing_together() -> None:
    frame = pd.DataFrame({"no": [0.9, NAN, 0.4], "yes": [0.1, NAN, 0.6]})
    assert three().fit(frame, [0, 1, 1]).labels_.tolist()[1] == 2
    one_sided = pd.DataFrame({"no": [0.9, NAN, 0.4], "yes": [0.1, 0.5, 0.6]})
    with pytest.raises(InvalidParameterError, match="score_column"):
        three().fit(one_sided, [0, 1, 1])


@pytest.mark.parametrize(
    "names", [["x0", "x1", "x2"], ["0", "1", "2"], ["pca0", "pca1", "pca2"]]
)
def test_names_that_only_count_columns_are_positions(names: list[str]) -> None:
    rows = np.random.default_rng(0).random((30, 3))
    y = (rows[:, 2] > 0.5).astype(int)
    by_name = three().fit(pd.DataFrame(rows, columns=names), y)
    assert by_name.rules_.columns == (names[-1],)
    assert by_name.labels_.tolist() == three().fit(rows, y).labels_.tolist()


def test_a_misspelt_score_column_is_suggested() -> None:
    frame = pd.DataFrame({"age": X[:, 0], "score": X[:, 0]})
    with pytest.raises(ValueError, match="Did you mean 'score'"):
        three(score_column="scores").fit(frame, Y)


# The number of tiers


@pytest.mark.parametrize(
    ("parameters", "n_bins"),
    [
        ({}, 5),
        ({"revenue": 2.0}, 5),
        ({"cost": lambda i: i, "response": lambda i: 1 + i}, 5),
        ({"response": [1, 2], "cost": [0, 0.1]}, 2),
        ({"response": np.array([1, 2, 3]), "cost": lambda i: i / 9}, 3),
        ({"revenue": pd.Series([1, 2, 3, 4.0])}, 4),
        ({"revenue": pl.Series([1.0, 2, 3, 4])}, 4),
        ({"revenue": (1, 2), "fixed_cost": [0, 1]}, 2),
        ({"segment_names": ["None", "Mail", "Call"]}, 3),
        ({"segment_names": pd.Index(["None", "Mail", "Call"])}, 3),
        ({"revenue": np.float64(3)}, 5),
    ],
)
def test_a_menu_says_how_many_tiers_it_has(
    parameters: dict[str, Any], n_bins: int
) -> None:
    binner = OptimalRevenueBinner(**parameters).fit(X, Y)
    assert len(binner.menu_) == n_bins
    explicit = OptimalRevenueBinner(n_bins, **parameters).fit(X, Y)
    pd.testing.assert_frame_equal(binner.segments_, explicit.segments_)


@pytest.mark.parametrize(
    "parameters",
    [
        {"response": [1, 2, 3], "cost": [0, 1]},
        {"revenue": [1, 2], "segment_names": ["a", "b", "c"]},
        {"cost": [0, 1, 2], "fixed_cost": [0, 1]},
    ],
)
def test_lists_of_different_lengths_are_refused(parameters: dict[str, Any]) -> None:
    first, second = parameters
    rule = rf"{second!r} parameter .* one value a tier, like {first!r}, which has"
    with pytest.raises(InvalidParameterError, match=rule):
        OptimalRevenueBinner(**parameters).fit(X, Y)


def test_menus_of_different_lengths_are_searched() -> None:
    X, y = customers()
    menus = {"response": [[1, 1.5], [1, 1.4, 1.6]]}
    binner = OptimalRevenueBinner(revenue=30, cost=lambda i: 3 * i)
    search = GridSearchCV(binner, menus, cv=3).fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


# Labels


@pytest.mark.parametrize(
    ("labels", "pos_label", "positive"),
    [
        (np.array(["no", "yes"]), None, 1),
        (np.array(["no", "yes"]), "no", 0),
        (np.array(["buy", "no"]), "buy", 0),
        (np.array([False, True]), None, 1),
        (np.array([1, 2]), 2, 1),
        (np.array([1, 2]), 1, 0),
    ],
)
@pytest.mark.parametrize("make", [np.asarray, pd.Series, pl.Series, list])
def test_outcomes_may_be_labels(
    labels: Any, pos_label: Any, positive: int, make: Any
) -> None:
    X, y = customers()
    X = X if positive == 1 else -X
    numbers = y if positive == 1 else 1 - y
    outcome = make(labels[y.astype(int)].tolist())
    expected = OptimalRevenueBinner(**MENU).fit(X, numbers)
    binner = OptimalRevenueBinner(**MENU, pos_label=pos_label).fit(X, outcome)
    pd.testing.assert_frame_equal(binner.segments_, expected.segments_)
    assert binner.classes_.tolist() == labels.tolist()
    assert not hasattr(expected, "classes_")
    assert binner.score(X, outcome) == expected.score(X, numbers)
    np.testing.assert_array_equal(
        clone(binner).set_params(encode="rate").fit_transform(X, outcome),
        clone(expected).set_params(encode="rate").fit_transform(X, numbers),
    )


def test_a_rare_label_needs_to_be_in_no_other_fold() -> None:
    X, _ = customers(100)
    outcome = np.full(100, "no")
    outcome[X[:, 0].argmax()] = "yes"
    binner = OptimalRevenueBinner(**MENU, encode="rate")
    assert binner.fit_transform(X, outcome).shape == (100, 1)


# Storage


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"encode": "value", "monotonic": "ascending", "budget": 500.0},
        {"response_model": "logistic", "encode": "onehot"},
        {"response_model": "isotonic", "compute_path": True},
    ],
)
def test_models_are_stored_without_pickle(settings: dict[str, Any]) -> None:
    skops = pytest.importorskip("skops.io")
    X, y = customers()
    labels = np.array(["no", "yes"])[y.astype(int)]
    binner = OptimalRevenueBinner(**{**MENU, **settings}).fit(X, labels)
    stored = skops.dumps(binner)
    types = skops.get_untrusted_types(data=stored)
    assert all(name.startswith("skseg.") for name in types)
    loaded = skops.loads(stored, trusted=types)
    np.testing.assert_array_equal(loaded.predict(X), binner.predict(X))
    np.testing.assert_array_equal(loaded.transform(X), binner.transform(X))
    assert loaded.score(X, labels) == binner.score(X, labels)
    assert repr(loaded) == repr(binner)
    pd.testing.assert_frame_equal(loaded.segments_, binner.segments_)
    pd.testing.assert_frame_equal(loaded.menu_, binner.menu_)
    for model in (loaded, binner):
        profits = model.bootstrap(5, random_state=0).profits
    np.testing.assert_array_equal(profits, loaded.bootstrap(5, random_state=0).profits)


def test_functions_of_the_menu_are_no_part_of_the_fitted_state() -> None:
    skops = pytest.importorskip("skops.io")
    X, y = customers()
    menu = {**MENU, "cost": lambda tier: 4.5 * tier}
    binner = OptimalRevenueBinner(**menu).fit(X, y).set_params(cost=None)
    types = skops.get_untrusted_types(data=skops.dumps(binner))
    assert all(name.startswith("skseg.") for name in types)
