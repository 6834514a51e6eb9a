"""The order of findings, and the numbers of the groups beside them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from skseg import (
    BoxSegmentFinder,
    IVSegmentFinder,
    L1SegmentFinder,
    TLearnerSegmentFinder,
)
from skseg._finders._adjustment._group_overlap import _auc, _effective_size
from skseg._finders._coding import _MAX_LISTED_LEVELS, MIN_LEVEL_SIZE, _listed_levels
from skseg._finders._decisions._decision import DECISIONS
from skseg._finders._decisions._table import conditions_by_column, ranking
from skseg.exceptions import InvalidParameterError

FINDERS = [BoxSegmentFinder, TLearnerSegmentFinder, IVSegmentFinder, L1SegmentFinder]
FIRST, LATER = DECISIONS[:2]


def order_of(*rows: tuple[str, float, float]) -> list[int]:
    table = pd.DataFrame(rows, columns=["decision", "p_adj", "effect"])
    return ranking(table).tolist()


def test_the_decision_counts_more_than_certainty_and_effect() -> None:
    assert order_of((LATER, 0.0, 9.0), (FIRST, 1.0, 0.1)) == [1, 0]


def test_among_equal_decisions_the_most_certain_finding_comes_first() -> None:
    assert order_of((FIRST, 0.02, 9.0), (FIRST, 0.01, 0.1)) == [1, 0]


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_among_equally_certain_findings_the_largest_effect_comes_first(
    sign: float,
) -> None:
    assert order_of((FIRST, 0.01, 2.0), (FIRST, 0.01, sign * 3.0)) == [1, 0]


def test_what_was_not_tested_comes_last_and_equals_keep_their_order() -> None:
    nan = float("nan")
    rows = [(FIRST, nan, 5.0), (FIRST, 0.5, nan), (FIRST, 0.5, 0.0), (FIRST, 0.5, 1.0)]
    assert order_of(*rows) == [3, 1, 2, 0]
    # Not tested is as uncertain as can be.
    assert order_of((FIRST, nan, 5.0), (FIRST, 1.0, 1.0)) == [0, 1]


@pytest.mark.parametrize(("n_a", "n_b"), [(3, 7), (7, 3), (2, 2), (2, 9)])
def test_the_variance_of_the_auc_is_that_of_the_placements(n_a: int, n_b: int) -> None:
    """Each group's share of it, as in DeLong, DeLong & Clarke-Pearson (1988)."""
    rng = np.random.default_rng(n_a + 10 * n_b)
    score = rng.integers(0, 5, n_a + n_b).astype(float)
    in_a = np.arange(n_a + n_b) < n_a
    a, b = score[in_a], score[~in_a]
    wins = (a[:, np.newaxis] > b) + 0.5 * (a[:, np.newaxis] == b)
    variance = wins.mean(axis=1).var(ddof=1) / n_a + wins.mean(axis=0).var(ddof=1) / n_b
    auc, actual, _, n_pairs = _auc(score, in_a, np.ones(n_a + n_b))
    np.testing.assert_allclose([auc, actual], [wins.mean(), variance], atol=1e-12)
    assert n_pairs == n_a * n_b


@pytest.mark.parametrize(("n_a", "n_b"), [(3, 7), (6, 2)])
def test_the_variance_of_chance_is_that_of_all_orders(n_a: int, n_b: int) -> None:
    """The variance of the Mann-Whitney statistic with ties, over random groups."""
    rng = np.random.default_rng(5)
    score = np.array([0, 0, 1, 2, 2, 2, 3, 4, 5, 5][: n_a + n_b], dtype=float)
    ones, areas = np.ones(n_a + n_b), []
    for _ in range(4000):
        in_a = rng.permutation(n_a + n_b) < n_a
        areas.append(_auc(score, in_a, ones)[0])
    _, _, chance, _ = _auc(score, in_a, ones)
    assert np.var(areas) == pytest.approx(chance, rel=0.08)


@pytest.mark.parametrize("in_a", [[True, False, False], [True, True, False]])
def test_a_group_of_one_row_has_no_auc(in_a: list[bool]) -> None:
    score = np.array([0.1, 0.2, 0.3])
    assert _auc(score, np.array(in_a), np.ones(3)) == (0.5, 0.0, 0.0, 0.0)


def test_rows_of_equal_weight_are_all_effective_and_others_fewer() -> None:
    assert _effective_size(np.ones(4), np.full(4, 3.0)) == 4.0
    assert _effective_size(np.ones(2), np.array([1.0, 3.0])) == pytest.approx(1.6)
    twice = _effective_size(np.array([2.0, 1.0]), np.array([2.0, 3.0]))
    assert twice == _effective_size(np.ones(3), np.array([1.0, 1.0, 3.0]))
    assert _effective_size(np.array([1.0, 0.0]), np.array([2.0, 0.0])) == 1.0


def listed_levels(*sizes: float) -> list[int]:
    return _listed_levels(np.array(sizes), np.arange(len(sizes))).tolist()


def test_levels_are_listed_unless_small_ones_add_up_or_there_are_too_many() -> None:
    least = float(MIN_LEVEL_SIZE)
    # The small levels have to be more than one percent of the rows to be pooled.
    assert listed_levels(1, 100, 1, least, 1) == [1, 3]
    assert listed_levels(1, 100) == [0, 1]
    assert listed_levels(100, 1000, least - 1) == [0, 1, 2]
    many = [1000.0] * _MAX_LISTED_LEVELS
    assert listed_levels(*many) == list(range(_MAX_LISTED_LEVELS))
    assert listed_levels(1, *many) == list(range(1, _MAX_LISTED_LEVELS + 1))
    assert listed_levels(999, *many) == list(range(1, _MAX_LISTED_LEVELS + 1))


@pytest.mark.parametrize("max_bins", [2, 64])
def test_a_column_may_have_from_2_to_64_bins(max_bins: int) -> None:
    rng = np.random.default_rng(0)
    X, group = pd.DataFrame({"x": rng.random(600)}), rng.choice(["A", "B"], 600)
    finder = IVSegmentFinder(max_bins=max_bins, inference="none", random_state=0)
    assert finder.fit(X, rng.integers(0, 2, 600), group).n_features_in_ == 1
    for outside in (1, 65):
        with pytest.raises(InvalidParameterError, match="'max_bins' parameter"):
            finder.set_params(max_bins=outside).fit(X, np.arange(600) % 2, group)


@pytest.fixture(scope="module")
def cube() -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Return rows of which A does better where three columns are large at once."""
    random = np.random.default_rng(0)
    X = pd.DataFrame(random.integers(0, 2, (4000, 4)), columns=["a", "b", "c", "d"])
    group = random.choice(["A", "B"], 4000)
    is_inside = X[["a", "b", "c"]].all(axis=1).to_numpy()
    chance = np.where(is_inside & (group == "A"), 0.9, 0.2)
    return X, (random.random(4000) < chance).astype(int), group


@pytest.mark.parametrize("max_features", [1, 2, 3])
@pytest.mark.parametrize("Finder", FINDERS)
def test_a_finding_has_no_more_columns_than_it_may(
    Finder: Any, max_features: int, cube: Any
) -> None:
    finder = Finder(inference="none", max_features=max_features, random_state=0)
    finder.fit(*cube)
    n_columns = [
        len(conditions_by_column(rule)) for rule in finder.rules_.rules.values()
    ]
    assert max(n_columns) <= max_features
    if Finder in {BoxSegmentFinder, IVSegmentFinder}:
        # The effect is in three columns, so that more of them are a better finding.
        assert n_columns[0] == max_features
