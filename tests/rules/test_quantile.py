"""Quantiles are values of the data, and a weight is a repetition."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skseg import MECERuleSegmenter
from skseg.exceptions import RuleError
from skseg.rules._quantile import inverted_cdf

LEVELS = [0.0, 1e-9, 0.05, 0.07, 0.1, 0.2, 1 / 3, 0.29, 0.5, 0.57, 0.58, 0.9, 1.0]
values_ = st.lists(
    st.integers(-4, 4).map(float) | st.floats(allow_nan=True), min_size=1, max_size=30
)
levels_ = st.sampled_from(LEVELS) | st.integers(0, 1000).map(lambda n: n / 1000)


def by_definition(values: list[float], weights: list[Any], level: Fraction) -> float:
    """The smallest value with at least a share `level` of the weight at or below."""
    pairs = [
        (v, Fraction(w))
        for v, w in zip(values, weights, strict=True)
        if not math.isnan(v) and w > 0
    ]
    total = sum(w for _, w in pairs)
    for value in sorted(v for v, _ in pairs):
        if sum(w for v, w in pairs if v <= value) >= level * total:
            return value
    return math.nan


def same(actual: Any, expected: Any) -> bool:
    return np.array_equal(actual, expected, equal_nan=True)


@pytest.mark.parametrize(
    ("level", "expected"),
    [(0, 10), (0.1, 10), (0.25, 10), (0.26, 20), (0.5, 20), (0.75, 30), (0.76, 40)],
)
def test_four_values_by_hand(level: float, expected: float) -> None:
    values = np.array([40.0, 10.0, 30.0, 20.0])
    assert inverted_cdf(values, [level])[0] == expected
    assert inverted_cdf(values, [1.0])[0] == 40


def test_a_level_is_the_decimal_number_it_prints_as() -> None:
    # 0.07 * 100 is 7.000000000000001, which numpy takes for "beyond the seventh".
    values = np.arange(1.0, 101.0)
    assert np.quantile(values, 0.07, method="inverted_cdf") == 8
    hundredths = [n / 100 for n in range(1, 101)]
    assert inverted_cdf(values, hundredths).tolist() == values.tolist()
    assert inverted_cdf(values, [Fraction(7, 100)])[0] == 7


@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=40))
def test_on_levels_that_floats_hold_exactly_numpy_agrees(values: list[float]) -> None:
    levels = [n / 64 for n in range(65)]
    expected = np.quantile(values, levels, method="inverted_cdf")
    assert same(inverted_cdf(np.array(values), levels), expected)


@given(values_, st.lists(levels_, min_size=1, max_size=4))
def test_the_definition_agrees(values: list[float], levels: list[float]) -> None:
    expected = [
        by_definition(values, [1] * len(values), Fraction(repr(p))) for p in levels
    ]
    assert same(inverted_cdf(np.array(values), levels), expected)


@given(st.data(), values_, levels_)
def test_a_whole_weight_is_a_repetition(
    data: Any, values: list[float], level: float
) -> None:
    n = len(values)
    weights = data.draw(st.lists(st.integers(0, 5), min_size=n, max_size=n))
    repeated = np.repeat(values, weights)
    actual = inverted_cdf(np.array(values), [level], np.array(weights, dtype=float))
    assert same(actual, inverted_cdf(repeated, [level]))
    assert same(actual, [by_definition(values, weights, Fraction(repr(level)))])


@given(st.data(), values_, levels_)
def test_a_weight_of_eighths_follows_the_definition(
    data: Any, values: list[float], level: float
) -> None:
    n = len(values)
    eighths = st.integers(0, 20).map(lambda i: i / 8)
    weights = data.draw(st.lists(eighths, min_size=n, max_size=n))
    actual = inverted_cdf(np.array(values), [level], np.array(weights))
    assert same(actual, [by_definition(values, weights, Fraction(repr(level)))])


def test_fractional_weights_of_a_whole_total_are_not_rounded_up() -> None:
    values, weights = np.array([1.0, 2.0, 3.0]), np.array([0.5, 0.5, 1.0])
    assert inverted_cdf(values, [0.25, 0.26, 0.5, 0.51], weights).tolist() == [
        1,
        2,
        2,
        3,
    ]


@given(st.data(), values_, levels_)
def test_doubling_the_data_or_its_weights_changes_nothing(
    data: Any, values: list[float], level: float
) -> None:
    once = inverted_cdf(np.array(values), [level])
    assert same(inverted_cdf(np.array(values * 2), [level]), once)
    for weight in (1.0, 2.0, 0.25):
        weights = np.full(len(values), weight)
        assert same(inverted_cdf(np.array(values), [level], weights), once)
    order = data.draw(st.permutations(range(len(values))))
    assert same(inverted_cdf(np.array(values)[order], [level]), once)


def test_the_data_is_not_touched() -> None:
    values, weights = np.array([3.0, math.nan, 1.0]), np.array([1.0, 1.0, 0.0])
    inverted_cdf(values, [0.5], weights)
    assert same(values, [3.0, math.nan, 1.0])
    assert weights.tolist() == [1.0, 1.0, 0.0]


@pytest.mark.parametrize("values", [[], [math.nan, math.nan]])
@pytest.mark.parametrize("weighted", [False, True])
def test_without_any_value_there_is_no_quantile(
    values: list[float], weighted: bool
) -> None:
    weights = np.ones(len(values)) if weighted else None
    assert same(inverted_cdf(np.array(values), [0.5, 1.0], weights), [math.nan] * 2)


def test_without_any_weight_there_is_no_quantile() -> None:
    assert np.isnan(inverted_cdf(np.array([1.0, 2.0]), [0.5], np.zeros(2))).all()


def test_no_levels_give_no_quantiles() -> None:
    assert inverted_cdf(np.array([1.0, 2.0]), []).tolist() == []


def test_infinities_are_values() -> None:
    values = np.array([math.inf, 1.0, -math.inf, math.nan])
    assert inverted_cdf(values, [0.0, 0.5, 1.0]).tolist() == [-math.inf, 1.0, math.inf]


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0], r"shape \(2,\), one weight a row. Got shape \(1,\)"),
        ([[1.0, 1.0]], r"Got shape \(1, 2\)"),
        ([1.0, -1.0], "not negative"),
        ([1.0, math.nan], "finite"),
        ([1.0, math.inf], "finite"),
    ],
)
def test_weights_are_checked(weights: Any, message: str) -> None:
    with pytest.raises(RuleError, match=message):
        inverted_cdf(np.array([1.0, 2.0]), [0.5], np.array(weights))


def test_a_quantile_that_rules_share_is_computed_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = []

    def counted(values: Any, levels: Any, weight: Any = None) -> Any:
        calls.append(levels)
        return inverted_cdf(values, levels, weight)

    monkeypatch.setattr("skseg.rules._quantile.inverted_cdf", counted)
    rules = {"High": "x0 >= q(0.5)", "Low": "x0 < q(0.5)"}
    segmenter = MECERuleSegmenter(rules, default="Rest", universe="x0 >= q(0.1)")
    segmenter.fit([[1.0], [2.0], [3.0], [4.0]])
    assert calls == [[0.1], [0.5]]
    assert segmenter.cut_points_["value"].tolist() == [1, 2]
