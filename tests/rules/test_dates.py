"""Dates in rules: one meaning in text, in every container and in the proof."""

from __future__ import annotations

import datetime as dt
import math
import operator
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skseg import MECERuleSegmenter
from skseg.exceptions import RuleError
from skseg.rules import Columns, Rule, RuleSet, col, missing, parse

DAY = col("day")
MICROSECOND = dt.timedelta(microseconds=1)
CHRISTMAS = dt.datetime(2024, 12, 25)
EVENING = dt.datetime(2024, 12, 31, 18)
RULES = RuleSet(
    {
        "Before": "day < date('2024-12-25')",
        "Week": "date('2024-12-25') <= day < date('2024-12-31 18:00')",
        "After": "day >= date('2024-12-31 18:00')",
    },
    default="Unknown",
)
MOMENTS = [
    CHRISTMAS - MICROSECOND,
    CHRISTMAS,
    None,
    EVENING - MICROSECOND,
    EVENING,
    dt.datetime(1969, 12, 31, 23, 59, 59, 999999),
]
MOMENT_CODES = [0, 1, 3, 1, 2, 0]
DAYS = [
    dt.date(2024, 12, 24),
    dt.date(2024, 12, 25),
    None,
    dt.date(2024, 12, 31),
    dt.date(2025, 1, 1),
    dt.date(1969, 12, 31),
]
DAY_CODES = [0, 1, 3, 1, 2, 0]


def texts(values: list[Any], sep: str) -> list[str | None]:
    """Return dates or moments as ISO text."""
    return [
        None
        if value is None
        else value.isoformat(sep)
        if isinstance(value, dt.datetime)
        else value.isoformat()
        for value in values
    ]


def pandas(values: Any, dtype: Any = None) -> pd.DataFrame:
    return pd.DataFrame({"day": pd.Series(values, dtype=dtype)})


HOLD_BOTH: dict[str, Callable[[list[Any]], Any]] = {
    "list": lambda values: {"day": values},
    "array of objects": lambda values: {"day": np.array(values, dtype=object)},
    "pandas objects": lambda values: pandas(values, object),
    "list of text": lambda values: {"day": texts(values, "T")},
    "pandas text": lambda values: pandas(texts(values, " ")),
    "pandas category of text": lambda values: pandas(texts(values, " "), "category"),
    "polars text": lambda values: pl.DataFrame({"day": texts(values, " ")}),
    "polars categorical": lambda values: pl.DataFrame(
        {"day": pl.Series(texts(values, "T"), dtype=pl.Categorical)}
    ),
    "polars": lambda values: pl.DataFrame({"day": values}),
    "polars objects": lambda values: pl.DataFrame(
        {"day": pl.Series(values, dtype=pl.Object)}
    ),
    "pyarrow": lambda values: pa.table({"day": values}),
    "pyarrow text": lambda values: pa.table({"day": texts(values, "T")}),
    "pyarrow dictionary": lambda values: pa.table(
        {"day": pa.array(texts(values, "T")).dictionary_encode()}
    ),
    "Timestamps": lambda values: {
        "day": [pd.NaT if v is None else pd.Timestamp(v) for v in values]
    },
    "datetime64 scalars": lambda values: {
        "day": [np.datetime64("NaT" if v is None else v) for v in values]
    },
    "pandas category": lambda values: pandas(pd.to_datetime(values)).astype("category"),
}
HOLD_MOMENTS: dict[str, Callable[[list[Any]], Any]] = {
    **{
        f"numpy {unit}": lambda values, unit=unit: {
            "day": np.array(values, dtype=f"M8[{unit}]")
        }
        for unit in ("us", "ns")
    },
    **{
        f"pandas {unit}": lambda values, unit=unit: pandas(values, f"M8[{unit}]")
        for unit in ("us", "ns")
    },
    **{
        f"pandas Arrow {unit}": lambda values, unit=unit: pandas(
            values, pd.ArrowDtype(pa.timestamp(unit))
        )
        for unit in ("us", "ns")
    },
    **{
        f"polars {unit}": lambda values, unit=unit: pl.DataFrame(
            {"day": pl.Series(values, dtype=pl.Datetime(unit))}
        )
        for unit in ("us", "ns")
    },
    **{
        f"pyarrow {unit}": lambda values, unit=unit: pa.table(
            {"day": pa.array(values, pa.timestamp(unit))}
        )
        for unit in ("us", "ns")
    },
}
HOLD_DAYS: dict[str, Callable[[list[Any]], Any]] = {
    **{
        f"numpy {unit}": lambda values, unit=unit: {
            "day": np.array(values, dtype="M8[D]").astype(f"M8[{unit}]")
        }
        for unit in ("D", "h", "m", "s", "ms")
    },
    **{
        f"pandas {unit}": lambda values, unit=unit: pandas(values, f"M8[{unit}]")
        for unit in ("s", "ms")
    },
    "pandas date32": lambda values: pandas(values, pd.ArrowDtype(pa.date32())),
    "pandas date64": lambda values: pandas(values, pd.ArrowDtype(pa.date64())),
    "pyarrow date64": lambda values: pa.table({"day": pa.array(values, pa.date64())}),
    "pyarrow seconds": lambda values: pa.table(
        {"day": pa.array(values, pa.date32()).cast(pa.timestamp("s"))}
    ),
}


@pytest.mark.parametrize("container", [*HOLD_BOTH, *HOLD_MOMENTS])
def test_moments_compare_alike_in_every_container(container: str) -> None:
    X = {**HOLD_BOTH, **HOLD_MOMENTS}[container](MOMENTS)
    assert RULES.assign(X).tolist() == MOMENT_CODES
    expected = np.array(MOMENTS, dtype="M8[us]")
    np.testing.assert_array_equal(Columns(X).dates("day"), expected)
    assert missing("day").evaluate(X).tolist() == [m is None for m in MOMENTS]


@pytest.mark.parametrize("container", [*HOLD_BOTH, *HOLD_DAYS])
def test_days_are_their_first_moment_in_every_container(container: str) -> None:
    X = {**HOLD_BOTH, **HOLD_DAYS}[container](DAYS)
    assert RULES.assign(X).tolist() == DAY_CODES


@pytest.mark.parametrize("values", [MOMENTS, DAYS], ids=["moments", "days"])
@pytest.mark.parametrize(
    "form", ["Python", "text", "Timestamp", "datetime64", "list of one"]
)
def test_one_row_is_read_as_a_column_is(values: list[Any], form: str) -> None:
    for value, text, code in zip(
        values, texts(values, "T"), RULES.assign({"day": values}), strict=True
    ):
        given_as = {
            "Python": value,
            "text": text,
            "Timestamp": pd.NaT if value is None else pd.Timestamp(value),
            "datetime64": np.datetime64("NaT" if value is None else value),
            "list of one": value,
        }[form]
        assert RULES.assign_row({"day": given_as}) == code


def test_moments_that_are_not_missing_but_far_away_are_in_order() -> None:
    far = np.array([-(2**62), 2**62, 0], dtype="M8[s]")
    assert RULES.assign({"day": far}).tolist() == [0, 2, 0]
    years = np.array(["-250000", "250000", "2024", "NaT"], dtype="M8[Y]")
    assert RULES.assign({"day": years}).tolist() == [0, 2, 0, 3]
    weeks = np.array(["2024-12-26", "2024-12-12"], dtype="M8[W]")
    assert RULES.assign({"day": weeks}).tolist() == [1, 0]


def test_units_finer_than_nanoseconds_are_read() -> None:
    values = np.array([-1, 0, 10**7, "NaT"], dtype="M8[ps]")
    assert (col("day") < dt.date(1970, 1, 1)).evaluate({"day": values}).tolist() == [
        *(True, False, False, False)
    ]
    later = col("day") == dt.datetime(1970, 1, 1, 0, 0, 0, 10)
    assert later.evaluate({"day": values}).tolist() == [False, False, True, False]


def test_finer_fractions_are_cut_off_towards_the_past() -> None:
    nanoseconds = np.array(["2024-12-25T00:00:00.000000999", "NaT"], dtype="M8[ns]")
    rule = DAY == CHRISTMAS
    assert rule.evaluate({"day": nanoseconds}).tolist() == [True, False]
    assert rule.evaluate({"day": ["2024-12-25 00:00:00.000000999"]}).tolist() == [True]
    early = np.array(["1969-12-31T23:59:59.999999999"], dtype="M8[ns]")
    assert (DAY < dt.date(1970, 1, 1)).evaluate({"day": early}).tolist() == [True]


def test_a_column_without_any_value_is_missing_whatever_its_type() -> None:
    for column in ([None, None], [np.nan, np.nan], np.full(2, "NaT", dtype="M8")):
        assert RULES.assign({"day": column}).tolist() == [3, 3]


@pytest.mark.parametrize(
    ("rule", "text", "english"),
    [
        (
            DAY >= dt.date(2024, 12, 25),
            "day >= date('2024-12-25')",
            "day is on or after 2024-12-25",
        ),
        (
            DAY < np.datetime64("2024-12"),
            "day < date('2024-12-01')",
            "day is before 2024-12-01",
        ),
        (
            DAY <= CHRISTMAS,
            "day <= date('2024-12-25')",
            "day is at or before 2024-12-25 00:00",
        ),
        (
            ~(DAY > pd.Timestamp("2024-12-25 18:00")),
            "not day > date('2024-12-25 18:00')",
            "day is at or before 2024-12-25 18:00 (or is missing)",
        ),
        (
            (DAY >= CHRISTMAS) & (DAY < EVENING),
            "date('2024-12-25') <= day < date('2024-12-31 18:00')",
            "day is on or after 2024-12-25 and before 2024-12-31 18:00",
        ),
        (
            DAY.isin([CHRISTMAS, dt.datetime(1, 1, 1, 0, 0, 7)]),
            "day in [date('2024-12-25'), date('0001-01-01 00:00:07')]",
            "day is 2024-12-25 00:00 or 0001-01-01 00:00:07",
        ),
        (
            DAY != dt.datetime(9999, 12, 31, 23, 59, 59, 999990),
            "day != date('9999-12-31 23:59:59.99999')",
            "day is not exactly 9999-12-31 23:59:59.99999 (or is missing)",
        ),
        (
            col("date") == dt.date(1900, 2, 28),
            "date == date('1900-02-28')",
            "date is exactly 1900-02-28 00:00",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "rule",
)
def test_dates_in_text_json_and_english(rule: Rule, text: str, english: str) -> None:
    assert str(rule) == text
    assert parse(text) == rule
    assert rule.describe() == english
    rules = RuleSet({"a": rule})
    assert RuleSet.from_json(rules.to_json()) == rules
    assert set(rules.kinds.values()) == {"date"}
    assert rules.is_resolved


@given(st.datetimes())
def test_every_moment_survives_text(moment: dt.datetime) -> None:
    rule = DAY >= moment
    assert parse(str(rule)) == rule
    assert rule.evaluate({"day": [moment, moment.isoformat()]}).all()


@pytest.mark.parametrize(
    ("text", "params"),
    [
        ("day >= {cutoff}", {"cutoff": dt.date(2024, 12, 25)}),
        ("day >= date({cutoff})", {"cutoff": dt.date(2024, 12, 25)}),
        ("day >= date({cutoff})", {"cutoff": "2024-12-25"}),
        ("day >= date({cutoff})", {"cutoff": "2024-12-25T00:00"}),
        ("day >= {cutoff}", {"cutoff": pd.Timestamp("2024-12-25")}),
        ("day >= {cutoff}", {"cutoff": np.datetime64("2024-12-25")}),
    ],
)
def test_a_date_may_be_a_parameter(text: str, params: dict[str, Any]) -> None:
    assert parse(text, params=params) == (DAY >= CHRISTMAS)


def test_dates_may_be_a_list_of_parameters() -> None:
    days = [dt.date(2024, 12, 25), dt.date(2024, 12, 26)]
    assert parse("day in {days}", params={"days": days}) == DAY.isin(days)


def test_the_segmenter_takes_a_new_cutoff_as_a_parameter() -> None:
    X = pd.DataFrame({"day": pd.to_datetime(MOMENTS), "aov": range(6)})
    segmenter = MECERuleSegmenter(
        {"New": "day >= date({cutoff})", "Old": "day < date({cutoff})"},
        params={"cutoff": "2024-12-25"},
        default="Unknown",
    ).fit(X)
    assert segmenter.predict(X).tolist() == [1, 0, 2, 0, 0, 1]
    segmenter.set_params(params__cutoff=EVENING).fit(X)
    assert segmenter.predict(X).tolist() == [1, 1, 2, 1, 0, 1]
    text = segmenter.to_json(dialect=None)
    assert MECERuleSegmenter.from_strategy(text).predict(X).tolist() == [
        *(1, 1, 2, 1, 0, 1)
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("day >= date('25.12.2024')", "Did you mean '2024-12-25'"),
        ("day >= date('12/25/2024')", "Did you mean '2024-12-25'"),
        ("day >= date('2024-12-5')", "Did you mean '2024-12-05'"),
        ("day >= date('2024-02-30')", "must be ISO text"),
        ("day >= date('2024')", "must be ISO text"),
        ("day >= date('0000-01-01')", "must be ISO text"),
        ("day >= date('2024-12-25 24:00')", "must be ISO text"),
        ("day >= date('2024-12-25T00:00Z')", "no time zone"),
        ("day >= date('2024-12-25 18:00+01:00')", "no time zone"),
        ("day >= date('2024-12-25 18:00:00.1234567')", "in microseconds"),
        ("day >= date(20241225)", "takes a date in quotes"),
        ("day >= date()", "takes 1 value"),
        ("day >= max(1, date('2024-12-25'))", "takes numbers and quantiles"),
        ("day >= q(date('2024-12-25'))", r"must be in \[0, 1\]"),
        ("day >= -date('2024-12-25')", "Only numbers take a sign"),
        ("day in ['x', date('2024-12-25')]", "all dates"),
        ("day >= '2024-12-25'", r"Did you mean: day >= date\('2024-12-25'\)"),
        ("day >= '25.12.2024'", r"Did you mean: day >= date\('2024-12-25'\)"),
        ("day >= {zoned}", "no time zone"),
        ("day >= {nat}", "NaT is not a date"),
        ("day >= {text}", r"A date is written date\(\{text\}\)"),
        ("day >= date({number})", "takes a date in quotes"),
    ],
)
def test_what_is_no_date_is_marked(text: str, message: str) -> None:
    params = {
        "zoned": dt.datetime(2024, 12, 25, tzinfo=dt.UTC),
        "nat": pd.NaT,
        "text": "2024-12-25",
        "number": 20241225,
    }
    with pytest.raises(RuleError, match=message) as caught:
        parse(text, params=params)
    assert "^" in str(caught.value)


@pytest.mark.parametrize(
    "texts_of_rules",
    [
        ["day > 1", "day < date('2024-12-25')"],
        ["day > q(0.5)", "day < date('2024-12-25')"],
        ["day == 'x'", "day < date('2024-12-25')"],
    ],
)
def test_a_column_has_one_kind_of_value(texts_of_rules: list[str]) -> None:
    with pytest.raises(RuleError, match="Write all of them as dates"):
        RuleSet({f"r{i}": text for i, text in enumerate(texts_of_rules)})


ZONED = pd.date_range("2024-12-24 22:30", periods=3, freq="h", tz="UTC")
LOCAL = [pd.Timestamp("2024-12-24 23:30"), CHRISTMAS, CHRISTMAS]


@pytest.mark.parametrize(
    "X",
    [
        pd.DataFrame({"day": ZONED}),
        pd.DataFrame({"day": pd.Series(ZONED, dtype=object)}),
        pd.DataFrame(
            {"day": pd.Series(ZONED, dtype=pd.ArrowDtype(pa.timestamp("us", "UTC")))}
        ),
        pl.DataFrame({"day": ZONED}),
        pa.table({"day": ZONED.tz_convert("Europe/Berlin")}),
        {"day": list(ZONED.to_pydatetime())},
        {"day": [moment.isoformat() for moment in ZONED]},
    ],
    ids=["pandas", "objects", "Arrow", "polars", "pyarrow", "list", "text"],
)
def test_moments_with_a_zone_are_refused_and_the_advice_works(X: Any) -> None:
    rule = DAY >= CHRISTMAS
    with pytest.raises(RuleError, match=r"date\(\.\.\.\) has no time zone") as caught:
        rule.evaluate(X)
    assert caught.value.column == "day"
    steps = str(caught.value).partition("local time: ")[2]
    frame = pd.DataFrame(X) if isinstance(X, dict) else X
    names = {"X": frame, "pandas": pd, "pyarrow": pa}
    assert pc is pa.compute
    local = eval(steps, names)  # noqa: S307 - the advice is followed to the letter
    assert rule.evaluate({"day": local}).tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("25.12.2024", "2024-12-25"),
        ("12/25/2024", "2024-12-25"),
        ("2024/12/25", "2024-12-25"),
        ("20241225", "2024-12-25"),
        ("25 Dec 2024", "2024-12-25"),
        ("25.12.2024 18:00", "2024-12-25 18:00"),
    ],
)
def test_other_texts_are_refused_and_the_advice_reads_them(
    text: str, expected: str
) -> None:
    X = pd.DataFrame({"day": ["2024-12-24", text, None]})
    rule = DAY == pd.Timestamp(expected)
    with pytest.raises(RuleError) as caught:
        rule.evaluate(X)
    assert (caught.value.row, caught.value.value) == (1, text)
    advice = str(caught.value)
    step = advice[advice.index("pandas.to_datetime") : advice.index(" does.")]
    X = X[1:]
    read = eval(step, {"X": X, "pandas": pd})  # noqa: S307 - as above
    assert rule.evaluate({"day": read}).tolist() == [True, False]


@pytest.mark.parametrize(
    ("column", "advice"),
    [
        ([1735084800, 1735084801], "pandas.to_datetime(X['day'], unit='s')"),
        (pd.Series([1735084800, None], dtype="Int64"), "pandas.to_datetime"),
        (["2024-12-25", 5], "pandas.to_datetime"),
        (pd.to_timedelta([1, 2], unit="D"), "compare with a number of days"),
        (pd.period_range("2024-12", periods=2, freq="M"), "dt.to_timestamp()"),
        (pl.Series([dt.time(1)]), "Make a column of dates"),
        (pl.Series([[1]]), "Make a column of dates"),
        (["", "2024-12-25"], "Dates in text are ISO dates"),
        ([object()], "Dates in text are ISO dates"),
    ],
    ids=lambda value: value if isinstance(value, str) else "column",
)
def test_what_holds_no_dates_is_refused_with_what_to_do(
    column: Any, advice: str
) -> None:
    with pytest.raises(RuleError, match="The rule set compares dates") as caught:
        RULES.assign({"day": column})
    assert advice in str(caught.value)
    assert caught.value.column == "day"


@pytest.mark.parametrize("container", [*HOLD_BOTH, *HOLD_MOMENTS])
def test_dates_compared_with_a_number_say_how_to_compare_them(container: str) -> None:
    X = {**HOLD_BOTH, **HOLD_MOMENTS}[container](MOMENTS)
    with pytest.raises(RuleError, match="compares numbers") as caught:
        (DAY >= 20241225).evaluate(X)
    message = str(caught.value)
    advice = message[message.index("day >= date(") :].removesuffix(".")
    assert parse(advice).evaluate(X).tolist() == [
        code in (1, 2) for code in MOMENT_CODES
    ]


def test_durations_compared_with_a_number_become_numbers_as_advised() -> None:
    X = pd.DataFrame({"age": pd.to_timedelta([1, 9], unit="D")})
    with pytest.raises(RuleError, match="Turn durations into numbers first") as caught:
        parse("age > 5").evaluate(X)
    step = str(caught.value).partition("first: ")[2].removesuffix(".")
    days = eval(step, {"X": X, "pandas": pd})  # noqa: S307 - as above
    assert parse("age > 5").evaluate({"age": days}).tolist() == [False, True]


# The proof against an enumeration of all moments that rules can tell apart.

OPERATORS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
THRESHOLDS = [
    CHRISTMAS,
    CHRISTMAS + MICROSECOND,
    CHRISTMAS + 3 * MICROSECOND,
    EVENING,
    dt.datetime(9999, 12, 31),
]
CANDIDATES = [
    None,
    *sorted(
        {
            threshold + offset * MICROSECOND
            for threshold in THRESHOLDS
            for offset in (-2, -1, 0, 1, 2)
        }
    ),
]
leaf_rules = st.builds(
    lambda symbol, threshold: (symbol, threshold),
    st.sampled_from([*OPERATORS]),
    st.sampled_from(THRESHOLDS),
)
branches = st.lists(st.lists(leaf_rules, min_size=1, max_size=2), max_size=2)


def holds(branch: list[list[tuple[str, dt.datetime]]], moment: Any) -> bool:
    """Return whether a disjunction of conjunctions holds for a moment."""
    return any(
        all(
            symbol == "!=" if moment is None else OPERATORS[symbol](moment, threshold)
            for symbol, threshold in part
        )
        for part in branch
    )


def as_rule(branch: list[list[tuple[str, dt.datetime]]]) -> Rule:
    rule = parse("False")
    for part in branch:
        conjunction = parse("True")
        for symbol, threshold in part:
            conjunction &= parse(f"day {symbol} {{t}}", params={"t": threshold})
        rule |= conjunction
    return rule


@given(st.lists(branches, min_size=1, max_size=3))
def test_proof_rewriting_and_rows_agree_with_all_moments(branch_list: Any) -> None:
    rules = RuleSet({f"r{i}": as_rule(b) for i, b in enumerate(branch_list)})
    table = np.array([[holds(b, m) for b in branch_list] for m in CANDIDATES])
    X = {"day": CANDIDATES}
    np.testing.assert_array_equal(rules.membership(X), table)
    report = rules.verify()
    assert report.is_exclusive == (table.sum(axis=1) <= 1).all()
    assert report.is_exhaustive == (table.sum(axis=1) >= 1).all()
    for overlap in report.overlaps:
        row = rules.membership({name: [v] for name, v in overlap.witness.items()})
        assert row[0, [rules.names.index(name) for name in overlap.names]].all()
    for gap in report.gaps:
        assert not rules.membership(
            {name: [v] for name, v in gap.witness.items()}
        ).any()
    assert all(
        rules.assign_row({"day": moment}) == code
        for moment, code in zip(CANDIDATES, rules.assign(X), strict=True)
    )
    disjoint = rules.disjoint()
    np.testing.assert_array_equal(disjoint.assign(X), rules.assign(X))
    assert disjoint.verify().is_exclusive
    np.testing.assert_array_equal(rules.simplify().membership(X), table)
    assert parse(str(rules["r0"])) == rules["r0"]


def test_the_report_speaks_of_dates() -> None:
    report = RuleSet(
        {
            "Old": "day <= date('2024-12-25')",
            "New": "day >= date('2024-12-25') and day < date('2024-12-31 18:00')",
        }
    ).verify()
    assert str(report) == (
        "Not mutually exclusive: 1 pair overlaps.\n"
        "  'Old' and 'New' overlap where day: {2024-12-25}; for example "
        "day=2024-12-25\n"
        "Not collectively exhaustive.\n"
        "  no rule holds where day: [2024-12-31 18:00, inf) or missing; for example "
        "day=2025-01-01"
    )
    assert report.overlaps[0].witness == {"day": CHRISTMAS}


def test_a_witness_may_lie_outside_of_the_calendar() -> None:
    last = dt.datetime(9999, 12, 31, 23, 59, 59, 999999)
    rules = RuleSet({"all": DAY <= last})
    gaps = rules.verify({"day": {"missing": False}}).gaps
    (witness,) = [gap.witness["day"] for gap in gaps]
    assert rules.membership({"day": [witness]}).tolist() == [[False]]
    assert "10000" in str(gaps[0])


def test_a_closed_list_of_dates_is_a_domain() -> None:
    days = [dt.date(2024, 12, 24), dt.date(2024, 12, 25)]
    known = {"day": {"values": days, "missing": False}}
    rules = RuleSet({"a": "day < date('2024-12-25')", "b": "day >= date('2024-12-25')"})
    assert rules.verify(known).is_mece
    one = RuleSet({"a": "day < date('2024-12-25')"})
    assert str(one.verify(known)) == (
        "Not collectively exhaustive.\n"
        "  no rule holds where day: {2024-12-25}; for example day=2024-12-25"
    )
    before = RuleSet({"b": "day >= date('2024-12-25')"})
    text = str(before.verify({"day": {"missing": False}}))
    assert "day: (-inf, 2024-12-25); for example day=2024-12-24" in text


def test_numbers_and_dates_of_several_columns_are_proved_together() -> None:
    grid = list(
        product(
            ["day < date('2024-12-25')", "day >= date('2024-12-25')"],
            ["aov < 5", "aov >= 5"],
        )
    )
    rules = RuleSet({f"r{i}": f"{a} and {b}" for i, (a, b) in enumerate(grid)})
    known = {"missing": False}
    assert rules.verify({"day": known, "aov": known}).is_mece
    assert not rules.verify({"aov": known}).is_mece
    X = {"day": [CHRISTMAS, CHRISTMAS - MICROSECOND], "aov": [7, math.inf]}
    assert rules.assign(X).tolist() == [3, 1]
