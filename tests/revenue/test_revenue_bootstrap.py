"""Bootstrap of the binner: exact optima of draws, refits, simulations, messages."""

from __future__ import annotations

import math
import pickle
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats
from sklearn.exceptions import NotFittedError

from skseg import OptimalRevenueBinner, RevenueBootstrap
from skseg._search.cuts._bootstrap import row_groups
from tests.revenue.test_revenue_binner import INF, NAN, column, three
from tests.search.cuts.cut_oracles import Problem, best

FloatArray = npt.NDArray[np.float64]
MODELS = ["observed", "isotonic", "logistic", "score"]
# Tier 1 pays from a rate of 0.4 on, tier 2 from 0.5 on.
MENU: dict[str, Any] = {"revenue": 10, "response": [1, 1.5, 2], "cost": [0, 2, 4.5]}


def customers(n: int, seed: int = 0) -> tuple[FloatArray, FloatArray]:
    """Return scores that are the true rates, and outcomes."""
    rng = np.random.default_rng(seed)
    scores = rng.random(n)
    return scores.reshape(-1, 1), (rng.random(n) < scores).astype(float)


def menu_of_three(**settings: Any) -> OptimalRevenueBinner:
    return OptimalRevenueBinner(3, **{**MENU, "compute_path": False, **settings})


def generator(seed: int) -> np.random.Generator:
    """Return the generator of a bootstrap with this seed."""
    return np.random.default_rng(np.random.RandomState(seed).randint(2**31))


def totals(result: RevenueBootstrap) -> FloatArray:
    return np.asarray(result.profits.sum(axis=1))


# Every replicate is the optimum of its draw

TINY_X = np.array([1, 1, 2, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 6, 7, 7.0])
TINY_Y = np.array([0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 1, 1, 0, 1, 1.0])
WITHOUT = np.array([1, 0, 0.0])  # outcomes of some without a score


def tiny_draws(seed: int, n: int, with_unscored: bool) -> Iterator[FloatArray]:
    """Yield, for every score, how many do not convert and how many do."""
    at = np.unique(TINY_X, return_inverse=True)[1]
    y = TINY_Y
    if with_unscored:
        at, y = np.append(at, [7] * len(WITHOUT)), np.append(y, WITHOUT)
    counts = np.array([np.bincount(at, y == value, 8) for value in (0, 1)])
    rng = generator(seed)
    for _ in range(n):
        drawn = rng.multinomial(len(y), counts.ravel() / len(y))
        yield drawn.reshape(2, -1).astype(float)


CONSTRAINTS: list[dict[str, Any]] = [
    {},
    {"mode": "prefix"},
    {"mode": "exact"},
    {"fixed_cost": [1, 3, 2]},
    {"fixed_cost": [0, 9, 9], "mode": "prefix"},
    {"min_size": 3},
    {"min_size": 4, "mode": "exact"},
    {"max_size": 8},
    {"budget": 14},
    {"budget": 9, "fixed_cost": [0, 1, 2]},
    {"budget": 15, "mode": "exact"},
    {"monotonic": "ascending", "mode": "exact"},
    {"monotonic": "descending"},
    {"min_rate_diff": 0.25},
]


def oracle(drawn: FloatArray, constraints: dict[str, Any]) -> Problem:
    scores = np.arange(7.0)
    order = constraints.get("monotonic")
    return Problem(
        [*scores, *scores],
        [0.0] * 7 + [1.0] * 7,
        drawn[:, :7].ravel().tolist(),
        [10, 15, 20],
        [0, 1, 4],
        constraints.get("fixed_cost", [0, 0, 0]),
        constraints.get("mode", "subset"),
        constraints.get("min_size") or 0.0,
        constraints.get("max_size", INF),
        constraints.get("budget", INF),
        order,
        constraints.get("min_rate_diff", 0.0),
    )


@pytest.mark.parametrize("constraints", CONSTRAINTS, ids=str)
@pytest.mark.parametrize("missing_tier", [None, 0, 1])
def test_replicates_are_the_best_of_all_divisions(
    constraints: dict[str, Any], missing_tier: int | None
) -> None:
    x, y = TINY_X, TINY_Y
    tier = missing_tier or 0
    if missing_tier is not None:
        x, y = np.append(x, [NAN] * 3), np.append(y, WITHOUT)
    binner = three(**constraints, missing_tier=tier).fit(x.reshape(-1, 1), y)
    result = binner.bootstrap(16, random_state=3)
    assert result.n_candidates == 6
    assert result.is_complete
    replicates = iter(zip(result.cut_points, result.profits, strict=True))
    n_infeasible = 0
    for drawn in tiny_draws(3, 16, missing_tier is not None):
        # Customers without a score pay first, for their tier too.
        fixed = np.array(constraints.get("fixed_cost", [0, 0, 0]), dtype=float)
        n_without = drawn[:, 7:].sum()
        spent = [0, 1, 4][tier] * n_without + (n_without > 0) * fixed[tier]
        settings = {**constraints, "fixed_cost": (fixed * 1.0).tolist()}
        if n_without > 0:
            settings["fixed_cost"][tier] = 0.0
        if "budget" in constraints:
            settings["budget"] = constraints["budget"] - spent
        solution = best(oracle(drawn, settings))
        if solution is None:
            n_infeasible += 1
            continue
        cuts, profits = next(replicates)
        profit_without = [10, 15, 20][tier] * drawn[1, 7:].sum() - spent
        assert profits.sum() == float(solution.value) + profit_without
        # Tiers that are not used make nothing, and those that are pay for themselves.
        rows = drawn[:, :7][:, drawn[:, :7].sum(axis=0) > 0]
        borders, expected = [0, *solution.cuts, rows.shape[1]], np.zeros(4)
        for used, (start, stop) in zip(solution.tiers, pairwise(borders), strict=True):
            n, n_converted = rows[:, start:stop].sum(), rows[1, start:stop].sum()
            expected[used] = [10, 15, 20][used] * n_converted - [0, 1, 4][used] * n
            expected[used] -= fixed[used]
        expected[3] = profit_without
        if n_without > 0 and tier in solution.tiers:
            expected[3] += fixed[tier]
        assert profits.tolist() == expected.tolist()
        # Cuts part the draw as the tiers do.
        below = np.cumsum(drawn[:, :7].sum(axis=0))
        at_end = np.concatenate([[0], np.cumsum(rows.sum(axis=0))])[borders]
        tiers = binner.tiers_[:-1]
        for cut, upper in zip(cuts, tiers[1:], strict=True):
            n_lower = below[np.arange(1, 8) <= cut][-1:].sum()
            assert n_lower == at_end[np.searchsorted(solution.tiers, upper)]
    assert result.n_infeasible == n_infeasible
    assert next(replicates, None) is None


def refits(
    binner: OptimalRevenueBinner, seed: int, n: int
) -> Iterator[tuple[FloatArray, FloatArray, OptimalRevenueBinner | None]]:
    """Yield scores and outcomes of the draws of a binner, and the refit to them."""
    resampler = binner._resampler
    assert resampler is not None
    bins = resampler.bins
    edges = [bins.thresholds[0] - 1, *bins.thresholds, bins.thresholds[-1] + 1]
    scores = np.array([(low + high) / 2 for low, high in pairwise(edges)])
    if binner.response_model in {"score", "logistic"}:
        scores = binner.score_of_bin
    sums = np.append(bins.n, resampler.unscored[0]), np.append(bins.y, 0)
    assert resampler.unscored[0] == 0
    squares = resampler.squares
    for sizes, y in row_groups(*sums, squares).replicates(n, generator(seed)):
        is_drawn = sizes[:-1] > 0
        weight, rates = sizes[:-1][is_drawn], y[:-1][is_drawn] / sizes[:-1][is_drawn]
        drawn_scores = scores[is_drawn]
        refit = OptimalRevenueBinner(**binner.get_params())
        try:
            refit.fit(drawn_scores.reshape(-1, 1), rates, sample_weight=weight)
        except ValueError:
            yield drawn_scores, weight, None
        else:
            yield drawn_scores, weight, refit


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    "constraints",
    [
        {},
        {"mode": "exact", "min_size": 20},
        {"monotonic": "ascending", "min_rate_diff": 0.2},
        {"budget": 150, "fixed_cost": [0, 20, 30], "min_size": None},
        {"max_size": 65, "mode": "prefix"},
    ],
    ids=str,
)
def test_replicates_are_refits_to_their_draws(
    model: str, constraints: dict[str, Any]
) -> None:
    X, y = customers(120, seed=4)
    X = np.round(X, 2)
    binner = menu_of_three(response_model=model, **constraints).fit(X, y)
    result = binner.bootstrap(6, random_state=8)
    binner.score_of_bin = np.unique(X)
    replicates = iter(zip(result.cut_points, result.profits, strict=True))
    n_infeasible = 0
    for scores, weight, refit in refits(binner, 8, 6):
        if refit is None:
            n_infeasible += 1
            continue
        cuts, profits = next(replicates)
        assert profits.sum() == pytest.approx(refit.value_, rel=1e-7)
        inner = [-INF, *refit.cut_points_, INF]
        at = np.searchsorted(refit.tiers_[:-1], binner.tiers_[1:-1])
        for cut, refitted in zip(cuts, np.array(inner)[at], strict=True):
            assert weight[scores <= cut].sum() == weight[scores <= refitted].sum()
    assert n_infeasible == result.n_infeasible
    assert n_infeasible < 6


def test_a_plain_bootstrap_of_rows_gives_the_same_intervals() -> None:
    X, y = customers(400, seed=1)
    binner = menu_of_three().fit(X, y)
    result = binner.bootstrap(500, random_state=0)
    rng = np.random.default_rng(0)
    plain, cuts = np.empty(200), np.empty(200)
    for i in range(200):
        rows = rng.integers(400, size=400)
        refit = menu_of_three().fit(X[rows], y[rows])
        plain[i] = refit.value_
        edges = np.array([-INF, *refit.cut_points_, INF])
        cuts[i] = edges[np.searchsorted(refit.tiers_[:-1], binner.tiers_[1])]
    # The total has the same distribution, and so has the lowest cut, up to its place in
    # a gap between scores.
    assert stats.ks_2samp(totals(result), plain).pvalue > 0.001
    assert (
        stats.ks_2samp(result.cut_points[:, 0].round(1), cuts.round(1)).pvalue > 0.001
    )
    # Quantiles of 200 draws have a standard error of 0.09 and 0.15 deviations.
    levels = [0.05, 0.25, 0.5, 0.75, 0.95]
    differences = np.quantile(totals(result), levels) - np.quantile(plain, levels)
    assert (np.abs(differences) / plain.std() < [0.6, 0.4, 0.4, 0.4, 0.6]).all()


def test_a_plain_bootstrap_agrees_where_scores_are_missing_and_money_is_short() -> None:
    X, y = customers(300, seed=2)
    X = np.round(X, 2)
    X[:75] = NAN
    settings: dict[str, Any] = {
        "fixed_cost": [0, 40, 20],
        "missing_tier": 1,
        "budget": 450,
        "min_size": None,
    }
    binner = menu_of_three(**settings).fit(X, y)
    result = binner.bootstrap(100, random_state=0)
    rng = np.random.default_rng(0)
    plain = np.empty((50, 2))
    for i in range(50):
        rows = rng.integers(300, size=300)
        table = menu_of_three(**settings).fit(X[rows], y[rows]).segments_
        plain[i] = table["profit"].sum(), table["profit"].iloc[-1]
    drawn = totals(result), result.profits[:, -1]
    for values, plain_values in zip(drawn, plain.T, strict=True):
        assert stats.ks_2samp(values, plain_values).pvalue > 0.001
        assert values.std() == pytest.approx(plain_values.std(), rel=0.4)


# Frames and shapes


def test_frame_has_cuts_tiers_and_the_total() -> None:
    X, y = customers(1000)
    names = ["None", "E-mail", "Call"]
    binner = menu_of_three(segment_names=names).fit(X, y)
    result = binner.bootstrap(100, random_state=0)
    assert result.cut_points.shape == (100, 2)
    assert result.profits.shape == (100, 4)
    frame = result.frame()
    assert list(frame) == ["kind", "name", "estimate", "ci_low", "ci_high"]
    assert frame["kind"].tolist() == ["cut"] * 2 + ["tier"] * 3 + ["total"]
    between = ["None | E-mail", "E-mail | Call"]
    assert frame["name"].tolist() == [*between, *names, "Total"]
    assert frame.index.tolist() == list(range(6))
    profits = binner.segments_["profit"].tolist()[:-1]
    expected = [*binner.cut_points_, *profits, binner.value_]
    assert frame["estimate"].tolist() == pytest.approx(expected)
    assert (result.profits[:, 3] == 0).all()
    # Limits are values of replicates.
    for limit in ("ci_low", "ci_high"):
        assert set(frame[limit][:2]) <= set(result.cut_points.ravel())
        assert frame[limit].iloc[-1] in totals(result)
    total = frame.iloc[-1]
    assert (
        (totals(result) >= total["ci_low"]) & (totals(result) <= total["ci_high"])
    ).sum() in {*(95, 96)}


def test_customers_without_a_score_are_a_row_of_the_frame() -> None:
    X, y = customers(400, seed=1)
    X[::4] = NAN
    result = (
        menu_of_three(missing_tier=1, mode="exact")
        .fit(X, y)
        .bootstrap(50, random_state=0)
    )
    frame = result.frame()
    names = ["Tier 0", "Tier 1", "Tier 2", "No score"]
    assert frame["name"].tolist()[2:] == [*names, "Total"]
    assert frame["ci_low"].iloc[-2] == np.quantile(
        result.profits[:, 3], 0.025, method="inverted_cdf"
    )
    estimates = frame["estimate"].tolist()
    assert sum(estimates[2:-1]) == pytest.approx(estimates[-1])


def test_one_tier_has_no_cuts() -> None:
    X, y = customers(50)
    result = OptimalRevenueBinner(1, revenue=3, cost=1).fit(X, y).bootstrap(9)
    assert result.cut_points.shape == (9, 0)
    assert result.profits.shape == (9, 2)
    assert result.frame()["kind"].tolist() == ["tier", "total"]
    assert result.optimism == pytest.approx(0, abs=1e-9)


def test_tiers_that_the_binner_leaves_out_count_in_the_total() -> None:
    X, y = customers(100, seed=1)
    binner = menu_of_three(fixed_cost=[0, 8, 0]).fit(X, y)
    assert binner.tiers_.tolist() == [0, 2, 0]
    result = binner.bootstrap(200, random_state=0)
    assert result.cut_points.shape == (200, 1)
    assert (result.profits[:, 1] != 0).any()
    frame = result.frame()
    assert frame["name"].tolist() == ["Tier 0 | Tier 2", "Tier 0", "Tier 2", "Total"]
    low = np.quantile(totals(result), (1 - 0.95) / 2, method="inverted_cdf")
    assert frame["ci_low"].iloc[-1] == low
    # The cut is where tier 2 begins, with tier 1 below or not.
    is_used = result.profits[:, 2] != 0
    assert (result.cut_points[is_used, 0] < INF).all()


def test_cuts_are_infinite_where_a_tier_is_unused() -> None:
    X, y = customers(20, seed=3)
    menu: dict[str, Any] = {"revenue": [10, 20], "cost": [0, 5]}
    binner = OptimalRevenueBinner(2, **menu, fixed_cost=[8, 10], min_size=1)
    binner.fit(X, y)
    assert binner.tiers_.tolist() == [0, 1, 0]
    result = binner.bootstrap(300, random_state=0)
    none_high, none_low = (result.cut_points[:, 0] == limit for limit in (INF, -INF))
    assert none_high.any()
    assert none_low.any()
    assert (result.profits[none_high, 1] == 0).all()
    assert (result.profits[none_low, 0] == 0).all()
    assert np.isfinite(result.cut_points[~none_high & ~none_low]).all()
    frame = result.frame(0.9999)
    assert (frame["ci_low"].iloc[0], frame["ci_high"].iloc[0]) == (-INF, INF)
    assert not frame.isna().to_numpy().any()


def test_cuts_are_in_the_middle_of_scores_that_are_not_drawn() -> None:
    # Draws lack scores on both sides of the break-even score, which is known here.
    X, y = customers(400)
    binner = menu_of_three(response_model="score").fit(X, y)
    cuts = binner.bootstrap(300, random_state=0).cut_points
    for drawn, cut in zip(cuts.T, binner.cut_points_, strict=True):
        assert min((drawn < cut).sum(), (drawn > cut).sum()) > 15
        assert abs(np.mean(np.sign(drawn - cut))) < 0.3


def test_wider_intervals_contain_narrower_ones() -> None:
    X, y = customers(300)
    result = menu_of_three().fit(X, y).bootstrap(200, random_state=0)
    frames = [result.frame(level) for level in (0.5, 0.9, 0.95, 0.999)]
    for narrow, wide in pairwise(frames):
        assert (wide["ci_low"] <= narrow["ci_low"]).all()
        assert (wide["ci_high"] >= narrow["ci_high"]).all()
        assert (narrow["ci_low"] <= narrow["ci_high"]).all()


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("seed", range(3))
def test_intervals_contain_the_estimate(model: str, seed: int) -> None:
    X, y = customers(1000, seed)
    X[::5] = NAN
    binner = menu_of_three(response_model=model, fixed_cost=[0, 9, 9]).fit(X, y)
    frame = binner.bootstrap(100, random_state=0).frame(0.99)
    assert (frame["ci_low"] <= frame["estimate"]).all()
    assert (frame["estimate"] <= frame["ci_high"]).all()


# Statistics


def test_intervals_of_a_cut_cover_the_true_break_even_score() -> None:
    # Tier 1 pays from a rate, and a score, of 0.5 on. A cut moves by the cube root of
    # the number of rows, where percentile intervals are of their level only roughly:
    # of 90 % intervals at least 75 % are to cover it. Of 200 such sets, 89 % do.
    n_covered = 0
    for seed in range(40):
        X, y = customers(400, seed)
        binner = OptimalRevenueBinner(
            *(2,), revenue=[10, 20], cost=[0, 5], compute_path=False
        ).fit(X, y)
        cut = binner.bootstrap(60, random_state=seed).frame(0.9).iloc[0]
        n_covered += cut["ci_low"] <= 0.5 <= cut["ci_high"]
    assert n_covered >= 0.75 * 40


GAIN, COST = np.array([10, 15, 20.0]), np.array([0, 2, 4.5])


def per_customer(tiers: Any, rates: FloatArray) -> FloatArray:
    return np.asarray(GAIN[tiers] * rates - COST[tiers])


@pytest.mark.parametrize("model", ["observed", "logistic"])
def test_optimism_is_what_training_rows_promise_too_much(model: str) -> None:
    n, optimism, gaps = 300, [], []
    fresh = np.linspace(0, 1, 2001)
    for seed in range(40):
        X, y = customers(n, seed)
        binner = menu_of_three(response_model=model).fit(X, y)
        optimism.append(binner.bootstrap(8, random_state=seed).optimism)
        tiers = binner.tiers_[binner.predict(fresh.reshape(-1, 1))]
        gap = binner.value_ - n * per_customer(tiers, fresh).mean()
        # The same of tiers that do not depend on the rows: of mean 0, to vary less.
        ideal, of_rows = (np.searchsorted([0.4, 0.5], x) for x in (fresh, X[:, 0]))
        chance = per_customer(of_rows, y).sum()
        gaps.append(gap - chance + n * per_customer(ideal, fresh).mean())
    # The gaps are about 30 and 12; a bootstrap of maxima misses part of them.
    assert np.mean(gaps) > 3 * np.std(gaps) / math.sqrt(40)
    assert 0.5 < np.mean(optimism) / np.mean(gaps) < 1.5
    if model == "observed":
        # The best of a draw is better in it, and the best of all of all, every time.
        assert min(optimism) > 0


def test_nothing_is_too_good_where_the_response_is_known() -> None:
    X, y = customers(300)
    binner = menu_of_three(response_model="score").fit(X, y)
    result = binner.bootstrap(100, random_state=0)
    assert 0 <= result.optimism < 0.001 * binner.value_
    assert totals(result).std() > 0.01 * binner.value_


def test_optimism_of_a_known_score_and_of_many_rows_is_not_chance() -> None:
    # The totals of replicates vary by some hundreds, optimism is some tens.
    X, y = customers(20_000)
    binner = menu_of_three().fit(X, y)
    first, second = (binner.bootstrap(60, random_state=seed) for seed in (0, 1))
    assert totals(first).std() > 10 * abs(first.optimism - second.optimism)
    assert first.optimism > 0


def test_isotonic_responses_find_the_same_and_are_as_optimistic() -> None:
    # The best cuts are where the isotonic function jumps, unless rates are constrained.
    X, y = customers(300)
    result = [
        menu_of_three(response_model=model, min_size=None)
        .fit(X, y)
        .bootstrap(60, random_state=0)
        for model in ("observed", "isotonic")
    ]
    np.testing.assert_allclose(totals(result[0]), totals(result[1]))
    np.testing.assert_allclose(result[0].optimism, result[1].optimism)


def test_the_total_varies_as_the_outcomes_do() -> None:
    # One tier for all: the total is a sum, whose variance is known.
    rng = np.random.default_rng(0)
    for y in ((rng.random(500) < 0.3).astype(float), rng.poisson(2, 500) - 1.0):
        X = rng.random((500, 1)).round(1)
        result = (
            OptimalRevenueBinner(1, revenue=3, cost=1)
            .fit(X, y)
            .bootstrap(700, random_state=0)
        )
        assert totals(result).mean() == pytest.approx(3 * y.sum() - 500, rel=0.02)
        deviation = 3 * math.sqrt(500) * y.std()
        assert totals(result).std() == pytest.approx(deviation, rel=0.08)


# Fitted rows and weights


def test_many_rows_are_cut_between_blocks() -> None:
    X, y = customers(200_000)
    X[:1000], X[1000:2000] = INF, NAN
    binner = menu_of_three().fit(X, y)
    result = binner.bootstrap(40, random_state=0)
    assert not result.is_complete
    assert 500 < result.n_candidates < 1100
    frame = result.frame()
    assert (frame["ci_low"] <= frame["estimate"]).all()
    assert (frame["estimate"] <= frame["ci_high"]).all()
    assert np.abs(result.cut_points - [0.4, 0.5]).max() < 0.1
    # Little is lost between the borders: the mean is what chance alone makes it.
    assert totals(result).mean() == pytest.approx(binner.value_, rel=0.002)


def test_few_distinct_scores_are_all_candidates() -> None:
    X, y = customers(5000)
    result = menu_of_three().fit(np.round(X, 2), y).bootstrap(5, random_state=0)
    assert result.n_candidates == 100
    assert result.is_complete


@pytest.mark.filterwarnings("ignore:The conversion rate does not rise")
@pytest.mark.parametrize(
    ("model", "y_max"), [*((model, 1) for model in MODELS), ("observed", 3)]
)
def test_a_weight_is_a_repetition(model: str, y_max: int) -> None:
    rng = np.random.default_rng(6)
    X, weight = rng.integers(0, 40, (150, 1)) / 40, rng.integers(0, 4, 150)
    y = rng.integers(0, y_max + 1, 150).astype(float)
    X[::10] = NAN
    binner = menu_of_three(response_model=model)
    weighted = binner.fit(X, y, sample_weight=weight).bootstrap(20, random_state=1)
    repeated = binner.fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
    plain = repeated.bootstrap(20, random_state=1)
    np.testing.assert_array_equal(weighted.cut_points, plain.cut_points)
    np.testing.assert_allclose(weighted.profits, plain.profits, atol=1e-7)
    assert weighted.optimism == pytest.approx(plain.optimism)


def test_a_rate_of_a_group_is_a_share_of_its_customers() -> None:
    X, y = customers(200)
    X = np.round(X, 1)
    scores, at = np.unique(X, return_inverse=True)
    n = np.bincount(at.ravel())
    rates = np.bincount(at.ravel(), y) / n
    binner = menu_of_three().fit(column(*scores), rates, sample_weight=n)
    grouped = binner.bootstrap(20, random_state=0)
    plain = menu_of_three().fit(X, y).bootstrap(20, random_state=0)
    np.testing.assert_allclose(grouped.profits, plain.profits)


def test_rows_without_weight_are_not_drawn() -> None:
    X, y = customers(100)
    more = np.vstack([X, column(NAN, 5, INF)])
    weight = [1] * 100 + [0] * 3
    result = menu_of_three().fit(more, [*y, 1, 1, 0], sample_weight=weight)
    plain = menu_of_three().fit(X, y).bootstrap(20, random_state=0)
    again = result.bootstrap(20, random_state=0)
    np.testing.assert_array_equal(again.profits, plain.profits)
    assert again.n_candidates == 99


def test_fractional_weights_are_refused() -> None:
    X, y = customers(30)
    binner = menu_of_three().fit(X, y, sample_weight=[1.0] * 29 + [0.5])
    with pytest.raises(ValueError, match="draws customers, so sample_weight has to be"):
        binner.bootstrap(5)
    # They are a matter of the fit.
    binner.fit(X, y, sample_weight=np.full(30, 2.0))
    assert len(binner.bootstrap(5).cut_points) == 5


def test_a_known_response_is_not_drawn_again_whatever_the_outcomes() -> None:
    X, y = customers(200)
    binner = menu_of_three(response_model="score")
    with_y = binner.fit(X, y).bootstrap(30, random_state=0)
    without = binner.fit(X).bootstrap(30, random_state=0)
    np.testing.assert_array_equal(with_y.profits, without.profits)
    np.testing.assert_array_equal(with_y.cut_points, without.cut_points)


@pytest.mark.parametrize("model", MODELS)
def test_a_draw_may_have_no_customer_with_a_score(model: str) -> None:
    X, y = column(0.3, *[NAN] * 4), [1, 0, 1, 0, 0]
    result = menu_of_three(response_model=model).fit(X, y).bootstrap(60, random_state=0)
    # 0.8 ** 5 of the draws.
    assert 8 <= result.n_infeasible <= 34
    assert len(result.cut_points) == 60 - result.n_infeasible


def test_customers_without_a_score_pay_the_fixed_cost_of_an_unused_tier() -> None:
    X, y = column(0.1, 0.2, NAN), [0, 0, 1]
    settings = {"fixed_cost": [0, 3, 0], "missing_tier": 1, "min_size": None}
    result = three(**settings).fit(X, y).bootstrap(40, random_state=0)
    # None, one or two in a draw of three have no score. Nobody else is in tier 1.
    assert set(result.profits[:, 3]) == {0, 11, 25}


# Constraints in replicates


def test_bounds_of_sizes_and_budgets_hold_in_every_replicate() -> None:
    X, y = customers(200)
    spends, least = [], []
    binner = menu_of_three(
        mode="exact", min_size=0.25, budget=400, monotonic="ascending"
    ).fit(X, y)
    result = binner.bootstrap(15, random_state=0)
    draws = refits(binner, 0, 15)
    replicates = iter(zip(result.cut_points, result.profits, strict=True))
    for scores, weight, refit in draws:
        if refit is None:
            continue
        cuts, profits = next(replicates)
        at = np.searchsorted(cuts, scores)
        sizes = np.bincount(at, weight, minlength=3)
        conversions = (profits[:3] + COST * sizes) / GAIN
        assert (np.diff(conversions / sizes) >= -1e-12).all()
        least.append(sizes.min())
        spends.append(COST @ sizes)
    assert min(least) >= 50
    assert max(spends) <= 400
    assert len(spends) == 15 - result.n_infeasible > 0


def test_draws_that_cannot_be_cut_are_counted() -> None:
    # Half of the draws have one score only, and cannot have two tiers.
    binner = OptimalRevenueBinner(2, revenue=[1, 2], cost=[0, 1], mode="exact")
    binner.fit(column(0, 1), [0, 1])
    result = binner.bootstrap(200, random_state=0)
    assert 70 < result.n_infeasible < 130
    assert result.cut_points.shape == (200 - result.n_infeasible, 1)
    assert result.cut_points.tolist() == [[0.5]] * len(result.cut_points)
    assert result.profits.shape == (len(result.cut_points), 3)


def test_there_are_no_intervals_where_no_draw_can_be_cut() -> None:
    binner = OptimalRevenueBinner(2, revenue=[1, 2], cost=[0, 1], mode="exact")
    binner.fit(column(0, 1), [0, 1])
    results = [binner.bootstrap(1, random_state=seed) for seed in range(20)]
    result = next(candidate for candidate in results if candidate.n_infeasible)
    assert result.n_infeasible == 1
    assert result.cut_points.shape == (0, 1)
    assert result.profits.shape == (0, 3)
    assert math.isnan(result.optimism)
    with pytest.raises(ValueError, match="None of the 1 replicates can be cut within"):
        result.frame()
    assert "1 more cannot meet the constraints" in result._repr_html_()


def test_notebooks_show_the_intervals_and_names_as_text() -> None:
    X, y = customers(200)
    names = ["None", "E-mail", "<b>Call</b>"]
    result = menu_of_three(segment_names=names).fit(X, y).bootstrap(9, random_state=0)
    html = result._repr_html_()
    assert all(f">{name}</th>" in html for name in result.frame())
    assert f"{result.frame()['ci_low'].iloc[-1]:,.6g}" in html
    assert "&lt;b&gt;Call" in html
    assert "<b>" not in html


# Parameters and states


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "10", None, NAN])
def test_bad_numbers_of_replicates_are_refused(value: Any) -> None:
    X, y = customers(30)
    binner = menu_of_three().fit(X, y)
    with pytest.raises(ValueError, match=r"'n_replicates' parameter of .* int in \[1"):
        binner.bootstrap(value)


@pytest.mark.parametrize("value", [0, 1, 1.5, -0.1, 95, True, NAN, "0.9", None])
def test_bad_levels_are_refused(value: Any) -> None:
    X, y = customers(30)
    result = menu_of_three().fit(X, y).bootstrap(5)
    with pytest.raises(ValueError, match=r"'confidence_level' parameter of .* number"):
        result.frame(value)


def test_a_bad_random_state_is_refused() -> None:
    X, y = customers(30)
    with pytest.raises(ValueError, match="seed"):
        menu_of_three().fit(X, y).bootstrap(5, random_state="seed")


def test_an_unfitted_binner_has_no_bootstrap() -> None:
    with pytest.raises(NotFittedError):
        menu_of_three().bootstrap()


def test_the_seed_decides() -> None:
    X, y = customers(100)
    binner = menu_of_three().fit(X, y)

    def drawn(seed: Any) -> list[list[float]]:
        rows: list[list[float]] = binner.bootstrap(
            8, random_state=seed
        ).profits.tolist()
        return rows

    assert drawn(0) == drawn(0)
    assert drawn(0) == drawn(np.random.RandomState(0))
    assert drawn(0) != drawn(1)
    state = np.random.RandomState(0)
    assert drawn(state) != drawn(state)
    assert drawn(None) != drawn(None)
    # More draws begin with the same ones.
    more = binner.bootstrap(12, random_state=0).profits
    assert more[:8].tolist() == drawn(0)


def test_the_order_of_rows_does_not_matter() -> None:
    X, y = customers(200)
    order = np.random.default_rng(0).permutation(200)
    first = menu_of_three().fit(X, y).bootstrap(8, random_state=0)
    again = menu_of_three().fit(X[order], y[order]).bootstrap(8, random_state=0)
    assert first.cut_points.tolist() == again.cut_points.tolist()
    assert first.profits.tolist() == again.profits.tolist()


@pytest.mark.parametrize("model", MODELS)
def test_binner_and_bootstrap_can_be_pickled(model: str) -> None:
    X, y = customers(100)
    X[:9] = NAN
    binner = menu_of_three(response_model=model, budget=200).fit(X, y)
    result = binner.bootstrap(8, random_state=0)
    again = pickle.loads(pickle.dumps(binner)).bootstrap(8, random_state=0)
    assert again.profits.tolist() == result.profits.tolist()
    copy = pickle.loads(pickle.dumps(result))
    assert copy.frame().equals(result.frame())
    assert copy.optimism == result.optimism


def test_a_pickle_of_many_rows_keeps_no_rows() -> None:
    X, y = customers(50_000)
    binner = menu_of_three().fit(X, y)
    del binner.labels_
    assert len(pickle.dumps(binner)) < 100_000


def test_a_later_fit_replaces_what_is_drawn() -> None:
    X, y = customers(100)
    binner = menu_of_three().fit(*customers(50, seed=9))
    expected = menu_of_three().fit(X, y).bootstrap(8, random_state=0)
    again = binner.fit(X, y).bootstrap(8, random_state=0)
    assert again.profits.tolist() == expected.profits.tolist()


def test_bootstrap_leaves_the_binner_as_it_is() -> None:
    X, y = customers(100)
    binner = menu_of_three(fixed_cost=[0, 1, 2]).fit(X, y)
    before = pickle.dumps(binner)
    binner.bootstrap(8, random_state=0)
    assert pickle.dumps(binner) == before
