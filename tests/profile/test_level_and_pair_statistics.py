"""Levels, pairs and intervals of a profile, against published and computed values."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from skseg._typing import FloatArray
from skseg.profile import profile_segments
from skseg.profile._intervals import mean_intervals
from skseg.profile._level_summary import level_counts, representation, summarise_levels
from skseg.profile._pairs import games_howell, share_pairs, tukey_kramer
from skseg.profile._segment_rows import SegmentRows
from skseg.rules import RuleSet

GROUPS = (
    np.array([1.1, 2.3, 3.8, 4.1, 2.2]),
    np.array([2.9, 5.1, 4.4, 7.3, 6.6, 8.0]),
    np.array([10.2, 3.1, 15.8, 7.7, 1.9, 12.4, 9.9]),
)
MOMENTS = (
    np.array([5.0, 6.0, 7.0]),
    np.array([group.mean() for group in GROUPS]),
    np.array([group.std(ddof=1) for group in GROUPS]),
)


def test_level_counts_are_those_of_a_contingency_table() -> None:
    rng = np.random.default_rng(0)
    codes, levels = rng.integers(0, 3, 200), rng.integers(-1, 4, 200)
    weight = rng.integers(0, 3, 200).astype(float)
    counts = level_counts(levels, 4, SegmentRows(codes, 4, weight))
    expected = np.zeros((4, 5))
    np.add.at(expected, (codes, np.where(levels < 0, 4, levels)), weight)
    np.testing.assert_array_equal(counts, expected)


def test_differences_of_shares_have_newcombes_interval() -> None:
    summary = summarise_levels(np.array([[7.0, 27.0, 0.0], [1.0, 33.0, 2.0]]))
    # statsmodels 0.15, confint_proportions_2indep(7, 34, 1, 34, method="newcomb").
    assert summary.difference[0, 0] == pytest.approx(6 / 34)
    assert summary.difference_low[0, 0] == pytest.approx(0.018921443885772937)
    assert summary.difference_high[0, 0] == pytest.approx(0.3403686870327074)
    assert summary.n.tolist() == [34.0, 34.0]
    assert summary.missing.tolist() == [0.0, 2.0]


def test_one_segment_has_no_others() -> None:
    summary = summarise_levels(np.array([[7.0, 3.0, 0.0]]))
    assert np.isnan(summary.difference).all()
    assert (summary.difference_low == -1).all()
    assert (summary.difference_high == 1).all()


def test_empty_segments_have_no_shares() -> None:
    summary = summarise_levels(np.array([[7.0, 3.0, 0.0], [0.0, 0.0, 4.0]]))
    assert np.isnan(summary.share[1]).all()
    ratios = representation(np.array([[7.0, 3.0, 0.0], [0.0, 0.0, 4.0]]))
    assert np.isnan(ratios.ratio[1]).all()


def test_representation_is_a_ratio_to_everyone() -> None:
    counts = np.array([[30.0, 70.0, 0.0], [100.0, 800.0, 5.0]])
    result = representation(counts)
    assert result.ratio[0, 0] == pytest.approx(0.3 / 0.13)
    assert (result.ratio_low < result.ratio).all()
    assert (result.ratio < result.ratio_high).all()


def test_representation_of_groups_that_are_missing_in_a_segment() -> None:
    result = representation(np.array([[0.0, 50.0, 0.0], [40.0, 60.0, 0.0]]))
    assert result.ratio[0, 0] == 0
    assert result.ratio_low[0, 0] == 0
    assert 0 < result.ratio_high[0, 0] < 1
    # No one else has the level: the ratio cannot exceed the inverse share.
    assert result.ratio[1, 0] == pytest.approx(1.5)
    assert result.ratio_high[1, 0] == pytest.approx(1.5)


def test_limits_of_representation_cover() -> None:
    rng = np.random.default_rng(1)
    n, rates = np.array([40, 400]), np.array([0.2, 0.1])
    truth = rates[0] / (n @ rates / n.sum())
    y = rng.binomial(n, rates, (2000, 2))
    covered = 0
    for successes in y:
        counts = np.column_stack([successes, n - successes, [0, 0]]).astype(float)
        result = representation(counts)
        covered += result.ratio_low[0, 0] <= truth <= result.ratio_high[0, 0]
    assert 0.93 < covered / len(y) < 0.97


def test_games_howell_is_that_of_pingouin() -> None:
    pairs = games_howell(*MOMENTS)
    # pingouin 0.7, pairwise_gameshowell.
    expected = [0.030877642369370073, 0.041029226840251565, 0.3495031185285149]
    np.testing.assert_allclose(pairs.p_adj, expected, rtol=1e-4)
    assert pairs.difference[0] == pytest.approx(-3.016666666666666)
    assert pairs.first.tolist() == [0, 0, 1]
    assert pairs.second.tolist() == [1, 2, 2]
    assert ((pairs.low > 0) | (pairs.high < 0)).tolist() == [True, True, False]


def test_tukey_kramer_is_that_of_scipy_and_pingouin() -> None:
    pairs = tukey_kramer(*MOMENTS)
    # pingouin 0.7, pairwise_tukey.
    expected = [0.3300773156849066, 0.0211918319168648, 0.2778782966171983]
    np.testing.assert_allclose(pairs.p_adj, expected, rtol=1e-5)
    interval = stats.tukey_hsd(*GROUPS).confidence_interval()
    for i, (a, b) in enumerate(zip(pairs.first, pairs.second, strict=True)):
        assert pairs.low[i] == pytest.approx(interval.low[a, b])
        assert pairs.high[i] == pytest.approx(interval.high[a, b])


def test_games_howell_of_two_segments_is_welchs_interval() -> None:
    pairs = games_howell(*(x[:2] for x in MOMENTS))
    result = stats.ttest_ind(GROUPS[0], GROUPS[1], equal_var=False)
    assert pairs.p_adj[0] == pytest.approx(result.pvalue, rel=1e-6)
    low, high = result.confidence_interval()
    assert pairs.low[0] == pytest.approx(low, rel=1e-6)
    assert pairs.high[0] == pytest.approx(high, rel=1e-6)


@pytest.mark.parametrize("method", [games_howell, tukey_kramer])
def test_pairs_of_segments_without_an_error_are_unknown(method: object) -> None:
    assert callable(method)
    n, mean = np.array([5.0, 1.0, 0.0, 6.0]), np.array([1.0, 2.0, np.nan, 4.0])
    pairs = method(n, mean, np.array([1.0, np.nan, np.nan, 2.0]))
    empty = (pairs.first == 2) | (pairs.second == 2)
    assert np.isnan(pairs.p_adj[empty]).all()
    assert (pairs.high[empty] == np.inf).all()
    last = (pairs.first == 0) & (pairs.second == 3)
    assert np.isfinite(pairs.p_adj[last]).all()
    if method is games_howell:
        assert np.isnan(pairs.p_adj[~last]).all()


def test_limits_of_pairs_are_those_of_their_p_values() -> None:
    n, std = np.array([8.0, 15, 40, 31, 60]), np.array([1.0, 3, 6, 2, 5])
    limits = games_howell(n, np.zeros(5), std).high
    # A mean that differs by the limit has a p-value of one less the level.
    for first, second, limit in [(0, 1, limits[0])]:
        mean = np.zeros(5)
        mean[second] = limit
        pairs = games_howell(n, mean, std)
        is_pair = (pairs.first == first) & (pairs.second == second)
        assert pairs.p_adj[is_pair] == pytest.approx(0.05, abs=1e-6)


def test_share_pairs_have_holms_p_values() -> None:
    pairs = share_pairs(np.array([10.0, 30, 0]), np.array([100.0, 100, 0]))
    assert pairs.p_adj[0] == pytest.approx(0.0004, abs=1e-4)
    assert pairs.difference[0] == pytest.approx(-0.2)
    assert np.isnan(pairs.p_adj[1:]).all()
    assert pairs.low[1:].tolist() == [-1.0, -1.0]


@pytest.mark.parametrize("weight", [None, np.array([3.0, 1, 2, 1, 1, 2, 1, 1])])
def test_means_of_amounts_have_students_interval(weight: FloatArray | None) -> None:
    values = np.tile([1.0, 5, 2, 8, 3, 9, 4, np.nan], 12)
    codes = np.tile([0, 0, 0, 0, 1, 1, 2, 2], 12)
    weight = None if weight is None else np.tile(weight, 12)
    interval = mean_intervals(values, SegmentRows(codes, 4, weight))
    repeats = np.ones(96, int) if weight is None else weight.astype(int)
    sample = np.repeat(values[codes == 0], repeats[codes == 0])
    low, high = stats.ttest_1samp(sample, 0).confidence_interval()
    assert interval.low[0] == pytest.approx(low)
    assert interval.high[0] == pytest.approx(high)
    assert interval.mean[2] == 4
    # One value alone, again and again, has no error that could be estimated.
    assert np.isnan(interval.high[2])
    assert np.isnan(interval.mean[3])


@pytest.mark.parametrize(
    ("n", "sigma", "is_shown"),
    [(19, 0.01, False), (20, 0.01, True), (300, 2.0, False), (60_000, 1.0, True)],
)
def test_means_of_too_few_skewed_amounts_have_no_interval(
    n: int, sigma: float, *, is_shown: bool
) -> None:
    rng = np.random.default_rng(2)
    values = rng.lognormal(0, sigma, 2 * n)
    values[n:] += 0.1
    interval = mean_intervals(values, SegmentRows(np.repeat([0, 1], n), 2))
    assert np.isfinite(interval.mean).all()
    assert np.isfinite(interval.low).tolist() == [is_shown] * 2
    assert np.isfinite(interval.high).tolist() == [is_shown] * 2


def test_pairs_of_segments_with_too_few_rows_have_neither_limits_nor_p() -> None:
    rng = np.random.default_rng(3)
    codes = np.repeat([0, 1, 2], [100, 90, 12])
    X = pd.DataFrame({"x": codes + 0.5, "free": rng.normal(size=len(codes))})
    rules = {"a": "x < 1", "b": "x >= 1 and x < 2", "c": "x >= 2"}
    pairs = profile_segments(RuleSet(rules), X, rows="fresh").pairs("free")
    columns = ["difference_low", "difference_high", "p_adj"]
    assert pairs[columns].notna().all(axis=1).tolist() == [True, False, False]
    assert pairs[columns].isna().all(axis=1).tolist() == [False, True, True]
    assert pairs["difference"].notna().all()


def test_rates_have_wilsons_interval() -> None:
    values = np.array([1.0] * 7 + [0.0] * 27 + [0.0] * 5 + [np.nan])
    codes = np.repeat([0, 1], [34, 6])
    interval = mean_intervals(values, SegmentRows(codes, 2))
    expected = stats.binomtest(7, 34).proportion_ci(method="wilson")
    assert interval.low[0] == pytest.approx(expected.low)
    assert interval.high[0] == pytest.approx(expected.high)
    assert interval.low[1] == 0
    assert 0 < interval.high[1] < 1
    assert interval.n.tolist() == [34.0, 5.0]
