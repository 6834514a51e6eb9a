"""Weight of evidence and information value: tables by hand, symmetries, bands."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skseg._search.effects._iv import (
    BANDS,
    ZERO_CELLS,
    bands,
    count_bins,
    quantile_edges,
    sets_by_iv,
    woe_table,
)

ln = math.log

# Rows without and with the event, in three bins of one group.
FULL = np.array([[[10, 20]], [[30, 10]], [[60, 10]]])
EMPTY = np.array([[[0, 10]], [[30, 20]], [[30, 10]]])


def test_woe_and_iv_are_those_of_the_definition_without_zeros() -> None:
    table = woe_table(FULL, "ignore")
    np.testing.assert_allclose(table.woe[:, 0], [ln(5), ln(0.25 / 0.3), ln(0.25 / 0.6)])
    parts = [0.4 * ln(5), -0.05 * ln(0.25 / 0.3), -0.35 * ln(0.25 / 0.6)]
    np.testing.assert_allclose(table.contribution, parts)
    assert table.iv == pytest.approx(sum(parts))
    assert table.scaled_iv == table.iv


@pytest.mark.parametrize("zero_cells", ZERO_CELLS[1:])
def test_without_zeros_only_adding_to_all_makes_a_difference(zero_cells: str) -> None:
    assert woe_table(FULL, zero_cells).iv == pytest.approx(woe_table(FULL, "ignore").iv)
    assert woe_table(FULL, "all").iv < woe_table(FULL, zero_cells).iv


@pytest.mark.parametrize(
    ("zero_cells", "events", "nonevents"),
    [
        # Half a row more in every cell, and so in the totals of 40 and 60.
        (
            "all",
            [10.5 / 41.5, 20.5 / 41.5, 10.5 / 41.5],
            [0.5 / 61.5, 30.5 / 61.5, 30.5 / 61.5],
        ),
        ("replace_0.99", [0.25, 0.5, 0.25], [0.99 / 60.99, 30 / 60.99, 30 / 60.99]),
        ("replace_0.9", [0.25, 0.5, 0.25], [0.9 / 60.9, 30 / 60.9, 30 / 60.9]),
        ("replace_1", [0.25, 0.5, 0.25], [1 / 60, 0.5, 0.5]),
    ],
)
def test_zeros_are_replaced_as_zero_cells_says(
    zero_cells: str, events: list[float], nonevents: list[float]
) -> None:
    table = woe_table(EMPTY, zero_cells)
    woe = [ln(e / n) for e, n in zip(events, nonevents, strict=True)]
    np.testing.assert_allclose(table.woe[:, 0], woe, atol=1e-15)
    parts = [(e - n) * w for e, n, w in zip(events, nonevents, woe, strict=True)]
    np.testing.assert_allclose(table.contribution, parts, atol=1e-15)


def test_bins_with_zeros_are_ignored() -> None:
    table = woe_table(EMPTY, "ignore")
    np.testing.assert_allclose(table.woe[:, 0], [0, 0, -ln(2)], atol=1e-15)
    assert table.iv == pytest.approx(0.25 * ln(2))


@pytest.mark.parametrize("zero_cells", ZERO_CELLS)
def test_bins_without_rows_have_no_evidence(zero_cells: str) -> None:
    more = np.concatenate([EMPTY, [[[0, 0]]]])
    table, without_empty = woe_table(more, zero_cells), woe_table(EMPTY, zero_cells)
    np.testing.assert_array_equal(table.woe[:-1], without_empty.woe)
    assert table.woe[-1, 0] == table.contribution[-1] == 0


@pytest.mark.parametrize("zero_cells", ZERO_CELLS)
@pytest.mark.parametrize(
    "counts",
    [
        [[[5, 0]], [[3, 0]]],
        [[[0, 5]], [[0, 3]]],
        [[[5, 1], [4, 0]], [[3, 1], [2, 0]]],
        [[[5, 1], [0, 0]], [[3, 1], [0, 0]]],
    ],
    ids=["no events", "no non-events", "no events in B", "nobody in B"],
)
def test_information_is_nan_without_both_outcomes(zero_cells: str, counts: Any) -> None:
    table = woe_table(counts, zero_cells)
    assert np.isnan(table.iv)
    assert np.isnan(table.scaled_iv)


# A: 100 events and 200 non-events, B: 50 and 100.
NET = np.array(
    [
        [[50, 60], [40, 20]],
        [[150, 40], [60, 30]],
    ]
)


def test_net_woe_and_net_iv_are_those_of_larsen() -> None:
    table = woe_table(NET, "ignore")
    woe_a = [ln(0.6 / 0.25), ln(0.4 / 0.75)]
    woe_b = [0.0, 0.0]
    np.testing.assert_allclose(table.woe, np.transpose([woe_a, woe_b]), atol=1e-15)
    np.testing.assert_allclose(table.net_woe, woe_a, atol=1e-15)
    weight = [0.6 * 0.4 - 0.25 * 0.4, 0.4 * 0.6 - 0.75 * 0.6]
    parts = [w * woe for w, woe in zip(weight, woe_a, strict=True)]
    np.testing.assert_allclose(table.contribution, parts)
    assert table.iv == pytest.approx(sum(parts))


def test_scaled_net_iv_is_the_iv_of_a_if_nothing_matters_in_b() -> None:
    # Each bin has the same share of A and of B, 0.4 and 0.6.
    counts = np.array([[[50, 70], [20, 20]], [[100, 80], [30, 30]]])
    alone = woe_table(counts[:, :1], "ignore")
    assert woe_table(counts, "ignore").scaled_iv == pytest.approx(float(alone.iv))


def test_each_group_has_its_own_zeros_ignored() -> None:
    counts = np.array([[[0, 10], [10, 30]], [[20, 10], [30, 10]]])
    table = woe_table(counts, "ignore")
    np.testing.assert_allclose(table.woe[:, 0], [0, -ln(2)], atol=1e-15)
    np.testing.assert_allclose(table.woe[:, 1], [ln(3), -ln(3)])
    weight = [0.5 * 0.25 - 0 * 0.75, 0.5 * 0.75 - 1 * 0.25]
    net = [-ln(3), ln(3) - ln(2)]
    np.testing.assert_allclose(table.contribution, np.multiply(weight, net), atol=1e-15)


@st.composite
def count_tables(draw: st.DrawFn, n_groups: int) -> Any:
    n_bins = draw(st.integers(1, 5))
    numbers = st.lists(st.integers(0, 50), min_size=2 * n_groups * n_bins)
    values = draw(numbers)[: 2 * n_groups * n_bins]
    return np.array(values, float).reshape(n_bins, n_groups, 2)


@given(count_tables(1), st.sampled_from(ZERO_CELLS))
def test_swapping_events_and_nonevents_flips_the_sign_of_woe(
    counts: Any, zero_cells: str
) -> None:
    table, swapped = (woe_table(c, zero_cells) for c in (counts, counts[..., ::-1]))
    np.testing.assert_allclose(swapped.woe, -table.woe, atol=1e-12)
    np.testing.assert_allclose(swapped.contribution, table.contribution, atol=1e-12)


@given(count_tables(2), st.sampled_from(ZERO_CELLS))
def test_swapping_groups_flips_the_sign_of_net_woe(
    counts: Any, zero_cells: str
) -> None:
    table, swapped = (woe_table(c, zero_cells) for c in (counts, counts[:, ::-1]))
    np.testing.assert_allclose(swapped.net_woe, -table.net_woe, atol=1e-12)
    np.testing.assert_allclose(swapped.contribution, table.contribution, atol=1e-12)
    np.testing.assert_allclose(swapped.scaled_iv, table.scaled_iv, atol=1e-12)
    mirrored = woe_table(counts[..., ::-1], zero_cells)
    np.testing.assert_allclose(mirrored.net_woe, -table.net_woe, atol=1e-12)
    np.testing.assert_allclose(mirrored.contribution, table.contribution, atol=1e-12)


@given(
    st.one_of(count_tables(1), count_tables(2)),
    st.sampled_from(["all", "replace_0.99", "replace_0.9", "replace_1"]),
)
def test_no_bin_makes_the_information_smaller(counts: Any, zero_cells: str) -> None:
    table = woe_table(counts, zero_cells)
    assert np.isnan(table.iv) or (table.contribution >= -1e-12).all()


@given(count_tables(2))
def test_many_tables_are_one_call(counts: Any) -> None:
    tables = np.stack([counts, counts[:, ::-1]])
    for i in range(2):
        np.testing.assert_array_equal(woe_table(tables).iv[i], woe_table(tables[i]).iv)


def test_merging_bins_loses_information() -> None:
    merged = np.stack([FULL[0], FULL[1] + FULL[2]])
    assert woe_table(merged, "ignore").iv < woe_table(FULL, "ignore").iv


def test_bins_are_counted_with_weights() -> None:
    codes, side = np.array([0, 0, 1, 2]), np.array([0, 3, 1, 2], np.uint8)
    counts = count_bins(codes, side, 3, 2, np.array([1.0, 2.5, 3.0, 4.0]))
    expected = [[[1, 0], [0, 2.5]], [[0, 3], [0, 0]], [[0, 0], [4, 0]]]
    np.testing.assert_array_equal(counts, expected)


@given(st.integers(1, 300), st.integers(1, 2))
def test_as_many_bins_are_counted_as_there_are(n_bins: int, n_groups: int) -> None:
    codes = np.repeat(np.arange(n_bins), 2 * n_groups)
    side = np.tile(np.arange(2 * n_groups, dtype=np.uint8), n_bins)
    assert (count_bins(codes, side, n_bins, n_groups) == 1).all()


def test_sets_are_ordered_by_information_value() -> None:
    sets = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1]], bool)
    # WOE of the bins is above, below and far below zero.
    up = sets_by_iv(FULL, sets, 1, 1.0, "ignore")
    down = sets_by_iv(FULL, sets, -1, 1.0, "ignore")
    np.testing.assert_array_equal(up, sets[[0, 3]])
    np.testing.assert_array_equal(down, sets[[4, 2, 1]])


def test_sets_of_few_rows_are_left_out() -> None:
    sets = np.array([[1, 0, 0], [1, 1, 0]], bool)
    np.testing.assert_array_equal(sets_by_iv(FULL, sets, 1, 31, "all"), sets[1:])


def test_bands_are_those_of_siddiqi() -> None:
    edges = [0.0, 0.02, 0.1, 0.3, 0.5]
    assert bands(np.array(edges)) == list(BANDS)
    assert bands(np.nextafter(edges[1:], 0)) == list(BANDS[:-1])
    assert bands(np.array([np.nan])) == [None]


@pytest.mark.parametrize("max_bins", [2, 3, 7])
@pytest.mark.parametrize("seed", range(5))
def test_edges_at_quantiles_of_weights_are_those_of_repeated_rows(
    max_bins: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    values = random.permutation(40).astype(float)
    weight = random.integers(1, 6, 40)
    repeated = np.repeat(values, weight)
    edges = quantile_edges(values, weight.astype(float), max_bins)
    assert edges.tolist() == quantile_edges(repeated, None, max_bins).tolist()
    levels = np.arange(1, max_bins) / max_bins
    quantiles = np.quantile(repeated, levels, method="inverted_cdf")
    assert ((quantiles <= edges) & (edges < quantiles + 1)).all()


def test_no_rows_have_no_edges() -> None:
    nothing = np.zeros(0)
    assert quantile_edges(nothing, None, 3).tolist() == []
    assert quantile_edges(nothing, nothing, 3).tolist() == []
