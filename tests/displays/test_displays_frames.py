"""Displays read a frame by the names of its columns: more of them, in any order."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skseg import (
    BoxSegmentFinder,
    InductiveSegmenter,
    MECERuleSegmenter,
    OptimalRevenueBinner,
    PropensityBinner,
    RFMSegmenter,
    RuleSurrogate,
)
from skseg.displays import (
    EffectMapDisplay,
    FeatureHeatmapDisplay,
    RevenueCurveDisplay,
    RevenueTiersDisplay,
    RFMHeatmapDisplay,
    RuleMapDisplay,
    SegmentProjectionDisplay,
    SegmentSizesDisplay,
    SilhouetteDisplay,
)
from skseg.exceptions import MissingColumnError

N = 120
RNG = np.random.default_rng(0)
X = pd.DataFrame(
    {
        "recency": RNG.integers(1, 300, N).astype(float),
        "frequency": RNG.geometric(0.3, N).astype(float),
        "monetary": RNG.normal(50, 20, N),
    }
)
Y = (X["frequency"] > 2).to_numpy(dtype=float)
GROUP = np.array(["A", "B"])[RNG.integers(0, 2, N)]


@cache
def segmenter(name: str) -> Any:
    """Return a segmenter that has seen `X` as a frame of pandas."""
    k_means = KMeans(3, n_init=1, random_state=0)
    scaled = make_pipeline(StandardScaler(), k_means)
    estimators = {
        "rfm": RFMSegmenter(),
        "rules": MECERuleSegmenter({"Often": "frequency > 2"}, default="Rest"),
        "clusterer": k_means,
        "pipeline": scaled,
        "inductive": InductiveSegmenter(k_means),
        "surrogate": RuleSurrogate(scaled, random_state=0),
    }
    return estimators[name].fit(X, Y)


def effect_map(frame: Any) -> Any:
    finder = BoxSegmentFinder(max_features=1, random_state=0).fit(X, Y, group=GROUP)
    columns = ["recency", "frequency"]
    return EffectMapDisplay.from_estimator(finder, frame, Y, GROUP, columns=columns)


def revenue_curve(frame: Any) -> Any:
    binner = OptimalRevenueBinner(
        2, revenue=60, response=[1, 1.4], cost=[0, 0.8], score_column="frequency"
    )
    return RevenueCurveDisplay.from_estimator(binner.fit(X, Y), frame, Y)


def revenue_tiers(frame: Any) -> Any:
    tiers = OptimalRevenueBinner(2, revenue=60, response=[1, 1.4], cost=[0, 0.8])
    binner = PropensityBinner(LogisticRegression(), tiers).fit(X, Y)
    return RevenueTiersDisplay.from_estimator(binner, frame, Y)


SHOWN: dict[str, Callable[[Any], Any]] = {
    "effect map": effect_map,
    "revenue curve": revenue_curve,
    "revenue tiers": revenue_tiers,
    "heat map": lambda frame: RFMHeatmapDisplay.from_estimator(segmenter("rfm"), frame),
    "rule map": lambda frame: RuleMapDisplay.from_rules(
        segmenter("rfm").rules_, ["recency", "frequency"], X=frame
    ),
}
for model in ("rfm", "rules", "clusterer", "pipeline", "inductive", "surrogate"):
    SHOWN |= {
        f"sizes, {model}": lambda frame, model=model: (
            SegmentSizesDisplay.from_estimator(
                segmenter(model), frame, revenue="monetary"
            )
        ),
        f"feature heat map, {model}": lambda frame, model=model: (
            FeatureHeatmapDisplay.from_estimator(segmenter(model), frame)
        ),
        f"projection, {model}": lambda frame, model=model: (
            SegmentProjectionDisplay.from_estimator(
                segmenter(model), frame, random_state=0
            )
        ),
        f"silhouette, {model}": lambda frame, model=model: (
            SilhouetteDisplay.from_estimator(segmenter(model), frame, random_state=0)
        ),
    }


@pytest.mark.parametrize("shown", SHOWN)
def test_more_columns_in_another_order_change_no_picture(
    shown: str, make_frame: Callable[[Any], Any]
) -> None:
    expected = SHOWN[shown](X).frame()
    columns = {
        "segment": [f"Segment {i % 3}" for i in range(N)],
        **{name: X[name].to_list() for name in X.columns[::-1]},
        "customer_id": list(range(N)),
    }
    frame = SHOWN[shown](make_frame(columns)).frame()
    pd.testing.assert_frame_equal(frame, expected)


def test_the_heat_map_takes_customers_with_their_segment() -> None:
    customers = X.copy()
    model = RFMSegmenter().fit(customers)
    before = RFMHeatmapDisplay.from_estimator(model, customers).frame()
    customers["segment"] = model.segment_names_[model.predict(customers)]
    after = RFMHeatmapDisplay.from_estimator(model, customers).frame()
    pd.testing.assert_frame_equal(before, after)


@pytest.mark.parametrize("name", ["rules", "clusterer", "pipeline", "inductive"])
def test_a_frame_without_any_column_of_fit_is_refused_with_their_names(
    name: str,
) -> None:
    frame = X.set_axis([0, 1, 2], axis=1)
    with pytest.raises(MissingColumnError, match=r"Available: '0', '1', '2'"):
        FeatureHeatmapDisplay.from_estimator(segmenter(name), frame)


@pytest.mark.parametrize(
    "convert",
    [
        lambda column: column.map(lambda value: Decimal(repr(value))),
        lambda column: column.astype(object),
        lambda column: column.astype("category"),
        lambda column: column.astype("Float64"),
        lambda column: column.astype("double[pyarrow]"),
    ],
    ids=["Decimal", "object", "category", "Float64", "arrow"],
)
def test_numbers_of_every_type_are_in_the_feature_heatmap(convert: Any) -> None:
    labels = segmenter("clusterer").labels_
    frame = X.assign(monetary=convert(X["monetary"]), note="text", none=None)
    display = FeatureHeatmapDisplay.from_predictions(frame, labels)
    expected = FeatureHeatmapDisplay.from_predictions(X, labels)
    pd.testing.assert_frame_equal(display.frame(), expected.frame())
