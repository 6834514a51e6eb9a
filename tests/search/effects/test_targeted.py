"""Targeted effects, against plain differences, brute force and simulation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit

from skseg._search.effects._targeted import AdjustedRows, targeted_effects


def rows_of(seed: int, n: int = 400, **changes: Any) -> AdjustedRows:
    """Return rows of rates with a known propensity and wrong expected outcomes."""
    rng = np.random.default_rng(seed)
    u = rng.normal(size=n)
    propensity = np.clip(expit(u), 0.05, 0.95)
    in_a = rng.random(n) < propensity
    y = (rng.random(n) < expit(u - 0.5)).astype(float)
    mean_a, mean_b = expit(0.5 * u), expit(0.5 * u - 0.2)
    rows = AdjustedRows(y, in_a, np.ones(n), propensity, mean_a, mean_b, True)
    return replace(rows, **changes)


def everyone(rows: AdjustedRows) -> np.ndarray:
    return np.ones((len(rows.y), 1), dtype=bool)


@pytest.mark.parametrize("is_binary", [True, False])
def test_without_confounding_it_is_the_difference_of_means(is_binary: bool) -> None:
    half = np.full(400, 0.5)
    rows = rows_of(0, propensity=half, mean_a=half, mean_b=half, is_binary=is_binary)
    if not is_binary:
        rows = replace(rows, y=rows.y + np.random.default_rng(0).exponential(size=400))
    effect = targeted_effects(rows, everyone(rows)).estimate
    a, b = rows.y[rows.in_a], rows.y[~rows.in_a]
    assert effect.effect[0] == pytest.approx(a.mean() - b.mean())
    if not is_binary:
        welch = stats.ttest_ind(a, b, equal_var=False)
        assert effect.p_value[0] == pytest.approx(welch.pvalue, rel=0.02)
        low, high = welch.confidence_interval(0.95)
        assert effect.low[0] == pytest.approx(low, rel=0.02)
        assert effect.high[0] == pytest.approx(high, rel=0.02)


def most_likely_rate(
    rows: AdjustedRows, group: np.ndarray, chance: np.ndarray, expected: np.ndarray
) -> float:
    """Return the mean of expected rates, shifted to the largest weighted likelihood."""
    y, weight, start = rows.y[group], 1 / chance[group], logit(expected)

    def loss(shift: float) -> float:
        rate = expit(start[group] + shift)
        return -float(weight @ (y * np.log(rate) + (1 - y) * np.log(1 - rate)))

    shift = minimize_scalar(loss, options={"xtol": 1e-10}).x
    return float(expit(start + shift).mean())


def test_rates_are_moved_by_the_most_likely_shift() -> None:
    rows = rows_of(1)
    rate_a = most_likely_rate(rows, rows.in_a, rows.propensity, rows.mean_a)
    rate_b = most_likely_rate(rows, ~rows.in_a, 1 - rows.propensity, rows.mean_b)
    effect = targeted_effects(rows, everyone(rows)).estimate.effect[0]
    assert effect == pytest.approx(rate_a - rate_b, abs=1e-6)


def test_weights_are_repetitions() -> None:
    weight = np.random.default_rng(2).integers(0, 4, 400)
    rows = rows_of(2, weight=weight.astype(float))
    repeated = rows_of(2).take(np.repeat(np.arange(400), weight))
    for a, b in zip(
        targeted_effects(rows, everyone(rows)),
        targeted_effects(repeated, everyone(repeated)),
        strict=True,
    ):
        np.testing.assert_allclose(np.ravel(a), np.ravel(b), rtol=1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_a_rate_never_leaves_what_is_possible(seed: int) -> None:
    """Two rows of A stand for hundreds; the mean of their scores would be beyond 1."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(20, 200))
    in_a = np.arange(n) < 3
    y = np.where(in_a, rng.integers(0, 2), rng.random(n) < 0.9).astype(float)
    propensity = np.where(in_a, 0.01, rng.uniform(0.01, 0.99, n))
    rows = AdjustedRows(
        y, in_a, np.ones(n), propensity, rng.random(n), rng.random(n), True
    )
    effect = targeted_effects(rows, everyone(rows)).estimate
    assert -1 <= effect.low[0] <= effect.effect[0] <= effect.high[0] <= 1
    assert effect.low[0] < effect.high[0]


@pytest.mark.parametrize("is_binary", [True, False])
@pytest.mark.parametrize("n_a", [0, 1, 400])
def test_without_two_rows_of_a_group_nothing_is_known(
    n_a: int, is_binary: bool
) -> None:
    rows = rows_of(3, in_a=np.arange(400) < n_a, is_binary=is_binary)
    effect, size_a, size_b = targeted_effects(rows, everyone(rows))
    limit = 1.0 if is_binary else np.inf
    assert (effect.low[0], effect.high[0]) == (-limit, limit)
    assert np.isnan(effect.effect[0])
    assert np.isnan(effect.p_value[0])
    assert min(size_a[0], size_b[0]) < 2


def test_no_successes_of_a_few_rows_are_no_certainty() -> None:
    """Residuals without any variance say nothing of the variance of a rate."""
    n = 212
    in_a = np.arange(n) < 12
    y = np.where(in_a, 0.0, np.arange(n) % 5 == 0)
    half, rate = np.full(n, 12 / n), np.full(n, 0.2)
    rows = AdjustedRows(y, in_a, np.ones(n), half, rate, rate, True)
    effect = targeted_effects(rows, everyone(rows)).estimate
    table = [[0, 12], [40, 160]]
    assert effect.p_value[0] == pytest.approx(stats.fisher_exact(table).pvalue, abs=0.1)
    assert effect.high[0] > 0


def test_effective_sizes_are_those_of_kish() -> None:
    rows = rows_of(4)
    _, size_a, size_b = targeted_effects(rows, everyone(rows))
    inverse = 1 / rows.propensity[rows.in_a]
    assert size_a[0] == pytest.approx(inverse.sum() ** 2 / (inverse**2).sum())
    inverse = 1 / (1 - rows.propensity[~rows.in_a])
    assert size_b[0] == pytest.approx(inverse.sum() ** 2 / (inverse**2).sum())


def test_customers_of_one_row_change_nothing_and_copies_add_nothing() -> None:
    rows = rows_of(5, 100, is_binary=False)
    plain = targeted_effects(rows, everyone(rows)).estimate
    copies = rows.take(np.tile(np.arange(100), 4))
    copies = replace(copies, cluster=np.tile(np.arange(100), 4))
    for clustered in (replace(rows, cluster=np.arange(100)), copies):
        effect = targeted_effects(clustered, everyone(clustered)).estimate
        assert effect.effect[0] == pytest.approx(plain.effect[0])
        assert effect.p_value[0] == pytest.approx(plain.p_value[0], rel=0.05)


def test_few_customers_are_not_enough() -> None:
    rows = rows_of(6, cluster=np.arange(400) % 9)
    effect = targeted_effects(rows, everyone(rows)).estimate
    assert np.isnan(effect.p_value[0])
    assert (effect.low[0], effect.high[0]) == (-1.0, 1.0)


def test_p_values_of_confounded_rates_hold_their_level_with_wrong_outcomes() -> None:
    """The propensity alone is right: with either right the effect is."""
    p = []
    for seed in range(300):
        rows = rows_of(1000 + seed)
        p.append(targeted_effects(rows, everyone(rows)).estimate.p_value[0])
    hits = int((np.array(p) <= 0.05).sum())
    assert stats.binomtest(hits, 300, 0.05).pvalue > 0.005


def test_a_break_even_is_tested_instead_of_no_effect() -> None:
    rows = rows_of(7, is_binary=False)
    estimate = targeted_effects(rows, everyone(rows)).estimate
    shifted = targeted_effects(rows, everyone(rows), null=float(estimate.effect[0]))
    assert shifted.estimate.p_value[0] == pytest.approx(1)
    assert shifted.estimate.low[0] == estimate.low[0]
