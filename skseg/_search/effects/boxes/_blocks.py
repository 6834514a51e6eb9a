"""Blocks of columns, so that rows are counted once for several pairs of columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from skseg._typing import BoolArray

Pair = tuple[int, int]


def pair_blocks(
    n_cells: Sequence[int], max_cells: int
) -> Iterator[tuple[tuple[int, ...], list[Pair]]]:
    """Yield blocks of axes, and which pairs of axes to take from each.

    Every pair is taken from one block. A block of more than two axes has at most
    `max_cells` joint cells. Pairs of the first axes come early.
    """
    cells = np.asarray(n_cells, dtype=np.float64)
    fewest = min(n_cells, default=0)
    remaining = ~np.eye(len(cells), dtype=bool)
    for second in range(1, len(cells)):
        for first in range(second):
            if not remaining[first, second]:
                continue
            if n_cells[first] * n_cells[second] * fewest > max_cells:
                yield (first, second), [(first, second)]
                continue
            block = _widened((first, second), cells, remaining, max_cells)
            pairs = [pair for pair in combinations(block, 2) if remaining[pair]]
            remaining[np.ix_(block, block)] = False
            yield block, pairs


def _widened(
    block: tuple[int, ...],
    cells: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    remaining: BoolArray,
    max_cells: int,
) -> tuple[int, ...]:
    """Add the axis that brings the most remaining pairs, while there is room."""
    axes = list(block)
    block_cells = np.prod(cells[axes])
    while True:
        n_added = remaining[axes].sum(axis=0)
        n_added[block_cells * cells > max_cells] = 0
        n_added[axes] = 0
        best = int(np.argmax(n_added))
        if not n_added[best]:
            return tuple(sorted(axes))
        axes.append(best)
        block_cells *= cells[best]
