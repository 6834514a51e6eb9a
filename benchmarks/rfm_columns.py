"""Columns that RFMSegmenter takes by position: how many wrong orders it doubts.

Customers of 10 seeds, as arrays in all orders of their columns. Amounts are in cents,
in whole units, or the averages of orders; a doubt about the right order is a false
alarm. Beside it is the share of customers who are in another segment than by name.

    python benchmarks/rfm_columns.py
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
from _measure import write_results

from skseg import RFMSegmenter, rfm_table
from skseg.datasets import make_orders

RESULTS = Path(__file__).parent / "results" / "rfm_columns.csv"
DIMENSIONS = ["recency", "frequency", "monetary"]
SEEDS = range(10)
SIZES = [30, 100]
AMOUNTS: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "cents": lambda table: table["monetary"],
    "whole units": lambda table: table["monetary"].round(),
    "average order": lambda table: table["average_order_value"],
}


def customers(n_customers: int, seed: int) -> pd.DataFrame:
    orders = make_orders(n_customers, random_state=seed)
    names = {"customer_id": "customer_id", "order_id": "order_id", "date": "date"}
    table = rfm_table(orders, amount="amount", as_of="2025-01-01", **names)
    return table.dropna(subset=["recency", "average_order_value"])


def taken_by_position(
    table: pd.DataFrame, by_name: np.ndarray, order: list[str]
) -> tuple[bool, float]:
    """Return whether the order was doubted, and the share of customers moved."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        codes = RFMSegmenter().fit_predict(table[order].to_numpy())
    return bool(caught), float(np.mean(codes != by_name))


def main() -> None:
    rows = []
    for n_customers in SIZES:
        tables = [customers(n_customers, seed) for seed in SEEDS]
        for amounts, monetary in AMOUNTS.items():
            frames = [t.assign(monetary=monetary(t))[DIMENSIONS] for t in tables]
            by_name = [RFMSegmenter().fit_predict(frame) for frame in frames]
            for order in map(list, permutations(DIMENSIONS)):
                figures = [
                    taken_by_position(frame, codes, order)
                    for frame, codes in zip(frames, by_name, strict=True)
                ]
                doubted, moved = np.mean(figures, axis=0)
                rows.append(
                    {
                        "customers": n_customers,
                        "amounts": amounts,
                        "order": " ".join(order),
                        "doubted": round(float(doubted), 3),
                        "moved": round(float(moved), 3),
                    }
                )
                print(rows[-1], flush=True)
    write_results(rows, RESULTS)


if __name__ == "__main__":
    main()
