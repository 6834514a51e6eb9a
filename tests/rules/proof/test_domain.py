"""What a schema may say: each value is checked, and each domain means what it says."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest

from skseg import MECERuleSegmenter
from skseg.exceptions import RuleError
from skseg.rules import Domain, RuleSet
from skseg.rules._language._conditions import comparison

DAY, NEXT_DAY = dt.date(2024, 2, 28), dt.date(2024, 2, 29)
NO_FLAGS = {
    "text": "false",
    "word": "maybe",
    "empty": "",
    "five": 5,
    "zero": 0,
    "one": 1,
    "zero as float": 0.0,
    "none": None,
    "nan": math.nan,
    "NA": pd.NA,
    "list": [],
    "array": np.array(True),
    "numpy zero": np.int64(0),
    "type": bool,
}
NO_BOUNDS = {
    "nan": (math.nan, "NaN"),
    "numpy nan": (np.float64("nan"), "NaN"),
    "none": (None, "Leave it out"),
    "NaT": (pd.NaT, "Leave it out"),
    "NA": (pd.NA, "Leave it out"),
    "text": ("1", "a number or a date"),
    "ISO text": ("2024-01-01", "a number or a date"),
    "bytes": (b"1", "a number or a date"),
    "true": (True, "a number or a date"),
    "numpy true": (np.bool_(True), "a number or a date"),
    "decimal": (Decimal("1.5"), "a number or a date"),
    "complex": (1j, "a number or a date"),
    "duration": (dt.timedelta(1), "a number or a date"),
    "numpy duration": (np.timedelta64(1, "D"), "a number or a date"),
    "time": (dt.time(1), "a number or a date"),
    "list": ([1], "a number or a date"),
    "array": (np.array([1.0]), "a number or a date"),
    "integer beyond float64": (10**400, "308 digits"),
    "integer of 5000 digits": (-(10**5000), "308 digits"),
    "integer between float64": (2**53 + 1, "nearest one is 9007199254740992"),
    "fraction": (Fraction(1, 3), "nearest one is 0.3333333333333333"),
    "moment with a zone": (pd.Timestamp("2024-01-01", tz="UTC"), "no time zone"),
    "nanoseconds": (pd.Timestamp(1), "in microseconds"),
}
NO_VALUES = {
    "empty": ([], "at least one value"),
    "empty tuple": ((), "at least one value"),
    "text": ("abc", "must be a list"),
    "bytes": (b"ab", "must be a list"),
    "number": (3, "must be a list"),
    "mapping": ({1: 2}, "must be a list"),
    "set": ({1, 2}, "must be a list"),
    "table": (np.array([[1, 2]]), "must be a list"),
    "nested": ([[1], [2]], "all numbers, all text"),
    "mixed kinds": ([1, "a"], "all numbers, all text"),
    "true and one": ([True, 1], "all numbers, all text"),
    "date and text": ([DAY, "2024-02-29"], "all numbers, all text"),
    "nan": ([1, math.nan], "missing=True"),
    "none": (["a", None], "missing=True"),
    "NaT": ([DAY, pd.NaT], "missing=True"),
    "NA": ([pd.NA], "missing=True"),
    "decimal": ([Decimal(1)], "all numbers, all text"),
    "complex": ([1j], "all numbers, all text"),
    "duration": ([np.timedelta64(1, "D")], "all numbers, all text"),
    "bytes inside": ([b"a"], "all numbers, all text"),
    "twice": (["a", "b", "a"], "different values"),
    "twice as other types": ([1, 1.0], "different values"),
    "zeros": ([0.0, -0.0], "different values"),
    "the same moment": ([DAY, dt.datetime(2024, 2, 28)], "different values"),
    "integer between float64": ([1, 2**53 + 1], "nearest one is 9007199254740992"),
    "integer beyond float64": ([10**400], "308 digits"),
    "NUL": (["a\0"], "NUL"),
}
REFUSED = [
    *(
        (f, {f: v}, "True or False", k)
        for f in ("integer", "missing")
        for k, v in NO_FLAGS.items()
    ),
    *((b, {b: v}, m, k) for b in ("low", "high") for k, (v, m) in NO_BOUNDS.items()),
    *(("values", {"values": v}, m, k) for k, (v, m) in NO_VALUES.items()),
    ("low", {"low": 2, "high": 1}, "low <= high", "crossed numbers"),
    ("low", {"low": NEXT_DAY, "high": DAY}, "low <= high", "crossed dates"),
    ("low", {"low": math.inf, "high": -math.inf}, "low <= high", "crossed infinities"),
    ("high", {"low": DAY, "high": 5}, "must be a date", "date below number"),
    ("low", {"low": 5, "high": DAY}, "must be a date", "number below date"),
    ("integer", {"low": DAY, "integer": True}, "must be False", "whole dates"),
    ("values", {"values": [1], "low": 0}, "not both", "values above"),
    ("values", {"values": [DAY], "high": NEXT_DAY}, "not both", "dates below"),
    ("values", {"values": [1], "integer": True}, "not both", "whole values"),
]


@pytest.mark.parametrize(
    ("name", "domain", "message"),
    [case[:3] for case in REFUSED],
    ids=[f"{name} {label}" for name, _, _, label in REFUSED],
)
def test_what_no_domain_may_say_is_refused_wherever_it_is_said(
    name: str, domain: dict[str, Any], message: str
) -> None:
    with pytest.raises(RuleError, match=message) as caught:
        Domain(**domain)
    assert (caught.value.owner, caught.value.name) == ("Domain", name)
    rules = {"A": "x <= 1", "B": "x >= 2"}
    schema, two = {"x": domain}, pd.DataFrame({"x": [1.0, 2.0]})
    for refuse in (
        lambda: RuleSet(rules).verify(schema),
        lambda: RuleSet(rules).disjoint(schema),
        lambda: RuleSet(rules).simplify(schema),
        lambda: RuleSet(rules).describe(schema),
        lambda: MECERuleSegmenter(rules, schema=schema).verify(),
        lambda: MECERuleSegmenter(rules, schema=schema).fit(two),
    ):
        with pytest.raises(RuleError, match=message) as caught:
            refuse()
        assert "The schema of column 'x'" in str(caught.value)
        assert (caught.value.name, caught.value.column) == (name, "x")


@pytest.mark.parametrize(
    "schema", [{5: {}}, {None: {}}, {"": {}}, {("x",): {}}], ids=str
)
def test_what_is_no_column_name_is_refused_in_a_schema(schema: Any) -> None:
    with pytest.raises(RuleError, match="A column name must"):
        RuleSet({"a": "x > 1"}).verify(schema)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({"integer": np.bool_(True)}, Domain(integer=True)),
        ({"missing": np.bool_(False)}, Domain(missing=False)),
        ({"low": np.float32(0.5), "high": np.int8(3)}, Domain(low=0.5, high=3.0)),
        ({"low": Fraction(1, 2)}, Domain(low=0.5)),
        ({"low": 2**53 + 2}, Domain(low=2.0**53 + 2)),
        ({"low": -math.inf, "high": math.inf}, Domain()),
        ({"values": np.array([1, 2])}, Domain(values=(1.0, 2.0))),
        ({"values": pd.Series(["a", "b"])}, Domain(values=("a", "b"))),
        ({"values": range(3)}, Domain(values=(0.0, 1.0, 2.0))),
        ({"values": [np.True_, np.False_]}, Domain(values=(True, False))),
        ({"values": [math.inf, 1]}, Domain(values=(math.inf, 1.0))),
        ({"low": DAY}, Domain(low=dt.datetime(2024, 2, 28))),
        ({"low": np.datetime64("2024-02-28")}, Domain(low=pd.Timestamp(DAY))),
    ],
    ids=str,
)
def test_values_of_any_type_are_taken_as_what_they_are_in_rules(
    given: dict[str, Any], meant: Domain
) -> None:
    domain = Domain(**given)
    assert domain == meant
    assert type(domain.integer) is type(domain.missing) is bool
    assert hash(domain) == hash(meant)


def test_a_text_that_says_false_proves_nothing() -> None:
    rules = RuleSet({"A": "x <= 1 or missing(x)", "B": "x >= 2"})
    assert not rules.verify({"x": {"integer": False}}).is_mece
    assert rules.verify({"x": {"integer": True}}).is_mece
    with pytest.raises(RuleError, match=r"True or False\. Got 'false' instead"):
        rules.verify({"x": {"integer": "false"}})


def test_dates_bound_a_column_of_dates() -> None:
    rules = RuleSet({"old": "d < date('2024-01-01')", "new": "d > date('2024-01-01')"})
    (gap,) = rules.verify({"d": {"missing": False}}).gaps
    assert gap.box == {"d": "{2024-01-01}"}
    for bound in (
        {"low": dt.datetime(2024, 1, 1, 0, 0, 1)},
        {"high": dt.date(2023, 12, 31)},
    ):
        assert rules.verify({"d": {"missing": False, **bound}}).is_mece
    (gap,) = (
        RuleSet({"old": "d < date('2024-01-01')"})
        .verify({"d": Domain(low=DAY, high=NEXT_DAY, missing=False)})
        .gaps
    )
    # The whole of what is possible: there is no box to name.
    assert gap.box == {}
    assert gap.witness["d"] == dt.datetime(2024, 2, 28)
    (gap,) = (
        RuleSet({"old": "d < date('2024-02-28 12:00')"})
        .verify({"d": Domain(low=DAY, high=NEXT_DAY)})
        .gaps
    )
    assert gap.box == {"d": "[2024-02-28 12:00, 2024-02-29] or missing"}


def test_dates_of_a_domain_are_shown_as_rules_write_them() -> None:
    domain = Domain(low=DAY, missing=False)
    assert "low=date('2024-02-28'), high=inf" in repr(domain)
    assert "values=(date('2024-02-28'),)" in repr(Domain(values=[DAY]))


def test_bounds_of_another_kind_than_the_rules_are_refused() -> None:
    with pytest.raises(RuleError, match="holds dates; the rules compare"):
        RuleSet({"a": "x > 1"}).verify({"x": {"low": DAY}})
    with pytest.raises(RuleError, match="holds numbers; the rules compare"):
        RuleSet({"a": "x > date('2024-01-01')"}).verify({"x": {"low": 1}})


def test_a_row_beyond_a_date_of_the_schema_is_refused_by_its_column() -> None:
    segmenter = MECERuleSegmenter(
        {"old": "d < date('2024-02-29')", "new": "d == date('2024-02-29')"},
        schema={"d": {"low": DAY, "high": NEXT_DAY, "missing": False}},
    ).fit(pd.DataFrame({"d": [DAY, NEXT_DAY]}))
    texts = pd.DataFrame({"d": ["2024-02-28", "2024-02-29", "2024-03-01"]})
    assert segmenter.predict(texts[:2]).tolist() == [0, 1]
    with pytest.raises(ValueError, match=r"contradicts the schema.*column 'd'"):
        segmenter.predict(texts[2:])


@pytest.mark.parametrize("value", [np.timedelta64(1, "D"), np.timedelta64("NaT")])
def test_a_duration_is_no_threshold(value: Any) -> None:
    with pytest.raises(RuleError, match="must be a number"):
        comparison("x", ">", value)


@pytest.mark.parametrize(
    "schema",
    [10**5000, {"x": 10**5000}, {"x": {10**5000: 1}}],
    ids=["schema", "domain", "key"],
)
def test_a_schema_that_python_does_not_print_is_refused_in_words(schema: Any) -> None:
    with pytest.raises(RuleError, match="of the type int that Python does not print"):
        RuleSet({"A": "x > 1"}).verify(schema)
