"""The code of the guide's page about RFM runs as it stands."""

from __future__ import annotations

import re
import sqlite3
import textwrap
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from skseg import RFMSegmenter

PAGE = Path(__file__).parents[2] / "docs" / "guide" / "rfm.rst"
BLOCK = re.compile(r"^\.\. code-block:: python\n\n((?:(?:    .*)?\n)+)", re.MULTILINE)


def lifetimes_summary(customers: pd.DataFrame) -> pd.DataFrame:
    """Return customers as lifetimes counts them: the age at the last purchase."""
    return pd.DataFrame(
        {
            "frequency": customers["frequency"] - 1,
            "recency": customers["tenure"] - customers["recency"],
            "T": customers["tenure"],
            "monetary_value": customers["monetary"],
        }
    )


def write_orders(orders: pd.DataFrame) -> None:
    """Write the orders to the files and the database that the page reads."""
    Path("orders").mkdir()
    orders.to_parquet("orders/2024.parquet")
    with closing(sqlite3.connect("shop.db")) as connection:
        orders.to_sql("orders", connection)


def test_the_code_of_the_page_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = [textwrap.dedent(code) for code in BLOCK.findall(PAGE.read_text())]
    names: dict[str, Any] = {}
    customers = None
    for code in blocks:
        if "shop.db" in code:
            write_orders(names["orders"])
        exec(code, names)  # noqa: S102
        if names["customers"] is not customers:
            customers = names["customers"]
            names["summary"] = lifetimes_summary(customers)
            recent = customers["recency"] < customers["recency"].median()
            names["outcome"] = np.where(recent, "yes", "no")
    assert len(blocks) >= 8
    names["connection"].close()
    written = pd.read_parquet("customers.parquet").sort_values("customer_id")
    rebuilt = names["rfm_table"](
        names["orders"],
        customer_id="customer_id",
        date="date",
        amount="amount",
        order_id="order_id",
        as_of="2025-01-01",
    )
    pd.testing.assert_frame_equal(
        written.reset_index(drop=True), rebuilt, check_exact=True
    )
    assert set(names["search"].predict(customers)) == {"yes", "no"}
    converted = RFMSegmenter(monetary="monetary_value").fit(names["summary"])
    np.testing.assert_array_equal(
        converted.labels_, RFMSegmenter().fit_predict(customers)
    )
