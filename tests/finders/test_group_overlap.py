"""The overlap and the balance of groups, number by number."""

from __future__ import annotations

import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from skseg._finders._adjustment import _group_overlap
from skseg._finders._adjustment._balance import group_balance, warn_of_imbalance
from skseg._finders._adjustment._group_overlap import (
    _auc,
    _effective_size,
    group_overlap,
)
from skseg._finders._adjustment._nuisance import Nuisance

NAN = float("nan")


def overlap_of(
    in_a: np.ndarray, propensity: np.ndarray, column: object = None
) -> _group_overlap.GroupOverlap:
    zero = np.zeros(len(in_a))
    X = zero if column is None else np.array(column, dtype=float)
    fold = np.zeros(len(in_a), dtype=np.intp)
    nuisance = Nuisance(propensity, zero, zero, fold)
    return group_overlap(X.reshape(-1, 1), in_a, nuisance, columns=["x"])


def test_every_group_has_its_own_numbers() -> None:
    in_a = np.array([True, True, True, False, False])
    overlap = overlap_of(in_a, np.array([0.5, 0.25, 0.5, 0.5, 0.2]))
    assert (overlap.n_a, overlap.n_b) == (3, 2)
    assert overlap.effective_n_a == pytest.approx((2 + 4 + 2) ** 2 / (4 + 16 + 4))
    expected = (1 / 0.5 + 1 / 0.8) ** 2 / (1 / 0.5**2 + 1 / 0.8**2)
    assert overlap.effective_n_b == pytest.approx(expected)
    quantiles = overlap.propensity_quantiles[:, [0, -1]]
    np.testing.assert_array_equal(quantiles, [[0.25, 0.5], [0.2, 0.5]])


@pytest.mark.parametrize("sign", [1, -1])
def test_the_interval_of_the_auc_is_normal_and_ends_at_0_and_1(sign: int) -> None:
    rng = np.random.default_rng(0)
    in_a = np.arange(60) < 25
    propensity = 0.5 + sign * rng.normal(0.1 * in_a, 0.1)
    overlap = overlap_of(in_a, propensity)
    auc, variance, _, _ = _auc(propensity, in_a, np.ones(60))
    interval = stats.norm.interval(0.95, auc, np.sqrt(variance))
    np.testing.assert_allclose([overlap.auc_low, overlap.auc_high], interval)
    few = np.array([True] * 4 + [False] * 4)
    tangled = np.array([0.6, 0.7, 0.8, 0.4, 0.1, 0.2, 0.3, 0.5])
    tangled = tangled if sign > 0 else 1 - tangled
    overlap = overlap_of(few, tangled)
    assert overlap.auc == (15 / 16 if sign > 0 else 1 / 16)
    limit = overlap.auc_high if sign > 0 else overlap.auc_low
    assert limit == (1.0 if sign > 0 else 0.0)


def test_a_p_value_of_just_the_level_tells_the_groups_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    in_a, propensity = np.arange(9) < 4, np.linspace(0.9, 0.1, 9)
    p_value = overlap_of(in_a, propensity).p_value
    monkeypatch.setattr(_group_overlap, "ALPHA", p_value)
    assert overlap_of(in_a, propensity).is_predictable
    monkeypatch.setattr(_group_overlap, "ALPHA", np.nextafter(p_value, 0))
    assert not overlap_of(in_a, propensity).is_predictable


def test_a_group_without_weight_has_no_effective_rows() -> None:
    assert _effective_size(np.zeros(2), np.zeros(2)) == 0.0


def test_a_difference_has_the_sign_of_a_minus_b() -> None:
    in_a, half = np.arange(8) < 4, np.full(8, 0.5)
    assert overlap_of(in_a, half, [2, 4, 2, 4, 1, 3, 1, 3]).smd[0] == 1
    assert overlap_of(in_a, half, [1, 3, 1, 3, 2, 4, 2, 4]).smd[0] == -1
    assert overlap_of(in_a, half, [1] * 4 + [0] * 4).smd[0] == np.inf
    assert overlap_of(in_a, half, [0] * 4 + [1] * 4).smd[0] == -np.inf


@pytest.mark.parametrize("sign", [1, -1])
def test_of_levels_the_largest_difference_has_its_sign(sign: int) -> None:
    # Level 0 is in three quarters of one group and in none of the other; levels 1 and
    # 2 share the rest, so that they differ less.
    codes = np.array([0, 0, 0, 1, 1, 1, 2, 2], dtype=float)
    in_a = (np.arange(8) < 4) == (sign > 0)
    zero = np.zeros(8)
    nuisance = Nuisance(np.full(8, 0.5), zero, zero, zero.astype(np.intp))
    overlap = group_overlap(
        codes.reshape(-1, 1),
        in_a,
        nuisance,
        columns=["x"],
        is_categorical=np.array([True]),
    )
    assert overlap.smd[0] == pytest.approx(sign * 0.75 / np.sqrt((3 / 16 + 0) / 2))


def test_values_that_one_group_lacks_do_not_differ_but_their_absence_does() -> None:
    in_a = np.arange(200) < 100
    column = np.full(200, NAN)
    column[0] = 7.0
    smd = overlap_of(in_a, np.full(200, 0.5), column).smd[0]
    assert smd == pytest.approx(0.01 / np.sqrt(0.01 * 0.99 / 2))


def test_an_adjusted_p_value_below_one_in_a_thousand_is_an_alarm() -> None:
    table = pd.DataFrame({"column": ["a", "b"], "p_adj": [1e-3, 0.5]})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_imbalance("Finder", table)
    table.loc[0, "p_adj"] = np.nextafter(1e-3, 0)
    with pytest.warns(UserWarning, match="from 1 column.* 'a'"):
        warn_of_imbalance("Finder", table)


def test_the_balance_leaves_out_cells_without_rows_and_counts_weights() -> None:
    codes = {"b": [0, 0, 0, 2, 2, 2, 2, 4], "a": [1, 1, 0, 0, 1, 1, 0, 0]}
    in_a = np.array([True, True, False, False, False, True, False, False])
    weight = np.array([3, 1, 1, 2, 2, 1, 1, 0.5])
    search: Any = SimpleNamespace(
        rows=SimpleNamespace(in_a=in_a, weight=weight, cluster=None),
        coding=SimpleNamespace(columns=[SimpleNamespace(name=name) for name in codes]),
        codes=[np.array(column) for column in codes.values()],
        # Cells 1, 3 and 5 of the first column and cell 2 of the second are empty.
        axes=[SimpleNamespace(n_cells=6), SimpleNamespace(n_cells=3)],
    )
    balance = group_balance(search)
    assert list(balance) == ["column", "chi2", "dof", "v", "p", "p_adj"]
    balance = balance.set_index("column")
    for name, column in codes.items():
        table = pd.crosstab(np.array(column), in_a, weight, aggfunc="sum").fillna(0)
        test = stats.chi2_contingency(table, correction=False)
        row = balance.loc[name]
        expected = [test.statistic, test.dof, test.pvalue]
        np.testing.assert_allclose(row[["chi2", "dof", "p"]].to_list(), expected)
        assert row["v"] == pytest.approx(np.sqrt(test.statistic / weight.sum()))
    assert balance["p"].is_monotonic_increasing
    assert balance["p_adj"].to_list() == pytest.approx(
        [2 * balance["p"].iloc[0], max(2 * balance["p"].iloc[0], balance["p"].iloc[1])]
    )
