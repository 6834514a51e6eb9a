"""Customers with several rows: how often intervals cover that there is no effect.

Customers differ in their level, so rows of the same one are alike. The groups are drawn
per customer, or per row. The sizes are numbers of customers; they have five rows each,
a number of rows that is geometric with mean three, or one with a heavy tail.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from finders_runs import Row, Runs, interval, progress

from skseg._search.effects._clustered import clustered_means, clustered_rates
from skseg._search.effects._inference import newcombe, welch

Rng = np.random.Generator
Floats = npt.NDArray[np.float64]

SIZES = ("five", "geometric", "heavy")
OUTCOMES = ("rate 30 %", "rate 2 %", "amount")


def customers(runs: Runs) -> list[Row]:
    """How often do 95 % intervals cover 0, and p-values fall to 0.05?"""
    tallies: dict[tuple[Any, ...], list[tuple[bool, ...]]] = {}
    for n, numbers in runs.items():
        for run in numbers:
            rng = np.random.default_rng([run, n])
            for sizes in SIZES:
                customer = np.repeat(np.arange(n), _sizes(sizes, n, rng))
                for by in ("customer", "row"):
                    for outcome in OUTCOMES:
                        key = (n, sizes, by, outcome)
                        result = _compared(customer, by, outcome, rng)
                        tallies.setdefault(key, []).append(result)
            progress("customers", n, run, numbers)
    return [
        {
            "customers": n,
            "sizes": sizes,
            "group_by": by,
            "outcome": outcome,
            "errors_by": unit,
            "what": what,
            **interval(sum(result[place] for result in results), len(results)),
        }
        for (n, sizes, by, outcome), results in tallies.items()
        for place, (unit, what) in enumerate(
            (unit, what)
            for unit in ("customer", "row")
            for what in ("covered", "p <= 0.05")
        )
    ]


def _sizes(sizes: str, n: int, rng: Rng) -> npt.NDArray[np.int64]:
    """Return the numbers of rows of the customers."""
    if sizes == "five":
        return np.full(n, 5)
    if sizes == "geometric":
        return rng.geometric(1 / 3, n)
    return np.minimum(1 + rng.pareto(1.5, n).astype(int), 200)


def _outcome(outcome: str, customer: npt.NDArray[np.intp], rng: Rng) -> Floats:
    level = rng.normal(size=customer.max() + 1)[customer]
    if outcome == "amount":
        return np.asarray(np.exp(level + 0.5 * rng.normal(size=len(customer))))
    rate = 0.3 if outcome == "rate 30 %" else 0.02
    chance = 1 / (1 + np.exp(-np.log(rate / (1 - rate)) - level))
    return (rng.random(len(customer)) < chance).astype(np.float64)


def _compared(
    customer: npt.NDArray[np.intp], by: str, outcome: str, rng: Rng
) -> tuple[bool, ...]:
    """Return whether 0 is covered and rejected, by customers and by rows."""
    y = _outcome(outcome, customer, rng)
    in_a = rng.random(customer.max() + 1 if by == "customer" else len(y)) < 0.5
    in_a = in_a[customer] if by == "customer" else in_a
    a, b = in_a.astype(float)[:, np.newaxis], (~in_a).astype(float)[:, np.newaxis]
    if outcome == "amount":
        sums = [(y @ w, y**2 @ w, w.sum(axis=0)) for w in (a, b)]
        estimates = clustered_means(y, a, b, customer), welch(*sums[0], *sums[1])
    else:
        rows = newcombe(y @ a, a.sum(axis=0), y @ b, b.sum(axis=0))
        estimates = clustered_rates(y, a, b, customer), rows
    return tuple(
        bool(flag[0])
        for estimate in estimates
        for flag in (
            (estimate.low <= 0) & (estimate.high >= 0),
            estimate.p_value <= 0.05,
        )
    )
