"""What `engines.py` measures, each run of a part in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.metrics import pairwise_distances_argmin_min
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skseg import (
    OptimalRevenueBinner,
    RFMSegmenter,
    RuleSurrogate,
    rfm_table,
    sample_rows,
)
from skseg.engines import scan_files

AS_OF = "2025-01-01"
RFM = ["recency", "frequency", "monetary"]
SPACE = ["aov", "visits", "items"]
N_BATCH = 1_000_000
N_CLUSTERS = 5
LEVELS = [0.2, 0.4, 0.6, 0.8]


@dataclass(frozen=True)
class Setting:
    """Where the data are, and what an engine may take."""

    folder: Path
    memory_limit: str
    threads: int

    def path(self, name: str) -> Path:
        """Return the path of a file of data or results."""
        return self.folder / f"{name}.parquet"

    def table(self, name: str) -> Any:
        """Return a file as a table that is not in memory."""
        return scan_files(
            self.path(name),
            memory_limit=self.memory_limit,
            temp_directory=self.folder / "spill",
            threads=self.threads,
        )

    def duckdb(self) -> duckdb.DuckDBPyConnection:
        """Return the bare engine with the same limits."""
        return duckdb.connect(
            config={
                "memory_limit": self.memory_limit,
                "threads": self.threads,
                "temp_directory": str(self.folder / "spill"),
            }
        )

    def batches(self, name: str, columns: list[str]) -> Iterator[pd.DataFrame]:
        """Yield the rows of a file, a batch at a time."""
        file = pq.ParquetFile(self.path(name))
        for batch in file.iter_batches(N_BATCH, columns=columns):
            yield batch.to_pandas()

    @cached_property
    def model(self) -> RFMSegmenter:
        """A model of 11 segments over 3 scores, fitted to the first customers."""
        return RFMSegmenter("putler").fit(next(self.batches("customers", RFM)))


# What is a function is only called once the clock has stopped.
Facts = dict[str, Any]
Run = Callable[[Setting], Facts]
RUNS: dict[str, dict[str, Run]] = {}


def run(part: str, name: str) -> Callable[[Run], Run]:
    """Register a function as one run of a part."""

    def register(function: Run) -> Run:
        RUNS.setdefault(part, {})[name] = function
        return function

    return register


# --- orders to customers


def _rfm(setting: Setting, target: str, **columns: str) -> Facts:
    relation = rfm_table(
        setting.table("orders"),
        customer_id="customer_id",
        date="date",
        amount="amount",
        as_of=AS_OF,
        **columns,
    )
    relation.write_parquet(str(setting.path(target)))
    return {"customers": pq.ParquetFile(setting.path(target)).metadata.num_rows}


@run("rfm", "skseg")
def rfm_of_lines(setting: Setting) -> Facts:
    """Each line is an order."""
    return _rfm(setting, "rfm")


@run("rfm", "bare GROUP BY")
def group_by(setting: Setting) -> Facts:
    """The same columns by the engine alone, in floats, without looking for defects."""
    setting.duckdb().execute(
        f"COPY (SELECT customer_id, MAX(date) AS last, COUNT(*) AS frequency, "
        f"SUM(amount) AS monetary, MIN(date) AS first FROM '{setting.path('orders')}' "
        f"GROUP BY customer_id) TO '{setting.path('bare')}' (FORMAT parquet)"
    )
    return _wrong_amounts(setting, "bare")


@run("rfm", "skseg, with orders")
def rfm_of_orders(setting: Setting) -> Facts:
    """Lines of an order are added up first."""
    return _rfm(setting, "rfm_orders", order_id="order_id")


@run("rfm", "bare two steps")
def two_steps(setting: Setting) -> Facts:
    """Lines to orders to customers by the engine alone."""
    setting.duckdb().execute(
        "COPY (SELECT customer_id, MAX(date) AS last, COUNT(*) AS frequency, "
        "SUM(amount) AS monetary, MIN(date) AS first FROM (SELECT customer_id, "
        "order_id, MAX(date) AS date, SUM(amount) AS amount FROM "
        f"'{setting.path('orders')}' GROUP BY ALL) GROUP BY customer_id) TO "
        f"'{setting.path('bare_orders')}' (FORMAT parquet)"
    )
    return {}


@run("rfm", "pandas in batches")
def pandas_groups(setting: Setting) -> Facts:
    """Partial sums of batches, added up: the usual script."""
    parts = [
        batch.groupby("customer_id").agg(
            last=("date", "max"), frequency=("date", "size"), monetary=("amount", "sum")
        )
        for batch in setting.batches("orders", ["customer_id", "date", "amount"])
    ]
    table = (
        pd.concat(parts)
        .groupby(level=0)
        .agg({"last": "max", "frequency": "sum", "monetary": "sum"})
    )
    table.reset_index().to_parquet(setting.path("pandas"))
    return _wrong_amounts(setting, "pandas")


def _wrong_amounts(setting: Setting, name: str) -> Facts:
    """Count customers whose amount is not the exact sum of cents."""
    sql = (
        f"SELECT COUNT(*) FROM '{setting.path(name)}' a JOIN '{setting.path('rfm')}' b "
        "USING (customer_id) WHERE a.monetary <> b.monetary"
    )
    return {"wrong_rows": lambda: _number(setting, sql)}


def _number(setting: Setting, sql: str) -> int:
    return int(setting.duckdb().sql(sql).fetchall()[0][0] or 0)


# --- segments of all customers


@run("score", "skseg")
def label(setting: Setting) -> Facts:
    """Assign all segments, and write them."""
    model, columns = setting.model, ", ".join(["customer_id", *RFM])
    rows = setting.duckdb().sql(f"SELECT {columns} FROM '{setting.path('customers')}'")
    model.label(rows, to=setting.path("scored"), overwrite=True)
    return {"rules": len(model.rules_)}


@run("score", "bare read and write")
def copy(setting: Setting) -> Facts:
    """Read the same columns and write them, with nothing new."""
    columns = ", ".join(["customer_id", *RFM])
    setting.duckdb().execute(
        f"COPY (SELECT {columns} FROM '{setting.path('customers')}') TO "
        f"'{setting.path('copied')}' (FORMAT parquet)"
    )
    return {}


@run("score", "pandas in batches")
def predict(setting: Setting) -> Facts:
    """`predict` of a batch at a time, and how many rows differ from the engine's."""
    model, writer = setting.model, None
    names = model.segment_names_
    for batch in setting.batches("customers", ["customer_id", *RFM]):
        batch["segment"] = names[model.predict(batch[RFM])].astype(str)
        table = pa.Table.from_pandas(batch, preserve_index=False)
        writer = writer or pq.ParquetWriter(setting.path("predicted"), table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()
    sql = (
        f"SELECT COUNT(*) FROM '{setting.path('predicted')}' a JOIN "
        f"'{setting.path('scored')}' b USING (customer_id) WHERE a.segment <> b.segment"
    )
    return {"wrong_rows": lambda: _number(setting, sql)}


# --- cut points


@run("cut points", "skseg")
def fit_rfm(setting: Setting) -> Facts:
    """Exact quantiles of three columns, and the sizes of all segments."""
    model = RFMSegmenter("putler").fit(setting.table("customers"))
    return {"cut_points": str({k: v.tolist() for k, v in model.cut_points_.items()})}


@run("cut points", "one scan")
def scan(setting: Setting) -> Facts:
    """The smallest and largest values of the three columns."""
    listed = ", ".join(f"MIN({c}), MAX({c})" for c in RFM)
    setting.duckdb().sql(
        f"SELECT {listed} FROM '{setting.path('customers')}'"
    ).fetchall()
    return {}


@run("cut points", "approximate quantiles")
def approximate(setting: Setting) -> Facts:
    """The engine's approx_quantile, and the rows that get another score by it."""
    path, connection = setting.path("customers"), setting.duckdb()
    listed = ", ".join(f"approx_quantile({c}, {LEVELS})" for c in RFM)
    cuts = connection.sql(f"SELECT {listed} FROM '{path}'").fetchall()[0]

    def n_wrong() -> int:
        model = RFMSegmenter("putler").fit(setting.table("customers"))
        differing = 0
        for column, approximate in zip(RFM, cuts, strict=True):
            first, second = (
                " + ".join(f"({column} > {float(cut)!r})::INTEGER" for cut in points)
                for points in (approximate, model.cut_points_[column])
            )
            sql = f"SELECT COUNT(*) FROM '{path}' WHERE {first} <> {second}"
            differing += _number(setting, sql)
        return differing

    return {"wrong_rows": n_wrong}


@run("cut points", "NTILE")
def ntile(setting: Setting) -> Facts:
    """NTILE(5), the common SQL, and the rows that it parts from equal values."""
    path, connection = setting.path("customers"), setting.duckdb()
    tiles = {c: f"NTILE(5) OVER (ORDER BY {c}) AS tile" for c in RFM}
    for column, tile in tiles.items():
        connection.execute(
            f"COPY (SELECT {column}, {tile} FROM '{path}') TO "
            f"'{setting.path(f'tile_{column}')}' (FORMAT parquet)"
        )

    def n_wrong() -> int:
        return sum(
            _number(
                setting,
                f"SELECT SUM(n - most) FROM (SELECT SUM(n) AS n, MAX(n) AS most FROM "
                f"(SELECT {c}, tile, COUNT(*) AS n FROM "
                f"'{setting.path(f'tile_{c}')}' GROUP BY ALL) GROUP BY {c})",
            )
            for c in RFM
        )

    return {"wrong_rows": n_wrong}


# --- tiers


@run("tiers", "skseg")
def fit_tiers(setting: Setting) -> Facts:
    """Tiers of the largest profit over all customers."""
    binner = OptimalRevenueBinner(5, score_column="score")
    binner.fit(setting.table("customers"), "converted")
    return {"cut_points": str(binner.cut_points_.tolist())}


@run("tiers", "one scan")
def scan_scores(setting: Setting) -> Facts:
    """The sum of the two columns."""
    path = setting.path("customers")
    setting.duckdb().sql(f"SELECT SUM(score), SUM(converted) FROM '{path}'").fetchall()
    return {}


# --- clusters


def inertia(setting: Setting, pipeline: Any) -> float:
    """Return the inertia of all customers, in the same units for all models."""
    unit = next(setting.batches("customers", SPACE)).std().to_numpy()
    centers = pipeline[0].inverse_transform(pipeline[-1].cluster_centers_) / unit
    total = 0.0
    for batch in setting.batches("customers", SPACE):
        _, distances = pairwise_distances_argmin_min(batch.to_numpy() / unit, centers)
        total += float((distances**2).sum())
    return total


@run("kmeans", "sample, rules, fidelity")
def cluster_sample(setting: Setting) -> Facts:
    """K-Means of a portable sample, its rules, and their fidelity on all customers."""
    table = setting.table("customers")
    sample = sample_rows(table, "customer_id", n_rows=200_000, columns=SPACE)
    kmeans = KMeans(N_CLUSTERS, n_init=5, random_state=0)
    surrogate = RuleSurrogate(make_pipeline(StandardScaler(), kmeans), random_state=0)
    surrogate.fit(sample)
    pairs = surrogate.agreement(table)
    is_same = pairs["code"] == pairs["code_by_rules"]
    return {
        "fidelity": float(pairs["n"][is_same].sum() / pairs["n"].sum()),
        "inertia": lambda: inertia(setting, surrogate.estimator_),
    }


@run("kmeans", "MiniBatchKMeans, best of five")
def cluster_batches(setting: Setting) -> Facts:
    """The same number of clusters from all rows, a batch at a time, five times."""
    scaler = StandardScaler()
    for batch in setting.batches("customers", SPACE):
        scaler.partial_fit(batch.to_numpy())
    models = [MiniBatchKMeans(N_CLUSTERS, random_state=seed) for seed in range(5)]
    for batch in setting.batches("customers", SPACE):
        rows = scaler.transform(batch.to_numpy())
        for model in models:
            model.partial_fit(rows)
    inertias = np.zeros(len(models))
    for batch in setting.batches("customers", SPACE):
        rows = scaler.transform(batch.to_numpy())
        inertias += [-model.score(rows) for model in models]
    best = models[int(inertias.argmin())]
    return {"inertia": lambda: inertia(setting, make_pipeline(scaler, best))}
