"""Quantiles that rules need, of a table that is not in memory."""

from __future__ import annotations

import math
from collections.abc import Sequence

from skseg._typing import FloatArray
from skseg.engines import Table
from skseg.rules import Rule
from skseg.rules._quantile import (
    QuantileFunction,
    QuantilesOf,
    no_quantile_error,
    wanted_levels,
)

from ._aggregates import quantiles_by_column


def table_quantiles(table: Table, sample_weight: str | None) -> QuantilesOf:
    """Return what gives the quantiles of weighted rows of a table in a universe.

    All quantiles that the rules need are computed in the same few scans.
    """

    def condition(rule: Rule) -> str:
        return rule.to_sql(table.dialect, types=table.types)

    def quantiles_of(rules: Sequence[Rule], universe: Rule | None) -> QuantileFunction:
        levels = wanted_levels(rules)
        by_column: dict[str, FloatArray] = {}
        if levels:
            by_column = quantiles_by_column(
                table,
                levels,
                where=None if universe is None else condition(universe),
                sample_weight=sample_weight,
            )
        values = {
            (column, level): float(value)
            for column, quantiles in by_column.items()
            for level, value in zip(levels[column], quantiles, strict=True)
        }

        def quantile(column: str, level: float) -> float:
            if math.isnan(values[column, level]):
                raise no_quantile_error(column, level)
            return values[column, level]

        return quantile

    return quantiles_of
