"""The best boxes of up to three columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Literal

import numpy as np

from skseg._typing import BoolArray, FloatArray

from ._best import Best, Found, best_boxes
from ._sets import Axis, Codes, Limits, cell_sets
from ._tables import Columns, Sample, Table, all_tables, joint_table

Triples = Literal["grown", "all"]
Numbers = tuple[int, ...]

# So many pairs of columns may grow a third, and so many triples are made better.
_BEAM = 12
_COARSE = 8


def search(
    rows: Sample, limits: Limits, best: Sequence[Best], triples: Triples
) -> None:
    """Keep the best boxes of one column, of two and of three, each in a place.

    A place may be the same as the one before.
    """
    look_at_all(rows, 1, limits, best[:1])
    pairs = Best(_BEAM, one_each=True)
    if len(best) > 1:
        grow = len(best) > 2 and triples == "grown"
        look_at_all(rows, 2, limits, [best[1], pairs] if grow else [best[1]])
    if len(best) > 2:
        all_of_them = triples == "all"
        starts = _coarse(rows, limits) if all_of_them else _grown(rows, limits, pairs)
        found = {
            climb(joint_table(rows, columns), rows.axes, numbers, limits)
            for columns, numbers in starts
        }
        best[2].keep(list(found))


def look_at_all(
    rows: Sample, width: int, limits: Limits, several: Sequence[Best]
) -> None:
    """Compare all boxes of so many columns."""
    sets = [cell_sets(axis) for axis in rows.axes]
    columns = [column for column, some in enumerate(sets) if len(some)]
    for table in all_tables(rows, width, columns):
        for best in several:
            best.look_into(table, [sets[column] for column in table.columns], limits)


def climb(
    table: Table, axes: Sequence[Axis], numbers: Numbers, limits: Limits
) -> Found:
    """Improve a box, two of its conditions at a time, until none of them can be.

    Parameters
    ----------
    table : Table
        Sums over the joint cells of the box's columns.
    axes : sequence of Axis
        All columns.
    numbers : tuple of int
        The numbers of the columns' sets to begin with.
    limits : Limits
        What boxes are allowed to be.

    Returns
    -------
    Found
        The box. With one or two columns it is the best there is, and the beginning does
        not matter.
    """
    sets = [cell_sets(axes[column]) for column in table.columns]
    places = range(len(sets))
    current = measure(table, axes, numbers, limits)
    improved = True
    while improved:
        improved = False
        for free in combinations(places, min(2, len(sets))):
            part = _within(table, sets, current.sets, free)
            some = [sets[place] for place in free]
            better = best_boxes(part, some, limits, max(-current.minus_key, 1e-300))
            if better and better[0].minus_key < current.minus_key:
                numbers = _replaced(current.sets, free, better[0].sets)
                current = replace(
                    better[0],
                    n_columns=len(sets),
                    columns=table.columns,
                    sets=numbers,
                )
                improved = len(sets) > 2
    return current


def _replaced(numbers: Numbers, places: Sequence[int], new: Numbers) -> Numbers:
    changed = list(numbers)
    for place, number in zip(places, new, strict=True):
        changed[place] = number
    return tuple(changed)


def _within(
    table: Table, sets: Sequence[BoolArray], numbers: Numbers, free: Sequence[int]
) -> Table:
    """Return the table of some columns, over the rows that meet the other conditions.

    The columns come out in the order of the table.
    """
    total, size = table.total, table.size
    for place in reversed(range(total.ndim)):
        if place not in free:
            inside = sets[place][numbers[place]]
            total = total.compress(inside, place).sum(place)
            size = size.compress(inside, place).sum(place)
    return Table(tuple(table.columns[place] for place in free), total, size)


def measure(
    table: Table, axes: Sequence[Axis], numbers: Numbers, limits: Limits
) -> Found:
    """Return a box of a table by the numbers of its sets."""
    sets = [cell_sets(axes[column]) for column in table.columns]
    inside = _within(table, sets, numbers, ())
    key = float(limits.keys(inside.total, inside.size))
    size, total = float(inside.size), float(inside.total)
    return Found(-key, len(sets), -size, table.columns, numbers, total)


def _grown(
    rows: Sample, limits: Limits, pairs: Best
) -> Iterator[tuple[Columns, Numbers]]:
    """Yield the best pairs with a third condition, the best of its column."""
    grown = Best(_BEAM, one_each=True)
    useful = [c for c, axis in enumerate(rows.axes) if len(cell_sets(axis))]
    for pair in pairs.found:
        conditions = dict(zip(pair.columns, pair.sets, strict=True))
        inside = np.ones(len(rows.value), dtype=bool)
        for column, number in conditions.items():
            inside &= cell_sets(rows.axes[column])[number][rows.codes[column]]
        thirds = [column for column in useful if column not in conditions]
        for table in all_tables(rows.part(inside), 1, thirds):
            [third] = table.columns
            for found in best_boxes(table, [cell_sets(rows.axes[third])], limits):
                columns, numbers = zip(
                    *sorted((conditions | {third: found.sets[0]}).items()), strict=True
                )
                grown.keep([replace(found, n_columns=3, columns=columns, sets=numbers)])
    for found in grown.found:
        yield found.columns, found.sets


def _coarse(rows: Sample, limits: Limits) -> Iterator[tuple[Columns, Numbers]]:
    """Yield the best triples of columns with few cells, in terms of the fine ones."""
    fine_to_coarse = [
        merged_cells(axis, _sizes(codes, rows.weight, axis))
        for axis, codes in zip(rows.axes, rows.codes, strict=True)
    ]
    codes = np.empty_like(rows.codes)
    for column, mapping in enumerate(fine_to_coarse):
        np.take(mapping, rows.codes[column], out=codes[column])
    axes = [
        replace(
            axis,
            n_cells=int(mapping[-1]) + 1,
            missing=None if axis.missing is None else int(mapping[-1]),
        )
        for axis, mapping in zip(rows.axes, fine_to_coarse, strict=True)
    ]
    best = Best(_BEAM, one_each=True)
    look_at_all(replace(rows, codes=codes, axes=axes), 3, limits, [best])
    for found in best.found:
        numbers = tuple(
            _number(
                cell_sets(rows.axes[column]),
                cell_sets(axes[column])[number][fine_to_coarse[column]],
            )
            for column, number in zip(found.columns, found.sets, strict=True)
        )
        yield found.columns, numbers


def _sizes(codes: Codes, weight: FloatArray | None, axis: Axis) -> FloatArray:
    return np.bincount(codes, weight, axis.n_cells).astype(np.float64)


def merged_cells(axis: Axis, size: FloatArray) -> Codes:
    """Return which coarse cell each cell belongs to: neighbours of about equal size."""
    if axis.nominal or axis.n_cells <= _COARSE:
        return np.arange(axis.n_cells, dtype=np.uint8)
    n = axis.n_cells - (axis.missing is not None)
    middle = np.cumsum(size[:n]) - size[:n] / 2
    n_coarse = _COARSE - (axis.missing is not None)
    share = middle / max(float(size[:n].sum()), 1e-300)
    coarse = np.minimum((share * n_coarse).astype(np.intp), n_coarse - 1)
    # Without gaps, so that there are no empty cells.
    _, coarse = np.unique(coarse, return_inverse=True)
    if axis.missing is not None:
        coarse = np.append(coarse, coarse[-1] + 1)
    return coarse.astype(np.uint8)


def _number(sets: BoolArray, wanted: BoolArray) -> int:
    return int(np.flatnonzero((sets == wanted).all(axis=1))[0])
