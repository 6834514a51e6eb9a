"""Exhaustive answers to small questions, to compare the searches with."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
GridBox = tuple[tuple[int, int], ...]


def guillotine_feasible(
    values: FloatArray, sizes: FloatArray, low: float, high: float
) -> bool:
    """Tell whether any sequence of cuts at value boundaries gives legal sizes."""
    # NaN ranks last, and all of them alike.
    ranks = np.column_stack(
        [np.unique(column, return_inverse=True)[1].ravel() for column in values.T]
    )
    memo: dict[bytes, bool] = {}

    def feasible(rows: npt.NDArray[np.intp]) -> bool:
        if low <= sizes[rows].sum() <= high:
            return True
        key = rows.tobytes()
        if key not in memo:
            memo[key] = any(
                feasible(rows[below]) and feasible(rows[~below])
                for column in ranks[rows].T
                for edge in np.unique(column)[1:]
                for below in [column < edge]
            )
        return memo[key]

    return feasible(np.arange(len(values)))


def fewest_runs(sizes: FloatArray, low: float, high: float) -> float:
    """Return the fewest runs of legal size that neighbours can be divided into."""
    fewest = [0.0]
    for end in range(1, len(sizes) + 1):
        runs = (
            fewest[start] + 1
            for start in range(end)
            if low <= sizes[start:end].sum() <= high
        )
        fewest.append(min(runs, default=np.inf))
    return fewest[-1]


def grid_divisions(shape: tuple[int, ...]) -> set[frozenset[GridBox]]:
    """Return all divisions of a grid by guillotine cuts."""
    memo: dict[GridBox, set[frozenset[GridBox]]] = {}

    def divisions(box: GridBox) -> set[frozenset[GridBox]]:
        if box not in memo:
            memo[box] = {frozenset([box])} | {
                below | above
                for axis, (start, stop) in enumerate(box)
                for cut in range(start + 1, stop)
                for below, above in product(
                    divisions((*box[:axis], (start, cut), *box[axis + 1 :])),
                    divisions((*box[:axis], (cut, stop), *box[axis + 1 :])),
                )
            }
        return memo[box]

    return divisions(tuple((0, n) for n in shape))


def set_partitions(n: int) -> Iterator[list[list[int]]]:
    """Yield all ways to group the numbers below n."""
    if n == 0:
        yield []
        return
    for groups in set_partitions(n - 1):
        yield [*groups, [n - 1]]
        for i in range(len(groups)):
            yield [*groups[:i], [*groups[i], n - 1], *groups[i + 1 :]]


def squared_error(sizes: FloatArray, means: FloatArray) -> Any:
    """Return the squared error that merging parts with these means adds."""
    centre = (sizes[:, np.newaxis] * means).sum(axis=0) / max(sizes.sum(), 1e-300)
    return float((sizes[:, np.newaxis] * (means - centre) ** 2).sum())
