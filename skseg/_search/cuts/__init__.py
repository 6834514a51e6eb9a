"""Rows cut by score into the tiers of largest profit."""

from ._cut import (
    as_rows,
    cut_bins,
    cut_rows,
    optimal_cuts,
    path_of_rows,
    threshold_between,
    value_path,
)
from ._objective import Mode
from ._problem import Constraints, Rates
from ._rows import Rows
from ._types import CutOptions, Cuts

__all__ = [
    "Constraints",
    "CutOptions",
    "Cuts",
    "Mode",
    "Rates",
    "Rows",
    "as_rows",
    "cut_bins",
    "cut_rows",
    "optimal_cuts",
    "path_of_rows",
    "threshold_between",
    "value_path",
]
