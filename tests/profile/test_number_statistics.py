"""Summaries of numeric columns, against brute force and scipy."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from skseg._typing import FloatArray, IntArray
from skseg.profile._moments import difference_to_others, sorted_moments
from skseg.profile._number_summary import NumberSummary, summarise_number
from skseg.profile._segment_rows import SegmentRows

N_ROWS, N_SEGMENTS = 240, 4
SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)

COLUMNS: dict[str, Callable[[np.random.Generator], FloatArray]] = {
    "normal": lambda rng: rng.normal(size=N_ROWS),
    "lognormal": lambda rng: rng.lognormal(0, 2, N_ROWS),
    "ties": lambda rng: rng.integers(0, 4, N_ROWS).astype(float),
    "mostly zero": lambda rng: (
        rng.exponential(size=N_ROWS) * (rng.random(N_ROWS) < 0.1)
    ),
    "missing": lambda rng: np.where(
        rng.random(N_ROWS) < 0.3, np.nan, rng.normal(size=N_ROWS)
    ),
    "large": lambda rng: 1e300 * rng.normal(size=N_ROWS),
    "tiny": lambda rng: 1e-300 * rng.normal(size=N_ROWS),
    "offset": lambda rng: 1e12 + rng.integers(0, 9, N_ROWS),
    "negative": lambda rng: -rng.lognormal(0, 1, N_ROWS),
    "constant": lambda rng: np.full(N_ROWS, 0.1),
    "signed zeros": lambda rng: rng.choice([-0.0, 0.0, 1.0, -1.0], N_ROWS),
}


def codes_of(rng: np.random.Generator) -> IntArray:
    """Return codes of unequal segments, each of which has rows."""
    codes = rng.choice(N_SEGMENTS, N_ROWS, p=[0.5, 0.3, 0.15, 0.05])
    codes[: 3 * N_SEGMENTS] = np.repeat(np.arange(N_SEGMENTS), 3)
    return codes


@pytest.fixture(params=COLUMNS)
def column(request: pytest.FixtureRequest) -> tuple[FloatArray, IntArray]:
    rng = np.random.default_rng(len(request.param))
    values = COLUMNS[request.param](rng)
    values[:12] = np.nan_to_num(values[:12], nan=0.5)
    return values, codes_of(rng)


def summary(
    values: FloatArray,
    codes: IntArray,
    weight: FloatArray | None = None,
    n_segments: int = N_SEGMENTS,
) -> NumberSummary:
    return summarise_number(values, SegmentRows(codes, n_segments, weight))


def test_descriptions_are_those_of_numpy(column: tuple[FloatArray, IntArray]) -> None:
    values, codes = column
    result = summary(values, codes)
    known = ~np.isnan(values)
    parts = [values[known & (codes == code)] for code in range(N_SEGMENTS)]
    for description, samples in (
        (result.segments, parts),
        (result.everyone, [values[known]]),
    ):
        # A unit near the values, since numpy's own variance overflows.
        unit = np.abs(values[known]).max()
        expected = [
            [len(x), np.mean(x / unit) * unit, np.std(x / unit, ddof=1) * unit]
            for x in samples
        ]
        fields = [description.n, description.mean, description.std]
        np.testing.assert_allclose(
            np.array(fields).reshape(3, -1).T, expected, rtol=1e-12, atol=1e-14 * unit
        )
        quantiles = np.array(description[4:]).reshape(5, -1).T
        expected = [np.quantile(x / unit, SHARES) * unit for x in samples]
        np.testing.assert_allclose(quantiles, expected, rtol=1e-14, atol=1e-15 * unit)
    missing = [np.isnan(values[codes == code]).sum() for code in range(N_SEGMENTS)]
    assert result.segments.missing.tolist() == missing
    assert result.everyone.missing == sum(missing)


def test_rank_effects_are_those_of_mann_whitney(
    column: tuple[FloatArray, IntArray],
) -> None:
    values, codes = column
    result = summary(values, codes)
    known = ~np.isnan(values)
    for code in range(N_SEGMENTS):
        inside, others = (
            values[known & (codes == code)],
            values[known & (codes != code)],
        )
        u = stats.mannwhitneyu(inside, others).statistic
        auc = u / len(inside) / len(others)
        assert result.rank_effect[code] == pytest.approx(2 * auc - 1, abs=1e-12)
        median = np.median(inside)
        below = np.mean(values[known] < median) + np.mean(values[known] <= median)
        assert result.median_rank[code] == pytest.approx(below / 2, abs=1e-12)


def test_differences_are_those_of_welch(column: tuple[FloatArray, IntArray]) -> None:
    values, codes = column
    known = ~np.isnan(values)
    unit = np.abs(values[known]).max()
    parts = [np.sort(values[known & (codes == code)]) for code in range(N_SEGMENTS)]
    moments = np.array([sorted_moments(part, None) for part in parts]).T
    difference, lows, highs = difference_to_others(*moments[:3])
    shown = summary(values, codes)
    np.testing.assert_array_equal(shown.difference, difference)
    is_constant = np.ptp(values[known] / unit) == 0
    skewness = np.nan if is_constant else stats.skew(values[known] / unit)
    needed = max(20, 25 * skewness**2)
    for code in range(N_SEGMENTS):
        inside, others = (
            values[known & mask] / unit for mask in (codes == code, codes != code)
        )
        limits = np.array([shown.difference_low[code], shown.difference_high[code]])
        if inside.std() == 0 and others.std() == 0:
            assert difference[code] == 0
            assert lows[code] == -np.inf
            assert np.isnan(limits).all()
            continue
        interval = stats.ttest_ind(
            inside, others, equal_var=False
        ).confidence_interval()
        np.testing.assert_allclose(
            [lows[code] / unit, highs[code] / unit], interval, rtol=1e-9, atol=1e-14
        )
        if min(len(inside), len(others)) >= needed:
            assert limits.tolist() == [lows[code], highs[code]]
        else:
            assert np.isnan(limits).all()


@pytest.mark.parametrize(
    ("n", "draw", "is_shown"),
    [
        (19, "normal", False),
        (20, "normal", True),
        (50, "exponential", False),
        (300, "exponential", True),
        (300, "lognormal", False),
        (50, "flag", True),
    ],
)
def test_intervals_of_skewed_numbers_need_more_rows(
    n: int, draw: str, *, is_shown: bool
) -> None:
    rng = np.random.default_rng(n)
    draws: dict[str, Callable[[int], FloatArray]] = {
        "normal": lambda size: rng.normal(size=size),
        "exponential": lambda size: rng.exponential(size=size),
        "lognormal": lambda size: rng.lognormal(0, 2, size),
        "flag": lambda size: (rng.random(size) < 0.4).astype(float),
    }
    values = draws[draw](n + 1000)
    for kind, codes in (
        ("first", np.repeat([0, 1], [n, 1000])),
        ("last", np.repeat([0, 1], [1000, n])),
    ):
        result = summary(values, codes, n_segments=2)
        shown = np.isfinite([result.difference_low, result.difference_high])
        assert shown.tolist() == [[is_shown] * 2] * 2, kind
        assert np.isfinite(result.difference).all()


def test_weights_are_repetitions(column: tuple[FloatArray, IntArray]) -> None:
    values, codes = column
    weight = np.random.default_rng(3).integers(0, 4, N_ROWS).astype(float)
    weight[:12] = 3.0
    repeats = weight.astype(int)
    weighted = summary(values, codes, weight)
    repeated = summary(np.repeat(values, repeats), np.repeat(codes, repeats))
    unit = np.nanmax(np.abs(values))
    for one, other in zip(weighted[:7], repeated[:7], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-14 * unit)
    for one, other in zip(weighted.histogram, repeated.histogram, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-14)
    assert weighted.association.test == repeated.association.test
    np.testing.assert_allclose(
        weighted.association[1:3], repeated.association[1:3], rtol=1e-9
    )


def test_the_order_of_rows_changes_nothing(column: tuple[FloatArray, IntArray]) -> None:
    values, codes = column
    order = np.random.default_rng(4).permutation(N_ROWS)
    one, other = summary(values, codes), summary(values[order], codes[order])
    for a, b in zip(one[:7], other[:7], strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("n_known", [0, 1, 2])
def test_few_values_have_no_differences(n_known: int) -> None:
    values = np.full(9, np.nan)
    values[:n_known] = np.arange(1.0, n_known + 1)
    result = summary(values, np.repeat([0, 1, 2], 3), n_segments=4)
    assert result.everyone.n == n_known
    assert result.segments.n.tolist() == [n_known, 0, 0, 0]
    assert np.isnan(result.segments.mean[1:]).all()
    assert np.isnan(result.difference_low).all()
    assert np.isnan(result.difference_high).all()
    assert np.isnan(result.rank_effect).all()
    assert result.association.test == "none"
    assert np.isnan(result.association.p_value)


def test_no_rows_at_all() -> None:
    result = summary(np.empty(0), np.empty(0, np.intp), n_segments=2)
    assert result.everyone.n == 0
    assert result.histogram.shares.shape == (2, 0)


def test_infinite_values_have_ranks_and_no_spread() -> None:
    values = np.array([1.0, 2, 3, np.inf, 5, 6, -np.inf, 8, 9])
    result = summary(values, np.repeat([0, 1, 2], 3), n_segments=3)
    assert result.segments.mean.tolist() == [2.0, np.inf, -np.inf]
    assert np.isnan(result.segments.std[1:]).all()
    assert np.isnan(result.everyone.mean)
    assert result.segments.median.tolist() == [2.0, 6.0, 8.0]
    # The test of SciPy 1.13 takes infinite values for missing ones.
    ranked = np.clip(values, -100, 100)
    u = stats.mannwhitneyu(ranked[:3], ranked[3:]).statistic
    assert result.rank_effect[0] == pytest.approx(2 * u / 18 - 1)
    assert np.isfinite(result.histogram.edges).all()


def test_an_outlier_leaves_the_spread_of_other_segments() -> None:
    values = np.concatenate([np.arange(1.0, 11), [1e300, 1.0, 2.0]])
    result = summary(values, np.repeat([0, 1], [10, 3]), n_segments=2)
    assert result.segments.mean[0] == pytest.approx(5.5)
    assert result.segments.std[0] == pytest.approx(np.std(np.arange(10), ddof=1))
    assert result.histogram.edges[-1] < 100


@pytest.mark.parametrize("name", COLUMNS)
def test_bins_hold_every_known_value(name: str) -> None:
    rng = np.random.default_rng(len(name))
    values, codes = COLUMNS[name](rng), codes_of(rng)
    edges, shares, shares_everyone = summary(values, codes).histogram
    assert 1 <= len(edges) - 1 <= 20
    assert (np.diff(edges) > 0).all()
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    inner = np.concatenate([[-np.inf], edges[1:-1], [np.inf]])
    for code in range(N_SEGMENTS):
        known = values[(codes == code) & ~np.isnan(values)]
        counts = np.array(
            [((known >= a) & (known < b)).sum() for a, b in pairwise(inner)]
        )
        np.testing.assert_allclose(shares[code], counts / len(known))
    known = np.sort(values[~np.isnan(values)])
    positions = np.searchsorted(known, inner)
    np.testing.assert_allclose(shares_everyone, np.diff(positions) / len(known))


def test_whole_numbers_have_bins_around_them() -> None:
    values = np.array([0.0, 0, 0, 1, 1, 2, 5])
    result = summary(values, np.zeros(7, np.intp), n_segments=1).histogram
    assert result.edges.tolist() == [-0.5, 0.5, 1.5, 2.5, 3.5, 4.5, 5.5]
    values = np.arange(100.0)
    edges = summary(values, np.zeros(100, np.intp), n_segments=1).histogram.edges
    assert edges[0] == -0.5
    assert np.unique(np.diff(edges)).tolist() == [5.0]


@pytest.mark.parametrize("n", [12, 50, 1000])
def test_one_outlier_does_not_move_the_bins(n: int) -> None:
    values = np.random.default_rng(n).normal(size=n)
    codes = np.zeros(n, np.intp)
    edges = summary(np.append(values, 1e9), np.append(codes, 0), n_segments=1)
    assert edges.histogram.edges[-1] < 10


def test_rare_values_have_bins_of_their_range() -> None:
    values = np.zeros(2000)
    values[:10] = np.linspace(1.5, 9.5, 10)
    edges = summary(values, np.zeros(2000, np.intp), n_segments=1).histogram.edges
    assert edges[0] == 0.0
    assert edges[-1] > 8


@pytest.mark.parametrize("weight", [None, 1e9, 0.001, 0.0])
@pytest.mark.parametrize("n_segments", [1, 3, 70])
@pytest.mark.parametrize(
    "values",
    [
        np.append(np.zeros(49), 1e308),
        np.repeat([-1.7e308, 1.7e308], 25),
        5e-324 * (np.arange(50) % 3),
        np.full(50, np.inf),
        np.append(np.full(49, np.nan), 1.0),
    ],
    ids=["one huge", "both ends", "subnormal", "infinite", "one known"],
)
def test_values_at_the_ends_of_floats_have_ordered_quantiles(
    values: FloatArray, n_segments: int, weight: float | None
) -> None:
    codes = np.arange(50) % n_segments
    weights = None if weight is None else np.full(50, weight)
    result = summary(values, codes, weights, n_segments)
    quantiles = np.array(result.segments[4:])
    known = ~np.isnan(quantiles[0])
    assert (quantiles[:-1, known] <= quantiles[1:, known]).all()
    p_value = result.association.p_value
    assert np.isnan(p_value) or 0 <= p_value <= 1
