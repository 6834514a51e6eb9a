"""What `optimal_cuts` takes, and what it returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Required, TypedDict

import numpy.typing as npt

from ._infeasible_sizes import NearestFeasible
from ._objective import Mode
from ._problem import Rates


class CutOptions(TypedDict, total=False):
    """The menu and the constraints; see `optimal_cuts`."""

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

    Attributes
    ----------
    status : {"solved", "infeasible"}
        "infeasible" if no division meets the constraints, which is proved if the gap is
        0.
    tiers : tuple of int
        Positions on the menu of the tiers used, ascending; empty if infeasible.
    cut_points : tuple of float
        Thresholds between the tiers. A row belongs to the lower tier if and only if
        ``score <= threshold``.
    value : float
        Profit of the division; -inf if infeasible.
    upper_bound : float
        No division makes more.
    gap : float
        ``upper_bound - value``: 0.0 if the optimum is proved, up to rounding.
    sizes, conversions : tuple of float
        Weighted sums of every tier used.
    spend : float
        Cost of the tiers used, fixed costs included.
    nearest : NearestFeasible or None
        The smallest changes that make a division possible; None if solved.
    reason : str
        Why there is no division; empty if solved.
    advice : str
        The smallest change in words; empty if solved or if no change helps.
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
