"""A budget per customer, and what a campaign of another size spends."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

from skseg import OptimalRevenueBinner, PropensityBinner
from skseg._typing import FloatArray
from skseg.exceptions import InfeasibleError, InvalidDataError, InvalidParameterError
from skseg.metrics import make_profit_scorer, tier_spend

MENU: dict[str, Any] = {"revenue": 30, "response": [1, 1.5, 1.8], "cost": [0, 4, 9]}


def customers(seed: int = 0, n: int = 500) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(seed)
    scores = rng.beta(2, 5, n)
    return scores[:, None], (rng.random(n) < scores).astype(float)


def binner(**params: Any) -> OptimalRevenueBinner:
    return OptimalRevenueBinner(3, **{**MENU, **params})


@pytest.mark.parametrize("fixed_cost", [0, [0, 20, 50]], ids=["none", "some"])
@pytest.mark.parametrize("amount", [0.0, 0.4, 1.3, 100.0])
@pytest.mark.parametrize("has_gaps", [False, True])
def test_it_is_the_budget_of_all_customers(
    has_gaps: bool, amount: float, fixed_cost: Any
) -> None:
    scores, converted = customers()
    if has_gaps:
        scores[::10] = np.nan
    weight = np.random.default_rng(1).integers(0, 4, len(scores))
    per_customer = binner(budget_per_customer=amount, fixed_cost=fixed_cost)
    per_customer.fit(scores, converted, weight)
    in_all = binner(budget=amount * weight.sum(), fixed_cost=fixed_cost)
    in_all.fit(scores, converted, weight)
    assert per_customer.budget_ == in_all.budget_ == amount * weight.sum()
    assert per_customer.segments_.equals(in_all.segments_)
    assert per_customer.segments_["spend"].sum() <= amount * weight.sum() + 1e-9


def test_without_a_budget_it_is_infinite() -> None:
    assert binner().fit(*customers()).budget_ == np.inf


def test_a_campaign_of_twice_the_customers_spends_twice_as_much() -> None:
    scores, converted = customers()
    small = binner(budget_per_customer=1).fit(scores, converted)
    twice = np.concatenate([scores, scores]), np.concatenate([converted, converted])
    large = binner(budget_per_customer=1).fit(*twice)
    np.testing.assert_array_equal(small.cut_points_, large.cut_points_)
    assert large.budget_ == 2 * small.budget_
    spend = small.spend(twice[0])
    assert spend["spend"].sum() == 2 * small.segments_["spend"].sum() <= 1000
    fixed = binner(budget=500).fit(*twice)
    assert fixed.segments_["spend"].sum() <= 500


def test_spend_is_that_of_evaluate() -> None:
    scores, converted = customers()
    others, outcomes = customers(1, 300)
    others[:7] = np.nan
    weight = np.random.default_rng(2).integers(0, 3, 300)
    fitted = binner(budget_per_customer=1, fixed_cost=[0, 20, 50]).fit(
        scores, converted
    )
    spend = fitted.spend(others, weight)
    table = fitted.evaluate(others, outcomes, weight)
    shared = ["code", "name", "n", "share", "tier", "cost", "fixed_cost", "spend"]
    assert spend[shared].equals(table[shared])
    tiers = fitted.tiers_[fitted.predict(others)]
    total = tier_spend(tiers, fitted.menu_, sample_weight=weight)
    assert spend["spend"].sum() == pytest.approx(total)
    per_customer = tier_spend(
        tiers, fitted.menu_, sample_weight=weight, per_customer=True
    )
    assert per_customer == pytest.approx(total / weight.sum())


def test_a_fit_to_the_scores_of_a_campaign_keeps_its_budget() -> None:
    # What the guide advises: no outcomes are needed.
    new, _ = customers(3, 4000)
    campaign = binner(budget=2000, response_model="score").fit(new)
    assert campaign.spend(new)["spend"].sum() <= 2000


def test_folds_of_a_search_have_their_share_of_it() -> None:
    scores, converted = customers()
    search = GridSearchCV(
        binner(), {"budget_per_customer": [0.2, 1.0]}, cv=3, scoring=None
    ).fit(scores, converted)
    assert search.best_params_ == {"budget_per_customer": 1.0}
    crossed = binner(budget_per_customer=0.5).fit(scores, converted)
    codes = binner(budget_per_customer=0.5).fit_transform(scores, converted)
    spend = np.array(MENU["cost"])[crossed.tiers_[codes[:, 0].astype(int)]].mean()
    assert spend == pytest.approx(0.5, rel=0.3)


def test_propensities_have_a_spend_too() -> None:
    X, y = customers()
    model = PropensityBinner(binner=binner(budget_per_customer=1)).fit(X, y)
    assert model.segments_["spend"].sum() <= 500
    spend = model.spend(X)
    tiers = model.binner_.tiers_[model.predict(X)]
    assert spend["spend"].sum() == tier_spend(tiers, model.binner_.menu_)


def test_profit_scorers_tell_what_candidates_spend() -> None:
    X, y = customers()
    others, outcomes = customers(1, 300)
    scorer = make_profit_scorer(30, [1, 1.5, 1.8], [0, 4, 9])
    for model in (
        binner(budget_per_customer=0.5).fit(X, y),
        PropensityBinner(binner=binner(budget_per_customer=0.5)).fit(X, y),
    ):
        spend = model.spend(others)["spend"].sum() / 300
        assert scorer.spend(model, others, outcomes) == pytest.approx(spend)
    search = GridSearchCV(
        binner(),
        {"budget_per_customer": [0.2, 1.0]},
        scoring={"profit": scorer, "spend": scorer.spend},
        refit="profit",
        cv=3,
    ).fit(X, y)
    spends = search.cv_results_["mean_test_spend"]
    assert spends == pytest.approx([0.2, 1.0], rel=0.2)


@pytest.mark.parametrize("monotonic", [None, "ascending"])
@pytest.mark.parametrize("n", [77, 500])
def test_what_the_error_advises_makes_it_possible(
    n: int, monotonic: str | None
) -> None:
    X, y = customers(n=n)
    model = binner(
        cost=[1.1, 4, 9], budget_per_customer=0.3, mode="exact", monotonic=monotonic
    )
    with pytest.raises(InfeasibleError, match=r"budget_per_customer=0\.3") as caught:
        model.fit(X, y)
    error = caught.value
    assert not re.search(r"\bbudget=", str(error))
    assert error.remedy
    assert "budget" not in error.remedy
    assert isinstance(error.value, dict)
    assert error.value["budget_per_customer"] == 0.3
    model.set_params(**error.remedy).fit(X, y)
    (amount,) = re.findall(r"possible: budget_per_customer=([\d.e+-]+\d)", str(error))
    model.set_params(budget_per_customer=float(amount)).fit(X, y)


def test_two_budgets_or_negative_ones_are_errors() -> None:
    X, y = customers()
    with pytest.raises(InvalidParameterError, match="None where a budget of all"):
        binner(budget=5, budget_per_customer=1).fit(X, y)
    with pytest.raises(
        InvalidParameterError, match=r"'budget_per_customer'.*0 or more"
    ):
        binner(budget_per_customer=-1).fit(X, y)
    assert binner(cost=[-2, 4, 9], budget_per_customer=-1).fit(X, y).budget_ == -500


def test_a_spend_per_customer_needs_customers() -> None:
    menu = {"revenue": 1, "cost": [1.0, 2.0]}
    assert tier_spend([], menu) == 0
    with pytest.raises(InvalidDataError, match="no rows"):
        tier_spend([], menu, per_customer=True)
    with pytest.raises(
        InvalidDataError, match=r"codes of tier_spend .* Got 2 at row 0"
    ):
        tier_spend([2], menu)
