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
