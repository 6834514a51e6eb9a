"""raw_rules: rules about the columns before the steps of a pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skseg._core._validation import positional_names
from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.rules import Columns, Rule, RuleSet
from skseg.rules._language._conditions import (
    And,
    Comparison,
    Missing,
    Not,
    Operator,
    Or,
    conjunction,
    disjunction,
)

from ._rounded_rules import leaves_of, mapped_rules, rounded_rules
from ._walk_back import steps_of, walked_back

_OWNER = "raw_rules"
_OPPOSITE: dict[Operator, Operator] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def raw_rules(pipeline: Any, X: Any = None) -> RuleSet:
    """Return the rules of a pipeline's last step about the columns of its first.

    In ``make_pipeline(StandardScaler(), RuleSurrogate(KMeans(5)))`` the rules are about
    scaled columns. This function walks back through the steps: its rules give every raw
    row the segment that ``pipeline.predict`` gives it. With the scaler inside the
    surrogate, as in ``RuleSurrogate(make_pipeline(StandardScaler(), KMeans(5)))``,
    rules are in raw units and round from the start.

    Parameters
    ----------
    pipeline : Pipeline
        A fitted pipeline, of scikit-learn or imbalanced-learn, or a search over one.
        Its last step has ``rules_``. The steps before it, which may be pipelines
        themselves, are of these kinds:

        - scalers, which map each column by a rising function: `StandardScaler`,
          `MinMaxScaler`, `MaxAbsScaler`, `RobustScaler`, `PowerTransformer`,
          `QuantileTransformer`, or `FunctionTransformer` with a function of numpy such
          as `numpy.log1p`;
        - `SimpleImputer`: missing values join the segments of the value that replaces
          them, and the rules say so;
        - `OneHotEncoder`, `OrdinalEncoder`, `KBinsDiscretizer`: rules list categories,
          or name the edges of bins;
        - `ColumnTransformer` of these, of ``"passthrough"`` and ``"drop"``;
        - samplers of imbalanced-learn, which change no new row.
    X : frame or array of shape (n_rows, n_columns), default=None
        Raw rows, best the training rows. If given, every threshold becomes the roundest
        one that divides these rows in the same way; other rows may then get another
        segment than from the pipeline. None: thresholds are exact, and long.

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
        one that mixes columns (`PCA`).

    Notes
    -----
    A threshold t becomes the largest float64 that the transformer does not map above t,
    found by bisection over all float64 numbers. Some functions return neighbouring
    numbers in the wrong order, because the C library rounds them wrongly: `numpy.cbrt`
    does so on some machines. Such numbers get intervals of their own in the rules if
    they are among the 32 float64 numbers on either side of a cut. So rules and pipeline
    agree on every row of float64 numbers, next to a threshold too. Rows of float32 are
    transformed in float32, which is another function.

    Rules have a segment for rows that the pipeline refuses, such as those of a new
    category without ``handle_unknown``: that of rows in which the encoded columns are
    missing. To rules None and NaN are one missing value. scikit-learn tells them apart;
    an imputer that leaves None to an encoder is refused.

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
    *steps, last = steps_of(pipeline)
    rules = _renamed(_fitted_rules(last), _column_names(last), positions_of(last))
    columns = None if X is None else Columns(X, _OWNER)
    first = [*steps, last][0]
    rules = _before(rules, steps)
    rules = _renamed(rules, positions_of(first), _raw_names(first, columns))
    if columns is not None:
        rules = rounded_rules(rules, columns)
    rules = rules.simplify()
    return RuleSet(
        {name: _naming_missing(rule) for name, rule in rules.rules.items()},
        default=rules.default,
        universe=None if rules.universe is None else _naming_missing(rules.universe),
        noise=rules.noise,
    )


def _naming_missing(rule: Rule) -> Rule:
    """Return ``x <= t or missing(x)`` for ``not x > t``, which holds for the same."""
    if isinstance(rule, And):
        return conjunction(map(_naming_missing, rule.parts))
    if isinstance(rule, Or):
        return disjunction(map(_naming_missing, rule.parts))
    if isinstance(rule, Not) and isinstance(rule.part, Comparison):
        opposite = _OPPOSITE.get(rule.part.operator)
        if opposite is not None:
            is_missing = Missing(rule.part.column)
            return replace(rule.part, operator=opposite) | is_missing
    return rule


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


def positions_of(step: Any) -> list[str]:
    """Return the names of the columns that a step takes by position."""
    return positional_names(step.n_features_in_)


def _column_names(step: Any) -> list[str]:
    names = getattr(step, "feature_names_in_", None)
    return positions_of(step) if names is None else [str(name) for name in names]


def _raw_names(step: Any, columns: Columns | None) -> list[str]:
    """Return the names of the columns that the first step takes.

    scikit-learn remembers names only where all of them are texts; else it takes the
    columns of frames by position, and so do the rules.
    """
    names = _column_names(step)
    if columns is None or hasattr(step, "feature_names_in_"):
        return names
    return columns.names if len(columns.names) == len(names) else names


def _before(rules: RuleSet, steps: Sequence[Any]) -> RuleSet:
    """Return the rules about the columns that the first of the steps takes."""
    translated = walked_back(steps, leaves_of(rules))
    return mapped_rules(rules, translated.__getitem__)


def _renamed(rules: RuleSet, names: Sequence[str], new_names: Sequence[str]) -> RuleSet:
    new_name = dict(zip(names, new_names, strict=True))
    return mapped_rules(rules, lambda leaf: replace(leaf, column=new_name[leaf.column]))
