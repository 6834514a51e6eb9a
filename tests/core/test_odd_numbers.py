"""Numbers of other types, and beyond float64, wherever a value can be passed."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans

from skseg import (
    BoxSegmentFinder,
    InductiveSegmenter,
    IVSegmentFinder,
    MECERuleSegmenter,
    OptimalRevenueBinner,
    RFMSegmenter,
    RuleSurrogate,
    information_value,
    rfm_table,
)
from skseg.exceptions import InvalidDataError, InvalidParameterError, SksegError
from skseg.rules import Domain, RuleSet, col, parse
from tests.containers import can_pandas_hold

N = 40
RNG = np.random.default_rng(0)
X = pd.DataFrame({"s": RNG.random(N), "a": RNG.integers(0, 4, N).astype(float)})
Y = RNG.random(N) + 0.5
EVENTS = (Y > 1).astype(float)
GROUP = np.arange(N) % 2
RFM = pd.DataFrame({"recency": X["a"], "frequency": X["a"] + 1, "monetary": Y})
ORDERS = pd.DataFrame(
    {
        "id": RNG.integers(0, 9, N).astype(str),
        "when": np.repeat(["2024-01-01", "2024-02-01"], N // 2),
        "paid": Y,
    }
)
RULES = {"low": "s < 0.5", "high": "not s < 0.5"}
NUMBERS: dict[str, Any] = {
    "Decimal('1e400')": Decimal("1e400"),
    "Decimal('1e-400')": Decimal("1e-400"),
    "signalling NaN": Decimal("sNaN"),
    "Decimal('NaN')": Decimal("NaN"),
    "Decimal('-Infinity')": Decimal("-Infinity"),
    "Decimal('1.5')": Decimal("1.5"),
    "Fraction": Fraction(1, 3),
    "Fraction of 400 digits": Fraction(10**400),
    "1 / 10**400": Fraction(1, 10**400),
    "complex": 1 + 1j,
    "complex NaN": complex("nan"),
    "400 digits": 10**400,
    "5000 digits": 10**5000,
    "1e308": 1e308,
    "5e-324": 5e-324,
    "infinity": np.inf,
    "longdouble": np.longdouble("1e400"),
    "int64": np.int64(2**63 - 1),
    "uint64": np.uint64(2**64 - 1),
}


def column(value: Any, *others: Any) -> Any:
    """Return a column in which every third value is `value`."""
    values = np.empty(N, dtype=object)
    for row in range(N):
        values[row] = others[row % len(others)] if others and row % 3 else value
    return values


def table(**columns: Any) -> Any:
    orders = ORDERS.assign(**columns)
    roles: dict[str, Any] = {"customer_id": "id", "date": "when", "amount": "paid"}
    return rfm_table(orders, **roles, as_of="2025-01-01")


def in_domain(name: str, value: Any) -> Domain:
    return Domain(**{name: value})


def assigned(rule: str, others: list[Any], value: Any) -> Any:
    return RuleSet({"A": rule}).assign({"x": column(value, *others)})


USES: dict[str, Callable[[Any], Any]] = {
    "rfm ids": lambda v: table(id=column(v, "u", "w")),
    "rfm amounts": lambda v: table(paid=column(v, 1, 2)),
    "rfm dates": lambda v: table(when=column(v, "2024-01-01")),
    "rfm column": lambda v: RFMSegmenter(frequency=v).fit(RFM),
    "binner threshold": lambda v: OptimalRevenueBinner(min_size=v).fit(X[["s"]], Y),
    "mece params": lambda v: MECERuleSegmenter(
        {"low": "s < t", "high": "not s < t"}, params={"t": v}
    ).fit(X),
    "mece schema": lambda v: MECERuleSegmenter(RULES, schema={"s": {"low": v}}).fit(X),
    "parse": lambda v: parse("x < t", params={"t": v}),
    "isin": lambda v: col("x").isin([v, 1]),
    "comparison": lambda v: col("x") < v,
    **{
        f"domain {name}": partial(in_domain, name)
        for name in ("low", "high", "integer", "missing")
    },
    "domain values": lambda v: Domain(values=(v,)),
    **{
        f"rows of {kind}": partial(assigned, rule, others)
        for kind, rule, others in (
            ("numbers", "x < 1", [0, 2]),
            ("texts", "x == 'u'", ["u", "w"]),
            ("dates", "x > date('2020-01-01')", ["2024-01-01"]),
            ("flags", "x == True", [True, False]),
        )
    },
    "rows of longdouble": lambda v: RuleSet({"A": "x < 1"}).assign(
        {"x": np.array([v if isinstance(v, float | np.floating) else 1], np.longdouble)}
    ),
    "surrogate": lambda v: (
        RuleSurrogate(KMeans(2, random_state=0)).fit(X).predict(X.assign(s=column(v)))
    ),
    "information value": lambda v: information_value(
        X.assign(c=column(v, "u", "w")), EVENTS
    ),
    "information value of outcomes": lambda v: information_value(X, column(v, 0, 1)),
    "categories": lambda v: BoxSegmentFinder(random_state=0).fit(
        X.assign(c=column(v, "u", "w")), Y, group=GROUP
    ),
    "groups": lambda v: BoxSegmentFinder(random_state=0).fit(
        X, Y, group=column(v, "u")
    ),
    "treatment": lambda v: BoxSegmentFinder(treatment=v, random_state=0).fit(
        X, Y, group=GROUP
    ),
    "event_above": lambda v: IVSegmentFinder(event_above=v, random_state=0).fit(
        X, Y, group=GROUP
    ),
}


@pytest.mark.parametrize("use", USES)
def test_odd_numbers_are_read_or_refused_in_words(use: str) -> None:
    for value in filter(can_pandas_hold, NUMBERS.values()):
        with warnings.catch_warnings():
            # Those of groups and clusters that make little sense.
            warnings.simplefilter("ignore", UserWarning)
            with suppress(SksegError):
                USES[use](value)


@pytest.mark.parametrize("value", NUMBERS.values(), ids=NUMBERS)
def test_clusters_take_odd_numbers_or_refuse_them_as_scikit_learn_does(
    value: Any,
) -> None:
    if not can_pandas_hold(value):
        pytest.skip("this version of pandas cannot hold the value")
    frame = X.assign(s=column(value, 0.5))
    for train, rows in ((X, frame), (X.to_numpy(), frame.to_numpy())):
        fitted = InductiveSegmenter(KMeans(2, random_state=0)).fit(train)
        with suppress(SksegError, ValueError, TypeError):
            fitted.predict(rows)


@pytest.mark.parametrize("value", [10**400, Fraction(10**400)], ids=["int", "fraction"])
def test_rows_of_clusters_beyond_float64_are_refused_in_words(value: Any) -> None:
    if not can_pandas_hold(value):
        pytest.skip("this version of pandas cannot hold the value")
    fitted = InductiveSegmenter(KMeans(2, random_state=0)).fit(X)
    with pytest.raises(InvalidDataError, match=r"X of .* range of float64") as caught:
        fitted.predict(X.assign(s=column(value, 0.5)))
    assert caught.value.name == "X"
    fitted.predict(X.assign(s=column(value / value, 0.5)))


def test_longdouble_beyond_float64_is_infinite() -> None:
    rules = RuleSet({"low": "x < 1", "high": "x >= 1"})
    values = np.array([np.longdouble("1e400"), -np.longdouble("1e400"), 0.5])
    assert rules.assign({"x": values}).tolist() == [1, 0, 0]
    assert rules.assign({"x": values.astype(object)}).tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    "label",
    [[[1], [2]], Decimal("sNaN"), 10**5000, {}],
    ids=["lists", "signalling NaN", "5000 digits", "mapping"],
)
def test_what_cannot_be_a_label_is_refused_as_a_treatment(label: Any) -> None:
    finder = BoxSegmentFinder(treatment=label)
    with pytest.raises(InvalidParameterError, match=r"'treatment' .* label of a group"):
        finder.fit(X, Y, group=GROUP)


@pytest.mark.parametrize("column", [1.0, True, np.True_, 9, -4, b"frequency"])
def test_column_of_rfm_has_a_name_or_a_position(column: Any) -> None:
    with pytest.raises(InvalidParameterError, match="the name of a column") as caught:
        RFMSegmenter(frequency=column).fit(RFM)
    assert (caught.value.name, caught.value.value) == ("frequency", column)


@pytest.mark.parametrize("largest", [1e308, 1e200])
def test_weights_of_an_information_value_that_do_not_compare_are_refused(
    largest: float,
) -> None:
    weight = np.append(largest, np.ones(N - 1))
    with pytest.raises(InvalidDataError, match="sample_weight of information_value"):
        information_value(X, EVENTS, sample_weight=weight)
