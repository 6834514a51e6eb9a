"""The parameters of the binner that can be checked without data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from skseg._core._validation import check_choice, check_int, check_size, is_number
from skseg._search.cuts import Mode, Rates
from skseg.exceptions import InvalidParameterError
from skseg.rules._values import is_missing_value, to_float64

from ._menu import OWNER
from ._response import RESPONSE_MODELS
from ._tiers import NO_SCORE

_MODES = ("subset", "prefix", "exact")
_MAX_BINS = 1000
# Number of tiers where neither it nor a list with a value a tier is passed.
_DEFAULT_BINS = 5
# Parameters with a value a tier, if they are lists.
_LISTS = ("revenue", "response", "cost", "fixed_cost", "segment_names")


@dataclass(frozen=True, slots=True)
class Settings:
    """Checked parameters; no budget is inf, and no constraint on rates is None."""

    n_bins: int
    missing_tier: int
    mode: Mode
    names: tuple[str, ...]
    budget: float
    budget_per_customer: float
    rates: Rates | None

    def total_budget(self, n: float) -> float:
        """Return the largest spend on so many customers."""
        if self.budget_per_customer == math.inf:
            return self.budget
        return self.budget_per_customer * n


def read_settings(binner: Any) -> Settings:
    """Return the parameters of `binner`, or raise."""
    n_bins = read_n_bins(binner)
    check_choice(OWNER, "mode", binner.mode, _MODES)
    check_choice(OWNER, "response_model", binner.response_model, RESPONSE_MODELS)
    if not isinstance(binner.compute_path, bool | np.bool_):
        raise InvalidParameterError(
            OWNER, "compute_path", "True or False", binner.compute_path
        )
    return Settings(
        n_bins,
        check_int(OWNER, "missing_tier", binner.missing_tier, 0, n_bins - 1),
        binner.mode,
        _read_names(binner.segment_names, n_bins),
        *_read_budgets(binner.budget, binner.budget_per_customer),
        _read_rates(binner.monotonic, binner.min_rate_diff),
    )


def read_n_bins(binner: Any) -> int:
    """Return the number of tiers, that of a list of the menu for None; or raise."""
    if binner.n_bins is not None:
        return check_int(OWNER, "n_bins", binner.n_bins, 1, _MAX_BINS)
    lengths = {name: n for name in _LISTS if (n := _length(getattr(binner, name)))}
    if not lengths:
        return _DEFAULT_BINS
    first, n_bins = next(iter(lengths.items()))
    for name, length in lengths.items():
        if length != n_bins:
            rule = f"of one value a tier, like {first!r}, which has {n_bins}"
            raise InvalidParameterError(OWNER, name, rule, getattr(binner, name))
    return check_int(OWNER, f"length of {first}", n_bins, 1, _MAX_BINS)


def _length(value: Any) -> int | None:
    """Return the length of a list or array; None for numbers, text and functions."""
    if isinstance(value, str) or callable(value):
        return None
    try:
        return len(value)
    except TypeError:
        return None


def read_bounds(binner: Any, total: float) -> tuple[float, float]:
    """Return the bounds of sizes in customers, 0 and inf for none, or raise."""
    min_size = check_size(OWNER, "min_size", binner.min_size, total)
    max_size = check_size(OWNER, "max_size", binner.max_size, total)
    low = 0.0 if min_size is None else min_size
    high = math.inf if max_size is None else max_size
    if low > high:
        rule = f"at most 'max_size', which is {binner.max_size!r}"
        raise InvalidParameterError(OWNER, "min_size", rule, binner.min_size)
    return low, high


def _read_names(names: Any, n_bins: int) -> tuple[str, ...]:
    if names is None:
        return tuple(f"Tier {i}" for i in range(n_bins))
    if isinstance(names, np.ndarray | pd.Index | pd.Series):
        names = list(names)
    is_sequence = isinstance(names, Sequence) and not isinstance(names, str)
    if (
        not is_sequence
        or len(names) != n_bins
        or not all(isinstance(name, str) and name.strip() for name in names)
        or len({*names, NO_SCORE}) != n_bins + 1
    ):
        rule = f"None or {n_bins} different names, none of them {NO_SCORE!r}"
        raise InvalidParameterError(OWNER, "segment_names", rule, names)
    return tuple(names)


def budget_per_customer(budget: float, n: float) -> float:
    """Return the least amount per customer that allows a spend on so many of them."""
    amount = budget / n
    while amount * n < budget:
        amount = math.nextafter(amount, math.inf)
    return amount


def _read_budgets(budget: Any, per_customer: Any) -> tuple[float, float]:
    """Return the budgets of all customers and of each, inf for none; or raise."""
    if budget is not None and per_customer is not None:
        rule = f"None where a budget of all customers is given, budget={budget!r}"
        raise InvalidParameterError(OWNER, "budget_per_customer", rule, per_customer)
    return (
        _read_budget("budget", budget),
        _read_budget("budget_per_customer", per_customer),
    )


def _read_budget(name: str, budget: Any) -> float:
    if budget is None:
        return math.inf
    if not is_number(budget) or is_missing_value(budget):
        raise InvalidParameterError(OWNER, name, "None or a number", budget)
    return to_float64(budget)


def _read_rates(monotonic: Any, min_rate_diff: Any) -> Rates | None:
    if monotonic is not None:
        check_choice(OWNER, "monotonic", monotonic, ("ascending", "descending"))
    if not is_number(min_rate_diff) or not 0 <= min_rate_diff <= 1:
        rule = "a number in [0, 1]"
        raise InvalidParameterError(OWNER, "min_rate_diff", rule, min_rate_diff)
    if monotonic is None and min_rate_diff == 0:
        return None
    return Rates(monotonic, float(min_rate_diff))


def check_rates(settings: Settings, *, has_revenue: bool) -> None:
    """Raise if conversion rates are constrained where rows have a revenue."""
    if settings.rates is None or not has_revenue:
        return
    name = "min_rate_diff" if settings.rates.order is None else "monotonic"
    value = (
        settings.rates.min_diff
        if settings.rates.order is None
        else (settings.rates.order)
    )
    raise InvalidParameterError(
        OWNER,
        name,
        "left out where the rows have a revenue of their own, which tiers follow "
        "instead of conversion rates",
        value,
        advice="Set monotonic=None and min_rate_diff=0.",
    )
