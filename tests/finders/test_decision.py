"""Decisions about findings: at their limits, and symmetric in the groups."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from skseg._finders._decisions._decision import (
    DecisionThresholds,
    FindingFacts,
    check_thresholds,
    check_treatment_of_cost,
    decision,
)
from skseg._search.effects._inference import score_test
from skseg.exceptions import InvalidParameterError

# A rate of 30 % that becomes 42 %.
STRONG = FindingFacts(
    effect=12.0,
    gap=3.0,
    smallest_mean=30.0,
    gain=12.0,
    searched_gain=15.0,
    p_adj=0.01,
    share=0.2,
    n_group=100.0,
    n_events=36.0,
    has_interval=True,
)


def facts_of(**change: float) -> FindingFacts:
    """Return those of the strong finding, with some of its numbers changed.

    `searched` is the effect in the rows that were searched, in points.
    """
    searched = change.pop("searched", 15.0)
    effect = change.get("effect", STRONG.effect)
    gap = abs(searched - effect)
    gains = {"gap": gap, "gain": effect, "searched_gain": searched}
    return STRONG._replace(**{**gains, **change})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, "Implement"),
        ({"p_adj": 0.05}, "Implement"),
        ({"p_adj": 0.0501}, "Pilot"),
        ({"p_adj": 0.1}, "Pilot"),
        ({"p_adj": 0.1001}, "Hold"),
        ({"p_adj": 1.0}, "Hold"),
        ({"p_adj": np.nan}, "Hold"),
        ({"has_interval": False}, "Hold"),
        ({"share": 0.05}, "Implement"),
        ({"share": 0.049}, "Pilot"),
        ({"share": 0.01}, "Pilot"),
        ({"share": 0.009}, "Skip"),
        ({"effect": 100 * (0.3 - 0.2)}, "Implement"),
        ({"effect": 9.9}, "Pilot"),
        ({"effect": 5.0}, "Pilot"),
        ({"effect": 4.9}, "Skip"),
        ({"effect": np.nan}, "Hold"),
        ({"searched": 22.0}, "Implement"),
        ({"searched": 22.1}, "Pilot"),
        ({"searched": 32.0}, "Pilot"),
        ({"searched": 32.1}, "Hold"),
        ({"searched": -1.0}, "Skip"),
        ({"searched": np.nan}, "Hold"),
        ({"effect": 4.9, "p_adj": np.nan}, "Skip"),
        ({"share": np.nan}, "Hold"),
        ({"n_group": 20.0}, "Implement"),
        ({"n_group": 19.9}, "Hold"),
        ({"n_events": 5.0}, "Implement"),
        ({"n_events": 4.9}, "Hold"),
    ],
)
def test_a_decision_is_the_first_whose_limits_are_met(
    change: dict[str, float], expected: str
) -> None:
    assert decision(facts_of(**change)) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, "Implement"),
        ({"p_adj": 0.05}, "Implement"),
        ({"p_adj": 0.0501}, "Pilot"),
        ({"p_adj": 1.0}, "Pilot"),
        ({"p_adj": np.nan}, "Hold"),
        ({"share": 0.05}, "Implement"),
        ({"share": 0.049}, "Pilot"),
        ({"share": 0.01}, "Pilot"),
        ({"share": 0.009}, "Skip"),
        ({"effect": 100 * (0.3 - 0.2)}, "Implement"),
        ({"effect": 9.9}, "Pilot"),
        ({"effect": 5.0}, "Pilot"),
        ({"effect": 4.9}, "Skip"),
        ({"effect": np.nan}, "Hold"),
        ({"searched": 22.0}, "Implement"),
        ({"searched": 22.1}, "Pilot"),
        ({"searched": 32.0}, "Pilot"),
        ({"searched": 32.1}, "Hold"),
        ({"searched": -1.0}, "Skip"),
        ({"searched": np.nan}, "Hold"),
        ({"effect": 4.9, "p_adj": np.nan}, "Skip"),
        ({"share": np.nan}, "Hold"),
        ({"n_group": 1.0, "n_events": 0.0}, "Implement"),
        ({"effect": 1.0, "smallest_mean": 1.0, "searched": 1.2}, "Skip"),
        ({"effect": 0.0, "smallest_mean": 0.0, "searched": 0.0}, "Skip"),
    ],
)
def test_the_historical_rule_decides_as_it_always_has(
    change: dict[str, float], expected: str
) -> None:
    assert decision(facts_of(**change), DecisionThresholds.historical()) == expected


@pytest.mark.parametrize(
    ("smallest_mean", "effect", "expected"),
    [
        (1.0, 1.0, "Implement"),  # sales of 1 % double
        (1.0, 0.5, "Implement"),
        (1.0, 0.49, "Pilot"),
        (1.0, 0.25, "Pilot"),
        (1.0, 0.24, "Skip"),
        (0.0, 0.1, "Implement"),
        (20.0, 10.0, "Implement"),
        (20.0, 9.9, "Pilot"),
        (20.0, 5.0, "Pilot"),
        (20.0, 4.9, "Skip"),
        (50.0, 9.9, "Pilot"),
        (50.0, 4.9, "Skip"),
        (np.nan, 4.9, "Skip"),
        (np.nan, 12.0, "Hold"),
    ],
)
def test_effects_on_rare_outcomes_are_large_by_their_lift(
    smallest_mean: float, effect: float, expected: str
) -> None:
    facts = facts_of(effect=effect, smallest_mean=smallest_mean, searched=effect)
    assert decision(facts) == expected


def test_thresholds_can_be_about_points_or_lifts_alone() -> None:
    rare = facts_of(effect=1.0, smallest_mean=1.0, searched=1.0)
    often = facts_of(effect=12.0, smallest_mean=40.0, searched=12.0)
    points = DecisionThresholds(rare_below=0)
    lift = DecisionThresholds(implement_effect=50, pilot_effect=25, rare_below=100)
    assert [decision(facts, points) for facts in (rare, often)] == ["Skip", "Implement"]
    assert [decision(facts, lift) for facts in (rare, often)] == ["Implement", "Pilot"]


def test_limits_of_effects_do_not_jump_where_an_outcome_becomes_rare() -> None:
    def least_pilot(mean: float) -> float:
        effects = np.linspace(0, 6, 6001)
        is_pilot = [
            decision(facts_of(effect=x, searched=x, smallest_mean=mean)) != "Skip"
            for x in effects
        ]
        return float(effects[np.argmax(is_pilot)])

    limits = [least_pilot(mean) for mean in (0.5, 10.0, 19.99, 20.0, 20.01, 50.0)]
    assert limits == pytest.approx([0.125, 2.5, 4.9975, 5.0, 5.0, 5.0], abs=2e-3)


@pytest.mark.parametrize(
    ("gain", "least", "expected"),
    [
        (0.01, 0.0, "Implement"),
        (-0.01, 0.0, "Implement"),
        (0.5, 0.5, "Implement"),
        (0.4, 0.5, "Pilot"),
        (0.1, 0.5, "Skip"),
    ],
)
def test_where_outcomes_have_a_value_profits_decide(
    gain: float, least: float, expected: str
) -> None:
    limits = DecisionThresholds(
        value=10.0, cost=0.15, implement_profit=least, pilot_profit=0.4 * least
    )
    facts = facts_of(effect=0.1, gain=gain, searched_gain=gain, searched=0.1)
    assert decision(facts, limits) == expected
    unsure = facts._replace(p_adj=0.2)
    assert decision(unsure, limits) == ("Skip" if expected == "Skip" else "Hold")
    reversed_gain = facts._replace(searched_gain=-gain)
    assert decision(reversed_gain, limits) == "Skip"


effects = st.floats(-40, 40) | st.just(math.nan)


@settings(max_examples=100)
@given(
    effects,
    st.floats(0, 1) | st.just(math.nan),
    st.floats(0, 1),
    effects,
    st.floats(0, 50) | st.just(math.nan),
    st.sampled_from([DecisionThresholds(), DecisionThresholds(value=2.0)]),
)
def test_decisions_do_not_depend_on_which_group_is_better(
    effect: float,
    p: float,
    share: float,
    searched: float,
    mean: float,
    limits: DecisionThresholds,
) -> None:
    facts = facts_of(
        effect=effect, searched=searched, p_adj=p, share=share, smallest_mean=mean
    )
    verdict = decision(facts, limits)
    mirrored = facts._replace(
        effect=-effect, gain=-facts.gain, searched_gain=-facts.searched_gain
    )
    assert verdict == decision(mirrored, limits)
    if math.isnan(p):
        assert verdict in {"Hold", "Skip"}
    if verdict == "Implement":
        assert p <= 0.05
    if verdict == "Pilot":
        assert p <= 0.1


def test_decisions_depend_on_the_thresholds() -> None:
    strict = replace(DecisionThresholds(), alpha=0.001)
    assert decision(STRONG, strict) == "Pilot"
    higher = DecisionThresholds(implement_effect=13)
    assert decision(STRONG, higher) == "Pilot"
    higher = DecisionThresholds(pilot_effect=13)
    assert decision(STRONG, higher) == "Skip"
    # What is enough for an Implement is enough for a Pilot.
    lenient = DecisionThresholds(alpha=0.3, implement_share=0.5)
    assert decision(STRONG._replace(p_adj=0.25), lenient) == "Pilot"


SHARES = {"implement_share", "pilot_share", "alpha", "pilot_alpha", "rest_alpha"}
MONEY = {"value", "cost"}


@pytest.mark.parametrize("name", sorted({*vars(DecisionThresholds())} - MONEY))
def test_shares_and_levels_end_at_1_and_points_do_not(name: str) -> None:
    for value in (0, 1, *(() if name in SHARES else (2, math.inf))):
        check_thresholds("Finder", replace(DecisionThresholds(), **{name: value}))
    wrong = (-1e-9, math.nan, None, "10", *((1 + 1e-9, 2) if name in SHARES else ()))
    for value in wrong:
        with pytest.raises(InvalidParameterError, match=rf"thresholds\.{name}"):
            check_thresholds("Finder", replace(DecisionThresholds(), **{name: value}))


@pytest.mark.parametrize("value", [0, 0.0, math.nan, math.inf, "10", True])
def test_a_value_is_a_finite_number_other_than_0(value: Any) -> None:
    with pytest.raises(InvalidParameterError, match=r"thresholds\.value") as caught:
        check_thresholds("Finder", DecisionThresholds(value=value))
    assert caught.value.rule == "None or a finite number other than 0"
    check_thresholds("Finder", DecisionThresholds(value=-2.5, cost=-1))


@pytest.mark.parametrize("cost", [math.nan, math.inf, None, "1"])
def test_a_cost_is_a_finite_number(cost: Any) -> None:
    with pytest.raises(InvalidParameterError, match=r"thresholds\.cost"):
        check_thresholds("Finder", DecisionThresholds(value=1.0, cost=cost))


def test_a_cost_needs_a_value_and_the_error_says_how() -> None:
    with pytest.raises(InvalidParameterError, match=r"thresholds\.cost") as caught:
        check_thresholds("Finder", DecisionThresholds(cost=0.15))
    assert "value=10.0" in str(caught.value)
    check_thresholds("Finder", DecisionThresholds(cost=0.15, value=10.0))
    check_thresholds("Finder", DecisionThresholds(cost=0.15, value=1.0))


def test_a_cost_needs_groups() -> None:
    economics = DecisionThresholds(value=10.0, cost=0.15).economics
    with pytest.raises(InvalidParameterError, match=r"thresholds\.cost"):
        check_treatment_of_cost("Finder", economics, None)
    check_treatment_of_cost("Finder", economics, ("A", "B"))
    check_treatment_of_cost("Finder", DecisionThresholds(value=10.0).economics, None)


@pytest.mark.parametrize(
    ("n_a", "n_b", "rate"), [(20, 400, 0.005), (40, 400, 0.005), (20, 20, 0.5)]
)
def test_with_the_least_events_the_test_of_rates_keeps_its_level(
    n_a: int, n_b: int, rate: float
) -> None:
    """Exact: the chance of all outcomes that would be decided on, of equal rates."""
    sales = np.meshgrid(np.arange(n_a + 1), np.arange(n_b + 1), indexing="ij")
    chance = np.outer(*(binom.pmf(np.arange(n + 1), n, rate) for n in (n_a, n_b)))
    p = score_test(sales[0], n_a, sales[1], n_b)
    pooled = (sales[0] + sales[1]) / (n_a + n_b)
    n_events = min(n_a, n_b) * np.minimum(pooled, 1 - pooled)
    least = DecisionThresholds().min_events
    for alpha in (0.05, 0.005):
        is_false = (p <= alpha) & (n_events >= least)
        assert chance[is_false].sum() <= 1.35 * alpha
    if rate < 0.01:
        # Without them the level is exceeded several times.
        assert chance[p <= 0.005].sum() > 4 * 0.005
