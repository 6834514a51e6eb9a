"""Frames: the names of columns come from the frame, and new rows are read by them."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression

from skseg import (
    BoxSegmentFinder,
    InductiveSegmenter,
    IVSegmentFinder,
    L1SegmentFinder,
    MECERuleSegmenter,
    OptimalRevenueBinner,
    PropensityBinner,
    RFMSegmenter,
    RuleSurrogate,
    TLearnerSegmentFinder,
    information_value,
    raw_rules,
)
from skseg.exceptions import InvalidDataError, MissingColumnError
from skseg.rules import RuleSet
from tests.containers import FRAMES, REFUSED_FRAMES

# Recent customers convert more often, so recency is a score that falls with the rate.
pytestmark = pytest.mark.filterwarnings("ignore:The conversion rate does not rise")

N_CUSTOMERS = 240
_random = np.random.default_rng(0)
# With a leading identifier, as exports have it: by position it would be recency.
CUSTOMERS = pd.DataFrame(
    {
        "customer_id": 1001 + np.arange(N_CUSTOMERS),
        "recency": _random.integers(1, 100, N_CUSTOMERS),
        "frequency": _random.integers(1, 9, N_CUSTOMERS),
        "monetary": _random.integers(1, 100, N_CUSTOMERS) / 4,
    }
)
CONVERTED = (
    _random.random(N_CUSTOMERS) < np.where(CUSTOMERS["recency"] < 40, 0.7, 0.2)
).astype(float)
SELLER = np.where(_random.random(N_CUSTOMERS) < 0.5, "A", "B")

ESTIMATORS: dict[str, Any] = {
    "RFMSegmenter": RFMSegmenter(),
    "MECERuleSegmenter": MECERuleSegmenter(
        {"Rich": "monetary > q(0.5)", "Recent": "recency < 30"},
        default="Rest",
        on_overlap="first",
    ),
    "OptimalRevenueBinner": OptimalRevenueBinner(
        3, score_column="recency", revenue=[1.0, 2.0, 3.0]
    ),
    "PropensityBinner": PropensityBinner(LogisticRegression(max_iter=1000)),
    "TLearnerSegmentFinder": TLearnerSegmentFinder(random_state=0),
    "IVSegmentFinder": IVSegmentFinder(random_state=0),
    "L1SegmentFinder": L1SegmentFinder(random_state=0),
    "BoxSegmentFinder": BoxSegmentFinder(random_state=0, n_replicates=19),
    "InductiveSegmenter": InductiveSegmenter(KMeans(3, random_state=0)),
    "RuleSurrogate": RuleSurrogate(KMeans(3, random_state=0), random_state=0),
}
# These hand the rows to an estimator inside, which needs all columns that it has seen.
WRAPPING = ("PropensityBinner", "InductiveSegmenter")
every_estimator = pytest.mark.parametrize("estimator", ESTIMATORS)
every_frame = pytest.mark.parametrize("frame", FRAMES)


def fitted(estimator: str, X: Any) -> Any:
    model = ESTIMATORS[estimator]
    if estimator.endswith("Finder"):
        return model.fit(X, CONVERTED, group=SELLER)
    return model.fit(X, CONVERTED)


def results(model: Any, X: Any) -> list[Any]:
    """Return what the methods for new rows give."""
    methods = ("predict", "transform", "predict_propensity")
    return [
        np.asarray(getattr(model, method)(X))
        for method in methods
        if hasattr(model, method)
    ]


@every_frame
@every_estimator
def test_every_frame_gives_the_names_and_the_results_of_a_pandas_frame(
    estimator: str, frame: str
) -> None:
    reference = fitted(estimator, CUSTOMERS)
    names = reference.feature_names_in_.tolist()
    rules = str(getattr(reference, "rules_", ""))
    expected = results(reference, CUSTOMERS)
    model = fitted(estimator, FRAMES[frame](CUSTOMERS))
    assert model.feature_names_in_.tolist() == names == list(CUSTOMERS)
    assert {type(name) for name in model.feature_names_in_} == {str}
    assert str(getattr(model, "rules_", "")) == rules
    for result, other in zip(
        results(model, FRAMES[frame](CUSTOMERS)), expected, strict=True
    ):
        np.testing.assert_array_equal(result, other)


@every_frame
@every_estimator
def test_new_rows_may_have_more_columns_in_any_order(
    estimator: str, frame: str
) -> None:
    model = fitted(estimator, CUSTOMERS)
    expected = results(model, CUSTOMERS)
    scored = CUSTOMERS.assign(segment="old", note=None)[
        ["note", "monetary", "segment", "recency", "customer_id", "frequency"]
    ]
    for result, other in zip(
        results(model, FRAMES[frame](scored)), expected, strict=True
    ):
        np.testing.assert_array_equal(result, other)


@every_estimator
def test_new_rows_need_the_columns_of_the_rules_alone(estimator: str) -> None:
    model = fitted(estimator, CUSTOMERS)
    needed = list(CUSTOMERS) if estimator in WRAPPING else list(model.rules_.columns)
    if estimator == "RFMSegmenter":
        needed.append("monetary")  # a score of transform
    # A finder may find nothing, and then needs no column by name.
    kept = needed or ["customer_id"]
    expected = results(model, CUSTOMERS)
    for result, other in zip(results(model, CUSTOMERS[kept]), expected, strict=True):
        np.testing.assert_array_equal(result, other)
    for name in needed:
        method = model.transform if estimator == "RFMSegmenter" else model.predict
        with pytest.raises(MissingColumnError, match=f"needs the column '{name}'"):
            method(CUSTOMERS.drop(columns=name))


def test_the_outcome_may_have_been_a_column_of_the_training_rows() -> None:
    training = CUSTOMERS.assign(converted=CONVERTED)
    model = MECERuleSegmenter({"Rich": "monetary > q(0.5)"}, default="Rest")
    model.fit(training, training["converted"])
    np.testing.assert_array_equal(model.predict(CUSTOMERS), model.predict(training))


@pytest.mark.parametrize("container", REFUSED_FRAMES)
@every_estimator
def test_what_has_names_that_cannot_be_read_is_refused_with_the_way_out(
    estimator: str, container: str
) -> None:
    make, convert = REFUSED_FRAMES[container]
    model = fitted(estimator, CUSTOMERS)
    # Some estimators are fitted to tables that are not in memory.
    is_table = container in ("duckdb", "polars LazyFrame")
    use = model.predict if is_table else partial(fitted, estimator)
    with pytest.raises(InvalidDataError, match=f"X of {estimator} must be") as error:
        use(make(CUSTOMERS))
    advice = error.value.advice
    assert advice is not None
    call = {"dask": "compute()", "duckdb": "df()", "polars LazyFrame": "collect()"}
    if container in call:
        way_out = f"Pass X.{call[container]}"
        # Dask's frames are no tables in which segments can be assigned.
        further = "." if container == "dask" else " if it fits into memory."
        assert advice.startswith(way_out + further)
        assert advice.endswith("by label(X).") == (container != "dask")
    else:
        library = "pyarrow.table" if convert.__name__ == "table" else "pandas.DataFrame"
        assert advice == f"Convert it, by {library}(X)."
    names = fitted(estimator, convert(make(CUSTOMERS))).feature_names_in_.tolist()
    assert names == list(CUSTOMERS)


@pytest.mark.parametrize(
    "names",
    [
        [0, 1, 2, 3],
        [0, "a", 2, 3.5],
        pd.MultiIndex.from_product([["a", "b"], [1, 2]]),
        pd.date_range("2024-01-01", periods=4),
        pd.period_range("2024-01", periods=4, freq="M"),
        pd.IntervalIndex.from_breaks(range(5)),
        pd.CategoricalIndex(list("abcd")),
    ],
    ids=["numbers", "mixed", "levels", "dates", "periods", "intervals", "categories"],
)
def test_names_that_are_no_text_are_known_by_their_text(names: Any) -> None:
    X = CUSTOMERS.set_axis(names, axis=1)
    texts = [str(name) for name in X.columns]
    last = texts[-1]
    named = CUSTOMERS.set_axis(texts, axis=1)
    table, _ = information_value(X, CONVERTED)
    expected, _ = information_value(named, CONVERTED)
    pd.testing.assert_frame_equal(table, expected)
    for model in (
        IVSegmentFinder(random_state=0),
        RuleSurrogate(KMeans(2, random_state=0), random_state=0),
        OptimalRevenueBinner(2, score_column=last, revenue=[1.0, 2.0]),
        PropensityBinner(LogisticRegression(max_iter=1000)),
    ):
        codes = model.fit(X, CONVERTED).predict(X)
        assert model.feature_names_in_.tolist() == texts
        np.testing.assert_array_equal(codes, model.fit(named, CONVERTED).predict(named))
    rules = RuleSet({"High": f"col({last!r}) > 5"}, default="Low")
    np.testing.assert_array_equal(rules.assign(X), rules.assign(named))
    row = dict(zip(X.columns, X.iloc[0], strict=True))
    assert rules.assign_row(row) == rules.assign(X)[0]


def test_raw_rules_name_the_columns_of_a_frame_by_their_text() -> None:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X = pd.DataFrame(CUSTOMERS.to_numpy())
    surrogate = RuleSurrogate(KMeans(2, random_state=0), random_state=0)
    pipeline = make_pipeline(StandardScaler(), surrogate).fit(X)
    rules = raw_rules(pipeline, X)
    assert set(rules.columns) <= {"0", "1", "2", "3"}
    np.testing.assert_array_equal(rules.assign(X), pipeline.predict(X))


@pytest.mark.parametrize("names", [[1, "1"], [True, "True"], [1.0, "1.0"]], ids=str)
def test_names_with_one_text_are_refused(names: list[Any]) -> None:
    X = pd.DataFrame([[1.0, 2.0]] * 5, columns=pd.Index(names, dtype=object))
    with pytest.raises(ValueError, match="cannot tell columns apart") as error:
        MECERuleSegmenter({"A": "x > 1"}, default="B").fit(X)
    assert str(error.value).endswith("Rename all of them but one.")
    X.columns = ["x", names[1]]
    MECERuleSegmenter({"A": "x > 1"}, default="B").fit(X)


@pytest.mark.parametrize("name", [None, float("nan"), pd.NaT], ids=str)
def test_a_column_without_a_name_is_refused(name: Any) -> None:
    X = pd.DataFrame([[1.0, 2.0]] * 5, columns=pd.Index(["x", name], dtype=object))
    with pytest.raises(InvalidDataError, match="the name of column 1, counted from 0"):
        MECERuleSegmenter({"A": "x > 1"}, default="B").fit(X)


def test_names_are_told_to_a_model_that_was_fitted_on_an_array() -> None:
    model = RuleSurrogate(KMeans(2, random_state=0), random_state=0)
    model.fit(CUSTOMERS.to_numpy())
    with pytest.warns(UserWarning, match="Its columns are read by position"):
        codes = model.predict(CUSTOMERS)
    np.testing.assert_array_equal(codes, model.predict(CUSTOMERS.to_numpy()))
    with pytest.raises(
        InvalidDataError, match="X has 3 features, but RuleSurrogate is"
    ):
        model.predict(CUSTOMERS.drop(columns="monetary"))
