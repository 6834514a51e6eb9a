"""Folds of PropensityBinner: outcomes that a model does not see, and wrong folds."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skseg import PropensityBinner
from skseg.exceptions import InvalidDataError, InvalidParameterError

N = 60
X = np.random.default_rng(0).normal(size=(N, 2))


def outcomes(*rows: int) -> Any:
    y = np.zeros(N)
    y[list(rows)] = 1
    return y


CLASSIFIERS = {
    "default": None,
    "pipeline": make_pipeline(StandardScaler(), LogisticRegression()),
}


@pytest.mark.parametrize("rows", [(7, 8), (0, 1, 2, 3)])
@pytest.mark.parametrize("estimator", CLASSIFIERS.values(), ids=CLASSIFIERS)
@pytest.mark.parametrize("cv", [2, 5, None], ids=str)
def test_a_number_of_folds_spreads_two_conversions(
    rows: Any, estimator: Any, cv: Any
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = PropensityBinner(estimator, cv=cv).fit(X, outcomes(*rows))
    assert (model.propensities_ > 0).all()


@pytest.mark.parametrize("estimator", CLASSIFIERS.values(), ids=CLASSIFIERS)
@pytest.mark.parametrize("cv", [5, KFold(5)], ids=["5", "KFold"])
@pytest.mark.parametrize("is_rare", [0, 1])
def test_one_conversion_of_sixty_is_named(
    estimator: Any, cv: Any, is_rare: int
) -> None:
    y = outcomes(7) if is_rare else 1 - outcomes(7)
    with pytest.raises(InvalidDataError) as caught:
        PropensityBinner(estimator, cv=cv).fit(X, y)
    error = caught.value
    assert f"Of 60 outcomes only one differs from {1 - is_rare}, at row 7" in str(error)
    assert error.name == "y"
    assert error.row == 7
    assert error.value == 1 - is_rare
    # What the advice says: two of each outcome, or a regressor.
    y[8] = y[7]
    cv = 5 if isinstance(cv, KFold) else cv
    PropensityBinner(estimator, cv=cv).fit(X, y)
    PropensityBinner(HistGradientBoostingRegressor()).fit(X, outcomes(7))


def test_estimators_that_take_one_class_get_it() -> None:
    for estimator in (LinearRegression(), RandomForestClassifier(5, random_state=0)):
        model = PropensityBinner(estimator).fit(X, outcomes(7))
        # The model for the row that converted has seen no conversion.
        assert model.propensities_[7] == pytest.approx(0.0)


@pytest.mark.parametrize("n_first", [2, 4])
def test_folds_that_hold_all_conversions_are_named(n_first: int) -> None:
    y = outcomes(*range(n_first))
    with pytest.raises(InvalidDataError) as caught:
        PropensityBinner(cv=KFold(5)).fit(X, y)
    assert f"Of 60 outcomes {n_first} differ from 0, the first at row 0" in str(
        caught.value
    )
    assert "cv=2, or cv=StratifiedKFold(shuffle=True)" in str(caught.value)
    PropensityBinner(cv=2).fit(X, y)
    PropensityBinner(cv=StratifiedKFold(shuffle=True)).fit(X, y)


@pytest.mark.parametrize("outcome", [0, 1, 3])
def test_one_outcome_for_everyone_is_named(outcome: int) -> None:
    with pytest.raises(InvalidDataError, match=f"All 60 outcomes are {outcome}"):
        PropensityBinner().fit(X, np.full(N, outcome))


def test_errors_of_a_model_say_what_it_has_seen() -> None:
    model = CalibratedClassifierCV(LogisticRegression(), cv=2)
    with pytest.raises(ValueError, match="less than 2 examples") as caught:
        PropensityBinner(model).fit(X, outcomes(7, 8))
    assert "1 of 48 outcomes are 1." in caught.value.__notes__[0]


@pytest.mark.filterwarnings("ignore:The conversion rate does not rise")
def test_revenue_needs_a_regressor() -> None:
    revenue = np.linspace(0.0, 59.5, N)
    with pytest.raises(InvalidDataError, match=r"Got 1\.008\d* at row 1") as caught:
        PropensityBinner().fit(X, revenue)
    assert "estimator=HistGradientBoostingRegressor()" in str(caught.value)
    PropensityBinner(HistGradientBoostingRegressor()).fit(X, revenue)


@pytest.mark.parametrize("cv", [0, 1, -1, 61, True, 2.5, "5", None.__class__], ids=repr)
def test_a_wrong_number_of_folds_is_a_wrong_parameter(cv: Any) -> None:
    y = outcomes(*range(0, N, 3))
    with pytest.raises(InvalidParameterError) as caught:
        PropensityBinner(cv=cv).fit(X, y)
    assert caught.value.name == "cv"
    assert caught.value.value is cv
    assert "an int in [2, 60], the number of rows" in str(caught.value)


def test_as_many_folds_as_rows_are_legal() -> None:
    PropensityBinner(LinearRegression(), cv=60).fit(X, outcomes(7))


def test_a_single_row_has_no_folds() -> None:
    with pytest.raises(InvalidDataError, match="at least 2 rows"):
        PropensityBinner().fit(X[:1], [1])


def test_two_rows_have_two_folds() -> None:
    binner = PropensityBinner(LinearRegression(), cv=2)
    assert len(binner.fit(X[:2], [1, 0]).labels_) == 2
