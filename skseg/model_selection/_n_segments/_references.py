"""Populations without clusters that otherwise look like the rows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from sklearn.preprocessing import PowerTransformer

from skseg._search.clusters._gap import (
    elliptical_rows,
    normal_rows,
    principal_axes,
    uniform_rows,
)
from skseg._typing import FloatArray

Draw = Callable[[np.random.Generator], FloatArray]

UNIFORM = "uniform in the box along the principal axes"


def references(rows: FloatArray) -> dict[str, Draw]:
    """Return a function per population that draws as many rows as there are.

    No column of the rows is constant.
    """
    axes = principal_axes(rows)
    columns = np.eye(rows.shape[1])
    # On one axis, equal distances from the mean would bring two groups back.
    elliptical = elliptical_rows if rows.shape[1] > 1 else normal_rows
    return {
        UNIFORM: partial(uniform_rows, rows, axes),
        "uniform in the box along the columns": partial(uniform_rows, rows, columns),
        "one elliptical population, as a normal one": partial(elliptical, rows, axes),
        "one skewed population": _skewed(rows),
    }


def _skewed(rows: FloatArray) -> Draw:
    """Return a draw from a normal population with bent columns.

    The bend is the inverse of the power transformation that makes the rows normal.
    """
    deviations = rows.std(axis=0)
    # The transformation acts differently near 0 and far from it, so all columns begin
    # at 0 and have their long tail above.
    sign = np.where(_skewness(rows) < 0, -1.0, 1.0)
    flipped = rows * sign
    low = flipped.min(axis=0)
    power = PowerTransformer()
    normal = power.fit_transform((flipped - low) / deviations)
    axes = principal_axes(normal)
    least, most = normal.min(axis=0), normal.max(axis=0)

    def draw(rng: np.random.Generator) -> FloatArray:
        # Beyond the range of the rows, the inverse is undefined or huge.
        drawn = np.clip(normal_rows(normal, axes, rng), least, most)
        bent: FloatArray = power.inverse_transform(drawn) * deviations + low
        return bent * sign

    return draw


def _skewness(rows: FloatArray) -> FloatArray:
    centred = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    return np.asarray((centred**3).mean(axis=0))
