"""Findings as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from skseg._typing import FloatArray, IntArray
from skseg.rules import Rule
from skseg.rules._language._conditions import conjunction

from ._comparison import Evidence
from ._decision import Thresholds, decision

MOST_FEATURES = 3
HISTORICAL = [
    "Feature_1",
    "Range_1",
    "Feature_2",
    "Range_2",
    "Pct_Train_%",
    "Pct_Test_%",
    "Success_Train_%",
    "Success_Test_%",
    "Success_Diff_%",
    "Method",
]
ADDED = [
    "Feature_3",
    "Range_3",
    "Best_Group",
    "Effect_pp",
    "CI_low",
    "CI_high",
    "P_adj",
    "N_A",
    "N_B",
    "Decision",
]
DECISIONS = ["Implement", "Pilot", "Hold", "Skip"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A segment as conditions, one a column.

    Attributes
    ----------
    conditions : tuple of (str, Rule)
        Column and condition.
    """

    conditions: tuple[tuple[str, Rule], ...]

    @property
    def rule(self) -> Rule:
        """All conditions together."""
        return conjunction([rule for _, rule in self.conditions])


def findings_table(
    findings: Sequence[Finding],
    method: str,
    labels: tuple[object, object],
    train: Evidence,
    test: Evidence | None,
    p_adj: FloatArray,
    *,
    points: float,
    thresholds: Thresholds,
) -> pd.DataFrame:
    """Return one row per finding, in the order given.

    Parameters
    ----------
    findings : sequence of Finding
        The segments.
    method : str
        What found them.
    labels : tuple
        Of the groups A and B.
    train : Evidence
        On the rows that were searched.
    test : Evidence or None
        On others; None if all were searched.
    p_adj : ndarray of float64 of shape (n_findings,)
        Adjusted p-values, NaN for none.
    points : float
        What effects and outcomes are multiplied by.
    thresholds : Thresholds
        Of the decisions, in points.
    """
    sure = train if test is None else test
    effect = points * sure.estimate.effect
    unknown = np.full(len(findings), np.nan)
    table: dict[str, object] = {}
    for i in range(MOST_FEATURES):
        parts = [f.conditions[i : i + 1] for f in findings]
        table[f"Feature_{i + 1}"] = [p[0][0] if p else None for p in parts]
        table[f"Range_{i + 1}"] = [str(p[0][1]) if p else None for p in parts]
    seen = points * train.best_mean
    if test is not None:
        seen = points * np.where(effect >= 0, train.mean_a, train.mean_b)
    unseen = unknown if test is None else points * test.best_mean
    table["Pct_Train_%"] = 100 * train.share
    table["Pct_Test_%"] = unknown if test is None else 100 * test.share
    table["Success_Train_%"] = seen
    table["Success_Test_%"] = unseen
    table["Success_Diff_%"] = unseen - seen
    table["Method"] = method
    table["Best_Group"] = [labels[0] if e >= 0 else labels[1] for e in effect]
    table["Effect_pp"] = effect
    table["CI_low"] = points * sure.estimate.low
    table["CI_high"] = points * sure.estimate.high
    table["P_adj"] = p_adj
    table["N_A"], table["N_B"] = sure.n_a, sure.n_b
    first = points * train.estimate.effect
    table["Decision"] = [
        decision(effect[i], p_adj[i], sure.share[i], first[i], effect[i], thresholds)
        for i in range(len(findings))
    ]
    return pd.DataFrame(table, columns=[*HISTORICAL, *ADDED])


def ranked(table: pd.DataFrame) -> IntArray:
    """Return the order of the rows: by decision, certainty and size of the effect."""
    place = table["Decision"].map(DECISIONS.index).to_numpy()
    p = np.nan_to_num(table["P_adj"].to_numpy(np.float64), nan=1.0)
    effect = np.nan_to_num(np.abs(table["Effect_pp"].to_numpy(np.float64)))
    return np.lexsort([np.arange(len(table)), -effect, p, place])
