"""RFM at scale: orders to named segments, scoring new customers, and row order.

Order lines are in pandas, polars and Arrow, with ids that are whole numbers and text.

Every ratio compares figures of one run. CPU seconds are the median of several runs,
each in a process of its own; peak memory is what the run adds to that process.

    python benchmarks/rfm.py                 # 10 million transactions
    python benchmarks/rfm.py --engines       # in pandas, polars, Arrow and duckdb
    python benchmarks/rfm.py --scale 0.01    # a quick look
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sqlite3
import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from _measure import write_results

from skseg import RFMSegmenter, rfm_table
from skseg._rfm._float_decimals import amounts_of_floats

RESULTS = Path(__file__).parent / "results" / "rfm.csv"
ENGINES = RESULTS.with_name("rfm_engines.csv")
RUNS = 5
AS_OF = "2025-01-01"


def transactions(n_rows: int, n_customers: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    days = rng.integers(0, 3 * 365 * 24 * 3600, n_rows)
    return pd.DataFrame(
        {
            "customer_id": rng.integers(0, n_customers, n_rows),
            # Two lines per order, in the order in which a shop writes them.
            "order_id": np.arange(n_rows) // 2,
            "date": np.datetime64(AS_OF, "us") - days.astype("timedelta64[s]"),
            "amount": rng.gamma(2.0, 20.0, n_rows).round(2),
        }
    )


class OnFrame(NamedTuple):
    """A run on a frame that is made in its own process, before the clock starts.

    The threads of polars and duckdb do not survive a fork.
    """

    make: Callable[[], Any]
    run: Callable[[Any], Any]


Run = Callable[[], Any] | OnFrame


def measured(run: Run) -> tuple[float, float]:
    """Return CPU seconds and added peak memory in MB of `run` in a fresh process."""
    read, write = os.pipe()
    if os.fork() == 0:
        if isinstance(run, OnFrame):
            run = partial(run.run, run.make())
        before = resident_mb()
        start = time.process_time()
        run()
        seconds = time.process_time() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        os.write(write, json.dumps([seconds, max(peak - before, 0.0)]).encode())
        os._exit(0)
    os.close(write)
    os.wait()
    with os.fdopen(read) as pipe:
        seconds, megabytes = json.load(pipe)
    return seconds, megabytes


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def compare(runs: Mapping[str, Run]) -> dict[str, tuple[float, float]]:
    """Return the median CPU seconds and largest memory of each run, taken in turns."""
    figures: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    for _ in range(RUNS):
        for name, run in runs.items():
            figures[name].append(measured(run))
    return {
        name: (statistics.median(s for s, _ in pairs), max(m for _, m in pairs))
        for name, pairs in figures.items()
    }


def rows_as_orders(orders: pd.DataFrame) -> dict[str, Callable[[], Any]]:
    names = {"customer_id": "customer_id", "date": "date", "amount": "amount"}

    def bare() -> Any:
        return orders.groupby("customer_id").agg(
            last=("date", "max"), frequency=("date", "size"), monetary=("amount", "sum")
        )

    def table() -> Any:
        return rfm_table(orders, as_of=AS_OF, **names)

    def segments() -> Any:
        return RFMSegmenter().fit(table())

    return {
        "pandas group-by: max, size, sum": bare,
        "rfm_table": table,
        "rfm_table + RFMSegmenter.fit": segments,
    }


def lines_of_orders(orders: pd.DataFrame) -> dict[str, Callable[[], Any]]:
    names = {
        "customer_id": "customer_id",
        "date": "date",
        "amount": "amount",
        "order_id": "order_id",
    }

    def bare() -> Any:
        return orders.groupby("customer_id").agg(
            last=("date", "max"),
            frequency=("order_id", "nunique"),
            monetary=("amount", "sum"),
        )

    def segments() -> Any:
        return RFMSegmenter().fit(rfm_table(orders, as_of=AS_OF, **names))

    return {
        "pandas group-by: max, nunique, sum": bare,
        "rfm_table(order_id=...) + RFMSegmenter.fit": segments,
    }


def text_ids(orders: pd.DataFrame) -> pa.Table:
    """Return the orders with ids such as C000123 and O-0000456."""
    table = pa.Table.from_pandas(orders, preserve_index=False)
    for place, name, prefix, width in (
        (0, "customer_id", "C", 6),
        (1, "order_id", "O-", 7),
    ):
        digits = pc.utf8_lpad(pc.cast(table[name], pa.large_string()), width, "0")
        ids = pc.binary_join_element_wise(
            pa.scalar(prefix, digits.type), digits, pa.scalar("", digits.type)
        )
        table = table.set_column(place, name, ids)
    return table


def pandas_of(table: pa.Table) -> pd.DataFrame:
    """Return a frame whose texts have the type that pandas 3 gives them."""
    frame = table.to_pandas()
    texts = dict.fromkeys(("customer_id", "order_id"), "str")
    return frame.astype(texts) if table["customer_id"].type != pa.int64() else frame


def rows_as_orders_by_engine(table: pa.Table) -> dict[str, OnFrame]:
    """Compare the group-by of each library with `rfm_table` on its frame."""

    def by_polars(frame: pl.DataFrame) -> Any:
        last, total = pl.col("date").max(), pl.col("amount").sum()
        return frame.group_by("customer_id").agg(last, pl.len(), total)

    def by_pandas(frame: pd.DataFrame) -> Any:
        return frame.groupby("customer_id").agg(
            last=("date", "max"), frequency=("date", "size"), monetary=("amount", "sum")
        )

    def by_duckdb(frame: pa.Table) -> Any:
        query = "SELECT customer_id, max(date), count(*), sum(amount) FROM f GROUP BY 1"
        with duckdb.connect() as connection:
            connection.register("f", frame)
            return connection.sql(query).to_arrow_table()

    names = {"customer_id": "customer_id", "date": "date", "amount": "amount"}
    ours = partial(rfm_table, as_of=AS_OF, **names)
    polars, pandas = partial(pl.from_arrow, table), partial(pandas_of, table)
    return {
        "polars group-by: max, len, sum": OnFrame(polars, by_polars),
        "duckdb GROUP BY of Arrow: max, count, sum": OnFrame(lambda: table, by_duckdb),
        "pandas group-by: max, size, sum": OnFrame(pandas, by_pandas),
        "rfm_table of polars": OnFrame(polars, ours),
        "rfm_table of Arrow": OnFrame(lambda: table, ours),
        "rfm_table of pandas": OnFrame(pandas, ours),
    }


def lines_of_orders_by_engine(table: pa.Table) -> dict[str, OnFrame]:
    def by_polars(frame: pl.DataFrame) -> Any:
        last, total = pl.col("date").max(), pl.col("amount").sum()
        n_orders = pl.col("order_id").n_unique()
        return frame.group_by("customer_id").agg(last, n_orders, total)

    def by_pandas(frame: pd.DataFrame) -> Any:
        return frame.groupby("customer_id").agg(
            last=("date", "max"),
            frequency=("order_id", "nunique"),
            monetary=("amount", "sum"),
        )

    names = {name: name for name in ("customer_id", "order_id", "date", "amount")}
    ours = partial(rfm_table, as_of=AS_OF, **names)
    polars, pandas = partial(pl.from_arrow, table), partial(pandas_of, table)
    return {
        "polars group-by: max, n_unique, sum": OnFrame(polars, by_polars),
        "pandas group-by: max, nunique, sum": OnFrame(pandas, by_pandas),
        "rfm_table(order_id=...) of polars": OnFrame(polars, ours),
        "rfm_table(order_id=...) of pandas": OnFrame(pandas, ours),
    }


def exact_amounts(amounts: np.ndarray) -> dict[str, Callable[[], Any]]:
    """Compare reading amounts with the decimals that they need to plain rounding."""
    with_tax = amounts * 1.19
    return {
        "numpy.rint(amounts * 100)": lambda: np.rint(amounts * 100),
        "amounts in cents, decimals found": lambda: amounts_of_floats(
            amounts, amounts.dtype
        ),
        "amounts with tax and noise, decimals found": lambda: amounts_of_floats(
            with_tax, with_tax.dtype
        ),
    }


def scoring(customers: pd.DataFrame, segmenter: RFMSegmenter) -> dict[str, Any]:
    r = segmenter.cut_points_["recency"]
    f = segmenter.cut_points_["frequency"]

    def by_hand() -> Any:
        R, F = customers["recency"].to_numpy(), customers["frequency"].to_numpy()
        conditions = [
            (r[0] >= R) & (f[2] < F),
            (r[0] < R) & (r[2] >= R) & (f[2] < F),
            (r[1] >= R) & (f[0] < F) & (f[2] >= F),
            (r[0] >= R) & (f[0] >= F),
            (r[0] < R) & (r[1] >= R) & (f[0] >= F),
            (r[1] < R) & (r[2] >= R) & (f[1] < F) & (f[2] >= F),
            (r[1] < R) & (r[2] >= R) & (f[1] >= F),
            (r[2] < R) & (f[3] < F),
            (r[2] < R) & (f[1] < F) & (f[3] >= F),
            (r[2] < R) & (f[1] >= F),
        ]
        return np.select(conditions, list(range(10)), 10)

    np.testing.assert_array_equal(by_hand(), segmenter.predict(customers))
    return {
        "np.select by hand": by_hand,
        "RFMSegmenter.predict": lambda: segmenter.predict(customers),
    }


def one_time_buyers(n_customers: int) -> pd.DataFrame:
    """Return customers of whom 60% have bought once, as in many shops."""
    rng = np.random.default_rng(2)
    return pd.DataFrame(
        {
            "recency": rng.integers(0, 365, n_customers).astype(float),
            "frequency": rng.geometric(0.6, n_customers),
            "monetary": rng.gamma(2.0, 40.0, n_customers).round(2),
        }
    )


def moved_by_a_shuffle(customers: pd.DataFrame) -> dict[str, float]:
    """Return the share of customers whose segment changes when rows are shuffled."""

    def skseg_codes(X: pd.DataFrame) -> np.ndarray:
        return RFMSegmenter().fit_predict(X)

    def names_of(R: Any, F: Any) -> np.ndarray:
        scores = pd.DataFrame({"recency": 6.0 - R, "frequency": F})
        cuts = {name: [1.5, 2.5, 3.5, 4.5] for name in scores}
        grid = RFMSegmenter(cut_points=cuts, monetary=None)
        return grid.fit_predict(scores)

    def ranked(X: pd.DataFrame) -> np.ndarray:
        def score(values: pd.Series) -> pd.Series:
            return pd.qcut(values.rank(method="first"), 5, labels=False) + 1

        return names_of(score(-X["recency"]), score(X["frequency"]))

    query = (
        "SELECT NTILE(5) OVER (ORDER BY recency DESC) AS r, "
        "NTILE(5) OVER (ORDER BY frequency) AS f FROM numbered ORDER BY row"
    )

    def duckdb_ntile(X: pd.DataFrame) -> np.ndarray:
        with duckdb.connect() as connection:
            connection.register("numbered", X.assign(row=np.arange(len(X))))
            scores = connection.execute(query).df()
        return names_of(scores["r"].to_numpy(), scores["f"].to_numpy())

    def sqlite_ntile(X: pd.DataFrame) -> np.ndarray:
        with closing(sqlite3.connect(":memory:")) as connection:
            X.assign(row=np.arange(len(X))).to_sql("numbered", connection)
            scores = pd.read_sql(query, connection)
        return names_of(scores["r"].to_numpy(), scores["f"].to_numpy())

    order = np.random.default_rng(1).permutation(len(customers))
    shuffled = customers.iloc[order].reset_index(drop=True)
    return {
        name: float((method(customers)[order] != method(shuffled)).mean())
        for name, method in (
            ("qcut(rank(method='first'))", ranked),
            ("NTILE in sqlite", sqlite_ntile),
            ("NTILE in duckdb", duckdb_ntile),
            ("RFMSegmenter", skseg_codes),
        )
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--engines", action="store_true", help="frames of each library")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    n_rows, n_customers = int(1e7 * arguments.scale), int(1e6 * arguments.scale)
    rows: list[dict[str, Any]] = []

    def report(title: str, n: int, runs: Mapping[str, Run]) -> None:
        figures = compare(runs)
        first = next(iter(figures.values()))[0]
        print(f"\n{title}")
        for name, (seconds, megabytes) in figures.items():
            row = {
                "what": title,
                "method": name,
                "cpu_s": round(seconds, 3),
                "ratio": round(seconds / first, 2),
                "peak_mb": round(megabytes),
                "million_rows_per_s": round(n / seconds / 1e6, 1),
            }
            rows.append(row)
            print(
                f"  {name:44s}{seconds:8.2f} s CPU {row['ratio']:6.2f} x "
                f"{megabytes:8.0f} MB {row['million_rows_per_s']:8.1f} M rows/s"
            )

    orders = transactions(n_rows, n_customers)
    size = f"{n_rows:,} transactions of {n_customers:,} customers"
    if arguments.engines:
        texts = text_ids(orders)
        numbers = pa.Table.from_pandas(orders, preserve_index=False)
        del orders
        by_engine = rows_as_orders_by_engine
        report(f"{size}, ids are text", n_rows, by_engine(texts))
        report(f"{size}, ids are whole numbers", n_rows, by_engine(numbers))
        title = f"{size}, ids are text, two lines an order"
        report(title, n_rows, lines_of_orders_by_engine(texts))
        write_results(rows, arguments.out or ENGINES)
        return
    report(f"{size}, a row is an order", n_rows, rows_as_orders(orders))
    report(f"{size}, two lines an order", n_rows, lines_of_orders(orders))

    title = f"amounts of {n_rows:,} transactions as whole units"
    report(title, n_rows, exact_amounts(orders["amount"].to_numpy()))

    table = rfm_table(
        orders, customer_id="customer_id", date="date", amount="amount", as_of=AS_OF
    )
    segmenter = RFMSegmenter().fit(table)
    many = pd.concat([table] * 10, ignore_index=True)
    report(f"predict, {len(many):,} customers", len(many), scoring(many, segmenter))

    customers = one_time_buyers(int(1e5 * arguments.scale) + 1000)
    title = f"customers moved by a shuffle of {len(customers):,} rows"
    print(f"\n{title}")
    for name, share in moved_by_a_shuffle(customers).items():
        rows.append({"what": title, "method": name, "share_moved": round(share, 4)})
        print(f"  {name:44s}{share:8.1%}")

    write_results(rows, arguments.out or RESULTS)


if __name__ == "__main__":
    main()
