"""raw_rules: what a pipeline's rules are in the units before its scalers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.cluster import DBSCAN, KMeans
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.impute import KNNImputer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from skseg import MECERuleSegmenter, RuleSurrogate, raw_rules
from skseg._clusters._float_cuts import float_cuts
from skseg.rules import RuleSet
from skseg.rules._language._conditions import Comparison, leaves
from tests.examples import few_examples

MONOTONE = {
    "standard": StandardScaler(),
    "minmax": MinMaxScaler((-3, 5)),
    "clipped": MinMaxScaler(clip=True),
    "robust": RobustScaler(),
    "maxabs": MaxAbsScaler(),
    "log1p": FunctionTransformer(np.log1p),
    "sqrt": FunctionTransformer(np.sqrt),
    "cbrt": FunctionTransformer(np.cbrt, validate=True),
    "arcsinh": FunctionTransformer(np.arcsinh),
    "arctan": FunctionTransformer(np.arctan),
    "same": FunctionTransformer(),
}
# Their powers and interpolations may err in the last place.
ALMOST = {
    "yeo-johnson": PowerTransformer(),
    "box-cox": PowerTransformer("box-cox"),
    "quantile": QuantileTransformer(n_quantiles=50),
    "normal": QuantileTransformer(n_quantiles=50, output_distribution="normal"),
}


def surrogate(k: int = 4) -> RuleSurrogate:
    return RuleSurrogate(KMeans(k, random_state=0, n_init=1), random_state=0)


def amounts(seed: int = 0, n: int = 300) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.lognormal(3, 1, n), rng.gamma(2, 1000, n) + 5])


def cuts(rules: RuleSet) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for rule in rules.rules.values():
        for leaf in leaves(rule):
            if isinstance(leaf, Comparison):
                assert isinstance(leaf.threshold, float)
                found.setdefault(leaf.column, []).append(leaf.threshold)
    return found


def near_cuts(rules: RuleSet, X: np.ndarray, ulps: int = 3) -> np.ndarray:
    """Return rows of X with every value on a cut or a few float64 beside it."""
    rows = []
    for name, numbers in cuts(rules).items():
        for number in numbers:
            for steps in range(-ulps, ulps + 1):
                row = X[len(rows) % len(X)].copy()
                row[int(name[1:])] = number + steps * np.spacing(number)
                rows.append(row)
    return np.array(rows).reshape(-1, X.shape[1])


@pytest.mark.parametrize("name", MONOTONE)
def test_rules_are_those_of_the_pipeline_next_to_every_threshold(name: str) -> None:
    X = amounts()
    pipeline = make_pipeline(MONOTONE[name], surrogate()).fit(X)
    rules = raw_rules(pipeline)
    np.testing.assert_array_equal(rules.assign(X), pipeline.predict(X))
    close = near_cuts(rules, X)
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = pipeline.predict(close)
    np.testing.assert_array_equal(rules.assign(close), expected)
    assert len(set(expected)) > 1
    assert rules.verify().is_mece


@pytest.mark.parametrize("name", ALMOST)
def test_powers_and_quantiles_agree_but_for_the_last_places(name: str) -> None:
    X = amounts()
    pipeline = make_pipeline(ALMOST[name], surrogate()).fit(X)
    rules = raw_rules(pipeline)
    fresh = amounts(seed=1, n=5000)
    np.testing.assert_array_equal(rules.assign(fresh), pipeline.predict(fresh))
    assert rules.verify().is_mece
    for column, numbers in cuts(rules).items():
        for number in numbers:
            for factor in (1 - 1e-9, 1 + 1e-9):
                row = X[:1].copy()
                row[0, int(column[1:])] = number * factor
                assert rules.assign(row) == pipeline.predict(row)


@few_examples(10)
@given(
    st.lists(
        st.sampled_from(sorted(set(MONOTONE) - {"sqrt", "log1p", "arcsinh", "arctan"})),
        max_size=3,
    ),
    st.integers(0, 100),
    st.sampled_from([1e-7, 1.0, 1e7]),
)
def test_any_chain_of_scalers_is_walked_back_exactly(
    names: list[str], seed: int, unit: float
) -> None:
    X = amounts(seed, 80) * unit
    # A pipeline would fit a step that stands twice in it twice, and keep the last fit.
    steps = [clone(MONOTONE[name]) for name in names]
    pipeline = make_pipeline(*steps, surrogate(3)).fit(X)
    rules = raw_rules(pipeline)
    rows = np.vstack([X, near_cuts(rules, X)])
    np.testing.assert_array_equal(rules.assign(rows), pipeline.predict(rows))


def test_names_are_those_of_the_raw_columns() -> None:
    X = pd.DataFrame(amounts(), columns=["aov", "my plan"])
    pipeline = make_pipeline("passthrough", StandardScaler(), surrogate())
    assert set(raw_rules(pipeline.fit(X)).columns) <= {"aov", "my plan"}
    pipeline.set_output(transform="pandas").fit(X)
    rules = raw_rules(pipeline)
    np.testing.assert_array_equal(rules.assign(X), pipeline.predict(X))


def test_pipelines_in_pipelines_and_searches_are_walked_through() -> None:
    X = amounts()
    inner = make_pipeline(FunctionTransformer(np.log1p), StandardScaler())
    search = GridSearchCV(surrogate(), {"max_rules": [4, 8]}, cv=2)
    pipeline = make_pipeline(inner, search).fit(X)
    expected = pipeline.predict(X)
    np.testing.assert_array_equal(raw_rules(pipeline).assign(X), expected)
    outer = GridSearchCV(
        make_pipeline(inner, surrogate()), {"rulesurrogate__max_rules": [4, 8]}, cv=2
    ).fit(X)
    np.testing.assert_array_equal(raw_rules(outer).assign(X), outer.predict(X))
    frozen = make_pipeline(FrozenEstimator(inner.fit(X)), surrogate()).fit(X)
    np.testing.assert_array_equal(raw_rules(frozen).assign(X), frozen.predict(X))


def test_missing_values_stay_missing() -> None:
    X = amounts()
    X[::7, 0] = np.nan
    pipeline = make_pipeline(StandardScaler(), surrogate())
    with pytest.warns(UserWarning, match="43 of 300 rows"):
        pipeline.fit(X)
    rules = raw_rules(pipeline)
    np.testing.assert_array_equal(rules.assign(X), pipeline.predict(X))
    gaps = np.full((1, 2), np.nan)
    assert rules.names[rules.assign(gaps)[0]] == "Unknown"


def test_what_has_no_logarithm_is_missing_to_the_rules() -> None:
    logs = FunctionTransformer(np.log1p)
    rules_ = MECERuleSegmenter(
        {
            "None": "missing(x0)",
            "Low": "x0 <= 1",
            "One": "x0 == 2",
            "Odd": "x0 > 1 and x0 != 2",
        }
    )
    X = np.array([[np.nan], [0.0], [1], [np.expm1(2)], [7], [9]])
    pipeline = make_pipeline(logs, rules_).fit(X)
    rules = raw_rules(pipeline)
    rows = np.array([*X[:, 0], -0.5, -1, -1.5, -np.inf, np.inf, 1e308])[:, np.newaxis]
    with np.errstate(invalid="ignore", divide="ignore"):
        np.testing.assert_array_equal(rules.assign(rows), pipeline.predict(rows))
    assert rules.verify().is_mece


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">=", "==", "!="])
def test_every_comparison_is_translated(operator: str) -> None:
    segmenter = MECERuleSegmenter({"A": f"x0 {operator} 0.5"}, default="B")
    X = np.linspace(0, 8, 81)[:, np.newaxis]
    pipeline = make_pipeline(MinMaxScaler(), segmenter).fit(X)
    rules = raw_rules(pipeline)
    rows = 4.0 + np.arange(-5, 6)[:, np.newaxis] * np.spacing(4.0)
    rows = np.vstack([X, rows, [[np.nan]]])
    np.testing.assert_array_equal(rules.assign(rows), pipeline.predict(rows))


@pytest.mark.parametrize("operator", ["<=", ">"])
def test_thresholds_below_the_image_of_every_number_are_translated(
    operator: str,
) -> None:
    segmenter = MECERuleSegmenter({"A": f"x0 {operator} -2"}, default="B")
    X = np.array([[-np.inf], [-1.0], [0.0], [np.inf], [np.nan]])
    pipeline = make_pipeline(FunctionTransformer(np.arctan), segmenter).fit(X)
    np.testing.assert_array_equal(raw_rules(pipeline).assign(X), pipeline.predict(X))


def test_numbers_that_a_function_maps_in_the_wrong_order_are_listed() -> None:
    def function(numbers: np.ndarray) -> np.ndarray:
        return np.where(numbers == 1 + 2 * np.spacing(1.0), 0.0, numbers)

    (cuts_of_one,) = float_cuts(function, np.array([1.0]), -np.inf, np.inf)
    assert cuts_of_one == tuple(1 + np.arange(3) * np.spacing(1.0))


def test_lists_and_universes_are_translated() -> None:
    segmenter = MECERuleSegmenter(
        {"A": "x0 in [0, 0.5, 1]"}, default="B", universe="x0 <= 0.75"
    )
    X = np.arange(9.0)[:, np.newaxis]
    pipeline = make_pipeline(MinMaxScaler(), segmenter).fit(X)
    assert raw_rules(pipeline).assign(X).tolist() == [0, 1, 1, 1, 0, 1, 1, -1, -1]
    assert pipeline.predict(X).tolist() == [0, 1, 1, 1, 0, 1, 1, -1, -1]


def test_noise_keeps_its_code() -> None:
    X = np.vstack([amounts(n=100) / 100, [[1e4, 1e6]]])
    pipeline = make_pipeline(
        StandardScaler(), RuleSurrogate(DBSCAN(eps=1), random_state=0)
    ).fit(X)
    rules = raw_rules(pipeline)
    assert rules.noise == "Noise"
    assert rules.assign(X)[-1] == -1
    np.testing.assert_array_equal(rules.assign(X), pipeline.predict(X))


def test_thresholds_rounded_by_data_divide_it_in_the_same_way() -> None:
    X = pd.DataFrame(amounts().round(), columns=["aov", "income"])
    steps = FunctionTransformer(np.log1p), StandardScaler(), surrogate()
    pipeline = make_pipeline(*steps).fit(X)
    exact, round_ = raw_rules(pipeline), raw_rules(pipeline, X)
    np.testing.assert_array_equal(round_.assign(X), pipeline.predict(X))
    assert round_.verify().is_mece
    assert len(str(round_)) < len(str(exact))
    assert all(t.is_integer() for ts in cuts(round_).values() for t in ts)


def test_mixed_columns_are_refused_with_advice() -> None:
    pipeline = make_pipeline(StandardScaler(), PCA(2), surrogate()).fit(amounts())
    with pytest.raises(ValueError, match=r"PCA\(.*\) is none .* inside the"):
        raw_rules(pipeline)


@pytest.mark.parametrize(
    "step",
    [
        KNNImputer(),
        FunctionTransformer(np.negative),
        FunctionTransformer(np.clip, kw_args={"a_min": 0, "a_max": 1}),
        FunctionTransformer(lambda X: X * 2),
    ],
)
def test_steps_that_are_not_known_to_rise_are_refused(step: Any) -> None:
    X = np.random.default_rng(0).random((50, 2))
    pipeline = make_pipeline(step, surrogate(2)).fit(X)
    with pytest.raises(ValueError, match="is none that it knows"):
        raw_rules(pipeline)


def test_what_has_no_rules_is_refused() -> None:
    X = amounts()
    with pytest.raises(
        ValueError, match="The last step of the pipeline must have rules_"
    ):
        raw_rules(make_pipeline(StandardScaler(), KMeans(2)).fit(X))
    with pytest.raises(ValueError, match="must be a Pipeline whose last step has"):
        raw_rules(surrogate().fit(X))
    with pytest.raises(NotFittedError):
        raw_rules(make_pipeline(StandardScaler(), surrogate()))


@given(
    st.lists(st.floats(allow_nan=False), min_size=1, max_size=20),
    st.floats(-1e300, 1e300),
    st.floats(-1e300, 1e300),
)
def test_bisection_finds_the_exact_float(
    values: list[float], one: float, other: float
) -> None:
    low, high = sorted([one, other])
    found = float_cuts(lambda x: x, np.array(values), low, high)
    for value, (number,) in zip(values, found, strict=True):
        if value >= high:
            assert number == np.inf
        elif value < low:
            assert number == np.nextafter(low, -np.inf)
        else:
            assert number == value


@pytest.mark.parametrize(
    "step",
    [FunctionTransformer(np.expm1, validate=True), PowerTransformer()],
    ids=["infinity refused", "power overflows"],
)
def test_numbers_that_a_step_refuses_are_beyond_every_threshold(step: Any) -> None:
    # Skewed to the left, so that a large power makes it symmetric.
    X = np.log(amounts())
    pipeline = make_pipeline(step, surrogate()).fit(X)
    np.testing.assert_array_equal(raw_rules(pipeline).assign(X), pipeline.predict(X))
    X = 20 - amounts() ** 0.2
    pipeline.fit(X)
    np.testing.assert_array_equal(raw_rules(pipeline).assign(X), pipeline.predict(X))


def test_texts_pass_through_what_changes_nothing() -> None:
    X = pd.DataFrame({"plan": ["free", "pro", "trial", None], "age": [1.0, 2, 3, 4]})
    rules = MECERuleSegmenter(
        {"A": "plan == 'pro'", "B": "plan in ['free', 'trial'] and age > 2"},
        default="C",
    )
    pipeline = make_pipeline(FunctionTransformer(), rules).fit(X)
    assert raw_rules(pipeline).assign(X).tolist() == [2, 0, 1, 2]


def test_a_threshold_beyond_the_data_stays_as_it_is() -> None:
    X = np.array([[1.0], [2.0]])
    segmenter = MECERuleSegmenter({"A": "x0 > 100.25"}, default="B")
    pipeline = make_pipeline("passthrough", segmenter).fit(X)
    assert cuts(raw_rules(pipeline, X)) == {"x0": [100.25]}
