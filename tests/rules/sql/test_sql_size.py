"""The SQL of many rules is a tree of CASE, with the segments of assign."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skseg.rules import Rule, RuleSet, col, missing
from skseg.rules._language._conditions import negation_normal
from skseg.rules._sql import _cases
from skseg.rules._sql._hulls import HIGHEST, LOWEST, Hull, hulls
from tests.rules.sql.sql_data import (
    DOUBLE,
    ENGINES,
    Column,
    assigned,
    rows_of,
    rules,
    run,
    storable,
    texts,
)

N_RULES = 120
PLANS = [f"p{i % 20}" for i in range(N_RULES)]
DAY = dt.datetime(2024, 1, 1)
INFINITIES = [None, math.nan, math.inf, -math.inf, -0.0, 0.0]


def boxes(rng: np.random.Generator) -> Rule:
    """Return a random box in two columns of numbers."""
    lows, widths = rng.integers(0, 100, 2), rng.integers(5, 40, 2)
    x, y = col("x"), col("y")
    return (
        (x >= lows[0])
        & (x < lows[0] + widths[0])
        & (y > lows[1])
        & (y <= lows[1] + widths[1])
    )


def shapes() -> dict[str, list[Rule]]:
    """Return rules that split well, in part, and not at all."""
    rng = np.random.default_rng(0)
    x, y, plan, day = col("x"), col("y"), col("plan"), col("day")
    return {
        "intervals": [(x >= i) & (x < i + 1) for i in range(N_RULES)],
        "points": [x == i / 2 for i in range(N_RULES)],
        "boxes": [boxes(rng) for _ in range(N_RULES)],
        "alternatives": [boxes(rng) | boxes(rng) | (x == i) for i in range(40)],
        "not boxes": [~boxes(rng) & (x < i) for i in range(N_RULES)],
        "texts": [(plan == p) & (x >= 99 - i) for i, p in enumerate(PLANS)],
        "other texts": [(plan != p) & (x == i) for i, p in enumerate(PLANS)],
        "missing": [missing("x") & (y == i) | (x == i) for i in range(N_RULES)],
        "days": [day < DAY + dt.timedelta(days=i) for i in range(N_RULES)],
        "columns that have nothing in common": [
            (x == i, y == i, plan == f"p{i}")[i % 3] for i in range(N_RULES)
        ],
        "anything": [(x > i) | missing("y") | (plan == "p1") for i in range(N_RULES)],
    }


def table(dialect: str) -> list[Column]:
    """Return columns in which every rule of the shapes holds for a row, or nearly."""
    rng = np.random.default_rng(1)
    n = 400
    double, moment = DOUBLE[dialect], "TEXT" if dialect == "sqlite" else "TIMESTAMP"
    if dialect == "mysql":
        moment = "DATETIME(6)"
    x = [*INFINITIES, *map(float, rng.integers(0, 240, n - len(INFINITIES)) / 2)]
    y = [*map(float, rng.integers(0, 120, n - len(INFINITIES))), *INFINITIES]
    plan = [None, "", "P1", *(f"p{i}" for i in rng.integers(0, 21, n - 3))]
    days = [
        None,
        *(DAY + dt.timedelta(hours=int(h)) for h in rng.integers(0, 3000, n - 1)),
    ]
    if dialect == "sqlite":
        days = [day and str(day) for day in days]
    text = "varchar(20)" if dialect == "mysql" else "TEXT"
    return [
        Column("x", double, storable(dialect, x)),
        Column("y", double, storable(dialect, y)),
        Column("plan", text, plan),
        Column("day", moment, days),
    ]


@pytest.mark.parametrize("dialect", ENGINES)
def test_many_rules_give_the_codes_and_names_of_assign(dialect: str) -> None:
    columns = table(dialect)
    types = {column.name: column.type for column in columns}
    rule_sets = [
        RuleSet({f"s{i}": rule for i, rule in enumerate(shape)}, default=default)
        for shape in shapes().values()
        for default in (None, "rest")
    ]
    expressions = [
        rule_set.to_sql(dialect, output=output, types=types)
        for rule_set in rule_sets
        for output in ("code", "name")
    ]
    _, rows = run(dialect, columns, expressions)
    got = list(map(list, zip(*rows, strict=True)))
    for i, (rule_set, codes) in enumerate(
        zip(rule_sets, assigned(columns, rule_sets), strict=True)
    ):
        assert got[2 * i] == codes
        names = [None if code < 0 else rule_set.names[code] for code in codes]
        assert got[2 * i + 1] == names


def test_rules_outside_of_the_universe_and_noise_keep_their_codes() -> None:
    columns = table("duckdb")
    intervals = {f"s{i}": rule for i, rule in enumerate(shapes()["intervals"])}
    for rule_set in (
        RuleSet(intervals, universe="y > 50"),
        RuleSet(intervals, noise=f"s{N_RULES - 1}", default="rest"),
    ):
        sql = rule_set.to_sql("duckdb", output="code")
        _, rows = run("duckdb", columns, [sql])
        assert [[code for (code,) in rows]] == assigned(columns, [rule_set])


def test_intervals_become_a_tree_and_few_rules_stay_a_flat_case() -> None:
    intervals = shapes()["intervals"]
    many = RuleSet({f"s{i}": rule for i, rule in enumerate(intervals)}).to_sql()
    few = RuleSet({f"s{i}": rule for i, rule in enumerate(intervals[:50])}).to_sql()
    assert (few.count("CASE"), few.count("COALESCE(CASE")) == (1, 0)
    # 120 rules are 4 leaves of 30 below 3 tests.
    assert many.count("CASE") == 7


@settings(max_examples=60)
@given(
    rule=rules(["a", "b"], ["plan"]),
    rows=rows_of(
        {
            "a": st.none() | st.floats() | st.integers(-3, 3).map(float),
            "b": st.none() | st.floats() | st.integers(-3, 3).map(float),
            "plan": st.none() | texts,
        }
    ),
)
def test_hulls_contain_every_row_for_which_a_rule_holds(
    rule: Rule, rows: dict[str, Any]
) -> None:
    of_columns = hulls(negation_normal(rule))
    for i in np.flatnonzero(rule.evaluate(rows)):
        for name, hull in of_columns.items():
            assert contains(hull, rows[name][i])


def contains(hull: Hull, value: Any) -> bool:
    """Tell whether a hull contains a number, a text or a missing value."""
    if value is None or value != value:
        return hull.missing
    if isinstance(value, str):
        return hull.texts is None or value in hull.texts
    return hull.low <= (value, 0) <= hull.high


def test_hulls_of_simple_rules_are_tight() -> None:
    x = col("x")
    for rule, hull in {
        (x >= 3) & (x < 5): Hull((3.0, 0), (5.0, -1), missing=False),
        ~(x > 3): Hull(LOWEST, (3.0, 0), missing=True),
        x.isin([7, 2]) | (x == 4): Hull((2.0, 0), (7.0, 0), missing=False),
        ~missing("x") & (x != 3): Hull(LOWEST, HIGHEST, missing=False),
    }.items():
        assert hulls(negation_normal(rule))["x"] == hull


@given(rows=rows_of({"a": st.none() | st.floats(), "b": st.none() | st.floats()}))
@settings(max_examples=20)
def test_tree_of_every_rule_set_gives_the_codes_of_assign(rows: dict[str, Any]) -> None:
    rng = np.random.default_rng(2)
    thresholds = [
        *rng.normal(size=30),
        *(v for v in rows["a"] if v == v and v is not None),
    ]
    tested = [
        (col("a") >= low) & (col("b") < high) | (col("a") == high)
        for low, high in zip(thresholds, reversed(thresholds), strict=True)
    ]
    rule_set = RuleSet({f"s{i}": rule for i, rule in enumerate(tested)}, default="rest")
    columns = [Column(name, "DOUBLE", values) for name, values in rows.items()]
    assert len(tested) * 2 > _cases._MAX_FLAT
    _, got = run("duckdb", columns, [rule_set.to_sql("duckdb", output="code")])
    assert [[code for (code,) in got]] == assigned(columns, [rule_set])
