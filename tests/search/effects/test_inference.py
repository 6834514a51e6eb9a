"""Intervals, tests and scores: published figures, scipy, simulations, symmetries."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from skseg._search.effects._inference import (
    Estimate,
    aipw_score,
    holm,
    ipw_score,
    mean_interval,
    newcombe,
    rate_test,
    rest_score,
    score_test,
    welch,
)

# Newcombe (1998), table II, method 10: y_a, n_a, y_b, n_b, low, high
PUBLISHED = [
    (56, 70, 48, 80, 0.0524, 0.3339),
    (9, 10, 3, 10, 0.1705, 0.8090),
    (6, 7, 2, 7, 0.0582, 0.8062),
    (5, 56, 0, 29, -0.0381, 0.1926),
    (0, 10, 0, 20, -0.1611, 0.2775),
    (0, 10, 0, 10, -0.2775, 0.2775),
    (10, 10, 0, 20, 0.6791, 1.0000),
    (10, 10, 0, 10, 0.6075, 1.0000),
]


def sums(values: Any, weight: Any = None) -> tuple[float, float, float]:
    values = np.asarray(values, float)
    weight = np.ones(len(values)) if weight is None else np.asarray(weight, float)
    return float(weight @ values), float(weight @ values**2), float(weight.sum())


@pytest.mark.parametrize(("y_a", "n_a", "y_b", "n_b", "low", "high"), PUBLISHED)
def test_newcombe_gives_the_published_limits(
    y_a: int, n_a: int, y_b: int, n_b: int, low: float, high: float
) -> None:
    estimate = newcombe(y_a, n_a, y_b, n_b, 0.95)
    assert estimate.effect == pytest.approx(y_a / n_a - y_b / n_b)
    assert estimate.low == pytest.approx(low, abs=5.1e-5)
    assert estimate.high == pytest.approx(high, abs=5.1e-5)


def test_newcombe_takes_all_segments_at_once() -> None:
    y_a, n_a, y_b, n_b, low, high = np.transpose(PUBLISHED)
    estimate = newcombe(y_a, n_a, y_b, n_b, 0.95)
    np.testing.assert_allclose(estimate.low, low, atol=5.1e-5)
    np.testing.assert_allclose(estimate.high, high, atol=5.1e-5)


counts = st.tuples(st.integers(1, 200), st.floats(0, 1)).map(
    lambda pair: (round(pair[0] * pair[1]), pair[0])
)


@given(a=counts, b=counts, level=st.sampled_from([0.5, 0.8, 0.95, 0.999]))
def test_newcombe_is_made_of_the_wilson_limits_of_scipy(
    a: tuple[int, int], b: tuple[int, int], level: float
) -> None:
    wilson_a, wilson_b = (
        stats.binomtest(y, n).proportion_ci(level, method="wilson") for y, n in (a, b)
    )
    rate_a, rate_b = a[0] / a[1], b[0] / b[1]
    estimate = newcombe(*a, *b, level)
    down = math.hypot(rate_a - wilson_a.low, wilson_b.high - rate_b)
    up = math.hypot(wilson_a.high - rate_a, rate_b - wilson_b.low)
    assert estimate.effect - estimate.low == pytest.approx(down, abs=1e-12)
    assert estimate.high - estimate.effect == pytest.approx(up, abs=1e-12)


@given(a=counts, b=counts)
def test_swapping_the_groups_mirrors_rates(
    a: tuple[int, int], b: tuple[int, int]
) -> None:
    estimate, swapped = newcombe(*a, *b), newcombe(*b, *a)
    assert estimate.effect == -swapped.effect
    assert estimate.low == pytest.approx(-swapped.high, abs=1e-15)
    assert estimate.p_value == pytest.approx(swapped.p_value, rel=1e-12)
    assert -1 <= estimate.low <= estimate.effect <= estimate.high <= 1


@given(a=counts, b=counts)
def test_counting_failures_mirrors_rates(
    a: tuple[int, int], b: tuple[int, int]
) -> None:
    estimate = newcombe(*a, *b)
    swapped = newcombe(a[1] - a[0], a[1], b[1] - b[0], b[1])
    assert estimate.effect == pytest.approx(-swapped.effect, abs=1e-12)
    assert estimate.low == pytest.approx(-swapped.high, abs=1e-12)
    assert estimate.p_value == pytest.approx(swapped.p_value, rel=1e-9)


def test_an_empty_group_leaves_every_difference_of_rates_possible() -> None:
    estimate = newcombe([0, 3, 0], [0, 4, 0], [2, 0, 0], [5, 0, 0])
    assert np.isnan(estimate.effect).all()
    assert np.isnan(estimate.p_value).all()
    np.testing.assert_array_equal(estimate.low, -1)
    np.testing.assert_array_equal(estimate.high, 1)


@given(a=counts, b=counts)
def test_score_test_is_the_n_minus_one_chi_squared(
    a: tuple[int, int], b: tuple[int, int]
) -> None:
    table = np.array([[a[0], a[1] - a[0]], [b[0], b[1] - b[0]]])
    if not table.sum(axis=0).all():
        assert score_test(*a, *b) == 1
        return
    pearson = stats.chi2_contingency(table, correction=False).statistic
    n = table.sum()
    expected = stats.chi2.sf(pearson * (n - 1) / n, 1)
    assert score_test(*a, *b) == pytest.approx(expected, rel=1e-9)


nulls = st.floats(-0.95, 0.95).filter(lambda null: abs(null) > 1e-3)


@given(a=counts, b=counts, null=nulls)
def test_the_score_test_of_a_difference_has_the_most_likely_rates(
    a: tuple[int, int], b: tuple[int, int], null: float
) -> None:
    """The likelihood of the rates under the null hypothesis, maximised by scipy."""
    (y_a, n_a), (y_b, n_b) = a, b

    def loss(rate: float) -> float:
        return -(
            stats.binom.logpmf(y_a, n_a, rate)
            + stats.binom.logpmf(y_b, n_b, rate - null)
        )

    ends = max(null, 0.0), min(1 + null, 1.0)
    rate = optimize.minimize_scalar(
        loss, bounds=ends, method="bounded", options={"xatol": 1e-10}
    ).x
    other = rate - null
    variance = rate * (1 - rate) / n_a + other * (1 - other) / n_b
    variance *= (n_a + n_b) / (n_a + n_b - 1)
    z = (y_a / n_a - y_b / n_b - null) / math.sqrt(variance)
    p = float(score_test(*a, *b, null))
    assert p == pytest.approx(2 * stats.norm.sf(abs(z)), rel=1e-3, abs=1e-6)


@pytest.mark.parametrize(
    ("y_a", "n_a", "y_b", "n_b", "low", "high"),
    [
        (56, 70, 48, 80, 0.0528, 0.3382),
        (9, 10, 3, 10, 0.1700, 0.8406),
        (5, 56, 0, 29, -0.0326, 0.1933),
    ],
)
def test_the_score_test_inverts_the_published_limits(
    y_a: int, n_a: int, y_b: int, n_b: int, low: float, high: float
) -> None:
    """Limits of Miettinen and Nurminen in table II of Newcombe (1998), method 6."""
    for limit in (low, high):
        p = score_test(y_a, n_a, y_b, n_b, limit)
        assert p == pytest.approx(0.05, abs=2e-4)


@given(a=counts, b=counts, null=nulls)
def test_the_score_test_of_a_difference_is_symmetric(
    a: tuple[int, int], b: tuple[int, int], null: float
) -> None:
    p = float(score_test(*a, *b, null))
    not_a, not_b = (a[1] - a[0], a[1]), (b[1] - b[0], b[1])
    assert score_test(*b, *a, -null) == pytest.approx(p, rel=1e-4, abs=1e-9)
    assert score_test(*not_a, *not_b, -null) == pytest.approx(p, rel=1e-4, abs=1e-9)


@pytest.mark.parametrize("null", [1.0, 1.5, -2.0])
def test_a_difference_that_rates_cannot_have_is_ruled_out(null: float) -> None:
    assert score_test(5, 10, 5, 10, null) == 0.0


def test_a_difference_of_zero_is_the_limit_of_small_ones() -> None:
    a, b = (30, 200), (45, 210)
    assert score_test(*a, *b, 1e-9) == pytest.approx(float(score_test(*a, *b)))


def test_means_are_tested_against_the_difference_that_is_named() -> None:
    random = np.random.default_rng(1)
    a, b = random.normal(2.0, 1.0, 40), random.normal(1.0, 3.0, 60)
    shifted = welch(*sums(a - 0.7), *sums(b))
    assert welch(*sums(a), *sums(b), null=0.7).p_value == pytest.approx(shifted.p_value)
    assert welch(*sums(a), *sums(b), null=0.7).low == pytest.approx(shifted.low + 0.7)
    score = mean_interval(*sums(a), null=1.5)
    assert score.p_value == pytest.approx(mean_interval(*sums(a - 1.5)).p_value)
    assert score.effect == pytest.approx(a.mean())


@given(a=counts, b=counts)
def test_few_events_have_the_mid_p_of_the_hypergeometric_distribution(
    a: tuple[int, int], b: tuple[int, int]
) -> None:
    (y_a, n_a), (y_b, n_b) = a, b
    rate = (y_a + y_b) / (n_a + n_b)
    p = float(rate_test(*a, *b))
    assert p == newcombe(*a, *b).p_value
    if min(n_a, n_b) * min(rate, 1 - rate) >= 20:
        assert p == score_test(*a, *b)
        return
    table = [[y_a, n_a - y_a], [y_b, n_b - y_b]]
    greater, less = (
        stats.fisher_exact(table, alternative=tail).pvalue
        for tail in ("greater", "less")
    )
    observed = greater + less - 1
    expected = min(1, 2 * (min(greater, less) - observed / 2))
    assert p == pytest.approx(expected, rel=1e-6, abs=1e-9)
    assert p == pytest.approx(float(rate_test(*b, *a)), rel=1e-6)


def test_the_score_test_stays_where_there_are_weights_or_a_difference_to_test() -> None:
    assert rate_test(1.5, 20, 1, 90) == score_test(1.5, 20, 1, 90)
    assert rate_test(2, 20, 1, 90, 0.01) == score_test(2, 20, 1, 90, 0.01)
    assert np.isnan(rate_test(0, 0, 1, 90))
    np.testing.assert_allclose(rate_test([0, 5], [9, 5], [0, 7], [30, 7]), 1)
    # Not zero by cancellation.
    assert 0 < rate_test(30, 50, 40, 100_000) < 1e-60


@pytest.mark.parametrize(
    ("n_a", "n_b", "rate"),
    [(25, 2475, 0.005), (15, 485, 0.005), (50, 950, 0.01), (20, 20, 0.3)],
)
@pytest.mark.parametrize("alpha", [0.05, 0.005])
def test_rare_events_are_significant_no_more_often_than_the_level(
    n_a: int, n_b: int, rate: float, alpha: float
) -> None:
    y_a, y_b = np.meshgrid(np.arange(n_a + 1), np.arange(min(n_b, 60) + 1))
    chance = stats.binom.pmf(y_a, n_a, rate) * stats.binom.pmf(y_b, n_b, rate)
    p = rate_test(y_a.ravel(), n_a, y_b.ravel(), n_b)
    assert chance.ravel() @ (p <= alpha) <= alpha


numbers = st.lists(st.integers(-50, 50), min_size=2, max_size=12)


@given(a=numbers, b=numbers, level=st.sampled_from([0.8, 0.95]))
def test_welch_is_that_of_scipy(a: list[int], b: list[int], level: float) -> None:
    estimate = welch(*sums(a), *sums(b), level)
    if len(set(a)) == len(set(b)) == 1:
        assert np.isnan(estimate.p_value)
        assert (estimate.low, estimate.high) == (-np.inf, np.inf)
        return
    with warnings.catch_warnings():
        # scipy warns that a group without scatter may have lost it to rounding.
        warnings.filterwarnings("ignore", "Precision loss", RuntimeWarning)
        result = stats.ttest_ind(a, b, equal_var=False)
    interval = result.confidence_interval(level)
    assert estimate.effect == pytest.approx(np.mean(a) - np.mean(b), abs=1e-12)
    assert estimate.p_value == pytest.approx(result.pvalue, rel=1e-6)
    assert estimate.low == pytest.approx(interval.low, rel=1e-6, abs=1e-9)
    assert estimate.high == pytest.approx(interval.high, rel=1e-6, abs=1e-9)


@given(a=numbers, b=numbers)
def test_swapping_the_groups_mirrors_means(a: list[int], b: list[int]) -> None:
    estimate, swapped = welch(*sums(a), *sums(b)), welch(*sums(b), *sums(a))
    assert estimate.effect == -swapped.effect
    assert estimate.low == pytest.approx(-swapped.high, rel=1e-12)
    assert estimate.p_value == pytest.approx(swapped.p_value, rel=1e-12, nan_ok=True)


@given(a=numbers, b=numbers, data=st.data())
def test_a_weight_is_a_repetition(a: list[int], b: list[int], data: Any) -> None:
    def weights(n: int) -> list[int]:
        return data.draw(st.lists(st.integers(1, 4), min_size=n, max_size=n))

    w_a, w_b = weights(len(a)), weights(len(b))
    weighted = welch(*sums(a, w_a), *sums(b, w_b))
    repeated = welch(*sums(np.repeat(a, w_a)), *sums(np.repeat(b, w_b)))
    np.testing.assert_allclose(weighted, repeated, rtol=1e-9)

    y, in_a, weight = np.array(a + b, float), np.arange(len(a + b)) < len(a), w_a + w_b
    rows = np.repeat(np.arange(len(y)), weight)
    for score in (
        ipw_score,
        lambda y, in_a, w: rest_score(y, w),
    ):
        few = score(y, in_a, np.array(weight, float))
        many = score(y[rows], in_a[rows], None)
        np.testing.assert_allclose(few[rows], many, atol=1e-9)
        np.testing.assert_allclose(
            mean_interval(*sums(few, weight)), mean_interval(*sums(many)), atol=1e-9
        )


def test_with_one_row_or_none_the_error_is_unknown() -> None:
    two = (3.0, 5.0, 2.0)  # rows 1 and 2
    for estimate, effect in (
        (welch(4.0, 16.0, 1.0, *two), 2.5),
        (welch(*two, 0.0, 0.0, 0.0), np.nan),
        (mean_interval(4.0, 16.0, 1.0), 4.0),
        (mean_interval(0.0, 0.0, 0.0), np.nan),
        (mean_interval(0.3, 0.03, 3.0), 0.1),
    ):
        assert estimate.effect == pytest.approx(effect, nan_ok=True)
        assert (estimate.low, estimate.high) == (-np.inf, np.inf)
        assert np.isnan(estimate.p_value)


def test_mean_interval_is_the_normal_one() -> None:
    values = np.random.default_rng(0).normal(0.1, 1.0, 400)
    estimate = mean_interval(*sums(values), 0.9)
    error = stats.sem(values)
    low, high = stats.norm.interval(0.9, values.mean(), error)
    assert estimate == pytest.approx(
        (values.mean(), low, high, 2 * stats.norm.sf(abs(values.mean() / error)))
    )


def covered(estimate: Estimate, truth: float) -> float:
    return float(np.mean((estimate.low <= truth) & (truth <= estimate.high)))


@pytest.mark.parametrize(
    ("rate_a", "rate_b", "n_a", "n_b"),
    [(0.3, 0.2, 40, 60), (0.05, 0.05, 50, 30), (0.9, 0.5, 15, 15)],
)
def test_newcombe_covers_the_truth_as_often_as_its_level(
    rate_a: float, rate_b: float, n_a: int, n_b: int
) -> None:
    rng = np.random.default_rng(1)
    a, b = rng.binomial(n_a, rate_a, 20_000), rng.binomial(n_b, rate_b, 20_000)
    coverage = covered(newcombe(a, n_a, b, n_b, 0.95), rate_a - rate_b)
    assert 0.935 < coverage < 0.985


def test_without_an_effect_tests_reject_as_often_as_their_level() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.binomial(60, 0.3, 20_000), rng.binomial(90, 0.3, 20_000)
    assert np.mean(score_test(a, 60, b, 90) <= 0.05) == pytest.approx(0.05, abs=0.008)
    x, y = rng.normal(1, 3, (20_000, 12)), rng.normal(1, 1, (20_000, 30))
    estimate = welch(
        x.sum(1), (x**2).sum(1), 12, y.sum(1), (y**2).sum(1), 30, level=0.95
    )
    assert np.mean(estimate.p_value <= 0.05) == pytest.approx(0.05, abs=0.008)
    assert covered(estimate, 0.0) == pytest.approx(0.95, abs=0.008)


def test_holm_by_hand() -> None:
    np.testing.assert_allclose(
        holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02], rtol=1e-12
    )
    np.testing.assert_allclose(holm([0.6, 0.5, 0.9]), [1, 1, 1])
    np.testing.assert_allclose(holm([0.02, 0.02]), [0.04, 0.04])
    assert holm([]).shape == (0,)


def test_holm_neither_counts_nor_changes_nan() -> None:
    np.testing.assert_allclose(
        holm([np.nan, 0.04, np.nan, 0.01]), [np.nan, 0.04, np.nan, 0.02]
    )


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0.001, 0.5))
def test_holm_rejects_what_the_step_down_rejects(p: list[float], alpha: float) -> None:
    remaining, n_rejected = sorted(p), 0
    while remaining and remaining[0] * len(remaining) <= alpha:
        n_rejected += 1
        remaining.pop(0)
    assert np.count_nonzero(holm(p) <= alpha) == n_rejected


@given(a=numbers, b=numbers)
def test_the_mean_of_all_ipw_scores_is_the_difference(
    a: list[int], b: list[int]
) -> None:
    y, in_a = np.array(a + b, float), np.arange(len(a + b)) < len(a)
    psi = ipw_score(y, in_a)
    assert psi.mean() == pytest.approx(np.mean(a) - np.mean(b), abs=1e-9)
    constant = np.ones_like(y)
    same = aipw_score(
        y, in_a, in_a.mean() * constant, np.mean(a) * constant, np.mean(b) * constant
    )
    np.testing.assert_allclose(psi, same, atol=1e-9)
    np.testing.assert_allclose(ipw_score(y, ~in_a), -psi, atol=1e-9)
    np.testing.assert_allclose(ipw_score(y + 100, in_a), psi, atol=1e-9)


def test_ipw_scores_have_the_least_variance_of_any_centring() -> None:
    rng = np.random.default_rng(3)
    n, p = 100_000, 0.2
    in_a = rng.random(n) < p
    y = rng.normal(np.where(in_a, 4.0, 1.0), np.where(in_a, 2.0, 1.0))
    psi = ipw_score(y, in_a)
    assert psi.var() == pytest.approx(2.0**2 / p + 1.0**2 / (1 - p), rel=0.02)
    for shift in (-0.3, 0.3):
        shifted = psi - np.where(in_a, 1 / p, -1 / (1 - p)) * shift
        assert shifted.var() > psi.var()


def test_ipw_scores_are_unbiased_in_a_segment_and_cover_its_effect() -> None:
    rng = np.random.default_rng(4)
    estimates = []
    for _ in range(2000):
        segment = rng.random(400) < 0.3
        in_a = rng.random(400) < 0.4
        y = (rng.random(400) < 0.2 + 0.3 * segment + 0.2 * segment * in_a).astype(float)
        estimates.append(mean_interval(*sums(ipw_score(y, in_a)[segment])))
    every = Estimate(*np.transpose(estimates))
    error = every.effect.std() / np.sqrt(2000)
    assert every.effect.mean() == pytest.approx(0.2, abs=4 * error)
    assert covered(every, 0.2) == pytest.approx(0.95, abs=0.02)


def confounded(
    rng: np.random.Generator, n: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return outcome, group, propensity and base rate: the effect is 0.2 for all."""
    x = rng.random(n)
    propensity, base = 0.2 + 0.6 * x, 0.1 + 0.6 * x
    in_a = rng.random(n) < propensity
    y = (rng.random(n) < base + 0.2 * in_a).astype(float)
    return y, in_a, propensity, base


@pytest.mark.parametrize(
    "wrong", ["nothing", "the propensity", "the expected outcomes"]
)
def test_aipw_scores_are_unbiased_if_either_model_is_right(wrong: str) -> None:
    y, in_a, propensity, base = confounded(np.random.default_rng(5), 200_000)
    mean_a, mean_b = base + 0.2, base
    if wrong == "the propensity":
        propensity = np.full_like(propensity, 0.5)
    elif wrong == "the expected outcomes":
        mean_a, mean_b = np.full_like(base, 0.3), np.full_like(base, 0.6)
    psi = aipw_score(y, in_a, propensity, mean_a, mean_b)
    assert ipw_score(y, in_a).mean() > 0.25  # what ignoring the confounding finds
    for segment in (slice(None), base < 0.3, base >= 0.5):
        estimate = mean_interval(*sums(psi[segment]), level=0.9999)
        assert estimate.low < 0.2 < estimate.high
        assert estimate.high - estimate.low < 0.06


def test_swapping_the_groups_mirrors_aipw_scores() -> None:
    y, in_a, propensity, base = confounded(np.random.default_rng(6), 50)
    psi = aipw_score(y, in_a, propensity, base + 0.2, base)
    mirrored = aipw_score(y, ~in_a, 1 - propensity, base, base + 0.2)
    np.testing.assert_allclose(mirrored, -psi, atol=1e-12)


@pytest.mark.parametrize("bad", [0.0, 1.0, np.nan, -0.1])
def test_a_propensity_of_zero_or_one_is_an_error(bad: float) -> None:
    y, in_a, propensity, base = confounded(np.random.default_rng(6), 5)
    propensity[3] = bad
    with pytest.raises(ValueError, match=rf"between 0 and 1.* Got {bad} at row 3"):
        aipw_score(y, in_a, propensity, base, base)


def test_ipw_scores_need_both_groups() -> None:
    with pytest.raises(ValueError, match=r"Got 2\.0 of A and 0\.0 of B"):
        ipw_score(np.array([0.0, 1.0]), np.array([True, True]))
    with pytest.raises(ValueError, match="Both groups need rows"):
        ipw_score(
            np.array([0.0, 1.0]), np.array([True, False]), weight=np.array([0.0, 1.0])
        )


def test_rest_scores_tell_the_effect_of_a_segment_by_its_share() -> None:
    y = np.array([1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0])
    weight = np.array([1.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0])
    segment = np.arange(8) < 3  # 3 of 4, by weight, and 1 of 6 of the rest
    psi = rest_score(y, weight)
    assert weight @ psi == pytest.approx(0)
    lift = np.average(psi[segment], weights=weight[segment])
    assert lift / (1 - 4 / 10) == pytest.approx(3 / 4 - 1 / 6)


def test_rest_scores_are_conservative() -> None:
    rng = np.random.default_rng(7)
    y = rng.normal(5.0, 1.0, (4000, 200))
    psi = np.array([rest_score(row) for row in y])[:, :100]  # half of the rows
    p = mean_interval(psi.sum(1), (psi**2).sum(1), 100).p_value
    # A z too small by the root of 1/2 exceeds 1.96 where an honest one exceeds 2.77.
    assert np.mean(p <= 0.05) == pytest.approx(0.0056, abs=0.004)
