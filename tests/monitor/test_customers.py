"""Customers in indexes of all types, and segments by name, from before to after."""

from __future__ import annotations

import warnings
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.cluster import KMeans

from skseg.exceptions import InvalidDataError
from skseg.monitor import match_segments, transition_matrix

IDS = [17850, 17851, 17853]
TEXTS = [str(i) for i in IDS]
DAYS = pd.DatetimeIndex(["2024-01-01", "2024-01-02", "2024-01-04"])
PAIRS = pd.MultiIndex.from_tuples(
    [("DE", 1), ("DE", 2), ("FR", 1)], names=["country", "number"]
)
# Each holds the same three customers.
SAME: dict[str, dict[str, Any]] = {
    "whole numbers": {
        "int64": IDS,
        "int32": pd.Index(IDS, dtype="int32"),
        "uint64": pd.Index(IDS, dtype="uint64"),
        "float": [float(i) for i in IDS],
        "float32": pd.Index(IDS, dtype="float32"),
        "object": pd.Index(IDS, dtype=object),
        "object of floats": pd.Index([float(i) for i in IDS], dtype=object),
        "Decimal": pd.Index([Decimal(i) for i in IDS]),
        "Int64": pd.Index(IDS, dtype="Int64"),
        "UInt32": pd.Index(IDS, dtype="UInt32"),
        "Float64": pd.Index(IDS, dtype="Float64"),
        "arrow": pd.Index(IDS, dtype="int64[pyarrow]"),
        "category": pd.CategoricalIndex(IDS),
        "polars": pl.Series(IDS),
        "numpy": np.array(IDS),
    },
    "large numbers": {
        "int64": [2**60, 2**60 + 1, 2**60 + 2],
        "object": pd.Index([2**60, 2**60 + 1, 2**60 + 2], dtype=object),
        "Int64": pd.Index([2**60, 2**60 + 1, 2**60 + 2], dtype="Int64"),
        "UInt64": pd.Index([2**60, 2**60 + 1, 2**60 + 2], dtype="UInt64"),
        "arrow": pd.Index([2**60, 2**60 + 1, 2**60 + 2], dtype="int64[pyarrow]"),
        "category": pd.CategoricalIndex([2**60, 2**60 + 1, 2**60 + 2]),
    },
    "texts": {
        "str": TEXTS,
        "object": pd.Index(TEXTS, dtype=object),
        "string": pd.Index(TEXTS, dtype="string"),
        "arrow": pd.Index(TEXTS, dtype=pd.ArrowDtype(pa.string())),
        "category": pd.CategoricalIndex(TEXTS, categories=TEXTS[::-1]),
        "polars": pl.Series(TEXTS),
    },
    "times": {
        "datetime64": DAYS,
        "seconds": DAYS.as_unit("s"),
        "nanoseconds": DAYS.as_unit("ns"),
        "object": pd.Index([day.to_pydatetime() for day in DAYS], dtype=object),
        "category": pd.CategoricalIndex(DAYS),
    },
    "dates": {
        "object": pd.Index([day.date() for day in DAYS]),
        "category": pd.CategoricalIndex([day.date() for day in DAYS]),
        "arrow": pd.Index(
            [day.date() for day in DAYS], dtype=pd.ArrowDtype(pa.date32())
        ),
    },
    "several columns": {
        "MultiIndex": PAIRS,
        "tuples": pd.Index(PAIRS.tolist(), tupleize_cols=False),
        "other types": pd.MultiIndex.from_arrays(
            [pd.Index(["DE", "DE", "FR"], dtype="string"), [1.0, 2.0, 1.0]],
            names=["country", "number"],
        ),
        "categories": pd.MultiIndex.from_arrays(
            [pd.Categorical(["DE", "DE", "FR"]), pd.array([1, 2, 1], dtype="Int8")]
        ),
        "other order": PAIRS.swaplevel(),
    },
}
CASES = [
    pytest.param(indexes[a], indexes[b], id=f"{kind}: {a}, {b}")
    for kind, indexes in SAME.items()
    for a in indexes
    for b in indexes
    if a == next(iter(indexes)) or b == next(iter(indexes))
]


@pytest.mark.parametrize(("index", "other"), CASES)
def test_the_same_customers_are_the_same_in_every_type(index: Any, other: Any) -> None:
    before = pd.Series([0, 0, 1], index)
    after = pd.Series([0, 1, 1], other)[[True, False, True]]
    expected = [[1, 0, 1], [0, 1, 0], [0, 0, 0]]
    table = transition_matrix(before, after)
    assert table.to_numpy().tolist() == expected
    weight = pd.Series([5.0, 7.0, 9.0], other)
    weighed = transition_matrix(before, after, sample_weight=weight)
    assert weighed.to_numpy().tolist() == [[5, 0, 7], [0, 9, 0], [0, 0, 0]]
    matching = match_segments(before, after.iloc[::-1])
    assert (matching.mapping, matching.agreement) == ({0: 0, 1: 1}, 1.0)


UNLIKE: dict[str, tuple[Any, Any]] = {
    "int, text": (IDS, TEXTS),
    "text, int": (TEXTS, IDS),
    "float, text": ([float(i) for i in IDS], TEXTS),
    "Int64, category of texts": (
        pd.Index(IDS, dtype="Int64"),
        pd.CategoricalIndex(TEXTS),
    ),
    "category, string": (pd.CategoricalIndex(IDS), pd.Index(TEXTS, dtype="string")),
    "mixed, int": (pd.Index([17850, "17851", "17853"], dtype=object), IDS),
    "int, mixed": (IDS, pd.Index(["17850", 17851, 17853], dtype=object)),
    "times, texts": (DAYS, DAYS.strftime("%Y-%m-%d")),
    "times, zone": (DAYS, DAYS.tz_localize("UTC")),
    "dates, times": (pd.Index([day.date() for day in DAYS]), DAYS),
    "bytes, texts": (pd.Index([b"a", b"b", b"c"]), ["a", "b", "c"]),
    "periods, texts": (
        pd.period_range("2024-01", periods=3, freq="M"),
        ["2024-01", "2024-02", "2024-03"],
    ),
    "flags, numbers": (pd.Index([True, False]), pd.Index([1, 0])),
    "several columns": (
        PAIRS,
        pd.MultiIndex.from_tuples([("DE", "1"), ("DE", "2"), ("FR", "1")]),
    ),
    "float in several columns": (
        PAIRS.set_levels([1.0, 2.0], level=1),
        pd.MultiIndex.from_tuples([("DE", "1"), ("DE", "2"), ("FR", "1")]),
    ),
}


@pytest.mark.parametrize(("index", "other"), UNLIKE.values(), ids=UNLIKE)
def test_customers_of_unlike_kinds_are_refused_with_advice_that_works(
    index: Any, other: Any
) -> None:
    codes = [0, 1, 0][: len(index)]
    before, after = pd.Series(codes, index), pd.Series(codes, other)
    with pytest.raises(InvalidDataError, match="customers of the same kind") as caught:
        transition_matrix(before, after)
    advice = str(caught.value.advice)
    assert advice.startswith("Convert them to one kind: ")
    with pytest.raises(InvalidDataError, match="customers of the same kind"):
        match_segments(after, before)
    exec(  # noqa: S102
        advice.removeprefix("Convert them to one kind: ").rstrip("."),
        {"before": before, "after": after, "pd": pd},
    )
    assert transition_matrix(before, after).to_numpy()[:2, :2].sum() == len(codes)


def test_the_kinds_are_named() -> None:
    before, after = pd.Series([0], [17850]), pd.Series([0], ["17850"])
    with pytest.raises(InvalidDataError) as caught:
        transition_matrix(before, after)
    assert str(caught.value) == (
        "The index of 'after' of transition_matrix must be customers of the same kind "
        "as that of 'before'. Got the text '17850', and the number 17850 in 'before'. "
        "Convert them to one kind: before.index = before.index.astype(str)."
    )
    assert (caught.value.name, caught.value.value) == ("after", "17850")


def test_customers_known_by_numbers_and_names_are_kept_apart() -> None:
    before = pd.Series([0, 1, 1], pd.Index([17850, "ann", "bob"], dtype=object))
    after = pd.Series([1, 1], pd.Index([17850, "bob"], dtype=object))
    assert transition_matrix(before, after).to_numpy().tolist() == [
        [0, 1, 0],
        [0, 1, 1],
        [0, 0, 0],
    ]
    # Those who are new may be of a kind that was not there.
    numbers = pd.Series([0, 1], [17850, 17851])
    assert transition_matrix(numbers, after).loc["new"].tolist() == [0, 1, 0]


def test_an_index_of_other_levels_is_refused() -> None:
    before, after = pd.Series([0, 1, 0], PAIRS), pd.Series([0, 1, 0], IDS)
    with pytest.raises(InvalidDataError, match="index of the same levels"):
        transition_matrix(before, after)
    flat = before.droplevel("country")[[True, True, False]]
    transition_matrix(flat, pd.Series([0, 1], [1, 2]))


@pytest.mark.parametrize("value", [float(2**60), -1e300])
def test_floats_that_stand_for_several_customers_are_refused(value: float) -> None:
    before = pd.Series([0, 1], [2**60, 2**60 + 1])
    with pytest.raises(InvalidDataError, match="several whole numbers") as caught:
        transition_matrix(before, pd.Series([0, 1], [1.0, value]))
    assert caught.value.row == 1


@pytest.mark.parametrize(
    ("index", "what"),
    [
        ([1.0, 1.0, 2.0], "once"),
        (pd.Index([1, 1.0, 2], dtype=object), "once"),
        (pd.Index([1, None, 2], dtype="Int64"), "known"),
        ([1.0, np.nan, 2.0], "known"),
        (pd.CategoricalIndex(["a", "a", "b"]), "once"),
        (pd.MultiIndex.from_tuples([("a", 1), ("a", 1), ("b", 1)]), "once"),
        (pd.MultiIndex.from_tuples([("a", 1), ("a", None), ("b", 1)]), "known"),
        (pd.DatetimeIndex(["2024-01-01", "NaT", "2024-01-02"]), "known"),
    ],
    ids=str,
)
def test_customers_are_known_and_listed_once(index: Any, what: str) -> None:
    series = pd.Series([0, 1, 0], index)
    for function in (transition_matrix, match_segments):
        with pytest.raises(InvalidDataError, match=f"each of them {what}") as caught:
            function(series, series)
        assert caught.value.row == 1


def test_customers_that_are_named_otherwise_are_a_warning() -> None:
    before, after = (
        pd.Series([0, 1], ["017850", "a "]),
        pd.Series([0, 1], ["17850", "a"]),
    )
    with pytest.warns(UserWarning, match="'017850' and '17850'") as record:
        table = transition_matrix(before, after)
    assert record[0].filename == __file__
    assert table["gone"].tolist() == [1, 1, 0]
    before.index = before.index.str.lstrip("0").str.strip()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert transition_matrix(before, after)["gone"].sum() == 0
        # With no customers at all before or after nothing is odd.
        transition_matrix(before.iloc[:0], after)
        transition_matrix(before, after.iloc[:0])


def test_a_frame_of_one_column_keeps_its_customers() -> None:
    before, after = pd.Series([0, 1, 1], IDS), pd.Series([1, 0], IDS[1:])
    expected = transition_matrix(before, after)
    for first in (before, before.to_frame("segment")):
        table = transition_matrix(first, after.to_frame("segment"))
        pd.testing.assert_frame_equal(table, expected)


CODES = np.array([0, 1, 1, -1])
LABELS: dict[str, Any] = {
    "list": CODES.tolist(),
    **{name: CODES.astype(name) for name in ("i1", "i2", "i4", "i8", "object")},
    "Int8": pd.Series(CODES, dtype="Int8"),
    "arrow in pandas": pd.Series(CODES, dtype="int64[pyarrow]"),
    "category": pd.Series(CODES, dtype="category"),
    "polars": pl.Series(CODES),
    "arrow": pa.array(CODES),
    "dictionary": pa.array(CODES).dictionary_encode(),
}
NAMES = ["Loyal", "At risk", "Noise"]
BY_NAME: dict[str, Any] = {
    "list": [NAMES[code] for code in CODES],
    "numpy": np.array(NAMES)[CODES],
    "object": np.array(NAMES, dtype=object)[CODES],
    "string": pd.Series(np.array(NAMES)[CODES], dtype="string"),
    "category": pd.Series(np.array(NAMES)[CODES], dtype="category"),
    "polars": pl.Series(np.array(NAMES)[CODES].tolist()),
    "polars Enum": pl.Series(np.array(NAMES)[CODES].tolist(), dtype=pl.Enum(NAMES)),
    "dictionary": pa.array(np.array(NAMES)[CODES].tolist()).dictionary_encode(),
}


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_codes_are_read_from_every_container(labels: Any) -> None:
    expected = [[1, 0, 0], [0, 2, 0], [0, 0, 1]]
    assert transition_matrix(labels, CODES).to_numpy().tolist() == expected
    assert match_segments(CODES, labels).mapping == {0: 0, 1: 1, -1: -1}
    assert match_segments(CODES, CODES).relabel(labels).tolist() == CODES.tolist()


def test_unsigned_codes_are_codes() -> None:
    for dtype in ("u1", "u2", "u4", "u8", "UInt64"):
        codes = pd.Series([0, 1, 1], dtype=dtype)
        table = transition_matrix(codes, codes.tolist())
        assert table.to_numpy().tolist() == [[1, 0], [0, 2]]
    with pytest.raises(InvalidDataError, match="whole numbers"):
        transition_matrix(np.array([2**64 - 1, 0], dtype="u8"), [0, 1])


@pytest.mark.parametrize("labels", BY_NAME.values(), ids=BY_NAME)
@pytest.mark.parametrize(
    "segment_names", [NAMES, NAMES[:2], {0: "Loyal", 1: "At risk"}]
)
def test_names_of_segments_stand_for_their_codes(
    labels: Any, segment_names: Any
) -> None:
    expected = transition_matrix(CODES, CODES[::-1], segment_names=segment_names)
    for after in (CODES[::-1], np.array(NAMES)[CODES[::-1]]):
        table = transition_matrix(labels, after, segment_names=segment_names)
        pd.testing.assert_frame_equal(table, expected)


def test_names_need_no_list_of_names() -> None:
    before = pd.Series(["new", "loyal", "loyal", "Noise"], list("abcd"))
    after = pd.Series(["loyal", "loyal", "lost"], list("abe"))
    with pytest.raises(InvalidDataError, match="must differ"):
        transition_matrix(before, after)  # "new" is the row of arrivals
    before = before.replace("new", "young")
    table = transition_matrix(before, after)
    assert list(table.columns) == ["lost", "loyal", "young", "Noise", "gone"]
    assert table.loc["young", "loyal"] == table.loc["Noise", "gone"] == 1


@pytest.mark.parametrize(
    ("before", "says"),
    [
        (["Loyl", "At risk"], "Did you mean 'Loyal'?"),
        (["Loyal", None], "all codes or all names of segments. Got None at row 1"),
        (np.array(["Loyal", 1], dtype=object), "Got 1 at row 1"),
        ([0.0, 1.0], "Got float64 values such as 0.0"),
        ([True, False], "Got bool values such as True"),
        (pd.Series([0, None], dtype="Int64"), "Got Int64 values such as"),
    ],
    ids=["typo", "missing", "mixed", "float", "flags", "NA"],
)
def test_labels_that_name_no_segment_are_refused(before: Any, says: str) -> None:
    with pytest.raises(InvalidDataError) as caught:
        transition_matrix(before, [0, 1], segment_names=NAMES)
    assert says in str(caught.value)
    assert caught.value.name == "before"


def test_names_beside_codes_need_segment_names() -> None:
    with pytest.raises(InvalidDataError, match="beside codes need segment_names"):
        transition_matrix(["Loyal", "At risk"], [0, 1])
    transition_matrix(["Loyal", "At risk"], [0, 1], segment_names=NAMES)


def test_a_fitted_estimator_is_no_list_of_codes() -> None:
    model = KMeans(2, n_init=1, random_state=0).fit([[0.0], [1.0], [9.0]])
    for function in (match_segments, transition_matrix):
        with pytest.raises(
            InvalidDataError, match="Got an estimator, KMeans"
        ) as caught:
            function(model, model.labels_)
        assert str(caught.value).endswith(
            "Pass its labels_, or what its predict returns."
        )
        function(model.labels_, model.predict([[0.0], [1.0], [9.0]]))


def test_dates_of_time_zones_are_told_apart() -> None:
    zoned = pd.Series([0, 1, 0], DAYS.tz_localize("Europe/Berlin"))
    same = zoned.tz_convert("UTC")
    assert np.trace(transition_matrix(zoned, same).to_numpy()) == 3


def test_levels_in_another_order_are_put_in_order_as_advised() -> None:
    before = pd.Series([0, 1, 0], index=PAIRS)
    swapped = [(number, country) for country, number in PAIRS]
    after = pd.Series([0, 1, 0], index=pd.MultiIndex.from_tuples(swapped))
    with pytest.raises(InvalidDataError, match="Put the levels in the same") as error:
        transition_matrix(before, after)
    code = str(error.value).split("order: ")[1].rstrip(".")
    assert code == "after.index = after.index.reorder_levels([1, 0])"
    exec(code, {"after": after})  # noqa: S102
    assert transition_matrix(before, after).to_numpy().trace() == 3


def test_customers_in_messages_are_values_of_python() -> None:
    codes = pd.Series([0, 1, 0], index=[17850, 17850, 17851])
    with pytest.raises(InvalidDataError, match=r"each of them once. Got 17850\."):
        transition_matrix(codes, codes)
    codes.index = pd.MultiIndex.from_tuples([("DE", 1), ("DE", 1), ("FR", 1)])
    with pytest.raises(InvalidDataError, match=r"Got \('DE', 1\)\."):
        transition_matrix(codes, codes)


def test_segment_names_that_are_no_names_are_refused() -> None:
    with pytest.raises(ValueError, match=r"'segment_names' .* a sequence or dict"):
        transition_matrix([0, 1], [0, 1], segment_names=5)
