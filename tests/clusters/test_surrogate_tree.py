"""The tree of the surrogate: pruned optimally, by comparison with all prunings."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.tree import DecisionTreeClassifier

from skseg._clusters._round_cells import round_thresholds
from skseg._clusters._tree import _leaves, _nominal_places, _prunings


def all_prunings(tree: Any, node: int = 0) -> list[list[int]]:
    """Return the leaves of every tree that stops earlier."""
    left, right = tree.children_left[node], tree.children_right[node]
    if left < 0:
        return [[node]]
    pairs = product(all_prunings(tree, left), all_prunings(tree, right))
    return [[node], *(a + b for a, b in pairs)]


@given(st.integers(0, 10_000), st.integers(2, 4), st.integers(2, 9))
def test_the_best_pruning_of_each_size_is_found(
    seed: int, n_classes: int, n_leaves: int
) -> None:
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(40, 2)), rng.integers(0, n_classes, 40)
    tree = (
        DecisionTreeClassifier(max_leaf_nodes=n_leaves, random_state=0).fit(X, y).tree_
    )
    weights = tree.value[:, 0, :] * tree.weighted_n_node_samples[:, np.newaxis]
    at_most = max(2, n_leaves - 2)
    gains, splits = _prunings(tree, weights, at_most)
    best: dict[int, float] = {}
    for leaves in all_prunings(tree):
        right = weights[leaves].max(axis=1).sum()
        best[len(leaves)] = max(best.get(len(leaves), 0.0), right)
    np.testing.assert_allclose(gains[0], [best[i + 1] for i in range(len(gains[0]))])
    assert len(gains[0]) == min(at_most, tree.n_leaves)
    for size in range(1, len(gains[0]) + 1):
        leaves = list(_leaves(tree, splits, size))
        assert len(leaves) == size
        assert weights[leaves].max(axis=1).sum() == pytest.approx(best[size])


def test_levels_with_similar_segments_are_neighbours() -> None:
    counts = np.array([[9.0, 1], [1, 9], [8, 2], [2, 8], [5, 5]])
    order = np.argsort(_nominal_places(counts)).tolist()
    assert order in ([0, 2, 4, 3, 1], [1, 3, 4, 2, 0])


def test_a_wide_gap_is_cut_wherever_it_is_among_many_values() -> None:
    rng = np.random.default_rng(0)
    for share in (0.1, 0.33, 0.5, 0.77):
        n = int(share * 10_000)
        values = np.sort(np.append(rng.random(n), 2 + rng.random(10_000 - n)))
        found = round_thresholds(values, np.ones(10_000), 3)
        assert ((found >= values[n - 1]) & (found < values[n])).any()


def test_thresholds_rise_and_are_few() -> None:
    rng = np.random.default_rng(0)
    values = np.unique(rng.lognormal(0, 3, 5000))
    found = round_thresholds(values, np.ones(len(values)), 2)
    assert (np.diff(found) > 0).all()
    assert 100 < len(found) <= 250
    # None is beyond the values, where it would cut nothing.
    assert values[0] <= found[0]
    assert found[-1] < values[-1]


def test_infinite_values_are_cut_off() -> None:
    found = round_thresholds(np.array([-np.inf, 0.0, 1.0, np.inf]), np.ones(4), 3)
    assert len(found) == 3
    assert np.searchsorted(found, [-np.inf, 0.0, 1.0, np.inf]).tolist() == [0, 1, 2, 3]
