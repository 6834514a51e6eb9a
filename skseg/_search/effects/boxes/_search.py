"""The best boxes of up to three columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import replace
from itertools import combinations, islice

import numpy as np
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from skseg._typing import BoolArray

from ._best import Candidate, TopBoxes, add_best, best_boxes
from ._sets import CodedAxis, cell_sets, squared_z
from ._tables import (
    ColumnSet,
    JointTable,
    Sample,
    column_blocks,
    joint_table,
    tables_of_block,
)

SetNumbers = tuple[int, ...]

# Pairs of columns that get a third condition, and triples that are improved.
_BEAM_WIDTH = 12
# Blocks of columns that a process searches at a time: a fraction of a second.
_N_BLOCKS = 200


def search(
    rows: Sample,
    min_size: float,
    tops: Sequence[TopBoxes],
    parallel: Parallel | None = None,
) -> None:
    """Keep the best boxes of one column, of two and of three in `tops[0]` to `tops[2]`.

    Boxes of one and two columns are compared exhaustively; those of three are the best
    pairs with a third condition, improved two conditions at a time. The pairs are
    searched by the workers of `parallel`, which yields results as they come.
    """
    columns = [column for column, axis in enumerate(rows.axes) if len(cell_sets(axis))]
    singles = TopBoxes(max(len(columns), 1), one_per_table=True)
    compare_all(rows, 1, min_size, [tops[0], singles], columns)
    if len(tops) > 1:
        # The sooner a strong box is found, the more of the others are left out.
        strongest = [column for box in singles.candidates for column in box.columns]
        columns = list(dict.fromkeys([*strongest, *columns]))
        pairs = TopBoxes(_BEAM_WIDTH, one_per_table=True)
        two_columns = [tops[1], pairs] if len(tops) > 2 else [tops[1]]
        compare_all(rows, 2, min_size, two_columns, columns, parallel)
    if len(tops) > 2:
        improved = {
            climb(joint_table(rows, columns), rows.axes, sets, min_size)
            for columns, sets in _triples(rows, min_size, pairs)
        }
        tops[2].add(sorted(improved))


def compare_all(
    rows: Sample,
    n_columns: int,
    min_size: float,
    tops: Sequence[TopBoxes],
    columns: Sequence[int],
    parallel: Parallel | None = None,
) -> None:
    """Compare all boxes of `n_columns` of the columns."""
    blocks = column_blocks(rows, n_columns, columns)
    if parallel is None:
        _compare_blocks(rows, min_size, tops, blocks)
        return
    parts = iter(lambda: list(islice(blocks, _N_BLOCKS)), [])
    best_of_parts = parallel(
        delayed(_best_of_blocks)(rows, min_size, tops, part) for part in parts
    )
    # While the last parts are searched, the first ones tell later ones what to beat.
    for best in best_of_parts:
        for top, candidates in zip(tops, best, strict=True):
            top.keep([*top.candidates, *candidates])


def _best_of_blocks(
    rows: Sample,
    min_size: float,
    tops: Sequence[TopBoxes],
    blocks: Iterable[tuple[ColumnSet, list[ColumnSet]]],
) -> list[list[Candidate]]:
    """Return the best boxes of each of `tops` and of the blocks, in any process."""
    tops = [copy(top) for top in tops]
    with threadpool_limits(1, user_api="blas"):
        _compare_blocks(rows, min_size, tops, blocks)
    return [top.candidates for top in tops]


def _compare_blocks(
    rows: Sample,
    min_size: float,
    tops: Sequence[TopBoxes],
    blocks: Iterable[tuple[ColumnSet, list[ColumnSet]]],
) -> None:
    for block, subsets in blocks:
        for table in tables_of_block(rows, block, subsets):
            add_best(table, rows.axes, min_size, tops)


def climb(
    table: JointTable, axes: Sequence[CodedAxis], start: SetNumbers, min_size: float
) -> Candidate:
    """Improve a box, two of its conditions at a time, to a local optimum.

    With one or two columns it is the global optimum. `start` has the numbers of the
    sets to start from.
    """
    sets = [cell_sets(axes[column]) for column in table.columns]
    current = measure(table, axes, start, min_size)
    has_improved = True
    while has_improved:
        has_improved = False
        for free in combinations(range(len(sets)), min(2, len(sets))):
            slab = _slab(table, sets, current.sets, free)
            min_key = max(current.key, 1e-300)
            better = best_boxes(slab, axes, min_size, min_key)
            if better and better[0].key > current.key:
                numbers = list(current.sets)
                for axis, number in zip(free, better[0].sets, strict=True):
                    numbers[axis] = number
                current = replace(
                    better[0],
                    n_columns=len(sets),
                    columns=table.columns,
                    sets=tuple(numbers),
                )
                has_improved = len(sets) > 2
    return current


def _slab(
    table: JointTable,
    sets: Sequence[BoolArray],
    numbers: SetNumbers,
    free: Sequence[int],
) -> JointTable:
    """Return the table of the free axes, over the rows that meet the other conditions.

    Its columns are in the order of the table.
    """
    total, size = table.total, table.size
    for axis in reversed(range(total.ndim)):
        if axis not in free:
            inside = sets[axis][numbers[axis]]
            total = total.compress(inside, axis).sum(axis)
            size = size.compress(inside, axis).sum(axis)
    return JointTable(tuple(table.columns[axis] for axis in free), total, size)


def measure(
    table: JointTable, axes: Sequence[CodedAxis], numbers: SetNumbers, min_size: float
) -> Candidate:
    """Return a box of a table by the numbers of its sets."""
    sets = [cell_sets(axes[column]) for column in table.columns]
    inside = _slab(table, sets, numbers, ())
    key = float(squared_z(inside.total, inside.size, min_size))
    size, total = float(inside.size), float(inside.total)
    return Candidate(-key, len(sets), -size, table.columns, numbers, total)


def _triples(
    rows: Sample, min_size: float, pairs: TopBoxes
) -> Iterator[tuple[ColumnSet, SetNumbers]]:
    """Yield the best pairs with a third condition, the best of its column."""
    triples = TopBoxes(_BEAM_WIDTH)
    divisible = [c for c, axis in enumerate(rows.axes) if len(cell_sets(axis))]
    for pair in pairs.candidates:
        conditions = dict(zip(pair.columns, pair.sets, strict=True))
        inside = np.ones(len(rows.value), dtype=bool)
        for column, number in conditions.items():
            inside &= cell_sets(rows.axes[column])[number][rows.codes[column]]
        thirds = [column for column in divisible if column not in conditions]
        inner = rows.subset(inside)
        for third in thirds:
            table = joint_table(inner, (third,))
            for best in best_boxes(table, rows.axes, min_size):
                columns, sets = zip(
                    *sorted((conditions | {third: best.sets[0]}).items()), strict=True
                )
                triples.add([replace(best, n_columns=3, columns=columns, sets=sets)])
    for triple in triples.candidates:
        yield triple.columns, triple.sets
