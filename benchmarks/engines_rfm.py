"""CPU of rfm_table on Parquet, beside the bare GROUP BY of the same engine, DuckDB.

Ids are whole numbers and text; amounts are floats, decimals, and floats with the noise
of arithmetic. The bare query sums floats, checks nothing, and gives no exact money.

    python benchmarks/engines_rfm.py                     # 20 million order lines
    python benchmarks/engines_rfm.py --lines 1000000     # a quick look
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
from _measure import write_results
from engines_data import orders_sql

from skseg import rfm_table

RESULTS = Path(__file__).parent / "results" / "engines_rfm.csv"
RUNS = 3
IDS = {"whole numbers": "customer_id", "text": "customer_text"}
AMOUNTS = {"floats": "amount", "decimals": "decimal_amount", "noise": "noisy_amount"}


def write_orders(path: Path, n_lines: int) -> None:
    sql = (
        "SELECT *, 'C' || customer_id AS customer_text, "
        "CAST(amount AS DECIMAL(18, 2)) AS decimal_amount, "
        f"amount * 1.1 * 3 AS noisy_amount FROM ({orders_sql(n_lines)})"
    )
    duckdb.execute(f"COPY ({sql}) TO '{path}' (FORMAT parquet)")


def cpu(run: Callable[[], Any]) -> float:
    """Return the least CPU seconds of several runs, since others disturb them."""
    seconds = []
    for _ in range(RUNS):
        start = time.process_time()
        run()
        seconds.append(time.process_time() - start)
    return min(seconds)


def bare(orders: Any, customer: str, amount: str, order: str | None) -> Any:
    """Return the customers by one GROUP BY, or by two over orders."""
    source = "orders"
    if order is not None:
        source = (
            f"(SELECT {customer}, min(date) AS date, sum({amount}) AS {amount} "
            f"FROM orders GROUP BY {customer}, {order})"
        )
    return orders.query(
        "orders",
        f"SELECT {customer}, max(date), count(*), sum({amount}), min(date) "
        f"FROM {source} GROUP BY {customer}",
    )


def rows(path: Path, n_lines: int) -> Iterator[dict[str, Any]]:
    connection = duckdb.connect(config={"threads": 1})
    orders = connection.read_parquet(str(path))
    target = str(path.with_name("customers.parquet"))
    for ids, customer in IDS.items():
        for order in (None, "order_id"):
            query = bare(orders, customer, "amount", order)
            least = cpu(lambda query=query: query.write_parquet(target))
            for amounts, amount in AMOUNTS.items():

                def run(customer: str = customer, amount: str = amount) -> None:
                    table = rfm_table(
                        orders,
                        customer_id=customer,
                        date="date",
                        amount=amount,
                        order_id=order,  # noqa: B023
                        as_of="2025-01-01",
                    )
                    table.write_parquet(target)

                seconds = cpu(run)
                yield {
                    "lines": n_lines,
                    "ids": ids,
                    "orders": order is not None,
                    "amounts": amounts,
                    "bare_cpu": round(least, 2),
                    "rfm_cpu": round(seconds, 2),
                    "ratio": round(seconds / least, 2),
                }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=20_000_000)
    n_lines = parser.parse_args().lines
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.parquet"
        write_orders(path, n_lines)
        results = []
        for row in rows(path, n_lines):
            print(row, flush=True)
            results.append(row)
    if n_lines >= 20_000_000:
        write_results(results, RESULTS)


if __name__ == "__main__":
    main()
