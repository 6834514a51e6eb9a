"""L1SegmentFinder: conditions that interact with the group in a sparse regression."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import sklearn
from sklearn.linear_model import Lasso, LogisticRegression
from sklearn.utils.fixes import parse_version

from skseg._core._fitted_tables import FittedTable
from skseg._core._validation import is_number
from skseg._search.effects.boxes import CodedAxis, ScoredBox
from skseg._typing import FloatArray
from skseg.exceptions import InvalidParameterError

from ._base import SegmentFinder, with_shared_sections
from ._decisions._decision import DecisionThresholds
from ._search import Cells, Conditions, Search

_MAX_THRESHOLDS = 7  # thresholds of each column among the features of the model
_MAX_CONDITIONS = 8  # conditions of the largest coefficients that are combined


@with_shared_sections
class L1SegmentFinder(SegmentFinder):
    """Find segments by a sparse regression in which conditions interact with the group.

    Conditions on single columns, with thresholds from the data, and their products with
    the group are the features of a logistic regression with an L1 penalty (of the lasso
    for a numeric outcome). Conditions whose products keep a coefficient are combined.

    Parameters
    ----------
    C : float, default=None
        Inverse strength of the penalty, as in `LogisticRegression`. None: a penalty of
        two standard errors of the gradient, which noise seldom exceeds.
    {shared parameters}

    Attributes
    ----------
    coefficients_ : DataFrame
        One row per condition, with the columns column, rule and coefficient: how much
        a standard deviation of the condition adds to the difference of the groups.
    {shared attributes}

    See Also
    --------
    BoxSegmentFinder : Compares all boxes; the strongest of the finders.

    Notes
    -----
    The penalty is that of the lasso [1]_. Each condition is a feature by itself, so
    patterns without a trace in single columns, such as an exclusive or, are not found.

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

    coefficients_ = FittedTable()

    _method = "L1"

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
        order = np.argsort(-np.abs(coefficients), kind="stable")[:_MAX_CONDITIONS]
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
        features, n_main, weight = flags, 0, rows.weight
        if rows.in_a is not None:
            # Symmetric around 0, so that main effects are the mean of both groups.
            group = np.where(rows.in_a, 0.5, -0.5)[:, np.newaxis]
            centred = flags - np.average(flags, axis=0, weights=weight)
            features = np.hstack([flags, group, group * centred])
            n_main = flags.shape[1] + 1
        features -= np.average(features, axis=0, weights=weight)
        spread = np.sqrt(np.average(features**2, axis=0, weights=weight))
        features /= np.where(spread > 0, spread, 1.0)
        coefficients = self._coefficients(features, rows.y, weight, rows.is_binary)
        return coefficients[n_main:]

    def _coefficients(
        self, features: FloatArray, y: FloatArray, weight: FloatArray, is_binary: bool
    ) -> FloatArray:
        if self.C is not None and not (is_number(self.C) and self.C > 0):
            rule = "None or a number above 0"
            raise InvalidParameterError(type(self).__name__, "C", rule, self.C)
        total, n_features = float(weight.sum()), features.shape[1]
        mean = float(np.average(y, weights=weight))
        deviation = math.sqrt(float(np.average((y - mean) ** 2, weights=weight)))
        if deviation == 0:
            return np.zeros(n_features)
        # Two standard errors of the gradient of noise. Conditions that pass by chance
        # do no harm, since the findings are tested afterwards.
        penalty = 2 * deviation * math.sqrt(total) if self.C is None else 1 / self.C
        if not is_binary:
            model = Lasso(alpha=penalty / total, max_iter=10_000)
            return np.asarray(model.fit(features, y, sample_weight=weight).coef_)
        # The solver takes the coordinates in random order and ends within a tolerance:
        # in another order, features of nearly the same weight may change ranks.
        model = LogisticRegression(
            C=1 / penalty,
            solver="liblinear",
            tol=1e-4,
            max_iter=1000,
            random_state=0,
            **_L1,
        )
        return np.asarray(model.fit(features, y, sample_weight=weight).coef_[0])


# scikit-learn 1.8 has replaced the name of the penalty by the share of L1 in it.
_L1: dict[str, Any] = {"l1_ratio": 1}
if parse_version(sklearn.__version__) < parse_version("1.8"):
    _L1 = {"penalty": "l1"}


def _conditions(axis: CodedAxis) -> Iterator[Cells]:
    """Yield the conditions on one column that are features of the model."""
    n_known = axis.n_cells if axis.missing is None else axis.n_cells - 1
    numbers = range(axis.n_cells)
    if axis.missing is not None:
        yield tuple(i == axis.missing for i in numbers)
    if axis.nominal:
        if n_known > 1:
            for level in range(n_known if n_known > 2 else 1):
                yield tuple(i == level for i in numbers)
        return
    n_thresholds = min(n_known - 1, _MAX_THRESHOLDS)
    borders = np.linspace(0, n_known, n_thresholds + 2)[1:-1].round().astype(int)
    for border in np.unique(borders).tolist():
        yield tuple(border <= i < n_known for i in numbers)


def _combined(
    conditions: list[tuple[int, Cells]], max_features: int
) -> Iterator[Conditions]:
    """Yield the conditions and their complements, alone and together."""
    single = [
        (column, flags)
        for column, cells in conditions
        for flags in (cells, tuple(not cell for cell in cells))
    ]
    # Two thresholds of a column make an interval.
    intervals = [
        (column, cells)
        for (column, first), (column_2, second) in combinations(single, 2)
        if column == column_2
        and any(cells := _intersection(first, second))
        and cells not in (first, second)
    ]
    for size in range(1, max_features + 1):
        # Triples of intervals would be too many to look at.
        parts = single if size > 2 else [*single, *intervals]
        for chosen in combinations(parts, size):
            if len({column for column, _ in chosen}) == size:
                yield dict(chosen)


def _intersection(first: Cells, second: Cells) -> Cells:
    return tuple(a and b for a, b in zip(first, second, strict=True))
