"""PropensityBinner as a step of a pipeline: what follows must not learn from leaks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier, StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import TargetEncoder
from sklearn.tree import DecisionTreeClassifier

from skseg import MECERuleSegmenter, OptimalRevenueBinner, PropensityBinner

ENCODINGS = [None, "onehot", "ordinal", "scores"]


def menu(**settings: Any) -> OptimalRevenueBinner:
    return OptimalRevenueBinner(
        revenue=30,
        response=[1, 1.4, 1.7, 1.9],
        cost=[0, 5, 9.5, 14],
        segment_names=["None", "E-mail", "Letter", "Call"],
        compute_path=False,
        **settings,
    )


def forest(**settings: Any) -> RandomForestClassifier:
    return RandomForestClassifier(30, random_state=0, **settings)


def customers(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 6))
    rate = 1 / (1 + np.exp(-X[:, 0] - 0.5 * X[:, 1]))
    return X, (rng.random(n) < rate).astype(int)


def test_a_forest_before_tiers_does_not_leak_the_outcome() -> None:
    X, y = customers(600)
    X_new, y_new = customers(2000, seed=1)
    model = make_pipeline(
        PropensityBinner(forest(), menu(), encode="onehot"), LogisticRegression()
    )
    stack = StackingClassifier([("forest", forest())], cv=5)
    losses = {
        name: (
            log_loss(y, fitted.predict_proba(X)),
            log_loss(y_new, fitted.predict_proba(X_new)),
        )
        for name, fitted in {
            "tiers": model.fit(X, y),
            "stack": stack.fit(X, y),
        }.items()
    }
    constant = log_loss(y_new, np.full(len(y_new), y.mean()))
    # In-sample tiers, as before: the classifier behind them trusts them blindly.
    binner = PropensityBinner(forest(), menu(), encode="onehot").fit(X, y)
    in_sample = LogisticRegression(C=1e3).fit(binner.transform(X), y)
    leaked = log_loss(y_new, in_sample.predict_proba(binner.transform(X_new)))
    assert leaked > constant
    assert losses["tiers"][1] < constant - 0.05
    assert losses["tiers"][1] < losses["stack"][1] + 0.03


@pytest.mark.parametrize("encode", ENCODINGS)
@pytest.mark.parametrize("binner", ["ordinal", "onehot", "rate", "woe", "value"])
def test_training_rows_are_out_of_fold(encode: str | None, binner: str) -> None:
    X, y = customers(300)
    model = PropensityBinner(forest(), menu(encode=binner), encode=encode)
    columns = model.fit_transform(X, y)
    n_names = len(model.get_feature_names_out())
    assert columns.shape == model.transform(X).shape == (300, n_names)
    assert (columns != model.transform(X)).any()
    np.testing.assert_array_equal(model.fit_predict(X, y), model.labels_)
    counts = np.bincount(model.labels_, minlength=len(model.rules_))
    np.testing.assert_array_equal(counts, model.segments_["n"])
    effective = encode or binner
    if effective == "scores":
        np.testing.assert_array_equal(columns[:, 0], model.propensities_)
    elif effective == "ordinal":
        np.testing.assert_array_equal(columns[:, 0], model.labels_)
    elif effective == "onehot":
        np.testing.assert_array_equal(columns.argmax(axis=1), model.labels_)
    else:
        # Functions of the outcome are cross-fitted by the binner once more.
        column = pd.DataFrame({"propensity": model.propensities_})
        expected = menu(encode=binner).fit_transform(column, y.astype(float))
        np.testing.assert_array_equal(columns, expected)


@pytest.mark.filterwarnings("ignore:.*TargetEncoder.random_state")
@pytest.mark.parametrize("encode", ENCODINGS)
def test_a_permuted_outcome_teaches_nothing(encode: str | None) -> None:
    """As scikit-learn tests its `TargetEncoder`: noise stays noise downstream."""
    rng = np.random.default_rng(0)
    new, train, train_of_encoder = [], [], []
    for seed in range(25):
        X, y = customers(600, seed)
        y = rng.permutation(y)
        tree = DecisionTreeClassifier(random_state=0)
        model = PropensityBinner(tree, menu(), encode=encode)
        columns = model.fit_transform(X[:300], y[:300])
        classifier = LogisticRegression().fit(columns, y[:300])
        train.append(roc_auc_score(y[:300], classifier.decision_function(columns)))
        tiers = model.transform(X[300:])
        new.append(roc_auc_score(y[300:], classifier.decision_function(tiers)))
        bins = np.floor(4 * X[:, :1])
        encoder = TargetEncoder(random_state=0)
        encoded = encoder.fit_transform(bins[:300], y[:300])
        reference = LogisticRegression().fit(encoded, y[:300])
        train_of_encoder.append(
            roc_auc_score(y[:300], reference.decision_function(encoded))
        )
        # The tree knows its training rows by heart, and transform tells all of it.
        assert roc_auc_score(y[:300], model.predict_propensity(X[:300])) == 1
    assert abs(np.mean(new) - 0.5) < 0.02
    assert np.mean(train) < np.mean(train_of_encoder) + 0.02


@pytest.mark.parametrize("container", ["default", "pandas", "polars"])
@pytest.mark.parametrize("make", [np.asarray, pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize("encode", ENCODINGS[1:])
def test_columns_are_named_in_every_container(
    encode: str, make: Any, container: str
) -> None:
    X, y = customers(200)
    rows = X if make is np.asarray else make({f"c{i}": X[:, i] for i in range(6)})
    if make is pd.DataFrame:
        rows.index = range(1000, 1200)
    model = PropensityBinner(binner=menu(), encode=encode)
    model.set_output(transform=container)
    for out in (model.fit_transform(rows, y), model.transform(rows)):
        names = {"ordinal": ["segment"], "scores": ["propensity"]}.get(
            encode, [name for name in model.segment_names_ if name != "No score"]
        )
        assert model.get_feature_names_out().tolist() == names
        if container == "default":
            assert isinstance(out, np.ndarray)
            assert out.dtype == np.float64
            continue
        assert list(out.columns) == names
        if container == "pandas" and make is pd.DataFrame:
            assert out.index.tolist() == list(range(1000, 1200))
        if encode == "ordinal":
            assert {*out["segment"]} <= {"None", "E-mail", "Letter", "Call"}


def test_no_column_for_a_segment_that_no_propensity_is_in() -> None:
    X, y = customers(200)
    halves = MECERuleSegmenter(
        {"High": "propensity > q(0.5)", "Low": "propensity <= q(0.5)"},
        default="Unknown",
    )
    model = PropensityBinner(binner=halves, encode="onehot").fit(X, y)
    assert model.get_feature_names_out().tolist() == ["High", "Low"]
    assert (model.transform(X).sum(axis=1) == 1).all()


def test_encodings_are_searched_through_a_pipeline() -> None:
    X, y = customers(400)
    labels = np.array(["no", "yes"])[y]
    model = make_pipeline(PropensityBinner(binner=menu()), LogisticRegression())
    grid = {"propensitybinner__encode": ENCODINGS}
    search = GridSearchCV(model, grid, cv=3, scoring="roc_auc").fit(X, labels)
    assert search.cv_results_["mean_test_score"].min() > 0.6
    assert search.predict(X[:3]).dtype.kind == "U"


@pytest.mark.parametrize("encode", ["distances", "rate", 1, True])
def test_an_unknown_encoding_is_named(encode: Any) -> None:
    X, y = customers(50)
    with pytest.raises(ValueError, match="'encode' parameter of PropensityBinner"):
        PropensityBinner(encode=encode).fit(X, y)


def test_weights_go_through_fit_transform() -> None:
    X, y = customers(200)
    weight = 1.0 + np.arange(200) % 3
    for encode in ("rate", "ordinal"):
        model = PropensityBinner(binner=menu(encode=encode))
        columns = model.fit_transform(X, y, sample_weight=weight)
        assert model.segments_["n"].sum() == weight.sum()
        assert columns.shape == (200, 1)
    unweighted = clone(model).fit_transform(X, y)
    assert columns.shape == unweighted.shape
