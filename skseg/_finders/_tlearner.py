"""TLearnerSegmentFinder: a tree per group, and where their leaves meet."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product
from typing import Any, ClassVar

import numpy as np
from sklearn.base import clone
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skseg._core._validation import check_int
from skseg._search.effects.boxes import CodedAxis, ScoredBox
from skseg.exceptions import InvalidParameterError

from ._base import SegmentFinder
from ._decision import DecisionThresholds
from ._search import Cells, Conditions, Search

# First and last cell of a column.
Ranges = dict[int, tuple[int, int]]


class TLearnerSegmentFinder(SegmentFinder):
    """Find segments where the leaves of two trees meet, one tree per group.

    The practice, made true: a shallow tree of the outcome is fitted in each group, the
    leaves of both are intersected, and the difference between the groups is reported
    for every piece.

    Parameters
    ----------
    estimator : decision tree, default=None
        Fitted in each group, on the numbers of the cells; it must have ``tree_``. None:
        `DecisionTreeClassifier`, or its regressor for a numeric outcome.
    max_depth : int, default=2
        Depth of the default trees, in [1, 10].
    max_features : int, default=3
        Most conditions of a finding, in [1, 3].
    max_findings : int, default=10
        Most findings.
    min_size : int or float, default=0.01
        Least size of a finding in the rows that are searched: an int is a number of
        rows (sum of weights), a float a share in (0, 1). None: one row.
    max_cells : int, default=32
        Most cells that a column is coded to before the search, in [2, 64]. Conditions
        are sets of neighbouring cells; missing values are a cell of their own. For
        ``inference="maxt"`` at most 16.
    assignment : {"randomized", "observational"}, default="randomized"
        How groups came about. ``"randomized"``: by chance, as in a trial.
        ``"observational"``: depending on the columns; effects are then doubly robust
        (AIPW), by models of group and outcome that are fitted out of fold.
    inference : {"honest", "maxt", "none"}, default="honest"
        How findings are tested. ``"honest"``: on rows that the search has not seen,
        with Holm's adjustment. ``"maxt"``: all rows are searched and tested, against
        the largest effect of any box under random signs; for up to two conditions.
        ``"none"``: not at all, so that nothing can be implemented.
    test_size : float, default=0.5
        Share of the rows that honest inference keeps for the test.
    n_replicates : int, default=199
        Number of random signs of ``"maxt"``.
    compare : label or tuple of two labels, default=None
        The groups A and B, or the group A to be compared with all others. None: the two
        that there are, in sorted order.
    thresholds : DecisionThresholds, default=None
        What decisions ask for. None: the historical ones.
    random_state : int, RandomState instance or None, default=None
        Seed of the division of the rows, and of all else that is random.
    n_jobs : int, default=None
        Number of models to fit at once for ``assignment="observational"``.

    Attributes
    ----------
    trees_ : list
        The fitted trees, of A and of B.
    segments_ : DataFrame
        One row per finding, the best first. Feature_1, Range_1 to Feature_3, Range_3:
        its conditions. Pct_Train_% and Pct_Test_%: share of the rows. Success_Train_%,
        Success_Test_% and their difference Success_Diff_%: success rate of Best_Group
        there (of a numeric outcome: its mean, in per cent of the overall one). Method.
        Effect_pp, CI_low, CI_high: effect of A over B in points, with its 95 %
        interval, on the rows of the test. P_adj: adjusted p-value. N_A, N_B: rows of
        the groups. Decision: "Implement", "Pilot", "Hold" or "Skip".
    rules_ : RuleSet
        The findings as rules. They may overlap, and leave rows out.
    groups_ : tuple or None
        The labels of A and B; None without groups.
    balance_ : DataFrame
        How much the groups differ in every column, if there are groups.
    overlap_ : Balance
        How well groups can be told apart, for ``assignment="observational"``.
    n_features_in_ : int
        Number of columns seen in ``fit``.
    feature_names_in_ : ndarray of str
        Their names, where `X` has them.

    See Also
    --------
    BoxSegmentFinder : Compares all boxes; the strongest of the finders.

    Notes
    -----
    Trees of the outcome split where the outcome differs, not where the difference of
    the groups does [1]_, so they miss segments without an effect on the level. Where
    leaves of two trees have more conditions together than `max_features`, all choices
    of so many of them are candidates.

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

    _method: ClassVar[str] = "T-Learner"

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
        compare: Any = None,
        thresholds: DecisionThresholds | None = None,
        random_state: Any = None,
        n_jobs: int | None = None,
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
            compare=compare,
            thresholds=thresholds,
            random_state=random_state,
            n_jobs=n_jobs,
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
                raise self._no_tree(tree)
            self.trees_.append(tree)
        leaves = [list(_leaves(tree.tree_, search.axes)) for tree in self.trees_]
        return search.best(
            {column: one[column] for column in chosen}
            for pieces in product(*leaves)
            if (one := _meet(pieces, search.axes)) is not None
            for chosen in combinations(sorted(one), min(len(one), search.max_features))
        )

    def _no_tree(self, value: object) -> ValueError:
        rule = "a decision tree, which has tree_ once it is fitted"
        return InvalidParameterError(type(self).__name__, "estimator", rule, value)

    def _tree(self, search: Search) -> Any:
        if self.estimator is not None:
            if not hasattr(self.estimator, "fit"):
                raise self._no_tree(self.estimator)
            return clone(self.estimator)
        of_kind = (
            DecisionTreeClassifier if search.rows.is_binary else DecisionTreeRegressor
        )
        least = search.min_size / float(search.rows.weight.sum())
        return of_kind(
            max_depth=self.max_depth,
            min_weight_fraction_leaf=min(least, 0.5),
            random_state=search.random_state,
        )


def _leaves(tree: Any, axes: Any) -> Iterator[Ranges]:
    """Yield the cells of every leaf, of the columns that lead to it."""
    todo: list[tuple[int, Ranges]] = [(0, {})]
    while todo:
        node, ranges = todo.pop()
        column = int(tree.feature[node])
        if tree.children_left[node] < 0:
            yield ranges
            continue
        first, last = ranges.get(column, (0, axes[column].n_cells - 1))
        border = int(np.floor(tree.threshold[node]))
        left, right = int(tree.children_left[node]), int(tree.children_right[node])
        todo.append((right, {**ranges, column: (max(first, border + 1), last)}))
        todo.append((left, {**ranges, column: (first, min(last, border))}))


def _meet(pieces: tuple[Ranges, ...], axes: Any) -> Conditions | None:
    """Return the conditions of all leaves together; None if nobody can meet them."""
    found: Conditions = {}
    for column in sorted({column for piece in pieces for column in piece}):
        ranges = [piece[column] for piece in pieces if column in piece]
        first = max(first for first, _ in ranges)
        last = min(last for _, last in ranges)
        if first > last:
            return None
        found[column] = _cells(axes[column], first, last)
    return found


def _cells(axis: CodedAxis, first: int, last: int) -> Cells:
    return tuple(first <= i <= last for i in range(axis.n_cells))
