"""Valleys: bands with hardly any rows between two groups in one dimension."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import binom

from skseg._search.clusters._valley import (
    MAX_DENSITY,
    MIN_SIDE,
    deepest_valley,
    has_fine_scale,
    spread_ties,
)

FloatArray = npt.NDArray[np.float64]
N = 1000
LEVEL = 0.001


def is_divided(values: Any, seed: int = 0) -> bool:
    values = np.asarray(values, dtype=np.float64)
    valley = deepest_valley(spread_ties(values, np.random.default_rng(1000 + seed)))
    return valley is not None and valley.p_value <= LEVEL and has_fine_scale(values)


def two_groups(rng: np.random.Generator, distance: float, share: float) -> FloatArray:
    return rng.normal(size=N) + distance * (rng.random(N) < share)


def zero_or(rng: np.random.Generator, amounts: FloatArray, share: float) -> FloatArray:
    return np.where(rng.random(len(amounts)) < share, 0, amounts)


WITHOUT: dict[str, Any] = {
    "normal": lambda rng: rng.normal(size=N),
    "uniform": lambda rng: rng.uniform(size=N),
    "log-normal": lambda rng: rng.lognormal(size=N),
    "exponential": lambda rng: rng.exponential(size=N),
    "Cauchy": lambda rng: rng.standard_cauchy(N),
    "two scales": lambda rng: rng.normal(size=N) * rng.choice([1, 8], N),
    "arcsine": lambda rng: rng.beta(0.5, 0.5, N),
    "four deviations apart": lambda rng: two_groups(rng, 4, 0.5),
    "zeros and exponential": lambda rng: zero_or(rng, rng.exponential(size=N), 0.5),
    "few zeros and log-normal": lambda rng: zero_or(rng, rng.lognormal(size=N), 0.1),
    "zeros and log-normal": lambda rng: zero_or(rng, rng.lognormal(size=N), 0.4),
    "zeros and gamma": lambda rng: zero_or(rng, rng.gamma(2, size=N), 0.4),
    "whole amounts": lambda rng: np.round(zero_or(rng, rng.lognormal(3, 1, N), 0.3)),
    "counts": lambda rng: rng.poisson(3, N),
    "zeros and counts": lambda rng: zero_or(rng, rng.poisson(5, N) * 1.0, 0.3),
    "logarithms of counts": lambda rng: np.log1p(rng.geometric(0.4, N)),
    "logarithms of frequencies": lambda rng: np.log(rng.zipf(2, N)),
    "a scale of seven": lambda rng: rng.choice(7, N, p=[0.4, 0, 0, 0.1, 0, 0.1, 0.4]),
    "round prices": lambda rng: rng.choice([1, 2, 5, 10, 20, 50, 100, 200, 500], N),
    "rounded": lambda rng: np.round(2 * rng.normal(size=N)) / 2,
    "a flag": lambda rng: rng.random(N) < 0.3,
    "outliers": lambda rng: np.append(rng.normal(size=N - 40), np.full(40, 99.0)),
}
WITH: dict[str, Any] = {
    "six deviations apart": lambda rng: two_groups(rng, 6, 0.5),
    "six deviations apart, 1 in 4": lambda rng: two_groups(rng, 6, 0.25),
    "twelve deviations apart": lambda rng: two_groups(rng, 12, 0.1),
    "twelve apart, rounded": lambda rng: np.round(two_groups(rng, 12, 0.4)),
    "no income or some": lambda rng: zero_or(rng, rng.uniform(10_037, 99_981, N), 0.25),
    "zeros among negatives": lambda rng: zero_or(rng, rng.uniform(-9, -1, N), 0.4),
    "a code for never": lambda rng: np.where(
        rng.random(N) < 0.2, 999, rng.integers(1, 30, N)
    ),
    "few orders or many": lambda rng: np.where(
        rng.random(N) < 0.6, rng.integers(0, 4, N), rng.integers(30, 50, N)
    ),
    "three groups": lambda rng: rng.choice([0, 10, 20], N) + rng.normal(size=N),
}


@pytest.mark.parametrize("draw", WITHOUT.values(), ids=WITHOUT)
def test_populations_without_an_empty_band_have_no_valley(draw: Any) -> None:
    assert not any(is_divided(draw(np.random.default_rng(s)), s) for s in range(8))


@pytest.mark.parametrize("draw", WITH.values(), ids=WITH)
def test_groups_with_hardly_anyone_between_have_a_valley(draw: Any) -> None:
    assert all(is_divided(draw(np.random.default_rng(s)), s) for s in range(8))


@pytest.mark.parametrize("seed", range(3))
def test_neither_unit_nor_order_nor_direction_change_the_valley(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = two_groups(rng, 7, 0.4)
    valley = deepest_valley(values)
    assert valley is not None
    order = rng.permutation(N)
    same = deepest_valley(1e6 * values[order] + 5)
    assert same is not None
    assert order[[same.lower, same.upper]].tolist() == [valley.lower, valley.upper]
    mirrored = deepest_valley(-values)
    assert mirrored is not None
    assert mirrored.p_value == pytest.approx(valley.p_value, rel=1e-6)


def test_p_value_is_no_less_than_a_binomial_tail_of_the_best_stretches() -> None:
    values = two_groups(np.random.default_rng(0), 6, 0.5)
    valley = deepest_valley(values)
    assert valley is not None
    x = np.sort(values)
    low, high = np.searchsorted(x, values[[valley.lower, valley.upper]])
    width, inside = x[high] - x[low], high - low - 1
    tails = []
    for edge, sign in ((low, -1), (high, 1)):
        room = edge if sign < 0 else N - 1 - edge
        counts = [min(int(np.ceil(s * N)), room) for s in (0.05, 0.1, 0.2, 0.4)]
        stretch = [(n, max(abs(x[edge + sign * n] - x[edge]), width)) for n in counts]
        n, length = max(stretch, key=lambda pair: pair[0] / pair[1])
        assert inside <= MAX_DENSITY * n / length * width
        tails.append(binom.cdf(inside, n + inside, width / (width + length)))
    assert min(low + 1, N - high) >= MIN_SIDE * N
    assert valley.p_value >= max(tails)
    assert valley.p_value <= max(tails) * N * 20 * 16


def test_p_values_of_one_mode_are_hardly_ever_small() -> None:
    # The uniform population is the flattest with one mode, hence the least favourable.
    p_values = []
    for seed in range(200):
        valley = deepest_valley(np.random.default_rng(seed).uniform(size=60))
        p_values.append(1.0 if valley is None else valley.p_value)
    assert np.mean(np.array(p_values) <= 0.05) <= 0.05


def test_equal_values_are_spread_evenly_up_to_their_neighbours() -> None:
    rng = np.random.default_rng(0)
    spread = spread_ties(np.repeat([1.0, 2.0, 3.0], 100), rng)
    assert np.sort(spread)[[0, -1]] == pytest.approx([0.505, 3.495])
    assert np.diff(np.sort(spread)) == pytest.approx(np.full(299, 0.01))
    # A zero far below the amounts stays where it is.
    zeros = spread_ties(np.append(np.zeros(50), np.arange(1000.0, 1100, 2)), rng)[:50]
    assert np.abs(zeros).max() <= 3


@pytest.mark.parametrize("values", [[5.0] * 30, [0.0, 1.0] * 15, np.arange(30.0)])
def test_columns_without_anything_to_spread_or_divide(values: Any) -> None:
    values = np.asarray(values, dtype=np.float64)
    spread = spread_ties(values, np.random.default_rng(0))
    assert np.abs(spread - values).max() <= 0.5
    assert not is_divided(values)
