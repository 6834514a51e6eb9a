"""What `optimal_cuts` takes, and what it returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Required, TypedDict

import numpy.typing as npt

from ._infeasible_sizes import Change, NearestFeasible
from ._objective import Mode
from ._problem import Rates


class CutOptions(TypedDict, total=False):
    """The menu and the constraints of cuts.

    Money is `revenue` per conversion, `cost` per unit of weight and `fixed_cost` per
    tier used (0 by default): finite numbers for tiers in order of score, the lowest
    first, at least one of them as an array of all tiers. `mode` tells which tiers may
    stay unused: any ("subset", the default), only the last ones ("prefix"), none
    ("exact"). The weight of every tier used is in [min_size, max_size]. `budget` is the
    largest spend, the sum of ``cost[i] * N + fixed_cost[i]`` over the tiers used, of
    which `spent` is spent before any cut. `rates` constrain the conversion rates of
    neighbouring tiers.
    """

    revenue: Required[npt.ArrayLike]
    cost: Required[npt.ArrayLike]
    fixed_cost: npt.ArrayLike
    mode: Mode
    min_size: float
    max_size: float
    budget: float
    spent: float
    rates: Rates | None


@dataclass(frozen=True, slots=True)
class Cuts:
    """Outcome of `optimal_cuts`.

    `status` is "infeasible" if no division meets the constraints, which is proved if
    `gap` is 0. Otherwise `tiers` are the positions on the menu of the tiers used,
    ascending, and `cut_points` the thresholds between them: a row belongs to the lower
    tier if and only if ``score <= threshold``. `value` is the profit, -inf if
    infeasible. No division makes more than `upper_bound`, which exceeds it by `gap`,
    0.0 if the optimum is proved, up to rounding. `sizes` and `conversions` are weighted
    sums of every tier, `spend` their cost, fixed costs included.

    If infeasible, `reason` tells why, `nearest` has the smallest changes that make a
    division possible, and `advice` is the smallest change in words, empty if none
    helps. `remedy` is the first of the changes in `advice`: parameters and values that
    together make a division possible.
    """

    status: Literal["solved", "infeasible"]
    tiers: tuple[int, ...]
    cut_points: tuple[float, ...]
    value: float
    upper_bound: float
    gap: float
    sizes: tuple[float, ...] = ()
    conversions: tuple[float, ...] = ()
    spend: float = 0.0
    nearest: NearestFeasible | None = None
    reason: str = ""
    advice: str = ""
    remedy: Change = field(default_factory=dict)
