"""OptimalRevenueBinner by hand: what is fitted, read, transformed and evaluated."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from skseg import OptimalRevenueBinner
from tests.conftest import FRAMES

INF, NAN = math.inf, math.nan
# Tier 1 adds 5 a conversion for 1 a customer, tier 2 another 5 for another 3.
MENU: dict[str, Any] = {"revenue": 10, "response": [1, 1.5, 2], "cost": [0, 1, 4]}
FIXED = [0, 5, 2]
SCORES = np.arange(8.0)
X = SCORES.reshape(-1, 1)
Y = np.array([0, 0, 0, 1, 0, 1, 1, 1])
# Two more without a score, one of whom converts.
X_MISSING = np.array([*SCORES, NAN, NAN]).reshape(-1, 1)
Y_MISSING = np.array([*Y, 1, 0])
ALL_FRAMES = {**FRAMES, "pyarrow": pa.table}


def three(**settings: Any) -> OptimalRevenueBinner:
    """Return a binner with the menu above, without bounds of sizes."""
    return OptimalRevenueBinner(**{"n_bins": 3, "min_size": None, **MENU, **settings})


def column(*scores: float) -> np.ndarray:
    return np.array(scores, dtype=float).reshape(-1, 1)


def result(binner: OptimalRevenueBinner) -> tuple[Any, ...]:
    """Return what is found, to compare."""
    return binner.tiers_.tolist(), binner.cut_points_.tolist(), binner.value_


# The optimum of small cases


def test_cuts_are_where_the_sums_over_suffixes_are_largest() -> None:
    # All in tier 0 make 40. Tier 1 makes 4 more of a conversion and 1 less of the rest:
    # from score 3 on, 15. Tier 2 makes 2 more and 3 less: from score 5 on, 6.
    binner = three().fit(X, Y)
    assert result(binner) == ([0, 1, 2, 0], [2.5, 4.5], 61.0)
    assert (binner.upper_bound_, binner.gap_) == (61.0, 0.0)
    assert binner.labels_.tolist() == [0, 0, 0, 1, 1, 2, 2, 2]
    assert binner.labels_.dtype == np.intp
    assert binner.segment_names_.tolist() == ["Tier 0", "Tier 1", "Tier 2", "No score"]
    assert binner.tiers_.dtype == np.intp
    assert (binner.min_size_, binner.max_size_) == (0.0, INF)
    assert binner.n_features_in_ == 1
    assert not hasattr(binner, "feature_names_in_")


def test_value_path_has_the_best_for_each_number_of_tiers() -> None:
    # One tier: 40, 52 or 48. Two: {0, 1} 55, {0, 2} 60, {1, 2} 58.
    assert three().fit(X, Y).value_path_.tolist() == [52, 60, 61]
    assert three(fixed_cost=FIXED).fit(X, Y).value_path_.tolist() == [47, 58, 54]
    path = three(mode="prefix").fit(X, Y).value_path_
    assert path.tolist() == [40, 55, 61]
    np.testing.assert_equal(three(mode="exact").fit(X, Y).value_path_, [NAN, NAN, 61])
    np.testing.assert_equal(three(min_size=4).fit(X, Y).value_path_[2], NAN)


def test_value_path_is_computed_only_if_asked_for() -> None:
    binner = three(compute_path=False).fit(X, Y)
    assert binner.value_ == 61
    assert not hasattr(binner, "value_path_")


def test_value_path_of_an_earlier_fit_does_not_survive() -> None:
    binner = three().fit(X, Y)
    binner.set_params(compute_path=False).fit(X[:4], Y[:4])
    assert not hasattr(binner, "value_path_")


def test_fixed_costs_leave_a_tier_unused_where_that_is_better() -> None:
    # Tier 1 makes less than its 5; without it, tier 2 pays from score 3 on.
    binner = three(fixed_cost=FIXED).fit(X, Y)
    assert result(binner) == ([0, 2, 0], [2.5], 58.0)
    assert binner.segment_names_.tolist() == ["Tier 0", "Tier 2", "No score"]
    assert binner.segments_["fixed_cost"].tolist() == [0, 2, 0]
    assert binner.segments_["profit"].tolist() == [0, 58, 0]


@pytest.mark.parametrize("mode", ["prefix", "exact"])
def test_modes_make_the_menu_be_used_from_below(mode: str) -> None:
    binner = three(fixed_cost=FIXED, mode=mode).fit(X, Y)
    assert result(binner) == ([0, 1, 2, 0], [2.5, 4.5], 54.0)


def test_prefix_may_stop_early_and_exact_may_not() -> None:
    expensive = {"fixed_cost": [0, 0, 100]}
    assert result(three(mode="prefix", **expensive).fit(X, Y)) == (
        [0, 1, 0],
        [2.5],
        55.0,
    )
    assert three(mode="exact", **expensive).fit(X, Y).value_ == -39


@pytest.mark.parametrize(
    "bounds", [{"min_size": 4}, {"min_size": 0.5}, {"max_size": 4}]
)
def test_bounds_of_sizes_are_customers_or_shares(bounds: dict[str, Any]) -> None:
    # {0, 2} at 3.5: 40 + 18 - 4. {0, 1}: 40 + 12 - 1. {1, 2}: 52 + 6 - 3.
    binner = three(mode="subset", **bounds)
    if "max_size" in bounds:
        binner.set_params(n_bins=2, response=[1, 2], cost=[0, 4])
        assert result(binner.fit(X, Y)) == ([0, 1, 0], [3.5], 54.0)
        assert binner.max_size_ == 4
    else:
        assert result(binner.fit(X, Y)) == ([1, 2, 0], [3.5], 55.0)
        assert binner.min_size_ == 4


def test_shares_are_of_the_weight_of_those_with_a_score() -> None:
    weight = np.array([2.0] * 8 + [100, 100])
    binner = three(min_size=0.25, max_size=0.75)
    binner.fit(X_MISSING, Y_MISSING, sample_weight=weight)
    assert (binner.min_size_, binner.max_size_) == (4.0, 12.0)


def test_min_size_of_one_in_a_hundred_is_the_default() -> None:
    many = np.arange(300.0).reshape(-1, 1)
    rare = np.arange(300) == 299
    binner = OptimalRevenueBinner(2, revenue=10, response=[1, 9], cost=[0, 7])
    assert binner.fit(many, rare).min_size_ == 3
    assert binner.cut_points_.tolist() == [296.5]
    assert binner.set_params(min_size=1).fit(many, rare).cut_points_.tolist() == [298.5]


def test_budget_buys_the_best_that_it_can() -> None:
    # 14 are spent without limit. For 12: tier 1 from score 3 on, tier 2 from 6 on.
    binner = three(budget=14).fit(X, Y)
    assert binner.value_ == 61
    binner = three(budget=12).fit(X, Y)
    assert result(binner) == ([0, 1, 2, 0], [2.5, 5.5], 59.0)
    assert binner.segments_["spend"].sum() == 11
    assert binner.upper_bound_ >= 59
    assert binner.gap_ == binner.upper_bound_ - binner.value_
    assert three(budget=0).fit(X, Y).value_ == 40


def test_budget_pays_fixed_costs_and_those_without_a_score() -> None:
    # Customers without a score spend 2 * 1 + 5 = 7, so others need not pay the 5.
    settings: dict[str, Any] = {"missing_tier": 1, "fixed_cost": FIXED}
    binner = three(budget=7, **settings).fit(X_MISSING, Y_MISSING)
    assert binner.segments_["spend"].sum() == 7
    assert binner.value_ == 48
    binner = three(budget=12, **settings).fit(X_MISSING, Y_MISSING)
    assert result(binner) == ([0, 1, 1], [2.5], 63.0)
    assert binner.segments_["spend"].tolist() == [0, 10, 2]


def test_budget_is_a_limit_of_money_not_of_customers() -> None:
    # With weight 2 the same customers cost twice as much.
    weight = np.full(8, 2.0)
    assert three(budget=24).fit(X, Y, sample_weight=weight).value_ == 118
    assert three(budget=12).fit(X, Y, sample_weight=weight).value_ < 118


def test_rates_of_neighbours_can_be_constrained() -> None:
    two = {"n_bins": 2, "response": [1, 2], "cost": [0, 6]}
    assert three(**two).fit(X, Y).value_ == 52
    assert three(**two, monotonic="ascending").fit(X, Y).value_ == 52
    assert three(**two, monotonic="descending").fit(X, Y).value_ == 40
    # Between 0.2 and 1 lies 0.8.
    assert three(**two, min_rate_diff=0.8).fit(X, Y).value_ == 52
    assert three(**two, min_rate_diff=0.81).fit(X, Y).value_ == 40


def test_min_rate_diff_holds_in_either_direction_without_an_order() -> None:
    two = {"n_bins": 2, "response": [1, 1], "cost": [0, -1], "min_rate_diff": 0.5}
    falling = np.array([1, 1, 0, 0])
    # Tier 1 pays 1 to take a customer; alone it takes all.
    with pytest.warns(UserWarning, match="degenerate"):
        binner = three(**two, mode="exact").fit(X[:4], falling)
    # Cut after one: 1 and 1 / 3; 23 are made of it.
    assert result(binner) == ([0, 1, 0], [0.5], 23.0)
    with (
        pytest.warns(UserWarning, match="degenerate"),
        pytest.raises(ValueError, match="constraints"),
    ):
        three(**two, mode="exact", monotonic="ascending").fit(X[:4], falling)


def test_conversions_may_be_counts_fractions_or_losses() -> None:
    assert three().fit(X, 3 * Y).segments_["conversions"].sum() == 12
    # From score 5 on, tier 1 makes 1.25 more of each customer for 1.
    assert result(three().fit(X, Y / 4)) == ([0, 1, 0], [4.5], 10.75)
    assert three().fit(X, -Y).value_ == -40


def test_a_customer_at_a_cut_is_in_the_lower_tier() -> None:
    binner = three().fit(X, Y)
    at = column(2.5, np.nextafter(2.5, 3), 4.5, np.nextafter(4.5, 5), -INF, INF)
    assert binner.predict(at).tolist() == [0, 1, 1, 2, 0, 2]


def test_customers_of_one_score_are_never_parted() -> None:
    binner = three().fit(column(1, 1, 1, 1), [0, 1, 0, 1])
    assert result(binner) == ([1, 0], [], 26.0)
    assert binner.predict(column(-5, 1, 5)).tolist() == [0, 0, 0]


def test_one_row_is_one_tier() -> None:
    binner = three().fit(column(0.3), [1])
    assert result(binner) == ([2, 0], [], 16.0)
    assert binner.segments_["n"].tolist() == [1, 0]


def test_rows_without_weight_decide_nothing() -> None:
    weight = np.array([1.0] * 8 + [0, 0, 0])
    more = np.vstack([X, column(2.2, INF, NAN)])
    binner = three().fit(more, [*Y, 1, 1, 1], sample_weight=weight)
    assert result(binner) == ([0, 1, 2, 0], [2.5, 4.5], 61.0)
    assert binner.labels_.tolist() == [*three().fit(X, Y).labels_, 0, 2, 3]
    assert binner.segments_["n"].tolist() == [3, 2, 3, 0]
    middles = binner.inverse_transform([[0], [1], [2]])
    assert (
        middles.tolist()
        == three().fit(X, Y).inverse_transform([[0], [1], [2]]).tolist()
    )


# Tables


def test_segment_table_can_be_recounted_by_hand() -> None:
    table = three(fixed_cost=[1, 0.5, 2]).fit(X, Y).segments_
    expected = {
        "code": [0, 1, 2, 3],
        "name": ["Tier 0", "Tier 1", "Tier 2", "No score"],
        "rule": ["x0 <= 2.5", "2.5 < x0 <= 4.5", "x0 > 4.5", "missing(x0)"],
        "n": [3, 2, 3, 0],
        "share": [0.375, 0.25, 0.375, 0],
        "tier": [0, 1, 2, 0],
        "low": [-INF, 2.5, 4.5, NAN],
        "high": [2.5, 4.5, INF, NAN],
        "conversions": [0, 1, 3, 0],
        "rate": [0, 0.5, 1, NAN],
        "revenue": [0, 15, 60, 0],
        "cost": [0, 2, 12, 0],
        "fixed_cost": [1, 0.5, 2, 0],
        "spend": [1, 2.5, 14, 0],
        "profit": [-1, 12.5, 46, 0],
        "profit_per_customer": [-1 / 3, 6.25, 46 / 3, NAN],
    }
    pd.testing.assert_frame_equal(table, pd.DataFrame(expected), check_dtype=False)
    assert three(fixed_cost=[1, 0.5, 2]).fit(X, Y).value_ == 57.5


def test_every_column_of_the_segment_table_is_documented() -> None:
    doc = OptimalRevenueBinner.__doc__ or ""
    about = doc[doc.index("segments_ : DataFrame") : doc.index("menu_ : DataFrame")]
    table = three(response_model="isotonic").fit(X, Y).segments_
    assert [name for name in table if not re.search(rf"\b{name}\b", about)] == []


def test_segment_table_weighs_rows() -> None:
    weight = np.array([1, 1, 1, 2, 2, 3, 3, 3])
    table = three().fit(X, Y, sample_weight=weight).segments_
    assert table["n"].tolist() == [3, 4, 9, 0]
    assert table["share"].tolist() == [3 / 16, 4 / 16, 9 / 16, 0]
    assert table["conversions"].tolist() == [0, 2, 9, 0]
    assert table["profit"].tolist() == [0, 26, 144, 0]


def test_menu_table_says_from_which_rate_a_tier_pays() -> None:
    binner = three(segment_names=["None", "E-mail", "Call"], fixed_cost=[0, 0, 1])
    expected = {
        "tier": [0, 1, 2],
        "name": ["None", "E-mail", "Call"],
        "revenue": [10, 10, 10],
        "response": [1, 1.5, 2],
        "cost": [0, 1, 4],
        "fixed_cost": [0, 0, 1],
        "pays_from_rate": [NAN, 0.2, 0.6],
    }
    pd.testing.assert_frame_equal(
        binner.fit(X, Y).menu_, pd.DataFrame(expected), check_dtype=False
    )


def test_a_tier_that_brings_no_more_pays_from_no_rate() -> None:
    binner = three(response=[1, 1, 0.5], cost=[0, 1, -1]).fit(X, Y)
    assert np.isnan(binner.menu_["pays_from_rate"]).all()


def test_tier_names_name_the_segments_of_their_tiers() -> None:
    names = ["None", "E-mail", "Call"]
    binner = three(segment_names=names, fixed_cost=FIXED).fit(X, Y)
    assert binner.segment_names_.tolist() == ["None", "Call", "No score"]
    assert str(binner.rules_["Call"]) == "x0 > 2.5"


# Menus


def both(value: Any, n_bins: int) -> list[Any]:
    """Return the ways in which one menu can be written."""
    ways = [value, np.array(value, dtype=float), tuple(value), value.__getitem__]
    return [*ways, pd.Series(value, index=range(5, 5 + n_bins))]


@pytest.mark.parametrize("name", ["revenue", "response", "cost", "fixed_cost"])
@pytest.mark.parametrize("way", range(5))
def test_a_menu_is_an_array_or_a_function_of_the_tier(name: str, way: int) -> None:
    menu = {"revenue": [9, 10, 11], "fixed_cost": FIXED}
    menu |= {"response": [1, 1.5, 2], "cost": [0, 1, 4]}
    expected = three(**menu).fit(X, Y)
    binner = three(**{**menu, name: both(menu[name], 3)[way]}).fit(X, Y)
    assert result(binner) == result(expected)
    assert binner.menu_[name].tolist() == menu[name]


def test_one_number_is_the_same_for_all_tiers() -> None:
    settings = {"revenue": 7.5, "response": 2, "cost": [0, 1, 2], "fixed_cost": 1}
    with pytest.warns(UserWarning, match="degenerate"):
        menu = three(**settings).fit(X, Y).menu_
    assert menu["revenue"].tolist() == [7.5] * 3
    assert menu["response"].tolist() == [2] * 3
    assert menu["fixed_cost"].tolist() == [1] * 3


def test_a_function_sees_every_tier_once_from_zero() -> None:
    seen: list[int] = []

    def cost(tier: int) -> float:
        seen.append(tier)
        return tier**2

    three(cost=cost).fit(X, Y)
    assert seen == [0, 1, 2]


def test_default_menu_pays_at_rates_spread_around_the_overall_one() -> None:
    menu = OptimalRevenueBinner(4, min_size=None).fit(X, Y).menu_
    assert menu["revenue"].tolist() == [1] * 4
    np.testing.assert_allclose(menu["response"], [1, 4 / 3, 5 / 3, 2])
    # Tier i pays from 2 i / 4 times the overall rate, which is 0.5.
    np.testing.assert_allclose(menu["pays_from_rate"], [NAN, 0.25, 0.5, 0.75])
    np.testing.assert_allclose(menu["cost"], [0, 1 / 12, 3 / 12, 6 / 12])
    assert menu["fixed_cost"].tolist() == [0] * 4


def test_default_costs_follow_a_given_revenue_or_response() -> None:
    rising = OptimalRevenueBinner(2, revenue=[10, 30], min_size=None).fit(X, Y)
    assert rising.menu_["response"].tolist() == [1, 1]
    assert rising.menu_["cost"].tolist() == [0, 10]
    binner = OptimalRevenueBinner(2, revenue=10, response=[1, 3], min_size=None)
    assert binner.fit(X, Y).menu_["cost"].tolist() == [0, 10]


def test_response_is_one_where_costs_are_given() -> None:
    with pytest.warns(UserWarning, match="degenerate"):
        binner = OptimalRevenueBinner(2, cost=[0, 1]).fit(X, Y)
    assert binner.menu_["response"].tolist() == [1, 1]


def test_default_costs_weigh_rows_and_leave_out_those_without_a_score() -> None:
    binner = OptimalRevenueBinner(2, min_size=None)
    binner.fit(X_MISSING, Y_MISSING, sample_weight=[1] * 7 + [9, 50, 50])
    assert binner.menu_["cost"][1] == pytest.approx(12 / 16)


def test_default_menu_without_conversions_costs_nothing() -> None:
    binner = OptimalRevenueBinner(3).fit(X, np.zeros(8))
    assert binner.menu_["cost"].tolist() == [0, 0, 0]
    assert binner.tiers_.tolist() == [0, 0]


def test_a_menu_of_one_tier_takes_all() -> None:
    binner = OptimalRevenueBinner(1, revenue=3, cost=1).fit(X, Y)
    assert result(binner) == ([0, 0], [], 4.0)
    assert OptimalRevenueBinner(1).fit(X, Y).value_ == 4


@pytest.mark.parametrize("revenue", [0, -1, [3, 2, 1], [1, 2, 2]])
def test_default_costs_need_a_menu_that_rises(revenue: Any) -> None:
    with pytest.raises(ValueError, match=r"'cost' parameter of .* must be given"):
        OptimalRevenueBinner(3, revenue=revenue).fit(X, Y)


# Scores do not matter unless more expensive tiers bring in more.
@pytest.mark.parametrize(
    ("menu", "tier", "lacks"),
    [
        ({"revenue": 1, "response": 1, "cost": 0}, 0, "a revenue or response"),
        ({"revenue": 1, "response": [1, 1, 1], "cost": [0, 1, 2]}, 0, "a revenue or"),
        ({"revenue": [1, 2, 3], "response": 1, "cost": 5}, 2, "a cost that rises"),
        ({"revenue": [1, 3, 2], "response": 1, "cost": [2, 1, 3]}, 1, "a cost that"),
    ],
)
def test_a_degenerate_menu_warns_and_says_what_is_missing(
    menu: dict[str, Any], tier: int, lacks: str
) -> None:
    binner = three(**menu)
    with pytest.warns(UserWarning, match="is degenerate") as caught:
        binner.fit(X, Y)
    text = str(caught[0].message)
    start = "The menu of OptimalRevenueBinner is degenerate: "
    assert text.startswith(f"{start}tier {tier} makes at least as much")
    assert f"What is missing is {lacks}" in text
    assert len(caught) == 1
    assert binner.tiers_.tolist() == [tier, 0]


def test_the_warning_points_at_the_call_of_fit() -> None:
    with pytest.warns(UserWarning, match="degenerate") as caught:
        three(cost=0).fit(X, Y)
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("response", "cost"),
    [
        # Tier 0 is pointless beside tier 2, but tier 1 brings more and costs more.
        ([1, 2, 1.5], [0, 1, 0]),
        ([2, 1, 3], [5, 0, 5.1]),
        ([1, 2, 3], [0, 0, 1e-9]),
    ],
)
def test_a_menu_with_something_to_choose_does_not_warn(
    response: list[float], cost: list[float]
) -> None:
    # Warnings are errors.
    assert three(response=response, cost=cost).fit(X, Y).value_ > 0
