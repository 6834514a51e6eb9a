"""raw_rules: rules in the units before the scalers of a pipeline."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skseg._core._validation import positional_names
from skseg._search._readable import roundest
from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.rules import Columns, Rule, RuleSet
from skseg.rules._language._conditions import Comparison, Leaf, map_leaves

from ._inverse import Inverse
from ._monotone import is_passthrough, keeps_order

_OWNER = "raw_rules"


def raw_rules(pipeline: Any, X: Any = None) -> RuleSet:
    """Return the rules of a pipeline's last step in the units of its first.

    In ``make_pipeline(StandardScaler(), RuleSurrogate(KMeans(5)))`` the rules are about
    scaled columns. This function walks back through the scalers: its rules give every
    raw row the segment that ``pipeline.predict`` gives it. With the scaler inside the
    surrogate, as in ``RuleSurrogate(make_pipeline(StandardScaler(), KMeans(5)))``,
    rules are in raw units and round from the start.

    Parameters
    ----------
    pipeline : Pipeline
        A fitted pipeline, or a search over one. Its last step has ``rules_``. The steps
        before it map each column by a rising function of its own: `StandardScaler`,
        `MinMaxScaler`, `MaxAbsScaler`, `RobustScaler`, `PowerTransformer`,
        `QuantileTransformer`, or `FunctionTransformer` with a function of numpy such as
        `numpy.log1p`.
    X : frame or array of shape (n_rows, n_columns), default=None
        Raw rows. If given, every threshold becomes the roundest one that divides these
        rows in the same way; other rows may then get another segment than from the
        pipeline. None: thresholds are exact, and long.

    Returns
    -------
    RuleSet
        The segments of the last step, with the same names, default, universe and noise.

    Raises
    ------
    NotFittedError
        If the pipeline is not fitted.
    ValueError
        If the last step has no rules, or if a step is not in the list above, such as
        one that mixes columns (`PCA`) or changes their number.

    Notes
    -----
    A threshold t becomes the largest float64 that the transformer does not map above t,
    found by bisection over all float64 numbers. Some functions return neighbouring
    numbers in the wrong order, because the C library rounds them wrongly: `numpy.cbrt`
    does so on some machines. Such numbers get intervals of their own in the rules if
    they are among the 32 float64 numbers on either side of a cut. So rules and pipeline
    agree on every row of float64 numbers, next to a threshold too. Rows of float32 are
    transformed in float32, which is another function.

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
        rule = "a Pipeline whose last step has rules_"
        raise InvalidParameterError(_OWNER, "pipeline", rule, pipeline)
    check_is_fitted(pipeline)
    *steps, last = _steps(pipeline)
    rules = _fitted_rules(last)
    names = _column_names(last)
    for step in reversed(steps):
        rules = _before(rules, step, names)
    columns = None if X is None else Columns(X, _OWNER)
    raw_names = _raw_names([*steps, last][0], columns)
    rules = _renamed(rules, dict(zip(names, raw_names, strict=True)))
    if columns is not None:
        rules = _rounded(rules, columns)
    return rules.simplify()


def _steps(estimator: Any) -> Iterator[Any]:
    """Yield the steps of nested pipelines, except those that change nothing."""
    if isinstance(estimator, Pipeline):
        for _, step in estimator.steps:
            yield from _steps(step)
    elif isinstance(estimator, FrozenEstimator):
        yield from _steps(estimator.estimator)
    elif hasattr(estimator, "best_estimator_"):
        yield from _steps(estimator.best_estimator_)
    elif not is_passthrough(estimator):
        yield estimator


def _fitted_rules(last: Any) -> RuleSet:
    rules = getattr(last, "rules_", None)
    if not isinstance(rules, RuleSet):
        raise InvalidDataError(
            "The last step of the pipeline must have rules_, as RuleSurrogate has. "
            f"Got {last!r} instead.",
            owner=_OWNER,
            name="pipeline",
            rule="a Pipeline whose last step has rules_",
            value=last,
        )
    return rules


def _column_names(step: Any) -> list[str]:
    names = getattr(step, "feature_names_in_", None)
    if names is None:
        return positional_names(step.n_features_in_)
    return [str(name) for name in names]


def _raw_names(step: Any, columns: Columns | None) -> list[str]:
    """Return the names of the columns that the first step takes.

    scikit-learn remembers names only where all of them are texts; else it takes the
    columns of frames by position, and so do the rules.
    """
    names = _column_names(step)
    if columns is None or hasattr(step, "feature_names_in_"):
        return names
    return columns.names if len(columns.names) == len(names) else names


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
    """Return the rules in the units of the columns that a transformer takes."""
    if not keeps_order(step):
        raise InvalidDataError(
            "raw_rules walks back through transformers that map each column by a "
            f"rising function of its own, such as StandardScaler. {step!r} is none "
            "that it knows.",
            owner=_OWNER,
            name="pipeline",
            rule="steps that map each column by a rising function of its own",
            value=step,
            advice="Put it inside the surrogate, as in RuleSurrogate(make_pipeline("
            "PCA(2), KMeans(5))): then rules are about the columns before it.",
        )
    return _mapped(rules, Inverse(step, rules, names))


def _rounded(rules: RuleSet, columns: Columns) -> RuleSet:
    """Return the rules with the roundest thresholds that divide the rows alike."""
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
