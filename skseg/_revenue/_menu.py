"""The menu: what every tier brings in, and what it costs."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from skseg._core._validation import is_number
from skseg._typing import FloatArray
from skseg.exceptions import InvalidDataError, InvalidParameterError

# How much more often customers of the highest tier convert, if nothing is said.
_HIGHEST_RESPONSE = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Menu:
    """Tiers in order of score, one entry each.

    Attributes
    ----------
    revenue : ndarray of float64 of shape (n_tiers,)
        Per conversion.
    response : ndarray of float64 of shape (n_tiers,)
        By what the tier multiplies conversions.
    cost : ndarray of float64 of shape (n_tiers,)
        Per customer.
    fixed_cost : ndarray of float64 of shape (n_tiers,)
        Once, if the tier is used.
    """

    revenue: FloatArray
    response: FloatArray
    cost: FloatArray
    fixed_cost: FloatArray

    @property
    def gain(self) -> FloatArray:
        """Revenue per conversion as observed, without the treatment."""
        return np.asarray(self.revenue * self.response)

    def table(self, names: Sequence[str]) -> pd.DataFrame:
        """Return one row per tier, with the rate from which it beats the one below."""
        with np.errstate(divide="ignore", invalid="ignore"):
            pays_from = np.diff(self.cost) / np.diff(self.gain)
        pays_from[np.diff(self.gain) <= 0] = np.nan
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


@dataclass(frozen=True, slots=True)
class Rates:
    """Conversions per customer: of all, and the least of any."""

    overall: float
    least: float


def read_menu(
    owner: str,
    n_tiers: int,
    rates: Rates,
    *,
    revenue: Any,
    cost: Any,
    response: Any,
    fixed_cost: Any,
) -> Menu:
    """Return the menu that the parameters describe, or raise.

    Where nothing is said of responses and costs, responses rise evenly and costs are
    such that tiers begin to pay at rates spread evenly around the overall one.
    """
    revenues = _per_tier(owner, "revenue", revenue, n_tiers)
    fixed = _per_tier(owner, "fixed_cost", fixed_cost, n_tiers)
    is_flat = bool((revenues == revenues[0]).all())
    if response is not None:
        responses = _per_tier(owner, "response", response, n_tiers)
        if (responses < 0).any():
            raise InvalidParameterError(owner, "response", "0 or more a tier", response)
    elif cost is None and is_flat:
        responses = np.linspace(1.0, _HIGHEST_RESPONSE, n_tiers)
    else:
        responses = np.ones(n_tiers)
    if cost is not None:
        costs = _per_tier(owner, "cost", cost, n_tiers)
        menu = Menu(revenues, responses, costs, fixed)
        if rates.least >= 0:
            _warn_if_degenerate(owner, menu)
        return menu
    steps = np.diff(revenues * responses)
    if (steps <= 0).any():
        raise InvalidDataError(
            f"The 'cost' parameter of {owner} must be given where revenue x response "
            f"does not rise with the tier. Got {(revenues * responses).tolist()} per "
            "conversion and cost=None."
        )
    break_even = max(rates.overall, 0.0) * 2 * np.arange(1, n_tiers) / n_tiers
    costs = np.append(0.0, np.cumsum(steps * break_even))
    return Menu(revenues, responses, costs, fixed)


def _per_tier(owner: str, name: str, value: Any, n_tiers: int) -> FloatArray:
    """Return a scalar, an array or a function of the tier as one number a tier."""
    rule = (
        f"a number, an array of {n_tiers} numbers (one a tier), or a function of the "
        "tier's index, all finite"
    )
    given = [value(i) for i in range(n_tiers)] if callable(value) else value
    try:
        array = np.asarray(given)
    except ValueError:
        raise InvalidParameterError(owner, name, rule, given) from None
    are_numbers = array.dtype.kind in "iuf" or all(map(is_number, array.flat))
    if array.shape not in {(), (n_tiers,)} or not are_numbers:
        raise InvalidParameterError(owner, name, rule, given)
    array = array.astype(np.float64)
    if not np.isfinite(array).all():
        raise InvalidParameterError(owner, name, rule, given)
    return np.array(np.broadcast_to(array, n_tiers))


def _warn_if_degenerate(owner: str, menu: Menu) -> None:
    """Warn if one tier is the best for every customer, whatever the scores."""
    gain, cost = menu.gain, menu.cost
    best = np.lexsort([np.arange(len(gain)), cost, -gain])[0]
    # Of equal gains the cheapest; it must be the cheapest of all.
    fixed = menu.fixed_cost
    if len(gain) == 1 or cost[best] > cost.min() or fixed[best] > fixed.min():
        return
    missing = "a revenue or response that rises with the tier"
    if best > 0:
        missing = "a cost that rises with the tier"
    warnings.warn(
        f"The menu of {owner} is degenerate: tier {best} makes at least as much per "
        f"conversion ({gain[best]:g}) as any other tier and costs no more per customer "
        f"({cost[best]:g}), so it is the best for everyone and scores do not matter. "
        f"What is missing is {missing}.",
        UserWarning,
        stacklevel=5,
    )
