"""TLearnerSegmentFinder: a tree per group, whose leaves are intersected."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skseg._core._validation import check_int
from skseg._search.effects.boxes import CodedAxis, ScoredBox
from skseg.exceptions import InvalidParameterError

from ._base import SegmentFinder, with_shared_sections
from ._decisions._decision import DecisionThresholds
from ._search import Cells, Conditions, Search

# Number of a column -> first and last cell of an interval.
Ranges = dict[int, tuple[int, int]]


@with_shared_sections
class TLearnerSegmentFinder(SegmentFinder):
    """Find segments as intersections of the leaves of two trees, one per group.

    The common practice, with a test: a shallow tree of the outcome is fitted in each
    group, the leaves of both are intersected, and the groups are compared in every
    intersection.

    Parameters
    ----------
    estimator : decision tree, default=None
        Tree to fit in each group, on the numbers of the cells; once fitted, it must
        have ``tree_``. None: `DecisionTreeClassifier`, or `DecisionTreeRegressor` for a
        numeric outcome.
    max_depth : int, default=2
        Depth of the default trees, in [1, 10].
    {shared parameters}

    Attributes
    ----------
    trees_ : list
        The fitted trees of A and of B; without groups, one tree.
    {shared attributes}

    See Also
    --------
    BoxSegmentFinder : Compares all boxes; the strongest of the finders.

    Notes
    -----
    Trees of the outcome split where the outcome differs, not where the difference of
    the groups does [1]_, so they miss segments in which neither group's outcome differs
    from that around them. If an intersection has conditions on more than `max_features`
    columns, every choice of `max_features` among them is a candidate.

    References
    ----------
    .. [1] S. Kuenzel, J. Sekhon, P. Bickel, B. Yu (2019), Metalearners for estimating
       heterogeneous treatment effects using machine learning. Proceedings of the
       National Academy of Sciences 116 (10), 4156-4165.

    Examples
    --------
    >>> from skseg import TLearnerSegmentFinder
    >>> from skseg.datasets import make_seller_groups
    >>> leads = make_seller_groups(20_000, random_state=0)
    >>> X = leads.drop(columns=["seller", "converted", "revenue"])
    >>> finder = TLearnerSegmentFinder(random_state=0)
    >>> finder.fit(X, leads["converted"], group=leads["seller"]).groups_
    ('A', 'B')
    """

    _method = "T-Learner"

    def __init__(
        self,
        *,
        estimator: Any = None,
        max_depth: int = 2,
        max_features: int = 3,
        max_findings: int = 10,
        min_size: float | None = 0.01,
        max_cells: int = 32,
        assignment: str = "randomized",
        inference: str = "honest",
        test_size: float = 0.5,
        n_replicates: int = 199,
        treatment: Any = None,
        reference: Any = None,
        propensity_estimator: Any = None,
        outcome_estimator: Any = None,
        thresholds: DecisionThresholds | None = None,
        pos_label: Any = None,
        encode: str = "membership",
        cv: Any = 5,
        random_state: Any = None,
        n_jobs: int | None = None,
        verbose: bool = False,
    ) -> None:
        super().__init__(
            max_features=max_features,
            max_findings=max_findings,
            min_size=min_size,
            max_cells=max_cells,
            assignment=assignment,
            inference=inference,
            test_size=test_size,
            n_replicates=n_replicates,
            treatment=treatment,
            reference=reference,
            propensity_estimator=propensity_estimator,
            outcome_estimator=outcome_estimator,
            thresholds=thresholds,
            pos_label=pos_label,
            encode=encode,
            cv=cv,
            random_state=random_state,
            n_jobs=n_jobs,
            verbose=verbose,
        )
        self.estimator = estimator
        self.max_depth = max_depth

    def _boxes(self, search: Search) -> list[ScoredBox]:
        check_int(type(self).__name__, "max_depth", self.max_depth, 1, 10)
        self.trees_: list[Any] = []
        if not search.axes:
            return []
        rows, codes = search.rows, search.codes.T.astype(np.float32)
        groups: list[Any] = [...]
        if rows.in_a is not None:
            groups = [rows.in_a, ~rows.in_a]
        for group in groups:
            tree = self._tree(search)
            tree.fit(codes[group], rows.y[group], sample_weight=rows.weight[group])
            if not hasattr(tree, "tree_"):
                raise self._not_a_tree(tree)
            self.trees_.append(tree)
        leaves = [list(_leaves(tree.tree_, search.axes)) for tree in self.trees_]
        return search.best(
            {column: cells[column] for column in chosen}
            for crossing in product(*leaves)
            if (cells := _intersection(crossing, search.axes)) is not None
            for chosen in combinations(
                sorted(cells), min(len(cells), search.max_features)
            )
        )

    def _not_a_tree(self, value: object) -> InvalidParameterError:
        rule = "a decision tree, which has tree_ once it is fitted"
        return InvalidParameterError(type(self).__name__, "estimator", rule, value)

    def _tree(self, search: Search) -> Any:
        if self.estimator is not None:
            if not hasattr(self.estimator, "fit"):
                raise self._not_a_tree(self.estimator)
            return clone(self.estimator)
        kind = (
            DecisionTreeClassifier if search.rows.is_binary else DecisionTreeRegressor
        )
        min_share = search.min_size / float(search.rows.weight.sum())
        return kind(
            max_depth=self.max_depth,
            min_weight_fraction_leaf=min(min_share, 0.5),
            random_state=search.random_state,
        )


def _leaves(tree: Any, axes: Any) -> Iterator[Ranges]:
    """Yield the intervals of cells of every leaf, in the columns that lead to it."""
    stack: list[tuple[int, Ranges]] = [(0, {})]
    while stack:
        node, ranges = stack.pop()
        column = int(tree.feature[node])
        if tree.children_left[node] < 0:
            yield ranges
            continue
        first, last = ranges.get(column, (0, axes[column].n_cells - 1))
        border = int(np.floor(tree.threshold[node]))
        left, right = int(tree.children_left[node]), int(tree.children_right[node])
        stack.append((right, {**ranges, column: (max(first, border + 1), last)}))
        stack.append((left, {**ranges, column: (first, min(last, border))}))


def _intersection(leaves: tuple[Ranges, ...], axes: Any) -> Conditions | None:
    """Return the conditions of all leaves together; None if no row can meet them."""
    conditions: Conditions = {}
    for column in sorted({column for leaf in leaves for column in leaf}):
        ranges = [leaf[column] for leaf in leaves if column in leaf]
        first = max(first for first, _ in ranges)
        last = min(last for _, last in ranges)
        if first > last:
            return None
        conditions[column] = _cells(axes[column], first, last)
    return conditions


def _cells(axis: CodedAxis, first: int, last: int) -> Cells:
    return tuple(first <= i <= last for i in range(axis.n_cells))
