"""Populations with clusters and without, for the test of cluster structure."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.datasets import make_blobs
from sklearn.preprocessing import StandardScaler

from skseg import rfm_table
from skseg.datasets import make_orders

FloatArray = npt.NDArray[np.float64]
Generator = np.random.Generator

N_ROWS = 3_000


def _scaled(X: Any) -> FloatArray:
    return np.asarray(StandardScaler().fit_transform(X))


def blobs(n: int, seed: int, n_columns: int, k: int, spread: float) -> FloatArray:
    """Return blobs whose centres are at least 5 (in 2-D) to 9 (10-D) units apart."""
    rng = np.random.default_rng(seed)
    while True:
        centers = rng.uniform(-10, 10, size=(k, n_columns))
        apart = np.linalg.norm(centers[:, None] - centers, axis=-1)
        if apart[np.triu_indices(k, 1)].min() >= 4 + n_columns / 2:
            X, _ = make_blobs(n, centers=centers, cluster_std=spread, random_state=seed)
            return _scaled(X)


def _correlated(seed: int, n_columns: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    mix = rng.normal(size=(n_columns, n_columns))
    return np.asarray(rng.normal(size=(N_ROWS, n_columns)) @ mix)


def _uniform(seed: int, n_columns: int) -> FloatArray:
    return np.random.default_rng(seed).uniform(size=(N_ROWS, n_columns))


def _lognormal(seed: int) -> FloatArray:
    return _scaled(np.exp(0.5 * _correlated(seed, 3)))


def _rfm(seed: int, *, log: bool) -> FloatArray:
    """Return customers of seven types that overlap."""
    table = rfm_table(
        make_orders(N_ROWS, random_state=seed),
        customer_id="customer_id",
        date="date",
        amount="amount",
        order_id="order_id",
        as_of="2025-01-01",
    )
    X = table[["recency", "frequency", "monetary"]].to_numpy(np.float64)
    return _scaled(np.log1p(X) if log else X)


def _drawn(draw: Callable[[Generator], Any], seed: int) -> FloatArray:
    return _scaled(draw(np.random.default_rng(seed)))


def _zero_inflated(rng: Generator) -> FloatArray:
    amounts = rng.lognormal(size=(N_ROWS, 4))
    return np.where(rng.random(amounts.shape) < [0.1, 0.3, 0.5, 0.7], 0, amounts)


def _ordinal(rng: Generator) -> FloatArray:
    """Return answers on scales of five, around the middle, at one end and even."""
    shares = [[0.1, 0.2, 0.4, 0.2, 0.1], [0.4, 0.3, 0.2, 0.07, 0.03], [0.2] * 5]
    scale = np.arange(1.0, 6)
    return np.column_stack([rng.choice(scale, N_ROWS, p=share) for share in shares])


def _in_one_column(seed: int, n_columns: int, distance: float) -> FloatArray:
    """Return two groups as far apart in one column as so many deviations of each."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N_ROWS, n_columns))
    X[:, 0] += distance * (rng.random(N_ROWS) < 0.5)
    return _scaled(X)


def _oblique(seed: int, n_columns: int, distance: float) -> FloatArray:
    """Return two groups that are equally far apart in every column."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N_ROWS, n_columns))
    X += distance / np.sqrt(n_columns) * (rng.random((N_ROWS, 1)) < 0.5)
    return _scaled(X)


def _income(rng: Generator) -> FloatArray:
    """Return customers a quarter of whom earn nothing, and nobody up to 10,037."""
    bounds = np.array([[0, 0], [10_037, 34_000], [34_000, 62_000], [62_000, 100_000]])
    income = rng.uniform(*bounds[rng.integers(4, size=N_ROWS)].T)
    others = rng.lognormal(size=N_ROWS), rng.poisson(15, N_ROWS), rng.random(N_ROWS)
    return np.column_stack([income, *others])


# True number of clusters, 1 for none; and how to draw them.
POPULATIONS: dict[str, tuple[int, Callable[[int], FloatArray]]] = {
    "4 blobs, 2-D": (4, lambda seed: blobs(N_ROWS, seed, 2, 4, 1.0)),
    "4 overlapping blobs, 2-D": (4, lambda seed: blobs(N_ROWS, seed, 2, 4, 1.75)),
    "5 overlapping blobs, 10-D": (5, lambda seed: blobs(N_ROWS, seed, 10, 5, 4.0)),
    "one normal population, 2-D": (
        1,
        lambda seed: np.random.default_rng(seed).normal(size=(N_ROWS, 2)),
    ),
    "one correlated normal population, 3-D": (1, lambda seed: _correlated(seed, 3)),
    "one correlated normal population, 10-D": (1, lambda seed: _correlated(seed, 10)),
    "one uniform population, 2-D": (1, lambda seed: _uniform(seed, 2)),
    "one uniform population, 10-D": (1, lambda seed: _uniform(seed, 10)),
    "one log-normal population, 3-D": (1, _lognormal),
    "RFM of 7 types of customer, raw": (7, lambda seed: _rfm(seed, log=False)),
    "RFM of 7 types of customer, logarithms": (7, lambda seed: _rfm(seed, log=True)),
    "one log-normal population, 5-D": (
        1,
        partial(_drawn, lambda rng: rng.lognormal(size=(N_ROWS, 5))),
    ),
    "zeros and log-normal amounts, 4-D": (1, partial(_drawn, _zero_inflated)),
    "counts, 4-D": (
        1,
        partial(_drawn, lambda rng: rng.poisson([0.5, 2, 5, 20], (N_ROWS, 4))),
    ),
    "exponential, 5-D": (
        1,
        partial(_drawn, lambda rng: rng.exponential(size=(N_ROWS, 5))),
    ),
    "Student's t, 2 degrees of freedom, 3-D": (
        1,
        partial(_drawn, lambda rng: rng.standard_t(2, size=(N_ROWS, 3))),
    ),
    "answers on scales of five, 3-D": (1, partial(_drawn, _ordinal)),
    "one correlated log-normal population, 6-D": (
        1,
        lambda seed: _scaled(np.exp(0.3 * _correlated(seed, 6))),
    ),
    "mixture of a narrow and a wide normal, 3-D": (
        1,
        partial(
            _drawn,
            lambda rng: (
                rng.normal(size=(N_ROWS, 3))
                * np.where(rng.random((N_ROWS, 1)) < 0.3, 6, 1)
            ),
        ),
    ),
    **{
        f"2 groups 6 sd apart in 1 of {n} columns": (
            2,
            partial(_in_one_column, n_columns=n, distance=6.0),
        )
        for n in (3, 5, 7, 10, 20)
    },
    "2 groups 12 sd apart in 1 of 7 columns": (
        2,
        partial(_in_one_column, n_columns=7, distance=12.0),
    ),
    "2 groups 6 sd apart across 20 columns": (
        2,
        partial(_oblique, n_columns=20, distance=6.0),
    ),
    "a quarter of zeros, nobody up to 10,037, 4-D": (2, partial(_drawn, _income)),
}
