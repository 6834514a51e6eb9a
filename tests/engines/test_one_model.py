"""One model in every engine: customers, cut points, tiers, weights and segments."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from skseg import (
    InformationValue,
    OptimalRevenueBinner,
    RFMSegmenter,
    RFMTableReport,
    information_value,
    rfm_table,
)
from skseg.datasets import make_orders
from skseg.engines import open_table
from tests.engines.connections import engine_names, make_table


def defective_orders() -> pa.Table:
    """Return generated orders with defects of every kind that all engines store."""
    orders = make_orders(400, random_state=0)
    lines = {
        "customer": orders["customer_id"].astype(str).tolist(),
        "order": orders["order_id"].astype(str).tolist(),
        "date": [day.to_pydatetime() for day in pd.to_datetime(orders["date"])],
        "amount": orders["amount"].astype(float).tolist(),
    }
    for name, row, value in [
        ("customer", 3, None),
        ("customer", 5, "  "),
        ("customer", 7, "NULL"),
        ("order", 11, None),
        ("order", 13, "nan"),
        ("date", 17, None),
        ("date", 19, pd.Timestamp("2031-05-05 10:00").to_pydatetime()),
        ("amount", 23, None),
        ("amount", 29, -lines["amount"][29]),
        ("amount", 31, 0.1 + 0.2),
        ("amount", 37, 5.1 * 3),
    ]:
        lines[name][row] = value
    return pa.table(
        {
            "customer": pa.array(lines["customer"], pa.string()),
            "order": pa.array(lines["order"], pa.string()),
            "date": pa.array(lines["date"], pa.timestamp("us")),
            "amount": pa.array(lines["amount"], pa.float64()),
        }
    )


class Answers(NamedTuple):
    """What is computed of orders and of scored customers, wherever they are."""

    table: Any
    report: RFMTableReport
    segmenter: RFMSegmenter
    binner: OptimalRevenueBinner
    weights: InformationValue


def answers(orders: Any, customers: Any, outcome: Any) -> Answers:
    """Return the answers to the same questions about frames or tables."""
    with warnings.catch_warnings():
        # Ids such as "NULL" are used, with a warning.
        warnings.simplefilter("ignore", UserWarning)
        table, report = rfm_table(
            orders,
            customer_id="customer",
            order_id="order",
            date="date",
            amount="amount",
            as_of="2025-01-01",
            invalid="exclude",
            return_report=True,
        )
    if hasattr(table, "sparkSession"):
        # Each of the next questions would else sum up the orders again.
        table = table.cache()
    return Answers(
        table,
        report,
        RFMSegmenter().fit(table),
        OptimalRevenueBinner(revenue=40.0).fit(customers, outcome),
        information_value(customers, outcome),
    )


def scored_customers() -> pa.Table:
    """Return generated propensities with their outcomes."""
    rng = np.random.default_rng(0)
    score = rng.beta(1.0, 6.0, 2_000)
    converted = rng.random(2_000) < score
    return pa.table({"score": score, "converted": converted.astype(np.int64)})


@cache
def answers_in_memory() -> Answers:
    """Return the answers of the frames in memory."""
    customers = scored_customers().to_pandas()
    outcome = customers.pop("converted")
    return answers(defective_orders().to_pandas(), customers, outcome)


def rows(table: Any) -> pd.DataFrame:
    """Return what an engine's object holds, as a frame in memory."""
    opened = open_table(table)
    assert opened is not None
    arrays = opened.fetch(f"SELECT * FROM {opened.source}")
    return pd.DataFrame({name: list(values) for name, values in arrays.items()})


def assert_same(frame: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Assert that two frames hold the same values, to the last bit."""
    pd.testing.assert_frame_equal(frame, expected, check_exact=True, check_dtype=False)


# What ibis plans is run by one of the others.
@pytest.mark.parametrize("engine", [name for name in engine_names if name != "ibis"])
def test_one_model_is_the_same_wherever_the_orders_are(engine: str) -> None:
    orders = make_table(engine, defective_orders())
    customers = make_table(engine, scored_customers())
    there, here = answers(orders, customers, "converted"), answers_in_memory()
    assert there.report == here.report
    assert len(here.report.excluded) == 5
    table = rows(there.table).sort_values("customer", ignore_index=True)
    assert_same(table, here.table)
    for name, cut_points in here.segmenter.cut_points_.items():
        assert there.segmenter.cut_points_[name].tolist() == cut_points.tolist()
    assert there.segmenter.rules_ == here.segmenter.rules_
    assert there.binner.cut_points_.tolist() == here.binner.cut_points_.tolist()
    assert there.binner.rules_ == here.binner.rules_
    assert_same(there.weights.iv, here.weights.iv)
    assert_same(there.weights.table, here.weights.table)
    labelled = rows(there.segmenter.label(there.table, output="code"))
    codes = labelled.sort_values("customer")["segment"]
    assert codes.tolist() == here.segmenter.predict(here.table).tolist()
    tiers = rows(there.binner.label(customers, output="code"))
    in_memory = scored_customers().to_pandas()[["score"]]
    assert sorted(zip(tiers["score"], tiers["segment"], strict=True)) == sorted(
        zip(in_memory["score"], here.binner.predict(in_memory), strict=True)
    )
