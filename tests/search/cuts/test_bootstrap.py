"""Blocks of scores, and rows drawn again: recounts, closed forms, plain draws."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from skseg._search.cuts import read_rows
from skseg._search.cuts._bootstrap import ScoreBins, bin_sums, row_groups, score_bins

FloatArray = npt.NDArray[np.float64]
INF = math.inf
N_MANY = 150_000  # more than are sorted at once


def bins_of(scores: Any, y: Any, weight: Any = None, cuts: Any = ()) -> ScoreBins:
    """Return the bins, after checking them against a count of the rows."""
    scores, y = np.asarray(scores, float), np.asarray(y, float)
    weight = None if weight is None else np.asarray(weight, float)
    bins = score_bins(read_rows(scores, y, weight), np.array(cuts, float))
    counts = np.ones(len(scores)) if weight is None else weight
    n_bins = len(bins.thresholds) + 1
    assert len(bins.n) == len(bins.y) == n_bins
    assert (np.diff(bins.thresholds) > 0).all()
    at = np.searchsorted(bins.thresholds, scores)
    assert bins.n.tolist() == np.bincount(at, counts, minlength=n_bins).tolist()
    np.testing.assert_allclose(
        bins.y, np.bincount(at, counts * y, minlength=n_bins), atol=1e-6
    )
    assert (bins.n > 0).all()
    n_distinct = len(np.unique(scores[counts > 0]))
    assert bins.is_complete == (n_bins == n_distinct)
    return bins


def customers(n: int, seed: int = 0) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(seed)
    scores = rng.beta(2, 5, n)
    return scores, (rng.random(n) < scores).astype(float)


# Bins of few rows


def test_every_distinct_score_is_a_bin_where_there_are_few() -> None:
    bins = bins_of([3, 1, 1, 2, 3, 3], [1, 0, 1, 0, 1, 0])
    assert bins.thresholds.tolist() == [1.5, 2.5]
    assert bins.n.tolist() == [2, 1, 3]
    assert bins.y.tolist() == [1, 0, 2]
    assert bins.is_complete


def test_one_score_is_one_bin() -> None:
    for scores in ([0.5], [0.5] * 7, [INF], [-0.0, 0.0]):
        bins = bins_of(scores, np.ones(len(scores)))
        assert len(bins.thresholds) == 0
        assert bins.thresholds.dtype == np.float64
        assert bins.is_complete


def test_infinite_scores_are_bins_of_their_own() -> None:
    bins = bins_of([-INF, 1, INF, INF, 2, -INF], [0, 1, 1, 0, 2.5, -1])
    assert bins.n.tolist() == [2, 1, 1, 2]
    assert bins.is_complete


def test_rows_weigh_and_rows_without_weight_are_none() -> None:
    bins = bins_of([1, 2, 2, 3, 4], [1, 0, 1, 1, 0], [2, 0, 5, 0, 1])
    assert bins.n.tolist() == [2, 5, 1]
    assert bins.y.tolist() == [2, 5, 0]
    assert bins.is_complete


@pytest.mark.parametrize(("n", "is_complete"), [(1024, True), (1025, False)])
def test_there_are_about_a_thousand_bins_at_most(n: int, is_complete: bool) -> None:
    scores = np.random.default_rng(0).permutation(n)
    bins = bins_of(scores, scores % 2)
    assert bins.is_complete == is_complete
    repeated = bins_of(np.repeat(scores, 9), np.repeat(scores % 2, 9))
    assert repeated.thresholds.tolist() == bins.thresholds.tolist()


@pytest.mark.parametrize("n", [5000, 60_000])
def test_bins_are_small_around_the_cuts(n: int) -> None:
    scores, y = customers(n)
    ranked = np.sort(scores)
    cuts = [ranked[n // 3 - 1 : n // 3 + 1].mean(), ranked[-9:-7].mean()]
    bins = bins_of(scores, y, cuts=cuts)
    # The cuts themselves can be found again.
    assert set(cuts) <= set(bins.thresholds)
    assert 500 < len(bins.n) < 1100
    # Elsewhere a bin is one of 511 even ones at most.
    assert bins.n.max() <= math.ceil(n / 511) + 1
    for cut in cuts:
        at = np.searchsorted(bins.thresholds, cut)
        assert bins.n[at : at + 2].max() <= n ** (2 / 3) / 32 + 2
    # Distances from a cut grow evenly.
    below = np.cumsum(bins.n)[:-1]
    distances = np.unique(np.abs(below - n // 3))
    near = (distances > n ** (2 / 3) / 16) & (distances < n ** (2 / 3))
    assert (np.diff(distances[near]) <= 0.1 * distances[near][:-1] + 2).all()


def test_bins_without_cuts_are_even() -> None:
    scores, y = customers(5000)
    bins = bins_of(scores, y)
    assert 500 < len(bins.n) < 520
    assert bins.n.min() >= 9
    assert bins.n.max() <= 11


def test_many_cuts_have_a_few_bins_each() -> None:
    scores, y = customers(20_000)
    cuts = np.sort(np.random.default_rng(1).choice(scores, 999, replace=False))
    bins = bins_of(scores, y, cuts=cuts)
    at = np.searchsorted(np.sort(scores), cuts, side="right")
    assert set(at) <= set(np.cumsum(bins.n).astype(int))


def test_the_order_of_few_rows_does_not_matter() -> None:
    scores, y = customers(4000)
    weight = np.random.default_rng(2).integers(0, 4, 4000)
    first = bins_of(scores, y / 3, weight, [0.3])
    order = np.random.default_rng(3).permutation(4000)
    again = bins_of(scores[order], y[order] / 3, weight[order], [0.3])
    assert first.thresholds.tolist() == again.thresholds.tolist()
    assert first.n.tolist() == again.n.tolist()
    assert first.y.tolist() == again.y.tolist()


@pytest.mark.parametrize("seed", range(40))
def test_any_rows_can_be_recounted(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 4000))
    scores = rng.normal(size=n) if seed % 2 else rng.integers(0, n, n) / 8
    scores[rng.random(n) < 0.05] = rng.choice([-INF, INF])
    weight = [None, rng.integers(0, 3, n) + (np.arange(n) == 0), np.full(n, 2.0)]
    y = rng.integers(-2, 3, n) if seed % 5 == 0 else rng.random(n) < 0.2
    cuts = np.sort(rng.choice(scores[np.isfinite(scores)], seed % 4))
    bins_of(scores, y, weight[seed % 3], cuts)


# Bins of many rows


@pytest.mark.parametrize("scale", [1.0, -1.0, 1e9, 1e-12, 1e-30, 1e-300, 1e300])
def test_many_rows_are_in_bins_at_any_scale(scale: float) -> None:
    scores, y = customers(N_MANY)
    cut = 0.3 * scale
    bins = bins_of(scale * scores, y, cuts=[cut])
    assert not bins.is_complete
    assert 400 < len(bins.n) < 1100
    # Next to the cut no more than a bucket or two.
    at = np.searchsorted(bins.thresholds, cut)
    assert bins.n[max(at - 1, 0) : at + 2].max() < N_MANY / 300


def test_many_rows_may_lie_far_from_zero() -> None:
    scores, y = customers(N_MANY)
    assert len(bins_of(1e6 + scores, y, cuts=[1e6 + 0.3]).n) > 400
    assert len(bins_of(scores - 1e6, y, cuts=[0.3 - 1e6]).n) > 400


def test_many_rows_may_have_infinite_and_outlying_scores() -> None:
    scores, y = customers(N_MANY)
    scores[::7], scores[1::7], scores[2::700], scores[3::700] = -INF, INF, 1e300, -1e300
    bins = bins_of(scores, y, cuts=[0.3])
    assert bins.n[0] >= (scores == -INF).sum()
    assert bins.n[-1] >= (scores == INF).sum()
    assert len(bins.n) > 300
    scores[:] = np.where(np.arange(N_MANY) % 3 == 0, -INF, INF)
    assert bins_of(scores, y).is_complete


@pytest.mark.parametrize("n_distinct", [1, 2, 300, 1000])
def test_few_distinct_scores_of_many_rows_are_bins(n_distinct: int) -> None:
    rng = np.random.default_rng(0)
    scores = rng.integers(0, n_distinct, N_MANY) / n_distinct
    bins = bins_of(scores, rng.random(N_MANY) < 0.3, cuts=[0.4])
    assert bins.is_complete
    assert len(bins.n) == n_distinct


@pytest.mark.parametrize("n_distinct", [1100, 30_000])
def test_more_distinct_scores_of_many_rows_share_bins(n_distinct: int) -> None:
    rng = np.random.default_rng(0)
    scores = rng.integers(0, n_distinct, N_MANY) / n_distinct
    bins = bins_of(scores, rng.random(N_MANY) < 0.3, cuts=[0.4, 0.8])
    assert not bins.is_complete


def test_many_rows_weigh() -> None:
    scores, y = customers(N_MANY)
    weight = np.random.default_rng(1).integers(0, 3, N_MANY)
    bins = bins_of(scores, y, weight, [0.3])
    assert bins.n.sum() == weight.sum()
    bins_of(scores, np.round(3 * scores - 1), weight, [0.3])
    bins_of(scores, y / 3, weight, [0.3])


def test_skewed_scores_of_many_rows_need_no_more_bins() -> None:
    rng = np.random.default_rng(0)
    scores = np.exp(6 * rng.normal(size=N_MANY))
    bins = bins_of(scores, rng.random(N_MANY) < 0.3, cuts=[1.0])
    assert len(bins.n) < 1100
    assert not bins.is_complete


# Sums of bins


def test_bin_sums_are_those_of_the_rows() -> None:
    rng = np.random.default_rng(0)
    scores, values = rng.integers(0, 9, 500) / 8, rng.normal(size=500)
    weight, thresholds = (
        rng.integers(0, 4, 500).astype(float),
        np.array([0.25, 0.5, 2, 3]),
    )
    inside = [
        (scores > low) & (scores <= high)
        for low, high in zip([-INF, *thresholds], [*thresholds, INF], strict=True)
    ]
    plain, weighted = (
        [float((values * w)[rows].sum()) for rows in inside]
        for w in (np.ones(500), weight)
    )
    assert bin_sums(thresholds, scores, values, None) == pytest.approx(plain)
    assert bin_sums(thresholds, scores, values, weight) == pytest.approx(weighted)
    assert bin_sums(np.empty(0), scores, values, None) == pytest.approx(values.sum())


# Rows drawn with replacement

N_DRAWS = 6000
GROUPS = np.repeat(np.arange(5), [60, 1, 40, 80, 19])


def plain_draws(values: FloatArray) -> FloatArray:
    """Return sizes and sums of the groups, for rows drawn one by one."""
    rng, n = np.random.default_rng(11), len(values)
    is_in = (GROUPS[:, np.newaxis] == np.arange(5)).astype(float)
    rows = np.hstack([is_in, is_in * values[:, np.newaxis]])
    return np.array([rows[rng.integers(n, size=n)].sum(axis=0) for _ in range(N_DRAWS)])


def group_draws(values: FloatArray, is_binary: bool) -> FloatArray:
    """Return the same from the sums of the groups."""
    n, y, squares = (
        np.bincount(GROUPS, values**power).astype(float) for power in range(3)
    )
    groups = row_groups(n, y, None if is_binary else squares)
    drawn = groups.replicates(N_DRAWS, np.random.default_rng(12))
    return np.array([np.concatenate(draw) for draw in drawn])


def outcomes(kind: str) -> FloatArray:
    rng = np.random.default_rng(5)
    if kind == "binary":
        return (rng.random(200) < 0.1 + GROUPS / 6).astype(float)
    if kind == "counts":
        return rng.poisson(GROUPS, 200).astype(float)
    return 20 * rng.normal(size=200) + 5


@pytest.mark.parametrize("kind", ["binary", "counts", "amounts"])
def test_sums_vary_as_if_rows_were_drawn_one_by_one(kind: str) -> None:
    values = outcomes(kind)
    drawn_groups, plain = group_draws(values, kind == "binary"), plain_draws(values)
    # Both have the moments of 200 independent draws of a row.
    is_in = (GROUPS[:, np.newaxis] == np.arange(5)).astype(float)
    rows = np.hstack([is_in, is_in * values[:, np.newaxis]])
    mean, covariance = rows.sum(axis=0), 200 * np.cov(rows.T, bias=True)
    spread = np.sqrt(np.diag(covariance))
    for drawn in (drawn_groups, plain):
        error = (drawn.mean(axis=0) - mean) / (spread + 1e-12)
        assert np.abs(error).max() < 5 / math.sqrt(N_DRAWS)
        error = (np.cov(drawn.T) - covariance) / (np.outer(spread, spread) + 1e-12)
        assert np.abs(error).max() < 8 / math.sqrt(N_DRAWS)


@pytest.mark.parametrize("kind", ["binary", "counts"])
def test_as_many_rows_are_drawn_as_there_are(kind: str) -> None:
    drawn = group_draws(outcomes(kind), kind == "binary")
    assert (drawn[:, :5].sum(axis=1) == 200).all()
    assert (drawn[:, :5] == np.round(drawn[:, :5])).all()
    assert (drawn[:, 5:][drawn[:, :5] == 0] == 0).all()
    if kind == "binary":
        assert (drawn[:, 5:] == np.round(drawn[:, 5:])).all()
        assert (drawn[:, 5:] <= drawn[:, :5]).all()


def test_groups_that_are_all_alike_keep_their_value() -> None:
    n, y = np.array([4.0, 0, 3, 5]), np.array([4.0, 0, 0, 10])
    for squares in (None, np.array([4.0, 0, 0, 20])):
        groups_used = slice(0, 3) if squares is None else slice(0, 4)
        groups = row_groups(n[groups_used], y[groups_used], squares)
        rates = np.array([1.0, 0, 0, 2])[groups_used]
        for sizes, sums in groups.replicates(20, np.random.default_rng(0)):
            assert sums.tolist() == (sizes * rates).tolist()
            assert sizes[1] == 0


def test_rounding_of_sums_makes_no_impossible_groups() -> None:
    n, y = np.array([3.0, 3.0]), np.array([3 + 1e-12, -1e-12])
    assert row_groups(n, y, None).share.tolist() == [1, 0]
    tenths = np.array([0.1 + 0.1 + 0.1]) / 3
    assert row_groups(np.ones(1), tenths, tenths**2 - 1e-18).low == pytest.approx(0.1)


def test_draws_are_those_of_the_seed() -> None:
    groups = row_groups(np.array([5.0, 9]), np.array([1.0, 8]), None)

    def drawn(seed: int) -> list[list[float]]:
        result = groups.replicates(9, np.random.default_rng(seed))
        return [[*sizes, *sums] for sizes, sums in result]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
