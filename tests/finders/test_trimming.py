"""The region of overlap as a rule, on data of known propensities."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from skseg._finders._adjustment._trimming import (
    PropensityLimits,
    region_of_overlap,
    rows_in,
)
from skseg.rules import Columns

N = 2000


def customers(seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "age": rng.integers(18, 80, N).astype(float),
            "spend": rng.exponential(50, N),
            "plan": np.array(["free", "basic", "pro", "team"])[rng.integers(0, 4, N)],
            "town": [f"town {i}" for i in rng.integers(0, 40, N)],
        }
    )
    X.loc[rng.random(N) < 0.1, "spend"] = np.nan
    return X


def region(X: pd.DataFrame, propensity: np.ndarray, seed: int = 0) -> object:
    in_a = np.random.default_rng(seed).random(N) < propensity
    weight = np.ones(N)
    limits = PropensityLimits.of(in_a, weight)
    return region_of_overlap(Columns(X), in_a, weight, propensity, limits)


@pytest.mark.parametrize("share", [0.5, 0.05, 0.97, 0.01])
def test_groups_drawn_at_random_overlap_everywhere(share: float) -> None:
    assert region(customers(), np.full(N, share)) is None


X = customers()
WITHOUT = {
    "age": X["age"] >= 60,
    "both ends": (X["age"] < 30) | (X["age"] >= 70),
    "plan": X["plan"] == "pro",
    "missing": X["spend"].isna(),
    "town": X["town"].str.slice(5).astype(int) < 12,
    "conjunction": (X["plan"] == "pro") & (X["age"] >= 50),
}


@pytest.mark.parametrize("side", [0.001, 0.999])
@pytest.mark.parametrize("name", WITHOUT)
def test_rows_without_the_other_group_are_outside(name: str, side: float) -> None:
    without = WITHOUT[name].to_numpy()
    rule = region(X, np.where(without, side, 0.5))
    inside = rows_in(rule, Columns(X))  # type: ignore[arg-type]
    assert inside[without].mean() < 0.1
    assert inside[~without].mean() > 0.9


def test_the_region_and_the_rest_are_a_partition_of_any_rows() -> None:
    rule = region(X, np.where(WITHOUT["conjunction"] | WITHOUT["age"], 0.001, 0.5))
    assert rule is not None
    new = customers(1)
    new.loc[:50, "age"], new.loc[:20, "plan"], new.loc[10:60, "town"] = (
        np.nan,
        None,
        "?",
    )
    inside = rule.evaluate(new)  # type: ignore[attr-defined]
    np.testing.assert_array_equal((~rule).evaluate(new), ~inside)  # type: ignore[operator]


def test_the_region_names_the_columns() -> None:
    rule = region(X, np.where(WITHOUT["plan"], 0.999, 0.5))
    assert str(rule) == "plan in ['basic', 'free', 'team']"


def test_groups_that_overlap_nowhere_have_an_empty_region() -> None:
    rule = region(X, np.where(X["age"] >= 50, 0.999, 0.001))
    assert not rows_in(rule, Columns(X)).any()  # type: ignore[arg-type]
    assert str(rule) == "False"


def test_single_rows_beyond_the_limits_do_not_make_a_region() -> None:
    propensity = np.full(N, 0.5)
    propensity[::200] = 0.01
    assert region(X, propensity) is None


@pytest.mark.parametrize(
    ("share", "low", "high"),
    [(0.5, 0.05, 0.95), (0.1, 0.01, 0.95), (0.9, 0.05, 0.99), (0.7, 0.05, 0.97)],
)
def test_limits_are_a_tenth_of_the_share_of_a_small_group(
    share: float, low: float, high: float
) -> None:
    in_a = np.arange(1000) < 1000 * share
    limits = PropensityLimits.of(in_a, np.ones(1000))
    assert (limits.low, limits.high) == pytest.approx((low, high))
    assert limits.are_kept(np.array([low - 1e-3, 0.5, high + 1e-3])).tolist() == [
        False,
        True,
        False,
    ]


def test_weights_count() -> None:
    """Rows of hardly any weight leave no one of the group there."""
    in_a = np.arange(N) % 2 == 0
    old = X["age"].to_numpy() >= 50
    weight = np.where(old & in_a, 1e-6, 1.0)
    propensity = np.where(old, 0.001, 0.6)
    limits = PropensityLimits.of(in_a, weight)
    rule = region_of_overlap(Columns(X), in_a, weight, propensity, limits)
    assert not rows_in(rule, Columns(X))[old].any()
