"""Columns by name and by position: nothing is taken for something else in silence."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skseg import RFMSegmenter
from skseg.exceptions import InvalidParameterError, MissingColumnError, RuleError
from tests.rfm.customers import DIMENSIONS, customer_table

ORDERS = [list(order) for order in permutations(DIMENSIONS)]
OTHER_ORDERS = ORDERS[1:]
X = customer_table(2000)
EXPECTED = RFMSegmenter().fit_predict(X)
DOUBT = "RFMSegmenter takes columns by position"


def ids(value: Any) -> str:
    return "-".join(value) if isinstance(value, list) else str(value)


def named(order: list[str]) -> dict[str, Any]:
    """Return the parameters that say at which position each dimension is."""
    return {dimension: order.index(dimension) for dimension in DIMENSIONS}


def quiet(function: Callable[[], Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return function()


# Steps that drop the names, each of which leaves the order of the columns as it is.
NAMELESS_STEPS: dict[str, Any] = {
    "imputer": SimpleImputer(strategy="median"),
    "array": FunctionTransformer(lambda frame: frame.to_numpy()),
    "frame of an array": FunctionTransformer(lambda f: pd.DataFrame(f.to_numpy())),
    "column transformer": ColumnTransformer([], remainder="passthrough"),
}


@pytest.mark.parametrize("step", NAMELESS_STEPS)
@pytest.mark.parametrize("order", OTHER_ORDERS, ids=ids)
def test_another_order_behind_a_step_without_names_is_doubted(
    order: list[str], step: str
) -> None:
    pipeline = make_pipeline(NAMELESS_STEPS[step], RFMSegmenter())
    taken = ", ".join(f"x{i} for {d}" for i, d in enumerate(DIMENSIONS))
    if step == "frame of an array":
        taken = taken.replace("x", "")
    with pytest.warns(UserWarning, match=f"{DOUBT}: {taken}. But"):
        pipeline.fit(X[order])
    assert (pipeline.predict(X[order]) != EXPECTED).mean() > 0.2


@pytest.mark.parametrize("order", OTHER_ORDERS, ids=ids)
@pytest.mark.parametrize("n_rows", [12, 100])
def test_the_doubt_does_not_take_many_customers_nor_amounts_with_cents(
    n_rows: int, order: list[str]
) -> None:
    recency = np.arange(1.0, n_rows + 1)
    few = pd.DataFrame(
        {
            "recency": recency,
            "frequency": n_rows - np.arange(n_rows) // 2,
            "monetary": 20 * (n_rows - np.arange(n_rows) // 2),
        }
    )
    with pytest.warns(UserWarning, match=DOUBT):
        RFMSegmenter().fit(few[order].to_numpy())


@pytest.mark.parametrize("order", ORDERS, ids=ids)
@pytest.mark.parametrize("step", NAMELESS_STEPS)
def test_positions_that_are_declared_need_no_names(order: list[str], step: str) -> None:
    pipeline = make_pipeline(NAMELESS_STEPS[step], RFMSegmenter(**named(order)))
    np.testing.assert_array_equal(pipeline.fit_predict(X[order]), EXPECTED)


@pytest.mark.parametrize("order", ORDERS, ids=ids)
@pytest.mark.parametrize("kind", [int, np.int64, np.uint8])
@pytest.mark.parametrize("container", ["array", "pandas", "polars"])
def test_whole_numbers_of_any_type_are_positions_in_any_container(
    container: str, kind: type, order: list[str]
) -> None:
    frame = X[order].set_axis(["a", "b", "c"], axis=1)
    rows: Any = {
        "array": frame.to_numpy(),
        "pandas": frame,
        "polars": pl.from_pandas(frame),
    }[container]
    positions = {name: kind(place) for name, place in named(order).items()}
    segmenter = RFMSegmenter(**positions).fit(rows)
    np.testing.assert_array_equal(segmenter.labels_, EXPECTED)
    np.testing.assert_array_equal(segmenter.predict(rows), EXPECTED)
    names = ["x0", "x1", "x2"] if container == "array" else ["a", "b", "c"]
    assert segmenter.taken_by_position_ == named(order)
    assert segmenter.columns_ == {d: names[order.index(d)] for d in DIMENSIONS}
    from_end = {name: place - 3 for name, place in named(order).items()}
    np.testing.assert_array_equal(RFMSegmenter(**from_end).fit_predict(rows), EXPECTED)


def test_names_and_positions_may_be_mixed() -> None:
    frame = X[["monetary", "recency", "frequency"]]
    segmenter = RFMSegmenter(recency=1).fit(frame)
    np.testing.assert_array_equal(segmenter.labels_, EXPECTED)
    assert segmenter.taken_by_position_ == {"recency": 1}
    # New rows have their columns by name.
    np.testing.assert_array_equal(segmenter.predict(X), EXPECTED)
    two = RFMSegmenter(recency=-1, frequency=0, monetary=None)
    np.testing.assert_array_equal(
        two.fit_predict(X[["frequency", "recency"]].to_numpy()), EXPECTED
    )


def test_what_was_taken_by_position_is_said() -> None:
    by_name = RFMSegmenter().fit(X)
    assert by_name.taken_by_position_ == {}
    assert by_name.columns_ == {name: name for name in DIMENSIONS}
    assert by_name.segments_.columns.name is None
    by_position = RFMSegmenter().fit(X.to_numpy())
    assert by_position.taken_by_position_ == {n: i for i, n in enumerate(DIMENSIONS)}
    assert by_position.columns_ == dict(
        zip(DIMENSIONS, ["x0", "x1", "x2"], strict=True)
    )
    assert repr(by_position.segments_).startswith("R = x0, F = x1, M = x2")
    assert "R = x0, F = x1, M = x2" in by_position.segments_.to_html()
    two = RFMSegmenter().fit(X.to_numpy()[:, :2])
    assert repr(two.segments_).startswith("R = x0, F = x1 ")
    # The tables are the same otherwise.
    table = by_position.segments_.rename_axis(columns=None).drop(columns="rule")
    pd.testing.assert_frame_equal(table, by_name.segments_.drop(columns="rule"))


def test_a_frequency_that_is_not_whole_is_doubted_wherever_it_was_taken_from() -> None:
    rows = X.to_numpy()
    with pytest.warns(UserWarning, match="x2 for frequency.* But the frequency, which"):
        RFMSegmenter(recency=0, frequency=2, monetary=1).fit(rows)
    with pytest.warns(UserWarning, match="not whole"):
        make_pipeline(StandardScaler(), RFMSegmenter()).fit(X)
    # By its name it may be a rate.
    RFMSegmenter().fit(X.assign(frequency=X["frequency"] / 12))


def test_what_the_doubt_advises_ends_it() -> None:
    order = ["monetary", "recency", "frequency"]
    imputer = SimpleImputer(strategy="median")
    with pytest.warns(UserWarning, match=DOUBT) as caught:
        make_pipeline(imputer, RFMSegmenter()).fit(X[order])
    (warning,) = caught
    assert "by positions, such as frequency=0" in str(warning.message)
    assert "set_output(transform='pandas') on the steps before" in str(warning.message)
    assert warning.filename == __file__
    for pipeline in (
        make_pipeline(imputer, RFMSegmenter(recency=1, frequency=2, monetary=0)),
        make_pipeline(imputer, RFMSegmenter()).set_output(transform="pandas"),
    ):
        codes = pipeline.fit(X[order]).predict(X[order])
        np.testing.assert_array_equal(codes, EXPECTED)


def test_averages_as_monetary_value_and_independent_columns_are_no_doubt() -> None:
    rng = np.random.default_rng(0)
    average = X.assign(monetary=X["monetary"] / X["frequency"])
    RFMSegmenter().fit(average.to_numpy())
    for seed in range(20):
        rng = np.random.default_rng(seed)
        columns = rng.integers(0, 300, 200), rng.poisson(4, 200), rng.gamma(2, 60, 200)
        RFMSegmenter().fit(np.column_stack(columns))


@pytest.mark.parametrize(
    "rows",
    [
        [[1.0, 2.0, 3.0]],
        [[1.0, 2.0, np.nan], [2.0, 1.0, 5.0]],
        [[5.0, 1.0, 9.0]] * 10,
        [[np.inf, np.inf, np.inf], [1.0, 2.0, 3.0], [2.0, 1.0, 3.0]],
    ],
    ids=["one row", "a missing value", "equal rows", "infinity"],
)
def test_few_or_equal_values_are_no_doubt(rows: Any) -> None:
    assert RFMSegmenter().fit(rows).taken_by_position_ != {}


@pytest.mark.parametrize("column", [3, -4, 1.0, True, None, ["recency"], b"recency"])
def test_what_is_no_column_is_refused_by_the_name_of_the_parameter(column: Any) -> None:
    for rows in (X, X.to_numpy()):
        with pytest.raises(InvalidParameterError, match="'recency' parameter") as error:
            RFMSegmenter(recency=column).fit(rows)
        assert error.value.name == "recency"
        assert error.value.value == column


@pytest.mark.parametrize(
    "parameters",
    [
        {"recency": 1},
        {"monetary": 0},
        {"recency": 1, "frequency": -2},
        {"frequency": "x2"},
    ],
    ids=str,
)
def test_two_dimensions_are_never_one_column(parameters: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameterError, match="another column than that of '"):
        RFMSegmenter(**parameters).fit(X.to_numpy())
    with pytest.raises(InvalidParameterError, match="'frequency' parameter"):
        RFMSegmenter(frequency="recency").fit(X)


def test_names_of_a_column_transformer_are_suggested() -> None:
    impute = ("impute", SimpleImputer(), ["recency"])
    step = ColumnTransformer([impute], remainder="passthrough")
    step.set_output(transform="pandas")
    with pytest.raises(MissingColumnError) as error:
        make_pipeline(step, RFMSegmenter()).fit(X)
    assert "recency='impute__recency'" in str(error.value)
    assert "verbose_feature_names_out=False" in str(error.value)
    renamed = RFMSegmenter(
        recency="impute__recency",
        frequency="remainder__frequency",
        monetary="remainder__monetary",
    )
    pipeline = make_pipeline(step, renamed)
    np.testing.assert_array_equal(pipeline.fit_predict(X), EXPECTED)
    step.set_params(verbose_feature_names_out=False)
    pipeline = make_pipeline(step, RFMSegmenter())
    np.testing.assert_array_equal(pipeline.fit_predict(X), EXPECTED)


def test_what_the_error_about_a_missing_name_advises_works() -> None:
    nameless = pl.DataFrame(X.to_numpy())
    with pytest.raises(MissingColumnError, match="such as recency=0"):
        RFMSegmenter().fit(nameless)
    segmenter = RFMSegmenter(recency=0, frequency=1, monetary=2).fit(nameless)
    np.testing.assert_array_equal(segmenter.labels_, EXPECTED)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("12", "column 'frequency' holds '12'"),
        (pd.Timestamp("2024-01-31"), "column 'frequency' holds Datetime"),
        (pd.Timedelta(days=3), "column 'frequency' holds Duration"),
        (pd.Period("2024-01"), "column 'frequency' holds"),
        ([1], "column 'frequency' holds"),
    ],
    ids=["text", "date", "duration", "period", "list"],
)
def test_what_is_no_number_is_refused_by_the_name_of_the_column(
    value: Any, message: str
) -> None:
    frame = X.assign(frequency=pd.Series([value] * len(X), index=X.index))
    for parameters in ({}, {"recency": 0, "frequency": 1, "monetary": 2}):
        with pytest.raises(RuleError, match=message) as error:
            RFMSegmenter(**parameters).fit(frame)
        assert error.value.column == "frequency"


def test_a_position_can_be_searched() -> None:
    segmenter = RFMSegmenter(recency=1, frequency=2, monetary=0)
    segmenter.set_params(recency=2, frequency=1)
    fitted = quiet(lambda: segmenter.fit(X.to_numpy()))
    assert fitted.taken_by_position_ == {"recency": 2, "frequency": 1, "monetary": 0}
