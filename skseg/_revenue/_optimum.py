"""The optimal tiers of customers with and without a score."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from skseg._search.cuts import CutOptions, Cuts, Rows, cut_rows
from skseg.exceptions import InfeasibleError

from ._customers import Customers
from ._menu import OWNER, Menu
from ._settings import Settings, budget_per_customer


@dataclass(frozen=True, slots=True, eq=False)
class Optimum:
    """Optimal cuts of the customers with a score, for these options.

    `unscored_profit` is that from the customers without a score, whom no cut concerns.
    """

    cuts: Cuts
    options: CutOptions
    unscored_profit: float


def find_optimum(
    rows: Rows,
    customers: Customers,
    menu: Menu,
    settings: Settings,
    bounds: tuple[float, float],
) -> Optimum:
    """Return the optimal cuts, or raise `InfeasibleError`."""
    unscored, tier = customers.unscored, settings.missing_tier
    options = cut_options(customers, menu, settings, bounds)
    revenue = float(menu.effective_revenue[tier] * unscored.total_amount)
    profit = revenue - options["spent"]
    cuts = cut_rows(rows, **options)
    if cuts.status == "infeasible":
        raise _infeasible_error(cuts, customers, settings, bounds)
    return Optimum(cuts, options, profit)


def cut_options(
    customers: Customers, menu: Menu, settings: Settings, bounds: tuple[float, float]
) -> CutOptions:
    """Return the menu and the constraints of the cuts of some customers."""
    options: CutOptions = {
        "revenue": menu.effective_revenue,
        "cost": menu.cost,
        "fixed_cost": menu.fixed_cost,
        "mode": settings.mode,
        "min_size": bounds[0],
        "max_size": bounds[1],
        "budget": settings.total_budget(customers.n),
        "rates": settings.rates,
    }
    return with_unscored(options, menu, settings.missing_tier, customers.unscored.n)


def _infeasible_error(
    cuts: Cuts, customers: Customers, settings: Settings, bounds: tuple[float, float]
) -> InfeasibleError:
    """Return the error for constraints that no tiers meet, in terms of parameters."""
    reason, advice, remedy = cuts.reason, cuts.advice, cuts.remedy
    if settings.budget_per_customer < math.inf:
        # The search knows the budget of all customers.
        reason = _per_customer(reason, customers.n)
        advice = _per_customer(advice, customers.n)
        remedy = dict(remedy)
        if "budget" in remedy:
            amount = budget_per_customer(cast(float, remedy.pop("budget")), customers.n)
            remedy = {"budget_per_customer": amount, **remedy}
    return InfeasibleError(
        f"{OWNER} cannot meet its constraints with "
        f"n_samples={customers.scored.n:.15g}. {reason}",
        owner=OWNER,
        name=next(iter(remedy), None),
        value=_constraints(settings, bounds),
        advice=advice or None,
        remedy=remedy,
    )


def _per_customer(text: str, n: float) -> str:
    """Return a text with budgets of all customers as such per customer."""

    def in_place(match: re.Match[str]) -> str:
        amount = budget_per_customer(float(match[1]), n)
        return f"budget_per_customer={amount!r}"

    return re.sub(r"\bbudget=(-?\d[\d.]*(?:e[-+]?\d+)?\b)", in_place, text)


def with_unscored(
    options: CutOptions, menu: Menu, tier: int, n_unscored: float
) -> CutOptions:
    """Return the options for customers some of whom have no score.

    The latter pay for their tier before any cut, its fixed cost included, whoever else
    is in it.
    """
    if n_unscored == 0:
        return {**options, "fixed_cost": menu.fixed_cost, "spent": 0.0}
    is_paid = np.arange(len(menu.cost)) == tier
    return {
        **options,
        "fixed_cost": np.where(is_paid, 0.0, menu.fixed_cost),
        "spent": float(menu.cost[tier] * n_unscored + menu.fixed_cost[tier]),
    }


def _constraints(settings: Settings, bounds: tuple[float, float]) -> dict[str, Any]:
    """Return the constraints that are not void, by the names of the parameters."""
    constraints: dict[str, Any] = {"mode": settings.mode}
    if bounds[0] > 0:
        constraints["min_size"] = bounds[0]
    if bounds[1] < math.inf:
        constraints["max_size"] = bounds[1]
    if settings.budget < math.inf:
        constraints["budget"] = settings.budget
    if settings.budget_per_customer < math.inf:
        constraints["budget_per_customer"] = settings.budget_per_customer
    if settings.rates is not None:
        constraints["monotonic"] = settings.rates.order
        constraints["min_rate_diff"] = settings.rates.min_diff
    return constraints
