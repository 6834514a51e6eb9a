"""Rules as long and as deep as they may be: linear time, or an error in words."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from skseg.exceptions import RuleError
from skseg.rules import Rule, RuleSet, col, parse

ROW = {"x": 1.0, "plan": "a"}
# A rule of n parts; a part has about a dozen characters.
LONG: dict[str, Callable[[int], str]] = {
    "or": lambda n: " or ".join(f"x == {i}" for i in range(n)),
    "and": lambda n: " and ".join(f"x != {i}" for i in range(n)),
    "lines": lambda n: " or\n".join(f"x == {i}" for i in range(n)),
    "in": lambda n: f"x in [{', '.join(map(str, range(n)))}]",
    "brackets": lambda n: " or ".join(f"({i} <= x < {i + 1})" for i in range(n // 2)),
    "quoted names": lambda n: " or ".join(f"col('x') == {i}" for i in range(n)),
    "other letters": lambda n: " or ".join(f"plan == 'é{i}'" for i in range(n)),
    "texts": lambda n: f"plan in [{', '.join(repr(f't{i}') for i in range(n))}]",
}
USES: dict[str, Callable[[str, Rule], Any]] = {
    "parse": lambda text, _: parse(text),
    "str": lambda _, rule: str(rule),
    "describe": lambda _, rule: rule.describe(),
    "hash": lambda _, rule: hash(rule),
    "equal": lambda text, rule: parse(text) == rule,
    "not": lambda _, rule: ~rule & ~rule,
    "evaluate": lambda _, rule: rule.evaluate({"x": [1.0], "plan": ["a"]}),
    "assign_row": lambda _, rule: RuleSet({"a": rule}).assign_row(ROW),
    "to_json": lambda _, rule: RuleSet({"a": rule}).to_json(),
    "sqlite": lambda _, rule: rule.to_sql("sqlite"),
    "duckdb": lambda _, rule: rule.to_sql("duckdb"),
}


@cache
def parsed(form: str, n: int) -> tuple[str, Rule]:
    """Return a rule as text and as itself; it remembers no use."""
    text = LONG[form](n)
    return text, parse(text)


def cpu_seconds(use: str, form: str, n: int) -> float:
    text, rule = parsed(form, n)
    start = time.process_time()
    USES[use](text, rule)
    return time.process_time() - start


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("form", LONG)
def test_time_grows_with_the_length_and_not_with_its_square(
    form: str, use: str
) -> None:
    short = min(cpu_seconds(use, form, 500) for _ in range(2))
    # Ten times the length would take a hundred times as long if squared.
    most = 40 * max(short, 0.002)
    assert any(cpu_seconds(use, form, 5_000) < most for _ in range(2))


def test_rule_of_the_greatest_length_is_read_and_a_longer_one_refused() -> None:
    rule = "x > 1" + " " * 99_995
    assert str(parse(rule)) == "x > 1"
    with pytest.raises(RuleError, match=r"100,000 characters at most\. Got"):
        parse(rule + " ")


N = 8_000
DEEP = {
    "not": "not " * N + "x > 1",
    "brackets": "(" * N + "x > 1" + ")" * N,
    "square brackets": "x in " + "[" * N + "1" + "]" * N,
    "braces": "x > " + "{" * N + "a" + "}" * N,
    "minus": "x > " + "-" * N + "1",
    "max": "x > " + "max(1, " * N + "2" + ")" * N,
    "calls": "f(" * N + "x" + ")" * N + " > 1",
    "and or": "(x > 1 and (x > 2 or " * 2000 + "x > 3" + "))" * 2000,
    "sum": "x > 1" + "+1" * N,
    "sum of columns": "x" + "+x" * N + " > 1",
    "attributes": "x" + ".a" * N + " > 1",
    "items": "x" + "[0]" * N + " > 1",
    "powers": "x > 2" + "**2" * N,
    "if else": "x > 1" + " if x > 1 else x > 1" * 4000,
    "lambda": "lambda: " * N + "x",
    "chain of comparisons": "1 < x" + " < 2" * N,
    "51 times not": "not " * 51 + "x > 1",
    "51 times minus": "x > " + "-" * 51 + "1",
    "51 times max": "x > " + "max(1, " * 51 + "2" + ")" * 51,
}


@pytest.mark.parametrize("form", DEEP)
def test_deep_text_is_refused_in_words(form: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse(DEEP[form])
    assert len(str(caught.value)) < 500


def test_deep_rules_are_refused_when_they_are_built() -> None:
    rule = col("x") > 0
    for level in range(50):
        rule = (rule & (col("y") > level)) | (col("z") > level)
    with pytest.raises(RuleError, match="100 levels of and, or, not at most") as error:
        rule & (col("x") < 9)
    assert error.value.value == 101
    # Everything that recurs into the deepest rule ends.
    X = {name: [1.0] for name in "xyz"}
    rules = RuleSet({"deep": rule}, default="rest")
    assert rules.assign(X).tolist() == [1]
    assert rules.assign_row(dict.fromkeys("xyz", 1.0)) == 1
    for show in (str, repr, hash, Rule.describe):
        show(rule)
    assert rules == RuleSet({"deep": rule}, default="rest")


def test_flat_rules_of_any_length_are_not_deep() -> None:
    rule = col("x") > 0
    for level in range(300):
        rule = rule | (col("x") == level)
    assert parse(str(rule)) == rule


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a > 1) or (b > 2", "unmatched"),
        ("'(' == x ) or (b > 1", "unmatched"),
        ("x == ')' ) or (b > '('", "unmatched"),
        ("a > 1 # (\n) or (b > 2", "unmatched"),
        ("a == '''(''') or (b > 2", "unmatched"),
        ("(a > 1", "never closed"),
        ("(a > 1) or (b > 2))", "unmatched"),
    ],
)
def test_brackets_around_a_rule_do_not_pair_with_those_within(
    text: str, shown: str
) -> None:
    with pytest.raises(RuleError, match=shown):
        parse(text)


@pytest.mark.parametrize("text", [r"x == '\d'", "x > 1or y > 2", "x > 1.or y > 2"])
def test_what_python_warns_of_is_refused(text: str) -> None:
    with pytest.raises(RuleError, match="Not a rule"):
        parse(text)


@pytest.mark.parametrize("name", ["ﬁeld", "é", "ℌ", "名前"])
def test_names_are_as_written_and_not_as_python_normalises_them(name: str) -> None:
    assert parse(f"{name} > 1 or plan == 'é' and {name} < 5") == parse(
        f"col({name!r}) > 1 or plan == 'é' and col({name!r}) < 5"
    )
