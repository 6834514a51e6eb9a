"""Distances of a scorer: in the columns that segments depend on, and in no others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, Self

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skseg import (
    InductiveSegmenter,
    MECERuleSegmenter,
    OptimalRevenueBinner,
    PropensityBinner,
    RFMSegmenter,
    RuleSurrogate,
)
from skseg.exceptions import InvalidDataError
from skseg.metrics import make_segment_scorer
from tests.containers import FRAMES

FREE: dict[str, Any] = {"min_size": None, "max_size": None, "max_noise": None}
DIMENSIONS = ["recency", "frequency", "monetary"]
RANDOM = np.random.default_rng(0)
N = 300
X = pd.DataFrame(
    {
        "recency": RANDOM.integers(1, 300, N),
        "frequency": RANDOM.integers(1, 20, N),
        "monetary": RANDOM.gamma(2, 50, N).round(2),
    }
)
Y = (RANDOM.random(N) < 0.3).astype(int)
EXTRA: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "identifier": lambda X: X.assign(customer_id=RANDOM.permutation(10**7)[: len(X)]),
    "text": lambda X: X.assign(plan=np.where(X["recency"] < 9, "pro", "free")),
    "category": lambda X: X.assign(plan=pd.Categorical(["pro"] * len(X))),
    "date": lambda X: X.assign(day=pd.Timestamp("2024-01-01")),
    "object dates": lambda X: X.assign(day=[dt.date(2024, 1, 1)] * len(X)),
    "duration": lambda X: X.assign(span=pd.Timedelta(days=1)),
    "missing": lambda X: X.assign(age=np.nan),
    "infinite": lambda X: X.assign(age=np.inf),
    "in front": lambda X: X.assign(id=RANDOM.permutation(N))[["id", *X]],
}
SEGMENTERS: dict[str, tuple[Any, list[str]]] = {
    "rfm": (RFMSegmenter(n_scores=3), DIMENSIONS),
    "rules": (
        MECERuleSegmenter({"Rich": "monetary > 90"}, default="Poor"),
        ["monetary"],
    ),
    "two columns": (
        MECERuleSegmenter(
            {"A": "recency <= 90 and monetary > 90", "B": "recency > 200"}, default="C"
        ),
        ["monetary", "recency"],
    ),
    "score": (
        OptimalRevenueBinner(2, score_column="monetary", mode="exact", min_size=0.3),
        ["monetary"],
    ),
}


def models() -> list[Any]:
    return [
        pytest.param(segmenter, columns, id=name)
        for name, (segmenter, columns) in SEGMENTERS.items()
    ]


@pytest.mark.parametrize("extra", EXTRA)
@pytest.mark.parametrize(("segmenter", "columns"), models())
def test_columns_that_a_segmenter_does_not_read_have_no_part(
    segmenter: Any, columns: list[str], extra: str
) -> None:
    scorer = make_segment_scorer(**FREE)
    alone = scorer(segmenter.fit(X, Y), X)
    assert alone == pytest.approx(silhouette_score(X[columns], segmenter.predict(X)))
    wide = EXTRA[extra](X)
    assert scorer(segmenter.fit(wide, Y), wide) == alone
    # Nor have those that come after the fit, in any order.
    assert scorer(segmenter.fit(X, Y), wide[wide.columns[::-1]]) == alone


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("kind", ["rfm", "two columns"])
def test_every_frame_has_the_same_space(kind: str, frame: str) -> None:
    segmenter, _ = SEGMENTERS[kind]
    rows = FRAMES[frame](EXTRA["text"](X))
    scorer = make_segment_scorer(**FREE)
    expected = scorer(segmenter.fit(X, Y), X)
    assert scorer(segmenter.fit(rows, Y), rows) == pytest.approx(expected)


def test_arrays_are_read_by_position() -> None:
    rules = MECERuleSegmenter({"Rich": "x2 > 90"}, default="Poor").fit(X.to_numpy())
    score = make_segment_scorer(**FREE)(rules, X.to_numpy())
    expected = silhouette_score(X[["monetary"]], X["monetary"] > 90)
    assert score == pytest.approx(expected)


def test_a_random_identifier_does_not_change_which_map_wins() -> None:
    maps = {"segments": ["grid", "r-rfm", {"New": "R >= 4", "Lapsed": "R <= 3"}]}
    results = []
    for rows in (X, EXTRA["identifier"](X), EXTRA["in front"](X)):
        search = GridSearchCV(
            RFMSegmenter(),
            maps,
            scoring=make_segment_scorer(**FREE),
            cv=KFold(3, shuffle=True, random_state=0),
        ).fit(rows)
        results.append(search.cv_results_["mean_test_score"])
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


@pytest.mark.parametrize(
    "metric", ["silhouette", "calinski_harabasz", "davies_bouldin"]
)
def test_the_space_is_that_of_every_distance(metric: str) -> None:
    segmenter, _ = SEGMENTERS["rfm"]
    wide = EXTRA["identifier"](X)
    scorer = make_segment_scorer(metric, **FREE)
    assert scorer(segmenter.fit(wide), wide) == scorer(segmenter.fit(X), X)


def test_clusters_are_seen_in_the_columns_of_their_fit() -> None:
    model = InductiveSegmenter(KMeans(3, n_init=1, random_state=0)).fit(X)
    scorer = make_segment_scorer(**FREE)
    assert scorer(model, EXTRA["identifier"](X)) == scorer(model, X)
    surrogate = RuleSurrogate(KMeans(3, n_init=1, random_state=0), random_state=0)
    piped = make_pipeline(StandardScaler(), surrogate).fit(X)
    scaled = StandardScaler().fit_transform(X)
    expected = silhouette_score(scaled, piped.predict(X))
    assert scorer(piped, X) == pytest.approx(expected)


def test_tiers_by_a_model_are_seen_in_its_columns() -> None:
    menu = OptimalRevenueBinner(2, revenue=[10, 16], cost=[0, 2])
    model = PropensityBinner(binner=menu, cv=2).fit(X, Y)
    scorer = make_segment_scorer(**FREE)
    assert scorer(model, EXTRA["identifier"](X)) == scorer(model, X)


UNFIT: dict[str, tuple[str, Any, str]] = {
    "text": ("plan == 'pro'", np.where(X["recency"] < 90, "pro", "free"), "text"),
    "category": (
        "plan == 'pro'",
        pd.Categorical(np.where(X["recency"] < 90, "pro", "free")),
        "text",
    ),
    "date": (
        "plan < date('2024-01-02')",
        pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(N) % 2, unit="D"),
        "Column 'plan' holds dates or durations",
    ),
    "missing": (
        "plan < 3",
        np.where(np.arange(N) == 7, np.nan, np.arange(N) % 5),
        "nan in column 'plan' at row 7",
    ),
    "infinite": (
        "plan < 3",
        np.where(np.arange(N) == 7, np.inf, np.arange(N) % 5),
        "inf in column 'plan' at row 7",
    ),
}


@pytest.mark.parametrize("kind", UNFIT)
def test_a_column_of_the_rules_without_distances_is_named(kind: str) -> None:
    rule, values, fact = UNFIT[kind]
    rows = X.assign(plan=values)
    model = MECERuleSegmenter({"A": rule}, default="B").fit(rows)
    message = f"make_segment_scorer measures distances, which takes finite.*{fact}"
    with pytest.raises(InvalidDataError, match=message) as error:
        make_segment_scorer(**FREE)(model, rows)
    assert error.value.column == "plan"
    assert error.value.name == "X"
    # The advice: a measure without distances.
    for metric in ("stability", "prediction_strength", "explained_variance"):
        scorer = make_segment_scorer(metric, n_replicates=2, random_state=0, **FREE)
        assert np.isfinite(scorer(model, rows, Y))


class Recent(BaseEstimator):
    """Segments rows by their recency, whatever the other columns hold."""

    def fit(self, X: Any, y: Any = None) -> Self:
        self.fitted_ = True
        return self

    def predict(self, X: Any) -> Any:
        return (X["recency"] < 90).to_numpy().astype(int)


@pytest.mark.parametrize(
    "kind", ["text", "category", "date", "object dates", "duration"]
)
def test_a_column_that_a_clusterer_of_another_library_sees_is_named(kind: str) -> None:
    rows = EXTRA[kind](X)
    for model in (Recent(), make_pipeline(FunctionTransformer(), Recent())):
        model.fit(rows)
        with pytest.raises(InvalidDataError, match="make_segment_scorer") as error:
            make_segment_scorer(**FREE)(model, rows)
        assert error.value.column == list(rows)[-1]
