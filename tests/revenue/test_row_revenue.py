"""A revenue for every customer: optimum, tables, bootstrap, pictures, pipelines."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skseg import MECERuleSegmenter, OptimalRevenueBinner, PropensityBinner
from skseg._typing import FloatArray
from skseg.displays import RevenueCurveDisplay, RevenueTiersDisplay
from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.metrics import tier_profit

MENU: dict[str, Any] = {"response": [1, 1.5, 1.8], "cost": [0, 4, 9]}
FIXED = [0.0, 5.0, 20.0]


def customers(seed: int = 0, n: int = 12) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return scores with ties, conversions, and revenues that fall with the score."""
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, n, n) / n
    converted = (rng.random(n) < scores).astype(float)
    return scores[:, None], converted, np.round(rng.gamma(2, 20, n) * (1.5 - scores))


def binner(**params: Any) -> OptimalRevenueBinner:
    return OptimalRevenueBinner(3, **{"min_size": None, **MENU, **params})


def brute_force(
    scores: FloatArray,
    amounts: FloatArray,
    weight: FloatArray,
    *,
    budget: float = np.inf,
    fixed_cost: Any = (0.0, 0.0, 0.0),
    min_size: float = 0.0,
) -> float:
    """Return the largest profit of all ways to cut customers into tiers."""
    distinct = np.unique(scores)
    best = -np.inf
    for k in (1, 2, 3):
        for tiers in combinations(range(3), k):
            for cuts in combinations(range(1, len(distinct)), k - 1):
                edges = [-np.inf, *(distinct[cut - 1] for cut in cuts), np.inf]
                profit = spend = 0.0
                sizes = []
                for tier, (low, high) in zip(tiers, pairwise(edges), strict=True):
                    rows = (scores > low) & (scores <= high)
                    sizes.append(weight[rows].sum())
                    cost = MENU["cost"][tier] * sizes[-1] + fixed_cost[tier]
                    spend += cost
                    revenue = MENU["response"][tier] * (amounts * weight)[rows].sum()
                    profit += revenue - cost
                if spend <= budget and min(sizes) >= min_size:
                    best = max(best, profit)
    return best


@pytest.mark.parametrize(
    "constraints",
    [
        {},
        {"min_size": 3},
        {"budget": 20.0},
        {"fixed_cost": FIXED},
        {"budget": 40.0, "fixed_cost": FIXED},
    ],
    ids=["free", "sizes", "budget", "fixed", "both"],
)
@pytest.mark.parametrize("seed", range(8))
def test_no_tiers_make_more(seed: int, constraints: dict[str, Any]) -> None:
    scores, converted, revenue = customers(seed)
    weight = np.random.default_rng(seed).integers(0, 3, len(revenue)).astype(float)
    fitted = binner(**constraints).fit(scores, converted, weight, revenue)
    counted = weight > 0
    expected = brute_force(
        scores[counted, 0],
        (converted * revenue)[counted],
        weight[counted],
        **constraints,
    )
    assert fitted.gap_ == 0
    assert fitted.value_ == pytest.approx(expected, rel=1e-12, abs=1e-9)
    assert fitted.segments_["profit"].sum() == pytest.approx(fitted.value_)


def test_tiers_follow_the_revenue_and_tables_count_conversions() -> None:
    scores = [[0.2], [0.4], [0.6], [0.8]]
    converted = np.array([1.0, 1.0, 0.0, 1.0])
    fitted = OptimalRevenueBinner(2, response=[1, 2], cost=[0, 10], min_size=None)
    fitted.fit(scores, converted, revenue=[5.0, 30.0, 99.0, 40.0])
    # Calls for the three best ones bring 30 + 0 + 40 more for 30.
    np.testing.assert_allclose(fitted.cut_points_, [0.3])
    table = fitted.segments_.set_index("name")
    assert table["conversions"].tolist() == [1, 2, 0]
    assert table["rate"].tolist()[:2] == [1, pytest.approx(2 / 3)]
    assert table["revenue"].tolist() == [5, 140, 0]
    assert table["profit"].tolist() == [5, 110, 0]
    assert fitted.value_ == 115


def test_revenues_of_one_for_all_change_nothing() -> None:
    scores, converted, _ = customers(1, 300)
    plain = binner(revenue=30).fit(scores, converted)
    ones = binner(revenue=30).fit(scores, converted, revenue=np.ones(300))
    pd.testing.assert_frame_equal(plain.segments_, ones.segments_)
    thirty = binner().fit(scores, converted, revenue=np.full(300, 30))
    pd.testing.assert_frame_equal(plain.segments_, thirty.segments_)


def test_a_weight_is_a_repetition() -> None:
    scores, converted, revenue = customers(2, 100)
    weight = np.random.default_rng(0).integers(0, 4, 100)
    weighted = binner().fit(scores, converted, weight, revenue)
    rows = np.repeat(np.arange(100), weight)
    repeated = binner().fit(scores[rows], converted[rows], revenue=revenue[rows])
    pd.testing.assert_frame_equal(weighted.segments_, repeated.segments_)


@pytest.mark.parametrize("model", ["observed", "score", "isotonic", "logistic"])
def test_every_response_model_multiplies_its_conversions(model: str) -> None:
    scores, converted, revenue = customers(3, 400)
    plain = binner(response_model=model, revenue=[1, 1, 1]).fit(scores, converted)
    fitted = binner(response_model=model).fit(scores, converted, revenue=revenue)
    # What the model expects of a score does not depend on the revenue.
    total = plain.segments_["conversions"].sum()
    assert fitted.segments_["conversions"].sum() == pytest.approx(total)
    assert fitted.gap_ == 0
    if model == "score":
        alone = binner(response_model=model).fit(scores, revenue=revenue)
        assert alone.value_ == pytest.approx(fitted.value_)


def test_customers_without_a_score_bring_their_revenue() -> None:
    scores, converted, revenue = customers(4, 50)
    scores[:5] = np.nan
    fitted = binner().fit(scores, converted, revenue=revenue)
    unscored = fitted.segments_.iloc[-1]
    assert unscored["revenue"] == (converted * revenue)[:5].sum()
    assert fitted.value_ == pytest.approx(fitted.segments_["profit"].sum())


def test_evaluate_and_score_count_the_revenue_of_other_customers() -> None:
    scores, converted, revenue = customers(5, 400)
    fitted = binner(fixed_cost=FIXED).fit(
        scores[:200], converted[:200], revenue=revenue[:200]
    )
    rest = scores[200:], converted[200:]
    tiers = fitted.tiers_[fitted.predict(rest[0])]
    profit = tier_profit(tiers, rest[1], fitted.menu_, revenue=revenue[200:])
    table = fitted.evaluate(*rest, revenue=revenue[200:])
    assert table["profit"].sum() == pytest.approx(profit)
    score = fitted.score(*rest, revenue=revenue[200:])
    assert score == pytest.approx(profit / 200)
    display = RevenueTiersDisplay.from_estimator(fitted, *rest, revenue=revenue[200:])
    assert display.frame()["profit"].sum() == pytest.approx(profit)


def test_the_curve_shows_the_profit_of_the_fitted_cuts() -> None:
    scores, converted, revenue = customers(6, 300)
    fitted = binner().fit(scores, converted, revenue=revenue)
    display = RevenueCurveDisplay.from_estimator(
        fitted, scores, converted, revenue=revenue
    )
    assert display.value == pytest.approx(fitted.value_)
    assert display.frame()["profit"].max() <= fitted.value_ + 1e-9


def test_an_order_against_the_revenue_is_warned_of_and_the_advice_helps() -> None:
    rng = np.random.default_rng(0)
    scores = rng.beta(2, 5, 2000)
    converted = (rng.random(2000) < scores).astype(float)
    revenue = np.where(scores > 0.35, 5.0, 60.0)
    with pytest.warns(
        UserWarning, match="revenue per customer does not rise"
    ) as caught:
        by_score = binner().fit(scores[:, None], converted, revenue=revenue)
    assert "the probability times the revenue" in str(caught[0].message)
    assert by_score.order_loss_ > 0.01
    expected = (scores * revenue)[:, None]
    by_revenue = binner().fit(expected, converted, revenue=revenue)
    assert by_revenue.order_loss_ < 0.01
    assert by_revenue.value_ > by_score.value_


def test_the_bootstrap_draws_amounts() -> None:
    scores, converted, _ = customers(7, 500)
    revenue = np.random.default_rng(7).gamma(2, 20, 500)
    fitted = binner().fit(scores, converted, revenue=revenue)
    result = fitted.bootstrap(300, random_state=0)
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(300):
        rows = rng.integers(0, 500, 500)
        copy = clone(fitted).set_params(compute_path=False)
        drawn.append(
            copy.fit(scores[rows], converted[rows], revenue=revenue[rows]).value_
        )
    totals = result.profits.sum(axis=1)
    assert np.mean(totals) == pytest.approx(np.mean(drawn), rel=0.03)
    assert np.std(totals) == pytest.approx(np.std(drawn), rel=0.2)
    calibrated = binner(response_model="isotonic").fit(
        scores, converted, revenue=revenue
    )
    with pytest.raises(InvalidDataError, match="Fit with response_model='observed'"):
        calibrated.bootstrap(2)


@pytest.mark.parametrize("encode", ["rate", "value", "woe"])
def test_encodings_tell_rates_and_amounts_apart(encode: str) -> None:
    scores, converted, revenue = customers(8, 300)
    fitted = binner(encode=encode).fit(scores, converted, revenue=revenue)
    values = fitted.transform(scores)[:, 0]
    table = fitted.segments_.set_index("code").loc[fitted.predict(scores)]
    if encode == "rate":
        np.testing.assert_allclose(values, table["rate"])
    if encode == "value":
        profit = table["revenue"] - table["cost"]
        np.testing.assert_allclose(values, profit / table["n"])
    crossed = clone(fitted).fit_transform(scores, converted, revenue=revenue)
    assert crossed.shape == (300, 1)


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("monotonic", {"monotonic": "ascending"}),
        ("min_rate_diff", {"min_rate_diff": 0.1}),
    ],
)
def test_constraints_on_rates_are_refused(name: str, params: dict[str, Any]) -> None:
    scores, converted, revenue = customers()
    model = binner(**params)
    with pytest.raises(InvalidParameterError, match=f"'{name}'") as caught:
        model.fit(scores, converted, revenue=revenue)
    assert "Set monotonic=None and min_rate_diff=0." in str(caught.value)
    model.set_params(monotonic=None, min_rate_diff=0).fit(
        scores, converted, revenue=revenue
    )


@pytest.mark.parametrize(
    ("revenue", "message"),
    [
        ([1.0] * 11, r"of shape \(12,\), one revenue a row\. Got shape \(11,\)"),
        ([1.0] * 11 + [np.nan], r"finite\. Got nan at row 11"),
        ([np.inf] + [1.0] * 11, r"finite\. Got inf at row 0"),
        (["a"] * 12, "revenue"),
        (np.ones((12, 2)), "revenue"),
    ],
    ids=["short", "nan", "inf", "text", "two"],
)
def test_a_wrong_revenue_is_an_error(revenue: Any, message: str) -> None:
    scores, converted, _ = customers()
    menu = {"revenue": 1, "cost": [0, 1]}
    calls: list[Callable[[], Any]] = [
        lambda: binner().fit(scores, converted, revenue=revenue),
        lambda: tier_profit([0] * 12, converted, menu, revenue=revenue),
    ]
    for call in calls:
        with pytest.raises(InvalidDataError, match=message):
            call()


def test_revenue_in_fit_and_later_go_together() -> None:
    scores, converted, revenue = customers()
    fitted = binner().fit(scores, converted, revenue=revenue)
    plain = binner().fit(scores, converted)
    for name in ("evaluate", "score"):
        with pytest.raises(InvalidDataError, match="Pass one revenue a row, revenue="):
            getattr(fitted, name)(scores, converted)
        getattr(fitted, name)(scores, converted, revenue=revenue)
        with pytest.raises(InvalidDataError, match="Pass it to fit as well"):
            getattr(plain, name)(scores, converted, revenue=revenue)
    with pytest.raises(InvalidDataError, match="Pass one revenue a row"):
        RevenueCurveDisplay.from_estimator(fitted, scores, converted)


def test_propensities_are_of_conversions_and_tiers_of_revenue() -> None:
    rng = np.random.default_rng(9)
    X = rng.normal(size=(400, 2))
    y = np.where(rng.random(400) < 1 / (1 + np.exp(1 - X[:, 0])), "yes", "no")
    revenue = rng.gamma(2, 30, 400)
    menu = binner(min_size=0.01)
    plain = PropensityBinner(binner=menu).fit(X, y)
    model = PropensityBinner(binner=menu).fit(X, y, revenue=revenue)
    np.testing.assert_array_equal(model.propensities_, plain.propensities_)
    by_hand = clone(menu).fit(
        pd.DataFrame({"propensity": model.propensities_}), y, revenue=revenue
    )
    pd.testing.assert_frame_equal(model.segments_, by_hand.segments_)
    table = model.evaluate(X, y, revenue=revenue)
    assert model.score(X, y, revenue=revenue) == pytest.approx(
        table["profit"].sum() / 400
    )
    display = RevenueCurveDisplay.from_estimator(model, None, y, revenue=revenue)
    assert display.value == pytest.approx(by_hand.value_)
    assert (
        PropensityBinner(binner=menu).fit_transform(X, y, revenue=revenue).shape[0]
        == 400
    )
    rules = MECERuleSegmenter({"High": "propensity > 0.5"}, default="Low")
    with pytest.raises(InvalidParameterError, match="whose fit takes revenue"):
        PropensityBinner(binner=rules).fit(X, y, revenue=revenue)


def test_revenue_is_routed_like_weights() -> None:
    scores, converted, revenue = customers(10, 300)
    with sklearn.config_context(enable_metadata_routing=True):
        routed = (
            binner()
            .set_fit_request(sample_weight=True, revenue=True)
            .set_score_request(sample_weight=True, revenue=True)
        )
        pipeline = make_pipeline(FunctionTransformer(), routed)
        pipeline.fit(scores, converted, revenue=revenue)
        assert pipeline.score(scores, converted, revenue=revenue) == pytest.approx(
            pipeline[-1].value_ / 300
        )
        search = GridSearchCV(routed, {"min_size": [0.05, 0.2]}, cv=3)
        search.fit(scores, converted, revenue=revenue)
        assert search.best_estimator_._has_revenue
        model = PropensityBinner(binner=routed).set_fit_request(revenue=True)
        model.fit(scores, converted, revenue=revenue)
        assert model.binner_._has_revenue
        default = PropensityBinner().set_fit_request(revenue=True)
        assert default.fit(scores, converted, revenue=revenue).binner_._has_revenue
        codes = cross_val_predict(
            routed, scores, converted, params={"revenue": revenue}, cv=3
        )
    assert len(codes) == 300
