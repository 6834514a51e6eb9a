"""Whatever takes a segmenter as a step, clones it or stores it."""

from __future__ import annotations

import io
import os
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import StackingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline

import skseg
from tests.pipelines.customers import Customers

GRID = {"logisticregression__C": [0.1, 1.0]}
# What these hosts store may hold a class of this module.
_WITNESS = f"{__name__}.Numbers"


class Numbers(TransformerMixin, BaseEstimator):
    """Give rows as an array, whatever holds them, which must be the same as in fit."""

    def fit(self, X: Any, y: Any = None) -> Numbers:
        self.container_ = type(X).__name__
        return self

    def transform(self, X: Any) -> Any:
        container = type(X).__name__
        if container != self.container_:
            raise TypeError(f"fit got {self.container_}, transform {container}")
        if isinstance(X, np.ndarray):
            return X
        frame = X.to_pandas() if hasattr(X, "to_pandas") else X
        return frame.to_numpy(np.float64)


def _classifier() -> LogisticRegression:
    return LogisticRegression(max_iter=10_000)


def _with_classifier(step: Any) -> Any:
    return make_pipeline(step, _classifier())


def _probabilities(model: Any, data: Customers) -> Any:
    return model.fit(data.X, data.y).predict_proba(data.X_new)


def pipeline(step: Any, data: Customers) -> Any:
    return _probabilities(_with_classifier(step), data)


def column_transformer(step: Any, data: Customers) -> Any:
    columns = data.columns
    transformer = ColumnTransformer(
        [("segment", step, columns), ("money", Numbers(), columns[2:])]
    )
    return _probabilities(_with_classifier(transformer), data)


def feature_union(step: Any, data: Customers) -> Any:
    union = FeatureUnion([("segment", step), ("numbers", Numbers())])
    return _probabilities(_with_classifier(union), data)


def grid_search(step: Any, data: Customers) -> Any:
    search = GridSearchCV(_with_classifier(step), GRID, cv=2, error_score="raise")
    return _probabilities(search, data)


def halving_search(step: Any, data: Customers) -> Any:
    search = HalvingGridSearchCV(
        _with_classifier(step),
        GRID,
        cv=2,
        factor=2,
        min_resources=36,
        random_state=0,
        error_score="raise",
    )
    return _probabilities(search, data)


def stacking(step: Any, data: Customers) -> Any:
    estimators = [("segments", _with_classifier(step))]
    return _probabilities(StackingClassifier(estimators, _classifier(), cv=2), data)


def calibrated(step: Any, data: Customers) -> Any:
    return _probabilities(CalibratedClassifierCV(_with_classifier(step), cv=2), data)


def cloned(step: Any, data: Customers) -> Any:
    fitted = _with_classifier(step).fit(data.X, data.y)
    again = clone(fitted)
    assert repr(again) == repr(fitted)
    return _probabilities(again, data)


def with_skops(step: Any, data: Customers) -> Any:
    skops = pytest.importorskip("skops.io", reason="skops is not installed")
    model = _with_classifier(step).fit(data.X, data.y)
    stored = skops.dumps(model)
    trusted = [*skseg.trusted_types(), _WITNESS]
    return skops.loads(stored, trusted=trusted).predict_proba(data.X_new)


def with_joblib(step: Any, data: Customers) -> Any:
    model, file = _with_classifier(step).fit(data.X, data.y), io.BytesIO()
    joblib.dump(model, file)
    file.seek(0)
    return joblib.load(file).predict_proba(data.X_new)


def with_mlflow(step: Any, data: Customers) -> Any:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    model = _with_classifier(step).fit(data.X, data.y)
    with warnings.catch_warnings():
        # It warns of its own type hints where it is first used.
        warnings.filterwarnings("ignore", "(?s).*type hint", UserWarning)
        mlflow = pytest.importorskip("mlflow.sklearn", reason="mlflow is not installed")
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "model")
            mlflow.save_model(
                model,
                path,
                # Else it loads the model in another process to see what it imports.
                pip_requirements=["skseg"],
                skops_trusted_types=[*skseg.trusted_types(), _WITNESS],
            )
            return mlflow.load_model(path).predict_proba(data.X_new)


def imbalanced(step: Any, data: Customers) -> Any:
    reason = "imbalanced-learn is not installed"
    pipelines = pytest.importorskip("imblearn.pipeline", reason=reason)
    sampling = pytest.importorskip("imblearn.over_sampling", reason=reason)
    sampler = sampling.RandomOverSampler(random_state=0)
    return _probabilities(pipelines.make_pipeline(sampler, step, _classifier()), data)


HOSTS: dict[str, Callable[[Any, Customers], Any]] = {
    "Pipeline": pipeline,
    "ColumnTransformer": column_transformer,
    "FeatureUnion": feature_union,
    "GridSearchCV": grid_search,
    "HalvingGridSearchCV": halving_search,
    "StackingClassifier": stacking,
    "CalibratedClassifierCV": calibrated,
    "clone": cloned,
    "skops": with_skops,
    "joblib": with_joblib,
    "mlflow": with_mlflow,
    "imbalanced-learn": imbalanced,
}
