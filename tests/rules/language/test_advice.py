"""What an error of a rule advises, works: it is followed to the letter."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skseg import MECERuleSegmenter
from skseg.exceptions import RuleError
from skseg.rules import col, parse
from tests.rules.strategies import rules


def advice(text: str, **kwargs: Any) -> str:
    """Return the message of the error, without the piece that it shows."""
    with pytest.raises(RuleError) as caught:
        parse(text, **kwargs)
    error = caught.value
    message = str(error).rsplit("\n", 2)[0]
    assert error.text == text
    assert error.span is not None
    assert error.advice
    assert message.endswith(error.advice)
    return message


def suggestion(text: str, **kwargs: Any) -> str:
    """Return the rule that the error proposes."""
    _, found, proposed = advice(text, **kwargs).partition("Did you mean: ")
    assert found
    return proposed


SPELLINGS = {
    # Words of SQL.
    "aov >= 120 AND plan == 'pro'": "aov >= 120 and plan == 'pro'",
    "aov >= 120 Or NOT plan == 'pro'": "aov >= 120 or not plan == 'pro'",
    "NOT aov > 1": "not aov > 1",
    "(aov > 1 AND NOT(plan = 'a'))": "aov > 1 and not plan == 'a'",
    "WHERE aov >= 120;": "aov >= 120",
    "SELECT * FROM users WHERE aov >= 120": "aov >= 120",
    "aov >= 120 ; ": "aov >= 120",
    "aov >= 120,": "aov >= 120",
    "aov >= 120 -- it's large": "aov >= 120",
    "aov BETWEEN 40 AND 120": "40 <= aov <= 120",
    "aov between 40 and 120 and plan = 'pro'": "40 <= aov <= 120 and plan == 'pro'",
    "aov NOT BETWEEN 40 AND 120": "not 40 <= aov <= 120",
    "aov BETWEEN -5 AND -1.5": "-5 <= aov <= -1.5",
    "`order value` BETWEEN 4 AND 5": "4 <= col('order value') <= 5",
    "plan IN ('a', 'b')": "plan in ['a', 'b']",
    "plan NOT IN ('a','b') AND aov > 1": "plan not in ['a', 'b'] and aov > 1",
    "plan in ('a')": "plan in ['a']",
    "plan in 'a'": "plan in ['a']",
    "R IN (4, 5)": "R in [4, 5]",
    "R in 4": "R in [4]",
    "age IS NULL": "missing(age)",
    "age IS NOT NULL AND aov > 1": "not missing(age) and aov > 1",
    "age is null or age is not null": "missing(age) or not missing(age)",
    "age is None": "missing(age)",
    "age is not None": "not missing(age)",
    "age == None": "missing(age)",
    "age != None": "not missing(age)",
    "age = NULL": "missing(age)",
    "age <> NULL": "not missing(age)",
    "age == nan": "missing(age)",
    "age != NaN": "not missing(age)",
    "age == np.nan": "missing(age)",
    "age == pd.NA": "missing(age)",
    "col('my age') IS NULL": "missing(col('my age'))",
    # Signs.
    "plan <> 'free'": "plan != 'free'",
    "plan = 'pro'": "plan == 'pro'",
    "plan === 'pro'": "plan == 'pro'",
    "plan =! 'pro'": "plan != 'pro'",
    "aov => 120": "aov >= 120",
    "aov =< 120": "aov <= 120",
    "aov > = 120": "aov >= 120",
    "40 =< aov < 120": "40 <= aov < 120",
    "aov > 1 && plan == 'x'": "aov > 1 and plan == 'x'",
    "aov > 1 || plan == 'x'": "aov > 1 or plan == 'x'",
    "(aov > 1) & (plan == 'x')": "aov > 1 and plan == 'x'",
    "(aov > 1) | (plan == 'x')": "aov > 1 or plan == 'x'",
    "aov > 1 & plan == 'x'": "aov > 1 and plan == 'x'",
    "~(aov > 1)": "not aov > 1",
    "!(aov > 1)": "not aov > 1",
    "aov ≥ 120": "aov >= 120",
    "aov ≤ 120 ∧ plan ≠ 'x'": "aov <= 120 and plan != 'x'",
    "aov >= \u22125": "aov >= -5",
    "aov >= \u20135": "aov >= -5",
    "plan == \u201cpro\u201d": "plan == 'pro'",
    "plan == \u201epro\u201c AND aov > 1": "plan == 'pro' and aov > 1",
    "plan == \u2018pro\u2019": "plan == 'pro'",
    "plan == 'it\u2019s' AND aov > 1": "plan == 'it\u2019s' and aov > 1",
    "aov\u00a0>= 120": "aov >= 120",
    "aov >=\u202f120\u200b": "aov >= 120",
    "plan is 'pro'": "plan == 'pro'",
    "R is not 5": "R != 5",
    "aov < ∞": "aov < inf",
    # pandas.
    "df['aov'] > 5": "aov > 5",
    "df.aov > 5 & df['order value'] < 3": "aov > 5 and col('order value') < 3",
    "aov < np.inf": "aov < inf",
    "age.isna()": "missing(age)",
    "age.isnull() and aov > 1": "missing(age) and aov > 1",
    "age.notna()": "not missing(age)",
    "pd.isna(age)": "missing(age)",
    "isnull(age)": "missing(age)",
    "plan.isin(['a', 'b'])": "plan in ['a', 'b']",
    "~plan.isin(['a', 'b'])": "not plan in ['a', 'b']",
    "aov.between(40, 120)": "40 <= aov <= 120",
    "premium = FALSE": "premium == FALSE",
    "premium IS TRUE": "premium == TRUE",
    "premium is not True": "premium != True",
    # Names.
    "class == 'a'": "col('class') == 'a'",
    "from >= 1 and aov > 1": "col('from') >= 1 and aov > 1",
    "in > 5": "col('in') > 5",
    "or > 5": "col('or') > 5",
    "aov > 1 and is > 5": "aov > 1 and col('is') > 5",
    "5 < class": "5 < col('class')",
    "missing(class)": "missing(col('class'))",
    "class in ['a']": "col('class') in ['a']",
    "class IS NULL": "missing(col('class'))",
    "inf > 5": "col('inf') > 5",
    "True > 5": "col('True') > 5",
    "order value > 5": "col('order value') > 5",
    "aov > 1 and order value > 5": "aov > 1 and col('order value') > 5",
    "not order value in [5]": "not col('order value') in [5]",
    "missing(order value)": "missing('order value')".replace("('", "(col('") + ")",
    "col(order value) > 5": "col('order value') > 5",
    "`order value` > 5": "col('order value') > 5",
    "`plan` == 'x'": "plan == 'x'",
    "[order value] > 5": "col('order value') > 5",
    '"order value" > 5': "col('order value') > 5",
    '"plan" = \'free\' AND "aov" >= 5': "plan == 'free' and aov >= 5",
    "'plan' in ['a', 'b']": "plan in ['a', 'b']",
    '"age" IS NULL': "missing(age)",
    "2024_sales > 5": "col('2024_sales') > 5",
    # Numbers.
    "aov >= $100": "aov >= 100",
    "aov >= 100€": "aov >= 100",
    "aov >= 100 EUR": "aov >= 100",
    "aov >= 1,000": "aov >= 1000",
    "aov >= 1,234,567.50": "aov >= 1234567.5",
    "aov >= 1.000,50": "aov >= 1000.5",
    "aov >= 0,5": "aov >= 0.5",
    "aov >= 10,50": "aov >= 10.5",
    "aov >= 1 000": "aov >= 1000",
    "aov >= 1'000": "aov >= 1000",
    "aov >= 1.000.000": "aov >= 1000000",
    "aov between 1,000 and 2,000": "1000 <= aov <= 2000",
    "aov >= 10k": "aov >= 10000",
    "aov >= '120'": "aov >= 120",
    "code == 007": "code == '007'",
    "aov > median(aov)": "aov > q(0.5)",
    "aov > percentile(75)": "aov > q(0.75)",
    # Dates.
    "day >= '2024-12-25'": "day >= date('2024-12-25')",
    "'2024-12-01' <= day < '2025-01-01'": "date('2024-12-01') <= day < "
    "date('2025-01-01')",
    "day >= 2024-12-25": "day >= date('2024-12-25')",
    "day >= 2024-01-05": "day >= date('2024-01-05')",
    "day >= 2024-12-25 18:00": "day >= date('2024-12-25 18:00')",
    "day >= 25.12.2024": "day >= date('2024-12-25')",
    "day >= '25.12.2024'": "day >= date('2024-12-25')",
    "day >= 12/25/2024": "day >= date('2024-12-25')",
    "day >= DATE '2024-12-25'": "day >= date('2024-12-25')",
    "day >= TIMESTAMP '2024-12-25 18:00:00'": "day >= date('2024-12-25 18:00')",
    "day >= date(2024, 12, 25)": "day >= date('2024-12-25')",
    "day >= datetime.date(2024, 12, 25)": "day >= date('2024-12-25')",
    "day >= datetime(2024, 12, 25, 18)": "day >= date('2024-12-25 18:00')",
    "day >= pd.Timestamp('2024-12-25')": "day >= date('2024-12-25')",
    "day >= to_date('2024-12-25', 'YYYY-MM-DD')": "day >= date('2024-12-25')",
    "day >= CAST('2024-12-25' AS DATE)": "day >= date('2024-12-25')",
    "day >= '2024-12-25'::date": "day >= date('2024-12-25')",
    "day BETWEEN '2024-12-01' AND '2024-12-31'": "date('2024-12-01') <= day <= "
    "date('2024-12-31')",
}


@pytest.mark.parametrize("text", SPELLINGS, ids=ascii)
def test_the_rule_that_is_meant_is_proposed(text: str) -> None:
    assert parse(suggestion(text)) == parse(SPELLINGS[text])


@pytest.mark.parametrize("text", SPELLINGS, ids=ascii)
def test_a_segmenter_proposes_it_too(text: str) -> None:
    with pytest.raises(RuleError) as caught:
        MECERuleSegmenter({"A": text}, default="B").parse_rules()
    assert "Did you mean: " in str(caught.value)


@pytest.mark.parametrize(
    ("text", "columns", "expected"),
    [
        ("order value > 5", ["order value"], "col('order value') > 5"),
        ("order-value > 5", ["order-value", "order"], "col('order-value') > 5"),
        (
            "a.b > 5 AND class = 'x'",
            ["a.b", "class"],
            ("col('a.b') > 5 and col('class') == 'x'"),
        ),
        ("aov (net) > 5", ["aov (net)", "aov"], "col('aov (net)') > 5"),
        ("missing(order value)", ["order value"], "missing(col('order value'))"),
        ("Größe in cm > 5", ["Größe in cm"], "col('Größe in cm') > 5"),
        ("share % > 5", ["share %"], "col('share %') > 5"),
        ("it's > 5", ["it's"], 'col("it\'s") > 5'),
        (r"back\slash > 5", [r"back\slash"], r"col('back\\slash') > 5"),
    ],
)
def test_known_names_are_recognised(
    text: str, columns: list[str], expected: str
) -> None:
    proposed = suggestion(text, columns=columns)
    assert parse(proposed, columns=columns) == parse(expected)


X = pd.DataFrame(
    {
        "R": [5, 1, 4],
        "F": [4, 1, 4],
        "M": [4.0, 1.0, np.nan],
        "order": [9.0, 2.0, 5.0],
        "value": [1.0, 2.0, 3.0],
        "plan": ["pro-2024", "free", None],
        "budget": [1.0, 7.0, 5.0],
        "day": pd.to_datetime(["2024-12-25", "2023-01-01", None]),
        "order value": [6, 7, 8],
    }
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("R + F + M >= 12", [True, False, False]),
        ("R == 5 and R + F * 2 > 12 or R < 2", [True, True, False]),
        ("M / R < 1", [True, False, False]),
        ("R + F + M >= 12 AND plan = 'pro-2024'", [True, False, False]),
        ("`order value` / `R` > 2", [False, True, False]),
        ('"order value" / "R" > 2', [False, True, False]),
        ("-R > -2", [False, True, False]),
        ("5 < order - value", [True, False, False]),
        ("order - value > 5", [True, False, False]),
        ("-R + 2 * (F - 1) >= 1", [True, False, True]),
        ("col('order value') + R > 10", [True, False, True]),
        ("order > budget", [True, False, False]),
        ("order <= 1.5 * budget", [False, True, True]),
        ("R == F", [False, True, True]),
        ("R != F and order > 2", [True, False, False]),
        ("abs(order) > 5", [True, False, False]),
        ("ABS(order) > 5", [True, False, False]),
        ("lower(plan) == 'pro-2024'", [True, False, False]),
        ("plan.str.upper() == 'FREE'", [False, True, False]),
        ("plan.str.startswith('pro')", [True, False, False]),
        ("not plan.str.contains('ee')", [True, False, True]),
        ("len(plan) > 4", [True, False, False]),
        ("coalesce(M, 0) == 0", [False, False, True]),
        ("M.fillna(0) == 0", [False, False, True]),
        ("year(day) == 2024", [True, False, False]),
        ("day.dt.month == 12", [True, False, False]),
        ("plan LIKE 'pro%'", [True, False, False]),
        ("plan like '%ee'", [False, True, False]),
        ("plan LIKE '%o-2%'", [True, False, False]),
        ("plan LIKE 'p_o-%4'", [True, False, False]),
        ("plan ILIKE 'FR%'", [False, True, False]),
        ("plan NOT LIKE 'pro%'", [False, True, True]),
        ("`plan` LIKE 'pro%'", [True, False, False]),
    ],
)
def test_columns_are_computed_as_advised(text: str, expected: list[bool]) -> None:
    said = advice(text, columns=[*X.columns])
    code = said[said.index("X = X.assign(") :]
    code = code[
        4 : code.index(")." if ")." in code and "). Then" in code else "), and") + 1
    ]
    computed = eval(code, {"X": X})  # noqa: S307 - the advice is followed to the letter
    rule = said.rpartition(": ")[2].partition("; or")[0]
    if "Then the rule is" not in said:
        # The advice is about one condition of the rule.
        rule = said.rpartition(": ")[2]
    got = parse(rule).evaluate(computed)
    if text == "R != F and order > 2":
        got &= X["order"].to_numpy() > 2
    assert got.tolist() == expected


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("plan == free", "plan == 'free'"),
        ("plan != free", "plan != 'free'"),
        ("premium == yes", "premium == 'yes'"),
    ],
)
def test_text_without_quotes_is_quoted_as_advised(text: str, rule: str) -> None:
    said = advice(text).partition("Text values are quoted: ")[2]
    assert said.startswith(f"{rule}.")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("aov > 100 * 1.2", "aov > 120"),
        ("aov > 2 * (3 + 4) / 7 - 1", "aov > 1"),
        ("aov > -(2 + 3)", "aov > -5"),
    ],
)
def test_arithmetic_on_numbers_is_worked_out(text: str, rule: str) -> None:
    number = advice(text).partition("Write the number: ")[2].removesuffix(".")
    assert rule.replace("-", "").endswith(f"> {number.replace('-', '')}")


def test_a_name_with_a_minus_is_written_as_advised() -> None:
    written = advice("order-value > 5").partition("is a name: ")[2]
    assert parse(f"{written} > 5") == parse("col('order-value') > 5")


@pytest.mark.parametrize(
    "text",
    [
        "day >= today() - 30",
        "day >= CURRENT_DATE - INTERVAL '30 days'",
        "day >= now()",
        "day > getdate() - 7",
    ],
)
def test_relative_dates_become_parameters_as_advised(text: str) -> None:
    said = advice(text)
    rule = said[said.index("day >= date({") :].partition(",")[0]
    params = eval(said[said.index("{'cutoff'") :].removesuffix("."))  # noqa: S307
    expected = parse("day >= date('2024-12-25')")
    assert parse(rule, params=params) == expected
    today = {"cutoff": dt.date(2024, 12, 25)}
    assert parse(rule, params=today) == expected


def test_a_function_of_all_rows_becomes_a_parameter_as_advised() -> None:
    rule = advice("aov > avg(aov)").rpartition(": ")[2]
    assert parse(rule, params={"value": 120}) == parse("aov > 120")


@pytest.mark.parametrize(
    "text", ["aov >= :floor", "aov >= $floor", "@floor < aov", "aov >= %(floor)s"]
)
def test_a_parameter_is_written_in_braces_as_advised(text: str) -> None:
    assert "in braces, {name}" in advice(text)
    assert parse("aov >= {floor}", params={"floor": 5}) == parse("aov >= 5")


def test_two_texts_without_a_comma_are_no_list() -> None:
    with pytest.raises(RuleError, match="A comma is missing between two texts"):
        parse("plan in ['a' 'b']")
    assert parse("plan in ['a', 'b']") == parse("plan in [\"a\", 'b']")


@pytest.mark.parametrize(
    "text",
    [
        "plan == 'O''Brien'",
        "plan != 'O''Brien'",
        "plan in ['O''Brien', 'b']",
        "plan = 'O''Brien'",
        "col('pl''an') == 'x'",
        "day >= date('2024-''12-25')",
        "plan == 'x' and plan != 'O''Brien'",
    ],
)
def test_quotes_are_not_doubled_and_the_advice_works(text: str) -> None:
    assert advice(text).endswith('in quotes of the other kind: "it\'s".')
    assert parse('plan == "it\'s"') == (col("plan") == "it's")


def test_what_follows_a_comment_is_part_of_the_proposal() -> None:
    text = "aov > 5  # large\n  AND plan = 'x'  # and\n"
    assert suggestion(text) == "aov > 5 and plan == 'x'"


@pytest.mark.parametrize(
    "text", ["plan == ''", "plan in ['', \"\"]", "plan == '''a'''", 'plan == "\'"']
)
def test_empty_texts_and_quotes_in_quotes_are_one_text(text: str) -> None:
    assert parse(str(parse(text))) == parse(text)


def test_texts_without_quotes_in_a_list_are_quoted_as_advised() -> None:
    assert advice("plan in [a, 'b']").endswith("Text values are quoted: 'a'.")


def test_a_percentage_is_written_as_advised() -> None:
    said = advice("discount >= 5%")
    assert "5% is 0.05, or 5" in said


@pytest.mark.parametrize(
    "text",
    [
        "a > 1 and and b > 2",
        "a == 1 xor b == 2",
        "CASE WHEN aov > 1 THEN 1 END",
        "plan == 'pro",
        "aov > 1 and",
        "x: 5",
        "a[0] > 1 AND b",
        "",
    ],
)
def test_nothing_is_proposed_where_nothing_can_be_guessed(text: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse(text)
    assert "Did you mean: " not in str(caught.value)


@given(rules(resolved=False), st.data())
def test_what_is_proposed_is_a_rule(rule: Any, data: st.DataObject) -> None:
    text = str(rule)
    for old, new in (("and", "AND"), ("not", "NOT"), ("==", "="), ("!=", "<>")):
        if data.draw(st.booleans()):
            text = text.replace(f" {old} ", f" {new} ")
    try:
        parse(text)
    except RuleError as error:
        message = str(error).rsplit("\n", 2)[0]
        if "Did you mean: " in message:
            parse(message.rpartition("Did you mean: ")[2])
