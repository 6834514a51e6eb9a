"""Rows cut by score into the tiers of largest value."""

from ._cut import (
    Asked,
    Cuts,
    as_rows,
    cut_rows,
    optimal_cuts,
    path_of_rows,
    threshold_between,
    value_path,
)
from ._menu import Mode
from ._rows import Rows
from ._side import Rates, Side
from ._solve import solve_at
from ._sweep import Division

__all__ = [
    "Asked",
    "Cuts",
    "Division",
    "Mode",
    "Rates",
    "Rows",
    "Side",
    "as_rows",
    "cut_rows",
    "optimal_cuts",
    "path_of_rows",
    "solve_at",
    "threshold_between",
    "value_path",
]
