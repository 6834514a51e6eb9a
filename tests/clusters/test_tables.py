"""Samples of tables that are the same everywhere, and rules against their centres."""

from __future__ import annotations

import hashlib
import sqlite3
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.cluster import AgglomerativeClustering, KMeans, MiniBatchKMeans
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    PowerTransformer,
    RobustScaler,
    StandardScaler,
)

from skseg import InductiveSegmenter, RuleSurrogate, sample_rows
from skseg.engines import sql_table
from skseg.exceptions import (
    InvalidDataError,
    InvalidParameterError,
    MissingColumnError,
)
from tests.engines.connections import every_engine, make_table

N = 600
N_SAMPLE = 25
# ibis asks pandas 3 for an option that it has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:The 'future.infer_string' option")


def customers() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    group = rng.integers(0, 3, N)
    X = pd.DataFrame(
        {
            "customer_id": rng.permutation(N) + 10_000_000_000,
            "code": [f"C-\u00e9{i}" for i in rng.permutation(N)],
            "aov": np.array([20.0, 90.0, 200.0])[group] + rng.normal(0, 6, N),
            "visits": np.array([9, 2, 30])[group] + rng.poisson(2, N),
        }
    )
    X.loc[::50, "aov"] = np.nan
    return X


def by_hashlib(ids: Any, n_rows: int, seed: int = 0) -> list[Any]:
    return sorted(ids, key=lambda i: hashlib.md5(f"{seed}:{i}".encode()).hexdigest())[
        :n_rows
    ]


@every_engine
@pytest.mark.parametrize("id_column", ["customer_id", "code"])
def test_every_engine_draws_the_same_sample(engine: str, id_column: str) -> None:
    if engine == "spark" and id_column == "code":
        pytest.skip("Spark takes seconds: whole numbers are shown there")
    X = customers()
    table = make_table(engine, pa.Table.from_pandas(X, preserve_index=False))
    if engine == "ibis":
        with pytest.raises(InvalidDataError, match="sql_table"):
            sample_rows(table, id_column, n_rows=N_SAMPLE)
        return
    sample = sample_rows(table, id_column, n_rows=N_SAMPLE)
    assert sample.index.tolist() == by_hashlib(X[id_column], N_SAMPLE)
    in_memory = sample_rows(X, id_column, n_rows=N_SAMPLE)
    pd.testing.assert_frame_equal(
        sample, in_memory, check_dtype=False, check_index_type=False
    )


def test_the_sample_does_not_depend_on_the_order_of_rows() -> None:
    X = customers()
    sample = sample_rows(X, "customer_id", n_rows=N_SAMPLE)
    shuffled = sample_rows(X.iloc[::-1], "customer_id", n_rows=N_SAMPLE)
    pd.testing.assert_frame_equal(shuffled, sample)


def test_a_smaller_sample_is_the_beginning_of_a_larger_one() -> None:
    X = customers()
    table = make_table("duckdb", pa.Table.from_pandas(X, preserve_index=False))
    larger = sample_rows(table, "customer_id", n_rows=200)
    for n_rows in (1, 10, 199):
        smaller = sample_rows(table, "customer_id", n_rows=n_rows)
        assert smaller.index.tolist() == larger.index.tolist()[:n_rows]


@pytest.mark.parametrize("n_rows", [N - 1, N, N + 1, 10**9])
def test_a_sample_of_more_rows_than_there_are_is_all_rows(n_rows: int) -> None:
    X = customers()
    table = make_table("duckdb", pa.Table.from_pandas(X, preserve_index=False))
    sample = sample_rows(table, "customer_id", n_rows=n_rows)
    assert len(sample) == min(n_rows, N)


def test_tomorrow_the_same_customers_are_drawn_again() -> None:
    X = customers()
    today = set(sample_rows(X, "customer_id", n_rows=100).index)
    later = X.iloc[: N - 30]
    tomorrow = set(sample_rows(later, "customer_id", n_rows=100).index)
    assert today & set(later["customer_id"]) <= tomorrow


def test_seeds_give_samples_that_are_independent() -> None:
    ids = pd.DataFrame({"id": np.arange(20_000)})
    samples = [
        {*sample_rows(ids, "id", n_rows=2000, random_state=seed).index}
        for seed in range(4)
    ]
    for i, first in enumerate(samples):
        for second in samples[:i]:
            # A hypergeometric number of mean 200 and standard deviation 12.7.
            assert abs(len(first & second) - 200) < 5 * 12.7


def test_decimals_become_floats_and_other_columns_are_left_out() -> None:
    amounts = pa.array([Decimal("1.00"), Decimal("2.00"), None])
    columns = {"id": [1, 2, 3], "a": amounts, "b": ["x", "y", "z"]}
    table = make_table("duckdb", pa.table(columns))
    sample = sample_rows(table, "id", columns=["a"]).sort_index()
    assert list(sample.columns) == ["a"]
    assert sample["a"].dtype == np.float64
    np.testing.assert_array_equal(sample["a"], [1.0, 2.0, np.nan])


BAD: dict[str, tuple[dict[str, Any], dict[str, Any], type[Exception], str]] = {
    "floats": ({"id": [1.0, 2.0]}, {}, InvalidDataError, "whole numbers or text"),
    "flags": ({"id": [True, False]}, {}, InvalidDataError, "whole numbers or text"),
    "missing": ({"id": [1, None]}, {}, InvalidDataError, "issing|nan|None"),
    "twice": ({"id": ["a", "a"]}, {}, InvalidDataError, "in several rows"),
    "absent": ({"key": [1]}, {}, MissingColumnError, "id"),
    "columns": ({"id": [1]}, {"columns": ["x"]}, MissingColumnError, "x"),
    "a text": ({"id": [1]}, {"columns": "x"}, InvalidParameterError, "Write a list"),
    "no rows": ({"id": [1]}, {"n_rows": 0}, InvalidParameterError, "n_rows"),
    "seed": ({"id": [1]}, {"random_state": None}, InvalidParameterError, "random_st"),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("is_table", [False, True])
def test_errors_say_what_ids_must_be(case: str, is_table: bool) -> None:
    columns, options, error, text = BAD[case]
    rows: Any = pd.DataFrame(columns)
    if is_table:
        rows = make_table(
            "duckdb", pa.table({k: pa.array(v) for k, v in columns.items()})
        )
    with pytest.raises(error, match=text):
        sample_rows(rows, "id", **options)


def test_a_function_for_samples_stays_with_the_connection() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (id INTEGER, aov REAL)")
    connection.executemany(
        "INSERT INTO t VALUES (?, ?)", [(i, i / 2) for i in range(9)]
    )
    sample = sample_rows(sql_table(connection, "t"), "id", n_rows=4)
    assert sample.index.tolist() == by_hashlib(range(9), 4)


CLUSTERERS = {
    "plain": KMeans(3, n_init=1, random_state=0),
    "one": KMeans(1, random_state=0),
    "standard": make_pipeline(StandardScaler(), KMeans(4, n_init=1, random_state=0)),
    "without mean": make_pipeline(
        StandardScaler(with_mean=False), MiniBatchKMeans(3, n_init=1, random_state=0)
    ),
    "without scale": make_pipeline(
        StandardScaler(with_std=False), KMeans(3, n_init=1, random_state=0)
    ),
    "min and max": make_pipeline(
        MinMaxScaler((-1, 3)), KMeans(3, n_init=1, random_state=0)
    ),
    "two scalers": make_pipeline(
        MaxAbsScaler(),
        "passthrough",
        RobustScaler(),
        KMeans(3, n_init=1, random_state=0),
    ),
}


@pytest.mark.parametrize("name", CLUSTERERS)
def test_scalers_and_centres_mean_the_same_in_an_engine(name: str) -> None:
    X = customers()[["aov", "visits"]]
    complete = X.dropna()
    surrogate = RuleSurrogate(CLUSTERERS[name], max_rules=4, random_state=0)
    surrogate.fit(complete)
    table = make_table("duckdb", pa.Table.from_pandas(X, preserve_index=False))
    expected = surrogate.agreement(complete)
    pd.testing.assert_frame_equal(surrogate.agreement(table), expected)
    assert surrogate.score(table) == pytest.approx(surrogate.score(complete), abs=1e-14)
    assert expected["n"].sum() == len(complete)


@every_engine
def test_every_engine_counts_the_same_agreement(engine: str) -> None:
    X = customers()[["aov", "visits"]]
    complete = X.dropna()
    surrogate = RuleSurrogate(CLUSTERERS["standard"], max_rules=4, random_state=0)
    surrogate.fit(complete)
    table = make_table(engine, pa.Table.from_pandas(X, preserve_index=False))
    pd.testing.assert_frame_equal(
        surrogate.agreement(table), surrogate.agreement(complete)
    )


def test_a_sample_its_rules_and_their_fidelity_on_the_table() -> None:
    X = customers()
    table = make_table("duckdb", pa.Table.from_pandas(X, preserve_index=False))
    sample = sample_rows(table, "customer_id", n_rows=300, columns=["aov", "visits"])
    pipeline = make_pipeline(StandardScaler(), KMeans(3, n_init=5, random_state=0))
    surrogate = RuleSurrogate(pipeline, random_state=0).fit(sample.dropna())
    pairs = surrogate.agreement(table)
    agreeing = pairs["n"][pairs["code"] == pairs["code_by_rules"]].sum()
    assert agreeing / pairs["n"].sum() > 0.98
    labelled = surrogate.label(table).df()
    codes = dict(zip(surrogate.segment_names_, range(4), strict=True))
    rules = surrogate.predict(X[["aov", "visits"]])
    assert labelled["segment"].map(codes).tolist() == rules.tolist()


@pytest.mark.parametrize(
    "clusterer",
    [
        make_pipeline(PowerTransformer(), KMeans(3, n_init=1, random_state=0)),
        make_pipeline(MinMaxScaler(clip=True), KMeans(3, n_init=1, random_state=0)),
        InductiveSegmenter(AgglomerativeClustering(3)),
    ],
    ids=["power", "clip", "inductive"],
)
def test_other_estimators_are_compared_in_memory(clusterer: Any) -> None:
    X = customers()[["aov", "visits"]].dropna()
    surrogate = RuleSurrogate(clusterer, random_state=0).fit(X)
    table = make_table("duckdb", pa.Table.from_pandas(X, preserve_index=False))
    with pytest.raises(InvalidParameterError, match="rows in memory"):
        surrogate.agreement(table)
    assert surrogate.agreement(X)["n"].sum() == len(X)


def test_a_frozen_estimator_is_looked_through() -> None:
    X = customers()[["aov", "visits"]].dropna()
    frozen = FrozenEstimator(CLUSTERERS["standard"].fit(X))
    surrogate = RuleSurrogate(frozen, random_state=0).fit(X)
    table = make_table("duckdb", pa.Table.from_pandas(X, preserve_index=False))
    pd.testing.assert_frame_equal(surrogate.agreement(table), surrogate.agreement(X))
    with pytest.raises(InvalidParameterError, match="sample_weight"):
        surrogate.score(table, sample_weight=np.ones(len(X)))
    with pytest.raises(MissingColumnError, match="visits"):
        surrogate.agreement(make_table("duckdb", {"aov": [1.0]}))
