"""Rows that break the schema: outside of the universe, the same way everywhere."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from skseg import MECERuleSegmenter
from skseg.rules import Domain

NAN = np.nan
TIERS = {"Low": "x < 40", "High": "x >= 40"}
RANKS = {"Recent": "x >= 4", "Lapsed": "x in [1, 2, 3]"}

# Rules, domain of the column x, values with their segment; None is outside.
CASES: dict[str, tuple[dict[str, str], Any, dict[Any, str | None]]] = {
    "missing": (TIERS, {"missing": False}, {10.0: "Low", 50.0: "High", NAN: None}),
    "low": (
        {**TIERS, "Unknown": "missing(x)"},
        {"low": 0},
        {0.0: "Low", 50.0: "High", NAN: "Unknown", -5.0: None, -np.inf: None},
    ),
    "bounds": (
        TIERS,
        Domain(low=0, high=100, missing=False),
        {0.0: "Low", 100.0: "High", 101.0: None, np.inf: None, NAN: None},
    ),
    "few whole numbers": (
        RANKS,
        {"integer": True, "low": 1, "high": 5, "missing": False},
        {1.0: "Lapsed", 5.0: "Recent", 2.5: None, 4.5: None, 0.0: None, 6.0: None},
    ),
    "whole numbers without end": (
        {"Many": "x >= 4", "Few": "x <= 3"},
        {"integer": True, "low": 0, "missing": False},
        {3.0: "Few", 4.0: "Many", 200.0: "Many", 3.5: None, -1.0: None, np.inf: None},
    ),
    "numbers from a list": (
        RANKS,
        {"values": [1, 2, 4], "missing": False},
        {1.0: "Lapsed", 4.0: "Recent", 3.0: None, 5.0: None},
    ),
    "texts": (
        {"Paid": "x == 'pro'", "Free": "x != 'pro'"},
        {"values": ["pro", "free", "trial"], "missing": False},
        {"pro": "Paid", "free": "Free", "typo": None, None: None},
    ),
    "texts that may be missing": (
        {"Paid": "x == 'pro'", "Free": "x != 'pro'"},
        {"values": ["pro", "free"]},
        {"pro": "Paid", "free": "Free", None: "Free", "typo": None},
    ),
    "texts that are known": (
        {"Paid": "x == 'pro'", "Free": "x not in ['pro'] and not missing(x)"},
        {"missing": False},
        {"pro": "Paid", "typo": "Free", None: None},
    ),
    "dates": (
        {"New": "x >= date('2024-01-01')", "Old": "x < date('2024-01-01')"},
        {"low": dt.date(2020, 1, 1), "missing": False},
        {
            pd.Timestamp("2024-06-01"): "New",
            pd.Timestamp("2021-06-01"): "Old",
            pd.Timestamp("1970-01-01"): None,
            pd.NaT: None,
        },
    ),
    "booleans": (
        {"Yes": "x == True", "No": "x == False"},
        {"missing": False},
        {True: "Yes", False: "No", None: None},
    ),
}


def frame(values: Any) -> pd.DataFrame:
    numbers = [value for value in values if isinstance(value, float)]
    dtype = np.float64 if len(numbers) == len(values) else None
    return pd.DataFrame({"x": pd.Series(list(values), dtype=dtype)})


def fitted(case: str, **settings: Any) -> tuple[MECERuleSegmenter, pd.DataFrame, Any]:
    """Return a segmenter that was fitted to all values, these, and their names."""
    rules, domain, names = CASES[case]
    X = frame(list(names))
    segmenter = MECERuleSegmenter(
        rules, schema={"x": domain}, on_invalid="outside", **settings
    )
    expected = ["outside" if name is None else name for name in names.values()]
    return segmenter.fit(X), X, expected


@pytest.mark.parametrize("case", CASES)
def test_rows_that_break_the_schema_are_outside(case: str) -> None:
    segmenter, X, expected = fitted(case)
    codes = segmenter.predict(X)
    assert codes.tolist() == segmenter.labels_.tolist()
    assert segmenter.segment_names_[codes].tolist() == expected
    n_outside = expected.count("outside")
    assert (codes == -1).sum() == n_outside == segmenter.n_outside_ > 0
    assert segmenter.segments_["n"].sum() == len(X) - n_outside
    lineage = segmenter.lineage_.set_index("segment")["n"]
    assert lineage["outside"] == n_outside
    # The proof needs the schema no more.
    assert segmenter.rules_.verify().is_mece
    assert segmenter.mece_report_.is_mece
    membership = segmenter.rules_.membership(X)
    assert membership.sum(axis=1).tolist() == (codes >= 0).tolist()
    assert segmenter.rules_.inside(X).tolist() == (codes >= 0).tolist()
    onehot = segmenter.transform(X)
    names = segmenter.get_feature_names_out()
    assert names[onehot.argmax(axis=1)].tolist() == expected
    assert (onehot.sum(axis=1) == 1).all()
    rows = X.astype(object).to_dict("records")
    assert [segmenter.rules_.assign_row(row) for row in rows] == codes.tolist()


@pytest.mark.parametrize("case", CASES)
def test_rows_that_break_the_schema_are_outside_in_a_stored_strategy(case: str) -> None:
    segmenter, X, expected = fitted(case)
    copy = MECERuleSegmenter.from_strategy(segmenter.to_json(dialect=None))
    assert copy.rules_ == segmenter.rules_
    assert copy.on_invalid == "outside"
    assert copy.segment_names_[copy.predict(X)].tolist() == expected
    pd.testing.assert_frame_equal(copy.segments_, segmenter.segments_)
    pd.testing.assert_frame_equal(copy.lineage_, segmenter.lineage_)
    assert copy.recount(X).n_outside_ == segmenter.n_outside_
    # The universe is not written twice when it is fitted again.
    assert clone(copy).fit(X).rules_ == segmenter.rules_


@pytest.mark.parametrize("case", CASES)
def test_rows_that_break_the_schema_are_outside_in_sql(case: str) -> None:
    pytest.importorskip("sqlglot", reason="sqlglot is not installed")
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    segmenter, X, expected = fitted(case)
    with duckdb.connect() as warehouse:
        warehouse.register("customers", X)
        sql = segmenter.rules_.to_sql()
        names = warehouse.execute(f"SELECT {sql} FROM customers").fetchall()
        assert [name for (name,) in names] == expected
        for name, condition in segmenter.to_strategy()[["name", "sql"]].to_numpy():
            count = f"SELECT count(*) FROM customers WHERE {condition}"
            assert warehouse.execute(count).fetchall() == [(expected.count(name),)]


@pytest.mark.parametrize("case", CASES)
def test_without_invalid_rows_the_segments_are_those_of_raise(case: str) -> None:
    rules, domain, names = CASES[case]
    X = frame([value for value, name in names.items() if name is not None])
    settings: dict[str, Any] = {"rules": rules, "schema": {"x": domain}}
    outside = MECERuleSegmenter(**settings, on_invalid="outside").fit(X)
    refused = MECERuleSegmenter(**settings).fit(X)
    assert outside.rules_.rules == refused.rules_.rules
    assert outside.labels_.tolist() == refused.labels_.tolist()
    pd.testing.assert_frame_equal(outside.segments_, refused.segments_)


def test_a_row_that_is_refused_says_how_to_put_it_outside() -> None:
    X, bad = frame([10.0, 50.0]), frame([10.0, NAN])
    segmenter = MECERuleSegmenter(TIERS, schema={"x": {"missing": False}}).fit(X)
    with pytest.raises(ValueError, match=r"put such rows outside with on_invalid='ou"):
        segmenter.predict(bad)
    segmenter.set_params(on_invalid="outside").fit(X)
    assert segmenter.predict(bad).tolist() == [0, -1]


def test_invalid_rows_have_no_part_in_thresholds_sizes_and_outcomes() -> None:
    rules = {"High": "x >= q(0.5)", "Low": "x < q(0.5)"}
    schema = {"x": {"low": 0, "missing": False}}
    values = [1.0, 2.0, 3.0, 4.0]
    segmenter = MECERuleSegmenter(rules, schema=schema, on_invalid="outside")
    clean = clone(segmenter).fit(frame(values), [0, 1, 0, 1])
    # Outside of the universe an outcome need not be known.
    dirty = segmenter.fit(frame([*values, -999.0, NAN]), [0, 1, 0, 1, NAN, NAN])
    assert dirty.rules_ == clean.rules_
    pd.testing.assert_frame_equal(dirty.segments_, clean.segments_)
    pd.testing.assert_frame_equal(dirty.cut_points_, clean.cut_points_)
    assert (clean.n_outside_, dirty.n_outside_) == (0, 2)


def test_a_default_takes_no_invalid_row() -> None:
    segmenter = MECERuleSegmenter(
        {"High": "x >= 40"},
        default="Others",
        schema={"x": {"low": 0, "missing": False}},
        on_invalid="outside",
    ).fit(frame([50.0, 10.0, -1.0, NAN]))
    assert segmenter.labels_.tolist() == [0, 1, -1, -1]


def test_the_universe_and_the_schema_both_leave_rows_out() -> None:
    X = pd.DataFrame({"x": [50.0, 10.0, -1.0, 50.0], "days": [1, 2, 3, 30]})
    segmenter = MECERuleSegmenter(
        TIERS,
        universe="days <= 7",
        schema={"x": {"low": 0, "missing": False}},
        on_invalid="outside",
    ).fit(X)
    assert segmenter.labels_.tolist() == [1, 0, -1, -1]
    assert str(segmenter.rules_.universe) == "days <= 7 and x >= 0"
    audience = segmenter.to_strategy()["audience"].unique().tolist()
    assert audience == ["days is at most 7 and x is at least 0"]


def test_the_schema_counts_for_columns_that_no_rule_uses_if_they_are_there() -> None:
    X = pd.DataFrame({"x": [50.0, 10.0], "age": [30.0, -4.0]})
    schema = {"x": {"missing": False}, "age": {"low": 0}, "absent": {"low": 0}}
    segmenter = MECERuleSegmenter(TIERS, schema=schema, on_invalid="outside").fit(X)
    assert segmenter.labels_.tolist() == [1, -1]
    assert segmenter.rules_.columns == ("x", "age")


def test_sizes_are_those_of_the_valid_rows() -> None:
    rng = np.random.default_rng(0)
    x = np.where(rng.random(400) < 0.2, -1.0, rng.integers(0, 100, 400))
    X = frame([float(value) for value in x])
    domain = {"integer": True, "low": 0, "missing": False}
    segmenter = MECERuleSegmenter(
        {"Few": "x <= 3", "Some": "4 <= x <= 20", "Many": "x >= 21"},
        schema={"x": domain},
        on_invalid="outside",
        min_size=40,
        max_size=100,
    ).fit(X, rng.random(400) < 0.3)
    assert segmenter.segments_["n"].between(40, 100).all()
    assert segmenter.n_outside_ == (x < 0).sum()
    assert segmenter.rules_.verify().is_mece
    fractions = frame([float(value) for value in np.arange(-10, 110) + 0.5])
    codes = segmenter.predict(fractions)
    names = segmenter.rules_.to_sql() if codes.size else ""
    assert "'outside'" in names
    assert (codes[:10] == -1).all()
    assert segmenter.rules_.membership(fractions).sum(axis=1).tolist() == (
        (codes >= 0).tolist()
    )


def test_an_edited_universe_still_leaves_invalid_rows_out() -> None:
    X = pd.DataFrame({"x": [50.0, 10.0, NAN, 50.0], "days": [1, 2, 3, 30]})
    segmenter = MECERuleSegmenter(
        TIERS,
        universe="days <= 7",
        schema={"x": {"missing": False}},
        on_invalid="outside",
    ).fit(X)
    text = segmenter.to_json(dialect=None)
    assert text is not None
    edited = text.replace(
        '"universe": "days <= 7 and not missing(x)",\n  "schema"',
        '"universe": "days <= 60",\n  "schema"',
    )
    assert edited != text
    copy = MECERuleSegmenter.from_strategy(edited)
    assert copy.predict(X).tolist() == [1, 0, -1, 1]
    assert clone(copy).fit(X).labels_.tolist() == [1, 0, -1, 1]


def test_a_strategy_without_the_parameter_refuses_such_rows() -> None:
    segmenter, X, _ = fitted("missing")
    text = (
        segmenter.set_params(on_invalid="raise").fit(X.dropna()).to_json(dialect=None)
    )
    assert text is not None
    lines = [
        line
        for line in text.splitlines()
        if not line.strip().startswith(('"on_invalid"', '"encode"', '"pos_label"'))
    ]
    lines = [line for line in lines if not line.strip().startswith('"cv"')]
    shortened = "\n".join(lines).replace('"playbook": null,', '"playbook": null')
    copy = MECERuleSegmenter.from_strategy(shortened)
    assert copy.get_params(deep=False)["on_invalid"] == "raise"
    with pytest.raises(ValueError, match="contradicts the schema"):
        copy.predict(X)


def test_nothing_is_outside_where_the_schema_says_nothing() -> None:
    for schema in (None, {}, {"x": {}}, {"absent": {"low": 0}}):
        segmenter = MECERuleSegmenter(
            TIERS, default="New", schema=schema, on_invalid="outside"
        ).fit(frame([1.0, NAN]))
        assert segmenter.rules_.universe is None
        assert segmenter.n_outside_ == 0


def test_a_wrong_value_and_a_schema_of_another_kind_are_refused() -> None:
    X = frame([1.0, 50.0])
    with pytest.raises(ValueError, match="The 'on_invalid' parameter of MECERuleSeg"):
        MECERuleSegmenter(TIERS, default="New", on_invalid="drop").fit(X)
    segmenter = MECERuleSegmenter(
        TIERS, schema={"x": {"values": ["a"]}}, on_invalid="outside"
    )
    with pytest.raises(ValueError, match="'x' holds text; the rules compare it with n"):
        segmenter.fit(X)
    segmenter.set_params(schema={"x": {"low": 1000, "missing": False}})
    with pytest.raises(ValueError, match="No row lies in the universe, which is x >= "):
        segmenter.fit(X)
