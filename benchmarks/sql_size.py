"""How long engines take to compile and run the SQL of a thousand rules.

Every engine labels the same 100,000 rows by rule sets of several shapes. The SQL of
many rules is a tree of CASE expressions; `flat` is one CASE, for comparison. Engines on
servers are those that the variables of tests/engines/servers.sh tell.

    python benchmarks/sql_size.py                    # 100,000 rows, 1,000 rules
    python benchmarks/sql_size.py --engines duckdb   # one engine
    python benchmarks/sql_size.py --flat             # with the single CASE as well
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import numpy as np
import pyarrow as pa
from _measure import write_results

from skseg.rules import RuleSet
from skseg.rules._sql import _cases

RESULTS = Path(__file__).parent / "results" / "sql_size.csv"
NAMES = ("id", "x", "y", "z", "plan")
TYPES = {
    "duckdb": ("BIGINT", "DOUBLE", "DOUBLE", "DOUBLE", "VARCHAR"),
    "sqlite": ("INTEGER", "REAL", "REAL", "REAL", "TEXT"),
    "postgres": ("bigint", *["double precision"] * 3, "text"),
    "mysql": ("bigint", "double", "double", "double", "varchar(20)"),
    "spark": ("bigint", "double", "double", "double", "string"),
}
Query = Callable[[str], list[tuple[Any, ...]]]


def customers(n_rows: int) -> pa.Table:
    """Return scores that are missing for one row in twenty, and a plan of fifty."""
    rng = np.random.default_rng(0)
    columns: dict[str, Any] = {"id": np.arange(n_rows)}
    for name in ("x", "y", "z"):
        missing = rng.random(n_rows) < 0.05
        columns[name] = pa.array(rng.uniform(0, 1000, n_rows).round(2), mask=missing)
    columns["plan"] = pa.array([f"p{i}" for i in rng.integers(0, 50, n_rows)])
    return pa.table(columns)


def rule_sets(n_rules: int) -> dict[str, RuleSet]:
    """Return rule sets of several shapes."""
    rng = np.random.default_rng(1)
    side = round(n_rules ** (1 / 3))
    step = 1000 / side

    def between(name: str, i: int) -> str:
        return f"{i * step} <= {name} < {(i + 1) * step}"

    def box() -> str:
        widths = rng.uniform(50, 300, 3).round(1)
        lows = rng.uniform(0, 900, 3).round(1)
        return " and ".join(
            f"{low} <= {name} < {low + width}"
            for name, low, width in zip("xyz", lows, widths, strict=True)
        )

    def either(n_parts: int) -> str:
        return " or ".join(f"({box()})" for _ in range(n_parts))

    shapes = {
        "disjoint boxes": [
            f"{between('x', i)} and {between('y', j)} and {between('z', k)}"
            for i in range(side)
            for j in range(side)
            for k in range(side)
        ],
        "intervals": [
            f"{i * 1000 / n_rules} <= x < {(i + 0.75) * 1000 / n_rules} "
            f"and plan in ['p1', 'p2', 'p3'] and not y > {i}.37"
            for i in range(n_rules)
        ],
        "overlapping boxes": [box() for _ in range(n_rules)],
        "texts": [
            f"plan == 'p{i % 50}' and x >= {1000 - i * 1000 / n_rules}"
            for i in range(n_rules)
        ],
        "long OR lists": [either(10) for _ in range(n_rules // 10)],
        "one column each": [f"{'xyz'[i % 3]} >= {999.9 - i}" for i in range(n_rules)],
    }
    return {
        shape: RuleSet({f"s{i}": rule for i, rule in enumerate(rules)})
        for shape, rules in shapes.items()
    }


def create(execute: Callable[[str], Any], engine: str) -> None:
    columns = ", ".join(map(" ".join, zip(NAMES, TYPES[engine], strict=True)))
    temporary = "" if engine == "duckdb" else "TEMPORARY "
    execute(f"CREATE {temporary}TABLE b_size ({columns})")


def duckdb_query(table: pa.Table) -> Query:
    connection = duckdb.connect(config={"threads": 1})
    connection.register("arrow_table", table)
    connection.execute("CREATE TABLE b_size AS SELECT * FROM arrow_table")
    return lambda sql: connection.execute(sql).fetchall()


def sqlite_query(table: pa.Table) -> Query:
    connection = sqlite3.connect(":memory:")
    create(connection.execute, "sqlite")
    rows = zip(*table.to_pydict().values(), strict=True)
    connection.executemany("INSERT INTO b_size VALUES (?, ?, ?, ?, ?)", rows)
    return lambda sql: connection.execute(sql).fetchall()


def postgres_query(table: pa.Table) -> Query:
    import psycopg

    connection = psycopg.connect(os.environ["SKSEG_POSTGRES"], autocommit=True)
    create(connection.execute, "postgres")
    with connection.cursor() as cursor, cursor.copy("COPY b_size FROM STDIN") as copy:
        for row in zip(*table.to_pydict().values(), strict=True):
            copy.write_row(row)
    connection.execute("ANALYZE b_size")
    connection.execute("SET jit = off")
    return lambda sql: connection.execute(sql).fetchall()


def mysql_query(table: pa.Table) -> Query:
    import pymysql

    url = urlsplit(os.environ["SKSEG_MARIADB"])
    connection = pymysql.connect(
        host=url.hostname,
        port=url.port,
        user=url.username,
        database=url.path[1:],
        charset="utf8mb4",
    )
    cursor = connection.cursor()
    create(cursor.execute, "mysql")
    rows = list(zip(*table.to_pydict().values(), strict=True))
    cursor.executemany("INSERT INTO b_size VALUES (%s, %s, %s, %s, %s)", rows)

    def query(sql: str) -> list[tuple[Any, ...]]:
        cursor.execute(sql)
        return list(cursor.fetchall())

    return query


def spark_query(table: pa.Table) -> Query:
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    # The script profile.py beside this one is not what PySpark imports.
    sys.path.remove(str(Path(__file__).parent))
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master(os.environ["SKSEG_SPARK"])
        .config("spark.cores.max", "1")
        .config("spark.executor.cores", "1")
        .config("spark.executor.memory", "1g")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .getOrCreate()
    )
    session.createDataFrame(table).cache().createOrReplaceTempView("b_size")
    # The first query starts the executor and fills the cache.
    session.sql("SELECT SUM(x) FROM b_size").collect()
    return lambda sql: [tuple(row) for row in session.sql(sql).collect()]


ENGINES: dict[str, Callable[[pa.Table], Query]] = {
    "duckdb": duckdb_query,
    "sqlite": sqlite_query,
    "postgres": postgres_query,
    "mysql": mysql_query,
    "spark": spark_query,
}


def totals(codes: Any) -> list[tuple[int, int, int]]:
    """Return each code with the count of its rows and the sum of their numbers."""
    return [
        (
            int(code),
            int((codes == code).sum()),
            int(np.flatnonzero(codes == code).sum()),
        )
        for code in np.unique(codes)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rules", type=int, default=1_000)
    parser.add_argument("--engines", nargs="*", default=list(ENGINES))
    parser.add_argument("--shapes", nargs="*", default=None)
    parser.add_argument("--flat", action="store_true")
    options = parser.parse_args()
    table = customers(options.rows)
    shapes = rule_sets(options.rules)
    if options.shapes:
        shapes = {shape: shapes[shape] for shape in options.shapes}
    frame = {name: table[name] for name in NAMES}
    expected = {s: totals(rules.assign(frame)) for s, rules in shapes.items()}
    limits = {"tree": _cases._MAX_FLAT}
    if options.flat:
        limits["flat"] = options.rules
    results = []
    for engine in options.engines:
        query = ENGINES[engine](table)
        types = dict(zip(NAMES, TYPES[engine], strict=True))
        for shape, rules in shapes.items():
            for form, limit in limits.items():
                _cases._MAX_FLAT = limit
                start = time.perf_counter()
                sql = rules.to_sql(engine, output="code", types=types)
                written = time.perf_counter()
                rows = query(
                    f"SELECT c, COUNT(*), SUM(id) FROM (SELECT id, {sql} AS c "
                    "FROM b_size) t GROUP BY c ORDER BY c"
                )
                end = time.perf_counter()
                got = [tuple(map(int, row)) for row in rows]
                result = {
                    "engine": engine,
                    "shape": shape,
                    "rules": len(rules),
                    "form": form,
                    "to_sql_s": round(written - start, 2),
                    "query_s": round(end - written, 2),
                    "kilobytes": len(sql) // 1000,
                    "as_assign": got == expected[shape],
                }
                print(*result.values(), flush=True)
                results.append(result)
    write_results(results, RESULTS)


if __name__ == "__main__":
    main()
