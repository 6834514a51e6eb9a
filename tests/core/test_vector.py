"""One value a row: every container and type gives the same values, or is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.cluster import KMeans
from sklearn.exceptions import DataConversionWarning

from skseg import (
    BoxSegmentFinder,
    InductiveSegmenter,
    IVSegmentFinder,
    MECERuleSegmenter,
    OptimalRevenueBinner,
    PropensityBinner,
    information_value,
    with_group,
)
from skseg._core._vector import read_vector
from skseg.displays._reading import read_segments
from skseg.exceptions import InvalidDataError
from skseg.metrics import silhouette_score
from skseg.monitor import match_segments, transition_matrix
from skseg.rules import RuleSet
from tests.containers import (
    FLAGS,
    NULLABLE,
    REFUSED_FRAMES,
    TEXTS,
    TIMES,
    WHOLE_NUMBERS,
    Container,
)

# float64 does not tell them apart.
SELLERS = [2**60, 2**60 + 1, 2**60 + 1]
CODES = [0, 1, -1, 1]


def read(values: Any) -> Any:
    return read_vector("Finder", "values", values, None)


@pytest.mark.parametrize("container", WHOLE_NUMBERS.values(), ids=WHOLE_NUMBERS)
def test_whole_numbers_stay_exact(container: Container) -> None:
    vector = read(container(SELLERS))
    assert len(vector) == 3
    assert vector.labels().tolist() == SELLERS
    assert vector.codes().tolist() == SELLERS
    assert vector.codes().dtype == np.intp
    np.testing.assert_array_equal(vector.numbers(), np.array(SELLERS, dtype=float))


@pytest.mark.parametrize("container", FLAGS.values(), ids=FLAGS)
def test_flags_stay_flags(container: Container) -> None:
    vector = read(container([True, False, True]))
    assert [type(label) for label in vector.labels().tolist()] == [bool] * 3
    assert vector.labels().tolist() == [True, False, True]
    np.testing.assert_array_equal(vector.numbers(), [1.0, 0.0, 1.0])
    with pytest.raises(InvalidDataError, match="must be whole numbers"):
        vector.codes()


@pytest.mark.parametrize("container", TEXTS.values(), ids=TEXTS)
def test_texts_stay_texts(container: Container) -> None:
    vector = read(container(["b", "a", "b"]))
    assert vector.labels().tolist() == ["b", "a", "b"]
    for values in (vector.numbers, vector.codes):
        with pytest.raises(InvalidDataError, match=r"must be (whole )?numbers.*'b'"):
            values()


@pytest.mark.parametrize("container", NULLABLE.values(), ids=NULLABLE)
@pytest.mark.parametrize("values", [[7, None, 2**60 + 1], [True, None, False]], ids=str)
def test_missing_values_leave_the_others_as_they_are(
    values: list[Any], container: Container
) -> None:
    vector = read(container(values))
    assert vector.labels().tolist() == values
    assert [type(label) for label in vector.labels()] == [type(v) for v in values]
    numbers = [np.nan if value is None else float(value) for value in values]
    np.testing.assert_array_equal(vector.numbers(), numbers)
    with pytest.raises(InvalidDataError, match="must be whole numbers"):
        vector.codes()


@pytest.mark.parametrize("times", TIMES.values(), ids=TIMES)
def test_times_are_no_numbers_and_the_reason_is_given(times: Any) -> None:
    for values in (read(times).numbers, read(times).codes):
        with pytest.raises(InvalidDataError, match="Dates and durations have no unit"):
            values()


@pytest.mark.parametrize("values", [[0.0, 1.0], ["0", "1"], [2**63], [-(2**63) - 1]])
def test_what_is_no_code_is_refused(values: list[Any]) -> None:
    with pytest.raises(InvalidDataError, match="values of Finder must be whole num"):
        read(np.array(values, dtype=object)).codes()


@pytest.mark.parametrize(
    ("values", "shape"),
    [
        (np.zeros((2, 2)), r"\(2, 2\)"),
        (pd.DataFrame([[1, 2]]), r"\(1, 2\)"),
        (5, r"\(\)"),
    ],
    ids=str,
)
def test_what_has_two_dimensions_or_none_is_refused(values: Any, shape: str) -> None:
    with pytest.raises(InvalidDataError, match=f"one-dimensional. Got shape {shape}"):
        read(values)


@pytest.mark.parametrize(
    "values",
    [np.array([[1], [2]]), pd.DataFrame({"y": [1, 2]}), pl.DataFrame({"y": [1, 2]})],
)
def test_a_column_is_taken_with_a_warning(values: Any) -> None:
    with pytest.warns(DataConversionWarning, match="column-vector values"):
        assert read(values).codes().tolist() == [1, 2]


@pytest.mark.parametrize("name", ["polars LazyFrame", "dask", "duckdb"])
def test_values_that_are_not_computed_are_refused(name: str) -> None:
    make, _ = REFUSED_FRAMES[name]
    with pytest.raises(InvalidDataError, match="values of Finder must be in memory"):
        read(make(pd.DataFrame({"y": [1, 2]})))


# What reads one value a row: functions of the values, whose result depends on them.
X = pd.DataFrame({"aov": np.tile([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 20)})
# Rows that are no copies of each other, of which finders would warn.
DISTINCT = X + np.linspace(0.0, 0.5, 120)[:, None]
OUTCOME = np.tile([0, 0, 1, 0, 1, 1, 1, 0, 1, 1], 12).tolist()
GROUP = np.repeat([2**60, 2**60 + 1], 60).tolist()
BINNER = {"n_bins": 2, "revenue": 1.0, "response": [1.0, 2.0], "cost": [0.0, 0.5]}


def _findings(finder: Any, y: Any, group: Any) -> Any:
    return finder.fit(DISTINCT, y, group=group).segments_


READERS: dict[str, tuple[Callable[[Any], Any], list[Any]]] = {
    "group of IVSegmentFinder": (
        lambda v: _findings(IVSegmentFinder(random_state=0), OUTCOME, v).to_dict(
            "list"
        ),
        GROUP,
    ),
    "groups_ of BoxSegmentFinder": (
        lambda v: (
            BoxSegmentFinder(random_state=0, n_replicates=19)
            .fit(DISTINCT, OUTCOME, group=v)
            .groups_
        ),
        GROUP,
    ),
    "group of information_value": (
        lambda v: information_value(X, OUTCOME, group=v)[1].to_dict("list"),
        GROUP,
    ),
    "with_group": (lambda v: with_group(OUTCOME, v)["group"].tolist(), GROUP),
    "y of with_group": (lambda v: with_group(v, GROUP)["outcome"].tolist(), OUTCOME),
    "y of MECERuleSegmenter": (
        lambda v: (
            MECERuleSegmenter({"High": "aov > 3"}, default="Low")
            .fit(X, v)
            .segments_["outcome"]
            .tolist()
        ),
        OUTCOME,
    ),
    "y of OptimalRevenueBinner": (
        lambda v: OptimalRevenueBinner(**BINNER).fit(X / 10, v).value_,
        OUTCOME,
    ),
    "y of PropensityBinner": (
        lambda v: (
            PropensityBinner(binner=OptimalRevenueBinner(**BINNER), cv=2)
            .fit(X, v)
            .propensities_.tolist()
        ),
        OUTCOME,
    ),
    "y of information_value": (
        lambda v: information_value(X, v)[1].to_dict("list"),
        OUTCOME,
    ),
    "sample_weight of MECERuleSegmenter": (
        lambda v: (
            MECERuleSegmenter({"High": "aov > 3"}, default="Low")
            .fit(X, sample_weight=v)
            .segments_["n"]
            .tolist()
        ),
        OUTCOME,
    ),
    "sample_weight of InductiveSegmenter": (
        lambda v: (
            InductiveSegmenter(KMeans(2, random_state=0))
            .fit(X, sample_weight=v)
            .segments_["n"]
            .tolist()
        ),
        OUTCOME,
    ),
    "codes of match_segments": (
        lambda v: match_segments(v, OUTCOME[::-1]).overlap.to_numpy().tolist(),
        OUTCOME,
    ),
    "codes of transition_matrix": (
        lambda v: transition_matrix(v, OUTCOME).to_numpy().tolist(),
        OUTCOME,
    ),
    "labels of silhouette_score": (lambda v: silhouette_score(X, v), OUTCOME),
}


@pytest.mark.parametrize("container", WHOLE_NUMBERS.values(), ids=WHOLE_NUMBERS)
@pytest.mark.parametrize("reader", READERS)
def test_every_function_reads_every_container_alike(
    reader: str, container: Container
) -> None:
    function, values = READERS[reader]
    assert repr(function(container(values))) == repr(function(values))


CODE_READERS: dict[str, Callable[[Any], Any]] = {
    "transition_matrix": lambda v: transition_matrix(v, [0, 1, 1]),
    "match_segments": lambda v: match_segments(v, [0, 1, 1]),
    "SegmentSizesDisplay": lambda v: read_segments("SegmentSizesDisplay", v),
}


@pytest.mark.parametrize("reader", CODE_READERS)
def test_float_codes_are_refused_with_what_makes_codes_of_them(reader: str) -> None:
    values = np.array([0.0, 1.0, 1.0])
    with pytest.raises(InvalidDataError, match=r"as by \w+.astype\(int\)\.$"):
        CODE_READERS[reader](values)
    CODE_READERS[reader](values.astype(int))
    values[0] = np.nan
    with pytest.raises(InvalidDataError, match="Leave"):
        CODE_READERS[reader](values)
    with pytest.raises(InvalidDataError, match="Leave such rows out"):
        CODE_READERS[reader](pd.Series([0, None, 1], dtype="Int64"))


def test_names_without_segment_names_are_refused_with_what_to_pass() -> None:
    names = ["New", "VIP", "VIP"]
    with pytest.raises(InvalidDataError, match="Pass the names in the order of their"):
        read_segments("SegmentSizesDisplay", names)
    assert read_segments("D", names, ["New", "VIP"]).codes.tolist() == [0, 1, 1]


def test_a_dict_of_customers_is_refused_with_the_series_that_it_makes() -> None:
    codes = {"ann": 0, "bob": 1}
    with pytest.raises(InvalidDataError) as error:
        transition_matrix(codes, codes)
    assert error.value.advice == "Convert it, by pandas.Series(before)."
    assert transition_matrix(pd.Series(codes), pd.Series(codes)).loc[0, 0] == 1


@pytest.mark.parametrize("name", ["polars LazyFrame", "dask"])
def test_a_column_that_is_not_computed_is_computed_as_advised(name: str) -> None:
    make, compute = REFUSED_FRAMES[name]
    values = make(pd.DataFrame({"aov": [1.0, 5.0]}))
    rules = RuleSet({"High": "aov > 3"}, default="Low")
    with pytest.raises(InvalidDataError, match="of the rule set must be") as error:
        rules.assign({"aov": values})
    assert str(error.value.advice).startswith("Pass X['aov'].co")
    assert rules.assign({"aov": compute(values)["aov"]}).tolist() == [1, 0]
