"""Exact aggregates of tables that are not in memory: counts, sums and quantiles.

Estimators fit such a table from the smallest aggregate that makes the answer exact, and
run the code of the in-memory fit on it, with counts as weights.
"""

from ._counts import group_counts, value_counts
from ._numbers import NumberSQL, literal_sql, number_sql, require_numbers
from ._quantiles import group_medians, quantiles, quantiles_by_column
from ._weights import check_weights

__all__ = [
    "NumberSQL",
    "check_weights",
    "group_counts",
    "group_medians",
    "literal_sql",
    "number_sql",
    "quantiles",
    "quantiles_by_column",
    "require_numbers",
    "value_counts",
]
