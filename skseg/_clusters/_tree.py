"""A small tree over cells: grown by scikit-learn, optimally pruned, read as boxes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.tree import DecisionTreeClassifier

from skseg._core._coding import Codes, Coding
from skseg._search.clusters._agreement import contingency_table
from skseg._typing import BoolArray, FloatArray, IntArray
from skseg.rules import Rule
from skseg.rules._language._conditions import conjunction

# The tree is grown to this many times the leaves that are kept: growing further hardly
# ever changes the best pruned tree.
_GROWN = 3
# Least gain in balanced accuracy for a further leaf.
_LEAST_GAIN = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Feature:
    """A column, and the place of each of its cells in an order that is split."""

    column: int
    places: IntArray


def boxes(
    coding: Coding, cells: Codes, segments: IntArray, max_leaves: int, seed: int
) -> list[tuple[int, Rule]]:
    """Return boxes that partition the cells, each as its segment and its condition.

    `cells` has shape (n_columns, n_rows). `segments` are numbers from 0 on, all of them
    used, and at most `max_leaves`. The seed breaks ties among cuts.
    """
    features = list(_features(coding, cells, segments))
    if not features:
        (most_frequent,) = np.bincount(segments).argsort()[-1:].tolist()
        return [(most_frequent, conjunction([]))]
    places = np.column_stack([f.places[cells[f.column]] for f in features])
    model = DecisionTreeClassifier(
        max_leaf_nodes=_GROWN * max_leaves, class_weight="balanced", random_state=seed
    ).fit(places.astype(np.float32), segments)
    tree = model.tree_
    weights = tree.value[:, 0, :] * tree.weighted_n_node_samples[:, np.newaxis]
    leaves, labels = _labelled_leaves(tree, weights, max_leaves)
    return [
        (int(label), _rule(coding, _path(tree, features, coding, leaf)))
        for leaf, label in zip(leaves, labels, strict=True)
    ]


def _features(coding: Coding, cells: Codes, segments: IntArray) -> Iterator[Feature]:
    for number, column in enumerate(coding.columns):
        n_cells = column.axis.n_cells
        if column.thresholds is None:
            counts = np.zeros((n_cells, int(segments.max()) + 1))
            table = contingency_table(cells[number].astype(np.intp), segments)
            counts[: len(table)] = table
            yield Feature(number, _nominal_places(counts))
            continue
        yield Feature(number, np.arange(n_cells))
        if column.has_missing and n_cells > 2:
            # A second order, with missing values next to the small numbers.
            yield Feature(number, (np.arange(n_cells) + 1) % n_cells)


def _nominal_places(counts: FloatArray) -> IntArray:
    """Return the place of each level in an order whose cuts separate segments well.

    Levels are ordered by the first principal component of their shares of the segments:
    Coppersmith, Hong and Hosking (1999), Partitioning nominal attributes in decision
    trees. Data Mining and Knowledge Discovery 3, 197-217.
    """
    balanced = counts / counts.sum(axis=0)
    sizes = balanced.sum(axis=1, keepdims=True)
    shares = balanced / sizes
    centred = shares - (sizes * shares).sum(axis=0) / sizes.sum()
    component = np.linalg.svd(np.sqrt(sizes) * centred)[2][0]
    order = np.argsort((centred @ component).round(12), kind="stable")
    return np.argsort(order)


def _labelled_leaves(
    tree: Any, weights: FloatArray, max_leaves: int
) -> tuple[list[int], IntArray]:
    """Return the nodes to stop at and their segments: every segment, if possible."""
    correct, splits = _prunings(tree, weights, max_leaves)
    segments = np.arange(weights.shape[1])
    accuracy = correct[0] / weights[0].sum()
    objective = accuracy - _LEAST_GAIN * np.arange(len(accuracy))
    for n_leaves in range(int(objective.argmax()) + 1, len(objective) + 1):
        leaves = list(_leaves(tree, splits, n_leaves))
        labels = weights[leaves].argmax(axis=1)
        if np.isin(segments, labels).all():
            return leaves, labels
    places, assigned = linear_sum_assignment(-weights[leaves])
    has_rows = weights[leaves][places, assigned] > 0
    labels[places[has_rows]] = assigned[has_rows]
    return leaves, labels


def _prunings(
    tree: Any, weights: FloatArray, max_leaves: int
) -> tuple[list[FloatArray], list[IntArray]]:
    """Return the best pruning of the subtree below every node, by number of leaves.

    The first list has the weight that each number of leaves classifies correctly at
    most, the second how many of these leaves are on the left side, 0 for a leaf.
    M. Bohanec and I. Bratko (1994), Trading accuracy for simplicity in decision trees.
    Machine Learning 15, 223-250.
    """
    correct: list[FloatArray] = [np.empty(0)] * tree.node_count
    splits: list[IntArray] = [np.empty(0, dtype=np.intp)] * tree.node_count
    # Children come after their parents.
    for node in reversed(range(tree.node_count)):
        left, right = tree.children_left[node], tree.children_right[node]
        is_leaf = left < 0
        n_most = 1
        if not is_leaf:
            n_most = min(len(correct[left]) + len(correct[right]), max_leaves)
        best, split = np.full(n_most, -np.inf), np.zeros(n_most, dtype=np.intp)
        best[0] = weights[node].max()
        for n_left in range(1, 1 if is_leaf else min(len(correct[left]) + 1, n_most)):
            total = correct[left][n_left - 1] + correct[right][: n_most - n_left]
            place = slice(n_left, n_left + len(total))
            is_better = total > best[place]
            best[place] = np.where(is_better, total, best[place])
            split[place] = np.where(is_better, n_left, split[place])
        correct[node], splits[node] = best, split
    return correct, splits


def _leaves(tree: Any, splits: Sequence[IntArray], n_leaves: int) -> Iterator[int]:
    """Yield the nodes that are the leaves of the best tree with `n_leaves` leaves."""
    stack = [(0, n_leaves)]
    while stack:
        node, n = stack.pop()
        n_left = int(splits[node][n - 1])
        if n == 1:
            yield node
        else:
            stack.append((int(tree.children_right[node]), n - n_left))
            stack.append((int(tree.children_left[node]), n_left))


def _path(
    tree: Any, features: Sequence[Feature], coding: Coding, leaf: int
) -> dict[int, BoolArray]:
    """Return the cells of each column that lead from the root to a leaf."""
    cells: dict[int, BoolArray] = {}
    node = leaf
    while node:
        is_left = node in tree.children_left
        children = tree.children_left if is_left else tree.children_right
        node = int(np.flatnonzero(children == node)[0])
        feature = features[tree.feature[node]]
        inside = (feature.places <= tree.threshold[node]) == is_left
        previous = cells.get(feature.column)
        cells[feature.column] = inside if previous is None else inside & previous
    return cells


def _rule(coding: Coding, cells: dict[int, BoolArray]) -> Rule:
    return conjunction(
        coding.columns[column].rule(inside.tolist())
        for column, inside in sorted(cells.items())
    )
