"""PropensityBinner: outcomes as labels, and probabilities for scikit-learn's tools."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV, CalibrationDisplay
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier, StackingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import get_scorer, roc_auc_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skseg import OptimalRevenueBinner, PropensityBinner

LABELS: dict[str, tuple[Any, Any]] = {
    "text": (np.array(["no", "yes"]), None),
    "objects": (np.array(["no", "yes"], dtype=object), "yes"),
    "first text counts": (np.array(["no", "yes"]), "no"),
    "flags": (np.array([False, True]), None),
    "False counts": (np.array([False, True]), False),
    "whole numbers": (np.array([0, 1]), None),
    "0 counts": (np.array([0, 1]), 0),
    "floats": (np.array([0.0, 1.0]), None),
    "1 and 2": (np.array([1, 2]), 2),
}
CONTAINERS: dict[str, Any] = {
    "numpy": np.asarray,
    "list": lambda y: y.tolist(),
    "pandas": pd.Series,
    "categories": lambda y: pd.Series(y).astype("category"),
    "polars": lambda y: pl.Series(y.tolist()),
}


def menu() -> OptimalRevenueBinner:
    return OptimalRevenueBinner(
        3, revenue=30, response=[1, 1.5, 1.8], cost=[0, 4, 9], min_size=0.05
    )


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    X, y = make_classification(
        300, n_features=5, weights=[0.7], flip_y=0.2, random_state=0
    )
    return X, y


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("labels", LABELS)
def test_labels_are_outcomes_as_with_classifiers(
    data: Any, labels: str, container: str
) -> None:
    X, y = data
    classes, pos_label = LABELS[labels]
    if container == "categories" and pos_label is None:
        pos_label = classes[1]
    counts_first = pos_label is not None and pos_label == classes[0]
    expected = PropensityBinner(binner=menu()).fit(X, 1 - y if counts_first else y)
    outcome = CONTAINERS[container](classes[y])
    model = PropensityBinner(binner=menu(), pos_label=pos_label).fit(X, outcome)
    np.testing.assert_allclose(model.propensities_, expected.propensities_)
    np.testing.assert_array_equal(model.labels_, expected.labels_)
    assert model.classes_.tolist() == classes.tolist()
    assert type(model.classes_.tolist()[0]) is type(classes.tolist()[0])
    # Probabilities and decisions are those of scikit-learn's classifier.
    reference = LogisticRegression().fit(X, classes[y])
    np.testing.assert_allclose(
        model.predict_proba(X), reference.predict_proba(X), atol=1e-4
    )
    np.testing.assert_allclose(
        model.decision_function(X), reference.decision_function(X), atol=1e-3
    )
    positive = 0 if counts_first else 1
    np.testing.assert_allclose(
        model.predict_propensity(X), model.predict_proba(X)[:, positive]
    )
    assert model.score(X, outcome) == pytest.approx(
        expected.score(X, 1 - y if counts_first else y)
    )
    pd.testing.assert_frame_equal(
        model.evaluate(X, outcome), model.evaluate(X, classes[y])
    )


def test_probabilities_of_counts_have_a_column_per_count(data: Any) -> None:
    X, y = data
    counts = y * (1 + np.arange(len(y)) % 2)
    model = PropensityBinner(binner=menu()).fit(X, counts)
    assert model.classes_.tolist() == [0, 1, 2]
    assert model.predict_proba(X).shape == model.decision_function(X).shape == (300, 3)
    np.testing.assert_allclose(
        model.predict_proba(X) @ model.classes_, model.predict_propensity(X)
    )


def test_regressors_have_no_probabilities(data: Any) -> None:
    X, y = data
    model = PropensityBinner(LinearRegression(), menu()).fit(X, y)
    for name in ("predict_proba", "decision_function", "classes_"):
        assert not hasattr(model, name)
    assert not is_classifier(model)
    named = PropensityBinner(LinearRegression(), menu()).fit(X, np.array(["n", "y"])[y])
    assert named.classes_.tolist() == ["n", "y"]
    np.testing.assert_array_equal(named.propensities_, model.propensities_)
    by_class = PropensityBinner(None, menu(), response_method="predict")
    assert not hasattr(by_class.fit(X, y), "predict_proba")


def test_methods_are_those_of_the_classifier_inside(data: Any) -> None:
    forest = PropensityBinner(RandomForestClassifier(3, random_state=0), menu())
    assert hasattr(forest, "predict_proba")
    assert not hasattr(forest, "decision_function")
    assert hasattr(PropensityBinner(), "decision_function")
    fitted = forest.fit(*data)
    # A fitted model has the methods of its fit, whatever its parameters say now.
    fitted.set_params(estimator=LogisticRegression())
    assert not hasattr(fitted, "decision_function")


def test_a_label_that_fit_has_not_seen_is_refused(data: Any) -> None:
    X, y = data
    model = PropensityBinner(binner=menu()).fit(X, np.array(["no", "yes"])[y])
    outcome = np.array(["no", "yes"])[y].astype(object)
    outcome[7] = "later"
    with pytest.raises(
        ValueError, match=r"labels of fit, 'no', 'yes'\. Got 'later' at row 7"
    ):
        model.score(X, outcome)


# In scikit-learn's tools


@pytest.mark.parametrize("labels", LABELS)
def test_calibration_of_the_binner_is_calibration_of_its_classifier(
    data: Any, labels: str
) -> None:
    X, y = data
    classes, pos_label = LABELS[labels]
    outcome = classes[y]
    model = PropensityBinner(binner=menu(), pos_label=pos_label)
    # With one calibrator for all folds, scikit-learn numbers the labels first.
    is_named = pos_label is not None and pos_label not in (0, 1)
    for ensemble in [True] if is_named else [True, False]:
        calibrated = CalibratedClassifierCV(model, ensemble=ensemble, cv=3)
        reference = CalibratedClassifierCV(
            LogisticRegression(), ensemble=ensemble, cv=3
        )
        np.testing.assert_allclose(
            calibrated.fit(X, outcome).predict_proba(X),
            reference.fit(X, outcome).predict_proba(X),
            atol=1e-3,
        )
        assert calibrated.predict(X).dtype == classes.dtype
    frozen = CalibratedClassifierCV(FrozenEstimator(clone(model).fit(X, outcome)))
    assert frozen.fit(X, outcome).predict_proba(X).shape == (300, 2)


def test_ranking_scorers_read_the_probabilities(data: Any) -> None:
    X, y = data
    outcome = np.array(["no", "yes"])[y]
    model = PropensityBinner(binner=menu()).fit(X, outcome)
    for name in ("roc_auc", "neg_log_loss"):
        expected = get_scorer(name)(LogisticRegression().fit(X, outcome), X, outcome)
        assert get_scorer(name)(model, X, outcome) == pytest.approx(expected, rel=1e-4)
    # Others need to know which text counts as 1.
    numbers = PropensityBinner(binner=menu()).fit(X, y)
    for name in ("average_precision", "neg_brier_score"):
        expected = get_scorer(name)(LogisticRegression().fit(X, y), X, y)
        assert get_scorer(name)(numbers, X, y) == pytest.approx(expected, rel=1e-4)
    assert cross_val_score(model, X, outcome, scoring="roc_auc", cv=3).min() > 0.5
    piped = make_pipeline(StandardScaler(), clone(model))
    search = GridSearchCV(
        piped,
        {"propensitybinner__estimator": [LogisticRegression()]},
        cv=2,
        scoring="roc_auc",
    ).fit(X, outcome)
    assert search.best_score_ > 0.5
    assert search.score(X, outcome) == pytest.approx(
        roc_auc_score(y, search.predict_proba(X)[:, 1])
    )


def test_calibration_is_drawn(data: Any) -> None:
    pytest.importorskip("matplotlib").use("Agg")
    X, y = data
    model = PropensityBinner(binner=menu()).fit(X, y)
    display = CalibrationDisplay.from_estimator(model, X, y, n_bins=5)
    np.testing.assert_allclose(display.y_prob, model.predict_propensity(X))


def test_it_is_stacked_by_its_probabilities(data: Any) -> None:
    X, y = data
    outcome = np.array(["no", "yes"])[y]
    stack = StackingClassifier([("tiers", PropensityBinner(binner=menu()))], cv=3)
    reference = StackingClassifier([("tiers", LogisticRegression())], cv=3)
    # Without probabilities, a stack would learn from the codes as if they were amounts.
    assert stack.fit(X, outcome).stack_method_ == ["predict_proba"]
    np.testing.assert_allclose(
        stack.predict_proba(X), reference.fit(X, outcome).predict_proba(X), atol=0.05
    )


# No rows


@pytest.mark.parametrize("make", [np.asarray, pd.DataFrame, pl.DataFrame])
def test_no_rows_have_no_segments(data: Any, make: Any) -> None:
    X, y = data
    names = {} if make is np.asarray else {f"c{i}": X[:, i] for i in range(5)}
    rows = make(names) if names else X
    none = rows[:0]
    model = PropensityBinner(binner=menu()).fit(rows, y)
    assert model.predict(none).tolist() == []
    assert model.predict(none).dtype == np.intp
    assert model.transform(none).shape == (0, 1)
    assert model.predict_propensity(none).shape == (0,)
    assert model.predict_proba(none).shape == (0, 2)
    assert model.decision_function(none).shape == (0,)
    assert model.evaluate(none, [])["n"].tolist() == [0] * len(model.rules_)
    for encode in ("onehot", "scores"):
        fitted = clone(model).set_params(encode=encode).fit(rows, y)
        n_columns = len(fitted.get_feature_names_out())
        assert fitted.transform(none).shape == (0, n_columns)
    with pytest.raises(ValueError, match="4 features"):
        PropensityBinner().fit(X, y).predict(np.empty((0, 4)))
