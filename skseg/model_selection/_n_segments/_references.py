"""Populations without clusters that look like the given rows in all else."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from sklearn.preprocessing import PowerTransformer

from skseg._search.clusters._gap import normal_rows, principal_axes, uniform_rows
from skseg._typing import FloatArray

Draw = Callable[[np.random.Generator], FloatArray]

UNIFORM = "uniform in the box along the principal axes"


def references(rows: FloatArray) -> dict[str, Draw]:
    """Return how to draw as many rows from each population, per name of it.

    Parameters
    ----------
    rows : ndarray of float64 of shape (n_rows, n_columns)
        Finite; no column is constant.
    """
    axes = principal_axes(rows)
    columns = np.eye(rows.shape[1])
    return {
        UNIFORM: partial(uniform_rows, rows, axes),
        "uniform in the box along the columns": partial(uniform_rows, rows, columns),
        "one normal population": partial(normal_rows, rows, axes),
        "one skewed population": _skewed(rows),
    }


def _skewed(rows: FloatArray) -> Draw:
    """Return how to draw from a normal population whose columns are then bent.

    The columns are bent by the power transformation that makes the given ones normal.
    """
    deviations = rows.std(axis=0)
    # Columns begin at 0 and have their long tail above: the transformation knows one
    # kind of skewness near 0, and another one far from it.
    sign = np.where(_skewness(rows) < 0, -1.0, 1.0)
    flipped = rows * sign
    low = flipped.min(axis=0)
    power = PowerTransformer()
    normal = power.fit_transform((flipped - low) / deviations)
    axes = principal_axes(normal)
    least, most = normal.min(axis=0), normal.max(axis=0)

    def draw(rng: np.random.Generator) -> FloatArray:
        # Beyond the range of the rows the inverse has no value, or a huge one.
        drawn = np.clip(normal_rows(normal, axes, rng), least, most)
        bent: FloatArray = power.inverse_transform(drawn) * deviations + low
        return bent * sign

    return draw


def _skewness(rows: FloatArray) -> FloatArray:
    centred = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    return np.asarray((centred**3).mean(axis=0))
