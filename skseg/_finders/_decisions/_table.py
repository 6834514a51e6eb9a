"""Findings as a table, and as the table of the historical reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from skseg._finders._rows._compared_rows import Evidence
from skseg._typing import FloatArray, IntArray
from skseg.rules import Rule, RuleSet
from skseg.rules._language._conditions import And, conjunction, leaves

from ._cross_fitted_effects import Refit
from ._decision import DECISIONS, DecisionThresholds, FindingFacts, decision
from ._units import Units

# What pandas makes of a list of texts, which depends on its version.
_TEXT = pd.Series(["text"]).dtype


@dataclass(frozen=True, slots=True)
class Measured:
    """The evidence of the findings, and their adjusted p-values."""

    train: Evidence  # of the rows that were searched
    test: Evidence | None  # of other rows; None if all rows were searched
    p_adj: FloatArray  # NaN where nothing was tested
    # Effects on the outcome that are reported instead of those in the rows that were
    # searched, which are too large.
    effect: FloatArray | None = None
    # What was found without each fold, where all rows were searched and tested.
    refits: Sequence[Refit] = ()

    @property
    def final(self) -> Evidence:
        """The evidence that effects are reported from."""
        evidence = self.train if self.test is None else self.test
        if self.effect is None:
            return evidence
        estimate = evidence.estimate._replace(effect=self.effect)
        return replace(evidence, estimate=estimate)


def findings_table(
    measured: Measured,
    labels: tuple[object, object],
    *,
    units: Units,
    thresholds: DecisionThresholds,
) -> pd.DataFrame:
    """Return the numbers of every finding, in the order in which they were measured.

    `labels` are those of groups A and B.
    """
    train, test, final = measured.train, measured.test, measured.final
    n_findings = len(measured.p_adj)
    unknown = np.full(n_findings, np.nan)
    shown = units.estimates(final.estimate)
    # Where no other search finds a segment, its effect is the break-even.
    searched_effect = units.estimates(train.estimate).effect
    is_a_better = np.where(shown.effect == 0, searched_effect, shown.effect) >= 0
    best_means = (
        units.shown * np.where(is_a_better, rows.mean_a, rows.mean_b)
        for rows in (train, train if test is None else test)
    )
    train_rate, test_rate = best_means
    size, total = train.size, train.total
    if test is None:
        test_rate = unknown
    else:
        size, total = size + test.size, total + test.total
    # Typed apart from the rows, so that no findings make the same columns.
    kind = pd.Series(labels).dtype
    best = [labels[0] if a else labels[1] for a in is_a_better]
    decisions = [decision(facts, thresholds) for facts in _facts(measured, units)]
    return pd.DataFrame(
        {
            "n": size,
            "share": size / total,
            "best_group": pd.Series(best, dtype=kind),
            "group_a": pd.Series([labels[0]] * n_findings, dtype=kind),
            "group_b": pd.Series([labels[1]] * n_findings, dtype=kind),
            "effect": shown.effect,
            "ci_low": shown.low,
            "ci_high": shown.high,
            "unit": pd.Series([units.name] * n_findings, dtype=_TEXT),
            "lift": final.lift,
            "break_even": np.full(n_findings, units.break_even),
            "p_value": unknown if test is None else test.estimate.p_value,
            "p_adj": measured.p_adj,
            "n_a": final.n_a,
            "n_b": final.n_b,
            "effective_n_a": final.effective_n_a,
            "effective_n_b": final.effective_n_b,
            "rate_a": units.shown * final.mean_a,
            "rate_b": units.shown * final.mean_b,
            "rate_unit": pd.Series([units.rate_name] * n_findings, dtype=_TEXT),
            "decision": pd.Series(decisions, dtype=_TEXT),
            "gap": units.effects(train.estimate.effect) - shown.effect,
            "share_train": train.share,
            "share_test": unknown if test is None else test.share,
            "success_train": train_rate,
            "success_test": test_rate,
            "success_diff": test_rate - train_rate,
        }
    )


def _facts(measured: Measured, units: Units) -> list[FindingFacts]:
    """Return what the decision about each finding rests on."""
    final, searched = measured.final, measured.train.estimate.effect
    effect, low, high, _ = final.estimate
    gap = np.abs(searched - effect)
    if units.rate_name == "outcome":
        # Amounts scatter by more than points: half of a searched effect may be lost.
        gap = np.maximum(gap - np.abs(effect), 0.0)
    columns = {
        "effect": units.points * effect,
        "gap": units.points * gap,
        "smallest_mean": units.points * final.base.smallest_mean,
        "gain": units.effects(effect),
        "searched_gain": units.effects(searched),
        "p_adj": measured.p_adj,
        "share": final.share,
        "n_group": final.n_group,
        "n_events": final.base.n_events,
        "has_interval": np.isfinite(low) & np.isfinite(high),
    }
    rows = zip(*columns.values(), strict=True)
    return [FindingFacts(**dict(zip(columns, row, strict=True))) for row in rows]


def ranking(table: pd.DataFrame) -> IntArray:
    """Return the order of the rows: by decision, certainty and size of the effect."""
    place = table["decision"].map(DECISIONS.index).to_numpy()
    p = np.nan_to_num(table["p_adj"].to_numpy(np.float64), nan=1.0)
    effect = np.nan_to_num(np.abs(table["effect"].to_numpy(np.float64)))
    return np.lexsort([np.arange(len(table)), -effect, p, place])


def named_findings(
    table: pd.DataFrame,
    rules: Sequence[Rule],
    order: Sequence[int],
    universe: Rule | None = None,
) -> tuple[pd.DataFrame, RuleSet]:
    """Return the findings in `order`, with code, name and rule as first columns.

    The rules hold for no row outside of the `universe`.
    """
    named = RuleSet(
        {f"Segment {i}": rules[k] for i, k in enumerate(order, start=1)},
        universe=universe,
    )
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
    ten columns, since without it the numbers would belong to another segment. Mean
    amounts are not in per cent, so the names of their columns do not say so.
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
    percent = "" if (segments["rate_unit"] == "outcome").any() else "_%"
    numbers = {
        "Pct_Train_%": 100 * segments["share_train"],
        "Pct_Test_%": 100 * segments["share_test"],
        f"Success_Train{percent}": segments["success_train"],
        f"Success_Test{percent}": segments["success_test"],
        f"Success_Diff{percent}": segments["success_diff"],
        "Method": method,
    }
    table = pd.DataFrame(pairs | numbers, index=segments.index)
    third = ["Feature_3", "Range_3"]
    first = table.drop(columns=third)
    return first if table["Feature_3"].isna().all() else first.join(table[third])
