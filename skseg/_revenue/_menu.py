"""The menu: revenue, response and costs of every tier."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from skseg._core._caller import caller_level
from skseg._core._validation import is_number
from skseg._core._vector import read_vector
from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError, InvalidParameterError, RuleError

OWNER = "OptimalRevenueBinner"
# Default response multiplier of the highest tier, for illustration.
_HIGHEST_RESPONSE = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Menu:
    """The tiers in order of score.

    Revenue is per conversion and cost per customer; `response` multiplies the
    conversions that the outcome shows; `fixed_cost` is that of a tier used, whatever
    its size.
    """

    revenue: FloatArray
    response: FloatArray
    cost: FloatArray
    fixed_cost: FloatArray

    @property
    def effective_revenue(self) -> FloatArray:
        """Revenue per conversion that the outcome shows."""
        return np.asarray(self.revenue * self.response)

    def table(self, names: Sequence[str]) -> pd.DataFrame:
        """Return one row per tier, with the rate from which it beats the one below."""
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            pays_from = np.diff(self.cost) / np.diff(self.effective_revenue)
        pays_from[np.diff(self.effective_revenue) <= 0] = np.nan
        return pd.DataFrame(
            {
                "tier": np.arange(len(self.cost)),
                "name": list(names),
                "revenue": self.revenue,
                "response": self.response,
                "cost": self.cost,
                "fixed_cost": self.fixed_cost,
                "pays_from_rate": np.append(np.nan, pays_from),
            }
        )


def read_menu(
    binner: Any, n_tiers: int, overall_rate: float, lowest_rate: float
) -> Menu:
    """Return the menu that the parameters of `binner` describe, or raise.

    By default responses rise evenly, and costs are such that tiers begin to pay at
    rates that are spread evenly around the overall rate of conversion.
    """
    revenues = per_tier(OWNER, "revenue", binner.revenue, n_tiers)
    fixed_costs = per_tier(OWNER, "fixed_cost", binner.fixed_cost, n_tiers)
    response, cost = binner.response, binner.cost
    is_flat = bool((revenues == revenues[0]).all())
    if response is not None:
        responses = per_tier(OWNER, "response", response, n_tiers)
        if (responses < 0).any():
            raise InvalidParameterError(OWNER, "response", "0 or more a tier", response)
    elif cost is None and is_flat:
        responses = np.linspace(1.0, _HIGHEST_RESPONSE, n_tiers)
    else:
        responses = np.ones(n_tiers)
    if cost is not None:
        costs = per_tier(OWNER, "cost", cost, n_tiers)
        menu = Menu(revenues, responses, costs, fixed_costs)
        if lowest_rate >= 0:
            _warn_if_degenerate(menu)
        return menu
    with np.errstate(over="ignore", invalid="ignore"):
        effective_revenues = revenues * responses
        steps = np.diff(effective_revenues)
    if (steps <= 0).any():
        rule = "given where revenue x response does not rise with the tier"
        raise InvalidDataError(
            f"The 'cost' parameter of {OWNER} must be {rule}. Got "
            f"{effective_revenues.tolist()} per conversion and cost=None.",
            owner=OWNER,
            name="cost",
            rule=rule,
        )
    break_even = max(overall_rate, 0.0) * 2 * np.arange(1, n_tiers) / n_tiers
    with np.errstate(over="ignore", invalid="ignore"):
        costs = np.append(0.0, np.cumsum(steps * break_even))
    return Menu(revenues, responses, costs, fixed_costs)


def check_money(menu: Menu, n: float, y: float) -> None:
    """Raise if the money at stake is beyond float64.

    `n` is the number of customers, `y` the sum of their absolute conversions, each
    times the revenue of its customer.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        parts = {
            "revenue": np.abs(menu.effective_revenue).sum() * y,
            "cost": np.abs(menu.cost).sum() * n,
            "fixed_cost": np.abs(menu.fixed_cost).sum(),
        }
        # The search adds up several of such sums.
        money = 8 * sum(parts.values())
    if np.isfinite(money):
        return
    name = max(parts, key=lambda part: np.nan_to_num(parts[part], nan=np.inf))
    values = getattr(menu, name)
    raise InvalidDataError(
        f"The money at stake of {OWNER} must be finite. Got a {name} of up to "
        f"{np.abs(values).max():g} a tier for {n:g} customers with {y:g} conversions.",
        owner=OWNER,
        name=name,
        rule="money of a finite sum over all customers",
        value=values.tolist(),
        advice="Choose another unit of revenue, cost, fixed_cost and budget, such as "
        "millions, or of y.",
    )


def check_budgets(menu: Menu, **budgets: float | None) -> None:
    """Raise if no spend at all is below a budget."""
    if min(menu.cost.min(), menu.fixed_cost.min()) < 0:
        return
    for name, budget in budgets.items():
        if budget is not None and budget < 0:
            rule = "None or a number of 0 or more, as no tier has a negative cost"
            raise InvalidParameterError(OWNER, name, rule, budget)


def per_tier(owner: str, name: str, value: Any, n_tiers: int) -> FloatArray:
    """Return a parameter as one number per tier, or raise."""
    rule = (
        f"a number, an array of {n_tiers} numbers (one a tier), or a function of the "
        "tier's index, all finite"
    )
    values = [value(i) for i in range(n_tiers)] if callable(value) else value
    numbers = _numbers(owner, name, values)
    if numbers is None or numbers.shape not in {(), (n_tiers,)}:
        raise InvalidParameterError(owner, name, rule, values)
    if not np.isfinite(numbers).all():
        raise InvalidParameterError(owner, name, rule, values)
    return np.array(np.broadcast_to(numbers, n_tiers))


def n_tiers_of(owner: str, **parameters: Any) -> int:
    """Return the length of the longest list among the parameters of a menu, or raise.

    `per_tier` refuses those of another length.
    """
    lengths = [
        len(value)
        for value in parameters.values()
        if not callable(value) and np.ndim(value) == 1
    ]
    if not max(lengths, default=0):
        name, *others = parameters
        rule = " or in ".join(["one number a tier, here", *map(repr, others)])
        raise InvalidParameterError(
            owner,
            name,
            rule,
            parameters[name],
            advice="List the numbers of the tiers, such as cost=[0, 4, 9].",
        )
    return max(lengths)


def _numbers(owner: str, name: str, values: Any) -> FloatArray | None:
    """Return a number or a sequence of numbers as float64, None for other values."""
    try:
        if np.ndim(values) == 0:
            is_scalar = is_number(np.asarray(values).item())
            return np.asarray(values, dtype=np.float64) if is_scalar else None
        if np.ndim(values) != 1:
            return None
        vector = read_vector(owner, name, values)
        is_flag = [isinstance(value, bool | np.bool_) for value in vector.labels()]
        return None if any(is_flag) else vector.numbers()
    except (OverflowError, RuleError, TypeError, ValueError):
        return None


def _warn_if_degenerate(menu: Menu) -> None:
    """Warn if one tier is the best for every customer, whatever the scores."""
    revenue, cost, fixed_cost = menu.effective_revenue, menu.cost, menu.fixed_cost
    # Highest revenue and, among equals, lowest cost.
    best = np.lexsort([np.arange(len(cost)), cost, -revenue])[0]
    is_cheapest = cost[best] <= cost.min() and fixed_cost[best] <= fixed_cost.min()
    if len(cost) == 1 or not is_cheapest:
        return
    missing = "a revenue or response that rises with the tier"
    if best > 0:
        missing = "a cost that rises with the tier"
    warnings.warn(
        f"The menu of {OWNER} is degenerate: tier {best} makes at least as much per "
        f"conversion ({revenue[best]:g}) as any other tier and costs no more per "
        f"customer ({cost[best]:g}), so it is the best for everyone and scores do not "
        f"matter. What is missing is {missing}.",
        UserWarning,
        stacklevel=caller_level(),
    )
