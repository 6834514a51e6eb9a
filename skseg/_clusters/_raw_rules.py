"""Rules in the units before the scalers of a pipeline."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skseg._core._validation import positional_names
from skseg._search._readable import roundest
from skseg._typing import FloatArray, IntArray
from skseg.exceptions import InvalidDataError
from skseg.rules import Columns, Rule, RuleSet, col
from skseg.rules._language._conditions import (
    Comparison,
    Leaf,
    Membership,
    Missing,
    disjunction,
    leaves,
    map_leaves,
)

from ._monotone import domain, is_passthrough, keeps_order

_LARGEST = float(np.finfo(np.float64).max)
_ALL_BUT_SIGN = np.int64(2**63 - 1)


def raw_rules(pipeline: Any, X: Any = None) -> RuleSet:
    """Return the rules of a pipeline's last step in the units of its first.

    In ``make_pipeline(StandardScaler(), RuleSurrogate(KMeans(5)))`` the rules are about
    scaled columns. This walks back through the scalers: the rules that it returns give
    every raw row the segment that ``pipeline.predict`` gives it. With the scaler inside
    the surrogate, ``RuleSurrogate(make_pipeline(StandardScaler(), KMeans(5)))``, rules
    are in raw units and round from the start.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted; or a search for one. Its last step has rules, in ``rules_``. All steps
        before map each column alone by a rising function: `StandardScaler`,
        `MinMaxScaler`, `MaxAbsScaler`, `RobustScaler`, `PowerTransformer`,
        `QuantileTransformer`, `FunctionTransformer` with a function of numpy such as
        `numpy.log1p`.
    X : frame or array of shape (n_rows, n_columns), default=None
        Raw rows. If given, every threshold becomes the roundest one that cuts these
        rows alike, so that others may get another segment than by the pipeline. None:
        thresholds are exact, and long.

    Returns
    -------
    RuleSet
        With the names, the default, the universe and the noise of the last step.

    Raises
    ------
    NotFittedError
        If the pipeline is not fitted.
    ValueError
        If the last step has no rules, or a step mixes columns (as `PCA` does), changes
        their number, or is otherwise none of the above.

    Notes
    -----
    A threshold t becomes the largest float64 that the transformer does not map above
    t, found by bisection over all of them. So rules agree with the pipeline on every
    row of float64 numbers, next to a threshold too, as far as the transformer keeps the
    order of neighbouring numbers: scalers do; logarithms and powers may err in the last
    place. Rows of float32 are scaled in float32, which is another function.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.cluster import KMeans
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skseg import RuleSurrogate, raw_rules
    >>> X = pd.DataFrame({"aov": [20, 25, 30, 210, 220, 230], "n": [9, 8, 9, 1, 2, 1]})
    >>> surrogate = RuleSurrogate(KMeans(2, random_state=0), random_state=0)
    >>> pipeline = make_pipeline(StandardScaler(), surrogate).fit(X)
    >>> print(pipeline[-1].rules_)
    Segment 0: x0 > 0
    Segment 1: x0 <= 0
    Unknown: everyone else
    >>> print(raw_rules(pipeline, X))
    Segment 0: aov > 100
    Segment 1: aov <= 100
    Unknown: everyone else
    """
    pipeline = getattr(pipeline, "best_estimator_", pipeline)
    if not isinstance(pipeline, Pipeline):
        raise InvalidDataError(
            "raw_rules walks back through a Pipeline whose last step has rules. Got "
            f"{pipeline!r} instead."
        )
    check_is_fitted(pipeline)
    *steps, last = _steps(pipeline)
    rules = _rules_of(last)
    names = _column_names(last)
    for step in reversed(steps):
        rules = _before(rules, step, names)
    raw_names = _column_names([*steps, last][0])
    rules = _renamed(rules, dict(zip(names, raw_names, strict=True)))
    if X is not None:
        rules = _rounded(rules, X)
    return rules.simplify()


def _steps(estimator: Any) -> Iterator[Any]:
    """Yield the steps of pipelines in pipelines, but those that change nothing."""
    if isinstance(estimator, Pipeline):
        for _, step in estimator.steps:
            yield from _steps(step)
    elif isinstance(estimator, FrozenEstimator):
        yield from _steps(estimator.estimator)
    elif hasattr(estimator, "best_estimator_"):
        yield from _steps(estimator.best_estimator_)
    elif not is_passthrough(estimator):
        yield estimator


def _rules_of(last: Any) -> RuleSet:
    rules = getattr(last, "rules_", None)
    if not isinstance(rules, RuleSet):
        raise InvalidDataError(
            "The last step of the pipeline must have rules_, as RuleSurrogate has. "
            f"Got {last!r} instead."
        )
    return rules


def _column_names(step: Any) -> list[str]:
    known = getattr(step, "feature_names_in_", None)
    return (
        positional_names(step.n_features_in_) if known is None else [*map(str, known)]
    )


def _mapped(rules: RuleSet, change: Callable[[Leaf], Rule]) -> RuleSet:
    universe = rules.universe
    return RuleSet(
        {name: map_leaves(rule, change) for name, rule in rules.rules.items()},
        default=rules.default,
        universe=None if universe is None else map_leaves(universe, change),
        noise=rules.noise,
    )


def _renamed(rules: RuleSet, names: Mapping[str, str]) -> RuleSet:
    return _mapped(rules, lambda leaf: replace(leaf, column=names[leaf.column]))


def _before(rules: RuleSet, step: Any, names: Sequence[str]) -> RuleSet:
    """Return the rules in the units in which a transformer takes the columns."""
    if not keeps_order(step):
        raise InvalidDataError(
            "raw_rules walks back through transformers that map each column alone by a "
            f"rising function, such as StandardScaler. {step!r} is none that it knows. "
            "Put it inside the surrogate, as in RuleSurrogate(make_pipeline(PCA(2), "
            "KMeans(5))): then rules are about the columns before it."
        )
    return _mapped(rules, _Inverse(step, rules, names))


class _Inverse:
    """Conditions on what a transformer makes of a column, as conditions on the column.

    Every comparison with a number is one with a cut: the largest number before the
    transformer that it does not map above that number.
    """

    def __init__(self, step: Any, rules: RuleSet, names: Sequence[str]) -> None:
        self._low, high = domain(step)
        every = [*rules.rules.values()]
        every += [] if rules.universe is None else [rules.universe]
        asked = dict.fromkeys(
            (leaf.column, number)
            for leaf in chain.from_iterable(map(leaves, every))
            for threshold in _numbers(leaf)
            for number in (_before_it(threshold), threshold)
        )
        values = np.array([number for _, number in asked], dtype=np.float64)
        places = np.array([names.index(name) for name, _ in asked], dtype=np.intp)
        function = _Columns(step, places, len(names))
        found = largest_not_above(function, values, self._low, high)
        self._cuts = dict(zip(asked, found.tolist(), strict=True))

    def __call__(self, leaf: Leaf) -> Rule:
        """Return the condition on the column before the transformer."""
        if isinstance(leaf, Missing):
            if not self._is_bounded:
                return leaf
            # Without a value, as the logarithm of a negative number is.
            return leaf | (col(leaf.column) < self._low)
        if isinstance(leaf, Membership):
            if isinstance(leaf.values[0], str):
                return leaf
            return disjunction(self._equal(leaf.column, v) for v in leaf.values)
        if isinstance(leaf.threshold, str):
            return leaf
        return self._compared(leaf.column, leaf.operator, leaf.threshold)

    @property
    def _is_bounded(self) -> bool:
        return self._low > -_LARGEST

    def _compared(self, name: str, operator: str, number: Any) -> Rule:
        if operator == "==":
            return self._equal(name, number)
        if operator == "!=":
            return ~self._equal(name, number)
        cut = self._cuts[
            name, number if operator in ("<=", ">") else _before_it(number)
        ]
        rule: Rule = col(name) <= cut if operator in ("<=", "<") else col(name) > cut
        return rule & (col(name) >= self._low) if self._is_bounded else rule

    def _equal(self, name: str, number: Any) -> Rule:
        return self._compared(name, "<=", number) & self._compared(name, ">=", number)


class _Columns:
    """A transformer, as a function of one number in one column at a time."""

    def __init__(self, step: Any, places: IntArray, n_columns: int) -> None:
        self._step = step
        self._rows, self._places = np.arange(len(places)), places
        self._shape = len(places), n_columns

    def __call__(self, numbers: FloatArray) -> FloatArray:
        """Return what becomes of a number in each of the places."""
        # Of which every transformer here has a value.
        X = np.ones(self._shape)
        X[self._rows, self._places] = numbers
        try:
            return self._transformed(X)[self._rows, self._places]
        except ValueError:
            return np.array([self._one(X[[row]], row) for row in self._rows.tolist()])

    def _one(self, X: FloatArray, row: int) -> float:
        place = self._places[row]
        try:
            return float(self._transformed(X)[0, place])
        except ValueError:
            # Refused, as its image is beyond all numbers.
            return math.copysign(math.inf, X[0, place])

    def _transformed(self, X: FloatArray) -> FloatArray:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            # Of names that a bare array has not, and of overflow.
            warnings.simplefilter("ignore")
            return np.asarray(self._step.transform(X), dtype=np.float64)


def largest_not_above(
    function: Callable[[FloatArray], FloatArray],
    values: FloatArray,
    low: float,
    high: float,
) -> FloatArray:
    """Return the largest numbers that a rising function does not map above some values.

    Parameters
    ----------
    function : callable
        Takes an array of as many numbers as there are values, each for its own value.
    values : ndarray of float64 of shape (n_values,)
        The values.
    low, high : float
        The function is asked about numbers from low to high.

    Returns
    -------
    ndarray of float64 of shape (n_values,)
        The number before `low` where every number is mapped above, inf where none is.
    """
    first, last = _ranks(np.array([low, high]))
    below = np.full(len(values), first - 1)
    above = np.full(len(values), last + 1)
    # Numbers of 64 bits have at most so many halves.
    for _ in range(64):
        # The mean, without a sum beyond 64 bits.
        middle = (below >> 1) + (above >> 1) + (below & above & 1)
        is_open = below < middle
        fits = function(_unranked(np.clip(middle, first, last))) <= values
        below = np.where(is_open & fits, middle, below)
        above = np.where(is_open & ~fits, middle, above)
    return np.where(below == last, np.inf, _unranked(below))


def _ranks(numbers: FloatArray) -> npt.NDArray[np.int64]:
    """Return integers in the order of the numbers, neighbours for neighbours."""
    bits = (numbers + 0.0).view(np.int64)
    return np.where(bits < 0, -(bits & _ALL_BUT_SIGN), bits)


def _unranked(ranks: npt.NDArray[np.int64]) -> FloatArray:
    return np.copysign(np.abs(ranks).view(np.float64), ranks) + 0.0


def _before_it(number: float) -> float:
    return math.nextafter(number, -math.inf)


def _numbers(leaf: Leaf) -> Sequence[Any]:
    if isinstance(leaf, Missing):
        return ()
    values = leaf.values if isinstance(leaf, Membership) else (leaf.threshold,)
    return [value for value in values if isinstance(value, float)]


def _rounded(rules: RuleSet, X: Any) -> RuleSet:
    """Return the rules with the roundest cuts that treat these rows alike."""
    columns = Columns(X, "raw_rules")
    columns.require(list(rules.columns))
    distinct = {
        name: np.unique(values[~np.isnan(values)])
        for name, kind in rules.kinds.items()
        if kind == "number"
        for values in [columns.numbers(name)]
    }

    def rounded(leaf: Leaf) -> Rule:
        if not isinstance(leaf, Comparison) or leaf.operator not in ("<=", ">"):
            return leaf
        assert isinstance(leaf.threshold, float)
        values = distinct[leaf.column]
        above = int(np.searchsorted(values, leaf.threshold, side="right"))
        if not 0 < above < len(values):
            return leaf
        cut = roundest(float(values[above - 1]), float(values[above]))
        return replace(leaf, threshold=cut)

    return _mapped(rules, rounded)
