"""All boxes of cells, one by one, to compare the search with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, product
from typing import Any

import numpy as np

from skseg._search.effects.boxes import CodedAxis

Cells = tuple[bool, ...]


def conditions(axis: CodedAxis) -> list[Cells]:
    """Return the candidates for a condition, in the order of their definition."""
    n = axis.n_cells
    if axis.nominal:
        every = [tuple(reversed(cells)) for cells in product([False, True], repeat=n)]
        return [cells for cells in every if any(cells) and not all(cells)]
    n_known = n if axis.missing is None else n - 1
    sets = []
    for missing in [False] if axis.missing is None else [False, True]:
        for start in range(n_known):
            for stop in range(start + 1, n_known + 1):
                cells = tuple(start <= cell < stop for cell in range(n_known))
                sets.append(cells if axis.missing is None else (*cells, missing))
    if axis.missing is not None:
        sets.append((False,) * n_known + (True,))
    return [cells for cells in sets if not all(cells)]


def all_boxes(
    codes: Any,
    axes: Sequence[CodedAxis],
    score: Any,
    weight: Any = None,
    *,
    widths: Sequence[int],
    min_size: float,
) -> Iterator[tuple[Any, ...]]:
    """Yield (minus absolute z, columns, minus n, places, total, cells) of boxes."""
    weight = np.ones(len(score)) if weight is None else weight
    sigma = np.sqrt((weight * score**2).sum() / weight.sum())
    for width in widths:
        for columns in combinations(range(len(axes)), width):
            choices = [enumerate(conditions(axes[column])) for column in columns]
            for chosen in product(*choices):
                inside = np.ones(len(score), dtype=bool)
                for column, (_, cells) in zip(columns, chosen, strict=True):
                    inside &= np.array(cells)[codes[column]]
                n = weight[inside].sum()
                total = (weight * score)[inside].sum()
                if n <= 0 or n < min_size or total == 0:
                    continue
                z = total / (sigma * np.sqrt(n))
                cells = tuple(
                    (c, cells) for c, (_, cells) in zip(columns, chosen, strict=True)
                )
                places = (columns, tuple(place for place, _ in chosen))
                yield -abs(round(z, 9)), width, -n, places, total, cells
