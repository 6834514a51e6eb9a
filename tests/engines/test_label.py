"""label: the segments of assign, from every engine, and where they are written."""

from __future__ import annotations

import datetime
import math
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.exceptions import NotFittedError

from skseg import MECERuleSegmenter, OptimalRevenueBinner, RFMSegmenter
from skseg.engines import open_table, sql_table
from skseg.exceptions import (
    InvalidDataError,
    InvalidParameterError,
    MissingColumnError,
    RuleError,
)
from skseg.rules import RuleSet
from tests.engines.connections import (
    connection,
    every_engine,
    make_table,
    new_name,
)

nan = math.nan
COLUMNS: dict[str, Any] = {
    "id": list(range(12)),
    "aov": [
        *[120.0, 119.9, 40.0, nan, None, -0.0, 0.1, 1e300, 5e-324],
        *[0.30000000000000004, 39.99999999999999, 1000.0],
    ],
    "orders": pa.array(
        [1, 2, 3, None, 5, 2**53, 2**53 + 1, -1, 0, 10, 11, 12], pa.int64()
    ),
    "plan": [
        "pro",
        "Pro",
        "pro ",
        "",
        None,
        "it's",
        "a\\b",
        "ä",
        "Ä",
        "pro",
        "x",
        "100%",
    ],
    "since": [datetime.date(2020, 1, 1), None, *[datetime.date(2024, 2, 29)] * 10],
}
RULES = {
    "universe": RuleSet(
        {
            "VIP": "aov >= 120 and plan in ['pro', 'x']",
            "Big": "orders > 9007199254740992",
        },
        default="Rest",
        universe="not (aov < 0.1) or missing(aov)",
    ),
    "gaps": RuleSet(
        {
            "It's": "plan in [\"it's\", 'a\\\\b', 'ä']",
            "Near": "0.1 <= aov < 0.30000000000000004",
            "Unknown": "missing(aov) or missing(orders)",
            "Old": "since < date('2021-01-01')",
        }
    ),
    "noise": RuleSet({"A": "aov > 40", "Noise": "not (aov > 40)"}, noise="Noise"),
    "default alone": RuleSet({}, default="All"),
}


def in_memory() -> pd.DataFrame:
    """Return the columns as a frame."""
    return pa.table(COLUMNS).to_pandas(types_mapper=pd.ArrowDtype)


def names_of(rules: RuleSet, codes: Any) -> list[str | None]:
    """Return the names of codes, by what the docstring of label says of -1."""
    inside = rules.inside(in_memory())
    names: list[str | None] = []
    for code, is_inside in zip(codes, inside, strict=True):
        if code >= 0 or rules.noise is not None:
            names.append(rules.names[code])
        else:
            names.append(None if is_inside else "outside")
    return names


def fetched(labelled: Any) -> dict[str, Any]:
    """Return a labelled table, in the order of its ids."""
    table = open_table(labelled)
    assert table is not None
    columns = table.fetch(f"SELECT * FROM {table.source}")
    order = np.argsort(columns["id"])
    return {name: values[order] for name, values in columns.items()}


@every_engine
def test_segments_are_those_of_assign(engine: str) -> None:
    table = make_table(engine, COLUMNS)
    for rules in RULES.values():
        codes = rules.assign(in_memory())
        labelled = fetched(rules.label(table, "tier"))
        assert list(labelled) == [*COLUMNS, "tier"]
        assert labelled["tier"].tolist() == names_of(rules, codes), rules
        labelled = fetched(rules.label(table, "the code", output="code"))
        np.testing.assert_array_equal(labelled["the code"], codes)


@every_engine
def test_the_result_is_what_the_users_of_the_engine_know(engine: str) -> None:
    labelled = RULES["noise"].label(make_table(engine, COLUMNS))
    library = type(labelled).__module__.partition(".")[0]
    libraries = {"ibis": "ibis", "polars": "polars", "spark": "pyspark"}
    databases = dict.fromkeys(["sqlite", "postgres", "mariadb"], "skseg")
    expected = {"duckdb": duckdb.__name__, **libraries, **databases}[engine]
    assert library.lstrip("_") == expected
    if engine == "polars":
        # Nothing has been read, and columns that no rule needs never are.
        assert isinstance(labelled, pl.LazyFrame)
        assert (
            labelled.select("segment").filter(pl.col("segment") == "A").collect().height
            == 4
        )


# Engines whose results are written to files, and those that have tables.
FILE_ENGINES = ["files", "duckdb", "polars"]
TABLE_ENGINES = ["duckdb", "sqlite", "postgres", "mariadb", "ibis"]
SMALL = {"id": [1, 2, 3], "aov": [150.0, None, 1.0]}
SMALL_RULES = RuleSet({"VIP": "aov >= 120"}, default="Rest")
SMALL_ROWS = [(1, "VIP"), (2, "Rest"), (3, "Rest")]


def small_table(engine: str, folder: Path) -> Any:
    """Return three rows as a table of an engine, or as a file in a folder."""
    if engine != "files":
        return make_table(engine, SMALL)
    pl.DataFrame(SMALL).write_parquet(folder / "customers.parquet")
    return folder / "customers.parquet"


def rows_of_file(path: Path) -> list[Any]:
    return duckdb.sql(f"SELECT id, segment FROM '{path}' ORDER BY id").fetchall()


@pytest.mark.parametrize("ending", [".parquet", ".csv", ".PARQUET"])
@pytest.mark.parametrize("engine", FILE_ENGINES)
def test_a_file_is_written_and_an_old_one_replaced_only_if_told(
    engine: str, ending: str, tmp_path: Path
) -> None:
    table, target = small_table(engine, tmp_path), tmp_path / f"scored{ending}"
    for to in (target, os.fspath(target)):
        assert SMALL_RULES.label(table, to=to) is None
        path = target.rename(tmp_path / f"scored{ending.lower()}")
        assert rows_of_file(path) == SMALL_ROWS
        path.unlink()
    target.write_text("old")
    with pytest.raises(InvalidParameterError, match="overwrite=True") as error:
        SMALL_RULES.label(table, to=target)
    assert error.value.name == "to"
    assert target.read_text() == "old"
    SMALL_RULES.label(table, to=target, overwrite=True)
    assert rows_of_file(target.rename(target.with_suffix(ending.lower()))) == SMALL_ROWS


def test_a_file_may_take_the_place_of_the_one_that_is_read(tmp_path: Path) -> None:
    path = small_table("files", tmp_path)
    SMALL_RULES.label(path, to=path, overwrite=True)
    assert rows_of_file(path) == SMALL_ROWS
    assert sorted(tmp_path.iterdir()) == [path]


class Target:
    """A table of an engine that is written, and its rows."""

    def __init__(self, engine: str, table: Any) -> None:
        self.name = new_name()
        if engine == "ibis":
            self._execute = table.get_backend().con.execute
        elif engine == "mariadb":
            self._execute = self._mariadb
        else:
            self._execute = connection(engine).execute

    @staticmethod
    def _mariadb(sql: str) -> Any:
        cursor = connection("mariadb").cursor()
        cursor.execute(sql)
        return cursor

    def rows(self, columns: str = "id, segment") -> list[Any]:
        """Return the rows of the table."""
        result = self._execute(f"SELECT {columns} FROM {self.name} ORDER BY 1")
        return [tuple(row) for row in result.fetchall()]

    def create(self) -> None:
        """Create a table that stands there already."""
        self._execute(f"CREATE TABLE {self.name} AS SELECT 7 AS old")

    def drop(self) -> None:
        self._execute(f"DROP TABLE IF EXISTS {self.name}")


@pytest.mark.parametrize("engine", TABLE_ENGINES)
def test_a_table_is_written_and_an_old_one_replaced_only_if_told(engine: str) -> None:
    table = make_table(engine, SMALL)
    target = Target(engine, table)
    try:
        assert SMALL_RULES.label(table, to=target.name) is None
        assert target.rows() == SMALL_ROWS
        target.drop()
        target.create()
        with pytest.raises(InvalidParameterError, match="overwrite=True"):
            SMALL_RULES.label(table, to=target.name)
        assert target.rows("old") == [(7,)]
        if engine == "ibis":
            # The DROP of ibis 12 is none of SQLite's with the sqlglot of today.
            return
        SMALL_RULES.label(table, to=target.name, overwrite=True)
        assert target.rows() == SMALL_ROWS
    finally:
        target.drop()


# ibis drops no table of SQLite with the sqlglot of today.
REPLACING_ENGINES = [engine for engine in TABLE_ENGINES if engine != "ibis"]


@pytest.mark.parametrize("engine", REPLACING_ENGINES)
def test_a_table_may_take_the_place_of_the_one_that_is_read(engine: str) -> None:
    table = make_table(engine, SMALL)
    target = Target(engine, table)
    try:
        SMALL_RULES.label(table, to=target.name)
        written = sql_table(connection(engine), target.name)
        SMALL_RULES.label(written, "again", to=target.name, overwrite=True)
        rows = [(*row, row[-1]) for row in SMALL_ROWS]
        assert target.rows("id, segment, again") == rows
    finally:
        target.drop()


def test_names_beside_a_target_are_those_of_one_process() -> None:
    # Two processes that write to one database would drop each other's tables.
    code = "from skseg.engines._table import view_name; print(view_name())"
    run = partial(subprocess.check_output, [sys.executable, "-c", code])
    assert len({run(), run()}) == 2


# A text that is no number stops the query while it runs.
FAILING = {"id": list(range(3)), "flag": ["true", "false", "perhaps"]}
FAILING_RULES = RuleSet({"Yes": "flag == true"}, default="No")


@pytest.mark.parametrize("engine", FILE_ENGINES)
@pytest.mark.parametrize("exists", [False, True], ids=["new", "old"])
def test_a_query_that_fails_leaves_files_as_they_were(
    engine: str, exists: bool, tmp_path: Path
) -> None:
    if engine == "files":
        table: Any = tmp_path / "customers.parquet"
        pl.DataFrame(FAILING).write_parquet(table)
    else:
        table = make_table(engine, FAILING)
    target = tmp_path / "scored.parquet"
    if exists:
        target.write_text("old")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(duckdb.Error, match="neither true nor false"):
        FAILING_RULES.label(table, to=target, overwrite=True)
    assert sorted(tmp_path.iterdir()) == before
    assert not exists or target.read_text() == "old"


@pytest.mark.parametrize("engine", ["duckdb", "sqlite", "postgres", "mariadb"])
@pytest.mark.parametrize("exists", [False, True], ids=["new", "old"])
def test_a_query_that_fails_leaves_tables_as_they_were(
    engine: str, exists: bool
) -> None:
    table = make_table(engine, FAILING)
    target = Target(engine, table)
    try:
        if exists:
            target.create()
        # What a database says of a value that it cannot read has no common class.
        with pytest.raises(
            Exception, match=r"neither true nor false|malformed|integer"
        ):
            FAILING_RULES.label(table, to=target.name, overwrite=True)
        if exists:
            assert target.rows("old") == [(7,)]
        else:
            with pytest.raises(Exception, match=r"(?i)exist|no such table"):
                target.rows()
    finally:
        target.drop()


@pytest.mark.parametrize(
    ("engine", "to"),
    [
        ("files", "scored"),
        ("files", "scored.txt"),
        ("duckdb", "folder/scored.txt"),
        ("sqlite", "scored.parquet"),
        ("ibis", "scored.csv"),
        ("polars", "scored"),
        ("polars", "scored.xlsx"),
    ],
)
def test_a_target_that_the_engine_does_not_write_is_refused(
    engine: str, to: str, tmp_path: Path
) -> None:
    table = small_table(engine, tmp_path)
    with pytest.raises(InvalidParameterError) as error:
        SMALL_RULES.label(table, to=to)
    assert error.value.name == "to"
    assert error.value.value == to
    # What it advises.
    assert SMALL_RULES.label(table) is not None


@pytest.mark.parametrize("engine", ["duckdb", "sqlite", "polars", "ibis"])
def test_the_new_name_must_be_that_of_no_column(engine: str) -> None:
    table = make_table(engine, {"aov": [1.0], "Segment": ["x"]})
    for name in ("Segment", "segment", "AOV"):
        with pytest.raises(InvalidParameterError, match="pass another name") as error:
            SMALL_RULES.label(table, name)
        assert (error.value.owner, error.value.name) == ("RuleSet.label", "name")
    with pytest.raises(RuleError, match="must not be empty"):
        SMALL_RULES.label(table, "")
    assert SMALL_RULES.label(table, "tier") is not None


@every_engine
def test_wrong_columns_are_refused_before_the_query(engine: str) -> None:
    table = make_table(engine, {"aov": ["12", "x"], "orders": [1, 2], "x": [1.0, 2.0]})
    with pytest.raises(MissingColumnError, match="Available: 'aov', 'orders', 'x'"):
        RuleSet({"A": "sum > 1"}).label(table)
    with pytest.raises(RuleError, match="not resolved"):
        RuleSet({"A": "x > q(0.5)"}).label(table)
    with pytest.raises(RuleError, match="'name' or 'code'"):
        RuleSet({"A": "x > 1"}).label(table, output="index")
    if engine not in ("sqlite", "ibis"):
        # A column of SQLite holds what it is given, whatever its type says.
        with pytest.raises(RuleError, match="compare numbers, and column 'aov' is of"):
            RuleSet({"A": "aov > 1"}).label(table)
        with pytest.raises(RuleError, match="compare text, and column 'orders'"):
            RuleSet({"A": "orders == 'x'"}).label(table)


def test_rows_in_memory_are_refused_with_the_way_out() -> None:
    frame = pd.DataFrame(SMALL)
    for rows in (frame, frame.to_numpy(), [[1.0]], SMALL, pl.DataFrame(SMALL), None):
        with pytest.raises(InvalidDataError, match=r"RuleSet\.label .*assign"):
            SMALL_RULES.label(rows)
    assert SMALL_RULES.assign(frame).tolist() == [0, 1, 1]


def customers() -> dict[str, Any]:
    """Return customers with some values missing."""
    rng = np.random.default_rng(0)
    return {
        "recency": rng.integers(0, 400, 300).astype(float),
        "frequency": rng.integers(1, 30, 300).astype(float),
        "monetary": np.where(rng.random(300) < 0.1, nan, rng.gamma(1.5, 80, 300)),
        "propensity": rng.random(300),
    }


def segmenters() -> dict[str, Any]:
    """Return fitted segmenters of each page of the guide that has rules."""
    frame = pd.DataFrame(customers())
    y = (np.random.default_rng(1).random(300) < frame["propensity"]).astype(float)
    rfm = frame[["recency", "frequency", "monetary"]].fillna(1.0)
    rules = {"Rich": "monetary >= 100", "Poor": "monetary < 100"}
    return {
        "RFMSegmenter": RFMSegmenter(n_scores=3).fit(rfm),
        "MECERuleSegmenter": MECERuleSegmenter(
            rules, universe="recency < 300", default="Unknown"
        ).fit(frame, y),
        "OptimalRevenueBinner": OptimalRevenueBinner(3, score_column="propensity").fit(
            frame[["propensity"]], y
        ),
    }


@pytest.mark.parametrize("engine", ["duckdb", "polars", "sqlite"])
def test_segmenters_label_as_they_predict(engine: str) -> None:
    columns = customers()
    # Names of segments may be those of any culture, so that codes are compared as well.
    table = make_table(engine, columns)
    for name, model in segmenters().items():
        codes = model.predict(pd.DataFrame(columns)[_used(model)])
        labels = open_table(model.label(table))
        assert labels is not None
        named = labels.fetch(f"SELECT segment FROM {labels.source}")["segment"]
        assert named.tolist() == model.segment_names_[codes].tolist(), name
        labels = open_table(model.label(table, output="code"))
        assert labels is not None
        coded = labels.fetch(f"SELECT segment FROM {labels.source}")["segment"]
        np.testing.assert_array_equal(coded, codes)


def _used(model: Any) -> list[str]:
    return list(model.feature_names_in_)


def test_segmenters_speak_of_themselves() -> None:
    table = make_table("duckdb", {"spend": [1.0]})
    with pytest.raises(NotFittedError):
        RFMSegmenter().label(table)
    for name, model in segmenters().items():
        with pytest.raises(MissingColumnError, match=f"^{name} needs the column"):
            model.label(table)
        with pytest.raises(InvalidDataError, match=f"X of {name}.label .*predict"):
            model.label(pd.DataFrame(customers()))


def test_rows_that_contradict_the_schema_are_refused_as_by_predict() -> None:
    frame = pd.DataFrame({"aov": [10.0, 200.0]})
    model = MECERuleSegmenter(
        {"Low": "aov < 100", "High": "aov >= 100"}, schema={"aov": {"missing": False}}
    ).fit(frame)
    rows = {"aov": [1.0, None]}
    with pytest.raises(InvalidDataError, match="contradicts the schema"):
        model.predict(pd.DataFrame(rows))
    for engine in ("duckdb", "polars"):
        with pytest.raises(InvalidDataError, match=r"^1 row .* schema") as error:
            model.label(make_table(engine, rows))
        assert error.value.name == "schema"
        assert model.label(make_table(engine, {"aov": [1.0, 100.0]})) is not None


LAZY: dict[str, Callable[[], Any]] = {
    "relation": lambda: make_table("duckdb", customers()),
    "LazyFrame": lambda: pl.LazyFrame(customers()),
    "narwhals": lambda: nw.from_native(pl.LazyFrame(customers())),
    "ibis": lambda: make_table("ibis", customers()),
    "sql_table": lambda: make_table("sqlite", customers()),
    "path": lambda: "customers.parquet",
    "pattern": lambda: Path("customers/*.csv"),
    "spark": lambda: make_table("spark", customers()),
}


@pytest.mark.parametrize("lazy", LAZY)
def test_methods_that_need_rows_advise_label(
    lazy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pl.DataFrame(customers()).write_parquet("customers.parquet")
    Path("customers").mkdir()
    pl.DataFrame(customers()).write_csv("customers/1.csv")
    table = LAZY[lazy]()
    models = segmenters()
    calls = [
        getattr(m, name) for m in models.values() for name in ("predict", "transform")
    ]
    for call in [*calls, models["RFMSegmenter"].rules_.assign]:
        with pytest.raises((InvalidDataError, RuleError), match="in memory") as error:
            call(table)
        assert error.value.advice is not None
        assert error.value.advice.endswith("by label(X).")
    for model in models.values():
        assert model.label(table) is not None
