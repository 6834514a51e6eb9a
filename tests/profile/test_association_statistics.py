"""Tests and effect sizes of columns, against published and computed values."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from skseg._typing import FloatArray
from skseg.profile._association import (
    Association,
    Scores,
    cramers_v,
    level_association,
    permutation_p,
    permutation_variance,
    segment_scores,
    welch_anova,
)
from skseg.profile._number_summary import summarise_number
from skseg.profile._segment_rows import SegmentRows

GROUPS = (
    [1.1, 2.3, 3.8, 4.1, 2.2],
    [2.9, 5.1, 4.4, 7.3, 6.6, 8.0],
    [10.2, 3.1, 15.8, 7.7, 1.9, 12.4, 9.9],
)
TABLE = np.array([[12.0, 5, 3], [7, 9, 2], [1, 4, 8]])


def association_of(groups: Sequence[Sequence[float]]) -> Association:
    codes = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    rows = SegmentRows(codes, len(groups))
    return summarise_number(np.concatenate(groups), rows).association


def moments_of(groups: Sequence[Sequence[float]]) -> tuple[FloatArray, ...]:
    n = np.array([len(group) for group in groups], float)
    mean = np.array([np.mean(group) for group in groups])
    return n, mean, np.array([np.std(group, ddof=1) for group in groups])


def test_welch_anova_is_that_of_statsmodels_and_pingouin() -> None:
    # statsmodels 0.15 anova_oneway(use_var="unequal"), pingouin 0.7 welch_anova.
    expected = [7.783757413922356, 2.0, 9.627676474260257, 0.009745335848088026]
    np.testing.assert_allclose(welch_anova(*moments_of(GROUPS)), expected, rtol=1e-12)


@pytest.mark.parametrize("unit", [1.0, 1e-200, 1e200])
def test_welch_anova_of_two_segments_is_welchs_t_test(unit: float) -> None:
    a, b = GROUPS[0], GROUPS[2]
    t, p = stats.ttest_ind(a, b, equal_var=False)
    n, mean, std = moments_of([a, b])
    statistic, _, _, p_value = welch_anova(n, mean * unit, std * unit)
    assert statistic == pytest.approx(t**2)
    assert p_value == pytest.approx(p)


def test_columns_with_enough_rows_have_welchs_test() -> None:
    rng = np.random.default_rng(0)
    groups = [rng.normal(mean, 1, 60) for mean in (0.0, 0.1, 0.5)]
    association = association_of(groups)
    assert association.test == "welch"
    statistic, *_, p_value = welch_anova(*moments_of(groups))
    assert association.statistic == pytest.approx(statistic)
    assert association.p_value == pytest.approx(p_value)


def test_small_segments_have_the_test_of_kruskal_and_wallis() -> None:
    association = association_of(GROUPS)
    assert association.test == "kruskal_wallis"
    # pingouin 0.7, kruskal: 6.412364, with chi-square as the approximate distribution.
    assert association.statistic == pytest.approx(6.412364, abs=1e-6)
    assert association.statistic == pytest.approx(stats.kruskal(*GROUPS).statistic)


def test_omega_squared_is_that_of_the_analysis_of_variance() -> None:
    # Sums of squares of pingouin 0.7, anova(detailed=True).
    between, within = 106.46753968253967, 171.07690476190476
    error = within / 15
    expected = (between - 2 * error) / (between + within + error)
    association = association_of(GROUPS)
    assert association.effect_name == "omega_squared"
    assert association.effect == pytest.approx(expected)


def test_omega_squared_of_noise_is_zero_not_negative() -> None:
    assert association_of([[1.0, 2, 3, 4], [1.0, 2, 3, 4]]).effect == 0.0


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        ([1.0, 2, 2, 3, 7, 9, 9], [0, 0, 0, 1, 1, 1, 1]),
        ([1.0, 1, 1, 1, 1, 9, 2], [0, 0, 1, 1, 2, 2, 2]),
        ([0.0, 1, 0, 1, 0, 0, 1], [0, 1, 2, 0, 1, 2, 2]),
    ],
)
def test_moments_of_permutations_of_ranks_are_exact(
    values: list[float], codes: list[int]
) -> None:
    groups = np.array(codes)
    score = stats.rankdata(values) - 4.0
    squares = score @ score
    sizes = np.bincount(groups).astype(float)
    traces = np.array(
        [
            (np.bincount(groups, score[list(order)]) ** 2 / sizes).sum() / squares
            for order in permutations(range(7))
        ]
    )
    scores = Scores(1.0, float((score**4).sum() / squares**2))
    segments = segment_scores(sizes)
    assert segments.trace / 6 == pytest.approx(traces.mean())
    assert permutation_variance(segments, scores, 7.0) == pytest.approx(traces.var())


def test_moments_of_permutations_of_levels_are_exact() -> None:
    segments, levels = np.array([0, 0, 1, 1, 1, 2, 2]), np.array([0, 1, 1, 2, 0, 0, 0])
    traces = []
    for order in permutations(range(7)):
        table = np.zeros((3, 3))
        np.add.at(table, (segments, levels[list(order)]), 1)
        traces.append(chi_square(table) / 7)
    a, b = (segment_scores(np.bincount(x).astype(float)) for x in (segments, levels))
    assert a.trace * b.trace / 6 == pytest.approx(np.mean(traces))
    assert permutation_variance(a, b, 7.0) == pytest.approx(np.var(traces))


def chi_square(table: FloatArray) -> float:
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    return float(((table - expected) ** 2 / expected).sum())


def test_p_of_many_rows_is_that_of_chi_square() -> None:
    rng = np.random.default_rng(1)
    table = rng.multinomial(20000, np.full(12, 1 / 12)).reshape(3, 4).astype(float)
    association = level_association(table)
    expected = stats.chi2_contingency(table, correction=False)
    assert association.statistic == pytest.approx(expected.statistic)
    assert association.p_value == pytest.approx(expected.pvalue, rel=2e-3)


def test_p_of_few_rows_is_that_of_all_permutations() -> None:
    rng = np.random.default_rng(2)
    codes = np.repeat([0, 1, 2], [3, 4, 9])
    values = rng.lognormal(0, 2, 16)
    values[codes == 2] *= 6
    groups = [values[codes == code] for code in range(3)]
    observed = stats.kruskal(*groups).statistic
    n_beyond = 0
    for _ in range(500):
        shuffled = rng.permutation(values)
        parts = [shuffled[codes == code] for code in range(3)]
        n_beyond += stats.kruskal(*parts).statistic >= observed - 1e-9
    assert association_of(groups).p_value == pytest.approx(n_beyond / 500, abs=0.03)


def test_cramers_v_is_bergsmas() -> None:
    association = level_association(TABLE)
    # scipy 1.17: chi2_contingency and association(method="cramer").
    assert association.statistic == pytest.approx(16.22745562130177)
    phi, correction = 16.22745562130177 / 51, 4 / 50
    rows = 3 - 4 / 50
    expected = np.sqrt((phi - correction) / (rows - 1))
    assert association.effect_name == "cramers_v"
    assert association.effect == pytest.approx(expected)
    assert association.effect < 0.39886426534552477


def test_cramers_v_of_two_by_two_tables_is_at_most_one() -> None:
    assert level_association(np.diag([5.0, 5.0])).effect == pytest.approx(1.0)
    assert level_association(np.full((2, 2), 5.0)).effect == 0.0
    assert np.isnan(cramers_v(0.0, 1.0, 2, 2))


@pytest.mark.parametrize(
    "counts",
    [
        np.zeros((2, 2)),
        np.array([[3.0, 0.0], [4.0, 0.0]]),
        np.array([[3.0, 4.0], [0.0, 0.0]]),
        np.array([[3.0], [4.0]]),
        np.empty((2, 0)),
    ],
    ids=["no rows", "one level", "one segment", "one column", "no columns"],
)
def test_without_two_levels_and_segments_there_is_no_test(counts: FloatArray) -> None:
    assert level_association(counts).test == "none"
    assert np.isnan(level_association(counts).p_value)


def test_empty_levels_and_segments_change_nothing() -> None:
    padded = np.zeros((5, 4))
    padded[np.ix_([0, 2, 3], [0, 1, 3])] = TABLE
    assert level_association(padded) == level_association(TABLE)


@pytest.mark.parametrize(
    "groups",
    [[[1.0, 1, 1], [1.0, 1]], [[1.0], [2.0]], [[1.0, 2, 3]], [[1.0, np.nan], [np.nan]]],
    ids=["constant", "two rows", "one segment", "one value"],
)
def test_columns_that_tell_nothing_have_no_p_value(groups: list[list[float]]) -> None:
    association = association_of(groups)
    assert np.isnan(association.p_value)


def test_segments_without_variance_are_tested_by_ranks() -> None:
    association = association_of([[1.0] * 30, [2.0] * 30, [3.0] * 30])
    assert association.test == "kruskal_wallis"
    assert association.p_value < 1e-10
    assert association.effect > 0.99


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("lognormal", [5, 8, 30, 200]),
        ("lognormal", [40, 60, 100]),
        ("mostly zero", [20, 30, 40, 300]),
        ("counts", [12, 15, 40, 80]),
        ("heavy tails", [30, 40, 50]),
        ("normal", [2, 3, 3, 30]),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value)),
)
def test_p_values_of_noise_reject_at_their_level(name: str, sizes: list[int]) -> None:
    draw = {
        "lognormal": lambda rng, n: rng.lognormal(0, 2, n),
        "mostly zero": lambda rng, n: rng.lognormal(0, 1, n) * (rng.random(n) < 0.1),
        "counts": lambda rng, n: rng.negative_binomial(0.3, 0.1, n).astype(float),
        "heavy tails": lambda rng, n: rng.standard_t(2, n),
        "normal": lambda rng, n: rng.normal(size=n),
    }[name]
    rng = np.random.default_rng(7)
    codes = np.repeat(np.arange(len(sizes)), sizes)
    rows = SegmentRows(codes, len(sizes))
    n_runs = 300
    p = [
        summarise_number(draw(rng, len(codes)), rows).association.p_value
        for _ in range(n_runs)
    ]
    interval = stats.binomtest(int(np.sum(np.array(p) <= 0.05)), n_runs).proportion_ci(
        0.999
    )
    assert interval.low <= 0.05 <= interval.high
    assert np.mean(np.array(p) <= 0.05) < 0.08


def test_p_values_of_small_expected_counts_reject_at_their_level() -> None:
    rng = np.random.default_rng(8)
    codes = np.repeat([0, 1, 2, 3], [5, 10, 20, 65])
    n_rejected = 0
    for _ in range(1000):
        levels = rng.choice(6, 100, p=[0.6, 0.2, 0.1, 0.06, 0.03, 0.01])
        table = np.zeros((4, 6))
        np.add.at(table, (codes, levels), 1)
        n_rejected += level_association(table).p_value <= 0.05
    assert 0.03 < n_rejected / 1000 < 0.07


def test_p_of_an_unlikely_trace_does_not_underflow_to_nonsense() -> None:
    scores = segment_scores(np.array([500.0, 500.0]))
    assert 0 <= permutation_p(0.9, scores, Scores(1.0, 0.002), 1000.0) < 1e-100
