"""Finders on groups that were not drawn at random, where these hardly overlap."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor

from skseg import (
    BoxSegmentFinder,
    IVSegmentFinder,
    L1SegmentFinder,
    TLearnerSegmentFinder,
)
from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.rules import parse

FINDERS = [BoxSegmentFinder, IVSegmentFinder, L1SegmentFinder, TLearnerSegmentFinder]
# Plain models, where a test is not about the models.
QUICK: dict[str, Any] = {
    "propensity_estimator": LogisticRegression(),
    "outcome_estimator": LogisticRegression(),
    "assignment": "observational",
    "random_state": 0,
}


def customers(n: int = 1200, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray, Any]:
    """Return customers, an outcome that depends on the age alone, and a generator."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "age": rng.integers(18, 80, n).astype(float),
            "spend": rng.exponential(50, n).round(),
            "plan": np.array(["free", "basic", "pro"])[rng.integers(0, 3, n)],
        }
    )
    y = (rng.random(n) < np.where(X["age"] >= 50, 0.7, 0.1)).astype(int)
    return X, y, rng


def fitted(finder: Any, X: Any, y: Any, group: Any, **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return finder.fit(X, y, group=group, **options)


def half_separated() -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Return customers of whom no one with a plan "pro" is in A."""
    X, y, rng = customers()
    in_a = (rng.random(len(X)) < 0.5) & (X["plan"] != "pro").to_numpy()
    return X, y, np.where(in_a, "A", "B")


@pytest.fixture(scope="module")
def half() -> tuple[Any, pd.DataFrame, np.ndarray, np.ndarray]:
    """Return a finder on such customers, and these."""
    X, y, group = half_separated()
    finder = BoxSegmentFinder(**QUICK | {"propensity_estimator": None})
    return fitted(finder, X, y, group), X, y, group


def test_rows_that_one_group_lacks_are_outside_and_said_so() -> None:
    X, y, group = half_separated()
    n = int((X["plan"] == "pro").sum())
    with pytest.warns(UserWarning, match=rf"{n} of 1,200 rows are outside.*plan in"):
        BoxSegmentFinder(**QUICK | {"propensity_estimator": None}).fit(X, y, group)


def test_findings_are_about_the_region_only(half: Any) -> None:
    finder, X, _, _ = half
    region = finder.overlap_.region
    assert region == parse("plan in ['basic', 'free']")
    is_pro = (X["plan"] == "pro").to_numpy()
    assert finder.overlap_.n_outside == is_pro.sum()
    assert finder.rules_.universe == region
    assert not finder.rules_.membership(X)[is_pro].any()
    table = finder.segments_
    inside = finder.rules_.membership(X).sum(axis=0)
    np.testing.assert_array_equal(table["n"], inside)
    np.testing.assert_allclose(table["share"], inside / (~is_pro).sum())


def test_a_score_is_about_the_region_only(half: Any) -> None:
    finder, X, y, group = half
    inside = (X["plan"] != "pro").to_numpy()
    outcome = np.where(inside, y, 1 - y)
    assert finder.score(X, outcome, group) == finder.score(X, y, group)
    with pytest.raises(InvalidDataError, match="no row is there: plan in"):
        finder.score(X[~inside], y[~inside], np.resize(["A", "B"], (~inside).sum()))


@pytest.mark.parametrize("finder", FINDERS)
def test_groups_that_do_not_overlap_make_no_findings(finder: Any) -> None:
    X, y, _ = customers()
    group = np.where(X["age"] >= 50, "A", "B")
    with pytest.warns(UserWarning, match="finds nothing: nowhere do the two groups"):
        model = finder(**QUICK).fit(X, y, group=group)
    assert len(model.segments_) == 0
    assert model.overlap_.n_outside == len(X)
    assert set(model.predict(X)) <= {"A", "B"}


@pytest.mark.parametrize("seed", range(3))
def test_effects_stay_within_what_is_possible_with_weak_overlap(seed: int) -> None:
    X, y, rng = customers(600, seed)
    chance = 1 / (1 + np.exp(-(X["age"] - 50) / 6))
    group = np.where(rng.random(600) < chance, "A", "B")
    options = QUICK | {"min_size": 5, "max_findings": 30}
    table = fitted(BoxSegmentFinder(**options), X, y, group).segments_
    for name in ("effect", "ci_low", "ci_high"):
        assert (table[name].dropna().abs() <= 100).all()
    few = table[["effective_n_a", "effective_n_b"]].min(axis=1) < 20
    assert set(table.loc[few, "decision"]) <= {"Hold", "Skip"}


def test_of_groups_drawn_at_random_the_effective_sizes_are_those_of_the_rows() -> None:
    X, y, rng = customers()
    group = np.where(rng.random(1200) < 0.5, "A", "B")
    y = np.where(X["plan"] == "free", group == "A", y).astype(int)
    finder = BoxSegmentFinder(random_state=0, min_size=20).fit(X, y, group)
    table = finder.segments_
    assert len(table)
    np.testing.assert_array_equal(table["effective_n_a"], table["n_a"])
    np.testing.assert_array_equal(table["effective_n_b"], table["n_b"])


@pytest.mark.parametrize(
    "estimators",
    [
        (RandomForestClassifier(20, min_samples_leaf=10), KNeighborsRegressor()),
        (GaussianNB(), LogisticRegression()),
        (LogisticRegression(), None),
        (None, LinearRegression()),
    ],
    ids=["forest", "bayes", "propensity", "outcome"],
)
def test_estimators_of_the_user_predict_group_and_outcome(estimators: Any) -> None:
    X, y, rng = customers(500)
    X.loc[::7, "spend"] = np.nan
    group = np.where(rng.random(500) < np.where(X["age"] >= 50, 0.7, 0.3), "A", "B")
    options = {"assignment": "observational", "random_state": 0}
    finder = BoxSegmentFinder(
        propensity_estimator=estimators[0], outcome_estimator=estimators[1], **options
    )
    fitted(finder, X, y, group)
    models = {target: set() for target, *_ in finder.overlap_.models}
    for target, model, loss, weight in finder.overlap_.models:
        models[target].add(model)
        assert loss > 0
        assert weight >= 0
    names = ["propensity_estimator", "outcome_estimator", "outcome_estimator"]
    parts = [*estimators, estimators[1]]
    for used, name, estimator in zip(models.values(), names, parts, strict=True):
        assert (used == {name}) == (estimator is not None)
    # They are cloned.
    assert not any(hasattr(e, "n_features_in_") for e in estimators if e is not None)


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("propensity_estimator", Ridge(), "classifier with predict_proba"),
        ("propensity_estimator", "forest", "classifier with predict_proba"),
        ("outcome_estimator", "forest", "estimator with fit and predict"),
        ("outcome_estimator", 3, "estimator with fit and predict"),
    ],
)
def test_what_is_no_estimator_is_an_error(name: str, value: Any, rule: str) -> None:
    X, y, _ = customers(60)
    with pytest.raises(InvalidParameterError, match=rule) as error:
        BoxSegmentFinder(**{name: value}).fit(X, y, np.arange(60) % 2)
    assert error.value.name == name


def test_an_estimator_without_weights_says_so() -> None:
    X, y, rng = customers(200)
    group = rng.random(200) < 0.5
    options = QUICK | {"outcome_estimator": KNeighborsRegressor()}
    with pytest.raises(InvalidParameterError, match=r"outcome_estimator.*sample_w"):
        BoxSegmentFinder(**options).fit(X, y, group, sample_weight=1 + np.arange(200))


def test_rules_with_a_region_are_the_same_after_json(half: Any) -> None:
    finder, X, _, _ = half
    rules = type(finder.rules_).from_json(finder.rules_.to_json())
    assert rules == finder.rules_
    np.testing.assert_array_equal(rules.membership(X), finder.rules_.membership(X))
