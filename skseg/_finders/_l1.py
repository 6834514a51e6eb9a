"""L1SegmentFinder: conditions that a sparse model lets interact with the group."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import sklearn
from sklearn.linear_model import Lasso, LogisticRegression
from sklearn.utils.fixes import parse_version

from skseg._core._validation import is_number
from skseg._search.effects.boxes import CodedAxis, ScoredBox
from skseg._typing import FloatArray
from skseg.exceptions import InvalidParameterError

from ._base import SegmentFinder
from ._decision import DecisionThresholds
from ._search import Cells, Conditions, Search

# Thresholds of a column that the model is offered, and conditions that are combined.
_MOST_THRESHOLDS = 7
_MOST_CONDITIONS = 8


class L1SegmentFinder(SegmentFinder):
    """Find segments by a sparse regression in which conditions interact with the group.

    Conditions on single columns, with thresholds from the data, and their products with
    the group are offered to a logistic regression with an L1 penalty (to the lasso for
    a numeric outcome). Those whose products keep a weight are combined.

    Parameters
    ----------
    C : float, default=None
        Inverse strength of the penalty, as in `LogisticRegression`. None: such that
        what noise does to a coefficient stays below it mostly.
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
    coefficients_ : DataFrame
        The columns column, rule and coefficient: what every condition adds to the
        difference of the groups, in terms of its standard deviation.
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
    The lasso [1]_. Each condition enters alone, so patterns without a trace in single
    columns, such as an exclusive or, are not found.

    References
    ----------
    .. [1] R. Tibshirani (1996), Regression shrinkage and selection via the lasso.
       Journal of the Royal Statistical Society B 58 (1), 267-288.

    Examples
    --------
    >>> from skseg import L1SegmentFinder
    >>> from skseg.datasets import make_seller_groups
    >>> leads = make_seller_groups(20_000, random_state=0)
    >>> X = leads.drop(columns=["seller", "converted", "revenue"])
    >>> finder = L1SegmentFinder(random_state=0)
    >>> finder.fit(X, leads["converted"], group=leads["seller"]).groups_
    ('A', 'B')
    """

    _method: ClassVar[str] = "L1"

    def __init__(
        self,
        *,
        C: float | None = None,
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
        self.C = C

    def _boxes(self, search: Search) -> list[ScoredBox]:
        conditions = [
            (column, cells)
            for column, axis in enumerate(search.axes)
            for cells in _conditions(axis)
        ]
        coefficients = self._interactions(search, conditions)
        self.coefficients_ = pd.DataFrame(
            {
                "column": [search.coding.columns[i].name for i, _ in conditions],
                "rule": [str(search.coding.columns[i].rule(c)) for i, c in conditions],
                "coefficient": coefficients,
            }
        )
        order = np.argsort(-np.abs(coefficients), kind="stable")[:_MOST_CONDITIONS]
        chosen = [conditions[i] for i in order if coefficients[i] != 0]
        return search.best(_combined(chosen, search.max_features))

    def _interactions(
        self, search: Search, conditions: list[tuple[int, Cells]]
    ) -> FloatArray:
        """Return by how much each condition changes the difference of the groups."""
        if not conditions:
            return np.zeros(0)
        rows = search.rows
        flags = np.column_stack(
            [np.array(cells)[search.codes[column]] for column, cells in conditions]
        ).astype(np.float64)
        features, n_own, weight = flags, 0, rows.weight
        if rows.in_a is not None:
            # Half a unit to either side, so that main effects are those of both.
            side = np.where(rows.in_a, 0.5, -0.5)[:, np.newaxis]
            centred = flags - np.average(flags, axis=0, weights=weight)
            features = np.hstack([flags, side, side * centred])
            n_own = flags.shape[1] + 1
        features -= np.average(features, axis=0, weights=weight)
        spread = np.sqrt(np.average(features**2, axis=0, weights=weight))
        features /= np.where(spread > 0, spread, 1.0)
        fitted = self._model(features, rows.y, weight, rows.is_binary)
        return np.asarray(fitted[n_own:])

    def _model(
        self, features: FloatArray, y: FloatArray, weight: FloatArray, is_binary: bool
    ) -> FloatArray:
        if self.C is not None and not (is_number(self.C) and self.C > 0):
            rule = "None or a number above 0"
            raise InvalidParameterError(type(self).__name__, "C", rule, self.C)
        total, n_features = float(weight.sum()), features.shape[1]
        mean = float(np.average(y, weights=weight))
        scatter = math.sqrt(float(np.average((y - mean) ** 2, weights=weight)))
        if scatter == 0:
            return np.zeros(n_features)
        # Two standard errors of the gradient of noise. The model is there to propose
        # conditions, others test them, so a few false ones do no harm.
        noise = 2 * scatter * math.sqrt(total)
        penalty = noise if self.C is None else 1 / self.C
        if not is_binary:
            model = Lasso(alpha=penalty / total, max_iter=10_000)
            return np.asarray(model.fit(features, y, sample_weight=weight).coef_)
        model = LogisticRegression(
            C=1 / penalty, solver="liblinear", tol=1e-4, max_iter=1000, **_L1
        )
        return np.asarray(model.fit(features, y, sample_weight=weight).coef_[0])


# scikit-learn 1.8 has replaced the name of the penalty by the ratio.
_L1: dict[str, Any] = {"l1_ratio": 1}
if parse_version(sklearn.__version__) < parse_version("1.8"):
    _L1 = {"penalty": "l1"}


def _conditions(axis: CodedAxis) -> Iterator[Cells]:
    """Yield the conditions on one column that the model is offered."""
    n_known = axis.n_cells if axis.missing is None else axis.n_cells - 1
    numbers = range(axis.n_cells)
    if axis.missing is not None:
        yield tuple(i == axis.missing for i in numbers)
    if axis.nominal:
        if n_known > 1:
            for level in range(n_known if n_known > 2 else 1):
                yield tuple(i == level for i in numbers)
        return
    n_thresholds = min(n_known - 1, _MOST_THRESHOLDS)
    borders = np.linspace(0, n_known, n_thresholds + 2)[1:-1].round().astype(int)
    for border in np.unique(borders).tolist():
        yield tuple(border <= i < n_known for i in numbers)


def _combined(
    conditions: list[tuple[int, Cells]], max_features: int
) -> Iterator[Conditions]:
    """Yield the conditions and their opposites, alone and together."""
    both = [
        (column, side)
        for column, cells in conditions
        for side in (cells, tuple(not cell for cell in cells))
    ]
    # Two thresholds of a column make a band.
    bands = [
        (column, cells)
        for (column, one), (other, two) in combinations(both, 2)
        if column == other and any(cells := _both(one, two)) and cells not in (one, two)
    ]
    for size in range(1, max_features + 1):
        for some in combinations(both if size > 2 else [*both, *bands], size):
            if len({column for column, _ in some}) == size:
                yield dict(some)


def _both(one: Cells, other: Cells) -> Cells:
    return tuple(a and b for a, b in zip(one, other, strict=True))
