"""Rows cut by score into the tiers of largest profit."""

from ._cut import cut_bins, cut_rows, optimal_cuts, path_of_rows, relevant_cells
from ._objective import Mode
from ._problem import Constraints, Rates
from ._rows import Rows, read_rows, threshold_between
from ._types import CutOptions, Cuts

__all__ = [
    "Constraints",
    "CutOptions",
    "Cuts",
    "Mode",
    "Rates",
    "Rows",
    "cut_bins",
    "cut_rows",
    "optimal_cuts",
    "path_of_rows",
    "read_rows",
    "relevant_cells",
    "threshold_between",
]
