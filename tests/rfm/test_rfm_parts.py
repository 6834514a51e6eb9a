"""Orders, medians, revenue and rules of scores, against counts by hand."""

from __future__ import annotations

import math
import operator
import statistics
from fractions import Fraction
from itertools import combinations
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from skseg._rfm._dimensions import Dimension, Rescaling, translated
from skseg._rfm._money import MAX_UNITS, advice_to_round
from skseg._rfm._orders import group_orders, summarise
from skseg._rfm._segment_table import _revenue, median
from skseg.rules import parse

NAN, INF = float("nan"), float("inf")


# Orders


def lines_of(units: list[int], days: list[int], ids: list[int] | None) -> Any:
    money = SimpleNamespace(units=np.array(units, dtype=float))
    order = None if ids is None else np.array(ids)
    return SimpleNamespace(order=order, day=np.array(days), money=money)


def expected_row(orders: list[list[tuple[int, int]]], as_of: int) -> list[float]:
    """Return the row of a customer, given the units and days of the lines of orders."""
    total = sum(unit for order in orders for unit, _ in order) / 10
    days = []
    for order in orders:
        units = [unit for unit, _ in order]
        is_returned = sum(units) == 0 and min(units) < 0
        if sum(units) >= 0 and not is_returned:
            days.append(min(day for _, day in order))
    if not days:
        return [NAN, 0, total, NAN, NAN, NAN]
    n, first, last = len(days), min(days), max(days)
    gap = (last - first) / (n - 1) if n > 1 else NAN
    return [as_of - last, n, total, as_of - first, total / n, gap]


@pytest.mark.parametrize("n_ids", [None, 1, 3, 40])
@pytest.mark.parametrize("seed", range(8))
def test_orders_and_customers_are_those_counted_by_hand(
    seed: int, n_ids: int | None
) -> None:
    rng = np.random.default_rng(seed)
    n_lines, n_customers, as_of = 30, 7, 100
    customer = rng.integers(0, n_customers, n_lines)
    units, days = rng.integers(-2, 4, n_lines).tolist(), rng.integers(1, 50, n_lines)
    ids = None if n_ids is None else rng.integers(0, n_ids, n_lines).tolist()
    lines = lines_of(units, days.tolist(), ids)
    table = summarise(group_orders(customer, lines), n_customers, as_of, 10)
    # Customers who have the same id have an order each.
    names = range(n_lines) if ids is None else ids
    orders: dict[int, dict[int, list[tuple[int, int]]]] = {
        k: {} for k in range(n_customers)
    }
    for k, name, unit, day in zip(customer, names, units, days, strict=True):
        orders[int(k)].setdefault(name, []).append((unit, int(day)))
    expected = [expected_row(list(orders[k].values()), as_of) for k in orders]
    actual = np.column_stack([table[name] for name in table])
    np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("has_ids", [True, False])
def test_an_order_of_nothing_is_one_and_a_returned_order_is_none(has_ids: bool) -> None:
    ids = [0, 1, 2, 2] if has_ids else None
    lines = lines_of([0, 1, 5, -5], [1, 2, 3, 4], ids)
    orders = group_orders(np.array([0, 1, 2, 2]), lines)
    expected = [False, False, True] if has_ids else [False, False, False, True]
    assert orders.is_cancelled.tolist() == expected


# Medians and revenue


@pytest.mark.parametrize("n", range(1, 9))
@pytest.mark.parametrize("is_weighted", [True, False])
def test_the_median_is_that_of_repeated_values(n: int, is_weighted: bool) -> None:
    rng = np.random.default_rng(n)
    for _ in range(20):
        values, weight = rng.integers(0, 6, n) / 2, rng.integers(0, 4, n)
        weight[0] = 2
        values = np.append(values, NAN)
        counts = np.append(weight, 3)
        repeated = np.repeat(values, counts)
        data = counts.astype(float) if is_weighted else None
        actual = median(values if is_weighted else repeated, data)
        expected = statistics.median(repeated[~np.isnan(repeated)].tolist())
        assert actual == expected
        if data is not None:
            # A weight is a share: halves of it move nothing.
            assert median(values, data / 16) == expected


@pytest.mark.parametrize("weight", [None, np.ones(2)])
def test_the_median_of_two_large_numbers_does_not_overflow(weight: Any) -> None:
    low, high = 1.25e308, 1.5e308
    expected = float((Fraction(low) + Fraction(high)) / 2)
    assert median(np.array([low, high]), weight) == pytest.approx(expected, rel=1e-15)
    assert median(np.array([high, high]), weight) == high
    assert median(np.array([INF, INF]), weight) == INF


def test_without_a_known_value_of_positive_weight_there_is_no_median() -> None:
    assert math.isnan(median(np.array([NAN]), None))
    assert math.isnan(median(np.array([1.0, 2.0]), np.zeros(2)))


def test_revenue_is_a_sum_of_finite_amounts_of_positive_weight() -> None:
    codes = np.array([0, 0, 1, 1, 1])
    amounts = np.array([2.0, NAN, 4.0, INF, -1.0])
    np.testing.assert_array_equal(_revenue(amounts, codes, None, 3), [0.5, 0.75, 0])
    weight = np.array([0.5, 1, 1, 1, 2])
    expected = [0.25, 0.5, 0]
    np.testing.assert_array_equal(_revenue(amounts, codes, weight, 3), expected)
    # An amount that nobody has sets no scale.
    small, absent = np.array([1e-300, 1e300]), np.array([1.0, 0.0])
    np.testing.assert_array_equal(_revenue(small, codes[[0, 2]], absent, 2), [1, 0])


def test_rounding_is_advised_where_rounded_amounts_leave_half_of_the_range() -> None:
    limit = MAX_UNITS / 2
    for total, decimals in [(limit / 128, 2), (limit / 100, 1), (limit / 2, 0)]:
        assert advice_to_round(total, 2)[1]["decimals"] == decimals
    assert advice_to_round(np.nextafter(limit, 0), 2)[1]["decimals"] == 0
    assert advice_to_round(limit, 2)[1] == {}


# Rules of scores

CUT_POINTS = [[2.0], [1.0, 2.0], [1.0, 1.0], [1.0, 2.0, 3.0, 4.0], [1.0, 1.0, 2.0, 2.0]]


@pytest.mark.parametrize("closed", ["right", "left"])
@pytest.mark.parametrize("name", ["recency", "monetary"])
@pytest.mark.parametrize("cut_points", CUT_POINTS, ids=str)
def test_rules_of_scores_hold_where_the_scores_are_wanted(
    cut_points: list[float], name: str, closed: Any
) -> None:
    dimension = Dimension(name, "x", np.array(cut_points), closed)
    around = [*np.nextafter(cut_points, -9), *cut_points, *np.nextafter(cut_points, 9)]
    values = np.array([-INF, 0, *around, 9, INF])
    n_scores = len(cut_points) + 1
    is_below = operator.lt if closed == "right" else operator.le
    scores = [1 + sum(is_below(cut, value) for cut in cut_points) for value in values]
    if name == "recency":
        scores = [n_scores + 1 - score for score in scores]
    np.testing.assert_array_equal(dimension.scores(values), scores)
    for n_wanted in range(1, n_scores + 1):
        for wanted in combinations(range(1, n_scores + 1), n_wanted):
            holds = dimension.rule(wanted).evaluate({"x": values})
            np.testing.assert_array_equal(holds, np.isin(scores, wanted))
            if n_wanted == n_scores - 1:
                (unwanted,) = set(range(1, n_scores + 1)) - set(wanted)
                rule = translated(parse(f"S != {unwanted}"), {"S": dimension})
                np.testing.assert_array_equal(rule.evaluate({"x": values}), holds)


@pytest.mark.parametrize("old_scores", [(1, 2, 3), (3, 1), (2, 2, 4, 1, 5), (1, 5)])
def test_rules_of_other_scores_hold_where_the_old_ones_are_wanted(
    old_scores: tuple[int, ...],
) -> None:
    rescaling = Rescaling("F", old_scores)
    new = np.arange(1, len(old_scores) + 1)
    for n_wanted in range(1, 6):
        for wanted in combinations(range(1, 6), n_wanted):
            expected = np.isin(old_scores, wanted)
            holds = rescaling.rule(wanted).evaluate({"F": new})
            np.testing.assert_array_equal(holds, expected)
    text = str(Rescaling("F", (1, 2, 3, 4, 5)).rule([1, 2, 4, 5]))
    assert text == "F <= 2 or F >= 4"


@pytest.mark.parametrize("closed", ["right", "left"])
@pytest.mark.parametrize("cut_points", [*CUT_POINTS, [-INF, 2.0], [2.0, INF]], ids=str)
def test_no_value_has_a_collapsed_score(cut_points: list[float], closed: Any) -> None:
    dimension = Dimension("monetary", "x", np.array(cut_points), closed)
    around = [*np.nextafter(cut_points, -9), *cut_points, *np.nextafter(cut_points, 9)]
    scores = dimension.scores(np.array([-INF, *around, INF]))
    assert dimension.scores_with_values() == sorted({*scores.tolist()}, reverse=True)


def test_a_rule_of_the_lowest_score_is_one_of_the_lowest_values() -> None:
    dimension = Dimension("frequency", "x", np.array([1.0, 2.0]))
    assert str(translated(parse("S == 1"), {"S": dimension})) == "x <= 1"
    assert str(translated(parse("S >= 2"), {"S": dimension})) == "x > 1"
    assert str(translated(parse("S == 2"), {"S": dimension})) == "1 < x <= 2"
    dimension = Dimension("frequency", "x", np.array([1.0, 2.0]), "left")
    assert str(translated(parse("S == 1"), {"S": dimension})) == "x < 1"
    assert str(translated(parse("S >= 2"), {"S": dimension})) == "x >= 1"
    assert str(translated(parse("S == 2"), {"S": dimension})) == "1 <= x < 2"
