"""Borders within the reach of a tier, mixtures of divisions, and where bins end."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skseg._search.cuts import _bootstrap
from skseg._search.cuts._bootstrap import _bin_ends
from skseg._search.cuts._budget import _mixtures
from skseg._search.cuts._positions import Limits
from skseg._search.cuts._problem import Constraints, CutProblem, Division

weights = st.lists(st.integers(1, 5), min_size=1, max_size=9)
limits_of_tiers = st.tuples(st.integers(0, 9), st.integers(1, 12)).filter(
    lambda pair: pair[0] <= pair[1]
)


def cumulated(parts: Any) -> np.ndarray:
    return np.cumsum([0, *parts]).astype(float)


@given(weights, limits_of_tiers)
def test_a_tier_ends_where_its_size_is_legal(
    parts: list[int], pair: tuple[int, int]
) -> None:
    n, limits = cumulated(parts), Limits(*map(float, pair))
    unused: Any = None
    problem = CutProblem(n, np.zeros_like(n), unused, limits, Constraints())
    for border in range(len(n)):
        legal = [
            end
            for end in range(border + 1, len(n))
            if limits.low <= n[end] - n[border] <= limits.high
        ]
        reachable = problem.reachable(border)
        assert list(range(len(n)))[reachable] == legal
        assert reachable.stop >= reachable.start


@given(weights.filter(lambda parts: len(parts) > 4), limits_of_tiers, st.data())
def test_a_mixture_has_a_legal_tier_where_two_divisions_meet(
    parts: list[int], pair: tuple[int, int], data: st.DataObject
) -> None:
    n, limits = cumulated(parts), Limits(*map(float, pair))
    cuts = st.lists(st.integers(1, len(n) - 2), min_size=2, max_size=2, unique=True)
    first, second = (
        Division([0, 1, 2], n[sorted(data.draw(cuts))].tolist(), [0.0, 0.0])
        for _ in range(2)
    )
    expected = []
    for lower, upper in ((first, second), (second, first)):
        mixed = [lower.n_below[0], upper.n_below[1]]
        if 0 < mixed[1] - mixed[0] and limits.low <= mixed[1] - mixed[0] <= limits.high:
            expected.append(mixed)
    actual = [mixture.n_below for mixture in _mixtures(first, second, limits)]
    assert actual == expected


def test_divisions_of_other_tiers_do_not_mix() -> None:
    first, second = Division([0, 1], [3.0], [0.0]), Division([0, 2], [5.0], [0.0])
    assert list(_mixtures(first, second, Limits(0.0, math.inf))) == []


# Bins


def expected_ends(cumulative: np.ndarray, cuts: list[int]) -> list[int]:
    """Return where bins end, by what they are to be: one position after the other."""
    filled = [
        p
        for p in range(len(cumulative))
        if cumulative[p] > (cumulative[p - 1] if p else 0)
    ]
    total = cumulative[-1]
    targets = [total * i / 15 for i in range(16)]
    per_side = max(4, (32 - 16) // (2 * max(1, len(cuts))))
    nearest = total ** (2 / 3) / 32
    for cut in cuts:
        for i in range(per_side):
            distance = nearest * (total / nearest) ** (i / (per_side - 1))
            targets += [cumulative[cut] - distance, cumulative[cut] + distance]
    ends = {filled[-1]}
    for target in targets:
        if 0 < target < total:
            ends.add(next(p for p in filled if cumulative[p] >= target * (1 - 1e-12)))
    for cut in cuts:
        ends |= {max((p for p in filled if p <= cut), default=filled[-1])}
    return sorted(ends)


@pytest.mark.parametrize("cuts", [[], [40], [10, 90], [0], [3, 55, 99]])
@pytest.mark.parametrize("seed", range(4))
def test_bins_end_at_even_ranks_at_the_cuts_and_ever_further_from_them(
    monkeypatch: pytest.MonkeyPatch, cuts: list[int], seed: int
) -> None:
    monkeypatch.setattr(_bootstrap, "_MAX_BINS", 32)
    monkeypatch.setattr(_bootstrap, "_N_EVEN", 16)
    weight = np.random.default_rng(seed).integers(0, 5, 100).astype(float)
    weight[0] = 1.0
    cumulative = np.cumsum(weight)
    ends = _bin_ends(cumulative, np.array(cuts, dtype=np.intp))
    assert ends.tolist() == expected_ends(cumulative, cuts)


@pytest.mark.parametrize(("n_filled", "all_of_them"), [(32, True), (33, False)])
def test_few_scores_have_a_bin_each(
    monkeypatch: pytest.MonkeyPatch, n_filled: int, all_of_them: bool
) -> None:
    monkeypatch.setattr(_bootstrap, "_MAX_BINS", 32)
    monkeypatch.setattr(_bootstrap, "_N_EVEN", 4)
    weight = np.zeros(50)
    weight[10 : 10 + n_filled] = 2.0
    ends = _bin_ends(np.cumsum(weight), np.zeros(0, dtype=np.intp))
    assert (len(ends) == n_filled) is all_of_them
    assert ends[-1] == 9 + n_filled


def test_a_cut_below_all_rows_ends_no_bin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_bootstrap, "_MAX_BINS", 4)
    monkeypatch.setattr(_bootstrap, "_N_EVEN", 2)
    weight = np.zeros(20)
    weight[5:] = 1.0
    ends = _bin_ends(np.cumsum(weight), np.array([2], dtype=np.intp))
    assert ends[0] >= 5
