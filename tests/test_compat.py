"""find_optimal_bins: exact, the same in every run, every row counted once."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skseg.compat import find_optimal_bins
from skseg.exceptions import InvalidDataError

Fn = Callable[[int], float]

MANY = {"propensities": np.linspace(0, 1, 700), "predictions": np.ones(700)}


def thirty(i: int) -> float:
    return 30


def rising(i: int) -> float:
    return 30 * (1 + 0.3 * i)


def per_customer(i: int) -> float:
    return 2 * (i + 1)


def customers(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    scores = np.minimum(rng.gamma(2, 2, n), 20) / 20
    return scores, (rng.random(n) < scores).astype(int)


def recount(
    bins: np.ndarray, converted: np.ndarray, revenue_fn: Fn, cost_fn: Fn
) -> float:
    rows = zip(bins.tolist(), converted.tolist(), strict=True)
    return math.fsum(revenue_fn(i) * y - cost_fn(i) for i, y in rows)


def brute_force(
    scores: np.ndarray,
    converted: np.ndarray,
    n_bins: int,
    revenue_fn: Fn,
    cost_fn: Fn,
    min_samples: int,
) -> float:
    values = np.unique(scores).tolist()
    best = -math.inf
    for n_cuts in range(min(n_bins, len(values))):
        for cuts in combinations(values[1:], n_cuts):
            bins = np.array([sum(score >= cut for cut in cuts) for score in scores])
            if np.bincount(bins).min() >= min_samples:
                best = max(best, recount(bins, converted, revenue_fn, cost_fn))
    return best


def test_two_bins_by_hand() -> None:
    result = find_optimal_bins(
        [0.9, 0.1, 0.6, 0.2, 0.8, 0.3],
        [1, 0, 1, 0, 1, 0],
        n_bins=2,
        revenue_fn=[10, 20].__getitem__,
        cost_fn=[1, 5].__getitem__,
        min_samples=1,
    )
    # -3 up to 0.3, and 60 - 15 above.
    assert result[0] == 2
    np.testing.assert_allclose(result[1], [0, 0.45, 1])
    assert result[2] == 42


def test_arguments_and_results_are_those_of_smart_segment() -> None:
    scores, converted = customers(200)
    result = find_optimal_bins(scores, converted, 4, per_customer, rising, 0, 10, True)
    n_bins, cutoffs, revenue = result
    assert isinstance(result, tuple)
    assert type(n_bins) is int
    assert type(revenue) is float
    assert cutoffs.dtype == np.float64
    assert len(cutoffs) == n_bins + 1 <= 5
    assert (cutoffs[0], cutoffs[-1]) == (0, 1)
    assert (np.diff(cutoffs) > 0).all()


def test_functions_by_default_are_two_and_three_to_the_bin() -> None:
    scores, converted = customers(300)
    result = find_optimal_bins(scores, converted)
    same = find_optimal_bins(
        scores, converted, 10, lambda i: 2**i, lambda i: 3**i, 0, 10, True
    )
    assert result[2] == same[2]
    np.testing.assert_array_equal(result[1], same[1])


def test_functions_get_the_number_of_the_bin_from_zero() -> None:
    calls = []
    find_optimal_bins(*customers(50), 3, per_customer, lambda i: calls.append(i) or 1.0)
    assert calls == [0, 1, 2]
    assert all(type(i) is int for i in calls)


@pytest.mark.parametrize("seed", range(60))
def test_no_division_makes_more(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 9))
    scores = rng.integers(0, 9, n) / 8
    converted = rng.integers(0, 2, n) if seed % 3 else rng.integers(-3, 9, n) / 4
    revenue, cost = rng.integers(0, 40, 4), rng.integers(0, 15, 4)
    if seed % 2:
        revenue, cost = np.sort(revenue), np.sort(cost)
    n_bins, min_samples = int(rng.integers(1, 5)), int(rng.integers(0, n + 1))
    functions = (lambda i: float(revenue[i]), lambda i: float(cost[i]))

    used, cutoffs, value = find_optimal_bins(
        scores, converted, n_bins, functions[1], functions[0], 0, min_samples
    )

    best = brute_force(scores, converted, n_bins, *functions, min_samples)
    assert value == pytest.approx(best, abs=1e-9)
    bins = np.searchsorted(cutoffs[1:-1], scores)
    assert recount(bins, converted, *functions) == pytest.approx(value, abs=1e-9)
    assert used == len(np.unique(bins)) <= n_bins
    assert np.bincount(bins).min() >= max(min_samples, 1)


@pytest.mark.parametrize("min_samples", [1, 40, 400])
def test_every_bin_is_an_interval_of_pandas_cut_with_rows_enough(
    min_samples: int,
) -> None:
    scores, converted = customers(2000)
    scores[:3], scores[3:6] = 0, 1
    n_bins, cutoffs, revenue = find_optimal_bins(
        scores, converted, 5, lambda i: i**2, rising, min_samples=min_samples
    )
    bins = pd.cut(scores, cutoffs, include_lowest=True, labels=False)
    assert n_bins > 1
    assert np.bincount(bins).min() >= min_samples
    assert recount(bins, converted, rising, lambda i: i**2) == pytest.approx(revenue)
    # Thresholds lie between two scores, so that [a, b) says the same.
    np.testing.assert_array_equal(bins, np.digitize(scores, cutoffs[1:-1]))


def test_results_repeat_and_do_not_depend_on_the_order_of_rows() -> None:
    scores, converted = customers(3000)
    order = np.random.default_rng(1).permutation(3000)
    first, again, shuffled = (
        find_optimal_bins(scores[rows], converted[rows], 6, lambda i: i**2, rising)
        for rows in (slice(None), slice(None), order)
    )
    for other in (again, shuffled):
        assert (other[0], other[2]) == (first[0], first[2])
        np.testing.assert_array_equal(other[1], first[1])


def test_constant_revenue_and_rising_cost_need_one_bin() -> None:
    scores, converted = customers(1000)
    n_bins, cutoffs, revenue = find_optimal_bins(
        scores, converted, 10, per_customer, thirty
    )
    assert (n_bins, cutoffs.tolist()) == (1, [0, 1])
    assert revenue == 30 * converted.sum() - 2 * 1000


def test_more_bins_than_rows_are_cut_into_fewer() -> None:
    n_bins, _, revenue = find_optimal_bins(
        [0.2, 0.4, 0.6], [0, 1, 1], 1000, lambda i: 0, lambda i: i, min_samples=1
    )
    assert (n_bins, revenue) == (3, 3)


def test_prohibitive_bins_do_not_blur_the_others() -> None:
    scores, converted = customers(500)
    result = find_optimal_bins(scores, converted, 40, lambda i: 100.0**i - 1)
    few = find_optimal_bins(scores, converted, 3, lambda i: 100.0**i - 1)
    assert result[2] == few[2] == converted.sum()


@pytest.mark.parametrize("kind", [list, pd.Series, pl.Series, np.float32])
def test_any_column_of_numbers(kind: Callable[[Any], Any]) -> None:
    scores = kind([0.125, 0.25, 0.5, 0.75])
    converted = kind([0.0, 1.0, 0.0, 1.0])
    result = find_optimal_bins(scores, converted, 2, per_customer, rising, 0, 1)
    assert (result[0], result[2]) == (2, -2 + 2 * 39 - 3 * 4)


def test_rows_of_series_are_paired_by_place() -> None:
    scores = pd.Series([0.1, 0.9], index=["a", "b"])
    converted = pd.Series([False, True], index=["b", "a"])
    result = find_optimal_bins(scores, converted, 2, lambda i: i, rising, 0, 1)
    assert result[2] == 39 - 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"predictions": [0, 1]},
            "'predictions' .* one outcome a propensity. Got 2 outcomes and 4 prop",
        ),
        (
            {"propensities": [0.1, np.nan, 0.3, 0.4]},
            r"'propensities' .* in \[0, 1\]. Got nan at row 1. Leave such rows out",
        ),
        ({"propensities": [0, 0, 0, 1.5]}, r"Got 1.5 at row 3"),
        ({"propensities": ["low", "b", "c", "d"]}, "numbers. Got .* 'low' at row 0"),
        ({"propensities": [[0.1, 0.2]]}, r"one-dimensional. Got shape \(1, 2\)"),
        ({"propensities": [], "predictions": []}, "at least one. Got none"),
        ({"predictions": [0, 1, math.inf, 0]}, "'predictions' .* Got inf at row 2"),
        ({"predictions": [0, 1, None, 0]}, "'predictions' .* Got nan at row 2"),
        ({"n_bins": 0}, "'n_bins' .* Got 0 instead"),
        ({"n_bins": 2.0}, "'n_bins' .* Got 2.0 instead"),
        ({"min_samples": -1}, "'min_samples' .* Got -1 instead"),
        ({"min_samples": 0.5}, "'min_samples' .* Got 0.5 instead"),
        ({"min_samples": 5}, "at most the number of rows, 4. Got 5. Lower it"),
        ({"cost_fn": 3}, "'cost_fn' .* a function of the bin. Got 3 instead. Try"),
        ({"cost_fn": lambda i: "a"}, "'cost_fn' .* Got 'a' for bin 0. Change it"),
        ({"revenue_fn": lambda i: -math.inf}, "'revenue_fn' .* Got -inf for bin 0"),
        ({"revenue_fn": lambda i: 10 ** (400 * i)}, "'revenue_fn' .* for bin 1"),
        ({"n_bins": 1000, "min_samples": 0, **MANY}, "'revenue_fn' .* for bin 63"),
        ({"cost_fn": lambda i: 1e308}, "'cost_fn' .* finite when added up"),
        ({"penalty_factor": -1}, "'penalty_factor' .* at least 0. Got -1 instead"),
        ({"penalty_factor": math.nan}, "'penalty_factor' .* Got nan instead"),
        ({"global_search": "yes"}, "'global_search' .* Got 'yes' instead"),
    ],
)
def test_bad_input_says_which_rule_it_breaks(
    change: dict[str, Any], message: str
) -> None:
    good = {
        "propensities": [0.1, 0.2, 0.3, 0.4],
        "predictions": [0, 1, 0, 1],
        "n_bins": 2,
        "min_samples": 1,
    }
    find_optimal_bins(**good)
    with pytest.raises(ValueError, match=message):
        find_optimal_bins(**{**good, **change})


@pytest.mark.parametrize("change", [{"penalty_factor": 3}, {"global_search": False}])
def test_parameters_without_effect_say_so(change: dict[str, Any]) -> None:
    scores, converted = customers(400)
    plain = find_optimal_bins(scores, converted, 4, per_customer, rising)
    with pytest.warns(UserWarning, match=f"{next(iter(change))!r} .* has no effect"):
        result = find_optimal_bins(scores, converted, 4, per_customer, rising, **change)
    np.testing.assert_array_equal(result[1], plain[1])
    assert result[2] == plain[2]


def test_every_container_gives_the_same_bins_and_times_are_no_outcomes() -> None:
    settings: dict[str, Any] = {"n_bins": 2, "min_samples": 1}
    propensities, outcome = [0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1]
    expected = find_optimal_bins(propensities, outcome, **settings)
    for scores, y in (
        (pd.Series(propensities, dtype="Float64"), pd.Series(outcome, dtype="Int64")),
        (np.array(propensities, dtype=object), [False, False, True, True]),
    ):
        bins = find_optimal_bins(scores, y, **settings)
        assert repr(bins) == repr(expected)
    for times in (pd.to_datetime(outcome), np.full(4, np.datetime64("NaT", "s"))):
        with pytest.raises(InvalidDataError, match="Dates and durations have no unit"):
            find_optimal_bins(propensities, times, **settings)
