"""profile_segments of tables that are not in memory: the profile of the same rows."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.cluster import KMeans
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skseg import (
    OptimalRevenueBinner,
    RFMSegmenter,
    RuleSurrogate,
    raw_rules,
)
from skseg.engines import open_table
from skseg.exceptions import (
    InvalidDataError,
    InvalidParameterError,
    MissingColumnError,
)
from skseg.playbook import name_segments
from skseg.profile import SegmentProfile, profile_segments
from skseg.profile._lazy_profile import lazy_profile
from skseg.profile._schema import TABLES
from skseg.report import SegmentReport
from skseg.rules import RuleSet
from tests.engines.connections import every_engine, make_table

N = 1500
RULES = RuleSet({"high": "aov > 150", "odd": "visits <= 2 or missing(age)"})
# Sums are added up in another order.
SUMS = {
    "segments_": ("value", "value_share", "value_mean"),
    "features_": ("effect", "statistic", "p_value", "p_adj"),
    "numbers_": ("mean", "std", "rank_effect", *("difference", "difference_low")),
    "everyone_": ("mean", "std"),
    "concentration_": ("value",),
}
SUMS["segments_"] += ("outcome", "outcome_low", "outcome_high")
SUMS["numbers_"] += ("difference_high",)


def customers() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "aov": rng.gamma(2, 60, N),
            "visits": rng.poisson(4, N),
            "age": np.where(np.arange(N) % 17, rng.normal(40, 10, N), np.nan),
            "plan": rng.choice(["free", "pro", "Pro", "pro ", "trial", ""], N),
            "premium": rng.random(N) < 0.3,
            "big": rng.integers(-(2**62), 2**62, N),
            "city": [f"c{i % 400}" for i in rng.zipf(1.6, N)],
            "flat": np.full(N, 7.0),
            # Whose bins are those of the few others.
            "mostly": np.where(rng.random(N) < 0.985, 3.0, rng.normal(size=N)),
            "tiny": rng.normal(size=N) * 1e-160,
            "units": rng.integers(0, 4, N),
        }
    )
    X["plan"] = X["plan"].astype(object).where(np.arange(N) % 13 > 0, None)
    X["cents"] = (X["aov"] * 100).round()
    return X


@cache
def rows_of(engine: str) -> tuple[pd.DataFrame, Any]:
    """Return customers as the engine stores them, in memory and there."""
    X = customers()
    if engine not in ("sqlite", "mariadb", "ibis"):
        X.loc[[5, 9], "age"] = [np.inf, -np.inf]
    table = pa.Table.from_pandas(X, preserve_index=False)
    if engine in ("sqlite", "mariadb", "ibis"):
        # Booleans are the numbers 0 and 1 there.
        X["premium"] = X["premium"].astype(int)
    return X, make_table(engine, table)


def lazily(table: Any, source: Any = RULES, **options: Any) -> SegmentProfile:
    """Profile a table of which few values may be fetched."""
    defaults: dict[str, Any] = {
        "features": None,
        "value": None,
        "outcome": None,
        "rows": "training",
        "segment_names": None,
        "protected": [],
        "min_count": 10,
        "sample_weight": None,
        "max_groups": 40,
    }
    opened = open_table(table)
    assert opened is not None
    return lazy_profile(opened, source, **{**defaults, **options})


def assert_same(lazy: SegmentProfile, in_memory: SegmentProfile) -> None:
    """Check tables to the last bit, but for sums."""
    for name in TABLES:
        first, second = getattr(lazy, name), getattr(in_memory, name)
        sums = [c for c in SUMS.get(name, ()) if c in second]
        pd.testing.assert_frame_equal(
            first.drop(columns=sums), second.drop(columns=sums), check_exact=True
        )
        for column in sums:
            scale = second.get("std", 1.0)
            gap = (first[column] - second[column]).abs()
            bound = 1e-12 * (second[column].abs() + scale + 1e-3)
            assert (gap.isna() == second[column].isna()).all(), (name, column)
            assert not (gap > bound).any(), (name, column, gap.max())
    assert lazy.rules == in_memory.rules


OPTIONS: dict[str, dict[str, Any]] = {
    "values": {"value": "aov", "outcome": "premium", "protected": ["plan", "units"]},
    "amounts": {"value": "visits", "outcome": "aov", "protected": ["city"]},
}


# ibis asks pandas 3 for an option that it has deprecated.
@pytest.mark.filterwarnings("ignore:The 'future.infer_string' option")
@every_engine
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("fetched", ["values", "sums"])
def test_a_table_has_the_profile_of_its_rows(
    engine: str, options: str, fetched: str
) -> None:
    if engine == "spark":
        pytest.skip("its queries take seconds each: see the test of few columns")
    if engine == "ibis" and fetched == "sums":
        pytest.skip("its queries are those of SQLite")
    X, table = rows_of(engine)
    expected = profile_segments(RULES, X, **OPTIONS[options])
    if fetched == "values":
        assert_same(profile_segments(RULES, table, **OPTIONS[options]), expected)
    else:
        assert_same(lazily(table, **OPTIONS[options]), expected)


@pytest.mark.parametrize(
    ("fetched", "columns"), [("values", ["plan", "premium"]), ("sums", ["age"])]
)
def test_spark_has_the_profile_of_few_columns(fetched: str, columns: list[str]) -> None:
    X, table = rows_of("spark")
    profile = profile_segments if fetched == "values" else _few
    options: dict[str, Any] = {"features": columns, "min_count": 5}
    assert_same(profile(RULES, table, **options), profile_segments(RULES, X, **options))


SPECIAL: dict[str, Any] = {
    "NaN and 1": pa.array(np.where(np.arange(120) % 3, 1.0, np.nan)),
    "all NaN": pa.array(np.full(120, np.nan)),
    "all NULL": pa.array([None] * 120, pa.float64()),
    "float32": pa.array(np.linspace(-1, 1, 120).astype(np.float32)),
    "decimal": pa.array(
        [Decimal(i**3) / 100 for i in range(120)], pa.decimal128(12, 2)
    ),
    "int64": pa.array(np.arange(120) * 2**56 - 2**62),
    "uint64": pa.array(np.arange(120, dtype=np.uint64) * 2**57),
    "infinity": pa.array(np.where(np.arange(120) % 5, np.inf, np.arange(120))),
    "zeros": pa.array(np.where(np.arange(120) % 2, -0.0, 0.0)),
    "large": pa.array(np.linspace(-1, 1, 120) * 1e300),
    "subnormal": pa.array(np.linspace(-1, 1, 120) * 1e-310),
    "offset": pa.array(np.arange(120) + 1e15),
    "constant": pa.array(np.full(120, 3.5)),
    "skewed": pa.array(np.exp(np.linspace(-9, 9, 120))),
    "flags": pa.array([None if i % 4 == 0 else i % 3 > 0 for i in range(120)]),
    "blanks": pa.array(["ab"[i % 2] + " " * (i % 3) for i in range(120)]),
    "words": pa.array(["true", "NaN", "NULL", "", " ", "1"] * 20),
    "no text": pa.array([None] * 120, pa.string()),
    "enum": pa.array(["\u00fc", "z", "Z", "a"] * 30).dictionary_encode(),
    "ids": pa.array([f"c{i}" for i in range(120)]),
}


@pytest.mark.parametrize("name", SPECIAL)
def test_special_values_of_parquet_are_profiled_alike(name: str, tmp_path: Any) -> None:
    rules = RuleSet({"a": "k > 5", "b": "k > 2", "none": "k > 99"}, default="rest")
    k = np.random.default_rng(0).integers(0, 9, 120).astype(float)
    rows = pa.table({"k": pa.array(k), "c": SPECIAL[name]})
    path = tmp_path / "rows.parquet"
    pq.write_table(rows, path)
    expected = profile_segments(rules, rows, min_count=3)
    assert_same(profile_segments(rules, path, min_count=3), expected)
    assert_same(lazily(path, rules, min_count=3, max_groups=7), expected)


AMOUNTS: dict[str, Any] = {
    "lognormal": np.exp(3 * np.random.default_rng(0).normal(size=800)),
    "outlier": np.where(np.arange(800) == 7, 1e12, np.linspace(49, 51, 800)),
    "offset": np.random.default_rng(0).normal(1e9, 1, 800),
    "losses": -np.exp(np.random.default_rng(0).normal(size=800)),
    "nothing": np.zeros(800),
}


@pytest.mark.parametrize("name", AMOUNTS)
def test_sums_of_skewed_amounts_lose_no_digits(name: str) -> None:
    k = np.random.default_rng(1).integers(0, 9, 800).astype(float)
    rows = pa.table({"k": k, "v": AMOUNTS[name]})
    rules = RuleSet({"a": "k > 5", "b": "k > 2"}, default="rest")
    options: dict[str, Any] = {"value": "v", "outcome": "v"}
    table = make_table("duckdb", rows)
    assert_same(
        lazily(table, rules, **options), profile_segments(rules, rows, **options)
    )


def test_sizes_of_segments_take_one_scan() -> None:
    X, table = rows_of("duckdb")
    profile = profile_segments(RULES, table, features=[])
    expected = profile_segments(RULES, X, features=[])
    pd.testing.assert_frame_equal(profile.segments_, expected.segments_)


def test_weights_are_a_column() -> None:
    X, table = rows_of("duckdb")
    options: dict[str, Any] = {"value": "aov", "outcome": "age"}
    options["sample_weight"] = "units"
    X = X.drop(columns="age").assign(age=X["visits"] * 1.5)
    table = make_table("duckdb", pa.Table.from_pandas(X, preserve_index=False))
    expected = profile_segments(
        RULES, X, value="aov", outcome="age", sample_weight=X["units"]
    )
    assert_same(profile_segments(RULES, table, **options), expected)
    assert_same(lazily(table, **options), expected)


def test_a_file_is_a_table(tmp_path_factory: pytest.TempPathFactory) -> None:
    X = customers()
    path = tmp_path_factory.mktemp("bucket") / "customers.parquet"
    X.to_parquet(path)
    assert_same(profile_segments(RULES, path), profile_segments(RULES, X))


RFM = pd.DataFrame(
    {
        "recency": np.random.default_rng(0).integers(1, 400, 600),
        "frequency": np.random.default_rng(1).poisson(3, 600) + 1,
        "monetary": np.random.default_rng(2).gamma(2, 50, 600).round(2),
        "weeks": np.random.default_rng(0).integers(1, 400, 600) // 7,
        "tier": np.random.default_rng(3).choice(["a", "b"], 600),
        "y": np.random.default_rng(4).integers(0, 2, 600),
    }
)
RFM["again"] = RFM["y"]


def fitted() -> dict[str, Any]:
    columns = ["recency", "frequency", "monetary"]
    scaled = make_pipeline(StandardScaler(), KMeans(3, n_init=1, random_state=0))
    return {
        "rfm": RFMSegmenter().fit(RFM[columns]),
        "surrogate": RuleSurrogate(scaled, random_state=0).fit(RFM[columns]),
        "tiers": OptimalRevenueBinner(n_bins=3, score_column="monetary").fit(
            RFM[columns], RFM["y"]
        ),
    }


@pytest.mark.parametrize("name", ["rfm", "surrogate", "tiers"])
@pytest.mark.parametrize("fetched", ["values", "sums"])
def test_models_have_the_roles_of_their_columns(name: str, fetched: str) -> None:
    model = fitted()[name]
    table = make_table("duckdb", pa.Table.from_pandas(RFM, preserve_index=False))
    options: dict[str, Any] = {"rows": "fresh", "outcome": "y"}
    expected = profile_segments(model, RFM, **options)
    lazy = (
        profile_segments(model, table, **options)
        if fetched == "values"
        else lazily(table, model, **options)
    )
    if name == "tiers" and fetched == "sums":
        # Of a column of too many values it cannot be told whether it is the outcome.
        roles = lazy.features_.set_index("feature")["role"]
        assert roles["weeks"] == "unknown"
        assert roles.drop("weeks").to_dict() == (
            expected.features_.set_index("feature")["role"].drop("weeks").to_dict()
        )
        return
    assert_same(lazy, expected)


def test_report_and_names_take_the_profile(tmp_path: Any) -> None:
    X, table = rows_of("duckdb")
    lazy, expected = (
        profile_segments(RULES, rows, value="aov", outcome="premium")
        for rows in (table, X)
    )
    pd.testing.assert_frame_equal(name_segments(lazy), name_segments(expected))
    for segment in lazy.segments_["name"]:
        assert lazy.description(segment) == expected.description(segment)
    SegmentReport(lazy).to_html(tmp_path / "report.html")
    text = lazy.to_json()
    assert text is not None
    assert SegmentProfile.from_json(text).segments_.equals(lazy.segments_)


ERRORS: dict[str, tuple[Any, dict[str, Any], type[Exception], str]] = {
    "codes": ([0, 1], {}, InvalidParameterError, "as X is not in memory"),
    "clusterer": (KMeans(2).fit([[0], [1]]), {}, InvalidParameterError, "Surrogate"),
    "value": (RULES, {"value": [1.0]}, InvalidParameterError, "name of a column"),
    "weight": (RULES, {"sample_weight": [1]}, InvalidParameterError, "name of a col"),
    "features": (RULES, {"features": ["agee"]}, MissingColumnError, "agee"),
    "rules": (RuleSet({"a": "nothing > 1"}), {}, MissingColumnError, "nothing"),
    "names": (RULES, {"segment_names": ["a"]}, InvalidParameterError, "None for"),
    "text value": (RULES, {"value": "plan"}, InvalidDataError, "must be numbers"),
    "unknown value": (RULES, {"value": "age"}, InvalidDataError, "known and finite"),
    "outcome": (RULES, {"outcome": "age"}, InvalidDataError, "missing or infinite in"),
    "labels": (RULES, {"outcome": "city"}, InvalidDataError, "two classes"),
    "groups": (RULES, {"protected": ["aov"]}, InvalidDataError, "at most 100 groups"),
}


@pytest.mark.parametrize("case", ERRORS)
@pytest.mark.parametrize("fetched", ["values", "sums"])
def test_errors_say_what_to_do(case: str, fetched: str) -> None:
    source, options, error, text = ERRORS[case]
    _, table = rows_of("duckdb")
    profile = profile_segments if fetched == "values" else _few
    with pytest.raises(error, match=text):
        profile(source, table, **options)


def _few(source: Any, table: Any, **options: Any) -> SegmentProfile:
    return lazily(table, source, **options)


def test_pipelines_are_told_to_walk_back() -> None:
    X, table = rows_of("duckdb")
    pipeline = make_pipeline(
        StandardScaler(), RuleSurrogate(KMeans(2, random_state=0), random_state=0)
    ).fit(X[["aov", "visits"]])
    with pytest.raises(InvalidParameterError, match="raw_rules"):
        profile_segments(pipeline, table)
    profile = profile_segments(raw_rules(pipeline), table, features=["visits"])
    assert profile.segments_["n"].sum() == N


def test_dates_are_refused_with_what_to_make_of_them() -> None:
    days = pd.date_range("2024-01-01", periods=20)
    table = make_table("duckdb", {"aov": np.arange(20.0), "day": days})
    with pytest.raises(InvalidDataError, match="number of days"):
        profile_segments(RuleSet({"a": "aov > 3"}), table)
    profile = profile_segments(RuleSet({"a": "aov > 3"}), table, features=["aov"])
    assert profile.segments_["name"].tolist() == ["a", "outside"]


@pytest.mark.parametrize("fetched", ["values", "sums"])
def test_a_table_without_rows_is_an_error(fetched: str) -> None:
    table = make_table("duckdb", {"aov": pa.array([], pa.float64())})
    profile = profile_segments if fetched == "values" else _few
    with pytest.raises(InvalidDataError, match="at least one row"):
        profile(RuleSet({"a": "aov > 3"}), table)
