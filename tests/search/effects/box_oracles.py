"""Boxes of cells one by one, to compare the search with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, product
from typing import Any

import numpy as np

from skseg._search.effects.boxes import Axis

Cells = tuple[bool, ...]


def conditions(axis: Axis) -> list[Cells]:
    """Return the candidates for a condition, in the order of their definition."""
    n = axis.n_cells
    if axis.nominal:
        every = [tuple(reversed(cells)) for cells in product([False, True], repeat=n)]
        return [cells for cells in every if any(cells) and not all(cells)]
    ordinary = n if axis.missing is None else n - 1
    found = []
    for missing in [False] if axis.missing is None else [False, True]:
        for start in range(ordinary):
            for stop in range(start + 1, ordinary + 1):
                cells = tuple(start <= cell < stop for cell in range(ordinary))
                found.append(cells if axis.missing is None else (*cells, missing))
    if axis.missing is not None:
        found.append((False,) * ordinary + (True,))
    return [cells for cells in found if not all(cells)]


def all_boxes(
    codes: Any,
    axes: Sequence[Axis],
    score: Any,
    weight: Any = None,
    *,
    widths: Sequence[int],
    min_size: float,
    max_size: float = np.inf,
    side: str = "both",
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
                sign = {"both": np.sign(total), "positive": 1, "negative": -1}[side]
                if n <= 0 or not min_size <= n <= max_size or total * sign <= 0:
                    continue
                z = total / (sigma * np.sqrt(n))
                cells = tuple(
                    (c, cells) for c, (_, cells) in zip(columns, chosen, strict=True)
                )
                places = (columns, tuple(place for place, _ in chosen))
                yield -abs(round(z, 9)), width, -n, places, total, cells
