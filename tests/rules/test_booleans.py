"""Booleans in rules: one meaning in text, in containers, in SQL and in the proof."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skseg import MECERuleSegmenter
from skseg.exceptions import RuleError
from skseg.rules import Columns, Domain, Rule, RuleSet, col, missing, parse
from skseg.rules._values import TRUTH_TEXTS
from tests.rules.sql.sql_data import Column, run

PREMIUM = col("premium")
RULES = RuleSet(
    {
        "Premium": "premium == True",
        "Basic": "premium == False",
        "Unknown": "missing(premium)",
    }
)
VALUES = [True, False, None, True, None, False]
CODES = [0, 1, 2, 0, 2, 1]

ARROW = pd.ArrowDtype(pa.bool_())


def texts(true: Any, false: Any) -> list[Any]:
    """Return the values with others in place of True and False."""
    return [None if value is None else (true if value else false) for value in VALUES]


def pandas(values: Any, dtype: Any = None) -> pd.DataFrame:
    return pd.DataFrame({"premium": pd.Series(values, dtype=dtype)})


def polars(values: Any, dtype: Any = None) -> pl.DataFrame:
    return pl.DataFrame({"premium": pl.Series(values, dtype=dtype)})


def arrow(values: Any, dtype: Any = None) -> pa.Table:
    return pa.table({"premium": pa.array(values, dtype)})


FLOATS = [np.nan if value is None else float(value) for value in VALUES]
WORDS = texts("true", "FALSE")
CONTAINERS: dict[str, Any] = {
    "list": {"premium": VALUES},
    "list of numpy booleans": {"premium": texts(np.True_, np.False_)},
    "list of numbers": {"premium": texts(1, 0)},
    "list of Decimals": {"premium": texts(Decimal("1.0"), Decimal("0E+3"))},
    "list of Fractions": {"premium": texts(Fraction(1), Fraction(0))},
    "list of text": {"premium": WORDS},
    "list of everything": {"premium": [True, "False", None, "1", np.nan, Decimal(0)]},
    "array of objects": {"premium": np.array(VALUES, dtype=object)},
    "array of floats": {"premium": np.array(FLOATS)},
    "array of float16": {"premium": np.array(FLOATS, dtype=np.float16)},
    "masked array": {
        "premium": np.ma.array(
            [bool(value) for value in VALUES], mask=[v is None for v in VALUES]
        )
    },
    "pandas objects": pandas(VALUES, object),
    "pandas objects with NA": pandas(
        [pd.NA if value is None else value for value in VALUES], object
    ),
    "pandas boolean": pandas(VALUES, "boolean"),
    "pandas Arrow booleans": pandas(VALUES, ARROW),
    "pandas Int64": pandas(VALUES, "Int64"),
    "pandas Float32": pandas(VALUES, "Float32"),
    "pandas float": pandas(FLOATS),
    "pandas category of booleans": pandas(VALUES, "category"),
    "pandas text": pandas(WORDS),
    "pandas string": pandas(WORDS, "string"),
    "pandas category of text": pandas(WORDS, "category"),
    "pandas Arrow text": pandas(WORDS, pd.ArrowDtype(pa.string())),
    "pandas Arrow decimals": pandas(
        texts(Decimal(1), Decimal(0)), pd.ArrowDtype(pa.decimal128(3, 1))
    ),
    "polars booleans": polars(VALUES),
    "polars integers": polars(texts(1, 0), pl.Int8),
    "polars unsigned": polars(texts(1, 0), pl.UInt64),
    "polars 128 bits": polars(texts(1, 0), pl.Int128),
    "polars floats": polars(texts(1.0, 0.0), pl.Float32),
    "polars floats with NaN": polars(FLOATS),
    "polars text": polars(WORDS),
    "polars categorical": polars(WORDS, pl.Categorical),
    "polars enum": polars(WORDS, pl.Enum(["true", "FALSE"])),
    "polars objects": polars(VALUES, pl.Object),
    "pyarrow booleans": arrow(VALUES),
    "pyarrow integers": arrow(texts(1, 0), pa.int16()),
    "pyarrow text": arrow(WORDS),
    "pyarrow view of text": arrow(WORDS, pa.string_view()),
    "pyarrow dictionary": pa.table({"premium": pa.array(WORDS).dictionary_encode()}),
}
# Containers without a missing value.
WHOLE: dict[str, Callable[[list[bool]], Any]] = {
    "numpy": lambda values: {"premium": np.array(values)},
    "numpy integers": lambda values: {"premium": np.array(values, dtype=np.uint8)},
    "numpy text": lambda values: {"premium": np.array(values).astype("U5")},
    "matrix": lambda values: np.array(values)[:, np.newaxis],
    "pandas": pandas,
    "pandas text": lambda values: pandas(values).astype(str),
    "polars": polars,
    "pyarrow": arrow,
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_booleans_mean_the_same_in_every_container(container: str) -> None:
    X = CONTAINERS[container]
    assert RULES.assign(X).tolist() == CODES
    holds = [value is True for value in VALUES]
    assert parse("premium != True").evaluate(X).tolist() == [not v for v in holds]
    assert parse("premium in [True]").evaluate(X).tolist() == holds


@pytest.mark.parametrize("container", WHOLE)
def test_columns_without_missing_booleans_are_read_too(container: str) -> None:
    X = WHOLE[container]([True, False, True])
    name = "x0" if container == "matrix" else "premium"
    rules = RuleSet({"Premium": col(name) == True, "Basic": col(name) == False})  # noqa: E712
    assert rules.assign(X).tolist() == [0, 1, 0]


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_row_with_a_boolean_gets_the_code_of_assign(container: str) -> None:
    columns = CONTAINERS[container]
    column = columns["premium"]
    values = column.to_list() if hasattr(column, "to_list") else list(column)
    if isinstance(columns, pa.Table):
        values = column.to_pylist()
    assert [RULES.assign_row({"premium": value}) for value in values] == CODES


@given(st.data())
def test_texts_of_truth_are_read_in_any_case(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(list(TRUTH_TEXTS)))
    upper = data.draw(st.lists(st.booleans(), min_size=len(text), max_size=len(text)))
    cased = "".join(
        c.upper() if is_upper else c for c, is_upper in zip(text, upper, strict=True)
    )
    code = 0 if TRUTH_TEXTS[text] else 1
    assert RULES.assign({"premium": [cased]}).tolist() == [code]
    assert RULES.assign_row({"premium": cased}) == code


@pytest.mark.parametrize(
    "value", [2, -1, 0.5, np.inf, "yes", "t", "", " true", "true ", "nan", "2", "٠"]
)
@pytest.mark.parametrize("frame", [dict, pd.DataFrame, pl.DataFrame, pa.table])
def test_a_value_that_is_neither_true_nor_false_is_refused(
    frame: Callable[[Any], Any], value: Any
) -> None:
    # The value repeated, so that a column has one type.
    X = frame({"premium": [value, value]})
    with pytest.raises(RuleError) as error:
        RULES.assign(X)
    assert (error.value.column, error.value.row) == ("premium", 0)
    assert error.value.value == value
    assert "row 0 of column 'premium' holds" in str(error.value)
    with pytest.raises(RuleError, match="compares booleans"):
        RULES.assign_row({"premium": value})


@pytest.mark.parametrize("rule", ["premium == 1", "1 <= premium", "premium in [1, 2]"])
def test_numbers_still_compare_with_columns_of_booleans(rule: str) -> None:
    expected = [value is True for value in VALUES]
    for X in (CONTAINERS["list"], CONTAINERS["pandas boolean"], arrow(VALUES)):
        assert parse(rule).evaluate(X).tolist() == expected


@pytest.mark.parametrize("values", [[True], np.array([True]), [True, "True"]])
def test_text_is_not_compared_with_booleans_and_the_advice_works(values: Any) -> None:
    X = {"premium": values}
    with pytest.raises(RuleError) as error:
        parse("premium == 'True'").evaluate(X)
    assert error.value.advice is not None
    advice = error.value.advice.removesuffix(".").partition("without quotes: ")[2]
    assert advice == "premium == True"
    assert parse(advice).evaluate(X).all()


def test_a_number_is_not_compared_with_words_and_the_advice_works() -> None:
    X = {"is premium": ["true", "false"]}
    with pytest.raises(RuleError, match=r"col\('is premium'\) == True") as error:
        (col("is premium") == 1).evaluate(X)
    assert error.value.row == 0


def test_codes_of_booleans_are_read_by_name() -> None:
    columns = Columns(CONTAINERS["pandas boolean"])
    assert columns.boolean_codes("premium").tolist() == [1, 0, 2, 1, 2, 0]


# The language


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("premium == True", PREMIUM == True),  # noqa: E712
        ("premium == true", PREMIUM == True),  # noqa: E712
        ("premium == TRUE", PREMIUM == np.True_),
        ("True == premium", PREMIUM == True),  # noqa: E712
        ("premium != false", PREMIUM != False),  # noqa: E712
        ("premium == {flag}", PREMIUM == True),  # noqa: E712
        ("premium in [True, FALSE]", PREMIUM.isin([True, False])),
        ("premium in {flags}", PREMIUM.isin([np.False_])),
        ("premium not in [true]", ~PREMIUM.isin([True])),
    ],
)
def test_booleans_are_written_without_quotes(text: str, rule: Rule) -> None:
    parsed = parse(text, params={"flag": True, "flags": [False]})
    assert parsed == rule
    assert parse(str(parsed)) == parsed


def test_a_boolean_is_no_number_to_rules() -> None:
    assert parse("premium == True") != parse("premium == 1")
    assert str(parse("premium == 1")) == "premium == 1"


@pytest.mark.parametrize("name", ["true", "TRUE", "False", "fAlse"])
def test_a_column_that_is_called_true_keeps_its_name(name: str) -> None:
    rule = col(name) == 5
    assert str(rule) == f"col({name!r}) == 5"
    assert parse(str(rule)) == rule


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("premium == True", "premium is true"),
        ("premium == False", "premium is false"),
        ("premium != True", "premium is not true (or is missing)"),
        ("not premium == False", "premium is not false (or is missing)"),
        ("premium in [True, False]", "premium is true or false"),
        ("premium == True and aov > 5", "premium is true and aov is above 5"),
    ],
)
def test_booleans_read_well(text: str, english: str) -> None:
    assert parse(text).describe() == english


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("premium >= True", "True and False have no order in rules"),
        ("premium < true", "True and False have no order in rules"),
        ("premium in [True, 0]", "all numbers, all text, all dates or all booleans"),
        ("premium in [True, 'yes']", "all dates or all booleans"),
        ("true == 1", "Expected a column here"),
        ("premium", "Compare it: == True"),
        ("max(True, true) < premium", "Expected a number"),
    ],
)
def test_what_is_wrong_with_a_boolean_is_said(text: str, message: str) -> None:
    with pytest.raises(RuleError) as error:
        parse(text)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("first", "second", "kinds"),
    [
        ("premium == True", "premium == 1", "with numbers and with booleans"),
        ("premium == 'yes'", "premium == True", "with text and with booleans"),
        (
            "premium == date('2024-12-25')",
            "premium == False",
            "dates and with booleans",
        ),
    ],
)
def test_a_column_is_not_compared_with_booleans_and_another_kind(
    first: str, second: str, kinds: str
) -> None:
    with pytest.raises(RuleError, match=kinds) as error:
        RuleSet({"a": first, "b": second})
    assert error.value.column == "premium"


def test_booleans_are_a_kind_of_column() -> None:
    assert dict(RULES.kinds) == {"premium": "boolean"}


def test_json_keeps_booleans() -> None:
    assert RuleSet.from_json(RULES.to_json()) == RULES
    written = json.loads(RULES.to_json())["rules"][0]
    assert written == {"name": "Premium", "rule": "premium == True"}


# The proof


def test_true_false_and_missing_are_all_there_is() -> None:
    report = RULES.verify()
    assert report.is_mece
    assert report.is_exclusive


def test_a_counter_example_is_a_boolean() -> None:
    report = RuleSet({"a": "premium == True", "b": "premium != False"}).verify()
    (overlap,) = report.overlaps
    assert overlap.witness == {"premium": True}
    assert overlap.witness["premium"] is True
    assert overlap.box == {"premium": "{True}"}
    (gap,) = report.gaps
    assert gap.witness["premium"] is False
    assert str(gap) == (
        "no rule holds where premium: {False}; for example premium=False"
    )
    assert parse("premium == False").evaluate({"premium": [gap.witness["premium"]]})


NEVER_MISSING: dict[str, Any] = {
    "booleans": {"values": [True, False], "missing": False},
    "Domain": Domain(values=(False, True), missing=False),
    "numbers": {"values": [0, 1], "missing": False},
    "integers": {"integer": True, "low": 0, "high": 1, "missing": False},
    "integers and more": {"integer": True, "low": -5, "high": 9, "missing": False},
}


@pytest.mark.parametrize("domain", NEVER_MISSING)
def test_a_schema_says_that_booleans_are_never_missing(domain: str) -> None:
    schema = {"premium": NEVER_MISSING[domain]}
    rules = RuleSet({"Premium": "premium == True", "Basic": "premium == False"})
    assert not rules.verify().is_mece
    assert rules.verify(schema).is_mece


def test_numbers_of_a_column_of_booleans_are_one_and_zero() -> None:
    rules = RuleSet({"Premium": "premium == 1", "Basic": "premium == 0"})
    schema = {"premium": {"values": [True, False], "missing": False}}
    assert rules.verify(schema).is_mece
    assert not rules.verify({"premium": {"values": [True, False]}}).is_mece


def test_a_schema_may_allow_one_boolean_alone() -> None:
    rules = RuleSet({"Premium": "premium == True"})
    assert rules.verify({"premium": {"values": [True], "missing": False}}).is_mece
    report = RuleSet({"Basic": "premium == False"}).verify(
        {"premium": {"values": [1], "missing": False}}
    )
    assert report.unreachable == ("Basic",)


def test_a_schema_of_text_contradicts_booleans() -> None:
    with pytest.raises(RuleError, match="holds text; the rules compare it with bool"):
        RULES.verify({"premium": {"values": ["true", "false"]}})


@pytest.mark.parametrize(
    ("rule", "simple"),
    [
        ("premium == True or premium == False", "not missing(premium)"),
        ("not premium == True and not missing(premium)", "premium == False"),
        ("premium != True or premium == True", "True"),
        ("premium in [True, True]", "premium == True"),
        ("not premium == True", "premium != True"),
    ],
)
def test_rules_about_booleans_are_simplified(rule: str, simple: str) -> None:
    simplified = RuleSet({"a": rule}).simplify().rules["a"]
    for value in (True, False, None):
        row = {"premium": [value]}
        assert simplified.evaluate(row) == parse(rule).evaluate(row)
        assert simplified.evaluate(row) == parse(simple).evaluate(row)
    assert len(str(simplified)) <= max(len(simple), len("not premium == False"))


def test_disjoint_rules_about_booleans_assign_alike() -> None:
    rules = RuleSet({"a": "premium == True or aov > 5", "b": "premium != True"})
    X = {
        "premium": [True, False, None] * 3,
        "aov": [1.0] * 3 + [9.0] * 3 + [None] * 3,
    }
    assert rules.disjoint().assign(X).tolist() == rules.assign(X).tolist()
    assert rules.disjoint().verify().is_exclusive


# A segmenter


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_segmenter_counts_booleans_of_every_container(container: str) -> None:
    X = CONTAINERS[container]
    X = X if not isinstance(X, dict) else pd.DataFrame(X)
    segmenter = MECERuleSegmenter(RULES.rules).fit(X)
    assert segmenter.segments_["n"].tolist() == [2, 2, 2]


def test_a_strategy_keeps_booleans_of_rules_parameters_and_schema() -> None:
    segmenter = MECERuleSegmenter(
        {"Premium": "premium == {flag}", "Basic": "premium == False"},
        params={"flag": True},
        schema={"premium": {"values": [True, False], "missing": False}},
    ).fit(pandas([True, False, True]))
    again = MECERuleSegmenter.from_strategy(segmenter.to_json())
    assert again.rules_ == segmenter.rules_
    assert again.predict(pandas([False, True])).tolist() == [1, 0]
    assert again.get_params()["params"]["flag"] is True
    assert again.get_params()["schema"]["premium"]["values"] == [True, False]


# SQL

COMPARISONS = [
    parse(f"premium {operator} {value}")
    for operator in ("==", "!=")
    for value in (True, False)
]
TESTED = [
    *COMPARISONS,
    *(~rule for rule in COMPARISONS),
    parse("premium in [True, False]"),
    parse("premium not in [True]"),
    parse("premium == True and not missing(premium)"),
    parse("premium == True or missing(premium)"),
    parse("not (premium == True or missing(premium))"),
]
COLUMNS_OF_BOOLEANS = [
    ("duckdb", "BOOLEAN", VALUES),
    ("duckdb", "TINYINT", texts(1, 0)),
    ("duckdb", "BIGINT", texts(1, 0)),
    ("duckdb", "HUGEINT", texts(1, 0)),
    ("duckdb", "DECIMAL(1, 0)", texts(1, 0)),
    ("duckdb", "DECIMAL(5, 2)", texts(Decimal("1.00"), Decimal("0.00"))),
    ("duckdb", "DECIMAL(38, 37)", texts(1, 0)),
    ("duckdb", "DOUBLE", [1.0, 0.0, None, 1.0, np.nan, -0.0]),
    ("duckdb", "FLOAT", FLOATS),
    ("duckdb", "VARCHAR", WORDS),
    ("duckdb", "VARCHAR", texts("TRUE", "False")),
    ("duckdb", "VARCHAR", texts("1", "0.0")),
    ("duckdb", "VARCHAR COLLATE NOCASE", WORDS),
    ("duckdb", "ENUM ('true', 'FALSE')", WORDS),
    ("sqlite", "BOOLEAN", VALUES),
    ("sqlite", "INTEGER", texts(1, 0)),
    ("sqlite", "REAL", [1.0, 0.0, None, 1.0, None, -0.0]),
    ("sqlite", "TEXT", WORDS),
    ("sqlite", "TEXT", texts("TRUE", "False")),
    ("sqlite", "TEXT COLLATE NOCASE", texts("1.0", "0")),
    ("sqlite", "", [1, "FALSE", None, True, None, 0.0]),
]


@pytest.mark.parametrize(("dialect", "declared", "values"), COLUMNS_OF_BOOLEANS)
def test_one_expression_reads_booleans_of_every_type(
    dialect: str, declared: str, values: list[Any]
) -> None:
    column = Column("premium", declared, values)
    cases = [RuleSet({"yes": rule}).to_sql(dialect, output="code") for rule in TESTED]
    wheres = [f"CASE WHEN {rule.to_sql(dialect)} THEN 0 ELSE -1 END" for rule in TESTED]
    _, rows = run(dialect, [column], [*cases, *wheres])
    expected = [rule.evaluate({"premium": values}) for rule in TESTED]
    assert np.array_equal(np.array(rows).T == 0, [*expected, *expected])
    _, codes = run(dialect, [column], [RULES.to_sql(dialect, output="code")])
    assert [code for (code,) in codes] == CODES


def test_a_decimal_without_whole_digits_is_false_in_sql() -> None:
    column = Column("premium", "DECIMAL(2, 2)", [Decimal("0.00"), None])
    _, rows = run("duckdb", [column], [RULES.to_sql(output="code")])
    assert rows == [(1,), (2,)]


@pytest.mark.parametrize("dialect", ["duckdb", "sqlite"])
@pytest.mark.parametrize(("name", "value"), [("True", 0.0), ("false", 1.0)])
def test_a_column_that_is_called_true_is_not_taken_for_the_literal_in_sql(
    dialect: str, name: str, value: float
) -> None:
    everyone = RuleSet({"all": parse("True")}, default="rest")
    columns = [Column("premium", "TEXT", WORDS), Column(name, "REAL", [value] * 6)]
    expressions = [rules.to_sql(dialect, output="code") for rules in (RULES, everyone)]
    _, rows = run(dialect, columns, expressions)
    assert rows == [(code, 0) for code in CODES]


@pytest.mark.parametrize(
    ("dialect", "declared", "value"),
    [
        *(("duckdb", "BIGINT", value) for value in (2, -1)),
        *(("duckdb", "DOUBLE", value) for value in (0.5, float("inf"))),
        *(("duckdb", "DECIMAL(5, 2)", Decimal(v)) for v in ("1.01", "-1", "10", "0.1")),
        *(("duckdb", "VARCHAR", value) for value in ("yes", "t", "", " true", "nan")),
        *(("sqlite", "INTEGER", value) for value in (2, -1)),
        *(("sqlite", "REAL", value) for value in (0.5, float("inf"))),
        *(("sqlite", "TEXT", value) for value in ("yes", "t", "", " true", "nan")),
    ],
)
def test_sql_stops_at_a_value_that_assign_refuses(
    dialect: str, declared: str, value: Any
) -> None:
    with pytest.raises(RuleError):
        RULES.assign({"premium": [value]})
    column = Column("premium", declared, [value])
    with pytest.raises((duckdb.Error, sqlite3.Error), match=r"premium|malformed JSON"):
        run(dialect, [column], [RULES.to_sql(dialect)])


@pytest.mark.parametrize("rule", ["premium == 'True'", "premium != 'false'"])
@pytest.mark.parametrize(
    ("dialect", "values"),
    [("duckdb", [True]), ("sqlite", [True]), ("sqlite", [1.0])],
)
def test_sql_refuses_text_over_a_column_of_booleans_as_assign_does(
    dialect: str, values: list[Any], rule: str
) -> None:
    with pytest.raises(RuleError, match="compares text"):
        parse(rule).evaluate({"premium": values})
    column = Column("premium", "BOOLEAN", values)
    with pytest.raises((duckdb.Error, sqlite3.Error), match=r"premium|malformed JSON"):
        run(dialect, [column], [parse(rule).to_sql(dialect)])


@pytest.mark.parametrize("dialect", ["duckdb", "sqlite"])
def test_texts_that_read_true_are_still_text(dialect: str) -> None:
    values = ["True", "true", None, "other"]
    rules = RuleSet({"a": "premium == 'True'", "b": "premium != 'other'"}, default="c")
    column = Column("premium", "TEXT", values)
    _, rows = run(dialect, [column], [rules.to_sql(dialect, output="code")])
    assert [code for (code,) in rows] == rules.assign({"premium": values}).tolist()


@pytest.mark.parametrize("cells", ["TRUE,FALSE,", "true,false,", "True,False,", "1,0,"])
def test_rules_move_the_same_rows_of_a_csv_file_in_pandas_polars_and_duckdb(
    cells: str, tmp_path: Path
) -> None:
    path = tmp_path / "customers.csv"
    rows = [f"{i},{cell}" for i, cell in enumerate(cells.split(","))]
    path.write_text("\n".join(["id,premium", *rows]) + "\n")
    sql = RULES.to_sql("duckdb", output="code")
    with closing(duckdb.connect(":memory:")) as connection:
        for types in ("", ", types = {'premium': 'VARCHAR'}"):
            query = f"SELECT {sql} FROM read_csv('{path}', header = true{types})"
            assert connection.execute(query).fetchall() == [(0,), (1,), (2,)]
    assert RULES.assign(pd.read_csv(path)).tolist() == [0, 1, 2]
    assert RULES.assign(pd.read_csv(path, dtype="str")).tolist() == [0, 1, 2]
    assert RULES.assign(pl.read_csv(path)).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    "values",
    [[1.0, np.nan], [0.0, np.nan], [np.nan], [True, None], [False], ["TRUE", "0"]],
)
@pytest.mark.parametrize("library", ["pyarrow", "polars"])
def test_booleans_of_parquet_files_are_read_from_the_rows(
    library: str, values: list[Any], tmp_path: Path
) -> None:
    path, column = tmp_path / "t.parquet", values * 10
    if library == "polars":
        pl.DataFrame({"premium": column}).write_parquet(path)
    else:
        pq.write_table(pa.table({"premium": pa.array(column)}), path)
    tested = [*TESTED, missing("premium")]
    with closing(duckdb.connect(":memory:")) as connection:
        for rule in tested:
            n = int(rule.evaluate({"premium": column}).sum())
            case = RuleSet({"yes": rule}).to_sql("duckdb", output="code")
            for query in (
                f"SELECT count(*) FROM '{path}' WHERE {rule.to_sql('duckdb')}",
                f"SELECT count(*) FILTER ({case} = 0) FROM '{path}'",
                f"SELECT coalesce(sum(1 + {case}), 0) FROM '{path}'",
            ):
                assert connection.execute(query).fetchall() == [(n,)], query
