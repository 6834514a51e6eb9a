"""A customer table without randomness in the tests that use it."""

from __future__ import annotations

from functools import cache

import pandas as pd

from skseg import rfm_table
from skseg.datasets import make_orders

DIMENSIONS = ["recency", "frequency", "monetary"]


@cache
def _table(n_customers: int) -> pd.DataFrame:
    return rfm_table(
        make_orders(n_customers, random_state=0),
        customer_id="customer_id",
        date="date",
        amount="amount",
        order_id="order_id",
        as_of="2025-01-01",
    )


def customer_table(n_customers: int = 300) -> pd.DataFrame:
    """Return recency, frequency and monetary value of generated customers."""
    return _table(n_customers)[DIMENSIONS].copy()
