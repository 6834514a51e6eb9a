"""Scorers that see the outcome, and one search over segmenters of five kinds."""

from __future__ import annotations

import functools
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.cluster import DBSCAN, KMeans
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression
from sklearn.metrics import silhouette_score
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, KFold, cross_validate
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skseg import (
    InductiveSegmenter,
    MECERuleSegmenter,
    OptimalRevenueBinner,
    PropensityBinner,
    RFMSegmenter,
    RuleSurrogate,
)
from skseg.exceptions import InvalidDataError
from skseg.metrics import make_segment_scorer, stability_score

FOLDS = KFold(3, shuffle=True, random_state=0)
FREE = {"min_size": None, "max_size": None, "max_noise": None}
RANDOM = np.random.default_rng(0)


def customers(n: int = 600) -> tuple[pd.DataFrame, np.ndarray]:
    """Customers whose conversion depends on recency and on their plan."""
    rng = np.random.default_rng(3)
    X = pd.DataFrame(
        {
            "customer_id": rng.permutation(10 * n)[:n],
            "recency": rng.integers(1, 300, n),
            "frequency": rng.integers(1, 20, n),
            "monetary": rng.gamma(2, 50, n),
            "plan": rng.choice(["free", "pro"], n),
        }
    )
    rate = 0.1 + 0.5 * (X["recency"] < 100) + 0.3 * (X["plan"] == "pro")
    return X, (rng.random(n) < rate).to_numpy().astype(int)


class Codes:
    """Gives the first column as the codes; fitted from the start."""

    def predict(self, X: Any) -> Any:
        return np.asarray(X)[:, 0].astype(int)


def reference(codes: np.ndarray, y: np.ndarray) -> float:
    """Adjusted R squared by a linear regression on the segments."""
    flags = OneHotEncoder(sparse_output=False).fit_transform(codes[:, np.newaxis])
    n, k = flags.shape
    r_squared = LinearRegression(fit_intercept=False).fit(flags, y).score(flags, y)
    return float(1 - (1 - r_squared) * (n - 1) / (n - k))


# Explained variance


@pytest.mark.parametrize("unit", [1.0, 1e-200, 1e200, -3.0])
@pytest.mark.parametrize("k", [2, 3, 40])
def test_explained_variance_is_the_adjusted_r_squared_of_a_regression(
    k: int, unit: float
) -> None:
    codes = RANDOM.integers(0, k, 200)
    y = codes % 3 + RANDOM.normal(0, 1, 200)
    scorer = make_segment_scorer("explained_variance", **FREE)
    score = scorer(Codes(), codes[:, np.newaxis], y * unit)
    assert score == pytest.approx(reference(codes, y))


@pytest.mark.parametrize("k", [2, 10, 100])
def test_segments_at_random_explain_nothing_however_many_they_are(k: int) -> None:
    rng = np.random.default_rng(k)
    scorer = make_segment_scorer("explained_variance", **FREE)
    scores = [
        scorer(Codes(), rng.integers(0, k, (300, 1)), rng.random(300) < 0.2)
        for _ in range(200)
    ]
    assert abs(np.mean(scores)) < 4 * np.std(scores) / np.sqrt(200)


def test_one_segment_for_all_explains_nothing_unless_it_is_too_large() -> None:
    X, y = np.zeros((60, 1)), np.arange(60) % 2
    free = make_segment_scorer("explained_variance", **FREE)
    assert free(Codes(), X, y) == 0
    assert free.explain(Codes(), X).is_legal
    assert free(Codes(), X - 1, y) == 0
    bounded = make_segment_scorer("explained_variance")
    assert bounded(Codes(), X, y) == -1e100
    assert bounded.explain(Codes(), X).table["bound"].tolist() == ["max_size"]
    # As many segments as rows explain all or nothing.
    rows = np.arange(60)[:, np.newaxis]
    assert free(Codes(), rows, y) == -1e100
    assert free.explain(Codes(), rows).table["bound"].tolist() == ["n_segments"]


def test_noise_is_one_more_segment_of_the_explained_variance() -> None:
    codes = np.repeat([0, 1, -1], [40, 40, 20])
    y = RANDOM.normal(0, 1, 100) + codes
    score = make_segment_scorer("explained_variance")(Codes(), codes[:, np.newaxis], y)
    assert score == pytest.approx(reference(codes, y))


@pytest.mark.parametrize(
    "convert",
    [
        np.asarray,
        list,
        pd.Series,
        lambda y: pd.Series(y, dtype="Int64"),
        lambda y: pl.Series("y", y),
        pa.array,
        lambda y: y.astype(bool),
        lambda y: np.where(y, "yes", "no"),
        lambda y: pd.Categorical(np.where(y, "no", "yes")),
        lambda y: pl.Series("y", np.where(y, "yes", "no")),
    ],
    ids=[
        *("array", "list", "series", "nullable", "polars", "arrow", "flags"),
        *("text", "categories", "polars text"),
    ],
)
def test_outcomes_of_every_container_and_labels_explain_alike(
    convert: Callable[[Any], Any],
) -> None:
    X = np.repeat([[0], [1]], 30, axis=0)
    y = np.r_[np.zeros(25, int), np.ones(35, int)]
    scorer = make_segment_scorer("explained_variance")
    assert scorer(Codes(), X, convert(y)) == pytest.approx(scorer(Codes(), X, y))


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, r"needs the outcome y of the held-out rows. .*search.fit\(X, y\)"),
        ([1] * 60, r"must differ between the held-out rows. Got 1.0 in all 60"),
        ([0.1] * 60, "must differ between the held-out rows"),
        (["no"] * 60, r"Got 'no' in all 60 of them. .*StratifiedKFold"),
        ([None] * 60, "must be known"),
        ([*"abc"] * 20, "labels of two classes. Got 3 classes"),
        ([np.nan] * 60, "known and finite"),
        ([0, 1], "one outcome a row"),
        (["no"], "one outcome a row"),
    ],
    ids=[
        "none",
        "constant",
        "constant fraction",
        "constant label",
        "no label",
        "three",
        "missing",
        "short",
        "short label",
    ],
)
def test_outcomes_that_explain_nothing_are_refused(y: Any, message: str) -> None:
    X = np.repeat([[0], [1]], 30, axis=0)
    with pytest.raises(InvalidDataError, match=message) as error:
        make_segment_scorer("explained_variance")(Codes(), X, y)
    assert error.value.name == "y"


# Metrics that users write


def three(X: Any, codes: Any, outcome: Any) -> float:
    return float(outcome[codes == 1].mean())


def optional(X: Any, codes: Any, y: Any = None) -> float:
    return three(X, codes, y)


def keyword(X: Any, codes: Any, *, y: Any) -> float:
    return three(X, codes, y)


class Callable3:
    def __call__(self, X: Any, codes: Any, y: Any) -> float:
        return three(X, codes, y)


@pytest.mark.parametrize(
    "metric",
    [
        three,
        optional,
        keyword,
        Callable3(),
        functools.partial(lambda a, X, codes, y: three(X, codes, y), 0),
    ],
    ids=["three", "optional", "keyword", "object", "partial"],
)
def test_a_metric_with_an_outcome_gets_it(metric: Any) -> None:
    X, y = np.repeat([[0], [1], [-1]], [40, 40, 20], axis=0), np.arange(100)
    assert make_segment_scorer(metric)(Codes(), X, y) == np.mean(np.arange(40, 80))
    with pytest.raises(InvalidDataError, match="needs the outcome y"):
        make_segment_scorer(metric)(Codes(), X)


@pytest.mark.parametrize(
    "metric",
    [
        silhouette_score,
        lambda X, codes, sample_size=None: silhouette_score(X, codes),
        lambda *args: silhouette_score(*args[:2]),
        functools.partial(silhouette_score, metric="euclidean"),
    ],
    ids=["function", "option", "any", "partial"],
)
def test_a_metric_without_an_outcome_needs_none(metric: Any) -> None:
    X = np.c_[np.repeat([0, 1], 30), np.arange(60) % 7]
    expected = silhouette_score(X, X[:, 0])
    for y in (None, np.arange(60)):
        assert make_segment_scorer(metric)(Codes(), X, y) == expected


def test_a_metric_with_an_outcome_finds_amounts_by_name_and_no_noise() -> None:
    X, y = customers()
    model = make_pipeline(
        make_column_transformer((StandardScaler(), ["recency", "frequency"])),
        InductiveSegmenter(DBSCAN(eps=0.12)),
    ).fit(X)
    codes = model.predict(X)
    assert (codes < 0).any()

    def money(X: pd.DataFrame, codes: Any, y: Any) -> float:
        assert list(X) == [*customers()[0]]
        assert (
            len(X) == len(codes) == len(y) == (model.predict(customers()[0]) >= 0).sum()
        )
        return float((X["monetary"] * y).sum())

    inside = codes >= 0
    score = make_segment_scorer(money, **FREE)(model, X, y)
    assert score == pytest.approx((X["monetary"] * y)[inside].sum())


def test_labels_reach_a_metric_as_they_are() -> None:
    X = np.repeat([[0], [1]], 30, axis=0)
    labels = np.where(np.arange(60) % 3, "yes", "no")

    def share_of_yes(X: Any, codes: Any, y: Any) -> float:
        return float((y == "yes").mean())

    scorer = make_segment_scorer(share_of_yes)
    for y in (labels, pd.Series(labels), pl.Series(labels)):
        assert scorer(Codes(), X, y) == pytest.approx(2 / 3)


# Segmenters that are fitted to an outcome


@pytest.mark.parametrize("metric", ["stability", "prediction_strength"])
def test_clones_of_a_supervised_segmenter_are_fitted_to_the_outcome(
    metric: str,
) -> None:
    X, y = customers()
    X = X[["recency", "frequency"]]
    menu = OptimalRevenueBinner(2, revenue=[10, 16], cost=[0, 2], min_size=0.2)
    binner = PropensityBinner(binner=menu, cv=2).fit(X, y)
    scorer = make_segment_scorer(metric, n_replicates=2, random_state=0, **FREE)
    assert 0 < scorer(binner, X, y) <= 1
    for outcome in (pd.Series(y), pl.Series(y), y.tolist()):
        assert scorer(binner, X, outcome) == scorer(binner, X, y)


def test_stability_with_an_outcome_that_is_not_used_is_the_same() -> None:
    X, y = customers(200)
    model = KMeans(3, n_init=1, random_state=0)
    rows = X[["recency", "monetary"]]
    expected = stability_score(model, rows, n_replicates=2, random_state=0)
    assert stability_score(model, rows, y, n_replicates=2, random_state=0) == expected


# One search over all


K_MEANS = KMeans(4, n_init=1, random_state=0)
KINDS: dict[str, Any] = {
    "rfm": RFMSegmenter(n_scores=3),
    "rules": MECERuleSegmenter(
        {"New": "recency < {days}"}, default="Old", params={"days": 9}
    ),
    "clusters": InductiveSegmenter(K_MEANS),
    "mixture": GaussianMixture(3, random_state=0),
    "surrogate": RuleSurrogate(K_MEANS, random_state=0),
    "tiers": PropensityBinner(
        binner=OptimalRevenueBinner(2, revenue=[10, 16], cost=[0, 2]), cv=2
    ),
}


def search_over(*kinds: str) -> GridSearchCV:
    grid = [{"segments": [KINDS[kind]]} for kind in kinds]
    for candidate, kind in zip(grid, kinds, strict=True):
        if kind == "rules":
            candidate["segments__params__days"] = [30, 100]
    return GridSearchCV(
        Pipeline([("segments", KINDS["rfm"])]),
        grid,
        scoring=make_segment_scorer("explained_variance", **FREE),
        cv=FOLDS,
    )


def test_one_search_over_segmenters_of_all_kinds_by_an_outcome() -> None:
    X, y = customers()
    X = X[["recency", "frequency", "monetary"]]
    search = search_over(*KINDS).fit(X, y)
    # Conversions depend on whether recency is below 100.
    assert search.best_params_["segments__params__days"] == 100
    scores = search.cv_results_["mean_test_score"]
    assert np.isfinite(scores).all()
    assert search.best_score_ > 0.15
    table = pd.DataFrame(search.cv_results_)
    texts = table["param_segments"].astype(str)
    names = ["RFM", "MECE", "MECE", "Inductive", "Gaussian", "RuleSur", "Propensity"]
    assert all(t.startswith(n) for t, n in zip(texts, names, strict=True))
    assert texts.str.len().max() < 250
    assert texts.str.count("\n").max() <= 3


def test_one_search_by_labels_is_that_by_flags() -> None:
    X, y = customers()
    X, labels = X[["recency", "frequency", "monetary"]], np.where(y, "yes", "no")
    searches = [search_over("rfm", "clusters", "mixture", "surrogate") for _ in "ab"]
    scores = [
        search.fit(X, outcome).cv_results_["mean_test_score"]
        for search, outcome in zip(searches, (y, labels), strict=True)
    ]
    np.testing.assert_allclose(*scores)


def test_a_metric_of_the_outcome_is_pickled_with_its_scorer() -> None:
    scorer = make_segment_scorer(three, illegal=np.nan)
    again = pickle.loads(pickle.dumps(scorer))
    assert again == scorer
    assert repr(again) == "make_segment_scorer(three, illegal=nan)"


def test_outcomes_and_distances_are_scored_beside_each_other() -> None:
    X, y = customers()
    scoring = {
        "outcome": make_segment_scorer("explained_variance", **FREE),
        "silhouette": make_segment_scorer(**FREE),
    }
    model = RFMSegmenter(n_scores=3)
    results = cross_validate(model, X, y, cv=FOLDS, scoring=scoring)
    assert np.isfinite(results["test_outcome"]).all()
    assert np.isfinite(results["test_silhouette"]).all()
