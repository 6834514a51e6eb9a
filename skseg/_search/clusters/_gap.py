"""The gap statistic: reference data without clusters, and comparison with them."""

from __future__ import annotations

import numpy as np

from skseg._typing import FloatArray

# Spread along an axis, as a share of the largest, that is a rounding error.
_ROUNDING = 1e-6


def principal_axes(rows: FloatArray) -> FloatArray:
    """Return the principal axes of the rows: orthonormal, one per column."""
    centred = rows - rows.mean(axis=0)
    axes: FloatArray = np.linalg.eigh(centred.T @ centred)[1]
    return axes


def uniform_rows(
    rows: FloatArray, axes: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Return as many rows, uniform in the bounding box of the rows along `axes`.

    Principal axes give reference (b) of Tibshirani, Walther and Hastie; unit vectors,
    which are the columns themselves, give their reference (a).
    """
    rotated = rows @ axes
    coordinates = rng.uniform(rotated.min(axis=0), rotated.max(axis=0), rotated.shape)
    reference: FloatArray = coordinates @ axes.T
    return reference


def normal_rows(
    rows: FloatArray, axes: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Return as many rows, normal with the mean and the covariance of the rows.

    `axes` are the principal axes of the rows.
    """
    deviations = ((rows - rows.mean(axis=0)) @ axes).std(axis=0)
    reference: FloatArray = rng.normal(0, deviations, rows.shape) @ axes.T
    reference += rows.mean(axis=0)
    return reference


def elliptical_rows(
    rows: FloatArray, axes: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Return as many rows, with the covariance of the rows and as heavy tails.

    Scaled to equal spread along `axes`, the principal axes of the rows, they lie in
    random directions from the mean, at distances drawn from those of the rows. Normal
    rows give normal ones.
    """
    centred = (rows - rows.mean(axis=0)) @ axes
    deviations = centred.std(axis=0)
    # Columns that depend on others leave axes without spread.
    has_spread = deviations > _ROUNDING * deviations.max()
    scaled = centred[:, has_spread] / deviations[has_spread]
    distances = rng.choice(np.linalg.norm(scaled, axis=1), len(rows))
    directions = rng.normal(size=scaled.shape)
    directions *= (distances / np.linalg.norm(directions, axis=1))[:, None]
    drawn = directions * deviations[has_spread]
    reference: FloatArray = drawn @ axes[:, has_spread].T + rows.mean(axis=0)
    return reference


def gap_statistic(
    log_inertia: FloatArray, references: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the gap for each number of clusters, and its standard error.

    `references`, of shape (n_references, n_numbers), are the logarithms of the inertia
    of data sets without clusters. The standard error is that of the simulation.

    R. Tibshirani, G. Walther and T. Hastie (2001), Estimating the number of clusters in
    a data set via the gap statistic, Journal of the Royal Statistical Society B 63 (2),
    411-423.
    """
    error = references.std(axis=0) * np.sqrt(1 + 1 / len(references))
    return references.mean(axis=0) - log_inertia, error


def first_within_one_error(gap: FloatArray, error: FloatArray) -> int:
    """Return the first index whose gap is within an error of the next; else the last.

    This is the choice of Tibshirani, Walther and Hastie.
    """
    is_enough = np.append(gap[:-1] >= gap[1:] - error[1:], True)
    return int(is_enough.argmax())


def rank_p_value(value: float, references: FloatArray) -> float:
    """Return the share of values that are at least as large, including `value`."""
    return float((1 + np.count_nonzero(references >= value)) / (1 + len(references)))
