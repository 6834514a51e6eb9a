"""Quantiles that are values of the data and that treat a weight as a repetition."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def _exact_level(level: float | Fraction) -> Fraction:
    # 0.07 means seven hundredths: the float product 0.07 * 100 exceeds 7 and would
    # step over the seventh value.
    return level if isinstance(level, Fraction) else Fraction(repr(float(level)))


def inverted_cdf(
    values: FloatArray,
    levels: Sequence[float | Fraction],
    sample_weight: FloatArray | None = None,
) -> FloatArray:
    """Return the smallest values with at least a share `levels` of the weight below.

    Parameters
    ----------
    values : ndarray of float64 of shape (n_rows,)
        NaN is missing and has no part in the quantiles.
    levels : sequence of float or Fraction in [0, 1]
        A float is read as the decimal number that it prints as.
    sample_weight : ndarray of shape (n_rows,), default=None
        Non-negative. Whole weights give exactly what repeated rows give.

    Returns
    -------
    ndarray of float64 of shape (len(levels),)
        NaN where there is no weight at all.
    """
    present = ~np.isnan(values)
    if sample_weight is not None:
        present &= sample_weight > 0
    observed = values if present.all() else values[present]
    if not len(observed):
        return np.full(len(levels), np.nan)
    exact = [_exact_level(level) for level in levels]
    if sample_weight is None:
        n = len(observed)
        ranks = [max(math.ceil(level * n) - 1, 0) for level in exact]
        return np.asarray(np.partition(observed, sorted(set(ranks)))[ranks])
    order = np.argsort(observed, kind="stable")
    weight_up_to = np.cumsum(
        np.asarray(sample_weight, dtype=np.float64)[present][order]
    )
    total = Fraction(float(weight_up_to[-1]))
    targets = [float(level * total) for level in exact]
    if total.denominator == 1:
        targets = [math.ceil(level * total) for level in exact]
    positions = np.searchsorted(weight_up_to, targets, side="left")
    return np.asarray(observed[order][np.minimum(positions, len(observed) - 1)])
