"""One row at a time: the same segment as `assign`, for every value and every error."""

from __future__ import annotations

import math
import pickle
from collections import UserDict, defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skseg.exceptions import MissingColumnError, RuleError
from skseg.rules import RuleSet, parse

from .generators import WORDS, Rules, near_partition, partition, random_rules
from .strategies import columns_for, rule_sets


class Thing:
    """What is neither number nor text; its name is the same in every process."""

    def __repr__(self) -> str:
        return "Thing()"


NOTHING = [None, math.nan, np.nan, np.float32("nan"), pd.NA, pd.NaT, Decimal("sNaN")]
NOTHING += [Decimal("NaN"), np.datetime64("NaT")]
NUMBERS = [
    *[True, False, np.True_, np.False_, 0, -0.0, 3, -7, 0.1, math.inf, -math.inf],
    *[2**53 + 1, -(2**63), 2**64, 10**400, -(10**400), np.int8(-3), np.uint64(2**63)],
    *[np.float16(0.1), np.float32(0.1), np.float64(0.1), np.longdouble("0.1")],
    *[Decimal("0.1"), Decimal("1e400"), Decimal("-Infinity"), Fraction(1, 3)],
    *[5e-324, 1.7976931348623157e308],
]
TEXTS = [*WORDS, "unseen", "PRO", np.str_("pro"), "\ud800", "\0"]
WRONG_NUMBERS = ["3", "", b"3", 1j, np.complex128(1j), Thing(), datetime(2024, 1, 1)]
WRONG_NUMBERS += [date(2024, 1, 1), pd.Timestamp("2024-01-01"), np.datetime64("2024")]
WRONG_TEXTS = [1, 1.5, True, np.float64(1.0), b"pro", Decimal(1), math.inf, Thing()]


def batch_outcome(rules: RuleSet, row: dict[str, Any]) -> Any:
    """Return the code of a batch of one row, or the class and text of the error."""
    try:
        return int(rules.assign({name: [value] for name, value in row.items()})[0])
    except RuleError as error:
        return type(error), str(error)


def row_outcome(rules: RuleSet, row: dict[str, Any]) -> Any:
    try:
        return rules.assign_row(row)
    except RuleError as error:
        return type(error), str(error)


@given(st.data())
def test_a_row_gets_the_code_that_assign_gives_it(data: Any) -> None:
    rules = data.draw(rule_sets(min_size=1))
    columns = data.draw(columns_for(rules))
    codes = rules.assign(columns).tolist()
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values())]  # noqa: B905
    assert [rules.assign_row(row) for row in rows] == codes


@given(st.data())
def test_any_python_value_has_the_outcome_of_a_batch_of_one_row(data: Any) -> None:
    rules = data.draw(rule_sets(min_size=1))
    anything = st.sampled_from(
        [*NOTHING, *NUMBERS, *TEXTS, *WRONG_NUMBERS, *WRONG_TEXTS]
    )
    row = {name: data.draw(anything) for name in rules.columns}
    assert row_outcome(rules, row) == batch_outcome(rules, row | {"further": 1})


@pytest.mark.parametrize(
    "value", [*NOTHING, *NUMBERS, *WRONG_NUMBERS, np.array(2.5)], ids=repr
)
@pytest.mark.parametrize(
    "rule", ["a > 0", "a <= 0.1", "a == 9007199254740992", "a != 3", "a in [1, inf]"]
)
def test_every_number_and_every_wrong_kind(rule: str, value: Any) -> None:
    rules = RuleSet({"yes": rule}, default="no")
    assert row_outcome(rules, {"a": value}) == batch_outcome(rules, {"a": value})


@pytest.mark.parametrize("value", [*NOTHING, *TEXTS, *WRONG_TEXTS], ids=repr)
@pytest.mark.parametrize("rule", ["s == 'pro'", "s != 'pro'", "s in ['', 'free']"])
def test_every_text_and_every_wrong_kind(rule: str, value: Any) -> None:
    rules = RuleSet({"yes": rule}, default="no")
    assert row_outcome(rules, {"s": value}) == batch_outcome(rules, {"s": value})


@pytest.mark.parametrize(
    "value", [*NOTHING, *NUMBERS, *TEXTS, *WRONG_NUMBERS, *WRONG_TEXTS], ids=repr
)
def test_every_value_can_be_asked_whether_it_is_missing(value: Any) -> None:
    rules = RuleSet({"unknown": "missing(a)"}, default="known")
    assert row_outcome(rules, {"a": value}) == batch_outcome(rules, {"a": value})


def many_rows(rng: Random, rules: Rules, n_rows: int) -> dict[str, list[Any]]:
    """Return random columns: any values, those of the grid, special ones, missing."""
    columns: dict[str, list[Any]] = {}
    for name, kind in RuleSet(rules).kinds.items():
        if kind == "text":
            pool = [*TEXTS, *WORDS * 5, *NOTHING]
        else:
            numbers = [round(rng.uniform(-1000, 1000), 3) for _ in range(200)]
            grid = [float(number) for number in range(-4, 5)] * 10
            pool = [*numbers, *grid, *NUMBERS, *NOTHING]
        columns[name] = rng.choices(pool, k=n_rows)
    return columns


MAKERS: list[Callable[[Random], Rules]] = [
    lambda rng: partition(rng, 11, 3, grid=True),
    lambda rng: near_partition(rng, partition(rng, 30, 6), 3),
    lambda rng: random_rules(rng, 30, 5, grid=True),
    lambda rng: random_rules(rng, 80, 9),
]


@pytest.mark.parametrize("make", MAKERS, ids=["grid", "near", "random", "many"])
def test_many_rows_one_by_one_are_the_batch(make: Callable[[Random], Rules]) -> None:
    # 10**5 rows by default, 10**6 in the thorough profile.
    thorough = settings.default.max_examples >= 2000  # type: ignore[union-attr]
    rng = Random(13)
    for variant in range(5):
        rules = make(rng)
        universe = parse("number0 > -1.5 or text2 == 'pro'")
        options: list[dict[str, Any]] = [
            {},
            {"default": "rest"},
            {"universe": universe},
            {"universe": universe, "default": "rest"},
            {"noise": list(rules)[-1], "default": "rest"},
        ]
        rule_set = RuleSet(rules, **options[variant])
        columns = many_rows(
            rng, rules | {"universe": universe}, 50_000 if thorough else 5_000
        )
        codes = rule_set.assign(columns).tolist()
        rows = (dict(zip(columns, v, strict=True)) for v in zip(*columns.values()))  # noqa: B905
        assert list(map(rule_set.assign_row, rows)) == codes
        assert len(set(codes)) > 1


def test_the_answer_is_a_plain_int() -> None:
    code = RuleSet({"VIP": "aov >= 120"}).assign_row({"aov": np.float64(200.0)})
    assert type(code) is int


def test_further_keys_are_ignored_whatever_they_hold() -> None:
    rules = RuleSet({"VIP": "aov >= 120"})
    assert rules.assign_row({"aov": 200.0, "when": datetime.now(), 7: object()}) == 0


def test_keys_that_are_no_text_name_columns_by_their_text() -> None:
    rules = RuleSet({"high": "col('0') > 1"})
    assert rules.assign_row({0: 2.0}) == rules.assign({0: [2.0]})[0] == 0  # type: ignore[dict-item]


def test_any_mapping_is_a_row() -> None:
    assert RuleSet({"VIP": "aov >= 120"}).assign_row(UserDict(aov=200.0)) == 0


def test_absent_columns_are_named_with_those_there_are() -> None:
    rules = RuleSet({"VIP": "aov >= 120 and plan == 'pro'"})
    with pytest.raises(MissingColumnError) as caught:
        rules.assign_row({"Aov": 200.0})
    assert caught.value.missing == ("aov", "plan")
    assert caught.value.value == ("Aov",)
    assert "Did you mean 'Aov'?" in str(caught.value)
    assert str(caught.value) == batch_outcome(rules, {"Aov": 200.0})[1]


def test_the_facts_of_a_wrong_value_are_attributes() -> None:
    with pytest.raises(RuleError) as caught:
        RuleSet({"VIP": "aov >= 120"}).assign_row({"aov": "200"})
    facts = caught.value
    assert (facts.column, facts.row, facts.value) == ("aov", 0, "200")
    assert facts.rule == "numbers"
    assert facts.advice is not None


@pytest.mark.parametrize("values", [[200.0], (1.0, 2.0), np.array([1.0]), {"x": 1}])
def test_several_values_in_a_row_are_refused_and_assign_is_named(values: Any) -> None:
    with pytest.raises(RuleError, match=r"one value for each column.*RuleSet\.assign"):
        RuleSet({"VIP": "aov >= 120"}).assign_row({"aov": values})


@pytest.mark.parametrize("row", [[200.0], "aov", 3, None, pd.DataFrame({"b": [1]})])
def test_what_is_no_mapping_is_refused_and_assign_is_named(row: Any) -> None:
    with pytest.raises(RuleError, match=r"must be a mapping.*RuleSet\.assign"):
        RuleSet({"VIP": "aov >= 120"}).assign_row(row)


def test_assign_names_assign_row_when_it_is_given_a_single_row() -> None:
    rules = RuleSet({"VIP": "aov >= 120"})
    with pytest.raises(RuleError, match=r"single row.*RuleSet\.assign_row") as caught:
        rules.assign({"aov": 200.0})
    assert caught.value.column == "aov"
    # The advice works.
    assert rules.assign_row({"aov": 200.0}) == 0


def test_open_quantiles_have_no_answer() -> None:
    with pytest.raises(RuleError, match="Call resolve"):
        RuleSet({"VIP": "aov >= q(0.75)"}).assign_row({"aov": 200.0})


def test_rules_without_columns_need_no_value() -> None:
    assert RuleSet({"nobody": "False", "everybody": "True"}).assign_row({}) == 1
    assert RuleSet({}).assign_row({"aov": 1.0}) == -1


@pytest.mark.parametrize("copy", [deepcopy, lambda r: pickle.loads(pickle.dumps(r))])
def test_a_rule_set_in_use_can_be_copied_and_pickled(
    copy: Callable[[RuleSet], RuleSet],
) -> None:
    rules = RuleSet(
        {"VIP": "aov >= 120 or plan == 'pro'", "Core": "aov >= 40"}, default="Small"
    )
    row = {"aov": 50.0, "plan": "free"}
    assert rules.assign_row(row) == 1
    copied = copy(rules)
    assert copied == rules
    assert copied.assign_row(row) == 1
    assert copied.assign({"aov": [50.0], "plan": ["free"]}).tolist() == [1]


def test_threads_may_share_a_rule_set_that_is_not_compiled_yet() -> None:
    rules = RuleSet(random_rules(Random(0), 50, 6), default="rest")
    columns = many_rows(Random(1), dict(rules.rules), 400)
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values())]  # noqa: B905
    expected = rules.assign(columns).tolist()
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(rules.assign_row, rows)) == expected


@pytest.mark.parametrize("text", ["x > 1", "x == 'pro'", "missing(x)"])
@pytest.mark.parametrize(
    "value",
    [
        *[np.timedelta64("NaT"), np.timedelta64(5), np.timedelta64(5, "D")],
        *[pd.Timedelta(1), np.ma.masked],
    ],
    ids=repr,
)
def test_durations_and_masked_values_are_read_as_in_a_frame(
    text: str, value: Any
) -> None:
    rules = RuleSet({"A": text, "B": "missing(x)"}, default="C")
    frame = pd.DataFrame({"x": pd.Series([value], dtype=object)})

    def outcome(assign: Callable[[], Any]) -> Any:
        try:
            return int(assign())
        except RuleError as error:
            return type(error)

    by_frame = outcome(lambda: rules.assign(frame)[0])
    assert outcome(lambda: rules.assign_row({"x": value})) == by_frame


def test_a_mapping_that_invents_values_is_left_as_it_was() -> None:
    row = defaultdict(lambda: None, {"q": 1.0})
    with pytest.raises(MissingColumnError, match="Available: 'q'"):
        RuleSet({"A": "x > 1"}).assign_row(row)
    assert dict(row) == {"q": 1.0}


@pytest.mark.parametrize(
    "row", [np.array([5.0]), [5.0], np.zeros(1, dtype=[("y", "f8")])[0]]
)
def test_what_has_no_named_values_is_no_row(row: Any) -> None:
    with pytest.raises(RuleError, match="must be a mapping"):
        RuleSet({"A": "x > 1"}).assign_row(row)


def test_a_row_of_a_frame_is_one() -> None:
    rules = RuleSet({"A": "x > 1"}, default="B")
    frame = pd.DataFrame({"x": [2.0, 0.0], "y": ["u", "v"]})
    rows = [rules.assign_row(row) for _, row in frame.iterrows()]
    assert rows == rules.assign(frame).tolist()
    with pytest.raises(MissingColumnError, match="Available: 'y'"):
        rules.assign_row(frame[["y"]].iloc[0])
    with pytest.raises(MissingColumnError, match="Available: none"):
        rules.assign_row({})
