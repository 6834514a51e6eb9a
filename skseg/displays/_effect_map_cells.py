"""Numbers of EffectMapDisplay: cells that respect a finding, and means in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from skseg._core._coding import Codes, ColumnCoding, even_cells
from skseg._core._validation import check_sample_weight
from skseg._finders._base import SegmentFinder
from skseg._finders._decisions._table import conditions_by_column
from skseg._finders._decisions._units import Units
from skseg._finders._rows._compared_rows import ComparedRows
from skseg._finders._rows._groups import read_groups
from skseg._finders._rows._with_group import split_outcome
from skseg._search._readable import roundest
from skseg._typing import BoolArray, FloatArray, ObjectArray
from skseg.exceptions import InvalidDataError, InvalidParameterError
from skseg.rules import Columns, Rule
from skseg.rules._language._conditions import Comparison, leaf_kind, leaves

MISSING = "missing"


@dataclass(frozen=True, slots=True, eq=False)
class ColumnCells:
    """The cells of a column: the cell of every row, and the label of every cell.

    Cells that meet the condition are inside; without a condition, all are.
    """

    codes: Codes
    labels: list[str]
    is_inside: BoolArray


def read_rows(
    owner: str,
    finder: SegmentFinder,
    columns: Columns,
    y: Any,
    group: Any,
    sample_weight: Any,
) -> tuple[Columns, ComparedRows]:
    """Return the rows that are compared as in ``fit`` of the finder, or raise."""
    values, labels, _ = split_outcome(y, group)
    if values is None:
        raise InvalidDataError(
            f"{owner} needs the outcome y of the rows X.",
            owner=owner,
            name="y",
            rule="the outcome of the rows X",
        )
    if (labels is None) != (finder.groups_ is None):
        rule = "None, as in fit" if finder.groups_ is None else "given, as in fit"
        raise InvalidParameterError(owner, "group", rule, labels)
    outcome = finder._outcome_coding.numbers(owner, values, columns.n_rows)
    weight = check_sample_weight(sample_weight, columns.n_rows)
    counts = np.ones(columns.n_rows) if weight is None else weight
    in_a = None
    if labels is not None:
        design = finder._design
        groups = read_groups(
            owner, labels, design.treatment, design.reference, columns.n_rows
        )
        in_a = groups.in_a
        counts = np.where(groups.in_a | groups.in_b, counts, 0.0)
    used = np.flatnonzero(counts > 0)
    if in_a is not None and len({*in_a[used].tolist()}) < 2:
        raise InvalidDataError(
            f"{owner} compares the groups {finder.groups_!r}. One of them has no rows "
            "of a weight above zero.",
            owner=owner,
            name="group",
            rule="two groups, each with a row of a weight above zero",
            value=finder.groups_,
        )
    is_binary = bool(np.isin(outcome[used], (0.0, 1.0)).all())
    rows = ComparedRows(
        outcome, in_a, counts, is_binary, economics=finder._design.economics
    )
    return columns.take(used), rows.take(used)


def conditions(finder: SegmentFinder, finding: int) -> dict[str, Rule]:
    """Return the conditions of a finding by column; none if there is no finding."""
    if finding >= len(finder.segments_):
        return {}
    rules = list(finder.rules_.rules.values())
    return conditions_by_column(rules[finding])


def map_numbers(
    columns: Columns,
    rows: ComparedRows,
    names: list[str],
    rules: dict[str, Rule],
    max_cells: int,
) -> dict[str, Any]:
    """Return the parameters of the display that its cells decide."""
    parts = [
        column_cells(columns, name, rules.get(name), max_cells, rows.weight)
        for name in names
    ]
    if len(parts) == 1:
        one_row = np.zeros(len(rows.y), dtype=np.uint8)
        parts.append(ColumnCells(one_row, ["all"], np.ones(1, dtype=bool)))
    shape = (len(parts[0].labels), len(parts[1].labels))
    place = np.ravel_multi_index([part.codes.astype(np.intp) for part in parts], shape)

    def summed(values: FloatArray) -> FloatArray:
        sums = np.bincount(place, values, shape[0] * shape[1])
        return sums.astype(np.float64).reshape(shape)

    totals = rows.weight, rows.weight * rows.profit
    if rows.in_a is None:
        n_a, y_a = (summed(values) for values in totals)
        n_b, y_b = rows.weight.sum() - n_a, totals[1].sum() - y_a
    else:
        n_a, y_a = (summed(values * rows.in_a) for values in totals)
        n_b, y_b = (summed(values * ~rows.in_a) for values in totals)
    units = Units.of(rows)
    factor = 1.0 if units.name == "profit" else units.shown
    is_inside = np.logical_and.outer(parts[0].is_inside, parts[1].is_inside)
    if not any(name in rules for name in names):
        is_inside[:] = False
    return {
        "columns": names,
        "cells": [part.labels for part in parts],
        "n_a": n_a,
        "n_b": n_b,
        "mean_a": factor * _quotient(y_a, n_a),
        "mean_b": factor * _quotient(y_b, n_b),
        "is_inside": is_inside,
        "unit": units.name,
    }


def _quotient(total: FloatArray, n: FloatArray) -> FloatArray:
    return total / np.where(n > 0, n, np.nan)


def column_cells(
    columns: Columns,
    name: str,
    condition: Rule | None,
    max_cells: int,
    weight: FloatArray,
) -> ColumnCells:
    """Return at most `max_cells` cells, each inside or outside of the condition.

    The condition is about this column alone, and may need more cells. The cell of
    missing values counts, and all weights are above zero.
    """
    values: npt.NDArray[Any]
    missing: npt.NDArray[Any]
    if columns.is_text(name) or _is_about_text(condition):
        coded, labels, values = _text_cells(columns, name, condition, max_cells, weight)
        missing = np.array([None], dtype=object)
    else:
        coded, labels, values = _number_cells(
            columns, name, condition, max_cells, weight
        )
        missing = np.array([np.nan])
    inside = _inside(name, condition, values)
    if coded.has_missing:
        labels.append(MISSING)
        inside = np.append(inside, _inside(name, condition, missing))
    return ColumnCells(coded.codes(columns), labels, inside)


def _is_about_text(condition: Rule | None) -> bool:
    return condition is not None and any(
        leaf_kind(leaf) == "text" for leaf in leaves(condition)
    )


def _inside(name: str, condition: Rule | None, values: npt.NDArray[Any]) -> BoolArray:
    if condition is None or not len(values):
        return np.ones(len(values), dtype=bool)
    return condition.evaluate({name: values})


def _number_cells(
    columns: Columns,
    name: str,
    condition: Rule | None,
    max_cells: int,
    weight: FloatArray,
) -> tuple[ColumnCoding, list[str], FloatArray]:
    """Return the coding into cells, their labels, and a value in each."""
    values = columns.numbers(name)
    is_known = ~np.isnan(values)
    distinct, place = np.unique(values[is_known], return_inverse=True)
    sizes = np.bincount(place, weight[is_known], len(distinct)).astype(np.float64)
    borders = [] if condition is None else _borders(condition)
    positions = np.searchsorted(distinct, borders, side="right")
    runs = np.split(np.arange(len(distinct)), positions)
    has_missing = not bool(is_known.all())
    n_cells = _apportioned(
        [float(sizes[run].sum()) for run in runs],
        [len(run) for run in runs],
        max_cells - has_missing,
    )
    inner = [
        roundest(float(distinct[run[end]]), float(distinct[run[end] + 1]))
        for run, n in zip(runs, n_cells, strict=True)
        for end in even_cells(sizes[run], n)
    ]
    thresholds = np.array(sorted({*borders, *inner}), dtype=np.float64)
    coded = ColumnCoding(name, thresholds, (), has_missing)
    return coded, _number_labels(thresholds, distinct), np.append(thresholds, np.inf)


def _borders(condition: Rule) -> list[float]:
    """Return the thresholds of a condition, which compares with `<=` and `>` only."""
    return sorted(
        {
            float(leaf.threshold)  # type: ignore[arg-type]
            for leaf in leaves(condition)
            if isinstance(leaf, Comparison)
        }
    )


def _number_labels(thresholds: FloatArray, distinct: FloatArray) -> list[str]:
    """Return the numbers in each cell in words; upper ends belong to it."""
    are_whole = bool((distinct == np.floor(distinct)).all())
    low = np.floor(thresholds) + 1 if are_whole else thresholds
    high = np.floor(thresholds) if are_whole else thresholds
    cells = np.split(distinct, np.searchsorted(distinct, thresholds, side="right"))
    labels = []
    for i, cell in enumerate(cells):
        if len(cell) == 1:
            labels.append(_number(cell[0]))
        elif len(cells) == 1:
            labels.append("all values")
        elif i == 0:
            labels.append(f"up to {_number(high[0])}")
        elif i == len(cells) - 1:
            start = f"from {_number(low[-1])}"
            labels.append(start if are_whole else f"over {_number(low[-1])}")
        else:
            labels.append(f"{_number(low[i - 1])} to {_number(high[i])}")
    return labels


def _number(value: float) -> str:
    return f"{value + 0.0:,.10g}"


def _text_cells(
    columns: Columns,
    name: str,
    condition: Rule | None,
    max_cells: int,
    weight: FloatArray,
) -> tuple[ColumnCoding, list[str], ObjectArray]:
    """Return the coding into cells, those inside first, labels, and a level in each."""
    levels = columns.levels(name)
    codes = columns.text_codes(name, levels)
    sizes = np.bincount(codes, weight, len(levels) + 2).astype(np.float64)
    has_missing = bool(sizes[-1] > 0)
    inside = _inside(name, condition, np.array(levels, dtype=object))
    sides = [
        side[np.argsort(-sizes[side], kind="stable")]
        for side in (np.flatnonzero(inside), np.flatnonzero(~inside))
        if len(side)
    ]
    n_cells = _apportioned(
        [float(sizes[side].sum()) for side in sides],
        [len(side) for side in sides],
        max_cells - has_missing,
    )
    # On each side, the most frequent levels, and a cell for the rest.
    cells = [
        tuple(levels[i] for i in part)
        for side, n in zip(sides, n_cells, strict=True)
        for part in np.split(side, range(1, n))
    ]
    labels = [
        cell[0] if len(cell) == 1 else f"{cell[0]} + {len(cell) - 1} more"
        for cell in cells
    ]
    coded = ColumnCoding(name, None, tuple(cells), has_missing)
    return coded, labels, np.array([cell[0] for cell in cells], dtype=object)


def _apportioned(
    sizes: Sequence[float], most: Sequence[int], n_cells: int
) -> list[int]:
    """Apportion cells to parts by their sizes, by the method of D'Hondt.

    Each part gets at least one cell, and at most the number in `most`.
    """
    counts = np.ones(len(sizes), dtype=np.intp)
    limits = np.maximum(most, 1)
    while counts.sum() < n_cells and (counts < limits).any():
        quotients = np.where(counts < limits, np.asarray(sizes) / counts, -1.0)
        counts[int(np.argmax(quotients))] += 1
    return counts.tolist()
