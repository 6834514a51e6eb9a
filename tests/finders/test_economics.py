"""Profits: what outcomes bring, less what the treatment costs."""

from __future__ import annotations

import numpy as np
import pytest

from skseg._finders._rows._economics import Economics
from skseg._search.effects._inference import Estimate


def test_the_profit_of_a_row_is_its_value_less_the_cost_of_the_treatment() -> None:
    mails = Economics(value=10.0, cost=0.15)
    bought = np.array([0.0, 1.0, 0.0, 1.0])
    treated = np.array([False, False, True, True])
    profit = mails.profit(bought, treated)
    np.testing.assert_allclose(profit, [0.0, 10.0, -0.15, 9.85])
    np.testing.assert_allclose(mails.profit(bought, None), [0.0, 10.0, 0.0, 10.0])


def test_an_effect_of_the_break_even_brings_nothing() -> None:
    mails = Economics(value=10.0, cost=0.15)
    assert mails.break_even == pytest.approx(0.015)
    assert mails.gain(mails.break_even) == pytest.approx(0.0)
    np.testing.assert_allclose(mails.gain(np.array([0.0, 0.1])), [-0.15, 0.85])


def test_the_gain_is_the_difference_of_profits() -> None:
    random = np.random.default_rng(0)
    y, in_a = random.random(1000), random.random(1000) < 0.4
    economics = Economics(value=-3.0, cost=0.5)
    profit = economics.profit(y, in_a)
    effect = y[in_a].mean() - y[~in_a].mean()
    expected = profit[in_a].mean() - profit[~in_a].mean()
    assert economics.gain(effect) == pytest.approx(expected)


@pytest.mark.parametrize("value", [2.0, -2.0])
def test_limits_of_a_gain_keep_their_order(value: float) -> None:
    effect = Estimate(*(np.array([x]) for x in (0.1, -0.1, 0.4, 0.3)))
    gain = Economics(value, 1.0).gains(effect)
    assert gain.effect == pytest.approx(0.1 * value - 1.0)
    assert gain.low < gain.effect < gain.high
    assert gain.high - gain.low == pytest.approx(1.0)
    assert gain.p_value == 0.3


def test_without_value_and_cost_profits_are_outcomes() -> None:
    y = np.arange(4.0)
    neutral = Economics()
    np.testing.assert_array_equal(neutral.profit(y, y > 1), y)
    np.testing.assert_array_equal(neutral.gain(y), y)
