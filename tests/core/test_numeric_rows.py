"""Rows for what measures distances: every container, no times, no frame by position."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skseg import (
    InductiveSegmenter,
    MECERuleSegmenter,
    OptimalRevenueBinner,
    RFMSegmenter,
    RuleSurrogate,
)
from skseg.exceptions import InvalidDataError, RuleError
from skseg.metrics import (
    prediction_strength,
    silhouette_samples,
    silhouette_score,
    stability_score,
)
from skseg.model_selection import compare_segmenters, select_eps, select_n_segments
from tests.containers import FRAMES, REFUSED_FRAMES

K_MEANS = KMeans(2, n_init=1, random_state=0)
RANDOM = np.random.default_rng(0)
ROWS = pd.DataFrame(
    np.vstack([RANDOM.normal(0, 1, (30, 3)), RANDOM.normal(9, 1, (30, 3))]).round(3),
    columns=["recency", "frequency", "monetary"],
)
CODES = np.repeat([0, 1], 30)
RULES = {"High": "monetary > 3"}

# Functions that read rows, with a result that depends on them.
MEASURES: dict[str, Callable[[Any], Any]] = {
    "silhouette_score": lambda X: silhouette_score(X, CODES),
    "silhouette_samples": lambda X: silhouette_samples(X, CODES).tolist(),
    "select_eps": lambda X: select_eps(X, eps=[1.5, 3.0]).table.to_dict("list"),
    "select_n_segments": lambda X: (
        select_n_segments(X, n_segments=[2, 3], random_state=0).n_segments
    ),
    "compare_segmenters": lambda X: compare_segmenters(
        {"k-means": K_MEANS}, X, n_replicates=2, random_state=0
    )["silhouette"].tolist(),
    "stability_score": lambda X: stability_score(
        K_MEANS, X, n_replicates=2, random_state=0
    ),
    "prediction_strength": lambda X: prediction_strength(
        K_MEANS, X, n_replicates=2, random_state=0
    ),
}
# These leave the rows to an estimator, which may read times by rules.
LEFT_TO_THE_ESTIMATOR = {"stability_score", "prediction_strength"}
ESTIMATORS: dict[str, Any] = {
    "RFMSegmenter": RFMSegmenter(),
    "MECERuleSegmenter": MECERuleSegmenter({"High": "x2 > 3"}, default="Low"),
    "OptimalRevenueBinner": OptimalRevenueBinner(
        2, score_column="x2", revenue=[1.0, 2.0]
    ),
    "RuleSurrogate": RuleSurrogate(K_MEANS, random_state=0),
    "InductiveSegmenter": InductiveSegmenter(K_MEANS),
}
TIMES: dict[str, Any] = {
    "datetime64": ROWS.to_numpy().astype("M8[s]"),
    "timedelta64": ROWS.to_numpy().astype("m8[s]"),
    "NaT": np.full((60, 3), np.datetime64("NaT", "s")),
    "timestamps": np.full((60, 3), pd.Timestamp("2024-01-01"), dtype=object),
    "list of dates": [[dt.date(2024, 1, 1), 2.0, 3.0]] * 60,
}
FRAMES_WITH_TIMES: dict[str, Any] = {
    "pandas": ROWS.assign(day=pd.Timestamp("2024-01-01")),
    "polars": pl.from_pandas(ROWS).with_columns(day=dt.date(2024, 1, 1)),
    "durations": ROWS.assign(day=pd.Timedelta(days=1)),
    "objects": ROWS.assign(day=[dt.date(2024, 1, 1)] * len(ROWS)),
    "objects after None": ROWS.assign(day=[None, dt.date(2024, 1, 1)] * 30),
}
FRAMES_WITH_TEXT: dict[str, Any] = {
    "pandas": ROWS.assign(plan="pro"),
    "objects": ROWS.assign(plan=np.array(["pro", None] * 30, dtype=object)),
    "categories": ROWS.assign(plan=pd.Categorical(["pro", "free"] * 30)),
    "polars": pl.from_pandas(ROWS.assign(plan="pro")),
    "polars categories": pl.from_pandas(ROWS).with_columns(
        plan=pl.lit("pro").cast(pl.Categorical)
    ),
    # Numbers by their looks: scikit-learn would convert them.
    "digits": ROWS.assign(plan="7"),
}


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("measure", MEASURES)
def test_every_frame_measures_alike(measure: str, frame: str) -> None:
    function = MEASURES[measure]
    assert repr(function(FRAMES[frame](ROWS))) == repr(function(ROWS))


@pytest.mark.parametrize("container", REFUSED_FRAMES)
@pytest.mark.parametrize("measure", MEASURES)
def test_frames_that_are_not_read_are_refused(measure: str, container: str) -> None:
    make, _ = REFUSED_FRAMES[container]
    with pytest.raises(InvalidDataError, match=f"X of {measure} must be"):
        MEASURES[measure](make(ROWS))


@pytest.mark.parametrize("names", [["a", "a", "b"], [1, "1", "b"]], ids=str)
@pytest.mark.parametrize("measure", MEASURES)
def test_names_that_are_the_same_are_refused(measure: str, names: list[Any]) -> None:
    frame = ROWS.set_axis(pd.Index(names, dtype=object), axis=1)
    with pytest.raises(RuleError, match="cannot tell columns apart") as error:
        MEASURES[measure](frame)
    assert error.value.advice == "Rename all of them but one."


@pytest.mark.parametrize("times", TIMES.values(), ids=TIMES)
@pytest.mark.parametrize("measure", sorted({*MEASURES} - LEFT_TO_THE_ESTIMATOR))
def test_times_have_no_distances(measure: str, times: Any) -> None:
    with pytest.raises(InvalidDataError, match="Dates and durations have no unit"):
        MEASURES[measure](times)


@pytest.mark.parametrize("frame", FRAMES_WITH_TIMES.values(), ids=FRAMES_WITH_TIMES)
@pytest.mark.parametrize("measure", sorted({*MEASURES} - LEFT_TO_THE_ESTIMATOR))
def test_the_column_of_times_is_named(measure: str, frame: Any) -> None:
    with pytest.raises(InvalidDataError, match="values in column 'day'") as error:
        MEASURES[measure](frame)
    assert error.value.column == "day"


@pytest.mark.parametrize("frame", FRAMES_WITH_TEXT.values(), ids=FRAMES_WITH_TEXT)
@pytest.mark.parametrize("measure", sorted({*MEASURES} - LEFT_TO_THE_ESTIMATOR))
def test_the_column_of_text_is_named(measure: str, frame: Any) -> None:
    message = f"{measure} measures distances.*Column 'plan' holds text"
    with pytest.raises(InvalidDataError, match=message) as error:
        MEASURES[measure](frame)
    assert error.value.column == "plan"


@pytest.mark.filterwarnings("ignore:RFMSegmenter takes columns by position")
@pytest.mark.parametrize("times", TIMES.values(), ids=TIMES)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_times_in_arrays_are_no_numbers(estimator: str, times: Any) -> None:
    model = ESTIMATORS[estimator].fit(ROWS.to_numpy(), CODES)
    with pytest.raises((InvalidDataError, RuleError)):
        model.predict(times)
    with pytest.raises((InvalidDataError, RuleError)):
        ESTIMATORS[estimator].fit(times, CODES)


MIXED = pd.DataFrame(
    {
        "age": np.where(RANDOM.random(60) < 0.2, np.nan, RANDOM.normal(40, 9, 60)),
        "city": RANDOM.choice(["Bonn", "Ulm", None], 60),
        "spend": RANDOM.exponential(size=60),
        "plan": RANDOM.choice(["basic", "plus"], 60),
    }
)
FAULTY: dict[str, tuple[Any, str]] = {
    "text and missing": (MIXED, "Columns 'city', 'plan' hold text. Column 'age' has"),
    "text in an array": (MIXED.to_numpy(), "Columns 'x1', 'x3' hold text. Column 'x0'"),
    "categories": (
        MIXED[["spend", "city"]].astype({"city": "category"}),
        "Column 'city' holds text",
    ),
    "text alone": (MIXED[["city", "plan"]], "Columns 'city', 'plan' hold text"),
    "polars": (pl.from_pandas(MIXED[["age", "plan"]]), "'plan' holds text. Column 'ag"),
    "missing": (
        MIXED[["age", "spend"]],
        "contains NaN.*Column 'age' has missing value",
    ),
    "missing in an array": (
        MIXED[["age", "spend"]].to_numpy(),
        "contains NaN.*Column 'x0' has missing values",
    ),
    "missing in a list": (
        MIXED[["age", "spend"]].to_numpy().tolist(),
        "contains NaN.*Column 'x0' has missing values",
    ),
    "missing counts": (
        pd.DataFrame({"n": pd.array([1, 2, None] * 20, "Int64"), "m": range(60)}),
        "contains NaN.*Column 'n' has missing values",
    ),
    "missing in two columns": (
        MIXED[["age", "spend"]].where(MIXED["spend"] < 1),
        "Columns 'age', 'spend' have missing values",
    ),
}
# The infinite values must be replaced before, as the advice says.
INFINITE = MIXED[["spend"]].where(MIXED["spend"] < 1, np.inf).assign(other=range(60))
MIXED_MEASURES: dict[str, Callable[[Any], Any]] = {
    "silhouette_score": MEASURES["silhouette_score"],
    "select_eps": lambda X: select_eps(X, min_samples=5, eps=1.0),
    "select_n_segments": lambda X: select_n_segments(
        X, n_segments=[2], criteria=["silhouette"], n_references=19, max_rows=20
    ),
    "InductiveSegmenter": lambda X: InductiveSegmenter(K_MEANS).fit(X),
    "RuleSurrogate": lambda X: RuleSurrogate(K_MEANS).fit(X),
}


def _put_before(error: InvalidDataError) -> Any:
    """Return the transformer that the advice spells out."""
    code = str(error.advice).partition("For these columns: ")[2].removesuffix(".")
    tools = [OneHotEncoder, SimpleImputer, StandardScaler]
    functions = [make_column_transformer, make_pipeline]
    return eval(code, {tool.__name__: tool for tool in [*tools, *functions]})  # noqa: S307


@pytest.mark.filterwarnings("ignore:.* rows have missing or infinite values")
@pytest.mark.parametrize(("X", "message"), FAULTY.values(), ids=FAULTY)
@pytest.mark.parametrize("measure", MIXED_MEASURES)
def test_every_column_without_distances_is_named_with_what_to_put_before(
    measure: str, X: Any, message: str
) -> None:
    if measure == "RuleSurrogate" and "text" not in message:
        pytest.skip("its rules take the rows with missing values")
    with pytest.raises(InvalidDataError, match=message) as error:
        MIXED_MEASURES[measure](X)
    assert error.value.column is not None
    if isinstance(X, list):
        X = np.array(X)
    MIXED_MEASURES[measure](_put_before(error.value).fit_transform(X))


@pytest.mark.parametrize("measure", sorted({*MIXED_MEASURES} - {"RuleSurrogate"}))
def test_columns_with_infinite_values_are_named(measure: str) -> None:
    message = "contains infinity.*Column 'spend' has infinite values.*by NaN before it"
    with pytest.raises(InvalidDataError, match=message) as error:
        MIXED_MEASURES[measure](INFINITE)
    assert error.value.column == "spend"
    replaced = INFINITE.replace(np.inf, np.nan)
    MIXED_MEASURES[measure](_put_before(error.value).fit_transform(replaced))


def test_a_surrogate_names_the_columns_of_rows_that_its_estimator_does_not_take() -> (
    None
):
    with pytest.warns(UserWarning, match="infinite values in column 'age' and no part"):
        RuleSurrogate(K_MEANS).fit(MIXED[["age", "spend"]])
    nothing = MIXED[["spend"]].assign(age=np.nan)
    with pytest.raises(InvalidDataError, match=r"in column 'age', and KMeans\("):
        RuleSurrogate(K_MEANS).fit(nothing)


def test_long_lists_of_columns_are_cut() -> None:
    X = pd.DataFrame({f"t{j}": ["a", "b"] * 5 for j in range(12)}).assign(n=1.0)
    with pytest.raises(InvalidDataError, match="'t7' and 4 more hold text") as error:
        select_eps(X)
    assert "texts)" in str(error.value.advice)


def test_an_array_with_text_is_refused_by_rules_and_a_frame_of_it_is_not() -> None:
    X = MIXED[["spend", "plan"]].to_numpy()
    segmenter = MECERuleSegmenter({"Plus": "x1 in ['plus']"}, default="Others")
    message = "reads arrays as numbers: .*'x1' holds text"
    with pytest.raises(InvalidDataError, match=message) as error:
        segmenter.fit(X)
    assert error.value.column == "x1"
    assert "pandas.DataFrame(X)" in str(error.value.advice)
    codes = segmenter.fit(pd.DataFrame(X).add_prefix("x")).predict(
        pd.DataFrame(X).add_prefix("x")
    )
    assert (codes == 0).tolist() == (MIXED["plan"] == "plus").tolist()
