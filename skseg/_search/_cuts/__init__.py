"""Rows cut by score into the tiers of largest value."""

from ._cut import (
    Asked,
    Cuts,
    Division,
    Mode,
    Rates,
    Rows,
    Side,
    as_rows,
    cut_rows,
    optimal_cuts,
    path_of_rows,
    solve_at,
    threshold_between,
    value_path,
)

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
