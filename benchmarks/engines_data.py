"""Generated orders and customers as Parquet, made by DuckDB without loading them.

Every number is a hash of its row and column, so that the files are the same wherever
and on however many threads they are made.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

DAY = "DATE '2025-01-01'"


def uniform(column: int, row: str = "i") -> str:
    """Return SQL of numbers in (0, 1)."""
    return f"((hash({row}, {column}) >> 11)::DOUBLE + 0.5) / 9007199254740992.0"


def normal(column: int, row: str = "i") -> str:
    """Return SQL of standard normal numbers, by Box and Muller."""
    first, second = uniform(2 * column, row), uniform(2 * column + 1, row)
    return f"sqrt(-2 * ln({first})) * cos(2 * pi() * {second})"


def orders_sql(n_lines: int) -> str:
    """Return lines of orders, two per order and ten per customer."""
    order = "(i // 2)"
    customer = f"floor({uniform(900, order)} * {max(n_lines // 10, 1)})::BIGINT"
    days = f"floor({uniform(901, order)} * 1096)::INTEGER"
    return f"""
        SELECT {customer} AS customer_id, {order} AS order_id,
               ({DAY} - 1 - {days})::TIMESTAMP AS date,
               round(exp(3 + 0.8 * {normal(1)}), 2) AS amount
        FROM range({n_lines}) AS rows(i)"""


def customers_sql(n_rows: int) -> str:
    """Return customers with RFM values, a score with its outcome, and three groups."""
    group = f"floor({uniform(902)} * 3)::INTEGER"
    return f"""
        SELECT customer_id, recency, frequency,
               round(frequency * exp(3.2 + 0.7 * {normal(2)}), 2) AS monetary,
               score, ({uniform(903)} < 0.3 * score)::INTEGER AS converted,
               20 + 60 * kind + 9 * {normal(3)} AS aov,
               30 - 12 * kind + 4 * {normal(4)} AS visits,
               exp(1 + 0.4 * kind + 0.3 * {normal(5)}) AS items
        FROM (SELECT i, i AS customer_id, {group} AS kind,
                     floor(730 * pow({uniform(904)}, 1.5))::INTEGER AS recency,
                     (1 + floor(-3 * ln({uniform(905)})))::INTEGER AS frequency,
                     1 / (1 + exp(2 - 1.2 * {normal(6)})) AS score
              FROM range({n_rows}) AS rows(i))"""


def write_data(folder: Path, n_lines: int, n_rows: int, threads: int) -> None:
    """Write orders and customers, each as one file, unless they are there."""
    connection = duckdb.connect(config={"threads": threads, "memory_limit": "2GB"})
    connection.execute("SET preserve_insertion_order = false")
    for name, sql in {
        "orders": orders_sql(n_lines),
        "customers": customers_sql(n_rows),
    }.items():
        path = folder / f"{name}.parquet"
        if not path.exists():
            partial = path.with_suffix(".partial")
            connection.execute(f"COPY ({sql}) TO '{partial}' (FORMAT parquet)")
            partial.rename(path)
