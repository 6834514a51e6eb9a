"""What is known of the segments of business rules: the table and the lineage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from skseg._core._base import segment_table
from skseg._core._validation import is_number
from skseg._typing import BoolArray, FloatArray, IntArray
from skseg.exceptions import InvalidDataError, InvalidParameterError, did_you_mean
from skseg.rules import Columns, RuleSet
from skseg.rules._reserved_names import OUTSIDE

from ._rules import OWNER
from ._scores import score_table
from ._sizes import SizedSegment, group_means


@dataclass(frozen=True)
class TrainingRows:
    """What the table is computed from.

    Attributes
    ----------
    columns : Columns
        All rows.
    codes : ndarray of int of shape (n_rows,)
        Their segments, -1 outside of the universe.
    weight : ndarray of shape (n_rows,) or None
        What they count; None: each is one row.
    outcome : ndarray of shape (n_rows,) or None
        Their outcome.
    """

    columns: Columns
    codes: IntArray
    weight: FloatArray | None
    outcome: FloatArray | None

    @cached_property
    def counts(self) -> FloatArray:
        """What every row counts."""
        return np.ones(len(self.codes)) if self.weight is None else self.weight

    @cached_property
    def inside(self) -> BoolArray:
        """Which rows are in the universe."""
        return self.codes >= 0

    def size_of(self, rows: BoolArray) -> float:
        """Return the number of rows, or their weight."""
        size = rows if self.weight is None else self.weight[rows]
        return float(size.sum()) if self.weight is not None else int(size.sum())

    def means(self, values: FloatArray, n_segments: int) -> FloatArray:
        """Return the mean of the known values of every segment."""
        inside = self.inside
        return group_means(
            self.codes[inside], n_segments, values[inside], self.counts[inside]
        )


def check_score_weights(
    weights: Any, columns: Columns, has_outcome: bool
) -> dict[str, float]:
    """Return dimension -> weight, or raise."""
    if weights is None:
        return {"outcome": 1.0, "size": 1.0} if has_outcome else {"size": 1.0}
    rule = "a mapping of dimensions to finite weights, not all of them 0"
    if not isinstance(weights, Mapping) or not weights:
        raise InvalidParameterError(OWNER, "score_weights", rule, weights)
    known = ["outcome", "size", *columns.names]
    for name, weight in weights.items():
        if not is_number(weight) or not np.isfinite(float(weight)):
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
                f"The score_weights name {name!r}, which is a dimension and a column. "
                "Rename the column.",
                owner=OWNER,
                name="score_weights",
                value=name,
            )
    if "outcome" in weights and not has_outcome:
        raise InvalidDataError(
            "The score_weights name 'outcome', and no outcome is given.",
            owner=OWNER,
            name="y",
            advice="Pass y to fit.",
        )
    if not any(weights.values()):
        raise InvalidParameterError(OWNER, "score_weights", rule, weights)
    return {name: float(weight) for name, weight in weights.items()}


def mece_table(
    rules: RuleSet,
    segments: Sequence[SizedSegment],
    rows: TrainingRows,
    score_weights: Mapping[str, float],
) -> pd.DataFrame:
    """Return one row per segment, with figures, scores and flags."""
    inside = rows.inside
    weight = None if rows.weight is None else rows.weight[inside]
    table = segment_table(rules, rows.codes[inside], weight)
    table["description"] = list(rules.describe().values())
    dimensions: dict[str, FloatArray] = {}
    if rows.outcome is not None:
        table["outcome"] = rows.means(rows.outcome, len(table))
    for name in score_weights:
        if name in ("outcome", "size"):
            column = {"outcome": "outcome", "size": "share"}[name]
        else:
            column = f"mean_{name}"
            values = rows.columns.numbers(name)
            if np.isinf(values[inside]).any():
                raise InvalidDataError(
                    f"The column {name!r}, which the score_weights name, must be "
                    "finite or missing: infinite values have no mean.",
                    owner=OWNER,
                    name="score_weights",
                    column=name,
                    advice="Mend the column.",
                )
            table[column] = rows.means(values, len(table))
        dimensions[name] = table[column].to_numpy()
    # A segment without rows has no size to be compared, it is none.
    if "size" in dimensions:
        dimensions["size"] = np.where(table["n"] > 0, dimensions["size"], np.nan)
    table = pd.concat([table, score_table(dimensions, score_weights)], axis=1)
    origins = {segment.name: segment for segment in segments}
    found = [origins[name] for name in rules.names]
    table["merged_from"] = [s.rules if len(s.rules) > 1 else () for s in found]
    table["split_from"] = [s.rules if s.is_split else () for s in found]
    table["oversize"] = [s.is_oversize for s in found]
    return table


def lineage(
    base: RuleSet, before: IntArray, rules: RuleSet, rows: TrainingRows
) -> pd.DataFrame:
    """Return how many rows of which business rule are in which segment."""
    inside = rows.inside
    pairs = before[inside] * len(rules) + rows.codes[inside]
    weight = None if rows.weight is None else rows.weight[inside]
    n = np.bincount(pairs, weight)
    used = np.flatnonzero(n)
    table = pd.DataFrame(
        {
            "rule": np.array(base.names, dtype=object)[used // len(rules)],
            "segment": np.array(rules.names, dtype=object)[used % len(rules)],
            "n": n[used],
        }
    )
    if rules.universe is not None:
        n_outside = rows.size_of(~inside)
        outside = {"rule": [OUTSIDE], "segment": [OUTSIDE], "n": [n_outside]}
        table = pd.concat([table, pd.DataFrame(outside)], ignore_index=True)
    return table
