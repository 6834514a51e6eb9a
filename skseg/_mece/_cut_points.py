"""Thresholds that data decided: their values, and what decided them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from skseg.rules import Rule, RuleSet
from skseg.rules._language._conditions import open_thresholds
from skseg.rules._language._english import quantile_name
from skseg.rules._language._thresholds import (
    Extreme,
    Quantile,
    Threshold,
    format_number,
    resolve_threshold,
    threshold_text,
)
from skseg.rules._quantile import QuantileFunction, levels_of

from ._parameters_json import read_number, read_threshold
from ._strategy_shape import no_strategy


@dataclass(frozen=True)
class CutPoint:
    """A threshold with quantiles in it, and the number that it stands for.

    `quantiles` holds level -> value of the quantiles in it.
    """

    column: str
    threshold: Threshold
    value: float
    quantiles: Mapping[float, float]

    def note(self) -> str:
        """Return in words which part of the threshold is its value, and the others."""
        if isinstance(self.threshold, Quantile):
            return f"its {quantile_name(self.threshold)}"
        assert isinstance(self.threshold, Extreme)
        parts = self.threshold.args
        bounds = [part for part in parts if isinstance(part, float)]
        quantiles = [part for part in parts if isinstance(part, Quantile)]
        if len(bounds) != 1 or len(quantiles) != 1 or len(parts) != 2:
            listed = " and ".join(
                f"{Quantile(level)} was {format_number(value)}"
                for level, value in self.quantiles.items()
            )
            return f"{self.threshold}, where {listed}"
        bound = (
            "the least allowed"
            if self.threshold.function == "max"
            else ("the most allowed")
        )
        name, quantile = quantile_name(quantiles[0]), self.quantiles[quantiles[0].p]
        if quantile == bounds[0]:
            return f"its {name}, and {bound}"
        if self.value == bounds[0]:
            return f"{bound}; its {name} was {format_number(quantile)}"
        return f"its {name}; {bound} is {format_number(bounds[0])}"


def cut_points(
    template: RuleSet, of_all: QuantileFunction, inside: QuantileFunction
) -> list[CutPoint]:
    """Return the thresholds of `template` that the rows have decided, each once.

    `of_all` are the quantiles of all rows, which the universe is about, `inside` those
    of the rows in it.
    """
    universe = [] if template.universe is None else [template.universe]
    points = [*_decided(universe, of_all), *_decided(template.rules.values(), inside)]
    return list({(point.column, point.threshold): point for point in points}.values())


def _decided(rules: Iterable[Rule], quantile: QuantileFunction) -> Iterator[CutPoint]:
    for column, threshold in dict.fromkeys(open_thresholds(rules)):
        assert isinstance(threshold, Quantile | Extreme)
        values = {level: quantile(column, level) for level in levels_of(threshold)}
        value = resolve_threshold(threshold, values.__getitem__)
        yield CutPoint(column, threshold, value, values)


def cut_point_table(points: Iterable[CutPoint]) -> pd.DataFrame:
    """Return one row per threshold: column, threshold, value and what decided it."""
    records = [
        (point.column, threshold_text(point.threshold), point.value, point.note())
        for point in points
    ]
    return pd.DataFrame(records, columns=["column", "threshold", "value", "decided_by"])


def write_cut_points(points: Iterable[CutPoint]) -> list[dict[str, Any]]:
    """Return thresholds as JSON, numbers as text, since they may be infinite."""
    return [
        {
            "column": point.column,
            "threshold": threshold_text(point.threshold),
            "value": format_number(point.value),
            "quantiles": {
                format_number(level): format_number(value)
                for level, value in point.quantiles.items()
            },
        }
        for point in points
    ]


def read_cut_points(records: Iterable[Mapping[str, Any]]) -> list[CutPoint]:
    """Return the thresholds that `write_cut_points` wrote, or raise RuleError."""
    points = []
    for position, record in enumerate(records):
        place = "fitted", "cut_points", position
        threshold = read_threshold((*place, "threshold"), record["threshold"])
        quantiles = {
            read_number((*place, "quantiles"), level): read_number(
                (*place, "quantiles", level), value
            )
            for level, value in record["quantiles"].items()
        }
        if set(quantiles) != set(levels_of(threshold)) or not quantiles:
            rule = "the value of each quantile in the threshold"
            raise no_strategy((*place, "quantiles"), rule, record["quantiles"])
        value = read_number((*place, "value"), record["value"])
        points.append(CutPoint(record["column"], threshold, value, quantiles))
    return points
