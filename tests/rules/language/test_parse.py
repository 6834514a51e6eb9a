"""Text is read as a rule or refused; it is never evaluated."""

from __future__ import annotations

import builtins
import json
import math
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from skseg.exceptions import RuleError
from skseg.rules import Rule, RuleSet, col, maximum, minimum, missing, parse, q
from skseg.rules._language._conditions import And, Not, Or
from tests.rules.strategies import ODD_NAMES, SPECIAL_TEXTS, rule_sets, rules

pytestmark = pytest.mark.pure

a, b, c = col("a"), col("b"), col("c")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("a < 1", a < 1),
        ("a <= 1", a <= 1),
        ("a > 1", a > 1),
        ("a >= 1", a >= 1),
        ("a == 1", a == 1),
        ("a != 1", a != 1),
        ("1 < a", a > 1),
        ("1 >= a", a <= 1),
        ("1 == a", a == 1),
        ("'x' != a", a != "x"),
        ("40 <= a < 120", (a >= 40) & (a < 120)),
        ("120 > a >= 40", (a < 120) & (a >= 40)),
        ("a > 1 > b", (a > 1) & (b < 1)),
        ("a == -1.5e3", a == -1500.0),
        ("a == +1", a == 1),
        ("a == - -1", a == 1),
        ("a > 1_000", a > 1000),
        ("a > 0x10", a > 16),
        ("a < inf", a < math.inf),
        ("a > -inf", a > -math.inf),
        ("a == True", a == True),  # noqa: E712
        ("a in [1, 2]", a.isin([1, 2])),
        ("a in (1, 2)", a.isin([1, 2])),
        ("a in {'x'}", a.isin(["x"])),
        ("a in [2, 1, 2]", a.isin([2, 1])),
        ("a not in ['x', 'y']", ~a.isin(["x", "y"])),
        ("missing(a)", missing("a")),
        ("missing(col('a b'))", missing("a b")),
        ("col('a b') > 1", col("a b") > 1),
        ("a > q(0.75)", a > q(0.75)),
        ("a > max(q(0.5), 120)", a > maximum(q(0.5), 120)),
        ("a > min(1, q(1), max(2, 3))", a > minimum(1, q(1), maximum(2, 3))),
        ("not a > 1", ~(a > 1)),
        ("not not a > 1", a > 1),
        ("a > 1 and b > 2 and c > 3", And((a > 1, b > 2, c > 3))),
        ("a > 1 and (b > 2 and c > 3)", And((a > 1, b > 2, c > 3))),
        ("a > 1 or b > 2 and c > 3", Or((a > 1, And((b > 2, c > 3))))),
        ("(a > 1 or b > 2) and c > 3", And((Or((a > 1, b > 2)), c > 3))),
        ("not (a > 1 or b > 2)", Not(Or((a > 1, b > 2)))),
        ("not a > 1 and b > 2", And((Not(a > 1), b > 2))),
        ("True", And(())),
        ("False", Or(())),
        (" a > 1\n\tand b > 2 # why\n", (a > 1) & (b > 2)),
        ("a > 1 and\\\n b > 2", (a > 1) & (b > 2)),
        ("a > 1\rand b > 2", (a > 1) & (b > 2)),
        ("a > 1\r\nand b > 2", (a > 1) & (b > 2)),
        ("a == 'it\\'s'", a == "it's"),
        ("a == 'x' 'y'", a == "xy"),
        ("a == '''x\ny'''", a == "x\ny"),
        ("a == r'\\d'", a == "\\d"),
    ],
)
def test_text_means_what_the_same_python_would(text: str, rule: Rule) -> None:
    assert parse(text) == rule


def test_a_rule_is_returned_as_it_is() -> None:
    rule = a > 1
    assert parse(rule) is rule


@pytest.mark.parametrize("name", ODD_NAMES)
@pytest.mark.parametrize("tail", ["> 1", "== 'x'", "in [1, 2]"])
def test_odd_column_names_pass_through_text(name: str, tail: str) -> None:
    rule = parse(f"col({name!r}) {tail}")
    assert rule.column == name  # type: ignore[attr-defined]
    assert parse(str(rule)) == rule
    both = (col(name) > 1) & (col(name) <= 2)
    assert parse(str(both)) == both
    assert parse(str(missing(name))) == missing(name)


@pytest.mark.parametrize("name", ["ﬁ", "ｘ", "Å", "ª"])
def test_a_bare_name_is_the_column_as_written_not_as_python_normalises_it(
    name: str,
) -> None:
    # Python reads ﬁ as fi, and the frame has a column ﬁ.
    assert parse(f"{name} > 1") == (col(name) > 1)
    assert parse(f"{name} > 1", columns=[name]) == (col(name) > 1)


def caret(text: str, **options: Any) -> tuple[str, str]:
    """Return the message of the error and the piece of text that its carets mark."""
    with pytest.raises(RuleError) as error:
        parse(text, **options)
    *message, shown, carets = str(error.value).split("\n")
    assert carets.strip("^ ") == ""
    marked = shown[carets.index("^") : len(carets)]
    assert error.value.text == text
    assert error.value.span is not None
    assert text[slice(*error.value.span)] == marked
    return "\n".join(message), marked


@pytest.mark.parametrize(
    ("text", "message", "piece"),
    [
        ("a > b", "a value, not with another column", "b"),
        ("a > 1 and b", "A column alone is not a condition", "b"),
        ("a > 1 and col('b')", "A column alone is not a condition", "col('b')"),
        ("a > 1 and 3", "Not a condition", "3"),
        ("1 < 2", "Expected a column", "1"),
        ("'a' == 'b'", "Expected a column", "'a'"),
        ("a > 1 and b.c > 2", "written col('b.c')", "b.c"),
        ("a[0] > 1", "Expected a column", "a[0]"),
        ("a > 'x'", "Text has no order", "a > 'x'"),
        ("a > None", "None is no value", "None"),
        ("a == nan", "nan is no value", "nan"),
        ("a is None", "Rules have no 'is'", "a is None"),
        ("a > 1 + 1", "no arithmetic", "1 + 1"),
        ("a > 2 ** 9", "no arithmetic", "2 ** 9"),
        ("a > 1j", "must be a number", "1j"),
        ("a > b'x'", "must be a number", "b'x'"),
        ("a > ...", "must be a number", "..."),
        ("a > 1e999", "beyond float64", "1e999"),
        ("a >= 1e-400", "beyond float64, whose smallest one above 0 is", "1e-400"),
        ("a in [1, -0.01e-330]", "beyond float64, whose smallest", "0.01e-330"),
        (
            "a > 9007199254740993",
            "the nearest one is 9007199254740992",
            "9007199254740993",
        ),
        ("a > -q(0.5)", "Only numbers take a sign", "-q(0.5)"),
        ("a > q(2)", "must be in [0, 1]", "q(2)"),
        ("a > q(p=0.5)", "takes 1 value, unnamed", "q(p=0.5)"),
        ("a > q()", "takes 1 value", "q()"),
        ("a > q(*[1])", "takes 1 value, unnamed", "q(*[1])"),
        ("a > max(1)", "at least two", "max(1)"),
        ("a > max(1, b)", "Expected a number", "b"),
        ("col('b', 'c') > 1", "takes 1 value", "col('b', 'c')"),
        ("a > missing(b)", "not a threshold", "missing(b)"),
        ("a in []", "holds for nobody", "a in []"),
        ("a in 'xyz'", "needs a list", "'xyz'"),
        ("a in b", "needs a list", "b"),
        (
            "a in [1, 'x']",
            "all numbers, all text, all dates or all booleans",
            "a in [1, 'x']",
        ),
        ("a in [x for x in b]", "needs a list", "[x for x in b]"),
        ("missing(a, b)", "takes 1 value", "missing(a, b)"),
        ("missing('a')", "Expected a column", "'a'"),
        ("col(a) > 1", "takes a quoted column name", "a"),
        ("col(1) > 1", "must be a str", "1"),
        ("col('') > 1", "must not be empty", "''"),
        ("col('\\0') > 1", "NUL", "'\\0'"),
        ("a == '\\ud800'", "lone surrogates", "a == '\\ud800'"),
        ("~(a > 1)", "Negate with not", "~(a > 1)"),
        ("(a > 1) & (b > 2)", "Join conditions with and / or", "(a > 1) & (b > 2)"),
        ("open('x') > 1", "Unknown function", "open"),
        ("maxx(1, 2) < a", "Did you mean 'max'?", "maxx"),
        ("a.b() > 1", "Unknown function", "a.b"),
        ("a > 1 if b > 2 else c > 3", "Not a condition", "a > 1 if b > 2 else c > 3"),
        ("lambda: a", "Not a condition", "lambda: a"),
        ("a > 1, b > 2", "Not a condition", "a > 1, b > 2"),
        ("(x := 1)", "Not a condition", "x := 1"),
        ("f'{a}' == 'x'", "Expected a column", "f'{a}'"),
        ("é > 1 and ü > b", "not with another column", "b"),
    ],
)
def test_an_error_points_at_the_offending_piece(
    text: str, message: str, piece: str
) -> None:
    said, marked = caret(text)
    assert message in said
    assert marked == piece


@pytest.mark.parametrize(
    ("text", "message", "piece"),
    [
        ("a = 1", "Equality is written ==", None),
        ("a > 1 && b > 2", "Write and / or", "&"),
        ("a > 1 || b > 2", "Write and / or", "|"),
        ("a ≥ 1", "invalid character", "≥"),
        ("a > 1 or or b > 2", "invalid syntax", "o"),
        ("a > 1) or (b > 2", "unmatched ')'", ")"),
        ("(a > 1", "'(' was never closed", None),
        ("a in [1, 2", "'[' was never closed", None),
        ("a > 1]", "unmatched ']'", None),
        ("a > max(1, 2]", "unmatched ']'", "]"),
        ("a == 'x", "unterminated string", "'"),
        ("a == '\\d'", "invalid escape", None),
        ("a > 01", "leading zeros", None),
        ("a >", "ends too early", None),
        ("a > 1 and", "ends too early", None),
    ],
)
def test_a_syntax_error_says_what_and_where(
    text: str, message: str, piece: str | None
) -> None:
    said, marked = caret(text)
    assert said.startswith("Not a rule: ")
    assert message in said
    assert piece is None or marked == piece


def test_the_caret_finds_its_line_among_several() -> None:
    with pytest.raises(RuleError) as error:
        parse("a > 1 and\n  plan > b or\n  c > 2")
    assert str(error.value).endswith("\n    plan > b or\n           ^")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_an_error_knows_its_text_and_the_place_of_the_piece(end: str) -> None:
    text = f"é > 1 and{end}  ü > ünd or{end}  c > 2"
    with pytest.raises(RuleError) as error:
        parse(text)
    assert error.value.text == text
    assert error.value.span is not None
    assert text[slice(*error.value.span)] == "ünd"
    with pytest.raises(RuleError, match="Segment 'VIP': A rule compares") as again:
        RuleSet({"VIP": text})
    assert (again.value.text, again.value.span) == (text, error.value.span)


def test_a_piece_over_several_lines_is_marked_on_its_first_and_known_whole() -> None:
    text = "a > 1 and (b &\n c) or d > 2"
    with pytest.raises(RuleError) as error:
        parse(text)
    assert error.value.span is not None
    assert text[slice(*error.value.span)] == "b &\n c"
    assert str(error.value).endswith("\n  a > 1 and (b &\n             ^^^")


def test_the_caret_finds_its_place_in_a_long_rule() -> None:
    text = " and ".join(["a > 1"] * 200 + ["b > c"] + ["a > 1"] * 200)
    with pytest.raises(RuleError) as error:
        parse(text)
    assert error.value.span is not None
    assert text[slice(*error.value.span)] == "c"
    *_, shown, carets = str(error.value).split("\n")
    assert len(shown) < 120
    assert shown[carets.index("^") - 4 :].startswith("b > c")


@pytest.mark.parametrize(
    ("text", "message", "piece"),
    [
        ("avo >= 1", "Unknown column 'avo'. Did you mean 'aov'?", "avo"),
        ("aov > 1 and Plan == 'x'", "Did you mean 'plan'?", "Plan"),
        ("col('plam') == 'x'", "Did you mean 'plan'?", "col('plam')"),
        ("missing(zzz)", "Available: 'aov', 'plan'.", "zzz"),
        ("1 < zzz < 3", "Unknown column 'zzz'", "zzz"),
    ],
)
def test_an_unknown_column_is_marked_and_the_likely_one_suggested(
    text: str, message: str, piece: str
) -> None:
    said, marked = caret(text, columns=["aov", "plan"])
    assert message in said
    assert marked == piece


def test_unknown_columns_of_a_built_rule_are_errors_too() -> None:
    with pytest.raises(RuleError, match="Unknown column 'avo'"):
        parse((col("aov") > 1) & missing("avo"), columns=["aov", "plan"])


@pytest.mark.parametrize("text", [None, 1, b"a > 1", ["a > 1"]])
def test_what_is_no_text_is_refused(text: Any) -> None:
    with pytest.raises(RuleError, match="must be a str or a Rule"):
        parse(text)


HOSTILE = [
    "",
    " ",
    "\n",
    "#",
    "()",
    "__import__('os').system('touch owned')",
    "a > __import__('os').getpid()",
    "@pd.io.common.os.system('touch owned')",
    "a.__class__.__mro__[1].__subclasses__() == 1",
    "a > (lambda: 1)()",
    "a > [x for x in ().__class__.__bases__]",
    "eval('1') < a",
    "exec('x') == 'x'",
    "open('/etc/passwd').read() == a",
    "a == f'{open(\"/etc/passwd\")}'",
    "a > 10**10**10",
    "a > 'x' * 10**9",
    "(yield)",
    "await a",
    "*a",
    "**a",
    "a; b",
    "a\nb",
    "import os",
    "a > 1) and (b > 2",
    "a > 1] or [b > 2",
    "a > 1\n) or (\nb > 2",
    "a > 1 # )\n",
    "'''",
    "a > 1\0",
    "a > \ud800",
    "a == '\ud800'",
    "\ufeffa > 1",
    "a > 1\x0cand b > 2",
    "a > 1 \u2028 and b > 2",
    "a > ٣",
    "a > 1_",
    "a > 0b2",
    "a > 1e",
    "a > " + "9" * 400,
    "a > " + "9" * 5000,
    "a > 0x" + "f" * 90_000,
    "a > 1" + "0" * 90_000,
    "a > 1." + "0" * 90_000,
    "-" * 200 + "1 < a",
    "-" * 3000 + "1 < a",
    "a > " + "-" * 99_000 + "1",
    "a > " + "+-" * 1000 + "1",
    "not " * 45 + "a > 1",
    "not " * 60 + "a > 1",
    "not " * 3000 + "a > 1",
    "not " * 24_000 + "a > 1",
    "(" * 99_000,
    "(" * 150 + "a > 1" + ")" * 150,
    "(" * 5000 + "a > 1" + ")" * 5000,
    "a > max(1, " * 90 + "1" + ")" * 90,
    "a > max(1, " * 4000 + "1" + ")" * 4000,
    "a" + ".a" * 49_000 + " > 1",
    "a" + "[0]" * 30_000 + " > 1",
    "a" + "()" * 30_000 + " > 1",
    "a > 1" + " + 1" * 20_000,
    "a" + " < 1 < a" * 10_000,
    "a in [" + "1, " * 30_000 + "]",
    " or ".join(["a > 1"] * 11_000),
    "{" * 3000,
    "a > 1" + "\n" * 90_000,
    "\\" * 90_000,
    "'" + "\\" * 90_000,
    "a == " + "'x' " * 20_000,
    "a > " + "1 if b else " * 2000 + "1",
    "lambda: " * 5000 + "1",
    "`a` > 1",
    "a <> 1",
    "a > $1",
    "a ? b",
    "a > 1 and\\",
    "\\",
]


def parses_or_refuses(text: str) -> Rule | None:
    """Return the rule or None; anything but a RuleError is an error of the test."""
    try:
        return parse(text)
    except RuleError as error:
        said = str(error)
    assert 10 < len(said) < 1000
    return None


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text)[:30])
def test_hostile_text_is_read_or_refused_and_never_evaluated(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def evaluated(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("evaluated")

    monkeypatch.setattr(builtins, "eval", evaluated)
    monkeypatch.setattr(builtins, "exec", evaluated)
    monkeypatch.setattr(builtins, "open", evaluated)
    rule = parses_or_refuses(text)
    if rule is not None:
        assert set(RuleSet({"x": rule}).columns) <= {"a", "b", "c"}


@pytest.mark.parametrize("depth", [30, 500])
def test_text_is_read_or_refused_at_any_depth_of_the_callers_stack(depth: int) -> None:
    def deeper(levels: int) -> None:
        if levels:
            deeper(levels - 1)
        else:
            parses_or_refuses("a > " + "-" * 400 + "1")
            parses_or_refuses("not " * 50 + "a > 1")
            parses_or_refuses("a > " + "max(1, " * 49 + "2" + ")" * 49)

    deeper(min(depth, sys.getrecursionlimit() // 2))


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    parses_or_refuses(text)


PIECES = [
    *("a", "b", "col('a b')", "1", "-1", "1e9", "'x'", "inf", "nan", "None", "True"),
    *("<", "<=", ">", ">=", "==", "!=", "=", "in", "not in", "is", "and", "or", "not"),
    *("(", ")", "[", "]", "{", "}", ",", ":", ".", "\n", "\r", "\\", "#", "*", "**"),
    *("q(0.5)", "max(1, 2)", "min(", "missing(a)", "missing(", "lambda", "if", "else"),
    *("'", '"', '"""', "~", "&", "|", "-", "+", "ﬁ", "é", "\t", ":=", "@", "f''"),
]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join))
def test_any_words_of_the_language_are_read_or_refused(text: str) -> None:
    rule = parses_or_refuses(text)
    if rule is not None:
        assert parse(str(rule)) == rule


@given(rules(resolved=False), st.data())
def test_a_damaged_rule_is_read_or_refused(rule: Rule, data: st.DataObject) -> None:
    text = str(rule)
    start = data.draw(st.integers(0, len(text)))
    stop = data.draw(st.integers(start, min(len(text), start + 4)))
    inserted = data.draw(st.sampled_from(["", *PIECES]) | st.text(max_size=3))
    damaged = parses_or_refuses(text[:start] + inserted + text[stop:])
    if damaged is not None:
        assert parse(str(damaged)) == damaged


@given(rules(resolved=False, max_leaves=12))
def test_a_rule_survives_its_own_text(rule: Rule) -> None:
    assert parse(str(rule)) == rule


@given(st.text(min_size=1, max_size=8), st.text(max_size=8))
def test_any_column_name_and_any_value_survive_text(name: str, value: str) -> None:
    try:
        rule = (col(name) != value) & missing(name)
    except RuleError:
        assume(False)
    assert parse(str(rule)) == rule
    assert parse(f"col({name!r}) != {value!r} and missing(col({name!r}))") == rule


@given(st.floats(allow_nan=False))
def test_every_float_survives_text(number: float) -> None:
    rule = (a > number) & (a <= number)
    assert parse(str(rule)) == rule


@given(rule_sets(resolved=False), st.sampled_from([None, 2]))
def test_a_rule_set_survives_json(rule_set: RuleSet, indent: int | None) -> None:
    text = rule_set.to_json(indent=indent)
    json.loads(text)
    back = RuleSet.from_json(text)
    assert back == rule_set
    assert back.names == rule_set.names
    assert [str(back[n]) for n in back.rules] == [str(rule_set[n]) for n in back.rules]


@pytest.mark.parametrize("value", SPECIAL_TEXTS)
def test_odd_values_survive_json(value: str) -> None:
    rule_set = RuleSet({value or "empty": col(value or "x").isin([value, "other"])})
    assert RuleSet.from_json(rule_set.to_json()) == rule_set


def test_text_may_have_a_hundred_thousand_characters_and_no_more() -> None:
    longest = "a > 1" + " " * (100_000 - 5)
    assert parse(longest) == (a > 1)
    with pytest.raises(RuleError, match=r"100,000 characters at most. Got 100,001"):
        parse(longest + " ")


def test_rules_may_be_nested_fifty_deep_and_no_deeper() -> None:
    def nested(levels: int) -> str:
        return "a > 1" if levels == 0 else f"not (b > 2 or {nested(levels - 1)})"

    rule = parse(nested(25))
    assert parse(str(rule)) == rule
    with pytest.raises(RuleError, match="nested 50 levels deep at most"):
        parse(nested(26))


@pytest.mark.parametrize(
    ("text", "params", "expected"),
    [
        ("aov >= {floor}", {"floor": 120}, "aov >= 120"),
        ("{floor} <= aov", {"floor": np.float64(0.5)}, "aov >= 0.5"),
        ("aov >= -{floor}", {"floor": 3}, "aov >= -3"),
        ("aov >= {floor}", {"floor": q(0.75)}, "aov >= q(0.75)"),
        ("aov >= q({level})", {"level": 0.9}, "aov >= q(0.9)"),
        (
            "aov >= max(q({level}), {floor})",
            {"level": 0.9, "floor": 120},
            "aov >= max(q(0.9), 120)",
        ),
        ("plan == {plan}", {"plan": "it's {x}"}, 'plan == "it\'s {x}"'),
        ("plan in {plans}", {"plans": ["a", "b"]}, "plan in ['a', 'b']"),
        ("plan not in [{plan}, 'b']", {"plan": "a"}, "plan not in ['a', 'b']"),
        ("plan == '{plan}'", {"plan": "a"}, "plan == '{plan}'"),
        ("x in {1, 2}", None, "x in [1, 2]"),
    ],
)
def test_parameters_take_the_place_of_values(
    text: str, params: Any, expected: str
) -> None:
    assert parse(text, params=params) == parse(expected)


@pytest.mark.parametrize(
    ("text", "params", "message"),
    [
        (
            "aov >= {flooor}",
            {"floor": 1},
            r"'flooor' has no value .*'floor'\?",
        ),
        ("aov >= {floor}", None, "'floor' has no value in params"),
        ("aov >= {floor}", {"floor": "120"}, "Text has no order"),
        ("aov >= q({level})", {"level": 1.5}, r"must be in \[0, 1\]"),
        ("aov >= q({level})", {"level": "x"}, "must be a number"),
        ("aov >= {floor}", {"floor": None}, "must be a number"),
        ("plan in {plans}", {"plans": "ab"}, "needs a list of values"),
        ("plan in {plans}", {"plans": []}, "at least one value"),
        ("{column} >= 1", {"column": "aov"}, "Expected a column here"),
    ],
)
def test_a_parameter_without_a_fitting_value_is_marked(
    text: str, params: Any, message: str
) -> None:
    with pytest.raises(RuleError, match=message) as caught:
        parse(text, params=params)
    assert "^" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("aov >= t", 3),
        ("t <= aov", 3),
        ("10 < aov < t", 40),
        ("aov >= -t", 3),
        ("aov >= max(q(0.5), t)", 3),
        ("aov >= q(t)", 0.5),
        ("plan == t", "free"),
        ("plan in t", ["free"]),
        ("plan in [t, 'pro']", "free"),
        ("not (plan == t or missing(aov))", "free"),
    ],
)
@pytest.mark.parametrize("columns", [None, ["aov", "plan"]], ids=["any", "known"])
def test_a_parameter_without_braces_is_told_to_take_them(
    text: str, value: Any, columns: list[str] | None
) -> None:
    with pytest.raises(RuleError, match=r"'t' is written in braces: \{t\}") as caught:
        parse(text, columns=columns, params={"t": value})
    start, end = caught.value.span
    mended = f"{text[:start]}{{t}}{text[end:]}"
    parse(mended, columns=columns, params={"t": value})


def test_a_parameter_is_no_column() -> None:
    with pytest.raises(RuleError, match="'t' stands for a value, not a column"):
        parse("t > 3", columns=["aov"], params={"t": "aov"})


def test_a_column_of_the_name_of_a_parameter_is_a_column() -> None:
    assert str(parse("t > {t}", columns=["t"], params={"t": 3})) == "t > 3"
    with pytest.raises(RuleError, match="not with another column"):
        parse("aov > t", columns=["aov", "t"], params={"t": 3})
