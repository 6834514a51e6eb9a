"""Findings as a table, and as the table of the historical reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from skseg._typing import FloatArray, IntArray
from skseg.rules import Rule, RuleSet
from skseg.rules._language._conditions import And, conjunction, leaves

from ._compared_rows import Evidence
from ._decision import DECISIONS, DecisionThresholds, decision

# What pandas makes of a list of texts, which depends on its version.
_TEXT = pd.Series(["text"]).dtype


@dataclass(frozen=True, slots=True)
class Measured:
    """The evidence of the findings, and their adjusted p-values."""

    train: Evidence  # of the rows that were searched
    test: Evidence | None  # of other rows; None if all rows were searched
    p_adj: FloatArray  # NaN where nothing was tested

    @property
    def final(self) -> Evidence:
        """The evidence that effects are reported from."""
        return self.train if self.test is None else self.test


def findings_table(
    measured: Measured,
    labels: tuple[object, object],
    *,
    points: float,
    thresholds: DecisionThresholds,
) -> pd.DataFrame:
    """Return the numbers of every finding, in the order in which they were measured.

    `labels` are those of groups A and B; effects, rates and `thresholds` are in
    points, which are outcomes times `points`.
    """
    train, test, final = measured.train, measured.test, measured.final
    unknown = np.full(len(measured.p_adj), np.nan)
    effect, train_effect = (points * e.estimate.effect for e in (final, train))
    is_a_better = effect >= 0
    train_rate = points * np.where(is_a_better, train.mean_a, train.mean_b)
    test_rate = unknown if test is None else points * test.best_mean
    decisions = [
        decision(effect[i], p, final.share[i], train_effect[i], effect[i], thresholds)
        for i, p in enumerate(measured.p_adj)
    ]
    size, total = train.size, train.total
    if test is not None:
        size, total = size + test.size, total + test.total
    return pd.DataFrame(
        {
            "n": size,
            "share": size / total,
            # Typed apart from the rows, so that no findings make the same columns.
            "best_group": pd.Series(
                [labels[0] if a else labels[1] for a in is_a_better],
                dtype=pd.Series(labels).dtype,
            ),
            "effect": effect,
            "ci_low": points * final.estimate.low,
            "ci_high": points * final.estimate.high,
            "p_value": unknown if test is None else test.estimate.p_value,
            "p_adj": measured.p_adj,
            "n_a": final.n_a,
            "n_b": final.n_b,
            "rate_a": points * final.mean_a,
            "rate_b": points * final.mean_b,
            "decision": pd.Series(decisions, dtype=_TEXT),
            "share_train": train.share,
            "share_test": unknown if test is None else test.share,
            "success_train": train_rate,
            "success_test": test_rate,
            "success_diff": test_rate - train_rate,
        }
    )


def ranking(table: pd.DataFrame) -> IntArray:
    """Return the order of the rows: by decision, certainty and size of the effect."""
    place = table["decision"].map(DECISIONS.index).to_numpy()
    p = np.nan_to_num(table["p_adj"].to_numpy(np.float64), nan=1.0)
    effect = np.nan_to_num(np.abs(table["effect"].to_numpy(np.float64)))
    return np.lexsort([np.arange(len(table)), -effect, p, place])


def named_findings(
    table: pd.DataFrame, rules: Sequence[Rule], order: Sequence[int]
) -> tuple[pd.DataFrame, RuleSet]:
    """Return the findings in `order`, with code, name and rule as first columns."""
    named = RuleSet({f"Segment {i}": rules[k] for i, k in enumerate(order, start=1)})
    head = pd.DataFrame(
        {
            "code": np.array(named.codes, dtype=np.intp),
            "name": pd.Series(named.names, dtype=_TEXT),
            "rule": pd.Series(list(named.texts().values()), dtype=_TEXT),
        }
    )
    numbers = table.iloc[list(order)].reset_index(drop=True)
    return pd.concat([head, numbers], axis=1), named


def conditions_by_column(rule: Rule) -> dict[str, Rule]:
    """Return the conditions of a finding, by column, in the order of the rule."""
    parts: dict[str, list[Rule]] = {}
    for part in rule.parts if isinstance(rule, And) else (rule,):
        # Each condition of a finding is about a single column.
        column = next(leaves(part)).column
        parts.setdefault(column, []).append(part)
    return {column: conjunction(conditions) for column, conditions in parts.items()}


def historical_table(
    segments: pd.DataFrame, rules: RuleSet, method: Any
) -> pd.DataFrame:
    """Return findings in the columns of the historical reports.

    These have two conditions. The third, where a finding has one, follows behind the
    ten columns, since without it the numbers would belong to another segment.
    """
    conditions = [
        [(name, str(rule)) for name, rule in conditions_by_column(whole).items()]
        for whole in rules.rules.values()
    ]
    pairs = {
        f"{noun}_{i + 1}": pd.Series(
            [row[i][part] if i < len(row) else None for row in conditions], dtype=object
        )
        for i in range(3)
        for part, noun in enumerate(("Feature", "Range"))
    }
    numbers = {
        "Pct_Train_%": 100 * segments["share_train"],
        "Pct_Test_%": 100 * segments["share_test"],
        "Success_Train_%": segments["success_train"],
        "Success_Test_%": segments["success_test"],
        "Success_Diff_%": segments["success_diff"],
        "Method": method,
    }
    table = pd.DataFrame(pairs | numbers, index=segments.index)
    third = ["Feature_3", "Range_3"]
    first = table.drop(columns=third)
    return first if table["Feature_3"].isna().all() else first.join(table[third])
