"""Decisions about findings: at their limits, and symmetric in the groups."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skseg._finders._decision import (
    DecisionThresholds,
    check_thresholds,
    decision,
)
from skseg.exceptions import InvalidParameterError

STRONG: dict[str, Any] = {
    "effect_pp": 12.0,
    "p_adj": 0.01,
    "share": 0.2,
    "train_effect": 15.0,
    "test_effect": 12.0,
}


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
        ({"effect_pp": 100 * (0.3 - 0.2)}, "Implement"),
        ({"effect_pp": 9.9}, "Pilot"),
        ({"effect_pp": 5.0}, "Pilot"),
        ({"effect_pp": 4.9}, "Skip"),
        ({"effect_pp": np.nan}, "Hold"),
        ({"train_effect": 22.0}, "Implement"),
        ({"train_effect": 22.1}, "Pilot"),
        ({"train_effect": 32.0}, "Pilot"),
        ({"train_effect": 32.1}, "Hold"),
        ({"train_effect": -1.0}, "Skip"),
        ({"test_effect": np.nan}, "Hold"),
        ({"effect_pp": 4.9, "p_adj": np.nan}, "Skip"),
        ({"share": np.nan}, "Hold"),
    ],
)
def test_a_decision_is_the_first_whose_limits_are_met(
    change: dict[str, float], expected: str
) -> None:
    assert decision(**(STRONG | change)) == expected


effects = st.floats(-40, 40) | st.just(math.nan)


@settings(max_examples=100)
@given(effects, st.floats(0, 1) | st.just(math.nan), st.floats(0, 1), effects, effects)
def test_decisions_do_not_depend_on_which_group_is_better(
    effect: float, p: float, share: float, train: float, test: float
) -> None:
    verdict = decision(effect, p, share, train, test)
    assert verdict == decision(-effect, p, share, -train, -test)
    if math.isnan(p):
        assert verdict in {"Hold", "Skip"}
    if verdict == "Implement":
        assert p <= 0.05


def test_decisions_depend_on_the_thresholds() -> None:
    strict = replace(DecisionThresholds(), alpha=0.001)
    assert decision(**STRONG, thresholds=strict) == "Pilot"
    higher = DecisionThresholds(implement_effect=13)
    assert decision(**STRONG, thresholds=higher) == "Pilot"
    higher = DecisionThresholds(pilot_effect=13)
    assert decision(**STRONG, thresholds=higher) == "Skip"


@pytest.mark.parametrize("name", vars(DecisionThresholds()))
def test_shares_and_levels_end_at_1_and_points_do_not(name: str) -> None:
    is_in_points = name.endswith(("_effect", "_gap"))
    for value in (0, 1, *((2, math.inf) if is_in_points else ())):
        check_thresholds("Finder", replace(DecisionThresholds(), **{name: value}))
    for value in (-1e-9, math.nan, *(() if is_in_points else (1 + 1e-9, 2))):
        with pytest.raises(InvalidParameterError, match=rf"thresholds\.{name}"):
            check_thresholds("Finder", replace(DecisionThresholds(), **{name: value}))
