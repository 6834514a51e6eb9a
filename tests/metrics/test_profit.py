"""Profit by one menu: of tiers from anywhere, and of any segmenter in a search."""

from __future__ import annotations

import math
import pickle
from typing import Any, Self

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, clone
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, KFold, cross_validate
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skseg import (
    InductiveSegmenter,
    MECERuleSegmenter,
    OptimalRevenueBinner,
    PropensityBinner,
    RFMSegmenter,
    RuleSurrogate,
)
from skseg.exceptions import InvalidDataError, InvalidParameterError, SksegError
from skseg.metrics import make_profit_scorer, tier_profit

FOLDS = KFold(3, shuffle=True, random_state=0)
MENU: dict[str, Any] = {"revenue": 30, "response": [1, 1.5, 1.8], "cost": [0, 4, 9]}
RANDOM = np.random.default_rng(0)
SCORE = RANDOM.beta(2, 5, 2000)
CONVERTED = (RANDOM.random(2000) < SCORE).astype(int)


def plain_profit(tiers: Any, y: Any, menu: dict[str, Any]) -> float:
    """Count every row alone, with the menu as it was written."""
    n = max(len(v) for v in menu.values() if isinstance(v, list))
    parts = {
        name: value if isinstance(value, list) else [value] * n
        for name, value in ({"response": 1, "cost": 0, "fixed_cost": 0} | menu).items()
    }
    rows = [
        parts["revenue"][t] * parts["response"][t] * outcome - parts["cost"][t]
        for t, outcome in zip(tiers, y, strict=True)
    ]
    return math.fsum(rows) - sum(parts["fixed_cost"][t] for t in set(tiers))


# tier_profit


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 2), st.floats(-9, 9)), min_size=1, max_size=20
    ),
    menu=st.fixed_dictionaries(
        {"revenue": st.lists(st.floats(-50, 50), min_size=3, max_size=3)},
        optional={
            "response": st.lists(st.floats(0, 3), min_size=3, max_size=3),
            "cost": st.floats(-5, 5),
            "fixed_cost": st.lists(st.floats(0, 9), min_size=3, max_size=3),
        },
    ),
)
def test_profit_is_counted_row_by_row(rows: Any, menu: dict[str, Any]) -> None:
    tiers, y = (list(values) for values in zip(*rows, strict=True))
    expected = plain_profit(tiers, y, menu)
    assert tier_profit(tiers, y, menu) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("fixed_cost", [0, [0, 200, 900]], ids=["free", "fixed"])
@pytest.mark.parametrize("mode", ["subset", "exact"])
def test_profit_of_a_binner_by_its_own_menu_is_its_value(
    mode: str, fixed_cost: Any
) -> None:
    scores = np.where(RANDOM.random(2000) < 0.02, np.nan, SCORE)
    binner = OptimalRevenueBinner(3, **MENU, mode=mode, fixed_cost=fixed_cost)
    binner.fit(scores[:, None], CONVERTED)
    tiers = binner.tiers_[binner.labels_]
    assert tier_profit(tiers, CONVERTED, binner.menu_) == pytest.approx(binner.value_)
    menu = MENU | {"fixed_cost": fixed_cost}
    assert tier_profit(tiers, CONVERTED, menu) == pytest.approx(binner.value_)
    assert tier_profit(tiers, CONVERTED, pl.from_pandas(binner.menu_)) == pytest.approx(
        binner.value_
    )


def test_weights_are_copies() -> None:
    tiers, y, weight = [0, 1, 2, 2], [1, 0, 1, 0], [3, 0, 2, 1]
    copies = [np.repeat(values, weight) for values in (tiers, y)]
    menu = MENU | {"fixed_cost": [1, 20, 300]}
    expected = tier_profit(*copies, menu)
    assert tier_profit(tiers, y, menu, sample_weight=weight) == expected


@pytest.mark.parametrize(
    "menu",
    [
        MENU,
        MENU | {"revenue": [30, 30, 30]},
        MENU | {"cost": lambda tier: [0, 4, 9][tier]},
        MENU | {"response": np.array([1, 1.5, 1.8])},
        MENU | {"response": pl.Series([1.0, 1.5, 1.8])},
        pd.DataFrame(MENU),
        pd.DataFrame(MENU | {"name": ["None", "E-mail", "Call"]}),
        pl.from_pandas(pd.DataFrame(MENU)),
    ],
    ids=["mapping", "lists", "function", "array", "polars list", "frame", "wide", "pl"],
)
def test_menus_of_every_form_are_the_same(menu: Any) -> None:
    tiers, y = RANDOM.integers(0, 3, 50), RANDOM.integers(0, 2, 50)
    assert tier_profit(tiers, y, menu) == pytest.approx(plain_profit(tiers, y, MENU))


def test_labels_count_as_said() -> None:
    tiers, y = np.arange(30) % 3, np.arange(30) % 2
    labels = np.where(y, "yes", "no")
    assert tier_profit(tiers, labels, MENU) == tier_profit(tiers, y, MENU)
    assert tier_profit(tiers, labels, MENU, pos_label="no") == tier_profit(
        tiers, 1 - y, MENU
    )
    assert tier_profit(tiers, y.astype(bool), MENU) == tier_profit(tiers, y, MENU)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"codes": [0, 3]}, "codes of tier_profit must be positions .* Got 3 at row 1"),
        ({"codes": [0, -1]}, "0 to 2. Got -1 at row 1"),
        ({"codes": [0.5, 1]}, "codes of tier_profit must be whole numbers"),
        ({"y": [0, np.nan]}, "must be known and finite. Got nan at row 1"),
        ({"y": [0, 1, 1]}, "one outcome a row"),
        ({"y": ["a", "b"], "codes": [0, 1, 2]}, "one outcome a row"),
        ({"menu": {"cost": [1, 2]}}, "'menu' .* a mapping or a frame with 'revenue'"),
        ({"menu": [1, 2]}, "'menu' .* a mapping or a frame with 'revenue'"),
        ({"menu": pd.DataFrame({"cost": [1, 2]})}, "revenue"),
        ({"menu": MENU | {"response_": 1}}, "Did you mean 'response'"),
        ({"menu": {"revenue": 1}}, "'revenue' .* one number a tier"),
        ({"menu": {"revenue": 1, "cost": 2}}, "one number a tier, here or in 'cost'"),
        ({"menu": MENU | {"cost": [1, 2]}}, "'cost' .* array of 3 numbers"),
        ({"menu": MENU | {"cost": [0, 1, np.nan]}}, "'cost' .* all finite"),
        ({"menu": MENU | {"response": [1, 1, -1]}}, "'response' .* 0 or more a tier"),
        ({"sample_weight": [1, -1]}, "sample_weight must be finite and not negative"),
        ({"menu": {"revenue": [1e308] * 3}, "y": [9, 9]}, "must be finite"),
    ],
)
def test_wrong_tiers_menus_and_outcomes_are_refused(
    changes: dict[str, Any], message: str
) -> None:
    arguments: dict[str, Any] = {"codes": [0, 2], "y": [0, 1], "menu": MENU} | changes
    with pytest.raises((SksegError, ValueError), match=message):
        tier_profit(**arguments)


# One yardstick for all menus


def test_the_most_optimistic_menu_does_not_win() -> None:
    """The menus of the guide: score alone picks the one that promises most."""
    X = SCORE[:, None]
    responses = [[1, 1.3, 1.4], [1, 1.5, 1.8], [1, 5, 9]]
    grid = {"response": responses}
    binner = OptimalRevenueBinner(3, revenue=30, cost=[0, 4, 9])
    naive = GridSearchCV(binner, grid, cv=FOLDS).fit(X, CONVERTED)
    assert naive.best_params_ == {"response": [1, 5, 9]}
    naive = GridSearchCV(binner, {"response": responses[:2]}, cv=FOLDS)
    assert naive.fit(X, CONVERTED).best_params_ == {"response": [1, 1.5, 1.8]}
    for truth in responses:
        scorer = make_profit_scorer(30, truth, [0, 4, 9])
        search = GridSearchCV(binner, grid, cv=FOLDS, scoring=scorer)
        assert search.fit(X, CONVERTED).best_params_ == {"response": truth}


def test_with_its_own_menu_the_yardstick_is_the_score() -> None:
    X = SCORE[:, None]
    binner = OptimalRevenueBinner(3, **MENU).fit(X[:1000], CONVERTED[:1000])
    scorer = make_profit_scorer(**MENU)
    expected = binner.score(X[1000:], CONVERTED[1000:])
    assert scorer(binner, X[1000:], CONVERTED[1000:]) == pytest.approx(expected)


def test_tiers_are_found_in_pipelines_searches_and_propensity_binners() -> None:
    X = np.c_[SCORE, RANDOM.random(2000)]
    menu = OptimalRevenueBinner(3, **MENU)
    scorer = make_profit_scorer(**MENU)
    binner = PropensityBinner(binner=menu, cv=2).fit(X, CONVERTED)
    expected = binner.score(X, CONVERTED)
    assert scorer(binner, X, CONVERTED) == pytest.approx(expected)
    piped = make_pipeline(StandardScaler(), PropensityBinner(binner=menu, cv=2))
    piped.fit(X, CONVERTED)
    assert scorer(piped, X, CONVERTED) == pytest.approx(piped.score(X, CONVERTED))
    search = GridSearchCV(menu, {"min_size": [0.01, 0.1]}, cv=2, scoring=scorer)
    search.fit(X[:, :1], CONVERTED)
    assert scorer(search, X[:, :1], CONVERTED) == search.score(X[:, :1], CONVERTED)


def test_a_menu_of_more_tiers_than_the_yardstick_is_refused() -> None:
    X = SCORE[:, None]
    binner = OptimalRevenueBinner(4, revenue=[30, 40, 50, 60], cost=[0, 1, 2, 3])
    binner.set_params(mode="exact").fit(X, CONVERTED)
    message = "at most 3 tiers.*Got tier 3, counted from 0"
    with pytest.raises(InvalidDataError, match=message) as error:
        make_profit_scorer(**MENU)(binner, X, CONVERTED)
    assert "n_bins=3" in str(error.value)
    binner.set_params(n_bins=3, revenue=[30, 40, 50], cost=[0, 1, 2])
    assert np.isfinite(
        make_profit_scorer(**MENU)(binner.fit(X, CONVERTED), X, CONVERTED)
    )


# Segments without tiers of their own


class Codes(BaseEstimator):
    """Gives the first column as the codes."""

    def fit(self, X: Any, y: Any = None) -> Self:
        return self

    def predict(self, X: Any) -> Any:
        return np.asarray(X)[:, 0].astype(int)


def test_segments_that_know_no_outcome_get_the_best_tier_of_their_other_rows() -> None:
    codes = RANDOM.integers(-1, 4, 60)
    codes[0] = 9  # alone in its segment
    y = RANDOM.integers(0, 2, 60)
    gain = np.array(MENU["response"]) * MENU["revenue"]
    tiers = []
    for row in range(60):
        others = np.delete(np.arange(60), row)
        mates = others[codes[others] == codes[row]]
        rate = y[mates if len(mates) else others].mean()
        tiers.append(int(np.argmax(gain * rate - np.array(MENU["cost"]))))
    expected = plain_profit(tiers, y, MENU) / 60
    score = make_profit_scorer(**MENU)(Codes(), codes[:, None], y)
    assert score == pytest.approx(expected)


def test_the_tier_of_a_row_does_not_follow_from_its_own_outcome() -> None:
    """Segments of two random rows promise much if rows choose their own tiers."""
    rng = np.random.default_rng(1)
    codes = np.repeat(np.arange(500), 2)[:, None]
    scorer = make_profit_scorer(10, [1, 3], [0, 5])
    scores = [scorer(Codes(), codes, rng.random(1000) < 0.25) for _ in range(50)]
    # Both tiers make 2.5 a customer on average.
    assert np.mean(scores) == pytest.approx(2.5, abs=0.1)


def test_segments_that_have_learned_an_outcome_get_the_best_tier_of_training() -> None:
    X = pd.DataFrame({"aov": SCORE * 100})
    rules = MECERuleSegmenter({"Rich": "aov > 40", "Core": "aov > 15"}, default="Poor")
    rules.set_params(on_overlap="first")
    model = rules.fit(X[:1000], CONVERTED[:1000])
    rates = model.segments_["outcome"].to_numpy()
    gain = np.array(MENU["response"]) * MENU["revenue"]
    best = np.argmax(np.outer(rates, gain) - np.array(MENU["cost"]), axis=1)
    assert len({*best}) > 1
    tiers = best[model.predict(X[1000:])]
    expected = plain_profit(tiers, CONVERTED[1000:], MENU) / 1000
    score = make_profit_scorer(**MENU)(model, X[1000:], CONVERTED[1000:])
    assert score == pytest.approx(expected)


@pytest.mark.parametrize("pos_label", [None, "yes", "no"])
@pytest.mark.parametrize(
    "segmenter",
    [
        MECERuleSegmenter({"Rich": "aov > 30"}, default="Poor"),
        InductiveSegmenter(KMeans(3, n_init=1, random_state=0)),
    ],
    ids=["rules", "clusters"],
)
def test_learned_rates_are_those_of_the_label_that_the_scorer_counts(
    segmenter: Any, pos_label: Any
) -> None:
    X, segmenter = pd.DataFrame({"aov": SCORE * 100}), clone(segmenter)
    labels = np.where(CONVERTED, "yes", "no")
    flags = (labels == (pos_label or "yes")).astype(int)
    by_flags = make_profit_scorer(**MENU)(segmenter.fit(X, flags), X, flags)
    scorer = make_profit_scorer(**MENU, pos_label=pos_label)
    if isinstance(segmenter, MECERuleSegmenter):
        # That of the segmenter may be the other one.
        segmenter.set_params(pos_label="no")
    assert scorer(segmenter.fit(X, labels), X, labels) == pytest.approx(by_flags)


@pytest.mark.parametrize(
    ("learned", "scored", "pos_label"),
    [
        ([0, 1], [False, True], None),
        ([False, True], [0, 1], None),
        ([0, 1], [0, 1], 1),
        ([0, 1], [0, 1], 0),
        ([1, 2], [1, 2], 2),
        ([1, 2], [1, 2], 1),
        ([False, True], [False, True], False),
        (["no", "yes"], ["no", "yes"], "no"),
        (["no", "yes"], [False, True], None),
        (["no", "yes"], [0, 1], None),
    ],
)
def test_rates_are_those_of_training_if_the_outcomes_are_alike(
    learned: list[Any], scored: list[Any], pos_label: Any
) -> None:
    X = pd.DataFrame({"aov": SCORE * 100})
    rules = MECERuleSegmenter({"Rich": "aov > 40", "Core": "aov > 15"}, default="Poor")
    rules.set_params(on_overlap="first").fit(X, np.array(learned)[CONVERTED])
    # Hardly anyone converts later, so that rates of these rows choose other tiers.
    later = X[:300]
    converted = (np.arange(300) == 0).astype(int)
    codes, y = rules.predict(later), np.array(scored)[converted]

    def flags(occurred: Any) -> Any:
        values = np.array(scored)[occurred]
        if pos_label is not None:
            return (values == pos_label).astype(float)
        return np.asarray(
            values == "yes" if values.dtype.kind == "U" else values, float
        )

    if isinstance(learned[0], str) and not isinstance(scored[0], str):
        # The scorer cannot tell which label is which number.
        n_converted = np.bincount(codes, flags(converted))
        rates = (n_converted[codes] - flags(converted)) / (
            np.bincount(codes)[codes] - 1
        )
    else:
        trained = rules.predict(X)
        means = [flags(CONVERTED)[trained == code].mean() for code in range(3)]
        rates = np.array(means)[codes]
    gain = np.array(MENU["response"]) * MENU["revenue"]
    tiers = np.argmax(np.outer(rates, gain) - np.array(MENU["cost"]), axis=1)
    score = make_profit_scorer(**MENU, pos_label=pos_label)(rules, later, y)
    assert score == pytest.approx(plain_profit(tiers, flags(converted), MENU) / 300)


def test_rows_outside_of_a_universe_have_a_rate_of_their_own() -> None:
    outside = np.arange(2000) % 2 == 1
    X = pd.DataFrame({"aov": SCORE * 100, "outside": outside * 1})
    converted = np.where(outside, 0, CONVERTED)
    rules = MECERuleSegmenter(
        {"Rich": "aov > 30"}, default="Poor", universe="outside == 0"
    ).fit(X, converted)
    scorer = make_profit_scorer(**MENU)
    inside = scorer(rules, X[~outside], converted[~outside])
    # No one outside converts, so none of them is treated.
    assert scorer(rules, X, converted) == pytest.approx(inside / 2)


@pytest.mark.parametrize("label", ["no", "yes"])
def test_a_fold_of_one_label_is_valued_by_the_labels_of_training(label: str) -> None:
    X, labels = pd.DataFrame({"aov": SCORE * 100}), np.where(CONVERTED, "yes", "no")
    scorer, rows = make_profit_scorer(**MENU), np.flatnonzero(labels == label)[:20]
    rules = MECERuleSegmenter({"Rich": "aov > 30"}, default="Poor")
    by_labels = scorer(rules.fit(X, labels), X.iloc[rows], labels[rows])
    by_numbers = scorer(rules.fit(X, CONVERTED), X.iloc[rows], CONVERTED[rows])
    assert by_labels == pytest.approx(by_numbers)
    # Of a clusterer, which has learned no labels, a user has to say it.
    clusters = KMeans(2, n_init=1, random_state=0).fit(X)
    with pytest.raises(InvalidDataError, match="by pos_label what counts as 1"):
        scorer(clusters, X.iloc[rows], labels[rows])


def test_tiers_can_be_assigned_by_name_or_by_code() -> None:
    X = pd.DataFrame({"aov": SCORE * 100})
    model = MECERuleSegmenter({"Rich": "aov > 40"}, default="Poor").fit(X)
    tiers = np.where(X["aov"] > 40, 2, 0)
    expected = plain_profit(tiers, CONVERTED, MENU) / 2000
    for assignment in ({"Rich": 2, "Poor": 0}, {0: 2, 1: 0}):
        scorer = make_profit_scorer(**MENU, tiers=assignment)
        assert scorer(model, X, CONVERTED) == pytest.approx(expected)
    # Also in place of the tiers that a binner has found.
    binner = OptimalRevenueBinner(3, **MENU).fit(SCORE[:, None], CONVERTED)
    nobody = make_profit_scorer(**MENU, tiers=dict.fromkeys(range(4), 0))
    assert nobody(binner, SCORE[:, None], CONVERTED) == pytest.approx(
        30 * CONVERTED.mean()
    )
    scorer = make_profit_scorer(**MENU, tiers={"Rihc": 2, "Por": 0})
    with pytest.raises(InvalidDataError, match=r"none for 'Rich'. Did you mean 'Rihc'"):
        scorer(model, X, CONVERTED)


def test_labels_are_valued_as_the_scorer_says() -> None:
    scorer = make_profit_scorer(**MENU)
    labels = np.where(CONVERTED, "yes", "no")
    clusters = KMeans(5, n_init=1, random_state=0).fit(SCORE[:, None])
    expected = scorer(clusters, SCORE[:, None], CONVERTED)
    assert scorer(clusters, SCORE[:, None], labels) == pytest.approx(expected)
    reverse = make_profit_scorer(**MENU, pos_label="no")
    assert reverse(clusters, SCORE[:, None], labels) == pytest.approx(
        scorer(clusters, SCORE[:, None], 1 - CONVERTED)
    )
    # A fold without a single conversion.
    sure = make_profit_scorer(**MENU, pos_label="yes")
    assert sure(clusters, SCORE[:9, None], ["no"] * 9) == 0
    with pytest.raises(InvalidParameterError, match="'pos_label'"):
        make_profit_scorer(**MENU, pos_label="maybe")(clusters, SCORE[:, None], labels)


def test_one_search_over_segmenters_of_all_kinds_by_profit() -> None:
    rng = np.random.default_rng(5)
    n = 900
    X = pd.DataFrame(
        {
            "recency": rng.integers(1, 300, n),
            "frequency": rng.integers(1, 20, n),
            "monetary": rng.gamma(2, 50, n),
        }
    )
    rate = 0.05 + 0.5 * (X["recency"] < 100)
    y = (rng.random(n) < rate).to_numpy().astype(int)
    k_means = KMeans(4, n_init=1, random_state=0)
    candidates = [
        RFMSegmenter(n_scores=3),
        MECERuleSegmenter({"New": "recency < 100"}, default="Old"),
        InductiveSegmenter(k_means),
        GaussianMixture(3, random_state=0),
        RuleSurrogate(k_means, random_state=0),
        PropensityBinner(binner=OptimalRevenueBinner(3, **MENU), cv=2),
    ]
    scorer = make_profit_scorer(**MENU)
    search = GridSearchCV(
        Pipeline([("segments", RFMSegmenter())]),
        {"segments": candidates},
        scoring=scorer,
        cv=FOLDS,
    ).fit(X, y)
    scores = search.cv_results_["mean_test_score"]
    assert np.isfinite(scores).all()
    # No segments at all: the best tier for everyone.
    gain = np.array(MENU["response"]) * MENU["revenue"] * y.mean()
    without_segments = (gain - np.array(MENU["cost"])).max()
    # The rules are the truth, and tiers by a model come near them.
    assert (scores[[1, 5]] > without_segments).all()


def test_the_scorer_is_picklable_comparable_and_short() -> None:
    scorer = make_profit_scorer(**MENU)
    assert repr(scorer) == (
        "make_profit_scorer(revenue=30, response=[1, 1.5, 1.8], cost=[0, 4, 9])"
    )
    again = pickle.loads(pickle.dumps(scorer))
    assert again == scorer == make_profit_scorer(30.0, (1, 1.5, 1.8), [0, 4, 9.0])
    assert repr(make_profit_scorer([1, 2], pos_label="yes", tiers={"a": 1})) == (
        "make_profit_scorer(revenue=[1, 2], response=1, cost=0, tiers={'a': 1}, "
        "pos_label='yes')"
    )
    # Functions are called when it is made, so that it can be sent to processes.
    scorer = make_profit_scorer(lambda tier: 30 + tier, cost=[0, 4, 9])
    assert pickle.loads(pickle.dumps(scorer)) == scorer
    binner = OptimalRevenueBinner(3, **MENU)
    results = cross_validate(
        binner, SCORE[:, None], CONVERTED, scoring={"profit": scorer}, n_jobs=2
    )
    assert np.isfinite(results["test_profit"]).all()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"revenue": 30},
            "'revenue' .* one number a tier, here or in 'response' or in",
        ),
        ({"revenue": "30"}, "'revenue'"),
        ({"revenue": [30, 40], "cost": [1, 2, 3]}, "'revenue' .* array of 3 numbers"),
        ({"revenue": [30, np.inf]}, "'revenue' .* all finite"),
        ({"revenue": [30, 40], "response": -1}, "'response' .* 0 or more"),
        ({"revenue": [30, 40], "tiers": {"a": 2}}, "'tiers' .* 0 to 1"),
        ({"revenue": [30, 40], "tiers": {"a": True}}, "'tiers'"),
        ({"revenue": [30, 40], "tiers": [0, 1]}, "'tiers' .* a mapping"),
    ],
)
def test_wrong_parameters_raise_when_the_scorer_is_made(
    parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        make_profit_scorer(**parameters)


def test_the_outcome_is_needed() -> None:
    binner = OptimalRevenueBinner(3, **MENU).fit(SCORE[:, None], CONVERTED)
    with pytest.raises(
        InvalidDataError, match=r"needs the outcome y.*search.fit\(X, y\)"
    ):
        make_profit_scorer(**MENU)(binner, SCORE[:, None])
