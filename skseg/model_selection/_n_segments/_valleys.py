"""Valleys of the rows: in each column, and along each principal axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from skseg._search.clusters._gap import principal_axes
from skseg._search.clusters._valley import (
    deepest_valley,
    has_fine_scale,
    spread_ties,
)
from skseg._typing import FloatArray, IntArray

# Largest p-value of a valley, times the number of columns and axes. A valley that
# matters is far below it, and it hardly adds to the level of the silhouettes' test.
VALLEY_LEVEL = 0.001
# Axes with a smaller share of the largest variance are rounding errors.
_ROUNDING = 1e-12

_COLUMNS = [
    "direction",
    "lower",
    "upper",
    "share_below",
    "share_between",
    "share_above",
    "p_value",
]


@dataclass(frozen=True, slots=True, eq=False)
class ValleySearch:
    """The valleys, and where they were looked for."""

    table: pd.DataFrame
    columns: Sequence[str]  # searched
    coarse: Sequence[str]  # columns with too few values, along the axes only
    n_axes: int


class _Direction(NamedTuple):
    name: str
    values: FloatArray  # of all rows
    smooth: FloatArray  # of the sample, without ties


def find_valleys(
    rows: FloatArray, sample: IntArray, names: Sequence[str], rng: np.random.Generator
) -> ValleySearch:
    """Look for valleys among the rows of a sample, and measure them on all rows."""
    varies = np.flatnonzero(np.ptp(rows[sample], axis=0) > 0).tolist()
    smooth = {j: spread_ties(rows[sample, j], rng) for j in varies}
    fine = [j for j in varies if has_fine_scale(rows[sample, j])]
    directions = [_Direction(names[j], rows[:, j], smooth[j]) for j in fine]
    if len(varies) > 1:
        directions += _along_axes(
            rows[:, varies], np.column_stack([smooth[j] for j in varies])
        )
    lines = []
    for direction in directions:
        valley = deepest_valley(direction.smooth)
        if valley is None or valley.p_value * len(directions) > VALLEY_LEVEL:
            continue
        lower, upper = direction.values[sample[[valley.lower, valley.upper]]]
        below = float(np.mean(direction.values <= lower))
        above = float(np.mean(direction.values >= upper))
        p_value = valley.p_value * len(directions)
        between = max(1 - below - above, 0.0)
        line = direction.name, lower, upper, below, between, above, p_value
        lines.append(line)
    return ValleySearch(
        pd.DataFrame(lines, columns=_COLUMNS),
        [names[j] for j in fine],
        [names[j] for j in varies if j not in fine],
        len(directions) - len(fine),
    )


def _along_axes(rows: FloatArray, smooth: FloatArray) -> list[_Direction]:
    """Return the coordinates along the principal axes of the sample."""
    axes = principal_axes(smooth)[:, ::-1]
    center = smooth.mean(axis=0)
    coordinates = (smooth - center) @ axes
    variance = coordinates.var(axis=0)
    return [
        _Direction(
            f"principal axis {number + 1}",
            (rows - center) @ axes[:, number],
            coordinates[:, number],
        )
        for number in np.flatnonzero(variance > _ROUNDING * variance[0])
    ]
