"""Quantiles that are values of the data and that treat a weight as a repetition."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from types import EllipsisType
from typing import Any

import numpy as np

from skseg._typing import BoolArray, FloatArray
from skseg.exceptions import RuleError

from ._columns import Columns
from ._language._conditions import Rule, open_thresholds
from ._language._thresholds import Extreme, Quantile, Threshold

# Column and level -> the value of the quantile.
QuantileFunction = Callable[[str, float], float]
# Rules, and the universe whose rows count, if any -> the quantiles that the rules need.
QuantilesOf = Callable[[Sequence[Rule], Rule | None], QuantileFunction]


def exact_level(level: float | Fraction) -> Fraction:
    """Return the fraction that a level means."""
    # 0.07 means seven hundredths: the float product 0.07 * 100 exceeds 7 and would
    # step over the seventh value.
    return level if isinstance(level, Fraction) else Fraction(repr(float(level)))


def inverted_cdf(
    values: FloatArray,
    levels: Sequence[float | Fraction],
    sample_weight: FloatArray | None = None,
) -> FloatArray:
    """Return the smallest values with at least a share `levels` of the weight below.

    A float among the levels is read as the decimal number that it prints as. NaN values
    do not count; a quantile is NaN if no weight is left. Whole weights give exactly
    what repeated rows give. Raises RuleError if the weights are not one non-negative
    number for each row.
    """
    exact = [exact_level(level) for level in levels]
    present = ~np.isnan(values)
    if sample_weight is not None:
        weight = _checked_weight(sample_weight, len(values))
        present &= weight > 0
    observed = values if present.all() else values[present]
    if not len(observed) or not exact:
        return np.full(len(exact), np.nan)
    if sample_weight is None:
        n = len(observed)
        ranks = [max(math.ceil(level * n) - 1, 0) for level in exact]
        return np.asarray(np.partition(observed, sorted(set(ranks)))[ranks])
    order = np.argsort(observed, kind="stable")
    counts = weight[present][order]
    weight_up_to = np.cumsum(counts)
    total = Fraction(float(weight_up_to[-1]))
    targets: list[float] = [float(level * total) for level in exact]
    if (counts == np.floor(counts)).all():
        # Rounding must not step over the last of several repeated rows.
        targets = [math.ceil(level * total) for level in exact]
    positions = np.searchsorted(weight_up_to, targets, side="left")
    return np.asarray(observed[order][np.minimum(positions, len(observed) - 1)])


def read_weight(sample_weight: Any, n_rows: int, owner: str) -> FloatArray:
    """Return weights in any container as float64, or raise RuleError."""
    name = "sample_weight"
    try:
        weight = Columns({name: sample_weight}, owner).numbers(name)
    except RuleError as error:
        place = "" if error.row is None else f" at row {error.row}"
        raise RuleError(
            f"{name} of {owner} must be numbers, one a row. Got "
            f"{_example(sample_weight, error.row)}{place}.",
            owner=owner,
            name=name,
            rule="numbers, one a row",
            value=sample_weight,
            row=error.row,
        ) from None
    try:
        return _checked_weight(weight, n_rows)
    except RuleError as error:
        error.owner = owner
        raise


def _example(values: Any, row: int | None) -> str:
    """Return what was given in place of weights, shortly."""
    if row is not None:
        return repr(list(values)[row])
    return f"{type(values).__name__} values"


def _checked_weight(sample_weight: FloatArray, n_rows: int) -> FloatArray:
    weight = np.asarray(sample_weight, dtype=np.float64)
    if weight.shape != (n_rows,):
        raise RuleError(
            f"sample_weight must have shape ({n_rows},), one weight a row. Got shape "
            f"{weight.shape} instead.",
            name="sample_weight",
            value=weight.shape,
        )
    valid = np.isfinite(weight) & (weight >= 0)
    if not valid.all():
        row = int(valid.argmin())
        raise RuleError(
            "sample_weight must be finite and not negative. Got "
            f"{float(weight[row])} at row {row}.",
            name="sample_weight",
            rule="finite and not negative",
            value=float(weight[row]),
            row=row,
        )
    return weight


@dataclass(frozen=True)
class ColumnQuantiles:
    """Quantiles of weighted rows, by column and level.

    Each is computed once, since rules that share a threshold ask for it again.
    """

    columns: Columns
    weight: FloatArray | None
    inside: BoolArray | EllipsisType = ...
    _values: dict[tuple[str, float], float] = field(default_factory=dict, init=False)

    def __call__(self, column: str, level: float) -> float:
        """Return the quantile of a column; an error if there is no value."""
        key = column, level
        if key not in self._values:
            self._values[key] = self._computed(column, level)
        return self._values[key]

    def _computed(self, column: str, level: float) -> float:
        values = self.columns.numbers(column)[self.inside]
        weight = None if self.weight is None else self.weight[self.inside]
        quantile = float(inverted_cdf(values, [level], weight)[0])
        if math.isnan(quantile):
            raise no_quantile_error(column, level)
        # Not -0.0, which would be written differently from 0.0.
        return quantile + 0.0


def column_quantiles(columns: Columns, weight: FloatArray | None) -> QuantilesOf:
    """Return what gives the quantiles of weighted rows in a universe."""

    def quantiles_of(_: Sequence[Rule], universe: Rule | None) -> ColumnQuantiles:
        inside = ... if universe is None else universe.evaluate(columns)
        return ColumnQuantiles(columns, weight, inside)

    return quantiles_of


def levels_of(threshold: Threshold) -> dict[float, None]:
    """Return the levels of the quantiles in a threshold, each once."""
    if isinstance(threshold, Quantile):
        return {threshold.p: None}
    if not isinstance(threshold, Extreme):
        return {}
    return {level: None for part in threshold.args for level in levels_of(part)}


def wanted_levels(rules: Iterable[Rule]) -> dict[str, list[float]]:
    """Return column -> levels of the quantiles in rules, each once."""
    levels: dict[str, dict[float, None]] = {}
    for column, threshold in open_thresholds(rules):
        levels.setdefault(column, {}).update(levels_of(threshold))
    return {column: list(of_column) for column, of_column in levels.items()}


def no_quantile_error(column: str, level: float) -> RuleError:
    """Return the error about a column without a value to take a quantile of."""
    return RuleError(
        f"q({level}) of column {column!r} has no value: every row is missing, "
        "outside of the universe, or has no weight.",
        owner="RuleSet.resolve",
        column=column,
        value=level,
    )
