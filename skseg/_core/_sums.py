"""Sums of floats that do not depend on the order of the rows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from skseg._typing import FloatArray, IntArray


def group_sums(codes: IntArray, values: FloatArray | None, n_groups: int) -> Any:
    """Return the sum of the values of every group; the number of rows without values.

    Every value is a multiple of a power of two, large enough for float64 to add up
    these multiples exactly, and a rest that is treated alike. So all of them are added
    up exactly in any order; only the few sums of multiples are rounded.
    """
    if values is None or not len(values) or not np.isfinite(values).all():
        return np.bincount(codes, values, minlength=n_groups)
    sums = np.zeros(n_groups)
    rest = values
    while True:
        multiples = _multiples(rest)
        sums += np.bincount(codes, multiples, minlength=n_groups)
        if multiples is rest:
            return sums
        rest = rest - multiples


def exact_sum(values: FloatArray) -> float:
    """Return the sum of values, whatever their order."""
    return float(group_sums(np.zeros(len(values), dtype=np.intp), values, 1)[0])


def _multiples(values: FloatArray) -> FloatArray:
    """Return the values rounded such that all their sums are exact."""
    exponent = step_exponent(float(np.abs(values).max()), len(values))
    magic = rounding_constant(exponent)
    if math.isfinite(magic):
        rounded = (values + magic) - magic
    else:
        step = math.ldexp(1.0, exponent)
        rounded = np.rint(values / step) * step
    return values if (rounded == values).all() else rounded


def step_exponent(largest: float, n_values: int) -> int:
    """Return the exponent of the step of which sums of that many values are exact.

    `largest` is the largest absolute value.
    """
    # The exponent of a bound of every sum, which does not depend on the order.
    exponent = math.frexp(largest)[1] + (n_values - 1).bit_length()
    return max(exponent - 53, -1074)


def rounding_constant(step_exponent: int) -> float:
    """Return what rounds to whole steps where it is added and taken away again.

    It is 1.5 * 2**52 steps; infinite where that is beyond float64.
    """
    return math.ldexp(1.5, step_exponent + 52) if step_exponent < 970 else math.inf
