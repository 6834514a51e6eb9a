"""SQL of warehouses that cannot be run in the tests: it parses, and says what it must.

`RuleSet.sql_check` proves it on a warehouse.
"""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlglot
from sqlglot import exp

from skseg.exceptions import RuleError
from skseg.rules import RuleSet, col
from skseg.rules._dialect_names import DIALECT_NAMES, EXECUTED
from skseg.rules._sql._dialects import DIALECTS
from tests.rules.sql.sql_data import NASTY, number_rules, text_rules

WAREHOUSES = tuple(name for name in DIALECTS if name not in EXECUTED)
every_warehouse = pytest.mark.parametrize("dialect", WAREHOUSES)

RULES = RuleSet(
    {
        "a": "x >= 0.1 and plan == 'it\\'s é' and not missing(y)",
        "b": col("day") >= dt.datetime(2024, 2, 29, 18),
        "c": "active == True or missing(other)",
        "d": "x != inf and plan not in ['a', 'b '] or x > 1e300",
    },
    default="rest",
)


def test_the_names_of_the_dialects_are_known_without_the_library_of_sql() -> None:
    assert tuple(DIALECTS) == DIALECT_NAMES


def words(sql: str) -> str:
    """Return SQL on one line."""
    return " ".join(sql.split())


def assert_parses(sql: str, dialect: str) -> None:
    """Assert that sqlglot reads SQL, and that what it writes is read as the same."""
    tree = sqlglot.parse_one(sql, read=dialect)
    again = sqlglot.parse_one(tree.sql(dialect), read=dialect)
    assert again.sql(dialect) == tree.sql(dialect)
    # It is no command that was not understood.
    assert not list(tree.find_all(exp.Command))


def test_five_warehouses_are_offered() -> None:
    assert WAREHOUSES == ("databricks", "bigquery", "snowflake", "redshift", "tsql")


@every_warehouse
@pytest.mark.parametrize("output", ["name", "code"])
def test_sql_is_parsed_back(dialect: str, output: str) -> None:
    assert_parses(RULES.to_sql(dialect, output=output, alias="segment"), dialect)


@every_warehouse
def test_every_rule_of_the_grid_is_parsed_back(dialect: str) -> None:
    rules = [*number_rules("x")[::7], *text_rules("plan")[::7]]
    for rule in rules:
        if "\\n" not in str(rule):
            assert_parses(f"SELECT 1 FROM t WHERE {rule.to_sql(dialect)}", dialect)


@every_warehouse
def test_query_of_sql_check_is_parsed_back(dialect: str) -> None:
    rules = RuleSet({"a": "x > 1 and active == True", "b": "plan == 'pro'"})
    assert_parses(rules.sql_check(dialect), dialect)


@every_warehouse
@pytest.mark.parametrize("n_rules", [60, 1000])
def test_many_rules_nest_few_levels_of_case(dialect: str, n_rules: int) -> None:
    rules = RuleSet({f"s{i}": f"{i} <= x < {i + 1}" for i in range(n_rules)})
    tree = sqlglot.parse_one(rules.to_sql(dialect), read=dialect)
    cases = list(tree.find_all(exp.Case))

    def depth(case: exp.Expression) -> int:
        parent = case.find_ancestor(exp.Case)
        return 1 + (0 if parent is None else depth(parent))

    # SQL Server allows 10.
    assert max(map(depth, cases)) <= 8


@every_warehouse
def test_values_are_data(dialect: str) -> None:
    for nasty in NASTY:
        if dialect == "databricks" and not nasty.isalnum():
            # Its literals are those of Spark, which are executed.
            continue
        sql = RuleSet({"a": col("x") == nasty}).to_sql(dialect)
        literals = {
            literal.name
            for literal in sqlglot.parse_one(sql, read=dialect).find_all(
                exp.Literal, exp.National
            )
        }
        assert nasty in literals or f"{nasty}." in literals


@pytest.mark.parametrize(
    ("dialect", "rule", "part"),
    [
        ("bigquery", "x != 1", "NOT IS_NAN(CAST(`x` AS FLOAT64))"),
        ("bigquery", "p == 'a'", "COLLATE(SUBSTR(`p`, 1), '') = 'a'"),
        ("snowflake", "x > 1", "CAST(\"x\" AS DOUBLE) <> CAST('NaN' AS DOUBLE)"),
        ("snowflake", "p == 'a'", "'utf8') = 'a'"),
        ("redshift", "p == 'a'", "'case_sensitive') = 'a'"),
        ("databricks", "p == '${a}'", "CONCAT('$', '{a}')"),
        ("tsql", "p == 'a'", "+ N'.') COLLATE Latin1_General_BIN2 = N'a.'"),
        ("tsql", "x < inf", "CAST([x] AS FLOAT) <= 1.7976931348623157e+308"),
        ("tsql", "f == True", "END = 1"),
        ("tsql", "True", "(1 = 1)"),
    ],
)
def test_traps_of_the_warehouses_are_avoided(
    dialect: str, rule: str, part: str
) -> None:
    assert part in words(RuleSet({"a": rule}).to_sql(dialect))


def test_sql_server_has_no_literal_for_true() -> None:
    # What is not within quotes.
    sql = re.sub("'[^']*'", "", RULES.to_sql("tsql").upper())
    assert "TRUE" not in sql
    assert "FALSE" not in sql
    assert "NAN" not in sql


def test_name_that_bigquery_cannot_have_is_refused() -> None:
    with pytest.raises(RuleError, match="backticks"):
        RuleSet({"a": col("a`b") > 1}).to_sql("bigquery")
