"""Cuts of one column against all sets of cuts, and what rounding them may change."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skseg._search._bounds import SizeBounds, size_bounds
from skseg._search.sizes import _intervals
from skseg._search.sizes._intervals import fewest_intervals, round_cuts

MANY = settings(max_examples=8 * settings.default.max_examples)

sizes_of_values = st.lists(st.integers(1, 9), min_size=1, max_size=9)
bound_pairs = st.tuples(st.integers(0, 14), st.integers(1, 20)).filter(
    lambda pair: pair[0] <= pair[1]
)


def cumulated(sizes: list[int]) -> np.ndarray:
    return np.cumsum([0, *sizes]).astype(float)


def legal_cuts(up_to: np.ndarray, bounds: SizeBounds) -> list[list[int]]:
    """Return every set of cuts whose intervals have legal sizes, the fewest first."""
    inner = range(1, len(up_to) - 1)
    return [
        list(cuts)
        for n_cuts in range(len(up_to) - 1)
        for cuts in combinations(inner, n_cuts)
        if all(map(bounds.fits, np.diff(up_to[[0, *cuts, -1]])))
    ]


def cuts_at_quantiles(up_to: np.ndarray, k: int) -> list[int]:
    """Return the cut nearest to every k-quantile, of two equally near the lower one."""
    targets = [up_to[-1] * i / k for i in range(1, k)]
    return [int(np.argmin(np.abs(up_to - target))) for target in targets]


def cuts_of_equal_shares(up_to: np.ndarray, legal: list[list[int]]) -> list[int]:
    """Return of the fewest cuts those that are, one by one, nearest to equal shares."""
    fewest = [cuts for cuts in legal if len(cuts) == len(legal[0])]
    chosen: list[int] = []
    while len(chosen) < len(fewest[0]):
        place, start = len(chosen), chosen[-1] if chosen else 0
        n_left = len(fewest[0]) + 1 - place
        target = up_to[start] + (up_to[-1] - up_to[start]) / n_left
        nearest = min((c[place] for c in fewest), key=lambda c: abs(up_to[c] - target))
        chosen.append(nearest)
        fewest = [cuts for cuts in fewest if cuts[place] == nearest]
    return chosen


@MANY
@given(sizes_of_values, bound_pairs)
def test_the_cuts_are_the_fewest_and_nearest_to_equal_shares(
    sizes: list[int], pair: tuple[int, int]
) -> None:
    up_to = cumulated(sizes)
    bounds = size_bounds(*pair, np.array(sizes, dtype=float))
    cuts, legal = fewest_intervals(up_to, bounds), legal_cuts(up_to, bounds)
    at_quantiles = cuts_at_quantiles(up_to, bounds.fewest(up_to[-1]))
    if at_quantiles in legal:
        assert cuts == at_quantiles
    elif legal:
        assert cuts == cuts_of_equal_shares(up_to, legal)
    else:
        assert cuts is None


@MANY
@given(sizes_of_values, bound_pairs)
def test_a_column_with_too_many_values_is_cut_at_quantiles_alone(
    sizes: list[int], pair: tuple[int, int]
) -> None:
    up_to = cumulated(sizes)
    bounds = size_bounds(*pair, np.array(sizes, dtype=float))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_intervals, "_MAX_EXACT", len(sizes) - 1)
        cuts = fewest_intervals(up_to, bounds)
    fewest = bounds.fewest(up_to[-1])
    legal = legal_cuts(up_to, bounds)
    tries = [cuts_at_quantiles(up_to, k) for k in range(fewest, fewest + 9)]
    assert cuts == next((at for at in tries if at in legal), None)


@pytest.mark.parametrize(("n_values", "exact"), [(65_536, True), (65_537, False)])
def test_the_search_is_exact_up_to_65536_values(n_values: int, exact: bool) -> None:
    assert _intervals.is_exact(np.arange(n_values + 1.0)) is exact


def test_a_size_may_equal_both_of_its_bounds() -> None:
    up_to = cumulated([5, 5, 5])
    assert fewest_intervals(up_to, size_bounds(5, 5, np.full(3, 5.0))) == [1, 2]
    assert fewest_intervals(up_to, size_bounds(15, 15, np.full(3, 5.0))) == []
    assert fewest_intervals(up_to, size_bounds(6, 9, np.full(3, 5.0))) is None


@MANY
@given(
    st.lists(st.integers(1, 9), min_size=3, max_size=12),
    st.lists(st.integers(-99, 99), min_size=12, max_size=12, unique=True),
    st.booleans(),
    st.sampled_from([0.0, 0.05, 0.5]),
    st.data(),
)
def test_a_rounded_cut_keeps_the_bounds_and_moves_no_further_than_it_may(
    sizes: list[int],
    numbers: list[int],
    has_missing: bool,
    slack: float,
    data: st.DataObject,
) -> None:
    up_to, n_values = cumulated(sizes), len(sizes)
    values = np.sort(np.array(numbers[:n_values], dtype=float)) / 8
    if has_missing:
        values[-1] = np.nan
    inner = st.integers(1, n_values - 1)
    cuts = sorted(data.draw(st.lists(inner, min_size=1, max_size=2, unique=True)))
    counts = data.draw(st.lists(st.integers(1, 2), min_size=3, max_size=3))
    counts = counts[: len(cuts) + 1]
    parts = np.diff(up_to[[0, *cuts, -1]]) / counts
    bounds = size_bounds(
        math.floor(parts.min()), math.ceil(parts.max()), np.array(sizes, float)
    )
    moved, thresholds = round_cuts(values, up_to, cuts, counts, bounds, slack)
    reach = slack * up_to[-1] / sum(counts)
    assert (np.abs(up_to[moved] - up_to[cuts]) <= reach).all()
    after = np.diff(up_to[[0, *moved, -1]]) / counts
    assert after.min() >= bounds.low
    assert after.max() <= bounds.high
    for cut, threshold in zip(moved, thresholds, strict=True):
        assert (values[:cut] <= threshold).all()
        assert not (values[cut:] <= threshold).any()
    if slack == 0.0:
        assert moved == cuts
