"""Fitted tiers as segments: their rules, and the table of their profits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from skseg._core._sums import group_sums
from skseg._typing import FloatArray, IntArray
from skseg.rules import Rule, RuleSet, col, missing
from skseg.rules._language._conditions import conjunction

from ._menu import Menu

# The segment of the customers without a score.
NO_SCORE = "No score"


@dataclass(frozen=True, slots=True, eq=False)
class Totals:
    """Sums of every segment, the one without a score last.

    Amounts are conversions times the revenue of the customer, which is 1 if there is
    none.
    """

    n: FloatArray
    conversions: FloatArray
    amounts: FloatArray


def count(
    codes: IntArray,
    n_segments: int,
    conversions: FloatArray,
    weight: FloatArray | None,
    revenue: FloatArray | None = None,
) -> Totals:
    """Return the totals of the segments with these codes."""
    weighted = conversions if weight is None else conversions * weight
    n = group_sums(codes, weight, n_segments)
    y = group_sums(codes, weighted, n_segments).astype(np.float64, copy=False)
    amounts = y
    if revenue is not None:
        # Multiplied in the order of `Customers.amounts`, whose sums these are.
        amount = conversions * revenue
        weighted = amount if weight is None else amount * weight
        amounts = group_sums(codes, weighted, n_segments)
    return Totals(n.astype(np.float64), y, amounts)


def tier_rules(
    column: str, names: Sequence[str], tiers: Sequence[int], cut_points: Sequence[float]
) -> RuleSet:
    """Return the rules of the tiers used, and of the customers without a score."""
    score = col(column)
    rules: dict[str, Rule] = {}
    for position, tier in enumerate(tiers):
        lower, upper = cut_points[:position][-1:], cut_points[position : position + 1]
        bounds = [*(score > cut for cut in lower), *(score <= cut for cut in upper)]
        rules[names[tier]] = conjunction(bounds or [~missing(column)])
    return RuleSet({**rules, NO_SCORE: missing(score)})


def profit_table(
    rules: RuleSet,
    menu: Menu,
    tiers: IntArray,
    cut_points: FloatArray,
    totals: Totals,
) -> pd.DataFrame:
    """Return one row per segment, with its revenue, costs and profit."""
    n, conversions = totals.n, totals.conversions
    revenue = menu.effective_revenue[tiers] * totals.amounts
    cost = menu.cost[tiers] * n
    # The fixed cost of a tier is paid once: customers without a score, whose segment is
    # the last, pay it only if no others are in their tier.
    used = pd.Series(np.where(n > 0, tiers, -1 - np.arange(len(tiers))))
    fixed_cost = np.where((n > 0) & ~used.duplicated(), menu.fixed_cost[tiers], 0.0)
    profit = revenue - cost - fixed_cost
    with np.errstate(invalid="ignore", divide="ignore"):
        rate, per_customer, share = conversions / n, profit / n, n / n.sum()
    return pd.DataFrame(
        {
            "code": np.arange(len(rules)),
            "name": list(rules.names),
            "rule": list(rules.texts().values()),
            "n": n,
            "share": share,
            "tier": tiers,
            "low": [-np.inf, *cut_points, np.nan],
            "high": [*cut_points, np.inf, np.nan],
            "conversions": conversions,
            "rate": rate,
            "revenue": revenue,
            "cost": cost,
            "fixed_cost": fixed_cost,
            "spend": cost + fixed_cost,
            "profit": profit,
            "profit_per_customer": per_customer,
        }
    )
