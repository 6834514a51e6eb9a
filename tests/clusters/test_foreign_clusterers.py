"""Clusterers of other libraries: fakes with the traits in which they differ."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn import config_context
from sklearn.base import BaseEstimator, ClusterMixin, clone
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression

from skseg import InductiveSegmenter, PropensityBinner, RuleSurrogate
from skseg.exceptions import InvalidDataError
from skseg.metrics import make_segment_scorer, prediction_strength, stability_score
from skseg.model_selection import compare_segmenters

random = np.random.default_rng(0)
X = pd.DataFrame(
    {
        "v": np.append(random.normal(size=60), random.normal(9, 1, 60)),
        "w": random.normal(size=120),
    }
)
CODES = (X["v"] > 4).to_numpy().astype(int)
TYPES: dict[str, Any] = {
    **{
        name: lambda codes, name=name: codes.astype(name)
        for name in ("u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8")
    },
    "object": lambda codes: codes.astype(object),
    "list": lambda codes: codes.tolist(),
    "Series": lambda codes: pd.Series(codes, index=codes - 7),
    "Int64": lambda codes: pd.Series(codes, dtype="Int64"),
    "category": lambda codes: pd.Series(codes, dtype="category"),
    "polars": pl.Series,
    "arrow": pa.array,
}


class Threshold:
    """A clusterer with nothing but `fit`, `labels_` and `predict`."""

    def __init__(self, as_type: str = "i8", noise: float = np.inf) -> None:
        self.as_type = as_type
        self.noise = noise

    def _codes(self, X: Any) -> Any:
        values = np.asarray(X)[:, 0]
        return np.where(values > self.noise, -1, values > 4)

    def fit(self, X: Any, y: Any = None) -> Self:
        self.labels_ = TYPES[self.as_type](self._codes(X))
        return self

    def predict(self, X: Any) -> Any:
        return TYPES[self.as_type](self._codes(X))


class Told(BaseEstimator, Threshold):
    """The same with parameters and tags, as scikit-learn clones and searches it."""


class WithoutTags(ClusterMixin, Threshold):
    """A mixin that looks in vain for tags; parameters as in scikit-learn."""

    get_params = BaseEstimator.get_params
    set_params = BaseEstimator.set_params
    _get_param_names = classmethod(BaseEstimator._get_param_names.__func__)
    _get_params_html = BaseEstimator.__dict__.get("_get_params_html")


class OldTags(WithoutTags):
    """No tags at all, but the type of an estimator in an old attribute."""

    _estimator_type = "clusterer"

    def __getattribute__(self, name: str) -> Any:
        if name == "__sklearn_tags__":
            raise AttributeError(name)
        return super().__getattribute__(name)


class Constrained(Told):
    """A clusterer whose `predict` needs many rows, as bounds of sizes do."""

    def predict(self, X: Any) -> Any:
        if len(X) < 50:
            raise ValueError("size_min must be smaller than the number of points")
        return super().predict(X)


class Prototypes(BaseEstimator, ClusterMixin):
    """A clusterer that has to be told its columns of text, as KPrototypes has."""

    def fit(self, X: Any, y: Any = None, categorical: Any = None) -> Self:
        self.labels_ = self.predict(X, categorical=categorical)
        return self

    def predict(self, X: Any, categorical: Any = None, **kwargs: Any) -> Any:
        if "a" in np.asarray(X) and not categorical:
            raise ValueError("could not convert string to float: 'a'")
        return (np.asarray(X)[:, 0].astype(float) > 4).astype("u2")


KINDS = [Threshold, Told, WithoutTags, OldTags]


def made(kind: Any, *args: Any) -> Any:
    return kind(*args)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("as_type", TYPES)
def test_labels_of_every_type_become_codes(kind: Any, as_type: str) -> None:
    surrogate = RuleSurrogate(kind(as_type), random_state=0).fit(X)
    np.testing.assert_array_equal(surrogate.predict(X), CODES)
    assert surrogate.score(X) == surrogate.fidelity_ == 1.0
    segmenter = InductiveSegmenter(kind(as_type)).fit(X)
    np.testing.assert_array_equal(segmenter.labels_, CODES)
    np.testing.assert_array_equal(segmenter.predict(X.iloc[::-1]), CODES[::-1])
    assert (segmenter.assign_, segmenter.agreement_) == ("native", 1.0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("as_type", ["i1", "object", "Int64", "arrow"])
def test_noise_stays_noise(kind: Any, as_type: str) -> None:
    expected = np.where(X["v"] > 9, -1, CODES)
    surrogate = RuleSurrogate(kind(as_type, 9.0), random_state=0).fit(X)
    np.testing.assert_array_equal(surrogate.predict(X), expected)
    segmenter = InductiveSegmenter(kind(as_type, 9.0)).fit(X)
    np.testing.assert_array_equal(segmenter.predict(X), expected)
    assert segmenter.segment_names_[-1] == "Noise"


@pytest.mark.parametrize("kind", KINDS)
def test_estimators_around_it_are_as_any_other(kind: Any) -> None:
    for estimator in (InductiveSegmenter(kind()), RuleSurrogate(kind())):
        model = clone(estimator).fit(X)
        assert "Threshold" in repr(model) or kind.__name__ in repr(model)
        assert model._repr_html_()
        with config_context(enable_metadata_routing=True):
            np.testing.assert_array_equal(clone(estimator).fit(X).predict(X), CODES)
    scored = InductiveSegmenter(kind()).fit(X)
    assert make_segment_scorer()(scored, X) > 0.5
    assert stability_score(InductiveSegmenter(kind()), X, n_replicates=2) == 1.0


@pytest.mark.parametrize("as_type", ["u1", "object", "Int64", "polars"])
def test_metrics_read_codes_of_every_type(as_type: str) -> None:
    model = Told(as_type)
    assert stability_score(model, X, n_replicates=2, random_state=0) == 1.0
    assert prediction_strength(model, X, n_replicates=2, random_state=0) == 1.0
    table = compare_segmenters({"told": model}, X, n_replicates=2, random_state=0)
    assert len(table.table if hasattr(table, "table") else table) == 1


@pytest.mark.parametrize(
    "labels",
    [
        np.array([0.0, 1.0] * 60),
        np.array(["a", "b"] * 60),
        np.array([True, False] * 60),
        pd.Series([0, None] * 60, dtype="Int64"),
        np.zeros((120, 1), dtype=int),
        np.zeros(119, dtype=int),
        np.full(120, -2),
    ],
    ids=["float", "text", "flags", "NA", "2-D", "too few", "-2"],
)
def test_what_is_no_code_is_refused(labels: Any) -> None:
    class Wrong(BaseEstimator, ClusterMixin):
        def fit(self, X: Any, y: Any = None) -> Self:
            self.labels_ = labels
            return self

    with pytest.raises(InvalidDataError, match="integer label for every row"):
        InductiveSegmenter(Wrong()).fit(X)
    if np.array_equal(labels, np.full(120, -2)):
        return  # HDBSCAN marks rows with infinite and missing values so.
    with pytest.raises(InvalidDataError, match=r"integer codes|one code a row"):
        RuleSurrogate(Wrong()).fit(X)


def test_a_predict_that_needs_many_rows_gives_way_to_training_rows() -> None:
    segmenter = InductiveSegmenter(Constrained()).fit(X)
    assert segmenter.assign_ == "row"
    assert segmenter.predict(X[:1]).tolist() == [CODES[0]]
    native = InductiveSegmenter(Constrained(), assign="native").fit(X)
    np.testing.assert_array_equal(native.predict(X), CODES)
    assert InductiveSegmenter(KMeans(2)).fit(X).assign_ == "native"


def test_predict_gets_what_fit_was_told_of_columns() -> None:
    mixed = X.assign(plan=["a", "b"] * 60)
    surrogate = RuleSurrogate(Prototypes(), random_state=0)
    surrogate.fit(mixed, categorical=[2])
    np.testing.assert_array_equal(surrogate.predict(mixed), CODES)
    assert surrogate.score(mixed[::7]) == 1.0
    with config_context(enable_metadata_routing=True):
        routed = Prototypes().set_fit_request(categorical=True)
        surrogate = RuleSurrogate(routed, random_state=0).fit(mixed, categorical=[2])
        assert surrogate.score(mixed) == 1.0
    coded = X.assign(plan=[0, 1] * 60)
    segmenter = InductiveSegmenter(Prototypes()).fit(coded, categorical=[2])
    np.testing.assert_array_equal(segmenter.predict(coded[:9]), CODES[:9])


COLUMNS: dict[str, Any] = {
    "text": ["a", "b"] * 60,
    "category": pd.Categorical(["a", "b"] * 60),
    "string": pd.array(["a", None] * 60, dtype="string"),
    "date": pd.date_range("2024-01-01", periods=120),
    "duration": pd.to_timedelta(np.arange(120), unit="D"),
}


@pytest.mark.parametrize("column", COLUMNS.values(), ids=COLUMNS)
@pytest.mark.parametrize("container", ["pandas", "polars", "arrow"])
def test_distances_need_numbers_and_say_which_column_has_none(
    column: Any, container: str
) -> None:
    rows: Any = X.assign(plan=column)
    if container != "pandas":
        rows = pl.from_pandas(rows) if container == "polars" else pa.table(rows)
    with pytest.raises(InvalidDataError, match="olumn 'plan'") as caught:
        InductiveSegmenter().fit(rows)
    assert caught.value.column == "plan"
    is_time = pd.Series(column).dtype.kind in "mM"
    advice = "pass a number, such as days" if is_time else "Encode it"
    assert advice in str(caught.value)
    InductiveSegmenter().fit(X)


def test_text_in_an_array_is_named_by_position() -> None:
    rows = np.array([["1.5", "a"], ["2.5", "b"], ["3.5", "c"]], dtype=object)
    with pytest.raises(InvalidDataError, match="'x0', 'x1' hold text") as error:
        InductiveSegmenter().fit(rows)
    assert error.value.column == "x0"


def test_classifiers_without_tags_have_propensities() -> None:
    class Classifier(WithoutTags):
        _estimator_type = "classifier"

        def fit(self, X: Any, y: Any) -> Self:
            self.model_ = LogisticRegression().fit(X, y)
            self.classes_ = self.model_.classes_
            return self

        def predict_proba(self, X: Any) -> Any:
            return self.model_.predict_proba(X)

    y = CODES.copy()
    y[::7] = 1 - y[::7]
    plain = PropensityBinner(LogisticRegression()).fit(X, y)
    foreign = PropensityBinner(Classifier()).fit(X, y)
    assert foreign._response == "predict_proba"
    np.testing.assert_allclose(foreign.propensities_, plain.propensities_)
