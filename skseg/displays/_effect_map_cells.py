"""The cells of a column for EffectMapDisplay, in which a condition keeps its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from skseg._core._coding import CodedColumn, Codes, even_cells
from skseg._search._readable import roundest
from skseg._typing import BoolArray, FloatArray, ObjectArray
from skseg.rules import Columns, Rule
from skseg.rules._language._conditions import Comparison, leaf_kind, leaves

MISSING = "missing"


@dataclass(frozen=True, slots=True, eq=False)
class ColumnCells:
    """The cells of a column.

    Attributes
    ----------
    codes : ndarray of uint8 of shape (n_rows,)
        The cell of every row.
    labels : list of str
        What is in each cell.
    is_inside : ndarray of bool of shape (n_cells,)
        Which cells meet the condition; True everywhere if there is none.
    """

    codes: Codes
    labels: list[str]
    is_inside: BoolArray


def column_cells(
    columns: Columns,
    name: str,
    condition: Rule | None,
    max_cells: int,
    weight: FloatArray,
) -> ColumnCells:
    """Return the cells of a column, each either inside of the condition or outside.

    Parameters
    ----------
    columns : Columns
        Rows of a weight above zero.
    name : str
        The column.
    condition : Rule or None
        On this column alone.
    max_cells : int
        Most cells, that of missing values included, unless the condition needs more.
    weight : ndarray of float64 of shape (n_rows,)
        Of the rows.
    """
    known: npt.NDArray[Any]
    nothing: npt.NDArray[Any]
    if columns.is_text(name) or _is_about_text(condition):
        coded, labels, known = _text_cells(columns, name, condition, max_cells, weight)
        nothing = np.array([None], dtype=object)
    else:
        coded, labels, known = _number_cells(
            columns, name, condition, max_cells, weight
        )
        nothing = np.array([np.nan])
    inside = _inside(name, condition, known)
    if coded.has_missing:
        labels.append(MISSING)
        inside = np.append(inside, _inside(name, condition, nothing))
    return ColumnCells(coded.codes(columns), labels, inside)


def _is_about_text(condition: Rule | None) -> bool:
    found = [] if condition is None else leaves(condition)
    return any(leaf_kind(leaf) == "text" for leaf in found)


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
) -> tuple[CodedColumn, list[str], FloatArray]:
    """Return the cells, their labels, and a value of each."""
    values = columns.numbers(name)
    is_known = ~np.isnan(values)
    distinct, place = np.unique(values[is_known], return_inverse=True)
    sizes = np.bincount(place, weight[is_known], len(distinct)).astype(np.float64)
    borders = [] if condition is None else _borders(condition)
    ends = np.searchsorted(distinct, borders, side="right")
    runs = np.split(np.arange(len(distinct)), ends)
    has_missing = not bool(is_known.all())
    n_cells = _parts(
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
    coded = CodedColumn(name, thresholds, (), has_missing)
    return coded, _number_labels(thresholds, distinct), np.append(thresholds, np.inf)


def _borders(condition: Rule) -> list[float]:
    """Return the numbers of a condition, in which `<=` and `>` are all there is."""
    found = [leaf for leaf in leaves(condition) if isinstance(leaf, Comparison)]
    return sorted({float(leaf.threshold) for leaf in found})  # type: ignore[arg-type]


def _number_labels(thresholds: FloatArray, distinct: FloatArray) -> list[str]:
    """Return what numbers are in each cell; upper ends belong to it."""
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
) -> tuple[CodedColumn, list[str], ObjectArray]:
    """Return the cells, those inside first, their labels, and a level of each."""
    levels = columns.levels(name)
    found = columns.text_codes(name, levels)
    sizes = np.bincount(found, weight, len(levels) + 2).astype(np.float64)
    has_missing = bool(sizes[-1] > 0)
    inside = _inside(name, condition, np.array(levels, dtype=object))
    sides = [
        side[np.argsort(-sizes[side], kind="stable")]
        for side in (np.flatnonzero(inside), np.flatnonzero(~inside))
        if len(side)
    ]
    n_cells = _parts(
        [float(sizes[side].sum()) for side in sides],
        [len(side) for side in sides],
        max_cells - has_missing,
    )
    # Of each side the most frequent levels, and a cell for the rest.
    cells = [
        tuple(levels[i] for i in part)
        for side, n in zip(sides, n_cells, strict=True)
        for part in np.split(side, range(1, n))
    ]
    labels = [
        cell[0] if len(cell) == 1 else f"{cell[0]} + {len(cell) - 1} more"
        for cell in cells
    ]
    coded = CodedColumn(name, None, tuple(cells), has_missing)
    return coded, labels, np.array([cell[0] for cell in cells], dtype=object)


def _parts(sizes: Sequence[float], most: Sequence[int], n_cells: int) -> list[int]:
    """Return how many of the cells each part gets, at least one, by its size.

    One after the other goes to where cells are largest, as seats do by D'Hondt.
    """
    parts = np.ones(len(sizes), dtype=np.intp)
    limits = np.maximum(most, 1)
    while parts.sum() < n_cells and (parts < limits).any():
        share = np.where(parts < limits, np.asarray(sizes) / parts, -1.0)
        parts[int(np.argmax(share))] += 1
    return parts.tolist()
