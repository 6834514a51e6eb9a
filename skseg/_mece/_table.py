"""The table of segments, and the lineage from business rules to segments."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from skseg._core._base import segment_table
from skseg._core._sums import group_sums
from skseg._core._validation import is_number
from skseg._core._vector import read_vector
from skseg._typing import FloatArray, IntArray
from skseg.exceptions import (
    InvalidDataError,
    InvalidParameterError,
    did_you_mean,
    representation,
)
from skseg.rules import RuleSet
from skseg.rules._reserved_names import OUTSIDE

from ._rules import OWNER
from ._scores import score_table
from ._sizing import SizedSegment
from ._training_rows import TrainingRows


def check_score_weights(
    weights: Any, columns: Sequence[str], *, has_outcome: bool = True, y: Any = None
) -> dict[str, float]:
    """Return the weight of each dimension of the score, or raise.

    `y` is what was passed as the outcome, whether it is one or not.
    """
    if weights is None:
        return {"outcome": 1.0, "size": 1.0} if has_outcome else {"size": 1.0}
    rule = "a mapping of dimensions to finite weights, not all of them 0"
    if not isinstance(weights, Mapping) or not weights:
        raise InvalidParameterError(OWNER, "score_weights", rule, weights)
    known = ["outcome", "size", *columns]
    for name, weight in weights.items():
        if isinstance(weight, np.floating):
            # numpy would bring the bound below to the smaller type of the weight.
            weight = np.longdouble(weight)
        # An int may be beyond float64, with which it compares exactly.
        if not is_number(weight) or not abs(weight) <= sys.float_info.max:
            raise InvalidParameterError(OWNER, "score_weights", rule, weights)
        if name not in known:
            raise InvalidDataError(
                f"The score_weights name {name!r}, which is neither 'outcome' nor "
                f"'size' nor a column.{did_you_mean(str(name), known)}",
                owner=OWNER,
                name="score_weights",
                value=name,
            )
        if known.count(name) > 1:
            raise InvalidDataError(
                f"The score_weights name {name!r}, which is a dimension and a column.",
                owner=OWNER,
                name="score_weights",
                value=name,
                column=name,
                advice="Rename the column.",
            )
    if "outcome" in weights and not has_outcome:
        raise no_outcome_error("The score_weights name 'outcome'", y)
    if not any(weights.values()):
        raise InvalidParameterError(OWNER, "score_weights", rule, weights)
    return {name: float(weight) for name, weight in weights.items()}


def no_outcome_error(need: str, y: Any) -> InvalidDataError:
    """Return the error that something needs an outcome, which `y` is not."""
    if y is None:
        lack, advice = "no outcome is given", "Pass y to fit."
    else:
        try:
            labels = sorted({*read_vector(OWNER, "y", y).labels().tolist()}, key=str)
        except InvalidDataError:
            lack, advice = "y has several columns", "Pass one of them."
        else:
            label = representation(labels[0]) if labels else "'yes'"
            lack = f"the labels in y are of {len(labels)} classes, not of two"
            advice = f"Pass numbers, or compare one with the rest: y == {label}."
    return InvalidDataError(
        f"{need}, and {lack}.", owner=OWNER, name="y", advice=advice
    )


def mece_table(
    rules: RuleSet,
    rows: TrainingRows,
    score_weights: Mapping[str, float],
    descriptions: Sequence[str],
) -> pd.DataFrame:
    """Return one row per segment: sizes, means and scores.

    A dimension of the score that the rows do not have is missing, and so is the score.
    """
    inside = rows.inside
    weight = None if rows.weight is None else rows.weight[inside]
    with np.errstate(invalid="ignore"):
        # Without a row in the universe no share is known.
        table = segment_table(rules, rows.codes[inside], weight)
    table["n"] = rows.whole(table["n"].to_numpy())
    table["description"] = list(descriptions)
    if rows.has_outcome:
        table["outcome"] = rows.outcome_means(len(table))
    dimensions: dict[str, FloatArray] = {}
    for name in score_weights:
        if name in ("outcome", "size"):
            column = {"outcome": "outcome", "size": "share"}[name]
        else:
            column = f"mean_{name}"
            if name in rows.names:
                table[column] = rows.column_means(name, len(table))
        if column not in table:
            table[column] = np.nan
        dimensions[name] = table[column].to_numpy()
    # A segment without rows is not the smallest one: it has no size to compare.
    if "size" in dimensions:
        dimensions["size"] = np.where(table["n"] > 0, dimensions["size"], np.nan)
    return pd.concat([table, score_table(dimensions, score_weights)], axis=1)


def origins(rules: RuleSet, segments: Sequence[SizedSegment]) -> pd.DataFrame:
    """Return the rules that every segment was merged or split from, and its flag."""
    by_name = {segment.name: segment for segment in segments}
    sized = [by_name[name] for name in rules.names]
    return pd.DataFrame(
        {
            "merged_from": [s.rules if len(s.rules) > 1 else () for s in sized],
            "split_from": [s.rules if s.is_split else () for s in sized],
            "oversize": [s.is_oversize for s in sized],
        }
    )


def lineage_table(
    base: RuleSet, rule_codes: IntArray, rules: RuleSet, rows: TrainingRows
) -> pd.DataFrame:
    """Return how many rows of which business rule are in which segment."""
    inside = rows.inside
    pairs = rule_codes[inside] * len(rules) + rows.codes[inside]
    weight = None if rows.weight is None else rows.weight[inside]
    n = rows.whole(group_sums(pairs, weight, len(base) * len(rules)))
    occupied = np.flatnonzero(n)
    table = pd.DataFrame(
        {
            "rule": np.array(base.names, dtype=object)[occupied // len(rules)],
            "segment": np.array(rules.names, dtype=object)[occupied % len(rules)],
            "n": n[occupied],
        }
    )
    if rules.universe is not None:
        n_outside = rows.size_of(~inside)
        outside = {"rule": [OUTSIDE], "segment": [OUTSIDE], "n": [n_outside]}
        table = pd.concat([table, pd.DataFrame(outside)], ignore_index=True)
    return table
