"""What ordered tiers lose against free assignment, and the warning of it."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations_with_replacement, product
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from skseg import OptimalRevenueBinner, PropensityBinner
from skseg._revenue._menu import Menu
from skseg._revenue._order import order_loss, ordered_tiers
from skseg._search.cuts._bootstrap import ScoreBins

MENU: dict[str, Any] = {"revenue": 30, "response": [1, 1.5, 1.8], "cost": [0, 4, 9]}


def made_menu(revenue: Any, cost: Any) -> Menu:
    zeros = np.zeros(len(cost))
    return Menu(np.array(revenue), np.ones(len(cost)), np.array(cost), zeros)


def bins_of(n: Any, y: Any) -> ScoreBins:
    n, y = np.array(n, dtype=float), np.array(y, dtype=float)
    return ScoreBins(np.arange(len(n) - 1.0), n, y, is_complete=True)


def customers(shape: str, n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return scores, and outcomes whose rate has a shape as a function of the score."""
    rng = np.random.default_rng(seed)
    score = rng.random(n)
    rate = {
        "rising": 0.6 * score,
        "level": np.full(n, 0.27),
        "falling": 0.6 * (1 - score),
        "two humps": 0.1 + 0.4 * np.sin(2 * math.pi * score) ** 2,
        "falling at the top": np.where(score < 0.8, 0.7 * score, 0.02),
    }[shape]
    return score[:, np.newaxis], rng.random(n) < rate


def best_profit(profits: list[list[Fraction]], orders: Any) -> Fraction:
    return max(
        sum((row[tier] for row, tier in zip(profits, tiers, strict=True)), Fraction(0))
        for tiers in orders
    )


@pytest.mark.parametrize("seed", range(40))
def test_the_loss_is_that_of_all_assignments_tried_one_by_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n_groups, n_tiers = int(rng.integers(1, 6)), int(rng.integers(1, 5))
    n = np.full(n_groups, 8)
    y = rng.integers(0, 9, n_groups)
    menu = made_menu(rng.integers(-2, 9, n_tiers) / 2, rng.integers(-3, 9, n_tiers) / 4)
    # No two of the groups are in the same tenth.
    loss = order_loss(bins_of(n, y), menu, 0.25)
    profits = [
        [
            Fraction(r) * int(converted) - Fraction(c) * int(size)
            for r, c in zip(menu.revenue, menu.cost, strict=True)
        ]
        for size, converted in zip(n, y, strict=True)
    ]
    free = best_profit(profits, product(range(n_tiers), repeat=n_groups))
    tiers = range(n_tiers)
    ordered = best_profit(profits, combinations_with_replacement(tiers, n_groups))
    assert loss.loss == free - ordered
    if free == 0:
        assert loss.share == (math.inf if ordered < free else 0)
    else:
        assert loss.share == pytest.approx(float((free - ordered) / abs(free)))


def test_groups_are_tenths_and_equal_scores_stay_together() -> None:
    # Two scores of 100 customers each: the halves are whole, whatever the tenths.
    menu = made_menu([0.0, 10.0], [0.0, 5.0])
    loss = order_loss(bins_of([100, 100], [100, 0]), menu, 0.25)
    assert (loss.loss, loss.share) == (500, 1.0)
    # Twenty scores of a customer each are ten groups of two: none is pure any more.
    mixed = order_loss(bins_of(np.ones(20), [1, 0] * 10), menu, 0.25)
    assert mixed.loss == 0


def test_ordered_tiers_never_fall() -> None:
    profits = np.array([[0.0, 5, 1], [3, 0, 0], [0, 0, 9]])
    assert ordered_tiers(profits).tolist() == [1, 1, 2]
    assert ordered_tiers(profits[:1]).tolist() == [1]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("shape", "least", "most"),
    [
        ("rising", 0, 0.005),
        ("level", 0, 0.01),
        ("falling", 0.02, 0.2),
        ("two humps", 0.02, 0.2),
        ("falling at the top", 0.05, 0.3),
    ],
)
def test_a_rate_that_falls_is_warned_of(
    shape: str, least: float, most: float, seed: int
) -> None:
    X, y = customers(shape, 20_000, seed)
    binner = OptimalRevenueBinner(**MENU)
    if least == 0:
        binner.fit(X, y)  # warnings are errors
    else:
        with pytest.warns(UserWarning, match="does not rise with the score") as caught:
            binner.fit(X, y)
        assert len(caught) == 1
        assert caught[0].filename == __file__
        assert f"{binner.order_loss_:.1%} less" in str(caught[0].message)
    assert least <= binner.order_loss_ <= most


@pytest.mark.parametrize("seed", range(20))
def test_chance_is_no_reason_to_warn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X, y = rng.random((200, 1)), rng.random(200) < 0.27
    assert OptimalRevenueBinner(**MENU).fit(X, y).order_loss_ >= 0


def test_the_advice_of_the_warning_helps() -> None:
    X, y = customers("falling at the top", 8000)
    X_new, y_new = customers("falling at the top", 8000, seed=1)
    binner = OptimalRevenueBinner(**MENU, compute_path=False)
    with pytest.warns(UserWarning, match="recalibrate the score") as caught:
        binner.fit(X, y)
    advice = str(caught[0].message)
    assert "PropensityBinner(HistGradientBoostingClassifier(), binner)" in advice
    boosting = HistGradientBoostingClassifier(max_iter=30, random_state=0)
    recalibrated = PropensityBinner(boosting, binner).fit(X, y)
    assert recalibrated.binner_.order_loss_ < 0.01
    gain = recalibrated.score(X_new, y_new) / binner.score(X_new, y_new)
    assert gain > 1 + binner.order_loss_ / 2
    assert "response_model='isotonic'" in advice
    isotonic = OptimalRevenueBinner(**MENU, response_model="isotonic").fit(X, y)
    assert isotonic.order_loss_ == 0


def test_changing_the_sign_of_a_score_that_is_low_for_good_customers_helps() -> None:
    X, y = customers("falling", 8000)
    with pytest.warns(UserWarning, match="change their sign"):
        falling = OptimalRevenueBinner(**MENU).fit(X, y)
    rising = OptimalRevenueBinner(**MENU).fit(-X, y)
    assert rising.order_loss_ < 0.01
    assert rising.value_ > falling.value_


@pytest.mark.parametrize("model", ["score", "isotonic"])
def test_expected_conversions_that_rise_lose_nothing(model: str) -> None:
    X, y = customers("two humps", 5000)
    binner = OptimalRevenueBinner(**MENU, response_model=model).fit(X, y)
    assert binner.order_loss_ == 0


def test_weights_are_repetitions() -> None:
    X, y = customers("two humps", 600)
    X, weight = np.round(X, 2), np.arange(600) % 4
    repeated = np.repeat(X, weight, axis=0), np.repeat(y, weight)
    with pytest.warns(UserWarning, match="does not rise") as weighted:
        losses = [OptimalRevenueBinner(**MENU).fit(X, y, weight).order_loss_]
    with pytest.warns(UserWarning, match="does not rise") as plain:
        losses += [OptimalRevenueBinner(**MENU).fit(*repeated).order_loss_]
    assert losses[0] == losses[1]
    assert str(weighted[0].message) == str(plain[0].message)
