"""Means and sums of squares of any magnitude, and differences between segments."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from skseg._typing import FloatArray

# Squares of larger or smaller values, times their numbers, may leave float64.
_SMALLEST, _LARGEST = 1e-100, 1e100


def power_of_two(largest: float) -> float:
    """Return 1, or the power of two near a value whose square may leave float64."""
    if _SMALLEST < largest < _LARGEST or not 0 < largest < np.inf:
        return 1.0
    return float(np.ldexp(1.0, min(int(np.frexp(largest)[1]), 1023)))


class Moments(NamedTuple):
    """Moments of values, one element per segment.

    `root` is the root of the sum of squared deviations from the mean, and `cubes` the
    sum of cubed deviations, divided by the third power of the root: sums of squares and
    cubes themselves may leave the range of float64.
    """

    n: FloatArray
    mean: FloatArray
    root: FloatArray
    cubes: FloatArray


def sorted_moments(values: FloatArray, weight: FloatArray | None) -> tuple[float, ...]:
    """Return the `Moments` of sorted values; infinite ones have no deviations."""
    n = float(len(values) if weight is None else weight.sum())
    if not len(values):
        return n, np.nan, np.nan, np.nan
    if values[0] == values[-1]:
        return n, float(values[0]), 0.0 if np.isfinite(values[0]) else np.nan, 0.0
    if not np.isfinite([values[0], values[-1]]).all():
        return n, float(values[0] + values[-1]), np.nan, np.nan
    unit = power_of_two(max(abs(values[0]), abs(values[-1])))
    scaled = values if unit == 1 else values / unit
    centre = _sum(scaled, weight) / n
    deviation = scaled - centre
    # The mean of a large offset is rounded; the mean of the deviations mends it.
    shift = _sum(deviation, weight) / n
    deviation -= shift
    squares = deviation * deviation
    root = float(np.sqrt(_sum(squares, weight)))
    squares *= deviation
    cubes = _sum(squares, weight) / root**3
    return n, (centre + shift) * unit, root * unit, cubes


def _sum(values: FloatArray, weight: FloatArray | None) -> float:
    # Not by BLAS, whose threads spend more time than such short vectors take.
    return float((values if weight is None else values * weight).sum())


def pooled_moments(n: FloatArray, mean: FloatArray, root: FloatArray) -> FloatArray:
    """Return number, mean, and roots of squares between and within, of all segments."""
    n, mean, root = n[n > 0], mean[n > 0], root[n > 0]
    if not len(n):
        return np.array([0.0, np.nan, np.nan, np.nan])
    # Squares of values near the largest float may have a root that is infinite.
    with np.errstate(invalid="ignore", over="ignore"):
        total = n.sum()
        unit = power_of_two(float(np.abs(mean).max()))
        means = mean / unit
        centre = means[0] + (n @ (means - means[0])) / total
        return np.array(
            [
                total,
                centre * unit,
                _norm(np.sqrt(n) * (means - centre) * unit),
                _norm(root),
            ]
        )


def pooled_skewness(moments: Moments) -> float:
    """Return the third standardised moment of the values of all segments together."""
    n, mean, root, cubes = (field[moments.n > 0] for field in moments)
    total, centre, between, within = pooled_moments(n, mean, root)
    spread = np.hypot(between, within)
    if not 0 < spread < np.inf:
        return np.nan
    shift, root = (mean - centre) / spread, root / spread
    sums = cubes * root**3 + 3 * shift * root**2 + n * shift**3
    return float(np.sqrt(total) * sums.sum())


def _norm(values: FloatArray) -> float:
    unit = power_of_two(float(np.abs(values).max()))
    return float(np.sqrt(((values / unit) ** 2).sum()) * unit)


def deviation(root: FloatArray, n: FloatArray) -> FloatArray:
    """Return standard deviations, with the denominator n - 1; NaN of one row."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(n > 1, root / np.sqrt(n - 1), np.nan)


def difference_to_others(
    n: FloatArray, mean: FloatArray, root: FloatArray, level: float = 0.95
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return each mean less that of all other rows, with Welch's confidence limits.

    The limits are infinite where one side has fewer than two rows, or where both are
    constant: then the data do not determine the error.
    """
    others = np.array(
        [
            pooled_moments(*(np.delete(x, j) for x in (n, mean, root)))
            for j in range(len(n))
        ]
    ).reshape(-1, 4)
    other_root = np.hypot(others[:, 2], others[:, 3])
    return welch_interval(
        (n, mean, deviation(root, n)),
        (others[:, 0], others[:, 1], deviation(other_root, others[:, 0])),
        level,
    )


def welch_interval(
    a: tuple[FloatArray, FloatArray, FloatArray],
    b: tuple[FloatArray, FloatArray, FloatArray],
    level: float = 0.95,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return mean A minus mean B with limits; `a` and `b` are n, mean and std."""
    error, dof = welch_error(a, b)
    # The difference of the largest floats is infinite.
    with np.errstate(invalid="ignore", over="ignore"):
        effect = a[1] - b[1]
        margin = stdtrit(dof, (1 + level) / 2) * error
    margin = np.where(error > 0, margin, np.inf)
    centre = np.where(np.isfinite(effect), effect, 0.0)
    return effect, centre - margin, centre + margin


def welch_error(
    a: tuple[FloatArray, FloatArray, FloatArray],
    b: tuple[FloatArray, FloatArray, FloatArray],
) -> tuple[FloatArray, FloatArray]:
    """Return the standard error of a difference of means, and Satterthwaite's dof."""
    with np.errstate(invalid="ignore", divide="ignore"):
        error_a, error_b = a[2] / np.sqrt(a[0]), b[2] / np.sqrt(b[0])
        error = np.hypot(error_a, error_b)
        share_a, share_b = (error_a / error) ** 2, (error_b / error) ** 2
        dof = 1 / (share_a**2 / (a[0] - 1) + share_b**2 / (b[0] - 1))
    return error, dof
