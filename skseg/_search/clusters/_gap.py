"""Data sets without clusters, and what comparing with them tells."""

from __future__ import annotations

import numpy as np

from skseg._typing import FloatArray


def principal_axes(rows: FloatArray) -> FloatArray:
    """Return the principal axes of the rows: orthonormal, one per column."""
    centred = rows - rows.mean(axis=0)
    axes: FloatArray = np.linalg.eigh(centred.T @ centred)[1]
    return axes


def uniform_rows(
    rows: FloatArray, axes: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Return as many rows, uniform in the box along `axes` around the rows.

    Along principal axes it is reference (b) of Tibshirani, Walther and Hastie, along
    the columns (unit vectors) it is their reference (a).
    """
    along = rows @ axes
    drawn = rng.uniform(along.min(axis=0), along.max(axis=0), along.shape)
    back: FloatArray = drawn @ axes.T
    return back


def normal_rows(
    rows: FloatArray, axes: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Return as many rows, normal with the mean and the covariance of the rows.

    `axes` are the principal axes of the rows.
    """
    deviations = ((rows - rows.mean(axis=0)) @ axes).std(axis=0)
    drawn: FloatArray = rng.normal(0, deviations, rows.shape) @ axes.T
    drawn += rows.mean(axis=0)
    return drawn


def gap_statistic(
    own: FloatArray, references: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the gap per number of clusters, and its standard error.

    Parameters
    ----------
    own : ndarray of float64 of shape (n_numbers,)
        Logarithm of the inertia of the rows, per number of clusters.
    references : ndarray of float64 of shape (n_references, n_numbers)
        The same of data sets without clusters.

    Notes
    -----
    R. Tibshirani, G. Walther and T. Hastie (2001), Estimating the number of clusters in
    a data set via the gap statistic, Journal of the Royal Statistical Society B 63 (2),
    411-423. The error is that of the simulation.
    """
    error = references.std(axis=0) * np.sqrt(1 + 1 / len(references))
    return references.mean(axis=0) - own, error


def first_within_one_error(gap: FloatArray, error: FloatArray) -> int:
    """Return the first place where the next gap is larger by an error at most.

    The last place if there is none.
    """
    is_enough = np.append(gap[:-1] >= gap[1:] - error[1:], True)
    return int(is_enough.argmax())


def rank_p_value(own: float, references: FloatArray) -> float:
    """Return the share of values as large as the own one, itself included."""
    return float((1 + np.count_nonzero(references >= own)) / (1 + len(references)))
